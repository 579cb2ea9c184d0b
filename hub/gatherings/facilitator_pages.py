"""Pages of those who run sessions: planning, the desk, the projector, cards, moves."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from hub.errors import NotFound, Refusal
from hub.gatherings import actions, desk, rules, shapes
from hub.gatherings.api.bot import decide_bot_line
from hub.gatherings.api.cards import change_card, picture_folder
from hub.gatherings.api.sessions import MoveName, Shelf, carry_out_move
from hub.gatherings.models import access_gathering, list_gatherings
from hub.gatherings.pictures import keep_picture
from hub.gatherings.visit import Here, Visit, desk_page, qr_svg, room_context
from hub.people.door import check_runs
from hub.programme.models import Finding, list_cases
from hub.web import Options, both, read_form, see_other

# Joined before the pages of those who take part: ``/sessions/new`` is no session.
router = APIRouter(include_in_schema=False)
# Joined after them: its address matches any word.
moves = APIRouter(include_in_schema=False)


# --- planning ------------------------------------------------------------------------------


@router.get("/sessions")
async def get_sessions(visit: Here) -> Response:
    check_runs(visit.caller)
    async with visit.screens.database.reading() as tx:
        listed = await list_gatherings(tx)
        found = [await visit.screens.session(tx, g, full=False) for g in listed]
    return visit.page("gatherings/list.html", sessions=found, translator=visit.translator_view())


@router.get("/sessions/new")
async def get_new(visit: Here, shelf: Shelf) -> Response:
    check_runs(visit.caller)
    return await _new_page(visit, shelf)


async def _new_page(visit: Visit, shelf: Shelf, status: int = 200, **extra: Any) -> Response:
    async with visit.screens.database.reading() as tx:
        cases = await list_cases(tx)
    # Dialogues on charters come with the charters; forums are what can be planned now.
    formats = [f for f in shelf.all() if f.kind == "forum"]
    return visit.page("gatherings/new.html", status, formats=formats, cases=cases, **extra)


@router.post("/sessions")
async def post_new(visit: Here, shelf: Shelf) -> Response:
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    try:
        data = shelf.data(form.get("format", ""))
        async with visit.screens.database.transaction() as tx:
            gathering = await actions.plan_gathering(
                tx,
                account=account,
                format_data=data,
                title=both(form, "title"),
                now=visit.screens.clock.now(),
                case_id=form.get("case") or None,
                access=form.get("access", "open"),
                minutes=desk.read_minutes(form, data),
                demonstration=visit.request.app.state.demonstration,
            )
    except Refusal as refusal:
        wrong = visit.wrong(refusal)
        return await _new_page(visit, shelf, refusal.status, values=form, **wrong)
    return see_other(f"/sessions/{gathering.id}/desk")


# --- the desk and the projector --------------------------------------------------------------


@router.get("/sessions/{session_id}/desk")
async def get_desk(session_id: str, visit: Here) -> Response:
    """The facilitator's face of the room."""
    check_runs(visit.caller)
    return await desk_page(visit, session_id)


@router.get("/sessions/{session_id}/screen")
async def get_screen(session_id: str, visit: Here) -> Response:
    """The projector: both languages, no names, the way in."""
    check_runs(visit.caller)
    context = await room_context(visit, session_id)
    context["said"] = [c for c in context["contributions"] if c["on_screen"]]
    qr = qr_svg(context["session"]["join_url"])
    return visit.page("gatherings/screen.html", qr=qr, **context)


@router.post("/sessions/{session_id}/floor")
async def post_floor(session_id: str, visit: Here) -> Response:
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    person = (await read_form(visit.request)).get("participant", "")
    await visit.screens.carry_out(
        session_id,
        lambda tx, g: actions.give_floor(tx, g, participant_id=person, account=account, now=now),
    )
    return see_other(f"/sessions/{session_id}/desk")


@router.post("/sessions/{session_id}/bot")
async def post_bot(session_id: str, visit: Here) -> Response:
    """Mute the chatbot, or let it speak again."""
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    muted = (await read_form(visit.request)).get("muted") == "1"
    await visit.screens.carry_out(
        session_id, lambda tx, g: actions.mute_bot(tx, g, muted=muted, account=account, now=now)
    )
    return see_other(f"/sessions/{session_id}/desk")


@router.post("/sessions/{session_id}/bot/{line_id}/{decision}")
async def post_bot_line(
    session_id: str, line_id: str, decision: Literal["send", "drop"], visit: Here
) -> Response:
    """Send one of the chatbot's lines, perhaps changed, or drop it."""
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    texts = both(form, "text") if form.get("text_sv") or form.get("text_en") else None
    await decide_bot_line(visit.screens, session_id, line_id, decision, account, texts)
    return see_other(f"/sessions/{session_id}/desk")


@router.post("/sessions/{session_id}/record/publish")
async def post_publish(session_id: str, visit: Here) -> Response:
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    await visit.screens.carry_out(
        session_id, lambda tx, g: actions.publish_record(tx, g, account=account, now=now)
    )
    return see_other(f"/sessions/{session_id}/record")


# --- finding cards -----------------------------------------------------------------------------


async def _read_card(request: Request, options: Options) -> actions.Card:
    form = await request.form()
    texts = await read_form(request)
    upload = form.get("picture")
    name = None
    if isinstance(upload, UploadFile) and upload.filename:
        data = await upload.read()
        name = await asyncio.to_thread(keep_picture, data, picture_folder(options))
    return actions.Card(
        title=both(texts, "title"),
        text=both(texts, "text"),
        source=texts.get("source", ""),
        tags=tuple(str(tag) for tag in form.getlist("tags")),
        picture=name,
        picture_alt=both(texts, "picture_alt") if name else None,
    )


@router.post("/sessions/{session_id}/findings")
async def post_finding(session_id: str, visit: Here) -> Response:
    """Add a finding card by form."""
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    form = await read_form(visit.request)
    try:
        card = await _read_card(visit.request, visit.options)
        await visit.screens.carry_out(
            session_id, lambda tx, g: actions.add_finding(tx, g, card, account=account, now=now)
        )
    except Refusal as refusal:
        wrong = visit.wrong(refusal)
        return await desk_page(visit, session_id, refusal.status, values=form, **wrong)
    return see_other(f"/sessions/{session_id}/desk#findings")


async def _access_card(visit: Visit, finding_id: str) -> Finding:
    async with visit.screens.database.reading() as tx:
        finding = await tx.get(Finding, finding_id)
    if finding is None or finding.removed_at is not None:
        raise NotFound("finding_not_found")
    return finding


@router.get("/findings/{finding_id}")
async def get_finding(finding_id: str, visit: Here) -> Response:
    """One card to edit."""
    check_runs(visit.caller)
    return await _card_page(visit, finding_id)


async def _card_page(visit: Visit, finding_id: str, status: int = 200, **extra: Any) -> Response:
    finding = await _access_card(visit, finding_id)
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, finding.gathering_id)
        session = await visit.screens.session(tx, gathering, full=False)
    (view,) = desk.finding_views([finding])
    return visit.page("gatherings/finding.html", status, finding=view, session=session, **extra)


@router.post("/findings/{finding_id}")
async def post_change_finding(finding_id: str, visit: Here) -> Response:
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    form = await read_form(visit.request)
    session_id = (await _access_card(visit, finding_id)).gathering_id
    try:
        card = await _read_card(visit.request, visit.options)
        await visit.screens.carry_out(
            session_id,
            lambda tx, g: desk.change_card(tx, g, finding_id, card, account=account, now=now),
        )
    except Refusal as refusal:
        wrong = visit.wrong(refusal)
        return await _card_page(visit, finding_id, refusal.status, values=form, **wrong)
    return see_other(f"/sessions/{session_id}/desk#findings")


@router.post("/findings/{finding_id}/{act}")
async def post_card(finding_id: str, act: Literal["show", "remove"], visit: Here) -> Response:
    account = check_runs(visit.caller)
    session_id = await change_card(visit.screens, account, finding_id, show=act == "show")
    return see_other(f"/sessions/{session_id}/desk#findings")


# --- moves -----------------------------------------------------------------------------------


@moves.post("/sessions/{session_id}/{move}")
async def post_move(session_id: str, move: MoveName, visit: Here) -> Response:
    """A facilitator's button."""
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    body = shapes.MoveIn(
        minutes=desk.number(form.get("minutes"), 2),
        force=form.get("force") in ("1", "on", "true"),
        reason=form.get("reason", "")[: rules.REASON_LIMIT],
    )
    try:
        await carry_out_move(visit.screens, session_id, move, body, account)
    except Refusal as refusal:
        if refusal.status in (401, 403, 404):
            raise
        values = {**form, "move": move}
        wrong = visit.wrong(refusal)
        return await desk_page(visit, session_id, refusal.status, values=values, **wrong)
    return see_other(f"/sessions/{session_id}/desk")
