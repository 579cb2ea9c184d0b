"""Runs migrations; the models are those of every room."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

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


def run() -> None:
    engine = create_engine(str(config.get_main_option("sqlalchemy.url")), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
