"""`hub demo`: a throw-away hub on this machine, with the sample dialogue played on it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp
import segno
import uvicorn

from hub import schema
from hub.app import create_app
from hub.clock import Clock
from hub.db import Database
from hub.demo.check import check_record
from hub.demo.player import Links, Played, Unreachable, load_script, play
from hub.people import actions as people
from hub.programme.actions import load_shipped_cases
from hub.settings import Settings

FACILITATOR = ("malin@example.org", "Malin")
GUESTS = (("sv", "Gäst"), ("en", "Guest"))
PAUSE_SECONDS = 60.0
START_SECONDS = 60


def perform(
    *, host: str, port: int, base_url: str, speed: float, seed: int, once: bool, keep: Path
) -> int:
    """Run the demonstration until it is stopped, or to its end where ``once``.

    Returns the exit status: 1 where the played session's record fails its check.
    """
    try:
        sock = _listen(host, port)
    except OSError as error:
        print(f"hub: cannot listen on {host}:{port}: {error.strerror}", file=sys.stderr)
        return 1
    base_url = base_url.removesuffix(f":{port}") + f":{sock.getsockname()[1]}"
    with tempfile.TemporaryDirectory(prefix="hub-demo-") as folder, contextlib.closing(sock):
        settings = Settings(data_dir=Path(folder), base_url=base_url)
        schema.migrate(settings.database)
        with contextlib.suppress(KeyboardInterrupt):
            return asyncio.run(
                _perform(settings, sock, speed=speed, seed=seed, once=once, keep=keep)
            )
    return 0


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


async def _perform(
    settings: Settings, sock: socket.socket, *, speed: float, seed: int, once: bool, keep: Path
) -> int:
    token, link = await _set_the_stage(settings)
    app = create_app(settings, clock=Clock(speed), demonstration=True)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="websockets-sansio", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    here = f"http://127.0.0.1:{sock.getsockname()[1]}"
    try:
        await _answers(here, serving)
        playing = asyncio.create_task(
            _play(settings, here, token, link, speed=speed, seed=seed, once=once, keep=keep)
        )
        await asyncio.wait({serving, playing}, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            return playing.result()
        playing.cancel()
        return 0
    finally:
        server.should_exit = True
        await asyncio.wait({serving}, timeout=5)


async def _set_the_stage(settings: Settings) -> tuple[str, str]:
    """Cases and a facilitator; returns their bearer token and the secret of a sign-in link."""
    database, now = Database(settings.database), Clock().now()
    try:
        async with database.transaction() as tx:
            await load_shipped_cases(tx, now=now, demonstration=True)
            account = await people.add_account(
                tx,
                email=FACILITATOR[0],
                name=FACILITATOR[1],
                role="facilitator",
                language="sv",
                now=now,
            )
            token = await people.sign_in(tx, account, kind="token", now=now)
            # A fast clock must not outrun the link, and many may try the demonstration.
            link = await people.make_sign_in_link(
                tx, account, now=now, uses=1_000_000, hours=24 * 365
            )
    finally:
        await database.close()
    return token, link


async def _answers(base_url: str, serving: asyncio.Task[None]) -> None:
    async with aiohttp.ClientSession() as http:
        for _ in range(START_SECONDS * 10):
            if serving.done():
                serving.result()
                raise SystemExit(1)
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with http.get(f"{base_url}/healthz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
    raise SystemExit("hub: the server did not start")


async def _play(
    settings: Settings,
    here: str,
    token: str,
    link: str,
    *,
    speed: float,
    seed: int,
    once: bool,
    keep: Path,
) -> int:
    script = load_script()
    announcements: set[asyncio.Task[None]] = set()

    def on_ready(links: Links) -> None:
        task = asyncio.create_task(_announce(settings.base_url, here, link, links))
        announcements.add(task)
        task.add_done_callback(announcements.discard)

    try:
        played = await play(
            here,
            token,
            speed=speed,
            seed=seed,
            script=script,
            on_ready=on_ready,
            once=once,
            pause_seconds=PAUSE_SECONDS,
        )
    except Unreachable as error:
        print(f"hub: {error}", file=sys.stderr)
        return 1
    return await _check(here, token, played, script, keep)


async def _announce(base_url: str, here: str, link: str, links: Links) -> None:
    """One link for each role, and a QR code for phones."""
    guests = {language: await _seat(here, links.code, language, name) for language, name in GUESTS}
    rows = [
        ("participant, Swedish", guests["sv"].replace(here, base_url)),
        ("participant, English", guests["en"].replace(here, base_url)),
        ("facilitator", f"{base_url}/sign-in/{link}?next=/sessions/{links.session}/desk"),
        ("projector", f"{base_url}/sign-in/{link}?next=/sessions/{links.session}/screen"),
        ("join with your own name", links.join_url.replace(here, base_url)),
    ]
    print("\nSamrum demonstration: a Joint Interpretive Forum is under way.", flush=True)
    for role, url in rows:
        print(f"  {role:<24} {url}")
    print(f"  {'code':<24} {links.code}")
    if "127.0.0.1" not in base_url:
        segno.make(links.join_url.replace(here, base_url)).terminal(compact=True)
    print("Stop with Ctrl+C. Nothing is kept.", flush=True)


async def _seat(here: str, code: str, language: str, name: str) -> str:
    """A seat for a visitor; returns the address that leads straight to it."""
    body = {"code": code, "name": name, "language": language, "consent": True}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{here}/api/v1/join", json=body) as answer,
    ):
        answer.raise_for_status()
        return str((await answer.json())["resume_url"])


async def _check(here: str, token: str, played: Played, script: Any, keep: Path) -> int:
    """Keep the record of the played session and check it; returns the exit status."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.get(f"{here}/api/v1/sessions/{played.session}/record") as answer,
    ):
        record = await answer.json()
    path = await asyncio.to_thread(_keep, record, keep / f"record-{played.session}.json")
    faults = check_record(record, script)
    for fault in faults:
        print(f"hub: {fault}", file=sys.stderr)
    print(path)
    return 1 if faults else 0


def _keep(record: dict[str, Any], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, ensure_ascii=False, indent=2), "utf-8")
    return path
