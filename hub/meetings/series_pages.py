"""Pages of series: all of them, one with its meetings, and a new one after a look at its dates."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Response

from hub.errors import Fault, Invalid, Refusal
from hub.meetings import actions, holidays, states, warnings
from hub.meetings.actions.series import MINUTES, MONTHS, MOST_FORUMS
from hub.meetings.doorway import check_organises, sees_all
from hub.meetings.letters import AUDIENCES
from hub.meetings.times import (
    MOST_REPEATS,
    SERIES_COUNT,
    SERIES_MONTHS,
    STOCKHOLM,
    SeriesDate,
    instant_kept,
    instant_of,
    is_open_to_all,
    read_local,
    read_rule,
    read_zone,
    rule_of,
    series_dates,
)
from hub.meetings.visit import Here, Visit, shown
from hub.web import both, read_form, read_number, see_other

router = APIRouter(include_in_schema=False)
# What the form offers, as ``times.rule_of`` has it: how, and every so many.
CHOICES: Final[Mapping[str, tuple[str, int]]] = {
    "weeks": ("weeks", 1),
    "weeks2": ("weeks", 2),
    "month_weekday": ("month_weekday", 1),
    "month_date": ("month_date", 1),
    "month_end": ("month_end", 1),
    "years": ("years", 1),
}
BLANK: Final = {
    "kind": "forums",
    "zone": STOCKHOLM,
    "from": "13:00",
    "minutes": "90",
    "count": str(SERIES_COUNT),
    "interval_months": str(SERIES_MONTHS),
    "how": "month_weekday",
    "form": "hybrid",
}
# The warnings that a date alone gives.
OF_THE_DAY: Final = (
    "past",
    "holiday",
    "weekend",
    "day_before_holiday",
    "summer",
    "christmas",
    "sportlov",
    "autumn_break",
    "half_term",
)
# Where the links of the summary of faults lead.
FORM_AT: Final = {"starts": "day", "title": "title_sv", "rule": "how", "kind": "kind-forums"}


@dataclass(frozen=True)
class Wanted:
    """A series as its form has it, with the dates that it gives."""

    data: Mapping[str, Any]
    dates: list[SeriesDate]
    zone: str
    minutes: int


@router.get("/series")
async def get_all(visit: Here) -> Response:
    """All series, newest first."""
    check_organises(visit.caller)
    async with visit.database.reading() as tx:
        found = await actions.list_series(tx)
        meetings = await actions.list_series_meetings(tx, [each.id for each in found])
    series = [{"id": s.id, "title": s.title, "meetings": meetings[s.id]} for s in found]
    return visit.page("meetings/series_list.html", series=series)


@router.get("/series/new")
async def get_new(visit: Here) -> Response:
    """The form of a new series."""
    check_organises(visit.caller)
    return _new_page(visit, values=BLANK)


@router.post("/series/new")
async def post_new(visit: Here) -> Response:
    """Show the dates that it gives; make its meetings where they have been looked at."""
    account = check_organises(visit.caller)
    form = await read_form(visit.request)
    try:
        wanted = read_series(form)
        if form.get("make") != "1" or form.get("looked_at") != looks_of(wanted):
            return _new_page(visit, values=form, wanted=wanted)
        async with visit.database.transaction() as tx:
            now = visit.clock.now()
            series, _ = await actions.add_series(
                tx, wanted.data, account=account, now=now, client_id=form.get("client_id", "")
            )
            made = series.id
    except Refusal as refusal:
        wrong = visit.wrong(refusal)
        return _new_page(visit, refusal.status, values=form, **wrong)
    return see_other(f"/series/{made}")


@router.get("/series/{series_id}")
async def get_series(series_id: str, visit: Here) -> Response:
    """A series with its meetings; organisers confirm the dates that were moved."""
    organises = sees_all(visit.caller)
    async with visit.database.reading() as tx:
        series = await actions.access_series(tx, series_id)
        meetings = (await actions.list_series_meetings(tx, [series.id]))[series.id]
        counts = await actions.count_replies(tx, [each.id for each in meetings])
    now = visit.clock.now()
    seen = [m for m in meetings if organises or (m.state in states.SHOWN and m.open_to_all)]
    return visit.page(
        "meetings/series.html",
        series={
            "id": series.id,
            "title": series.title,
            "meetings": [shown(each, counts[each.id], now=now) for each in seen],
        },
        organises=organises,
        done=visit.done(("confirmed",)),
    )


def read_series(form: Mapping[str, str]) -> Wanted:
    """A series as its form has it. Raises Invalid for what gives no dates."""
    kind = form.get("kind", "")
    zone = read_zone(form.get("zone", STOCKHOLM))
    starts = f"{form.get('day', '').strip()}T{form.get('from', '').strip()}"
    count, minutes = read_number(form.get("count")) or 0, read_number(form.get("minutes")) or 0
    months = read_number(form.get("interval_months")) or 0
    faults: dict[str, str] = {}
    if not any(text.strip() for text in both(form, "title").values()):
        faults["/title"] = "text_missing"
    if not MINUTES[0] <= minutes <= MINUTES[1]:
        faults["/minutes"] = "minutes_range"
    most = MOST_REPEATS if kind == "rule" else MOST_FORUMS
    if not 0 < count <= most:
        faults["/count"] = Fault("series_count_range", most=most)
    if kind != "rule" and not MONTHS[0] <= months <= MONTHS[1]:
        faults["/interval_months"] = Fault("series_months_range", most=MONTHS[1])
    try:
        instant_of(read_local(starts), zone, fold=0)
    except Invalid as fault:
        faults |= fault.fields
    if faults:
        raise Invalid(faults)
    first = read_local(starts)
    data: dict[str, Any] = {
        "kind": "rule" if kind == "rule" else "forums",
        "title": both(form, "title"),
        "starts": starts,
        "zone": zone,
        "minutes": minutes,
        "count": count,
        "meeting": _shared(form),
    }
    if kind == "rule":
        rule = read_rule(_rule(form, first, count), first, zone)
        data |= {"rule": rule.text, "count": len(rule.starts)}
        dates = [SeriesDate(n, at, at, moved=False) for n, at in enumerate(rule.starts, start=1)]
    else:
        data["interval_months"] = months
        dates = series_dates(first, is_free=holidays.is_free, months=months, count=count)
    return Wanted(data, dates, zone, minutes)


def _rule(form: Mapping[str, str], first: datetime, count: int) -> str:
    how = form.get("how", "")
    if how == "own":
        return form.get("own_rule", "")
    name, interval = CHOICES.get(how, ("", 1))
    return rule_of(name, first, count=count, interval=interval)


def _shared(form: Mapping[str, str]) -> dict[str, Any]:
    """What all meetings of the series have in common."""
    kind = "forum" if form.get("kind") != "rule" else form.get("meeting_kind", "")
    capacity = read_number(form.get("capacity"))
    return {
        "kind": kind,
        "form": form.get("form", ""),
        "short_title": both(form, "short_title"),
        "purpose": both(form, "purpose"),
        "place": both(form, "place"),
        "audiences": [code for code in AUDIENCES if form.get(f"audiences-{code}")],
        "capacity": -1 if capacity is None and form.get("capacity", "").strip() else capacity,
        "host": form.get("host", ""),
    }


def looks_of(wanted: Wanted) -> str:
    """The dates as one text: what the form hands back was looked at is these, or others."""
    days = ",".join(date.local.isoformat(timespec="minutes") for date in wanted.dates)
    return f"{wanted.zone} {wanted.minutes} {days}"


def _new_page(
    visit: Visit, status: int = 200, *, wanted: Wanted | None = None, **more: Any
) -> Response:
    return visit.page(
        "meetings/series_new.html",
        status,
        preview=_preview(visit, wanted) if wanted else [],
        looked_at=looks_of(wanted) if wanted else "",
        kinds=states.KINDS,
        audiences=AUDIENCES,
        at=FORM_AT,
        client_id=more["values"].get("client_id") or uuid.uuid4().hex,
        **more,
    )


def _preview(visit: Visit, wanted: Wanted) -> list[dict[str, Any]]:
    """Each date in both zones, with what speaks against the day."""
    forums = wanted.data["kind"] == "forums"
    found = []
    for date in wanted.dates:
        starts_at = instant_kept(date.local, wanted.zone)
        ends_at = starts_at + timedelta(minutes=wanted.minutes)
        plan = warnings.Plan(
            id="",
            kind=wanted.data["meeting"]["kind"],
            starts_local=date.local,
            ends_local=date.local + timedelta(minutes=wanted.minutes),
            zone=wanted.zone,
            starts_at=starts_at,
            ends_at=ends_at,
        )
        about = warnings.warnings_of(plan, now=visit.clock.now())
        found.append(
            {
                "starts_at": starts_at,
                "ends_at": ends_at,
                "zone": wanted.zone,
                "moved": date.moved,
                "planned_at": instant_kept(date.planned, wanted.zone),
                "open_to_all": not forums or is_open_to_all(date.number, len(wanted.dates)),
                "warnings": [
                    warnings.sentence_of(each, visit.language, visit.renderer.say)
                    for each in about
                    if each.code in OF_THE_DAY
                ],
            }
        )
    return found
