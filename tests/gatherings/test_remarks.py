"""A remark on a translation comes with its correction: what was wrong, in one's own language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from hub.chatbot import rules as chatbot
from hub.chatbot.words import jargon
from hub.gatherings.measuring import read_measures
from hub.gatherings.models import access_gathering
from tests.cast import Person, Session, join
from tests.conftest import Hub

SAID = "Engagemang har vi så det räcker."
MEANT = "We have commitment enough."
REMARK = "It is commitment that is meant, not being engaged to somebody."


async def bilingual(hub: Hub, session: Session, **more: Any) -> Person:
    return await join(hub.http, session.code, "Bea", "en", bilingual=True, **more)


async def correct(by: Person, said: Any, remark: str = REMARK, **more: Any) -> httpx.Response:
    body = {"text": MEANT, "remark": remark, **more}
    return await by.put(f"/contributions/{said['id']}/translations/en", body)


async def by_form(
    hub: Hub, session: Session, person: Person, said: Any, fields: Mapping[str, str]
) -> httpx.Response:
    cookies = {f"hub_seat_{session.id}": person.token}
    form = {"part": "actions", "act": "correct", "contribution": said["id"], "language": "en"}
    path = f"/contributions/{said['id']}/correct"
    return await hub.http.post(path, data=form | dict(fields), cookies=cookies)


async def page_of(hub: Hub, session: Session, person: Person, said: Any) -> str:
    cookies = {f"hub_seat_{session.id}": person.token}
    path = f"/sessions/{session.id}/contributions/{said['id']}"
    return (await hub.http.get(path, cookies=cookies)).text


async def shared(session: Session) -> list[Any]:
    found = await session.ben.get(f"/sessions/{session.id}/contributions")
    return list(found.json()["items"])


async def remarks(session: Session) -> list[Any]:
    return [c for c in await shared(session) if "remark_on" in c["fields"]]


async def revision(session: Session) -> int:
    return int((await session.fatima.get(f"/sessions/{session.id}")).json()["revision"])


async def measured(hub: Hub, session: Session) -> Any:
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)
        return await read_measures(tx, gathering, now=hub.clock.now())


async def test_a_remark_is_a_post_that_everybody_reads_in_their_language(hub: Hub) -> None:
    session = await hub.session()
    bea = await bilingual(hub, session)
    said = await session.astrid.said(session.id, SAID)
    await hub.translate()
    answer = await correct(bea, said)
    assert answer.json()["translations"]["en"]["text"] == MEANT
    await hub.translate()
    (found,) = await remarks(session)
    assert (found["kind"], found["text"], found["language"]) == ("contribution", REMARK, "en")
    assert (found["author"]["name"], found["reply_to"]) == ("Bea", said["id"])
    assert found["fields"] == {"remark_on": "en"}
    assert found["translations"]["sv"]["text"] == f"[sv] {REMARK}"


async def test_the_language_of_a_remark_may_be_another_than_the_correctors(hub: Hub) -> None:
    session = await hub.session()
    bea = await bilingual(hub, session)
    said = await session.astrid.said(session.id, SAID)
    assert (await correct(bea, said, "Det låter fel.", remark_language="sv")).status_code == 200
    (found,) = await remarks(session)
    assert (found["language"], list(found["translations"])) == ("sv", ["en"])


async def test_a_facilitators_remark_is_facilitation_and_open_while_people_think(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    await session.go_to("reflect")
    assert (await correct(session.fatima, said)).status_code == 200
    (found,) = await remarks(session)
    assert (found["kind"], found["author"]["name"]) == ("facilitation", "Fatima")


async def test_without_a_remark_a_correction_is_no_post(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    assert (await correct(session.astrid, said, " \n\u200b ")).status_code == 200
    assert [c["id"] for c in await shared(session) if c["kind"] != "bot"] == [said["id"]]


@pytest.mark.parametrize("again", [{"client_id": "form-1"}, {}])
async def test_the_same_correction_twice_is_one_remark(hub: Hub, again: dict[str, str]) -> None:
    session = await hub.session()
    bea = await bilingual(hub, session)
    said = await session.astrid.said(session.id, SAID)
    assert (await correct(bea, said, **again)).status_code == 200
    before = await revision(session)
    assert (await correct(bea, said, **again)).status_code == 200
    assert await revision(session) == before
    assert len(await remarks(session)) == 1


async def test_a_second_remark_on_the_same_words_is_another_post(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    assert (await correct(session.astrid, said, "Fel ord.")).status_code == 200
    assert (await correct(session.astrid, said, "Och för kort.")).status_code == 200
    assert [c["text"] for c in await remarks(session)] == ["Fel ord.", "Och för kort."]


async def test_an_id_used_for_another_post_does_not_swallow_a_remark(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID, client_id="one")
    assert (await correct(session.astrid, said, client_id="one")).status_code == 200
    assert [c["text"] for c in await remarks(session)] == [REMARK]


@pytest.mark.parametrize("phase", ["reflect", "paused", "closed"])
async def test_where_nothing_can_be_said_a_remark_leaves_nothing_half_written(
    hub: Hub, phase: str
) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    await hub.translate()
    if phase == "reflect":
        await session.go_to("reflect")
    else:
        await session.moved({"paused": "pause", "closed": "close"}[phase])
    await hub.screens.settle()
    before = await revision(session)
    refused = await correct(session.astrid, said)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("remark_closed")
    assert await revision(session) == before
    (post,) = [c for c in await shared(session) if c["id"] == said["id"]]
    translation = post["translations"]["en"]
    assert (translation["status"], translation["text"]) == ("machine", f"[en] {SAID}")
    assert await remarks(session) == []
    assert (await correct(session.astrid, said, "")).status_code == 200


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"remark": "x" * 501}, "/remark"),
        ({"remark_language": "de"}, "/remark_language"),
        ({"text": " "}, "/text"),
    ],
)
async def test_a_fault_in_the_remark_or_the_words_saves_neither(
    hub: Hub, more: dict[str, str], pointer: str
) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    before = await revision(session)
    body = {"text": MEANT, "remark": REMARK, **more}
    answer = await session.astrid.put(f"/contributions/{said['id']}/translations/en", body)
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]
    assert await revision(session) == before


async def test_a_hidden_post_gets_no_remark_for_all_to_read(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    await session.fatima.post(f"/contributions/{said['id']}/hide", {"reason": "a name"})
    assert (await correct(session.fatima, said)).status_code == 409
    assert await remarks(session) == []


async def test_only_a_correction_makes_a_remark(hub: Hub) -> None:
    session = await hub.session()
    fields = {"remark_on": "en", "tag": "x"}
    said = await session.astrid.said(session.id, SAID, fields=fields)
    assert said["fields"] == {"tag": "x"}


async def test_taking_a_remark_back_leaves_the_correction(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, SAID)
    await correct(session.astrid, said)
    (remark,) = await remarks(session)
    assert (await session.ben.delete(f"/contributions/{remark['id']}")).status_code == 403
    assert (await session.astrid.delete(f"/contributions/{remark['id']}")).status_code == 200
    posts = {c["id"]: c for c in await shared(session)}
    assert posts[said["id"]]["translations"]["en"]["text"] == MEANT
    assert (posts[remark["id"]]["removed"], posts[remark["id"]]["text"]) == (True, "")
    # The correction itself is counted now, in the language of its words.
    found = (await measured(hub, session))["translation"]
    assert (found["sv"]["of"], found["sv"]["fixed"], found["en"]["of"]) == (1, 1, 1)


async def test_a_correction_and_its_remark_are_one_post_and_no_turn(hub: Hub) -> None:
    session = await hub.session()
    bea = await bilingual(hub, session)
    said = await session.astrid.said(session.id, SAID)
    await correct(bea, said, "Det låter fel.", remark_language="sv")
    hub.clock.move(minutes=11)
    found = await measured(hub, session)
    assert {d: t["of"] for d, t in found["translation"].items()} == {"sv": 2}
    assert found["translation"]["sv"]["fixed"] == 1
    assert found["turns"]["n"] == found["reciprocity"]["replies"] == 0


async def test_a_remark_answers_no_question_and_is_nobodys_voice(hub: Hub) -> None:
    session = await hub.session(format="jif-90")
    await session.go_to("evidence")
    asked = await session.astrid.said(session.id, "Vilka samtal räknade ni?", "question")
    bea = await bilingual(hub, session, role="researcher")
    await correct(bea, asked)
    state = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert (state["exit_met"], state["exit"]["wanted"]) == (False, 1)
    record = (await session.fatima.get(f"/sessions/{session.id}/record")).json()
    assert record["questions"][0]["answers"] == []
    await session.go_to("interpret")
    said = await session.astrid.said(session.id, SAID)
    await correct(bea, said)
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)
        everyone = [session.astrid.id, session.ben.id, bea.id]
        exit_ = await hub.screens.exit(tx, gathering, gathering.form)
        watch = await hub.watch(tx, gathering, present=everyone)
    assert exit_.done <= 1
    record = (await session.fatima.get(f"/sessions/{session.id}/record")).json()
    assert record["by_finding"][-1]["contributions"] == [said["id"]]
    assert watch is not None
    assert [(p.kind, p.words) for p in watch.posts if p.author == bea.id] == [("remark", 0)] * 2


async def test_the_chatbot_asks_nobody_to_explain_or_mend_a_remark(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("interpret")
    said = await session.astrid.said(session.id, SAID)
    jargon_words = "The KPI was translated as if it were a person."
    assert jargon(jargon_words) == ("KPI",)
    await correct(session.astrid, said, jargon_words, remark_language="en")
    hub.clock.move(seconds=30)

    async def wanted() -> set[str]:
        async with hub.database.reading() as tx:
            gathering = await access_gathering(tx, session.id)
            watch = await hub.watch(tx, gathering)
        assert watch is not None
        return {
            line.trigger
            for trigger in (chatbot.jargon_, chatbot.untranslated)
            for line in trigger(watch)
        }

    # Neither the abbreviation nor the translation that is late calls for a line.
    assert await wanted() == set()
    await session.ben.said(session.id, "And what of the LPT?")
    hub.clock.move(seconds=30)
    assert await wanted() == {"jargon", "untranslated"}


async def test_the_form_sends_a_remark_and_a_double_click_sends_one(hub: Hub) -> None:
    session = await hub.session()
    bea = await bilingual(hub, session)
    said = await session.astrid.said(session.id, SAID)
    page = await page_of(hub, session, bea, said)
    assert 'name="remark" dir="auto" class="row-2" maxlength="500"' in page
    assert "What was wrong?" in page
    fields = {
        "text": MEANT, "remark": REMARK, "remark_language": "en", "client_id": "form-1",
    }  # fmt: skip
    for _ in range(2):
        answer = await by_form(hub, session, bea, said, fields)
        assert answer.status_code == 303
    (remark,) = await remarks(session)
    assert remark["text"] == REMARK
    for person, label in (
        (session.astrid, "Kommentar till översättningen"),
        (session.ben, "Remark on the translation"),
    ):
        shown = await page_of(hub, session, person, remark)
        assert f'<span class="tag">{label}</span>' in shown
    record = await session.fatima.get(f"/sessions/{session.id}/record", format="md", language="en")
    assert f"**Bea** (Remark on the translation): {REMARK}" in record.text


async def test_a_refused_remark_comes_back_in_its_box_with_the_words(hub: Hub) -> None:
    session = await hub.session()
    bea = await bilingual(hub, session)
    said = await session.astrid.said(session.id, SAID)
    await session.go_to("reflect")
    assert 'name="remark"' not in await page_of(hub, session, bea, said)
    fields = {"text": MEANT, "remark": REMARK, "remark_language": "sv", "client_id": "form-1"}
    answer = await by_form(hub, session, bea, said, fields)
    assert answer.status_code == 409
    assert "take the remark away" in answer.text
    assert f">{REMARK}</textarea>" in answer.text
    assert f">{MEANT}</textarea>" in answer.text
    assert await remarks(session) == []
    long = await by_form(hub, session, session.astrid, said, {**fields, "remark": "å" * 501})
    assert long.status_code == 422
    assert "Högst 500 tecken. Nu är det 501" in long.text
    assert f'href="#a-{said["id"]}-correct-remark"' in long.text
