"""`hub models …` and the lines of `hub translate`."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.language import engine as room
from hub.language import packages as shelf
from hub.language.commands import models, translate_lines
from hub.language.text import Language
from hub.language.translator import Translated, Translator

from .echo import EchoTranslator
from .test_packages import make_archive

NEWER = "99.0"


@pytest.fixture
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "models"
    monkeypatch.setenv("HUB_MODELS_DIR", str(place))
    return place


@pytest.fixture
def archives(bundled_dir: Path) -> list[Path]:
    return [package.path for package in shelf.bundled(bundled_dir)[:2]]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(models, [str(argument) for argument in arguments])


def test_the_list_shows_what_came_with_the_hub(models_dir: Path) -> None:
    result = run("list")
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()[1:]]
    assert {row[0] for row in rows if row[-1] == "yes"} == {"sv-en", "en-sv"}
    assert "built-in" in result.stdout


def test_packages_are_installed_from_files_and_removed(
    models_dir: Path, archives: list[Path]
) -> None:
    result = run("install", "--from", archives[0], archives[1])
    assert result.exit_code == 0, result.output
    assert {package.direction for package in shelf.installed(models_dir)} == {"sv-en", "en-sv"}
    in_use = [line for line in run("list").stdout.splitlines() if line.endswith("yes")]
    assert all("installed" in line for line in in_use)
    assert run("remove", "sv-en").exit_code == 0
    assert [package.direction for package in shelf.installed(models_dir)] == ["en-sv"]
    assert run("remove").exit_code == 0
    assert shelf.installed(models_dir) == []
    gone = run("remove")
    assert (gone.exit_code, gone.stdout) == (1, "")


def test_a_file_that_is_no_package_is_bad_input(
    models_dir: Path, tmp_path: Path, archives: list[Path]
) -> None:
    (tmp_path / "text").write_text("hello")
    for file in (tmp_path / "text", tmp_path / "nothing"):
        result = run("install", "--from", archives[0], file)
        assert result.exit_code == 2
        assert len(result.stderr.strip().splitlines()) == 1
        assert shelf.installed(models_dir) == []


def test_a_package_that_cannot_translate_leaves_the_old_one(
    models_dir: Path, tmp_path: Path, archives: list[Path]
) -> None:
    assert run("install", "--from", archives[0]).exit_code == 0
    before = shelf.installed(models_dir)
    bad = make_archive(
        tmp_path / "bad.argosmodel",
        source=before[0].source,
        target=before[0].target,
        version=NEWER,
    )
    result = run("install", "--from", bad)
    assert result.exit_code == 1
    assert "nothing was changed" in result.stderr
    assert shelf.installed(models_dir) == before


def test_wrong_words_are_bad_input(models_dir: Path, tmp_path: Path) -> None:
    assert run("remove", "sv-de").exit_code == 2
    assert run("install", tmp_path / "file").exit_code == 2
    assert run("nonsense").exit_code == 2


# --- A package index of our own ---------------------------------------------------------------


class _Index(HTTPServer):
    def __init__(self, archives: list[Path], *, cut: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.archives = {archive.name: archive.read_bytes() for archive in archives}
        self.cut = cut

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def index(self) -> bytes:
        listed = []
        for name in self.archives:
            source, target = name.split("-")[1].split("_")
            for version in ("0.1", NEWER):
                listed.append(
                    {
                        "type": "translate",
                        "from_code": source,
                        "to_code": target,
                        "package_version": version,
                        "links": [self.url + name] if version == NEWER else [self.url + "old"],
                    }
                )
        listed.append({"type": "translate", "from_code": "en", "to_code": "de", "links": []})
        return json.dumps(listed).encode()


class _Answers(BaseHTTPRequestHandler):
    server: _Index

    def do_GET(self) -> None:
        name = self.path.strip("/")
        body = self.server.index() if name == "index.json" else self.server.archives.get(name)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        whole = name == "index.json" or not self.server.cut
        self.wfile.write(body if whole else body[: len(body) // 2])

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def index(archives: list[Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[_Index]:
    server = _Index(archives)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(room.argos().settings, "remote_package_index", server.url + "index.json")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_official_packages_are_fetched_from_the_index(models_dir: Path, index: _Index) -> None:
    result = run("install")
    assert result.exit_code == 0, result.output
    assert {package.direction for package in shelf.installed(models_dir)} == {"sv-en", "en-sv"}
    assert not list((models_dir / ".downloads").glob("*.argosmodel"))


def test_a_download_cut_short_changes_nothing(models_dir: Path, index: _Index) -> None:
    index.cut = True
    result = run("install")
    assert result.exit_code == 1
    assert "could not be fetched" in result.stderr
    assert shelf.installed(models_dir) == []


def test_without_a_network_one_line_says_so(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "http://127.0.0.1:9/index.json"
    monkeypatch.setattr(room.argos().settings, "remote_package_index", nowhere)
    result = run("install")
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "did not answer" in result.stderr


def test_an_index_that_is_none_is_told(models_dir: Path, index: _Index) -> None:
    index.index = lambda: b"<html>"  # type: ignore[method-assign]
    result = run("install")
    assert result.exit_code == 1
    assert "is no package index" in result.stderr


# --- hub translate ----------------------------------------------------------------------------


def lines(
    text: str, translator: EchoTranslator | None = None, *, source: Language = "sv"
) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    target: Language = "en" if source == "sv" else "sv"
    echo = translator or EchoTranslator()
    status = translate_lines(echo, source, target, io.StringIO(text, newline=""), out, err)
    return status, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("", ""),
        ("a\n", "[en] a\n"),
        ("a", "[en] a"),
        ("a\nb\n", "[en] a\n[en] b\n"),
        ("a\r\nb\r\n", "[en] a\r\n[en] b\r\n"),
        ("a\x0bb\x85c\u2028d\n", "[en] a\x0bb\x85c\u2028d\n"),
    ],
)
def test_lines_come_out_one_for_one(text: str, output: str) -> None:
    assert lines(text) == (0, output, "")


def test_empty_lines_stay_empty(translator: Translator) -> None:
    class Kept(EchoTranslator):
        async def translate(
            self, texts: Sequence[str], *, source: Language, target: Language
        ) -> list[Translated]:
            return await translator.translate(texts, source=source, target=target)

    status, output, _ = lines("\n\r\n  \nHej!\n", Kept())
    assert status == 0
    assert output.startswith("\n\r\n  \n")
    assert output.count("\n") == 4


def test_a_large_input_keeps_its_lines() -> None:
    text = "".join(f"rad {number}\n" for number in range(20_000))
    status, output, _ = lines(text)
    assert status == 0
    assert output.splitlines() == [f"[en] rad {number}" for number in range(20_000)]


def test_a_line_that_fails_comes_out_as_it_was() -> None:
    class Moody(EchoTranslator):
        async def translate(
            self, texts: Sequence[str], *, source: Language, target: Language
        ) -> list[Translated]:
            made = await super().translate(texts, source=source, target=target)
            failed = Translated("", "failed", "degenerate", None, "")
            return [failed if "ond" in each.text else each for each in made]

    status, output, notes = lines("a\nond\r\nb\n", Moody())
    assert status == 1
    assert output == "[en] a\nond\r\n[en] b\n"
    assert notes == "line 2 was not translated (degenerate)\n"


PROGRAM = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from echo import EchoTranslator
from hub.language.commands import translate_lines
sys.exit(translate_lines(EchoTranslator(), "sv", "en", sys.stdin, sys.stdout, sys.stderr))
"""


def test_a_line_is_answered_before_the_next_is_written() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdin
        assert program.stdout
        for number in range(3):
            program.stdin.write(f"rad {number} å\r\n".encode())
            program.stdin.flush()
            assert program.stdout.readline() == f"[en] rad {number} å\r\n".encode()
        program.stdin.close()
        assert program.wait(10) == 0


def test_bytes_that_are_no_text_pass_through() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=b"caf\xe9\n\xff\xfe\n",
        capture_output=True,
        check=False,
        env={"PATH": "", "PYTHONPATH": str(Path.cwd()), "LC_ALL": "C"},
    )
    assert done.returncode == 0
    assert done.stdout == b"[en] caf\xe9\n[en] \xff\xfe\n"
