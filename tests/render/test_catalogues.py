"""Both catalogues are whole: each word of the interface, each refusal, and nothing unused."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from hub import errors
from hub.audit.actions import ACTS
from hub.charters import rules as charter_rules
from hub.errors import Invalid, NotFound, Refusal
from hub.following import rules as following_rules
from hub.gatherings import rules
from hub.gatherings.format_pages import PARTS
from hub.language import text
from hub.language.models import TERM_STATES
from hub.mail.actions import KINDS as MAIL_KINDS
from hub.measures import readings
from hub.meetings import holidays, places
from hub.meetings import states as meeting_states
from hub.meetings import warnings as meeting_warnings
from hub.meetings.actions.planning import TOLD
from hub.people.rules import GROUP_OF_ROLE, GROUPS
from hub.render import Renderer
from hub.retention import rules as retention_rules
from hub.schedule import actions as schedule
from hub.schedule.views import PARTS as PARTS_OF_SCHEDULE
from hub.search import actions as search
from hub.summaries.blocks import AUDIENCES, BLOCKS, QUESTIONS
from hub.summaries.blocks import PARTS as PARTS_OF_RECORDS
from hub.summaries.checks import ADVICE, FAULTS
from tests.render import made_up

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SYMBOL = re.compile(r"[a-z_]+\.\w+")
PLACE = re.compile(r"%\(\w+\)s|\{\w+\}|%%")
# A Fault names a sentence about a field, not a refusal.
REFUSALS = {name for name in vars(errors) if isinstance(getattr(errors, name), type)} - {
    "Fault"
} | {"FloorClosed"}
OPTIONS = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}
# Codes that templates and the record as Markdown put together with the word before the dot.
WORDS: dict[str, tuple[str, ...]] = {
    "role": (*GROUP_OF_ROLE, "facilitator", "bot"),
    "group": (*GROUPS, "unsaid"),
    "language": ("sv", "en"),
    "in_language": ("sv", "en"),
    "term_state": TERM_STATES,
    "state": ("planned", "open", "running", "paused", "closed"),
    "kind": tuple(rules.KINDS),
    "stance": rules.STANCES,
    "change_kind": rules.CHANGES,
    "side": rules.SIDES,
    "fit_tag": rules.FIT_TAGS,
    "answer": rules.ANSWERS,
    "trigger": tuple(rules.TRIGGERS),
    "format_part": PARTS,
    "scale": ("importance", "agreement"),
    "result": ("adopted", "adopted_with_dissent", "parked", "undecided"),
    "part": ("owner", "when", "measure", "result", "progress"),
    "progress": rules.PROGRESS,
    "owner_state": following_rules.STATES,
    "found_kind": search.KINDS,
    "reading": readings.LABELS,
    "doubt": tuple(text._WEIGHTS),
    "tag": ("measurement", "mechanisms", "management", "models"),
    "country": ("SE", "UK"),
    "exit": tuple(rules.EXITS),
    "act": made_up.ACTS,
    "invitation": ("waiting", "used", "declined", "recalled"),
    "said_by_bot": ("no_facilitator",),
    "standing": (*charter_rules.STATUSES, "machine_draft"),
    "decision": charter_rules.DECISIONS,
    "suggested": charter_rules.SUGGESTIONS,
    "charter_event": charter_rules.EVENTS,
    "by_role": ("admin", "editor", "facilitator", "researcher", "system"),
    "fit_label": readings.LABELS,
    "fit_value": ("1", "2", "3", "4", "5"),
    "checked": ("stored_page", "general_knowledge", "not_yet"),
    "told": ("saved", "same", "kept"),
    "material": retention_rules.KINDS,
    "material_hint": retention_rules.KINDS,
    "memory_from": made_up.MEMORY_ORIGINS,
    "why_not": (
        "untested",
        "together",
        "no_words",
        "highest",
        "adopted",
        "round_missing",
        "round_running",
    ),
    "hide_reason": rules.HIDE_REASONS,
    "held_reason": rules.HELD_REASONS,
    "remove_reason": (*rules.REMOVE_REASONS, rules.RECALLED),
    "counted": ("hidden", "held", "removed_from_room"),
    "audit": tuple(sorted(ACTS)),
    "mail_kind": tuple(MAIL_KINDS),
    "changed": tuple(name for name in TOLD if name != "gathering_id"),
    "task": schedule.KINDS,
    "task_fault": schedule.FAULTS,
    "schedule_part": tuple(PARTS_OF_SCHEDULE),
    "audience": AUDIENCES,
    "block": BLOCKS,
    "matches": ("yes", "partly", "no"),
    "record_part": PARTS_OF_RECORDS,
    "summary_fault": (*FAULTS, *ADVICE),
    "summary_question": QUESTIONS,
    "point": ("confirm", "contest"),
    "meeting_kind": meeting_states.KINDS,
    "meeting_state": meeting_states.STATES,
    "meeting_form": ("room", "online", "hybrid"),
    "meeting_act": tuple(meeting_states.ACTS),
    "meeting_act_hint": tuple(meeting_states.ACTS),
    "reply": places.REPLIES,
    "place": places.PLACES,
    "warning": meeting_warnings.CODES,
    "holiday": holidays.KEYS,
    "holiday_in": holidays.COUNTRIES,
    "status": ("400", "401", "403", "404", "405", "409", "413", "422", "429", "500", "503"),
}


@cache
def catalogue(language: str) -> Catalog:
    with (ROOT / "translations" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def entries(language: str) -> dict[str, Any]:
    return {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for message in catalogue(language)
        if message.id
    }


@cache
def trees() -> tuple[ast.Module, ...]:
    return tuple(ast.parse(path.read_text()) for path in sorted((ROOT / "hub").rglob("*.py")))


def calls() -> Iterator[tuple[str, ast.Call]]:
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
                yield str(name), node


def first_text(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    value = first.value if isinstance(first, ast.Constant) else None
    return value if isinstance(value, str) else None


@cache
def refusal_codes() -> set[str]:
    """The code of every refusal that is raised, and the codes that come by default."""
    found = {"unknown", "invalid", "not_found", "unauthorised", "forbidden", "too_fast"}
    found |= {f"move_{state}" for state in WORDS["state"]}
    found |= {f"http_{status}" for status in (400, 404, 405, 413)}
    for name, call in calls():
        code = first_text(call)
        if code and CODE.fullmatch(code) and (name in REFUSALS or _refuses_for_others(call)):
            found.add(code)
    return found


def _refuses_for_others(call: ast.Call) -> bool:
    """``super().__init__("not_translated")``, where a room has a refusal of its own."""
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "__init__"
        and isinstance(function.value, ast.Call)
        and getattr(function.value.func, "id", "") == "super"
    )


@cache
def fault_codes() -> set[str]:
    """The values of every ``{"/field": "code"}`` and ``faults["field"] = "code"``; each Fault."""
    found = {"unknown", "missing", "unreadable", "password_short", "password_long"}
    found |= {str(first_text(call)) for name, call in calls() if name == "Fault"}
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                pairs = list(zip(node.keys, node.values, strict=True))
                found |= {v for k, v in map(_texts, pairs) if k.startswith("/") and v}
            elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                target = node.targets[0]
                held = target.value if isinstance(target, ast.Subscript) else None
                if getattr(held, "id", "") == "faults":
                    found.add(str(node.value.value))
    return {code for code in found if CODE.fullmatch(code)}


def _texts(pair: tuple[ast.expr | None, ast.expr]) -> tuple[str, str]:
    key, value = pair
    start = key.values[0] if isinstance(key, ast.JoinedStr) else key
    return (
        str(start.value) if isinstance(start, ast.Constant) else "",
        str(value.value) if isinstance(value, ast.Constant) else "",
    )


@cache
def sentences() -> set[str]:
    """Every word of the templates, and of the record as Markdown."""
    found: set[str] = set()
    for _, _, message, _, _ in extract_from_dir(
        str(ROOT / "templates"),
        method_map=[("**.html", "jinja2"), ("**.txt", "jinja2")],
        options_map={"**.html": OPTIONS, "**.txt": OPTIONS},
    ):
        found.add(message[0] if isinstance(message, tuple) else str(message))
    for name, call in calls():
        said = first_text(call)
        if name == "say" and said and (" " in said or not said.endswith(".")):
            found.add(said)
    # ``_("kind." ~ code)`` is seen as its first half.
    return {m for m in found if m.removesuffix(".") not in WORDS}


@cache
def wanted() -> set[str]:
    return (
        sentences()
        | {f"refusal.{code}" for code in refusal_codes()}
        | {f"fault.{code}" for code in fault_codes()}
        | {f"{word}.{code}" for word, codes in WORDS.items() for code in codes}
    )


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_catalogue_has_every_word(language: str) -> None:
    there = entries(language)
    assert sorted(wanted() - set(there)) == []
    for message in there.values():
        forms = message.string if isinstance(message.string, tuple | list) else [message.string]
        assert all(forms), message.id


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_catalogue_has_no_word_too_many(language: str) -> None:
    assert sorted(set(entries(language)) - wanted()) == []


def test_the_two_catalogues_fill_in_the_same_facts() -> None:
    sv, en = entries("sv"), entries("en")
    for key, message in en.items():
        assert _places(message) == _places(sv[key]), key
        if not SYMBOL.fullmatch(key) and isinstance(message.id, str):
            assert _places(message) == set(PLACE.findall(key)), key


def _places(message: Any) -> set[str]:
    forms = message.string if isinstance(message.string, tuple | list) else [message.string]
    return set(PLACE.findall(" ".join(forms)))


def test_english_words_are_what_the_templates_say() -> None:
    for key, message in entries("en").items():
        if not SYMBOL.fullmatch(key):
            assert message.string == message.id


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(ROOT / "templates", ROOT / "translations", timezone="Europe/Stockholm")


def test_a_refusal_is_said_in_the_readers_language(renderer: Renderer) -> None:
    early = Refusal("record_too_early", date="2026-12-01")
    assert renderer.refusal("sv", early).startswith("Protokollet kan publiceras från den 1 dec")
    assert "1 December 2026" in renderer.refusal("en", early)
    assert renderer.refusal("sv", NotFound("no_such_code")) == renderer.say("sv", "refusal.unknown")
    assert renderer.refusal("en", Invalid({"/text": "text_missing"})) != "refusal.invalid"
    assert renderer.fault("sv", "text_missing") == "Skriv en text"
    assert renderer.fault("en", "text_too_long", limit=4000).startswith("The text is too long")
    assert renderer.fault("en", "no_such_fault") == renderer.say("en", "fault.unknown")


def test_every_refusal_can_be_said_without_facts_it_does_not_have(renderer: Renderer) -> None:
    facts: dict[str, dict[str, object]] = {
        "record_too_early": {"date": "2026-12-01"},
        "words_too_late": {"date": "2026-12-01"},
        "bug": {"reference": "ab12"},
        "amend_first": {"rounds": 2},
        "invitations_full": {"limit": 6},
        "slow_mode": {"seconds": 15},
        "summary_not_ready": {"count": 2},
    }
    for code in refusal_codes():
        for language in ("sv", "en"):
            sentence = renderer.refusal(language, Refusal(code, **facts.get(code, {})))
            assert sentence
            assert not sentence.startswith("refusal.")
            assert "%(" not in sentence


def test_times_and_texts_follow_the_language(renderer: Renderer) -> None:
    def filtered(language: str, name: str, value: object) -> str:
        return str(renderer._environments[language].filters[name](value))

    assert filtered("sv", "hhmm", "2026-11-24T13:05:00Z") == "14.05"
    assert filtered("en", "hhmm", "2026-11-24T13:05:00Z") == "14:05"
    assert filtered("sv", "day", "2027-03-31") == "31 mars 2027"
    assert filtered("en", "day", "2026-11-24T23:30:00Z") == "25 November 2026"
    assert filtered("sv", "day", "snart <b>") == "snart <b>"
    assert [filtered("sv", "minutes", s) for s in (-5, 0, 1, 60, 61)] == ["0", "0", "1", "1", "2"]
    assert filtered("sv", "t", {"sv": "", "en": "only"}) == "only"
    assert filtered("sv", "tlang", {"sv": "", "en": "only"}) == ' lang="en"'
    assert filtered("en", "tlang", {"sv": "x", "en": "only"}) == ""
    assert filtered("en", "spaced", "K7TALL") == "K7T ALL"
    marked = renderer._environments["sv"].filters["marked"]("a <i> Vård b", ["vård", ""])
    assert str(marked) == "a &lt;i&gt; <mark>Vård</mark> b"
