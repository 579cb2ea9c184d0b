"""Plain values of a summary for those who edit it: statements, what was said of them, faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.gatherings.views import moment
from hub.summaries import checks
from hub.summaries.blocks import AUDIENCES, LANGUAGES, MAY_LEAVE_OUT, ORDER, WORDS, position_of
from hub.summaries.checks import Fault
from hub.summaries.doorway import told_of
from hub.summaries.models import Edition, Point, Reader, Statement, Summary


def summary_view(summary: Summary) -> dict[str, Any]:
    """A summary without what it says."""
    return {
        "id": summary.id,
        "session": summary.gathering_id,
        "case": summary.case_id,
        "title": dict(summary.title),
        "language": summary.language,
        "tags": list(summary.tags),
        "state": summary.state,
        "edition": summary.edition,
        "revision": summary.revision,
        "built_at": moment(summary.built_at),
        "confirm_from": moment(summary.confirm_from),
        "confirm_until": moment(summary.confirm_until),
        "read_by_lived_at": moment(summary.read_by_lived_at),
        "published_at": moment(summary.published_at),
        "changed_at": moment(summary.changed_at),
        "demonstration": summary.demonstration,
    }


def statement_view(statement: Statement, voices: Mapping[str, Any]) -> dict[str, Any]:
    """A statement as its editor sees it. ``quote`` says who speaks, without a name."""
    return {
        "id": statement.id,
        "audience": statement.audience,
        "block": statement.block,
        "key": statement.key,
        "texts": dict(statement.texts),
        "statuses": dict(statement.statuses),
        "sources": list(statement.sources),
        "quote": quote_view(voices.get(statement.quote_of or "")),
        "question": statement.question,
        "edited": statement.edited_at is not None,
        "removed": statement.removed_at is not None,
        "why_removed": statement.removed_why,
        "revision": statement.revision,
    }


def quote_view(voice: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Whose words these are: a role where it may be told, and the language they spoke."""
    return {"role": voice["role"], "language": voice["told_language"]} if voice else None


def point_view(point: Point) -> dict[str, Any]:
    """What somebody who took part said of a statement; who it was is not told."""
    return {
        "id": point.id,
        "statement": point.statement_id,
        "answer": point.answer,
        "text": point.text,
        "language": point.language,
        "at": moment(point.at),
        "settled": point.settled,
        "settled_at": moment(point.settled_at),
    }


def reader_view(reader: Reader) -> dict[str, Any]:
    """What a reader answered."""
    return {
        "id": reader.id,
        "audience": reader.audience,
        "language": reader.language,
        "matches": reader.matches,
        "text": reader.text,
        "at": moment(reader.at),
    }


def fault_view(fault: Fault) -> dict[str, Any]:
    """A fault; its sentence is ``summary_fault.<code>`` with ``facts``."""
    return {
        "code": fault.code,
        "statement": fault.statement,
        "audience": fault.audience,
        "block": fault.block,
        "language": fault.language,
        "facts": dict(fault.facts),
    }


def edition_view(edition: Edition) -> dict[str, Any]:
    """An edition without what it says."""
    return {
        "number": edition.number,
        "note": dict(edition.note) if edition.note else None,
        "facts": dict(edition.facts),
        "published_at": moment(edition.published_at),
    }


def workbench_view(
    summary: Summary,
    statements: Sequence[Statement],
    points: Iterable[Point],
    faults: Iterable[Fault],
    *,
    audience: str,
) -> dict[str, Any]:
    """One audience's version to be worked on, with all that stands in the way of publishing.

    ``faults`` are those of all five; ``waits`` those of no statement of this one.
    """
    listed, said = list(faults), list(points)
    mine = [s for s in statements if s.audience == audience]
    told = [told_of(s) for s in mine]
    voices = summary.facts.get("voices", {})
    own_points: dict[str, list[dict[str, Any]]] = {}
    own_faults: dict[str, list[dict[str, Any]]] = {}
    for point in said:
        own_points.setdefault(point.statement_id, []).append(point_view(point))
    for fault in listed:
        if fault.statement is not None:
            own_faults.setdefault(fault.statement, []).append(fault_view(fault))
    blocks = []
    for block in ORDER[audience]:
        found = [
            {
                **statement_view(s, voices),
                "points": own_points.get(s.id, []),
                "faults": own_faults.get(s.id, []),
            }
            for s in sorted(mine, key=lambda s: (s.position, s.key))
            if s.block == block
        ]
        there = [s for s in found if not s["removed"]]
        removed = [s for s in found if s["removed"]]
        blocks.append(
            {
                "block": block,
                "number": position_of(audience, block),
                "may_leave_out": block in MAY_LEAVE_OUT,
                "left_out": next((s["why_removed"] for s in removed if s["why_removed"]), None)
                if not there
                else None,
                "statements": there,
                "removed": removed,
            }
        )
    stops = [f for f in listed if f.blocks]
    return {
        **summary_view(summary),
        "audience": audience,
        "blocks": blocks,
        "faults": [fault_view(f) for f in stops],
        "faults_by_audience": {
            each: sum(1 for f in stops if f.audience == each) for each in AUDIENCES
        },
        "waits": [
            fault_view(f) for f in stops if f.audience in (None, audience) and not f.statement
        ],
        "advice": [fault_view(f) for f in listed if not f.blocks and f.audience == audience],
        "words": {language: checks.count_words(told, audience, language) for language in LANGUAGES},
        "length": list(WORDS[audience]),
        "open_questions": sum(1 for t in told if t.is_open and not t.removed),
        "contested": sum(1 for p in said if p.answer == "contest" and p.settled_at is None),
        "reviewed": {
            language: all(
                t.statuses.get(language) == "human_reviewed"
                for t in told
                if not t.removed and not t.is_open
            )
            for language in LANGUAGES
        },
    }
