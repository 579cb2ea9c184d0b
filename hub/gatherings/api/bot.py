"""The chatbot: its waiting lines, sent, dropped and muted."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from hub.gatherings import actions, shapes, views
from hub.gatherings.models import (
    Contribution,
    Gathering,
    access_bot_line,
    access_gathering,
    list_bot_lines,
)
from hub.gatherings.screens import Room, Screens
from hub.people.door import Asking, check_runs
from hub.people.models import Account

router = APIRouter(prefix="/api/v1", tags=["sessions"])


async def read_bot(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
    waiting = await list_bot_lines(tx, gathering.id, states=("waiting",))
    return {"muted": gathering.bot_muted, "items": [views.bot_line_view(line) for line in waiting]}


@router.get("/sessions/{session_id}/bot")
async def get_bot(session_id: str, caller: Asking, screens: Room) -> shapes.BotOut:
    """The chatbot's next and waiting lines (facilitators)."""
    check_runs(caller)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        return shapes.BotOut.model_validate(await read_bot(tx, gathering))


@router.put("/sessions/{session_id}/bot")
async def put_bot(
    session_id: str, body: shapes.MuteIn, caller: Asking, screens: Room
) -> shapes.BotOut:
    """Mute the chatbot, or let it speak again (facilitators)."""
    account = check_runs(caller)

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        await actions.mute_bot(
            tx, gathering, muted=body.muted, account=account, now=screens.clock.now()
        )
        return await read_bot(tx, gathering)

    return shapes.BotOut.model_validate(await screens.carry_out(session_id, change))


@router.post("/sessions/{session_id}/bot/{line_id}/{decision}")
async def post_bot_line(
    session_id: str,
    line_id: str,
    decision: Literal["send", "drop"],
    caller: Asking,
    screens: Room,
    body: shapes.BotTextIn | None = None,
) -> shapes.BotOut:
    """Send a waiting line now, perhaps in other words, or drop it (facilitators)."""
    account = check_runs(caller)
    texts = body.text.model_dump() if body and body.text else None
    return shapes.BotOut.model_validate(
        await decide_bot_line(screens, session_id, line_id, decision, account, texts)
    )


async def decide_bot_line(
    screens: Screens,
    session_id: str,
    line_id: str,
    decision: str,
    account: Account,
    texts: dict[str, str] | None,
) -> dict[str, Any]:
    async def change(
        tx: AsyncSession, gathering: Gathering
    ) -> tuple[dict[str, Any], Contribution | None]:
        line = await access_bot_line(tx, session_id, line_id)
        now, said = screens.clock.now(), None
        if decision == "send":
            said = await actions.send_bot_line(
                tx, gathering, line, account=account, now=now, texts=texts
            )
        else:
            await actions.drop_bot_line(tx, gathering, line, account=account, now=now)
        return await read_bot(tx, gathering), said

    view, said = await screens.carry_out(session_id, change)
    if said is not None:
        await screens.tell_one(said)
    return view
