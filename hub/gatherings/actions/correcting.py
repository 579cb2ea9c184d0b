"""People put their own words right after the session, while its record is a draft."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.erasing import Eraser, Gone, written_in
from hub.gatherings.actions.log import record
from hub.gatherings.actions.saying import needs_translation, restamp_chain
from hub.gatherings.models import (
    Contribution,
    Gathering,
    Translation,
    list_everything_said,
    said_of,
)
from hub.gatherings.rules import masking
from hub.language.actions import forget
from hub.language.memory import source_hash
from hub.people.actions import check_may_say
from hub.people.rules import clean_text, is_blank, other_language


async def correct_words(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    text: str,
    looks_like: str | None,
    actor: str,
    now: datetime,
    erasers: Sequence[Eraser] = (),
) -> None:
    """The author's new words take the place of the former ones, which are erased.

    They are translated anew. Of a stance only the reason changes. ``erasers`` take the former words
    out of other rooms. The caller has checked that it is the author who asks. Raises Refusal,
    Invalid.
    Source: jif.md, "After".
    """
    await check_correctable(tx, gathering, said, now=now)
    if said.participant is not None:
        await check_may_say(tx, said.participant, now=now)
    text = clean_text(text)
    if is_blank(text):
        raise Invalid({"/text": "text_missing"})
    if len(text) > rules.TEXT_LIMIT:
        raise Invalid({"/text": "text_too_long"}, limit=rules.TEXT_LIMIT)
    if text == said.text:
        return
    gone = Gone(
        ids=frozenset({said.id}),
        grams=masking.gone_grams(written_in(said)) - masking.gone_grams([text]),
        since=said.created_at,
    )
    said.text = text
    said.fields = _fields(said, text)
    said.looks_like = looks_like if looks_like != said.language else None
    said.corrected_at = now
    # A new row: what the engine still makes of the former words finds none to fill.
    said.translations.clear()
    await forget(tx, [said.id])
    await tx.flush()
    if needs_translation(said):
        said.translations.append(
            Translation(
                language=other_language("en" if said.language == "en" else "sv"),
                status="pending",
                due_at=now,
                updated_at=now,
                source_hash=source_hash(said.text),
            )
        )
    event = rules.Event("corrected", now, {"contribution": said.id})
    said.revision = record(tx, gathering, event, actor=actor)
    await restamp_chain(tx, gathering, said)
    await tx.flush()
    for erase in erasers:
        await erase(tx, gathering, gone, now=now)


async def check_correctable(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, now: datetime
) -> None:
    """Raises Refusal where the author may not correct these words now."""
    decides = said.kind in ("recommendation", "amendment")
    everything = await list_everything_said(tx, gathering.id) if decides else []
    rules.check_words_correctable(
        said_of(said),
        [said_of(c) for c in everything],
        now=now,
        closed_at=gathering.closed_at,
        published_at=gathering.published_at,
    )
    if said.removed_at is not None or not (said.text or said.fields.get("reason")):
        raise Refusal("words_none")


def _fields(said: Contribution, text: str) -> dict[str, Any]:
    """The fields that repeat the words say the new ones."""
    repeated = {"recommendation": "what", "stance": "reason"}.get(said.kind)
    return {**said.fields, repeated: text} if repeated else dict(said.fields)
