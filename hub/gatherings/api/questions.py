"""The questions before and after a session, and one's own answers to them."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.gatherings import actions, rules, shapes
from hub.gatherings.doorway import WRITE_RULE
from hub.gatherings.models import Gathering, access_gathering
from hub.gatherings.screens import Room, Screens
from hub.measures.items import Given, When, read_answers, shipped
from hub.people import actions as people
from hub.people.door import Asking, Caller, check_active, check_reads, check_seat
from hub.settings import Settings
from hub.web import Limits, Options, RateLimits

router = APIRouter(prefix="/api/v1", tags=["sessions"])


@router.get("/sessions/{session_id}/questions")
async def get_questions(session_id: str, caller: Asking, screens: Room) -> shapes.QuestionsOut:
    """The questions before and after this session, and which may be answered now."""
    check_reads(caller, session_id)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
    now, forms = screens.clock.now(), actions.forms_of(gathering)
    return shapes.QuestionsOut.model_validate(
        {
            "forms": [
                {
                    "id": form.id,
                    "when": form.when,
                    "open": actions.may_answer(gathering, form.when, now=now),
                    "parts": {part: [i.id for i in items] for part, items in form.parts.items()},
                }
                for form in forms.values()
            ],
            "items": [
                {
                    "id": item.id,
                    "version": item.version,
                    "when": item.when,
                    "kind": item.kind,
                    "domain": item.domain,
                    "text": item.text,
                    "values": list(item.values),
                }
                for form in forms.values()
                for item in form.items
            ],
            "scale": {str(step): text for step, text in shipped().scale.items()},
            "picture": {str(step): text for step, text in shipped().picture.items()},
            "unsure": shipped().unsure,
            "note": shipped().note,
        }
    )


@router.get("/sessions/{session_id}/answers/{when}")
async def get_answers(
    session_id: str, when: When, caller: Asking, screens: Room, options: Options
) -> shapes.AnswersOut:
    """One's own answers (participants)."""
    key = own_key(caller, options, session_id)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        given = await actions.list_answers(tx, session_id, key, when=when)
    return shapes.AnswersOut(
        when=when,
        open=actions.may_answer(gathering, when, now=screens.clock.now()),
        items={id_: answer.text or answer.value for id_, answer in given.items()},
    )


@router.put("/sessions/{session_id}/answers/{when}")
async def put_answers(
    session_id: str,
    when: When,
    body: shapes.AnswersIn,
    caller: Asking,
    screens: Room,
    options: Options,
    limits: RateLimits,
) -> shapes.AnswersOut:
    """Answer, or answer anew: what was answered before to this set is replaced (participants)."""
    await keep(screens, limits, caller, options, session_id, when=when, given=body.items)
    return await get_answers(session_id, when, caller, screens, options)


@router.delete("/sessions/{session_id}/answers/{when}", status_code=204)
async def delete_answers(
    session_id: str, when: When, caller: Asking, screens: Room, options: Options
) -> Response:
    """Erase one's own answers, at any time (participants)."""
    await erase(screens, caller, options, session_id, when=when)
    return Response(status_code=204)


def own_key(caller: Caller, options: Settings, session_id: str) -> str:
    """What ties the caller's answers together. Raises as ``check_seat`` does."""
    check_seat(caller, session_id)
    secret = caller.secrets[session_id]
    return actions.answer_key(options.read_key(), gathering_id=session_id, secret=secret)


async def keep(
    screens: Screens,
    limits: Limits,
    caller: Caller,
    options: Settings,
    session_id: str,
    *,
    when: When,
    given: Mapping[str, object],
    form: str | None = None,
) -> dict[str, Given]:
    """Keep the caller's answers to one form, or to all that is asked ``before`` or ``after``.

    Returns what was kept. Raises Refusal outside the time to answer, Invalid for a fault.
    """
    key, now = own_key(caller, options, session_id), screens.clock.now()
    seat = check_active(caller, session_id)
    await limits.check(WRITE_RULE, "write", seat.id)

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Given]:
        await people.check_may_say(tx, seat, now=now)
        items = actions.forms_of(gathering)[form].items if form else ()
        items = items or actions.items_of(gathering, when)
        answers = read_answers(given, items, limit=rules.TEXT_LIMIT)
        await actions.keep_answers(tx, gathering, key, answers, form=items, when=when, now=now)
        return answers

    return await screens.carry_out(session_id, change)


async def erase(
    screens: Screens, caller: Caller, options: Settings, session_id: str, *, when: When
) -> None:
    """Erase the caller's answers."""
    key = own_key(caller, options, session_id)
    await screens.carry_out(session_id, lambda tx, g: actions.erase_answers(tx, g, key, when=when))
