"""The sentences that come with the hub in both languages, for the translation memory.

The charters that ship, what the chatbot says and the titles and tasks of the shipped formats, and
both catalogues. A person wrote each of them in both languages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from hub.charters.actions import shipped_pairs as charter_pairs
from hub.gatherings.formats import SHIPPED
from hub.language.actions import ShippedPair

# What the chatbot says; all else in a format stands on pages.
_SPOKEN = ("bot", "triggers")
_FastLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def shipped_pairs(sentences: Iterable[tuple[str, str]]) -> list[ShippedPair]:
    """All of them, in both directions. ``sentences``: Swedish and English, of the catalogues."""
    found = dict.fromkeys([*charter_pairs(), *_from_formats()])
    found |= dict.fromkeys(p for sv, en in sentences for p in _both_ways("catalogue", sv, en))
    return list(found)


def _from_formats() -> Iterator[ShippedPair]:
    for path in sorted(SHIPPED.glob("*.yaml")):
        # _FastLoader is a safe loader: it makes plain values only.
        yield from _inside(yaml.load(path.read_bytes(), Loader=_FastLoader), "format")  # noqa: S506


def _inside(part: object, origin: str) -> Iterator[ShippedPair]:
    if isinstance(part, list):
        for each in part:
            yield from _inside(each, origin)
    if not isinstance(part, Mapping):
        return
    sv, en = part.get("sv"), part.get("en")
    if isinstance(sv, str) and isinstance(en, str):
        yield from _both_ways(origin, sv, en)
    for name, each in part.items():
        yield from _inside(each, "bot" if name in _SPOKEN else origin)


def _both_ways(origin: str, sv: str, en: str) -> Iterator[ShippedPair]:
    sv, en = sv.strip(), en.strip()
    if sv and en:
        yield ShippedPair(origin, "sv", sv, en)
        yield ShippedPair(origin, "en", en, sv)
