"""Wall-clock times, instants, dates of a series and rules, right across the changes of clock.

Source: dissemination.md, "Calendar and time zones"; programme.md, "The series rule".
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from time import monotonic

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.errors import Invalid
from hub.meetings import holidays, times
from hub.meetings.times import LONDON, STOCKHOLM, ZONES
from hub.render import both_zones

INSTANTS = st.datetimes(datetime(2010, 1, 1), datetime(2040, 1, 1)).map(
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def faults(stopped: pytest.ExceptionInfo[Invalid]) -> dict[str, str]:
    return stopped.value.fields


# --- instants ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "utc"), [("2027-03-25", 12), ("2027-03-29", 11)])
def test_thirteen_in_stockholm_is_noon_in_london_before_and_after_the_change(
    day: str, utc: int
) -> None:
    instant = times.instant_of(at(f"{day}T13:00"), STOCKHOLM)
    assert instant == at(f"{day}T{utc}:00+00:00")
    assert times.local_of(instant, LONDON) == at(f"{day}T12:00")


def test_a_time_that_clocks_skip_is_refused() -> None:
    for zone, hour in ((STOCKHOLM, 2), (LONDON, 1)):
        with pytest.raises(Invalid) as stopped:
            times.instant_of(datetime(2027, 3, 28, hour, 30), zone)
        assert faults(stopped) == {"/starts": "time_not_there"}
        with pytest.raises(Invalid):
            times.instant_of(datetime(2027, 3, 28, hour, 0), zone, fold=1)
        assert times.instant_of(datetime(2027, 3, 28, hour - 1, 59), zone) == at(
            "2027-03-28T00:59+00:00"
        )
        assert times.instant_of(datetime(2027, 3, 28, hour + 1, 0), zone) == at(
            "2027-03-28T01:00+00:00"
        )


def test_a_time_that_comes_twice_is_asked_about() -> None:
    local = datetime(2027, 10, 31, 2, 30)
    with pytest.raises(Invalid) as stopped:
        times.instant_of(local, STOCKHOLM, field="ends")
    assert faults(stopped) == {"/ends": "time_twice"}
    first = times.instant_of(local, STOCKHOLM, fold=0)
    second = times.instant_of(local, STOCKHOLM, fold=1)
    assert (first, second) == (at("2027-10-31T00:30+00:00"), at("2027-10-31T01:30+00:00"))
    assert [times.local_of(each, STOCKHOLM) for each in (first, second)] == [local, local]
    assert [times.fold_of(each, STOCKHOLM) for each in (first, second)] == [0, 1]
    assert times.instant_of(datetime(2027, 10, 31, 3, 0), STOCKHOLM) == at("2027-10-31T02:00+00:00")


@given(instant=INSTANTS, zone=st.sampled_from(ZONES))
def test_an_instant_comes_back_from_the_wall_clock(instant: datetime, zone: str) -> None:
    local, fold = times.local_of(instant, zone), times.fold_of(instant, zone)
    assert times.instant_of(local, zone, fold=fold) == instant
    assert times.instant_kept(local, zone, fold=fold) == instant
    assert times.read_local(times.write_local(local)) == local


@given(instant=INSTANTS)
def test_stockholm_is_always_an_hour_ahead_of_london(instant: datetime) -> None:
    ahead = times.local_of(instant, STOCKHOLM) - times.local_of(instant, LONDON)
    assert ahead == timedelta(hours=1)


@pytest.mark.parametrize(
    "text",
    ["", "nu", "2027-02-29T13:00", "2027-03-25", "25/03/2027 13:00", "2027-03-25T24:00",
     "2027-03-25T13:00Z", "2027-03-25T13:00+02:00", "٢٠٢٧-03-25T13:00", "0001-01-01T00:00",
     "9999-01-01T00:00", "2027-03-25T13:00:30"],
)  # fmt: skip
def test_what_is_no_wall_clock_time_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as stopped:
        times.read_local(text)
    assert faults(stopped) == {"/starts": "time_unreadable"}


def test_a_time_is_read_as_browsers_and_people_write_it() -> None:
    expected = datetime(2027, 3, 25, 13, 0)
    for text in ("2027-03-25T13:00", "2027-03-25 13:00", " 2027-03-25T13:00:00 "):
        assert times.read_local(text) == expected


def test_a_zone_is_stockholm_or_london() -> None:
    assert [times.read_zone(zone) for zone in ZONES] == list(ZONES)
    with pytest.raises(Invalid) as stopped:
        times.read_zone("Europe/Paris")
    assert faults(stopped) == {"/zone": "zone_unknown"}
    assert times.known_zone("America/New_York") == "America/New_York"
    assert [times.known_zone(name) for name in (None, "", "No/Where", "../x", "\x00")] == [
        STOCKHOLM
    ] * 5


def test_a_meeting_ends_after_it_begins_and_lasts_a_week_at_most() -> None:
    def fault(starts: str, ends: str) -> dict[str, str]:
        with pytest.raises(Invalid) as stopped:
            times.instants_of(at(starts), at(ends), STOCKHOLM)
        return faults(stopped)

    assert fault("2027-03-25T13:00", "2027-03-25T13:00") == {"/ends": "ends_before"}
    assert fault("2027-03-25T13:00", "2027-03-25T12:00") == {"/ends": "ends_before"}
    assert fault("2027-03-25T13:00", "2027-04-01T14:01") == {"/ends": "meeting_too_long"}
    assert fault("2027-03-28T01:00", "2027-03-28T02:30") == {"/ends": "time_not_there"}


def test_a_meeting_in_the_night_when_clocks_go_back_lasts_as_long_as_it_lasts() -> None:
    begins, ends = datetime(2027, 10, 31, 2, 45), datetime(2027, 10, 31, 2, 15)
    starts_at, ends_at = times.instants_of(begins, ends, STOCKHOLM, fold=0)
    assert ends_at - starts_at == timedelta(minutes=30)
    starts_at, ends_at = times.instants_of(ends, begins, STOCKHOLM, fold=1)
    assert ends_at - starts_at == timedelta(minutes=30)


def test_the_local_time_wins_where_the_hour_has_vanished() -> None:
    kept = times.instant_kept(datetime(2027, 3, 28, 2, 30), STOCKHOLM)
    assert kept == at("2027-03-28T01:30+00:00")


# --- dates of a series ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "months", "then"),
    [
        ("2027-08-31T13:00", 6, "2028-02-29T13:00"),
        ("2027-08-31T13:00", 12, "2028-08-31T13:00"),
        ("2028-02-29T13:00", 12, "2029-02-28T13:00"),
        ("2028-02-29T13:00", 48, "2032-02-29T13:00"),
        ("2027-12-15T13:00", 1, "2028-01-15T13:00"),
        ("2027-12-31T13:00", 6, "2028-06-30T13:00"),
        ("2027-01-10T13:00", -1, "2026-12-10T13:00"),
    ],
)
def test_months_are_added_to_the_local_date(first: str, months: int, then: str) -> None:
    assert times.add_months(at(first), months) == at(then)


def test_the_series_of_the_programme_has_its_seven_dates_on_working_days() -> None:
    dates = times.series_dates(at("2021-12-09T13:00"), is_free=holidays.is_free)
    assert [each.local.isoformat(timespec="minutes") for each in dates] == [
        "2021-12-09T13:00",
        "2022-06-09T13:00",
        "2022-12-09T13:00",
        "2023-06-09T13:00",
        "2023-12-08T13:00",
        "2024-06-10T13:00",
        "2024-12-09T13:00",
    ]
    assert [each.moved for each in dates] == [False, False, False, False, True, True, False]
    assert [each.planned.day for each in dates] == [9] * 7
    assert [times.is_open_to_all(each.number, len(dates)) for each in dates] == [
        True, False, False, False, False, False, True,
    ]  # fmt: skip


def test_a_series_keeps_its_local_time_over_three_years_and_every_change_of_clock() -> None:
    dates = times.series_dates(
        at("2027-02-25T13:00"), is_free=lambda day: False, months=1, count=37
    )
    hours = set()
    for each in dates:
        instant = times.instant_of(each.local, STOCKHOLM)
        assert times.local_of(instant, STOCKHOLM).time() == time(13)
        assert times.local_of(instant, LONDON).time() == time(12)
        hours.add(instant.hour)
    assert hours == {11, 12}


def test_a_free_day_moves_to_the_nearest_working_day_and_rather_later() -> None:
    def moved(day: str) -> str:
        return holidays.nearest_working_day(date.fromisoformat(day)).isoformat()

    assert moved("2027-03-13") == "2027-03-12"  # Saturday
    assert moved("2027-03-14") == "2027-03-15"  # Sunday
    assert moved("2027-05-06") == "2027-05-07"  # Ascension Day, a Thursday
    assert moved("2027-03-26") == "2027-03-25"  # Good Friday
    assert moved("2027-03-28") == "2027-03-30"  # Easter Sunday: of two as near, the later
    assert moved("2027-03-25") == "2027-03-25"
    with pytest.raises(ValueError, match="no working day"):
        times.nearest_working_day(date(2027, 1, 1), is_free=lambda day: True)


@given(
    first=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    months=st.integers(1, 12),
    count=st.integers(1, 12),
)
def test_no_date_of_a_series_but_the_first_is_on_a_free_day(
    first: datetime, months: int, count: int
) -> None:
    dates = times.series_dates(first, is_free=holidays.is_free, months=months, count=count)
    assert dates[0].local == first
    for each in dates[1:]:
        assert not holidays.is_free(each.local.date())
        assert each.local.time() == first.time()
        assert abs(each.local - each.planned) <= timedelta(days=6)
        assert each.moved == holidays.is_free(each.planned.date())


# --- rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=WEEKLY", "rule_unbounded"),
        ("FREQ=WEEKLY;COUNT=101", "rule_too_many"),
        ("FREQ=WEEKLY;COUNT=99999999999999999999", "rule_too_many"),
        ("FREQ=DAILY;UNTIL=21991231", "rule_too_many"),
        ("FREQ=HOURLY;COUNT=3", "rule_too_often"),
        ("FREQ=SECONDLY;COUNT=3", "rule_too_often"),
        ("FREQ=WEEKLY;COUNT=3;UNTIL=20271231", "rule_unreadable"),
        ("", "rule_unreadable"),
        ("COUNT=3", "rule_unreadable"),
        ("FREQ=WEEKLY;COUNT=-1", "rule_unreadable"),
        ("FREQ=WEEKLY;COUNT=x", "rule_unreadable"),
        ("FREQ=WEEKLY;COUNT=3;COUNT=4", "rule_unreadable"),
        ("FREQ=WEEKLY;INTERVAL=0;COUNT=3", "rule_unreadable"),
        ("FREQ=WEEKLY;BYDAY=XX;COUNT=3", "rule_unreadable"),
        ("FREQ=WEEKLY;BYHOUR=3;COUNT=3", "rule_unreadable"),
        ("FREQ=MONTHLY;BYMONTHDAY=x;COUNT=3", "rule_unreadable"),
        ("FREQ=WEEKLY;UNTIL=20271301", "rule_unreadable"),
        ("FREQ=WEEKLY;COUNT=3\nDTSTART:20200101", "rule_unreadable"),
        ("FREQ=WEEKLY;BYDAY=FR;COUNT=3", "rule_first"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", "rule_first"),
        ("FREQ=WEEKLY;COUNT=0", "rule_unreadable"),
        ("FREQ=WEEKLY;BYMONTHDAY=25;COUNT=2", "rule_unreadable"),
        ("FREQ=YEARLY;COUNT=22", "rule_too_far"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(rule: str, code: str) -> None:
    with pytest.raises(Invalid) as stopped:
        times.read_rule(rule, at("2027-03-25T13:00"), STOCKHOLM)
    assert faults(stopped) == {"/rule": code}


def test_a_hundred_repeats_are_allowed() -> None:
    assert (
        len(times.read_rule("FREQ=DAILY;COUNT=100", at("2027-03-25T13:00"), LONDON).starts) == 100
    )


def test_a_rule_is_kept_with_a_count_however_its_end_was_said() -> None:
    first = at("2027-03-25T13:00")
    for until in ("UNTIL=20270415", "UNTIL=20270415T110000Z", "UNTIL=20270415T130000"):
        rule = times.read_rule(f"rrule:freq=weekly;byday=th;{until}", first, STOCKHOLM)
        assert rule.text == "FREQ=WEEKLY;COUNT=4;BYDAY=TH"
        assert times.rule_starts(rule.text, first) == rule.starts
    short = times.read_rule("FREQ=WEEKLY;UNTIL=20270415T105959Z", first, STOCKHOLM)
    assert len(short.starts) == 3


def test_the_thirty_first_passes_over_short_months_and_the_last_day_does_not() -> None:
    first = at("2027-01-31T13:00")
    date_rule = times.read_rule(times.rule_of("month_date", first, count=5), first, STOCKHOLM)
    assert [each.month for each in date_rule.starts] == [1, 3, 5, 7, 8]
    assert {each.day for each in date_rule.starts} == {31}
    end_rule = times.read_rule(times.rule_of("month_end", first, count=14), first, STOCKHOLM)
    assert [each.day for each in end_rule.starts] == [
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29,
    ]  # fmt: skip


def test_leap_day_comes_every_four_years() -> None:
    first = at("2028-02-29T13:00")
    rule = times.read_rule(times.rule_of("years", first, count=3), first, STOCKHOLM)
    assert [each.year for each in rule.starts] == [2028, 2032, 2036]
    assert {(each.month, each.day) for each in rule.starts} == {(2, 29)}


@given(
    first=st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1)),
    how=st.sampled_from(["days", "weeks", "month_date", "month_weekday", "years"]),
    count=st.integers(1, 100),
    interval=st.integers(1, 6),
)
def test_what_a_form_offers_is_a_rule_that_begins_at_its_first_start(
    first: datetime, how: str, count: int, interval: int
) -> None:
    first = first.replace(second=0, microsecond=0)
    text = times.rule_of(how, first, count=count, interval=interval)
    try:
        rule = times.read_rule(text, first, STOCKHOLM)
    except Invalid as error:
        assume(error.fields != {"/rule": "rule_too_far"})
        raise
    assert 1 <= len(rule.starts) <= count
    assert rule.starts[0] == first
    assert all(a < b for a, b in pairwise(rule.starts))
    assert {each.time() for each in rule.starts} == {first.time()}
    assert times.read_rule(rule.text, first, STOCKHOLM) == rule


def test_a_form_offers_nothing_else() -> None:
    for how, count, interval in (("hours", 3, 1), ("weeks", 0, 1), ("weeks", 3, 0)):
        with pytest.raises(Invalid) as stopped:
            times.rule_of(how, at("2027-01-31T13:00"), count=count, interval=interval)
        assert faults(stopped) == {"/rule": "rule_unreadable"}


@given(text=st.text(max_size=60))
def test_no_text_breaks_the_reading_of_a_rule(text: str) -> None:
    found = {}
    try:
        starts = times.read_rule(text, at("2027-03-25T13:00"), STOCKHOLM).starts
    except Invalid as error:
        starts, found = (at("2027-03-25T13:00"),), error.fields
    assert set(found) <= {"/rule"}
    assert 1 <= len(starts) <= times.MOST_REPEATS


def test_a_rule_that_never_comes_is_refused_at_once() -> None:
    first, began = at("2027-03-25T13:00"), monotonic()
    for rule in (
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=FR;COUNT=2",
        "FREQ=DAILY;BYSETPOS=2;COUNT=2",
        "FREQ=MONTHLY;BYMONTHDAY=25;BYSETPOS=9;COUNT=2",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2",
        "FREQ=MONTHLY;BYMONTH=3;BYMONTHDAY=25;BYDAY=TH;COUNT=100",
        "FREQ=YEARLY;INTERVAL=1000;COUNT=100",
    ):
        with pytest.raises(Invalid):
            times.read_rule(rule, first, STOCKHOLM)
    assert monotonic() - began < 5


# --- nights --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "until"),
    [
        ("2027-03-25T19:59", None),
        ("2027-03-25T20:00", "2027-03-26T07:00"),
        ("2027-03-25T23:59", "2027-03-26T07:00"),
        ("2027-03-26T00:00", "2027-03-26T07:00"),
        ("2027-03-26T06:59", "2027-03-26T07:00"),
        ("2027-03-26T07:00", None),
        ("2027-03-27T20:30", "2027-03-28T07:00"),
        ("2027-10-30T20:30", "2027-10-31T07:00"),
    ],
)
def test_the_night_is_from_twenty_to_seven_on_the_readers_clock(
    local: str, until: str | None
) -> None:
    for zone in (*ZONES, "America/New_York"):
        now = times.instant_of(at(local), zone)
        expected = until and times.instant_of(at(until), zone)
        assert times.quiet_until(now, zone) == expected


@given(instant=INSTANTS, zone=st.sampled_from([*ZONES, "America/New_York", "Asia/Kolkata"]))
def test_what_is_planned_for_the_night_comes_the_evening_before(
    instant: datetime, zone: str
) -> None:
    moved = times.out_of_night(instant, zone)
    assert moved <= instant
    assert instant - moved <= timedelta(hours=13)
    assert times.quiet_until(moved, zone) is None
    assert (moved == instant) == (times.quiet_until(instant, zone) is None)
    assert times.out_of_night(moved, zone) == moved


# --- both zones in words -------------------------------------------------------------------------


def test_a_meeting_is_told_in_both_zones_before_and_after_the_change() -> None:
    for day in (25, 29):
        starts = times.instant_of(datetime(2027, 3, day, 13), STOCKHOLM)
        ends = starts + timedelta(minutes=90)
        assert "kl. 13.00–14.30 (London 12.00)" in both_zones("sv", starts, ends)
        assert "13:00–14:30 Stockholm, 12:00–13:30 London" in both_zones("en", starts, ends)
