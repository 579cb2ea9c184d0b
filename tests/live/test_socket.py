from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio

from hub import live

from .conftest import Server


def translated(id_: str) -> Any:
    def fits(name: str, data: dict[str, Any]) -> Any:
        for item in data.get("items", []) if name == "changes" else []:
            c = item.get("contribution")
            if c and c["id"] == id_ and any(t["text"] for t in c["translations"].values()):
                return c
        return None

    return fits


def has(id_: str) -> Any:
    def fits(name: str, data: dict[str, Any]) -> Any:
        items = data.get("items", []) if name == "changes" else []
        return next((i for i in items if i.get("contribution", {}).get("id") == id_), None)

    return fits


async def test_what_astrid_writes_reaches_ben_in_english(server: Server, connect: Any) -> None:
    session = await server.session()
    ben = await connect(session.ben.token)
    entered = await ben.enter(session.id, "en", format="json")
    assert entered["ok"] is True
    said = await session.astrid.said(session.id, "Jag vill prata med min läkare om provet.")
    first = await ben.until(has(said["id"]))
    assert first["contribution"]["text"] == "Jag vill prata med min läkare om provet."
    done = await ben.until(translated(said["id"]))
    english = done["translations"]["en"]
    assert english["status"] == "machine"
    assert "doctor" in english["text"].lower()


async def test_what_ben_writes_reaches_astrid_in_swedish(server: Server, connect: Any) -> None:
    session = await server.session()
    astrid = await connect(session.astrid.token)
    await astrid.enter(session.id, "sv")
    said = await session.ben.said(session.id, "The patient asked three questions.")
    done = await astrid.until(translated(said["id"]))
    assert "patient" in done["translations"]["sv"]["text"].lower()


async def test_pushes_follow_each_other_without_a_hole(server: Server, connect: Any) -> None:
    session = await server.session()
    ben = await connect(session.ben.token)
    entered = await ben.enter(session.id, "en")
    posts = [session.astrid.say(session.id, f"Inlägg {n}") for n in range(10)]
    ids = {a.json()["id"] for a in await asyncio.gather(*posts)}
    for id_ in ids:
        await ben.until(has(id_))
    upto = entered["revision"]
    for name, data in ben.events:
        if name == "changes":
            assert data["after"] == upto
            upto = data["upto"]


async def test_a_late_comer_gets_what_was_missed(server: Server, connect: Any) -> None:
    session = await server.session()
    said = await session.astrid.said(session.id, "Före dig")
    ben = await connect(session.ben.token)
    await ben.enter(session.id, "en", after=0)
    assert await ben.until(has(said["id"]))


async def test_the_fragment_is_rendered_once_per_language(server: Server, connect: Any) -> None:
    session = await server.session()
    screens = [await connect(session.ben.token) for _ in range(4)]
    for screen in screens:
        await screen.enter(session.id, "en", format="html")
    said = await session.astrid.said(session.id, "Till alla <b>skärmar</b>")

    def shown(name: str, data: dict[str, Any]) -> Any:
        found = name == "changes" and f"contribution-{said['id']}" in data.get("html", "")
        return data["html"] if found else None

    html = [await screen.until(shown) for screen in screens]
    assert len(set(html)) == 1
    assert "&lt;b&gt;" in html[0]
    assert "<b>skärmar" not in html[0]


@pytest.mark.parametrize("auth", [None, {}, {"token": "pt_forged"}, {"token": 7}, "text"])
async def test_a_stranger_is_refused_at_the_door(server: Server, auth: Any) -> None:
    client = socketio.AsyncClient(reconnection=False)
    refusals: list[Any] = []
    client.on("connect_error", refusals.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(server.url, transports=["websocket"], auth=auth, wait_timeout=60)
    assert "unauthorized" in str(refusals)


async def test_a_neighbour_may_not_enter(server: Server, connect: Any) -> None:
    session, other = await server.session(), await server.session()
    ben = await connect(other.ben.token)
    refused = await ben.enter(session.id, "en")
    assert refused == {"ok": False, "error": "session_not_found"}
    await session.astrid.said(session.id, "Bara vi")
    await server.app.state.screens.settle()
    assert not ben.contributions()


@pytest.mark.parametrize(
    "payload",
    [
        None,
        "text",
        7,
        [],
        {},
        {"session": 7, "language": "sv"},
        {"session": "s", "language": "de"},
        {"session": "s", "language": "sv", "after": "x"},
        {"session": "s", "language": "sv", "after": -1},
        {"session": "s", "language": "sv", "after": True},
        {"session": "s", "language": "sv", "format": "xml"},
        {"session": ["s"], "language": ["sv"]},
    ],
)
async def test_a_malformed_payload_is_answered_and_harms_nobody(
    server: Server, connect: Any, payload: Any
) -> None:
    session = await server.session()
    ben = await connect(session.ben.token)
    for event in ("enter", "typing"):
        answer = await ben.client.call(event, payload, timeout=60)
        assert answer["ok"] is False
    assert isinstance((await ben.client.call("leave", payload, timeout=60))["ok"], bool)
    assert (await ben.enter(session.id, "en"))["ok"] is True


async def test_a_revision_from_the_future_is_refused(server: Server, connect: Any) -> None:
    session = await server.session()
    ben = await connect(session.ben.token)
    refused = await ben.enter(session.id, "en", after=10_000)
    assert refused == {"ok": False, "error": "revision_unknown"}


async def test_somebody_in_two_tabs_is_one_person(server: Server, connect: Any) -> None:
    session = await server.session()
    tabs = [await connect(session.ben.token) for _ in range(2)]
    for tab in tabs:
        await tab.enter(session.id, "en")

    def one_here(name: str, data: dict[str, Any]) -> Any:
        return data if name == "presence" and data["by_language"].get("en") == 1 else None

    assert (await tabs[1].until(one_here))["by_role"]["practitioner"] == 1


async def test_who_leaves_hears_nothing_more(server: Server, connect: Any) -> None:
    session = await server.session()
    ben = await connect(session.ben.token)
    await ben.enter(session.id, "en")
    left = await session.ben.post(f"/sessions/{session.id}/leave")
    assert left.status_code == 204
    await session.astrid.said(session.id, "Efter dig")
    await server.app.state.screens.settle()
    assert not ben.contributions()
    assert (await ben.enter(session.id, "en"))["ok"] is False


async def test_typing_is_counted_but_not_too_often(
    server: Server, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However late the second one comes, it comes too soon.
    monkeypatch.setattr(live, "TYPING_SECONDS", 600.0)
    session = await server.session()
    ben = await connect(session.ben.token)
    await ben.enter(session.id, "en")
    first = await ben.client.call("typing", {"session": session.id}, timeout=60)
    second = await ben.client.call("typing", {"session": session.id}, timeout=60)
    assert (first["ok"], second["ok"]) == (True, False)


async def test_other_processes_hear_who_types(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = a_process(), a_process()
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(here._rooms, "nudge", told.append)
    here._seen["s_1"]["sid"] = live.Seen("p_1", is_participant=True, language="sv")
    assert (await here._typing("sid", {"session": "s_1"}))["ok"] is True
    # Too soon again: nobody is told.
    assert (await here._typing("sid", {"session": "s_1"}))["ok"] is False
    (nudge,) = told
    there._heard(nudge)
    assert there.typing("s_1").keys() == here.typing("s_1").keys() == {"p_1"}
    assert there.typing("s_2") == {}
    # Somebody else types later; whoever typed long ago is forgotten.
    monkeypatch.setattr(live, "TYPING_KEPT", -1.0)
    there._heard({"session": "s_1", "what": "typing", "person": "p_2"})
    assert there.typing("s_1").keys() == {"p_2"}


def a_process() -> live.Live:
    """One of several, which reaches no Redis."""

    async def unasked(*_given: Any) -> Any:
        raise AssertionError("nobody asks")

    return live.Live(
        redis_url="redis://127.0.0.1:1",
        identify=unasked,
        admit=unasked,
        ended=unasked,
        catch_up=unasked,
        presence_changed=unasked,
        hear=unasked,
    )


async def test_a_private_thing_is_pushed_to_its_author_alone(server: Server, connect: Any) -> None:
    session = await server.session()
    await session.go_to("reflect")
    astrid, ben = await connect(session.astrid.token), await connect(session.ben.token)
    await astrid.enter(session.id, "sv")
    await ben.enter(session.id, "en")
    await session.astrid.said(session.id, "Bara min tanke", "reflection")
    await astrid.until(lambda name, data: name == "private" and "Bara min" in str(data))
    await server.app.state.screens.settle()
    assert "Bara min" not in str(ben.events)


async def test_a_foreign_page_may_not_connect(server: Server) -> None:
    session = await server.session()
    client = socketio.AsyncClient(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(
            server.url,
            transports=["websocket"],
            headers={"Origin": "http://evil.example"},
            auth={"token": session.ben.token},
            wait_timeout=60,
        )


async def test_how_far_a_phase_has_come_is_told_once_for_a_burst(
    server: Server, connect: Any
) -> None:
    session = await server.session()
    await session.go_to("interpret")
    ben = await connect(session.ben.token)
    await ben.enter(session.id, "en")
    ben.events.clear()
    posts = [session.astrid.said(session.id, f"Det här läser jag så, {n}.") for n in range(8)]
    said = await asyncio.gather(*posts)
    for one in said:
        await ben.until(has(one["id"]))

    def is_the_phase(name: str, data: dict[str, Any]) -> Any:
        items = data.get("items", []) if name == "changes" else []
        return next((i["phase"] for i in items if "phase" in i), None)

    shown = await ben.until(is_the_phase)
    assert shown["exit"] == (await session.ben.get(f"/sessions/{session.id}")).json()["exit"]
    told = [data for name, data in ben.events if is_the_phase(name, data)]
    assert len(told) < 4


async def test_a_translation_is_pushed_to_those_alone_who_read_it(
    server: Server, connect: Any
) -> None:
    session = await server.session()
    astrid, ben = await connect(session.astrid.token), await connect(session.ben.token)
    desk = await connect(session.fatima.token)
    entered = await astrid.enter(session.id, "sv", format="html")
    await ben.enter(session.id, "en", format="html")
    await desk.enter(session.id, "sv", format="html")

    def shows(words: str) -> Any:
        return lambda name, data: data if name == "changes" and words in data["html"] else None

    await session.astrid.said(session.id, "Jag vill prata med min läkare om provet.")
    await astrid.until(shows("min läkare"))
    await ben.until(shows("doctor"))
    # The facilitator's panels tell of doubts: they are drawn anew, with no post in it.
    moved = await desk.until(lambda name, data: name == "changes" and data["html"] == "" and data)
    assert moved["upto"] > moved["after"]
    await session.astrid.said(session.id, "Och sedan gick jag hem.")
    last = await astrid.until(shows("gick jag hem"))
    assert "min läkare" not in last["html"]
    upto = entered["revision"]
    for name, data in astrid.events:
        if name == "changes":
            assert data["after"] == upto, "a page would have to ask for what it has missed"
            assert data["html"].strip()
            upto = data["upto"]
    assert sum("min läkare" in data.get("html", "") for _, data in astrid.events) == 1
