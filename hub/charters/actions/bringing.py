"""Charters that begin here, come from files, or come with the hub."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import files, rules
from hub.charters.actions.log import Change, open_change
from hub.charters.actions.withdrawing import without_withdrawn
from hub.charters.actions.writing import read_description
from hub.charters.models import Charter, find_charter
from hub.errors import Invalid, Refusal
from hub.language.actions import ShippedPair
from hub.people.models import Account
from hub.people.rules import clean_text, is_blank

CHARTER_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
# Addresses of pages beside those of the charters.
RESERVED_IDS = ("import", "new")
STATEMENT_LIMIT = 1000


async def create_charter(
    tx: AsyncSession, data: Mapping[str, Any], *, account: Account, now: datetime
) -> rules.State:
    """Begin a charter of one's own: title, preamble, audience, source, ``source_language``.

    ``id`` is made from the title where it is left out. Raises Invalid, and Refusal where there is
    one by that id.
    """
    source_language = data.get("source_language") or "both"
    if source_language not in rules.SOURCE_LANGUAGES:
        raise Invalid({"/source_language": "language_unknown"})
    empty = rules.State(id="", source_language=source_language)
    described = read_description(empty, {**data, "title": data.get("title") or {}})
    charter_id = data.get("id") or await _free_id(tx, described["title"])
    described["source"] = {**files.NO_SOURCE, "may_store_text": True, **described.get("source", {})}
    state = rules.State(id=charter_id, source_language=source_language, **described)
    change = await _begin(tx, charter_id, account=account, now=now)
    return change.record("created", {"state": rules.state_of(state)})


async def _free_id(tx: AsyncSession, title: Mapping[str, str]) -> str:
    name = slug(title)
    taken = set(await tx.scalars(select(Charter.id).where(Charter.id.startswith(name))))
    taken |= set(RESERVED_IDS)
    return next(
        found
        for found in (name, *(f"{name}-{n}" for n in range(2, len(taken) + 3)))
        if found not in taken
    )


def slug(title: Mapping[str, str]) -> str:
    """An id out of a title: a–z, 0–9 and hyphens, short enough for a number after it."""
    for language in rules.LANGUAGES:
        plain = unicodedata.normalize("NFKD", title.get(language, ""))
        letters = "".join(c for c in plain.lower() if not unicodedata.combining(c))
        if found := re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:40].strip("-"):
            return found
    return "charter"


async def _begin(
    tx: AsyncSession, charter_id: str, *, account: Account | None, now: datetime
) -> Change:
    if not CHARTER_ID.fullmatch(charter_id) or charter_id in RESERVED_IDS:
        raise Invalid({"/id": "id_unreadable"})
    if await find_charter(tx, charter_id):
        raise Refusal("charter_exists")
    charter = _row(charter_id, now=now, demonstration=False)
    tx.add(charter)
    # The log points at the row.
    await tx.flush()
    return Change(tx, charter, account=account, now=now)


def _row(charter_id: str, *, now: datetime, demonstration: bool) -> Charter:
    return Charter(
        id=charter_id,
        number=0,
        state={},
        demonstration=demonstration,
        created_at=now,
        updated_at=now,
    )


async def import_charter(
    tx: AsyncSession,
    data: Mapping[str, Any],
    *,
    right: str | None = None,
    may_publish: bool | None = None,
    into: str | None = None,
    account: Account | None,
    now: datetime,
) -> rules.State:
    """Take in a charter as ``files`` reads it.

    ``right``: the statement of whoever brings a text that others wrote of their right to use it;
    without it only our own (``original``) and entries without text come in. ``may_publish``: that
    right covers showing it to everybody; None: as the file says. ``into``: the entry without text
    whose text this is, which keeps what it says of its source. Dissent that was withdrawn in this
    hub does not come back with an older file.
    Raises NotFound, Invalid, and Refusal where there is a charter by that id, or text in ``into``.
    """
    data = await without_withdrawn(tx, data)
    state = rules.read_state(data)
    if into is not None:
        return await _import_into(
            tx, into, state, right=right, may_publish=may_publish, account=account, now=now
        )
    state = _with_right(state, right, may_publish, account, now)
    charter_id = state.id or await _free_id(tx, state.title)
    change = await _begin(tx, charter_id, account=account, now=now)
    return _write(change, rules.State(**{**vars(state), "id": charter_id}), data)


def _write(change: Change, state: rules.State, data: Mapping[str, Any]) -> rules.State:
    """The earlier versions of a file first, each as it was, then the charter as it is."""
    kind = "created"
    for version in data.get("history") or ():
        before = {**rules.state_of(state), "removed": [], **version}
        change.record(kind, {"state": before})
        change.keep_version()
        kind = "imported"
    return change.record(kind, {"state": rules.state_of(state)})


def _with_right(
    state: rules.State,
    right: str | None,
    may_publish: bool | None,
    account: Account | None,
    now: datetime,
) -> rules.State:
    if state.kind == "original" or not state.principles:
        return state
    statement = clean_text(right or "")
    if is_blank(statement):
        raise Invalid({"/right": "right_missing"})
    told = {
        "statement": statement[:STATEMENT_LIMIT],
        "on": now.date().isoformat(),
        "by_role": account.role if account else "system",
    }
    publish = state.source.get("may_publish_translation") is True
    source = {
        **state.source,
        "may_store_text": True,
        "may_publish_translation": publish if may_publish is None else may_publish,
    }
    return rules.State(**{**vars(state), "kind": "import", "right": told, "source": source})


async def _import_into(
    tx: AsyncSession,
    charter_id: str,
    brought: rules.State,
    *,
    right: str | None,
    may_publish: bool | None,
    account: Account | None,
    now: datetime,
) -> rules.State:
    change = await open_change(tx, charter_id, account=account, now=now)
    entry = change.there
    if entry.principles or entry.removed:
        raise Refusal("charter_has_text")
    if not brought.principles:
        raise Invalid({"/principles": "principles_missing"})
    kind = "original" if entry.kind == "original" else "import"
    state = rules.State(
        **{
            **vars(entry),
            "kind": kind,
            "preamble": brought.preamble or entry.preamble,
            "source_language": brought.source_language,
            "principles": brought.principles,
        }
    )
    state = _with_right(state, right, may_publish, account, now)
    return change.record("imported", {"state": rules.state_of(state)})


async def load_shipped(tx: AsyncSession, *, now: datetime, demonstration: bool) -> int:
    """Add the charters that come with the hub where they are missing. Returns how many.

    What was edited is left alone. They are drafts by a person, and entries without text.
    """
    known = set(await tx.scalars(select(Charter.id)))
    new = [data for data in files.shipped() if data["id"] not in known]
    added = 0
    for data in new:
        row = _row(data["id"], now=now, demonstration=demonstration)
        try:
            async with tx.begin_nested():
                tx.add(row)
                await tx.flush()
                _write(Change(tx, row, account=None, now=now), rules.read_state(data), data)
                await tx.flush()
        except IntegrityError:
            # Another process that starts at the same time has added it.
            continue
        added += 1
    return added


def shipped_pairs() -> list[ShippedPair]:
    """The words of the charters that ship and that a person wrote in both languages."""
    found: dict[ShippedPair, None] = {}
    for data in files.shipped():
        state = rules.read_state(data)
        if state.source_language != "both":
            continue
        pairs = [(state.title, state.preamble)]
        sides = [
            {language: side.get(language, "") for language in rules.LANGUAGES} for side in pairs[0]
        ]
        sides += [
            {language: getattr(text, part) for language, text in p.texts.items()}
            for p in state.principles
            if all(text.origin == "person" for text in p.texts.values())
            for part in ("title", "text")
        ]
        for side in sides:
            if side["sv"] and side["en"]:
                found[ShippedPair("charter", "sv", side["sv"], side["en"])] = None
                found[ShippedPair("charter", "en", side["en"], side["sv"])] = None
    return list(found)
