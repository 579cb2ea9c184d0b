"""Translations put in place by the engine, corrected and disputed by people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Forbidden, Invalid, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import record
from hub.gatherings.models import (
    Contribution,
    Gathering,
    Translation,
)
from hub.people.models import Account, Participant
from hub.people.rules import LANGUAGES, clean_text, is_blank


async def correct_translation(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    language: str,
    text: str,
    by: Participant | Account,
    now: datetime,
) -> None:
    """A person's translation takes the place of the machine's. Raises Invalid, Forbidden."""
    seat = by if isinstance(by, Participant) else None
    if not rules.may_correct(
        is_author=by.id in (said.participant_id, said.account_id),
        is_bilingual=bool(seat and seat.bilingual),
        runs=seat is None,
    ):
        raise Forbidden("correct_not_allowed")
    if language not in LANGUAGES:
        raise Invalid({"/language": "language_unknown"})
    if language == said.language or said.removed_at or said.kind in ("bot", "system"):
        raise Refusal("nothing_to_correct")
    text = clean_text(text)
    if is_blank(text):
        raise Invalid({"/text": "text_missing"})
    if len(text) > rules.TEXT_LIMIT:
        raise Invalid({"/text": "text_too_long"}, limit=rules.TEXT_LIMIT)
    found = translation_into(said, language)
    if found is None:
        found = Translation(language=language, status="corrected", fields={}, updated_at=now)
        said.translations.append(found)
    found.text = text
    found.status = "corrected"
    found.reason = found.doubt = found.due_at = None
    # What people flagged stays: that a flagged word was corrected is worth a question.
    found.by_id, found.by_name = by.id, by.name
    found.updated_at = now
    data = {"contribution": said.id, "language": language}
    event = rules.Event("translation_corrected", now, data)
    said.revision = record(tx, gathering, event, actor=by.id)
    await tx.flush()


def translation_into(said: Contribution, language: str) -> Translation | None:
    return next((t for t in said.translations if t.language == language), None)


async def dispute_translation(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    seat: Participant,
    *,
    word: str,
    reason: str,
    now: datetime,
) -> None:
    """Mark a translation as disputed; anybody in the session may. Twice by one person is once."""
    found = next((t for t in said.translations if t.text), None)
    if found is None or said.removed_at or said.kind in ("bot", "system"):
        raise Refusal("nothing_to_dispute")
    entry = {"by": seat.id, "word": clean_text(word)[:80], "reason": clean_text(reason)[:300]}
    found.disputes = [d for d in found.disputes if d.get("by") != seat.id] + [entry]
    found.status = "disputed"
    found.updated_at = now
    data = {"contribution": said.id, "language": found.language}
    event = rules.Event("translation_disputed", now, data)
    said.revision = record(tx, gathering, event, actor=seat.id)
    await tx.flush()


@dataclass(frozen=True)
class Finished:
    """The engine's answer for one waiting translation."""

    translation_id: str
    contribution_id: str
    texts: dict[str, str]
    status: str
    reason: str | None
    doubt: dict[str, Any] | None
    model: str


async def add_translations(
    tx: AsyncSession, gathering: Gathering, finished: list[Finished], *, now: datetime
) -> list[str]:
    """Put the engine's answers in place, under one revision.

    What a person corrected or took back in the meantime is left alone. Returns the ids of the
    contributions that changed.
    """
    found = await tx.scalars(
        select(Translation).where(Translation.id.in_([f.translation_id for f in finished]))
    )
    rows = {row.id: row for row in found}
    changed: list[str] = []
    for answer in finished:
        row = rows.get(answer.translation_id)
        if row is None or row.status not in ("pending", "failed"):
            continue
        row.text = answer.texts.get("text", "")
        row.fields = {k: v for k, v in answer.texts.items() if k != "text"}
        row.status, row.reason, row.doubt = answer.status, answer.reason, answer.doubt
        row.model, row.due_at, row.updated_at = answer.model, None, now
        changed.append(answer.contribution_id)
    if changed:
        quiet_since = gathering.last_activity_at
        event = rules.Event("translated", now, {"contributions": changed})
        revision = record(tx, gathering, event, actor=None)
        # A machine at work is no sign of life in the room.
        gathering.last_activity_at = quiet_since
        for said in await tx.scalars(select(Contribution).where(Contribution.id.in_(changed))):
            said.revision = revision
    await tx.flush()
    return changed
