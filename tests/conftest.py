"""The hub on a real database file, a clock that tests move, and the cast."""

from __future__ import annotations

import gc
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from limits.aio.storage import memory
from sqlalchemy import event
from starlette.routing import BaseRoute

from hub import schema
from hub.app import create_app
from hub.charters.actions import load_shipped as load_shipped_charters
from hub.clock import Clock
from hub.db import Database
from hub.gatherings import jobs
from hub.people import actions as people
from hub.programme.actions import load_shipped_cases
from hub.settings import Settings

from .cast import Person, Session, join, plan
from .language.echo import EchoTranslator

START = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
LONGEST = (
    "journeys/test_seven_people.py",
    "journeys/test_forum.py",
    "test_commands.py",
    "journeys/test_dialogue.py",
)
_emails = itertools.count(1)
_routes: list[BaseRoute] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: at the end it would leave one processor idle."""

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(Path(__file__).parent).as_posix()
        if name in LONGEST:
            return LONGEST.index(name)
        return len(LONGEST) + (not name.startswith("journeys/"))

    items.sort(key=place)


def pytest_collection_finish(session: pytest.Session) -> None:
    """All that is imported by now stays to the end: do not look it over for garbage again."""
    gc.collect()
    gc.freeze()


class SetClock(Clock):
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        super().__init__()
        self.at = START

    def now(self) -> datetime:
        return self.at

    def move(self, *, seconds: float = 0, minutes: float = 0, days: float = 0) -> None:
        self.at += timedelta(seconds=seconds, minutes=minutes, days=days)


@dataclass
class Hub:
    """A running hub, spoken to in this process."""

    app: FastAPI
    http: httpx.AsyncClient
    clock: SetClock
    translator: EchoTranslator
    settings: Settings

    @property
    def database(self) -> Database:
        found: Database = self.app.state.database
        return found

    @property
    def screens(self) -> Any:
        return self.app.state.screens

    async def translate(self) -> None:
        """Do the waiting translations now."""
        await jobs.translate_waiting(self.screens, self.translator)

    async def keep_time(self) -> None:
        await jobs.keep_time(self.screens)

    async def account(self, role: str = "facilitator", name: str = "Fatima") -> Person:
        async with self.database.transaction() as tx:
            account = await people.add_account(
                tx,
                email=f"{name.lower()}{next(_emails)}@example.org",
                name=name,
                role=role,
                language="en",
                now=self.clock.now(),
            )
            token = await people.sign_in(tx, account, kind="token", now=self.clock.now())
        return Person(self.http, token, id=account.id, name=name, language="en")

    async def session(self, *, start: bool = True, **more: Any) -> Session:
        """A session with Fatima, Astrid and Ben."""
        fatima = await self.account()
        made = await plan(fatima, **more)
        astrid = await join(self.http, made["code"], "Astrid", "sv", role="patient")
        ben = await join(self.http, made["code"], "Ben", "en", role="practitioner")
        session = Session(made["id"], made["code"], fatima, astrid, ben)
        if start:
            await session.moved("start")
        return session


@pytest.fixture(scope="session")
async def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with what ships and nothing else, to copy: making it takes most of the time."""
    path = tmp_path_factory.mktemp("blank") / "hub.db"
    url = f"sqlite+aiosqlite:///{path}"
    schema.migrate(url)
    database = Database(url)
    async with database.transaction() as tx:
        await load_shipped_cases(tx, now=START, demonstration=False)
        await load_shipped_charters(tx, now=START, demonstration=False)
    await database.close()
    return path


@pytest.fixture
async def hub(tmp_path: Path, blank: Path) -> AsyncIterator[Hub]:
    """The hub with a stand-in translator, its jobs run by hand."""
    async with running_hub(tmp_path, blank) as found:
        yield found


def share_routes(app: FastAPI) -> None:
    """Take over what the first hub of the process worked out of the same routers.

    The framework works out each route of an app at its first request, which takes longer than
    most tests. Mounted apps belong to one hub, and are not shared.
    """
    if not _routes:
        _routes.extend(app.router.routes)
    assert len(_routes) == len(app.router.routes)
    for place, (ours, shared) in enumerate(zip(app.router.routes, _routes, strict=True)):
        router = getattr(ours, "original_router", None)
        if router is not None:
            assert router is getattr(shared, "original_router", None)
            app.router.routes[place] = shared


@contextmanager
def limits_by(clock: Clock) -> Iterator[None]:
    """Rate limits go by this clock: however slow the machine, twenty posts come in one second."""
    with pytest.MonkeyPatch.context() as patched:
        stands_still = SimpleNamespace(time=lambda: clock.now().timestamp())
        patched.setattr(memory, "time", stands_still)
        yield


def trust_the_disk(database: Database) -> None:
    """Do not wait for the disk: the power never fails in a test."""

    @event.listens_for(database.engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.close()


@asynccontextmanager
async def running_hub(tmp_path: Path, blank: Path) -> AsyncIterator[Hub]:
    (tmp_path / "hub.db").write_bytes(blank.read_bytes())
    settings = Settings(data_dir=tmp_path, base_url="http://hub.test")
    clock, translator = SetClock(), EchoTranslator()
    app = create_app(settings, clock=clock, translator=translator)
    app.state.screens.on_change = partial(bool)
    share_routes(app)
    trust_the_disk(app.state.database)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    # Nobody has to pack and unpack what stays in this process.
    plain = {"Accept-Encoding": "identity"}
    client = httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=plain)
    with limits_by(clock):
        async with client as http:
            yield Hub(app, http, clock, translator, settings)
    await app.state.screens.settle()
    await app.state.database.close()
