"""The translation memory: what people once said or wrote in both languages, and where it is from.

Nothing that a machine made is in it. Beside it are the terms that people have added to the
glossary, for one session or for all.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, new_id
from hub.language import memory
from hub.language.glossary import Part, Term
from hub.language.text import Language

CORRECTION: Final = "correction"
# Sure before less sure: what somebody wrote for just these words, then what was written with most
# care, then what was written for one place on a page.
ORIGINS: Final = (CORRECTION, "charter", "bot", "format", "catalogue")
SHIPPED: Final = ("charter", "bot", "format", "catalogue")
CANDIDATES: Final = 100

# Of a term: used in one session; offered for all; used in all; and no longer offered or used in
# all. An offered one is used in its session meanwhile, and a dropped one after.
TERM_STATES: Final = ("session", "suggested", "kept", "dropped")


class Pair(Base):
    """A text and its translation by a person.

    ``lasting``: may be used in every session; otherwise in ``gathering_id`` alone. ``from_id`` is
    the contribution that the words come from: when it is taken back, so is the pair. ``model``
    made what the person corrected. ``due_at``: other sessions have not yet been looked through.
    """

    __tablename__ = "translation_pairs"
    __table_args__ = (
        Index("ix_translation_pairs_source_hash", "source_hash"),
        Index("ix_translation_pairs_gathering_id", "gathering_id"),
        Index("ix_translation_pairs_from_id", "from_id"),
        Index("ix_translation_pairs_due_at", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("m"))
    source_language: Mapped[str] = mapped_column(String(2))
    target_language: Mapped[str] = mapped_column(String(2))
    source_hash: Mapped[str] = mapped_column(String(64))
    source_text: Mapped[str] = mapped_column(Text)
    target_text: Mapped[str] = mapped_column(Text)
    # Of the normal form of the source, in characters and in words.
    length: Mapped[int]
    words: Mapped[int]
    origin: Mapped[str] = mapped_column(String(12))
    by_id: Mapped[str | None] = mapped_column(String(30))
    by_name: Mapped[str | None] = mapped_column(String(80))
    model: Mapped[str | None] = mapped_column(String(60))
    glossary: Mapped[str] = mapped_column(String(40), default="")
    gathering_id: Mapped[str | None] = mapped_column(
        ForeignKey("gatherings.id", ondelete="CASCADE")
    )
    from_id: Mapped[str | None] = mapped_column(String(30))
    lasting: Mapped[bool]
    at: Mapped[datetime]
    due_at: Mapped[datetime | None]


class PairWord(Base):
    """The beginning of a telling word of a pair's source, by which similar texts are found.

    The key has all that the search asks first, so that it reads nothing else of thousands of
    rows. ``word`` begins with the language that the pair is in.
    """

    __tablename__ = "translation_pair_words"
    __table_args__ = (
        Index("ix_translation_pair_words_pair_id", "pair_id"),
        {"sqlite_with_rowid": False},
    )

    word: Mapped[str] = mapped_column(String(2 + memory.WORD_LENGTH), primary_key=True)
    length: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    pair_id: Mapped[str] = mapped_column(
        String(40), ForeignKey("translation_pairs.id", ondelete="CASCADE"), primary_key=True
    )


class AddedTerm(Base):
    """A term that people have added to the glossary; see `TERM_STATES`.

    `gathering_id` is the session that it is used in, None for one that is kept for all. `sv` and
    `en` are as in a list of words, `sv_forms` and `en_forms` the other forms in order. ``due_at``:
    sessions under way have not yet been looked through.
    """

    __tablename__ = "terms"
    __table_args__ = (
        Index("ix_terms_gathering_id", "gathering_id"),
        Index("ix_terms_state", "state"),
        Index("ix_terms_due_at", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(30), primary_key=True, default=lambda: new_id("w"))
    gathering_id: Mapped[str | None] = mapped_column(
        ForeignKey("gatherings.id", ondelete="CASCADE")
    )
    sv: Mapped[str] = mapped_column(String(80))
    en: Mapped[str] = mapped_column(String(80))
    sv_forms: Mapped[list[Any]] = mapped_column(default=list)
    en_forms: Mapped[list[Any]] = mapped_column(default=list)
    avoid_sv: Mapped[list[Any]] = mapped_column(default=list)
    avoid_en: Mapped[list[Any]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(Text, default="")
    keep: Mapped[bool] = mapped_column(default=False)
    disputed: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="session")
    by_id: Mapped[str | None] = mapped_column(String(30))
    by_name: Mapped[str | None] = mapped_column(String(80))
    at: Mapped[datetime]
    due_at: Mapped[datetime | None]

    @property
    def term(self) -> Term:
        """As translating goes by it. Words with endings are taken for a noun's, in order."""
        sv, en = (self.sv, *self.sv_forms), (self.en, *self.en_forms)
        part: Part = "name" if self.keep else "noun" if len(sv) > 1 else "phrase"
        return Term(
            id=self.id,
            sv=tuple((form,) for form in sv),
            en=tuple((form,) for form in en),
            part=part,
            avoid_sv=tuple(self.avoid_sv),
            avoid_en=tuple(self.avoid_en),
            keep=self.keep,
            disputed=self.disputed,
        )


async def list_terms_in_use(
    tx: AsyncSession, gathering_ids: Collection[str]
) -> dict[str | None, list[AddedTerm]]:
    """The terms of these gatherings, by gathering, and of all, under None; oldest first."""
    found = await tx.scalars(
        select(AddedTerm)
        .where(or_(AddedTerm.gathering_id.in_(gathering_ids), AddedTerm.state == "kept"))
        .order_by(AddedTerm.at, AddedTerm.id)
    )
    terms: dict[str | None, list[AddedTerm]] = {None: []}
    for term in found:
        terms.setdefault(term.gathering_id, []).append(term)
    return {**terms, None: [term for term in terms[None] if term.state == "kept"]}


async def list_added_terms(tx: AsyncSession, *, states: Collection[str]) -> list[AddedTerm]:
    """The added terms in these states, latest first."""
    found = await tx.scalars(
        select(AddedTerm)
        .where(AddedTerm.state.in_(states))
        .order_by(AddedTerm.at.desc(), AddedTerm.id)
    )
    return list(found)


async def list_same_words(
    tx: AsyncSession, hashes: Collection[str], *, scopes: Collection[str]
) -> list[Pair]:
    """The pairs of these hashes that may be used somewhere, surest first; one query for all.

    Usable are all of the gatherings ``scopes``, and elsewhere those that last and have words
    enough to mean the same there.
    """
    if not hashes:
        return []
    elsewhere = and_(Pair.lasting, Pair.words >= memory.ENOUGH_WORDS)
    rank = case({origin: n for n, origin in enumerate(ORIGINS)}, value=Pair.origin)
    found = await tx.scalars(
        select(Pair)
        .where(
            Pair.source_hash.in_(hashes),
            or_(elsewhere, Pair.gathering_id.in_(scopes)) if scopes else elsewhere,
        )
        .order_by(rank, Pair.at.desc(), Pair.id)
    )
    return list(found)


async def list_candidates(
    tx: AsyncSession,
    text: str,
    *,
    source: Language,
    target: Language,
    scope: str | None,
    without: str | None = None,
) -> list[Pair]:
    """At most 100 pairs of a similar length that share most telling words with the text.

    ``without``: the contribution whose own pair is left out.
    """
    words = _keys(text, source)
    if not words or len(text) > memory.LONGEST:
        return []
    shortest, longest = memory.length_window(text)
    query = _candidates(here=scope is not None, but=without is not None)
    values = {
        "words": words,
        "shortest": shortest,
        "longest": longest,
        "target": target,
        "scope": scope,
        "without": without,
    }
    return list(await tx.scalars(query, values))


@functools.cache
def _candidates(*, here: bool, but: bool) -> Select[Pair]:
    """The query of `list_candidates`; putting it together takes longer than asking it."""
    nearest = (
        select(PairWord.pair_id, func.count().label("shared"))
        .where(
            PairWord.word.in_(bindparam("words", expanding=True)),
            PairWord.length.between(bindparam("shortest"), bindparam("longest")),
        )
        .group_by(PairWord.pair_id)
        .order_by(func.count().desc(), PairWord.pair_id)
        .limit(CANDIDATES)
        .subquery()
    )
    usable = or_(Pair.lasting, Pair.gathering_id == bindparam("scope")) if here else Pair.lasting
    query = (
        select(Pair)
        .join(nearest, nearest.c.pair_id == Pair.id)
        .where(Pair.target_language == bindparam("target"), usable)
        .order_by(nearest.c.shared.desc(), Pair.id)
    )
    if but:
        query = query.where(or_(Pair.from_id.is_(None), Pair.from_id != bindparam("without")))
    return query


async def find_correction(tx: AsyncSession, from_id: str, target: Language) -> Pair | None:
    """The pair that a contribution's translation was last corrected to."""
    return await tx.scalar(
        select(Pair).where(
            Pair.from_id == from_id, Pair.target_language == target, Pair.origin == CORRECTION
        )
    )


async def list_shipped(tx: AsyncSession) -> dict[str, str]:
    """Which pairs that come with the hub are there: ids and nothing more."""
    found = await tx.execute(select(Pair.id, Pair.origin).where(Pair.origin.in_(SHIPPED)))
    return {row.id: row.origin for row in found}


def words_of(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of telling words for the columns of pairs."""
    return [
        {"pair_id": row["id"], "word": word, "length": row["length"]}
        for row in rows
        for word in _keys(row["source_text"], row["source_language"])
    ]


def _keys(text: str, language: str) -> list[str]:
    return [language + word for word in memory.telling_words(text)]
