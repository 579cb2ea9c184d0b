"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby

from rapidfuzz.distance import Indel

_TOKENS = re.compile(r"\s+|\w+(?:[-'’:]\w+)*|[^\w\s]")


@lru_cache(maxsize=4096)
def diff(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Runs of words, each ``same``, ``removed`` or ``added``; what goes comes before what comes.

    The ``same`` and ``removed`` runs together are the old text, ``same`` and ``added`` the new.
    """
    if old == new:
        return (("same", old),) if old else ()
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    parts: list[tuple[str, str, str]] = []
    # Bit by bit in C: difflib takes minutes for some texts of 4,000 letters.
    for step in Indel.opcodes(before, after):
        gone = "".join(before[step.src_start : step.src_end])
        come = "".join(after[step.dest_start : step.dest_end])
        parts.append((step.tag, gone, come))
    return tuple(_runs(_without_lone_spaces(parts)))


def _without_lone_spaces(parts: list[tuple[str, str, str]]) -> list[tuple[bool, str, str]]:
    """A space that alone stayed between two changed words belongs to the change around it."""
    last = len(parts) - 1
    return [
        (kind == "equal" and not (0 < n < last and gone.isspace()), gone, come)
        for n, (kind, gone, come) in enumerate(parts)
    ]


def _runs(parts: list[tuple[bool, str, str]]) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    for same, group in groupby(parts, key=lambda part: part[0]):
        together = list(group)
        gone = "".join(part[1] for part in together)
        come = "".join(part[2] for part in together)
        found = [("same", gone)] if same else [("removed", gone), ("added", come)]
        runs += [(kind, words) for kind, words in found if words]
    return runs
