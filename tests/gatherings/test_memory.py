"""Corrections are remembered: where they spread to, by whose leave, and how they are forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from hub.db import Database
from hub.gatherings import jobs
from hub.gatherings.models import Contribution, GatheringEvent, Translation
from hub.gatherings.screens import Screens
from hub.language.models import Pair, PairWord
from hub.language.queue import Queue
from hub.language.translator import Translated
from hub.people.models import Consent
from tests.cast import Person, Session, join
from tests.conftest import Hub
from tests.language.echo import EchoTranslator

SAID = "Vi måste prata mer med varandra."
MEANT = "We need to talk more with each other."
SHORT = "Det är tungt"


async def agree(hub: Hub, *people: Person) -> None:
    """These people say that their words may make translation better."""
    async with hub.database.transaction() as tx:
        await tx.execute(
            update(Consent)
            .where(Consent.participant_id.in_([person.id for person in people]))
            .values(choices={"take_part": True, "improve_translation": True})
        )


async def correct(by: Person, said: Any, text: str = MEANT, language: str = "en") -> Any:
    answer = await by.put(f"/contributions/{said['id']}/translations/{language}", {"text": text})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def english(person: Person, session: str, said: Any) -> Any:
    items = (await person.get(f"/sessions/{session}/contributions")).json()["items"]
    return next(item for item in items if item["id"] == said["id"])["translations"]["en"]


async def pairs(hub: Hub) -> list[Pair]:
    async with hub.database.reading() as tx:
        return list(await tx.scalars(select(Pair)))


async def bilingual(hub: Hub, session: Session, name: str = "Bea") -> Person:
    return await join(hub.http, session.code, name, "en", role="practitioner", bilingual=True)


async def test_a_correction_is_kept_with_who_made_it_and_of_what(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    await hub.translate()
    await correct(session.astrid, said)
    (kept,) = await pairs(hub)
    assert (kept.source_text, kept.target_text) == (SAID, MEANT)
    assert (kept.source_language, kept.target_language) == ("sv", "en")
    assert (kept.origin, kept.by_id, kept.by_name) == ("correction", session.astrid.id, "Astrid")
    assert (kept.from_id, kept.gathering_id, kept.model) == (said["id"], session.id, "echo")
    assert (kept.at, kept.lasting) == (hub.clock.now(), False)


async def test_in_the_session_it_replaces_the_machines_text_of_the_same_words(hub: Hub) -> None:
    session = await hub.session()
    first = await session.astrid.said(session.id, SHORT)
    other = await session.ben.said(session.id, "det är tungt.", language="sv")
    question = await session.ben.said(session.id, "Det är tungt?", language="sv")
    await hub.translate()
    revision = (await correct(session.astrid, first, "It is hard"))["revision"]
    found = await english(session.ben, session.id, other)
    assert (found["text"], found["status"]) == ("It is hard.", "memory")
    assert (found["by"], found["origin"], found["doubt"]) == ("Astrid", "correction", None)
    assert (await english(session.ben, session.id, question))["status"] == "machine"
    changes = (await session.ben.get(f"/sessions/{session.id}/changes", after=revision - 1)).json()
    changed = [i["contribution"]["id"] for i in changes["items"] if "contribution" in i]
    assert changed == [first["id"], other["id"]]
    async with hub.database.reading() as tx:
        kind = GatheringEvent.kind == "translation_corrected"
        (told,) = list(await tx.scalars(select(GatheringEvent).where(kind)))
    assert told.data["followed"] == [other["id"]]


async def test_what_a_person_corrected_is_never_replaced(hub: Hub) -> None:
    session = await hub.session()
    first = await session.astrid.said(session.id, SAID)
    second = await session.ben.said(session.id, SAID, language="sv")
    await hub.translate()
    await correct(session.ben, second, "Let us talk.")
    await correct(session.astrid, first)
    assert (await english(session.ben, session.id, second))["text"] == "Let us talk."
    assert (await english(session.ben, session.id, second))["status"] == "corrected"


async def test_a_disputed_text_is_not_replaced_while_people_talk_about_it(hub: Hub) -> None:
    session = await hub.session()
    first = await session.astrid.said(session.id, SAID)
    second = await session.astrid.said(session.id, SAID)
    await hub.translate()
    await session.ben.post(f"/contributions/{second['id']}/dispute", {"word": "prata"})
    await correct(session.astrid, first)
    assert (await english(session.ben, session.id, second))["status"] == "disputed"


async def test_a_correction_of_a_correction_reaches_what_came_from_it(hub: Hub) -> None:
    session = await hub.session()
    first = await session.astrid.said(session.id, SAID)
    second = await session.ben.said(session.id, SAID, language="sv")
    await hub.translate()
    await correct(session.astrid, first, "We need to tlak.")
    await correct(session.astrid, first)
    assert (await english(session.ben, session.id, second))["text"] == MEANT
    (kept,) = await pairs(hub)
    assert (kept.target_text, kept.model) == (MEANT, "echo")


async def test_whoever_says_the_same_later_is_translated_from_memory(hub: Hub) -> None:
    session = await hub.session()
    first = await session.astrid.said(session.id, SHORT)
    await hub.translate()
    await correct(session.astrid, first, "It is hard")
    hub.translator.asked.clear()
    later = await session.ben.said(session.id, SHORT, language="sv")
    assert (await english(session.ben, session.id, later))["status"] == "pending"
    await hub.translate()
    found = await english(session.ben, session.id, later)
    assert (found["text"], found["status"], found["by"]) == ("It is hard", "memory", "Astrid")
    assert hub.translator.asked == []


async def test_a_post_that_still_waits_is_filled_at_once(hub: Hub) -> None:
    session = await hub.session()
    first = await session.astrid.said(session.id, SAID)
    second = await session.ben.said(session.id, SAID, language="sv")
    await correct(session.astrid, first)
    assert (await english(session.ben, session.id, second))["status"] == "memory"


async def test_a_correction_made_while_the_engine_worked_wins(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("recommend")
    fields = {"owner": "Kommunen i staden", "when": "2027-01-01", "measure": "Antal samtal"}
    proposal = {"kind": "recommendation", "fields": {"what": SAID, **fields}}
    first = await session.astrid.said(session.id, SAID, **proposal)
    second = await session.ben.said(session.id, SAID, language="sv", **proposal)
    waiting = await jobs._claim_waiting(hub.screens)
    answers = await jobs._translated(hub.screens, hub.translator, waiting)
    await correct(session.astrid, first)
    await jobs._put_in_place(hub.screens, session.id, answers[session.id])
    found = await english(session.ben, session.id, second)
    assert (found["text"], found["status"]) == (MEANT, "memory")
    assert found["fields"]["owner"] == "[en] Kommunen i staden"


async def elsewhere(hub: Hub) -> tuple[Session, Session, Any, Any]:
    """Two sessions in which the same was said, and translated by the machine."""
    here, there = await hub.session(), await hub.session()
    first = await here.astrid.said(here.id, SAID)
    second = await there.astrid.said(there.id, SAID)
    await hub.translate()
    return here, there, first, second


async def test_with_their_leave_it_reaches_other_sessions_under_way(hub: Hub) -> None:
    here, there, first, second = await elsewhere(hub)
    await agree(hub, here.astrid)
    before = (await there.ben.get(f"/sessions/{there.id}")).json()["revision"]
    await correct(here.astrid, first)
    assert (await english(there.ben, there.id, second))["status"] == "machine"
    assert await jobs.spread_corrections(hub.screens) == 1
    found = await english(there.ben, there.id, second)
    assert (found["text"], found["status"], found["origin"]) == (MEANT, "memory", "correction")
    assert found["by"] is None
    changes = (await there.ben.get(f"/sessions/{there.id}/changes", after=before)).json()
    assert [i["contribution"]["id"] for i in changes["items"]] == [second["id"]]
    assert await jobs.spread_corrections(hub.screens) == 0


async def test_a_closed_session_stays_as_it_was(hub: Hub) -> None:
    here, there, first, second = await elsewhere(hub)
    await agree(hub, here.astrid)
    await there.moved("close")
    await correct(here.astrid, first)
    await jobs.spread_corrections(hub.screens)
    assert (await english(there.fatima, there.id, second))["status"] == "machine"


@pytest.mark.parametrize("who", ["nobody", "the corrector alone", "the author alone"])
async def test_without_the_leave_of_all_it_stays_in_its_session(hub: Hub, who: str) -> None:
    here, there, first, second = await elsewhere(hub)
    bea = await bilingual(hub, here)
    agreed = {"the corrector alone": [bea], "the author alone": [here.astrid]}.get(who, [])
    await agree(hub, *agreed)
    await correct(bea, first)
    (kept,) = await pairs(hub)
    assert (kept.lasting, kept.gathering_id) == (False, here.id)
    assert await jobs.spread_corrections(hub.screens) == 0
    later = await there.ben.said(there.id, SAID, language="sv")
    await hub.translate()
    assert (await english(there.ben, there.id, second))["status"] == "machine"
    assert (await english(there.ben, there.id, later))["status"] == "machine"


async def test_a_facilitators_correction_needs_the_authors_leave_alone(hub: Hub) -> None:
    here, _, first, _ = await elsewhere(hub)
    await agree(hub, here.astrid)
    await correct(here.fatima, first)
    assert [kept.lasting for kept in await pairs(hub)] == [True]


async def test_a_facilitators_own_words_need_nobodys_leave(hub: Hub) -> None:
    session = await hub.session()
    said = await session.fatima.said(session.id, SAID, "facilitation", language="sv")
    await hub.translate()
    await correct(session.fatima, said)
    assert [kept.lasting for kept in await pairs(hub)] == [True]


async def test_a_few_words_are_a_suggestion_elsewhere(hub: Hub) -> None:
    here, there = await hub.session(), await hub.session()
    await agree(hub, here.astrid)
    first = await here.astrid.said(here.id, SHORT)
    second = await there.astrid.said(there.id, SHORT)
    await hub.translate()
    await correct(here.astrid, first, "It is hard")
    assert await jobs.spread_corrections(hub.screens) == 0
    later = await there.ben.said(there.id, SHORT, language="sv")
    await hub.translate()
    assert (await english(there.ben, there.id, second))["status"] == "machine"
    assert (await english(there.ben, there.id, later))["status"] == "machine"
    body = {"text": SHORT, "from": "sv", "to": "en"}
    told = (await there.fatima.post("/translate", body)).json()
    assert [(s["text"], s["score"]) for s in told["suggestions"]] == [("It is hard", 1)]


async def test_taking_a_post_back_takes_its_pairs_with_it(hub: Hub) -> None:
    session = await hub.session()
    await agree(hub, session.astrid)
    said = await session.astrid.said(session.id, SAID)
    await hub.translate()
    await correct(session.astrid, said)
    assert [kept.lasting for kept in await pairs(hub)] == [True]
    assert (await session.astrid.delete(f"/contributions/{said['id']}")).status_code == 200
    assert await pairs(hub) == []
    async with hub.database.reading() as tx:
        assert await tx.scalar(select(func.count()).select_from(PairWord)) == 0
    later = await session.ben.said(session.id, SAID, language="sv")
    await hub.translate()
    assert (await english(session.ben, session.id, later))["status"] == "machine"


async def test_a_pair_taken_back_while_it_was_looked_up_is_not_used(hub: Hub) -> None:
    session = await hub.session()
    first = await session.astrid.said(session.id, SAID)
    await hub.translate()
    await correct(session.astrid, first)
    second = await session.ben.said(session.id, SAID, language="sv")
    waiting = await jobs._claim_waiting(hub.screens)
    answers = await jobs._translated(hub.screens, hub.translator, waiting)
    await session.astrid.delete(f"/contributions/{first['id']}")
    await jobs._put_in_place(hub.screens, session.id, answers[session.id])
    assert (await english(session.ben, session.id, second))["status"] == "pending"
    await hub.translate()
    assert (await english(session.ben, session.id, second))["text"] == f"[en] {SAID}"


async def test_a_hidden_post_leaves_the_memory(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    await correct(session.astrid, said)
    await session.fatima.post(f"/contributions/{said['id']}/hide", {"reason": "A name"})
    assert await pairs(hub) == []


async def test_a_reflection_never_reaches_the_memory(hub: Hub) -> None:
    session = await hub.session()
    await agree(hub, session.astrid)
    await session.go_to("reflect")
    said = await session.astrid.said(session.id, SAID, "reflection")
    url = f"/contributions/{said['id']}/translations/en"
    await session.astrid.put(url, {"text": MEANT})
    assert await pairs(hub) == []


async def test_who_takes_the_leave_back_takes_their_words_out_of_other_sessions(hub: Hub) -> None:
    session = await hub.session()
    await agree(hub, session.astrid)
    said = await session.astrid.said(session.id, SAID)
    await correct(session.astrid, said)
    answer = await hub.http.post(
        f"/sessions/{session.id}/choices",
        data={"consent": "1", "take_part": "1", "language": "sv"},
        cookies={f"hub_seat_{session.id}": session.astrid.token},
    )
    assert answer.status_code in (200, 204, 303), answer.text
    (kept,) = await pairs(hub)
    assert (kept.lasting, kept.due_at) == (False, None)


async def test_similar_words_are_shown_to_whoever_may_correct(hub: Hub) -> None:
    session = await hub.session()
    first = await session.astrid.said(session.id, SAID)
    second = await session.astrid.said(session.id, "Vi måste prata mycket mer med varandra.")
    await hub.translate()
    await correct(session.astrid, first)
    url = f"/sessions/{session.id}/contributions/{second['id']}"
    seats = {f"hub_seat_{session.id}": session.astrid.token}
    page = await hub.http.get(url, cookies=seats)
    assert MEANT in page.text
    seats = {f"hub_seat_{session.id}": session.ben.token}
    page = await hub.http.get(url, cookies=seats)
    assert page.status_code == 200
    assert MEANT not in page.text
    found = await english(session.ben, session.id, second)
    assert found["text"] == "[en] Vi måste prata mycket mer med varandra."


async def test_correcting_takes_no_more_queries_in_a_full_room(hub: Hub) -> None:
    session = await hub.session()
    asked: list[str] = []
    event.listen(
        hub.database.engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: asked.append(statement),
    )
    counts = []
    for others in (1, 8):
        first = await session.astrid.said(session.id, f"{SAID} {others}")
        for _ in range(others):
            await session.ben.said(session.id, f"{SAID} {others}", language="sv")
        await hub.translate()
        await hub.screens.settle()
        asked.clear()
        await correct(session.astrid, first, f"{MEANT} {others}")
        await hub.screens.settle()
        counts.append(len(asked))
    assert counts[1] == counts[0]


# --- The waiting rows -------------------------------------------------------------------------


async def fill(hub: Hub, session: Session, count: int) -> None:
    """Many posts that wait for translation, put straight into the database."""
    now = hub.clock.now()
    async with hub.database.transaction() as tx:
        await tx.execute(
            Contribution.__table__.insert(),  # type: ignore[attr-defined]
            [
                {
                    "id": f"c_{n}",
                    "gathering_id": session.id,
                    "seq": 10_000 + n,
                    "revision": 1,
                    "phase": "arrive",
                    "kind": "contribution",
                    "participant_id": session.astrid.id,
                    "author_key": session.astrid.id,
                    "client_id": f"many-{n}",
                    "language": "sv",
                    "text": f"Inlägg nummer {n}",
                    "fields": {},
                    "created_at": now,
                    "hidden_reason": "",
                }
                for n in range(count)
            ],
        )
        await tx.execute(
            Translation.__table__.insert(),  # type: ignore[attr-defined]
            [
                {
                    "id": f"t_{n}",
                    "contribution_id": f"c_{n}",
                    "language": "en",
                    "text": "",
                    "fields": {},
                    "status": "pending",
                    "disputes": [],
                    "attempts": 0,
                    "due_at": now,
                    "updated_at": now,
                }
                for n in range(count)
            ],
        )


async def statuses(hub: Hub) -> dict[str, int]:
    async with hub.database.reading() as tx:
        rows = await tx.execute(
            select(Translation.status, func.count())
            .where(Translation.origin.is_(None))
            .group_by(Translation.status)
        )
        return {row[0]: row[1] for row in rows}


async def test_two_processes_never_do_the_same_row(hub: Hub) -> None:
    session = await hub.session()
    await fill(hub, session, 200)
    second = Database(hub.settings.database)
    other = Screens(second, hub.clock, hub.app.state.renderer, base_url="")
    engines = [EchoTranslator(), EchoTranslator()]
    await asyncio.gather(
        jobs.translate_waiting(hub.screens, engines[0]),
        jobs.translate_waiting(other, engines[1]),
    )
    await second.close()
    done = [text for engine in engines for text, *_ in engine.asked]
    assert sorted(done) == sorted(f"Inlägg nummer {n}" for n in range(200))
    assert await statuses(hub) == {"machine": 200}


async def test_what_a_killed_process_had_claimed_is_picked_up_again(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    assert len(await jobs._claim_waiting(hub.screens)) == 1
    await hub.translate()
    assert (await english(session.ben, session.id, said))["status"] == "pending"
    hub.clock.move(seconds=61)
    await hub.translate()
    assert (await english(session.ben, session.id, said))["status"] == "machine"


async def test_a_correction_that_a_killed_process_was_to_spread_is_spread_later(hub: Hub) -> None:
    here, there, first, second = await elsewhere(hub)
    await agree(hub, here.astrid)
    await correct(here.astrid, first)
    async with hub.database.transaction() as tx:
        soon = hub.clock.now().replace(minute=59)
        await tx.execute(update(Pair).values(due_at=soon))
    assert await jobs.spread_corrections(hub.screens) == 0
    hub.clock.move(minutes=30)
    assert await jobs.spread_corrections(hub.screens) == 1
    assert (await english(there.ben, there.id, second))["text"] == MEANT


async def test_what_cannot_be_taken_now_shows_as_pending_and_is_never_lost(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    hub.translator.failing = "overloaded"
    for _ in range(10):
        await hub.translate()
        found = await english(session.ben, session.id, said)
        assert (found["status"], found["text"]) == ("pending", None)
        hub.clock.move(seconds=jobs.POSTPONED_SECONDS)
    hub.translator.failing = None
    await hub.translate()
    assert (await english(session.ben, session.id, said))["status"] == "machine"


async def test_a_reason_that_is_remembered_fills_a_post_without_words(hub: Hub) -> None:
    """The memory knows the reason alone: it must not be asked for again and again."""
    await jobs.load_memory(hub.database, hub.clock, hub.app.state.renderer)
    session = await hub.session()
    await session.go_to("recommend")
    proposal = await session.astrid.said(session.id, "Vi ringer dagen efter.", "recommendation")
    await session.go_to("decide")
    known = next(pair for pair in await pairs(hub) if pair.source_language == "sv")
    fields = {"of": proposal["id"], "value": "objection", "reason": known.source_text}
    await session.astrid.said(session.id, "", "stance", fields=fields)
    await asyncio.wait_for(hub.translate(), 300)
    assert "pending" not in await statuses(hub)


async def test_several_rooms_that_say_the_same_ask_the_engine_once(hub: Hub) -> None:
    rooms = [await hub.session() for _ in range(3)]
    for room in rooms:
        await room.astrid.said(room.id, SAID)
    await jobs.translate_waiting(hub.screens, Queue(hub.translator))
    assert hub.translator.asked == [(SAID, "sv", "en")]
    assert await statuses(hub) == {"machine": 3}


class Held(EchoTranslator):
    """An engine that is at it until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()
        self.begun = asyncio.Event()
        self.most = 0

    async def translate(self, texts: Sequence[str], **more: Any) -> list[Translated]:
        self.most = max(self.most, len(texts))
        self.begun.set()
        await self.let_go.wait()
        return await super().translate(texts, **more)


@pytest.mark.sqlite("It measures the queue; ten thousand rows take a minute there.")
async def test_ten_thousand_waiting_posts_hold_up_no_original(hub: Hub) -> None:
    session = await hub.session()
    asked: list[str] = []
    event.listen(
        hub.database.engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: asked.append(statement),
    )

    async def post() -> int:
        await hub.screens.settle()
        asked.clear()
        await session.ben.said(session.id, "An original")
        await hub.screens.settle()
        return len(asked)

    quiet = await post()
    await hub.translate()
    await fill(hub, session, 10_000)
    held = Held()
    queue = Queue(held)
    work = asyncio.create_task(jobs.translate_waiting(hub.screens, queue))
    await held.begun.wait()
    busy = [await post() for _ in range(5)]
    assert max(busy) <= quiet
    assert queue.waiting <= jobs.BATCH
    held.let_go.set()
    async with asyncio.timeout(400):
        await work
    await hub.translate()
    assert held.most <= jobs.BATCH
    assert set(await statuses(hub)) == {"machine"}


async def test_a_clock_that_runs_fast_shortens_no_claim(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, SAID)
    hub.clock.speed = 100
    assert len(await jobs._claim_waiting(hub.screens)) == 1
    async with hub.database.reading() as tx:
        due = list(await tx.scalars(select(Translation.due_at)))
    assert max(filter(None, due)) - hub.clock.now() == timedelta(minutes=100)
