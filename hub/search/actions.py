"""What is published, found by its words. Never commits, never renders.

Whoever publishes puts its texts here, and takes them out in the transaction that takes back the
words. Source: dissemination.md; privacy-and-access.md, "Taking back".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.search import rules
from hub.search.models import PublishedText, PublishedWord

KINDS: Final = ("summary", "record", "charter", "recommendation", "meeting", "case")
MOST = 100


@dataclass(frozen=True)
class Hit:
    """A page that was found. ``title`` and ``snippet`` are in parts, each with whether it is a hit.

    The parts are plain text: whoever shows them escapes them.
    """

    id: str
    kind: str
    about: str
    part: str
    language: str
    title: list[tuple[str, bool]]
    snippet: list[tuple[str, bool]]
    url: str
    case_id: str | None
    demonstration: bool
    at: datetime


@dataclass(frozen=True)
class Found:
    """A page of what was found, how much there is in all, and what comes ``after`` the page."""

    hits: list[Hit]
    count: int
    next: str | None


async def put(
    tx: AsyncSession,
    kind: str,
    about: str,
    *,
    part: str = "",
    texts: Mapping[str, tuple[str, str]],
    url: str,
    at: datetime,
    case_id: str | None = None,
    demonstration: bool = False,
) -> None:
    """Let a published page be found; what was there of this ``part`` is replaced.

    ``texts``: language → title and text, plain. A language with neither is left out. ``at``: when
    it was published. ``url``: a path of this hub. Raises ValueError for a kind that there is none
    of.
    """
    if kind not in KINDS:
        raise ValueError(f"nothing published is called {kind!r}")
    await _delete(tx, _is(kind, about), PublishedText.part == part)
    words: list[dict[str, Any]] = []
    for language, written in texts.items():
        title, text = (" ".join(unicodedata.normalize("NFC", each).split()) for each in written)
        if not title and not text:
            continue
        row = PublishedText(
            id=new_id("x"),
            kind=kind,
            about=about,
            part=part,
            language=language,
            title=title,
            text=text,
            url=url,
            case_id=case_id,
            demonstration=demonstration,
            at=at,
        )
        tx.add(row)
        weighed = rules.weigh(title, text)
        words += [{"word": w, "text_id": row.id, "weight": n} for w, n in weighed.items()]
    await tx.flush()
    if words:
        await tx.execute(insert(PublishedWord), words)


async def remove(tx: AsyncSession, kind: str, about: str) -> None:
    """Let nothing of it be found any more: all its parts, languages and words are erased."""
    await _delete(tx, _is(kind, about))


async def find(
    tx: AsyncSession,
    q: str,
    *,
    language: str | None = None,
    prefer: str | None = None,
    kind: str | None = None,
    case_id: str | None = None,
    limit: int = 20,
    after: str | None = None,
) -> Found:
    """Published pages with all words of ``q``, the last one as a beginning, best first.

    Words in a title weigh more; then the latest comes first. ``language`` keeps to one language;
    a page that is found in both is shown once, in ``prefer`` where it can be. ``after``: the
    ``next`` of the page before; one that is not found any more begins anew. At most 100 at a time.
    """
    query = rules.read_query(q)
    if query.is_empty:
        return Found([], 0, None)
    limit = max(1, min(limit, MOST))
    matched = _matched(tx, query)
    only: list[ColumnElement[bool]] = []
    for column, value in (
        (PublishedText.language, language),
        (PublishedText.kind, kind),
        (PublishedText.case_id, case_id),
    ):
        if value is not None:
            only.append(column == value)
    best = func.row_number().over(
        partition_by=(PublishedText.kind, PublishedText.about, PublishedText.part),
        order_by=((PublishedText.language == (prefer or "sv")).desc(), PublishedText.language),
    )
    ranked = (
        select(PublishedText.id, PublishedText.at, matched.c.score, best.label("best"))
        .join(matched, matched.c.text_id == PublishedText.id)
        .where(*only)
        .subquery()
    )
    whole = (
        select(ranked.c.id, ranked.c.at, ranked.c.score, func.count().over().label("count"))
        .where(ranked.c.best == 1)
        .subquery()
    )
    page = select(PublishedText, whole.c.count).join(whole, whole.c.id == PublishedText.id)
    if after:
        last = (await tx.execute(select(whole).where(whole.c.id == after))).one_or_none()
        if last is not None:
            page = page.where(_comes_after(whole, last))
    order = (whole.c.score.desc(), whole.c.at.desc(), whole.c.id.desc())
    found = (await tx.execute(page.order_by(*order).limit(limit + 1))).all()
    rows = [row for row, _ in found]
    shown = rows[:limit]
    return Found(
        hits=[_hit(row, query) for row in shown],
        count=int(found[0][1]) if found else 0,
        next=shown[-1].id if len(rows) > limit else None,
    )


def _comes_after(whole: Any, last: Any) -> ColumnElement[bool]:
    return or_(
        whole.c.score < last.score,
        and_(whole.c.score == last.score, whole.c.at < last.at),
        and_(whole.c.score == last.score, whole.c.at == last.at, whole.c.id < last.id),
    )


def _hit(row: PublishedText, query: rules.Query) -> Hit:
    return Hit(
        id=row.id,
        kind=row.kind,
        about=row.about,
        part=row.part,
        language=row.language,
        title=rules.mark(row.title, query),
        snippet=rules.snippet(row.text, query),
        url=row.url,
        case_id=row.case_id,
        demonstration=row.demonstration,
        at=row.at,
    )


def _matched(tx: AsyncSession, query: rules.Query) -> Any:
    """Ids of the texts that have every word, with what the places of the words weigh together."""
    found: list[Any] = [
        select(PublishedWord.text_id, PublishedWord.weight.label("weight")).where(
            PublishedWord.word == word
        )
        for word in query.words
    ]
    if query.prefix:
        found.append(
            select(PublishedWord.text_id, func.max(PublishedWord.weight).label("weight"))
            .where(_begins(tx, query.prefix))
            .group_by(PublishedWord.text_id)
        )
    first, *others = (each.subquery() for each in found)
    score: Any = first.c.weight
    joined: Any = first
    for other in others:
        score = score + other.c.weight
        joined = joined.join(other, other.c.text_id == first.c.text_id)
    return select(first.c.text_id, score.label("score")).select_from(joined).subquery()


def _begins(tx: AsyncSession, prefix: str) -> ColumnElement[bool]:
    """A beginning, in the way in which each database can use its index."""
    if tx.get_bind().dialect.name == "sqlite":
        return and_(PublishedWord.word >= prefix, PublishedWord.word < f"{prefix}\U0010ffff")
    return PublishedWord.word.startswith(prefix, autoescape=True)


def _is(kind: str, about: str) -> ColumnElement[bool]:
    return and_(PublishedText.kind == kind, PublishedText.about == about)


async def _delete(tx: AsyncSession, *which: ColumnElement[bool]) -> None:
    await tx.flush()
    ids = list(await tx.scalars(select(PublishedText.id).where(*which)))
    if not ids:
        return
    for model, column in (
        (PublishedWord, PublishedWord.text_id),
        (PublishedText, PublishedText.id),
    ):
        await tx.execute(
            delete(model).where(column.in_(ids)).execution_options(synchronize_session=False)
        )
