"""A whole express dialogue in Chromium, from the charter's page to the principle as adopted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from hub.charters import actions as charters
from hub.people import actions as people
from hub.people.models import find_account_by_email

from ..live.conftest import Server
from .conftest import NARROW, PHONE, Look, check_access, check_fits
from .test_seven_people import (
    Hand,
    Keyboard,
    come_along,
    go_on,
    join,
    reply,
    said_by,
    send,
    shoot,
    take_with,
    think,
    write,
)

pytestmark = pytest.mark.timeout(1200)

CHARTER = "vi-skapar-tillsammans"
PRINCIPLE = "vst-7"
EDIT = f"/charters/{CHARTER}/edit"
WORDS = "Vi använder vanliga ord och förklarar resten. Det är aldrig lyssnarens fel."
QUIET_SECONDS = 61
LIGHT = ("light",)


class Time:
    """What the clock of the server shows, which the test sets forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def time(server: Server, monkeypatch: pytest.MonkeyPatch) -> Time:
    shown = Time()
    monkeypatch.setattr(server.app.state.clock, "now", shown.now)
    return shown


async def keep_version(server: Server) -> str:
    """The charter as it is before the dialogue, kept by Ada; returns the version's number."""
    now = server.app.state.clock.now()
    async with server.app.state.database.transaction() as tx:
        ada = await people.add_account(
            tx, email="ada@example.org", name="Ada", role="admin", language="en", now=now
        )
        note = {"sv": "Så som de kom.", "en": "As they came."}
        state = await charters.make_version(tx, CHARTER, note=note, account=ada, now=now)
    assert state.version is not None
    return str(state.version["number"])


async def sign_in(server: Server, page: Page) -> None:
    """Ada, who holds dialogues and edits charters."""
    now = server.app.state.clock.now()
    async with server.app.state.database.transaction() as tx:
        ada = await find_account_by_email(tx, "ada@example.org")
        assert ada is not None
        secret = await people.sign_in(tx, ada, kind="browser", now=now)
    cookie = {"name": "hub_account", "value": secret, "url": server.url}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]


async def plan(desk: Page) -> tuple[str, str]:
    """An express dialogue on one principle; returns the session's address and its code."""
    await desk.goto("/sessions/new")
    await desk.get_by_role("radio", name="Reflective dialogue, express").check()
    await desk.locator(f"[name=charter][value={CHARTER}]").check()
    await desk.locator(f"#of-{CHARTER}:not([open]) > summary").evaluate_all("s => s[0]?.click()")
    await desk.locator(f"[name='principle-{CHARTER}/{PRINCIPLE}']").check()
    await check_access(desk, "planning a dialogue", schemes=LIGHT)
    await desk.locator("[name=title_sv]").fill("Ord vi förstår")
    await desk.locator("[name=title_en]").fill("Words we understand")
    await desk.get_by_role("button", name="Create the session").click()
    await desk.wait_for_url("**/desk")
    code = "".join((await desk.locator(".joincode").first.inner_text()).split())
    return desk.url.removesuffix("/desk"), code


async def look_at(page: Page, name: str) -> None:
    """Nothing sticks out, axe finds nothing; a picture where one is asked for."""
    await check_fits(page, name)
    await check_access(page, name, schemes=LIGHT)
    await shoot(page, name.replace(" ", "-"))


async def point(person: Hand, tag: str, side: str, text: str) -> None:
    await person.tick(f"#fit-point input[name=tag][value={tag}]")
    await person.tick(f"#fit-point input[name=side][value={side}]")
    await person.fill("#w-contribution-text", text)
    await send(person, f"fit/{PRINCIPLE}", text)


async def propose(person: Hand, text: str) -> str:
    await person.fill("#w-wording-text", text)
    return await send(person, f"wording/{PRINCIPLE}", text)


async def suggest_change(person: Hand, text: str) -> None:
    await person.tick("#change-box input[name=change][value=add]")
    await person.fill("#w-change-text", text)
    await send(person, f"change/{PRINCIPLE}", text)


async def rate(person: Hand, value: int, reason: str = "") -> None:
    await person.tick(f"#rate input[name=value][value='{value}']")
    if reason:
        await person.fill(f"#w-rating-{PRINCIPLE}-reason", reason)
    await person.press("#rate button[type=submit]")


async def agree(person: Hand, thing: str) -> None:
    await person.tick(f"#decide-{thing} input[name=value][value=consent]")
    await person.press(f"#decide-{thing} button[type=submit]")
    await expect(person.page.locator(f"#decide-{thing} .tag--ok")).to_be_visible()


async def go_quiet(desk: Page, time: Time) -> None:
    """A minute in which nobody proposes anything."""
    time.ahead += timedelta(seconds=QUIET_SECONDS)
    await expect(desk.locator("#exit .tag--ok")).to_be_visible()


async def test_a_dialogue_makes_a_new_version_of_a_principle(
    server: Server, look: Look, time: Time
) -> None:
    former = await keep_version(server)
    desk = await look(f"/charters/{CHARTER}")
    await expect(desk.locator(f"#{PRINCIPLE}")).to_contain_text("Draft")
    before = await desk.locator(f"#{PRINCIPLE}").inner_text()
    await sign_in(server, desk)
    session, code = await plan(desk)

    # They join by the link. Astrid has no mouse; Ben reads large letters on a small phone.
    astrid = Keyboard(await look(f"/join/{code}", language="sv", size=PHONE), "Astrid", "sv")
    await join(astrid, code, role="patient")
    ben = Hand(await look(f"/join/{code}", size=NARROW), "Ben", "en")
    await ben.page.add_init_script(
        "document.addEventListener('DOMContentLoaded',"
        " () => { document.documentElement.style.fontSize = '200%'; })"
    )
    await join(ben, code, role="practitioner")
    both = (astrid, ben)
    await desk.get_by_role("button", name="Start the session").click()
    await come_along(astrid, "arrive")
    await go_on(desk, "Understand")

    # Understand: a question keeps the step open until somebody answers it.
    for person in both:
        await come_along(person, "understand")
    await check_fits(ben.page, "understand, in large letters")
    question = await write(ben, "Who has to explain the words?", "question")
    await expect(desk.locator("#exit .tag--ok")).to_have_count(0)
    await expect(said_by(astrid, "Ben").last).to_be_visible()
    await reply(astrid, question, "Den som använder dem.")
    await go_on(desk, "Own experience")

    # Experience: a minute to oneself, then out loud.
    for person in both:
        await come_along(person, "experience")
    await think(astrid, "Det här är bara mitt.")
    await write(astrid, "Brevet var på latin.")
    await write(ben, "I used to say NPO to people.")
    await go_on(desk, "Does it fit?")

    for person in both:
        await come_along(person, "fit")
    await look_at(astrid.page, "fit sv")
    await point(astrid, "law", "for", "Lagen kräver klarspråk.")
    await point(ben, "culture", "against", "We like our long words.")
    await expect(desk.locator("#now .tagrows form")).to_have_count(4)
    for left in (3, 2, 1, 0):
        await desk.locator("#now .tagrows form button").first.click()
        await expect(desk.locator("#now .tagrows form")).to_have_count(left)
    await go_on(desk, "The words")

    # The words, and apart from them what it says.
    for person in both:
        await come_along(person, "wording")
    await look_at(ben.page, "wording en 320 large")
    wording = await propose(astrid, WORDS)
    await expect(ben.page.locator(f"#contribution-{wording}")).to_be_visible()
    await go_quiet(desk, time)
    await go_on(desk, "The substance")
    for person in both:
        await come_along(person, "change")
    await suggest_change(ben, "Add that we check whether we were understood.")
    await go_quiet(desk, time)
    await go_on(desk, "Rate")

    # Nobody sees a number before both have answered; a low one wants a reason.
    for person in both:
        await come_along(person, "rate")
    await look_at(astrid.page, "rate sv")
    await rate(astrid, 4, "Så vill jag ha det.")
    await expect(astrid.page.locator("#rate .tag--ok")).to_be_visible()
    await desk.reload()
    await ben.page.reload()
    for page in (desk, ben.page):
        assert "Så vill jag" not in await page.inner_text("body")
        await expect(page.locator("[data-kind=rating]")).to_have_count(0)
    await look_at(desk, "desk while people rate")
    await rate(ben, 2)
    await expect(ben.page.get_by_role("alert")).to_be_visible()
    assert "Så vill jag" not in await ben.page.inner_text("body")
    await ben.fill(f"#w-rating-{PRINCIPLE}-reason", "We do not work like this yet.")
    await ben.press("#rate button[type=submit]")
    for page in (astrid.page, desk):
        await expect(page.locator("body")).to_contain_text("We do not work like this yet.")
    await expect(ben.page.locator("#log")).to_contain_text("Så vill jag ha det.")
    await go_on(desk, "Agree or note")

    # The wording is put to the room; another text and back again. Ben answers without script.
    for person in both:
        await come_along(person, "settle")
    put = "form[action$='/put']:has([name=of][value='{}']) button"
    await desk.locator(put.format("")).click()
    await expect(astrid.page.locator(f"#decide-{PRINCIPLE}")).to_be_visible()
    await desk.locator(put.format(wording)).click()
    await expect(astrid.page.locator(f"#decide-{wording}")).to_contain_text(WORDS)
    await look_at(astrid.page, "settle sv")
    await agree(astrid, wording)
    cookies = await ben.page.context.cookies()
    plain = await look("/", size=NARROW, java_script_enabled=False)
    await plain.context.add_cookies(cookies)  # type: ignore[arg-type]
    await plain.goto(session)
    await agree(Hand(plain, "Ben", "en", script=False), wording)
    await expect(desk.locator("#now")).to_contain_text("Agreed")
    await go_on(desk, "Close")
    for person, text in ((astrid, "Ett ord i taget."), (ben, "Shorter words.")):
        await come_along(person, "close")
        await take_with(person, text)
    await desk.locator("form[action$='/close'] [type=submit]").first.evaluate("b => b.click()")
    await expect(astrid.page.locator("#stage")).to_contain_text("Tack")
    for person in both:
        await person.page.goto(f"{session}/record")
        await expect(person.page.locator("main")).to_contain_text(WORDS)
        assert "bara mitt" not in await person.page.inner_text("main")
        await check_fits(person.page, "record")
    await look_at(astrid.page, "record of a dialogue sv")

    await take_over(desk)
    await comment(astrid.page, session, "Bra, så pratar vi.")
    await look_at(astrid.page, "comment sv")
    await comment(ben.page, session, "I like it short.")
    time.ahead += timedelta(days=15)
    await sign_in(server, desk)
    await adopt(desk)

    # Everybody sees what was adopted, and what it says otherwise than before.
    page = await look(f"/charters/{CHARTER}?view=both", language="sv", size=NARROW)
    principle = page.locator(f"#{PRINCIPLE}")
    await expect(principle).to_contain_text(WORDS)
    await expect(principle).to_contain_text("Antagen")
    assert WORDS not in before
    await principle.locator("summary", has_text="Vad som har ändrats").first.click()
    await expect(principle.locator("del").first).to_be_visible()
    await expect(principle.locator("ins").first).to_be_visible()
    await expect(principle.locator("details").last).to_contain_text("Ord vi förstår")
    await look_at(page, "charter adopted sv 320")
    await page.emulate_media(media="print")
    await expect(page.locator("nav.site__nav")).to_be_hidden()
    await expect(principle).to_contain_text(WORDS)
    answer = await server.http.get(f"/charters/{CHARTER}/pdf?view=both")
    assert answer.content.startswith(b"%PDF")
    await page.goto(f"/charters/{CHARTER}/versions/{former}")
    await expect(page.locator(f"#{PRINCIPLE}")).not_to_contain_text(WORDS)


async def take_over(desk: Page) -> None:
    """The agreed words into the workbench, reviewed, tested, and out for comment."""
    await desk.goto(f"/charters/{CHARTER}/principles/{PRINCIPLE}/edit")
    await expect(desk.locator("#outcomes ~ p, #outcomes ~ ul").first).to_contain_text(
        re.compile("Suggested", re.I)
    )
    await desk.get_by_role("button", name="Use the agreed text").click()
    await expect(desk.locator("#text_sv")).to_have_value(WORDS)
    await check_access(desk, "workbench, a principle", schemes=LIGHT)
    await desk.reload()
    for code in ("sv", "en"):
        card = desk.locator(f"#status-{code}")
        await card.locator("[name=note]").fill("Read both against each other.")
        await card.locator("[name=reads_both]").check()
        await card.get_by_role("button", name="Mark as reviewed by a person").click()
        await expect(card).to_contain_text("Reviewed")
        await card.get_by_role("button", name="Mark as tested in dialogue").click()
        await expect(card).to_contain_text("Tested in dialogue")
    await desk.goto(EDIT)
    await desk.get_by_role("button", name=re.compile("Open a (new )?round")).click()
    await expect(desk.locator("main")).to_contain_text("Open until")
    await check_access(desk, "workbench", schemes=LIGHT)


async def comment(page: Page, session: str, text: str) -> None:
    """Those who took part find the notice where they come back to, and write."""
    await page.goto(session)
    await page.get_by_role("link", name=re.compile("Läs och kommentera|Read and comment")).click()
    await page.wait_for_url("**/comment")
    await check_fits(page, "comment")
    await page.locator(f"#text-{PRINCIPLE}").fill(text)
    await page.locator(f"#{PRINCIPLE} form [type=submit]").click()
    await expect(page.locator(f"#{PRINCIPLE}")).to_contain_text(text)


async def adopt(desk: Page) -> None:
    """After two weeks: a new version, with the principle adopted ahead of the rest."""
    await desk.goto(EDIT)
    form = desk.locator("form:has([name=act][value=adopt])")
    await expect(form.locator(f"#adopt-{PRINCIPLE}")).to_be_enabled()
    await form.locator(f"#adopt-{PRINCIPLE}").check()
    await form.locator("[name=body]").fill("The patient council")
    await form.locator("[name=adopt_note_sv]").fill("Patientrådet har antagit löfte 7.")
    await form.locator("[name=adopt_note_en]").fill("The patient council has adopted promise 7.")
    await form.get_by_role("button").click()
    await expect(desk.locator(f"#row-{PRINCIPLE}")).to_contain_text("Adopted")
    await expect(desk.locator("h1 + p")).to_contain_text("Version 1.0")
