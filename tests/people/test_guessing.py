"""Guessing codes, passwords and links: who tries a thousand is stopped, who is honest gets in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import pytest
from argon2 import PasswordHasher

from hub.people import actions as people
from hub.people.actions import accounts
from hub.web import address_of, is_our_host
from tests.cast import join, plan
from tests.conftest import Hub

Try = Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]


def coming_from(hub: Hub, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=hub.app, raise_app_exceptions=False, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://hub.test")


async def a_code(http: httpx.AsyncClient, number: int) -> httpx.Response:
    body = {"code": f"WRONG{number:03}", "name": "Maja", "language": "sv", "consent": True}
    return await http.post("/api/v1/join", json=body)


async def a_code_by_page(http: httpx.AsyncClient, number: int) -> httpx.Response:
    return await http.get(f"/join/WRONG{number:03}")


async def a_link(http: httpx.AsyncClient, number: int) -> httpx.Response:
    return await http.get(f"/resume/pt_wrong{number}")


async def a_sign_in_link(http: httpx.AsyncClient, number: int) -> httpx.Response:
    return await http.post(f"/sign-in/sl_wrong{number}")


async def an_invitation(http: httpx.AsyncClient, number: int) -> httpx.Response:
    return await http.get(f"/invitation/iv_wrong{number}")


async def a_password(http: httpx.AsyncClient, number: int) -> httpx.Response:
    form = {"email": "kerstin@example.org", "password": f"wrong password {number}"}
    return await http.post("/sign-in", data=form)


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that cost little to check: it is the guesses that are counted here."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", hasher)
    monkeypatch.setattr(accounts, "_DECOY", hasher.hash("nobody's"))


async def tried(hub: Hub, guess: Try, *, tries: int, addresses: int) -> Counter[int]:
    """How guesses from so many addresses were answered."""
    answers: Counter[int] = Counter()
    clients = [coming_from(hub, f"198.51.100.{n}") for n in range(addresses)]
    for number in range(tries):
        answer = await guess(clients[number % addresses], number)
        answers[answer.status_code] += 1
    for client in clients:
        await client.aclose()
    assert set(answers) <= {401, 404, 409, 422, 429}
    return answers


@pytest.mark.parametrize(
    ("guess", "taken"),
    [
        (a_code, 30),
        (a_code_by_page, 30),
        (a_link, 60),
        (an_invitation, 60),
        (a_sign_in_link, 60),
        (a_password, 10),
    ],
)
@pytest.mark.usefixtures("quick_hashes")
async def test_one_address_that_guesses_is_stopped(hub: Hub, guess: Try, taken: int) -> None:
    answers = await tried(hub, guess, tries=200, addresses=1)
    assert 200 - answers[429] <= taken


async def test_fifty_addresses_that_guess_codes_are_stopped_and_a_hall_gets_in(hub: Hub) -> None:
    fatima = await hub.account()
    made = await plan(fatima)
    answers = await tried(hub, a_code, tries=1000, addresses=50)
    # The hub as a whole takes 300; each address finds that out by one more.
    assert 1000 - answers[429] <= 350
    async with coming_from(hub, "203.0.113.7") as hall:
        for number in range(300):
            await join(hall, made["code"], f"Person {number}", "sv")


async def test_fifty_addresses_that_guess_links_are_stopped_and_ours_works(hub: Hub) -> None:
    session = await hub.session()
    answers = await tried(hub, a_link, tries=1000, addresses=50)
    assert 1000 - answers[429] <= 650
    async with coming_from(hub, "203.0.113.7") as home:
        answer = await home.get(session.astrid.resume_url)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"/sessions/{session.id}")


@pytest.mark.usefixtures("quick_hashes")
async def test_fifty_addresses_that_guess_a_password_are_stopped_and_a_link_works(hub: Hub) -> None:
    async with hub.database.transaction() as tx:
        account = await people.add_account(
            tx,
            email="kerstin@example.org",
            name="Kerstin",
            role="facilitator",
            language="sv",
            now=hub.clock.now(),
            password="en lång mening",
        )
        link = await people.make_sign_in_link(tx, account, now=hub.clock.now())
    answers = await tried(hub, a_password, tries=1000, addresses=50)
    assert 1000 - answers[429] <= 100
    async with coming_from(hub, "203.0.113.7") as home:
        answer = await home.post(f"/sign-in/{link}")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/sessions"


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_home_is_one_address_whatever_its_machine_calls_itself(host: str, known: str) -> None:
    request = httpx.Request("GET", "http://hub.test")
    scope = {"type": "http", "client": (host, 1), "headers": [], "path": str(request.url)}
    from starlette.requests import HTTPConnection

    assert address_of(HTTPConnection(scope)) == known


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("hub.test", True),
        ("hub.test:8000", True),
        ("localhost:8000", True),
        ("127.0.0.1", True),
        ("192.168.1.20:8000", True),
        ("[::1]:8000", True),
        ("evil.example", False),
        ("hub.test.evil.example", False),
        ("evil.example#hub.test", False),
        ("", False),
    ],
)
def test_only_our_own_names_are_answered(host: str, ours: bool) -> None:
    assert is_our_host(host, "https://hub.test") is ours


async def test_a_foreign_name_is_refused_in_words_and_shown_nothing(hub: Hub) -> None:
    answer = await hub.http.get("/sign-in", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "This address does not belong to the service." in answer.text
    assert "evil.example" not in answer.text
    answer = await hub.http.get("/api/v1/formats", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/host_unknown"
