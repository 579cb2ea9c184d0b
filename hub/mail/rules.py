"""When people are left in peace. Source: dissemination.md, "Life cycle"."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# No reminder between 20.00 and 07.00 in the recipient's own zone.
EVENING: Final = time(20)
MORNING: Final = time(7)

ZONES: Final = {"sv": "Europe/Stockholm", "en": "Europe/London"}


def zone_of(language: str) -> str:
    """The zone whose nights are kept for somebody of whom no more is known than what they read."""
    return ZONES.get(language, ZONES["sv"])


def after_night(at: datetime, zone: str) -> datetime:
    """``at``, or the morning that ends the night it falls in there. ``zone`` is an IANA name.

    20.00 is night, 07.00 is not. Raises ValueError for a zone that there is not.
    """
    try:
        place = ZoneInfo(zone)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"no time zone is called {zone!r}") from error
    local = at.astimezone(place)
    if MORNING <= local.time() < EVENING:
        return at
    day = local.date() + timedelta(days=local.time() >= EVENING)
    return datetime.combine(day, MORNING, place).astimezone(at.tzinfo)
