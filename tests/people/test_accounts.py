"""Accounts of those who run things: one's own, and all of them for admins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from hub.charters.models import Outcome
from hub.errors import Refusal
from hub.mail.models import Mail
from hub.people import actions as people
from hub.people.models import Account, Participant, SignIn
from tests.cast import Person
from tests.conftest import Hub

from .test_sign_in import (
    PASSWORD,
    Browser,
    acts,
    an_account,
    browser,
    link_in,
    mails,
    quick_hashes,
)


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_hashes(monkeypatch)


@pytest.fixture
async def ada(hub: Hub) -> AsyncIterator[Browser]:
    """An admin with a browser."""
    await an_account(hub, role="admin", name="Ada")
    made = browser(hub)
    assert (await made.sign_in("ada@example.org")).status_code == 303
    yield made
    await made.http.aclose()


async def find(hub: Hub, name: str) -> Account:
    async with hub.database.reading() as tx:
        account = await tx.scalar(select(Account).where(Account.name == name))
    assert account is not None
    return account


# --- one's own ---


async def test_name_and_language_are_ones_own_to_change(hub: Hub, ada: Browser) -> None:
    answer = await ada.post("/account", name="  Ada  Byron ", language="sv")
    assert answer.headers["location"] == "/account?done=saved"
    page = await ada.get("/account?done=saved")
    assert '<html lang="sv">' in page.text
    assert 'value="Ada Byron"' in page.text
    assert "Sparat" in page.text


async def test_what_is_wrong_is_said_beside_what_was_typed(hub: Hub, ada: Browser) -> None:
    answer = await ada.post("/account", name=" ", language="tlh")
    assert answer.status_code == 422
    assert "Write your name" in answer.text
    assert "Choose Swedish or English" in answer.text


async def test_a_first_password_needs_no_old_one_and_a_new_one_does(hub: Hub) -> None:
    async with hub.database.transaction() as tx:
        account = await people.add_account(
            tx, email="e@x.se", name="Edda", role="editor", language="en", now=hub.clock.now()
        )
        link = await people.make_sign_in_link(tx, account, now=hub.clock.now())
    edda = browser(hub)
    await edda.post(f"/sign-in/{link}")
    short = await edda.post("/account/password", new="short")
    assert short.status_code == 422
    assert "at least 10" in short.text
    long = await edda.post("/account/password", new="x" * 201)
    assert "at most 200" in long.text
    done = await edda.post("/account/password", new="a river of tea")
    assert done.headers["location"] == "/account?done=password"
    assert (await browser(hub).sign_in("e@x.se", "a river of tea")).status_code == 303
    for current in ("", "a river of te"):
        wrong = await edda.post("/account/password", current=current, new="another river")
        assert wrong.status_code == 422
        assert "not the password you have now" in wrong.text
    good = await edda.post("/account/password", current="a river of tea", new="another river")
    assert good.status_code == 303
    assert (await browser(hub).sign_in("e@x.se", "a river of tea")).status_code == 422


async def test_a_new_password_signs_every_other_browser_out_and_keeps_tokens(
    hub: Hub, ada: Browser
) -> None:
    other = browser(hub)
    await other.sign_in("ada@example.org")
    account = await find(hub, "Ada")
    async with hub.database.transaction() as tx:
        token = await people.sign_in(tx, account, kind="token", now=hub.clock.now())
        link = await people.make_sign_in_link(tx, account, now=hub.clock.now())
    await ada.post("/account/password", current=PASSWORD, new="another river")
    assert (await ada.get("/account")).status_code == 200
    assert (await other.get("/account")).headers["location"] == "/sign-in"
    assert (await Person(hub.http, token).get("/me/sign-ins")).status_code == 200
    assert (await browser(hub).post(f"/sign-in/{link}")).status_code == 409


async def test_the_current_password_cannot_be_guessed_in_a_session(hub: Hub, ada: Browser) -> None:
    answers = [
        await ada.post("/account/password", current=f"guess {n}", new="another river")
        for n in range(11)
    ]
    assert [a.status_code for a in answers] == [422] * 10 + [429]


async def test_sign_ins_are_listed_and_can_be_ended(hub: Hub, ada: Browser) -> None:
    phone = browser(hub, agent="Mozilla/5.0 (iPhone) Version/18 Safari/604.1")
    await phone.sign_in("ada@example.org")
    page = await ada.get("/account")
    assert "Firefox, Android" in page.text
    assert "Safari, iPhone" in page.text
    assert page.text.count("Sign out there") == 1
    async with hub.database.reading() as tx:
        other = await tx.scalar(select(SignIn).where(SignIn.device == "Safari, iPhone"))
    assert other is not None
    ended = await ada.post(f"/account/sign-ins/{other.id}/end")
    assert ended.headers["location"] == "/account?done=ended"
    assert (await phone.get("/account")).headers["location"] == "/sign-in"
    assert (await ada.post(f"/account/sign-ins/{other.id}/end")).status_code == 404


async def test_all_others_are_ended_at_once(hub: Hub, ada: Browser) -> None:
    others = [browser(hub) for _ in range(3)]
    for each in others:
        await each.sign_in("ada@example.org")
    assert (await ada.post("/account/sign-ins/end")).status_code == 303
    assert (await ada.get("/account")).status_code == 200
    for each in others:
        assert (await each.get("/account")).headers["location"] == "/sign-in"


async def test_nobody_ends_or_sees_the_sign_ins_of_others(hub: Hub) -> None:
    fatima, ben = await hub.account(), await hub.account(name="Ben")
    (own,) = (await fatima.get("/me/sign-ins")).json()["items"]
    assert (own["kind"], own["this"]) == ("token", True)
    assert (await ben.delete(f"/me/sign-ins/{own['id']}")).status_code == 404
    assert (await fatima.delete(f"/me/sign-ins/{own['id']}")).status_code == 204
    assert (await fatima.get("/me/sign-ins")).status_code == 401


async def test_a_participant_has_no_account(hub: Hub) -> None:
    session = await hub.session()
    assert (await session.astrid.get("/me/sign-ins")).status_code == 403
    page = await hub.http.get("/account", headers=session.astrid.headers)
    assert page.status_code == 403
    assert (await hub.http.get("/account")).headers["location"] == "/sign-in"


async def test_when_a_sign_in_was_last_used_is_kept_to_the_hour(hub: Hub) -> None:
    fatima = await hub.account()

    async def seen() -> Any:
        async with hub.database.reading() as tx:
            return await tx.scalar(select(SignIn.seen_at))

    start = hub.clock.now()
    hub.clock.move(minutes=59)
    await fatima.get("/me/sign-ins")
    assert await seen() == start
    hub.clock.move(minutes=1)
    await fatima.get("/me/sign-ins")
    assert await seen() == hub.clock.now() == start + timedelta(hours=1)


# --- all, for admins ---


async def test_an_invited_person_gets_a_link_that_leads_to_their_account(
    hub: Hub, ada: Browser
) -> None:
    done = await ada.post("/accounts", email="edda@x.se", name="Edda", role="editor", language="sv")
    assert done.headers["location"] == "/accounts?done=invited"
    (mail,) = await mails(hub)
    assert (mail["To"], mail["Subject"]) == ("edda@x.se", "Du har ett konto i Samrum")
    text = mail.get_body(("plain",)).get_content()
    assert "Ada har skapat ett konto åt dig. Din roll: redaktör." in text
    path = link_in(mail)
    assert path.endswith("?next=/account")
    edda = browser(hub)
    page = await edda.get(path)
    assert 'name="next" value="/account"' in page.text
    answer = await edda.post(path.partition("?")[0], next="/account")
    assert answer.headers["location"] == "/account"
    listed = await ada.get("/accounts")
    assert "edda@x.se" in listed.text
    assert await acts(hub) == [
        "account_added",
        "signed_in",
        "account_added",
        "link_sent",
        "signed_in",
    ]


async def test_an_invitation_is_good_for_three_days_and_the_last_one_counts(
    hub: Hub, ada: Browser
) -> None:
    await ada.post("/accounts", email="edda@x.se", name="Edda", role="editor", language="en")
    (first,) = await mails(hub)
    edda = await find(hub, "Edda")
    hub.clock.move(minutes=1)
    again = await ada.post(f"/accounts/{edda.id}", act="invite")
    assert again.headers["location"].endswith("?done=sent")
    second = (await mails(hub))[1]
    assert (await browser(hub).get(link_in(first))).status_code == 409
    hub.clock.move(days=2.9)
    assert (await browser(hub).get(link_in(second))).status_code == 200
    hub.clock.move(days=0.2)
    assert (await browser(hub).get(link_in(second))).status_code == 409


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"email": "nobody", "role": "editor"}, "Write an e-mail address"),
        ({"email": "a@b.se", "role": "king"}, "Role"),
        ({"email": "ADA@example.org", "role": "editor"}, "already"),
    ],
)
async def test_a_bad_invitation_keeps_what_was_typed_and_sends_nothing(
    hub: Hub, ada: Browser, form: dict[str, str], said: str
) -> None:
    answer = await ada.post("/accounts", name="<b>Edda", language="en", **form)
    assert answer.status_code in (409, 422)
    assert said in answer.text
    assert 'value="&lt;b&gt;Edda"' in answer.text
    assert f'value="{form["email"]}"' in answer.text
    assert await mails(hub) == []


async def test_a_closed_account_is_out_at_once_everywhere(hub: Hub, ada: Browser) -> None:
    fatima = browser(hub)
    account = await an_account(hub)
    await fatima.sign_in("fatima@example.org")
    async with hub.database.transaction() as tx:
        token = await people.sign_in(tx, account, kind="token", now=hub.clock.now())
        link = await people.make_sign_in_link(tx, account, now=hub.clock.now())
        await people.mail_sign_in_link(tx, "fatima@example.org", now=hub.clock.now())
    closed = await ada.post(f"/accounts/{account.id}", act="disable")
    assert closed.headers["location"].endswith("?done=disabled")
    assert (await fatima.get("/sessions")).headers["location"] == "/sign-in"
    assert (await Person(hub.http, token).get("/sessions")).status_code == 401
    assert (await browser(hub).post(f"/sign-in/{link}")).status_code == 409
    assert (await fatima.sign_in("fatima@example.org")).status_code == 422
    assert await mails(hub) == []
    resent = await ada.post(f"/accounts/{account.id}", act="invite")
    assert resent.status_code == 409
    await ada.post(f"/accounts/{account.id}", act="enable")
    assert (await fatima.get("/sessions")).headers["location"] == "/sign-in"
    assert (await fatima.sign_in("fatima@example.org")).status_code == 303
    assert {"account_disabled", "account_enabled", "sign_in_ended"} <= set(await acts(hub))


async def test_a_role_is_changed_and_holds_at_once(hub: Hub, ada: Browser) -> None:
    account = await an_account(hub)
    fatima = browser(hub)
    await fatima.sign_in("fatima@example.org")
    done = await ada.post(f"/accounts/{account.id}", act="role", role="researcher")
    assert done.headers["location"].endswith("?done=saved")
    assert (await fatima.get("/sessions")).status_code == 403
    wrong = await ada.post(f"/accounts/{account.id}", act="role", role="king")
    assert wrong.status_code == 422


@pytest.mark.parametrize("form", [{"act": "disable"}, {"act": "role", "role": "editor"}])
async def test_admins_cannot_shut_themselves_out(
    hub: Hub, ada: Browser, form: dict[str, str]
) -> None:
    own = await find(hub, "Ada")
    await an_account(hub, role="admin", name="Bo")
    answer = await ada.post(f"/accounts/{own.id}", **form)
    assert answer.status_code == 409
    assert "Ask another administrator" in answer.text
    assert (await ada.get("/accounts")).status_code == 200


async def test_two_admins_cannot_close_each_other_at_the_same_moment(hub: Hub) -> None:
    one = await an_account(hub, role="admin", name="Ada")
    other = await an_account(hub, role="admin", name="Bo")

    async def close(account: Account, by: Account) -> str:
        try:
            async with hub.database.transaction() as tx:
                await people.change_account(
                    tx, account.id, disabled=True, by=by, now=hub.clock.now()
                )
        except Refusal as refusal:
            return refusal.code
        return "closed"

    answers = await asyncio.gather(close(one, other), close(other, one))
    assert sorted(answers) == ["account_last_admin", "closed"]


@pytest.mark.parametrize("role", ["facilitator", "editor", "researcher", None])
async def test_only_admins_have_charge_of_accounts(hub: Hub, role: str | None) -> None:
    admin = await hub.account(role="admin", name="Ada")
    asking = await hub.account(role=role, name="Edda") if role else (await hub.session()).astrid
    body = {"email": "x@y.se", "name": "X", "role": "admin", "language": "en"}
    for answer in (
        await asking.get("/accounts"),
        await asking.post("/accounts", body),
        await asking.put(f"/accounts/{admin.id}", {"disabled": True}),
        await hub.http.get("/accounts", headers=asking.headers),
        await hub.http.post("/accounts", data=body, headers=asking.headers),
        await hub.http.get(f"/accounts/{admin.id}", headers=asking.headers),
        await hub.http.post(
            f"/accounts/{admin.id}", data={"act": "disable"}, headers=asking.headers
        ),
    ):
        assert answer.status_code == 403
    assert (await admin.get("/accounts")).status_code == 200
    assert await mails(hub) == []


async def test_accounts_over_the_api(hub: Hub) -> None:
    ada = await hub.account(role="admin", name="Ada")
    made = await ada.post("/accounts", {"email": "e@x.se", "name": "Edda", "role": "editor"})
    assert made.status_code == 201
    edda = made.json()
    assert (edda["role"], edda["language"], edda["has_password"]) == ("editor", "sv", False)
    assert len(await mails(hub)) == 1
    twice = await ada.post("/accounts", {"email": "E@x.se", "role": "editor"})
    assert twice.status_code == 409
    bad = await ada.post("/accounts", {"email": "nobody", "role": "editor"})
    assert bad.json()["errors"][0]["pointer"] == "/email"
    changed = await ada.put(f"/accounts/{edda['id']}", {"role": "researcher", "disabled": True})
    assert changed.status_code == 200
    assert changed.json()["role"] == "researcher"
    assert changed.json()["disabled_at"] is not None
    assert (await ada.put(f"/accounts/{ada.id}", {"role": "editor"})).status_code == 409
    assert (await ada.put("/accounts/a_nobody", {"role": "editor"})).status_code == 404
    found: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        more = {"after": cursor} if cursor else {}
        page = (await ada.get("/accounts", limit=1, **more)).json()
        found += [each["email"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(found) == 2
    assert "e@x.se" in found


async def test_the_audit_log_holds_no_address_and_no_name(hub: Hub, ada: Browser) -> None:
    await ada.post("/accounts", email="edda@x.se", name="Zebrafink", role="editor", language="en")
    await ada.post("/sign-in", email="edda@x.se", by="link")
    from hub.audit.models import list_entries

    async with hub.database.reading() as tx:
        said = "".join(f"{e.actor}{e.subject}{e.facts}" for e in await list_entries(tx, limit=1000))
    assert "x.se" not in said
    assert "Zebrafink" not in said
    assert "Ada" not in said


# --- the mail about a round of comment ---


async def test_a_round_of_comment_is_told_to_those_who_may_be_contacted(hub: Hub) -> None:
    session = await hub.session()
    people_there = {
        "Astrid": (True, "astrid@example.org"),
        "Ben": (False, "ben@example.org"),
    }
    editor = await hub.account(role="editor", name="Edda")
    listed = (await editor.get("/charters")).json()["items"]
    charter = next(each["id"] for each in listed if each["kind"] == "original")
    async with hub.database.transaction() as tx:
        seats = list(
            await tx.scalars(select(Participant).where(Participant.gathering_id == session.id))
        )
        for seat in seats:
            contact, address = people_there[seat.name]
            await people.give_consent(
                tx,
                seat,
                choices={"take_part": True, "contact": contact},
                language=seat.language,
                now=hub.clock.now() + timedelta(minutes=1),
                how="form",
            )
            await people.keep_key(
                tx, seat, people.Key("PAAAAAAAA", email=address), now=hub.clock.now()
            )
        tx.add(
            Outcome(
                gathering_id=session.id,
                charter_id=charter,
                principle_id="p1",
                put={},
                updated_at=hub.clock.now(),
            )
        )
    opened = await editor.post(f"/charters/{charter}/round")
    assert opened.status_code == 201, opened.text
    (mail,) = await mails(hub)
    assert mail["To"] == "astrid@example.org"
    assert mail["Subject"].startswith("Dina synpunkter på ")
    assert link_in(mail) == f"/sessions/{session.id}"
    assert "8 december 2026" in mail.get_body(("plain",)).get_content()
    async with hub.database.reading() as tx:
        (row,) = await tx.scalars(select(Mail))
    assert row.about in {seat.id for seat in seats}
    astrid = next(seat for seat in seats if seat.name == "Astrid")
    assert row.about == astrid.id
