from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.chatbot import rules
from hub.chatbot.moves import ALL, FACILITATORS, PLACEHOLDERS, Line, SaidLine, words
from hub.chatbot.rules import Proposal, Settings, Translated, Watch
from hub.gatherings.formats import SHIPPED
from tests.chatbot.room import (
    BJORN,
    DANNY,
    GRACE,
    HANNA,
    KERSTIN,
    PEOPLE,
    START,
    TOM,
    at,
    due,
    everyone_heard,
    person,
    post,
    said,
    watch,
)

LINES: Mapping[str, Mapping[str, str]] = yaml.safe_load(
    (SHIPPED / "jif-90.yaml").read_text("utf-8")
)["triggers"]
LONG = "ord " * 130
RISKY = "jag orkar inte leva så här längre"


def translated(status: Any, seconds: float, **more: Any) -> Translated:
    return Translated(status, at(seconds), **more)


def restated(
    seconds: float, *, check: str | None = None, by: rules.Person = DANNY
) -> tuple[rules.Post, ...]:
    """Grace said something; somebody put it in their own words; perhaps she answered."""
    original = post("o", GRACE, -100, "We are afraid of a missing note, not of you.", risk=False)
    attempt = post("r", by, seconds, kind="restatement", phase="restate", of="o", risk=False)
    if check is None:
        return original, attempt
    answer = post(
        "k", GRACE, seconds + 10, kind="restatement_check", phase="restate", of="r", answer=check
    )
    return original, attempt, answer


# (trigger, what is so, seconds into the phase, the room, to whom; None where it must not fire)
CASES: list[tuple[str, str, float, dict[str, Any], str | None]] = [
    ("half_time", "half of 14 minutes is gone", 420, {}, ALL),
    ("half_time", "a second before", 419, {}, None),
    ("half_time", "half of 10 minutes is gone", 300, {"minutes": 10}, ALL),
    ("half_time", "the phase is under 10 minutes", 270, {"minutes": 9}, None),
    (
        "half_time",
        "it was said",
        430,
        {"said": (said("half_time", 420, subject="interpret"),)},
        None,
    ),
    (
        "half_time",
        "it was dropped beforehand",
        420,
        {"said": (said("half_time", 100, subject="interpret", state="dropped"),)},
        None,
    ),
    ("half_time", "it would be untrue by now", 520, {}, None),
    ("half_time", "people rest", 420, {"phase": "break", "talking": False}, None),
    ("two_minutes", "120 s are left", 720, {}, ALL),
    ("two_minutes", "121 s are left", 719, {}, None),
    ("two_minutes", "it would be untrue by now", 755, {}, None),
    (
        "two_minutes",
        "people think alone",
        180,
        {"minutes": 5, "phase": "reflect", "talking": False},
        ALL,
    ),
    ("two_minutes", "people rest", 780, {"minutes": 15, "phase": "break", "talking": False}, None),
    ("two_minutes", "the phase is two minutes long", 0, {"minutes": 2}, None),
    ("two_minutes", "the session is paused", 720, {"state": "paused"}, None),
    (
        "two_minutes",
        "it was said and two minutes were added",
        730,
        {"said": (said("two_minutes", 600, subject="interpret"),)},
        None,
    ),
    ("silence", "nobody did anything for 60 s", 60, {"people": PEOPLE}, ALL),
    ("silence", "59 s", 59, {"people": PEOPLE}, None),
    (
        "silence",
        "somebody posted",
        60,
        {"people": PEOPLE, "posts": (post("a", KERSTIN, 10),)},
        None,
    ),
    (
        "silence",
        "somebody rated",
        60,
        {"people": PEOPLE, "posts": (post("a", KERSTIN, 10, "", kind="rating"),)},
        None,
    ),
    ("silence", "somebody types", 60, {"people": (replace(KERSTIN, typing_at=at(30)),)}, None),
    (
        "silence",
        "the session went on 30 s ago",
        60,
        {"people": PEOPLE, "quiet_since": at(30)},
        None,
    ),
    (
        "silence",
        "the facilitator wrote",
        60,
        {"people": PEOPLE, "posts": (post("a", None, 20, kind="facilitation"),)},
        None,
    ),
    (
        "silence",
        "only the chatbot wrote",
        60,
        {"people": PEOPLE, "posts": (post("a", None, 20, kind="bot"),)},
        ALL,
    ),
    (
        "silence",
        "people think alone",
        100,
        {"people": PEOPLE, "phase": "reflect", "talking": False},
        None,
    ),
    ("silence", "60 s in a hybrid session", 60, {"people": PEOPLE, "hybrid": True}, None),
    ("silence", "90 s in a hybrid session", 90, {"people": PEOPLE, "hybrid": True}, ALL),
    (
        "dominance",
        "one wrote 130 words of 130",
        60,
        {"posts": (post("a", GRACE, 50, LONG),)},
        "grace",
    ),
    ("dominance", "119 words", 60, {"posts": (post("a", GRACE, 50, words=119),)}, None),
    (
        "dominance",
        "35% of the words",
        60,
        {
            "posts": tuple(
                post(p.id, p, 50, words=n) for p, n in ((GRACE, 140), (TOM, 130), (DANNY, 130))
            )
        },
        None,
    ),
    (
        "dominance",
        "66% of the words, but there are only three people",
        60,
        {
            "people": (GRACE, TOM, KERSTIN),
            "posts": (post("a", GRACE, 50, words=132), post("b", TOM, 50, words=68)),
        },
        None,
    ),
    ("dominance", "it was over 10 minutes ago", 601, {"posts": (post("a", GRACE, 0, LONG),)}, None),
    ("dominance", "the facilitator wrote it", 60, {"posts": (post("a", None, 50, LONG),)}, None),
    (
        "dominance",
        "it is a reflection",
        60,
        {"posts": (post("a", GRACE, 50, LONG, kind="reflection"),)},
        None,
    ),
    (
        "dominance",
        "a draft waits already",
        500,
        {
            "posts": (post("a", GRACE, 450, LONG),),
            "said": (said("dominance", 10, to="grace", subject="grace", state="draft"),),
        },
        None,
    ),
    (
        "unheard_group",
        "half the phase gone, no researcher wrote",
        510,
        {"posts": everyone_heard(5)[:2]},
        ALL,
    ),
    ("unheard_group", "before half-time", 300, {"posts": everyone_heard(5)[:2]}, None),
    ("unheard_group", "all were heard", 510, {"posts": everyone_heard(5)}, None),
    (
        "unheard_group",
        "the group is one person",
        510,
        {"people": (KERSTIN, GRACE, TOM), "posts": everyone_heard(5)[:2]},
        "tom",
    ),
    (
        "unheard_group",
        "the group is not there",
        510,
        {"people": (KERSTIN, GRACE), "posts": everyone_heard(5)[:2]},
        None,
    ),
    (
        "unheard_group",
        "they only rated",
        510,
        {"posts": (*everyone_heard(5)[:2], post("x", TOM, 9, "", kind="rating"))},
        ALL,
    ),
    (
        "untranslated",
        "a translation failed",
        60,
        {"posts": (post("a", KERSTIN, 50, translation=translated("failed", 50)),)},
        ALL,
    ),
    (
        "untranslated",
        "the machine doubts",
        60,
        {"posts": (post("a", KERSTIN, 50, translation=translated("machine", 50, doubtful=True)),)},
        ALL,
    ),
    (
        "untranslated",
        "16 s late",
        66,
        {"posts": (post("a", KERSTIN, 50, translation=translated("pending", 50)),)},
        ALL,
    ),
    (
        "untranslated",
        "15 s",
        65,
        {"posts": (post("a", KERSTIN, 50, translation=translated("pending", 50)),)},
        None,
    ),
    (
        "untranslated",
        "a person corrected it",
        66,
        {
            "posts": (
                post("a", KERSTIN, 50, translation=translated("corrected", 50, doubtful=True)),
            )
        },
        None,
    ),
    (
        "untranslated",
        "the talk has moved on",
        400,
        {"posts": (post("a", KERSTIN, 50, translation=translated("failed", 50)),)},
        None,
    ),
    (
        "untranslated",
        "this post was pointed at before",
        200,
        {
            "posts": (post("a", KERSTIN, 50, translation=translated("failed", 50)),),
            "said": (said("untranslated", -200, about="a"),),
        },
        None,
    ),
    (
        "disputed_term",
        "flagged twice",
        60,
        {
            "posts": (
                post(
                    "a", GRACE, 10, translation=translated("disputed", 10, disputes=("engagement",))
                ),
                post(
                    "b", GRACE, 20, translation=translated("disputed", 20, disputes=("Engagement",))
                ),
            )
        },
        ALL,
    ),
    (
        "disputed_term",
        "flagged once",
        60,
        {
            "posts": (
                post(
                    "a", GRACE, 10, translation=translated("disputed", 10, disputes=("engagement",))
                ),
            )
        },
        None,
    ),
    (
        "disputed_term",
        "flagged and corrected once",
        60,
        {
            "posts": (
                post(
                    "a",
                    GRACE,
                    10,
                    translation=translated("corrected", 10, disputes=("engagement",)),
                ),
            )
        },
        ALL,
    ),
    (
        "disputed_term",
        "marked in the glossary and used",
        60,
        {"disputed_terms": ("brukare",), "posts": (post("a", GRACE, 10, "Brukaren ska få välja"),)},
        ALL,
    ),
    (
        "disputed_term",
        "marked in the glossary, not used",
        60,
        {"disputed_terms": ("brukare",)},
        None,
    ),
    (
        "jargon",
        "20 s have passed",
        70,
        {"posts": (post("a", GRACE, 50, "On 1:1 obs, was it?"),)},
        ALL,
    ),
    ("jargon", "19 s", 69, {"posts": (post("a", GRACE, 50, "On 1:1 obs, was it?"),)}, None),
    (
        "jargon",
        "somebody asked",
        70,
        {"posts": (post("a", GRACE, 50, "Var LPT-patienter med?"), post("b", DANNY, 60, "lpt??"))},
        None,
    ),
    (
        "jargon",
        "somebody asked without the word",
        70,
        {
            "posts": (
                post("a", GRACE, 50, "Var LPT-patienter med?"),
                post("b", DANNY, 60, "Va?", reply_to="a"),
            )
        },
        None,
    ),
    (
        "jargon",
        "somebody explained",
        70,
        {
            "posts": (
                post("a", GRACE, 50, "Vi hade SIP i går"),
                post("b", BJORN, 60, "SIP betyder samordnad individuell plan"),
            )
        },
        None,
    ),
    (
        "jargon",
        "it is not the first use",
        70,
        {"posts": (post("z", TOM, -900, "LSS gäller"), post("a", GRACE, 40, "LSS är svårt"))},
        None,
    ),
    (
        "jargon",
        "everyone knows it",
        70,
        {"posts": (post("a", GRACE, 50, "Jag såg det på TV"),)},
        None,
    ),
    (
        "jargon",
        "it is in a reflection",
        70,
        {"posts": (post("a", GRACE, 50, "LPT igen", kind="reflection"),)},
        None,
    ),
    (
        "missing_restatement",
        "60% of restate is gone",
        540,
        {
            "phase": "restate",
            "minutes": 15,
            "people": (GRACE, KERSTIN),
            "posts": (post("a", KERSTIN, -300),),
        },
        "grace",
    ),
    (
        "missing_restatement",
        "before that",
        535,
        {
            "phase": "restate",
            "minutes": 15,
            "people": (GRACE, KERSTIN),
            "posts": (post("a", KERSTIN, -300),),
        },
        None,
    ),
    (
        "missing_restatement",
        "nothing waits: its author said yes",
        541,
        {
            "phase": "restate",
            "minutes": 15,
            "people": (KERSTIN, GRACE, DANNY),
            "posts": restated(100, check="yes"),
        },
        None,
    ),
    (
        "missing_restatement",
        "the post is by their own group",
        540,
        {
            "phase": "restate",
            "minutes": 15,
            "people": (GRACE, BJORN),
            "posts": (post("a", BJORN, -300),),
        },
        None,
    ),
    (
        "missing_restatement",
        "they are writing one",
        540,
        {
            "phase": "restate",
            "minutes": 15,
            "people": (replace(GRACE, typing_at=at(530)), KERSTIN),
            "posts": (post("a", KERSTIN, -300),),
        },
        None,
    ),
    (
        "missing_restatement",
        "another phase",
        540,
        {"people": (GRACE, KERSTIN), "posts": (post("a", KERSTIN, -300),)},
        None,
    ),
    (
        "unchecked_restatement",
        "2 minutes",
        220,
        {"phase": "restate", "people": PEOPLE, "posts": restated(100)},
        "grace",
    ),
    (
        "unchecked_restatement",
        "under 2 minutes",
        219,
        {"phase": "restate", "people": PEOPLE, "posts": restated(100)},
        None,
    ),
    (
        "unchecked_restatement",
        "it was answered",
        220,
        {"phase": "restate", "people": PEOPLE, "posts": restated(100, check="partly")},
        None,
    ),
    (
        "unchecked_restatement",
        "its author has left",
        220,
        {"phase": "restate", "people": (KERSTIN, DANNY), "posts": restated(100)},
        None,
    ),
    (
        "incomplete_recommendation",
        "a date is missing after half-time",
        510,
        {
            "phase": "recommend",
            "proposals": (Proposal("p", "1", ("when",)),),
            "posts": everyone_heard(5, "recommend"),
        },
        ALL,
    ),
    (
        "incomplete_recommendation",
        "before half-time",
        300,
        {"phase": "recommend", "proposals": (Proposal("p", "1", ("when",)),)},
        None,
    ),
    (
        "incomplete_recommendation",
        "nothing is missing",
        510,
        {"phase": "recommend", "proposals": (Proposal("p", "1"),)},
        None,
    ),
    (
        "unresolved_objection",
        "2 minutes",
        130,
        {"proposals": (Proposal("p", "1", (), at(10)),)},
        ALL,
    ),
    (
        "unresolved_objection",
        "under 2 minutes",
        129,
        {"proposals": (Proposal("p", "1", (), at(10)),)},
        None,
    ),
    ("unresolved_objection", "there is none", 130, {"proposals": (Proposal("p", "1"),)}, None),
    (
        "late_joiner",
        "somebody came now",
        30,
        {"people": (*PEOPLE, person("Maureen", joined=30))},
        "maureen",
    ),
    ("late_joiner", "all came in time", 30, {}, None),
    (
        "late_joiner",
        "it is the first phase",
        30,
        {"people": (*PEOPLE, person("Maureen", joined=30)), "session_started_at": at(0)},
        None,
    ),
    (
        "safety",
        "somebody may be at risk",
        60,
        {"posts": (post("a", KERSTIN, 59, RISKY),)},
        FACILITATORS,
    ),
    (
        "safety",
        "a third person is named",
        60,
        {"posts": (post("a", KERSTIN, 59, "ring doktor Svensson på plan 3"),)},
        FACILITATORS,
    ),
    (
        "safety",
        "a figure of speech",
        60,
        {"posts": (post("a", KERSTIN, 59, "jag är dödstrött"),)},
        None,
    ),
    (
        "safety",
        "somebody in the room is named",
        60,
        {"posts": (post("a", KERSTIN, 59, "Fråga Grace, hon vet"),)},
        None,
    ),
    (
        "safety",
        "it is a reflection",
        60,
        {"posts": (post("a", KERSTIN, 59, RISKY, kind="reflection"),)},
        None,
    ),
    (
        "safety",
        "it was pointed out",
        60,
        {
            "posts": (post("a", KERSTIN, 59, RISKY),),
            "said": (said("safety", 59, to=FACILITATORS, subject="a", about="a"),),
        },
        None,
    ),
    (
        "safety",
        "the session is paused",
        60,
        {"state": "paused", "posts": (post("a", KERSTIN, 59, RISKY),)},
        FACILITATORS,
    ),
]


@pytest.mark.parametrize(
    ("trigger", "what", "seconds", "room", "to"), CASES, ids=[f"{c[0]}: {c[1]}" for c in CASES]
)
def test_a_trigger_fires_when_it_should_and_to_whom(
    trigger: str, what: str, seconds: float, room: dict[str, Any], to: str | None
) -> None:
    lines = due(watch(seconds, **room), trigger)
    assert [line.to for line in lines][:1] == ([to] if to else [])


def test_every_trigger_has_a_case_that_fires_and_one_that_does_not() -> None:
    fires = {c[0] for c in CASES if c[4]}
    silent = {c[0] for c in CASES if not c[4]}
    assert fires == silent == set(PLACEHOLDERS) == set(LINES)


def _line(trigger: str) -> tuple[Watch, Line]:
    case = next(c for c in CASES if c[0] == trigger and c[4])
    room = watch(case[2], **case[3])
    return room, due(room, trigger)[0]


@pytest.mark.parametrize("trigger", list(PLACEHOLDERS))
def test_a_trigger_rests_once_it_fired_and_where_it_was_dropped(trigger: str) -> None:
    room, line = _line(trigger)
    room = replace(room, triggers=frozenset({trigger}))
    for state in ("said", "dropped"):
        before = SaidLine(line.trigger, line.subject, line.to, room.now, line.about, state)
        for later in (1, 200):
            then = replace(room, now=room.now + timedelta(seconds=later), said=(before,))
            assert not due(then, trigger)


@pytest.mark.parametrize(
    ("trigger", "again"),
    [("silence", True), ("unresolved_objection", True), ("unheard_group", True), ("jargon", False)],
)
def test_after_five_minutes_what_still_is_so_is_said_again_unless_once_is_enough(
    trigger: str, again: bool
) -> None:
    room, line = _line(trigger)
    alone = frozenset({trigger})
    room = replace(room, planned_seconds=3600, seconds_left=1500, triggers=alone)
    then = room.now + timedelta(seconds=300)
    quiet = tuple(replace(p, typing_at=None) for p in room.people)
    spoken = SaidLine(line.trigger, line.subject, line.to, room.now, line.about)
    later = replace(room, now=then, people=quiet, said=(spoken,))
    assert bool(due(later, trigger)) is again
    assert not due(replace(later, now=then - timedelta(seconds=1)), trigger)


@pytest.mark.parametrize("trigger", list(PLACEHOLDERS))
def test_each_line_is_whole_in_both_languages(trigger: str) -> None:
    _, line = _line(trigger)
    both = words(line, LINES)
    assert set(both) == {"sv", "en"}
    for text in both.values():
        assert text
        assert "{" not in text
    assert both["sv"] != both["en"]


def test_a_rest_is_for_the_subject_alone() -> None:
    proposals = (Proposal("p", "1", (), at(10)), Proposal("q", "2a", (), at(20)))
    first = (said("unresolved_objection", 130, subject="p"),)
    lines = due(watch(225, minutes=30, proposals=proposals, said=first), "unresolved_objection")
    assert [words(line, LINES)["sv"] for line in lines] == [
        "Förslag 2a har en öppen invändning. Vad behöver ändras för att vi ska kunna pröva det?"
    ]


# --- words ---------------------------------------------------------------------------------


def test_time_group_phase_and_names_are_told_in_each_language() -> None:
    half = due(watch(420), "half_time")[0]
    assert words(half, LINES)["sv"].startswith("Halva tiden har gått, 7 minuter kvar.")
    unheard = due(watch(510, posts=everyone_heard(5)[:2]), "unheard_group")[0]
    assert "forskarna" in words(unheard, LINES)["sv"]
    assert "the researchers" in words(unheard, LINES)["en"]
    late = watch(30, people=(*PEOPLE, person("Maureen", joined=30)))
    assert "”Tolka”" in words(due(late, "late_joiner")[0], LINES)["sv"]
    assert "“Interpret”" in words(due(late, "late_joiner")[0], LINES)["en"]
    check = due(
        watch(220, phase="restate", people=PEOPLE, posts=restated(100)), "unchecked_restatement"
    )
    assert words(check[0], LINES)["en"] == "Danny has tried to restate what you wrote. Is it right?"
    assert check[0].about == "r"


@pytest.mark.parametrize(
    ("lacks", "sv", "en"),
    [
        (
            [("owner", "when", "measure")] * 3,
            "Det här saknas i förslag 1, 2 och 3: ansvarig, datum och mått.",
            "Still missing from proposals 1, 2 and 3: owner, date and measure.",
        ),
        ([("when",)], "Det här saknas i förslag 1: datum.", "Still missing from proposal 1: date."),
        (
            [("when",), ("when", "measure")],
            "Det här saknas i förslag 1 och 2: datum (1, 2) och mått (2).",
            "Still missing from proposals 1 and 2: date (1, 2) and measure (2).",
        ),
    ],
)
def test_missing_parts_are_named_once_for_all_proposals(
    lacks: list[tuple[str, ...]], sv: str, en: str
) -> None:
    proposals = tuple(Proposal(f"p{i}", str(i), parts) for i, parts in enumerate(lacks, 1))
    room = watch(510, phase="recommend", proposals=proposals)
    both = words(due(room, "incomplete_recommendation")[0], LINES)
    assert both["sv"].startswith(sv)
    assert both["en"].startswith(en)


def test_an_edited_line_with_a_stray_brace_is_shown_as_it_stands() -> None:
    line = Line("jargon", ALL, facts={"sv": {"term": "obs"}, "en": {"term": "obs"}})
    odd = {"jargon": {"sv": "{term} {0} {okänt} {", "en": "{term!r}"}}
    assert words(line, odd) == {"sv": "obs {0} {okänt} {", "en": "{term!r}"}


# --- people --------------------------------------------------------------------------------


def test_nobody_is_named_to_all() -> None:
    rooms = [watch(c[2], **c[3]) for c in CASES if c[4]]
    for room in rooms:
        for line in rules.next_lines(room):
            if line.to == ALL and line.trigger not in ("jargon", "disputed_term"):
                for text in words(line, LINES).values():
                    assert not [n for n in room.names if n in text]


def test_the_word_to_one_who_writes_much_waits_for_a_facilitator() -> None:
    line = due(watch(60, posts=(post("a", GRACE, 50, LONG),)), "dominance")[0]
    assert line.draft
    assert line.to == "grace"


def test_those_who_have_not_restated_are_given_different_posts_of_other_groups() -> None:
    posts = (
        post("short", KERSTIN, -300, "det var så för mig"),
        post("long", DANNY, -300, "counted shoes through the strip of glass in the office door"),
        post("theirs", GRACE, -300, "If I don't write it down it did not happen, they say"),
    )
    people = (GRACE, BJORN, KERSTIN)
    lines = due(
        watch(545, phase="restate", minutes=15, people=people, posts=posts), "missing_restatement"
    )
    assert [(line.to, line.about) for line in lines] == [
        ("grace", "long"),
        ("björn", "short"),
        ("kerstin", "theirs"),
    ]


def test_when_muted_only_what_facilitators_see_goes_on() -> None:
    posts = (post("a", GRACE, 50, LONG), post("b", KERSTIN, 59, RISKY))
    room = watch(420, posts=posts, muted=True)
    assert {line.trigger for line in rules.next_lines(room)} == {"safety", "dominance"}
    assert not rules.coming_lines(room)


def test_a_format_without_a_line_for_a_trigger_does_without_it() -> None:
    room = watch(60, people=PEOPLE, triggers=frozenset({"jargon"}))
    assert not rules.next_lines(room)


def test_numbers_are_settings() -> None:
    room = watch(30, people=PEOPLE, settings=Settings(silence=20))
    assert due(room, "silence")


# --- the limit -----------------------------------------------------------------------------


def test_where_half_time_meets_another_line_time_wins_and_the_other_waits() -> None:
    heard = everyone_heard(5)[:2]
    room = watch(420, posts=heard)
    assert [line.trigger for line in rules.next_lines(room)] == ["half_time"]
    waiting = [c for c in rules.coming_lines(room) if c.line.trigger == "unheard_group"]
    assert [c.at for c in waiting] == [at(510)]
    spoken = (said("half_time", 420, subject="interpret"),)
    assert not due(watch(509, posts=heard, said=spoken), "unheard_group")
    assert due(watch(510, posts=heard, said=spoken), "unheard_group")


def test_a_line_that_would_be_in_the_way_of_half_time_waits_for_it() -> None:
    term = (post("a", GRACE, 311, "On 1:1 obs"),)
    assert due(watch(330, posts=(replace(term[0], at=at(309)),)), "jargon")
    assert not due(watch(331, posts=term), "jargon")
    coming = rules.coming_lines(watch(331, posts=term))
    assert [(c.line.trigger, c.at) for c in coming] == [
        ("half_time", at(420)),
        ("jargon", at(510)),
        ("two_minutes", at(720)),
    ]


def test_a_dropped_time_line_is_in_nobodys_way() -> None:
    dropped = (said("half_time", 100, subject="interpret", state="dropped"),)
    heard = everyone_heard(5)[:2]
    assert due(watch(420, posts=heard, said=dropped), "unheard_group")


def test_a_phase_start_neither_waits_nor_makes_others_wait() -> None:
    spoken = (said("phase_start", 0),)
    assert due(watch(30, posts=(post("a", GRACE, 5, "On 1:1 obs"),), said=spoken), "jargon")


def test_what_somebody_heard_before_another_came_does_not_hold_back_the_welcome() -> None:
    spoken = (said("silence", 20),)
    room = watch(60, people=(*PEOPLE, person("Maureen", joined=50)), said=spoken)
    assert due(room, "late_joiner")
    here = watch(60, people=(*PEOPLE, person("Maureen", joined=10)), said=spoken)
    assert not due(here, "late_joiner")


def test_what_a_facilitator_sent_holds_others_back_but_no_time_line() -> None:
    sent = (said("dominance", 400, to="grace", subject="grace", state="sent"),)
    assert due(watch(420, said=sent), "half_time")
    quick = watch(300, minutes=30, posts=(post("a", GRACE, 270, "On 1:1 obs"),))
    sent = (said("dominance", 290, to="grace", subject="grace", state="sent"),)
    assert not due(replace(quick, said=sent), "jargon")
    assert due(quick, "jargon")


def test_safety_waits_for_nothing() -> None:
    spoken = (said("silence", 58), said("safety", 57, to=FACILITATORS, subject="z", about="z"))
    room = watch(60, posts=(post("a", KERSTIN, 59, RISKY),), said=spoken)
    assert due(room, "safety")


TEXTS = ["ok", "On 1:1 obs", "LSS drogs in", RISKY, "ja tack", LONG, "vi kör IBIC"]
KINDS = ["contribution", "question", "reflection", "rating", "restatement", "facilitation"]
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(["post", "join", "object", "type", "send", "drop", "look"]),
        st.integers(0, len(PEOPLE) - 1),
        st.sampled_from(TEXTS),
        st.sampled_from(KINDS),
        st.sampled_from(["machine", "failed", "pending"]),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(
    events=EVENTS,
    minutes=st.integers(3, 16),
    phase=st.sampled_from(["interpret", "restate", "recommend"]),
)
def test_nobody_ever_gets_two_unprompted_lines_within_90_seconds(
    events: list[tuple[int, str, int, str, str, Any]], minutes: int, phase: str
) -> None:
    room = watch(0, minutes=minutes, phase=phase, people=PEOPLE[:3])
    heard: dict[str, list[float]] = {}
    second = 0.0
    for wait, what, who, text, kind, status in events:
        second += wait
        room = replace(room, now=at(second), seconds_left=minutes * 60 - second)
        if what == "post":
            found = post(
                f"c{second}-{who}", PEOPLE[who], second, text, kind=kind, phase=phase, of="c0.0-0",
                translation=translated(status, second),
            )  # fmt: skip
            room = replace(room, posts=(*room.posts, found))
        elif what == "join" and PEOPLE[who].id not in {p.id for p in room.people}:
            room = replace(room, people=(*room.people, replace(PEOPLE[who], joined_at=room.now)))
        elif what == "object":
            draft = Proposal(f"p{who}", str(who), ("when",), room.now)
            room = replace(room, proposals=(*room.proposals, draft))
        elif what == "type":
            typing = tuple(replace(p, typing_at=room.now) for p in room.people)
            room = replace(room, people=typing)
        elif what in ("send", "drop"):
            state: Any = "sent" if what == "send" else "dropped"
            lines = tuple(
                replace(s, state=state, at=room.now) if s.state == "draft" else s for s in room.said
            )
            room = replace(room, said=lines)
        for line in rules.next_lines(room):
            state = "draft" if line.draft else "said"
            spoken = SaidLine(line.trigger, line.subject, line.to, room.now, line.about, state)
            room = replace(room, said=(*room.said, spoken))
            if line.trigger in rules.NOTES:
                continue
            for reader in [p.id for p in room.people] if line.to == ALL else [line.to]:
                heard.setdefault(reader, []).append(second)
        assert not rules.next_lines(room)
        if second > minutes * 60:
            break
    for seconds in heard.values():
        assert all(b - a >= 90 for a, b in pairwise(seconds)), seconds


def test_the_rules_read_no_text_of_what_is_private() -> None:
    class Secret(str):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(f"read: {name}")

    hidden = [replace(post(k, GRACE, 50, kind=k), text=Secret("x")) for k in rules.PRIVATE_KINDS]
    for phase in ("interpret", "restate", "recommend"):
        for second in (60, 430, 560, 730):
            room = watch(second, phase=phase, posts=tuple(hidden), disputed_terms=("x",))
            rules.next_lines(room)
            rules.coming_lines(room)


def test_the_room_of_the_tests_begins_ten_minutes_in() -> None:
    assert at(-600) == START
    assert {p.group for p in (KERSTIN, DANNY, GRACE, BJORN, TOM, HANNA)} == {
        "lived",
        "practice",
        "research",
    }
