"""Hidden ratings: when they are shared, and how they add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hub.gatherings.rules.decisions import Said


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
