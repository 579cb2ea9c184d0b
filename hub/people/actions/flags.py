"""Telling editors that a published text held words which were taken back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.people.models import Account, Flag


async def raise_flag(
    tx: AsyncSession, what: str, subject: str, *, place: str | None, now: datetime
) -> Flag:
    """Tell the editor of a published text. One open flag for each place is enough."""
    found = await tx.scalar(
        select(Flag).where(
            Flag.what == what,
            Flag.subject == subject,
            Flag.place.is_(None) if place is None else Flag.place == place,
            Flag.settled_at.is_(None),
        )
    )
    if found is not None:
        return found
    flag = Flag(what=what, subject=subject, place=place, at=now)
    tx.add(flag)
    await tx.flush()
    return flag


async def list_flags(
    tx: AsyncSession, what: str | None = None, *, subject: str | None = None
) -> list[Flag]:
    """The flags that are not settled, oldest first."""
    query = select(Flag).where(Flag.settled_at.is_(None)).order_by(Flag.at, Flag.id)
    if what is not None:
        query = query.where(Flag.what == what)
    if subject is not None:
        query = query.where(Flag.subject == subject)
    return list(await tx.scalars(query))


async def settle_flags(
    tx: AsyncSession, what: str, subject: str, *, account: Account | None, now: datetime
) -> None:
    """A new edition is out, without the words."""
    await tx.execute(
        update(Flag)
        .where(Flag.what == what, Flag.subject == subject, Flag.settled_at.is_(None))
        .values(settled_at=now, settled_by=account.id if account else None)
        .execution_options(synchronize_session=False)
    )
