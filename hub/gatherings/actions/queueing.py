"""The speaking queue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.models import Gathering, Hand
from hub.people.models import Account, Participant, is_seated


async def raise_hand(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """Join the speaking queue; raising twice keeps the first place."""
    rules.check_state(gathering.stage, "open", "running", "paused")
    if await tx.get(Hand, seat.id) is not None:
        return
    tx.add(Hand(participant_id=seat.id, gathering_id=gathering.id, raised_at=now))
    _queue_changed(tx, gathering, "hand_raised", seat.id, seat.id, now)
    await tx.flush()


async def lower_hand(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    hand = await tx.get(Hand, seat.id)
    if hand is None:
        return
    await tx.delete(hand)
    _queue_changed(tx, gathering, "hand_lowered", seat.id, seat.id, now)
    await tx.flush()


async def give_floor(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    participant_id: str,
    account: Account,
    now: datetime,
) -> None:
    """Give the floor to somebody in the session; whoever had it leaves the queue."""
    rules.check_state(gathering.stage, "open", "running", "paused")
    participant = await tx.get(Participant, participant_id)
    there = participant is not None and is_seated(participant)
    if participant is None or participant.gathering_id != gathering.id or not there:
        raise NotFound("participant_not_found")
    for earlier in await tx.scalars(
        select(Hand).where(Hand.gathering_id == gathering.id, Hand.floor_at.is_not(None))
    ):
        if earlier.participant_id != participant_id:
            await tx.delete(earlier)
    hand = await tx.get(Hand, participant_id)
    if hand is None:
        hand = Hand(participant_id=participant_id, gathering_id=gathering.id, raised_at=now)
        tx.add(hand)
    hand.floor_at = now
    log_act(tx, gathering, account, kind="floor_given", now=now, target=participant_id)
    _queue_changed(tx, gathering, "floor_given", participant_id, account.id, now)
    await tx.flush()


def _queue_changed(
    tx: AsyncSession, gathering: Gathering, kind: str, participant: str, actor: str, now: datetime
) -> None:
    event = rules.Event(kind, now, {"participant": participant})
    gathering.queue_revision = record(tx, gathering, event, actor=actor)
