"""Chromium, and people who look at the hub through it."""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from ..live.conftest import Server, server

__all__ = ["server"]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}
NARROW = {"width": 320, "height": 700}
AXE_RULES = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# All that other colours can change: the rest is the same page in both.
AXE_RULES_OF_COLOUR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
BAR = "how => document.querySelectorAll('.dock').forEach(bar => { bar.style.position = how })"
Look = Callable[..., Awaitable[Page]]
# Only what never happens takes this long: seven browsers on two slow processors take their time.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)
# The right answers to the two questions of the consent text that ships.
UNDERSTOOD = {"understood_q1": "b", "understood_q2": "a"}


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        await opened.close()


@pytest.fixture
async def look(browser: Browser, server: Server) -> AsyncIterator[Look]:
    """Open a page in a browser of one's own; faults of scripts and of the CSP fail the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    async def open_(
        path: str = "/",
        *,
        language: str = "en",
        size: dict[str, int] = LAPTOP,
        context: BrowserContext | None = None,
        **options: Any,
    ) -> Page:
        if context is None:
            context = await browser.new_context(
                viewport=size,  # type: ignore[arg-type]
                locale="sv-SE" if language == "sv" else "en-GB",
                base_url=server.url,
                # Colours that are still fading would be measured halfway.
                reduced_motion="reduce",
                **options,
            )
            context.set_default_timeout(PATIENCE)
            contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda m: faults.append(f"{page.url}: {m.text}") if m.type == "error" else None,
        )
        page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith((server.url, server.url.replace("http", "ws"), "data:"))
                else faults.append(f"fetched from elsewhere: {r.url}")
            ),
        )
        await page.goto(path)
        return page

    yield open_
    for context in contexts:
        await context.close()
    # A form with a fault is answered 422 and a wrong code 404: browsers call that an error.
    known = ("status of 422", "status of 409", "status of 404", "status of 403")
    assert [f for f in faults if not any(k in f for k in known)] == []


def schemes_of(name: str) -> tuple[str, ...]:
    """Light or dark by the name of the page, so that half are seen in each; ``AXE=all``: both."""
    if os.environ.get("AXE") == "all":
        return ("light", "dark")
    return ("dark",) if zlib.crc32(name.encode()) % 2 else ("light",)


async def check_access(page: Page, name: str, *, schemes: tuple[str, ...] = ()) -> None:
    """axe-core finds nothing, with everything unfolded; ``schemes``: colours, by name where empty.

    In the second colours only what depends on colours is looked at.
    """
    schemes = schemes or schemes_of(name)
    await page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    dark_before = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    # What the bar at the bottom covers depends on how far somebody has scrolled.
    await page.evaluate(BAR, "static")
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        rules = AXE_RULES if scheme == schemes[0] else AXE_RULES_OF_COLOUR
        problems = [
            f"{v['id']}: {v['help']} ({', '.join(str(n['target']) for n in v['nodes'][:3])})"
            for v in await find_violations(page, rules)
        ]
        assert problems == [], f"{name}, {scheme}"
    await page.evaluate(BAR, "")
    if schemes != ("dark" if dark_before else "light",):
        await page.emulate_media(color_scheme="dark" if dark_before else "light")


async def find_violations(page: Page, rules: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What axe-core finds, by the rules or the tags of rules that are named."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = await page.evaluate(
        "async options => (await axe.run(options)).violations",
        {"runOnly": rules, "resultTypes": ["violations"]},
    )
    return found


async def check_fits(page: Page, name: str) -> None:
    """Nothing makes the page scroll sideways."""
    too_wide = await page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= wide) return [];
          return [...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > wide + 1)
            .slice(0, 5).map(e => e.tagName + '.' + e.className);
        }"""
    )
    assert too_wide == [], name
