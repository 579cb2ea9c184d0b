"""Somebody whose socket takes nothing any more, and a queue that is full: others go on."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from tests.scale.processes import PATIENCE, until, watching

LONG = "Ett ganska långt inlägg om vården. " * 50
STALLED = 12
# What one who reads nothing may cost at most, and for how long. Engine.IO asks every 25 seconds
# whether somebody is there, and waits 20 for the answer.
MOST_MB = 3.0
GONE_SECONDS = 90


def resident_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


async def connections(url: str) -> int:
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE) as http:
        found = re.search(r"^hub_socket_connections (\d+)", (await http.get("/metrics")).text, re.M)
    return int(found.group(1)) if found else -1


async def test_who_reads_nothing_costs_little_and_is_let_go(alone: Any) -> None:
    async with alone() as hubs:
        room, (process,) = hubs.room, hubs.processes
        await room.open(10)
        lazy = [await _stalled(process.url, room.id, room.token) for _ in range(STALLED)]
        try:
            async with watching(process, room.id, [room.writers[0].token]) as (screen,):
                await _write(room, process, 20)
                before = resident_mb(process.pid)
                await _write(room, process, 120)
                # The others have it all, whoever holds up their own line.
                await until(lambda: len({c["id"] for c in screen.contributions()}) >= 140, "posts")
                assert await connections(process.url) > 1
                grown = (resident_mb(process.pid) - before) / STALLED
                assert grown < MOST_MB

                async def alone_again() -> bool:
                    return await connections(process.url) == 1

                await until(alone_again, "they are let go", seconds=GONE_SECONDS, every=0.5)
            print(json.dumps({"figure": "stalled_client_mb", "value": round(grown, 2)}))
        finally:
            for each in lazy:
                each.transport.abort()


async def _stalled(url: str, session: str, token: str) -> Any:
    """A connection that enters a session and then reads nothing at all."""
    address = url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    line = await connect(address, compression=None, max_queue=1, ping_interval=None)
    raw: socket.socket = line.transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await line.recv()
    await line.send("40" + json.dumps({"token": token}))
    await line.recv()
    entering = {"session": session, "language": "sv", "format": "html"}
    await line.send("420" + json.dumps(["enter", entering]))
    await line.recv()
    line.transport.pause_reading()
    return line


async def _write(room: Any, process: Any, count: int) -> None:
    async with httpx.AsyncClient(base_url=process.url, timeout=PATIENCE) as http:

        async def one(n: int) -> None:
            by = room.writers[n % len(room.writers)]
            body = {"client_id": f"{count}-{n}", "text": f"{n} {LONG}", "kind": "contribution"}
            path = f"/api/v1/sessions/{room.id}/contributions"
            while (await http.post(path, json=body, headers=by.headers)).status_code == 429:
                await asyncio.sleep(1)

        for start in range(0, count, 10):
            await asyncio.gather(*(one(n) for n in range(start, start + 10)))
