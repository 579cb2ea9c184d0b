"""The sample and its supplement fit together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from hub.demo.script import Proposal, Ref, Script, Step, make_script, read_rows

ANNOUNCED = {"A": 4.1, "B": 3.6, "C": 4.7, "D": 4.8}


def references(step: Step) -> Iterator[str]:
    def within(value: Any) -> Iterator[str]:
        if isinstance(value, Ref):
            yield value.key
        elif isinstance(value, dict):
            for inner in value.values():
                yield from within(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from within(inner)

    yield from within(dict(step.data))


def fields(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = step.data.get("fields", {})
    return found


def said(script: Script, kind: str) -> list[Step]:
    return [s for s in script.steps if s.data.get("kind") == kind]


def test_the_whole_sample_is_there(script: Script) -> None:
    assert [r.turn for r in script.rows] == list(range(1, 160))
    assert len(script.people) == 11
    assert {"Hanna", "Tom"} == {p.name for p in script.people if p.bilingual}


def test_phases_begin_when_the_format_says(script: Script, form: dict[str, Any]) -> None:
    starts = {s.data["to"]: s.seconds for s in script.steps if s.act in ("start", "advance")}
    at = 0
    for phase in form["phases"]:
        assert starts[phase["id"]] == at
        at += phase["minutes"] * 60
    assert at == script.steps[-1].seconds == 5400


def test_every_step_is_open_in_its_phase(script: Script, form: dict[str, Any]) -> None:
    phases = {p["id"]: p for p in form["phases"]}
    for step in script.steps:
        kind = step.data.get("kind", "facilitation")
        phase = phases[step.phase]
        talk = ("question", "contribution") if phase["discussion"] else ()
        if kind != "facilitation" and step.act != "split":
            assert kind in (*phase["inputs"], *talk), step


def test_steps_come_in_order_and_refer_only_to_what_came_before(script: Script) -> None:
    assert all(a.seconds <= b.seconds for a, b in pairwise(script.steps))
    known = {f"card:{c.turn}" for c in script.cards}
    for step in script.steps:
        missing = set(references(step)) - known
        assert not missing, (step, missing)
        assert step.key not in known
        known.add(step.key)


def test_nobody_acts_before_joining(script: Script) -> None:
    late = next(s for s in script.steps if s.act == "join")
    assert late.who == "Maureen"
    assert not [s for s in script.steps if s.who == "Maureen" and s.seconds < late.seconds]


def test_what_bots_and_pairs_say_is_not_posted(script: Script) -> None:
    texts = {s.data.get("text") for s in script.steps}
    assert not texts & {r.text for r in script.rows if r.role == "bot"}
    assert script.untold == (59, 60)
    assert not texts & {r.text for r in script.rows if r.turn in script.untold}


def test_all_else_that_was_said_is_posted(script: Script) -> None:
    texts = [s.data["text"] for s in script.steps if s.act == "say" and s.data["text"]]
    rest = ("bot", "card", "translation_fix")
    expected = [r.text for r in script.rows if r.kind not in rest and r.turn not in script.untold]
    assert texts == expected


def test_ratings_give_the_means_that_are_read_out(script: Script) -> None:
    values: dict[str, list[int]] = defaultdict(list)
    for step in said(script, "rating"):
        if fields(step)["scale"] == "importance" and not step.key.endswith(":again"):
            values[step.key.split(":")[2]].append(fields(step)["value"])
    assert {k: round(sum(v) / len(v), 1) for k, v in values.items()} == ANNOUNCED
    assert {len(v) for v in values.values()} == {11}
    spread = {k: max(v) - min(v) for k, v in values.items()}
    assert max(spread, key=lambda k: spread[k]) == "B"
    assert script.row(115).seconds > max(s.seconds for s in said(script, "rating")[:88])


def test_a_changed_rating_comes_after_it_is_spoken_of(script: Script) -> None:
    again = [s for s in script.steps if s.key == "rating:importance:B:Björn:again"]
    first = [s for s in script.steps if s.key == "rating:importance:B:Björn"]
    assert [fields(s)["value"] for s in (*first, *again)] == [2, 3]
    assert again[0].seconds > script.row(118).seconds


def test_stances_lead_to_the_outcomes_that_are_announced(script: Script) -> None:
    for proposal in script.proposals.values():
        if proposal.outcome == "split":
            continue
        latest = {
            s.who: fields(s)["value"]
            for s in said(script, "stance")
            if fields(s)["of"] == proposal.ref
        }
        assert set(latest) == {p.name for p in script.people}, proposal.key
        expected = Counter(consent=11)
        if proposal.outcome == "adopted_with_dissent":
            expected = Counter(consent=10, stand_aside=1)
        assert Counter(latest.values()) == expected, proposal.key


def test_objections_and_standing_aside_have_reasons(script: Script) -> None:
    for step in said(script, "stance"):
        if fields(step)["value"] != "consent":
            assert fields(step)["reason"]


def test_amendments_are_about_the_proposal_however_far_the_reply(script: Script) -> None:
    about = {s.key: fields(s)["of"].key for s in said(script, "amendment")}
    assert about == {"141": "120", "142": "120", "149": "124"}


@pytest.mark.parametrize("key", ["P1", "P2", "P2a", "P2b", "P3"])
def test_proposals_are_complete_and_short_enough(script: Script, key: str) -> None:
    proposal: Proposal = script.proposals[key]
    assert date.fromisoformat(proposal.when) > date(2027, 1, 1)
    assert all(0 < len(text) <= 300 for text in proposal.fields.values())


def test_corrections_carry_the_other_language(script: Script) -> None:
    found = {s.key: s.data for s in script.steps if s.act == "correct"}
    assert found["47"]["language"] == "sv"
    assert found["47"]["text"] == script.row(43).reference
    assert found["47"]["remark"] == script.row(47).text
    assert found["47"]["remark_language"] == "en"
    assert (found["64"]["language"], found["64"]["text"]) == ("en", script.row(64).text)
    assert "remark" not in found["64"]
    dispute = next(s for s in script.steps if s.act == "dispute")
    assert (dispute.data["word"], dispute.data["of"]) == ("engagement", Ref("43"))


def test_a_remark_on_a_card_points_at_the_card(script: Script) -> None:
    step = next(s for s in script.steps if s.key == "19")
    assert step.data["reply_to"] is None
    assert fields(step) == {"finding": Ref("card:18")}


def test_findings_are_in_both_languages(script: Script) -> None:
    for card in script.cards:
        row = script.row(card.turn)
        both = {row.text, row.reference}
        for language in ("sv", "en"):
            assert card.title[language]
            assert any(text.endswith(card.text[language]) for text in both)
        assert set(card.tags) <= {"measurement", "mechanisms", "management", "models"}


def test_an_unknown_speaker_is_refused() -> None:
    header = "turn\tt_seconds\tspeaker\trole\tlang\tphase\ttype\tre_turn\tto\ttext\treference\n"
    rows = read_rows(header + "1\t0\tNisse\tpatient\tsv\tarrive\tcontribution\t\tall\tHej\tHi\n")
    with pytest.raises(ValueError, match="Nisse"):
        make_script(rows, {"people": [], "proposals": {}, "findings": []})
