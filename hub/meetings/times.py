"""Wall-clock times, instants and the dates of a series.

What people agree on is a time on the wall clock of a zone; the instant follows from it. Stockholm
is always an hour ahead of London, since both change clocks at one instant.
Source: dissemination.md, "Calendar and time zones"; programme.md, "The series rule".
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulestr

from hub.errors import Invalid

STOCKHOLM: Final = "Europe/Stockholm"
LONDON: Final = "Europe/London"
# Where meetings are held, and the two zones that every date is told in.
ZONES: Final = (STOCKHOLM, LONDON)
# JIF 1, then one every six months, seven in all. Source: programme.md, rule 1.
SERIES_COUNT: Final = 7
SERIES_MONTHS: Final = 6
# No reminder between these, in the recipient's own zone. Source: dissemination.md, "Life cycle".
NIGHT_BEGINS: Final = time(20)
NIGHT_ENDS: Final = time(7)
# The last hour of the day in which a mail is planned: it leaves time for a second try.
EVENING: Final = time(19)
# The longest that one meeting lasts.
LONGEST: Final = timedelta(days=7)
# The most meetings that a rule may make.
MOST_REPEATS: Final = 100
# No rule reaches further ahead.
FURTHEST_YEARS: Final = 20

_LOCAL = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::00)?", re.ASCII)
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_TOO_OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
_PARTS = (
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYMONTH",
    "BYMONTHDAY",
    "BYDAY",
    "BYSETPOS",
    "WKST",
)
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?", re.ASCII)
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_YEARS = (2000, 2200)


@dataclass(frozen=True)
class SeriesDate:
    """One date of a series: ``local`` is when it is, ``planned`` what the calendar alone gives.

    ``moved``: ``planned`` was a weekend or a holiday, and the organiser confirms ``local``.
    """

    number: int
    local: datetime
    planned: datetime
    moved: bool


@dataclass(frozen=True)
class Rule:
    """A rule of RFC 5545 that ends, in one form, with every start that it gives (wall clock)."""

    text: str
    starts: tuple[datetime, ...]


def read_zone(text: str) -> str:
    """One of ``ZONES``. Raises Invalid at ``/zone``: ``zone_unknown``."""
    if text not in ZONES:
        raise Invalid({"/zone": "zone_unknown"})
    return text


def read_local(text: str, field: str = "starts") -> datetime:
    """A wall-clock time as forms and the interface give it, ``2027-03-25T13:00``, without a zone.

    Raises Invalid at ``/<field>``: ``time_unreadable``.
    """
    found = _LOCAL.fullmatch(text.strip())
    try:
        local = datetime.fromisoformat(f"{found[1]}T{found[2]}") if found else None
    except ValueError:
        local = None
    if local is None or not _YEARS[0] <= local.year < _YEARS[1]:
        raise Invalid({f"/{field}": "time_unreadable"})
    return local


def write_local(local: datetime) -> str:
    """The 16 characters that rows keep, ``2027-03-25T13:00``."""
    return local.replace(tzinfo=None).isoformat(timespec="minutes")


def instant_of(
    local: datetime, zone: str, *, fold: int | None = None, field: str = "starts"
) -> datetime:
    """The instant, in UTC, of a wall-clock time in a zone.

    ``fold``: 0 or 1 says which of two equal times is meant, on the night when clocks go back; None:
    nobody was asked yet. Raises Invalid at ``/<field>``: ``time_not_there`` in the hour that clocks
    skip, ``time_twice`` where a time comes twice and ``fold`` is None.
    """
    first, second = (_utc(local, zone, each) for each in (0, 1))
    if first != second:
        if local_of(first, zone) != local:
            raise Invalid({f"/{field}": "time_not_there"})
        if fold is None:
            raise Invalid({f"/{field}": "time_twice"})
    return second if fold else first


def instants_of(
    starts: datetime, ends: datetime, zone: str, *, fold: int | None = None
) -> tuple[datetime, datetime]:
    """Start and end as instants. Where the end comes twice, it is the first after the start.

    Raises Invalid as ``instant_of`` does, and at ``/ends``: ``ends_before`` where it ends no later
    than it starts, ``meeting_too_long`` over seven days.
    """
    starts_at = instant_of(starts, zone, fold=fold)
    ends_at = instant_of(ends, zone, fold=0, field="ends")
    if ends_at <= starts_at:
        ends_at = instant_of(ends, zone, fold=1, field="ends")
    if ends_at <= starts_at:
        raise Invalid({"/ends": "ends_before"})
    if ends_at - starts_at > LONGEST:
        raise Invalid({"/ends": "meeting_too_long"})
    return starts_at, ends_at


def instant_kept(local: datetime, zone: str, *, fold: int = 0) -> datetime:
    """The instant of a time that was agreed on, whatever the zone's rules have become.

    Where the hour has since vanished, it is as long after midnight as was agreed (RFC 5545,
    3.3.5). A row whose instant differs is put right by this: the local time wins.
    """
    return _utc(local, zone, fold)


def local_of(at: datetime, zone: str) -> datetime:
    """What the wall clock of a zone shows at an instant, without a zone."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def fold_of(at: datetime, zone: str) -> int:
    """1 in the second of two equal hours, on the night when clocks go back; else 0."""
    return at.astimezone(ZoneInfo(zone)).fold


def add_months(local: datetime, months: int) -> datetime:
    """So many months later, at the same time of day; the last of a month that is too short."""
    index = local.year * 12 + local.month - 1 + months
    year, month = divmod(index, 12)
    return local.replace(
        year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1])
    )


def nearest_working_day(day: date, *, is_free: Callable[[date], bool]) -> date:
    """The day itself, or the nearest that is no weekend or holiday; of two as near, the later.

    ``is_free`` tells weekends and holidays (``holidays.is_free``). Raises ValueError where a month
    each way is free. Source: dissemination.md, "Calendar and time zones", rule 4.
    """
    for distance in range(32):
        for each in (day + timedelta(days=distance), day - timedelta(days=distance)):
            if not is_free(each):
                return each
    raise ValueError(f"no working day near {day}")


def series_dates(
    first: datetime,
    *,
    is_free: Callable[[date], bool],
    months: int = SERIES_MONTHS,
    count: int = SERIES_COUNT,
) -> list[SeriesDate]:
    """The dates of a series on the wall clock: each so many months after the first.

    The first stays where the organiser put it. A later one on a weekend or holiday moves to the
    nearest working day, and those after it are still counted from the first.
    """
    dates = []
    for number in range(1, count + 1):
        planned = add_months(first, months * (number - 1))
        day = planned.date()
        if number > 1:
            day = nearest_working_day(day, is_free=is_free)
        local = datetime.combine(day, planned.time())
        dates.append(SeriesDate(number, local, planned, moved=local != planned))
    return dates


def is_open_to_all(number: int, count: int) -> bool:
    """The first and the last of a series are open; those between are by invitation.

    Source: programme.md, "The series rule", 2 and 3.
    """
    return number in (1, count)


def read_rule(text: str, first: datetime, zone: str) -> Rule:
    """A recurrence rule, checked and in one form: its end is a COUNT.

    ``first`` is the first start on the wall clock of ``zone``. Raises Invalid at ``/rule``:
    ``rule_unreadable``, ``rule_unbounded`` (neither COUNT nor UNTIL), ``rule_too_many`` (over 100),
    ``rule_too_often`` (more than daily), ``rule_too_far`` (over 20 years), ``rule_first`` (the
    first start is not one of the rule's).
    Source: RFC 5545, 3.3.10.
    """
    parts = _parts_of(text)
    if parts.get("FREQ") in _TOO_OFTEN:
        raise Invalid({"/rule": "rule_too_often"})
    if parts.get("FREQ") not in _FREQUENCIES:
        raise Invalid({"/rule": "rule_unreadable"})
    if "COUNT" not in parts and "UNTIL" not in parts:
        raise Invalid({"/rule": "rule_unbounded"})
    if "COUNT" in parts and "UNTIL" in parts:
        raise Invalid({"/rule": "rule_unreadable"})
    until = _until(parts.pop("UNTIL"), zone) if "UNTIL" in parts else None
    spread = _spread(parts, first)
    if not _may_begin(parts, first):
        raise Invalid({"/rule": "rule_first"})
    furthest = add_months(first, 12 * FURTHEST_YEARS)
    starts: list[datetime] = []
    for start in spread:
        if until is not None and start > until:
            break
        if start > furthest:
            raise Invalid({"/rule": "rule_too_far"})
        if len(starts) == MOST_REPEATS:
            raise Invalid({"/rule": "rule_too_many"})
        starts.append(start)
    if not starts or starts[0] != first:
        raise Invalid({"/rule": "rule_first"})
    parts["COUNT"] = str(len(starts))
    return Rule(
        ";".join(f"{name}={parts[name]}" for name in _PARTS if name in parts), tuple(starts)
    )


def rule_of(how: str, first: datetime, *, count: int, interval: int = 1) -> str:
    """The rule for what a form offers, as text for ``read_rule``.

    ``how``: ``days``, ``weeks``, ``month_date`` (the same date each month, passing over months
    without it), ``month_end`` (the last day of each month), ``month_weekday`` (such as the second
    Thursday, or the last one) or ``years``. ``interval``: every so many of them. Raises Invalid at
    ``/rule``: ``rule_unreadable``.
    """
    weekday = _DAYS[first.weekday()]
    last = first.day + 7 > monthrange(first.year, first.month)[1]
    place = -1 if last else (first.day + 6) // 7
    shapes = {
        "days": "FREQ=DAILY",
        "weeks": f"FREQ=WEEKLY;BYDAY={weekday}",
        "month_date": f"FREQ=MONTHLY;BYMONTHDAY={first.day}",
        "month_end": "FREQ=MONTHLY;BYMONTHDAY=-1",
        "month_weekday": f"FREQ=MONTHLY;BYDAY={place}{weekday}",
        "years": f"FREQ=YEARLY;BYMONTH={first.month};BYMONTHDAY={first.day}",
    }
    if how not in shapes or count < 1 or interval < 1:
        raise Invalid({"/rule": "rule_unreadable"})
    return f"{shapes[how]};INTERVAL={interval};COUNT={count}"


def rule_starts(text: str, first: datetime) -> tuple[datetime, ...]:
    """Every start of a rule that ``read_rule`` gave, on the wall clock."""
    return tuple(_spread(_parts_of(text), first))


def quiet_until(now: datetime, zone: str) -> datetime | None:
    """When the night in a zone is over (07.00), as an instant; None where it is no night there."""
    local = local_of(now, zone)
    if NIGHT_ENDS <= local.time() < NIGHT_BEGINS:
        return None
    day = local.date() + timedelta(days=local.time() >= NIGHT_BEGINS)
    return _utc(datetime.combine(day, NIGHT_ENDS), zone, 0)


def out_of_night(at: datetime, zone: str) -> datetime:
    """The instant itself; or, where it is night in the zone, 19.00 the evening before.

    Earlier and not later: a reminder must not come after what it reminds of, nor so late that
    there is no time left to act on it.
    """
    over = quiet_until(at, zone)
    if over is None:
        return at
    evening = datetime.combine(local_of(over, zone).date() - timedelta(days=1), EVENING)
    return _utc(evening, zone, 0)


def known_zone(name: str | None, default: str = STOCKHOLM) -> str:
    """The zone of a recipient, whichever it is; the default where there is none of that name."""
    try:
        return ZoneInfo(name).key if name else default
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return default


def _utc(local: datetime, zone: str, fold: int) -> datetime:
    return local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def _parts_of(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.strip().upper().removeprefix("RRULE:").split(";")]
    parts = {name: value for name, _, value in pairs}
    if len(parts) != len(pairs) or not set(parts) <= set(_PARTS) or not all(parts.values()):
        raise Invalid({"/rule": "rule_unreadable"})
    if any(c not in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,+-" for c in "".join(parts.values())):
        raise Invalid({"/rule": "rule_unreadable"})
    return parts


def _may_begin(parts: dict[str, str], first: datetime) -> bool:
    """False where the rule leaves out the first start's own day: such a one may never come.

    The library looks for the next date to the year 9999, day by day.
    """
    days = parts["BYDAY"].split(",") if "BYDAY" in parts else None
    dates, months = (
        {int(each) for each in parts[name].split(",")} if name in parts else None
        for name in ("BYMONTHDAY", "BYMONTH")
    )
    from_end = first.day - monthrange(first.year, first.month)[1] - 1
    return (
        (days is None or any(day.endswith(_DAYS[first.weekday()]) for day in days))
        and (dates is None or bool(dates & {first.day, from_end}))
        and (months is None or first.month in months)
    )


def _spread(parts: dict[str, str], first: datetime) -> rrule:
    if "COUNT" in parts and not parts["COUNT"].isdigit():
        raise Invalid({"/rule": "rule_unreadable"})
    if parts["FREQ"] in ("DAILY", "WEEKLY") and set(parts) & {"BYMONTH", "BYMONTHDAY", "BYSETPOS"}:
        raise Invalid({"/rule": "rule_unreadable"})
    if int(parts.get("COUNT", 1)) < 1:
        raise Invalid({"/rule": "rule_unreadable"})
    if int(parts.get("COUNT", 1)) > MOST_REPEATS:
        raise Invalid({"/rule": "rule_too_many"})
    if not parts.get("INTERVAL", "1").isdigit() or not 1 <= int(parts.get("INTERVAL", 1)) <= 1000:
        raise Invalid({"/rule": "rule_unreadable"})
    try:
        spread = rrulestr(";".join(f"{n}={v}" for n, v in parts.items()), dtstart=first)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise Invalid({"/rule": "rule_unreadable"}) from error
    if not isinstance(spread, rrule):
        raise Invalid({"/rule": "rule_unreadable"})
    return spread


def _until(text: str, zone: str) -> datetime:
    """The last start that may be, on the wall clock: a day is meant to its end."""
    found = _UNTIL.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        day, clock, is_utc = found[1], found[2] or "235959", found[3] == "Z"
        until = datetime.strptime(f"{day}{clock}", "%Y%m%d%H%M%S")
    except ValueError as error:
        raise Invalid({"/rule": "rule_unreadable"}) from error
    return local_of(until.replace(tzinfo=UTC), zone) if is_utc else until
