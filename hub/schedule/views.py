"""Timed work as pages and calls see it: codes, ids, times and titles."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from hub.schedule.actions import FAULTS, count_tasks, is_late, list_tasks
from hub.schedule.models import Task

# What may be asked for, and the states it shows.
PARTS: Final = {
    "coming": ("waiting",),
    "failed": ("failed",),
    "missed": ("missed",),
    "ran": ("done",),
    "dropped": ("dropped",),
}
# Where what a task is about has a page, by the first letter of its id.
PAGES: Final = {"s_": "/sessions/", "w_": "/workshops/", "u_": "/summaries/"}


def task_view(task: Task, *, now: datetime) -> dict[str, Any]:
    """One task, without anybody's words."""
    page = PAGES.get(task.about[:2])
    return {
        "id": task.id,
        "kind": task.kind,
        "about": task.about,
        "path": f"{page}{task.about}" if page else None,
        "round": task.round,
        "title": task.title,
        "state": task.state,
        "due_at": _moment(task.due_at),
        "until_at": _moment(task.until_at),
        "ran_at": _moment(task.ran_at),
        "attempts": task.attempts,
        "fault": task.fault if task.fault is None or task.fault in FAULTS else "broke",
        "count": task.count,
        "late": task.state == "waiting" and is_late(task, now),
        "can_run": task.state in ("waiting", "failed")
        and (task.until_at is None or task.until_at > now),
    }


async def read_part(
    tx: AsyncSession, part: str, *, after: str | None, limit: int, now: datetime
) -> dict[str, Any]:
    """The tasks of one of PARTS from the one after ``after`` on, and where the next page begins."""
    found = await list_tasks(tx, states=PARTS[part], after=after, limit=limit + 1)
    items = [task_view(task, now=now) for task in found[:limit]]
    return {"items": items, "next": items[-1]["id"] if len(found) > limit else None}


async def read_counts(tx: AsyncSession) -> dict[str, int]:
    """How many tasks wait, wait after a try in vain, have failed and were missed."""
    return asdict(await count_tasks(tx))


def _moment(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
