"""Sessions where people need more care: by invitation, six at most, never without support.

Source: privacy-and-access.md, "Vulnerable groups".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from hub.errors import Invalid, Refusal
from hub.gatherings import jobs, rules
from hub.gatherings.models import GatheringEvent
from hub.live import Seen
from hub.mail.actions import read_mail
from hub.mail.models import Mail
from hub.people.models import Participant
from tests.cast import Person, plan
from tests.conftest import Hub

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
SUPPORT = {"name": "Karin Ek", "contact": "070-123 45 67"}
WARD = "ward"
CARE = {"no_say_in_care": True}


async def guarded(fatima: Person, **more: Any) -> Any:
    return await plan(fatima, **{"guarded": True, "support": SUPPORT, **more})


async def invite(fatima: Person, session: str, **more: Any) -> httpx.Response:
    return await fatima.post(f"/sessions/{session}/invitations", {**CARE, **more})


async def come_in(hub: Hub, fatima: Person, session: str, name: str) -> Person:
    made = (await invite(fatima, session)).json()
    body = {"code": made["url"].rsplit("/", 1)[1], "name": name, "language": "sv", "consent": True}
    answer = await hub.http.post("/api/v1/join", json=body)
    assert answer.status_code == 201, answer.text
    return Person(hub.http, answer.json()["token"], id=answer.json()["participant"]["id"])


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def pointers(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [each["pointer"] for each in answer.json()["errors"]]


# --- the rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "is_guarded", "found"),
    [
        ("open", False, "open"),
        ("invited", False, "invited"),
        ("invited", True, "invited"),
        (None, False, "open"),
        (None, True, "invited"),
    ],
)
def test_a_guarded_session_is_by_invitation(
    chosen: str | None, is_guarded: bool, found: str
) -> None:
    assert rules.check_access(chosen, guarded=is_guarded) == found


@pytest.mark.parametrize(
    ("chosen", "is_guarded", "code"),
    [
        ("open", True, "guarded_invited"),
        ("public", False, "access_unknown"),
        (3, True, "access_unknown"),
    ],
)
def test_a_guarded_session_has_no_open_link(chosen: object, is_guarded: bool, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_access(chosen, guarded=is_guarded)
    assert refused.value.fields == {"/access": code}


@given(live=st.integers(0, 10), wanted=st.integers(1, 10), is_guarded=st.booleans())
def test_never_more_than_six_are_invited_to_a_guarded_session(
    live: int, wanted: int, is_guarded: bool
) -> None:
    try:
        rules.check_may_invite(live, wanted, guarded=is_guarded, no_say_in_care=True)
        refused = ""
    except Refusal as refusal:
        refused = refusal.code
    assert refused == ("invitations_full" if is_guarded and live + wanted > 6 else "")


@given(is_guarded=st.booleans(), child=st.booleans(), yes=st.booleans(), no_say=st.booleans())
def test_a_child_is_asked_only_where_guardians_said_yes_and_by_nobody_in_charge_of_their_care(
    is_guarded: bool, child: bool, yes: bool, no_say: bool
) -> None:
    fine = (no_say or not is_guarded) and (not child or (is_guarded and yes))
    try:
        rules.check_may_invite(
            0, 1, guarded=is_guarded, child=child, guardians_said_yes=yes, no_say_in_care=no_say
        )
    except Invalid:
        assert not fine
    else:
        assert fine


@pytest.mark.parametrize(
    ("used", "declined", "recalled", "state"),
    [
        (None, None, None, "waiting"),
        (NOW, None, None, "used"),
        (NOW, None, NOW, "recalled"),
        (None, None, NOW, "recalled"),
        (None, NOW, None, "declined"),
        (None, NOW, NOW, "declined"),
    ],
)
def test_a_no_outranks_all_else(
    used: datetime | None, declined: datetime | None, recalled: datetime | None, state: str
) -> None:
    found = rules.invitation_state(used_at=used, declined_at=declined, recalled_at=recalled)
    assert found == state


@pytest.mark.parametrize(
    ("hours", "wanted"), [(0, 0), (23.9, 0), (24, 1), (39, 1), (40, 2), (99, 2)]
)
def test_reminders_come_after_a_day_and_before_the_second_is_over(
    hours: float, wanted: int
) -> None:
    assert rules.reminders_due(NOW + timedelta(hours=hours), closed_at=NOW) == wanted


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"name": "Karin"}, {"/support/contact": "support_contact_missing"}),
        ({"contact": "070"}, {"/support/name": "support_name_missing"}),
        ({"name": "K" * 121, "contact": "070"}, {"/support/name": "support_too_long"}),
    ],
)
def test_a_support_person_has_a_name_and_can_be_reached(
    given: dict[str, str], faults: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as refused:
        rules.read_support(given)
    assert refused.value.fields == faults


@pytest.mark.parametrize("given", [None, {}, {"name": " ", "contact": "\u200b"}])
def test_nobody_is_no_support_person(given: dict[str, str] | None) -> None:
    assert rules.read_support(given) is None


# --- planning and beginning --------------------------------------------------------------------


async def test_a_vulnerable_case_makes_a_session_guarded(hub: Hub) -> None:
    fatima = await hub.account()
    open_link = await fatima.post(
        "/sessions",
        {"format": "jif-90", "title": {"sv": "A", "en": "A"}, "case": WARD, "access": "open"},
    )
    assert pointers(open_link) == ["/access"]
    session = await plan(fatima, case=WARD)
    assert (session["guarded"], session["access"], session["join_url"]) == (True, "invited", None)


async def test_a_case_that_becomes_vulnerable_closes_the_open_door(hub: Hub) -> None:
    fatima = await hub.account()
    case = {"id": "village", "name": {"sv": "Byn", "en": "The village"}}
    assert (await fatima.post("/cases", case)).status_code == 201
    session = await plan(fatima, case="village")
    assert session["join_url"]
    assert (await fatima.put("/cases/village", {**case, "vulnerable": True})).status_code == 200
    body = {"code": session["code"], "name": "Stig", "language": "sv", "consent": True}
    assert problem(await hub.http.post("/api/v1/join", json=body)) == (403, "invited_only")
    opened = await fatima.post(f"/sessions/{session['id']}/open")
    assert problem(opened) == (409, "support_missing")


@pytest.mark.parametrize("move", ["open", "start"])
async def test_nobody_comes_in_before_a_support_person_is_named(hub: Hub, move: str) -> None:
    fatima = await hub.account()
    session = await guarded(fatima, support=None)
    path = f"/sessions/{session['id']}"
    assert problem(await fatima.post(f"{path}/{move}")) == (409, "support_missing")
    assert (await fatima.get(path)).json()["state"] == "planned"
    named = await fatima.put(f"{path}/entry", {"support": SUPPORT})
    assert named.json()["support"] == SUPPORT
    assert (await fatima.post(f"{path}/{move}")).status_code == 200
    unnamed = await fatima.put(f"{path}/entry", {"support": {}})
    assert problem(unnamed) == (409, "support_missing")


async def test_the_door_is_set_before_the_session_begins(hub: Hub) -> None:
    fatima = await hub.account()
    session = await plan(fatima)
    path = f"/sessions/{session['id']}/entry"
    closed = (await fatima.put(path, {"guarded": True, "support": SUPPORT})).json()
    assert (closed["access"], closed["join_url"]) == ("invited", None)
    assert pointers(await fatima.put(path, {"access": "open"})) == ["/access"]
    reopened = (await fatima.put(path, {"guarded": False, "access": "open"})).json()
    assert reopened["join_url"]
    await fatima.post(f"/sessions/{session['id']}/start")
    assert (await fatima.put(path, {"guarded": True})).status_code == 409


async def test_planning_by_form_keeps_what_was_typed(hub: Hub) -> None:
    fatima = await hub.account()
    form = {
        "format": "jif-90", "title_sv": "A", "title_en": "A", "access": "open", "guarded": "1",
        "support_name": "Karin <b>", "support_contact": "070",
    }  # fmt: skip
    refused = await hub.http.post(
        "/sessions", data={**form, "title_sv": ""}, headers=fatima.headers
    )
    assert refused.status_code == 422
    assert "Karin &lt;b&gt;" in refused.text
    # The box that is ticked says that everyone is invited: nobody has to say it twice.
    made = await hub.http.post("/sessions", data=form, headers=fatima.headers)
    assert made.status_code == 303
    plan_page = await hub.http.get(made.headers["location"], headers=fatima.headers)
    assert "Karin &lt;b&gt;" in plan_page.text
    assert "/join/" not in plan_page.text


# --- who is in it ------------------------------------------------------------------------------


async def test_six_people_at_most_are_invited_and_seated(hub: Hub) -> None:
    fatima = await hub.account()
    session = await guarded(fatima)
    made = [(await invite(fatima, session["id"])).json() for _ in range(6)]
    assert problem(await invite(fatima, session["id"])) == (409, "invitations_full")
    for number in range(2):
        seat = {"name": f"Utan {number}", "language": "sv", "consent": True}
        assert (await fatima.post(f"/sessions/{session['id']}/seats", seat)).status_code == 201
    codes = [each["url"].rsplit("/", 1)[1] for each in made]
    answers = [
        await hub.http.post(
            "/api/v1/join",
            json={"code": code, "name": f"Moa {n}", "language": "sv", "consent": True},
        )
        for n, code in enumerate(codes)
    ]
    assert [a.status_code for a in answers] == [201] * 4 + [409] * 2
    assert problem(answers[-1]) == (409, "session_full")
    await fatima.delete(f"/sessions/{session['id']}/invitations/{made[0]['id']}")
    again = {"code": codes[-1], "name": "Moa", "language": "sv", "consent": True}
    assert (await hub.http.post("/api/v1/join", json=again)).status_code == 201


async def test_those_who_ask_do_not_decide_on_the_care_of_those_they_ask(hub: Hub) -> None:
    fatima = await hub.account()
    session = await guarded(fatima)
    path = f"/sessions/{session['id']}/invitations"
    assert pointers(await fatima.post(path, {})) == ["/no_say_in_care"]
    assert pointers(await invite(fatima, session["id"], child=True)) == ["/guardians_said_yes"]
    fine = await invite(fatima, session["id"], child=True, guardians_said_yes=True)
    assert (fine.status_code, fine.json()["child"]) == (201, True)


async def test_the_childs_no_outranks_any_yes(hub: Hub) -> None:
    fatima = await hub.account()
    session = await guarded(fatima)
    made = (await invite(fatima, session["id"], child=True, guardians_said_yes=True)).json()
    path = made["url"].removeprefix("http://hub.test")
    page = await hub.http.get(path, headers={"accept-language": "en"})
    assert "Your no counts." in page.text
    said_no = await hub.http.post(f"{path}/decline", headers={"accept-language": "en"})
    assert "You have said no." in said_no.text
    renewed = await fatima.post(f"/sessions/{session['id']}/invitations/{made['id']}/renew")
    assert problem(renewed) == (409, "invitation_over")
    body = {"code": path.rsplit("/", 1)[1], "name": "Moa", "language": "sv", "consent": True}
    assert (await hub.http.post("/api/v1/join", json=body)).status_code == 404


async def test_the_support_person_is_shown_in_the_room_and_nowhere_public(hub: Hub) -> None:
    fatima = await hub.account()
    session = await guarded(fatima)
    moa = await come_in(hub, fatima, session["id"], "Moa")
    await fatima.post(f"/sessions/{session['id']}/start")
    room = await hub.http.get(f"/sessions/{session['id']}", headers=moa.headers)
    assert SUPPORT["contact"] in room.text
    assert "Ta en paus" in room.text
    await moa.post(f"/sessions/{session['id']}/break")
    calm = await hub.http.get(f"/sessions/{session['id']}", headers=moa.headers)
    assert SUPPORT["contact"] in calm.text
    assert (await moa.get(f"/sessions/{session['id']}")).json()["support"] == SUPPORT
    await fatima.post(f"/sessions/{session['id']}/close")
    hub.clock.move(days=8)
    await fatima.post(f"/sessions/{session['id']}/record/publish")
    public = await hub.http.get(f"/api/v1/sessions/{session['id']}/record")
    assert public.status_code == 200
    assert SUPPORT["contact"] not in public.text
    assert SUPPORT["name"] not in public.text


# --- a facilitator throughout --------------------------------------------------------------------


async def running(hub: Hub, fatima: Person) -> str:
    session = await guarded(fatima)
    assert (await fatima.post(f"/sessions/{session['id']}/start")).status_code == 200
    return str(session["id"])


async def state_of(fatima: Person, session: str) -> Any:
    listed = (await fatima.get("/sessions")).json()["items"]
    return next(each["state"] for each in listed if each["id"] == session)


async def test_a_guarded_session_waits_where_no_facilitator_is_here(hub: Hub) -> None:
    fatima = await hub.account()
    session = await guarded(fatima)
    moa = await come_in(hub, fatima, session["id"], "Moa")
    await fatima.post(f"/sessions/{session['id']}/start")
    for _ in range(8):
        hub.clock.move(seconds=15)
        await jobs.guard(hub.screens)
    assert await state_of(fatima, session["id"]) == "running"
    hub.clock.move(seconds=15)
    await jobs.guard(hub.screens)
    assert await state_of(fatima, session["id"]) == "paused"
    assert problem(await moa.say(session["id"], "Hallå?")) == (409, "session_paused")
    assert (await moa.post(f"/sessions/{session['id']}/resume")).status_code == 403
    room = await hub.http.get(f"/sessions/{session['id']}", headers=moa.headers)
    assert "Vi väntar på samtalsledaren." in room.text
    assert "Ingen samtalsledare är här." in room.text
    desk = await hub.http.get(f"/sessions/{session['id']}/desk", headers=fatima.headers)
    assert "Paused: no facilitator was here" in desk.text
    async with hub.database.reading() as tx:
        (event,) = list(
            await tx.scalars(select(GatheringEvent).where(GatheringEvent.kind == "paused"))
        )
    assert (event.data, event.actor) == ({"why": "no_facilitator"}, None)
    resumed = await fatima.post(f"/sessions/{session['id']}/resume")
    assert resumed.json()["state"] == "running"
    await jobs.guard(hub.screens)
    assert await state_of(fatima, session["id"]) == "running"


async def test_a_facilitator_who_looks_in_keeps_the_session_going(hub: Hub) -> None:
    fatima = await hub.account()
    session = await running(hub, fatima)
    for _ in range(4):
        hub.clock.move(seconds=100)
        await hub.http.get(f"/sessions/{session}/desk", headers=fatima.headers)
        await jobs.guard(hub.screens)
    assert await state_of(fatima, session) == "running"


@pytest.mark.parametrize(("runs", "state"), [(True, "running"), (False, "paused")])
async def test_a_facilitators_connection_keeps_the_session_going(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, runs: bool, state: str
) -> None:
    fatima = await hub.account()
    session = await running(hub, fatima)
    seen = Seen(fatima.id if runs else "p_moa", not runs, "sv", runs)
    monkeypatch.setattr(hub.screens.live, "sessions", lambda: [session])
    monkeypatch.setattr(hub.screens.live, "people", lambda _: [seen])
    for _ in range(4):
        hub.clock.move(seconds=100)
        await jobs.guard(hub.screens)
    assert await state_of(fatima, session) == state


async def test_what_was_seen_before_a_restart_counts_after_it(hub: Hub) -> None:
    fatima = await hub.account()
    session = await running(hub, fatima)
    hub.clock.move(seconds=100)
    await fatima.get(f"/sessions/{session}")
    await jobs.guard(hub.screens)
    hub.screens.hosts.clear()
    hub.clock.move(seconds=100)
    await jobs.guard(hub.screens)
    assert await state_of(fatima, session) == "running"
    hub.clock.move(seconds=30)
    await jobs.guard(hub.screens)
    assert await state_of(fatima, session) == "paused"


async def test_other_sessions_run_on_without_a_facilitator(hub: Hub) -> None:
    session = await hub.session()
    hub.clock.move(minutes=9)
    await jobs.guard(hub.screens)
    assert await state_of(session.fatima, session.id) == "running"


async def test_the_participants_visits_are_not_a_facilitators(hub: Hub) -> None:
    fatima = await hub.account()
    session = await guarded(fatima)
    moa = await come_in(hub, fatima, session["id"], "Moa")
    await fatima.post(f"/sessions/{session['id']}/start")
    await jobs.guard(hub.screens)
    for _ in range(3):
        hub.clock.move(seconds=60)
        await moa.get(f"/sessions/{session['id']}")
        await jobs.guard(hub.screens)
    assert await state_of(fatima, session["id"]) == "paused"


# --- following up --------------------------------------------------------------------------------


async def test_whoever_made_a_guarded_session_is_reminded_to_follow_up(hub: Hub) -> None:
    fatima = await hub.account()
    session = await running(hub, fatima)
    await fatima.post(f"/sessions/{session}/close")

    async def mails() -> list[Mail]:
        await jobs.guard(hub.screens)
        await jobs.guard(hub.screens)
        async with hub.database.reading() as tx:
            return list(await tx.scalars(select(Mail).order_by(Mail.made_at)))

    hub.clock.move(minutes=23 * 60)
    assert await mails() == []
    hub.clock.move(minutes=2 * 60)
    (first,) = await mails()
    to, facts = read_mail(hub.settings.read_key(), first)
    assert (first.kind, first.language) == ("follow_up", "en")
    assert to.startswith("fatima")
    assert facts["url"] == f"http://hub.test/sessions/{session}/desk"
    hub.clock.move(minutes=16 * 60)
    assert len(await mails()) == 2
    hub.clock.move(minutes=16 * 60)
    assert len(await mails()) == 2


async def test_nobody_is_reminded_of_what_is_done(hub: Hub) -> None:
    fatima = await hub.account()
    session = await running(hub, fatima)
    path = f"/sessions/{session}"
    assert problem(await fatima.post(f"{path}/follow-up")) == (409, "follow_up_not_asked")
    closed = (await fatima.post(f"{path}/close")).json()
    assert closed["follow_up"] == {"by": "2026-11-26T12:30:00Z", "done_at": None}
    desk = await hub.http.get(f"{path}/desk", headers=fatima.headers)
    assert "Follow up with each person by 26 November 2026 at 13:30." in desk.text
    assert (
        "Follow up with each person"
        in (await hub.http.get("/sessions", headers=fatima.headers)).text
    )
    done = await hub.http.post(f"{path}/follow-up", headers=fatima.headers)
    assert done.status_code == 303
    hub.clock.move(minutes=41 * 60)
    await jobs.guard(hub.screens)
    async with hub.database.reading() as tx:
        assert list(await tx.scalars(select(Mail))) == []
    assert (await fatima.get(path)).json()["follow_up"]["done_at"] == "2026-11-24T12:30:00Z"
    assert (
        "Each person was followed up."
        in (await hub.http.get(f"{path}/desk", headers=fatima.headers)).text
    )


async def test_a_session_that_goes_on_is_followed_up_anew(hub: Hub) -> None:
    fatima = await hub.account()
    session = await running(hub, fatima)
    path = f"/sessions/{session}"
    await fatima.post(f"{path}/close")
    await fatima.post(f"{path}/follow-up")
    await fatima.post(f"{path}/reopen")
    again = (await fatima.post(f"{path}/close")).json()
    assert again["follow_up"]["done_at"] is None


async def test_sessions_of_others_are_not_followed_up(hub: Hub) -> None:
    session = await hub.session()
    closed = await session.moved("close")
    assert closed["follow_up"] is None
    hub.clock.move(minutes=41 * 60)
    await jobs.guard(hub.screens)
    async with hub.database.reading() as tx:
        assert list(await tx.scalars(select(Mail))) == []
        assert len(list(await tx.scalars(select(Participant)))) == 2


async def test_a_session_that_a_child_is_invited_to_stays_guarded(hub: Hub) -> None:
    fatima = await hub.account()
    session = (await guarded(fatima))["id"]
    made = await invite(fatima, session, child=True, guardians_said_yes=True)
    assert made.status_code == 201, made.text
    path = f"/sessions/{session}/entry"
    assert pointers(await fatima.put(path, {"guarded": False})) == ["/guarded"]
    assert (await fatima.get(f"/sessions/{session}")).json()["guarded"] is True
    await fatima.delete(f"/sessions/{session}/invitations/{made.json()['id']}")
    assert (await fatima.put(path, {"guarded": False})).status_code == 200


async def test_who_was_sent_out_comes_back_only_where_there_is_room(hub: Hub) -> None:
    fatima = await hub.account()
    session = (await guarded(fatima))["id"]
    seats = [await come_in(hub, fatima, session, f"Person {n}") for n in range(6)]
    path = f"/sessions/{session}/participants/{seats[0].id}/remove"
    assert (await fatima.post(path, {"reason": "disturbs"})).status_code == 200
    aloud = {"name": "Sjunde", "language": "sv", "consent": True}
    assert (await fatima.post(f"/sessions/{session}/seats", aloud)).status_code == 201
    assert problem(await fatima.delete(path)) == (409, "session_full")
