"""A hub in one file and back again, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub import schema, sqlite
from hub.audit.models import AuditEntry, AuditHead
from hub.backup import container, making, restoring
from hub.cli import _at_hub
from hub.db import Database
from hub.following import actions as following
from hub.following.models import Owner
from hub.gatherings.actions.inviting import (
    Wanted,
    decline_invitation,
    invite_people,
    recall_invitation,
)
from hub.gatherings.models import Answer, Contribution, Gathering, access_gathering
from hub.gatherings.my_data import withdraw
from hub.mail.actions import queue_mail
from hub.mail.models import Mail
from hub.meetings import actions as meetings
from hub.meetings.actions.inviting import seal_words
from hub.meetings.doorway import sender_of
from hub.meetings.letters import (
    Sender,
    Who,
    hash_address,
    mailed_secret,
    seal_who,
    unsubscribed,
)
from hub.meetings.models import Invitee
from hub.people.actions import change_account, consents_of, end_sign_ins, give_consent
from hub.people.actions.keys import Key, destroy_key, keep_key, read_keys
from hub.people.models import Account, Invitation, SignIn, access_participant
from hub.retention.jobs import keep_retention
from hub.retention.models import Purge, RetentionRule
from hub.schedule.actions import plan
from hub.schedule.models import Task
from hub.settings import Settings
from tests.cast import Session
from tests.commands import run_hub
from tests.conftest import START, Hub, SetClock, running_hub
from tests.meetings.room import Room
from tests.servers import PostgreSQL

SAID = "Jag vill ha ett enda nummer att ringa."
GONE = "Zloqxo satt i korridoren hela natten."
TAKEN = "Zyxqwo ringde fel avdelning."
GUESTS = ("Anna", "Bo", "Cat", "Dan", "Eve")
LATER = START + timedelta(days=7)
# A restore writes one entry there.
AUDIT = ("audit_entries", "audit_head")


def run(*arguments: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")}
    environment |= {"HUB_DATA_DIR": str(folder), **more}
    return run_hub(*arguments, environment=environment, cwd=folder)


def one_line(done: subprocess.CompletedProcess[str], status: int) -> str:
    """What a command that failed said, which is one line."""
    assert done.returncode == status, done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("hub: ")
    return line


def rows_of(path: Path, *, without: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """All there is in a SQLite database."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
            for name in sqlite.list_tables(connection)
            if name not in without
        }


def make(folder: Path, name: str = "backup", **more: Any) -> Path:
    making.make(Settings(data_dir=folder), folder / name, force=False, now=LATER, **more)
    return folder / name


def restore(folder: Path, path: Path, *, force: bool = False, url: str = "") -> restoring.Restored:
    settings = Settings(data_dir=folder, database_url=url)
    return restoring.restore(settings, path, force=force, now=LATER, open_screens=_at_hub)


def unpacked(path: Path, folder: Path) -> Path:
    """The database in a backup."""
    folder.mkdir()
    container.unpack(path, folder)
    return folder / "hub.db"


async def add_what_can_be_taken_back(hub: Hub, session: Session) -> dict[str, str]:
    """People who are invited, own something or are kept account of; no mail waits."""
    closed, went_on = await hub.session(), await hub.session()
    for each in (closed, went_on):
        await each.astrid.said(each.id, SAID)
    await closed.moved("close")
    mine = [await session.ben.said(session.id, f"Ask every ward, {n}.") for n in (1, 2)]
    admin = await hub.account("admin", "Hanna")
    rule = await admin.put("/retention/posts", {"days": 30, "decision": "Beslut 1"})
    assert rule.status_code == 200, rule.text
    async with hub.database.reading() as tx:
        room = Room(hub, await tx.get_one(Account, admin.id))
    meeting_id = await room.add()
    await room.act(meeting_id, "plan")
    guests = [meetings.Person(f"{name.lower()}@example.org", name) for name in GUESTS]
    await room.invite(meeting_id, *guests)
    async with hub.database.transaction() as tx:
        (await meetings.access_meeting(tx, meeting_id)).state = "invited"
        for guest in await tx.scalars(select(Invitee)):
            guest.reply, guest.place = "room", "held"
            guest.sealed_needs = seal_words(tx, {"food": "nuts"})
        gathering = await access_gathering(tx, session.id)
        fatima = await tx.get_one(Account, session.fatima.id)
        declined = ""
        for language in ("sv", "en"):
            wanted = Wanted(label="Somebody", language=language)
            [(_, secret)] = await invite_people(tx, gathering, wanted, account=fatima, now=START)
            declined = secret
        for number, said in enumerate(mine):
            owner = Owner(
                gathering_id=session.id, contribution_id=said["id"], created_at=START,
                secret_hash=str(number),
            )  # fmt: skip
            following._keep(tx, owner, following.Kept(email="owner@example.org", secret="s"))
            tx.add(owner)
        other = await access_participant(tx, closed.astrid.id)
        await keep_key(tx, other, Key("PAAAAAAAA"), now=START)
        ben = await access_participant(tx, session.ben.id)
        said_yes = (await consents_of(tx, [ben.id]))[ben.id]
        await give_consent(
            tx, ben, language="en", now=START + timedelta(seconds=1), how="join",
            choices={**said_yes.choices, "contact": True},
        )  # fmt: skip
        await plan(tx, "thanks", "w_1", due_at=LATER, now=START)
        await tx.execute(delete(Mail))
    return {
        "owned": mine[0]["id"], "removed": mine[1]["id"], "other": other.id,
        "closed": closed.id, "open": went_on.id, "meeting": meeting_id,
        "fatima": fatima.id, "admin": admin.id, "declined": declined,
    }  # fmt: skip


@pytest.fixture(scope="module")
async def lived(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> Path:
    """The folder of a hub in which people have met; nothing runs in it."""
    folder = tmp_path_factory.mktemp("lived")
    async with running_hub(folder, blank, on="sqlite") as hub:
        session = await hub.session()
        await session.astrid.said(session.id, SAID)
        await session.astrid.said(session.id, GONE)
        taken = await session.ben.said(session.id, TAKEN)
        more = await add_what_can_be_taken_back(hub, session)
        await hub.translate()
        async with hub.database.transaction() as tx:
            ben = await access_participant(tx, session.ben.id)
            await keep_key(tx, ben, Key("PBBBBBBBB", "ben@example.org"), now=START)
            answer = Answer(gathering_id=session.id, key="k", item="trust", version=1, value=4)
            tx.add(answer)
            for name in ("sent", "waiting"):
                await queue_mail(
                    tx, "words_withdrawn", to=f"{name}@example.org", language="sv",
                    facts={"title": name, "url": "/x"}, now=START, about=name,
                )  # fmt: skip
        await hub.screens.settle()
        facts = {"session": session.id, "astrid": session.astrid.id, "ben": session.ben.id}
        facts |= {"taken": taken["id"], **more}
    (folder / "facts.json").write_text(json.dumps(facts))
    (folder / "organiser.yaml").write_text("name: Regionen\ncontact: x@example.org\n")
    for name in ("pictures", "outbox", "models"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "one").write_bytes(name.encode())
    return folder


@pytest.fixture
def place(lived: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    return Path(shutil.copytree(lived, tmp_path / "place"))


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """An empty folder, as of a new machine."""
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


@pytest.fixture
def empty_postgresql(own_postgresql: PostgreSQL, tmp_path: Path) -> Iterator[str]:
    name = f"backup_{os.getpid()}_{tmp_path.name}".lower().replace("-", "_")[:60]
    with psycopg.connect(own_postgresql.address(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield own_postgresql.url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


# --- there and back -----------------------------------------------------------------------------


def test_a_hub_moves_to_another_folder_by_two_commands(place: Path, there: Path) -> None:
    made = run("backup", "all.zip", folder=place)
    assert made.returncode == 0, made.stderr
    assert "written and verified" in made.stdout
    assert stat.S_IMODE((place / "all.zip").stat().st_mode) == 0o600
    done = run("restore", str(place / "all.zip"), folder=there)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("restored: the hub as it was at 20")
    assert "what was erased after" in done.stdout
    assert "2 mails were in line" in done.stdout
    same = rows_of(place / "hub.db", without=AUDIT)
    assert rows_of(there / "hub.db", without=AUDIT) == same
    assert (there / "secret_key").read_text() == (place / "secret_key").read_text()
    assert (there / "pictures" / "one").read_text() == "pictures"
    assert (there / "organiser.yaml").exists()
    assert not (there / "models").exists()
    checked = run("audit", "check", folder=there)
    assert checked.returncode == 0, checked.stderr
    assert [path.name for path in there.glob(".*")] == []


def test_what_was_sealed_opens_in_the_restored_hub(place: Path, there: Path) -> None:
    restore(there, make(place))
    settings = Settings(data_dir=there)
    ben = json.loads((place / "facts.json").read_text())["ben"]

    async def read() -> str:
        database = Database(settings.database, secret_key=settings.read_key())
        async with database.reading() as tx:
            key = (await read_keys(tx, [ben]))[ben]
        await database.close()
        return key.email

    assert asyncio.run(read()) == "ben@example.org"


def test_a_hub_moves_to_postgresql_and_back(
    place: Path, there: Path, empty_postgresql: str
) -> None:
    with closing(sqlite3.connect(place / "hub.db")) as connection:
        # A row that points at a later one of its own table, and a null that is JSON's.
        names = [row[1] for row in connection.execute("PRAGMA table_info(gatherings)")]
        values = ", ".join(
            {"id": "'s_later'", "code": "'ZZZZZZZZ'"}.get(n, f'"{n}"') for n in names
        )
        connection.execute(f"INSERT INTO gatherings SELECT {values} FROM gatherings LIMIT 1")
        connection.execute(
            "UPDATE gatherings SET follows_id = 's_later', support = 'null' WHERE id != 's_later'"
        )
        connection.execute("UPDATE gatherings SET support = NULL WHERE id = 's_later'")
        connection.commit()
    restore(there, make(place), url=empty_postgresql)
    assert not (there / "hub.db").exists()
    settings = Settings(data_dir=there, database_url=empty_postgresql)
    making.make(settings, there / "back", force=False, now=LATER)
    copy = unpacked(there / "back", there / "unpacked")
    same = rows_of(place / "hub.db", without=AUDIT)
    assert rows_of(copy, without=AUDIT) == same
    with pytest.raises(restoring.NotRestored, match="--force"):
        restore(there, there / "back", url=empty_postgresql)
    again = restore(there, there / "back", url=empty_postgresql, force=True)
    assert again.redone is not None
    making.make(settings, there / "again", force=False, now=LATER)
    assert rows_of(unpacked(there / "again", there / "more"), without=AUDIT) == same
    # New rows are numbered after those that were restored.
    address = empty_postgresql.replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        highest = connection.execute("SELECT max(id) FROM gathering_events").fetchone()
        following = connection.execute(
            "SELECT nextval(pg_get_serial_sequence('gathering_events', 'id'))"
        ).fetchone()
        assert highest is not None
        assert following == (highest[0] + 1,)
        with pytest.raises(restoring.NotRestored, match="in use"):
            restore(there, there / "back", url=empty_postgresql, force=True)
    checked = run("audit", "check", folder=there, HUB_DATABASE_URL=empty_postgresql)
    assert checked.returncode == 0, checked.stderr


async def test_a_backup_is_of_one_moment_while_people_write(hub: Hub, tmp_path: Path) -> None:
    session = await hub.session()

    made: list[Path] = []

    async def write(person: Any) -> None:
        while len(made) < 3:
            hub.clock.move(seconds=30)
            await person.said(session.id, f"{person.name} säger något.")

    async def back_up() -> None:
        while len(made) < 3:
            path = tmp_path / f"backup-{len(made)}"
            await asyncio.to_thread(
                making.make, hub.settings, path, force=False, now=hub.clock.now()
            )
            made.append(path)

    await asyncio.gather(write(session.astrid), write(session.ben), back_up())
    counts = []
    for number, path in enumerate(made):
        copy = unpacked(path, tmp_path / f"unpacked-{number}")
        with closing(sqlite3.connect(copy)) as connection:
            seqs = connection.execute(
                "SELECT seq FROM contributions WHERE gathering_id = ? AND seq IS NOT NULL "
                "ORDER BY seq",
                (session.id,),
            ).fetchall()
            (stands,) = connection.execute(
                "SELECT revision, seq FROM gatherings WHERE id = ?", (session.id,)
            ).fetchall()
            (latest,) = connection.execute(
                "SELECT max(revision) FROM contributions WHERE gathering_id = ?", (session.id,)
            ).fetchone()
        assert [seq for (seq,) in seqs] == list(range(1, len(seqs) + 1))
        assert stands == (max(latest or 0, stands[0]), len(seqs))
        counts.append(len(seqs))
    assert counts == sorted(counts)
    assert counts[-1] > 0


# --- a file that is not what it was -------------------------------------------------------------


def test_one_byte_changed_anywhere_or_a_missing_end_is_found(place: Path, tmp_path: Path) -> None:
    data = make(place).read_bytes()
    ends = [0, 1, 30, len(data) // 2, len(data) - 80, len(data) - 65, len(data) - 64, len(data) - 1]
    for number, at in enumerate({*range(0, len(data), 997), *ends}):
        changed = bytearray(data)
        changed[at] ^= 1
        (tmp_path / "changed").write_bytes(changed)
        with pytest.raises(container.NotABackup):
            container.unpack(tmp_path / "changed", tmp_path / str(number))
    for length in (0, 10, 64, len(data) // 2, len(data) - 1):
        (tmp_path / "short").write_bytes(data[:length])
        with pytest.raises(container.NotABackup):
            container.unpack(tmp_path / "short", tmp_path / f"short-{length}")


def test_a_damaged_backup_is_refused_in_one_line_and_changes_nothing(
    place: Path, there: Path
) -> None:
    data = bytearray(make(place).read_bytes())
    data[len(data) // 2] ^= 1
    (there / "damaged").write_bytes(data)
    assert "damaged" in one_line(run("restore", "damaged", folder=there), 2)
    assert "no file" in one_line(run("restore", "nothing", folder=there), 2)
    assert [path.name for path in there.iterdir()] == ["damaged"]


def test_a_backup_whose_rows_are_not_what_it_says_is_refused(place: Path, tmp_path: Path) -> None:
    manifest = container.unpack(make(place), tmp_path / "first")
    with closing(sqlite3.connect(tmp_path / "first" / "hub.db")) as connection:
        connection.execute("DELETE FROM translations")
        connection.commit()
    container.write(tmp_path / "less", manifest, {"hub.db": tmp_path / "first" / "hub.db"})
    with pytest.raises(container.NotABackup, match="numbers of rows"):
        container.unpack(tmp_path / "less", tmp_path / "second")


def test_a_file_in_a_backup_cannot_be_put_elsewhere(place: Path, tmp_path: Path) -> None:
    manifest = container.unpack(make(place), tmp_path / "first")
    name = "files/../../evil"
    manifest = container.Manifest(**{**vars(manifest), "members": {name: "0"}})
    with zipfile.ZipFile(tmp_path / "evil", "w") as packed:
        packed.comment = container.SEAL + b"0" * container.SEAL_BYTES
        packed.writestr(container.MANIFEST, manifest.as_json())
        packed.writestr(name, b"evil")
    container.seal(tmp_path / "evil")
    with pytest.raises(container.NotABackup, match="strange name"):
        container.unpack(tmp_path / "evil", tmp_path / "second")


# --- what is there stays ------------------------------------------------------------------------


def test_a_file_that_is_there_is_not_written_over(place: Path) -> None:
    (place / "mine").write_text("mine")
    assert "--force" in one_line(run("backup", "mine", folder=place), 1)
    assert (place / "mine").read_text() == "mine"
    forced = run("backup", "mine", "--force", folder=place)
    assert forced.returncode == 0, forced.stderr
    assert zipfile.is_zipfile(place / "mine")


def test_a_hub_that_is_there_is_not_replaced(place: Path) -> None:
    path, before = make(place), rows_of(place / "hub.db")
    assert "--force" in one_line(run("restore", str(path), folder=place), 1)
    assert rows_of(place / "hub.db") == before


def test_nothing_is_restored_while_the_hub_runs(place: Path, there: Path) -> None:
    path = make(place)
    # A server that does nothing at the moment.
    with closing(sqlite3.connect(place / "hub.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("SELECT count(*) FROM accounts").fetchone()
        refused = run("restore", "--force", str(path), folder=place)
    assert "stop the hub" in one_line(refused, 1)
    assert restore(place, path, force=True).redone is not None


def test_another_secret_key_than_that_of_the_backup_is_refused(place: Path, there: Path) -> None:
    path = make(place)
    other = run("restore", str(path), folder=there, HUB_SECRET_KEY="another key")
    assert "HUB_SECRET_KEY" in one_line(other, 1)
    assert not (there / "hub.db").exists()


def test_a_key_that_is_a_setting_is_not_in_the_backup(place: Path, there: Path) -> None:
    key = (place / "secret_key").read_text()
    made = run("backup", "all", folder=place, HUB_SECRET_KEY=key)
    assert "keep HUB_SECRET_KEY" in made.stderr
    with zipfile.ZipFile(place / "all") as packed:
        assert "files/secret_key" not in packed.namelist()
    assert "HUB_SECRET_KEY" in one_line(run("restore", str(place / "all"), folder=there), 1)
    done = run("restore", str(place / "all"), folder=there, HUB_SECRET_KEY=key)
    assert done.returncode == 0, done.stderr


def test_there_is_nothing_to_back_up_where_there_is_no_database(there: Path) -> None:
    assert "no database" in one_line(run("backup", "all", folder=there), 1)
    assert list(there.iterdir()) == []


# --- a full disk, and a process that is killed --------------------------------------------------

_context = multiprocessing.get_context("fork")


def in_a_child(work: Callable[[], object]) -> int | None:
    """How a process of its own ended: 0, or minus the signal that killed it."""
    child = _context.Process(target=work)
    child.start()
    child.join()
    return child.exitcode


def test_a_full_disk_leaves_no_file_and_says_so(place: Path) -> None:
    def make_on_a_full_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        with pytest.raises(making.NotBackedUp, match="no backup was written"):
            make(place)

    before = sorted(path.name for path in place.iterdir())
    assert in_a_child(make_on_a_full_disk) == 0
    assert sorted(path.name for path in place.iterdir()) == before


def test_a_full_disk_leaves_the_hub_as_it_was(place: Path) -> None:
    path = make(place)

    def restore_on_a_full_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        with pytest.raises(restoring.NotRestored, match="as it was"):
            restore(place, path, force=True)

    before = rows_of(place / "hub.db")
    assert in_a_child(restore_on_a_full_disk) == 0
    assert rows_of(place / "hub.db") == before


def test_where_the_database_cannot_be_replaced_no_file_is(
    place: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(place)
    (there / "secret_key").write_text("of before")

    def put_in_place(copy: Path, target: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite, "put_in_place", put_in_place)
    with pytest.raises(restoring.NotRestored, match="disk is full"):
        restore(there, path)
    assert (there / "secret_key").read_text() == "of before"
    left = [found.name for found in there.rglob("*") if found.is_file()]
    assert sorted(left) == ["hub.db", "secret_key"]
    assert rows_of(there / "hub.db") == {}


def die(*_arguments: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_backup_that_is_killed_leaves_nothing_behind_for_long(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "chmod", die)
        assert in_a_child(lambda: make(place)) == -signal.SIGKILL
    assert not (place / "backup").exists()
    (left,) = place.glob(".hub-scratch-*")
    assert stat.S_IMODE(left.stat().st_mode) == 0o700
    make(place)
    assert list(place.glob(".hub-scratch-*")) == []


def test_two_backups_at_a_time_leave_each_other_alone(place: Path) -> None:
    with sqlite.scratch(place) as other:
        make(place)
        assert other.is_dir()


def test_a_restore_that_is_killed_leaves_the_hub_as_it_was(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = make(place), rows_of(place / "hub.db")

    def put_in_place(copy: Path, target: sqlite3.Connection) -> None:
        # Little memory: what is written is on the disk when the process dies.
        target.execute("PRAGMA cache_size=1")
        with closing(sqlite3.connect(copy)) as source:
            source.backup(target, pages=40, progress=die)

    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "put_in_place", put_in_place)
        assert in_a_child(lambda: restore(place, path, force=True)) == -signal.SIGKILL
    assert rows_of(place / "hub.db") == before
    restore(place, path, force=True)
    assert run("audit", "check", folder=place).returncode == 0


# --- other versions -----------------------------------------------------------------------------


def set_version(path: Path, version: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        connection.commit()


def test_no_command_touches_the_database_of_a_newer_hub(place: Path) -> None:
    set_version(place / "hub.db", "9999")
    before = rows_of(place / "hub.db")
    for command in (
        ["serve"], ["serve", "--migrate"], ["migrate"], ["init", "--yes"], ["backup", "b"],
        ["token", "create", "a@example.org"], ["charter", "export", "x"], ["audit", "check"],
        ["participant", "erase", "p_x", "--yes"],
    ):  # fmt: skip
        assert "newer version" in one_line(run(*command, folder=place), 1), command
    assert run("doctor", folder=place).returncode == 1
    assert rows_of(place / "hub.db") == before


def test_the_backup_of_a_newer_hub_is_refused(place: Path, there: Path) -> None:
    manifest = container.unpack(make(place), there / "unpacked")
    set_version(there / "unpacked" / "hub.db", "9999")
    container.write(there / "newer", manifest, {"hub.db": there / "unpacked" / "hub.db"})
    assert "upgrade the hub" in one_line(run("restore", "newer", folder=there), 2)
    container.write(
        there / "form",
        container.Manifest(**{**vars(manifest), "format": container.FORMAT + 1}),
        {"hub.db": there / "unpacked" / "hub.db"},
    )
    assert "upgrade the hub" in one_line(run("restore", "form", folder=there), 2)


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the hub know one more migration, which does what it is given."""
    head = schema.versions(f"sqlite:///{tmp_path / 'nothing'}")[1]

    def add(work: str) -> None:
        folder = tmp_path / "migrations"
        if not folder.exists():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(schema.HERE, folder, ignore=ignored)
            monkeypatch.setattr(schema, "HERE", folder)
        (folder / "versions" / "9999_next.py").write_text(
            "import sqlalchemy as sa\nfrom alembic import op\n"
            f"revision, down_revision = '9999', {head!r}\nbranch_labels = depends_on = None\n"
            f"def upgrade():\n    {work}\n"
        )

    return add


FAILS = (
    "op.drop_table('translations'); op.execute('DELETE FROM answers'); "
    "op.execute('INSERT INTO nowhere VALUES (1)')"
)
WORKS = "op.add_column('answers', sa.Column('more', sa.Text(), server_default='x'))"


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    place: Path, next_version: Callable[[str], None]
) -> None:
    settings, before = Settings(data_dir=place), rows_of(place / "hub.db")
    next_version(FAILS)
    with pytest.raises(schema.NotMigrated, match=r"as it was.*nowhere") as failed:
        schema.migrate(settings.database)
    assert "\n" not in str(failed.value)
    assert rows_of(place / "hub.db") == before
    assert list(place.glob("hub.db?*")) == []


def test_a_migration_goes_to_a_copy_first_and_keeps_the_former_database(
    place: Path, next_version: Callable[[str], None]
) -> None:
    settings, before = Settings(data_dir=place), rows_of(place / "hub.db")
    head, said = schema.versions(settings.database)[0], list[str]()
    next_version(WORKS)
    with closing(sqlite3.connect(place / "hub.db")) as server:
        server.execute("PRAGMA journal_mode=WAL")
        server.execute("SELECT * FROM answers").fetchall()
        with pytest.raises(schema.NotMigrated, match="stop the hub"):
            schema.migrate(settings.database)
    (place / "hub.db.before-0001").write_text("of an upgrade long ago")
    schema.migrate(settings.database, tell=said.append)
    assert not (place / "hub.db.before-0001").exists()
    kept = place / f"hub.db.before-{head}"
    assert any(str(kept) in line for line in said)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert rows_of(kept) == before
    after = rows_of(place / "hub.db")
    assert after["alembic_version"] == [("9999",)]
    assert [row[-1] for row in after["answers"]] == ["x"]
    assert after["contributions"] == before["contributions"]


def test_a_migration_that_fails_on_postgresql_is_rolled_back(
    place: Path, there: Path, empty_postgresql: str, next_version: Callable[[str], None]
) -> None:
    restore(there, make(place), url=empty_postgresql)
    head = schema.versions(empty_postgresql)[0]
    next_version(FAILS)
    with pytest.raises(schema.NotMigrated, match=r"as it was.*nowhere"):
        schema.migrate(empty_postgresql)
    assert schema.versions(empty_postgresql)[0] == head
    with psycopg.connect(empty_postgresql.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM answers").fetchone() == (1,)
    # A backup can be made before the upgrade, by the new version of the hub.
    settings = Settings(data_dir=there, database_url=empty_postgresql)
    made = making.make(settings, there / "old", force=False, now=LATER)
    assert made.manifest.schema == head
    next_version(WORKS)
    schema.migrate(empty_postgresql)
    assert schema.versions(empty_postgresql)[0] == "9999"


def test_an_older_backup_is_brought_up_to_date(
    place: Path, there: Path, next_version: Callable[[str], None]
) -> None:
    path = make(place)
    next_version(WORKS)
    done = restore(there, path)
    assert done.migrated == "9999"
    assert [row[-1] for row in rows_of(there / "hub.db")["answers"]] == ["x"]
    assert list(there.glob("hub.db?*")) == []


# --- what may not be undone ---------------------------------------------------------------------


def test_who_withdrew_after_the_backup_does_not_come_back(place: Path) -> None:
    path, facts = make(place), json.loads((place / "facts.json").read_text())
    settings = Settings(data_dir=place)

    async def go_on() -> None:
        """A week goes by."""
        screens = _at_hub(settings)
        async with screens.database.transaction() as tx:
            for mail in await tx.scalars(select(Mail).where(Mail.about == "sent")):
                mail.due_at, mail.sent_at = None, LATER
            await tx.delete((await tx.scalars(select(Answer))).one())
            astrid = await access_participant(tx, facts["astrid"])
        await withdraw(
            screens, astrid, keep_anonymous=False, secret=None, actor=astrid.id,
            outbox=settings.outbox_dir,
        )  # fmt: skip
        await screens.settle()
        await screens.database.close()

    asyncio.run(go_on())
    with closing(sqlite3.connect(place / "hub.db")) as connection:
        connection.execute(
            "UPDATE contributions SET text = '', removed_at = '2026-11-25 08:00:00.000000' "
            "WHERE id = ?",
            (facts["taken"],),
        )
        (number, seal) = connection.execute("SELECT number, seal FROM audit_head").fetchone()
        connection.commit()
    done = run("restore", str(path), "--force", folder=place)
    assert done.returncode == 0, done.stderr
    assert "people who withdrew, erased: 1" in done.stdout
    assert "posts taken back, erased: 1" in done.stdout
    assert "mails that had gone out or been erased, not sent again: 1" in done.stdout
    for name in ("hub.db", "hub.db-wal"):
        data = (
            (place / name).read_bytes().decode("utf-8", "replace")
            if (place / name).exists()
            else ""
        )
        assert "Zloqxo" not in data
        assert "Zyxqwo" not in data

    async def look() -> tuple[AuditEntry, AuditHead, list[Mail], list[Answer]]:
        database = Database(settings.database, secret_key=settings.read_key())
        async with database.reading() as tx:
            entries = select(AuditEntry).where(AuditEntry.act == "restored")
            waiting = select(Mail).where(Mail.due_at.is_not(None))
            found = (
                (await tx.scalars(entries)).one(),
                (await tx.scalars(select(AuditHead))).one(),
                list(await tx.scalars(waiting)),
                list(await tx.scalars(select(Answer))),
            )
        await database.close()
        return found

    entry, head, waiting, answers = asyncio.run(look())
    assert (entry.facts["former_number"], entry.facts["former_seal"]) == (number, seal)
    assert entry.number == head.number
    assert [mail.about for mail in waiting] == ["waiting"]
    assert answers == []
    assert run("audit", "check", folder=place).returncode == 0


Look = Callable[[AsyncSession, dict[str, str]], Awaitable[Any]]


def in_hub(place: Path, look: Look) -> Any:
    """What is done or seen in a hub that does not run."""
    settings = Settings(data_dir=place)

    async def open_it() -> Any:
        database = Database(settings.database, secret_key=settings.read_key())
        try:
            async with database.transaction() as tx:
                return await look(tx, json.loads((place / "facts.json").read_text()))
        finally:
            await database.close()

    return asyncio.run(open_it())


def keep_retention_at(place: Path, now: datetime) -> None:
    """The job of a hub at a time."""

    async def run() -> None:
        screens = _at_hub(Settings(data_dir=place))
        screens.clock = SetClock()
        screens.clock.at = now
        await keep_retention(screens)
        await screens.settle()
        await screens.database.close()

    asyncio.run(run())


async def guests_of(tx: AsyncSession, facts: dict[str, str]) -> dict[str, Invitee]:
    """Who is on the list of the meeting, by name."""
    listed = await meetings.list_invitees(tx, facts["meeting"])
    return {meetings.who_is(tx, each).name: each for each in listed}


async def posts(tx: AsyncSession, facts: dict[str, str]) -> list[int]:
    """How many there are of the session that is over and of the one that went on."""
    of = select(func.count()).select_from(Contribution)
    return [
        await tx.scalar(of.where(Contribution.gathering_id == facts[name])) or 0
        for name in ("closed", "open")
    ]


async def go_their_ways(tx: AsyncSession, facts: dict[str, str], *, sender: Sender) -> None:
    """What people and those who run the hub end, erase and take back in a week."""
    guests = await guests_of(tx, facts)
    fatima, admin = [await tx.get_one(Account, facts[name]) for name in ("fatima", "admin")]
    meeting = await meetings.access_meeting(tx, facts["meeting"], lock=True)
    secrets = {name: mailed_secret(tx, guest) for name, guest in guests.items()}
    # Whoever opens the link of a form has typed an address that may be somebody else's.
    typed = meetings.who_is(tx, guests["Dan"]).secret
    guests["Dan"].sealed = seal_who(tx, Who("Dan", "dan@example.org", typed))
    await meetings.erase_invitee(tx, secrets["Anna"], now=LATER, sender=sender)
    await meetings.reply(tx, secrets["Bo"], meetings.Answer("no"), now=LATER, sender=sender)
    await meetings.remove_invitee(
        tx, meeting, guests["Cat"].id, account=admin, now=LATER, sender=sender
    )
    await meetings.stop_mail(tx, typed, now=LATER)
    await meetings.stop_mail(tx, secrets["Eve"], now=LATER)

    gathering = await access_gathering(tx, facts["session"])
    await following.stop_news(tx, following.news_secret(tx, facts["ben"]), now=LATER)
    await destroy_key(tx, facts["other"])
    owner = await following.find_owner_of(tx, facts["owned"])
    assert owner is not None
    await following.stop_asking(tx, gathering, owner, not_me=False, now=LATER)
    await following.remove_owner(tx, gathering, facts["removed"], account=fatima, now=LATER)

    _, two = await tx.scalars(select(Invitation).order_by(Invitation.language))
    await decline_invitation(tx, gathering, facts["declined"], now=LATER)
    await recall_invitation(tx, gathering, two.id, account=fatima, now=LATER)
    await end_sign_ins(tx, admin, now=LATER)
    await change_account(tx, facts["fatima"], by=admin, now=LATER, disabled=True)

    tx.add(RetentionRule(kind="keys", days=700, decision="Beslut 3", changed_at=LATER))
    at = {"announced_at": START, "due_at": START, "done_at": START}
    tx.add(Purge(kind="posts", subject="s_later", state="done", decision="Beslut 1", **at))
    done = update(Task).where(Task.about == "w_1")
    await tx.execute(done.values(state="done", ran_at=LATER, count=3))


@dataclass
class Again:
    """A hub that was restored after all that; the posts of two sessions as they were then."""

    place: Path
    counts: dict[str, int]
    posts: list[int]

    def look(self, look: Look) -> Any:
        return in_hub(self.place, look)


@pytest.fixture(scope="module")
def again(lived: Path, tmp_path_factory: pytest.TempPathFactory) -> Again:
    """A backup, a week in which much is ended and erased, six in which the rest is, a restore."""
    place = Path(shutil.copytree(lived, tmp_path_factory.mktemp("again") / "place"))
    path, sender = make(place), sender_of(_at_hub(Settings(data_dir=place)).renderer, Settings())

    async def close(tx: AsyncSession, facts: dict[str, str]) -> None:
        over = update(Gathering).where(Gathering.id == facts["open"])
        await tx.execute(over.values(state="closed", closed_at=START))

    async def word_anew(tx: AsyncSession, _facts: dict[str, str]) -> None:
        rule = await tx.get_one(RetentionRule, "posts")
        rule.decision, rule.changed_at = "Beslut 2", START + timedelta(days=50)

    in_hub(place, partial(go_their_ways, sender=sender))
    in_hub(place, close)
    keep_retention_at(place, START + timedelta(days=20))
    keep_retention_at(place, START + timedelta(days=40))
    assert in_hub(place, posts) == [0, 0]
    in_hub(place, word_anew)
    done = restore(place, path, force=True)
    assert done.redone is not None
    return Again(place, done.redone.counts, in_hub(place, posts))


def test_how_much_was_done_again_is_counted(again: Again) -> None:
    # Choices: two who want no mail, a consent, its address, a key, an owner, a no, and an address.
    assert again.counts == {"invitees": 2, "choices": 8, "ended": 6, "purges": 2, "tasks": 1}


def test_who_erased_themselves_or_was_taken_off_a_list_does_not_come_back(again: Again) -> None:
    assert set(again.look(guests_of)) == {"Bo", "Dan", "Eve"}


def test_who_wants_no_more_mail_about_meetings_gets_none(again: Again) -> None:
    async def silent(tx: AsyncSession, facts: dict[str, str]) -> set[str]:
        guests = await guests_of(tx, facts)
        gone = hash_address(tx, "anna@example.org")
        known = {gone: "Anna", **{each.address_hash: name for name, each in guests.items()}}
        return {known[each] for each in await unsubscribed(tx, known)}

    assert again.look(silent) == {"Anna", "Eve"}


def test_an_address_that_was_taken_off_a_reply_stays_off(again: Again) -> None:
    async def address(tx: AsyncSession, facts: dict[str, str]) -> tuple[str, str | None]:
        dan = (await guests_of(tx, facts))["Dan"]
        return meetings.who_is(tx, dan).email, dan.address_hash

    assert again.look(address) == ("", None)


def test_who_said_no_to_a_meeting_has_said_no_and_what_they_asked_for_is_gone(
    again: Again,
) -> None:
    guests = again.look(guests_of)
    said = {
        name: (each.reply, each.place, each.replied_at, each.sealed_needs is None)
        for name, each in guests.items()
    }
    held = ("room", "held", None, False)
    assert said == {"Bo": ("no", None, LATER, True), "Dan": held, "Eve": held}


def test_a_consent_that_was_taken_back_is_and_the_address_is_erased(again: Again) -> None:
    async def says(tx: AsyncSession, facts: dict[str, str]) -> tuple[bool, Key]:
        ben = facts["ben"]
        said = await consents_of(tx, [ben])
        return said[ben].choices["contact"], (await read_keys(tx, [ben]))[ben]

    assert again.look(says) == (False, Key("PBBBBBBBB"))


def test_a_key_that_was_destroyed_stays_destroyed(again: Again) -> None:
    async def keys(tx: AsyncSession, facts: dict[str, str]) -> set[str]:
        return set(await read_keys(tx, [facts["ben"], facts["other"]])) - {facts["ben"]}

    assert again.look(keys) == set()


def test_sign_ins_and_accounts_that_ended_have_ended(again: Again) -> None:
    async def ended(tx: AsyncSession, facts: dict[str, str]) -> tuple[Any, ...]:
        of = [SignIn.account_id == facts[name] for name in ("fatima", "admin")]
        sign_ins = [list(await tx.scalars(select(SignIn.ended_at).where(each))) for each in of]
        accounts = [await tx.get_one(Account, facts[name]) for name in ("fatima", "admin")]
        return *sign_ins, *(each.disabled_at for each in accounts)

    assert again.look(ended) == ([LATER], [LATER], LATER, None)


def test_invitations_that_ended_have_ended_and_name_nobody(again: Again) -> None:
    async def invitations(tx: AsyncSession, _facts: dict[str, str]) -> list[tuple[Any, ...]]:
        of = (Invitation.declined_at, Invitation.recalled_at, Invitation.sealed)
        return [tuple(row) for row in await tx.execute(select(*of).order_by(Invitation.language))]

    assert again.look(invitations) == [(LATER, None, None), (None, LATER, None)]


def test_an_owner_who_stopped_the_mails_or_was_erased_is_asked_no_more(again: Again) -> None:
    async def owners(tx: AsyncSession, facts: dict[str, str]) -> list[tuple[Any, ...]]:
        found = await following.list_owners(tx, facts["session"])
        assert facts["owned"] in found
        return [(each.stopped_at, following.read_kept(tx, each).email) for each in found.values()]

    assert again.look(owners) == [(LATER, "")]


def test_timed_work_that_was_done_is_not_done_again(again: Again) -> None:
    async def tasks(tx: AsyncSession, _facts: dict[str, str]) -> list[tuple[Any, ...]]:
        of = select(Task.state, Task.ran_at, Task.count).where(Task.about == "w_1")
        return [tuple(row) for row in await tx.execute(of)]

    assert again.look(tasks) == [("done", LATER, 3)]


def test_a_decision_on_deleting_that_was_made_since_is_in_force(again: Again) -> None:
    async def rules(tx: AsyncSession, _facts: dict[str, str]) -> dict[str, tuple[int, str]]:
        return {
            row.kind: (row.days, row.decision) for row in await tx.scalars(select(RetentionRule))
        }

    assert again.look(rules) == {"posts": (30, "Beslut 2"), "keys": (700, "Beslut 3")}


def test_a_deletion_of_a_session_that_the_backup_does_not_know_is_not_tried(again: Again) -> None:
    async def subjects(tx: AsyncSession, facts: dict[str, str]) -> set[str]:
        return set(await tx.scalars(select(Purge.subject))) - {facts["closed"], facts["open"]}

    assert again.look(subjects) == set()


def test_what_was_deleted_by_a_decision_is_deleted_again(again: Again) -> None:
    """Also of a session that went on at the time of the backup, and by a decision worded anew."""
    assert min(again.posts) > 0
    keep_retention_at(again.place, START + timedelta(days=60))
    assert again.look(posts) == [0, 0]


def test_a_former_database_of_another_hub_is_not_asked(place: Path, there: Path) -> None:
    path = make(place)
    begun = run("init", "--yes", folder=there)
    assert begun.returncode == 0, begun.stderr
    done = restore(there, path, force=True)
    assert done.redone is None
    assert done.waiting_mails == 2
    same = rows_of(place / "hub.db", without=AUDIT)
    assert rows_of(there / "hub.db", without=AUDIT) == same
    assert run("token", "create", "nobody@example.org", folder=there).returncode == 2
