"""Clean databases for tests, on SQLite by copying a file and on PostgreSQL by emptying tables."""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from hub import schema
from hub.charters.actions import load_shipped as load_shipped_charters
from hub.db import Database, postgres_connection
from hub.programme.actions import load_shipped_cases

from .servers import PostgreSQL, postgresql_server

VARIABLE = "HUB_TEST_DATABASE"
CHOICES = ("sqlite", "postgresql", "either")
# Rows that were deleted stay in the files of PostgreSQL, and are read over, until it sweeps them.
SWEEP_EVERY = 100


_chosen = ["sqlite"]


def choose(chosen: str) -> None:
    """Which databases this test run is for: all on one of them, or each test on either."""
    if chosen not in CHOICES:
        raise pytest.UsageError(f"{VARIABLE} is one of {', '.join(CHOICES)}, not {chosen}")
    _chosen[0] = chosen


def choice() -> str:
    return _chosen[0]


def database_of(name: str) -> str:
    """``sqlite`` or ``postgresql``, for a test or a file of tests; the same in every run."""
    chosen = choice()
    if chosen != "either":
        return chosen
    # A third on PostgreSQL: its driver takes half as long again.
    return ("sqlite", "sqlite", "postgresql")[zlib.crc32(name.encode()) % 3]


_urls: dict[Path, str] = {}


def environment_of(folder: Path) -> dict[str, str]:
    """What a command has to be told to work on the hub that has its files in this folder."""
    url = _urls.get(folder)
    return {"HUB_DATA_DIR": str(folder)} | ({"HUB_DATABASE_URL": url} if url else {})


@contextmanager
def used_by(folder: Path, url: str) -> Iterator[None]:
    """Remember the database of a hub with its files in this folder, as long as it runs."""
    _urls[folder] = url
    yield
    del _urls[folder]


async def fill(url: str, now: Any) -> None:
    """Bring an empty database to what ships, and nothing else."""
    schema.migrate(url)
    database = Database(url)
    async with database.transaction() as tx:
        await load_shipped_cases(tx, now=now, demonstration=False)
        await load_shipped_charters(tx, now=now, demonstration=False)
    await database.close()


@dataclass(frozen=True)
class Taken:
    """What some tables held, as the server copies it, and where the numbering of rows stood."""

    tables: dict[str, bytes]
    sequences: dict[str, int | None]


@dataclass
class Leased:
    """A database on PostgreSQL for one hub, and what brings it back to what was kept.

    To make a database from a template takes a tenth of a second, to empty tables a few thousandths:
    most tests fill less than half of them.
    """

    server: PostgreSQL
    name: str
    admin: psycopg.Connection[Any] = field(init=False)
    kept: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    sequences: list[str] = field(default_factory=list)
    touched: str = ""
    cleanings: int = 0
    swept: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.admin = psycopg.connect(self.server.address(self.name), autocommit=True)
        # Triggers that watch over references would look up every row that goes.
        self.admin.execute("SET session_replication_role = replica")
        self._look()

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    def _column(self, query: str) -> list[str]:
        return [row[0] for row in self.admin.execute(query)]

    def _look(self) -> None:
        self.tables = self._column(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
        self.sequences = [
            f"SELECT setval('{sequence}', {number or 1}, {number is not None})"
            for sequence, number in self.admin.execute(
                "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
            )
        ]
        self.kept = self._column("SELECT tablename FROM pg_tables WHERE schemaname = 'kept'")
        looks = [
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM public.{table})"
            if table not in self.kept
            else f"SELECT '{table}' FROM kept_marks WHERE name = '{table}' AND (rows, newest)"
            f" <> (SELECT count(*), coalesce(max(xmin::text::bigint), 0) FROM public.{table})"
            for table in self.tables
            if table != "kept_marks"
        ]
        self.touched = " UNION ALL ".join(looks)

    def keep(self) -> None:
        """Take what is in the database now for what ``clean`` brings back."""
        self.admin.execute(
            "DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept;"
            "DROP TABLE IF EXISTS kept_marks;"
            "CREATE TABLE kept_marks (name text PRIMARY KEY, rows bigint, newest bigint)"
        )
        for table in self.tables:
            if table != "kept_marks" and self._column(f"SELECT 1 FROM public.{table} LIMIT 1"):
                self.admin.execute(
                    f"CREATE TABLE kept.{table} AS SELECT * FROM public.{table};{_mark(table)}"
                )
        self._look()

    def clean(self) -> None:
        """Back to what was kept: rows that came go, and rows that were changed come back."""
        touched = [row[0] for row in self.admin.execute(self.touched, prepare=True)]
        if not touched:
            return
        steps = [f"DELETE FROM public.{table}" for table in touched]
        for table in touched:
            if table in self.kept:
                steps += [f"INSERT INTO public.{table} SELECT * FROM kept.{table}", _mark(table)]
        steps += self.sequences
        self.admin.execute(f"BEGIN;{';'.join(steps)};COMMIT")
        self.swept.update(touched)
        self.cleanings += 1
        if self.cleanings % SWEEP_EVERY == 0:
            self.admin.execute(f"VACUUM {', '.join(self.swept)}")
            self.swept.clear()

    def mark(self) -> str:
        """Another one after anybody has written to this server."""
        found = self.admin.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        return str(found.fetchall()[0][0])

    def take(self) -> Taken:
        """Every table that is not as it was kept."""
        tables = {}
        for (table,) in self.admin.execute(self.touched, prepare=True).fetchall():
            with self.admin.cursor().copy(f"COPY public.{table} TO STDOUT (FORMAT binary)") as rows:
                tables[table] = b"".join(bytes(part) for part in rows)
        numbers = self.admin.execute(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
        )
        return Taken(tables, dict(numbers.fetchall()))

    def give(self, taken: Taken) -> None:
        """Make the tables as they were when they were taken."""
        self.clean()
        with self.admin.transaction(), self.admin.cursor() as cursor:
            for table, rows in taken.tables.items():
                cursor.execute(f"DELETE FROM public.{table}")
                with cursor.copy(f"COPY public.{table} FROM STDIN (FORMAT binary)") as into:
                    into.write(rows)
            for sequence, number in taken.sequences.items():
                if number is not None:
                    cursor.execute(f"SELECT setval('{sequence}', {number}, true)")

    def contents(self) -> list[str]:
        """Every row of every table, in no matter which order they lie there."""
        return sorted(
            f"{table} {row[0]}"
            for table in self.tables
            if table != "kept_marks"
            for row in self.admin.execute(f"SELECT t::text FROM public.{table} AS t")
        )

    def close(self) -> None:
        self.admin.close()


def _mark(table: str) -> str:
    return (
        f"DELETE FROM kept_marks WHERE name = '{table}';"
        f"INSERT INTO kept_marks SELECT '{table}', count(*), max(xmin::text::bigint)"
        f" FROM public.{table}"
    )


@dataclass
class Leases:
    """The PostgreSQL server of this process, with databases that are free or in use."""

    server: PostgreSQL
    free: list[Leased] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def lease(self) -> Iterator[Leased]:
        """A database with what ships. Whoever kept something else in it was the last to use it."""
        leased = self.free.pop() if self.free else self._make()
        shipped = leased.kept
        yield leased
        if leased.kept is shipped:
            leased.clean()
            self.free.append(leased)
        else:
            leased.close()

    def _make(self) -> Leased:
        name = f"hub{next(self.numbers)}"
        with psycopg.connect(self.server.address(), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE blank STRATEGY FILE_COPY")
        return Leased(self.server, name)


@cache
def connections() -> type[Any]:
    """The hub's connections to PostgreSQL, which outlive the engine that closes them.

    A new one costs more than most tests: the server starts a process, which reads what tables
    there are.
    """
    idle: dict[tuple[str, int], list[Any]] = {}
    made = postgres_connection()

    class Connection(made):  # type: ignore[misc, valid-type]
        place: tuple[str, int]

        @classmethod
        async def connect(cls, conninfo: str = "", **options: Any) -> Any:
            place = (f"{options['port']}/{options['dbname']}", id(asyncio.get_running_loop()))
            while waiting := idle.get(place):
                found = waiting.pop()
                if not found.closed:
                    return found
            found = await super().connect(conninfo, **options)
            found.place = place
            return found

        async def close(self) -> None:
            if self.closed or self.pgconn.transaction_status != TransactionStatus.IDLE:
                await super().close()
                return
            await self.set_autocommit(False)
            await self.set_isolation_level(None)
            await self.set_read_only(None)
            idle.setdefault(self.place, []).append(self)

    return Connection


_leases: list[Leases] = []
_servers = ExitStack()


async def leases(now: Any) -> Leases:
    """The databases of this process; the server starts when the first is asked for."""
    if not _leases:
        server = _servers.enter_context(postgresql_server())
        with psycopg.connect(server.address(), autocommit=True) as admin:
            admin.execute("CREATE DATABASE blank")
        await fill(server.url("blank"), now)
        blank = Leased(server, "blank")
        blank.keep()
        blank.admin.execute("VACUUM ANALYZE")
        blank.close()
        _leases.append(Leases(server))
    return _leases[0]


def stop_servers() -> None:
    """At the end of a test run."""
    for each in _leases:
        for leased in each.free:
            leased.close()
    _leases.clear()
    _servers.close()
