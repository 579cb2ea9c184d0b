"""What the hub holds on the caller, and withdrawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.errors import Forbidden, NotFound, Unauthorised
from hub.gatherings import my_data, shapes
from hub.gatherings.screens import Room, Screens
from hub.gatherings.views import moment
from hub.people.door import Asking, Caller
from hub.people.models import Account, Participant
from hub.web import Options

router = APIRouter(prefix="/api/v1/me", tags=["me"])


@router.get("/export")
async def get_export(caller: Asking, screens: Room, session: str | None = None) -> JSONResponse:
    """Everything the hub holds on the caller, as a file: of all their seats, or of one session.

    Also after leaving. Somebody with an account gets what belongs to the account.
    """
    if caller.is_nobody:
        raise Unauthorised()
    now = screens.clock.now()
    if caller.account is not None and session is None:
        found = await read_account(screens, caller.account, now=now)
    else:
        seats = own_seats(caller, session)
        found = await read_seats(screens, seats, secrets=caller.secrets, now=now)
    return as_file(found, now)


def own_seats(caller: Caller, session: str | None) -> list[Participant]:
    """The caller's seats, in one session or in all. Raises NotFound, Forbidden."""
    wanted = [session] if session else list(caller.seats)
    seats = [seat for id_ in wanted if (seat := caller.own(id_)) is not None]
    if not seats:
        raise Forbidden("needs_seat") if caller.account else NotFound("session_not_found")
    return seats


async def read_seats(
    screens: Screens,
    seats: Sequence[Participant],
    *,
    secrets: Mapping[str, str],
    now: datetime,
    actor: str | None = None,
) -> dict[str, Any]:
    """The export of these seats; that it was read goes into the audit log."""
    async with screens.database.reading() as tx:
        found = await my_data.read_seats(tx, seats, secrets=secrets, now=now)
        by_seat = {told["me"]["id"]: told for told in found["sessions"]}
        # Who asks by command has made sure whom they are asking for.
        emails = {id_: told["me"]["email"] for id_, told in by_seat.items() if actor}
        for teller in screens.tellers:
            for id_, told in (await teller(tx, seats, emails=emails)).items():
                by_seat[id_].update(told)
    # Nobody who writes waits while all that is read.
    async with screens.database.transaction() as tx:
        await _note_read(tx, seats, actor=actor, now=now)
    return found


async def _note_read(
    tx: AsyncSession, seats: Sequence[Participant], *, actor: str | None, now: datetime
) -> None:
    for seat in seats:
        await note(
            tx,
            "own_data_read",
            actor=actor or seat.id,
            now=now,
            subject=seat.id,
            gathering_id=seat.gathering_id,
        )


async def read_account(screens: Screens, account: Account, *, now: datetime) -> dict[str, Any]:
    """The export of an account; that it was read goes into the audit log."""
    async with screens.database.reading() as tx:
        found = await my_data.read_account(tx, account, now=now)
    async with screens.database.transaction() as tx:
        await note(tx, "own_data_read", actor=account.id, now=now, subject=account.id)
    return found


def as_file(found: Mapping[str, Any], now: datetime) -> JSONResponse:
    """An export to keep, named by its day; no other page and no cache may hold it."""
    name = f"samrum-{now.date().isoformat()}.json"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return JSONResponse(dict(found), headers=headers)


@router.post("/withdraw")
async def post_withdraw(
    body: shapes.WithdrawIn, caller: Asking, screens: Room, options: Options
) -> shapes.WithdrawnOut:
    """Withdraw, from one session or from all the caller has a seat in; no reason is asked.

    With ``keep_anonymous`` what was shared stays without a name, else it is erased. The token and
    the personal link end. Adopted wording stays.
    """
    if caller.is_nobody:
        raise Unauthorised()
    seats, now = own_seats(caller, body.session), screens.clock.now()
    for seat in seats:
        await my_data.withdraw(
            screens,
            seat,
            keep_anonymous=body.keep_anonymous,
            secret=caller.secrets.get(seat.gathering_id),
            actor=seat.id,
            outbox=options.outbox_dir,
        )
    return shapes.WithdrawnOut(
        sessions=[seat.gathering_id for seat in seats],
        kept_anonymous=body.keep_anonymous,
        at=moment(now) or "",
    )
