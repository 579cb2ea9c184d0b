"""What facilitators do to a post, and the speaking queue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, NotFound, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.outcomes import follow_words, words_in
from hub.gatherings.actions.saying import restamp_chain
from hub.gatherings.models import (
    Contribution,
    Gathering,
    Hand,
)
from hub.language.actions import forget
from hub.people.models import Account, Participant, latest_consents
from hub.people.rules import clean_text, is_blank


async def hide(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    account: Account,
    reason: str,
    now: datetime,
) -> None:
    """Take a post out of everybody's sight; its author sees it and why."""
    reason = clean_text(reason)[: rules.REASON_LIMIT]
    if is_blank(reason):
        raise Invalid({"/reason": "reason_missing"})
    said.hidden_at, said.hidden_reason = now, reason
    said.pinned_at = said.screen_at = None
    await forget(tx, [said.id])
    _mark(tx, gathering, said, account, kind="hidden", now=now, reason=reason)
    await restamp_chain(tx, gathering, said)
    await tx.flush()
    await follow_words(tx, gathering, said, before=words_in(said), now=now)


async def show_again(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, account: Account, now: datetime
) -> None:
    said.hidden_at, said.hidden_reason = None, ""
    _mark(tx, gathering, said, account, kind="shown_again", now=now)
    await restamp_chain(tx, gathering, said)
    await tx.flush()
    await follow_words(tx, gathering, said, before={}, now=now)


async def pin(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    account: Account,
    on: bool,
    now: datetime,
) -> None:
    if on and said.removed_at:
        raise Refusal("taken_back")
    said.pinned_at = now if on else None
    _mark(tx, gathering, said, account, kind="pinned" if on else "unpinned", now=now)


async def put_on_screen(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    account: Account,
    on: bool,
    now: datetime,
) -> None:
    """Show a post on the projector; only where its author said yes to be quoted by role."""
    if on and (said.removed_at or said.hidden_at):
        raise Refusal("taken_back")
    if on and said.participant_id:
        consent = (await latest_consents(tx, gathering.id)).get(said.participant_id)
        if consent is None or not consent.choices.get("quote_role"):
            raise Refusal("no_consent_to_quote")
    said.screen_at = now if on else None
    _mark(tx, gathering, said, account, kind="on_screen" if on else "off_screen", now=now)


def _mark(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    account: Account,
    *,
    kind: str,
    now: datetime,
    reason: str = "",
) -> None:
    log_act(tx, gathering, account, kind=kind, now=now, target=said.id, reason=reason)
    event = rules.Event(kind, now, {"contribution": said.id})
    said.revision = record(tx, gathering, event, actor=account.id)


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
    if participant is None or participant.gathering_id != gathering.id:
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
