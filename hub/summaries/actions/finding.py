"""Summaries and what belongs to them, fetched in few queries."""

from __future__ import annotations

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound
from hub.summaries.models import Edition, Point, Reader, Statement, Summary


async def access_summary(tx: AsyncSession, summary_id: str, *, lock: bool = False) -> Summary:
    """The summary, its row locked for a change where ``lock``. Raises NotFound."""
    query = select(Summary).where(Summary.id == summary_id)
    found = await tx.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("summary_not_found")
    return found


async def find_summary_of(tx: AsyncSession, gathering_id: str) -> Summary | None:
    """The summary of a session, if there is one."""
    return await tx.scalar(select(Summary).where(Summary.gathering_id == gathering_id))


async def list_summaries(
    tx: AsyncSession,
    *,
    case: str | None = None,
    published: bool = True,
    after: str | None = None,
    limit: int | None = None,
) -> list[Summary]:
    """Summaries, the latest published first; those that are not published by when they were made.

    ``published`` False: all of them. ``after``: the id of the last one already listed.
    """
    at = Summary.published_at if published else Summary.created_at
    query = select(Summary).order_by(at.desc(), Summary.id.desc()).limit(limit)
    if published:
        query = query.where(Summary.published_at.is_not(None))
    if case is not None:
        query = query.where(Summary.case_id == case)
    last = await tx.get(Summary, after) if after else None
    if last is not None:
        then = last.published_at if published else last.created_at
        query = query.where(or_(at < then, and_(at == then, Summary.id < last.id)))
    return list(await tx.scalars(query))


async def list_statements(
    tx: AsyncSession, summary_id: str, *, removed: bool = True
) -> list[Statement]:
    """By audience and place; those that were left out too, unless not ``removed``."""
    query = select(Statement).where(Statement.summary_id == summary_id)
    if not removed:
        query = query.where(Statement.removed_at.is_(None))
    return list(
        await tx.scalars(query.order_by(Statement.audience, Statement.position, Statement.key))
    )


async def access_statement(tx: AsyncSession, statement_id: str, *, lock: bool = False) -> Statement:
    """Raises NotFound."""
    query = select(Statement).where(Statement.id == statement_id)
    found = await tx.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("statement_not_found")
    return found


async def list_points(tx: AsyncSession, summary_id: str) -> list[Point]:
    """What participants said of statements, in the order they said it."""
    return list(
        await tx.scalars(
            select(Point).where(Point.summary_id == summary_id).order_by(Point.at, Point.id)
        )
    )


async def access_point(tx: AsyncSession, point_id: str) -> Point:
    """Raises NotFound."""
    found = await tx.get(Point, point_id)
    if found is None:
        raise NotFound("point_not_found")
    return found


async def list_readers(tx: AsyncSession, summary_id: str) -> list[Reader]:
    """What readers answered, the latest first."""
    return list(
        await tx.scalars(
            select(Reader)
            .where(Reader.summary_id == summary_id)
            .order_by(Reader.at.desc(), Reader.id)
        )
    )


async def list_editions(tx: AsyncSession, summary_id: str) -> list[Edition]:
    """The published editions, the first one first."""
    return list(
        await tx.scalars(
            select(Edition).where(Edition.summary_id == summary_id).order_by(Edition.number)
        )
    )


async def find_edition(
    tx: AsyncSession, summary: Summary, number: int | None = None
) -> Edition | None:
    """An edition by its number, the latest where that is None; None where there is none."""
    return await tx.scalar(
        select(Edition).where(
            Edition.summary_id == summary.id,
            Edition.number == (summary.edition if number is None else number),
        )
    )
