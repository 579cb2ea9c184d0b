"""What readers answer to "Does this match what you see?", without who they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.errors import Invalid, NotFound
from hub.people.rules import clean_text
from hub.summaries.actions.finding import access_summary
from hub.summaries.blocks import AUDIENCES, LANGUAGES
from hub.summaries.models import Reader, Summary

MATCHES: Final = ("yes", "partly", "no")
ANSWER_LIMIT: Final = 2000
AGAIN: Final = timedelta(minutes=10)


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

    The very same words again are the same form sent twice, and are kept once.
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
    # Two of the same at the same time wait for each other.
    await access_summary(tx, summary.id, lock=True)
    lately = select(Reader).where(Reader.summary_id == summary.id, Reader.at > now - AGAIN)
    said = (audience, language, matches, text)
    for known in await tx.scalars(lately):
        # Compared here: what a query is asked for stays in the memory of the process.
        if text and (known.audience, known.language, known.matches, known.text) == said:
            return known
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
