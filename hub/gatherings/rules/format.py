"""What a session format is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Phase:
    """One phase of a format. ``minutes`` is the planned length."""

    id: str
    title: dict[str, str]
    task: dict[str, str]
    minutes: float
    discussion: bool
    inputs: tuple[str, ...]
    cuttable: bool
    exit: str
    bot: dict[str, str]


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
