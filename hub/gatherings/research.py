"""A session as a table for research: pseudonyms, and what each person has said yes to.

Only what people shared and have consented to research with. Left out are those who have withdrawn,
what was hidden, held or taken back, what its author keeps to themselves, and everything that the
facilitator, the chatbot and the system said: none of them has consented to anything.
Source: privacy-and-access.md, "Exports" and "Consent model".
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit import actions as audit
from hub.audit.models import AuditEntry
from hub.errors import Invalid
from hub.gatherings import rules
from hub.gatherings.models import Act, Contribution, Gathering, Translation, list_contributions
from hub.gatherings.principles import NAMELESS
from hub.gatherings.table import safe_cell
from hub.gatherings.views import moment
from hub.people.actions import Key, keep_key, new_pseudonym, read_keys
from hub.people.models import (
    Account,
    Consent,
    Participant,
    PersonKey,
    latest_consents,
    list_participants,
)
from hub.people.rules import CONSENT_CHOICES, clean_text

# Raised when the meaning of a column changes.
VERSION: Final = "1"
COLUMNS: Final = (
    "export_version",
    "exported_at",
    "session",
    "format",
    "demonstration",
    "seq",
    "id",
    "created_at",
    "phase",
    "principle",
    "kind",
    "pseudonym",
    "group",
    "role",
    "consent_version",
    *(f"consent_{choice}" for choice in CONSENT_CHOICES),
    "language",
    "text",
    "translation_language",
    "translation",
    "translation_status",
    "reply_to",
    "fields",
)
# A shorter alias is too often a part of a sentence to be taken for a name.
SHORTEST_NAME: Final = 3


@dataclass(frozen=True)
class Export:
    """The file, and how many rows it has."""

    csv: str
    rows: int


async def export_for_research(
    tx: AsyncSession, gathering: Gathering, *, account: Account, reason: str, now: datetime
) -> Export:
    """The table, with a note of who took it out and why. Raises Invalid without a reason.

    A seat without a key gets one, so that the next export has the same pseudonym.
    """
    reason = clean_text(reason)
    if not reason:
        raise Invalid({"/reason": "export_reason_missing"})
    if len(reason) > rules.REASON_LIMIT:
        raise Invalid({"/reason": "export_reason_too_long"})
    people = {p.id: p for p in await list_participants(tx, gathering.id)}
    consents = await latest_consents(tx, gathering.id)
    said = [
        c
        for c in await list_contributions(tx, gathering.id)
        if _may_be_told(c) and has_consented(people.get(c.participant_id or ""), consents)
    ]
    pseudonyms = await _pseudonyms(tx, gathering, {p.id: p for p in _authors(said, people)}, now)
    names = _names(people.values(), pseudonyms)
    told = {c.id for c in said}
    rows = [
        _row(
            c,
            gathering=gathering,
            pseudonym=pseudonyms[str(c.participant_id)],
            consent=consents[str(c.participant_id)],
            told=told,
            names=names,
            now=now,
        )
        for c in said
    ]
    await _note_export(tx, gathering, account=account, reason=reason, rows=len(rows), now=now)
    return Export(_written(rows), len(rows))


def has_consented(seat: Participant | None, consents: Mapping[str, Consent]) -> bool:
    """Whether what somebody said may be used in research: a yes in force, and not withdrawn."""
    if seat is None or seat.withdrawn_at is not None:
        return False
    consent = consents.get(seat.id)
    return consent is not None and consent.choices.get("take_part") is True


def _may_be_told(c: Contribution) -> bool:
    return (
        c.participant_id is not None
        and c.kind != "reflection"
        and c.removed_at is None
        and c.hidden_at is None
        and c.held_at is None
    )


def _authors(
    said: Iterable[Contribution], people: Mapping[str, Participant]
) -> Iterable[Participant]:
    return (people[str(c.participant_id)] for c in said)


async def _pseudonyms(
    tx: AsyncSession, gathering: Gathering, authors: Mapping[str, Participant], now: datetime
) -> dict[str, str]:
    """By participant id. Where the keys have been deleted, pseudonyms for this file alone."""
    keys = await read_keys(tx, list(authors))
    found = {seat: key.pseudonym for seat, key in keys.items()}
    missing = [seat for id_, seat in authors.items() if id_ not in found]
    gone = bool(missing) and await _keys_are_deleted(tx, gathering.id)
    for seat in missing:
        found[seat.id] = new_pseudonym()
        if not gone:
            await keep_key(tx, seat, Key(found[seat.id]), now=now)
    return found


async def _keys_are_deleted(tx: AsyncSession, gathering_id: str) -> bool:
    done = await tx.scalars(
        select(AuditEntry).where(
            AuditEntry.gathering_id == gathering_id, AuditEntry.act == "purged"
        )
    )
    return any(entry.facts.get("kind") == "keys" for entry in done)


@dataclass(frozen=True)
class _Alias:
    """An alias as it is looked for, and what is put in its place."""

    folded: str
    pattern: re.Pattern[str]
    put: str


def _names(people: Iterable[Participant], pseudonyms: Mapping[str, str]) -> list[_Alias]:
    """What to put in the place of each alias that somebody writes, longest alias first."""
    wanted = sorted(
        ((p.name, pseudonyms.get(p.id, "…")) for p in people if len(p.name) >= SHORTEST_NAME),
        key=lambda pair: -len(pair[0]),
    )
    return [
        _Alias(
            name.casefold(),
            re.compile(rf"(?<!\w){re.escape(name)}(?=s?(?!\w))", re.IGNORECASE),
            f"[{pseudonym}]",
        )
        for name, pseudonym in wanted
    ]


def _without_names(value: Any, names: Sequence[_Alias]) -> Any:
    """The text, or all texts in a value, with pseudonyms in the place of aliases."""
    if isinstance(value, str):
        # Hundreds of aliases in thousands of texts: most are plainly not there.
        folded = value.casefold()
        for alias in names:
            if alias.folded in folded:
                value = alias.pattern.sub(alias.put, value)
        return value
    if isinstance(value, dict):
        return {key: _without_names(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_names(each, names) for each in value]
    return value


def _row(
    c: Contribution,
    *,
    gathering: Gathering,
    pseudonym: str,
    consent: Consent,
    told: set[str],
    names: Sequence[_Alias],
    now: datetime,
) -> dict[str, str]:
    translation: Translation | None = next(iter(c.translations), None)
    row = {
        "export_version": VERSION,
        "exported_at": moment(now) or "",
        "session": gathering.id,
        "format": gathering.format_id,
        "demonstration": "yes" if gathering.demonstration else "",
        "seq": str(c.seq),
        "id": c.id,
        "created_at": moment(c.created_at) or "",
        "phase": c.phase,
        "principle": c.principle or "",
        "kind": c.kind,
        "language": c.language,
        "text": _without_names(c.text, names),
        "translation_language": translation.language if translation else "",
        "translation": _without_names(translation.text, names) if translation else "",
        "translation_status": translation.status if translation else "",
        "reply_to": c.reply_to if c.reply_to in told else "",
        "fields": (
            json.dumps(_without_names(c.fields, names), ensure_ascii=False) if c.fields else ""
        ),
    }
    if c.principle and c.kind in NAMELESS:
        # In a dialogue people press and propose without their name, which a pseudonym would be.
        return row
    return {
        **row,
        "pseudonym": pseudonym,
        "group": c.participant.group or "" if c.participant else "",
        "role": c.participant.role or "" if c.participant else "",
        "consent_version": consent.version,
        **{
            f"consent_{choice}": "yes" if consent.choices.get(choice) is True else "no"
            for choice in CONSENT_CHOICES
        },
    }


def _written(rows: Iterable[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([safe_cell(row.get(column) or "") for column in COLUMNS])
    return out.getvalue()


async def _note_export(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    account: Account,
    reason: str,
    rows: int,
    now: datetime,
) -> None:
    """Why stays with the session; the audit log, which holds no texts, points at it."""
    act = Act(
        gathering_id=gathering.id,
        account_id=account.id,
        kind="exported",
        reason=reason,
        at=now,
    )
    tx.add(act)
    await tx.flush()
    await audit.note(
        tx,
        "exported",
        actor=account.id,
        now=now,
        subject=gathering.id,
        gathering_id=gathering.id,
        form="research_csv",
        rows=rows,
        act_id=act.id,
        reason_length=len(reason),
    )


async def look_up(
    tx: AsyncSession, pseudonym: str, *, account: Account, now: datetime
) -> list[dict[str, str]]:
    """The seats that a pseudonym stands for, each with its session. Every look is noted.

    Raises hub.sealing.Unreadable.
    """
    wanted = pseudonym.strip().upper()
    ids = list(await tx.scalars(select(PersonKey.participant_id)))
    keys = await read_keys(tx, ids)
    matching = [seat for seat, key in keys.items() if key.pseudonym == wanted]
    found = list(
        await tx.scalars(
            select(Participant)
            .where(Participant.id.in_(matching))
            .order_by(Participant.joined_at, Participant.id)
        )
    )
    for seat in found:
        await audit.note(
            tx,
            "key_read",
            actor=account.id,
            now=now,
            subject=seat.id,
            gathering_id=seat.gathering_id,
            count=len(found),
        )
    if not found:
        await audit.note(tx, "key_read", actor=account.id, now=now, count=0)
    return [{"participant": seat.id, "session": seat.gathering_id} for seat in found]
