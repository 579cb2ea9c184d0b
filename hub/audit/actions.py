"""Adding to the audit log, and checking that nobody has tampered with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.models import AuditEntry, AuditHead
from hub.db import secret_of
from hub.sealing import keyed_hash

START: Final = "0" * 64
SYSTEM: Final = "system"
COMMAND: Final = "command"
# Every act there is a word for (``audit.<act>`` in the catalogues). One that is not here is a bug.
ACTS: Final = frozenset(
    {
        # people who run things
        "account_added",
        "account_changed",
        "account_disabled",
        "account_enabled",
        "signed_in",
        "sign_in_failed",
        "signed_out",
        "sign_in_ended",
        "link_sent",
        "token_made",
        # taking part
        "joined",
        "consent_given",
        "consent_changed",
        "left",
        "taken_back",
        "withdrawn",
        "erased",
        "own_data_read",
        "invited",
        "invitation_recalled",
        "invitation_declined",
        # what is done with what people said
        "hidden",
        "shown_again",
        "let_through",
        "removed_from_room",
        "let_back_in",
        "record_published",
        "record_reissued",
        "summary_published",
        "exported",
        "key_read",
        # meetings of the calendar
        "meeting_invited",
        "meeting_changed",
        "meeting_moved",
        "meeting_postponed",
        "meeting_cancelled",
        "invitee_erased",
        # keeping and deleting
        "retention_changed",
        "purge_announced",
        "purge_held",
        "purge_released",
        "purged",
        "consent_text_changed",
        "restored",
        # what is done by the clock
        "task_run",
    }
)


@dataclass(frozen=True)
class Verdict:
    """What a check of the log found. ``broken_at`` is the first number that is not as it was."""

    whole: bool
    count: int
    broken_at: int | None = None
    # The end of the log. Whoever writes it down can tell later that nothing was cut off.
    seal: str = START


async def note(
    tx: AsyncSession,
    act: str,
    *,
    actor: str,
    now: datetime,
    subject: str | None = None,
    gathering_id: str | None = None,
    **facts: int | str | bool | None,
) -> AuditEntry:
    """Add an act to the log, in the transaction in which it is done.

    ``facts``: ids, codes and counts. Raises ValueError for an act that has no word.
    """
    if act not in ACTS:
        raise ValueError(f"the audit log has no word for {act!r}")
    secret_key = secret_of(tx)
    head = await tx.scalar(
        select(AuditHead)
        .where(AuditHead.id == 1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if head is None:
        head = AuditHead(id=1, number=0, seal=START, mark="")
        tx.add(head)
    entry = AuditEntry(
        number=head.number + 1,
        at=now,
        actor=actor,
        act=act,
        subject=subject,
        gathering_id=gathering_id,
        facts=dict(facts),
        seal="",
    )
    entry.seal = _seal(secret_key, entry, before=head.seal)
    tx.add(entry)
    head.number, head.seal = entry.number, entry.seal
    head.mark = _mark(secret_key, head.number, head.seal)
    await tx.flush()
    return entry


async def verify(tx: AsyncSession, *, step: int = 1000) -> Verdict:
    """Read the whole log, ``step`` entries at a time, and check every seal."""
    secret_key, before, number = secret_of(tx), START, 0
    while True:
        entries = list(
            await tx.scalars(
                select(AuditEntry)
                .where(AuditEntry.number > number)
                .order_by(AuditEntry.number)
                .limit(step)
            )
        )
        for entry in entries:
            number += 1
            if entry.number != number or entry.seal != _seal(secret_key, entry, before=before):
                return Verdict(False, number - 1, broken_at=number, seal=before)
            before = entry.seal
        tx.expunge_all()
        if len(entries) < step:
            break
    head = await tx.scalar(select(AuditHead).where(AuditHead.id == 1))
    ends = (head.number, head.seal, head.mark) if head else (0, START, "")
    wanted = (number, before, _mark(secret_key, number, before) if number else "")
    if ends != wanted:
        return Verdict(False, number, broken_at=number + 1, seal=before)
    return Verdict(True, number, seal=before)


async def key_fits(tx: AsyncSession) -> bool:
    """Whether the hub's secret key is the one that this database was sealed with.

    With another one nothing sealed can be read, and what would be added to the log would break it.
    """
    head = await tx.scalar(select(AuditHead).where(AuditHead.id == 1))
    return head is None or head.mark == _mark(secret_of(tx), head.number, head.seal)


def _seal(secret_key: str, entry: AuditEntry, *, before: str) -> str:
    said: Mapping[str, Any] = {
        "number": entry.number,
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": entry.actor,
        "act": entry.act,
        "subject": entry.subject,
        "gathering": entry.gathering_id,
        "facts": entry.facts,
        "before": before,
    }
    return keyed_hash(secret_key, "audit", json.dumps(said, sort_keys=True, ensure_ascii=True))


def _mark(secret_key: str, number: int, seal: str) -> str:
    return keyed_hash(secret_key, "audit end", f"{number} {seal}")
