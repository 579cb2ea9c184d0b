"""Pages with the questions before and after a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response

from hub.errors import Refusal
from hub.gatherings import actions, rules
from hub.gatherings.api.questions import erase, keep, own_key
from hub.gatherings.models import access_gathering
from hub.gatherings.visit import Here, Visit, seat_view
from hub.measures.items import Form, Given, When, shipped
from hub.people.door import check_seat
from hub.web import RateLimits, read_form, see_other

router = APIRouter(include_in_schema=False)
# What a form sends for "don't know or prefer not to say".
UNSURE = "none"
STEPS = {str(step): step for step in range(1, 6)}


@router.get("/sessions/{session_id}/questions/{when}")
async def get_questions(session_id: str, when: When, visit: Here) -> Response:
    """The questions, with what the person has answered so far."""
    return await _page(visit, session_id, when, picture=_picture(visit))


@router.post("/sessions/{session_id}/questions/{when}")
async def post_questions(session_id: str, when: When, visit: Here, limits: RateLimits) -> Response:
    """Keep the answers of one form. A refusal gives the form back with every word in it."""
    sent = await read_form(visit.request)
    picture = sent.get("form") == "picture"
    try:
        given = await keep(
            visit.screens,
            limits,
            visit.caller,
            visit.options,
            session_id,
            when=when,
            given=_read_given(sent),
            form=_form_id(when, picture),
        )
    except Refusal as refusal:
        if refusal.status in (401, 403, 404):
            raise
        wrong = visit.wrong(refusal)
        return await _page(
            visit, session_id, when, refusal.status, picture=picture, sent=sent, **wrong
        )
    done = "kept" if given else "skipped"
    form = "&form=picture" if picture else ""
    return see_other(f"/sessions/{session_id}/questions/{when}?done={done}{form}")


@router.post("/sessions/{session_id}/questions/{when}/erase")
async def post_erase(session_id: str, when: When, visit: Here) -> Response:
    """Erase one's own answers; no reason is asked."""
    await erase(visit.screens, visit.caller, visit.options, session_id, when=when)
    return see_other(f"/sessions/{session_id}/questions/{when}?done=erased")


def _picture(visit: Visit) -> bool:
    return visit.request.query_params.get("form") == "picture"


def _form_id(when: When, picture: bool) -> str:
    return "picture" if picture and when == "after" else when


def _read_given(sent: Mapping[str, str]) -> dict[str, object]:
    """The answers of a form by item. What is neither words nor a number is for the rules to say."""
    open_ids = {i.id for i in shipped().wordings.values() if i.kind == "open"}
    given: dict[str, object] = {}
    for name, value in sent.items():
        id_ = name.removeprefix("items_")
        if id_ == name or not value:
            continue
        if id_ in open_ids:
            given[id_] = value
        elif value == UNSURE:
            given[id_] = None
        else:
            given[id_] = STEPS.get(value, value)
    return given


async def _page(
    visit: Visit,
    session_id: str,
    when: When,
    status: int = 200,
    *,
    picture: bool,
    sent: Mapping[str, str] | None = None,
    **extra: Any,
) -> Response:
    """The form; outside the time to answer, why not, and the way to erase."""
    seat, key = (
        check_seat(visit.caller, session_id),
        own_key(visit.caller, visit.options, session_id),
    )
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        session = await visit.screens.session(tx, gathering, full=False)
        kept = await actions.list_answers(tx, session_id, key, when=when)
    try:
        actions.check_answerable(gathering, when, now=visit.screens.clock.now())
    except Refusal as refusal:
        status, extra = refusal.status, {**extra, **visit.wrong(refusal)}
        is_open = False
    else:
        is_open = True
    form = actions.forms_of(gathering)[_form_id(when, picture)]
    return visit.page(
        "gatherings/questions.html",
        status,
        session=session,
        me=seat_view(seat),
        when=when,
        open=is_open,
        form=form,
        given=_shown(form, kept, sent),
        answered=bool(kept),
        has_pictures=when == "after",
        done=visit.request.query_params.get("done"),
        words=shipped(),
        limit=rules.TEXT_LIMIT,
        **extra,
    )


def _shown(form: Form, kept: Mapping[str, Given], sent: Mapping[str, str] | None) -> dict[str, str]:
    """What stands in each field: what was just sent, or else what is kept."""
    if sent is not None:
        return {item.id: sent.get(f"items_{item.id}", "") for item in form.items}
    return {
        item.id: answer.text or (UNSURE if answer.value is None else str(answer.value))
        for item in form.items
        if (answer := kept.get(item.id))
    }
