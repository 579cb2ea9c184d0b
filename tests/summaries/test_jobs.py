"""What is done by itself: the other language, and the end of the seven days."""

from __future__ import annotations

from sqlalchemy import select

from hub.schedule.jobs import Runner, run_due
from hub.schedule.models import Task
from hub.summaries.jobs import handlers, translate_summaries
from hub.summaries.models import Summary
from tests.conftest import Hub

from . import forum


async def test_what_has_words_in_one_language_is_translated_as_a_draft(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    seen = (await forum.statements(session.fatima, summary))["can_do"]
    await forum.put(session.fatima, summary, seen, texts={"sv": "Skriv till oss."})
    before = (await forum.statements(session.fatima, summary))["can_do"]
    assert before["statuses"] == {"sv": "human_reviewed", "en": "missing"}
    # The same for the four audiences that are told what they can do.
    assert await translate_summaries(hub.screens, hub.translator) == 4
    after = (await forum.statements(session.fatima, summary))["can_do"]
    assert after["texts"] == {"sv": "Skriv till oss.", "en": "[en] Skriv till oss."}
    assert after["statuses"] == {"sv": "human_reviewed", "en": "draft"}
    assert after["revision"] == before["revision"]
    assert await translate_summaries(hub.screens, hub.translator) == 0


async def test_when_the_seven_days_are_over_nothing_is_published_by_itself(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    await session.fatima.post(f"/summaries/{summary}/confirm")
    seen = (await forum.statements(session.fatima, summary))["limits"]
    body = {"statement": seen["id"], "answer": "contest", "text": "Nej."}
    await session.astrid.post(f"/summaries/{summary}/points", body)
    runner = Runner(hub.database, hub.clock, *handlers())
    hub.clock.move(days=6)
    assert await run_due(runner) == 0
    hub.clock.move(days=1)
    assert await run_due(runner) == 1
    async with hub.database.reading() as tx:
        task = await tx.scalar(select(Task).where(Task.about == summary))
        assert task is not None
        assert (task.state, task.count) == ("done", 1)
        assert (await tx.get_one(Summary, summary)).state == "confirming"
