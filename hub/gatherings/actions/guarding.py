"""What a session for people who need more care asks for; and breaks, which everyone may take.

Source: privacy-and-access.md, "Vulnerable groups" and "Taking back".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.queueing import lower_hand
from hub.gatherings.models import Act, Gathering, GatheringEvent
from hub.people.models import Account, Invitation, Participant
from hub.programme.models import find_case

# The act that keeps when a facilitator was last in a guarded session: one row, brought up to date.
HOST_HERE: Final = "host_here"
# Why a guarded session was paused though nobody decided it.
NO_FACILITATOR: Final = "no_facilitator"


async def is_guarded(tx: AsyncSession, gathering: Gathering) -> bool:
    """Whether the rules for people who need more care apply: by the plan, or by its case."""
    case = await find_case(tx, gathering.case_id) if gathering.case_id else None
    return rules.is_guarded(gathering.guarded, vulnerable=bool(case and case.vulnerable))


async def count_seats(tx: AsyncSession, gathering_id: str) -> int:
    """How many people hold a seat: neither left, nor sent out, nor withdrawn."""
    found = await tx.scalar(
        select(func.count())
        .select_from(Participant)
        .where(
            Participant.gathering_id == gathering_id,
            Participant.left_at.is_(None),
            Participant.removed_at.is_(None),
            Participant.withdrawn_at.is_(None),
        )
    )
    return int(found or 0)


async def check_can_begin(tx: AsyncSession, gathering: Gathering) -> None:
    """Raises Refusal where something is missing that has to be there before people come in."""
    rules.check_support(gathering.support, guarded=await is_guarded(tx, gathering))


async def change_entry(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    account: Account,
    now: datetime,
    access: object = None,
    guarded: bool | None = None,
    support: Mapping[str, object] | None = None,
) -> None:
    """Who may come in, and who is there for them. None leaves a thing as it is.

    The support person may change until the end, the rest until the session begins. Raises
    Invalid, and Refusal where it is too late.
    """
    faults: dict[str, str] = {}
    if support is not None:
        rules.check_state(gathering.stage, "planned", "open", "running", "paused")
        try:
            gathering.support = rules.read_support(support)
        except Invalid as fault:
            faults |= fault.fields
    if access is not None or guarded is not None:
        rules.check_state(gathering.stage, "planned", "open")
        if guarded is False and gathering.guarded and await _has_children(tx, gathering.id):
            faults["/guarded"] = "child_invited"
        elif guarded is not None:
            gathering.guarded = guarded
        now_guarded = await is_guarded(tx, gathering)
        try:
            chosen = access if access is not None else "invited" if now_guarded else None
            if chosen is not None:
                gathering.access = rules.check_access(chosen, guarded=now_guarded)
        except Invalid as fault:
            faults |= fault.fields
    if faults:
        raise Invalid(faults)
    if gathering.state != "planned":
        await check_can_begin(tx, gathering)
    log_act(tx, gathering, account, kind="entry_changed", now=now)
    record(tx, gathering, rules.Event("entry_changed", now), actor=account.id)
    gathering.stage_revision = gathering.revision
    await tx.flush()


async def _has_children(tx: AsyncSession, gathering_id: str) -> bool:
    """Whether a child is invited, or came in so."""
    found = await tx.scalar(
        select(Invitation.id)
        .where(
            Invitation.gathering_id == gathering_id,
            Invitation.child,
            Invitation.declined_at.is_(None),
            Invitation.recalled_at.is_(None),
        )
        .limit(1)
    )
    return found is not None


async def note_hosts(
    tx: AsyncSession, seen: Mapping[str, datetime], *, account: Account | None = None
) -> None:
    """Keep when a facilitator was last in these guarded sessions, by session id.

    A row for each, so that every process, and the hub after a restart, knows.
    """
    found = await tx.scalars(
        select(Act).where(Act.gathering_id.in_(seen), Act.kind == HOST_HERE).order_by(Act.at)
    )
    kept = {act.gathering_id: act for act in found}
    for gathering_id, at in seen.items():
        act = kept.get(gathering_id)
        if act is None:
            by = account.id if account else None
            tx.add(Act(gathering_id=gathering_id, account_id=by, kind=HOST_HERE, at=at))
        elif act.at < at:
            act.at = at
    await tx.flush()


async def hosts_seen(tx: AsyncSession, gathering_ids: Collection[str]) -> dict[str, datetime]:
    """When a facilitator was last in each of these sessions, where that is kept."""
    rows = await tx.execute(
        select(Act.gathering_id, func.max(Act.at))
        .where(Act.gathering_id.in_(gathering_ids), Act.kind == HOST_HERE)
        .group_by(Act.gathering_id)
    )
    return {row[0]: row[1] for row in rows}


async def why_paused(tx: AsyncSession, gathering: Gathering) -> str | None:
    """The code of why the session was paused where nobody decided it; else None."""
    if gathering.state != "paused":
        return None
    data = await tx.scalar(
        select(GatheringEvent.data)
        .where(GatheringEvent.gathering_id == gathering.id, GatheringEvent.kind == "paused")
        .order_by(GatheringEvent.number.desc())
        .limit(1)
    )
    return (data or {}).get("why")


async def begin_break(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """Nothing is collected from this person until they are back. Once is enough."""
    if gathering.state == "closed":
        raise Refusal("session_closed")
    fresh = await tx.get_one(Participant, seat.id)
    if fresh.paused_at is not None:
        return
    fresh.paused_at = now
    await lower_hand(tx, gathering, fresh, now=now)
    _mark_break(tx, gathering, fresh, "break_began", now=now)


async def end_break(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """The person is back. Once is enough."""
    fresh = await tx.get_one(Participant, seat.id)
    if fresh.paused_at is None:
        return
    fresh.paused_at, fresh.seen_at = None, now
    _mark_break(tx, gathering, fresh, "break_ended", now=now)


def _mark_break(
    tx: AsyncSession, gathering: Gathering, seat: Participant, kind: str, *, now: datetime
) -> None:
    # Who is waited for changes, and with it whether the step has done its work.
    event = rules.Event(kind, now, {"participant": seat.id})
    gathering.stage_revision = record(tx, gathering, event, actor=seat.id)


async def note_follow_up(
    tx: AsyncSession, gathering: Gathering, *, account: Account, now: datetime
) -> None:
    """Each person has been asked how they are after a guarded session. Once is enough.

    Raises Refusal where there is nothing to follow up.
    """
    due = rules.follow_up_by(
        guarded=await is_guarded(tx, gathering),
        started_at=gathering.started_at,
        closed_at=gathering.closed_at,
    )
    if due is None or gathering.state != "closed":
        raise Refusal("follow_up_not_asked")
    if gathering.followed_up_at is not None:
        return
    gathering.followed_up_at, gathering.followed_up_by = now, account.id
    log_act(tx, gathering, account, kind="followed_up", now=now)
    record(tx, gathering, rules.Event("followed_up", now), actor=account.id)
    await tx.flush()
