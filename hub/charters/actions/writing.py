"""Words and places: principles added, moved, removed and brought back; texts changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import rules
from hub.charters.actions.log import open_change, read_line, read_words
from hub.charters.models import find_draft
from hub.errors import Invalid, NotFound, Refusal
from hub.people.models import Account
from hub.people.rules import clean_text, is_blank


async def change_text(
    tx: AsyncSession,
    charter_id: str,
    principle_id: str,
    language: str,
    *,
    title: str,
    text: str,
    based_on: int | None = None,
    substance: bool = False,
    origin: str = "person",
    engine: str = "",
    outcome: str | None = None,
    account: Account | None,
    now: datetime,
) -> rules.State:
    """Give a principle new words in one language; its statuses fall back by rule.

    ``based_on``: the revision of the text that the writer had before them. ``substance``: the
    change says something else, so that the other language has to follow; it is asked where both
    were written side by side. ``outcome``: the dialogue's, whose agreed words these are. The
    writer's kept draft of this text is dropped. Words that stand there already change nothing.
    Raises NotFound, Invalid, and Refusal ``text_changed_meanwhile`` with the present ``title``,
    ``text`` and ``revision`` where somebody saved others meanwhile.
    """
    change = await open_change(tx, charter_id, account=account, now=now)
    principle = change.principle(principle_id)
    _check_language(language)
    if origin not in rules.ORIGINS:
        raise Invalid({"/origin": "origin_unknown"})
    if origin == "machine":
        engine = read_line(engine, "/engine", "engine_missing", limit=200)
    title, text = read_words(title, text)
    present = principle.texts[language]
    same = (present.title, present.text) == (title, text)
    if not same and based_on is not None and based_on != present.revision:
        raise Refusal("text_changed_meanwhile", **present.words, revision=present.revision)
    if account is not None:
        draft = await find_draft(tx, charter_id, principle_id, language, account_id=account.id)
        if draft is not None:
            await tx.delete(draft)
    if same:
        return change.there
    return change.record(
        "text_changed",
        {
            "principle": principle_id,
            "language": language,
            "title": title,
            "text": text,
            "origin": origin,
            "engine": engine,
            "substance": substance,
            "outcome": outcome,
        },
    )


def _check_language(language: str) -> None:
    if language not in rules.LANGUAGES:
        raise NotFound("principle_not_found")


async def add_principle(
    tx: AsyncSession,
    charter_id: str,
    *,
    texts: Mapping[str, Mapping[str, str]],
    position: int | None = None,
    account: Account | None,
    now: datetime,
) -> rules.State:
    """Add a principle at a place (from 0; None: the last) under an id of its own.

    ``texts``: ``{"sv": {"title", "text"}, …}`` in the language that the charter was written in, in
    both where both are its source. Raises NotFound, Invalid, Refusal.
    """
    change = await open_change(tx, charter_id, account=account, now=now)
    state = change.there
    if state.kind == "metadata_only":
        raise Refusal("charter_without_text")
    if len(state.principles) >= rules.PRINCIPLE_LIMIT:
        raise Invalid({"/texts": "principles_too_many"})
    _check_position(position, len(state.principles))
    taken = {p.id for p in (*state.principles, *state.removed)}
    number = next(n for n in range(len(taken) + 1, 10**6) if _own_id(state.id, n) not in taken)
    data = {
        "id": _own_id(state.id, number),
        "position": position,
        "texts": _new_texts(state, texts),
    }
    return change.record("principle_added", data)


def _new_texts(
    state: rules.State, texts: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    faults: dict[str, str] = {}
    for language in rules.LANGUAGES:
        given = texts.get(language) or {}
        title, text = str(given.get("title") or ""), str(given.get("text") or "")
        wanted = language in rules.source_languages(state.source_language)
        if not wanted and is_blank(title) and is_blank(text):
            continue
        try:
            title, text = read_words(title, text, at=f"/texts/{language}")
        except Invalid as fault:
            faults |= fault.fields
        found[language] = {"title": title, "text": text, "origin": "person"}
    if faults:
        raise Invalid(faults)
    return found


def _own_id(charter_id: str, number: int) -> str:
    """``vi-skapar-tillsammans`` makes ``vst-11``: initials and a number, as in those that ship."""
    initials = "".join(part[0] for part in charter_id.split("-") if part)
    return f"{initials[:10]}-{number}"


def _check_position(position: int | None, last: int) -> None:
    if position is not None and not 0 <= position <= last:
        raise Invalid({"/position": "position_unknown"})


async def move_principle(
    tx: AsyncSession,
    charter_id: str,
    principle_id: str,
    *,
    position: int,
    account: Account | None,
    now: datetime,
) -> rules.State:
    """Put a principle at another place, from 0. Raises NotFound, Invalid."""
    change = await open_change(tx, charter_id, account=account, now=now)
    change.principle(principle_id)
    _check_position(position, len(change.there.principles) - 1)
    if change.there.principles[position].id == principle_id:
        return change.there
    return change.record("principle_moved", {"id": principle_id, "position": position})


async def remove_principle(
    tx: AsyncSession,
    charter_id: str,
    principle_id: str,
    *,
    why: str = "",
    account: Account | None,
    now: datetime,
) -> rules.State:
    """Take a principle out of the charter; its texts are kept. Raises NotFound."""
    change = await open_change(tx, charter_id, account=account, now=now)
    change.principle(principle_id)
    data = {"id": principle_id, "why": clean_text(why)[:2000]}
    return change.record("principle_removed", data)


async def restore_principle(
    tx: AsyncSession,
    charter_id: str,
    principle_id: str,
    *,
    position: int | None = None,
    account: Account | None,
    now: datetime,
) -> rules.State:
    """Bring a removed principle back, as it was. Raises NotFound, Invalid."""
    change = await open_change(tx, charter_id, account=account, now=now)
    if not any(p.id == principle_id for p in change.there.removed):
        raise NotFound("principle_not_found")
    _check_position(position, len(change.there.principles))
    return change.record("principle_restored", {"id": principle_id, "position": position})


async def mark_terms(
    tx: AsyncSession,
    charter_id: str,
    principle_id: str,
    *,
    terms: Sequence[str],
    account: Account | None,
    now: datetime,
) -> rules.State:
    """Say which terms of the glossary a principle uses. Raises NotFound."""
    change = await open_change(tx, charter_id, account=account, now=now)
    principle = change.principle(principle_id)
    cleaned = [" ".join(clean_text(term).split())[:80] for term in terms]
    wanted = tuple(dict.fromkeys(term for term in cleaned if not is_blank(term)))[:50]
    if wanted == principle.glossary_terms:
        return change.there
    return change.record("terms_marked", {"principle": principle_id, "terms": list(wanted)})


_SOURCE_TEXTS = ("organisation", "country", "citation", "licence")
_SOURCE_FLAGS = ("may_store_text", "may_publish_translation")


async def describe(
    tx: AsyncSession,
    charter_id: str,
    data: Mapping[str, Any],
    *,
    account: Account | None,
    now: datetime,
) -> rules.State:
    """Change what a charter is called and said to be; what ``data`` does not name stays.

    ``title``, ``preamble``, ``audience``, ``themes``: texts by language. ``source``: the fields of
    ``charters.md``, section 1. Raises NotFound, Invalid with a pointer for each fault.
    """
    change = await open_change(tx, charter_id, account=account, now=now)
    wanted = read_description(change.there, data)
    changed = {
        name: value for name, value in wanted.items() if value != getattr(change.there, name)
    }
    return change.record("described", changed) if changed else change.there


def read_description(state: rules.State, data: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a description that ``data`` names, cleaned. Raises Invalid."""
    faults: dict[str, str] = {}
    found: dict[str, Any] = {}
    for name in ("title", "preamble", "audience", "themes"):
        if isinstance(data.get(name), Mapping):
            limit = rules.TITLE_LIMIT if name == "title" else rules.TEXT_LIMIT
            found[name] = _texts(name, data[name], limit, faults)
    if "title" in found:
        needed = rules.source_languages(state.source_language)
        faults |= {
            f"/title/{language}": "title_missing"
            for language in needed
            if not found["title"].get(language)
        }
    if isinstance(data.get("source"), Mapping):
        found["source"] = {**state.source, **_source(data["source"], faults)}
    if faults:
        raise Invalid(faults)
    return found


def _texts(
    name: str, given: Mapping[str, Any], limit: int, faults: dict[str, str]
) -> dict[str, str]:
    texts = {language: clean_text(str(given.get(language) or "")) for language in rules.LANGUAGES}
    for language, text in texts.items():
        if len(text) > limit:
            faults[f"/{name}/{language}"] = "text_too_long"
    return {language: text for language, text in texts.items() if not is_blank(text)}


def _source(given: Mapping[str, Any], faults: dict[str, str]) -> dict[str, Any]:
    source: dict[str, Any] = {
        name: clean_text(str(given[name] or ""))[:1000] for name in _SOURCE_TEXTS if name in given
    }
    source |= {name: given[name] is True for name in _SOURCE_FLAGS if name in given}
    if "year" in given:
        source["year"] = given["year"]
        if not (source["year"] is None or _is_year(source["year"])):
            faults["/source/year"] = "year_unreadable"
    if source.get("country") and not re.fullmatch(r"[A-Z]{2}|INT", source["country"]):
        faults["/source/country"] = "country_unknown"
    return source


def _is_year(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1000 <= value <= 2200
