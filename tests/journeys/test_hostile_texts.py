"""In a real browser: hostile texts are pushed, loaded and typed, and nothing of them runs.

That nothing is fetched from elsewhere and no policy is broken is asked of every page here.
"""

from __future__ import annotations

from playwright.async_api import expect

from ..hostile.texts import COUNT, TEXTS, mark, marked
from ..live.conftest import Server
from .conftest import PHONE, Look, check_fits

SOME = range(0, COUNT, 5)
RAN = "() => [window.pwned, document.querySelectorAll('script:not([src])').length]"


async def test_hostile_texts_stay_text_in_a_browser(server: Server, look: Look) -> None:
    limits = server.app.state.limits
    speed, limits._speed = limits._speed, 2
    try:
        session = await server.session()
        page = await look(f"/resume/{session.ben.token}", size=PHONE)
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        for number in SOME:
            await session.astrid.said(session.id, marked(number))
        await expect(page.locator("main")).to_contain_text(mark(SOME[-1]), timeout=60_000)
        assert await page.evaluate(RAN) == [None, 0]
        await check_fits(page, "pushed")
        await page.reload()
        await expect(page.locator("main")).to_contain_text(mark(SOME[-1]))
        assert await page.evaluate(RAN) == [None, 0]
        for number in SOME[::10]:
            # A mark at the end of each; what comes before it is read as it was written.
            said = page.locator(".msg__text", has_text=mark(number)).first
            shown = await said.text_content() or ""
            assert "".join(shown.split()).endswith(
                "".join(marked(number).replace("\x00", "").split())
            ), TEXTS[number]
        for path in ("desk", "screen", "record"):
            seen = await look(
                f"/sign-in/{server.link}?next=/sessions/{session.id}/{path}", language="sv"
            )
            await seen.get_by_role("button", name="Logga in").click()
            await expect(seen.locator("main")).to_be_visible()
            assert await seen.evaluate(RAN) == [None, 0]
        assert dialogs == []
    finally:
        limits._speed = speed
