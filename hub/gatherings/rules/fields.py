"""What each kind of input needs besides its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from hub.errors import Invalid
from hub.gatherings.rules.kinds import (
    ANSWERS,
    CHANGES,
    FIT_SCALE,
    FIT_TAGS,
    OUTCOMES,
    REASON_WANTED,
    SIDES,
    STANCES,
)
from hub.gatherings.rules.limits import MADE_FROM_LIMIT, REASON_LIMIT


def read_fields(
    kind: str, fields: Mapping[str, Any], text: str, *, earliest: date | None = None
) -> dict[str, Any]:
    """The fields of an input, checked and without what does not belong to the kind.

    ``earliest`` is the first day that a proposal may be due; None takes any date.
    Raises Invalid with a JSON pointer for each fault. References are checked by the caller.
    """
    reader = FIELD_READERS.get(kind)
    if reader is None:
        return {}
    faults: dict[str, str] = {}
    clean = reader(fields, text, faults)
    if kind == "recommendation" and earliest and clean["when"] and not faults:
        _check_not_past(clean["when"], earliest, faults)
    if faults:
        raise Invalid({f"/fields/{name}": code for name, code in faults.items()})
    return clean


def _short(value: object, limit: int = REASON_LIMIT) -> str:
    return value.strip()[:limit] if isinstance(value, str) else ""


def _reference(fields: Mapping[str, Any], faults: dict[str, str]) -> dict[str, Any]:
    of = fields.get("of")
    if not isinstance(of, str) or not of:
        faults["of"] = "of_missing"
        return {}
    return {"of": of}


def _restatement(f: Mapping[str, Any], _text: str, faults: dict[str, str]) -> dict[str, Any]:
    return _reference(f, faults)


def _check(f: Mapping[str, Any], _text: str, faults: dict[str, str]) -> dict[str, Any]:
    clean = _reference(f, faults)
    if f.get("answer") not in ANSWERS:
        faults["answer"] = "answer_unknown"
    return {**clean, "answer": f.get("answer")}


def _rating(f: Mapping[str, Any], _text: str, faults: dict[str, str]) -> dict[str, Any]:
    clean = _reference(f, faults)
    value, scale = f.get("value"), f.get("scale", "importance")
    if value != "pass" and (isinstance(value, bool) or value not in (1, 2, 3, 4, 5)):
        faults["value"] = "rating_range"
    if not isinstance(scale, str) or not scale or len(scale) > 40:
        faults["scale"] = "scale_missing"
    reason = _short(f.get("reason"))
    return {**clean, "value": value, "scale": scale, **({"reason": reason} if reason else {})}


def read_dialogue_fields(
    kind: str,
    fields: Mapping[str, Any],
    text: str,
    *,
    principle: str,
    tagged: bool,
    revises: bool,
) -> dict[str, Any]:
    """The fields of an input while a dialogue talks about a principle. Raises Invalid.

    ``tagged``: a point for or against, which says what it is about. ``revises``: what is left out
    stays as it was. Source: reflective-dialogue.md, "Steps for each principle".
    """
    faults: dict[str, str] = {}
    clean: dict[str, Any] = {}
    if kind == "rating":
        clean = _rating({"of": principle, "scale": FIT_SCALE, **fields}, text, faults)
        if clean.get("value") in REASON_WANTED and not (clean.get("reason") or text):
            faults["reason"] = "rating_reason"
    elif kind == "wording":
        clean = {"principle": _short(fields.get("principle"), 40) or principle}
        clean["language"] = fields.get("language", "sv")
        if clean["language"] not in ("sv", "en"):
            faults["language"] = "language_unknown"
        if term := _short(fields.get("untranslatable"), 80):
            clean["untranslatable"] = term
    elif kind == "change":
        clean = {"principle": _short(fields.get("principle"), 40) or principle}
        if fields.get("change") in CHANGES:
            clean["change"] = fields["change"]
        elif fields.get("change") or not revises:
            faults["change"] = "change_unknown"
    elif kind == "contribution" and tagged:
        clean = _contribution(fields, text, faults)
        if clean.get("tag") not in FIT_TAGS:
            faults["tag"] = "fit_tag_unknown"
        if clean.get("side") not in SIDES:
            faults["side"] = "side_unknown"
    if faults:
        raise Invalid({f"/fields/{name}": code for name, code in faults.items()})
    return clean


def _check_not_past(when: str, earliest: date, faults: dict[str, str]) -> None:
    if date.fromisoformat(when) < earliest:
        faults["when"] = "date_past"


def _ranking(f: Mapping[str, Any], _text: str, faults: dict[str, str]) -> dict[str, Any]:
    """``order``, first is highest; empty only with ``passed``, from who would rather not rank."""
    order = f.get("order")
    if f.get("passed") is True and not order:
        return {"order": [], "passed": True}
    good = isinstance(order, list) and 0 < len(order) <= 20
    if not good or not all(isinstance(i, str) for i in order or []):
        faults["order"] = "order_missing"
        return {}
    assert isinstance(order, list)
    if len(set(order)) != len(order):
        faults["order"] = "order_repeats"
    return {"order": order}


def _theme(f: Mapping[str, Any], _text: str, faults: dict[str, str]) -> dict[str, Any]:
    """``from``: ids of the posts that the theme was made from."""
    made_from = f.get("from")
    if not made_from:
        return {}
    if not isinstance(made_from, list) or not all(isinstance(i, str) for i in made_from):
        faults["from"] = "of_unknown"
        return {}
    if len(made_from) > MADE_FROM_LIMIT:
        faults["from"] = "from_many"
    return {"from": list(dict.fromkeys(made_from))}


def _recommendation(f: Mapping[str, Any], text: str, faults: dict[str, str]) -> dict[str, Any]:
    clean = {key: _short(f.get(key), 300) for key in ("what", "owner", "when", "measure")}
    clean["what"] = clean["what"] or text
    if clean["when"]:
        try:
            date.fromisoformat(clean["when"])
        except ValueError:
            faults["when"] = "date_unreadable"
    if split_of := _short(f.get("split_of"), 40):
        clean["split_of"] = split_of
    return clean


def _stance(f: Mapping[str, Any], text: str, faults: dict[str, str]) -> dict[str, Any]:
    clean = _reference(f, faults)
    value = f.get("value")
    if value not in STANCES:
        faults["value"] = "stance_unknown"
    reason = _short(f.get("reason")) or text
    if value == "objection" and not reason:
        faults["reason"] = "objection_reason"
    wording = _short(f.get("wording"), 40)
    return {
        **clean,
        "value": value,
        **({"reason": reason} if reason else {}),
        **({"wording": wording} if wording else {}),
    }


def _principle(f: Mapping[str, Any], _text: str, _faults: dict[str, str]) -> dict[str, Any]:
    return {key: _short(f.get(key), 100) for key in ("principle", "language") if f.get(key)}


def _contribution(f: Mapping[str, Any], _text: str, _faults: dict[str, str]) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    if f.get("side") in ("for", "against"):
        clean["side"] = f["side"]
    if tag := _short(f.get("tag"), 60):
        clean["tag"] = tag
    if finding := _short(f.get("finding"), 40):
        clean["finding"] = finding
    return clean


def _facilitation(f: Mapping[str, Any], text: str, faults: dict[str, str]) -> dict[str, Any]:
    """Plain words, or the outcome of a proposal: ``of`` and ``result``, dissent in the text."""
    if "of" not in f and "result" not in f:
        return {}
    clean = _reference(f, faults)
    if f.get("result") not in OUTCOMES:
        faults["result"] = "result_unknown"
    elif f["result"] == "adopted_with_dissent" and not text:
        faults["result"] = "dissent_missing"
    return {**clean, "result": f.get("result")}


def _reflection(f: Mapping[str, Any], _text: str, _faults: dict[str, str]) -> dict[str, Any]:
    return {"skipped": True} if f.get("skipped") is True else {}


FIELD_READERS = {
    "contribution": _contribution,
    "question": _contribution,
    "reflection": _reflection,
    "restatement": _restatement,
    "restatement_check": _check,
    "theme": _theme,
    "rating": _rating,
    "ranking": _ranking,
    "recommendation": _recommendation,
    "stance": _stance,
    "amendment": _restatement,
    "wording": _principle,
    "change": _principle,
    "facilitation": _facilitation,
}


def missing_parts(fields: Mapping[str, Any]) -> list[str]:
    """What a recommendation lacks of owner, when and measure."""
    return [part for part in ("owner", "when", "measure") if not fields.get(part)]


def names_person(owner: str, name: str) -> bool:
    """Whether a text of who is responsible names somebody: their name as words of its own.

    Source: jif.md, "Input rules": a person only if present and agreeing.
    """
    words = " ".join(name.casefold().split())
    if not words:
        return False
    return bool(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", " ".join(owner.casefold().split())))
