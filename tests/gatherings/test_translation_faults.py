"""When translation is broken or far behind: what people are told, and that nothing stops."""

from __future__ import annotations

import html
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from hub.app import create_app
from hub.db import new_id
from hub.gatherings import jobs
from hub.gatherings.models import BEHIND, Contribution, Gathering, Translation
from hub.health import check_parts
from hub.language.memory import source_hash
from hub.language.packages import Package
from hub.settings import Settings
from tests.cast import Person, Session
from tests.conftest import Hub

QUEUED = 10_000


class Faulty:
    """Lends a translator other states and packages."""

    def __init__(self, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service: Any = hub.app.state.translator.service
        self.monkeypatch = monkeypatch

    def set(self, sv_en: str, en_sv: str = "ok", packages: tuple[Package, ...] = ()) -> None:
        state = {"sv-en": sv_en, "en-sv": en_sv}
        self.monkeypatch.setattr(self.service, "state", lambda: state)
        self.monkeypatch.setattr(self.service, "packages", lambda: list(packages))


@pytest.fixture
def faulty(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    return Faulty(hub, monkeypatch)


def package(direction: str, **more: Any) -> Package:
    source, target = direction.split("-")
    return Package(
        source=source,  # type: ignore[arg-type]
        target=target,  # type: ignore[arg-type]
        version="2.5",
        path=Path("x"),
        size_bytes=81_000_000,
        **{"bundled": False, **more},
    )


async def page(hub: Hub, person: Person, path: str, language: str = "en") -> str:
    cookies = {"hub_language": language}
    answer = await hub.http.get(path, headers=person.headers, cookies=cookies)
    assert answer.status_code == 200, answer.text
    return " ".join(html.unescape(answer.text).split())


async def room_of(hub: Hub, session: Session, person: Person) -> str:
    cookies = {f"hub_seat_{session.id}": person.token}
    return html.unescape((await hub.http.get(f"/sessions/{session.id}", cookies=cookies)).text)


async def fill(hub: Hub, session: Session, *, posts: int) -> None:
    """So many posts that wait to be translated, as if all had come at once."""
    async with hub.database.transaction() as tx:
        gathering = await tx.get_one(Gathering, session.id)
        now, start = hub.clock.now(), gathering.seq
        said = [
            {
                "id": new_id("c"), "gathering_id": session.id, "seq": start + n, "revision": 1,
                "phase": "arrive", "kind": "contribution", "participant_id": session.astrid.id,
                "author_key": session.astrid.id, "client_id": f"many-{n}", "language": "sv",
                "text": f"Inlägg nummer {n} av många.", "fields": {}, "created_at": now,
                "hidden_reason": "",
            }
            for n in range(1, posts + 1)
        ]  # fmt: skip
        await tx.execute(insert(Contribution), said)
        await tx.execute(
            insert(Translation),
            [
                {
                    "id": new_id("t"), "contribution_id": one["id"], "language": "en", "text": "",
                    "fields": {}, "status": "pending", "disputes": [], "attempts": 0,
                    "due_at": now, "updated_at": now, "source_hash": source_hash(str(one["text"])),
                }
                for one in said
            ],
        )  # fmt: skip
        gathering.seq = start + posts


async def count(hub: Hub, status: str) -> int:
    async with hub.database.reading() as tx:
        found = await tx.scalar(select(func.count()).where(Translation.status == status))
    return int(found or 0)


# --- 10,000 queued posts --------------------------------------------------------------------------


async def test_with_ten_thousand_posts_waiting_originals_flow_and_everyone_is_told(
    hub: Hub,
) -> None:
    session = await hub.session()
    await fill(hub, session, posts=QUEUED)
    ready = await hub.http.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["parts"]["translations"] == {
        "state": "degraded", "detail": f"{QUEUED} waiting",
    }  # fmt: skip
    parts = await check_parts(hub.settings, hub.database, hub.translator)
    assert {p.name: p.state for p in parts}["translations"] == "degraded"
    assert f"<dd>{QUEUED}</dd>" in await page(hub, session.fatima, "/translation")
    begun = time.process_time()
    said = await session.ben.said(session.id, "Does this still arrive?")
    assert time.process_time() - begun < 5
    last = (await session.astrid.get(f"/sessions/{session.id}/contributions", after=QUEUED)).json()
    (shown,) = [item for item in last["items"] if item["id"] == said["id"]]
    assert shown["text"] == "Does this still arrive?"
    assert shown["translations"]["sv"]["status"] == "pending"


async def test_a_backlog_is_told_in_the_room_and_worked_off_to_the_last_post(hub: Hub) -> None:
    session = await hub.session()
    await fill(hub, session, posts=BEHIND - 2)
    words = {
        "sv": "Många inlägg väntar på att översättas.",
        "en": "Many posts are waiting to be translated.",
    }
    people = {"sv": session.astrid, "en": session.ben}
    for language, person in people.items():
        assert words[language] not in await room_of(hub, session, person)
    await fill_more(hub, session)
    for language, person in people.items():
        assert words[language] in await room_of(hub, session, person)
    assert words["en"] in await page(hub, session.fatima, f"/sessions/{session.id}/desk")
    assert await jobs.translate_waiting(hub.screens, hub.translator) == BEHIND + 1
    assert await count(hub, "pending") == 0
    assert words["en"] not in await room_of(hub, session, session.ben)
    assert (await hub.http.get("/readyz")).json()["parts"]["translations"]["state"] == "ok"


async def fill_more(hub: Hub, session: Session) -> None:
    for n in range(3):
        await session.ben.said(session.id, f"One more, number {n}.")


# --- broken packages ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_the_page_about_translation_says_what_works_and_what_to_do(
    hub: Hub, faulty: Faulty, language: str
) -> None:
    fatima, admin = await hub.account(), await hub.account("admin", "Ada")
    words = {
        "works": {"sv": "Fungerar", "en": "Works"},
        "beside": {"sv": "men ett paket är trasigt", "en": "but a package is broken"},
        "missing": {"sv": "Paket saknas", "en": "No package"},
        "broken": {"sv": "Paketet är trasigt", "en": "The package is broken"},
        "score": {"sv": "48.25 av 100", "en": "48.25 of 100"},
        "tell": {"sv": "Säg till den som sköter", "en": "Tell whoever looks after"},
    }
    faulty.set("ok", "ok", (package("sv-en", score=48.25), package("en-sv", bundled=True)))
    told = await page(hub, fatima, "/translation", language)
    assert told.count(words["works"][language]) == 2
    assert words["score"][language] in told
    assert "81 MB" in told
    assert "2.5" in told
    assert words["tell"][language] not in told
    faulty.set("ok; broken: OSError: <no space>", "missing", (package("sv-en"),))
    told = await page(hub, fatima, "/translation", language)
    assert words["beside"][language] in told
    assert "OSError: <no space>" in told
    assert words["missing"][language] in told
    assert words["tell"][language] in told
    assert "hub models" not in told
    faulty.set("broken: the tokenizer is missing", "ok", (package("en-sv"),))
    told = await page(hub, admin, "/translation", language)
    assert words["broken"][language] in told
    assert "the tokenizer is missing" in told
    assert "hub models install" in told


async def test_only_those_who_lead_see_the_page_about_translation(hub: Hub) -> None:
    session = await hub.session()
    researcher = await hub.account("researcher", "Rut")
    for who in (session.astrid, researcher):
        assert (await hub.http.get("/translation", headers=who.headers)).status_code == 403
    assert (await hub.http.get("/translation")).status_code in (303, 401)


async def test_a_broken_package_is_told_to_machines_the_desk_and_the_room(
    hub: Hub, faulty: Faulty
) -> None:
    session = await hub.session()
    faulty.set("ok; broken: the tokenizer is missing")
    part = (await hub.http.get("/readyz")).json()["parts"]["translation sv-en"]
    assert part == {"state": "degraded", "detail": "ok; broken: the tokenizer is missing"}
    desk = await page(hub, session.fatima, f"/sessions/{session.id}/desk")
    assert "A translation package is broken." in desk
    room = await room_of(hub, session, session.ben)
    # It is translated all the same: people in the room need not know.
    assert "broken" not in room
    assert "No translator" not in room
    faulty.set("broken: no space")
    hub.translator.failing = "no_package"
    await session.astrid.said(session.id, "Hörs jag?")
    await hub.translate()
    room = await room_of(hub, session, session.ben)
    assert "No translator from Swedish to English is installed here." in room
    assert "Hörs jag?" in room
    assert "No translator for this language here. Shown as written." in room


async def test_where_nothing_translates_a_post_says_so_at_once_and_is_told_once(
    hub: Hub, faulty: Faulty
) -> None:
    session = await hub.session()
    correct = {"text": "Nobody was mine."}
    known = await session.astrid.said(session.id, "Ingen var min.")
    answer = await session.astrid.put(f"/contributions/{known['id']}/translations/en", correct)
    assert answer.status_code == 200
    faulty.set("missing")
    hub.translator.failing = "no_package"
    hub.translator.asked.clear()
    await hub.screens.settle()
    before = (await session.ben.get(f"/sessions/{session.id}")).json()["revision"]
    said = await session.astrid.said(session.id, "Hörs jag?")
    failed = {"text": None, "status": "failed", "by": None, "origin": None, "doubt": None,
              "fields": {}, "reason": "no_package"}  # fmt: skip
    assert said["translations"] == {"en": failed}
    await hub.translate()
    assert hub.translator.asked == []
    assert (await session.ben.get(f"/sessions/{session.id}")).json()["revision"] == before + 1
    room = await room_of(hub, session, session.ben)
    assert "No translator for this language here. Shown as written." in room
    # What a person has translated here is at hand, and the other direction works.
    again = await session.astrid.said(session.id, "Ingen var min.")
    other = await session.ben.said(session.id, "Can you hear me?")
    assert again["translations"]["en"]["status"] == other["translations"]["sv"]["status"]
    assert other["translations"]["sv"]["status"] == "pending"
    hub.translator.failing = None
    await hub.translate()
    listed = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    texts = [c["translations"].get("en", c["translations"].get("sv"))["text"] for c in listed[-2:]]
    assert texts == ["Nobody was mine.", "[sv] Can you hear me?"]


async def test_an_engine_that_dies_leaves_texts_due_and_they_come_when_it_is_back(
    hub: Hub,
) -> None:
    session = await hub.session()
    hub.translator.failing = "engine"
    await session.astrid.said(session.id, "Hörs jag?")
    await hub.translate()
    assert "Could not be translated. Shown as written." in await room_of(hub, session, session.ben)
    assert (await count(hub, "failed"), await count(hub, "pending")) == (1, 0)
    hub.translator.failing = None
    hub.clock.move(seconds=6)
    await hub.translate()
    assert await count(hub, "machine") == 1
    assert "[en] Hörs jag?" in await room_of(hub, session, session.ben)


async def test_the_running_hub_looks_for_packages_by_itself(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path))
    job = app.state.ticker.jobs["packages"]
    assert job.seconds <= 5
    assert job.run == app.state.translator.reload
    assert await job.run() is False
    await app.state.database.close()
