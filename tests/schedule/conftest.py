"""Timed work on both kinds of database, done by functions that tests give."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import Database
from hub.mail.actions import queue_mail
from hub.mail.models import Mail
from hub.schedule.actions import plan
from hub.schedule.jobs import Outcome, Runner
from hub.schedule.models import Task
from tests.conftest import SetClock, trust_the_disk

SECRET = "a secret key of a test"


@dataclass
class Store:
    """One database; each runner has a connection of its own to it, as processes have."""

    url: str
    clock: SetClock = field(default_factory=SetClock)
    opened: list[Database] = field(default_factory=list)

    def open(self) -> Database:
        database = Database(self.url, secret_key=SECRET)
        if database.is_sqlite:
            trust_the_disk(database)
        self.opened.append(database)
        return database

    @property
    def database(self) -> Database:
        return self.opened[0]

    def runner(self, inside: Any = None, outside: Any = None) -> Runner:
        """A runner as another process would have it."""
        return Runner(self.open(), self.clock, inside or {}, outside or {})

    async def plan(
        self, kind: str = "thanks", about: str = "w_1", *, after: float = 0, **more: Any
    ) -> None:
        """Plan one, ``after`` minutes from now."""
        now = self.clock.now()
        due_at = now + timedelta(minutes=after)
        async with self.database.transaction() as tx:
            await plan(tx, kind, about, due_at=due_at, now=now, **more)

    async def tasks(self) -> list[Task]:
        async with self.database.reading() as tx:
            return list(await tx.scalars(select(Task).order_by(Task.about, Task.kind, Task.round)))

    async def task(self) -> Task:
        (found,) = await self.tasks()
        return found

    async def mails(self) -> list[str]:
        """Whom or what each mail in line is about."""
        async with self.database.reading() as tx:
            return sorted(str(about) for about in await tx.scalars(select(Mail.about)))


async def send_mail(tx: AsyncSession, task: Task, now: datetime) -> Outcome:
    """Put one mail in line, as most timed work does."""
    await queue_mail(
        tx,
        "words_withdrawn",
        to="astrid@example.org",
        language="sv",
        facts={"title": "T", "url": "/x"},
        now=now,
        about=task.about,
    )
    await tx.flush()
    return Outcome(count=1)


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, blank: Path
) -> AsyncIterator[Store]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        (tmp_path / "hub.db").write_bytes(blank.read_bytes())
        made = Store(f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}")
    else:
        made = Store(request.getfixturevalue("postgresql"))
    async with made.open().transaction() as tx:
        await tx.execute(delete(Task))
        await tx.execute(delete(Mail))
    yield made
    for database in made.opened:
        await database.close()


def both(text: str) -> dict[str, str]:
    return {"sv": text, "en": text}
