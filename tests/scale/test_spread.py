"""Two processes on one PostgreSQL and one Redis are one hub to everybody in it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from hub.app import SOCKETS_SECONDS
from hub.clock import Clock
from hub.db import Database
from hub.people.models import Participant
from tests.cast import Person, join
from tests.scale.conftest import Hubs, hubs_of, new_settings
from tests.scale.processes import PATIENCE, SECRET, Screen, until, watching

WRITE_LIMIT = 20


@pytest.fixture(scope="module")
async def hubs(tmp_path_factory: pytest.TempPathFactory, machines: Any) -> AsyncIterator[Hubs]:
    """Two processes that live as long as the tests of this file; each test has its own room."""
    folder, settings = tmp_path_factory.mktemp("spread"), new_settings(machines)
    async with hubs_of(folder, 2, translates_in=0.0, **settings) as found:
        yield found


@pytest.fixture
async def room(hubs: Hubs) -> Any:
    made = hubs.room.another()
    await made.open(3)
    return made


def ids(screen: Screen) -> list[str]:
    return [c["id"] for c in screen.contributions()]


def first_seen(screen: Screen) -> list[int]:
    """The places of posts in the order in which they first came."""
    return list(dict.fromkeys(c["seq"] for c in screen.contributions()))


async def test_a_post_at_one_process_comes_to_sockets_of_both_once_and_in_order(
    hubs: Hubs, room: Any
) -> None:
    token = room.writers[1].token
    here, there = hubs.processes
    async with watching(here, room.id, [token]) as (a,), watching(there, room.id, [token]) as (b,):
        said = [await room.say(0, f"Inlägg {n}", place=n % 2) for n in range(8)]
        wanted = [each["id"] for each in said]
        for screen in (a, b):
            await screen.until(lambda s: set(wanted) <= set(ids(s)), "all posts")
        await until(room.translated, "all translations", every=0.3)
        for screen in (a, b):
            assert first_seen(screen) == sorted(first_seen(screen))
            upto = screen.entered["revision"]
            for push in screen.told("changes"):
                # No push repeats what an earlier one had, and none leaves anything out.
                assert push["after"] == upto, "a push came twice, or one is missing"
                upto = push["upto"]


async def forget_visits(hubs: Hubs, session: str) -> None:
    """Nobody has asked for anything for a long time: only sockets tell who is there."""
    database = Database(hubs.read().database, secret_key=SECRET)
    async with database.transaction() as tx:
        long_ago = Clock().now() - timedelta(hours=1)
        await tx.execute(
            update(Participant).where(Participant.gathering_id == session).values(seen_at=long_ago)
        )
    await database.close()


async def test_people_at_both_processes_are_counted(hubs: Hubs, room: Any) -> None:
    here, there = hubs.processes
    await forget_visits(hubs, room.id)
    a, b = room.writers[0].token, room.writers[1].token

    def both(screen: Screen) -> bool:
        told = screen.told("presence")
        return bool(told) and told[-1]["online"] == 2

    async with watching(here, room.id, [a]) as (one,), watching(there, room.id, [b]) as (two,):
        await one.until(both, "both are counted here", seconds=60)
        await two.until(both, "both are counted there", seconds=60)
        for place in (0, 1):
            assert (await room.state(place))["online"] == 2


async def test_a_private_post_reaches_its_author_at_the_other_process(
    hubs: Hubs, room: Any
) -> None:
    while (await room.state())["phase"] != "reflect":
        await room.move("advance", force=True, reason="to the next test")
    mine, others = room.writers[0].token, room.writers[1].token
    there = hubs.processes[1]
    async with watching(there, room.id, [mine, others]) as (me, other):
        await room.say(0, "Bara min tanke", kind="reflection")
        await me.until(lambda s: "Bara min tanke" in str(s.told("private")), "the private post")
        assert "Bara min" not in str(other.events)


async def test_who_is_removed_hears_nothing_at_the_other_process_within_the_promised_time(
    hubs: Hubs, room: Any
) -> None:
    gone, other = room.writers[0], room.writers[1]
    there = hubs.processes[1]
    async with watching(there, room.id, [gone.token, other.token]) as (theirs, screen):
        async with room.fatima() as fatima:
            removed = await fatima.post(
                f"/sessions/{room.id}/participants/{gone.id}/remove", {"reason": "other"}
            )
        assert removed.status_code in (200, 204), removed.text
        await asyncio.sleep(SOCKETS_SECONDS + 5)
        after = await room.say(1, "Utan dem")
        await screen.until(lambda s: after["id"] in ids(s), "the post after")
        await asyncio.sleep(1)
        assert after["id"] not in ids(theirs)


async def test_how_often_somebody_may_write_is_counted_over_both(hubs: Hubs, room: Any) -> None:
    async def one(n: int) -> int:
        async with httpx.AsyncClient(base_url=hubs.processes[n % 2].url, timeout=PATIENCE) as http:
            by = Person(http, room.writers[2].token)
            return (await by.say(room.id, f"Snabbt {n}")).status_code

    answers = await asyncio.gather(*(one(n) for n in range(WRITE_LIMIT + 10)))
    assert set(answers) == {201, 429}
    # Counted by each for itself, all thirty would have been let through.
    assert answers.count(201) <= WRITE_LIMIT


async def test_a_wrong_link_is_counted_over_both(hubs: Hubs) -> None:
    async def guess(n: int) -> int:
        async with httpx.AsyncClient(base_url=hubs.processes[n % 2].url, timeout=PATIENCE) as http:
            body = {"code": "ZZZZZZZZ", "name": "N", "language": "sv", "consent": True}
            # An address of its own: the others come in from this one.
            headers = {"X-Forwarded-For": "203.0.113.9"}
            return (await http.post("/api/v1/join", json=body, headers=headers)).status_code

    answers = await asyncio.gather(*(guess(n) for n in range(40)))
    assert 429 in answers
    assert answers.count(404) <= 30


async def test_a_session_is_the_same_wherever_each_request_goes(hubs: Hubs, room: Any) -> None:
    """As behind a proxy that sends every request to whichever process is next."""
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        turns = [process.url for process in hubs.processes] * 20
        newcomer = await join(
            httpx.AsyncClient(base_url=turns[0], timeout=PATIENCE), room.code, "Ny", "sv",
            role="patient",
        )  # fmt: skip
        cookies = {f"hub_seat_{room.id}": newcomer.token}
        seen = 0
        for n, url in enumerate(turns[:12]):
            if n % 3 == 0:
                form = {"kind": "contribution", "text": f"Från {n}", "client_id": f"proxy-{n}"}
                path = f"{url}/sessions/{room.id}/contributions"
                posted = await http.post(path, data=form, cookies=cookies)
                assert posted.status_code in (200, 204, 303), posted.text
                seen += 1
            page = await http.get(f"{url}/sessions/{room.id}", cookies=cookies)
            assert page.status_code == 200
            assert page.text.count("Från ") >= seen
        await newcomer.http.aclose()


async def test_several_workers_of_one_command_serve_together(
    tmp_path: Any, emptied: dict[str, str]
) -> None:
    async with hubs_of(
        tmp_path, 1, translates_in=None, how={"arguments": ("--workers", "2")}, **emptied
    ) as found:
        room, process = found.room, found.processes[0]
        await room.open(2)
        async with watching(process, room.id, [w.token for w in room.writers] * 2) as screens:
            said = await room.say(0, "Hej på er alla")
            for screen in screens:
                await screen.until(lambda s: said["id"] in ids(s), "the post")
        await until(room.translated, "the translation", every=0.5)
        served = set()
        for _ in range(60):
            async with httpx.AsyncClient(base_url=process.url, timeout=PATIENCE) as http:
                text = (await http.get("/metrics")).text
            served |= {line.split('"')[1] for line in text.splitlines() if "hub_uptime" in line
                       and '"' in line}  # fmt: skip
            if len(served) == 2:
                break
        assert len(served) == 2, "only one of the two serves"
        os.kill(process.pid, signal.SIGTERM)
        await asyncio.to_thread(process.child.join, PATIENCE)
        assert not process.child.is_alive()
