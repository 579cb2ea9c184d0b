"""Calendar files keep RFC 5545, by two parsers of different make, and say the same instants.

Source: dissemination.md, "Calendar and time zones", rule 6.
"""

from __future__ import annotations

import io
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import recurring_ical_events
import vobject
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event
from vobject.icalendar import __tzidMap as _zones_seen

from hub.meetings import calendar
from hub.meetings.calendar import Address, Reader, feed, invitation, meeting_file
from hub.meetings.models import Meeting, Series
from hub.meetings.times import (
    LONDON,
    STOCKHOLM,
    ZONES,
    instant_kept,
    instant_of,
    instants_of,
    local_of,
    read_rule,
    rule_of,
    write_local,
)
from hub.people.rules import clean_text

MADE = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
URL = "https://hub.example"
ME = Address("astrid@example.org", "Astrid Öberg")
HUB = Address("hub@example.org", "Samrum")
SWEDISH = {
    "Cancelled": "Inställd",
    "Postponed": "Uppskjuten",
    "Meeting": "Träff",
    "Agenda": "Program",
    "Join online": "Var med på nätet",
    "Reply or change your reply": "Svara eller ändra ditt svar",
}
HOSTILE = [
    "🙂" * 5000,
    "a\r\nATTENDEE:mailto:mallory@example.org\r\nb",
    "END:VEVENT\nBEGIN:VEVENT\n",
    "semi;colon,comma\\n back\\slash \\; \\, \"quoted\" 'single'",
    "שלום \u202eעולם\u202c \u2067مرحبا\u2069",
    "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\x00h\x7fi",
    "e\u0301" * 200,
    "👩‍👩‍👧‍👦" * 300,
    "<script>alert(1)</script>",
    "^n ^' ^^ : ; ,",
    "\ud800 lone",
    "å" * 73 + "ä" * 75,
    " leading and trailing ",
]


def say(language: str, msgid: str) -> str:
    return SWEDISH.get(msgid, msgid) if language == "sv" else msgid


def reader(language: str = "sv") -> Reader:
    return Reader(language, URL, say)


def meeting(
    local: str | datetime = "2027-03-25T13:00",
    *,
    minutes: int = 90,
    zone: str = STOCKHOLM,
    fold: int = 0,
    id: str = "w1",
    **more: Any,
) -> Meeting:
    starts = datetime.fromisoformat(local) if isinstance(local, str) else local
    ends = starts + timedelta(minutes=minutes)
    starts_at, ends_at = instants_of(starts, ends, zone, fold=fold)
    values: dict[str, Any] = {
        "kind": "external",
        "series_id": None,
        "title": {"sv": "Öppna dörrar på avdelningen", "en": "Open doors on the ward"},
        "short_title": {},
        "purpose": {"sv": "Vi pratar om försöket.", "en": "We talk about the trial."},
        "agenda": [],
        "interpreting": {},
        "access_offers": {},
        "form": "room",
        "place": {"sv": "Hälsans hus, Jönköping", "en": "Hälsans hus, Jönköping"},
        "link": "",
        "open_to_all": True,
        "planned_local": None,
        "to_confirm": False,
        "state": "confirmed",
        "state_reason": {},
        "uid": f"{id}@hub.example",
        "sequence": 0,
        "created_at": MADE,
        "updated_at": MADE,
        **more,
    }
    return Meeting(
        id=id,
        zone=zone,
        starts_local=write_local(starts),
        ends_local=write_local(ends),
        fold=fold,
        starts_at=starts_at,
        ends_at=ends_at,
        **values,
    )


def series(rule: str, first: str, **more: Any) -> Series:
    values: dict[str, Any] = {
        "id": "r1",
        "kind": "rule",
        "title": {"sv": "Kaffe", "en": "Coffee"},
        "starts_local": first,
        "zone": STOCKHOLM,
        "minutes": 90,
        "count": 3,
        "uid": "r1@hub.example",
        "created_at": MADE,
        **more,
    }
    local = datetime.fromisoformat(first)
    return Series(rule=read_rule(rule, local, values["zone"]).text, **values)


def rows_of(whole: Series, **more: Any) -> list[Meeting]:
    first = datetime.fromisoformat(whole.starts_local)
    starts = read_rule(whole.rule or "", first, whole.zone).starts
    return [
        meeting(
            start,
            id=f"w{n}",
            zone=whole.zone,
            minutes=whole.minutes,
            series_id=whole.id,
            planned_local=write_local(start),
            **more,
        )
        for n, start in enumerate(starts)
    ]


def move(row: Meeting, local: datetime, *, zone: str | None = None, minutes: int = 90) -> None:
    row.zone = zone or row.zone
    row.starts_local, row.ends_local = (
        write_local(local),
        write_local(local + timedelta(minutes=minutes)),
    )
    row.starts_at, row.ends_at = instants_of(
        local, local + timedelta(minutes=minutes), row.zone, fold=0
    )
    row.sequence += 1
    row.updated_at = NOW


def feed_of(
    meetings: list[Meeting], *all_series: Series, language: str = "sv", shared: bool = True
) -> str:
    return feed(
        meetings,
        reader=reader(language),
        name="Samrum",
        path="/api/v1/calendar.ics",
        series={each.id: each for each in all_series},
        shared=shared,
    )


def invite(row: Meeting, **more: Any) -> str:
    values: dict[str, Any] = {
        "reader": reader(),
        "method": "REQUEST",
        "attendee": ME,
        "organiser": HUB,
        "reply_url": f"{URL}/replies/s3cret",
        "now": NOW,
        **more,
    }
    return invitation(row, **values)


# --- two parsers ---------------------------------------------------------------------------------


def parsed(text: str) -> Calendar:
    """Read strictly, with all that RFC 5545 says of every calendar and every entry."""
    raw = text.encode()
    lines = raw.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 for line in lines), "a line is longer than 75 octets"
    assert not any(c in raw.replace(b"\r\n", b"") for c in b"\r\n\x00\x0b\x0c\x1c\x7f")
    assert "\u2028" not in text
    for line in lines:
        line.decode()
    found = Calendar.from_ical(raw)
    found.validate()
    assert found["version"] == "2.0"
    assert found["prodid"]
    seen = set()
    for event in found.events:
        assert not event.errors
        assert event["uid"]
        assert event["dtstamp"].dt.tzinfo is not None
        assert event.start < event.end
        key = (event["uid"], str(event.get("recurrence-id") and event["recurrence-id"].dt))
        assert key not in seen, "one entry twice"
        seen.add(key)
        for name in ("dtstart", "dtend", "dtstamp", "sequence", "summary", "status", "class"):
            assert not isinstance(event[name], list), name
    assert not found.get_missing_tzids()
    return found


def other_make(text: str) -> list[Any]:
    """The entries as vobject reads them, with the time zones of this very file."""
    _zones_seen.clear()
    component = vobject.readOne(io.StringIO(text), validate=True)
    return list(getattr(component, "vevent_list", []))


def the_one(text: str) -> Event:
    (event,) = parsed(text).events
    return event


def instants(text: str, *, until: datetime | None = None) -> list[tuple[datetime, datetime]]:
    """Every start and end in the file, as a calendar shows them; none that is cancelled."""
    found = recurring_ical_events.of(parsed(text)).between(
        datetime(2018, 1, 1, tzinfo=UTC), until or datetime(2060, 1, 1, tzinfo=UTC)
    )
    return sorted(
        (event.start.astimezone(UTC), event.end.astimezone(UTC))
        for event in found
        if event["status"] != "CANCELLED"
    )


def of_rows(rows: list[Meeting]) -> list[tuple[datetime, datetime]]:
    return sorted(
        (row.starts_at, row.ends_at)
        for row in rows
        if row.state not in ("draft", "cancelled", "postponed")
    )


# --- one meeting ---------------------------------------------------------------------------------


def test_an_invitation_says_everything_a_calendar_wants_to_know() -> None:
    row = meeting(sequence=2, updated_at=NOW, state="invited", open_to_all=False)
    text = invite(row)
    event = the_one(text)
    assert parsed(text)["method"] == "REQUEST"
    assert event["uid"] == "w1@hub.example"
    assert event["sequence"] == 2
    assert event["dtstart"].params["TZID"] == STOCKHOLM
    assert event.start.astimezone(UTC) == row.starts_at
    assert event.end.astimezone(UTC) == row.ends_at
    assert event["dtstamp"].dt == NOW
    assert event["last-modified"].dt == NOW
    assert event["summary"] == "Öppna dörrar på avdelningen"
    assert event["summary"].params["LANGUAGE"] == "sv"
    assert event["status"] == "TENTATIVE"
    assert event["class"] == "PRIVATE"
    assert event["location"] == "Hälsans hus, Jönköping"
    assert event["url"] == f"{URL}/workshops/w1"
    assert event["categories"].to_ical().decode() == "Workshop"
    assert "Vi pratar om försöket." in event["description"]
    assert f"Svara eller ändra ditt svar: {URL}/replies/s3cret" in event["description"]
    assert event["organizer"] == "mailto:hub@example.org"
    assert event["attendee"] == "mailto:astrid@example.org"
    assert event["attendee"].params["CN"] == "Astrid Öberg"
    assert event["attendee"].params["PARTSTAT"] == "NEEDS-ACTION"
    zone = parsed(text).timezones[0]
    assert zone.tz_name == STOCKHOLM


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (None, "NEEDS-ACTION"),
        ("room", "ACCEPTED"),
        ("online", "ACCEPTED"),
        ("maybe", "TENTATIVE"),
        ("no", "DECLINED"),
        ("deputy", "DECLINED"),
    ],
)
def test_the_calendar_knows_the_reply(reply: str | None, told: str) -> None:
    event = the_one(invite(meeting(), reply=reply))
    assert event["attendee"].params["PARTSTAT"] == told


def test_the_link_to_join_is_for_those_who_said_yes() -> None:
    row = meeting(form="online", link="https://meet.example/x")
    for reply in (None, "maybe", "no"):
        assert "meet.example" not in invite(row, reply=reply)
    event = the_one(invite(row, reply="online"))
    assert event["location"] == "https://meet.example/x"
    assert "Var med på nätet: https://meet.example/x" in event["description"]
    own = the_one(invite(meeting(form="online"), reply="room", link=f"{URL}/join/K7T"))
    assert own["location"] == f"{URL}/join/K7T"
    for text in (meeting_file(row, reader=reader()), feed_of([row])):
        assert "meet.example" not in text
    assert "meet.example" in feed_of([row], shared=False)


def test_people_are_named_in_personal_invitations_only() -> None:
    row = meeting(host="Karin Ek", cohost="Maj Lind")
    for text in (meeting_file(row, reader=reader()), feed_of([row]), feed_of([row], shared=False)):
        assert "ORGANIZER" not in text
        assert "ATTENDEE" not in text
        assert "mailto:" not in text
        assert "Karin" not in text
        assert parsed(text)["method"] == "PUBLISH"


def test_a_description_is_in_the_readers_language_and_in_both_where_unknown() -> None:
    row = meeting(agenda=[{"minutes": 20, "title": {"sv": "Inledning", "en": "Opening"}}])
    english = the_one(invite(row, reader=reader("en")))
    assert english["summary"] == "Open doors on the ward"
    assert "We talk about the trial.\n\nAgenda:\n– Opening (20 min)" in english["description"]
    assert "försöket" not in english["description"]
    both = the_one(invite(row, reader=reader("both")))
    assert both["summary"] == "Öppna dörrar på avdelningen / Open doors on the ward"
    assert both["location"] == "Hälsans hus, Jönköping"
    assert "Program:\n– Inledning (20 min)" in both["description"]
    assert "Agenda:\n– Opening (20 min)" in both["description"]
    assert both["description"].count(f"{URL}/workshops/w1") == 1
    only = the_one(invite(meeting(title={"sv": "", "en": "Only English"})))
    assert only["summary"] == "Only English"


def test_an_update_replaces_and_a_cancellation_removes() -> None:
    row = meeting()
    first = the_one(invite(row))
    move(row, datetime(2027, 4, 8, 10, 0))
    second = the_one(invite(row))
    assert second["uid"] == first["uid"]
    assert second["sequence"] > first["sequence"]
    assert second.start.astimezone(UTC) == datetime(2027, 4, 8, 8, 0, tzinfo=UTC)
    row.state, row.state_reason = "cancelled", {"sv": "Sjukdom", "en": "Illness"}
    row.sequence += 1
    text = invite(row, method="CANCEL")
    last = the_one(text)
    assert parsed(text)["method"] == "CANCEL"
    assert last["uid"] == first["uid"]
    assert last["sequence"] > second["sequence"]
    assert last["status"] == "CANCELLED"
    assert last["summary"] == "Inställd: Öppna dörrar på avdelningen"
    assert last["description"].startswith("Sjukdom\n")
    assert last["transp"] == "TRANSPARENT"
    assert instants(text) == []


def test_whoever_is_no_longer_invited_has_it_removed_though_it_is_held() -> None:
    event = the_one(invite(meeting(), method="CANCEL"))
    assert event["status"] == "CANCELLED"
    assert event["summary"] == "Öppna dörrar på avdelningen"


@pytest.mark.parametrize(
    ("state", "more", "status"),
    [
        ("planned", {}, "TENTATIVE"),
        ("invited", {}, "TENTATIVE"),
        ("confirmed", {}, "CONFIRMED"),
        ("confirmed", {"to_confirm": True}, "TENTATIVE"),
        ("live", {}, "CONFIRMED"),
        ("closed", {}, "CONFIRMED"),
        ("postponed", {}, "CANCELLED"),
        ("cancelled", {}, "CANCELLED"),
    ],
)
def test_the_status_follows_the_life_of_the_meeting(
    state: str, more: dict[str, Any], status: str
) -> None:
    assert the_one(feed_of([meeting(state=state, **more)]))["status"] == status


# --- what others see -----------------------------------------------------------------------------


def test_a_meeting_by_invitation_is_private_and_neutral_where_others_see_it() -> None:
    row = meeting(
        open_to_all=False,
        title={"sv": "Suicid på avdelning 3", "en": "Suicide on ward 3"},
        short_title={"sv": "Möte", "en": "A meeting"},
        purpose={"sv": "Hemligt syfte"},
        place={"sv": "Avdelning 3"},
        state_reason={"sv": "Hemligt skäl"},
        agenda=[{"minutes": 5, "title": {"sv": "Hemlig punkt"}}],
        link="https://secret.example",
    )
    for state in ("invited", "cancelled", "ended"):
        row.state = state
        for text in (feed_of([row]), meeting_file(row, reader=reader())):
            event = the_one(text)
            assert event["class"] == "PRIVATE"
            assert event["summary"].endswith("Möte")
            assert "description" not in event
            assert "location" not in event
            for word in ("Suicid", "emlig", "Avdelning", "secret"):
                assert word not in text
    assert "Suicid" in feed_of([row], shared=False)
    row.short_title, row.state = {}, "invited"
    assert the_one(feed_of([row]))["summary"] == "Träff"


def test_a_feed_says_what_it_is_and_leaves_drafts_out() -> None:
    text = feed_of([meeting(id="w1", state="draft"), meeting(id="w2")])
    found = parsed(text)
    assert found["x-wr-calname"] == "Samrum"
    assert found["name"] == "Samrum"
    assert found["refresh-interval"].dt == timedelta(hours=1)
    assert found["refresh-interval"].params["VALUE"] == "DURATION"
    assert str(found["source"]) == f"{URL}/api/v1/calendar.ics"
    assert [event["uid"] for event in found.events] == ["w2@hub.example"]
    assert text.index("BEGIN:VTIMEZONE") < text.index("BEGIN:VEVENT")


def test_an_empty_feed_is_a_calendar_without_entries() -> None:
    text = feed_of([])
    assert parsed(text).events == []
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")


# --- instants ------------------------------------------------------------------------------------

MORNINGS = st.datetimes(datetime(2019, 1, 1), datetime(2044, 12, 31))


@settings(deadline=None)
@given(starts=MORNINGS, minutes=st.integers(5, 600), zone=st.sampled_from(ZONES))
def test_two_parsers_read_back_the_very_instants(starts: datetime, minutes: int, zone: str) -> None:
    starts = starts.replace(second=0, microsecond=0)
    begins = instant_kept(starts, zone)
    starts = local_of(begins, zone)
    ends_local = local_of(begins + timedelta(minutes=minutes), zone)
    row = meeting(zone=zone)
    row.starts_local, row.ends_local = write_local(starts), write_local(ends_local)
    assume(ends_local > starts)
    text = meeting_file(row, reader=reader())
    (event,) = parsed(text).events
    assert event.start.astimezone(UTC) == begins
    (other,) = other_make(text)
    assert other.dtstart.value.astimezone(UTC) == begins
    assert other.dtend.value.astimezone(UTC) == event.end.astimezone(UTC)
    assert instants(text) == [(begins, event.end.astimezone(UTC))]


def test_thirteen_in_stockholm_is_noon_or_eleven_in_the_file_too() -> None:
    for day, hour in (("2027-03-25", 12), ("2027-03-29", 11)):
        text = meeting_file(meeting(f"{day}T13:00"), reader=reader())
        (event,) = other_make(text)
        assert event.dtstart.value.astimezone(UTC).hour == hour
        assert instants(text)[0][0].hour == hour
        assert f"DTSTART;TZID=Europe/Stockholm:{day.replace('-', '')}T130000" in text


def test_the_second_of_two_equal_times_is_told_apart() -> None:
    starts = {}
    for fold in (0, 1):
        row = meeting("2027-10-31T02:30", minutes=60, fold=fold)
        text = meeting_file(row, reader=reader())
        (event,) = other_make(text)
        starts[fold] = event.dtstart.value.astimezone(UTC)
        assert instants(text) == [(row.starts_at, row.ends_at)]
    assert starts[1] - starts[0] == timedelta(hours=1)


def test_years_that_the_time_zone_does_not_usually_cover_are_covered() -> None:
    for local in ("2012-07-01T13:00", "2058-07-01T13:00", "2058-01-15T13:00"):
        row = meeting(local)
        (event,) = other_make(meeting_file(row, reader=reader()))
        assert event.dtstart.value.astimezone(UTC) == row.starts_at


# --- series by a rule ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "first", "zone"),
    [
        # Every week and every month over three years and six changes of clock.
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=79", "2027-02-25T13:00", STOCKHOLM),
        ("FREQ=MONTHLY;BYDAY=-1SU;COUNT=37", "2027-02-28T12:00", LONDON),
        ("FREQ=MONTHLY;BYDAY=2TH;COUNT=37", "2027-02-11T17:30", STOCKHOLM),
        ("FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY=9;COUNT=7", "2027-06-09T13:00", STOCKHOLM),
        # Leap day, and months without a thirty-first.
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=3", "2028-02-29T13:00", STOCKHOLM),
        ("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=21", "2027-01-31T13:00", STOCKHOLM),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=36", "2027-01-31T13:00", LONDON),
        # The days of the changes themselves.
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;COUNT=3", "2027-03-28T13:00", STOCKHOLM),
        ("FREQ=DAILY;COUNT=10", "2027-10-27T00:30", STOCKHOLM),
        ("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20271231", "2027-03-23T13:00", STOCKHOLM),
    ],
)
def test_a_rule_is_one_entry_that_reads_back_as_its_rows(rule: str, first: str, zone: str) -> None:
    whole = series(rule, first, zone=zone)
    rows = rows_of(whole)
    text = feed_of(rows, whole)
    (event,) = parsed(text).events
    assert event["uid"] == whole.uid
    assert instants(text) == of_rows(rows)
    (other,) = other_make(text)
    spread = other.getrruleset(addRDate=True)
    assert sorted(each.astimezone(UTC) for each in spread) == [row.starts_at for row in rows]


def test_a_moved_a_cancelled_and_a_missing_one_are_exceptions() -> None:
    whole = series("FREQ=WEEKLY;COUNT=10", "2027-03-11T13:00")
    rows = rows_of(whole)
    move(rows[0], datetime(2027, 3, 12, 9, 0))
    move(rows[3], datetime(2027, 4, 6, 15, 30), zone=LONDON, minutes=45)
    rows[5].state, rows[5].sequence = "cancelled", 1
    rows[6].title = {"sv": "Ett annat ämne", "en": "Another subject"}
    rows[7].state = "draft"
    del rows[9]
    text = feed_of(rows, whole)
    found = parsed(text)
    assert instants(text) == of_rows(rows)
    master, *others = found.events
    assert {event["uid"] for event in found.events} == {whole.uid}
    assert sorted(event["recurrence-id"].dt.day for event in others) == [1, 11, 15, 22]
    assert [each.dt.day for each in master["exdate"].dts] == [29, 13]
    assert master["sequence"] == 3
    assert master["status"] == "CONFIRMED"
    by_start = {event["recurrence-id"].dt.day: event for event in others}
    assert by_start[15]["status"] == "CANCELLED"
    assert by_start[22]["summary"] == "Ett annat ämne"
    assert by_start[22]["url"] == f"{URL}/workshops/w6"
    assert {zone.tz_name for zone in found.timezones} == set(ZONES)
    assert len(other_make(text)) == 5


def test_a_change_to_one_of_a_series_raises_the_sequence_and_moving_back_too() -> None:
    whole = series("FREQ=WEEKLY;COUNT=4", "2027-03-11T13:00")
    rows = rows_of(whole)
    seen = []
    for local in (datetime(2027, 3, 19, 9, 0), datetime(2027, 3, 18, 13, 0)):
        move(rows[1], local)
        found = parsed(feed_of(rows, whole))
        seen.append((found.events[0]["sequence"], len(found.events)))
        assert instants(feed_of(rows, whole)) == of_rows(rows)
    assert seen == [(1, 2), (2, 1)]


def test_an_invitation_to_one_of_a_series_is_to_that_one_only() -> None:
    whole = series("FREQ=WEEKLY;COUNT=4", "2027-03-11T13:00")
    rows = rows_of(whole)
    move(rows[1], datetime(2027, 3, 19, 9, 0))
    for text in (
        invite(rows[1], series=whole),
        meeting_file(rows[1], reader=reader(), series=whole),
    ):
        event = the_one(text)
        assert event["uid"] == whole.uid
        assert event["recurrence-id"].dt.astimezone(UTC) == instant_of(
            datetime(2027, 3, 18, 13, 0), STOCKHOLM
        )
        assert event.start.astimezone(UTC) == rows[1].starts_at
        assert "rrule" not in event


def test_forums_of_a_series_are_entries_of_their_own() -> None:
    whole = series("FREQ=MONTHLY;COUNT=2", "2027-03-11T13:00")
    whole.kind = "forums"
    row = meeting(series_id="r1", kind="forum")
    for text in (feed_of([row], whole), invite(row, series=whole)):
        event = the_one(text)
        assert event["uid"] == row.uid
        assert "recurrence-id" not in event
        assert event["categories"].to_ical().decode() == "Forum"


@settings(deadline=None, max_examples=40)
@given(
    how=st.sampled_from(["days", "weeks", "month_date", "month_weekday"]),
    first=st.datetimes(datetime(2026, 1, 1, 3), datetime(2030, 1, 1)).filter(
        lambda local: 4 <= local.hour <= 20
    ),
    count=st.integers(1, 14),
    zone=st.sampled_from(ZONES),
    fates=st.lists(
        st.sampled_from(["", "", "moved", "cancelled", "postponed", "draft", "gone", "renamed"]),
        min_size=14,
        max_size=14,
    ),
)
def test_whatever_becomes_of_its_meetings_a_series_reads_back_as_its_rows(
    how: str, first: datetime, count: int, zone: str, fates: list[str]
) -> None:
    first = first.replace(second=0, microsecond=0)
    whole = series(rule_of(how, first, count=count), write_local(first), zone=zone)
    rows = []
    for row, fate in zip(rows_of(whole), fates, strict=False):
        if fate == "moved":
            move(row, datetime.fromisoformat(row.starts_local) + timedelta(hours=3))
        elif fate == "renamed":
            row.title = {"sv": "Nytt"}
        elif fate in ("cancelled", "postponed", "draft"):
            row.state = fate
        if fate != "gone":
            rows.append(row)
    assert instants(feed_of(rows, whole)) == of_rows(rows)


# --- hostile texts -------------------------------------------------------------------------------


def shown(text: str) -> str:
    """What is left of a text in a calendar: no control characters, all line ends alike."""
    return clean_text(text).replace("\u2028", "\n").replace("\u2029", "\n")


def in_one_line(text: str) -> str:
    return " ".join(shown(text).split())


def check_text(text: str) -> None:
    row = meeting(
        title={"sv": text},
        purpose={"sv": text},
        place={"sv": text},
        agenda=[{"minutes": 5, "title": {"sv": text}}],
        link=text,
        access_offers={"sv": text},
    )
    for made in (
        invite(row, attendee=Address("a@example.org", text), reply="online"),
        feed_of([row], shared=False),
    ):
        event = the_one(made)
        assert event["summary"] == (in_one_line(text) or "Träff")
        assert event["description"].startswith(shown(text) or "Program")
        assert event.start.astimezone(UTC) == row.starts_at
        attendees = event.get("attendee", "mailto:a@example.org")
        assert attendees == "mailto:a@example.org"
        (other,) = other_make(made)
        assert other.summary.value == (in_one_line(text) or "Träff")
        assert other.dtstart.value.astimezone(UTC) == row.starts_at


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_stays_a_text(text: str) -> None:
    check_text(text)


@settings(deadline=None, max_examples=60)
@given(text=st.text(max_size=120))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    check_text(text)


@pytest.mark.parametrize(
    "email", ["a@example.org\r\nATTENDEE:x", "a b;c,d:e@example.org", "å@ö.se"]
)
def test_an_address_cannot_break_out(email: str) -> None:
    event = the_one(invite(meeting(), attendee=Address(email, 'A "B"; C')))
    assert not isinstance(event["attendee"], list)
    assert event["attendee"].isascii()
    assert event["attendee"].params["CN"] == "A 'B'; C"


# --- how fast ------------------------------------------------------------------------------------


def many(count: int = 500) -> list[Meeting]:
    return [
        meeting(
            datetime(2026, 1, 1, 13) + timedelta(days=n),
            id=f"w{n}",
            purpose={"sv": "Vi ska prata om hur det går. " * 10},
            agenda=[{"minutes": 20, "title": {"sv": "Inledning"}}] * 5,
        )
        for n in range(count)
    ]


def test_a_feed_of_500_meetings_is_ready_well_within_80_ms() -> None:
    rows = many()
    first = feed_of(rows)
    quickest = min(_seconds(lambda: feed_of(rows)) for _ in range(5))
    assert quickest < 0.08
    assert len(parsed(first).events) == 500
    assert feed_of(rows) == first


def test_a_changed_meeting_is_written_anew_at_once() -> None:
    rows = many(3)
    before = {language: feed_of(rows, language=language) for language in ("sv", "en")}
    rows[1].title = {"sv": "Ny rubrik", "en": "New heading"}
    after = {language: feed_of(rows, language=language) for language in ("sv", "en")}
    assert "Ny rubrik" in after["sv"]
    assert "New heading" in after["en"]
    assert "Ny rubrik" not in after["en"] + before["sv"]
    rows[1].title = {"sv": "Öppna dörrar på avdelningen", "en": "Open doors on the ward"}
    assert feed_of(rows) == before["sv"]


def test_what_is_kept_of_feeds_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "_FRAGMENTS_KEPT", 5)
    monkeypatch.setattr(calendar, "_FRAGMENTS", OrderedDict())
    rows = many(20)
    assert feed_of(rows) == feed_of(rows)
    assert len(calendar._FRAGMENTS) == 5


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
