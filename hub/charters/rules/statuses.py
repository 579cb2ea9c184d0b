"""The statuses of a principle's text in one language, and who may move them.

Source: charters.md, "Status rules".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hub.charters.rules.state import LANGUAGES, State

STATUSES: Final = ("missing", "draft", "human_reviewed", "tested_in_dialogue", "adopted")
EDITORS: Final = ("admin", "editor")
SYSTEM: Final = "system"
# The system never raises a status; an editor never lowers one. Words make a draft, and a change
# of the words, or of those in the other language, makes a text fall back.
MOVES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("missing", "draft"): (*EDITORS, SYSTEM),
    ("draft", "human_reviewed"): EDITORS,
    ("human_reviewed", "tested_in_dialogue"): EDITORS,
    ("tested_in_dialogue", "adopted"): EDITORS,
    ("human_reviewed", "draft"): (SYSTEM,),
    ("tested_in_dialogue", "draft"): (SYSTEM,),
    ("adopted", "draft"): (SYSTEM,),
    ("tested_in_dialogue", "human_reviewed"): (SYSTEM,),
    ("adopted", "human_reviewed"): (SYSTEM,),
}


def may_move(role: str, old: str, new: str) -> bool:
    """Whether somebody with this role (``system``: by rule) may move a status so."""
    return role in MOVES.get((old, new), ())


def status_of(state: State) -> str:
    """The lowest among a charter's principles and languages; ``missing`` where there are none."""
    return lowest(text.status for p in state.principles for text in p.texts.values())


def status_by_language(state: State) -> dict[str, str]:
    """The lowest status of each language."""
    return {
        language: lowest(p.texts[language].status for p in state.principles)
        for language in LANGUAGES
    }


def lowest(statuses: Iterable[str]) -> str:
    """The lowest of these; ``missing`` where there are none."""
    return min(statuses, key=STATUSES.index, default="missing")


def log_fault(status: str, log: Iterable[Mapping[str, Any]]) -> str | None:
    """Why a status that a file claims does not follow from its log; None where it does.

    ``log``: the entries of one language, oldest first. Every step has to be there: a status may
    never be skipped, however a charter comes here.
    """
    entries = list(log)
    # The first entry may be the draft itself, which comes from nothing.
    at = "missing" if entries and entries[0].get("status") == "draft" else "draft"
    for entry in entries:
        to = str(entry.get("status"))
        if to == at:
            return "status_skipped"
        if (at, to) not in MOVES:
            return "status_skipped"
        if to == "tested_in_dialogue" and not (entry.get("outcome") or entry.get("dialogue")):
            return "status_without_dialogue"
        if to == "human_reviewed" and at == "draft" and not str(entry.get("note") or "").strip():
            return "status_without_note"
        at = to
    return None if status in (at, "missing") else "status_without_log"
