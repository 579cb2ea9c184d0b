"""Words that others in the room may not know: abbreviations and the words of a trade.

Both languages are looked for in every text, since people mix them; telephones leave out å, ä, ö,
apostrophes and capitals, so do the patterns. Pure; well under a millisecond for a post.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from hub.chatbot.lexicon import (
    EVERYDAY,
    LEARNED,
    ORDINARY,
    SMALL,
    STRESSED,
    TERMS,
    TEXTING,
)

LANGUAGES: Final = ("sv", "en")


@lru_cache(maxsize=2048)
def fold(text: str) -> str:
    """The text in small letters without accents and apostrophes, as thumbs type it.

    Combining marks go, so the result may be shorter than the text.
    """
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in apart if c not in "'’‘`´" and unicodedata.category(c) != "Mn")


# --- jargon --------------------------------------------------------------------------------

_CAPITALS = re.compile(
    r"(?<![\w@#/.-])(?P<term>[A-ZÅÄÖ](?:[a-zåäö]?[A-ZÅÄÖ&]){1,6}(?:-?\d{1,2}|:?(?:s|n|en|er|et"
    r"|erna|or))?)"
    r"(?![\w@]|, [A-ZÅÄÖ][a-zåäö])"
)
_VOWEL = re.compile(r"[aeiouy]")
_KNOWN: Final = EVERYDAY | STRESSED | TEXTING
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+")
_ROMAN = re.compile(r"[IVX]+$")
_ENDING = re.compile(r":?(?:s|n|en|er|et|erna|or)$")
_SMALL: Final = {
    language: re.compile(r"(?<![\w@#/.])(" + "|".join(sorted(SMALL[language])) + r")(?![\w@])")
    for language in LANGUAGES
}
_TERMS: Final = {
    language: re.compile(r"(?<![\w-])(?:" + "|".join(TERMS[language]) + r")\w*")
    for language in LANGUAGES
}
_LEARNED = re.compile(
    r"(?<![\w-])\w{4,}(?:" + "|".join(e for endings in LEARNED.values() for e in endings) + r")\b"
)
# Nothing in either language is said without a vowel.
_UNSPEAKABLE = re.compile(r"(?<![\w@#/.'-])[bcdfghjklmnpqrstvwxz]{2,5}(?![\w@.'-]|\.\w)")
# "Obs: the room is changed" is a Swedish call for attention.
_ATTENTION = re.compile(r"(?:^|[.!?\n] *)obs\b|\bobs ?[!:]")


def jargon(text: str) -> tuple[str, ...]:
    """The abbreviations and trade words in a text that it does not explain, as written, in order.

    What everyone knows, words in capitals for stress, and terms that the text itself asks about
    or explains are left out. Each term comes once.
    """
    text = _ADDRESS.sub(" ", text)
    found: dict[str, str] = {}
    for term in _candidates(text):
        found.setdefault(fold(term), term)
    return tuple(t for t in found.values() if not explains(text, t) and not asks(text, t))


def _candidates(text: str) -> Iterator[str]:
    spots: list[tuple[int, str]] = []
    for sentence in re.finditer(r"[^\n.!?]+", text):
        if not _shouted(sentence[0]):
            spots += [
                (sentence.start() + m.start("term"), m["term"])
                for m in _CAPITALS.finditer(sentence[0])
                if _is_abbreviation(m["term"])
            ]
    plain = _same_length(text)
    attention = _ATTENTION.search(plain)
    for patterns in (_SMALL, _TERMS):
        for language in LANGUAGES:
            spots += [
                (m.start(), text[m.start() : m.end()])
                for m in patterns[language].finditer(plain)
                if not (m[0] == "obs" and attention)
            ]
    spots += [
        (m.start(), text[m.start() : m.end()])
        for m in _LEARNED.finditer(plain)
        if m[0] not in ORDINARY
    ]
    spots += [(m.start(), m[0]) for m in _UNSPEAKABLE.finditer(text) if _is_abbreviation(m[0])]
    taken = 0
    for start, term in sorted(spots, key=lambda s: (s[0], -len(s[1]))):
        if start >= taken:
            taken = start + len(term)
            yield term


def _same_length(text: str) -> str:
    """Folded letter by letter, so that a place in it is a place in the text."""
    return "".join((unicodedata.normalize("NFD", c.casefold()) or c)[0] for c in text)


def _shouted(sentence: str) -> bool:
    longer = [w for w in re.findall(r"[^\W\d_]+", sentence) if len(w) > 1]
    loud = [w for w in longer if w.isupper()]
    return len(loud) >= 2 and len(loud) > 0.6 * len(longer)


def _is_abbreviation(term: str) -> bool:
    bare = fold(term)
    stem = fold(_ENDING.sub("", term)) if not term.isupper() else bare
    if len(term) >= 6 and term.isalpha() and term.isupper() and len(_VOWEL.findall(bare)) >= 2:
        return False  # As long as that, and it can be said: a word in capitals.
    letters = bare.rstrip("0123456789-")
    if letters != bare and (len(letters) < 3 or letters == "covid"):
        return False
    roman = term.isupper() and _ROMAN.match(term)
    return not (bare in _KNOWN or stem in _KNOWN or roman or len(set(bare)) == 1)


def explains(text: str, term: str) -> bool:
    """Whether the text says what the term means: in brackets, by a verb, or spelled out."""
    here = fold(text)
    t = re.escape(fold(term))
    if re.search(
        rf"\b{t}\w*['\"”)]*,? ?(?:\((?!\d)\w+\W+\w+[^)]*\)"
        r"|(?:betyder|star for|innebar|utlases|dvs|d\.v\.s|det vill saga|alltsa|means?\b|stands "
        r"for"
        r"|is short for|short for|i\.?e\.?\b|that is\b|thats\b|as in\b|aka\b|also called"
        r"|ar en forkortning|kallas ocksa)"
        r"|(?:ar|is|are) (?:en|ett|nar|att|a|an|the|when|where) [^.!?]{0,120}"
        r"\b(?:som|dar|that|which|who|where|for|for att)\b)",
        here,
    ):
        return True
    named = (
        rf"\b(?:heter|kallas|kallar vi|called|call it|known as) (?:det |vi )?"
        rf"(?:ett? |en |an? )?\W?{t}"
    )
    if re.search(named, here):
        return True
    in_brackets = re.search(rf"\(\W?{t}\W?\)", here)
    if in_brackets and len(here[: in_brackets.start()].split()) >= 2:
        return True
    return _spelled_out(here, fold(term))


def _spelled_out(here: str, term: str) -> bool:
    """Whether words in a row begin with the letters of the abbreviation."""
    letters = [c for c in term if c.isalpha()]
    if not 3 <= len(letters) <= 6:
        return False
    initials = [w[0] for w in re.findall(r"[^\W\d_]+", here.replace(term, " "))]
    return any(
        initials[i : i + len(letters)] == letters for i in range(len(initials) - len(letters) + 1)
    )


def asks(text: str, term: str) -> bool:
    """Whether the text asks what the term means."""
    t = re.escape(fold(term))
    here = fold(text)
    return bool(
        re.search(
            rf"\b(?:vad|va) (?:ar|e|betyder|innebar|star|menas)\b[^.!?]{{0,20}}\b{t}"
            rf"|\b{t}\b[^.!?]{{0,12}}\b(?:vad ar det|vad betyder|betyder vad|what(?:s| is) that)"
            rf"|\bwhat(?:s| is| are| does| do)? (?:an? |the )?[\"”“]?{t}\b(?! \w+ (?:would|will))"
            rf"|\b{t}\W{{0,2}}\?\?|^\W*{t}\W*\?\W*$|\bforstar inte (?:ordet )?{t}"
            rf"|\b(?:dont (?:know|understand)|never heard of) (?:what )?(?:an? |the )?{t}",
            here,
        )
    )
