"""Translations put in place by the engine, corrected and disputed by people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Fault, Forbidden, Invalid, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import record
from hub.gatherings.actions.saying import Draft, post_contribution, texts_to_translate
from hub.gatherings.models import (
    Contribution,
    Gathering,
    Translation,
)
from hub.language import actions as language_actions
from hub.language.actions import glossary_version, terms_of
from hub.language.memory import source_hash
from hub.language.models import Pair, list_terms_in_use
from hub.people.actions import check_may_say
from hub.people.models import Account, Participant, latest_consents
from hub.people.rules import LANGUAGES, clean_text, is_blank

# What no person has looked at; a text that is disputed is being talked about, and stays.
REPLACED = ("machine", "pending", "failed")


async def correct_translation(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    language: str,
    text: str,
    by: Participant | Account,
    now: datetime,
    remark: Draft | None = None,
) -> None:
    """A person's translation takes the place of the machine's. Raises Invalid, Forbidden, Refusal.

    It is kept in the memory, and takes the place of the machine's text of the same words in the
    whole session; other sessions follow where the pair lasts (jobs.spread_corrections).
    ``remark`` says what was wrong, in the corrector's language, and becomes a post that answers
    the one corrected. The same correction by the same person again changes nothing.
    Source: issue 4, "Memory"; privacy-and-access.md, "Consent model"; measures.md, 2.5 (a remark
    counts together with its correction).
    """
    seat = by if isinstance(by, Participant) else None
    if not rules.may_correct(
        is_author=by.id in (said.participant_id, said.account_id),
        is_bilingual=bool(seat and seat.bilingual),
        runs=seat is None,
    ):
        raise Forbidden("correct_not_allowed")
    if seat is not None:
        await check_may_say(tx, seat, now=now)
    if language not in LANGUAGES:
        raise Invalid({"/language": "language_unknown"})
    if language == said.language or said.removed_at or said.kind in ("bot", "system"):
        raise Refusal("nothing_to_correct")
    text = clean_text(text)
    if is_blank(text):
        raise Invalid({"/text": "text_missing"})
    if len(text) > rules.TEXT_LIMIT:
        raise Invalid({"/text": "text_too_long"}, limit=rules.TEXT_LIMIT)
    added, new = None, False
    if remark is not None and not is_blank(remark.text):
        added, new = await _add_remark(
            tx, gathering, said, remark, language=language, by=by, now=now
        )
    found = translation_into(said, language)
    made = (found.status, found.text, found.by_id) if found else ()
    if made == ("corrected", text, by.id) and not new:
        return
    if found is None:
        found = Translation(language=language, status="corrected", fields={}, updated_at=now)
        found.source_hash = source_hash(said.text)
        said.translations.append(found)
    pair = await _remember(tx, gathering, said, found, text=text, by=by, now=now)
    found.text = text
    found.status = "corrected"
    found.reason = found.doubt = found.due_at = found.hints = None
    # What people flagged stays: that a flagged word was corrected is worth a question.
    found.by_id, found.by_name = by.id, by.name
    found.origin, found.pair_id = None, None
    found.updated_at = now
    followed = await _place(tx, gathering, [pair], now=now) if pair else []
    data: dict[str, Any] = {"contribution": said.id, "language": language}
    if added is not None:
        data["remark"] = added.id
    if followed:
        data["followed"] = [c.id for c in followed]
    event = rules.Event("translation_corrected", now, data)
    revision = record(tx, gathering, event, actor=by.id)
    for changed in (said, *followed):
        changed.revision = revision
    await _stamp_first_posts(tx, [said, *followed], revision)
    await tx.flush()


async def _add_remark(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    remark: Draft,
    *,
    language: str,
    by: Participant | Account,
    now: datetime,
) -> tuple[Contribution, bool]:
    """Post what was wrong with a translation; the same ``client_id`` again gives the first one."""
    length = len(clean_text(remark.text))
    if length > rules.REASON_LIMIT:
        raise Invalid({"/remark": Fault("longer_than", limit=rules.REASON_LIMIT, length=length)})
    if remark.language not in (None, *LANGUAGES):
        raise Invalid({"/remark_language": "language_unknown"})
    if said.seq is None or said.hidden_at is not None:
        raise rules.FloorClosed("remark_closed")
    seat = by if isinstance(by, Participant) else None
    draft = replace(
        remark,
        kind="contribution" if seat else "facilitation",
        # Apart from the ids of what is said by itself.
        client_id=f"remark:{remark.client_id}",
        reply_to=said.id,
        remark_on=language,
    )
    account = by if isinstance(by, Account) else None
    try:
        return await post_contribution(tx, gathering, draft, seat=seat, account=account, now=now)
    except rules.FloorClosed:
        raise rules.FloorClosed("remark_closed") from None


async def _remember(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    found: Translation,
    *,
    text: str,
    by: Participant | Account,
    now: datetime,
) -> Pair | None:
    """The correction as a pair of the memory; None where these words are not kept.

    Not kept are what nobody else sees, and words that seem to be in another language than their
    author said.
    """
    private = said.seq is None or said.hidden_at is not None
    if private or not said.text or said.looks_like is not None:
        return None
    return await language_actions.keep_correction(
        tx,
        source_text=said.text,
        target_text=text,
        target="en" if found.language == "en" else "sv",
        from_id=said.id,
        gathering_id=gathering.id,
        by_id=by.id,
        by_name=by.name,
        model=found.model,
        glossary=found.glossary,
        lasting=await _may_last(tx, gathering, said, by),
        now=now,
    )


async def _may_last(
    tx: AsyncSession, gathering: Gathering, said: Contribution, by: Participant | Account
) -> bool:
    """Whether those whose words the pair is, if they are participants, have all agreed."""
    whose = {said.participant_id} if said.participant_id else set()
    if isinstance(by, Participant):
        whose.add(by.id)
    if not whose:
        return True
    consents = await latest_consents(tx, gathering.id)
    return all(
        who in consents and consents[who].choices.get("improve_translation") is True
        for who in whose
    )


async def place_pairs(
    tx: AsyncSession, gathering: Gathering, pairs: Sequence[Pair], *, now: datetime
) -> list[str]:
    """Put corrections made in other sessions in the place of the machine's text, in one revision.

    Returns the ids of the contributions that changed.
    """
    changed = {said.id: said for said in await _place(tx, gathering, pairs, now=now)}
    if changed:
        await _stamp_translated(tx, gathering, changed, now=now)
    await tx.flush()
    return list(changed)


async def _place(
    tx: AsyncSession, gathering: Gathering, pairs: Sequence[Pair], *, now: datetime
) -> list[Contribution]:
    """Put pairs in the place of the machine's text of the same words, wherever it is.

    What came from a pair as it was before follows it too. What a person corrected stays.
    """
    by_words = {(pair.source_hash, pair.target_language): pair for pair in pairs}
    former = and_(
        Translation.status == "memory", Translation.pair_id.in_([pair.id for pair in pairs])
    )
    rows = await tx.execute(
        select(Translation, Contribution)
        .join(Contribution, Contribution.id == Translation.contribution_id)
        .where(
            Translation.source_hash.in_({words for words, _ in by_words}),
            Contribution.gathering_id == gathering.id,
            Contribution.id.not_in([pair.from_id for pair in pairs if pair.from_id]),
            Contribution.removed_at.is_(None),
            or_(Translation.status.in_(REPLACED), former),
        )
    )
    placed = []
    for row, said in rows:
        pair = by_words.get((str(row.source_hash), row.language))
        if pair is None or pair.source_language != said.language:
            continue
        if row.status == "pending" and set(texts_to_translate(said)) != {"text"}:
            # Its other texts still wait; when they are there, the pair is looked up again.
            continue
        _fill(row, language_actions.from_memory(pair, said.text, gathering.id), now=now)
        placed.append(said)
    return placed


def _fill(row: Translation, made: language_actions.Translation, *, now: datetime) -> None:
    row.text, row.status = made.text, "memory"
    row.origin, row.pair_id = made.origin, made.pair_id
    row.by_id, row.by_name = made.by_id, made.by_name
    row.reason = row.doubt = row.model = row.due_at = row.glossary = row.hints = None
    row.updated_at = now


async def _stamp_first_posts(
    tx: AsyncSession, changed: Iterable[Contribution], revision: int
) -> None:
    """The first post of a theme or proposal shows its latest words, so it changes with them."""
    firsts = {str(c.fields["revises"]) for c in changed if c.fields.get("revises")}
    if firsts:
        for first in await tx.scalars(select(Contribution).where(Contribution.id.in_(firsts))):
            first.revision = revision


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
    await check_may_say(tx, seat, now=now)
    found = next((t for t in said.translations if t.text), None)
    if found is None or said.removed_at or said.kind in ("bot", "system"):
        raise Refusal("nothing_to_dispute")
    entry = {"by": seat.id, "word": clean_text(word)[:80], "reason": clean_text(reason)[:300]}
    if entry in found.disputes and found.status == "disputed":
        return
    found.disputes = [d for d in found.disputes if d.get("by") != seat.id] + [entry]
    found.status = "disputed"
    found.updated_at = now
    data = {"contribution": said.id, "language": found.language}
    event = rules.Event("translation_disputed", now, data)
    said.revision = record(tx, gathering, event, actor=seat.id)
    await _stamp_first_posts(tx, [said], said.revision)
    await tx.flush()


@dataclass(frozen=True)
class Finished:
    """The answer for one waiting translation; what is in memory now goes before its text.

    ``said`` is what the engine read, ``texts`` what it made of it, both by name.
    """

    translation_id: str
    contribution_id: str
    said: dict[str, str]
    texts: dict[str, str]
    status: str
    reason: str | None
    doubt: dict[str, Any] | None
    model: str
    glossary: str
    hints: list[Any] | None = None


async def add_translations(
    tx: AsyncSession, gathering: Gathering, finished: list[Finished], *, now: datetime
) -> list[str]:
    """Put the engine's answers in place, under one revision.

    What a person corrected or took back in the meantime is left alone, and what somebody
    corrected elsewhere in the meantime is used. Where the terms have changed in the meantime, or
    words were masked since somebody took theirs back, the machine is asked again. Returns the ids
    of the contributions that changed.
    """
    rows = await tx.execute(
        select(Translation, Contribution)
        .join(Contribution, Contribution.id == Translation.contribution_id)
        .where(
            Translation.id.in_([f.translation_id for f in finished]),
            Translation.status.in_(("pending", "failed")),
        )
    )
    found = {row.id: (row, said) for row, said in rows}
    texts = [said.text for _, said in found.values() if said.text]
    known = await language_actions.same_words(tx, texts, scopes=[gathering.id])
    version = glossary_version(terms_of(await list_terms_in_use(tx, [gathering.id]), gathering.id))
    changed: dict[str, Contribution] = {}
    for answer in finished:
        if answer.translation_id not in found:
            continue
        row, said = found[answer.translation_id]
        if answer.said != texts_to_translate(said):
            row.due_at = now
            continue
        row.fields = {k: v for k, v in answer.texts.items() if k != "text"}
        pair = known.find(said.text, target=row.language, scope=gathering.id)
        if pair is not None:
            _fill(row, language_actions.from_memory(pair, said.text, gathering.id), now=now)
        elif answer.status == "memory" and said.text:
            # Whoever it came from has taken it back: the engine is asked instead.
            row.due_at = now
            continue
        elif answer.status == "machine" and answer.glossary != version:
            row.due_at = now
            continue
        else:
            row.text = answer.texts.get("text", "")
            row.status, row.reason, row.doubt = answer.status, answer.reason, answer.doubt
            row.model, row.due_at, row.updated_at = answer.model, None, now
            row.glossary, row.hints = answer.glossary, answer.hints
        changed[said.id] = said
    if changed:
        await _stamp_translated(tx, gathering, changed, now=now)
    await tx.flush()
    return list(changed)


async def _stamp_translated(
    tx: AsyncSession, gathering: Gathering, changed: Mapping[str, Contribution], *, now: datetime
) -> None:
    quiet_since = gathering.last_activity_at
    event = rules.Event("translated", now, {"contributions": list(changed)})
    revision = record(tx, gathering, event, actor=None)
    # A machine at work is no sign of life in the room.
    gathering.last_activity_at = quiet_since
    for said in changed.values():
        said.revision = revision
    await _stamp_first_posts(tx, changed.values(), revision)


async def list_waiting_elsewhere(tx: AsyncSession, pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    """The sessions under way in which a pair would take the place of a machine's text."""
    by_words = {(pair.source_hash, pair.target_language): pair for pair in pairs}
    rows = await tx.execute(
        select(Contribution.gathering_id, Translation.source_hash, Translation.language)
        .join(Contribution, Contribution.id == Translation.contribution_id)
        .join(Gathering, Gathering.id == Contribution.gathering_id)
        .where(
            Translation.source_hash.in_({words for words, _ in by_words}),
            Translation.status.in_(REPLACED),
            Contribution.removed_at.is_(None),
            Gathering.state.in_(("open", "running", "paused")),
        )
        .distinct()
    )
    found: dict[str, list[Pair]] = {}
    for gathering_id, words, language in rows:
        pair = by_words.get((str(words), language))
        if pair is not None:
            found.setdefault(gathering_id, []).append(pair)
    return found


async def keep_in_session(tx: AsyncSession, gathering: Gathering, seat: Participant) -> None:
    """Who no longer says yes to it: their words and corrections leave the lasting memory."""
    own = select(Contribution.id).where(
        Contribution.gathering_id == gathering.id, Contribution.participant_id == seat.id
    )
    await language_actions.keep_here(tx, from_ids=own, by_id=seat.id)
