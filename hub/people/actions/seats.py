"""A seat in a session."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid
from hub.people import rules
from hub.people.actions.consents import give_consent
from hub.people.actions.secret import hash_secret, new_secret
from hub.people.models import Participant


def name_key(name: str) -> str:
    """Two aliases that look the same have the same key."""
    return unicodedata.normalize("NFKC", name).casefold().strip()[:120]


async def take_seat(
    tx: AsyncSession,
    *,
    gathering_id: str,
    name: str,
    language: object,
    role: str | None,
    bilingual: bool,
    consent: dict[str, bool],
    reserved_names: tuple[str, ...],
    now: datetime,
    how: str,
    remote: bool = False,
    without_device: bool = False,
) -> tuple[Participant, str]:
    """A seat in a session and its secret. Raises Invalid with a pointer for each fault."""
    name = " ".join(rules.clean_text(name).split())
    role = role or None
    faults = rules.join_faults(name=name, language=language, role=role, consent=consent)
    if "/name" not in faults and rules.name_is_bot_like(name, reserved_names):
        faults["/name"] = "name_reserved"
    if faults:
        raise Invalid(faults)
    taken = await tx.scalar(
        select(Participant.id).where(
            Participant.gathering_id == gathering_id, Participant.name_key == name_key(name)
        )
    )
    if taken:
        raise Invalid({"/name": "name_taken"})
    secret = new_secret("pt")
    participant = Participant(
        gathering_id=gathering_id,
        name=name,
        name_key=name_key(name),
        language=str(language),
        role=role,
        bilingual=bilingual,
        remote=remote,
        without_device=without_device,
        secret_hash=hash_secret(secret),
        joined_at=now,
        seen_at=now,
    )
    tx.add(participant)
    await tx.flush()
    await give_consent(
        tx, participant, choices=consent, language=participant.language, now=now, how=how
    )
    return participant, secret
