"""The questions before and after a session: which there are, and what an answer may be.

Plain reading and checking. Source: measures.md, section 1; the wordings are in ``items.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from hub.errors import Invalid
from hub.people.rules import LANGUAGES, clean_text, is_blank

SHIPPED = Path(__file__).with_name("items.yaml")
# How many steps an item of each kind has; an open one is answered in words.
STEPS = {"scale": 5, "picture": 3, "open": 0}
PARTS = ("first", "dialogue", "more", "open")

When = Literal["before", "after"]
WHENS: tuple[When, ...] = ("before", "after")


@dataclass(frozen=True)
class Item:
    """One question in one wording. ``text`` is in both languages."""

    id: str
    version: int
    kind: str
    when: When
    text: dict[str, str]
    domain: str | None = None

    @property
    def values(self) -> tuple[int, ...]:
        """The answers in numbers, lowest first; none where one answers in words."""
        return tuple(range(1, STEPS[self.kind] + 1))


@dataclass(frozen=True)
class Form:
    """A page of items, in parts: ``first``, ``dialogue``, ``more`` and ``open``."""

    id: str
    when: When
    parts: dict[str, tuple[Item, ...]]

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for part in self.parts.values() for item in part)


@dataclass(frozen=True)
class Given:
    """An answer as it is kept: a number, words, or neither where they would rather not say."""

    value: int | None = None
    text: str = ""


@dataclass(frozen=True)
class Questions:
    """All wordings by id and version, and the forms made of the latest."""

    wordings: dict[tuple[str, int], Item]
    forms: dict[str, Form]
    changes: tuple[tuple[str, str], ...]
    domains: dict[str, dict[str, str]]
    scale: dict[int, dict[str, str]]
    picture: dict[int, dict[str, str]]
    unsure: dict[str, str]
    note: dict[str, str]

    def asked(self, *, dialogue: bool) -> dict[str, Form]:
        """The forms of a session; those of a ``dialogue`` hold the items added for charters."""
        return {
            form.id: Form(
                form.id,
                form.when,
                {
                    part: items
                    for part, items in form.parts.items()
                    if items and (dialogue or part != "dialogue")
                },
            )
            for form in self.forms.values()
        }

    def ids(self, when: When) -> tuple[str, ...]:
        """Every item asked ``before`` or ``after``, whatever the session."""
        return tuple(i.id for form in self.forms.values() if form.when == when for i in form.items)


@cache
def shipped() -> Questions:
    """The questions that come with the hub, read once."""
    return read_questions(yaml.safe_load(SHIPPED.read_text("utf-8")))


def read_questions(data: Mapping[str, Any]) -> Questions:
    """The questions as written.

    Raises ValueError where a wording lacks a language, a version is missing, an item stands in no
    form or in two, or a form or a change names an item that there is not.
    """
    when_of: dict[str, When] = {}
    for form in data["forms"].values():
        for id_ in (id_ for part in PARTS for id_ in form.get(part, ())):
            if id_ in when_of:
                raise ValueError(f"{id_} stands in two places")
            when_of[id_] = form["when"]
    wordings: dict[tuple[str, int], Item] = {}
    latest: dict[str, Item] = {}
    for row in data["items"]:
        item = _read_item(row, when_of, data["domains"])
        if item.version != (latest[item.id].version if item.id in latest else 0) + 1:
            raise ValueError(f"{item.id} has no version before {item.version}")
        wordings[item.id, item.version] = latest[item.id] = item
    if missing := sorted(set(when_of) - set(latest)):
        raise ValueError(f"no wording of {missing[0]}")
    forms = {
        id_: Form(
            id_,
            form["when"],
            {part: tuple(latest[i] for i in form.get(part, ())) for part in PARTS},
        )
        for id_, form in data["forms"].items()
    }
    changes = tuple((pair["before"], pair["after"]) for pair in data["changes"])
    for before, after in changes:
        if (when_of.get(before), when_of.get(after)) != ("before", "after"):
            raise ValueError(f"no change from {before} to {after}")
    return Questions(
        wordings,
        forms,
        changes,
        domains={name: _read_both(text, name) for name, text in data["domains"].items()},
        scale={step: _read_both(text, "scale") for step, text in data["scale"].items()},
        picture={step: _read_both(text, "picture") for step, text in data["picture"].items()},
        unsure=_read_both(data["unsure"], "unsure"),
        note=_read_both(data["note"], "note"),
    )


def _read_item(
    row: Mapping[str, Any], when_of: Mapping[str, When], domains: Mapping[str, Any]
) -> Item:
    id_, domain = row["id"], row.get("domain")
    if id_ not in when_of:
        raise ValueError(f"{id_} stands in no form")
    if row["kind"] not in STEPS:
        raise ValueError(f"{id_} is of no known kind")
    if domain is not None and domain not in domains:
        raise ValueError(f"{id_} is of no known domain")
    return Item(id_, row["version"], row["kind"], when_of[id_], _read_both(row, id_), domain)


def _read_both(row: Mapping[str, Any], name: str) -> dict[str, str]:
    text: dict[str, str] = {language: str(row.get(language) or "") for language in LANGUAGES}
    if not all(text.values()):
        raise ValueError(f"{name} lacks a language")
    return text


def read_answers(
    given: Mapping[str, object], items: Iterable[Item], *, limit: int
) -> dict[str, Given]:
    """What was answered, by item id; what was skipped is left out.

    ``None`` says that they would rather not say, and is kept for items with steps. ``limit`` is
    the most characters of an answer in words. Raises Invalid with a fault for each item.
    """
    known = {item.id: item for item in items}
    faults: dict[str, str] = {}
    found: dict[str, Given] = {}
    for id_, value in given.items():
        item = known.get(id_)
        if item is None:
            faults[f"/items/{id_}"] = "question_unknown"
        elif item.kind == "open":
            text = clean_text(value) if isinstance(value, str) else ""
            if value is not None and not isinstance(value, str):
                faults[f"/items/{id_}"] = "unreadable"
            elif len(text) > limit:
                faults[f"/items/{id_}"] = "text_too_long"
            elif not is_blank(text):
                found[id_] = Given(text=text)
        elif value is None:
            found[id_] = Given()
        # ``True`` is a number to Python and no answer to a person.
        elif isinstance(value, int) and not isinstance(value, bool) and value in item.values:
            found[id_] = Given(value)
        else:
            faults[f"/items/{id_}"] = "choice_unknown"
    if faults:
        raise Invalid(faults)
    return found
