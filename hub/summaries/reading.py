"""What pages of summaries show: one audience's version, and the places behind each statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound
from hub.gatherings.models import Gathering
from hub.gatherings.views import moment
from hub.programme.models import Case, find_case
from hub.summaries import actions
from hub.summaries.blocks import AUDIENCES, EASY, LANGUAGES, ORDER
from hub.summaries.models import Edition, Statement, Summary

# Who a version is for where nobody says: the ones who are most.
DEFAULT_AUDIENCE: Final = "citizens"
HEADLINE: Final = "headline"
# Where the record tells of a part that is no contribution and no finding.
_PLACES: Final = {
    "session": "glance-h",
    "attendance": "glance-h",
    "measures": "figures",
    "survey": "figures",
    "followed": "last-h",
    "charter": "principles-h",
}


def audience_of(wanted: str | None) -> str:
    """The audience that is asked for. Raises NotFound for one that there is not."""
    if wanted and wanted not in AUDIENCES:
        raise NotFound("audience_not_found")
    return wanted or DEFAULT_AUDIENCE


def place_of(source: str, session_id: str) -> str:
    """The address of a source in the record."""
    if source in _PLACES:
        at = _PLACES[source]
    else:
        at = ("finding-" if source.startswith("f_") else "said-") + quote(source, safe="")
    return f"/sessions/{session_id}/record#{at}"


def places_of(sources: Iterable[str], session_id: str | None) -> list[dict[str, Any]]:
    """Each place once; without an address where the session's own page is gone."""
    if session_id is None:
        return [{"href": None} for _ in dict.fromkeys(sources)]
    found = dict.fromkeys(place_of(source, session_id) for source in sources)
    return [{"href": href} for href in found]


async def read_head(tx: AsyncSession, summary: Summary) -> dict[str, Any]:
    """What is told of a summary whoever it is for; ``editions`` with their notes."""
    gathering = await tx.get(Gathering, summary.gathering_id) if summary.gathering_id else None
    case = await find_case(tx, summary.case_id) if summary.case_id else None
    editions = await actions.list_editions(tx, summary.id)
    latest = max((e.published_at for e in editions), default=None)
    return {
        "id": summary.id,
        "title": dict(summary.title),
        "language": summary.language,
        "state": summary.state,
        "tags": list(summary.tags),
        "edition": summary.edition,
        "published_at": moment(summary.published_at),
        "updated_at": moment(_later(latest, summary.changed_at)),
        "changed_at": moment(summary.changed_at),
        "demonstration": summary.demonstration,
        "case_id": summary.case_id,
        "case": case and {"id": case.id, "name": dict(case.name)},
        "session": gathering
        and {
            "id": gathering.id,
            "title": dict(gathering.title),
            "published_at": moment(gathering.published_at),
        },
        "editions": [
            {
                "number": e.number,
                "published_at": moment(e.published_at),
                "note": dict(e.note) if e.note else None,
            }
            for e in editions
        ],
    }


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    """Taken out since counts as a change only of what was published before it."""
    if first is None or second is None:
        return first
    return max(first, second)


async def read_published(tx: AsyncSession, summary: Summary, audience: str) -> dict[str, Any]:
    """One audience's version of the latest edition. Raises NotFound where there is none."""
    edition = await actions.find_edition(tx, summary)
    if edition is None or summary.published_at is None:
        raise NotFound("summary_not_found")
    head = await read_head(tx, summary)
    session = head["session"]
    # A record that is not public is no place to send readers to.
    session_id = session["id"] if session and session["published_at"] else None
    shown = [
        {
            "block": block["block"],
            "statements": [_published_statement(s, session_id) for s in block["statements"]],
        }
        for block in edition.content.get(audience, [])
    ]
    return _with_blocks({**head, "audience": audience}, shown)


def _published_statement(s: Mapping[str, Any], session_id: str | None) -> dict[str, Any]:
    return {
        "id": s["id"],
        "texts": dict(s["texts"]),
        "statuses": dict(s["statuses"]),
        "sources": places_of(s["sources"], session_id),
        **_spoken(s["quote"]),
    }


async def read_draft(tx: AsyncSession, summary: Summary, audience: str) -> dict[str, Any]:
    """One audience's version as it stands now; what is still asked of the editor is left out."""
    head = await read_head(tx, summary)
    session_id = head["session"] and head["session"]["id"]
    blocks: dict[str, list[dict[str, Any]]] = {}
    for s in await actions.list_statements(tx, summary.id, removed=False):
        if s.audience == audience and any(s.texts.values()):
            shown = statement_view(s, summary, session_id)
            blocks.setdefault(s.block, []).append(shown)
    found = [{"block": b, "statements": blocks[b]} for b in ORDER[audience] if b in blocks]
    # No edition is what a draft is marked by, on paper too.
    return _with_blocks({**head, "audience": audience, "edition": 0, "editions": []}, found)


def statement_view(s: Statement, summary: Summary, session_id: str | None) -> dict[str, Any]:
    """A statement as its draft is read."""
    voices = summary.facts.get("voices", {})
    return {
        "id": s.id,
        "texts": dict(s.texts),
        "statuses": dict(s.statuses),
        "sources": places_of(s.sources, session_id),
        **_spoken(voices.get(s.quote_of or "")),
    }


def _spoken(voice: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of a quotation: the role of who said it and their language, where they may be told."""
    return {
        "quoted": voice is not None,
        "role": voice["role"] if voice else None,
        "written_in": voice["told_language"] if voice else None,
    }


def _with_blocks(head: dict[str, Any], blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """With the headline and the easy-read version apart, and how far each language has come."""
    every = [s for block in blocks for s in block["statements"]]
    apart = {
        name: [s for block in blocks if block["block"] == name for s in block["statements"]]
        for name in (HEADLINE, EASY)
    }
    return {
        **head,
        "headlines": apart[HEADLINE],
        "blocks": [block for block in blocks if block["block"] not in apart],
        "easy": apart[EASY],
        # Where something was taken out, what stands for it is ours, and in both languages.
        "statuses": statuses_of(s["statuses"] for s in every if s["statuses"]),
    }


def statuses_of(statuses: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """By language the least that any of them has: missing, then draft, then reviewed."""
    order = ("missing", "draft", "human_reviewed")
    found = list(statuses)
    return {
        language: min((s.get(language, "missing") for s in found), key=order.index, default="draft")
        for language in LANGUAGES
    }


def headline_of(blocks: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The first sentence of an audience's version, by language."""
    for block in blocks:
        if block["block"] == HEADLINE and block["statements"]:
            return dict(block["statements"][0]["texts"])
    return {}


async def read_list(
    tx: AsyncSession,
    audience: str,
    *,
    case: str | None = None,
    after: str | None = None,
    limit: int,
) -> tuple[list[dict[str, Any]], str | None]:
    """Published summaries, newest first, with the headline for an audience; and what comes next.

    Four queries, however many there are.
    """
    found = await actions.list_summaries(tx, case=case, after=after, limit=limit + 1)
    there = found[:limit]
    editions: dict[str, list[Any]] = {}
    # Of the content no more than is shown: all of it together is large.
    query = (
        select(
            Edition.summary_id,
            Edition.published_at,
            Edition.note,
            Edition.content[audience].label("blocks"),
        )
        .where(Edition.summary_id.in_([s.id for s in there]))
        .order_by(Edition.number)
    )
    for row in await tx.execute(query):
        editions.setdefault(row.summary_id, []).append(row)
    cases = {
        c.id: {"id": c.id, "name": dict(c.name)}
        for c in await tx.scalars(select(Case).where(Case.id.in_({s.case_id for s in there})))
    }
    items = []
    for s in there:
        mine = editions.get(s.id, [])
        if not mine:
            continue
        items.append(
            {
                "id": s.id,
                "title": dict(s.title),
                "headline": headline_of(mine[-1].blocks or []),
                "case": cases.get(s.case_id or ""),
                "edition": s.edition,
                "note": dict(mine[-1].note) if mine[-1].note else None,
                "published_at": mine[0].published_at,
                "updated_at": _later(mine[-1].published_at, s.changed_at),
                "demonstration": s.demonstration,
            }
        )
    return items, there[-1].id if len(found) > limit else None


async def list_published_cases(tx: AsyncSession) -> list[dict[str, Any]]:
    """The cases that something is published about."""
    about = select(Summary.case_id).where(Summary.published_at.is_not(None))
    found = await tx.scalars(select(Case).where(Case.id.in_(about)).order_by(Case.id))
    return [{"id": case.id, "name": dict(case.name)} for case in found]
