"""The round of comment: what has changed, read and commented on by those who took part."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from hub.charters import actions, api, rules, workbench
from hub.charters.actions.talking import COMMENT_LIMIT
from hub.charters.models import list_comments, took_part
from hub.charters.reading import changes_since, read_whole, wrong
from hub.errors import Forbidden, Refusal, Unauthorised
from hub.language.actions import translate
from hub.language.api import MemoryDep, TranslatorDep
from hub.language.text import Language, other
from hub.people.door import Asking, Caller
from hub.people.models import Participant
from hub.people.pages import page
from hub.people.rules import clean_text, is_blank
from hub.web import Db, RateLimits, Render, Time, read_form, see_other

router = APIRouter(include_in_schema=False)
COMMENT_RULE = "30 per minute"


async def _seat(tx: Any, caller: Caller, charter_id: str) -> Participant | None:
    """The caller's seat in a dialogue on the charter. Raises Unauthorised, Forbidden.

    None for an editor, who reads along.
    """
    if caller.is_nobody:
        raise Unauthorised
    seats = {key: seat for key, seat in caller.seats.items() if seat.left_at is None}
    there = await took_part(tx, charter_id, list(seats)) if seats else set()
    if there:
        return seats[max(there, key=lambda key: seats[key].joined_at)]
    if not caller.edits:
        raise Forbidden("comment_took_part")
    return None


async def _page(
    charter_id: str,
    request: Request,
    caller: Caller,
    database: Db,
    renderer: Render,
    clock: Time,
    status: int = 200,
    **more: Any,
) -> Response:
    async with database.reading() as tx:
        whole = await read_whole(tx, charter_id)
        seat = await _seat(tx, caller, charter_id)
        comments = await list_comments(
            tx,
            charter_id,
            participant_ids=None if seat is None else [each.id for each in caller.seats.values()],
        )
        names = await workbench.names_of(tx, (), comments)
    asked = [c for c in comments if c.round is not None]
    # Those who took part may read what they have talked about, whoever else may.
    charter = whole.view(full=True)
    listed = changes_since(whole)
    return page(
        request,
        renderer,
        "charters/comment.html",
        status,
        **{
            "charter": charter,
            "languages": ["sv", "en"],
            "changes": listed if listed and listed["to"] is None else None,
            "round_open": rules.round_is_open(whole.state, clock.now()),
            "took_part": seat is not None,
            "comments": {
                principle: workbench.comments_of(asked, names, principle)
                for principle in (None, *(p["id"] for p in charter["principles"]))
            },
            "client_id": uuid.uuid4().hex,
            **more,
        },
    )


@router.get("/charters/{charter_id}/comment")
async def get_comment(
    charter_id: str, request: Request, caller: Asking, database: Db, renderer: Render, clock: Time
) -> Response:
    """What has changed, and one's own comments; an editor sees everybody's."""
    return await _page(charter_id, request, caller, database, renderer, clock)


@router.post("/charters/{charter_id}/comment")
async def post_comment(
    charter_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    clock: Time,
    translator: TranslatorDep,
    memory: MemoryDep,
    limits: RateLimits,
) -> Response:
    """A comment on a principle, or on all, in the writer's own language."""
    form = await read_form(request)
    async with database.reading() as tx:
        seat = await _seat(tx, caller, charter_id)
    if seat is None:
        raise Forbidden("comment_took_part")
    await limits.check(COMMENT_RULE, "charter-comment", seat.id)
    principle_id = form.get("principle") or None
    try:
        text, language = form.get("text", ""), _language(form, seat)
        made = await _translated(translator, memory, text, language)
        async with database.transaction() as tx:
            await actions.add_comment(
                tx,
                charter_id,
                principle_id=principle_id,
                client_id=form.get("client_id", ""),
                text=text,
                language=language,
                translation=made,
                participant=seat,
                now=clock.now(),
            )
    except Refusal as refusal:
        if refusal.status in (401, 403):
            raise
        said = wrong(request, renderer, refusal)
        return await _page(
            charter_id,
            request,
            caller,
            database,
            renderer,
            clock,
            refusal.status,
            values=form,
            **said,
        )
    return see_other(f"/charters/{charter_id}/comment#{principle_id or 'all'}")


@router.post("/charters/{charter_id}/comment/{comment_id}/remove")
async def post_remove(charter_id: str, comment_id: str, caller: Asking, database: Db) -> Response:
    """Take one's own comment back: it is erased."""
    await api.delete_comment(charter_id, comment_id, caller, database)
    return see_other(f"/charters/{charter_id}/comment")


def _language(form: Mapping[str, str], seat: Participant) -> Language:
    chosen = form.get("language") or seat.language
    return "en" if chosen == "en" else "sv"


async def _translated(
    translator: TranslatorDep, memory: MemoryDep, text: str, language: Language
) -> dict[str, str] | None:
    """The comment in the other language, for editors who do not read the first."""
    text = clean_text(text)
    if is_blank(text) or len(text) > COMMENT_LIMIT:
        return None
    made = await translate(
        translator, text, source=language, target=other(language), database=memory
    )
    return {"text": made.text, "status": made.status} if made.status != "failed" else None
