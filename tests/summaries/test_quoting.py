"""What an editor quotes: word by word, with consent, and gone when that is taken back.

Source: dissemination.md, "Rules for every summary", 3.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.summaries.checks import quotes
from tests.cast import Person, Session, join
from tests.conftest import Hub

from . import forum

LONG = (
    "Jag satt i dagrummet varje kväll och väntade på att någon skulle komma ut från kontoret, och "
    "ibland hörde jag dem skratta därinne, och då tänkte jag att de nog hade det bra, men att det "
    "var synd att de inte kunde skratta med oss, för vi hade också saker att skratta åt, fast det "
    "var det ingen som visste där de satt med dörren stängd och skrev om oss i sina datorer."
)


async def spoken(hub: Hub) -> tuple[Session, str, str, str]:
    """A session in which Greta, who may be quoted, said something long, and Hans something else.

    Returns its summary and what they said.
    """
    session = await forum.hold(hub, close=False)
    said = []
    for name, consent, text in (
        ("Greta", forum.QUOTED, LONG),
        ("Hans", {"take_part": True}, "Vi borde prata mer med varandra här"),
    ):
        person = await join(hub.http, session.code, name, "sv", role="patient", consent=consent)
        setattr(session, name.lower(), person)
        await session.go_to("close")
        said.append(str((await person.said(session.id, text))["id"]))
    await hub.translate()
    await session.moved("close")
    return session, await forum.built(hub, session), said[0], said[1]


async def add(person: Person, summary: str, **more: Any) -> httpx.Response:
    body = {"audience": "citizens", "block": "voice", "sources": [], **more}
    return await person.post(f"/summaries/{summary}/statements", body)


async def test_a_part_of_what_was_said_is_quoted_with_its_author_behind_it(hub: Hub) -> None:
    session, summary, long, _ = await spoken(hub)
    texts = {
        "sv": "”Jag satt i dagrummet varje kväll … synd att de inte kunde skratta med oss.”",
        "en": "I sat in the day room every evening. A pity that they could not laugh with us.",
    }
    made = await add(session.fatima, summary, texts=texts, quote_of=long)
    assert made.status_code == 201, made.text
    assert made.json()["quote"] == {"role": "patient", "language": "sv"}
    assert made.json()["sources"] == [long]
    # It is still told of after the summary is built anew.
    assert (await session.fatima.post(f"/summaries/{summary}/rebuild")).status_code == 200
    found = await forum.statements(session.fatima, summary)
    [kept] = [s for s in found.values() if s["id"] == made.json()["id"]]
    assert kept["quote"] == {"role": "patient", "language": "sv"}
    codes = {f["code"] for f in kept["faults"]}
    assert not codes & {"quote_changed", "quote_without_consent", "quote_unsourced"}


async def test_words_that_nobody_said_are_refused_with_the_reason(hub: Hub) -> None:
    session, summary, long, silent = await spoken(hub)

    async def fault(**more: Any) -> Any:
        answer = await add(session.fatima, summary, **more)
        assert answer.status_code == 422, answer.text
        return answer.json()["errors"]

    own = {"sv": "Jag satt i dagrummet", "en": "I sat in the day room"}
    assert "quote_missing" in str(await fault(texts=own))
    assert "quote_missing" in str(await fault(texts=own, sources=[long]))
    assert "quote_unknown" in str(await fault(texts=own, quote_of="c_nobody"))
    # Hans has not said yes to being quoted.
    his = {"sv": "Vi borde prata mer med varandra"}
    assert "quote_unknown" in str(await fault(texts=his, quote_of=silent))
    better = {"sv": "Jag satt ensam i dagrummet", "en": own["en"]}
    assert "quote_differs" in str(await fault(texts=better, quote_of=long))
    # In the other language alone, it has to be what the translation says.
    assert "quote_differs" in str(await fault(texts={"en": "Nobody cared"}, quote_of=long))
    assert "quote_elsewhere" in str(await fault(texts=own, quote_of=long, block="saw"))
    found = await forum.statements(session.fatima, summary)
    assert not [key for key in found if key.startswith("own:m_")]


async def test_the_same_form_twice_makes_one_quotation(hub: Hub) -> None:
    session, summary, long, _ = await spoken(hub)
    body = {"texts": {"sv": "Jag satt i dagrummet"}, "quote_of": long, "client_id": "a" * 32}
    first, second = [await add(session.fatima, summary, **body) for _ in range(2)]
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] == second.json()["id"]
    other = await add(session.fatima, summary, **{**body, "client_id": "b" * 32})
    assert other.json()["id"] != first.json()["id"]


async def test_an_editors_quotation_leaves_all_editions_with_the_consent(hub: Hub) -> None:
    session, summary, long, _ = await spoken(hub)
    texts = {
        "sv": "varje kväll och väntade på att någon skulle komma",
        "en": "waiting each evening",
    }
    assert (await add(session.fatima, summary, texts=texts, quote_of=long)).status_code == 201
    editor = await hub.account("editor", "Edda")
    await forum.finish(hub, editor, summary)
    answer = await editor.post(f"/summaries/{summary}/publish")
    assert answer.status_code == 200, answer.text + str(
        (await forum.bench(editor, summary))["faults"]
    )
    page = await hub.http.get(f"/summaries/{summary}?audience=citizens&language=sv")
    assert texts["sv"] in page.text
    greta: Person = session.greta  # type: ignore[attr-defined]
    changed = await greta.put("/me/consent", {"consent": {"take_part": True}})
    assert changed.is_success, changed.text
    page = await hub.http.get(f"/summaries/{summary}?audience=citizens&language=sv")
    assert texts["sv"] not in page.text
    assert texts["en"] not in str(await forum.bench(editor, summary))


async def test_an_answer_in_the_place_of_a_voice_is_a_quotation_too(hub: Hub) -> None:
    session, summary, long, _ = await spoken(hub)
    # Astrid, whom the hub would quote, says no to it: then the editor is asked for a voice.
    await session.astrid.put("/me/consent", {"consent": {"take_part": True}})
    assert (await session.fatima.post(f"/summaries/{summary}/rebuild")).status_code == 200
    found = await forum.statements(session.fatima, summary)
    [asked] = [s for s in found.values() if s["question"] == "voice"]
    made_up = await forum.put(session.fatima, summary, asked, texts={"sv": "Det var fint"})
    assert made_up.status_code == 422
    assert "quote_missing" in made_up.text
    page = f"/summaries/{summary}/edit?audience=citizens"
    form = {
        "act": "save", "audience": "citizens", "statement": asked["id"],
        "base": str(asked["revision"]), "texts_sv": "Jag satt i dagrummet varje kväll",
        "texts_en": "I sat there every evening",
    }  # fmt: skip
    headers = session.fatima.headers
    refused = await hub.http.post(page, data=form, headers=headers)
    assert refused.status_code == 422
    assert f'id="{asked["id"]}-quote_of-e"' in refused.text
    assert "Jag satt i dagrummet varje kväll</textarea>" in refused.text
    taken = await hub.http.post(page, data={**form, "quote_of": long}, headers=headers)
    assert taken.status_code == 303, taken.text
    for audience in ("educators", "professions", "citizens"):
        voices = [
            s
            for s in (await forum.statements(session.fatima, summary, audience)).values()
            if s["block"] == "voice"
        ]
        assert [v["quote"] for v in voices] == [{"role": "patient", "language": "sv"}], audience


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("Jag var trött, men jag sa inget.", True),
        ("jag var trött", True),
        ("“Jag var trött … jag sa inget”", True),
        ("»Jag var trött« [...] sa inget", True),
        ("Jag var inte trött", False),
        ("jag sa inget … Jag var trött", False),
        ("Jag var trö", False),
        ("…", False),
        ("", False),
    ],
)
def test_a_quotation_is_word_by_word(words: str, same: bool) -> None:
    assert quotes(words, "Jag var trött, men jag sa inget. Vad skulle jag säga?") is same
