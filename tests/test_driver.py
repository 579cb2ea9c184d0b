"""The driver for SQLite: what is asked in the thread of a connection, and what is not."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from hub import driver
from hub.db import Database

WORDS = text("SELECT words FROM said ORDER BY words")
SAY = text("INSERT INTO said (words) VALUES (:words)")
ADJO = {"words": "adjö", "id": 2}
LONG = text(
    "SELECT count(*) FROM (WITH RECURSIVE n(i) AS "
    "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :upto) SELECT i FROM n)"
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    found = Database(f"sqlite+aiosqlite:///{tmp_path / 'said.db'}")
    async with found.transaction() as tx:
        await tx.execute(text("CREATE TABLE said (id INTEGER PRIMARY KEY, words TEXT)"))
        await tx.execute(SAY, {"words": "hej"})
    yield found
    await found.close()


@pytest.fixture
async def visits(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """One for each way to the thread of the connection, of which there is one."""
    found: list[Any] = []
    go = aiosqlite.Connection._execute
    async with database.engine.connect() as connection:
        ours = (await connection.get_raw_connection()).driver_connection

    async def counted(self: aiosqlite.Connection, visit: Callable[[], Any]) -> Any:
        if self is ours:
            found.append(visit)
        return await go(self, visit)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return found


async def said(tx: AsyncSession) -> list[str]:
    return list(await tx.scalars(WORDS))


async def test_a_view_goes_to_the_thread_once(database: Database, visits: list[Any]) -> None:
    async with database.reading() as tx:
        for _ in range(5):
            assert await said(tx) == ["hej"]
    assert len(visits) == 1


async def test_a_change_goes_there_to_begin_and_to_commit(
    database: Database, visits: list[Any]
) -> None:
    async with database.transaction() as tx:
        assert await said(tx) == ["hej"]
        await tx.execute(SAY, {"words": "tack"})
        await tx.execute(text("UPDATE said SET words = :words WHERE said.id = :id"), ADJO)
        assert await said(tx) == ["adjö", "hej"]
        assert len(visits) == 1
    assert len(visits) == 2
    async with database.reading() as tx:
        assert await said(tx) == ["adjö", "hej"]


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        ("INSERT INTO said (words) SELECT words FROM said", {}),
        ("INSERT INTO said (words) VALUES (:one), (:two)", {"one": "a", "two": "b"}),
        ("INSERT INTO said (words) VALUES (:words)", [{"words": "a"}, {"words": "b"}]),
        ("UPDATE said SET words = :words", {"words": "a"}),
        ("UPDATE said SET words = :words WHERE said.words = :was", {"words": "a", "was": "hej"}),
        ("DELETE FROM said WHERE said.id = :id", {"id": 1}),
    ],
)
async def test_what_may_change_many_rows_is_done_in_the_thread(
    database: Database, visits: list[Any], statement: str, given: Any
) -> None:
    async with database.transaction() as tx:
        before = await said(tx)
        await tx.execute(text(statement), given)
        assert len(visits) == 2
        assert await said(tx) != before
        await tx.rollback()
    assert len(visits) == 3


async def test_where_nothing_is_asked_nobody_goes_anywhere(
    database: Database, visits: list[Any]
) -> None:
    async with database.transaction():
        pass
    async with database.reading():
        pass
    assert visits == []


async def test_nothing_of_a_change_that_failed_is_left(database: Database) -> None:
    async def fail(at: str) -> None:
        async with database.transaction() as tx:
            await tx.execute(SAY, {"words": "fel"})
            await tx.execute(text(at))

    for at in ("SELECT nothing FROM nowhere", "INSERT INTO nowhere VALUES (1)"):
        with pytest.raises(DBAPIError):
            await fail(at)
    async with database.transaction() as tx:
        assert await said(tx) == ["hej"]


async def test_what_takes_long_is_broken_off_and_asked_in_the_thread(
    database: Database, visits: list[Any]
) -> None:
    async with database.reading() as tx:
        await said(tx)
        assert await tx.scalar(LONG, {"upto": 10}) == 10
        assert len(visits) == 1
        # It is known from then on, and not tried again.
        for known in (2, 3):
            assert await tx.scalar(LONG, {"upto": 100_000}) == 100_000
            assert len(visits) == known
        # What was read of the moment still holds.
        assert await said(tx) == ["hej"]


async def test_a_long_question_in_a_change_loses_nothing_of_it(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(SAY, {"words": "tack"})
        assert await tx.scalar(LONG, {"upto": 100_000}) == 100_000
    async with database.reading() as tx:
        assert await said(tx) == ["hej", "tack"]


async def test_long_questions_do_not_pile_up_in_memory(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "MOST_LONG", 3)
    async with database.reading() as tx:
        await said(tx)
        for n in range(8):
            await tx.scalar(text(f"{LONG.text} WHERE {n} = {n}"), {"upto": 100_000})
    connection: Any = (await database.engine.raw_connection()).dbapi_connection
    assert 0 < len(connection._long) <= 3


async def test_a_long_question_keeps_the_event_loop_from_nobody(database: Database) -> None:
    """Without the limit the loop would stand still for all of it."""
    asked = asyncio.Event()

    async def ask() -> None:
        async with database.reading() as tx:
            await said(tx)
            asked.set()
            await tx.scalar(LONG, {"upto": 3_000_000})

    task = asyncio.create_task(ask())
    await asked.wait()
    steps = 0
    while not task.done():
        await asyncio.sleep(0.001)
        steps += 1
    await task
    assert steps > 10


async def test_many_short_questions_let_others_have_their_turn(database: Database) -> None:
    turns = [0]

    async def ask() -> None:
        async with database.reading() as tx:
            await said(tx)
            turns.append(0)
            for _ in range(400):
                await said(tx)
        turns.append(0)

    task = asyncio.create_task(ask())
    while not task.done():
        await asyncio.sleep(0)
        turns[-1] += 1
    await task
    _, between, _ = turns
    assert between > 5


async def test_who_is_cancelled_leaves_the_connection_as_it_was(database: Database) -> None:
    """The thread still works on what nobody waits for any more: nothing goes in between."""
    there, go_on = threading.Event(), threading.Event()

    def wait_there() -> None:
        there.set()
        go_on.wait(10)

    async def change() -> None:
        async with database.transaction() as tx:
            await tx.execute(SAY, {"words": "fel"})
            raw: Any = (await (await tx.connection()).get_raw_connection()).driver_connection
            await raw.create_function("wait_there", 0, wait_there)
            await tx.execute(text("INSERT INTO said (words) SELECT wait_there()"))

    task = asyncio.create_task(change())
    await asyncio.to_thread(there.wait, 10)
    task.cancel()
    before = time.monotonic()
    await asyncio.sleep(0.05)
    assert time.monotonic() - before < 5
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.transaction() as tx:
        assert await said(tx) == ["hej"]
        await tx.execute(SAY, {"words": "tack"})
    async with database.reading() as tx:
        assert await said(tx) == ["hej", "tack"]


async def test_a_change_waits_for_the_lock_in_the_thread(
    database: Database, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "said.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        async def change() -> None:
            async with database.transaction() as tx:
                await tx.execute(SAY, {"words": "tack"})

        task = asyncio.create_task(change())
        steps = 0
        while steps < 20:
            await asyncio.sleep(0.005)
            steps += 1
        assert not task.done()
        other.execute("COMMIT")
    await task
    async with database.reading() as tx:
        assert await said(tx) == ["hej", "tack"]


async def test_who_cannot_get_the_lock_is_told_and_holds_nothing(
    database: Database, tmp_path: Path
) -> None:
    async def ask() -> None:
        async with database.transaction() as tx:
            await said(tx)

    async with database.reading() as tx:
        await tx.execute(text("PRAGMA busy_timeout=20"))
    with closing(sqlite3.connect(tmp_path / "said.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            await ask()
        other.execute("COMMIT")
    async with database.transaction() as tx:
        await tx.execute(SAY, {"words": "tack"})
        assert await said(tx) == ["hej", "tack"]
