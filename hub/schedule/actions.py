"""Putting timed work in line, moving it, and taking it out again.

``hub.schedule.jobs`` does what is due. A row says what is to be done and about whom; whoever does
it reads everything else anew when its time comes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.errors import NotFound
from hub.schedule.models import Task

# Every kind of task there is; each has words in the catalogues (``task.<kind>``).
KINDS: Final = (
    "invite",
    "remind_quiet",
    "remind_week",
    "remind_day",
    "remind_link",
    "tell_changed",
    "reply_closes",
    "offer_ends",
    "erase_needs",
    "meeting_ended",
    "thanks",
    "meeting_follow_up",
    "open_room",
    "record_ready",
    "ask_owner",
    "tell_participants",
    "confirm_ends",
)
# Why one was missed, dropped or failed; each has words (``task_fault.<fault>``). A fault that is
# not here is shown as a fault in the hub.
FAULTS: Final = (
    # Its time was over before it could run.
    "too_late",
    # What it is about was cancelled, answered, published or erased.
    "no_longer",
    "already_done",
    # Nobody is left to send it to.
    "nobody",
    # The room that it is about would not have it: something is missing there.
    "refused",
    # It broke each time, or the hub was stopped each time while it ran.
    "broke",
    "interrupted",
)
# A mail that comes this long after its time says so. Source: the design of timed work: a hub that
# was off catches up with what still helps.
LATE: Final = timedelta(hours=12)
PAGE: Final = 50


@dataclass(frozen=True)
class Planned:
    """One thing to be done: as the arguments of ``plan``."""

    kind: str
    about: str
    due_at: datetime
    round: int = 0
    until_at: datetime | None = None
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Counts:
    """How much timed work there is, by what became of it."""

    waiting: int
    # Waiting, and tried in vain at least once.
    in_trouble: int
    failed: int
    missed: int


async def plan(
    tx: AsyncSession,
    kind: str,
    about: str,
    *,
    due_at: datetime,
    now: datetime,
    round: int = 0,
    until_at: datetime | None = None,
    title: Mapping[str, str] | None = None,
) -> None:
    """Let ``kind`` be done about ``about`` (an id) at ``due_at``, and not after ``until_at``.

    One that waits is moved; one that was dropped, missed or failed waits again; one that is done
    stays done, so what comes again needs another ``round``. ``title``, in both languages, is shown
    to those who run the hub: never what participants wrote. Raises ValueError for a kind that there
    is not.
    """
    planned = Planned(kind, about, due_at, round=round, until_at=until_at, title=title or {})
    await plan_all(tx, [planned], now=now)


async def plan_all(tx: AsyncSession, planned: Sequence[Planned], *, now: datetime) -> None:
    """``plan`` for many at once, in one statement. Raises ValueError as it does."""
    if unknown := {each.kind for each in planned} - set(KINDS):
        raise ValueError(f"no task is called {', '.join(sorted(unknown))}")
    if not planned:
        return
    # The last word counts, and one statement may not touch a row twice.
    by_key = {(each.kind, each.about, each.round): each for each in planned}
    rows = [
        {
            "id": new_id("k"),
            "kind": each.kind,
            "about": each.about,
            "round": each.round,
            "due_at": each.due_at,
            "until_at": each.until_at,
            "title": dict(each.title),
            "state": "waiting",
            "attempts": 0,
            "count": 0,
            "made_at": now,
        }
        for each in by_key.values()
    ]
    # Both databases know the same words for it, each in its own module.
    dialect: Any = postgresql if tx.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Task).values(rows)
    new = statement.excluded
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["kind", "about", "round"],
            set_={
                "due_at": new.due_at,
                "until_at": new.until_at,
                "title": new.title,
                "state": "waiting",
                "attempts": 0,
                "claimed_until": None,
                "ran_at": None,
                "fault": None,
            },
            where=Task.state != "done",
        ).execution_options(synchronize_session=False)
    )


async def drop(
    tx: AsyncSession,
    about: str | Collection[str],
    *,
    kinds: Collection[str] | None = None,
    fault: str = "no_longer",
) -> int:
    """Let nothing that waits be done about these any more; how many were dropped.

    ``kinds`` None: of every kind. The rows stay, for the page that says what became of them.
    """
    gone = await tx.execute(
        update(Task)
        .where(_about(about, kinds), Task.state == "waiting")
        .values(state="dropped", fault=fault, claimed_until=None)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(gone, "rowcount", 0))


async def forget(tx: AsyncSession, about: str | Collection[str]) -> None:
    """Erase every row about these, done or not: for what is erased itself."""
    await tx.execute(
        delete(Task).where(_about(about, None)).execution_options(synchronize_session=False)
    )


async def list_waiting(tx: AsyncSession, about: str) -> set[tuple[str, int]]:
    """What waits to be done about this: kind and round of each."""
    rows = await tx.execute(
        select(Task.kind, Task.round).where(Task.about == about, Task.state == "waiting")
    )
    return {(kind, round_) for kind, round_ in rows}


def is_late(task: Task, now: datetime) -> bool:
    """True where the hub was off when it should have been done, so that a mail ought to say so."""
    return now - task.due_at > LATE


async def find_task(tx: AsyncSession, task_id: str) -> Task:
    """Raises NotFound."""
    task = await tx.get(Task, task_id)
    if task is None:
        raise NotFound("task_not_found")
    return task


async def list_tasks(
    tx: AsyncSession,
    *,
    states: Collection[str],
    after: str | None = None,
    limit: int = PAGE,
) -> list[Task]:
    """Tasks in these states: what waits by when it is due, everything else latest first.

    ``after`` is the id of the last one on the page before; one that is gone begins from the start.
    """
    coming = set(states) == {"waiting"}
    at: Any = Task.due_at if coming else func.coalesce(Task.ran_at, Task.due_at)
    query = select(Task).where(Task.state.in_(states))
    last = await tx.get(Task, after) if after else None
    if last is not None and coming:
        query = query.where(or_(at > last.due_at, (at == last.due_at) & (Task.id > last.id)))
    elif last is not None:
        seen = last.ran_at or last.due_at
        query = query.where(or_(at < seen, (at == seen) & (Task.id > last.id)))
    order: Iterable[Any] = (at, Task.id) if coming else (at.desc(), Task.id)
    return list(await tx.scalars(query.order_by(*order).limit(limit)))


async def count_tasks(tx: AsyncSession) -> Counts:
    """How many there are of each sort."""
    rows = await tx.execute(
        select(Task.state, func.count(), func.count().filter(Task.attempts > 0)).group_by(
            Task.state
        )
    )
    found = {state: (whole, tried) for state, whole, tried in rows}
    waiting, tried = found.get("waiting", (0, 0))
    return Counts(
        waiting=waiting,
        in_trouble=tried,
        failed=found.get("failed", (0, 0))[0],
        missed=found.get("missed", (0, 0))[0],
    )


def _about(about: str | Collection[str], kinds: Collection[str] | None) -> ColumnElement[bool]:
    wanted = [about] if isinstance(about, str) else list(about)
    clause = Task.about.in_(wanted)
    return clause if kinds is None else clause & Task.kind.in_(list(kinds))
