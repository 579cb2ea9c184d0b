"""Formats: copied, changed, checked in words, kept as files, and used by the sessions planned."""

from __future__ import annotations

import asyncio
import copy
import html
from collections.abc import Callable
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.gatherings import formats, rules
from hub.gatherings.formats import SHIPPED, Formats, line_of, read_text, slug
from hub.render import Renderer
from tests.cast import TITLE, Person, plan
from tests.conftest import Hub

ROOT = Path(__file__).parents[2]
NAMES = ("jif-90", "jif-180", "reflective-dialogue", "reflective-dialogue-express")


def shipped(name: str = "jif-90") -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((SHIPPED / f"{name}.yaml").read_text("utf-8"))
    return data


def step(data: dict[str, Any], phase_id: str) -> dict[str, Any]:
    return next(p for p in data["phases"] if p["id"] == phase_id)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(ROOT / "templates", ROOT / "translations", timezone="Europe/Stockholm")


# --- the rules -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_what_ships_is_sound_and_tells_the_facilitator_what_to_do_in_each_step(name: str) -> None:
    data = shipped(name)
    assert rules.check_format(data) == {}
    assert rules.read_format(rules.tidy_format(data)) == rules.read_format(data)
    for phase in rules.read_format(data).phases:
        for text in phase.host.values():
            assert 20 < len(text) < 260
            assert text.endswith(".")
        assert set(phase.host) == {"sv", "en"}


@pytest.mark.parametrize("name", NAMES)
def test_a_session_planned_before_there_were_lines_for_the_facilitator_still_reads(
    name: str,
) -> None:
    stored = asdict(rules.read_format(shipped(name)))
    for phase in stored["phases"]:
        del phase["host"]
    form = rules.read_format(stored)
    assert [p.host for p in form.phases] == [{}] * len(form.phases)
    assert [p.bot for p in form.phases] == [p.bot for p in rules.read_format(shipped(name)).phases]


def put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """A change at a JSON pointer; no value takes it away."""

    def change(data: dict[str, Any]) -> None:
        *way, last = path.strip("/").split("/")
        at: Any = data
        for part in way:
            at = at[int(part)] if isinstance(at, list) else at[part]
        key: Any = int(last) if isinstance(at, list) else last
        if value is GONE:
            del at[key]
        else:
            at[key] = value

    return change


def without(*ids: str) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        data["phases"] = [p for p in data["phases"] if p["id"] not in ids]

    return change


def last_first(data: dict[str, Any]) -> None:
    data["phases"].insert(0, data["phases"].pop())


GONE = object()
LONG = "å" * 501
FAULTS: list[tuple[Callable[[dict[str, Any]], None], str, str, str]] = [
    (put("/id", "../etc"), "/id", "format_id_unreadable", "bindestreck"),
    (put("/id", GONE), "/id", "format_id_unreadable", "bindestreck"),
    (put("/id", "Åäö"), "/id", "format_id_unreadable", "bindestreck"),
    (put("/from", "../x"), "/from", "format_id_unreadable", "bindestreck"),
    (put("/kind", "party"), "/kind", "format_kind_unknown", "forum"),
    (put("/kind", []), "/kind", "format_kind_unknown", "forum"),
    (put("/title/sv", " "), "/title/sv", "text_missing", "Skriv en text"),
    (put("/title", "Forum"), "/title", "both_languages", "båda språken"),
    (put("/title/en", 90), "/title/en", "not_text", "citattecken"),
    (put("/title/sv", "x" * 101), "/title/sv", "longer_than", "Högst 100 tecken. Nu är det 101"),
    (put("/summary/en", "\u200b"), "/summary/en", "text_missing", "Skriv en text"),
    (put("/hybrid", "yes"), "/hybrid", "not_yes_or_no", "true eller false"),
    (put("/phases", []), "/phases", "steps_missing", "minst ett steg"),
    (put("/phases", "all"), "/phases", "steps_missing", "minst ett steg"),
    (put("/phases/3", "tolka"), "/phases/3", "step_unreadable", "inget steg"),
    (put("/phases/3/id", "to/lka"), "/phases/3/id", "step_id_unreadable", "a–z"),
    (put("/phases/3/id", "evidence"), "/phases/3/id", "step_id_repeats", "samma id"),
    (put("/phases/3/minutes", 0.5), "/phases/3/minutes", "minutes_between", "från 1 till 240"),
    (put("/phases/3/minutes", 241), "/phases/3/minutes", "minutes_between", "från 1 till 240"),
    (put("/phases/3/minutes", True), "/phases/3/minutes", "minutes_between", "från 1 till 240"),
    (put("/phases/3/minutes", "14"), "/phases/3/minutes", "minutes_between", "från 1 till 240"),
    (
        put("/phases/3/minutes", float("nan")),
        "/phases/3/minutes",
        "minutes_between",
        "från 1 till 240",
    ),
    (put("/phases/3/title/en", ""), "/phases/3/title/en", "text_missing", "Skriv en text"),
    (put("/phases/3/task/sv", LONG), "/phases/3/task/sv", "longer_than", "Högst 500 tecken"),
    (put("/phases/3/bot/sv", ""), "/phases/3/bot/sv", "other_language_missing", "båda tomma"),
    (put("/phases/3/host/en", ""), "/phases/3/host/en", "other_language_missing", "båda tomma"),
    (put("/phases/0/bot", {}), "/phases/0/bot/sv", "first_line_missing", "maskin"),
    (
        put("/phases/2/bot/sv", "Tänk i {minuter} minuter."),
        "/phases/2/bot/sv",
        "placeholder_unknown",
        "{minuter} fylls inte i här. De här går att använda: {facilitator}, {min}, {n}",
    ),
    (
        put("/phases/2/bot/sv", "Tänk själv."),
        "/phases/2/bot/sv",
        "placeholder_missing",
        "{min} står bara på det andra språket",
    ),
    (put("/phases/2/bot/sv", "{min} } x"), "/phases/2/bot/sv", "brace_stray", "står ensamt"),
    (put("/phases/2/bot/sv", "{ min }"), "/phases/2/bot/sv", "brace_stray", "står ensamt"),
    (put("/phases/2/task/sv", "{min}"), "/phases/2/task/sv", "placeholder_none", "Skriv utan"),
    (put("/phases/2/discussion", 1), "/phases/2/discussion", "not_yes_or_no", "true"),
    (put("/phases/2/cuttable", True), "/phases/2/cuttable", "never_cut", "själva metoden"),
    (put("/phases/4/cuttable", True), "/phases/4/cuttable", "never_cut", "själva metoden"),
    (put("/phases/4/cuttable", "no"), "/phases/4/cuttable", "not_yes_or_no", "true"),
    (put("/phases/3/inputs", "contribution"), "/phases/3/inputs", "inputs_unreadable", "lista"),
    (put("/phases/3/inputs", ["song"]), "/phases/3/inputs/0", "input_unknown", "song är inget"),
    (put("/phases/3/inputs", ["bot"]), "/phases/3/inputs/0", "input_unknown", "contribution"),
    (put("/phases/3/inputs", [[]]), "/phases/3/inputs/0", "input_unknown", "contribution"),
    (put("/phases/3/exit", "never"), "/phases/3/exit", "exit_unknown", "never säger inte"),
    (put("/phases/3/exit", GONE), "/phases/3/exit", "exit_unknown", "everyone_consented"),
    (put("/triggers/party", {}), "/triggers/party", "trigger_unknown", "party"),
    (put("/triggers", ["silence"]), "/triggers", "lines_unreadable", "båda språken"),
    (
        put("/triggers/unheard_group/sv", "Vi har inte hört från {grupp} än."),
        "/triggers/unheard_group/sv",
        "placeholder_unknown",
        "{grupp} fylls inte i här. De här går att använda: {group}",
    ),
    (
        put("/triggers/silence/sv", "Tyst, {facilitator}?"),
        "/triggers/silence/sv",
        "placeholder_none",
        "{facilitator} fylls inte i här",
    ),
    (put("/triggers/silence/en", ""), "/triggers/silence/en", "other_language_missing", "båda"),
    (put("/triggers/silence/en", LONG), "/triggers/silence/en", "longer_than", "är det 501"),
    (without("reflect"), "/phases/2", "needs_reflect", "Tolka behöver Egna tankar"),
    (without("restate"), "/phases/4", "needs_restate", "Gemensam bild behöver Byt perspektiv"),
    (without("recommend"), "/phases/6", "needs_recommend", "Beslut behöver Förslag"),
    (last_first, "/phases/0", "close_last", "komma sist"),
]


@pytest.mark.parametrize(("change", "pointer", "code", "words"), FAULTS)
def test_each_fault_is_pointed_at_and_said_in_both_languages(
    renderer: Renderer,
    change: Callable[[dict[str, Any]], None],
    pointer: str,
    code: str,
    words: str,
) -> None:
    data = shipped()
    change(data)
    faults = rules.check_format(data)
    assert faults[pointer] == code
    assert words in renderer.fault("sv", faults[pointer])
    english = renderer.fault("en", faults[pointer])
    assert english not in ("", renderer.fault("sv", faults[pointer]))
    assert english != renderer.fault("en", "unknown")
    assert "%(" not in english


def test_all_faults_come_at_once() -> None:
    data = shipped()
    put("/title/sv", "")(data)
    put("/phases/1/minutes", 999)(data)
    put("/phases/7/bot/en", "{x}")(data)
    put("/triggers/jargon/sv", "{term} {")(data)
    assert rules.check_format(data) == {
        "/title/sv": "text_missing",
        "/phases/1/minutes": "minutes_between",
        "/phases/7/bot/en": "placeholder_unknown",
        "/triggers/jargon/sv": "brace_stray",
    }


def test_a_session_is_shorter_than_eight_hours(renderer: Renderer) -> None:
    data = shipped()
    for phase in data["phases"][:2]:
        phase["minutes"] = 200
    assert rules.check_format(data) == {}
    data["phases"][3]["minutes"] = 22
    faults = rules.check_format(data)
    assert faults == {"/phases": "session_too_long"}
    assert "480 minuter tillsammans" in renderer.fault("sv", faults["/phases"])


def test_what_is_left_out_may_not_be_what_a_kept_step_builds_on() -> None:
    data = shipped()
    without("converge", "evidence", "recommend", "decide")(data)
    assert rules.check_format(data) == {}
    without("restate", "reflect")(data)
    assert set(rules.check_format(data).values()) == {"needs_reflect"}


def test_a_copy_keeps_the_beginning_and_the_end() -> None:
    origin, data = [p["id"] for p in shipped()["phases"]], shipped()
    without("arrive")(data)
    assert rules.check_format(data) == {}
    assert rules.check_format(data, origin=origin) == {"/phases": "arrive_first"}


def test_a_dialogue_has_its_own_words_to_fill_in() -> None:
    data = shipped("reflective-dialogue")
    put("/phases/3/bot", {"sv": "{title}: {text}", "en": "{title}: {text}"})(data)
    assert rules.check_format(data) == {}
    forum = shipped()
    put("/phases/3/bot", {"sv": "{title}", "en": "{title}"})(forum)
    assert set(rules.check_format(forum).values()) == {"placeholder_unknown"}


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["forum", "{min}", "{", "arrive", "reflect", "contribution", "time", 10**400])
)
KEYS = st.text() | st.sampled_from(
    ["id", "kind", "title", "summary", "phases", "triggers", "inputs", "sv", "en", "bot", "silence"]
)
JUNK = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=6)
)


@settings(max_examples=300, deadline=None)
@given(JUNK)
def test_the_check_never_raises(junk: Any) -> None:
    faults = rules.check_format(junk)
    assert faults
    for pointer, code in faults.items():
        assert pointer == "" or pointer.startswith("/")
        assert code.isidentifier()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    *("/title", "/id", "/kind", "/phases", "/triggers", "/triggers/silence"),
                    *("/phases/2", "/phases/2/id", "/phases/2/bot", "/phases/2/minutes"),
                    "/phases/2/inputs",
                ]
            ),
            JUNK,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_a_sound_format_with_junk_in_it_is_refused_or_can_be_used(
    changes: list[tuple[str, Any]],
) -> None:
    data = shipped_once()
    for path, junk in changes:
        try:
            put(path, junk)(data)
        except (IndexError, KeyError, TypeError, ValueError, AttributeError):
            continue
    if not rules.check_format(data):
        kept = rules.tidy_format(data)
        assert rules.check_format(kept) == {}
        rules.read_format(kept)
        assert yaml.safe_load(yaml.safe_dump(kept, allow_unicode=True)) == kept


SOUND = shipped()


def shipped_once() -> dict[str, Any]:
    return copy.deepcopy(SOUND)


# --- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("Vårt upplägg, 60 minuter", "vart-upplagg-60-minuter"),
        ("../../etc/passwd", "etc-passwd"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
        ("🎉", "english-title"),
        ("x" * 5000, "x" * 50),
        ("..", "english-title"),
        ("İ/\\\x00:*?", "i"),
    ],
)
def test_an_id_is_made_from_the_title(title: str, wanted: str) -> None:
    assert slug({"sv": title, "en": "English title"}) == wanted
    assert rules.FORMAT_ID.fullmatch(wanted)


def test_an_id_can_be_made_of_any_title() -> None:
    assert slug({"sv": "مرحبا", "en": "🎉"}) == "format"
    assert slug(None) == "format"


def own(folder: Path, name: str, text: str | bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


def as_yaml(data: dict[str, Any]) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


TEXT = (SHIPPED / "jif-90.yaml").read_text("utf-8")
LINES = TEXT.split("\n")
BROKEN: list[tuple[str | bytes, str, int | None]] = [
    ("", "file_empty", None),
    ("# nothing\n", "file_empty", None),
    ("just words", "format_not_mapping", 1),
    ("- a\n- list\n", "format_not_mapping", 1),
    ('id: x\ntitle: "no end\nkind: forum\n', "file_not_yaml", 4),
    ("id: x\n\tkind: forum\n", "file_not_yaml", 2),
    ("id: x\n  kind: forum\n", "file_not_yaml", 2),
    (b"id: x\ntitle:\n  sv: \xe5\xe4\xf6\n", "file_not_text", 3),
    ("id: x\nwhen: 2026-13-45\n", "file_not_yaml", None),
    ("id: x\nrun: !!python/object/apply:os.system ['true']\n", "file_not_yaml", 2),
    ("[" * 50_000, "file_not_yaml", None),
    ("&a [*a]", "format_not_mapping", 1),
    ("x: " + "y" * 300_000, "file_too_large", None),
    (TEXT.replace("kind: forum", "kind: feast"), "format_kind_unknown", 3),
    (TEXT.replace("minutes: 8\n", "minutes: eight\n"), "minutes_between", None),
    (TEXT.replace("{facilitator}", "{ledare}", 1), "placeholder_unknown", None),
]


@pytest.mark.parametrize(("text", "code", "line"), BROKEN)
async def test_a_file_broken_by_hand_is_told_of_in_words_and_the_rest_works(
    hub: Hub, text: str | bytes, code: str, line: int | None
) -> None:
    folder = hub.settings.data_dir / "formats"
    own(folder, "trasig.yaml", text)
    own(folder, "egen.yaml", as_yaml({**shipped(), "id": "egen"}))
    shelf = Formats(folder)
    assert {f.id for f in shelf.all()} == {*NAMES, "egen"}
    (file,) = shelf.unreadable()
    fault = file.faults[0]
    assert (file.name, fault.code) == ("trasig.yaml", code)
    if isinstance(text, str) and text.startswith(TEXT[:20]):
        wrong = {"minutes_between": "minutes: eight", "placeholder_unknown": "{ledare}"}
        line = next(n for n, at in enumerate(text.split("\n"), 1) if wrong.get(code, "feast") in at)
    assert fault.line == line
    fatima = await hub.account()
    page = (await see(hub, fatima, "/formats")).text
    assert "Den här filen går inte att läsa: trasig.yaml" in page
    assert f"Rad {line}: " in page or line is None
    assert await plan(fatima, format="egen")


def test_what_is_no_file_and_what_says_the_same_id_twice_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "nowhere.yaml").symlink_to(tmp_path / "gone")
    own(tmp_path, "a.yaml", as_yaml({**shipped(), "id": "egen"}))
    own(tmp_path, "b.yaml", as_yaml({**shipped(), "id": "egen", "summary": TITLE}))
    own(tmp_path, "notes.txt", "not one of ours")
    shelf = Formats(tmp_path)
    assert {(f.name, f.faults[0].code) for f in shelf.unreadable()} == {
        ("folder.yaml", "file_unreadable"),
        ("nowhere.yaml", "file_unreadable"),
        ("b.yaml", "format_id_repeats"),
    }
    assert shelf.data("egen")["summary"] == shipped()["summary"]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab:-{}[]&*!?|>\"'#\n\t 0") | st.text())
def test_no_words_in_a_file_are_too_much(text: str) -> None:
    data, faults = read_text(text)
    assert (data is None) == bool(faults)


def test_a_fault_in_a_file_is_told_of_by_its_line_or_the_nearest() -> None:
    root = yaml.compose(TEXT)
    at = line_of(root, "/phases/1/bot/sv")
    assert at is not None
    assert LINES[at - 1].strip().startswith('sv: "Nu tittar vi')
    assert LINES[(line_of(root, "/phases/1/nothing") or 0) - 1] == "  - id: evidence"
    assert line_of(root, "/from") == LINES.index("id: jif-90") + 1


def test_a_file_changed_by_hand_or_by_another_process_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "formats"
    here, elsewhere = Formats(folder), Formats(folder)
    assert here.find("egen") is None
    format_id = elsewhere.add({**shipped(), "title": {"sv": "Egen", "en": "Own"}})
    assert format_id == "egen"
    assert here.data("egen")["title"]["en"] == "Own"
    path = folder / "egen.yaml"
    path.write_text(path.read_text("utf-8").replace("Own", "Ours"), "utf-8")
    assert here.data("egen")["title"]["en"] == "Ours"
    assert elsewhere.version("egen") == here.version("egen")
    path.write_text("id: [", "utf-8")
    assert here.find("egen") is None
    assert [f.name for f in here.unreadable()] == ["egen.yaml"]
    path.unlink()
    assert here.unreadable() == ()


def test_a_kept_format_says_what_was_written_whatever_was_written(tmp_path: Path) -> None:
    data = shipped()
    texts = {"sv": "ja: [nej] # 'x' \"y\"\n- 2026-01-01 \u2028 🎉", "en": "no"}
    put("/phases/3/task", texts)(data)
    put("/phases/3/host", {"sv": "  ", "en": "\u200b"})(data)
    shelf = Formats(tmp_path)
    format_id = shelf.add(data)
    kept = Formats(tmp_path).data(format_id)
    assert step(kept, "interpret")["task"] == texts
    assert step(kept, "interpret")["host"] == {"sv": "", "en": ""}
    assert kept["from"] if "from" in data else "from" not in kept


def test_nothing_half_written_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Formats(tmp_path)
    format_id = shelf.add(shipped())
    before = (tmp_path / f"{format_id}.yaml").read_bytes()

    def full(_file: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(formats.os, "fsync", full)
    with pytest.raises(formats.Refusal, match="format_not_saved"):
        shelf.change(format_id, {**shipped(), "title": TITLE}, version=None)
    assert (tmp_path / f"{format_id}.yaml").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", f"{format_id}.yaml"]


def test_ids_are_never_used_twice_nor_those_that_ship(tmp_path: Path) -> None:
    shelf = Formats(tmp_path)
    titles = [{"sv": t, "en": t} for t in ("JIF 90", "jif 90", "New", "Formats")]
    ids = [shelf.add({**shipped(), "title": title}) for title in titles]
    assert ids == ["jif-90-2", "jif-90-3", "new-2", "formats"]
    own(tmp_path, "trasig.yaml", "[")
    assert shelf.add({**shipped(), "title": {"sv": "Trasig", "en": "x"}}) == "trasig-2"
    assert (tmp_path / "trasig.yaml").read_text() == "["


# --- the pages -------------------------------------------------------------------------------


class Form(HTMLParser):
    """The first form of a page that posts to formats, as a browser would send it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.boxes: set[str] = set()
        self._text: str | None = None
        self._in = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {key: value or "" for key, value in attrs}
        if tag == "form" and not self.action and known["action"].startswith("/formats"):
            self.action, self._in = known["action"], True
        elif self._in and tag == "input":
            kind, name = known.get("type", "text"), known["name"]
            if kind == "checkbox":
                self.boxes.add(name)
            if kind not in ("checkbox", "radio") or "checked" in known:
                self.fields[name] = known.get("value", "")
        elif self._in and tag == "textarea":
            self._text = known["name"]
            self.fields[self._text] = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.fields[self._text] += data.removeprefix("\n") if data else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = None
        elif tag == "form":
            self._in = False


async def see(hub: Hub, person: Person, path: str, language: str = "sv") -> httpx.Response:
    headers = {**person.headers, "accept-language": language}
    cookies = {"hub_language": language}
    return await hub.http.get(path, headers=headers, cookies=cookies)


async def send(
    hub: Hub, person: Person, path: str, fields: dict[str, str], language: str = "sv"
) -> httpx.Response:
    cookies = {"hub_language": language}
    return await hub.http.post(path, data=fields, headers=person.headers, cookies=cookies)


async def copied(hub: Hub, fatima: Person, **changes: str) -> str:
    """Copy the format of 90 minutes by form; returns the id of the copy."""
    form = Form((await see(hub, fatima, "/formats/new?from=jif-90")).text)
    before = {f.id for f in hub.app.state.formats.all()}
    named = {name.replace("__", "-"): value for name, value in changes.items()}
    answer = await send(hub, fatima, form.action, {**form.fields, **named})
    assert answer.status_code == 303, answer.text
    (made,) = {f.id for f in hub.app.state.formats.all()} - before
    return made


async def test_a_copy_is_changed_kept_and_its_line_is_said_in_the_session(hub: Hub) -> None:
    fatima = await hub.account()
    form = Form((await see(hub, fatima, "/formats/new?from=jif-90")).text)
    assert form.action == "/formats"
    assert form.fields["title-sv"] == "Forum för gemensam tolkning, 90 minuter (kopia)"
    changed = {
        **form.fields,
        "title-sv": "Vårt forum",
        "title-en": "Our forum",
        "step-arrive-minutes": "6,5",
        "step-arrive-bot-sv": "Hej! Jag är en maskin som hjälper {facilitator}.",
        "step-arrive-bot-en": "Hi! I am a machine that helps {facilitator}.",
        "step-arrive-host-sv": "Börja med Kerstin.",
        "step-arrive-host-en": "Begin with Kerstin.",
        "line-silence-sv": "",
        "line-silence-en": "",
        "step-interpret-break": "1",
        "step-interpret-break-minutes": "12",
    }
    del changed["step-converge-keep"]
    answer = await send(hub, fatima, "/formats", changed)
    assert answer.status_code == 303
    kept = yaml.safe_load((hub.settings.data_dir / "formats" / "vart-forum.yaml").read_text())
    assert kept["from"] == "jif-90"
    assert [p["id"] for p in kept["phases"]] == [
        "arrive", "evidence", "reflect", "interpret", "break", "restate", "recommend", "decide",
        "close",
    ]  # fmt: skip
    assert step(kept, "arrive")["minutes"] == 6.5
    assert step(kept, "break")["minutes"] == 12
    assert step(kept, "break")["title"] == {"sv": "Paus", "en": "Break"}
    assert "silence" not in kept["triggers"]
    assert step(kept, "restate") == step(shipped(), "restate")

    page = (await see(hub, fatima, "/sessions/new")).text
    assert 'value="vart-forum"' in page
    planned = {"format": "vart-forum", "title_sv": "T", "title_en": "T"}
    desk = (await send(hub, fatima, "/sessions", planned)).headers["location"]
    session = desk.split("/")[2]
    started = await fatima.post(f"/sessions/{session}/start")
    assert started.status_code == 200, started.text
    said = (await fatima.get(f"/sessions/{session}/contributions")).json()["items"]
    lines = [c for c in said if c["kind"] == "bot"]
    assert [c["text"] for c in lines] == ["Hej! Jag är en maskin som hjälper Fatima."]
    stage = (await fatima.get(f"/sessions/{session}/changes", after=0)).json()
    hosts = [item["phase"]["host"] for item in stage["items"] if "phase" in item]
    assert hosts == [{"sv": "Börja med Kerstin.", "en": "Begin with Kerstin."}]


async def test_what_was_left_out_can_be_put_back_and_a_break_taken_away(hub: Hub) -> None:
    fatima = await hub.account()
    made = await copied(hub, fatima, step__reflect__break="1", step__reflect__break__minutes="5")
    form = Form((await see(hub, fatima, f"/formats/{made}")).text)
    assert form.action == f"/formats/{made}"
    assert "step-reflect-break" not in form.boxes
    assert {"step-break-keep", "step-interpret-break"} <= form.boxes
    less = {
        k: v for k, v in form.fields.items() if k not in ("step-break-keep", "step-evidence-keep")
    }
    assert (await send(hub, fatima, form.action, less)).status_code == 303
    ids = [p["id"] for p in hub.app.state.formats.data(made)["phases"]]
    assert ids == ["arrive", *[p["id"] for p in shipped()["phases"][2:]]]
    again = Form((await see(hub, fatima, f"/formats/{made}")).text)
    assert "step-evidence-keep" in again.boxes
    assert "step-evidence-keep" not in again.fields
    assert "step-break-keep" not in again.boxes
    more = {**again.fields, "step-evidence-keep": "1"}
    assert (await send(hub, fatima, again.action, more)).status_code == 303
    data = hub.app.state.formats.data(made)
    assert [p["id"] for p in data["phases"]] == [p["id"] for p in shipped()["phases"]]
    assert step(data, "evidence") == step(shipped(), "evidence")


async def test_two_breaks_have_two_ids(hub: Hub) -> None:
    fatima = await hub.account()
    form = Form((await see(hub, fatima, "/formats/new?from=jif-180")).text)
    assert "step-break-keep" in form.fields
    assert "step-break-break" not in form.boxes
    more = {"step-evidence-break": "1", "step-decide-break": "1"}
    assert (await send(hub, fatima, form.action, {**form.fields, **more})).status_code == 303
    (made,) = [f for f in hub.app.state.formats.all() if f.id not in NAMES]
    breaks = [p.id for p in made.phases if p.title["en"] == "Break"]
    assert breaks == ["break_2", "break", "break_3"]


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_all_faults_come_back_at_once_in_words_with_everything_typed(
    hub: Hub, language: str
) -> None:
    fatima = await hub.account()
    form = Form((await see(hub, fatima, "/formats/new?from=jif-90")).text)
    typed = {
        **form.fields,
        "title-en": "",
        "summary-sv": "<script>alert(1)</script>",
        "step-evidence-minutes": "many",
        "step-interpret-bot-en": "Hello {name}",
        "step-close-host-sv": "\nBara på svenska",
        "step-close-host-en": "",
        "step-converge-break": "1",
        "step-converge-break-minutes": "500",
        "line-unheard_group-sv": "Vi har inte hört från {grupp} än.",
        "line-jargon-en": "y" * 5000,
    }
    del typed["step-recommend-keep"]
    answer = await send(hub, fatima, "/formats", typed, language)
    assert answer.status_code == 422
    page = answer.text
    assert "<script>alert" not in page
    again = Form(page)
    assert again.fields == typed
    shown = html.unescape(page)
    for field in (
        "title-en", "step-evidence-minutes", "step-interpret-bot-en", "step-close-host-en",
        "step-converge-break-minutes", "line-unheard_group-sv", "line-jargon-en", "step-decide",
    ):  # fmt: skip
        assert f'<a href="#{field}">' in page
        assert f'id="{field}"' in page
        assert f'id="{field}-e"' in page
    for name in ("evidence", "interpret", "close", "converge", "decide"):
        assert f'<details class="card" id="step-{name}" open>' in page
    assert '<details class="card" id="step-reflect">' in page
    words = {
        "sv": [
            "Rubrik på engelska: Skriv en text",
            "Resultat, Minuter: Skriv ett antal minuter från 1 till 240",
            "{name} fylls inte i här. De här går att använda: {facilitator}, {min}, {n}",
            "{grupp} fylls inte i här. De här går att använda: {group}",
            "Beslut behöver Förslag före sig",
            "Högst 500 tecken. Nu är det 5000",
        ],
        "en": [
            "Title in English: Write something",
            "Findings, Minutes: Write a number of minutes from 1 to 240",
            "{name} is not filled in here. These can be used: {facilitator}, {min}, {n}",
            "{grupp} is not filled in here. These can be used: {group}",
            "Decision needs Proposals before it",
            "At most 500 characters. Now there are 5000",
        ],
    }
    for sentence in words[language]:
        assert sentence in shown
    assert {f.id for f in hub.app.state.formats.all()} == set(NAMES)


async def test_time_alone_and_restating_are_never_offered_to_be_cut(hub: Hub) -> None:
    fatima = await hub.account()
    form = Form((await see(hub, fatima, "/formats/new?from=jif-90")).text)
    cut = {name for name in form.boxes if name.endswith("-cuttable")}
    assert "step-evidence-cuttable" in cut
    assert not cut & {"step-reflect-cuttable", "step-restate-cuttable"}
    assert not form.boxes & {"step-arrive-keep", "step-close-keep"}
    sent = {**form.fields, "step-reflect-cuttable": "1", "step-arrive-cuttable": "1"}
    assert (await send(hub, fatima, "/formats", sent)).status_code == 303
    (made,) = [f for f in hub.app.state.formats.all() if f.id not in NAMES]
    assert not made.phase("reflect").cuttable
    assert made.phase("arrive").cuttable


async def test_the_second_of_two_who_change_the_same_format_is_told(hub: Hub) -> None:
    fatima, ali = await hub.account(), await hub.account(name="Ali")
    made = await copied(hub, fatima)
    hers = Form((await see(hub, fatima, f"/formats/{made}")).text).fields
    his = Form((await see(hub, ali, f"/formats/{made}")).text).fields
    hers["step-close-task-sv"], his["step-close-task-sv"] = "Hennes ord.", "Hans ord."
    assert (await send(hub, fatima, f"/formats/{made}", hers)).status_code == 303
    refused = await send(hub, ali, f"/formats/{made}", his)
    assert refused.status_code == 409
    assert "Någon annan ändrade upplägget medan du skrev" in refused.text
    assert "Spara över den andra ändringen" in refused.text
    assert step(hub.app.state.formats.data(made), "close")["task"]["sv"] == "Hennes ord."
    again = Form(refused.text).fields
    assert {k: v for k, v in again.items() if k != "version"} == {
        k: v for k, v in his.items() if k != "version"
    }
    # A third change in between is told of, too.
    thirds = {**hers, "version": again["version"], "step-close-task-sv": "Tredje."}
    assert (await send(hub, fatima, f"/formats/{made}", thirds)).status_code == 303
    refused = await send(hub, ali, f"/formats/{made}", again)
    assert refused.status_code == 409
    answer = await send(hub, ali, f"/formats/{made}", Form(refused.text).fields)
    assert answer.status_code == 303
    assert step(hub.app.state.formats.data(made), "close")["task"]["sv"] == "Hans ord."


async def test_a_format_deleted_meanwhile_can_be_kept_as_a_new_one(hub: Hub) -> None:
    fatima = await hub.account()
    made = await copied(hub, fatima)
    form = Form((await see(hub, fatima, f"/formats/{made}")).text)
    assert (await send(hub, fatima, f"/formats/{made}/delete", {})).status_code == 303
    typed = {**form.fields, "title-sv": "Räddat", "step-close-task-sv": "Mina ord."}
    refused = await send(hub, fatima, f"/formats/{made}", typed)
    assert refused.status_code == 409
    assert "tog bort upplägget medan du skrev" in refused.text
    again = Form(refused.text)
    assert again.action == "/formats"
    assert (await send(hub, fatima, again.action, again.fields)).status_code == 303
    kept = hub.app.state.formats.data("raddat")
    assert step(kept, "close")["task"]["sv"] == "Mina ord."


async def test_deleting_asks_first_and_sessions_keep_their_copy(hub: Hub) -> None:
    fatima = await hub.account()
    made = await copied(hub, fatima, title__sv="Kort liv")
    session = await plan(fatima, format=made)
    page = (await see(hub, fatima, f"/formats/{made}")).text
    assert "Samtal som redan är planerade behåller sin egen kopia" in page
    assert f'action="/formats/{made}/delete"' in page
    assert (await send(hub, fatima, f"/formats/{made}/delete", {})).status_code == 303
    assert not (hub.settings.data_dir / "formats" / f"{made}.yaml").exists()
    assert (await see(hub, fatima, f"/formats/{made}")).status_code == 404
    assert (await fatima.post("/sessions", {"format": made, "title": TITLE})).status_code == 422
    assert (await fatima.post(f"/sessions/{session['id']}/start")).status_code == 200


async def test_only_facilitators_see_and_change_formats_by_page(hub: Hub) -> None:
    session = await hub.session(start=False)
    made = await copied(hub, session.fatima)
    researcher = await hub.account(role="researcher", name="Rut")
    seat = {f"hub_seat_{session.id}": session.astrid.token}
    for path in ("/formats", "/formats/new?from=jif-90", f"/formats/{made}"):
        assert (await see(hub, researcher, path)).status_code == 403
        assert (await hub.http.get(path)).status_code == 303
        assert (await hub.http.get(path, cookies=seat)).status_code == 403
    for path in ("/formats", f"/formats/{made}", f"/formats/{made}/delete"):
        assert (await send(hub, researcher, path, {"from": "jif-90"})).status_code == 403
    assert hub.app.state.formats.is_own(made)


async def test_what_ships_is_copied_and_never_changed(hub: Hub) -> None:
    fatima = await hub.account()
    answer = await see(hub, fatima, "/formats/jif-90")
    assert answer.headers["location"] == "/formats/new?from=jif-90"
    form = Form((await see(hub, fatima, "/formats/new?from=jif-90")).text)
    refused = await send(hub, fatima, "/formats/jif-90", form.fields)
    assert refused.status_code == 409
    assert "Kopiera det i stället" in refused.text
    assert (await send(hub, fatima, "/formats/jif-90/delete", {})).status_code == 409
    assert (await see(hub, fatima, "/formats/new")).headers["location"] == "/formats"
    assert (await see(hub, fatima, "/formats/new?from=nothing")).status_code == 404
    assert sorted(p.name for p in SHIPPED.glob("*")) == sorted(f"{name}.yaml" for name in NAMES)


@pytest.mark.parametrize(
    "title", ["../../etc/passwd", "🎉🎉", "<script>alert(1)</script>", "jif-90", "new", "x" * 100]
)
async def test_a_hostile_title_is_shown_as_text_and_reaches_no_other_folder(
    hub: Hub, title: str
) -> None:
    fatima = await hub.account()
    made = await copied(hub, fatima, title__sv=title, title__en=title)
    files = list(hub.settings.data_dir.rglob("*.yaml"))
    assert files == [hub.settings.data_dir / "formats" / f"{made}.yaml"]
    for path in ("/formats", f"/formats/{made}", "/sessions/new"):
        page = (await see(hub, fatima, path)).text
        assert title in html.unescape(page)
        assert "<script>alert" not in page
    assert step((await fatima.get("/formats/jif-90")).json(), "close") == step(shipped(), "close")


@pytest.mark.parametrize(
    "hostile", ["..%2F..%2Fetc", "%00", "<b>", "x" * 5000, "🎉", ".lock", "jif-90.yaml"]
)
async def test_a_hostile_id_is_not_found(hub: Hub, hostile: str) -> None:
    fatima = await hub.account()
    for path in (f"/formats/{hostile}", f"/api/v1/formats/{hostile}"):
        assert (await see(hub, fatima, path)).status_code == 404
    answer = await send(hub, fatima, f"/formats/{hostile}/delete", {})
    assert answer.status_code == 404
    assert (await fatima.delete(f"/formats/{hostile}")).status_code == 404


async def test_every_format_can_be_copied_by_form_as_it_is(hub: Hub) -> None:
    fatima = await hub.account()
    for name in NAMES:
        form = Form((await see(hub, fatima, f"/formats/new?from={name}")).text)
        assert (await send(hub, fatima, "/formats", form.fields)).status_code == 303
        (made,) = [f for f in hub.app.state.formats.all() if f.id not in NAMES]
        data = hub.app.state.formats.data(made.id)
        assert data["phases"] == shipped(name)["phases"]
        assert data["triggers"] == shipped(name)["triggers"]
        assert (await send(hub, fatima, f"/formats/{made.id}/delete", {})).status_code == 303


# --- the calls -------------------------------------------------------------------------------


async def test_a_format_is_made_read_changed_and_deleted_by_call(hub: Hub) -> None:
    fatima = await hub.account()
    made = await fatima.post("/formats", {"from": "jif-90", "title": {"sv": "Vårt", "en": "Ours"}})
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["id"], body["from"], body["own"]) == ("vart", "jif-90", True)
    assert body["phases"] == shipped()["phases"]
    listed = (await hub.http.get("/api/v1/formats")).json()["items"]
    assert {f["id"]: f["own"] for f in listed} == {**dict.fromkeys(NAMES, False), "vart": True}
    assert step(listed[0], "close")["host"] == step(shipped(), "close")["host"]
    read = (await hub.http.get("/api/v1/formats/vart")).json()
    assert read == body
    step(body, "close")["minutes"] = 9
    changed = await fatima.put("/formats/vart", body)
    assert changed.status_code == 200, changed.text
    assert step(changed.json(), "close")["minutes"] == 9
    assert changed.json()["version"] != body["version"]
    late = await fatima.put("/formats/vart", body)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/format_changed")
    del body["version"]
    assert (await fatima.put("/formats/vart", body)).status_code == 200
    assert (await fatima.delete("/formats/vart")).status_code == 204
    assert (await fatima.get("/formats/vart")).status_code == 404


async def test_a_call_is_told_all_that_is_wrong_with_pointers(hub: Hub) -> None:
    fatima = await hub.account()
    phases = shipped()["phases"]
    phases[1]["minutes"] = None
    phases[3]["bot"] = {"sv": "{grupp}", "en": "{grupp}"}
    answer = await fatima.post("/formats", {"from": "jif-90", "phases": phases, "hybrid": "x"})
    assert answer.status_code == 422
    errors = {e["pointer"]: e for e in answer.json()["errors"]}
    assert {pointer: e["code"] for pointer, e in errors.items()} == {
        "/hybrid": "not_yes_or_no",
        "/phases/1/minutes": "minutes_between",
        "/phases/3/bot/sv": "placeholder_unknown",
        "/phases/3/bot/en": "placeholder_unknown",
    }
    assert errors["/phases/3/bot/sv"]["detail"].startswith("{grupp} ")
    assert (await fatima.post("/formats", {"title": TITLE})).json()["errors"][0] == {
        "pointer": "/from",
        "code": "format_unknown",
        "detail": "Choose one of the formats",
    }
    for body in ([], "x", None, {"from": ["jif-90"]}, {"from": "jif-90", "triggers": {"a/b": 1}}):
        assert (await fatima.post("/formats", body)).status_code == 422
    lone = b'{"from": "jif-90", "title": {"sv": "\\ud800", "en": "x"}, "triggers": {"\\ud800": 1}}'
    headers = {**fatima.headers, "content-type": "application/json"}
    answer = await hub.http.post("/api/v1/formats", content=lone, headers=headers)
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/title/sv", "/triggers/"]
    assert (await fatima.put("/formats/jif-90", shipped())).status_code == 409
    assert (await fatima.delete("/formats/jif-90")).status_code == 409
    assert {f.id for f in hub.app.state.formats.all()} == set(NAMES)


async def test_only_facilitators_change_formats_by_call(hub: Hub) -> None:
    session = await hub.session(start=False)
    researcher = await hub.account(role="researcher", name="Rut")
    for person in (session.astrid, researcher):
        assert (await person.post("/formats", {"from": "jif-90"})).status_code == 403
        assert (await person.put("/formats/jif-90", shipped())).status_code == 403
        assert (await person.delete("/formats/jif-90")).status_code == 403
        assert (await person.get("/formats/jif-90")).status_code == 200
    assert (await hub.http.post("/api/v1/formats", json={"from": "jif-90"})).status_code == 401


async def test_many_copies_at_once_all_get_a_place_of_their_own(hub: Hub) -> None:
    fatima = await hub.account()
    body = {"from": "jif-90", "title": {"sv": "Samma", "en": "Same"}}
    answers = await asyncio.gather(*(fatima.post("/formats", body) for _ in range(5)))
    assert sorted(a.json()["id"] for a in answers) == [
        "samma", "samma-2", "samma-3", "samma-4", "samma-5",
    ]  # fmt: skip
    assert len(hub.app.state.formats.all()) == len(NAMES) + 5
