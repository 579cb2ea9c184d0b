"""Timed work is done once, whatever happens to the process or the server it runs on."""

from __future__ import annotations

import ast
import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound, Refusal
from hub.mail.models import Mail
from hub.schedule.actions import (
    FAULTS,
    LATE,
    Planned,
    count_tasks,
    drop,
    forget,
    is_late,
    list_tasks,
    plan,
    plan_all,
)
from hub.schedule.jobs import LEASE_SECONDS, WAITS, Outcome, join, run_due, run_now
from hub.schedule.models import Task

from .conftest import SECRET, Store, both, send_mail


async def breaks(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
    await send_mail(tx, task, now)
    raise RuntimeError("a fault with somebody's words in it")


class Outsider:
    """Work that opens its own transactions."""

    def __init__(self, store: Store, *, dies: bool = False) -> None:
        self.store, self.dies, self.ran = store, dies, 0

    async def __call__(self, task: Task, now: datetime) -> Outcome:
        self.ran += 1
        if self.dies:
            raise asyncio.CancelledError
        return Outcome(count=7)


# --- once ----------------------------------------------------------------------------------------


async def test_what_is_due_is_done_once_with_what_it_put_in_line(store: Store) -> None:
    await store.plan(about="w_1", title=both("Träff"))
    await store.plan(about="w_2", after=5)
    runner = store.runner({"thanks": send_mail})
    assert await run_due(runner) == 1
    assert await store.mails() == ["w_1"]
    done, waiting = await store.tasks()
    assert (done.state, done.count, done.ran_at) == ("done", 1, store.clock.now())
    assert (done.title["sv"], done.attempts, done.fault) == ("Träff", 1, None)
    assert waiting.state == "waiting"
    assert runner.looked_at == store.clock.now()
    assert await run_due(runner) == 0
    store.clock.move(minutes=5)
    assert await run_due(runner) == 1
    assert await store.mails() == ["w_1", "w_2"]


async def test_two_runners_on_one_database_do_each_task_once(store: Store) -> None:
    for number in range(30):
        await store.plan(about=f"w_{number:02}")
        await store.plan("open_room", f"s_{number:02}")
    inside, outside = {"thanks": send_mail}, Outsider(store)
    runners = [store.runner(inside, {"open_room": outside}) for _ in range(3)]
    assert sum(await asyncio.gather(*map(run_due, runners))) == 60
    assert await store.mails() == [f"w_{number:02}" for number in range(30)]
    assert outside.ran == 30
    assert {task.state for task in await store.tasks()} == {"done"}


async def test_a_task_of_a_kind_that_no_room_does_waits(store: Store) -> None:
    await store.plan("invite")
    assert await run_due(store.runner({"thanks": send_mail})) == 0
    assert (await store.task()).state == "waiting"
    assert await run_due(store.runner({"invite": send_mail})) == 1


def test_two_rooms_may_not_do_the_same() -> None:
    one, other = ({"thanks": send_mail}, {}), ({}, {"thanks": send_mail})
    with pytest.raises(ValueError, match="thanks"):
        join([one, other])  # type: ignore[list-item]
    assert join([one, ({"invite": send_mail}, {})])[0].keys() == {"thanks", "invite"}


# --- crashes -------------------------------------------------------------------------------------


async def test_what_breaks_leaves_nothing_behind_and_is_done_later(store: Store) -> None:
    await store.plan()
    assert await run_due(store.runner({"thanks": breaks})) == 0
    assert await store.mails() == []
    task = await store.task()
    assert (task.state, task.attempts, task.fault) == ("waiting", 1, "broke")
    assert task.due_at == store.clock.now() + WAITS[0]
    good = store.runner({"thanks": send_mail})
    assert await run_due(good) == 0
    store.clock.move(minutes=1)
    assert await run_due(good) == 1
    assert await store.mails() == ["w_1"]
    done = await store.task()
    assert (done.state, done.fault) == ("done", None)


KILLED = """
    import asyncio, sys
    from hub.clock import Clock
    from hub.db import Database
    from hub.schedule.jobs import Runner, run_due
    from tests.schedule.conftest import send_mail

    async def stall(tx, task, now):
        await send_mail(tx, task, now)
        print("mail is in line", flush=True)
        await asyncio.sleep(3600)

    async def main():
        database = Database(sys.argv[1], secret_key=sys.argv[2])
        await run_due(Runner(database, Clock(), {"thanks": stall}))

    asyncio.run(main())
"""


async def test_a_process_killed_in_the_middle_has_sent_nothing_and_the_next_does_it_all(
    store: Store,
) -> None:
    await store.plan(after=-60 * 24 * 3650)
    await store.database.close()
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), store.url, SECRET],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    line = await asyncio.to_thread(child.stdout.readline)
    os.kill(child.pid, signal.SIGKILL)
    _, said = await asyncio.to_thread(child.communicate)
    assert line.strip() == b"mail is in line", said
    assert await store.mails() == []
    task = await store.task()
    assert (task.state, task.attempts) == ("waiting", 0)
    assert await run_due(store.runner({"thanks": send_mail})) == 1
    assert await store.mails() == ["w_1"]


async def test_work_outside_that_died_is_done_again_when_its_lease_is_over(store: Store) -> None:
    await store.plan("open_room")
    with pytest.raises(asyncio.CancelledError):
        await run_due(store.runner({}, {"open_room": Outsider(store, dies=True)}))
    good = Outsider(store)
    runner = store.runner({}, {"open_room": good})
    assert await run_due(runner) == 0
    with pytest.raises(Refusal, match="task_runs"):
        await run_now(runner, (await store.task()).id)
    store.clock.move(seconds=LEASE_SECONDS)
    assert await run_due(runner) == 1
    assert good.ran == 1
    task = await store.task()
    assert (task.state, task.attempts, task.count) == ("done", 2, 7)


async def test_work_outside_that_kills_the_process_each_time_is_given_up(store: Store) -> None:
    await store.plan("open_room")
    deadly = Outsider(store, dies=True)
    for _ in range(len(WAITS) + 1):
        with pytest.raises(asyncio.CancelledError):
            await run_due(store.runner({}, {"open_room": deadly}))
        store.clock.move(seconds=LEASE_SECONDS)
    assert await run_due(store.runner({}, {"open_room": deadly})) == 0
    task = await store.task()
    assert (task.state, task.fault) == ("failed", "interrupted")
    assert deadly.ran == len(WAITS) + 1


# --- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["inside", "outside"])
async def test_what_breaks_each_time_waits_longer_and_longer_and_then_has_failed(
    store: Store, where: str
) -> None:
    async def outside(task: Task, now: datetime) -> Outcome:
        raise RuntimeError

    kind = "thanks" if where == "inside" else "open_room"
    runner = store.runner({"thanks": breaks}, {"open_room": outside})
    await store.plan(kind)
    for tries, wait in enumerate(WAITS, start=1):
        assert await run_due(runner) == 0
        task = await store.task()
        assert (task.state, task.attempts) == ("waiting", tries)
        assert task.due_at == store.clock.now() + wait
        store.clock.move(seconds=wait.total_seconds() - 1)
        await run_due(runner)
        assert (await store.task()).attempts == tries
        store.clock.move(seconds=1)
    assert await run_due(runner) == 0
    task = await store.task()
    assert (task.state, task.fault, task.attempts) == ("failed", "broke", len(WAITS) + 1)
    store.clock.move(days=30)
    assert await run_due(runner) == 0
    assert (await store.task()).attempts == len(WAITS) + 1
    assert await store.mails() == []


async def test_what_breaks_stops_no_other(store: Store) -> None:
    await store.plan("invite", "w_0", after=-10)
    for number in range(1, 4):
        await store.plan(about=f"w_{number}")
    assert await run_due(store.runner({"invite": breaks, "thanks": send_mail})) == 3
    assert await store.mails() == ["w_1", "w_2", "w_3"]


async def test_a_refusal_is_told_from_a_fault(store: Store) -> None:
    async def refuses(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
        raise Refusal("support_missing")

    await store.plan()
    await run_due(store.runner({"thanks": refuses}))
    assert (await store.task()).fault == "refused"


async def test_the_log_of_what_broke_tells_the_kind_of_task(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await store.plan(title=both("Astrids träff"))
    await run_due(store.runner({"thanks": breaks}))
    out = capsys.readouterr()
    assert "task broke" in out.out + out.err
    assert "Astrids" not in out.out + out.err


# --- too late, and after a week off --------------------------------------------------------------


async def test_what_is_too_late_is_missed_and_not_done(store: Store) -> None:
    now = store.clock.now()
    await store.plan(until_at=now + timedelta(minutes=10))
    store.clock.move(minutes=10)
    assert await run_due(store.runner({"thanks": send_mail})) == 0
    task = await store.task()
    assert (task.state, task.fault, task.ran_at) == ("missed", "too_late", store.clock.now())
    assert await store.mails() == []


async def test_a_hub_that_was_off_for_a_week_does_once_what_still_helps(store: Store) -> None:
    """Three weeks of reminders, and the hub is off in the second one."""
    late: list[bool] = []

    async def remind(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
        late.append(is_late(task, now))
        return await send_mail(tx, task, now)

    day = 24 * 60
    for number in range(21):
        due = store.clock.now() + timedelta(days=number)
        # Each helps for three days.
        await store.plan(
            "remind_week", f"w_{number:02}", after=number * day, until_at=due + timedelta(days=3)
        )
    runner = store.runner({"remind_week": remind})
    for number in range(21):
        if not 7 <= number < 14:
            await run_due(runner)
        store.clock.move(days=1)
    states = {task.about: task.state for task in await store.tasks()}
    missed = [about for about, state in states.items() if state == "missed"]
    assert missed == ["w_07", "w_08", "w_09", "w_10", "w_11"]
    assert set(states.values()) == {"missed", "done"}
    assert await store.mails() == sorted(
        about for about, state in states.items() if state == "done"
    )
    # The two that came after the week off say so, and no other.
    assert late == [False] * 7 + [True, True] + [False] * 7


def test_late_is_more_than_half_a_day() -> None:
    now = datetime.fromisoformat("2027-03-04T12:00:00+00:00")
    assert not is_late(Task(due_at=now - LATE), now)
    assert is_late(Task(due_at=now - LATE - timedelta(seconds=1)), now)


# --- planning ------------------------------------------------------------------------------------


async def test_planning_again_moves_what_waits(store: Store) -> None:
    await store.plan(after=10, title=both("Före"))
    (first,) = await store.tasks()
    until = store.clock.now() + timedelta(days=1)
    await store.plan(after=60, title=both("Efter"), until_at=until)
    (moved,) = await store.tasks()
    assert moved.id == first.id
    assert moved.due_at == store.clock.now() + timedelta(minutes=60)
    assert (moved.title["sv"], moved.until_at, moved.made_at) == ("Efter", until, first.made_at)


async def test_what_is_done_stays_done_and_another_round_is_another_task(store: Store) -> None:
    runner = store.runner({"thanks": send_mail})
    await store.plan()
    await run_due(runner)
    await store.plan(after=-1)
    assert await run_due(runner) == 0
    await store.plan(round=1)
    assert await run_due(runner) == 1
    assert await store.mails() == ["w_1", "w_1"]


async def test_what_was_dropped_missed_or_failed_waits_when_it_is_planned_again(
    store: Store,
) -> None:
    await store.plan("invite", "w_dropped")
    await store.plan("thanks", "w_missed", until_at=store.clock.now())
    await store.plan("remind_day", "w_failed")
    runner = store.runner({"thanks": send_mail, "remind_day": breaks})
    async with store.database.transaction() as tx:
        assert await drop(tx, "w_dropped") == 1
    for _ in range(len(WAITS) + 1):
        await run_due(runner)
        store.clock.move(days=1)
    assert {t.state for t in await store.tasks()} == {"dropped", "missed", "failed"}
    for task in await store.tasks():
        await store.plan(task.kind, task.about, after=60)
    for task in await store.tasks():
        assert (task.state, task.attempts, task.fault, task.ran_at) == ("waiting", 0, None, None)


async def test_many_are_planned_in_one_go_and_the_last_word_counts(store: Store) -> None:
    now = store.clock.now()
    wanted = [
        Planned("invite", f"n_{number % 40}", now + timedelta(days=number)) for number in range(80)
    ]
    async with store.database.transaction() as tx:
        await plan_all(tx, wanted, now=now)
        await plan_all(tx, [], now=now)
    found = await store.tasks()
    assert len(found) == 40
    assert min(task.due_at for task in found) == now + timedelta(days=40)


async def test_a_kind_that_there_is_not_is_a_fault_of_ours(store: Store) -> None:
    now = store.clock.now()
    async with store.database.transaction() as tx:
        with pytest.raises(ValueError, match="no task is called nap"):
            await plan(tx, "nap", "w_1", due_at=now, now=now)


async def test_dropping_leaves_what_is_done_and_other_kinds(store: Store) -> None:
    await store.plan("invite", "w_1")
    await run_due(store.runner({"invite": send_mail}))
    for kind in ("remind_week", "remind_day"):
        await store.plan(kind, "w_1")
        await store.plan(kind, "w_2")
    async with store.database.transaction() as tx:
        assert await drop(tx, ["w_1", "w_3"], kinds=("remind_week",), fault="already_done") == 1
        assert await drop(tx, "w_1") == 1
    found = {(t.about, t.kind): (t.state, t.fault) for t in await store.tasks()}
    assert found == {
        ("w_1", "invite"): ("done", None),
        ("w_1", "remind_week"): ("dropped", "already_done"),
        ("w_1", "remind_day"): ("dropped", "no_longer"),
        ("w_2", "remind_week"): ("waiting", None),
        ("w_2", "remind_day"): ("waiting", None),
    }
    async with store.database.transaction() as tx:
        await forget(tx, "w_1")
    assert {task.about for task in await store.tasks()} == {"w_2"}


async def test_a_task_whose_time_has_moved_waits_until_then(store: Store) -> None:
    moved_to = store.clock.now() + timedelta(days=2)
    asked: list[datetime] = []

    async def looks(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
        asked.append(now)
        return Outcome(again_at=moved_to) if now < moved_to else await send_mail(tx, task, now)

    await store.plan()
    runner = store.runner({"thanks": looks})
    assert await run_due(runner) == 0
    assert (await store.task()).due_at == moved_to
    store.clock.move(days=2)
    assert await run_due(runner) == 1
    assert len(asked) == 2


async def test_a_task_that_wants_to_run_again_at_once_waits_a_minute(store: Store) -> None:
    async def restless(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
        return Outcome(again_at=now)

    await store.plan()
    assert await run_due(store.runner({"thanks": restless})) == 0
    assert (await store.task()).due_at == store.clock.now() + WAITS[0]


async def test_a_function_may_plan_and_drop_the_very_task_it_does(store: Store) -> None:
    async def tidies(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
        await plan(tx, task.kind, task.about, due_at=now, now=now)
        await plan(tx, task.kind, task.about, round=1, due_at=now + timedelta(days=1), now=now)
        await drop(tx, task.about, kinds=("remind_day",))
        return Outcome()

    await store.plan()
    await store.plan("remind_day", after=10)
    assert await run_due(store.runner({"thanks": tidies})) == 1
    found = {(t.kind, t.round): t.state for t in await store.tasks()}
    assert found == {("thanks", 0): "done", ("thanks", 1): "waiting", ("remind_day", 0): "dropped"}


async def test_a_task_that_erases_itself_is_gone(store: Store) -> None:
    async def erases(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
        await forget(tx, task.about)
        return Outcome()

    await store.plan()
    await run_due(store.runner({"thanks": erases}))
    assert await store.tasks() == []


async def test_work_outside_that_was_moved_meanwhile_stays_moved(store: Store) -> None:
    async def outside(task: Task, now: datetime) -> Outcome:
        await store.plan("open_room", after=90)
        return Outcome()

    await store.plan("open_room")
    await run_due(store.runner({}, {"open_room": outside}))
    task = await store.task()
    assert (task.state, task.due_at) == ("waiting", store.clock.now() + timedelta(minutes=90))


# --- now -----------------------------------------------------------------------------------------


async def test_run_now_does_what_is_coming_and_what_has_failed(store: Store) -> None:
    await store.plan(about="w_1", after=600)
    runner = store.runner({"thanks": send_mail})
    (task,) = await store.tasks()
    assert (await run_now(runner, task.id)).count == 1
    assert await store.mails() == ["w_1"]
    with pytest.raises(Refusal, match="task_over"):
        await run_now(runner, task.id)
    await store.plan(about="w_2")
    broken = store.runner({"thanks": breaks})
    while (await store.tasks())[1].state == "waiting":
        await run_due(broken)
        store.clock.move(days=1)
    failed = (await store.tasks())[1]
    outcome = await run_now(broken, failed.id)
    assert (outcome.state, outcome.fault) == ("waiting", "broke")
    assert (await run_now(runner, failed.id)).state == "done"
    assert await store.mails() == ["w_1", "w_2"]


async def test_run_now_says_why_not(store: Store) -> None:
    await store.plan(about="w_1", after=-60, until_at=store.clock.now())
    await store.plan("invite", "w_2")
    runner = store.runner({"thanks": send_mail})
    late, unknown = await store.tasks()
    with pytest.raises(Refusal, match="task_too_late"):
        await run_now(runner, late.id)
    with pytest.raises(Refusal, match="task_unknown"):
        await run_now(runner, unknown.id)
    with pytest.raises(NotFound, match="task_not_found"):
        await run_now(runner, "k_nobody")
    assert await store.mails() == []


async def test_run_now_by_two_people_at_once_does_it_once(store: Store) -> None:
    await store.plan(after=600)
    (task,) = await store.tasks()
    runners = [store.runner({"thanks": send_mail}) for _ in range(3)]
    answers = await asyncio.gather(
        *(run_now(runner, task.id) for runner in runners), return_exceptions=True
    )
    assert sum(isinstance(answer, Outcome) for answer in answers) == 1
    assert await store.mails() == ["w_1"]


# --- the list ------------------------------------------------------------------------------------


async def test_the_list_goes_page_by_page_and_counts(store: Store) -> None:
    for number in range(7):
        # Two at a time, so that pages break between equals.
        await store.plan(about=f"w_{number}", after=number // 2)
    await store.plan("invite", "w_done")
    await run_due(store.runner({"invite": send_mail}))

    async def read(*states: str) -> list[str]:
        seen: list[str] = []
        after: str | None = None
        async with store.database.reading() as tx:
            while found := await list_tasks(tx, states=states, after=after, limit=3):
                seen += [task.about for task in found]
                after = found[-1].id
        return seen

    seen = await read("waiting")
    assert sorted(seen) == [f"w_{number}" for number in range(7)]
    dues = {task.about: task.due_at for task in await store.tasks()}
    assert [dues[about] for about in seen] == sorted(dues[about] for about in seen)
    store.clock.move(days=1)
    await run_due(store.runner({"thanks": send_mail}))
    assert sorted(await read("done")) == ["w_0", "w_1", "w_2", "w_3", "w_4", "w_5", "w_6", "w_done"]
    assert (await read("done"))[-1] == "w_done"
    async with store.database.reading() as tx:
        counts: Any = await count_tasks(tx)
        assert await tx.scalar(select(func.count()).select_from(Mail)) == 8
    assert (counts.waiting, counts.in_trouble, counts.failed, counts.missed) == (0, 0, 0, 0)


# --- words ---------------------------------------------------------------------------------------


def test_every_reason_that_a_task_can_have_is_known() -> None:
    """A fault without words would be shown as one of the hub's own."""
    said = set()
    for path in (Path(__file__).parents[2] / "hub").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name == "Outcome":
                said |= {a.value for a in node.args[1:] if isinstance(a, ast.Constant)}
            if name in ("Outcome", "drop", "_postpone"):
                given = [k.value for k in node.keywords if k.arg == "fault"]
                said |= {v.value for v in given if isinstance(v, ast.Constant)}
    assert {"no_longer", "too_late", "refused", "broke"} <= said
    assert said <= set(FAULTS)
