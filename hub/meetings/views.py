"""Plain values that pages and calls show of meetings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import secret_of
from hub.gatherings.actions import is_guarded
from hub.gatherings.models import Gathering
from hub.gatherings.views import moment
from hub.meetings import places, states, times, warnings
from hub.meetings.actions import (
    Counts,
    list_between,
    list_invitees,
    needs_of,
    question_of,
    who_is,
)
from hub.meetings.doorway import feed_secret
from hub.meetings.letters import comes_by_own_link
from hub.meetings.models import Invitee, Meeting, Series

# What of a meeting is for organisers, invitees and, where it is open to all, for everybody.
WHOLE = (
    "purpose",
    "topic",
    "cases",
    "tags",
    "audiences",
    "place",
    "languages",
    "interpreting",
    "access_offers",
    "agenda",
    "material",
    "consent_needed",
    "recording",
    "host",
    "cohost",
    "cohost_from",
    "capacity",
    "quotas",
    "minimum",
)
# How a meeting by invitation is called where everybody sees it.
NEUTRAL = {"sv": "Träff", "en": "Meeting"}


def shown_title(meeting: Meeting, *, whole: bool) -> dict[str, str]:
    """The title, or the neutral short one for those who do not see the whole."""
    if whole:
        return dict(meeting.title)
    return {each: str(meeting.short_title.get(each) or NEUTRAL[each]) for each in NEUTRAL}


def meeting_view(
    meeting: Meeting, *, full: bool, organiser: bool = False, counts: Counts | None = None
) -> dict[str, Any]:
    """A meeting. ``full``: with what it is about, which one by invitation keeps to itself.

    ``organiser``: with what only those who run it see.
    """
    view: dict[str, Any] = {
        "id": meeting.id,
        "kind": meeting.kind,
        "series": meeting.series_id,
        "number": meeting.number,
        "title": shown_title(meeting, whole=full),
        "state": meeting.state,
        "state_reason": (meeting.state_reason or None) if full else None,
        "form": meeting.form,
        "open_to_all": meeting.open_to_all,
        "zone": meeting.zone,
        "starts_local": meeting.starts_local,
        "ends_local": meeting.ends_local,
        "starts_at": moment(meeting.starts_at),
        "ends_at": moment(meeting.ends_at),
        "reply_by": moment(meeting.reply_by),
        "demonstration": meeting.demonstration,
        "sequence": meeting.sequence,
    }
    if full:
        view |= {name: getattr(meeting, name) for name in WHOLE}
        view["session"] = meeting.gathering_id
    if organiser:
        view |= {
            "short_title": meeting.short_title,
            "why_you": meeting.why_you,
            "link": meeting.link,
            "to_confirm": meeting.to_confirm,
            "planned_local": meeting.planned_local,
            "accepted": meeting.accepted,
            "acts": list(states.acts_from(meeting.state)),
        }
        if counts is not None:
            view["replies"] = asdict(counts)
    return view


def series_view(
    series: Series, meetings: Iterable[Meeting], *, organiser: bool = False
) -> dict[str, Any]:
    """A series with its meetings, in their order; drafts are for organisers."""
    return {
        "id": series.id,
        "kind": series.kind,
        "title": series.title,
        "starts_local": series.starts_local,
        "zone": series.zone,
        "minutes": series.minutes,
        "interval_months": series.interval_months,
        "count": series.count,
        "rule": series.rule,
        "demonstration": series.demonstration,
        "meetings": [
            meeting_view(each, full=organiser or each.open_to_all, organiser=organiser)
            for each in meetings
            if organiser or each.state in states.SHOWN
        ],
    }


def invitee_view(
    tx: AsyncSession, invitee: Invitee, *, stopped: Iterable[str] = ()
) -> dict[str, Any]:
    """Somebody who is invited, as organisers see them. ``stopped``: addresses without mail."""
    who = who_is(tx, invitee)
    return {
        "id": invitee.id,
        "name": who.name,
        "email": who.email,
        "language": invitee.language,
        "zone": invitee.zone,
        "group": invitee.group,
        "role": invitee.role,
        "phd_student": invitee.phd_student,
        "audience": invitee.audience,
        "deputy_for": invitee.deputy_for,
        "reply": invitee.reply,
        "replied_at": moment(invitee.replied_at),
        "place": invitee.place,
        "offered_until": moment(invitee.offered_until),
        "invited_at": moment(invitee.invited_at),
        "no_mail": not who.email or invitee.address_hash in set(stopped),
        "needs": needs_of(tx, invitee),
        "question": question_of(tx, invitee),
    }


def own_view(tx: AsyncSession, meeting: Meeting, invitee: Invitee) -> dict[str, Any]:
    """What somebody's own reply page tells them, and nobody else."""
    who = who_is(tx, invitee)
    return {
        "name": who.name,
        "email": who.email,
        "language": invitee.language,
        "zone": invitee.zone,
        "group": invitee.group,
        "role": invitee.role,
        "reply": invitee.reply,
        "place": invitee.place,
        "offered_until": moment(invitee.offered_until),
        "needs": needs_of(tx, invitee),
        "question": question_of(tx, invitee),
        "deputy": invitee.deputy_for is not None,
        "meeting": meeting_view(meeting, full=True),
        "calendar": feed_path(secret_of(tx), invitee.id),
    }


def feed_path(secret_key: str, id_: str) -> str:
    """The personal calendar of an invitee or an account, to subscribe to: as a path."""
    return f"/calendar/{feed_secret(secret_key, id_)}.ics"


# --- warnings ----------------------------------------------------------------------------------


async def read_warnings(
    tx: AsyncSession, meeting: Meeting, *, now: datetime
) -> list[dict[str, Any]]:
    """What speaks against a meeting as it stands, and why the organiser goes on, where they said.

    ``{"code", "facts", "hint", "accepted"}``, the gravest first.
    """
    others = [
        warnings.Other(
            id=each.id,
            title=each.title,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            host=each.host,
            cohost=each.cohost,
            place=_one(each.place),
            link=each.link,
            cases=tuple(each.cases),
        )
        for each in await list_between(tx, meeting.starts_at, meeting.ends_at, but=meeting.id)
    ]
    wanted = [
        warnings.Wanted(each.group, each.phd_student, each.reply)
        for each in await list_invitees(tx, meeting.id)
    ]
    door = await tx.get(Gathering, meeting.gathering_id) if meeting.gathering_id else None
    plan = replace(
        plan_of(meeting),
        lacks_support=door is not None and not door.support and await is_guarded(tx, door),
        by_own_links=await comes_by_own_link(tx, meeting),
    )
    found = warnings.warnings_of(
        plan, now=now, others=[*others, *await _sessions(tx, meeting)], wanted=wanted
    )
    return [
        {
            "code": each.code,
            "facts": dict(each.facts),
            "hint": each.hint,
            "accepted": meeting.accepted.get(each.code),
        }
        for each in found
    ]


def plan_of(meeting: Meeting) -> warnings.Plan:
    """What warnings come from."""
    planned = meeting.planned_local
    return warnings.Plan(
        id=meeting.id,
        kind=meeting.kind,
        starts_local=times.read_local(meeting.starts_local),
        ends_local=times.read_local(meeting.ends_local),
        zone=meeting.zone,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        open_to_all=meeting.open_to_all,
        audiences=tuple(meeting.audiences),
        cases=tuple(meeting.cases),
        host=meeting.host,
        cohost=meeting.cohost,
        cohost_from=meeting.cohost_from,
        place=_one(meeting.place),
        link=meeting.link,
        capacity=meeting.capacity,
        quotas=meeting.quotas,
        recording=meeting.recording,
        to_confirm=meeting.to_confirm,
        planned_local=times.read_local(planned) if planned else None,
        invited_at=meeting.invited_at,
    )


def _one(texts: Mapping[str, Any]) -> str:
    return str(next((text for text in texts.values() if text), ""))


async def _sessions(tx: AsyncSession, meeting: Meeting) -> list[warnings.Other]:
    """Planned sessions that it might clash with, other than those of meetings."""
    lasts = meeting.ends_at - meeting.starts_at
    found = await tx.scalars(
        select(Gathering).where(
            Gathering.state.in_(("planned", "open")),
            Gathering.starts_at < meeting.ends_at,
            Gathering.starts_at > meeting.starts_at - lasts,
            Gathering.id.not_in(
                select(Meeting.gathering_id).where(Meeting.gathering_id.is_not(None))
            ),
        )
    )
    return [
        warnings.Other(
            id=each.id,
            title=each.title,
            starts_at=each.starts_at,
            ends_at=each.starts_at + lasts,
            cases=(each.case_id,) if each.case_id else (),
        )
        for each in found
        if each.starts_at is not None
    ]


def is_coming(invitee: Invitee) -> bool:
    """Whether somebody said yes and has a place."""
    return invitee.place == "held" and invitee.reply in places.YES
