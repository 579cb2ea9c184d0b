"""Who has a place: kept seats, the waiting list and offers.

Source: dissemination.md, "RSVP" and "Life cycle".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.errors import Refusal
from hub.meetings.places import (
    REPLIES,
    YES,
    Change,
    Count,
    Guest,
    count_places,
    is_coming,
    place_in_line,
    replied,
    settle,
    take_offer,
)

NOW = datetime(2027, 2, 1, 10, 0, tzinfo=UTC)
STARTS = datetime(2027, 3, 25, 12, 0, tzinfo=UTC)
REPLY_BY = datetime(2027, 3, 18, 22, 59, tzinfo=UTC)


def guest(id: str, reply: str | None = "room", **more: Any) -> Guest:
    minutes = int("".join(c for c in id if c.isdigit()) or 0)
    return Guest(id, reply=reply, replied_at=NOW + timedelta(minutes=minutes), **more)


def held(id: str, **more: Any) -> Guest:
    return guest(id, place="held", **more)


def run(guests: list[Guest], *, capacity: int | None = 2, **more: Any) -> list[Change]:
    settings: dict[str, Any] = {"quotas": {}, "now": NOW, "starts_at": STARTS, **more}
    return settle(guests, capacity=capacity, **settings)


def after(guests: list[Guest], **more: Any) -> list[Guest]:
    changes = {change.id: change for change in run(guests, **more)}
    return [
        replace(
            g,
            place=changes[g.id].place,
            waiting_since=changes[g.id].waiting_since,
            offered_until=changes[g.id].offered_until,
        )
        if g.id in changes
        else g
        for g in guests
    ]


def places(guests: list[Guest]) -> dict[str, str | None]:
    return {g.id: g.place for g in guests}


def why(changes: list[Change]) -> dict[str, str]:
    return {change.id: change.why for change in changes}


# --- places and kept seats -----------------------------------------------------------------------


def test_who_says_yes_first_has_a_place_and_the_next_wait() -> None:
    settled = after([guest("a3"), guest("b1"), guest("c2", "online"), guest("d4", "maybe")])
    assert places(settled) == {"b1": "held", "c2": "held", "a3": "waiting", "d4": "waiting"}
    assert [place_in_line(g, settled) for g in settled] == [1, None, None, 2]
    assert [is_coming(g) for g in settled] == [False, True, True, False]


def test_without_a_limit_everybody_has_a_place() -> None:
    settled = after([guest(f"g{n}") for n in range(50)], capacity=None, quotas={"lived": 5})
    assert set(places(settled).values()) == {"held"}


def test_who_has_not_replied_or_says_no_has_no_place() -> None:
    assert run([guest("a", None), guest("b", "no"), guest("c", "deputy")]) == []


def test_seats_stay_kept_for_a_group_until_the_meeting_is_confirmed() -> None:
    guests = [guest("p1", group="practice"), guest("p2", group="practice"), guest("p3")]
    settled = after(guests, capacity=3, quotas={"lived": 2})
    assert places(settled) == {"p1": "held", "p2": "waiting", "p3": "waiting"}
    assert count_places(settled, capacity=3, quotas={"lived": 2}) == Count(
        held=1, offered=0, waiting=2, free=2, kept={"lived": 2}
    )
    joined = after([*settled, guest("l4", group="lived")], capacity=3, quotas={"lived": 2})
    assert places(joined)["l4"] == "held"
    opened = after(joined, capacity=3, quotas={"lived": 2}, confirmed=True)
    assert places(opened) == {"p1": "held", "p2": "offered", "p3": "waiting", "l4": "held"}


def test_a_group_may_have_more_than_the_seats_kept_for_it() -> None:
    guests = [guest(f"l{n}", group="lived") for n in range(4)]
    settled = after(guests, capacity=3, quotas={"lived": 1})
    assert list(places(settled).values()) == ["held", "held", "held", "waiting"]


def test_a_freed_kept_seat_is_offered_to_its_own_group() -> None:
    guests = [
        held("p1", group="practice"),
        guest("l2", "no", group="lived", place="held"),
        guest("p3", group="practice", place="waiting", waiting_since=NOW),
        guest("l4", group="lived", place="waiting", waiting_since=NOW + timedelta(hours=1)),
    ]
    assert why(run(guests, quotas={"lived": 1})) == {"l2": "freed", "l4": "offered"}
    assert why(run(guests)) == {"l2": "freed", "p3": "offered"}


def test_nobody_jumps_the_waiting_list() -> None:
    guests = [
        guest("a1", "no", place="held"),
        held("b2"),
        guest("c3", place="waiting", waiting_since=NOW),
        guest("d0"),
    ]
    settled = after(guests)
    assert places(settled) == {"a1": None, "b2": "held", "c3": "offered", "d0": "waiting"}


def test_nobody_who_has_a_place_loses_it_when_seats_are_taken_away() -> None:
    guests = [held(f"g{n}") for n in range(5)]
    assert run(guests, capacity=2) == []
    assert count_places(guests, capacity=2, quotas={}).free == 0


# --- offers --------------------------------------------------------------------------------------


def waiting(id: str = "w", **more: Any) -> Guest:
    return guest(id, place="waiting", waiting_since=NOW - timedelta(days=1), **more)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        # 48 hours; 24 in the last week.
        ("2027-03-01T10:00", "2027-03-03T10:00"),
        ("2027-03-18T11:59", "2027-03-20T11:59"),
        ("2027-03-18T12:00", "2027-03-19T12:00"),
        ("2027-03-20T10:00", "2027-03-21T10:00"),
        # At night the hours are counted from 07.00 in Stockholm, when the mail goes out.
        ("2027-03-01T23:00", "2027-03-04T06:00"),
        # Never longer than to the start.
        ("2027-03-25T09:00", "2027-03-25T12:00"),
    ],
)
def test_a_freed_place_is_offered_for_two_days_and_one_in_the_last_week(
    now: str, until: str
) -> None:
    at, end = (datetime.fromisoformat(f"{text}+00:00") for text in (now, until))
    (change,) = run([waiting()], now=at)
    assert (change.why, change.place, change.offered_until) == ("offered", "offered", end)


def test_nobody_is_offered_a_place_after_the_start() -> None:
    assert run([waiting()], now=STARTS) == []


def test_an_offer_that_runs_out_goes_to_the_next_and_does_not_come_again() -> None:
    first, second = waiting("a1"), replace(waiting("b2"), waiting_since=NOW)
    offered = after([first, second], capacity=1)
    assert places(offered) == {"a1": "offered", "b2": "waiting"}
    until = offered[0].offered_until
    assert until is not None
    assert run(offered, capacity=1, now=until - timedelta(seconds=1)) == []
    lapsed = after(offered, capacity=1, now=until)
    assert places(lapsed) == {"a1": None, "b2": "offered"}
    later = after(lapsed, capacity=1, now=until + timedelta(days=3))
    assert places(later) == {"a1": None, "b2": None}
    assert run(later, capacity=1, now=until + timedelta(days=9)) == []
    back = [replied(later[0], "room", now=until + timedelta(days=9)), later[1]]
    assert places(after(back, capacity=1, now=until + timedelta(days=9)))["a1"] == "held"


def test_an_offer_is_taken_by_a_yes_and_only_while_it_stands() -> None:
    (offered,) = after([waiting()], capacity=1)
    for taken in (take_offer(offered, now=NOW), replied(offered, "online", now=NOW)):
        assert (taken.place, taken.waiting_since, taken.offered_until) == ("held", None, None)
        assert run([taken], capacity=1) == []
    assert take_offer(held("a"), now=NOW) == held("a")
    for late in (replace(offered, offered_until=NOW), replace(offered, place=None), waiting()):
        with pytest.raises(Refusal) as stopped:
            take_offer(late, now=NOW)
        assert stopped.value.code == "offer_over"


def test_who_waits_keeps_the_place_in_the_line_with_a_new_yes() -> None:
    first, second = waiting("a1"), replace(waiting("b2"), waiting_since=NOW)
    again = replied(first, "online", now=NOW + timedelta(hours=2))
    assert place_in_line(again, [again, second]) == 1


# --- maybe, deputies -----------------------------------------------------------------------------


def test_a_maybe_has_a_place_until_the_last_day_to_reply_and_is_a_no_after_it() -> None:
    guests = [held("a1", reply="maybe"), waiting()]
    assert run(guests, capacity=1, reply_by=REPLY_BY, now=REPLY_BY) == []
    late = REPLY_BY + timedelta(seconds=1)
    changes = run(guests, capacity=1, reply_by=REPLY_BY, now=late)
    assert why(changes) == {"a1": "freed", "w": "offered"}
    assert run([guest("n", "maybe")], reply_by=REPLY_BY, now=late) == []


def test_a_place_waits_for_the_deputy_and_is_theirs() -> None:
    sender = held("a1", reply="deputy")
    line = [sender, held("b2"), waiting()]
    assert run(line, reply_by=REPLY_BY) == []
    deputy = guest("d9", deputy_for="a1")
    changes = run([*line, deputy], reply_by=REPLY_BY)
    assert why(changes) == {"a1": "passed_on", "d9": "given"}


def test_a_place_is_free_when_the_deputy_says_no_or_never_replies() -> None:
    sender = held("a1", reply="deputy")
    refused = run([sender, waiting(), guest("d9", "no", deputy_for="a1")], capacity=1)
    assert why(refused) == {"a1": "freed", "w": "offered"}
    silent = run(
        [sender, waiting(), guest("d9", None, deputy_for="a1")],
        capacity=1,
        reply_by=REPLY_BY,
        now=REPLY_BY + timedelta(hours=1),
    )
    assert why(silent) == {"a1": "freed", "w": "offered"}


# --- whatever happens ----------------------------------------------------------------------------

GUESTS = st.builds(
    Guest,
    id=st.uuids().map(str),
    group=st.sampled_from([None, "lived", "practice", "research"]),
    reply=st.sampled_from([None, *REPLIES]),
    replied_at=st.datetimes(datetime(2027, 1, 1), datetime(2027, 3, 1)).map(
        lambda at: at.replace(tzinfo=UTC)
    ),
)


@given(
    guests=st.lists(GUESTS, max_size=12),
    capacity=st.one_of(st.none(), st.integers(0, 8)),
    quotas=st.dictionaries(st.sampled_from(["lived", "practice"]), st.integers(0, 4)),
    confirmed=st.booleans(),
)
def test_settling_again_changes_nothing(
    guests: list[Guest], capacity: int | None, quotas: dict[str, int], confirmed: bool
) -> None:
    rules: dict[str, Any] = {"capacity": capacity, "quotas": quotas, "confirmed": confirmed}
    settled = after(guests, **rules)
    assert run(settled, **rules) == []


class Replies(RuleBasedStateMachine):
    """People reply, change their minds and let offers pass, while time goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.guests: list[Guest] = []
        self.capacity, self.quotas = 4, {"lived": 2, "research": 1}
        self.confirmed = False

    def settle(self) -> None:
        before = {g.id: g for g in self.guests}
        self.guests = after(
            self.guests,
            capacity=self.capacity,
            quotas=self.quotas,
            now=self.now,
            reply_by=REPLY_BY,
            confirmed=self.confirmed,
        )
        for g in self.guests:
            lost = before[g.id].place == "held" and g.place != "held"
            assert not (lost and g.reply in YES), "who comes keeps the place"

    @rule(group=st.sampled_from([None, "lived", "practice", "research"]))
    def invite(self, group: str | None) -> None:
        if len(self.guests) < 12:
            self.guests.append(Guest(f"g{len(self.guests)}", group=group))

    @precondition(lambda self: self.guests)
    @rule(data=st.data(), reply=st.sampled_from(REPLIES))
    def reply(self, data: st.DataObject, reply: str) -> None:
        place = data.draw(st.integers(0, len(self.guests) - 1))
        self.guests[place] = replied(self.guests[place], reply, now=self.now)
        self.settle()

    @rule(hours=st.integers(1, 200))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.settle()

    @rule()
    def confirm(self) -> None:
        self.confirmed = True
        self.settle()

    @invariant()
    def no_more_than_there_are(self) -> None:
        count = count_places(
            self.guests, capacity=self.capacity, quotas=self.quotas, confirmed=self.confirmed
        )
        assert count.held + count.offered <= self.capacity
        if not self.confirmed:
            others = [g for g in self.guests if g.place in ("held", "offered")]
            assert sum(g.group not in self.quotas for g in others) <= 1

    @invariant()
    def places_follow_replies(self) -> None:
        for g in self.guests:
            assert not (g.reply in (None, "no") and g.place)
            assert (g.place == "offered") <= (g.offered_until is not None)
            assert (g.place == "waiting") <= (g.waiting_since is not None)


TestReplies = Replies.TestCase
