"""The page about what translates here, what waits, and what to do when something is broken."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from hub.gatherings.models import count_failed, count_waiting
from hub.gatherings.visit import Here, Visit
from hub.language.queue import Queue
from hub.people.door import check_runs

router = APIRouter(include_in_schema=False)


@router.get("/translation")
async def get_translation(visit: Here) -> Response:
    """Packages in use and the queue, for facilitators."""
    account = check_runs(visit.caller)
    async with visit.screens.database.reading() as tx:
        rows = {"waiting": await count_waiting(tx), "failed": await count_failed(tx)}
    return visit.page(
        "gatherings/translation.html",
        directions=_directions(visit),
        queue=_queue(visit),
        rows=rows,
        commands=account.role == "admin",
    )


def _directions(visit: Visit) -> list[dict[str, Any]]:
    """For each direction what is in use, and what is wrong; ``problem`` is in English."""
    in_use = {package.direction: package for package in visit.translator.packages()}
    found = []
    for direction, state in visit.translator.state().items():
        package = in_use.get(direction)
        found.append(
            {
                "direction": direction,
                "state": state.partition(":")[0].partition(";")[0],
                "problem": state.partition("broken:")[2].strip(),
                "package": package
                and {
                    "version": package.version,
                    "megabytes": package.size_bytes / 1e6,
                    "bundled": package.bundled,
                    "score": package.score,
                },
            }
        )
    return found


def _queue(visit: Visit) -> dict[str, int]:
    """What this process has handed to the engine and not yet begun."""
    translator = visit.translator
    nothing = {"rooms": 0, "documents": 0}
    return translator.waiting_for if isinstance(translator, Queue) else nothing
