"""The calendar and the page of a meeting, as people ask for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.meetings.models import Meeting

from ..cast import plan
from ..conftest import Hub
from .forms import (
    HOSTILE,
    faults,
    fetch,
    get,
    invite,
    make,
    opened,
    post,
    secrets,
    sent,
    text_of,
    value_of,
)

REPLY = {"reply": "room", "language": "sv", "name": "Maja", "access": "Tolk", "food": "Vegan"}


async def test_an_empty_calendar_says_so_and_offers_the_feed(hub: Hub) -> None:
    page = text_of(await get(hub, "/calendar"))
    assert "Nothing is planned yet." in page
    assert "Get it as a file" in page
    feed = await fetch(hub, "/api/v1/calendar.ics")
    assert feed.status_code == 200
    assert feed.text.startswith("BEGIN:VCALENDAR")


async def test_the_calendar_tells_both_times_by_month_and_the_week_in_swedish(hub: Hub) -> None:
    fatima = await hub.account()
    await opened(hub, fatima)
    await opened(hub, fatima, day="2027-04-08")
    english = text_of(await get(hub, "/calendar"))
    assert "March 2027 Thursday 4 March 2027 13:00–14:30 Stockholm London 12:00–13:30" in english
    assert english.index("March 2027") < english.index("April 2027")
    swedish = text_of(await get(hub, "/calendar", language="sv"))
    assert (
        "mars 2027 torsdag 4 mars 2027 v. 9 · kl. 13.00–14.30 Stockholm London 12.00–13.30"
        in swedish
    )
    assert "v. 14" in swedish


async def test_a_draft_is_in_the_calendar_of_organisers_only(hub: Hub) -> None:
    fatima = await hub.account()
    made = await make(hub, fatima)
    assert "From findings" not in await get(hub, "/calendar")
    assert (await fetch(hub, f"/workshops/{made}")).status_code == 404
    assert "From findings" in await get(hub, "/calendar", fatima)
    assert "Draft" in text_of(await get(hub, "/calendar", fatima))
    assert "From findings" in await get(hub, f"/workshops/{made}", fatima)


async def test_a_full_calendar_is_shown_by_whole_months_with_a_way_on(hub: Hub) -> None:
    fatima = await hub.account()
    first = await make(hub, fatima)
    async with hub.database.transaction() as tx:
        row = await tx.get_one(Meeting, first)
        columns = {c.key: getattr(row, c.key) for c in Meeting.__table__.columns}
        for number in range(90):
            at = datetime(2027, 5, 3, 11, tzinfo=UTC) + timedelta(days=number)
            times = {"starts_at": at, "ends_at": at + timedelta(hours=1), "state": "planned"}
            name = {"id": f"w_more{number}", "uid": f"{number}@hub.test"}
            tx.add(Meeting(**{**columns, **times, **name}))
    page = await get(hub, "/calendar")
    assert page.count("<time") == 59
    assert "May 2027" in page
    assert "July 2027" not in page
    following = await get(hub, "/calendar?from=2027-07")
    assert following.count("<time") == 31
    assert "July 2027" in following
    assert "June 2027" not in following
    assert (await get(hub, "/calendar?from=nonsense")).count("<time") == 59


async def test_what_has_been_lies_below_a_fold(hub: Hub) -> None:
    fatima = await hub.account()
    await opened(hub, fatima)
    hub.clock.move(days=120)
    page = await get(hub, "/calendar")
    assert "Nothing is planned yet." in page
    fold = page[page.index("1 earlier") :]
    assert "From findings to timetable" in fold


async def test_the_calendar_is_filtered_by_case_and_audience(hub: Hub) -> None:
    fatima = await hub.account()
    listed = (await hub.http.get("/api/v1/cases")).json()
    case = (listed.get("items") or listed.get("cases"))[0]["id"]
    await opened(hub, fatima, title_en="With a case", **{f"cases-{case}": "1"})
    await opened(hub, fatima, title_en="For all", **{"audiences-citizens": "1"})
    by_case = await get(hub, f"/calendar?case={case}")
    assert "With a case" in by_case
    assert "For all" not in by_case
    by_audience = await get(hub, "/calendar?audience=citizens")
    assert "For all" in by_audience
    assert "With a case" not in by_audience
    assert "Nothing of that kind is planned." in await get(hub, "/calendar?audience=funders")


async def test_sessions_with_a_start_are_in_the_calendar_unless_they_are_by_invitation(
    hub: Hub,
) -> None:
    fatima = await hub.account()
    await plan(fatima, starts_at="2027-01-12T13:00:00Z")
    await plan(fatima, starts_at="2027-01-13T13:00:00Z", access="invited")
    page = text_of(await get(hub, "/calendar"))
    assert "Tuesday 12 January 2027 14:00 Stockholm London 13:00" in page
    assert "13 January" not in page


async def test_a_meeting_by_invitation_shows_others_only_that_it_takes_place(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(
        hub, fatima, open_to_all="0", short_title_sv="Möte på rummet", short_title_en="Meeting room"
    )
    for page in (await get(hub, "/calendar"), await get(hub, f"/workshops/{made}")):
        assert "Meeting room" in page
        assert "From findings" not in page
        assert "Ga701" not in page
    assert 'name="reply"' not in await get(hub, f"/workshops/{made}")
    answer = await post(hub, f"/workshops/{made}/reply", REPLY)
    assert answer.status_code == 409
    whole = await get(hub, f"/workshops/{made}", fatima)
    assert "From findings to timetable" in whole


async def test_a_meeting_says_when_and_where_in_both_places_and_what_will_be_done(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    page = text_of(await get(hub, f"/workshops/{made}", language="sv"))
    assert "Stockholm torsdag 4 mars 2027 kl. 13.00–14.30" in page
    assert "London torsdag 4 mars 2027 kl. 12.00–13.30" in page
    assert "13.20 12.20 I par" in page
    assert "Hanna, Elsa" in page
    assert "tolk, bilder, pauser, sällskap, resa" in page
    calendar = await fetch(hub, f"/api/v1/workshops/{made}.ics")
    assert calendar.status_code == 200


@pytest.mark.parametrize(("form", "there", "absent"), [("room", "room", "online"),
                                                       ("online", "online", "room")])  # fmt: skip
async def test_only_what_is_offered_can_be_chosen(
    hub: Hub, form: str, there: str, absent: str
) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima, form=form)
    page = await get(hub, f"/workshops/{made}")
    assert f'id="reply-{there}"' in page
    assert f'id="reply-{absent}"' not in page
    assert ('name="food"' in page) == (form == "room")
    answer = await post(hub, f"/workshops/{made}/reply", {**REPLY, "reply": absent})
    assert answer.status_code == 422


async def test_a_reply_without_an_account_leads_to_ones_own_page(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    page = await get(hub, f"/workshops/{made}")
    key = value_of(page, "key")
    to = await sent(hub, f"/workshops/{made}/reply", {**REPLY, "key": key})
    assert to.startswith("/replies/")
    own = text_of(await get(hub, to))
    assert "Your reply is saved." in own
    assert "You have a place" in own
    # Sent twice, it is one reply and the same link.
    again = await sent(hub, f"/workshops/{made}/reply", {**REPLY, "key": key})
    assert again == to
    assert "1 person is coming" in text_of(await get(hub, f"/workshops/{made}"))


async def test_who_gives_an_address_gets_the_link_by_mail_and_known_ones_look_the_same(
    hub: Hub,
) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    form = {**REPLY, "email": "maja@example.org"}
    for _ in range(2):
        to = await sent(hub, f"/workshops/{made}/reply", form)
        assert to == f"/workshops/{made}/replied"
    assert "Check your e-mail" in await get(hub, to)
    assert list(await secrets(hub, made)) == ["maja@example.org"]


async def test_a_faulty_reply_says_so_and_keeps_all_that_was_typed(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    typed = {**REPLY, "reply": "", "email": "no address", "question": HOSTILE, "name": HOSTILE}
    answer = await post(hub, f"/workshops/{made}/reply", typed)
    assert answer.status_code == 422
    assert "things to put right" in faults(answer.text)
    for name in ("access", "food", "email", "question", "name"):
        assert value_of(answer.text, name) == typed[name]
    assert "<script>alert" not in answer.text
    assert await secrets(hub, made) == {}


async def test_it_says_how_many_places_are_left_and_when_it_is_full(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima, capacity="2")
    page = f"/workshops/{made}"
    await sent(hub, f"{page}/reply", REPLY)
    assert "1 place is left." in await get(hub, page)
    await sent(hub, f"{page}/reply", {**REPLY, "reply": "online", "name": "Tom"})
    full = text_of(await get(hub, page))
    assert "It is full. You can reply yes all the same." in full
    to = await sent(hub, f"{page}/reply", {**REPLY, "name": "Ngozi"})
    assert "You are on the waiting list" in await get(hub, to)


@pytest.mark.parametrize(
    ("act", "says"),
    [("cancel", "Cancelled. The meeting does not take place."), ("postpone", "Postponed.")],
)
async def test_what_happened_to_it_stands_on_top_with_the_reason(
    hub: Hub, act: str, says: str
) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    reason = {"reason_sv": "salen brann", "reason_en": "the room burned <b>"}
    await sent(hub, f"/workshops/{made}/act/{act}", reason, fatima)
    page = await get(hub, f"/workshops/{made}")
    shown = text_of(page)
    assert shown.index(says) < shown.index("When and where")
    assert "the room burned &lt;b&gt;" in page
    assert 'name="reply"' not in page
    assert says.split(".", maxsplit=1)[0] in text_of(await get(hub, "/calendar"))


async def test_a_meeting_that_was_moved_says_why_until_it_is_held(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    form = {"day": "2027-03-11", "from": "13:00", "to": "14:30", "zone": "Europe/Stockholm",
            "reason_sv": "salen", "reason_en": "the room was taken"}  # fmt: skip
    await sent(hub, f"/workshops/{made}/move", form, fatima)
    page = text_of(await get(hub, f"/workshops/{made}"))
    assert "Moved. The date below is the new one. Reason: the room was taken" in page
    assert "Thursday 11 March 2027, 13:00–14:30" in page


async def test_the_link_to_take_part_is_not_on_the_page_that_everybody_sees(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima, link="https://meet.example.org/room")
    assert "meet.example.org" not in await get(hub, f"/workshops/{made}")
    to = await sent(hub, f"/workshops/{made}/reply", {**REPLY, "reply": "online"})
    assert "https://meet.example.org/room" in await get(hub, to)


async def test_hostile_texts_of_a_meeting_stay_text(hub: Hub) -> None:
    fatima = await hub.account()
    fields = ("title", "short_title", "purpose", "place", "access_offers", "interpreting")
    hostile = {f"{name}_{code}": HOSTILE for name in fields for code in ("sv", "en")}
    made = await opened(hub, fatima, **hostile, host=HOSTILE, agenda_0_title_sv=HOSTILE)
    await invite(hub, fatima, made, "ben@example.org")
    for path in ("", "/organise", "/edit", "/invitations", "/replies", "/needs"):
        page = await get(hub, f"/workshops/{made}{path}", fatima)
        assert "<script>alert" not in page
        assert "alert(1)" in page
    assert "<script>alert" not in await get(hub, "/calendar")


async def test_what_is_not_there_is_not_found(hub: Hub) -> None:
    for path in ("/workshops/w_none", "/series/r_none", "/workshops/w_none/replied"):
        assert (await fetch(hub, path)).status_code == 404


async def test_a_meeting_that_is_over_is_not_put_in_calendars(hub: Hub) -> None:
    fatima = await hub.account()
    meeting_id = await make(hub, fatima)
    for act in ("plan", "invite"):
        await sent(hub, f"/workshops/{meeting_id}/act/{act}", {}, fatima)
    assert "Put it in your calendar" in await get(hub, f"/workshops/{meeting_id}")
    # Nobody has said that it is over: its time has passed.
    hub.clock.at = datetime(2027, 3, 4, 14, tzinfo=UTC)
    page = await get(hub, f"/workshops/{meeting_id}")
    assert "Put it in your calendar" not in page
    assert "You can come in from 15 minutes before." not in page
