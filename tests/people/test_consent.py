"""Saying yes: the questions before it, the separate choices, being asked again, and the key."""

from __future__ import annotations

import copy
import html
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from hub.audit.models import AuditEntry
from hub.charters.models import Outcome
from hub.gatherings import rules
from hub.gatherings.formats import Formats
from hub.gatherings.models import GatheringEvent
from hub.people import actions as people
from hub.people.models import Consent, Participant, PersonKey
from hub.people.rules import CONSENT_CHOICES
from hub.people.texts import SHIPPED

from ..cast import Person, join, plan
from ..conftest import Hub

RIGHT = {"understood_q1": "b", "understood_q2": "a"}
NEW = "2026-12"


def typed(code: str, **changes: Any) -> dict[str, str]:
    """The join form as Astrid fills it in."""
    form = {
        "code": code,
        "language": "sv",
        "name": "Astrid",
        "role": "patient",
        "version": "2026-11",
        "tries": "0",
        "take_part": "1",
        **RIGHT,
        **changes,
    }
    return {name: value for name, value in form.items() if value is not None}


async def planned(hub: Hub, **more: Any) -> tuple[Person, Any]:
    fatima = await hub.account()
    return fatima, await plan(fatima, **more)


async def kept(hub: Hub, participant_id: str) -> list[Consent]:
    async with hub.database.reading() as tx:
        found = await tx.scalars(
            select(Consent)
            .where(Consent.participant_id == participant_id)
            .order_by(Consent.given_at, Consent.id)
        )
        return list(found)


async def seats(hub: Hub, name: str) -> list[Participant]:
    async with hub.database.reading() as tx:
        found = await tx.scalars(
            select(Participant).where(Participant.name == name).order_by(Participant.joined_at)
        )
        return list(found)


async def key_of(hub: Hub, participant_id: str) -> people.Key:
    async with hub.database.reading() as tx:
        return (await people.read_keys(tx, [participant_id]))[participant_id]


async def audited(hub: Hub) -> list[tuple[str, str, str | None, dict[str, Any]]]:
    async with hub.database.reading() as tx:
        entries = await tx.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [(e.act, e.actor, e.subject, e.facts) for e in entries]


async def change_text(hub: Hub, version: str = NEW, date: str = "2026-11-20") -> None:
    """A new text comes into force."""
    folder = Path(hub.settings.data_dir) / "consent"
    folder.mkdir(exist_ok=True)
    made = copy.deepcopy(yaml.safe_load((SHIPPED / "2026-11.yaml").read_bytes()))
    made |= {
        "version": version,
        "date": date,
        "news": {"sv": "Ljud kan skrivas ner.", "en": "Sound may be written down."},
    }
    (folder / f"{version}.yaml").write_text(yaml.safe_dump(made, allow_unicode=True))
    async with hub.database.transaction() as tx:
        await people.sync_texts(tx, folder, now=hub.clock.now())


# --- the questions ----------------------------------------------------------------------------


async def test_who_answers_right_comes_in_and_the_tries_are_kept(hub: Hub) -> None:
    _, made = await planned(hub)
    answer = await hub.http.post("/join", data=typed(made["code"], tries="1"))
    assert answer.status_code == 303
    (astrid,) = await seats(hub, "Astrid")
    (consent,) = await kept(hub, astrid.id)
    assert consent.understood_after == 2
    assert (consent.version, consent.language, consent.how) == ("2026-11", "sv", "form")
    assert consent.choices == {c: c == "take_part" for c in CONSENT_CHOICES}


async def test_the_form_asks_with_unticked_boxes_and_both_questions(hub: Hub) -> None:
    _, made = await planned(hub)
    for language, words in (("sv", "Vem kan läsa"), ("en", "Who can read")):
        page = await hub.http.get(f"/join/{made['code']}", headers={"Accept-Language": language})
        assert words in page.text
        assert "checked" not in page.text.split('id="consent-text"')[1]
        for choice in CONSENT_CHOICES:
            assert f'name="{choice}"' in page.text


async def test_a_wrong_answer_is_explained_and_nothing_is_lost(hub: Hub) -> None:
    fatima, made = await planned(hub)
    form = typed(made["code"], understood_q1="a", follow="1", contact="1", email="a@example.org")
    page = await hub.http.post("/join", data=form)
    assert page.status_code == 422
    shown = html.unescape(page.text)
    assert "Du kan sluta när du vill. Du behöver inte säga varför." in shown
    assert "Skriv bara det som du vill" not in shown
    for part in ('value="Astrid"', 'value="a@example.org"', 'name="tries" value="1"'):
        assert part in shown
    for ticked in ('name="follow" value="1" checked', 'name="understood_q2" value="a" checked'):
        assert ticked in shown
    assert await seats(hub, "Astrid") == []
    assert "Sagt till" not in shown
    desk = await hub.http.get(f"/sessions/{made['id']}/desk", headers=fatima.headers)
    assert "on the way in needs help" not in desk.text


async def test_a_second_wrong_answer_calls_the_facilitator_and_locks_nobody_out(hub: Hub) -> None:
    fatima, made = await planned(hub)
    wrong = typed(made["code"], understood_q2="b", tries="1")
    page = await hub.http.post("/join", data=wrong)
    assert "Vi har sagt till samtalsledaren" in page.text
    for _ in range(5):
        await hub.http.post("/join", data={**wrong, "tries": "2"})
    desk = await hub.http.get(f"/sessions/{made['id']}/desk", headers=fatima.headers)
    assert "on the way in needs help" in desk.text
    async with hub.database.reading() as tx:
        called = select(GatheringEvent).where(GatheringEvent.kind == "help_asked")
        assert len(list(await tx.scalars(called))) == 1
    answer = await hub.http.post("/join", data=typed(made["code"], tries="7"))
    assert answer.status_code == 303
    hub.clock.move(minutes=6)
    desk = await hub.http.get(f"/sessions/{made['id']}/desk", headers=fatima.headers)
    assert "on the way in needs help" not in desk.text


async def test_a_question_that_is_not_answered_is_no_failed_try(hub: Hub) -> None:
    _, made = await planned(hub)
    page = await hub.http.post("/join", data=typed(made["code"], understood_q1=None, tries="1"))
    assert page.status_code == 422
    assert 'name="tries" value="1"' in page.text
    assert "Vi har sagt till" not in page.text


async def test_a_text_that_changed_while_somebody_read_it_is_shown_to_them(hub: Hub) -> None:
    _, made = await planned(hub)
    form = typed(made["code"])
    await change_text(hub)
    page = await hub.http.post("/join", data=form)
    assert page.status_code == 422
    assert "Texten har ändrats medan du läste" in page.text
    assert f'name="version" value="{NEW}"' in page.text
    assert (await hub.http.post("/join", data={**form, "version": NEW})).status_code == 303


# --- by call ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "consent",
    [True, {"take_part": True}, dict.fromkeys(CONSENT_CHOICES[:6], True)],
)
async def test_a_call_needs_no_answers(hub: Hub, consent: Any) -> None:
    _, made = await planned(hub)
    astrid = await join(hub.http, made["code"], "Astrid", "sv", consent=consent)
    (given,) = await kept(hub, astrid.id)
    assert (given.how, given.understood_after, given.version) == ("api", None, "2026-11")
    assert given.choices["take_part"] is True
    assert given.choices["transcribe"] is False


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"understood": {"q1": "a", "q2": "a"}}, "/understood/q1"),
        ({"understood": {"q1": "b"}}, "/understood/q2"),
        ({"understood": {}}, "/understood/q1"),
        ({"version": "2025-01"}, "/version"),
        ({"email": "no address", "consent": {"take_part": True, "contact": True}}, "/email"),
        ({"consent": {"follow": True}}, "/consent"),
    ],
)
async def test_a_call_with_a_fault_points_at_it(hub: Hub, more: Any, pointer: str) -> None:
    _, made = await planned(hub)
    body = {"code": made["code"], "name": "Astrid", "language": "sv", "consent": True, **more}
    answer = await hub.http.post("/api/v1/join", json=body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_a_call_may_bring_the_answers(hub: Hub) -> None:
    _, made = await planned(hub)
    right = {"q1": "b", "q2": "a"}
    astrid = await join(hub.http, made["code"], "Astrid", "sv", understood=right, tries=2)
    (given,) = await kept(hub, astrid.id)
    assert given.understood_after == 3


# --- what is shown any time -------------------------------------------------------------------


async def test_anybody_may_read_the_text_and_those_of_before(hub: Hub) -> None:
    await change_text(hub)
    page = await hub.http.get("/consent", headers={"Accept-Language": "en"})
    assert "Sound may be written down." in page.text
    earlier = await hub.http.get("/consent/2026-11", headers={"Accept-Language": "en"})
    assert "This text is no longer in use" in earlier.text
    assert (await hub.http.get("/consent/nothing")).status_code == 404
    found = (await hub.http.get("/api/v1/consent")).json()
    assert (found["version"], found["in_force"]) == (NEW, True)
    assert [c["id"] for c in found["choices"]] == list(CONSENT_CHOICES)
    assert "right" not in found["questions"][0]
    old = (await hub.http.get("/api/v1/consent", params={"version": "2026-11"})).json()
    assert old["in_force"] is False


async def test_a_text_to_come_is_not_shown_before_its_day(hub: Hub) -> None:
    await change_text(hub, date="2027-03-01")
    assert (await hub.http.get(f"/consent/{NEW}")).status_code == 404
    answer = await hub.http.get("/api/v1/consent", params={"version": NEW})
    assert answer.status_code == 404


async def test_my_choices_say_what_i_said_when_and_in_which_text(hub: Hub) -> None:
    _, made = await planned(hub)
    await hub.http.post("/join", data=typed(made["code"], quote_role="1"))
    page = await hub.http.get(f"/sessions/{made['id']}/choices")
    assert 'href="/consent/2026-11"' in page.text
    assert "24 november 2026" in page.text
    assert 'name="quote_role" value="1" checked' in page.text
    assert 'name="quote_alias" value="1">' in page.text


async def test_changed_choices_are_added_and_audited_without_a_name(hub: Hub) -> None:
    _, made = await planned(hub)
    await hub.http.post("/join", data=typed(made["code"]))
    (astrid,) = await seats(hub, "Astrid")
    hub.clock.move(minutes=1)
    form = {"consent": "1", "version": "2026-11", "language": "sv", "follow": "1"}
    assert (await hub.http.post(f"/sessions/{made['id']}/choices", data=form)).status_code == 303
    first, second = await kept(hub, astrid.id)
    assert (first.choices["follow"], second.choices["follow"]) == (False, True)
    assert second.choices["take_part"] is True
    acts = [each for each in await audited(hub) if each[2] == astrid.id]
    assert [(act, actor) for act, actor, _, _ in acts] == [
        ("joined", astrid.id),
        ("consent_given", astrid.id),
        ("consent_changed", astrid.id),
    ]
    assert acts[2][3] == {"version": "2026-11", "how": "form", "yes": "take_part follow"}
    assert "Astrid" not in repr(acts)


# --- asked again ------------------------------------------------------------------------------


async def test_a_new_text_is_answered_before_the_next_post(hub: Hub) -> None:
    session = await hub.session()
    first = await session.astrid.said(session.id, "Ett")
    await change_text(hub)
    refused = await session.astrid.say(session.id, "Två")
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/consent_changed"
    # What was said before is answered as ever, and reading goes on.
    again = {"client_id": "client-x", "text": "Ett", "kind": "contribution"}
    assert (await session.astrid.get(f"/sessions/{session.id}/contributions")).status_code == 200
    mine = (await session.astrid.get("/me/consent")).json()
    assert (mine["version"], mine["in_force"], mine["asked_again"]) == ("2026-11", NEW, True)
    answer = await session.astrid.put("/me/consent", {"consent": True, "version": NEW})
    assert answer.status_code == 200, answer.text
    assert answer.json()["asked_again"] is False
    assert (await session.astrid.post(f"/sessions/{session.id}/contributions", again)).is_success
    assert first["seq"] is not None


async def test_a_post_sent_twice_is_answered_even_where_the_text_has_changed(hub: Hub) -> None:
    session = await hub.session()
    body = {"client_id": "same", "text": "Ett", "kind": "contribution"}
    path = f"/sessions/{session.id}/contributions"
    assert (await session.astrid.post(path, body)).status_code == 201
    await change_text(hub)
    assert (await session.astrid.post(path, body)).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"consent": False}, "/consent"),
        ({"consent": {"follow": True}}, "/consent"),
        ({"consent": True, "version": "2026-11"}, "/version"),
        ({"consent": {"take_part": True, "contact": True}, "email": "x"}, "/email"),
    ],
)
async def test_an_answer_with_a_fault_keeps_nothing(hub: Hub, body: Any, pointer: str) -> None:
    session = await hub.session()
    await change_text(hub)
    answer = await session.astrid.put("/me/consent", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert len(await kept(hub, session.astrid.id)) == 1


async def test_only_who_has_a_seat_answers_for_themselves(hub: Hub) -> None:
    session = await hub.session()
    body = {"consent": True}
    nobody = await hub.http.put("/api/v1/me/consent", json=body)
    assert nobody.status_code == 401
    assert (await session.fatima.put("/me/consent", body)).status_code == 403
    other = await session.astrid.put("/me/consent", {**body, "session": "s_other"})
    assert other.status_code == 404


async def in_the_room(hub: Hub) -> tuple[Person, Any, str]:
    """Astrid sits in a running session with her browser."""
    fatima, made = await planned(hub)
    await hub.http.post("/join", data=typed(made["code"], follow="1"))
    await fatima.post(f"/sessions/{made['id']}/start")
    (astrid,) = await seats(hub, "Astrid")
    return fatima, made, astrid.id


POST = {"kind": "contribution", "text": 'Två "rader" <b>', "language": "sv", "client_id": "c-1"}


async def test_by_form_the_post_waits_in_the_page_and_goes_on(hub: Hub) -> None:
    _, made, astrid = await in_the_room(hub)
    await change_text(hub)
    hub.clock.move(minutes=1)
    url = f"/sessions/{made['id']}/contributions"
    page = await hub.http.post(url, data=POST)
    assert page.status_code == 409
    shown = page.text
    assert "Ljud kan skrivas ner." in shown
    assert 'value="Två &#34;rader&#34; &lt;b&gt;"' in shown
    assert "checked" not in shown
    assert shown.count("Du sa ja till det här förut.") == 2
    # No yes to taking part: asked once more, the post still there, and nothing kept.
    form = {**POST, "consent_version": NEW, "contact": "1", "email": "a@example.org"}
    page = await hub.http.post(url, data=form)
    assert page.status_code == 422
    assert 'value="Två &#34;rader&#34; &lt;b&gt;"' in page.text
    assert 'name="contact" value="1" checked' in page.text
    assert 'value="a@example.org"' in page.text
    assert len(await kept(hub, astrid)) == 1
    answer = await hub.http.post(url, data={**form, "take_part": "1"})
    assert answer.status_code == 303
    first, second = await kept(hub, astrid)
    assert (first.version, second.version, second.how) == ("2026-11", NEW, "form")
    assert second.choices["follow"] is False
    room = await hub.http.get(f"/sessions/{made['id']}")
    assert "Två &#34;rader&#34; &lt;b&gt;" in room.text
    assert (await key_of(hub, astrid)).email == "a@example.org"


async def test_with_a_script_the_new_text_stands_where_one_writes(hub: Hub) -> None:
    _, made, _ = await in_the_room(hub)
    await change_text(hub)
    url, htmx = f"/sessions/{made['id']}/contributions", {"HX-Request": "true"}
    composer = await hub.http.post(url, data=POST, headers=htmx)
    assert composer.status_code == 409
    assert composer.text.strip().startswith('<section class="composer stack" id="composer"')
    assert 'hx-target="#composer"' in composer.text
    under = {**POST, "part": "actions", "act": "reply", "contribution": "c_1"}
    small = await hub.http.post(url, data=under, headers=htmx)
    assert 'id="composer"' not in small.text
    assert 'hx-target="closest [data-again-place]"' in small.text
    form = {**under, "consent_version": NEW, "take_part": "1"}
    done = await hub.http.post(url, data=form, headers=htmx)
    assert done.status_code == 200
    assert "Ditt svar är skickat" in done.text


async def test_a_fault_in_the_post_itself_comes_after_the_consent(hub: Hub) -> None:
    _, made, astrid = await in_the_room(hub)
    await change_text(hub)
    form = {**POST, "text": "x" * 4001, "consent_version": NEW, "take_part": "1"}
    page = await hub.http.post(f"/sessions/{made['id']}/contributions", data=form)
    assert page.status_code == 422
    assert "x" * 4001 in page.text
    assert [c.version for c in await kept(hub, astrid)] == ["2026-11", NEW]


async def test_the_room_says_that_one_will_be_asked(hub: Hub) -> None:
    _, made, _ = await in_the_room(hub)
    said = "Du får frågan igen innan du skickar nästa inlägg"
    assert said not in (await hub.http.get(f"/sessions/{made['id']}")).text
    await change_text(hub)
    assert said in (await hub.http.get(f"/sessions/{made['id']}")).text


async def test_my_choices_ask_again_with_unticked_boxes(hub: Hub) -> None:
    _, made, astrid = await in_the_room(hub)
    await change_text(hub)
    url = f"/sessions/{made['id']}/choices"
    page = await hub.http.get(url)
    assert "Ljud kan skrivas ner." in page.text
    assert 'name="follow" value="1">' in page.text
    assert 'name="take_part" value="1"' in page.text
    form = {"consent": "1", "version": NEW, "language": "en"}
    # The language may be changed without an answer; a half answer is none.
    assert (await hub.http.post(url, data=form)).status_code == 303
    half = await hub.http.post(url, data={**form, "follow": "1"})
    assert half.status_code == 422
    assert 'name="follow" value="1" checked' in half.text
    assert len(await kept(hub, astrid)) == 1
    whole = await hub.http.post(url, data={**form, "follow": "1", "take_part": "1"})
    assert whole.status_code == 303
    assert (await kept(hub, astrid))[-1].version == NEW


async def test_what_is_said_aloud_is_asked_again_of_the_scribe(hub: Hub) -> None:
    session = await hub.session()
    body = {"name": "Greta", "language": "sv", "consent": True}
    greta = (await session.fatima.post(f"/sessions/{session.id}/seats", body)).json()
    await change_text(hub)
    form = {**POST, "written_for": greta["id"]}
    url = f"/sessions/{session.id}/contributions"
    headers = {**session.fatima.headers, "Accept-Language": "en"}
    page = await hub.http.post(url, data=form, headers=headers)
    assert page.status_code == 409
    assert "Read it aloud to Greta" in page.text
    answered = {**form, "consent_version": NEW, "take_part": "1"}
    done = await hub.http.post(url, data=answered, headers=headers)
    assert done.status_code == 303
    assert [c.how for c in await kept(hub, greta["id"])] == ["aloud", "aloud"]
    acts = await audited(hub)
    assert acts[-1][:3] == ("consent_changed", session.fatima.id, greta["id"])


async def test_a_facilitator_answers_for_nobody_who_has_a_device(hub: Hub) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}/seats/{session.astrid.id}/consent"
    assert (await session.fatima.put(path, {"consent": True})).status_code == 403
    assert (await session.ben.put(path, {"consent": True})).status_code == 403
    url = f"/sessions/{session.id}/contributions"
    await change_text(hub)
    form = {**POST, "written_for": session.astrid.id}
    headers = {**session.fatima.headers, "Accept-Language": "en"}
    page = await hub.http.post(url, data=form, headers=headers)
    assert page.status_code == 409
    assert "must answer on their own device" in page.text
    assert "consent_version" not in page.text
    forced = {**form, "consent_version": NEW, "take_part": "1"}
    assert (await hub.http.post(url, data=forced, headers=headers)).status_code == 403
    assert [c.version for c in await kept(hub, session.astrid.id)] == ["2026-11"]


async def test_by_call_a_scribe_says_what_was_said_aloud(hub: Hub) -> None:
    session = await hub.session()
    body = {"name": "Greta", "language": "sv", "consent": True}
    greta = (await session.fatima.post(f"/sessions/{session.id}/seats", body)).json()
    await change_text(hub)
    path = f"/sessions/{session.id}/seats/{greta['id']}/consent"
    answer = await session.fatima.put(path, {"consent": {"take_part": True, "quote_role": True}})
    assert answer.status_code == 200
    assert (answer.json()["how"], answer.json()["version"]) == ("aloud", NEW)


# --- the key ----------------------------------------------------------------------------------


async def with_cookies(hub: Hub, made: Any, name: str, **more: Any) -> str:
    await hub.http.post("/join", data=typed(made["code"], name=name, **more))
    (seat,) = await seats(hub, name)
    return seat.id


async def test_seats_share_a_pseudonym_only_where_both_say_yes(hub: Hub) -> None:
    fatima = await hub.account()
    one, two, three, four = [await plan(fatima) for _ in range(4)]
    first = await with_cookies(hub, one, "Ett", follow="1")
    second = await with_cookies(hub, two, "Två", follow="1")
    third = await with_cookies(hub, three, "Tre")
    hub.http.cookies.clear()
    stranger = await with_cookies(hub, four, "Fyra", follow="1")
    names = [(await key_of(hub, seat)).pseudonym for seat in (first, second, third, stranger)]
    assert names[0] == names[1]
    assert len(set(names)) == 3


async def test_who_is_no_longer_followed_gets_a_pseudonym_of_their_own(hub: Hub) -> None:
    fatima = await hub.account()
    one, two = [await plan(fatima) for _ in range(2)]
    first = await with_cookies(hub, one, "Ett", follow="1")
    second = await with_cookies(hub, two, "Två", follow="1")
    before = (await key_of(hub, first)).pseudonym
    url = f"/sessions/{two['id']}/choices"
    form = {"consent": "1", "version": "2026-11", "language": "sv"}
    await hub.http.post(url, data=form)
    assert (await key_of(hub, second)).pseudonym != before
    assert (await key_of(hub, first)).pseudonym == before
    await hub.http.post(url, data={**form, "follow": "1"})
    assert (await key_of(hub, second)).pseudonym == before


async def test_an_address_is_kept_sealed_while_one_may_be_contacted(hub: Hub) -> None:
    _, made = await planned(hub)
    astrid = await with_cookies(hub, made, "Astrid", contact="1", email=" astrid@example.org ")
    assert (await key_of(hub, astrid)).email == "astrid@example.org"
    async with hub.database.reading() as tx:
        sealed = (await tx.get_one(PersonKey, astrid)).sealed
    assert "astrid" not in sealed
    url = f"/sessions/{made['id']}/choices"
    assert "astrid@example.org" in (await hub.http.get(url)).text
    form = {"consent": "1", "version": "2026-11", "language": "sv"}
    await hub.http.post(url, data={**form, "email": "astrid@example.org"})
    assert (await key_of(hub, astrid)).email == ""


async def test_no_address_is_kept_without_a_yes_to_being_contacted(hub: Hub) -> None:
    _, made = await planned(hub)
    astrid = await with_cookies(hub, made, "Astrid", email="astrid@example.org")
    assert (await key_of(hub, astrid)).email == ""


async def test_a_call_that_leaves_the_address_out_keeps_it(hub: Hub) -> None:
    _, made = await planned(hub)
    said = {"take_part": True, "contact": True}
    astrid = await join(hub.http, made["code"], "Astrid", "sv", consent=said, email="a@example.org")
    await astrid.put("/me/consent", {"consent": said})
    assert (await key_of(hub, astrid.id)).email == "a@example.org"
    await astrid.put("/me/consent", {"consent": True})
    assert (await key_of(hub, astrid.id)).email == ""


async def test_an_unreadable_address_comes_back_with_what_was_typed(hub: Hub) -> None:
    _, made = await planned(hub)
    page = await hub.http.post("/join", data=typed(made["code"], contact="1", email="astrid@"))
    assert page.status_code == 422
    assert 'value="astrid@"' in page.text
    assert 'href="#email"' in page.text


# --- reminders --------------------------------------------------------------------------------


@pytest.mark.parametrize(("format_id", "wanted"), [("jif-90", 1), ("jif-180", 2)])
def test_a_session_reminds_at_its_start_and_a_long_one_at_half_time(
    tmp_path: Path, format_id: str, wanted: int
) -> None:
    form = rules.read_format(Formats(tmp_path).access(format_id))
    told = [
        index
        for index in range(len(form.phases))
        if rules.is_reminded(form, rules.Stage("running", index))
    ]
    assert len(told) == wanted
    assert told[0] == 0
    if wanted == 2:
        total = sum(phase.minutes for phase in form.phases)
        before = sum(phase.minutes for phase in form.phases[: told[1]])
        assert before < total / 2 <= before + form.phases[told[1]].minutes
    assert rules.is_reminded(form, rules.Stage("open"))
    assert not rules.is_reminded(form, rules.Stage("closed", 0))


async def test_the_reminder_has_the_choices_one_click_away(hub: Hub) -> None:
    fatima, made, _ = await in_the_room(hub)
    said = "Kom ihåg: du är med i forskning."
    room = await hub.http.get(f"/sessions/{made['id']}")
    assert said in room.text
    after = room.text.split(said)[1]
    assert after.index(f'href="/sessions/{made["id"]}/choices"') < 120
    await fatima.post(
        f"/sessions/{made['id']}/advance", {"force": True, "reason": "to the next test"}
    )
    assert said not in (await hub.http.get(f"/sessions/{made['id']}")).text


# --- other words than posts ------------------------------------------------------------------


async def test_no_words_of_any_kind_are_kept_before_the_new_text_is_answered(hub: Hub) -> None:
    session = await hub.session(start=False)
    before = f"/sessions/{session.id}/answers/before"
    assert (await session.astrid.put(before, {"items": {}})).status_code == 200
    await session.moved("start")
    said = await session.ben.said(session.id, "Four slips")
    own = await session.astrid.said(session.id, "Fyra lappar")
    await hub.translate()
    await change_text(hub)

    def refused(answer: Any) -> bool:
        found = answer.json().get("type") == "/problems/consent_changed"
        return bool(answer.status_code == 409 and found)

    astrid = session.astrid
    fixed = {"text": "Four notes"}
    assert refused(await astrid.put(before, {"items": {}}))
    assert refused(await astrid.put(f"/contributions/{own['id']}/translations/en", fixed))
    disputed = {"word": "lappar", "reason": "Blad"}
    assert refused(await astrid.post(f"/contributions/{said['id']}/dispute", disputed))
    await session.moved("close")
    assert refused(await astrid.put(f"/contributions/{own['id']}", {"text": "Fem lappar"}))
    assert (await astrid.put("/me/consent", {"consent": True})).status_code == 200
    fixed = {"text": "Fem lappar"}
    assert (await astrid.put(f"/contributions/{own['id']}", fixed)).status_code == 200


async def test_a_comment_on_a_charter_waits_for_the_new_text_too(hub: Hub) -> None:
    session = await hub.session()
    editor = await hub.account(role="editor", name="Edda")
    listed = (await editor.get("/charters")).json()["items"]
    charter = next(each["id"] for each in listed if each["kind"] == "original")
    async with hub.database.transaction() as tx:
        tx.add(
            Outcome(
                gathering_id=session.id, charter_id=charter, principle_id="p1", put={},
                updated_at=hub.clock.now(),
            )
        )  # fmt: skip
    assert (await editor.post(f"/charters/{charter}/round")).status_code == 201
    await change_text(hub)
    comment = {"client_id": "one", "text": "Skriv enklare.", "language": "sv"}
    answer = await session.astrid.post(f"/charters/{charter}/comments", comment)
    assert answer.status_code == 409, answer.text
    assert answer.json()["type"] == "/problems/consent_changed"
    await session.astrid.put("/me/consent", {"consent": True})
    answer = await session.astrid.post(f"/charters/{charter}/comments", comment)
    assert answer.status_code == 201, answer.text
