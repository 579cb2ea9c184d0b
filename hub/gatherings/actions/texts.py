"""Texts that come in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from hub.people.rules import LANGUAGES, clean_text, is_blank


def read_both(value: object, pointer: str, faults: dict[str, str], *, limit: int) -> dict[str, str]:
    """A text in both languages, cleaned; what is wrong with it is added to ``faults``."""
    texts: dict[str, str] = {}
    for language in LANGUAGES:
        raw = value.get(language) if isinstance(value, Mapping) else None
        text = clean_text(raw) if isinstance(raw, str) else ""
        if is_blank(text):
            faults[f"{pointer}/{language}"] = "text_missing"
        elif len(text) > limit:
            faults[f"{pointer}/{language}"] = "text_too_long"
        texts[language] = text
    return texts
