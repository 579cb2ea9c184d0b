"""Pages for everybody: the calendar, and what one meeting is about."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, Refusal
from hub.gatherings.models import Gathering, list_dated
from hub.meetings import actions
from hub.meetings.doorway import Sends, check_sees, sees_all, sees_whole
from hub.meetings.letters import AUDIENCES
from hub.meetings.models import Meeting
from hub.meetings.states import SHOWN
from hub.meetings.times import STOCKHOLM, instant_of, local_of, read_local
from hub.meetings.views import shown_title
from hub.meetings.visit import Here, Visit, read_answer, shown
from hub.programme.models import Case, list_cases
from hub.web import address_of, read_form, see_other

router = APIRouter(include_in_schema=False)
# Somebody replies once, and changes it a few times; a script that fills the places does more.
REPLY_RULE: Final = "20 per hour"
# A session without an end of its own still stands under what is on for so long.
SESSION_LASTS: Final = timedelta(hours=4)
PAST_DAYS: Final = 400
# What fits a phone; the rest is a link away.
COMING, PAST = 60, 20
FEED: Final = "/api/v1/calendar.ics"


# --- the calendar ------------------------------------------------------------------------------


@router.get("/calendar")
async def get_calendar(
    visit: Here,
    case: str = "",
    audience: str = "",
    since_month: Annotated[str, Query(alias="from")] = "",
) -> Response:
    """What is on and what is coming, by month; what has been below.

    ``from``: a month, as 2027-03, to begin with instead of now.
    """
    now = visit.clock.now()
    everything = sees_all(visit.caller)
    since = now - timedelta(days=PAST_DAYS)
    async with visit.database.reading() as tx:
        cases = await list_cases(tx)
        meetings = await actions.list_meetings(
            tx, states=None if everything else SHOWN, starts_from=since
        )
        sessions = await list_dated(tx, since=since)
    by_id = {each.id: each for each in cases}
    held = {meeting.gathering_id for meeting in meetings}
    entries = [_meeting(m, by_id, whole=sees_whole(visit.caller, m)) for m in meetings]
    entries += [_session(s, by_id) for s in sessions if s.id not in held]
    entries = sorted(
        (e for e in entries if _matches(e, case=case, audience=audience)),
        key=lambda e: (e["starts_at"], e["id"]),
    )
    begins = _month_start(since_month)
    if begins is None:
        coming = [entry for entry in entries if entry["over_at"] > now]
        past = [entry for entry in reversed(entries) if entry["over_at"] <= now]
    else:
        coming, past = [entry for entry in entries if entry["starts_at"] >= begins], []
    months, later = _first_months(_by_month(coming))
    return visit.page(
        "meetings/calendar.html",
        months=months,
        later=later,
        past=past[:PAST],
        cases=cases,
        audiences=AUDIENCES,
        chosen={"case": case, "audience": audience},
        organises=everything,
        feed_path=FEED,
        feed_url=f"{visit.base_url}{FEED}",
    )


def _meeting(meeting: Meeting, cases: Mapping[str, Case], *, whole: bool) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "kind": meeting.kind,
        "url": f"/workshops/{meeting.id}",
        "title": shown_title(meeting, whole=whole),
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
        "over_at": meeting.ends_at,
        "state": meeting.state,
        "form": meeting.form,
        "open_to_all": meeting.open_to_all,
        "audiences": meeting.audiences if whole else [],
        "cases": [cases[each] for each in meeting.cases if each in cases] if whole else [],
    }


def _session(session: Gathering, cases: Mapping[str, Case]) -> dict[str, Any]:
    starts_at: datetime = session.starts_at or session.created_at
    case = cases.get(session.case_id or "")
    over_at = session.closed_at or session.ends_at or starts_at + SESSION_LASTS
    return {
        "id": session.id,
        "kind": "session",
        "url": f"/sessions/{session.id}",
        "title": session.title,
        "starts_at": starts_at,
        "ends_at": None,
        "over_at": max(over_at, starts_at),
        "state": session.state,
        "form": None,
        "open_to_all": True,
        "audiences": [],
        "cases": [case] if case else [],
    }


def _matches(entry: Mapping[str, Any], *, case: str, audience: str) -> bool:
    if case and case not in {each.id for each in entry["cases"]}:
        return False
    return not audience or audience in entry["audiences"]


def _first_months(months: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str | None]:
    """Whole months that fit a page, one at least; and the month that comes next, as 2027-03."""
    count = 0
    for number, month in enumerate(months):
        count += len(month["entries"])
        if number and count > COMING:
            return months[:number], local_of(month["at"], STOCKHOLM).strftime("%Y-%m")
    return months, None


def _month_start(text: str) -> datetime | None:
    """When a month begins in Stockholm; None for what is no month."""
    try:
        return instant_of(read_local(f"{text}-01T00:00"), STOCKHOLM) if text else None
    except Invalid:
        return None


def _by_month(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    def month(entry: Mapping[str, Any]) -> tuple[int, int]:
        local = local_of(entry["starts_at"], STOCKHOLM)
        return local.year, local.month

    found = [list(of_month) for _, of_month in groupby(entries, key=month)]
    return [{"at": of_month[0]["starts_at"], "entries": of_month} for of_month in found]


# --- one meeting -------------------------------------------------------------------------------


@router.get("/workshops/{meeting_id}")
async def get_meeting(meeting_id: str, visit: Here) -> Response:
    """What it is about, when and where; the form to reply where everybody may."""
    return await _meeting_page(visit, meeting_id)


@router.post("/workshops/{meeting_id}/reply")
async def post_reply(meeting_id: str, visit: Here, sender: Sends) -> Response:
    """Reply to a meeting that is open to all; the answer leads to the page of that reply."""
    form = await read_form(visit.request)
    now = visit.clock.now()
    try:
        async with visit.database.transaction() as tx:
            meeting = await _access(tx, visit, meeting_id, lock=True)
            answer = read_answer(form)
            await visit.limits.check(REPLY_RULE, "meeting_reply", address_of(visit.request))
            replied = await actions.reply_openly(
                tx, meeting, answer, now=now, sender=sender, key=form.get("key", "")
            )
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        wrong = visit.wrong(refusal)
        return await _meeting_page(visit, meeting_id, refusal.status, values=form, **wrong)
    if replied.secret is None:
        return see_other(f"/workshops/{meeting_id}/replied")
    return see_other(f"/replies/{replied.secret}?done=saved")


@router.get("/workshops/{meeting_id}/replied")
async def get_replied(meeting_id: str, visit: Here) -> Response:
    """After a reply whose own link was sent to an address that had replied before."""
    async with visit.database.reading() as tx:
        meeting = await _access(tx, visit, meeting_id)
    title = shown_title(meeting, whole=sees_whole(visit.caller, meeting))
    return visit.page("meetings/replied.html", meeting={"id": meeting.id, "title": title})


async def _access(
    tx: AsyncSession, visit: Visit, meeting_id: str, *, lock: bool = False
) -> Meeting:
    meeting = await actions.access_meeting(tx, meeting_id, lock=lock)
    check_sees(visit.caller, meeting)
    return meeting


async def _meeting_page(visit: Visit, meeting_id: str, status: int = 200, **more: Any) -> Response:
    async with visit.database.reading() as tx:
        meeting = await _access(tx, visit, meeting_id)
        counts = await actions.count_replies(tx, [meeting.id])
        held = await tx.get(Gathering, meeting.gathering_id) if meeting.gathering_id else None
    context = {"key": secrets.token_urlsafe(16), **more}
    if more.get("values", {}).get("key"):
        context["key"] = more["values"]["key"]
    whole = sees_whole(visit.caller, meeting)
    published = whole and held is not None and held.published_at is not None
    return visit.page(
        "meetings/meeting.html",
        status,
        meeting=shown(meeting, counts[meeting.id], now=visit.clock.now(), whole=whole),
        organises=sees_all(visit.caller),
        record=meeting.gathering_id if published else "",
        **context,
    )
