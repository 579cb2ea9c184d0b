"""What was erased leaves no byte in the files of the database."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

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
