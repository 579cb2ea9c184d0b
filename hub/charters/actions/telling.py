"""Telling those who took part that they are asked to comment."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import rules
from hub.charters.models import gatherings_of
from hub.mail.actions import queue_mail
from hub.people.actions import list_contacts

SWEDEN = ZoneInfo("Europe/Stockholm")


async def mail_round(tx: AsyncSession, state: rules.State, *, now: datetime) -> int:
    """Mail whoever took part in a session on the charter and may be contacted; how many.

    Source: reflective-dialogue.md, "From outcomes to a new version", 5.
    """
    assert state.round is not None
    closes_at = datetime.fromisoformat(state.round["closes_at"])
    contacts = await list_contacts(tx, await gatherings_of(tx, state.id))
    for contact in contacts:
        seat = contact.participant
        await queue_mail(
            tx,
            "comment_round",
            to=contact.email,
            language=seat.language,
            facts={
                "title": state.title.get(seat.language) or next(iter(state.title.values()), ""),
                "url": f"/sessions/{seat.gathering_id}",
                "day": closes_at.astimezone(SWEDEN).date().isoformat(),
            },
            now=now,
            about=seat.id,
            until_at=closes_at,
        )
    return len(contacts)
