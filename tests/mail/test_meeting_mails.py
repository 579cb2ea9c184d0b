"""Mails about meetings: never at night, with a calendar, and stopped with one click."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from icalendar import Calendar, Event

from hub.mail import jobs, transport
from hub.mail.actions import KINDS, count_mails, facts_in, queue_mail
from hub.mail.jobs import CLAIM, WAITS, Post, send_due
from hub.mail.rules import after_night
from hub.mail.transport import deliver
from hub.settings import Settings
from tests.conftest import SetClock
from tests.render.made_up import MAIL_FACTS

from .conftest import Received, Server, move, rows, with_server

ASTRID = "astrid@example.org"
STOCKHOLM, LONDON = "Europe/Stockholm", "Europe/London"


async def queue(post: Post, kind: str = "meeting_reminder", **more: Any) -> str:
    facts = {**MAIL_FACTS[kind], **more.pop("facts", {})}
    fields: dict[str, Any] = {"to": ASTRID, "language": "sv", **more}
    async with post.database.transaction() as tx:
        mail = await queue_mail(tx, kind, now=post.clock.now(), facts=facts, **fields)
        return mail.id


def set_to(post: Post, at: str) -> None:
    assert isinstance(post.clock, SetClock)
    post.clock.at = datetime.fromisoformat(at).astimezone(UTC)


def plain_of(got: Received) -> str:
    body = got.message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


# --- nights --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "zone", "morning"),
    [
        ("2027-03-04T19:59:59", STOCKHOLM, None),
        ("2027-03-04T20:00:00", STOCKHOLM, "2027-03-05T07:00:00"),
        ("2027-03-04T23:59:00", LONDON, "2027-03-05T07:00:00"),
        ("2027-03-05T00:00:00", LONDON, "2027-03-05T07:00:00"),
        ("2027-03-05T06:59:59", STOCKHOLM, "2027-03-05T07:00:00"),
        ("2027-03-05T07:00:00", STOCKHOLM, None),
        # The nights in which the clocks change, one hour shorter and one longer.
        ("2027-03-27T21:00:00", STOCKHOLM, "2027-03-28T07:00:00"),
        ("2027-10-30T21:00:00", LONDON, "2027-10-31T07:00:00"),
        ("2028-02-28T22:00:00", STOCKHOLM, "2028-02-29T07:00:00"),
        ("2027-12-31T22:00:00", STOCKHOLM, "2028-01-01T07:00:00"),
    ],
)
def test_a_night_ends_at_seven_where_the_reader_is(
    local: str, zone: str, morning: str | None
) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    wanted = datetime.fromisoformat(morning or local).replace(tzinfo=ZoneInfo(zone))
    assert after_night(at, zone) == wanted


def test_every_minute_of_two_changes_of_clock_ends_in_daytime() -> None:
    for day in (date(2027, 3, 27), date(2027, 10, 30)):
        start = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        for minute in range(0, 36 * 60, 7):
            at = start + timedelta(minutes=minute)
            for zone in (STOCKHOLM, LONDON):
                sent = after_night(at, zone)
                assert 7 <= sent.astimezone(ZoneInfo(zone)).hour < 20
                assert at <= sent <= at + timedelta(hours=12)


async def test_a_mail_waits_for_the_morning_of_its_reader(post: Post, server: Server) -> None:
    sending = with_server(post, server.url)
    set_to(post, "2027-03-03T19:30:00+00:00")
    await queue(post, to="sv@example.org", quiet_zone=STOCKHOLM)
    await queue(post, to="en@example.org", quiet_zone=LONDON)
    await queue(post, to="any@example.org")
    # Half past eight in Stockholm, half past seven in London.
    assert await send_due(sending) == 2
    assert sorted(got.to[0] for got in server.got) == ["any@example.org", "en@example.org"]
    (waiting,) = [row for row in await rows(post) if row.sent_at is None]
    assert waiting.due_at == datetime(2027, 3, 4, 6, tzinfo=UTC)
    assert waiting.attempts == 0
    set_to(post, "2027-03-04T05:59:00+00:00")
    assert await send_due(sending) == 0
    move(post, minutes=1)
    assert await send_due(sending) == 1


async def test_a_retry_does_not_come_at_night_either(post: Post, server: Server) -> None:
    sending = with_server(post, server.url)
    set_to(post, "2027-03-03T18:58:00+00:00")
    await queue(post, quiet_zone=STOCKHOLM)
    server.recipient_answer = "450 later"
    assert await send_due(sending) == 0
    set_to(post, "2027-03-03T18:59:00+00:00")
    assert await send_due(sending) == 0
    server.recipient_answer = "250 OK"
    (row,) = await rows(post)
    assert (row.attempts, row.due_at) == (2, datetime(2027, 3, 4, 6, tzinfo=UTC))
    set_to(post, "2027-03-04T05:59:59+00:00")
    assert await send_due(sending) == 0
    set_to(post, "2027-03-04T06:00:00+00:00")
    assert await send_due(sending) == 1


async def test_what_would_be_too_late_in_the_morning_is_given_up(
    post: Post, server: Server
) -> None:
    set_to(post, "2027-03-03T19:30:00+00:00")
    until = datetime(2027, 3, 3, 20, 30, tzinfo=UTC)
    await queue(post, quiet_zone=STOCKHOLM, until_at=until)
    sending = with_server(post, server.url)
    assert await send_due(sending) == 0
    set_to(post, "2027-03-04T06:00:00+00:00")
    assert await send_due(sending) == 0
    (row,) = await rows(post)
    assert (row.fault, row.sealed_to) == ("late", None)
    assert server.got == []


async def test_a_zone_that_there_is_not_is_a_fault_of_ours(post: Post) -> None:
    for zone in ("Europe/Lund", "", "../etc/passwd"):
        with pytest.raises(ValueError, match="zone"):
            await queue(post, quiet_zone=zone)
    assert await rows(post) == []


# --- the calendar --------------------------------------------------------------------------------


def a_calendar(method: str, sequence: int = 0) -> str:
    calendar = Calendar()
    calendar.add("prodid", "-//Samrum//hub.test//")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", "w_1@hub.test")
    event.add("sequence", sequence)
    event.add("dtstamp", datetime(2027, 2, 1, 12, tzinfo=UTC))
    event.add("dtstart", datetime(2027, 3, 4, 13, tzinfo=ZoneInfo(STOCKHOLM)))
    event.add("summary", "Träff i forskningsprogrammet, med åäö och, tecken; som \\ kräver vård")
    event.add("description", "Rad ett\nrad två " + "lång " * 60)
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return calendar.to_ical().decode()


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
async def test_an_invitation_carries_its_calendar_as_a_part_and_as_a_file(
    post: Post, server: Server, method: str
) -> None:
    written = a_calendar(method, sequence=3)
    await queue(post, facts={"calendar": written, "calendar_method": method})
    assert await send_due(with_server(post, server.url)) == 1
    message = server.got[0].message
    assert message.get_content_type() == "multipart/mixed"
    assert message["Content-Language"] == "sv"
    texts, file = message.iter_parts()
    assert texts.get_content_type() == "multipart/alternative"
    plain, html, part = texts.iter_parts()
    assert [plain.get_content_type(), html.get_content_type()] == ["text/plain", "text/html"]
    assert part.get_content_type() == "text/calendar"
    assert part["Content-Type"].params["method"] == method
    assert part["Content-Type"].params["charset"].lower() == "utf-8"
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", "invite.ics")
    assert file.is_attachment()
    wanted = Calendar.from_ical(written)
    for sent in (part.get_content(), file.get_content().decode()):
        calendar = Calendar.from_ical(sent)
        assert calendar.errors == []
        assert calendar["method"] == method
        assert calendar.to_ical() == wanted.to_ical()
        (event,) = calendar.events
        assert (event["uid"], event["sequence"]) == ("w_1@hub.test", 3)
        assert event.decoded("dtstart") == datetime(2027, 3, 4, 12, tzinfo=UTC)
        assert "med åäö och, tecken; som \\ kräver vård" in event["summary"]
    assert file.get_content() == written.encode()


async def test_a_calendar_without_its_method_is_a_fault_of_ours(post: Post) -> None:
    with pytest.raises(ValueError, match="method"):
        await queue(post, facts={"calendar": a_calendar("REQUEST")})


# --- one click -----------------------------------------------------------------------------------


async def test_one_click_stops_such_mails(post: Post, server: Server) -> None:
    await queue(post, facts={"unsubscribe": "/replies/r_secret/no-more"})
    await send_due(with_server(post, server.url))
    message = server.got[0].message
    address = "https://hub.test/replies/r_secret/no-more"
    assert message["List-Unsubscribe"] == f"<{address}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address in plain_of(server.got[0]).splitlines()
    html = message.get_body(("html",))
    assert html is not None
    assert f'href="{address}"' in html.get_content()


async def test_one_click_is_not_promised_where_the_line_is_not_safe(
    post: Post, server: Server
) -> None:
    await queue(post, facts={"unsubscribe": "http://hub.test/replies/r_1/no-more"})
    await queue(post, "sign_in")
    await send_due(with_server(post, server.url))
    plain, none = sorted((got.message for got in server.got), key=lambda m: "sign" in str(m))
    assert {str(m["List-Unsubscribe"]) for m in (plain, none)} == {
        "<http://hub.test/replies/r_1/no-more>",
        "None",
    }
    assert [m["List-Unsubscribe-Post"] for m in (plain, none)] == [None, None]


# --- what they say -------------------------------------------------------------------------------


async def test_a_text_in_both_languages_is_told_in_each(post: Post, server: Server) -> None:
    facts = {
        "title_sv": "Träffen", "title_en": "The meeting", "topic_sv": "ronden",
        "topic_en": "the round", "why_you_sv": "du var med", "why_you_en": "you were there",
    }  # fmt: skip
    url = {**dict.fromkeys(("starts", "ends"), "2027-03-04T12:00:00Z"), "url": "/replies/r_1"}
    async with post.database.transaction() as tx:
        await queue_mail(
            tx,
            "meeting_invitation",
            to=ASTRID,
            language="both",
            facts={**facts, **url, "reply_by": "2027-02-18"},
            now=post.clock.now(),
        )
    await send_due(with_server(post, server.url))
    (got,) = server.got
    assert got.message["Subject"] == "Inbjudan: Träffen / Invitation: The meeting"
    swedish, english = plain_of(got).split("\n---\n")
    assert "Vi ska prata om ronden och vill gärna ha med dig, eftersom du var med." in swedish
    assert "would like you there because you were there." in english
    assert "Svara senast den 18 februari 2027." in swedish
    assert "Please reply by 18 February 2027." in english
    assert "The meeting" not in swedish
    assert "Träffen" not in english


def test_a_text_in_one_language_stands_in_for_the_other() -> None:
    facts = facts_in("record_ready", {"title_sv": "", "title_en": "Only", "url": "/x"}, "sv")
    assert facts == {
        "title": "Only", "url": "/x", "late": "", "unsubscribe": "", "calendar": "",
        "calendar_method": "",
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_a_mail_that_lacks_a_fact_is_never_put_in_line(post: Post, kind: str) -> None:
    for name in KINDS[kind].needed:
        facts = {
            key: value
            for key, value in MAIL_FACTS[kind].items()
            if key not in (name, f"{name}_sv", f"{name}_en")
        }
        async with post.database.transaction() as tx:
            with pytest.raises(ValueError, match=name):
                await queue_mail(
                    tx, kind, to=ASTRID, language="sv", facts=facts, now=post.clock.now()
                )
    assert await rows(post) == []


@pytest.mark.parametrize(
    ("sent", "when", "sentence"),
    [
        ("2027-02-25T12:00:00+00:00", "week", "Om en vecka ses vi på Träff <b>."),
        ("2027-03-02T12:00:00+00:00", "week", "Snart ses vi på Träff <b>."),
        ("2027-03-03T12:00:00+00:00", "day", "I morgon kl. 13.00 (London 12.00) börjar Träff <b>."),
        ("2027-03-04T06:00:00+00:00", "day", "I dag kl. 13.00 (London 12.00) börjar Träff <b>."),
        (
            "2027-03-02T12:00:00+00:00",
            "day",
            "Träff <b> börjar torsdag 4 mars 2027 kl. 13.00–14.30 (London 12.00).",
        ),
        (
            "2027-03-04T11:45:00+00:00",
            "link",
            "Träff <b> börjar snart, kl. 13.00 (London 12.00).",
        ),
    ],
)
async def test_a_reminder_says_what_is_true_when_it_is_sent(
    post: Post, server: Server, sent: str, when: str, sentence: str
) -> None:
    set_to(post, "2027-02-20T12:00:00+00:00")
    await queue(post, facts={"when": when}, due_at=datetime.fromisoformat(sent))
    set_to(post, sent)
    assert await send_due(with_server(post, server.url)) == 1
    assert sentence in plain_of(server.got[0]).splitlines()


@pytest.mark.parametrize("late", ["", "yes"])
async def test_what_comes_late_says_so(post: Post, server: Server, late: str) -> None:
    await queue(post, facts={"late": late})
    await send_due(with_server(post, server.url))
    assert ("Det här mejlet kommer sent" in plain_of(server.got[0])) is bool(late)


# --- a server that delays, drops and refuses -----------------------------------------------------


async def test_a_server_that_answers_too_late_gets_the_same_mail_again(
    post: Post, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "TIMEOUT_SECONDS", 0.2)
    sending = with_server(post, server.url)
    taking = server.handle_DATA

    async def slow(smtp: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(1)
        return "451 too slow"

    server.handle_DATA = slow  # type: ignore[method-assign]
    mail = await queue(post, facts={"unsubscribe": "/x"})
    assert await send_due(sending) == 0
    (row,) = await rows(post)
    assert (row.id, row.fault, row.due_at) == (mail, "unreachable", post.clock.now() + WAITS[0])
    server.handle_DATA = taking  # type: ignore[method-assign]
    monkeypatch.undo()
    move(post, minutes=1)
    assert await send_due(sending) == 1
    (got,) = server.got
    assert got.message["Message-ID"] == f"<{row.message_id}@hub.test>"


async def test_a_server_that_hangs_up_in_the_middle_gets_each_mail_once(
    post: Post, server: Server
) -> None:
    sending = with_server(post, server.url)
    taking = server.handle_DATA

    async def hang_up(smtp: SMTP, session: Session, envelope: Envelope) -> str:
        smtp.transport.close()
        return "421 gone"

    server.handle_DATA = hang_up  # type: ignore[method-assign]
    for number in range(3):
        await queue(post, to=f"p{number}@example.org")
    assert await send_due(sending) == 0
    assert sorted(row.attempts for row in await rows(post)) == [0, 0, 1]
    server.handle_DATA = taking  # type: ignore[method-assign]
    move(post, minutes=1)
    assert await send_due(sending) == 3
    assert sorted(got.to[0] for got in server.got) == [f"p{n}@example.org" for n in range(3)]
    assert await send_due(sending) == 0


async def test_only_a_crash_after_the_yes_sends_again_and_then_with_the_same_id(
    post: Post, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every way to stop in the middle, at every step: one copy, but for the one between the two."""
    sending = with_server(post, server.url)

    async def die_before(letter: Any, settings: Settings) -> None:
        raise asyncio.CancelledError

    async def die_after(letter: Any, settings: Settings) -> None:
        await deliver(letter, settings)
        raise asyncio.CancelledError

    def die_writing(*_args: Any) -> None:
        raise asyncio.CancelledError

    facts = {"calendar": a_calendar("REQUEST"), "calendar_method": "REQUEST"}
    copies: dict[str, int] = {}
    for name, dies in (
        ("write_letter", die_writing), ("deliver", die_before), ("deliver", die_after),
    ):  # fmt: skip
        server.got.clear()
        await queue(post, facts=facts)
        monkeypatch.setattr(jobs, name, dies)
        with pytest.raises(asyncio.CancelledError):
            await send_due(sending)
        monkeypatch.undo()
        assert await send_due(sending) == 0
        move(post, seconds=CLAIM.total_seconds())
        assert await send_due(sending) == 1
        assert await send_due(sending) == 0
        copies[dies.__name__] = len(server.got)
        assert len({got.message["Message-ID"] for got in server.got}) == 1
    assert copies == {"die_writing": 1, "die_before": 1, "die_after": 2}


async def test_a_crash_at_night_is_made_good_in_the_morning(
    post: Post, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = with_server(post, server.url)
    set_to(post, "2027-03-03T18:55:00+00:00")
    await queue(post, quiet_zone=STOCKHOLM)

    async def die_before(letter: Any, settings: Settings) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(jobs, "deliver", die_before)
    with pytest.raises(asyncio.CancelledError):
        await send_due(sending)
    monkeypatch.undo()
    set_to(post, "2027-03-03T23:00:00+00:00")
    assert await send_due(sending) == 0
    set_to(post, "2027-03-04T06:00:00+00:00")
    assert await send_due(sending) == 1


async def test_mails_are_counted_by_how_they_do(post: Post, server: Server) -> None:
    sending = with_server(post, server.url)
    await queue(post)
    assert await send_due(sending) == 1
    await queue(post, due_at=post.clock.now() + timedelta(days=1))
    await queue(post, to="nobody")
    server.recipient_answer = "450 later"
    await queue(post)
    assert await send_due(sending) == 0
    async with post.database.reading() as tx:
        found = await count_mails(tx, now=post.clock.now())
        assert (found.waiting, found.in_trouble, found.failed) == (2, 1, 1)
        later = await count_mails(tx, now=post.clock.now() + timedelta(days=31))
        assert later.failed == 0
