"""WebSockets, with one thing added: a text for many screens is put into a frame once.

Socket.IO wakes a task for each screen, and the server compresses and frames the text for each. With
300 screens that takes longer than everything else that is done for a post.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

EXTENSION: Final = "samrum.wire"
_WINDOW: Final = 15
_SETTINGS: Final = {"level": 5, "memLevel": 8}


class Shared(str):
    """A text that goes to many; each frame of it is made once. As text it is like any other."""

    __slots__ = ("_deflated", "_plain")

    def frame(self, *, deflated: bool) -> bytes:
        """The bytes on the wire, compressed by itself (RFC 7692, 7.2.1) or as it is."""
        name = "_deflated" if deflated else "_plain"
        made: bytes | None = getattr(self, name, None)
        if made is None:
            made = _frame(self.encode(), deflated=deflated)
            setattr(self, name, made)
        return made


def _frame(data: bytes, *, deflated: bool) -> bytes:
    extension = PerMessageDeflate(
        remote_no_context_takeover=False,
        local_no_context_takeover=True,
        remote_max_window_bits=_WINDOW,
        local_max_window_bits=_WINDOW,
        compress_settings=dict(_SETTINGS),
    )
    frame = Frame(Opcode.TEXT, data)
    return bytes(frame.serialize(mask=False, extensions=[extension] if deflated else []))


class Wire(WebSocketsSansIOProtocol):
    """One connection. It is found in the scope's extensions, by ``EXTENSION``."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        # Without a memory of what was sent before, a compressed message is the same for all, and
        # a connection needs tens of kilobytes less.
        deflate = ServerPerMessageDeflateFactory(
            server_no_context_takeover=True,
            client_max_window_bits=12,
            compress_settings=dict(_SETTINGS),
        )
        self.conn = ServerProtocol(
            extensions=[deflate] if self.config.ws_per_message_deflate else [],
            max_size=self.config.ws_max_size,
            logger=logging.getLogger("uvicorn.error"),
        )
        self._sending = 0

    async def run_asgi(self) -> None:
        self.scope["extensions"][EXTENSION] = self  # type: ignore[assignment]
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        self._sending += 1
        try:
            text = message.get("text")
            if isinstance(text, Shared):
                await self.writable.wait()
                if self.push(text, in_turn=True):
                    return
            await super().send(message)
        finally:
            self._sending -= 1

    def push(self, text: Shared, *, in_turn: bool = False) -> bool:
        """Write it now. False where it cannot be: then it has to go the usual way, in its turn."""
        waits = self._sending and not in_turn
        if waits or not self.writable.is_set() or not self.handshake_complete:
            return False
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        if not self._is_common:
            return False
        self.transport.write(text.frame(deflated=bool(self.conn.extensions)))
        return True

    @property
    def _is_common(self) -> bool:
        """Whether what was agreed on with the other side is what ``Shared`` is made for."""
        return all(
            isinstance(extension, PerMessageDeflate)
            and extension.local_no_context_takeover
            and extension.local_max_window_bits == _WINDOW
            for extension in self.conn.extensions
        )

    def drop(self) -> None:
        """End the connection without a word: nobody reads at its other end."""
        self.transport.abort()
