"""The words that a session agrees on."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound
from hub.gatherings import actions, shapes, views
from hub.gatherings.models import Gathering, access_gathering
from hub.gatherings.screens import Room, Screens
from hub.people.door import Asking, check_reads, check_runs
from hub.people.models import Account

router = APIRouter(prefix="/api/v1", tags=["sessions"])


@router.get("/sessions/{session_id}/terms")
async def get_terms(session_id: str, caller: Asking, screens: Room) -> shapes.Terms:
    """The terms that this session has added to the glossary, oldest first."""
    check_reads(caller, session_id)
    async with screens.database.reading() as tx:
        await access_gathering(tx, session_id)
        found = [views.term_view(t) for t in await actions.list_session_terms(tx, session_id)]
    return shapes.Terms.model_validate({"items": found})


@router.post("/sessions/{session_id}/terms", status_code=201)
async def post_term(
    session_id: str, body: shapes.TermIn, caller: Asking, screens: Room
) -> shapes.TermOut:
    """Add a term (facilitators). What the machine translated and it touches is done again."""
    account = check_runs(caller)
    draft = actions.TermDraft(**body.model_dump())
    return shapes.TermOut.model_validate(await add_term(screens, session_id, account, draft))


async def add_term(
    screens: Screens, session_id: str, account: Account, draft: actions.TermDraft
) -> dict[str, Any]:
    """A view of the new term. Raises Invalid, Refusal, NotFound."""

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        added = await actions.add_term(
            tx, gathering, draft, account=account, now=screens.clock.now()
        )
        return views.term_view(added)

    return await screens.carry_out(session_id, change)


@router.put("/terms/{term_id}")
async def put_term(
    term_id: str, body: shapes.TermIn, caller: Asking, screens: Room
) -> shapes.TermOut:
    """Change a term of a session (facilitators)."""
    account = check_runs(caller)
    draft = actions.TermDraft(**body.model_dump())
    return shapes.TermOut.model_validate(await change_term(screens, term_id, account, draft))


@router.delete("/terms/{term_id}", status_code=204)
async def delete_term(term_id: str, caller: Asking, screens: Room) -> Response:
    """Take a term of a session away (facilitators)."""
    await change_term(screens, term_id, check_runs(caller), None)
    return Response(status_code=204)


async def change_term(
    screens: Screens, term_id: str, account: Account, draft: actions.TermDraft | None
) -> dict[str, Any]:
    """A view of the term as it was changed, or as it was where there is no draft: it goes."""
    session_id = await session_of_term(screens, term_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        now = screens.clock.now()
        added = await actions.access_term(tx, term_id)
        if draft is None:
            await actions.remove_term(tx, gathering, added, account=account, now=now)
        else:
            await actions.change_term(tx, gathering, added, draft, account=account, now=now)
        return views.term_view(added)

    return await screens.carry_out(session_id, change)


async def session_of_term(screens: Screens, term_id: str) -> str:
    """Whose term it is. Raises NotFound, for one that is kept for all too: no session has it."""
    async with screens.database.reading() as tx:
        added = await actions.access_term(tx, term_id)
    if added.gathering_id is None:
        raise NotFound("term_not_found")
    return added.gathering_id
