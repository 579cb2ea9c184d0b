"""``hub serve`` in processes of its own, which tests kill; and people who do not give up."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import time
import traceback
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import socketio

from hub.clock import Clock
from hub.db import Database
from hub.people import actions as people
from hub.settings import Settings
from tests.cast import Person, join, plan
from tests.commands import _context
from tests.scale.served import act
from tests.servers import free_port

# Only what never happens takes this long, however busy the machine is.
PATIENCE = int(os.environ.get("PATIENCE", "240"))
SECRET = "a secret key of a test, the same in all processes"
# As somebody's browser does where the hub did not take it.
AGAIN_SECONDS = 0.3
_numbers = itertools.count(1)


@dataclass
class Process:
    """One ``hub serve`` on a port that stays its own, however often it is started."""

    settings: dict[str, str]
    folder: Path
    translates_in: float | None = 0.0
    # An engine may take a minute. A stand-in never does, and a test does not wait so long.
    claim_seconds: int = 5
    arguments: tuple[str, ...] = ()
    # Write to ``slow`` what keeps its event loop busy for too long.
    watched: bool = False
    port: int = field(default_factory=free_port)
    child: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.port}.log"

    @property
    def slow(self) -> Path:
        return self.folder / f"{self.port}.slow"

    @property
    def pid(self) -> int:
        return int(self.child.pid)

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")}
        environment |= self.settings
        arguments = ("serve", "--port", str(self.port), *self.arguments)
        watched = str(self.slow) if self.watched else ""
        how = (self.translates_in, self.claim_seconds, watched)
        at: Any = (arguments, environment, str(self.log), *how)
        self.child = _context.Process(target=act, args=at)
        self.child.start()
        async with httpx.AsyncClient(base_url=self.url) as http:
            await until(lambda: self._answers(http), f"{self.url} answers", log=self.log)

    async def _answers(self, http: httpx.AsyncClient) -> bool:
        assert self.child.is_alive(), f"it ended: {self.log.read_text()[-2000:]}"
        with contextlib.suppress(httpx.TransportError):
            return (await http.get("/healthz", timeout=PATIENCE)).status_code == 200
        return False

    def kill(self) -> None:
        """``kill -9``: it has no time for anything."""
        os.kill(self.pid, signal.SIGKILL)
        self.child.join(PATIENCE)

    def stop(self) -> None:
        """As an organiser stops it; it is killed where it does not."""
        if self.child is None or not self.child.is_alive():
            return
        os.kill(self.pid, signal.SIGTERM)
        self.child.join(PATIENCE)
        if self.child.is_alive():
            self.kill()


async def until(
    is_so: Any, what: str, *, log: Path | None = None, seconds: float = 0, every: float = 0.05
) -> Any:
    """Ask again and again until something true comes back, and return that."""
    deadline = time.monotonic() + (seconds or PATIENCE)
    while True:
        found = is_so()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if time.monotonic() > deadline:
            said = log.read_text()[-3000:] if log is not None and log.exists() else ""
            raise AssertionError(f"it never came: {what}\n{said}")
        await asyncio.sleep(every)


async def add_facilitator(settings: Settings) -> str:
    """Put an account into the database; returns its bearer token."""
    database = Database(settings.database, secret_key=settings.read_key())
    now = Clock().now()
    async with database.transaction() as tx:
        account = await people.add_account(
            tx, email=f"f{next(_numbers)}@example.org", name="Fatima", role="admin", language="en",
            now=now,
        )  # fmt: skip
        token = await people.sign_in(tx, account, kind="token", now=now)
    await database.close()
    return token


@dataclass
class Room:
    """A session under way, whoever of the processes answers."""

    processes: list[Process]
    token: str
    id: str = ""
    code: str = ""
    writers: list[Person] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def fatima(self, place: int = 0) -> AsyncIterator[Person]:
        """The facilitator, at one of the processes."""
        async with httpx.AsyncClient(base_url=self.processes[place].url, timeout=PATIENCE) as http:
            yield Person(http, self.token, name="Fatima")

    async def open(self, writers: int, **more: Any) -> None:
        """Plan it, let people in and begin."""
        async with self.fatima() as fatima:
            made = await plan(fatima, **more)
            self.id, self.code = made["id"], made["code"]
            self.writers = [
                await join(fatima.http, self.code, f"P{n}", "sv" if n % 2 else "en", role="patient")
                for n in range(writers)
            ]
            started = await fatima.post(f"/sessions/{self.id}/start")
            assert started.status_code == 200, started.text

    def another(self) -> Room:
        """For another session at the same processes."""
        return Room(self.processes, self.token)

    async def state(self, place: int = 0) -> Any:
        async with self.fatima(place) as fatima:
            return (await fatima.get(f"/sessions/{self.id}")).json()

    async def move(self, name: str, place: int = 0, **body: Any) -> Any:
        async with self.fatima(place) as fatima:
            answer = await fatima.post(f"/sessions/{self.id}/{name}", body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def say(self, writer: int, text: str, place: int = 0, **more: Any) -> dict[str, Any]:
        """One of the writers says something, at one of the processes."""
        by = self.writers[writer]
        async with httpx.AsyncClient(base_url=self.processes[place].url, timeout=PATIENCE) as http:
            return dict(await Person(http, by.token, name=by.name).said(self.id, text, **more))

    async def said(self, place: int = 0) -> list[dict[str, Any]]:
        """All that is shared, in order."""
        async with self.fatima(place) as fatima:
            answer = await fatima.get(f"/sessions/{self.id}/changes", after=0, format="json")
        assert answer.status_code == 200, answer.text
        found = [i["contribution"] for i in answer.json()["items"] if "contribution" in i]
        return sorted(found, key=lambda c: c["seq"])

    async def translated(self, place: int = 0) -> bool:
        """Whether nothing waits for its translation any more."""
        return all(
            made["status"] not in ("pending", "failed")
            for c in await self.said(place)
            for made in c["translations"].values()
        )


@dataclass
class Sent:
    """Posts that were answered, by client id: the answer of the first 200 or 201."""

    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    unanswered: int = 0
    # Answered 200: they had been taken, and the answer had been lost.
    again: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    answers: list[httpx.Response] = field(default_factory=list)
    # Set: everybody writes now, without a pause.
    hurry: asyncio.Event = field(default_factory=asyncio.Event)


async def keep_writing(
    room: Room,
    person: Person,
    sent: Sent,
    *,
    home: int,
    ended: asyncio.Event,
    pause: float = 0.6,
) -> None:
    """Post after post, each with the same client id until it is taken, wherever that is."""
    place = home
    clients = [
        httpx.AsyncClient(base_url=process.url, timeout=PATIENCE) for process in room.processes
    ]
    try:
        while not ended.is_set():
            client_id = f"writer-{next(_numbers)}"
            text = f"{person.name} {client_id}: två rader\noch “tecken” 🙂 av {home}"
            sent.texts[client_id] = text
            body = {"client_id": client_id, "text": text, "kind": "contribution"}
            while client_id not in sent.taken:
                path = f"/api/v1/sessions/{room.id}/contributions"
                try:
                    answer = await clients[place].post(path, json=body, headers=person.headers)
                except httpx.TransportError:
                    sent.unanswered += 1
                    # What a proxy does where one process is gone.
                    place = (place + 1) % len(clients)
                    await asyncio.sleep(AGAIN_SECONDS)
                    continue
                if answer.status_code in (200, 201):
                    sent.taken[client_id] = answer.json()
                    sent.again += answer.status_code == 200
                    place = home
                    break
                why = answer.json()["type"].removeprefix("/problems/")
                sent.refused[why] = sent.refused.get(why, 0) + 1
                sent.answers.append(answer)
                await asyncio.sleep(AGAIN_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(sent.hurry.wait(), pause)
    finally:
        for client in clients:
            await client.aclose()


@contextlib.asynccontextmanager
async def writing(room: Room, *, pause: float = 0.6) -> AsyncIterator[Sent]:
    """All writers write as long as this lasts, and until what each has begun is taken."""
    sent, ended = Sent(), asyncio.Event()
    tasks = [
        asyncio.create_task(
            keep_writing(room, person, sent, home=n % len(room.processes), ended=ended, pause=pause)
        )
        for n, person in enumerate(room.writers)
    ]
    try:
        yield sent
        ended.set()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        for ended_by in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended_by, Exception):
                traceback.print_exception(ended_by)


async def check_nothing_lost(room: Room, sent: Sent, place: int = 0) -> None:
    """All that was answered is there once, as it was written, in a row without a gap."""
    said = await room.said(place)
    by_id = {c["id"]: c for c in said}
    assert len(by_id) == len(said)
    taken = {client_id: answer["id"] for client_id, answer in sent.taken.items()}
    assert len(set(taken.values())) == len(taken), "two posts were answered with the same one"
    for client_id, id_ in taken.items():
        assert id_ in by_id, f"{client_id} was answered and is not there"
        assert by_id[id_]["text"] == sent.texts[client_id]
        assert by_id[id_]["seq"] == sent.taken[client_id]["seq"]
    texts = [c["text"] for c in said if c["text"] in set(sent.texts.values())]
    assert len(texts) == len(set(texts)), "something was said twice"
    assert [c["seq"] for c in said] == list(range(1, len(said) + 1))


@dataclass
class Screen:
    """Somebody's socket at one process, and all that came over it, until it is cut."""

    client: socketio.AsyncClient
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    entered: dict[str, Any] = field(default_factory=dict)

    def told(self, name: str) -> list[dict[str, Any]]:
        return [data for event, data in self.events if event == name]

    def contributions(self) -> list[dict[str, Any]]:
        return [
            item["contribution"]
            for data in self.told("changes")
            for item in data.get("items", [])
            if "contribution" in item
        ]

    async def until(self, fits: Any, what: str, seconds: float = 0) -> Any:
        return await until(lambda: fits(self), what, seconds=seconds)


@contextlib.asynccontextmanager
async def watching(
    process: Process, session: str, tokens: Sequence[str], *, language: str = "en", **more: Any
) -> AsyncIterator[list[Screen]]:
    """One socket for each token, at one process, in the session."""
    screens: list[Screen] = []
    try:
        for token in tokens:
            screen = Screen(socketio.AsyncClient(reconnection=False))
            screen.client.on("*", _keep(screen))
            await screen.client.connect(
                process.url, transports=["websocket"], auth={"token": token}, wait_timeout=PATIENCE
            )
            screens.append(screen)
            entering = {"session": session, "language": language, "format": "json", **more}
            screen.entered = await screen.client.call("enter", entering, timeout=PATIENCE)
            assert screen.entered["ok"], screen.entered
        yield screens
    finally:
        for screen in screens:
            await screen.client.disconnect()


def _keep(screen: Screen) -> Any:
    async def keep(event: str, data: dict[str, Any]) -> None:
        screen.events.append((event, data))

    return keep
