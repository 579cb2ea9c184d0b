"""The record of a dialogue on a charter: its outcomes, its sections, its files, its figures."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from functools import partial
from typing import Any

from sqlalchemy import select

from hub.chatbot.moves import words
from hub.gatherings.measuring import read_session
from hub.gatherings.models import (
    Contribution,
    Presence,
    access_gathering,
    list_contributions,
)
from hub.gatherings.panels import look_at, read_desk
from hub.gatherings.qda import as_project
from hub.gatherings.table import COLUMNS, as_csv
from hub.gatherings.watch import due_lines
from hub.measures.process import outcome_of
from tests.cast import Person, Session, join
from tests.conftest import Hub
from tests.kept import kept

CHARTER = "vi-skapar-tillsammans"
PRINCIPLES = ["vst-5", "vst-8", "vst-1"]
SECRET = "En tanke som ingen annan får läsa"
HIDDEN = "Det här skälet är dolt"
NAMES = ("Astrid", "Ben", "Moa", "Nils", "Olga", "Pär")
PLAINER = "Om någon inte kan delta är det vårt arbetssätt som ska ändras."
OUTCOME_RECORD = {
    "dialogue_id", "charter_id", "charter_version", "principle_id", "date", "place", "languages",
    "n_by_group", "n_rated", "n_passed", "rating_counts", "label", "reasons", "examples_shared",
    "fit_points", "untranslatable", "wording_proposals", "change_proposals", "agreed_text_sv",
    "agreed_text_en", "dissent", "decision", "glossary_changes", "consent_version",
}  # fmt: skip


async def dialogue(hub: Hub, **more: Any) -> tuple[Session, list[Person]]:
    """A dialogue that has begun, with three patients, two of the staff, and one unsaid."""
    name = f"dialogue of six {sorted(more.items())}"
    return await kept(hub, name, partial(_dialogue, hub, **more))


async def _dialogue(hub: Hub, **more: Any) -> tuple[Session, list[Person]]:
    more = {"format": "reflective-dialogue", "charter": CHARTER, "principles": PRINCIPLES, **more}
    session = await hub.session(**more)
    roles = {"Moa": "patient", "Nils": "carer", "Olga": "leader", "Pär": None}
    others = [
        await join(hub.http, session.code, name, "sv", **({"role": role} if role else {}))
        for name, role in roles.items()
    ]
    return session, [session.astrid, session.ben, *others]


async def step(session: Session, phase: str) -> None:
    """On to the next step of that name."""
    for _ in range(10):
        state = await session.moved("advance", force=True, reason="vidare")
        if state["phase"] == phase:
            return
    raise AssertionError(f"{phase} never came")


async def rate(session: Session, people: list[Person], *values: Any, reason: str = "") -> None:
    for person, value in zip(people, values, strict=False):
        fields = {"value": value, **({"reason": f"{reason} {value}"} if reason else {})}
        await person.said(session.id, "", "rating", fields=fields)


async def talk_of_the_first(session: Session, people: list[Person]) -> None:
    """All the steps of the first principle, to a wording that all agree on."""
    astrid, ben, moa = people[:3]
    sid = session.id
    question = await astrid.said(sid, "Vad menas med teknik?", "question")
    await ben.said(sid, "Phones and hearing loops.", reply_to=question["id"])
    await step(session, "experience")
    await astrid.said(sid, SECRET, "reflection")
    story = await astrid.said(sid, "Hissen var trasig och mötet hölls en trappa upp.")
    await ben.said(sid, "We moved the meeting to the evening once.")
    await step(session, "fit")
    await astrid.said(sid, "Kommunen måste betala", fields={"tag": "money", "side": "against"})
    await ben.said(sid, "The law says so", fields={"tag": "law", "side": "for"})
    await step(session, "restate")
    restated = await ben.said(
        sid, "She could not get to the meeting", "restatement", fields={"of": story["id"]}
    )
    await astrid.said(
        sid, "", "restatement_check", fields={"of": restated["id"], "answer": "partly"}
    )
    await step(session, "wording")
    wording = await astrid.said(sid, PLAINER, "wording")
    await ben.said(sid, "x", "wording", fields={"untranslatable": "engagement"})
    await step(session, "change")
    await moa.said(sid, "Lägg till: också på kvällen", "change", fields={"change": "add"})
    await step(session, "rate")
    await rate(session, people, 1, 5, 2, 4, 5, "pass", reason="Skäl för")
    await step(session, "settle")
    await session.moved("put", of=wording["id"])
    for person in people[:4]:
        await person.said(sid, "", "stance", fields={"of": wording["id"], "value": "consent"})


async def whole(hub: Hub) -> tuple[Session, list[Person]]:
    """One principle agreed on, one parked with hidden ratings, one closed with dissent."""
    return await kept(hub, "whole dialogue", partial(_whole, hub))


async def _whole(hub: Hub) -> tuple[Session, list[Person]]:
    session, people = await dialogue(hub)
    await session.go_to("understand")
    await talk_of_the_first(session, people)
    assert (await session.moved("advance"))["phase"] == "understand"
    await step(session, "rate")
    await people[0].said(session.id, "", "rating", fields={"value": 1, "reason": HIDDEN})
    await session.moved("park", reason="Vi hann inte")
    await step(session, "rate")
    await rate(session, people, 3, 3, 4, 4, 2, 3, reason="Så")
    await step(session, "settle")
    await people[0].said(
        session.id,
        "",
        "stance",
        fields={"of": PRINCIPLES[2], "value": "objection", "reason": "Barnen saknas"},
    )
    dissent = [
        {"text": "Vi som är patienter vill ha med barnen", "group": "lived", "language": "sv"}
    ]
    await session.moved("outcome", dissent=dissent)
    await hub.translate()
    await step(session, "close")
    await people[0].said(session.id, "Jag tar med mig orden", "checkout")
    await hub.translate()
    return session, people


async def record_of(session: Session) -> Any:
    answer = await session.fatima.get(f"/sessions/{session.id}/record")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_outcome_has_exactly_the_names_of_the_outcome_record(hub: Hub) -> None:
    session, people = await whole(hub)
    record = await record_of(session)
    first, second, third = record["outcomes"]
    assert set(first) == set(second) == set(third) == OUTCOME_RECORD
    assert [o["principle_id"] for o in record["outcomes"]] == PRINCIPLES
    assert [o["decision"] for o in record["outcomes"]] == ["reword", "park", "park"]
    assert (first["dialogue_id"], first["charter_id"]) == (session.id, CHARTER)
    assert (first["date"], first["place"]) == ("2026-11-24", None)
    assert first["languages"] == ["en", "sv"]
    assert (first["n_rated"], first["n_passed"]) == (5, 1)
    assert first["rating_counts"] == [1, 1, 0, 1, 2]
    assert first["label"] == "split"
    assert first["agreed_text_sv"] == PLAINER
    assert first["agreed_text_en"].startswith("Time, place, language")
    assert first["untranslatable"] == ["engagement"]
    assert first["wording_proposals"][0]["text"]["sv"] == PLAINER
    assert (
        first["wording_proposals"][0]["support"],
        first["wording_proposals"][0]["author_role"],
    ) == (4, "patient")
    assert first["change_proposals"] == [
        {
            "kind": "add",
            "text_sv": "Lägg till: också på kvällen",
            "text_en": "[en] Lägg till: också på kvällen",
        }
    ]
    assert [(p["tag"], p["side"]) for p in first["fit_points"]] == [
        ("money", "against"),
        ("law", "for"),
    ]
    assert first["fit_points"][0]["text"]["en"] == "[en] Kommunen måste betala"
    assert [e["text"]["sv"] for e in first["examples_shared"]] == [
        "Hissen var trasig och mötet hölls en trappa upp.",
        "[sv] We moved the meeting to the evening once.",
    ]
    assert sorted(r["text"]["sv"] for r in first["reasons"] if r["value"] == 1) == ["Skäl för 1"]
    assert third["dissent"] == [
        {
            "group": "lived",
            "text": {
                "sv": "Vi som är patienter vill ha med barnen",
                "en": "[en] Vi som är patienter vill ha med barnen",
            },
        }
    ]
    assert third["agreed_text_sv"] is None
    assert len(people) == 6


async def test_the_sections_tell_what_was_said_on_the_way(hub: Hub) -> None:
    session, _ = await whole(hub)
    first, second, third = (await record_of(session))["principles"]
    assert [s["state"] for s in (first, second, third)] == ["settled", "parked", "settled"]
    assert second["reason"] == "Vi hann inte"
    assert first["questions"][0]["text"]["sv"] == "Vad menas med teknik?"
    assert first["questions"][0]["answers"][0]["text"]["en"] == "Phones and hearing loops."
    assert first["restatements"][0]["checks"] == ["partly"]
    assert first["restatements"][0]["of"]["text"]["sv"].startswith("Hissen var trasig")
    # Of the first, the two others who gave a number are both of the staff: three of all but two
    # would tell of them. Of the last, there is one more.
    assert first["ratings"]["by_group"] == {}
    assert third["ratings"]["by_group"] == {"lived": [0, 0, 1, 2, 0]}
    (stance,) = third["stances"]
    assert (stance["of"], stance["objection"]) == (None, 1)
    assert stance["objections"][0]["text"]["sv"] == "Barnen saknas"
    assert first["planned_minutes"] == 24
    assert (first["n"], first["title"]["sv"]) == (5, "Gör det möjligt att vara med")


async def test_nobody_is_named_and_nothing_hidden_is_told(hub: Hub) -> None:
    session, people = await whole(hub)
    record = await record_of(session)
    told = json.dumps([record["principles"], record["outcomes"]], ensure_ascii=False)
    assert not any(f'"{name}' in told for name in NAMES)
    assert not any(person.id in told for person in people)
    everything = json.dumps(record, ensure_ascii=False)
    assert SECRET not in everything
    assert HIDDEN not in everything
    kinds = {c["kind"] for phase in record["phases"] for c in phase["items"]}
    assert not kinds & {"rating", "wording", "change", "stance", "reflection"}
    assert record["principles"][1]["ratings"]["rated"] == 0


async def test_what_is_taken_back_leaves_the_record(hub: Hub) -> None:
    session, people = await whole(hub)
    async with hub.database.reading() as tx:
        said = await tx.scalar(select(Contribution.id).where(Contribution.text.like("Hissen%")))
    assert (await people[0].delete(f"/contributions/{said}")).status_code == 200
    record = await record_of(session)
    assert "Hissen" not in str(record)
    assert record["principles"][0]["restatements"][0]["of"] is None


async def test_the_page_and_the_markdown_tell_it_in_both_languages(hub: Hub) -> None:
    session, people = await whole(hub)
    for language, agreed, parked in (
        ("sv", "Texten vi enades om", "Vi hann inte"),
        ("en", "The text we agreed on", "Vi hann inte"),
    ):
        answer = await session.fatima.get(
            f"/sessions/{session.id}/record", format="md", language=language
        )
        text = answer.text
        for wanted in (agreed, parked, "arbetssätt som ska ändras", "engagement", "Skäl för 1"):
            assert wanted in text, wanted
        assert SECRET not in text
        assert HIDDEN not in text
        cookies = {f"hub_seat_{session.id}": people[0].token, "hub_language": language}
        page = await hub.http.get(f"/sessions/{session.id}/record", cookies=cookies)
        assert page.status_code == 200
        assert "arbetssätt som ska ändras" in page.text
        assert SECRET not in page.text
        assert HIDDEN not in page.text
        assert f'href="/charters/{CHARTER}"' in page.text


async def test_the_files_say_of_which_principle_and_not_whose_rating(hub: Hub) -> None:
    session, _ = await whole(hub)
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)
        rows = list(csv.DictReader(io.StringIO(as_csv(await list_contributions(tx, session.id)))))
        data = as_project(
            {"id": session.id, "title": gathering.title}, await hub.screens.shared(tx, gathering)
        )
    wordings = [r for r in rows if r["kind"] == "wording"]
    assert {r["principle"] for r in wordings} == {"vst-5"}
    assert {(r["author"], r["role"]) for r in wordings} == {("", "patient"), ("", "practitioner")}
    ratings = [r for r in rows if r["kind"] == "rating"]
    assert {(r["author"], r["role"]) for r in ratings} == {("", "")}
    assert {r["principle"] for r in ratings} == {"vst-5", "vst-1"}
    assert next(r for r in rows if r["kind"] == "checkout")["author"] == "Astrid"
    assert SECRET not in str(rows)
    assert HIDDEN not in str(rows)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert "principle: vst-5" in packed.read("project.qde").decode()


async def test_a_charter_that_may_not_be_published_keeps_its_words_out(hub: Hub) -> None:
    session, _ = await whole(hub)
    async with hub.database.transaction() as tx:
        gathering = await access_gathering(tx, session.id)
        copy = gathering.charter_copy or {}
        gathering.charter_copy = {**copy, "may_publish_translation": False}
    record = await record_of(session)
    first = record["principles"][0]
    assert first["texts"] is first["put"] is first["agreed"] is None
    assert record["outcomes"][0]["agreed_text_en"] is None
    assert "Time, place, language, technology" not in json.dumps(record["outcomes"])


async def test_a_forum_has_no_principle_in_its_record_or_its_files(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, "Ingen var min")
    record = await record_of(session)
    assert not {"charter", "outcomes", "principles"} & set(record)
    assert set(record["phases"][0]) == {"id", "title", "planned_minutes", "minutes", "items"}
    async with hub.database.reading() as tx:
        text = as_csv(await list_contributions(tx, session.id))
    assert text.splitlines()[0] == ",".join(COLUMNS)


# --- figures and questions ---------------------------------------------------------------------


async def test_measures_take_each_step_of_each_principle_for_itself(hub: Hub) -> None:
    session, _ = await dialogue(hub)
    await session.go_to("understand")
    hub.clock.move(minutes=3)
    await step(session, "experience")
    hub.clock.move(seconds=30)
    await session.astrid.said(session.id, "Hissen var trasig")
    hub.clock.move(minutes=11)
    async with hub.database.reading() as tx:
        found = await read_session(tx, await access_gathering(tx, session.id), now=hub.clock.now())
    keys = [p.id for p in found.phases]
    assert len(set(keys)) == len(keys) == 2 + 3 * 8
    actual = {p.id: round(p.actual, 1) for p in found.phases}
    assert (actual["understand/vst-5"], actual["experience/vst-5"]) == (3.0, 11.5)
    assert actual["experience/vst-8"] == 0
    assert next(t for t in found.turns).phase == "experience/vst-5"


async def test_an_objection_to_a_text_that_ends_as_dissent_is_counted(hub: Hub) -> None:
    session, people = await whole(hub)
    began = hub.clock.now()
    hub.clock.move(minutes=15)
    async with hub.database.transaction() as tx:
        for person in people:
            tx.add(
                Presence(
                    gathering_id=session.id,
                    participant_id=person.id,
                    from_at=began,
                    until_at=hub.clock.now(),
                )
            )
    async with hub.database.reading() as tx:
        found = await read_session(tx, await access_gathering(tx, session.id), now=hub.clock.now())
    (objection,) = found.objections
    assert (objection.amended, objection.after) == (False, "objection")
    assert objection.results == ("adopted_with_dissent",)
    assert outcome_of(objection) == "dissent"


async def test_a_dialogue_asks_two_questions_more_afterwards(hub: Hub) -> None:
    session, people = await dialogue(hub)
    await session.go_to("close")
    asked = (await people[0].get(f"/sessions/{session.id}/questions")).json()
    assert {"dia1", "dia2"} <= set(json.dumps(asked).replace('"', " ").split())
    forum = await hub.session()
    await forum.go_to("close")
    asked = (await forum.astrid.get(f"/sessions/{forum.id}/questions")).json()
    assert "dia1" not in json.dumps(asked)


# --- the desk and the chatbot ------------------------------------------------------------------


async def desk_of(hub: Hub, session: Session) -> Any:
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)
        shared = await hub.screens.shared(tx, gathering)
        return (await read_desk(hub.screens, tx, session.id, shared))["talked_about"]


async def lines_of(hub: Hub, session: Session) -> dict[str, str]:
    """The lines of a dialogue's own that are due now, in Swedish."""
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)
        watch = await look_at(hub.screens, tx, gathering)
        assert watch is not None
        return {
            line.trigger: words(line, gathering.form.triggers)["sv"] for line in due_lines(watch)
        }


async def test_the_desk_says_what_each_step_waits_for(hub: Hub) -> None:
    session, people = await dialogue(hub)
    sid = session.id
    assert await desk_of(hub, session) is None
    await session.go_to("understand")
    question = await session.astrid.said(sid, "Vad menas?", "question")
    found = await desk_of(hub, session)
    assert (found["number"], found["count"], found["minutes_left"]) == (1, 3, 24)
    assert [c["id"] for c in found["questions"]] == [question["id"]]
    hub.clock.move(minutes=2)
    for person in people:
        await person.get(f"/sessions/{sid}")
    assert (await desk_of(hub, session))["minutes_left"] == 22
    await step(session, "experience")
    assert (await desk_of(hub, session))["shared"]["people"] == 0
    await session.ben.said(sid, "We moved the meeting")
    found = await desk_of(hub, session)
    assert (found["shared"]["people"], found["questions"]) == (1, None)
    assert "lived" in found["shared"]["missing"]
    await step(session, "fit")
    await session.astrid.said(sid, "Dyrt", fields={"tag": "money", "side": "against"})
    assert (await session.move("skip-tag", tag="law")).status_code == 200
    tags = {t["tag"]: t for t in (await desk_of(hub, session))["tags"]}
    assert (tags["money"]["against"], tags["law"]["skipped"]) == (1, True)
    assert not tags["words"]["skipped"]
    await step(session, "wording")
    wording = await session.astrid.said(sid, PLAINER, "wording")
    (open_one,) = (await desk_of(hub, session))["proposals"]
    assert open_one["contribution"]["id"] == wording["id"]
    await step(session, "rate")
    await session.astrid.said(sid, "", "rating", fields={"value": 1, "reason": HIDDEN})
    found = await desk_of(hub, session)
    assert found["ratings"]["answered"] == found["ratings"]["hidden"] == 1
    assert HIDDEN not in str(found)
    assert "value" not in str(found["ratings"])
    await step(session, "settle")
    await session.ben.said(
        sid, "", "stance", fields={"of": wording["id"], "value": "objection", "reason": "No"}
    )
    put = (await desk_of(hub, session))["put"]
    assert (put["kind"], put["objections"], put["answered"], put["agreed"]) == (
        "wording",
        1,
        1,
        False,
    )
    page = await hub.http.get(f"/sessions/{sid}/desk", headers=session.fatima.headers)
    assert page.status_code == 200
    assert len(people) == 6


async def test_a_quick_agreement_is_asked_about_once_all_have_rated(hub: Hub) -> None:
    session, people = await dialogue(hub)
    await session.go_to("understand")
    await step(session, "rate")
    hub.clock.move(seconds=20)
    await rate(session, people[:5], 4, 5, 4, 5, 5)
    assert "fast_agreement" not in await lines_of(hub, session)
    await rate(session, people[5:], 4)
    assert "fast_agreement" in await lines_of(hub, session)


async def test_hidden_ratings_are_shown_to_the_chatbot_no_sooner_than_to_people(hub: Hub) -> None:
    session, people = await dialogue(hub)
    await session.go_to("understand")
    await step(session, "rate")
    await rate(session, people[:5], 1, 5, 4, 5, 5, reason="Därför")
    assert "rating_spread" not in await lines_of(hub, session)
    async with hub.database.reading() as tx:
        watch = await look_at(hub.screens, tx, await access_gathering(tx, session.id))
    assert watch is not None
    assert {p.value for p in watch.posts if p.kind == "rating"} == {None}
    await session.moved("ratings/reveal")
    assert (await lines_of(hub, session))["rating_spread"].startswith(
        "Siffrorna går isär, från 1 till 5."
    )


async def test_words_that_alter_the_meaning_and_words_without_a_match_are_asked_about(
    hub: Hub,
) -> None:
    session, people = await dialogue(hub)
    await session.go_to("understand")
    await step(session, "wording")
    plain = await people[0].said(session.id, PLAINER, "wording")
    assert "mixed_question" not in await lines_of(hub, session)
    softer = await people[2].said(session.id, PLAINER.replace("ska", "kan"), "wording")
    assert "mixed_question" in await lines_of(hub, session)
    chosen = await people[2].post(f"/contributions/{softer['id']}/box", {"box": "wording"})
    assert chosen.status_code == 200, chosen.text
    assert "mixed_question" not in await lines_of(hub, session)
    flagged = await session.fatima.post(f"/contributions/{plain['id']}/flag")
    assert flagged.status_code == 200, flagged.text
    assert "mixed_question" in await lines_of(hub, session)
    await session.ben.said(session.id, "x", "wording", fields={"untranslatable": "engagement"})
    hub.clock.move(seconds=5)
    assert "”engagement”" in (await lines_of(hub, session))["untranslatable"]


async def test_where_nobody_tells_of_anything_the_chatbot_asks_at_half_time(hub: Hub) -> None:
    session, _ = await dialogue(hub, format="reflective-dialogue-express")
    await session.go_to("understand")
    await step(session, "experience")
    hub.clock.move(seconds=59)
    assert "no_experience" not in await lines_of(hub, session)
    hub.clock.move(seconds=1)
    assert "no_experience" in await lines_of(hub, session)
    assert "silence" not in await lines_of(hub, session)
