"""Whether the hub is up and what it depends on, for machines: /healthz, /readyz, /metrics."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.asyncio import Redis
from starlette.datastructures import State

from hub import schema
from hub.audit.actions import key_fits
from hub.charters import paper
from hub.db import Database
from hub.gatherings.models import BEHIND, count_waiting
from hub.language.translator import Service
from hub.mail import jobs as mail_jobs
from hub.mail.transport import find_fault
from hub.people import actions as people
from hub.people.texts import TextError
from hub.settings import Settings

router = APIRouter(include_in_schema=False)
STARTED = time.time()
OTHER_KEY = "the secret key is not the one that this database was sealed with: see HUB_SECRET_KEY"
MAIL_ASKED_SECONDS = 60
# Below which an organiser should make room, and what is written to see whether there is any.
DISK_LOW_BYTES = 200_000_000
PROBE_BYTES = 65_536
_asked: dict[str, tuple[float, str]] = {}


@dataclass(frozen=True)
class Part:
    """One thing the hub depends on. ``needed``: without it the hub is not ready."""

    name: str
    state: Literal["ok", "degraded", "down"]
    detail: str = ""
    needed: bool = False


async def check_parts(settings: Settings, database: Database, translator: Service) -> list[Part]:
    """One line per dependency; nothing here raises."""
    return [
        await _database(settings, database),
        await _disk(settings),
        await _redis(settings),
        *_translation(translator),
        await _translations(database),
        await _mail(settings, database),
        await _consent(settings, database),
        await _secret_key(database),
        await _pdf(),
        _clock(),
    ]


async def _database(settings: Settings, database: Database) -> Part:
    try:
        async with asyncio.timeout(5):
            await database.ping()
        version, known = await asyncio.to_thread(schema.versions, settings.database)
    except Exception as error:
        return Part("database", "down", type(error).__name__, needed=True)
    if version is None:
        return Part("database", "down", "empty: run hub migrate", needed=True)
    if version != known:
        return Part("database", "down", f"at {version}, this hub knows {known}", needed=True)
    return Part("database", "ok", "sqlite" if settings.is_sqlite else "postgresql", needed=True)


async def _disk(settings: Settings) -> Part:
    """Whether the data folder takes what is written: with SQLite nothing is kept without it."""
    try:
        free = await asyncio.to_thread(_try_disk, settings.data_dir)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        state: Literal["degraded", "down"] = "down" if settings.is_sqlite else "degraded"
        return Part("disk", state, reason.lower(), needed=settings.is_sqlite)
    left = f"{free // 1_000_000} MB free"
    return Part("disk", "degraded" if free < DISK_LOW_BYTES else "ok", left)


def _try_disk(folder: Path) -> int:
    """Write as much as a few posts take, and take it away; how many bytes are free then."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as file:
        file.write(bytes(PROBE_BYTES))
        file.flush()
    return shutil.disk_usage(folder).free


async def _redis(settings: Settings) -> Part:
    if not settings.redis_url:
        return Part("redis", "ok", "not used: one process")
    client: Redis = Redis.from_url(settings.redis_url, socket_timeout=3, socket_connect_timeout=3)
    try:
        await client.ping()
    except Exception as error:
        return Part("redis", "down", type(error).__name__, needed=True)
    finally:
        await client.aclose()
    return Part("redis", "ok", needed=True)


def _translation(translator: Service) -> list[Part]:
    parts = []
    for direction, state in translator.state().items():
        # Without a package people read originals and translate: the hub still does its work.
        detail = "built-in package" if state == "ok" and translator.builtin else state
        parts.append(
            Part(f"translation {direction}", "ok" if state == "ok" else "degraded", detail)
        )
    return parts


async def _translations(database: Database) -> Part:
    try:
        async with asyncio.timeout(5), database.reading() as tx:
            waiting = await count_waiting(tx)
    except Exception as error:
        return Part("translations", "degraded", f"not counted: {type(error).__name__}")
    behind = waiting >= BEHIND
    return Part("translations", "degraded" if behind else "ok", f"{waiting} waiting")


async def _mail(settings: Settings, database: Database) -> Part:
    how = "smtp" if settings.smtp_server else "kept as files in the outbox"
    if fault := await _mail_fault(settings):
        # Mail waits and is tried again: rooms go on without it.
        return Part("mail", "degraded", f"{how}: {fault}")
    try:
        async with asyncio.timeout(5), database.reading() as tx:
            waiting, failed = await mail_jobs.count_trouble(tx, datetime.now(UTC))
    except Exception as error:
        return Part("mail", "degraded", f"not counted: {type(error).__name__}")
    trouble = f", {waiting} tried in vain, {failed} given up in a day" if waiting + failed else ""
    return Part("mail", "degraded" if waiting + failed else "ok", how + trouble)


async def _mail_fault(settings: Settings) -> str:
    """What the mail server says, asked once a minute at most, however often /readyz is."""
    asked = _asked.get(settings.smtp_url)
    if asked is None or time.monotonic() - asked[0] > MAIL_ASKED_SECONDS or not settings.smtp_url:
        asked = _asked[settings.smtp_url] = (time.monotonic(), await find_fault(settings))
    return asked[1]


async def _consent(settings: Settings, database: Database) -> Part:
    """Whether the files of consent texts can be read, and are what people have said yes to."""
    try:
        async with asyncio.timeout(5), database.reading() as tx:
            await people.list_new_texts(tx, settings.data_dir / "consent")
            text = await people.text_in_force(tx, now=datetime.now(UTC))
    except TextError as error:
        return Part("consent text", "down", str(error), needed=True)
    except Exception as error:
        return Part("consent text", "degraded", f"not looked at: {type(error).__name__}")
    whose = "shipped" if text.data.get("shipped") else "own"
    return Part("consent text", "ok", f"version {text.version}, {whose}")


async def _secret_key(database: Database) -> Part:
    """Whether what is sealed in the database can be read, and the audit log goes on unbroken."""
    try:
        async with asyncio.timeout(5), database.reading() as tx:
            fits = await key_fits(tx)
    except Exception as error:
        return Part("secret key", "degraded", f"not looked at: {type(error).__name__}")
    return Part("secret key", "ok") if fits else Part("secret key", "down", OTHER_KEY, needed=True)


async def _pdf() -> Part:
    if await asyncio.to_thread(paper.is_available):
        return Part("pdf", "ok")
    # Pages are printed from the browser all the same.
    return Part("pdf", "degraded", "Pango is missing: no PDF")


def _clock() -> Part:
    year = time.gmtime().tm_year
    if year < 2026:
        return Part("clock", "degraded", f"says {year}: times in records will be wrong")
    return Part("clock", "ok", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    state: State = request.app.state
    parts = await check_parts(state.settings, state.database, state.translator)
    ready = all(p.state != "down" for p in parts if p.needed)
    body = {
        "status": "ok" if ready else "down",
        "parts": {p.name: {"state": p.state, "detail": p.detail} for p in parts},
    }
    return JSONResponse(body, status_code=200 if ready else 503)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    text = generate_latest().decode()
    text += "# TYPE hub_socket_connections gauge\n"
    text += f"hub_socket_connections {request.app.state.live.connections()}\n"
    text += "# TYPE hub_uptime_seconds gauge\n"
    text += f'hub_uptime_seconds{{pid="{os.getpid()}"}} {time.time() - STARTED:.0f}\n'
    return Response(text, media_type=CONTENT_TYPE_LATEST)
