"""What a group's answers say, and when they say nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.measures.items import shipped
from hub.measures.surveys import (
    Kept,
    change_results,
    count_people,
    domain_results,
    item_results,
)

ITEMS = {item.id: item for item in shipped().wordings.values()}


def answers(item: str, *values: int | None, version: int = 1) -> list[Kept]:
    """One answer for each of the people 0, 1, 2 …"""
    return [Kept(f"key-{n}", item, version, value) for n, value in enumerate(values)]


def result(item: str, kept: list[Kept], of: int = 8) -> dict[str, Any]:
    (found,) = item_results(kept, [ITEMS[item]], of=of)
    return found


def test_an_item_has_its_distribution_its_median_and_its_denominators() -> None:
    found = result("po2", answers("po2", 1, 4, 4, 5, 5, 5, None))
    assert found["counts"] == {"1": 1, "2": 0, "3": 0, "4": 2, "5": 3}
    assert found["median"] == 4.5
    assert (found["n"], found["unsure"], found["of"]) == (6, 1, 8)
    assert found["text"] == ITEMS["po2"].text
    assert not found["too_few"]


def test_four_answers_are_too_few_and_who_would_rather_not_say_is_none_of_five() -> None:
    for values in ((1, 2, 3, 4), (1, 2, 3, 4, None, None)):
        found = result("po2", answers("po2", *values))
        assert found["too_few"]
        figures = ("n", "unsure", "counts", "median")
        assert [found[name] for name in figures] == [None] * 4
    assert not result("po2", answers("po2", 1, 2, 3, 4, 5))["too_few"]


def test_answers_to_an_earlier_wording_are_not_mixed_in() -> None:
    kept = [*answers("po2", 1, 1, 1, 1, 1), *answers("po2", 5, 5, 5, 5, 5, version=2)]
    assert result("po2", kept)["counts"]["5"] == 0


def test_a_picture_is_counted_in_three_steps() -> None:
    found = result("pic1", answers("pic1", 3, 3, 2, 1, 3))
    assert found["counts"] == {"1": 1, "2": 1, "3": 3}


def test_a_domain_is_the_mean_over_people_of_the_mean_of_what_each_answered() -> None:
    kept = [
        *answers("po4", 5, 1, 1, 1, 1),
        Kept("key-0", "po5", 1, 1),
        Kept("key-0", "po6", 1, None),
        *answers("po2", 4, 4, 4, 4),
    ]
    items = [ITEMS[i] for i in ("po2", "po4", "po5", "po6")]
    safety, perspective = domain_results(kept, items, of=6, titles=shipped().domains)
    assert (safety["domain"], safety["mean"], safety["n"]) == ("safety", None, None)
    assert safety["too_few"]
    assert perspective["domain"] == "perspective"
    assert perspective["mean"] == 1.4
    assert (perspective["n"], perspective["of"]) == (5, 6)
    assert perspective["items"] == ["po4", "po5", "po6"]


def test_a_change_is_counted_in_people_and_in_linked_pairs_only() -> None:
    kept = [
        *answers("pre3", 1, 2, 3, 4, 5, 1, None),
        *answers("po2", 2, 5, 3, 1, 5, None, 4),
        Kept("late", "po2", 1, 5),
        *answers("pre2", 1, 1, 1, 1),
        *answers("po13", 5, 5, 5, 5),
    ]
    safety, influence, perspective = change_results(kept, shipped())
    assert safety == {
        "before": "pre3", "after": "po2", "of": 7, "n": 5,
        "up": 2, "same": 2, "down": 1, "too_few": False,
    }  # fmt: skip
    for found in (influence, perspective):
        assert found["too_few"]
        assert [found[name] for name in ("n", "up", "same", "down")] == [None] * 4


def test_people_are_counted_once_however_much_they_answered() -> None:
    kept = [*answers("po2", 1, None), *answers("poO1", None), *answers("pre1", 1, 2, 3)]
    assert count_people(kept, shipped().ids("after")) == 2
    assert count_people(kept, shipped().ids("before")) == 3
    assert count_people([], shipped().ids("before")) == 0


@given(st.lists(st.none() | st.integers(1, 5), max_size=12))
def test_no_figure_is_ever_shown_for_fewer_than_five(values: list[int | None]) -> None:
    found = result("po2", answers("po2", *values))
    numbers = [value for value in values if value is not None]
    assert found["too_few"] == (len(numbers) < 5)
    if found["too_few"]:
        assert found["counts"] is None
    else:
        assert sum(found["counts"].values()) == found["n"] == len(numbers)
        assert found["n"] + found["unsure"] == len(values)
