"""Which material is due for deletion, and when. Plain: no database, no clock.

Source: privacy-and-access.md, "Retention".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

# What is kept of one session is counted from the day it closed, the rest from the day it was made;
# who was invited to a meeting from its end, an owner's address from when there was an end to what
# they were asked about.
OF_SESSIONS: Final = ("posts", "keys", "invitations")
OF_WEEKS: Final = ("invitees", "owners", "mails", "sign_ins")
KINDS: Final = (*OF_SESSIONS, *OF_WEEKS)
# Source: privacy-and-access.md: posts, keys and access logs 24 months. What only served to send
# something is of no use once it is over.
DEFAULT_DAYS: Final = {
    "posts": 730,
    "keys": 730,
    "invitations": 14,
    "invitees": 365,
    "owners": 365,
    "mails": 30,
    "sign_ins": 730,
}
STATES: Final = ("announced", "held", "done", "dropped")
# A week's material is whole only when the week is over, and a record is a draft for seven days.
LEAST_DAYS: Final = 7
MOST_DAYS: Final = 36_500
NOTICE_DAYS: Final = 14
TEXT_LIMIT: Final = 1000


@dataclass(frozen=True)
class Rule:
    """How long one kind is kept, in days, and the decision that its deletion rests on."""

    kind: str
    days: int
    decision: str = ""

    @property
    def deletes(self) -> bool:
        """Nothing is deleted without a decision."""
        return bool(self.decision)


def rule_faults(*, days: int | None, decision: str) -> dict[str, str]:
    """JSON pointer to the code of what is wrong; empty where the rule can be kept."""
    faults: dict[str, str] = {}
    if days is None or not LEAST_DAYS <= days <= MOST_DAYS:
        faults["/days"] = "days_out_of_range"
    if len(decision) > TEXT_LIMIT:
        faults["/decision"] = "decision_too_long"
    return faults


def due_at(since: datetime, *, days: int, now: datetime) -> datetime | None:
    """When material from ``since`` is deleted; None while it is too early to announce it.

    Nothing is deleted before it has been announced for ``NOTICE_DAYS``.
    """
    due, notice = since + timedelta(days=days), timedelta(days=NOTICE_DAYS)
    return max(due, now + notice) if due - notice <= now else None


def next_due(due: datetime, *, now: datetime) -> datetime:
    """When a deletion that was on hold is done: on its day, or tomorrow where that has passed."""
    return max(due, now + timedelta(days=1))


def week_of(at: datetime) -> str:
    """The Monday (UTC) of the week, as a date: what is not of one session is deleted by week."""
    day = at.astimezone(UTC).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def start_of(week: str) -> datetime:
    """The first moment of a week."""
    return datetime.fromisoformat(week).replace(tzinfo=UTC)


def subject_of(kind: str, week: str) -> str:
    """What a purge of a week is called: ``mails 2026-11-23``."""
    return f"{kind} {week}"


def week_in(subject: str) -> str:
    """The week of such a subject."""
    return subject.rpartition(" ")[2]


def keys_to_destroy(
    own: set[str],
    pseudonyms: dict[str, str],
    *,
    still_needed: set[str],
    left_behind: set[str],
) -> set[str]:
    """The seats whose keys go when those of one session do.

    ``own`` are the session's seats and ``pseudonyms`` those of all seats. Whoever said yes to be
    followed keeps the key until their last session is due: a seat stays where the same pseudonym
    has a seat among ``still_needed``. Seats ``left_behind`` so by an earlier purge go with the
    last one. Source: privacy-and-access.md: "raw posts and key 24 months after the last session".
    """
    needed = {pseudonyms[seat] for seat in still_needed if seat in pseudonyms}
    going = {seat for seat in own if pseudonyms.get(seat) not in needed}
    gone = {pseudonyms[seat] for seat in going if seat in pseudonyms}
    return going | {seat for seat in left_behind if pseudonyms.get(seat) in gone}
