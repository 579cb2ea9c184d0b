"""The page where those who took part confirm or contest what a summary says, for seven days."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound, Refusal
from hub.gatherings.models import access_gathering
from hub.gatherings.views import moment
from hub.gatherings.visit import Here, Visit
from hub.people.models import Participant
from hub.summaries import actions
from hub.summaries.actions.confirming import may_confirm
from hub.summaries.blocks import AUDIENCES, BLOCKS, LANGUAGES
from hub.summaries.doorway import access_statement, check_was_there
from hub.summaries.models import Point, Summary
from hub.summaries.reading import DEFAULT_AUDIENCE, statement_view
from hub.web import read_form, see_other

router = APIRouter(include_in_schema=False)


@router.get("/summaries/{summary_id}/points")
async def get_points_of(summary_id: str, visit: Here) -> Response:
    """Where the mail leads: to the page of one's own session."""
    async with visit.screens.database.reading() as tx:
        summary = await actions.access_summary(tx, summary_id)
    session_id = summary.gathering_id
    if session_id is None:
        raise NotFound("summary_not_found")
    check_was_there(visit.caller, session_id)
    return see_other(f"/sessions/{quote(session_id)}/summary/points")


@router.get("/sessions/{session_id}/summary/points")
async def get_points(session_id: str, visit: Here) -> Response:
    """Each statement with what one has said of it, in one's own language."""
    seat = check_was_there(visit.caller, session_id)
    return await _page(visit, session_id, seat)


@router.post("/sessions/{session_id}/summary/points")
async def post_point(session_id: str, visit: Here) -> Response:
    """Confirm or contest one statement. Faults come back with all that was typed."""
    seat = check_was_there(visit.caller, session_id)
    form = await read_form(visit.request)
    now = visit.screens.clock.now()
    try:
        async with visit.screens.database.transaction() as tx:
            summary = await actions.find_summary_of(tx, session_id)
            if summary is None:
                raise NotFound("summary_not_found")
            if form.get("act") == "lived":
                await actions.note_read_by_lived(tx, summary, now=now, seat=seat)
                at = "lived-h"
            else:
                statement = await access_statement(tx, summary, form.get("statement", ""))
                await actions.say_point(
                    tx,
                    summary,
                    statement,
                    seat=seat,
                    answer=form.get("answer", ""),
                    text=form.get("text", ""),
                    now=now,
                )
                at = statement.id
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        wrong = visit.wrong(refusal)
        return await _page(visit, session_id, seat, refusal.status, values=form, **wrong)
    return see_other(f"/sessions/{quote(session_id)}/summary/points#{at}")


async def _page(
    visit: Visit, session_id: str, seat: Participant, status: int = 200, **more: Any
) -> Response:
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        summary = await actions.find_summary_of(tx, session_id)
        asked = summary is not None and summary.confirm_from is not None
        blocks = await _blocks(tx, summary, seat) if summary is not None and asked else []
        open_ = summary is not None and may_confirm(summary, visit.screens.clock.now())
    return visit.page(
        "summaries/points.html",
        status,
        session={"id": gathering.id, "title": dict(gathering.title)},
        summary={
            "confirm_until": moment(summary.confirm_until) if summary else None,
            "read_by_lived_at": moment(summary.read_by_lived_at) if summary else None,
            "language": summary.language if summary else visit.language,
        },
        blocks=blocks,
        open=open_,
        lived=seat.group == "lived",
        **more,
    )


async def _blocks(tx: AsyncSession, summary: Summary, seat: Participant) -> list[dict[str, Any]]:
    """What the five versions say, each thing once, with what this person has said of it."""
    points = {
        p.statement_id: p
        for p in await actions.list_points(tx, summary.id)
        if p.participant_id == seat.id
    }
    found = [
        s
        for s in await actions.list_statements(tx, summary.id, removed=False)
        if any(s.texts.values())
    ]
    # What all five say in the same words is asked once, of the version that most read.
    found.sort(key=lambda s: (s.audience != DEFAULT_AUDIENCE, AUDIENCES.index(s.audience)))
    blocks: dict[str, dict[tuple[str, ...], dict[str, Any]]] = {block: {} for block in BLOCKS}
    for s in found:
        words = tuple(s.texts.get(language) or "" for language in LANGUAGES)
        place = blocks[s.block].setdefault(
            words,
            {**statement_view(s, summary, summary.gathering_id), "audiences": [], "point": None},
        )
        place["audiences"].append(s.audience)
        if point := points.get(s.id):
            place["id"], place["point"] = s.id, _point_view(point)
    return [
        {"block": block, "statements": list(there.values())}
        for block, there in blocks.items()
        if there
    ]


def _point_view(point: Point) -> dict[str, Any]:
    return {
        "answer": point.answer,
        "text": point.text,
        "language": point.language,
        "settled": point.settled,
        "settled_at": moment(point.settled_at),
    }
