"""Leaving meetings by withdrawing from a session, and what is kept of invited people for how long.

Source: privacy-and-access.md, "Taking back" and "Retention".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from hub.errors import NotFound
from hub.gatherings.models import Gathering
from hub.meetings import actions
from hub.meetings.actions import Person
from hub.meetings.models import Invitee, Meeting, NoMail
from hub.retention import jobs as retention_jobs
from hub.retention.actions import set_rule
from hub.retention.models import Purge
from tests.cast import Person as Caller
from tests.cast import join
from tests.conftest import Hub
from tests.test_commands import run as command

from .room import Room, open_room

ANNA, BO = "anna@example.org", "bo@example.org"
YES = {"take_part": True, "contact": True}


@pytest.fixture
async def room(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Room:
    return await open_room(hub, monkeypatch)


async def held_in(room: Room, meeting_id: str) -> Caller:
    """Anna, who takes part in the live session of a meeting and left her address."""
    session = await room.hub.session()
    async with room.hub.database.transaction() as tx:
        meeting = await tx.get_one(Meeting, meeting_id)
        meeting.gathering_id = session.id
    return await join(
        room.hub.http, session.code, "Ylva", "sv", consent=YES, email="Anna@Example.org"
    )


async def test_who_withdraws_from_the_session_leaves_the_meeting_and_frees_the_place(
    room: Room,
) -> None:
    meeting_id = await room.invited(ANNA, BO, capacity=1)
    other_id = await room.invited(ANNA)
    await room.says(meeting_id, ANNA, "room", access="Tolk")
    await room.says(meeting_id, BO, "room")
    secret = await room.secret(meeting_id, ANNA)
    anna = await held_in(room, meeting_id)
    assert (await anna.post("/me/withdraw", {"keep_anonymous": True})).status_code == 200
    assert await room.places(meeting_id) == {BO: "offered"}
    with pytest.raises(NotFound):
        await room.reply(secret, "room")
    waiting = [(kind, facts["url"]) for kind, to, facts in await room.waiting() if to == ANNA]
    # Another workshop is none of that session's business, and the address was only typed in.
    assert [kind for kind, _ in waiting] == ["meeting_invitation"]
    assert ANNA in await room.invitees(other_id)
    async with room.hub.database.reading() as tx:
        assert await tx.scalar(select(func.count()).select_from(NoMail)) == 0


async def test_who_is_erased_by_command_leaves_the_meeting_too(room: Room, tmp_path: Path) -> None:
    meeting_id = await room.invited(ANNA, BO)
    anna = await held_in(room, meeting_id)
    await room.hub.screens.settle()
    done = command("participant", "erase", anna.id, "--yes", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(await room.invitees(meeting_id)) == [BO]


async def test_who_withdraws_leaves_the_coming_forums_of_the_same_series(room: Room) -> None:
    data = {"title": {"sv": "Forum", "en": "Forum"}, "starts": "2027-02-04T13:00", "count": 3}
    async with room.hub.database.transaction() as tx:
        _, meetings = await actions.add_series(tx, data, account=room.account, now=room.now)
        ids = [each.id for each in meetings]
    await room.invite(ids[0], Person(ANNA, phd_student=True), BO)
    anna = await held_in(room, ids[0])
    await anna.post("/me/withdraw", {"keep_anonymous": False})
    assert [list(await room.invitees(each)) for each in ids] == [[BO], [], []]


async def queries(room: Room, act: Any) -> int:
    """How many statements that took."""
    seen: list[str] = []
    engine = room.hub.database.engine.sync_engine

    def count(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        await act()
    finally:
        event.remove(engine, "before_cursor_execute", count)
    return len(seen)


async def test_being_erased_asks_the_database_as_often_for_many_meetings_as_for_two(
    room: Room,
) -> None:
    counts = []
    for number, address in ((2, "few@example.org"), (7, "many@example.org")):
        ids = [await room.invited(address, BO) for _ in range(number)]
        for each in ids:
            await room.says(each, BO, "room")
        secret = await room.secret(ids[0], address)

        async def erase(secret: str = secret) -> None:
            async with room.hub.database.transaction() as tx:
                await actions.erase_invitee(tx, secret, now=room.now, sender=room.sender)

        counts.append(await queries(room, erase))
    assert counts[0] == counts[1]


async def test_a_student_is_invited_to_many_forums_with_as_many_queries_as_to_two(
    room: Room,
) -> None:
    counts = []
    for number in (2, 7):
        data = {
            "title": {"sv": "Forum", "en": "Forum"},
            "starts": "2027-02-04T13:00",
            "count": number,
            "meeting": {"purpose": {"sv": "Att tolka", "en": "To interpret"}},
        }
        async with room.hub.database.transaction() as tx:
            _, meetings = await actions.add_series(tx, data, account=room.account, now=room.now)
            for each in meetings:
                each.state, each.to_confirm, each.invited_at = "invited", False, room.now
        first = meetings[0].id
        student = Person(f"student{number}@example.org", phd_student=True)
        counts.append(await queries(room, partial(room.invite, first, student)))
        assert len(await room.waiting("meeting_invitation")) >= number
    assert counts[0] == counts[1]


# --- how long it is kept --------------------------------------------------------------------------


async def decide(room: Room, kind: str) -> None:
    async with room.hub.database.transaction() as tx:
        await set_rule(tx, kind, days=365, decision="Beslut 7", account=room.account, now=room.now)


async def test_who_was_invited_is_erased_a_year_after_the_meeting_and_replies_stay(
    room: Room,
) -> None:
    meeting_id = await room.invited(Person(ANNA, "Anna Berg", group="lived"), BO)
    await room.says(meeting_id, ANNA, "room")
    secret = await room.secret(meeting_id, ANNA)
    await room.go_to(datetime(2027, 2, 5, 9, tzinfo=UTC))
    later = await room.invited(
        ANNA, starts="2028-02-03T13:00", ends="2028-02-03T14:00", reply_by=None
    )
    await decide(room, "invitees")
    room.hub.clock.at = datetime(2028, 1, 25, 9, tzinfo=UTC)
    assert await retention_jobs.keep_retention(room.hub.screens) == 0
    async with room.hub.database.reading() as tx:
        [purge] = await tx.scalars(select(Purge))
    assert (purge.kind, purge.state, purge.subject) == (
        "invitees",
        "announced",
        "invitees 2027-02-01",
    )
    assert purge.due_at - room.now >= timedelta(days=14)
    room.hub.clock.at = purge.due_at + timedelta(hours=1)
    assert await retention_jobs.keep_retention(room.hub.screens) == 1
    async with room.hub.database.reading() as tx:
        [counted] = await tx.scalars(select(Purge.count))
        gone = await actions.list_invitees(tx, meeting_id)
        counts = (await actions.count_replies(tx, [meeting_id]))[meeting_id]
        assert [actions.who_is(tx, each).email for each in gone] == ["", ""]
    assert counted == 2
    assert {(each.sealed, each.address_hash) for each in gone} == {(None, None)}
    assert (counts.invited, counts.room) == (2, 1)
    assert [each.group for each in gone if each.reply == "room"] == ["lived"]
    with pytest.raises(NotFound):
        await room.reply(secret, "no")
    assert ANNA in await room.invitees(later)


async def test_the_calendar_of_somebody_who_was_erased_is_gone(room: Room) -> None:
    meeting_id = await room.invited(ANNA)
    secret = await room.secret(meeting_id, ANNA)
    feed = (await room.hub.http.get(f"/api/v1/replies/{secret}")).json()["calendar"]
    assert (await room.hub.http.get(feed)).status_code == 200
    async with room.hub.database.transaction() as tx:
        ids = list(await tx.scalars(select(Invitee.id)))
        await actions.forget_invitees(tx, ids)
    assert (await room.hub.http.get(feed)).status_code == 404


# --- the way in -----------------------------------------------------------------------------------


async def test_only_who_has_a_place_is_told_the_way_in(room: Room) -> None:
    meeting_id = await room.invited(ANNA, BO, capacity=1)
    await room.says(meeting_id, ANNA, "online")
    await room.says(meeting_id, BO, "online")
    await room.act(meeting_id, "confirm")
    await room.work()
    for kind in ("meeting_reply", "meeting_confirmed"):
        [anna], [bo] = room.got(ANNA, kind), room.got(BO, kind)
        assert "https://example.org/room" in anna.text
        assert "https://example.org/room" not in bo.text + bo.facts["calendar"]
        status = [str(each.event["ATTENDEE"].params["PARTSTAT"]) for each in (anna, bo)]
        assert status == ["ACCEPTED", "TENTATIVE"]


async def test_a_session_by_personal_invitation_is_said_to_have_a_link_of_ones_own(
    room: Room,
) -> None:
    session = await room.hub.session(start=False)
    meeting_id = await room.invited(Person(ANNA, language="en"), link="")
    async with room.hub.database.transaction() as tx:
        await tx.execute(update(Gathering).values(access="invite"))
        (await tx.get_one(Meeting, meeting_id)).gathering_id = session.id
    await room.says(meeting_id, ANNA, "online")
    await room.act(meeting_id, "confirm")
    await room.go_to((await room.meeting(meeting_id)).starts_at)
    told = {
        each.facts.get("when") or each.kind
        for each in room.got(ANNA)
        if "You come in by your own link. It is in the invitation to the session." in each.text
    }
    assert told == {"meeting_reply", "meeting_confirmed", "day", "link"}
    assert not [each for each in room.got(ANNA) if f"/join/{session.code}" in each.text]
