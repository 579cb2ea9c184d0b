"""Series: forums every so many months, or meetings by a rule of RFC 5545.

Source: programme.md, "The series rule"; dissemination.md, "Calendar and time zones", rule 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.errors import Fault, Invalid
from hub.meetings import holidays, times
from hub.meetings.actions.finding import list_series_meetings
from hub.meetings.actions.planning import id_of_form, new_meeting, read_meeting, read_texts
from hub.meetings.models import Meeting, Series
from hub.people.models import Account

KINDS: Final = ("forums", "rule")
# Ten years of two forums a year.
MOST_FORUMS: Final = 20
MONTHS: Final = (1, 24)
MINUTES: Final = (15, 7 * 24 * 60)


@dataclass(frozen=True)
class _Date:
    """One date of a series, on the wall clock; ``planned`` is what the rule alone gives."""

    local: datetime
    planned: datetime
    moved: bool = False


async def add_series(
    tx: AsyncSession,
    data: Mapping[str, Any],
    *,
    account: Account | None,
    now: datetime,
    demonstration: bool = False,
    client_id: str = "",
) -> tuple[Series, list[Meeting]]:
    """A new series with all its meetings, as drafts.

    ``data``: ``kind`` (``forums`` or ``rule``), ``title``, ``starts`` (``2027-03-25T13:00``),
    ``zone``, ``minutes`` (how long each is), for forums ``interval_months`` (6) and ``count`` (7),
    else ``rule``; ``meeting``: fields that all of them have. The first and last forum are open to
    all, the others by invitation. A date that is moved off a weekend or holiday waits for the
    organiser's yes. The same ``data`` with the same ``client_id`` gives the series that it made
    before. Raises Invalid.
    """
    known_id = await id_of_form(tx, "r", account, client_id, data)
    if known_id and (known := await tx.get(Series, known_id)) is not None:
        return known, (await list_series_meetings(tx, [known.id]))[known.id]
    faults: dict[str, str] = {}
    title = read_texts(data.get("title"), "/title", faults, limit=180, needed=True)
    kind = data.get("kind") or "forums"
    if kind not in KINDS:
        faults["/kind"] = "kind_unknown"
    minutes = _count(data, "minutes", faults, *MINUTES, default=180, code="minutes_range")
    months = _count(
        data,
        "interval_months",
        faults,
        *MONTHS,
        default=times.SERIES_MONTHS,
        code="series_months_range",
    )
    count = _count(
        data, "count", faults, 1, MOST_FORUMS, default=times.SERIES_COUNT, code="series_count_range"
    )
    try:
        zone = times.read_zone(data.get("zone") or times.STOCKHOLM)
        first = times.read_local(str(data.get("starts") or ""))
    except Invalid as wrong:
        raise Invalid(faults | wrong.fields) from wrong
    if faults:
        raise Invalid(faults)
    rule: str | None = None
    if kind == "rule":
        read = times.read_rule(str(data.get("rule") or ""), first, zone)
        rule, dates = read.text, [_Date(each, each) for each in read.starts]
    else:
        spread = times.series_dates(first, is_free=holidays.is_free, months=months, count=count)
        dates = [_Date(each.local, each.planned, each.moved) for each in spread]
    series_id = known_id or new_id("r")
    series = Series(
        id=series_id,
        kind=kind,
        title=title,
        starts_local=times.write_local(first),
        zone=zone,
        minutes=minutes,
        interval_months=None if rule else months,
        count=len(dates),
        rule=rule,
        uid=f"{series_id}@samrum",
        demonstration=demonstration,
        created_by=account.id if account else None,
        created_at=now,
    )
    tx.add(series)
    await tx.flush()
    meetings = await _meetings(tx, series, dates, data, account=account, now=now)
    tx.add_all(meetings)
    await tx.flush()
    return series, meetings


async def _meetings(
    tx: AsyncSession,
    series: Series,
    dates: list[_Date],
    data: Mapping[str, Any],
    *,
    account: Account | None,
    now: datetime,
) -> list[Meeting]:
    shared = {**(data.get("meeting") or {}), "title": series.title, "zone": series.zone}
    if series.kind == "forums":
        shared["kind"] = "forum"
    shared.setdefault("kind", "within_case")
    shared["starts"] = series.starts_local
    length = timedelta(minutes=series.minutes)
    shared["ends"] = times.write_local(times.read_local(series.starts_local) + length)
    shared.pop("reply_by", None)
    # Read once: what all of them have is faulty in all of them or in none.
    columns = await read_meeting(tx, {**shared, "fold": data.get("fold")})
    made = []
    for number, each in enumerate(dates, start=1):
        starts_at = times.instant_of(each.local, series.zone, fold=data.get("fold") or 0)
        own: dict[str, Any] = {
            "starts_local": times.write_local(each.local),
            "ends_local": times.write_local(each.local + length),
            "starts_at": starts_at,
            "ends_at": times.instants_of(each.local, each.local + length, series.zone, fold=0)[1],
            "fold": times.fold_of(starts_at, series.zone),
        }
        if series.kind == "forums":
            own["title"] = {key: f"{text} {number}" for key, text in series.title.items()}
            own["open_to_all"] = times.is_open_to_all(number, len(dates))
        made.append(
            new_meeting(
                {**columns, **own},
                account=account,
                now=now,
                demonstration=series.demonstration,
                series=series,
                number=number,
                planned_local=times.write_local(each.planned),
                to_confirm=each.moved,
            )
        )
    return made


def _count(
    data: Mapping[str, Any],
    name: str,
    faults: dict[str, str],
    least: int,
    most: int,
    *,
    default: int,
    code: str,
) -> int:
    value = data.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        faults[f"/{name}"] = Fault(code, most=most)
        return default
    return value
