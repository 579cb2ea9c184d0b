"""Translating, for every part of the hub: rooms, cards, charters, commands and the API.

One function, `translate_all`: what people have said in both languages before comes first, then
the engine; what is only alike is a suggestion beside the machine's text, never instead of it.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Select, delete, insert, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import Database
from hub.language import memory
from hub.language.glossary import Glossary, Hint, Term
from hub.language.models import (
    CORRECTION,
    AddedTerm,
    Pair,
    PairWord,
    find_correction,
    list_candidates,
    list_same_words,
    list_shipped,
    words_of,
)
from hub.language.queue import ask
from hub.language.text import Doubt, Language, looks_like, other
from hub.language.translator import Service, own_glossary

SUGGESTIONS = 3


@functools.cache
def shipped_glossary() -> Glossary:
    """The glossary that comes with the hub; none where it is missing or faulty."""
    return own_glossary()


@functools.lru_cache(maxsize=256)
def glossary_version(terms: tuple[Term, ...]) -> str:
    """What a machine's text goes by: a hash of the hub's glossary and of these `terms`."""
    return shipped_glossary().and_also(terms).version


def terms_of(
    added: Mapping[str | None, Sequence[AddedTerm]], gathering_id: str | None
) -> tuple[Term, ...]:
    """A gathering's own terms, which win, and those of all; ``added`` has those of all at None."""
    own = added.get(gathering_id, ()) if gathering_id else ()
    return tuple(each.term for each in (*own, *added.get(None, ())))


@dataclass(frozen=True)
class Suggestion:
    """What people made of similar words. ``score`` is from 0 to 1, which is the same words."""

    text: str
    source_text: str
    score: float
    origin: str


@dataclass(frozen=True)
class Translation:
    """A text in `target`, from `source` (as declared, or else as detected).

    `status` is `original` where both are the same language; `memory` where a person has
    translated the same words; `machine`; or `failed`, and then `text` is empty and `reason` is
    `no_package`, `degenerate`, `overloaded` or `engine`. `doubt` is None or says why a machine's
    text may be wrong. Of a text from memory `origin`, `pair_id`, `by_id` and `by_name` say where
    it is from; the last two only within the session that it was made in. `hints` are the words
    of the original that may mean several things.
    """

    text: str
    source: Language
    target: Language
    status: Literal["original", "memory", "machine", "failed"]
    reason: str | None
    doubt: Doubt | None
    model: str
    origin: str | None = None
    pair_id: str | None = None
    by_id: str | None = None
    by_name: str | None = None
    hints: tuple[Hint, ...] = ()


async def translate(
    translator: Service,
    text: str,
    *,
    source: Language | None,
    target: Language,
    database: Database | None = None,
    scope: str | None = None,
    terms: Sequence[Term] = (),
    urgent: bool = True,
) -> Translation:
    """One text in the language `target`. Never raises for a text; see `Translation.status`."""
    made = await translate_all(
        translator,
        [text],
        source=source,
        target=target,
        database=database,
        scopes=[scope],
        terms=[terms],
        urgent=urgent,
    )
    return made[0]


async def translate_all(
    translator: Service,
    texts: Sequence[str],
    *,
    source: Language | None,
    target: Language,
    database: Database | None = None,
    scopes: Sequence[str | None] = (),
    names: Sequence[Sequence[str]] = (),
    terms: Sequence[Sequence[Term]] = (),
    urgent: bool = True,
) -> list[Translation]:
    """Several texts at once, which is faster than one by one; results in the same order.

    Without a declared `source` each text's language is guessed. One too short to tell is taken
    to be in the other language, since somebody asks for its translation. `database` holds the
    memory (None: there is none); no transaction is open while the engine works. `scopes` are the
    gatherings that the texts are of, one for each, so that what was corrected there is used;
    `names` are the people in them, whose names stay, and `terms` the words agreed on there, which
    win over the glossary's. Without `urgent`, the texts wait until no room waits.
    """
    sources = [source or looks_like(text) or other(target) for text in texts]
    foreign = [text for text, spoken in zip(texts, sources, strict=True) if spoken != target]
    scopes = scopes or [None] * len(texts)
    names = names or [()] * len(texts)
    terms = terms or [()] * len(texts)
    known = await _remembered(database, foreign, scopes=scopes)
    found = [
        known.find(text, target=target, scope=scope) if spoken != target else None
        for text, spoken, scope in zip(texts, sources, scopes, strict=True)
    ]
    wanted = [
        n
        for n, (spoken, pair) in enumerate(zip(sources, found, strict=True))
        if spoken != target and pair is None
    ]
    results = iter(
        await ask(
            translator,
            [texts[n] for n in wanted],
            source=other(target),
            target=target,
            names=[names[n] for n in wanted],
            terms=[terms[n] for n in wanted],
            urgent=urgent,
        )
        if wanted
        else []
    )
    translations = []
    for text, spoken, scope, pair in zip(texts, sources, scopes, found, strict=True):
        if spoken == target:
            translations.append(Translation(text, spoken, target, "original", None, None, ""))
        elif pair is not None:
            translations.append(from_memory(pair, text, scope))
        else:
            made = next(results)
            translations.append(
                Translation(
                    made.text,
                    spoken,
                    target,
                    made.status,
                    made.reason,
                    made.doubt,
                    made.model,
                    hints=made.hints,
                )
            )
    return translations


def from_memory(pair: Pair, text: str, scope: str | None) -> Translation:
    """The translation that a pair is of a text with the same words.

    Aliases mean something in their own session alone, and are told nowhere else.
    """
    here = scope is not None and pair.gathering_id == scope
    return Translation(
        memory.dressed(text, pair.source_text, pair.target_text),
        _language(pair.source_language),
        _language(pair.target_language),
        "memory",
        None,
        None,
        "",
        origin=pair.origin,
        pair_id=pair.id,
        by_id=pair.by_id if here else None,
        by_name=pair.by_name if here else None,
    )


class SameWords:
    """Pairs that were fetched at once, to be asked text by text."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._pairs: dict[tuple[str, str], list[Pair]] = {}
        for pair in pairs:
            self._pairs.setdefault((pair.source_hash, pair.target_language), []).append(pair)

    def find(self, text: str, *, target: str, scope: str | None) -> Pair | None:
        """The surest pair of the same words that may be used in the gathering `scope`."""
        if not self._pairs:
            return None
        pairs = self._pairs.get((memory.source_hash(text), target), [])
        here = [pair for pair in pairs if scope is not None and pair.gathering_id == scope]
        return next(iter([*here, *filter(_holds_anywhere, pairs)]), None)


def _holds_anywhere(pair: Pair) -> bool:
    return pair.lasting and pair.words >= memory.ENOUGH_WORDS


async def same_words(
    tx: AsyncSession, texts: Iterable[str], *, scopes: Iterable[str | None]
) -> SameWords:
    """What the memory has of the words of these texts, in one query."""
    hashes = {memory.source_hash(text) for text in texts}
    inside = {scope for scope in scopes if scope is not None}
    return SameWords(await list_same_words(tx, hashes, scopes=inside))


async def _remembered(
    database: Database | None, texts: Sequence[str], *, scopes: Sequence[str | None]
) -> SameWords:
    if database is None or not texts:
        return SameWords([])
    async with database.reading() as tx:
        return await same_words(tx, texts, scopes=scopes)


async def suggest(
    tx: AsyncSession,
    text: str,
    *,
    target: Language,
    scope: str | None = None,
    without: str | None = None,
    limit: int = SUGGESTIONS,
) -> list[Suggestion]:
    """How similar words were translated by people, the most similar first.

    ``without``: the contribution that the text is, so that it is not its own suggestion.
    """
    candidates = await list_candidates(
        tx, text, source=other(target), target=target, scope=scope, without=without
    )
    scored = [(memory.similarity(text, pair.source_text), pair) for pair in candidates]
    scored = [each for each in scored if each[0] >= memory.ALIKE]
    scored.sort(key=lambda each: (-each[0], each[1].id))
    best: dict[str, Suggestion] = {}
    for score, pair in scored:
        best.setdefault(
            pair.target_text, Suggestion(pair.target_text, pair.source_text, score, pair.origin)
        )
    return list(best.values())[:limit]


# --- What goes into the memory, and out of it -------------------------------------------------


async def keep_correction(
    tx: AsyncSession,
    *,
    source_text: str,
    target_text: str,
    target: Language,
    from_id: str,
    gathering_id: str,
    by_id: str,
    by_name: str,
    model: str | None,
    glossary: str | None,
    lasting: bool,
    now: datetime,
) -> Pair:
    """A person's translation of what was said, in the place of their former one.

    `from_id` is the contribution; `model` and `glossary` say what the machine's text was made
    with, where it was the machine's. `lasting` only where those whose words it is have agreed that
    they may improve translation: then it is due to be brought to other sessions. Otherwise it is
    of the gathering alone. Source: privacy-and-access.md, "Consent model".
    """
    pair = await find_correction(tx, from_id, target)
    if pair is None:
        pair = Pair(from_id=from_id, origin=CORRECTION, target_language=target)
        tx.add(pair)
    else:
        await tx.execute(delete(PairWord).where(PairWord.pair_id == pair.id))
    for name, value in _columns(source_text, target_text).items():
        setattr(pair, name, value)
    pair.source_language = other(target)
    pair.gathering_id, pair.lasting = gathering_id, lasting
    # A second correction of the same post tells nothing new of what the machine had made.
    pair.by_id, pair.by_name, pair.model = by_id, by_name, model or pair.model
    pair.glossary = glossary or pair.glossary or ""
    pair.at, pair.due_at = now, now if lasting and pair.words >= memory.ENOUGH_WORDS else None
    await tx.flush()
    row = {
        "id": pair.id,
        "length": pair.length,
        "source_text": source_text,
        "source_language": pair.source_language,
    }
    if words := words_of([row]):
        await tx.execute(insert(PairWord), words)
    return pair


async def forget(tx: AsyncSession, from_ids: Collection[str]) -> None:
    """Erase the pairs that come from these contributions, lasting or not."""
    if from_ids:
        await tx.execute(delete(Pair).where(Pair.from_id.in_(from_ids)))


async def keep_here(
    tx: AsyncSession, *, from_ids: Collection[str] | Select[str], by_id: str
) -> None:
    """From now on, what comes from these contributions or from this person stays in its session."""
    await tx.execute(
        update(Pair)
        .where(Pair.lasting, or_(Pair.from_id.in_(from_ids), Pair.by_id == by_id))
        .values(lasting=False, due_at=None)
        .execution_options(synchronize_session=False)
    )


class ShippedPair(NamedTuple):
    """A sentence that comes with the hub in both languages. `origin` is one of `SHIPPED`."""

    origin: str
    source: Language
    source_text: str
    target_text: str


async def load_shipped(tx: AsyncSession, pairs: Iterable[ShippedPair], *, now: datetime) -> int:
    """Bring the memory in line with what comes with the hub. Returns how many pairs changed.

    A pair's id is made from its words, so that the same files change nothing, and a sentence that
    was reworded or is gone takes its former pair with it. Sentences in which something is filled
    in are left out: they are never said as they stand.
    """
    wanted = {
        _shipped_id(pair): pair
        for pair in pairs
        if pair.source_text.strip()
        and pair.target_text.strip()
        and not memory.has_placeholders(pair.source_text + pair.target_text)
    }
    there = await list_shipped(tx)
    gone = [pair_id for pair_id in there if pair_id not in wanted]
    new = {pair_id: pair for pair_id, pair in wanted.items() if pair_id not in there}
    if gone:
        await tx.execute(delete(Pair).where(Pair.id.in_(gone)))
    if new:
        rows = [_row(pair_id, pair, now) for pair_id, pair in new.items()]
        await tx.execute(insert(Pair), rows)
        if words := words_of(rows):
            await tx.execute(insert(PairWord), words)
    return len(gone) + len(new)


def _shipped_id(pair: ShippedPair) -> str:
    words = "\0".join((pair.origin, pair.source, pair.source_text, pair.target_text))
    return "m_" + hashlib.sha256(words.encode()).hexdigest()[:32]


def _row(pair_id: str, pair: ShippedPair, now: datetime) -> dict[str, Any]:
    return {
        "id": pair_id,
        "source_language": pair.source,
        "target_language": other(pair.source),
        "origin": pair.origin,
        "lasting": True,
        "at": now,
        **_columns(pair.source_text, pair.target_text),
    }


def _columns(source_text: str, target_text: str) -> dict[str, Any]:
    return {
        "source_text": source_text,
        "target_text": target_text,
        "source_hash": memory.source_hash(source_text),
        "length": len(memory.normal_form(source_text)),
        "words": memory.word_count(source_text),
    }


def _language(code: str) -> Language:
    return "en" if code == "en" else "sv"
