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
from hub.gatherings.screens import Room
from hub.people import rules as people_rules
from hub.people.models import Participant
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


def participant_view(p: Participant) -> dict[str, Any]:
    return {
        "id": p.id,
        "name": p.name,
        "language": p.language,
        "role": p.role,
        "group": p.group,
        "bilingual": p.bilingual,
        "ready": p.ready_at is not None,
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
