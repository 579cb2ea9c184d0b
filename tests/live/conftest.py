"""A real server on a free port, with the real translator, in the tests' own loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio
import uvicorn
from fastapi import FastAPI

from hub.app import create_app
from hub.clock import Clock
from hub.people import actions as people
from hub.settings import Settings
from hub.wire import Wire

from ..cast import Person, Session, join, plan


@dataclass
class Server:
    """A hub that listens on loopback."""

    url: str
    app: FastAPI
    http: httpx.AsyncClient
    link: str = ""
    fatima: Person | None = None

    async def session(self, *, start: bool = True, **more: Any) -> Session:
        assert self.fatima is not None
        made = await plan(self.fatima, **more)
        astrid = await join(self.http, made["code"], "Astrid", "sv", role="patient")
        ben = await join(self.http, made["code"], "Ben", "en", role="practitioner")
        session = Session(made["id"], made["code"], self.fatima, astrid, ben)
        if start:
            await session.moved("start")
        return session


@dataclass
class Screen:
    """Somebody's socket, and everything that came over it."""

    client: socketio.AsyncClient
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def enter(self, session: str, language: str, **more: Any) -> Any:
        return await self.client.call(
            "enter", {"session": session, "language": language, **more}, timeout=60
        )

    async def until(self, fits: Any, seconds: float = 90) -> Any:
        """The first event that fits, among those that came and those to come."""
        async with asyncio.timeout(seconds):
            while True:
                for name, data in self.events:
                    if found := fits(name, data):
                        return found
                self.came.clear()
                await self.came.wait()

    def contributions(self) -> list[dict[str, Any]]:
        return [
            item["contribution"]
            for name, data in self.events
            if name == "changes"
            for item in data.get("items", [])
            if "contribution" in item
        ]


@contextlib.asynccontextmanager
async def serve(app: FastAPI, sock: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(app, log_config=None, ws=Wire, lifespan="on")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> AsyncIterator[Server]:
    async with listening(tmp_path_factory.mktemp("server"), blank, Clock()) as found:
        yield found


@contextlib.asynccontextmanager
async def listening(folder: Path, blank: Path, clock: Clock) -> AsyncIterator[Server]:
    """A hub of its own in a folder, with the facilitator Fatima and a link that signs her in."""
    (folder / "hub.db").write_bytes(blank.read_bytes())
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    app = create_app(Settings(data_dir=folder, base_url=url), clock=clock)
    async with serve(app, sock), httpx.AsyncClient(base_url=url, timeout=120) as http:
        now = app.state.clock.now()
        async with app.state.database.transaction() as tx:
            account = await people.add_account(
                tx,
                email="fatima@example.org",
                name="Fatima",
                role="facilitator",
                language="en",
                now=now,
                password="correct horse",
            )
            token = await people.sign_in(tx, account, kind="token", now=now)
            link = await people.make_sign_in_link(tx, account, now=now, uses=1000)
        fatima = Person(http, token, id=account.id, name="Fatima", language="en")
        yield Server(url, app, http, link, fatima)


@pytest.fixture
async def connect(server: Server) -> AsyncIterator[Any]:
    """Connect a socket with a token; all are closed at the end of the test."""
    clients: list[socketio.AsyncClient] = []

    async def open_(token: str | None) -> Screen:
        client = socketio.AsyncClient(reconnection=False)
        screen = Screen(client)

        async def keep(event: str, data: dict[str, Any]) -> None:
            screen.events.append((event, data))
            screen.came.set()

        client.on("*", keep)
        await client.connect(
            server.url,
            transports=["websocket"],
            auth={"token": token} if token else None,
            wait_timeout=60,
        )
        clients.append(client)
        return screen

    yield open_
    for client in clients:
        await client.disconnect()
