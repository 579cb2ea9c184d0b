"""From an invitation to what became of it: two people, two languages, five months."""

from __future__ import annotations

import email
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import icalendar
import pytest
from playwright.async_api import Page, expect

from hub.clock import Clock
from hub.people import actions as people
from hub.people.models import Account
from hub.summaries.blocks import AUDIENCES

from ..cast import Person, Session, plan
from ..live.conftest import Server, listening
from .conftest import LAPTOP, NARROW, UNDERSTOOD, Look, check_access, check_fits

pytestmark = pytest.mark.timeout(300)
START = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
# An evening in London, so that a full day before is night already in Stockholm.
DAY = datetime(2027, 3, 4, 19, 0, tzinfo=UTC)
TITLE = {"sv": "Vad vi gör av fyra lappar", "en": "What we make of four slips"}
FORM = {
    "title_sv": TITLE["sv"],
    "title_en": TITLE["en"],
    "purpose_sv": "En sak att pröva på avdelningen",
    "purpose_en": "One thing to try on the ward",
    "topic_sv": "hemgång från sjukhus",
    "topic_en": "going home from hospital",
    "why_you_sv": "du har varit med om det",
    "why_you_en": "you have been through it",
    "place_sv": "Sal 4, Barngatan 2. Ingen trappa från gatan.",
    "place_en": "Room 4, Barngatan 2. Step-free from the street.",
    "host": "Fatima",
    "cohost": "Elsa",
}
ASTRIDS, BENS = "astrid@example.org", "ben@example.org"
OWNERS = "enhetschef@example.org"
WHAT = "Ge varje patient ett enda nummer att ringa när de kommer hem"
QUOTED = "Jag fick fyra lappar och visste inte vem jag skulle ringa."


class MovedClock(Clock):
    """Runs as fast as the wall's, from wherever it is set."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.set(at)

    def now(self) -> datetime:
        return super().now() + self.ahead

    def set(self, at: datetime) -> None:
        self.ahead = at - super().now()


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> AsyncIterator[Server]:
    """A hub whose time can be moved, for this journey alone."""
    folder = tmp_path_factory.mktemp("decided")
    async with listening(folder, blank, MovedClock(START)) as found:
        yield found


@dataclass
class Post:
    """What the hub has put in its outbox, as whoever gets it reads it."""

    server: Server
    read: set[str] = field(default_factory=set)

    async def at(self, time: datetime) -> list[EmailMessage]:
        """Let it be that time, and what is due be done. The mails that came of it, oldest first."""
        self.server.app.state.clock.set(time)
        return await self.come()

    async def come(self) -> list[EmailMessage]:
        for job in ("meetings", "schedule", "mail"):
            await self.server.app.state.ticker.jobs[job].run()
        found = []
        for path in sorted(self.server.app.state.settings.outbox_dir.glob("*.eml")):
            if path.name not in self.read:
                self.read.add(path.name)
                letter = email.message_from_bytes(path.read_bytes(), policy=default)
                assert isinstance(letter, EmailMessage)
                found.append(letter)
        return found


def to_whom(letters: Iterable[EmailMessage]) -> list[str]:
    return sorted(str(letter["To"]) for letter in letters)


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def only(letters: list[EmailMessage], to: str) -> EmailMessage:
    [found] = [letter for letter in letters if letter["To"] == to]
    return found


def link_in(letter: EmailMessage, path: str) -> str:
    """The first link of a mail that leads there."""
    found = re.search(rf"http://\S+{path}[^\s>)]*", text_of(letter))
    assert found, text_of(letter)
    return found[0]


def calendar_of(letter: EmailMessage) -> icalendar.Calendar:
    [part] = [p for p in letter.walk() if p.get_content_type() == "text/calendar"][:1]
    assert part.get_param("method") == "REQUEST"
    return icalendar.Calendar.from_ical(part.get_content())


async def sign_in(server: Server, page: Page, who: Person) -> None:
    async with server.app.state.database.transaction() as tx:
        account = await tx.get_one(Account, who.id)
        now = server.app.state.clock.now()
        secret = await people.sign_in(tx, account, kind="browser", now=now)
    await page.context.add_cookies([{"name": "hub_account", "value": secret, "url": server.url}])


async def look_over(page: Page, name: str) -> None:
    """Nothing for axe-core to say, in the dark; nothing wider than the narrowest phone."""
    await check_access(page, name, schemes=("dark",))
    was = page.viewport_size
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await check_fits(page, name)
    if was is not None:
        await page.set_viewport_size(was)


async def reach(page: Page, selector: str) -> None:
    """Tab until it has the focus: whoever has no mouse gets there so."""
    for _ in range(250):
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


async def type_in(page: Page, selector: str, text: str) -> None:
    await reach(page, selector)
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type(text)


async def press(page: Page, selector: str, key: str = "Enter") -> None:
    await reach(page, selector)
    await page.keyboard.press(key)


async def choose(page: Page, selector: str, name: str) -> None:
    """A radio button by the arrows of the keyboard."""
    await reach(page, f"[name={name}]")
    for _ in range(8):
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            await page.keyboard.press("Space")
            return
        await page.keyboard.press("ArrowDown")
    raise AssertionError(f"the arrows do not reach {selector}")


async def plan_meeting(server: Server, look: Look) -> tuple[Page, str, str]:
    """Fatima plans the meeting and its live session; her page, and both ids."""
    assert server.fatima is not None
    made = await plan(server.fatima, title=TITLE, case="esther")
    page = await look("/help")
    await sign_in(server, page, server.fatima)
    await page.goto("/workshops/new")
    for name, text in FORM.items():
        await page.locator(f"[name={name}]").fill(text)
    cases = page.locator("[name=cases-esther]")
    await page.locator("details", has=cases).locator("summary").click()
    await cases.check()
    await page.locator("[name=audiences-citizens]").check()
    await page.locator("[name=day]").fill("2027-03-04")
    await page.locator("[name=zone]").select_option("Europe/London")
    await page.locator("[name=from]").fill("19:00")
    await page.locator("[name=to]").fill("20:00")
    await page.locator("[name=cohost_from]").select_option("citizen")
    await page.get_by_role("button", name="Save the draft").click()
    await page.wait_for_url("**/organise?done=saved")
    meeting = page.url.split("/")[-2]
    await page.locator("select[name=session]").select_option(made["id"])
    await page.get_by_role("button", name="Hold it there").click()
    await expect(page.get_by_role("link", name="Go to the room")).to_be_visible()
    await look_over(page, "organise-draft")
    # What speaks against the time is said, and she goes on with a reason.
    while await (warned := page.locator("details:has(form[action$='/accept'])")).count():
        left = await warned.count()
        await warned.first.evaluate("d => { d.open = true; }")
        await warned.first.locator("[name=reason]").fill("Those who work can come then.")
        await warned.first.get_by_role("button").click()
        await expect(warned).to_have_count(left - 1)
    await page.locator("#act-plan button").click()
    await page.wait_for_url("**/organise?done=acted")
    await page.get_by_role("link", name="Invite people").click()
    await page.locator("[name=addresses]").fill(
        f"Astrid <{ASTRIDS}>; svenska; lived\nBen <{BENS}>; English; practice"
    )
    await page.get_by_role("button", name="Add them").click()
    await expect(page.get_by_role("status")).to_contain_text("2 people have been added")
    await look_over(page, "invitations")
    await page.goto(f"/workshops/{meeting}/organise")
    await page.locator("#act-invite button").click()
    await page.wait_for_url("**/organise?done=acted")
    await look_over(page, "organise-invited")
    return page, meeting, made["id"]


async def reply(look: Look, invited: list[EmailMessage]) -> tuple[Page, Page]:
    """Astrid comes to the room and says what she needs; Ben takes part online, by keyboard."""
    for letter in invited:
        [event] = calendar_of(letter).walk("VEVENT")
        assert event.decoded("dtstart") == DAY
        assert str(event["sequence"]) == "0"
    hers, his = only(invited, ASTRIDS), only(invited, BENS)
    assert "kl. 20.00–21.00 (London 19.00)" in text_of(hers)
    assert "20:00–21:00 Stockholm, 19:00–20:00 London" in text_of(his)
    assert hers["List-Unsubscribe"]

    astrid = await look(link_in(hers, "/replies/"), language="sv", size=NARROW)
    await expect(astrid.get_by_role("heading", name="Kommer du?")).to_be_visible()
    await look_over(astrid, "reply")
    await astrid.locator("[name=reply][value=room]").check()
    await astrid.locator("[name=access]").fill("Skrivtolk, och en paus efter halva tiden")
    await astrid.get_by_role("button", name="Skicka mitt svar").click()
    await expect(astrid.get_by_role("status")).to_contain_text("Ditt svar är sparat")

    ben = await look(link_in(his, "/replies/"), size=LAPTOP)
    await choose(ben, "[value=online]", "reply")
    await type_in(ben, "#question", "Who answers the phone?")
    await press(ben, "form:has([name=reply]) [type=submit]")
    await expect(ben.get_by_role("status")).to_contain_text("Your reply is saved")
    return astrid, ben


async def come_in(page: Page, name: str, role: str, address: str) -> None:
    """Into the room, with a yes to hear what becomes of it and to be quoted."""
    await page.locator("[name=name]").fill(name)
    await page.locator(f"[name=role][value={role}]").check()
    for question, answer in UNDERSTOOD.items():
        await page.locator(f"[name={question}][value={answer}]").check()
    for choice in ("take_part", "quote_role", "contact", "follow"):
        await page.locator(f"[name={choice}]").check()
    await page.locator("[name=email]").fill(address)
    await page.locator("form[action='/join'] [type=submit]").click()
    await page.wait_for_url("**/sessions/*")


async def seat_of(server: Server, page: Page, session_id: str, name: str) -> Person:
    """Whoever sits in a browser, to say through the API what no page is needed for."""
    kept = {c["name"]: c["value"] for c in await page.context.cookies()}
    person = Person(server.http, kept[f"hub_seat_{session_id}"], name=name)
    me = (await person.get(f"/sessions/{session_id}/me")).json()
    person.id = me["participant"]["id"] if "participant" in me else me.get("id", "")
    return person


async def hold(server: Server, session: Session) -> None:
    """A very short forum with one recommendation that is adopted."""
    await session.moved("start")
    await session.go_to("interpret")
    await session.astrid.said(session.id, QUOTED)
    await session.ben.said(session.id, "Everybody thought that somebody else would ring.")
    await session.go_to("converge")
    await session.astrid.said(session.id, "Ingen är min när jag kommer hem", "theme")
    await session.go_to("recommend")
    proposal = {"owner": "Avdelning 7", "when": "2027-09-01", "measure": "Två frågor per patient"}
    made = await session.astrid.said(session.id, WHAT, "recommendation", fields=proposal)
    await session.go_to("decide")
    for person in (session.astrid, session.ben):
        fields = {"of": made["id"], "value": "consent"}
        await person.said(session.id, "", "stance", fields=fields)
    server.app.state.clock.set(DAY + timedelta(minutes=50))
    await session.moved("close")


async def write_summary(server: Server, desk: Page, session: Session) -> str:
    """Fatima says whom to ask, and makes the summary; its id."""
    await desk.goto(f"/sessions/{session.id}/owners")
    owner = desk.locator("form[action$='/owner']")
    await owner.locator("[name=email]").fill(OWNERS)
    await owner.locator("[name=language]").select_option("sv")
    await owner.get_by_role("button").click()
    await expect(desk.locator("main")).to_contain_text("4 June 2027")
    await desk.goto(f"/sessions/{session.id}/summary")
    await desk.locator("[name=language][value=sv]").check()
    await desk.get_by_role("button", name="Make a draft").click()
    await desk.wait_for_url("**/edit")
    summary = desk.url.split("/")[-2]
    for _ in range(20):
        if not await server.app.state.ticker.jobs["translate summaries"].run():
            break
    await desk.reload()
    # A question is answered in its place, by keyboard; the rest are like it.
    asked = desk.locator("section.statement:has(.ask-editor)").first
    at = f"#{await asked.get_attribute('id')}"
    await type_in(desk, f"{at} [name=texts_sv]", "Ett nummer kostar inget att ge.")
    await type_in(desk, f"{at} [name=texts_en]", "One number costs nothing to give.")
    await press(desk, f"{at} form:has([name=texts_sv]) [type=submit]")
    await expect(desk.locator(at)).not_to_contain_text("Save the answer")
    await answer_the_rest(session.fatima, summary)
    await desk.goto(f"/summaries/{summary}/edit?audience=citizens")
    await look_over(desk, "summary-editor")
    await desk.goto(f"/summaries/{summary}/edit?audience=leaders")
    await desk.get_by_role("button", name="Ask them now").click()
    await expect(desk.locator("main")).to_contain_text("They have until")
    return summary


async def answer_the_rest(fatima: Person, summary: str) -> None:
    words = {"sv": "Det här skrev redaktören.", "en": "The editor wrote this."}
    for audience in AUDIENCES:
        bench = (await fatima.get(f"/summaries/{summary}/workbench", audience=audience)).json()
        for found in (s for block in bench["blocks"] for s in block["statements"]):
            texts = {code: text for code, text in found["texts"].items() if text}
            if len(texts) == 2:
                continue
            path = f"/summaries/{summary}/statements/{found['id']}"
            body = {"revision": found["revision"], "texts": {**words, **texts}}
            answer = await fatima.put(path, body)
            assert answer.status_code in (200, 409), answer.text
    for language in ("sv", "en"):
        answer = await fatima.post(f"/summaries/{summary}/review", {"language": language})
        assert answer.status_code == 200, answer.text


async def confirm(desk: Page, astrid: Page, ben: Page, asked: list[EmailMessage]) -> None:
    """Ben contests a point, Astrid says yes to one, and the editor answers Ben."""
    await ben.goto(link_in(only(asked, BENS), "/"))
    await look_over(ben, "points-en")
    await ben.reload()
    await reach(ben, "section.card [name=answer]")
    await ben.keyboard.press("ArrowDown")
    await ben.keyboard.press("Space")
    await ben.keyboard.press("Tab")
    await ben.keyboard.type("It was not only at home.")
    await press(ben, "section.card form [type=submit]")
    await expect(ben.locator("main .tag--bad")).to_have_count(1)
    await astrid.goto(link_in(only(asked, ASTRIDS), "/"))
    first = astrid.locator("form:has([name=answer])").first
    await first.locator("[value=confirm]").check()
    await first.get_by_role("button").click()
    await expect(astrid.locator("main .tag--ok")).to_have_count(1)
    await astrid.locator("form:has([name=act][value=lived]) button").click()
    await expect(astrid.locator("#lived-h + p")).to_contain_text("Tack")
    await desk.reload()
    settle = desk.locator("form:has([name=act][value=settle])")
    await settle.locator("[name=settled]").fill("We say so now: at home and on the ward.")
    await settle.get_by_role("button").click()
    await expect(desk.locator("main")).to_contain_text("Settled on")
    await ben.reload()
    await expect(ben.locator("main")).to_contain_text("at home and on the ward")


async def read_what_came_out(server: Server, astrid: Page, ben: Page, summary: str) -> None:
    """In Swedish for everybody, in English for those who decide; as a file, found and fed."""
    await astrid.goto(f"/summaries/{summary}?audience=citizens")
    await expect(astrid.locator("main")).to_contain_text(WHAT)
    await look_over(astrid, "summary")
    await ben.goto("/search")
    await type_in(ben, "main [name=q]", "four slips")
    await ben.keyboard.press("Enter")
    await expect(ben.locator("#found-h")).to_contain_text("found")
    await look_over(ben, "search")
    await press(ben, f"main a[href*='/summaries/{summary}']")
    await ben.wait_for_url(f"**/summaries/{summary}*")
    await press(ben, "main a[href*='audience=leaders']")
    await ben.wait_for_url("**audience=leaders*")
    await expect(ben.locator("main")).to_contain_text("Ward 7")
    href = await ben.locator("main a[href*='.pdf']").first.get_attribute("href")
    assert href
    paper = await ben.request.get(href)
    assert paper.headers["content-type"] == "application/pdf"
    pdf = await paper.body()
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 10_000
    feed = await server.http.get("/summaries/feed.atom?language=sv")
    assert f"/summaries/{summary}" in feed.text
    assert TITLE["sv"] in feed.text


async def follow_up(look: Look, astrid: Page, ben: Page, post: Post) -> None:
    """Three months later: the owner answers, and everybody can see it."""
    assert await post.at(datetime(2027, 6, 4, 4, 0, tzinfo=UTC)) == []
    [asked] = await post.at(datetime(2027, 6, 4, 7, 1, tzinfo=UTC))
    owner = await look(link_in(asked, "/owners/"), language="sv", size=NARROW)
    assert asked["To"] == OWNERS
    await expect(owner.locator("main")).to_contain_text(WHAT)
    await look_over(owner, "owner")
    await owner.locator("[name=status][value=done]").check()
    await owner.locator("[name=reason]").fill("Alla får samma nummer sedan mars.")
    await owner.get_by_role("button", name="Spara").click()
    await expect(owner.get_by_role("status")).to_contain_text("Tack")
    # What became of it: to her who has night already, in the morning.
    assert to_whom(await post.at(datetime(2027, 6, 4, 18, 55, tzinfo=UTC))) == [BENS]
    assert to_whom(await post.at(datetime(2027, 6, 5, 5, 1, tzinfo=UTC))) == [ASTRIDS]
    news = await post.at(datetime(2027, 6, 5, 8, 1, tzinfo=UTC))
    assert to_whom(news) == [ASTRIDS, BENS]
    for letter in news:
        link_in(letter, "/recommendations")
        assert "avstängd" not in text_of(letter)
        assert "was off" not in text_of(letter)
    await astrid.goto("/recommendations")
    await expect(astrid.locator("main")).to_contain_text("Alla får samma nummer")
    await look_over(astrid, "board")
    await astrid.goto("/")
    await expect(astrid.locator("main")).to_contain_text("Alla får samma nummer")
    await look_over(astrid, "home")
    await ben.goto("/cases/esther")
    await expect(ben.locator("main")).to_contain_text("Give every patient a single number")


async def test_what_was_decided_comes_back(server: Server, look: Look) -> None:
    assert server.fatima is not None
    post = Post(server)
    desk, meeting, session_id = await plan_meeting(server, look)
    invited = await post.come()
    astrid, ben = await reply(look, invited)
    answered = await post.come()
    assert to_whom(answered) == [ASTRIDS, BENS]
    await desk.goto(f"/workshops/{meeting}/needs")
    await expect(desk.locator("main")).to_contain_text("Skrivtolk")
    await look_over(desk, "needs")
    calendar = await look("/calendar", language="sv", size=NARROW)
    await expect(calendar.locator("main")).to_contain_text(TITLE["sv"])
    await look_over(calendar, "calendar")
    await calendar.goto(f"/workshops/{meeting}")
    await look_over(calendar, "meeting")

    # Both are reminded by their own clock: at this hour it is night already for one of them.
    assert await post.at(DAY - timedelta(days=21)) == []
    week = await post.at(DAY - timedelta(days=7, minutes=59))
    assert to_whom(week) == [ASTRIDS]
    week += await post.at(DAY - timedelta(days=7) + timedelta(minutes=1))
    assert to_whom(week) == [ASTRIDS, BENS]
    assert await post.at(DAY - timedelta(days=2)) == []
    day = await post.at(DAY - timedelta(hours=25) + timedelta(minutes=1))
    assert to_whom(day) == [ASTRIDS]
    assert "I morgon kl. 20.00 (London 19.00)" in text_of(day[0])
    day += await post.at(DAY - timedelta(hours=24) + timedelta(minutes=1))
    assert to_whom(day) == [ASTRIDS, BENS]
    assert "tomorrow at 20:00 Stockholm, 19:00 London" in text_of(day[1])
    assert await post.at(DAY - timedelta(hours=16)) == []
    await sign_in(server, desk, server.fatima)
    await desk.goto("/schedule")
    await expect(desk.locator("h1")).to_have_text("Timed tasks")
    await look_over(desk, "schedule")

    # A quarter of an hour before, the door opens by itself.
    state = (await server.fatima.get(f"/sessions/{session_id}")).json()["state"]
    assert state == "planned"
    soon = await post.at(DAY - timedelta(minutes=15) + timedelta(seconds=30))
    state = (await server.fatima.get(f"/sessions/{session_id}")).json()["state"]
    assert state == "open"
    assert to_whom(soon) == [ASTRIDS, BENS]
    await astrid.goto(link_in(only(day, ASTRIDS), "/replies/"))
    await astrid.get_by_role("link", name="Till träffen").first.click()
    await come_in(astrid, "Astrid", "patient", ASTRIDS)
    await ben.goto(link_in(only(soon, BENS), "/join/"))
    await come_in(ben, "Ben", "practitioner", BENS)
    session = Session(
        session_id,
        "",
        server.fatima,
        await seat_of(server, astrid, session_id, "Astrid"),
        await seat_of(server, ben, session_id, "Ben"),
    )
    server.app.state.clock.set(DAY)
    await hold(server, session)
    assert await post.come() == []
    await sign_in(server, desk, server.fatima)
    await desk.goto(f"/workshops/{meeting}/organise")
    await expect(desk.get_by_role("link", name="Who is responsible")).to_be_visible()
    thanks = await post.at(DAY + timedelta(hours=13))
    assert to_whom(thanks) == [ASTRIDS, BENS]
    await astrid.goto(link_in(only(thanks, ASTRIDS), "/replies/"))
    await expect(astrid.get_by_role("heading", name="Hur var det?")).to_be_visible()

    summary = await write_summary(server, desk, session)
    asked = await post.come()
    await confirm(desk, astrid, ben, asked)
    assert await post.at(DAY + timedelta(days=7, hours=1)) == []
    [ready] = await post.at(DAY + timedelta(days=7, hours=15))
    await sign_in(server, desk, server.fatima)
    await desk.goto(link_in(ready, "/sessions/"))
    await desk.locator("form[action$='/record/publish'] button").click()
    await expect(desk.locator("form[action$='/record/publish']")).to_have_count(0)
    edda = await look("/help")
    await sign_in(server, edda, await account(server, "editor", "Edda"))
    await edda.goto(f"/summaries/{summary}/edit?audience=citizens")
    await edda.get_by_role("button", name="Publish for all five audiences").click()
    await expect(edda.locator("main")).to_contain_text("edition 1")
    await edda.goto(f"/workshops/{meeting}/organise")
    await expect(edda.locator("#act-follow_up")).to_be_visible()
    assert to_whom(await post.come()) == [ASTRIDS, BENS]
    await server.app.state.ticker.jobs["search"].run()
    await astrid.goto(f"/workshops/{meeting}")
    await expect(astrid.get_by_role("link", name="Protokollet")).to_be_visible()
    await read_what_came_out(server, astrid, ben, summary)
    await follow_up(look, astrid, ben, post)


async def account(server: Server, role: str, name: str) -> Person:
    async with server.app.state.database.transaction() as tx:
        now = server.app.state.clock.now()
        made = await people.add_account(
            tx, email=f"{name}@example.org", name=name, role=role, language="en", now=now
        )
        token = await people.sign_in(tx, made, kind="token", now=now)
    return Person(server.http, token, id=made.id, name=name, language="en")
