"""Three years of a series, lived through by a clock that moves: what each person gets, and when.

Seven forums half a year apart, from 31 August 2027: over five changes of the clocks and the leap
day. One is moved, one cancelled; the hub is off for a week; somebody wants no mail any more,
somebody is erased. Source: programme.md, "The series rule"; dissemination.md, "Life cycle".
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.meetings import actions
from hub.meetings.actions import Person
from hub.meetings.models import Meeting
from tests.conftest import Hub

from .room import REASON, Room, Sent, open_room

LONDON, STOCKHOLM = "Europe/London", "Europe/Stockholm"
ANNA, BO, CAT, DAN, EVA, STUDENT = (
    f"{name}@example.org" for name in ("anna", "bo", "cat", "dan", "eva", "student")
)
PEOPLE = [
    Person(ANNA, language="sv", group="lived"),
    Person(BO, language="en", zone=LONDON, group="practice"),
    Person(CAT, group="lived"),
    Person(DAN, zone=LONDON, group="research"),
    Person(EVA, group="practice"),
]
DAY = timedelta(days=1)
MOVED, CANCELLED, OFF = 4, 5, 3
# Anna comes to all; Bo comes in the room; Cat never comes; Dan says nothing; Eva may come.
REPLIES = {ANNA: "online", BO: "room", CAT: "no", EVA: "maybe", STUDENT: "online"}


@dataclass
class Lived:
    """What happened in those years."""

    room: Room
    meetings: dict[int, Meeting]
    # By the address: from when on nobody writes to them.
    silent: dict[str, datetime]
    # By forum and address: when somebody said no.
    noes: dict[tuple[str, str], datetime]
    # When the hub was on again after a week off.
    on_again: datetime
    # Where in the years a meeting of a mail is found: by the invitee's id.
    of: dict[str, tuple[str, str]]

    def mails(self, number: int, to: str) -> list[Sent]:
        meeting_id = self.meetings[number].id
        return [m for m in self.room.got(to) if self.of[m.about or ""][0] == meeting_id]

    def told(self, number: int, to: str) -> list[str]:
        return [m.facts.get("when") or m.kind for m in self.mails(number, to)]


@pytest.fixture
async def lived(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Lived:
    room = await open_room(hub, monkeypatch)
    data: dict[str, Any] = {
        "title": {"sv": "Forum", "en": "Forum"},
        "starts": "2027-08-31T13:00",
        "minutes": 120,
        "meeting": {"purpose": {"sv": "Tolka", "en": "Interpret"}, "form": "hybrid"},
    }
    async with hub.database.transaction() as tx:
        _, made = await actions.add_series(tx, data, account=room.account, now=room.now)
    for each in made:
        await room.act(each.id, "plan")
        if each.to_confirm:
            await room.change(
                each.id,
                lambda tx, m: actions.confirm_date(tx, m, account=room.account, now=room.now),
            )
        people = [*PEOPLE, Person(STUDENT, phd_student=True)] if each.number == 1 else PEOPLE
        await room.invite(each.id, *people)
    lived = Lived(room, {}, {}, {}, room.now, {})
    for each in made:
        await live_through(lived, each)
    lived.meetings = {m.number or 0: await room.meeting(m.id) for m in made}
    return lived


async def live_through(lived: Lived, meeting: Meeting) -> None:
    """From five weeks before a forum to a fortnight after it."""
    room, number = lived.room, meeting.number
    await room.go_to(meeting.starts_at - timedelta(weeks=5))
    for to, said in REPLIES.items():
        if to in lived.silent and to == DAN:
            continue
        if to in await room.invitees(meeting.id):
            await room.says(meeting.id, to, said)
            await room.says(meeting.id, to, said)
            if said == "no":
                lived.noes[meeting.id, to] = room.now
    async with room.hub.database.reading() as tx:
        for each in await actions.list_invitees(tx, meeting.id):
            lived.of[each.id] = (meeting.id, actions.who_is(tx, each).email)
    if number == 2:
        await leave(lived, meeting.id)
    if number == OFF:
        # Off from ten days to three days before.
        await room.go_to(meeting.starts_at - 10 * DAY)
        room.hub.clock.at = lived.on_again = meeting.starts_at - 3 * DAY
    if number == MOVED:
        await room.go_to(meeting.starts_at - 9 * DAY)
        await room.move(meeting.id, "2029-03-07T13:00", "2029-03-07T15:00")
        await room.move(meeting.id, "2029-03-07T13:00", "2029-03-07T15:00")
    if number == CANCELLED:
        await room.go_to(meeting.starts_at - 9 * DAY)
        await room.act(meeting.id, "cancel", reason=REASON)
    await room.go_to((await room.meeting(meeting.id)).ends_at + 15 * DAY)


async def leave(lived: Lived, meeting_id: str) -> None:
    """Eva wants no mail any more; Dan is erased."""
    room = lived.room
    secrets = {to: await room.secret(meeting_id, to) for to in (EVA, DAN)}
    async with room.hub.database.transaction() as tx:
        await actions.stop_mail(tx, secrets[EVA], now=room.now)
        await actions.erase_invitee(tx, secrets[DAN], now=room.now, sender=room.sender)
    lived.silent = {EVA: room.now, DAN: room.now}


async def test_three_years_of_a_series(lived: Lived) -> None:
    room = lived.room
    everything(lived)
    dates(lived)
    for number in (1, 2, 6, 7):
        assert lived.told(number, ANNA) == [
            "meeting_invitation",
            "meeting_reply",
            "week",
            "day",
            "link",
            "meeting_thanks",
        ]
        # Bo sits in the room, and comes in by the link too.
        assert lived.told(number, BO) == [
            "meeting_invitation",
            "meeting_reply",
            "week",
            "day",
            "link",
            "meeting_thanks",
        ]
        assert lived.told(number, CAT) == ["meeting_invitation"]
    assert lived.told(1, DAN) == ["meeting_invitation", "quiet"]
    assert lived.told(1, EVA) == ["meeting_invitation", "meeting_reply"]
    # A doctoral student was invited once, and is invited to all.
    assert {n for n in lived.meetings if "meeting_invitation" in lived.told(n, STUDENT)} == set(
        lived.meetings
    )
    moved(lived)
    cancelled(lived)
    off_for_a_week(lived)
    assert {m.state for n, m in lived.meetings.items() if n != CANCELLED} == {"ended"}
    assert not [each for each in room.sent if each.to in (EVA, DAN) and each.at > each_end(lived)]


def each_end(lived: Lived) -> datetime:
    return lived.meetings[2].ends_at


def everything(lived: Lived) -> None:
    """What holds for every mail of those years."""
    room = lived.room
    assert len(room.sent) > 100
    once = Counter(
        (m.about, m.kind, m.facts.get("when"), m.facts["starts"], m.facts.get("reply"))
        for m in room.sent
        if m.kind != "meeting_thanks"
    )
    assert set(once.values()) == {1}
    assert max(Counter((m.about, m.kind) for m in room.sent if "thanks" in m.kind).values()) == 1
    for mail in room.sent:
        assert 7 <= mail.local.hour < 20, (mail.kind, mail.local)
        meeting_id, to = lived.of[mail.about or ""]
        assert to == mail.to
        assert mail.at <= lived.silent.get(to, mail.at), mail.kind
        assert mail.at <= lived.noes.get((meeting_id, to), mail.at), mail.kind
    sequences: dict[tuple[str, str], list[int]] = {}
    for mail in room.sent:
        if mail.facts.get("calendar"):
            event = mail.event
            sequences.setdefault((mail.to, str(event["UID"])), []).append(int(event["SEQUENCE"]))
    assert len({uid for _, uid in sequences}) == 7
    assert all(found == sorted(found) for found in sequences.values())


def dates(lived: Lived) -> None:
    """The forums keep the hour on the wall over every change of clocks."""
    assert [m.starts_local for m in lived.meetings.values()] == [
        "2027-08-31T13:00",
        "2028-02-29T13:00",
        "2028-08-31T13:00",
        "2029-03-07T13:00",
        "2029-08-31T13:00",
        "2030-02-28T13:00",
        "2030-08-30T13:00",
    ]
    hours = {m.starts_at.astimezone(ZoneInfo(STOCKHOLM)).hour for m in lived.meetings.values()}
    assert hours == {13}
    assert [m.starts_at.hour for m in lived.meetings.values()] == [11, 12, 11, 12, 11, 12, 11]


def moved(lived: Lived) -> None:
    """The fourth was moved by a week, nine days before: the reminders are those of the new date."""
    meeting = lived.meetings[MOVED]
    assert meeting.sequence == 1
    assert lived.told(MOVED, ANNA) == [
        "meeting_invitation",
        "meeting_reply",
        "meeting_moved",
        "week",
        "day",
        "link",
        "meeting_thanks",
    ]
    [week] = [m for m in lived.mails(MOVED, ANNA) if m.facts.get("when") == "week"]
    assert week.at == datetime(2029, 2, 28, 12, 0, tzinfo=UTC)
    told = [m for m in lived.mails(MOVED, BO) if m.kind == "meeting_moved"]
    assert [int(m.event["SEQUENCE"]) for m in told] == [1]
    assert told[0].event.start.astimezone(UTC) == meeting.starts_at
    # Whoever has said no is not written to again.
    assert lived.told(MOVED, CAT) == ["meeting_invitation"]


def cancelled(lived: Lived) -> None:
    """The fifth was cancelled: out of calendars, and not a word after that."""
    assert lived.told(CANCELLED, ANNA) == [
        "meeting_invitation",
        "meeting_reply",
        "meeting_cancelled",
    ]
    mail = lived.mails(CANCELLED, ANNA)[-1]
    assert (mail.facts["calendar_method"], str(mail.event["STATUS"])) == ("CANCEL", "CANCELLED")
    assert int(mail.event["SEQUENCE"]) == lived.meetings[CANCELLED].sequence == 1


def off_for_a_week(lived: Lived) -> None:
    """Before the third the hub was off when the week's reminder was due: it came late, and said."""
    late = [m for m in lived.room.sent if m.facts["late"]]
    assert {(lived.of[m.about or ""][0], m.facts.get("when")) for m in late} == {
        (lived.meetings[OFF].id, "week")
    }
    assert {m.to for m in late} == {ANNA, BO, STUDENT}
    assert {m.at for m in late} == {lived.on_again}
    assert lived.told(OFF, ANNA)[2:] == ["week", "day", "link", "meeting_thanks"]
