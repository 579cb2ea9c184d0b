"""Pages of moderation: what waits and is hidden, sending somebody out, counts, the help text."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Response

from hub.errors import Invalid, NotFound, Refusal
from hub.gatherings import moderation, rules
from hub.gatherings.api.moderation import counts_of
from hub.gatherings.models import access_gathering, list_gatherings
from hub.gatherings.views import moment
from hub.gatherings.visit import Here, Visit
from hub.people import actions as people
from hub.people.door import check_admin, check_runs
from hub.people.models import Participant
from hub.web import both, read_form, read_number, see_other

# Joined before the moves of a session, whose address matches any word.
router = APIRouter(include_in_schema=False)


@router.get("/sessions/{session_id}/moderation")
async def get_moderation(session_id: str, visit: Here) -> Response:
    """Everything on moderation of one session."""
    check_runs(visit.caller)
    return await _page(visit, session_id)


async def _page(visit: Visit, session_id: str, status: int = 200, **extra: Any) -> Response:
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        found = await moderation.read_moderation(visit.screens, tx, gathering)
        session = await visit.screens.session(tx, gathering, full=False)
        help_text = await people.read_help_text(tx)
    return visit.page(
        "gatherings/moderation.html",
        status,
        session=session,
        moderation=found,
        slow_choices=rules.SLOW_SECONDS,
        help_text=help_text,
        **extra,
    )


@router.post("/sessions/{session_id}/moderation")
async def post_moderation(session_id: str, visit: Here) -> Response:
    """Set slow mode, and whether risky posts wait."""
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    seconds = read_number(form.get("slow_seconds"))
    try:
        await moderation.change_settings(
            visit.screens,
            account,
            session_id,
            slow_seconds=-1 if seconds is None else seconds,
            holds_risky=form.get("holds_risky") in ("1", "on"),
        )
    except Invalid as refusal:
        wrong = visit.wrong(refusal)
        return await _page(visit, session_id, refusal.status, values=form, **wrong)
    return see_other(f"/sessions/{session_id}/moderation")


@router.get("/sessions/{session_id}/moderation.csv")
async def get_counts_file(session_id: str, visit: Here) -> Response:
    return await counts_of(visit.screens, visit.caller, session_id)


# --- sending out, and letting back in ---------------------------------------------------------


@router.get("/sessions/{session_id}/participants/{participant_id}/remove")
async def get_remove(session_id: str, participant_id: str, visit: Here) -> Response:
    """Ask for the reason before somebody is sent out."""
    check_runs(visit.caller)
    return await _remove_page(visit, session_id, participant_id)


async def _remove_page(
    visit: Visit, session_id: str, participant_id: str, status: int = 200, **extra: Any
) -> Response:
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        session = await visit.screens.session(tx, gathering, full=False)
        person = await tx.get(Participant, participant_id)
    if person is None or person.gathering_id != session_id:
        raise NotFound("participant_not_found")
    return visit.page(
        "gatherings/remove.html",
        status,
        session=session,
        person={"id": person.id, "name": person.name},
        reasons=rules.REMOVE_REASONS,
        **extra,
    )


@router.post("/sessions/{session_id}/participants/{participant_id}/remove")
async def post_remove(session_id: str, participant_id: str, visit: Here) -> Response:
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    try:
        await moderation.send_out(
            visit.screens, account, session_id, participant_id, form.get("reason", "")
        )
    except Invalid as refusal:
        wrong = visit.wrong(refusal)
        return await _remove_page(visit, session_id, participant_id, refusal.status, **wrong)
    return see_other(f"/sessions/{session_id}/moderation#removed-h")


@router.post("/sessions/{session_id}/participants/{participant_id}/let-back")
async def post_let_back(session_id: str, participant_id: str, visit: Here) -> Response:
    account = check_runs(visit.caller)
    await moderation.let_back_in(visit.screens, account, session_id, participant_id)
    return see_other(f"/sessions/{session_id}/moderation#removed-h")


# --- counts of all sessions, and the help text ------------------------------------------------


@router.get("/moderation")
async def get_all(visit: Here) -> Response:
    """How often for which reason, in all sessions."""
    check_runs(visit.caller)
    async with visit.screens.database.reading() as tx:
        sessions = await list_gatherings(tx)
        counts = await moderation.count_reasons(tx, [g.id for g in sessions])
        help_text = await people.read_help_text(tx)
    rows = [
        {"id": g.id, "title": g.title, "at": moment(g.started_at or g.created_at), **each}
        for g in sessions
        for each in counts.get(g.id, [])
    ]
    return visit.page("gatherings/moderation_counts.html", rows=rows, help_text=help_text)


@router.get("/moderation.csv")
async def get_all_counts_file(visit: Here) -> Response:
    return await counts_of(visit.screens, visit.caller, None)


@router.get("/help-text")
async def get_help_text(visit: Here, done: Literal["", "1"] = "") -> Response:
    """Where facilitators are told to turn when somebody is in danger."""
    check_admin(visit.caller)
    return await _help_text_page(visit, saved=bool(done))


async def _help_text_page(visit: Visit, status: int = 200, **extra: Any) -> Response:
    async with visit.screens.database.reading() as tx:
        help_text = await people.read_help_text(tx)
    return visit.page("people/help_text.html", status, help_text=help_text, **extra)


@router.post("/help-text")
async def post_help_text(visit: Here) -> Response:
    account = check_admin(visit.caller)
    form = await read_form(visit.request)
    try:
        async with visit.screens.database.transaction() as tx:
            now = visit.screens.clock.now()
            await people.set_help_text(tx, both(form, "text"), account=account, now=now)
    except Refusal as refusal:
        wrong = visit.wrong(refusal)
        return await _help_text_page(visit, refusal.status, values=form, **wrong)
    return see_other("/help-text?done=1")
