"""The hub's service beside LibreTranslate and argostranslate: same packages, posts and machine.

LibreTranslate is not among the hub's dependencies. `LIBRETRANSLATE` names its command, installed
in an environment of its own (``pip install libretranslate``); without it that line is left out,
and a line says so.
"""

from __future__ import annotations

import asyncio
import csv
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import sacrebleu

from hub.language.text import sentences

ROOT = Path(__file__).parent.parent.parent
BUNDLED = ROOT / "translations" / "models"
POSTS = int(os.environ.get("POSTS", "500"))
# LibreTranslate is at its best with 16 and gains nothing from more.
AT_ONCE = int(os.environ.get("AT_ONCE", "16"))
# As it comes it takes two threads for each sentence, which wait for each other: also with one.
TUNED = {"ARGOS_INTRA_THREADS": "1", "ARGOS_INTER_THREADS": str(os.cpu_count() or 1)}
TICKS = os.sysconf("SC_CLK_TCK")
CHRF = sacrebleu.CHRF(word_order=2)


class Post(NamedTuple):
    """A text, its language, and what a person made of it in the other one (may be empty)."""

    text: str
    language: str
    reference: str


def posts() -> list[Post]:
    """Mixed posts of both languages, short and long, as people type; no two are the same."""
    found: dict[str, Post] = {}
    for language, text, reference in itertools.chain(_sample(), _held_out()):
        back = "en" if language == "sv" else "sv"
        found[text] = Post(text, language, reference)
        found[reference] = Post(reference, back, text)
    return list(found.values())[:POSTS]


def _sample() -> Iterator[tuple[str, str, str]]:
    with (ROOT / "hub" / "demo" / "data" / "sample-dialogue.tsv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
            # What the robot says stands in the hub's memory.
            if row["reference"] and row["lang"] in ("sv", "en") and row["role"] != "bot":
                yield row["lang"], row["text"], row["reference"]


def _held_out() -> Iterator[tuple[str, str, str]]:
    path = ROOT / "translations" / "training" / "heldout-dialogue.tsv"
    for line in path.read_text("utf-8").splitlines():
        _, english, swedish = line.split("\t")
        yield "sv", swedish, english


def unpacked(folder: Path) -> Path:
    """The bundled packages as argostranslate keeps them."""
    place = folder / "argos-translate" / "packages"
    place.mkdir(parents=True)
    for package in BUNDLED.glob("*.argosmodel"):
        with zipfile.ZipFile(package) as archive:
            archive.extractall(place)
    return place


def environment(folder: Path) -> dict[str, str]:
    """Where the others look for packages; nothing of the user's own is read."""
    home = str(folder)
    return {**os.environ, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}


IN_A_LOOP = """
import json, sys, time
import argostranslate.translate as t
posts = json.load(sys.stdin)
for language, other in (("sv", "en"), ("en", "sv")):
    t.translate("Hej, hello.", language, other)
began, worked = time.perf_counter(), time.process_time()
said = [t.translate(p[0], p[1], "en" if p[1] == "sv" else "sv") for p in posts]
print(json.dumps([time.perf_counter() - began, time.process_time() - worked, said]))
"""


class Run(NamedTuple):
    """What one of them did: seconds, seconds of processor, and what it said."""

    seconds: float
    processor: float
    said: list[str]


def in_a_loop(wanted: list[Post], folder: Path) -> Run:
    """What argostranslate does with all of them, one after the other."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_LOOP],
        input=json.dumps([[p.text, p.language] for p in wanted]),
        capture_output=True,
        text=True,
        check=True,
        env=environment(folder),
    )
    return Run(*json.loads(done.stdout.splitlines()[-1]))


def processor_seconds(pid: int) -> float:
    """Seconds of processor that a process has used, in and out of the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


Ask = Callable[[httpx.AsyncClient, Post], Coroutine[Any, Any, str]]


async def served(url: str, pid: int, ask: Ask, wanted: list[Post], headers: dict[str, str]) -> Run:
    """What the server `pid` does with all of them, some at once as from full rooms."""
    limit = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=url, timeout=120, headers=headers) as http:

        async def one(post: Post) -> str:
            async with limit:
                return await ask(http, post)

        for language in ("sv", "en"):
            await ask(http, Post("Hej, hello.", language, ""))
        began, worked = time.perf_counter(), processor_seconds(pid)
        said = await asyncio.gather(*(one(p) for p in wanted))
        return Run(time.perf_counter() - began, processor_seconds(pid) - worked, said)


async def ask_hub(http: httpx.AsyncClient, post: Post) -> str:
    other = "en" if post.language == "sv" else "sv"
    body = {"text": post.text, "from": post.language, "to": other}
    answer = await http.post("/api/v1/translate", json=body)
    return str(answer.json()["text"]) if answer.is_success else ""


async def ask_libre(http: httpx.AsyncClient, post: Post) -> str:
    other = "en" if post.language == "sv" else "sv"
    body = {"q": post.text, "source": post.language, "target": other, "format": "text"}
    answer = await http.post("/translate", json=body)
    answer.raise_for_status()
    return str(answer.json()["translatedText"])


async def libre(
    command: str, wanted: list[Post], folder: Path, settings: dict[str, str] | None = None
) -> Run:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    server = subprocess.Popen(
        [command, "--host", "127.0.0.1", "--port", str(port), "--load-only", "en,sv",
         "--disable-web-ui"],
        env=environment(folder) | (settings or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as http:
            for _ in range(240):
                try:
                    if (await http.get(f"{url}/languages")).is_success:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.5)
        return await served(url, server.pid, ask_libre, wanted, {})
    finally:
        server.terminate()
        server.wait(10)


def chrf(wanted: list[Post], said: list[str]) -> float:
    known = [(p.reference, s) for p, s in zip(wanted, said, strict=True) if p.reference]
    score = CHRF.corpus_score([s for _, s in known], [[r for r, _ in known]])
    return round(score.score, 2)


async def engines(url: str, pid: int, token: str) -> AsyncIterator[dict[str, Any]]:
    """Posts a second of the hub's service beside the others. ``token``: a facilitator's."""
    wanted = posts()
    others: dict[str, Run] = {}
    with tempfile.TemporaryDirectory() as place:
        unpacked(Path(place))
        others["argostranslate"] = in_a_loop(wanted, Path(place))
        if command := os.environ.get("LIBRETRANSLATE"):
            others["libretranslate"] = await libre(command, wanted, Path(place))
            others["libretranslate_tuned"] = await libre(command, wanted, Path(place), TUNED)
        else:
            yield {"figure": "libretranslate", "value": None, "why": "LIBRETRANSLATE is not set"}
    hub = await served(url, pid, ask_hub, wanted, {"Authorization": f"Bearer {token}"})
    spoken = sum(len(sentences(post.text)) for post in wanted)
    for name, other in others.items():
        yield {
            "figure": f"sentences_a_second_beside_{name}",
            "value": round(spoken / hub.seconds, 1),
            "baseline": name,
            "baseline_value": round(spoken / other.seconds, 1),
            "ratio": round(other.seconds / hub.seconds, 2),
            "processor_seconds": round(hub.processor, 1),
            "baseline_processor_seconds": round(other.processor, 1),
            "processor_ratio": round(other.processor / hub.processor, 2),
            "posts": len(wanted),
            "sentences": spoken,
            "at_once": 1 if name == "argostranslate" else AT_ONCE,
            "chrf": chrf(wanted, hub.said),
            "baseline_chrf": chrf(wanted, other.said),
            "failed": sum(1 for text in hub.said if not text),
        }
