"""`hub backup`: the whole hub in one file, while it runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

import hub
from hub import schema, sqlite
from hub.backup import container, tables
from hub.settings import Settings

# What is in the data folder and cannot be made again. Translation packages can: they are large,
# and ``hub models install`` fetches them.
KEPT_FILES: Final = ("organiser.yaml", "consent", "formats", "pictures", "outbox")
KEY_FILE: Final = "secret_key"


class NotBackedUp(Exception):
    """One line that says why. Nothing has been left at the file's name."""


@dataclass(frozen=True)
class Made:
    """A backup that was written and read again."""

    path: Path
    manifest: container.Manifest
    size: int
    # Whether the secret key is in it: not where it is a setting.
    has_key: bool


def make(settings: Settings, path: Path, *, force: bool, now: datetime) -> Made:
    """Write a backup to ``path``, verify it, and give it its name only then.

    Everything in the database is as at one moment; the hub may run and write meanwhile. A file
    that is there stays unless ``force``. Raises NotBackedUp.
    """
    path = path.absolute()
    if path.exists() and not force:
        raise NotBackedUp(f"{path} exists; --force writes over it")
    if not path.parent.is_dir():
        raise NotBackedUp(f"there is no folder {path.parent}")
    try:
        with sqlite.scratch(path.parent) as folder:
            made = _make(settings, folder, now)
            _name(folder / "backup", path, force=force)
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise NotBackedUp(f"no backup was written: {schema.fault_of(error)}") from error
    except container.NotABackup as error:
        raise NotBackedUp(
            f"no backup was written: what was read again is wrong: {error}"
        ) from error
    return Made(path, made, path.stat().st_size, container.FILES + KEY_FILE in made.members)


def _make(settings: Settings, folder: Path, now: datetime) -> container.Manifest:
    version = copy_database(settings.database, folder / "hub.db")
    # After the database: a picture that is deleted meanwhile is missed by nobody, one that the
    # database names is there.
    names = KEPT_FILES if settings.secret_key else (KEY_FILE, *KEPT_FILES)
    files = _copy_files(container.members_in(settings.data_dir, names), folder)
    manifest = container.Manifest(
        hub=hub.__version__,
        schema=version,
        made_at=now,
        database="sqlite" if settings.is_sqlite else "postgresql",
        counts=sqlite.count_rows(folder / "hub.db"),
        members={},
    )
    container.write(folder / "backup", manifest, {container.DATABASE: folder / "hub.db", **files})
    (folder / "hub.db").unlink()
    again = folder / "again"
    again.mkdir()
    return container.unpack(folder / "backup", again)


def _copy_files(files: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Copies that stand still; a file that has just been deleted is left out."""
    copies = {}
    for name, path in files.items():
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(path, copy)
            copies[name] = copy
    return copies


def copy_database(url: str, target: Path) -> str:
    """A consistent copy of the database as a SQLite file, and its version.

    Raises NotBackedUp where there is nothing to copy, and what the drivers raise.
    """
    version, _ = schema.versions(url)
    if version is None:
        raise NotBackedUp("there is no database to back up: see HUB_DATABASE_URL, HUB_DATA_DIR")
    if not schema.is_known(version, url):
        raise NotBackedUp(schema.NEWER)
    path = schema.sqlite_path(url)
    if path is not None:
        sqlite.copy_out(path, target)
    else:
        _copy_postgresql(url, target, version)
    return version


def _copy_postgresql(url: str, target: Path, version: str) -> None:
    schema.upgrade_to(f"sqlite:///{target}", version)
    source = create_engine(url, isolation_level="REPEATABLE READ", hide_parameters=True)
    copy = create_engine(f"sqlite:///{target}", hide_parameters=True)
    try:
        with source.connect() as reading, copy.begin() as writing:
            reading.exec_driver_sql("SET TRANSACTION READ ONLY")
            found = tables.read_tables(reading, tables.names_in(writing))
            tables.empty(writing, found)
            tables.copy_rows(reading, writing, found)
    finally:
        source.dispose()
        copy.dispose()


def _name(finished: Path, path: Path, *, force: bool) -> None:
    os.chmod(finished, 0o600)
    if not force:
        try:
            # Unlike a move, a link never takes the place of a file that came meanwhile.
            os.link(finished, path)
        except FileExistsError as error:
            raise NotBackedUp(f"{path} exists; --force writes over it") from error
        except OSError:
            # Not every file system has links.
            if path.exists():
                raise
            os.replace(finished, path)
    else:
        os.replace(finished, path)
    sqlite.sync_folder(path.parent)
