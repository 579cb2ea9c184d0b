"""How well principles fit, by those who rated them in dialogues: figures that may be shown to all.

Source: reflective-dialogue.md, "Reading the ratings"; the figure is a diverging stacked bar, where
half of those who gave a 3 stand on each side of the middle.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from hub.measures.readings import SMALLEST_GROUP, label_of, parts_to_show

VALUES = (1, 2, 3, 4, 5)
# What those are called who rated and did not say which group they are of.
UNSAID = "unsaid"
# A figure stands in its part of the bar where there is room: per cent of the bar for each digit.
ROOM_FOR_A_DIGIT = 3.5


class Rated(Protocol):
    """What of an outcome is asked here."""

    @property
    def gathering_id(self) -> str: ...
    @property
    def principle_id(self) -> str: ...
    @property
    def decision(self) -> str | None: ...
    @property
    def closed_at(self) -> datetime | None: ...
    @property
    def passed(self) -> int: ...
    @property
    def counts(self) -> Sequence[int]: ...
    @property
    def counts_by_group(self) -> Mapping[str, Sequence[int]]: ...


def groups_shown(outcome: Rated) -> dict[str, list[int]]:
    """Ratings by group in one dialogue, of the groups of three or more that tell of no smaller one.

    Source: measures.md, section 0.
    """
    found = {name or UNSAID: list(counts) for name, counts in outcome.counts_by_group.items()}
    people = {name: sum(counts) for name, counts in found.items()}
    rest = sum(outcome.counts) - sum(people.values())
    cells = {**people, "": rest} if rest > 0 else people
    shown = parts_to_show(cells, {name: [name] for name in people})
    return {name: found[name] for name in sorted(shown)}


def may_be_shown(outcome: Rated) -> bool:
    """Whether the ratings of this dialogue may be seen by all: it is over, and three rated."""
    over = outcome.closed_at is not None or outcome.decision == "park"
    return over and sum(outcome.counts or ()) >= SMALLEST_GROUP


def figure(
    principles: Iterable[Mapping[str, Any]],
    outcomes: Iterable[Rated],
    *,
    session: str | None = None,
    by_group: bool = False,
) -> dict[str, Any] | None:
    """The rows of the figure and what they say together; None where nothing may be shown.

    ``principles`` have ``id``, ``n`` and ``title``; those that nobody rated have no row. All
    dialogues together, or the one called ``session``. Every sum is of figures that are shown for a
    single dialogue too, so that subtracting one from the other tells of no small group.
    """
    shown = [o for o in outcomes if may_be_shown(o) and session in (None, o.gathering_id)]
    rows = []
    for principle in principles:
        own = [o for o in shown if o.principle_id == principle["id"]]
        if not own:
            continue
        row = {
            "id": principle["id"],
            "n": principle["n"],
            "title": principle["title"],
            "dialogues": len(own),
            "passed": sum(o.passed for o in own),
            **_read(_sum(o.counts for o in own)),
            "groups": _by_group(own) if by_group else [],
        }
        rows.append(row)
    if not rows:
        return None
    bars = [*rows] + [part for row in rows for part in row["groups"]]
    axis = _lay_out(bars)
    return {"rows": rows, "axis": axis, **_finding(rows)}


def _read(counts: Sequence[int]) -> dict[str, Any]:
    return {"counts": list(counts), "answered": sum(counts), "label": label_of(counts)}


def _sum(several: Iterable[Sequence[int]]) -> list[int]:
    return [sum(values) for values in zip(*several, strict=True)]


def _by_group(outcomes: Iterable[Rated]) -> list[dict[str, Any]]:
    together: dict[str, list[Sequence[int]]] = {}
    for outcome in outcomes:
        for name, counts in groups_shown(outcome).items():
            together.setdefault(name, []).append(counts)
    return [{"group": name, **_read(_sum(counts))} for name, counts in sorted(together.items())]


def _lay_out(bars: list[dict[str, Any]]) -> float:
    """Give each bar its parts in per cent of the width; returns where the middle is."""
    shares = [[count / bar["answered"] for count in bar["counts"]] for bar in bars]
    left: float = max(share[0] + share[1] + share[2] / 2 for share in shares)
    right: float = max(share[4] + share[3] + share[2] / 2 for share in shares)
    unit = 100 / (left + right)
    for bar, share in zip(bars, shares, strict=True):
        at = (left - share[0] - share[1] - share[2] / 2) * unit
        parts = []
        for value in VALUES:
            width = share[value - 1] * unit
            if width:
                parts.append(
                    {
                        "value": value,
                        "x": round(at, 2),
                        "width": round(width, 2),
                        "middle": round(at + width / 2, 2),
                        "count": bar["counts"][value - 1],
                        "told": width >= ROOM_FOR_A_DIGIT * len(str(bar["counts"][value - 1])),
                    }
                )
            at += width
        bar["parts"] = parts
    return round(left * unit, 2)


def _finding(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What a heading says: how many have a reading, how many fit, and which ones do not."""
    read = [row for row in rows if row["label"]]
    titles = {
        label: [row["title"] for row in read if row["label"] == label]
        for label in ("fits", "does_not_fit", "split")
    }
    return {
        "read": len(read),
        "fits": len(titles["fits"]),
        "split": titles["split"],
        "does_not_fit": titles["does_not_fit"],
    }


def as_csv(
    charter: str,
    principles: Iterable[Mapping[str, Any]],
    outcomes: Sequence[Rated],
    *,
    demonstration: bool = False,
) -> str:
    """The same figures as the page shows: all dialogues, each one, and the groups in each.

    Every row of a demonstration says so.
    """
    listed = list(principles)
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    mark = ["demonstration"] if demonstration else []
    yes = ["yes"] if demonstration else []
    lines.writerow(["charter", "principle", "session", "group", *VALUES, "passed", "label", *mark])
    sessions = dict.fromkeys(o.gathering_id for o in outcomes if may_be_shown(o))
    for session in (None, *sessions):
        found = figure(listed, outcomes, session=session, by_group=True)
        for row in found["rows"] if found else ():
            start = [charter, row["id"], session or "all"]
            end = [row["passed"], row["label"] or "", *yes]
            lines.writerow([*start, "all", *row["counts"], *end])
            for part in row["groups"]:
                end = ["", part["label"] or "", *yes]
                lines.writerow([*start, part["group"], *part["counts"], *end])
    return out.getvalue()
