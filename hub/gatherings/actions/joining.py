"""Coming in, being ready, asking for time, leaving."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.errors import Forbidden, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.chatbot import BOT_NAME
from hub.gatherings.actions.guarding import count_seats, is_guarded
from hub.gatherings.actions.inviting import usable_invitation, use_invitation
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.queueing import lower_hand
from hub.gatherings.actions.saying import phase_key
from hub.gatherings.models import (
    Gathering,
    GatheringEvent,
)
from hub.people import actions as people
from hub.people.models import Account, Participant

# How long the desk shows that somebody at the door needs help.
HELP_MINUTES = 5
RESERVED_NAMES = (BOT_NAME, "bot", "chatbot", "chattrobot", "Samrum", "system")


async def join(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    name: str,
    language: object,
    role: str | None,
    bilingual: bool,
    consent: dict[str, bool],
    now: datetime,
    how: str,
    remote: bool = False,
    seated_by: Account | None = None,
    asked: people.Asked = people.NOT_ASKED,
    email: str = "",
    others: Iterable[Participant] = (),
    invitation: str | None = None,
) -> tuple[Participant, str]:
    """A seat for somebody with the code. Returns the participant and their secret.

    ``invitation``: the secret of the personal link they came with, which is used up by it.
    ``seated_by``: a facilitator gives it to somebody in the room who has no device, and whose
    yes was said aloud; a scribe writes for them, and they are here until they leave.
    """
    if gathering.state == "closed":
        raise Refusal("session_closed")
    guarded = await is_guarded(tx, gathering)
    invited = await usable_invitation(tx, gathering, invitation) if invitation else None
    access = rules.access_of(gathering.access, guarded=guarded)
    if access == "invited" and invited is None and seated_by is None:
        raise Forbidden("invited_only")
    if guarded:
        rules.check_seats(await count_seats(tx, gathering.id), guarded=guarded)
    participant, secret = await people.take_seat(
        tx,
        gathering_id=gathering.id,
        name=name,
        language=language,
        role=role,
        bilingual=bilingual,
        consent=consent,
        reserved_names=RESERVED_NAMES,
        now=now,
        how=how,
        remote=remote,
        without_device=seated_by is not None,
        asked=asked,
        email=email,
        others=others,
        by=seated_by.id if seated_by else None,
    )
    if invited is not None:
        use_invitation(invited, participant, now=now)
    if seated_by is not None:
        log_act(tx, gathering, seated_by, kind="seated", now=now, target=participant.id)
    event = rules.Event("joined", now, {"participant": participant.id})
    record(tx, gathering, event, actor=participant.id)
    return participant, secret


async def ask_for_help(tx: AsyncSession, gathering: Gathering, *, now: datetime) -> None:
    """Somebody at the door does not get past the questions: those who run the session are told.

    Once in a while is enough, however many stand there.
    """
    if gathering.state == "closed" or await find_call_for_help(tx, gathering, now=now):
        return
    record(tx, gathering, rules.Event("help_asked", now, {}), actor=None)
    await tx.flush()


async def find_call_for_help(
    tx: AsyncSession, gathering: Gathering, *, now: datetime
) -> datetime | None:
    """When somebody at the door last needed help, where that is not long ago."""
    return await tx.scalar(
        select(GatheringEvent.at)
        .where(
            GatheringEvent.gathering_id == gathering.id,
            GatheringEvent.kind == "help_asked",
            GatheringEvent.at > now - timedelta(minutes=HELP_MINUTES),
        )
        .order_by(GatheringEvent.at.desc())
        .limit(1)
    )


async def get_ready(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """The participant says that they are ready to begin. Once is enough."""
    if seat.ready_at is not None:
        return
    fresh = await tx.get_one(Participant, seat.id)
    fresh.ready_at = now
    event = rules.Event("ready", now, {"participant": seat.id})
    gathering.stage_revision = record(tx, gathering, event, actor=seat.id)


async def leave(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """The participant leaves; what they said stays unless they take it back."""
    fresh = await tx.get_one(Participant, seat.id)
    if fresh.left_at is not None:
        return
    fresh.left_at = now
    await lower_hand(tx, gathering, seat, now=now)
    record(tx, gathering, rules.Event("left", now, {"participant": seat.id}), actor=seat.id)
    await note(tx, "left", actor=seat.id, now=now, subject=seat.id, gathering_id=gathering.id)


async def ask_for_more_time(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """A participant asks for more time; the facilitator sees how many did. Once is enough."""
    rules.check_state(gathering.stage, "running")
    asked = await tx.scalar(
        select(GatheringEvent.id).where(
            GatheringEvent.gathering_id == gathering.id,
            GatheringEvent.kind == "more_time_asked",
            GatheringEvent.actor == seat.id,
            GatheringEvent.at >= gathering.phase_started_at,
        )
    )
    if asked is None:
        event = rules.Event("more_time_asked", now, {"phase": phase_key(gathering)})
        gathering.stage_revision = record(tx, gathering, event, actor=seat.id)
        await tx.flush()
