"""Socket.IO: who is let in, who is in which room, and what is sent to whom.

The only file that knows the library. Permission is asked at every ``enter``, never once for all:
somebody who has been removed cannot come back with an old connection.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Literal

import socketio
import structlog
from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from socketio.packet import EVENT

from hub.wire import EXTENSION, Shared, Wire

log = structlog.get_logger(__name__)
LANGUAGES = ("sv", "en")
FORMATS = ("json", "html")
# All that is ever sent down: a push that has another name is a bug.
EVENTS = ("changes", "notice", "presence", "private")
# Each process shows these to its own screens, in its own order, when it is nudged.
OWN_SCREENS = ("changes", "presence")
NUDGE = "nudge"
# Of so many posts it is known how they were last shown.
POSTS_KEPT = 500
TYPING_SECONDS = 2.0
# Nobody asks who typed longer ago.
TYPING_KEPT = 600.0
PRESENCE_DELAY = 0.3
# Packets that may wait for a screen that does not read; then it is let go.
MOST_WAITING = 200
# How long Redis may take to answer, and how soon it is asked again.
REDIS_SECONDS = 2
# What is kept for Redis while it does not answer.
MOST_UNTOLD = 500


@dataclass(frozen=True)
class Key:
    """What a connection came with: a bearer token, or cookies."""

    bearer: str | None
    cookies: Mapping[str, str]


@dataclass(frozen=True)
class Admission:
    """Leave to enter a session. ``person`` is a participant's or an account's id.

    ``by`` are the ids of the seat and the sign-in that it rests on: it ends with any of them.
    """

    person: str
    is_participant: bool
    runs: bool
    revision: int
    by: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Seen:
    """One person connected to one session."""

    person: str
    is_participant: bool
    language: str
    runs: bool = False
    by: frozenset[str] = frozenset()


class NotAdmitted(Exception):
    """``args[0]`` is the code of the reason."""


class Rooms(socketio.AsyncManager):  # type: ignore[misc]
    """Who is in which room of this process, and what goes to all of them at once.

    The library starts a task for each screen and puts the packet into its queue, where another
    task takes it. A screen that waits for nothing is written to at once instead.
    """

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.wires: dict[str, Wire] = {}
        self.hear: Callable[[dict[str, Any]], None] = lambda _nudge: None

    async def emit(
        self, event: str, data: Any, namespace: str = "/", room: str | None = None, **more: Any
    ) -> None:
        """Send to those of a room who are connected here; ``more`` is the library's."""
        if more.get("callback") or more.get("skip_sid"):
            await super().emit(event, data, namespace, room, **more)
            return
        if event == NUDGE:
            self.hear(data)
            return
        room = more.get("to") or room
        packet = self.server.packet_class(EVENT, namespace=namespace, data=[event, data])
        text = packet.encode()
        whole = EngineText(MESSAGE, text)
        for _, connection in list(self.get_participants(namespace, room)):
            self._send(connection, whole)

    def _send(self, connection: str, packet: EngineText) -> None:
        socket = self.server.eio.sockets.get(connection)
        if socket is None or socket.closed:
            return
        wire = self.wires.get(connection)
        # Whatever is in the queue, or was just taken from it, comes first.
        idle = socket.queue.empty() and not socket.queue._unfinished_tasks
        if idle and wire is not None and wire.push(packet.encode()):
            return
        if wire is not None and socket.queue.qsize() >= MOST_WAITING:
            # It comes back when it reads again, and asks for what it has missed.
            wire.drop()
            return
        socket.queue.put_nowait(packet)


class EngineText(EnginePacket):  # type: ignore[misc]
    """A packet of Engine.IO that is written once, whoever it goes to."""

    def __init__(self, kind: int, data: str) -> None:
        super().__init__(kind, data)
        self._encoded = Shared(super().encode())

    def encode(self, b64: bool = False) -> Shared:
        return self._encoded


class SharedRooms(socketio.AsyncRedisManager, Rooms):  # type: ignore[misc]
    """The same, and told to all processes by Redis.

    What is told while Redis is away may be lost; ``Screens.make_good`` finds it in the database.
    """

    def __init__(self, url: str) -> None:
        super().__init__(
            url, logger=_redis_log, redis_options={"socket_connect_timeout": REDIS_SECONDS}
        )
        self._untold: deque[dict[str, Any]] = deque(maxlen=MOST_UNTOLD)
        self._telling: asyncio.Task[None] | None = None

    def nudge(self, data: dict[str, Any]) -> None:
        """Tell the other processes, and not this one."""
        message = {"method": "emit", "event": NUDGE, "data": [data], "binary": False}
        more = {"namespace": "/", "room": None, "skip_sid": None, "callback": None}
        self._tell_soon({**message, **more, "host_id": self.host_id})

    async def _publish(self, data: dict[str, Any]) -> None:
        """Tell the other processes, in order, while the screens here go on."""
        self._tell_soon(data)

    def _tell_soon(self, data: dict[str, Any]) -> None:
        self._untold.append(data)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._untold:
            await super()._publish(self._untold.popleft())

    async def _redis_listen_with_retries(self) -> AsyncIterator[Any]:
        """As the library does it, which waits for up to a minute before it tries again."""
        while True:
            try:
                self._redis_connect()
                await self.pubsub.subscribe(self.channel)
                async for message in self.pubsub.listen():
                    yield message
            except Exception as error:
                _redis_log.warning("cannot receive from Redis: %s", type(error).__name__)
            await asyncio.sleep(REDIS_SECONDS)


class Seldom(logging.Filter):
    """Lets one line pass in a minute: without Redis there would be some for every push."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + 60
        return True


_redis_log = logging.getLogger("hub.live.redis")
_redis_log.addFilter(Seldom())


Identify = Callable[[Key], Awaitable[bool]]
Admit = Callable[[Key, str], Awaitable[Admission]]
CatchUp = Callable[[str, int, str, str], Awaitable[dict[str, Any] | None]]
Changed = Callable[[str], Awaitable[None]]
Hear = Callable[[str, str], Awaitable[None]]
Ended = Callable[[frozenset[str]], Awaitable[frozenset[str]]]


@dataclass
class Told:
    """What the screens of one room of this process were told.

    Up to the revision ``upto``; ``looked_at`` is a later one that had nothing new for them.
    ``posts`` are hashes of the last posts as they were shown.
    """

    upto: int
    looked_at: int
    posts: dict[str, bytes] = field(default_factory=dict)

    def keep(self, post: str, drawn: bytes) -> None:
        self.posts.pop(post, None)
        self.posts[post] = drawn
        if len(self.posts) > POSTS_KEPT:
            del self.posts[next(iter(self.posts))]


def desk_of(session: str, language: str) -> str:
    """The room of the pages of those who run a session."""
    return f"desk:{session}:{language}"


def room_of(session: str, language: str, form: str) -> str:
    return f"session:{session}:{language}:{form}"


class Live:
    """The sockets of this process.

    ``identify`` says whether anybody we know is asking, ``admit`` lets a person into a session or
    raises NotAdmitted, ``ended`` says which of these seats and sign-ins open nothing any more,
    ``catch_up`` gives the changes since a revision, ``presence_changed`` is told when people come
    and go, and ``hear`` of which session another process nudged this one, and why.
    """

    def __init__(
        self,
        *,
        redis_url: str,
        identify: Identify,
        admit: Admit,
        ended: Ended,
        catch_up: CatchUp,
        presence_changed: Changed,
        hear: Hear,
    ) -> None:
        self._rooms = SharedRooms(redis_url) if redis_url else Rooms()
        self.sio = socketio.AsyncServer(
            async_mode="asgi",
            client_manager=self._rooms,
            transports=["websocket"],
            # None keeps the check of the Origin header; [] would switch it off.
            cors_allowed_origins=None,
            max_http_buffer_size=100_000,
            logger=False,
            engineio_logger=False,
        )
        self.app = socketio.ASGIApp(self.sio, socketio_path="")
        self._identify, self._admit, self._ended = identify, admit, ended
        self._catch_up, self._presence_changed = catch_up, presence_changed
        self._keys: dict[str, Key] = {}
        self._connections: dict[str, str] = {}
        self._told: dict[str, dict[tuple[str, str], Told]] = defaultdict(dict)
        self._hearing: set[asyncio.Task[None]] = set()
        self._hear, self._rooms.hear = hear, self._heard
        self._seen: dict[str, dict[str, Seen]] = defaultdict(dict)
        self._typed: dict[tuple[str, str], float] = {}
        # By person and session.
        self._typed_elsewhere: dict[tuple[str, str], float] = {}
        self._due: dict[str, asyncio.Task[None]] = {}
        self.sio.on("connect", self._connect)
        self.sio.on("disconnect", self._disconnect)
        self.sio.on("enter", self._enter)
        self.sio.on("leave", self._leave)
        self.sio.on("typing", self._typing)

    # --- what others ask ---

    def people(self, session: str) -> list[Seen]:
        """Who is connected to the session here, each person once however many tabs."""
        return list({seen.person: seen for seen in self._seen.get(session, {}).values()}.values())

    def typing(self, session: str) -> dict[str, float]:
        """Seconds since each person last typed, here or elsewhere, by the wall clock."""
        now = time.monotonic()
        seen = self._seen.get(session, {})
        typed = [
            *((seen[sid].person, at) for (sid, where), at in self._typed.items()
              if where == session and sid in seen),
            *((who, at) for (who, where), at in self._typed_elsewhere.items() if where == session),
        ]  # fmt: skip
        return {who: now - at for who, at in sorted(typed, key=lambda each: each[1])}

    def sessions(self) -> list[str]:
        return [session for session, seen in self._seen.items() if seen]

    def connections(self) -> int:
        return len(self._keys)

    def wants(self, session: str, language: str, form: str) -> bool:
        """True where a screen of this process is in that room."""
        rooms = self.sio.manager.rooms.get("/", {})
        return bool(rooms.get(room_of(session, language, form)))

    async def emit(self, event: str, data: dict[str, Any], *, room: str) -> None:
        """Send to a room: of this process those of ``OWN_SCREENS``, of all processes the others.

        Raises ValueError for an event that is not among ``EVENTS``.
        """
        if event not in EVENTS:
            raise ValueError(f"no push is called {event!r}")
        await self.sio.emit(event, data, room=room, ignore_queue=event in OWN_SCREENS)

    def told(self, session: str, language: str, form: str) -> Told | None:
        """What the screens of a room know; None where there are none in this process."""
        return self._told.get(session, {}).get((language, form))

    def looked_at(self, session: str) -> int | None:
        """The revision up to which all screens here know what is for them; None: there are none."""
        rooms = self._told.get(session, {})
        there = (told.looked_at for room, told in rooms.items() if self.wants(session, *room))
        return min(there, default=None)

    @property
    def is_shared(self) -> bool:
        """Whether there are other processes."""
        return isinstance(self._rooms, SharedRooms)

    def nudge(self, session: str, what: str = "changes", **more: str) -> None:
        """Let other processes know that their screens may have something new to show."""
        if isinstance(self._rooms, SharedRooms):
            self._rooms.nudge({"session": session, "what": what, **more})

    def _heard(self, nudge: dict[str, Any]) -> None:
        if nudge["what"] == "typing":
            now = time.monotonic()
            recent = {k: at for k, at in self._typed_elsewhere.items() if now - at < TYPING_KEPT}
            self._typed_elsewhere = {**recent, (nudge["person"], nudge["session"]): now}
        elif nudge["session"] in self._seen:
            task = asyncio.ensure_future(self._hear(nudge["session"], nudge["what"]))
            self._hearing.add(task)
            task.add_done_callback(self._hearing.discard)

    async def remove(self, session: str, person: str) -> None:
        """Take a person's connections out of the session's rooms."""
        for sid, seen in list(self._seen.get(session, {}).items()):
            if seen.person == person:
                await self._out(sid, session)

    async def recheck(self) -> None:
        """Take out the connections whose seat or sign-in has ended, also by another process."""
        there = [(sid, where, seen.by) for where in self.sessions()
                 for sid, seen in self._seen[where].items()]  # fmt: skip
        if not there:
            return
        ended = await self._ended(frozenset().union(*(by for _, _, by in there)))
        for sid, where, by in there:
            if by & ended:
                await self._out(sid, where)

    # --- what sockets say ---

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        token = auth.get("token") if isinstance(auth, dict) else None
        cookie = SimpleCookie()
        try:
            cookie.load(environ.get("HTTP_COOKIE", ""))
        except Exception:  # a malformed header is a stranger's, never an error of ours
            cookie = SimpleCookie()
        key = Key(
            bearer=token if isinstance(token, str) and token else None,
            cookies={name: morsel.value for name, morsel in cookie.items()},
        )
        if not await self._identify(key):
            raise socketio.exceptions.ConnectionRefusedError("unauthorized")
        self._keys[sid] = key
        wire = environ.get("asgi.scope", {}).get("extensions", {}).get(EXTENSION)
        connection = self._rooms.eio_sid_from_sid(sid, "/")
        if isinstance(wire, Wire) and connection is not None:
            self._rooms.wires[connection] = wire
            self._connections[sid] = connection

    async def _disconnect(self, sid: str, *_reason: object) -> None:
        self._keys.pop(sid, None)
        self._rooms.wires.pop(self._connections.pop(sid, ""), None)
        for session in [s for s, seen in self._seen.items() if sid in seen]:
            await self._out(sid, session)

    async def _enter(self, sid: str, data: Any = None) -> dict[str, Any]:
        asked = _read_enter(data)
        key = self._keys.get(sid)
        if asked is None or key is None:
            return {"ok": False, "error": "bad_request"}
        session, language, after, form = asked
        try:
            admission = await self._admit(key, session)
        except NotAdmitted as refused:
            return {"ok": False, "error": str(refused.args[0])}
        if after is not None and after > admission.revision:
            return {"ok": False, "error": "revision_unknown"}
        await self._out(sid, session, quiet=True)
        self._seen[session][sid] = Seen(
            admission.person, admission.is_participant, language, admission.runs, admission.by
        )
        if not self.wants(session, language, form):
            told = Told(admission.revision, admission.revision)
            self._told[session][language, form] = told
        await self.sio.enter_room(sid, room_of(session, language, form))
        await self.sio.enter_room(sid, f"person:{admission.person}")
        if admission.runs and form == "html":
            await self.sio.enter_room(sid, desk_of(session, language))
        if after is not None and after < admission.revision:
            missed = await self._catch_up(session, after, language, form)
            if missed:
                await self.sio.emit("changes", missed, to=sid)
        self._presence_soon(session)
        return {"ok": True, "revision": admission.revision}

    async def _leave(self, sid: str, data: Any = None) -> dict[str, Any]:
        session = data.get("session") if isinstance(data, dict) else None
        if not isinstance(session, str):
            return {"ok": False, "error": "bad_request"}
        await self._out(sid, session)
        return {"ok": True}

    async def _typing(self, sid: str, data: Any = None) -> dict[str, Any]:
        session = data.get("session") if isinstance(data, dict) else None
        if not isinstance(session, str) or sid not in self._seen.get(session, {}):
            return {"ok": False, "error": "bad_request"}
        now = time.monotonic()
        if now - self._typed.get((sid, session), -TYPING_SECONDS) < TYPING_SECONDS:
            return {"ok": False, "error": "too_fast"}
        self._typed[sid, session] = now
        # The chatbot thinks in any of the processes, and leaves whoever writes in peace.
        self.nudge(session, "typing", person=self._seen[session][sid].person)
        return {"ok": True}

    async def _out(self, sid: str, session: str, *, quiet: bool = False) -> None:
        seen = self._seen.get(session, {}).pop(sid, None)
        self._typed.pop((sid, session), None)
        if seen is None:
            return
        for room in [
            *(room_of(session, language, form) for language in LANGUAGES for form in FORMATS),
            *(desk_of(session, language) for language in LANGUAGES),
        ]:
            await self.sio.leave_room(sid, room)
        if not self._seen.get(session):
            self._seen.pop(session, None)
            self._told.pop(session, None)
        if not quiet:
            self._presence_soon(session)

    def _presence_soon(self, session: str) -> None:
        """Tell of comings and goings once for a crowd, not once for each."""
        if session not in self._due:
            self._due[session] = asyncio.create_task(self._presence_later(session))

    async def _presence_later(self, session: str) -> None:
        await asyncio.sleep(PRESENCE_DELAY)
        self._due.pop(session, None)
        try:
            await self._presence_changed(session)
        except Exception:
            log.exception("presence failed", session=session)


def _read_enter(
    data: Any,
) -> tuple[str, str, int | None, Literal["json", "html"]] | None:
    """``enter``'s payload, or None where it is not one."""
    if not isinstance(data, dict):
        return None
    session, language = data.get("session"), data.get("language")
    after, form = data.get("after"), data.get("format", "json")
    if not isinstance(session, str) or language not in LANGUAGES or form not in FORMATS:
        return None
    if after is not None and (isinstance(after, bool) or not isinstance(after, int) or after < 0):
        return None
    return session, str(language), after, "html" if form == "html" else "json"
