"""Pages of sessions: home, joining, the three faces of the room, planning and the record."""

from __future__ import annotations

import asyncio
import io
from typing import Any, Literal
from urllib.parse import quote

import segno
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.datastructures import UploadFile

from hub.errors import Invalid, NotFound, Refusal
from hub.gatherings import actions, desk, rules, shapes
from hub.gatherings.api import (
    MoveName,
    Shelf,
    carry_out_move,
    change_card,
    decide_bot_line,
    find_open_code,
    picture_folder,
    read_bot,
    say,
    set_mark,
    speaker,
)
from hub.gatherings.doorway import WRITE_RULE, access_said, record_for
from hub.gatherings.models import (
    Gathering,
    access_contribution,
    access_gathering,
    find_gathering,
    list_gatherings,
    list_private,
)
from hub.gatherings.pictures import TYPES, keep_picture
from hub.gatherings.screens import Room, Screens
from hub.language.api import TranslatorDep
from hub.people import actions as people
from hub.people import rules as people_rules
from hub.people.door import SEAT_COOKIE, Asking, Caller, check_reads, check_runs, check_seat
from hub.people.models import Participant, latest_consents, list_participants_by_secrets
from hub.people.pages import COOKIE_SECONDS, page, set_cookie
from hub.programme.models import Finding, list_cases
from hub.web import (
    Options,
    RateLimits,
    Render,
    both,
    field_name,
    is_htmx,
    language_of,
    read_form,
    see_other,
)

router = APIRouter(include_in_schema=False)
DRAFT_FIELDS = (
    "of",
    "result",
    "scale",
    "answer",
    "value",
    "reason",
    "owner",
    "when",
    "measure",
    "tag",
    "finding",
)
SEAT_SECONDS = COOKIE_SECONDS * 6


def qr_svg(text: str) -> str:
    """A QR code as SVG that lies in the page."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, scale=4, border=3, light="white", title=text
    )
    return out.getvalue().decode()


# --- home and joining ----------------------------------------------------------------------


@router.get("/")
async def get_home(request: Request, caller: Asking, screens: Room, renderer: Render) -> Response:
    """What is on, and the way in with a code."""
    async with screens.database.reading() as tx:
        found = [
            await screens.session(tx, g, full=False)
            for g in await list_gatherings(tx, states=("open", "running", "paused"))
            if g.access == "open"
        ]
    for session in found:
        # The code is said in the room, never listed: a link to join is for those invited to it.
        if not caller.may_read(session["id"]):
            session["code"] = session["join_url"] = None
    return page(request, renderer, "home.html", sessions=found)


@router.get("/join")
async def get_join(request: Request, _caller: Asking, renderer: Render, code: str = "") -> Response:
    if code.strip():
        return see_other(f"/join/{quote(actions.read_code(code))}")
    return page(request, renderer, "people/join_code.html")


@router.get("/join/{code}")
async def get_join_code(
    code: str,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    limits: RateLimits,
) -> Response:
    """The way in for one session; somebody with a seat goes straight to the room."""
    try:
        session_id = await find_open_code(screens, limits, request, code)
    except NotFound as refusal:
        refused = renderer.refusal(language_of(request), refusal)
        return page(
            request, renderer, "people/join_code.html", 404, refused=refused, values={"code": code}
        )
    if caller.seat(session_id):
        return see_other(f"/sessions/{session_id}")
    return await _join_page(request, screens, renderer, session_id)


async def _join_page(
    request: Request,
    screens: Screens,
    renderer: Render,
    session_id: str,
    *,
    status: int = 200,
    **context: Any,
) -> Response:
    async with screens.database.reading() as tx:
        session = await screens.session(tx, await access_gathering(tx, session_id))
    context = {
        "roles": list(people_rules.GROUP_OF_ROLE),
        "choices": people_rules.CONSENT_CHOICES,
        "consent_version": people_rules.CONSENT_VERSION,
        **context,
    }
    return page(request, renderer, "people/join.html", status, session=session, **context)


@router.post("/join")
async def post_join(
    request: Request,
    screens: Room,
    renderer: Render,
    limits: RateLimits,
    options: Options,
) -> Response:
    """Take a seat. Faults come back with everything that was typed."""
    form = await read_form(request)
    session_id = await find_open_code(screens, limits, request, form.get("code", ""))
    consent = {c: form.get(c) in ("1", "on", "true") for c in people_rules.CONSENT_CHOICES}
    if form.get("language") in people_rules.LANGUAGES:
        request.state.language = form["language"]
    try:
        _, secret = await screens.carry_out(
            session_id,
            lambda tx, g: actions.join(
                tx,
                g,
                name=form.get("name", ""),
                language=form.get("language"),
                role=form.get("role") or None,
                bilingual=form.get("bilingual") in ("1", "on"),
                consent=consent,
                now=screens.clock.now(),
                how="form",
            ),
        )
    except Refusal as refusal:
        return await _join_page(
            request,
            screens,
            renderer,
            session_id,
            status=refusal.status,
            values={**form, **consent},
            **_what_is_wrong(request, renderer, refusal),
        )
    answer = see_other(f"/sessions/{session_id}")
    set_cookie(answer, options, SEAT_COOKIE + session_id, secret, SEAT_SECONDS)
    return answer


def _what_is_wrong(request: Request, renderer: Render, refusal: Refusal) -> dict[str, Any]:
    """``errors`` by field for a form's faults, else ``refused``, one sentence."""
    language = language_of(request)
    if isinstance(refusal, Invalid):
        errors = {field_name(p): renderer.fault(language, c) for p, c in refusal.fields.items()}
        return {"errors": errors}
    return {"refused": renderer.refusal(language, refusal)}


@router.get("/resume/{secret}")
async def get_resume(
    secret: str, request: Request, screens: Room, renderer: Render, options: Options
) -> Response:
    """The personal link: the same seat on another phone."""
    async with screens.database.reading() as tx:
        seats = await list_participants_by_secrets(tx, [people.hash_secret(secret)])
    if not seats:
        raise NotFound("resume_unknown")
    answer = see_other(f"/sessions/{seats[0].gathering_id}")
    set_cookie(answer, options, SEAT_COOKIE + seats[0].gathering_id, secret, SEAT_SECONDS)
    return answer


# --- planning, before the room: its addresses are less general ------------------------------


@router.get("/sessions")
async def get_sessions(
    request: Request, caller: Asking, screens: Room, renderer: Render, translator: TranslatorDep
) -> Response:
    check_runs(caller)
    async with screens.database.reading() as tx:
        found = [await screens.session(tx, g, full=False) for g in await list_gatherings(tx)]
    state = {"builtin": translator.builtin, "directions": translator.state()}
    return page(request, renderer, "gatherings/list.html", sessions=found, translator=state)


@router.get("/sessions/new", name="new")
async def get_new(
    request: Request, caller: Asking, screens: Room, renderer: Render, shelf: Shelf
) -> Response:
    check_runs(caller)
    return await _new_page(request, screens, renderer, shelf)


async def _new_page(
    request: Request,
    screens: Screens,
    renderer: Render,
    shelf: Shelf,
    status: int = 200,
    **extra: Any,
) -> Response:
    async with screens.database.reading() as tx:
        cases = await list_cases(tx)
    # Dialogues on charters come with the charters; forums are what can be planned now.
    formats = [f for f in shelf.all() if f.kind == "forum"]
    return page(
        request, renderer, "gatherings/new.html", status, formats=formats, cases=cases, **extra
    )


@router.post("/sessions")
async def post_new(
    request: Request, caller: Asking, screens: Room, renderer: Render, shelf: Shelf
) -> Response:
    account = check_runs(caller)
    form = await read_form(request)
    try:
        async with screens.database.transaction() as tx:
            gathering = await actions.plan_gathering(
                tx,
                account=account,
                format_data=shelf.data(form.get("format", "")),
                title=both(form, "title"),
                now=screens.clock.now(),
                case_id=form.get("case") or None,
                access=form.get("access", "open"),
                minutes=desk.read_minutes(form, shelf.data(form.get("format", ""))),
                demonstration=request.app.state.demonstration,
            )
    except Refusal as refusal:
        wrong = _what_is_wrong(request, renderer, refusal)
        return await _new_page(
            request, screens, renderer, shelf, refusal.status, values=form, **wrong
        )
    return see_other(f"/sessions/{gathering.id}/desk")


# --- the room ------------------------------------------------------------------------------


async def _room_context(
    screens: Screens, translator: TranslatorDep, caller: Caller, session_id: str
) -> dict[str, Any]:
    """Everything a face of the room shows, read in one view of the database."""
    seat = caller.seat(session_id)
    screens.touched.add(session_id)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        private = await list_private(tx, session_id, seat.id) if seat else []
        shared = await screens.shared(tx, gathering)
        return {
            "session": await _session_of(screens, translator, tx, gathering),
            "stage": await screens.stage(tx, gathering),
            "contributions": shared,
            "drafts": await screens.drafts(tx, session_id, shared),
            "private": await screens.contribution_views(tx, gathering, private, own=True),
            "findings": await screens.finding_views(tx, session_id),
            "queue": await screens.queue(tx, session_id),
            "ready": bool(seat and seat.ready_at),
            "me": _me(seat),
            "speed": screens.clock.speed,
        }


async def _session_of(
    screens: Screens, translator: TranslatorDep, tx: Any, gathering: Gathering
) -> dict[str, Any]:
    session = await screens.session(tx, gathering)
    facilitator = await actions.facilitator_name(tx, gathering)
    state = {"builtin": translator.builtin, "directions": translator.state()}
    return {**session, "translator": state, "facilitator": facilitator}


def _me(seat: Participant | None) -> dict[str, Any] | None:
    if seat is None:
        return None
    return {
        "id": seat.id,
        "name": seat.name,
        "role": seat.role,
        "group": seat.group,
        "language": seat.language,
        "bilingual": seat.bilingual,
    }


@router.get("/sessions/{session_id}")
async def get_room(
    session_id: str,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    translator: TranslatorDep,
) -> Response:
    """The participant's face of the room."""
    check_reads(caller, session_id)
    context = await _room_context(screens, translator, caller, session_id)
    return page(request, renderer, "gatherings/room.html", **context)


@router.get("/sessions/{session_id}/changes")
async def get_reload(session_id: str) -> Response:
    """Without script, what is new is a reload away."""
    return see_other(f"/sessions/{session_id}")


@router.get("/sessions/{session_id}/composer")
async def get_composer(
    session_id: str,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    translator: TranslatorDep,
) -> Response:
    """Where a person writes, as it is in the phase that runs now."""
    check_reads(caller, session_id)
    context = await _room_context(screens, translator, caller, session_id)
    return page(request, renderer, "gatherings/_composer.html", **context)


@router.get("/sessions/{session_id}/screen")
async def get_screen(
    session_id: str,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    translator: TranslatorDep,
) -> Response:
    """The projector: both languages, no names, the way in."""
    check_runs(caller)
    context = await _room_context(screens, translator, caller, session_id)
    context["said"] = [c for c in context["contributions"] if c["on_screen"]]
    qr = qr_svg(context["session"]["join_url"])
    return page(request, renderer, "gatherings/screen.html", qr=qr, **context)


@router.get("/sessions/{session_id}/desk")
async def get_desk(
    session_id: str,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    translator: TranslatorDep,
) -> Response:
    """The facilitator's face of the room."""
    check_runs(caller)
    return await _desk_page(request, screens, renderer, translator, caller, session_id)


async def _desk_page(
    request: Request,
    screens: Screens,
    renderer: Render,
    translator: TranslatorDep,
    caller: Caller,
    session_id: str,
    *,
    status: int = 200,
    **extra: Any,
) -> Response:
    context = await _room_context(screens, translator, caller, session_id)
    async with screens.database.reading() as tx:
        context |= await desk.read_desk(screens, tx, session_id, context["contributions"])
        context["bot"] = await read_bot(tx, await access_gathering(tx, session_id))
    context |= {"me": None, "qr": qr_svg(context["session"]["join_url"]), **extra}
    if context["stage"]["state"] in ("planned", "open") and not extra.get("part"):
        return page(request, renderer, "gatherings/plan.html", status, **context)
    part = request.query_params.get("part", "")
    name = "gatherings/_desk_side.html" if part == "side" else "gatherings/desk.html"
    return page(request, renderer, name, status, **context)


# --- saying --------------------------------------------------------------------------------


def _draft(form: dict[str, str]) -> actions.Draft:
    fields: dict[str, Any] = {name: form[name] for name in DRAFT_FIELDS if form.get(name)}
    if fields.get("value", "").isdigit():
        fields["value"] = int(fields["value"])
    if form.get("skipped"):
        fields["skipped"] = True
    return actions.Draft(
        kind=form.get("kind", "contribution"),
        text=form.get("text", ""),
        client_id=form.get("client_id", ""),
        language=form.get("language") or None,
        reply_to=form.get("reply_to") or None,
        fields=fields,
    )


@router.post("/sessions/{session_id}/contributions")
async def post_contribution(
    session_id: str,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    translator: TranslatorDep,
    limits: RateLimits,
) -> Response:
    """Say something by form. A refusal gives the form back with every word in it."""
    check_reads(caller, session_id)
    form = await read_form(request)
    seat, account = speaker(caller.seat(session_id), caller.account, caller.runs)
    try:
        await limits.check(WRITE_RULE, "write", seat.id if seat else account.id if account else "")
        said, _, _ = await say(screens, session_id, _draft(form), seat=seat, account=account)
    except Refusal as refusal:
        return await _said_no(request, screens, renderer, translator, caller, form, refusal)
    if not is_htmx(request):
        return see_other(_room_path(form, caller, session_id, said.id))
    if form.get("part") == "actions":
        return page(request, renderer, "gatherings/_sent.html", act=form.get("act", "reply"))
    context = await _room_context(screens, translator, caller, session_id)
    if seat is None or form.get("kind") == "facilitation":
        context["me"] = None
    return page(request, renderer, "gatherings/_composer.html", **context)


def _room_path(form: dict[str, str], caller: Caller, session_id: str, said: str) -> str:
    face = "/desk" if form.get("kind") == "facilitation" and caller.runs else ""
    return f"/sessions/{session_id}{face}#contribution-{said}"


async def _said_no(
    request: Request,
    screens: Screens,
    renderer: Render,
    translator: TranslatorDep,
    caller: Caller,
    form: dict[str, str],
    refusal: Refusal,
) -> Response:
    session_id = request.path_params["session_id"]
    wrong = _what_is_wrong(request, renderer, refusal)
    if form.get("part") == "actions" and form.get("contribution"):
        return await _contribution_page(
            request,
            screens,
            renderer,
            translator,
            caller,
            form["contribution"],
            status=refusal.status,
            values=form,
            **wrong,
        )
    context = await _room_context(screens, translator, caller, session_id)
    if form.get("kind") == "facilitation" and caller.runs:
        context["me"] = None
    context |= {"values": form, **wrong}
    name = "gatherings/_composer.html" if is_htmx(request) else "gatherings/room.html"
    return page(request, renderer, name, refusal.status, **context)


# --- one contribution ----------------------------------------------------------------------


@router.get("/sessions/{session_id}/contributions/{contribution_id}")
async def get_contribution(
    session_id: str,
    contribution_id: str,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    translator: TranslatorDep,
) -> Response:
    """One contribution and what the reader may do with it."""
    return await _contribution_page(request, screens, renderer, translator, caller, contribution_id)


async def _contribution_page(
    request: Request,
    screens: Screens,
    renderer: Render,
    translator: TranslatorDep,
    caller: Caller,
    contribution_id: str,
    *,
    status: int = 200,
    **extra: Any,
) -> Response:
    session_id, own = await access_said(screens, caller, contribution_id)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        said = await access_contribution(tx, contribution_id)
        (view,) = await screens.contribution_views(tx, gathering, [said], own=own or caller.runs)
        session = await _session_of(screens, translator, tx, gathering)
        may = await desk.what_may(tx, gathering, said, caller=caller, own=own)
    part = request.query_params.get("part") == "actions" or extra.get("values", {}).get("part")
    name = (
        "gatherings/_actions.html" if part and is_htmx(request) else "gatherings/contribution.html"
    )
    context = {"contribution": view, "session": session, "may": may, **extra}
    return page(request, renderer, name, status, **context)


Act = Literal[
    "remove", "correct", "dispute", "reveal", "hide", "unhide", "pin", "unpin", "screen", "unscreen"
]


@router.post("/contributions/{contribution_id}/{act}")
async def post_act(
    contribution_id: str,
    act: Act,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    translator: TranslatorDep,
) -> Response:
    """Do something with a contribution by form."""
    form = await read_form(request)
    try:
        session_id = await desk.do(screens, caller, contribution_id, act, form, set_mark)
    except (Invalid, Refusal) as refusal:
        if refusal.status in (401, 404):
            raise
        return await _contribution_page(
            request,
            screens,
            renderer,
            translator,
            caller,
            contribution_id,
            status=refusal.status,
            values={**form, "act": act},
            **_what_is_wrong(request, renderer, refusal),
        )
    if is_htmx(request):
        return page(request, renderer, "gatherings/_sent.html", act=act)
    face = "/desk" if caller.runs and not caller.seat(session_id) else ""
    return see_other(f"/sessions/{session_id}{face}#contribution-{contribution_id}")


# --- queue, ready, choices, leaving ----------------------------------------------------------


@router.post("/sessions/{session_id}/ready")
async def post_ready(session_id: str, caller: Asking, screens: Room) -> Response:
    seat = check_seat(caller, session_id)
    await screens.carry_out(
        session_id, lambda tx, g: actions.get_ready(tx, g, seat, now=screens.clock.now())
    )
    return see_other(f"/sessions/{session_id}")


@router.post("/sessions/{session_id}/bot")
async def post_bot(session_id: str, request: Request, caller: Asking, screens: Room) -> Response:
    """Mute the chatbot, or let it speak again."""
    account = check_runs(caller)
    muted = (await read_form(request)).get("muted") == "1"
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.mute_bot(
            tx, g, muted=muted, account=account, now=screens.clock.now()
        ),
    )
    return see_other(f"/sessions/{session_id}/desk")


@router.post("/sessions/{session_id}/bot/{line_id}/{decision}")
async def post_bot_line(
    session_id: str,
    line_id: str,
    decision: Literal["send", "drop"],
    request: Request,
    caller: Asking,
    screens: Room,
) -> Response:
    """Send one of the chatbot's lines, perhaps changed, or drop it."""
    account = check_runs(caller)
    form = await read_form(request)
    texts = both(form, "text") if form.get("text_sv") or form.get("text_en") else None
    await decide_bot_line(screens, session_id, line_id, decision, account, texts)
    return see_other(f"/sessions/{session_id}/desk")


@router.post("/sessions/{session_id}/more-time")
async def post_more_time(
    session_id: str, request: Request, caller: Asking, screens: Room
) -> Response:
    seat = check_seat(caller, session_id)
    await screens.carry_out(
        session_id, lambda tx, g: actions.ask_for_more_time(tx, g, seat, now=screens.clock.now())
    )
    return Response(status_code=204) if is_htmx(request) else see_other(f"/sessions/{session_id}")


@router.post("/sessions/{session_id}/hand")
@router.post("/sessions/{session_id}/hand/lower")
async def post_hand(session_id: str, request: Request, caller: Asking, screens: Room) -> Response:
    """Raise or lower one's hand. A script's button says the same address: it toggles."""
    form = await read_form(request)
    lower = request.url.path.endswith("/lower")
    if lower and form.get("participant") and caller.runs:
        return await _lower_for(session_id, form["participant"], caller, screens)
    seat = check_seat(caller, session_id)
    async with screens.database.reading() as tx:
        raised = seat.id in {h["participant"]["id"] for h in await screens.queue(tx, session_id)}
    act = actions.lower_hand if lower or (is_htmx(request) and raised) else actions.raise_hand
    await screens.carry_out(session_id, lambda tx, g: act(tx, g, seat, now=screens.clock.now()))
    return Response(status_code=204) if is_htmx(request) else see_other(f"/sessions/{session_id}")


async def _lower_for(
    session_id: str, participant_id: str, caller: Caller, screens: Screens
) -> Response:
    """A facilitator lowers somebody's hand."""
    check_runs(caller)
    async with screens.database.reading() as tx:
        seat = await tx.get(Participant, participant_id)
    if seat is None or seat.gathering_id != session_id:
        raise NotFound("participant_not_found")
    await screens.carry_out(
        session_id, lambda tx, g: actions.lower_hand(tx, g, seat, now=screens.clock.now())
    )
    return see_other(f"/sessions/{session_id}/desk")


@router.post("/sessions/{session_id}/floor")
async def post_floor(session_id: str, request: Request, caller: Asking, screens: Room) -> Response:
    account = check_runs(caller)
    form = await read_form(request)
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.give_floor(
            tx,
            g,
            participant_id=form.get("participant", ""),
            account=account,
            now=screens.clock.now(),
        ),
    )
    return see_other(f"/sessions/{session_id}/desk")


@router.get("/sessions/{session_id}/choices")
async def get_choices(
    session_id: str, request: Request, caller: Asking, screens: Room, renderer: Render
) -> Response:
    """My choices: language, personal link, what I said yes to, leaving."""
    seat = check_seat(caller, session_id)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        session = await screens.session(tx, gathering, full=False)
        consent = (await latest_consents(tx, session_id)).get(seat.id)
    secret = request.cookies.get(SEAT_COOKIE + session_id, "")
    link = f"{screens.base_url}/resume/{secret}" if secret else ""
    return page(
        request,
        renderer,
        "people/choices.html",
        session=session,
        me=_me(seat),
        resume_url=link,
        qr=qr_svg(link) if link else "",
        consent=consent
        and {
            "choices": people_rules.consent_summary(consent.choices),
            "version": consent.version,
            "language": consent.language,
            "given_at": consent.given_at,
        },
        all_choices=people_rules.CONSENT_CHOICES,
    )


@router.post("/sessions/{session_id}/choices")
async def post_choices(
    session_id: str, request: Request, caller: Asking, screens: Room
) -> Response:
    """Change language, bilingual or consent. Taking part itself ends by leaving."""
    seat = check_seat(caller, session_id)
    form = await read_form(request)
    await screens.carry_out(
        session_id,
        lambda tx, g: desk.change_choices(tx, g, seat, form, now=screens.clock.now()),
    )
    return see_other(f"/sessions/{session_id}/choices")


@router.post("/sessions/{session_id}/leave")
async def post_leave(session_id: str, caller: Asking, screens: Room) -> Response:
    seat = check_seat(caller, session_id)
    await screens.carry_out(
        session_id, lambda tx, g: actions.leave(tx, g, seat, now=screens.clock.now())
    )
    if screens.live:
        await screens.live.remove(session_id, seat.id)
    answer = see_other("/")
    answer.delete_cookie(SEAT_COOKIE + session_id, path="/")
    return answer


# --- finding cards -------------------------------------------------------------------------


@router.post("/sessions/{session_id}/findings")
async def post_finding(
    session_id: str,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    translator: TranslatorDep,
    options: Options,
) -> Response:
    """Add a finding card by form."""
    account = check_runs(caller)
    form = await read_form(request)
    try:
        card = await _read_card(request, options)
        await screens.carry_out(
            session_id,
            lambda tx, g: actions.add_finding(
                tx, g, card, account=account, now=screens.clock.now()
            ),
        )
    except Refusal as refusal:
        wrong = _what_is_wrong(request, renderer, refusal)
        return await _desk_page(
            request,
            screens,
            renderer,
            translator,
            caller,
            session_id,
            status=refusal.status,
            values=form,
            **wrong,
        )
    return see_other(f"/sessions/{session_id}/desk#findings")


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


@router.get("/findings/{finding_id}")
async def get_finding(
    finding_id: str, request: Request, caller: Asking, screens: Room, renderer: Render
) -> Response:
    """One card to edit."""
    check_runs(caller)
    return await _finding_page(request, screens, renderer, finding_id)


async def _finding_page(
    request: Request,
    screens: Screens,
    renderer: Render,
    finding_id: str,
    status: int = 200,
    **extra: Any,
) -> Response:
    async with screens.database.reading() as tx:
        finding = await tx.get(Finding, finding_id)
        if finding is None or finding.removed_at is not None:
            raise NotFound("finding_not_found")
        session = await screens.session(
            tx, await access_gathering(tx, finding.gathering_id), full=False
        )
    (view,) = desk.finding_views([finding])
    context = {"finding": view, "session": session, **extra}
    return page(request, renderer, "gatherings/finding.html", status, **context)


@router.post("/findings/{finding_id}")
async def post_change_finding(
    finding_id: str,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    options: Options,
) -> Response:
    account = check_runs(caller)
    form = await read_form(request)
    async with screens.database.reading() as tx:
        finding = await tx.get(Finding, finding_id)
    if finding is None:
        raise NotFound("finding_not_found")
    try:
        card = await _read_card(request, options)
        await screens.carry_out(
            finding.gathering_id,
            lambda tx, g: desk.change_card(
                tx, g, finding_id, card, account=account, now=screens.clock.now()
            ),
        )
    except Refusal as refusal:
        wrong = _what_is_wrong(request, renderer, refusal)
        return await _finding_page(
            request, screens, renderer, finding_id, refusal.status, values=form, **wrong
        )
    return see_other(f"/sessions/{finding.gathering_id}/desk#findings")


@router.post("/findings/{finding_id}/{act}")
async def post_card(
    finding_id: str, act: Literal["show", "remove"], caller: Asking, screens: Room
) -> Response:
    session_id = await change_card(screens, check_runs(caller), finding_id, show=act == "show")
    return see_other(f"/sessions/{session_id}/desk#findings")


@router.get("/sessions/{session_id}/pictures/{finding_id}")
async def get_picture(
    session_id: str, finding_id: str, caller: Asking, screens: Room, options: Options
) -> Response:
    """A card's picture, for those who may read the session or its published record."""
    async with screens.database.reading() as tx:
        gathering = await find_gathering(tx, session_id)
        if gathering is None or gathering.published_at is None:
            check_reads(caller, session_id)
        finding = await tx.get(Finding, finding_id)
    if finding is None or finding.gathering_id != session_id or not finding.picture:
        raise NotFound("finding_not_found")
    path = picture_folder(options) / finding.picture
    if not path.is_file():
        raise NotFound("finding_not_found")
    return FileResponse(path, media_type=TYPES[path.suffix.removeprefix(".")])


# --- the record ----------------------------------------------------------------------------


@router.get("/sessions/{session_id}/record")
async def get_record(
    session_id: str, request: Request, caller: Asking, screens: Room, renderer: Render
) -> Response:
    """What the session produced, in the reader's language."""
    record = await record_for(screens, caller, session_id)
    return page(
        request,
        renderer,
        "gatherings/record.html",
        record=record,
        session=record["session"],
        may_publish=caller.runs,
    )


@router.post("/sessions/{session_id}/record/publish")
async def post_publish(
    session_id: str, request: Request, caller: Asking, screens: Room, renderer: Render
) -> Response:
    account = check_runs(caller)
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.publish_record(tx, g, account=account, now=screens.clock.now()),
    )
    return see_other(f"/sessions/{session_id}/record")


# --- moves, last: their address matches any word --------------------------------------------


@router.post("/sessions/{session_id}/{move}")
async def post_move(
    session_id: str,
    move: MoveName,
    request: Request,
    caller: Asking,
    screens: Room,
    renderer: Render,
    translator: TranslatorDep,
) -> Response:
    """A facilitator's button."""
    account = check_runs(caller)
    form = await read_form(request)
    try:
        body = shapes.MoveIn(
            minutes=desk.number(form.get("minutes"), 2),
            force=form.get("force") in ("1", "on", "true"),
            reason=form.get("reason", "")[: rules.REASON_LIMIT],
        )
        await carry_out_move(screens, session_id, move, body, account)
    except Refusal as refusal:
        if refusal.status in (401, 403, 404):
            raise
        wrong = _what_is_wrong(request, renderer, refusal)
        return await _desk_page(
            request,
            screens,
            renderer,
            translator,
            caller,
            session_id,
            status=refusal.status,
            values={**form, "move": move},
            **wrong,
        )
    return see_other(f"/sessions/{session_id}/desk")
