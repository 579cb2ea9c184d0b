"""The chatbot at work in a session: waiting lines, the facilitator's say, who hears what."""

from __future__ import annotations

from typing import Any

import pytest

from hub.gatherings import jobs
from tests.cast import join
from tests.conftest import Hub


async def bot(session: Any) -> list[Any]:
    return list((await session.fatima.get(f"/sessions/{session.id}/bot")).json()["items"])


async def heard(session: Any, who: Any) -> list[str]:
    """The triggers of the lines this person has heard, phase starts aside."""
    items = (await who.get(f"/sessions/{session.id}/changes")).json()["items"]
    lines = [i["contribution"] for i in items if "contribution" in i]
    found = [c["fields"].get("trigger") for c in lines if c["kind"] == "bot"]
    return [trigger for trigger in found if trigger != "phase_start"]


async def wait(hub: Hub, seconds: float) -> None:
    """Let time pass, the chatbot thinking all along."""
    for _ in range(int(seconds)):
        hub.clock.move(seconds=1)
        await jobs.think(hub.screens)


async def in_interpret(hub: Hub) -> Any:
    session = await hub.session()
    hub.clock.move(seconds=10)
    await session.go_to("interpret")
    return session


async def test_a_time_line_waits_where_the_facilitator_sees_it_and_then_goes_out(hub: Hub) -> None:
    session = await in_interpret(hub)
    await session.astrid.said(session.id, "Jag läser det så här.")
    await session.ben.said(session.id, "I read it another way.")
    hub.clock.move(minutes=7)
    await jobs.think(hub.screens)
    (line,) = await bot(session)
    assert (line["trigger"], line["to"], line["draft"]) == ("half_time", "all", False)
    assert line["text"]["en"].startswith("Halfway, 7 minutes left.")
    assert await heard(session, session.astrid) == []
    hub.clock.move(seconds=10)
    await jobs.think(hub.screens)
    assert await bot(session) == []
    assert await heard(session, session.astrid) == ["half_time"]
    items = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    assert items[-1]["translations"]["en"]["text"].startswith("Halfway")
    assert items[-1]["translations"]["en"]["status"] == "memory"


async def test_a_dropped_line_is_never_heard(hub: Hub) -> None:
    session = await in_interpret(hub)
    hub.clock.move(minutes=7)
    await jobs.think(hub.screens)
    for line in await bot(session):
        path = f"/sessions/{session.id}/bot/{line['id']}/drop"
        assert (await session.fatima.post(path)).status_code == 200
        assert (await session.fatima.post(path)).status_code == 404
    hub.clock.move(seconds=11)
    await jobs.think(hub.screens)
    assert "half_time" not in await heard(session, session.ben)


async def test_a_line_is_sent_in_the_facilitators_words(hub: Hub) -> None:
    session = await in_interpret(hub)
    hub.clock.move(minutes=7)
    await jobs.think(hub.screens)
    line = (await bot(session))[0]
    path = f"/sessions/{session.id}/bot/{line['id']}/send"
    words = {"text": {"sv": "Halva tiden, kära ni.", "en": "Half the time, dear all."}}
    half = {"text": {"sv": "Bara svenska", "en": " "}}
    assert (await session.fatima.post(path, half)).status_code == 422
    assert (await session.fatima.post(path, words)).status_code == 200
    items = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    assert items[-1]["text"] == "Halva tiden, kära ni."
    assert items[-1]["translations"]["en"]["text"] == "Half the time, dear all."


async def test_a_muted_chatbot_is_silent_to_the_room(hub: Hub) -> None:
    session = await in_interpret(hub)
    path = f"/sessions/{session.id}/bot"
    assert (await session.fatima.put(path, {"muted": True})).json()["muted"] is True
    hub.clock.move(minutes=7)
    await wait(hub, 12)
    assert await heard(session, session.astrid) == []
    await session.astrid.said(session.id, "Jag vill inte leva längre.")
    await jobs.think(hub.screens)
    assert [line["trigger"] for line in await bot(session)] == ["safety"]


async def test_safety_reaches_the_facilitators_alone(hub: Hub) -> None:
    session = await in_interpret(hub)
    said = await session.astrid.said(session.id, "Jag vill inte leva längre.")
    await wait(hub, 15)
    (line,) = [x for x in await bot(session) if x["trigger"] == "safety"]
    assert (line["to"], line["about"], line["sends_at"]) == ("facilitators", said["id"], None)
    assert "safety" not in await heard(session, session.astrid)
    assert "safety" not in await heard(session, session.ben)


async def test_dominance_is_a_draft_that_only_the_one_person_gets(hub: Hub) -> None:
    session = await in_interpret(hub)
    more = [await join(hub.http, session.code, f"P{n}", "sv", role="carer") for n in range(5)]
    await session.ben.said(session.id, "word " * 130)
    await more[0].said(session.id, "Ett kort inlägg.")
    await wait(hub, 12)
    drafts = [line for line in await bot(session) if line["trigger"] == "dominance"]
    assert [(d["to"], d["draft"]) for d in drafts] == [(session.ben.id, True)]
    await wait(hub, 20)
    assert "dominance" not in await heard(session, session.ben)
    path = f"/sessions/{session.id}/bot/{drafts[0]['id']}/send"
    assert (await session.fatima.post(path)).status_code == 200
    assert "dominance" in await heard(session, session.ben)
    assert "dominance" not in await heard(session, session.astrid)
    record = (await session.fatima.get(f"/sessions/{session.id}/record")).text
    assert "You've added a lot" not in record


async def test_a_late_comer_is_welcomed_in_private(hub: Hub) -> None:
    session = await in_interpret(hub)
    hub.clock.move(seconds=30)
    late = await join(hub.http, session.code, "Maureen", "en", role="carer")
    await wait(hub, 12)
    assert "late_joiner" in await heard(session, late)
    assert "late_joiner" not in await heard(session, session.ben)


async def test_nothing_of_a_reflection_moves_the_chatbot(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("reflect")
    await session.astrid.said(session.id, "Jag vill inte leva längre.", "reflection")
    await wait(hub, 12)
    assert await bot(session) == []


async def test_a_line_of_a_step_that_is_over_is_not_sent(hub: Hub) -> None:
    session = await in_interpret(hub)
    hub.clock.move(minutes=7)
    await jobs.think(hub.screens)
    assert await bot(session)
    hub.clock.move(seconds=1)
    await session.moved("advance", force=True, reason="on we go")
    hub.clock.move(seconds=11)
    await jobs.think(hub.screens)
    assert "half_time" not in await heard(session, session.ben)


@pytest.mark.parametrize("what", ["get", "put", "post"])
async def test_the_chatbots_desk_is_the_facilitators(hub: Hub, what: str) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}/bot"
    answers = {
        "get": lambda: session.astrid.get(path),
        "put": lambda: session.astrid.put(path, {"muted": True}),
        "post": lambda: session.astrid.post(f"{path}/b_x/send"),
    }
    assert (await answers[what]()).status_code == 403


async def test_what_waits_is_not_said_after_the_session(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("interpret")
    await session.astrid.said(session.id, " ".join(["ord"] * 130))
    hub.clock.move(seconds=30)
    await jobs.think(hub.screens)
    await jobs.note_presence(hub.screens)
    bot = (await session.fatima.get(f"/sessions/{session.id}/bot")).json()
    assert any(line["to"] != "facilitators" for line in bot["items"])
    await session.moved("close")
    bot = (await session.fatima.get(f"/sessions/{session.id}/bot")).json()
    assert [line for line in bot["items"] if line["to"] != "facilitators"] == []
