"""What is masked in other people's words when somebody takes theirs back, or withdraws.

Source: privacy-and-access.md, "Taking back": replies stay, quotations are masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from hub.language.text import listed

# So many words in a row, the same as in what was taken back, are a quotation of it where they stand
# between quotation marks or behind the mark of a quoted line.
QUOTED_WORDS: Final = 4
# Elsewhere it takes so many: two people often say "I think that we should" and quote nobody.
UNMARKED_WORDS: Final = 8
# Shorter aliases are left where they are: two letters are a word of their own too often.
NAME_LETTERS: Final = 3
REMOVED: Final = {"sv": "«… borttaget …»", "en": "«… removed …»"}
NAMELESS: Final = {"sv": "«namn borttaget»", "en": "«name removed»"}
# An alias that is such a word is masked only where it is written exactly as the alias is.
COMMON: Final = frozenset(
    listed(
        """
        och att det jag inte som med har ett den där här när han hon hen dig mig sig oss er vår min
        din kan ska vill var vad vem hur men för till från under över efter alla ingen någon mycket
        man måste får kom gick blev vara bara också redan sedan dag hem vård mamma pappa patient
        the and for that this with you she her him his they them our your not but was were are has
        have had will can may all any one who what when where how why from into over after out
        about there here just also very much some more day home care mother father grace hope mark
        """
    )
)
_WORD = re.compile(r"\w+")
_MARKED = re.compile(
    r"""["“”„«»][^"“”„«»]{1,4000}?(?:["“”„«»]|$)"""
    r"""|(?<!\w)['‘](?:[^'‘’\n]|['’](?=\w)){1,4000}?(?:['’](?!\w)|$)"""
    r"""|^[ \t]*>.*$""",
    re.MULTILINE,
)

Mask = Callable[[str, str], str]


def gone_grams(texts: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """Every ``QUOTED_WORDS`` words in a row of what is gone, as ``mask_quotes`` asks for them."""
    found: set[tuple[str, ...]] = set()
    for text in texts:
        words = [word.casefold() for word in _WORD.findall(text)]
        found.update(
            tuple(words[n : n + QUOTED_WORDS]) for n in range(len(words) - QUOTED_WORDS + 1)
        )
    return frozenset(found)


def mask_quotes(text: str, gone: frozenset[tuple[str, ...]], *, language: str) -> str:
    """The text with each quotation of what is in ``gone`` masked; all else stays as it is."""
    if not gone:
        return text
    found = list(_WORD.finditer(text))
    words = [match[0].casefold() for match in found]
    covered = [False] * len(words)
    for n in range(len(words) - QUOTED_WORDS + 1):
        if tuple(words[n : n + QUOTED_WORDS]) in gone:
            covered[n : n + QUOTED_WORDS] = [True] * QUOTED_WORDS
    marked = [match.span() for match in _MARKED.finditer(text)] if any(covered) else []
    parts, end = [], 0
    for first, last in _runs(covered):
        start = found[first].start()
        if last - first + 1 >= UNMARKED_WORDS or any(a <= start < b for a, b in marked):
            parts += [text[end:start], REMOVED[language]]
            end = found[last].end()
    return "".join([*parts, text[end:]])


def _runs(covered: list[bool]) -> Iterator[tuple[int, int]]:
    """The first and the last place of each run of places that are covered."""
    for is_covered, places in groupby(range(len(covered)), key=covered.__getitem__):
        if is_covered:
            run = list(places)
            yield run[0], run[-1]


def quotes(text: str, gone: frozenset[tuple[str, ...]]) -> bool:
    """True where the text has a quotation of what is gone."""
    return mask_quotes(text, gone, language="en") != text


def mask_name(text: str, name: str, *, language: str) -> str:
    """The text without the name: as a word of its own, in any case, and with an ending of owning.

    A name of fewer than ``NAME_LETTERS`` letters stays.
    """
    pattern = _name_pattern(name)
    return pattern.sub(NAMELESS[language], text) if pattern else text


def names(text: str, name: str) -> bool:
    """True where the text has the name."""
    pattern = _name_pattern(name)
    return bool(pattern and pattern.search(text))


def _name_pattern(name: str) -> re.Pattern[str] | None:
    if sum(c.isalnum() for c in name) < NAME_LETTERS:
        return None
    words = r"\s+".join(re.escape(word) for word in name.split())
    flags = 0 if name.casefold() in COMMON else re.IGNORECASE
    return re.compile(rf"(?<!\w){words}(?:['’´]?s)?(?!\w)", flags)


def masked_texts(value: Any, mask: Mask, *, language: str) -> Any:
    """Plain JSON with every text in it masked; keys stay.

    What lies under ``sv`` or ``en`` is in that language, all else in ``language``.
    """
    if isinstance(value, str):
        return mask(value, language)
    if isinstance(value, Mapping):
        return {
            key: masked_texts(each, mask, language=key if key in REMOVED else language)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked_texts(each, mask, language=language) for each in value]
    return value
