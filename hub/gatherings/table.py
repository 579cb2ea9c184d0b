"""What was said as CSV, one row for each shared contribution."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable

from hub.gatherings.models import Contribution
from hub.gatherings.principles import NAMELESS, PROPOSALS
from hub.gatherings.views import author_view, moment

COLUMNS = (
    "seq",
    "id",
    "phase",
    "kind",
    "created_at",
    "author",
    "role",
    "language",
    "text",
    "translation",
    "translation_status",
    "reply_to",
    "fields",
)
# Of a dialogue alone, so that a file of a forum stays as it was.
PRINCIPLE = "principle"
# Of made-up sessions alone.
DEMONSTRATION = "demonstration"


def safe_cell(text: str) -> str:
    """Text that a spreadsheet shows and never runs as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_csv(contributions: Iterable[Contribution], *, demonstration: bool = False) -> str:
    """Hidden contributions are left out; those taken back keep their place, without words.

    A dialogue has a column more, the principle; of a proposal for one it tells the role of the
    author alone, and of a rating or a stance nothing. Every row of a demonstration says so.
    """
    contributions = list(contributions)
    dialogue = any(c.principle for c in contributions)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    more = ((PRINCIPLE,) if dialogue else ()) + ((DEMONSTRATION,) if demonstration else ())
    writer.writerow((*COLUMNS, *more))
    for c in contributions:
        if c.hidden_at is not None:
            continue
        author = author_view(c) or {}
        if c.principle and c.kind in NAMELESS:
            author = {"role": author.get("role")} if c.kind in PROPOSALS else {}
        translation = next(iter(c.translations), None)
        row = (
            str(c.seq),
            c.id,
            c.phase,
            "removed" if c.removed_at else c.kind,
            moment(c.created_at) or "",
            str(author.get("name") or ""),
            str(author.get("role") or ""),
            c.language,
            c.text,
            translation.text if translation else "",
            translation.status if translation else "",
            c.reply_to or "",
            json.dumps(c.fields, ensure_ascii=False) if c.fields else "",
            *((c.principle or "",) if dialogue else ()),
            *(("yes",) if demonstration else ()),
        )
        writer.writerow([safe_cell(cell) for cell in row])
    return out.getvalue()
