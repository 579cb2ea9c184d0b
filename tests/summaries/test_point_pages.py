"""Those who took part confirm or contest what is said of them, for seven days."""

from __future__ import annotations

from typing import Any

from lxml import html as lxml_html
from sqlalchemy import select

from hub.summaries.models import Point, Summary
from tests.cast import Person
from tests.charters.desk import get, send
from tests.conftest import Hub

from . import forum


async def asked(hub: Hub) -> tuple[Any, str, str]:
    """A session whose people have been asked, its summary and the path of the page."""
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    assert (await session.fatima.post(f"/summaries/{summary}/confirm")).status_code == 200
    return session, summary, f"/sessions/{session.id}/summary/points"


async def first_of(hub: Hub, path: str, person: Person) -> str:
    page = lxml_html.fromstring((await get(hub, path, person)).text)
    return str(page.xpath("//input[@name='statement']/@value")[0])


async def points(hub: Hub) -> list[Point]:
    async with hub.database.reading() as tx:
        return list(await tx.scalars(select(Point)))


async def test_each_person_reads_it_in_their_language_with_the_last_day(hub: Hub) -> None:
    session, _, path = await asked(hub)
    swedish = await get(hub, path, session.astrid)
    assert '<html lang="sv">' in swedish.text
    assert "1 december 2026" in swedish.text
    english = await get(hub, path, session.ben)
    assert '<html lang="en">' in english.text
    assert "1 December 2026" in english.text
    for block in lxml_html.fromstring(english.text).xpath("//section[h2[contains(@id, '-h')]]"):
        words = [p.text for p in block.xpath("./section/p[@dir]")]
        assert len(words) == len(set(words))


async def test_a_point_is_confirmed_or_contested_and_can_be_changed(hub: Hub) -> None:
    session, _, path = await asked(hub)
    statement = await first_of(hub, path, session.astrid)
    yes = await send(hub, path, session.astrid, statement=statement, answer="confirm")
    assert yes.status_code == 303
    assert yes.headers["location"] == f"{path}#{statement}"
    form = {"statement": statement, "answer": "contest", "text": "Så var det <b>inte</b>."}
    assert (await send(hub, path, session.astrid, **form)).status_code == 303
    (kept,) = await points(hub)
    assert (kept.answer, kept.language) == ("contest", "sv")
    assert "Så var det &lt;b&gt;inte&lt;/b&gt;." in (await get(hub, path, session.astrid)).text
    assert "Så var det" not in (await get(hub, path, session.ben)).text


async def test_who_contests_says_why_and_loses_nothing(hub: Hub) -> None:
    session, _, path = await asked(hub)
    statement = await first_of(hub, path, session.ben)
    for form, at in (
        ({"answer": "contest", "text": " "}, f"{statement}-text"),
        ({"answer": "", "text": "kept & <i>"}, f"{statement}-answer"),
        ({"answer": "contest", "text": "x" * 2001}, f"{statement}-text"),
    ):
        wrong = await send(hub, path, session.ben, statement=statement, **form)
        assert wrong.status_code == 422
        page = lxml_html.fromstring(wrong.text)
        assert page.xpath("//div[@role='alert']//a/@href") == [f"#{at}"]
        assert page.xpath(f"//*[@id='{at}']")
        (box,) = page.xpath(f"//textarea[@id='{statement}-text']")
        assert (box.text or "").strip() == form["text"].strip()
    assert await points(hub) == []


async def test_after_the_days_nothing_more_is_taken(hub: Hub) -> None:
    session, _, path = await asked(hub)
    statement = await first_of(hub, path, session.ben)
    hub.clock.move(days=7, minutes=1)
    late = await send(hub, path, session.ben, statement=statement, answer="confirm")
    assert late.status_code == 409
    after = await get(hub, path, session.ben)
    assert "The seven days for this ended" in after.text
    assert "<textarea" not in after.text
    assert await points(hub) == []


async def test_the_answer_to_what_was_contested_is_read_there(hub: Hub) -> None:
    session, summary, path = await asked(hub)
    statement = await first_of(hub, path, session.ben)
    form = {"statement": statement, "answer": "contest", "text": "Not so."}
    await send(hub, path, session.ben, **form)
    (point,) = await points(hub)
    edit = f"/summaries/{summary}/edit"
    html = (await get(hub, edit, session.fatima)).text
    assert "Not so." in html
    assert "Ben" not in html.split('id="points"')[1].split("</ul>")[0]
    settle = {"audience": "citizens", "act": "settle", "point": point.id}
    empty = await send(hub, edit, session.fatima, **settle, settled="")
    assert empty.status_code == 422
    page = lxml_html.fromstring(empty.text)
    (link,) = page.xpath("//div[@role='alert']//a/@href")
    assert page.xpath(f"//*[@id='{link.removeprefix('#')}']")
    done = await send(hub, edit, session.fatima, **settle, settled="Changed <b>it</b>.")
    assert done.status_code == 303
    assert "Changed &lt;b&gt;it&lt;/b&gt;." in (await get(hub, path, session.ben)).text


async def test_before_anybody_is_asked_no_draft_is_shown(hub: Hub) -> None:
    session = await forum.hold(hub)
    path = f"/sessions/{session.id}/summary/points"
    assert "Nobody has been asked yet" in (await get(hub, path, session.ben)).text
    await forum.built(hub, session)
    html = (await get(hub, path, session.ben)).text
    assert "Nobody has been asked yet" in html
    assert forum.THEME not in html
    refused = await send(hub, path, session.ben, statement="m_x", answer="confirm")
    assert refused.status_code == 404


async def test_it_is_for_those_who_took_part_alone(hub: Hub) -> None:
    session, summary, path = await asked(hub)
    other = await hub.session()
    assert (await get(hub, path)).status_code in (303, 401)
    assert (await get(hub, path, other.astrid)).status_code == 404
    assert (await get(hub, path, session.fatima)).status_code == 403
    to = await get(hub, f"/summaries/{summary}/points", session.ben)
    assert to.headers["location"] == path
    assert (await get(hub, f"/summaries/{summary}/points", other.astrid)).status_code == 404
    statement = await first_of(hub, path, session.ben)
    foreign = f"/sessions/{other.id}/summary/points"
    moved = await send(hub, foreign, other.astrid, statement=statement, answer="confirm")
    assert moved.status_code == 404
    # The draft is theirs to read while they are asked, and the record leads to it.
    assert (await get(hub, f"/summaries/{summary}", session.ben)).status_code == 200
    hub.clock.move(days=8)
    await session.fatima.post(f"/sessions/{session.id}/record/publish")
    assert path in (await get(hub, f"/sessions/{session.id}/record", session.ben)).text


async def test_one_with_own_experience_says_that_they_have_read_it(hub: Hub) -> None:
    session, summary, path = await asked(hub)
    assert "If you have lived experience" not in (await get(hub, path, session.ben)).text
    refused = await send(hub, path, session.ben, act="lived")
    assert refused.status_code == 409
    assert (await send(hub, path, session.astrid, act="lived")).status_code == 303
    async with hub.database.reading() as tx:
        row = await tx.get(Summary, summary)
    assert row is not None
    assert row.read_by_lived_at == hub.clock.now()
