"""The five versions and both languages tell the same numbers, dates and owners."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.summaries.blocks import AUDIENCES, ORDER
from hub.summaries.checks import ADVICE, FAULTS, Told, advice_of, faults_of, figures_of

REVIEWED = {"sv": "human_reviewed", "en": "human_reviewed"}


def told(sv: str, en: str, **more: Any) -> Told:
    given = {
        "id": "m_1",
        "audience": "leaders",
        "block": "agreed",
        "key": "theme:c_1",
        "statuses": REVIEWED,
        "sources": ("c_1",),
        **more,
    }
    return Told(texts={"sv": sv, "en": en}, **given)


def codes(*statements: Told, **facts: Any) -> list[tuple[str, str | None]]:
    """Faults of statements; those of blocks that these few leave empty apart."""
    found = faults_of(statements, facts)
    return [(f.code, f.statement) for f in found if f.statement is not None]


@pytest.mark.parametrize(
    ("sv", "en"),
    [
        ("Elva personer träffades.", "11 people met."),
        ("Vi var tolv.", "We were twelve."),
        ("Från 2027-02-01.", "From 1 February 2027."),
        ("Senast den 1 februari 2027.", "By February 1st, 2027."),
        ("I mars 2027.", "In March 2027."),
        ("Den 3 mars.", "On 3 March."),
        ("Gini 0,28 av 1 000 ord.", "Gini 0.28 of 1,000 words."),
        ("kl. 13.00–14.30", "13:00–14:30"),
        ("En halvtimme varje kväll.", "Half an hour every evening."),
        ("1 person av 95 %", "One person of 95%"),
        ("Ett samtal per dag.", "One conversation a day."),
        ("2 000 000 kronor", "2,000,000 kronor"),
    ],
)
def test_the_same_in_both_languages_is_no_fault(sv: str, en: str) -> None:
    assert codes(told(sv, en)) == []


@pytest.mark.parametrize(
    ("sv", "en", "code"),
    [
        ("Elva personer träffades.", "12 people met.", "numbers_differ"),
        ("Tre avdelningar.", "Several wards.", "numbers_differ"),
        ("Från 2027-02-01.", "From 2 February 2027.", "dates_differ"),
        ("Från 1 februari 2027.", "From 1 February.", "dates_differ"),
        ("Från 1 februari 2027.", "From February.", "dates_differ"),
        ("1 av 3", "3 of 3", "numbers_differ"),
        ("1 person", "People", "numbers_differ"),
        ("0,28", "0.82", "numbers_differ"),
    ],
)
def test_what_differs_between_languages_is_a_fault_that_names_the_statement(
    sv: str, en: str, code: str
) -> None:
    assert codes(told(sv, en)) == [(code, "m_1")]


def test_a_word_is_a_number_in_its_own_language_alone() -> None:
    assert figures_of("sex", "sv").numbers == {Decimal(6): 1}
    assert figures_of("sex ten", "en").numbers == {Decimal(10): 1}


numbers = st.one_of(
    st.integers(0, 9999).map(str),
    st.dates().map(lambda d: d.isoformat()),
    st.sampled_from(["1 februari 2027", "13 mars", "P1", "4M", "12 av 42"]),
)
words = st.sampled_from(["personer", "en", "två", "ett", "avdelning", "och", "varje", "kväll"])
texts = st.lists(st.one_of(numbers, words), min_size=1, max_size=8).map(" , ".join)


@given(text=texts, data=st.data())
def test_one_digit_changed_in_one_language_is_always_a_fault(text: str, data: Any) -> None:
    places = [n for n, c in enumerate(text) if c.isdigit()]
    # What stands in Swedish words is told in English by their numbers' words.
    english = text.replace("två", "two").replace("ett", "one").replace("en", "one")
    english = english.replace("avdelning", "ward")
    if figures_of(text, "sv") != figures_of(english, "en") or not places:
        return
    assert codes(told(text, english)) == []
    at = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != text[at]]))
    changed = text[:at] + digit + text[at + 1 :]
    found = {code for code, _ in codes(told(changed, english))}
    assert found & {"numbers_differ", "dates_differ"}


def versions(texts: dict[str, str], **more: Any) -> list[Told]:
    return [
        told(text, text, id=f"m_{audience}", audience=audience, **more)
        for audience, text in texts.items()
    ]


def test_an_audience_that_is_told_another_number_is_at_fault() -> None:
    same = dict.fromkeys(AUDIENCES, "11")
    assert codes(*versions(same)) == []
    found = codes(*versions({**same, "funders": "12"}))
    assert found == [("figures_differ", "m_funders")] * 2


def test_of_two_the_one_that_is_not_as_the_record_says_is_at_fault() -> None:
    built = {"theme:c_1": {d: {"numbers": ["12"], "dates": []} for d in ("sv", "en")}}
    found = codes(*versions({"leaders": "11", "citizens": "12"}), built=built)
    assert {statement for _, statement in found} == {"m_leaders"}


def test_what_is_an_audiences_own_is_not_compared() -> None:
    assert codes(*versions({"leaders": "11", "citizens": "12"}, key="own:headline")) == []


def test_a_recommendation_names_its_owner_and_its_date() -> None:
    facts = {
        "owners": {"c_9": {"sv": "Avdelning 7", "en": "Ward 7"}},
        "dates": {"c_9": "2027-02-01"},
    }
    right = told(
        "Öppna dörren. Ansvarig: avdelning 7. När: 1 februari 2027.",
        "Open the door. Responsible: Ward 7. When: 1 February 2027.",
        key="rec:c_9",
        block="recommendations",
    )
    assert codes(right, **facts) == []
    wrong = replace(right, texts={**right.texts, "en": "Ward 8, from 1 February 2027, 7."})
    assert ("owner_differs", "m_1") in codes(wrong, **facts)
    late = replace(right, texts={"sv": "Avdelning 7, 1 mars 2027", "en": "Ward 7, 1 March 2027"})
    assert codes(late, **facts) == [("date_differs", "m_1")] * 2


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"sources": ()}, "no_source"),
        ({"statuses": {**REVIEWED, "en": "draft"}}, "not_reviewed"),
        ({"quote_of": "c_5"}, "quote_without_consent"),
    ],
)
def test_what_publishing_needs_is_checked(more: dict[str, Any], code: str) -> None:
    found = faults_of([told("Ja", "Yes", **more)], {}, quotable={})
    assert [f.code for f in found if f.statement] == [code]


def test_a_language_without_words_and_a_question_without_an_answer_are_faults() -> None:
    assert codes(told("Ja", "")) == [("language_missing", "m_1")]
    asked = replace(told("", "", question="cost"), texts={})
    assert codes(asked) == [("unanswered", "m_1")]


def test_a_quotation_is_as_its_author_said_it() -> None:
    quoted = told("Jag var trött", "I was tired", quote_of="c_5")
    assert not [
        f for f in faults_of([quoted], {}, quotable={"c_5": {"sv": "Jag var trött"}}) if f.statement
    ]
    found = faults_of([quoted], {}, quotable={"c_5": {"sv": "Jag var glad"}})
    assert [f.code for f in found if f.statement] == ["quote_changed"]


def test_nobody_is_named() -> None:
    found = faults_of([told("Astrid sade det", "Somebody said it")], {}, names=["Astrid"])
    assert [(f.code, f.language) for f in found if f.statement] == [("names_somebody", "sv")]


def test_a_block_is_empty_unless_it_may_be_left_out_and_there_is_a_reason() -> None:
    def empty(*statements: Told) -> set[tuple[str, str | None, str | None]]:
        return {(f.code, f.audience, f.block) for f in faults_of(statements, {}) if not f.statement}

    everything = empty()
    assert ("disagreed_empty", "leaders", "disagreed") in everything
    assert len(everything) == sum(len(ORDER[a]) for a in AUDIENCES)
    gone = told("x", "x", block="cost", removed=True)
    assert ("block_empty", "leaders", "cost") in empty(gone)
    why = replace(gone, removed_why="Ingen räknade")
    assert ("block_empty", "leaders", "cost") not in empty(why)
    never = replace(why, block="disagreed")
    assert ("disagreed_empty", "leaders", "disagreed") in empty(never)


def test_length_and_hard_words_are_advice_and_stop_nothing() -> None:
    long = " ".join(["Dokumentationsskyldigheten"] * 400)
    line = " ".join(["ord"] * 11)
    found = advice_of(
        [
            told(long, long, audience="citizens"),
            told(line, line, id="m_2", audience="citizens", block="easy", key="own:easy:1"),
        ]
    )
    by_code = {f.code for f in found if f.audience == "citizens"}
    assert by_code == {"too_long", "too_short", "hard_to_read", "line_long"}
    assert by_code <= set(ADVICE)
    assert not any(f.blocks for f in found)


def test_every_fault_that_is_found_is_one_that_has_words() -> None:
    statements = [
        told("1", "2", sources=(), statuses={}, quote_of="c_5", key="rec:c_9"),
        told("", "", id="m_2", question="why"),
    ]
    facts = {"owners": {"c_9": {"sv": "A", "en": "B"}}, "dates": {"c_9": "2027-01-01"}}
    found = faults_of(statements, facts, quotable={}, names=[])
    assert {f.code for f in found} <= set(FAULTS)
