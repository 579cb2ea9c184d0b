"""Putting statements right, leaving them out, answering what the record lacks.

Whoever changes a statement says which revision of it they read; where it is another one by now,
nothing is changed, so that two editors never undo each other's words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import id_of, new_id
from hub.errors import Invalid, Refusal
from hub.people.models import Account
from hub.people.rules import clean_text, is_blank
from hub.summaries.actions.finding import access_summary, list_statements
from hub.summaries.actions.quoting import VOICE, Voice, keep_voice, read_voice
from hub.summaries.blocks import (
    AUDIENCES,
    EASY,
    LANGUAGES,
    MAY_LEAVE_OUT,
    ORDER,
    OWN,
    PARTS,
    is_shared,
    position_of,
)
from hub.summaries.models import Statement, Summary

STATEMENT_LIMIT: Final = 2000
WHY_LIMIT: Final = 500
OWNER_LIMIT: Final = 200
REVIEWED, DRAFT, MISSING = "human_reviewed", "draft", "missing"


def check_revision(statement: Statement, revision: int | None) -> None:
    """Raises Refusal where somebody has changed the statement since it was read.

    None is from a caller who did not say what they read, which the API does not let happen.
    """
    if revision is not None and revision != statement.revision:
        raise Refusal("statement_changed")


def _clean(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: clean_text(texts[language]) for language in LANGUAGES if language in texts}


def _text_faults(texts: Mapping[str, str]) -> dict[str, str]:
    faults: dict[str, str] = {}
    for language, text in texts.items():
        if len(text) > STATEMENT_LIMIT:
            faults[f"/texts/{language}"] = "statement_too_long"
    if not texts or all(is_blank(text) for text in texts.values()):
        faults["/texts"] = "statement_missing"
    return faults


def read_sources(summary: Summary, sources: Iterable[str]) -> list[str]:
    """The links, each once, where all of them are of this record. Raises Invalid."""
    known = {*summary.facts.get("links", ()), *PARTS}
    found = list(dict.fromkeys(sources))
    if not found or not set(found) <= known:
        raise Invalid({"/sources": "sources_unknown"})
    return found


async def edit_statement(
    tx: AsyncSession,
    statement: Statement,
    *,
    texts: Mapping[str, str],
    account: Account,
    now: datetime,
    revision: int | None,
    sources: Sequence[str] | None = None,
) -> None:
    """Give a statement other words; one that ``texts`` leaves out or empty stays.

    What a person wrote is reviewed; the other language is a draft from then on, since it says what
    was there before. The same words again change nothing. From now on a rebuild leaves it alone.
    Raises Refusal, also for the words of somebody who is quoted, and Invalid.
    """
    check_revision(statement, revision)
    # A field that was left empty takes no words away.
    written = {k: v for k, v in _clean(texts).items() if not is_blank(v)}
    summary = await access_summary(tx, statement.summary_id, lock=True)
    links = None if sources is None else read_sources(summary, sources)
    if faults := _text_faults({**statement.texts, **written}):
        raise Invalid(faults)
    changed = {k: v for k, v in written.items() if v != (statement.texts.get(k) or "")}
    if not changed and (links is None or links == statement.sources):
        return
    own = summary.facts.get("voices", {}).get(statement.quote_of or "", {}).get("language")
    if statement.quote_of and own in changed:
        raise Refusal("quote_stays")
    statement.texts = {**statement.texts, **changed}
    statement.statuses = {language: _status(language, statement, changed) for language in LANGUAGES}
    if links is not None:
        statement.sources = links
    touch(summary, statement, account=account, now=now)
    await tx.flush()


def _status(language: str, statement: Statement, changed: Mapping[str, str]) -> str:
    if not statement.texts.get(language):
        return MISSING
    if language in changed:
        return REVIEWED
    if changed and len(changed) < len(LANGUAGES):
        # It may still say what was changed in the other language.
        return DRAFT
    return str(statement.statuses.get(language, DRAFT))


def touch(summary: Summary, statement: Statement, *, account: Account, now: datetime) -> None:
    """A person has changed this statement: no rebuild does from now on."""
    statement.edited_at, statement.edited_by = now, account.id
    statement.revision += 1
    summary.revision += 1


async def add_statement(
    tx: AsyncSession,
    summary: Summary,
    *,
    audience: str,
    block: str,
    texts: Mapping[str, str],
    sources: Sequence[str],
    account: Account,
    now: datetime,
    quote_of: str | None = None,
    client_id: str = "",
) -> Statement:
    """A statement of the editor's own, last in its block. Raises Invalid.

    A voice from the session is a quotation ``quote_of`` a contribution (``quoting.read_voice``),
    which is what it rests on; no other block has quotations. The same words with the same
    ``client_id``, letters by chance that came with the form, give the same statement.
    """
    if audience not in AUDIENCES or block not in ORDER[audience]:
        raise Invalid({"/block": "block_unknown"})
    written = _clean(texts)
    said = json.dumps([audience, block, written, quote_of], sort_keys=True)
    form = (account.id, summary.id, client_id, said)
    statement_id = id_of(tx, "m", *form) if client_id else new_id("m")
    if client_id and (made := await tx.get(Statement, statement_id)) is not None:
        return made
    if faults := _text_faults(written):
        raise Invalid(faults)
    voice = await _voice_for(tx, summary, block, quote_of, written)
    links = read_sources(summary, [each for each in (quote_of or "", *sources) if each])
    there = [
        s
        for s in await list_statements(tx, summary.id)
        if (s.audience, s.block) == (audience, block)
    ]
    statement = Statement(
        id=statement_id,
        summary_id=summary.id,
        audience=audience,
        block=block,
        key=f"{OWN}{new_id('m')}",
        position=max((s.position for s in there), default=position_of(audience, block) * 100) + 1,
        texts=written,
        statuses={
            language: REVIEWED if written.get(language) else MISSING for language in LANGUAGES
        },
        sources=links,
        quote_of=voice.id if voice else None,
        words_of=list(voice.behind) if voice else [],
        removed_why="",
        revision=0,
    )
    tx.add(statement)
    if voice is not None:
        keep_voice(summary, voice)
    touch(summary, statement, account=account, now=now)
    await tx.flush()
    return statement


async def _voice_for(
    tx: AsyncSession,
    summary: Summary,
    block: str,
    quote_of: str | None,
    texts: Mapping[str, str],
) -> Voice | None:
    """The voice that is quoted, where the block is for those. Raises Invalid."""
    if block != VOICE:
        if quote_of:
            raise Invalid({"/quote_of": "quote_elsewhere"})
        return None
    return await read_voice(tx, summary, quote_of, texts)


async def remove_statement(
    tx: AsyncSession,
    statement: Statement,
    *,
    why: str,
    account: Account,
    now: datetime,
    revision: int | None,
) -> None:
    """Leave a statement out; a rebuild does not bring it back.

    Where that leaves its block empty the block is left out, which needs a reason and is possible
    for some blocks alone. Raises Refusal ``block_needed`` and Invalid.
    """
    check_revision(statement, revision)
    if statement.removed_at is not None:
        return
    summary = await access_summary(tx, statement.summary_id, lock=True)
    left = [
        s
        for s in await list_statements(tx, summary.id, removed=False)
        if s.id != statement.id and (s.audience, s.block) == (statement.audience, statement.block)
    ]
    why = clean_text(why)
    if not left:
        if statement.block not in MAY_LEAVE_OUT:
            raise Refusal("block_needed")
        if is_blank(why):
            raise Invalid({"/why": "why_missing"})
    if len(why) > WHY_LIMIT:
        raise Invalid({"/why": "why_too_long"})
    statement.removed_at, statement.removed_why = now, why
    touch(summary, statement, account=account, now=now)
    await tx.flush()


async def restore_statement(
    tx: AsyncSession, statement: Statement, *, account: Account, now: datetime, revision: int | None
) -> None:
    """Take in again what an editor left out. Raises Refusal for what has no words any more."""
    check_revision(statement, revision)
    if statement.removed_at is None:
        return
    if not statement.sources or not (statement.question or any(statement.texts.values())):
        raise Refusal("statement_gone")
    summary = await access_summary(tx, statement.summary_id, lock=True)
    statement.removed_at, statement.removed_why = None, ""
    touch(summary, statement, account=account, now=now)
    await tx.flush()


async def answer_question(
    tx: AsyncSession,
    statement: Statement,
    *,
    texts: Mapping[str, str],
    account: Account,
    now: datetime,
    revision: int | None,
    sources: Sequence[str] | None = None,
    quote_of: str | None = None,
) -> None:
    """Say what the record lacks. Raises Refusal where nothing is asked, and as ``edit_statement``.

    What was asked stays known, so that a rebuild does not ask it again. What is asked for several
    audiences alike is answered for all of those that have no answer yet. Where a voice is asked
    for, the answer is a quotation ``quote_of`` a contribution. Raises Invalid.
    """
    if statement.question is None:
        raise Refusal("no_question")
    summary = await access_summary(tx, statement.summary_id, lock=True)
    voice = None
    if not any(statement.texts.values()):
        check_revision(statement, revision)
        written = _clean(texts)
        if faults := _text_faults(written):
            raise Invalid(faults)
        voice = await _voice_for(tx, summary, statement.block, quote_of, written)
    if voice is not None:
        sources = [voice.id, *(sources or ())]
    await edit_statement(
        tx,
        statement,
        texts=texts,
        account=account,
        now=now,
        revision=revision,
        sources=sources,
    )
    if voice is not None:
        statement.quote_of, statement.words_of = voice.id, list(voice.behind)
        keep_voice(summary, voice)
    if not is_shared(statement.key):
        return
    for other in await list_statements(tx, summary.id, removed=False):
        open_there = other.question is not None and not any(other.texts.values())
        if other.key == statement.key and open_there:
            other.texts, other.statuses = dict(statement.texts), dict(statement.statuses)
            other.sources = list(statement.sources)
            other.quote_of, other.words_of = statement.quote_of, list(statement.words_of)
            touch(summary, other, account=account, now=now)
    await tx.flush()


async def review_language(
    tx: AsyncSession,
    summary: Summary,
    *,
    language: str,
    account: Account,
    now: datetime,
    audience: str | None = None,
) -> int:
    """An editor has read every statement in a language, for one audience or for all; how many.

    Those without words in it stay missing. Statements that a person has not changed still follow
    a rebuild, and are drafts again where it gives them other words.
    """
    if language not in LANGUAGES:
        raise Invalid({"/language": "language_unknown"})
    if audience is not None and audience not in AUDIENCES:
        raise Invalid({"/audience": "audience_unknown"})
    count = 0
    for statement in await list_statements(tx, summary.id, removed=False):
        mine = audience is None or statement.audience == audience
        if mine and statement.texts.get(language) and statement.statuses[language] != REVIEWED:
            statement.statuses = {**statement.statuses, language: REVIEWED}
            statement.revision += 1
            count += 1
    if count:
        summary.revision += 1
    await tx.flush()
    return count


async def change_owner(
    tx: AsyncSession,
    summary: Summary,
    *,
    recommendation: str,
    owner: Mapping[str, str],
    account: Account,
    now: datetime,
) -> int:
    """Call the owner of a recommendation something else, for all audiences; in how many places.

    ``owner`` has both languages. Raises Invalid.
    """
    owners: dict[str, Any] = dict(summary.facts.get("owners", {}))
    former = owners.get(recommendation)
    faults: dict[str, str] = {}
    named = {language: clean_text(owner.get(language, "")) for language in LANGUAGES}
    if former is None:
        faults["/recommendation"] = "recommendation_unknown"
    for language, name in named.items():
        if is_blank(name):
            faults[f"/owner/{language}"] = "owner_missing"
        elif len(name) > OWNER_LIMIT:
            faults[f"/owner/{language}"] = "owner_too_long"
    if faults or former is None:
        raise Invalid(faults)
    changed = [*summary.facts.get("owners_changed", ()), recommendation]
    summary.facts = {
        **summary.facts,
        "owners": {**owners, recommendation: named},
        "owners_changed": list(dict.fromkeys(changed)),
    }
    count = 0
    for statement in await list_statements(tx, summary.id):
        if statement.key != f"rec:{recommendation}" or statement.block == EASY:
            continue
        texts = {
            language: text.replace(former[language], named[language])
            if former.get(language)
            else text
            for language, text in statement.texts.items()
        }
        if texts != statement.texts:
            statement.texts = texts
            touch(summary, statement, account=account, now=now)
            count += 1
    await tx.flush()
    return count
