"""When an owner is asked what became of a recommendation. Plain dates, no database.

Source: dissemination.md, "Life cycle" (3 months later) and issue "Following up".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

ZONES: Final = ("Europe/Stockholm", "Europe/London")
# sv, en, or both where nobody has said which one they read.
LANGUAGES: Final = ("sv", "en", "both")
# A date is near this long before it: time enough to do something about it.
NEAR: Final = timedelta(days=14)
# Months from the close to the first question, and between questions.
MONTHS: Final = 3
# Whoever has told us so lately is not asked at once.
LATELY: Final = timedelta(days=30)
ASKED_AT: Final = time(9)
# How long a question is of use: after that the next one is near.
KEEPS: Final = timedelta(days=60)


def first_ask(closed_at: datetime, when: str | None, *, zone: str, now: datetime) -> datetime:
    """When an owner is asked first: two weeks before the date, or 3 months after the close.

    Whichever comes first, at nine in the morning in ``zone``, and never before ``now``. ``when`` is
    the date as the session wrote it; one that is no date is passed over.
    """
    days = [_day(closed_at, zone) + relativedelta(months=MONTHS)]
    if due := read_day(when):
        days.append(due - NEAR)
    return max(now, _morning(min(days), zone))


def next_ask(last: datetime, *, zone: str) -> datetime:
    """Three months after ``last``, at nine in the morning in ``zone``."""
    return _morning(_day(last, zone) + relativedelta(months=MONTHS), zone)


def read_day(text: str | None) -> date | None:
    """A date as 2027-03-01; None for all else."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def state_of(
    *,
    told: bool,
    refused: bool,
    stopped_at: datetime | None,
    asked_at: datetime | None,
    answered_at: datetime | None,
    ended: bool,
) -> str:
    """Where asking the owner stands, as a code with words (``owner_state.*``)."""
    for code, is_so in (
        ("not_me", refused),
        ("stopped", stopped_at is not None),
        ("ended", ended),
        ("answered", answered_at is not None),
        ("asked", asked_at is not None),
        ("waiting", told),
    ):
        if is_so:
            return code
    return "none"


STATES: Final[Sequence[str]] = (
    "none",
    "waiting",
    "asked",
    "answered",
    "stopped",
    "not_me",
    "ended",
)


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _morning(day: date, zone: str) -> datetime:
    return datetime.combine(day, ASKED_AT, tzinfo=ZoneInfo(zone))
