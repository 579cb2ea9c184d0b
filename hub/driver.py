"""SQLite, asked with as few ways to another thread as may be.

The driver (aiosqlite) keeps a thread for each connection and goes there four times for a statement.
Most statements take less time than one way there and back; and each way back waits until the event
loop has done all else that is due, which is long where a room full of people is told something.

Here a statement is one visit to the thread, and what begins a transaction goes along with the first
one: that one may have to wait for a lock. What else is read in the transaction is read where it is
asked for, so is a single row written, and a transaction that wrote nothing ends there too: none of
this waits for a lock or for the disk, and every few milliseconds others have their turn. A question
that turns out to be long is broken off, and goes to the thread from then on. A row that is written
is never broken off: it would undo the change.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util.concurrency import await_

T = TypeVar("T")
# Steps of SQLite's machine after which a statement is no longer short: about half a millisecond.
SHORT: Final = 10_000
# Seconds for which a transaction may go on here without letting others have their turn.
TURN: Final = 0.004
# Of so many statements it is known that they are long.
MOST_LONG: Final = 500
_ONE_ROW: Final = re.compile(r" WHERE (\w+)\.id = \?$")


class OneHopCursor(AsyncAdapt_aiosqlite_cursor):
    """A whole statement at once, here or in the connection's thread."""

    __slots__ = ("_description", "_lastrowid", "_rowcount")

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows: deque[Any] = deque()
        self._description: Any = None
        self._lastrowid, self._rowcount = 0, -1

    @property
    def description(self) -> Any:
        return self._description

    @property
    def rowcount(self) -> int:
        return self._rowcount

    @property
    def lastrowid(self) -> int:
        return self._lastrowid

    def execute(self, operation: Any, parameters: Any = None) -> None:
        _check_texts(parameters or ())
        self._run(operation, lambda cursor: cursor.execute(operation, parameters or ()))

    def executemany(self, operation: Any, seq_of_parameters: Sequence[Any]) -> None:
        for parameters in seq_of_parameters:
            _check_texts(parameters)
        self._run(
            f"many: {operation}", lambda cursor: cursor.executemany(operation, seq_of_parameters)
        )

    def _run(self, operation: str, statement: Callable[[sqlite3.Cursor], Any]) -> None:
        connection: Any = self._connection

        def visit() -> tuple[Any, list[Any], int, int]:
            cursor = connection._conn.cursor()
            try:
                statement(cursor)
                rows = cursor.fetchall() if cursor.description else []
                return cursor.description, rows, cursor.lastrowid or 0, cursor.rowcount
            finally:
                cursor.close()

        adapted: Any = self._adapt_connection
        try:
            self._description, rows, self._lastrowid, self._rowcount = adapted.run(operation, visit)
        except Exception as error:
            adapted._handle_exception(error)
        self._rows = deque(rows)

    async def _async_soft_close(self) -> None:
        """Nothing is open any more."""

    def close(self) -> None:
        self._rows.clear()


def _check_texts(parameters: Iterable[Any]) -> None:
    """PostgreSQL keeps no text with NUL in it, so SQLite shall not either: rows move over."""
    for value in parameters:
        if isinstance(value, str) and "\0" in value:
            raise sqlite3.DataError("text with a NUL character")


class OneHopConnection(AsyncAdapt_aiosqlite_connection):
    """A connection that knows what is due at it, and what it is doing."""

    __slots__ = ("_begin", "_long", "_turn_began", "_wrote")

    _cursor_cls = OneHopCursor  # type: ignore[assignment]

    def __init__(self, dbapi: Any, connection: Any, long: set[str]) -> None:
        super().__init__(dbapi, connection)
        self._begin, self._wrote, self._long = "", False, long
        self._turn_began = 0.0

    def begin(self, statement: str) -> None:
        """Begin a transaction with this statement when the first one of it comes."""
        self._begin, self._wrote = statement, False

    def run(self, operation: str, visit: Callable[[], T]) -> T:
        """What a visit finds, made here where it is short and waits for nothing."""
        reads = operation.startswith("SELECT")
        self._wrote |= not reads
        begin, self._begin = self._begin, ""
        if begin:
            return self._run_there(lambda: (self._raw.execute(begin), visit())[1])
        if not self._raw.in_transaction:
            return self._run_there(visit)
        self._let_others()
        if writes_a_row(operation):
            return visit()
        if reads and operation not in self._long:
            try:
                return self._run_here(visit)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                    raise
                if len(self._long) >= MOST_LONG:
                    self._long.clear()
                self._long.add(operation)
        return self._run_there(visit)

    def _let_others(self) -> None:
        """Let the event loop do what else is due, if this has kept it for its turn."""
        if time.monotonic() - self._turn_began > TURN:
            await_(asyncio.sleep(0))
            self._turn_began = time.monotonic()

    def commit(self) -> None:
        self._end(sqlite3.Connection.commit)

    def rollback(self) -> None:
        self._end(sqlite3.Connection.rollback)

    def _end(self, how: Callable[[sqlite3.Connection], None]) -> None:
        self._begin = ""
        raw = self._connection._connection
        if raw is None or not raw.in_transaction:
            return
        try:
            if not self._wrote:
                how(raw)
            else:
                self._run_there(lambda: how(raw))
        except Exception as error:
            self._handle_exception(error)

    @property
    def _raw(self) -> sqlite3.Connection:
        found: sqlite3.Connection = self._connection._conn
        return found

    def _run_here(self, visit: Callable[[], T]) -> T:
        """Raises OperationalError, SQLITE_INTERRUPT, where it is not short."""
        raw = self._raw
        raw.set_progress_handler(_break_off, SHORT)
        try:
            return visit()
        finally:
            raw.set_progress_handler(None, 0)

    def _run_there(self, visit: Callable[[], T]) -> T:
        # Who is cancelled here leaves the thread at work; the pool then closes the connection.
        found: T = await_(self._connection._execute(visit))
        self._turn_began = time.monotonic()
        return found


@lru_cache(maxsize=1000)
def writes_a_row(operation: str) -> bool:
    """Whether a statement puts one row into a table, or changes the one that it names."""
    if operation.startswith("INSERT INTO "):
        values = operation.partition(" VALUES ")[2]
        return values.startswith("(") and values.find(")") == len(values) - 1
    return operation.startswith("UPDATE ") and bool(_ONE_ROW.search(operation))


def _break_off() -> int:
    return 1


class OneHopDriver(AsyncAdapt_aiosqlite_dbapi):
    """The driver as it is, with connections of this kind."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)
        self._long: set[str] = set()

    def connect(self, *arg: Any, **kw: Any) -> OneHopConnection:
        return OneHopConnection(self, super().connect(*arg, **kw)._connection, self._long)
