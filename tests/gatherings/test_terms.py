"""Words that sessions agree on: who may add them, what is translated anew, and what they reach."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from sqlalchemy import event, select, update

from hub.gatherings import jobs
from hub.gatherings.models import (
    Contribution,
    Gathering,
    GatheringEvent,
    Translation,
    list_bot_lines,
)
from hub.language.actions import glossary_version, shipped_glossary
from hub.language.glossary import Hint, Term
from hub.language.models import AddedTerm, Pair
from hub.language.queue import Queue
from hub.language.text import Language
from hub.language.translator import Translated
from tests.cast import Person, Session
from tests.conftest import Hub, running_hub
from tests.language.echo import EchoTranslator

MAT = {
    "sv": "samtalsmatta",
    "en": "talking mat",
    "sv_forms": ["samtalsmattan", "samtalsmattor", "samtalsmattorna"],
    "en_forms": ["talking mats"],
    "avoid_en": ["call carpet"],
}
COUNCIL = {"sv": "brukarrådet", "en": "the council of users"}


class Heeding(EchoTranslator):
    """Writes after each text the terms that it was given; ``asked`` grows with each text."""

    async def translate(
        self,
        texts: Sequence[str],
        *,
        source: Language,
        target: Language,
        names: Sequence[str] = (),
        terms: Sequence[Term] = (),
    ) -> list[Translated]:
        made = await super().translate(texts, source=source, target=target)
        heeded = "".join(f" <{term.word(target)}>" for term in terms)
        hints = tuple(Hint("safety", "trygghet", ("security", "safety")) for _ in heeded[:1])
        return [
            Translated(one.text + heeded, one.status, None, None, one.model, hints) for one in made
        ]


@pytest.fixture
def heeding(hub: Hub) -> Hub:
    hub.translator = Heeding()
    return hub


async def add(session: Session, term: Any = MAT, **more: Any) -> Any:
    answer = await session.fatima.post(f"/sessions/{session.id}/terms", {**term, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def english(session: Session) -> dict[str, dict[str, Any]]:
    """Each translation into English, by what was said."""
    items = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    return {i["text"]: i["translations"]["en"] for i in items if "en" in i["translations"]}


async def rows(hub: Hub, session: Session | None = None) -> dict[str, Translation]:
    """The translations of what people said, by that; of one session or of all."""
    of = Contribution.gathering_id == session.id if session else Contribution.kind != "system"
    async with hub.database.reading() as tx:
        found = await tx.execute(
            select(Contribution.text, Translation)
            .join(Translation, Translation.contribution_id == Contribution.id)
            .where(of, Contribution.kind != "bot")
        )
        return {row.text: row.Translation for row in found}


async def send(hub: Hub, person: Person, path: str, **fields: str) -> httpx.Response:
    return await hub.http.post(path, data=fields, headers=person.headers)


async def page(hub: Hub, person: Person, path: str, language: str = "en") -> str:
    answer = await hub.http.get(path, headers=person.headers, cookies={"hub_language": language})
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


# --- adding, changing, removing -----------------------------------------------------------------


async def test_a_facilitator_adds_changes_and_removes_a_term(hub: Hub) -> None:
    session = await hub.session()
    made = await add(session)
    assert (made["state"], made["by"], made["session"]) == ("session", "Fatima", session.id)
    assert made["sv_forms"] == MAT["sv_forms"]
    listed = (await session.astrid.get(f"/sessions/{session.id}/terms")).json()
    assert listed == {"items": [made], "next": None}
    changed = await session.fatima.put(f"/terms/{made['id']}", {**MAT, "en": "talk mat"})
    assert (changed.status_code, changed.json()["en"]) == (200, "talk mat")
    assert (await session.fatima.delete(f"/terms/{made['id']}")).status_code == 204
    assert (await session.astrid.get(f"/sessions/{session.id}/terms")).json()["items"] == []
    assert (await session.fatima.delete(f"/terms/{made['id']}")).status_code == 404
    async with hub.database.reading() as tx:
        kinds = list(await tx.scalars(select(GatheringEvent.kind)))
    assert [k for k in kinds if k.startswith("term_")] == [
        "term_added", "term_changed", "term_removed",
    ]  # fmt: skip


async def test_only_those_who_lead_may_change_terms(hub: Hub) -> None:
    session, other = await hub.session(), await hub.session()
    path = f"/sessions/{session.id}/terms"
    made = await add(session)
    editor = await hub.account("editor", "Eva")
    for who in (session.astrid, editor):
        assert (await who.post(path, MAT)).status_code == 403
        assert (await who.put(f"/terms/{made['id']}", MAT)).status_code == 403
        assert (await who.delete(f"/terms/{made['id']}")).status_code == 403
    assert (await other.astrid.get(path)).status_code == 404
    assert (await hub.http.get(f"/api/v1{path}")).status_code == 401


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"sv": ""}, {"/sv": "text_missing"}),
        ({"en": "\u200b "}, {"/en": "text_missing"}),
        ({"sv": "x" * 81}, {"/sv": "text_too_long"}),
        ({"sv": "!!!"}, {"/sv": "term_without_letters"}),
        ({"avoid_en": ["…"]}, {"/avoid_en": "term_without_letters"}),
        ({"sv_forms": ["a", "b", "c", "d"]}, {"/sv_forms": "words_too_many"}),
        ({"avoid_sv": [f"ord{n}" for n in range(11)]}, {"/avoid_sv": "words_too_many"}),
        ({"keep": True}, {"/en": "term_not_the_same"}),
        ({"note": "x" * 501}, {"/note": "text_too_long"}),
    ],
)
async def test_a_faulty_term_is_refused_and_changes_nothing(
    hub: Hub, fields: Any, faults: dict[str, str]
) -> None:
    session = await hub.session()
    before = (await session.fatima.get(f"/sessions/{session.id}")).json()["revision"]
    answer = await session.fatima.post(f"/sessions/{session.id}/terms", {**MAT, **fields})
    assert answer.status_code == 422
    assert {e["pointer"]: e["code"] for e in answer.json()["errors"]} == faults
    assert (await session.fatima.get(f"/sessions/{session.id}")).json()["revision"] == before


async def test_one_word_is_one_term_and_a_closed_session_has_no_new_ones(hub: Hub) -> None:
    session = await hub.session()
    await add(session)
    again = await session.fatima.post(
        f"/sessions/{session.id}/terms", {"sv": "Samtalsmatta", "en": "other"}
    )
    assert again.status_code == 422
    await session.moved("close")
    late = await session.fatima.post(f"/sessions/{session.id}/terms", COUNCIL)
    assert late.status_code == 409


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_terms_by_form_on_the_plan_and_on_the_desk(hub: Hub, language: str) -> None:
    session = await hub.session(start=False)
    path = f"/sessions/{session.id}/terms"
    hub.http.cookies.set("hub_language", language)
    title = {"sv": "Ord vi använder", "en": "Words we use"}[language]
    for start in (False, True):
        if start:
            await session.moved("start")
        assert title in await page(hub, session.fatima, f"/sessions/{session.id}/desk", language)
        bad = await send(hub, session.fatima, path, sv="<b>ord", en="", sv_forms="a, b")
        assert bad.status_code == 422
        assert 'href="#term-en"' in bad.text
        assert 'id="term-en"' in bad.text
        assert 'value="&lt;b&gt;ord"' in bad.text
        assert 'value="a, b"' in bad.text
    fields = {"sv": "brukarråd", "en": "user council", "sv_forms": "brukarrådet, brukarråden"}
    good = await send(hub, session.fatima, path, **fields, suggest="1")
    assert good.headers["location"].endswith("/desk#terms")
    (made,) = (await session.fatima.get(path)).json()["items"]
    assert made["sv_forms"] == ["brukarrådet", "brukarråden"]
    assert made["state"] == "suggested"
    desk = await page(hub, session.fatima, f"/sessions/{session.id}/desk", language)
    assert f"/terms/{made['id']}/remove" in desk
    one = await page(hub, session.fatima, f"/terms/{made['id']}", language)
    assert 'value="brukarrådet, brukarråden"' in one
    wrong = await send(hub, session.fatima, f"/terms/{made['id']}", sv="", en="<i>kept")
    assert wrong.status_code == 422
    assert 'value="&lt;i&gt;kept"' in wrong.text
    right = await send(hub, session.fatima, f"/terms/{made['id']}", sv="råd", en="council")
    assert right.status_code == 303
    (made,) = (await session.fatima.get(path)).json()["items"]
    assert (made["sv"], made["sv_forms"], made["state"]) == ("råd", [], "session")
    gone = await send(hub, session.fatima, f"/terms/{made['id']}/remove")
    assert gone.status_code == 303
    assert (await session.fatima.get(path)).json()["items"] == []


# --- into the engine ------------------------------------------------------------------------------


async def test_the_terms_of_a_session_go_with_its_texts_alone(heeding: Hub) -> None:
    session, other = await heeding.session(), await heeding.session()
    await add(session)
    await session.astrid.said(session.id, "Vi tog fram samtalsmattorna.")
    await session.astrid.said(session.id, "Det gick bra.")
    await other.astrid.said(other.id, "Vi tog fram samtalsmattorna.")
    await heeding.translate()
    assert "<talking mat>" in (await english(session))["Vi tog fram samtalsmattorna."]["text"]
    assert "<" not in (await english(other))["Vi tog fram samtalsmattorna."]["text"]


async def test_through_the_queue_only_terms_that_stand_in_a_text_go_with_it(hub: Hub) -> None:
    heeding = Heeding()
    queue = Queue(heeding)
    session = await hub.session()
    await add(session)
    await add(session, COUNCIL)
    await session.astrid.said(session.id, "Samtalsmattan låg framme.")
    await session.astrid.said(session.id, "Det gick bra.")
    await jobs.translate_waiting(hub.screens, queue)
    told = await english(session)
    assert told["Samtalsmattan låg framme."]["text"].count("<") == 1
    assert "<" not in told["Det gick bra."]["text"]


async def test_the_row_says_which_terms_the_machine_went_by(heeding: Hub) -> None:
    session = await heeding.session()
    said = await session.astrid.said(session.id, "Hej på er allihop.")
    await heeding.translate()
    assert (await rows(heeding))["Hej på er allihop."].glossary == shipped_glossary().version
    await add(session)
    await session.astrid.said(session.id, "Samtalsmattan.")
    await heeding.translate()
    async with heeding.database.reading() as tx:
        added = await tx.scalar(select(AddedTerm))
    assert added is not None
    with_it = glossary_version((added.term,))
    assert with_it != shipped_glossary().version
    found = await rows(heeding)
    assert found["Samtalsmattan."].glossary == with_it
    assert found["Hej på er allihop."].glossary == shipped_glossary().version
    body = {"text": "Hello everybody."}
    await session.fatima.put(f"/contributions/{said['id']}/translations/en", body)
    async with heeding.database.reading() as tx:
        (pair,) = list(await tx.scalars(select(Pair)))
    assert pair.glossary == shipped_glossary().version


async def test_hints_are_told_in_words_under_the_machines_text(heeding: Hub) -> None:
    session = await heeding.session()
    await add(session, {"sv": "trygghet", "en": "felt safety"})
    said = await session.astrid.said(session.id, "Det handlar om trygghet.")
    await heeding.translate()
    told = (await english(session))["Det handlar om trygghet."]
    assert told["hints"] == [
        {"term": "safety", "written": "trygghet", "senses": ["security", "safety"]}
    ]
    cookies = {f"hub_seat_{session.id}": session.ben.token}
    room = (await heeding.http.get(f"/sessions/{session.id}", cookies=cookies)).text
    shown = " ".join(room.split())
    words = 'Words with several meanings: <b lang="sv" dir="auto">trygghet</b> – security, safety'
    assert words in shown
    body = {"text": "It is about feeling safe."}
    await session.astrid.put(f"/contributions/{said['id']}/translations/en", body)
    assert "hints" not in (await english(session))["Det handlar om trygghet."]


# --- what is translated anew ---------------------------------------------------------------------


async def test_a_term_has_only_what_it_touches_translated_anew(heeding: Hub) -> None:
    session, other = await heeding.session(), await heeding.session()
    touched = "Vi använde en samtalsmatta."
    corrected = "Samtalsmattan är bra att ha."
    disputed = "Den här samtalsmattan gillar jag."
    taken_back = "Min samtalsmattas kant."
    plain = "Det gick bra i går."
    said = {}
    for text in (touched, corrected, disputed, taken_back, plain):
        said[text] = await session.astrid.said(session.id, text)
    back = await session.ben.said(session.id, "One talking mat is enough.")
    away = await other.astrid.said(other.id, touched)
    await heeding.translate()
    body = {"text": "The mat is good to have."}
    await session.ben.post(f"/contributions/{said[disputed]['id']}/dispute", {"word": "mat"})
    await session.astrid.put(f"/contributions/{said[corrected]['id']}/translations/en", body)
    await session.astrid.delete(f"/contributions/{said[taken_back]['id']}")
    before = await rows(heeding, session)
    asked = len(heeding.translator.asked)
    revision = (await session.fatima.get(f"/sessions/{session.id}")).json()["revision"]

    await add(session)

    after = await rows(heeding, session)
    redone = {text for text, row in after.items() if row.status == "pending"}
    assert redone == {touched, "One talking mat is enough."}
    assert {after[text].due_at for text in redone} == {heeding.clock.now()}
    for text in set(after) - redone:
        assert after[text].status == before[text].status
        assert after[text].text == before[text].text
    path = f"/sessions/{session.id}/changes"
    changes = (await session.ben.get(path, after=revision)).json()
    ids = {i["contribution"]["id"] for i in changes["items"] if "contribution" in i}
    assert ids == {said[touched]["id"], back["id"]}
    assert away["id"] not in ids
    async with heeding.database.reading() as tx:
        kind = GatheringEvent.kind == "term_added"
        (told,) = list(await tx.scalars(select(GatheringEvent).where(kind)))
    assert set(told.data["contributions"]) == ids

    await heeding.translate()
    again = [text for text, _, _ in heeding.translator.asked[asked:]]
    assert sorted(again) == ["One talking mat is enough.", touched]
    assert (await english(session))[touched]["text"].endswith("<talking mat>")
    assert (await rows(heeding))[disputed].status == "disputed"
    assert (await rows(heeding))[corrected].text == "The mat is good to have."


async def test_a_present_translation_that_holds_the_term_is_touched_too(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, "Mattan låg framme.")
    await session.astrid.said(session.id, "Den låg framme.")
    await hub.translate()
    async with hub.database.transaction() as tx:
        await tx.execute(
            update(Translation)
            .where(Translation.text.contains("Mattan"))
            .values(text="The talking mats lay there.")
        )
    await add(session)
    found = await rows(hub)
    assert {text for text, row in found.items() if row.status == "pending"} == {
        "Mattan låg framme."
    }


async def test_a_field_that_holds_the_term_is_touched_too(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("recommend")
    fields = {"what": "Öva på avdelningen.", "owner": "Samtalsmattornas vänner"}
    await session.astrid.said(session.id, "", "recommendation", fields=fields)
    await hub.translate()
    await add(session)
    assert {row.status for row in (await rows(hub)).values()} == {"pending"}


async def test_either_wording_counts_when_a_term_changes_and_the_last_when_it_goes(
    hub: Hub,
) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, "Samtalsmattan är här.")
    await session.astrid.said(session.id, "Bildstödet är här.")
    await session.astrid.said(session.id, "Ingenting är här.")
    made = await add(session)
    await hub.translate()
    body = {"sv": "bildstöd", "en": "picture support", "sv_forms": ["bildstödet"]}
    assert (await session.fatima.put(f"/terms/{made['id']}", body)).status_code == 200
    pending = {text for text, row in (await rows(hub)).items() if row.status == "pending"}
    assert pending == {"Samtalsmattan är här.", "Bildstödet är här."}
    await hub.translate()
    # What only people read changes no translation.
    noted = {**body, "note": "Se handboken.", "suggest": True}
    assert (await session.fatima.put(f"/terms/{made['id']}", noted)).status_code == 200
    assert {row.status for row in (await rows(hub)).values()} == {"machine"}
    assert (await session.fatima.delete(f"/terms/{made['id']}")).status_code == 204
    pending = {text for text, row in (await rows(hub)).items() if row.status == "pending"}
    assert pending == {"Bildstödet är här."}


async def test_an_answer_that_went_by_former_terms_is_asked_for_again(hub: Hub) -> None:
    session = await hub.session()

    class Interrupted(Heeding):
        async def translate(self, texts: Sequence[str], **more: Any) -> list[Translated]:
            made = await super().translate(texts, **more)
            if len(self.asked) == 1:
                await add(session)
            return made

    hub.translator = Interrupted()
    await session.astrid.said(session.id, "Samtalsmattan är här.")
    await hub.translate()
    assert len(hub.translator.asked) == 2
    told = (await english(session))["Samtalsmattan är här."]
    assert (told["status"], told["text"][-13:]) == ("machine", "<talking mat>")


async def test_a_term_costs_the_same_queries_however_much_was_said(hub: Hub) -> None:
    counts = []
    for posts in (1, 12):
        session = await hub.session()
        for n in range(posts):
            await session.astrid.said(session.id, f"Samtalsmattan nummer {n} är framme.")
            hub.clock.move(seconds=30)
        await hub.translate()
        asked: list[str] = []

        def note(*args: Any, asked: list[str] = asked) -> None:
            if not args[2].startswith("UPDATE"):
                asked.append(args[2])

        engine = hub.database.engine.sync_engine
        # Screens are shown by tasks of their own; one push for a burst would change the count.
        await hub.screens.settle()
        event.listen(engine, "before_cursor_execute", note)
        await add(session)
        await hub.screens.settle()
        await hub.translate()
        await hub.screens.settle()
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --- terms of all sessions ------------------------------------------------------------------------


async def test_editors_keep_a_suggested_term_for_all_and_drop_it_again(heeding: Hub) -> None:
    session, other, over = [await heeding.session() for _ in range(3)]
    for each in (session, other, over):
        await each.astrid.said(each.id, "Samtalsmattan är här.")
        await each.astrid.said(each.id, "Det gick bra.")
    await heeding.translate()
    await over.moved("close")
    made = await add(session, suggest=True)
    await heeding.translate()
    editor = await heeding.account("editor", "Eva")
    assert "samtalsmatta" in await page(heeding, editor, "/terms")
    for who in (session.fatima, session.astrid):
        assert (await send(heeding, who, f"/terms/{made['id']}/keep")).status_code == 403
    assert (await send(heeding, editor, f"/terms/{made['id']}/keep")).status_code == 303
    asked = len(heeding.translator.asked)
    assert await jobs.spread_terms(heeding.screens) == 1
    await heeding.translate()
    # Its own session went by it already, and a session that is over stays as it was.
    assert len(heeding.translator.asked) - asked == 1
    assert (await english(other))["Samtalsmattan är här."]["text"].endswith("<talking mat>")
    assert "<" not in (await english(over))["Samtalsmattan är här."]["text"]
    assert (await session.fatima.delete(f"/terms/{made['id']}")).status_code == 404
    assert await jobs.spread_terms(heeding.screens) == 0

    assert (await send(heeding, editor, f"/terms/{made['id']}/drop")).status_code == 303
    assert await jobs.spread_terms(heeding.screens) == 1
    await heeding.translate()
    assert "<" not in (await english(other))["Samtalsmattan är här."]["text"]
    assert "<" not in (await english(session))["Samtalsmattan är här."]["text"]


async def test_a_dropped_suggestion_stays_in_its_own_session(heeding: Hub) -> None:
    session = await heeding.session()
    made = await add(session, suggest=True)
    admin = await heeding.account("admin", "Ada")
    assert (await send(heeding, admin, f"/terms/{made['id']}/drop")).status_code == 303
    assert await jobs.spread_terms(heeding.screens) == 0
    await session.astrid.said(session.id, "Samtalsmattan är här.")
    await heeding.translate()
    assert (await english(session))["Samtalsmattan är här."]["text"].endswith("<talking mat>")
    (shown,) = (await session.fatima.get(f"/sessions/{session.id}/terms")).json()["items"]
    assert shown["state"] == "dropped"


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_the_glossary_of_the_hub_can_be_searched(hub: Hub, language: str) -> None:
    session = await hub.session()
    await add(session, suggest=True)
    editor = await hub.account("editor", "Eva")
    everything = await page(hub, editor, "/terms", language)
    assert "samskapande" in everything
    assert "Keep for all sessions" in everything or "Behåll för alla samtal" in everything
    found = await page(hub, editor, "/terms?q=TALKING", language)
    assert "samtalsmatta" in found
    assert "samskapande" not in found.split("<main")[1]
    # Facilitators read it; others do not.
    assert f"/terms/{(await add(session, COUNCIL))['id']}/keep" not in await page(
        hub, session.fatima, "/terms", language
    )
    assert (await hub.http.get("/terms", headers=session.astrid.headers)).status_code == 403
    researcher = await hub.account("researcher", "Rut")
    assert (await hub.http.get("/terms", headers=researcher.headers)).status_code == 403


async def test_kept_terms_go_into_a_translation_by_call(hub: Hub) -> None:
    heeding = Heeding()
    hub.app.state.translator.service = heeding
    session = await hub.session()
    made = await add(session, suggest=True)
    wanted = {"text": "Samtalsmattan är här.", "from": "sv", "to": "en"}
    before = (await session.fatima.post("/translate", wanted)).json()
    assert "<" not in before["text"]
    editor = await hub.account("editor", "Eva")
    await send(hub, editor, f"/terms/{made['id']}/keep")
    after = (await session.fatima.post("/translate", wanted)).json()
    assert after["text"].endswith("<talking mat>")


# --- the chatbot ----------------------------------------------------------------------------------


async def disputed_in(hub: Hub, session: Session) -> tuple[str, ...]:
    async with hub.database.reading() as tx:
        gathering = await tx.get_one(Gathering, session.id)
        watch = await hub.watch(tx, gathering)
    assert watch is not None
    return watch.disputed_terms


async def test_a_facilitator_marks_the_term_of_the_session_as_disputed(hub: Hub) -> None:
    session = await hub.session()
    await add(session)
    await add(session, COUNCIL)
    await session.go_to("interpret")
    assert "engagement" in await disputed_in(hub, session)
    assert "samtalsmatta" not in await disputed_in(hub, session)
    said = await session.astrid.said(session.id, "Samtalsmattorna betyder mycket.")
    fields = {"term": "samtalsmattorna"}
    path = f"/contributions/{said['id']}/term"
    assert (await send(hub, session.fatima, path, **fields)).status_code == 303
    terms = (await session.fatima.get(f"/sessions/{session.id}/terms")).json()["items"]
    assert {term["sv"]: term["disputed"] for term in terms} == {
        "samtalsmatta": True, "brukarrådet": False,
    }  # fmt: skip
    assert "talking mat" in await disputed_in(hub, session)
    desk = await page(hub, session.fatima, f"/sessions/{session.id}/desk")
    assert "Means different things to us" in desk


async def test_the_chatbot_asks_about_a_disputed_word_once_not_in_each_language(hub: Hub) -> None:
    session = await hub.session()
    await add(session)
    async with hub.database.transaction() as tx:
        await tx.execute(update(AddedTerm).values(disputed=True))
    await session.go_to("interpret")
    await session.astrid.said(session.id, "Samtalsmattan betyder mycket.")
    for n in range(8):
        hub.clock.move(minutes=1)
        await session.ben.said(session.id, f"The talking mat is thing {n}.")
        await hub.translate()
        await jobs.think(hub.screens)
    async with hub.database.reading() as tx:
        subjects = [(line.trigger, line.subject) for line in await list_bot_lines(tx, session.id)]
    assert [subject for trigger, subject in subjects if trigger == "disputed_term"] == [
        "samtalsmatta"
    ], subjects


async def test_terms_go_with_the_session_that_they_are_of(hub: Hub) -> None:
    session = await hub.session()
    await add(session)
    async with hub.database.transaction() as tx:
        await tx.delete(await tx.get_one(Gathering, session.id))
    async with hub.database.reading() as tx:
        assert list(await tx.scalars(select(AddedTerm))) == []


async def test_translation_anew_works_with_a_running_hub(tmp_path: Any, blank: Any) -> None:
    """The page that got pushes and the page loaded afresh agree: the row is stamped twice."""
    async with running_hub(tmp_path, blank) as hub:
        session = await hub.session()
        await session.astrid.said(session.id, "Samtalsmattan är här.")
        await hub.translate()
        start = (await session.ben.get(f"/sessions/{session.id}")).json()["revision"]
        await add(session)
        await hub.translate()
        path = f"/sessions/{session.id}/changes"
        changes = (await session.ben.get(path, after=start)).json()["items"]
        (said,) = [i["contribution"] for i in changes if "contribution" in i]
        assert said["translations"]["en"]["status"] == "machine"
        assert said["revision"] == start + 2
