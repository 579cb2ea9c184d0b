"""The hub on a real database file, a clock that tests move, and the cast."""

from __future__ import annotations

import gc
import itertools
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from limits.aio.storage import memory
from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from starlette.routing import BaseRoute

from hub import db as hub_db
from hub.app import create_app
from hub.clock import Clock
from hub.db import Database
from hub.gatherings import jobs
from hub.gatherings.watch import read_watch
from hub.people import actions as people
from hub.settings import Settings

from . import databases
from .cast import Person, Session, join, plan
from .databases import Leased, database_of
from .kept import Beginning, kept, mark_of
from .language.echo import EchoTranslator
from .same_thread import stay_in_this_thread
from .servers import own_postgresql, postgresql, redis

__all__ = ["own_postgresql", "postgresql", "redis"]

START = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
LONGEST = (
    "journeys/test_seven_people.py",
    "journeys/test_forum.py",
    "test_commands.py",
    "journeys/test_dialogue.py",
)
SECRET_KEY = secrets.token_urlsafe(48)
_emails = itertools.count(1)
_routes: list[BaseRoute] = []
_engines: dict[str, Engine] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: at the end it would leave one processor idle."""

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(Path(__file__).parent).as_posix()
        if name in LONGEST:
            return LONGEST.index(name)
        return len(LONGEST) + (not name.startswith(("journeys/", "scale/")))

    items.sort(key=place)


def pytest_collection_finish(session: pytest.Session) -> None:
    """All that is imported by now stays to the end: do not look it over for garbage again."""
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    # Taken out: the hub itself refuses to start with a setting that it does not know.
    told = os.environ.pop(databases.VARIABLE, "") or "sqlite"
    databases.choose(getattr(config, "workerinput", {}).get("database", told))
    config.addinivalue_line("markers", "sqlite(why): a test of what only SQLite has")
    # A bug's traceback as Python writes it: with frames and values it takes half a second.
    plain = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["database"] = databases.choice()


def pytest_sessionfinish(session: pytest.Session) -> None:
    databases.stop_servers()


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
    # Of a hub on PostgreSQL: its database.
    leased: Leased | None = None
    # What was made with ``kept``, where nothing else was done since; None: it began otherwise.
    began: Beginning | None = None

    @property
    def database(self) -> Database:
        found: Database = self.app.state.database
        return found

    @property
    def screens(self) -> Any:
        return self.app.state.screens

    def raw(self) -> bytes:
        """All that the database holds: of SQLite its files, of PostgreSQL every row."""
        if self.leased is not None:
            return "\n".join(self.leased.contents()).encode()
        return b"".join(path.read_bytes() for path in self.settings.data_dir.glob("hub.db*"))

    async def translate(self) -> None:
        """Do the waiting translations now."""
        await jobs.translate_waiting(self.screens, self.translator)

    async def watch(self, tx: Any, gathering: Any, *, present: Sequence[str] = ()) -> Any:
        """What the chatbot goes by now, while these are here."""
        spoken = (await self.screens.transcripts.read(tx, gathering)).spoken.values()
        return await read_watch(
            tx,
            gathering,
            spoken,
            present=present,
            typing={},
            facilitator="Fatima",
            now=self.clock.now(),
        )

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
        name = f"session {start} {sorted(more.items())}"
        return await kept(self, name, partial(self._session, start=start, **more))

    async def _session(self, *, start: bool, **more: Any) -> Session:
        fatima = await self.account()
        made = await plan(fatima, **more)
        astrid = await join(self.http, made["code"], "Astrid", "sv", role="patient")
        ben = await join(self.http, made["code"], "Ben", "en", role="practitioner")
        session = Session(made["id"], made["code"], fatima, astrid, ben, self)
        if start:
            await session.moved("start")
        return session


@pytest.fixture(scope="session")
async def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with what ships and nothing else, to copy: making it takes most of the time."""
    path = tmp_path_factory.mktemp("blank") / "hub.db"
    await databases.fill(f"sqlite+aiosqlite:///{path}", START)
    return path


@pytest.fixture
async def hub(request: pytest.FixtureRequest, tmp_path: Path, blank: Path) -> AsyncIterator[Hub]:
    """The hub with a stand-in translator, its jobs run by hand.

    On SQLite, or where ``HUB_TEST_DATABASE`` says so on PostgreSQL (``tests/databases.py``).
    """
    on, only = database_of(request.node.nodeid), request.node.get_closest_marker("sqlite")
    if only is not None and on == "postgresql" and databases.choice() == "postgresql":
        pytest.skip(only.args[0])
    async with running_hub(tmp_path, blank, on="sqlite" if only else on) as found:
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


def make_engine(url: str, **options: Any) -> AsyncEngine:
    """An engine that knows the statements which others of this process have worked out.

    To turn statements into SQL anew for each hub takes longer than to run them.
    """
    engine = create_async_engine(url, **options)
    ours = engine.sync_engine
    first = _engines.setdefault(ours.dialect.name, ours)
    if ours is not first:
        known = first.dialect

        def initialize(connection: Any) -> None:
            if not known.server_version_info:
                known.initialize(connection)

        ours.dialect.initialize = initialize
        ours.dialect = known
        ours._compiled_cache = first._compiled_cache
    return engine


@contextmanager
def limits_by(clock: Clock) -> Iterator[None]:
    """Rate limits go by this clock: however slow the machine, twenty posts come in one second."""
    with pytest.MonkeyPatch.context() as patched:
        stands_still = SimpleNamespace(time=lambda: clock.now().timestamp())
        patched.setattr(memory, "time", stands_still)
        yield


def trust_the_disk(database: Database) -> None:
    """Do not wait for the disk: the power never fails in a test."""
    if not database.is_sqlite:
        return

    @event.listens_for(database.engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.close()


def tests_file() -> str:
    """The file of the test that runs."""
    return os.environ["PYTEST_CURRENT_TEST"].partition("::")[0]


@asynccontextmanager
async def running_hub(
    tmp_path: Path, blank: Path, *, on: str | None = None, url: str = ""
) -> AsyncIterator[Hub]:
    """A hub with its files in a folder; ``on`` says which database, else the file's name does.

    With ``url``, on a database that has been filled already.
    """
    on = on or database_of(tests_file())
    leased: Leased | None = None
    async with AsyncExitStack() as stack:
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        patched.setattr(hub_db, "create_async_engine", make_engine)
        stay_in_this_thread(patched)
        filled_here = not url
        if not url and on == "sqlite":
            (tmp_path / "hub.db").write_bytes(blank.read_bytes())
        elif not url:
            leased = stack.enter_context((await databases.leases(START)).lease())
            patched.setattr(hub_db, "postgres_connection", databases.connections)
            url = leased.url
            stack.enter_context(databases.used_by(tmp_path, url))
        # What one of them has sealed, another can open.
        if filled_here:
            (tmp_path / "secret_key").write_text(SECRET_KEY)
        settings = Settings(data_dir=tmp_path, base_url="http://hub.test", database_url=url)
        clock, translator = SetClock(), EchoTranslator()
        app = create_app(settings, clock=clock, translator=translator)
        app.state.screens.on_change = partial(bool)
        app.state.screens.progress_seconds = None
        share_routes(app)
        trust_the_disk(app.state.database)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        # Nobody has to pack and unpack what stays in this process.
        plain = {"Accept-Encoding": "identity"}
        client = httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=plain)
        stack.enter_context(limits_by(clock))
        async with client as http:
            hub = Hub(app, http, clock, translator, settings, leased)
            if filled_here:
                hub.began = Beginning((), mark_of(hub))
            yield hub
        await app.state.screens.settle()
        await app.state.database.close()
