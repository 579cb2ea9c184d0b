"""The five audiences, the blocks of a summary, and the order and length for each audience.

Source: dissemination.md, section 1.
"""

from __future__ import annotations

from typing import Final

AUDIENCES: Final = ("leaders", "educators", "professions", "citizens", "funders")
BLOCKS: Final = (
    "headline",
    "why",
    "did",
    "saw",
    "agreed",
    "disagreed",
    "recommendations",
    "cost",
    "voice",
    "questions",
    "can_do",
    "last_time",
    "limits",
    "measures",
    "publications",
    # The easy-read version, of the citizens' summary alone.
    "easy",
)
EASY: Final = "easy"
# Which blocks an audience reads, first to last.
ORDER: Final[dict[str, tuple[str, ...]]] = {
    "leaders": (
        "headline",
        "why",
        "saw",
        "agreed",
        "disagreed",
        "did",
        "recommendations",
        "cost",
        "can_do",
        "last_time",
        "limits",
        "measures",
    ),
    "educators": (
        "headline",
        "why",
        "saw",
        "did",
        "agreed",
        "disagreed",
        "voice",
        "questions",
        "recommendations",
        "can_do",
        "limits",
        "publications",
    ),
    "professions": (
        "headline",
        "why",
        "saw",
        "agreed",
        "did",
        "disagreed",
        "recommendations",
        "cost",
        "voice",
        "questions",
        "can_do",
        "last_time",
        "limits",
    ),
    "citizens": (
        "headline",
        "why",
        "saw",
        "did",
        "agreed",
        "disagreed",
        "recommendations",
        "voice",
        "can_do",
        "questions",
        "last_time",
        "limits",
        "easy",
    ),
    "funders": (
        "headline",
        "did",
        "why",
        "saw",
        "agreed",
        "disagreed",
        "last_time",
        "recommendations",
        "limits",
        "measures",
        "publications",
    ),
}
# Words from and to, the easy-read version not counted.
WORDS: Final[dict[str, tuple[int, int]]] = {
    "leaders": (350, 450),
    "educators": (600, 800),
    "professions": (450, 600),
    "citizens": (250, 350),
    "funders": (500, 650),
}
EASY_WORDS: Final = (120, 180)
# What may be left out for a reason. Where we disagreed may never be.
MAY_LEAVE_OUT: Final = frozenset({"cost", "voice", "questions", "publications"})
LANGUAGES: Final = ("sv", "en")
STATUSES: Final = ("missing", "draft", "human_reviewed")
# Parts of the record that a statement may rest on, besides contributions and findings.
PARTS: Final = ("session", "attendance", "measures", "followed", "survey", "charter")
# What the record may lack; each is asked of the editor in words (``summary_question.<code>``).
QUESTIONS: Final = (
    "headline",
    "why",
    "saw",
    # There are themes, but nothing that was shown to the room.
    "saw_findings",
    "agreed",
    "recommendations",
    "owner",
    "date",
    "measure",
    "cost",
    "voice",
    "questions",
    "can_do",
    "publications",
    "measures",
    "easy",
)
# A statement whose key begins so is one audience's own; all others are the same in all five.
OWN: Final = "own:"


def is_shared(key: str) -> bool:
    """Whether a statement with this key says the same to every audience that reads it."""
    return not key.startswith(OWN)


def position_of(audience: str, block: str) -> int:
    """The number of a block for an audience, from 1. Raises ValueError where it has none."""
    return ORDER[audience].index(block) + 1
