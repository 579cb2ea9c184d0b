"""Doing the timed work that is due: each row claimed, so that it is done once.

Work inside (``Inside``) is done in the transaction that claims the row: either all of it is
committed, the mails it put in line included, or none of it and the row is due again. Work outside
(``Outside``) opens transactions of its own; its row is leased meanwhile, and where the process
dies it is done again, so it must be harmless to do twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Update, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.clock import Clock
from hub.db import Database, claim
from hub.errors import Refusal
from hub.schedule.actions import find_task
from hub.schedule.models import Task

log = structlog.get_logger(__name__)
# How long to wait after each try that failed; after the last one the task has failed.
WAITS: Final = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360))
# How long work outside may take before another process takes it up, in seconds of the wall.
LEASE_SECONDS: Final = 600
BATCH: Final = 200


@dataclass(frozen=True)
class Outcome:
    """What became of a task: ``done``, ``dropped`` (no longer true) or ``missed`` (no help now).

    ``fault`` says why it was dropped or missed, as one of ``hub.schedule.actions.FAULTS``.
    ``count`` is what it came to, for the page: a number of mails, for instance. ``again_at``: it
    waits until then instead, since its time has moved.
    """

    state: str = "done"
    fault: str | None = None
    count: int = 0
    again_at: datetime | None = None


Inside = Callable[[AsyncSession, Task, datetime], Awaitable[Outcome]]
Outside = Callable[[Task, datetime], Awaitable[Outcome]]
Handlers = tuple[Mapping[str, Inside], Mapping[str, Outside]]


@dataclass
class Runner:
    """What it takes to do timed work: each kind of task has one function, inside or outside."""

    database: Database
    clock: Clock
    inside: Mapping[str, Inside]
    outside: Mapping[str, Outside] = field(default_factory=dict)
    # When this process last looked for work that is due, for the page.
    looked_at: datetime | None = None

    @property
    def kinds(self) -> list[str]:
        """The kinds that can be done; rows of other kinds wait."""
        return [*self.inside, *self.outside]


def join(handlers: Iterable[Handlers]) -> Handlers:
    """The functions of several rooms as one. Raises ValueError where two do the same kind."""
    inside: dict[str, Inside] = {}
    outside: dict[str, Outside] = {}
    for within, beside in handlers:
        if twice := {*inside, *outside} & {*within, *beside} | within.keys() & beside.keys():
            raise ValueError(f"two functions do {', '.join(sorted(twice))}")
        inside.update(within)
        outside.update(beside)
    return inside, outside


async def run_due(runner: Runner) -> int:
    """Do what is due, oldest first; how many were done. What breaks waits, and stops no other."""
    now = runner.looked_at = runner.clock.now()
    tried: set[str] = set()
    done = 0
    while due := await _list_due(runner, now, tried):
        for task_id in due:
            tried.add(task_id)
            outcome = await _run(runner, task_id, now, due_by=now)
            done += outcome is not None and outcome.state == "done" and not outcome.again_at
    return done


async def run_now(runner: Runner, task_id: str) -> Outcome:
    """Do one now, before its time or once more after it has failed; what became of it.

    Where it breaks, the outcome is ``waiting`` or ``failed``, with the fault. Raises NotFound, and
    Refusal where there is nothing to do any more (``task_over``), where it is too late for it
    (``task_too_late``), where it runs already (``task_runs``) and where this hub cannot do it
    (``task_unknown``).
    """
    now = runner.clock.now()
    async with runner.database.transaction() as tx:
        task = await find_task(tx, task_id)
        if task.state not in ("waiting", "failed"):
            raise Refusal("task_over")
        if task.until_at is not None and task.until_at <= now:
            raise Refusal("task_too_late")
        if task.kind not in runner.kinds:
            raise Refusal("task_unknown")
        if task.state == "failed":
            task.state, task.attempts, task.due_at = "waiting", 0, now
    outcome = await _run(runner, task_id, now, due_by=None)
    if outcome is None:
        raise Refusal("task_runs")
    return outcome


async def _list_due(runner: Runner, now: datetime, tried: set[str]) -> list[str]:
    async with runner.database.reading() as tx:
        found = await tx.scalars(
            select(Task.id)
            .where(
                Task.state == "waiting",
                Task.due_at <= now,
                Task.kind.in_(runner.kinds),
                or_(Task.claimed_until.is_(None), Task.claimed_until <= now),
            )
            .order_by(Task.due_at, Task.id)
            # Those that were tried in this run may be due still, and must not fill the batch.
            .limit(BATCH + len(tried))
        )
        return [id_ for id_ in found if id_ not in tried]


async def _run(
    runner: Runner, task_id: str, now: datetime, *, due_by: datetime | None
) -> Outcome | None:
    """Do one. None: it is no longer waiting, or another process is at it."""
    async with runner.database.reading() as tx:
        task = await tx.get(Task, task_id)
    if task is None or task.state != "waiting" or (due_by and task.due_at > due_by):
        return None
    if task.claimed_until is not None and task.claimed_until > now:
        return None
    if task.until_at is not None and task.until_at <= now:
        return await _miss(runner, task, now)
    try:
        if task.kind in runner.inside:
            return await _run_inside(runner, task, now)
        return await _run_outside(runner, task, now)
    except Refusal as refusal:
        log.warning("task refused", task=task.id, kind=task.kind, code=refusal.code)
        return await _postpone(runner, task, now, fault="refused")
    except Exception as problem:
        # It must never stop the others.
        log.exception("task broke", task=task.id, kind=task.kind, problem=type(problem).__name__)
        return await _postpone(runner, task, now, fault="broke")


async def _run_inside(runner: Runner, task: Task, now: datetime) -> Outcome | None:
    async with runner.database.transaction() as tx:
        taken = await claim(
            tx,
            _same(task)
            # Done at once in here: a function that plans the same again leaves this one be.
            .values(state="done", ran_at=now, attempts=task.attempts + 1, claimed_until=None)
            .execution_options(synchronize_session=False),
        )
        if not taken:
            return None
        fresh = await tx.get(Task, task.id, populate_existing=True)
        if fresh is None:
            return None
        outcome = await runner.inside[task.kind](tx, fresh, now)
        await tx.execute(
            update(Task)
            .where(Task.id == task.id)
            .values(**_values(outcome, now))
            .execution_options(synchronize_session=False)
        )
    _log(task, outcome)
    return outcome


async def _run_outside(runner: Runner, task: Task, now: datetime) -> Outcome | None:
    # Leases are kept in wall time even where the clock runs fast, since databases do not.
    until = now + timedelta(seconds=LEASE_SECONDS * runner.clock.speed)
    if task.attempts > len(WAITS):
        return await _give_up(runner, task, "interrupted", now)
    async with runner.database.transaction() as tx:
        taken = await claim(
            tx,
            _same(task)
            .values(claimed_until=until, attempts=task.attempts + 1)
            .execution_options(synchronize_session=False),
        )
    if not taken:
        return None
    try:
        outcome = await runner.outside[task.kind](task, now)
    except Exception:
        task.claimed_until, task.attempts = until, task.attempts + 1
        raise
    async with runner.database.transaction() as tx:
        # One that was moved or dropped meanwhile stays as it was put.
        await tx.execute(
            update(Task)
            .where(Task.id == task.id, Task.state == "waiting", Task.claimed_until == until)
            .values(**_values(outcome, now))
            .execution_options(synchronize_session=False)
        )
    _log(task, outcome)
    return outcome


async def _postpone(runner: Runner, task: Task, now: datetime, *, fault: str) -> Outcome | None:
    """Wait longer after each try; after the last one it has failed."""
    # Work outside has counted its try when it was leased.
    tries = task.attempts + (task.kind in runner.inside)
    if tries > len(WAITS):
        return await _give_up(runner, task, fault, now, attempts=tries)
    await _put(
        runner,
        task,
        attempts=tries,
        due_at=now + WAITS[tries - 1],
        claimed_until=None,
        ran_at=now,
        fault=fault,
    )
    return Outcome("waiting", fault)


async def _miss(runner: Runner, task: Task, now: datetime) -> Outcome | None:
    if not await _put(runner, task, state="missed", ran_at=now, fault="too_late"):
        return None
    log.warning("task missed", task=task.id, kind=task.kind)
    return Outcome("missed", "too_late")


async def _give_up(
    runner: Runner, task: Task, fault: str, now: datetime, *, attempts: int | None = None
) -> Outcome | None:
    tries = task.attempts if attempts is None else attempts
    values = {"state": "failed", "ran_at": now, "fault": fault, "attempts": tries}
    if not await _put(runner, task, claimed_until=None, **values):
        return None
    log.error("task given up", task=task.id, kind=task.kind, fault=fault, tries=tries)
    return Outcome("failed", fault)


async def _put(runner: Runner, task: Task, **values: object) -> bool:
    async with runner.database.transaction() as tx:
        statement = _same(task).values(**values).execution_options(synchronize_session=False)
        return await claim(tx, statement)


def _same(task: Task) -> Update:
    """An UPDATE of the row as it was read: of several processes, one changes it."""
    claimed = Task.claimed_until
    return update(Task).where(
        Task.id == task.id,
        Task.state == "waiting",
        Task.due_at == task.due_at,
        Task.attempts == task.attempts,
        claimed.is_(None) if task.claimed_until is None else claimed == task.claimed_until,
    )


def _values(outcome: Outcome, now: datetime) -> dict[str, object]:
    if outcome.again_at is not None:
        # Never due again at once, which would never end.
        due_at = max(outcome.again_at, now + WAITS[0])
        return {
            "state": "waiting",
            "due_at": due_at,
            "attempts": 0,
            "claimed_until": None,
            "fault": None,
        }
    return {
        "state": outcome.state,
        "fault": outcome.fault,
        "count": outcome.count,
        "ran_at": now,
        "claimed_until": None,
    }


def _log(task: Task, outcome: Outcome) -> None:
    log.info("task ran", task=task.id, kind=task.kind, state=outcome.state, count=outcome.count)
