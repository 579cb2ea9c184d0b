"""After a meeting: what people say about it, and erasing what they asked for.

Source: dissemination.md, "Life cycle" (feedback open 7 days) and "RSVP" (14 days).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, Refusal
from hub.meetings import states
from hub.meetings.actions.finding import access_by_secret
from hub.meetings.actions.inviting import answer_key
from hub.meetings.models import Feedback, Invitee, Meeting
from hub.people.rules import LANGUAGES, clean_text

FEEDBACK_DAYS: Final = 7
FEEDBACK_LIMIT: Final = 2000


def feedback_open(meeting: Meeting, now: datetime) -> bool:
    """True for seven days after a meeting has ended."""
    ended = meeting.ended_at
    if ended is None or meeting.state not in states.HELD:
        return False
    return now < ended + timedelta(days=FEEDBACK_DAYS)


async def give_feedback(
    tx: AsyncSession,
    secret: str,
    *,
    useful: int | None,
    text: str,
    language: str | None,
    now: datetime,
) -> None:
    """What somebody who was invited says about a meeting; what they say later replaces it.

    ``useful``: 1 to 5. It is kept without who said it. Raises NotFound, Invalid where nothing is
    said, and Refusal (``feedback_closed``).
    """
    meeting, invitee = await access_by_secret(tx, secret, lock=True)
    if not feedback_open(meeting, now):
        raise Refusal("feedback_closed")
    text = clean_text(text).strip()
    faults: dict[str, str] = {}
    if useful is None and not text:
        faults["/text"] = "feedback_missing"
    if useful is not None and not 1 <= useful <= 5:
        faults["/useful"] = "useful_range"
    if len(text) > FEEDBACK_LIMIT:
        faults["/text"] = "text_too_long"
    if language is not None and language not in LANGUAGES:
        faults["/language"] = "language_unknown"
    if faults:
        raise Invalid(faults)
    key = answer_key(tx, invitee)
    said = await tx.scalar(select(Feedback).where(Feedback.answer_key == key))
    if said is None:
        said = Feedback(meeting_id=meeting.id, answer_key=key, at=now)
        tx.add(said)
    said.useful, said.text, said.language, said.at = useful, text, language, now
    await tx.flush()


async def own_feedback(tx: AsyncSession, secret: str) -> Feedback | None:
    """What the holder of a link has said about their meeting. Raises NotFound."""
    _, invitee = await access_by_secret(tx, secret)
    key = answer_key(tx, invitee)
    return await tx.scalar(select(Feedback).where(Feedback.answer_key == key))


async def list_feedback(tx: AsyncSession, meeting_id: str) -> list[Feedback]:
    """What was said about a meeting, without who said it: in no order that tells."""
    found = await tx.scalars(
        select(Feedback).where(Feedback.meeting_id == meeting_id).order_by(Feedback.id)
    )
    return list(found)


async def erase_needs(tx: AsyncSession, meeting: Meeting, *, now: datetime) -> int:
    """Erase what people asked for and wanted to know; of how many. Once is enough."""
    erased = await tx.execute(
        update(Invitee)
        .where(
            Invitee.meeting_id == meeting.id,
            Invitee.sealed_needs.is_not(None) | Invitee.sealed_question.is_not(None),
        )
        .values(sealed_needs=None, sealed_question=None)
        .execution_options(synchronize_session=False)
    )
    meeting.needs_erased_at = now
    await tx.flush()
    return int(getattr(erased, "rowcount", 0))
