"""Plays the sample dialogue to a running hub, as people would: over HTTP and Socket.IO alone.

The hub keeps the time and the phases. The player only follows: whoever facilitates by hand may
pause, go on or go back, and a visitor may join in.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import socketio  # type: ignore[import-untyped, unused-ignore]
import structlog

from hub.demo.script import (
    FACILITATOR,
    Person,
    Ref,
    Script,
    Step,
    load_script,
)

__all__ = ["Links", "Played", "Script", "Skipped", "Unreachable", "load_script", "play"]

API = "/api/v1"
TRIES = 8
BACK_OFF_LIMIT = 20.0
PATIENCE = aiohttp.ClientTimeout(total=30)
POLL_SECONDS = 1.0
GLANCE = 0.1
TRANSLATION_SECONDS = 0.5
JITTER = 2.0
TYPING_AGAIN_SECONDS = 3.0
LETTERS_A_SECOND = 9
TYPING_LIMIT = 14.0
# How long a phase that someone reopened by hand is left alone, in seconds of the script.
HOLD = 300.0
TIME_IS_UP = "Tiden är slut, vi går vidare."
CLIENT_IDS = uuid.UUID("5a0c3c0e-6f5e-4c59-9d0b-3f6b0f1d6a11")

log = structlog.get_logger(__name__)


class Unreachable(Exception):
    """The hub did not answer, or refused what the dialogue cannot do without."""


@dataclass(frozen=True)
class Links:
    """Where to find a session that is about to begin. ``resume_urls`` are by alias."""

    session: str
    code: str
    join_url: str
    resume_urls: Mapping[str, str]


@dataclass(frozen=True)
class Skipped:
    """A step that the hub did not take, and why (an HTTP status, or a word)."""

    key: str
    why: str


@dataclass(frozen=True)
class Played:
    """What became of one round. ``ids`` are the hub's ids by turn or by key of the script."""

    session: str
    code: str
    posted: int
    skipped: tuple[Skipped, ...]
    ids: Mapping[str, str]


async def play(
    base_url: str,
    facilitator_token: str,
    *,
    speed: float,
    seed: int,
    script: Script,
    on_ready: Callable[[Links], None],
    once: bool = False,
    pause_seconds: float = 60.0,
) -> Played:
    """Play the script to the hub at ``base_url``, again and again unless ``once``.

    ``on_ready`` is called for each new session, before it starts. Raises Unreachable where
    ``once`` is set and the session cannot be made; otherwise tries again after a pause.
    """
    number = 0
    # A dozen people share this client: a cookie of one of them must not speak for the next.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        while True:
            rng = random.Random(f"{seed}:{number}")
            player = _Player(_Api(http, base_url, rng), facilitator_token, speed, rng, script)
            try:
                played = await player.play(on_ready)
            except Unreachable as fault:
                if once:
                    raise
                log.warning("demo_round_failed", why=str(fault))
            else:
                log.info("demo_round_over", posted=played.posted, skipped=len(played.skipped))
                if once:
                    return played
            number += 1
            await asyncio.sleep(pause_seconds)


# --- the hub, as seen from outside -----------------------------------------------------------


@dataclass(frozen=True)
class _Reply:
    status: int
    data: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        return self.status < 300

    @property
    def why(self) -> str:
        return str(self.data.get("code") or self.data.get("type") or self.data.get("title") or "")


class _Api:
    """One call, with patience: what is refused for now is sent again, the very same body."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, rng: random.Random) -> None:
        self.http = http
        self.base_url = base_url.rstrip("/")
        self.rng = rng

    async def call(
        self, method: str, path: str, token: str | None, body: Mapping[str, Any] | None = None
    ) -> _Reply:
        """The last answer after at most ``TRIES`` tries. Raises Unreachable where none came."""
        reply: _Reply | None = None
        for number in range(TRIES):
            wait = min(BACK_OFF_LIMIT, 0.2 * 2**number) * (0.5 + self.rng.random())
            try:
                reply, asked = await self._once(method, path, token, body)
            except (aiohttp.ClientError, TimeoutError, OSError) as fault:
                reply = None
                log.info("demo_no_answer", path=path, fault=type(fault).__name__)
            else:
                if reply.status not in (429, 503):
                    return reply
                wait = max(wait, asked)
            await asyncio.sleep(wait)
        if reply is None:
            raise Unreachable(f"no answer from {method} {path}")
        return reply

    async def _once(
        self, method: str, path: str, token: str | None, body: Mapping[str, Any] | None
    ) -> tuple[_Reply, float]:
        headers = {"Accept": "application/json, application/problem+json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{self.base_url}{API}{path}"
        async with self.http.request(
            method, url, json=body, headers=headers, timeout=PATIENCE
        ) as answer:
            return _Reply(answer.status, await _mapping(answer)), _retry_after(answer)


async def _mapping(answer: aiohttp.ClientResponse) -> Mapping[str, Any]:
    if "json" not in answer.content_type:
        return {}
    data = await answer.json(content_type=None)
    return data if isinstance(data, dict) else {}


def _retry_after(answer: aiohttp.ClientResponse) -> float:
    value = answer.headers.get("Retry-After", "")
    return min(float(value), BACK_OFF_LIMIT) if value.isdigit() else 0.0


@dataclass(frozen=True)
class _Stage:
    """Where the session is, as the hub says."""

    state: str = "planned"
    phase: str | None = None
    exit_met: bool = False
    revision: int = 0


def _read_stage(data: Mapping[str, Any]) -> _Stage:
    phase = data.get("phase")
    return _Stage(
        state=str(data.get("state", "planned")),
        phase=phase.get("id") if isinstance(phase, dict) else phase,
        exit_met=_is_met(data.get("exit_met")),
        revision=int(data.get("revision") or 0),
    )


def _is_met(value: object) -> bool:
    return bool(value.get("met")) if isinstance(value, dict) else bool(value)


class _Clock:
    """Seconds of the script, which stand still while the session is paused."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._loop = asyncio.get_running_loop()
        self._origin = self._loop.time()
        self._stopped_at: float | None = None

    def now(self) -> float:
        at = self._loop.time() if self._stopped_at is None else self._stopped_at
        return (at - self._origin) * self.speed

    def set(self, seconds: float) -> None:
        self._origin = self._loop.time() - seconds / self.speed
        if self._stopped_at is not None:
            self._stopped_at = self._loop.time()

    def stop(self) -> None:
        if self._stopped_at is None:
            self._stopped_at = self._loop.time()

    def go(self) -> None:
        if self._stopped_at is not None:
            self._origin += self._loop.time() - self._stopped_at
            self._stopped_at = None


@dataclass
class _Seat:
    """Someone who takes part: how the hub knows them, and their socket."""

    token: str
    participant: str = ""
    resume_url: str = ""
    socket: Any = None


class _Ended(Exception):
    """Someone closed the session by hand."""


# --- one round -------------------------------------------------------------------------------


@dataclass
class _Player:
    api: _Api
    token: str
    speed: float
    rng: random.Random
    script: Script
    session: str = ""
    code: str = ""
    join_url: str = ""
    stage: _Stage = field(default_factory=_Stage)
    seats: dict[str, _Seat] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    posted: int = 0
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    clock: _Clock = field(init=False)

    async def play(self, on_ready: Callable[[Links], None]) -> Played:
        """One session from beginning to end. Raises Unreachable where it cannot be made."""
        watcher = asyncio.create_task(self._watch())
        try:
            await self._prepare()
            urls = {n: s.resume_url for n, s in self.seats.items() if n != FACILITATOR}
            on_ready(Links(self.session, self.code, self.join_url, urls))
            await self._perform()
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
            await self._leave()
        return Played(self.session, self.code, self.posted, tuple(self.skipped), dict(self.ids))

    # Before the start

    async def _prepare(self) -> None:
        made = await self._must(
            "POST",
            "/sessions",
            {
                "format": self.script.format,
                "title": dict(self.script.title),
                "case": self.script.case,
                "access": "open",
            },
        )
        self.session, self.code = str(made["id"]), str(made["code"])
        self.join_url = str(made.get("join_url", ""))
        for card in self.script.cards:
            body = {
                "title": dict(card.title),
                "text": dict(card.text),
                "source": card.source,
                "tags": list(card.tags),
                "language": self.script.row(card.turn).language,
            }
            found = await self._must("POST", f"/sessions/{self.session}/findings", body)
            self.ids[f"card:{card.turn}"] = str(found["id"])
        self._see(await self._must("POST", f"/sessions/{self.session}/open", {}))
        self.seats[FACILITATOR] = _Seat(self.token)
        await self._connect(self.seats[FACILITATOR], "sv")
        for person in self.script.people:
            if not person.joins_at:
                joined = await self._join(person)
                if not joined.ok:
                    raise Unreachable(f"POST /join answered {joined.status} {joined.why}".rstrip())

    async def _must(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """A call as the facilitator that the round cannot do without."""
        reply = await self.api.call(method, path, self.token, body)
        if not reply.ok:
            raise Unreachable(f"{method} {path} answered {reply.status} {reply.why}".rstrip())
        return reply.data

    async def _join(self, person: Person) -> _Reply:
        body = {
            "code": self.code,
            "name": person.name,
            "language": person.language,
            "role": person.role,
            "bilingual": person.bilingual,
            "consent": dict(person.consent),
        }
        reply = await self.api.call("POST", "/join", None, body)
        if reply.ok:
            who = reply.data.get("participant")
            seat = _Seat(
                str(reply.data["token"]),
                str(who.get("id") if isinstance(who, dict) else who),
                str(reply.data.get("resume_url", "")),
            )
            self.seats[person.name] = seat
            await self._connect(seat, person.language)
        return reply

    async def _connect(self, seat: _Seat, language: str) -> None:
        """Without a socket the seat still writes: it is only missing among those present."""
        client = socketio.AsyncClient(handle_sigint=False, http_session=self.api.http)

        async def enter() -> None:
            request = {"session": self.session, "language": language, "format": "json"}
            await client.emit("enter", request)

        async def changed(_data: object = None) -> None:
            self.nudge.set()

        client.on("connect", enter)
        if seat is self.seats.get(FACILITATOR):
            client.on("changes", changed)
        try:
            await client.connect(
                self.api.base_url, auth={"token": seat.token}, transports=["websocket"]
            )
        except (socketio.exceptions.ConnectionError, aiohttp.ClientError, OSError) as fault:
            log.warning("demo_no_socket", fault=type(fault).__name__)
            return
        seat.socket = client

    async def _leave(self) -> None:
        clients = [seat.socket for seat in self.seats.values() if seat.socket is not None]
        await asyncio.gather(*(c.disconnect() for c in clients), return_exceptions=True)

    # What the hub says of the session

    async def _watch(self) -> None:
        """Keep ``stage`` fresh: at each change that is pushed, and every second."""
        while True:
            # Not wait_for: until Python 3.12 it loses a cancellation that comes with the nudge.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self.nudge.wait()
            self.nudge.clear()
            if self.session:
                try:
                    await self._look()
                except Unreachable:
                    log.warning("demo_lost_sight")
            # A lively room pushes often; asking that often would tell nothing more.
            await asyncio.sleep(POLL_SECONDS / 4)

    async def _look(self) -> None:
        reply = await self.api.call("GET", f"/sessions/{self.session}", self.token)
        if reply.ok:
            self._see(reply.data)

    def _see(self, data: Mapping[str, Any]) -> None:
        stage = _read_stage(data)
        # An answer can be overtaken by a later one.
        if stage.revision >= self.stage.revision:
            self.stage = stage

    def _index(self, phase: str | None) -> int:
        return self.script.phases.index(phase) if phase in self.script.phases else -1

    def _ahead(self, step: Step) -> bool:
        """The session has left the phase of this step behind."""
        return self._index(self.stage.phase) > self._index(step.phase)

    def _behind(self, step: Step) -> bool:
        """Someone has reopened an earlier phase."""
        return -1 < self._index(self.stage.phase) < self._index(step.phase)

    # The round

    async def _perform(self) -> None:
        self.clock = _Clock(self.speed)
        at = 0.0
        try:
            for step in self.script.steps:
                # Jitter never lets anything overtake, and phases keep their times.
                moves = step.act in ("start", "advance", "close")
                jitter = 0 if moves else self.rng.uniform(-JITTER, JITTER)
                at = max(at, step.seconds + jitter)
                if self._came_early(step.phase):
                    self.clock.set(self._start_of(step.phase))
                await self._wait_for(step, at)
                if self._ahead(step) and step.act != "join":
                    self._let_go(step)
                else:
                    await self._do(step)
        except _Ended:
            self.skipped.append(Skipped("rest", "closed by hand"))

    def _came_early(self, phase: str) -> bool:
        """Someone went on by hand to this phase, ahead of the script's time."""
        return self.stage.phase == phase and self.clock.now() < self._start_of(phase) - JITTER

    def _start_of(self, phase: str) -> float:
        key = f"phase:{phase}"
        return next(step.seconds for step in self.script.steps if step.key == key)

    def _let_go(self, step: Step) -> None:
        if step.act != "advance":
            self._skip(step, "phase is over")

    def _skip(self, step: Step, why: str) -> None:
        self.skipped.append(Skipped(step.key, why))
        log.info("demo_step_skipped", step=step.key, why=why)

    async def _wait_for(self, step: Step, at: float) -> None:
        """Wait for the time of the step, typing towards the end. Raises _Ended."""
        lead = _typing_lead(step)
        typed_at = 0.0
        held_until: float | None = None
        loop = asyncio.get_running_loop()
        while True:
            if self.stage.state == "closed":
                raise _Ended
            if step.act != "start" and self.stage.state == "paused":
                self.clock.stop()
            elif self._behind(step):
                self.clock.stop()
                held_until = held_until or loop.time() + HOLD / self.speed
                if loop.time() >= held_until:
                    await self._go_on_to(step.phase)
            else:
                self.clock.go()
                held_until = None
                if self._ahead(step):
                    return
                left = (at - self.clock.now()) / self.speed
                if left <= 0:
                    return
                until_typing = left - lead / self.speed
                if lead and until_typing <= 0 and loop.time() >= typed_at:
                    typed_at = loop.time() + TYPING_AGAIN_SECONDS
                    await self._type(step.who)
                await asyncio.sleep(min(until_typing if until_typing > 0 else left, GLANCE))
                continue
            await asyncio.sleep(GLANCE)

    async def _type(self, who: str) -> None:
        seat = self.seats.get(who)
        if seat is None or seat.socket is None or not seat.socket.connected:
            return
        try:
            await seat.socket.emit("typing", {"session": self.session})
        except socketio.exceptions.SocketIOError as fault:
            log.info("demo_typing_lost", fault=type(fault).__name__)

    async def _do(self, step: Step) -> None:
        try:
            if step.act == "start":
                await self._start()
            elif step.act == "advance":
                await self._go_on_to(str(step.data["to"]))
            elif step.act == "close":
                await self._close(step)
            elif step.act == "join":
                self._note(step, await self._join(self.script.person(step.who)))
            else:
                await self._act(step)
        except Unreachable as fault:
            if step.act == "start":
                raise
            self._skip(step, str(fault))

    async def _start(self) -> None:
        await self._look()
        if self.stage.state in ("planned", "open"):
            self._see(await self._must("POST", f"/sessions/{self.session}/start", {}))
            await self._look()
        self.clock.set(0)

    async def _close(self, step: Step) -> None:
        reply = await self.api.call("POST", f"/sessions/{self.session}/close", self.token, {})
        self._note(step, reply)

    async def _go_on_to(self, phase: str) -> None:
        """Advance until the phase is reached; more than one step only after a reopening."""
        for _ in self.script.phases:
            await self._look()
            if self.stage.state == "closed" or self._index(self.stage.phase) >= self._index(phase):
                return
            await self._advance()

    async def _advance(self) -> None:
        path = f"/sessions/{self.session}/advance"
        forced = {"force": True, "reason": TIME_IS_UP}
        reply = await self.api.call("POST", path, self.token, {} if self.stage.exit_met else forced)
        if reply.status == 409 and self.stage.exit_met:
            # The condition was met a moment ago, and someone has come in or written since.
            reply = await self.api.call("POST", path, self.token, forced)
        if not reply.ok:
            log.info("demo_not_advanced", status=reply.status, why=reply.why)

    async def _act(self, step: Step) -> None:
        seat = self.seats.get(step.who)
        call = self._call_for(step)
        if seat is None or call is None:
            self._skip(step, "not there" if seat is None else "what it is about is missing")
            return
        method, path, body = call
        reply = await self.api.call(method, path, seat.token, body)
        if reply.status == 409 and step.act == "dispute":
            reply = await self._after_translation(seat, method, path, body)
        elif reply.status == 409:
            await self._look()
            if self.stage.state == "paused":
                await self._wait_for(step, self.clock.now())
                reply = await self.api.call(method, path, seat.token, body)
        self._note(step, reply)

    async def _after_translation(
        self, seat: _Seat, method: str, path: str, body: Mapping[str, Any]
    ) -> _Reply:
        """A translation can be disputed only once it is there; played fast, it may be late."""
        reply = _Reply(409, {})
        for _ in range(TRIES):
            await asyncio.sleep(TRANSLATION_SECONDS)
            reply = await self.api.call(method, path, seat.token, body)
            if reply.status != 409:
                break
        return reply

    def _note(self, step: Step, reply: _Reply) -> None:
        if not reply.ok:
            self._skip(step, f"{reply.status} {reply.why}".rstrip())
            return
        self.posted += 1
        if step.act in ("say", "split") and "id" in reply.data:
            self.ids[step.key] = str(reply.data["id"])

    def _call_for(self, step: Step) -> tuple[str, str, dict[str, Any]] | None:
        """Method, path and body of a step; None where a thing it needs was never made."""
        data = step.data
        if step.act == "ready":
            return "POST", f"/sessions/{self.session}/ready", {}
        if step.act in ("say", "split"):
            client_id = uuid.uuid5(CLIENT_IDS, f"{self.session}:{step.who}:{step.key}")
            fields = self._resolved(data["fields"])
            if fields is None:
                return None
            body = {**data, "fields": fields, "client_id": str(client_id)}
            body["reply_to"] = self.ids.get(data["reply_to"].key) if data["reply_to"] else None
            return "POST", f"/sessions/{self.session}/contributions", body
        of = self.ids.get(data["of"].key)
        if of is None:
            return None
        rest = {k: v for k, v in data.items() if k != "of"}
        if step.act == "show":
            return "POST", f"/findings/{of}/show", rest
        if step.act == "dispute":
            return "POST", f"/contributions/{of}/dispute", rest
        language = rest.pop("language")
        return "PUT", f"/contributions/{of}/translations/{language}", rest

    def _resolved(self, fields: Mapping[str, Any]) -> dict[str, Any] | None:
        """The fields with the hub's ids in place of references; None where one is missing."""
        done: dict[str, Any] = {}
        for name, value in fields.items():
            if isinstance(value, list):
                done[name] = [self.ids[r.key] for r in value if r.key in self.ids]
            elif isinstance(value, Ref):
                if value.key not in self.ids:
                    return None
                done[name] = self.ids[value.key]
            else:
                done[name] = value
        return done


def _typing_lead(step: Step) -> float:
    """How long before it comes one is seen typing, in seconds of the script."""
    text = step.data.get("text", "") if step.act == "say" else ""
    return min(TYPING_LIMIT, len(text) / LETTERS_A_SECOND)
