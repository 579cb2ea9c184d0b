"""The outcome of each principle of a dialogue, kept in line with what people said of it.

Source: reflective-dialogue.md, "Outcome record"; privacy-and-access.md, "Taking back".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters.models import Outcome, list_outcomes_of
from hub.gatherings import rules
from hub.gatherings.models import (
    WITH_AUTHOR,
    Contribution,
    Gathering,
    list_said,
)
from hub.people.models import latest_consents, list_participants
from hub.people.rules import LANGUAGES, is_blank

# What people say that an outcome goes by.
MOVES_THE_OUTCOME = ("rating", "stance", *rules.OWN_WORDS)


def has_words(text: Mapping[str, Any]) -> bool:
    """Whether a principle has words in a language."""
    return not is_blank(str(text.get("text") or ""))


def principle_in(gathering: Gathering, principle: str | None) -> dict[str, Any] | None:
    """A principle as the session talks about it; None where it does not."""
    listed = (gathering.charter_copy or {}).get("principles", [])
    return next((dict(p) for p in listed if p["id"] == principle), None)


def phase_now(gathering: Gathering) -> rules.Phase | None:
    """The phase that runs, is paused or was the last."""
    index = gathering.phase_index
    return None if index is None else gathering.form.phases[index]


def put_of(gathering: Gathering, principle: str) -> str | None:
    """The proposal that is put to the room; None for the text as it is."""
    put = gathering.put_to_room or {}
    return put.get("of") if put.get("principle") == principle else None


async def words_of(tx: AsyncSession, contribution_id: str | None) -> dict[str, str]:
    """What a contribution says, by language; a language without words is left out."""
    if contribution_id is None:
        return {}
    c = await tx.scalar(
        select(Contribution).where(Contribution.id == contribution_id).options(*WITH_AUTHOR)
    )
    return _words(c) if c is not None else {}


def _words(c: Contribution) -> dict[str, str]:
    return {t.language: t.text for t in c.translations if t.text} | {c.language: c.text}


async def text_of(
    tx: AsyncSession,
    gathering: Gathering,
    principle: str,
    settling: rules.Settling,
    said: Sequence[rules.Said],
) -> dict[str, dict[str, str]]:
    """The text that is put to the room, in both languages."""
    known = principle_in(gathering, principle) or {"texts": {}}
    texts: dict[str, Any] = {each: known["texts"].get(each, {}) for each in LANGUAGES}
    put = next((s for s in rules.proposals_for(principle, said) if s.first.id == settling.of), None)
    language = str(put.fields.get("language", "sv")) if put else "sv"
    words = await words_of(tx, settling.wording)
    return rules.text_put(texts, settling.kind, words, language=language)


async def find_outcome(tx: AsyncSession, gathering_id: str, principle: str) -> Outcome | None:
    """The outcome of a principle in a dialogue; None before it is begun."""
    return await tx.scalar(
        select(Outcome).where(
            Outcome.gathering_id == gathering_id, Outcome.principle_id == principle
        )
    )


@dataclass(frozen=True)
class Facts:
    """What an outcome goes by."""

    settling: rules.Settling
    raters: rules.Raters
    allowed: tuple[str, ...]


def facts_of(gathering: Gathering, row: Outcome | None, principle: str, said: Any) -> Facts:
    """Where a principle stands, from what was said of it."""
    said = list(said)
    settling = rules.settling_of(principle, put_of(gathering, principle), said)
    raters = rules.raters_of(principle, said)
    allowed = rules.decisions_for(settling, dissent=bool(row and row.dissent), label=raters.label)
    return Facts(settling, raters, allowed)


async def keep_outcome(
    tx: AsyncSession, gathering: Gathering, principle: str, *, now: datetime
) -> Outcome:
    """Bring the outcome of a principle up to date; one that is closed stays as it is."""
    row = await find_outcome(tx, gathering.id, principle)
    if row is None:
        row = Outcome(
            gathering_id=gathering.id,
            charter_id=str(gathering.charter),
            principle_id=principle,
            put={},
            updated_at=now,
            dissent=[],
            glossary_changes=[],
            reason="",
        )
        tx.add(row)
    if row.closed_at is not None:
        return row
    said = await list_said(tx, gathering.id)
    facts = facts_of(gathering, row, principle, said)
    text = await text_of(tx, gathering, principle, facts.settling, said)
    row.charter_version = (gathering.charter_copy or {}).get("version")
    row.put = text
    row.agreed = text if facts.settling.agreed else None
    row.agreed_from = facts.settling.wording if facts.settling.agreed else None
    if row.decision not in facts.allowed:
        row.decision = facts.allowed[0] if facts.allowed else None
    row.rated, row.passed = facts.raters.rated, facts.raters.passed
    row.counts = list(facts.raters.counts)
    row.counts_by_group = {g: list(counts) for g, counts in facts.raters.by_group.items()}
    row.label = facts.raters.label
    people = [p for p in await list_participants(tx, gathering.id) if p.left_at is None]
    groups = [p.group or "unsaid" for p in people]
    row.people_by_group = {group: groups.count(group) for group in dict.fromkeys(groups)}
    row.languages = sorted({p.language for p in people})
    consents = await latest_consents(tx, gathering.id)
    row.consent_version = max((c.version for c in consents.values()), default=None)
    row.updated_at = now
    await tx.flush()
    return row


async def fill_outcomes(tx: AsyncSession, gathering: Gathering) -> None:
    """Put translations that came, or were corrected, into the outcomes that wait for them.

    What was agreed on in somebody's own words stays as it was, whatever they correct afterwards.
    """
    if not gathering.charter_copy:
        return
    rows = await list_outcomes_of(tx, gathering.id)
    ids = {str(d["contribution"]) for row in rows for d in row.dissent}
    ids |= {row.agreed_from for row in rows if row.agreed_from}
    if not ids:
        return
    found = await tx.scalars(
        select(Contribution).where(Contribution.id.in_(ids)).options(*WITH_AUTHOR)
    )
    by_id = {c.id: c for c in found if c.removed_at is None}
    for row in rows:
        dissent = [_dissent_now(d, by_id.get(d["contribution"])) for d in row.dissent]
        if dissent != row.dissent:
            row.dissent = dissent
        proposal = by_id.get(row.agreed_from or "")
        if proposal is not None and proposal.kind == "change" and row.agreed:
            words = _words(proposal)
            if row.closed_at is not None:
                words.pop(proposal.language, None)
            agreed = {
                language: {**text, "text": words.get(language, text["text"])}
                for language, text in row.agreed.items()
            }
            if agreed != row.agreed:
                row.agreed = row.put = agreed
    await tx.flush()


def _dissent_now(entry: dict[str, Any], said: Contribution | None) -> dict[str, Any]:
    """What was written out as it now reads; nothing while a facilitator hides it."""
    if said is None:
        return entry
    if said.hidden_at is not None:
        return {**entry, "text": {}}
    words = _words(said)
    machine = {t.language for t in said.translations if t.status in ("machine", "disputed")}
    origin = {language: "machine" if language in machine else "person" for language in words}
    return {**entry, "text": words, "origin": origin}


async def follow_words(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    before: Mapping[str, str],
    now: datetime,
) -> None:
    """Bring outcomes and the chatbot's lines in line with a post taken back, hidden or shown again.

    ``before``: what it said, by language (``words_in``). Text that was agreed on and closed is the
    room's and stays; a proposal that was only put to the room goes, and so do lines of the chatbot
    that quote it. Source: privacy-and-access.md, "Taking back".
    """
    if not gathering.charter_copy or said.kind not in (*MOVES_THE_OUTCOME, "facilitation"):
        return
    await _follow_in_lines(tx, gathering, said, now=now)
    if said.fields.get("dissent"):
        await fill_outcomes(tx, gathering)
        return
    gone = said.removed_at is not None or said.hidden_at is not None
    for row in await list_outcomes_of(tx, gathering.id):
        if row.closed_at is None and row.decision != "park":
            await keep_outcome(tx, gathering, row.principle_id, now=now)
        elif said.kind in rules.OWN_WORDS and gone:
            hidden = said.id if said.removed_at is None else None
            forget_put(row, before, hidden=hidden, now=now)
        elif said.kind in rules.OWN_WORDS:
            _put_back(row, said, now=now)
    await tx.flush()


def words_in(said: Contribution) -> dict[str, str]:
    """What a contribution says, by language; a language without words is left out."""
    return {language: text for language, text in _words(said).items() if text}


def forget_put(
    row: Outcome, before: Mapping[str, str], *, hidden: str | None = None, now: datetime
) -> None:
    """Leave out of an outcome the words that were put to the room and are gone.

    ``hidden``: the post that they are in, where it may be shown again.
    """
    if row.closed_at is not None and row.agreed is not None:
        return
    # Empty, not as the principle stood: that is not what the room had before it.
    empty = {"text": "", "hidden": hidden} if hidden else {"text": ""}
    put = {
        language: {**text, **empty} if text["text"] == before.get(language) else text
        for language, text in row.put.items()
    }
    if put != row.put:
        row.put, row.agreed, row.agreed_from, row.updated_at = put, None, None, now


def _put_back(row: Outcome, said: Contribution, *, now: datetime) -> None:
    """The words that the room had before it are in the outcome again, with the post shown again."""
    words = words_in(said)
    put = {
        language: {"title": text["title"], "text": words[language]}
        if text.get("hidden") == said.id and language in words
        else text
        for language, text in row.put.items()
    }
    if put != row.put:
        row.put, row.updated_at = put, now


async def _follow_in_lines(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, now: datetime
) -> None:
    lines = await tx.scalars(
        select(Contribution)
        .where(
            Contribution.gathering_id == gathering.id,
            Contribution.kind == "bot",
            Contribution.removed_at.is_(None),
        )
        .options(*WITH_AUTHOR)
    )
    for line in lines:
        if said.id not in (line.fields.get("quotes"), _term_from(line)):
            continue
        if said.removed_at is not None:
            line.text, line.removed_at = "", now
            line.translations.clear()
        else:
            line.hidden_at = said.hidden_at
        line.revision = gathering.revision


def _term_from(line: Contribution) -> str | None:
    """The post that a line of the chatbot has a word from."""
    return line.fields.get("about") if line.fields.get("trigger") == "untranslatable" else None
