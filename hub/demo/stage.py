"""`hub demo`: a throw-away hub on this machine, with the sample dialogue played on it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import segno
import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from hub import schema
from hub.app import create_app
from hub.charters.actions import load_shipped as load_shipped_charters
from hub.clock import Clock
from hub.demo.afterwards import follow_up, load_summary, publish_summary
from hub.demo.check import (
    check_charter,
    check_followed,
    check_outcomes,
    check_record,
    check_summary,
)
from hub.demo.dialogues import (
    Props,
    Running,
    Staff,
    hold_finished,
    hold_running,
    load_scenes,
)
from hub.demo.meetings import hold_series, invite_to_workshop
from hub.demo.player import Links, Played, Unreachable, load_script, play
from hub.demo.replay import hold_forum
from hub.gatherings.actions import mute_bot
from hub.gatherings.models import access_gathering
from hub.meetings.doorway import sender_of
from hub.meetings.times import STOCKHOLM, instant_of
from hub.people import actions as people
from hub.people.models import Account
from hub.programme.actions import load_shipped_cases
from hub.settings import Settings
from hub.summaries.blocks import AUDIENCES
from hub.wire import Wire

FACILITATOR = ("malin@example.org", "Malin")
EDITOR = ("ebba@example.org", "Ebba")
# When the forum was held whose summary is there: in time for its owners to be asked since. At one
# in the afternoon in Stockholm.
FORUM_DAYS_AGO = 110
FORUM_HOUR = 13
# Before anything that the dialogues' file tells.
LOADED_DAYS_AGO = 60
GUESTS = (("sv", "Gäst"), ("en", "Guest"))
PAUSE_SECONDS = 60.0
# How often the dialogue is looked at; a session that nobody is in touch with is closed in time.
LOOK_SECONDS = 30.0
STAY_SECONDS = 300.0
START_SECONDS = 60
FRIDAY = 4

log = structlog.get_logger(__name__)


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
        # Nothing is mailed to made-up people, whatever the environment says.
        settings = Settings(data_dir=Path(folder), base_url=base_url, smtp_url="")
        schema.migrate(settings.database)
        # The same event loop as that of a server.
        loop = uvicorn.Config("", log_config=None).get_loop_factory()
        with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(
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
    clock = Clock(speed)
    app = create_app(settings, clock=clock, demonstration=True)
    cast = await set_the_stage(app)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws=Wire, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    here = f"http://127.0.0.1:{sock.getsockname()[1]}"
    beside: list[asyncio.Task[Any]] = []
    try:
        await _answers(here, serving)
        cast.came = asyncio.create_task(show_what_came(app, cast.staff))
        beside = [asyncio.create_task(_stay(app, cast)), cast.came]
        playing = asyncio.create_task(
            _play(settings, here, cast, speed=speed, seed=seed, once=once, keep=keep)
        )
        await asyncio.wait({serving, playing}, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            return playing.result()
        playing.cancel()
        return 0
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        server.should_exit = True
        await asyncio.wait({serving}, timeout=5)


@dataclass(frozen=True)
class Came:
    """What came of an earlier forum, and what is to come; ``owner`` is the path of a link."""

    session: str
    summary: str
    owner: str
    series: str
    workshop: str


@dataclass
class Cast:
    """Who holds the demonstration, and the dialogues that are there when it opens."""

    staff: Staff
    token: str
    link: str
    editors_link: str
    finished: str
    running: Running
    # Whether the chatbot is muted there because nobody is.
    muted: bool = False
    # Addresses of the visitors' seats in the dialogue, by its code and their language.
    seats: dict[str, dict[str, str]] = field(default_factory=dict)
    # Made while the hub is in use already, which takes some seconds.
    came: asyncio.Task[Came] | None = None


async def set_the_stage(app: FastAPI) -> Cast:
    """Cases, charters, a facilitator, an editor, a dialogue that is over and one under way."""
    database, clock = app.state.database, app.state.clock
    now = clock.now()
    async with database.transaction() as tx:
        await load_shipped_cases(tx, now=now, demonstration=True)
        loaded = now - timedelta(days=LOADED_DAYS_AGO)
        await load_shipped_charters(tx, now=loaded, demonstration=True)
        facilitator = await _account(tx, FACILITATOR, "facilitator", now=now)
        editor = await _account(tx, EDITOR, "editor", now=now)
        staff = Staff(facilitator, editor)
        token = await people.sign_in(tx, facilitator, kind="token", now=now)
        link = await _sign_in_link(tx, facilitator, now=now)
        editors_link = await _sign_in_link(tx, editor, now=now)
        finished = await hold_finished(tx, _props(app), staff=staff, now=now)
        running = await hold_running(tx, _props(app), staff=staff, now=now)
    return Cast(staff, token, link, editors_link, finished, running)


async def show_what_came(app: FastAPI, staff: Staff) -> Came:
    """A forum that is over with its summary and recommendations, and the calendar.

    In many small transactions: the hub is in use meanwhile.
    """
    state, now = app.state, app.state.clock.now()
    began = time.monotonic()
    day = now.date() - timedelta(days=FORUM_DAYS_AGO)
    day -= timedelta(days=max(0, day.weekday() - FRIDAY))
    starts_at = instant_of(datetime(day.year, day.month, day.day, FORUM_HOUR), STOCKHOLM)
    sender, database = sender_of(state.renderer, state.settings), state.database
    series = await hold_series(database, staff=staff, sender=sender)
    held = await hold_forum(_props(app), load_summary(), staff=staff, starts_at=starts_at)
    summary = await publish_summary(_props(app), held, staff=staff)
    owner = await follow_up(state.screens, held, staff=staff, now=now)
    workshop = await invite_to_workshop(
        database,
        staff=staff,
        sender=sender,
        material=f"{state.settings.base_url}/summaries/{summary}",
        now=now,
    )
    log.info("demo_filled", seconds=round(time.monotonic() - began, 1))
    return Came(held.session, summary, owner, series, workshop)


async def _sign_in_link(tx: AsyncSession, account: Account, *, now: datetime) -> str:
    # A fast clock must not outrun the link, and many may try the demonstration.
    return await people.make_sign_in_link(tx, account, now=now, uses=1_000_000, hours=24 * 365)


async def _account(tx: AsyncSession, who: tuple[str, str], role: str, *, now: datetime) -> Account:
    email, name = who
    return await people.add_account(tx, email=email, name=name, role=role, language="sv", now=now)


def _props(app: FastAPI) -> Props:
    return Props(app.state.database, app.state.renderer, app.state.formats)


async def _stay(app: FastAPI, cast: Cast) -> None:
    """Keep the dialogue open for those who come; once it is closed, begin another."""
    while True:
        await asyncio.sleep(max(1.0, min(LOOK_SECONDS, STAY_SECONDS / app.state.clock.speed)))
        await look_in(app, cast)


async def look_in(app: FastAPI, cast: Cast) -> None:
    """Tell the hub that the dialogue is alive; where it is over, begin another.

    While nobody is there the chatbot is muted: it would ask an empty room why it is so quiet.
    """
    screens, database, now = app.state.screens, app.state.database, app.state.clock.now()
    session = cast.running.session
    screens.visited(session)
    async with database.reading() as tx:
        closed = (await access_gathering(tx, session)).state == "closed"
        empty = (await screens.presence(tx, session)).online == 0
    if closed:
        async with database.transaction() as tx:
            cast.running = await hold_running(tx, _props(app), staff=cast.staff, now=now)
        cast.muted = False
    elif empty != cast.muted:
        account = cast.staff.facilitator
        await screens.carry_out(
            session, lambda tx, g: mute_bot(tx, g, muted=empty, account=account, now=now)
        )
        cast.muted = empty


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
    cast: Cast,
    *,
    speed: float,
    seed: int,
    once: bool,
    keep: Path,
) -> int:
    script = load_script()
    announcements: set[asyncio.Task[None]] = set()

    def on_ready(links: Links) -> None:
        task = asyncio.create_task(_announce(settings.base_url, here, cast, links))
        announcements.add(task)
        task.add_done_callback(announcements.discard)

    try:
        played = await play(
            here,
            cast.token,
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
    return await _check(here, cast, played, script, keep)


async def _announce(base_url: str, here: str, cast: Cast, links: Links) -> None:
    """One link for each role, and a QR code for phones."""
    guests = await _seats(here, links.code)
    session, code = cast.running.session, cast.running.code
    if code not in cast.seats:
        cast.seats[code] = await _seats(here, code)
    facilitator, editor = f"/sign-in/{cast.link}?next=", f"/sign-in/{cast.editors_link}?next="
    charter = f"/charters/{load_scenes()['charter']}"
    parts = {
        "A Joint Interpretive Forum is under way.": _rows(
            f"{facilitator}/sessions/{links.session}", guests, links.code
        ),
        "A reflective dialogue on three promises is under way.": _rows(
            f"{facilitator}/sessions/{session}", cast.seats[code], code
        ),
        "A charter, and what a dialogue changed in it.": [
            ("charter, both languages", f"{charter}?view=both"),
            ("record of the dialogue", f"/sessions/{cast.finished}/record"),
            ("editor", f"{editor}{charter}/edit"),
        ],
    }
    print("\nSamrum demonstration", flush=True)

    def show(title: str, rows: list[tuple[str, str]]) -> None:
        print(f"\n{title}")
        for role, url in rows:
            whole = f"{base_url}{url}" if url.startswith("/") else url.replace(here, base_url)
            print(f"  {role:<24} {whole}", flush=True)

    for title, rows in parts.items():
        show(title, rows)
    if came := await _wait_for_what_came(cast):
        for title, rows in rows_of_what_came(came, facilitator, editor).items():
            show(title, rows)
    if "127.0.0.1" not in base_url:
        segno.make(f"{base_url}/join/{links.code}").terminal(compact=True)
    print("\nStop with Ctrl+C. Nothing is kept.", flush=True)


def rows_of_what_came(
    came: Came, facilitator: str, editor: str
) -> dict[str, list[tuple[str, str]]]:
    """One link for each role, in parts; ``facilitator`` and ``editor`` sign them in and lead on."""
    return {
        "What came of an earlier forum.": [
            ("summary", f"/summaries/{came.summary}"),
            ("summary, its editor", f"{editor}/summaries/{came.summary}/edit"),
            ("record of the forum", f"/sessions/{came.session}/record"),
            ("recommendations", "/recommendations"),
            ("owner of one", came.owner),
            ("facilitator", f"{facilitator}/sessions/{came.session}/owners"),
        ],
        "What is to come.": [
            ("workshop", f"/workshops/{came.workshop}"),
            ("workshop, its organiser", f"{facilitator}/workshops/{came.workshop}/replies"),
            ("series of forums", f"{facilitator}/series/{came.series}"),
            ("calendar", "/calendar"),
        ],
    }


def _rows(session: str, guests: Mapping[str, str], code: str) -> list[tuple[str, str]]:
    """``session``: the address of a session for its facilitator."""
    return [
        ("participant, Swedish", guests["sv"]),
        ("participant, English", guests["en"]),
        ("facilitator", f"{session}/desk"),
        ("projector", f"{session}/screen"),
        (f"with the code {code}", f"/join/{code}"),
    ]


async def _seats(here: str, code: str) -> dict[str, str]:
    return {language: await _seat(here, code, language, name) for language, name in GUESTS}


async def _seat(here: str, code: str, language: str, name: str) -> str:
    """A seat for a visitor; returns the address that leads straight to it."""
    body = {"code": code, "name": name, "language": language, "consent": True}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{here}/api/v1/join", json=body) as answer,
    ):
        answer.raise_for_status()
        return str((await answer.json())["resume_url"])


async def _check(here: str, cast: Cast, played: Played, script: Any, keep: Path) -> int:
    """Keep the record of the played session and check it, and what came of the dialogue.

    Returns the exit status.
    """
    headers = {"Authorization": f"Bearer {cast.token}"}
    scenes = load_scenes()
    async with aiohttp.ClientSession(here, headers=headers) as http:
        record = await _read(http, f"/api/v1/sessions/{played.session}/record")
        outcomes = await _read(http, f"/api/v1/sessions/{cast.finished}/outcomes")
        charter = await _read(http, f"/api/v1/charters/{scenes['charter']}")
        what_came = await _check_what_came(http, await _wait_for_what_came(cast))
    path = await asyncio.to_thread(_keep, record, keep / f"record-{played.session}.json")
    faults = [
        *check_record(record, script),
        *check_outcomes(outcomes, scenes["finished"]),
        *check_charter(charter, scenes),
        *what_came,
    ]
    for fault in faults:
        print(f"hub: {fault}", file=sys.stderr)
    print(path)
    return 1 if faults else 0


async def _wait_for_what_came(cast: Cast) -> Came | None:
    """None where it could not be shown: the forum under way is played all the same."""
    if cast.came is None:
        return None
    await asyncio.wait({cast.came})
    if fault := cast.came.exception():
        log.error("demo_not_filled", exc_info=fault)
        return None
    return cast.came.result()


async def _check_what_came(http: aiohttp.ClientSession, came: Came | None) -> list[str]:
    """What is wrong with the summary of the earlier forum, and with its recommendations."""
    if came is None:
        return ["what came of an earlier forum is missing"]
    path = f"/api/v1/summaries/{came.summary}?audience="
    versions = {audience: await _read(http, f"{path}{audience}") for audience in AUDIENCES}
    followed = await _read(http, f"/api/v1/recommendations?session={came.session}")
    return [
        *check_summary(versions, load_summary()),
        *check_followed(followed, came.session),
    ]


async def _read(http: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with http.get(path) as answer:
        found: dict[str, Any] = await answer.json()
        return found


def _keep(record: dict[str, Any], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, ensure_ascii=False, indent=2), "utf-8")
    return path
