from __future__ import annotations

import json

from sqlalchemy import select

from hub.gatherings import rules
from hub.gatherings.models import Gathering, GatheringEvent, list_events
from tests.conftest import Hub


async def test_the_row_and_the_log_tell_the_same(hub: Hub) -> None:
    session = await hub.session(start=False)
    for name, body in [
        ("open", {}),
        ("start", {}),
        ("advance", {}),
        ("pause", {}),
        ("extend", {"minutes": 5}),
        ("resume", {}),
        ("reopen", {}),
        ("close", {}),
        ("reopen", {}),
    ]:
        hub.clock.move(seconds=31)
        await session.moved(name, **body)
        async with hub.database.reading() as tx:
            gathering = await tx.get_one(Gathering, session.id)
            events = [e.event for e in await list_events(tx, session.id)]
        assert rules.replay(events) == gathering.stage


async def test_the_log_holds_no_texts_and_no_names(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Zebrafink i köket")
    await session.ben.post(f"/contributions/{said['id']}/dispute", {"word": "Zebrafink"})
    await session.fatima.post(f"/contributions/{said['id']}/hide", {"reason": "Zebrafink"})
    await session.moved("advance", force=True, reason="Zebrafink igen")
    await hub.translate()
    async with hub.database.reading() as tx:
        events = list(await tx.scalars(select(GatheringEvent)))
    everything = json.dumps([[e.kind, e.actor, e.data] for e in events])
    for word in ("Zebrafink", "Astrid", "Ben", "Fatima", "igen"):
        assert word not in everything


async def test_the_numbers_of_the_log_have_no_gaps(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, "Ett")
    await session.ben.said(session.id, "Two")
    await hub.translate()
    async with hub.database.reading() as tx:
        events = await list_events(tx, session.id)
        gathering = await tx.get_one(Gathering, session.id)
    assert [e.number for e in events] == list(range(1, gathering.revision + 1))
