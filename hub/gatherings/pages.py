"""Pages of those who take part: joining, the room, saying, choices and the record."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from hub.errors import Forbidden, Invalid, NotFound, Refusal
from hub.gatherings import actions, desk, rules
from hub.gatherings.api import consents
from hub.gatherings.api.cards import picture_folder
from hub.gatherings.api.following import correct_words
from hub.gatherings.api.joining import WayIn, find_way_in
from hub.gatherings.api.saying import correct_translation, say, set_mark, speaker
from hub.gatherings.doorway import WRITE_RULE
from hub.gatherings.models import (
    access_gathering,
    find_gathering,
    list_private,
)
from hub.gatherings.pictures import TYPES
from hub.gatherings.visit import (
    Here,
    Visit,
    asked_to_comment,
    break_page,
    contribution_page,
    drawn_context,
    is_sent_out,
    qr_svg,
    record_page,
    room_context,
    seat_view,
    sent_out_page,
    write_for_page,
)
from hub.people import actions as people
from hub.people import rules as people_rules
from hub.people.door import (
    SEAT_COOKIE,
    check_active,
    check_reads,
    check_runs,
    check_seat,
)
from hub.people.models import Account, Participant, list_participants_by_secrets
from hub.people.pages import COOKIE_SECONDS, set_cookie
from hub.people.views import form_view, said_view
from hub.programme.models import Finding
from hub.web import CSP, RateLimits, guesses_of_links, read_form, read_number, see_other

router = APIRouter(include_in_schema=False)
# Its address matches all that is done to a post, so it comes after the others.
acts = APIRouter(include_in_schema=False)
# The one page that lies in a frame, of a page of our own.
FRAMED = CSP.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
SEAT_SECONDS = COOKIE_SECONDS * 6
# After so many wrong tries at the two questions, whoever runs the session is called.
TRIES_ALONE = 2
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
    "wording",
    "side",
    "change",
    "untranslatable",
)


# A box for each post that a theme may be made from.
MADE_FROM = "from-"


# --- joining -----------------------------------------------------------------------------------


@router.get("/join")
async def get_join(visit: Here, code: str = "") -> Response:
    if code.strip():
        return see_other(f"/join/{quote(actions.read_code(code))}")
    return visit.page("people/join_code.html")


@router.get("/join/{code}")
async def get_join_code(code: str, visit: Here, limits: RateLimits) -> Response:
    """The way in for one session; somebody with a seat goes straight to the room."""
    try:
        way = await find_way_in(visit.screens, limits, visit.request, code)
    except NotFound as refusal:
        wrong = visit.wrong(refusal)
        return visit.page("people/join_code.html", 404, values={"code": code}, **wrong)
    if visit.caller.seat(way.session_id) or _is_sent_out(visit, way):
        return see_other(f"/sessions/{way.session_id}")
    if way.used:
        return see_other(f"/invitation/{quote(code, safe='')}")
    return await _join_page(visit, way)


def _is_sent_out(visit: Visit, way: WayIn) -> bool:
    """Whoever was sent out does not come back with the code; a new invitation lets them in."""
    return way.invitation is None and is_sent_out(visit, way.session_id)


async def _join_page(visit: Visit, way: WayIn, status: int = 200, **context: Any) -> Response:
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, way.session_id)
        session = await visit.screens.session(tx, gathering)
        session["facilitator"] = await actions.facilitator_name(tx, gathering)
        text = await people.text_in_force(tx, now=visit.screens.clock.now())
    if way.invitation:
        session["code"] = way.invitation
    elif session["access"] == "invited":
        # The code of such a session opens nothing, not even its title.
        raise Forbidden("invited_only")
    context = {"consent_text": form_view(text), **context}
    return visit.page("people/join.html", status, session=session, **context)


@router.post("/join")
async def post_join(visit: Here, limits: RateLimits) -> Response:
    """Take a seat. Faults come back with everything that was typed."""
    form = await read_form(visit.request)
    code = form.get("code", "")
    way = await find_way_in(visit.screens, limits, visit.request, code)
    if _is_sent_out(visit, way):
        return see_other(f"/sessions/{way.session_id}")
    consent = {c: form.get(c) in ("1", "on", "true") for c in people_rules.CONSENT_CHOICES}
    if form.get("language") in people_rules.LANGUAGES:
        visit.request.state.language = form["language"]
    try:
        secret = await _take_seat(visit, way, form, consent)
    except Refusal as refusal:
        values = {**form, **consent}
        wrong = visit.wrong(refusal) | await _count_try(visit, way.session_id, form, refusal)
        return await _join_page(visit, way, refusal.status, values=values, **wrong)
    return _seated(visit, way.session_id, secret)


async def _take_seat(
    visit: Visit, way: WayIn, form: dict[str, str], consent: dict[str, bool]
) -> str:
    _, secret = await visit.screens.carry_out(
        way.session_id,
        lambda tx, g: actions.join(
            tx,
            g,
            name=form.get("name", ""),
            language=form.get("language"),
            role=form.get("role") or None,
            bilingual=form.get("bilingual") in ("1", "on"),
            consent=consent,
            now=visit.screens.clock.now(),
            how="form",
            remote=form.get("remote") in ("1", "on"),
            invitation=way.invitation,
            asked=people.Asked(
                form.get("version"),
                {q: form.get(f"understood_{q}", "") for q in ("q1", "q2")},
                read_number(form.get("tries")) or 0,
            ),
            email=form.get("email", ""),
            others=tuple(visit.caller.seats.values()),
        ),
    )
    return secret


async def _count_try(
    visit: Visit, session_id: str, form: dict[str, str], refusal: Refusal
) -> dict[str, Any]:
    """How often the questions were answered wrongly; at the second time help is called."""
    tries = read_number(form.get("tries")) or 0
    codes = refusal.fields.values() if isinstance(refusal, Invalid) else ()
    if "understood_wrong" not in codes:
        return {"tries": tries, "helped": tries >= TRIES_ALONE}
    if tries + 1 >= TRIES_ALONE:
        now = visit.screens.clock.now()
        await visit.screens.carry_out(
            session_id, lambda tx, g: actions.ask_for_help(tx, g, now=now)
        )
    return {"tries": tries + 1, "helped": tries + 1 >= TRIES_ALONE}


def _seated(visit: Visit, session_id: str, secret: str) -> Response:
    answer = see_other(f"/sessions/{session_id}")
    set_cookie(answer, visit.options, SEAT_COOKIE + session_id, secret, SEAT_SECONDS)
    return answer


@router.get("/resume/{secret}")
async def get_resume(secret: str, visit: Here, limits: RateLimits) -> Response:
    """The personal link: the same seat on another phone."""
    guesses = guesses_of_links(limits)
    await guesses.check(visit.request)
    async with visit.screens.database.reading() as tx:
        seats = await list_participants_by_secrets(tx, [people.hash_secret(secret)])
    if not seats:
        await guesses.wrong(visit.request)
        raise NotFound("resume_unknown")
    answer = _seated(visit, seats[0].gathering_id, secret)
    if seats[0].left_at is not None:
        # What is theirs stays within reach.
        answer.headers["Location"] = f"/sessions/{seats[0].gathering_id}/my-data"
    return answer


# --- the room ------------------------------------------------------------------------------


@router.get("/sessions/{session_id}")
async def get_room(session_id: str, visit: Here) -> Response:
    """The participant's face of the room."""
    if is_sent_out(visit, session_id):
        return await sent_out_page(visit, session_id)
    check_reads(visit.caller, session_id)
    seat = visit.caller.seat(session_id)
    if seat is not None and seat.paused_at is not None:
        return await break_page(visit, session_id)
    begun = await _shared_thought(visit, session_id)
    context = await drawn_context(visit, session_id)
    return visit.page("gatherings/room.html", **context, **begun)


async def _shared_thought(visit: Visit, session_id: str) -> dict[str, Any]:
    """``share`` names a thought of the reader's own: its words are put in the box for the talk."""
    wanted, seat = visit.request.query_params.get("share"), visit.caller.seat(session_id)
    if not wanted or seat is None:
        return {}
    async with visit.screens.database.reading() as tx:
        own = await list_private(tx, session_id, seat.id)
    thought = next((c for c in own if c.id == wanted and c.kind == "reflection"), None)
    return {"values": _to_share(thought.text, thought.language)} if thought else {}


def _to_share(text: str, language: str) -> dict[str, str]:
    return {"kind": "contribution", "text": text, "language": language, "shared": "1"}


@router.get("/sessions/{session_id}/changes")
async def get_reload(session_id: str) -> Response:
    """Without script, what is new is a reload away."""
    return see_other(f"/sessions/{session_id}")


@router.get("/sessions/{session_id}/composer")
async def get_composer(session_id: str, visit: Here) -> Response:
    """Where a person writes, as it is in the phase that runs now; ``for`` names a scribe's.

    ``order`` is a ranking that is not saved yet; ``desk`` asks for the facilitator's.
    """
    check_reads(visit.caller, session_id)
    order = visit.request.query_params.get("order")
    begun: dict[str, Any] = {"values": {"kind": "ranking", "order": order}} if order else {}
    begun = begun or await _shared_thought(visit, session_id)
    if speaker_id := visit.request.query_params.get("for"):
        check_runs(visit.caller)
        name = "gatherings/_composer.html"
        return await write_for_page(visit, session_id, speaker_id, name=name, **begun)
    context = await room_context(visit, session_id)
    if visit.request.query_params.get("desk") and visit.caller.runs:
        context["me"] = None
    return visit.page("gatherings/_composer.html", **context, **begun)


@router.get("/sessions/{session_id}/here")
async def get_here(
    session_id: str, visit: Here, after: Annotated[int, Query(ge=0)] = 0, phase: str = ""
) -> Response:
    """For a page without script: whether there is something new, looked at by itself.

    It lies in a frame of the room and loads itself again, which also tells that its reader is
    still here.
    """
    check_reads(visit.caller, session_id)
    visit.screens.visited(session_id, visit.caller.seat(session_id))
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
    answer = visit.page(
        "gatherings/here.html",
        session={"id": session_id},
        new=max(0, gathering.seq - after),
        moved=actions.phase_key(gathering) != phase,
    )
    answer.headers["Content-Security-Policy"] = FRAMED
    return answer


# --- saying --------------------------------------------------------------------------------


def _draft(form: dict[str, str]) -> actions.Draft:
    fields: dict[str, Any] = {name: form[name] for name in DRAFT_FIELDS if form.get(name)}
    if fields.get("value", "").isdigit():
        fields["value"] = int(fields["value"])
    if form.get("skipped"):
        fields["skipped"] = True
    if form.get("kind") == "ranking":
        passed = bool(form.get("passed"))
        fields["order"] = [] if passed else [i for i in form.get("order", "").split(",") if i]
        fields["passed"] = passed
    if form.get("kind") == "theme":
        made_from = [name for name in form if name.startswith(MADE_FROM)]
        fields["from"] = [name.removeprefix(MADE_FROM) for name in made_from]
    return actions.Draft(
        kind=form.get("kind", "contribution"),
        text=form.get("text", ""),
        client_id=form.get("client_id", ""),
        language=form.get("language") or None,
        reply_to=form.get("reply_to") or None,
        fields=fields,
        written_for=form.get("written_for") or None,
    )


@router.post("/sessions/{session_id}/contributions")
async def post_contribution(session_id: str, visit: Here, limits: RateLimits) -> Response:
    """Say something by form. A refusal gives the form back with every word in it."""
    check_reads(visit.caller, session_id)
    form = await read_form(visit.request)
    if form.get("kind") == "ranking" and form.get("move"):
        return await _moved(visit, session_id, form)
    try:
        seat, account = speaker(visit.caller, session_id, written_for=form.get("written_for"))
        if form.get("consent_version"):
            form = await _answer_again(visit, session_id, form, seat, account)
        await limits.check(WRITE_RULE, "write", seat.id if seat else account.id if account else "")
        draft = _draft(form)
        said, _, _ = await say(visit.screens, session_id, draft, seat=seat, account=account)
    except Refusal as refusal:
        return await _said_no(visit, session_id, form, refusal)
    if draft.kind == "reflection" and form.get("share") and said.text:
        if not visit.is_htmx:
            return see_other(f"/sessions/{session_id}?share={said.id}#talk")
        shared = _to_share(said.text, said.language)
        return await _composer(visit, session_id, form, values=shared)
    if not visit.is_htmx:
        face = "/desk" if _facilitates(visit, form) else ""
        if form.get("written_for"):
            face = f"/write-for/{said.participant_id}"
        return see_other(f"/sessions/{session_id}{face}#contribution-{said.id}")
    if form.get("part") == "actions":
        return visit.page("gatherings/_sent.html", act=form.get("act", "reply"))
    return await _composer(visit, session_id, form)


async def _moved(visit: Visit, session_id: str, form: dict[str, str]) -> Response:
    """The form with one theme moved in the ranking. Nothing is saved."""
    order = rules.moved(form.get("order", "").split(","), form["move"])
    values = {**form, "order": ",".join(order)}
    name = "gatherings/_composer.html" if visit.is_htmx else "gatherings/room.html"
    return await _composer(visit, session_id, form, name, values=values)


def _facilitates(visit: Visit, form: dict[str, str]) -> bool:
    return form.get("kind") == "facilitation" and visit.caller.runs


async def _composer(
    visit: Visit,
    session_id: str,
    form: dict[str, str],
    name: str = "gatherings/_composer.html",
    status: int = 200,
    **extra: Any,
) -> Response:
    if (speaker_id := form.get("written_for")) and visit.caller.runs:
        return await write_for_page(
            visit, session_id, speaker_id, name=name, status=status, **extra
        )
    context = await room_context(visit, session_id)
    if _facilitates(visit, form):
        context["me"] = None
    return visit.page(name, status, **context, **extra)


async def _said_no(
    visit: Visit, session_id: str, form: dict[str, str], refusal: Refusal
) -> Response:
    if refusal.code == "consent_changed":
        if not await _has_own_device(visit, form.get("written_for")):
            return await _ask_again(visit, session_id, form)
        # What somebody can answer for themselves, no scribe answers.
        refusal = Refusal("consent_changed_for_other")
    if form.get("consent_version") and isinstance(refusal, Invalid):
        return await _ask_again(visit, session_id, form, refusal)
    wrong = {"values": form, **visit.wrong(refusal)}
    if form.get("part") == "actions" and form.get("contribution"):
        return await contribution_page(visit, form["contribution"], refusal.status, **wrong)
    name = "gatherings/_composer.html" if visit.is_htmx else "gatherings/room.html"
    return await _composer(visit, session_id, form, name, refusal.status, **wrong)


# --- asked again, since the consent text has changed -----------------------------------------


def ticked(form: dict[str, str]) -> list[str]:
    """The choices of a form that somebody said yes to."""
    return [c for c in people_rules.CONSENT_CHOICES if form.get(c) in ("1", "on")]


def _post_alone(form: dict[str, str]) -> dict[str, str]:
    """The fields of a post, without those of the consent that came with it."""
    asked = {*people_rules.CONSENT_CHOICES, "consent_version", "email"}
    return {name: value for name, value in form.items() if name not in asked}


async def _answer_again(
    visit: Visit,
    session_id: str,
    form: dict[str, str],
    seat: Participant | None,
    account: Account | None,
) -> dict[str, str]:
    """Keep the answer to the new text, the speaker's own or aloud; returns the post alone.

    Raises Invalid, and nothing is kept.
    """
    choices = dict.fromkeys(people_rules.CONSENT_CHOICES, False) | dict.fromkeys(ticked(form), True)
    version, by = form["consent_version"], None
    if speaker_id := form.get("written_for"):
        seat = await consents.find_seat_without_device(visit.screens, session_id, speaker_id)
        by = account
    if seat is not None:
        await consents.answer(
            visit.screens,
            seat,
            choices=choices,
            how="aloud" if by else "form",
            version=version,
            email=form.get("email", ""),
            others=() if by else tuple(visit.caller.seats.values()),
            by=by,
        )
    return _post_alone(form)


async def _has_own_device(visit: Visit, speaker_id: str | None) -> bool:
    """True where a scribe writes for somebody who has a device of their own."""
    if not speaker_id:
        return False
    async with visit.screens.database.reading() as tx:
        seat = await tx.get(Participant, speaker_id)
    return seat is not None and not seat.without_device


async def _ask_again(
    visit: Visit, session_id: str, form: dict[str, str], refusal: Invalid | None = None
) -> Response:
    """The new text and its choices in the place of the form, with all that was typed kept."""
    speaker_id = form.get("written_for") or ""
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        session = await visit.screens.session(tx, gathering, full=False)
        text = await people.text_in_force(tx, now=visit.screens.clock.now())
        own = visit.caller.seat(session_id)
        seat = await tx.get(Participant, speaker_id) if speaker_id else own
        found = await people.consents_of(tx, [seat.id] if seat else [])
    kept = _post_alone(form)
    name = "people/_consent_composer.html" if visit.is_htmx else "people/consent_again.html"
    if visit.is_htmx and form.get("part") == "actions":
        name = "people/_consent_again.html"
    wrong = visit.wrong(refusal) if refusal else {}
    return visit.page(
        name,
        refusal.status if refusal else 409,
        session=session,
        me=seat_view(seat),
        consent_text=form_view(text),
        earlier=[c for said in found.values() for c in people_rules.consent_summary(said.choices)],
        kept=kept,
        typed=form.get("text") or form.get("reason") or "",
        typed_language=form.get("language", ""),
        written_for=speaker_id,
        values={"chosen": ticked(form), "email": form.get("email", "")},
        htmx=visit.is_htmx,
        **wrong,
    )


# --- one contribution ----------------------------------------------------------------------


@router.get("/sessions/{session_id}/contributions/{contribution_id}")
async def get_contribution(contribution_id: str, visit: Here) -> Response:
    """One contribution and what the reader may do with it."""
    return await contribution_page(visit, contribution_id)


Act = Literal[
    "remove",
    "words",
    "correct",
    "dispute",
    "term",
    "reveal",
    "answer",
    "let-through",
    "hide",
    "unhide",
    "pin",
    "unpin",
    "screen",
    "unscreen",
]


@acts.post("/contributions/{contribution_id}/{act}")
async def post_act(contribution_id: str, act: Act, visit: Here, limits: RateLimits) -> Response:
    """Do something with a contribution by form."""
    form = await read_form(visit.request)
    caller = visit.caller
    try:
        if act == "words":
            text = form.get("text", "")
            said = await correct_words(visit.screens, limits, caller, contribution_id, text)
            session_id = str(said["session"])
        elif act == "correct":
            session_id, _ = await correct_translation(
                visit.screens,
                limits,
                caller,
                contribution_id,
                form.get("language", ""),
                text=form.get("text", ""),
                remark=form.get("remark", ""),
                remark_language=form.get("remark_language"),
                client_id=form.get("client_id"),
            )
        else:
            session_id = await desk.do(visit.screens, caller, contribution_id, act, form, set_mark)
    except Refusal as refusal:
        if refusal.status in (401, 404):
            raise
        wrong = {"values": {**form, "act": act}, **visit.wrong(refusal)}
        return await contribution_page(visit, contribution_id, refusal.status, **wrong)
    if visit.is_htmx:
        return visit.page("gatherings/_sent.html", act=act)
    face = "/desk" if caller.runs and not caller.seat(session_id) else ""
    return see_other(f"/sessions/{session_id}{face}#contribution-{contribution_id}")


# --- ready, time, queue, choices, leaving -----------------------------------------------------


@router.post("/sessions/{session_id}/ready")
async def post_ready(session_id: str, visit: Here) -> Response:
    seat, now = check_active(visit.caller, session_id), visit.screens.clock.now()
    await visit.screens.carry_out(session_id, lambda tx, g: actions.get_ready(tx, g, seat, now=now))
    return see_other(f"/sessions/{session_id}")


@router.post("/sessions/{session_id}/more-time")
async def post_more_time(session_id: str, visit: Here) -> Response:
    seat, now = check_active(visit.caller, session_id), visit.screens.clock.now()
    await visit.screens.carry_out(
        session_id, lambda tx, g: actions.ask_for_more_time(tx, g, seat, now=now)
    )
    return visit.answered(f"/sessions/{session_id}")


@router.post("/sessions/{session_id}/hand")
@router.post("/sessions/{session_id}/hand/lower")
async def post_hand(session_id: str, visit: Here) -> Response:
    """Raise or lower one's hand. A script's button says the same address: it toggles."""
    form = await read_form(visit.request)
    lower = visit.request.url.path.endswith("/lower")
    if lower and form.get("participant") and visit.caller.runs:
        return await _lower_for(visit, session_id, form["participant"])
    seat, screens = check_active(visit.caller, session_id), visit.screens
    async with screens.database.reading() as tx:
        raised = seat.id in {h["participant"]["id"] for h in await screens.queue(tx, session_id)}
    act = actions.lower_hand if lower or (visit.is_htmx and raised) else actions.raise_hand
    now = screens.clock.now()
    await screens.carry_out(session_id, lambda tx, g: act(tx, g, seat, now=now))
    return visit.answered(f"/sessions/{session_id}")


async def _lower_for(visit: Visit, session_id: str, participant_id: str) -> Response:
    """A facilitator lowers somebody's hand."""
    check_runs(visit.caller)
    async with visit.screens.database.reading() as tx:
        seat = await tx.get(Participant, participant_id)
    if seat is None or seat.gathering_id != session_id:
        raise NotFound("participant_not_found")
    now = visit.screens.clock.now()
    await visit.screens.carry_out(
        session_id, lambda tx, g: actions.lower_hand(tx, g, seat, now=now)
    )
    return see_other(f"/sessions/{session_id}/desk")


@router.get("/sessions/{session_id}/choices")
async def get_choices(session_id: str, visit: Here) -> Response:
    """My choices: language, personal link, what I said yes to, leaving."""
    return await _choices_page(visit, session_id)


async def _choices_page(visit: Visit, session_id: str, status: int = 200, **extra: Any) -> Response:
    seat, now = check_seat(visit.caller, session_id), visit.screens.clock.now()
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        session = await visit.screens.session(tx, gathering, full=False)
        consent = (await people.consents_of(tx, [seat.id])).get(seat.id)
        text = await people.text_in_force(tx, now=now)
        key = (await people.read_keys(tx, [seat.id])).get(seat.id)
        asked = await asked_to_comment(tx, gathering, seat, now=now)
    secret = visit.request.cookies.get(SEAT_COOKIE + session_id, "")
    link = f"{visit.screens.base_url}/resume/{secret}" if secret else ""
    return visit.page(
        "people/choices.html",
        status,
        session=session,
        asked=asked,
        me=seat_view(seat),
        resume_url=link,
        qr=qr_svg(link) if link else "",
        consent=said_view(consent),
        consent_text=form_view(text),
        asked_again=consent is None or consent.version != text.version,
        mail=key.email if key else "",
        **extra,
    )


@router.post("/sessions/{session_id}/choices")
async def post_choices(session_id: str, visit: Here) -> Response:
    """Change language, bilingual or consent. Taking part itself ends by leaving."""
    seat, now = check_seat(visit.caller, session_id), visit.screens.clock.now()
    form, others = await read_form(visit.request), tuple(visit.caller.seats.values())
    try:
        await visit.screens.carry_out(
            session_id,
            lambda tx, g: desk.change_choices(
                tx,
                g,
                seat,
                form,
                others=others,
                now=now,
                unquoters=visit.screens.unquoters,
            ),
        )
    except Invalid as refusal:
        values = {**form, "chosen": ticked(form)}
        wrong = visit.wrong(refusal)
        return await _choices_page(visit, session_id, refusal.status, values=values, **wrong)
    return see_other(f"/sessions/{session_id}/choices")


@router.post("/sessions/{session_id}/leave")
async def post_leave(session_id: str, visit: Here) -> Response:
    seat, now = check_seat(visit.caller, session_id), visit.screens.clock.now()
    await visit.screens.carry_out(session_id, lambda tx, g: actions.leave(tx, g, seat, now=now))
    if visit.screens.live:
        await visit.screens.live.remove(session_id, seat.id)
    answer = see_other("/?left=1")
    answer.delete_cookie(SEAT_COOKIE + session_id, path="/")
    return answer


# --- what the session leaves -------------------------------------------------------------------


@router.get("/sessions/{session_id}/pictures/{finding_id}")
async def get_picture(session_id: str, finding_id: str, visit: Here) -> Response:
    """A card's picture, for those who may read the session or its published record."""
    async with visit.screens.database.reading() as tx:
        gathering = await find_gathering(tx, session_id)
        if gathering is None or gathering.published_at is None:
            check_reads(visit.caller, session_id)
        finding = await tx.get(Finding, finding_id)
    if finding is None or finding.gathering_id != session_id or not finding.picture:
        raise NotFound("finding_not_found")
    path = picture_folder(visit.options) / finding.picture
    if not path.is_file():
        raise NotFound("finding_not_found")
    return FileResponse(path, media_type=TYPES[path.suffix.removeprefix(".")])


@router.get("/sessions/{session_id}/record")
async def get_record(session_id: str, visit: Here, view: Literal["", "print"] = "") -> Response:
    """What the session produced, in both languages; ``view=print`` unfolds all of it."""
    return await record_page(visit, session_id, unfolded=view == "print")
