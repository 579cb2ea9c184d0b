"""A session with many people for a long time: does the process stay as small as it was?"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import socketio

from tests.scale.processes import PATIENCE

WORDS = "Jag fick fyra lappar med fyra telefonnummer och ingen av dem var till mig i går. " * 3
SETTLED_MINUTES = 5.0
POSTS_A_SECOND = 1.0


async def steady(
    hub_process: Any, a_session: Any, resident_mb: Any
) -> AsyncIterator[dict[str, Any]]:
    """Memory in MB after five minutes and at the end, of ``CLIENTS`` (300) for ``MINUTES`` (30).

    With fewer than ten minutes the first figure is taken half way. One post a second; every client
    asks for the page's changes now and then, leaves once in a while and comes back.
    """
    clients = int(os.environ.get("CLIENTS", "300"))
    minutes = float(os.environ.get("MINUTES", "30"))
    settled_at = min(SETTLED_MINUTES, minutes / 2) * 60
    opened: AbstractAsyncContextManager[Any] = hub_process()
    async with (
        opened as (url, served, token),
        httpx.AsyncClient(base_url=url, timeout=PATIENCE) as http,
    ):
        fatima, *people = await a_session(http, token)
        sockets = [
            await _come(url, fatima.id, people[n % len(people)].token, n) for n in range(clients)
        ]
        began, posts, settled = time.monotonic(), 0, 0.0
        while (elapsed := time.monotonic() - began) < minutes * 60:
            if not settled and elapsed >= settled_at:
                settled = resident_mb(served.pid)
            await people[posts % len(people)].say(fatima.id, f"{posts}. {WORDS}")
            # One of them loses its line and comes back.
            place = posts % clients
            await sockets[place].disconnect()
            sockets[place] = await _come(url, fatima.id, people[place % len(people)].token, place)
            posts += 1
            await asyncio.sleep(max(0.0, began + posts / POSTS_A_SECOND - time.monotonic()))
        at_end = resident_mb(served.pid)
        for client in sockets:
            await client.disconnect()
    yield {
        "figure": "steady_memory_mb",
        "value": at_end,
        "settled": settled,
        "ratio": round(at_end / settled, 3) if settled else None,
        "limit_ratio": 1.05,
        "clients": clients,
        "minutes": minutes,
        "posts": posts,
    }


async def _come(url: str, session: str, token: str, n: int) -> socketio.AsyncClient:
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(url, transports=["websocket"], auth={"token": token}, wait_timeout=60)
    entering = {"session": session, "language": "sv" if n % 2 else "en", "format": "html"}
    await client.call("enter", entering, timeout=60)
    return client
