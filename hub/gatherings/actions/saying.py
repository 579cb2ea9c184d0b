"""Saying something, what it may point at, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.errors import Forbidden, Invalid
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.models import (
    Contribution,
    Gathering,
    Translation,
    access_contribution,
    find_by_client_id,
    list_everything_said,
    said_of,
)
from hub.people.models import Account, Participant
from hub.people.rules import LANGUAGES, clean_text, is_blank, other_language

MOVES_THE_EXIT = (
    "question",
    "contribution",
    "restatement",
    "restatement_check",
    "theme",
    "recommendation",
    "stance",
    "amendment",
    "facilitation",
)


TRANSLATED_FIELDS = ("what", "owner", "measure", "reason")


def phase_id(gathering: Gathering) -> str:
    if gathering.phase_index is None:
        return ""
    return str(gathering.format["phases"][gathering.phase_index]["id"])


def share(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, now: datetime, actor: str
) -> None:
    gathering.seq += 1
    said.seq = gathering.seq
    data = {"contribution": said.id, "seq": said.seq, "kind": said.kind, "phase": said.phase}
    said.revision = record(tx, gathering, rules.Event("said", now, data), actor=actor)
    tx.add(said)


@dataclass(frozen=True)
class Draft:
    """What somebody wants to say, as it came in."""

    kind: str
    text: str
    client_id: str
    language: str | None = None
    reply_to: str | None = None
    fields: Mapping[str, Any] | None = None
    looks_like: str | None = None


async def post_contribution(
    tx: AsyncSession,
    gathering: Gathering,
    draft: Draft,
    *,
    seat: Participant | None,
    account: Account | None,
    now: datetime,
) -> tuple[Contribution, bool]:
    """Say something. The same ``client_id`` again gives the first contribution and False.

    Raises FloorClosed where the kind is not open, Invalid with pointers for faults.
    """
    author_key = seat.id if seat else account.id if account else ""
    client_id = draft.client_id.strip()
    if not client_id or len(client_id) > 80:
        raise Invalid({"/client_id": "client_id_missing"})
    earlier = await find_by_client_id(tx, gathering.id, author_key, client_id)
    if earlier is not None:
        return earlier, False
    rules.check_may_speak(
        gathering.stage,
        gathering.form,
        kind=draft.kind,
        as_facilitator=seat is None,
        splits="split_of" in (draft.fields or {}),
    )
    if seat is None and rules.KINDS[draft.kind].by != "facilitator":
        raise Forbidden("needs_seat")
    text, language = _read_text(draft, author=seat or account)
    fields = rules.read_fields(draft.kind, draft.fields or {}, text)
    if draft.kind == "recommendation":
        text = text or fields["what"]
    _check_text(draft.kind, text, fields)
    touched = await _check_references(tx, gathering, draft, fields, seat=seat)
    said = Contribution(
        id=new_id("c"),
        gathering_id=gathering.id,
        phase=phase_id(gathering),
        kind=draft.kind,
        participant_id=seat.id if seat else None,
        account_id=None if seat else account.id if account else None,
        author_key=author_key,
        client_id=client_id,
        language=language,
        # The author's choice decides what is translated; a doubt about it is only shown.
        looks_like=draft.looks_like if draft.looks_like != language else None,
        text=text,
        fields=fields,
        reply_to=draft.reply_to,
        created_at=now,
        translations=[],
    )
    if draft.kind == "facilitation" and fields.get("of"):
        await _check_outcome(tx, gathering, fields)
    if rules.KINDS[draft.kind].private:
        _keep_private(tx, gathering, said, now=now)
    else:
        if needs_translation(said):
            said.translations.append(
                Translation(
                    language=other_language("en" if language == "en" else "sv"),
                    status="pending",
                    due_at=now,
                    updated_at=now,
                )
            )
        share(tx, gathering, said, now=now, actor=author_key)
        for other in touched:
            other.revision = gathering.revision
        if draft.kind in MOVES_THE_EXIT:
            # These move the exit condition, which the head of the page shows.
            gathering.stage_revision = gathering.revision
    await tx.flush()
    return await access_contribution(tx, said.id), True


def needs_translation(said: Contribution) -> bool:
    return bool(texts_to_translate(said))


def texts_to_translate(said: Contribution) -> dict[str, str]:
    """The texts of a contribution by name; ``text`` is what was said, the rest are fields."""
    texts = {"text": said.text} if said.text else {}
    for name in TRANSLATED_FIELDS:
        value = said.fields.get(name)
        if isinstance(value, str) and value and value != said.text:
            texts[name] = value
    return texts


def _keep_private(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, now: datetime
) -> None:
    # The event tells that something was kept, never by whom: the log is read by many.
    event = rules.Event("kept_private", now, {"kind": said.kind, "phase": said.phase})
    said.revision = record(tx, gathering, event, actor=None)
    gathering.stage_revision = gathering.revision
    tx.add(said)


def _read_text(draft: Draft, *, author: Participant | Account | None) -> tuple[str, str]:
    text = clean_text(draft.text)
    if len(text) > rules.TEXT_LIMIT:
        raise Invalid({"/text": "text_too_long"}, limit=rules.TEXT_LIMIT)
    language = draft.language or (author.language if author else "sv")
    if language not in LANGUAGES:
        raise Invalid({"/language": "language_unknown"})
    return ("" if is_blank(text) else text), language


def _check_text(kind: str, text: str, fields: Mapping[str, Any]) -> None:
    if rules.KINDS[kind].needs_text and not text and not fields.get("skipped"):
        raise Invalid({"/text": "text_missing"})


async def _check_references(
    tx: AsyncSession,
    gathering: Gathering,
    draft: Draft,
    fields: Mapping[str, Any],
    *,
    seat: Participant | None,
) -> list[Contribution]:
    """What the draft points at must be here and of the right kind.

    Returns the contributions that look different afterwards (a decision has a new stance).
    """
    touched: list[Contribution] = []
    if draft.reply_to is not None:
        touched += await _reply_target(tx, gathering, draft)
    of = fields.get("of")
    if isinstance(of, str):
        target = await _shared(tx, gathering, of)
        if target is None or target.kind not in rules.KINDS[draft.kind].refers_to:
            raise Invalid({"/fields/of": "of_unknown"})
        if draft.kind == "restatement" and seat and target.participant_id == seat.id:
            raise Invalid({"/fields/of": "of_own"})
        if draft.kind == "restatement_check":
            await _check_is_restated(tx, target, seat)
        if draft.kind in ("stance", "amendment", "restatement_check", "facilitation"):
            touched += await _chain(tx, gathering, target)
    for wanted in fields.get("order", []):
        if await _shared(tx, gathering, wanted) is None:
            raise Invalid({"/fields/order": "of_unknown"})
    return touched


async def _check_outcome(tx: AsyncSession, gathering: Gathering, fields: Mapping[str, Any]) -> None:
    said = [said_of(c) for c in await list_everything_said(tx, gathering.id)]
    rules.check_outcome(rules.decision_on(str(fields["of"]), said), str(fields["result"]))


async def share_ratings(
    tx: AsyncSession,
    gathering: Gathering,
    thing: str,
    *,
    present: Iterable[str],
    now: datetime,
    reveal_by: Account | None = None,
) -> int:
    """Share the hidden ratings of a theme where all who are present have answered.

    ``reveal_by``: a facilitator who does not wait for the rest. Returns how many were shared.
    """
    everything = await list_everything_said(tx, gathering.id)
    wanted = rules.ratings_to_share(
        thing, [said_of(c) for c in everything], present, reveal=reveal_by is not None
    )
    by_id = {c.id: c for c in everything}
    for rating_id in wanted:
        share(tx, gathering, by_id[rating_id], now=now, actor=by_id[rating_id].author_key)
    if wanted:
        by_id[thing].revision = gathering.revision
        gathering.stage_revision = gathering.revision
    if reveal_by is not None:
        log_act(tx, gathering, reveal_by, kind="ratings_revealed", now=now, target=thing)
    await tx.flush()
    return len(wanted)


async def _reply_target(tx: AsyncSession, gathering: Gathering, draft: Draft) -> list[Contribution]:
    target = await _shared(tx, gathering, str(draft.reply_to))
    if target is None:
        raise Invalid({"/reply_to": "of_unknown"})
    revises = draft.kind == "recommendation" and target.kind == "recommendation"
    return await _chain(tx, gathering, target) if revises else []


async def _shared(
    tx: AsyncSession, gathering: Gathering, contribution_id: str
) -> Contribution | None:
    return await tx.scalar(
        select(Contribution).where(
            Contribution.id == contribution_id,
            Contribution.gathering_id == gathering.id,
            Contribution.seq.is_not(None),
            Contribution.removed_at.is_(None),
        )
    )


async def _check_is_restated(
    tx: AsyncSession, restatement: Contribution, seat: Participant | None
) -> None:
    original = await tx.get(Contribution, str(restatement.fields.get("of")))
    if original is None or seat is None or original.participant_id != seat.id:
        raise Forbidden("only_author_checks")


async def _chain(
    tx: AsyncSession, gathering: Gathering, target: Contribution
) -> list[Contribution]:
    """A contribution and what it is about, up to the recommendation they all belong to."""
    chain = [target]
    while len(chain) < 10:
        above = chain[-1].fields.get("of") or (
            chain[-1].reply_to if chain[-1].kind == "recommendation" else None
        )
        found = await _shared(tx, gathering, above) if isinstance(above, str) else None
        if found is None:
            break
        chain.append(found)
    return chain


async def take_back(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, actor: str, now: datetime
) -> None:
    """Erase the words and their translations. A tombstone keeps the place, without a name."""
    said.text = ""
    said.fields = {k: v for k, v in said.fields.items() if k == "of"}
    said.translations.clear()
    said.removed_at = said.removed_at or now
    said.pinned_at = said.screen_at = None
    event = rules.Event("taken_back", now, {"contribution": said.id})
    said.revision = record(tx, gathering, event, actor=actor)
    await restamp_chain(tx, gathering, said)
    await tx.flush()


async def restamp_chain(tx: AsyncSession, gathering: Gathering, said: Contribution) -> None:
    """What is about this one, and what this one is about, looks different now."""
    gathering.stage_revision = gathering.revision
    for other in (await _chain(tx, gathering, said))[1:]:
        other.revision = gathering.revision
    for other in await list_everything_said(tx, gathering.id):
        if said.id in (other.reply_to, other.fields.get("of")):
            other.revision = gathering.revision
