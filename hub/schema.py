"""Bringing the database to the version that this code knows, and telling which it has."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

HERE = Path(__file__).parent / "migrations"


def sync_url(url: str) -> str:
    """The same database for the migrations, which are not async."""
    return url.replace("sqlite+aiosqlite", "sqlite", 1)


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("sqlalchemy.url", sync_url(url).replace("%", "%%"))
    return config


def migrate(url: str) -> None:
    """Apply the migrations that are missing; creates the database file where there is none."""
    path = make_url(url).database
    if url.startswith("sqlite") and path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(_config(url), "head")


def versions(url: str) -> tuple[str | None, str]:
    """The database's version (None for an empty one) and the one this code knows.

    Raises what the driver raises where the database does not answer.
    """
    head = ScriptDirectory.from_config(_config(url)).get_current_head()
    parts = make_url(url)
    if url.startswith("sqlite") and parts.database and not Path(parts.database).exists():
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
