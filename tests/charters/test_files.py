"""Files: what comes out comes in again, and what is wrong is named by file, line and field."""

from __future__ import annotations

import contextlib
import io
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.charters import files, rules
from hub.render import Renderer

ROOT = Path(__file__).parents[2]
GOOD = """charter:
  id: vara-loften
  kind: original
  title: {sv: Våra löften, en: Our promises}
  source_language: both
  principles:
    - id: p-1
      title: {sv: Ett, en: One}
      text:
        sv: Vi börjar.
        en: We begin.
    - id: p-2
      title: {sv: Två, en: Two}
      text: {sv: Vi fortsätter., en: We go on.}
"""


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(ROOT / "templates", ROOT / "translations", timezone="Europe/Stockholm")


def faults_of(read: Callable[[], Any]) -> list[tuple[int | None, str, str]]:
    with pytest.raises(files.FileFaults) as wrong:
        read()
    assert all(fault.file == "x.yaml" for fault in wrong.value.faults)
    return [(fault.line, fault.field, str(fault.code)) for fault in wrong.value.faults]


# --- what ships ----------------------------------------------------------------------------------


def test_what_ships_is_two_charters_in_draft_and_entries_without_text() -> None:
    shipped = {data["id"]: rules.read_state(data) for data in files.shipped()}
    ours = [s for s in shipped.values() if s.kind == "original"]
    assert {s.id: len(s.principles) for s in ours} == {
        "vi-skapar-tillsammans": 10,
        "jag-ar-med": 9,
    }
    for state in ours:
        for principle in state.principles:
            for text in principle.texts.values():
                assert (text.status, text.origin) == ("draft", "person")
            assert principle.log == ()
        assert "confirm" in state.source["licence"]
    entries = [s for s in shipped.values() if s.kind == "metadata_only"]
    assert len(entries) == 25
    for entry in entries:
        assert not entry.principles
        assert not rules.may_show(entry)
        assert set(entry.themes) == {"sv", "en"}
        assert entry.source["checked"] == "stored_page"
        assert entry.source["may_store_text"] is False
        assert entry.source["country"] in ("GB", "US", "INT")
    assert shipped["scie-4"].source["year_checked"] == "general_knowledge"


def test_no_file_that_ships_has_an_address_of_the_web() -> None:
    for path in (ROOT / "charters").glob("*.yaml"):
        assert not re.search(r"https?:|www\.", path.read_text("utf-8")), path.name


def test_the_files_go_into_the_package() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '"charters" = "hub/_data/charters"' in pyproject


# --- YAML --------------------------------------------------------------------------------------


def test_what_goes_out_as_yaml_comes_in_the_same() -> None:
    for data in files.shipped():
        state = rules.read_state(data)
        assert files.read_yaml(files.to_yaml(state).encode()) == data


_WORDS = st.text("abcåäö: #'\"-|>{}[]&*!%@,\n", min_size=1, max_size=30).map(
    lambda words: f"x{' '.join(words.split())}x"
)


@settings(max_examples=30, deadline=None)
@given(title=_WORDS, words=_WORDS, term=_WORDS, note=_WORDS)
def test_a_charter_with_its_whole_life_goes_through_a_file(
    title: str, words: str, term: str, note: str
) -> None:
    state = lived(title, words, term, note)
    version = rules.state_of(state)
    out = files.to_yaml(state, [version], {"p-1": ["o_1"]})
    data = files.read_yaml(out.encode())
    history = data.pop("history")
    assert rules.read_state(data) == state
    assert [each["version"]["number"] for each in history] == ["1.0"]
    assert history[0]["principles"] == data["principles"]
    again = files.to_yaml(rules.read_state(data), [{**data, **history[0]}], {"p-1": ["o_1"]})
    assert again == out


def lived(title: str, words: str, term: str, note: str) -> rules.State:
    """A charter that was adopted, with dissent, and with a principle that was taken out."""
    log = tuple(
        {
            "language": language,
            "status": status,
            "on": "2026-11-24",
            "by_role": "editor",
            "outcome": "o_1" if status == "tested_in_dialogue" else None,
            "dialogue": "s_1" if status == "tested_in_dialogue" else None,
            "note": note,
        }
        for language in rules.LANGUAGES
        for status in ("human_reviewed", "tested_in_dialogue", "adopted")
    )
    pair = {language: rules.Text(title, words, "adopted", "person") for language in ("sv", "en")}
    adopted = {
        "texts": {language: text.words for language, text in pair.items()},
        "on": "2026-11-24",
        "body": "Brukarrådet",
        "version": "1.0",
    }
    dissent = {"outcome": "o_1", "dialogue": "s_1", "group": "lived", "text": {"sv": words}}
    machine = rules.Text(title, words, "draft", "machine", "argos 1.0; glossary 3")
    gone = rules.Principle(
        "p-2", {"sv": rules.Text(title, words, "draft", "person"), "en": machine}
    )
    version = {
        "number": "1.0",
        "on": "2026-11-24",
        "based_on": "0.9",
        "note": {"sv": note, "en": note},
        "adopted_by": "Brukarrådet",
    }
    return rules.State(
        "vara-loften",
        title={"sv": title, "en": title},
        source=dict(files.NO_SOURCE),
        principles=(rules.Principle("p-1", pair, (term,), (dissent,), log, adopted),),
        removed=(gone,),
        version=version,
    )


def test_an_order_that_is_written_down_is_kept() -> None:
    swapped = GOOD.replace("- id: p-1", "- id: p-1\n      order: 2").replace(
        "- id: p-2", "- id: p-2\n      order: 1"
    )
    data = files.read_yaml(swapped.encode())
    assert [p["id"] for p in data["principles"]] == ["p-2", "p-1"]


BAD = [
    (
        "en: Our promises",
        "e: Our promises",
        [(4, "title/en", "language_missing"), (4, "title/e", "field_unknown")],
    ),
    (
        "        en: We begin.\n",
        "",
        [(9, "principles/0/text/en", "language_missing")],
    ),
    ("- id: p-2", "- id: p-1", [(12, "principles/1/id", "principle_id_repeats")]),
    ("- id: p-2", "- id: p 2", [(12, "principles/1/id", "id_unreadable")]),
    (
        "source_language: both",
        "source_language: de",
        [(5, "source_language", "source_language_unknown")],
    ),
    ("  source_language: both\n", "", None),
    ("kind: original", "kind: poem", [(3, "kind", "charter_kind_unknown")]),
    ("kind: original", "kind: metadata_only", [(6, "principles", "entry_with_text")]),
    ("kind: original", "kind: original\n  kind: original", [(4, "kind", "field_repeats")]),
    ("text: {sv: Vi fortsätter., en: We go on.}", "text: Vi fortsätter.", None),
    ("sv: Vi börjar.", "sv: 12", None),
    ("title: {sv: Två, en: Two}", "titel: {sv: Två, en: Two}", None),
    ("- id: p-2", "- id: p-2\n      order: 1", [(6, "principles", "place_repeats")]),
    (
        "- id: p-2",
        "- id: p-2\n      order: first",
        [(13, "principles/1/order", "order_unreadable")],
    ),
    (
        "- id: p-2",
        "- id: p-2\n      status: {sv: adopted, en: draft}",
        [
            (13, "principles/1/status/sv", "status_without_log"),
            (12, "principles/1/adopted", "adopted_without_body"),
        ],
    ),
    (
        "- id: p-2",
        "- id: p-2\n      status: {sv: done, en: draft}",
        [(13, "principles/1/status/sv", "status_unknown")],
    ),
    (
        "- id: p-2",
        "- id: p-2\n      status: {sv: missing, en: draft}",
        [(13, "principles/1/status/sv", "status_unknown")],
    ),
    (
        "- id: p-2",
        "- id: p-2\n      origin: {sv: machine, en: person}",
        [(12, "principles/1/engine/sv", "engine_missing")],
    ),
    (
        "- id: p-2",
        "- id: p-2\n      origin: {sv: cat, en: person}",
        [(13, "principles/1/origin/sv", "origin_unknown")],
    ),
    ("Vi börjar.", "Vi \\x07 börjar.".replace("\\x07", "\x07"), [(10, "", "file_not_text")]),
    ("Vi börjar.", "x" * 4001, [(10, "principles/0/text/sv", "text_longer")]),
    ("Vi börjar.", "&a Vi börjar.", [(10, "", "file_alias")]),
    ("Vi börjar.", "!!python/name:os.system Vi", [(10, "principles/0/text/sv", "file_not_yaml")]),
    ("Vi börjar.", "'Vi börjar.", None),
    (
        "source_language: both",
        "source: {year: soon}\n  source_language: both",
        [(5, "source/year", "year_unreadable")],
    ),
    (
        "source_language: both",
        "source: {country: Sweden}\n  source_language: both",
        [(5, "source/country", "country_code_unknown")],
    ),
    ("source_language: both", "version: {number: one, on: now}\n  source_language: both", None),
]


@pytest.mark.parametrize(("old", "new", "expected"), BAD)
def test_what_is_wrong_is_named_by_line_and_field(
    old: str, new: str, expected: list[tuple[int, str, str]] | None, renderer: Renderer
) -> None:
    assert old in GOOD
    with pytest.raises(files.FileFaults) as wrong:
        files.read_yaml(GOOD.replace(old, new, 1).encode(), file="x.yaml")
    found = [
        (f.line, f.field.removeprefix("/charter/").removeprefix("/charter"), str(f.code))
        for f in wrong.value.faults
    ]
    assert all(line is not None for line, _, _ in found)
    for fault in wrong.value.faults:
        for language in ("sv", "en"):
            sentence = renderer.fault(language, fault.code)
            assert sentence not in (renderer.say(language, "fault.unknown"), "")
            assert "%(" not in sentence
    if expected is not None:
        assert set(expected) <= set(found)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file_empty"),
        (b" \n ", "file_empty"),
        (b"\xff\xfe\x00", "file_not_text"),
        (b"- just\n- a list", "file_no_charter"),
        (b"charters: []", "file_one_charter"),
        (b"a: [b", "file_not_yaml"),
        (b"[" * 100_000, "file_not_yaml"),
        (b"a: &x [*x]", "file_alias"),
        (b"{" * 40 + b"}" * 40, "file_not_yaml"),
        (b"x" * (files.LIMIT_BYTES + 1), "file_too_large"),
        (b"year: " + b"9" * 10_000, "field_unknown"),
    ],
)
def test_a_file_that_is_no_charter_is_refused_at_once(raw: bytes, code: str) -> None:
    began = time.thread_time()
    found = faults_of(lambda: files.read_yaml(raw, file="x.yaml"))
    assert code in [fault[2] for fault in found]
    assert time.thread_time() - began < 3


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_broken_file_does_anything_but_be_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    cut = data.draw(st.integers(0, 6))
    put = data.draw(st.text(max_size=6))
    raw = (GOOD[:at] + put + GOOD[at + cut :]).encode("utf-8", "surrogatepass")
    with contextlib.suppress(files.FileFaults):
        read = files.read_yaml(raw)
        assert read["id"]
        assert rules.read_state(rules.state_of(rules.read_state(read))) == rules.read_state(read)


def test_a_text_that_may_not_be_shown_stays_out_of_public_files() -> None:
    state = rules.State(
        "theirs",
        "import",
        title={"en": "Theirs"},
        preamble={"en": "Secret preamble"},
        source={**files.NO_SOURCE, "organisation": "Somebody"},
        source_language="en",
        right={"statement": "We asked them", "on": "2026-11-24", "by_role": "editor"},
        principles=(
            rules.Principle(
                "p-1",
                {"sv": rules.Text(), "en": rules.Text("One", "Secret", "draft", "person")},
            ),
        ),
    )
    public = files.to_yaml(state, full=False)
    assert "Secret" not in public
    assert "We asked" not in public
    assert files.read_yaml(public.encode())["kind"] == "metadata_only"
    assert "Secret" not in files.to_markdown(state, "en", lambda _l, word: word)
    assert "Secret" in files.to_markdown(state, "en", lambda _l, word: word, full=True)
    assert "Secret" in files.to_yaml(state)


# --- Markdown ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["sv", "en", "both"])
def test_what_goes_out_as_markdown_comes_in_with_the_same_words(
    language: str, renderer: Renderer
) -> None:
    for data in files.shipped():
        state = rules.read_state(data)
        if not state.principles:
            continue
        out = files.to_markdown(state, language, renderer.say)
        read = files.read_markdown(out.encode(), language=language)
        assert read["id"] == state.id
        languages = ("sv", "en") if language == "both" else (language,)
        for each in languages:
            assert read["title"][each] == state.title[each]
            assert read["preamble"][each] == state.preamble[each]
        for principle, known in zip(read["principles"], state.principles, strict=True):
            assert principle["id"] == known.id
            for each in languages:
                assert principle["texts"][each]["text"] == known.texts[each].text
                assert principle["texts"][each]["title"] == known.texts[each].title


def test_a_markdown_file_tells_readers_how_far_each_text_has_come(renderer: Renderer) -> None:
    state = rules.read_state(files.shipped()[0])
    assert "> Status: Utkast\n" in files.to_markdown(state, "sv", renderer.say)
    text = rules.Text("T", "x", "draft", "machine", "argos")
    machine = rules.State("c", principles=(rules.Principle("p", {"sv": text, "en": text}),))
    assert "Maskinöversatt utkast" in files.to_markdown(machine, "sv", renderer.say)


def test_headings_are_the_titles_of_principles() -> None:
    read = files.read_markdown(
        b"# Ours\n\nFor all.\n\n## 1. Begin\nWe begin.\n\nTogether.\n## Go on\n### really\nWe do.",
        language="en",
    )
    assert read["title"] == {"en": "Ours"}
    assert read["preamble"] == {"en": "For all."}
    texts = [p["texts"]["en"] for p in read["principles"]]
    assert [t["title"] for t in texts] == ["Begin", "Go on"]
    assert texts[0]["text"] == "We begin.\n\nTogether."
    assert {t["status"] for t in texts} == {"draft"}


@pytest.mark.parametrize(
    ("raw", "code", "line"),
    [
        (b"Just words.", "file_no_headings", None),
        (b"# A\n\n## B\nx\n\n## C\n", "text_missing", 6),
        (b"## sv\n### A {#a}\nx\n### A {#a}\ny\n## en\n### A {#a}\nx", "principle_id_repeats", 4),
        (b"## sv\n### A\nx\n## en\n", "file_no_headings", None),
        (b"## sv\n### A\nx\n### B\ny\n## en\n### A\nx", "language_missing", 4),
        (b"## sv\n### A\nx\n## en\n### A\nx\n### B\ny", "language_missing", 7),
        (b"## sv\n### A\nx\n## fi\n### A\nx", "file_language_heading", 4),
        (b"## sv\n### A\nx\n## sv\n### B\nx", "file_language_repeats", 4),
    ],
)
def test_what_is_wrong_with_markdown_is_named(raw: bytes, code: str, line: int | None) -> None:
    found = faults_of(lambda: files.read_markdown(raw, file="x.yaml", language="en"))
    assert (line, code) in [(fault[0], fault[2]) for fault in found]


def test_a_text_in_one_language_has_to_say_which() -> None:
    found = faults_of(lambda: files.read_markdown(b"# A\nx", file="x.yaml"))
    assert [fault[2] for fault in found] == ["file_language_unsaid"]


# --- DOCX --------------------------------------------------------------------------------------


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_the_headings_of_a_document_are_principles() -> None:
    document = docx.Document()
    document.add_heading("Our charter", 0)
    document.add_paragraph("For all of us.")
    for n in (1, 2):
        document.add_heading(f"{n}. Promise {n}", 1)
        document.add_paragraph(f"We keep {n}.")
        document.add_paragraph("Always.")
    read = files.read_docx(saved(document), language="en")
    assert read["title"] == {"en": "Our charter"}
    assert read["preamble"] == {"en": "For all of us."}
    assert [p["texts"]["en"]["title"] for p in read["principles"]] == ["Promise 1", "Promise 2"]
    assert read["principles"][0]["texts"]["en"]["text"] == "We keep 1.\n\nAlways."


def test_bold_beginnings_and_numbers_do_where_there_are_no_headings() -> None:
    document = docx.Document()
    document.add_paragraph("Before it all.")
    paragraph = document.add_paragraph()
    paragraph.add_run("Begin together.").bold = True
    paragraph.add_run(" We are all there.")
    document.add_paragraph("2. We share power.")
    document.add_paragraph("We ask who is missing.", style="List Number")
    read = files.read_docx(saved(document), language="en")
    texts = [(p["texts"]["en"]["title"], p["texts"]["en"]["text"]) for p in read["principles"]]
    assert texts == [
        ("Begin together", "We are all there."),
        ("Principle 2", "We share power."),
        ("Principle 3", "We ask who is missing."),
    ]
    assert read["preamble"] == {"en": "Before it all."}


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


BOMB = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaa">]><w>&a;</w>'


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "file_not_docx"),
        (b"%PDF-1.7 not a document", "file_not_docx"),
        (b"PK\x03\x04 broken", "file_not_docx"),
        (zipped({"a.txt": b"x"}), "file_not_docx"),
        (zipped({"word/document.xml": b"<not-xml"}), "file_not_docx"),
        (zipped({"word/document.xml": BOMB}), "file_not_docx"),
        (zipped({"word/document.xml": bytes(25_000_000)}), "file_unpacks_large"),
        (zipped({f"{n}.xml": b"" for n in range(2100)}), "file_unpacks_large"),
        (b"x" * 10_000_000, "file_too_large"),
        (saved(docx.Document()), "file_no_headings"),
    ],
)
def test_a_document_that_is_not_one_is_refused(raw: bytes, code: str) -> None:
    found = faults_of(lambda: files.read_docx(raw, file="x.yaml", language="en"))
    assert code in [fault[2] for fault in found]


@settings(max_examples=25, deadline=None)
@given(at=st.integers(0, 30_000), put=st.binary(min_size=1, max_size=8))
def test_a_damaged_document_is_read_or_refused(at: int, put: bytes) -> None:
    raw = bytearray(_document())
    at %= len(raw)
    raw[at : at + len(put)] = put
    with contextlib.suppress(files.FileFaults):
        assert files.read_docx(bytes(raw), language="en")["principles"]


_kept: list[bytes] = []


def _document() -> bytes:
    if not _kept:
        document = docx.Document()
        document.add_heading("A", 1)
        document.add_paragraph("b")
        _kept.append(saved(document))
    return _kept[0]


@pytest.mark.parametrize("name", ["x.pdf", "x", "x.yaml.exe"])
def test_other_kinds_of_files_are_refused(name: str) -> None:
    with pytest.raises(files.FileFaults) as wrong:
        files.read_any(GOOD.encode(), file=name)
    assert [str(fault.code) for fault in wrong.value.faults] == ["file_kind_unknown"]


def test_the_kind_of_a_file_is_told_by_its_ending() -> None:
    assert files.read_any(GOOD.encode(), file="A.YML")["id"] == "vara-loften"
    assert files.read_any(b"# A\nb", file="a.md", language="sv")["source_language"] == "sv"
    assert files.read_any(_document(), file="a.docx", language="en")["principles"]


def test_a_file_of_ours_is_plain_yaml() -> None:
    text = files.to_yaml(rules.read_state(files.shipped()[0]))
    assert yaml.safe_load(text)["charter"]["id"] == "jag-ar-med"
    assert "&id" not in text
