"""Search: words as they are folded, hits in their order, and nothing that is not public."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from hub.charters.models import Charter
from hub.front import indexing
from hub.gatherings.models import Gathering
from hub.search import actions, rules
from hub.search.models import PublishedText, PublishedWord
from tests.cast import Person
from tests.conftest import Hub
from tests.gatherings.test_following import decided, signed_in

AT = datetime(2027, 1, 1, tzinfo=UTC)


async def put(hub: Hub, about: str, title: str, text: str = "", **more: Any) -> None:
    language = more.pop("language", "sv")
    kind = more.pop("kind", "summary")
    texts = more.pop("texts", {language: (title, text)})
    async with hub.database.transaction() as tx:
        await actions.put(
            tx, kind, about, texts=texts, url=f"/summaries/{about}", **{"at": AT, **more}
        )


async def found(hub: Hub, q: str, **more: Any) -> list[str]:
    async with hub.database.reading() as tx:
        return [hit.about for hit in (await actions.find(tx, q, **more)).hits]


async def rows(hub: Hub) -> int:
    async with hub.database.reading() as tx:
        counts = [
            await tx.scalar(select(func.count()).select_from(model))
            for model in (PublishedText, PublishedWord)
        ]
    return sum(int(n or 0) for n in counts)


# --- words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("Förtroende", "förtroende"),
        ("ÅÄÖ", "åäö"),
        ("fo\u0308r", "för"),
        ("Idé", "ide"),
        ("naïve", "naive"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ﬁn", "fin"),
        ("x" * 99, "x" * 40),
        ("日本", "日本"),
    ],
)
def test_a_word_is_folded_and_swedish_letters_stay(word: str, folded: str) -> None:
    assert rules.fold(word) == folded
    assert list(rules.words_in(f"({word}!)")) == [folded]


def test_a_query_is_whole_words_and_a_beginning() -> None:
    assert rules.read_query("Vem blir tro") == rules.Query(("vem", "blir"), "tro")
    assert rules.read_query("vem x") == rules.Query(("vem", "x"))
    assert rules.read_query(" .,%_*\x00 ").is_empty
    assert len(rules.read_query("ord " * 5000).words) <= rules.QUERY_WORDS


def test_a_snippet_shows_the_passage_with_the_words_marked() -> None:
    text = "Början. " * 100 + "Anhörigas förtroende brast i hallen. " + "Slutet. " * 100
    parts = rules.snippet(text, rules.read_query("förtro"))
    assert ("förtroende", True) in parts
    shown = "".join(part for part, _ in parts)
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < 300
    assert [part for part, hit in parts if hit] == ["förtroende"]


def test_lines_in_a_snippet_do_not_run_together() -> None:
    text = "Primärvård\nFå färre återinläggningar.\n\nIntervjuer  \n med patienter"
    (part,) = rules.snippet(text, rules.read_query("saknas"))
    assert part == (
        "Primärvård · Få färre återinläggningar. Intervjuer · med patienter",
        False,
    )


def test_the_parts_of_a_snippet_are_the_text_again() -> None:
    text = "<script>alert('tro')</script> & tro\u0301n"
    parts = rules.mark(text, rules.read_query("tro"))
    assert "".join(part for part, _ in parts) == text
    assert ("tro", True) in parts


# --- finding -------------------------------------------------------------------------------------


async def test_all_words_have_to_be_there_and_the_last_may_be_a_beginning(hub: Hub) -> None:
    await put(hub, "u_1", "Vem blir trodd?", "Patienter och anhöriga väntar")
    await put(hub, "u_2", "Öppen dörr", "Patienter får svar", at=AT + timedelta(days=1))
    assert await found(hub, "patienter") == ["u_2", "u_1"]
    assert await found(hub, "PATIENTER anhö") == ["u_1"]
    assert await found(hub, "anhö patienter") == []
    assert await found(hub, "patienter taxi") == []
    assert await found(hub, "oppen") == []
    assert await found(hub, "öppen") == ["u_2"]


async def test_what_stands_in_the_title_comes_first_then_the_latest(hub: Hub) -> None:
    await put(hub, "u_text", "Annat", "dörr", at=AT + timedelta(days=9))
    await put(hub, "u_old", "Dörr", at=AT)
    await put(hub, "u_new", "Dörr", at=AT + timedelta(days=1))
    assert await found(hub, "dörr") == ["u_new", "u_old", "u_text"]


async def test_a_page_found_in_both_languages_is_shown_once_in_the_readers(hub: Hub) -> None:
    texts = {"sv": ("JIF om tillit", ""), "en": ("JIF on trust", "")}
    await put(hub, "u_1", "", texts=texts)
    for language in ("sv", "en"):
        async with hub.database.reading() as tx:
            page = await actions.find(tx, "jif", prefer=language)
        assert [(hit.about, hit.language) for hit in page.hits] == [("u_1", language)]
        assert page.count == 1
    async with hub.database.reading() as tx:
        [hit] = (await actions.find(tx, "trust", prefer="sv")).hits
        assert (await actions.find(tx, "trust", language="sv")).hits == []
    assert hit.language == "en"


async def test_pages_follow_each_other_without_gaps_or_repeats(hub: Hub) -> None:
    for n in range(7):
        at = AT + timedelta(days=n // 2)
        await put(hub, f"u_{n}", "Dörr" if n % 3 else "", "dörr", at=at)
    whole = await found(hub, "dörr")
    pages: list[str] = []
    after: str | None = None
    for _ in range(9):
        async with hub.database.reading() as tx:
            page = await actions.find(tx, "dörr", limit=2, after=after)
        pages += [hit.about for hit in page.hits]
        assert page.count == 7
        after = page.next
        if after is None:
            break
    assert pages == whole
    assert len(set(pages)) == 7


async def test_what_is_put_again_replaces_and_what_is_removed_leaves_nothing(hub: Hub) -> None:
    before = await rows(hub)
    await put(hub, "u_1", "Gamla ord", "hemlighet")
    await put(hub, "u_1", "Egna ord", part="citizens")
    await put(hub, "u_1", "Nya ord")
    assert await found(hub, "hemlighet") == []
    assert await found(hub, "ord") == ["u_1", "u_1"]
    async with hub.database.transaction() as tx:
        await actions.remove(tx, "summary", "u_1")
        await actions.remove(tx, "summary", "u_unknown")
    assert await found(hub, "ord") == []
    assert await rows(hub) == before


async def test_nothing_is_put_under_a_kind_that_there_is_not(hub: Hub) -> None:
    with pytest.raises(ValueError, match="draft"):
        await put(hub, "u_1", "Ord", kind="draft")


@pytest.mark.parametrize(
    "q",
    [
        "",
        " ",
        "%",
        "_",
        "'; DROP TABLE published_texts; --",
        '" OR 1=1',
        "\x00",
        "a" * 100_000,
        "ord " * 10_000,
        "\u202eord",
        "\ud7ff\uffff",
        "🙂",
        "<script>alert(1)</script>",
        "..%2f..%2fetc",
        "{{ 7*7 }}",
        "*" * 500,
    ],
)
async def test_no_query_breaks_it(hub: Hub, q: str) -> None:
    await put(hub, "u_1", "Annan titel")
    async with hub.database.reading() as tx:
        page = await actions.find(tx, q)
    assert page.hits == []
    answer = await hub.http.get("/search", params={"q": q[:3000]})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    call = await hub.http.get("/api/v1/search", params={"q": q[:1000]})
    assert (call.status_code, call.json()["items"]) == (200, [])


# --- what is put in ------------------------------------------------------------------------------


async def published(hub: Hub) -> tuple[Any, str]:
    session, adopted, _ = await decided(hub)
    hub.clock.move(days=8)
    assert (await session.move("record/publish")).status_code == 200
    await indexing.fill(hub.screens)
    return session, adopted


async def test_a_record_is_found_when_it_is_public_and_not_before(hub: Hub) -> None:
    session, _, _ = await decided(hub)
    await indexing.fill(hub.screens)
    assert await found(hub, "sitt ner") == []
    hub.clock.move(days=8)
    await session.moved("record/publish")
    await indexing.fill(hub.screens)
    async with hub.database.reading() as tx:
        [hit] = (await actions.find(tx, "sitt ner", prefer="en")).hits
    # The words of a translation are in the other language's text.
    assert (hit.kind, hit.about) == ("record", session.id)
    assert hit.url == f"/sessions/{session.id}/record"
    assert await found(hub, "Astrid") == []
    assert await indexing.fill(hub.screens) == 0


async def test_who_takes_words_back_takes_them_out_of_search_at_once(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, "Fågelholken ramlade")
    await session.ben.said(session.id, "The lamp stayed")
    await hub.translate()
    await session.moved("close")
    hub.clock.move(days=8)
    await session.moved("record/publish")
    await indexing.fill(hub.screens)
    assert await found(hub, "fågelholken") == [session.id]
    answer = await session.astrid.post("/me/withdraw", {"keep_anonymous": False})
    assert answer.status_code < 300, answer.text
    assert await found(hub, "fågelholken") == []
    async with hub.database.reading() as tx:
        kept = await tx.scalars(select(PublishedText.text))
        assert not [text for text in kept if "holken" in text.lower()]
    await indexing.fill(hub.screens)
    assert await found(hub, "fågelholken") == []
    assert await found(hub, "lamp stayed") == [session.id]


async def test_a_post_taken_back_or_hidden_is_not_found(hub: Hub) -> None:
    session = await hub.session()
    one = await session.astrid.said(session.id, "Fågelholken ramlade")
    other = await session.ben.said(session.id, "Wheelbarrow")
    await session.moved("close")
    hub.clock.move(days=8)
    await session.moved("record/publish")
    await indexing.fill(hub.screens)
    assert await found(hub, "wheelbarrow") == [session.id]
    assert (await session.astrid.delete(f"/contributions/{one['id']}")).status_code < 300
    assert await found(hub, "fågelholken") == []
    await indexing.fill(hub.screens)
    hidden = await session.fatima.post(
        f"/contributions/{other['id']}/hide", {"reason": "personal_data"}
    )
    assert hidden.status_code < 300, hidden.text
    assert await found(hub, "wheelbarrow") == []
    await indexing.fill(hub.screens)
    assert await found(hub, "wheelbarrow") == []
    assert await found(hub, "fågelholken") == []


async def test_what_was_published_before_there_was_a_search_is_filled_in(hub: Hub) -> None:
    session, _ = await published(hub)
    async with hub.database.transaction() as tx:
        await actions.remove(tx, "record", session.id)
    assert await indexing.fill(hub.screens) == 1
    assert await found(hub, "sitt ner", kind="record") == [session.id]


async def test_cases_and_charters_are_found_and_follow_their_changes(hub: Hub) -> None:
    await indexing.fill(hub.screens)
    fatima = await hub.account()
    body = {"name": {"sv": "Fyrtornet", "en": "The lighthouse"}, "sector": {"sv": "Sjö", "en": ""}}
    made = await fatima.post("/cases", {"id": "lighthouse", **body})
    assert made.status_code == 201, made.text
    await indexing.fill(hub.screens)
    assert await found(hub, "fyrtornet") == ["lighthouse"]
    body["name"]["sv"] = "Båken"
    assert (await fatima.put("/cases/lighthouse", body)).status_code == 200
    assert await found(hub, "fyrtornet") == []
    await indexing.fill(hub.screens)
    assert await found(hub, "båken") == ["lighthouse"]
    async with hub.database.reading() as tx:
        charters = set(await tx.scalars(select(Charter.id)))
        there = await tx.scalars(select(PublishedText.about).where(PublishedText.kind == "charter"))
        assert charters == set(there)


async def test_a_charter_that_may_not_be_shown_is_found_by_its_title_alone(hub: Hub) -> None:
    await indexing.fill(hub.screens)
    async with hub.database.reading() as tx:
        texts = list(await tx.scalars(select(PublishedText).where(PublishedText.kind == "charter")))
        states = {c.id: c.state for c in await tx.scalars(select(Charter))}
    closed = [
        t for t in texts
        if states[t.about]["kind"] == "metadata_only"
    ]  # fmt: skip
    assert closed
    assert all(t.title and not t.text for t in closed)


# --- the page and the call -----------------------------------------------------------------------


async def test_the_page_marks_words_and_what_people_wrote_stays_text(hub: Hub) -> None:
    await put(hub, "u_1", "Vem <b>blir</b> trodd", "En <script>alert(1)</script> trodd")
    answer = await hub.http.get("/search", params={"q": "trodd"}, headers={"Accept-Language": "sv"})
    assert "<mark>trodd</mark>" in answer.text
    assert "<script>alert" not in answer.text
    assert "<b>blir" not in answer.text
    assert "&lt;b&gt;blir" in answer.text
    english = await hub.http.get(
        "/search", params={"q": "trodd"}, headers={"Accept-Language": "en"}
    )
    assert 'lang="sv" dir="auto">' in english.text


async def test_the_call_pages_and_says_where_the_words_are(hub: Hub) -> None:
    for n in range(3):
        await put(hub, f"u_{n}", f"Dörr {n}", at=AT + timedelta(days=n), case_id="esther")
    first = (await hub.http.get("/api/v1/search", params={"q": "dörr", "limit": 2})).json()
    assert ([i["id"] for i in first["items"]], first["count"]) == (["u_2", "u_1"], 3)
    assert first["items"][0]["title"] == [
        {"text": "Dörr", "hit": True},
        {"text": " 2", "hit": False},
    ]
    params = {"q": "dörr", "limit": 2, "after": first["next"]}
    second = (await hub.http.get("/api/v1/search", params=params)).json()
    assert ([i["id"] for i in second["items"]], second["next"]) == (["u_0"], None)
    wrong = await hub.http.get("/api/v1/search", params={"q": "dörr", "kind": "draft"})
    assert wrong.status_code == 422


async def test_a_script_that_reads_it_all_is_slowed_down(hub: Hub) -> None:
    for _ in range(120):
        assert (await hub.http.get("/api/v1/search", params={"q": "x"})).status_code == 200
    assert (await hub.http.get("/api/v1/search", params={"q": "x"})).status_code == 429
    page = await hub.http.get("/search", params={"q": "dörr"})
    assert page.status_code == 429
    assert 'value="dörr"' in page.text
    assert page.headers["retry-after"]
    hub.clock.move(minutes=2)
    assert (await hub.http.get("/search", params={"q": "dörr"})).status_code == 200


async def test_a_kept_record_is_found_after_its_posts_were_deleted(hub: Hub) -> None:
    from hub.gatherings.doorway import read_record
    from hub.retention.actions import erase_posts

    session, _ = await published(hub)

    async def purge(tx: Any, gathering: Gathering) -> None:
        kept = await read_record(hub.screens, tx, gathering.id)
        await erase_posts(tx, gathering, kept=kept, now=hub.clock.now())

    await hub.screens.carry_out(session.id, purge)
    assert await found(hub, "sitt ner", kind="record") == []
    await indexing.fill(hub.screens)
    assert await found(hub, "sitt ner", kind="record") == [session.id]


async def test_one_that_cannot_be_read_does_not_stop_the_others(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await indexing.fill(hub.screens)
    session, _ = await published(hub)
    async with hub.database.transaction() as tx:
        await actions.remove(tx, "record", session.id)
        await actions.remove(tx, "case", "esther")

    async def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setitem(indexing._PUT, "record", broken)  # type: ignore[index]
    filled = await indexing.fill(hub.screens)
    monkeypatch.undo()
    assert filled == await indexing.fill(hub.screens) == 1


async def test_somebody_who_is_signed_in_searches_too(hub: Hub) -> None:
    await put(hub, "u_1", "Dörr")
    editor: Person = await hub.account("editor", "Edit")
    hub.http.cookies.update(await signed_in(hub, editor))
    answer = await hub.http.get("/search", params={"q": "dör"})
    assert "/summaries/u_1" in answer.text
