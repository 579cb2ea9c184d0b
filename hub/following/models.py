"""Who is asked what became of a recommendation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, new_id


class Owner(Base):
    """The owner of a recommendation, to be asked by mail through a link without an account.

    ``sealed`` is ``{"email", "secret"}``, sealed; a new address makes a new secret.
    """

    __tablename__ = "owners"
    __table_args__ = (
        UniqueConstraint("contribution_id"),
        Index("ix_owners_gathering_id", "gathering_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("o"))
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    contribution_id: Mapped[str] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sealed: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(4), default="both")
    zone: Mapped[str] = mapped_column(String(40), default="Europe/Stockholm")
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    # They asked not to be written to again.
    stopped_at: Mapped[datetime | None]
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
