"""Mails that wait, went out or failed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, new_id


class Mail(Base):
    """One mail to one address.

    ``kind`` names its templates, ``facts`` what they are filled with, so that a mail is written
    when it is sent and says what is true then. ``sealed_to`` and ``sealed_facts`` are sealed with
    the hub's secret key and erased once it is sent or given up.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_due_at", "due_at"),
        Index("ix_mails_about", "about"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("e"))
    kind: Mapped[str] = mapped_column(String(40))
    # sv, en, or both where nobody has said which one they read.
    language: Mapped[str] = mapped_column(String(4))
    sealed_to: Mapped[str | None] = mapped_column(Text)
    sealed_facts: Mapped[str | None] = mapped_column(Text)
    # The account, participant, session or charter that it is about; goes when they do.
    about: Mapped[str | None] = mapped_column(String(60))
    message_id: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime]
    # When to try next; None: sent, or given up.
    due_at: Mapped[datetime | None]
    # Too late to help after this.
    until_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    # The kind of fault, never the server's words, which may hold an address.
    fault: Mapped[str | None] = mapped_column(String(80))
    # A zone whose nights it is not to come in; None: at any hour.
    quiet_zone: Mapped[str | None] = mapped_column(String(40))
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
