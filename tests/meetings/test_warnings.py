"""What an organiser is told before going on. Source: dissemination.md; programme.md, 5 and 6."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.meetings.times import STOCKHOLM, instant_of
from hub.meetings.warnings import (
    CODES,
    HINTS,
    Other,
    Plan,
    Wanted,
    Warning,
    sentence_of,
    unanswered,
    warnings_of,
)
from hub.render import Renderer

ROOT = Path(__file__).parents[2]
NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
FACTS: dict[str, dict[str, object]] = {
    "holiday": {"country": "SE", "key": "midsummer_eve"},
    "day_before_holiday": {"country": "UK", "key": "spring_bank"},
    "groups_missing": {"groups": ["lived", "research"]},
    "date_moved": {"planned": "2027-06-06"},
    "sportlov": {"week": 7, "counties": "Halland, Jönköping"},
    "short_notice": {"weeks": 3},
    "invite_soon": {"weeks": 6},
    **{
        code: {"title": {"sv": "50 % mer tid", "en": "50% more time"}}
        for code in ("same_person", "same_place", "same_case", "same_time")
    },
    **{code: {"week": 29} for code in ("summer", "christmas", "autumn_break", "half_term")},
}


def workshop(local: str = "2027-04-21T13:00", minutes: int = 90, **more: Any) -> Plan:
    starts = datetime.fromisoformat(local)
    ends = starts + timedelta(minutes=minutes)
    values: dict[str, Any] = {
        "id": "w1",
        "kind": "within_case",
        "zone": STOCKHOLM,
        "audiences": ("leaders",),
        "cohost": "Maj",
        "cohost_from": "citizen",
        **more,
    }
    return Plan(
        starts_local=starts,
        ends_local=ends,
        starts_at=instant_of(starts, STOCKHOLM),
        ends_at=instant_of(ends, STOCKHOLM),
        **values,
    )


def forum(**more: Any) -> Plan:
    return workshop(kind="forum", audiences=(), cohost="", cohost_from=None, **more)


def codes(plan: Plan, **more: Any) -> list[str]:
    return [each.code for each in warnings_of(plan, **{"now": NOW, **more})]


def test_a_good_plan_gets_no_warning() -> None:
    assert codes(workshop()) == []


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2027-06-25T13:00", ["holiday"]),
        ("2027-06-24T13:00", ["day_before_holiday"]),
        ("2027-05-03T13:00", ["holiday"]),
        ("2027-03-26T13:00", ["holiday", "holiday"]),
        ("2027-04-24T13:00", ["weekend"]),
        ("2027-07-14T13:00", ["summer"]),
        ("2027-12-21T13:00", ["christmas"]),
        ("2027-03-02T13:00", ["sportlov"]),
        ("2027-02-16T13:00", ["sportlov", "half_term"]),
        ("2027-11-03T13:00", ["autumn_break"]),
        ("2027-10-27T13:00", ["half_term"]),
        ("2027-04-21T09:30", ["staff_hours"]),
        ("2027-04-21T15:00", ["staff_hours"]),
        ("2027-04-21T14:30", []),
        ("2026-12-01T13:00", ["past"]),
    ],
)
def test_a_bad_day_or_hour_is_warned_of(local: str, expected: list[str]) -> None:
    assert codes(workshop(local)) == expected


def test_a_holiday_is_named_with_its_country() -> None:
    found = warnings_of(workshop("2027-03-26T13:00"), now=NOW)
    assert [dict(each.facts) for each in found] == [
        {"country": "SE", "key": "good_friday"},
        {"country": "UK", "key": "good_friday"},
    ]


def test_citizens_who_work_are_offered_the_early_evening() -> None:
    assert codes(workshop(audiences=("citizens",))) == ["citizens_hours"]
    assert codes(workshop("2027-04-21T17:30", audiences=("citizens",))) == []
    assert codes(workshop("2027-04-24T13:00", audiences=("citizens",))) == ["weekend"]
    assert unanswered([Warning("citizens_hours")], {}) == []


def test_hours_are_counted_in_stockholm_wherever_the_meeting_is() -> None:
    local = datetime(2027, 4, 21, 9, 30)
    plan = replace(workshop("2027-04-21T10:30"), zone="Europe/London", starts_local=local)
    assert codes(plan) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"host": " karin EK"}, "same_person"),
        ({"cohost": "Maj"}, "same_person"),
        ({"place": "Hälsans hus"}, "same_place"),
        ({"link": "https://x.example/1"}, "same_place"),
        ({"cases": ("ward", "cafe")}, "same_case"),
        ({}, "same_time"),
    ],
)
def test_a_clash_is_told_once_by_what_matters_most(more: dict[str, Any], code: str) -> None:
    plan = workshop(
        host="Karin Ek", place="hälsans  hus", link="https://x.example/1", cases=("cafe",)
    )
    other = Other("w2", {"sv": "Annat"}, plan.starts_at, plan.ends_at, **more)
    (found,) = warnings_of(plan, now=NOW, others=[other, replace(other, id="w1")])
    assert found.code == code
    assert found.facts["title"] == {"sv": "Annat"}
    after = replace(other, starts_at=plan.ends_at, ends_at=plan.ends_at + timedelta(hours=1))
    before = replace(other, starts_at=plan.starts_at - timedelta(hours=1), ends_at=plan.starts_at)
    assert codes(plan, others=[after, before]) == []


def test_a_workshop_has_a_cohost_from_a_case_or_from_citizens() -> None:
    assert codes(workshop(cohost=" ", cohost_from=None)) == ["no_cohost"]
    assert codes(workshop(cohost_from=None)) == ["cohost_from_neither"]


def test_recording_and_seats_beyond_the_room_are_warned_of() -> None:
    assert codes(workshop(recording=True)) == ["recording"]
    assert codes(workshop(capacity=10, quotas={"lived": 6, "practice": 5})) == [
        "kept_over_capacity"
    ]


def test_invitations_go_out_in_good_time() -> None:
    def ahead(weeks: float, **more: Any) -> list[str]:
        plan = workshop(**more)
        return codes(plan, now=plan.starts_at - timedelta(weeks=weeks))

    assert ahead(6) == []
    assert ahead(5.9) == ["invite_soon"]
    assert ahead(3) == ["invite_soon"]
    assert ahead(2.9) == ["short_notice"]
    assert ahead(2.9, invited_at=NOW) == []
    assert ahead(8, kind="external") == []
    assert ahead(7.9, kind="external") == ["short_notice"]
    assert ahead(7.9, kind="external", open_to_all=False) == []


def test_a_date_that_was_moved_waits_for_the_organisers_yes() -> None:
    (found,) = warnings_of(
        workshop(to_confirm=True, planned_local=datetime(2027, 4, 18, 13)), now=NOW
    )
    assert (found.code, found.facts) == ("date_moved", {"planned": "2027-04-18"})


def wanted(lived: int, practice: int, research: int, **more: Any) -> list[Wanted]:
    student = [Wanted("research", phd_student=True, reply="room")] if research else []
    return [
        *[Wanted("lived", **more)] * lived,
        *[Wanted("practice")] * practice,
        *[Wanted("research")] * (research - 1),
        *student,
    ]


def test_a_focused_forum_has_all_groups_and_a_third_with_lived_experience() -> None:
    focused = forum(open_to_all=False)
    hours = {"citizens_hours"}
    assert set(codes(focused, wanted=wanted(4, 5, 3))) == hours
    assert set(codes(focused, wanted=wanted(3, 5, 3))) == hours | {"no_lived_third"}
    assert set(codes(focused, wanted=wanted(4, 5, 3, reply="no"))) == hours | {"no_lived_third"}
    (missing,) = (
        each
        for each in warnings_of(focused, now=NOW, wanted=wanted(4, 0, 2))
        if each.code == "groups_missing"
    )
    assert missing.facts == {"groups": ["practice"]}


def test_seats_kept_for_lived_experience_count_as_a_third() -> None:
    for kept, expected in ((4, False), (3, True)):
        plan = forum(open_to_all=False, capacity=12, quotas={"lived": kept})
        assert ("no_lived_third" in codes(plan, wanted=wanted(1, 5, 3))) is expected


def test_an_open_forum_and_a_workshop_need_no_shares() -> None:
    assert "no_lived_third" not in codes(forum(), wanted=wanted(0, 5, 2))
    assert codes(workshop(open_to_all=False), wanted=wanted(0, 5, 2)) == []


def test_every_forum_has_a_doctoral_student_who_has_accepted() -> None:
    assert codes(forum()) == ["no_phd_invited"]
    for reply in (None, "no", "maybe", "deputy"):
        assert codes(forum(), wanted=[Wanted("research", phd_student=True, reply=reply)]) == [
            "no_phd_accepted"
        ]
    assert codes(forum(), wanted=[Wanted("research", phd_student=True, reply="online")]) == []


def test_a_warning_is_answered_by_a_reason() -> None:
    found = [Warning("weekend"), Warning("recording"), Warning("invite_soon")]
    assert [each.code for each in unanswered(found, {"weekend": "Alla kan då"})] == ["recording"]
    assert [each.code for each in unanswered(found, {"weekend": " "})] == ["weekend", "recording"]
    assert set(HINTS) <= set(CODES)


def test_the_gravest_comes_first() -> None:
    found = codes(workshop("2027-12-25T08:00", recording=True, cohost="", cohost_from=None))
    assert found == sorted(found, key=CODES.index)
    assert found[0] == "holiday"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_warning_is_said_in_words(language: str) -> None:
    renderer = Renderer(ROOT / "templates", ROOT / "translations", timezone=STOCKHOLM)
    for code in CODES:
        said = sentence_of(Warning(code, FACTS.get(code, {})), language, renderer.say)
        assert said.endswith((".", "!", "?"))
        assert not re.search(r"[a-z_]\.[a-z_]|%\(|\{", said)
    eve = sentence_of(Warning("holiday", FACTS["holiday"]), language, renderer.say)
    assert ("midsommarafton" if language == "sv" else "Midsummer Eve") in eve
    clash = sentence_of(Warning("same_time", FACTS["same_time"]), language, renderer.say)
    assert ("50 % mer tid" if language == "sv" else "50% more time") in clash
