"""The board of recommendations: what was agreed on in public records, and what became of it.

Source: dissemination.md, "Life cycle"; the design's insights page, fourth plot.
"""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from hub.front import reading
from hub.gatherings.doorway import may_follow_up
from hub.gatherings.rules import PROGRESS
from hub.gatherings.table import safe_cell
from hub.gatherings.visit import Here
from hub.programme.models import list_cases

router = APIRouter(include_in_schema=False)
# As the design's data file has them.
CSV_COLUMNS = ("done", "doing", "open", "dropped")
CSV_SESSIONS = 500
Id = Annotated[str, Query(max_length=60)]


@router.get("/recommendations")
async def get_board(
    visit: Here, case: Id = "", session: Id = "", status: str = "", after: Id = ""
) -> Response:
    """For everybody: of published records alone."""
    async with visit.screens.database.reading() as tx:
        cases = await list_cases(tx)
        known = {each.id for each in cases}
        chosen = case if case in known else ""
        forums, later = await reading.read_board(
            tx, case_id=chosen or None, session_id=session or None, after=after or None
        )
    only = status if status in PROGRESS else ""
    return visit.page(
        "front/board.html",
        forums=forums,
        listed=[_only(forum, only) for forum in forums if not only or forum["counts"][only]],
        counts=reading.count_all(forums),
        cases=[{"id": each.id, "name": each.name} for each in cases],
        case=chosen,
        session=session,
        only=only,
        next=later,
        statuses=PROGRESS,
        leads=visit.caller.runs,
        may_follow_up=may_follow_up(visit.caller),
    )


def _only(forum: dict[str, Any], status: str) -> dict[str, Any]:
    listed = forum["recommendations"]
    return {**forum, "recommendations": [r for r in listed if not status or r["status"] == status]}


@router.get("/recommendations.csv")
async def get_board_csv(visit: Here, case: Id = "", session: Id = "") -> Response:
    """The numbers of the plot: one line for each session."""
    async with visit.screens.database.reading() as tx:
        forums, _ = await reading.read_board(
            tx, case_id=case or None, session_id=session or None, limit=CSV_SESSIONS
        )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("forum", *CSV_COLUMNS))
    for forum in reversed(forums):
        title = forum["title"].get(visit.language) or next(iter(forum["title"].values()), "")
        writer.writerow((safe_cell(str(title)), *(forum["counts"][name] for name in CSV_COLUMNS)))
    return Response(
        out.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="recommendations.csv"'},
    )
