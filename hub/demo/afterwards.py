"""What came of the forum that is over: a published summary, and recommendations under way.

An editor's work, in the editor's order and through the same checks: the draft is made from the
record, put right, read in both languages, confirmed by those who were there for seven days, read
by somebody with own experience, and published. Source: ``data/summary.yaml``, after
dissemination.md, "Worked example".
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.demo.dialogues import Props, Scene, SetClock, Staff
from hub.demo.replay import Held
from hub.demo.script import DATA
from hub.errors import Refusal
from hub.following import actions as following
from hub.following import jobs as following_jobs
from hub.gatherings import actions as gatherings
from hub.gatherings.models import Gathering
from hub.gatherings.screens import Screens
from hub.people.door import Caller
from hub.people.rules import LANGUAGES
from hub.schedule.jobs import Runner, run_now
from hub.schedule.models import Task
from hub.summaries import actions, doorway
from hub.summaries.actions.confirming import CONFIRM_DAYS
from hub.summaries.blocks import AUDIENCES, OWN, PARTS
from hub.summaries.models import Statement, Summary

# Days after the close on which the editor begins; the record is public by then.
EDITED_DAYS = 10
# The teaching sheet is the hub's own, and good as it is.
KEPT = f"{OWN}sheet"


@cache
def load_summary() -> Scene:
    """The texts of the summary and what became of the recommendations, as the file tells them."""
    found: Scene = yaml.safe_load((DATA / "summary.yaml").read_text(encoding="utf-8"))
    return found


# --- the summary ---------------------------------------------------------------------------------


async def publish_summary(props: Props, held: Held, *, staff: Staff) -> str:
    """Make, edit, confirm and publish the summary of the forum; returns its id.

    Raises Refusal where it does not pass the checks that every summary has to pass.
    """
    told = load_summary()
    clock = SetClock(held.closed_at + timedelta(days=EDITED_DAYS))
    screens, editor = props.screens(clock), Caller(account=staff.editor)
    made, _ = await doorway.make(screens, props.renderer, editor, held.session, language="sv")
    async with props.database.transaction() as tx:
        summary = await actions.access_summary(tx, made.id, lock=True)
        await _Desk(tx, summary, held, staff, clock.at).edit(told)
    await doorway.ask_to_confirm(screens, editor, made.id)
    clock.at += timedelta(days=1)
    async with props.database.transaction() as tx:
        summary = await actions.access_summary(tx, made.id, lock=True)
        await _hear_participants(tx, summary, held, told, staff=staff, now=clock.at)
    clock.at += timedelta(days=CONFIRM_DAYS)
    await doorway.publish(screens, editor, made.id)
    return made.id


class _Desk:
    """An editor at work on the draft."""

    def __init__(
        self, tx: AsyncSession, summary: Summary, held: Held, staff: Staff, now: datetime
    ) -> None:
        self.tx, self.summary, self.held = tx, summary, held
        self.known: dict[str, Any] = {"account": staff.editor, "now": now}

    async def edit(self, told: Scene) -> None:
        """Put every statement right as the file tells, and say that both languages are read."""
        found = await actions.list_statements(self.tx, self.summary.id)
        shared = {_key(key, self.held.ids): texts for key, texts in told["shared"].items()}
        for statement in found:
            if statement.key in shared:
                await self._write(statement, shared[statement.key])
        for audience in AUDIENCES:
            for block, entries in told[audience].items():
                mine = [s for s in found if (s.audience, s.block) == (audience, block)]
                await self._fill(audience, block, entries, mine)
            keys = [*told["left_out"]["all"], *told["left_out"].get(audience, ())]
            left_out = {_key(key, self.held.ids) for key in keys}
            for statement in found:
                if statement.audience == audience and statement.key in left_out:
                    await self._leave_out(statement)
        for language in LANGUAGES:
            await actions.review_language(self.tx, self.summary, language=language, **self.known)

    async def _fill(
        self, audience: str, block: str, entries: Sequence[Scene], there: Sequence[Statement]
    ) -> None:
        """The audience's own statements of a block; the hub's that are too many are left out."""
        own = [s for s in there if s.key.startswith(OWN) and s.key != KEPT]
        easy = block == "easy"
        for place, entry in enumerate(entries):
            if place < len(own) and not easy:
                await self._write(own[place], entry)
            else:
                await actions.add_statement(
                    self.tx,
                    self.summary,
                    audience=audience,
                    block=block,
                    texts=_texts(entry),
                    sources=self._sources(entry),
                    quote_of=self._sources(entry)[0] if block == "voice" else None,
                    **self.known,
                )
        for statement in own[0 if easy else len(entries) :]:
            await self._leave_out(statement)

    async def _write(self, statement: Statement, entry: Scene) -> None:
        act = actions.answer_question if statement.question else actions.edit_statement
        await act(
            self.tx,
            statement,
            texts=_texts(entry),
            sources=self._sources(entry) if "sources" in entry else None,
            revision=statement.revision,
            **self.known,
        )

    async def _leave_out(self, statement: Statement) -> None:
        await actions.remove_statement(
            self.tx, statement, why="", revision=statement.revision, **self.known
        )

    def _sources(self, entry: Scene) -> list[str]:
        return [each if each in PARTS else self.held.ids[each] for each in entry["sources"]]


def _texts(entry: Scene) -> dict[str, str]:
    return {language: entry[language] for language in LANGUAGES}


def _key(key: str, ids: Mapping[str, str]) -> str:
    """A statement's key with the hub's id in the place of the script's: ``rec:P2a:owner``."""
    kind, _, rest = key.partition(":")
    for name in (rest, rest.partition(":")[0]):
        if name in ids:
            return f"{kind}:{ids[name]}{rest.removeprefix(name)}"
    return key


async def _hear_participants(
    tx: AsyncSession, summary: Summary, held: Held, told: Scene, *, staff: Staff, now: datetime
) -> None:
    """Those who were there confirm, contest and are answered; one reads the citizens' version."""
    statements = await actions.list_statements(tx, summary.id)
    for point in told["points"]:
        key = _key(point["key"], held.ids)
        said = await actions.say_point(
            tx,
            summary,
            next(s for s in statements if (s.audience, s.key) == (point["audience"], key)),
            seat=held.seats[point["by"]],
            answer=point["answer"],
            text=point.get("text", ""),
            now=now,
        )
        if "settled" in point:
            settled = point["settled"]
            await actions.settle_point(tx, said, settled=settled, account=staff.editor, now=now)
    seat = held.seats[told["read_by"]]
    await actions.note_read_by_lived(tx, summary, seat=seat, now=now)


# --- the recommendations ------------------------------------------------------------------------


async def follow_up(screens: Screens, held: Held, *, staff: Staff, now: datetime) -> str:
    """What became of the recommendations; returns the link of an owner who was asked.

    ``screens`` are the hub's own, since what is public changes.
    """
    told, account = load_summary(), staff.facilitator
    link = ""
    for entry in told["owners"]:
        recommendation = held.ids[entry["of"]]
        await _name_owner(screens, held, entry, staff=staff, now=now)
        await _ask(screens, recommendation)
        link = await _answer(screens, held, entry, now=now) or link
    for entry in told["followed"]:
        at = now - timedelta(days=entry["days_ago"])

        async def change(
            tx: AsyncSession, gathering: Gathering, entry: Scene = entry, at: datetime = at
        ) -> None:
            await gatherings.set_progress(
                tx,
                gathering,
                held.ids[entry["of"]],
                status=entry["status"],
                reason=entry["reason"],
                account=account,
                now=at,
            )

        await screens.carry_out(held.session, change)
    return link


async def _name_owner(
    screens: Screens, held: Held, entry: Scene, *, staff: Staff, now: datetime
) -> None:
    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        await following.set_owner(
            tx,
            gathering,
            held.ids[entry["of"]],
            email=entry["email"],
            language=entry["language"],
            zone=entry["zone"],
            account=staff.facilitator,
            now=now - timedelta(days=entry["days_ago"]),
        )

    await screens.carry_out(held.session, change)


async def _ask(screens: Screens, recommendation: str) -> None:
    """Ask the owner when it was time to."""
    async with screens.database.reading() as tx:
        task = await tx.scalar(
            select(Task).where(
                Task.kind == following.ASK, Task.about == recommendation, Task.state == "waiting"
            )
        )
    if task is None:
        return
    inside, outside = following_jobs.handlers()
    runner = Runner(screens.database, SetClock(task.due_at), inside, outside)
    # The hub's own look at what is due may have been quicker.
    with contextlib.suppress(Refusal):
        await run_now(runner, task.id)


async def _answer(screens: Screens, held: Held, entry: Scene, *, now: datetime) -> str | None:
    """The owner's answer, where the file has one; else the link by which they can give it."""

    async def change(tx: AsyncSession, gathering: Gathering) -> str | None:
        owner = await following.find_owner_of(tx, held.ids[entry["of"]])
        if owner is None:
            return None
        if "status" not in entry:
            return f"/owners/{following.read_kept(tx, owner).secret}"
        await following.answer(
            tx,
            gathering,
            owner,
            status=entry["status"],
            reason=entry["reason"],
            now=now - timedelta(days=entry["answered_days_ago"]),
        )
        return None

    return await screens.carry_out(held.session, change)
