"""What is due for deletion, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.retention import rules

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "days", "due_in"),
    [
        (0, 730, None),
        (715, 730, None),
        (716, 730, 14),
        (720, 730, 14),
        (730, 730, 14),
        (9000, 730, 14),
        (0, 14, 14),
        (0, 7, 14),
    ],
)
def test_a_deletion_is_announced_two_weeks_before(age: int, days: int, due_in: int | None) -> None:
    due = rules.due_at(NOW - timedelta(days=age), days=days, now=NOW)
    assert due == (None if due_in is None else NOW + timedelta(days=due_in))


def test_a_deletion_that_was_on_hold_is_done_tomorrow_at_the_earliest() -> None:
    tomorrow = NOW + timedelta(days=1)
    assert rules.next_due(NOW - timedelta(days=3), now=NOW) == tomorrow
    assert rules.next_due(NOW + timedelta(days=9), now=NOW) == NOW + timedelta(days=9)


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (datetime(2026, 11, 23, 0, 0, tzinfo=UTC), "2026-11-23"),
        (datetime(2026, 11, 29, 23, 59, tzinfo=UTC), "2026-11-23"),
        (datetime(2026, 11, 30, 0, 0, tzinfo=UTC), "2026-11-30"),
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), "2026-12-28"),
    ],
)
def test_a_week_is_called_by_its_monday(at: datetime, week: str) -> None:
    assert rules.week_of(at) == week
    assert rules.start_of(week) <= at < rules.start_of(week) + timedelta(days=7)
    assert rules.week_in(rules.subject_of("mails", week)) == week


@pytest.mark.parametrize(
    ("days", "decision", "faults"),
    [
        (7, "", {}),
        (36_500, "x" * 1000, {}),
        (6, "", {"/days": "days_out_of_range"}),
        (36_501, "", {"/days": "days_out_of_range"}),
        (None, "x" * 1001, {"/days": "days_out_of_range", "/decision": "decision_too_long"}),
    ],
)
def test_what_a_rule_may_be(days: int | None, decision: str, faults: dict[str, str]) -> None:
    assert rules.rule_faults(days=days, decision=decision) == faults


def test_every_kind_has_a_time_that_a_rule_may_have() -> None:
    assert set(rules.DEFAULT_DAYS) == set(rules.KINDS)
    for days in rules.DEFAULT_DAYS.values():
        assert rules.rule_faults(days=days, decision="") == {}


def test_a_key_stays_until_the_last_session_of_its_person_is_due() -> None:
    pseudonyms = {"astrid-1": "PA", "astrid-2": "PA", "ben-1": "PB"}
    first = {"astrid-1", "ben-1"}
    assert rules.keys_to_destroy(
        first, pseudonyms, still_needed={"astrid-2"}, left_behind=set()
    ) == {"ben-1"}
    assert rules.keys_to_destroy(
        {"astrid-2"}, pseudonyms, still_needed=set(), left_behind={"astrid-1"}
    ) == {"astrid-1", "astrid-2"}
    assert rules.keys_to_destroy(first, {}, still_needed={"x"}, left_behind={"y"}) == first
