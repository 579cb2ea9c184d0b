"""What somebody takes back leaves the summaries too: statements, all editions, and what is found.

Runs in the transaction that takes the words back. Source: privacy-and-access.md, "Taking back".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.gatherings.actions.erasing import Gone
from hub.gatherings.models import Gathering
from hub.gatherings.rules import masking
from hub.mail.actions import queue_mail
from hub.people.actions import list_flags, raise_flag
from hub.people.models import Account
from hub.search import actions as search
from hub.summaries.actions.confirming import title_in
from hub.summaries.actions.finding import find_edition, list_editions, list_points, list_readers
from hub.summaries.actions.publishing import put_in_search
from hub.summaries.building import MISSING
from hub.summaries.models import Point, Statement, Summary

Mask = Callable[[str, str], str]
# What stands where a block that may never be dropped has lost all that it said.
EMPTIED = {"texts": masking.REMOVED, "sources": ["session"]}


async def withdraw_words(
    tx: AsyncSession, gathering: Gathering, gone: Gone, *, now: datetime
) -> None:
    """Erase from summaries what rests on these words alone, and mask what repeats them.

    A statement in which the words stand goes, whoever has edited it; any other loses the link,
    and goes where it was the last one. So it is in every edition, in drafts and in search. The
    names of those who withdraw are masked everywhere. Whoever published is told.
    """
    for summary in await _list_touched(tx, gathering.id):
        own = summary.gathering_id == gathering.id
        changed = await _leave_statements(tx, summary, gone)
        published = await _leave_editions(tx, summary, gone)
        summary.facts = _leave_facts(summary.facts, gone)
        summary.title = masking.masked_texts(summary.title, gone.mask, language="sv")
        if own:
            await _leave_points(tx, summary, gone)
        if changed or published:
            summary.revision += 1
            summary.changed_at = now
        await tx.flush()
        if published:
            await _reissue(tx, summary, now=now)


async def stop_quoting(
    tx: AsyncSession, gathering: Gathering, ids: frozenset[str], *, now: datetime
) -> None:
    """Take quotations of these contributions out of statements and of every edition.

    What the room agreed on stays, also where it rests on them.
    """
    for summary in await _list_touched(tx, gathering.id):
        quoting = (Statement.summary_id == summary.id, Statement.quote_of.in_(ids))
        changed = await tx.scalar(select(Statement.id).where(*quoting).limit(1)) is not None
        await tx.execute(
            delete(Statement).where(*quoting).execution_options(synchronize_session="fetch")
        )
        published = False
        for edition in await list_editions(tx, summary.id):
            content = {
                audience: [each for block in blocks if (each := _unquoted(block, ids))]
                for audience, blocks in edition.content.items()
            }
            if content != edition.content:
                edition.content, published = content, True
        if published or changed:
            summary.revision += 1
            summary.changed_at = now
        await tx.flush()
        if published:
            await _reissue(tx, summary, now=now)


def _unquoted(block: Mapping[str, Any], ids: frozenset[str]) -> dict[str, Any] | None:
    kept = [s for s in block["statements"] if not (s["quote"] and ids & set(s["words_of"]))]
    return {**block, "statements": kept} if kept else None


async def _list_touched(tx: AsyncSession, gathering_id: str) -> list[Summary]:
    """The summary of the session, and those of sessions that take its recommendations up."""
    later = select(Gathering.id).where(Gathering.follows_id == gathering_id)
    found = await tx.scalars(
        select(Summary)
        .where(or_(Summary.gathering_id == gathering_id, Summary.gathering_id.in_(later)))
        .order_by(Summary.id)
    )
    return list(found)


def _is_gone(words_of: Collection[str], gone: Gone) -> bool:
    """Whether words of those that are gone stand in a statement."""
    mine = {gone.seat_id} if gone.seat_id and not gone.kept else set()
    return bool(set(words_of) & (gone.ids | mine))


def _uncorrected(texts: Mapping[str, str], gone: Gone) -> dict[str, str]:
    """Without the languages whose words are a translation as they put it right.

    The other language stays: those words are somebody else's.
    """
    return {
        language: text
        for language, text in texts.items()
        if not any(words in text for words in gone.corrections)
    }


def _statuses(
    statuses: Mapping[str, str], texts: Mapping[str, str], before: Mapping[str, str]
) -> dict[str, str]:
    gone = before.keys() - texts.keys()
    return {language: MISSING if language in gone else s for language, s in statuses.items()}


async def _leave_statements(tx: AsyncSession, summary: Summary, gone: Gone) -> bool:
    """Whether any statement was erased or changed."""
    erased: list[str] = []
    changed = False
    rows = await tx.scalars(select(Statement).where(Statement.summary_id == summary.id))
    for row in list(rows):
        sources = [source for source in row.sources if source not in gone.ids]
        if _is_gone(row.words_of, gone) or (row.sources and not sources):
            erased.append(row.id)
            continue
        texts = _uncorrected(row.texts, gone)
        if row.texts and not texts:
            erased.append(row.id)
            continue
        statuses = _statuses(row.statuses, texts, row.texts)
        texts = masking.masked_texts(texts, gone.mask, language="sv")
        why = gone.mask(row.removed_why, "sv")
        if (texts, sources, why) != (row.texts, row.sources, row.removed_why):
            row.texts, row.sources, row.removed_why = texts, sources, why
            # What is missing now is translated anew.
            row.statuses = statuses
            row.revision += 1
            changed = True
    if erased:
        await tx.execute(
            delete(Statement)
            .where(Statement.id.in_(erased))
            .execution_options(synchronize_session="fetch")
        )
    return changed or bool(erased)


async def _leave_editions(tx: AsyncSession, summary: Summary, gone: Gone) -> bool:
    """Whether any published edition was changed."""
    changed = False
    for edition in await list_editions(tx, summary.id):
        content = {
            audience: [each for block in blocks if (each := _leave_block(block, gone))]
            for audience, blocks in edition.content.items()
        }
        note = masking.masked_texts(edition.note, gone.mask, language="sv")
        facts = masking.masked_texts(_leave_facts(edition.facts, gone), gone.mask, language="sv")
        if (content, note, facts) != (edition.content, edition.note, edition.facts):
            edition.content, edition.note, edition.facts = content, note, facts
            changed = True
    return changed


def _leave_block(block: Mapping[str, Any], gone: Gone) -> dict[str, Any] | None:
    kept = []
    for told in block["statements"]:
        sources = [source for source in told["sources"] if source not in gone.ids]
        if _is_gone(told["words_of"], gone) or (told["sources"] and not sources):
            continue
        texts = _uncorrected(told["texts"], gone)
        if told["texts"] and not texts:
            continue
        statuses = _statuses(told["statuses"], texts, told["texts"])
        texts = masking.masked_texts(texts, gone.mask, language="sv")
        kept.append({**told, "texts": texts, "statuses": statuses, "sources": sources})
    if not kept:
        if block["block"] != "disagreed":
            return None
        # Where we disagreed is never dropped, also where what stood there was taken back.
        emptied = {"id": "", "key": "", "statuses": {}, "quote": None, "words_of": [], **EMPTIED}
        kept = [emptied]
    return {**block, "statements": kept}


def _leave_facts(facts: Mapping[str, Any], gone: Gone) -> dict[str, Any]:
    """Without the ids, and without what was said of them."""
    left = dict(facts)
    for name in ("owners", "dates", "voices"):
        if name in left:
            left[name] = {k: v for k, v in left[name].items() if k not in gone.ids}
    if "owners" in left:
        left["owners"] = masking.masked_texts(left["owners"], gone.mask, language="sv")
    if "links" in left:
        left["links"] = [id_ for id_ in left["links"] if id_ not in gone.ids]
    if "built" in left:
        left["built"] = {
            key: built
            for key, built in left["built"].items()
            if key.partition(":")[2].partition(":")[0] not in gone.ids
        }
    return left


async def _leave_points(tx: AsyncSession, summary: Summary, gone: Gone) -> None:
    """What the person said of the summary goes with them; what others said names them no more."""
    if gone.seat_id is not None and not gone.kept:
        await tx.execute(
            delete(Point)
            .where(Point.summary_id == summary.id, Point.participant_id == gone.seat_id)
            .execution_options(synchronize_session="fetch")
        )
    for point in await list_points(tx, summary.id):
        point.text = gone.mask(point.text, point.language or "sv")
        point.settled = gone.mask(point.settled, "sv")
    for reader in await list_readers(tx, summary.id):
        reader.text = gone.mask(reader.text, reader.language)


async def _reissue(tx: AsyncSession, summary: Summary, *, now: datetime) -> None:
    """What is found is without the words, and whoever published it is told to look."""
    edition = await find_edition(tx, summary)
    if edition is not None:
        await put_in_search(tx, summary, edition)
    else:
        await search.remove(tx, "summary", summary.id)
    flagged = await list_flags(tx, "summary", subject=summary.id)
    await raise_flag(tx, "summary", summary.id, place=None, now=now)
    by = edition.published_by if edition else None
    editor = await tx.get(Account, by) if by else None
    if flagged or editor is None or editor.disabled_at is not None:
        return
    await queue_mail(
        tx,
        "words_withdrawn",
        to=editor.email,
        language=editor.language,
        facts={
            "title": title_in(summary, editor.language),
            "url": f"/summaries/{summary.id}/edit",
        },
        now=now,
        about=summary.id,
    )


async def forget_posts(tx: AsyncSession, gathering: Gathering) -> None:
    """The posts of a session are deleted since they are old: what was published stays.

    Drafts that were never published lose what stands on posts; what people said of the summary
    while they could confirm it goes too. Source: privacy-and-access.md, "Retention".
    """
    summary = await tx.scalar(select(Summary).where(Summary.gathering_id == gathering.id))
    if summary is None:
        return
    await tx.execute(
        delete(Point)
        .where(Point.summary_id == summary.id)
        .execution_options(synchronize_session="fetch")
    )
    if summary.edition:
        return
    rows = await tx.scalars(select(Statement).where(Statement.summary_id == summary.id))
    ids = [row.id for row in rows if row.words_of]
    await tx.execute(
        delete(Statement)
        .where(Statement.id.in_(ids))
        .execution_options(synchronize_session="fetch")
    )
    summary.facts = {}
    summary.revision += 1
    await tx.flush()
