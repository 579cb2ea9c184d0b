"""Series, meetings, invitations, replies and calendars over HTTP.

The calendar files are also under plain addresses (``files``), which calendars subscribe to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import Database, secret_of
from hub.errors import Invalid, NotFound
from hub.gatherings.api.formats import Shelf
from hub.gatherings.views import moment
from hub.meetings import actions, calendar, shapes, states, views
from hub.meetings.doorway import (
    Sends,
    check_organises,
    check_sees,
    find_link,
    read_feed_secret,
    sees_all,
    sees_whole,
)
from hub.meetings.models import Invitee, Meeting, Series
from hub.people.door import Asking, Caller, check_runs
from hub.people.models import Account
from hub.web import Db, RateLimits, Time, address_of, guesses_of_links, language_of

router = APIRouter(prefix="/api/v1", tags=["meetings"])
# Joined before the pages: the address of a meeting's page matches that of its file too.
files = APIRouter(include_in_schema=False)
INVITE_RULE: Final = "120 per hour"
# Somebody replies once, and changes it a few times; a script that fills the places does more.
REPLY_RULE: Final = "20 per hour"
# How long back a calendar reaches.
FEED_DAYS: Final = timedelta(days=400)
Limit = Annotated[int, Query(ge=1, le=200)]
Language = Literal["sv", "en"]


# --- series ------------------------------------------------------------------------------------


@router.get("/series")
async def get_series(
    caller: Asking, database: Db, after: str | None = None, limit: Limit = 50
) -> shapes.SeriesList:
    """Series with their meetings, newest first. Drafts are for organisers."""
    async with database.reading() as tx:
        found = await actions.list_series(tx, after=after, limit=limit + 1)
        page = found[:limit]
        meetings = await actions.list_series_meetings(tx, [each.id for each in page])
    items = [_series(caller, each, meetings[each.id]) for each in page]
    return shapes.SeriesList(items=items, next=page[-1].id if len(found) > limit else None)


def _series(caller: Caller, series: Series, meetings: Sequence[Meeting]) -> shapes.SeriesOut:
    view = views.series_view(series, meetings, organiser=sees_all(caller))
    return shapes.SeriesOut.model_validate(view)


@router.post("/series", status_code=201)
async def post_series(
    body: shapes.SeriesIn, caller: Asking, database: Db, clock: Time, request: Request
) -> shapes.SeriesOut:
    """A new series with all its meetings, as drafts (facilitators, editors)."""
    account = check_organises(caller)
    data = body.model_dump(exclude_none=True, exclude={"client_id"})
    async with database.transaction() as tx:
        series, meetings = await actions.add_series(
            tx,
            data,
            client_id=body.client_id,
            account=account,
            now=clock.now(),
            demonstration=request.app.state.demonstration,
        )
        return _series(caller, series, meetings)


@router.get("/series/{series_id}")
async def get_one_series(series_id: str, caller: Asking, database: Db) -> shapes.SeriesOut:
    """One series with its meetings in order."""
    async with database.reading() as tx:
        series = await actions.access_series(tx, series_id)
        meetings = await actions.list_series_meetings(tx, [series.id])
    return _series(caller, series, meetings[series.id])


# --- meetings ----------------------------------------------------------------------------------


@router.get("/workshops")
async def get_workshops(
    caller: Asking,
    database: Db,
    kind: shapes.Kind | None = None,
    state: shapes.State | None = None,
    series: str | None = None,
    starts_from: Annotated[datetime | None, Query(alias="from")] = None,
    starts_until: Annotated[datetime | None, Query(alias="until")] = None,
    after: str | None = None,
    limit: Limit = 50,
) -> shapes.Meetings:
    """Forums and workshops by when they start, of all times. Drafts are for organisers."""
    seen = states.STATES if sees_all(caller) else states.SHOWN
    async with database.reading() as tx:
        found = await actions.list_meetings(
            tx,
            states=[each for each in seen if state in (None, each)],
            kinds=[kind] if kind else None,
            series_id=series,
            starts_from=_instant(starts_from, "from"),
            starts_until=_instant(starts_until, "until"),
            after=after,
            limit=limit + 1,
        )
        page = found[:limit]
        counts: Mapping[str, actions.Counts] = {}
        if sees_all(caller):
            counts = await actions.count_replies(tx, [each.id for each in page])
    items = [_meeting(caller, each, counts.get(each.id)) for each in page]
    return shapes.Meetings(items=items, next=page[-1].id if len(found) > limit else None)


def _instant(at: datetime | None, name: str) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise Invalid({f"/{name}": "time_unreadable"})
    return at


def _meeting(
    caller: Caller, meeting: Meeting, counts: actions.Counts | None = None
) -> shapes.MeetingOut:
    view = views.meeting_view(
        meeting,
        full=sees_whole(caller, meeting),
        organiser=sees_all(caller),
        counts=counts,
    )
    return shapes.MeetingOut.model_validate(view)


async def _whole(tx: AsyncSession, caller: Caller, meeting: Meeting) -> shapes.MeetingOut:
    counts = await actions.count_replies(tx, [meeting.id])
    return _meeting(caller, meeting, counts[meeting.id])


@router.post("/workshops", status_code=201)
async def post_workshop(
    body: shapes.MeetingIn, caller: Asking, database: Db, clock: Time, request: Request
) -> shapes.MeetingOut:
    """A new meeting, as a draft (facilitators, editors)."""
    account = check_organises(caller)
    data = body.model_dump(exclude_unset=True, exclude={"client_id"})
    async with database.transaction() as tx:
        meeting = await actions.add_meeting(
            tx,
            data,
            client_id=body.client_id,
            account=account,
            now=clock.now(),
            demonstration=request.app.state.demonstration,
        )
        return await _whole(tx, caller, meeting)


@router.get("/workshops/{meeting_id}.ics", response_class=Response)
@files.get("/workshops/{meeting_id}.ics", response_class=Response)
async def get_workshop_file(
    meeting_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    sender: Sends,
    language: Language | None = None,
) -> Response:
    """One meeting as a calendar file (RFC 5545)."""
    async with database.reading() as tx:
        meeting = await actions.access_meeting(tx, meeting_id)
        check_sees(caller, meeting)
        series = await tx.get(Series, meeting.series_id) if meeting.series_id else None
    text = calendar.meeting_file(
        meeting,
        reader=_reader(sender, language or language_of(request)),
        series=series if series is not None and series.rule else None,
        shared=not sees_all(caller),
    )
    return _ics(text, f"{meeting.id}.ics")


def _reader(sender: Sends, language: str) -> calendar.Reader:
    return calendar.Reader(language, sender.base_url, sender.say)


def _ics(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)


@router.get("/workshops/{meeting_id}")
async def get_workshop(meeting_id: str, caller: Asking, database: Db) -> shapes.MeetingOut:
    """One meeting. A draft is for organisers."""
    async with database.reading() as tx:
        meeting = await actions.access_meeting(tx, meeting_id)
        check_sees(caller, meeting)
        if sees_all(caller):
            return await _whole(tx, caller, meeting)
        return _meeting(caller, meeting)


@router.put("/workshops/{meeting_id}")
async def put_workshop(
    meeting_id: str,
    body: shapes.MeetingIn,
    caller: Asking,
    database: Db,
    clock: Time,
    sender: Sends,
) -> shapes.MeetingOut:
    """Change what the body names; the rest stays (facilitators, editors)."""
    account = check_organises(caller)
    data = body.model_dump(exclude_unset=True, exclude={"client_id"})
    async with database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        await actions.change_meeting(
            tx, meeting, data, account=account, now=clock.now(), sender=sender
        )
        return await _whole(tx, caller, meeting)


@router.post("/workshops/{meeting_id}/move")
async def post_move(
    meeting_id: str,
    body: shapes.MoveIn,
    caller: Asking,
    database: Db,
    clock: Time,
    sender: Sends,
) -> shapes.MeetingOut:
    """Give a meeting another date (facilitators, editors): those who are invited are told why."""
    account = check_organises(caller)
    async with database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        await actions.move_meeting(
            tx,
            meeting,
            starts=body.starts,
            ends=body.ends,
            zone=body.zone,
            fold=body.fold,
            reason=body.reason.model_dump() if body.reason else None,
            reply_by=body.reply_by,
            account=account,
            now=clock.now(),
            sender=sender,
        )
        return await _whole(tx, caller, meeting)


@router.post("/workshops/{meeting_id}/confirm-date")
async def post_confirm_date(
    meeting_id: str, caller: Asking, database: Db, clock: Time
) -> shapes.MeetingOut:
    """Yes to a date that was moved off a weekend or holiday (facilitators, editors)."""
    account = check_organises(caller)
    async with database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        await actions.confirm_date(tx, meeting, account=account, now=clock.now())
        return await _whole(tx, caller, meeting)


@router.put("/workshops/{meeting_id}/session")
async def put_session(
    meeting_id: str,
    body: shapes.SessionChoice,
    caller: Asking,
    database: Db,
    clock: Time,
    shelf: Shelf,
) -> shapes.MeetingOut:
    """The live session that it is held in: one there is, a new one, or none (facilitators)."""
    account, now = check_runs(caller), clock.now()
    async with database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        if body.session is not None:
            await actions.attach_session(tx, meeting, body.session, account=account, now=now)
        elif body.format is not None:
            await actions.make_session(
                tx,
                meeting,
                format_data=shelf.data(body.format),
                charter=body.charter,
                principles=body.principles,
                account=account,
                now=now,
            )
        else:
            await actions.detach_session(tx, meeting, account=account, now=now)
        return await _whole(tx, caller, meeting)


@router.get("/workshops/{meeting_id}/warnings")
async def get_warnings(
    meeting_id: str, caller: Asking, database: Db, clock: Time
) -> shapes.Warnings:
    """What speaks against a meeting as it stands (facilitators, editors)."""
    check_organises(caller)
    async with database.reading() as tx:
        meeting = await actions.access_meeting(tx, meeting_id)
        found = await views.read_warnings(tx, meeting, now=clock.now())
    return shapes.Warnings.model_validate({"items": found})


@router.put("/workshops/{meeting_id}/warnings/{code}")
async def put_warning(
    meeting_id: str,
    code: str,
    body: shapes.ReasonIn,
    caller: Asking,
    database: Db,
    clock: Time,
) -> shapes.Warnings:
    """Go on with a warning, and say why (facilitators, editors)."""
    account, now = check_organises(caller), clock.now()
    async with database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        found = await views.read_warnings(tx, meeting, now=now)
        if code not in {each["code"] for each in found}:
            raise NotFound("warning_not_found")
        await actions.accept_warning(
            tx, meeting, code, reason=body.reason, account=account, now=now
        )
        found = await views.read_warnings(tx, meeting, now=now)
    return shapes.Warnings.model_validate({"items": found})


# --- who is invited ----------------------------------------------------------------------------


@router.get("/workshops/{meeting_id}/invitations")
async def get_invitations(
    meeting_id: str,
    caller: Asking,
    database: Db,
    after: str | None = None,
    limit: Limit = 100,
) -> shapes.Invitees:
    """Who is invited, and what they replied (facilitators, editors)."""
    check_organises(caller)
    async with database.reading() as tx:
        await actions.access_meeting(tx, meeting_id)
        found = await actions.list_invitees(tx, meeting_id)
        ids = [each.id for each in found]
        first = ids.index(after) + 1 if after in ids else 0
        page = found[first : first + limit]
        stopped = await actions.unsubscribed(tx, [each.address_hash for each in page])
        items = [views.invitee_view(tx, each, stopped=stopped) for each in page]
    more = page[-1].id if first + limit < len(found) else None
    return shapes.Invitees.model_validate({"items": items, "next": more})


@router.post("/workshops/{meeting_id}/invitations", status_code=201)
async def post_invitations(
    meeting_id: str,
    body: shapes.InvitationsIn,
    caller: Asking,
    database: Db,
    clock: Time,
    limits: RateLimits,
    sender: Sends,
) -> shapes.InvitedOut:
    """Invite people, each address once (facilitators, editors)."""
    account = check_organises(caller)
    await limits.check(INVITE_RULE, "meeting invite", account.id)
    people = [actions.Person(**each.model_dump()) for each in body.invitees]
    if body.addresses.strip() or not people:
        same = body.model_dump(exclude={"invitees", "addresses"})
        people += actions.read_addresses(body.addresses, **same)
    async with database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        made = await actions.invite(
            tx, meeting, people, account=account, now=clock.now(), sender=sender
        )
    return shapes.InvitedOut(
        added=len(made.added), known=made.known, unsubscribed=made.unsubscribed
    )


@router.delete("/workshops/{meeting_id}/invitations/{invitee_id}", status_code=204)
async def delete_invitation(
    meeting_id: str,
    invitee_id: str,
    caller: Asking,
    database: Db,
    clock: Time,
    sender: Sends,
) -> Response:
    """Take somebody off the list; all about them is erased (facilitators, editors)."""
    account = check_organises(caller)
    async with database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        await actions.remove_invitee(
            tx, meeting, invitee_id, account=account, now=clock.now(), sender=sender
        )
    database.wipe_soon()
    return Response(status_code=204)


@router.get("/workshops/{meeting_id}/feedback")
async def get_feedback(meeting_id: str, caller: Asking, database: Db) -> shapes.FeedbackList:
    """What was said about a meeting afterwards, without who said it (facilitators, editors)."""
    check_organises(caller)
    async with database.reading() as tx:
        await actions.access_meeting(tx, meeting_id)
        found = await actions.list_feedback(tx, meeting_id)
    items = [
        shapes.FeedbackOut(useful=each.useful, text=each.text, language=each.language)
        for each in found
    ]
    return shapes.FeedbackList(items=items)


# --- replies, without an account ---------------------------------------------------------------


@router.post("/workshops/{meeting_id}/rsvp")
async def post_rsvp(
    meeting_id: str,
    body: shapes.RsvpIn,
    request: Request,
    caller: Asking,
    database: Db,
    clock: Time,
    limits: RateLimits,
    sender: Sends,
) -> shapes.RsvpOut:
    """Reply to an invitation, or to a meeting that is open to all."""
    answer = actions.Answer(**body.model_dump(exclude={"secret", "key"}))
    now = clock.now()
    if body.secret is not None:
        found, _ = await find_link(database, limits, request, body.secret)
        if found.id != meeting_id:
            raise NotFound("link_unknown")
        async with database.transaction() as tx:
            replied = await actions.reply(tx, body.secret, answer, now=now, sender=sender)
    else:
        await limits.check(REPLY_RULE, "meeting reply", address_of(request))
        async with database.transaction() as tx:
            meeting = await actions.access_meeting(tx, meeting_id, lock=True)
            check_sees(caller, meeting)
            replied = await actions.reply_openly(
                tx, meeting, answer, now=now, sender=sender, key=body.key
            )
    return _replied(replied, mailed=body.secret is None and bool((body.email or "").strip()))


def _replied(replied: actions.Replied, *, mailed: bool) -> shapes.RsvpOut:
    invitee = replied.invitee
    if mailed or invitee is None:
        # The same whether or not the address was known: that is for its owner to know.
        return shapes.RsvpOut(mailed=True)
    return shapes.RsvpOut.model_validate(
        {
            "reply": invitee.reply,
            "place": invitee.place,
            "offered_until": moment(invitee.offered_until),
            "secret": replied.secret,
            "deputy": replied.deputy_secret,
        }
    )


@router.get("/replies/{secret}")
async def get_reply(
    secret: str, request: Request, database: Db, limits: RateLimits
) -> shapes.OwnOut:
    """What the holder of a personal link has replied, and to what."""
    meeting, invitee = await find_link(database, limits, request, secret)
    async with database.reading() as tx:
        return shapes.OwnOut.model_validate(views.own_view(tx, meeting, invitee))


@router.post("/replies/{secret}/no-more", status_code=204)
async def post_no_more(
    secret: str, request: Request, database: Db, clock: Time, limits: RateLimits
) -> Response:
    """No more mail about meetings, of any."""
    await find_link(database, limits, request, secret)
    async with database.transaction() as tx:
        await actions.stop_mail(tx, secret, now=clock.now())
    return Response(status_code=204)


@router.put("/replies/{secret}/feedback", status_code=204)
async def put_feedback(
    secret: str,
    body: shapes.FeedbackIn,
    request: Request,
    database: Db,
    clock: Time,
    limits: RateLimits,
) -> Response:
    """Say how a meeting was, for seven days after it; again replaces what was said."""
    await find_link(database, limits, request, secret)
    async with database.transaction() as tx:
        await actions.give_feedback(tx, secret, **body.model_dump(), now=clock.now())
    return Response(status_code=204)


@router.delete("/replies/{secret}", status_code=204)
async def delete_reply(
    secret: str,
    request: Request,
    database: Db,
    clock: Time,
    limits: RateLimits,
    sender: Sends,
) -> Response:
    """Erase me: from every meeting, with all that I replied."""
    await find_link(database, limits, request, secret)
    async with database.transaction() as tx:
        await actions.erase_invitee(tx, secret, now=clock.now(), sender=sender)
    await database.wipe()
    return Response(status_code=204)


# --- calendars to subscribe to -----------------------------------------------------------------


@router.get("/calendar.ics", response_class=Response)
@files.get("/calendar.ics", response_class=Response)
async def get_calendar(
    request: Request,
    database: Db,
    clock: Time,
    sender: Sends,
    language: Language | None = None,
) -> Response:
    """All meetings, to subscribe to. Of one by invitation it tells only when it is."""
    async with database.reading() as tx:
        meetings = await actions.list_meetings(
            tx, states=states.SHOWN, starts_from=clock.now() - FEED_DAYS, for_calendar=True
        )
        series = await _series_of(tx, meetings)
    reader = _reader(sender, language or language_of(request))
    say = partial(sender.say, reader.language)
    text = calendar.feed(
        meetings,
        reader=reader,
        name=say("Samrum: forums and workshops"),
        path="/calendar.ics",
        series=series,
    )
    return _ics(text, "calendar.ics")


async def _series_of(tx: AsyncSession, meetings: Sequence[Meeting]) -> dict[str, Series]:
    ids = {meeting.series_id for meeting in meetings if meeting.series_id}
    found = await tx.scalars(select(Series).where(Series.id.in_(ids)))
    return {series.id: series for series in found}


@router.get("/calendar/{secret}.ics", response_class=Response)
@files.get("/calendar/{secret}.ics", response_class=Response)
async def get_own_calendar(
    secret: str,
    request: Request,
    database: Db,
    clock: Time,
    limits: RateLimits,
    sender: Sends,
    language: Language | None = None,
) -> Response:
    """One person's own meetings, to subscribe to; an organiser's are all that are not drafts."""
    guesses = guesses_of_links(limits)
    await guesses.check(request)
    found = await _own_meetings(database, secret, now=clock.now())
    if found is None:
        await guesses.wrong(request)
        raise NotFound("link_unknown")
    meetings, series, own_language = found
    reader = _reader(sender, language or own_language)
    say = partial(sender.say, "sv" if reader.language == "both" else reader.language)
    text = calendar.feed(
        meetings,
        reader=reader,
        name=say("My meetings"),
        path=f"/calendar/{secret}.ics",
        series=series,
        shared=False,
    )
    return _ics(text, "calendar.ics")


async def _own_meetings(
    database: Database, secret: str, *, now: datetime
) -> tuple[list[Meeting], dict[str, Series], str] | None:
    async with database.reading() as tx:
        id_ = read_feed_secret(secret_of(tx), secret)
        if id_ is None:
            return None
        since = now - FEED_DAYS
        account = await tx.get(Account, id_)
        invitee = await tx.get(Invitee, id_)
        if account is not None:
            if account.disabled_at is not None or account.role not in states.ORGANISERS:
                return None
            meetings = await actions.list_meetings(
                tx, states=states.SHOWN, starts_from=since, for_calendar=True
            )
            return meetings, await _series_of(tx, meetings), account.language
        if invitee is None or invitee.sealed is None:
            return None
        pairs = [(invitee, await actions.access_meeting(tx, invitee.meeting_id))]
        if invitee.address_hash is not None and actions.who_is(tx, invitee).proved:
            pairs = await actions.meetings_of_address(tx, invitee.address_hash)
        meetings = [
            meeting
            for each, meeting in pairs
            if each.reply not in ("no", "deputy")
            and each.invited_at is not None
            and meeting.starts_at >= since
        ]
        return meetings, await _series_of(tx, meetings), invitee.language


# --- acts: joined last, since their address matches any word -------------------------------------


@router.post("/workshops/{meeting_id}/{act}")
async def post_act(
    meeting_id: str,
    act: shapes.Act,
    caller: Asking,
    database: Db,
    clock: Time,
    sender: Sends,
    body: shapes.ActIn | None = None,
) -> shapes.MeetingOut:
    """Plan, invite, confirm, start, end, publish, follow up, close, postpone or cancel.

    For facilitators and editors; facilitators start and end, editors publish. What the state
    forbids is 409 and changes nothing.
    """
    account = check_organises(caller)
    reason: dict[str, Any] | None = body.reason.model_dump() if body and body.reason else None
    async with database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        await actions.act_on(
            tx, meeting, act, account=account, now=clock.now(), sender=sender, reason=reason
        )
        return await _whole(tx, caller, meeting)
