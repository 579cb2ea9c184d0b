"""What people say yes to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from hub.people import rules
from hub.people.models import Consent, Participant


async def give_consent(
    tx: AsyncSession,
    participant: Participant,
    *,
    choices: dict[str, bool],
    language: str,
    now: datetime,
    how: str,
) -> Consent:
    """Keep what the person said yes to, with the version of the text they read."""
    consent = Consent(
        participant_id=participant.id,
        choices=choices,
        version=rules.CONSENT_VERSION,
        language=language,
        how=how,
        given_at=now,
    )
    tx.add(consent)
    await tx.flush()
    return consent
