"""When two texts are the same words, and how alike two texts are. Plain: no database.

Two texts are the same words where their normal forms are equal. What differs only by how it was
typed is the same: Unicode composition, spaces within and around lines, marks that nobody sees,
the shape of quotation marks, apostrophes, dashes and dots, a capital at the very beginning, and a
full stop at the very end. All else counts: every other letter, capital, digit and mark, line
breaks too. So a question is never a statement, and texts with other numbers or another negation
are never the same.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

from rapidfuzz import fuzz

from hub.language.text import in_keeping

ENOUGH_WORDS: Final = 4
"""From this many words on, a text means the same in another session. Source: issue 4."""

ALIKE: Final = 0.75
"""From this similarity on, a former translation is worth showing."""

LONGEST: Final = 1_000
"""Characters beyond which no similar texts are looked for: such posts are hardly ever alike."""

TELLING_WORDS: Final = 6
WORD_LENGTH: Final = 8

_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_SHAPES = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»", '"'),
        **dict.fromkeys("‘’‚‛´`", "'"),
        **dict.fromkeys("‐‑‒–—−", "-"),
        "…": "...",
    }
)
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)|%[sdif]\b")
_WORD = re.compile(r"\w+")


def normal_form(text: str) -> str:
    """The text as it is compared; see the head of this module."""
    plain = _UNSEEN.sub("", unicodedata.normalize("NFC", text)).translate(_SHAPES)
    lines = _BREAKS.sub("\n", plain).split("\n")
    whole = "\n".join(_SPACES.sub(" ", line).strip() for line in lines).strip()
    if whole.endswith(".") and not whole.endswith(".."):
        whole = whole[:-1].rstrip()
    # Not where the second letter is a capital too: that is an abbreviation.
    if whole[:1].isupper() and not whole[1:2].isupper():
        whole = whole[:1].lower() + whole[1:]
    return unicodedata.normalize("NFC", whole)


def source_hash(text: str) -> str:
    """The key of a text's normal form: 64 hexadecimal digits."""
    return hashlib.sha256(normal_form(text).encode("utf-8", "surrogatepass")).hexdigest()


def word_count(text: str) -> int:
    """Words and numbers, as people count them."""
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


def telling_words(text: str) -> list[str]:
    """The beginnings of a text's longest words, longest first, by which alike ones are found.

    Only the beginnings, so that another ending of a word or a slip in it still finds it.
    """
    found = {word.casefold() for word in _WORD.findall(normal_form(text))}
    ordered = sorted(found, key=lambda word: (-len(word), word))
    return list(dict.fromkeys(word[:WORD_LENGTH] for word in ordered))[:TELLING_WORDS]


def length_window(text: str) -> tuple[int, int]:
    """Between which lengths a normal form must be to be `ALIKE` this text's at all."""
    length = len(normal_form(text))
    return int(length * ALIKE / (2 - ALIKE)), int(length * (2 - ALIKE) / ALIKE) + 1


def similarity(one: str, other: str) -> float:
    """From 0 to 1 (the same words), by the letters that would have to change; below `ALIKE`: 0."""
    score = fuzz.ratio(normal_form(one), normal_form(other), score_cutoff=100 * ALIKE)
    return round(score / 100, 3)


def has_placeholders(text: str) -> bool:
    """Whether something is filled in before anybody reads it, as in ``Hi, {name}!``."""
    return bool(_PLACEHOLDER.search(text))


def dressed(text: str, source: str, target: str) -> str:
    """The translation ``target`` of ``source``, for a ``text`` that is the same words.

    It gets the text's outer spaces, a capital where the text begins with one, a full stop where
    the text has one, and no line break where the text has none.
    """
    core = text.strip()
    if "\n" not in core:
        target = " ".join(target.split("\n"))
    if core != source.strip():
        target = in_keeping(core, target.strip())
        if core.endswith(".") and target[-1:].isalnum():
            target += "."
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :] if core else ""
    return before + target.strip() + after
