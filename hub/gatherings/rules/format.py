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
    # In a dialogue the same phases come again for each principle.
    principle: str | None = None

    @property
    def key(self) -> str:
        """What tells this phase from all others of its session."""
        return key_of(self.id, self.principle)


def key_of(phase_id: str, principle: str | None) -> str:
    """The key of a phase: its id, and the principle that it is gone through for."""
    return f"{phase_id}/{principle}" if principle else phase_id


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

    def phase(self, key: str) -> Phase:
        """The phase by its key, which is the plain id where there is no principle."""
        return next(p for p in self.phases if p.key == key)

    @property
    def principles(self) -> tuple[str, ...]:
        """The principles of a dialogue, in the order they are talked about; empty for others."""
        return tuple(dict.fromkeys(p.principle for p in self.phases if p.principle))
