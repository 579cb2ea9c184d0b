"""A summary made from what was built of a record, and brought up to date with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.errors import Invalid, Refusal
from hub.gatherings.models import Gathering
from hub.people.models import Account
from hub.summaries.actions.finding import find_summary_of, list_statements
from hub.summaries.actions.quoting import told_of
from hub.summaries.blocks import LANGUAGES
from hub.summaries.building import DRAFT, MISSING, REVIEWED, Built, Draft
from hub.summaries.models import Statement, Summary

Place = tuple[str, str, str]


async def make_summary(
    tx: AsyncSession,
    gathering: Gathering,
    built: Built,
    *,
    language: str,
    tags: Sequence[str],
    account: Account,
    now: datetime,
) -> Summary:
    """The summary of a closed session, as a draft, in all five versions.

    ``language`` is the one that it is written in first; the other is translated and marked as a
    draft. Raises Invalid, and Refusal where the session goes on or has a summary already.
    """
    if language not in LANGUAGES:
        raise Invalid({"/language": "language_unknown"})
    check_closed(gathering)
    if await find_summary_of(tx, gathering.id) is not None:
        raise Refusal("summary_made")
    summary = Summary(
        id=new_id("u"),
        gathering_id=gathering.id,
        case_id=gathering.case_id,
        title=dict(gathering.title),
        tags=list(tags),
        language=language,
        state="draft",
        facts=dict(built.facts),
        revision=1,
        built_at=now,
        edition=0,
        demonstration=gathering.demonstration,
        created_by=account.id,
        created_at=now,
    )
    tx.add(summary)
    await tx.flush()
    tx.add_all(_statement(summary, draft) for draft in built.drafts)
    await tx.flush()
    return summary


def check_closed(gathering: Gathering) -> None:
    """Raises Refusal while the session goes on, and once its posts are deleted."""
    if gathering.closed_at is None:
        raise Refusal("summary_not_closed")
    if gathering.purged_at is not None:
        raise Refusal("summary_posts_gone")


async def rebuild(tx: AsyncSession, summary: Summary, built: Built, *, now: datetime) -> int:
    """Bring a summary up to date with its record; how many statements changed, came or went.

    What a person has changed stays as it is, what was left out stays out. What nobody changed
    follows the record, and is a draft again where its words are others. Changed owners stay.
    """
    rows: dict[Place, Statement] = {
        (s.audience, s.block, s.key): s for s in await list_statements(tx, summary.id)
    }
    facts = _with_changed_owners(dict(built.facts), summary.facts)
    facts["voices"] = _kept_voices(rows.values(), summary.facts, facts) | facts["voices"]
    count = 0
    wanted: set[Place] = set()
    for draft in built.drafts:
        place = (draft.audience, draft.block, draft.key)
        wanted.add(place)
        row = rows.get(place)
        if row is None:
            tx.add(_statement(summary, draft))
            count += 1
        elif row.edited_at is None and row.removed_at is None and _follow(row, draft):
            row.revision += 1
            count += 1
    gone = [
        row.id
        for place, row in rows.items()
        if place not in wanted and row.edited_at is None and row.removed_at is None
    ]
    if gone:
        await tx.execute(
            delete(Statement)
            .where(Statement.id.in_(gone))
            .execution_options(synchronize_session="fetch")
        )
        count += len(gone)
    summary.facts, summary.built_at = facts, now
    if count:
        summary.revision += 1
    await tx.flush()
    return count


def _kept_voices(
    rows: Iterable[Statement], before: Mapping[str, Any], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """The voices that an editor chose, which no rebuild finds by itself."""
    quoted = {row.quote_of for row in rows if row.quote_of}
    return {
        id_: told_of(voice, facts)
        for id_, voice in before.get("voices", {}).items()
        if id_ in quoted
    }


def _with_changed_owners(facts: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    changed = [id_ for id_ in before.get("owners_changed", ()) if id_ in facts["owners"]]
    kept = {id_: before["owners"][id_] for id_ in changed if id_ in before.get("owners", {})}
    return {**facts, "owners": {**facts["owners"], **kept}, "owners_changed": changed}


def _statement(summary: Summary, draft: Draft) -> Statement:
    return Statement(
        id=new_id("m"),
        summary_id=summary.id,
        audience=draft.audience,
        block=draft.block,
        key=draft.key,
        position=draft.position,
        texts=dict(draft.texts),
        statuses=dict(draft.statuses),
        sources=list(draft.sources),
        quote_of=draft.quote_of,
        question=draft.question,
        removed_why="",
        words_of=list(draft.words_of),
        revision=0,
    )


def _follow(row: Statement, draft: Draft) -> bool:
    """Let a statement that nobody changed say what the record says now; whether it is another."""
    before = (row.texts, row.statuses, row.sources, row.words_of, row.question, row.position)
    texts, statuses = dict(draft.texts), dict(draft.statuses)
    same = [d for d in texts if row.texts.get(d) == texts[d]]
    for language in LANGUAGES:
        if language in same and row.statuses.get(language) == REVIEWED:
            statuses[language] = REVIEWED
        elif (
            language not in texts and texts and len(same) == len(texts) and row.texts.get(language)
        ):
            # It was translated after it was built, from words that still stand.
            texts[language] = row.texts[language]
            statuses[language] = row.statuses.get(language, DRAFT)
        elif language not in texts:
            statuses[language] = MISSING
    row.texts, row.statuses = texts, statuses
    row.sources, row.words_of = list(draft.sources), list(draft.words_of)
    row.quote_of, row.question, row.position = draft.quote_of, draft.question, draft.position
    return before != (
        row.texts,
        row.statuses,
        row.sources,
        row.words_of,
        row.question,
        row.position,
    )
