"""What editors are writing and have not saved; comments of editors and of those who took part."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import rules
from hub.charters.models import (
    Charter,
    CharterComment,
    CharterDraft,
    access_charter,
    find_draft,
    took_part,
)
from hub.errors import Forbidden, Invalid, NotFound, Refusal
from hub.people.actions import check_may_say
from hub.people.models import Account, Participant
from hub.people.rules import clean_text, is_blank

COMMENT_LIMIT = 2000
CLIENT_ID_LIMIT = 80


async def keep_draft(
    tx: AsyncSession,
    charter_id: str,
    principle_id: str,
    language: str,
    *,
    title: str,
    text: str,
    based_on: int,
    account: Account,
    now: datetime,
) -> CharterDraft:
    """Keep what an editor is writing, in the place of what they wrote before.

    Also on a principle that was taken out meanwhile, since it can be brought back. ``based_on``:
    the revision of the text that they started from. Raises NotFound.
    """
    charter = await access_charter(tx, charter_id)
    state = rules.read_state(charter.state)
    if not any(p.id == principle_id for p in (*state.principles, *state.removed)):
        raise NotFound("principle_not_found")
    if language not in rules.LANGUAGES:
        raise NotFound("principle_not_found")
    draft = await find_draft(tx, charter_id, principle_id, language, account_id=account.id)
    if draft is None:
        draft = CharterDraft(
            account_id=account.id,
            charter_id=charter_id,
            principle_id=principle_id,
            language=language,
        )
        tx.add(draft)
    # Cut, not refused: what is longer than may be saved is refused when it is saved.
    draft.title = title.encode("utf-8", "ignore").decode()[: rules.TITLE_LIMIT * 2]
    draft.text = text.encode("utf-8", "ignore").decode().replace("\0", "")[: rules.TEXT_LIMIT * 4]
    draft.based_on, draft.saved_at = based_on, now
    await tx.flush()
    return draft


async def drop_draft(
    tx: AsyncSession, charter_id: str, principle_id: str, language: str, *, account: Account
) -> None:
    """Forget what an editor was writing; nothing happens where there is nothing."""
    draft = await find_draft(tx, charter_id, principle_id, language, account_id=account.id)
    if draft is not None:
        await tx.delete(draft)


async def add_comment(
    tx: AsyncSession,
    charter_id: str,
    *,
    client_id: str,
    text: str,
    language: str,
    principle_id: str | None = None,
    translation: Mapping[str, Any] | None = None,
    account: Account | None = None,
    participant: Participant | None = None,
    now: datetime,
) -> CharterComment:
    """A comment on a principle, or on the whole charter, by an editor or by one who took part.

    Those who took part comment while a round is open. ``translation``: ``{"text", "status"}`` in
    the other language, made before this transaction. The same ``client_id`` of the same person
    again is the comment that it was. Raises NotFound, Invalid, Forbidden, Refusal.
    """
    # Locked, so that the same comment sent twice at once is still one.
    charter = await access_charter(tx, charter_id, lock=True)
    if not client_id or len(client_id) > CLIENT_ID_LIMIT:
        raise Invalid({"/client_id": "client_id_missing"})
    if found := await _said_before(tx, charter_id, client_id):
        mine = (account.id if account else None, participant.id if participant else None)
        if (found.account_id, found.participant_id) != mine:
            raise Invalid({"/client_id": "client_id_missing"})
        return found
    round_number = None
    if account is None:
        round_number = await _asked_in(tx, charter, participant, now)
    if participant is not None:
        await check_may_say(tx, participant, now=now)
    if principle_id is not None:
        _check_principle(charter, principle_id)
    text = clean_text(text)
    if is_blank(text):
        raise Invalid({"/text": "text_missing"})
    if len(text) > COMMENT_LIMIT:
        raise Invalid({"/text": "text_too_long"})
    if language not in rules.LANGUAGES:
        raise Invalid({"/language": "language_unknown"})
    comment = CharterComment(
        charter_id=charter_id,
        principle_id=principle_id,
        round=round_number,
        account_id=account.id if account else None,
        participant_id=participant.id if participant else None,
        client_id=client_id,
        language=language,
        text=text,
        translation=dict(translation) if translation else None,
        created_at=now,
    )
    tx.add(comment)
    await tx.flush()
    return comment


async def _said_before(tx: AsyncSession, charter_id: str, client_id: str) -> CharterComment | None:
    found: CharterComment | None = await tx.scalar(
        select(CharterComment).where(
            CharterComment.charter_id == charter_id, CharterComment.client_id == client_id
        )
    )
    return found


async def _asked_in(
    tx: AsyncSession, charter: Charter, participant: Participant | None, now: datetime
) -> int:
    """The number of the round in which somebody is asked. Raises Forbidden, Refusal."""
    seated = participant is not None and participant.left_at is None
    if (
        participant is None
        or not seated
        or not await took_part(tx, charter.id, [participant.gathering_id])
    ):
        raise Forbidden("comment_took_part")
    state = rules.read_state(charter.state)
    if state.round is None or not rules.round_is_open(state, now):
        raise Refusal("round_over")
    return int(state.round["number"])


def _check_principle(charter: Charter, principle_id: str) -> None:
    if rules.read_state(charter.state).find(principle_id) is None:
        raise NotFound("principle_not_found")


async def settle_comment(
    tx: AsyncSession,
    charter_id: str,
    comment_id: str,
    *,
    settled: bool = True,
    account: Account,
    now: datetime,
) -> CharterComment:
    """Mark a comment as dealt with, or as not. Raises NotFound."""
    comment = await tx.get(CharterComment, comment_id)
    if comment is None or comment.charter_id != charter_id:
        raise NotFound("comment_not_found")
    comment.settled_at = now if settled else None
    comment.settled_by = account.id if settled else None
    await tx.flush()
    return comment


async def remove_comment(
    tx: AsyncSession, charter_id: str, comment_id: str, *, participant_ids: Collection[str]
) -> None:
    """Erase a comment that one of these seats made, with its translation.

    Raises NotFound, and Forbidden for what others wrote. Source: privacy-and-access.md, "Taking
    back".
    """
    comment = await tx.get(CharterComment, comment_id)
    if comment is None or comment.charter_id != charter_id:
        raise NotFound("comment_not_found")
    if comment.participant_id not in participant_ids:
        raise Forbidden("only_author")
    await tx.delete(comment)


async def remove_comments_of(tx: AsyncSession, participant_id: str) -> None:
    """Erase what somebody who took part has commented, when they take their words back."""
    await tx.execute(delete(CharterComment).where(CharterComment.participant_id == participant_id))
