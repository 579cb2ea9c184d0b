"""Plain values of rules and purges, the same for the page and the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.gatherings.models import Gathering
from hub.gatherings.views import moment
from hub.retention import actions, rules
from hub.retention.models import Purge

# How many of those that are done are listed.
DONE_SHOWN = 100


def rule_view(rule: rules.Rule) -> dict[str, Any]:
    return {
        "kind": rule.kind,
        "days": rule.days,
        "decision": rule.decision,
        "deletes": rule.deletes,
        "default_days": rules.DEFAULT_DAYS[rule.kind],
    }


def purge_view(purge: Purge, *, title: Any, count: int) -> dict[str, Any]:
    """``count`` is what it would delete now, or what it did delete."""
    of_session = purge.kind in rules.OF_SESSIONS
    return {
        "id": purge.id,
        "kind": purge.kind,
        "session": purge.subject if of_session else None,
        "title": title,
        "week": None if of_session else rules.week_in(purge.subject),
        "state": purge.state,
        "decision": purge.decision,
        "announced_at": moment(purge.announced_at),
        "due_at": moment(purge.due_at),
        "held_at": moment(purge.held_at),
        "held_reason": purge.held_reason,
        "done_at": moment(purge.done_at),
        "count": count,
    }


async def read_retention(tx: AsyncSession) -> dict[str, Any]:
    """The rules, what is coming (soonest first), and what was done (latest first)."""
    kept = await actions.read_rules(tx)
    coming = list(
        await tx.scalars(
            select(Purge)
            .where(Purge.state.in_(("announced", "held")))
            .order_by(Purge.due_at, Purge.id)
        )
    )
    done = list(
        await tx.scalars(
            select(Purge)
            .where(Purge.state == "done")
            .order_by(Purge.done_at.desc(), Purge.id)
            .limit(DONE_SHOWN)
        )
    )
    counts = await actions.count_rows(tx, coming)
    titles = await _titles(tx, [*coming, *done])
    return {
        "rules": [rule_view(kept[kind]) for kind in rules.KINDS],
        "notice_days": rules.NOTICE_DAYS,
        "coming": [purge_view(p, title=titles.get(p.subject), count=counts[p.id]) for p in coming],
        "done": [purge_view(p, title=titles.get(p.subject), count=p.count) for p in done],
    }


async def read_purge(tx: AsyncSession, purge: Purge) -> dict[str, Any]:
    """One of them, as it is listed."""
    waits = purge.state in ("announced", "held")
    count = (await actions.count_rows(tx, [purge]))[purge.id] if waits else purge.count
    return purge_view(purge, title=(await _titles(tx, [purge])).get(purge.subject), count=count)


async def _titles(tx: AsyncSession, purges: Iterable[Purge]) -> dict[str, Any]:
    ids = {p.subject for p in purges if p.kind in rules.OF_SESSIONS}
    if not ids:
        return {}
    found = await tx.execute(select(Gathering.id, Gathering.title).where(Gathering.id.in_(ids)))
    return {row.id: row.title for row in found}
