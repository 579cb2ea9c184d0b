"""Reading series, meetings and who is invited."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from hub.errors import NotFound
from hub.meetings import letters
from hub.meetings.models import Invitee, Meeting, Series
from hub.people.actions import hash_secret

# States in which a meeting does not take place at the time that it has.
OFF = ("cancelled", "postponed")

# A feed has hundreds of meetings, and reading these is most of the work.
NOT_IN_CALENDARS = (
    Meeting.topic,
    Meeting.why_you,
    Meeting.cases,
    Meeting.tags,
    Meeting.audiences,
    Meeting.languages,
    Meeting.material,
    Meeting.consent_needed,
    Meeting.quotas,
    Meeting.accepted,
)


@dataclass(frozen=True)
class Counts:
    """How many are invited to a meeting, what they replied, and who has a place."""

    invited: int = 0
    room: int = 0
    online: int = 0
    maybe: int = 0
    no: int = 0
    none: int = 0
    held: int = 0
    waiting: int = 0
    offered: int = 0


COUNTED = tuple(field.name for field in fields(Counts))


async def access_meeting(tx: AsyncSession, meeting_id: str, *, lock: bool = False) -> Meeting:
    """A meeting; with ``lock`` nobody else changes it before this transaction ends.

    Raises NotFound.
    """
    query = select(Meeting).where(Meeting.id == meeting_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = await tx.scalar(query)
    if found is None:
        raise NotFound("meeting_not_found")
    return found


async def access_series(tx: AsyncSession, series_id: str) -> Series:
    """Raises NotFound."""
    found = await tx.get(Series, series_id)
    if found is None:
        raise NotFound("series_not_found")
    return found


async def access_by_secret(
    tx: AsyncSession, secret: str, *, lock: bool = False
) -> tuple[Meeting, Invitee]:
    """Whose personal link this is, and to which meeting. Raises NotFound.

    With ``lock`` the meeting is locked, and the invitee is read after that.
    """
    mailed = letters.read_mailed(secret)
    by_secret = select(Invitee).where(
        (Invitee.id == mailed) if mailed else (Invitee.secret_hash == hash_secret(secret))
    )
    invitee = await tx.scalar(by_secret)
    if invitee is None:
        raise NotFound("link_unknown")
    meeting = await access_meeting(tx, invitee.meeting_id, lock=lock)
    if lock:
        invitee = await tx.scalar(by_secret.execution_options(populate_existing=True))
    if invitee is None or (mailed and not letters.proves_address(tx, invitee, secret)):
        raise NotFound("link_unknown")
    return meeting, invitee


async def list_meetings(
    tx: AsyncSession,
    *,
    states: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    series_id: str | None = None,
    starts_from: datetime | None = None,
    starts_until: datetime | None = None,
    latest_first: bool = False,
    for_calendar: bool = False,
    after: str | None = None,
    limit: int | None = None,
) -> list[Meeting]:
    """Meetings by when they start, from the one that comes after the meeting ``after``.

    ``starts_from`` is within, ``starts_until`` is not. ``for_calendar``: without the columns that
    no calendar shows; to read one of those raises.
    """
    query = select(Meeting).limit(limit)
    if for_calendar:
        query = query.options(*(defer(each, raiseload=True) for each in NOT_IN_CALENDARS))
    if states is not None:
        query = query.where(Meeting.state.in_(states))
    if kinds is not None:
        query = query.where(Meeting.kind.in_(kinds))
    if series_id is not None:
        query = query.where(Meeting.series_id == series_id)
    if starts_from is not None:
        query = query.where(Meeting.starts_at >= starts_from)
    if starts_until is not None:
        query = query.where(Meeting.starts_at < starts_until)
    last = await tx.get(Meeting, after) if after else None
    if last is not None:
        at = Meeting.starts_at
        beyond = at < last.starts_at if latest_first else at > last.starts_at
        query = query.where(or_(beyond, and_(at == last.starts_at, Meeting.id > last.id)))
    order = Meeting.starts_at.desc() if latest_first else Meeting.starts_at
    return list(await tx.scalars(query.order_by(order, Meeting.id)))


async def list_between(
    tx: AsyncSession, start: datetime, end: datetime, *, but: str | None = None
) -> list[Meeting]:
    """Meetings that take place between two moments, wholly or in part, save the one ``but``."""
    query: Select[Meeting] = select(Meeting).where(
        Meeting.starts_at < end, Meeting.ends_at > start, Meeting.state.not_in(OFF)
    )
    if but is not None:
        query = query.where(Meeting.id != but)
    return list(await tx.scalars(query.order_by(Meeting.starts_at, Meeting.id)))


async def list_series(
    tx: AsyncSession, *, after: str | None = None, limit: int | None = None
) -> list[Series]:
    """Series, newest first, from the one that comes after the series ``after``."""
    query = select(Series).order_by(Series.created_at.desc(), Series.id).limit(limit)
    last = await tx.get(Series, after) if after else None
    if last is not None:
        same = and_(Series.created_at == last.created_at, Series.id > last.id)
        query = query.where(or_(Series.created_at < last.created_at, same))
    return list(await tx.scalars(query))


async def list_series_meetings(
    tx: AsyncSession, series_ids: Iterable[str]
) -> dict[str, list[Meeting]]:
    """The meetings of series, each in its order; one query for all."""
    ids = list(series_ids)
    found = await tx.scalars(
        select(Meeting).where(Meeting.series_id.in_(ids)).order_by(Meeting.number, Meeting.id)
    )
    by_series: dict[str, list[Meeting]] = {each: [] for each in ids}
    for meeting in found:
        by_series[meeting.series_id or ""].append(meeting)
    return by_series


async def list_invitees(tx: AsyncSession, meeting_id: str) -> list[Invitee]:
    """Everybody who is invited to a meeting, or came by themselves; the first invited first."""
    found = await tx.scalars(
        select(Invitee)
        .where(Invitee.meeting_id == meeting_id)
        .order_by(Invitee.created_at, Invitee.id)
    )
    return list(found)


async def count_replies(tx: AsyncSession, meeting_ids: Iterable[str]) -> dict[str, Counts]:
    """How the replies to meetings stand; one query for all."""
    ids = list(meeting_ids)
    ways = (
        *(Invitee.reply == each for each in ("room", "online", "maybe", "no")),
        Invitee.reply.is_(None),
        *(Invitee.place == each for each in ("held", "waiting", "offered")),
    )
    rows = await tx.execute(
        select(Invitee.meeting_id, func.count(), *(func.count().filter(way) for way in ways))
        .where(Invitee.meeting_id.in_(ids))
        .group_by(Invitee.meeting_id)
    )
    counted = {row[0]: Counts(**dict(zip(COUNTED, row[1:], strict=True))) for row in rows}
    return {each: counted.get(each, Counts()) for each in ids}


async def meetings_of_address(tx: AsyncSession, address_hash: str) -> list[tuple[Invitee, Meeting]]:
    """Every meeting that an address is invited to, by when it starts."""
    rows = await tx.execute(
        select(Invitee, Meeting)
        .join(Meeting, Meeting.id == Invitee.meeting_id)
        .where(Invitee.address_hash == address_hash)
        .order_by(Meeting.starts_at, Meeting.id)
    )
    return [(invitee, meeting) for invitee, meeting in rows]
