"""`hub restore`: the hub as it was when a backup was made.

All that has to be done is done on a copy: it is checked, brought up to date, and what the former
database knows of the time since is done again. Only then does it take the place of the database,
in one transaction.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from hub import schema, sqlite
from hub.audit.actions import COMMAND, key_fits, note
from hub.audit.models import AuditHead
from hub.backup import container, since, tables
from hub.backup.making import KEY_FILE
from hub.db import Database
from hub.gatherings.screens import Screens
from hub.settings import Settings

HOLDS: Final = "the database holds a hub already; --force puts the backup in its place"
AGAIN: Final = {
    "withdrawn": "people who withdrew, erased",
    "taken_back": "posts taken back, erased",
    "invitees": "people taken off a list of a meeting, erased",
    "choices": "consents, stops of mail and other choices of people, kept",
    "ended": "sign-ins, accounts, invitations and questions to owners that had ended",
    "purges": "deletions by a decision, done within ten minutes of the start",
    "mails": "mails that had gone out or been erased, not sent again",
    "tasks": "timed work, not done again",
}
# Everybody who is connected: no rows may be added while tables are replaced.
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class NotRestored(Exception):
    """One line that says why; ``status`` is 2 where the file is at fault, else 1.

    The database is as it was.
    """

    def __init__(self, line: str, *, status: int = 1) -> None:
        super().__init__(line)
        self.status = status


@dataclass
class Restored:
    """What was restored, and what is to be said of the time since."""

    manifest: container.Manifest
    # The version that the backup was brought up to; None where it was up to date.
    migrated: str | None = None
    # None: there was no former database of this hub that could be asked.
    redone: since.Redone | None = None
    waiting_mails: int = 0
    said: list[str] = field(default_factory=list)


class Target(Protocol):
    """A database with nobody else in it, whose place the copy takes."""

    def copy_former(self, to: Path) -> bool:
        """A copy of what it holds, as SQLite; False where that is nothing."""

    def place(self, copy: Path) -> None:
        """Put the copy in the place of all that it holds."""


def restore(
    settings: Settings,
    path: Path,
    *,
    force: bool,
    now: datetime,
    open_screens: Callable[[Settings], Screens],
) -> Restored:
    """Put the hub back as it was, with what may not be undone done again.

    ``open_screens`` opens the rooms on a database. Raises NotRestored.
    """
    url = settings.database
    beside = (schema.sqlite_path(url) or settings.data_dir / "hub.db").absolute().parent
    try:
        beside.mkdir(parents=True, exist_ok=True)
        with sqlite.scratch(beside) as folder:
            done = Restored(_unpack(path, folder))
            _bring_up_to_date(folder / container.DATABASE, done)
            key = _find_key(settings, folder, done)
            with _open_target(url) as target:
                former = folder / "former.db"
                has_former = target.copy_former(former)
                if has_former and not force:
                    raise NotRestored(HOLDS)
                copied = settings.model_copy(
                    update={
                        "database_url": f"sqlite:///{folder / container.DATABASE}",
                        "secret_key": key,
                        # Mails that were kept as files and are erased now are among those.
                        "data_dir": folder / "files",
                        "smtp_url": "",
                    }
                )
                asyncio.run(
                    _finish(copied, done, former if has_former else None, now, open_screens)
                )
                sqlite.tidy(folder / container.DATABASE)
                with _staged(folder / "files", settings.data_dir) as files:
                    target.place(folder / container.DATABASE)
            _name(files)
    except sqlite.InUse as error:
        raise NotRestored(schema.IN_USE) from error
    except schema.NotMigrated as error:
        raise NotRestored(f"the backup could not be brought up to date: {error}") from error
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise NotRestored(
            f"nothing was restored, and the database is as it was: {schema.fault_of(error)}"
        ) from error
    return done


def describe(done: Restored) -> list[str]:
    """What there is to say of a restore, one line each, the worst first."""
    made_at = done.manifest.made_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    rows = sum(done.manifest.counts.values())
    lines = [f"restored: the hub as it was at {made_at}, {rows} rows", *done.said]
    if done.migrated:
        lines.append(f"the backup was brought up to version {done.migrated}")
    if done.redone is None:
        lines += [
            f"what was erased after {made_at} is back: nothing here knows what it was",
            "erase again who withdrew since: hub participant erase ID",
        ]
        if done.waiting_mails:
            lines.append(
                f"{done.waiting_mails} mails were in line then: "
                "those that went out since go out again"
            )
        return lines
    again = done.redone.counts
    known = "what the former database knew of the time since was done again"
    lines.append(f"{known}:" if again else f"{known}: it was nothing")
    lines += [f"  {AGAIN[name]}: {count}" for name, count in again.items()]
    lines.append("everything else that is newer than the backup is gone")
    return lines


def _unpack(path: Path, folder: Path) -> container.Manifest:
    try:
        return container.unpack(path, folder)
    except container.NotABackup as error:
        raise NotRestored(str(error), status=2) from error
    except FileNotFoundError as error:
        raise NotRestored(f"there is no file {path}", status=2) from error


def _bring_up_to_date(copy: Path, done: Restored) -> None:
    url = f"sqlite:///{copy}"
    version, head = schema.versions(url)
    if version is None or not schema.is_known(version, url):
        raise NotRestored(
            "the backup was made by a newer version of the hub; upgrade the hub", status=2
        )
    if version != head:
        schema.migrate(url)
        copy.with_name(f"{copy.name}.before-{version}").unlink(missing_ok=True)
        done.migrated = head


def _find_key(settings: Settings, folder: Path, done: Restored) -> str:
    """The secret key that the backup was sealed with: the setting, the backup's, or the file."""
    in_backup = folder / "files" / KEY_FILE
    own = settings.data_dir / KEY_FILE
    key = settings.secret_key
    if not key and not in_backup.exists() and own.exists():
        in_backup.parent.mkdir(exist_ok=True)
        shutil.copyfile(own, in_backup)
    if not key and in_backup.exists():
        key = in_backup.read_text().strip()
    if not key:
        raise NotRestored("the backup holds no secret key: set HUB_SECRET_KEY to that of its hub")

    async def fits() -> bool:
        database = Database(_async_url(folder / container.DATABASE), secret_key=key)
        try:
            async with database.reading() as tx:
                return await key_fits(tx)
        finally:
            await database.close()

    if not asyncio.run(fits()):
        raise NotRestored(
            "the secret key is not the one that the backup was sealed with: see HUB_SECRET_KEY"
        )
    return key


def _async_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def _finish(
    copied: Settings,
    done: Restored,
    former: Path | None,
    now: datetime,
    open_screens: Callable[[Settings], Screens],
) -> None:
    """Do again what may not be undone, and note the restore in the copy's audit log."""
    screens = open_screens(copied)
    made_at = done.manifest.made_at
    ended: AuditHead | None = None
    try:
        async with screens.database.reading() as tx:
            in_line = await since.list_in_line(tx)
        done.waiting_mails = len(in_line)
        if former is not None:
            old = Database(_async_url(former))
            try:
                if _is_readable(former, done) and await since.goes_on(old, screens.database):
                    done.redone = await since.redo(
                        screens, old, in_line=in_line, outbox=copied.outbox_dir
                    )
                    done.waiting_mails = 0
                    async with old.reading() as tx:
                        ended = await tx.get(AuditHead, 1)
            finally:
                await old.close()
        async with screens.database.transaction() as tx:
            facts: dict[str, Any] = {"made_at": made_at.isoformat()}
            if ended is not None:
                # Where the former log ended: that it was longer is known, and by how much.
                facts |= {"former_number": ended.number, "former_seal": ended.seal}
            facts |= done.redone.counts if done.redone else {}
            await note(tx, "restored", actor=COMMAND, now=now, **facts)
    finally:
        await screens.settle()
        await screens.database.close()


def _is_readable(former: Path, done: Restored) -> bool:
    """The former database, brought up to date where it is older; False where it is newer."""
    url = f"sqlite:///{former}"
    version, _ = schema.versions(url)
    if version is None or not schema.is_known(version, url):
        done.said.append("the former database is of another version and was not asked")
        return False
    try:
        schema.migrate(url)
    except schema.NotMigrated:
        done.said.append("the former database could not be read and was not asked")
        return False
    return True


@contextmanager
def _staged(files: Path, data_dir: Path) -> Iterator[dict[Path, Path]]:
    """Copies of the files beside where they go, and where that is; gone again where it fails.

    Whatever can fail for want of space has been done before the database is replaced.
    """
    staged: dict[Path, Path] = {}
    try:
        for path in sorted(files.rglob("*")):
            if path.is_file():
                target = data_dir / path.relative_to(files)
                target.parent.mkdir(parents=True, exist_ok=True)
                fresh = target.with_name(f".{target.name}.restored")
                staged[fresh] = target
                shutil.copyfile(path, fresh)
        yield staged
    except BaseException:
        for fresh in staged:
            fresh.unlink(missing_ok=True)
        raise


def _name(staged: dict[Path, Path]) -> None:
    """Let the files take the place of those with the same names; others stay.

    The key comes last: with another one than its database's the hub does not start, and says so.
    """
    for fresh, target in sorted(staged.items(), key=lambda pair: pair[1].name == KEY_FILE):
        sqlite.keep_as(fresh, target)


# --- the two kinds of database ------------------------------------------------------------------


@contextmanager
def _open_target(url: str) -> Iterator[Target]:
    path = schema.sqlite_path(url)
    if path is None:
        with _open_postgresql(url) as target:
            yield target
        return
    try:
        with sqlite.held(path) as connection:
            yield _Sqlite(connection)
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise
        raise NotRestored(
            f"{path} is damaged and cannot be replaced: move it away, and run this again"
        ) from error


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def copy_former(self, to: Path) -> bool:
        sqlite.build_anew(self._connection, to)
        counts = sqlite.count_rows(to)
        return any(count for name, count in counts.items() if name != tables.VERSION_TABLE)

    def place(self, copy: Path) -> None:
        sqlite.put_in_place(copy, self._connection)


@contextmanager
def _open_postgresql(url: str) -> Iterator[Target]:
    engine = create_engine(schema.sync_url(url), hide_parameters=True)
    try:
        with engine.begin() as connection:
            if connection.scalar(OTHERS):
                raise sqlite.InUse()
            version, _ = schema.versions(url)
            if version is not None and not schema.is_known(version, url):
                raise NotRestored(schema.NEWER)
            yield _PostgreSQL(connection, version)
    finally:
        engine.dispose()


class _PostgreSQL:
    """All in one transaction, which only its end makes true."""

    def __init__(self, connection: Connection, version: str | None) -> None:
        self._connection, self._version = connection, version

    def copy_former(self, to: Path) -> bool:
        if self._version is None:
            return False
        ours = tables.read_tables(self._connection, tables.names_of_models())
        if tables.is_empty(self._connection, ours):
            return False
        schema.upgrade_to(f"sqlite:///{to}", self._version)
        copy = create_engine(f"sqlite:///{to}", hide_parameters=True)
        try:
            with copy.begin() as writing:
                found = tables.read_tables(self._connection, tables.names_in(writing))
                tables.empty(writing, found)
                tables.copy_rows(self._connection, writing, found)
        finally:
            copy.dispose()
        return True

    def place(self, copy: Path) -> None:
        if self._version is not None:
            tables.drop(self._connection)
        schema.upgrade_within(self._connection)
        found = tables.read_tables(self._connection, tables.names_of_models())
        tables.defer_references(self._connection, found, deferred=True)
        source = create_engine(f"sqlite:///{copy}", hide_parameters=True)
        try:
            with source.connect() as reading:
                tables.empty(self._connection, found)
                tables.copy_rows(reading, self._connection, found)
        finally:
            source.dispose()
        tables.defer_references(self._connection, found, deferred=False)
        tables.go_on_counting(self._connection, found)
