"""Pages of words: what a session agrees on, and the glossary of the hub."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter, Response

from hub.errors import Refusal
from hub.gatherings import actions, views
from hub.gatherings.api.terms import add_term, change_term, session_of_term
from hub.gatherings.models import access_gathering
from hub.gatherings.visit import Here, Visit, desk_page
from hub.language.actions import shipped_glossary
from hub.language.glossary import Term
from hub.language.models import list_added_terms
from hub.people.door import check_edits, check_runs, check_runs_or_edits
from hub.web import read_form, see_other

router = APIRouter(include_in_schema=False)
_BETWEEN = re.compile(r"[,;|\n]")
_LISTS = ("sv_forms", "en_forms", "avoid_sv", "avoid_en")


def _draft(form: Mapping[str, str]) -> actions.TermDraft:
    """A term as it was typed: several words with commas between."""
    lists = {name: _BETWEEN.split(form.get(name, "")) for name in _LISTS}
    return actions.TermDraft(
        sv=form.get("sv", ""),
        en=form.get("en", ""),
        note=form.get("note", ""),
        keep=form.get("keep") == "1",
        suggest=form.get("suggest") == "1",
        **lists,
    )


# --- the words of a session -----------------------------------------------------------------


@router.post("/sessions/{session_id}/terms")
async def post_term(session_id: str, visit: Here) -> Response:
    """Add a word by form."""
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    try:
        await add_term(visit.screens, session_id, account, _draft(form))
    except Refusal as refusal:
        values = {**form, "act": "term"}
        wrong = visit.wrong(refusal)
        return await desk_page(visit, session_id, refusal.status, values=values, **wrong)
    return see_other(f"/sessions/{session_id}/desk#terms")


@router.get("/terms/{term_id}")
async def get_term(term_id: str, visit: Here) -> Response:
    """One word of a session to change."""
    check_runs(visit.caller)
    return await _term_page(visit, term_id)


async def _term_page(visit: Visit, term_id: str, status: int = 200, **extra: Any) -> Response:
    session_id = await session_of_term(visit.screens, term_id)
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        session = await visit.screens.session(tx, gathering, full=False)
        term = views.term_view(await actions.access_term(tx, term_id))
    return visit.page("gatherings/term.html", status, term=term, session=session, **extra)


@router.post("/terms/{term_id}")
async def post_change(term_id: str, visit: Here) -> Response:
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    session_id = await session_of_term(visit.screens, term_id)
    try:
        await change_term(visit.screens, term_id, account, _draft(form))
    except Refusal as refusal:
        wrong = visit.wrong(refusal)
        return await _term_page(visit, term_id, refusal.status, values=form, **wrong)
    return see_other(f"/sessions/{session_id}/desk#terms")


@router.post("/terms/{term_id}/remove")
async def post_remove(term_id: str, visit: Here) -> Response:
    account = check_runs(visit.caller)
    session_id = await session_of_term(visit.screens, term_id)
    await change_term(visit.screens, term_id, account, None)
    return see_other(f"/sessions/{session_id}/desk#terms")


# --- the glossary of the hub ------------------------------------------------------------------


@router.get("/terms")
async def get_terms(visit: Here, q: str = "") -> Response:
    """The words of all sessions: offered, kept, dropped, and those that came with the hub."""
    check_runs_or_edits(visit.caller)
    wanted = q.strip().casefold()
    async with visit.screens.database.reading() as tx:
        found = await list_added_terms(tx, states=("suggested", "kept", "dropped"))
    added = [views.term_view(term) for term in found if _holds(wanted, term.term)]
    shipped = [_shipped_view(t) for t in shipped_glossary().terms if _holds(wanted, t)]
    return visit.page(
        "gatherings/terms.html",
        q=q.strip(),
        suggested=[term for term in added if term["state"] == "suggested"],
        kept=[term for term in added if term["state"] == "kept"],
        dropped=[term for term in added if term["state"] == "dropped"],
        shipped=sorted(shipped, key=lambda term: str(term[visit.language]).casefold()),
        may_decide=visit.caller.edits,
    )


def _holds(wanted: str, term: Term) -> bool:
    forms = (form for slots in (term.sv, term.en) for slot in slots for form in slot)
    return not wanted or any(wanted in form.casefold() for form in forms)


def _shipped_view(term: Term) -> dict[str, Any]:
    return {
        "id": term.id,
        "sv": term.word("sv"),
        "en": term.word("en"),
        "senses": {"sv": term.senses_sv, "en": term.senses_en},
        "avoid_sv": term.avoid_sv,
        "avoid_en": term.avoid_en,
        "keep": term.keep,
        "disputed": term.disputed,
    }


@router.post("/terms/{term_id}/{decision}")
async def post_decision(term_id: str, decision: Literal["keep", "drop"], visit: Here) -> Response:
    """An editor keeps a word for all sessions, or drops it."""
    check_edits(visit.caller)
    now = visit.screens.clock.now()
    decide = actions.keep_term if decision == "keep" else actions.drop_term
    async with visit.screens.database.transaction() as tx:
        await decide(tx, await actions.access_term(tx, term_id), now=now)
    return see_other("/terms")
