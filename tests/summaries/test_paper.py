"""Summaries on paper, as plain text and as a code for the wall."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hub.render import Renderer
from hub.summaries import paper
from hub.web import data_folder
from tests.charters.desk import get
from tests.charters.test_pages import unpacked
from tests.conftest import Hub
from tests.render import made_up

from . import forum
from .pdf_text import read_text

ADDRESS = "https://samrum.example/summaries/u_1?audience=citizens"


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(
        data_folder("templates"), data_folder("translations"), timezone="Europe/Stockholm"
    )


async def test_a_pdf_is_tagged_titled_and_says_its_language(hub: Hub) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    answer = await get(hub, f"/summaries/{summary}.pdf?audience=leaders&language=sv")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == (f'inline; filename="{summary}-leaders-sv.pdf"')
    inside = unpacked(answer.content)
    assert b"pdfuaid" in inside
    assert b"/StructTreeRoot" in inside
    assert b"/DisplayDocTitle true" in inside
    assert b"/Lang (sv)" in inside
    # Its letters can be read out of the file again.
    assert b"/ToUnicode" in inside
    assert b"/H1" in inside
    asked = await get(hub, f"/summaries/{summary}?audience=leaders&format=pdf")
    assert asked.content.startswith(b"%PDF")
    accepted = await get(hub, f"/summaries/{summary}", Accept="application/pdf")
    assert accepted.content.startswith(b"%PDF")


async def test_each_passage_in_the_other_language_says_so(renderer: Renderer) -> None:
    summary = made_up.a_summary()
    swedish = unpacked(await paper.write_pdf(renderer, summary, "sv", address=ADDRESS))
    english = unpacked(await paper.write_pdf(renderer, summary, "en", address=ADDRESS))
    assert swedish.count(b"/Lang (en)") == 0
    alone = sum(1 for b in summary["blocks"] for s in b["statements"] if not s["texts"].get("en"))
    assert alone
    # The page's own language once, and each passage that has words in the other alone.
    assert english.count(b"/Lang (en)") == 1
    assert english.count(b"/Lang (sv)") >= alone


async def test_without_pango_the_page_is_whole_and_the_pdf_says_why(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    monkeypatch.setattr(paper, "is_available", lambda: False)
    monkeypatch.setattr("hub.charters.paper.is_available", lambda: False)
    page = await get(hub, f"/summaries/{summary}")
    assert page.status_code == 200
    assert ".pdf" not in page.text
    refused = await get(hub, f"/summaries/{summary}.pdf")
    assert refused.status_code == 503
    assert "cannot make a PDF" in refused.text


def text_of(renderer: Renderer, language: str = "en", **more: Any) -> str:
    return paper.write_text(renderer, made_up.a_summary(**more), language, address=ADDRESS)


def test_plain_text_has_all_blocks_in_order_and_short_lines(renderer: Renderer) -> None:
    text = text_of(renderer)
    places = [text.index(h) for h in ("WHY IT MATTERS", "WHERE WE DISAGREED", "EASY TO READ")]
    assert places == sorted(places)
    assert ADDRESS in text
    assert "\n\n\n" not in text
    assert text.endswith("\n")
    assert all(len(line) <= paper.LINE for line in text.splitlines())
    assert "Corrected" in text


def test_plain_text_says_what_a_draft_is(renderer: Renderer) -> None:
    assert "Draft, not reviewed" in text_of(renderer, edition=0)
    assert "Draft, not reviewed" not in text_of(renderer)
    assert "Demonstration" in text_of(renderer)


def test_words_cannot_pass_for_headings_of_plain_text(renderer: Renderer) -> None:
    fake = made_up.a_statement(1, texts={"en": "One.\n\nWHERE WE DISAGREED\n\nNowhere.", "sv": ""})
    text = text_of(renderer, blocks=[{"block": "why", "statements": [fake]}])
    assert "One. WHERE WE DISAGREED Nowhere." in text
    assert "\nWHERE WE DISAGREED\n" not in text


def test_long_words_and_addresses_are_not_broken(renderer: Renderer) -> None:
    long = "https://example.org/" + "a" * 120
    fake = made_up.a_statement(1, texts={"en": f"See {long} there", "sv": ""})
    assert long in text_of(renderer, blocks=[{"block": "why", "statements": [fake]}])


def test_a_code_for_the_wall_is_an_svg_with_a_title() -> None:
    svg = paper.qr_svg(ADDRESS + "&x=<b>", 'Code <b> & "x"')
    assert re.match(r"<svg\b", svg)
    assert '<title>Code &lt;b&gt; &amp; "x"</title>' in svg
    assert "<b>" not in svg
    assert 'fill="light"' not in svg


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_the_text_of_a_pdf_can_be_searched_and_selected_in_its_language(
    hub: Hub, language: str
) -> None:
    summary, editor = await forum.published(hub, await forum.hold(hub))
    found = await forum.statements(editor, summary, "leaders")
    answer = await get(hub, f"/summaries/{summary}.pdf?audience=leaders&language={language}")
    text = read_text(answer.content)
    told = [s["texts"][language] for s in found.values() if s["texts"]]
    assert len(told) > 8
    assert [t for t in told if " ".join(t.split()) not in text] == []
    heading = {"sv": "Det här är vi inte överens om", "en": "Where we disagreed"}[language]
    assert heading in text
    other = {"sv": "The editor wrote this.", "en": "Det här skrev redaktören."}[language]
    assert other not in text
