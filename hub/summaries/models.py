"""A summary of a session: its statements for five audiences, and its published editions.

Source: dissemination.md, "The five audiences".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, new_id


class Summary(Base):
    """The five summaries of one session, which share facts and figures."""

    __tablename__ = "summaries"
    __table_args__ = (
        UniqueConstraint("gathering_id"),
        Index("ix_summaries_published_at", "published_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("u"))
    # The published summary outlives the session's posts.
    gathering_id: Mapped[str | None] = mapped_column(
        ForeignKey("gatherings.id", ondelete="SET NULL")
    )
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"))
    title: Mapped[dict[str, Any]]
    tags: Mapped[list[Any]] = mapped_column(default=list)
    # The language that it is written in first.
    language: Mapped[str] = mapped_column(String(2), default="sv")
    # draft, confirming (participants have seven days) or published.
    state: Mapped[str] = mapped_column(String(12), default="draft")
    # What the statements were built from: numbers, dates, owners; never words of participants.
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    revision: Mapped[int] = mapped_column(default=0)
    built_at: Mapped[datetime]
    confirm_from: Mapped[datetime | None]
    confirm_until: Mapped[datetime | None]
    # Somebody from ``lived`` who was there has read the citizens' version.
    read_by_lived_at: Mapped[datetime | None]
    edition: Mapped[int] = mapped_column(default=0)
    published_at: Mapped[datetime | None]
    # Something behind it was withdrawn or corrected since: an editor is to look.
    changed_at: Mapped[datetime | None]
    demonstration: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]


class Statement(Base):
    """One sentence or point in one block for one audience, in both languages.

    ``key`` is the same at each rebuild, so that what was edited is found again. ``texts`` is
    ``{"sv": …, "en": …}``; ``statuses`` says per language ``missing``, ``draft`` (automatic) or
    ``human_reviewed``. ``sources`` are ids of what is behind it: contributions, findings, or
    parts of the record such as ``measures``. ``question`` asks the editor for what the record
    lacks; such a statement has no texts.
    """

    __tablename__ = "statements"
    __table_args__ = (
        UniqueConstraint("summary_id", "audience", "block", "key"),
        Index("ix_statements_summary_id", "summary_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("m"))
    summary_id: Mapped[str] = mapped_column(ForeignKey("summaries.id", ondelete="CASCADE"))
    audience: Mapped[str] = mapped_column(String(12))
    block: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(80))
    position: Mapped[int]
    texts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    statuses: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sources: Mapped[list[Any]] = mapped_column(default=list)
    # The contribution whose words it gives, where its author consented to that.
    quote_of: Mapped[str | None] = mapped_column(String(30))
    question: Mapped[str | None] = mapped_column(String(40))
    edited_at: Mapped[datetime | None]
    edited_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    # Left out by an editor, or gone with what was behind it.
    removed_at: Mapped[datetime | None]
    # Why an editor left it out, where its block is left out with it.
    removed_why: Mapped[str] = mapped_column(Text, default="")
    # Contributions whose words stand in the texts, and their authors, so that they can be taken
    # out again, also when the posts are gone. Never shown.
    words_of: Mapped[list[Any]] = mapped_column(default=list)
    revision: Mapped[int] = mapped_column(default=0)


class Edition(Base):
    """A published edition, frozen. What was withdrawn since is taken out of earlier ones too."""

    __tablename__ = "editions"
    __table_args__ = (UniqueConstraint("summary_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("d"))
    summary_id: Mapped[str] = mapped_column(ForeignKey("summaries.id", ondelete="CASCADE"))
    number: Mapped[int]
    # What changed since the one before, in both languages; None for the first.
    note: Mapped[dict[str, Any] | None]
    # ``{audience: [{"block", "statements": [{"id", "key", "texts", "sources", "quote",
    # "words_of"}]}]}``; ``words_of`` as in a statement, and never shown either.
    content: Mapped[dict[str, Any]]
    facts: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
    published_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))


class Point(Base):
    """A participant's yes or no to one statement, during the seven days before publishing."""

    __tablename__ = "points"
    __table_args__ = (
        UniqueConstraint("statement_id", "participant_id"),
        Index("ix_points_summary_id", "summary_id"),
        Index("ix_points_participant_id", "participant_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("j"))
    summary_id: Mapped[str] = mapped_column(ForeignKey("summaries.id", ondelete="CASCADE"))
    statement_id: Mapped[str] = mapped_column(ForeignKey("statements.id", ondelete="CASCADE"))
    participant_id: Mapped[str] = mapped_column(ForeignKey("participants.id", ondelete="CASCADE"))
    # confirm or contest; who contests says why.
    answer: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str | None] = mapped_column(String(2))
    at: Mapped[datetime]
    # What the editor did about it, told to whoever contested.
    settled_at: Mapped[datetime | None]
    settled: Mapped[str] = mapped_column(Text, default="")


class Reader(Base):
    """A reader's answer to "Does this match what you see?", without who it was."""

    __tablename__ = "readers"
    __table_args__ = (Index("ix_readers_summary_id", "summary_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("q"))
    summary_id: Mapped[str] = mapped_column(ForeignKey("summaries.id", ondelete="CASCADE"))
    audience: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(2))
    # yes, partly or no.
    matches: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
