"""The audit log: every act in a chain, any tampering found, read by admins, without texts."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from hub.audit.actions import ACTS, START, SYSTEM, Verdict, note, verify
from hub.audit.jobs import HeadLog
from hub.audit.models import AuditEntry, AuditHead, list_entries
from hub.db import Database
from tests.conftest import START as NOON
from tests.conftest import Hub
from tests.test_commands import run

Tamper = Callable[[AsyncSession], Awaitable[Any]]


async def written(hub: Hub, count: int = 6) -> None:
    async with hub.database.transaction() as tx:
        for n in range(count):
            await note(
                tx, "hidden", actor="a_1", now=hub.clock.now(), subject=f"c_{n}", reason="danger"
            )


async def verdict(database: Database) -> Verdict:
    async with database.reading() as tx:
        return await verify(tx, step=2)


async def test_an_empty_log_is_whole(hub: Hub) -> None:
    found = await verdict(hub.database)
    assert (found.whole, found.count, found.seal) == (True, 0, START)


async def test_a_log_that_nobody_touched_is_whole_over_several_steps(hub: Hub) -> None:
    await written(hub)
    found = await verdict(hub.database)
    assert (found.whole, found.count, found.broken_at) == (True, 6, None)
    assert found.seal != START


async def test_an_act_without_a_word_is_a_fault(hub: Hub) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        async with hub.database.transaction() as tx:
            await note(tx, "nonsense", actor=SYSTEM, now=NOON)
    assert (await verdict(hub.database)).count == 0


async def test_an_act_that_is_undone_with_its_transaction_leaves_no_entry(hub: Hub) -> None:
    await written(hub, 2)

    async def undone() -> None:
        async with hub.database.transaction() as tx:
            await note(tx, "hidden", actor="a_1", now=NOON, subject="c_x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    await written(hub, 1)
    found = await verdict(hub.database)
    assert (found.whole, found.count) == (True, 3)


def change(**values: Any) -> Tamper:
    return lambda tx: tx.execute(update(AuditEntry).where(AuditEntry.number == 3).values(**values))


async def cut_off_the_end(tx: AsyncSession) -> None:
    await tx.execute(delete(AuditEntry).where(AuditEntry.number > 4))


async def cut_off_with_its_head(tx: AsyncSession) -> None:
    """As somebody would who knows the tables, and not the secret key."""
    await cut_off_the_end(tx)
    last = await tx.get_one(AuditEntry, 4)
    await tx.execute(update(AuditHead).values(number=4, seal=last.seal))


async def take_out_the_head(tx: AsyncSession) -> None:
    await tx.execute(delete(AuditHead))


async def empty_it(tx: AsyncSession) -> None:
    await tx.execute(delete(AuditEntry))


async def take_one_out(tx: AsyncSession) -> None:
    await tx.execute(delete(AuditEntry).where(AuditEntry.number == 3))


async def take_one_out_and_close_the_gap(tx: AsyncSession) -> None:
    await take_one_out(tx)
    for number in (4, 5, 6):
        await tx.execute(
            update(AuditEntry).where(AuditEntry.number == number).values(number=number - 1)
        )
    await tx.execute(update(AuditHead).values(number=5))


async def swap_two(tx: AsyncSession) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        await tx.execute(update(AuditEntry).where(AuditEntry.number == old).values(number=new))


async def put_one_in(tx: AsyncSession) -> None:
    for number in (6, 5, 4, 3):
        await tx.execute(
            update(AuditEntry).where(AuditEntry.number == number).values(number=number + 1)
        )
    await tx.execute(update(AuditHead).values(number=7))
    forged = AuditEntry(
        number=3, at=NOON, actor="a_2", act="hidden", subject="c_9", facts={}, seal="f" * 64
    )
    tx.add(forged)


async def add_one_at_the_end(tx: AsyncSession) -> None:
    tx.add(AuditEntry(number=7, at=NOON, actor="a_2", act="joined", facts={}, seal="f" * 64))


@pytest.mark.parametrize(
    ("tamper", "broken_at"),
    [
        (change(actor="a_2"), 3),
        (change(act="joined"), 3),
        (change(subject="c_other"), 3),
        (change(subject=None), 3),
        (change(gathering_id="s_1"), 3),
        (change(facts={"reason": "off_topic"}), 3),
        (change(at=NOON.replace(minute=31)), 3),
        (change(seal="0" * 64), 3),
        (cut_off_the_end, 5),
        (cut_off_with_its_head, 5),
        (take_out_the_head, 7),
        (empty_it, 1),
        (take_one_out, 3),
        (take_one_out_and_close_the_gap, 3),
        (swap_two, 3),
        (put_one_in, 3),
        (add_one_at_the_end, 7),
    ],
)
async def test_tampering_is_found_where_it_happened(
    hub: Hub, tamper: Tamper, broken_at: int
) -> None:
    await written(hub)
    async with hub.database.transaction() as tx:
        await tamper(tx)
    found = await verdict(hub.database)
    assert (found.whole, found.broken_at) == (False, broken_at)


async def test_a_chain_cannot_be_made_anew_without_the_secret_key(hub: Hub) -> None:
    await written(hub)
    stranger = Database(hub.settings.database, secret_key="another key, as a thief would have")
    try:
        async with stranger.transaction() as tx:
            await tx.execute(delete(AuditEntry))
            await tx.execute(delete(AuditHead))
            await note(tx, "hidden", actor="a_2", now=NOON, subject="c_1")
    finally:
        await stranger.close()
    found = await verdict(hub.database)
    assert (found.whole, found.broken_at) == (False, 1)


async def test_writers_at_the_same_time_keep_the_chain_whole(hub: Hub) -> None:
    """Several connections, as several processes have them; each adds to the end."""
    secret_key = hub.settings.read_key()
    others = [Database(hub.settings.database, secret_key=secret_key) for _ in range(3)]

    async def write(database: Database, n: int) -> None:
        async with database.transaction() as tx:
            await note(tx, "joined", actor=f"p_{n}", now=NOON, subject=f"p_{n}")
            await asyncio.sleep(0)
            await note(tx, "consent_given", actor=f"p_{n}", now=NOON, subject=f"p_{n}")

    await asyncio.gather(*(write(others[n % 3], n) for n in range(30)))
    for database in others:
        await database.close()
    found = await verdict(hub.database)
    assert (found.whole, found.count) == (True, 60)
    async with hub.database.reading() as tx:
        entries = await list_entries(tx, limit=60)
    pairs = [(a.act, b.act) for a, b in zip(entries[::2], entries[1::2], strict=True)]
    assert set(pairs) == {("consent_given", "joined")}
    assert all(a.actor == b.actor for a, b in zip(entries[::2], entries[1::2], strict=True))


async def test_the_end_is_written_to_the_log_once_a_day(hub: Hub) -> None:
    await written(hub, 2)
    job = HeadLog(hub.database, hub.clock)
    with capture_logs() as told:
        await job.run()
        await job.run()
        hub.clock.move(days=1)
        await written(hub, 1)
        await job.run()
    ends = [line for line in told if line["event"] == "audit log ends"]
    assert [line["number"] for line in ends] == [2, 3]
    assert ends[1]["seal"] == (await verdict(hub.database)).seal


# --- who reads it, and how ---------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/audit", "/audit", "/audit.csv", "/help-text"])
async def test_only_admins_read_the_log(hub: Hub, path: str) -> None:
    session = await hub.session()
    assert (await hub.http.get(path)).status_code in (303, 401)
    editor = await hub.account("editor", "Edith")
    researcher = await hub.account("researcher", "Rolf")
    for person in (session.fatima, session.astrid, editor, researcher):
        assert (await hub.http.get(path, headers=person.headers)).status_code == 403
    admin = await hub.account("admin", "Ada")
    assert (await hub.http.get(path, headers=admin.headers)).status_code == 200


async def test_the_log_pages_from_the_latest_back(hub: Hub) -> None:
    await written(hub, 5)
    admin = await hub.account("admin", "Ada")
    first = (await admin.get("/audit", limit=2)).json()
    numbers = [each["number"] for each in first["items"]]
    assert numbers == sorted(numbers, reverse=True)
    seen = list(numbers)
    following = first["next"]
    while following is not None:
        page = (await admin.get("/audit", limit=2, after=following)).json()
        seen += [each["number"] for each in page["items"]]
        following = page["next"]
    assert seen == list(range(max(seen), 0, -1))
    assert first["check"] is None


async def test_entries_are_found_by_act_and_by_id(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Hej")
    other = await session.ben.said(session.id, "Hello")
    for each in (said, other):
        await session.fatima.post(f"/contributions/{each['id']}/hide", {"reason": "off_topic"})
    admin = await hub.account("admin", "Ada")
    hidden = (await admin.get("/audit", act="hidden", check=True)).json()
    assert [each["subject"] for each in hidden["items"]] == [other["id"], said["id"]]
    assert hidden["items"][0]["actor"] == session.fatima.id
    assert hidden["items"][0]["facts"] == {"reason": "off_topic"}
    assert hidden["check"]["whole"] is True
    one = (await admin.get("/audit", subject=said["id"])).json()["items"]
    assert [each["act"] for each in one] == ["hidden"]
    assert (await admin.get("/audit", act="nonsense")).status_code == 422


async def test_the_page_says_every_act_in_words_and_whether_the_log_is_whole(hub: Hub) -> None:
    await written(hub, 2)
    admin = await hub.account("admin", "Ada")
    page = (await hub.http.get("/audit", headers=admin.headers)).text
    assert "The log is whole" in page
    assert "audit." not in page.replace("audit.csv", "")
    assert page.count("<option") == len(ACTS) + 1
    async with hub.database.transaction() as tx:
        await tx.execute(update(AuditEntry).where(AuditEntry.number == 2).values(actor="a_9"))
    page = (await hub.http.get("/audit", headers=admin.headers)).text
    assert "number 2" in page
    assert 'role="alert"' in page


async def test_the_file_holds_every_entry_and_taking_it_out_is_an_act(hub: Hub) -> None:
    await written(hub, 3)
    admin = await hub.account("admin", "Ada")
    answer = await hub.http.get("/audit.csv", headers=admin.headers)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0]["act"] == "exported"
    assert rows[0]["actor"] == admin.id
    assert [row["subject"] for row in rows if row["act"] == "hidden"] == ["c_2", "c_1", "c_0"]
    assert json.loads(rows[-1]["facts"]) == {"reason": "danger"}


async def test_no_words_and_no_names_are_in_the_log(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Hemligheten om pelargonen")
    body = {"reason": "other", "note": "Anteckning om pelargonen"}
    await session.fatima.post(f"/contributions/{said['id']}/hide", body)
    await session.astrid.post(f"/contributions/{said['id']}/answer", {"text": "Svar pelargonen"})
    await session.fatima.post(
        f"/sessions/{session.id}/participants/{session.ben.id}/remove", {"reason": "disturbs"}
    )
    async with hub.database.reading() as tx:
        entries = list(await tx.scalars(select(AuditEntry)))
        raw = " ".join(str(row) for row in await tx.execute(text("SELECT * FROM audit_entries")))
    assert {"hidden", "removed_from_room"} <= {entry.act for entry in entries}
    for word in ("pelargon", "Astrid", "Ben", "Fatima", "@"):
        assert word not in raw


# --- the command -------------------------------------------------------------------------------


async def test_the_command_tells_whether_the_log_is_whole(tmp_path: Path, hub: Hub) -> None:
    await written(hub)
    kept = (await verdict(hub.database)).seal
    whole = await asyncio.to_thread(run, "audit", "check", folder=tmp_path)
    assert (whole.returncode, whole.stdout) == (
        0,
        f"whole: 6 entries, the last has the seal {kept}\n",
    )
    known = ("audit", "check", "--number", "6", "--seal", kept)
    assert (await asyncio.to_thread(run, *known, folder=tmp_path)).returncode == 0
    wrong = ("audit", "check", "--number", "5", "--seal", kept)
    assert (await asyncio.to_thread(run, *wrong, folder=tmp_path)).returncode == 1
    async with hub.database.transaction() as tx:
        await swap_two(tx)
    broken = await asyncio.to_thread(run, "audit", "check", folder=tmp_path)
    assert broken.returncode == 1
    assert broken.stderr == "hub: the audit log is broken at entry 3\n"


@pytest.mark.parametrize("form", ["json", "md"])
async def test_who_takes_a_record_out_is_in_the_log(hub: Hub, form: str) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}/record"
    assert (await session.fatima.get(path, format=form)).status_code == 200
    assert (await session.astrid.get(path, format=form)).status_code == 200
    async with hub.database.reading() as tx:
        found = await tx.scalars(select(AuditEntry).where(AuditEntry.act == "exported"))
        entries = [(e.actor, e.gathering_id, e.facts) for e in found]
    facts = {"what": "record", "format": form}
    assert entries == [(session.fatima.id, session.id, facts)]
