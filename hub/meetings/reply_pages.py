"""Pages behind a personal link: one's own reply, an offered place, and no more mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import secret_of
from hub.errors import Refusal
from hub.meetings import actions
from hub.meetings.actions.timing import REMINDERS
from hub.meetings.doorway import Sends, find_link
from hub.meetings.letters import link_of
from hub.meetings.models import Invitee, Meeting
from hub.meetings.places import YES
from hub.meetings.views import feed_path
from hub.meetings.visit import Here, Visit, read_answer, shown
from hub.people.rules import LANGUAGES
from hub.web import language_of, read_form, read_number, see_other

router = APIRouter(include_in_schema=False)
DONE = ("saved", "taken", "passed", "feedback")
# When the way in is on top of the page: the waiting room opens by then.
DOOR_OPENS: Final = REMINDERS["remind_link"].before


@router.get("/replies/erased")
async def get_erased(visit: Here) -> Response:
    """What somebody sees who has erased all about themselves."""
    return visit.page("meetings/erased.html")


@router.get("/replies/{secret}")
async def get_reply(secret: str, visit: Here, sender: Sends) -> Response:
    """One's own reply: see it, change it, take a place that is offered."""
    await _find(visit, secret)
    return await _reply_page(visit, secret, sender)


@router.post("/replies/{secret}")
async def post_reply(secret: str, visit: Here, sender: Sends) -> Response:
    """Reply, or reply something else."""
    await _find(visit, secret)
    form = await read_form(visit.request)
    try:
        async with visit.database.transaction() as tx:
            answer, now = read_answer(form), visit.clock.now()
            await actions.reply(tx, secret, answer, now=now, sender=sender)
    except Refusal as refusal:
        return await _refused(visit, secret, sender, refusal, form)
    return see_other(f"/replies/{secret}?done=saved")


@router.post("/replies/{secret}/place")
async def post_place(secret: str, visit: Here, sender: Sends) -> Response:
    """Take a place that is offered, or let the next in line have it."""
    await _find(visit, secret)
    form = await read_form(visit.request)
    take = form.get("take") == "1"
    try:
        async with visit.database.transaction() as tx:
            meeting, invitee = await actions.access_by_secret(tx, secret, lock=True)
            if invitee.place != "offered":
                raise Refusal("place_gone")
            answer = _same(tx, invitee, reply=_yes(meeting, invitee) if take else "no")
            await actions.reply(tx, secret, answer, now=visit.clock.now(), sender=sender)
    except Refusal as refusal:
        return await _refused(visit, secret, sender, refusal, {})
    return see_other(f"/replies/{secret}?done={'taken' if take else 'passed'}")


@router.post("/replies/{secret}/feedback")
async def post_feedback(secret: str, visit: Here, sender: Sends) -> Response:
    """How the meeting was; kept without who says so."""
    await _find(visit, secret)
    form = await read_form(visit.request)
    try:
        async with visit.database.transaction() as tx:
            await actions.give_feedback(
                tx,
                secret,
                useful=read_number(form.get("useful")),
                text=form.get("text", ""),
                language=language_of(visit.request),
                now=visit.clock.now(),
            )
    except Refusal as refusal:
        return await _refused(visit, secret, sender, refusal, form)
    return see_other(f"/replies/{secret}?done=feedback")


@router.post("/replies/{secret}/erase")
async def post_erase(secret: str, visit: Here, sender: Sends) -> Response:
    """Erase everything about this person; the link opens nothing any more."""
    await _find(visit, secret)
    async with visit.database.transaction() as tx:
        await actions.erase_invitee(tx, secret, now=visit.clock.now(), sender=sender)
    await visit.database.wipe()
    return see_other("/replies/erased")


@router.get("/replies/{secret}/no-more")
async def get_no_more(secret: str, visit: Here) -> Response:
    """Ask first: mail scanners and previews open links too."""
    await _find(visit, secret)
    return visit.page("meetings/no_more.html", secret=secret, stopped=False)


@router.post("/replies/{secret}/no-more")
async def post_no_more(secret: str, visit: Here) -> Response:
    """No more mail about meetings: by the button, or by a mail program (RFC 8058)."""
    await _find(visit, secret)
    async with visit.database.transaction() as tx:
        await actions.stop_mail(tx, secret, now=visit.clock.now())
    return visit.page("meetings/no_more.html", secret=secret, stopped=True)


async def _find(visit: Visit, secret: str) -> tuple[Meeting, Invitee]:
    return await find_link(visit.database, visit.limits, visit.request, secret)


def _yes(meeting: Meeting, invitee: Invitee) -> str:
    """What taking a place means: as they asked for it, else as the meeting is held."""
    if invitee.reply in YES:
        return str(invitee.reply)
    return "online" if meeting.form == "online" else "room"


def _same(tx: AsyncSession, invitee: Invitee, *, reply: str) -> actions.Answer:
    """Another reply, with all else as they have told it before."""
    needs = actions.needs_of(tx, invitee)
    return actions.Answer(
        reply=reply,
        language=invitee.language if invitee.language in LANGUAGES else None,
        access=needs.get("access", ""),
        food=needs.get("food", ""),
        travel=needs.get("travel", ""),
        question=actions.question_of(tx, invitee),
    )


async def _deputy_secret(tx: AsyncSession, meeting: Meeting, invitee: Invitee) -> str:
    """The link for whoever comes instead; empty once they have replied: it is theirs alone."""
    if invitee.reply != "deputy":
        return ""
    others = await actions.list_invitees(tx, meeting.id)
    known = next((each for each in others if each.deputy_for == invitee.id), None)
    return actions.who_is(tx, known).secret if known and known.reply is None else ""


async def _refused(
    visit: Visit, secret: str, sender: actions.Sender, refusal: Refusal, form: Mapping[str, str]
) -> Response:
    if refusal.status == 404:
        raise refusal
    return await _reply_page(
        visit, secret, sender, refusal.status, values=form, **visit.wrong(refusal)
    )


async def _reply_page(
    visit: Visit, secret: str, sender: actions.Sender, status: int = 200, **more: Any
) -> Response:
    now = visit.clock.now()
    async with visit.database.reading() as tx:
        meeting, invitee = await actions.access_by_secret(tx, secret)
        counts = (await actions.count_replies(tx, [meeting.id]))[meeting.id]
        who = actions.who_is(tx, invitee)
        needs = actions.needs_of(tx, invitee)
        question = actions.question_of(tx, invitee)
        stopped = await actions.unsubscribed(tx, [invitee.address_hash])
        waits = invitee.place == "waiting" and invitee.waiting_since is not None
        before = await actions.count_before(tx, invitee) if waits else 0
        said = await actions.own_feedback(tx, secret)
        deputy = await _deputy_secret(tx, meeting, invitee)
        feed = f"/api/v1{feed_path(secret_of(tx), invitee.id)}"
        coming = invitee.place == "held" and invitee.reply in YES
        link = await link_of(tx, meeting, sender=sender) if coming else ""
    reply = {
        "reply": invitee.reply,
        "place": invitee.place,
        "offered_until": invitee.offered_until,
        "zone": invitee.zone,
        "language": invitee.language,
        "name": who.name,
        "email": who.email,
        "mailed": bool(who.email) and invitee.address_hash not in stopped,
        "deputy": invitee.deputy_for is not None,
        "deputy_url": f"{sender.base_url}/replies/{deputy}" if deputy else "",
        "before": before,
        "access": needs.get("access", ""),
        "food": needs.get("food", ""),
        "travel": needs.get("travel", ""),
        "question": question,
    }
    return visit.page(
        "meetings/reply.html",
        status,
        meeting=shown(meeting, counts, now=now, link=link),
        reply=reply,
        secret=secret,
        door=bool(link) and meeting.starts_at - DOOR_OPENS <= now < meeting.ends_at,
        own_url=f"{sender.base_url}/replies/{secret}",
        feed_url=f"{sender.base_url}{feed}",
        feedback_open=actions.feedback_open(meeting, now),
        feedback={"useful": said.useful, "text": said.text} if said else None,
        done=visit.done(DONE),
        **more,
    )
