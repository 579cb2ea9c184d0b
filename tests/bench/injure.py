"""Errors put into good translations on purpose, to see whether the doubts notice them."""

from __future__ import annotations

import random
import re
from typing import Final, Literal

from hub.language.keeping import names_in
from hub.language.text import Language, listed, other, words

Kind = Literal["negation", "number", "name"]
KINDS: Final[tuple[Kind, ...]] = ("negation", "number", "name")

_TAKEN_AWAY: Final[dict[Language, tuple[tuple[str, str], ...]]] = {
    "en": (
        (
            r"\b(do|does|did|is|are|was|were|have|has|had|would|could|should|must|might)n['’]t\b",
            r"\1",
        ),
        (r"\bcan['’]t\b|\bcannot\b", "can"),
        (r"\bwon['’]t\b", "will"),
        (r"\bnever\b", "always"),
        (r"\bnobody\b|\bno one\b", "somebody"),
        (r"\bnothing\b", "something"),
        (r"\bwithout\b", "with"),
        (r"\bno (?=[a-z])", "some "),
        (r" not\b", ""),
    ),
    "sv": (
        (r"\baldrig\b", "alltid"),
        (r"\bingenting\b|\binget\b", "något"),
        (r"\bingen\b", "någon"),
        (r"\binga\b", "några"),
        (r"\butan\b(?! också)", "med"),
        (r" inte\b", ""),
    ),
}
_PUT_IN: Final[dict[Language, re.Pattern[str]]] = {
    "en": re.compile(r"\b(is|are|was|were|will|would|could|should|must|can)\b(?! not|n)"),
    "sv": re.compile(r"\b(är|var|ska|skulle|kan|kunde|måste|vill|har|hade|blir|blev)\b(?! inte)"),
}
_NOT: Final[dict[Language, str]] = {"en": "not", "sv": "inte"}
_AS_WORDS: Final[dict[Language, tuple[str, ...]]] = {
    "en": tuple(listed("three four five six seven eight nine ten twelve twenty thirty fifty")),
    "sv": tuple(listed("tre fyra fem sex sju åtta nio tio tolv tjugo trettio femtio")),
}
_OTHER_NAMES: Final = ("Robert", "Ingrid", "Walter", "Susanne", "Oskar", "Judith")


def injured(
    source: str, output: str, language: Language, *, kind: Kind, luck: random.Random
) -> str | None:
    """The output for a source in `language` with one error of the kind, or None where none fits."""
    target = other(language)
    if kind == "negation":
        return _without(output, target) or _denied(output, target)
    if kind == "number":
        return _misnumbered(output, target, luck)
    return _misnamed(source, output, language, luck)


def _without(output: str, target: Language) -> str | None:
    for pattern, instead in _TAKEN_AWAY[target]:
        changed = re.sub(pattern, instead, output, count=1, flags=re.IGNORECASE)
        if changed != output:
            return changed
    return None


def _denied(output: str, target: Language) -> str | None:
    changed = _PUT_IN[target].sub(rf"\1 {_NOT[target]}", output, count=1)
    return changed if changed != output else None


def _misnumbered(output: str, target: Language, luck: random.Random) -> str | None:
    figures = list(re.finditer(r"\d+", output))
    if figures:
        place = luck.choice(figures)
        wrong = str(int(place[0]) + luck.choice([1, 2, 10]))
        return output[: place.start()] + wrong + output[place.end() :]
    for place in re.finditer(r"[^\W\d_]+", output):
        if place[0].lower() in _AS_WORDS[target]:
            rest = [each for each in _AS_WORDS[target] if each != place[0].lower()]
            return output[: place.start()] + luck.choice(rest) + output[place.end() :]
    return None


def _misnamed(source: str, output: str, language: Language, luck: random.Random) -> str | None:
    heard = set(words(output))
    names = [match.term.word("sv") for match in names_in(source, language)]
    names = [name for name in names if name in heard and name.istitle()]
    if not names:
        return None
    name = luck.choice(names)
    return re.sub(rf"\b{re.escape(name)}\b", luck.choice(_OTHER_NAMES), output, count=1)
