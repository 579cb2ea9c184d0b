"""Coming in with a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound
from hub.gatherings import actions, shapes
from hub.gatherings.api.invitations import find_link
from hub.gatherings.models import (
    Gathering,
    find_gathering_by_code,
)
from hub.gatherings.screens import Room, Screens
from hub.people import actions as people
from hub.people import rules as people_rules
from hub.people.door import Asking, check_runs, identify
from hub.people.models import Account, Participant
from hub.web import Guesses, RateLimits

router = APIRouter(prefix="/api/v1", tags=["sessions"])
# Only wrong codes count: a village hall of 300 phones behind one address gets in.
WRONG_CODES = "30 per minute"
# For all addresses together: of about 10^12 codes, a year's guesses hit one of a hundred sessions
# with a chance of one in seventy.
WRONG_CODES_IN_ALL = "300 per minute"


@router.post("/join", status_code=201)
async def post_join(
    body: shapes.JoinIn, request: Request, screens: Room, limits: RateLimits
) -> shapes.JoinOut:
    """Come in with a code; no account. The token is the participant's, and so is the link."""
    consent = body.consent if isinstance(body.consent, bool) else body.consent.model_dump()
    way = await find_way_in(screens, limits, request, body.code)
    others = await _other_seats(screens, request)

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
            asked=people.Asked(body.version, body.understood, body.tries),
            email=body.email,
            others=others,
            invitation=way.invitation,
        )
        return shapes.JoinOut.model_validate(
            {
                "participant": participant_view(participant),
                "session": await screens.session(tx, gathering),
                "token": secret,
                "resume_url": f"{screens.base_url}/resume/{secret}",
            }
        )

    return await screens.carry_out(way.session_id, change)


async def _other_seats(screens: Screens, request: Request) -> list[Participant]:
    """The seats that whoever joins holds already. Who holds none, or a dead token, joins too."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    async with screens.database.reading() as tx:
        now = screens.clock.now()
        caller = await identify(tx, bearer=bearer, cookies=request.cookies, now=now)
    return list(caller.seats.values())


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


@dataclass(frozen=True)
class WayIn:
    """The session that a code or a personal link leads to.

    ``invitation`` is the secret of the link, ``used`` whether somebody has come in with it.
    """

    session_id: str
    invitation: str | None = None
    used: bool = False


async def find_way_in(screens: Room, limits: RateLimits, request: Request, code: str) -> WayIn:
    """Where a code, or the secret of an invitation in its place, leads to.

    Raises NotFound, or TooFast after many wrong ones.
    """
    if actions.is_invitation(code):
        invitation = await find_link(screens, limits, request, code)
        used = invitation.used_at is not None
        return WayIn(invitation.gathering_id, code.strip(), used)
    return WayIn(await find_open_code(screens, limits, request, code))


async def find_open_code(screens: Room, limits: RateLimits, request: Request, code: str) -> str:
    """The session behind a code. Raises NotFound, or TooFast after many wrong codes."""
    guesses = Guesses(limits, "wrong_code", WRONG_CODES, hub_rule=WRONG_CODES_IN_ALL)
    await guesses.check(request)
    async with screens.database.reading() as tx:
        gathering = await find_gathering_by_code(tx, actions.read_code(code))
    if gathering is None:
        await guesses.wrong(request)
        raise NotFound("code_unknown")
    return gathering.id
