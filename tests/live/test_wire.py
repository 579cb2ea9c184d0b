"""Pushes to many screens: one frame for all, in order, and an end for who never reads."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as dial

from hub import live as live_room
from hub import wire
from hub.live import room_of
from hub.wire import Shared

from ..cast import Session
from .conftest import Server


@contextlib.asynccontextmanager
async def screen(
    server: Server, session: Session, *, compression: str | None, **more: Any
) -> AsyncIterator[ClientConnection]:
    """Ben's connection to a session, one packet at a time."""
    url = server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    async with dial(url, compression=compression, close_timeout=0.2, **more) as connection:
        await connection.recv()
        await connection.send("40" + json.dumps({"token": session.ben.token}))
        await connection.recv()
        entering = {"session": session.id, "language": "en", "format": "json"}
        await connection.send("420" + json.dumps(["enter", entering]))
        while not str(await connection.recv()).startswith("430"):
            pass
        yield connection


async def pushed(connection: ClientConnection, event: str = "notice") -> dict[str, Any]:
    """The next push of a kind."""
    async with asyncio.timeout(60):
        while True:
            text = str(await connection.recv())
            if text == "2":
                await connection.send("3")
            elif text.startswith(f'42["{event}"'):
                found: dict[str, Any] = json.loads(text[2:])[1]
                return found


async def until(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while True:
            found = holds()
            if found is True or (found is not False and await found):
                return
            await asyncio.sleep(0.05)


async def test_a_push_is_put_into_a_frame_once_however_many_read_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await server.session()
    made: list[bool] = []
    inner = wire._frame

    def counted(data: bytes, *, deflated: bool) -> bytes:
        if b"many-read-this" in data:
            made.append(deflated)
        return inner(data, deflated=deflated)

    monkeypatch.setattr(wire, "_frame", counted)
    async with contextlib.AsyncExitStack() as stack:
        screens = [
            await stack.enter_async_context(screen(server, session, compression=compression))
            for compression in ("deflate", None, "deflate", None, "deflate")
        ]
        data = {"session": session.id, "text": "many-read-this å 🦉 " * 200}
        await server.app.state.live.emit("notice", data, room=room_of(session.id, "en", "json"))
        assert [await pushed(one) for one in screens] == [data] * 5
    assert sorted(made) == [False, True]


async def test_pushes_come_in_the_order_in_which_they_were_made(server: Server) -> None:
    session = await server.session()
    room, live = room_of(session.id, "en", "json"), server.app.state.live
    async with (
        screen(server, session, compression="deflate") as one,
        screen(server, session, compression=None, max_queue=1) as slow,
    ):
        # More than the kernel takes at once: some wait for the other side, some need not.
        for n in range(60):
            await live.emit("notice", {"n": n, "text": str(n) * 20_000}, room=room)
        for reader in (one, slow):
            assert [(await pushed(reader))["n"] for _ in range(60)] == list(range(60))


async def test_who_never_reads_is_let_go_and_the_others_read_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_room, "MOST_WAITING", 20)
    session = await server.session()
    room, live = room_of(session.id, "en", "json"), server.app.state.live
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.connect(("127.0.0.1", int(server.url.rsplit(":", 1)[1])))
    async with (
        screen(server, session, compression=None) as reader,
        screen(server, session, compression=None, sock=stuck, max_queue=1) as silent,
    ):
        silent.transport.pause_reading()
        before = live.connections()
        for n in range(200):
            await live.emit("notice", {"n": n, "text": "x" * 50_000}, room=room)
            assert (await pushed(reader))["n"] == n
            if live.connections() < before:
                break
        await until(lambda: live.connections() == before - 1)
        assert n < 199


@pytest.mark.parametrize("deflated", [True, False])
def test_a_frame_is_what_any_other_end_understands(deflated: bool) -> None:
    text = Shared('42["changes",{"html":"<li>å 🦉</li>"}]' * 50)
    frame = text.frame(deflated=deflated)
    assert text.frame(deflated=deflated) is frame
    assert (len(frame) < len(text.encode()) / 4) is deflated


async def test_what_another_process_could_not_tell_is_shown_by_the_next_look(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await server.session()
    screens, live = server.app.state.screens, server.app.state.live

    async def show_nothing(*_: object) -> None:
        """As where the process that wrote has ended, or Redis was away."""

    server.app.state.ticker._scheduler.pause()
    try:
        async with screen(server, session, compression=None) as reader:
            await screens.settle()
            monkeypatch.setattr(screens, "show", show_nothing)
            said = await session.astrid.said(session.id, "Det här når ingen skärm.")
            await screens.settle()
            monkeypatch.undo()
            await screens.make_good()

            async def is_shown() -> bool:
                items = (await pushed(reader, "changes"))["items"]
                return said["id"] in [i.get("contribution", {}).get("id") for i in items]

            await until(is_shown)
            found = (await session.fatima.get(f"/sessions/{session.id}")).json()
            assert live.looked_at(session.id) == found["revision"]
    finally:
        server.app.state.ticker._scheduler.resume()
