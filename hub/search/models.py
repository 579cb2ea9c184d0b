"""Published texts and the words in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, new_id


class PublishedText(Base):
    """One page of one thing in one language, as search shows and finds it."""

    __tablename__ = "published_texts"
    __table_args__ = (
        UniqueConstraint("kind", "about", "part", "language"),
        Index("ix_published_texts_at", "at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("x"))
    # summary, record, charter, recommendation, meeting or case.
    kind: Mapped[str] = mapped_column(String(20))
    about: Mapped[str] = mapped_column(String(60))
    # The audience of a summary, for instance; empty where there is one page.
    part: Mapped[str] = mapped_column(String(40), default="")
    language: Mapped[str] = mapped_column(String(2))
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(String(300))
    case_id: Mapped[str | None] = mapped_column(String(40))
    demonstration: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


class PublishedWord(Base):
    """A word of a text, folded; ``weight`` is higher where it stands in the title."""

    __tablename__ = "published_words"
    __table_args__ = (Index("ix_published_words_text_id", "text_id"),)

    word: Mapped[str] = mapped_column(String(40), primary_key=True)
    text_id: Mapped[str] = mapped_column(
        ForeignKey("published_texts.id", ondelete="CASCADE"), primary_key=True
    )
    weight: Mapped[int]
