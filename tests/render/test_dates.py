"""Both time zones are shown, as dissemination.md writes them (calendar rule 3)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.render import Renderer, both_times, both_zones
from hub.web import data_folder

START, END = "2027-03-04T12:00:00Z", "2027-03-04T13:30:00Z"


def test_swedish_is_written_with_full_stops_and_london_in_brackets() -> None:
    assert both_zones("sv", START, END) == "torsdag 4 mars 2027 kl. 13.00–14.30 (London 12.00)"
    assert both_zones("sv", START) == "torsdag 4 mars 2027 kl. 13.00 (London 12.00)"
    assert both_times("sv", START) == "13.00 (London 12.00)"


def test_english_is_written_with_colons_and_both_places() -> None:
    wanted = "Thursday 4 March 2027, 13:00–14:30 Stockholm, 12:00–13:30 London"
    assert both_zones("en", START, END) == wanted
    assert both_zones("en", START) == "Thursday 4 March 2027, 13:00 Stockholm, 12:00 London"
    assert both_times("en", START) == "13:00 Stockholm, 12:00 London"


def test_only_swedish_counts_weeks() -> None:
    wanted = "torsdag 4 mars 2027 (v. 9) kl. 13.00–14.30 (London 12.00)"
    assert both_zones("sv", START, END, week=True) == wanted
    assert both_zones("en", START, END, week=True) == both_zones("en", START, END)
    # The first days of a year may belong to the last week of the one before.
    assert "1 januari 2027 (v. 53)" in both_zones("sv", "2027-01-01T12:00:00Z", week=True)


@pytest.mark.parametrize(
    ("at", "sv", "en"),
    [
        ("2027-03-25T12:00:00Z", "13.00 (London 12.00)", "13:00 Stockholm, 12:00 London"),
        ("2027-03-29T11:00:00Z", "13.00 (London 12.00)", "13:00 Stockholm, 12:00 London"),
        # Within the hours in which the clocks change, in March and in October.
        ("2027-03-28T00:59:00Z", "01.59 (London 00.59)", "01:59 Stockholm, 00:59 London"),
        ("2027-03-28T01:00:00Z", "03.00 (London 02.00)", "03:00 Stockholm, 02:00 London"),
        ("2027-10-31T00:30:00Z", "02.30 (London 01.30)", "02:30 Stockholm, 01:30 London"),
        ("2027-10-31T01:30:00Z", "02.30 (London 01.30)", "02:30 Stockholm, 01:30 London"),
    ],
)
def test_london_is_an_hour_behind_on_both_sides_of_a_change_of_clock(
    at: str, sv: str, en: str
) -> None:
    assert both_times("sv", at) == sv
    assert both_times("en", at) == en


def test_another_day_is_written_out_where_it_ends_or_is_in_london() -> None:
    late, over = "2027-03-04T22:30:00Z", "2027-03-05T01:00:00Z"
    assert both_zones("sv", late, over) == (
        "torsdag 4 mars 2027 kl. 23.30 – fredag 5 mars 2027 kl. 02.00 (London 22.30)"
    )
    assert both_zones("en", late, over) == (
        "Thursday 4 March 2027, 23:30 – Friday 5 March 2027, 02:00 Stockholm, "
        "22:30 – Friday 5 March 2027, 01:00 London"
    )
    night = "2027-03-04T23:15:00Z"
    assert both_zones("sv", night) == (
        "fredag 5 mars 2027 kl. 00.15 (London torsdag 4 mars 2027 kl. 23.15)"
    )
    assert both_zones("en", night) == (
        "Friday 5 March 2027, 00:15 Stockholm, Thursday 4 March 2027, 23:15 London"
    )


def test_a_moment_may_come_as_text_or_as_a_time() -> None:
    at = datetime(2027, 3, 4, 12, tzinfo=UTC)
    assert both_zones("sv", at) == both_zones("sv", START)
    assert both_zones("sv", at.replace(tzinfo=None)) == both_zones("sv", START)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_templates_write_dates_whatever_zone_the_hub_is_in(language: str) -> None:
    renderer = Renderer(
        data_folder("templates"), data_folder("translations"), timezone="America/New_York"
    )
    filters = renderer._environments[language].filters
    assert filters["both_zones"](START, END) == both_zones(language, START, END)
    assert filters["both_times"](START) == both_times(language, START)


def test_days_are_counted_by_dates_not_by_hours() -> None:
    renderer = Renderer(
        data_folder("templates"), data_folder("translations"), timezone="Europe/Stockholm"
    )
    days_until = renderer._environments["sv"].filters["days_until"]
    assert days_until(START, "2027-03-03T22:59:00Z") == 1
    assert days_until(START, "2027-03-03T23:01:00Z") == 0
    assert days_until(START, "2027-02-25T12:00:00Z") == 7
    assert days_until(START, "2027-03-05T12:00:00Z") == -1
