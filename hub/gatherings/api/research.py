"""Tables for research, and who is behind a pseudonym."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from hub.gatherings import research
from hub.gatherings.models import access_gathering
from hub.gatherings.screens import Room, Screens
from hub.people.door import Asking, check_admin, check_role
from hub.people.models import Account

router = APIRouter(prefix="/api/v1", tags=["research"])
RESEARCHES = ("researcher", "admin")


class KeySeat(BaseModel):
    """A seat in a session that a pseudonym stands for."""

    participant: str
    session: str


class KeyOut(BaseModel):
    """The seats behind a pseudonym; none where its key has been destroyed, or never was."""

    pseudonym: str
    seats: list[KeySeat]


@router.get(
    "/sessions/{session_id}/research.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "The table"}},
)
async def get_research(
    session_id: str,
    caller: Asking,
    screens: Room,
    reason: Annotated[str, Query(description="Why it is taken out; kept with the session")] = "",
) -> Response:
    """What people said, under pseudonyms and with their consents (researchers and admins).

    Left out is what was hidden or taken back, and those who have withdrawn or not consented.
    """
    account = check_role(caller, RESEARCHES)
    return await answer_table(screens, session_id, account, reason)


async def answer_table(
    screens: Screens, session_id: str, account: Account, reason: str
) -> Response:
    """The table as a file whose name says the session and the day."""
    now = screens.clock.now()
    async with screens.database.transaction() as tx:
        gathering = await access_gathering(tx, session_id)
        export = await research.export_for_research(
            tx, gathering, account=account, reason=reason, now=now
        )
    name = f"research-{session_id}-{now:%Y-%m-%d}.csv"
    return Response(
        export.csv,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/keys/{pseudonym}")
async def get_key(pseudonym: str, caller: Asking, screens: Room) -> KeyOut:
    """The seats that a pseudonym stands for (admins). Every look is kept in the audit log."""
    account = check_admin(caller)
    return await look_up(screens, pseudonym, account)


async def look_up(screens: Screens, pseudonym: str, account: Account) -> KeyOut:
    """Look, and note that somebody looked."""
    async with screens.database.transaction() as tx:
        found = await research.look_up(tx, pseudonym, account=account, now=screens.clock.now())
    return KeyOut(pseudonym=pseudonym.strip().upper(), seats=[KeySeat(**seat) for seat in found])
