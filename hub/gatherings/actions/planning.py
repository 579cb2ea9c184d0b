"""Planning a session, moving it through its phases, and publishing its record."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.chatbot.moves import fill
from hub.db import new_id
from hub.errors import Invalid, NotFound, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.chatbot import BOT_NAME, drop_what_waits, say_as_bot
from hub.gatherings.actions.dialogue import (
    follow_move,
    line_facts,
    refresh_copy,
    take_up_charter,
)
from hub.gatherings.actions.following import find_followed
from hub.gatherings.actions.guarding import check_can_begin, is_guarded, note_hosts
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.outcomes import phase_now
from hub.gatherings.actions.texts import read_both
from hub.gatherings.models import (
    Gathering,
    GatheringEvent,
    list_events,
)
from hub.people.models import Account
from hub.people.rules import LANGUAGES
from hub.programme.models import find_case, list_findings
from hub.schedule.actions import drop, plan

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


CODE_LENGTH = 8
# The waiting room of a session with a time opens by itself this long before, and not any more
# once the session should long have begun. Source: dissemination.md, "Life cycle" (the link is
# sent again 15 minutes before).
OPENS_BEFORE: Final = timedelta(minutes=15)
OPENS_UNTIL: Final = timedelta(hours=2)


def new_code() -> str:
    """A join code: 8 of 32 letters without look-alikes, about 10^12 codes."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """A code as people type it: any case, with spaces or hyphens."""
    return "".join(c for c in typed.upper() if c.isalnum())[:20]


async def plan_gathering(
    tx: AsyncSession,
    *,
    account: Account | None,
    format_data: dict[str, Any],
    title: object,
    now: datetime,
    case_id: str | None = None,
    follows: str | None = None,
    charter: str | None = None,
    principles: list[str] | None = None,
    access: str | None = None,
    guarded: bool = False,
    support: Mapping[str, object] | None = None,
    starts_at: datetime | None = None,
    minutes: Mapping[str, object] | None = None,
    demonstration: bool = False,
) -> Gathering:
    """A new session in state planned. The format is copied: later edits of it change nothing.

    ``follows``: the session whose recommendations it takes up, as ``find_followed`` reads it.
    A dialogue takes up a ``charter``, its steps once for each of the ``principles`` (None: all).
    ``guarded``: people who need more care take part, as they do where the case says so; then
    ``access`` is by invitation, which None follows. ``support`` is whom they turn to.
    """
    faults: dict[str, str] = {}
    titles = read_both(title, "/title", faults, limit=200)
    case = await find_case(tx, case_id) if case_id else None
    by_case = bool(case and case.vulnerable)
    try:
        access = rules.check_access(access, guarded=rules.is_guarded(guarded, vulnerable=by_case))
    except Invalid as wrong:
        faults |= wrong.fields
    try:
        turn_to = rules.read_support(support)
    except Invalid as wrong:
        faults |= wrong.fields
    try:
        followed = await find_followed(tx, follows, case_id=case_id)
    except NotFound:
        faults["/follows"] = "follows_unknown"
    if faults:
        raise Invalid(faults)
    form = rules.with_minutes(rules.read_format(format_data), minutes or {})
    copy = None
    if form.kind == "dialogue":
        form, copy = await take_up_charter(tx, form, charter, principles)
        principles = list(form.principles)
    gathering = Gathering(
        id=new_id("s"),
        code=new_code(),
        format_id=form.id,
        format=asdict(form),
        title=titles,
        case_id=case_id,
        follows_id=followed.id if followed else None,
        charter=charter,
        principles=principles,
        charter_copy=copy,
        access=access,
        guarded=guarded,
        support=turn_to,
        demonstration=demonstration,
        created_by=account.id if account else None,
        created_at=now,
        starts_at=starts_at,
        state="planned",
        last_activity_at=now,
        revision=0,
        seq=0,
        stage_revision=0,
        queue_revision=0,
        advance_by_itself=False,
    )
    tx.add(gathering)
    record(tx, gathering, rules.Event("planned", now), actor=account.id if account else None)
    await tx.flush()
    await _plan_opening(tx, gathering, now=now)
    return gathering


def opens_at(gathering: Gathering) -> datetime | None:
    """When the waiting room of a planned session opens by itself; None: it does not."""
    return gathering.starts_at - OPENS_BEFORE if gathering.starts_at else None


async def move_start(
    tx: AsyncSession, gathering: Gathering, starts_at: datetime | None, *, now: datetime
) -> None:
    """Let a session that has not begun begin at another time, and its waiting room open by it.

    Raises Refusal where it has begun or is over.
    """
    rules.check_state(gathering.stage, "planned", "open")
    gathering.starts_at = starts_at
    await tx.flush()
    await _plan_opening(tx, gathering, now=now)


async def _plan_opening(tx: AsyncSession, gathering: Gathering, *, now: datetime) -> None:
    opens, starts = opens_at(gathering), gathering.starts_at
    if gathering.state != "planned":
        return
    if opens is None or starts is None or starts <= now:
        await drop(tx, gathering.id, kinds=("open_room",))
        return
    title = dict(gathering.title)
    until = starts + OPENS_UNTIL
    await plan(tx, "open_room", gathering.id, due_at=opens, until_at=until, now=now, title=title)


async def _follow_by_time(
    tx: AsyncSession, gathering: Gathering, event: rules.Event, *, was_closed: bool
) -> None:
    """What is to be done at a time, where a move made it needless or called for it."""
    if event.kind in ("opened", "phase_started", "closed") and gathering.starts_at is not None:
        await drop(tx, gathering.id, kinds=("open_room",), fault="already_done")
    if event.kind == "phase_started" and was_closed:
        await drop(tx, gathering.id, kinds=("record_ready",))
    if event.kind == "closed" and gathering.started_at is not None:
        # Closed again after it was reopened: another record, and another mail.
        times = await tx.scalar(
            select(func.count()).where(
                GatheringEvent.gathering_id == gathering.id, GatheringEvent.kind == "closed"
            )
        )
        title = dict(gathering.title)
        await plan(
            tx,
            "record_ready",
            gathering.id,
            round=int(times or 0),
            due_at=event.at + timedelta(days=rules.RECORD_DRAFT_DAYS),
            now=event.at,
            title=title,
        )


async def move(
    tx: AsyncSession,
    gathering: Gathering,
    event: rules.Event,
    *,
    account: Account | None,
    kind: str,
    reason: str = "",
) -> None:
    """Carry out a move that the rules gave an event for; a new phase gets the chatbot's line.

    In a dialogue the outcomes follow: Refusal where a principle is left with nothing settled, and
    where what was said has been deleted.
    """
    left, was_closed = phase_now(gathering), gathering.state == "closed"
    if gathering.purged_at is not None:
        raise Refusal("material_deleted")
    if event.kind in ("opened", "phase_started"):
        await check_can_begin(tx, gathering)
    log_act(tx, gathering, account, kind=kind, now=event.at, reason=reason)
    record(tx, gathering, event, actor=account.id if account else None)
    if event.kind == "opened":
        gathering.opened_at = event.at
    elif event.kind == "closed":
        gathering.closed_at = event.at
        await drop_what_waits(tx, gathering, now=event.at)
    elif event.kind == "phase_started":
        gathering.closed_at = gathering.followed_up_at = gathering.followed_up_by = None
        if gathering.started_at is None and gathering.charter_copy:
            await refresh_copy(tx, gathering)
        gathering.started_at = gathering.started_at or event.at
    if gathering.charter_copy:
        await follow_move(tx, gathering, event, left=left, account=account, reason=reason)
    if event.kind == "phase_started" and not event.data.get("reopened"):
        await _say_phase_line(tx, gathering, account, event)
    if account is not None and gathering.state == "running" and await is_guarded(tx, gathering):
        await note_hosts(tx, {gathering.id: event.at}, account=account)
    await tx.flush()
    await _follow_by_time(tx, gathering, event, was_closed=was_closed)


async def say_what_is_put(
    tx: AsyncSession, gathering: Gathering, *, account: Account, now: datetime
) -> None:
    """The chatbot asks about another text that was put to the room, unless it is muted."""
    if not gathering.bot_muted and gathering.phase_index is not None:
        event = rules.Event("text_put", now, {"index": gathering.phase_index})
        await _say_phase_line(tx, gathering, account, event)
        await tx.flush()


async def _say_phase_line(
    tx: AsyncSession, gathering: Gathering, account: Account | None, event: rules.Event
) -> None:
    phase = gathering.form.phases[int(event.data["index"])]
    if not phase.bot.get("sv"):
        return
    name = account.name if account else await facilitator_name(tx, gathering)
    findings = len(await list_findings(tx, gathering.id))
    facts = {
        "facilitator": name,
        "n": str(findings if gathering.form.kind == "forum" else 1),
        "min": str(round(phase.minutes) or 1),
    }
    about, quotes = await line_facts(tx, gathering)
    lines = {
        language: fill(phase.bot[language], {**facts, **about[language]}) for language in LANGUAGES
    }
    fields = {"trigger": "phase_start"}
    if quotes and "{text}" in "".join(phase.bot.values()):
        # What is said in somebody's words goes when they take them back.
        fields["quotes"] = quotes
    say_as_bot(tx, gathering, lines, now=event.at, fields=fields)


async def facilitator_name(tx: AsyncSession, gathering: Gathering) -> str:
    account = await tx.get(Account, gathering.created_by) if gathering.created_by else None
    return account.name if account else BOT_NAME


async def take_time_from_plan(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    seconds: float,
    account: Account | None,
    now: datetime,
) -> None:
    """Pay for time given: from slack, else from the next phase that may be cut."""
    events = [e.event for e in await list_events(tx, gathering.id)]
    form = gathering.form
    cut = rules.time_to_cut(
        form,
        gathering.stage,
        seconds=seconds,
        slack=rules.slack_seconds(form, events, now),
        cuts=rules.cuts_of(events),
    )
    if cut is not None:
        event = rules.Event("cut", now, {"phase": cut[0], "seconds": cut[1]})
        record(tx, gathering, event, actor=account.id if account else None)


async def publish_record(
    tx: AsyncSession, gathering: Gathering, *, account: Account, now: datetime
) -> None:
    """Make the record public. Raises Refusal before its seven days as a draft are over."""
    rules.check_publishable(now=now, closed_at=gathering.closed_at)
    if gathering.published_at is not None:
        return
    gathering.published_at, gathering.published_by = now, account.id
    log_act(tx, gathering, account, kind="record_published", now=now)
    record(tx, gathering, rules.Event("record_published", now), actor=account.id)
    await note(tx, "record_published", actor=account.id, now=now, gathering_id=gathering.id)
