"""What the session leaves."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from hub.audit.actions import note
from hub.gatherings import actions
from hub.gatherings.doorway import read_record, record_for
from hub.gatherings.record import as_markdown
from hub.gatherings.screens import Room, Screens
from hub.people.door import Asking, check_runs
from hub.people.models import Account
from hub.web import Render, language_of

router = APIRouter(prefix="/api/v1", tags=["sessions"])


@router.get("/sessions/{session_id}/record", responses={200: {"content": {"text/markdown": {}}}})
async def get_record(
    session_id: str,
    caller: Asking,
    screens: Room,
    renderer: Render,
    request: Request,
    format: Literal["json", "md"] = "json",
    language: Literal["sv", "en"] | None = None,
) -> Response:
    """What the session produced, phase by phase; public once published. JSON or Markdown."""
    record = await record_for(screens, caller, session_id)
    if caller.account is not None:
        await _note_export(screens, caller.account, session_id, form=format)
    if format == "md":
        reader = language or language_of(request)
        text = as_markdown(record, reader, lambda words: renderer.say(reader, words))
        return PlainTextResponse(text, media_type="text/markdown; charset=utf-8")
    return json_answer(record)


async def _note_export(screens: Screens, account: Account, session_id: str, *, form: str) -> None:
    async with screens.database.transaction() as tx:
        await note(
            tx,
            "exported",
            actor=account.id,
            now=screens.clock.now(),
            gathering_id=session_id,
            what="record",
            format=form,
        )


def json_answer(data: dict[str, Any]) -> Response:
    return JSONResponse(data)


@router.post("/sessions/{session_id}/record/publish")
async def post_publish(session_id: str, caller: Asking, screens: Room) -> Response:
    """Publish the record, seven days after the session at the earliest (facilitators)."""
    account = check_runs(caller)
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.publish_record(tx, g, account=account, now=screens.clock.now()),
    )
    async with screens.database.reading() as tx:
        return json_answer(await read_record(screens, tx, session_id))
