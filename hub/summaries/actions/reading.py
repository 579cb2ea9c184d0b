"""What readers answer to "Does this match what you see?", without who they are."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.errors import Invalid, NotFound
from hub.people.rules import clean_text
from hub.summaries.blocks import AUDIENCES, LANGUAGES
from hub.summaries.models import Reader, Summary

MATCHES: Final = ("yes", "partly", "no")
ANSWER_LIMIT: Final = 2000


async def answer_as_reader(
    tx: AsyncSession,
    summary: Summary,
    *,
    audience: str,
    language: str,
    matches: str,
    text: str,
    now: datetime,
) -> Reader:
    """Keep a reader's answer. Raises NotFound for a summary that is not out, and Invalid.

    Source: dissemination.md, "Rules for every summary", 7.
    """
    if not summary.edition:
        raise NotFound("summary_not_found")
    text = clean_text(text)
    faults: dict[str, str] = {}
    if audience not in AUDIENCES:
        faults["/audience"] = "audience_unknown"
    if language not in LANGUAGES:
        faults["/language"] = "language_unknown"
    if matches not in MATCHES:
        faults["/matches"] = "matches_missing"
    if len(text) > ANSWER_LIMIT:
        faults["/text"] = "point_too_long"
    if faults:
        raise Invalid(faults)
    reader = Reader(
        id=new_id("q"),
        summary_id=summary.id,
        audience=audience,
        language=language,
        matches=matches,
        text=text,
        at=now,
    )
    tx.add(reader)
    await tx.flush()
    return reader
