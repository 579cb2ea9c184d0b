"""The check of a record finds what is missing, wrong, or private."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from hub.demo.check import MEASURES, check_record
from hub.demo.script import Script

Record = dict[str, Any]


@pytest.fixture(scope="module")
def record(script: Script) -> Record:
    def item(turn: int) -> Record:
        row = script.row(turn)
        author = {"name": row.speaker, "role": row.role}
        return {"id": f"c{turn}", "kind": row.kind, "text": row.text, "author": author}

    public = [r for r in script.rows if r.role not in ("bot",) and r.kind != "reflection"]
    checks = {r.re_turn: r.detail for r in script.rows if r.kind == "restatement_check"}
    proposals = [p for p in script.proposals.values() if p.outcome != "split"]
    return {
        "phases": [{"id": "all", "items": [item(r.turn) for r in public]}],
        "attendance": {
            "by_group": {"lived": 4, "practice": 5, "research": 2},
            "by_language": {"sv": 6, "en": 5},
            "people": 11,
        },
        "restatements": [
            {"id": f"c{r.turn}", "of": f"c{r.re_turn}", "check": checks[r.turn]}
            for r in script.rows
            if r.kind == "restatement"
        ],
        "recommendations": [
            {
                "id": p.key,
                **p.fields,
                "result": p.outcome,
                "stances": {"stand_aside": int(p.outcome == "adopted_with_dissent")},
            }
            for p in proposals
        ],
        "measures": measures(),
    }


def measures() -> Record:
    found: Record = {"people": {"n": 11}}
    for path, value in MEASURES.items():
        put(found, path, value)
    return found


def put(found: Record, path: str, value: Any) -> None:
    *names, last = path.split(".")
    for name in names:
        found = found.setdefault(name, {})
    found[last] = value


def test_a_good_record_passes(record: Record, script: Script) -> None:
    assert check_record(record, script) == []


def test_visitors_do_no_harm(record: Record, script: Script) -> None:
    more = copy.deepcopy(record)
    more["attendance"] = {
        "by_group": {"lived": 5, "practice": 5, "research": 2},
        "by_language": {"sv": 6, "en": 6},
        "people": 12,
    }
    assert check_record(more, script) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda r: put(r, "measures.people.n", 12),
        lambda r: r["phases"][0]["items"].append(
            {"id": "x", "kind": "contribution", "author": {"name": "Gäst", "role": None}}
        ),
    ],
)
def test_what_visitors_move_is_not_held_against_the_record(
    record: Record, script: Script, change: Callable[[Record], object]
) -> None:
    moved = copy.deepcopy(record)
    change(moved)
    put(moved, "measures.turns.n", 117)
    assert check_record(moved, script) == []


def test_the_facilitator_and_those_without_a_name_are_no_visitors(
    record: Record, script: Script
) -> None:
    moved = copy.deepcopy(record)
    put(moved, "measures.turns.n", 117)
    moved["phases"][0]["items"] += [
        {"id": "x", "kind": "facilitation", "author": {"name": "Malin", "role": "facilitator"}},
        {"id": "y", "kind": "contribution", "author": None},
    ]
    assert check_record(moved, script) == ["measures: turns.n is 117, expected 116"]


def recommendation(record: Record, key: str) -> Record:
    found: Record = next(r for r in record["recommendations"] if r["id"] == key)
    return found


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda r: r.pop("attendance"), "attendance is missing"),
        (lambda r: r["attendance"]["by_group"].update(research=1), "research is 1"),
        (lambda r: r["attendance"]["by_language"].update(sv=5), "sv is 5"),
        (lambda r: r["attendance"].update(people=10), "10 people"),
        (lambda r: recommendation(r, "P1").update(result="undecided"), "P1 is undecided"),
        (lambda r: recommendation(r, "P2a").update(result="adopted"), "P2a is adopted"),
        (lambda r: recommendation(r, "P2a").update(stances={}), "nobody stands aside"),
        (lambda r: recommendation(r, "P2b").update(when=""), "P2b: when"),
        (lambda r: recommendation(r, "P3").update(owner="Kerstin"), "P3: owner"),
        (lambda r: r["recommendations"].pop(), "is missing"),
        (
            lambda r: r["recommendations"].append({"id": "x", "what": "y", "result": "adopted"}),
            "not in the dialogue",
        ),
        (lambda r: r["restatements"].pop(0), "restatement 75 of 71 is missing"),
        (lambda r: r["restatements"][1].update(check="yes"), "restatement 77: check is yes"),
        (lambda r: r["restatements"][0].update(of="c69"), "restatement 75 of 71 is missing"),
        (lambda r: r.pop("measures"), "measures are missing"),
        (lambda r: put(r, "measures.people.n", 10), "10 people were present, expected 11"),
        (lambda r: put(r, "measures.turns.n", 115), "turns.n is 115, expected 116"),
        (lambda r: put(r, "measures.perspective.ptr", 0.8635), "perspective.ptr is 0.8635"),
        (lambda r: put(r, "measures.perspective.ptr", None), "perspective.ptr is None"),
        (lambda r: put(r, "measures.perspective", None), "perspective.understood is None"),
        (lambda r: put(r, "measures.perspective.ptr", 0.86364), None),
        (lambda r: r.update(note="COUNTING  SHOES"), None),
        (
            lambda r: r.update(note="the only place where nobody needs me for four minutes"),
            None,
        ),
        (
            lambda r: r.update(
                note="If I'm honest I sit in the office because it is the only place "
                "where nobody needs me for four minutes."
            ),
            "reflection of turn 40",
        ),
        (
            lambda r: r.update(note={"sv": "Den där glasrutan i dörren till kontoret. Räkna skor"}),
            "reflection of turn 39",
        ),
        (
            lambda r: r["phases"][0]["items"].append({"id": "c1", "kind": "reflection"}),
            "lists a reflection",
        ),
    ],
)
def test_what_is_wrong_is_named(
    record: Record, script: Script, change: Callable[[Record], object], word: str | None
) -> None:
    spoilt = copy.deepcopy(record)
    change(spoilt)
    problems = check_record(spoilt, script)
    if word is None:
        assert problems == []
    else:
        assert any(word in problem for problem in problems), problems


@pytest.mark.parametrize("record", [{}, {"phases": None, "recommendations": [1], "attendance": 3}])
def test_a_broken_record_is_told_not_raised(record: Record, script: Script) -> None:
    assert len(check_record(record, script)) > 10
