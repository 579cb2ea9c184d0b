"""Timed work of gatherings: rows that are due, claimed one by one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.chatbot.moves import FACILITATORS, Line, words
from hub.db import claim
from hub.gatherings import actions, rules
from hub.gatherings.models import (
    BotLine,
    Contribution,
    Gathering,
    Translation,
    find_gathering,
    list_bot_lines,
)
from hub.gatherings.screens import Screens
from hub.gatherings.watch import due_lines, read_watch
from hub.language.translator import Service, Translated
from hub.people.models import Participant

log = structlog.get_logger(__name__)
BATCH = 32
CLAIM_SECONDS = 60
RETRY_SECONDS = (5, 30, 120)
# What a later try may mend; a missing package is mended by people or by a new package.
WORTH_A_RETRY = ("overloaded", "engine")


@dataclass(frozen=True)
class Waiting:
    """A claimed translation: its texts by name, from one language to another."""

    translation_id: str
    contribution_id: str
    gathering_id: str
    source: str
    target: str
    texts: dict[str, str]
    attempts: int


async def translate_waiting(screens: Screens, translator: Service) -> int:
    """Translate what waits, until nothing is due. Returns how many were done.

    No transaction is open while the engine works; what a killed process had claimed is due again
    after a minute.
    """
    done = 0
    while waiting := await _claim_waiting(screens):
        answers = await _translated(translator, waiting)
        for gathering_id, finished in answers.items():
            await _put_in_place(screens, gathering_id, finished)
        done += len(waiting)
    return done


async def _claim_waiting(screens: Screens) -> list[Waiting]:
    now = screens.clock.now()
    # Claims are kept in wall time even where the clock runs fast, since engines do not.
    until = now + timedelta(seconds=CLAIM_SECONDS * screens.clock.speed)
    async with screens.database.transaction() as tx:
        rows = await tx.execute(
            select(Translation, Contribution)
            .join(Contribution, Contribution.id == Translation.contribution_id)
            .where(Translation.due_at <= now)
            .order_by(Translation.due_at)
            .limit(BATCH)
        )
        claimed = []
        for translation, said in list(rows):
            if await claim(tx, _claim_of(translation, until)):
                claimed.append(
                    Waiting(
                        translation_id=translation.id,
                        contribution_id=said.id,
                        gathering_id=said.gathering_id,
                        source=said.language,
                        target=translation.language,
                        texts=actions.texts_to_translate(said),
                        attempts=translation.attempts + 1,
                    )
                )
        return claimed


def _claim_of(translation: Translation, until: datetime) -> Any:
    return (
        update(Translation)
        .where(Translation.id == translation.id, Translation.due_at == translation.due_at)
        .values(due_at=until, attempts=Translation.attempts + 1)
        .execution_options(synchronize_session=False)
    )


async def _translated(
    translator: Service, waiting: list[Waiting]
) -> dict[str, list[tuple[Waiting, actions.Finished]]]:
    """All texts of one direction in one call to the engine."""
    by_direction: dict[tuple[str, str], list[Waiting]] = defaultdict(list)
    for item in waiting:
        by_direction[item.source, item.target].append(item)
    finished: dict[str, list[tuple[Waiting, actions.Finished]]] = defaultdict(list)
    for (source, target), items in by_direction.items():
        texts = [text for item in items for text in item.texts.values()]
        results = iter(
            await translator.translate(texts, source=source, target=target)  # type: ignore[arg-type]
        )
        for item in items:
            answers = {name: next(results) for name in item.texts}
            finished[item.gathering_id].append((item, _finished(item, answers)))
    return finished


def _finished(item: Waiting, answers: dict[str, Translated]) -> actions.Finished:
    """One answer for a contribution: it failed where what was said failed."""
    main = answers.get("text") or next(iter(answers.values()))
    texts = {name: a.text for name, a in answers.items() if a.status == "machine"}
    doubt = main.doubt
    return actions.Finished(
        translation_id=item.translation_id,
        contribution_id=item.contribution_id,
        texts=texts,
        status=main.status,
        reason=main.reason,
        doubt={"score": doubt.score, "reasons": list(doubt.reasons)} if doubt else None,
        model=main.model[:60],
    )


async def _put_in_place(
    screens: Screens, gathering_id: str, finished: list[tuple[Waiting, actions.Finished]]
) -> None:
    now = screens.clock.now()

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        await actions.add_translations(tx, gathering, [f for _, f in finished], now=now)
        for item, answer in finished:
            if answer.status == "failed" and answer.reason in WORTH_A_RETRY:
                await _try_later(tx, item, now)

    await screens.carry_out(gathering_id, change)


async def _try_later(tx: AsyncSession, item: Waiting, now: datetime) -> None:
    if item.attempts > len(RETRY_SECONDS):
        return
    translation = await tx.get(Translation, item.translation_id)
    if translation is not None and translation.status == "failed":
        translation.due_at = now + timedelta(seconds=RETRY_SECONDS[item.attempts - 1])


async def keep_time(screens: Screens) -> None:
    """When a phase runs out of time, ask the room; where the organiser chose so, move on."""
    now = screens.clock.now()
    async with screens.database.reading() as tx:
        found = await tx.scalars(
            select(Gathering.id).where(
                Gathering.state == "running",
                Gathering.ends_at <= now,
                Gathering.time_up_at.is_(None),
            )
        )
        due = list(found)
    for gathering_id in due:
        await screens.carry_out(gathering_id, _time_up(screens))


def _time_up(screens: Screens) -> Any:
    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        now = screens.clock.now()
        # Read again under the lock: somebody may have given more time or moved on.
        if gathering.time_up_at is not None or not gathering.stage.time_is_up(now):
            return
        last = gathering.phase_index == len(gathering.form.phases) - 1
        if gathering.advance_by_itself and not last:
            event = rules.advance(
                gathering.stage, gathering.form, now, exit_met=True, force=False, reason=""
            )
            await actions.move(tx, gathering, event, account=None, kind="advanced_by_itself")
            return
        quiet_since = gathering.last_activity_at
        phase = gathering.form.phases[gathering.phase_index or 0].id
        event = rules.Event("time_up", now, {"phase": phase})
        gathering.stage_revision = actions.record(tx, gathering, event, actor=None)
        gathering.time_up_at = now
        gathering.last_activity_at = quiet_since

    return change


async def think(screens: Screens) -> None:
    """Let the chatbot look at every running session, and say what has waited long enough."""
    async with screens.database.reading() as tx:
        found = await tx.scalars(select(Gathering.id).where(Gathering.state == "running"))
        running = list(found)
    for gathering_id in running:
        if await _has_something_to_say(screens, gathering_id):
            whispered = await screens.carry_out(gathering_id, partial(_think_in, screens))
            for said in whispered:
                await screens.tell_one(said)


async def _has_something_to_say(screens: Screens, gathering_id: str) -> bool:
    """Look without a lock, since mostly there is nothing."""
    async with screens.database.reading() as tx:
        gathering = await find_gathering(tx, gathering_id)
        if gathering is None:
            return False
        lines, waiting = await _lines_due(screens, tx, gathering)
        return bool(lines or waiting)


async def _lines_due(
    screens: Screens, tx: AsyncSession, gathering: Gathering
) -> tuple[list[tuple[Line, dict[str, str]]], list[BotLine]]:
    """New lines with their words, and lines that have waited for long enough."""
    now = screens.clock.now()
    typing = screens.live.typing(gathering.id) if screens.live else {}
    watch = await read_watch(
        tx,
        gathering,
        present=(await screens.presence(tx, gathering.id)).groups,
        typing={who: now - timedelta(seconds=s * screens.clock.speed) for who, s in typing.items()},
        facilitator=await actions.facilitator_name(tx, gathering),
        now=now,
    )
    # In a thread: it reads every post, and others wait for the loop.
    lines = await asyncio.to_thread(due_lines, watch) if watch else []
    triggers = gathering.form.triggers
    long_enough = now - timedelta(seconds=rules.BOT_GRACE_SECONDS)
    waiting = [
        line
        for line in await list_bot_lines(tx, gathering.id, states=("waiting",))
        if not line.draft and line.to_whom != FACILITATORS and line.created_at <= long_enough
    ]
    return [(line, words(line, triggers)) for line in lines], waiting


async def _think_in(screens: Screens, tx: AsyncSession, gathering: Gathering) -> list[Contribution]:
    now = screens.clock.now()
    # Looked at again under the lock: two processes may have had the same thought.
    lines, waiting = await _lines_due(screens, tx, gathering)
    for line, texts in lines:
        await actions.think_of(
            tx,
            gathering,
            trigger=line.trigger,
            subject=line.subject,
            to_whom=line.to,
            about=line.about,
            lines=texts,
            draft=line.draft,
            now=now,
        )
    whispered = []
    for kept in waiting:
        started = gathering.phase_started_at
        if gathering.bot_muted or (started and kept.created_at < started):
            # Muted meanwhile, or the step it spoke of is over.
            kept.state, kept.decided_at = "dropped", now
            continue
        said = await actions.send_bot_line(tx, gathering, kept, account=None, now=now)
        if said is not None and said.seq is None:
            whispered.append(said)
    return whispered


async def note_presence(screens: Screens) -> None:
    """Keep when people were last seen, and which sessions somebody has been in touch with."""
    now = screens.clock.now()
    touched, screens.touched = screens.touched, set()
    live = screens.live
    people: set[str] = set()
    if live is not None:
        for gathering_id in live.sessions():
            touched.add(gathering_id)
            people |= {s.person for s in live.people(gathering_id) if s.is_participant}
    if not touched and not people:
        return
    async with screens.database.transaction() as tx:
        if people:
            await tx.execute(
                update(Participant)
                .where(Participant.id.in_(people), Participant.left_at.is_(None))
                .values(seen_at=now)
                .execution_options(synchronize_session=False)
            )
        if touched:
            await tx.execute(
                update(Gathering)
                .where(Gathering.id.in_(touched), Gathering.last_activity_at < now)
                .values(last_activity_at=now)
                .execution_options(synchronize_session=False)
            )


async def close_idle(screens: Screens) -> int:
    """Close sessions that nobody has been in touch with for half an hour. Returns how many."""
    now = screens.clock.now()
    before = now - timedelta(minutes=rules.IDLE_MINUTES)
    async with screens.database.reading() as tx:
        found = await tx.scalars(
            select(Gathering.id).where(
                Gathering.state.in_(("open", "running", "paused")),
                Gathering.last_activity_at <= before,
            )
        )
        due = [gathering_id for gathering_id in found if gathering_id not in screens.touched]

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        if gathering.state in ("open", "running", "paused") and rules.is_idle(
            now=now, last_activity_at=gathering.last_activity_at
        ):
            event = rules.close(gathering.stage, now, why="idle")
            await actions.move(tx, gathering, event, account=None, kind="closed_idle")

    for gathering_id in due:
        await screens.carry_out(gathering_id, change)
    return len(due)
