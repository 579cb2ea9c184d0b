"""The database by itself: what was erased is gone, and a statement does what it says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hub.db import Database

HERS = b"zloqxo"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    found = Database(f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}")
    yield found
    await found.close()


def has_them(folder: Path) -> bool:
    return any(HERS in path.read_bytes() for path in folder.iterdir())


async def erase_some(database: Database, folder: Path) -> None:
    """Rows of very different lengths, in random order, until SQLite forgets one that it moved."""
    for number in range(60):
        chance = random.Random(number)
        rows = []
        for _ in range(300):
            kind = chance.choice(("other", HERS.decode()))
            key = chance.randbytes(8).hex()
            rows.append({"id": key, "words": kind + key * chance.randint(1, 40)})
        async with database.transaction() as tx:
            await tx.execute(text(f"CREATE TABLE said{number} (id TEXT PRIMARY KEY, words TEXT)"))
            await tx.execute(text(f"CREATE INDEX by_words{number} ON said{number} (words)"))
            for row in rows:
                await tx.execute(text(f"INSERT INTO said{number} VALUES (:id, :words)"), row)
        async with database.transaction() as tx:
            await tx.execute(text(f"DELETE FROM said{number} WHERE words LIKE 'z%'"))
        async with database.engine.connect() as connection:
            await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        if HERS in (folder / "hub.db").read_bytes():
            return
    raise AssertionError("SQLite leaves nothing by itself: then there is nothing to wipe")


async def test_nothing_is_left_of_what_was_erased(database: Database, tmp_path: Path) -> None:
    await erase_some(database, tmp_path)
    await database.wipe()
    assert not has_them(tmp_path)


async def test_a_reader_in_the_way_only_puts_it_off(database: Database, tmp_path: Path) -> None:
    await erase_some(database, tmp_path)
    async with database.reading() as tx:
        await tx.execute(text("SELECT count(*) FROM said0"))
        await database.wipe()
        assert has_them(tmp_path)
    await database.wipe_left()
    assert not has_them(tmp_path)


async def test_what_an_ended_process_left_is_wiped_by_the_next(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}"
    ended = Database(url)
    await erase_some(ended, tmp_path)
    await ended.close()
    following = Database(url)
    await following.wipe_left()
    await following.close()
    assert not has_them(tmp_path)


async def test_a_statement_tells_what_it_changed_and_what_was_wrong(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("CREATE TABLE said (id INTEGER PRIMARY KEY, words TEXT UNIQUE)"))
        rows = [{"words": word} for word in ("ja", "nej", "kanske")]
        made = await tx.execute(text("INSERT INTO said (words) VALUES (:words)"), rows)
        assert made.rowcount == 3
        one = await tx.execute(text("INSERT INTO said (words) VALUES ('vet ej')"))
        assert one.lastrowid == 4
        changed = await tx.execute(text("UPDATE said SET words = words || '!' WHERE id > 2"))
        assert changed.rowcount == 2
        found = await tx.execute(text("SELECT id, words FROM said WHERE id < 3 ORDER BY id"))
        assert [tuple(row) for row in found] == [(1, "ja"), (2, "nej")]

    async def one_twice() -> None:
        async with database.transaction() as tx:
            await tx.execute(text("INSERT INTO said (words) VALUES ('inte kvar')"))
            await tx.execute(text("INSERT INTO said (words) VALUES ('ja')"))

    with pytest.raises(IntegrityError):
        await one_twice()
    async with database.reading() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM said")) == 4


async def test_a_reader_that_is_cancelled_leaves_a_connection_that_works(
    database: Database,
) -> None:
    async def read() -> None:
        async with database.reading() as tx:
            await tx.execute(text(LONG))

    task = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.reading() as tx:
        assert await tx.scalar(text("SELECT 1")) == 1


LONG = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
SELECT count(*) FROM n
"""
