"""What is held on somebody who took part: what they replied to the meetings of the session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.meetings import letters
from hub.meetings.actions.inviting import needs_of, question_of
from hub.meetings.models import Invitee, Meeting
from hub.people.models import Participant


async def tell_replies(
    tx: AsyncSession, seats: Sequence[Participant], *, emails: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Their replies to the meetings that the sessions of these seats were held for, and its series.

    The same as whoever withdraws leaves (``withdraw_from_session``). None where nobody knows that
    the address is theirs: the link in their mail shows it.
    Source: privacy-and-access.md, "Exports".
    """
    told: dict[str, dict[str, Any]] = {seat.id: {"meetings": None} for seat in seats}
    for seat in seats:
        email = emails.get(seat.id, "")
        if not email:
            continue
        series = select(Meeting.series_id).where(
            Meeting.gathering_id == seat.gathering_id, Meeting.series_id.is_not(None)
        )
        rows = await tx.execute(
            select(Invitee, Meeting)
            .join(Meeting, Meeting.id == Invitee.meeting_id)
            .where(
                Invitee.address_hash == letters.hash_address(tx, email),
                or_(Meeting.gathering_id == seat.gathering_id, Meeting.series_id.in_(series)),
            )
            .order_by(Meeting.starts_at, Meeting.id)
        )
        told[seat.id]["meetings"] = [
            {
                "title": dict(meeting.title),
                "starts_at": letters.moment(meeting.starts_at),
                "name": letters.who_is(tx, invitee).name,
                "group": invitee.group,
                "role": invitee.role,
                "audience": invitee.audience,
                "reply": invitee.reply,
                "replied_at": letters.moment(invitee.replied_at) if invitee.replied_at else None,
                "place": invitee.place,
                "needs": needs_of(tx, invitee),
                "question": question_of(tx, invitee),
            }
            for invitee, meeting in rows
        ]
    return told
