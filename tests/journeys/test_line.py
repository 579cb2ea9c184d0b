"""The line drops, stalls, is barred or is thin, and the server goes and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from hub.app import create_app
from hub.people import actions as people
from hub.settings import Settings
from tests.cast import Person, Session, join, plan
from tests.language.echo import EchoTranslator
from tests.live.conftest import serve

from .conftest import LAPTOP, NARROW, PATIENCE, PHONE, check_access, check_fits

pytestmark = pytest.mark.timeout(900)
CHUNK = 16_384


@dataclass
class Line:
    """What lies between a browser and the hub, in the test's hands.

    ``up`` is whether anything gets through; ``deaf`` cuts what comes back; with ``cuts`` that share
    of all pieces, by a fixed seed, ends the connection that it is on.
    """

    to: int
    up: bool = True
    deaf: bool = False
    cuts: float = 0.0
    cut_off: int = 0
    port: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(8))
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def drop(self) -> None:
        """Nothing gets through from now on, and what was open is cut."""
        self.up = False
        for writer in list(self._open):
            writer.transport.abort()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.up:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.to)
        self._open |= {writer, back}
        try:
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer, back=True))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            for end in (writer, back):
                self._open.discard(end)
                end.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, back: bool = False
    ) -> None:
        while data := await reader.read(CHUNK):
            if back and self.deaf:
                raise ConnectionResetError
            if self.cuts and self._chance.random() < self.cuts:
                self.cut_off += 1
                raise ConnectionResetError
            writer.write(data)
            await writer.drain()
        writer.write_eof()


@contextlib.asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    line = Line(to=port)
    listener = await asyncio.start_server(line.take, "127.0.0.1", 0)
    line.port = listener.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        line.drop()
        listener.close()


@dataclass
class House:
    """A hub that can be stopped and started on the same port and data."""

    folder: Path
    port: int
    http: httpx.AsyncClient
    fatima: Person = field(default_factory=lambda: Person(None, ""))  # type: ignore[arg-type]
    link: str = ""
    _running: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def start(self) -> None:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", self.port))
        self.port = sock.getsockname()[1]
        url = f"http://127.0.0.1:{self.port}"
        self.http.base_url = httpx.URL(url)
        self.app = create_app(
            Settings(data_dir=self.folder, base_url=url), translator=EchoTranslator()
        )
        await self._running.enter_async_context(serve(self.app, sock))

    async def stop(self) -> None:
        await self._running.aclose()
        self._running = contextlib.AsyncExitStack()

    async def session(self, *names: str, language: str = "en") -> tuple[Session, dict[str, Person]]:
        """A forum under way in its first step; Astrid and Ben, and whoever else is named.

        They speak one language, and the chatbot keeps quiet: what is seen is what was written.
        """
        made = await plan(self.fatima)
        assert (await self.fatima.put(f"/sessions/{made['id']}/bot", {"muted": True})).is_success
        found = {
            name: await join(self.http, made["code"], name, language, role="patient")
            for name in ("Astrid", "Ben", *names)
        }
        session = Session(made["id"], made["code"], self.fatima, found["Astrid"], found["Ben"])
        await session.moved("start")
        return session, found

    async def said(self, session: Session) -> list[str]:
        """All that people have said to everybody, in the order of the server."""
        answer = await self.fatima.get(f"/sessions/{session.id}/contributions")
        return [c["text"] for c in answer.json()["items"] if c["kind"] == "contribution"]


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    (folder / "hub.db").write_bytes(blank.read_bytes())
    async with httpx.AsyncClient(timeout=120) as http:
        house = House(folder, 0, http)
        await house.start()
        now = house.app.state.clock.now()
        async with house.app.state.database.transaction() as tx:
            account = await people.add_account(
                tx,
                email="fatima@example.org",
                name="Fatima",
                role="facilitator",
                language="en",
                now=now,
                password="correct horse",
            )
            token = await people.sign_in(tx, account, kind="token", now=now)
            house.link = await people.make_sign_in_link(tx, account, now=now, uses=1000)
        house.fatima = Person(http, token, id=account.id, name="Fatima", language="en")
        yield house
        await house.stop()


Device = Callable[..., Any]


@pytest.fixture
async def device(browser: Browser) -> AsyncIterator[Device]:
    """A browser of somebody's own; faults of its scripts fail the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    async def open_(
        url: str, *, language: str = "en", size: dict[str, int] = LAPTOP
    ) -> BrowserContext:
        context = await browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale="sv-SE" if language == "sv" else "en-GB",
            base_url=url,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        contexts.append(context)
        return context

    yield open_
    for context in contexts:
        await context.close()
    assert faults == []


async def enter(context: BrowserContext, person: Person, session: Session) -> Page:
    """The room, with the person's own link."""
    page = await context.new_page()
    await page.goto(f"/resume/{person.resume_url.rsplit('/', 1)[1]}")
    await page.wait_for_url(f"**/sessions/{session.id}")
    return page


async def write(page: Page, text: str) -> None:
    """Send a post: answered or waiting, it is out of the box."""
    await page.locator("#talk textarea").fill(text)
    await page.locator("#talk [type=submit]").click()
    await expect(page.locator("#talk textarea")).to_have_value("")


def waiting(page: Page) -> Any:
    return page.locator("#outbox li .outbox__text")


def seen(page: Page) -> Any:
    return page.locator("#log .msg:not(.bot) .msg__text")


async def test_what_is_written_offline_waits_in_sight_and_arrives_once_and_in_order(
    house: House, device: Device
) -> None:
    session, people_ = await house.session("Cleo", language="sv")
    async with line_to(house.port) as line:
        phone = await device(line.url, language="sv", size=PHONE)
        astrid = await enter(phone, people_["Astrid"], session)
        ben = await enter(await device(str(house.http.base_url)), people_["Ben"], session)
        await write(astrid, "Före.")
        await expect(seen(ben)).to_have_text(["Före."])

        # The first one arrives, but no answer comes back; then nothing gets through at all.
        line.deaf = True
        await write(astrid, "Första, utan linje.")
        await expect(seen(ben)).to_have_text(["Före.", "Första, utan linje."])
        line.drop()
        line.deaf = False
        await expect(waiting(astrid)).to_have_text(["Första, utan linje."])
        await expect(astrid.locator("#talk [type=submit]")).to_be_focused()
        await expect(astrid.locator("#reader")).to_contain_text("Sparat på den här enheten")
        await write(astrid, "Andra, utan linje.")
        await expect(waiting(astrid)).to_have_text(["Första, utan linje.", "Andra, utan linje."])
        await expect(astrid.locator("#news")).to_contain_text("Förbindelsen bröts")
        await check_access(astrid, "room, waiting", schemes=("light", "dark"))
        await astrid.set_viewport_size(NARROW)
        await check_fits(astrid, "room, waiting")
        await astrid.set_viewport_size(PHONE)

        # One is taken back, changed and sent again; then the page is closed.
        await astrid.locator("#outbox [data-act=back]").last.click()
        await expect(astrid.locator("#talk textarea")).to_have_value("Andra, utan linje.")
        await expect(astrid.locator("#talk textarea")).to_be_focused()
        await write(astrid, "Andra, ändrad.")
        await expect(waiting(astrid)).to_have_text(["Första, utan linje.", "Andra, ändrad."])
        await astrid.close()

        # The line is back for pages, while nothing that is sent is answered: two tabs show it.
        line.up = True
        await phone.route(
            "**/contributions", lambda route: route.fulfill(status=503, body="<p>busy</p>")
        )
        one, two = [await enter(phone, people_["Astrid"], session) for _ in range(2)]
        for tab in (one, two):
            await expect(waiting(tab)).to_have_text(["Första, utan linje.", "Andra, ändrad."])
        await write(two, "Tredje, i den andra fliken.")
        for tab in (one, two):
            await expect(waiting(tab)).to_have_count(3)
        assert await house.said(session) == ["Före.", "Första, utan linje."]

        # What is begun in one tab is in the other, and in none once it is sent.
        await one.locator("#talk textarea").fill("Ett utkast.")
        await one.evaluate("dispatchEvent(new Event('pagehide'))")
        await expect(two.locator("#talk textarea")).to_have_value("Ett utkast.")

        await phone.unroute("**/contributions")
        await one.evaluate("dispatchEvent(new Event('online'))")
        await two.evaluate("dispatchEvent(new Event('online'))")
        for tab in (one, two):
            await expect(tab.locator("#outbox")).to_have_count(0)
        await one.locator("#talk [type=submit]").click()
        await expect(two.locator("#talk textarea")).to_have_value("")
        expected = [
            "Före.",
            "Första, utan linje.",
            "Andra, ändrad.",
            "Tredje, i den andra fliken.",
            "Ett utkast.",
        ]
        for page in (one, two, ben):
            await expect(seen(page)).to_have_text(expected)
        assert await house.said(session) == expected

        # Somebody else at the same device sees nothing of it, and leaving takes it along.
        await two.close()
        await phone.route("**/contributions", lambda route: route.abort())
        await write(one, "Bara Astrids.")
        await expect(waiting(one)).to_have_text(["Bara Astrids."])
        await one.locator("#talk textarea").fill("Astrids utkast.")
        await one.evaluate("dispatchEvent(new Event('pagehide'))")
        cleo = await enter(phone, people_["Cleo"], session)
        await expect(cleo.locator("#talk textarea")).to_have_value("")
        assert await cleo.locator("#outbox").count() == 0
        await cleo.close()
        await one.close()
        one = await enter(phone, people_["Astrid"], session)
        await expect(waiting(one)).to_have_text(["Bara Astrids."])
        await one.goto(f"/sessions/{session.id}/choices")
        await one.locator("form[data-forget] button").click()
        await one.wait_for_url("**/?left=1")
        await one.wait_for_function(
            "id => !JSON.stringify(localStorage).includes(id)", arg=people_["Astrid"].id
        )


async def test_what_is_refused_after_it_waited_keeps_its_words_and_the_reason(
    house: House, device: Device
) -> None:
    session, people_ = await house.session()
    async with line_to(house.port) as line:
        await people_["Astrid"].said(session.id, "Somebody should call.")
        ben = await enter(await device(line.url, size=PHONE), people_["Ben"], session)
        post = ben.locator("#log li", has_text="Somebody should call.")
        await post.locator("a.more").click()
        await post.locator("[id$=-reply-text]").fill("A reply that waits.")
        line.drop()
        # What is written under a post waits, too; its panel closes.
        await post.locator("form:has([name=act][value=reply]) [type=submit]").click()
        await expect(waiting(ben)).to_have_text(["A reply that waits."])
        await expect(post.locator(".acts form")).to_have_count(0)
        await ben.locator("#outbox [data-act=back]").click()
        await expect(ben.locator("#kept textarea")).to_have_value("A reply that waits.")
        await expect(ben.locator("#outbox")).to_have_count(0)
        await ben.locator("#kept button").click()
        await write(ben, "Too late, it turns out.")
        await write(ben, "And one more.")
        await expect(waiting(ben)).to_have_count(2)
        await session.moved("close")
        asked: list[str] = []
        ben.on("request", lambda r: asked.append(r.url) if r.method == "POST" else None)
        line.up = True
        await ben.locator("#outbox [data-act=send]").first.click()
        refused = ben.locator("#refused li")
        await expect(refused).to_have_count(2)
        await expect(refused.first).to_contain_text("Too late, it turns out.")
        await expect(refused.first.locator("[role=alert]")).to_have_text(
            re.compile("has ended|over|closed", re.IGNORECASE)
        )
        await expect(ben.locator("#composer")).to_contain_text("Nothing more can be written")
        await check_access(ben, "room, refused", schemes=("light", "dark"))
        await ben.set_viewport_size(NARROW)
        await check_fits(ben, "room, refused")
        # It is asked once, not over and over; and it is there after a reload.
        await ben.evaluate("dispatchEvent(new Event('online'))")
        await ben.reload()
        await expect(refused).to_have_count(2)
        assert len([url for url in asked if url.endswith("/contributions")]) == 2
        await refused.first.locator("[data-act=back]").focus()
        await ben.keyboard.press("Enter")
        await expect(ben.locator("#kept textarea")).to_have_value("Too late, it turns out.")
        await expect(refused).to_have_count(1)
        await refused.first.locator("[data-act=drop]").click()
        await expect(ben.locator("#refused")).to_have_count(0)
        await expect(ben.locator("#composer")).to_be_focused()
        assert await house.said(session) == ["Somebody should call."]


SPEAKS = """() => {
  window.spoken = [];
  const note = list => list.forEach(m => m.addedNodes.forEach(n => {
    const text = n.textContent.trim();
    if (text) window.spoken.push(text);
  }));
  for (const id of ['reader', 'news'])
    new MutationObserver(note).observe(document.getElementById(id), { childList: true });
}"""
NO_ANCHOR = "document.querySelectorAll('*').forEach(e => { e.style.overflowAnchor = 'none'; })"
PLACE = "id => document.getElementById(id).getBoundingClientRect().top"


async def test_a_phone_that_slept_catches_up_in_order_without_moving_its_reader(
    house: House, device: Device
) -> None:
    session, people_ = await house.session("Cleo", "Dan")
    speakers = [people_[name] for name in ("Ben", "Cleo", "Dan")]
    for n in range(12):
        await speakers[n % 3].said(session.id, f"Before {n}. " + "Word after word. " * 20)
    async with line_to(house.port) as line:
        context = await device(line.url, size=PHONE)
        astrid = await enter(context, people_["Astrid"], session)
        third = await astrid.locator("#log > li").nth(3).get_attribute("id")
        # Not every browser holds the place by itself.
        await astrid.evaluate(NO_ANCHOR)
        await astrid.evaluate("id => document.getElementById(id).scrollIntoView()", third)
        before = await astrid.evaluate(PLACE, third)
        await astrid.evaluate(SPEAKS)
        line.drop()
        await expect(astrid.locator("#news")).to_contain_text("Connection lost")
        for n in range(30):
            await speakers[n % 3].said(session.id, f"Meanwhile {n}.")
        # Something above the reader becomes much shorter.
        first = await astrid.locator("#log .msg:not(.bot)").first.evaluate(
            "e => e.closest('li').id"
        )
        hidden = await house.fatima.post(
            f"/contributions/{first.removeprefix('contribution-')}/hide", {"reason": "off_topic"}
        )
        assert hidden.status_code == 200, hidden.text
        line.up = True
        await astrid.evaluate("dispatchEvent(new Event('online'))")
        await expect(astrid.locator("#news")).to_contain_text("30 posts came")
        # Posts that come after the mark of what is new stand below it and below each other.
        await speakers[0].said(session.id, "After all that.")
        await expect(seen(astrid).last).to_have_text("After all that.")
        assert await astrid.evaluate(PLACE, third) == pytest.approx(before, abs=2)
        await astrid.wait_for_function("() => spoken.some(s => s.includes('After all that'))")
        spoken = await astrid.evaluate("spoken")
        assert [s for s in spoken if re.search("30|[Mm]eanwhile", s)] == [
            "You are back. 30 posts came while you were away. Read from there Close"
        ]
        live = await seen(astrid).all_inner_texts()
        fresh = await enter(context, people_["Astrid"], session)
        assert await seen(fresh).all_inner_texts() == live
        assert live[11:] == [*(f"Meanwhile {n}." for n in range(30)), "After all that."]

        # While the page is awake, a burst is one announcement as well.
        await fresh.evaluate(SPEAKS)
        await asyncio.gather(*(speakers[n % 3].said(session.id, f"Burst {n}.") for n in range(12)))
        await expect(seen(fresh)).to_have_count(len(live) + 12)
        await fresh.wait_for_function("() => spoken.length")
        assert await fresh.evaluate("spoken") == ["12 new posts"]
        await fresh.close()


async def test_without_sockets_the_page_asks_and_says_nothing_alarming(
    house: House, device: Device
) -> None:
    session, people_ = await house.session()
    context = await device(str(house.http.base_url))

    async def barred(ws: WebSocketRoute) -> None:
        await ws.close(code=1011)

    await context.route_web_socket(re.compile("/socket.io/"), barred)
    astrid = await enter(context, people_["Astrid"], session)
    other = await enter(context, people_["Astrid"], session)
    await astrid.evaluate(SPEAKS)
    await people_["Ben"].said(session.id, "By asking.")
    await expect(seen(astrid)).to_have_text(["By asking."])
    await write(astrid, "Och tillbaka.")
    for tab in (astrid, other):
        await expect(seen(tab)).to_have_text(["By asking.", "Och tillbaka."])
    # What only its writer sees is in both tabs, too.
    await session.go_to("reflect")
    for tab in (astrid, other):
        await expect(tab.locator("#w-reflection-text")).to_be_visible()
    await astrid.locator("#w-reflection-text").fill("Bara mitt.")
    await astrid.locator(".private [type=submit]").first.click()
    for tab in (astrid, other):
        await expect(tab.locator("#mine")).to_contain_text("Bara mitt.")
    assert not await astrid.evaluate("spoken.some(s => /lost|back|bröts|tillbaka\\.$/.test(s))")
    assert await astrid.locator("#news").inner_text() == ""


async def test_the_server_stops_and_starts_and_the_page_comes_back_by_itself(
    house: House, device: Device
) -> None:
    session, people_ = await house.session(language="sv")
    url = str(house.http.base_url)
    astrid = await enter(await device(url, language="sv", size=PHONE), people_["Astrid"], session)
    ben = await enter(await device(url), people_["Ben"], session)
    await write(astrid, "Före omstarten.")
    await expect(seen(ben)).to_have_text(["Före omstarten."])
    desk = await (await device(url)).new_page()
    await desk.goto(f"/sign-in/{house.link}?next=/sessions/{session.id}/desk")
    await desk.locator("main form button").click()
    await desk.wait_for_url("**/desk")
    await astrid.evaluate("window.same = true")
    await ben.locator("#talk textarea").fill("Half-written")
    await house.stop()
    await write(astrid, "Medan den var borta.")
    await expect(waiting(astrid)).to_have_text(["Medan den var borta."])
    await expect(astrid.locator("#news")).to_contain_text("Förbindelsen bröts")
    await desk.locator("#w-facilitation-text").fill("From the desk.")
    await desk.locator("form:has(#w-facilitation-text) [type=submit]").click()
    await expect(waiting(desk)).to_have_text(["From the desk."])
    await house.start()
    await expect(astrid.locator("#news")).to_contain_text("Du är tillbaka")
    for page in (astrid, ben, desk):
        await expect(seen(page).filter(has_text="Medan den var borta.")).to_have_count(1)
        await expect(seen(page).filter(has_text="From the desk.")).to_have_count(1)
        await expect(page.locator("#outbox")).to_have_count(0)
    await expect(ben.locator("#talk textarea")).to_have_value("Half-written")
    assert await astrid.evaluate("window.same") is True
    assert await house.said(session) == ["Före omstarten.", "Medan den var borta."]


async def test_a_thin_line_that_is_cut_again_and_again_finishes_a_step_with_nothing_lost(
    house: House, device: Device
) -> None:
    session, people_ = await house.session()
    async with line_to(house.port) as line:
        context = await device(line.url, size=PHONE)
        astrid = await enter(context, people_["Astrid"], session)
        devtools = await context.new_cdp_session(astrid)
        await devtools.send("Network.enable")
        await devtools.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 400,
                "downloadThroughput": 50_000,
                "uploadThroughput": 50_000,
            },
        )
        line.cuts = 0.02
        mine = [f"Astrid {n}." for n in range(12)]
        for n, text in enumerate(mine):
            await write(astrid, text)
            await people_["Ben"].said(session.id, f"Ben {n}.")
        await expect(seen(astrid)).to_have_count(24)
        await expect(astrid.locator("#outbox")).to_have_count(0)
        assert line.cut_off > 0
        said = await house.said(session)
        assert [text for text in said if text.startswith("Astrid")] == mine
        assert sorted(said) == sorted([*mine, *(f"Ben {n}." for n in range(12))])
        assert await seen(astrid).all_inner_texts() == said
        await session.moved("advance", force=True, reason="all have written")
        await expect(astrid.locator("#stage")).to_contain_text("Step 2 of 9")
