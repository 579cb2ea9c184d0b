"""Who may reach what in a gathering: contributions and the record, in one place."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound, Unauthorised
from hub.gatherings import views
from hub.gatherings.models import (
    Contribution,
    access_contribution,
    access_gathering,
    find_gathering,
    list_events,
    list_everything_said,
    said_of,
)
from hub.gatherings.record import build_record
from hub.gatherings.screens import Screens
from hub.people.door import Caller, check_reads
from hub.people.models import latest_consents, list_participants
from hub.people.rules import group_of
from hub.programme.models import list_findings

WRITE_RULE = "20 per 10 second"


async def access_said(screens: Screens, caller: Caller, contribution_id: str) -> tuple[str, bool]:
    """The session a contribution belongs to, and whether the caller said it.

    Raises NotFound for what the caller may not see: hidden and absent look the same, and a
    private one exists for its author alone.
    """
    if caller.is_nobody:
        raise Unauthorised()
    async with screens.database.reading() as tx:
        said = await access_contribution(tx, contribution_id)
    if not caller.may_read(said.gathering_id):
        raise NotFound("contribution_not_found")
    seat = caller.seat(said.gathering_id)
    own = bool(seat and said.participant_id == seat.id) or bool(
        caller.account and said.account_id == caller.account.id
    )
    if said.seq is None and not own:
        raise NotFound("contribution_not_found")
    screens.touched.add(said.gathering_id)
    return said.gathering_id, own


async def record_for(screens: Screens, caller: Caller, session_id: str) -> dict[str, Any]:
    """The record, where it is published or the caller may read the session."""
    async with screens.database.reading() as tx:
        gathering = await find_gathering(tx, session_id)
        if gathering is None or gathering.published_at is None:
            check_reads(caller, session_id)
        return await read_record(screens, tx, session_id)


async def read_record(screens: Screens, tx: AsyncSession, session_id: str) -> dict[str, Any]:
    """The record of a session, whoever asks."""
    gathering = await access_gathering(tx, session_id)
    people = await list_participants(tx, session_id)
    consents = await latest_consents(tx, session_id)
    reflections = await tx.scalar(
        select(func.count())
        .select_from(Contribution)
        .where(Contribution.gathering_id == session_id, Contribution.kind == "reflection")
    )
    session = await screens.session(tx, gathering, full=False)
    for secret in ("code", "join_url", "open_kinds"):
        session.pop(secret)
    return build_record(
        session=session,
        form=gathering.form,
        events=[e.event for e in await list_events(tx, session_id)],
        contributions=await screens.shared(tx, gathering),
        findings=[views.finding_view(f) for f in await list_findings(tx, session_id)],
        people=[
            {"group": group_of(p.role), "language": p.language, "role": p.role} for p in people
        ],
        said=[said_of(c) for c in await list_everything_said(tx, session_id)],
        consent_versions=Counter(c.version for c in consents.values()),
        reflections=int(reflections or 0),
        closed_at=gathering.closed_at,
        published_at=gathering.published_at,
    )
