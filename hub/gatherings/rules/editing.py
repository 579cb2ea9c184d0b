"""What is wrong with a format that somebody wrote or changed: everything at once, by pointer.

A format is a method, and some of it is not free to change. Source: jif.md, "Order matters: make
your own perspective, take another's, then decide" and "when late, cut evidence or converge, never
reflect or restate".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hub.chatbot.moves import PLACEHOLDERS
from hub.errors import Fault
from hub.gatherings.rules.exits import EXITS
from hub.gatherings.rules.kinds import KINDS
from hub.people.rules import LANGUAGES, clean_text, is_blank

# The column that holds a session's format id has 60.
FORMAT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_PHASE_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
FORMAT_KINDS = ("forum", "dialogue")
TITLE_LIMIT = 100
LINE_LIMIT = 500
PHASES_LIMIT = 30
MINUTES_LIMIT = 240
SESSION_LIMIT_MINUTES = 480

# Source: reflective-dialogue.md, "Triggers of its own".
_DIALOGUE_TRIGGERS: dict[str, frozenset[str]] = {
    "fast_agreement": frozenset(),
    "rating_spread": frozenset({"min", "max"}),
    "no_experience": frozenset(),
    "mixed_question": frozenset(),
    "untranslatable": frozenset({"term"}),
}
TRIGGERS: dict[str, frozenset[str]] = {**PLACEHOLDERS, **_DIALOGUE_TRIGGERS}
_OPENING = frozenset({"facilitator", "n", "min"})
INPUTS = tuple(name for name, kind in KINDS.items() if kind.by == "participant")
# Make your own perspective, take another's, then decide.
_NEEDS = {
    "interpret": ("reflect", Fault("needs_reflect")),
    "converge": ("restate", Fault("needs_restate")),
    "decide": ("recommend", Fault("needs_recommend")),
}
_ENDS = (("arrive", 0, Fault("arrive_first")), ("close", -1, Fault("close_last")))
_PLACE = re.compile(r"\{(\w+)\}")
_MISSING = Fault("text_missing")


def triggers_of(kind: str) -> tuple[str, ...]:
    """The lines a format of this kind may have for the chatbot, in the order of forms."""
    return tuple(PLACEHOLDERS) if kind == "forum" else tuple(TRIGGERS)


def opening_placeholders(kind: object) -> frozenset[str]:
    """What is filled in where the chatbot begins a step."""
    return _OPENING | {"title", "text"} if kind == "dialogue" else _OPENING


def may_be_cut(phase_id: object, inputs: object) -> bool:
    """False for time alone and for restating, which are the method. Source: jif.md."""
    named = inputs if isinstance(inputs, list | tuple) else ()
    return phase_id not in ("reflect", "restate") and not (
        "reflection" in named or "restatement" in named
    )


def check_format(data: object, *, origin: Iterable[str] = ()) -> dict[str, str]:
    """All that is wrong with a format as written: JSON pointer to code; empty where it is sound.

    ``origin`` are the ids of the phases of the format that it was copied from: a copy keeps
    ``arrive`` and ``close``. Never raises, whatever ``data`` is.
    """
    if not isinstance(data, Mapping):
        return {"": Fault("format_not_mapping")}
    faults: dict[str, str] = {}
    if not _is_id(data.get("id")):
        faults["/id"] = "format_id_unreadable"
    if data.get("from") is not None and not _is_id(data["from"]):
        faults["/from"] = "format_id_unreadable"
    kind = data.get("kind")
    if not (isinstance(kind, str) and kind in FORMAT_KINDS):
        faults["/kind"] = "format_kind_unknown"
    _check_texts(faults, data.get("title"), "/title", limit=TITLE_LIMIT)
    _check_texts(faults, data.get("summary"), "/summary")
    if not isinstance(data.get("hybrid", False), bool):
        faults["/hybrid"] = "not_yes_or_no"
    _check_phases(faults, data.get("phases"), kind)
    _check_order(faults, data.get("phases"), kind=kind, origin=frozenset(origin))
    _check_triggers(faults, data.get("triggers"))
    return faults


def _is_id(value: object) -> bool:
    return isinstance(value, str) and FORMAT_ID.fullmatch(value) is not None


# --- texts ------------------------------------------------------------------------------------


def _check_texts(
    faults: dict[str, str],
    value: object,
    pointer: str,
    *,
    limit: int = LINE_LIMIT,
    known: frozenset[str] = frozenset(),
    empty: str | None = _MISSING,
) -> None:
    """A text in both languages. ``empty`` is the code where both are empty; None where they may."""
    if value is None:
        value = {}
    if not isinstance(value, Mapping):
        faults[pointer] = "both_languages"
        return
    texts: dict[str, str] = {}
    for language in LANGUAGES:
        raw = value.get(language)
        if raw is None or isinstance(raw, str):
            texts[language] = clean_text(raw or "")
        else:
            faults[f"{pointer}/{language}"] = "not_text"
    if len(texts) < len(LANGUAGES):
        return
    blank = [language for language in LANGUAGES if is_blank(texts[language])]
    if len(blank) == len(LANGUAGES) and empty is None:
        return
    for language in blank:
        one_sided = Fault("other_language_missing") if empty is None else empty
        faults[f"{pointer}/{language}"] = one_sided
    for language in LANGUAGES:
        fault = None if language in blank else _fault_of(texts[language], limit, known)
        if fault is not None:
            faults[f"{pointer}/{language}"] = fault
    if not any(f"{pointer}/{language}" in faults for language in LANGUAGES):
        _check_same_placeholders(faults, texts, pointer)


def _fault_of(text: str, limit: int, known: frozenset[str]) -> str | None:
    unknown = sorted(set(_PLACE.findall(text)) - known)
    if unknown and known:
        return Fault("placeholder_unknown", wrong=_shown(unknown), known=_shown(known))
    if unknown:
        return Fault("placeholder_none", wrong=_shown(unknown))
    if "{" in (rest := _PLACE.sub("", text)) or "}" in rest:
        return Fault("brace_stray")
    if len(text) > limit:
        return Fault("longer_than", limit=limit, length=len(text))
    return None


def _check_same_placeholders(
    faults: dict[str, str], texts: Mapping[str, str], pointer: str
) -> None:
    found = {language: set(_PLACE.findall(texts[language])) for language in LANGUAGES}
    everywhere = set().union(*found.values())
    for language in LANGUAGES:
        if missing := everywhere - found[language]:
            faults[f"{pointer}/{language}"] = Fault("placeholder_missing", missing=_shown(missing))


def _shown(names: Iterable[str]) -> str:
    """Names in braces, no longer than a sentence can bear."""
    return ", ".join("{" + name[:40] + "}" for name in sorted(names)[:6])


# --- phases -----------------------------------------------------------------------------------


def _check_phases(faults: dict[str, str], phases: object, kind: object) -> None:
    if not isinstance(phases, list | tuple) or not phases:
        faults["/phases"] = "steps_missing"
        return
    if len(phases) > PHASES_LIMIT:
        faults["/phases"] = Fault("steps_too_many", limit=PHASES_LIMIT)
        return
    seen: set[str] = set()
    total = 0.0
    for index, phase in enumerate(phases):
        pointer = f"/phases/{index}"
        if not isinstance(phase, Mapping):
            faults[pointer] = "step_unreadable"
            continue
        phase_id = phase.get("id")
        if not isinstance(phase_id, str) or not _PHASE_ID.fullmatch(phase_id):
            faults[f"{pointer}/id"] = "step_id_unreadable"
        elif phase_id in seen:
            faults[f"{pointer}/id"] = "step_id_repeats"
        else:
            seen.add(phase_id)
        total += _check_phase(faults, phase, pointer, kind=kind)
    if total >= SESSION_LIMIT_MINUTES:
        faults["/phases"] = Fault("session_too_long", minutes=f"{total:g}")


def _check_phase(
    faults: dict[str, str], phase: Mapping[str, Any], pointer: str, *, kind: object
) -> float:
    """One phase; returns its minutes, 0 where they cannot be read."""
    minutes = phase.get("minutes")
    number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    fits = number and 1 <= minutes <= MINUTES_LIMIT  # type: ignore[operator]
    if not fits:
        faults[f"{pointer}/minutes"] = Fault("minutes_between", limit=MINUTES_LIMIT)
    _check_texts(faults, phase.get("title"), f"{pointer}/title", limit=TITLE_LIMIT)
    _check_texts(faults, phase.get("task"), f"{pointer}/task")
    # The chatbot says that it is a machine first thing. Source: jif.md, "Chatbot".
    first = Fault("first_line_missing") if phase.get("id") == "arrive" else None
    known = opening_placeholders(kind)
    _check_texts(faults, phase.get("bot"), f"{pointer}/bot", known=known, empty=first)
    _check_texts(faults, phase.get("host"), f"{pointer}/host", empty=None)
    if not isinstance(phase.get("discussion"), bool):
        faults[f"{pointer}/discussion"] = "not_yes_or_no"
    cuttable = phase.get("cuttable", False)
    if not isinstance(cuttable, bool):
        faults[f"{pointer}/cuttable"] = "not_yes_or_no"
    elif cuttable and not may_be_cut(phase.get("id"), phase.get("inputs")):
        faults[f"{pointer}/cuttable"] = "never_cut"
    _check_inputs(faults, phase.get("inputs"), f"{pointer}/inputs")
    exit_ = phase.get("exit")
    if not isinstance(exit_, str) or exit_ not in EXITS:
        names = ", ".join(EXITS)
        faults[f"{pointer}/exit"] = Fault("exit_unknown", wrong=_word(exit_), known=names)
    return float(minutes) if fits else 0.0  # type: ignore[arg-type]


def _check_inputs(faults: dict[str, str], inputs: object, pointer: str) -> None:
    if not isinstance(inputs, list | tuple):
        faults[pointer] = "inputs_unreadable"
        return
    for index, name in enumerate(inputs):
        if not isinstance(name, str) or name not in INPUTS:
            known = ", ".join(INPUTS)
            faults[f"{pointer}/{index}"] = Fault("input_unknown", wrong=_word(name), known=known)


def _word(value: object) -> str:
    """A word as written, for a sentence about it; a dash for what is no word."""
    return clean_text(value)[:40] or "–" if isinstance(value, str) else "–"


def _check_order(
    faults: dict[str, str], phases: object, *, kind: object, origin: frozenset[str]
) -> None:
    if not isinstance(phases, list | tuple) or not phases:
        return
    ids = [phase.get("id") if isinstance(phase, Mapping) else None for phase in phases]
    for phase_id, place, fault in _ENDS:
        if ids[place] == phase_id:
            continue
        if phase_id in ids:
            faults.setdefault(f"/phases/{ids.index(phase_id)}", fault)
        elif phase_id in origin:
            faults.setdefault("/phases", fault)
    if kind != "forum":
        return
    for later, (earlier, fault) in _NEEDS.items():
        if later in ids and earlier not in ids[: ids.index(later)]:
            faults.setdefault(f"/phases/{ids.index(later)}", fault)


# --- the chatbot's lines ------------------------------------------------------------------------


def _check_triggers(faults: dict[str, str], triggers: object) -> None:
    if triggers is None:
        return
    if not isinstance(triggers, Mapping):
        faults["/triggers"] = "lines_unreadable"
        return
    for name, texts in triggers.items():
        pointer = f"/triggers/{_escaped(name)}"
        if not isinstance(name, str) or name not in TRIGGERS:
            known = ", ".join(TRIGGERS)
            faults[pointer] = Fault("trigger_unknown", wrong=_word(name), known=known)
        else:
            # Empty in both languages is how a facilitator says: never say it.
            _check_texts(faults, texts, pointer, known=TRIGGERS[name], empty=None)


def _escaped(name: object) -> str:
    """One step of a JSON pointer. Source: RFC 6901."""
    text = clean_text(name)[:60] if isinstance(name, str) else "–"
    return text.replace("~", "~0").replace("/", "~1")


# --- as it is kept --------------------------------------------------------------------------------


def tidy_format(data: Mapping[str, Any]) -> dict[str, Any]:
    """A sound format as it is kept: the known names alone, in order, with clean texts.

    Only for what ``check_format`` found nothing wrong with.
    """
    lines = {name: _both(texts) for name, texts in (data.get("triggers") or {}).items()}
    copied = {"from": str(data["from"])} if data.get("from") else {}
    return {
        "id": str(data["id"]),
        **copied,
        "kind": str(data["kind"]),
        "title": _both(data["title"]),
        "summary": _both(data["summary"]),
        "hybrid": bool(data.get("hybrid", False)),
        "phases": [_tidy_phase(phase) for phase in data["phases"]],
        "triggers": {name: texts for name, texts in lines.items() if texts["sv"]},
    }


def _tidy_phase(phase: Mapping[str, Any]) -> dict[str, Any]:
    minutes = float(phase["minutes"])
    return {
        "id": str(phase["id"]),
        "title": _both(phase["title"]),
        "task": _both(phase["task"]),
        "minutes": int(minutes) if minutes.is_integer() else minutes,
        "discussion": bool(phase["discussion"]),
        "inputs": [str(name) for name in phase["inputs"]],
        "cuttable": bool(phase.get("cuttable", False)),
        "exit": str(phase["exit"]),
        "bot": _both(phase.get("bot")),
        "host": _both(phase.get("host")),
    }


def _both(value: Mapping[str, Any] | None) -> dict[str, str]:
    texts = {language: clean_text((value or {}).get(language) or "") for language in LANGUAGES}
    # Invisible characters are no text: nothing is said where nothing would be seen.
    return {language: "" if is_blank(text) else text for language, text in texts.items()}
