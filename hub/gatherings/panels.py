"""What the facilitator's desk shows beside the room: who is heard, what waits, what comes next."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.chatbot.moves import words
from hub.chatbot.rules import Watch
from hub.gatherings import actions, rules
from hub.gatherings.models import (
    Act,
    Gathering,
    access_gathering,
    list_events,
)
from hub.gatherings.moderation import read_waiting
from hub.gatherings.screens import Screens
from hub.gatherings.views import moment
from hub.gatherings.watch import foreseen, read_watch
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
        .where(Act.gathering_id == session_id, Act.kind != actions.HOST_HERE)
        .order_by(Act.at.desc())
        .limit(LATEST_ACTS)
    )
    visible = [c for c in contributions if not c["removed"] and not c["hidden"]]
    gathering = await access_gathering(tx, session_id)
    said = [s for s in await screens.said(tx, gathering) if not s.hidden]
    heard = balance(visible, presence.groups)
    events = [e.event for e in await list_events(tx, session_id)]
    slack = rules.slack_seconds(gathering.form, events, screens.clock.now())
    return {
        "slack": round(slack / 60) if gathering.state == "running" else None,
        "door_help": await actions.find_call_for_help(tx, gathering, now=screens.clock.now()),
        "balance": heard,
        "share_of": {b["group"]: b["share"] for b in heard if b["words"]},
        "unheard": unheard_groups(gathering, said, presence.groups),
        "waiting": waiting_for(gathering, said, presence.groups, contributions),
        "talked_about": principle_now(
            gathering, said, presence.groups, contributions, events, now=screens.clock.now()
        ),
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
                "on_break": p.paused_at is not None,
            }
            for p in people
        ],
        "to_moderate": await read_waiting(screens, tx, gathering),
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
        if group and c["kind"] in TALK and not c["fields"].get("remark_on"):
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
    heard = {s.group for s in said if s.phase == phase.key and s.shared and not s.is_remark}
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
        readers = rules.still_to_restate(said, present, phase=phase.key)
        offers = rules.pairs(readers, present, said, principle=phase.principle)
        found["restating"] = [
            {"participant": reader, "post": by_id.get(offers.get(reader, ""))} for reader in readers
        ]
        checked = {s.fields.get("of") for s in said if s.kind == "restatement_check"}
        found["unanswered"] = [
            by_id[s.id]
            for s in said
            if s.kind == "restatement"
            and s.principle == phase.principle
            and s.id not in checked
            and s.id in by_id
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


def principle_now(
    gathering: Gathering,
    said: list[rules.Said],
    present: Mapping[str, str | None],
    contributions: list[dict[str, Any]],
    events: list[rules.Event],
    *,
    now: datetime,
) -> dict[str, Any] | None:
    """What a dialogue is at: its principle, the time left for it, and what its step waits for.

    None where no principle is talked about. Of what a step asks for, the part of that step alone
    is there: ``questions`` not answered, ``shared`` (who of those here has told of something, and
    the groups that have not), ``tags`` for and against, ``proposals`` that stand, ``ratings``
    answered, and ``put`` with the stances so far. A number that is hidden is never here.
    """
    phase = _phase(gathering)
    if phase is None or phase.principle is None or gathering.state not in ("running", "paused"):
        return None
    principle, order = phase.principle, gathering.form.principles
    views = {c["id"]: c for c in contributions}
    here = [s for s in said if s.phase == phase.key and s.shared and not s.is_remark]
    found: dict[str, Any] = {
        "id": principle,
        "number": order.index(principle) + 1,
        "count": len(order),
        "minutes_left": _minutes_left(gathering, events, now=now),
        "step": phase.id,
        "questions": None,
        "shared": None,
        "tags": None,
        "proposals": None,
        "ratings": None,
        "put": None,
    }
    if phase.exit == "questions_answered":
        answered = {s.reply_to for s in said if not s.is_remark}
        found["questions"] = [
            views[s.id]
            for s in here
            if s.kind == "question" and s.id not in answered and s.id in views
        ]
    if phase.exit == "experience_shared":
        told = [s for s in here if s.kind == "contribution"]
        heard = {s.group for s in told}
        found["shared"] = {
            "people": len({s.author for s in told} & set(present)),
            "here": len(present),
            "missing": [g for g in GROUPS if g in present.values() and g not in heard],
        }
    if phase.exit == "tags_seen":
        skipped = {e.data["tag"] for e in events if _is_of(e, "tag_skipped", phase)}
        sides = Counter((s.fields.get("tag"), s.fields.get("side")) for s in here)
        found["tags"] = [
            {
                "tag": tag,
                "for": sides[tag, "for"],
                "against": sides[tag, "against"],
                "skipped": tag in skipped,
            }
            for tag in rules.FIT_TAGS
        ]
    if set(phase.inputs) & set(rules.OWN_WORDS) or phase.exit == "settled":
        found["proposals"] = [
            {"kind": s.first.kind, "contribution": views[s.first.id]}
            for s in rules.proposals_for(principle, said)
            if s.first.id in views
        ]
    if phase.exit == "fit_rated":
        given = [
            s
            for (scale, _), s in rules.ratings_on(principle, said).items()
            if scale == rules.FIT_SCALE
        ]
        found["ratings"] = {
            "answered": len({s.author for s in given} & set(present)),
            "here": len(present),
            "hidden": sum(1 for s in given if not s.shared),
        }
    if phase.exit == "settled":
        settling = rules.settling_of(principle, actions.put_of(gathering, principle), said)
        found["put"] = {
            "contribution": views.get(settling.of or ""),
            "kind": settling.kind,
            "stances": settling.stances,
            "objections": len(settling.objections),
            "agreed": settling.agreed,
            "answered": sum(settling.stances.values()),
            "here": len(present),
        }
    return found


def _is_of(event: rules.Event, kind: str, phase: rules.Phase) -> bool:
    return event.kind == kind and event.data.get("phase") == phase.key


def _minutes_left(gathering: Gathering, events: list[rules.Event], *, now: datetime) -> int:
    """Minutes left for the principle: of the step that runs and the steps that come after it."""
    index = gathering.phase_index or 0
    phases, cuts = gathering.form.phases, rules.cuts_of(events)
    ahead = sum(
        p.minutes * 60 - cuts.get(p.key, 0.0)
        for p in phases[index + 1 :]
        if p.principle == phases[index].principle
    )
    left = gathering.stage.seconds_left(now) or 0.0
    return max(0, round((left + ahead) / 60))


async def look_at(screens: Screens, tx: AsyncSession, gathering: Gathering) -> Watch | None:
    """What the chatbot goes by now; None where no phase runs."""
    now = screens.clock.now()
    typing = screens.live.typing(gathering.id) if screens.live else {}
    return await read_watch(
        tx,
        gathering,
        (await screens.transcripts.read(tx, gathering)).spoken.values(),
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
        # In a thread: it reads every post, and others wait for the loop.
        for coming in await asyncio.to_thread(foreseen, watch)
    ]
