"""Who could restate whom: pairs across groups, for a facilitator to offer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from hub.gatherings.rules.decisions import Said

# A post that others can restate says something. The same number as the chatbot's.
RESTATABLE_WORDS = 5


def still_to_restate(
    said: Iterable[Said], present: Mapping[str, str | None], *, phase: str
) -> list[str]:
    """Those who are here and have restated nobody in this phase, in the order of ``present``."""
    done = {s.author for s in said if s.kind == "restatement" and s.phase == phase}
    return [person for person in present if person not in done]


def pairs(
    readers: Sequence[str],
    present: Mapping[str, str | None],
    said: Sequence[Said],
    *,
    principle: str | None = None,
) -> dict[str, str]:
    """A post for each reader to restate, by another group; readers with nothing to read are out.

    As many authors as can be are read by somebody before anybody is read by two; an author whom
    fewest have restated comes first, and of their posts the one fewest have restated, then the
    longest, which has most to restate. In a dialogue only what was said of ``principle`` is
    restated. Source: jif.md, "restate" (someone in another group).
    """
    posts = [
        s
        for s in said
        if s.kind in ("contribution", "question")
        and not s.is_remark
        and s.phase != "arrive"
        and (principle is None or s.principle == principle)
        and s.author
        and s.shared
        and s.words >= RESTATABLE_WORDS
    ]
    author_of = {s.id: str(s.author) for s in posts}
    restated = [str(s.fields.get("of")) for s in said if s.kind == "restatement"]
    post_readers = Counter(of for of in restated if of in author_of)
    author_readers = Counter(author_of[of] for of in restated if of in author_of)
    group_of = {str(s.author): s.group for s in posts}
    authors = sorted(group_of, key=lambda a: author_readers[a])
    others = {
        reader: [
            a
            for a in authors
            if a != reader and (group_of[a] != present.get(reader) or group_of[a] is None)
        ]
        for reader in readers
    }
    found = {}
    for reader, author in _matched(others).items():
        theirs = [s for s in posts if s.author == author]
        best = min(theirs, key=lambda s: (post_readers[s.id], -s.words))
        post_readers[best.id] += 1
        found[reader] = best.id
    return found


def _matched(others: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """An author for each reader: as many different ones as can be, by augmenting paths."""
    reader_of: dict[str, str] = {}

    def seat(reader: str, tried: set[str]) -> bool:
        for author in others[reader]:
            if author not in tried:
                tried.add(author)
                if author not in reader_of or seat(reader_of[author], tried):
                    reader_of[author] = reader
                    return True
        return False

    left = [reader for reader in others if not seat(reader, set())]
    found = {reader: author for author, reader in reader_of.items()}
    read = Counter(found.values())
    for reader in left:
        if others[reader]:
            found[reader] = min(others[reader], key=lambda a: read[a])
            read[found[reader]] += 1
    return {reader: found[reader] for reader in others if reader in found}
