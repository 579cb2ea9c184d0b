"""Themes and proposals in their latest words, and decision by consent on proposals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from hub.errors import Refusal
from hub.gatherings.rules.fields import names_person
from hub.gatherings.rules.kinds import STANCES

AMENDMENT_ROUNDS = 2


@dataclass(frozen=True)
class Said:
    """As much of a contribution as the rules need; ``author`` is a participant's id.

    ``phase`` is the key of the phase it was said in.
    """

    id: str
    kind: str
    phase: str
    author: str | None
    group: str | None
    reply_to: str | None
    fields: Mapping[str, Any]
    created_at: datetime
    words: int = 0
    shared: bool = True
    hidden: bool = False

    @property
    def is_remark(self) -> bool:
        """A remark that came with a corrected translation: about words, not about the matter."""
        return bool(self.fields.get("remark_on"))

    @property
    def principle(self) -> str | None:
        """The principle that was talked about, in a dialogue."""
        return self.phase.partition("/")[2] or None

    @property
    def is_open_suggestion(self) -> bool:
        """A facilitator's words for somebody's proposal, which not all asked have said yes to."""
        asked = self.fields.get("asked")
        if not asked:
            return False
        answers = self.fields.get("answers", {})
        return not all(answers.get(person) is True for person in asked)


@dataclass(frozen=True)
class Decision:
    """Where a proposal stands: the latest stance of each person on its latest words counts."""

    result: Literal["adopted", "adopted_with_dissent", "parked", "undecided"]
    stances: dict[str, int]
    objections: tuple[str, ...]
    stand_asides: tuple[str, ...]
    amendments: tuple[str, ...]
    outcomes: tuple[str, ...] = ()


# What the one who is named as responsible answered; it goes with the words they answered to.
ANSWERED_BY_OWNER = ("owner_agreed", "owner_answers")
# A part keeps the proposal that it was split off, whatever its later wordings say.
FROM_THE_FIRST = ("split_of",)
# What is true of one wording alone, not of those after it.
OF_ONE_WORDING = ("revises", "asked", "answers", "merges", "suggested_on", "mixed")


@dataclass(frozen=True)
class Standing:
    """A theme or proposal as it stands: the first post keeps place and id, the last has the words.

    ``wordings`` are oldest first, the first post among them; none is hidden or taken back.
    """

    wordings: tuple[Said, ...]

    @property
    def first(self) -> Said:
        return self.wordings[0]

    @property
    def latest(self) -> Said:
        return self.wordings[-1]

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The latest fields; what a later wording leaves empty stays as it was."""
        fields = dict(self.first.fields)
        for said in self.wordings[1:]:
            kept = {k: v for k, v in said.fields.items() if v and k not in FROM_THE_FIRST}
            fields = {**fields, **kept}
        for name in ANSWERED_BY_OWNER:
            fields.pop(name, None)
            if name in self.latest.fields:
                fields[name] = self.latest.fields[name]
        for name in OF_ONE_WORDING:
            fields.pop(name, None)
        return fields

    @property
    def author(self) -> str | None:
        """Whose proposal it is: a facilitator who words it with their leave does not take it."""
        return next((w.author for w in reversed(self.wordings) if w.author), None)


def standing(said: Iterable[Said], kind: str) -> list[Standing]:
    """The themes or proposals as they stand, each once, in the order of their first posts.

    A post that replies to one of its kind revises it. Where a revision is taken back or hidden,
    the former wording stands again; where the first is, nothing is left. Proposals that were
    split are among them: ``drafts_of`` leaves them out. Those that were merged into another are
    not, nor are a facilitator's words that their author has not said yes to.
    """
    wordings: dict[str, list[Said]] = {}
    first_of: dict[str, str] = {}
    merged: set[str] = set()
    for s in said:
        if s.kind != kind or s.is_open_suggestion:
            continue
        first = _first_of(s, first_of)
        first_of[s.id] = first
        if s.hidden:
            continue
        if first == s.id:
            wordings[first] = [s]
        elif first in wordings:
            wordings[first].append(s)
            merged |= set(s.fields.get("merges", ()))
    return [Standing(tuple(w)) for first, w in wordings.items() if first not in merged]


def _first_of(s: Said, first_of: Mapping[str, str]) -> str:
    """The first post that this one words anew; itself where it is a first post."""
    if s.fields.get("split_of"):
        return s.id
    return str(s.fields.get("revises") or first_of.get(s.reply_to or "") or s.id)


def named_owners(proposal: Standing, people: Mapping[str, str]) -> list[str]:
    """The ids of those whom a proposal names as responsible, other than who worded it so.

    ``people`` are the names of everybody who joined the session, by id.
    """
    owner = str(proposal.fields.get("owner") or "")
    author = proposal.latest.author
    return [p for p, name in people.items() if p != author and names_person(owner, name)]


def parts_of(said: Iterable[Said]) -> dict[str, list[str]]:
    """The parts that proposals were split into, by the first post of what was split."""
    parts: dict[str, list[str]] = {}
    for s in standing(said, "recommendation"):
        if whole := s.first.fields.get("split_of"):
            parts.setdefault(str(whole), []).append(s.first.id)
    return parts


def drafts_of(said: Iterable[Said]) -> list[Said]:
    """The proposals to decide on, as they stand: the first post with the latest fields.

    What was split is no longer decided on; its parts are.
    """
    said = list(said)
    split = parts_of(said)
    return [
        replace(s.first, fields=s.fields)
        for s in standing(said, "recommendation")
        if s.first.id not in split
    ]


def wording_of(draft: str, said: Iterable[Said]) -> str:
    """The id of the post that carries the latest words of the theme or proposal ``draft``."""
    said = list(said)
    found = (s for kind in ("recommendation", "theme") for s in standing(said, kind))
    return next((s.latest.id for s in found if s.first.id == draft), draft)


def proposal_about(of: str, said: Iterable[Said]) -> str | None:
    """The first post of the proposal that a wording, an amendment or a stance belongs to.

    None where there is none, or it no longer stands.
    """
    said = list(said)
    by_id = {s.id: s for s in said}
    seen: set[str] = set()
    at: str | None = of
    while at in by_id and at not in seen and by_id[at].kind != "recommendation":
        seen.add(at)
        at = by_id[at].fields.get("of")
    standings = standing(said, "recommendation")
    return next((s.first.id for s in standings if at in {w.id for w in s.wordings}), None)


def decision_on(draft: str, said: Iterable[Said]) -> Decision:
    """Decision by consent, not by majority: one standing objection keeps a draft open.

    Source: jif.md, "Input rules". A stance on an amendment of the draft counts for the draft.
    Stances and outcomes count for the words they were given on: those on a former wording do not.
    Amendments of all wordings count as rounds.
    """
    said = list(said)
    standings = standing(said, "recommendation")
    stands = next((s for s in standings if s.first.id == draft), None)
    about = {s.id for s in stands.wordings} if stands else {draft}
    latest_words = stands.latest.id if stands else draft
    since = next((n for n, s in enumerate(said) if s.id == latest_words), -1)
    amendments: list[str] = []
    stances_by_id = {s.id: s for s in said if s.kind == "stance"}
    for s in said:
        of = s.fields.get("of")
        target = stances_by_id[of].fields.get("of") if of in stances_by_id else of
        if s.kind == "amendment" and target in about:
            amendments.append(s.id)
            about.add(s.id)

    def counts(place: int, s: Said) -> bool:
        if s.fields.get("of") not in about:
            return False
        given_on = s.fields.get("wording")
        return given_on == latest_words if given_on else place > since

    counted = [s for n, s in enumerate(said) if counts(n, s)]
    outcomes = [s for s in counted if s.kind == "facilitation"]
    latest: dict[str, Said] = {}
    for s in counted:
        if s.kind == "stance" and s.author:
            latest[s.author] = s
    values = Counter(str(s.fields["value"]) for s in latest.values())
    objections = tuple(s.id for s in latest.values() if s.fields["value"] == "objection")
    aside = tuple(s.id for s in latest.values() if s.fields["value"] == "stand_aside")
    result: Literal["adopted", "adopted_with_dissent", "parked", "undecided"]
    if outcomes:
        result = outcomes[-1].fields["result"]
    elif not latest or objections:
        result = "undecided"
    elif aside:
        result = "adopted_with_dissent"
    else:
        result = "adopted"
    return Decision(
        result,
        {v: values.get(v, 0) for v in STANCES},
        objections,
        aside,
        tuple(amendments),
        tuple(s.id for s in outcomes),
    )


def check_outcome(decision: Decision, result: str) -> None:
    """Dissent is written out after two rounds of amendments, never instead of them.

    Source: jif.md, "Input rules". Raises Refusal. Parking is always open.
    """
    open_objection = bool(decision.objections) and result == "adopted_with_dissent"
    if open_objection and len(decision.amendments) < AMENDMENT_ROUNDS:
        raise Refusal("amend_first", rounds=AMENDMENT_ROUNDS)
