"""What is done by the clock about sessions: the waiting room opens, and a record is told of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from hub.errors import Refusal
from hub.gatherings import actions
from hub.gatherings.jobs import close_idle
from hub.gatherings.models import Act, Gathering
from hub.mail.actions import read_mail
from hub.mail.models import Mail
from hub.people.models import Account
from hub.schedule.jobs import WAITS, run_due, run_now
from hub.schedule.models import Task
from tests.cast import Person, Session, plan
from tests.conftest import Hub


async def run(hub: Hub) -> int:
    return await run_due(hub.app.state.runner)


async def tasks(hub: Hub, kind: str) -> list[Task]:
    async with hub.database.reading() as tx:
        wanted = select(Task).where(Task.kind == kind).order_by(Task.round)
        return list(await tx.scalars(wanted))


async def state(hub: Hub, session: str) -> str:
    async with hub.database.reading() as tx:
        gathering = await tx.get(Gathering, session)
        assert gathering is not None
        return gathering.state


async def mails(hub: Hub, kind: str = "record_ready") -> list[tuple[str, dict[str, str]]]:
    async with hub.database.reading() as tx:
        found = list(await tx.scalars(select(Mail).where(Mail.kind == kind)))
    return [read_mail(hub.settings.read_key(), mail) for mail in found]


async def planned(hub: Hub, *, hours: float = 24, **more: Any) -> tuple[Person, str, datetime]:
    fatima = await hub.account()
    starts_at = hub.clock.now() + timedelta(hours=hours)
    made = await plan(fatima, starts_at=starts_at.isoformat(), **more)
    return fatima, made["id"], starts_at


async def to_move(hub: Hub, session: str, starts_at: datetime | None) -> None:
    async with hub.database.transaction() as tx:
        gathering = await tx.get(Gathering, session)
        assert gathering is not None
        await actions.move_start(tx, gathering, starts_at, now=hub.clock.now())


# --- the waiting room ----------------------------------------------------------------------------


async def test_the_waiting_room_opens_a_quarter_before_and_nothing_starts(hub: Hub) -> None:
    _, session, starts_at = await planned(hub)
    (task,) = await tasks(hub, "open_room")
    assert task.due_at == starts_at - timedelta(minutes=15)
    hub.clock.move(days=1, minutes=-15, seconds=-1)
    assert await run(hub) == 0
    assert await state(hub, session) == "planned"
    hub.clock.move(seconds=1)
    assert await run(hub) == 1
    assert await state(hub, session) == "open"
    hub.clock.move(minutes=20)
    assert await run(hub) == 0
    assert await state(hub, session) == "open"
    async with hub.database.reading() as tx:
        (act,) = await tx.scalars(select(Act).where(Act.gathering_id == session))
    assert (act.kind, act.account_id) == ("opened_by_itself", None)


async def test_the_waiting_room_follows_when_the_session_moves(hub: Hub) -> None:
    _, session, starts_at = await planned(hub)
    await to_move(hub, session, starts_at + timedelta(days=3))
    hub.clock.move(days=1)
    assert await run(hub) == 0
    assert await state(hub, session) == "planned"
    await to_move(hub, session, hub.clock.now() + timedelta(minutes=10))
    assert await run(hub) == 1
    assert await state(hub, session) == "open"


async def test_a_time_that_was_changed_behind_the_task_is_looked_up_when_it_runs(hub: Hub) -> None:
    _, session, starts_at = await planned(hub)
    async with hub.database.transaction() as tx:
        gathering = await tx.get(Gathering, session)
        assert gathering is not None
        gathering.starts_at = starts_at + timedelta(days=1)
    hub.clock.move(days=1)
    assert await run(hub) == 0
    (task,) = await tasks(hub, "open_room")
    assert (task.state, task.due_at) == ("waiting", starts_at + timedelta(days=1, minutes=-15))
    assert await state(hub, session) == "planned"


async def test_a_session_that_no_longer_has_a_time_opens_by_hand(hub: Hub) -> None:
    _, session, _ = await planned(hub)
    await to_move(hub, session, None)
    (task,) = await tasks(hub, "open_room")
    assert task.state == "dropped"
    hub.clock.move(days=1)
    assert await run(hub) == 0
    assert await state(hub, session) == "planned"


async def test_a_session_that_has_begun_cannot_be_moved(hub: Hub) -> None:
    fatima, session, starts_at = await planned(hub)
    await fatima.post(f"/sessions/{session}/start")
    with pytest.raises(Refusal, match="move_running"):
        await to_move(hub, session, starts_at)


@pytest.mark.parametrize("move", ["open", "start", "close"])
async def test_who_comes_first_decides(hub: Hub, move: str) -> None:
    fatima, session, _ = await planned(hub)
    assert (await fatima.post(f"/sessions/{session}/{move}")).status_code == 200
    was = await state(hub, session)
    (task,) = await tasks(hub, "open_room")
    assert (task.state, task.fault) == ("dropped", "already_done")
    hub.clock.move(days=1)
    assert await run(hub) == 0
    assert await state(hub, session) == was


async def test_run_now_opens_the_waiting_room_early(hub: Hub) -> None:
    _, session, _ = await planned(hub)
    (task,) = await tasks(hub, "open_room")
    outcome = await run_now(hub.app.state.runner, task.id)
    assert outcome.again_at is None
    assert await state(hub, session) == "open"


async def test_a_hub_that_was_off_opens_no_room_long_after(hub: Hub) -> None:
    _, session, _ = await planned(hub)
    hub.clock.move(days=7)
    assert await run(hub) == 0
    (task,) = await tasks(hub, "open_room")
    assert (task.state, task.fault) == ("missed", "too_late")
    assert await state(hub, session) == "planned"


async def test_a_session_whose_time_is_past_opens_by_hand(hub: Hub) -> None:
    _, session, _ = await planned(hub, hours=-1)
    assert await tasks(hub, "open_room") == []
    assert await run(hub) == 0
    assert await state(hub, session) == "planned"


async def test_a_room_that_lacks_a_support_person_is_tried_again_and_says_so(hub: Hub) -> None:
    support = {"name": "Siv", "contact": "070-1"}
    _, session, _ = await planned(hub, guarded=True, support=support)
    async with hub.database.transaction() as tx:
        gathering = await tx.get(Gathering, session)
        assert gathering is not None
        gathering.support = None
    hub.clock.move(days=1, minutes=-15)
    assert await run(hub) == 0
    (task,) = await tasks(hub, "open_room")
    assert (task.state, task.fault) == ("waiting", "refused")
    async with hub.database.transaction() as tx:
        gathering = await tx.get(Gathering, session)
        assert gathering is not None
        gathering.support = support
    hub.clock.move(seconds=WAITS[0].total_seconds())
    assert await run(hub) == 1
    assert await state(hub, session) == "open"


async def test_a_waiting_room_that_opened_by_itself_is_not_closed_before_its_time(hub: Hub) -> None:
    _, session, _ = await planned(hub)
    hub.clock.move(days=1, minutes=-15)
    await run(hub)
    hub.clock.move(minutes=40)
    assert await close_idle(hub.screens) == 0
    assert await state(hub, session) == "open"
    hub.clock.move(minutes=5)
    assert await close_idle(hub.screens) == 1
    assert await state(hub, session) == "closed"


# --- the record ----------------------------------------------------------------------------------


async def closed(hub: Hub) -> Session:
    session = await hub.session()
    await session.moved("close")
    return session


async def test_after_seven_days_whoever_made_the_session_hears_that_its_record_is_ready(
    hub: Hub,
) -> None:
    session = await closed(hub)
    hub.clock.move(days=7, seconds=-1)
    assert await run(hub) == 0
    hub.clock.move(seconds=1)
    assert await run(hub) == 1
    ((to, facts),) = await mails(hub)
    async with hub.database.reading() as tx:
        account = await tx.get(Account, session.fatima.id)
        gathering = await tx.get(Gathering, session.id)
    assert account is not None
    assert gathering is not None
    assert to == account.email
    assert facts == {
        "title": "Going home from hospital",
        "url": f"/sessions/{session.id}/record",
        "late": "",
    }
    # It is told of, and never published by itself.
    assert gathering.published_at is None
    hub.clock.move(days=60)
    assert await run(hub) == 0
    assert len(await mails(hub)) == 1


async def test_the_mail_about_a_record_does_not_come_at_night(hub: Hub) -> None:
    hub.clock.move(minutes=8 * 60)
    await closed(hub)
    hub.clock.move(days=7)
    assert await run(hub) == 1
    send = hub.app.state.ticker.jobs["mail"].run
    # Half past eight in the evening in London, where the reader is taken to be.
    assert await send() == 0
    hub.clock.move(minutes=10 * 60 + 29)
    assert await send() == 0
    hub.clock.move(minutes=1)
    assert await send() == 1


async def test_after_a_week_off_the_mail_says_that_it_is_late(hub: Hub) -> None:
    await closed(hub)
    hub.clock.move(days=15)
    assert await run(hub) == 1
    ((_, facts),) = await mails(hub)
    assert facts["late"] == "yes"


async def test_a_session_that_is_reopened_is_told_of_when_it_has_closed_again(hub: Hub) -> None:
    session = await closed(hub)
    hub.clock.move(days=3)
    await session.moved("reopen")
    hub.clock.move(days=5)
    assert await run(hub) == 0
    await session.moved("close")
    hub.clock.move(days=7)
    assert await run(hub) == 1
    assert [task.state for task in await tasks(hub, "record_ready")] == ["dropped", "done"]
    await session.moved("reopen")
    await session.moved("close")
    hub.clock.move(days=7)
    assert await run(hub) == 1
    assert len(await mails(hub)) == 2


async def test_a_record_that_is_public_already_is_not_told_of(hub: Hub) -> None:
    session = await closed(hub)
    hub.clock.move(days=7)
    answer = await session.fatima.post(f"/sessions/{session.id}/record/publish")
    async with hub.database.reading() as tx:
        gathering = await tx.get(Gathering, session.id)
    assert gathering is not None
    assert gathering.published_at is not None, answer.text
    assert await run(hub) == 0
    (task,) = await tasks(hub, "record_ready")
    assert (task.state, task.fault) == ("dropped", "already_done")
    assert await mails(hub) == []


async def test_a_session_that_never_began_has_no_record(hub: Hub) -> None:
    session = await hub.session(start=False)
    await session.moved("close")
    assert await tasks(hub, "record_ready") == []


async def test_nobody_is_written_to_whose_account_is_closed(hub: Hub) -> None:
    session = await closed(hub)
    async with hub.database.transaction() as tx:
        account = await tx.get(Account, session.fatima.id)
        assert account is not None
        account.disabled_at = hub.clock.now()
    hub.clock.move(days=7)
    assert await run(hub) == 0
    (task,) = await tasks(hub, "record_ready")
    assert (task.state, task.fault) == ("dropped", "nobody")
    assert await mails(hub) == []


async def test_a_session_left_alone_is_told_of_too(hub: Hub) -> None:
    session = await hub.session()
    hub.screens.touched.clear()
    hub.clock.move(minutes=60)
    assert await close_idle(hub.screens) == 1
    hub.clock.move(days=7)
    assert await run(hub) == 1
    assert await state(hub, session.id) == "closed"
    assert len(await mails(hub)) == 1
