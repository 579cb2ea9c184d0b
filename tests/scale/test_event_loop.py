"""Nothing that people do keeps the event loop from all others for long."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hub.summaries.blocks import AUDIENCES
from tests.cast import CARD, Person
from tests.scale.conftest import Hubs
from tests.scale.processes import PATIENCE, watching
from tests.scale.watchdog import LIMIT_MS, Watchdog

pytestmark = pytest.mark.timeout(2 * PATIENCE)

PEOPLE, POSTS = 24, 120
WORDS = "Jag fick fyra lappar med fyra telefonnummer, och ingen av dem var till mig ({})."
SHARED = (
    "/", "/calendar", "/calendar.ics", "/cases", "/charters", "/charters/vi-skapar-tillsammans",
    "/summaries", "/summaries/feed.atom",
    "/recommendations", "/recommendations.csv", "/search?q=lappar", "/help", "/privacy",
    "/accessibility", "/consent", "/sessions", "/sessions/new", "/schedule", "/audit",
    "/audit.csv", "/retention", "/moderation", "/formats", "/terms", "/research", "/series/new",
    "/workshops/new", "/accounts", "/account", "/api/v1/openapi.json", "/metrics", "/readyz",
)  # fmt: skip
CHARTER_PDF = "/charters/vi-skapar-tillsammans/pdf"
OF_SESSION = (
    "", "/desk", "/desk?part=side", "/screen", "/composer", "/moderation", "/invitations",
    "/research", "/record", "/record?format=md", "/summary",
    "/changes?after=0",
)  # fmt: skip
CALLS = (
    "", "/changes?after=0&format=html", "/changes?after=0&format=json", "/contributions", "/bot",
    "/record", "/moderation.csv", "/terms", "/outcomes", "/questions",
)  # fmt: skip


async def visit(who: Person, *paths: str) -> None:
    """Each page in both languages."""
    for path in paths:
        for language in ("sv", "en"):
            cookie = {"Cookie": f"hub_language={language}"}
            answer = await who.http.get(path, headers={**who.headers, **cookie})
            if answer.status_code not in (200, 303):
                print("BAD", path, answer.status_code, answer.text[:80])


async def walk(hubs: Hubs, fatima: Person) -> None:
    """A session with many people and posts from its plan to its summary, and the pages around."""
    room = hubs.room
    await room.open(PEOPLE)
    card = (await fatima.post(f"/sessions/{room.id}/findings", CARD)).json()
    await fatima.post(f"/findings/{card['id']}/show")
    for _ in range(3):
        await room.move("advance", force=True, reason="vidare")
    tokens = [writer.token for writer in room.writers]
    async with watching(hubs.processes[0], room.id, tokens, format="html"):
        for first in range(0, POSTS, 8):
            await asyncio.gather(
                *(room.say(n % PEOPLE, WORDS.format(n)) for n in range(first, first + 8))
            )
        here = f"/sessions/{room.id}"
        await visit(fatima, *(f"{here}{page}" for page in OF_SESSION if "/summary" not in page))
        await visit(fatima, *(f"/api/v1{here}{page}" for page in CALLS))
        ingrid = Person(fatima.http, tokens[1])
        await visit(ingrid, here, f"{here}/composer", f"{here}/my-data", "/api/v1/me/export")
        for _ in range(3):
            state = await room.move("advance", force=True, reason="vidare")
        assert state["phase"] == "recommend"
        await room.say(
            0, "Ring dagen efter", kind="recommendation", fields={"owner": "Avdelning 7"}
        )
        await room.move("advance", force=True, reason="vidare")
        await room.move("close")
    answer = await fatima.post(f"/sessions/{room.id}/summaries", {"language": "sv"})
    assert answer.status_code == 201, answer.text
    summary = f"/summaries/{answer.json()['id']}"
    await visit(fatima, *(f"{summary}/edit?audience={audience}" for audience in AUDIENCES))
    await visit(fatima, f"{summary}.pdf?audience=citizens", CHARTER_PDF)
    await visit(fatima, *(f"{here}{page}" for page in OF_SESSION if "?part" not in page))
    await visit(fatima, f"/api/v1{here}/record")
    await visit(fatima, *SHARED)


async def slow_steps(alone: Any, folder: Path) -> list[str]:
    folder.mkdir()
    async with alone(folder, watched=True) as hubs, hubs.room.fatima() as fatima:
        slow = hubs.processes[0].slow
        # To start is nobody's to wait for.
        slow.unlink(missing_ok=True)
        await walk(hubs, fatima)
        return slow.read_text("utf-8").splitlines() if slow.exists() else []


async def test_nothing_blocks_the_event_loop(alone: Any, tmp_path: Path) -> None:
    # What a busy machine made slow for a moment is not slow a second time.
    found = await slow_steps(alone, tmp_path / "once")
    found = found and await slow_steps(alone, tmp_path / "again")
    assert found == [], f"longer than {LIMIT_MS} ms:\n" + "\n".join(found)


async def test_the_watchdog_sees_what_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.Handle, "_run", asyncio.Handle._run)
    file = tmp_path / "slow"
    Watchdog(file).watch()
    await asyncio.sleep(0.01)
    assert not file.exists()

    async def count() -> None:
        sum(range(10_000_000))

    await asyncio.create_task(count())
    await asyncio.sleep(0)
    (line,) = file.read_text().splitlines()
    assert int(line.split()[0]) > LIMIT_MS
