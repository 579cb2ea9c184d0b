"""Days that meetings had better not be held on, in Sweden and England.

Public holidays are worked out; school breaks are not decided by anyone for a whole country, so
that theirs are the usual weeks, to be looked up where it matters.
Source: dissemination.md, "Calendar and time zones", rules 4 and 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache, partial
from typing import Final

from holidays import DE_FACTO, PUBLIC, country_holidays

from hub.meetings import times

COUNTRIES: Final = ("SE", "UK")

# By their names in the library; the eves are free in practice.
_SWEDISH: Final = {
    "New Year's Day": "new_year",
    "Epiphany": "epiphany",
    "Good Friday": "good_friday",
    "Easter Sunday": "easter_sunday",
    "Easter Monday": "easter_monday",
    "May Day": "first_of_may",
    "Ascension Day": "ascension",
    "Pentecost": "pentecost",
    "National Day": "national_day",
    "Midsummer Eve": "midsummer_eve",
    "Midsummer Day": "midsummer",
    "All Saints' Day": "all_saints",
    "Christmas Eve": "christmas_eve",
    "Christmas Day": "christmas",
    "Second Day of Christmas": "boxing_day",
    "New Year's Eve": "new_year_eve",
}
_ENGLISH: Final = {
    "New Year's Day": "new_year",
    "Good Friday": "good_friday",
    "Easter Monday": "easter_monday",
    "May Day": "early_may",
    "Spring Bank Holiday": "spring_bank",
    "Late Summer Bank Holiday": "summer_bank",
    "Christmas Day": "christmas",
    "Boxing Day": "boxing_day",
}
# The word for a holiday that the library knows and this list does not, such as a coronation.
OTHER: Final = "other"
# What holidays are called: catalogue words ``holiday.<key>``.
KEYS: Final = tuple(dict.fromkeys((*_SWEDISH.values(), *_ENGLISH.values(), OTHER)))

# Summer: half of Sweden is away. Source: dissemination.md, rule 5.
SUMMER_WEEKS: Final = (28, 31)
AUTUMN_WEEK: Final = 44
# When each county has sportlov: first and last ISO week. Municipalities decide, and may differ.
# Source: Skolporten, Grundskolans läsårstider 2020/2021.
SPORTLOV: Final = {
    "Blekinge": (8, 8),
    "Dalarna": (9, 9),
    "Gotland": (9, 9),
    "Gävleborg": (9, 10),
    "Halland": (7, 8),
    "Jämtland": (10, 10),
    "Jönköping": (7, 7),
    "Kalmar": (8, 8),
    "Kronoberg": (8, 8),
    "Norrbotten": (10, 10),
    "Skåne": (8, 8),
    "Stockholm": (9, 9),
    "Södermanland": (8, 8),
    "Uppsala": (8, 9),
    "Värmland": (9, 9),
    "Västerbotten": (10, 10),
    "Västernorrland": (10, 10),
    "Västmanland": (9, 9),
    "Västra Götaland": (7, 10),
    "Örebro": (8, 8),
    "Östergötland": (7, 8),
}


@dataclass(frozen=True)
class Holiday:
    """``country``: SE or UK (England). ``key``: what it is called (``holiday.<key>``)."""

    country: str
    day: date
    key: str


def holidays_on(day: date, countries: Iterable[str] = COUNTRIES) -> list[Holiday]:
    """The public holidays on a day; Swedish eves that are free in practice are among them.

    An English one that falls on a weekend counts on the day that it is moved to as well.
    """
    return [
        Holiday(country, day, key)
        for country in countries
        if (key := _year(country, day.year).get(day)) is not None
    ]


def is_free(day: date, countries: Iterable[str] = COUNTRIES) -> bool:
    """True on a weekend, or on a public holiday in any of the countries (SE, UK)."""
    return day.weekday() >= 5 or bool(holidays_on(day, countries))


def nearest_working_day(day: date, countries: Iterable[str] = COUNTRIES) -> date:
    """The day itself, or the nearest that is free in none of the countries; else the later."""
    return times.nearest_working_day(day, is_free=partial(is_free, countries=tuple(countries)))


def holidays_after(day: date, countries: Iterable[str] = COUNTRIES) -> list[Holiday]:
    """The public holidays on the day after: people leave early on the day before."""
    return holidays_on(day + timedelta(days=1), countries)


def in_summer(day: date) -> bool:
    """True in ISO weeks 28–31."""
    return SUMMER_WEEKS[0] <= day.isocalendar().week <= SUMMER_WEEKS[1]


def at_christmas(day: date) -> bool:
    """True from the Monday of the week of Christmas Eve to the Sunday of the week of New Year."""
    year = day.year if day.month > 6 else day.year - 1
    eve, new_year = date(year, 12, 24), date(year + 1, 1, 1)
    begins = eve - timedelta(days=eve.weekday())
    ends = new_year + timedelta(days=6 - new_year.weekday())
    return begins <= day <= ends


def sportlov_on(day: date) -> tuple[str, ...]:
    """The Swedish counties that usually have their winter break then, weeks 7–10, by name."""
    week = day.isocalendar().week
    return tuple(county for county, (first, last) in SPORTLOV.items() if first <= week <= last)


def is_autumn_break(day: date) -> bool:
    """True in ISO week 44, when Swedish schools usually have their autumn break."""
    return day.isocalendar().week == AUTUMN_WEEK


def is_half_term(day: date) -> bool:
    """True in the weeks when English schools usually have half-term; each council sets its own.

    The weeks that begin on the Monday from 12 to 18 February, on the last Monday in May, and on
    the Monday from 23 to 29 October.
    """
    monday = day - timedelta(days=day.weekday())
    return (
        (monday.month == 2 and 12 <= monday.day <= 18)
        or (monday.month == 5 and monday.day >= 25)
        or (monday.month == 10 and 23 <= monday.day <= 29)
    )


@lru_cache(maxsize=128)
def _year(country: str, year: int) -> dict[date, str]:
    if country == "SE":
        found = country_holidays("SE", years=year, language="en_US", categories=(PUBLIC, DE_FACTO))
        names = _SWEDISH
    else:
        found = country_holidays("GB", subdiv="ENG", years=year, language="en_GB")
        names = _ENGLISH
    return {
        day: names.get(found.get_list(day)[0].removesuffix(" (observed)"), OTHER) for day in found
    }
