"""What breaks while the hub runs: packages, disks, threads. And packages that come and go."""

from __future__ import annotations

import asyncio
import errno
import re
import shutil
import threading
import zipfile
from collections import Counter
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import pytest
from typer.testing import CliRunner

from hub import cli
from hub.language import commands, interpreter
from hub.language import packages as shelf
from hub.language import translator as room
from hub.language.packages import Package
from hub.language.queue import Queue
from hub.language.translator import WAITING_TEXTS, Translated, Translator

from .test_packages import make_archive

TIRED = "Jag är trött."


async def say(translator: Translator | Queue, text: str = TIRED) -> Translated:
    (made,) = await translator.translate([text], source="sv", target="en")
    return made


def put(package: Package, models_dir: Path, version: str) -> Path:
    """A whole package of that version, put in place at once as `hub models install` does."""
    place = models_dir / f"translate-{package.source}_{package.target}-{version}"
    workshop = models_dir / ".unpacking-test"
    shutil.copytree(package.path, workshop)
    told = (workshop / "metadata.json").read_text("utf-8")
    written = told.replace(f'"{package.version}"', f'"{version}"')
    (workshop / "metadata.json").write_text(written, "utf-8")
    workshop.rename(place)
    return place


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    place = tmp_path / "own"
    place.mkdir()
    return place


def full(*_: Any, **__: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


# --- packages that come and go --------------------------------------------------------------


async def test_a_new_package_is_taken_up_and_a_removed_one_let_go_while_it_translates(
    models_dir: Path, unpacked: dict[str, Package], tmp_path: Path
) -> None:
    put(unpacked["sv-en"], models_dir, "1.0")
    translator = Translator(models_dir, tmp_path)
    queue = Queue(translator)
    await queue.start()
    stop = asyncio.Event()
    said: list[Translated] = []

    async def talk() -> None:
        while not stop.is_set():
            said.append(await say(queue, f"Jag är {len(said)} år."))

    talking = asyncio.create_task(talk())
    assert await queue.reload() is False
    newer = put(unpacked["sv-en"], models_dir, "2.0")
    assert await queue.reload() is True
    assert [package.version for package in queue.packages()] == ["2.0"]
    assert queue.state() == {"sv-en": "ok", "en-sv": "missing"}
    put(unpacked["en-sv"], models_dir, "1.0")
    assert await queue.reload() is True
    assert queue.state() == {"sv-en": "ok", "en-sv": "ok"}
    shelf.discard(newer)
    assert await queue.reload() is True
    assert {package.version for package in queue.packages()} == {"1.0"}
    stop.set()
    await talking
    await queue.close()
    assert {made.status for made in said} == {"machine"}
    assert {made.model for made in said} >= {"argos sv-en 2.0"}


async def test_what_did_not_change_is_not_loaded_again(
    models_dir: Path, unpacked: dict[str, Package], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for direction in ("sv-en", "en-sv"):
        put(unpacked[direction], models_dir, "1.0")
    translator = Translator(models_dir, tmp_path)
    await translator.start()
    opened: list[str] = []
    real = room._open

    def note(package: Package, threads: int) -> Any:
        opened.append(package.direction)
        return real(package, threads)

    monkeypatch.setattr(room, "_open", note)
    assert await translator.reload() is False
    assert opened == []
    put(unpacked["en-sv"], models_dir, "2.0")
    assert await translator.reload() is True
    assert opened == ["en-sv"]
    await translator.close()


async def test_a_reload_never_holds_the_loop_nor_the_worker(
    models_dir: Path, unpacked: dict[str, Package], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(unpacked["sv-en"], models_dir, "1.0")
    translator = Translator(models_dir, tmp_path)
    await translator.start()
    go_on = threading.Event()
    real = room._try

    def slow(engine: Any) -> Translated:
        assert go_on.wait(30)
        return real(engine)

    monkeypatch.setattr(room, "_try", slow)
    put(unpacked["sv-en"], models_dir, "2.0")
    reloading = asyncio.create_task(translator.reload())
    for _ in range(3):
        assert (await say(translator)).model == "argos sv-en 1.0"
    # A second look meanwhile does nothing.
    assert await translator.reload() is False
    go_on.set()
    assert await reloading is True
    assert (await say(translator)).model == "argos sv-en 2.0"
    await translator.close()


@pytest.mark.parametrize("damage", ["model/model.bin", "sentencepiece.model", "metadata.json"])
async def test_a_broken_new_package_leaves_the_one_in_use_and_shows(
    models_dir: Path, unpacked: dict[str, Package], bundled_dir: Path, damage: str
) -> None:
    put(unpacked["sv-en"], models_dir, "1.0")
    translator = Translator(models_dir, bundled_dir)
    await translator.start()
    bad = put(unpacked["sv-en"], models_dir, "2.0")
    (bad / damage).write_bytes(b"{ nonsense")
    assert await translator.reload() is True
    assert translator.state()["sv-en"].startswith("ok; broken: ")
    assert (await say(translator)).model == "argos sv-en 1.0"
    # Also where the one in use is no longer on disk.
    shelf.discard(models_dir / "translate-sv_en-1.0")
    await translator.reload()
    assert (await say(translator)).model == "argos sv-en 1.0"
    shutil.rmtree(bad)
    assert await translator.reload() is True
    assert translator.state()["sv-en"] == "ok"
    assert translator.builtin
    await translator.close()


async def test_a_package_that_is_damaged_where_it_lies_goes_on_from_memory(
    models_dir: Path, unpacked: dict[str, Package], bundled_dir: Path
) -> None:
    place = put(unpacked["sv-en"], models_dir, "1.0")
    translator = Translator(models_dir, bundled_dir)
    await translator.start()
    (place / "model" / "model.bin").unlink()
    assert await translator.reload() is True
    assert "model.bin is missing" in translator.state()["sv-en"]
    assert (await say(translator)).model == "argos sv-en 1.0"
    shutil.rmtree(place)
    put(unpacked["sv-en"], models_dir, "1.0")
    assert await translator.reload() is True
    assert translator.state()["sv-en"] == "ok"
    await translator.close()


async def test_a_good_newer_package_is_taken_up_beside_a_broken_one(
    models_dir: Path, unpacked: dict[str, Package], tmp_path: Path
) -> None:
    put(unpacked["sv-en"], models_dir, "1.0")
    (models_dir / "translate-sv_en-junk").mkdir()
    translator = Translator(models_dir, tmp_path)
    await translator.start()
    assert translator.state()["sv-en"].startswith("ok; broken: ")
    put(unpacked["sv-en"], models_dir, "2.0")
    assert await translator.reload() is True
    assert (await say(translator)).model == "argos sv-en 2.0"
    await translator.close()


# --- full disks -----------------------------------------------------------------------------


async def test_a_full_disk_at_the_start_is_told_and_mended_without_a_restart(
    models_dir: Path, bundled_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    translator = Translator(models_dir, bundled_dir)
    with monkeypatch.context() as patched:
        patched.setattr(zipfile.ZipFile, "extractall", full)
        await translator.start()
    assert "No space left" in translator.state()["sv-en"]
    assert (await say(translator)).reason == "no_package"
    assert list(models_dir.iterdir()) == []
    # Nothing has changed on the shelf, and the second look comes after a while.
    assert await translator.reload() is False
    monkeypatch.setattr(room, "_SECOND_LOOK_SECONDS", 0)
    assert await translator.reload() is True
    assert translator.state() == {"sv-en": "ok", "en-sv": "ok"}
    assert (await say(translator)).status == "machine"
    await translator.close()


@pytest.mark.parametrize("where", ["unpacking", "placing"])
def test_a_full_disk_while_installing_leaves_the_old_package(
    models_dir: Path,
    unpacked: dict[str, Package],
    bundled_dir: Path,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HUB_MODELS_DIR", str(models_dir))
    put(unpacked["sv-en"], models_dir, "0.1")
    before = shelf.installed(models_dir)
    if where == "unpacking":
        monkeypatch.setattr(zipfile.ZipFile, "extractall", full)
    else:
        monkeypatch.setattr(shelf, "adopt", full)
    archive = next(bundled_dir.glob("*sv_en*.argosmodel"))
    result = CliRunner().invoke(commands.models, ["install", "--from", str(archive)])
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert shelf.installed(models_dir) == before
    assert not list(models_dir.glob(".unpacking-*"))


# --- threads that die -------------------------------------------------------------------------


class Broken(ThreadPoolExecutor):
    """A worker that is gone."""

    def submit(self, *_: Any, **__: Any) -> NoReturn:
        raise BrokenExecutor("the thread died")


@pytest.mark.parametrize("how", ["broken", "shut down", "initialiser"])
async def test_a_worker_that_died_is_replaced_and_the_text_translated(
    shared_models: Path, bundled_dir: Path, how: str
) -> None:
    translator = Translator(shared_models, bundled_dir)
    await translator.start()
    assert translator._worker is not None
    translator._worker.shutdown()
    if how == "broken":
        translator._worker = Broken(1)
    elif how == "initialiser":
        translator._worker = ThreadPoolExecutor(1, initializer=lambda: 1 / 0)
    queue = Queue(translator)
    made = await asyncio.gather(*(say(queue, f"Jag är {n} år.") for n in range(9)))
    assert {one.status for one in made} == {"machine"}
    assert (await say(queue)).status == "machine"
    await queue.close()


@pytest.mark.parametrize("problem", [RuntimeError, SystemExit, MemoryError, KeyboardInterrupt])
async def test_whatever_ends_a_batch_the_queue_goes_on(
    shared_models: Path,
    bundled_dir: Path,
    problem: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    translator = Translator(shared_models, bundled_dir)
    queue = Queue(translator)
    await queue.start()
    worker = translator._worker

    def dies(*_: Any, **__: Any) -> NoReturn:
        raise problem("x")

    with monkeypatch.context() as patched:
        patched.setattr(interpreter.Interpreter, "translate", dies)
        async with asyncio.timeout(120):
            made = await asyncio.gather(*(say(queue, f"Jag är {n} år.") for n in range(5)))
    assert {(one.status, one.reason) for one in made} == {("failed", "engine")}
    assert queue.waiting == translator.waiting == 0
    assert (await say(queue)).status == "machine"
    # It was the batch, not the worker.
    assert translator._worker is worker
    await queue.close()


def test_a_package_too_small_to_be_one_is_told_by_name(tmp_path: Path, models_dir: Path) -> None:
    make_archive(tmp_path / "translate-sv_en-1_0.argosmodel")
    translator = Translator(models_dir, tmp_path)
    asyncio.run(translator.start())
    assert translator.state()["sv-en"].startswith("broken: ")
    assert translator.state()["en-sv"] == "missing"
    asyncio.run(translator.close())


# --- what `hub doctor` says of it ----------------------------------------------------------------


def doctor(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """State and detail of each line, by direction."""
    monkeypatch.setenv("HUB_DATA_DIR", str(folder))
    result = CliRunner().invoke(cli.app, ["doctor"])
    found = re.findall(r"^translation (sv-en|en-sv)\s+(\w+)\s+(.*)$", result.stdout, re.MULTILINE)
    assert len(found) == 2, result.stdout
    return {direction: [state, detail] for direction, state, detail in found}


def test_the_doctor_tells_a_corrupt_package_and_a_missing_file_in_words(
    tmp_path: Path, unpacked: dict[str, Package], monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    monkeypatch.setenv("HUB_MODELS_DIR", str(models))
    assert doctor(tmp_path, monkeypatch)["sv-en"] == ["ok", "built-in package"]
    corrupt = put(unpacked["sv-en"], models, "2.0")
    (corrupt / "sentencepiece.model").write_bytes(b"{ nonsense")
    halved = put(unpacked["en-sv"], models, "2.0")
    (halved / "model" / "model.bin").unlink()
    told = doctor(tmp_path, monkeypatch)
    # Those that came with the hub answer in their place.
    assert told["sv-en"][0] == told["en-sv"][0] == "degraded"
    assert told["sv-en"][1].startswith("ok; broken: ")
    assert told["en-sv"][1] == "ok; broken: model/model.bin is missing"


def test_the_doctor_tells_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile.ZipFile, "extractall", full)
    told = doctor(tmp_path, monkeypatch)
    for state, detail in told.values():
        assert state == "degraded"
        assert "No space left on device" in detail


async def test_ten_thousand_texts_at_once_are_translated_or_put_off_and_none_sticks(
    translator: Translator,
) -> None:
    queue = Queue(translator)
    texts = [f"Nej {number}" for number in range(10_000)]
    async with asyncio.timeout(300):
        made = await queue.translate(texts, source="sv", target="en")
    counts = Counter((one.status, one.reason) for one in made)
    assert counts == {("machine", None): WAITING_TEXTS, ("failed", "overloaded"): 9_500}
    assert queue.waiting == translator.waiting == 0
    assert (await say(queue)).status == "machine"


# --- what packages say of themselves ----------------------------------------------------------


def test_a_package_tells_its_score_from_its_metadata_or_the_record_beside_it(
    bundled_dir: Path, tmp_path: Path
) -> None:
    scores = {p.direction: p.score for p in shelf.bundled(bundled_dir)}
    assert scores == {"sv-en": 53.6, "en-sv": 50.9}
    told = '{"from_code": "sv", "to_code": "en", "package_version": "1", "score": 61.25}'
    for written, score in ((told, 61.25), (told.replace("61.25", '"x"'), None),
                           (told.replace("61.25", "161"), None)):  # fmt: skip
        archive = make_archive(tmp_path / "a.argosmodel", **{"metadata.json": written})
        assert shelf.describe(archive, bundled=False).score == score
    assert shelf.describe(make_archive(tmp_path / "b.argosmodel"), bundled=False).score is None


def test_the_list_of_packages_has_the_score(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_MODELS_DIR", str(models_dir))
    lines = CliRunner().invoke(commands.models, ["list"]).stdout.splitlines()
    assert "score" in lines[0]
    assert {line.split()[4] for line in lines[1:]} == {"53.6", "50.9"}
