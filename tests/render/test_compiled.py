"""Templates are compiled once for a machine, and anew where what they are made of has changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import jinja2
import pytest

from hub import render
from hub.render import Renderer

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """One template, and the catalogues."""
    templates, translations = tmp_path / "templates", tmp_path / "translations"
    templates.mkdir()
    (templates / "page.html").write_text("<p>{{ who }}</p>")
    translations.mkdir()
    for name in ("sv.po", "en.po"):
        shutil.copy(ROOT / "translations" / name, translations)
    return templates, translations


def afresh(folders: tuple[Path, Path]) -> Renderer:
    """A renderer in a process that has compiled nothing yet."""
    render._compiled.cache_clear()
    return Renderer(*folders, timezone="Europe/Stockholm")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is compiled, in order."""
    names: list[str] = []
    known = jinja2.Environment.compile

    def compile_(self: jinja2.Environment, source: str, name: str, *args: object) -> object:
        names.append(name)
        return known(self, source, name, *args)  # type: ignore[call-overload]

    monkeypatch.setattr(jinja2.Environment, "compile", compile_)
    return names


def test_the_next_process_finds_what_the_first_has_compiled(
    folders: tuple[Path, Path], compiled: list[str]
) -> None:
    afresh(folders).warm_up()
    assert compiled == ["page.html", "page.html"]
    again = afresh(folders)
    again.warm_up()
    assert again.render("page.html", "sv", who="<b>") == "<p>&lt;b&gt;</p>"
    assert len(compiled) == 2


def test_another_text_or_other_catalogues_are_compiled_anew(
    folders: tuple[Path, Path], compiled: list[str]
) -> None:
    templates, translations = folders
    afresh(folders).warm_up()
    (templates / "page.html").write_text("<h1>{{ who }}</h1>")
    assert afresh(folders).render("page.html", "sv", who="A") == "<h1>A</h1>"
    assert len(compiled) == 3
    with (translations / "sv.po").open("a") as catalogue:
        catalogue.write("\n# Another version.\n")
    assert afresh(folders).render("page.html", "sv", who="A") == "<h1>A</h1>"
    assert len(compiled) == 4
    # What was made for the former catalogue is gone.
    assert len(list((templates / "__pycache__" / "sv").iterdir())) == 1


def test_half_a_file_is_passed_over(folders: tuple[Path, Path], compiled: list[str]) -> None:
    afresh(folders).warm_up()
    for file in (folders[0] / "__pycache__").rglob("*.*"):
        file.write_bytes(file.read_bytes()[:9])
    assert afresh(folders).render("page.html", "sv", who="A") == "<p>A</p>"
    assert len(compiled) == 3


def test_a_folder_that_nobody_may_write_to_is_no_fault(
    folders: tuple[Path, Path], compiled: list[str]
) -> None:
    # A file in its place: root may write everywhere.
    (folders[0] / "__pycache__").write_text("")
    renderer = afresh(folders)
    renderer.warm_up()
    assert renderer.render("page.html", "en", who="A") == "<p>A</p>"
    assert compiled == ["page.html", "page.html"]
