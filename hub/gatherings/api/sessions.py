"""Sessions: planning, reading, being ready, asking for time, leaving; and the moves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid
from hub.gatherings import actions, rules, shapes
from hub.gatherings.api.formats import Shelf
from hub.gatherings.models import (
    Gathering,
    access_gathering,
    list_events,
    list_gatherings,
)
from hub.gatherings.screens import Room
from hub.people.door import Asking, check_active, check_reads, check_runs, check_seat
from hub.people.models import Account
from hub.programme.models import find_case

router = APIRouter(prefix="/api/v1", tags=["sessions"])
# Joined last: its address matches any word.
moves = APIRouter(prefix="/api/v1", tags=["sessions"])
MoveName = Literal["open", "start", "advance", "extend", "pause", "resume", "reopen", "close"]


@router.get("/sessions")
async def get_sessions(
    caller: Asking,
    screens: Room,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> shapes.Sessions:
    """Sessions, newest first (facilitators)."""
    check_runs(caller)
    async with screens.database.reading() as tx:
        listed = await list_gatherings(tx, after=after, limit=limit + 1)
        found = [await screens.session(tx, g, full=False) for g in listed[:limit]]
    more = listed[limit - 1].id if len(listed) > limit else None
    return shapes.Sessions.model_validate({"items": found, "next": more})


@router.post("/sessions", status_code=201)
async def post_session(
    body: shapes.SessionIn, caller: Asking, screens: Room, shelf: Shelf, request: Request
) -> shapes.SessionOut:
    """Plan a session (facilitators). A dialogue goes through its steps once for each principle."""
    account = check_runs(caller)
    async with screens.database.transaction() as tx:
        if body.case and await find_case(tx, body.case) is None:
            raise Invalid({"/case": "case_unknown"})
        gathering = await actions.plan_gathering(
            tx,
            account=account,
            format_data=shelf.data(body.format),
            title=body.title.model_dump(),
            now=screens.clock.now(),
            case_id=body.case,
            follows=body.follows,
            charter=body.charter,
            principles=body.principles,
            access=body.access,
            guarded=body.guarded,
            support=body.support.model_dump() if body.support else None,
            starts_at=body.starts_at,
            minutes=body.minutes,
            demonstration=request.app.state.demonstration,
        )
        return await _session(screens, tx, gathering)


async def _session(screens: Room, tx: AsyncSession, gathering: Gathering) -> shapes.SessionOut:
    return shapes.SessionOut.model_validate(await screens.session(tx, gathering))


@router.get("/sessions/{session_id}")
async def get_session(session_id: str, caller: Asking, screens: Room) -> shapes.SessionOut:
    """One session, for those who may read it."""
    check_reads(caller, session_id)
    screens.visited(session_id, caller.seat(session_id))
    async with screens.database.reading() as tx:
        return await _session(screens, tx, await access_gathering(tx, session_id))


@router.post("/sessions/{session_id}/ready")
async def post_ready(session_id: str, caller: Asking, screens: Room) -> shapes.SessionOut:
    """The participant is ready to begin."""
    seat = check_active(caller, session_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.SessionOut:
        await actions.get_ready(tx, gathering, seat, now=screens.clock.now())
        return await _session(screens, tx, gathering)

    return await screens.carry_out(session_id, change)


@router.post("/sessions/{session_id}/leave", status_code=204)
async def post_leave(session_id: str, caller: Asking, screens: Room) -> Response:
    """Leave the session. What was said stays unless it is taken back."""
    seat = check_seat(caller, session_id)
    await screens.carry_out(
        session_id, lambda tx, g: actions.leave(tx, g, seat, now=screens.clock.now())
    )
    if screens.live:
        await screens.live.remove(session_id, seat.id)
    return Response(status_code=204)


@router.post("/sessions/{session_id}/more-time")
async def post_more_time(session_id: str, caller: Asking, screens: Room) -> shapes.SessionOut:
    """Ask for more time in this phase; the facilitator sees how many did."""
    seat = check_active(caller, session_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.SessionOut:
        await actions.ask_for_more_time(tx, gathering, seat, now=screens.clock.now())
        return await _session(screens, tx, gathering)

    return await screens.carry_out(session_id, change)


@moves.post("/sessions/{session_id}/{move}")
async def post_move(
    session_id: str,
    move: MoveName,
    caller: Asking,
    screens: Room,
    body: shapes.MoveIn | None = None,
) -> shapes.SessionOut:
    """Open, start, advance, extend, pause, resume, reopen or close a session (facilitators)."""
    account = check_runs(caller)
    return shapes.SessionOut.model_validate(
        await carry_out_move(screens, session_id, move, body or shapes.MoveIn(), account)
    )


async def share_before_leaving(screens: Room, tx: AsyncSession, gathering: Gathering) -> None:
    """Ratings that nobody waits for any more: those who are not here need not answer."""
    principle = actions.principle_id(gathering)
    if principle is not None and gathering.state == "running":
        present = (await screens.presence(tx, gathering.id)).groups
        await actions.share_ratings(
            tx, gathering, principle, present=present, now=screens.clock.now()
        )


async def carry_out_move(
    screens: Room, session_id: str, name: MoveName, body: shapes.MoveIn, account: Account
) -> dict[str, Any]:
    """One move by a facilitator. Raises Refusal where the state forbids it; nothing changes."""

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        now, stage, form = screens.clock.now(), gathering.stage, gathering.form
        if name == "advance":
            exit_ = await screens.exit(tx, gathering, form)
            await share_before_leaving(screens, tx, gathering)
            events = [e.event for e in await list_events(tx, session_id)]
            event = rules.advance(
                stage,
                form,
                now,
                exit_met=bool(exit_ and exit_.met),
                force=body.force,
                reason=body.reason.strip(),
                cuts=rules.cuts_of(events),
            )
        elif name == "extend":
            event = rules.extend(stage, now, minutes=body.minutes)
            await actions.take_time_from_plan(
                tx, gathering, seconds=body.minutes * 60, account=account, now=now
            )
        elif name in ("start", "reopen"):
            event = getattr(rules, name)(stage, form, now)
        else:
            plain = {"open": rules.open_room, "pause": rules.pause, "resume": rules.resume}
            event = plain.get(name, rules.close)(stage, now)
        await actions.move(
            tx, gathering, event, account=account, kind=name, reason=body.reason.strip()
        )
        return await screens.session(tx, gathering)

    return await screens.carry_out(session_id, change)
