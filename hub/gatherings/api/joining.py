"""Coming in with a code."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound
from hub.gatherings import actions, shapes
from hub.gatherings.models import (
    Gathering,
    find_gathering_by_code,
)
from hub.gatherings.screens import Room, Screens
from hub.people import rules as people_rules
from hub.people.door import Asking, check_runs
from hub.people.models import Account, Participant
from hub.web import RateLimits, address_of

router = APIRouter(prefix="/api/v1", tags=["sessions"])
# Only wrong codes count: a village hall of 300 phones behind one address gets in.
WRONG_CODES = "30 per minute"


@router.post("/join", status_code=201)
async def post_join(
    body: shapes.JoinIn, request: Request, screens: Room, limits: RateLimits
) -> shapes.JoinOut:
    """Come in with a code; no account. The token is the participant's, and so is the link."""
    consent = body.consent if isinstance(body.consent, bool) else body.consent.model_dump()
    gathering_id = await find_open_code(screens, limits, request, body.code)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.JoinOut:
        participant, secret = await actions.join(
            tx,
            gathering,
            name=body.name,
            language=body.language,
            role=body.role,
            bilingual=body.bilingual,
            consent=people_rules.read_consent(consent),
            now=screens.clock.now(),
            how="api",
            remote=body.remote,
        )
        return shapes.JoinOut.model_validate(
            {
                "participant": participant_view(participant),
                "session": await screens.session(tx, gathering),
                "token": secret,
                "resume_url": f"{screens.base_url}/resume/{secret}",
            }
        )

    return await screens.carry_out(gathering_id, change)


@router.post("/sessions/{session_id}/seats", status_code=201)
async def post_seat(
    session_id: str, body: shapes.SeatIn, caller: Asking, screens: Room
) -> shapes.ParticipantOut:
    """Seat somebody who has no device; a scribe writes for them (facilitators)."""
    account = check_runs(caller)
    consent = body.consent if isinstance(body.consent, bool) else body.consent.model_dump()
    seat = await give_seat(
        screens,
        session_id,
        account,
        name=body.name,
        language=body.language,
        role=body.role,
        consent=people_rules.read_consent(consent),
    )
    return shapes.ParticipantOut.model_validate(participant_view(seat))


async def give_seat(
    screens: Screens,
    session_id: str,
    account: Account,
    *,
    name: str,
    language: object,
    role: str | None,
    consent: dict[str, bool],
) -> Participant:
    """A seat for somebody in the room whose yes was said aloud. Raises Invalid, Refusal."""

    async def change(tx: AsyncSession, gathering: Gathering) -> Participant:
        seat, _ = await actions.join(
            tx,
            gathering,
            name=name,
            language=language,
            role=role,
            bilingual=False,
            consent=consent,
            now=screens.clock.now(),
            how="aloud",
            seated_by=account,
        )
        return seat

    return await screens.carry_out(session_id, change)


def participant_view(p: Participant) -> dict[str, Any]:
    return {
        "id": p.id,
        "name": p.name,
        "language": p.language,
        "role": p.role,
        "group": p.group,
        "bilingual": p.bilingual,
        "ready": p.ready_at is not None,
        "remote": p.remote,
    }


async def find_open_code(screens: Room, limits: RateLimits, request: Request, code: str) -> str:
    """The session behind a code. Raises NotFound, or TooFast after many wrong codes."""
    key = ("wrong_code", address_of(request))
    if not await limits.is_open(WRONG_CODES, *key):
        await limits.check(WRONG_CODES, *key)
    async with screens.database.reading() as tx:
        gathering = await find_gathering_by_code(tx, actions.read_code(code))
    if gathering is None:
        await limits.check(WRONG_CODES, *key)
        raise NotFound("code_unknown")
    return gathering.id
