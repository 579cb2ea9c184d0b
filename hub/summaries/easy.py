"""Easy to read: one thought a line, short lines; and how hard a text is to read.

Software may warn, never approve. Source: privacy-and-access.md, "Plain language".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from hub.summaries.blocks import LANGUAGES

LINE_WORDS: Final = 10
# Words in a sentence on average, and LIX, that a text for everybody keeps below.
SENTENCE_WORDS: Final = 15
LIX_PLAIN: Final = 40
LIX_EASY: Final = 35
LONG_WORD_LETTERS: Final = 6
# Under so many words a LIX says nothing.
LIX_FROM: Final = 30
_WORD = re.compile(r"[^\W_]+(?:['’:-][^\W_]+)*")
# A full stop within a number or before a small letter ends nothing ("kl. 13.00", "t.ex. så").
_END = re.compile(
    r"(?<=[.!?…])(?<!\bkl\.)(?<!\bca\.)(?<!\bnr\.)[\"”»’']*\s+(?=[\"“”«»'‘’(]*[A-ZÅÄÖÉ0-9])|\n+"
)


def words_of(text: str) -> list[str]:
    """The words of a text, numbers too."""
    return _WORD.findall(text)


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, each with its full stop."""
    return [part.strip() for part in _END.split(text) if part and part.strip()]


def lix_of(text: str) -> float | None:
    """How hard a text is: words in a sentence, plus long words in a hundred. None: too short."""
    words = words_of(text)
    if len(words) < LIX_FROM:
        return None
    long = sum(len(word) > LONG_WORD_LETTERS for word in words)
    return len(words) / max(1, len(sentences_of(text))) + 100 * long / len(words)


def easy_lines(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """The short sentences of a text in both languages, one a line; empty where it has none.

    Only where both languages have the same sentences in number can each be told by its own line.
    A line of more than ``LINE_WORDS`` words in either language is left for a person to write.
    """
    parts = {language: sentences_of(texts.get(language, "")) for language in LANGUAGES}
    if len({len(found) for found in parts.values()}) != 1:
        return []
    lines = (dict(zip(LANGUAGES, pair, strict=True)) for pair in zip(*parts.values(), strict=True))
    return [
        line for line in lines if all(0 < len(words_of(t)) <= LINE_WORDS for t in line.values())
    ]
