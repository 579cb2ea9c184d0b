"""Sessions by invitation: one link lets one person in, and can be taken back."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from hub.audit.models import AuditEntry
from hub.mail.actions import read_mail
from hub.mail.models import Mail
from hub.people.models import Invitation, Participant
from tests.cast import Person, plan
from tests.conftest import Hub

CONSENT = {"consent": True, "language": "sv"}


async def invite(fatima: Person, session: str, **more: Any) -> Any:
    answer = await fatima.post(f"/sessions/{session}/invitations", more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def join_with(hub: Hub, link: str, name: str = "Moa") -> httpx.Response:
    code = link.rsplit("/", 1)[1]
    return await hub.http.post("/api/v1/join", json={"code": code, "name": name, **CONSENT})


@pytest.fixture
async def invited(hub: Hub) -> tuple[Person, Any]:
    fatima = await hub.account()
    return fatima, await plan(fatima, access="invited")


async def test_the_code_of_an_invited_session_opens_nothing(
    hub: Hub, invited: tuple[Person, Any]
) -> None:
    _, session = invited
    assert session["join_url"] is None
    body = {"code": session["code"], "name": "Stig", **CONSENT}
    answer = await hub.http.post("/api/v1/join", json=body)
    assert answer.status_code == 403
    page = await hub.http.get(f"/join/{session['code']}")
    assert page.status_code == 403
    assert session["title"]["en"] not in page.text
    form = {"code": session["code"], "name": "Stig", "language": "en", "take_part": "1"}
    assert (await hub.http.post("/join", data=form)).status_code == 403


async def test_a_link_lets_one_person_in_once(hub: Hub, invited: tuple[Person, Any]) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"], label="Moas mamma")
    assert made["url"].startswith("http://hub.test/invitation/iv_")
    first = await join_with(hub, made["url"])
    assert first.status_code == 201
    assert first.json()["session"]["id"] == session["id"]
    second = await join_with(hub, made["url"], "Stig")
    assert (second.status_code, second.json()["type"]) == (409, "/problems/invitation_used")
    (listed,) = (await fatima.get(f"/sessions/{session['id']}/invitations")).json()["items"]
    assert (listed["state"], listed["label"]) == ("used", "Moas mamma")
    assert listed["participant"]["name"] == "Moa"
    assert "url" not in listed


async def test_a_refused_join_does_not_use_the_link_up(
    hub: Hub, invited: tuple[Person, Any]
) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"])
    assert (await join_with(hub, made["url"], "")).status_code == 422
    assert (await join_with(hub, made["url"])).status_code == 201


async def test_opening_a_link_asks_first(hub: Hub, invited: tuple[Person, Any]) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"])
    path = made["url"].removeprefix("http://hub.test")
    for _ in range(2):
        page = await hub.http.get(path)
        assert page.status_code == 200
        assert session["title"]["en"] in page.text
    form = await hub.http.get(f"/join/{path.rsplit('/', 1)[1]}")
    assert form.status_code == 200
    assert f'name="code" value="{path.rsplit("/", 1)[1]}"' in form.text
    (listed,) = (await fatima.get(f"/sessions/{session['id']}/invitations")).json()["items"]
    assert listed["state"] == "waiting"


async def test_who_has_the_seat_goes_to_the_room_and_others_are_told(
    hub: Hub, invited: tuple[Person, Any]
) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"])
    seat = (await join_with(hub, made["url"])).json()
    path = made["url"].removeprefix("http://hub.test")
    cookies = {f"hub_seat_{session['id']}": seat["token"]}
    mine = await hub.http.get(path, headers={"cookie": "; ".join(map("=".join, cookies.items()))})
    assert mine.headers["location"] == f"/sessions/{session['id']}"
    other = await hub.http.get(path, headers={"accept-language": "en"})
    assert other.status_code == 409
    assert "The link has been used" in other.text
    assert "Moa" not in other.text


@pytest.mark.parametrize("how", ["recalled", "declined", "made up"])
async def test_unknown_recalled_and_declined_links_look_alike(
    hub: Hub, invited: tuple[Person, Any], how: str
) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"], label="Moas mamma", email="moa@example.org")
    path = made["url"].removeprefix("http://hub.test")
    if how == "recalled":
        answer = await fatima.delete(f"/sessions/{session['id']}/invitations/{made['id']}")
        assert answer.status_code == 204
    elif how == "declined":
        answer = await hub.http.post(f"{path}/decline")
        assert answer.status_code == 200
    else:
        path = "/invitation/iv_" + "x" * 43
    page = await hub.http.get(path, headers={"accept-language": "en"})
    assert page.status_code == 404
    assert session["title"]["en"] not in page.text
    assert "The link does not work" in page.text
    assert (await join_with(hub, path)).status_code == 404
    again = await hub.http.post(f"{path}/decline")
    assert again.status_code == 404


@pytest.mark.parametrize("how", ["recall", "decline"])
async def test_who_was_asked_is_sealed_and_then_erased(
    hub: Hub, invited: tuple[Person, Any], how: str
) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"], label="Moas mamma", email="moa@example.org")
    async with hub.database.reading() as tx:
        row = await tx.get_one(Invitation, made["id"])
        assert row.sealed
        assert "Moa" not in row.sealed
        assert "moa@" not in row.sealed
    if how == "recall":
        await fatima.delete(f"/sessions/{session['id']}/invitations/{made['id']}")
    else:
        await hub.http.post(made["url"].removeprefix("http://hub.test") + "/decline")
    async with hub.database.reading() as tx:
        row = await tx.get_one(Invitation, made["id"])
        assert row.sealed is None
        assert list(await tx.scalars(select(Mail))) == []
        acts = list(await tx.scalars(select(AuditEntry.act).order_by(AuditEntry.number)))
    assert acts[-2:] == [
        "invited",
        f"invitation_{how}ed" if how == "recall" else "invitation_declined",
    ]
    (listed,) = (await fatima.get(f"/sessions/{session['id']}/invitations")).json()["items"]
    assert (listed["label"], listed["email"]) == ("", "")


async def test_recalling_after_use_ends_the_seat(hub: Hub, invited: tuple[Person, Any]) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"])
    seat = (await join_with(hub, made["url"])).json()
    moa = Person(hub.http, seat["token"], id=seat["participant"]["id"])
    assert (await moa.get(f"/sessions/{session['id']}")).status_code == 200
    await fatima.delete(f"/sessions/{session['id']}/invitations/{made['id']}")
    assert (await moa.get(f"/sessions/{session['id']}")).status_code == 404
    async with hub.database.reading() as tx:
        row = await tx.get_one(Participant, moa.id)
    assert (row.removed_reason, row.left_at) == ("recalled", row.removed_at)


async def test_nobody_writes_for_or_lets_in_whoever_is_recalled(
    hub: Hub, invited: tuple[Person, Any]
) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"])
    seat = (await join_with(hub, made["url"])).json()["participant"]["id"]
    await fatima.post(f"/sessions/{session['id']}/start")
    await fatima.delete(f"/sessions/{session['id']}/invitations/{made['id']}")
    written = await fatima.say(session["id"], "Det här sa Moa.", written_for=seat)
    assert written.status_code == 404
    floor = await fatima.post(f"/sessions/{session['id']}/floor", {"participant": seat})
    assert floor.status_code == 404
    back = await fatima.delete(f"/sessions/{session['id']}/participants/{seat}/remove")
    assert back.status_code == 409
    assert back.json()["type"] == "/problems/invitation_over"


async def test_who_is_recalled_is_taken_out_of_the_room_at_once(
    hub: Hub, invited: tuple[Person, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    fatima, session = invited
    made = [await invite(fatima, session["id"]) for _ in range(2)]
    seat = (await join_with(hub, made[0]["url"])).json()
    out: list[tuple[str, str]] = []

    async def remove(session: str, person: str) -> None:
        out.append((session, person))

    monkeypatch.setattr(hub.screens.live, "remove", remove)
    for each in made:
        await fatima.delete(f"/sessions/{session['id']}/invitations/{each['id']}")
    assert out == [(session["id"], seat["participant"]["id"])]


async def test_a_new_link_kills_the_old_one(hub: Hub, invited: tuple[Person, Any]) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"])
    path = f"/sessions/{session['id']}/invitations/{made['id']}/renew"
    new = await fatima.post(path)
    assert new.status_code == 200
    assert new.json()["url"] != made["url"]
    assert (await join_with(hub, made["url"])).status_code == 404
    assert (await join_with(hub, new.json()["url"])).status_code == 201
    over = await fatima.post(path)
    assert (over.status_code, over.json()["type"]) == (409, "/problems/invitation_over")


async def test_nobody_is_asked_again_after_a_no(hub: Hub, invited: tuple[Person, Any]) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"])
    await hub.http.post(made["url"].removeprefix("http://hub.test") + "/decline")
    answer = await fatima.post(f"/sessions/{session['id']}/invitations/{made['id']}/renew")
    assert answer.status_code == 409
    (listed,) = (await fatima.get(f"/sessions/{session['id']}/invitations")).json()["items"]
    assert listed["state"] == "declined"


async def test_an_address_gets_the_link_by_mail_in_its_language(
    hub: Hub, invited: tuple[Person, Any]
) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"], email="moa@example.org", language="en")
    assert made["mailed"]
    renewed = await fatima.post(f"/sessions/{session['id']}/invitations/{made['id']}/renew")
    async with hub.database.reading() as tx:
        (mail,) = list(await tx.scalars(select(Mail)))
    to, facts = read_mail(hub.settings.read_key(), mail)
    assert (mail.kind, mail.language, to) == ("session_invitation", "en", "moa@example.org")
    assert facts["url"] == renewed.json()["url"]
    assert (facts["title"], facts["inviter"]) == (session["title"]["en"], "Fatima")
    assert "moa" not in (mail.sealed_to or "")


async def test_several_links_at_once(hub: Hub, invited: tuple[Person, Any]) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"], count=3)
    links = [made["url"], *(each["url"] for each in made["more"])]
    assert len(set(links)) == 3
    for number, link in enumerate(links):
        assert (await join_with(hub, link, f"Gäst {number}")).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"count": 0}, "/count"),
        ({"count": 51}, "/count"),
        ({"count": 2, "email": "moa@example.org"}, "/count"),
        ({"email": "no address"}, "/email"),
        ({"language": "de"}, "/language"),
        ({"child": True, "guardians_said_yes": True}, "/child"),
    ],
)
async def test_what_cannot_be_read_is_said_beside_its_field(
    invited: tuple[Person, Any], body: dict[str, Any], pointer: str
) -> None:
    fatima, session = invited
    answer = await fatima.post(f"/sessions/{session['id']}/invitations", body)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    listed = await fatima.get(f"/sessions/{session['id']}/invitations")
    assert listed.json()["items"] == []


async def test_only_those_who_run_sessions_see_invitations(hub: Hub) -> None:
    session = await hub.session()
    made = await invite(session.fatima, session.id, label="Moas mamma")
    path = f"/sessions/{session.id}/invitations"
    researcher = await hub.account("researcher", "Rut")
    for other, status in ((session.astrid, 403), (researcher, 403), (Person(hub.http, ""), 401)):
        assert (await other.get(path)).status_code == status
        assert (await other.post(path, {})).status_code == status
        assert (await other.post(f"{path}/{made['id']}/renew")).status_code == status
        assert (await other.delete(f"{path}/{made['id']}")).status_code == status
    elsewhere = await plan(session.fatima)
    assert (
        await session.fatima.delete(f"/sessions/{elsewhere['id']}/invitations/{made['id']}")
    ).status_code == 404


async def test_an_invited_session_is_not_listed_and_shows_no_code(
    hub: Hub, invited: tuple[Person, Any]
) -> None:
    fatima, session = invited
    await fatima.post(f"/sessions/{session['id']}/open")
    assert session["title"]["sv"] not in (await hub.http.get("/")).text
    for face in ("desk", "screen", ""):
        page = await hub.http.get(
            f"/sessions/{session['id']}/{face}".rstrip("/"), headers=fatima.headers
        )
        assert page.status_code == 200
        assert f"/join/{session['code']}" not in page.text
        assert session["code"] not in re.sub(r"\s", "", page.text)


async def test_a_facilitator_invites_by_form_and_sees_the_link_once(
    hub: Hub, invited: tuple[Person, Any]
) -> None:
    fatima, session = invited
    path = f"/sessions/{session['id']}/invitations"
    form = {"label": "Moas mamma <b>", "email": "wrong", "count": "1"}
    refused = await hub.http.post(path, data=form, headers=fatima.headers)
    assert refused.status_code == 422
    assert "Moas mamma &lt;b&gt;" in refused.text
    made = await hub.http.post(path, data={**form, "email": ""}, headers=fatima.headers)
    link = re.search(r'value="(http://hub\.test/invitation/iv_[^"]+)"', made.text)
    assert link is not None
    assert link[1] not in (await hub.http.get(path, headers=fatima.headers)).text
    (listed,) = (await fatima.get(path)).json()["items"]
    recalled = await hub.http.post(f"{path}/{listed['id']}/recall", headers=fatima.headers)
    assert recalled.status_code == 303
    assert (await hub.http.get(link[1])).status_code == 404


async def test_joining_by_form_with_a_link_keeps_what_was_typed(
    hub: Hub, invited: tuple[Person, Any]
) -> None:
    fatima, session = invited
    made = await invite(fatima, session["id"])
    code = made["url"].rsplit("/", 1)[1]
    form = {"code": code, "name": "Moa & co", "language": "sv"}
    answer = await hub.http.post("/join", data=form)
    assert answer.status_code == 422
    assert "Moa &amp; co" in answer.text
    assert f'name="code" value="{code}"' in answer.text
