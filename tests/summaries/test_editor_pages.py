"""The editor's pages: making a summary, putting it right, two at once, and publishing it."""

from __future__ import annotations

import re
from typing import Any

import httpx
from lxml import html as lxml_html
from sqlalchemy import select

from hub.summaries.blocks import AUDIENCES
from hub.summaries.models import Statement, Summary
from tests.cast import Person
from tests.charters.desk import get, send
from tests.conftest import Hub

from . import forum


async def rows(hub: Hub, summary: str, audience: str = "leaders") -> list[Statement]:
    async with hub.database.reading() as tx:
        found = await tx.scalars(
            select(Statement)
            .where(Statement.summary_id == summary, Statement.audience == audience)
            .order_by(Statement.position)
        )
        return list(found)


async def row(hub: Hub, statement: str) -> Statement:
    async with hub.database.reading() as tx:
        found = await tx.get(Statement, statement)
    assert found is not None
    return found


async def act(hub: Hub, person: Person | None, summary: str, name: str, **form: Any) -> Any:
    data = {"audience": "leaders", "act": name, **form}
    return await send(hub, f"/summaries/{summary}/edit", person, **data)


def alerts(answer: httpx.Response) -> list[str]:
    """The ids that the summary of faults leads to; each is there."""
    page = lxml_html.fromstring(answer.text)
    links = [str(a).removeprefix("#") for a in page.xpath("//div[@role='alert']//a/@href")]
    assert all(page.xpath(f"//*[@id='{link}']") for link in links), links
    return links


async def test_a_summary_is_made_from_the_page_of_its_session(hub: Hub) -> None:
    session = await forum.hold(hub)
    path = f"/sessions/{session.id}/summary"
    page = await get(hub, path, session.fatima)
    assert "Make a draft" in page.text
    assert "The record is not published yet" in page.text
    wrong = await send(hub, path, session.fatima, language="xx")
    assert wrong.status_code == 422
    assert alerts(wrong) == ["language-sv"]
    made = await send(hub, path, session.fatima, language="sv")
    assert made.status_code == 303
    async with hub.database.reading() as tx:
        summary = (await tx.scalars(select(Summary))).one()
    assert made.headers["location"] == f"/summaries/{summary.id}/edit"
    again = await get(hub, path, session.fatima)
    assert again.headers["location"] == f"/summaries/{summary.id}/edit"


async def test_why_not_yet_is_said(hub: Hub) -> None:
    session = await forum.hold(hub, close=False)
    path = f"/sessions/{session.id}/summary"
    page = await get(hub, path, session.fatima)
    assert "This one has not ended yet" in page.text
    assert "Make a draft" not in page.text
    refused = await send(hub, path, session.fatima, language="sv")
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text


async def test_the_record_and_the_desk_lead_there(hub: Hub) -> None:
    session = await forum.hold(hub)
    there = f'href="/sessions/{session.id}/summary"'
    for page in ("record", "desk"):
        assert there in (await get(hub, f"/sessions/{session.id}/{page}", session.fatima)).text
    assert there not in (await get(hub, f"/sessions/{session.id}/record", session.astrid)).text
    published = await session.fatima.post(f"/sessions/{session.id}/record/publish")
    assert published.status_code in (200, 409)
    hub.clock.move(days=8)
    await session.fatima.post(f"/sessions/{session.id}/record/publish")
    public = await get(hub, f"/sessions/{session.id}/record")
    assert there in public.text
    none_yet = await get(hub, f"/sessions/{session.id}/summary")
    assert none_yet.status_code == 200
    assert "There is no summary of this session yet" in none_yet.text
    assert "Make a draft" not in none_yet.text


async def test_others_have_no_business_here(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    edit = f"/summaries/{summary}/edit"
    researcher = await hub.account("researcher", "Rut")
    assert (await get(hub, edit)).headers["location"] == "/sign-in"
    assert (await act(hub, None, summary, "rebuild")).status_code == 401
    for person in (session.astrid, researcher):
        assert (await get(hub, edit, person)).status_code in (403, 404)
        assert (await act(hub, person, summary, "rebuild")).status_code in (403, 404)
        made = await send(hub, f"/sessions/{session.id}/summary", person, language="sv")
        assert made.status_code in (403, 404)
    assert (await get(hub, f"/sessions/{session.id}/summary")).status_code in (303, 401)
    refused = await act(hub, session.fatima, summary, "publish")
    assert refused.status_code == 403
    assert "An editor publishes it." in (await get(hub, edit, session.fatima)).text


async def test_statements_stand_in_both_languages_with_what_is_behind_them(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    for audience in AUDIENCES:
        answer = await get(hub, f"/summaries/{summary}/edit?audience={audience}", session.fatima)
        page = lxml_html.fromstring(answer.text)
        for each in await rows(hub, summary, audience):
            for language in ("sv", "en"):
                (box,) = page.xpath(f"//textarea[@id='{each.id}-texts_{language}']")
                assert box.get("lang") == language
                assert (box.text or "").strip() == (each.texts.get(language) or "").strip()
            if each.texts:
                assert page.xpath(f"//*[@id='{each.id}']//*[contains(@class, 'behind')]/a")
    assert (
        "What does it cost, and what may go wrong?"
        in (await get(hub, f"/summaries/{summary}/edit?audience=leaders", session.fatima)).text
    )


async def test_words_are_put_right_in_place(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    first = (await rows(hub, summary))[1]
    form = {"statement": first.id, "base": str(first.revision)}
    words = {"texts_sv": "Nya ord.", "texts_en": "New words."}
    saved = await act(hub, session.fatima, summary, "save", **form, **words)
    assert saved.status_code == 303
    assert saved.headers["location"] == f"/summaries/{summary}/edit?audience=leaders#{first.id}"
    assert (await row(hub, first.id)).texts == {"sv": "Nya ord.", "en": "New words."}
    await act(hub, session.fatima, summary, "rebuild")
    assert (await row(hub, first.id)).texts == {"sv": "Nya ord.", "en": "New words."}


async def test_faults_come_back_with_everything_that_was_typed(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    first = (await rows(hub, summary))[1]
    form = {"statement": first.id, "base": str(first.revision)}
    long = "<b>" + "x" * 2000
    typed = {"texts_sv": long, "texts_en": "Kept & <i>whole</i>"}
    wrong = await act(hub, session.fatima, summary, "save", **form, **typed)
    assert wrong.status_code == 422
    assert alerts(wrong) == [f"{first.id}-texts_sv"]
    page = lxml_html.fromstring(wrong.text)
    for language in ("sv", "en"):
        (box,) = page.xpath(f"//textarea[@id='{first.id}-texts_{language}']")
        assert box.text.strip() == typed[f"texts_{language}"]
    empty = await act(hub, session.fatima, summary, "save", **form, texts_sv=" ", texts_en="")
    assert empty.status_code == 422
    assert alerts(empty) == [f"{first.id}-texts_sv"]
    assert (await row(hub, first.id)).revision == first.revision


async def test_two_editors_lose_nothing(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    edda = await hub.account("editor", "Edda")
    first = (await rows(hub, summary))[1]
    form = {"statement": first.id, "base": str(first.revision)}
    hers = {"texts_sv": "Eddas ord.", "texts_en": "Edda's words."}
    mine = {"texts_sv": "Mina <b>ord</b>.", "texts_en": "My words."}
    assert (await act(hub, edda, summary, "save", **form, **hers)).status_code == 303
    clash = await act(hub, session.fatima, summary, "save", **form, **mine)
    assert clash.status_code == 409
    for words in ("Eddas ord.", "Mina &lt;b&gt;ord&lt;/b&gt;.", "My words.", "Edda"):
        assert words in clash.text
    page = lxml_html.fromstring(clash.text)
    base = page.xpath("//input[@name='base']/@value")[0]
    unsaid = await act(
        hub, session.fatima, summary, "resolve", statement=first.id, base=base, **mine
    )
    assert unsaid.status_code == 422
    assert alerts(unsaid) == ["choice-mine"]
    assert "My words." in unsaid.text
    again = {"statement": first.id, "base": base}
    theirs = await act(hub, session.fatima, summary, "resolve", **again, **mine, choice="theirs")
    assert theirs.status_code == 303
    assert (await row(hub, first.id)).texts["en"] == "Edda's words."
    chosen = await act(hub, session.fatima, summary, "resolve", **again, **mine, choice="mine")
    assert chosen.status_code == 303
    assert (await row(hub, first.id)).texts["en"] == "My words."
    late = await act(hub, edda, summary, "resolve", **again, **hers, choice="mine")
    assert late.status_code == 409
    assert "My words." in late.text
    assert "Edda&#39;s words." in late.text


async def test_a_form_that_does_not_say_what_was_read_undoes_nothing(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    first = (await rows(hub, summary))[1]
    for base in ("", "x", "-1", "9" * 30):
        answer = await act(
            hub, session.fatima, summary, "save",
            statement=first.id, base=base, texts_sv="a", texts_en="b",
        )  # fmt: skip
        assert answer.status_code == 409
    assert (await row(hub, first.id)).texts == first.texts


async def test_what_is_left_out_can_be_put_back(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    cost = next(r for r in await rows(hub, summary) if r.block == "cost")
    form = {"statement": cost.id, "base": str(cost.revision)}
    unsaid = await act(hub, session.fatima, summary, "remove", **form, why=" ")
    assert unsaid.status_code == 422
    assert alerts(unsaid) == [f"{cost.id}-why"]
    gone = await act(hub, session.fatima, summary, "remove", **form, why="Inte räknat <b> än")
    assert gone.status_code == 303
    html = (await get(hub, f"/summaries/{summary}/edit?audience=leaders", session.fatima)).text
    assert "Inte räknat &lt;b&gt; än" in html
    left = await row(hub, cost.id)
    back = await act(
        hub, session.fatima, summary, "restore", statement=cost.id, base=str(left.revision)
    )
    assert back.status_code == 303
    assert (await row(hub, cost.id)).removed_at is None


async def test_where_we_disagreed_is_never_left_out(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    found = [r for r in await rows(hub, summary) if r.block == "disagreed"]
    assert found
    answers = [
        await act(
            hub, session.fatima, summary, "remove",
            statement=r.id, base=str(r.revision), why="Nej",
        )
        for r in found
    ]  # fmt: skip
    assert answers[-1].status_code == 409
    assert 'role="alert"' in answers[-1].text
    assert (await row(hub, found[-1].id)).removed_at is None


async def test_a_statement_of_ones_own_rests_on_the_record(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    words = {"texts_sv": "Eget.", "texts_en": "My own."}
    form = {"block": "saw", **words}
    bare = await act(hub, session.fatima, summary, "add", **form, source="")
    assert bare.status_code == 422
    assert alerts(bare) == ["add-sources"]
    assert "My own.</textarea>" in bare.text
    added = await act(hub, session.fatima, summary, "add", **form, source="session")
    assert added.status_code == 303
    statement = added.headers["location"].partition("#")[2]
    assert (await row(hub, statement)).sources == ["session"]
    wrong = await act(hub, session.fatima, summary, "add", block="<b>", source="session", **words)
    assert wrong.status_code == 422


async def test_the_way_to_publishing_is_told_and_walked(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    edda = await hub.account("editor", "Edda")
    edit = f"/summaries/{summary}/edit?audience=leaders"
    html = (await get(hub, edit, edda)).text
    assert "This is left to do:" in html
    early = await act(hub, edda, summary, "publish")
    assert early.status_code == 409
    for link in re.findall(rf'href="/summaries/{summary}/edit\?audience=(\w+)#([^"]+)"', html):
        page = lxml_html.fromstring(
            (await get(hub, f"/summaries/{summary}/edit?audience={link[0]}", edda)).text
        )
        assert page.xpath(f"//*[@id='{link[1]}']"), link
    for audience in AUDIENCES:
        for each in await rows(hub, summary, audience):
            if not any(each.texts.values()):
                form = {"statement": each.id, "base": str(each.revision), "audience": audience}
                words = {"texts_sv": "Ett svar.", "texts_en": "An answer."}
                assert (await act(hub, edda, summary, "save", **form, **words)).status_code == 303
        for language in ("sv", "en"):
            reviewed = await act(hub, edda, summary, "review", audience=audience, language=language)
            assert reviewed.status_code == 303
    assert (await act(hub, edda, summary, "ask")).status_code == 303
    assert "They have until" in (await get(hub, edit, edda)).text
    hub.clock.move(days=7, minutes=1)
    assert (await act(hub, edda, summary, "lived")).status_code == 303
    html = (await get(hub, edit, edda)).text
    assert "The record of the session is not published yet" in html
    published = await session.fatima.post(f"/sessions/{session.id}/record/publish")
    assert published.status_code == 200
    html = (await get(hub, edit, edda)).text
    assert "This is left to do:" not in html
    assert (await act(hub, edda, summary, "publish")).status_code == 303
    assert (await get(hub, f"/summaries/{summary}?audience=leaders")).status_code == 200
    bare = await act(hub, edda, summary, "publish", note_sv="Rättat", note_en="")
    assert bare.status_code == 422
    assert alerts(bare) == ["publish-note_en"]
    assert "Rättat</textarea>" in bare.text
    noted = await act(hub, edda, summary, "publish", note_sv="Rättat", note_en="Corrected")
    assert noted.status_code == 303
    public = await get(hub, f"/sessions/{session.id}/summary")
    assert public.headers["location"] == f"/summaries/{summary}"


async def test_bad_forms_are_refused_and_change_nothing(hub: Hub) -> None:
    session, other = await forum.hold(hub), await forum.hold(hub)
    summary, another = await forum.built(hub, session), await forum.built(hub, other)
    theirs = (await rows(hub, another))[1]
    foreign = {"statement": theirs.id, "base": str(theirs.revision)}
    words = {"texts_sv": "a", "texts_en": "b"}
    moved = await act(hub, session.fatima, summary, "save", **foreign, **words)
    assert moved.status_code == 404
    for name, form in (
        ("", {}), ("nonsense", {}), ("review", {"language": "xx"}), ("owner", {}),
    ):  # fmt: skip
        assert (await act(hub, session.fatima, summary, name, **form)).status_code == 422, name
    for name in ("save", "remove", "restore", "resolve", "settle"):
        assert (await act(hub, session.fatima, summary, name)).status_code == 404, name
    assert (await act(hub, session.fatima, summary, "rebuild", audience="x")).status_code == 404
    assert (await row(hub, theirs.id)).texts == theirs.texts
