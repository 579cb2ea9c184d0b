"""Runs migrations; the models are those of every room."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine, func, pool, select

import hub.audit.models
import hub.charters.models
import hub.following.models
import hub.gatherings.models
import hub.language.models
import hub.mail.models
import hub.meetings.models
import hub.people.models
import hub.programme.models
import hub.retention.models
import hub.schedule.models
import hub.search.models
import hub.summaries.models  # noqa: F401
from hub.db import Base

config = context.config
# Any number: whoever else migrates this database waits, and then finds that it is done.
LOCK = 7263


def migrate_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        context.run_migrations()


def run() -> None:
    given = config.attributes.get("connection")
    if given is not None:
        migrate_on(given)
        return
    engine = create_engine(str(config.get_main_option("sqlalchemy.url")), poolclass=pool.NullPool)
    with engine.connect() as connection:
        migrate_on(connection)
    engine.dispose()


run()
