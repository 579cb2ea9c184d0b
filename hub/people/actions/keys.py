"""What ties a seat to a person: sealed, apart, and destroyed when they withdraw.

A pseudonym stands for a person in research exports. Seats share one only where their person said
yes to be followed across sessions, in each of them.
Source: privacy-and-access.md, "Data minimum and special categories".
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import secret_of
from hub.people.models import Participant, PersonKey
from hub.sealing import seal, unseal

PURPOSE: Final = "person key"
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True)
class Key:
    """What is known of the person behind a seat. ``email`` is empty unless they gave one."""

    pseudonym: str
    email: str = ""


def new_pseudonym() -> str:
    """Eight of 32 letters and digits: nothing in it comes from the person."""
    return "P" + "".join(secrets.choice(LETTERS) for _ in range(8))


async def keep_key(tx: AsyncSession, participant: Participant, key: Key, *, now: datetime) -> None:
    """Seal what is known of the person behind a seat, in place of what was known before."""
    sealed = seal(secret_of(tx), PURPOSE, json.dumps(asdict(key)))
    found = await tx.get(PersonKey, participant.id)
    if found is None:
        tx.add(PersonKey(participant_id=participant.id, sealed=sealed, made_at=now))
    else:
        found.sealed = sealed
    await tx.flush()


async def read_keys(tx: AsyncSession, participant_ids: Collection[str]) -> dict[str, Key]:
    """By participant id, where there is one. Raises hub.sealing.Unreadable."""
    if not participant_ids:
        return {}
    secret_key = secret_of(tx)
    found = await tx.scalars(select(PersonKey).where(PersonKey.participant_id.in_(participant_ids)))
    return {
        row.participant_id: Key(**json.loads(unseal(secret_key, PURPOSE, row.sealed)))
        for row in found
    }


async def destroy_key(tx: AsyncSession, participant_id: str) -> None:
    """Nothing leads from the seat to the person any more."""
    await tx.execute(delete(PersonKey).where(PersonKey.participant_id == participant_id))
