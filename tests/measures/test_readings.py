"""How ratings read, and which parts of a group may be shown."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.measures.readings import (
    LABELS,
    SMALLEST_GROUP,
    count_values,
    label_of,
    median_of,
    parts_to_show,
    read_ratings,
)

counts = st.lists(st.integers(0, 12), min_size=5, max_size=5)


@pytest.mark.parametrize(
    ("values", "label"),
    [
        ([4, 4, 5, 1], None),
        ([], None),
        ([4, 4, 5, 5, 1], "fits"),
        ([5, 5, 5, 4, 4, 4, 1, 2], "fits"),
        ([5, 5, 5, 3, 4, 3, 1, 2], "fits_in_part"),
        ([1, 1, 2, 2, 5], "does_not_fit"),
        ([1, 1, 1, 4, 4, 4, 3, 3, 3, 3], "split"),
        ([1, 1, 3, 4, 4, 4, 3, 3, 3, 3], "fits_in_part"),
        ([1, 2, 4, 4, 4], "split"),
        ([3, 3, 3, 3, 3], "fits_in_part"),
    ],
)
def test_ratings_read_by_the_rule_of_the_dialogue(values: list[int], label: str | None) -> None:
    assert label_of(count_values(values)) == label


@given(counts)
def test_there_is_a_label_from_five_answers_on(given_counts: list[int]) -> None:
    label = label_of(given_counts)
    assert (label in LABELS) == (sum(given_counts) >= 5)


@given(counts)
def test_turning_the_scale_around_turns_the_label_around(given_counts: list[int]) -> None:
    turned = {"fits": "does_not_fit", "does_not_fit": "fits"}
    label = label_of(given_counts)
    assert label_of(given_counts[::-1]) == turned.get(str(label), label)


def test_numbers_are_shown_for_few_answers_too() -> None:
    assert read_ratings(count_values([1, 4, 5, 5]), passed=2) == {
        "counts": [1, 0, 0, 1, 2],
        "answered": 4,
        "passed": 2,
        "median": 4.5,
        "high": 3,
        "high_share": 0.75,
        "label": None,
    }


def test_nobody_rated_is_missing_and_not_zero() -> None:
    reading = read_ratings((0, 0, 0, 0, 0))
    assert (reading["median"], reading["high_share"], reading["label"]) == (None, None, None)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=40))
def test_half_of_the_people_are_on_either_side_of_the_median(values: list[int]) -> None:
    middle = median_of(count_values(values))
    assert middle is not None
    assert sum(v <= middle for v in values) * 2 >= len(values)
    assert sum(v >= middle for v in values) * 2 >= len(values)


@pytest.mark.parametrize("value", [0, 6, -1])
def test_what_is_no_rating_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="no rating"):
        count_values([3, value])


def by_group(**sizes: int) -> frozenset[str]:
    return parts_to_show(sizes, {name: [name] for name in sizes})


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ({}, set()),
        ({"lived": 2}, set()),
        ({"lived": 3}, {"lived"}),
        ({"lived": 3, "practice": 3}, {"lived", "practice"}),
        # Everybody less practice is lived.
        ({"lived": 1, "practice": 9}, set()),
        ({"lived": 4, "practice": 5, "research": 2}, {"practice"}),
        # Three people in two small groups: no figure tells of fewer.
        ({"lived": 1, "practice": 5, "research": 2}, {"practice"}),
        ({"lived": 1, "practice": 5, "research": 1}, set()),
        ({"lived": 4, "practice": 5, "research": 0}, {"lived", "practice"}),
    ],
)
def test_a_large_group_does_not_give_a_small_one_away(
    sizes: dict[str, int], shown: set[str]
) -> None:
    assert by_group(**sizes) == shown


def test_a_language_does_not_give_a_small_group_away() -> None:
    # All of practice and of research write English: English less practice would be research.
    cells = {("lived", "sv"): 3, ("practice", "en"): 5, ("research", "en"): 2}
    parts = {name: [c for c in cells if name in c] for cell in cells for name in cell}
    shown = parts_to_show(cells, parts)
    assert "research" not in shown
    assert not {"practice", "en"} <= shown
    assert not {"practice", "sv"} <= shown


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(["sv", "en"])), st.integers(1, 6)
    )
)
def test_no_sum_or_difference_of_what_is_shown_is_one_or_two_people(
    cells: dict[tuple[str, str], int],
) -> None:
    parts = {name: {c for c in cells if name in c} for cell in cells for name in cell}
    shown = [parts[name] for name in parts_to_show(cells, parts)] + [set(cells)]
    if sum(cells.values()) < SMALLEST_GROUP:
        assert shown == [set(cells)]
        return
    for signs in product((-1, 0, 1), repeat=len(shown)):
        times = [sum(s for s, part in zip(signs, shown, strict=True) if c in part) for c in cells]
        if set(times) == {0, 1}:
            people = sum(n for n, t in zip(cells.values(), times, strict=True) if t)
            assert people >= SMALLEST_GROUP


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(3, 9)))
def test_nothing_is_left_out_where_every_group_is_large_enough(sizes: dict[str, int]) -> None:
    assert by_group(**sizes) == set(sizes)
