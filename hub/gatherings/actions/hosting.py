"""What facilitators do to a post, and the speaking queue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note as note_in_audit
from hub.errors import Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.outcomes import follow_words, words_in
from hub.gatherings.actions.saying import restamp_chain, share_translated
from hub.gatherings.models import (
    Contribution,
    Gathering,
)
from hub.language.actions import forget
from hub.people.models import Account, latest_consents
from hub.people.rules import clean_text, is_blank


async def hide(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    account: Account,
    reason: str,
    note: str = "",
    now: datetime,
) -> None:
    """Take a post out of everybody's sight; its author sees it and why, and may answer once.

    ``reason`` is a code of ``rules.HIDE_REASONS`` with a ``note`` where more is to be said, or any
    text. Raises Invalid where there is no reason, Refusal where its author has taken it back.
    """
    if said.removed_at is not None:
        raise Refusal("taken_back")
    code, words = rules.read_hide_reason(_cleaned(reason), _cleaned(note))
    said.hidden_at, said.hidden_code, said.hidden_reason = now, code, words
    said.hidden_answer, said.hidden_answer_at = "", None
    said.held_at = said.pinned_at = said.screen_at = None
    await forget(tx, [said.id])
    _mark(tx, gathering, said, account, kind="hidden", now=now, reason=words)
    await restamp_chain(tx, gathering, said)
    await tx.flush()
    await follow_words(tx, gathering, said, before=words_in(said), now=now)
    await note_in_audit(
        tx,
        "hidden",
        actor=account.id,
        now=now,
        subject=said.id,
        gathering_id=gathering.id,
        reason=code,
    )


def _cleaned(text: str) -> str:
    cleaned = clean_text(text)
    return "" if is_blank(cleaned) else cleaned.strip()


async def show_again(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, account: Account, now: datetime
) -> None:
    """Show a hidden post to everybody, also one that was hidden before anybody had read it."""
    if said.hidden_at is None:
        return
    said.hidden_at = said.hidden_code = None
    said.hidden_reason, said.hidden_answer, said.hidden_answer_at = "", "", None
    _mark(tx, gathering, said, account, kind="shown_again", now=now)
    if said.seq is None and said.removed_at is None:
        share_translated(tx, gathering, said, now=now)
    await restamp_chain(tx, gathering, said)
    await tx.flush()
    await follow_words(tx, gathering, said, before={}, now=now)
    await note_in_audit(
        tx, "shown_again", actor=account.id, now=now, subject=said.id, gathering_id=gathering.id
    )


async def pin(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    account: Account,
    on: bool,
    now: datetime,
) -> None:
    if on and said.removed_at:
        raise Refusal("taken_back")
    said.pinned_at = now if on else None
    _mark(tx, gathering, said, account, kind="pinned" if on else "unpinned", now=now)


async def put_on_screen(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    account: Account,
    on: bool,
    now: datetime,
) -> None:
    """Show a post on the projector; only where its author said yes to be quoted by role."""
    if on and (said.removed_at or said.hidden_at):
        raise Refusal("taken_back")
    if on and said.participant_id:
        consent = (await latest_consents(tx, gathering.id)).get(said.participant_id)
        if consent is None or not consent.choices.get("quote_role"):
            raise Refusal("no_consent_to_quote")
    said.screen_at = now if on else None
    _mark(tx, gathering, said, account, kind="on_screen" if on else "off_screen", now=now)


def _mark(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    account: Account,
    *,
    kind: str,
    now: datetime,
    reason: str = "",
) -> None:
    log_act(tx, gathering, account, kind=kind, now=now, target=said.id, reason=reason)
    event = rules.Event(kind, now, {"contribution": said.id})
    said.revision = record(tx, gathering, event, actor=account.id)
