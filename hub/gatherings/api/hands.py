"""The speaking queue."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from hub.gatherings import actions, shapes
from hub.gatherings.models import (
    Gathering,
    access_gathering,
)
from hub.gatherings.screens import Room
from hub.people.door import Asking, check_active, check_reads, check_runs, check_seat

router = APIRouter(prefix="/api/v1", tags=["sessions"])


@router.get("/sessions/{session_id}/hand")
async def get_hands(session_id: str, caller: Asking, screens: Room) -> shapes.Queue:
    """The speaking queue, first raised first."""
    check_reads(caller, session_id)
    async with screens.database.reading() as tx:
        await access_gathering(tx, session_id)
        return shapes.Queue.model_validate({"items": await screens.queue(tx, session_id)})


@router.post("/sessions/{session_id}/hand")
async def post_hand(session_id: str, caller: Asking, screens: Room) -> shapes.Queue:
    """Raise one's hand; once is enough."""
    seat = check_active(caller, session_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.Queue:
        await actions.raise_hand(tx, gathering, seat, now=screens.clock.now())
        return shapes.Queue.model_validate({"items": await screens.queue(tx, session_id)})

    return await screens.carry_out(session_id, change)


@router.delete("/sessions/{session_id}/hand")
async def delete_hand(session_id: str, caller: Asking, screens: Room) -> shapes.Queue:
    """Lower one's hand."""
    seat = check_seat(caller, session_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.Queue:
        await actions.lower_hand(tx, gathering, seat, now=screens.clock.now())
        return shapes.Queue.model_validate({"items": await screens.queue(tx, session_id)})

    return await screens.carry_out(session_id, change)


@router.post("/sessions/{session_id}/floor")
async def post_floor(
    session_id: str, body: shapes.FloorIn, caller: Asking, screens: Room
) -> shapes.Queue:
    """Give somebody the floor (facilitators)."""
    account = check_runs(caller)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.Queue:
        await actions.give_floor(
            tx,
            gathering,
            participant_id=body.participant,
            account=account,
            now=screens.clock.now(),
        )
        return shapes.Queue.model_validate({"items": await screens.queue(tx, session_id)})

    return await screens.carry_out(session_id, change)
