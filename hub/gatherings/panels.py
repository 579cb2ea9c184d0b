"""What the facilitator's desk shows beside the room: who is heard, what waits, what comes next."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.chatbot.moves import words
from hub.chatbot.rules import Watch, coming_lines
from hub.gatherings import actions, rules
from hub.gatherings.models import (
    Act,
    Gathering,
    access_gathering,
    list_events,
    list_everything_said,
    said_of,
)
from hub.gatherings.screens import Screens
from hub.gatherings.views import moment
from hub.gatherings.watch import read_watch
from hub.people.models import Account, list_participants
from hub.people.rules import GROUPS

LATEST_ACTS = 30
# Source: measures.md, "Group figures need at least three people".
SMALLEST_GROUP = 3
TALK = ("question", "contribution", "restatement", "theme", "recommendation", "amendment")


async def read_desk(
    screens: Screens, tx: AsyncSession, session_id: str, contributions: list[dict[str, Any]]
) -> dict[str, Any]:
    """Who is heard, what waits, what is badly translated, who is here, and what was done."""
    people = [p for p in await list_participants(tx, session_id) if p.left_at is None]
    presence = await screens.presence(tx, session_id)
    acts = await tx.execute(
        select(Act, Account)
        .outerjoin(Account, Account.id == Act.account_id)
        .where(Act.gathering_id == session_id)
        .order_by(Act.at.desc())
        .limit(LATEST_ACTS)
    )
    visible = [c for c in contributions if not c["removed"] and not c["hidden"]]
    gathering = await access_gathering(tx, session_id)
    said = [said_of(c) for c in await list_everything_said(tx, session_id) if c.hidden_at is None]
    heard = balance(visible, presence.groups)
    events = [e.event for e in await list_events(tx, session_id)]
    slack = rules.slack_seconds(gathering.form, events, screens.clock.now())
    return {
        "slack": round(slack / 60) if gathering.state == "running" else None,
        "balance": heard,
        "share_of": {b["group"]: b["share"] for b in heard if b["words"]},
        "unheard": unheard_groups(gathering, said, presence.groups),
        "waiting": waiting_for(gathering, said, presence.groups, contributions),
        "untranslated": [c for c in visible if _has_status(c, "failed")],
        "doubtful": [c for c in visible if _is_doubtful(c)],
        "people": [
            {
                "id": p.id,
                "name": p.name,
                "role": p.role,
                "language": p.language,
                "ready": p.ready_at is not None,
                "online": p.id in presence.groups,
                "remote": p.remote,
                "without_device": p.without_device,
            }
            for p in people
        ],
        "ready_count": sum(1 for p in people if p.ready_at),
        "acts": [
            {
                "kind": act.kind,
                "name": account.name if account else None,
                "reason": act.reason,
                "at": act.at,
            }
            for act, account in acts
        ],
    }


def _has_status(c: Mapping[str, Any], *statuses: str) -> bool:
    return any(t["status"] in statuses for t in c["translations"].values())


def _is_doubtful(c: Mapping[str, Any]) -> bool:
    return any(
        t["status"] == "disputed" or (t["status"] == "machine" and t["doubt"])
        for t in c["translations"].values()
    )


def balance(
    contributions: list[dict[str, Any]], present: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """Share of words by group beside the group's share of the people here; 0 to 1.

    Among the groups of three or more alone: a share of everybody's words would tell by
    subtraction what a smaller group wrote. Empty where fewer than two groups are left.
    """
    words: Counter[str] = Counter()
    for c in contributions:
        group = c["author"]["group"] if c["author"] else None
        if group and c["kind"] in TALK:
            words[group] += len(c["text"].split())
    people = Counter(group for group in present.values() if group)
    shown = [group for group in GROUPS if people[group] >= SMALLEST_GROUP]
    if len(shown) < 2:
        return []
    total, everyone = sum(words[g] for g in shown), sum(people[g] for g in shown)
    return [
        {
            "group": group,
            "words": words[group],
            "share": words[group] / total if total else 0.0,
            "people_share": people[group] / everyone,
        }
        for group in shown
    ]


def _phase(gathering: Gathering) -> rules.Phase | None:
    index = gathering.phase_index
    return None if index is None else gathering.form.phases[index]


def unheard_groups(
    gathering: Gathering, said: list[rules.Said], present: Mapping[str, str | None]
) -> list[str]:
    """Groups that are here and have said nothing in the phase that runs."""
    phase = _phase(gathering)
    if phase is None or not phase.discussion:
        return []
    heard = {s.group for s in said if s.phase == phase.id and s.shared}
    return [group for group in GROUPS if group in set(present.values()) and group not in heard]


def waiting_for(
    gathering: Gathering,
    said: list[rules.Said],
    present: Mapping[str, str | None],
    contributions: list[dict[str, Any]],
) -> dict[str, list[Any]]:
    """What the phase still waits for: restatements, answers to them, parts of proposals.

    ``restating``: who has restated nobody, and the post that could be offered to them;
    ``unanswered``: restatements whose author has not said whether they were understood;
    ``themes``: each with the groups that have rated it, of those that are here; ``proposals``:
    each with what it lacks and its objections.
    """
    found: dict[str, list[Any]] = {
        "restating": [],
        "unanswered": [],
        "themes": [],
        "proposals": [],
    }
    phase = _phase(gathering)
    if phase is None or gathering.state not in ("running", "paused"):
        return found
    by_id = {c["id"]: c for c in contributions}
    if "restatement" in phase.inputs:
        readers = rules.still_to_restate(said, present, phase=phase.id)
        offers = rules.pairs(readers, present, said)
        found["restating"] = [
            {"participant": reader, "post": by_id.get(offers.get(reader, ""))} for reader in readers
        ]
        checked = {s.fields.get("of") for s in said if s.kind == "restatement_check"}
        found["unanswered"] = [
            by_id[s.id]
            for s in said
            if s.kind == "restatement" and s.id not in checked and s.id in by_id
        ]
    if "rating" in phase.inputs:
        groups = {group for group in present.values() if group}
        rated: dict[str, set[str]] = defaultdict(set)
        for s in said:
            if s.kind == "rating" and s.group:
                rated[str(s.fields.get("of"))].add(s.group)
        found["themes"] = [
            {
                "contribution": by_id[theme.first.id],
                "rated": len(rated[theme.first.id] & groups),
                "groups": len(groups),
            }
            for theme in rules.standing(said, "theme")
            if theme.first.id in by_id
        ]
    if {"recommendation", "stance"} & set(phase.inputs):
        found["proposals"] = [
            {
                "contribution": by_id[draft.id],
                "missing": rules.missing_parts(draft.fields),
                "result": decision.result,
                "objections": len(decision.objections),
                "rounds": len(decision.amendments),
            }
            for draft, decision in (
                (d, rules.decision_on(d.id, said)) for d in rules.drafts_of(said)
            )
            if draft.id in by_id
        ]
    return found


async def look_at(screens: Screens, tx: AsyncSession, gathering: Gathering) -> Watch | None:
    """What the chatbot goes by now; None where no phase runs."""
    now = screens.clock.now()
    typing = screens.live.typing(gathering.id) if screens.live else {}
    return await read_watch(
        tx,
        gathering,
        present=(await screens.presence(tx, gathering.id)).groups,
        typing={who: now - timedelta(seconds=s * screens.clock.speed) for who, s in typing.items()},
        facilitator=await actions.facilitator_name(tx, gathering),
        now=now,
    )


async def foreseen_lines(
    screens: Screens, tx: AsyncSession, gathering: Gathering
) -> list[dict[str, Any]]:
    """What the chatbot would say next if nothing changes, soonest first."""
    watch = await look_at(screens, tx, gathering)
    if watch is None:
        return []
    return [
        {
            "trigger": coming.line.trigger,
            "to": coming.line.to,
            "at": moment(coming.at),
            "text": words(coming.line, gathering.form.triggers),
        }
        for coming in coming_lines(watch)
    ]
