"""When the hub does what about a meeting. Source: dissemination.md, "Life cycle"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from hub.meetings.actions.seating import title_of
from hub.meetings.models import Meeting
from hub.meetings.times import ZONES, add_months, instant_kept, local_of, out_of_night
from hub.schedule.actions import Planned, drop, list_waiting, plan_all

# Invitations go out so long ahead, and by themselves no later than the minimum.
INVITE: Final = timedelta(weeks=6)
INVITE_EXTERNAL: Final = timedelta(weeks=8)
INVITE_LATEST: Final = timedelta(weeks=3)
REPLY_DAYS: Final = timedelta(days=7)
NEEDS_DAYS: Final = timedelta(days=14)
FEEDBACK: Final = timedelta(days=7)
FOLLOW_UP_MONTHS: Final = 3
LOOK_AGAIN: Final = timedelta(days=7)
# How long after its end those who came are thanked: the facilitator has left the room by then.
THANKS: Final = timedelta(hours=2)


@dataclass(frozen=True)
class Reminder:
    """``before`` the start it is sent, and not when less than ``latest`` is left."""

    when: str
    before: timedelta
    latest: timedelta


REMINDERS: Final[Mapping[str, Reminder]] = {
    "remind_quiet": Reminder("quiet", timedelta(weeks=3), timedelta(days=7)),
    "remind_week": Reminder("week", timedelta(days=7), timedelta(days=2)),
    "remind_day": Reminder("day", timedelta(hours=24), timedelta(minutes=30)),
    "remind_link": Reminder("link", timedelta(minutes=15), timedelta()),
}
# What is about one date of a meeting, and no longer true of another.
OF_A_DATE: Final = ("invite", *REMINDERS, "meeting_ended", "erase_needs")
# What is done about a meeting whatever becomes of it.
LASTING: Final = ("erase_needs",)
PASSING: Final = (
    *REMINDERS,
    "reply_closes",
    "meeting_ended",
    "thanks",
    "meeting_follow_up",
)


def before(meeting: Meeting, time: timedelta) -> datetime:
    """So long before the start, as the wall clock counts: a week before is the same hour."""
    local = meeting.starts_at.astimezone(ZoneInfo(meeting.zone))
    # Hours and minutes are real ones; days are the calendar's, also across a change of clocks.
    days = timedelta(days=time.days) if time >= timedelta(days=2) else timedelta()
    return (local - days).astimezone(UTC) - (time - days)


def round_of(meeting: Meeting) -> int:
    """Of timed work about one date of a meeting: another date is another round."""
    return int(meeting.starts_at.timestamp()) // 60


def invite_at(meeting: Meeting) -> datetime:
    """When the hub sends the invitations by itself."""
    ahead = INVITE_EXTERNAL if meeting.kind == "external" and meeting.open_to_all else INVITE
    return before(meeting, ahead)


def default_reply_by(meeting: Meeting, now: datetime) -> datetime:
    """The last moment for replies where the organiser set none: a week before the start.

    Where less than two weeks are left, halfway from now.
    """
    usual = before(meeting, REPLY_DAYS)
    return usual if usual - now >= REPLY_DAYS else now + (meeting.starts_at - now) / 2


def reminder_at(meeting: Meeting, kind: str) -> datetime:
    """When a reminder is due by the book, whoever reads it."""
    return before(meeting, REMINDERS[kind].before)


def reminder_until(meeting: Meeting, kind: str) -> datetime:
    """When it is too late for a reminder."""
    latest = before(meeting, REMINDERS[kind].latest)
    if kind == "remind_quiet" and meeting.reply_by is not None:
        return min(latest, meeting.reply_by)
    return latest


def follow_up_at(meeting: Meeting) -> datetime:
    """Three months after the day, at the time at which it ended."""
    ended = local_of(meeting.ended_at or meeting.ends_at, meeting.zone)
    return instant_kept(add_months(ended, FOLLOW_UP_MONTHS), meeting.zone)


async def plan_tasks(tx: AsyncSession, meeting: Meeting, *, now: datetime) -> None:
    """Put in line what is to be done about a meeting in its state and at its date.

    What waits for another date is dropped. A reminder whose time has passed is not sent, unless it
    waits still: it was too late for it when the meeting was planned, and the invitation says all
    of it.
    """
    planned: list[Planned] = []

    def add(kind: str, due_at: datetime, until_at: datetime | None = None, number: int = 0) -> None:
        planned.append(
            Planned(kind, meeting.id, due_at, number, until_at=until_at, title=title_of(meeting))
        )

    number = round_of(meeting)
    waiting = await list_waiting(tx, meeting.id)
    sent = meeting.state not in ("draft", "planned", "postponed", "cancelled")
    why = "already_done" if sent else "no_longer"
    waited = await drop(tx, meeting.id, kinds=("invite",), fault=why)
    if meeting.state == "planned":
        # Planned when the six weeks had begun, the organiser sends them: more may be to be done.
        if invite_at(meeting) > now or waited:
            add("invite", max(now, invite_at(meeting)), before(meeting, INVITE_LATEST), number)
    elif meeting.state in ("invited", "confirmed"):
        for kind in REMINDERS:
            # The earliest at which it is day for everybody; each mail then waits for its own time.
            due_at = min(out_of_night(reminder_at(meeting, kind), zone) for zone in ZONES)
            if reminder_at(meeting, kind) > now or (kind, number) in waiting:
                add(kind, due_at, reminder_until(meeting, kind), number)
        if meeting.reply_by is not None:
            # A moment later, so that a reply in the last second still counts.
            closes_at = meeting.reply_by + timedelta(seconds=1)
            # Of this last day: one that is set later is closed too, after this one has been.
            add("reply_closes", closes_at, None, int(closes_at.timestamp()) // 60)
    if meeting.state in ("planned", "invited", "confirmed", "live"):
        add("meeting_ended", meeting.ends_at, None, number)
        add("erase_needs", meeting.ends_at + NEEDS_DAYS, None, number)
    if meeting.state in ("ended", "published") and meeting.ended_at is not None:
        add("thanks", meeting.ended_at + THANKS, meeting.ended_at + FEEDBACK)
        add("meeting_follow_up", follow_up_at(meeting))
    if meeting.state == "followed_up":
        # It is looked on whether the last recommendation has come to an end.
        add("meeting_follow_up", max(follow_up_at(meeting), now + LOOK_AGAIN))
    moves = meeting.state in ("planned", "invited", "confirmed", "live")
    await drop(tx, meeting.id, kinds=(*PASSING, *LASTING) if moves else PASSING)
    await plan_all(tx, planned, now=now)
