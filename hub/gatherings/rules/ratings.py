"""Hidden ratings and rankings: when they are shared, and how they add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hub.gatherings.rules.decisions import Said, standing

# Source: nominal group technique. Points for the first, the second and the third place.
RANKING_POINTS = (3, 2, 1)


@dataclass(frozen=True)
class Tally:
    """How people rated one thing on one scale: people per value 1 to 5, and who passed."""

    counts: tuple[int, int, int, int, int]
    passed: int

    @property
    def answered(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """The mean of those who gave a number; None where nobody did."""
        total = sum((value + 1) * count for value, count in enumerate(self.counts))
        return round(total / self.answered, 1) if self.answered else None


def ratings_on(thing: str, said: Iterable[Said]) -> dict[tuple[str, str], Said]:
    """The latest rating of a thing by scale and person, hidden ones included."""
    latest: dict[tuple[str, str], Said] = {}
    for s in said:
        if s.kind == "rating" and s.fields.get("of") == thing and s.author:
            latest[str(s.fields["scale"]), s.author] = s
    return latest


def tallies_of(thing: str, said: Iterable[Said]) -> dict[str, Tally]:
    """The shared ratings of a thing, by scale."""
    values: dict[str, list[Any]] = {}
    for (scale, _), s in ratings_on(thing, said).items():
        if s.shared:
            values.setdefault(scale, []).append(s.fields["value"])
    return {
        scale: Tally(
            (
                given.count(1),
                given.count(2),
                given.count(3),
                given.count(4),
                given.count(5),
            ),
            given.count("pass"),
        )
        for scale, given in values.items()
    }


def ratings_to_share(
    thing: str, said: Iterable[Said], present: Iterable[str], *, reveal: bool = False
) -> list[str]:
    """The hidden ratings that may be shared now: on scales that all who are present answered.

    ``reveal``: the facilitator does not wait for the rest. Source: contract, "A contribution".
    """
    ratings = ratings_on(thing, said)
    here = set(present)
    scales = {scale for scale, _ in ratings}
    ready = {s for s in scales if reveal or here <= {who for scale, who in ratings if scale == s}}
    return [s.id for (scale, _), s in ratings.items() if scale in ready and not s.shared]


@dataclass(frozen=True)
class Ranked:
    """How people ranked one theme: its points, and how many put it first.

    ``ranked`` and ``passed`` are people of the whole ranking, the same for every theme.
    """

    points: int
    firsts: int
    ranked: int
    passed: int


def rankings_of(said: Iterable[Said]) -> dict[str, Said]:
    """The latest ranking of each person, hidden ones included."""
    return {s.author: s for s in said if s.kind == "ranking" and s.author}


def rankings_to_share(
    said: Iterable[Said], present: Iterable[str], *, reveal: bool = False
) -> list[str]:
    """The hidden rankings that may be shared now: once all who are present ranked or passed.

    ``reveal``: the facilitator does not wait for the rest.
    """
    rankings = rankings_of(said)
    if not reveal and not set(present) <= set(rankings):
        return []
    return [s.id for s in rankings.values() if not s.shared]


def ranked_themes(said: Iterable[Said]) -> dict[str, Ranked]:
    """How the standing themes were ranked, by id; empty until rankings are shared.

    The latest shared ranking of each person counts, and in it the themes that still stand.
    """
    said = list(said)
    themes = [s.first.id for s in standing(said, "theme")]
    latest = list(rankings_of(s for s in said if s.shared).values())
    if not latest:
        return {}
    orders = [[t for t in s.fields.get("order", []) if t in themes] for s in latest]
    passed = sum(1 for s in latest if s.fields.get("passed"))
    return {
        theme: Ranked(
            points=sum(
                points
                for order in orders
                for place, points in zip(order, RANKING_POINTS, strict=False)
                if place == theme
            ),
            firsts=sum(1 for order in orders if order[:1] == [theme]),
            ranked=len(latest) - passed,
            passed=passed,
        )
        for theme in themes
    }


def moved(order: Sequence[str], move: str) -> list[str]:
    """The order after a move, ``up:ID`` or ``down:ID``; as it was where there is no way."""
    way, _, thing = move.partition(":")
    found = list(order)
    step = {"up": -1, "down": 1}.get(way, 0)
    if thing not in found:
        return found
    at = found.index(thing)
    to = at + step
    if 0 <= to < len(found):
        found[at], found[to] = found[to], found[at]
    return found
