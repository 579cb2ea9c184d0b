"""What is done with meetings: their life, moving, inviting, replying, places and leaving.

Source: dissemination.md, "Workshops"; programme.md, "The series rule".
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from hub.audit.models import AuditEntry
from hub.errors import Forbidden, Invalid, NotFound, Refusal
from hub.meetings import actions, states
from hub.meetings.actions import Person
from hub.meetings.models import Feedback, Invitee, NoMail
from hub.people.models import Account
from hub.search import actions as search
from tests.conftest import Hub

from .room import PLAN, REASON, Room, open_room

ANNA, BO, CAT, DAN = (f"{name}@example.org" for name in ("anna", "bo", "cat", "dan"))
UID = "samrum"


@pytest.fixture
async def room(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Room:
    return await open_room(hub, monkeypatch)


async def acts_noted(room: Room) -> list[str]:
    async with room.hub.database.reading() as tx:
        entries = await tx.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [each.act for each in entries]


# --- what a meeting is -------------------------------------------------------------------------


async def test_a_meeting_keeps_the_local_time_its_zone_and_the_instant(room: Room) -> None:
    meeting = await room.meeting(await room.add())
    assert (meeting.starts_local, meeting.zone) == ("2027-02-04T13:00", "Europe/Stockholm")
    assert meeting.starts_at == datetime(2027, 2, 4, 12, 0, tzinfo=UTC)
    assert (meeting.state, meeting.sequence, meeting.uid.endswith(f"@{UID}")) == ("draft", 0, True)


@pytest.mark.parametrize(
    ("field", "value", "pointer", "code"),
    [
        ("kind", "party", "/kind", "kind_unknown"),
        ("title", {"sv": "Bara svenska"}, "/title/en", "text_missing"),
        ("purpose", {"sv": "x" * 2001}, "/purpose/sv", "text_too_long"),
        ("host", "x" * 201, "/host", "text_too_long"),
        ("cases", ["no-such"], "/cases", "case_unknown"),
        ("tags", ["money"], "/tags", "tag_unknown"),
        ("audiences", ["press"], "/audiences", "audience_unknown"),
        ("languages", ["fi"], "/languages", "language_unknown"),
        ("form", "boat", "/form", "form_unknown"),
        ("link", "javascript:alert(1)", "/link", "link_unreadable"),
        ("link", "https://exa mple.org", "/link", "link_unreadable"),
        ("capacity", 0, "/capacity", "capacity_range"),
        ("quotas", {"doctors": 2}, "/quotas", "group_unknown"),
        ("minimum", -1, "/minimum", "capacity_range"),
        ("cohost_from", "moon", "/cohost_from", "cohost_from_unknown"),
        ("agenda", [{"minutes": 5, "title": {}}], "/agenda/0/title/sv", "text_missing"),
        ("agenda", [{"minutes": 900, "title": {"sv": "x"}}], "/agenda/0/minutes", "minutes_range"),
        ("agenda", [{"minutes": 1, "title": {"sv": "x"}}] * 41, "/agenda", "items_too_many"),
        ("material", [{"url": "x", "title": {"sv": "x"}}], "/material/0/url", "link_unreadable"),
        ("zone", "Europe/Paris", "/zone", "zone_unknown"),
        ("starts", "03/04/2027", "/starts", "time_unreadable"),
        ("starts", "2027-03-28T02:30", "/starts", "time_not_there"),
        ("ends", "2027-02-04T12:00", "/ends", "ends_before"),
        ("reply_by", "2027-02-05T12:00", "/reply_by", "reply_by_late"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_field(
    room: Room, field: str, value: Any, pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as raised:
        await room.add(**{field: value})
    assert raised.value.fields.get(pointer) == code


async def test_more_seats_for_groups_than_there_are_and_a_minimum_above_them_are_refused(
    room: Room,
) -> None:
    with pytest.raises(Invalid) as raised:
        await room.add(capacity=4, quotas={"lived": 3, "practice": 2})
    assert raised.value.fields == {"/quotas": "quotas_over"}
    with pytest.raises(Invalid) as raised:
        await room.add(capacity=4, minimum=5)
    assert raised.value.fields == {"/minimum": "minimum_over"}


async def test_a_time_that_comes_twice_is_asked_about(room: Room) -> None:
    twice = {"starts": "2027-10-31T02:30", "ends": "2027-10-31T04:00"}
    with pytest.raises(Invalid) as raised:
        await room.add(**twice)
    assert raised.value.fields == {"/starts": "time_twice"}
    first, second = [await room.add(**twice, fold=fold) for fold in (0, 1)]
    assert (await room.meeting(first)).starts_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert (await room.meeting(second)).starts_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


async def change(room: Room, meeting_id: str, **data: Any) -> None:
    await room.change(
        meeting_id,
        lambda tx, m: actions.change_meeting(
            tx, m, data, account=room.account, now=room.now, sender=room.sender
        ),
    )


async def test_a_change_names_what_changes_and_calendars_are_told_of_what_they_show(
    room: Room,
) -> None:
    meeting_id = await room.add()
    await change(room, meeting_id, host="Hanna", starts="2027-02-05T13:00", ends="2027-02-05T14:00")
    meeting = await room.meeting(meeting_id)
    assert (meeting.host, meeting.starts_local, meeting.sequence) == (
        "Hanna",
        "2027-02-05T13:00",
        0,
    )
    await room.act(meeting_id, "plan")
    await change(room, meeting_id, place={"sv": "Rum 2", "en": "Room 2"})
    await change(room, meeting_id, place={"sv": "Rum 2", "en": "Room 2"})
    await change(room, meeting_id, minimum=3)
    meeting = await room.meeting(meeting_id)
    assert (meeting.sequence, meeting.minimum, meeting.title) == (1, 3, PLAN["title"])
    with pytest.raises(Invalid) as raised:
        await change(room, meeting_id, starts="2027-02-06T13:00", ends="2027-02-06T14:00")
    assert raised.value.fields == {"/starts": "time_moves"}


# --- its life ----------------------------------------------------------------------------------


async def test_a_meeting_lives_from_draft_to_closed(room: Room) -> None:
    meeting_id = await room.add()
    seen = []
    for act in (
        "plan",
        "invite",
        "confirm",
        "start",
        "end",
        "publish",
        "follow_up",
        "close",
    ):
        await room.act(meeting_id, act)
        seen.append((await room.meeting(meeting_id)).state)
    assert seen == [
        "planned",
        "invited",
        "confirmed",
        "live",
        "ended",
        "published",
        "followed_up",
        "closed",
    ]
    with pytest.raises(Refusal) as raised:
        await room.act(meeting_id, "plan")
    assert raised.value.code == "meeting_state"


@pytest.mark.parametrize("act", sorted(states.ACTS))
async def test_an_act_twice_is_refused_and_changes_nothing(room: Room, act: str) -> None:
    meeting_id = await room.invited(ANNA)
    way = ["confirm", "start", "end", "publish", "follow_up", "close"]
    reason = {"reason": REASON} if act in ("postpone", "cancel") else {}
    for before in way[: way.index(act)] if act in way else []:
        await room.act(meeting_id, before)
    if act not in ("plan", "invite"):
        await room.act(meeting_id, act, **reason)
    before_again = (await room.meeting(meeting_id)).sequence, len(await room.waiting())
    with pytest.raises(Refusal) as raised:
        await room.act(meeting_id, act, **reason)
    assert raised.value.code == "meeting_state"
    assert ((await room.meeting(meeting_id)).sequence, len(await room.waiting())) == before_again


async def test_a_plan_needs_purpose_audience_and_cohost_or_a_reason_for_none(room: Room) -> None:
    meeting_id = await room.add(purpose={}, audiences=[], cohost="")
    with pytest.raises(Invalid) as raised:
        await room.act(meeting_id, "plan")
    assert raised.value.fields == {
        "/purpose": "purpose_missing",
        "/audiences": "audience_missing",
        "/cohost": "cohost_missing",
    }


async def test_roles_do_only_what_is_theirs(room: Room) -> None:
    editor = await room.hub.account("editor", "Erik")
    meeting_id = await room.invited()
    async with room.hub.database.reading() as tx:
        room.account = await tx.get_one(Account, editor.id)
    await room.act(meeting_id, "confirm")
    with pytest.raises(Forbidden):
        await room.act(meeting_id, "start")


async def test_what_has_passed_is_not_planned_and_a_date_to_confirm_is_not_invited_to(
    room: Room,
) -> None:
    meeting_id = await room.add(starts="2026-11-02T13:00", ends="2026-11-02T14:00")
    with pytest.raises(Refusal) as raised:
        await room.act(meeting_id, "plan")
    assert raised.value.code == "meeting_past"


async def test_postponing_and_cancelling_need_a_reason_in_both_languages(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    for act in ("postpone", "cancel"):
        with pytest.raises(Invalid) as raised:
            await room.act(meeting_id, act, reason={"sv": "ont i halsen"})
        assert raised.value.fields == {"/reason/en": "reason_missing"}
    assert (await room.meeting(meeting_id)).state == "invited"


# --- moving ------------------------------------------------------------------------------------


async def test_moving_tells_all_who_were_invited_and_replaces_what_calendars_have(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA, BO, CAT)
    await room.work()
    await room.says(meeting_id, ANNA, "room")
    await room.says(meeting_id, CAT, "no")
    await room.work()
    first = room.got(ANNA, "meeting_invitation")[0].event
    assert await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30")
    await room.work()
    assert {each.to for each in room.sent if each.kind == "meeting_moved"} == {ANNA, BO}
    moved = room.got(ANNA, "meeting_moved")[0]
    assert REASON["sv"] in moved.text
    assert REASON["en"] in moved.text
    assert moved.facts["calendar_method"] == "REQUEST"
    assert moved.event["UID"] == first["UID"]
    assert (int(first["SEQUENCE"]), int(moved.event["SEQUENCE"])) == (0, 1)
    assert moved.event.start.astimezone(UTC) == datetime(2027, 2, 11, 12, 0, tzinfo=UTC)
    assert (await room.places(meeting_id))[ANNA] == "held"


async def test_moving_to_the_same_date_again_changes_nothing(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    await room.work()
    assert await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30")
    assert not await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30")
    await room.work()
    assert len(room.got(ANNA, "meeting_moved")) == 1
    assert (await room.meeting(meeting_id)).sequence == 1


async def test_moving_moves_what_is_to_be_done_and_the_last_day_for_replies(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    before, reply_by = await room.tasks(meeting_id), (await room.meeting(meeting_id)).reply_by
    await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30")
    after = await room.tasks(meeting_id)
    assert after.keys() == before.keys()
    assert {after[k].due_at - before[k].due_at for k in after} == {timedelta(days=7)}
    meeting = await room.meeting(meeting_id)
    assert reply_by is not None
    assert meeting.reply_by == reply_by + timedelta(days=7)


async def test_who_has_not_got_the_invitation_yet_is_invited_to_the_new_date_instead(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA)
    await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30")
    await room.work()
    assert [each.kind for each in room.sent] == ["meeting_invitation"]
    assert room.sent[0].event.start.astimezone(UTC).day == 11


async def test_a_move_wants_a_reason_once_people_were_invited_and_a_date_to_come(
    room: Room,
) -> None:
    meeting_id = await room.add()
    await room.act(meeting_id, "plan")
    await room.move(meeting_id, "2027-02-10T13:00", "2027-02-10T14:30", reason=None)
    await room.act(meeting_id, "invite")
    with pytest.raises(Invalid) as raised:
        await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30", reason=None)
    assert set(raised.value.fields) == {"/reason/sv", "/reason/en"}
    with pytest.raises(Invalid) as raised:
        await room.move(meeting_id, "2026-11-20T13:00", "2026-11-20T14:30")
    assert raised.value.fields == {"/starts": "time_past"}
    await room.act(meeting_id, "cancel", reason=REASON)
    with pytest.raises(Refusal) as refused:
        await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30")
    assert refused.value.code == "meeting_state"


@pytest.mark.parametrize("act", ["postpone", "cancel"])
async def test_calling_off_takes_it_out_of_calendars_and_stops_what_waits(
    room: Room, act: str
) -> None:
    meeting_id = await room.invited(ANNA, BO)
    await room.work()
    await room.says(meeting_id, ANNA, "online")
    await room.says(meeting_id, BO, "no")
    await room.work()
    await room.act(meeting_id, act, reason=REASON)
    await room.go_to(datetime(2027, 3, 1, tzinfo=UTC))
    [mail] = room.got(ANNA, "meeting_cancelled")
    assert mail.facts["calendar_method"] == "CANCEL"
    assert (str(mail.event["STATUS"]), int(mail.event["SEQUENCE"])) == ("CANCELLED", 1)
    assert REASON["sv"] in mail.text
    assert room.got(BO, "meeting_cancelled") == []
    assert not [each for each in room.sent if each.kind == "meeting_reminder"]
    assert (await room.tasks(meeting_id)).keys() == set()


async def test_a_postponed_meeting_that_gets_a_date_is_on_again_with_its_places(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA)
    await room.work()
    await room.says(meeting_id, ANNA, "online")
    await room.act(meeting_id, "postpone", reason=REASON)
    await room.move(meeting_id, "2027-03-04T13:00", "2027-03-04T14:30")
    await room.work()
    meeting = await room.meeting(meeting_id)
    assert (meeting.state, meeting.sequence) == ("invited", 2)
    assert (await room.places(meeting_id))[ANNA] == "held"
    [moved] = room.got(ANNA, "meeting_moved")
    assert moved.facts["calendar_method"] == "REQUEST"
    assert int(moved.event["SEQUENCE"]) == 2


async def test_confirming_tells_all_who_were_invited_and_gives_kept_seats_away(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA, BO, CAT, capacity=2, quotas={"lived": 1})
    await room.work()
    await room.says(meeting_id, ANNA, "room")
    await room.says(meeting_id, BO, "room")
    await room.says(meeting_id, CAT, "no")
    assert (await room.places(meeting_id))[BO] == "waiting"
    await room.act(meeting_id, "confirm")
    await room.work()
    assert (await room.places(meeting_id))[BO] == "offered"
    assert {each.to for each in room.sent if each.kind == "meeting_confirmed"} == {ANNA, BO}
    assert len(room.got(BO, "place_offered")) == 1


# --- series ------------------------------------------------------------------------------------

FORUMS = {
    "title": {"sv": "Forum", "en": "Forum"},
    "starts": "2027-06-10T13:00",
    "minutes": 180,
    "meeting": {"purpose": {"sv": "Tolka", "en": "Interpret"}, "form": "hybrid"},
}


async def add_series(room: Room, **more: Any) -> list[Any]:
    async with room.hub.database.transaction() as tx:
        _, meetings = await actions.add_series(
            tx, {**FORUMS, **more}, account=room.account, now=room.now
        )
    return meetings


async def test_a_series_of_forums_follows_the_series_rule(room: Room) -> None:
    meetings = await add_series(room)
    assert [each.number for each in meetings] == [1, 2, 3, 4, 5, 6, 7]
    assert [each.open_to_all for each in meetings] == [True, *[False] * 5, True]
    assert {each.kind for each in meetings} == {"forum"}
    assert [each.planned_local for each in meetings] == [
        "2027-06-10T13:00",
        "2027-12-10T13:00",
        "2028-06-10T13:00",
        "2028-12-10T13:00",
        "2029-06-10T13:00",
        "2029-12-10T13:00",
        "2030-06-10T13:00",
    ]
    moved = {each.number: each.starts_local for each in meetings if each.to_confirm}
    # A Saturday, two Sundays, and the Monday after Pentecost, which is no holiday any more.
    assert moved == {3: "2028-06-09T13:00", 4: "2028-12-11T13:00", 5: "2029-06-11T13:00"}


async def test_a_moved_date_waits_for_the_organisers_yes(room: Room) -> None:
    third = (await add_series(room))[2].id
    await room.act(third, "plan")
    with pytest.raises(Refusal) as raised:
        await room.act(third, "invite")
    assert raised.value.code == "date_to_confirm"

    async def confirm(tx: Any, meeting: Any) -> None:
        await actions.confirm_date(tx, meeting, account=room.account, now=room.now)

    await room.change(third, confirm)
    await room.change(third, confirm)
    await room.act(third, "invite")
    assert (await room.meeting(third)).state == "invited"


async def test_doctoral_students_are_invited_to_every_coming_forum_of_the_series(
    room: Room,
) -> None:
    meetings = await add_series(room)
    await room.invite(meetings[1].id, Person(ANNA, phd_student=True), Person(BO))
    await room.invite(meetings[3].id, Person(ANNA, phd_student=True))
    invited = [set(await room.invitees(each.id)) for each in meetings]
    assert invited == [{ANNA}, {ANNA, BO}, *[{ANNA}] * 5]


async def test_a_rule_makes_its_meetings_with_one_uid_for_life(room: Room) -> None:
    meetings = await add_series(
        room, kind="rule", rule="FREQ=WEEKLY;COUNT=3", starts="2027-03-18T13:00", minutes=90
    )
    assert len({each.uid for each in meetings}) == 1
    # The clocks change between the second and the third: the local time stays.
    assert [each.starts_at.hour for each in meetings] == [12, 12, 11]
    assert {each.starts_local[11:] for each in meetings} == {"13:00"}


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"count": 0}, "/count"),
        ({"interval_months": 99}, "/interval_months"),
        ({"minutes": 5}, "/minutes"),
        ({"kind": "circle"}, "/kind"),
        ({"kind": "rule", "rule": "FREQ=SECONDLY;COUNT=2"}, "/rule"),
        ({"title": {"sv": "Forum"}}, "/title/en"),
        ({"starts": "soon"}, "/starts"),
        ({"meeting": {"form": "boat"}}, "/form"),
    ],
)
async def test_a_series_that_cannot_be_is_refused_with_the_field(
    room: Room, more: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as raised:
        await add_series(room, **more)
    assert pointer in raised.value.fields


# --- the live session --------------------------------------------------------------------------


async def test_a_session_made_for_a_meeting_has_its_title_and_start_and_moves_with_it(
    room: Room,
) -> None:
    meeting_id = await room.add(cases=["esther"])
    shelf = room.hub.app.state.formats

    async def make(tx: Any, meeting: Any) -> Any:
        return await actions.make_session(
            tx, meeting, format_data=shelf.data("jif-90"), account=room.account, now=room.now
        )

    made = await room.change(meeting_id, make)
    assert made.title == PLAN["title"]
    assert made.case_id == "esther"
    fatima = await room.hub.account()
    read = (await fatima.get(f"/sessions/{made.id}")).json()
    assert read["starts_at"] == "2027-02-04T12:00:00Z"
    await room.act(meeting_id, "plan")
    await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30")
    read = (await fatima.get(f"/sessions/{made.id}")).json()
    assert read["starts_at"] == "2027-02-11T12:00:00Z"
    assert (await room.tasks(made.id))["open_room"].due_at.day == 11


async def test_a_session_belongs_to_one_meeting_and_must_not_be_over(room: Room) -> None:
    session = await room.hub.session(start=False)

    async def attach(tx: Any, meeting: Any) -> None:
        await actions.attach_session(tx, meeting, session.id, account=room.account, now=room.now)

    first, second = await room.add(), await room.add()
    await room.change(first, attach)
    await room.change(first, attach)
    with pytest.raises(Invalid) as raised:
        await room.change(second, attach)
    assert raised.value.fields == {"/session": "session_taken"}

    async def detach(tx: Any, meeting: Any) -> None:
        await actions.detach_session(tx, meeting, account=room.account, now=room.now)

    await room.change(first, detach)
    await session.moved("start")
    await session.moved("close", force=True)
    with pytest.raises(Invalid) as raised:
        await room.change(second, attach)
    assert raised.value.fields == {"/session": "session_over"}


# --- inviting ----------------------------------------------------------------------------------


def test_many_addresses_are_read_from_one_field() -> None:
    text = (
        "Anna Berg <anna@example.org>\n"
        '"Lind, Bo" <bo@example.org>; cat@example.org, dan@example.org\n\n'
        "e@example.org\tf@example.org"
    )
    found = actions.read_addresses(text, language="sv", group="lived")
    assert [(each.name, each.email) for each in found] == [
        ("Anna Berg", ANNA),
        ("Lind, Bo", BO),
        ("", CAT),
        ("", DAN),
        ("", "e@example.org"),
        ("", "f@example.org"),
    ]
    assert {(each.language, each.group) for each in found} == {("sv", "lived")}


def test_a_line_that_is_no_address_is_named() -> None:
    with pytest.raises(Invalid) as raised:
        actions.read_addresses("anna@example.org\nbo at example.org")
    fault = raised.value.fields["/addresses"]
    assert fault == "address_unreadable"
    assert fault.facts == {"line": 2}  # type: ignore[attr-defined]
    with pytest.raises(Invalid):
        actions.read_addresses("  \n")


async def test_an_address_is_invited_once_however_it_is_written(room: Room) -> None:
    meeting_id = await room.invited(ANNA, "ANNA@example.org")
    again = await room.invite(meeting_id, "Anna@Example.org", BO)
    assert (len(again.added), again.known) == (1, 1)
    await room.work()
    assert len(room.got(ANNA)) + len(room.got("ANNA@example.org")) == 1


async def test_names_and_addresses_are_sealed(room: Room) -> None:
    meeting_id = await room.invited(Person(ANNA, name="Anna Berg"))
    await room.says(meeting_id, ANNA, "room", access="Teckentolk", question="Vem larmar?")
    async with room.hub.database.reading() as tx:
        row = (await tx.execute(select(Invitee.__table__))).mappings().one()
    kept = " ".join(str(value) for value in row.values())
    for word in ("anna", "Anna Berg", "Teckentolk", "larmar"):
        assert word not in kept


async def test_inviting_is_refused_for_what_is_over_and_for_what_is_no_address(
    room: Room,
) -> None:
    meeting_id = await room.invited()
    with pytest.raises(Invalid) as raised:
        await room.invite(meeting_id, Person("anna", group="doctors", zone="Mars", language="fi"))
    assert set(raised.value.fields.values()) == {
        "email_unreadable",
        "group_unknown",
        "zone_unknown",
        "language_unknown",
    }
    with pytest.raises(Invalid) as raised:
        await room.invite(meeting_id, *[f"a{n}@example.org" for n in range(501)])
    assert raised.value.fields == {"/addresses": "addresses_too_many"}
    await room.act(meeting_id, "cancel", reason=REASON)
    with pytest.raises(Refusal) as refused:
        await room.invite(meeting_id, ANNA)
    assert refused.value.code == "meeting_over"


async def test_taking_somebody_off_the_list_erases_them_and_frees_their_place(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA, BO, capacity=1)
    await room.says(meeting_id, ANNA, "room")
    await room.says(meeting_id, BO, "room")
    anna, secret = (await room.invitees(meeting_id))[ANNA].id, await room.secret(meeting_id, ANNA)
    await room.change(
        meeting_id,
        lambda tx, m: actions.remove_invitee(
            tx, m, anna, account=room.account, now=room.now, sender=room.sender
        ),
    )
    assert await room.places(meeting_id) == {BO: "offered"}
    with pytest.raises(NotFound):
        await room.reply(secret, "room")
    assert not [to for _, to, _ in await room.waiting() if to == ANNA]


# --- replying ----------------------------------------------------------------------------------


async def test_a_reply_is_confirmed_once_however_often_it_is_sent(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    await room.work()
    first = await room.says(meeting_id, ANNA, "room", access="Tolk", food="Vegan", travel="Tåg")
    again = await room.says(meeting_id, ANNA, "room", access="Tolk", food="Vegan", travel="Tåg")
    assert (first.changed, again.changed) == (True, False)
    await room.work()
    [mail] = room.got(ANNA, "meeting_reply")
    assert (mail.facts["reply"], str(mail.event["ATTENDEE"].params["PARTSTAT"])) == (
        "room",
        "ACCEPTED",
    )


async def test_who_says_no_gets_no_mail_any_more_not_even_one_that_waited(room: Room) -> None:
    room.hub.clock.at = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    meeting_id = await room.invited(ANNA)
    await room.says(meeting_id, ANNA, "no")
    await room.go_to(datetime(2027, 3, 1, tzinfo=UTC))
    assert room.sent == []


async def test_food_is_for_the_room_and_a_no_takes_back_what_was_asked_for(room: Room) -> None:
    meeting_id = await room.invited(ANNA)

    async def needs() -> dict[str, str]:
        anna = (await room.invitees(meeting_id))[ANNA]
        async with room.hub.database.reading() as tx:
            return actions.needs_of(tx, anna)

    await room.says(meeting_id, ANNA, "room", access="Ramp", food="Vegan")
    assert await needs() == {"access": "Ramp", "food": "Vegan"}
    await room.says(meeting_id, ANNA, "online", access="Ramp", food="Vegan")
    assert await needs() == {"access": "Ramp"}
    await room.says(meeting_id, ANNA, "no", access="Ramp")
    assert await needs() == {}


async def test_a_reply_that_the_form_of_the_meeting_does_not_know_is_refused(room: Room) -> None:
    meeting_id = await room.invited(ANNA, form="online")
    with pytest.raises(Invalid) as raised:
        await room.says(meeting_id, ANNA, "room")
    assert raised.value.fields == {"/reply": "reply_only_online"}
    with pytest.raises(Invalid) as raised:
        await room.says(meeting_id, ANNA, "perhaps", access="x" * 501)
    assert raised.value.fields == {"/reply": "reply_unknown", "/access": "text_too_long"}


async def test_a_maybe_counts_as_no_after_the_last_day_and_its_place_is_offered(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA, BO, capacity=1)
    await room.says(meeting_id, ANNA, "maybe")
    await room.says(meeting_id, BO, "room")
    assert await room.places(meeting_id) == {ANNA: "held", BO: "waiting"}
    reply_by = (await room.meeting(meeting_id)).reply_by
    assert reply_by is not None
    await room.go_to(reply_by + timedelta(minutes=1))
    assert await room.places(meeting_id) == {ANNA: None, BO: "offered"}
    with pytest.raises(Refusal) as raised:
        await room.says(meeting_id, ANNA, "maybe")
    assert raised.value.code == "maybe_closed"


async def test_replies_end_with_the_start_and_with_calling_off(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    secret = await room.secret(meeting_id, ANNA)
    room.hub.clock.at = datetime(2027, 2, 4, 12, 0, tzinfo=UTC)
    with pytest.raises(Refusal) as raised:
        await room.reply(secret, "room")
    assert raised.value.code == "replies_closed"


async def test_somebody_else_comes_and_is_known_by_their_own_reply_alone(room: Room) -> None:
    meeting_id = await room.invited(ANNA, BO, capacity=1)
    await room.says(meeting_id, ANNA, "room")
    await room.says(meeting_id, BO, "room")
    first = await room.says(meeting_id, ANNA, "deputy")
    again = await room.says(meeting_id, ANNA, "deputy")
    assert first.deputy_secret is not None
    assert again.deputy_secret == first.deputy_secret
    await room.work()
    [mail] = [m for m in room.got(ANNA, "meeting_reply") if m.facts["reply"] == "deputy"]
    assert first.deputy_secret in mail.text
    # The place is kept for the deputy, and whoever waits goes on waiting.
    assert (await room.places(meeting_id))[BO] == "waiting"
    await room.reply(first.deputy_secret, "room", name="Doris", email=DAN, language="sv")
    places = await room.places(meeting_id)
    assert (places[ANNA], places[BO], places[DAN]) == (None, "waiting", "held")
    await room.work()
    assert len(room.got(DAN, "meeting_reply")) == 1
    assert (await room.says(meeting_id, ANNA, "deputy")).deputy_secret is None


async def test_a_deputy_who_cannot_come_frees_the_place(room: Room) -> None:
    meeting_id = await room.invited(ANNA, BO, capacity=1)
    await room.says(meeting_id, ANNA, "room")
    await room.says(meeting_id, BO, "room")
    sent = await room.says(meeting_id, ANNA, "deputy")
    await room.reply(str(sent.deputy_secret), "no", name="Doris")
    assert (await room.places(meeting_id))[BO] == "offered"


async def test_a_deputy_sends_nobody_else_and_takes_no_address_that_is_invited(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA, BO)
    sent = str((await room.says(meeting_id, ANNA, "deputy")).deputy_secret)
    with pytest.raises(Invalid) as raised:
        await room.reply(sent, "deputy")
    assert raised.value.fields == {"/reply": "reply_unknown"}
    with pytest.raises(Invalid) as raised:
        await room.reply(sent, "room", email=BO)
    assert raised.value.fields == {"/email": "email_invited"}


@pytest.mark.parametrize("how", ["stop", "erase"])
async def test_an_address_that_was_typed_in_opens_nothing_else_of_its_owner(
    room: Room, how: str
) -> None:
    other = await room.invited(CAT)
    meeting_id = await room.invited(ANNA)
    shown = str((await room.says(meeting_id, ANNA, "deputy")).deputy_secret)
    await room.reply(shown, "room", name="Mallory", email=CAT)
    # With the link that was handed on, only this one reply can be silenced or erased.
    async with room.hub.database.transaction() as tx:
        if how == "stop":
            await actions.stop_mail(tx, shown, now=room.now)
        else:
            await actions.erase_invitee(tx, shown, now=room.now, sender=room.sender)
        assert list(await tx.scalars(select(NoMail))) == []
    assert set(await room.invitees(other)) == {CAT}
    left = {ANNA, "Mallory"} if how == "stop" else {ANNA}
    assert set(await room.invitees(meeting_id)) == left


async def test_the_link_in_the_mail_to_an_address_that_was_typed_in_is_its_owners(
    room: Room,
) -> None:
    other = await room.invited(CAT)
    meeting_id = await room.invited(ANNA)
    shown = str((await room.says(meeting_id, ANNA, "deputy")).deputy_secret)
    await room.reply(shown, "room", name="Cat", email=CAT)
    mailed = await room.secret(meeting_id, CAT)
    assert mailed != shown
    with pytest.raises(NotFound):
        await room.reply(mailed[:-1] + "x", "no")
    async with room.hub.database.transaction() as tx:
        await actions.erase_invitee(tx, mailed, now=room.now, sender=room.sender)
    assert await room.invitees(other) == {}
    assert set(await room.invitees(meeting_id)) == {ANNA}


async def test_open_meetings_take_replies_without_invitation_or_mail(room: Room) -> None:
    meeting_id = await room.invited()
    key = "0123456789abcdef"
    first = await room.reply_openly(meeting_id, "online", name="Stig", key=key)
    again = await room.reply_openly(meeting_id, "online", name="Stig", key=key)
    assert first.secret is not None
    assert again.secret == first.secret
    assert len(await room.invitees(meeting_id)) == 1
    await room.reply(first.secret, "no")
    assert await room.places(meeting_id) == {"Stig": None}
    assert await room.waiting() == []


async def test_an_open_reply_with_an_address_is_told_by_mail_alone(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    await room.work()
    replied = await room.reply_openly(meeting_id, "online", name="Stig", email=BO)
    assert replied.secret is None
    await room.work()
    [mail] = room.got(BO, "meeting_reply")
    assert mail.facts["url"].startswith("/replies/rp_")
    # Somebody types an address that is invited: nothing of it changes, and nothing is told.
    room.hub.clock.move(minutes=30)
    known = await room.reply_openly(meeting_id, "no", name="Mallory", email=ANNA)
    assert (known.secret, known.invitee, known.changed) == (None, None, False)
    anna = (await room.invitees(meeting_id))[ANNA]
    assert anna.reply is None


async def test_open_replies_need_a_name_and_an_open_meeting(room: Room) -> None:
    meeting_id = await room.invited()
    with pytest.raises(Invalid) as raised:
        await room.reply_openly(meeting_id, "online", name=" ")
    assert raised.value.fields == {"/name": "text_missing"}
    closed = await room.invited(open_to_all=False)
    with pytest.raises(Refusal) as refused:
        await room.reply_openly(closed, "online", name="Stig")
    assert refused.value.code == "by_invitation"


# --- places ------------------------------------------------------------------------------------


async def test_a_freed_place_goes_to_one_after_the_other_for_two_days(room: Room) -> None:
    meeting_id = await room.invited(ANNA, BO, CAT, capacity=1)
    for email in (ANNA, BO, CAT):
        room.hub.clock.move(minutes=1)
        await room.says(meeting_id, email, "room")
    await room.says(meeting_id, ANNA, "no")
    assert await room.places(meeting_id) == {ANNA: None, BO: "offered", CAT: "waiting"}
    offered = (await room.invitees(meeting_id))[BO].offered_until
    assert offered == room.now + timedelta(hours=48)
    await room.go_to(room.now + timedelta(hours=47))
    assert (await room.places(meeting_id))[CAT] == "waiting"
    await room.go_to(room.now + timedelta(hours=2))
    assert await room.places(meeting_id) == {ANNA: None, BO: None, CAT: "offered"}
    await room.says(meeting_id, CAT, "online")
    assert (await room.places(meeting_id))[CAT] == "held"
    await room.go_to(room.now + timedelta(days=5))
    assert (await room.places(meeting_id))[CAT] == "held"
    assert [len(room.got(to, "place_offered")) for to in (ANNA, BO, CAT)] == [0, 1, 1]


@pytest.mark.parametrize("seed", range(4))
async def test_no_seat_is_given_twice_whatever_people_reply(room: Room, seed: int) -> None:
    chance = random.Random(seed)
    groups = ["lived", "practice", "research", None]
    people = [Person(f"p{n}@example.org", group=groups[n % 4]) for n in range(9)]
    meeting_id = await room.invited(*people, capacity=4, quotas={"lived": 2})
    emails = [each.email for each in people]
    secrets = {each: await room.secret(meeting_id, each) for each in emails}
    for _ in range(40):
        room.hub.clock.move(minutes=chance.choice([1, 60, 60 * 30]))
        await room.work()
        who = chance.choice(emails)
        before = await room.places(meeting_id)
        await room.reply(secrets[who], chance.choice(["room", "online", "maybe", "no"]))
        after = await room.invitees(meeting_id)
        taken = [each for each in after.values() if each.place in ("held", "offered")]
        assert len(taken) <= 4
        # Two of the four are for those with lived experience.
        others = [each for each in taken if each.group != "lived"]
        assert len(others) <= 2
        kept = [e for e in emails if e != who and before[e] == "held"]
        assert all(after[each].place == "held" for each in kept)
    offers = [each for each in room.sent if each.kind == "place_offered"]
    assert all(7 <= each.local.hour < 20 for each in offers)


async def test_more_seats_are_offered_to_those_who_wait(room: Room) -> None:
    meeting_id = await room.invited(ANNA, BO, capacity=1)
    await room.says(meeting_id, ANNA, "room")
    await room.says(meeting_id, BO, "room")
    await change(room, meeting_id, capacity=2)
    assert await room.places(meeting_id) == {ANNA: "held", BO: "offered"}


# --- leaving -----------------------------------------------------------------------------------


async def test_who_wants_no_mail_is_never_written_to_about_any_meeting(room: Room) -> None:
    meeting_id = await room.invited(ANNA, BO)
    secret = await room.secret(meeting_id, ANNA)
    async with room.hub.database.transaction() as tx:
        await actions.stop_mail(tx, secret, now=room.now)
    async with room.hub.database.transaction() as tx:
        await actions.stop_mail(tx, secret, now=room.now)
    await room.says(meeting_id, ANNA, "online")
    again = await room.add()
    await room.act(again, "plan")
    invited = await room.invite(again, ANNA)
    assert invited.unsubscribed == 1
    await room.act(again, "invite")
    await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30")
    await room.go_to(datetime(2027, 3, 1, tzinfo=UTC))
    assert room.got(ANNA) == []
    assert room.got(BO, "meeting_invitation")
    # Their place is theirs all the same.
    assert (await room.places(meeting_id))[ANNA] == "held"


async def test_erase_me_erases_an_address_from_every_meeting(room: Room) -> None:
    first, second = await room.invited(ANNA, BO, capacity=1), await room.invited(ANNA)
    await room.says(first, ANNA, "room", access="Tolk", question="Varför?")
    await room.says(first, BO, "room")
    secret = await room.secret(first, ANNA)
    async with room.hub.database.transaction() as tx:
        await actions.erase_invitee(tx, secret, now=room.now, sender=room.sender)
    assert await room.places(first) == {BO: "offered"}
    assert await room.places(second) == {}
    assert not [to for _, to, _ in await room.waiting() if to == ANNA]
    with pytest.raises(NotFound):
        await room.reply(secret, "room")
    invited = await room.invite(second, ANNA)
    assert invited.unsubscribed == 1
    assert "invitee_erased" in await acts_noted(room)


async def test_withdrawing_an_address_erases_past_meetings_and_what_was_said_of_them(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA)
    await room.says(meeting_id, ANNA, "room")
    secret = await room.secret(meeting_id, ANNA)
    await room.go_to(datetime(2027, 2, 5, 9, tzinfo=UTC))
    async with room.hub.database.transaction() as tx:
        await actions.give_feedback(tx, secret, useful=4, text="Bra", language="sv", now=room.now)
    async with room.hub.database.transaction() as tx:
        count = await actions.withdraw_address(
            tx,
            "Anna@example.org",
            meeting_ids=[meeting_id],
            now=room.now,
            sender=room.sender,
        )
        assert count == 1
        assert list(await tx.scalars(select(Feedback))) == []
    async with room.hub.database.transaction() as tx:
        assert (
            await actions.withdraw_address(
                tx,
                "nobody@example.org",
                meeting_ids=[meeting_id],
                now=room.now,
                sender=room.sender,
            )
            == 0
        )


# --- afterwards --------------------------------------------------------------------------------


async def test_feedback_is_open_for_seven_days_and_kept_without_who_said_it(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    secret = await room.secret(meeting_id, ANNA)

    async def say(**more: Any) -> None:
        said = {"useful": None, "text": "", "language": "sv", **more}
        async with room.hub.database.transaction() as tx:
            await actions.give_feedback(tx, secret, now=room.now, **said)

    with pytest.raises(Refusal) as raised:
        await say(useful=4)
    assert raised.value.code == "feedback_closed"
    await room.says(meeting_id, ANNA, "room")
    await room.go_to(datetime(2027, 2, 4, 14, 0, tzinfo=UTC))
    for wrong in ({}, {"useful": 6}, {"text": "x" * 2001}):
        with pytest.raises(Invalid):
            await say(**wrong)
    await say(useful=2)
    await say(useful=4, text="Bra samtal")
    async with room.hub.database.reading() as tx:
        [said] = await actions.list_feedback(tx, meeting_id)
        own = await actions.own_feedback(tx, secret)
        invitee = (await actions.list_invitees(tx, meeting_id))[0]
    assert (said.useful, said.text) == (4, "Bra samtal")
    assert own is not None
    assert said.answer_key not in (invitee.id, invitee.secret_hash, invitee.address_hash)
    await room.go_to(room.now + timedelta(days=7))
    with pytest.raises(Refusal):
        await say(useful=5)


async def test_organisers_acts_are_in_the_audit_log(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    await room.move(meeting_id, "2027-02-11T13:00", "2027-02-11T14:30")
    await room.act(meeting_id, "postpone", reason=REASON)
    await room.act(meeting_id, "cancel", reason=REASON)
    assert [each for each in await acts_noted(room) if each.startswith("meeting_")] == [
        "meeting_invited",
        "meeting_invited",
        "meeting_moved",
        "meeting_postponed",
        "meeting_cancelled",
    ]


async def test_open_meetings_are_found_by_their_words_while_they_are_on(room: Room) -> None:
    meeting_id = await room.add()

    async def hits() -> int:
        async with room.hub.database.reading() as tx:
            return (await search.find(tx, "timetable")).count

    assert await hits() == 0
    await room.act(meeting_id, "plan")
    assert await hits() == 1
    await change(room, meeting_id, open_to_all=False)
    assert await hits() == 0
    await change(room, meeting_id, open_to_all=True)
    await room.act(meeting_id, "cancel", reason=REASON)
    assert await hits() == 0
