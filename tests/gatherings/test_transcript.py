"""What a process keeps of a session equals what the database has, whatever has happened since."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, event

from hub.gatherings.models import Contribution, access_gathering, list_said
from hub.gatherings.transcript import Transcript, Transcripts
from tests.cast import Session
from tests.conftest import Hub


async def kept(hub: Hub, session: Session) -> Transcript:
    """What the process has, after it was compared with what is read afresh."""
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)
        found: Transcript = await hub.screens.transcripts.read(tx, gathering)
        afresh = await Transcripts().read(tx, gathering)
        assert list(found.spoken.items()) == list(afresh.spoken.items())
        assert found.revision == gathering.revision
        by_id = {said.id: said for said in await list_said(tx, session.id)}
    assert {said.id: said for said in found.said} == by_id
    return found


async def test_after_every_change_it_is_as_if_all_had_been_read_again(hub: Hub) -> None:
    session = await hub.session()
    await kept(hub, session)
    first = await session.astrid.said(session.id, "Ingen hade fel, men ingen var min.")
    second = await session.ben.said(session.id, "Nobody asked us.")
    before = await kept(hub, session)
    assert [s.text for s in before.spoken.values()][-2:] == [first["text"], second["text"]]
    assert before.spoken[first["id"]].translation is not None
    assert before.spoken[first["id"]].translation.status == "pending"
    await hub.translate()
    assert (await kept(hub, session)).spoken[first["id"]].translation.status == "machine"
    dispute = {"word": "min", "reason": ""}
    await session.ben.post(f"/contributions/{first['id']}/dispute", dispute)
    assert (await kept(hub, session)).spoken[first["id"]].translation.disputes == ("min",)
    correct = {"text": "Nobody was wrong, but nobody was mine."}
    await session.astrid.put(f"/contributions/{first['id']}/translations/en", correct)
    assert (await kept(hub, session)).spoken[first["id"]].translation.status == "corrected"
    hide = {"reason": "Names somebody"}
    hidden = await session.fatima.post(f"/contributions/{second['id']}/hide", hide)
    assert hidden.status_code == 200, hidden.text
    assert (await kept(hub, session)).spoken[second["id"]].said.hidden
    await session.go_to("reflect")
    alone = await session.astrid.said(session.id, "Det här är bara mitt.", "reflection")
    found = (await kept(hub, session)).spoken[alone["id"]]
    assert (found.seq, found.said.shared) == (None, False)
    await session.astrid.delete(f"/contributions/{alone['id']}")
    assert alone["id"] not in (await kept(hub, session)).spoken
    await session.go_to("recommend")
    fields = {"what": "Sätt er ner.", "owner": "Avdelning 7"}
    draft = await session.astrid.said(session.id, "Sätt er ner.", "recommendation", fields=fields)
    await kept(hub, session)
    withdrawn = await session.astrid.post("/me/withdraw", {"keep_anonymous": False})
    assert withdrawn.status_code < 300, withdrawn.text
    assert not {first["id"], draft["id"]} & set((await kept(hub, session)).spoken)


async def test_only_what_changed_is_read(hub: Hub) -> None:
    session = await hub.session()
    for n in range(20):
        await session.astrid.said(session.id, f"Inlägg {n} om sömn.")
    await kept(hub, session)
    await session.ben.said(session.id, "The twenty-first.")
    rows = await _rows_of_a_look(hub, session)
    assert rows == 1
    assert await _rows_of_a_look(hub, session) == 0


async def _rows_of_a_look(hub: Hub, session: Session) -> int:
    """How many contributions are fetched where somebody looks now."""
    await hub.screens.settle()
    fetched: list[int] = []
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)

        def count(_c: Any, cursor: Any, statement: str, *_more: Any) -> None:
            if "FROM contributions LEFT OUTER JOIN" in statement.replace("\n", ""):
                fetched.append(len(cursor._rows))

        engine = hub.database.engine.sync_engine
        event.listen(engine, "after_cursor_execute", count)
        try:
            await hub.screens.transcripts.read(tx, gathering)
        finally:
            event.remove(engine, "after_cursor_execute", count)
    return sum(fetched)


async def test_what_went_without_a_trace_is_noticed(hub: Hub) -> None:
    session = await hub.session()
    gone = await session.astrid.said(session.id, "Snart borta.")
    await kept(hub, session)
    async with hub.database.transaction() as tx:
        await tx.execute(delete(Contribution).where(Contribution.id == gone["id"]))
    await session.ben.said(session.id, "Still here.")
    assert gone["id"] not in (await kept(hub, session)).spoken


async def test_a_change_that_is_undone_leaves_nothing(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Ett inlägg.")
    await kept(hub, session)

    class Undone(Exception):
        pass

    async def change(tx: Any, gathering: Any) -> None:
        found = await tx.get_one(Contribution, said["id"])
        gathering.revision += 1
        found.revision, found.hidden_at = gathering.revision, hub.clock.now()
        within = await hub.screens.transcripts.read(tx, gathering)
        assert within.spoken[said["id"]].said.hidden
        raise Undone

    try:
        await hub.screens.carry_out(session.id, change)
    except Undone:
        pass
    else:
        raise AssertionError("it was not undone")
    assert not (await kept(hub, session)).spoken[said["id"]].said.hidden


async def test_who_looks_at_an_earlier_moment_sees_that(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, "Ett inlägg.")
    await hub.screens.settle()
    async with hub.database.reading() as early:
        gathering = await access_gathering(early, session.id)
        before = len(await list_said(early, session.id))
        later = await session.ben.said(session.id, "Later.")
        assert later["id"] in (await kept(hub, session)).spoken
        seen = await hub.screens.transcripts.read(early, gathering)
        assert (seen.revision, len(seen.spoken)) == (gathering.revision, before)
    assert later["id"] in (await kept(hub, session)).spoken


async def test_words_that_are_erased_are_in_no_transcript(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, "Jag heter Persilja.")
    await kept(hub, session)
    assert hub.screens.transcripts._kept
    hub.screens.forget()
    assert not hub.screens.transcripts._kept
