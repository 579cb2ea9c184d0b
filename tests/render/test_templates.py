"""Every template renders in both languages, and what people write stays text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hub.render import Renderer, hashed
from tests.render import made_up

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "hub" / "static"
PAGES = made_up.pages()
VOID = {"meta", "link", "input", "img", "br", "hr", "path", "circle", "line", "rect"}


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(
        ROOT / "templates",
        ROOT / "translations",
        timezone="Europe/Stockholm",
        static_version=hashed(STATIC),
    )


class Page(HTMLParser):
    """Tags that close, ids, labels and addresses of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.names: set[str] = set()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self.feed(html)
        self.faults += [f"never closed: {tag}" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.tags.append((tag, known))
        if known.get("id"):
            self.ids.append(str(known["id"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(("case", "name", "context"), PAGES, ids=[p[0] for p in PAGES])
def test_a_template_renders_whole_and_safe(
    renderer: Renderer, case: str, name: str, context: dict[str, Any], language: str
) -> None:
    html = renderer.render(name, language, **context)
    page = Page(html)
    assert page.faults == []
    assert len(page.ids) == len(set(page.ids)), sorted(i for i in page.ids if page.ids.count(i) > 1)
    assert "<script>alert" not in html
    assert "%(" not in html
    assert "&amp;lt;" not in html
    known = set(page.ids)
    for tag, attrs in page.tags:
        assert "style" not in attrs, (tag, attrs)
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
        if tag == "script":
            assert str(attrs.get("src", "")).startswith("/static/"), attrs
        for name_ in ("for", "aria-labelledby", "aria-describedby"):
            for wanted in str(attrs.get(name_) or "").split():
                assert wanted in known, (tag, name_, wanted)
        if tag in ("textarea", "select") or (
            tag == "input" and attrs.get("type") not in ("hidden", "radio", "checkbox")
        ):
            assert attrs.get("id"), (tag, attrs)
    if "<!doctype" in html:
        assert [tag for tag, _ in page.tags].count("main") == 1
        assert [tag for tag, _ in page.tags].count("h1") == 1
        assert f'<html lang="{language}">' in html


def test_every_template_is_tried() -> None:
    tried = {name for _, name, _ in PAGES}
    whole = {
        str(path.relative_to(ROOT / "templates"))
        for path in (ROOT / "templates").rglob("*.html")
        if not path.name.startswith(("_", "base"))
    }
    assert whole <= tried


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_pushed_message_is_the_message_of_a_fresh_page(renderer: Renderer, language: str) -> None:
    """A fragment holds nothing personal: it is the same for everyone and in every place."""
    pushed = renderer.render(
        "gatherings/_changes.html",
        language,
        contributions=made_up.conversation(),
        stage=made_up.stage(),
        findings=made_up.FINDINGS,
        queue=made_up.QUEUE,
        session={"id": "s_1"},
    )
    fresh = renderer.render("gatherings/room.html", language, **made_up.room())
    for contribution in made_up.conversation():
        pattern = rf'<li id="contribution-{contribution["id"]}".*?\n</li>'
        found = [re.search(pattern, html, re.DOTALL) for html in (pushed, fresh)]
        assert found[0]
        assert found[1]
        assert found[0][0] == found[1][0]


def test_the_readers_language_comes_first_and_the_original_is_one_step_away(
    renderer: Renderer,
) -> None:
    context = {"stage": None, "findings": None, "queue": None, "session": {"id": "s_1"}}
    english = made_up.said(3, **made_up.english("machine", made_up.SV))
    sv = renderer.render("gatherings/_changes.html", "sv", contributions=[english], **context)
    en = renderer.render("gatherings/_changes.html", "en", contributions=[english], **context)
    assert '<p class="msg__text" lang="sv" dir="auto">Jag ringde' in sv
    assert 'class="orig" lang="en"' in sv
    assert "Maskinöversatt" in sv
    assert '<p class="msg__text" lang="en" dir="auto">I called' in en
    assert 'class="orig"' not in en
    assert "Machine translation" not in en


def test_the_first_view_of_the_room_is_small(renderer: Renderer) -> None:
    import gzip

    html = renderer.render("gatherings/room.html", "sv", **made_up.room()).encode()
    files = [
        STATIC / "hub.css",
        STATIC / "kept.js",
        STATIC / "live.js",
        STATIC / "icon.svg",
        *(STATIC / "vendor").glob("*.js"),
    ]
    size = len(gzip.compress(html)) + sum(len(gzip.compress(f.read_bytes())) for f in files)
    size += (STATIC / "samrum-hyperlegible.woff2").stat().st_size
    assert size <= 90_000
