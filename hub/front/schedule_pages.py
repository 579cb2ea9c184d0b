"""What the hub does by the clock: what is coming, what ran, what failed and why; for facilitators.

The call is part of the public description, the page is not.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.db import Database
from hub.errors import Refusal
from hub.mail.actions import count_mails
from hub.people.door import Asking, check_runs
from hub.people.models import Account
from hub.people.pages import page
from hub.render import Renderer
from hub.schedule.actions import PAGE, find_task
from hub.schedule.jobs import Runner, run_now
from hub.schedule.views import PARTS, read_counts, read_part, task_view
from hub.web import Db, Render, Time, language_of, see_other

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["schedule"])
# How many of each part the page shows before it says that there are more.
AT_FIRST = 10
Part = Literal["coming", "failed", "missed", "ran", "dropped"]
Id = Annotated[str | None, Query(max_length=60)]


class TaskOut(BaseModel):
    """One thing that is done once, at its time."""

    id: str
    kind: str
    about: str = Field(description="The meeting, session, summary or person that it is about")
    path: str | None = Field(description="Its page, where it has one")
    round: int = Field(description="Counts what comes more than once")
    title: dict[str, str]
    state: Literal["waiting", "done", "missed", "dropped", "failed"]
    due_at: str
    until_at: str | None = Field(description="Too late to help after this")
    ran_at: str | None
    attempts: int
    fault: str | None = Field(description="Why it was missed, dropped or failed, as a code")
    count: int = Field(description="What it came to: a number of mails, for instance")
    late: bool = Field(description="It should have been done long ago")
    can_run: bool


class TaskCounts(BaseModel):
    waiting: int
    in_trouble: int = Field(description="Of those that wait: tried in vain at least once")
    failed: int
    missed: int


class MailCounts(BaseModel):
    waiting: int
    in_trouble: int = Field(description="Of those that wait: tried in vain at least once")
    failed: int = Field(description="Given up in the last 30 days")


class ScheduleOut(BaseModel):
    """Timed work of one sort; ``next`` goes into ``after``."""

    items: list[TaskOut]
    next: str | None
    looked_at: str | None = Field(description="When this process last looked for work that is due")
    tasks: TaskCounts
    mails: MailCounts


@api.get("/schedule")
async def get_schedule_items(
    request: Request,
    caller: Asking,
    database: Db,
    clock: Time,
    part: Part = "coming",
    after: Id = None,
    limit: Annotated[int, Query(ge=1, le=200)] = PAGE,
) -> ScheduleOut:
    """Timed work: what is coming by when it is due, all else latest first (facilitators)."""
    check_runs(caller)
    async with database.reading() as tx:
        found = await read_part(tx, part, after=after, limit=limit, now=clock.now())
        state = await _state(request, tx, clock)
    return ScheduleOut.model_validate({**found, **state})


@api.post("/schedule/{task_id}/run")
async def post_run_call(
    task_id: str, request: Request, caller: Asking, database: Db, clock: Time
) -> TaskOut:
    """Do one now: before its time, or again after it has failed (facilitators)."""
    account = check_runs(caller)
    await _run(request, database, task_id, account, clock)
    async with database.reading() as tx:
        return TaskOut.model_validate(task_view(await find_task(tx, task_id), now=clock.now()))


@router.get("/schedule")
async def get_schedule(
    request: Request, caller: Asking, database: Db, renderer: Render, clock: Time
) -> Response:
    """What is coming, what ran, what was missed and what failed."""
    check_runs(caller)
    return await _schedule_page(request, database, renderer, clock)


@router.post("/schedule/{task_id}/run")
async def post_run(
    task_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    clock: Time,
) -> Response:
    """Do one now; the page again, with what became of it."""
    account = check_runs(caller)
    try:
        await _run(request, database, task_id, account, clock)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        refused = renderer.refusal(language_of(request), refusal)
        return await _schedule_page(
            request, database, renderer, clock, refusal.status, refused=refused
        )
    return see_other(f"/schedule?ran={task_id}")


async def _run(
    request: Request, database: Database, task_id: str, account: Account, clock: Time
) -> None:
    runner: Runner = request.app.state.runner
    await run_now(runner, task_id)
    async with database.transaction() as tx:
        await note(tx, "task_run", actor=account.id, subject=task_id, now=clock.now())


async def _schedule_page(
    request: Request,
    database: Database,
    renderer: Renderer,
    clock: Time,
    status: int = 200,
    **more: Any,
) -> Response:
    asked, now = request.query_params, clock.now()
    chosen = asked.get("part", "")
    shown = (chosen,) if chosen in PARTS else tuple(PARTS)
    limit, after = (PAGE, asked.get("after")) if chosen in PARTS else (AT_FIRST, None)
    async with database.reading() as tx:
        parts = {
            name: await read_part(tx, name, after=after, limit=limit, now=now) for name in shown
        }
        state = await _state(request, tx, clock)
        ran = await _ran(tx, asked.get("ran", ""), clock)
    return page(
        request,
        renderer,
        "front/schedule.html",
        status,
        schedule=state,
        parts=parts,
        chosen=chosen if chosen in PARTS else "",
        ran=ran,
        **more,
    )


async def _state(request: Request, tx: AsyncSession, clock: Time) -> dict[str, Any]:
    runner: Runner = request.app.state.runner
    looked_at = runner.looked_at
    return {
        "looked_at": looked_at.isoformat().replace("+00:00", "Z") if looked_at else None,
        "tasks": await read_counts(tx),
        "mails": asdict(await count_mails(tx, now=clock.now())),
    }


async def _ran(tx: AsyncSession, task_id: str, clock: Time) -> dict[str, Any] | None:
    """The task that was just run by hand, where there is one."""
    try:
        return task_view(await find_task(tx, task_id), now=clock.now()) if task_id else None
    except Refusal:
        return None
