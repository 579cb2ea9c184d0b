"""Finding cards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.errors import Invalid
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.texts import read_both
from hub.gatherings.models import (
    Gathering,
)
from hub.people.models import Account
from hub.people.rules import LANGUAGES, clean_text
from hub.programme.models import Finding, list_findings

TAGS = ("measurement", "mechanisms", "management", "models")


@dataclass(frozen=True)
class Card:
    """A finding card as it came in; ``picture`` is the name of a stored file, or None."""

    title: object
    text: object
    source: str = ""
    tags: tuple[str, ...] = ()
    picture: str | None = None
    picture_alt: object = None
    language: str | None = None


def read_card(card: Card) -> dict[str, Any]:
    """The card's columns. Raises Invalid with a pointer for each fault."""
    faults: dict[str, str] = {}
    columns: dict[str, Any] = {
        "title": read_both(card.title, "/title", faults, limit=200),
        "text": read_both(card.text, "/text", faults, limit=2000),
        "source": clean_text(card.source)[:500],
        "tags": [tag for tag in TAGS if tag in card.tags],
    }
    if card.language is not None:
        columns["language"] = card.language
        if card.language not in LANGUAGES:
            faults["/language"] = "language_unknown"
    if set(card.tags) - set(TAGS):
        faults["/tags"] = "tag_unknown"
    if card.picture:
        columns["picture"] = card.picture
        columns["picture_alt"] = read_both(card.picture_alt, "/picture_alt", faults, limit=500)
    if faults:
        raise Invalid(faults)
    return columns


async def add_finding(
    tx: AsyncSession, gathering: Gathering, card: Card, *, account: Account, now: datetime
) -> Finding:
    """A new card, last in order."""
    columns = read_card(card)
    before = await list_findings(tx, gathering.id)
    finding = Finding(
        id=new_id("f"),
        gathering_id=gathering.id,
        position=max((f.position for f in before), default=0) + 1,
        revision=0,
        **{"language": account.language, **columns},
    )
    tx.add(finding)
    _finding_changed(tx, gathering, finding, "finding_added", account, now)
    await tx.flush()
    return finding


async def change_finding(
    tx: AsyncSession,
    gathering: Gathering,
    finding: Finding,
    card: Card,
    *,
    account: Account,
    now: datetime,
) -> None:
    for name, value in read_card(card).items():
        setattr(finding, name, value)
    _finding_changed(tx, gathering, finding, "finding_changed", account, now)
    await tx.flush()


async def remove_finding(
    tx: AsyncSession, gathering: Gathering, finding: Finding, *, account: Account, now: datetime
) -> None:
    finding.removed_at = finding.removed_at or now
    _finding_changed(tx, gathering, finding, "finding_removed", account, now)
    await tx.flush()


async def show_finding(
    tx: AsyncSession, gathering: Gathering, finding: Finding, *, account: Account, now: datetime
) -> None:
    """The card is up for discussion. Showing it twice changes nothing."""
    if finding.shown_at is not None:
        return
    finding.shown_at = now
    _finding_changed(tx, gathering, finding, "finding_shown", account, now)
    await tx.flush()


def _finding_changed(
    tx: AsyncSession,
    gathering: Gathering,
    finding: Finding,
    kind: str,
    account: Account,
    now: datetime,
) -> None:
    log_act(tx, gathering, account, kind=kind, now=now, target=finding.id)
    event = rules.Event(kind, now, {"finding": finding.id})
    finding.revision = record(tx, gathering, event, actor=account.id)
    gathering.stage_revision = gathering.revision
