"""Accounts of those who run things, their sign-ins, and participants with their consent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, new_id
from hub.errors import NotFound
from hub.people.rules import group_of


class Account(Base):
    """Somebody who runs things: facilitator, editor, researcher or admin."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("a"))
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(2), default="sv")
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class SignIn(Base):
    """One signed-in browser or one bearer token. Only a hash of the secret is kept."""

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("i"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    # The kind of browser, so that a person knows which of their sign-ins it is.
    device: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SignInLink(Base):
    """A link that signs an account in. ``uses_left`` counts down."""

    __tablename__ = "sign_in_links"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("l"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    uses_left: Mapped[int]


class Participant(Base):
    """Somebody's seat in one session: an alias, never an identity."""

    __tablename__ = "participants"
    __table_args__ = (
        UniqueConstraint("gathering_id", "name_key"),
        Index("ix_participants_gathering_id", "gathering_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("p"))
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    name_key: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(2))
    role: Mapped[str | None] = mapped_column(String(20))
    bilingual: Mapped[bool] = mapped_column(default=False)
    # In a hybrid session: not in the room with the others.
    remote: Mapped[bool] = mapped_column(default=False)
    # Somebody in the room for whom a scribe writes: here until they leave.
    without_device: Mapped[bool] = mapped_column(default=False)
    ready_at: Mapped[datetime | None]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    joined_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    # On a break: nothing is collected until they are back.
    paused_at: Mapped[datetime | None]
    # Sent out of the room by a facilitator, and the code of the reason.
    removed_at: Mapped[datetime | None]
    removed_reason: Mapped[str | None] = mapped_column(String(20))
    # Withdrew from the research: ``name`` is empty, and nothing leads back to the person.
    withdrawn_at: Mapped[datetime | None]

    @property
    def group(self) -> str | None:
        return group_of(self.role)


def is_seated(seat: Participant) -> bool:
    """Neither left, nor sent out of the room, nor withdrawn."""
    return seat.left_at is None and seat.removed_at is None and seat.withdrawn_at is None


class Seat(NamedTuple):
    """What is asked of everybody in the room at every change: much cheaper than the whole row."""

    id: str
    language: str
    role: str | None
    without_device: bool
    ready_at: datetime | None
    seen_at: datetime
    paused_at: datetime | None

    @property
    def group(self) -> str | None:
        return group_of(self.role)


class Consent(Base):
    """What a participant said yes to, and which text they had read. Never changed, only added."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("k"))
    participant_id: Mapped[str] = mapped_column(
        ForeignKey("participants.id", ondelete="CASCADE"), index=True
    )
    choices: Mapped[dict[str, Any]]
    version: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(2))
    how: Mapped[str] = mapped_column(String(10))
    given_at: Mapped[datetime]
    # Tries that the two questions of understanding took; None where they were not asked.
    understood_after: Mapped[int | None]


class ConsentText(Base):
    """A version of what people are asked to say yes to. Kept for good: somebody read it."""

    __tablename__ = "consent_texts"

    version: Mapped[str] = mapped_column(String(20), primary_key=True)
    data: Mapped[dict[str, Any]]
    # What ``data`` is, so that the same version can never come to mean something else.
    content_hash: Mapped[str] = mapped_column(String(64))
    from_at: Mapped[datetime]


class Invitation(Base):
    """A link for one person to one session. Who that is, is sealed and erased when it ends.

    ``sealed`` holds ``{"label", "email"}`` as the facilitator wrote them.
    """

    __tablename__ = "invitations"
    __table_args__ = (Index("ix_invitations_gathering_id", "gathering_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("j"))
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sealed: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(2))
    # A child, for whom the guardians have said yes; the child's own no outranks it.
    child: Mapped[bool] = mapped_column(default=False)
    made_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    participant_id: Mapped[str | None] = mapped_column(
        ForeignKey("participants.id", ondelete="SET NULL")
    )
    declined_at: Mapped[datetime | None]
    recalled_at: Mapped[datetime | None]


class PersonKey(Base):
    """What ties a seat to a person: sealed, apart from everything else, destroyed on withdrawal.

    ``sealed`` holds ``{"pseudonym", "email"}``; seats of one person share a pseudonym only where
    they said yes to be followed. Source: privacy-and-access.md, "Data minimum".
    """

    __tablename__ = "person_keys"

    participant_id: Mapped[str] = mapped_column(
        ForeignKey("participants.id", ondelete="CASCADE"), primary_key=True
    )
    sealed: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]


class Flag(Base):
    """A published text that held words which were taken back: its editor is told.

    ``what`` is ``record`` or ``charter``, ``subject`` the session's or the charter's id, ``place``
    the contribution or principle in it. Settled when a new edition is out.
    """

    __tablename__ = "flags"
    __table_args__ = (Index("ix_flags_what_subject", "what", "subject"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("g"))
    what: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(60))
    place: Mapped[str | None] = mapped_column(String(60))
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))


class HelpText(Base):
    """Where to turn when somebody is in danger, as whoever runs this hub wrote it."""

    __tablename__ = "help_texts"

    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))


async def find_account(tx: AsyncSession, account_id: str) -> Account | None:
    return await tx.get(Account, account_id)


async def find_account_by_email(tx: AsyncSession, email: str) -> Account | None:
    return await tx.scalar(select(Account).where(func.lower(Account.email) == email.lower()))


async def find_sign_in(
    tx: AsyncSession, secret_hash: str, *, kind: str, now: datetime
) -> tuple[Account, SignIn] | None:
    """The account behind a cookie (``browser``) or a bearer token (``token``), and its sign-in."""
    found = await tx.execute(
        select(Account, SignIn)
        .join(SignIn, SignIn.account_id == Account.id)
        .where(
            SignIn.secret_hash == secret_hash,
            SignIn.kind == kind,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
            Account.disabled_at.is_(None),
        )
    )
    row = found.first()
    return (row[0], row[1]) if row is not None else None


async def list_sign_ins(tx: AsyncSession, account_id: str, *, now: datetime) -> list[SignIn]:
    """The sign-ins and tokens of an account that still open the hub, latest first."""
    found = await tx.scalars(
        select(SignIn)
        .where(SignIn.account_id == account_id, SignIn.ended_at.is_(None), SignIn.expires_at > now)
        .order_by(SignIn.created_at.desc(), SignIn.id)
    )
    return list(found)


async def list_accounts(
    tx: AsyncSession, *, after: str | None = None, limit: int | None = None
) -> list[tuple[Account, datetime | None]]:
    """Accounts in the order in which they were added, and when each was last seen.

    ``after``: the id of the last one already listed.
    """
    seen = (
        select(SignIn.account_id, func.max(SignIn.seen_at).label("at"))
        .group_by(SignIn.account_id)
        .subquery()
    )
    query = (
        select(Account, seen.c.at)
        .outerjoin(seen, seen.c.account_id == Account.id)
        .order_by(Account.created_at, Account.id)
    )
    if after is not None:
        last = select(Account.created_at).where(Account.id == after).scalar_subquery()
        query = query.where(
            (Account.created_at > last) | ((Account.created_at == last) & (Account.id > after))
        )
    found = await tx.execute(query.limit(limit) if limit is not None else query)
    return [(account, at) for account, at in found]


async def list_participants_by_secrets(
    tx: AsyncSession, secret_hashes: list[str]
) -> list[Participant]:
    """The seats that belong to these secrets, one query for all."""
    if not secret_hashes:
        return []
    found = await tx.scalars(select(Participant).where(Participant.secret_hash.in_(secret_hashes)))
    return list(found)


async def access_participant(tx: AsyncSession, participant_id: str) -> Participant:
    """Somebody who took part, also after they left. Raises NotFound."""
    found = await tx.get(Participant, participant_id)
    if found is None:
        raise NotFound("participant_not_found")
    return found


async def list_participants(tx: AsyncSession, gathering_id: str) -> list[Participant]:
    found = await tx.scalars(
        select(Participant)
        .where(Participant.gathering_id == gathering_id)
        .order_by(Participant.joined_at, Participant.id)
    )
    return list(found)


async def list_seats(tx: AsyncSession, gathering_id: str) -> list[Seat]:
    """Everybody who has neither left, nor been sent out, nor withdrawn (``is_seated``)."""
    found = await tx.execute(
        select(*(getattr(Participant, name) for name in Seat._fields))
        .where(
            Participant.gathering_id == gathering_id,
            Participant.left_at.is_(None),
            Participant.removed_at.is_(None),
            Participant.withdrawn_at.is_(None),
        )
        .order_by(Participant.joined_at, Participant.id)
    )
    return [Seat(*row) for row in found]


async def note_seen(tx: AsyncSession, participant_ids: Collection[str], *, now: datetime) -> None:
    """Keep that they were here now; not of those who left, or are on a break."""
    await tx.execute(
        update(Participant)
        .where(
            Participant.id.in_(participant_ids),
            Participant.left_at.is_(None),
            Participant.removed_at.is_(None),
            # Nothing is collected of somebody who is on a break.
            Participant.paused_at.is_(None),
        )
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


async def list_names(tx: AsyncSession, gathering_id: str) -> dict[str, str]:
    """The names of all who take part or did, by id; who withdrew has none."""
    found = await tx.execute(
        select(Participant.id, Participant.name).where(
            Participant.gathering_id == gathering_id, Participant.name != ""
        )
    )
    return dict(found.tuples().all())


async def latest_consents(tx: AsyncSession, gathering_id: str) -> dict[str, Consent]:
    """Each participant's consent in force, by participant id."""
    found = await tx.scalars(
        select(Consent)
        .join(Participant, Participant.id == Consent.participant_id)
        .where(Participant.gathering_id == gathering_id)
        .order_by(Consent.given_at)
    )
    return {consent.participant_id: consent for consent in found}
