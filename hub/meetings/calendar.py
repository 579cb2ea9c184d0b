"""Meetings as calendar files: RFC 5545, with time zones, one UID for life and a rising SEQUENCE.

What a meeting by invitation is about is told only to those who are invited: in a calendar that
others see too it has its short neutral title and is marked private.
Source: dissemination.md, "Calendar and time zones", rule 6; RFC 5545, 5546 and 7986.
"""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vCalAddress, vDuration, vRecur, vText, vUri

from hub.meetings.models import Meeting, Series
from hub.meetings.places import YES
from hub.meetings.states import OFF
from hub.meetings.times import STOCKHOLM, instant_kept, read_local, rule_starts
from hub.people.rules import clean_text

# Says a sentence of the catalogues: language, msgid. ``Renderer.say`` is one.
Say = Callable[[str, str], str]
# Of what a person is sent.
Method = Literal["REQUEST", "CANCEL"]

PRODUCT: Final = "-//Samrum//Samrum hub//EN"
# How often a calendar that subscribes is asked to look again.
REFRESH: Final = timedelta(hours=1)
# The date is set, but the meeting may yet not be held.
_TENTATIVE: Final = ("draft", "planned", "invited")
_ANSWERED: Final = {
    "room": "ACCEPTED",
    "online": "ACCEPTED",
    "maybe": "TENTATIVE",
    "no": "DECLINED",
    "deputy": "DECLINED",
}
# The years that a time zone is written out for; more where a meeting lies outside.
_YEARS: Final = (2019, 2045)
# In a mail address these stand as they are (RFC 6068).
_ADDRESS: Final = "@!$'*+-._~"
# What all meetings by one rule have in common in a calendar leads here, and not to one of them.
SERIES_PAGE: Final = "/calendar"
# Of a meeting and of a series, all that a calendar file may show.
_FIELDS: Final = (
    "id",
    "kind",
    "uid",
    "sequence",
    "state",
    "state_reason",
    "title",
    "short_title",
    "purpose",
    "agenda",
    "interpreting",
    "access_offers",
    "form",
    "place",
    "link",
    "open_to_all",
    "zone",
    "starts_local",
    "ends_local",
    "fold",
    "planned_local",
    "to_confirm",
    "created_at",
    "updated_at",
)
_SERIES_FIELDS: Final = ("uid", "rule", "starts_local", "zone", "minutes", "created_at")
_FRAGMENTS_KEPT: Final = 5000
_FRAGMENTS: OrderedDict[tuple[Reader, bool, bytes], bytes] = OrderedDict()


@dataclass(frozen=True)
class Address:
    """Who organises, or is invited."""

    email: str
    name: str = ""


@dataclass(frozen=True)
class Reader:
    """For whom it is written.

    ``language``: sv, en, or both where nobody has said. ``base_url``: the hub's own, without a
    slash at its end. ``say``: the hub's catalogues; always the same one, since what is written is
    kept for readers who are equal.
    """

    language: str
    base_url: str
    say: Say


def invitation(
    meeting: Meeting,
    *,
    reader: Reader,
    method: Method,
    attendee: Address,
    organiser: Address,
    reply_url: str,
    now: datetime,
    reply: str | None = None,
    link: str | None = None,
    series: Series | None = None,
) -> str:
    """A personal invitation, an update of one, or its cancellation, as a whole calendar file.

    ``reply``: what they have replied (``places.REPLIES``). ``link``: where to join online, if not
    at the meeting's own link; told to those who said yes. ``series``: the meeting's, where it has
    one. The meeting's ``sequence`` is told as it stands: raise it first at each change.
    """
    shown = _Shown(
        meeting,
        reader,
        private=False,
        reply_url=reply_url,
        link=(link or meeting.link) if reply in YES else "",
    )
    event = _event(shown, stamp=now, series=series)
    if method == "CANCEL":
        _replace(event, "STATUS", "CANCELLED")
        _replace(event, "TRANSP", "TRANSPARENT")
    event.add("organizer", _address(organiser))
    status = _ANSWERED.get(reply or "", "NEEDS-ACTION")
    event.add(
        "attendee",
        _address(
            attendee,
            CUTYPE="INDIVIDUAL",
            ROLE="REQ-PARTICIPANT",
            PARTSTAT=status,
            # Replies come by the link, which asks for more than yes or no.
            RSVP="FALSE",
        ),
    )
    return _file(_header(method), [event.to_ical()], _zones([meeting], _series(series)))


def meeting_file(
    meeting: Meeting, *, reader: Reader, series: Series | None = None, shared: bool = True
) -> str:
    """One meeting for a calendar, without names and addresses of people.

    ``shared`` as in ``feed``. One meeting of a series by a rule is that one alone.
    """
    shown = _shown(meeting, reader, shared=shared)
    event = _event(shown, stamp=meeting.updated_at, series=series)
    return _file(_header("PUBLISH"), [event.to_ical()], _zones([meeting], _series(series)))


def feed(
    meetings: Iterable[Meeting],
    *,
    reader: Reader,
    name: str,
    path: str,
    series: Mapping[str, Series] | None = None,
    shared: bool = True,
) -> str:
    """Many meetings as one calendar to subscribe to; drafts are left out.

    ``name``: what the calendar is called. ``path``: its own address below ``base_url``. ``series``:
    those of the meetings, by id; one by a rule becomes one entry, with its exceptions. ``shared``:
    others may see it too, so that a meeting by invitation has its short neutral title only, and is
    private; and no link to join is told.
    """
    listed = sorted((m for m in meetings if m.state != "draft"), key=lambda m: (m.starts_at, m.id))
    by_rule: dict[str, list[Meeting]] = {}
    events = []
    known = {key: each for key, each in (series or {}).items() if each.kind == "rule"}
    for meeting in listed:
        if meeting.series_id in known:
            by_rule.setdefault(meeting.series_id, []).append(meeting)
        else:
            events.append(_fragment([meeting], None, reader, shared=shared))
    for key, rows in by_rule.items():
        events.append(_fragment(rows, known[key], reader, shared=shared))
    header = _header("PUBLISH")
    header.add("name", _line(name), parameters=_in_language(reader))
    header.add("x-wr-calname", _line(name))
    header.add("source", vUri(f"{reader.base_url}{path}"), parameters={"VALUE": "URI"})
    header.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    header.add("x-published-ttl", vDuration(REFRESH))
    return _file(header, events, _zones(listed, known.values()))


@dataclass(frozen=True)
class _Shown:
    """A meeting as one kind of reader sees it. ``private``: its neutral title only."""

    meeting: Meeting
    reader: Reader
    private: bool
    reply_url: str = ""
    link: str = ""
    # Its page below the hub's address, if not its own.
    path: str = ""

    def languages(self) -> tuple[str, ...]:
        language = self.reader.language
        return ("sv", "en") if language == "both" else (language,)

    def summary(self) -> str:
        titles = [self._title(language) for language in self.languages()]
        return " / ".join(dict.fromkeys(titles))

    def _title(self, language: str) -> str:
        meeting = self.meeting

        def say(msgid: str) -> str:
            return self.reader.say(language, msgid)

        if self.private:
            title = _text(meeting.short_title, language) or say("Meeting")
        else:
            title = _text(meeting.title, language) or say("Meeting")
        if meeting.state == "cancelled":
            return f"{say('Cancelled')}: {_line(title)}"
        if meeting.state == "postponed":
            return f"{say('Postponed')}: {_line(title)}"
        return _line(title)

    def category(self) -> list[str]:
        said = []
        for language in self.languages():

            def say(msgid: str, language: str = language) -> str:
                return self.reader.say(language, msgid)

            said.append(say("Forum") if self.meeting.kind == "forum" else say("Workshop"))
        return list(dict.fromkeys(said))

    def description(self) -> str:
        if self.private:
            return ""
        told = dict.fromkeys(self._told(language) for language in self.languages())
        # Links are the same in every language: they come once, where only they follow.
        return "\n\n".join([*(text for text in told if text), self.url()])

    def _told(self, language: str) -> str:
        meeting = self.meeting

        def say(msgid: str) -> str:
            return self.reader.say(language, msgid)

        parts = [
            _text(meeting.state_reason, language) if meeting.state in OFF else "",
            _text(meeting.purpose, language),
        ]
        agenda = [
            f"– {_line(_text(item.get('title'), language))} ({item.get('minutes')} min)"
            for item in meeting.agenda
        ]
        if agenda:
            parts.append("\n".join([f"{say('Agenda')}:", *agenda]))
        parts += [_text(meeting.interpreting, language), _text(meeting.access_offers, language)]
        if self.link:
            parts.append(f"{say('Join online')}: {_line(self.link)}")
        if self.reply_url:
            parts.append(f"{say('Reply or change your reply')}: {self.reply_url}")
        return "\n\n".join(part for part in parts if part)

    def location(self) -> str:
        if self.private:
            return ""
        place = ""
        if self.meeting.form != "online":
            places = (_text(self.meeting.place, language) for language in self.languages())
            place = " / ".join(dict.fromkeys(_line(each) for each in places if each))
        return place or _line(self.link)

    def status(self) -> str:
        if self.meeting.state in OFF:
            return "CANCELLED"
        tentative = self.meeting.state in _TENTATIVE or self.meeting.to_confirm
        return "TENTATIVE" if tentative else "CONFIRMED"

    def url(self) -> str:
        return self.reader.base_url + (self.path or f"/workshops/{quote(self.meeting.id)}")

    def face(self) -> tuple[object, ...]:
        """What a calendar shows of it beside its time and its own page."""
        common = replace(self, path=SERIES_PAGE)
        words = (common.summary(), common.description(), common.location())
        return (*words, common.status(), common.private, *common.category())


def _shown(meeting: Meeting, reader: Reader, *, shared: bool) -> _Shown:
    if shared:
        return _Shown(meeting, reader, private=not meeting.open_to_all)
    return _Shown(meeting, reader, private=False, link=meeting.link)


def _fragment(
    meetings: list[Meeting], series: Series | None, reader: Reader, *, shared: bool
) -> bytes:
    """The entries of one meeting, or of one series by a rule; written once as long as they last.

    Kept by all that they show, so that a changed one is never mistaken for an earlier one.
    """
    rule = series and [getattr(series, name) for name in _SERIES_FIELDS]
    shown = [[getattr(meeting, name) for name in _FIELDS] for meeting in meetings]
    whole = hashlib.blake2b(repr((rule, shown)).encode(), digest_size=20).digest()
    key = (reader, shared, whole)
    kept = _FRAGMENTS.get(key)
    if kept is not None:
        _FRAGMENTS.move_to_end(key)
        return kept
    if series is None:
        each = _shown(meetings[0], reader, shared=shared)
        events = [_event(each, stamp=meetings[0].updated_at)]
    else:
        events = _by_rule([_shown(m, reader, shared=shared) for m in meetings], series)
    made = _FRAGMENTS[key] = b"".join(event.to_ical() for event in events)
    if len(_FRAGMENTS) > _FRAGMENTS_KEPT:
        _FRAGMENTS.popitem(last=False)
    return made


def _event(
    shown: _Shown,
    *,
    stamp: datetime,
    series: Series | None = None,
) -> Event:
    """One entry. Of a series by a rule: the one that its planned start names."""
    meeting = shown.meeting
    event = Event()
    by_rule = series is not None and series.kind == "rule"
    event.add("uid", series.uid if series is not None and by_rule else meeting.uid)
    if series is not None and by_rule:
        planned = meeting.planned_local or meeting.starts_local
        event.add("recurrence-id", _on_the_wall(read_local(planned), series.zone))
    starts, ends = read_local(meeting.starts_local), read_local(meeting.ends_local)
    starts_at = instant_kept(starts, meeting.zone, fold=meeting.fold)
    ends_at = instant_kept(ends, meeting.zone)
    if ends_at <= starts_at:
        ends_at = instant_kept(ends, meeting.zone, fold=1)
    event.add("dtstart", _in_zone(starts_at, meeting.zone))
    event.add("dtend", _in_zone(ends_at, meeting.zone))
    _describe(event, shown)
    event.add("sequence", meeting.sequence)
    _stamp(event, stamp=stamp, created=meeting.created_at, changed=meeting.updated_at)
    return event


def _by_rule(shown: list[_Shown], series: Series) -> list[Event]:
    """A series by a rule: what all have in common, then each that differs."""
    first = read_local(series.starts_local)
    length = timedelta(minutes=series.minutes)
    rows = {read_local(s.meeting.planned_local or s.meeting.starts_local): s for s in shown}
    faces = {planned: each.face() for planned, each in rows.items()}
    common = Counter(faces.values()).most_common(1)[0][0]
    model = next(each for planned, each in rows.items() if faces[planned] == common)

    whole = Event()
    whole.add("uid", series.uid)
    whole.add("dtstart", _on_the_wall(first, series.zone))
    whole.add("dtend", _on_the_wall(first + length, series.zone))
    whole.add("rrule", vRecur.from_ical(series.rule or ""))
    gone = [start for start in rule_starts(series.rule or "", first) if start not in rows]
    if gone:
        whole.add("exdate", [_on_the_wall(start, series.zone) for start in gone])
    _describe(whole, replace(model, path=SERIES_PAGE))
    # Higher whenever any of them has changed.
    whole.add("sequence", sum(each.meeting.sequence for each in shown))
    changed = max(each.meeting.updated_at for each in shown)
    _stamp(whole, stamp=changed, created=series.created_at, changed=changed)

    events = [whole]
    for planned, each in sorted(rows.items()):
        meeting = each.meeting
        as_planned = (
            meeting.zone == series.zone
            and read_local(meeting.starts_local) == planned
            and read_local(meeting.ends_local) == planned + length
            and instant_kept(planned, meeting.zone)
            == instant_kept(planned, meeting.zone, fold=meeting.fold)
        )
        if not as_planned or faces[planned] != common:
            events.append(_event(each, stamp=meeting.updated_at, series=series))
    return events


def _describe(event: Event, shown: _Shown) -> None:
    language = _in_language(shown.reader)
    event.add("summary", shown.summary(), parameters=language)
    if description := shown.description():
        event.add("description", description, parameters=language)
    if location := shown.location():
        event.add("location", location, parameters=language)
    event.add("status", shown.status())
    event.add("transp", "TRANSPARENT" if shown.status() == "CANCELLED" else "OPAQUE")
    event.add("class", "PUBLIC" if shown.meeting.open_to_all else "PRIVATE")
    event.add("categories", shown.category())
    event.add("url", shown.url())


def _stamp(event: Event, *, stamp: datetime, created: datetime, changed: datetime) -> None:
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("created", created.astimezone(UTC))
    event.add("last-modified", changed.astimezone(UTC))


def _on_the_wall(local: datetime, zone: str) -> datetime:
    return local.replace(tzinfo=ZoneInfo(zone))


def _in_zone(at: datetime, zone: str) -> datetime:
    """An instant as the wall clock shows it; in UTC where that time comes twice, the second time.

    RFC 5545, 3.3.5, always takes the first of two equal times.
    """
    local = at.astimezone(ZoneInfo(zone))
    return at.astimezone(UTC) if local.fold else local


def _header(method: str) -> Calendar:
    header = Calendar()
    header.add("prodid", PRODUCT)
    header.add("version", "2.0")
    header.add("calscale", "GREGORIAN")
    header.add("method", method)
    return header


def _file(header: Calendar, events: Iterable[bytes], zones: Iterable[bytes]) -> str:
    begin, end, _ = header.to_ical().rpartition(b"END:VCALENDAR")
    return b"".join([begin, *zones, *events, end, b"\r\n"]).decode()


def _zones(meetings: Iterable[Meeting], series: Iterable[Series]) -> list[bytes]:
    """The time zones in use, for every year that a meeting lies in; one where there is none.

    A calendar without a component is no calendar (RFC 5545, 3.6).
    """
    years: dict[str, list[int]] = {}
    rows: list[Meeting | Series] = [*meetings, *series]
    for each in rows:
        years.setdefault(each.zone, []).append(int(each.starts_local[:4]))
    if not years:
        years[STOCKHOLM] = [_YEARS[0]]
    return [
        _zone(name, min(_YEARS[0], *found) - 1, max(_YEARS[1], *found) + 2)
        for name, found in sorted(years.items())
    ]


@lru_cache(maxsize=64)
def _zone(name: str, first: int, last: int) -> bytes:
    """The time zone's changes of clock from the first year to before the last.

    As a rule where they keep one, since not every program reads a list of dates.
    """
    zone = Timezone.from_tzid(name, first_date=date(first, 1, 1), last_date=date(last, 1, 1))
    zone.pop("comment", None)
    parts: list[Any] = zone.subcomponents
    for part in parts:
        listed = part.pop("rdate", None)
        if listed is None:
            continue
        dates = [part["dtstart"].dt, *(each.dt for each in listed.dts)]
        if rule := _yearly(dates):
            part.add("rrule", rule)
        else:
            for each in dates[1:]:
                part.add("rdate", each)
    written: bytes = zone.to_ical()
    return written


def _yearly(dates: list[datetime]) -> dict[str, Any] | None:
    """The rule of changes of clock that come each year on the last Sunday of one month."""
    first = dates[0]
    for year, each in enumerate(dates, first.year):
        last_sunday = each.weekday() == 6 and (each + timedelta(days=7)).month != each.month
        same = (each.year, each.month, each.time()) == (year, first.month, first.time())
        if not (last_sunday and same):
            return None
    return {"freq": "yearly", "bymonth": first.month, "byday": "-1SU"}


def _series(series: Series | None) -> list[Series]:
    return [] if series is None else [series]


def _address(person: Address, **parameters: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{quote(person.email.strip(), safe=_ADDRESS)}")
    # A quotation mark ends a parameter.
    if name := _line(person.name).replace('"', "'"):
        address.params["CN"] = vText(name)
    for key, value in parameters.items():
        address.params[key] = vText(value)
    return address


def _in_language(reader: Reader) -> dict[str, Any]:
    return {} if reader.language == "both" else {"LANGUAGE": reader.language}


def _replace(event: Event, name: str, value: str) -> None:
    event.pop(name, None)
    event.add(name, value)


def _text(texts: Mapping[str, Any] | None, language: str) -> str:
    """What there is in a language, or else in the other; without what a calendar cannot hold."""
    texts = texts or {}
    other = "en" if language == "sv" else "sv"
    text = clean_text(str(texts.get(language) or texts.get(other) or ""))
    # Some programs take these for the end of a line of the file.
    return text.replace("\u2028", "\n").replace("\u2029", "\n")


def _line(text: str) -> str:
    return " ".join(_text({"sv": text}, "sv").split())
