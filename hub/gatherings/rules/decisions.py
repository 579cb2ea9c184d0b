"""Decision by consent on proposals, in their latest words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from hub.errors import Refusal
from hub.gatherings.rules.kinds import STANCES

AMENDMENT_ROUNDS = 2


@dataclass(frozen=True)
class Said:
    """As much of a contribution as the rules need; ``author`` is a participant's id."""

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


@dataclass(frozen=True)
class Decision:
    """Where a recommendation stands: the latest stance of each person counts."""

    result: Literal["adopted", "adopted_with_dissent", "parked", "undecided"]
    stances: dict[str, int]
    objections: tuple[str, ...]
    stand_asides: tuple[str, ...]
    amendments: tuple[str, ...]
    outcomes: tuple[str, ...] = ()


def drafts_of(said: Iterable[Said]) -> list[Said]:
    """Recommendations as they stand: one that replies to a recommendation replaces it.

    The first keeps its id, so that stances and links to it stay good; the latest gives the fields.
    """
    drafts: dict[str, Said] = {}
    root: dict[str, str] = {}
    for s in said:
        if s.kind != "recommendation":
            continue
        first = root.get(s.reply_to or "")
        if first is None:
            drafts[s.id] = s
            root[s.id] = s.id
        else:
            kept = {k: v for k, v in s.fields.items() if v}
            drafts[first] = replace(drafts[first], fields={**drafts[first].fields, **kept})
            root[s.id] = first
    # What was split is no longer decided on; its parts are.
    split = {d.fields["split_of"] for d in drafts.values() if d.fields.get("split_of")}
    return [d for d in drafts.values() if d.id not in split]


def wording_of(draft: str, said: Iterable[Said]) -> str:
    """The id of the recommendation that carries a draft's latest words."""
    chain, latest = {draft}, draft
    for s in said:
        if s.kind == "recommendation" and s.reply_to in chain and s.id != draft:
            chain.add(s.id)
            latest = s.id
    return latest


def decision_on(draft: str, said: Iterable[Said]) -> Decision:
    """Decision by consent, not by majority: one standing objection keeps a draft open.

    Source: jif.md, "Input rules". A stance on an amendment of the draft counts for the draft.
    """
    said = list(said)
    about = {draft} | {s.id for s in said if s.kind == "recommendation" and s.reply_to == draft}
    amendments: list[str] = []
    stances_by_id = {s.id: s for s in said if s.kind == "stance"}
    for s in said:
        of = s.fields.get("of")
        target = stances_by_id[of].fields.get("of") if of in stances_by_id else of
        if s.kind == "amendment" and target in about:
            amendments.append(s.id)
            about.add(s.id)
    outcomes = [s for s in said if s.kind == "facilitation" and s.fields.get("of") in about]
    latest: dict[str, Said] = {}
    for s in said:
        if s.kind == "stance" and s.fields.get("of") in about and s.author:
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
