"""What the front pages show: what is on, what came out, what has happened since.

Read for everybody: what is public, in few queries, however much there is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from hub.errors import NotFound
from hub.gatherings import rules
from hub.gatherings.doorway import read_recommendations
from hub.gatherings.models import (
    WITH_AUTHOR,
    Contribution,
    Gathering,
    Progress,
    said_of,
)
from hub.gatherings.record import reason_view
from hub.gatherings.views import contribution_view, moment
from hub.language.text import looks_like
from hub.meetings.models import Meeting
from hub.meetings.states import OFF, SHOWN
from hub.programme.models import Case, find_case
from hub.summaries.models import Summary

# How much of each a page shows; all of it is on a page of its own.
SHOWN_COMING, SHOWN_OUT, SHOWN_NEWS = 5, 6, 5
# Changes that are looked through for news: one recommendation may have several.
NEWS_READ: Final = 60
BOARD_PAGE: Final = 20


async def access_case(tx: AsyncSession, case_id: str) -> Case:
    """Raises NotFound."""
    case = await find_case(tx, case_id)
    if case is None:
        raise NotFound("case_not_found")
    return case


async def read_coming(
    tx: AsyncSession, *, now: datetime, case_id: str | None = None, limit: int = SHOWN_COMING
) -> list[dict[str, Any]]:
    """Meetings that everybody may come to and planned sessions that everybody may know of.

    What has begun is among them until it ends; a session that is held in one of the meetings is
    not listed twice. By when they begin.
    """
    public = (
        Meeting.ends_at > now,
        Meeting.open_to_all,
        Meeting.state.in_([state for state in SHOWN if state not in OFF]),
    )
    order = (Meeting.starts_at, Meeting.id)
    meetings = select(Meeting).where(*public).order_by(*order).limit(limit)
    if case_id is not None:
        # A list in JSON is searched alike by no two databases: ids first, which are quickly read.
        rows = await tx.execute(select(Meeting.id, Meeting.cases).where(*public).order_by(*order))
        mine = [row.id for row in rows if case_id in row.cases][:limit]
        meetings = select(Meeting).where(Meeting.id.in_(mine))
    found = [_coming_meeting(meeting) for meeting in await tx.scalars(meetings)]
    sessions = (
        select(Gathering)
        .where(
            Gathering.access == "open",
            Gathering.state == "planned",
            Gathering.starts_at > now,
            Gathering.id.not_in(
                select(Meeting.gathering_id).where(Meeting.gathering_id.is_not(None))
            ),
        )
        .options(
            load_only(
                Gathering.title, Gathering.case_id, Gathering.starts_at, Gathering.demonstration
            )
        )
        .order_by(Gathering.starts_at, Gathering.id)
        .limit(limit)
    )
    if case_id is not None:
        sessions = sessions.where(Gathering.case_id == case_id)
    found += [_coming_session(s) for s in await tx.scalars(sessions)]
    return sorted(found, key=lambda each: (each["starts_at"], each["id"]))[:limit]


def _coming_meeting(meeting: Meeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "kind": meeting.kind,
        "url": f"/workshops/{meeting.id}",
        "title": meeting.title,
        "about": meeting.purpose,
        "form": meeting.form,
        "starts_at": moment(meeting.starts_at),
        "ends_at": moment(meeting.ends_at),
        "demonstration": meeting.demonstration,
    }


def _coming_session(gathering: Gathering) -> dict[str, Any]:
    return {
        "id": gathering.id,
        "kind": "session",
        # Its room is for those who have the code.
        "url": None,
        "title": gathering.title,
        "about": {},
        "form": None,
        "starts_at": moment(gathering.starts_at),
        "ends_at": None,
        "demonstration": gathering.demonstration,
    }


async def read_out(
    tx: AsyncSession, *, case_id: str | None = None, limit: int = SHOWN_OUT
) -> list[dict[str, Any]]:
    """Published summaries and records, the latest first."""
    summaries = (
        select(Summary)
        .where(Summary.published_at.is_not(None))
        .options(load_only(Summary.title, Summary.published_at, Summary.demonstration))
        .order_by(Summary.published_at.desc(), Summary.id.desc())
        .limit(limit)
    )
    records = (
        select(Gathering)
        .where(Gathering.published_at.is_not(None))
        .options(load_only(Gathering.title, Gathering.published_at, Gathering.demonstration))
        .order_by(Gathering.published_at.desc(), Gathering.id.desc())
        .limit(limit)
    )
    if case_id is not None:
        summaries = summaries.where(Summary.case_id == case_id)
        records = records.where(Gathering.case_id == case_id)
    found = [_out(s, "summary", f"/summaries/{s.id}") for s in await tx.scalars(summaries)]
    found += [_out(g, "record", f"/sessions/{g.id}/record") for g in await tx.scalars(records)]
    return sorted(found, key=lambda each: (each["at"], each["url"]), reverse=True)[:limit]


def _out(thing: Summary | Gathering, kind: str, url: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "url": url,
        "title": thing.title,
        "at": moment(thing.published_at),
        "demonstration": thing.demonstration,
    }


async def read_news(
    tx: AsyncSession, *, case_id: str | None = None, limit: int = SHOWN_NEWS
) -> list[dict[str, Any]]:
    """What became of recommendations of published records lately, each once, the latest first."""
    changes = (
        select(Progress, Contribution.gathering_id)
        .join(Contribution, Contribution.id == Progress.contribution_id)
        .join(Gathering, Gathering.id == Contribution.gathering_id)
        .where(
            Gathering.published_at.is_not(None),
            Contribution.removed_at.is_(None),
            Contribution.hidden_at.is_(None),
        )
        .order_by(Progress.at.desc(), Progress.id.desc())
        .limit(NEWS_READ)
    )
    if case_id is not None:
        changes = changes.where(Gathering.case_id == case_id)
    latest: dict[str, tuple[Progress, str]] = {}
    for progress, session_id in await tx.execute(changes):
        latest.setdefault(progress.contribution_id, (progress, session_id))
    chosen = dict(list(latest.items())[:limit])
    words = await _words_of(tx, {session_id for _, session_id in chosen.values()})
    return [
        {
            **words[id_],
            "id": id_,
            "session": session_id,
            "status": progress.status,
            **reason_view(progress),
            "at": moment(progress.at),
        }
        for id_, (progress, session_id) in chosen.items()
        if id_ in words
    ]


async def _words_of(tx: AsyncSession, session_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """The latest words of the recommendations of sessions, by recommendation."""
    if not session_ids:
        return {}
    found = await tx.scalars(
        select(Contribution)
        .where(
            Contribution.gathering_id.in_(session_ids),
            Contribution.kind == "recommendation",
            Contribution.seq.is_not(None),
            Contribution.removed_at.is_(None),
        )
        .order_by(Contribution.created_at, Contribution.seq, Contribution.id)
        .options(*WITH_AUTHOR)
    )
    by_id = {c.id: c for c in found}
    standing = rules.standing([said_of(c) for c in by_id.values()], "recommendation")
    words = {}
    for each in standing:
        view = contribution_view(by_id[each.latest.id])
        shown = {name: view[name] for name in ("language", "text", "translations")}
        words[each.first.id] = {**shown, "owner": each.fields.get("owner")}
    return words


async def read_board(
    tx: AsyncSession,
    *,
    case_id: str | None = None,
    session_id: str | None = None,
    after: str | None = None,
    limit: int = BOARD_PAGE,
) -> tuple[list[dict[str, Any]], str | None]:
    """Published sessions with their adopted recommendations and what became of them.

    The latest sessions first, those without recommendations left out; and what comes after them.
    """
    query = select(Gathering).where(
        Gathering.state == "closed",
        Gathering.published_at.is_not(None),
        or_(
            Gathering.purged_at.is_not(None),
            select(Contribution.id)
            .where(
                Contribution.gathering_id == Gathering.id,
                Contribution.kind == "recommendation",
                Contribution.removed_at.is_(None),
            )
            .exists(),
        ),
    )
    if case_id is not None:
        query = query.where(Gathering.case_id == case_id)
    if session_id is not None:
        query = query.where(Gathering.id == session_id)
    last = await tx.get(Gathering, after) if after else None
    if last is not None and last.closed_at is not None:
        query = query.where(
            or_(
                Gathering.closed_at < last.closed_at,
                and_(Gathering.closed_at == last.closed_at, Gathering.id < last.id),
            )
        )
    order = (Gathering.closed_at.desc(), Gathering.id.desc())
    gatherings = list(await tx.scalars(query.order_by(*order).limit(limit + 1)))
    shown = gatherings[:limit]
    live = await read_recommendations(tx, [g for g in shown if g.purged_at is None])
    by_session: dict[str, list[dict[str, Any]]] = {}
    for r in live:
        by_session.setdefault(r["session"]["id"], []).append(r)
    forums = []
    for g in shown:
        listed = by_session.get(g.id, []) if g.purged_at is None else kept_recommendations(g)
        adopted = [r for r in listed if r["status"]]
        if adopted:
            forums.append(
                {
                    "id": g.id,
                    "title": g.title,
                    "case": g.case_id,
                    "closed_at": moment(g.closed_at),
                    "demonstration": g.demonstration,
                    "recommendations": adopted,
                    "counts": count(adopted),
                }
            )
    return forums, shown[-1].id if len(gatherings) > limit else None


def count(recommendations: Collection[Mapping[str, Any]]) -> dict[str, int]:
    """How many there are by status."""
    found = [r["status"] for r in recommendations]
    return {status: found.count(status) for status in rules.PROGRESS}


def count_all(forums: Collection[Mapping[str, Any]]) -> dict[str, int]:
    """How many recommendations there are in all, by status."""
    return {name: sum(forum["counts"][name] for forum in forums) for name in rules.PROGRESS}


def kept_recommendations(gathering: Gathering) -> list[dict[str, Any]]:
    """The recommendations of a session whose posts were deleted, as its record was kept."""
    record = gathering.kept_record or {}
    return [
        {
            "id": item["id"],
            "language": item["contribution"]["language"],
            "text": item["contribution"]["text"],
            "translations": item["contribution"]["translations"],
            "owner": item["owner"],
            "when": item["when"],
            "measure": item["measure"],
            "status": item["progress"]["status"],
            "reason": item["progress"]["reason"],
            "reason_language": looks_like(item["progress"]["reason"]),
            "reason_translation": item["progress"].get("reason_translation", ""),
            "at": item["progress"]["at"],
        }
        for item in record.get("recommendations", ())
        if item["progress"] and not item["contribution"].get("removed")
    ]
