"""What an organiser is told before going on with a meeting. The hub warns, the organiser decides.

Source: dissemination.md, "Workshops" and "Calendar and time zones", rule 5; programme.md, "The
series rule", 5 and 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final

from hub.meetings import holidays
from hub.meetings.times import STOCKHOLM, local_of

GROUPS: Final = ("lived", "practice", "research")
# Audiences that come in their working hours.
STAFF: Final = ("leaders", "educators", "professions", "funders")
# In Stockholm, for mixed staff groups; and when citizens who work can come.
STAFF_HOURS: Final = (time(10), time(16))
CITIZENS_HOURS: Final = (time(17, 30), time(19))
# Weeks ahead that invitations go out, and the fewest; the fewest for open external events.
INVITE_WEEKS: Final = 6
FEWEST_WEEKS: Final = 3
OPEN_WEEKS: Final = 8

# The codes, gravest first; their sentences are catalogue words ``warning.<code>``.
CODES: Final = (
    "past",
    "no_support",
    "same_person",
    "same_place",
    "same_case",
    "same_time",
    "date_moved",
    "holiday",
    "weekend",
    "day_before_holiday",
    "summer",
    "christmas",
    "sportlov",
    "autumn_break",
    "half_term",
    "staff_hours",
    "citizens_hours",
    "no_cohost",
    "cohost_from_neither",
    "groups_missing",
    "no_lived_third",
    "no_phd_invited",
    "no_phd_accepted",
    "kept_over_capacity",
    "recording",
    "short_notice",
    "invite_soon",
    "own_links",
)
# Advice: no reason is asked for going on.
HINTS: Final = ("autumn_break", "citizens_hours", "invite_soon", "own_links")


@dataclass(frozen=True)
class Plan:
    """Of a meeting: what warnings come from. ``planned_local``: before a free day moved it."""

    id: str
    kind: str
    starts_local: datetime
    ends_local: datetime
    zone: str
    starts_at: datetime
    ends_at: datetime
    open_to_all: bool = True
    audiences: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    host: str = ""
    cohost: str = ""
    cohost_from: str | None = None
    place: str = ""
    link: str = ""
    capacity: int | None = None
    quotas: Mapping[str, int] = field(default_factory=dict)
    recording: bool = False
    to_confirm: bool = False
    planned_local: datetime | None = None
    invited_at: datetime | None = None
    # Of the live session: it cannot begin without a support person; each comes in by invitation.
    lacks_support: bool = False
    by_own_links: bool = False


@dataclass(frozen=True)
class Other:
    """Another meeting, or a planned session, that this one may clash with."""

    id: str
    title: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    host: str = ""
    cohost: str = ""
    place: str = ""
    link: str = ""
    cases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """Somebody who is invited. ``reply`` as in ``places.REPLIES``."""

    group: str | None = None
    phd_student: bool = False
    reply: str | None = None


@dataclass(frozen=True)
class Warning:
    """``code`` names the sentence (``warning.<code>``), ``facts`` fill it in.

    Facts that a reader's language decides on are codes: ``key`` of a holiday, ``country``,
    ``groups``; ``title`` is in both languages. A ``hint`` needs no reason; for everything else the
    organiser says why they go on.
    """

    code: str
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def hint(self) -> bool:
        """True where it is advice."""
        return self.code in HINTS


def warnings_of(
    plan: Plan, *, now: datetime, others: Iterable[Other] = (), wanted: Iterable[Wanted] = ()
) -> list[Warning]:
    """Everything that speaks against the plan as it stands, the gravest first.

    ``others``: what else is planned, itself left out by its id. ``wanted``: who is invited.
    """
    guests = list(wanted)
    found = [
        *_about_time(plan, now=now),
        *_clashes(plan, others),
        *_about_day(plan),
        *_about_hours(plan, guests),
        *_about_people(plan, guests),
    ]
    for code, holds in (
        ("recording", plan.recording),
        ("no_support", plan.lacks_support),
        ("own_links", plan.by_own_links),
    ):
        if holds:
            found.append(Warning(code))
    return sorted(found, key=lambda each: CODES.index(each.code))


def unanswered(warnings: Iterable[Warning], accepted: Mapping[str, str]) -> list[Warning]:
    """The warnings that the organiser has yet to give a reason for; never a hint."""
    return [w for w in warnings if not w.hint and not accepted.get(w.code, "").strip()]


def sentence_of(warning: Warning, language: str, say: Callable[..., str]) -> str:
    """The warning in words. ``say``: the catalogues, as ``Renderer.say``."""
    facts = dict(warning.facts)
    if "key" in facts:
        facts["name"] = say(language, f"holiday.{facts['key']}")
        facts["where"] = say(language, f"holiday_in.{facts['country']}")
    title = facts.get("title")
    if isinstance(title, Mapping):
        other = "en" if language == "sv" else "sv"
        facts["title"] = title.get(language) or title.get(other) or ""
    groups = facts.get("groups")
    if isinstance(groups, list):
        facts["groups"] = ", ".join(say(language, f"group.{group}") for group in groups)
    return say(language, f"warning.{warning.code}", **facts)


def _about_time(plan: Plan, *, now: datetime) -> Iterator[Warning]:
    if plan.starts_at <= now:
        yield Warning("past")
        return
    if plan.to_confirm and plan.planned_local is not None:
        yield Warning("date_moved", {"planned": plan.planned_local.date().isoformat()})
    if plan.invited_at is not None:
        return
    ahead = plan.starts_at - now
    open_event = plan.kind == "external" and plan.open_to_all
    fewest = OPEN_WEEKS if open_event else FEWEST_WEEKS
    if ahead < timedelta(weeks=fewest):
        yield Warning("short_notice", {"weeks": fewest})
    elif ahead < timedelta(weeks=INVITE_WEEKS):
        yield Warning("invite_soon", {"weeks": INVITE_WEEKS})


def _clashes(plan: Plan, others: Iterable[Other]) -> Iterator[Warning]:
    """Each other meeting at the same time once, by what they share that matters most."""
    people = {_folded(plan.host), _folded(plan.cohost)} - {""}
    places = {_folded(plan.place), _folded(plan.link)} - {""}
    for other in others:
        apart = other.ends_at <= plan.starts_at or plan.ends_at <= other.starts_at
        if other.id == plan.id or apart:
            continue
        facts = {"title": other.title, "id": other.id, "starts_at": other.starts_at.isoformat()}
        if people & {_folded(other.host), _folded(other.cohost)}:
            yield Warning("same_person", facts)
        elif places & {_folded(other.place), _folded(other.link)}:
            yield Warning("same_place", facts)
        elif set(plan.cases) & set(other.cases):
            yield Warning("same_case", facts)
        else:
            yield Warning("same_time", facts)


def _about_day(plan: Plan) -> Iterator[Warning]:
    day = plan.starts_local.date()
    today = holidays.holidays_on(day)
    for holiday in today:
        yield Warning("holiday", {"country": holiday.country, "key": holiday.key})
    if day.weekday() >= 5:
        yield Warning("weekend")
    free_in = {holiday.country for holiday in today}
    for holiday in holidays.holidays_after(day):
        if holiday.country not in free_in and day.weekday() < 5:
            yield Warning("day_before_holiday", {"country": holiday.country, "key": holiday.key})
    week = day.isocalendar().week
    if holidays.in_summer(day):
        yield Warning("summer", {"week": week})
    if holidays.at_christmas(day):
        yield Warning("christmas", {"week": week})
    if counties := holidays.sportlov_on(day):
        yield Warning("sportlov", {"week": week, "counties": ", ".join(counties)})
    if holidays.is_autumn_break(day):
        yield Warning("autumn_break", {"week": week})
    if holidays.is_half_term(day):
        yield Warning("half_term", {"week": week})


def _about_hours(plan: Plan, guests: list[Wanted]) -> Iterator[Warning]:
    """Staff come in working hours; citizens who work can come when those are over."""
    starts, ends = (local_of(at, STOCKHOLM) for at in (plan.starts_at, plan.ends_at))
    groups = {guest.group for guest in guests}
    staff = bool(set(plan.audiences) & set(STAFF) or groups & {"practice", "research"})
    citizens = "citizens" in plan.audiences or "lived" in groups
    within = (
        starts.date() == ends.date()
        and STAFF_HOURS[0] <= starts.time()
        and ends.time() <= STAFF_HOURS[1]
    )
    evening = starts.time() >= CITIZENS_HOURS[0] and ends.time() <= CITIZENS_HOURS[1]
    if staff and not within:
        yield Warning("staff_hours")
    if citizens and not evening and starts.weekday() < 5:
        yield Warning("citizens_hours")


def _about_people(plan: Plan, guests: list[Wanted]) -> Iterator[Warning]:
    if plan.kind != "forum":
        if not plan.cohost.strip():
            yield Warning("no_cohost")
        elif plan.cohost_from is None:
            yield Warning("cohost_from_neither")
    if plan.capacity is not None and sum(plan.quotas.values()) > plan.capacity:
        yield Warning("kept_over_capacity")
    if plan.kind != "forum":
        return
    if not plan.open_to_all:
        yield from _about_groups(plan, guests)
    students = [guest for guest in guests if guest.phd_student]
    if not students:
        yield Warning("no_phd_invited")
    elif not any(guest.reply in ("room", "online") for guest in students):
        yield Warning("no_phd_accepted")


def _about_groups(plan: Plan, guests: list[Wanted]) -> Iterator[Warning]:
    """A focused forum: all three groups, and a third of the seats for lived experience.

    Source: programme.md, "The series rule", 6.
    """
    missing = [group for group in GROUPS if all(guest.group != group for guest in guests)]
    if missing:
        yield Warning("groups_missing", {"groups": missing})
    kept = plan.quotas.get("lived", 0)
    if plan.capacity is not None and kept * 3 >= plan.capacity:
        return
    coming = [guest for guest in guests if guest.reply != "no"]
    lived = sum(guest.group == "lived" for guest in coming)
    if lived * 3 < len(coming) or not coming:
        yield Warning("no_lived_third", {"lived": lived, "all": len(coming)})


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
