"""The public pages of summaries, as readers and as those ask who should see nothing."""

from __future__ import annotations

import re
from typing import Any

import httpx
from lxml import etree
from lxml import html as lxml_html
from sqlalchemy import select

from hub.summaries.blocks import AUDIENCES, BLOCKS, ORDER
from hub.summaries.feed import ATOM
from hub.summaries.models import Edition, Reader, Summary
from tests.charters.desk import get, send
from tests.conftest import Hub

from . import forum


async def texts_of(hub: Hub, summary: str, audience: str = "citizens") -> list[dict[str, Any]]:
    """The blocks of the published edition."""
    async with hub.database.reading() as tx:
        edition = await tx.scalar(select(Edition).where(Edition.summary_id == summary))
    assert edition is not None
    found: list[dict[str, Any]] = edition.content[audience]
    return found


def headings(answer: httpx.Response) -> list[str]:
    page = lxml_html.fromstring(answer.text)
    return [str(h.get("id")).removesuffix("-h") for h in page.xpath("//article/section/h2[@id]")]


async def test_the_list_says_what_will_come_where_nothing_is_published(hub: Hub) -> None:
    answer = await get(hub, "/summaries")
    assert answer.status_code == 200
    assert "Nothing has been published yet" in answer.text
    swedish = await get(hub, "/summaries", **{"Accept-Language": "sv"})
    assert "Inget är publicerat än" in swedish.text
    assert (await get(hub, "/summaries?audience=nobody")).status_code == 404


async def test_the_list_has_what_is_published_newest_first(hub: Hub) -> None:
    first, _ = await forum.published(hub, await forum.hold(hub))
    hub.clock.move(days=1)
    second, _ = await forum.published(hub, await forum.hold(hub, case=True))
    html = (await get(hub, "/summaries?audience=leaders")).text
    assert html.index(f"/summaries/{second}?audience=leaders") < html.index(f"/summaries/{first}?")
    assert 'href="/summaries?audience=funders"' in html
    of_case = (await get(hub, "/summaries?case=esther")).text
    assert second in of_case
    assert first not in of_case
    older = (await get(hub, f"/summaries?after={second}")).text
    assert first in older
    assert f"/summaries/{second}" not in older


async def test_each_audience_has_an_address_of_its_own_and_its_blocks_in_order(hub: Hub) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    for audience in AUDIENCES:
        answer = await get(hub, f"/summaries/{summary}?audience={audience}")
        assert answer.status_code == 200
        wanted = [b for b in ORDER[audience] if b not in ("headline", "easy")]
        there = [h for h in headings(answer) if h in BLOCKS]
        assert there == [b for b in wanted if b in there]
        assert "disagreed" in there
        page = lxml_html.fromstring(answer.text)
        here = page.xpath("//ul[@class='aud']//a[@aria-current='page']/@href")
        assert here == [f"/summaries/{summary}?audience={audience}"]
        assert len(page.xpath("//ul[@class='aud']//a")) == 5
    assert (await get(hub, f"/summaries/{summary}?audience=<b>")).status_code == 404
    assert (await get(hub, "/summaries/u_nosuch")).status_code == 404


async def test_every_statement_links_to_its_place_in_the_record(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, _ = await forum.published(hub, session)
    published = await session.fatima.post(f"/sessions/{session.id}/record/publish")
    assert published.status_code == 200, published.text
    page = lxml_html.fromstring((await get(hub, f"/summaries/{summary}?audience=leaders")).text)
    links = page.xpath("//*[contains(@class, 'behind')]/a/@href")
    record = lxml_html.fromstring((await get(hub, f"/sessions/{session.id}/record")).text)
    ids = set(record.xpath("//@id"))
    assert len(links) > 5
    for link in links:
        path, _, at = link.partition("#")
        assert path == f"/sessions/{session.id}/record"
        assert at in ids, link
    count = sum(len(b["statements"]) for b in await texts_of(hub, summary, "leaders"))
    assert len(page.xpath("//*[contains(@class, 'behind')]")) == count


async def test_a_reader_gets_their_language_with_the_original_one_tap_away(hub: Hub) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    english = await get(hub, f"/summaries/{summary}?audience=leaders")
    page = lxml_html.fromstring(english.text)
    assert page.get("lang") == "en"
    assert "Show the original" in english.text
    assert page.xpath("//details/p[@class='orig']/@lang")[0] == "sv"
    assert "Written in Swedish." in english.text
    assert "English: reviewed by a person." in english.text
    swedish = await get(hub, f"/summaries/{summary}?audience=leaders&language=sv")
    page = lxml_html.fromstring(swedish.text)
    assert page.get("lang") == "sv"
    assert "Visa originalet" not in swedish.text
    switch = page.xpath("//a[@hreflang='en' and text()='In English']/@href")
    assert switch == [f"/summaries/{summary}?audience=leaders&language=en"]
    assert (await get(hub, f"/summaries/{summary}?language=xx")).status_code == 200


async def test_citizens_have_an_easy_version(hub: Hub) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    whole = (await get(hub, f"/summaries/{summary}?audience=citizens")).text
    assert f"/summaries/{summary}?audience=citizens&amp;easy=1" in whole
    easy = await get(hub, f"/summaries/{summary}?audience=citizens&easy=1")
    assert headings(easy) == ["easy", "answer"]
    assert "Read the whole summary" in easy.text
    leaders = (await get(hub, f"/summaries/{summary}?audience=leaders&easy=1")).text
    assert "easy=1" not in leaders.split('<main id="main"')[1]


async def test_a_draft_is_for_those_who_work_on_it(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    path = f"/summaries/{summary}?audience=leaders"
    assert (await get(hub, path)).status_code == 404
    assert (await get(hub, path, session.astrid)).status_code == 404
    assert (await get(hub, path, await hub.account("researcher", "Rut"))).status_code == 404
    for form in (".pdf", ".txt", "/wall"):
        assert (await get(hub, f"/summaries/{summary}{form}")).status_code == 404
    draft = await get(hub, path, session.fatima)
    assert draft.status_code == 200
    assert "Draft, not reviewed" in draft.text
    assert "Does this match what you see?" not in draft.text
    assert (
        "Draft, not reviewed" in (await get(hub, f"/summaries/{summary}.txt", session.fatima)).text
    )
    assert summary not in (await get(hub, "/summaries", session.fatima)).text
    refused = await send(hub, f"/summaries/{summary}/answer", answer="yes", audience="leaders")
    assert refused.status_code == 404


async def test_a_draft_beside_an_edition_is_seen_by_those_alone_who_edit(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, editor = await forum.published(hub, session)
    found = await forum.statements(editor, summary, "leaders")
    words = {"sv": "Helt nya ord.", "en": "Quite new words."}
    first = next(iter(found.values()))
    assert (await forum.put(editor, summary, first, texts=words)).status_code == 200
    path = f"/summaries/{summary}?audience=leaders&draft=1"
    assert "Quite new words." in (await get(hub, path, editor)).text
    for reader in (None, session.astrid):
        public = await get(hub, path, reader)
        assert "Quite new words." not in public.text
        assert "Draft, not reviewed" not in public.text


async def test_a_reader_answers_without_an_account(hub: Hub) -> None:
    summary, editor = await forum.published(hub, await forum.hold(hub))
    path = f"/summaries/{summary}/answer"
    form = {"audience": "leaders", "language": "en", "answer": "partly"}
    answer = await send(hub, path, **form, text="Not <b>here</b>.")
    assert answer.status_code == 303
    to = answer.headers["location"]
    assert to == f"/summaries/{summary}?audience=leaders&language=en&answered=1#answer-h"
    assert "Thank you. An editor reads" in (await get(hub, to)).text
    # The same form sent twice counts once.
    assert (await send(hub, path, **form, text="Not <b>here</b>.")).status_code == 303
    async with hub.database.reading() as tx:
        kept = (await tx.scalars(select(Reader))).one()
    assert (kept.audience, kept.language, kept.matches) == ("leaders", "en", "partly")
    bench = await get(hub, f"/summaries/{summary}/edit?audience=leaders", editor)
    assert "Not &lt;b&gt;here&lt;/b&gt;." in bench.text


async def test_a_faulty_answer_comes_back_with_what_was_typed(hub: Hub) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    path = f"/summaries/{summary}/answer"
    typed = {"audience": "leaders", "language": "sv", "text": "Mina <i>ord</i>"}
    answer = await send(hub, path, **typed)
    assert answer.status_code == 422
    assert "Mina &lt;i&gt;ord&lt;/i&gt;</textarea>" in answer.text
    assert '<html lang="sv">' in answer.text
    page = lxml_html.fromstring(answer.text)
    (link,) = page.xpath("//div[@role='alert']//a/@href")
    assert page.xpath(f"//*[@id='{link.removeprefix('#')}']")
    long = await send(hub, path, answer="no", text="x" * 2001, audience="<b>", language="")
    assert long.status_code == 422
    assert "x" * 2001 in long.text
    async with hub.database.reading() as tx:
        assert (await tx.scalars(select(Reader))).all() == []


async def test_answers_from_one_address_are_limited(hub: Hub) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    answers = [
        (await send(hub, f"/summaries/{summary}/answer", answer="yes", text="t")).status_code
        for _ in range(31)
    ]
    assert answers == [303] * 30 + [429]


async def test_a_correction_shows_its_note_and_keeps_the_address(hub: Hub) -> None:
    summary, editor = await forum.published(hub, await forum.hold(hub))
    before = await get(hub, "/summaries/feed.atom?language=sv")
    hub.clock.move(days=1)
    note = {"sv": "En siffra var fel <b>.", "en": "A number was wrong."}
    again = await editor.post(f"/summaries/{summary}/publish", {"note": note})
    assert again.status_code == 200, again.text
    html = (await get(hub, f"/summaries/{summary}?audience=leaders")).text
    assert "A number was wrong." in html
    assert 'id="corrections"' in html
    after = await get(hub, "/summaries/feed.atom?language=sv")
    ids = [re.findall(r"<id>(.*?)</id>", feed.text) for feed in (before, after)]
    assert ids[0] == ids[1]
    assert "En siffra var fel &lt;b&gt;." in after.text
    stamps = [re.findall(r"<updated>(.*?)</updated>", feed.text)[-1] for feed in (before, after)]
    assert stamps[0] < stamps[1]


async def test_the_feed_is_atom_in_one_language(hub: Hub) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    answer = await get(hub, "/summaries/feed.atom?language=sv")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = etree.fromstring(answer.content)
    assert feed.tag == f"{{{ATOM}}}feed"
    assert feed.find(f"{{{ATOM}}}entry/{{{ATOM}}}link").get("href") == (
        f"http://hub.test/summaries/{summary}?language=sv"
    )
    same = {"If-None-Match": answer.headers["etag"]}
    assert (await get(hub, "/summaries/feed.atom?language=sv", **same)).status_code == 304
    assert (await get(hub, "/summaries/feed.atom?language=en", **same)).status_code == 200
    in_page = (await get(hub, "/summaries")).text
    assert 'type="application/atom+xml"' in in_page


async def test_the_wall_has_a_code_and_the_address_in_letters(hub: Hub) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    answer = await get(hub, f"/summaries/{summary}/wall?audience=citizens&language=sv")
    address = f"http://hub.test/summaries/{summary}?audience=citizens"
    assert answer.status_code == 200
    assert f'<p class="wall__address">{address}</p>' in answer.text
    title = re.search(r"<svg\b.*?<title>(.*?)</title>", answer.text, re.DOTALL)
    assert title
    assert title[1] == f"QR-kod till sammanfattningen: {address}"
    assert '<html lang="sv">' in answer.text


async def test_hostile_words_stay_words_in_every_form(hub: Hub) -> None:
    summary, editor = await forum.published(hub, await forum.hold(hub))
    evil = "</title><script>alert(1)</script> {{ 7*7 }} %(n)s & \"'\u202e"
    found = await forum.statements(editor, summary, "leaders")
    for s in found.values():
        if not s["quote"]:
            texts = {"sv": evil, "en": evil}
            assert (await forum.put(editor, summary, s, texts=texts)).status_code == 200
    path = f"/summaries/{summary}?audience=leaders&draft=1"
    for page in (path, f"/summaries/{summary}/edit?audience=leaders"):
        html = (await get(hub, page, editor)).text
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html
        assert "{{ 7*7 }}" in html
    text = await get(hub, f"/summaries/{summary}.txt?audience=leaders&draft=1", editor)
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.headers["x-content-type-options"] == "nosniff"
    assert evil.split(" {{", maxsplit=1)[0] in text.text


async def test_what_was_taken_back_is_gone_and_said(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, _ = await forum.published(hub, session)
    path = f"/summaries/{summary}?audience=educators&language=sv"
    assert forum.VOICE in (await get(hub, path)).text
    hub.clock.move(days=1)
    gone = await session.astrid.post("/me/withdraw", {"keep_anonymous": False})
    assert gone.status_code == 200, gone.text
    for form in ("", ".txt", "/wall"):
        address = f"/summaries/{summary}{form}?audience=educators&language=sv"
        assert forum.VOICE not in (await get(hub, address)).text
    html = (await get(hub, path)).text
    assert "togs tillbaka" in html
    assert 'id="disagreed-h"' in html
    assert forum.VOICE not in (await get(hub, "/summaries/feed.atom?language=sv")).text


async def test_it_stays_when_the_session_is_gone(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, _ = await forum.published(hub, session)
    async with hub.database.transaction() as tx:
        row = await tx.get(Summary, summary)
        assert row is not None
        row.gathering_id = None
    answer = await get(hub, f"/summaries/{summary}?audience=leaders")
    assert answer.status_code == 200
    assert f"/sessions/{session.id}" not in answer.text
    assert "own material has been deleted" in answer.text
