"""Pages of those who run sessions: planning, the desk, the projector, cards, moves."""

from __future__ import annotations

import asyncio
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from hub.charters.models import Charter, list_charters
from hub.errors import Forbidden, Invalid, NotFound, Refusal
from hub.gatherings import actions, desk, rules, shapes
from hub.gatherings.api.bot import decide_bot_line, invite, offer_pairs
from hub.gatherings.api.cards import change_card, picture_folder
from hub.gatherings.api.following import set_status
from hub.gatherings.api.formats import Shelf
from hub.gatherings.api.joining import give_seat
from hub.gatherings.api.sessions import MoveName, carry_out_move
from hub.gatherings.doorway import access_recommendation
from hub.gatherings.models import access_gathering, list_gatherings
from hub.gatherings.pictures import keep_picture
from hub.gatherings.visit import (
    Here,
    Visit,
    desk_page,
    qr_svg,
    record_page,
    room_context,
    write_for_page,
)
from hub.people.door import check_runs
from hub.people.models import Participant
from hub.people.rules import CONSENT_CHOICES
from hub.programme.models import Finding, list_cases
from hub.web import Options, both, read_form, see_other

# Joined before the pages of those who take part: ``/sessions/new`` is no session.
router = APIRouter(include_in_schema=False)
# Boxes of the form that plans a dialogue: ``principle-CHARTER/PRINCIPLE`` and its place.
TICK, NUMBER = "principle-", "place-"
# Three principles in full, or six in the short form. Source: reflective-dialogue.md, "Plan".
LONG_MINUTES = 90
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
        closed = await actions.list_closed(tx)
        charters = [_to_talk_about(charter) for charter in await list_charters(tx)]
    chosen = visit.request.query_params.get("charter")
    if chosen and "values" not in extra:
        extra["values"] = {"charter": chosen, "format": "reflective-dialogue"}
    return visit.page(
        "gatherings/new.html",
        status,
        formats=shelf.all(),
        cases=cases,
        closed=closed,
        charters=[charter for charter in charters if charter["principles"]],
        **extra,
    )


def _to_talk_about(charter: Charter) -> dict[str, Any]:
    """A charter with the principles that have words, and so can be talked about."""
    listed = [
        {
            "id": principle["id"],
            "n": n,
            "title": {
                language: text["title"]
                for language, text in principle["texts"].items()
                if text.get("title")
            },
        }
        for n, principle in enumerate(charter.state["principles"], 1)
        if any(actions.has_words(text) for text in principle["texts"].values())
    ]
    return {"id": charter.id, "title": charter.state["title"], "principles": listed}


def _minutes_planned(data: dict[str, Any], minutes: dict[str, object], principles: int) -> int:
    """How long a dialogue on this many principles is. Raises Invalid for minutes that are none."""
    form = rules.with_minutes(rules.read_format(data), minutes)
    whole = rules.unroll(form, [str(n) for n in range(principles)])
    return round(sum(phase.minutes for phase in whole.phases))


def _principles(form: dict[str, str]) -> tuple[str | None, list[str] | None]:
    """The charter and the principles that were ticked, in the order of the numbers beside them."""
    charter = form.get("charter") or None
    ticked = [name for name in form if name.startswith(f"{TICK}{charter}/")]
    numbers = {name: form.get(name.replace(TICK, NUMBER, 1), "") for name in ticked}
    order = sorted(ticked, key=lambda name: desk.number(numbers[name], 999))
    return charter, [name.split("/", 1)[1] for name in order]


@router.post("/sessions")
async def post_new(visit: Here, shelf: Shelf) -> Response:
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    guarded = form.get("guarded") in ("1", "on")
    try:
        data = shelf.data(form.get("format", ""))
        charter, principles = _principles(form) if data["kind"] == "dialogue" else (None, None)
        if charter and not principles:
            raise Invalid({"/principles": "principles_missing"})
        minutes = desk.read_minutes(form, data)
        long = _minutes_planned(data, minutes, len(principles or ()))
        if charter and long > LONG_MINUTES and not form.get("long_is_fine"):
            return await _new_page(visit, shelf, values=form, long=long)
        async with visit.screens.database.transaction() as tx:
            gathering = await actions.plan_gathering(
                tx,
                account=account,
                format_data=data,
                title=both(form, "title"),
                now=visit.screens.clock.now(),
                case_id=form.get("case") or None,
                follows=form.get("follows", actions.LATEST),
                charter=charter,
                principles=principles,
                # The box says that everyone comes in with a personal link.
                access=None if guarded else form.get("access"),
                guarded=guarded,
                support={part: form.get(f"support_{part}", "") for part in ("name", "contact")},
                minutes=minutes,
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
    word = visit.request.query_params.get("term", "").strip()[:80]
    begun: dict[str, Any] = {"values": {"act": "term", "en": word}} if word else {}
    return await desk_page(visit, session_id, **begun)


@router.get("/sessions/{session_id}/screen")
async def get_screen(session_id: str, visit: Here) -> Response:
    """The projector: both languages, no names, the way in."""
    check_runs(visit.caller)
    context = await room_context(visit, session_id)
    context["said"] = [c for c in context["contributions"] if c["on_screen"]]
    link = context["session"]["join_url"]
    qr = qr_svg(link) if link else ""
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


@router.post("/sessions/{session_id}/offer")
async def post_offer(session_id: str, visit: Here) -> Response:
    """Offer people a post to restate: all who have restated nobody, or one of them."""
    account = check_runs(visit.caller)
    only = (await read_form(visit.request)).get("participant") or None
    try:
        await offer_pairs(visit.screens, session_id, account, only=only)
    except Refusal as refusal:
        return await desk_page(visit, session_id, refusal.status, **visit.wrong(refusal))
    return see_other(f"/sessions/{session_id}/desk#waiting-h")


@router.post("/sessions/{session_id}/invite")
async def post_invite(session_id: str, visit: Here) -> Response:
    """Invite a group that has not been heard."""
    account = check_runs(visit.caller)
    group = (await read_form(visit.request)).get("group", "")
    try:
        await invite(visit.screens, session_id, account, group)
    except Refusal as refusal:
        return await desk_page(visit, session_id, refusal.status, **visit.wrong(refusal))
    return see_other(f"/sessions/{session_id}/desk#bal-h")


# --- people without a device ---------------------------------------------------------------------


@router.post("/sessions/{session_id}/seats")
async def post_seat(session_id: str, visit: Here) -> Response:
    """Seat somebody in the room who has no device, with the yes they said aloud."""
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    consent = {c: form.get(c) in ("1", "on") for c in CONSENT_CHOICES}
    try:
        await give_seat(
            visit.screens,
            session_id,
            account,
            name=form.get("name", ""),
            language=form.get("language"),
            role=form.get("role") or None,
            consent=consent,
        )
    except Refusal as refusal:
        values = {**form, "act": "seat", "chosen": [c for c in consent if consent[c]]}
        wrong = visit.wrong(refusal)
        return await desk_page(visit, session_id, refusal.status, values=values, **wrong)
    return see_other(f"/sessions/{session_id}/desk#here-h")


async def _access_participant(visit: Visit, session_id: str, participant_id: str) -> Participant:
    async with visit.screens.database.reading() as tx:
        seat = await tx.get(Participant, participant_id)
    if seat is None or seat.gathering_id != session_id or seat.left_at is not None:
        raise NotFound("participant_not_found")
    return seat


@router.post("/sessions/{session_id}/seats/{participant_id}/leave")
async def post_seat_leave(session_id: str, participant_id: str, visit: Here) -> Response:
    """Somebody without a device has left the room."""
    check_runs(visit.caller)
    seat = await _access_participant(visit, session_id, participant_id)
    if not seat.without_device:
        raise Forbidden()
    now = visit.screens.clock.now()
    await visit.screens.carry_out(session_id, lambda tx, g: actions.leave(tx, g, seat, now=now))
    return see_other(f"/sessions/{session_id}/desk#here-h")


@router.get("/sessions/{session_id}/write-for/{participant_id}")
async def get_write_for(session_id: str, participant_id: str, visit: Here) -> Response:
    """Where a scribe writes what somebody says."""
    check_runs(visit.caller)
    return await write_for_page(visit, session_id, participant_id)


@router.post("/sessions/{session_id}/record/publish")
async def post_publish(session_id: str, visit: Here) -> Response:
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    await visit.screens.carry_out(
        session_id, lambda tx, g: actions.publish_record(tx, g, account=account, now=now)
    )
    return see_other(f"/sessions/{session_id}/record")


@router.post("/recommendations/{recommendation_id}/status")
async def post_status(recommendation_id: str, visit: Here) -> Response:
    """What became of a recommendation, from the record, or the desk of a session that follows."""
    form = await read_form(visit.request)
    origin, _ = await access_recommendation(visit.screens, visit.caller, recommendation_id)
    desk_of = form.get("session", "") if visit.caller.runs else ""
    status, reason = form.get("status", ""), form.get("reason", "")
    try:
        await set_status(
            visit.screens, visit.caller, recommendation_id, status=status, reason=reason
        )
    except Refusal as refusal:
        wrong = visit.wrong(refusal)
        at = f"progress-{recommendation_id}"
        wrong["errors"] = {f"{at}-{name}": told for name, told in wrong.get("errors", {}).items()}
        values = {**form, "act": "progress", "recommendation": recommendation_id}
        show = desk_page if desk_of else record_page
        return await show(visit, desk_of or origin, refusal.status, values=values, **wrong)
    if desk_of:
        return see_other(f"/sessions/{quote(desk_of, safe='')}/desk#followed")
    return see_other(f"/sessions/{origin}/record#rec-{recommendation_id}")


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
