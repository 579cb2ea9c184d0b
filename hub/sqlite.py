"""A SQLite file as a whole: copied while others write, checked, and put in another's place at once.

What other databases do by themselves (one transaction around a change of the schema or of all
tables) is done here with a copy: it takes the place of the database in one transaction, so that a
process that is killed leaves either the one or the other.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

# Seconds to wait for somebody who is about to close the file, and for a lock while copying.
HOLD_SECONDS: Final = 2
COPY_SECONDS: Final = 30
SCRATCH: Final = ".hub-scratch-"


class InUse(Exception):
    """Another process has the database open."""


class Damaged(Exception):
    """``args[0]`` says what is wrong with the file."""


@contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """A folder for copies, in ``beside``, which only its owner can read; gone at the end.

    What a process left that was killed is removed first: what people wrote is in it. Raises
    OSError.
    """
    for old in beside.glob(f"{SCRATCH}*"):
        _remove_where_left(old)
    folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=beside))
    try:
        with (folder / "lock").open("w") as lock:
            # Ends with the process, however that ends.
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_where_left(folder: Path) -> None:
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    shutil.rmtree(folder, ignore_errors=True)


def copy_out(source: Path, target: Path) -> None:
    """A consistent copy of a database that others may be writing to, without erased rows.

    It is built anew row by row, so that nothing is in it that was deleted. Raises sqlite3.Error.
    """
    address = f"{source.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=COPY_SECONDS)) as connection:
        build_anew(connection, target)


def build_anew(connection: sqlite3.Connection, target: Path) -> None:
    """What a connection sees, as a new file. Raises sqlite3.Error."""
    connection.execute("VACUUM INTO ?", (str(target),))


def check(path: Path) -> None:
    """Raises Damaged where pages, indexes or references between rows are not as they must be."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(1)")]
            if said != ["ok"]:
                raise Damaged(said[0] if said else "it cannot be checked")
            lost = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise Damaged(str(error)) from error
    if lost is not None:
        raise Damaged(f"a row of {lost[0]} points at a row of {lost[2]} that is not there")


def count_rows(path: Path) -> dict[str, int]:
    """How many rows each table has."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608
            for name in list_tables(connection)
        }


def list_tables(connection: sqlite3.Connection) -> list[str]:
    """The names of all tables but SQLite's own."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' "
        "ESCAPE '@' ORDER BY name"
    )
    return [str(row[0]) for row in rows]


def tidy(path: Path) -> None:
    """All of a copy in its one file, without what was deleted from it. Raises sqlite3.Error."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("VACUUM")


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, with nobody else in it until the end; made where there is none.

    A server that does nothing still has the file open, and the write-ahead log can only be ended
    by the last one who has. Raises InUse, and sqlite3.DatabaseError for a file that is no database.
    """
    connection = sqlite3.connect(path, timeout=HOLD_SECONDS, isolation_level=None)
    try:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise InUse() from error
            raise
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        yield connection
    finally:
        connection.close()


def put_in_place(copy: Path, target: sqlite3.Connection) -> None:
    """Everything in the held database becomes what the copy holds, or nothing does.

    It is one transaction: a process that is killed midway is rolled back by whoever opens the file
    next. Raises sqlite3.Error.
    """
    with closing(sqlite3.connect(copy)) as source:
        source.backup(target)


def keep_as(source: Path, target: Path) -> None:
    """Move a finished file to its name, in the place of what had it. It is on the disk then."""
    os.chmod(source, 0o600)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(source, target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder be on the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
