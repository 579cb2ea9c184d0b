"""The entries of the audit log, and where it ends."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base


class AuditEntry(Base):
    """One act. ``facts`` holds ids, codes and counts only: never a text, a name or an address.

    ``seal`` is made from the entry, the seal of the one before it and the hub's secret key, so
    that no entry can be changed, left out or put in between unnoticed.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_subject", "subject"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    # An account's or a participant's id, or ``system`` (a timed job) or ``command``.
    actor: Mapped[str] = mapped_column(String(30))
    act: Mapped[str] = mapped_column(String(40))
    # Whose data it was, or what it was done to.
    subject: Mapped[str | None] = mapped_column(String(60))
    gathering_id: Mapped[str | None] = mapped_column(String(30))
    facts: Mapped[dict[str, Any]]
    seal: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """Where the log ends: one row, locked while an entry is added, so that entries are in order."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    seal: Mapped[str] = mapped_column(String(64))
    # Made from both with the secret key: entries at the end cannot be cut off by hand.
    mark: Mapped[str] = mapped_column(String(64))


async def list_entries(
    tx: AsyncSession,
    *,
    before: int | None = None,
    limit: int = 100,
    acts: Collection[str] = (),
    subject: str = "",
) -> list[AuditEntry]:
    """Latest first; ``before`` an entry's number. ``subject`` finds acts by or on that id."""
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.number < before)
    if acts:
        query = query.where(AuditEntry.act.in_(acts))
    if subject:
        query = query.where(
            (AuditEntry.subject == subject)
            | (AuditEntry.actor == subject)
            | (AuditEntry.gathering_id == subject)
        )
    return list(await tx.scalars(query))
