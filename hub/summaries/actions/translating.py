"""Statements that wait for the other language. What a machine makes of them is a draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.language.text import Language
from hub.summaries.blocks import LANGUAGES
from hub.summaries.building import DRAFT, MISSING
from hub.summaries.models import Statement, Summary


@dataclass(frozen=True)
class Waiting:
    """A statement to be translated, and the session whose terms go with it."""

    statement_id: str
    gathering_id: str | None
    source: Language
    target: Language
    text: str


async def list_waiting(tx: AsyncSession, *, limit: int, after: str = "") -> list[Waiting]:
    """Statements with words in one language alone, by id, from the one after ``after``."""
    rows = await tx.execute(
        select(Statement, Summary.gathering_id)
        .join(Summary, Summary.id == Statement.summary_id)
        .where(
            Statement.id > after,
            Statement.removed_at.is_(None),
            or_(*(Statement.statuses[d].as_string() == MISSING for d in LANGUAGES)),
            or_(*(Statement.statuses[d].as_string() != MISSING for d in LANGUAGES)),
        )
        .order_by(Statement.id)
        .limit(limit)
    )
    waiting = []
    for statement, gathering_id in rows:
        has_swedish = bool(statement.texts.get("sv"))
        source: Language = "sv" if has_swedish else "en"
        target: Language = "en" if has_swedish else "sv"
        if statement.texts.get(source) and not statement.texts.get(target):
            text = statement.texts[source]
            waiting.append(Waiting(statement.id, gathering_id, source, target, text))
    return waiting


async def put_translations(tx: AsyncSession, made: Iterable[tuple[Waiting, str]]) -> int:
    """Keep translations where the statement still says what was translated; how many."""
    wanted: Mapping[str, tuple[Waiting, str]] = {
        waiting.statement_id: (waiting, text) for waiting, text in made if text
    }
    count = 0
    found = await tx.scalars(
        select(Statement).where(Statement.id.in_(list(wanted))).with_for_update()
    )
    for statement in found:
        waiting, text = wanted[statement.id]
        same = statement.texts.get(waiting.source) == waiting.text
        if same and not statement.texts.get(waiting.target):
            statement.texts = {**statement.texts, waiting.target: text}
            statement.statuses = {**statement.statuses, waiting.target: DRAFT}
            count += 1
    await tx.flush()
    return count
