"""Dissent whose people took their words back, or withdrew, leaves charters and their history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import rules
from hub.charters.actions.log import open_change
from hub.charters.models import CharterEvent, find_charter, list_charter_events, list_versions
from hub.db import secret_of
from hub.people.actions import raise_flag
from hub.people.rules import clean_text
from hub.sealing import keyed_hash

IsGone = Callable[[Mapping[str, Any]], bool]


async def withdraw_dissent(
    tx: AsyncSession, charter_id: str, *, is_gone: IsGone, now: datetime
) -> list[str]:
    """Erase dissent from a charter, its log and its versions, which tell that it was withdrawn.

    ``is_gone`` is asked with ``{"outcome", "dialogue", "group", "text"}``. Editors are told.
    Texts of principles stay as they are. Returns the ids of the principles that had it.
    Source: privacy-and-access.md, "Taking back".
    """
    if await find_charter(tx, charter_id) is None:
        return []
    change = await open_change(tx, charter_id, account=None, now=now)
    events = await list_charter_events(tx, charter_id)
    touched: dict[str, None] = {}
    told_by: set[str] = set()
    before = _withdrawn_in(change.there)

    def gone(entry: Mapping[str, Any]) -> bool:
        found = is_gone(entry)
        if found:
            told_by.update(_hashes(tx, entry["text"].values()))
        if found and entry.get("principle"):
            touched[str(entry["principle"])] = None
        return found

    erased = False
    for event in events:
        data = rules.without_dissent(event.data, gone)
        if data != event.data:
            event.data, erased = data, True
    if not erased:
        return []
    told = [rules.Event(e.number, e.at, e.kind, e.role, e.data) for e in events]
    for version in await list_versions(tx, charter_id):
        version.state = rules.state_of(rules.replay(e for e in told if e.number <= version.upto))
    change.state = rules.replay(told)
    # A charter that came as a file has its dissent inside the principle it belongs to.
    for principle_id, count in _withdrawn_in(change.there).items():
        if count > before.get(principle_id, 0):
            touched.setdefault(principle_id, None)
    for principle_id in touched:
        data = {"principle": principle_id, "hashes": sorted(told_by)}
        change.record("dissent_withdrawn", data)
        await raise_flag(tx, "charter", charter_id, place=principle_id, now=now)
    await tx.flush()
    return list(touched)


async def without_withdrawn(tx: AsyncSession, data: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data of a charter without the words of dissent that was withdrawn in this hub.

    A file may be older than the withdrawal, and bring it under any id. Its words are known again
    by their keyed hashes, which tell nobody what they were.
    """
    events = await tx.scalars(select(CharterEvent).where(CharterEvent.kind == "dissent_withdrawn"))
    known = {each for event in events for each in event.data.get("hashes", ())}

    def gone(entry: Mapping[str, Any]) -> bool:
        return bool(known & _hashes(tx, entry["text"].values()))

    found: dict[str, Any] = rules.without_dissent(data, gone) if known else dict(data)
    return found


def _hashes(tx: AsyncSession, texts: Iterable[object]) -> set[str]:
    """Of what was written, whatever the spaces and the case."""
    plain = (" ".join(clean_text(str(text)).casefold().split()) for text in texts)
    return {keyed_hash(secret_of(tx), "withdrawn dissent", text) for text in plain if text}


def _withdrawn_in(state: rules.State) -> dict[str, int]:
    """How much dissent was withdrawn from each principle, removed ones too."""
    return {
        p.id: sum(1 for d in p.dissent if d.get("withdrawn"))
        for p in (*state.principles, *state.removed)
    }
