"""Timed work of gatherings: rows that are due, claimed one by one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from hub.chatbot.moves import FACILITATORS, Line, words
from hub.clock import Clock
from hub.db import Database
from hub.errors import NotFound
from hub.gatherings import actions, rules
from hub.gatherings.models import (
    BotLine,
    Contribution,
    Gathering,
    Presence,
    Translation,
    find_gathering,
    list_bot_lines,
)
from hub.gatherings.panels import look_at
from hub.gatherings.screens import PRESENT_SECONDS, Screens
from hub.gatherings.shipped import shipped_pairs
from hub.gatherings.watch import due_lines
from hub.language.actions import Translation as Made
from hub.language.actions import glossary_version, load_shipped, terms_of, translate_all
from hub.language.glossary import Term
from hub.language.models import AddedTerm, Pair, list_terms_in_use
from hub.language.translator import Service
from hub.mail.actions import queue_mail
from hub.mail.models import Mail
from hub.mail.rules import zone_of
from hub.people.models import Account, Participant, note_seen
from hub.people.rules import LANGUAGES
from hub.programme.models import Case
from hub.render import Renderer
from hub.schedule.actions import is_late
from hub.schedule.jobs import Handlers, Outcome
from hub.schedule.models import Task
from hub.settings import Settings

log = structlog.get_logger(__name__)
BATCH = 32
CLAIM_SECONDS = 60
RETRY_SECONDS = (5, 30, 120)
# What a later try may mend; a missing package is mended by people or by a new package.
WORTH_A_RETRY = ("engine",)
# What the queue has no room for is no failure: it goes on waiting.
POSTPONED_SECONDS = 2
# However slow the screens are, translation waits no longer than this for them.
ORIGINALS_SECONDS = 0.1


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
    names: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()


async def translate_waiting(screens: Screens, translator: Service) -> int:
    """Translate what waits, until nothing is due. Returns how many were done.

    No transaction is open while the engine works; what a killed process had claimed is due again
    after a minute. What the engine's queue has no room for stays pending and is tried again soon.
    """
    done = 0
    # Originals first: what is looked up here would hold up what is on its way to the screens.
    await screens.caught_up(seconds=ORIGINALS_SECONDS)
    while waiting := await _claim_waiting(screens):
        answers = await _translated(screens, translator, waiting)
        for gathering_id, finished in answers.items():
            await _put_in_place(screens, gathering_id, finished)
        done += len(waiting)
    return done


async def _claim_waiting(screens: Screens) -> list[Waiting]:
    now = screens.clock.now()
    # Claims are kept in wall time even where the clock runs fast, since engines do not.
    until = now + timedelta(seconds=CLAIM_SECONDS * screens.clock.speed)
    due = (
        select(Translation.id)
        .where(Translation.due_at <= now)
        .order_by(Translation.due_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    anything = select(Translation.id).where(Translation.due_at <= now).limit(1)
    async with screens.database.reading() as tx:
        # Asked after every change: mostly there is nothing, and then nothing is locked.
        if await tx.scalar(anything) is None:
            return []
    async with screens.database.transaction() as tx:
        # Of several processes that find the same rows, one has each: it is no longer due then.
        claimed = await tx.scalars(
            update(Translation)
            .where(Translation.id.in_(due), Translation.due_at <= now)
            .values(due_at=until, attempts=Translation.attempts + 1)
            .returning(Translation.id)
            .execution_options(synchronize_session=False)
        )
        rows = await tx.execute(
            select(Translation, Contribution)
            .join(Contribution, Contribution.id == Translation.contribution_id)
            .where(Translation.id.in_(list(claimed)))
            .order_by(Contribution.created_at, Contribution.id)
        )
        found = [(translation, said) for translation, said in rows]
        rooms = {said.gathering_id for _, said in found}
        names = await _names(tx, rooms)
        added = await list_terms_in_use(tx, rooms)
        terms = {room: terms_of(added, room) for room in rooms}
        return [
            Waiting(
                translation_id=translation.id,
                contribution_id=said.id,
                gathering_id=said.gathering_id,
                source=said.language,
                target=translation.language,
                texts=actions.texts_to_translate(said),
                attempts=translation.attempts,
                names=names[said.gathering_id],
                terms=terms[said.gathering_id],
            )
            for translation, said in found
        ]


async def take_up_claimed(database: Database, clock: Clock) -> None:
    """At the start of a hub that is one process: what the process before had claimed is due.

    Beside other processes it waits until the claims run out, since they may be theirs.
    """
    if not database.is_sqlite:
        return
    async with database.transaction() as tx:
        await tx.execute(
            update(Translation)
            .where(Translation.status == "pending", Translation.due_at > clock.now())
            .values(due_at=clock.now())
            .execution_options(synchronize_session=False)
        )


async def _names(tx: AsyncSession, gathering_ids: set[str]) -> dict[str, tuple[str, ...]]:
    """The names of the people in these sessions, which no translation changes."""
    rows = await tx.execute(
        select(Participant.gathering_id, Participant.name).where(
            Participant.gathering_id.in_(gathering_ids), Participant.withdrawn_at.is_(None)
        )
    )
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for gathering_id, name in rows:
        found[gathering_id] += (name,)
    return found


async def _translated(
    screens: Screens, translator: Service, waiting: list[Waiting]
) -> dict[str, list[tuple[Waiting, actions.Finished]]]:
    """All texts of one direction in one call; those that must wait longer are put off."""
    by_direction: dict[tuple[str, str], list[Waiting]] = defaultdict(list)
    for item in waiting:
        by_direction[item.source, item.target].append(item)
    answers = await asyncio.gather(
        *(_answers(screens, translator, items) for items in by_direction.values())
    )
    finished: dict[str, list[tuple[Waiting, actions.Finished]]] = defaultdict(list)
    postponed: list[Waiting] = []
    for item, made in (each for direction in answers for each in direction):
        if any(answer.reason == "overloaded" for answer in made.values()):
            postponed.append(item)
        else:
            finished[item.gathering_id].append((item, _finished(item, made)))
    await _postpone(screens, postponed)
    return finished


async def _answers(
    screens: Screens, translator: Service, items: list[Waiting]
) -> list[tuple[Waiting, dict[str, Made]]]:
    source, target = items[0].source, items[0].target
    made = iter(
        await translate_all(
            translator,
            [text for item in items for text in item.texts.values()],
            source="en" if source == "en" else "sv",
            target="en" if target == "en" else "sv",
            database=screens.database,
            scopes=[item.gathering_id for item in items for _ in item.texts],
            names=[item.names for item in items for _ in item.texts],
            terms=[item.terms for item in items for _ in item.texts],
        )
    )
    return [(item, {name: next(made) for name in item.texts}) for item in items]


async def _postpone(screens: Screens, items: list[Waiting]) -> None:
    """Nobody sees a failure, and the try does not count."""
    if not items:
        return
    soon = screens.clock.now() + timedelta(seconds=POSTPONED_SECONDS * screens.clock.speed)
    async with screens.database.transaction() as tx:
        await tx.execute(
            update(Translation)
            .where(
                Translation.id.in_([item.translation_id for item in items]),
                Translation.status.in_(("pending", "failed")),
            )
            .values(due_at=soon, attempts=Translation.attempts - 1)
            .execution_options(synchronize_session=False)
        )


def _finished(item: Waiting, answers: dict[str, Made]) -> actions.Finished:
    """One answer for a contribution: it failed where what was said failed."""
    main = answers.get("text") or next(iter(answers.values()))
    texts = {name: a.text for name, a in answers.items() if a.status != "failed"}
    doubt = main.doubt
    return actions.Finished(
        translation_id=item.translation_id,
        contribution_id=item.contribution_id,
        said=item.texts,
        texts=texts,
        status=main.status,
        reason=main.reason,
        doubt={"score": doubt.score, "reasons": list(doubt.reasons)} if doubt else None,
        model=main.model[:60],
        glossary=glossary_version(item.terms),
        hints=[
            {"term": hint.term, "written": hint.written, "senses": list(hint.senses)}
            for hint in main.hints
        ]
        or None,
    )


async def _put_in_place(
    screens: Screens, gathering_id: str, finished: list[tuple[Waiting, actions.Finished]]
) -> None:
    now = screens.clock.now()

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        await actions.add_translations(tx, gathering, [f for _, f in finished], now=now)
        await actions.fill_outcomes(tx, gathering)
        for item, answer in finished:
            if answer.status == "failed" and answer.reason in WORTH_A_RETRY:
                await _try_later(tx, item, now)

    await screens.carry_out(gathering_id, change)


async def _try_later(tx: AsyncSession, item: Waiting, now: datetime) -> None:
    if item.attempts > len(RETRY_SECONDS):
        return
    # Read by add_translations in this transaction: no further query.
    translation = await tx.get(Translation, item.translation_id)
    if translation is not None and translation.status == "failed":
        translation.due_at = now + timedelta(seconds=RETRY_SECONDS[item.attempts - 1])


async def spread_corrections(screens: Screens) -> int:
    """Bring corrections that last to the other sessions under way. Returns how many were due.

    Each session is changed by itself, through the one door, so that its screens follow. What a
    killed process had claimed is due again after a minute.
    """
    now = screens.clock.now()
    until = now + timedelta(seconds=CLAIM_SECONDS * screens.clock.speed)
    due = select(Pair.id).where(Pair.due_at <= now).order_by(Pair.due_at).limit(BATCH)
    async with screens.database.reading() as tx:
        # Mostly there is nothing, and then nothing is locked.
        if await tx.scalar(due) is None:
            return 0
    async with screens.database.transaction() as tx:
        claimed = await tx.scalars(
            update(Pair)
            .where(Pair.id.in_(due.with_for_update(skip_locked=True)), Pair.due_at <= now)
            .values(due_at=until)
            .returning(Pair.id)
            .execution_options(synchronize_session=False)
        )
        found = await tx.scalars(select(Pair).where(Pair.id.in_(list(claimed))))
        pairs = {pair.id: pair for pair in found}
        elsewhere = await actions.list_waiting_elsewhere(tx, pairs.values())
    for gathering_id, waiting in elsewhere.items():
        await screens.carry_out(gathering_id, partial(_place, waiting, now))
    async with screens.database.transaction() as tx:
        # One that was corrected again meanwhile is due again.
        await tx.execute(
            update(Pair)
            .where(Pair.id.in_(list(pairs)), Pair.due_at == until)
            .values(due_at=None)
            .execution_options(synchronize_session=False)
        )
    return len(pairs)


async def _place(
    waiting: list[Pair], now: datetime, tx: AsyncSession, gathering: Gathering
) -> None:
    # Read again under the lock: somebody may have taken their words back.
    found = await tx.scalars(
        select(Pair).where(Pair.id.in_([pair.id for pair in waiting]), Pair.lasting)
    )
    await actions.place_pairs(tx, gathering, list(found), now=now)


async def spread_terms(screens: Screens) -> int:
    """Bring what editors kept or dropped to the sessions under way. Returns how many were due.

    Each session is changed by itself, through the one door. What a killed process had claimed is
    due again after a minute.
    """
    now = screens.clock.now()
    until = now + timedelta(seconds=CLAIM_SECONDS * screens.clock.speed)
    due = select(AddedTerm.id).where(AddedTerm.due_at <= now).limit(BATCH)
    async with screens.database.reading() as tx:
        if await tx.scalar(due) is None:
            return 0
    async with screens.database.transaction() as tx:
        claimed = await tx.scalars(
            update(AddedTerm)
            .where(AddedTerm.id.in_(due.with_for_update(skip_locked=True)), AddedTerm.due_at <= now)
            .values(due_at=until)
            .returning(AddedTerm.id)
            .execution_options(synchronize_session=False)
        )
        ids = list(claimed)
        found = await tx.scalars(select(AddedTerm).where(AddedTerm.id.in_(ids)))
        terms = [added.term for added in found]
        rooms = await actions.list_touched_gatherings(tx)
    for gathering_id in rooms:
        await screens.carry_out(gathering_id, partial(_redo, terms, now))
    async with screens.database.transaction() as tx:
        # One that was decided on again meanwhile is due again.
        await tx.execute(
            update(AddedTerm)
            .where(AddedTerm.id.in_(ids), AddedTerm.due_at == until)
            .values(due_at=None)
            .execution_options(synchronize_session=False)
        )
    return len(ids)


async def _redo(terms: list[Term], now: datetime, tx: AsyncSession, gathering: Gathering) -> None:
    await actions.redo_touched(tx, gathering, terms, now=now)


async def load_memory(database: Database, clock: Clock, renderer: Renderer) -> int:
    """Bring the memory in line with the sentences that ship. Returns how many pairs changed."""
    pairs = await asyncio.to_thread(shipped_pairs, renderer.in_both())
    try:
        async with database.transaction() as tx:
            return await load_shipped(tx, pairs, now=clock.now())
    except SQLAlchemyError as problem:
        # Another process has just done it, or the database is not there: nobody waits for this.
        log.warning("memory not loaded", problem=type(problem).__name__)
        return 0


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
    await _tell_quiet(screens, now)


async def _tell_quiet(screens: Screens, now: datetime) -> None:
    """Where a step waits for nothing new any more, time alone has done its work: show it."""
    async with screens.database.reading() as tx:
        running = await tx.scalars(
            select(Gathering).where(Gathering.state == "running", Gathering.charter.is_not(None))
        )
        due = [g.id for g in list(running) if await actions.went_quiet(tx, g, now=now)]
    for gathering_id in due:
        # Looked at again under the lock: somebody may have proposed something or moved on.
        await screens.carry_out(gathering_id, partial(_note_quiet, now))


async def _note_quiet(now: datetime, tx: AsyncSession, gathering: Gathering) -> None:
    await actions.note_quiet(tx, gathering, now=now)


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
        event = rules.Event("time_up", now, {"phase": actions.phase_key(gathering)})
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
    watch = await look_at(screens, tx, gathering)
    # In a thread: it reads every post, and others wait for the loop.
    lines = await asyncio.to_thread(due_lines, watch) if watch else []
    triggers = gathering.form.triggers
    long_enough = screens.clock.now() - timedelta(seconds=rules.BOT_GRACE_SECONDS)
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
    """Keep who was here from when until when, and which sessions are alive."""
    now = screens.clock.now()
    touched, screens.touched = screens.touched, set()
    seen, screens.seen = set(screens.seen), {}
    live = screens.live
    if live is not None:
        for gathering_id in live.sessions():
            touched.add(gathering_id)
            seen |= {s.person for s in live.people(gathering_id) if s.is_participant}
    if not touched and not seen:
        return
    async with screens.database.transaction() as tx:
        if seen:
            await note_seen(tx, seen, now=now)
            await _keep_presence(tx, seen, now=now)
        if touched:
            await tx.execute(
                update(Gathering)
                .where(Gathering.id.in_(touched), Gathering.last_activity_at < now)
                .values(last_activity_at=now)
                .execution_options(synchronize_session=False)
            )
    # Who only had a page open, or was at another process, is no longer here after a while.
    for gathering_id in live.sessions() if live is not None else []:
        await screens.tell_presence_here(gathering_id, changed=True)


async def _keep_presence(tx: AsyncSession, seen: set[str], *, now: datetime) -> None:
    """Make the presence of these people last until now, or begin a new one after a gap.

    A gap that a page load or a lost line explains is no absence.
    """
    since = now - timedelta(seconds=PRESENT_SECONDS)
    rows = await tx.execute(
        select(Participant.id, Participant.gathering_id)
        .join(Gathering, Gathering.id == Participant.gathering_id)
        .where(
            Participant.id.in_(seen),
            Participant.left_at.is_(None),
            Participant.removed_at.is_(None),
            # Nothing is collected of somebody who is on a break.
            Participant.paused_at.is_(None),
            Gathering.state.in_(("open", "running", "paused")),
        )
    )
    here = {row.id: row.gathering_id for row in rows}
    lasting = await tx.scalars(
        select(Presence).where(Presence.participant_id.in_(list(here)), Presence.until_at >= since)
    )
    for presence in lasting:
        presence.until_at = now
        here.pop(presence.participant_id, None)
    tx.add_all(
        Presence(gathering_id=gathering, participant_id=participant, from_at=now, until_at=now)
        for participant, gathering in here.items()
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
                # A waiting room is not closed before its session should have begun.
                or_(
                    Gathering.state != "open",
                    Gathering.starts_at.is_(None),
                    Gathering.starts_at <= before,
                ),
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


# --- sessions for people who need more care -------------------------------------------------------


async def guard(screens: Screens) -> None:
    """Keep guarded sessions from running without a facilitator, and remind of the follow-up.

    Source: privacy-and-access.md, "Vulnerable groups".
    """
    await _keep_hosts(screens)
    await _pause_left_alone(screens)
    await _remind_to_follow_up(screens)


def _guarded() -> ColumnElement[bool]:
    """Of gatherings joined with their cases: those where people need more care."""
    return or_(Gathering.guarded, Case.vulnerable)


async def _keep_hosts(screens: Screens) -> None:
    """Write down when facilitators were last here, so that other processes know too."""
    now = screens.clock.now()
    hosts, screens.hosts = screens.hosts, {}
    live = screens.live
    for gathering_id in live.sessions() if live else ():
        if live and any(seen.runs for seen in live.people(gathering_id)):
            hosts[gathering_id] = now
    if not hosts:
        return
    wanted = (
        select(Gathering.id)
        .outerjoin(Case, Case.id == Gathering.case_id)
        .where(Gathering.id.in_(hosts), Gathering.state.in_(("running", "paused")), _guarded())
    )
    async with screens.database.reading() as tx:
        found = list(await tx.scalars(wanted))
    if found:
        async with screens.database.transaction() as tx:
            await actions.note_hosts(tx, {each: hosts[each] for each in found})


async def _pause_left_alone(screens: Screens) -> None:
    now = screens.clock.now()
    async with screens.database.reading() as tx:
        running = list(
            await tx.scalars(
                select(Gathering)
                .outerjoin(Case, Case.id == Gathering.case_id)
                .where(Gathering.state == "running", _guarded())
            )
        )
        hosts = await actions.hosts_seen(tx, [g.id for g in running]) if running else {}
    for gathering in running:
        if _is_left_alone(gathering, hosts, now):
            await screens.carry_out(gathering.id, partial(_pause_alone, screens))


def _is_left_alone(gathering: Gathering, hosts: Mapping[str, datetime], now: datetime) -> bool:
    began = gathering.phase_started_at or now
    return rules.is_left_alone(now, last_here_at=max(hosts.get(gathering.id, began), began))


async def _pause_alone(screens: Screens, tx: AsyncSession, gathering: Gathering) -> None:
    now = screens.clock.now()
    # Looked at again under the lock: a facilitator may have come back.
    hosts = await actions.hosts_seen(tx, [gathering.id])
    if gathering.state != "running" or not _is_left_alone(gathering, hosts, now):
        return
    event = rules.pause(gathering.stage, now, why=actions.NO_FACILITATOR)
    await actions.move(tx, gathering, event, account=None, kind="paused_alone")
    lines = {
        language: screens.renderer.say(language, f"said_by_bot.{actions.NO_FACILITATOR}")
        for language in LANGUAGES
    }
    actions.say_as_bot(tx, gathering, lines, now=now, fields={"trigger": "paused_alone"})


async def _remind_to_follow_up(screens: Screens) -> None:
    """Mail whoever made a guarded session, twice, where nobody has said that it is done."""
    now = screens.clock.now()
    # What nobody could be reminded of for days, nobody is reminded of later.
    first = now - timedelta(days=2 * rules.FOLLOW_UP_DAYS)
    last = now - timedelta(hours=rules.REMINDER_HOURS[0])
    async with screens.database.reading() as tx:
        due = list(
            await tx.scalars(
                select(Gathering.id)
                .outerjoin(Case, Case.id == Gathering.case_id)
                .where(
                    Gathering.state == "closed",
                    Gathering.started_at.is_not(None),
                    Gathering.closed_at >= first,
                    Gathering.closed_at <= last,
                    Gathering.followed_up_at.is_(None),
                    Gathering.created_by.is_not(None),
                    _guarded(),
                )
            )
        )
    for gathering_id in due:
        await screens.carry_out(gathering_id, partial(_remind, screens))


async def _remind(screens: Screens, tx: AsyncSession, gathering: Gathering) -> None:
    """One more reminder, where fewer went out than should have; the row is locked meanwhile."""
    now, closed_at = screens.clock.now(), gathering.closed_at
    account = await tx.get(Account, gathering.created_by) if gathering.created_by else None
    if closed_at is None or gathering.followed_up_at or account is None or account.disabled_at:
        return
    about = f"{gathering.id} follow-up"
    sent = await tx.scalar(
        select(func.count()).where(Mail.about == about, Mail.made_at >= closed_at)
    )
    if int(sent or 0) >= rules.reminders_due(now, closed_at=closed_at):
        return
    until = closed_at + timedelta(days=rules.FOLLOW_UP_DAYS)
    await queue_mail(
        tx,
        "follow_up",
        to=account.email,
        language=account.language,
        facts={
            "title": gathering.title.get(account.language) or next(iter(gathering.title.values())),
            "url": f"{screens.base_url}/sessions/{gathering.id}/desk",
            "day": until.isoformat(),
        },
        now=now,
        about=about,
    )


# --- timed tasks ----------------------------------------------------------------------------------


def handlers(screens: Screens, _settings: Settings) -> Handlers:
    """What is done at its time about sessions: opening the waiting room, and telling of a record.

    Neither starts a session nor publishes anything: those are people's decisions.
    """
    return (
        {"record_ready": partial(_tell_record_ready, screens)},
        {"open_room": partial(_open_room, screens)},
    )


async def _open_room(screens: Screens, task: Task, now: datetime) -> Outcome:
    """Open the waiting room of a planned session shortly before it should begin."""

    async def change(tx: AsyncSession, gathering: Gathering) -> Outcome:
        opens_at = actions.opens_at(gathering)
        if opens_at is None:
            return Outcome("dropped", "no_longer")
        if gathering.state != "planned":
            return Outcome("dropped", "already_done")
        if opens_at > max(now, task.due_at):
            # Moved in a way that did not move the task.
            return Outcome(again_at=opens_at)
        event = rules.open_room(gathering.stage, screens.clock.now())
        await actions.move(tx, gathering, event, account=None, kind="opened_by_itself")
        return Outcome()

    try:
        return await screens.carry_out(task.about, change)
    except NotFound:
        return Outcome("dropped", "no_longer")


async def _tell_record_ready(
    screens: Screens, tx: AsyncSession, task: Task, now: datetime
) -> Outcome:
    """Mail whoever made the session that its record may be published now."""
    gathering = await find_gathering(tx, task.about)
    if gathering is None or gathering.closed_at is None or gathering.purged_at is not None:
        return Outcome("dropped", "no_longer")
    if gathering.published_at is not None:
        return Outcome("dropped", "already_done")
    account = await tx.get(Account, gathering.created_by) if gathering.created_by else None
    if account is None or account.disabled_at is not None:
        return Outcome("dropped", "nobody")
    await queue_mail(
        tx,
        "record_ready",
        to=account.email,
        language=account.language,
        facts={
            "title": gathering.title.get(account.language) or next(iter(gathering.title.values())),
            "url": f"/sessions/{gathering.id}/record",
            "late": "yes" if is_late(task, now) else "",
        },
        now=now,
        about=f"{gathering.id} record",
        quiet_zone=zone_of(account.language),
    )
    return Outcome(count=1)
