"""Being invited, taking a break, having a post hidden, and withdrawing, in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from ..cast import plan
from ..live.conftest import Server
from .conftest import NARROW, PHONE, UNDERSTOOD, Look, check_access, check_fits

pytestmark = pytest.mark.timeout(300)
SUPPORT = {"name": "Karin Ek", "contact": "070-123 45 67"}
# Long enough for two slow processors, shorter than what a page asks for by itself after a fault.
AT_ONCE = 20_000


async def invite(server: Server, session: str, label: str) -> Any:
    assert server.fatima is not None
    body = {"label": label, "no_say_in_care": True}
    made = await server.fatima.post(f"/sessions/{session}/invitations", body)
    assert made.status_code == 201, made.text
    return made.json()


async def come_in(page: Page, name: str) -> None:
    await page.locator("[name=name]").fill(name)
    for question, answer in UNDERSTOOD.items():
        await page.locator(f"[name={question}][value={answer}]").check()
    await page.locator("[name=take_part]").check()
    await page.locator("form[action='/join'] [type=submit]").click()
    await page.wait_for_url("**/sessions/*")


async def look_over(page: Page, name: str) -> None:
    """Nothing for axe-core to say, and nothing that is wider than the narrowest phone."""
    await check_access(page, name)
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await check_fits(page, name)


async def test_an_invited_person_takes_a_break_and_comes_back(server: Server, look: Look) -> None:
    assert server.fatima is not None
    made = await plan(server.fatima, access="invited", guarded=True, support=SUPPORT)
    session = made["id"]
    astrids, bens = await invite(server, session, "Astrid"), await invite(server, session, "Ben")

    # Ben says no, and nobody can say yes with his link after that.
    ben = await look(bens["url"])
    await expect(ben.get_by_role("heading", level=1)).to_have_text("You are invited")
    await ben.get_by_text("No, I do not want to").click()
    await ben.get_by_role("button", name="I say no").click()
    await expect(ben.get_by_role("heading", level=1)).to_have_text("Thank you for telling us")
    await ben.goto(bens["url"])
    await expect(ben.locator("main")).to_contain_text("The link does not work.")

    astrid = await look(astrids["url"], language="sv", size=PHONE)
    await expect(astrid.get_by_role("heading", level=1)).to_have_text("Du är inbjuden")
    await look_over(astrid, "invitation")
    await astrid.get_by_role("link", name="Läs mer och gå vidare").click()
    await come_in(astrid, "Astrid")
    assert (await server.fatima.post(f"/sessions/{session}/start")).status_code == 200
    await expect(astrid.locator("#stage")).to_contain_text("Steg 1")
    # The code stands nowhere, since it opens nothing.
    assert made["code"] not in await astrid.content()
    await astrid.goto(astrids["url"])
    await astrid.wait_for_url(f"**/sessions/{session}")
    await ben.goto(astrids["url"])
    await expect(ben.get_by_role("heading", level=1)).to_have_text("The link has been used")

    pause = astrid.locator("form[action$='/break'] button")
    await expect(pause).to_have_text("Ta en paus")
    await expect(astrid.get_by_text("Karin Ek")).to_be_visible()
    await pause.focus()
    await astrid.keyboard.press("Enter")
    await expect(astrid.get_by_role("heading", level=1)).to_have_text("Du har paus")
    await expect(astrid.locator("main")).to_contain_text("070-123 45 67")
    await look_over(astrid, "break")
    await astrid.get_by_role("button", name="Jag är tillbaka").click()
    await expect(astrid.locator("#stage")).to_contain_text("Steg 1")

    # A recalled invitation closes the room that is open on the phone, and says who did it.
    gone = await server.fatima.delete(f"/sessions/{session}/invitations/{astrids['id']}")
    assert gone.status_code == 204
    out = astrid.get_by_role("heading", name="Du är inte kvar i rummet")
    await expect(out).to_be_visible(timeout=AT_ONCE)
    await expect(astrid.locator("main")).to_contain_text("har tagit tillbaka din inbjudan")


async def test_the_author_of_a_hidden_post_reads_why_and_answers(
    server: Server, look: Look
) -> None:
    session = await server.session()
    said = await session.astrid.said(session.id, "Syster Karin glömde mig.")
    astrid = await look(f"/resume/{session.astrid.token}", language="sv", size=PHONE)
    ben = await look(f"/resume/{session.ben.token}")
    await expect(ben.locator(f"#contribution-{said['id']}")).to_contain_text("Astrid")
    reason = {"reason": "third_person", "note": "Skriv gärna utan namnet."}
    assert (
        await session.fatima.post(f"/contributions/{said['id']}/hide", reason)
    ).status_code == 200
    await expect(ben.locator(f"#contribution-{said['id']}")).to_contain_text(
        "Hidden by the facilitator", timeout=AT_ONCE
    )
    for word in ("Syster Karin", "Points out somebody", "utan namnet"):
        assert word not in await ben.content()
    told = astrid.locator("#own-hidden")
    await expect(told).to_contain_text("Pekar ut någon som inte är här", timeout=AT_ONCE)
    await expect(told).to_contain_text("Skriv gärna utan namnet.")
    await told.get_by_role("link", name="Svara eller ta tillbaka det").click()
    await look_over(astrid, "own hidden post")
    answer = astrid.locator("form[action$='/answer']")
    await answer.locator("textarea").fill("Jag skriver om det.")
    await answer.get_by_role("button", name="Skicka mitt svar").click()
    await expect(told).to_contain_text("Ditt svar: Jag skriver om det.")
    moderation = (await session.fatima.get(f"/sessions/{session.id}/moderation")).json()
    assert [c["hidden_answer"] for c in moderation["hidden"]] == ["Jag skriver om det."]


async def test_the_name_of_whoever_withdraws_leaves_open_screens_at_once(
    server: Server, look: Look
) -> None:
    session = await server.session()
    await session.astrid.said(session.id, "Ingen ringde mig.")
    await session.ben.said(session.id, "Thank you for that, Astrid.")
    ben = await look(f"/resume/{session.ben.token}")
    await expect(ben.locator("#log")).to_contain_text("Thank you for that, Astrid.")
    astrid = await look(f"/resume/{session.astrid.token}", language="sv", size=PHONE)
    await astrid.locator(".livebar").get_by_role("link", name="Mina val").click()
    await astrid.get_by_role("link", name="Mina uppgifter").click()
    await expect(astrid.locator("main")).to_contain_text("Ingen ringde mig.")
    await look_over(astrid, "my data")
    await astrid.get_by_role("link", name="Dra mig ur").click()
    # Both meanings are said beforehand; without a choice nothing happens.
    await astrid.get_by_role("button", name="Dra mig ur nu").click()
    await expect(astrid.get_by_role("alert")).to_be_visible()
    await look_over(astrid, "withdraw")
    await astrid.get_by_text("Behåll mina ord utan mitt namn").click()
    await astrid.get_by_role("button", name="Dra mig ur nu").click()
    await expect(astrid.get_by_role("heading", level=1)).to_have_text("Du har dragit dig ur")
    await look_over(astrid, "withdrawn")
    log = ben.locator("#log")
    await expect(log).not_to_contain_text("Astrid", timeout=AT_ONCE)
    await expect(log).to_contain_text("Thank you for that, «name removed».")
    await expect(log.locator(".orig", has_text="Ingen ringde mig.")).to_have_count(1)
    await ben.reload()
    assert "Astrid" not in await ben.content()
    # Nothing is left that the personal link could open.
    await astrid.goto(f"/resume/{session.astrid.token}")
    await expect(astrid.locator("main")).to_contain_text("Länken gäller inte längre.")
