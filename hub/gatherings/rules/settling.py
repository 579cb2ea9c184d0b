"""Dialogues: proposals for a principle, the text that is put to the room, and what is agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hub.errors import Invalid, Refusal
from hub.gatherings.rules.decisions import Said, Standing, standing
from hub.gatherings.rules.kinds import FIT_SCALE, OWN_WORDS, STANCES
from hub.gatherings.rules.ratings import ratings_on
from hub.measures.readings import count_values, label_of

# Source: reflective-dialogue.md, "Outcome record".
DECISIONS = ("keep", "reword", "change", "drop", "park")


@dataclass(frozen=True)
class Settling:
    """Where the text that is put to the room stands: the latest stance of each person counts.

    ``of`` is the proposal whose words were put, None for the text of the principle as it is;
    ``wording`` the post with those words.
    """

    of: str | None
    kind: Literal["text", "wording", "change"]
    change: str | None
    wording: str | None
    stances: dict[str, int]
    objections: tuple[str, ...]
    agreed: bool


@dataclass(frozen=True)
class Raters:
    """How people rated a principle, as far as ratings are shared: people by value 1 to 5."""

    counts: tuple[int, int, int, int, int]
    passed: int
    by_group: dict[str, tuple[int, int, int, int, int]]

    @property
    def rated(self) -> int:
        return sum(self.counts)

    @property
    def label(self) -> str | None:
        return label_of(self.counts)


def proposals_for(principle: str, said: Iterable[Said]) -> list[Standing]:
    """The wordings and changes that stand for a principle and have words to agree on."""
    said = list(said)
    found = [s for kind in OWN_WORDS for s in standing(said, kind)]
    return [s for s in found if s.first.fields.get("principle") == principle and s.latest.words]


def put_first(principle: str, said: Iterable[Said]) -> str | None:
    """What is put to the room as settling begins: the only wording, else the text as it is."""
    wordings = [s for s in proposals_for(principle, said) if s.first.kind == "wording"]
    return wordings[0].first.id if len(wordings) == 1 else None


def settling_of(principle: str, of: str | None, said: Iterable[Said]) -> Settling:
    """Consent of all who answered; one standing objection keeps it open.

    A proposal that no longer stands leaves the text as it is. Source: reflective-dialogue.md,
    "settle".
    """
    said = list(said)
    put = next((s for s in proposals_for(principle, said) if s.first.id == of), None)
    thing = put.first.id if put else principle
    words = put.latest.id if put else None
    latest: dict[str, Said] = {}
    for s in said:
        if s.kind == "stance" and s.author and s.fields.get("of") == thing:
            latest[s.author] = s
    counted = [s for s in latest.values() if s.fields.get("wording") == words]
    values = Counter(str(s.fields["value"]) for s in counted)
    objections = tuple(s.id for s in counted if s.fields["value"] == "objection")
    return Settling(
        of=put.first.id if put else None,
        kind=_kind(put),
        change=str(put.fields["change"]) if put and put.fields.get("change") else None,
        wording=words,
        stances={value: values.get(value, 0) for value in STANCES},
        objections=objections,
        agreed=bool(values.get("consent")) and not objections,
    )


def _kind(put: Standing | None) -> Literal["text", "wording", "change"]:
    if put is None:
        return "text"
    return "change" if put.first.kind == "change" else "wording"


def raters_of(principle: str, said: Iterable[Said]) -> Raters:
    """The shared ratings of a principle, each person once; those who passed are in no count."""
    ratings = [
        s
        for (scale, _), s in ratings_on(principle, (s for s in said if s.shared)).items()
        if scale == FIT_SCALE
    ]
    numbers = [s for s in ratings if s.fields["value"] != "pass"]
    groups = dict.fromkeys(s.group or "unsaid" for s in numbers)
    return Raters(
        counts=count_values(s.fields["value"] for s in numbers),
        passed=len(ratings) - len(numbers),
        by_group={
            group: count_values(
                s.fields["value"] for s in numbers if (s.group or "unsaid") == group
            )
            for group in groups
        },
    )


def decisions_for(settling: Settling, *, dissent: bool, label: str | None) -> tuple[str, ...]:
    """What may be decided, the first by itself; empty where nothing is settled.

    Text that is agreed on decides: the text as it is keeps the principle, a wording rewords it, a
    change changes it, and one that takes something away may drop the whole. Dissent alone settles
    nothing: the principle is parked, kept with its dissent, or dropped where it does not fit.
    """
    if settling.agreed:
        if settling.kind == "text":
            return ("keep",)
        if settling.kind == "wording":
            return ("reword",)
        return {"keep": ("keep", "change"), "remove": ("change", "drop")}.get(
            settling.change or "", ("change",)
        )
    if dissent:
        return ("park", "keep", *(("drop",) if label == "does_not_fit" else ()))
    return ()


def check_decision(decision: str, allowed: Iterable[str]) -> None:
    """Raises Invalid for what is no decision, Refusal where the facts do not allow it."""
    if decision not in DECISIONS:
        raise Invalid({"/decision": "decision_unknown"})
    if decision not in allowed:
        raise Refusal("decision_not_allowed")


def is_settled(settling: Settling, *, dissent: bool) -> bool:
    """Whether an outcome may be closed. Source: reflective-dialogue.md, "Outcome record"."""
    return settling.agreed or dissent


def untranslatable_terms(principle: str, said: Iterable[Said]) -> list[str]:
    """The terms that people marked as having no good word, each once."""
    marked = (
        str(s.fields.get("untranslatable") or "")
        for s in said
        if s.kind == "wording" and not s.hidden and s.fields.get("principle") == principle
    )
    return list(dict.fromkeys(term for term in marked if term))


def text_put(
    texts: Mapping[str, Mapping[str, Any]], kind: str, words: Mapping[str, str], *, language: str
) -> dict[str, dict[str, str]]:
    """The text that is put to the room, in both languages.

    ``texts`` are those of the principle, ``words`` what the proposal says by language. A wording
    changes its one ``language``, a change both; what has no words yet in a language is empty.
    Source: reflective-dialogue.md, "``wording`` changes the Swedish only".
    """
    found = {}
    for each, text in texts.items():
        as_it_is = str(text.get("text") or "")
        replaced = kind == "change" or (kind == "wording" and each == language)
        found[each] = {
            "title": str(text.get("title") or ""),
            "text": words.get(each, "") if replaced else as_it_is,
        }
    return found
