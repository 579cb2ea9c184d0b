"""Each measure on cases small enough to work out by hand, and on the sample dialogue itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.demo.script import DATA, Row, read_rows
from hub.measures.process import (
    ANSWERABLE,
    COUNTED,
    Check,
    Fix,
    Line,
    Objection,
    Person,
    Phase,
    Proposal,
    Session,
    Theme,
    Turn,
    balance,
    chance_of_crossing,
    counted_turns,
    evenness,
    for_show,
    gini,
    lorenz,
    main_languages,
    measures_of,
    outcome_of,
    own_figures,
    points_of,
)
from hub.people.rules import group_of

# Source: measures.md, "Check values".
CHECK_VALUES = {
    "people.n": 11,
    "turns.n": 116,
    "turns.words": 1940,
    "participation.words.g": 0.2571,
    "participation.words.g_star": 0.2828,
    "participation.turns.g": 0.2179,
    "participation.turns.g_star": 0.2397,
    "balance.group.parts.lived.ratio.turns": 1.0668,
    "balance.group.parts.practice.ratio.turns": 1.1190,
    "balance.group.parts.research.ratio.turns": 0.5690,
    "balance.group.index.turns": 0.9216,
    "balance.group.index.words": 0.8891,
    "balance.language.parts.sv.ratio.turns": 0.9167,
    "balance.language.parts.en.ratio.turns": 1.1000,
    "balance.language.index.turns": 0.9545,
    "reciprocity.arrows": 49,
    "reciprocity.mutual": 32,
    "reciprocity.rho": 0.6531,
    "reciprocity.replies": 81,
    "reciprocity.cross": 58,
    "reciprocity.x": 0.7160,
    "reciprocity.e": 0.6909,
    "reciprocity.x_by_e": 1.0364,
    "answered.lived.answered": 18,
    "answered.lived.of": 29,
    "answered.practice.answered": 18,
    "answered.practice.of": 39,
    "answered.research.answered": 2,
    "answered.research.of": 10,
    "perspective.restatements": 13,
    "perspective.valid": 12,
    "perspective.pairs": 10,
    "perspective.takers": 10,
    "perspective.first_try": 0.8333,
    "perspective.accuracy": 0.95,
    "perspective.ptr": 0.8636,
    "perspective.understood": 7,
    "first_voice.converge.research": 76,
    "first_voice.converge.practice": 148,
    "first_voice.converge.lived": 423,
}
CHECK_VALUES_OF_TRANSLATION = {
    "translation.sv.fixed": 1,
    "translation.sv.of": 70,
    "translation.sv.per_100": 1.43,
    "translation.en.fixed": 1,
    "translation.en.of": 61,
    "translation.en.per_100": 1.64,
}


def value_at(measures: Any, path: str) -> Any:
    for name in path.split("."):
        measures = measures[name]
    return measures


def read_sample(rows: Sequence[Row]) -> Session:
    """The file as plain values, without the hub: everything that a person wrote is a post."""
    starts = {r.phase: r.seconds for r in rows if r.detail == "phase_start"}
    people = [r for r in rows if r.role not in ("bot", "facilitator")]
    posts = [r for r in rows if r.role != "bot"]
    chosen = dict.fromkeys(r.speaker for r in people)
    return Session(
        people=tuple(
            Person(name, name, next(group_of(r.role) for r in people if r.speaker == name), "en")
            for name in chosen
        ),
        turns=tuple(
            Turn(
                id=str(r.turn),
                author=r.speaker,
                kind=r.kind,
                words=len(r.text.split()),
                at=r.seconds,
                phase=r.phase,
                language=r.language,
                re=str(r.re_turn) if r.re_turn else None,
                visible=r.to == "all",
            )
            for r in posts
        ),
        checks=tuple(
            Check(str(r.re_turn), r.detail, r.seconds)
            for r in posts
            if r.kind == "restatement_check"
        ),
        fixes=tuple(Fix(str(r.re_turn), r.seconds) for r in posts if r.kind == "translation_fix"),
        phases=tuple(Phase(p, 0, 0, 0, start) for p, start in starts.items()),
        seconds=5400,
    )


@pytest.fixture(scope="module")
def sample() -> Session:
    return read_sample(read_rows((DATA / "sample-dialogue.tsv").read_text("utf-8")))


@pytest.mark.parametrize("path", CHECK_VALUES)
def test_the_sample_gives_the_check_values(sample: Session, path: str) -> None:
    assert value_at(measures_of(sample), path) == pytest.approx(CHECK_VALUES[path], abs=5e-5)


@pytest.mark.parametrize("path", CHECK_VALUES_OF_TRANSLATION)
def test_the_sample_gives_the_check_values_of_translation(sample: Session, path: str) -> None:
    found = value_at(measures_of(sample), path)
    assert found == pytest.approx(CHECK_VALUES_OF_TRANSLATION[path], abs=5e-3)


def test_the_sample_says_how_long_corrections_took(sample: Session) -> None:
    translation = measures_of(sample)["translation"]
    assert translation["en"]["median_seconds"] == 1522 - 1425
    assert translation["sv"]["median_seconds"] == 1920 - 1877


def test_the_sample_shares_of_people_are_kept_with_their_numbers(sample: Session) -> None:
    perspective = measures_of(sample)["perspective"]
    assert perspective["coverage"] == pytest.approx(10 / 11)
    assert perspective["understood_share"] == pytest.approx(7 / 11)
    assert perspective["checked_restatements"] == 12
    assert perspective["unchecked_pairs"] == 0


def test_measures_and_what_is_shown_of_them_are_plain_json(sample: Session) -> None:
    measures = measures_of(sample)
    assert json.loads(json.dumps(measures)) == measures
    shown = for_show(measures)
    assert json.loads(json.dumps(shown)) == shown


# --- small cases ---------------------------------------------------------------------------------


def person(name: str, group: str | None = "lived", language: str = "sv") -> Person:
    return Person(name, name, group, language)


def turn(turn_id: str, author: str, re: str | None = None, **more: Any) -> Turn:
    values = {"kind": "contribution", "words": 5, "at": 0.0, "phase": "p", "language": "sv", **more}
    return Turn(id=turn_id, author=author, re=re, **values)


ANN, BO, CY, DI = person("Ann"), person("Bo"), person("Cy", "practice"), person("Di", "practice")
FOUR = (ANN, BO, CY, DI)


def test_an_empty_session_has_no_measures_but_its_denominators() -> None:
    measures = measures_of(Session())
    assert measures["people"]["n"] == 0
    assert measures["turns"] == {"n": 0, "words": 0}
    assert measures["participation"]["words"]["g_star"] is None
    assert measures["participation"]["words"]["lorenz"] == []
    assert measures["balance"]["group"]["index"] == {"turns": None, "words": None}
    assert measures["reciprocity"]["rho"] is None
    assert measures["reciprocity"]["x"] is None
    assert measures["reciprocity"]["e"] is None
    assert measures["perspective"]["coverage"] is None
    assert measures["perspective"]["ptr"] is None
    assert measures["translation"] == {}
    assert measures["bot"]["per_10_minutes"] is None
    assert measures["bot"]["dropped_share"] is None
    assert measures["time"]["cut_from_method"] is None
    assert for_show(measures)["too_few"]["everyone"] is True


def test_where_nobody_wrote_shares_are_missing_and_people_are_counted() -> None:
    measures = measures_of(Session(people=FOUR))
    assert measures["participation"]["turns"] == {
        "n": 4,
        "total": 0,
        "g": None,
        "g_star": None,
        "reading": None,
        "lorenz": [],
    }
    assert measures["balance"]["group"]["parts"]["lived"]["ratio"] == {"turns": None, "words": None}
    assert measures["answered"]["lived"] == {"answered": 0, "of": 0, "rate": None}
    assert measures["perspective"]["coverage"] == 0
    assert measures["perspective"]["ptr"] is None
    assert measures["reciprocity"]["e"] == pytest.approx(1 - 4 / 12)


def test_one_person_alone_is_no_group() -> None:
    measures = measures_of(Session(people=(ANN,), turns=(turn("1", "Ann"),)))
    assert measures["participation"]["words"]["g"] is None
    assert measures["reciprocity"]["e"] is None
    assert for_show(measures)["turns"] == {"n": None, "words": None}


@pytest.mark.parametrize("kind", [*COUNTED, "card", "reflection", "rating", "facilitation"])
def test_the_kinds_that_count_as_turns(kind: str) -> None:
    found = counted_turns(Session(people=(ANN,), turns=(turn("1", "Ann", kind=kind),)))
    assert len(found) == (kind in COUNTED)


@pytest.mark.parametrize(
    "left_out",
    [
        turn("1", "Ann", visible=False),
        turn("1", "Malin"),
        turn("1", "Ann", words=0, kind="stance"),
    ],
)
def test_what_is_private_pressed_or_of_no_participant_is_no_turn(left_out: Turn) -> None:
    assert counted_turns(Session(people=(ANN,), turns=(left_out,))) == []


def test_the_gini_of_three_people_by_hand() -> None:
    # (2·1−4)·1 + (2·2−4)·2 + (2·3−4)·3 = 4; 4 / (3·6) = 2/9; 2/9 · 3/2 = 1/3
    assert gini([3, 1, 2]) == pytest.approx((2 / 9, 1 / 3))
    shares = [share for _, share in lorenz([3, 1, 2])]
    assert shares == pytest.approx([0, 1 / 6, 1 / 2, 1])
    assert [people for people, _ in lorenz([3, 1, 2])] == pytest.approx([0, 1 / 3, 2 / 3, 1])


@pytest.mark.parametrize("amounts", [[], [4], [4, 1], [0, 0, 0]])
def test_there_is_no_gini_under_three_people_or_without_a_word(amounts: list[float]) -> None:
    assert gini(amounts) is None
    assert lorenz(amounts) == []


@pytest.mark.parametrize(
    ("g_star", "word"),
    [
        (None, None),
        (0.0, "even"),
        (0.3499, "even"),
        (0.35, "uneven"),
        (0.55, "uneven"),
        (0.5501, "dominated"),
    ],
)
def test_the_provisional_word_for_words(g_star: float | None, word: str | None) -> None:
    assert evenness(g_star) == word


def test_turns_have_no_provisional_word() -> None:
    turns = tuple(turn(str(i), "Ann") for i in range(9))
    found = measures_of(Session(people=FOUR, turns=turns))["participation"]
    assert found["words"]["reading"] == "dominated"
    assert found["turns"]["reading"] is None


def test_balance_by_hand() -> None:
    # Two of ten people wrote 50 of 100 turns: 0.5/0.2 and 0.5/0.8; 1 − (0.3 + 0.3)/2
    found = balance({"lived": 2, "practice": 8}, {"lived": 50, "practice": 50})
    assert found.ratios == pytest.approx({"lived": 2.5, "practice": 0.625})
    assert found.index == pytest.approx(0.7)


def test_a_group_that_says_nothing_has_zero_and_not_nothing() -> None:
    found = balance({"lived": 1, "practice": 1}, {"practice": 3})
    assert found.ratios == {"lived": 0, "practice": 2}
    assert found.index == 0.5


def test_languages_are_compared_by_turns_alone() -> None:
    measures = measures_of(Session(people=FOUR, turns=(turn("1", "Ann"),)))
    assert measures["balance"]["language"]["total"] == {"turns": 1}
    assert measures["balance"]["group"]["total"] == {"turns": 1, "words": 5}


def test_peoples_language_is_the_one_they_mainly_write_in() -> None:
    turns = [
        turn("1", "Ann", language="en"),
        turn("2", "Bo", language="en"),
        turn("3", "Bo", language="sv"),
        turn("4", "Di", language="en"),
        turn("5", "Di", language="en"),
        turn("6", "Di", language="sv"),
    ]
    assert main_languages(FOUR, turns) == {"Ann": "en", "Bo": "sv", "Cy": "sv", "Di": "en"}


def test_arrows_and_crossing_by_hand() -> None:
    turns = (
        turn("1", "Ann"),
        turn("2", "Cy", "1"),  # practice → lived
        turn("3", "Ann", "2"),  # and back
        turn("4", "Bo", "1"),  # within lived
        turn("5", "Bo", "4"),  # to oneself
        turn("6", "Cy", "1"),  # the same arrow again
        turn("7", "Di", "x"),  # to what is no counted turn
        turn("8", "Malin", "1"),
    )
    found = measures_of(Session(people=FOUR, turns=turns))["reciprocity"]
    assert (found["arrows"], found["mutual"]) == (3, 2)
    assert found["rho"] == pytest.approx(2 / 3)
    assert (found["replies"], found["cross"]) == (4, 3)
    assert found["x"] == 0.75
    assert found["e"] == pytest.approx(2 / 3)
    assert found["x_by_e"] == pytest.approx(9 / 8)
    assert found["between"] == [
        {"from": "lived", "to": "lived", "replies": 1},
        {"from": "lived", "to": "practice", "replies": 1},
        {"from": "practice", "to": "lived", "replies": 2},
    ]


def test_whether_a_reply_crosses_is_not_guessed_of_an_untold_group() -> None:
    people = (ANN, CY, person("Eve", None))
    turns = (turn("1", "Ann"), turn("2", "Cy", "1"), turn("3", "Eve", "1"))
    found = measures_of(Session(people=people, turns=turns))["reciprocity"]
    assert (found["replies"], found["replies_with_groups"], found["cross"]) == (2, 1, 1)
    assert found["e"] == 1


def test_people_of_one_group_cannot_cross_by_chance() -> None:
    assert chance_of_crossing([4]) == 0
    turns = (turn("1", "Ann"), turn("2", "Bo", "1"))
    found = measures_of(Session(people=(ANN, BO), turns=turns))["reciprocity"]
    assert (found["x"], found["x_by_e"]) == (0, None)


def test_only_another_participants_reply_is_an_answer() -> None:
    turns = (
        turn("1", "Ann", kind="question"),
        turn("2", "Ann", "1"),
        turn("3", "Bo", kind="theme"),
        turn("4", "Malin", "3"),
        turn("5", "Ann", kind="recommendation"),
        turn("6", "Cy", "5", kind="amendment"),
        turn("7", "Cy", kind="checkout"),
        turn("8", "Bo", "7"),
    )
    answered = measures_of(Session(people=FOUR, turns=turns))["answered"]
    assert answered["lived"] == {"answered": 1, "of": 5, "rate": 0.2}
    # An amendment and a checkout ask for no answer.
    assert answered["practice"] == {"answered": 0, "of": 0, "rate": None}
    assert "amendment" not in ANSWERABLE


def restate(turn_id: str, author: str, of: str) -> Turn:
    return turn(turn_id, author, of, kind="restatement")


def perspective(turns: Iterable[Turn], checks: Iterable[Check] = ()) -> dict[str, Any]:
    session = Session(people=FOUR, turns=tuple(turns), checks=tuple(checks))
    found: dict[str, Any] = measures_of(session)["perspective"]
    return found


def test_perspective_taking_by_hand() -> None:
    turns = [
        turn("1", "Ann"),
        turn("2", "Cy"),
        restate("3", "Cy", "1"),
        restate("4", "Cy", "1"),
        restate("5", "Ann", "2"),
        restate("6", "Bo", "2"),
        restate("7", "Di", "2"),  # within one group
    ]
    checks = [
        Check("3", "no", 10),
        Check("4", "yes", 20),
        Check("5", "partly", 30),
        Check("7", "yes", 40),
    ]
    found = perspective(turns, checks)
    assert (found["restatements"], found["valid"], found["pairs"]) == (5, 4, 3)
    assert (found["checked_pairs"], found["unchecked_pairs"]) == (2, 1)
    assert found["coverage"] == 0.75
    assert found["accuracy"] == 0.75  # Cy on Ann 1, Ann on Cy 0.5
    assert found["ptr"] == pytest.approx(0.5625)
    assert found["first_try"] == pytest.approx(0.5)  # 0, 1 and 0.5
    assert (found["understood"], found["understood_share"]) == (1, 0.25)
    assert found["between"] == [
        {"from": "lived", "to": "practice", "pairs": 2, "checked": 1, "accuracy": 0.5},
        {"from": "practice", "to": "lived", "pairs": 1, "checked": 1, "accuracy": 1},
    ]


def test_the_last_check_of_a_restatement_counts_in_any_order() -> None:
    turns = [turn("1", "Ann"), restate("2", "Cy", "1")]
    checks = [Check("2", "yes", 9), Check("2", "no", 3)]
    assert perspective(turns, checks)["accuracy"] == 1
    assert perspective(turns, checks)["first_try"] == 1


def test_without_a_check_accuracy_is_missing_and_coverage_is_not() -> None:
    found = perspective([turn("1", "Ann"), restate("2", "Cy", "1")])
    assert (found["coverage"], found["accuracy"], found["ptr"]) == (0.25, None, None)
    assert found["unchecked_pairs"] == 1


def test_a_restatement_of_what_is_gone_or_of_an_untold_group_is_not_valid() -> None:
    people = (*FOUR, person("Eve", None))
    turns = (
        turn("1", "Eve"),
        restate("2", "Ann", "1"),
        restate("3", "Ann", "gone"),
        turn("4", "Malin"),
        restate("5", "Ann", "4"),
    )
    found = measures_of(Session(people=people, turns=turns))["perspective"]
    assert (found["restatements"], found["valid"]) == (3, 0)


def test_corrections_are_counted_once_by_the_language_of_the_post() -> None:
    turns = (
        turn("1", "Ann", at=100.0),
        turn("2", "Malin", kind="facilitation"),
        turn("3", "Bo", at=50.0),
        turn("4", "Bo", language="en", visible=False),
        turn("5", "Bo", words=0),
    )
    fixes = (Fix("1", 400.0), Fix("1", 130.0), Fix("3", 60.0))
    found = measures_of(Session(people=FOUR, turns=turns, fixes=fixes))["translation"]
    assert found == {
        "sv": {
            "fixed": 2,
            "of": 3,
            "authors": 3,
            "per_100": pytest.approx(200 / 3),
            "median_seconds": 20,
        }
    }


@pytest.mark.parametrize(
    ("proposal", "who", "when", "measure"),
    [
        (Proposal("p", "", "", ""), 0, 0, 0),
        (Proposal("p", " ", "soon", " \n"), 0, 1, 0),
        (Proposal("p", "Avdelning 3", "2027-02-01", "Vi räknar"), 1, 2, 1),
        (Proposal("p", "Eva-Lena, chef", "", "", ("Eva-Lena",)), 2, 0, 0),
        (Proposal("p", "Eva-Lena, chef", "", "", ("Eva",)), 2, 0, 0),
        (Proposal("p", "Graces avdelning", "", "", ("Grace",)), 1, 0, 0),
        (Proposal("p", "GRACE och Björn", "", "", ("grace",)), 2, 0, 0),
        (Proposal("p", "Grace", "till våren", "", ("Björn", "")), 1, 1, 0),
    ],
)
def test_points_that_a_machine_can_tell(
    proposal: Proposal, who: int, when: int, measure: int
) -> None:
    assert points_of(proposal) == {"who": who, "when": when, "measure": measure}


def test_parts_that_people_judge_are_missing() -> None:
    proposal = Proposal("p", "The ward", "2027-02-01", "We count")
    (found,) = measures_of(Session(proposals=(proposal,)))["actionability"]
    assert found == {
        "id": "p",
        "what": None,
        "who": 1,
        "when": 2,
        "measure": 1,
        "start": None,
        "at_least": ["who", "measure"],
        "computed": 4,
        "of": 6,
    }


@pytest.mark.parametrize(
    ("amended", "after", "results", "outcome"),
    [
        (True, "consent", ("adopted",), "resolved"),
        (False, "consent", ("adopted",), "withdrawn"),
        (True, "stand_aside", ("adopted", "adopted_with_dissent"), "dissent"),
        (False, "objection", ("adopted_with_dissent",), "dissent"),
        (True, "objection", ("parked",), "open"),
        (True, "objection", (), "open"),
    ],
)
def test_what_comes_of_an_objection(
    amended: bool, after: Any, results: tuple[str, ...], outcome: str
) -> None:
    objection = Objection(amended, after, results)
    assert outcome_of(objection) == outcome
    found = measures_of(Session(objections=(objection, objection)))["objections"]
    nothing = dict.fromkeys(("resolved", "dissent", "withdrawn", "open"), 0)
    assert found == {"raised": 2, **nothing, outcome: 2}


def test_themes_are_read_by_scale() -> None:
    theme = Theme("t", {"importance": (0, 0, 1, 2, 3), "agreement": (1, 0, 0, 0, 0)}, {})
    (found,) = measures_of(Session(themes=(theme,)))["themes"]
    assert found["id"] == "t"
    assert found["scales"]["importance"]["label"] == "fits"
    assert found["scales"]["importance"]["high_share"] == pytest.approx(5 / 6)
    assert found["scales"]["agreement"]["label"] is None


def test_first_voice_is_by_phase_and_group() -> None:
    phases = (Phase("p", 5, 5, 0, 60.0), Phase("q", 5, 0, 5, None), Phase("r", 5, 5, 0, 400.0))
    turns = (turn("1", "Bo", at=100.0), turn("2", "Ann", at=75.0), turn("3", "Cy", phase="r"))
    session = Session(people=(ANN, BO), turns=turns, phases=phases)
    assert measures_of(session)["first_voice"] == {"p": {"lived": 15.0}, "r": {"lived": None}}


def test_the_load_of_the_chatbot_and_what_was_dropped() -> None:
    phases = (Phase("p", 20, 25, 0, 0.0),)
    lines = (Line(5), Line(6), Line(7, dropped=True), Line(8), Line(9), Line(1))
    measures = measures_of(Session(lines=lines, phases=phases))
    assert measures["bot"] == {
        "lines": 5,
        "minutes": 25,
        "per_10_minutes": 2,
        "dropped": 1,
        "of": 6,
        "dropped_share": pytest.approx(1 / 6),
    }
    assert measures["over_time"]["bot"] == [1, 5, 6, 8, 9]


def test_minutes_cut_are_those_of_the_method() -> None:
    phases = (
        Phase("evidence", 10, 6, 4, 0.0),
        Phase("reflect", 5, 4, 1, 360.0),
        Phase("restate", 15, 13.5, 1.5, 600.0),
    )
    time = measures_of(Session(phases=phases))["time"]
    assert (time["planned"], time["actual"], time["cut_from_method"]) == (30, 23.5, 2.5)
    assert time["phases"][0] == {"id": "evidence", "planned": 10, "actual": 6, "cut": 4}


def test_ones_own_figures_are_for_those_who_took_part() -> None:
    turns = (turn("1", "Ann", words=1), turn("2", "Bo", words=3), turn("3", "Bo", words=6))
    session = Session(people=(ANN, BO, CY), turns=turns)
    found = own_figures(session, "Ann")
    assert found is not None
    assert found["words"] == {"own": 1, "of": 10, "point": pytest.approx([2 / 3, 0.1])}
    assert own_figures(session, "Malin") is None
    silent = own_figures(Session(people=(ANN,)), "Ann")
    assert silent is not None
    assert silent["turns"] == {"own": 0, "of": 0, "point": None}


# --- what may be shown ---------------------------------------------------------------------------


def test_the_sample_shows_no_small_group_and_none_that_gives_it_away(sample: Session) -> None:
    shown = for_show(measures_of(sample))
    assert shown["too_few"] == {
        "everyone": False,
        "groups": ["lived", "research"],
        "languages": [],
        "source_languages": [],
    }
    parts = shown["balance"]["group"]["parts"]
    assert parts["research"] is None
    assert parts["lived"] is None
    assert parts["practice"]["ratio"]["turns"] == 1.119
    # Shares, sizes and the index together would give the small group's share.
    assert shown["balance"]["group"]["index"] == {"turns": None, "words": None}
    assert shown["balance"]["language"]["index"]["turns"] == 0.9545
    assert {name: found is None for name, found in shown["answered"].items()} == {
        "lived": True,
        "practice": False,
        "research": True,
    }
    assert shown["first_voice"]["converge"] == {"lived": None, "practice": 148, "research": None}
    assert set(shown["over_time"]["turns"]) == {"lived", "practice", "research"}
    assert shown["over_time"]["turns"]["research"] is None
    assert shown["reciprocity"]["between"] == [
        {"from": "practice", "to": "practice", "replies": 13}
    ]
    assert shown["reciprocity"]["x"] == 0.716
    assert shown["people"] == {
        "n": 11,
        "by_group": {"lived": None, "practice": 5, "research": None},
        "by_language": {"en": 5, "sv": 6},
    }


def numbers(value: Any) -> list[float]:
    """Every number in a plain value, in order."""
    if isinstance(value, dict):
        return [n for inner in value.values() for n in numbers(inner)]
    if isinstance(value, list):
        return [n for inner in value for n in numbers(inner)]
    return [value] if isinstance(value, int | float) else []


def test_where_every_group_is_large_enough_all_of_it_is_shown() -> None:
    people = tuple(person(f"{g}{i}", g) for g in ("lived", "practice") for i in range(3))
    turns = tuple(turn(p.id, p.id, "lived0") for p in people)
    measures = measures_of(Session(people=people, turns=turns))
    shown = for_show(measures)
    assert shown["too_few"] == {
        "everyone": False,
        "groups": [],
        "languages": [],
        "source_languages": [],
    }
    for name in ("participation", "balance", "reciprocity", "answered", "first_voice"):
        assert numbers(shown[name]) == pytest.approx(numbers(measures[name]), abs=1e-4)
        assert None not in shown[name].values()
    assert shown["balance"]["group"]["index"]["turns"] == 1


def test_two_people_are_too_few_for_any_figure_of_theirs() -> None:
    session = Session(
        people=(ANN, CY),
        turns=(turn("1", "Ann"), turn("2", "Cy", "1")),
        phases=(Phase("p", 5, 5, 0, 0.0),),
    )
    shown = for_show(measures_of(session))
    assert shown["too_few"] == {
        "everyone": True,
        "groups": ["lived", "practice"],
        "languages": ["sv"],
        "source_languages": ["sv"],
    }
    assert shown["turns"] == {"n": None, "words": None}
    assert shown["participation"] == {"turns": None, "words": None}
    assert shown["reciprocity"] is None
    assert shown["perspective"] is None
    assert shown["balance"]["group"]["total"] == {"turns": None, "words": None}
    assert shown["translation"] == {"sv": None}
    assert shown["first_voice"] == {"p": {"lived": None, "practice": None}}
    assert shown["time"]["actual"] == 5


def test_replies_across_are_not_told_of_a_group_of_one_and_the_rest() -> None:
    people = (ANN, *(person(f"p{i}", "practice") for i in range(5)))
    turns = (turn("1", "Ann"), turn("2", "p1", "1"), turn("3", "p2", "2"))
    shown = for_show(measures_of(Session(people=people, turns=turns)))
    assert shown["reciprocity"]["replies"] == 2
    assert shown["reciprocity"]["cross"] is None
    assert shown["reciprocity"]["x"] is None
    assert shown["reciprocity"]["x_by_e"] is None
    assert shown["reciprocity"]["between"] == []


def test_what_is_shown_stays_as_it_is_and_leaves_the_measures_alone(sample: Session) -> None:
    measures = measures_of(sample)
    before = json.dumps(measures)
    shown = for_show(measures)
    assert for_show(shown) == shown
    assert json.dumps(measures) == before


# --- properties ----------------------------------------------------------------------------------

amounts = st.lists(st.integers(0, 400), min_size=3, max_size=30)
groups = st.sampled_from(["lived", "practice", "research", None])


@given(amounts)
def test_participation_is_between_equal_and_one_person(values: list[int]) -> None:
    found = gini(values)
    if sum(values):
        assert found is not None
        assert -1e-9 <= found[0] <= found[1] <= 1 + 1e-9
    else:
        assert found is None


@given(st.integers(1, 400), st.integers(3, 30))
def test_equal_shares_give_zero_and_a_straight_line(value: int, n: int) -> None:
    found = gini([value] * n)
    assert found == pytest.approx((0, 0), abs=1e-9)
    assert all(x == pytest.approx(y) for x, y in lorenz([value] * n))


@given(st.integers(1, 400), st.integers(3, 30))
def test_one_person_who_does_it_all_gives_one(value: int, n: int) -> None:
    found = gini([0] * (n - 1) + [value])
    assert found is not None
    assert found[1] == pytest.approx(1)


@given(amounts, st.integers(2, 9))
def test_participation_does_not_depend_on_order_or_unit(values: list[int], times: int) -> None:
    found, other = gini(values), gini([times * v for v in reversed(values)])
    assert (found is None) == (other is None)
    assert found is None or found == pytest.approx(other)


@given(amounts)
def test_the_curve_rises_below_the_line_and_encloses_the_gini(values: list[int]) -> None:
    points = lorenz(values)
    if not points:
        return
    assert all(y <= x + 1e-9 for x, y in points)
    steps = list(pairwise(points))
    assert all(a[1] <= b[1] for a, b in steps)
    below = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in steps)
    found = gini(values)
    assert found is not None
    assert 1 - 2 * below == pytest.approx(found[0])


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 20), min_size=1),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 50)),
)
def test_balance_is_between_none_and_full(people: dict[str, int], said: dict[str, int]) -> None:
    found = balance(people, said)
    if found.index is None:
        assert not any(said.get(part) for part in people)
        return
    assert -1e-9 <= found.index <= 1 + 1e-9
    n = sum(people.values())
    ratios = {part: ratio for part, ratio in found.ratios.items() if ratio is not None}
    assert sum(r * people[p] / n for p, r in ratios.items()) == pytest.approx(1)


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 20), min_size=1), st.integers(1, 9))
def test_proportional_shares_are_full_balance(people: dict[str, int], each: int) -> None:
    found = balance(people, {part: each * count for part, count in people.items()})
    assert found.index == pytest.approx(1)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    people = [person(f"p{i}", draw(groups)) for i in range(draw(st.integers(0, 6)))]
    authors = [*(p.id for p in people), "Malin"]
    turns: list[Turn] = []
    for i in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["contribution", "question", "restatement", "checkout"]))
        re = draw(st.sampled_from([None, *(t.id for t in turns)]))
        language = draw(st.sampled_from(["sv", "en"]))
        author, words = draw(st.sampled_from(authors)), draw(st.integers(0, 30))
        turns.append(
            turn(str(i), author, re, kind=kind, words=words, at=float(i), language=language)
        )
    restated = [t.id for t in turns if t.kind == "restatement"]
    checks = [
        Check(of, draw(st.sampled_from(["yes", "partly", "no"])), 99.0 + i)
        for i, of in enumerate(restated)
        if draw(st.booleans())
    ]
    return Session(people=tuple(people), turns=tuple(turns), checks=tuple(checks))


@given(sessions())
def test_shares_are_shares_of_what_they_say(session: Session) -> None:
    m = measures_of(session)
    reciprocity, taking = m["reciprocity"], m["perspective"]
    assert reciprocity["mutual"] <= reciprocity["arrows"] <= reciprocity["replies"]
    assert sum(b["replies"] for b in reciprocity["between"]) == reciprocity["replies"]
    assert taking["checked_pairs"] <= taking["pairs"] <= taking["valid"] <= taking["restatements"]
    shares = [reciprocity["rho"], reciprocity["x"], reciprocity["e"], taking["first_try"]]
    shares += [taking[name] for name in ("coverage", "accuracy", "ptr", "understood_share")]
    shares += [found["rate"] for found in m["answered"].values()]
    assert all(share is None or -1e-9 <= share <= 1 + 1e-9 for share in shares)
    assert sum(len(marks) for marks in m["over_time"]["turns"].values()) == m["turns"]["n"]


@given(sessions(), st.randoms(use_true_random=False))
def test_the_order_in_which_a_session_is_read_does_not_matter(session: Session, rng: Any) -> None:
    def mixed(things: Iterable[Any]) -> tuple[Any, ...]:
        found = list(things)
        rng.shuffle(found)
        return tuple(found)

    other = replace(
        session,
        people=mixed(session.people),
        turns=mixed(session.turns),
        checks=mixed(session.checks),
    )
    assert for_show(measures_of(other)) == for_show(measures_of(session))


@given(sessions())
def test_no_figure_of_a_small_group_is_shown(session: Session) -> None:
    measures = measures_of(session)
    shown = for_show(measures)
    sizes = Counter(p.group or "unsaid" for p in session.people)
    for group, size in sizes.items():
        if size < 3:
            assert shown["answered"][group] is None
            assert shown["balance"]["group"]["parts"][group] is None
    left_out = [g for g in sizes if shown["answered"][g] is None]
    if left_out and len(left_out) < len(sizes):
        # Everybody less what is shown is at least three people.
        assert sum(sizes[g] for g in left_out) >= 3
