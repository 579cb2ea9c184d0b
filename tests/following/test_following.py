"""Owners are asked by mail and answer by their link; those who took part hear of it."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from hub.db import secret_of
from hub.following import actions, rules
from hub.following.jobs import translate_reasons
from hub.following.models import Owner
from hub.gatherings.models import Act, Contribution, GatheringEvent, Progress
from hub.mail.actions import read_mail
from hub.mail.models import Mail
from hub.people import actions as people
from hub.people.models import Participant
from hub.retention.jobs import keep_retention
from hub.schedule.jobs import run_due
from hub.schedule.models import Task
from tests.cast import Person, join
from tests.conftest import Hub
from tests.gatherings.test_following import decided, signed_in

ADDRESS = "owner@example.org"


async def put_owner(person: Person, id_: str, **more: Any) -> httpx.Response:
    body = {"email": ADDRESS, "language": "en", "zone": "Europe/London", **more}
    return await person.put(f"/recommendations/{id_}/owner", body)


async def run(hub: Hub) -> int:
    return await run_due(hub.app.state.runner)


async def mails(hub: Hub, kind: str) -> list[tuple[str, dict[str, str], Mail]]:
    async with hub.database.reading() as tx:
        found = list(await tx.scalars(select(Mail).where(Mail.kind == kind).order_by(Mail.made_at)))
        return [(*read_mail(secret_of(tx), mail), mail) for mail in found if mail.sealed_to]


async def secret_for(hub: Hub, id_: str) -> str:
    async with hub.database.reading() as tx:
        owner = await actions.find_owner_of(tx, id_)
        assert owner is not None
        return actions.read_kept(tx, owner).secret


async def owned(hub: Hub, **more: Any) -> tuple[Any, str, str]:
    """A closed session, its adopted recommendation, and the secret of its owner's link."""
    session, adopted, _ = await decided(hub)
    answer = await put_owner(session.fatima, adopted, **more)
    assert answer.status_code == 200, answer.text
    return session, adopted, await secret_for(hub, adopted)


# --- when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closed", "when", "zone", "first"),
    [
        # Three months after the close, where the date is later or there is none.
        ("2026-11-24T14:00Z", None, "Europe/Stockholm", "2027-02-24T08:00Z"),
        ("2026-11-24T14:00Z", "2027-12-01", "Europe/London", "2027-02-24T09:00Z"),
        ("2026-11-30T23:30Z", "no date", "Europe/Stockholm", "2027-03-01T08:00Z"),
        # Two weeks before the date, on the clock of their zone: summer time has begun.
        ("2027-02-24T14:00Z", "2027-04-15", "Europe/Stockholm", "2027-04-01T07:00Z"),
        # The last day of February stands for the 29th that there is not.
        ("2026-11-29T14:00Z", None, "Europe/London", "2027-02-28T09:00Z"),
        ("2027-11-29T14:00Z", None, "Europe/London", "2028-02-29T09:00Z"),
    ],
)
def test_the_first_question_comes_when_the_date_is_near_or_after_three_months(
    closed: str, when: str | None, zone: str, first: str
) -> None:
    at = datetime.fromisoformat(closed)
    assert rules.first_ask(at, when, zone=zone, now=at) == datetime.fromisoformat(first)


def test_a_date_that_is_near_already_is_asked_about_now() -> None:
    now = datetime(2027, 3, 1, 12, tzinfo=UTC)
    closed = now - timedelta(days=10)
    assert rules.first_ask(closed, "2027-03-05", zone="Europe/London", now=now) == now


async def test_an_owner_is_asked_every_three_months_until_it_is_done(hub: Hub) -> None:
    session, adopted, secret = await owned(hub)
    await run(hub)
    assert await mails(hub, "owner_asked") == []
    # The date is 1 March 2027: the first question comes two weeks before it.
    hub.clock.at = datetime(2027, 2, 15, 9, 0, tzinfo=UTC)
    await run(hub)
    [(to, facts, mail)] = await mails(hub, "owner_asked")
    assert (to, facts["url"], mail.language) == (ADDRESS, f"/owners/{secret}", "en")
    assert mail.quiet_zone == "Europe/London"
    assert facts["day"] == "2027-03-01"
    # Words of participants are in no mail.
    assert "Sitt ner" not in str(facts)
    await run(hub)
    hub.clock.move(days=88)
    await run(hub)
    assert len(await mails(hub, "owner_asked")) == 1
    hub.clock.move(days=2)
    await run(hub)
    assert [facts["n"] for _, facts, _ in await mails(hub, "owner_asked")] == ["1", "2"]
    await session.fatima.post(f"/recommendations/{adopted}/status", {"status": "done"})
    hub.clock.move(days=100)
    await run(hub)
    assert len(await mails(hub, "owner_asked")) == 2
    async with hub.database.reading() as tx:
        owner = await actions.find_owner_of(tx, adopted)
        # The address has done its work.
        assert actions.read_kept(tx, owner).email == ""
        left = await tx.scalars(select(Task).where(Task.about == adopted, Task.state == "waiting"))
        assert list(left) == []


async def test_who_told_us_lately_is_asked_three_months_after_that(hub: Hub) -> None:
    _, adopted, secret = await owned(hub)
    hub.clock.at = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
    body = {"status": "doing", "secret": secret}
    answer = await hub.http.post(f"/api/v1/recommendations/{adopted}/status", json=body)
    assert answer.status_code == 200, answer.text
    hub.clock.at = datetime(2027, 2, 15, 9, 0, tzinfo=UTC)
    await run(hub)
    assert await mails(hub, "owner_asked") == []
    hub.clock.at = datetime(2027, 5, 1, 9, 0, tzinfo=UTC)
    await run(hub)
    assert len(await mails(hub, "owner_asked")) == 1


async def test_a_hub_that_was_off_for_long_asks_once_and_says_that_it_is_late(hub: Hub) -> None:
    await owned(hub)
    hub.clock.at = datetime(2027, 2, 22, 9, 0, tzinfo=UTC)
    await asyncio.gather(run(hub), run(hub))
    [(_, facts, _)] = await mails(hub, "owner_asked")
    assert facts["late"] == "yes"


# --- who may -------------------------------------------------------------------------------------


async def test_only_those_who_lead_sessions_give_addresses(hub: Hub) -> None:
    session, adopted, parked = await decided(hub)
    editor = await hub.account("editor", "Edit")
    nobody = Person(hub.http, "")
    for person, status in ((session.astrid, 403), (editor, 403), (nobody, 401)):
        assert (await put_owner(person, adopted)).status_code == status
        assert (await person.get(f"/recommendations/{adopted}/owner")).status_code == status
        assert (await person.delete(f"/recommendations/{adopted}/owner")).status_code == status
        page = await hub.http.get(f"/sessions/{session.id}/owners", headers=person.headers)
        assert page.status_code in (303, 403)
    assert (await put_owner(session.fatima, parked)).json()["type"].endswith("progress_not_adopted")
    assert (await put_owner(session.fatima, "c_none")).status_code == 404
    wrong = await put_owner(session.fatima, adopted, email="no", language="fi", zone="Mars/North")
    codes = {error["pointer"]: error["code"] for error in wrong.json()["errors"]}
    assert codes == {
        "/email": "email_unreadable",
        "/language": "language_unknown",
        "/zone": "zone_unknown",
    }


async def test_the_address_is_sealed_and_no_call_tells_it(hub: Hub) -> None:
    session, adopted, secret = await owned(hub)
    told = (await session.fatima.get(f"/recommendations/{adopted}/owner")).json()
    assert told["state"] == "waiting"
    assert told["next_at"].startswith("2027-02-15T09:00")
    assert ADDRESS not in str(told)
    assert ADDRESS not in str((await session.fatima.get("/recommendations")).json())
    async with hub.database.reading() as tx:
        owner = await tx.scalar(select(Owner))
        assert ADDRESS not in json.dumps(
            [owner.sealed, owner.secret_hash, str(await tx.scalars(select(Act.reason)))]
        )
        assert secret not in str(owner.sealed)
    assert (await session.fatima.delete(f"/recommendations/{adopted}/owner")).status_code == 204
    assert (await hub.http.get(f"/owners/{secret}")).status_code == 404


async def test_another_address_is_another_link(hub: Hub) -> None:
    session, adopted, secret = await owned(hub)
    assert (await put_owner(session.fatima, adopted, language="sv")).status_code == 200
    assert await secret_for(hub, adopted) == secret
    await put_owner(session.fatima, adopted, email="new@example.org")
    assert await secret_for(hub, adopted) != secret
    assert (await hub.http.get(f"/owners/{secret}")).status_code == 404
    hub.clock.at = datetime(2027, 2, 15, 9, 0, tzinfo=UTC)
    await run(hub)
    assert [to for to, _, _ in await mails(hub, "owner_asked")] == ["new@example.org"]


# --- the owner's page ----------------------------------------------------------------------------


async def test_an_owner_answers_without_an_account(hub: Hub) -> None:
    session, adopted, secret = await owned(hub)
    page = await hub.http.get(f"/owners/{secret}")
    assert page.status_code == 200
    assert "[en] Sitt ner" in page.text
    assert 'lang="en"' in page.text.split("<head>")[0]
    assert page.headers["cache-control"] == "no-store"
    # Nothing of the address but the hub's name is told to anybody.
    assert page.headers["referrer-policy"] == "strict-origin"
    form = {"status": "doing", "reason": "Two wards <b>have begun</b>"}
    answer = await hub.http.post(f"/owners/{secret}", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/owners/{secret}?told=1")
    # The same form sent twice is said once.
    twice = await hub.http.post(f"/owners/{secret}", data=form)
    assert twice.status_code == 303
    again = await hub.http.get(answer.headers["location"])
    assert "Two wards &lt;b&gt;have begun" in again.text
    assert "the person responsible" in again.text
    listed = (await session.fatima.get("/recommendations", session=session.id)).json()["items"]
    assert [(r["status"], r["reason"]) for r in listed] == [
        ("doing", "Two wards <b>have begun</b>")
    ]
    async with hub.database.reading() as tx:
        progress = await tx.scalar(select(Progress))
        act = await tx.scalar(select(Act).where(Act.kind == "progress_by_owner"))
        events = await tx.scalars(
            select(GatheringEvent).where(GatheringEvent.kind == "progress_set")
        )
        [event] = list(events)
    assert (progress.account_id, act.account_id, event.actor) == (None, None, None)
    assert event.data == {"contribution": adopted, "status": "doing", "by": "owner"}
    assert ADDRESS not in str((act.reason, event.data))


async def test_dropping_wants_a_reason_and_what_was_typed_is_kept(hub: Hub) -> None:
    _, adopted, secret = await owned(hub)
    answer = await hub.http.post(f"/owners/{secret}", data={"status": "dropped", "reason": " "})
    assert answer.status_code == 422
    assert 'href="#reason"' in answer.text
    assert re.search(r'value="dropped" checked', answer.text)
    body = {"status": "dropped", "reason": "No rota", "secret": secret}
    call = await hub.http.post(f"/api/v1/recommendations/{adopted}/status", json=body)
    assert (call.status_code, call.json()["reason"]) == (200, "No rota")
    unknown = await hub.http.post(f"/owners/{secret}", data={"status": "forgotten"})
    assert unknown.status_code == 422
    illegal = await hub.http.post(f"/owners/{secret}", data={"status": "done"})
    assert illegal.status_code == 409


async def test_a_link_answers_for_its_own_recommendation_alone(hub: Hub) -> None:
    _, _, secret = await owned(hub)
    other, second, _ = await decided(hub)
    body = {"status": "done", "secret": secret}
    url = f"/api/v1/recommendations/{second}/status"
    assert (await hub.http.post(url, json=body)).status_code == 404
    assert (await hub.http.post(url, json={"status": "done"})).status_code == 401
    assert (await other.astrid.post(f"/recommendations/{second}/status", {"status": "done"})
            ).status_code == 403  # fmt: skip
    async with hub.database.reading() as tx:
        assert list(await tx.scalars(select(Progress))) == []


async def test_guessing_links_is_limited(hub: Hub) -> None:
    _, _, secret = await owned(hub)
    codes = {(await hub.http.get(f"/owners/ow_{n}")).status_code for n in range(60)}
    assert codes == {404}
    assert (await hub.http.get("/owners/ow_again")).status_code == 429
    assert (await hub.http.post("/owners/ow_again/not-me")).status_code == 429
    body = {"status": "done", "secret": "ow_x"}
    call = await hub.http.post("/api/v1/recommendations/c_1/status", json=body)
    assert call.status_code == 429
    hub.clock.move(minutes=2)
    assert (await hub.http.get(f"/owners/{secret}")).status_code == 200


async def test_who_wants_no_mail_gets_none_and_can_still_answer(hub: Hub) -> None:
    session, adopted, secret = await owned(hub)
    page = await hub.http.get(f"/owners/{secret}/no-more")
    assert f'action="/owners/{secret}/no-more"' in page.text
    # A mail program says so without a page before it (RFC 8058).
    form = {"List-Unsubscribe": "One-Click"}
    answer = await hub.http.post(f"/owners/{secret}/no-more", data=form)
    assert answer.status_code == 303
    assert (await hub.http.post(f"/owners/{secret}/no-more")).status_code == 303
    hub.clock.at = datetime(2027, 2, 15, 9, 0, tzinfo=UTC)
    await run(hub)
    assert await mails(hub, "owner_asked") == []
    async with hub.database.reading() as tx:
        owner = await actions.find_owner_of(tx, adopted)
        assert actions.read_kept(tx, owner).email == ""
    same = await put_owner(session.fatima, adopted, email=" Owner@example.org ")
    assert same.json()["type"] == "/problems/owner_stopped"
    still = await hub.http.post(f"/owners/{secret}", data={"status": "doing", "reason": ""})
    assert still.status_code == 303


async def test_a_mail_that_waits_is_dropped_with_the_no(hub: Hub) -> None:
    _, _, secret = await owned(hub)
    hub.clock.at = datetime(2027, 2, 15, 9, 0, tzinfo=UTC)
    await run(hub)
    assert len(await mails(hub, "owner_asked")) == 1
    await hub.http.post(f"/owners/{secret}/no-more")
    assert await mails(hub, "owner_asked") == []


async def test_who_is_somebody_else_has_no_link_any_more(hub: Hub) -> None:
    session, adopted, secret = await owned(hub)
    answer = await hub.http.post(f"/owners/{secret}/not-me")
    assert answer.status_code == 200
    assert "erased" in answer.text
    assert (await hub.http.get(f"/owners/{secret}")).status_code == 404
    told = (await session.fatima.get(f"/recommendations/{adopted}/owner")).json()
    assert told["state"] == "not_me"
    refused = await put_owner(session.fatima, adopted)
    assert refused.status_code == 409
    fresh = await put_owner(session.fatima, adopted, email="other@example.org")
    assert fresh.json()["state"] == "waiting"


async def test_a_recommendation_that_is_hidden_is_neither_shown_nor_asked_about(hub: Hub) -> None:
    session, adopted, secret = await owned(hub)
    hidden = await session.fatima.post(
        f"/contributions/{adopted}/hide", {"reason": "personal_data"}
    )
    assert hidden.status_code < 300, hidden.text
    assert (await hub.http.get(f"/owners/{secret}")).status_code == 404
    hub.clock.at = datetime(2027, 2, 15, 9, 0, tzinfo=UTC)
    await run(hub)
    assert await mails(hub, "owner_asked") == []


async def test_the_page_of_owners_says_what_was_typed_wrong(hub: Hub) -> None:
    session, adopted, _ = await decided(hub)
    cookies = await signed_in(hub, session.fatima)
    hub.http.cookies.update(cookies)
    page = await hub.http.get(f"/sessions/{session.id}/owners")
    assert f'action="/recommendations/{adopted}/owner"' in page.text
    form = {"email": "no <at>", "language": "sv", "zone": "Europe/Stockholm"}
    wrong = await hub.http.post(f"/recommendations/{adopted}/owner", data=form)
    assert wrong.status_code == 422
    assert "no &lt;at&gt;" in wrong.text
    assert f'href="#owner-{adopted}-email"' in wrong.text
    right = await hub.http.post(
        f"/recommendations/{adopted}/owner", data={**form, "email": ADDRESS}
    )
    assert right.status_code == 303
    assert ADDRESS in (await hub.http.get(f"/sessions/{session.id}/owners")).text
    gone = await hub.http.post(f"/recommendations/{adopted}/owner/remove")
    assert gone.status_code == 303
    assert ADDRESS not in (await hub.http.get(f"/sessions/{session.id}/owners")).text


# --- those who took part -------------------------------------------------------------------------


async def followed(hub: Hub) -> tuple[Any, list[str]]:
    """A session with two adopted recommendations. Cilla wants to hear of them, Dan does not."""
    session = await hub.session()
    yes = {"take_part": True, "follow": True, "contact": True}
    everybody = [session.astrid, session.ben]
    for name, consent in (("Cilla", yes), ("Dan", {**yes, "follow": False})):
        email = f"{name.lower()}@example.org"
        more = {"consent": consent, "email": email, "role": "patient"}
        everybody.append(await join(hub.http, session.code, name, "sv", **more))
    await session.go_to("recommend")
    proposal = {"owner": "Avdelning 7", "when": "2027-03-01", "measure": "Två frågor"}
    ids = [
        (await session.astrid.said(session.id, text, "recommendation", fields=proposal))["id"]
        for text in ("Sitt ner", "Öppna dörren")
    ]
    await session.go_to("decide")
    for id_ in ids:
        for person in everybody:
            fields = {"of": id_, "value": "consent"}
            await person.said(session.id, "", "stance", fields=fields)
    await session.moved("close")
    return session, ids


async def test_those_who_said_yes_hear_once_a_day_what_became_of_it(hub: Hub) -> None:
    session, ids = await followed(hub)
    hub.clock.move(days=8)
    await session.move("record/publish")
    for id_ in ids:
        answer = await session.fatima.post(f"/recommendations/{id_}/status", {"status": "done"})
        assert answer.status_code == 200, answer.text
    await run(hub)
    assert await mails(hub, "recommendation_news") == []
    hub.clock.move(days=1)
    await run(hub)
    await run(hub)
    [(to, facts, mail)] = await mails(hub, "recommendation_news")
    assert (to, facts["n"]) == ("cilla@example.org", "2")
    assert mail.quiet_zone == "Europe/Stockholm"
    assert "dörren" not in str(facts)
    page = await hub.http.get(facts["url"])
    assert page.text.count('id="rec-') == 2
    hub.clock.move(days=5)
    await run(hub)
    assert len(await mails(hub, "recommendation_news")) == 1


async def test_what_was_taken_up_again_is_no_news_and_doing_is_none(hub: Hub) -> None:
    session, [first, second] = await followed(hub)
    hub.clock.move(days=8)
    await session.move("record/publish")
    for status in ("done", "open"):
        await session.fatima.post(f"/recommendations/{first}/status", {"status": status})
    await session.fatima.post(f"/recommendations/{second}/status", {"status": "doing"})
    hub.clock.move(days=2)
    await run(hub)
    assert await mails(hub, "recommendation_news") == []


async def test_news_waits_for_the_record_to_be_public(hub: Hub) -> None:
    session, [first, _] = await followed(hub)
    await session.fatima.post(f"/recommendations/{first}/status", {"status": "done"})
    hub.clock.move(days=2)
    await run(hub)
    assert await mails(hub, "recommendation_news") == []
    hub.clock.move(days=6)
    await session.move("record/publish")
    await run(hub)
    assert len(await mails(hub, "recommendation_news")) == 1


async def test_who_withdrew_hears_nothing(hub: Hub) -> None:
    session, [first, _] = await followed(hub)
    hub.clock.move(days=8)
    await session.move("record/publish")
    await session.fatima.post(f"/recommendations/{first}/status", {"status": "done"})
    async with hub.database.transaction() as tx:
        cilla = await tx.scalar(select(Participant).where(Participant.name == "Cilla"))
        cilla.withdrawn_at = hub.clock.now()
    hub.clock.move(days=1)
    await run(hub)
    assert await mails(hub, "recommendation_news") == []


async def test_a_recommendation_that_is_taken_back_takes_its_owner_along(hub: Hub) -> None:
    _, adopted, secret = await owned(hub)
    async with hub.database.transaction() as tx:
        said = await tx.get_one(Contribution, adopted)
        said.removed_at = hub.clock.now()
    assert (await hub.http.get(f"/owners/{secret}")).status_code == 404
    hub.clock.at = datetime(2027, 2, 15, 9, 0, tzinfo=UTC)
    await run(hub)
    async with hub.database.reading() as tx:
        assert await tx.scalar(select(Owner)) is None


async def test_taking_a_recommendation_back_erases_its_owner_and_the_mail_to_them(
    hub: Hub,
) -> None:
    session, adopted, _ = await owned(hub)
    hub.clock.at = datetime(2027, 2, 15, 9, 0, tzinfo=UTC)
    await run(hub)
    assert len(await mails(hub, "owner_asked")) == 1
    answer = await session.astrid.post("/me/withdraw", {"keep_anonymous": False})
    assert answer.is_success, answer.text
    async with hub.database.reading() as tx:
        assert (await tx.get_one(Contribution, adopted)).removed_at is not None
        assert await tx.scalar(select(Owner)) is None
        tasks = await tx.scalars(select(Task.state).where(Task.about == adopted))
        assert "waiting" not in set(tasks)
    assert await mails(hub, "owner_asked") == []


async def test_news_can_be_stopped_by_the_link_in_the_mail_and_erases_the_address(
    hub: Hub,
) -> None:
    session, [first, second] = await followed(hub)
    hub.clock.move(days=8)
    await session.move("record/publish")
    await session.fatima.post(f"/recommendations/{first}/status", {"status": "done"})
    hub.clock.move(days=1)
    await run(hub)
    [(_, facts, mail)] = await mails(hub, "recommendation_news")
    path = facts["unsubscribe"]
    asked = await hub.http.get(path)
    # Who opens a link has not pressed the button: mail scanners open links too.
    assert asked.text.count("<button") >= 1
    assert asked.headers["Referrer-Policy"] == "strict-origin"
    async with hub.database.reading() as tx:
        seat = await tx.get_one(Participant, mail.about)
        before = (await people.consents_of(tx, [seat.id]))[seat.id]
        assert (await people.read_keys(tx, [seat.id]))[seat.id].email == "cilla@example.org"
    for _ in range(2):
        stopped = await hub.http.post(path, data={"List-Unsubscribe": "One-Click"})
        assert stopped.status_code == 200
        assert "Din adress är raderad." in stopped.text
    async with hub.database.reading() as tx:
        after = (await people.consents_of(tx, [seat.id]))[seat.id]
        assert (await people.read_keys(tx, [seat.id]))[seat.id].email == ""
    assert after.choices == {**before.choices, "contact": False}
    # They are still asked about a text that they have not read.
    assert (after.version, after.how) == (before.version, "mail")
    assert await mails(hub, "recommendation_news") == []
    await session.fatima.post(f"/recommendations/{second}/status", {"status": "done"})
    hub.clock.move(days=1)
    await run(hub)
    assert await mails(hub, "recommendation_news") == []


async def test_the_link_that_stops_news_cannot_be_made_up(hub: Hub) -> None:
    session, _ = await followed(hub)
    for secret in (f"nw_{session.astrid.id}.x", f"nw_{session.astrid.id}", "nw_", "x" * 5000):
        for send in (hub.http.get, hub.http.post):
            assert (await send(f"/news/{secret}/no-more")).status_code == 404


async def test_an_owner_is_erased_a_year_after_the_recommendation_ended(hub: Hub) -> None:
    _, adopted, secret = await owned(hub)
    admin = await hub.account("admin")
    rule = {"days": 365, "decision": "Beslut 7"}
    assert (await admin.put("/retention/owners", rule)).status_code == 200
    for status, days in (("done", 100), ("doing", 400)):
        body = {"status": status, "secret": secret}
        assert (
            await hub.http.post(f"/api/v1/recommendations/{adopted}/status", json=body)
        ).status_code == 200
        hub.clock.move(days=days)
    # It was taken up again: there is no end to count from.
    assert await keep_retention(hub.screens) == 0
    body = {"status": "dropped", "reason": "Ingen tid", "secret": secret}
    await hub.http.post(f"/api/v1/recommendations/{adopted}/status", json=body)
    hub.clock.move(days=360)
    await keep_retention(hub.screens)
    assert (await hub.http.get(f"/owners/{secret}")).status_code == 200
    hub.clock.move(days=21)
    assert await keep_retention(hub.screens) == 1
    assert (await hub.http.get(f"/owners/{secret}")).status_code == 404
    async with hub.database.reading() as tx:
        assert await tx.scalar(select(Owner)) is None
        assert len(await actions.list_told(tx, adopted)) == 3


# --- what was said, in the other language --------------------------------------------------------

SLOW = "Det tog längre tid än vi trodde, eftersom två avdelningar flyttade."


async def test_what_an_owner_says_is_read_in_both_languages_with_the_original_beside_it(
    hub: Hub,
) -> None:
    session, adopted, secret = await owned(hub)
    form = {"status": "doing", "reason": SLOW}
    assert (await hub.http.post(f"/owners/{secret}", data=form)).status_code == 303
    assert await translate_reasons(hub.screens, hub.translator) == 1
    assert await translate_reasons(hub.screens, hub.translator) == 0
    english = {"Accept-Language": "en"}
    page = (await hub.http.get(f"/owners/{secret}", headers=english)).text
    assert f"[en] {SLOW}" in page
    assert "Machine translation" in page
    assert f'<p class="orig" lang="sv" dir="auto">{SLOW}</p>' in page
    swedish = (await hub.http.get(f"/owners/{secret}", headers={"Cookie": "hub_language=sv"})).text
    assert SLOW in swedish
    assert "[en]" not in swedish.partition("<ol")[2].partition("</ol>")[0]
    record = await hub.http.get(
        f"/sessions/{session.id}/record", headers={**session.fatima.headers, **english}
    )
    assert f"[en] {SLOW}" in record.text
    [item] = (await session.fatima.get("/recommendations", session=session.id)).json()["items"]
    assert (item["id"], item["reason"]) == (adopted, SLOW)
    # Other words are translated anew, and what is erased is erased in both.
    again = {"status": "doing", "reason": f"{SLOW} Nu går det bättre."}
    assert (await hub.http.post(f"/owners/{secret}", data=again)).status_code == 303
    assert await translate_reasons(hub.screens, hub.translator) == 1
    async with hub.database.transaction() as tx:
        await actions._forget_reasons(tx, adopted)
    async with hub.database.reading() as tx:
        kept = list(await tx.scalars(select(Progress)))
    assert [(p.reason, p.translation) for p in kept] == [("", None), ("", None)]


async def test_what_is_too_short_to_tell_its_language_stays_as_it_is(hub: Hub) -> None:
    _, _, secret = await owned(hub)
    form = {"status": "doing", "reason": "OK"}
    assert (await hub.http.post(f"/owners/{secret}", data=form)).status_code == 303
    assert await translate_reasons(hub.screens, hub.translator) == 0
    page = (await hub.http.get(f"/owners/{secret}", headers={"Accept-Language": "en"})).text
    assert '<span dir="auto">OK</span>' in page
    async with hub.database.reading() as tx:
        assert (await tx.scalar(select(Progress))).translation == ""
