"""Days that meetings had better not be held on. Source: dissemination.md, rule 5."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.meetings import holidays

DAYS = st.dates(date(2020, 1, 1), date(2045, 12, 31))


def on(day: str) -> dict[str, str]:
    found = holidays.holidays_on(date.fromisoformat(day))
    return {holiday.country: holiday.key for holiday in found}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2027-01-01", {"SE": "new_year", "UK": "new_year"}),
        ("2027-01-06", {"SE": "epiphany"}),
        ("2027-03-26", {"SE": "good_friday", "UK": "good_friday"}),
        ("2027-03-29", {"SE": "easter_monday", "UK": "easter_monday"}),
        ("2027-05-01", {"SE": "first_of_may"}),
        ("2027-05-03", {"UK": "early_may"}),
        ("2027-05-06", {"SE": "ascension"}),
        ("2027-05-31", {"UK": "spring_bank"}),
        ("2027-06-06", {"SE": "national_day"}),
        ("2027-06-25", {"SE": "midsummer_eve"}),
        ("2027-06-26", {"SE": "midsummer"}),
        ("2027-08-30", {"UK": "summer_bank"}),
        ("2027-11-06", {"SE": "all_saints"}),
        ("2027-12-24", {"SE": "christmas_eve"}),
        ("2027-12-25", {"SE": "christmas", "UK": "christmas"}),
        ("2027-12-26", {"SE": "boxing_day", "UK": "boxing_day"}),
        ("2027-12-27", {"UK": "christmas"}),
        ("2027-12-28", {"UK": "boxing_day"}),
        ("2027-12-31", {"SE": "new_year_eve"}),
        ("2023-05-08", {"UK": "other"}),
        ("2027-03-25", {}),
        ("2027-06-24", {}),
        ("2027-12-23", {}),
    ],
)
def test_a_holiday_is_known_by_its_country(day: str, expected: dict[str, str]) -> None:
    assert on(day) == expected


@given(day=DAYS)
def test_a_day_is_free_on_weekends_and_holidays_and_no_other(day: date) -> None:
    found = holidays.holidays_on(day)
    assert holidays.is_free(day) == (day.weekday() >= 5 or bool(found))
    assert {holiday.key for holiday in found} <= set(holidays.KEYS)
    assert holidays.holidays_after(day) == holidays.holidays_on(day + timedelta(days=1))


@given(day=DAYS)
def test_the_nearest_working_day_is_none_that_is_free_and_no_further_than_needed(
    day: date,
) -> None:
    nearest = holidays.nearest_working_day(day)
    assert not holidays.is_free(nearest)
    away = abs((nearest - day).days)
    assert all(holidays.is_free(day + timedelta(days=n)) for n in range(-away + 1, away)), (
        "a nearer day was passed over"
    )
    assert nearest >= day or holidays.is_free(day + timedelta(days=away))


def test_a_holiday_in_one_country_leaves_the_other_working() -> None:
    day = date(2027, 5, 3)
    assert holidays.is_free(day)
    assert not holidays.is_free(day, ("SE",))
    assert holidays.nearest_working_day(day, ("SE",)) == day


def test_summer_is_weeks_28_to_31() -> None:
    assert not holidays.in_summer(date(2027, 7, 11))
    assert holidays.in_summer(date(2027, 7, 12))
    assert holidays.in_summer(date(2027, 8, 8))
    assert not holidays.in_summer(date(2027, 8, 9))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-12-21", "2027-01-03"),
        ("2027-12-20", "2028-01-02"),
        ("2028-12-18", "2029-01-07"),
    ],
)
def test_christmas_weeks_are_those_of_christmas_eve_and_new_year(first: str, last: str) -> None:
    begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    day = timedelta(days=1)
    assert [holidays.at_christmas(each) for each in (begins - day, begins, ends, ends + day)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_sportlov_says_which_counties() -> None:
    assert holidays.sportlov_on(date(2027, 2, 15)) == (
        "Halland", "Jönköping", "Västra Götaland", "Östergötland",
    )  # fmt: skip
    assert "Stockholm" in holidays.sportlov_on(date(2027, 3, 1))
    assert "Norrbotten" in holidays.sportlov_on(date(2027, 3, 14))
    assert holidays.sportlov_on(date(2027, 2, 14)) == ()
    assert holidays.sportlov_on(date(2027, 3, 15)) == ()
    assert len(holidays.SPORTLOV) == 21
    assert all(7 <= first <= last <= 10 for first, last in holidays.SPORTLOV.values())


@pytest.mark.parametrize(
    "monday", ["2024-02-12", "2027-02-15", "2025-05-26", "2027-05-31", "2024-10-28", "2027-10-25"]
)
def test_english_half_terms_are_in_their_usual_weeks(monday: str) -> None:
    begins = date.fromisoformat(monday)
    assert all(holidays.is_half_term(begins + timedelta(days=n)) for n in range(7))
    assert not holidays.is_half_term(begins - timedelta(days=1))
    assert not holidays.is_half_term(begins + timedelta(days=7))


def test_swedish_autumn_break_is_week_44() -> None:
    assert [holidays.is_autumn_break(date(2027, 11, day)) for day in (1, 7, 8)] == [
        True, True, False,
    ]  # fmt: skip
