"""Charters with their log of events, versions, drafts and comments; outcomes of dialogues."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    column,
    func,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, UtcDateTime, new_id
from hub.errors import NotFound

# The room of sessions is above this one: all that is asked here is when and under which title.
_gatherings = table(
    "gatherings",
    column("id", String),
    column("title", JSON),
    column("started_at", UtcDateTime),
)


class Charter(Base):
    """A charter. ``state`` is the fold of its events (``rules.replay``); a test keeps them equal.

    ``number`` is that of the latest event: who saves says which one they had read.
    """

    __tablename__ = "charters"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    state: Mapped[dict[str, Any]]
    demonstration: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CharterEvent(Base):
    """One entry of the append-only log of a charter. Every text it ever had is here."""

    __tablename__ = "charter_events"
    __table_args__ = (UniqueConstraint("charter_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    charter_id: Mapped[str] = mapped_column(ForeignKey("charters.id", ondelete="CASCADE"))
    number: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    # The role in which it was done, which stays readable when the account is gone.
    role: Mapped[str] = mapped_column(String(20))
    data: Mapped[dict[str, Any]]


class CharterVersion(Base):
    """A version that was made public: the whole state as it was after event ``upto``."""

    __tablename__ = "charter_versions"
    __table_args__ = (UniqueConstraint("charter_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("v"))
    charter_id: Mapped[str] = mapped_column(ForeignKey("charters.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(String(20))
    based_on: Mapped[str | None] = mapped_column(String(20))
    upto: Mapped[int]
    at: Mapped[datetime]
    note: Mapped[dict[str, Any]]
    adopted_by: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[dict[str, Any]]


class CharterDraft(Base):
    """What an editor is writing and has not saved: theirs alone, kept while they type.

    ``based_on`` is the revision of the text that they started from.
    """

    __tablename__ = "charter_drafts"
    __table_args__ = (UniqueConstraint("account_id", "charter_id", "principle_id", "language"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("w"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    charter_id: Mapped[str] = mapped_column(ForeignKey("charters.id", ondelete="CASCADE"))
    principle_id: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))
    title: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    based_on: Mapped[int]
    saved_at: Mapped[datetime]


class CharterComment(Base):
    """A comment on a principle, or on the whole charter where ``principle_id`` is None.

    ``round`` is the number of the event that asked those who took part; None: among editors.
    ``translation`` is ``{"text", "status"}`` in the other language.
    """

    __tablename__ = "charter_comments"
    __table_args__ = (
        UniqueConstraint("charter_id", "client_id"),
        Index("ix_charter_comments_charter_id", "charter_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("m"))
    charter_id: Mapped[str] = mapped_column(ForeignKey("charters.id", ondelete="CASCADE"))
    principle_id: Mapped[str | None] = mapped_column(String(40))
    round: Mapped[int | None]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    participant_id: Mapped[str | None] = mapped_column(
        ForeignKey("participants.id", ondelete="CASCADE")
    )
    client_id: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text)
    translation: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))


class Outcome(Base):
    """What one dialogue came to on one principle. Closed once there is agreed text or dissent.

    ``put`` is the text that was talked about and ``agreed`` the one agreed on, both as
    ``{"sv": {"title", "text"}, "en": {"title", "text"}}``; ``dissent`` is a list of
    ``{"group", "language", "text": {"sv", "en"}, "contribution"}``. Numbers are people:
    ``counts`` has five, for the ratings 1 to 5, and ``counts_by_group`` five for each group.
    What people wrote stays with the session, so that it follows when they take it back.
    Source: reflective-dialogue.md, "Outcome record".
    """

    __tablename__ = "outcomes"
    __table_args__ = (
        UniqueConstraint("gathering_id", "principle_id"),
        Index("ix_outcomes_charter_id", "charter_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("o"))
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    charter_id: Mapped[str] = mapped_column(String(60))
    charter_version: Mapped[str | None] = mapped_column(String(20))
    principle_id: Mapped[str] = mapped_column(String(40))
    put: Mapped[dict[str, Any]]
    decision: Mapped[str | None] = mapped_column(String(10))
    agreed: Mapped[dict[str, Any] | None]
    # The contribution whose words were agreed on; None for the text as it stood.
    agreed_from: Mapped[str | None] = mapped_column(String(30))
    dissent: Mapped[list[Any]] = mapped_column(default=list)
    glossary_changes: Mapped[list[Any]] = mapped_column(default=list)
    languages: Mapped[list[Any]] = mapped_column(default=list)
    people_by_group: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rated: Mapped[int] = mapped_column(default=0)
    passed: Mapped[int] = mapped_column(default=0)
    counts: Mapped[list[Any]] = mapped_column(default=list)
    counts_by_group: Mapped[dict[str, Any]] = mapped_column(default=dict)
    label: Mapped[str | None] = mapped_column(String(20))
    consent_version: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    updated_at: Mapped[datetime]


async def find_charter(tx: AsyncSession, charter_id: str) -> Charter | None:
    return await tx.get(Charter, charter_id)


async def access_charter(tx: AsyncSession, charter_id: str, *, lock: bool = False) -> Charter:
    """The charter, its row locked for a change where ``lock``. Raises NotFound."""
    query = select(Charter).where(Charter.id == charter_id)
    if lock:
        # What this transaction has read before may be older than the lock.
        query = query.with_for_update().execution_options(populate_existing=True)
    found = await tx.scalar(query)
    if found is None:
        raise NotFound("charter_not_found")
    return found


async def list_charters(tx: AsyncSession, *, ids: Collection[str] | None = None) -> list[Charter]:
    """All charters by id, or those of these ids."""
    query = select(Charter).order_by(Charter.id)
    if ids is not None:
        query = query.where(Charter.id.in_(ids))
    return list(await tx.scalars(query))


async def list_charter_events(
    tx: AsyncSession, charter_id: str, *, upto: int | None = None
) -> list[CharterEvent]:
    """The log, oldest first."""
    query = select(CharterEvent).where(CharterEvent.charter_id == charter_id)
    if upto is not None:
        query = query.where(CharterEvent.number <= upto)
    return list(await tx.scalars(query.order_by(CharterEvent.number)))


async def list_versions(tx: AsyncSession, charter_id: str) -> list[CharterVersion]:
    """Newest first."""
    found = await tx.scalars(
        select(CharterVersion)
        .where(CharterVersion.charter_id == charter_id)
        .order_by(CharterVersion.upto.desc())
    )
    return list(found)


async def list_outcomes(tx: AsyncSession, charter_id: str) -> list[Outcome]:
    """Outcomes of all dialogues on a charter, oldest first."""
    found = await tx.scalars(
        select(Outcome).where(Outcome.charter_id == charter_id).order_by(Outcome.updated_at)
    )
    return list(found)


async def list_outcomes_of(tx: AsyncSession, gathering_id: str) -> list[Outcome]:
    """The outcomes of one dialogue."""
    found = await tx.scalars(
        select(Outcome).where(Outcome.gathering_id == gathering_id).order_by(Outcome.updated_at)
    )
    return list(found)


async def list_dialogues(tx: AsyncSession, charter_id: str) -> dict[str, dict[str, Any]]:
    """Title and time of each dialogue that has an outcome on this charter, by session id."""
    found = await tx.execute(
        select(_gatherings.c.id, _gatherings.c.title, _gatherings.c.started_at).where(
            _gatherings.c.id.in_(
                select(Outcome.gathering_id).where(Outcome.charter_id == charter_id)
            )
        )
    )
    return {row.id: {"title": row.title, "held_at": row.started_at} for row in found}


async def find_version(tx: AsyncSession, charter_id: str, number: str) -> CharterVersion | None:
    found: CharterVersion | None = await tx.scalar(
        select(CharterVersion).where(
            CharterVersion.charter_id == charter_id, CharterVersion.number == number
        )
    )
    return found


async def access_version(tx: AsyncSession, charter_id: str, number: str) -> CharterVersion:
    """One version of a charter. Raises NotFound."""
    found = await find_version(tx, charter_id, number)
    if found is None:
        raise NotFound("version_not_found")
    return found


async def list_drafts(tx: AsyncSession, charter_id: str, account_id: str) -> list[CharterDraft]:
    """What this account has written on a charter and not saved."""
    found = await tx.scalars(
        select(CharterDraft).where(
            CharterDraft.charter_id == charter_id, CharterDraft.account_id == account_id
        )
    )
    return list(found)


async def find_draft(
    tx: AsyncSession, charter_id: str, principle_id: str, language: str, *, account_id: str
) -> CharterDraft | None:
    found: CharterDraft | None = await tx.scalar(
        select(CharterDraft).where(
            CharterDraft.charter_id == charter_id,
            CharterDraft.account_id == account_id,
            CharterDraft.principle_id == principle_id,
            CharterDraft.language == language,
        )
    )
    return found


async def list_comments(
    tx: AsyncSession, charter_id: str, *, participant_ids: Collection[str] | None = None
) -> list[CharterComment]:
    """Comments on a charter, oldest first; of these participants alone where they are named."""
    query = select(CharterComment).where(CharterComment.charter_id == charter_id)
    if participant_ids is not None:
        query = query.where(CharterComment.participant_id.in_(participant_ids))
    return list(await tx.scalars(query.order_by(CharterComment.created_at, CharterComment.id)))


async def count_comments(
    tx: AsyncSession, participant_ids: Collection[str]
) -> dict[tuple[str, int | None], int]:
    """How many comments these participants made, by charter and round."""
    found = await tx.execute(
        select(CharterComment.charter_id, CharterComment.round, func.count())
        .where(CharterComment.participant_id.in_(participant_ids))
        .group_by(CharterComment.charter_id, CharterComment.round)
    )
    return {(charter, round_): count for charter, round_, count in found}


async def charters_of(tx: AsyncSession, gathering_ids: Collection[str]) -> set[str]:
    """The charters that these sessions talked about."""
    found = await tx.scalars(
        select(Outcome.charter_id).where(Outcome.gathering_id.in_(gathering_ids)).distinct()
    )
    return set(found)


async def gatherings_of(tx: AsyncSession, charter_id: str) -> set[str]:
    """The sessions that talked about this charter."""
    found = await tx.scalars(
        select(Outcome.gathering_id).where(Outcome.charter_id == charter_id).distinct()
    )
    return set(found)


async def took_part(tx: AsyncSession, charter_id: str, gathering_ids: Collection[str]) -> set[str]:
    """Those of these sessions that talked about the charter."""
    found = await tx.scalars(
        select(Outcome.gathering_id)
        .where(Outcome.charter_id == charter_id, Outcome.gathering_id.in_(gathering_ids))
        .distinct()
    )
    return set(found)
