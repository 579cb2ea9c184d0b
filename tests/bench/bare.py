"""The baseline of the live room: python-socketio that broadcasts what it is told, and no more."""

from __future__ import annotations

import sys
from typing import Any

import socketio
import uvicorn

sio = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])
app = socketio.ASGIApp(sio)


@sio.event
async def enter(sid: str, data: dict[str, Any]) -> dict[str, Any]:
    await sio.enter_room(sid, data["session"])
    return {"ok": True, "revision": 0}


@sio.event
async def say(_sid: str, data: dict[str, Any]) -> None:
    await sio.emit("changes", data, room=data["session"])


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
