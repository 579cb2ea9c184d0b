"""Hubs as processes, on SQLite alone or on PostgreSQL and Redis together."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from redis import Redis

from hub import schema
from hub.settings import Settings
from tests.scale.processes import SECRET, Process, Room, add_facilitator
from tests.servers import PostgreSQL, RedisServer, postgresql_server, redis_server

TEMPLATE = "scale_empty"
_names = itertools.count(1)


@dataclass
class Hubs:
    """The processes of one hub, what they share, and a room in it."""

    settings: dict[str, str]
    folder: Path
    processes: list[Process]
    room: Room

    def read(self) -> Settings:
        """The settings as each process reads them."""
        named = {name.removeprefix("HUB_").lower(): v for name, v in self.settings.items()}
        return Settings(**named)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def hubs_of(
    folder: Path,
    count: int,
    *,
    translates_in: float | None,
    how: dict[str, Any] | None = None,
    **more: str,
) -> AsyncIterator[Hubs]:
    """So many processes with the same settings, ended when this ends.

    ``how``: what else each ``Process`` is given.
    """
    settings = {"HUB_DATA_DIR": str(folder), "HUB_SECRET_KEY": SECRET, **more}
    processes = [Process(settings, folder, translates_in, **(how or {})) for _ in range(count)]
    made = Hubs(settings, folder, processes, Room(processes, ""))
    made.room.token = await add_facilitator(made.read())
    try:
        for process in processes:
            await process.start()
        yield made
    finally:
        for process in processes:
            process.stop()


@pytest.fixture
def alone(tmp_path: Path, blank: Path) -> Callable[..., Any]:
    """One process on SQLite, in a folder of its own or one that is given."""

    def make(folder: Path = tmp_path, *, translates_in: float | None = 0.0, **how: Any) -> Any:
        (folder / "hub.db").write_bytes(blank.read_bytes())
        return hubs_of(folder, 1, translates_in=translates_in, how=how)

    return make


@pytest.fixture(scope="session")
def machines() -> Iterator[tuple[PostgreSQL, RedisServer]]:
    """Servers of these tests alone, which stop and start them; an empty database to copy."""
    with postgresql_server() as database, redis_server() as redis:
        _create(database, TEMPLATE)
        schema.migrate(database.url(TEMPLATE))
        yield database, redis


def _create(server: PostgreSQL, name: str, *, template: str = "template0") -> None:
    with psycopg.connect(server.address(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())


def new_settings(machines: tuple[PostgreSQL, RedisServer]) -> dict[str, str]:
    """A new PostgreSQL database and an empty Redis: settings for them."""
    database, redis = machines
    name = f"scale_{next(_names)}"
    _create(database, name, template=TEMPLATE)
    Redis.from_url(redis.url).flushall()
    return {"HUB_DATABASE_URL": database.url(name), "HUB_REDIS_URL": redis.url}


@pytest.fixture
def emptied(machines: tuple[PostgreSQL, RedisServer]) -> dict[str, str]:
    return new_settings(machines)


@pytest.fixture
def spread(tmp_path: Path, emptied: dict[str, str]) -> Callable[..., Any]:
    """Processes on one PostgreSQL and one Redis."""

    def make(count: int = 2, *, translates_in: float | None = 0.0) -> Any:
        return hubs_of(tmp_path, count, translates_in=translates_in, **emptied)

    return make


@pytest.fixture(params=["alone", "spread"])
def shape(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Both shapes: one process on SQLite, two on PostgreSQL and Redis."""
    found: Callable[..., Any] = request.getfixturevalue(request.param)
    return found
