"""Every timed job of the hub, done by two processes at the same moment, does its work once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from hub.audit.models import AuditEntry
from hub.following import actions as following
from hub.gatherings.models import (
    Act,
    BotLine,
    Contribution,
    Gathering,
    GatheringEvent,
    Presence,
    Progress,
    Translation,
)
from hub.language.translator import Translated
from hub.mail import jobs as mail_jobs
from hub.mail.actions import queue_mail
from hub.mail.models import Mail
from hub.meetings.models import Meeting
from hub.people.models import Account
from hub.programme.actions import load_shipped_cases
from hub.retention.models import Purge
from hub.schedule.actions import plan as plan_task
from hub.search.models import PublishedText
from hub.settings import Settings
from tests.cast import Session
from tests.conftest import Hub, running_hub
from tests.following import test_following
from tests.gatherings import test_guarded, test_memory, test_terms
from tests.language.echo import EchoTranslator
from tests.meetings.room import Room
from tests.scale.conftest import new_settings
from tests.schedule.conftest import send_mail
from tests.summaries import forum

# So that what is done twice now and then shows.
TIMES = 3
DECISION = "Rektors beslut 2026:114"
# Jobs that look after their own process alone: what another one does is nothing to them.
OF_ONE_PROCESS = {"packages", "wipe", "sockets", "make good", "audit head"}


@dataclass
class Both:
    """Two processes' worth of a hub, on one database, with one time."""

    one: Hub
    two: Hub

    def move(self, **by: float) -> None:
        self.one.clock.move(**by)
        self.two.clock.at = self.one.clock.at

    async def tick(self, name: str) -> list[Any]:
        """The job, by both at once; what each said that it had done."""
        said: list[Any] = []
        for _ in range(TIMES):
            jobs = (hub.app.state.ticker.jobs[name] for hub in self.each)
            said += await asyncio.gather(*(job.run() for job in jobs))
        return said

    @property
    def each(self) -> tuple[Hub, Hub]:
        return self.one, self.two

    async def count(self, model: Any, *where: Any) -> int:
        async with self.one.database.reading() as tx:
            found = await tx.scalar(select(func.count()).select_from(model).where(*where))
        return found or 0

    async def asked(self) -> list[str]:
        """What either has asked its engine for."""
        return [text for hub in self.each for text, _, _ in hub.translator.asked]


@pytest.fixture
async def both(tmp_path: Path, blank: Path, machines: Any) -> AsyncIterator[Both]:
    url = new_settings(machines)["HUB_DATABASE_URL"]
    # Both read the one secret key.
    Settings(data_dir=tmp_path).read_key()
    async with contextlib.AsyncExitStack() as stack:
        one, two = [
            await stack.enter_async_context(running_hub(tmp_path, blank, on="postgresql", url=url))
            for _ in range(2)
        ]
        yield Both(one, two)


Work = Callable[[Both], Awaitable[None]]
WORK: dict[str, Work] = {}


def of(job: str) -> Callable[[Work], Work]:
    def keep(work: Work) -> Work:
        WORK[job] = work
        return work

    return keep


@of("translate")
async def translate(both: Both) -> None:
    session = await both.one.session()
    for n in range(6):
        await session.astrid.said(session.id, f"Mening nummer {n}.")
    await both.tick("translate")
    asked = [text for text in await both.asked() if text.startswith("Mening")]
    assert sorted(asked) == [f"Mening nummer {n}." for n in range(6)]
    assert await both.count(Translation, Translation.due_at.is_not(None)) == 0


@of("time")
async def time_is_up(both: Both) -> None:
    session = await both.one.session()
    other = await both.one.session()
    async with both.one.database.transaction() as tx:
        goes_on = update(Gathering).where(Gathering.id == other.id)
        await tx.execute(goes_on.values(advance_by_itself=True))
    both.move(minutes=60)
    await both.tick("time")
    assert await _events(both, session, "time_up") == 1
    assert await _acts(both, other, "advanced_by_itself") == 1


@of("think")
async def think(both: Both) -> None:
    session = await both.one.session()
    for n in range(4):
        await session.astrid.said(session.id, f"Jag säger samma sak igen, {n}.")
    for _ in range(6):
        both.move(minutes=2)
        await both.tick("think")
    lines = await both.count(BotLine, BotLine.gathering_id == session.id)
    assert lines > 0
    async with both.one.database.reading() as tx:
        said = list(
            await tx.scalars(
                select(Contribution.created_at).where(
                    Contribution.gathering_id == session.id, Contribution.kind == "bot"
                )
            )
        )
        found = await tx.execute(
            select(BotLine.trigger, BotLine.subject, BotLine.to_whom, BotLine.created_at).where(
                BotLine.gathering_id == session.id
            )
        )
        thoughts = [tuple(row) for row in found]
    assert len(said) >= lines
    # The same again is another moment's.
    assert len(thoughts) == len(set(thoughts))


@of("idle")
async def idle(both: Both) -> None:
    session = await both.one.session()
    for hub in both.each:
        hub.screens.touched.clear()
    both.move(minutes=60)
    await both.tick("idle")
    assert await _acts(both, session, "closed_idle") == 1
    assert await _events(both, session, "closed") == 1


@of("schedule")
async def schedule(both: Both) -> None:
    for hub in both.each:
        hub.app.state.runner.inside = {"thanks": send_mail}
    now = both.one.clock.now()
    async with both.one.database.transaction() as tx:
        for n in range(5):
            await plan_task(tx, "thanks", f"w_{n}", due_at=now, now=now)
    await both.tick("schedule")
    async with both.one.database.reading() as tx:
        assert sorted(str(m) for m in await tx.scalars(select(Mail.about))) == [
            f"w_{n}" for n in range(5)
        ]


@of("mail")
async def mail(both: Both) -> None:
    sent: list[str] = []

    async def deliver(letter: Any, _settings: Settings) -> None:
        # So long that both are at it at the same time.
        await asyncio.sleep(0.05)
        sent.append(letter.id)

    async with both.one.database.transaction() as tx:
        for n in range(20):
            await queue_mail(
                tx, "words_withdrawn", to=f"a{n}@example.org", language="sv",
                facts={"title": "T", "url": "/x"}, now=both.one.clock.now(), about=f"w_{n}",
            )  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mail_jobs, "deliver", deliver)
        await both.tick("mail")
    assert len(sent) == len(set(sent)) == 20


@of("outbox")
async def outbox(both: Both) -> None:
    async with both.one.database.transaction() as tx:
        await queue_mail(
            tx, "words_withdrawn", to="a@example.org", language="sv",
            facts={"title": "T", "url": "/x"}, now=both.one.clock.now(), about="w",
        )  # fmt: skip
    await both.one.app.state.ticker.jobs["mail"].run()
    async with both.one.database.transaction() as tx:
        for row in await tx.scalars(select(Mail)):
            await tx.delete(row)
    files = list(both.one.settings.outbox_dir.iterdir())
    assert files
    await both.tick("outbox")
    assert not list(both.one.settings.outbox_dir.iterdir())


@of("retention")
async def retention(both: Both) -> None:
    session = await both.one.session()
    await session.astrid.said(session.id, "Sagan om den borttappade remissen")
    await session.moved("close")
    admin = await both.one.account("admin")
    answer = await admin.put("/retention/posts", {"days": 30, "decision": DECISION})
    assert answer.status_code == 200, answer.text
    both.move(days=31)
    await both.tick("retention")
    assert await both.count(Purge, Purge.kind == "posts") == 1
    both.move(days=31)
    await both.tick("retention")
    assert await both.count(Purge, Purge.kind == "posts", Purge.done_at.is_not(None)) == 1
    assert await both.count(Contribution, Contribution.gathering_id == session.id) == 0
    assert await both.count(AuditEntry, AuditEntry.act == "purged") == 1


@of("search")
async def search(both: Both) -> None:
    async with both.one.database.transaction() as tx:
        await load_shipped_cases(tx, now=both.one.clock.now(), demonstration=False)
    await both.tick("search")
    async with both.one.database.reading() as tx:
        found = [tuple(row) for row in await tx.execute(
            select(PublishedText.kind, PublishedText.about, PublishedText.language))]  # fmt: skip
    assert found
    assert len(found) == len(set(found))


@of("presence")
async def presence(both: Both) -> None:
    """One who is seen by both processes was here once."""
    session = await both.one.session()
    for _ in range(3):
        for hub in both.each:
            hub.screens.seen[session.astrid.id] = hub.clock.now()
        both.move(seconds=15)
        await both.tick("presence")
    assert await both.count(Presence, Presence.participant_id == session.astrid.id) == 1


@of("spread corrections")
async def spread_corrections(both: Both) -> None:
    here, there, first, _ = await test_memory.elsewhere(both.one)
    await test_memory.agree(both.one, here.astrid)
    await test_memory.correct(here.astrid, first)
    before = (await there.ben.get(f"/sessions/{there.id}")).json()["revision"]
    await both.tick("spread corrections")
    assert (await there.ben.get(f"/sessions/{there.id}")).json()["revision"] == before + 1


@of("spread terms")
async def spread_terms(both: Both) -> None:
    here, there = await both.one.session(), await both.one.session()
    for each in (here, there):
        await each.astrid.said(each.id, "Samtalsmattan är här.")
    await both.one.translate()
    term = await test_terms.add(here, suggest=True)
    await both.one.translate()
    editor = await both.one.account("editor", "Eva")
    kept = await test_terms.send(both.one, editor, f"/terms/{term['id']}/keep")
    assert kept.status_code == 303
    assert sum(await both.tick("spread terms")) == 1
    assert await _events(both, there, "terms_spread") == 1
    assert await both.count(Translation, Translation.due_at.is_not(None)) == 1


@of("meetings")
async def meetings(both: Both) -> None:
    hanna = await both.one.account("admin", "Hanna")
    async with both.one.database.reading() as tx:
        room = Room(both.one, await tx.get_one(Account, hanna.id))
    meeting_id = await room.invited("anna@example.org")
    session = await both.one.session()

    async def hold_there(_tx: Any, meeting: Meeting) -> None:
        meeting.gathering_id = session.id

    await room.change(meeting_id, hold_there)
    assert sum(await both.tick("meetings")) == 1
    assert (await room.meeting(meeting_id)).state == "live"
    await session.moved("close")
    assert sum(await both.tick("meetings")) == 1
    assert (await room.meeting(meeting_id)).state == "ended"


@of("guard")
async def guard(both: Both) -> None:
    fatima = await both.one.account()
    session = await test_guarded.running(both.one, fatima)
    for hub in both.each:
        hub.screens.hosts.clear()
    lines = await both.count(Contribution, Contribution.kind == "bot")
    both.move(minutes=3)
    await both.tick("guard")
    assert await both.count(GatheringEvent, GatheringEvent.kind == "paused") == 1
    assert await both.count(Act, Act.kind == "paused_alone") == 1
    assert await both.count(Contribution, Contribution.kind == "bot") == lines + 1
    closed = await fatima.post(f"/sessions/{session}/close")
    assert closed.status_code == 200, closed.text
    both.move(minutes=25 * 60)
    await both.tick("guard")
    assert await both.count(Mail, Mail.kind == "follow_up") == 1


class Slow(EchoTranslator):
    """Lets a test do something while it works."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def translate(self, texts: Sequence[str], **more: Any) -> list[Translated]:
        self.begun.set()
        await self.may_end.wait()
        return await super().translate(texts, **more)


@of("translate reasons")
async def translate_reasons(both: Both) -> None:
    """What one still works on when the other is done, and its words are erased, stays erased."""
    _, adopted, secret = await test_following.owned(both.one)
    both.one.app.state.translator.service = slow = Slow()
    form = {"status": "doing", "reason": test_following.SLOW}
    answer = await both.one.http.post(f"/owners/{secret}", data=form)
    assert answer.status_code == 303
    of_one, of_two = (hub.app.state.ticker.jobs["translate reasons"] for hub in both.each)
    late = asyncio.create_task(of_one.run())
    await slow.begun.wait()
    assert await of_two.run() == 1
    assert await both.count(Progress, Progress.translation == f"[en] {test_following.SLOW}") == 1
    async with both.two.database.transaction() as tx:
        await following._forget_reasons(tx, adopted)
    slow.may_end.set()
    assert await late == 0
    assert sum(await both.tick("translate reasons")) == 0
    assert await both.count(Progress, Progress.translation.is_not(None)) == 0
    assert both.two.translator.asked == [(test_following.SLOW, "sv", "en")]


@of("translate summaries")
async def translate_summaries(both: Both) -> None:
    session = await forum.hold(both.one)
    summary = await forum.built(both.one, session)
    seen = (await forum.statements(session.fatima, summary))["can_do"]
    await forum.put(session.fatima, summary, seen, texts={"sv": "Skriv till oss."})
    before = (await forum.statements(session.fatima, summary))["can_do"]
    await both.tick("translate summaries")
    after = (await forum.statements(session.fatima, summary))["can_do"]
    assert after["texts"]["en"] == "[en] Skriv till oss."
    assert after["revision"] == before["revision"]


async def _acts(both: Both, session: Session, kind: str) -> int:
    return await both.count(Act, Act.gathering_id == session.id, Act.kind == kind)


async def _events(both: Both, session: Session, kind: str) -> int:
    return await both.count(
        GatheringEvent, GatheringEvent.gathering_id == session.id, GatheringEvent.kind == kind
    )


@pytest.mark.parametrize("job", WORK)
async def test_two_that_do_it_at_once_do_it_once(both: Both, job: str) -> None:
    await WORK[job](both)


async def test_all_jobs_run_beside_each_other_with_nothing_due(both: Both) -> None:
    session = await both.one.session()
    await session.astrid.said(session.id, "Hej")
    for name in both.one.app.state.ticker.jobs:
        await both.tick(name)


async def test_every_job_has_its_test_here(both: Both) -> None:
    assert set(both.one.app.state.ticker.jobs) == set(WORK) | OF_ONE_PROCESS
