"""The log of a gathering: every change is an event, and every act of a facilitator is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from hub.gatherings import rules
from hub.gatherings.models import (
    Act,
    Gathering,
    GatheringEvent,
)
from hub.people.models import Account


def record(
    tx: AsyncSession,
    gathering: Gathering,
    event: rules.Event,
    *,
    actor: str | None,
) -> int:
    """Raise the revision, add the event to the log and bring the stage columns up to date.

    Returns the new revision, which stamps what the event changed.
    """
    gathering.revision += 1
    tx.add(
        GatheringEvent(
            gathering_id=gathering.id,
            number=gathering.revision,
            at=event.at,
            kind=event.kind,
            actor=actor,
            data=event.data,
        )
    )
    gathering.last_activity_at = event.at
    if event.kind in rules.STAGE_EVENTS:
        _project(gathering, rules.apply(gathering.stage, event))
    return gathering.revision


def _project(gathering: Gathering, stage: rules.Stage) -> None:
    gathering.state = stage.state
    gathering.phase_index = stage.phase_index
    gathering.phase_started_at = stage.phase_started_at
    gathering.ends_at = stage.ends_at
    gathering.left = stage.left
    gathering.time_up_at = None
    gathering.stage_revision = gathering.revision


def log_act(
    tx: AsyncSession,
    gathering: Gathering,
    account: Account | None,
    *,
    kind: str,
    now: datetime,
    target: str | None = None,
    reason: str = "",
) -> None:
    """Every act of those who run the session is kept, with its reason."""
    tx.add(
        Act(
            gathering_id=gathering.id,
            account_id=account.id if account else None,
            kind=kind,
            target=target,
            reason=reason[: rules.REASON_LIMIT],
            at=now,
        )
    )
