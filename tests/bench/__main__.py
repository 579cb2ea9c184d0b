"""``python -m tests.bench [live|saturated|many|steady|pages|published|translation|crowd|…]``.

One JSON object a line.
``CLIENTS`` is how many are connected (300), ``SECONDS`` how long ``crowd`` lasts (60).
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import os
import platform
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import socketio

from tests.bench.engines import engines, processor_seconds
from tests.bench.published import MEETINGS, PATHS, SUMMARIES
from tests.bench.published import fill as fill_published
from tests.bench.quality import quality
from tests.cast import Person, Session, join, plan
from tests.scale.steady import steady

ROOT = Path(__file__).parent.parent.parent
CLIENTS = int(os.environ.get("CLIENTS", "300"))
POSTS = 60
MANY = int(os.environ.get("MANY", "1000"))
# Of the crowd that somebody speaks to once a second.
SECONDS = int(os.environ.get("SECONDS", "60"))
WORDS = "Jag fick fyra lappar med fyra telefonnummer och ingen av dem var till mig i går."

VOCABULARY = (ROOT / "hub/demo/data/sample-dialogue.tsv").read_text("utf-8").split()

# What the engine makes of these words, whatever stands before them.
TRANSLATED = re.compile(r"(mark-\d+)\b[^<]*\byesterday\b", re.IGNORECASE)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def p95(values: list[float]) -> float:
    return round(sorted(values)[max(0, int(len(values) * 0.95) - 1)], 1)


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return round(int(found.group(1)) / 1024, 1) if found else 0.0


@contextlib.asynccontextmanager
async def process(*command: str, url: str, **more: str) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A server in a process of its own; yields when it answers."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")} | more
    started = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        async with httpx.AsyncClient() as http:
            for _ in range(300):
                with contextlib.suppress(httpx.TransportError):
                    await http.get(url)
                    break
                await asyncio.sleep(0.1)
        yield started
    finally:
        started.terminate()
        started.wait(timeout=20)


@contextlib.asynccontextmanager
async def hub_process(
    fill: Callable[[Path], Awaitable[object]] | None = None, *, translates: bool = True
) -> AsyncIterator[tuple[str, subprocess.Popen[bytes], str]]:
    """``hub serve`` on a new database: its address, its process and a facilitator's token.

    ``fill`` puts rows into the database before the server starts; it is given the data folder.
    Where it does not translate, no text waits for it either.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = {"HUB_DATA_DIR": folder}

        def hub(*arguments: str) -> str:
            command = [sys.executable, "-m", "hub.cli", *arguments]
            environment = {
                k: v for k, v in os.environ.items() if not k.startswith("HUB_")
            } | settings
            return subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
            ).stdout

        hub("init", "--yes")
        token = hub("token", "create", "admin@example.org").strip()
        if fill is not None:
            await fill(Path(folder))
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        serve = ("hub.cli", "serve") if translates else ("tests.bench.untranslated",)
        command = ("-m", *serve, "--port", str(port))
        async with process(*command, url=f"{url}/healthz", **settings) as served:
            yield url, served, token


async def a_session(http: httpx.AsyncClient, token: str, writers: int = 8) -> list[Person]:
    """A session in its first phase; the facilitator first, then writers in both languages."""
    fatima = Person(http, token, name="Fatima")
    made = await plan(fatima)
    people = [
        await join(http, made["code"], f"P{n}", "sv" if n % 2 else "en", role="patient")
        for n in range(writers)
    ]
    session = Session(made["id"], made["code"], fatima, people[0], people[1])
    await session.moved("start")
    fatima.id = made["id"]
    return [fatima, *people]


class Crowd:
    """Sockets that note when each text first came to them, and when its translation did."""

    def __init__(self) -> None:
        self.clients: list[socketio.AsyncClient] = []
        self.came: dict[str, list[float]] = {}
        self.translated: dict[str, list[float]] = {}

    async def connect(
        self, url: str, session: str, tokens: list[str], *, clients: int = CLIENTS
    ) -> None:
        for n in range(clients):
            client = socketio.AsyncClient(reconnection=False)
            client.on("changes", self.note if n % 2 else self.note_both)
            auth = {"token": tokens[n % len(tokens)]} if tokens else None
            await client.connect(url, transports=["websocket"], auth=auth)
            language = "sv" if n % 2 else "en"
            entering = {"session": session, "language": language, "format": "html"}
            await client.call("enter", entering)
            self.clients.append(client)

    def note(self, data: dict[str, Any]) -> None:
        now = time.perf_counter()
        for mark in set(re.findall(r"mark-\d+", data.get("html", ""))):
            times = self.came.setdefault(mark, [])
            if len(times) < len(self.clients):
                times.append(now)

    def note_both(self, data: dict[str, Any]) -> None:
        """Of those who read English."""
        self.note(data)
        now = time.perf_counter()
        for mark in {mark.lower() for mark in TRANSLATED.findall(data.get("html", ""))}:
            times = self.translated.setdefault(mark, [])
            if len(times) < len(self.clients) // 2:
                times.append(now)

    async def leave(self) -> None:
        for client in self.clients:
            await client.disconnect()


def varied(n: int) -> str:
    """A text of 200 characters that is like no other, with its mark at the head."""
    chosen = random.Random(n)
    words = [chosen.choice(VOCABULARY) for _ in range(60)]
    return f"mark-{n} {' '.join(words)}"[:199] + "."


async def spoken_to(clients: int, posts: int, seconds: float) -> Spoken:
    """Posts to a crowd, one every so many seconds; and the same bytes in a bare broadcast."""
    async with (
        hub_process() as (url, served, token),
        httpx.AsyncClient(base_url=url, timeout=60) as http,
    ):
        fatima, *people = await a_session(http, token)
        crowd, sent = Crowd(), dict[str, float]()
        await crowd.connect(url, fatima.id, [p.token for p in people], clients=clients)
        # The first ones find everything cold, which is what a start costs, not what a post costs.
        for n in range(5):
            await people[n].said(fatima.id, f"warm-{n} {WORDS}")
            await asyncio.sleep(0.5)
        before = processor_seconds(served.pid)

        async def say(n: int) -> None:
            sent[f"mark-{n}"] = time.perf_counter()
            await people[n % len(people)].said(fatima.id, varied(n))

        await paced([partial(say, n) for n in range(posts)], seconds)
        await asyncio.sleep(2)
        processor = processor_seconds(served.pid) - before
        changes = await fatima.get(f"/sessions/{fatima.id}/changes", format="html")
        html, memory = changes.json()["html"], resident_mb(served.pid)
        await crowd.leave()
    mine = [(t - sent[m]) * 1000 for m, times in crowd.came.items() for t in times]
    complete = sum(len(times) == clients for times in crowd.came.values())
    bare = await _bare_broadcast(
        html[: len(html) // posts], clients=clients, posts=posts, seconds=seconds
    )
    return Spoken(mine, bare, complete, memory, processor)


async def paced(work: list[Callable[[], Awaitable[None]]], seconds: float) -> None:
    """Begin one every so many seconds, whether or not those before are done."""
    began, tasks = time.perf_counter(), []
    for n, one in enumerate(work):
        await asyncio.sleep(max(0, began + n * seconds - time.perf_counter()))
        tasks.append(asyncio.ensure_future(one()))
    await asyncio.gather(*tasks)


class Spoken(NamedTuple):
    """Milliseconds to each screen, and the same of the baseline; megabytes; processor seconds."""

    mine: list[float]
    bare: list[float]
    complete: int
    memory: float
    processor: float


async def live() -> AsyncIterator[dict[str, Any]]:
    """Five posts of 200 characters a second to a crowd; beside a bare broadcast of the bytes."""
    found = await spoken_to(CLIENTS, POSTS, 0.2)
    yield {
        "figure": "live_original_p95_ms",
        "value": p95(found.mine),
        "median": round(statistics.median(found.mine), 1),
        "baseline": "bare python-socketio broadcast of as many bytes",
        "baseline_value": p95(found.bare),
        "baseline_median": round(statistics.median(found.bare), 1),
        "ratio": round(p95(found.mine) / max(0.1, p95(found.bare)), 2),
        "limit_ratio": 1.5,
        "clients": CLIENTS,
        "posts": POSTS,
        "reached_all": found.complete,
        "processor_seconds": round(found.processor, 1),
    }
    yield {
        "figure": "memory_live_mb",
        "value": found.memory,
        "limit": 350,
        "clients": CLIENTS,
    }


async def many() -> AsyncIterator[dict[str, Any]]:
    """One post a second to a thousand screens."""
    found = await spoken_to(MANY, 20, 1)
    yield {
        "figure": "many_original_p95_ms",
        "value": p95(found.mine),
        "limit": 500,
        "baseline": "bare python-socketio broadcast of as many bytes",
        "baseline_value": p95(found.bare),
        "ratio": round(p95(found.mine) / max(0.1, p95(found.bare)), 2),
        "clients": MANY,
        "reached_all": found.complete,
        "memory_mb": found.memory,
    }


async def saturated() -> AsyncIterator[dict[str, Any]]:
    """Deliveries a second where each of eight says the next thing when its last one has come."""
    async with (
        hub_process(translates=False) as (url, _, token),
        httpx.AsyncClient(base_url=url, timeout=60) as http,
    ):
        # So many that nobody posts faster than one person may.
        fatima, *people = await a_session(http, token, writers=60)
        crowd = Crowd()
        await crowd.connect(url, fatima.id, [p.token for p in people])

        async def say(n: int) -> None:
            await people[n % len(people)].said(fatima.id, varied(n))

        mine = await _deliveries(crowd, say)
        changes = await fatima.get(f"/sessions/{fatima.id}/changes", format="html")
        size = len(changes.json()["html"]) // max(1, len(crowd.came))
        await crowd.leave()
    port, crowd = free_port(), Crowd()
    url = f"http://127.0.0.1:{port}"
    async with process("-m", "tests.bench.bare", str(port), url=url):
        await crowd.connect(url, "s", [])

        async def broadcast(n: int) -> None:
            html = f"mark-{n} ".ljust(size, "x")
            await crowd.clients[n % 8].emit("say", {"session": "s", "html": html})

        bare = await _deliveries(crowd, broadcast)
        await crowd.leave()
    yield {
        "figure": "saturated_deliveries_a_second",
        "value": round(mine),
        "baseline": "bare python-socketio broadcast of as many bytes",
        "baseline_value": round(bare),
        "ratio": round(mine / max(1, bare), 2),
        "limit_ratio": 0.8,
        "clients": CLIENTS,
    }


async def _deliveries(crowd: Crowd, say: Callable[[int], Awaitable[None]]) -> float:
    """A second, from eight who go on for ten seconds; each waits until what it said has come."""
    numbers, began = itertools.count(), time.perf_counter()

    async def go_on() -> None:
        while time.perf_counter() - began < 10:
            n = next(numbers)
            await say(n)
            while len(crowd.came.get(f"mark-{n}", [])) < len(crowd.clients):
                await asyncio.sleep(0.002)

    await asyncio.gather(*(go_on() for _ in range(8)))
    return sum(map(len, crowd.came.values())) / (time.perf_counter() - began)


async def crowd() -> AsyncIterator[dict[str, Any]]:
    """One post a second to a crowd of both languages: originals, translations, bare broadcast."""
    sent: dict[str, float] = {}
    crowd = Crowd()
    async with (
        hub_process() as (url, served, token),
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        fatima, *people = await a_session(http, token)
        await crowd.connect(url, fatima.id, [person.token for person in people])
        before = processor_seconds(served.pid)
        for n in range(SECONDS):
            mark = f"mark-{n}"
            sent[mark] = time.perf_counter()
            await people[1].said(fatima.id, f"{mark} {WORDS}", language="sv")
            await asyncio.sleep(max(0, 1 - (time.perf_counter() - sent[mark])))
        await asyncio.sleep(2)
        processor = processor_seconds(served.pid) - before
        changes = await fatima.get(f"/sessions/{fatima.id}/changes", format="html")
        html = changes.json()["html"]
        memory = resident_mb(served.pid)
        await crowd.leave()
    bare = await _bare_broadcast(html[: len(html) // max(1, SECONDS)])
    originals = [(t - sent[m]) * 1000 for m, times in crowd.came.items() for t in times]
    second = [(t - sent[m]) * 1000 for m, times in crowd.translated.items() for t in times]
    shared = {
        "baseline": "bare python-socketio broadcast of as many bytes",
        "baseline_value": p95(bare),
        "clients": CLIENTS,
        "posts": SECONDS,
    }
    for figure, values, limit, of in (
        ("crowd_original_p95_ms", originals, 100, CLIENTS),
        ("crowd_translated_p95_ms", second, 250, CLIENTS // 2),
    ):
        noted = crowd.came if figure == "crowd_original_p95_ms" else crowd.translated
        yield {
            "figure": figure,
            "value": p95(values),
            "limit": limit,
            "median": round(statistics.median(values), 1),
            "ratio": round(p95(values) / max(0.1, p95(bare)), 2),
            "reached_all": sum(len(times) == of for times in noted.values()),
            "processor_seconds": round(processor, 1),
            **shared,
        }
    yield {"figure": "memory_crowd_mb", "value": memory, "limit": 300, "clients": CLIENTS}


async def _bare_broadcast(
    html: str, *, clients: int = CLIENTS, posts: int = POSTS, seconds: float = 0.2
) -> list[float]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    crowd, sent = Crowd(), dict[str, float]()
    async with process("-m", "tests.bench.bare", str(port), url=url):
        await crowd.connect(url, "s", [], clients=clients)

        async def say(n: int) -> None:
            sent[f"mark-{n}"] = time.perf_counter()
            await crowd.clients[0].emit("say", {"session": "s", "html": f"mark-{n} {html}"})

        await paced([partial(say, n) for n in range(posts)], seconds)
        await asyncio.sleep(1)
        await crowd.leave()
    return [(t - sent[m]) * 1000 for m, times in crowd.came.items() for t in times]


async def pages() -> AsyncIterator[dict[str, Any]]:
    """The room with 100 posts, and all of its first view, beside /healthz."""
    async with (
        hub_process() as (url, _, token),
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        fatima, *people = await a_session(http, token, writers=12)
        for n in range(100):
            await people[n % 12].say(fatima.id, f"{n} {WORDS}")
        cookies = {f"hub_seat_{fatima.id}": people[0].token}
        room = f"/sessions/{fatima.id}"
        mine = await _times(http, room, cookies)
        baseline = await _times(http, "/healthz", {})
        html = (await http.get(room, cookies=cookies)).text
        parts = re.findall(r"/static/[^\"']+", html)
        weight = len(gzip.compress(html.encode(), 6))
        for part in dict.fromkeys(parts):
            body = (await http.get(part)).content
            weight += len(body) if "woff2" in part else len(gzip.compress(body, 6))
    yield {
        "figure": "page_room_p95_ms",
        "value": p95(mine),
        "baseline": "/healthz",
        "baseline_value": p95(baseline),
        "ratio": round(p95(mine) / max(0.1, p95(baseline)), 1),
        "posts": 100,
    }
    yield {"figure": "first_view_kb", "value": round(weight / 1000, 1), "limit": 90}
    async for figure in charter_page():
        yield figure


async def charter_page() -> AsyncIterator[dict[str, Any]]:
    """A charter of 30 principles in both languages with two versions, changed since."""
    async with (
        hub_process() as (url, _, token),
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        admin = Person(http, token)
        made = await admin.post("/charters", {"title": {"sv": "Trettio", "en": "Thirty"}})
        assert made.status_code == 201, made.text
        charter = made.json()["id"]
        for n in range(30):
            text = f"{n} {WORDS} {os.urandom(80).hex()}"
            side = {"title": f"Princip {n}: börja tillsammans", "text": text}
            body = {"texts": {"sv": side, "en": side}}
            added = await admin.post(f"/charters/{charter}/principles", body)
            assert added.status_code in (200, 201), added.text
        for number in ("0.1", "0.2"):
            version = {"number": number, "note": {"sv": "Nytt", "en": "New"}}
            kept = await admin.post(f"/charters/{charter}/versions", version)
            assert kept.status_code in (200, 201), kept.text
            for principle in kept.json()["principles"][:10]:
                text = {"title": f"Rubrik efter {number}", "text": f"{number} {WORDS}"}
                path = f"/charters/{charter}/principles/{principle['id']}/sv"
                changed = await admin.put(path, text)
                assert changed.status_code == 200, changed.text
        path = f"/charters/{charter}?view=both"
        mine = await _times(http, path, {})
        # Another address for the same page is drawn anew.
        drawn = []
        for n in range(40):
            began = time.perf_counter()
            assert (await http.get(f"{path}&n={n}")).status_code == 200
            drawn.append((time.perf_counter() - began) * 1000)
        baseline = await _times(http, "/healthz", {})
        first = await http.get(path)
        tag = {"If-None-Match": first.headers["etag"]}
        kept_times = []
        for _ in range(40):
            began = time.perf_counter()
            answer = await http.get(path, headers=tag)
            kept_times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 304
    yield {
        "figure": "page_charter_p95_ms",
        "value": p95(mine),
        "limit": 50,
        "drawn_anew_p95_ms": p95(drawn),
        "drawn_anew_median_ms": round(statistics.median(drawn), 1),
        "not_modified_p95_ms": p95(kept_times),
        "baseline": "/healthz",
        "baseline_value": p95(baseline),
        "ratio": round(p95(mine) / max(0.1, p95(baseline)), 1),
        "principles": 30,
    }
    weight = len(gzip.compress(first.content, 6)) / 1000
    yield {"figure": "page_charter_kb", "value": round(weight, 1), "limit": 60}


async def published() -> AsyncIterator[dict[str, Any]]:
    """Home, search, lists and feeds with 1,000 summaries and 500 meetings, beside /healthz."""
    words: list[str] = []

    async def fill(folder: Path) -> None:
        words.extend(await fill_published(folder))

    async with (
        hub_process(fill) as (url, _, _),
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        baseline = p95(await _times(http, "/healthz", {}))
        for path in PATHS:
            times = []
            for word in words[:80]:
                began = time.perf_counter()
                answer = await http.get(path.format(word=word))
                times.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200, (path, answer.text[:200])
            # The first reads what all later ones share.
            mine = p95(times[1:])
            yield {
                "figure": f"published_p95_ms {path}",
                "value": mine,
                "limit": 80,
                "first_ms": round(times[0], 1),
                "baseline": "/healthz",
                "baseline_value": baseline,
                "ratio": round(mine / max(0.1, baseline), 1),
                "summaries": SUMMARIES,
                "meetings": MEETINGS,
            }


async def _times(http: httpx.AsyncClient, path: str, cookies: dict[str, str]) -> list[float]:
    times = []
    for _ in range(40):
        began = time.perf_counter()
        answer = await http.get(path, cookies=cookies)
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200
    return times


async def translation() -> AsyncIterator[dict[str, Any]]:
    """A sentence of 15 words from post to screen, beside the same call to the engine alone."""
    async with (
        hub_process() as (url, served, token),
        httpx.AsyncClient(base_url=url, timeout=30) as http,
    ):
        fatima, *people = await a_session(http, token, writers=2)
        body = {"text": WORDS, "from": "sv", "to": "en"}
        engine = []
        for n in range(30):
            began = time.perf_counter()
            await fatima.post("/translate", {**body, "text": f"{n} {WORDS}"})
            engine.append((time.perf_counter() - began) * 1000)
        seen = asyncio.Queue[float]()
        client = socketio.AsyncClient(reconnection=False)

        async def note(data: dict[str, Any]) -> None:
            for item in data.get("items", []):
                found = item.get("contribution", {}).get("translations", {}).get("en", {})
                if found.get("status") == "machine":
                    await seen.put(time.perf_counter())

        client.on("changes", note)
        await client.connect(url, transports=["websocket"], auth={"token": people[0].token})
        await client.call("enter", {"session": fatima.id, "language": "en"})
        whole = []
        for n in range(15):
            began = time.perf_counter()
            await people[1].said(fatima.id, f"{n} {WORDS}", language="sv")
            whole.append((await asyncio.wait_for(seen.get(), 20) - began) * 1000)
            await asyncio.sleep(0.6)
        await client.disconnect()
        memory = resident_mb(served.pid)
    yield {
        "figure": "translated_on_screen_p95_ms",
        "value": p95(whole),
        "median": round(statistics.median(whole), 1),
        "baseline": "POST /translate of the same text",
        "baseline_value": p95(engine),
        "ratio": round(p95(whole) / max(0.1, p95(engine)), 2),
    }
    yield {"figure": "memory_both_directions_mb", "value": memory, "limit": 300}


async def others() -> AsyncIterator[dict[str, Any]]:
    """The whole service over HTTP beside LibreTranslate and argostranslate in a loop."""
    async with hub_process() as (url, served, token):
        async for figure in engines(url, served.pid, token):
            yield figure
        yield {"figure": "memory_after_500_posts_mb", "value": resident_mb(served.pid)}


BENCHES = {
    "live": live,
    "saturated": saturated,
    "many": many,
    "steady": partial(steady, hub_process, a_session, resident_mb),
    "pages": pages,
    "published": published,
    "translation": translation,
    "crowd": crowd,
    "engines": others,
    "quality": quality,
}


async def main(names: list[str]) -> None:
    keep = ROOT / "var" / "bench"
    keep.mkdir(parents=True, exist_ok=True)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    with (keep / f"{stamp}.jsonl").open("a", encoding="utf-8") as file:
        for name in names or list(BENCHES):
            async for figure in BENCHES[name]():
                line = json.dumps({**figure, "machine": machine}, ensure_ascii=False)
                print(line, flush=True)
                file.write(line + "\n")


if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(BENCHES)
    if unknown:
        sys.exit(f"no such figures: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    asyncio.run(main(sys.argv[1:]))
