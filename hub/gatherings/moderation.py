"""What facilitators see of moderation, what is counted of it, and the acts of pages and calls."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.gatherings import actions, rules
from hub.gatherings.models import Contribution, Gathering, access_contribution
from hub.gatherings.screens import Screens
from hub.gatherings.table import DEMONSTRATION, safe_cell
from hub.gatherings.views import moment
from hub.people.models import Account, Participant

COLUMNS = ("session", "title_sv", "title_en", "act", "kind", "reason", "count")
# What is counted for people stands in the place of a kind of post.
PEOPLE = "participant"


async def read_waiting(
    screens: Screens, tx: AsyncSession, gathering: Gathering
) -> dict[str, list[dict[str, Any]]]:
    """What a facilitator has to look at: posts that wait, and answers to posts that are hidden."""
    held = await actions.list_held(tx, gathering.id)
    hidden = await actions.list_hidden(tx, gathering.id)
    answered = [c for c in hidden if c.hidden_answer_at is not None]
    return {
        "held": await held_views(screens, tx, gathering, held),
        "answered": await screens.contribution_views(tx, gathering, answered, own=True),
    }


async def held_views(
    screens: Screens, tx: AsyncSession, gathering: Gathering, held: list[Contribution]
) -> list[dict[str, Any]]:
    """Posts that wait, with why; only for those who run the session."""
    found = await screens.contribution_views(tx, gathering, held, own=True)
    return [{**view, "held_why": c.held_why} for view, c in zip(found, held, strict=True)]


async def read_moderation(
    screens: Screens, tx: AsyncSession, gathering: Gathering
) -> dict[str, Any]:
    """Everything on moderation of a session, for those who run it."""
    hidden = await actions.list_hidden(tx, gathering.id)
    held = await actions.list_held(tx, gathering.id)
    out = await tx.scalars(
        select(Participant)
        .where(
            Participant.gathering_id == gathering.id,
            Participant.removed_at.is_not(None),
            Participant.withdrawn_at.is_(None),
        )
        .order_by(Participant.removed_at, Participant.id)
    )
    return {
        "slow_seconds": gathering.slow_seconds,
        "holds_risky": gathering.holds_risky,
        "held": await held_views(screens, tx, gathering, held),
        "hidden": await screens.contribution_views(tx, gathering, hidden, own=True),
        "removed": [
            {"id": p.id, "name": p.name, "reason": p.removed_reason, "at": moment(p.removed_at)}
            for p in out
        ],
        "counts": (await count_reasons(tx, [gathering.id])).get(gathering.id, []),
    }


async def count_reasons(
    tx: AsyncSession, gathering_ids: Iterable[str]
) -> dict[str, list[dict[str, Any]]]:
    """How often what was done for which reason, by session; without any text.

    ``held`` counts what has waited, also where it was let through or hidden since.
    """
    ids = list(gathering_ids)
    posts = await tx.execute(
        select(
            Contribution.gathering_id,
            Contribution.kind,
            Contribution.hidden_at,
            Contribution.hidden_code,
            Contribution.held_why,
        ).where(
            Contribution.gathering_id.in_(ids),
            Contribution.kind != "bot",
            Contribution.hidden_at.is_not(None) | Contribution.held_why.is_not(None),
        )
    )
    found: dict[str, Counter[tuple[str, str, str]]] = {}
    for each in posts:
        mine = found.setdefault(each.gathering_id, Counter())
        if each.hidden_at is not None:
            # Hidden before there was a list of reasons.
            mine["hidden", each.kind, each.hidden_code or "other"] += 1
        if each.held_why is not None:
            mine["held", each.kind, each.held_why] += 1
    people = await tx.execute(
        select(Participant.gathering_id, Participant.removed_reason).where(
            Participant.gathering_id.in_(ids), Participant.removed_at.is_not(None)
        )
    )
    for person in people:
        mine = found.setdefault(person.gathering_id, Counter())
        mine["removed_from_room", PEOPLE, person.removed_reason or "other"] += 1
    return {session: _in_order(counts) for session, counts in found.items()}


def _in_order(counts: Counter[tuple[str, str, str]]) -> list[dict[str, Any]]:
    acts = rules.COUNTED
    places = {(act, reason): n for n, (act, reason) in enumerate(acts)}
    listed = sorted(counts, key=lambda c: (places.get((c[0], c[2]), len(acts)), c[1], c[2]))
    return [
        {"act": act, "kind": kind, "reason": reason, "count": counts[act, kind, reason]}
        for act, kind, reason in listed
    ]


def counts_as_csv(sessions: Iterable[Gathering], counts: Mapping[str, list[dict[str, Any]]]) -> str:
    """The counts of sessions, one row for each act, kind of post and reason; no words of people.

    Rows of a demonstration say so.
    """
    listed = list(sessions)
    demonstration = any(g.demonstration for g in listed)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*COLUMNS, *((DEMONSTRATION,) if demonstration else ())))
    for gathering in listed:
        titles = [safe_cell(str(gathering.title.get(each) or "")) for each in ("sv", "en")]
        marks = ("yes" if gathering.demonstration else "",) if demonstration else ()
        for each in counts.get(gathering.id, []):
            told = (each["act"], each["kind"], each["reason"], each["count"])
            writer.writerow((gathering.id, *titles, *told, *marks))
    return out.getvalue()


async def export_counts(
    screens: Screens, account: Account, sessions: list[Gathering], *, gathering_id: str | None
) -> str:
    """The counts as CSV; that they were taken out is kept in the audit log."""
    async with screens.database.transaction() as tx:
        counts = await count_reasons(tx, [g.id for g in sessions])
        await note(
            tx,
            "exported",
            actor=account.id,
            now=screens.clock.now(),
            gathering_id=gathering_id,
            what="moderation",
            format="csv",
            sessions=len(sessions),
        )
    return counts_as_csv(sessions, counts)


# --- acts, by page and by call alike ----------------------------------------------------------


async def let_through(
    screens: Screens, account: Account, session_id: str, contribution_id: str
) -> None:
    now = screens.clock.now()

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        said = await access_contribution(tx, contribution_id)
        await actions.let_through(tx, gathering, said, account=account, now=now)

    await screens.carry_out(session_id, change)
    await screens.tell_author(contribution_id)


async def answer(screens: Screens, author: Participant, contribution_id: str, text: str) -> None:
    now = screens.clock.now()

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        said = await access_contribution(tx, contribution_id)
        await actions.answer_hiding(tx, gathering, said, author=author, text=text, now=now)

    await screens.carry_out(author.gathering_id, change)
    await screens.tell_author(contribution_id)


async def send_out(
    screens: Screens, account: Account, session_id: str, participant_id: str, reason: str
) -> None:
    now = screens.clock.now()
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.send_out(
            tx, g, participant_id, account=account, reason=reason, now=now
        ),
    )
    await screens.send_out(session_id, participant_id)


async def let_back_in(
    screens: Screens, account: Account, session_id: str, participant_id: str
) -> None:
    now = screens.clock.now()
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.let_back_in(tx, g, participant_id, account=account, now=now),
    )


async def change_settings(
    screens: Screens,
    account: Account,
    session_id: str,
    *,
    slow_seconds: int | None,
    holds_risky: bool | None,
) -> None:
    """Set slow mode and whether risky posts wait; None leaves that one as it is."""
    now = screens.clock.now()

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        await actions.set_moderation(
            tx,
            gathering,
            account=account,
            slow_seconds=gathering.slow_seconds if slow_seconds is None else slow_seconds,
            holds_risky=gathering.holds_risky if holds_risky is None else holds_risky,
            now=now,
        )

    await screens.carry_out(session_id, change)
