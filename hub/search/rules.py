"""Words as they are kept and looked for: folded, so that spelling variants find each other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

WORD_LIMIT = 40
QUERY_LETTERS = 200
QUERY_WORDS = 8
# A letter or two begin too many words to be of help, and too many to be looked through.
PREFIX_FROM = 2
SNIPPET_BEFORE, SNIPPET_LETTERS = 70, 260
IN_TITLE, IN_TEXT = 2, 1

_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f][^\W_]*)*")
# A line that ends like no sentence would run into the next one.
_UNENDED = re.compile(r"(?<=[^\s.!?…:;,])[^\S\n]*\n\s*(?=\S)")
# Letters of the Swedish alphabet: to drop their marks would make other words of them.
_KEPT = frozenset("åäö")


@dataclass(frozen=True)
class Query:
    """What somebody looks for: whole words, and the beginning of one, or none."""

    words: tuple[str, ...]
    prefix: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.words and not self.prefix

    def hits(self, word: str) -> bool:
        """Whether a folded word is one that is looked for."""
        return word in self.words or (bool(self.prefix) and word.startswith(self.prefix))


@lru_cache(maxsize=20_000)
def fold(word: str) -> str:
    """A word in small letters and without accents, at most 40 letters; å, ä and ö stay."""
    word = unicodedata.normalize("NFKC", word).casefold()
    if not word.isascii():
        word = "".join(letter if letter in _KEPT else _bare(letter) for letter in word)
    return word[:WORD_LIMIT]


def _bare(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    return "".join(part for part in parts if not unicodedata.combining(part))


def words_in(text: str) -> Iterator[str]:
    """The words of a text, folded, in their order."""
    return (word for found in _WORD.finditer(text) if (word := fold(found[0])))


def weigh(title: str, text: str) -> dict[str, int]:
    """Each word once, with the weight of the best place that it stands in."""
    return dict.fromkeys(words_in(text), IN_TEXT) | dict.fromkeys(words_in(title), IN_TITLE)


def read_query(q: str) -> Query:
    """A query as somebody typed it; what is beyond the limits is left out.

    The last word may be the beginning of one, unless a space or a sign ends it.
    """
    q = unicodedata.normalize("NFC", q)[:QUERY_LETTERS]
    words = list(words_in(q))[:QUERY_WORDS]
    if not words:
        return Query(())
    *whole, last = words
    if len(last) < PREFIX_FROM:
        return Query(tuple(dict.fromkeys(words)))
    return Query(tuple(dict.fromkeys(whole)), last)


def mark(text: str, query: Query) -> list[tuple[str, bool]]:
    """A text in parts, each with whether it is a word that was looked for."""
    parts: list[tuple[str, bool]] = []
    end = 0
    for found in _WORD.finditer(text):
        if query.hits(fold(found[0])):
            if found.start() > end:
                parts.append((text[end : found.start()], False))
            parts.append((found[0], True))
            end = found.end()
    if end < len(text):
        parts.append((text[end:], False))
    return parts


def snippet(text: str, query: Query) -> list[tuple[str, bool]]:
    """The passage around the first word that was looked for, in parts as ``mark`` has them.

    Where accents hide it, the beginning. However long the text, only the passage is marked.
    """
    at = _first_hit(text, (*query.words, query.prefix))
    start = _word_start(text, max(0, at - SNIPPET_BEFORE))
    end = min(len(text), start + SNIPPET_LETTERS)
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + SNIPPET_LETTERS // 2)
    passage = " ".join(_UNENDED.sub(" · ", text[start:end]).split())
    before = "… " if start else ""
    after = " …" if end < len(text) else ""
    return mark(f"{before}{passage}{after}", query)


def _first_hit(text: str, words: Sequence[str]) -> int:
    wanted = [re.escape(word) for word in words if word]
    if not wanted:
        return 0
    found = re.search(rf"(?<![^\W_])(?:{'|'.join(wanted)})", text.lower())
    return found.start() if found else 0


def _word_start(text: str, at: int) -> int:
    """Where the next word begins, so that none is cut."""
    if at == 0:
        return 0
    space = text.find(" ", at, at + SNIPPET_BEFORE)
    return space + 1 if space >= 0 else at
