"""Gatherings, their log of events, what was said and its translations; and how to fetch them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, load_only, mapped_column, relationship, selectinload

from hub.db import Base, new_id
from hub.errors import NotFound
from hub.gatherings.rules import Event, Format, Said, Stage, key_of, read_format
from hub.language.models import Pair
from hub.people.models import Account, Participant
from hub.people.rules import group_of
from hub.programme.models import Finding

# From so many on, those who wait for a translation are told.
BEHIND = 100


class Gathering(Base):
    """A live session (called session outside the code).

    The stage columns repeat what the log says, so that one row answers most questions; a test
    keeps them equal to ``rules.replay`` of the log.
    """

    __tablename__ = "gatherings"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("s"))
    code: Mapped[str] = mapped_column(String(12), unique=True)
    format_id: Mapped[str] = mapped_column(String(60))
    format: Mapped[dict[str, Any]]
    title: Mapped[dict[str, Any]]
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id", ondelete="SET NULL"))
    charter: Mapped[str | None] = mapped_column(String(60))
    principles: Mapped[list[Any] | None]
    # A dialogue talks about the words as they were when it began, whatever editors do meanwhile.
    charter_copy: Mapped[dict[str, Any] | None]
    # What stands are taken on now: ``{"principle", "of"}``; ``of`` is None for the text as it is.
    put_to_room: Mapped[dict[str, Any] | None]
    # The session whose recommendations this one takes up.
    follows_id: Mapped[str | None] = mapped_column(ForeignKey("gatherings.id", ondelete="SET NULL"))
    access: Mapped[str] = mapped_column(String(10), default="open")
    demonstration: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    starts_at: Mapped[datetime | None]

    state: Mapped[str] = mapped_column(String(10), default="planned")
    phase_index: Mapped[int | None]
    phase_started_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    left: Mapped[float | None] = mapped_column(Float)
    time_up_at: Mapped[datetime | None]
    advance_by_itself: Mapped[bool] = mapped_column(default=False)
    bot_muted: Mapped[bool] = mapped_column(default=False)
    opened_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    last_activity_at: Mapped[datetime]
    # With children, inpatients or others who need more care: the rules of rules.guarding apply.
    guarded: Mapped[bool] = mapped_column(default=False)
    # Whom people turn to in a guarded session: ``{"name", "contact"}``.
    support: Mapped[dict[str, Any] | None]
    followed_up_at: Mapped[datetime | None]
    followed_up_by: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.id", ondelete="SET NULL")
    )
    # Least seconds between two posts of one person; 0: no slow mode.
    slow_seconds: Mapped[int] = mapped_column(default=0)
    # A post that speaks of danger or names a third person waits for a facilitator.
    holds_risky: Mapped[bool] = mapped_column(default=False)
    # Of the published record: its edition, and whether words in it were taken back since.
    record_edition: Mapped[int] = mapped_column(default=0)
    record_changed_at: Mapped[datetime | None]
    # What is left of the session after its posts were deleted.
    kept_record: Mapped[dict[str, Any] | None]
    purged_at: Mapped[datetime | None]

    revision: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int] = mapped_column(default=0)
    stage_revision: Mapped[int] = mapped_column(default=0)
    queue_revision: Mapped[int] = mapped_column(default=0)

    @property
    def form(self) -> Format:
        """The format as it was when the session was made."""
        return read_format(self.format)

    @property
    def stage(self) -> Stage:
        return Stage(
            self.state,  # type: ignore[arg-type]
            self.phase_index,
            self.phase_started_at,
            self.ends_at,
            self.left,
        )


class GatheringEvent(Base):
    """The append-only log. ``number`` is the revision that the event made."""

    __tablename__ = "gathering_events"
    __table_args__ = (UniqueConstraint("gathering_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    number: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str | None] = mapped_column(String(30))
    data: Mapped[dict[str, Any]]


class Logged(NamedTuple):
    """An event of the log as it is read: thousands of rows cost a tenth of what objects do."""

    number: int
    at: datetime
    kind: str
    actor: str | None
    data: dict[str, Any]

    @property
    def event(self) -> Event:
        return Event(self.kind, self.at, self.data)


class Act(Base):
    """What somebody who runs the session did, and the reason they gave."""

    __tablename__ = "acts"
    __table_args__ = (Index("ix_acts_gathering_id", "gathering_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("d"))
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(40))
    target: Mapped[str | None] = mapped_column(String(30))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class Contribution(Base):
    """Anything somebody said. ``seq`` is None for what is not (yet) shared."""

    __tablename__ = "contributions"
    __table_args__ = (
        UniqueConstraint("gathering_id", "seq"),
        UniqueConstraint("gathering_id", "author_key", "client_id"),
        Index("ix_contributions_gathering_id_revision", "gathering_id", "revision"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("c"))
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    seq: Mapped[int | None]
    revision: Mapped[int]
    phase: Mapped[str] = mapped_column(String(40))
    # In a dialogue: the principle that was talked about.
    principle: Mapped[str | None] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(30))
    participant_id: Mapped[str | None] = mapped_column(
        ForeignKey("participants.id", ondelete="SET NULL")
    )
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    author_key: Mapped[str] = mapped_column(String(30))
    # Who typed it where that was not the author; the words are the author's.
    scribe_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    client_id: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(2))
    # The language the words look like, where it is not the one that their author chose.
    looks_like: Mapped[str | None] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text)
    fields: Mapped[dict[str, Any]]
    reply_to: Mapped[str | None] = mapped_column(String(30))
    created_at: Mapped[datetime]
    # When the author corrected their own words after the session.
    corrected_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    # The code of the reason, which can be counted, and what was written beside it.
    hidden_code: Mapped[str | None] = mapped_column(String(20))
    hidden_reason: Mapped[str] = mapped_column(Text, default="")
    # What the author answered to that.
    hidden_answer: Mapped[str] = mapped_column(Text, default="")
    hidden_answer_at: Mapped[datetime | None]
    # Waits for a facilitator, and why.
    held_at: Mapped[datetime | None]
    held_why: Mapped[str | None] = mapped_column(String(20))
    pinned_at: Mapped[datetime | None]
    screen_at: Mapped[datetime | None]

    participant: Mapped[Participant | None] = relationship(lazy="raise")
    account: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[account_id])
    scribe: Mapped[Account | None] = relationship(lazy="raise", foreign_keys=[scribe_id])
    translations: Mapped[list[Translation]] = relationship(
        lazy="raise", order_by="Translation.language", cascade="all, delete-orphan"
    )


class Translation(Base):
    """A contribution in the other language, where it came from, and how sure we are."""

    __tablename__ = "translations"
    __table_args__ = (
        UniqueConstraint("contribution_id", "language"),
        Index("ix_translations_due_at", "due_at"),
        Index("ix_translations_source_hash", "source_hash"),
        Index("ix_translations_pair_id", "pair_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("t"))
    contribution_id: Mapped[str] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(2))
    text: Mapped[str] = mapped_column(Text, default="")
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(40))
    by_id: Mapped[str | None] = mapped_column(String(30))
    by_name: Mapped[str | None] = mapped_column(String(80))
    model: Mapped[str | None] = mapped_column(String(60))
    # What was said, as language.memory compares it; and the pair that a text of before is from.
    source_hash: Mapped[str | None] = mapped_column(String(64))
    origin: Mapped[str | None] = mapped_column(String(12))
    pair_id: Mapped[str | None] = mapped_column(ForeignKey(Pair.id, ondelete="SET NULL"))
    # Which terms the machine went by, and the words of what was said that may mean several things.
    glossary: Mapped[str | None] = mapped_column(String(12))
    hints: Mapped[list[Any] | None]
    doubt: Mapped[dict[str, Any] | None]
    disputes: Mapped[list[Any]] = mapped_column(default=list)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class BotLine(Base):
    """A line that the chatbot has in mind or has said, because of one of its triggers.

    ``to_whom`` is ``all``, ``facilitators`` or a participant's id. A ``draft`` waits for a
    facilitator; other lines are sent after a short while unless they are dropped.
    """

    __tablename__ = "bot_lines"
    __table_args__ = (Index("ix_bot_lines_gathering_id_state", "gathering_id", "state"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("b"))
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    trigger: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200), default="")
    to_whom: Mapped[str] = mapped_column(String(30))
    about: Mapped[str | None] = mapped_column(String(80))
    lines: Mapped[dict[str, Any]]
    draft: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Hand(Base):
    """A raised hand in the speaking queue."""

    __tablename__ = "hands"

    participant_id: Mapped[str] = mapped_column(
        ForeignKey("participants.id", ondelete="CASCADE"), primary_key=True
    )
    gathering_id: Mapped[str] = mapped_column(
        ForeignKey("gatherings.id", ondelete="CASCADE"), index=True
    )
    raised_at: Mapped[datetime]
    floor_at: Mapped[datetime | None]


class Presence(Base):
    """From when until when a participant was in the session, for measures of it."""

    __tablename__ = "presences"
    __table_args__ = (Index("ix_presences_gathering_id", "gathering_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("n"))
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    participant_id: Mapped[str] = mapped_column(ForeignKey("participants.id", ondelete="CASCADE"))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]


class Answer(Base):
    """An answer to one item of a questionnaire, before or after a session.

    ``key`` ties the answers of one person together and says nothing of who that is: it is made
    from the secret that they alone hold. There is no time, which would tell.
    ``value`` is 1 to 5 (1 to 3 in the picture form), or None where they would rather not say.
    """

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("gathering_id", "key", "item"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("q"))
    gathering_id: Mapped[str] = mapped_column(ForeignKey("gatherings.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(64))
    item: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    value: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text, default="")


class Progress(Base):
    """What became of a recommendation: its status from this time on. Never changed, only added."""

    __tablename__ = "progress"
    __table_args__ = (Index("ix_progress_contribution_id", "contribution_id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("r"))
    contribution_id: Mapped[str] = mapped_column(ForeignKey("contributions.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    # The reason in the other language, by machine; None until it is made.
    translation: Mapped[str | None] = mapped_column(Text)
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    at: Mapped[datetime]


WITH_AUTHOR = (
    selectinload(Contribution.participant),
    selectinload(Contribution.account),
    selectinload(Contribution.scribe),
    selectinload(Contribution.translations),
)


def said_of(c: Contribution) -> Said:
    """As much as the rules need; needs ``participant`` loaded."""
    return Said(
        id=c.id,
        kind=c.kind,
        phase=key_of(c.phase, c.principle),
        author=c.participant_id,
        group=c.participant.group if c.participant else None,
        reply_to=c.reply_to,
        fields=c.fields,
        created_at=c.created_at,
        words=len(c.text.split()),
        shared=c.seq is not None,
        hidden=c.hidden_at is not None,
    )


async def find_gathering(tx: AsyncSession, gathering_id: str) -> Gathering | None:
    return await tx.get(Gathering, gathering_id)


async def find_gathering_by_code(tx: AsyncSession, code: str) -> Gathering | None:
    return await tx.scalar(select(Gathering).where(Gathering.code == code))


async def access_gathering(tx: AsyncSession, gathering_id: str, *, lock: bool = False) -> Gathering:
    """The gathering, its row locked for a change where ``lock``. Raises NotFound."""
    query = select(Gathering).where(Gathering.id == gathering_id)
    gathering = await tx.scalar(query.with_for_update() if lock else query)
    if gathering is None:
        raise NotFound("session_not_found")
    return gathering


async def list_gatherings(
    tx: AsyncSession,
    *,
    states: tuple[str, ...] = (),
    after: str | None = None,
    limit: int | None = None,
) -> list[Gathering]:
    """Newest first, from the one that comes after the gathering ``after``."""
    query = select(Gathering).order_by(Gathering.created_at.desc(), Gathering.id).limit(limit)
    if states:
        query = query.where(Gathering.state.in_(states))
    last = await find_gathering(tx, after) if after else None
    if last is not None:
        query = query.where(
            or_(
                Gathering.created_at < last.created_at,
                and_(Gathering.created_at == last.created_at, Gathering.id > last.id),
            )
        )
    return list(await tx.scalars(query))


async def list_dated(tx: AsyncSession, *, since: datetime) -> list[Gathering]:
    """Sessions that everybody may know of, and whose start is planned; none from before ``since``.

    Only what a list of them shows is read.
    """
    query = select(Gathering).where(Gathering.access == "open", Gathering.starts_at >= since)
    columns = (
        Gathering.title,
        Gathering.case_id,
        Gathering.state,
        Gathering.starts_at,
        Gathering.created_at,
        Gathering.ends_at,
        Gathering.closed_at,
    )
    return list(await tx.scalars(query.options(load_only(*columns)).order_by(Gathering.starts_at)))


async def list_events(
    tx: AsyncSession, gathering_id: str, *, kinds: tuple[str, ...] = ()
) -> list[Logged]:
    """The log of a session in order, or only what it has of some kinds."""
    row = GatheringEvent
    query = (
        select(row.number, row.at, row.kind, row.actor, row.data)
        .where(row.gathering_id == gathering_id)
        .order_by(row.number)
    )
    found = await tx.execute(query.where(row.kind.in_(kinds)) if kinds else query)
    return [Logged(*each) for each in found.tuples()]


async def access_contribution(tx: AsyncSession, contribution_id: str) -> Contribution:
    """A contribution with its author and translations. Raises NotFound; permission is the door's.

    A private contribution is fetched too: the caller asks ``is_private``.
    """
    found = await tx.scalar(
        select(Contribution).where(Contribution.id == contribution_id).options(*WITH_AUTHOR)
    )
    if found is None:
        raise NotFound("contribution_not_found")
    return found


async def find_by_client_id(
    tx: AsyncSession, gathering_id: str, author_key: str, client_id: str
) -> Contribution | None:
    return await tx.scalar(
        select(Contribution)
        .where(
            Contribution.gathering_id == gathering_id,
            Contribution.author_key == author_key,
            Contribution.client_id == client_id,
        )
        .options(*WITH_AUTHOR)
    )


async def list_contributions(
    tx: AsyncSession, gathering_id: str, *, after: int = 0, limit: int | None = None
) -> list[Contribution]:
    """What the session shares, in ``seq`` order, tombstones included."""
    found = await tx.scalars(
        select(Contribution)
        .where(Contribution.gathering_id == gathering_id, Contribution.seq > after)
        .order_by(Contribution.seq)
        .limit(limit)
        .options(*WITH_AUTHOR)
    )
    return list(found)


async def contributions_changed(
    tx: AsyncSession, gathering_id: str, *, after: int
) -> list[Contribution]:
    """Shared contributions whose revision is above ``after``, in ``seq`` order."""
    found = await tx.scalars(
        select(Contribution)
        .where(
            Contribution.gathering_id == gathering_id,
            Contribution.revision > after,
            Contribution.seq.is_not(None),
        )
        .order_by(Contribution.seq)
        .options(*WITH_AUTHOR)
    )
    return list(found)


async def list_private(
    tx: AsyncSession, gathering_id: str, participant_id: str, *, after: int = 0
) -> list[Contribution]:
    """What only this participant may see: reflections and hidden ratings of their own."""
    found = await tx.scalars(
        select(Contribution)
        .where(
            Contribution.gathering_id == gathering_id,
            Contribution.participant_id == participant_id,
            Contribution.seq.is_(None),
            Contribution.revision > after,
        )
        .order_by(Contribution.created_at, Contribution.id)
        .options(*WITH_AUTHOR)
    )
    return list(found)


def is_said(gathering_id: str) -> tuple[ColumnElement[bool], ...]:
    """What waits for a facilitator, or was hidden before anybody read it, is not said yet."""
    return (
        Contribution.gathering_id == gathering_id,
        Contribution.removed_at.is_(None),
        Contribution.held_at.is_(None),
        or_(Contribution.seq.is_not(None), Contribution.hidden_at.is_(None)),
    )


SPOKEN_ORDER = (Contribution.created_at, Contribution.seq, Contribution.id)


async def list_everything_said(tx: AsyncSession, gathering_id: str) -> list[Contribution]:
    """Shared and private, to be changed; ``list_said`` is quicker where the rules only look."""
    found = await tx.scalars(
        select(Contribution)
        .where(*is_said(gathering_id))
        .order_by(*SPOKEN_ORDER)
        .options(selectinload(Contribution.participant))
    )
    return list(found)


async def list_revisions(tx: AsyncSession, gathering_ids: Collection[str]) -> dict[str, int]:
    """The revisions that these sessions are at."""
    found = await tx.execute(
        select(Gathering.id, Gathering.revision).where(Gathering.id.in_(gathering_ids))
    )
    return dict(found.tuples().all())


async def list_said(tx: AsyncSession, gathering_id: str) -> list[Said]:
    """Shared and private, as much of each as the rules need: read at every change of a session."""
    rows = await tx.execute(
        select(
            Contribution.id,
            Contribution.kind,
            Contribution.phase,
            Contribution.principle,
            Contribution.participant_id,
            Participant.role,
            Contribution.reply_to,
            Contribution.fields,
            Contribution.created_at,
            Contribution.text,
            Contribution.seq.is_not(None),
            Contribution.hidden_at.is_not(None),
        )
        .outerjoin(Participant, Participant.id == Contribution.participant_id)
        .where(*is_said(gathering_id))
        .order_by(*SPOKEN_ORDER)
    )
    return [
        Said(
            id=id_,
            kind=kind,
            phase=key_of(phase, principle),
            author=author,
            group=group_of(role),
            reply_to=reply_to,
            fields=fields,
            created_at=created_at,
            words=len(text.split()),
            shared=bool(shared),
            hidden=bool(hidden),
        )
        for (
            id_,
            kind,
            phase,
            principle,
            author,
            role,
            reply_to,
            fields,
            created_at,
            text,
            shared,
            hidden,
        ) in rows
    ]


async def findings_changed(tx: AsyncSession, gathering_id: str, *, after: int) -> list[Finding]:
    """Finding cards changed or taken away since ``after``."""
    found = await tx.scalars(
        select(Finding)
        .where(Finding.gathering_id == gathering_id, Finding.revision > after)
        .order_by(Finding.position, Finding.id)
    )
    return list(found)


async def list_hands(
    tx: AsyncSession, gathering_id: str, *, remote_first: bool = False
) -> list[tuple[Hand, Participant]]:
    """The speaking queue, first raised first; in a hybrid session remote people go before.

    Whoever has the floor stays at the head. Source: jif.md, "Hybrid".
    """
    order = [Participant.remote.desc()] if remote_first else []
    rows = await tx.execute(
        select(Hand, Participant)
        .join(Participant, Participant.id == Hand.participant_id)
        .where(Hand.gathering_id == gathering_id)
        .order_by(Hand.floor_at.is_(None), *order, Hand.raised_at, Hand.participant_id)
    )
    return [(hand, participant) for hand, participant in rows]


async def count_more_time(tx: AsyncSession, gathering: Gathering) -> int:
    """How many people have asked for more time in the phase that runs."""
    if gathering.phase_started_at is None:
        return 0
    found = await tx.scalar(
        select(func.count(GatheringEvent.actor.distinct())).where(
            GatheringEvent.gathering_id == gathering.id,
            GatheringEvent.kind == "more_time_asked",
            GatheringEvent.at >= gathering.phase_started_at,
        )
    )
    return int(found or 0)


async def count_waiting(tx: AsyncSession) -> int:
    """How many texts wait for a translation, in all sessions; those to be tried again too."""
    found = await tx.scalar(select(func.count()).where(Translation.due_at.is_not(None)))
    return int(found or 0)


async def count_failed(tx: AsyncSession) -> int:
    """How many texts could not be translated and are not tried again by themselves."""
    found = await tx.scalar(
        select(func.count()).where(Translation.status == "failed", Translation.due_at.is_(None))
    )
    return int(found or 0)


async def is_behind(tx: AsyncSession) -> bool:
    """Whether so many texts wait that people will notice; reads no more than it must."""
    due = select(Translation.id).where(Translation.due_at.is_not(None))
    return await tx.scalar(due.offset(BEHIND - 1).limit(1)) is not None


async def list_bot_lines(
    tx: AsyncSession, gathering_id: str, *, states: tuple[str, ...] = ()
) -> list[BotLine]:
    """The chatbot's lines, oldest first."""
    query = (
        select(BotLine)
        .where(BotLine.gathering_id == gathering_id)
        .order_by(BotLine.created_at, BotLine.id)
    )
    if states:
        query = query.where(BotLine.state.in_(states))
    return list(await tx.scalars(query))


async def access_bot_line(tx: AsyncSession, gathering_id: str, line_id: str) -> BotLine:
    """A waiting line of this gathering. Raises NotFound."""
    line = await tx.get(BotLine, line_id)
    if line is None or line.gathering_id != gathering_id or line.state != "waiting":
        raise NotFound("bot_line_not_found")
    return line
