"""The record that is kept when the posts of a session are deleted, without somebody who withdraws.

Source: privacy-and-access.md, "Taking back": adopted decisions stay, words and name go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hub.gatherings.rules import masking
from hub.gatherings.rules.following import ADOPTED

_PARTS: Final = ("what", "owner", "when", "measure")


def kept_without(record: Mapping[str, Any], seat_id: str, *, keep_words: bool) -> dict[str, Any]:
    """The record without the name behind a seat, and without their words unless ``keep_words``.

    What other people quoted of the words is masked, and so is the name wherever it stands. The
    same record comes back where the seat is not in it.
    """
    names = {str(d["name"]) for d in _dicts(record) if d.get("id") == seat_id and d.get("name")}
    said = [] if keep_words else [d for d in _dicts(record) if _is_erased(d, seat_id)]
    grams = masking.gone_grams(text for d in said for text in _texts(d))

    def mask(text: str, language: str) -> str:
        for name in sorted(names, key=len, reverse=True):
            text = masking.mask_name(text, name, language=language)
        return masking.mask_quotes(text, grams, language=language)

    found: dict[str, Any] = _without(record, seat_id, keep_words)
    masked: dict[str, Any] = masking.masked_texts(found, mask, language="sv")
    return masked


def _dicts(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for each in value.values():
            yield from _dicts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _dicts(each)


def _is_by(d: Mapping[str, Any], seat_id: str) -> bool:
    author = d.get("author")
    return isinstance(author, Mapping) and author.get("id") == seat_id


def _is_erased(d: Mapping[str, Any], seat_id: str) -> bool:
    return _is_by(d, seat_id) and "text" in d


def _texts(d: Mapping[str, Any]) -> Iterator[str]:
    yield str(d["text"])
    translations = d.get("translations")
    for each in translations.values() if isinstance(translations, Mapping) else ():
        yield str(each.get("text") or "")


def _without(value: Any, seat_id: str, keep: bool) -> Any:
    if isinstance(value, list):
        return [_without(each, seat_id, keep) for each in value]
    if not isinstance(value, Mapping):
        return value
    if value.get("id") == seat_id and "name" in value:
        return {**value, "name": None}
    # What was adopted is no longer one person's: its words stay, without the name.
    keep = keep or value.get("result") in ADOPTED
    found = {key: _without(each, seat_id, keep) for key, each in value.items()}
    if keep or not _is_by(value, seat_id):
        return found
    found |= {key: None for key in _PARTS if key in found}
    if "text" in found:
        found |= {"text": "", "translations": {}, "fields": {}, "author": None, "removed": True}
    return found
