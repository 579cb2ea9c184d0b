"""How long each kind of material is kept, and deletions that are coming or were done."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, new_id


class RetentionRule(Base):
    """How long one kind of material is kept, and the decision that its deletion rests on.

    Without a decision nothing of the kind is deleted. Source: privacy-and-access.md, "Retention".
    """

    __tablename__ = "retention_rules"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    days: Mapped[int]
    decision: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime | None]
    changed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))


class Purge(Base):
    """A deletion: said beforehand, may be put on hold, and counted when done.

    ``state`` is ``announced``, ``held``, ``done`` or ``dropped`` (no longer due).
    ``decision`` is the text that it rests on, as it was when it was announced.
    """

    __tablename__ = "purges"
    __table_args__ = (
        UniqueConstraint("kind", "subject"),
        Index("ix_purges_state", "state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("x"))
    kind: Mapped[str] = mapped_column(String(20))
    # The session whose material it is, or the kind again where it is not of one session.
    subject: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), default="announced")
    decision: Mapped[str] = mapped_column(Text)
    announced_at: Mapped[datetime]
    due_at: Mapped[datetime]
    held_at: Mapped[datetime | None]
    held_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    held_reason: Mapped[str] = mapped_column(Text, default="")
    done_at: Mapped[datetime | None]
    count: Mapped[int] = mapped_column(default=0)
