"""The calendar of the demonstration: the programme's forums, and a workshop that is to come.

Source: programme.md, "The series rule", 7 (the original dates as demonstration data);
``data/meetings.yaml``.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final

import yaml
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import Database
from hub.demo.dialogues import Scene, Staff
from hub.demo.script import DATA
from hub.meetings import actions, holidays, times
from hub.meetings.actions import Sender
from hub.meetings.actions.timing import follow_up_at
from hub.meetings.models import Meeting

# A forum is planned so long before it, as the programme's were.
PLANNED_DAYS: Final = timedelta(days=60)
REST_SECONDS: Final = 0.02
MONDAY: Final = 0
FRIDAY: Final = 4


@cache
def load_meetings() -> Scene:
    """The series and the workshop, as the file tells them."""
    found: Scene = yaml.safe_load((DATA / "meetings.yaml").read_text(encoding="utf-8"))
    return found


# --- the programme's forums ----------------------------------------------------------------------


async def hold_series(database: Database, *, staff: Staff, sender: Sender) -> str:
    """The seven forums of the programme, all of them over; returns the id of the series."""
    told = load_meetings()["series"]
    first = times.instant_of(times.read_local(told["starts"]), times.STOCKHOLM)
    async with database.transaction() as tx:
        series, meetings = await actions.add_series(
            tx,
            {
                **{name: told[name] for name in ("title", "starts", "minutes")},
                "meeting": {
                    **{name: told[name] for name in ("purpose", "place", "cohost")},
                    "cohost_from": "citizen",
                    "form": "hybrid",
                },
            },
            account=staff.facilitator,
            now=first - PLANNED_DAYS,
            demonstration=True,
        )
    for meeting in meetings:
        async with database.transaction() as tx:
            await _hold(tx, meeting.id, staff=staff, sender=sender)
        await asyncio.sleep(REST_SECONDS)
    return series.id


async def _hold(tx: AsyncSession, meeting_id: str, *, staff: Staff, sender: Sender) -> None:
    """A forum through its whole life, each act at its time."""
    meeting = await actions.access_meeting(tx, meeting_id, lock=True)
    planned = meeting.starts_at - PLANNED_DAYS
    await actions.confirm_date(tx, meeting, account=staff.facilitator, now=planned)
    week = timedelta(days=7)
    for act, account, at in (
        ("plan", staff.facilitator, planned),
        ("start", staff.facilitator, meeting.starts_at),
        ("end", staff.facilitator, meeting.ends_at),
        ("publish", staff.editor, meeting.ends_at + 3 * week),
        ("follow_up", staff.facilitator, follow_up_at(meeting)),
        ("close", staff.facilitator, follow_up_at(meeting) + week),
    ):
        await actions.act_on(tx, meeting, act, account=account, now=at, sender=sender)


# --- the workshop that is to come ----------------------------------------------------------------


async def invite_to_workshop(
    database: Database, *, staff: Staff, sender: Sender, material: str, now: datetime
) -> str:
    """A workshop some weeks ahead, with those who were invited and what they replied.

    ``material``: the whole address of what is read before it. Returns the id of the meeting.
    """
    told = load_meetings()["workshop"]
    day = find_day(now.date() + timedelta(days=told["days_ahead"]))
    fields = told["fields"]
    made = now - timedelta(days=told["made_days_ago"])
    invited = now - timedelta(days=told["invited_days_ago"])
    async with database.transaction() as tx:
        meeting = await actions.add_meeting(
            tx,
            {
                **fields,
                "starts": f"{day}T{told['starts']}",
                "ends": f"{day}T{told['ends']}",
                "zone": times.STOCKHOLM,
                "languages": ["sv", "en"],
                "material": [{"url": material, "title": fields["material"]}],
            },
            account=staff.facilitator,
            now=made,
            demonstration=True,
        )
        known: dict[str, Any] = {"account": staff.facilitator, "sender": sender}
        await actions.act_on(tx, meeting, "plan", now=made, **known)
        people = [_person(entry) for entry in told["people"]]
        await actions.invite(tx, meeting, people, now=made, **known)
        await actions.act_on(tx, meeting, "invite", now=invited, **known)
    for entry in told["people"]:
        if "reply" in entry:
            async with database.transaction() as tx:
                await _reply(tx, meeting, entry, sender=sender, now=now)
            await asyncio.sleep(REST_SECONDS)
    return meeting.id


def find_day(earliest: date) -> date:
    """The first day from ``earliest`` on that the calendar has nothing to say against."""
    day = earliest
    while (
        holidays.is_free(day)
        or holidays.holidays_after(day)
        or holidays.in_summer(day)
        or holidays.at_christmas(day)
        or holidays.sportlov_on(day)
        or holidays.is_autumn_break(day)
        or holidays.is_half_term(day)
        or day.weekday() in (MONDAY, FRIDAY)
    ):
        day += timedelta(days=1)
    return day


def _person(entry: Scene) -> actions.Person:
    return actions.Person(
        entry["email"],
        entry["name"],
        language=entry["language"],
        zone=entry.get("zone", times.STOCKHOLM),
        role=entry["role"],
        phd_student=entry["role"] == "phd_student",
    )


async def _reply(
    tx: AsyncSession, meeting: Meeting, entry: Scene, *, sender: Sender, now: datetime
) -> None:
    """Somebody's reply by their own link, and that of whoever comes instead by theirs."""
    invitees = await actions.list_invitees(tx, meeting.id)
    secret = next(
        who.secret for i in invitees if (who := actions.who_is(tx, i)).email == entry["email"]
    )
    replied = await actions.reply(tx, secret, _answer(entry), now=_at(entry, now), sender=sender)
    if replied.deputy_secret:
        other = entry["deputy"]
        await actions.reply(
            tx, replied.deputy_secret, _answer(other), now=_at(other, now), sender=sender
        )


def _answer(entry: Scene) -> actions.Answer:
    words = {
        name: entry[name] for name in ("access", "food", "travel", "question") if name in entry
    }
    return actions.Answer(entry["reply"], name=entry["name"], role=entry["role"], **words)


def _at(entry: Scene, now: datetime) -> datetime:
    return now - timedelta(days=float(entry["days_ago"]))
