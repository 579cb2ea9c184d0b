"""How ratings from 1 to 5 read, and which parts of a group are large enough to be shown."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any, TypeVar

# Source: measures.md, section 0: group figures need three people, survey results five answers.
SMALLEST_GROUP = 3
SMALLEST_SURVEY = 5

LABELS = ("fits", "does_not_fit", "split", "fits_in_part")

Cell = TypeVar("Cell", bound=Hashable)
Name = TypeVar("Name", bound=Hashable)


def count_values(values: Iterable[int]) -> tuple[int, int, int, int, int]:
    """People per value, from 1 to 5. Raises ValueError for any other value."""
    counts = [0, 0, 0, 0, 0]
    for value in values:
        if value not in (1, 2, 3, 4, 5):
            raise ValueError(f"{value} is no rating from 1 to 5")
        counts[value - 1] += 1
    return counts[0], counts[1], counts[2], counts[3], counts[4]


def label_of(counts: Sequence[int]) -> str | None:
    """What the ratings say, one of ``LABELS``; None under five answers.

    ``counts`` are people per value from 1 to 5; those who passed are not among them.
    Source: reflective-dialogue.md, "Reading the ratings".
    """
    answered = sum(counts)
    if answered < SMALLEST_SURVEY:
        return None
    low, high = sum(counts[:2]), sum(counts[3:])
    if 4 * high >= 3 * answered:
        return "fits"
    if 4 * low >= 3 * answered:
        return "does_not_fit"
    if 10 * low >= 3 * answered and 10 * high >= 3 * answered:
        return "split"
    return "fits_in_part"


def median_of(counts: Sequence[int]) -> float | None:
    """The median of the ratings; None where there are none."""
    values = [value for value, count in enumerate(counts, 1) for _ in range(count)]
    if not values:
        return None
    half = len(values) // 2
    return float(values[half]) if len(values) % 2 else (values[half - 1] + values[half]) / 2


def read_ratings(counts: Sequence[int], *, passed: int = 0) -> dict[str, Any]:
    """Ratings as they are shown: the numbers always, a label from five answers on.

    ``counts`` are people per value from 1 to 5, ``passed`` those who would rather not say, who are
    in no share. Source: measures.md, section 2.7.
    """
    answered, high = sum(counts), sum(counts[3:])
    return {
        "counts": list(counts),
        "answered": answered,
        "passed": passed,
        "median": median_of(counts),
        "high": high,
        "high_share": high / answered if answered else None,
        "label": label_of(counts),
    }


def parts_to_show(
    cells: Mapping[Cell, int], parts: Mapping[Name, Collection[Cell]]
) -> frozenset[Name]:
    """The parts of a group that may be shown, each of three people or more.

    ``cells`` are people in every smallest part that anybody could tell apart (a group and a
    language, say), ``parts`` the cells of each part that has a figure. A figure for everybody is
    taken to be shown too. A large part is left out, the smallest first, for as long as adding and
    subtracting what is shown would give the figure of one or two people: a group left out must
    not be everybody less the rest.
    """
    filled = {cell: count for cell, count in cells.items() if count > 0}
    sizes = {name: sum(filled.get(cell, 0) for cell in set(part)) for name, part in parts.items()}
    shown = {name for name, size in sizes.items() if size >= SMALLEST_GROUP}
    while shown and _tells_of_few(filled, [filled, *(parts[name] for name in shown)]):
        shown.remove(min(shown, key=lambda name: (sizes[name], str(name))))
    return frozenset(shown)


def _tells_of_few(cells: Mapping[Cell, int], shown: Iterable[Collection[Cell]]) -> bool:
    order = list(cells)
    known = _reduced([[Fraction(cell in part) for cell in order] for part in shown])
    few = [
        found
        for size in range(1, SMALLEST_GROUP)
        for found in combinations(order, size)
        if sum(cells[cell] for cell in found) < SMALLEST_GROUP
    ]
    return any(not _rest([Fraction(c in found) for c in order], known) for found in few)


def _reduced(rows: list[list[Fraction]]) -> list[tuple[int, list[Fraction]]]:
    """The rows as steps, each with its first column that is not zero (Gauss)."""
    steps: list[tuple[int, list[Fraction]]] = []
    for row in rows:
        left = _rest(row, steps)
        if left:
            first = next(i for i, value in enumerate(left) if value)
            steps.append((first, left))
    return steps


def _rest(row: list[Fraction], steps: list[tuple[int, list[Fraction]]]) -> list[Fraction]:
    """What is left of a row when the steps are taken away; empty where nothing is."""
    for first, step in steps:
        if row[first]:
            times = row[first] / step[first]
            row = [a - times * b for a, b in zip(row, step, strict=True)]
    return row if any(row) else []
