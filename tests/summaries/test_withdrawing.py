"""What somebody takes back is in no statement, edition, draft, point or search row any more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from hub.gatherings.models import access_gathering
from hub.mail.models import Mail
from hub.search.actions import find
from hub.search.models import PublishedText, PublishedWord
from hub.summaries.actions import forget_posts
from hub.summaries.models import Edition, Point, Reader, Statement, Summary
from tests.cast import Session, join
from tests.conftest import Hub

from . import forum


async def everything(hub: Hub) -> str:
    """All that summaries and search hold, as one text."""
    tables = [model.__table__ for model in (Summary, Statement, Edition, Point, Reader)]
    rows: list[Any] = []
    async with hub.database.reading() as tx:
        for table in (*tables, PublishedText.__table__, PublishedWord.__table__):
            rows += [dict(row._mapping) for row in await tx.execute(select(table))]
    return json.dumps(rows, ensure_ascii=False, default=str)


async def post_with(session: Session, text: str) -> str:
    found = (await session.fatima.get(f"/sessions/{session.id}/contributions")).json()["items"]
    return str(next(c["id"] for c in found if c["text"] == text))


async def test_a_quotation_that_is_taken_back_after_publishing_is_nowhere(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, editor = await forum.published(hub, session)
    note = {"sv": "Rättat.", "en": "Put right."}
    assert (await editor.post(f"/summaries/{summary}/publish", {"note": note})).status_code == 200
    quoted = await post_with(session, forum.VOICE)
    assert forum.VOICE in await everything(hub)
    answer = await session.astrid.delete(f"/contributions/{quoted}")
    assert answer.status_code == 200, answer.text
    left = await everything(hub)
    assert "kvittot" not in left
    assert quoted not in left
    async with hub.database.reading() as tx:
        editions = list(await tx.scalars(select(Edition).order_by(Edition.number)))
        assert [e.number for e in editions] == [1, 2]
        assert not (await find(tx, "kvittot")).hits
        assert (await tx.get_one(Summary, summary)).changed_at is not None
        told = list(await tx.scalars(select(Mail).where(Mail.kind == "words_withdrawn")))
        # And the one who published the record of it.
        assert {m.about for m in told} == {summary, session.id}
    for audience in ("citizens", "educators"):
        found = await hub.http.get(f"/api/v1/summaries/{summary}?audience={audience}")
        assert "kvittot" not in found.text
        assert forum.THEME in found.text


async def test_who_no_longer_wants_to_be_quoted_leaves_all_editions_and_the_rest_stays(
    hub: Hub,
) -> None:
    session = await forum.hold(hub)
    summary, _ = await forum.published(hub, session)
    path = f"/api/v1/summaries/{summary}?audience=citizens"
    assert "kvittot" in (await hub.http.get(path)).text
    same = {"consent": forum.QUOTED, "version": "2026-11"}
    assert (await session.astrid.put("/me/consent", same)).status_code == 200
    assert "kvittot" in (await hub.http.get(path)).text
    less = {"consent": {"take_part": True}, "version": "2026-11"}
    assert (await session.astrid.put("/me/consent", less)).status_code == 200
    found = (await hub.http.get(path)).text
    assert "kvittot" not in found
    assert forum.WHAT in found
    async with hub.database.reading() as tx:
        assert (await tx.get_one(Summary, summary)).changed_at is not None
        rows = list(await tx.scalars(select(Statement).where(Statement.quote_of.is_not(None))))
        assert rows == []
        hits = (await find(tx, "kvittot")).hits
        assert [h for h in hits if h.kind == "summary"] == []


async def test_a_person_who_withdraws_takes_all_their_words_out_of_all_editions(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, _ = await forum.published(hub, session)
    before = await everything(hub)
    assert forum.WHAT in before
    body = {"keep_anonymous": False}
    answer = await session.astrid.post("/me/withdraw", body)
    assert answer.is_success, answer.text
    left = await everything(hub)
    for words in (forum.WHAT, "kvittot", "Patienterna säger", session.astrid.id, "Astrid"):
        assert words not in left
    assert forum.THEME in left
    found = (await hub.http.get(f"/api/v1/summaries/{summary}?audience=funders")).json()
    assert "recommendations" not in [b["block"] for b in found["blocks"]]
    assert found["changed_at"] is not None


async def test_where_we_disagreed_says_that_something_was_taken_out(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, editor = await forum.published(hub, session)
    parked = await post_with(session, forum.PARKED)
    assert (await session.ben.delete(f"/contributions/{parked}")).status_code == 200
    found = (await hub.http.get(f"/api/v1/summaries/{summary}?audience=leaders")).json()
    block = next(b for b in found["blocks"] if b["block"] == "disagreed")
    assert [s["texts"]["sv"] for s in block["statements"]] == ["«… borttaget …»"]
    codes = {f["code"] for f in (await forum.bench(editor, summary, "leaders"))["faults"]}
    assert "disagreed_empty" in codes
    await editor.post(f"/summaries/{summary}/rebuild")
    assert "nothing_disagreed" in await forum.statements(editor, summary, "leaders")


async def test_words_that_an_editor_changed_a_little_go_with_their_author(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    found = await forum.statements(session.fatima, summary)
    told = next(s for key, s in found.items() if key.startswith("rec:"))
    texts = {d: "Nu: " + text for d, text in told["texts"].items()}
    assert (await forum.put(session.fatima, summary, told, texts=texts)).status_code == 200
    await session.astrid.post("/me/withdraw", {"keep_anonymous": False})
    assert forum.WHAT not in await everything(hub)


async def test_an_editors_own_statement_loses_the_link_and_what_it_quotes(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    quoted, theme = await post_with(session, forum.VOICE), await post_with(session, forum.THEME)
    own = {
        "audience": "leaders",
        "block": "cost",
        "texts": {"sv": f'Någon sade: "{forum.VOICE}"', "en": "Somebody said it."},
        "sources": [quoted, theme],
    }
    alone = {**own, "texts": {"sv": "Bara det.", "en": "That alone."}, "sources": [quoted]}
    for body in (own, alone):
        answer = await session.fatima.post(f"/summaries/{summary}/statements", body)
        assert answer.status_code == 201, answer.text
    await session.astrid.delete(f"/contributions/{quoted}")
    block = next(
        b
        for b in (await forum.bench(session.fatima, summary, "leaders"))["blocks"]
        if b["block"] == "cost"
    )
    left = [s for s in block["statements"] if s["key"] != "own:cost"]
    assert [s["sources"] for s in left] == [[theme]]
    assert "kvittot" not in left[0]["texts"]["sv"]
    assert "«… borttaget …»" in left[0]["texts"]["sv"]


async def test_who_stays_without_a_name_keeps_the_words_and_loses_the_name(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, editor = await forum.published(hub, session)
    own = {
        "audience": "leaders",
        "block": "cost",
        "texts": {"sv": "Astrid Ek bär larmet.", "en": "Astrid Ek carries the alarm."},
        "sources": ["session"],
    }
    await editor.post(f"/summaries/{summary}/statements", own)
    answer = await session.astrid.post("/me/withdraw", {"keep_anonymous": True})
    assert answer.is_success, answer.text
    left = await everything(hub)
    assert "Astrid Ek" not in left
    assert "«namn borttaget» bär larmet." in left
    assert forum.WHAT in left
    assert forum.VOICE in left


@pytest.mark.parametrize("keep", [True, False])
async def test_what_somebody_contested_goes_with_them_unless_they_leave_their_words(
    hub: Hub, keep: bool
) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    await session.fatima.post(f"/summaries/{summary}/confirm")
    seen = (await forum.statements(session.fatima, summary))["limits"]
    body = {"statement": seen["id"], "answer": "contest", "text": "Vi var fler än så."}
    assert (await session.astrid.post(f"/summaries/{summary}/points", body)).status_code == 200
    await session.astrid.post("/me/withdraw", {"keep_anonymous": keep})
    assert ("Vi var fler" in await everything(hub)) is keep


async def test_corrected_words_take_the_place_of_the_former_at_the_next_rebuild(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    said = await post_with(session, forum.VOICE)
    words = "Jag trodde att journalen var arbetet, men det var den inte alls."
    answer = await session.astrid.put(f"/contributions/{said}", {"text": words})
    assert answer.status_code == 200, answer.text
    assert "kvittot" not in await everything(hub)
    await hub.translate()
    await session.fatima.post(f"/summaries/{summary}/rebuild")
    found = await forum.statements(session.fatima, summary)
    assert found[f"voice:{said}"]["texts"]["sv"] == words


async def test_a_recommendation_taken_up_later_leaves_the_later_summary_too(hub: Hub) -> None:
    first = await forum.hold(hub, case=True)
    record = (await first.fatima.get(f"/sessions/{first.id}/record")).json()
    later = await hub.session(start=False, case="esther", follows=first.id)
    await later.moved("start")
    await later.moved("close")
    summary = await forum.built(hub, later)
    key = f"last:{record['agreements'][0]}"
    assert key in await forum.statements(later.fatima, summary)
    await first.astrid.post("/me/withdraw", {"keep_anonymous": False})
    assert key not in await forum.statements(later.fatima, summary)
    assert forum.WHAT not in await everything(hub)


async def test_old_posts_that_are_deleted_leave_what_was_published(hub: Hub) -> None:
    session, draft_of = await forum.hold(hub), await forum.hold(hub)
    summary, _ = await forum.published(hub, session)
    draft = await forum.built(hub, draft_of)
    async with hub.database.transaction() as tx:
        for each in (session.id, draft_of.id):
            await forget_posts(tx, await access_gathering(tx, each))
    found = await hub.http.get(f"/api/v1/summaries/{summary}?audience=leaders")
    assert forum.WHAT in found.text
    async with hub.database.reading() as tx:
        rows = list(await tx.scalars(select(Statement).where(Statement.summary_id == draft)))
        assert rows
        assert not any(row.words_of for row in rows)
        assert not list(await tx.scalars(select(Point)))


async def test_a_translation_that_somebody_put_right_goes_with_them_from_all_editions(
    hub: Hub,
) -> None:
    session = await forum.hold(hub, close=False)
    greta = await join(hub.http, session.code, "Greta", "en", role="citizen", bilingual=True)
    voice = await post_with(session, forum.VOICE)
    hers = "I believed that the notes were the work itself, but they are only the receipt."
    put_right = await greta.put(f"/contributions/{voice}/translations/en", {"text": hers})
    assert put_right.is_success, put_right.text
    await session.moved("close")
    summary, editor = await forum.published(hub, session)
    assert hers in await everything(hub)
    answer = await greta.post("/me/withdraw", {"keep_anonymous": False})
    assert answer.is_success, answer.text
    left = await everything(hub)
    assert hers not in left
    # What was said stays: it is not hers. The other language is a draft anew, and the editor is
    # told to look.
    assert forum.VOICE in left
    found = await forum.statements(editor, summary)
    [quoted] = [s for s in found.values() if s["key"].startswith("voice:")]
    assert (quoted["texts"], quoted["statuses"]["en"]) == ({"sv": forum.VOICE}, "missing")
    assert (await forum.bench(editor, summary))["changed_at"]


async def test_a_translation_put_right_by_who_leaves_their_words_stays(hub: Hub) -> None:
    session = await forum.hold(hub, close=False)
    greta = await join(hub.http, session.code, "Greta", "en", role="citizen", bilingual=True)
    voice = await post_with(session, forum.VOICE)
    hers = "I believed that the notes were the work itself, but they are only the receipt."
    await greta.put(f"/contributions/{voice}/translations/en", {"text": hers})
    await session.moved("close")
    await forum.published(hub, session)
    await greta.post("/me/withdraw", {"keep_anonymous": True})
    assert hers in await everything(hub)
