"""What the answers of a group say. Below five answers nothing is said at all.

Source: measures.md, section 0 (limits, denominators) and section 1 (scores).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from hub.measures.items import Item, Questions

# "Survey results at least five answers. Below that: too few to show."
FEWEST = 5


@dataclass(frozen=True)
class Kept:
    """One answer. ``person`` ties the answers of one person together and names nobody.

    ``value`` is None where they would rather not say, or answered in words.
    """

    person: str
    item: str
    version: int
    value: int | None


def count_people(kept: Iterable[Kept], items: Iterable[str]) -> int:
    """How many people answered at least one of ``items``."""
    wanted = set(items)
    return len({answer.person for answer in kept if answer.item in wanted})


def item_results(kept: Sequence[Kept], items: Iterable[Item], *, of: int) -> list[dict[str, Any]]:
    """Distribution and median for each item; ``of`` is how many people answered the form.

    ``n`` counts answers with a number, ``unsure`` those who would rather not say. Where ``n`` is
    below five, ``too_few`` is true and every figure is None.
    """
    return [_item_result(kept, item, of) for item in items]


def _item_result(kept: Sequence[Kept], item: Item, of: int) -> dict[str, Any]:
    answers = [a for a in kept if (a.item, a.version) == (item.id, item.version)]
    values = [a.value for a in answers if a.value is not None]
    found = Counter(values)
    enough = len(values) >= FEWEST
    return {
        "id": item.id,
        "version": item.version,
        "when": item.when,
        "kind": item.kind,
        "domain": item.domain,
        "text": item.text,
        "of": of,
        "n": len(values) if enough else None,
        "unsure": len(answers) - len(values) if enough else None,
        "counts": {str(step): found[step] for step in item.values} if enough else None,
        "median": float(median(values)) if enough else None,
        "too_few": not enough,
    }


def domain_results(
    kept: Sequence[Kept],
    items: Iterable[Item],
    *,
    of: int,
    titles: Mapping[str, Mapping[str, str]],
) -> list[dict[str, Any]]:
    """The mean for each domain: first of each person's answered items, then over people.

    So everyone weighs the same, however many items they answered. ``n`` counts people.
    """
    members: dict[str, list[Item]] = {}
    for item in items:
        if item.domain is not None:
            members.setdefault(item.domain, []).append(item)
    return [
        {"domain": domain, "title": dict(titles[domain]), "items": [i.id for i in of_it], "of": of}
        | _domain_result(kept, of_it)
        for domain, of_it in sorted(members.items(), key=lambda one: list(titles).index(one[0]))
    ]


def _domain_result(kept: Sequence[Kept], items: Iterable[Item]) -> dict[str, Any]:
    wanted = {(item.id, item.version) for item in items}
    answered: dict[str, list[int]] = {}
    for a in kept:
        if (a.item, a.version) in wanted and a.value is not None:
            answered.setdefault(a.person, []).append(a.value)
    enough = len(answered) >= FEWEST
    return {
        "n": len(answered) if enough else None,
        "mean": round(fmean(fmean(v) for v in answered.values()), 2) if enough else None,
        "too_few": not enough,
    }


def change_results(kept: Sequence[Kept], questions: Questions) -> list[dict[str, Any]]:
    """How many moved up, stayed or moved down from before to after, linked pairs only.

    ``of`` is how many people answered both before and after. No test of significance is made.
    """
    asked = {when: set(questions.ids(when)) for when in ("before", "after")}
    both = {a.person for a in kept if a.item in asked["before"]} & {
        a.person for a in kept if a.item in asked["after"]
    }
    values: dict[str, dict[str, int]] = {}
    for answer in kept:
        if answer.value is not None:
            values.setdefault(answer.item, {})[answer.person] = answer.value
    found = []
    for before, after in questions.changes:
        start, end = values.get(before, {}), values.get(after, {})
        moves = [end[person] - start[person] for person in start.keys() & end.keys()]
        enough = len(moves) >= FEWEST
        found.append(
            {
                "before": before,
                "after": after,
                "of": len(both),
                "n": len(moves) if enough else None,
                "up": sum(move > 0 for move in moves) if enough else None,
                "same": sum(move == 0 for move in moves) if enough else None,
                "down": sum(move < 0 for move in moves) if enough else None,
                "too_few": not enough,
            }
        )
    return found
