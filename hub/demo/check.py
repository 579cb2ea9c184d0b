"""Does the record of a replayed dialogue hold what was said, and nothing that was private?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from hub.demo.script import Proposal, Row, Script
from hub.people.rules import group_of

ADOPTED = ("adopted", "adopted_with_dissent")
PROGRESS = ("open", "doing", "done", "dropped")
# Shorter pieces of a reflection than this are said in public too.
TELLING_WORDS = 5
# What the dialogue gives whoever plays it and however fast, as far as a record may show it: the
# group of research is small, and that of lived experience would give it away.
# Source: measures.md, "Check values".
MEASURES: Mapping[str, float] = {
    "turns.n": 116,
    "turns.words": 1940,
    "participation.words.g": 0.2571,
    "participation.words.g_star": 0.2828,
    "participation.turns.g": 0.2179,
    "participation.turns.g_star": 0.2397,
    "balance.group.parts.practice.ratio.turns": 1.1190,
    "balance.language.parts.sv.ratio.turns": 0.9167,
    "balance.language.parts.en.ratio.turns": 1.1,
    "balance.language.index.turns": 0.9545,
    "reciprocity.arrows": 49,
    "reciprocity.mutual": 32,
    "reciprocity.rho": 0.6531,
    "reciprocity.replies": 81,
    "reciprocity.cross": 58,
    "reciprocity.x": 0.7160,
    "reciprocity.e": 0.6909,
    "reciprocity.x_by_e": 1.0364,
    "answered.practice.answered": 18,
    "answered.practice.of": 39,
    "perspective.restatements": 13,
    "perspective.valid": 12,
    "perspective.pairs": 10,
    "perspective.takers": 10,
    "perspective.first_try": 0.8333,
    "perspective.accuracy": 0.95,
    "perspective.ptr": 0.8636,
    "perspective.understood": 7,
    "translation.sv.fixed": 1,
    "translation.sv.of": 70,
    "translation.en.fixed": 1,
    "translation.en.of": 61,
    "objections.raised": 2,
    "objections.resolved": 1,
    "objections.dissent": 1,
}
ROUNDED = 6e-5  # figures are rounded to four decimals


def check_record(record: Mapping[str, Any], script: Script) -> list[str]:
    """What is wrong with the record, one sentence each; empty where it is as it should be."""
    return [
        *_check_attendance(_mapping(record.get("attendance")), script),
        *_check_proposals(_mappings(record.get("recommendations")), script),
        *_check_restatements(record, script),
        *_check_silence(record, script),
        *_check_measures(record, script),
    ]


def check_outcomes(found: Mapping[str, Any], scene: Mapping[str, Any]) -> list[str]:
    """What is wrong with the outcomes of the dialogue, as ``GET /outcomes`` answers them."""
    outcomes = {str(item.get("principle")): item for item in _mappings(found.get("items"))}
    return [
        fault
        for principle in scene["principles"]
        for fault in _check_outcome(
            principle, outcomes.get(principle), scene["dialogue"][principle]
        )
    ]


def _check_outcome(
    principle: str, found: Mapping[str, Any] | None, told: Mapping[str, Any]
) -> Iterable[str]:
    if found is None:
        yield f"outcome of {principle} is missing"
        return
    expected = told["outcome"]
    ratings = _mapping(found.get("ratings"))
    agreed = _mapping(_mapping(found.get("agreed")).get("sv")).get("text")
    facts = {
        "decision": found.get("decision"),
        "counts": ratings.get("counts"),
        "passed": ratings.get("passed"),
        "label": ratings.get("label"),
        "dissent": [each.get("group") for each in _mappings(found.get("dissent"))],
    }
    for name, value in facts.items():
        if value != expected[name]:
            yield f"outcome of {principle}: {name} is {value}, expected {expected[name]}"
    if not found.get("closed_at"):
        yield f"outcome of {principle} is not closed"
    if (found.get("agreed") is None) != bool(expected["dissent"]):
        yield f"outcome of {principle}: there is either agreed text or dissent"
    if "agreed" in expected:
        wording = next(post for post in told["wording"] if post.get("key") == expected["agreed"])
        if _plain(agreed) != _plain(wording["sv"]):
            yield f"outcome of {principle}: what was agreed on is not what was proposed"


def check_charter(found: Mapping[str, Any], scenes: Mapping[str, Any]) -> list[str]:
    """What is wrong with the charter after the dialogue, as ``GET /charters/{id}`` answers it."""
    faults = []
    wanted = [scenes["versions"][name]["number"] for name in ("second", "first")]
    versions = [version.get("number") for version in _mappings(found.get("versions"))]
    if versions != wanted:
        faults.append(f"versions of the charter are {versions}, expected {wanted}")
    principles = {item.get("id"): item for item in _mappings(found.get("principles"))}
    for principle in scenes["finished"]["principles"]:
        item = _mapping(principles.get(principle))
        told = scenes["finished"]["dialogue"][principle]["outcome"]
        status = dict(_mapping(item.get("status")))
        if status != {"sv": "tested_in_dialogue", "en": "tested_in_dialogue"}:
            faults.append(f"{principle} is {status}, expected tested in dialogue")
        groups = [each.get("group") for each in _mappings(item.get("dissent"))]
        if groups != told["dissent"]:
            faults.append(f"{principle}: dissent of {groups}, expected {told['dissent']}")
    return faults


def check_summary(versions: Mapping[str, Mapping[str, Any]], told: Mapping[str, Any]) -> list[str]:
    """What is wrong with the summary, as ``GET /summaries/{id}`` answers it for each audience."""
    faults = []
    for audience, found in versions.items():
        headlines = [
            dict(_mapping(each.get("texts"))) for each in _mappings(found.get("headlines"))
        ]
        wanted = {each: told[audience]["headline"][0][each] for each in ("sv", "en")}
        if headlines != [wanted]:
            faults.append(f"headline for {audience} is {headlines}")
        blocks = {each.get("block"): each for each in _mappings(found.get("blocks"))}
        if "disagreed" not in blocks:
            faults.append(f"what was disagreed on is missing for {audience}")
        if audience == "citizens" and not found.get("easy"):
            faults.append("the easy-read version is missing")
    return faults


def check_followed(found: Mapping[str, Any], session: str) -> list[str]:
    """What is wrong with what became of the forum's proposals (``GET /recommendations``)."""
    statuses = sorted(
        str(each.get("status"))
        for each in _mappings(found.get("items"))
        if _mapping(each.get("session")).get("id") == session and each.get("status")
    )
    if statuses != sorted(PROGRESS):
        return [f"recommendations are {statuses}, expected one of each status"]
    return []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def _plain(text: object) -> str:
    """The text without what a page may change: case, and the width of spaces."""
    return " ".join(str(text).casefold().split())


def _check_attendance(attendance: Mapping[str, Any], script: Script) -> Iterable[str]:
    """Visitors may have joined in: there may be more people than in the script, never fewer."""
    if not attendance:
        yield "attendance is missing"
        return
    groups = Counter(group_of(p.role) or "unsaid" for p in script.people)
    languages = Counter(p.language for p in script.people)
    for name, expected in (("by_group", groups), ("by_language", languages)):
        found = _mapping(attendance.get(name))
        for key, count in expected.items():
            if _number(found.get(key)) < count:
                yield f"attendance {name}: {key} is {found.get(key)}, expected {count}"
    if _number(attendance.get("people")) < len(script.people):
        yield f"attendance: {attendance.get('people')} people, expected {len(script.people)}"


def _number(value: object) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0


def _check_proposals(found: list[Mapping[str, Any]], script: Script) -> Iterable[str]:
    left = list(found)
    for proposal in script.proposals.values():
        item = next((r for r in left if _is_about(r, proposal, script)), None)
        if item is not None:
            left.remove(item)
        yield from _check_proposal(item, proposal)
    for item in left:
        if item.get("result") in ADOPTED:
            yield f"recommendation {item.get('id')} is adopted, and is not in the dialogue"


def _is_about(item: Mapping[str, Any], proposal: Proposal, script: Script) -> bool:
    turns = {proposal.turn, proposal.completed} if not proposal.split_of else set()
    texts = {_plain(proposal.what), *(_plain(r.text) for r in script.rows if r.turn in turns)}
    what = item.get("what")
    given = what.values() if isinstance(what, Mapping) else [what]
    return any(_plain(text) in texts for text in given)


def _check_proposal(item: Mapping[str, Any] | None, proposal: Proposal) -> Iterable[str]:
    if proposal.outcome == "split":
        if item is not None and item.get("result") in ADOPTED:
            yield f"{proposal.key} was split, and is {item.get('result')}"
        return
    if item is None:
        yield f"{proposal.key} is missing"
        return
    if item.get("result") != proposal.outcome:
        yield f"{proposal.key} is {item.get('result')}, expected {proposal.outcome}"
    for part in ("owner", "when", "measure"):
        if _plain(item.get(part)) != _plain(proposal.fields[part]):
            yield f"{proposal.key}: {part} is not what was said"
    stances = _mapping(item.get("stances"))
    if proposal.outcome == "adopted_with_dissent" and not stances.get("stand_aside"):
        yield f"{proposal.key}: nobody stands aside"


def _check_restatements(record: Mapping[str, Any], script: Script) -> Iterable[str]:
    items = {i.get("id"): i for i in _items(record)}
    found = _mappings(record.get("restatements"))
    for row in script.rows:
        if row.kind != "restatement":
            continue
        original = script.row(row.re_turn or 0)
        pair = next((r for r in found if _is_pair(r, items, row, original)), None)
        answer = _answer_to(row, script)
        if pair is None:
            yield f"restatement {row.turn} of {original.turn} is missing"
        elif _answer(pair.get("check")) != answer:
            yield f"restatement {row.turn}: check is {_answer(pair.get('check'))}, not {answer}"


def _items(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    phases = _mappings(record.get("phases"))
    return [item for phase in phases for item in _mappings(phase.get("items"))]


def _is_pair(
    found: Mapping[str, Any], items: Mapping[Any, Mapping[str, Any]], row: Row, original: Row
) -> bool:
    return _is_said(items.get(found.get("id")), row) and _is_said(
        items.get(found.get("of")), original
    )


def _is_said(item: Mapping[str, Any] | None, row: Row) -> bool:
    if item is None:
        return False
    author = _mapping(item.get("author"))
    same_author = author.get("name") in (row.speaker, None)
    return same_author and _plain(item.get("text")) == _plain(row.text)


def _answer(check: object) -> object:
    return check.get("answer") if isinstance(check, Mapping) else check


def _answer_to(row: Row, script: Script) -> str | None:
    checks = [
        r.detail for r in script.rows if r.kind == "restatement_check" and r.re_turn == row.turn
    ]
    return checks[-1] if checks else None


def _check_silence(record: Mapping[str, Any], script: Script) -> Iterable[str]:
    """No text of a reflection, in either language, whole or by the sentence."""
    whole = _plain(json.dumps(record, ensure_ascii=False, default=str).replace('\\"', '"'))
    public = _plain(" ".join(r.text for r in script.rows if r.kind != "reflection"))
    for row in script.rows:
        if row.kind == "reflection" and any(
            piece in whole for piece in _pieces(row) if piece not in public
        ):
            yield f"the record tells the reflection of turn {row.turn}"
    for item in _items(record):
        if item.get("kind") == "reflection":
            yield f"the record lists a reflection, {item.get('id')}"


def _pieces(row: Row) -> list[str]:
    texts = (_plain(row.text), _plain(row.reference))
    sentences = [s.strip() for text in texts for s in text.split(".")]
    return [*texts, *(s for s in sentences if len(s.split()) >= TELLING_WORDS)]


def _check_measures(record: Mapping[str, Any], script: Script) -> Iterable[str]:
    """The check values that depend neither on timing nor on visitors.

    A seat kept for a visitor moves nothing. As soon as a visitor writes, or stays long enough to
    count as a participant, nearly every figure moves: then only the number of people is checked.
    First voices, minutes and the load of the chatbot depend on timing.
    """
    measures = _mapping(record.get("measures"))
    if not measures:
        yield "measures are missing"
        return
    present = _number(_at(measures, "people.n"))
    if present < len(script.people):
        yield f"measures: {present:g} people were present, expected {len(script.people)}"
        return
    if present > len(script.people) or _has_visitors(record, script):
        return
    for path, expected in MEASURES.items():
        found = _at(measures, path)
        if found is None or abs(_number(found) - expected) > ROUNDED:
            yield f"measures: {path} is {found}, expected {expected}"


def _at(measures: Mapping[str, Any], path: str) -> Any:
    """The figure at a path such as ``turns.n``; None where there is none."""
    found: Any = measures
    for name in path.split("."):
        found = _mapping(found).get(name)
    return found


def _has_visitors(record: Mapping[str, Any], script: Script) -> bool:
    known = {person.name for person in script.people}
    authors = [_mapping(item.get("author")) for item in _items(record)]
    others = [a for a in authors if a.get("role") not in ("facilitator", "bot")]
    return any(a["name"] not in known for a in others if a.get("name"))
