"""Translating, for every part of the hub: rooms, cards, charters, commands and the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hub.language.text import Doubt, Language, looks_like, other
from hub.language.translator import Service


@dataclass(frozen=True)
class Translation:
    """A text in `target`, from `source` (as declared, or else as detected).

    `status` is `original` where both are the same language; `machine`; or `failed`, and then
    `text` is empty and `reason` is `no_package`, `degenerate`, `overloaded` or `engine`.
    `doubt` is None or says why a machine's text may be wrong.
    """

    text: str
    source: Language
    target: Language
    status: Literal["original", "machine", "failed"]
    reason: str | None
    doubt: Doubt | None
    model: str


async def translate(
    translator: Service, text: str, *, source: Language | None, target: Language
) -> Translation:
    """One text in the language `target`. Never raises for a text; see `Translation.status`."""
    return (await translate_all(translator, [text], source=source, target=target))[0]


async def translate_all(
    translator: Service, texts: Sequence[str], *, source: Language | None, target: Language
) -> list[Translation]:
    """Several texts at once, which is faster than one by one; results in the same order.

    Without a declared `source` each text's language is guessed. One too short to tell is taken
    to be in the other language, since somebody asks for its translation.
    """
    sources = [source or looks_like(text) or other(target) for text in texts]
    foreign = [text for text, spoken in zip(texts, sources, strict=True) if spoken != target]
    results = iter(
        await translator.translate(foreign, source=other(target), target=target) if foreign else []
    )
    translations = []
    for text, spoken in zip(texts, sources, strict=True):
        if spoken == target:
            translations.append(Translation(text, spoken, target, "original", None, None, ""))
            continue
        made = next(results)
        translations.append(
            Translation(made.text, spoken, target, made.status, made.reason, made.doubt, made.model)
        )
    return translations
