"""Seven people in two languages through a shortened forum, each with a screen of their own kind."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from ..live.conftest import Server
from .conftest import NARROW, PHONE, UNDERSTOOD, Look, check_access, check_fits
from .test_forum import sign_in

pytestmark = pytest.mark.timeout(1200)

TABLET = {"width": 820, "height": 1180}
SHOTS = os.environ.get("SHOTS")
SECRET = "Jag vågade inte säga att jag var rädd."
MINUTES = {
    "arrive": 4,
    "evidence": 5,
    "reflect": 4,
    "interpret": 7,
    "restate": 8,
    "converge": 6,
    "recommend": 6,
    "decide": 6,
    "close": 4,
}
INTERPRETED = {
    "Ingrid": "Jag fick fyra lappar med fyra telefonnummer och visste inte vem jag skulle ringa.",
    "Maj": "När jag ringde visste ingen i telefonen vem min man var.",
    "Ben": "The last hour before somebody goes home is always the busiest on our ward.",
    "Olle": "Vi mäter hur fort patienterna kommer hem, inte hur trygga de är där.",
    "Kim": "Several people told us that one familiar voice would have been enough.",
    "Sara": "I journalerna står det sällan vem som ska ringa upp patienten.",
    "Noor": "A phone number without a name is not much help at night.",
}
RESTATED = {
    "Ingrid": "Du menar att ingen hinner lugnt gå igenom vad som händer sedan.",
    "Maj": "Du menar att det ska vara en människa man känner igen.",
    "Ben": "You mean that nobody took charge of the whole.",
    "Olle": "Du menar att det inte räcker med ett nummer om man inte vet vem som svarar.",
    "Kim": "You mean that being safe at home is not what gets counted.",
    "Sara": "Du menar att den som ringer måste börja om från början varje gång.",
    "Noor": "You mean that it is never written down who has to call.",
}

# Where the focus is, whether it can be seen, and whether something lies over it.
FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return 'nowhere';
  const s = getComputedStyle(e), r = e.getBoundingClientRect();
  const name = `${e.tagName.toLowerCase()}#${e.id}.${e.className}`;
  if (s.outlineStyle === 'none' || parseFloat(s.outlineWidth) < 2) return `${name} has no ring`;
  const xs = [r.left + 3, (r.left + r.right) / 2, r.right - 3];
  const ys = [r.top + 3, (r.top + r.bottom) / 2, r.bottom - 3];
  const seen = xs.some(x => ys.some(y => {
    const top = document.elementFromPoint(x, y);
    return top && (top === e || e.contains(top) || top.contains(e) && top.closest('label'));
  }));
  return seen ? '' : `${name} is out of sight`;
}"""
# Which way a control lies from where the focus is, and how often to press at least: half as often
# as there are controls between, since of a group of radio buttons only one is stopped at.
WAY = """selector => {
  const at = document.activeElement;
  if (at.matches(selector)) return ['here', 0];
  const to = document.querySelector(selector);
  if (!to || at === document.body) return ['Tab', 1];
  const back = at.compareDocumentPosition(to) & 2;
  const [first, last] = back ? [to, at] : [at, to];
  const between = [...document.querySelectorAll('a[href],button,input,select,textarea,summary')]
    .filter(e => e.checkVisibility() && e.type !== 'radio' && e.type !== 'hidden'
      && first.compareDocumentPosition(e) & 4 && e.compareDocumentPosition(last) & 4);
  return [back ? 'Shift+Tab' : 'Tab', Math.max(1, Math.floor(between.length / 2))];
}"""
# What a page shows and everybody shares, without the clock: of this page, or of one fetched now.
SHOWN = """async afresh => {
  const page = afresh
    ? new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), 'text/html')
    : document;
  const text = e => {
    const copy = e.cloneNode(true);
    copy.querySelectorAll('.acts, [data-left], time').forEach(x => x.remove());
    return copy.textContent.replace(/\\s+/g, ' ').trim();
  };
  const parts = ['#stage', '#shown', '#queue', '#desk-side'].map(s => page.querySelector(s));
  return [
    ...parts.filter(Boolean).map(text),
    ...[...page.querySelectorAll('#log > li[id]:not([hidden]), #mine > li[id]:not([hidden])')]
      .map(e => `${e.id} ${text(e)}`),
  ];
}"""
# Text that is cut off: it is wider than its box, and the box does not show the rest.
CUT_OFF = """() => [...document.querySelectorAll('body *')].filter(e => {
  const s = getComputedStyle(e);
  return ['hidden', 'clip'].includes(s.overflowX) && s.clipPath === 'none'
    && e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 1;
}).map(e => `${e.tagName}#${e.id}.${e.className}: ${e.textContent.trim().slice(0, 40)}`)"""


async def shoot(page: Page, name: str, *, part: str = "", whole: bool = True) -> None:
    """A picture for people to look at, where the environment asks for one."""
    if not SHOTS:
        return
    path = Path(SHOTS) / f"{name}.png"
    if part:
        await page.locator(part).first.evaluate("e => e.scrollIntoView({ block: 'start' })")
    await page.screenshot(path=path, full_page=whole and not part)


async def is_open(page: Page, selector: str) -> bool:
    return await page.locator(selector).get_attribute("open") is not None


class Hand:
    """Somebody who points, on a page of their own."""

    def __init__(self, page: Page, name: str, language: str, *, script: bool = True) -> None:
        self.page, self.name, self.language, self.script = page, name, language, script

    async def press(self, selector: str) -> None:
        await self.page.locator(selector).first.click()

    async def fill(self, selector: str, text: str) -> None:
        await self.page.locator(selector).first.fill(text)

    async def tick(self, selector: str) -> None:
        await self.page.locator(selector).first.check()

    async def choose(self, selector: str, value: str) -> None:
        await self.page.locator(selector).first.select_option(value)

    async def unfold(self, selector: str) -> None:
        """Open a ``details`` that is closed."""
        if not await is_open(self.page, selector):
            await self.press(f"{selector} > summary")

    async def expect_focus(self, inside: str) -> None:
        """Only who works by keyboard needs to know where they are."""


class Keyboard(Hand):
    """Somebody who has no mouse: Tab, Shift and Tab, Enter, Space, arrows, and typing."""

    async def reach(self, selector: str) -> None:
        """Tab to the first control that fits, in the direction in which it lies."""
        await expect(self.page.locator(selector).first).to_be_visible()
        for _ in range(300):
            way, times = await self.page.evaluate(WAY, selector)
            if way == "here":
                break
            for _ in range(times):
                await self.page.keyboard.press(way)
        else:
            raise AssertionError(f"the keyboard does not reach {selector}")
        await self.in_sight()

    async def in_sight(self) -> None:
        """What has the focus shows a ring and can be seen; posts that come in may move it."""
        for _ in range(200):
            if await self.page.evaluate(FOCUS) == "":
                return
            await self.page.wait_for_timeout(100)
        await self.page.keyboard.press("Shift+Tab")
        await self.page.keyboard.press("Tab")
        assert await self.page.evaluate(FOCUS) == ""

    async def press(self, selector: str) -> None:
        await self.reach(selector)
        await self.page.keyboard.press("Enter")

    async def fill(self, selector: str, text: str) -> None:
        await self.reach(selector)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(text)

    async def tick(self, selector: str) -> None:
        """A box by Space; one of several by the arrows."""
        wanted = self.page.locator(selector).first
        if await wanted.get_attribute("type") == "checkbox":
            await self.reach(selector)
            await self.page.keyboard.press("Space")
        else:
            group = re.sub(r"\[value=[^]]*\]", "", selector)
            await self.reach(group)
            for _ in range(12):
                if await self.page.evaluate("s => document.activeElement.matches(s)", selector):
                    break
                await self.page.keyboard.press("ArrowDown")
            await self.page.keyboard.press("Space")
        await expect(wanted).to_be_checked()
        await self.in_sight()

    async def choose(self, selector: str, value: str) -> None:
        await self.reach(selector)
        for _ in range(40):
            if await self.page.locator(selector).input_value() == value:
                return
            await self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} is not among {selector}")

    async def expect_focus(self, inside: str) -> None:
        await expect(self.page.locator(f"{inside} :focus, {inside}:focus").first).to_be_attached()
        if not await self.page.locator("[tabindex='-1']:focus").count():
            await self.in_sight()


# --- what people do ---------------------------------------------------------------------------


async def join(person: Hand, code: str, *, role: str, also: Iterable[str] = ()) -> None:
    await person.page.goto(f"/join/{code}")
    for box in ("bilingual",):
        if box in also:
            await person.tick(f"#{box}")
    await person.fill("#name", person.name)
    await person.tick(f"input[name=role][value='{role}']")
    for question, answer in UNDERSTOOD.items():
        await person.tick(f"input[name={question}][value={answer}]")
    await person.tick("#take_part")
    if "quote_role" in also:
        await person.tick("#quote_role")
    await person.press("form[action='/join'] [type=submit]")
    await person.page.wait_for_url("**/sessions/*")
    await person.press("#ready button")
    await expect(person.page.locator("#ready")).to_contain_text(re.compile("redo|ready"))


async def come_along(person: Hand, phase: str) -> None:
    """The step has changed: a page with script follows by itself, one without is loaded again."""
    if not person.script:
        await person.press(".nojs a")
    await expect(person.page.locator(f"#stage [data-phase={phase}]")).to_be_visible()
    await expect(person.page.locator(f"#composer[data-phase={phase}]")).to_be_visible()


async def send(person: Hand, form: str, text: str) -> str:
    """Send a form of the composer whose text is filled in; returns the id of what was said."""
    await person.press(f"form[data-draft='{form}'] button[type=submit].btn--main")
    said = said_by(person, text)
    await expect(said.first).to_be_visible()
    await person.expect_focus("#composer")
    return (await said.first.get_attribute("id") or "").removeprefix("contribution-")


def said_by(person: Hand, text: str) -> Locator:
    return person.page.locator("#log > li[id]").filter(has_text=text)


async def write(person: Hand, text: str, kind: str = "contribution") -> str:
    if await person.page.locator("details#talk").count():
        await person.unfold("#talk")
    await person.tick(f"#talk input[name=kind][value={kind}]")
    await person.fill("#talk textarea", text)
    return await send(person, "talk", text)


async def open_panel(person: Hand, said: str) -> None:
    """What one may do with a post: under it, or without script on a page of its own."""
    await person.press(f"#contribution-{said} a.more")
    await expect(person.page.locator(".acts__in")).to_be_visible()


async def reply(person: Hand, said: str, text: str) -> None:
    await open_panel(person, said)
    await person.fill(f"#a-{said}-reply-text", text)
    await person.press("form:has([name=act][value=reply]) button[type=submit]")
    await expect(said_by(person, text)).to_be_visible()
    await person.expect_focus(f"#contribution-{said}")


async def think(person: Hand, text: str = "") -> None:
    form = "form[data-draft=reflection]"
    if text:
        await person.fill(f"{form} textarea", text)
        await person.press(f"{form} .btn--main")
    else:
        await person.press(f"{form} [name=skipped]")
    await expect(person.page.locator("#mine > li")).not_to_have_count(0)
    await person.expect_focus("#composer")


async def restate(person: Hand, text: str, *, by_panel: bool = False) -> str:
    """Put into one's own words the post that was offered; returns its id."""
    if not person.script:
        await person.page.reload()
    offer = "#mine li[data-kind=bot] a[href^='#contribution-']"
    link = person.page.locator(offer)
    await expect(link).to_be_visible()
    of = (await link.get_attribute("href") or "").removeprefix("#contribution-")
    await person.press(offer)
    if by_panel:
        await open_panel(person, of)
        await person.unfold(f"#do-restate-{of}")
        await person.fill(f"#a-{of}-restate-text", text)
        await person.press(f"#do-restate-{of} button[type=submit]")
        await expect(said_by(person, text)).to_be_visible()
        await person.expect_focus(f"#contribution-{of}")
    else:
        await person.choose("#w-restatement-of", of)
        await person.fill("#w-restatement-text", text)
        await send(person, "restatement", text)
    return of


async def answer(person: Hand, restatement: str, word: str) -> None:
    form = f"form[data-draft='restatement_check:{restatement}']"
    if not person.script:
        await person.press(".nojs a")
    await person.press(f"{form} [name=answer][value={word}]")
    await expect(person.page.locator(form)).to_have_count(0)
    await person.expect_focus("#composer")


async def rate(person: Hand, theme: str, scale: str, value: int | str) -> None:
    card = f"#rate-{theme}-{scale}"
    await person.tick(f"{card} input[name=value][value='{value}']")
    await person.press(f"{card} button[type=submit]")
    await expect(person.page.locator(f"{card}:not([open])")).to_be_visible()
    await person.expect_focus("#composer")


async def suggest(person: Hand, text: str, made_from: str) -> str:
    await person.fill("#w-theme-text", text)
    await person.unfold("#theme-from")
    await person.tick(f"#w-theme-from-{made_from}")
    return await send(person, "theme", text)


async def rank(person: Hand, theme: str, *, up: int) -> None:
    """Move a theme up, one place at a time, and save the order."""
    ranks = person.page.locator("#ranking .ranks > li")
    button = f"#rank-up-{theme}"
    for _ in range(up):
        at = await ranks.locator(button).evaluate(
            "e => [...e.closest('ol').children].indexOf(e.closest('li'))"
        )
        await person.press(button)
        await expect(ranks.nth(at - 1).locator(button)).to_have_count(1)
        await person.expect_focus(button)
    await person.press("#rank-save")
    await expect(person.page.locator("#ranking .tag--ok")).to_be_visible()
    await person.expect_focus("#composer")


async def change(person: Hand, draft: str, words: dict[str, str]) -> None:
    """Put a proposal in other words, or add what it lacks."""
    await open_panel(person, draft)
    await person.unfold(f"#do-change-{draft}")
    for name, text in words.items():
        await person.fill(f"#a-{draft}-change-{name}", text)
    await person.press(f"#do-change-{draft} button[type=submit]")
    await expect(person.page.locator(f"#contribution-{draft} .sent")).to_be_visible()


async def split(person: Hand, draft: str, *parts: str) -> None:
    await open_panel(person, draft)
    await person.unfold(f"#do-split-{draft}")
    for n, text in enumerate(parts, 1):
        await person.fill(f"#do-split-{draft} [name=text_{n}]", text)
    await person.press(f"#do-split-{draft} button[type=submit]")
    await expect(person.page.locator(f"#contribution-{draft} .sent")).to_be_visible()


async def amend(person: Hand, draft: str, text: str) -> None:
    await person.unfold("#amend")
    await person.choose("#w-amendment-of", draft)
    await person.fill("#w-amendment-text", text)
    await send(person, "amendment", text)


async def propose(person: Hand, text: str, when: str = "2099-03-01") -> str:
    box = "#w-recommendation"
    await person.fill(f"{box}-text", text)
    await person.fill(f"{box}-owner", "Avdelning 7" if person.language == "sv" else "Ward 7")
    if when:
        await person.fill(f"{box}-when", when)
    await person.fill(
        f"{box}-measure", "Två frågor i veckan" if person.language == "sv" else "Two questions"
    )
    return await send(person, "recommendation", text)


async def decide(person: Hand, draft: str, value: str, reason: str = "") -> None:
    card = f"#decide-{draft}"
    await person.tick(f"{card} input[name=value][value={value}]")
    if reason:
        await person.fill(f"#w-stance-{draft}-reason", reason)
    await person.press(f"{card} button[type=submit]")
    await expect(person.page.locator(f"{card} > summary .tag")).to_be_visible()
    await person.expect_focus("#composer")


async def take_with(person: Hand, text: str) -> None:
    await person.fill("#w-checkout-text", text)
    await send(person, "checkout", text)


async def answer_questions(person: Hand, when: str) -> None:
    await person.press(f"#stage .asks a[href$='/questions/{when}']")
    await person.page.wait_for_url(f"**/questions/{when}")
    for item in await person.page.locator(".scale").all():
        if await item.is_visible():
            await item.locator("input").nth(3).check()
    await person.press("main form .btn--main")
    await expect(person.page.locator(".note--ok")).to_be_visible()
    await person.press("main form .btn--text")
    await person.page.wait_for_url(re.compile(r"/sessions/[^/]+$"))


# --- what the facilitator does ------------------------------------------------------------------


async def plan(desk: Page) -> str:
    """A forum with shorter steps and one card; returns the code."""
    await desk.goto("/sign-in")
    await sign_in(desk)
    await desk.goto("/sessions/new")
    await desk.locator("[name=format][value=jif-90]").check()
    await desk.locator("[name=title_sv]").fill("Hemgång från sjukhus")
    await desk.locator("[name=title_en]").fill("Going home from hospital")
    await desk.locator("#times > summary").click()
    for phase, minutes in MINUTES.items():
        await desk.locator(f"[name=minutes_{phase}]").fill(str(minutes))
    await desk.get_by_role("button", name="Create the session").click()
    await desk.wait_for_url("**/desk")
    for name, text in {
        "title_sv": "Lappar",
        "title_en": "Slips of paper",
        "text_sv": "Fyra lappar med fyra nummer.",
        "text_en": "Four slips with four numbers.",
    }.items():
        await desk.locator(f"#findings [name={name}]").fill(text)
    await desk.locator("#findings form [type=submit]").last.click()
    await expect(desk.locator("#cards-h ~ ol")).to_contain_text("Slips of paper")
    await desk.get_by_role("button", name="Open the waiting room").click()
    await expect(desk.locator("main .tag").first).to_contain_text("Waiting room")
    return "".join((await desk.locator(".joincode").first.inner_text()).split())


async def go_on(desk: Page, title: str) -> None:
    """The desk says that the step is done, and offers the next."""
    await expect(desk.locator("#exit .tag--ok")).to_be_visible()
    await desk.locator("#desk-steps form[action$='/advance'] [type=submit]").click()
    await expect(desk.locator("#desk-steps [aria-current=step]")).to_contain_text(title)


async def force(desk: Page, title: str, reason: str) -> None:
    await desk.locator("#desk-steps details[id^=force-] > summary").click()
    await desk.locator("#desk-steps [name=reason]").fill(reason)
    await desk.locator("#desk-steps form[action$='/advance'] [type=submit]").click()
    await expect(desk.locator("#desk-steps [aria-current=step]")).to_contain_text(title)


async def do_with(desk: Page, said: str, act: str) -> None:
    """Something that the desk offers under a post."""
    post = desk.locator(f"#contribution-{said}")
    await post.locator("a.more").click()
    await post.get_by_role("button", name=act).click()
    await expect(post.locator(".sent")).to_be_visible()


# --- what must hold -------------------------------------------------------------------------------


async def expect_same(page: Page, name: str) -> None:
    """The live page shows what one loaded afresh shows."""
    for last in [*itertools.repeat(False, 60), True]:
        live, fresh = await asyncio.gather(page.evaluate(SHOWN, False), page.evaluate(SHOWN, True))
        if live == fresh:
            return
        if last:
            assert live == fresh, name
        await asyncio.sleep(1)


async def enlarge_text(page: Page) -> None:
    """The text size of the browser's own settings, doubled."""
    client = await page.context.new_cdp_session(page)
    await client.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    await client.detach()


async def check_large_text(page: Page, name: str) -> None:
    """At 320 pixels with text of twice the size nothing sticks out and nothing is cut off."""
    size = "getComputedStyle(document.documentElement).fontSize"
    if await page.evaluate(size) != "32px":
        # Chromium forgets it when colours are emulated.
        await enlarge_text(page)
    assert await page.evaluate(size) == "32px"
    await check_fits(page, name)
    assert await page.evaluate(CUT_OFF) == [], name


async def check_as_seen(page: Page, name: str) -> None:
    """axe-core finds nothing, in the colours that this person has."""
    dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    await check_access(page, name, schemes=("dark" if dark else "light",))


async def check_secret(pages: Iterable[Page]) -> None:
    async def check(page: Page) -> None:
        assert SECRET not in await page.content(), page.url
        assert SECRET not in await page.evaluate(
            "async () => (await fetch(location.pathname)).text()"
        )

    await asyncio.gather(*(check(page) for page in pages))


async def test_seven_people_hold_a_forum(server: Server, look: Look) -> None:
    def on(kind: type[Hand], name: str, language: str, **more: Any) -> Any:
        async def start() -> Hand:
            page = await look("/help", language=language, **more)
            return kind(page, name, language, script=more.get("java_script_enabled", True))

        return start()

    desk = await look("/sign-in")
    code = await plan(desk)
    ingrid, maj, olle, sara, ben, kim, noor = everybody = await asyncio.gather(
        on(Hand, "Ingrid", "sv", size=PHONE),
        on(Hand, "Maj", "sv", java_script_enabled=False),
        on(Hand, "Olle", "sv", size=NARROW),
        on(Hand, "Sara", "sv", size=TABLET, color_scheme="dark"),
        on(Hand, "Ben", "en", size=PHONE),
        on(Keyboard, "Kim", "en"),
        on(Hand, "Noor", "en"),
    )
    await enlarge_text(olle.page)
    live = [p for p in everybody if p.script]
    by_name = {p.name: p for p in everybody}

    async def all_come(phase: str) -> None:
        await asyncio.gather(*(come_along(p, phase) for p in everybody))
        await check_large_text(olle.page, phase)

    async def all_same(moment: str) -> None:
        await asyncio.gather(
            *(expect_same(p.page, f"{p.name}, {moment}") for p in live),
            expect_same(desk, f"desk, {moment}"),
        )

    # Into the room by the link, with consent.
    await asyncio.gather(
        join(ingrid, code, role="patient", also=["quote_role"]),
        join(maj, code, role="carer"),
        join(olle, code, role="leader"),
        join(sara, code, role="phd_student"),
        join(ben, code, role="practitioner"),
        join(kim, code, role="researcher"),
        join(noor, code, role="", also=["bilingual"]),
    )
    await check_large_text(olle.page, "waiting")
    await answer_questions(ben, "before")
    await desk.get_by_role("link", name="Reload").click()
    await expect(desk.locator("#go-h ~ p").first).to_contain_text("7 people have joined. 7 ready")
    await desk.get_by_role("button", name="Start the session").click()
    await desk.wait_for_url("**/desk")
    # A window of its own: in a tab behind another one, Chromium draws once a second.
    screen = await look(
        desk.url.removesuffix("/desk") + "/screen",
        size={"width": 1280, "height": 720},
        storage_state=await desk.context.storage_state(),
    )
    await all_come("arrive")
    await write(noor, "I am Noor, and I read both languages.")
    await check_as_seen(noor.page, "arrive")

    # The card: one asks, another answers.
    await go_on(desk, "Findings")
    await all_come("evidence")
    await desk.locator("#show-h ~ ul button").click()
    for person in live:
        await expect(person.page.locator("#shown")).to_contain_text(re.compile("Lappar|Slips"))
    question = await write(ben, "Who handed out the slips?", "question")
    await expect(desk.locator("#exit .tag--ok")).to_have_count(0)
    await maj.page.reload()
    await reply(maj, question, "Sköterskan på avdelningen gav dem till oss.")
    await check_large_text(olle.page, "evidence, a card")
    await asyncio.gather(all_same("evidence"), check_as_seen(ben.page, "evidence"))

    # Own thoughts are one's own.
    await go_on(desk, "Own thoughts")
    await all_come("reflect")
    await think(ingrid, SECRET)
    await asyncio.gather(*(think(p) for p in (maj, olle, sara, kim, noor)))
    await check_large_text(olle.page, "reflect, done")
    await check_as_seen(kim.page, "reflect")
    others = [p.page for p in everybody if p is not ingrid] + [desk, screen]
    await check_secret(others)

    # Everybody writes, and reads in their own language.
    await go_on(desk, "Interpret")
    await all_come("interpret")
    ids = await asyncio.gather(*(write(by_name[n], text) for n, text in INTERPRETED.items()))
    posts = dict(zip(INTERPRETED, ids, strict=True))
    theirs = ingrid.page.locator(f"#contribution-{posts['Ben']}")
    await expect(theirs).to_contain_text("Maskinöversatt")
    await theirs.locator("summary").first.click()
    await expect(theirs.locator(".orig")).to_have_text(INTERPRETED["Ben"])
    await open_panel(noor, posts["Ingrid"])
    await noor.unfold(f"#do-correct-{posts['Ingrid']}")
    corrected = "I was handed four slips with four numbers and did not know whom to call."
    await noor.fill(f"#a-{posts['Ingrid']}-correct-text", corrected)
    await noor.press(f"#do-correct-{posts['Ingrid']} button")
    for reader in (ben, kim):
        await expect(said_by(reader, corrected)).to_contain_text("Translation corrected by Noor")
    await do_with(desk, posts["Ingrid"], "Put on screen")
    await expect(screen.locator(".said")).to_contain_text(corrected)
    await check_large_text(olle.page, "interpret, seven posts")
    await shoot(ingrid.page, "phone-interpret")
    await shoot(screen, "projector", whole=False)
    await asyncio.gather(
        all_same("interpret"),
        check_as_seen(ingrid.page, "interpret"),
        check_as_seen(screen, "projector"),
    )

    # Pairs by the desk; each restates what was offered, and the authors answer.
    await go_on(desk, "Change places")
    await all_come("restate")
    await desk.get_by_role("button", name="Make pairs and ask all of them").click()
    await expect(ingrid.page.locator("#mine li[data-kind=bot]")).to_have_count(1)
    await shoot(desk, "desk-restate")
    by_panel = (olle, kim, noor)
    offered = await asyncio.gather(
        *(restate(p, RESTATED[p.name], by_panel=p in by_panel) for p in everybody)
    )
    await check_large_text(olle.page, "restate")
    await shoot(olle.page, "large-restate", part="#composer .restate")
    restated_by = {of: p for p, of in zip(everybody, offered, strict=True)}
    assert sorted(restated_by) == sorted(posts.values()), "everybody is read by somebody"
    words = {"Ingrid": "yes", "Maj": "no", "Kim": "partly", "Ben": "yes", "Sara": "yes"}
    # Noor says nothing: the facilitator will not wait.
    silent = noor

    async def answer_reader(author: Hand) -> None:
        reader = restated_by[posts[author.name]]
        found = said_by(reader, RESTATED[reader.name])
        restatement = (await found.get_attribute("id") or "").removeprefix("contribution-")
        await answer(author, restatement, words.get(author.name, "yes"))

    await asyncio.gather(*(answer_reader(p) for p in everybody if p is not silent))
    await check_large_text(olle.page, "restate, answered")
    await asyncio.gather(all_same("restate"), check_as_seen(olle.page, "restate"))
    await expect(desk.locator("#desk-side")).to_contain_text("Noor has not answered")
    assert await desk.locator("#exit .tag--ok").count() == 0
    await force(desk, "Shared picture", "Noor answers in the break")

    # Themes, hidden ratings until everybody has answered, and a ranking by buttons.
    await all_come("converge")
    quiet, safe, voice = themes = [
        await suggest(sara, "Ingen äger hela hemgången", posts["Ingrid"]),
        await suggest(olle, "Trygghet syns inte i det vi mäter", posts["Kim"]),
        await suggest(noor, "One known voice at the other end", posts["Kim"]),
    ]
    await maj.page.reload()
    values: dict[str, int | str] = {
        "Ingrid": 5,
        "Maj": 4,
        "Olle": 5,
        "Sara": 4,
        "Ben": 3,
        "Kim": 5,
    }
    await asyncio.gather(*(rate(by_name[n], quiet, "importance", v) for n, v in values.items()))
    await asyncio.gather(
        *(
            rate(p, theme, "agreement", 4)
            for p, theme in zip((ingrid, ben, sara), themes, strict=True)
        ),
        *(rate(p, safe, "importance", 5) for p in (maj, kim, olle)),
    )
    await check_large_text(olle.page, "converge, rating")
    await shoot(olle.page, "large-rating", part="#composer details.card[open]")
    await asyncio.gather(*(rate(p, voice, "importance", 2) for p in (ingrid, ben, sara)))
    for page in [*(p.page for p in live), desk, screen]:
        await expect(page.locator("#log .rated")).to_have_count(0)
    await rate(noor, quiet, "importance", "pass")
    rated = re.compile("1: 0 · 2: 0 · 3: 1 · 4: 2 · 5: 3 · 1 ")
    for page in [*(p.page for p in live), desk]:
        await expect(page.locator(f"#contribution-{quiet} .rated")).to_have_text(rated)
        await expect(page.locator("#log .rated")).to_have_count(1)
    await do_with(desk, safe, "Show the ratings now")
    for page in [*(p.page for p in live), desk]:
        await expect(page.locator(f"#contribution-{safe} .rated")).to_have_count(2)
    await asyncio.gather(rank(maj, voice, up=2), rank(kim, voice, up=1), rank(ingrid, quiet, up=0))
    await expect(desk.locator("#log .rated")).to_have_count(3)
    await desk.get_by_role("button", name="Show the rankings now").click()
    await expect(olle.page.locator(f"#contribution-{voice} .rated")).to_contain_text("1")
    await check_large_text(olle.page, "converge, ranked")
    await shoot(sara.page, "dark-converge", whole=False)
    await asyncio.gather(all_same("converge"), check_as_seen(sara.page, "converge"))

    # Proposals: one lacks its date, another holds two things.
    await go_on(desk, "Proposals")
    await all_come("recommend")
    lamp, call, both = await asyncio.gather(
        propose(ben, "We sit down with the patient and go through the last page."),
        propose(olle, "Avdelningen ringer patienten dagen efter hemgången.", when=""),
        propose(maj, "Skriv ett namn på lappen och öppna en kvällslinje."),
    )
    await expect(desk.locator("#desk-side")).to_contain_text("Missing:")
    await change(noor, call, {"when": "2099-05-01"})
    await split(sara, both, "Skriv ett namn på lappen.", "Öppna en kvällslinje.")
    await check_large_text(olle.page, "recommend")
    parts = kim.page.locator(f"#contribution-{both} .cluster a[href^='#contribution-']")
    await expect(parts).to_have_count(2)
    named, evening = [
        (await part.get_attribute("href") or "").removeprefix("#contribution-")
        for part in await parts.all()
    ]
    await all_same("recommend")
    # axe is a script itself: it looks at Maj's page where scripts run, without those of the page.
    copy = await look("/help", storage_state=await maj.page.context.storage_state())
    await copy.route("**/live.js*", lambda route: route.fulfill(body=""))
    await copy.goto(maj.page.url)
    await check_as_seen(copy, "recommend")
    await copy.close()

    # A decision without objections: one objects, one suggests a change, and all answer anew.
    await go_on(desk, "Decision")
    await all_come("decide")
    await decide(kim, lamp, "objection", "Nobody has the time at four in the afternoon.")
    await shoot(kim.page, "keyboard-decide", whole=False)
    await asyncio.gather(
        *(decide(p, lamp, "consent") for p in (ingrid, maj, ben)),
        decide(olle, lamp, "stand_aside", "Jag är inte där på dagarna."),
    )
    await expect(desk.locator("#desk-side")).to_contain_text("1 open objection")
    await expect(desk.locator("#settle")).to_be_visible()
    await shoot(desk, "desk-decide")
    await check_large_text(olle.page, "decide, objection")
    await amend(ingrid, lamp, "Gör det före lunch i stället.")
    await change(ben, lamp, {"text": "We sit down with the patient before lunch."})
    await expect(kim.page.locator(f"#decide-{lamp}")).to_contain_text("The words have changed")
    await maj.page.reload()
    await asyncio.gather(
        *(decide(p, lamp, "consent") for p in (ingrid, maj, ben, kim, noor, sara)),
        decide(olle, lamp, "stand_aside", "Jag är inte där på dagarna."),
    )
    await asyncio.gather(
        *(decide(p, d, "consent") for p, d in ((ingrid, call), (ben, named), (kim, evening)))
    )
    await expect(sara.page.locator(f"#contribution-{lamp} .tally")).to_contain_text("6")
    await check_large_text(olle.page, "decide")
    await asyncio.gather(
        all_same("decide"),
        check_as_seen(kim.page, "decide"),
        check_as_seen(desk, "desk, decide"),
    )

    # The last round, a few questions, and the end.
    await go_on(desk, "Close")
    await all_come("close")
    await asyncio.gather(
        *(
            take_with(p, "Jag tar med mig lugnet." if p.language == "sv" else "I take one name.")
            for p in everybody
        )
    )
    await asyncio.gather(answer_questions(ingrid, "after"), answer_questions(maj, "after"))
    await check_large_text(olle.page, "close")
    await all_same("close")
    await check_secret([p.page for p in everybody if p is not ingrid] + [desk, screen])
    for name in by_name:
        assert name not in await screen.inner_text("body")
    if not await is_open(desk, "#finish"):
        await desk.locator("#finish > summary").click()
    await desk.get_by_role("button", name="End it now").click()
    await expect(olle.page.locator("#stage")).to_contain_text("Tack!")
    await check_large_text(olle.page, "the end")
    await maj.press(".nojs a")
    await all_same("the end")

    # The record.
    await asyncio.gather(*(p.press("#stage a[href$='/record']") for p in everybody))
    await asyncio.gather(*(p.page.wait_for_url("**/record") for p in everybody))
    await check_secret([p.page for p in everybody] + [desk])
    await check_large_text(olle.page, "record")
    record = kim.page
    restated = record.locator("section[aria-labelledby=pairs-h] .said-once")
    await expect(restated).to_have_count(7)
    await expect(restated.filter(has_text="Not answered by the author")).to_have_count(1)
    await expect(restated.filter(has_text="Understood right? Partly")).to_have_count(1)
    await expect(restated.filter(has_text="Understood right? No")).to_have_count(1)
    for theme, shown in ((quiet, 1), (safe, 2), (voice, 0)):
        await expect(record.locator(f"#said-{theme} .rated")).to_have_count(shown)
    decided = record.locator("article.rec")
    await expect(decided).to_have_count(4)
    await expect(record.locator(f"#rec-{lamp}")).to_contain_text("Adopted with dissent")
    await expect(record.locator(f"#rec-{lamp}")).to_contain_text("Gör det före lunch i stället.")
    for draft in (call, named, evening):
        await expect(record.locator(f"#rec-{draft} .tag--ok")).to_have_text("Adopted")
    await shoot(record, "record")
    await check_as_seen(record, "record")
    exported = await record.evaluate(
        "async () => (await fetch('/api/v1' + location.pathname)).text()"
    )
    assert "one familiar voice" in exported
    assert SECRET not in exported
