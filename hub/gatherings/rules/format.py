"""What a session format is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Phase:
    """One phase of a format. ``minutes`` is the planned length.

    ``bot`` is what the chatbot says as it begins; ``host`` tells the facilitator what to do.
    """

    id: str
    title: dict[str, str]
    task: dict[str, str]
    minutes: float
    discussion: bool
    inputs: tuple[str, ...]
    cuttable: bool
    exit: str
    bot: dict[str, str]
    # Formats that sessions kept before there was a line for the facilitator have none.
    host: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Format:
    """A session format: phases in order, and the chatbot's lines in both languages."""

    id: str
    kind: Literal["forum", "dialogue"]
    title: dict[str, str]
    summary: dict[str, str]
    hybrid: bool
    phases: tuple[Phase, ...]
    triggers: dict[str, dict[str, str]]

    def phase(self, phase_id: str) -> Phase:
        return next(p for p in self.phases if p.id == phase_id)
