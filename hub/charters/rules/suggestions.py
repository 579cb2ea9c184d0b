"""What dialogues on a principle suggest that an editor does, and which words they have tested.

Source: reflective-dialogue.md, "From outcomes to a new version".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from hub.charters.rules.state import LANGUAGES, Principle

DECISIONS: Final = ("keep", "reword", "change", "drop", "park")
SUGGESTIONS: Final = ("keep", "reword", "change", "drop", "back_to_dialogue")


class Came(Protocol):
    """What of an outcome is asked here."""

    @property
    def decision(self) -> str | None: ...
    @property
    def agreed(self) -> dict[str, Any] | None: ...
    @property
    def put(self) -> dict[str, Any]: ...
    @property
    def dissent(self) -> Sequence[Any]: ...
    @property
    def closed_at(self) -> datetime | None: ...


def suggest(outcomes: Iterable[Came], principle: Principle | None = None) -> str | None:
    """The action that closed outcomes of one principle suggest; None where there are none.

    With ``principle``, words agreed on that already stand there are kept, not to be put in again.
    The same words agreed on in two dialogues stand against others; different words do not.
    """
    done = [o for o in outcomes if o.closed_at is not None and o.decision in DECISIONS[:-1]]
    decisions = {"keep" if _stands(o, principle) else str(o.decision) for o in done}
    if not decisions:
        return None
    rewords = [o for o in done if o.decision == "reword" and not _stands(o, principle)]
    wordings = {_agreed_words(o) for o in rewords}
    if len(wordings) == 1 and (len(rewords) >= 2 or decisions == {"reword"}):
        return "reword"
    if decisions == {"reword"} or len(decisions) > 1:
        return "back_to_dialogue"
    return decisions.pop()


def _stands(outcome: Came, principle: Principle | None) -> bool:
    if principle is None or outcome.decision not in ("reword", "change") or not outcome.agreed:
        return False
    return all(
        same_words(outcome.agreed.get(language), principle.texts[language].words)
        for language in LANGUAGES
        if outcome.agreed.get(language)
    )


def _agreed_words(outcome: Came) -> str:
    agreed = outcome.agreed or {}
    for language in LANGUAGES:
        words = agreed.get(language)
        if words and words.get("text"):
            return _plain(words.get("title")) + "\n" + _plain(words["text"])
    return ""


def tested_words(outcome: Came, language: str) -> Mapping[str, str] | None:
    """The words that a closed outcome has tested: those agreed on, else, with dissent, those put.

    Source: charters.md, "Status rules".
    """
    if outcome.closed_at is None:
        return None
    words = (outcome.agreed or {}).get(language)
    if not outcome.agreed and outcome.dissent:
        words = outcome.put.get(language)
    return words or None


def same_words(tested: Mapping[str, Any] | None, present: Mapping[str, str]) -> bool:
    """Whether a text reads as the one that was tested; spaces aside. No title: none was tested."""
    if not tested or not _plain(tested.get("text")):
        return False
    title = _plain(tested.get("title"))
    return _plain(tested["text"]) == _plain(present["text"]) and (
        not title or title == _plain(present["title"])
    )


def _plain(text: object) -> str:
    return " ".join(str(text or "").split())
