"""The texts that people say yes to: the one that ships with the hub, and an organiser's own.

A text is data: a version, the day it counts from, and in both languages a short and a full text,
the words of each choice and the questions that check that it was understood. It is kept for good,
since somebody has read it: a version never comes to mean something else.
Source: privacy-and-access.md, "Consent model".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from hub.people.rules import CONSENT_CHOICES, LANGUAGES
from hub.settings import SettingsError

SHIPPED: Final = Path(__file__).parent / "consent"
VERSION_LETTERS: Final = 20
FILE_LIMIT_BYTES: Final = 200_000
ANSWERS: Final = (2, 3)
QUESTIONS: Final = 2
_NAMES: Final = {"version", "date", "short", "full", "choices", "questions", "news"}


class TextError(SettingsError):
    """One clear line that says which file is wrong, and where in it."""


@dataclass(frozen=True)
class Text:
    """A version of what people say yes to. ``data`` is all that is shown of it."""

    version: str
    from_at: datetime
    data: Mapping[str, Any]

    @property
    def content_hash(self) -> str:
        shown = {name: value for name, value in self.data.items() if name != "shipped"}
        return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()

    @property
    def questions(self) -> list[dict[str, Any]]:
        return list(self.data["questions"])


def read_text(raw: bytes, name: str, *, shipped: bool = False) -> Text:
    """A text from a file. Raises TextError, one line with the file's ``name`` and the place."""
    if len(raw) > FILE_LIMIT_BYTES:
        raise TextError(f"{name}: larger than {FILE_LIMIT_BYTES} bytes")
    try:
        found = yaml.safe_load(raw)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise TextError(f"{name}{line}: this is no YAML") from error
    try:
        return _text(found, shipped=shipped)
    except _Fault as fault:
        raise TextError(f"{name}: {fault}") from fault


@cache
def shipped_texts() -> tuple[Text, ...]:
    """The texts that come with the hub, oldest first."""
    files = sorted(SHIPPED.glob("*.yaml"))
    texts = [read_text(path.read_bytes(), path.name, shipped=True) for path in files]
    return tuple(sorted(texts, key=lambda text: text.from_at))


def list_texts(own: Path) -> list[Text]:
    """The shipped texts and those in the folder ``own``, each version once, oldest first.

    Raises TextError for a file that is no text, and for two files with one version.
    """
    found = {text.version: text for text in shipped_texts()}
    files = sorted(own.glob("*.y*ml")) if own.is_dir() else []
    for path in files:
        text = read_text(path.read_bytes(), path.name)
        if text.version in found:
            raise TextError(f"{path.name}: there is already a text with version {text.version}")
        found[text.version] = text
    return sorted(found.values(), key=lambda text: (text.from_at, text.version))


class _Fault(Exception):
    """What is wrong, after the place where it is."""


def _text(found: object, *, shipped: bool) -> Text:
    if not isinstance(found, Mapping):
        raise _Fault("must be a list of names, such as version, date and short")
    if unknown := sorted(str(name) for name in set(found) - _NAMES):
        raise _Fault(f"{unknown[0]}: nothing is called that")
    version = found.get("version")
    if not isinstance(version, str) or not version.strip() or len(version) > VERSION_LETTERS:
        raise _Fault(
            f'version: must be 1 to {VERSION_LETTERS} letters in quotes, such as "2027-01"'
        )
    data: dict[str, Any] = {
        "version": version.strip(),
        "date": _day(found.get("date")),
        "short": _paragraphs(found.get("short"), "short"),
        "full": _sections(found.get("full")),
        "choices": _choices(found.get("choices")),
        "questions": _questions(found.get("questions")),
        "news": _paragraphs(found["news"], "news") if found.get("news") else None,
        "shipped": shipped,
    }
    day = date.fromisoformat(data["date"])
    return Text(data["version"], datetime(day.year, day.month, day.day, tzinfo=UTC), data)


def _day(value: object) -> str:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError as error:
        raise _Fault("date: must be a day, such as 2027-01-15") from error
    return (day.date() if isinstance(day, datetime) else day).isoformat()


def _words(value: object, place: str) -> dict[str, str]:
    """A text in both languages."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        words = value.get(language) if isinstance(value, Mapping) else None
        if not isinstance(words, str) or not words.strip():
            raise _Fault(f"{place}: {language} is missing")
        found[language] = words.strip()
    return found


def _paragraphs(value: object, place: str) -> dict[str, list[str]]:
    """Paragraphs in both languages."""
    found: dict[str, list[str]] = {}
    for language in LANGUAGES:
        listed = value.get(language) if isinstance(value, Mapping) else None
        listed = [listed] if isinstance(listed, str) else listed
        if not isinstance(listed, list) or not listed:
            raise _Fault(f"{place}: {language} is missing")
        if not all(isinstance(each, str) and each.strip() for each in listed):
            raise _Fault(f"{place}: {language} must be a list of texts")
        found[language] = [each.strip() for each in listed]
    return found


def _sections(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value:
        raise _Fault("full: must be a list of parts, each with title and text")
    found = []
    for number, part in enumerate(value, 1):
        place = f"full, part {number}"
        if not isinstance(part, Mapping):
            raise _Fault(f"{place}: must have title and text")
        found.append(
            {
                "title": _words(part.get("title"), f"{place}, title"),
                "text": _paragraphs(part.get("text"), f"{place}, text"),
            }
        )
    return found


def _choices(value: object) -> list[dict[str, Any]]:
    """In the order of the form. A choice that a text does not have is not asked, and is no."""
    if not isinstance(value, Mapping) or "take_part" not in value:
        raise _Fault("choices: take_part is missing")
    if unknown := sorted(str(name) for name in set(value) - set(CONSENT_CHOICES)):
        raise _Fault(f"choices: {unknown[0]} is none of {', '.join(CONSENT_CHOICES)}")
    found = []
    for choice in (c for c in CONSENT_CHOICES if c in value):
        place, words = f"choices, {choice}", value[choice]
        if not isinstance(words, Mapping):
            raise _Fault(f"{place}: must have label and hint")
        hint = _words(words["hint"], f"{place}, hint") if words.get("hint") else None
        found.append(
            {"id": choice, "label": _words(words.get("label"), f"{place}, label"), "hint": hint}
        )
    return found


def _questions(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) != QUESTIONS:
        raise _Fault(f"questions: there must be {QUESTIONS}")
    found = [_question(each, f"questions, number {n}") for n, each in enumerate(value, 1)]
    if [question["id"] for question in found] != ["q1", "q2"]:
        raise _Fault("questions: their ids must be q1 and q2, in this order")
    return found


def _question(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _Fault(f"{place}: must have id, question, answers, right and explanation")
    listed = value.get("answers")
    if not isinstance(listed, list) or len(listed) not in ANSWERS:
        raise _Fault(f"{place}, answers: there must be 2 or 3")
    answers = []
    for number, answer in enumerate(listed, 1):
        where = f"{place}, answer {number}"
        known = answer.get("id") if isinstance(answer, Mapping) else None
        if not isinstance(known, str) or not known.isalnum() or len(known) > 10:
            raise _Fault(f"{where}: must have an id, such as a")
        answers.append({"id": known, "text": _words(answer.get("text"), f"{where}, text")})
    ids = [str(answer["id"]) for answer in answers]
    if len(set(ids)) != len(ids):
        raise _Fault(f"{place}, answers: two have the same id")
    if value.get("right") not in ids:
        raise _Fault(f"{place}, right: must be one of {', '.join(ids)}")
    return {
        "id": str(value.get("id")),
        "question": _words(value.get("question"), f"{place}, question"),
        "answers": answers,
        "right": value["right"],
        "explanation": _words(value.get("explanation"), f"{place}, explanation"),
    }
