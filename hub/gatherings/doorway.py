"""Who may reach what in a gathering: contributions and the record, in one place."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters.models import list_outcomes_of
from hub.errors import Forbidden, NotFound, Unauthorised
from hub.gatherings import actions, rules, views
from hub.gatherings.measuring import read_measures
from hub.gatherings.models import (
    Contribution,
    Gathering,
    Logged,
    access_contribution,
    access_gathering,
    find_gathering,
    list_events,
    list_said,
)
from hub.gatherings.principles import build_dialogue
from hub.gatherings.record import build_record, followed_views
from hub.gatherings.screens import Screens
from hub.measures import process
from hub.people.door import Caller, check_reads
from hub.people.models import Account, Participant, latest_consents, list_participants
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
    screens.visited(said.gathering_id, seat)
    own = bool(seat and said.participant_id == seat.id) or bool(
        caller.account and said.account_id == caller.account.id
    )
    # What waits for a facilitator, or was hidden before anybody read it, is theirs to read.
    moderated = said.held_at is not None or said.hidden_at is not None
    if said.seq is None and not own and not (caller.runs and moderated):
        raise NotFound("contribution_not_found")
    return said.gathering_id, own


async def access_own(screens: Screens, caller: Caller, contribution_id: str) -> str:
    """The session of a contribution that the caller said, also after they left it.

    Raises Unauthorised, Forbidden for what others said, and NotFound as ``access_said`` does.
    """
    if caller.is_nobody:
        raise Unauthorised()
    async with screens.database.reading() as tx:
        said = await access_contribution(tx, contribution_id)
    seat = caller.own(said.gathering_id)
    if seat is not None and said.participant_id == seat.id and said.author_key == seat.id:
        return said.gathering_id
    session_id, own = await access_said(screens, caller, contribution_id)
    if not own:
        raise Forbidden("only_author")
    return session_id


async def record_for(screens: Screens, caller: Caller, session_id: str) -> dict[str, Any]:
    """The record, where it is published or the caller may read the session."""
    async with screens.database.reading() as tx:
        gathering = await find_gathering(tx, session_id)
        if gathering is None or gathering.published_at is None:
            check_reads(caller, session_id)
        return await read_record(screens, tx, session_id)


async def read_record(screens: Screens, tx: AsyncSession, session_id: str) -> dict[str, Any]:
    """The record of a session, whoever asks. After a purge: the published one, as it was kept.

    Raises NotFound, also where the posts were deleted and no record had been published.
    """
    gathering = await access_gathering(tx, session_id)
    if gathering.purged_at is not None:
        if gathering.kept_record is None:
            raise NotFound("material_deleted")
        return dict(gathering.kept_record)
    people = await list_participants(tx, session_id)
    consents = await latest_consents(tx, session_id)
    rows = await list_events(tx, session_id)
    said = await list_said(tx, session_id)
    session = await screens.session(tx, gathering, full=False)
    for secret in ("code", "join_url", "open_kinds", "follow_up", "support"):
        session.pop(secret)
    shared = await screens.shared(tx, gathering)
    outcomes = await list_outcomes_of(tx, session_id) if gathering.charter_copy else []
    return build_record(
        session=session,
        form=gathering.form,
        events=[row.event for row in rows],
        contributions=shared,
        findings=[views.finding_view(f) for f in await list_findings(tx, session_id)],
        people=[
            {"group": group_of(p.role), "language": p.language, "role": p.role} for p in people
        ],
        said=said,
        consent_versions=Counter(c.version for c in consents.values()),
        reflections=await _count_reflections(tx, session_id),
        taken_back=await _count_taken_back(tx, gathering),
        translation_corrections=await _translation_corrections(tx, rows, people),
        progress=await actions.latest_progress(tx, [d.id for d in rules.drafts_of(said)]),
        followed=await _followed_for_record(tx, gathering),
        survey=await actions.survey_counts(tx, session_id, now=screens.clock.now()),
        measures=process.for_show(await read_measures(tx, gathering)),
        started_at=gathering.started_at,
        closed_at=gathering.closed_at,
        published_at=gathering.published_at,
        dialogue=build_dialogue(gathering, contributions=shared, said=said, outcomes=outcomes),
    )


async def _count_reflections(tx: AsyncSession, session_id: str) -> int:
    found = await tx.scalar(
        select(func.count())
        .select_from(Contribution)
        .where(Contribution.gathering_id == session_id, Contribution.kind == "reflection")
    )
    return int(found or 0)


async def _count_taken_back(tx: AsyncSession, gathering: Gathering) -> int:
    """How much of what was shared was taken back after the close."""
    if gathering.closed_at is None:
        return 0
    found = await tx.scalar(
        select(func.count())
        .select_from(Contribution)
        .where(
            Contribution.gathering_id == gathering.id,
            Contribution.seq.is_not(None),
            Contribution.removed_at >= gathering.closed_at,
        )
    )
    return int(found or 0)


async def _translation_corrections(
    tx: AsyncSession, rows: list[Logged], people: list[Participant]
) -> list[dict[str, Any]]:
    """Each translation that a person put right, and who, at any time."""
    corrected = [row for row in rows if row.kind == "translation_corrected"]
    names = {p.id: p.name for p in people}
    others = {row.actor for row in corrected if row.actor} - set(names)
    if others:
        found = await tx.scalars(select(Account).where(Account.id.in_(others)))
        names |= {account.id: account.name for account in found}
    return [
        {
            "contribution": row.data["contribution"],
            "language": row.data["language"],
            "by": names.get(row.actor or ""),
            "at": views.moment(row.at),
        }
        for row in corrected
    ]


# --- what became of recommendations ----------------------------------------------------------


async def read_recommendations(
    tx: AsyncSession, gatherings: list[Gathering], *, until: datetime | None = None
) -> list[dict[str, Any]]:
    """The recommendations of sessions, with what had become of them at ``until``, or now."""
    said = await actions.list_said_about_recommendations(tx, [g.id for g in gatherings])
    ids = [c.id for found in said.values() for c in found if c.kind == "recommendation"]
    progress = await actions.latest_progress(tx, ids, until=until) if ids else {}
    return [view for g in gatherings for view in followed_views(g, said.get(g.id, []), progress)]


async def read_followed(
    tx: AsyncSession, gathering: Gathering, *, until: datetime | None = None
) -> list[dict[str, Any]]:
    """What the session takes up from the one it follows; nothing where it follows none."""
    earlier = await find_gathering(tx, gathering.follows_id) if gathering.follows_id else None
    return await read_recommendations(tx, [earlier], until=until) if earlier else []


async def _followed_for_record(tx: AsyncSession, gathering: Gathering) -> list[dict[str, Any]]:
    """As it stood when the session closed.

    A public record tells nothing of a session whose own record is not public.
    """
    if gathering.published_at is not None and gathering.follows_id is not None:
        earlier = await find_gathering(tx, gathering.follows_id)
        if earlier is None or earlier.published_at is None:
            return []
    return await read_followed(tx, gathering, until=gathering.closed_at)


def may_follow_up(caller: Caller) -> bool:
    """Those who run sessions, and editors, say what became of recommendations."""
    return caller.runs or bool(caller.account and caller.account.role == "editor")


async def access_recommendation(
    screens: Screens, caller: Caller, recommendation_id: str
) -> tuple[str, Account]:
    """The session of a recommendation whose status the caller may set, and their account.

    Raises Unauthorised, Forbidden, and NotFound, also for an editor where the record is a draft.
    """
    if caller.is_nobody:
        raise Unauthorised()
    if caller.account is None or not may_follow_up(caller):
        raise Forbidden()
    async with screens.database.reading() as tx:
        said = await tx.get(Contribution, recommendation_id)
        if said is None or said.kind != "recommendation" or said.removed_at is not None:
            raise NotFound("recommendation_not_found")
        gathering = await access_gathering(tx, said.gathering_id)
    if not caller.runs and gathering.published_at is None:
        raise NotFound("recommendation_not_found")
    return gathering.id, caller.account
