"""What is held on somebody who took part: what they said of a summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.gatherings.views import moment
from hub.people.models import Participant
from hub.summaries.models import Point, Statement


async def tell_points(
    tx: AsyncSession, seats: Sequence[Participant], *, emails: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """What they confirmed and contested, with the statement as it stands and what was done.

    Source: privacy-and-access.md, "Exports".
    """
    del emails
    ids = [seat.id for seat in seats]
    rows = await tx.execute(
        select(Point, Statement.texts)
        .join(Statement, Statement.id == Point.statement_id)
        .where(Point.participant_id.in_(ids))
        .order_by(Point.at, Point.id)
    )
    told: dict[str, dict[str, Any]] = {id_: {"points": []} for id_ in ids}
    for point, texts in rows:
        told[point.participant_id]["points"].append(
            {
                "summary": point.summary_id,
                "statement": dict(texts),
                "answer": point.answer,
                "text": point.text,
                "language": point.language,
                "at": moment(point.at),
                "settled": point.settled,
                "settled_at": moment(point.settled_at),
            }
        )
    return told
