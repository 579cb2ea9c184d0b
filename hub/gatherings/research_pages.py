"""Pages for research: which sessions there are, taking out a table, looking up a pseudonym."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from hub.errors import Invalid, Refusal
from hub.gatherings.api.research import RESEARCHES, answer_table, look_up
from hub.gatherings.models import access_gathering, list_gatherings
from hub.gatherings.views import moment
from hub.gatherings.visit import Here, Visit
from hub.people.door import check_admin, check_role
from hub.web import read_form

router = APIRouter(include_in_schema=False)


@router.get("/research")
async def get_research(visit: Here) -> Response:
    """The sessions that have begun, for those who do research on them."""
    check_role(visit.caller, RESEARCHES)
    return await _list_page(visit)


async def _list_page(visit: Visit, status: int = 200, **extra: Any) -> Response:
    account = check_role(visit.caller, RESEARCHES)
    async with visit.screens.database.reading() as tx:
        found = await list_gatherings(tx, states=("running", "paused", "closed"))
    sessions = [
        {
            "id": g.id,
            "title": g.title,
            "state": g.state,
            "held_at": moment(g.started_at),
            "demonstration": g.demonstration,
            "purged_at": moment(g.purged_at),
        }
        for g in found
    ]
    context = {"sessions": sessions, "may_look_up": account.role == "admin", "found": None, **extra}
    return visit.page("gatherings/research_list.html", status, **context)


@router.post("/research/keys")
async def post_key(visit: Here) -> Response:
    """Who is behind a pseudonym; the answer is shown once, on the page itself."""
    account = check_admin(visit.caller)
    form = await read_form(visit.request)
    try:
        if not form.get("pseudonym", "").strip():
            raise Invalid({"/pseudonym": "pseudonym_missing"})
        found = await look_up(visit.screens, form["pseudonym"], account)
    except Refusal as refusal:
        return await _list_page(visit, refusal.status, values=form, **visit.wrong(refusal))
    return await _list_page(visit, found=found.model_dump(), values=form)


@router.get("/sessions/{session_id}/research")
async def get_table(session_id: str, visit: Here) -> Response:
    """What the table holds and what it leaves out, and the reason for taking it out."""
    check_role(visit.caller, RESEARCHES)
    return await _table_page(visit, session_id)


async def _table_page(visit: Visit, session_id: str, status: int = 200, **extra: Any) -> Response:
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
    session = {
        "id": gathering.id,
        "title": gathering.title,
        "held_at": moment(gathering.started_at),
        "demonstration": gathering.demonstration,
        "purged_at": moment(gathering.purged_at),
    }
    return visit.page("gatherings/research.html", status, session=session, **extra)


@router.post("/sessions/{session_id}/research")
async def post_table(session_id: str, visit: Here) -> Response:
    """Take the table out."""
    account = check_role(visit.caller, RESEARCHES)
    form = await read_form(visit.request)
    try:
        return await answer_table(visit.screens, session_id, account, form.get("reason", ""))
    except Invalid as refusal:
        wrong = visit.wrong(refusal)
        return await _table_page(visit, session_id, refusal.status, values=form, **wrong)
