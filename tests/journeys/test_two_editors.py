"""Two editors at the same principle at the same time: nothing is lost, both understand."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from hub.charters import actions as charters
from hub.people import actions as people
from tests.charters.desk import VST

from ..live.conftest import Server
from .conftest import LAPTOP, NARROW, Look, check_access, check_fits

EDIT = f"/charters/{VST}/principles/vst-8/edit"
EDDAS = "Att vara oense hör till arbetet. Innan vi svarar visar vi att vi har förstått."
EVANS = "Att vara oense är bra. Innan vi säger emot visar vi att vi har lyssnat."
THIRD = "Att vara oense är bra. Innan vi svarar visar vi att vi har förstått."


async def sign_in(server: Server, page: Page, name: str) -> None:
    app = server.app
    now = app.state.clock.now()
    async with app.state.database.transaction() as tx:
        account = await people.add_account(
            tx, email=f"{name}@example.org", name=name, role="editor", language="en", now=now
        )
        secret = await people.sign_in(tx, account, kind="browser", now=now)
        await charters.load_shipped(tx, now=now, demonstration=False)
    cookie = {"name": "hub_account", "value": secret, "url": server.url}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]


async def test_two_editors_lose_nothing_and_see_what_happened(server: Server, look: Look) -> None:
    edda, evan = await look("/"), await look("/", size=NARROW)
    await sign_in(server, edda, "Edda")
    await sign_in(server, evan, "Evan")
    await edda.goto(EDIT)
    await evan.goto(EDIT)
    box = "#text_sv"
    before = await edda.locator(box).input_value()

    # Evan types and closes the lid: what he wrote is there when he is back.
    await evan.locator(box).fill(EVANS)
    await expect(evan.locator("[data-kept]")).to_contain_text("Draft kept")
    await evan.goto(f"/charters/{VST}/edit")
    await expect(evan.locator("#row-vst-8")).to_contain_text("your draft")
    await evan.goto(EDIT)
    await expect(evan.locator(box)).to_have_value(EVANS)
    await expect(evan.locator("#draft-sv")).to_contain_text("you have a draft")
    await check_access(evan, "a draft kept")
    await check_fits(evan, "a draft kept")

    # Edda saves with the keyboard alone.
    await edda.locator(box).fill(EDDAS)
    await edda.get_by_role("button", name="Save", exact=True).focus()
    await edda.keyboard.press("Enter")
    await expect(edda.get_by_role("status").first).to_contain_text("Saved.")

    # Evan comes second: he sees both texts and what she changed, and nothing of his is gone.
    await evan.get_by_role("button", name="Save", exact=True).click()
    await expect(evan.locator("h1")).to_have_text("Two of you have written here")
    page = evan.locator("main")
    await expect(page).to_contain_text("Edda")
    await expect(page.locator(".side").first).to_contain_text(EDDAS)
    await expect(page.locator(".side--draft")).to_contain_text(EVANS)
    assert "removed: " in (await page.locator("del").first.text_content() or "")
    await check_access(evan, "two texts")
    await check_fits(evan, "two texts")
    await evan.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    await evan.get_by_label("A third text, which I write below").check()
    await evan.locator("#third_text_sv").fill(THIRD)
    await evan.get_by_role("button", name="Save my choice").click()
    await expect(evan.locator(box)).to_have_value(THIRD)

    # Edda reloads: the text that stands now, and who wrote what before it.
    await edda.goto(EDIT)
    await expect(edda.locator(box)).to_have_value(THIRD)
    await edda.locator("summary", has_text="What has been done").click()
    log = edda.locator("details[open]").last
    await expect(log).to_contain_text("Evan")
    await expect(log).to_contain_text("Edda")
    assert before not in (EDDAS, EVANS, THIRD)


async def test_the_public_page_is_for_everybody_and_for_paper(server: Server, look: Look) -> None:
    async with server.app.state.database.transaction() as tx:
        now = server.app.state.clock.now()
        await charters.load_shipped(tx, now=now, demonstration=False)
    page = await look(f"/charters/{VST}?view=both", language="sv", size=NARROW)
    await check_access(page, "both languages")
    await check_fits(page, "both languages")
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    await check_fits(page, "both languages, twice the size")
    await page.goto(f"/charters/{VST}?view=sv#vst-3")
    await expect(page.locator("#vst-3")).to_be_in_viewport()
    await page.emulate_media(media="print")
    await expect(page.locator("nav.site__nav")).to_be_hidden()
    await expect(page.locator("#vst-3")).to_contain_text("Utkast")
    await page.emulate_media(media="screen")
    for _ in range(60):
        await page.keyboard.press("Tab")
        href = await page.evaluate("document.activeElement.getAttribute('href') || ''")
        if re.search("/pdf", href):
            break
    else:
        raise AssertionError("the PDF is not reached with the keyboard")
    answer = await server.http.get(f"/charters/{VST}/pdf?view=both")
    assert answer.content.startswith(b"%PDF")
