"""Files of charters with texts that try to be more than text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from hub.charters import files, rules
from hub.charters.fit import figure
from hub.charters.models import Outcome
from hub.people.rules import clean_text
from hub.render import Renderer
from tests.hostile.looking import strange
from tests.hostile.texts import COUNT, ELEMENTS, TEXTS, marked

ROOT = Path(__file__).parents[2]
# Each kind once: the elements, every way out of a place, and all that are not elements.
SCRIPTED = len(ELEMENTS)
_OTHERS = range(10 * SCRIPTED, 10 * SCRIPTED + 68)
NUMBERS = [*range(0, SCRIPTED, 4), *range(SCRIPTED, 10 * SCRIPTED, SCRIPTED), *_OTHERS]
AWKWARD = (
    "1. sv: Börja",
    "sv: Börja",
    "english : Begin #",
    "# {#p-9}",
    "a {#p-9}",
    "> Status: Antagen",
    "  ## rubrik\n\n\n    > Status: Antagen\n---\n===\n~~~",
    "\\# \\\\ \\< &lt; &amp;lt; &#60; AT&T",
    "<b>\n<script>\n  <i>",
    "a\u2028b\u2029c\u0085d\u00a0e\ttabb",
    "2026-11-24",
    "yes",
    "null",
    "1.0",
    "~",
    "- a\n- b",
    "'a': \"b\" #c",
    "%YAML 1.1\n---\n...\n",
    "!!python/object/apply:os.system ['true']",
)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(ROOT / "templates", ROOT / "translations", timezone="Europe/Stockholm")


def charter_of(text: str) -> rules.State:
    """A charter that says the text wherever it says anything, in both languages."""
    said = clean_text(text)
    line = " ".join(said.split())
    pair = {
        language: rules.Text(line[: rules.TITLE_LIMIT].strip(), said, "draft", "person")
        for language in rules.LANGUAGES
    }
    title = {language: line[: rules.TITLE_LIMIT].strip() for language in rules.LANGUAGES}
    dissent = {"outcome": "o_1", "dialogue": "s_1", "group": "lived", "text": {"sv": said}}
    return rules.State(
        id="fientlig",
        title=title,
        preamble=dict.fromkeys(rules.LANGUAGES, said),
        source={**files.NO_SOURCE, "citation": line, "may_store_text": True},
        source_language="both",
        principles=(
            rules.Principle("p-1", pair, dissent=(dissent,), glossary_terms=(line[:80].strip(),)),
            rules.Principle("p-2", pair),
        ),
    )


NOBODY = {"account": None, "seat": None}
ALL = [*(marked(number) for number in NUMBERS), *AWKWARD]


def said_by(state: rules.State) -> list[object]:
    told = [[t.words for t in p.texts.values()] for p in state.principles]
    return [dict(state.title), dict(state.preamble), told]


def test_the_texts_are_of_every_kind() -> None:
    assert max(NUMBERS) < COUNT
    assert len(ALL) > 60
    assert len({TEXTS[number] for number in NUMBERS}) == len(NUMBERS)


@pytest.mark.parametrize("text", ALL)
def test_yaml_says_the_same_text_to_whoever_loads_it(text: str) -> None:
    state = charter_of(text)
    written = files.to_yaml(state)
    loaded = yaml.safe_load(written)["charter"]
    assert loaded["principles"][0]["text"] == {"sv": clean_text(text), "en": clean_text(text)}
    assert loaded["principles"][0]["dissent"][0]["text"] == {"sv": clean_text(text)}
    assert loaded["preamble"]["sv"] == clean_text(text)
    data = files.read_yaml(written.encode())
    assert rules.read_state(data) == state


@pytest.mark.parametrize("text", ALL)
@pytest.mark.parametrize("language", ["both", "sv"])
def test_markdown_says_the_same_text_when_it_comes_in_again(
    text: str, language: str, renderer: Renderer
) -> None:
    state = charter_of(text)
    written = files.to_markdown(state, language, lambda _, word: word)
    back = rules.read_state(files.read_markdown(written.encode(), language="sv"))
    if language == "sv":
        only = {"sv": state.principles[0].texts["sv"]}
        assert [p.texts["sv"].words for p in back.principles] == [only["sv"].words] * 2
        assert (back.title, back.preamble) == (
            {"sv": state.title["sv"]},
            {"sv": state.preamble["sv"]},
        )
    else:
        assert said_by(back) == said_by(state)
    assert [p.id for p in back.principles] == ["p-1", "p-2"]


@pytest.mark.parametrize("text", ALL)
def test_markdown_has_no_element_link_or_heading_of_somebody_elses(text: str) -> None:
    state = charter_of(text)
    written = files.to_markdown(state, "both", lambda _, word: word)
    assert "<" not in written
    assert not re.search(r"(?<!\\)(\\\\)*\]\(", written)
    assert not re.search(r"&(?!amp;|lt;)#?\w+;", written)
    ours = [line for line in written.split("\n") if re.match(r"\s*(#{1,6}\s|[-=]+\s*$|~~~)", line)]
    # The charter, two languages, and two principles in each.
    assert len(ours) == 7
    assert written.count("\n> Status:") == 4


def test_the_figure_of_fit_has_numbers_alone_in_its_bars(renderer: Renderer) -> None:
    """Titles stand beside the bars as text; nothing in an SVG comes from what people wrote."""
    rated = Outcome(
        gathering_id="s_1",
        principle_id="p-1",
        decision="keep",
        closed_at=datetime(2026, 11, 23, tzinfo=UTC),
        passed=0,
        counts=[3, 0, 1, 0, 3],
        counts_by_group={},
    )
    for text in ALL:
        title = dict(charter_of(text).title)
        charter = {"id": "fientlig", "title": title, "demonstration": False}
        found = figure([{"id": "p-1", "n": 1, "title": title}], [rated])
        context: dict[str, Any] = {"charter": charter, "fit": found, "sessions": [], "chosen": None}
        html = renderer.render("charters/fit.html", "en", caller=NOBODY, path="/", **context)
        assert strange(html) == []
        bars = re.findall(r"<svg class=\"bar\".*?</svg>", html, re.S)
        assert len(bars) == 1
        for element in ElementTree.fromstring(bars[0]).iter():
            assert re.fullmatch(r"\d*", (element.text or "").strip())
            assert "zq" not in "".join(element.attrib.values())
