"""Voices from the session that an editor chooses: whose words may be quoted, and how.

A quotation points at the contribution that it is from, so that it goes with the consent of whoever
said it. Source: dissemination.md, "Rules for every summary", 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from hub.errors import Invalid
from hub.gatherings.models import Contribution
from hub.people.models import Participant, latest_consents, list_participants
from hub.people.rules import group_of
from hub.summaries.blocks import LANGUAGES
from hub.summaries.building import QUOTABLE, VOICE_WORDS, may_quote, without_names
from hub.summaries.checks import quotes
from hub.summaries.easy import words_of
from hub.summaries.models import Summary

VOICE: Final = "voice"


@dataclass(frozen=True)
class Voice:
    """What somebody said who may be quoted: their words, and those of the translation.

    ``told`` is how it is told of (``facts["voices"]``), ``behind`` what is kept of whose words it
    is (``Statement.words_of``).
    """

    id: str
    language: str
    texts: Mapping[str, str]
    told: Mapping[str, Any]
    behind: tuple[str, ...]


async def list_voices(tx: AsyncSession, summary: Summary) -> list[Voice]:
    """Everything said in the session that may be quoted, in its order."""
    if summary.gathering_id is None:
        return []
    people = await list_participants(tx, summary.gathering_id)
    consents = await latest_consents(tx, summary.gathering_id)
    willing = {
        p.id: p
        for p in people
        if p.withdrawn_at is None and p.id in consents and may_quote(consents[p.id].choices)
    }
    found = await tx.scalars(
        select(Contribution)
        .options(selectinload(Contribution.translations))
        .where(
            Contribution.gathering_id == summary.gathering_id,
            Contribution.participant_id.in_(willing),
            Contribution.kind.in_(QUOTABLE),
            Contribution.seq.is_not(None),
            Contribution.removed_at.is_(None),
            Contribution.hidden_at.is_(None),
            Contribution.held_at.is_(None),
        )
        .order_by(Contribution.seq)
    )
    names = [p.name for p in people if p.name]
    return [
        _voice(
            summary,
            said,
            willing[str(said.participant_id)],
            names=names,
            by_role=bool(consents[str(said.participant_id)].choices.get("quote_role")),
        )
        for said in found
        if not said.fields.get("remark_on") and len(words_of(said.text)) >= VOICE_WORDS[0]
    ]


def _voice(
    summary: Summary, said: Contribution, author: Participant, *, names: list[str], by_role: bool
) -> Voice:
    texts = {t.language: t.text for t in said.translations if t.text} | {said.language: said.text}
    return Voice(
        id=said.id,
        language=said.language,
        texts={d: without_names(text, d, names) for d, text in texts.items()},
        told=told_of(
            {
                "role": author.role if by_role else None,
                "language": said.language,
                "told_language": said.language,
            },
            summary.facts,
        ),
        behind=(said.id, author.id),
    )


def told_of(voice: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """How a voice is told of: no role of a group, and no language, of fewer than three."""
    many = facts.get("by_group", {}).get(group_of(voice["role"]) or "unsaid")
    spoken = facts.get("by_language", {}).get(voice["language"])
    return {
        "role": voice["role"] if many else None,
        "language": voice["language"],
        "told_language": voice["told_language"] if spoken else None,
    }


async def read_voice(
    tx: AsyncSession, summary: Summary, quote_of: str | None, texts: Mapping[str, str]
) -> Voice:
    """Whose words an editor gives, where they may be quoted and these are the words.

    They stand in what was said, in its language, or in its translation where they are given in
    that language alone; the editor's own translation may stand beside the original. Raises Invalid.
    """
    if not quote_of:
        raise Invalid({"/quote_of": "quote_missing"})
    voice = next((v for v in await list_voices(tx, summary) if v.id == quote_of), None)
    if voice is None:
        raise Invalid({"/quote_of": "quote_unknown"})
    given = [d for d in LANGUAGES if texts.get(d, "").strip()]
    checked = [voice.language] if voice.language in given else given
    faults: dict[str, str] = {}
    for language in checked:
        if not quotes(texts[language], voice.texts.get(language, "")):
            faults[f"/texts/{language}"] = "quote_differs"
    if faults:
        raise Invalid(faults)
    return voice


def keep_voice(summary: Summary, voice: Voice) -> None:
    """Let the summary know how the voice is told of."""
    voices = {**summary.facts.get("voices", {}), voice.id: dict(voice.told)}
    summary.facts = {**summary.facts, "voices": voices}
