"""The database: engine, transactions, types and how due rows are claimed."""

from __future__ import annotations

import asyncio
import errno
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, MetaData, String, Update, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import JSON, TypeDecorator

from hub.driver import OneHopDriver
from hub.sealing import keyed_hash

# Milliseconds to wait for the database's lock, and to wait for readers where files are wiped.
WAIT, WIPE_WAIT = 10_000, 250
# Of PostgreSQL: seconds to get a connection, to run a statement, and to stay in a transaction
# without one; after SILENCE seconds the server, or the way to it, is taken to be gone.
CONNECT, STATEMENT, IDLE, SILENCE = 5, 30, 60, 40
# Seconds after which a connection is asked whether it still is one before it is used again: each
# time would cost as much as a short statement.
UNUSED = 2
# The lock that puts changes in order; the number says nothing.
CHANGES_LOCK = 8_305_113
# Connections to SQLite that are kept: each is a thread; to open one takes longer than a request.
POOL = 10
# Kilobytes of the file that each keeps: the system keeps all of it once.
CACHE = 512
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def new_id(prefix: str) -> str:
    """An opaque id such as ``s_7k3…``; 20 characters of a 32-letter alphabet, 100 bits."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(20))


def id_of(tx: AsyncSession, prefix: str, *said: str) -> str:
    """The same id for the same words: what a form makes that is sent twice is made once.

    Nobody can tell it beforehand, so a form names no id that is somebody else's.
    """
    digits = int(keyed_hash(secret_of(tx), "id of", " ".join(said)), 16)
    letters = (ALPHABET[digits >> 5 * place & 31] for place in range(20))
    return f"{prefix}_" + "".join(letters)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables. Every constraint is named, so that migrations can change it anywhere."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        str: String(),
    }


@cache
def postgres_connection() -> Any:
    """The driver's class of connections, with one on which nobody waits for ever.

    The server's own limits are of no use where it, or the network, has stopped saying anything.
    """
    import psycopg  # noqa: PLC0415 - 9 MB that a hub on SQLite has no use for

    class PostgresConnection(psycopg.AsyncConnection[Any]):
        async def wait(self, *args: Any, **more: Any) -> Any:
            try:
                async with asyncio.timeout(SILENCE):
                    return await super().wait(*args, **more)
            except TimeoutError as error:
                # What the server still does on it is not known.
                self.pgconn.finish()
                raise psycopg.OperationalError("the server does not answer") from error
            except psycopg.Error as error:
                # The rest repeats whole rows, and what people wrote must not be in the log.
                if error.diag.message_primary:
                    error.args = (error.diag.message_primary,)
                raise

    return PostgresConnection


def _postgres_options(url: str) -> dict[str, Any]:
    """How to connect. What the address itself says about the server's settings stays in force."""
    limits = (
        f"-c lock_timeout={WAIT} -c statement_timeout={STATEMENT * 1000} "
        f"-c idle_in_transaction_session_timeout={IDLE * 1000}"
    )
    own = make_url(url).query.get("options", "")
    return {
        "pool_size": 10,
        "max_overflow": 20,
        "pool_timeout": WAIT / 1000,
        "connect_args": {
            "async_creator_fn": postgres_connection().connect,
            "connect_timeout": CONNECT,
            "options": f"{limits} {own}".strip(),
            # Of a machine that is gone without a word: milliseconds, and 10 + 3 × 5 seconds.
            "tcp_user_timeout": 20_000,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    }


class Database:
    """An engine, and the two ways to talk to it: reading, and a whole change at once.

    ``secret_key`` is the hub's own (``Settings.read_key``). It is not in the database: what is
    sealed or signed in there is made with it, by ``secret_of``.
    """

    def __init__(self, url: str, *, secret_key: str = "") -> None:
        self.is_sqlite = url.startswith("sqlite")
        options: dict[str, Any] = (
            {"module": OneHopDriver(), "pool_size": POOL, "max_overflow": POOL}
            if self.is_sqlite
            else _postgres_options(url)
        )
        # A fault of the database ends up in the log, and what people wrote must not.
        self.engine: AsyncEngine = create_async_engine(url, hide_parameters=True, **options)
        if self.is_sqlite:
            _prepare_sqlite(self.engine)
        else:
            _prepare_postgres(self.engine)
        read_engine = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        )
        write_engine = self.engine.execution_options(hub_write=True)
        info = {"secret_key": secret_key}
        self._wiping, self._to_wipe = asyncio.Lock(), True
        seen = {**info, "view": True}
        self._read = async_sessionmaker(read_engine, expire_on_commit=False, info=seen)
        self._write = async_sessionmaker(write_engine, expire_on_commit=False, info=info)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """One consistent view; nothing is written, and PostgreSQL refuses it."""
        async with self._read() as session, session.begin():
            yield session

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A change: all of it is committed at the end of the block, or none of it.

        Changes come one after the other, on both databases and in all processes: what one has
        read still holds when it writes, and no two wait for each other. So nothing slow belongs
        in the block.
        """
        async with self._write() as session, session.begin():
            yield session

    async def ping(self) -> None:
        """Raises what the driver raises where the database does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def wipe(self) -> None:
        """Leave nothing of what was erased in the files of the database, as far as readers allow.

        SQLite overwrites what is deleted, but not the copies that it left behind when it moved
        rows between pages, nor those in the write-ahead log: so the file is built anew and the log
        emptied. Callers who come meanwhile share one pass. ``wipe_left`` goes on with what a
        reader was in the way of.
        """
        self.wipe_soon()
        await self.wipe_left()

    def wipe_soon(self) -> None:
        """Let the next ``wipe_left`` do it: to build a large file anew keeps writers waiting."""
        self._to_wipe = True

    async def wipe_left(self) -> None:
        """What ``wipe`` has not finished, here or in a process that was ended before it could."""
        if not self.is_sqlite:
            return
        async with self._wiping, self.engine.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            if rebuilt := self._to_wipe:
                self._to_wipe = False
            try:
                # Whoever waits for a reader keeps all writers waiting.
                await raw.execute_fetchall(f"PRAGMA busy_timeout={WIPE_WAIT}")
                if rebuilt:
                    await raw.execute_fetchall("VACUUM")
                [(busy, *_)] = await raw.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError:
                busy = True
            finally:
                await raw.execute_fetchall(f"PRAGMA busy_timeout={WAIT}")
            self._to_wipe |= rebuilt and bool(busy)

    async def close(self) -> None:
        await self.engine.dispose()


def secret_of(tx: AsyncSession) -> str:
    """The hub's secret key, as the database was opened with it."""
    return str(tx.info["secret_key"])


def is_view(tx: AsyncSession) -> bool:
    """True while reading: what is seen has been committed. A change may yet be undone."""
    return "view" in tx.info


def _prepare_sqlite(engine: AsyncEngine) -> None:
    """Write-ahead log, foreign keys, and a write lock taken when a change begins.

    Without ``BEGIN IMMEDIATE`` two changes may both read first and then refuse each other.
    """

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={WAIT}",
            "secure_delete=ON",
            f"cache_size=-{CACHE}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Any) -> None:
        write = connection.get_execution_options().get("hub_write")
        connection.connection.dbapi_connection.begin("BEGIN IMMEDIATE" if write else "BEGIN")


def _prepare_postgres(engine: AsyncEngine) -> None:
    """One change at a time, as in SQLite: the rules count on that what they have read holds.

    Two changes would else both find a place free, and give it away twice, or lock the same rows
    in different order and refuse each other.
    """

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Any) -> None:
        if connection.get_execution_options().get("hub_write"):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({CHANGES_LOCK})")

    @event.listens_for(engine.sync_engine, "checkin")
    def on_checkin(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def on_checkout(connection: Any, record: Any, _proxy: Any) -> None:
        now = time.monotonic()
        if now - record.info.get("used", now) > UNUSED:
            dialect = engine.sync_engine.dialect
            try:
                dialect.do_ping(connection)
            except dialect.loaded_dbapi.Error as error:
                # All the others go too, and the one who asked gets a new one.
                raise InvalidatePoolError from error


_SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


def is_away(error: BaseException) -> bool:
    """Whether a fault passes by itself or with more room: no connection, a lock, a full disk.

    All else that a database complains of is a mistake in the hub.
    """
    if isinstance(error, PoolTimeoutError):
        return True
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # The low byte is the kind; what is above it says more exactly where.
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_AWAY
    return error.connection_invalidated or isinstance(error, OperationalError)


def name_of_fault(error: BaseException) -> str:
    """What the database calls it (``SQLITE_FULL``, ``57P01``), or what Python does; no values."""
    cause = getattr(error, "orig", None) or error
    named = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return str(named or type(cause).__name__)


def is_unkeepable(error: DBAPIError) -> bool:
    """Whether a database was given what no column keeps: NUL in a text, or too large a number."""
    if not isinstance(error, DataError):
        return False
    # 22003: numeric value out of range. The drivers themselves refuse NUL, without a code.
    return getattr(error.orig, "sqlstate", None) in (None, "22003")


async def claim(session: AsyncSession, statement: Update) -> bool:
    """Run an UPDATE that names the old value; True where this process changed the row.

    Several processes may find the same due row: the one whose UPDATE counts a row does the work.
    """
    result = await session.execute(statement)
    return int(getattr(result, "rowcount", 0)) == 1
