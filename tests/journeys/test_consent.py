"""Saying yes in a browser: the questions by keyboard, and being asked again while one writes."""

from __future__ import annotations

import copy
import os
import re
from datetime import timedelta

import pytest
import yaml
from playwright.async_api import Page, expect

from hub.people import actions as people
from hub.people.texts import SHIPPED

from ..cast import plan
from ..live.conftest import Server
from .conftest import LAPTOP, NARROW, UNDERSTOOD, Look, check_access, check_fits

pytestmark = pytest.mark.timeout(300)
SHOTS = os.environ.get("SHOTS")
SAID = "Jag fick aldrig veta vem jag skulle ringa."


async def shoot(page: Page, name: str) -> None:
    """A picture for whoever wants to look."""
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


async def change_text(server: Server) -> None:
    """A new text comes into force, while people sit in the room."""
    settings, clock = server.app.state.settings, server.app.state.clock
    folder = settings.data_dir / "consent"
    folder.mkdir()
    made = copy.deepcopy(yaml.safe_load((SHIPPED / "2026-11.yaml").read_bytes()))
    yesterday = (clock.now() - timedelta(days=1)).date().isoformat()
    news = {"sv": "Ljud kan skrivas ner.", "en": "Sound may be written down."}
    made |= {"version": "own-2", "date": yesterday, "news": news}
    (folder / "own-2.yaml").write_text(yaml.safe_dump(made, allow_unicode=True))
    async with server.app.state.database.transaction() as tx:
        await people.sync_texts(tx, folder, now=clock.now())


async def test_the_questions_are_answered_by_keyboard(server: Server, look: Look) -> None:
    assert server.fatima is not None
    made = await plan(server.fatima)
    page = await look(f"/join/{made['code']}", language="sv", size=NARROW)
    await check_fits(page, "join")
    await shoot(page, "join-320-sv")
    await page.locator("#name").focus()
    await page.keyboard.type("Astrid")
    for wrong in ("[name=understood_q1][value=a]", "[name=understood_q2][value=b]"):
        await page.locator(wrong).focus()
        await page.keyboard.press("Space")
    await page.locator("#contact").focus()
    await expect(page.locator("#email")).to_be_hidden()
    await page.keyboard.press("Space")
    await expect(page.locator("#email")).to_be_visible()
    await page.locator("#email").fill("astrid@example.org")
    await page.locator("#take_part").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_focused()
    await shoot(page, "join-wrong-320-sv")
    await check_fits(page, "join with wrong answers")
    await check_access(page, "join with wrong answers")
    await expect(page.locator("#name")).to_have_value("Astrid")
    await expect(page.locator("#email")).to_have_value("astrid@example.org")
    told = page.locator("fieldset .note--wait")
    await expect(told).to_have_count(2)
    await expect(told.first).to_contain_text("Du kan sluta när du vill.")
    # From the summary straight to the question, and by arrows to the right answer.
    await page.locator(".problems a[href='#understood_q1']").focus()
    await page.keyboard.press("Enter")
    await page.locator("[name=understood_q1]:checked").focus()
    await page.keyboard.press("ArrowDown")
    await page.locator("[name=understood_q2]:checked").focus()
    await page.keyboard.press("ArrowUp")
    for name, answer in UNDERSTOOD.items():
        await expect(page.locator(f"[name={name}]:checked")).to_have_value(answer)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sessions/*")
    await page.goto("/consent")
    await check_fits(page, "consent")
    await check_access(page, "consent")
    await shoot(page, "consent-320-sv")
    other = await look(f"/join/{made['code']}")
    await expect(other.get_by_text("Who can read what you write")).to_be_visible()
    await check_fits(other, "join")
    await shoot(other, "join-1280-en")


async def test_asked_again_while_writing_nothing_is_lost(server: Server, look: Look) -> None:
    assert server.fatima is not None
    made = await plan(server.fatima)
    page = await look(f"/join/{made['code']}", language="sv", size=NARROW)
    await page.locator("#name").fill("Astrid")
    for name, answer in UNDERSTOOD.items():
        await page.locator(f"[name={name}][value={answer}]").check()
    await page.locator("#take_part").check()
    await page.locator("form[action='/join'] [type=submit]").click()
    await page.wait_for_url("**/sessions/*")
    await server.fatima.post(f"/sessions/{made['id']}/start")
    await expect(page.locator("#stage")).to_contain_text("Steg 1")
    await expect(page.locator("#stage")).to_contain_text("Kom ihåg: du är med i forskning.")
    talk = page.locator("#talk textarea")
    await talk.fill(SAID)
    await change_text(server)
    await page.locator("#talk").get_by_role("button", name="Skicka").click()
    again = page.locator("#consent-again-h")
    await expect(again).to_be_focused()
    await expect(page.locator("blockquote", has_text=SAID)).to_be_visible()
    await check_fits(page, "asked again")
    await check_access(page, "asked again")
    await shoot(page, "again-320-sv")
    send = page.get_by_role("button", name="Spara och skicka inlägget")
    await send.click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await page.locator("#take_part").focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await expect(page.locator("#log", has_text=SAID)).to_be_visible()
    # The draft is gone with the post: the box is empty, now and after a reload.
    await expect(talk).to_have_value("")
    await page.reload()
    await expect(talk).to_have_value("")
    await expect(page.locator("#log li", has_text=SAID)).to_have_count(1)
    await page.locator("#stage").get_by_role("link", name="Mina val").click()
    await expect(page.get_by_role("link", name=re.compile("version own-2"))).to_be_visible()
    await check_fits(page, "choices")
    await check_access(page, "choices")
    await shoot(page, "choices-320-sv")
    await page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    await shoot(page, "choices-1280-sv")
