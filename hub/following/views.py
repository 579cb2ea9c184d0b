"""Owners and what became of recommendations, as plain data for pages and calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from hub.following import rules
from hub.following.actions import Kept
from hub.following.models import Owner
from hub.gatherings.models import Progress
from hub.gatherings.record import reason_view
from hub.gatherings.rules import ENDED
from hub.gatherings.views import moment


def owner_view(
    recommendation: Mapping[str, Any], owner: Owner | None, kept: Kept, *, next_at: datetime | None
) -> dict[str, Any]:
    """Where asking the owner stands. ``email`` is for those who run the session alone."""
    return {
        "state": rules.state_of(
            told=owner is not None,
            refused=owner is not None and owner.stopped_at is not None and not kept.secret,
            stopped_at=owner.stopped_at if owner else None,
            asked_at=owner.asked_at if owner else None,
            answered_at=owner.answered_at if owner else None,
            ended=recommendation["status"] in ENDED,
        ),
        "email": kept.email,
        "language": owner.language if owner else "both",
        "zone": owner.zone if owner else rules.ZONES[0],
        "asked_at": moment(owner.asked_at) if owner else None,
        "answered_at": moment(owner.answered_at) if owner else None,
        "next_at": moment(next_at),
    }


def told_views(told: Iterable[Progress]) -> list[dict[str, Any]]:
    """What was said of a recommendation, oldest first; ``by_owner``: by the owner's link."""
    return [
        {
            "status": each.status,
            **reason_view(each),
            "at": moment(each.at),
            "by_owner": each.account_id is None,
        }
        for each in told
    ]
