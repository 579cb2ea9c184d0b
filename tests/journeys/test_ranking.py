"""Ranking and changing in a browser: focus stays, what is begun stays, double clicks split once."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from ..live.conftest import Server
from .conftest import NARROW, PHONE, Look, check_access, check_fits

WHOLE = {"owner": "Ward 7", "when": "2099-03-01", "measure": "We ask"}


async def test_a_theme_is_moved_with_focus_where_it_was(server: Server, look: Look) -> None:
    session = await server.session()
    await session.go_to("converge")
    themes = [await session.ben.said(session.id, f"Theme {n}", "theme") for n in range(4)]
    page = await look(f"/resume/{session.ben.token}", size=PHONE)
    await page.locator("#w-theme-text").fill("Half a theme")
    last = themes[3]["id"]
    button = page.locator(f"#rank-up-{last}")
    order = page.locator("#ranking [name=order]")
    await button.focus()
    for place in (2, 1, 0, 0):
        await page.keyboard.press("Enter")
        await expect(page.locator("#ranking li").nth(place)).to_contain_text("Theme 3")
        await expect(button).to_be_focused()
    begun = await order.input_value()
    assert begun.split(",")[0] == last
    await expect(page.locator("#w-theme-text")).to_have_value("Half a theme")
    new = await session.ben.said(session.id, "Theme 4", "theme")
    await expect(order).to_have_value(f"{begun},{new['id']}")
    await expect(button).to_be_focused()
    await expect(page.locator("#w-theme-text")).to_have_value("Half a theme")
    await page.locator("#rank-save").click()
    await expect(page.locator("#ranking")).to_contain_text("Your ranking is saved.")
    await page.reload()
    await expect(order).to_have_value(f"{begun},{new['id']}")


@pytest.mark.parametrize("script", [True, False])
async def test_a_theme_is_moved_without_script_too(
    server: Server, look: Look, script: bool
) -> None:
    session = await server.session()
    await session.go_to("converge")
    themes = [await session.ben.said(session.id, f"Theme {n}", "theme") for n in range(3)]
    page = await look(f"/resume/{session.ben.token}", size=NARROW, java_script_enabled=script)
    await page.locator(f"#rank-down-{themes[0]['id']}").click()
    await expect(page.locator("#ranking li").nth(1)).to_contain_text("Theme 0")
    await expect(page.locator(f"#rank-down-{themes[0]['id']}")).to_be_focused()
    await page.locator("#rank-pass").click()
    await expect(page.locator("#ranking")).to_contain_text("You have passed.")


async def test_a_double_click_splits_a_proposal_once(server: Server, look: Look) -> None:
    session = await server.session()
    await session.go_to("recommend")
    whole = await session.astrid.said(session.id, "Allt", "recommendation", fields=WHOLE)
    page = await look(f"/resume/{session.ben.token}", size=NARROW)
    post = page.locator(f"#contribution-{whole['id']}")
    await post.locator("a.more").click()
    await post.locator(f"#do-split-{whole['id']} > summary").click()
    for part in ("1", "2"):
        await post.locator(f"[name=text_{part}]").fill(f"Part {part}")
    await check_fits(page, "splitting")
    await post.get_by_role("button", name="Split the proposal").dblclick()
    await expect(post).to_contain_text("Split into two")
    items = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    assert [c["text"] for c in items if c["fields"].get("split_of")] == ["Part 1", "Part 2"]


async def test_a_chosen_proposal_stays_chosen_when_the_form_is_drawn_anew(
    server: Server, look: Look
) -> None:
    session = await server.session()
    await session.go_to("recommend")
    first, second = [
        (await session.astrid.said(session.id, text, "recommendation", fields=WHOLE))["id"]
        for text in ("Ett", "Två")
    ]
    await session.go_to("decide")
    page = await look(f"/resume/{session.ben.token}", size=PHONE)
    await page.locator("#amend > summary").click()
    await page.locator("#w-amendment-of").select_option(second)
    await page.locator("#w-amendment-text").focus()
    await page.evaluate("document.getElementById('composer').dataset.drawn = 'before'")
    await session.astrid.said(
        session.id, "Ett till", "recommendation", reply_to=first, fields=WHOLE
    )
    await expect(page.locator("#composer:not([data-drawn])")).to_be_attached()
    await expect(page.locator("#w-amendment-of")).to_have_value(second)


async def test_who_answered_sees_that_the_words_have_changed(server: Server, look: Look) -> None:
    session = await server.session()
    await session.go_to("recommend")
    first = await session.astrid.said(session.id, "Allt", "recommendation", fields=WHOLE)
    named = {**WHOLE, "owner": "Ben"}
    await session.go_to("decide")
    page = await look(f"/resume/{session.ben.token}", size=NARROW)
    answers = page.locator(f"#decide-{first['id']}")
    await answers.locator("[value=consent]").check()
    await answers.locator("[type=submit]").click()
    await expect(answers).to_contain_text("You:")
    await session.astrid.said(
        session.id, "Lite", "recommendation", reply_to=first["id"], fields=named
    )
    await expect(answers).to_contain_text("The words have changed since you answered.")
    await page.locator(f"#agree-yes-{first['id']}").click()
    await expect(page.locator(f"#contribution-{first['id']}")).to_contain_text("Ben has agreed")
    await expect(page.locator(f"#agree-{first['id']}")).to_have_count(0)
    await check_fits(page, "deciding")
    await check_access(page, "deciding")


async def test_ranking_is_for_everybody(server: Server, look: Look) -> None:
    session = await server.session()
    await session.ben.said(session.id, "Four numbers on slips of paper")
    await session.go_to("converge")
    themes = [await session.ben.said(session.id, f"Theme {n}", "theme") for n in range(4)]
    await session.ben.said(session.id, "Other words", "theme", reply_to=themes[0]["id"])
    for person in (session.astrid, session.ben):
        order = {"order": [t["id"] for t in themes]}
        await person.said(session.id, "", "ranking", fields=order)
    for language in ("sv", "en"):
        page = await look(f"/resume/{session.ben.token}", language=language, size=NARROW)
        await check_access(page, "ranking")
        await check_fits(page, "ranking")
