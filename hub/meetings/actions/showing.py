"""Letting open meetings be found by their words."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from hub.meetings import states
from hub.meetings.models import Meeting
from hub.people.rules import LANGUAGES
from hub.search import actions as search

FOUND = tuple(state for state in states.SHOWN if state not in states.OFF)


async def show_in_search(tx: AsyncSession, meeting: Meeting) -> None:
    """A meeting that is open to all and on is found by its title, purpose and topic; no other."""
    if not meeting.open_to_all or meeting.state not in FOUND:
        await search.remove(tx, "meeting", meeting.id)
        return
    await search.put(
        tx,
        "meeting",
        meeting.id,
        texts={
            each: (
                str(meeting.title.get(each) or ""),
                " ".join(str(part.get(each) or "") for part in (meeting.purpose, meeting.topic)),
            )
            for each in LANGUAGES
        },
        url=f"/workshops/{meeting.id}",
        at=meeting.starts_at,
        case_id=meeting.cases[0] if len(meeting.cases) == 1 else None,
        demonstration=meeting.demonstration,
    )
