"""The page of one case study: what it is, what is on, what came out, what has happened since."""

from __future__ import annotations

from fastapi import APIRouter, Response

from hub.front import reading
from hub.front.home_pages import AUDIENCES
from hub.gatherings.views import case_view
from hub.gatherings.visit import Here

router = APIRouter(include_in_schema=False)


@router.get("/cases/{case_id}")
async def get_case(case_id: str, visit: Here) -> Response:
    """For everybody."""
    now = visit.screens.clock.now()
    async with visit.screens.database.reading() as tx:
        case = await reading.access_case(tx, case_id)
        coming = await reading.read_coming(tx, now=now, case_id=case_id)
        out = await reading.read_out(tx, case_id=case_id)
        news = await reading.read_news(tx, case_id=case_id)
        forums, _ = await reading.read_board(tx, case_id=case_id)
    return visit.page(
        "front/case.html",
        case=case_view(case),
        coming=coming,
        out=out,
        news=news,
        audiences=AUDIENCES,
        forums=forums,
        counts=reading.count_all(forums),
    )
