"""A whole forum in Chromium: a Swedish phone, an English laptop, a facilitator, a projector."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.cast import CARD
from tests.live.conftest import Server

from .conftest import LAPTOP, NARROW, PHONE, UNDERSTOOD, Look, check_access, check_fits

pytestmark = pytest.mark.timeout(900)


async def sign_in(page: Page) -> None:
    await page.get_by_role("textbox", name="E-mail").fill("fatima@example.org")
    await page.get_by_label("Password").fill("correct horse")
    await page.locator("main").get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/sessions")


async def plan_forum(page: Page) -> tuple[str, str]:
    """Fatima plans a forum with one card; returns the session's address and the code."""
    await page.goto("/sessions/new")
    await check_access(page, "new session")
    await page.goto("/sessions/new")
    await page.locator("[name=title_sv]").fill("Hemgång från sjukhus")
    await page.locator("[name=title_en]").fill("Going home from hospital")
    await page.locator("main form").first.evaluate("f => f.requestSubmit()")
    await page.wait_for_url("**/desk")
    session = page.url.removesuffix("/desk")
    for name, text in {
        "title_sv": "Lappar",
        "title_en": "Slips",
        "text_sv": "Fyra lappar med fyra nummer.",
        "text_en": "Four slips with four numbers.",
    }.items():
        await page.locator(f"[name={name}]").first.evaluate(
            "(e, v) => { const d = e.closest('details'); if (d) d.open = true; e.value = v; }", text
        )
    await page.locator("form:has([name=text_sv])").evaluate("f => f.requestSubmit()")
    await expect(page.get_by_text("Slips").first).to_be_visible()
    code = "".join((await page.locator(".joincode").first.inner_text()).split())
    return session, code


async def join(page: Page, *, name: str, role: str) -> None:
    await page.locator("[name=name]").fill(name)
    await page.locator(f"[name=role][value={role}]").check()
    for question, answer in UNDERSTOOD.items():
        await page.locator(f"[name={question}][value={answer}]").check()
    await page.locator("[name=take_part]").check()
    await page.locator("form:has([name=take_part]) [type=submit]").click()
    await page.wait_for_url("**/sessions/*")


async def write(page: Page, text: str) -> None:
    talk = page.locator("#talk")
    if await talk.evaluate("e => e.tagName") == "DETAILS":
        await talk.evaluate("e => { e.open = true; }")
    await talk.locator("textarea").fill(text)
    await talk.get_by_role("button", name=re.compile("Skicka|Send")).click()


async def test_two_people_hold_a_forum(server: Server, look: Look) -> None:
    desk = await look("/sign-in")
    await check_access(desk, "sign in")
    await desk.goto("/sign-in")
    await sign_in(desk)
    await check_access(desk, "sessions")
    session, code = await plan_forum(desk)
    await check_access(desk, "plan")

    # Joining, with a fault on the way: nothing that was typed is lost.
    astrid = await look(f"/join/{code}", language="sv", size=PHONE)
    await check_access(astrid, "join")
    await astrid.goto(f"/join/{code}")
    await astrid.locator("[name=name]").fill("Astrid")
    await astrid.locator("form:has([name=take_part])").evaluate("f => { f.noValidate = true; }")
    await astrid.locator("form:has([name=take_part]) [type=submit]").click()
    await expect(astrid.get_by_role("alert")).to_be_visible()
    await expect(astrid.locator("[name=name]")).to_have_value("Astrid")
    await join(astrid, name="Astrid", role="patient")
    ben = await look(f"/join/{code}", size=LAPTOP)
    await join(ben, name="Ben", role="practitioner")
    await expect(astrid.get_by_role("heading", level=1)).to_have_text("Hemgång från sjukhus")
    await expect(ben.get_by_role("heading", level=1)).to_have_text("Going home from hospital")
    await astrid.get_by_role("button", name="Jag är redo").click()

    await desk.goto(f"{session}/desk")
    await desk.locator("form[action$='/start'] [type=submit]").click()
    await expect(astrid.locator("#stage")).to_contain_text("Steg 1 av 9")
    await expect(ben.locator("#stage")).to_contain_text("Step 1 of 9")

    # Each reads their own language, the original one tap away.
    await astrid.reload()
    await ben.reload()
    await write(astrid, "Jag fick fyra lappar <b>med</b> fyra telefonnummer.")
    first = ben.locator("#log li", has_text="Astrid").last
    await expect(first).to_contain_text("Machine translation")
    await first.locator("summary").first.click()
    await expect(first.locator(".orig")).to_have_text(
        "Jag fick fyra lappar <b>med</b> fyra telefonnummer."
    )
    await expect(astrid.locator("#talk textarea")).to_have_value("")
    await write(ben, "Nobody was wrong, but nobody was mine.")
    await expect(astrid.locator("#log li", has_text="Ben").last).to_contain_text("Maskinöversatt")
    await check_access(astrid, "room, sv")
    await check_access(ben, "room, en")

    # Ben replies from the panel under the post, then takes it back.
    await first.get_by_role("link", name=re.compile("Reply")).click()
    panel = first.locator(".acts")
    await panel.locator("[name=text]").first.fill("I had the same.")
    await panel.get_by_role("button", name="Send the reply").click()
    await expect(astrid.locator("#log")).to_contain_text(re.compile("svarar Astrid"))

    # The author corrects the machine; Ben sees who did.
    mine = astrid.locator("#log li", has_text="fyra telefonnummer").first
    await mine.locator("a.more").click()
    correct = mine.locator("details[id^=do-correct]")
    await correct.evaluate("d => { d.open = true; }")
    await correct.locator("[name=text]").fill("I was given four slips with four numbers.")
    await correct.get_by_role("button").click()
    await expect(ben.locator("#log")).to_contain_text("Translation corrected by Astrid")
    await expect(ben.locator("#log")).to_contain_text("I was given four slips with four numbers.")

    # Phase by phase to the proposals.
    for title in ("Resultat", "Egna tankar", "Tolka", "Byt perspektiv", "Gemensam bild", "Förslag"):
        await desk.reload()
        await advance(desk)
        await expect(astrid.locator("#stage .phase__now")).to_contain_text(title)
        if title == "Egna tankar":
            await astrid.reload()
            private = astrid.locator(".private form")
            await private.locator("textarea").fill("Det här är bara mitt.")
            await private.locator("[type=submit]").first.click()
            await expect(astrid.locator("#mine")).to_contain_text("Det här är bara mitt.")
            await check_access(astrid, "reflecting")
    await astrid.reload()
    proposal = astrid.locator("form:has([name=measure])").first
    await proposal.locator("[name=text], [name=what]").first.fill("Sätt er ner hos patienten.")
    await proposal.locator("[name=owner]").fill("Avdelning 7")
    await proposal.locator("[name=when]").fill("2027-03-01")
    await proposal.locator("[name=measure]").fill("Två frågor i veckan")
    await proposal.locator("[type=submit]").first.click()
    await expect(ben.locator("#log article.rec")).to_have_count(1)
    await desk.reload()
    await advance(desk)
    for person in (astrid, ben):
        await expect(person.locator("#stage .phase__now")).to_contain_text(
            re.compile("Beslut|Decision")
        )
        await person.reload()
        stance = person.locator("form:has([name=kind][value=stance])").first
        await stance.evaluate("f => { const d = f.closest('details'); if (d) d.open = true; }")
        await stance.locator("[name=value][value=consent]").check()
        await stance.locator("[type=submit]").click()
    await expect(ben.locator("#log article.rec .tally li").first).to_contain_text("2")
    await check_access(ben, "deciding")

    # The desk and the projector.
    await desk.reload()
    await check_access(desk, "desk")
    screen = await look(f"{session}/screen", context=desk.context)
    await screen.set_viewport_size({"width": 1280, "height": 720})
    await expect(screen.locator("body")).to_contain_text("Beslut")
    await expect(screen.locator("body")).to_contain_text("Decision")
    assert "Astrid" not in await screen.inner_text("body")
    await check_access(screen, "projector")

    # The end, and the record.
    await desk.goto(f"{session}/desk")
    await advance(desk)
    await desk.locator("form[action$='/close'] [type=submit]").first.evaluate("b => b.click()")
    await expect(astrid.locator("#stage")).to_contain_text("Tack")
    for person, language in ((astrid, "sv"), (ben, "en")):
        await person.goto(f"{session}/record")
        text = await person.inner_text("main")
        assert "Avdelning 7" in text or "7" in text
        assert "Det här är bara mitt" not in text
        await check_access(person, f"record, {language}")


async def advance(desk: Page) -> None:
    """The facilitator goes on; where work is left, with a reason."""
    form = desk.locator("form[action$='/advance']").last
    reason = form.locator("[name=reason]")
    if await reason.count():
        await form.evaluate("f => { const d = f.closest('details'); if (d) d.open = true; }")
        await reason.fill("We go on")
        force = form.locator("[name=force][type=checkbox]")
        if await force.count():
            await force.check()
    before = await desk.locator("#desk-steps [aria-current=step]").inner_text()
    await form.locator("[type=submit]").last.click()
    await expect(desk.locator("#desk-steps [aria-current=step]")).not_to_have_text(before)


@pytest.mark.parametrize("path", ["/", "/join", "/sign-in", "/help", "/privacy", "/accessibility"])
@pytest.mark.parametrize("language", ["sv", "en"])
async def test_public_pages_are_for_everybody(look: Look, path: str, language: str) -> None:
    page = await look("/help", language=language, size=NARROW)
    await check_page(page, path)
    assert await page.get_attribute("html", "lang") == language


async def check_page(page: Page, path: str) -> None:
    """A page at 320 pixels in light and at 1280 in dark: nothing sticks out, axe finds nothing."""
    await page.goto(path)
    for size, scheme in ((NARROW, "light"), (LAPTOP, "dark")):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await check_fits(page, f"{path} {size['width']}")
        await check_access(page, f"{path} {size['width']}", schemes=(scheme,))
    await page.emulate_media(color_scheme="light")


async def test_every_page_of_a_participant_is_for_everybody(server: Server, look: Look) -> None:
    session = await server.session()
    await session.astrid.said(session.id, "x" * 300)
    said = await session.ben.said(session.id, "See https://example.org/" + "a" * 200)
    page = await look(f"/resume/{session.astrid.token}", language="sv", size=NARROW)
    for path in ("", "/choices", "/record", f"/contributions/{said['id']}"):
        await check_page(page, f"/sessions/{session.id}{path}")
    await session.moved("close")
    await check_page(page, f"/sessions/{session.id}")
    stranger = await look("/nowhere", size=NARROW)
    for path in ("/nowhere", f"/join/{session.code}", "/join/WRONG"):
        await check_page(stranger, path)


async def test_every_page_of_a_facilitator_is_for_everybody(server: Server, look: Look) -> None:
    planned, running = await server.session(start=False), await server.session()
    card = (await planned.fatima.post(f"/sessions/{planned.id}/findings", CARD)).json()
    said = await running.astrid.said(running.id, "Ett inlägg om sömn och lugn.")
    await running.ben.post(f"/sessions/{running.id}/hand")
    await running.go_to("converge")
    await running.astrid.said(running.id, "Ord som stänger samtalet", "theme")
    page = await look(f"/sign-in/{server.link}?next=/sessions", size=NARROW)
    await page.locator("main [type=submit]").click()
    await page.wait_for_url("**/sessions")
    for path in (
        "/sessions",
        "/sessions/new",
        "/cases",
        "/cases/ward/edit",
        f"/findings/{card['id']}",
        f"/sessions/{planned.id}/desk",
        f"/sessions/{running.id}/desk",
        f"/sessions/{running.id}/screen",
        f"/sessions/{running.id}/record",
        f"/sessions/{running.id}/contributions/{said['id']}",
    ):
        await check_page(page, path)


async def test_without_script_all_works_by_reload(server: Server, look: Look) -> None:
    session = await server.session()
    page = await look(
        f"/resume/{session.astrid.token}", language="sv", size=PHONE, java_script_enabled=False
    )
    await page.locator("#talk textarea").fill("Utan skript går det också.")
    await page.locator("#talk").get_by_role("button", name="Skicka").click()
    await expect(page.locator("#log")).to_contain_text("Utan skript går det också.")
    said = await session.ben.said(session.id, "I hear you.")
    await page.get_by_role("link", name="Ladda om").click()
    await expect(page.locator(f"#contribution-{said['id']}")).to_be_visible()
    await page.locator(f"#contribution-{said['id']} a.more").click()
    await page.locator("form:has([name=reply_to]) textarea").fill("Tack!")
    await page.locator("form:has([name=reply_to]) [type=submit]").click()
    await expect(page.locator("#log")).to_contain_text("Tack!")
    await session.moved("pause")
    await page.reload()
    await expect(page.locator("#stage")).to_contain_text("paus")


@pytest.mark.parametrize("script", [True, False])
async def test_what_was_refused_is_still_in_the_box(
    server: Server, look: Look, script: bool
) -> None:
    session = await server.session()
    page = await look(f"/resume/{session.ben.token}", size=PHONE, java_script_enabled=script)
    await page.locator("#talk textarea").fill("Too late, but not lost.")
    await session.moved("pause")
    if not script:
        await page.locator("#talk").get_by_role("button", name="Send").click()
    await expect(page.locator("#composer")).to_contain_text("break")
    if script:
        kept = page.locator("#composer textarea")
        await expect(kept.first).to_have_value("Too late, but not lost.")
    else:
        assert "Too late, but not lost." in await page.content()


async def test_a_double_click_says_it_once(server: Server, look: Look) -> None:
    session = await server.session()
    page = await look(f"/resume/{session.ben.token}")
    await page.locator("#talk textarea").fill("Only once, please.")
    await page.locator("#talk").get_by_role("button", name="Send").dblclick()
    await expect(page.locator("#log li", has_text="Only once, please.")).to_have_count(1)
    await page.wait_for_timeout(500)
    listed = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    assert [c["text"] for c in listed].count("Only once, please.") == 1


async def test_a_live_page_equals_one_loaded_afresh(server: Server, look: Look) -> None:
    session = await server.session()
    live = await look(f"/resume/{session.ben.token}")
    one = await session.astrid.said(session.id, "Första inlägget om sömn.")
    await session.ben.said(session.id, "Second.")
    await session.astrid.post(f"/contributions/{one['id']}/dispute", {"word": "sleep"})
    await session.astrid.delete(f"/contributions/{one['id']}")
    await session.astrid.said(session.id, "Tredje.")
    await expect(live.locator("#log li", has_text="Astrid").last).to_contain_text(
        "Machine translation"
    )
    fresh = await look(f"/sessions/{session.id}", context=live.context)
    script = """() => [...document.querySelectorAll('#log > li[id]')].map(
        li => [li.id, li.querySelector('article').innerText.replace(/\\s+/g, ' ')])"""
    for _ in range(100):
        shown = await live.evaluate(script), await fresh.evaluate(script)
        if shown[0] == shown[1]:
            break
        await live.wait_for_timeout(100)
    assert shown[0] == shown[1]


async def test_the_keyboard_is_enough(server: Server, look: Look) -> None:
    session = await server.session()
    page = await look(f"/resume/{session.ben.token}")
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.matches('#talk textarea')"):
            break
    await page.keyboard.type("Typed without a mouse.")
    for _ in range(5):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.matches('#talk [type=submit]')"):
            break
    await page.keyboard.press("Enter")
    await expect(page.locator("#log")).to_contain_text("Typed without a mouse.")


async def test_the_first_view_of_the_room_is_light(server: Server, look: Look) -> None:
    session = await server.session()
    page = await look("/help")
    # What that page still waits for is not part of the room's first view.
    await page.wait_for_load_state("networkidle")
    client = await page.context.new_cdp_session(page)
    await client.send("Network.enable")
    sizes: dict[str, float] = {}
    client.on(
        "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    await client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await page.goto(f"/resume/{session.ben.token}")
    await page.wait_for_load_state("networkidle")
    assert sum(sizes.values()) <= 90_000, sizes


async def test_whoever_restates_a_post_has_it_before_them(server: Server, look: Look) -> None:
    session = await server.session()
    await session.go_to("restate")
    said = await session.astrid.said(session.id, "Ingen hade fel, men ingen var min.")
    page = await look(f"/resume/{session.ben.token}", size=PHONE)
    await expect(page.locator(f"#contribution-{said['id']}")).to_contain_text("Machine translation")
    await page.locator("#w-restatement-of").select_option(said["id"])
    quote = page.locator("#w-restatement-quote")
    shown = await page.locator(f"#contribution-{said['id']} .msg__text").inner_text()
    await expect(quote).to_have_text(shown)
    await page.locator("#w-restatement-text").fill("You mean that nobody was yours.")
    await page.locator("form:has(#w-restatement-of) [type=submit]").click()
    await expect(page.locator("#log")).to_contain_text("restates Astrid")
