"""A small known cast: Astrid (Swedish), Ben (English), Fatima (facilitator), Stig (a stranger)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from .kept import kept

TITLE = {"sv": "Hemgång från sjukhus", "en": "Going home from hospital"}
CARD = {
    "title": {"sv": "Lappar", "en": "Slips of paper"},
    "text": {"sv": "Fyra lappar med fyra nummer.", "en": "Four slips with four numbers."},
    "source": "Intervjuer 2025",
    "tags": ["mechanisms"],
}
_numbers = itertools.count(1)


@dataclass
class Person:
    """Somebody with a token, who talks to the API."""

    http: httpx.AsyncClient
    token: str
    id: str = ""
    name: str = ""
    language: str = "sv"
    resume_url: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(f"/api/v1{path}", params=params, headers=self.headers)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.http.post(f"/api/v1{path}", json=body, headers=self.headers)

    async def put(self, path: str, body: Any) -> httpx.Response:
        return await self.http.put(f"/api/v1{path}", json=body, headers=self.headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.http.delete(f"/api/v1{path}", headers=self.headers)

    async def say(
        self, session: str, text: str, kind: str = "contribution", **more: Any
    ) -> httpx.Response:
        body = {"client_id": f"client-{next(_numbers)}", "text": text, "kind": kind, **more}
        return await self.post(f"/sessions/{session}/contributions", body)

    async def said(self, session: str, text: str, kind: str = "contribution", **more: Any) -> Any:
        """Say it, expect it to be taken, and return the contribution."""
        answer = await self.say(session, text, kind, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()


@dataclass
class Session:
    """A session under way, and who is in it."""

    id: str
    code: str
    fatima: Person
    astrid: Person
    ben: Person
    # Of a hub in this process: what it has done from its beginning is not done again.
    hub: Any = field(default=None, repr=False, compare=False)

    async def move(self, name: str, **body: Any) -> httpx.Response:
        return await self.fatima.post(f"/sessions/{self.id}/{name}", body or None)

    async def moved(self, name: str, **body: Any) -> Any:
        answer = await self.move(name, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def go_to(self, phase: str) -> None:
        """Start where needed, and advance until the phase runs."""
        go = partial(self._go_to, phase)
        await (kept(self.hub, f"go to {self.id} {phase}", go) if self.hub else go())

    async def _go_to(self, phase: str) -> None:
        state = (await self.fatima.get(f"/sessions/{self.id}")).json()
        if state["state"] in ("planned", "open"):
            state = await self.moved("start")
        while state["phase"] != phase:
            state = await self.moved("advance", force=True, reason="to the next test")


async def plan(fatima: Person, **more: Any) -> Any:
    answer = await fatima.post("/sessions", {"format": "jif-90", "title": TITLE, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def join(http: httpx.AsyncClient, code: str, name: str, language: str, **more: Any) -> Person:
    body = {"code": code, "name": name, "language": language, "consent": True, **more}
    answer = await http.post("/api/v1/join", json=body)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    return Person(
        http,
        found["token"],
        id=found["participant"]["id"],
        name=name,
        language=language,
        resume_url=found["resume_url"],
    )
