"""Case studies and finding cards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, new_id


class Case(Base):
    """A case study. The texts are ``{"sv": …, "en": …}``."""

    __tablename__ = "cases"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[dict[str, Any]]
    country: Mapped[str] = mapped_column(String(2))
    sector: Mapped[dict[str, Any]]
    objective: Mapped[dict[str, Any]]
    methods: Mapped[dict[str, Any]]
    vulnerable: Mapped[bool] = mapped_column(default=False)
    demonstration: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime]


class Finding(Base):
    """A finding card of one session, in both languages."""

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_gathering_id", "gathering_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("f"))
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    position: Mapped[int]
    revision: Mapped[int]
    title: Mapped[dict[str, Any]]
    text: Mapped[dict[str, Any]]
    source: Mapped[str] = mapped_column(Text, default="")
    # The language it was first written in; a card has its words in both.
    language: Mapped[str | None] = mapped_column(String(2))
    tags: Mapped[list[Any]] = mapped_column(default=list)
    picture: Mapped[str | None] = mapped_column(String(80))
    picture_alt: Mapped[dict[str, Any] | None]
    shown_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


async def list_cases(tx: AsyncSession) -> list[Case]:
    return list(await tx.scalars(select(Case).order_by(Case.id)))


async def find_case(tx: AsyncSession, case_id: str) -> Case | None:
    return await tx.get(Case, case_id)


async def list_findings(tx: AsyncSession, gathering_id: str) -> list[Finding]:
    found = await tx.scalars(
        select(Finding)
        .where(Finding.gathering_id == gathering_id, Finding.removed_at.is_(None))
        .order_by(Finding.position, Finding.id)
    )
    return list(found)
