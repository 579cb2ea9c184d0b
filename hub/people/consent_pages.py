"""What people are asked to say yes to, for anybody to read; also what they were asked before."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from hub.errors import NotFound
from hub.people import actions
from hub.people.door import Asking
from hub.people.pages import page
from hub.people.views import text_view
from hub.web import Db, Render, Time

router = APIRouter(include_in_schema=False)


@router.get("/consent")
async def get_consent(
    request: Request, _caller: Asking, database: Db, clock: Time, renderer: Render
) -> Response:
    """The text that is in force."""
    return await _text_page(request, database, clock, renderer, version=None)


@router.get("/consent/{version}")
async def get_consent_version(
    version: str, request: Request, _caller: Asking, database: Db, clock: Time, renderer: Render
) -> Response:
    """A text as somebody once read it."""
    return await _text_page(request, database, clock, renderer, version=version)


async def _text_page(
    request: Request, database: Db, clock: Time, renderer: Render, *, version: str | None
) -> Response:
    now = clock.now()
    async with database.reading() as tx:
        in_force = await actions.version_in_force(tx, now=now)
        text = await actions.find_text(tx, version or in_force)
        known = await actions.list_kept_texts(tx, now=now)
    # What is to come is not shown before its day.
    if text.version != in_force and text.version not in {each.version for each in known}:
        raise NotFound("consent_text_not_found")
    return page(
        request,
        renderer,
        "people/consent.html",
        text=text_view(text),
        in_force=in_force,
        versions=[{"version": t.version, "date": t.data["date"]} for t in known],
    )
