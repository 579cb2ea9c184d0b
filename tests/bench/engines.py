"""The hub's service beside LibreTranslate and argostranslate: same packages, posts and machine.

LibreTranslate is not among the hub's dependencies. `LIBRETRANSLATE` names its command, installed
in an environment of its own (``pip install libretranslate``); without it that line is left out,
and a line says so.
"""

from __future__ import annotations

import asyncio
import csv
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import sacrebleu

ROOT = Path(__file__).parent.parent.parent
BUNDLED = ROOT / "translations" / "models"
POSTS = int(os.environ.get("POSTS", "500"))
AT_ONCE = 16
CHRF = sacrebleu.CHRF(word_order=2)


class Post(NamedTuple):
    """A text, its language, and what a person made of it in the other one (may be empty)."""

    text: str
    language: str
    reference: str


def posts() -> list[Post]:
    """Mixed posts of both languages, all different: short ones, long ones, as people type."""
    found: dict[str, Post] = {}
    with (ROOT / "hub" / "demo" / "data" / "sample-dialogue.tsv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["reference"] and row["lang"] in ("sv", "en"):
                text, other = row["text"], row["reference"]
                language, back = row["lang"], "en" if row["lang"] == "sv" else "sv"
                found[text] = Post(text, language, other)
                found[other] = Post(other, back, text)
    whole = list(found.values())
    # Two posts of one language after each other are a third, longer one.
    for first, second in itertools.pairwise(whole[::2] + whole[1::2]):
        if len(found) >= POSTS:
            break
        if first.language == second.language:
            text = f"{first.text} {second.text}"
            found[text] = Post(text, first.language, f"{first.reference} {second.reference}")
    return list(found.values())[:POSTS]


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
began = time.perf_counter()
said = [t.translate(p[0], p[1], "en" if p[1] == "sv" else "sv") for p in posts]
print(json.dumps([time.perf_counter() - began, said]))
"""


def in_a_loop(wanted: list[Post], folder: Path) -> tuple[float, list[str]]:
    """Seconds that argostranslate takes for all, one after the other, and what it said."""
    import json

    done = subprocess.run(
        [sys.executable, "-c", IN_A_LOOP],
        input=json.dumps([[p.text, p.language] for p in wanted]),
        capture_output=True,
        text=True,
        check=True,
        env=environment(folder),
    )
    seconds, said = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), list(said)


Ask = Callable[[httpx.AsyncClient, Post], Coroutine[Any, Any, str]]


async def served(url: str, ask: Ask, wanted: list[Post], headers: dict[str, str]) -> Any:
    """Seconds for all of them, some at once as from a full room, and what was said."""
    limit = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=url, timeout=120, headers=headers) as http:

        async def one(post: Post) -> str:
            async with limit:
                return await ask(http, post)

        for language in ("sv", "en"):
            await ask(http, Post("Hej, hello.", language, ""))
        began = time.perf_counter()
        said = await asyncio.gather(*(one(p) for p in wanted))
        return time.perf_counter() - began, said


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


async def libre(command: str, wanted: list[Post], folder: Path) -> Any:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    server = subprocess.Popen(
        [command, "--host", "127.0.0.1", "--port", str(port), "--load-only", "en,sv",
         "--disable-web-ui"],
        env=environment(folder),
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
        return await served(url, ask_libre, wanted, {})
    finally:
        server.terminate()
        server.wait(10)


def chrf(wanted: list[Post], said: list[str]) -> float:
    known = [(p.reference, s) for p, s in zip(wanted, said, strict=True) if p.reference]
    score = CHRF.corpus_score([s for _, s in known], [[r for r, _ in known]])
    return round(score.score, 2)


async def engines(url: str, token: str) -> AsyncIterator[dict[str, Any]]:
    """Sentences a second of the hub's service beside both others. ``token``: a facilitator's."""
    wanted = posts()
    lines: list[tuple[str, float, list[str]]] = []
    with tempfile.TemporaryDirectory() as place:
        unpacked(Path(place))
        lines.append(("argostranslate", *in_a_loop(wanted, Path(place))))
        if command := os.environ.get("LIBRETRANSLATE"):
            lines.append(("libretranslate", *await libre(command, wanted, Path(place))))
        else:
            yield {"figure": "libretranslate", "value": None, "why": "LIBRETRANSLATE is not set"}
    bearer = {"Authorization": f"Bearer {token}"}
    seconds, said = await served(url, ask_hub, wanted, bearer)
    speed, quality = len(wanted) / seconds, chrf(wanted, said)
    for name, others, heard in lines:
        yield {
            "figure": f"posts_a_second_beside_{name}",
            "value": round(speed, 1),
            "baseline": name,
            "baseline_value": round(len(wanted) / others, 1),
            "ratio": round(speed * others / len(wanted), 2),
            "posts": len(wanted),
            "chrf": quality,
            "baseline_chrf": chrf(wanted, heard),
            "failed": sum(1 for text in said if not text),
        }
