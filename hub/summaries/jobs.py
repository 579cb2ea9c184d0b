"""What is done with summaries by itself: statements translated, and the end of the seven days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.gatherings.screens import Screens
from hub.language.actions import terms_of, translate_all
from hub.language.models import AddedTerm, list_terms_in_use
from hub.language.text import Language
from hub.language.translator import Service
from hub.people.models import Participant
from hub.schedule.jobs import Handlers, Outcome
from hub.schedule.models import Task
from hub.summaries import actions
from hub.summaries.models import Summary

BATCH = 100


async def translate_summaries(screens: Screens, translator: Service) -> int:
    """Translate statements that have words in one language alone, as drafts; how many.

    Rooms come first. What could not be translated is tried again the next time.
    """
    done, after = 0, ""
    while True:
        async with screens.database.reading() as tx:
            waiting = await actions.list_waiting(tx, limit=BATCH, after=after)
            rooms = {w.gathering_id for w in waiting if w.gathering_id}
            added = await list_terms_in_use(tx, rooms)
            people = await tx.execute(
                select(Participant.gathering_id, Participant.name).where(
                    Participant.gathering_id.in_(rooms), Participant.withdrawn_at.is_(None)
                )
            )
            names: dict[str, list[str]] = defaultdict(list)
            for room, name in people:
                names[room].append(name)
        if not waiting:
            return done
        after = waiting[-1].statement_id
        made: list[tuple[actions.Waiting, str]] = []
        for source, target in (("sv", "en"), ("en", "sv")):
            mine = [w for w in waiting if (w.source, w.target) == (source, target)]
            made += await _translated(screens, translator, mine, added, names)
        if made:
            async with screens.database.transaction() as tx:
                done += await actions.put_translations(tx, made)


async def _translated(
    screens: Screens,
    translator: Service,
    waiting: list[actions.Waiting],
    added: Mapping[str | None, Sequence[AddedTerm]],
    names: dict[str, list[str]],
) -> list[tuple[actions.Waiting, str]]:
    if not waiting:
        return []
    source: Language = waiting[0].source
    found = await translate_all(
        translator,
        [w.text for w in waiting],
        source=source,
        target=waiting[0].target,
        database=screens.database,
        scopes=[w.gathering_id for w in waiting],
        names=[names.get(w.gathering_id or "", []) for w in waiting],
        terms=[terms_of(added, w.gathering_id) for w in waiting],
        urgent=False,
    )
    return [
        (w, t.text) for w, t in zip(waiting, found, strict=True) if t.status != "failed" and t.text
    ]


async def end_confirming(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
    """The seven days are over: how many points wait for the editor is kept for the page.

    Nothing is published by itself.
    """
    summary = await tx.get(Summary, task.about)
    if summary is None or summary.state != "confirming" or summary.confirm_until is None:
        return Outcome("dropped", "no_longer")
    if now < summary.confirm_until:
        return Outcome(again_at=summary.confirm_until)
    points = await actions.list_points(tx, summary.id)
    waiting = sum(1 for p in points if p.answer == "contest" and p.settled_at is None)
    return Outcome(count=waiting)


def handlers() -> Handlers:
    """The timed tasks of this room, for the scheduler."""
    return {"confirm_ends": end_confirming}, {}
