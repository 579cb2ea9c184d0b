"""Posts that wait for a facilitator, and posts that come too soon after each other.

Source: privacy-and-access.md, "Data minimum": a post that seems to name a third person or tells
of danger waits for the facilitator where the organiser has switched that on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.chatbot.risks import safety
from hub.errors import TooFast
from hub.gatherings import rules
from hub.gatherings.actions.log import record
from hub.gatherings.models import Contribution, Gathering
from hub.people.models import Account, Participant, list_participants


async def check_not_too_soon(
    tx: AsyncSession, gathering: Gathering, seat: Participant, kind: str, *, now: datetime
) -> None:
    """Raises TooFast, with the seconds left, where slow mode asks for a longer pause."""
    if not gathering.slow_seconds or not rules.is_slowed(kind):
        return
    free = [name for name in rules.KINDS if not rules.is_slowed(name)]
    latest = await tx.scalar(
        select(func.max(Contribution.created_at)).where(
            Contribution.gathering_id == gathering.id,
            Contribution.participant_id == seat.id,
            Contribution.kind.not_in([*free, "bot"]),
        )
    )
    seconds = rules.seconds_to_wait(gathering.slow_seconds, latest, now)
    if seconds:
        raise TooFast("slow_mode", retry_after=seconds, seconds=seconds)


async def why_held(tx: AsyncSession, gathering: Gathering, texts: Iterable[str]) -> str | None:
    """Why a post with these texts waits for a facilitator; None where it need not."""
    said = "\n".join(texts)
    if not gathering.holds_risky or not said:
        return None
    known = [p.name for p in await list_participants(tx, gathering.id) if p.name]
    host = await tx.get(Account, gathering.created_by) if gathering.created_by else None
    risk = safety(said, (*known, host.name) if host else known)
    return risk.kind if risk else None


def hold(
    tx: AsyncSession, gathering: Gathering, said: Contribution, why: str, *, now: datetime
) -> None:
    """Keep a post from the room until a facilitator has read it; its author sees that it waits."""
    said.held_at, said.held_why = now, why
    # The log is read by many: it does not tell whose post it is.
    event = rules.Event("held", now, {"why": why})
    said.revision = record(tx, gathering, event, actor=None)
    tx.add(said)
