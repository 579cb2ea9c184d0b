"""Timed work about meetings. Each function reads the truth anew when its time comes.

It was moved, cancelled, answered, done already? Then nothing is sent. Mails are rows that are put
in line in the transaction that claims the task, so that each is put there once.
Source: dissemination.md, "Life cycle".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound, Refusal
from hub.gatherings.models import Gathering
from hub.gatherings.screens import Screens
from hub.meetings import letters, states
from hub.meetings.actions import (
    access_meeting,
    act_on,
    changed_fields,
    close_if_settled,
    erase_needs,
    follow_session,
    list_invitees,
    offer_places,
    timing,
)
from hub.meetings.doorway import sender_of
from hub.meetings.letters import Sender
from hub.meetings.models import Invitee, Meeting
from hub.meetings.views import is_coming
from hub.schedule.actions import is_late
from hub.schedule.jobs import Handlers, Inside, Outcome
from hub.schedule.models import Task
from hub.settings import Settings

log = structlog.get_logger(__name__)
NO_LONGER: Final = Outcome("dropped", "no_longer")
DONE_ALREADY: Final = Outcome("dropped", "already_done")
NOBODY: Final = Outcome("dropped", "nobody")
# How often it is looked whether the organiser has said yes to a date, and whether something is
# published at last or the last recommendation has come to an end.
DAILY: Final = timedelta(days=1)
WEEKLY: Final = timedelta(days=7)
SOON: Final = timedelta(minutes=15)
# What was not over two years after a meeting is left to its organiser.
UNTIL_CLOSED: Final = timedelta(days=730)

About = Callable[[Sender, AsyncSession, Meeting, Task, datetime], Awaitable[Outcome]]


def handlers(screens: Screens, settings: Settings) -> Handlers:
    """What is done at its time about meetings, each in the transaction that claims its task."""
    sender = sender_of(screens.renderer, settings)
    about: dict[str, About] = {
        "invite": _invite,
        "remind_quiet": _remind,
        "remind_week": _remind,
        "remind_day": _remind,
        "remind_link": _remind,
        "tell_changed": _tell_changed,
        "reply_closes": _close_replies,
        "erase_needs": partial(_erase_needs, screens),
        "meeting_ended": _end,
        "thanks": _thank,
        "meeting_follow_up": _follow_up,
    }
    inside: dict[str, Inside] = {
        kind: partial(_with_meeting, sender, run) for kind, run in about.items()
    }
    inside["offer_ends"] = partial(_end_offer, sender)
    return inside, {}


async def _with_meeting(
    sender: Sender, run: About, tx: AsyncSession, task: Task, now: datetime
) -> Outcome:
    try:
        meeting = await access_meeting(tx, task.about, lock=True)
    except NotFound:
        return NO_LONGER
    if task.kind in timing.OF_A_DATE and task.round not in (0, timing.round_of(meeting)):
        # It was about another date.
        return NO_LONGER
    return await run(sender, tx, meeting, task, now)


async def _invite(
    sender: Sender, tx: AsyncSession, meeting: Meeting, task: Task, now: datetime
) -> Outcome:
    """Six weeks ahead: the invitations, unless the organiser has sent them."""
    if meeting.state != "planned":
        done = meeting.state in (*states.TAKES_REPLIES, "live", *states.HELD)
        return DONE_ALREADY if done else NO_LONGER
    if meeting.to_confirm:
        return Outcome(again_at=now + DAILY)
    count = await act_on(
        tx, meeting, "invite", account=None, now=now, sender=sender, late=is_late(task, now)
    )
    return Outcome(count=count)


async def _remind(
    sender: Sender, tx: AsyncSession, meeting: Meeting, task: Task, now: datetime
) -> Outcome:
    """A reminder to those it is for: who has not replied, or who comes. Never after a no."""
    if meeting.state not in states.TAKES_REPLIES:
        return NO_LONGER
    reminder, at = timing.REMINDERS[task.kind], timing.reminder_at(meeting, task.kind)
    until = timing.reminder_until(meeting, task.kind)
    if until <= now:
        return Outcome("missed", "too_late")
    if reminder.when == "link" and meeting.form == "room":
        return NO_LONGER
    wanted = [each for each in await list_invitees(tx, meeting.id) if _is_for(reminder.when, each)]
    count = await letters.send_reminders(
        tx,
        meeting,
        wanted,
        when=reminder.when,
        at=at,
        until_at=until,
        now=now,
        sender=sender,
        late=is_late(task, now),
    )
    return Outcome(count=count) if count else NOBODY


async def _tell_changed(
    sender: Sender, tx: AsyncSession, meeting: Meeting, task: Task, now: datetime
) -> Outcome:
    """What has changed besides the date, to all who are invited: what was changed back has not."""
    if meeting.state not in states.TAKES_REPLIES:
        return NO_LONGER
    changed = changed_fields(meeting)
    meeting.untold = {}
    if not changed:
        return NO_LONGER
    count = await letters.send_changed(
        tx,
        meeting,
        await list_invitees(tx, meeting.id),
        changed=changed,
        now=now,
        sender=sender,
        late=is_late(task, now),
    )
    return Outcome(count=count) if count else NOBODY


def _is_for(when: str, invitee: Invitee) -> bool:
    if when == "quiet":
        return invitee.invited_at is not None and invitee.reply is None
    # The link too goes to all who said yes: in the room people take part on their own devices.
    return is_coming(invitee)


async def _close_replies(
    sender: Sender, tx: AsyncSession, meeting: Meeting, task: Task, now: datetime
) -> Outcome:
    """The last day for replies is over: a maybe counts as no, and its place is offered."""
    if meeting.state not in states.TAKES_REPLIES:
        return NO_LONGER
    if meeting.reply_by is not None and meeting.reply_by > now:
        return Outcome(again_at=meeting.reply_by + timedelta(seconds=1))
    return Outcome(count=await offer_places(tx, meeting, now=now, sender=sender))


async def _end_offer(sender: Sender, tx: AsyncSession, task: Task, now: datetime) -> Outcome:
    """An offer of a place has run out: the next in line is asked."""
    invitee = await tx.get(Invitee, task.about)
    if invitee is None:
        return NO_LONGER
    meeting = await access_meeting(tx, invitee.meeting_id, lock=True)
    await tx.refresh(invitee)
    if meeting.state not in states.TAKES_REPLIES:
        return NO_LONGER
    if invitee.place != "offered" or invitee.offered_until is None:
        return DONE_ALREADY
    if invitee.offered_until > now:
        return Outcome(again_at=invitee.offered_until)
    return Outcome(count=await offer_places(tx, meeting, now=now, sender=sender))


async def _erase_needs(
    screens: Screens,
    sender: Sender,
    tx: AsyncSession,
    meeting: Meeting,
    task: Task,
    now: datetime,
) -> Outcome:
    """Fourteen days after: what people asked for is erased, also from the database's files."""
    due = meeting.ends_at + timing.NEEDS_DAYS
    if due > now:
        return Outcome(again_at=due)
    count = await erase_needs(tx, meeting, now=now)
    if count:
        screens.database.wipe_soon()
    return Outcome(count=count)


async def _end(
    sender: Sender, tx: AsyncSession, meeting: Meeting, task: Task, now: datetime
) -> Outcome:
    """The time is over. A meeting with a live session ends when that does."""
    if meeting.state in states.HELD:
        return DONE_ALREADY
    if meeting.state not in ("invited", "confirmed", "live", "planned"):
        return NO_LONGER
    gathering = await tx.get(Gathering, meeting.gathering_id) if meeting.gathering_id else None
    if gathering is not None and gathering.state in ("running", "paused"):
        return Outcome(again_at=now + SOON)
    if gathering is not None and gathering.started_at is not None:
        await follow_session(tx, meeting, gathering, now=now, sender=sender)
        return Outcome()
    if gathering is not None or (meeting.state == "planned" and meeting.invited_at is None):
        # The session never began, or nobody was invited: whether it was held, people know.
        return Outcome("dropped", "no_longer")
    if meeting.state != "live":
        await act_on(tx, meeting, "start", account=None, now=now, sender=sender)
    meeting.ended_at = meeting.ends_at
    await act_on(tx, meeting, "end", account=None, now=now, sender=sender)
    return Outcome()


async def _thank(
    sender: Sender, tx: AsyncSession, meeting: Meeting, task: Task, now: datetime
) -> Outcome:
    """Thanks to those who came, while they can still say how it was.

    What was arrived at is told where it can be read. It is nearly always too early for that: those
    who took part put their own words right for seven days first. They hear of it with the summary.
    """
    if meeting.state not in states.HELD or meeting.ended_at is None:
        return NO_LONGER
    gathering = await tx.get(Gathering, meeting.gathering_id) if meeting.gathering_id else None
    published = gathering is not None and gathering.published_at is not None
    came = [each for each in await list_invitees(tx, meeting.id) if is_coming(each)]
    count = await letters.send_thanks(
        tx,
        meeting,
        came,
        url=f"/sessions/{meeting.gathering_id}/record" if published else "",
        soon=gathering is not None and not published,
        until_at=meeting.ended_at + timing.FEEDBACK,
        now=now,
        sender=sender,
        late=is_late(task, now),
    )
    return Outcome(count=count) if count else NOBODY


async def _follow_up(
    sender: Sender, tx: AsyncSession, meeting: Meeting, task: Task, now: datetime
) -> Outcome:
    """Three months after: what became of the recommendations; then weekly, until all have ended."""
    if meeting.state == "closed":
        return Outcome()
    if meeting.state not in states.HELD:
        return NO_LONGER
    if now > (meeting.ended_at or meeting.ends_at) + UNTIL_CLOSED:
        return Outcome("missed", "too_late")
    due = timing.follow_up_at(meeting)
    if due > now:
        return Outcome(again_at=due)
    if meeting.state == "ended":
        # Nothing is published yet that could be followed up.
        return Outcome(again_at=now + WEEKLY)
    if meeting.state == "published":
        await act_on(
            tx, meeting, "follow_up", account=None, now=now, sender=sender, late=is_late(task, now)
        )
        return Outcome(again_at=now + WEEKLY)
    if await close_if_settled(tx, meeting, now=now, sender=sender):
        return Outcome()
    return Outcome(again_at=now + WEEKLY)


# --- what live sessions do ---------------------------------------------------------------------


async def follow_sessions(screens: Screens, settings: Settings) -> int:
    """Let meetings follow their live sessions: begun, and closed. How many changed."""
    now, sender = screens.clock.now(), sender_of(screens.renderer, settings)
    before_live = states.ACTS["start"].before
    async with screens.database.reading() as tx:
        rows = await tx.execute(
            select(Meeting.id, Gathering.id)
            .join(Gathering, Gathering.id == Meeting.gathering_id)
            .where(
                Gathering.started_at.is_not(None),
                or_(
                    Meeting.state.in_(before_live),
                    (Meeting.state == "live") & (Gathering.state == "closed"),
                ),
            )
        )
        found = [(meeting_id, gathering_id) for meeting_id, gathering_id in rows]
    changed = 0
    for meeting_id, gathering_id in found:
        # Each in a change of its own: one that breaks stops no other.
        try:
            async with screens.database.transaction() as tx:
                meeting = await access_meeting(tx, meeting_id, lock=True)
                gathering = await tx.get(Gathering, gathering_id)
                if gathering is not None:
                    changed += await follow_session(tx, meeting, gathering, now=now, sender=sender)
        except Refusal:
            log.info("meeting did not follow", meeting=meeting_id)
    return changed
