"""The translator with the real packages."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest

from hub.language import engine, interpreter
from hub.language import translator as room
from hub.language.packages import BrokenPackage, Package
from hub.language.text import Language, has_words, other
from hub.language.translator import Translated, Translator, try_out

BOTH: tuple[Language, Language] = ("sv", "en")


def say(translator: Translator, *texts: str, source: Language = "sv") -> list[Translated]:
    return asyncio.run(translator.translate(texts, source=source, target=other(source)))


def test_both_directions_come_with_the_hub(translator: Translator) -> None:
    assert translator.state() == {"sv-en": "ok", "en-sv": "ok"}
    assert translator.builtin
    assert [package.direction for package in translator.packages()] == ["sv-en", "en-sv"]


def test_swedish_becomes_english_and_english_swedish(translator: Translator) -> None:
    (english,) = say(translator, "Jag är trött.")
    (swedish,) = say(translator, "I am tired.", source="en")
    assert english.status == swedish.status == "machine"
    assert "tired" in english.text
    assert "trött" in swedish.text
    assert english.model.startswith("argos sv-en ")


def test_every_text_gets_its_own_answer_in_order(translator: Translator) -> None:
    texts = [f"Vi är {number} personer." if number % 3 else "👍" for number in range(2, 90)]
    results = say(translator, *texts)
    assert len(results) == len(texts)
    right = sum(
        str(number) in result.text or result.doubt is not None or "👍" in result.text
        for number, result in zip(range(2, 90), results, strict=True)
    )
    assert right == len(texts)


def test_the_same_text_comes_out_the_same_alone_and_among_others(translator: Translator) -> None:
    alone = say(translator, "Jag är här i dag.")[0]
    among = say(translator, "Hej!", "Jag är här i dag.", "Vi pratar om vården. Det är bra.")[1]
    assert alone.text == among.text


def test_line_breaks_and_list_marks_stay(translator: Translator) -> None:
    (result,) = say(translator, "  Först:\r\n- en hund\n- en katt\n\n1. Jag är trött.\n")
    lines = result.text.split("\n")
    assert result.text.startswith("  ")
    assert lines[0].endswith("\r")
    assert lines[1].startswith("- ")
    assert lines[2].startswith("- ")
    assert lines[3] == ""
    assert lines[4].startswith("1. ")
    assert lines[5] == ""


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("kept", ["👍🏽", "https://ki.se/a?b=c_d", "a.b_c@ki.se", "@Kerstin"])
def test_what_is_no_word_comes_through(
    translator: Translator, kept: str, language: Language
) -> None:
    before = {"sv": "Titta här", "en": "Look here"}[language]
    after = {"sv": "innan vi ses", "en": "before we meet"}[language]
    (result,) = say(translator, f"{before} {kept} {after}", source=language)
    assert f" {kept} " in result.text


@pytest.mark.parametrize(
    "text", ["", "   ", "\n", "👍", "👍 🎉\n👍", "12 345", "13.30", "!!!", ":-)"]
)
def test_a_text_without_words_comes_back_as_it_is(translator: Translator, text: str) -> None:
    (result,) = say(translator, text)
    assert (result.text, result.status, result.doubt) == (text, "machine", None)


def test_other_scripts_come_back_with_a_doubt(translator: Translator) -> None:
    (result,) = say(translator, "مرحبا بالعالم")
    assert result.text == "مرحبا بالعالم"
    assert result.doubt is not None
    assert "copied" in result.doubt.reasons


NASTY = [
    "a",
    "JAG VILL INTE HA DET SÅ HÄR",
    "jaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ja " * 200,
    "x" * 5000,
    "å" * 300 + " " + "ö" * 300,
    "ord" * 1600,
    "ord " * 1200,
    "Jag är trött. " * 350,
    "\u202eHej\u200bdu\u200d din\u2066 lilla\u2069",
    "مرحبا Anna, hur mår du?",
    "<b>Hej</b> <script>alert('hej')</script> &amp; [länk](javascript:1)",
    "def f(x):\n    return x * 2  # två gånger",
    "\ud800 hej \udfff",
    "\x00\x01\x1b[31mhej",
    "e\u0301".join("abc") * 30,
    "Z̷̧̛a̷l̷g̷o̷ ̷t̷e̷x̷t̷",
    "Je ne parle pas suédois, mon ami.",
    "a b c d e f g h i j k l m n o p q r s t u v x y z " * 5,
    "Rosor är röda,\nvioler är blå.\n\tSocker är sött\n\toch det är du med.",
    "<unk> </s> <s> __en__ __sv__ ▁",
    "'; DROP TABLE contributions; --",
    "%s %d {0} {{x}} ${y}",
]


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_a_nasty_text_gives_a_sane_one_or_a_marked_failure(
    translator: Translator, text: str, language: Language
) -> None:
    (result,) = say(translator, text, source=language)
    if result.status == "failed":
        assert result.text == ""
        assert result.reason == "degenerate"
        return
    assert result.text.strip()
    assert len(result.text) <= 3 * len(text) + 25
    assert result.text.count("\n") == text.count("\n")


def test_the_words_of_a_nasty_text_do_not_hold_up_the_next(translator: Translator) -> None:
    async def race() -> None:
        texts = NASTY * 3
        slow = [
            asyncio.create_task(translator.translate(texts, source="sv", target="en"))
            for _ in range(2)
        ]
        while translator.waiting < 2 * len(texts):
            await asyncio.sleep(0)
        (quick,) = await translator.translate(["Jag är trött."], source="sv", target="en")
        assert quick.status == "machine"
        # It had its turn between two batches of theirs.
        assert not any(task.done() for task in slow)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(race())


def test_a_number_that_went_missing_is_doubted(
    translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _speak(translator, monkeypatch, "We were people.")
    (result,) = say(translator, "Vi var 14 personer.")
    assert result.doubt is not None
    assert "number_missing" in result.doubt.reasons


@pytest.mark.parametrize("output", ["", "we we we we we we we we we", "Det var så det gick till."])
def test_degenerate_output_is_never_shown(
    translator: Translator, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    _speak(translator, monkeypatch, output)
    (result,) = say(translator, "Det var så det gick till.")
    assert (result.status, result.reason, result.text) == ("failed", "degenerate", "")


def _speak(translator: Translator, monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    def decode(self: object, sentences: list[str], **options: object) -> list[engine.Said]:
        return [engine.Said(output, -0.1) for _ in sentences]

    monkeypatch.setattr(engine.Engine, "decode", decode)


def test_the_declared_language_decides(translator: Translator) -> None:
    (result,) = say(translator, "I have been here for a long time, you know.", source="sv")
    assert result.status == "machine"
    assert has_words(result.text)


def test_an_engine_that_breaks_on_one_text_still_does_the_others(
    translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = interpreter.Interpreter.translate

    def moody(
        self: interpreter.Interpreter, texts: list[str], *more: interpreter.Wanted
    ) -> list[Translated]:
        if "ond" in texts:
            raise RuntimeError("no")
        return whole(self, texts, *more)

    monkeypatch.setattr(interpreter.Interpreter, "translate", moody)
    results = say(translator, "Jag är trött.", "ond", "Hej!")
    assert [result.reason for result in results] == [None, "engine", None]


def test_the_event_loop_stays_free(translator: Translator) -> None:
    async def watch() -> tuple[float, int]:
        # Of its own time: how long others use the processor says nothing of the loop.
        longest, last, ticks, done = 0.0, time.thread_time(), 0, False

        async def tick() -> None:
            nonlocal longest, last, ticks
            while not done:
                await asyncio.sleep(0.002)
                now = time.thread_time()
                longest, last, ticks = max(longest, now - last), now, ticks + 1

        ticking = asyncio.create_task(tick())
        texts = ["Jag har varit på avdelningen i tre dagar och ingen har pratat med mig."] * 5
        texts += [f"Det är dag {number} på avdelningen." for number in range(100)]
        await translator.translate(texts, source="sv", target="en")
        done = True
        await ticking
        return longest, ticks

    longest, ticks = asyncio.run(watch())
    assert longest < 0.25
    assert ticks > 40


def test_the_work_is_done_in_the_worker_thread(
    translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    whole = interpreter.Interpreter.translate

    def watched(
        self: interpreter.Interpreter, texts: list[str], *more: interpreter.Wanted
    ) -> list[Translated]:
        threads.append(threading.current_thread().name)
        return whole(self, texts, *more)

    monkeypatch.setattr(interpreter.Interpreter, "translate", watched)
    say(translator, "Hej!")
    assert len(threads) == 1
    assert threads[0].startswith("translator")


def test_what_is_too_much_at_once_is_refused(
    translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "WAITING_TEXTS", 3)
    results = say(translator, *["Hej!"] * 5)
    assert [result.reason for result in results] == [None, None, None, "overloaded", "overloaded"]
    assert translator.waiting == 0
    assert say(translator, "Hej!")[0].status == "machine"


def test_ten_thousand_texts_do_not_pile_up(translator: Translator) -> None:
    async def flood() -> list[list[Translated]]:
        return await asyncio.gather(
            *(translator.translate(["Hej!"], source="sv", target="en") for _ in range(10_000))
        )

    results = [result for results in asyncio.run(flood()) for result in results]
    assert len(results) == 10_000
    assert {result.reason for result in results} <= {None, "overloaded"}
    assert results[0].status == "machine"
    assert translator.waiting == 0


def test_a_caller_who_gives_up_frees_the_place(translator: Translator) -> None:
    async def give_up() -> None:
        task = asyncio.create_task(
            translator.translate(["Jag är trött. " * 40] * 60, source="sv", target="en")
        )
        while not translator.waiting:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    assert translator.waiting == 0
    assert say(translator, "Hej!")[0].status == "machine"


def test_nothing_goes_over_the_network(
    shared_models: Path, bundled_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise AssertionError("somebody called the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)

    async def whole_life() -> Translated:
        translator = Translator(shared_models, bundled_dir)
        await translator.start()
        (result,) = await translator.translate(["Hej! Hur är det?"], source="sv", target="en")
        await translator.close()
        return result

    assert asyncio.run(whole_life()).status == "machine"


def test_no_text_reaches_the_log(translator: Translator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        say(translator, "Min hemlighet är stor.")
    assert "hemlighet" not in caplog.text


def test_importing_the_translator_does_not_import_argos() -> None:
    check = (
        "import sys, hub.language.translator, hub.language.api, hub.language.commands;"
        "sys.exit(any(name in sys.modules for name in ('argostranslate', 'ctranslate2')))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_a_home_that_cannot_be_written_is_left_alone(
    tmp_path: Path, shared_models: Path, bundled_dir: Path
) -> None:
    check = (
        "import asyncio, sys; from pathlib import Path;"
        "from hub.language.translator import Translator;"
        "t = Translator(Path(sys.argv[1]), Path(sys.argv[2])); asyncio.run(t.start());"
        "state = t.state(); asyncio.run(t.close()); sys.exit(set(state.values()) != {'ok'})"
    )
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", check, str(shared_models), str(bundled_dir)],
        check=False,
        env={"HOME": str(home), "PATH": "", "PYTHONPATH": str(Path.cwd())},
    )
    assert done.returncode == 0
    assert list(home.iterdir()) == []


# --- Packages at the start --------------------------------------------------------------------


def _started(models_dir: Path, bundled_dir: Path) -> Translator:
    translator = Translator(models_dir, bundled_dir)
    asyncio.run(translator.start())
    return translator


def test_without_packages_every_text_fails_calmly(tmp_path: Path) -> None:
    translator = _started(tmp_path / "none", tmp_path / "nothing")
    assert translator.state() == {"sv-en": "missing", "en-sv": "missing"}
    assert not translator.builtin
    assert translator.packages() == []
    (result,) = say(translator, "Hej!")
    assert (result.status, result.reason, result.text) == ("failed", "no_package", "")
    asyncio.run(translator.close())


def test_an_installed_package_wins_over_the_one_that_came_with_the_hub(
    installed_copy: Path, bundled_dir: Path
) -> None:
    translator = _started(installed_copy, bundled_dir)
    used = {package.direction: package.bundled for package in translator.packages()}
    assert used == {"sv-en": False, "en-sv": True}
    assert translator.builtin
    assert say(translator, "Jag är trött.")[0].status == "machine"
    asyncio.run(translator.close())


def test_the_highest_version_wins(installed_copy: Path, tmp_path: Path) -> None:
    for version in ("0.10", "0.9"):
        folder = installed_copy / f"other-{version}"
        shutil.copytree(installed_copy / "translate-sv_en", folder)
        _edit(folder / "metadata.json", package_version=version)
    translator = _started(installed_copy, tmp_path)
    assert translator.packages()[0].version == "0.10"
    asyncio.run(translator.close())


def test_a_broken_installed_package_makes_way_for_the_next(
    installed_copy: Path, bundled_dir: Path
) -> None:
    (installed_copy / "translate-sv_en" / "model" / "model.bin").write_bytes(b"nonsense")
    translator = _started(installed_copy, bundled_dir)
    assert translator.state()["sv-en"].startswith("ok; broken: ")
    assert translator.state()["en-sv"] == "ok"
    assert all(package.bundled for package in translator.packages())
    asyncio.run(translator.close())


@pytest.mark.parametrize(
    "damage", ["model/model.bin", "model/config.json", "sentencepiece.model", "metadata.json"]
)
def test_a_damaged_package_breaks_its_direction_only(
    installed_copy: Path, tmp_path: Path, damage: str
) -> None:
    (installed_copy / "translate-sv_en" / damage).write_bytes(b"{ nonsense")
    translator = _started(installed_copy, tmp_path)
    assert translator.state()["sv-en"].startswith("broken: ")
    assert translator.state()["en-sv"] == "missing"
    assert say(translator, "Hej!")[0].reason == "no_package"
    asyncio.run(translator.close())


def test_an_archive_cut_short_breaks_its_direction_only(tmp_path: Path, bundled_dir: Path) -> None:
    place = tmp_path / "bundled"
    place.mkdir()
    for archive in bundled_dir.glob("*.argosmodel"):
        whole = archive.read_bytes()
        cut = whole[: len(whole) // 2] if "en_sv" in archive.name else whole
        (place / archive.name).write_bytes(cut)
    translator = _started(tmp_path / "models", place)
    assert translator.state()["sv-en"] == "ok"
    assert translator.state()["en-sv"].startswith("broken: ")
    asyncio.run(translator.close())


def test_a_package_in_the_manner_of_the_official_ones_works(
    installed_copy: Path, tmp_path: Path
) -> None:
    # They name the target language by a prefix, and carry a folder for a sentence splitter.
    folder = installed_copy / "translate-sv_en"
    start = json.loads((folder / "model" / "config.json").read_text())["decoder_start_token"]
    _edit(folder / "model" / "config.json", decoder_start_token=None)
    _edit(folder / "metadata.json", target_prefix=start, package_version="1.9")
    (folder / "stanza").mkdir()
    translator = _started(installed_copy, tmp_path)
    (result,) = say(translator, "Jag är trött.")
    assert "tired" in result.text
    assert start not in result.text
    asyncio.run(translator.close())


def test_trying_a_package_out_wants_a_translation(
    installed_copy: Path, unpacked: dict[str, Package]
) -> None:
    assert try_out(unpacked["sv-en"]).status == "machine"
    folder = installed_copy / "translate-sv_en"
    (folder / "model" / "model.bin").write_bytes(b"")
    with pytest.raises(BrokenPackage):
        try_out(Package("sv", "en", "1", folder, 1, bundled=False))


def _edit(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


# --- Starting and closing ---------------------------------------------------------------------


def test_a_translator_may_be_closed_started_and_closed_again(
    shared_models: Path, bundled_dir: Path
) -> None:
    async def lives() -> None:
        translator = Translator(shared_models, bundled_dir)
        await translator.close()
        for _ in range(2):
            await translator.start()
            await translator.start()
            (result,) = await translator.translate(["Hej!"], source="sv", target="en")
            assert result.status == "machine"
            await translator.close()
            await translator.close()
            (result,) = await translator.translate(["Hej!"], source="sv", target="en")
            assert (result.status, result.reason) == ("failed", "engine")

    asyncio.run(lives())


def test_closing_under_load_answers_everyone(shared_models: Path, bundled_dir: Path) -> None:
    async def close_early() -> list[list[Translated]]:
        translator = Translator(shared_models, bundled_dir)
        await translator.start()
        tasks = [
            asyncio.create_task(
                translator.translate(["Jag är trött i dag."] * 40, source="sv", target="en")
            )
            for _ in range(5)
        ]
        await asyncio.sleep(0.03)
        await translator.close()
        return await asyncio.gather(*tasks)

    for results in asyncio.run(close_early()):
        assert len(results) == 40
        assert {result.reason for result in results} <= {None, "engine"}


def test_no_thread_outlives_the_translator(shared_models: Path, bundled_dir: Path) -> None:
    before = {thread.name for thread in threading.enumerate()}

    async def life() -> None:
        translator = Translator(shared_models, bundled_dir)
        await translator.start()
        await translator.translate(["Hej!"], source="sv", target="en")
        await translator.close()

    asyncio.run(life())
    left = {thread.name for thread in threading.enumerate()} - before
    assert not [name for name in left if name.startswith("translator")]
