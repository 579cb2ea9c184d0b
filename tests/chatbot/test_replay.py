"""The sample dialogue: does each trigger fire near its ``bot:*`` row, and what comes besides?"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from hub.demo.script import load_script
from tests.chatbot.replay import Replay, Spoken, compare, expected

WANTED = expected(load_script())


@pytest.fixture(scope="module")
def with_drops() -> list[Spoken]:
    return Replay(typing=True, drops=True).play()


@pytest.fixture(scope="module")
def alone() -> list[Spoken]:
    return Replay(typing=True, drops=False).play()


def test_each_line_of_the_sample_comes_within_a_minute_of_its_row(
    with_drops: list[Spoken],
) -> None:
    # Its facilitator dropped two half-time lines: the rows have the particular one alone.
    pairs, _ = compare(with_drops, WANTED)
    assert len(pairs) == 14
    assert not [row for row, line in pairs if line is None]


def test_besides_come_the_time_lines_and_a_handful_of_others(with_drops: list[Spoken]) -> None:
    _, extra = compare(with_drops, WANTED)
    besides = Counter(line.trigger for line in extra)
    print(dict(besides))
    assert besides.pop("two_minutes") <= 7
    assert besides.pop("half_time") <= 3
    assert besides.total() <= 8
    assert not {"safety", "untranslated", "disputed_term", "late_joiner"} & set(besides)


def test_where_nobody_drops_half_time_two_rows_wait_for_it(alone: list[Spoken]) -> None:
    pairs, extra = compare(alone, WANTED)
    waited = {row.trigger for row, line in pairs if line is None}
    assert waited == {"unheard_group", "incomplete_recommendation"}
    late = [line.seconds for line in extra if line.trigger == "incomplete_recommendation"]
    assert late == [4290]
    # By then somebody of that group has written, so there is nothing left to say.
    assert not [s for s in alone if s.trigger == "unheard_group" and 3400 < s.seconds < 3840]


def test_in_the_sample_nobody_gets_two_unprompted_lines_within_90_seconds(
    alone: list[Spoken], with_drops: list[Spoken]
) -> None:
    for spoken in (alone, with_drops):
        lines = [s for s in spoken if s.trigger not in ("safety", "dominance")]
        people = {p.name for p in load_script().people}
        for person in people:
            heard = [s.seconds for s in lines if s.to in ("all", person)]
            if person == "Maureen":
                heard = [s for s in heard if s >= 800]
            assert all(b - a >= 90 for a, b in pairwise(heard))


def test_while_people_think_alone_only_the_time_is_told(alone: list[Spoken]) -> None:
    assert {s.trigger for s in alone if 1080 <= s.seconds < 1380} == {"two_minutes"}
