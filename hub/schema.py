"""Bringing the database to the version that this code knows, and telling which it has."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from hub import sqlite

HERE = Path(__file__).parent / "migrations"
NEWER = "the database was written by a newer version of the hub; upgrade the hub"
IN_USE = "the database is in use: stop the hub first"


class NotMigrated(Exception):
    """One line that says why; the database is as it was."""


def sync_url(url: str) -> str:
    """The same database for the migrations, which are not async."""
    return url.replace("sqlite+aiosqlite", "sqlite", 1)


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite database; None for another kind."""
    name = make_url(url).database
    return Path(name) if url.startswith("sqlite") and name else None


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("sqlalchemy.url", sync_url(url).replace("%", "%%"))
    return config


def migrate(url: str, *, tell: Callable[[str], None] = lambda line: None) -> None:
    """Apply the migrations that are missing, all of them or none.

    SQLite: to a copy, which is checked and then takes the place of the database; what was there
    is kept beside it as ``hub.db.before-VERSION``, and no older one. PostgreSQL: in one
    transaction. ``tell`` is told what happens. Raises NotMigrated, and what the driver raises where
    the database does not answer.
    """
    version, head = versions(url)
    if version == head:
        return
    if version is not None and not is_known(version, url):
        raise NotMigrated(NEWER)
    path = sqlite_path(url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _migrate_copy(path, version, head, tell)
        except sqlite.InUse as error:
            raise NotMigrated(IN_USE) from error
        except (OSError, sqlite3.Error) as error:
            raise NotMigrated(f"the database is as it was: {error}") from error
    else:
        _upgrade(url, version)
        tell("all migrations were applied in one transaction")


def _migrate_copy(path: Path, version: str | None, head: str, tell: Callable[[str], None]) -> None:
    with sqlite.scratch(path.parent) as folder, sqlite.held(path) as database:
        copy = folder / "hub.db"
        sqlite.build_anew(database, copy)
        _upgrade(f"sqlite:///{copy}", version)
        try:
            sqlite.check(copy)
        except sqlite.Damaged as error:
            raise NotMigrated(
                f"the migrated copy is not sound, and the database is as it was: {error}"
            ) from error
        if version is not None:
            former = path.with_name(f"{path.name}.before-{version}")
            sqlite.build_anew(database, folder / "former.db")
            sqlite.keep_as(folder / "former.db", former)
            for older in set(path.parent.glob(f"{path.name}.before-*")) - {former}:
                older.unlink()
            tell(f"a copy was migrated to {head} and checked")
            tell(f"the database as it was at {version} is kept as {former}; delete it soon")
        sqlite.tidy(copy)
        sqlite.put_in_place(copy, database)


def _upgrade(url: str, version: str | None) -> None:
    try:
        command.upgrade(_config(url), "head")
    except Exception as error:
        raise NotMigrated(
            f"a migration failed, and the database is as it was, at {version or 'nothing'}: "
            f"{fault_of(error)}"
        ) from error


def upgrade_within(connection: Connection, revision: str = "head") -> None:
    """Apply the migrations up to a revision, in the caller's transaction."""
    config = _config("")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def upgrade_to(url: str, revision: str) -> None:
    """Apply the migrations up to a revision that is not the last one, as to an older database."""
    command.upgrade(_config(url), revision)


def fault_of(error: BaseException) -> str:
    """What a driver says, without the values that were in the row."""
    original = error.orig if isinstance(error, DBAPIError) else error
    said = getattr(getattr(original, "diag", None), "message_primary", None)
    if said is None and isinstance(original, sqlite3.Error | OSError):
        said = str(original)
    name = type(original).__name__
    return f"{name}: {said}" if said else name


def versions(url: str) -> tuple[str | None, str]:
    """The database's version (None for an empty one) and the one this code knows.

    Raises what the driver raises where the database does not answer.
    """
    head = ScriptDirectory.from_config(_config(url)).get_current_head()
    path = sqlite_path(url)
    if path is not None and not path.exists():
        return None, str(head)
    engine = create_engine(sync_url(url))
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision(), str(head)
    finally:
        engine.dispose()


def is_known(version: str, url: str) -> bool:
    """False for a database that a newer hub has written."""
    script = ScriptDirectory.from_config(_config(url))
    return version in {revision.revision for revision in script.walk_revisions()}
