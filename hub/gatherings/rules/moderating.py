"""Why posts are hidden or held and people sent out, how often one may post, and what is counted.

Source: privacy-and-access.md, "Data minimum and special categories"; jif.md, "Facilitator" and
"safety".
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from hub.errors import Invalid
from hub.gatherings.rules.kinds import KINDS
from hub.gatherings.rules.limits import REASON_LIMIT

HIDE_REASONS = (
    "personal_data",
    "third_person",
    "danger",
    "offensive",
    "off_topic",
    "repeated",
    "other",
)


REMOVE_REASONS = ("disturbs", "offensive", "threat", "not_invited", "other")


# A facilitator sends people out for one of these; whoever recalls an invitation does so too.
RECALLED = "recalled"


# Why a post waits for a facilitator: what hub.chatbot.risks tells apart.
HELD_REASONS = ("health", "privacy")


# What is counted, in the order in which it is listed: the act, and the reason for it.
COUNTED = (
    *(("hidden", reason) for reason in HIDE_REASONS),
    *(("held", reason) for reason in HELD_REASONS),
    *(("removed_from_room", reason) for reason in (*REMOVE_REASONS, RECALLED)),
)


# Least seconds between two posts of one person; 0 is no slow mode.
SLOW_SECONDS = (0, 15, 30, 60, 120)


# Answers that the step asks for: whoever gives one does not take up the room.
NOT_SLOWED = ("restatement_check", "stance")


ANSWER_LIMIT = 1000


def read_hide_reason(reason: str, note: str) -> tuple[str, str]:
    """The code and the note of a reason to hide; both texts are cleaned already.

    A text that is no code counts as ``other``, and is the note. Raises Invalid where there is no
    reason, and for ``other`` without a word.
    """
    if not reason:
        raise Invalid({"/reason": "reason_missing"})
    if reason not in HIDE_REASONS:
        return "other", (f"{reason}\n{note}" if note else reason)[:REASON_LIMIT]
    if reason == "other" and not note:
        raise Invalid({"/note": "note_missing"})
    return reason, note[:REASON_LIMIT]


def is_slowed(kind: str) -> bool:
    """Whether slow mode holds for a kind: what others read, but for answers that are asked for."""
    return not KINDS[kind].private and kind not in NOT_SLOWED


def seconds_to_wait(slow_seconds: int, latest_at: datetime | None, now: datetime) -> int:
    """Whole seconds until somebody who posted at ``latest_at`` may post again; 0 where now."""
    if not slow_seconds or latest_at is None:
        return 0
    left = latest_at + timedelta(seconds=slow_seconds) - now
    return max(0, math.ceil(left.total_seconds()))
