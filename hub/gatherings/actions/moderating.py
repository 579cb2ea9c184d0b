"""Answering to a hidden post, letting a held one through, sending out of the room, slow mode."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.errors import Fault, Forbidden, Invalid, NotFound, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.guarding import count_seats, is_guarded
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.outcomes import MOVES_THE_OUTCOME, keep_outcome
from hub.gatherings.actions.queueing import lower_hand
from hub.gatherings.actions.saying import restamp_chain, share_translated
from hub.gatherings.models import WITH_AUTHOR, Contribution, Gathering
from hub.people.models import Account, Participant
from hub.people.rules import clean_text, is_blank


async def answer_hiding(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    author: Participant,
    text: str,
    now: datetime,
) -> None:
    """What the author of a hidden post answers to the reason; once, and to facilitators alone.

    The same words again, sent anew because no answer came back, change nothing.
    """
    if said.participant_id != author.id:
        raise Forbidden("only_author")
    if said.hidden_at is None or said.removed_at is not None:
        raise Refusal("not_hidden")
    text = clean_text(text)
    if said.hidden_answer_at is not None:
        if said.hidden_answer == text:
            return
        raise Refusal("hiding_answered")
    if is_blank(text):
        raise Invalid({"/text": "text_missing"})
    if len(text) > rules.ANSWER_LIMIT:
        fault = Fault("longer_than", limit=rules.ANSWER_LIMIT, length=len(text))
        raise Invalid({"/text": fault})
    said.hidden_answer, said.hidden_answer_at = text, now
    event = rules.Event("hiding_answered", now, {"contribution": said.id})
    said.revision = record(tx, gathering, event, actor=author.id)
    await tx.flush()


async def let_through(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, account: Account, now: datetime
) -> None:
    """Share a post that waited. It gets its number now, and keeps the time it was written."""
    if said.held_at is None or said.removed_at is not None:
        raise Refusal("not_held")
    said.held_at = None
    log_act(tx, gathering, account, kind="let_through", now=now, target=said.id)
    share_translated(tx, gathering, said, now=now)
    await restamp_chain(tx, gathering, said)
    await tx.flush()
    if said.principle and said.kind in MOVES_THE_OUTCOME:
        await keep_outcome(tx, gathering, said.principle, now=now)
    await note(
        tx,
        "let_through",
        actor=account.id,
        now=now,
        subject=said.id,
        gathering_id=gathering.id,
        reason=said.held_why,
    )


async def list_held(tx: AsyncSession, gathering_id: str) -> list[Contribution]:
    """Posts that wait for a facilitator, oldest first."""
    found = await tx.scalars(
        select(Contribution)
        .where(
            Contribution.gathering_id == gathering_id,
            Contribution.held_at.is_not(None),
            Contribution.removed_at.is_(None),
        )
        .order_by(Contribution.created_at, Contribution.id)
        .options(*WITH_AUTHOR)
    )
    return list(found)


async def list_hidden(
    tx: AsyncSession, gathering_id: str, *, author_id: str | None = None
) -> list[Contribution]:
    """Hidden posts, oldest first; of one author where ``author_id`` is given."""
    query = (
        select(Contribution)
        .where(
            Contribution.gathering_id == gathering_id,
            Contribution.hidden_at.is_not(None),
            Contribution.removed_at.is_(None),
            Contribution.kind != "bot",
        )
        .order_by(Contribution.created_at, Contribution.id)
        .options(*WITH_AUTHOR)
    )
    if author_id is not None:
        query = query.where(Contribution.participant_id == author_id)
    return list(await tx.scalars(query))


async def send_out(
    tx: AsyncSession,
    gathering: Gathering,
    participant_id: str,
    *,
    account: Account,
    reason: str,
    now: datetime,
) -> None:
    """Send somebody out of the room, with the code of a reason. What they said stays theirs."""
    if reason not in rules.REMOVE_REASONS:
        raise Invalid({"/reason": "reason_missing"})
    seat = await _participant(tx, gathering, participant_id)
    if seat.removed_at is not None or seat.withdrawn_at is not None:
        return
    seat.removed_at, seat.removed_reason = now, reason
    # Nobody waits for, or counts, somebody who is not in the room.
    seat.left_at = seat.left_at or now
    await lower_hand(tx, gathering, seat, now=now)
    log_act(tx, gathering, account, kind="removed_from_room", now=now, target=seat.id)
    _people_changed(tx, gathering, "removed_from_room", seat, account, now)
    await note(
        tx,
        "removed_from_room",
        actor=account.id,
        now=now,
        subject=seat.id,
        gathering_id=gathering.id,
        reason=reason,
    )


async def let_back_in(
    tx: AsyncSession, gathering: Gathering, participant_id: str, *, account: Account, now: datetime
) -> None:
    """Give somebody who was sent out their seat back.

    Raises Refusal where their invitation was recalled, and where a guarded session is full.
    """
    seat = await _participant(tx, gathering, participant_id)
    if seat.removed_at is None or seat.withdrawn_at is not None:
        return
    if seat.removed_reason == rules.RECALLED:
        raise Refusal("invitation_over")
    guarded = await is_guarded(tx, gathering)
    rules.check_seats(await count_seats(tx, gathering.id), guarded=guarded)
    if seat.left_at == seat.removed_at:
        seat.left_at = None
    seat.removed_at = seat.removed_reason = None
    log_act(tx, gathering, account, kind="let_back_in", now=now, target=seat.id)
    _people_changed(tx, gathering, "let_back_in", seat, account, now)
    await note(
        tx,
        "let_back_in",
        actor=account.id,
        now=now,
        subject=seat.id,
        gathering_id=gathering.id,
    )


async def _participant(tx: AsyncSession, gathering: Gathering, participant_id: str) -> Participant:
    seat = await tx.get(Participant, participant_id)
    if seat is None or seat.gathering_id != gathering.id:
        raise NotFound("participant_not_found")
    return seat


def _people_changed(
    tx: AsyncSession,
    gathering: Gathering,
    kind: str,
    seat: Participant,
    account: Account,
    now: datetime,
) -> None:
    event = rules.Event(kind, now, {"participant": seat.id})
    gathering.stage_revision = record(tx, gathering, event, actor=account.id)


async def set_moderation(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    account: Account,
    slow_seconds: int,
    holds_risky: bool,
    now: datetime,
) -> None:
    """How often one person may post, and whether risky posts wait for a facilitator.

    What waits already goes on waiting. Raises Invalid for seconds that are not on the list.
    """
    if slow_seconds not in rules.SLOW_SECONDS:
        raise Invalid({"/slow_seconds": "slow_unknown"})
    if (gathering.slow_seconds, gathering.holds_risky) == (slow_seconds, holds_risky):
        return
    gathering.slow_seconds, gathering.holds_risky = slow_seconds, holds_risky
    log_act(tx, gathering, account, kind="moderation_changed", now=now)
    data = {"slow_seconds": slow_seconds, "holds_risky": holds_risky}
    event = rules.Event("moderation_changed", now, data)
    gathering.stage_revision = record(tx, gathering, event, actor=account.id)
    await tx.flush()
