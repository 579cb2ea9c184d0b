"""Timed work: one row for each thing that is to be done once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, new_id


class Task(Base):
    """Something to be done once, at a time. ``kind`` names the function that does it.

    The row says what and about whom, never with what words: whoever does it reads the truth anew.
    ``state`` is ``waiting``, ``done``, ``missed`` (too late to help), ``dropped`` (no longer true)
    or ``failed`` (given up).
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("kind", "about", "round"),
        Index("ix_tasks_state_due_at", "state", "due_at"),
        Index("ix_tasks_about", "about"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("k"))
    kind: Mapped[str] = mapped_column(String(40))
    # The meeting, invitee, session, summary or recommendation that it is about.
    about: Mapped[str] = mapped_column(String(60))
    # What comes more than once has a number: the third reminder, the second edition.
    round: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    # Too late to help after this.
    until_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    # Another process is at it until then.
    claimed_until: Mapped[datetime | None]
    ran_at: Mapped[datetime | None]
    # Why it was missed, dropped or failed, as a code; never anybody's words.
    fault: Mapped[str | None] = mapped_column(String(80))
    # What it was, for the page: a number of mails, for instance.
    count: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    # Of the meeting or session, as ``{"sv": …, "en": …}``: for those who run the hub.
    title: Mapped[dict[str, Any]] = mapped_column(default=dict)
