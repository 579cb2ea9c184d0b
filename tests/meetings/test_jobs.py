"""Timed work about meetings: when, to whom, once, and what a hub that was off does.

Source: dissemination.md, "Life cycle".
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from hub.errors import Refusal
from hub.meetings import actions, jobs, letters
from hub.meetings.actions import Person
from hub.schedule import jobs as schedule_jobs
from hub.schedule.jobs import Runner, run_due
from hub.schedule.models import Task
from tests.conftest import Hub
from tests.gatherings.test_following import decided

from .room import REASON, Room, open_room

ANNA, BO, CAT, DAN = (f"{name}@example.org" for name in ("anna", "bo", "cat", "dan"))
LONDON, STOCKHOLM = "Europe/London", "Europe/Stockholm"
START = datetime(2027, 2, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
async def room(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Room:
    return await open_room(hub, monkeypatch)


async def planned(room: Room, *people: str | Person, **more: Any) -> str:
    """A meeting whose invitations are for the hub to send."""
    meeting_id = await room.add(**more)
    await room.act(meeting_id, "plan")
    if people:
        await room.invite(meeting_id, *people)
    return meeting_id


def told(room: Room, to: str) -> list[tuple[str, str]]:
    """What somebody got: the kind, or which reminder, and when on their own clock."""
    return [
        (each.facts.get("when") or each.kind, each.local.strftime("%Y-%m-%d %H:%M"))
        for each in room.got(to)
    ]


# --- the times ---------------------------------------------------------------------------------


async def test_each_is_written_to_when_it_is_time_and_nobody_twice(room: Room) -> None:
    meeting_id = await planned(room, ANNA, Person(BO, zone=LONDON), CAT, DAN, kind="within_case")
    await room.go_to(START - timedelta(weeks=5))
    await room.says(meeting_id, ANNA, "online")
    await room.says(meeting_id, BO, "room")
    await room.says(meeting_id, CAT, "no")
    await room.go_to(START + timedelta(days=30))
    assert told(room, ANNA) == [
        ("meeting_invitation", "2026-12-24 13:00"),
        ("meeting_reply", "2026-12-31 13:00"),
        ("week", "2027-01-28 13:00"),
        ("day", "2027-02-03 13:00"),
        ("link", "2027-02-04 12:45"),
        ("meeting_thanks", "2027-02-04 16:30"),
    ]
    # In the room too people come in by the link, on their own devices.
    assert [each for each, _ in told(room, BO)] == [
        "meeting_invitation",
        "meeting_reply",
        "week",
        "day",
        "link",
        "meeting_thanks",
    ]
    assert told(room, CAT) == [("meeting_invitation", "2026-12-24 13:00")]
    assert told(room, DAN) == [
        ("meeting_invitation", "2026-12-24 13:00"),
        ("quiet", "2027-01-14 13:00"),
    ]
    assert not [each for each in room.sent if each.facts["late"]]


async def test_open_external_events_are_invited_to_eight_weeks_ahead(room: Room) -> None:
    meeting_id = await planned(room, ANNA)
    assert (await room.tasks(meeting_id))["invite"].due_at == START - timedelta(weeks=8)
    other = await planned(room, ANNA, open_to_all=False)
    assert (await room.tasks(other))["invite"].due_at == START - timedelta(weeks=6)


async def test_the_hub_does_not_invite_later_than_three_weeks_ahead_by_itself(room: Room) -> None:
    meeting_id = await planned(room, ANNA, kind="within_case")
    room.hub.clock.at = START - timedelta(weeks=3)
    await room.work()
    assert room.sent == []
    assert "invite" in await room.tasks(meeting_id, "missed")
    await room.act(meeting_id, "invite")
    await room.work()
    assert len(room.got(ANNA, "meeting_invitation")) == 1


async def test_an_invitation_waits_for_the_organisers_yes_to_a_moved_date(room: Room) -> None:
    data = {"title": {"sv": "Forum", "en": "Forum"}, "starts": "2026-12-05T13:00", "count": 3}
    purpose = {"purpose": {"sv": "Tolka", "en": "Interpret"}}
    async with room.hub.database.transaction() as tx:
        _, meetings = await actions.add_series(
            tx, {**data, "meeting": purpose}, account=room.account, now=room.now
        )
    # Saturday, 5 June 2027: a day before the national day, so that Friday it is.
    second = meetings[1]
    assert (second.to_confirm, second.starts_local) == (True, "2027-06-04T13:00")
    await room.act(second.id, "plan")
    await room.invite(second.id, ANNA)
    await room.go_to(second.starts_at - timedelta(weeks=5))
    assert room.sent == []

    async def confirm(tx: Any, meeting: Any) -> None:
        await actions.confirm_date(tx, meeting, account=room.account, now=room.now)

    await room.change(second.id, confirm)
    await room.go_to(room.now + timedelta(days=2))
    assert len(room.got(ANNA, "meeting_invitation")) == 1


@pytest.mark.parametrize(
    ("starts", "ends", "week", "instant"),
    [
        # Clocks go forward on 28 March 2027: 13:00 is 12:00 UTC before, 11:00 after.
        ("2027-03-29T13:00", "2027-03-29T14:00", "2027-03-22T12:00", "2027-03-29T11:00"),
        ("2027-03-25T13:00", "2027-03-25T14:00", "2027-03-18T12:00", "2027-03-25T12:00"),
        # And back on 31 October 2027.
        ("2027-11-02T13:00", "2027-11-02T14:00", "2027-10-26T11:00", "2027-11-02T12:00"),
        # The week before 7 March 2028 begins on the leap day.
        ("2028-03-07T13:00", "2028-03-07T14:00", "2028-02-29T12:00", "2028-03-07T12:00"),
    ],
)
async def test_a_week_before_is_the_same_hour_on_the_wall(
    room: Room, starts: str, ends: str, week: str, instant: str
) -> None:
    meeting_id = await room.invited(ANNA, starts=starts, ends=ends)
    await room.says(meeting_id, ANNA, "online")
    meeting, tasks = await room.meeting(meeting_id), await room.tasks(meeting_id)
    assert meeting.starts_at == datetime.fromisoformat(f"{instant}:00Z")
    assert tasks["remind_week"].due_at == datetime.fromisoformat(f"{week}:00Z")
    assert tasks["remind_day"].due_at == meeting.starts_at - timedelta(hours=24)
    assert tasks["remind_link"].due_at == meeting.starts_at - timedelta(minutes=15)


async def test_no_reminder_comes_at_night_in_the_readers_own_zone(room: Room) -> None:
    early = {"starts": "2027-02-04T07:30", "ends": "2027-02-04T09:00"}
    meeting_id = await room.invited(ANNA, Person(BO, zone=LONDON), **early)
    for email in (ANNA, BO):
        await room.says(meeting_id, email, "online")
    await room.go_to(datetime(2027, 2, 4, 6, 30, tzinfo=UTC))
    assert told(room, ANNA)[-1] == ("link", "2027-02-04 07:15")
    # A quarter past six in London: the evening before, on their own clock.
    assert told(room, BO)[-1] == ("link", "2027-02-03 19:00")
    assert all(7 <= each.local.hour < 20 for each in room.sent)


async def test_a_reply_in_the_evening_takes_back_reminders_that_wait_for_the_morning(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA, starts="2027-02-04T21:00", ends="2027-02-04T22:00")
    await room.says(meeting_id, ANNA, "online")
    await room.go_to(START - timedelta(days=8))
    # 21:00 a week before is night: it goes out at 19:00 on that evening.
    await room.go_to(datetime(2027, 1, 28, 18, 30, tzinfo=UTC))
    assert told(room, ANNA)[-1] == ("week", "2027-01-28 19:00")
    await room.says(meeting_id, ANNA, "no")
    await room.go_to(START + timedelta(days=20))
    assert told(room, ANNA)[-1] == ("week", "2027-01-28 19:00")


# --- a hub that was off, several hubs, and crashes ---------------------------------------------


async def test_after_a_week_off_what_still_helps_comes_late_and_says_so(room: Room) -> None:
    meeting_id = await room.invited(ANNA, DAN)
    await room.says(meeting_id, ANNA, "online")
    await room.go_to(START - timedelta(days=10))
    # Off from ten days before to three days before.
    room.hub.clock.at = START - timedelta(days=3)
    await room.work()
    assert told(room, ANNA)[-1] == ("week", "2027-02-01 13:00")
    late = room.got(ANNA)[-1]
    assert late.facts["late"] == "yes"
    await room.go_to(START + timedelta(hours=1))
    assert [each.facts["late"] for each in room.got(ANNA)[-2:]] == ["", ""]


async def test_what_helps_nobody_any_more_is_missed(room: Room) -> None:
    meeting_id = await room.invited(ANNA, DAN)
    await room.says(meeting_id, ANNA, "online")
    await room.work()
    so_far = len(room.sent)
    # Off from ten weeks before to the day after.
    room.hub.clock.at = START + timedelta(days=1)
    await room.work()
    reminders = ("remind_quiet", "remind_week", "remind_day", "remind_link")
    assert set(reminders) <= set(await room.tasks(meeting_id, "missed"))
    assert (await room.meeting(meeting_id)).state == "ended"
    # The thanks are late, say so, and still come within the seven days for an answer.
    [thanks] = room.sent[so_far:]
    assert (thanks.kind, thanks.to, thanks.facts["late"]) == ("meeting_thanks", ANNA, "yes")


async def test_an_invitation_that_comes_late_says_so(room: Room) -> None:
    await planned(room, ANNA, kind="within_case")
    room.hub.clock.at = START - timedelta(weeks=5)
    await room.work()
    [mail] = room.got(ANNA, "meeting_invitation")
    assert mail.facts["late"] == "yes"


async def test_two_runners_on_one_database_send_each_mail_once(room: Room) -> None:
    people = [f"p{n}@example.org" for n in range(12)]
    await planned(room, *people, kind="within_case")
    room.hub.clock.at = START - timedelta(weeks=6)
    handlers = jobs.handlers(room.hub.screens, room.hub.settings)
    runners = [Runner(room.hub.database, room.hub.clock, *handlers) for _ in range(3)]
    await asyncio.gather(*(run_due(each) for each in runners))
    assert sorted(to for _, to, _ in await room.waiting("meeting_invitation")) == sorted(people)


async def test_a_crash_in_the_middle_leaves_no_mail_and_the_next_run_sends_all(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [f"p{n}@example.org" for n in range(5)]
    meeting_id = await planned(room, *people, kind="within_case")
    room.hub.clock.at = START - timedelta(weeks=6)
    sent = 0
    queue = letters.queue_mail

    async def breaks(*args: Any, **more: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == 3:
            raise RuntimeError("the power fails")
        return await queue(*args, **more)

    monkeypatch.setattr(letters, "queue_mail", breaks)
    await room.work()
    assert room.sent == []
    assert (await room.meeting(meeting_id)).state == "planned"
    await room.go_to(room.now + timedelta(hours=1))
    assert sorted(each.to for each in room.sent) == people


async def test_a_task_that_was_not_moved_with_its_meeting_does_nothing(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    await room.says(meeting_id, ANNA, "online")
    await room.move(meeting_id, "2027-03-04T13:00", "2027-03-04T14:30")
    # As a row that another process put back would be.
    async with room.hub.database.transaction() as tx:
        await tx.execute(
            update(Task)
            .where(Task.about == meeting_id, Task.kind == "remind_week", Task.state == "dropped")
            .values(state="waiting")
        )
    await room.go_to(START + timedelta(days=29))
    assert [each for each, _ in told(room, ANNA) if each in ("week", "day", "link")] == [
        "week",
        "day",
        "link",
    ]


async def test_running_a_task_by_hand_before_its_time_sends_what_it_would_send(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA)
    await room.work()
    task = (await room.tasks(meeting_id))["remind_quiet"]
    outcome = await schedule_jobs.run_now(room.hub.app.state.runner, task.id)
    assert (outcome.state, outcome.count) == ("done", 1)
    await room.go_to(START)
    assert len([w for w, _ in told(room, ANNA) if w == "quiet"]) == 1


# --- afterwards --------------------------------------------------------------------------------


async def test_needs_are_erased_fourteen_days_after_also_of_what_was_called_off(
    room: Room,
) -> None:
    held, off = await room.invited(ANNA), await room.invited(ANNA)
    for each in (held, off):
        await room.says(each, ANNA, "room", access="Tolk", food="Vegan", question="Varför?")
    await room.act(off, "cancel", reason=REASON)

    async def sealed() -> list[bool]:
        found = [(await room.invitees(each))[ANNA] for each in (held, off)]
        return [bool(i.sealed_needs or i.sealed_question) for i in found]

    ends = START + timedelta(minutes=90)
    await room.go_to(ends + timedelta(days=14) - timedelta(minutes=1))
    assert await sealed() == [True, True]
    await room.go_to(ends + timedelta(days=14))
    assert await sealed() == [False, False]
    assert (await room.meeting(held)).needs_erased_at == ends + timedelta(days=14)


async def test_needs_are_not_erased_before_their_time_by_hand(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    await room.says(meeting_id, ANNA, "room", access="Tolk")
    task = (await room.tasks(meeting_id))["erase_needs"]
    await schedule_jobs.run_now(room.hub.app.state.runner, task.id)
    assert (await room.invitees(meeting_id))[ANNA].sealed_needs is not None
    assert (await room.tasks(meeting_id))["erase_needs"].due_at == task.due_at


async def test_a_meeting_follows_its_live_session(room: Room) -> None:
    session = await room.hub.session(start=False)
    meeting_id = await room.invited(ANNA)

    async def attach(tx: Any, meeting: Any) -> None:
        await actions.attach_session(tx, meeting, session.id, account=room.account, now=room.now)

    await room.change(meeting_id, attach)
    room.hub.clock.at = START
    await room.work()
    assert (await room.meeting(meeting_id)).state == "invited"
    await session.moved("start")
    await room.work()
    assert (await room.meeting(meeting_id)).state == "live"
    # It takes longer than was planned: the meeting is not over while people talk.
    room.hub.clock.at = START + timedelta(hours=3)
    await room.work()
    assert (await room.meeting(meeting_id)).state == "live"
    await session.moved("close", force=True)
    await room.work()
    meeting = await room.meeting(meeting_id)
    assert (meeting.state, meeting.ended_at) == ("ended", room.now)


async def test_a_session_that_never_began_leaves_the_meeting_to_its_organiser(
    room: Room,
) -> None:
    session = await room.hub.session(start=False)
    meeting_id = await room.invited(ANNA)

    async def attach(tx: Any, meeting: Any) -> None:
        await actions.attach_session(tx, meeting, session.id, account=room.account, now=room.now)

    await room.change(meeting_id, attach)
    await room.go_to(START + timedelta(days=2))
    assert (await room.meeting(meeting_id)).state == "invited"
    assert not room.got(ANNA, "meeting_thanks")


async def test_three_months_later_all_who_came_hear_what_became_of_it_and_then_it_closes(
    room: Room,
) -> None:
    session, recommendation, _ = await decided(room.hub)
    begun = room.now
    meeting_id = await room.invited(ANNA, BO)
    await room.says(meeting_id, ANNA, "online")
    async with room.hub.database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        meeting.gathering_id = session.id
    await room.work()
    meeting = await room.meeting(meeting_id)
    assert meeting.state == "ended"
    await room.act(meeting_id, "publish")
    assert meeting.ended_at is not None
    await room.go_to(begun + timedelta(days=80))
    assert not room.got(ANNA, "meeting_follow_up")
    await room.go_to(begun + timedelta(days=100))
    [mail] = room.got(ANNA, "meeting_follow_up")
    assert mail.facts["n"] == "1"
    assert not room.got(BO, "meeting_follow_up")
    assert (await room.meeting(meeting_id)).state == "followed_up"
    answer = await session.fatima.post(
        f"/recommendations/{recommendation}/status", {"status": "done"}
    )
    assert answer.status_code == 200
    await room.go_to(room.now + timedelta(days=7))
    assert (await room.meeting(meeting_id)).state == "closed"


async def test_an_organiser_closes_nothing_that_goes_on(room: Room) -> None:
    session, recommendation, _ = await decided(room.hub)
    meeting_id = await room.invited()
    async with room.hub.database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        meeting.gathering_id = session.id
    await room.work()
    await room.act(meeting_id, "publish")
    await room.act(meeting_id, "follow_up")
    with pytest.raises(Refusal) as raised:
        await room.act(meeting_id, "close")
    assert raised.value.code == "recommendations_open"
    body = {"status": "dropped", "reason": "no money"}
    await session.fatima.post(f"/recommendations/{recommendation}/status", body)
    await room.act(meeting_id, "close")
    assert (await room.meeting(meeting_id)).state == "closed"


# --- what changes meanwhile -----------------------------------------------------------------------


async def changed(room: Room, meeting_id: str, **data: Any) -> None:
    await room.change(
        meeting_id,
        lambda tx, m: actions.change_meeting(
            tx, m, data, account=room.account, now=room.now, sender=room.sender
        ),
    )


async def test_a_later_last_day_to_reply_is_closed_too_after_the_first_one_was(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA, BO, capacity=1, reply_by="2027-01-20T12:00")
    await room.go_to(datetime(2027, 1, 21, 9, tzinfo=UTC))
    await changed(room, meeting_id, reply_by="2027-01-28T12:00")
    await room.says(meeting_id, ANNA, "maybe")
    await room.says(meeting_id, BO, "room")
    assert await room.places(meeting_id) == {ANNA: "held", BO: "waiting"}
    await room.go_to(datetime(2027, 1, 28, 12, tzinfo=UTC))
    assert await room.places(meeting_id) == {ANNA: None, BO: "offered"}


async def test_a_reminder_that_is_due_and_has_not_run_survives_a_change_of_the_meeting(
    room: Room,
) -> None:
    meeting_id = await room.invited(Person(ANNA, zone=STOCKHOLM))
    await room.says(meeting_id, ANNA, "room")
    await room.go_to(START - timedelta(days=8))
    # The hub was off when the reminder was due, and the organiser is quicker than the ticker.
    room.hub.clock.at = START - timedelta(days=6)
    await changed(room, meeting_id, host="Henrik")
    await room.go_to(START - timedelta(days=5))
    [mail] = [each for each in room.got(ANNA) if each.facts.get("when") == "week"]
    assert mail.facts["late"] == "yes"
    await changed(room, meeting_id, host="Harriet")
    await room.go_to(START - timedelta(days=4))
    assert len([each for each in room.got(ANNA) if each.facts.get("when") == "week"]) == 1


async def test_a_meeting_that_its_organiser_followed_up_is_closed_with_its_last_recommendation(
    room: Room,
) -> None:
    session, adopted, _ = await decided(room.hub)
    meeting_id = await room.invited(ANNA)

    async def hold(_tx: Any, meeting: Any) -> None:
        meeting.gathering_id = session.id

    await room.change(meeting_id, hold)
    for act in ("start", "end", "publish", "follow_up"):
        await room.act(meeting_id, act)
    assert "meeting_follow_up" in await room.tasks(meeting_id)
    await session.fatima.post(f"/recommendations/{adopted}/status", {"status": "done"})
    await room.go_to(room.now + timedelta(days=100))
    assert (await room.meeting(meeting_id)).state == "closed"


async def test_a_moved_last_day_to_reply_keeps_its_hour_across_the_change_of_clocks(
    room: Room,
) -> None:
    meeting_id = await room.invited(
        ANNA,
        starts="2027-10-20T13:00",
        ends="2027-10-20T14:00",
        reply_by="2027-10-13T23:59",
    )
    await room.move(meeting_id, "2027-11-03T13:00", "2027-11-03T14:00")
    meeting = await room.meeting(meeting_id)
    # The meeting is in winter time now, the last day to reply still in summer time.
    assert meeting.reply_by == datetime(2027, 10, 27, 21, 59, tzinfo=UTC)


async def test_no_room_is_opened_for_a_meeting_that_is_off_until_it_is_on_again(
    room: Room,
) -> None:
    session = await room.hub.session(start=False)
    meeting_id = await room.invited(ANNA)

    async def attach(tx: Any, meeting: Any) -> None:
        await actions.attach_session(tx, meeting, session.id, account=room.account, now=room.now)

    await room.change(meeting_id, attach)
    await room.act(meeting_id, "postpone", reason=REASON)
    assert "open_room" not in await room.tasks(session.id)
    await room.act(meeting_id, "plan")
    assert (await room.tasks(session.id))["open_room"].due_at < START
    await room.act(meeting_id, "cancel", reason=REASON)
    assert "open_room" not in await room.tasks(session.id)


async def test_a_place_that_nobody_was_told_of_yet_is_offered_with_the_new_date(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA, BO, capacity=1)
    await room.says(meeting_id, ANNA, "room")
    await room.says(meeting_id, BO, "room")
    await room.work()
    # At night: the mail about the place waits for the morning.
    room.hub.clock.at = datetime(2027, 1, 12, 22, 0, tzinfo=UTC)
    await room.says(meeting_id, ANNA, "no")
    await room.work()
    await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30")
    await room.go_to(datetime(2027, 1, 13, 9, 0, tzinfo=UTC))
    [offer] = room.got(BO, "place_offered")
    assert offer.facts["starts"] == "2027-02-11T12:00:00Z"
    assert await room.places(meeting_id) == {ANNA: None, BO: "offered"}


async def test_two_replies_at_once_with_one_seat_left_give_one_place(room: Room) -> None:
    people = [f"guest{number}@example.org" for number in range(6)]
    meeting_id = await room.invited(*people, capacity=1)
    secrets = [await room.secret(meeting_id, each) for each in people]
    await asyncio.gather(*(room.reply(each, "room") for each in secrets))
    places = sorted(str(each) for each in (await room.places(meeting_id)).values())
    assert places == ["held", *["waiting"] * 5]


# --- what changes besides the date --------------------------------------------------------------


async def change(room: Room, meeting_id: str, **fields: Any) -> None:
    await room.change(
        meeting_id,
        lambda tx, m: actions.change_meeting(
            tx, m, fields, account=room.account, now=room.now, sender=room.sender
        ),
    )


ELSEWHERE = {"place": {"sv": "Rum Ga702, en trappa upp", "en": "Room Ga702, one floor up"}}


async def test_several_changes_in_a_row_are_told_once_with_the_calendar_as_it_is(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA, BO, CAT, DAN)
    await room.says(meeting_id, ANNA, "room")
    await room.says(meeting_id, BO, "no")
    await room.work()
    before = room.got(ANNA)[-1].event["SEQUENCE"]
    async with room.hub.database.transaction() as tx:
        await actions.stop_mail(tx, await room.secret(meeting_id, DAN), now=room.now)
    await change(room, meeting_id, **ELSEWHERE)
    room.hub.clock.move(minutes=8)
    await change(room, meeting_id, link="https://example.org/other")
    room.hub.clock.move(minutes=8)
    await room.work()
    assert not room.got(ANNA, "meeting_changed")
    room.hub.clock.move(minutes=3)
    await room.work()
    [mail] = room.got(ANNA, "meeting_changed")
    assert mail.facts["changed"] == "place link"
    assert "Rum Ga702" in mail.text
    assert "https://example.org/other" in mail.text
    assert mail.facts["calendar_method"] == "REQUEST"
    assert mail.event["SEQUENCE"] == before + 2
    assert "Ga702" in mail.event["LOCATION"]
    # Who has not replied is invited still; who said no or wants no mail is left in peace.
    assert len(room.got(CAT, "meeting_changed")) == 1
    assert not room.got(BO, "meeting_changed")
    assert not room.got(DAN, "meeting_changed")
    await room.go_to(room.now + timedelta(days=1))
    assert len(room.got(ANNA, "meeting_changed")) == 1
    # The next change is another mail.
    await change(room, meeting_id, host="Elsa")
    await room.go_to(room.now + timedelta(days=1))
    assert [m.facts["changed"] for m in room.got(ANNA, "meeting_changed")] == ["place link", "host"]


async def test_what_is_changed_back_or_concerns_nobody_is_not_told(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    await room.work()
    now = await room.meeting(meeting_id)
    await change(room, meeting_id, **ELSEWHERE)
    await change(room, meeting_id, place=dict(now.place))
    await change(room, meeting_id, tags=["models"], minimum=3)
    await room.go_to(room.now + timedelta(days=1))
    assert not room.got(ANNA, "meeting_changed")
    draft = await room.add()
    await change(room, draft, **ELSEWHERE)
    assert "tell_changed" not in await room.tasks(draft)


async def test_a_move_or_an_end_tells_of_the_rest_too(room: Room) -> None:
    moved, cancelled = await room.invited(ANNA), await room.invited(BO)
    await room.work()
    for meeting_id in (moved, cancelled):
        await change(room, meeting_id, **ELSEWHERE)
    await room.move(moved, "2027-02-11T13:00", "2027-02-11T14:30")
    await room.act(cancelled, "cancel", reason=REASON)
    await room.go_to(room.now + timedelta(days=1))
    assert [each.kind for each in room.got(ANNA)] == ["meeting_invitation", "meeting_moved"]
    assert "Rum Ga702" in room.got(ANNA)[-1].text
    assert [each.kind for each in room.got(BO)] == ["meeting_invitation", "meeting_cancelled"]


async def test_near_the_start_a_change_is_told_at_once_and_an_unsent_invitation_anew(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA)
    # Its invitation waits still.
    await change(room, meeting_id, **ELSEWHERE)
    room.hub.clock.move(minutes=11)
    await room.work()
    [mail] = room.got(ANNA)
    assert mail.kind == "meeting_invitation"
    assert "Ga702" in mail.text
    await room.says(meeting_id, ANNA, "online")
    room.hub.clock.at = START - timedelta(minutes=40)
    await room.work()
    await change(room, meeting_id, link="https://example.org/other")
    await room.work()
    [told_now] = room.got(ANNA, "meeting_changed")
    assert told_now.at == START - timedelta(minutes=40)


async def test_another_live_session_is_another_way_in(room: Room) -> None:
    session = await room.hub.session(start=False)
    meeting_id = await room.invited(ANNA, link="")

    async def attach(tx: Any, meeting: Any) -> None:
        await actions.attach_session(tx, meeting, session.id, account=room.account, now=room.now)

    await room.says(meeting_id, ANNA, "online")
    await room.work()
    await room.change(meeting_id, attach)
    await room.go_to(room.now + timedelta(hours=1))
    [mail] = room.got(ANNA, "meeting_changed")
    assert mail.facts["changed"] == "link"
    assert f"/join/{session.code}" in mail.text


async def test_thanks_promise_only_what_there_is_to_read(room: Room) -> None:
    session = await room.hub.session(start=False)
    meeting_id, other = await room.invited(ANNA), await room.invited(BO)

    async def attach(tx: Any, meeting: Any) -> None:
        await actions.attach_session(tx, meeting, session.id, account=room.account, now=room.now)

    await room.change(meeting_id, attach)
    await room.says(meeting_id, ANNA, "online")
    await room.says(other, BO, "online")
    room.hub.clock.at = START
    await session.moved("start")
    await room.work()
    room.hub.clock.at = START + timedelta(minutes=90)
    await session.moved("close", force=True)
    await room.go_to(START + timedelta(days=1))
    [soon], [alone] = room.got(ANNA, "meeting_thanks"), room.got(BO, "meeting_thanks")
    for mail in (soon, alone):
        assert "Tack för att du var med." in mail.text
        assert "Det här kom vi fram till" not in mail.text
        assert "Hur var det?" in mail.text
    assert "Vi skriver igen när du kan läsa vad vi kom fram till." in soon.text
    assert "Vi skriver igen" not in alone.text
