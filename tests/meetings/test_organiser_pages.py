"""Pages of organisers: a meeting's text, its life, invitations, replies; and series."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from hub.gatherings.models import Gathering
from hub.meetings.models import Meeting, Series

from ..conftest import Hub
from .forms import (
    FORM,
    HOSTILE,
    faults,
    fetch,
    get,
    invite,
    make,
    meeting_of,
    opened,
    post,
    secrets,
    sent,
    text_of,
    value_of,
)

MOVE = {"day": "2027-03-11", "from": "13:00", "to": "14:30", "zone": "Europe/Stockholm"}
WHY = {"reason_sv": "salen är upptagen", "reason_en": "the room is taken"}
SERIES = {
    "kind": "forums", "title_sv": "Forum", "title_en": "Forum", "day": "2027-01-06",
    "from": "13:00", "zone": "Europe/Stockholm", "minutes": "90", "count": "7",
    "interval_months": "6", "how": "month_weekday", "form": "hybrid", "meeting_kind": "external",
}  # fmt: skip
PAGES = ("new", "{}/organise", "{}/edit", "{}/invitations", "{}/replies", "{}/needs")
POSTS = ("", "/{}/edit", "/{}/act/plan", "/{}/move", "/{}/accept", "/{}/confirm-date",
         "/{}/session", "/{}/session/new", "/{}/invitations",
         "/{}/invitations/n_1/remove")  # fmt: skip


async def test_only_organisers_get_in(hub: Hub) -> None:
    made = await make(hub, await hub.account())
    researcher = await hub.account("researcher", "Rut")
    paths = [f"/workshops/{page.format(made)}" for page in PAGES] + ["/series", "/series/new"]
    for path in paths:
        assert (await fetch(hub, path)).headers["location"] == "/sign-in"
        assert (await fetch(hub, path, researcher)).status_code == 403
    for path in [f"/workshops{page.format(made)}" for page in POSTS] + ["/series/new"]:
        assert (await post(hub, path, FORM)).status_code == 401, path
        assert (await post(hub, path, FORM, researcher)).status_code == 403, path
    assert (await meeting_of(hub, made)).state == "draft"


@pytest.mark.parametrize("role", ["facilitator", "editor", "admin"])
async def test_every_organiser_makes_meetings(hub: Hub, role: str) -> None:
    somebody = await hub.account(role, "Olle")
    made = await make(hub, somebody)
    assert "Draft" in text_of(await get(hub, f"/workshops/{made}/organise", somebody))


async def test_what_the_form_says_is_kept_and_comes_back_into_the_form(hub: Hub) -> None:
    fatima = await hub.account()
    made = await make(hub, fatima, capacity="20", quotas_lived="6", reply_by="2027-02-18")
    meeting = await meeting_of(hub, made)
    assert meeting.title == {"sv": "Från fynd till schema", "en": "From findings to timetable"}
    assert (meeting.starts_local, meeting.ends_local) == ("2027-03-04T13:00", "2027-03-04T14:30")
    assert meeting.quotas == {"lived": 6}
    assert [part["minutes"] for part in meeting.agenda] == [20, 40]
    assert meeting.cohost_from == "citizen"
    page = await get(hub, f"/workshops/{made}/edit", fatima)
    for name in ("title_sv", "place_en", "host", "agenda_1_title_en", "material_0_url"):
        assert value_of(page, name) == FORM[name]
    assert value_of(page, "quotas_lived") == "6"
    assert value_of(page, "reply_by") == "2027-02-18"
    await sent(hub, f"/workshops/{made}/edit", {**FORM, "title_en": "Another", "host": ""}, fatima)
    changed = await meeting_of(hub, made)
    assert changed.title["en"] == "Another"
    assert changed.host == ""
    assert changed.starts_at == meeting.starts_at


async def test_a_faulty_form_says_what_is_wrong_and_loses_nothing(hub: Hub) -> None:
    fatima = await hub.account()
    typed = {**FORM, "title_en": "", "capacity": "many", "material_0_url": "javascript:1",
             "purpose_sv": HOSTILE, "to": "12:00"}  # fmt: skip
    answer = await post(hub, "/workshops", typed, fatima)
    assert answer.status_code == 422
    for anchor in ("title_en", "capacity", "material_0_url", "to"):
        assert f'<a href="#{anchor}">' in answer.text
        assert re.search(rf'id="{anchor}"', answer.text)
    for name in ("title_sv", "capacity", "material_0_url", "purpose_sv", "agenda_1_title_sv", "to"):
        assert value_of(answer.text, name) == typed[name]
    assert "<script>alert" not in answer.text
    assert "From findings" not in await get(hub, "/calendar", fatima)


async def test_a_time_that_the_clock_skips_is_refused_and_one_that_comes_twice_is_asked(
    hub: Hub,
) -> None:
    fatima = await hub.account()
    skipped = {**FORM, "day": "2027-03-28", "from": "02:30", "to": "04:00"}
    assert (await post(hub, "/workshops", skipped, fatima)).status_code == 422
    twice = {**FORM, "day": "2027-10-31", "from": "02:30", "to": "04:00"}
    asked = await post(hub, "/workshops", twice, fatima)
    assert asked.status_code == 422
    assert 'name="fold" value="1"' in asked.text
    to = await sent(hub, "/workshops", {**twice, "fold": "1"}, fatima)
    meeting = await meeting_of(hub, to.split("/")[2])
    assert meeting.starts_at.isoformat() == "2027-10-31T01:30:00+00:00"


async def test_each_step_says_before_what_it_does_and_who_gets_a_mail(hub: Hub) -> None:
    fatima = await hub.account()
    made = await make(hub, fatima)
    await invite(hub, fatima, made, "maja@example.org", "tom@example.org")
    organise = f"/workshops/{made}/organise"
    assert "Plan the meeting" in await get(hub, organise, fatima)
    await sent(hub, f"/workshops/{made}/act/plan", {}, fatima)
    page = text_of(await get(hub, organise, fatima))
    assert "with a link of their own. Then replies are taken. 2 people get an e-mail." in page
    await sent(hub, f"/workshops/{made}/act/invite", {}, fatima)
    page = text_of(await get(hub, organise, fatima))
    assert "Confirm the meeting" in page
    assert "Reminders move too. 2 people get an e-mail." in page
    again = await post(hub, f"/workshops/{made}/act/invite", {}, fatima)
    assert again.status_code == 409
    assert (await post(hub, f"/workshops/{made}/act/explode", {}, fatima)).status_code == 409


async def test_a_step_that_lacks_something_says_what(hub: Hub) -> None:
    fatima = await hub.account()
    made = await make(hub, fatima, purpose_sv="", purpose_en="")
    answer = await post(hub, f"/workshops/{made}/act/plan", {}, fatima)
    assert answer.status_code == 422
    assert "One thing to put right" in faults(answer.text)
    assert (await meeting_of(hub, made)).state == "draft"


async def test_a_warning_is_gone_on_with_for_a_reason_only(hub: Hub) -> None:
    fatima = await hub.account()
    made = await make(hub, fatima, cohost="", cohost_from=None, day="2027-03-06")
    organise = f"/workshops/{made}/organise"
    page = await get(hub, organise, fatima)
    assert "To think about" in page
    row = re.search(r'value="weekend"><input type="hidden" name="row" value="(\d+)"', page)
    assert row
    silent = await post(
        hub, f"/workshops/{made}/accept", {"code": "weekend", "row": row[1]}, fatima
    )
    assert silent.status_code == 422
    assert f'<a href="#reason-{row[1]}">' in silent.text
    form = {"code": "weekend", "row": row[1], "reason": f"Alla vill {HOSTILE}"}
    await sent(hub, f"/workshops/{made}/accept", form, fatima)
    page = await get(hub, organise, fatima)
    assert "You go on all the same, because:" in page
    assert "<script>alert" not in page


async def test_moving_needs_a_reason_in_both_languages_once_people_are_invited(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    await invite(hub, fatima, made, "maja@example.org")
    half = await post(hub, f"/workshops/{made}/move", {**MOVE, "reason_sv": "salen"}, fatima)
    assert half.status_code == 422
    assert '<a href="#move_reason_en">' in half.text
    assert 'id="move_reason_en"' in half.text
    assert value_of(half.text, "day") == "2027-03-11"
    assert value_of(half.text, "reason_sv") == "salen"
    for _ in range(2):
        await sent(hub, f"/workshops/{made}/move", {**MOVE, **WHY}, fatima)
    meeting = await meeting_of(hub, made)
    assert meeting.starts_local == "2027-03-11T13:00"
    secret = (await secrets(hub, made))["maja@example.org"]
    assert "the room is taken" in await get(hub, f"/replies/{secret}")


@pytest.mark.parametrize("act", ["postpone", "cancel"])
async def test_putting_off_needs_a_reason_in_both_languages(hub: Hub, act: str) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    half = await post(hub, f"/workshops/{made}/act/{act}", {"reason_en": "ill"}, fatima)
    assert half.status_code == 422
    assert f'<a href="#{act}_reason_sv">' in half.text
    assert re.search(rf'<details class="card" id="act-{act}" open>', half.text)
    assert value_of(half.text[half.text.index(f'id="act-{act}"') :], "reason_en") == "ill"
    await sent(hub, f"/workshops/{made}/act/{act}", WHY, fatima)
    assert "the room is taken" in await get(hub, f"/workshops/{made}/organise", fatima)


async def test_many_are_invited_at_once_each_with_language_and_group(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    lines = (
        "Maja Berg <maja@example.org>; svenska; egen erfarenhet",
        "tom@example.org; practice; English",
        "",
        "ngozi@example.org",
    )
    form = {"addresses": "\r\n".join(lines), "language": "sv", "group": "research"}
    to = await sent(hub, f"/workshops/{made}/invitations", form, fatima)
    page = text_of(await get(hub, to, fatima))
    assert "3 people have been added." in page
    assert "Maja Berg maja@example.org No reply yet Swedish · Own experience" in page
    assert "tom@example.org No reply yet English · Staff and managers" in page
    assert re.search(r"ngozi@example.org No reply yet Swedish · Researcher", page)
    again = await sent(hub, f"/workshops/{made}/invitations", form, fatima)
    assert "3 were there already." in await get(hub, again, fatima)
    assert len(await secrets(hub, made)) == 3


async def test_lines_that_cannot_be_read_are_named_and_nothing_is_lost_or_sent(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    typed = f"maja@example.org\nnot an address\ntom@example.org; klingon\n{HOSTILE}"
    form = {"addresses": typed, "language": "en", "group": "lived", "phd_student": "1"}
    answer = await post(hub, f"/workshops/{made}/invitations", form, fatima)
    assert answer.status_code == 422
    said = text_of(answer.text)
    for number in (2, 3, 4):
        assert f"Line {number}:" in said
    assert "Line 1:" not in said
    assert value_of(answer.text, "addresses") == typed
    assert 'value="en" selected' in answer.text
    assert 'value="lived" selected' in answer.text
    assert "<script>alert" not in answer.text
    assert await secrets(hub, made) == {}
    nothing = await post(hub, f"/workshops/{made}/invitations", {"addresses": " "}, fatima)
    assert nothing.status_code == 422


async def test_somebody_is_taken_off_and_their_link_is_dead(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    await invite(hub, fatima, made, "maja@example.org")
    secret = (await secrets(hub, made))["maja@example.org"]
    page = await get(hub, f"/workshops/{made}/invitations", fatima)
    path = re.search(r'action="([^"]*/remove)"', page)
    assert path
    await sent(hub, path[1], {}, fatima)
    assert (await fetch(hub, f"/replies/{secret}")).status_code == 404
    assert (await post(hub, path[1], {}, fatima)).status_code == 404


async def test_replies_are_counted_by_group_and_language_and_the_waiting_list_is_in_order(
    hub: Hub,
) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima, capacity="1")
    lines = ("maja@example.org; lived; sv", "tom@example.org; practice; en", "ngozi@example.org")
    await invite(hub, fatima, made, *lines)
    known = await secrets(hub, made)
    for address, reply in (("maja", "room"), ("tom", "online")):
        await sent(hub, f"/replies/{known[f'{address}@example.org']}", {"reply": reply}, None)
        hub.clock.move(minutes=1)
    page = text_of(await get(hub, f"/workshops/{made}/replies", fatima))
    assert "Have a place 1 of 1" in page
    assert "Waiting list 1" in page
    assert re.search(r"Own experience 1 0 0 0 0 1", page)
    assert re.search(r"Staff and managers 0 1 0 0 0 1", page)
    waiting = page[page.rindex("Waiting list") :]
    assert waiting.index("tom@example.org") < waiting.index("Each of them")


async def test_needs_are_listed_for_print_with_the_day_they_are_erased(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    await invite(hub, fatima, made, "Maja Berg <maja@example.org>")
    secret = (await secrets(hub, made))["maja@example.org"]
    form = {"reply": "room", "access": HOSTILE, "food": "Vegan", "travel": "1"}
    await sent(hub, f"/replies/{secret}", form)
    page = await get(hub, f"/workshops/{made}/needs", fatima)
    assert "This is erased on 18 March 2027." in page
    assert "Maja Berg" in page
    assert "Vegan" in page
    assert "<script>alert" not in page
    assert "Who comes (1)" in text_of(page)


async def test_a_meeting_is_held_in_a_session_that_exists(hub: Hub) -> None:
    fatima = await hub.account()
    session = (await hub.session(start=False)).id
    made = await opened(hub, fatima)
    assert session in await get(hub, f"/workshops/{made}/organise", fatima)
    wrong = await post(hub, f"/workshops/{made}/session", {"session": "s_none"}, fatima)
    assert wrong.status_code == 422
    await sent(hub, f"/workshops/{made}/session", {"session": session}, fatima)
    assert (await meeting_of(hub, made)).gathering_id == session
    page = await get(hub, f"/workshops/{made}/organise", fatima)
    assert "The session stays as it is" in page
    assert "no longer belong to the meeting" in page
    await sent(hub, f"/workshops/{made}/session", {"session": ""}, fatima)
    assert (await meeting_of(hub, made)).gathering_id is None


async def test_a_series_shows_its_dates_before_anything_is_made(hub: Hub) -> None:
    fatima = await hub.account()
    looked = await post(hub, "/series/new", SERIES, fatima)
    assert looked.status_code == 200
    page = text_of(looked.text)
    assert "7 dates" in page
    assert "13:00–14:30 Stockholm, 12:00–13:30 London" in page
    assert "Epiphany" in page
    assert "You confirm it later." in page
    assert "There is no series yet." in await get(hub, "/series", fatima)
    form = {**SERIES, "make": "1", "looked_at": value_of(looked.text, "looked_at")}
    to = await sent(hub, "/series/new", form, fatima)
    made = await get(hub, to, fatima)
    assert text_of(made).count("Forum ") >= 7
    assert "Keep the new date" in made
    assert text_of(made).count("By invitation") == 5
    assert to in await get(hub, "/series", fatima)


async def test_other_dates_than_those_looked_at_are_shown_again(hub: Hub) -> None:
    fatima = await hub.account()
    looked = await post(hub, "/series/new", SERIES, fatima)
    form = {**SERIES, "make": "1", "looked_at": value_of(looked.text, "looked_at")}
    other = await post(hub, "/series/new", {**form, "day": "2027-02-03"}, fatima)
    assert other.status_code == 200
    assert "3 February 2027" in other.text
    assert "There is no series yet." in await get(hub, "/series", fatima)


async def test_a_form_that_is_sent_twice_makes_one(hub: Hub) -> None:
    fatima = await hub.account("facilitator", "Fatima")
    page = await get(hub, "/workshops/new", fatima)
    [client_id] = re.findall(r'name="client_id" value="([0-9a-f]{32})"', page)
    first, again = [
        await sent(hub, "/workshops", {**FORM, "client_id": client_id}, fatima) for _ in range(2)
    ]
    assert first == again
    # Whoever goes back and writes on loses nothing.
    other = {**FORM, "client_id": client_id, "title_en": "Something else"}
    assert await sent(hub, "/workshops", other, fatima) != first
    # Nor does somebody else get hold of it by its letters.
    elsa = await hub.account("editor", "Elsa")
    assert await sent(hub, "/workshops", {**FORM, "client_id": client_id}, elsa) != first
    async with hub.database.reading() as tx:
        assert await tx.scalar(select(func.count()).select_from(Meeting)) == 3


async def test_a_series_that_is_sent_twice_is_made_once(hub: Hub) -> None:
    fatima = await hub.account("facilitator", "Fatima")
    page = await get(hub, "/series/new", fatima)
    [client_id] = re.findall(r'name="client_id" value="([0-9a-f]{32})"', page)
    looked = await post(hub, "/series/new", {**SERIES, "client_id": client_id}, fatima)
    assert f'value="{client_id}"' in looked.text
    looks = value_of(looked.text, "looked_at")
    form = {**SERIES, "client_id": client_id, "make": "1", "looked_at": looks}
    first, again = [await sent(hub, "/series/new", form, fatima) for _ in range(2)]
    assert first == again
    async with hub.database.reading() as tx:
        count = await tx.scalar(select(func.count()).select_from(Series))
        made = await tx.scalar(select(func.count()).select_from(Meeting))
    assert (count, made) == (1, int(SERIES["count"]))


async def test_a_moved_date_is_confirmed_on_the_page_of_the_series(hub: Hub) -> None:
    fatima = await hub.account()
    looked = await post(hub, "/series/new", SERIES, fatima)
    form = {**SERIES, "make": "1", "looked_at": value_of(looked.text, "looked_at")}
    to = await sent(hub, "/series/new", form, fatima)
    before = await get(hub, to, fatima)
    path = re.search(r'action="(/workshops/[^"]*/confirm-date)"', before)
    assert path
    back = await sent(hub, path[1], {"back": "series"}, fatima)
    assert back.startswith(f"{to}?done=confirmed")
    after = await get(hub, back, fatima)
    assert after.count("/confirm-date") == before.count("/confirm-date") - 1
    # Nobody else sees drafts, nor a way to confirm.
    assert "confirm-date" not in await get(hub, to)


@pytest.mark.parametrize(
    ("how", "dates"),
    [
        ("month_weekday", ("7 January 2027", "4 February 2027", "4 March 2027")),
        ("weeks2", ("7 January 2027", "21 January 2027", "4 February 2027")),
        ("month_date", ("7 January 2027", "7 February 2027", "7 March 2027")),
        ("own", ("7 January 2027", "8 January 2027", "9 January 2027")),
    ],
)
async def test_a_workshop_repeats_by_plain_choices(
    hub: Hub, how: str, dates: tuple[str, ...]
) -> None:
    fatima = await hub.account()
    form = {**SERIES, "kind": "rule", "day": "2027-01-07", "count": "3", "how": how,
            "own_rule": "FREQ=DAILY;COUNT=3"}  # fmt: skip
    looked = await post(hub, "/series/new", form, fatima)
    assert looked.status_code == 200, faults(looked.text)
    page = text_of(looked.text)
    assert "3 dates" in page
    for date in dates:
        assert date in page
    made = {**form, "make": "1", "looked_at": value_of(looked.text, "looked_at")}
    to = await sent(hub, "/series/new", made, fatima)
    assert "3 meetings" in await get(hub, to, fatima)


async def test_a_faulty_series_says_so_and_keeps_what_was_typed(hub: Hub) -> None:
    fatima = await hub.account()
    typed = {**SERIES, "kind": "rule", "how": "own", "own_rule": HOSTILE, "title_sv": "Serie"}
    answer = await post(hub, "/series/new", typed, fatima)
    assert answer.status_code == 422
    assert value_of(answer.text, "own_rule") == HOSTILE
    assert value_of(answer.text, "title_sv") == "Serie"
    assert "<script>alert" not in answer.text
    for wrong in ({"minutes": ""}, {"count": "0"}, {"day": ""}, {"title_sv": "", "title_en": ""}):
        answer = await post(hub, "/series/new", {**SERIES, **wrong}, fatima)
        assert answer.status_code == 422
        assert faults(answer.text)


async def test_one_button_plans_a_session_for_the_meeting_and_twice_is_once(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima)
    organise = await get(hub, f"/workshops/{made}/organise", fatima)
    # What fits the ninety minutes comes first.
    assert re.findall(r'<option value="(jif-\d+)"', organise) == ["jif-90", "jif-180"]
    at, form = f"/workshops/{made}/session/new", {"format": "jif-90"}
    wrong = await post(hub, at, {"format": "no-such"}, fatima)
    assert wrong.status_code == 422
    assert '<a href="#format">' in wrong.text
    for _ in range(2):
        assert await sent(hub, at, form, fatima) == f"/workshops/{made}/organise?done=saved"
    meeting = await meeting_of(hub, made)
    async with hub.database.reading() as tx:
        [session] = await tx.scalars(select(Gathering))
    assert (session.id, session.starts_at) == (meeting.gathering_id, meeting.starts_at)
    assert session.title == meeting.title


async def test_an_editor_plans_no_sessions(hub: Hub) -> None:
    made = await opened(hub, await hub.account())
    editor = await hub.account("editor", "Elin")
    assert "session/new" not in await get(hub, f"/workshops/{made}/organise", editor)
    answer = await post(hub, f"/workshops/{made}/session/new", {"format": "jif-90"}, editor)
    assert answer.status_code == 403


async def test_only_a_warning_that_there_is_can_be_gone_on_with(hub: Hub) -> None:
    fatima = await hub.account()
    made = await make(hub, fatima)
    form = {"code": "x" * 5000, "row": "1", "reason": "Därför"}
    assert (await post(hub, f"/workshops/{made}/accept", form, fatima)).status_code == 404
    assert (await meeting_of(hub, made)).accepted == {}


async def test_why_a_meeting_by_invitation_is_off_is_not_told_to_everybody(hub: Hub) -> None:
    fatima = await hub.account()
    made = await opened(hub, fatima, open_to_all="0")
    why = {"reason_sv": "Hanna är sjuk", "reason_en": "Hanna is ill"}
    await sent(hub, f"/workshops/{made}/act/cancel", why, fatima)
    hub.http.cookies.clear()
    page = await get(hub, f"/workshops/{made}")
    assert "Cancelled." in page
    assert "ill" not in text_of(page).split()
    told = (await hub.http.get(f"/api/v1/workshops/{made}")).json()
    assert (told["state"], told["state_reason"]) == ("cancelled", None)
    assert "Hanna is ill" in await get(hub, f"/workshops/{made}/organise", fatima)


FOLDED = ("about-more", "access-more", "places-more", "consent-more", "parts-more", "read-more")


async def test_what_is_seldom_used_is_folded_and_opens_where_it_is_faulty(hub: Hub) -> None:
    fatima = await hub.account()
    page = await get(hub, "/workshops/new", fatima)
    for name in FOLDED:
        assert f'<details class="card" id="{name}"><summary>' in page, name
    faulty = {**FORM, "capacity": "x", "agenda_0_minutes": "-", "short_title_sv": "x" * 300}
    refused = await post(hub, "/workshops", faulty, fatima)
    assert refused.status_code == 422
    opened_now = [n for n in FOLDED if f'<details class="card" id="{n}" open>' in refused.text]
    assert opened_now == ["about-more", "places-more", "parts-more"]
