"""Whom the hub may write to afterwards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.people.actions.keys import read_keys
from hub.people.models import Consent, Participant


@dataclass(frozen=True)
class Contact:
    """Somebody who said yes to being contacted, and left an address."""

    participant: Participant
    email: str


async def list_contacts(tx: AsyncSession, gathering_ids: Collection[str]) -> list[Contact]:
    """Those in these sessions who may be written to, each address once: for the latest seat.

    Left out: whoever left, was sent out or withdrew, said no to contact last, or left no address.
    Source: privacy-and-access.md, "Consent model" (be contacted later).
    """
    found = await tx.execute(
        select(Participant, Consent)
        .join(Consent, Consent.participant_id == Participant.id)
        .where(
            Participant.gathering_id.in_(gathering_ids),
            Participant.left_at.is_(None),
            Participant.removed_at.is_(None),
            Participant.withdrawn_at.is_(None),
        )
        .order_by(Participant.joined_at, Participant.id, Consent.given_at)
    )
    # The last consent of each is the one in force.
    latest = {participant.id: (participant, consent) for participant, consent in found}
    willing = [seat for seat, consent in latest.values() if consent.choices.get("contact")]
    keys = await read_keys(tx, [seat.id for seat in willing])
    contacts = [
        Contact(seat, keys[seat.id].email)
        for seat in willing
        if seat.id in keys and keys[seat.id].email
    ]
    return list({contact.email.casefold(): contact for contact in contacts}.values())
