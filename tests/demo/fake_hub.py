"""As much of a hub as the player talks to: the calls of the contract, kept in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import socketio  # type: ignore[import-untyped, unused-ignore]
import yaml
from aiohttp import web

from hub.people.rules import GROUP_OF_ROLE

FACILITATOR_TOKEN = "facilitator-token"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def load_format(root: Any, name: str) -> dict[str, Any]:
    path = root / "hub" / "gatherings" / "formats" / f"{name}.yaml"
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


class FakeHub:
    """One session at a time. ``refuse_every`` answers 429 to each n-th post, once.

    ``when_said`` is called at each post that is taken. ``shown_as`` lists what the player was told
    of the session: state, number of the phase, and when (seconds of the loop); ``advanced`` when it
    went on. Until ``may_advance`` is set, whoever goes on from the phase ``wait_at`` has to wait.
    """

    def __init__(self, form: dict[str, Any], *, refuse_every: int = 0) -> None:
        self.phases = form["phases"]
        self.refuse_every = refuse_every
        self.refused: set[str] = set()
        self.posts = 0
        self.sessions = 0
        self.typing = 0
        self.entered = 0
        self.calls: Counter[str] = Counter()
        self.cookies: list[str] = []
        self.sockets = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins=[])
        self.sockets.on("connect", self._connected)
        self.sockets.on("enter", self._enter)
        self.sockets.on("typing", self._typing)
        self.when_said: Callable[[], None] | None = None
        self.wait_at = -1
        self.may_advance = asyncio.Event()
        self.clear()

    def clear(self) -> None:
        self.state = "planned"
        self.index = -1
        self.revision = 0
        self.people: dict[str, dict[str, Any]] = {}
        self.said: list[dict[str, Any]] = []
        self.findings: list[dict[str, Any]] = []
        self.shown: set[str] = set()
        self.ready: set[str] = set()
        self.forced = 0
        self.shown_as: list[tuple[str, int, float]] = []
        self.advanced: list[float] = []

    # Running

    async def serve(self) -> str:
        app = web.Application(middlewares=[self._count])
        self.sockets.attach(app)
        base = "/api/v1"
        app.router.add_post(f"{base}/sessions", self.make)
        app.router.add_get(f"{base}/sessions/{{id}}", self.show_session)
        app.router.add_post(f"{base}/sessions/{{id}}/findings", self.add_finding)
        app.router.add_post(f"{base}/sessions/{{id}}/contributions", self.post)
        app.router.add_post(f"{base}/sessions/{{id}}/ready", self.mark_ready)
        app.router.add_post(f"{base}/sessions/{{id}}/{{move}}", self.move)
        app.router.add_post(f"{base}/findings/{{id}}/show", self.show_card)
        app.router.add_post(f"{base}/join", self.join)
        app.router.add_post(f"{base}/contributions/{{id}}/dispute", self.dispute)
        app.router.add_put(f"{base}/contributions/{{id}}/translations/{{language}}", self.correct)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        host, port = self.runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        await self.runner.cleanup()

    @web.middleware
    async def _count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls[f"{request.method} {request.path.rsplit('/', 1)[-1]}"] += 1
        if request.path.startswith("/api") and "Cookie" in request.headers:
            self.cookies.append(request.headers["Cookie"])
        return await handler(request)

    # Sockets

    async def _connected(self, _sid: str, _environ: object, auth: dict[str, str]) -> bool:
        return self._who(auth["token"]) is not None

    async def _enter(self, _sid: str, _data: dict[str, Any]) -> dict[str, Any]:
        self.entered += 1
        return {"ok": True, "revision": self.revision}

    async def _typing(self, _sid: str, _data: dict[str, Any]) -> None:
        self.typing += 1

    # Calls

    def _who(self, token: str) -> dict[str, Any] | None:
        if token == FACILITATOR_TOKEN:
            return {"id": None, "name": "Malin", "role": "facilitator"}
        return self.people.get(token)

    def _caller(self, request: web.Request) -> dict[str, Any]:
        who = self._who(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if who is None:
            raise web.HTTPForbidden
        return who

    def _session(self) -> dict[str, Any]:
        return {
            "id": f"s_{self.sessions}",
            "code": "TALL23",
            "join_url": "http://hub/j/TALL23",
            "state": self.state,
            "phase": self.phases[self.index]["id"] if self.index >= 0 else None,
            "exit_met": self.index % 2 == 0,
            "revision": self.revision,
        }

    async def make(self, request: web.Request) -> web.Response:
        self._caller(request)
        body = await request.json()
        assert set(body["title"]) == {"sv", "en"}
        self.clear()
        self.sessions += 1
        answer = web.json_response(self._session(), status=201)
        answer.set_cookie("hub", "somebody")
        return answer

    async def show_session(self, request: web.Request) -> web.Response:
        self._caller(request)
        self.shown_as.append((self.state, self.index, asyncio.get_running_loop().time()))
        return web.json_response(self._session())

    async def move(self, request: web.Request) -> web.Response:
        self._caller(request)
        body = await request.json() if request.can_read_body else {}
        move = request.match_info["move"]
        if move == "advance":
            self.advanced.append(asyncio.get_running_loop().time())
            if self.index == self.wait_at:
                await self.may_advance.wait()
        if not self.go(move, **body):
            return _problem(409, "move")
        return web.json_response(self._session())

    def go(self, move: str, *, force: bool = False, reason: str = "") -> bool:
        """A move by the player, or by hand in a test. False where it is refused."""
        if move == "advance":
            if self.state != "running" or self.index + 1 >= len(self.phases):
                return False
            if self.index % 2 and not (force and reason):
                return False
            self.forced += force
            self.index += 1
        elif move == "reopen":
            self.index -= 1
        elif move == "start":
            self.state, self.index = "running", 0
        else:
            states = {"open": "open", "pause": "paused", "resume": "running", "close": "closed"}
            self.state = states[move]
        self.revision += 1
        self.pushing = asyncio.create_task(self.sockets.emit("changes", {"upto": self.revision}))
        return True

    async def add_finding(self, request: web.Request) -> web.Response:
        finding = {"id": f"f_{len(self.findings)}", **await request.json()}
        self.findings.append(finding)
        return web.json_response(finding, status=201)

    async def show_card(self, request: web.Request) -> web.Response:
        self.shown.add(request.match_info["id"])
        return web.json_response({})

    async def join(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not body["consent"]["take_part"]:
            return _problem(422, "consent")
        token = f"token-{len(self.people)}"
        person = {"id": f"p_{len(self.people)}", **body, "group": GROUP_OF_ROLE[body["role"]]}
        self.people[token] = person
        answer = {
            "participant": {"id": person["id"], "name": person["name"]},
            "session": self._session(),
            "token": token,
            "resume_url": f"http://hub/r/{token}",
        }
        return web.json_response(answer, status=201)

    async def mark_ready(self, request: web.Request) -> web.Response:
        self.ready.add(self._caller(request)["name"])
        return web.json_response({})

    async def post(self, request: web.Request) -> web.Response:
        who, body = self._caller(request), await request.json()
        self.posts += 1
        client_id = body["client_id"]
        again = next((s for s in self.said if s["client_id"] == client_id), None)
        if again is not None:
            return web.json_response(again)
        kind = body["kind"]
        if kind != "facilitation" and not self._is_open(kind):
            return _problem(409, "kind_closed")
        said = {"id": f"c_{len(self.said)}", "author": who, "phase": self._session()["phase"]}
        said.update(body)
        busy = self.refuse_every and len(self.said) % self.refuse_every == 1
        if busy and client_id not in self.refused:
            self.refused.add(client_id)
            return _problem(429, "too_fast")
        self.said.append(said)
        self.revision += 1
        if self.when_said is not None:
            self.when_said()
        return web.json_response(said, status=201)

    def _is_open(self, kind: str) -> bool:
        if self.state != "running":
            return False
        phase = self.phases[self.index]
        talk = ("question", "contribution", "recommendation") if phase["discussion"] else ()
        return kind in (*phase["inputs"], *talk)

    async def dispute(self, request: web.Request) -> web.Response:
        said = self._find(request.match_info["id"])
        said["disputed"] = (await request.json())["word"]
        return web.json_response(said)

    async def correct(self, request: web.Request) -> web.Response:
        said = self._find(request.match_info["id"])
        said[f"corrected_{request.match_info['language']}"] = (await request.json())["text"]
        return web.json_response(said)

    def _find(self, contribution: str) -> dict[str, Any]:
        return next(s for s in self.said if s["id"] == contribution)

    # The record, in the shape the hub gives it

    def record(self) -> dict[str, Any]:
        shared = [s for s in self.said if s["kind"] not in ("reflection", "rating", "ranking")]
        people = list(self.people.values())
        checks = {
            s["fields"]["of"]: s["fields"]["answer"]
            for s in shared
            if s["kind"] == "restatement_check"
        }
        return {
            "phases": [
                {"id": p["id"], "items": [s for s in shared if s["phase"] == p["id"]]}
                for p in self.phases
            ],
            "attendance": {
                "by_group": Counter(p["group"] for p in people),
                "by_language": Counter(p["language"] for p in people),
                "people": len(people),
            },
            "restatements": [
                {
                    "id": s["id"],
                    "of": s["fields"]["of"],
                    "author": s["author"]["id"],
                    "check": checks.get(s["id"]),
                }
                for s in shared
                if s["kind"] == "restatement"
            ],
            "recommendations": [self._decided(d) for d in self._drafts().values()],
        }

    def _drafts(self) -> dict[str, dict[str, Any]]:
        drafts: dict[str, dict[str, Any]] = {}
        for s in self.said:
            if s["kind"] == "recommendation":
                if s["reply_to"] in drafts:
                    drafts[s["reply_to"]] |= s["fields"]
                else:
                    drafts[s["id"]] = {"id": s["id"], "what": s["text"], **s["fields"]}
        return drafts

    def _decided(self, draft: dict[str, Any]) -> dict[str, Any]:
        latest = {
            s["author"]["id"]: s["fields"]["value"]
            for s in self.said
            if s["kind"] == "stance" and s["fields"]["of"] == draft["id"]
        }
        values = Counter(latest.values())
        result = "adopted_with_dissent" if values["stand_aside"] else "adopted"
        if values["objection"] or len(latest) < len(self.people):
            result = "undecided"
        return {**draft, "result": result, "stances": dict(values)}


def _problem(status: int, code: str) -> web.Response:
    body = {"status": status, "code": code}
    return web.json_response(body, status=status, content_type="application/problem+json")


async def until(condition: Callable[[], bool], *, seconds: float = 120) -> None:
    """Wait until it holds. Raises TimeoutError where it never does."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
