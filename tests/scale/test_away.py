"""Redis, PostgreSQL and room on the disk are away for a while, and come back, while people write.

``AWAY`` is for how many seconds (3).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.commands import run_hub
from tests.scale.conftest import Hubs
from tests.scale.processes import (
    PATIENCE,
    Screen,
    Sent,
    check_nothing_lost,
    until,
    watching,
    writing,
)
from tests.servers import Server

AWAY = float(os.environ.get("AWAY", "3"))
WRITERS = 6
# What people are told where the database takes nothing.
REFUSED = "database_away"
# How soon after everything is back the hub says so, and all screens have all.
SOON = 30.0


async def readyz(hubs: Hubs, place: int = 0) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient(base_url=hubs.processes[place].url, timeout=PATIENCE) as http:
        answer = await http.get("/readyz")
    return answer.status_code, answer.json()["parts"]


async def is_alive(hubs: Hubs) -> bool:
    """Whether every process answers at all, as what keeps it running asks."""
    for process in hubs.processes:
        async with httpx.AsyncClient(base_url=process.url, timeout=PATIENCE) as http:
            if (await http.get("/healthz")).status_code != 200:
                return False
    return True


async def doctor(hubs: Hubs) -> tuple[int, str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")}
    told = await asyncio.to_thread(run_hub, "doctor", environment=environment | hubs.settings)
    return told.returncode, told.stdout


async def all_on(screen: Screen, sent: Sent) -> None:
    """All that was taken comes to a screen: by pushes, and where one is missing, by asking."""
    wanted = {answer["id"] for answer in sent.taken.values()}
    await until(
        lambda: wanted <= {c["id"] for c in screen.contributions()}, "all posts on a screen",
        seconds=SOON + AWAY,
    )  # fmt: skip


def check_calm(hubs: Hubs, sent: Sent) -> None:
    """What was refused meanwhile was refused as a problem that says to come back."""
    assert {REFUSED} <= set(sent.refused) <= {REFUSED, "too_fast"}
    for answer in sent.answers:
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["detail"]


@contextlib.asynccontextmanager
async def away(server: Server) -> AsyncIterator[None]:
    """Stopped as long as this lasts, and ``AWAY`` seconds at least."""
    await asyncio.to_thread(server.stop)
    try:
        began = asyncio.get_running_loop().time()
        yield
        await asyncio.sleep(max(0, AWAY - (asyncio.get_running_loop().time() - began)))
    finally:
        await asyncio.to_thread(server.start)


async def is_well(hubs: Hubs) -> None:
    for place in range(len(hubs.processes)):

        async def ready(place: int = place) -> bool:
            return (await readyz(hubs, place))[0] == 200

        await until(ready, "ready again", seconds=SOON + PATIENCE, every=0.2)


async def test_people_go_on_writing_while_redis_is_away(spread: Any, machines: Any) -> None:
    async with spread() as hubs:
        room = hubs.room
        await room.open(WRITERS)
        tokens = [room.writers[0].token]
        async with (
            watching(hubs.processes[0], room.id, tokens) as (here,),
            watching(hubs.processes[1], room.id, tokens) as (there,),
            writing(room) as sent,
        ):
            await until(lambda: len(sent.taken) >= WRITERS, "posts before")
            async with away(machines[1]):
                status, parts = await readyz(hubs)
                assert (status, parts["redis"]["state"]) == (503, "down")
                code, told = await doctor(hubs)
                assert code == 1
                assert "redis              down" in told
                assert await is_alive(hubs)
                before = len(sent.taken)
                await until(lambda: len(sent.taken) > before, "posts while Redis is away")
            await is_well(hubs)
            for screen in (here, there):
                await all_on(screen, sent)
            after = await room.say(0, "Nu är allt som vanligt igen", place=1)
            for screen in (here, there):
                await screen.until(
                    lambda s: after["id"] in [c["id"] for c in s.contributions()], "the next post"
                )
        await check_nothing_lost(room, sent)
        # Redis is not needed for writing.
        assert not sent.refused
        await until(room.translated, "all translations", every=0.5)


async def test_nothing_is_lost_while_postgresql_is_away(spread: Any, machines: Any) -> None:
    async with spread() as hubs:
        room = hubs.room
        await room.open(WRITERS)
        tokens = [room.writers[0].token]
        async with (
            watching(hubs.processes[0], room.id, tokens) as (here,),
            watching(hubs.processes[1], room.id, tokens) as (there,),
            writing(room) as sent,
        ):
            await until(lambda: len(sent.taken) >= WRITERS, "posts before")
            async with away(machines[0]):
                status, parts = await readyz(hubs)
                assert (status, parts["database"]["state"]) == (503, "down")
                assert (await doctor(hubs))[0] == 1
                assert await is_alive(hubs)
                await check_page(hubs)
                await until(lambda: sent.refused.get(REFUSED), "writers are refused")
            await is_well(hubs)
            count = len(sent.taken)
            await until(lambda: len(sent.taken) > count, "posts afterwards")
            for screen in (here, there):
                await all_on(screen, sent)
        await check_nothing_lost(room, sent)
        check_calm(hubs, sent)
        await until(room.translated, "all translations", every=0.5)


async def check_page(hubs: Hubs) -> None:
    """A page says calmly that it cannot be shown now, in the reader's language."""
    async with httpx.AsyncClient(base_url=hubs.processes[0].url, timeout=PATIENCE) as http:
        for language, words in (("sv", 'lang="sv"'), ("en", 'lang="en"')):
            page = await http.get("/", headers={"Accept-Language": language})
            assert page.status_code == 503
            assert words in page.text
            assert int(page.headers["retry-after"]) >= 1


# --- the disk ---------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB, where one can be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_nothing_is_lost_while_the_disk_is_full(alone: Any, small_disk: Path) -> None:
    async with alone(small_disk) as hubs:
        ballast = small_disk / "ballast"

        def fill() -> None:
            file = os.open(ballast, os.O_CREAT | os.O_WRONLY)
            with contextlib.suppress(OSError):
                while True:
                    os.write(file, bytes(4096))
            os.close(file)

        await _without_room(hubs, fill, ballast.unlink)


async def test_nothing_is_lost_while_no_file_may_grow(alone: Any) -> None:
    async with alone() as hubs:
        pid = hubs.processes[0].pid
        most = resource.RLIM_INFINITY

        def fill() -> None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, most))

        await _without_room(
            hubs, fill, lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        )


async def _without_room(hubs: Hubs, fill: Any, empty: Any) -> None:
    room, (process,) = hubs.room, hubs.processes
    await room.open(WRITERS)
    async with (
        watching(process, room.id, [room.writers[0].token]) as (here,),
        writing(room) as sent,
    ):
        await until(lambda: len(sent.taken) >= WRITERS, "posts before")
        fill()
        try:
            await until(lambda: sent.refused.get(REFUSED), "writers are refused", log=process.log)
            count = len(sent.taken)
            status, parts = await readyz(hubs)
            assert (status, parts["disk"]["state"]) == (503, "down"), parts
            assert await is_alive(hubs)
            # Who only reads goes on reading.
            assert len(await room.said()) >= count
            await asyncio.sleep(AWAY)
        finally:
            empty()
        await is_well(hubs)
        count = len(sent.taken)
        await until(lambda: len(sent.taken) > count, "posts afterwards")
        await all_on(here, sent)
    await check_nothing_lost(room, sent)
    check_calm(hubs, sent)
    await until(room.translated, "all translations", every=0.5)
