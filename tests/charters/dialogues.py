"""Dialogues that came to something, put straight into the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters.models import Outcome
from hub.gatherings.models import Gathering
from hub.people.actions import give_consent
from hub.people.models import Participant

CHARTER = "vi-skapar-tillsammans"
WORDS = {
    "sv": {"title": "Börja ihop", "text": "Vi är med från början."},
    "en": {"title": "Begin as one", "text": "We are there from the start."},
}


async def hold(
    tx: AsyncSession, *, now: datetime, session: str = "s_dialogue", code: str = "SAMTAL"
) -> Gathering:
    """A session that took place."""
    gathering = Gathering(
        id=session,
        code=code,
        format_id="reflective-dialogue",
        format={},
        title={"sv": "Samtal om löften", "en": "Dialogue on promises"},
        created_at=now,
        started_at=now,
        last_activity_at=now,
    )
    tx.add(gathering)
    await tx.flush()
    return gathering


def outcome(
    gathering: str,
    *,
    charter: str = CHARTER,
    principle: str = "vst-1",
    now: datetime,
    **more: Any,
) -> Outcome:
    """What a session came to; closed, unless ``closed_at`` says otherwise."""
    given = {"put": {}, "decision": "keep", "agreed": None, "closed_at": now, **more}
    return Outcome(
        gathering_id=gathering,
        charter_id=charter,
        principle_id=principle,
        updated_at=now,
        **given,
    )


async def sit_down(
    tx: AsyncSession, gathering: str, *, secret_hash: str, now: datetime, name: str = "Astrid"
) -> Participant:
    """Somebody who took part."""
    seat = Participant(
        gathering_id=gathering,
        name=name,
        name_key=name.lower(),
        language="sv",
        role="patient",
        secret_hash=secret_hash,
        joined_at=now,
        seen_at=now,
    )
    tx.add(seat)
    await tx.flush()
    choices = {"take_part": True}
    await give_consent(tx, seat, choices=choices, language="sv", now=now, how="form")
    return seat
