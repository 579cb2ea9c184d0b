"""The calls about series, meetings, invitations, replies and calendars."""

from __future__ import annotations

from typing import Any

import icalendar
import pytest

from hub.meetings.doorway import feed_secret
from tests.cast import Person, plan
from tests.conftest import Hub

from .room import PLAN, REASON, Room, open_room

ANNA, BO = "anna@example.org", "bo@example.org"
SERIES = {
    "title": {"sv": "Forum", "en": "Forum"},
    "starts": "2027-06-10T13:00",
    "minutes": 180,
    "meeting": {"purpose": {"sv": "Tolka", "en": "Interpret"}},
}


@pytest.fixture
async def room(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Room:
    return await open_room(hub, monkeypatch)


@pytest.fixture
async def fatima(hub: Hub) -> Person:
    return await hub.account()


async def made(fatima: Person, **more: Any) -> str:
    answer = await fatima.post("/workshops", {**PLAN, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def planned(fatima: Person, **more: Any) -> str:
    meeting_id = await made(fatima, **more)
    answer = await fatima.post(f"/workshops/{meeting_id}/plan")
    assert answer.status_code == 200, answer.text
    return meeting_id


async def invited(fatima: Person, *emails: str, **more: Any) -> str:
    meeting_id = await planned(fatima, **more)
    if emails:
        body = {"addresses": "\n".join(emails)}
        assert (await fatima.post(f"/workshops/{meeting_id}/invitations", body)).is_success
    assert (await fatima.post(f"/workshops/{meeting_id}/invite")).status_code == 200
    return meeting_id


def nobody(hub: Hub) -> Person:
    return Person(hub.http, "")


def events(text: str) -> list[Any]:
    return list(icalendar.Calendar.from_ical(text).walk("VEVENT"))


# --- meetings and series -------------------------------------------------------------------------


async def test_an_organiser_makes_changes_moves_and_cancels_a_meeting(
    hub: Hub, fatima: Person
) -> None:
    meeting_id = await made(fatima)
    read = (await fatima.get(f"/workshops/{meeting_id}")).json()
    assert (read["state"], read["starts_at"]) == ("draft", "2027-02-04T12:00:00Z")
    assert read["acts"] == ["plan", "postpone", "cancel"]
    changed = (await fatima.put(f"/workshops/{meeting_id}", {"host": "Hanna"})).json()
    assert (changed["host"], changed["title"]) == ("Hanna", PLAN["title"])
    assert (await fatima.post(f"/workshops/{meeting_id}/plan")).json()["state"] == "planned"
    body = {"starts": "2027-02-11T13:00", "ends": "2027-02-11T14:00", "reason": REASON}
    moved = (await fatima.post(f"/workshops/{meeting_id}/move", body)).json()
    assert (moved["starts_at"], moved["sequence"]) == ("2027-02-11T12:00:00Z", 1)
    answer = await fatima.post(f"/workshops/{meeting_id}/cancel", {"reason": {"sv": "sjuk"}})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "/reason/en"
    answer = await fatima.post(f"/workshops/{meeting_id}/cancel", {"reason": REASON})
    assert answer.json()["state"] == "cancelled"
    again = await fatima.post(f"/workshops/{meeting_id}/cancel", {"reason": REASON})
    assert again.status_code == 409
    assert (await fatima.post(f"/workshops/{meeting_id}/dance")).status_code == 422


async def test_faults_point_into_the_body(fatima: Person) -> None:
    answer = await fatima.post("/workshops", {**PLAN, "kind": "within_case", "capacity": 0})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/capacity"]
    assert (await fatima.post("/workshops", {**PLAN, "colour": "red"})).status_code == 422
    starts = {**PLAN, "starts": "2027-03-28T02:30", "ends": "2027-03-28T04:00"}
    answer = await fatima.post("/workshops", starts)
    assert answer.json()["errors"][0]["code"] == "time_not_there"


async def test_who_organises_writes_and_nobody_else(hub: Hub, fatima: Person) -> None:
    meeting_id = await planned(fatima)
    draft = await made(fatima)
    researcher = await hub.account("researcher", "Rut")
    for who, status in ((nobody(hub), 401), (researcher, 403)):
        assert (await who.post("/workshops", PLAN)).status_code == status
        assert (await who.post("/series", SERIES)).status_code == status
        assert (await who.put(f"/workshops/{meeting_id}", {})).status_code == status
        assert (await who.post(f"/workshops/{meeting_id}/invite")).status_code == status
        assert (await who.get(f"/workshops/{meeting_id}/invitations")).status_code == status
        assert (await who.get(f"/workshops/{meeting_id}/warnings")).status_code == status
        assert (await who.get(f"/workshops/{meeting_id}/feedback")).status_code == status
        assert (await who.get(f"/workshops/{draft}")).status_code == 404
        assert (await who.get(f"/workshops/{draft}.ics")).status_code == 404
        assert (await who.get(f"/workshops/{meeting_id}")).status_code == 200
    editor = await hub.account("editor", "Erik")
    assert (await editor.put(f"/workshops/{meeting_id}", {"host": "Erik"})).status_code == 200


async def test_others_see_of_a_meeting_by_invitation_only_that_it_takes_place(
    hub: Hub, fatima: Person
) -> None:
    meeting_id = await planned(fatima, open_to_all=False)
    seen = (await nobody(hub).get(f"/workshops/{meeting_id}")).json()
    assert seen["title"] == PLAN["short_title"]
    for hidden in ("purpose", "place", "link", "host", "cohost", "why_you", "replies", "agenda"):
        assert not seen[hidden]
    open_id = await planned(fatima)
    seen = (await nobody(hub).get(f"/workshops/{open_id}")).json()
    assert seen["purpose"] == PLAN["purpose"]
    assert not seen["link"]


async def test_meetings_are_listed_by_date_in_pages_and_drafts_for_organisers(
    hub: Hub, fatima: Person
) -> None:
    ids = [
        await planned(fatima, starts=f"2027-02-0{n}T13:00", ends=f"2027-02-0{n}T14:00")
        for n in (3, 1, 2)
    ]
    draft = await made(fatima)
    first = (await nobody(hub).get("/workshops", limit=2)).json()
    assert [each["id"] for each in first["items"]] == [ids[1], ids[2]]
    rest = (await nobody(hub).get("/workshops", limit=2, after=first["next"])).json()
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([ids[0]], None)
    query = {"state": "draft"}
    assert [m["id"] for m in (await fatima.get("/workshops", **query)).json()["items"]] == [draft]
    assert (await nobody(hub).get("/workshops", **query)).json()["items"] == []
    since = {"from": "2027-02-02T00:00:00Z", "until": "2027-02-03T00:00:00Z"}
    assert [m["id"] for m in (await fatima.get("/workshops", **since)).json()["items"]] == [ids[2]]
    assert (await fatima.get("/workshops", **{"from": "2027-02-02T00:00:00"})).status_code == 422


async def test_a_series_is_made_at_once_and_read_by_everybody_once_planned(
    hub: Hub, fatima: Person
) -> None:
    answer = await fatima.post("/series", SERIES)
    assert answer.status_code == 201, answer.text
    series = answer.json()
    assert [each["number"] for each in series["meetings"]] == [1, 2, 3, 4, 5, 6, 7]
    assert [each["open_to_all"] for each in series["meetings"]] == [True, *[False] * 5, True]
    assert (await nobody(hub).get(f"/series/{series['id']}")).json()["meetings"] == []
    first = series["meetings"][0]["id"]
    await fatima.post(f"/workshops/{first}/plan")
    listed = (await nobody(hub).get("/series")).json()
    assert [each["id"] for each in listed["items"][0]["meetings"]] == [first]
    assert (await nobody(hub).get("/series/r_none")).status_code == 404
    third = series["meetings"][2]
    assert third["to_confirm"]
    answer = await fatima.post(f"/workshops/{third['id']}/confirm-date")
    assert not answer.json()["to_confirm"]
    rule = {**SERIES, "kind": "rule", "rule": "FREQ=MONTHLY;BYDAY=2TH;COUNT=3"}
    made_by_rule = (await fatima.post("/series", rule)).json()
    assert [m["starts_local"] for m in made_by_rule["meetings"]] == [
        "2027-06-10T13:00",
        "2027-07-08T13:00",
        "2027-08-12T13:00",
    ]


async def test_a_session_is_made_attached_and_taken_off(hub: Hub, fatima: Person) -> None:
    meeting_id = await planned(fatima)
    answer = await fatima.put(f"/workshops/{meeting_id}/session", {"format": "jif-90"})
    assert answer.status_code == 200, answer.text
    session = answer.json()["session"]
    assert (await fatima.get(f"/sessions/{session}")).json()["title"] == PLAN["title"]
    assert (await fatima.put(f"/workshops/{meeting_id}/session", {})).json()["session"] is None
    answer = await fatima.put(f"/workshops/{meeting_id}/session", {"session": session})
    assert answer.json()["session"] == session
    answer = await fatima.put(f"/workshops/{meeting_id}/session", {"session": "s_none"})
    assert answer.status_code == 422


async def test_a_session_that_cannot_begin_is_warned_of(hub: Hub, fatima: Person) -> None:
    meeting_id = await made(fatima, form="online", link="")
    guarded = await plan(fatima, case="ward")
    attached = await fatima.put(f"/workshops/{meeting_id}/session", {"session": guarded["id"]})
    assert attached.status_code == 200, attached.text

    async def codes() -> dict[str, bool]:
        found = (await fatima.get(f"/workshops/{meeting_id}/warnings")).json()["items"]
        return {each["code"]: each["hint"] for each in found}

    told = await codes()
    assert told["no_support"] is False
    assert told["own_links"] is True
    support = {"name": "Sara", "contact": "070-000 00 00"}
    kept = await fatima.put(f"/sessions/{guarded['id']}/entry", {"support": support})
    assert kept.status_code == 200, kept.text
    assert "no_support" not in await codes()


async def test_warnings_are_told_and_gone_on_with(hub: Hub, fatima: Person) -> None:
    meeting_id = await made(fatima, cohost_from=None, cohost="", recording=True)
    found = (await fatima.get(f"/workshops/{meeting_id}/warnings")).json()["items"]
    assert found
    code = next(each["code"] for each in found if not each["hint"])
    path = f"/workshops/{meeting_id}/warnings/{code}"
    assert (await fatima.put(path, {"reason": " "})).status_code == 422
    after = (await fatima.put(path, {"reason": "Nobody could come"})).json()["items"]
    assert {each["code"]: each["accepted"] for each in after}[code] == "Nobody could come"
    path = f"/workshops/{meeting_id}/warnings/no_such_warning"
    assert (await fatima.put(path, {"reason": "x"})).status_code == 404


# --- invitations and replies ---------------------------------------------------------------------


async def test_people_are_invited_once_each_and_listed_in_pages(hub: Hub, fatima: Person) -> None:
    meeting_id = await planned(fatima)
    body = {
        "invitees": [{"email": ANNA, "name": "Anna", "group": "lived", "language": "sv"}],
        "addresses": f"Bo Ek <{BO}>, {ANNA}",
    }
    answer = await fatima.post(f"/workshops/{meeting_id}/invitations", body)
    assert (answer.status_code, answer.json()) == (
        201,
        {"added": 2, "known": 0, "unsubscribed": 0},
    )
    answer = await fatima.post(f"/workshops/{meeting_id}/invitations", {"addresses": BO})
    assert answer.json() == {"added": 0, "known": 1, "unsubscribed": 0}
    first = (await fatima.get(f"/workshops/{meeting_id}/invitations", limit=1)).json()
    rest = await fatima.get(f"/workshops/{meeting_id}/invitations", after=first["next"])
    assert len(first["items"]) == len(rest.json()["items"]) == 1
    bo = next(i for i in [*first["items"], *rest.json()["items"]] if i["email"] == BO)
    assert bo["name"] == "Bo Ek"
    path = f"/workshops/{meeting_id}/invitations"
    assert (await fatima.delete(f"{path}/{bo['id']}")).status_code == 204
    assert (await fatima.delete(f"{path}/{bo['id']}")).status_code == 404
    for wrong in ({"addresses": "bo"}, {}, {"invitees": [{"email": "bo"}]}):
        assert (await fatima.post(path, wrong)).status_code == 422


async def test_a_personal_link_replies_tells_gives_feedback_and_erases(
    room: Room, fatima: Person
) -> None:
    hub, somebody = room.hub, nobody(room.hub)
    meeting_id = await invited(fatima, ANNA)
    secret = await room.secret(meeting_id, ANNA)
    body = {"secret": secret, "reply": "room", "access": "Tolk", "food": "Vegan"}
    answer = await somebody.post(f"/workshops/{meeting_id}/rsvp", body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["reply"], answer.json()["place"]) == ("room", "held")
    own = (await somebody.get(f"/replies/{secret}")).json()
    assert own["needs"] == {"access": "Tolk", "food": "Vegan", "travel": ""}
    assert own["meeting"]["title"] == PLAN["title"]
    other = await invited(fatima)
    assert (await somebody.post(f"/workshops/{other}/rsvp", body)).status_code == 404
    answer = await somebody.put(f"/replies/{secret}/feedback", {"useful": 4})
    assert answer.status_code == 409
    calendar = await hub.http.get(own["calendar"])
    assert [str(each["SUMMARY"]) for each in events(calendar.text)]
    assert (await somebody.post(f"/replies/{secret}/no-more")).status_code == 204
    assert (await somebody.delete(f"/replies/{secret}")).status_code == 204
    assert (await somebody.get(f"/replies/{secret}")).status_code == 404
    assert (await hub.http.get(own["calendar"])).status_code == 404
    listed = (await fatima.get(f"/workshops/{meeting_id}/invitations")).json()["items"]
    assert listed == []


async def test_feedback_is_read_by_organisers_without_who_gave_it(
    room: Room, fatima: Person
) -> None:
    meeting_id = await invited(fatima, ANNA)
    secret = await room.secret(meeting_id, ANNA)
    for act in ("start", "end"):
        assert (await fatima.post(f"/workshops/{meeting_id}/{act}")).status_code == 200
    body = {"useful": 5, "text": "Bra", "language": "sv"}
    assert (await nobody(room.hub).put(f"/replies/{secret}/feedback", body)).status_code == 204
    found = (await fatima.get(f"/workshops/{meeting_id}/feedback")).json()["items"]
    assert found == [body]


async def test_an_open_reply_looks_the_same_for_a_known_address(room: Room, fatima: Person) -> None:
    somebody = nobody(room.hub)
    meeting_id = await invited(fatima, ANNA)
    answers = [
        await somebody.post(
            f"/workshops/{meeting_id}/rsvp", {"reply": "online", "name": "Stig", "email": email}
        )
        for email in (ANNA, BO)
    ]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["secret"] is None
    answer = await somebody.post(
        f"/workshops/{meeting_id}/rsvp", {"reply": "online", "name": "Eva", "key": "k" * 20}
    )
    secret = answer.json()["secret"]
    assert (await somebody.get(f"/replies/{secret}")).json()["name"] == "Eva"
    closed = await invited(fatima, open_to_all=False)
    answer = await somebody.post(f"/workshops/{closed}/rsvp", {"reply": "online", "name": "Eva"})
    assert answer.status_code == 409


async def test_who_guesses_links_is_held_back(hub: Hub) -> None:
    seen = {(await nobody(hub).get(f"/replies/rp_{n}")).status_code for n in range(70)}
    assert seen == {404, 429}


# --- calendars -----------------------------------------------------------------------------------


@pytest.mark.parametrize("base", ["", "/api/v1"])
async def test_one_meeting_is_a_calendar_file(hub: Hub, fatima: Person, base: str) -> None:
    meeting_id = await planned(fatima)
    answer = await hub.http.get(f"{base}/workshops/{meeting_id}.ics", params={"language": "en"})
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    [event] = events(answer.text)
    assert str(event["SUMMARY"]) == PLAN["title"]["en"]
    assert event.start.isoformat() == "2027-02-04T13:00:00+01:00"


@pytest.mark.parametrize("base", ["", "/api/v1"])
async def test_the_public_calendar_tells_of_invited_meetings_only_that_they_are(
    hub: Hub, fatima: Person, base: str
) -> None:
    await planned(fatima)
    await planned(fatima, open_to_all=False)
    await made(fatima, title={"sv": "Utkast", "en": "Draft"})
    answer = await hub.http.get(f"{base}/calendar.ics", params={"language": "sv"})
    assert answer.status_code == 200
    titles = sorted(str(each["SUMMARY"]) for each in events(answer.text))
    assert titles == [PLAN["title"]["sv"], PLAN["short_title"]["sv"]]
    assert answer.text.count("En sak att") == 1


async def test_ones_own_calendar_has_the_meetings_of_ones_address_that_one_has_not_declined(
    room: Room, fatima: Person
) -> None:
    hub = room.hub
    first = await invited(fatima, ANNA, open_to_all=False)
    second = await invited(fatima, ANNA)
    await invited(fatima, BO)
    invitee = (await room.invitees(first))[ANNA]
    path = f"/calendar/{feed_secret(hub.settings.read_key(), invitee.id)}.ics"
    answer = await hub.http.get(path)
    assert len(events(answer.text)) == 2
    await room.says(second, ANNA, "no")
    [event] = events((await hub.http.get(f"/api/v1{path}")).text)
    assert PLAN["title"]["sv"] in str(event["SUMMARY"])
    assert (await hub.http.get(path.replace(".ics", "x.ics"))).status_code == 404


async def test_an_organisers_own_calendar_has_all_and_ends_with_their_account(
    hub: Hub, fatima: Person
) -> None:
    await planned(fatima)
    await planned(fatima, open_to_all=False)
    path = f"/calendar/{feed_secret(hub.settings.read_key(), fatima.id)}.ics"
    titles = {str(each["SUMMARY"]) for each in events((await hub.http.get(path)).text)}
    assert titles == {PLAN["title"]["en"]}
    researcher = await hub.account("researcher", "Rut")
    path = f"/calendar/{feed_secret(hub.settings.read_key(), researcher.id)}.ics"
    assert (await hub.http.get(path)).status_code == 404
