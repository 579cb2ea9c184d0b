"""Meetings by the actions themselves, on the hub's own database, with its mails caught."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import icalendar
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import secret_of
from hub.mail import jobs as mail_jobs
from hub.mail.actions import read_mail
from hub.mail.models import Mail
from hub.mail.transport import Letter
from hub.meetings import actions, jobs
from hub.meetings.doorway import sender_of
from hub.meetings.letters import mailed_secret
from hub.meetings.models import Invitee, Meeting
from hub.people.models import Account
from hub.schedule import jobs as schedule_jobs
from hub.schedule.models import Task
from tests.conftest import Hub

T = TypeVar("T")
REASON = {"sv": "lokalen är upptagen", "en": "the room is taken"}
# Ten weeks after the hub's first day in tests, 24 November 2026.
PLAN: dict[str, Any] = {
    "kind": "external",
    "title": {"sv": "Från fynd till schema", "en": "From findings to timetable"},
    "short_title": {"sv": "Träff i februari", "en": "Meeting in February"},
    "purpose": {"sv": "En sak att ändra", "en": "One thing to change"},
    "topic": {"sv": "den öppna dörren", "en": "the open door"},
    "why_you": {"sv": "du var med", "en": "you were there"},
    "audiences": ["citizens"],
    "cohost": "Elsa",
    "cohost_from": "citizen",
    "form": "hybrid",
    "place": {"sv": "Rum Ga701", "en": "Room Ga701"},
    "link": "https://example.org/room",
    "starts": "2027-02-04T13:00",
    "ends": "2027-02-04T14:30",
}


@dataclass
class Sent:
    """A mail that went out, and when."""

    at: datetime
    kind: str
    to: str
    about: str | None
    subject: str
    text: str
    facts: dict[str, str]
    quiet_zone: str

    @property
    def event(self) -> Any:
        """The one event of its calendar file."""
        found = icalendar.Calendar.from_ical(self.facts["calendar"])
        [event] = found.walk("VEVENT")
        return event

    @property
    def local(self) -> datetime:
        return self.at.astimezone(ZoneInfo(self.quiet_zone))


@dataclass
class Room:
    """What a test does with meetings."""

    hub: Hub
    account: Account
    sent: list[Sent] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.hub.clock.now()

    @property
    def sender(self) -> actions.Sender:
        return sender_of(self.hub.app.state.renderer, self.hub.settings)

    @property
    def post(self) -> mail_jobs.Post:
        state = self.hub.app.state
        return mail_jobs.Post(state.database, state.clock, state.renderer, state.settings)

    async def change(
        self, meeting_id: str, act: Callable[[AsyncSession, Meeting], Awaitable[T]]
    ) -> T:
        """Do something with a meeting in a transaction of its own."""
        async with self.hub.database.transaction() as tx:
            return await act(tx, await actions.access_meeting(tx, meeting_id, lock=True))

    async def add(self, **more: Any) -> str:
        """A new meeting, as a draft."""
        async with self.hub.database.transaction() as tx:
            made = await actions.add_meeting(
                tx, {**PLAN, **more}, account=self.account, now=self.now
            )
            return made.id

    async def act(self, meeting_id: str, act: str, **more: Any) -> int:
        return await self.change(
            meeting_id,
            lambda tx, m: actions.act_on(
                tx, m, act, account=self.account, now=self.now, sender=self.sender, **more
            ),
        )

    async def invite(self, meeting_id: str, *people: str | actions.Person) -> actions.Invited:
        wanted = [p if isinstance(p, actions.Person) else actions.Person(p) for p in people]
        return await self.change(
            meeting_id,
            lambda tx, m: actions.invite(
                tx, m, wanted, account=self.account, now=self.now, sender=self.sender
            ),
        )

    async def invited(self, *people: str | actions.Person, **more: Any) -> str:
        """A meeting whose invitations have gone out."""
        meeting_id = await self.add(**more)
        await self.act(meeting_id, "plan")
        if people:
            await self.invite(meeting_id, *people)
        await self.act(meeting_id, "invite")
        return meeting_id

    async def move(self, meeting_id: str, starts: str, ends: str, **more: Any) -> bool:
        return await self.change(
            meeting_id,
            lambda tx, m: actions.move_meeting(
                tx,
                m,
                starts=starts,
                ends=ends,
                account=self.account,
                now=self.now,
                sender=self.sender,
                **{"reason": REASON, **more},
            ),
        )

    async def secret(self, meeting_id: str, email: str) -> str:
        """The secret in the mails to somebody."""
        async with self.hub.database.reading() as tx:
            for each in await actions.list_invitees(tx, meeting_id):
                if actions.who_is(tx, each).email == email:
                    return mailed_secret(tx, each)
        raise AssertionError(f"{email} is not invited")

    async def reply(self, secret: str, reply: str, **more: Any) -> actions.Replied:
        async with self.hub.database.transaction() as tx:
            return await actions.reply(
                tx, secret, actions.Answer(reply, **more), now=self.now, sender=self.sender
            )

    async def says(self, meeting_id: str, email: str, reply: str, **more: Any) -> actions.Replied:
        return await self.reply(await self.secret(meeting_id, email), reply, **more)

    async def reply_openly(
        self, meeting_id: str, reply: str, *, key: str = "", **more: Any
    ) -> actions.Replied:
        answer = actions.Answer(reply, **more)
        return await self.change(
            meeting_id,
            lambda tx, m: actions.reply_openly(
                tx, m, answer, now=self.now, sender=self.sender, key=key
            ),
        )

    async def meeting(self, meeting_id: str) -> Meeting:
        async with self.hub.database.reading() as tx:
            return await actions.access_meeting(tx, meeting_id)

    async def invitees(self, meeting_id: str) -> dict[str, Invitee]:
        """Who is invited, by address, or by name where there is none."""
        async with self.hub.database.reading() as tx:
            found = await actions.list_invitees(tx, meeting_id)
            return {self.called(tx, each): each for each in found}

    def called(self, tx: AsyncSession, invitee: Invitee) -> str:
        who = actions.who_is(tx, invitee)
        return who.email or who.name or invitee.id

    async def places(self, meeting_id: str) -> dict[str, str | None]:
        return {who: each.place for who, each in (await self.invitees(meeting_id)).items()}

    async def waiting(self, kind: str | None = None) -> list[tuple[str, str, dict[str, str]]]:
        """Mails in line: their kind, address and facts."""
        async with self.hub.database.reading() as tx:
            mails = await tx.scalars(
                select(Mail).where(Mail.due_at.is_not(None)).order_by(Mail.made_at, Mail.id)
            )
            found = [(mail.kind, *read_mail(secret_of(tx), mail)) for mail in mails]
        return [each for each in found if kind in (None, each[0])]

    async def tasks(self, about: str | None = None, state: str = "waiting") -> dict[str, Task]:
        async with self.hub.database.reading() as tx:
            found = await tx.scalars(select(Task).where(Task.state == state).order_by(Task.made_at))
            return {each.kind: each for each in found if about in (None, each.about)}

    async def work(self) -> None:
        """All that ticks: timed work, meetings that follow sessions, and the mail."""
        await schedule_jobs.run_due(self.hub.app.state.runner)
        await jobs.follow_sessions(self.hub.screens, self.hub.settings)
        await mail_jobs.send_due(self.post)

    async def go_to(self, until: datetime) -> None:
        """Let time pass, from one thing that is due to the next, with the hub running."""
        await self.work()
        while self.now < until:
            self.hub.clock.at = min(until, await self.next_due() or until)
            await self.work()

    async def next_due(self) -> datetime | None:
        """When something is due next, at the earliest in a minute."""
        async with self.hub.database.reading() as tx:
            mail = await tx.scalar(select(func.min(Mail.due_at)))
            task = await tx.scalar(select(func.min(Task.due_at)).where(Task.state == "waiting"))
        due = [each for each in (mail, task) if each is not None]
        return max(min(due), self.now + timedelta(minutes=1)) if due else None

    def got(self, to: str, kind: str | None = None) -> list[Sent]:
        """The mails that somebody got."""
        return [each for each in self.sent if each.to == to and kind in (None, each.kind)]


async def open_room(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A room in which every mail that goes out is kept."""
    person = await hub.account("admin", "Hanna")
    async with hub.database.reading() as tx:
        account = await tx.get_one(Account, person.id)
    room = Room(hub, account)
    known: dict[str, tuple[str, str | None, dict[str, str], str]] = {}
    written = mail_jobs.write_letter

    def write(post: mail_jobs.Post, claimed: mail_jobs.Claimed) -> Letter:
        mail = claimed.mail
        known[mail.id] = (mail.kind, mail.about, dict(claimed.facts), mail.quiet_zone or "UTC")
        return written(post, claimed)

    async def deliver(letter: Letter, _settings: object) -> None:
        kind, about, facts, zone = known[letter.id]
        room.sent.append(
            Sent(room.now, kind, letter.to, about, letter.subject, letter.text, facts, zone)
        )

    monkeypatch.setattr(mail_jobs, "write_letter", write)
    monkeypatch.setattr(mail_jobs, "deliver", deliver)
    return room
