"""The database by itself: what was erased is gone, and a statement does what it says."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from structlog.testing import capture_logs

from hub import db as hub_db
from hub.db import Database, is_away

from .conftest import START, Hub, running_hub
from .databases import fill
from .servers import PostgreSQL, postgresql_server

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


# --- what holds on both databases -----------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
async def counted(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database of each kind with a count in it that is nought."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'counted.db'}"
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("own_postgresql")
        name = f"counted{tmp_path.name}".lower().replace("-", "_")
        with psycopg.connect(server.address(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        url = server.url(name)
    found = Database(url)
    async with found.transaction() as tx:
        await tx.execute(text("CREATE TABLE counts (count INTEGER, words VARCHAR(9) NOT NULL)"))
        await tx.execute(text("INSERT INTO counts VALUES (0, 'none')"))
    yield found
    await found.close()


async def count_one(database: Database) -> None:
    async with database.transaction() as tx:
        seen = await tx.scalar(text("SELECT count FROM counts"))
        await asyncio.sleep(0.01)
        await tx.execute(text("UPDATE counts SET count = :next"), {"next": int(seen or 0) + 1})


async def test_what_a_change_has_read_still_holds_when_it_writes(counted: Database) -> None:
    await asyncio.gather(*(count_one(counted) for _ in range(8)))
    async with counted.reading() as tx:
        assert await tx.scalar(text("SELECT count FROM counts")) == 8


async def test_who_reads_sees_one_moment(counted: Database) -> None:
    async with counted.reading() as tx:
        assert await tx.scalar(text("SELECT count FROM counts")) == 0
        await count_one(counted)
        assert await tx.scalar(text("SELECT count FROM counts")) == 0
    async with counted.reading() as tx:
        assert await tx.scalar(text("SELECT count FROM counts")) == 1


async def test_a_change_that_fails_leaves_the_next_one_free(counted: Database) -> None:
    async def fail() -> None:
        async with counted.transaction() as tx:
            await tx.execute(text("UPDATE counts SET count = 5"))
            await tx.execute(text("UPDATE counts SET words = NULL"))

    with pytest.raises(IntegrityError) as failed:
        await fail()
    assert not is_away(failed.value)
    await count_one(counted)
    async with counted.reading() as tx:
        assert await tx.scalar(text("SELECT count FROM counts")) == 1


async def test_a_fault_does_not_repeat_what_people_wrote(counted: Database) -> None:
    words = "zloqxo"

    async def fail(statement: str) -> None:
        async with counted.transaction() as tx:
            await tx.execute(text("UPDATE counts SET words = :words"), {"words": words})
            await tx.execute(text(statement), {"words": words})

    for statement in (
        "INSERT INTO counts SELECT 1, NULL WHERE :words != ''",
        "UPDATE counts SET count = NULL, words = NULL WHERE words = :words",
        "INSERT INTO nowhere VALUES (:words)",
    ):
        with pytest.raises(DBAPIError) as failed:
            await fail(statement)
        assert words not in str(failed.value)


# --- the database is away -------------------------------------------------------------------


@contextmanager
def short_waits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(hub_db, "WAIT", 100)
        patched.setattr(hub_db, "SILENCE", 1)
        yield


@pytest.fixture(scope="module")
async def stoppable() -> AsyncIterator[PostgreSQL]:
    with postgresql_server() as found:
        await fill(found.url(), START)
        yield found


@pytest.fixture
def server(stoppable: PostgreSQL) -> Iterator[PostgreSQL]:
    """A PostgreSQL server that only these tests use, to stop; its database has what ships."""
    yield stoppable
    if stoppable.process is None:
        stoppable.start()


async def test_while_postgresql_is_away_people_are_told_and_lose_no_words(
    tmp_path: Path, blank: Path, server: PostgreSQL
) -> None:
    async with running_hub(tmp_path, blank, url=server.url()) as hub:
        session = await hub.session()
        path = f"/sessions/{session.id}/contributions"
        cookies = {f"hub_seat_{session.id}": session.astrid.token}
        form = {"client_id": "form-1", "kind": "contribution", "text": "Hej på er <b>alla</b>"}
        server.stop()

        page = await hub.http.get("/join", headers={"Accept-Language": "sv"}, cookies=cookies)
        assert page.status_code == 503
        assert page.headers["Retry-After"] == "10"
        assert "Det går inte just nu" in page.text
        assert 'href="/join"' in page.text

        posted = await hub.http.post(path, data=form, cookies=cookies)
        assert posted.status_code == 503
        assert f'action="{path}"' in posted.text
        assert "Hej på er &lt;b&gt;alla&lt;/b&gt;</textarea>" in posted.text
        assert 'name="client_id" value="form-1"' in posted.text

        called = await session.astrid.say(session.id, "Hej")
        assert called.status_code == 503
        assert called.headers["content-type"] == "application/problem+json"
        assert called.json()["type"] == "/problems/database_away"

        ready = await hub.http.get("/readyz")
        assert ready.status_code == 503

        server.start()
        assert (await hub.http.post(path, data=form, cookies=cookies)).status_code in (200, 303)
        found = (await session.fatima.get(f"/sessions/{session.id}/contributions")).json()
        assert found["items"][-1]["text"] == form["text"]


@pytest.mark.parametrize("kind", ["file", "password"])
async def test_what_has_to_be_given_anew_is_not_sent_again_by_itself(
    tmp_path: Path, blank: Path, server: PostgreSQL, kind: str
) -> None:
    async with running_hub(tmp_path, blank, url=server.url()) as hub:
        server.stop()
        if kind == "password":
            form = {"email": "astrid@example.org", "password": "correct horse", "text": "Två ord"}
            answer = await hub.http.post("/sign-in", data=form)
        else:
            form = {"code": "ABCDEF", "name": "Astrid", "text": "Två ord"}
            files = {"file": ("a.yaml", b"a: b")}
            answer = await hub.http.post("/join", data=form, files=files)
    assert answer.status_code == 503
    assert "correct horse" not in answer.text
    assert "Två ord</textarea>" in answer.text
    assert "Send again" not in answer.text


async def test_nobody_waits_for_ever_for_a_server_that_says_nothing(
    server: PostgreSQL,
) -> None:
    with short_waits():
        database = Database(server.url())
        async with database.engine.connect() as connection:
            process = await connection.scalar(text("SELECT pg_backend_pid()"))
            assert process is not None
            await connection.rollback()
            os.kill(process, signal.SIGSTOP)
            try:
                with pytest.raises(OperationalError) as failed:
                    await connection.execute(text("SELECT 1"))
            finally:
                os.kill(process, signal.SIGCONT)
        assert is_away(failed.value)
        # The next one is another connection.
        await database.ping()
        await database.close()


async def test_who_waits_too_long_for_a_change_is_told(tmp_path: Path, blank: Path) -> None:
    """On either database: one writer at a time, and the others wait no longer than is decent."""
    with short_waits():
        for on in ("sqlite", "postgresql"):
            folder = tmp_path / on
            folder.mkdir()
            async with running_hub(folder, blank, on=on) as hub:
                session = await hub.session()
                async with hub.database.transaction() as tx:
                    await tx.execute(text("UPDATE gatherings SET revision = revision"))
                    answer = await session.astrid.say(session.id, "Hej")
                    assert answer.status_code == 503
                    assert answer.json()["title"] == "Inte tillgängligt just nu"
                assert (await session.astrid.say(session.id, "Hej")).status_code == 201


async def test_a_full_disk_loses_no_words(tmp_path: Path, blank: Path) -> None:
    async with running_hub(tmp_path, blank, on="sqlite") as hub:
        session = await hub.session()
        path = f"/sessions/{session.id}/contributions"
        cookies = {f"hub_seat_{session.id}": session.astrid.token}
        form = {"client_id": "form-1", "kind": "contribution", "text": "Hej på er " * 300}
        await hub.database.engine.dispose()

        @event.listens_for(hub.database.engine.sync_engine, "connect")
        def no_room(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            cursor.execute("PRAGMA max_page_count = 1")
            cursor.close()

        with capture_logs() as logs:
            for _ in range(40):
                answer = await hub.http.post(path, data=form, cookies=cookies)
                if answer.status_code == 503:
                    break
                form["client_id"] += "1"
                hub.clock.move(seconds=60)
        assert answer.status_code == 503
        assert form["text"].strip() in answer.text
        [entry] = [each for each in logs if each["event"] == "database away"]
        assert (entry["fault"], entry["route"]) == (
            "SQLITE_FULL",
            "/sessions/{session_id}/contributions",
        )
        event.remove(hub.database.engine.sync_engine, "connect", no_room)
        await hub.database.engine.dispose()
        answer = await hub.http.post(path, data=form, cookies=cookies)
        assert answer.status_code in (200, 303)


async def test_a_mistake_of_the_hub_is_not_taken_for_an_absence(hub: Hub) -> None:
    for statement in ("SELECT * FROM nowhere", "SELEC 1", "SELECT nothing FROM gatherings"):
        with pytest.raises(DBAPIError) as failed:
            async with hub.database.reading() as tx:
                await tx.execute(text(statement))
        assert not is_away(failed.value)
    assert is_away(OSError(errno.ENOSPC, "full"))
    assert not is_away(OSError(errno.ENOENT, "gone"))


async def test_who_only_reads_changes_nothing_on_postgresql(tmp_path: Path, blank: Path) -> None:
    async with running_hub(tmp_path, blank, on="postgresql") as hub:
        with pytest.raises(DBAPIError):
            async with hub.database.reading() as tx:
                await tx.execute(text("DELETE FROM accounts"))
