"""Signing in by password or by a mailed link, without telling who has an account."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from hub.audit.models import list_entries
from hub.mail.jobs import Post, send_due
from hub.mail.models import Mail
from hub.people import actions as people
from hub.people import rules
from hub.people.actions import accounts
from hub.people.models import Account, SignIn, SignInLink
from tests.conftest import Hub

PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
PASSWORD = "correct horse battery"


@dataclass
class Browser:
    """Somebody with a browser of their own."""

    http: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self.http.post(path, data=form)

    async def sign_in(self, address: str, password: str = PASSWORD) -> httpx.Response:
        return await self.post("/sign-in", email=address, password=password)


def browser(hub: Hub, agent: str = PHONE, address: str = "192.0.2.1") -> Browser:
    transport = httpx.ASGITransport(app=hub.app, raise_app_exceptions=False, client=(address, 1))
    headers = {"user-agent": agent, "accept-language": "en"}
    return Browser(
        httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers)
    )


async def an_account(
    hub: Hub, role: str = "facilitator", name: str = "Fatima", password: str = PASSWORD
) -> Account:
    async with hub.database.transaction() as tx:
        return await people.add_account(
            tx,
            email=f"{name}@Example.org",
            name=name,
            role=role,
            language="en",
            now=hub.clock.now(),
            password=password,
        )


async def mails(hub: Hub) -> list[Any]:
    """Send what is due, and read everything in the outbox, oldest first."""
    await send_due(Post(hub.database, hub.clock, hub.app.state.renderer, hub.settings))
    folder = hub.settings.outbox_dir
    paths = sorted(folder.glob("*.eml")) if folder.exists() else []
    return [email.message_from_bytes(p.read_bytes(), policy=email.policy.default) for p in paths]


def link_in(mail: Any) -> str:
    text = mail.get_body(("plain",)).get_content()
    found = re.search(r"^http://hub\.test(/\S+)$", text.replace("\r", ""), re.M)
    assert found, text
    return found[1]


async def acts(hub: Hub) -> list[str]:
    async with hub.database.reading() as tx:
        return [entry.act for entry in await list_entries(tx)][::-1]


async def count(hub: Hub, table: Any) -> int:
    async with hub.database.reading() as tx:
        return await tx.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_hashes(monkeypatch)


def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hashes with less work: a hundred tries would take minutes."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", hasher)
    monkeypatch.setattr(accounts, "_DECOY", hasher.hash("nobody's"))


@pytest.fixture
async def fatima(hub: Hub) -> AsyncIterator[Browser]:
    await an_account(hub)
    made = browser(hub)
    yield made
    await made.http.aclose()


async def test_a_password_signs_in_and_the_browser_is_named(hub: Hub, fatima: Browser) -> None:
    answer = await fatima.sign_in("fatima@example.ORG")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if "hub_account" in c)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await fatima.get("/sessions")).status_code == 200
    async with hub.database.reading() as tx:
        (signed_in,) = await tx.scalars(select(SignIn))
    assert (signed_in.device, signed_in.kind) == ("Firefox, Android", "browser")
    assert await acts(hub) == ["account_added", "signed_in"]


@pytest.mark.parametrize(
    ("role", "home"),
    [
        ("admin", "/sessions"),
        ("facilitator", "/sessions"),
        ("editor", "/charters"),
        ("researcher", "/research"),
    ],
)
async def test_everyone_begins_on_a_page_they_may_see(hub: Hub, role: str, home: str) -> None:
    await an_account(hub, role=role, name="Edda")
    edda = browser(hub)
    answer = await edda.sign_in("edda@example.org")
    assert answer.headers["location"] == home
    assert (await edda.get(home)).status_code == 200
    assert (await edda.get("/sign-in")).headers["location"] == home


async def test_a_wrong_password_and_an_unknown_address_look_the_same(
    hub: Hub, fatima: Browser
) -> None:
    wrong = await fatima.sign_in("fatima@example.org", "wrong horse battery")
    unknown = await fatima.sign_in("nobody@example.org", "wrong horse battery")
    assert wrong.status_code == unknown.status_code == 422
    assert wrong.text.replace("fatima@", "nobody@") == unknown.text
    assert "wrong horse" not in wrong.text
    assert await acts(hub) == ["account_added", "sign_in_failed"]


async def test_a_closed_account_looks_like_none(hub: Hub, fatima: Browser) -> None:
    account = await an_account(hub, name="Ben")
    admin = await an_account(hub, role="admin", name="Ada")
    async with hub.database.transaction() as tx:
        await people.change_account(tx, account.id, disabled=True, by=admin, now=hub.clock.now())
    closed = await fatima.sign_in("ben@example.org")
    unknown = await fatima.sign_in("bob@example.org")
    assert closed.status_code == unknown.status_code == 422
    assert closed.text.replace("ben@", "bob@") == unknown.text
    await fatima.post("/sign-in", email="ben@example.org", by="link")
    assert await mails(hub) == []


async def test_a_mailed_link_signs_in_once(hub: Hub, fatima: Browser) -> None:
    asked = await fatima.post("/sign-in", email="fatima@example.org", by="link")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in/sent")
    sent = await fatima.get("/sign-in/sent")
    assert sent.status_code == 200
    assert "60 minutes" in sent.text
    (mail,) = await mails(hub)
    assert mail["To"] == "Fatima@Example.org"
    path = link_in(mail)
    # Opened by a mail scanner first: that uses nothing up.
    for _ in range(2):
        page = await browser(hub).get(path)
        assert page.status_code == 200
        assert f'action="{path}"' in page.text
    answer = await fatima.post(path, next="")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions")
    assert (await fatima.get("/sessions")).status_code == 200
    again = await browser(hub).post(path)
    assert again.status_code == 409
    assert "Ask for a new one" in again.text
    assert await acts(hub) == ["account_added", "link_sent", "signed_in"]


async def test_an_empty_password_asks_for_a_link(hub: Hub, fatima: Browser) -> None:
    answer = await fatima.sign_in("fatima@example.org", "")
    assert answer.headers["location"] == "/sign-in/sent"
    assert len(await mails(hub)) == 1


async def test_a_link_is_good_for_an_hour(hub: Hub, fatima: Browser) -> None:
    await fatima.post("/sign-in", email="fatima@example.org", by="link")
    (mail,) = await mails(hub)
    hub.clock.move(minutes=61)
    for answer in (await fatima.get(link_in(mail)), await fatima.post(link_in(mail))):
        assert answer.status_code == 409
        assert 'name="email"' in answer.text


async def test_asking_for_a_link_tells_nobody_whether_there_is_an_account(
    hub: Hub, fatima: Browser
) -> None:
    known = await fatima.post("/sign-in", email="fatima@example.org", by="link")
    unknown = await fatima.post("/sign-in", email="nobody@example.org", by="link")
    assert known.status_code == unknown.status_code == 303
    assert known.headers == unknown.headers
    assert known.content == unknown.content
    assert [mail["To"] for mail in await mails(hub)] == ["Fatima@Example.org"]
    assert await count(hub, Mail) == 1


async def test_the_answer_is_given_before_anything_is_looked_up(hub: Hub) -> None:
    """So that the time it takes says nothing: the database is not asked until it is on its way."""
    await an_account(hub)
    order: list[str] = []
    app = hub.app

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            order.append("answered")

    async def receive() -> Any:
        body = b"email=fatima%40example.org&by=link"
        return {"type": "http.request", "body": body, "more_body": False}

    asked = people.mail_sign_in_link

    async def noted(*args: Any, **more: Any) -> bool:
        order.append("looked up")
        return await asked(*args, **more)

    people.mail_sign_in_link = noted
    try:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/sign-in",
            "raw_path": b"/sign-in",
            "query_string": b"",
            "root_path": "",
            "client": ("192.0.2.9", 1),
            "server": ("hub.test", 80),
            "headers": [
                (b"host", b"hub.test"),
                (b"content-type", b"application/x-www-form-urlencoded"),
            ],
        }
        await app(scope, receive, send)
    finally:
        people.mail_sign_in_link = asked
    assert order[0] == "answered"
    assert order[-1] == "looked up"


async def test_what_is_no_address_is_said_and_kept(hub: Hub, fatima: Browser) -> None:
    answer = await fatima.post("/sign-in", email='fatima<b>"', by="link")
    assert answer.status_code == 422
    assert 'value="fatima&lt;b&gt;&#34;"' in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_one_address_gets_a_few_links_and_no_more(hub: Hub) -> None:
    await an_account(hub)
    for number in range(8):
        person = browser(hub, address=f"198.51.100.{number}")
        answer = await person.post("/sign-in", email="FATIMA@example.org", by="link")
        assert answer.headers["location"] == "/sign-in/sent"
    assert len(await mails(hub)) == 3


async def test_guessing_passwords_is_stopped_and_says_when_to_come_back(
    hub: Hub, fatima: Browser
) -> None:
    answers = [await fatima.sign_in("fatima@example.org", f"guess number {n}") for n in range(12)]
    assert [a.status_code for a in answers] == [422] * 10 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 0
    assert 'value="fatima@example.org"' in answers[-1].text


async def test_guessing_from_many_places_leaves_the_owner_a_way_in(hub: Hub) -> None:
    await an_account(hub)
    for number in range(100):
        thief = browser(hub, address=f"198.51.{number // 20}.{number % 20}")
        wrong = await thief.sign_in("fatima@example.org", f"guess number {number}")
        assert wrong.status_code == 422
    thief = browser(hub, address="203.0.113.1")
    assert (await thief.sign_in("fatima@example.org", "one more guess")).status_code == 429
    owner = browser(hub, address="203.0.113.2")
    assert (await owner.sign_in("fatima@example.org")).status_code == 429
    await owner.post("/sign-in", email="fatima@example.org", by="link")
    (mail,) = await mails(hub)
    assert (await owner.post(link_in(mail))).status_code == 303


async def test_signing_in_with_the_right_password_is_never_counted_as_a_guess(hub: Hub) -> None:
    await an_account(hub)
    for number in range(110):
        owner = browser(hub, address=f"198.51.{number // 20}.{number % 20}")
        assert (await owner.sign_in("fatima@example.org")).status_code == 303


async def test_a_link_of_another_account_asks_before_it_takes_over(hub: Hub) -> None:
    ben = await an_account(hub, name="Ben")
    await an_account(hub)
    fatima = browser(hub)
    await fatima.sign_in("fatima@example.org")
    async with hub.database.transaction() as tx:
        link = await people.make_sign_in_link(tx, ben, now=hub.clock.now())
    page = await fatima.get(f"/sign-in/{link}")
    assert page.status_code == 200
    assert "You are signed in here as Fatima" in page.text
    assert "Ben" not in page.text
    assert (await fatima.get("/sign-in/sl_nothing")).headers["location"] == "/sessions"


@pytest.mark.parametrize(
    ("to", "then"),
    [
        ("/account", "/account"),
        ("https://evil.example/", "/sessions"),
        ("//evil.example", "/sessions"),
        ("/\\evil.example", "/sessions"),
    ],
)
async def test_a_link_leads_only_within_the_hub(hub: Hub, to: str, then: str) -> None:
    account = await an_account(hub)
    async with hub.database.transaction() as tx:
        link = await people.make_sign_in_link(tx, account, now=hub.clock.now())
    answer = await browser(hub).post(f"/sign-in/{link}", next=to)
    assert answer.headers["location"] == then


async def test_two_uses_of_one_link_at_once_sign_in_one(hub: Hub) -> None:
    account = await an_account(hub)
    async with hub.database.transaction() as tx:
        link = await people.make_sign_in_link(tx, account, now=hub.clock.now())
    answers = await asyncio.gather(*(browser(hub).post(f"/sign-in/{link}") for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [303, 409, 409, 409]
    assert await count(hub, SignIn) == 1


async def test_signing_out_ends_the_sign_in_and_not_only_the_cookie(
    hub: Hub, fatima: Browser
) -> None:
    await fatima.sign_in("fatima@example.org")
    kept = dict(fatima.http.cookies)
    await fatima.post("/sign-out")
    fatima.http.cookies.update(kept)
    assert (await fatima.get("/sessions")).status_code == 303
    assert (await acts(hub))[-1] == "signed_out"


async def test_the_cookie_is_secure_where_the_hub_is_behind_tls(hub: Hub) -> None:
    account = await an_account(hub)
    hub.app.state.settings = hub.settings.model_copy(update={"base_url": "https://hub.test"})
    async with hub.database.transaction() as tx:
        link = await people.make_sign_in_link(tx, account, now=hub.clock.now())
    answer = await browser(hub).post(f"/sign-in/{link}")
    assert all("Secure" in cookie for cookie in answer.headers.get_list("set-cookie"))


async def test_secrets_are_nowhere_in_the_database(hub: Hub, fatima: Browser) -> None:
    await fatima.sign_in("fatima@example.org")
    await fatima.post("/sign-out")
    fatima.http.cookies.clear()
    await fatima.post("/sign-in", email="fatima@example.org", by="link")
    (mail,) = await mails(hub)
    secret = link_in(mail).rsplit("/", 1)[1]
    async with hub.database.reading() as tx:
        links = list(await tx.scalars(select(SignInLink)))
        (account,) = await tx.scalars(select(Account))
    assert len(links) == 1
    assert account.password_hash is not None
    assert account.password_hash.startswith("$argon2id$")
    raw = hub.raw()
    assert secret.encode() not in raw
    assert PASSWORD.encode() not in raw


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (PHONE, "Firefox, Android"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
            "Chrome, Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Gecko Firefox/140.0", "Firefox, Mac"),
        (
            "Mozilla/5.0 (Linux; Android 15) SamsungBrowser/28 Chrome/130 Safari/537",
            "Samsung Internet, Android",
        ),
        ("curl/8.0 <script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_of_a_browser_only_family_and_system_are_kept(agent: str, device: str) -> None:
    assert rules.device_of(agent) == device


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("a@b.se", True),
        ("first.last+tag@sub.example.org", True),
        ("maja@räksmörgås.se", True),
        ("", False),
        ("a@b", False),
        ("a@@b.se", False),
        ("a@b.se,c@d.se", False),
        ("a@b.se\nBcc: c@d.se", False),
        ("a b@c.se", False),
        ("<a@b.se>", False),
        ("a@b..se", False),
        (".a@b.se", False),
        ("a.@b.se", False),
        ("a@b.se.", False),
        ("a\u202e@b.se", False),
        ("åsa@b.se", False),
        (f"{'a' * 65}@b.se", False),
        (f"a@{'b' * 260}.se", False),
    ],
)
def test_an_address_is_one_that_mail_can_reach(text: str, good: bool) -> None:
    assert rules.is_email(text) is good
