"""What people say yes to: the text, their own answer, and changing it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Forbidden, Invalid, NotFound, Unauthorised
from hub.gatherings import desk, shapes
from hub.gatherings.models import Gathering
from hub.gatherings.screens import Room, Screens
from hub.people import actions as people
from hub.people import rules as people_rules
from hub.people.door import Asking, Caller, check_runs
from hub.people.models import Account, Participant, is_seated
from hub.people.views import text_view

router = APIRouter(prefix="/api/v1", tags=["consent"])


@router.get("/consent")
async def get_consent_text(
    screens: Room, version: Annotated[str | None, Query(max_length=20)] = None
) -> shapes.ConsentTextOut:
    """The text that people are asked to say yes to, or an earlier one by its ``version``."""
    async with screens.database.reading() as tx:
        now = screens.clock.now()
        in_force = await people.version_in_force(tx, now=now)
        text = await people.find_text(tx, version or in_force)
    if text.from_at > now and text.version != in_force:
        raise NotFound("consent_text_not_found")
    return shapes.ConsentTextOut.model_validate(
        text_view(text) | {"in_force": text.version == in_force}
    )


@router.get("/me/consent")
async def get_my_consent(
    caller: Asking, screens: Room, session: str | None = None
) -> shapes.ConsentSaid:
    """What the caller said yes to, and whether they are asked again."""
    seat = own_seat(caller, session)
    async with screens.database.reading() as tx:
        return shapes.ConsentSaid.model_validate(await said_view(screens, tx, seat))


@router.put("/me/consent")
async def put_my_consent(
    body: shapes.ConsentChangeIn, caller: Asking, screens: Room
) -> shapes.ConsentSaid:
    """Say what one says yes to from now on; also the answer where one is asked again."""
    seat = own_seat(caller, body.session)
    await answer(
        screens,
        seat,
        choices=_choices(body),
        version=body.version,
        email=body.email,
        others=tuple(caller.seats.values()),
        how="api",
    )
    async with screens.database.reading() as tx:
        return shapes.ConsentSaid.model_validate(await said_view(screens, tx, seat))


@router.put("/sessions/{session_id}/seats/{participant_id}/consent")
async def put_seat_consent(
    session_id: str,
    participant_id: str,
    body: shapes.ConsentChangeIn,
    caller: Asking,
    screens: Room,
) -> shapes.ConsentSaid:
    """What somebody without a device said yes to, aloud (facilitators)."""
    account = check_runs(caller)
    seat = await find_seat_without_device(screens, session_id, participant_id)
    await answer(
        screens, seat, choices=_choices(body), version=body.version, how="aloud", by=account
    )
    async with screens.database.reading() as tx:
        return shapes.ConsentSaid.model_validate(await said_view(screens, tx, seat))


def _choices(body: shapes.ConsentChangeIn) -> dict[str, bool]:
    said = body.consent if isinstance(body.consent, bool) else body.consent.model_dump()
    return people_rules.read_consent(said)


def own_seat(caller: Caller, session_id: str | None) -> Participant:
    """The caller's seat, where they hold one alone or name its session.

    Raises Unauthorised, Forbidden, NotFound, and Invalid where it is not clear which one.
    """
    if caller.is_nobody:
        raise Unauthorised()
    if not caller.seats:
        raise Forbidden("needs_seat")
    if session_id is None:
        if len(caller.seats) > 1:
            raise Invalid({"/session": "session_unclear"})
        session_id = next(iter(caller.seats))
    seat = caller.own(session_id)
    if seat is None:
        raise NotFound("session_not_found")
    return seat


async def find_seat_without_device(
    screens: Screens, session_id: str, participant_id: str
) -> Participant:
    """Somebody whose words a scribe writes. Raises NotFound, Forbidden for all others."""
    async with screens.database.reading() as tx:
        seat = await tx.get(Participant, participant_id)
    if seat is None or seat.gathering_id != session_id or not is_seated(seat):
        raise NotFound("participant_not_found")
    if not seat.without_device:
        raise Forbidden()
    return seat


async def answer(
    screens: Screens,
    seat: Participant,
    *,
    choices: dict[str, bool],
    how: str,
    version: str | None = None,
    email: str | None = None,
    others: tuple[Participant, ...] = (),
    by: Account | None = None,
) -> None:
    """Carry out what somebody says yes to from now on. Raises Invalid."""
    now = screens.clock.now()

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        await desk.answer_consent(
            tx,
            gathering,
            await tx.get_one(Participant, seat.id),
            choices=choices,
            version=version,
            email=email,
            others=others,
            how=how,
            by=by,
            now=now,
            unquoters=screens.unquoters,
        )

    await screens.carry_out(seat.gathering_id, change)


async def said_view(screens: Screens, tx: AsyncSession, seat: Participant) -> dict[str, Any]:
    """What somebody said yes to. Raises NotFound where nothing is kept."""
    now = screens.clock.now()
    said = (await people.consents_of(tx, [seat.id])).get(seat.id)
    if said is None:
        raise NotFound()
    in_force = await people.version_in_force(tx, now=now)
    return {
        "session": seat.gathering_id,
        "participant": seat.id,
        "choices": {c: bool(said.choices.get(c)) for c in people_rules.CONSENT_CHOICES},
        "version": said.version,
        "language": said.language,
        "given_at": said.given_at,
        "how": said.how,
        "in_force": in_force,
        "asked_again": said.version != in_force,
    }
