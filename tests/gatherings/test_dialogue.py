"""Reflective dialogues through the API: steps, boxes, hidden ratings, settling, parking, order."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from hub.charters import files
from hub.charters.actions import import_charter
from hub.charters.models import Charter, Outcome
from hub.charters.rules import read_state, state_of
from hub.errors import Refusal
from hub.gatherings import jobs
from hub.gatherings.models import list_events
from tests.cast import TITLE, Person, Session, join, plan
from tests.conftest import Hub
from tests.kept import kept

CHARTER = "vi-skapar-tillsammans"
EXPRESS = {"format": "reflective-dialogue-express", "charter": CHARTER}
FULL = {"format": "reflective-dialogue", "charter": CHARTER}
STEPS = ["understand", "experience", "fit", "wording", "change", "rate", "settle"]
ANY_TEXT = "Vi är med redan från första samtalet."


class Dialogue:
    """A dialogue on two principles, with Astrid (lived), Ben (practice) and Fatima."""

    def __init__(self, hub: Hub, session: Session) -> None:
        self.hub, self.session = hub, session
        self.fatima, self.astrid, self.ben = session.fatima, session.astrid, session.ben
        self.path = f"/sessions/{session.id}"

    async def look(self) -> Any:
        """Everybody looks, and so is here; what the session is."""
        await self.astrid.get(self.path)
        await self.ben.get(self.path)
        return (await self.fatima.get(self.path)).json()

    async def stage(self) -> Any:
        await self.look()
        answer = await self.fatima.get(f"{self.path}/changes", after=0)
        return next(i["phase"] for i in answer.json()["items"] if "phase" in i)

    async def say(self, who: Person, text: str, kind: str = "contribution", **fields: Any) -> Any:
        await self.look()
        return await who.said(self.session.id, text, kind, fields=fields)

    async def refused(self, who: Person, text: str, kind: str, **fields: Any) -> httpx.Response:
        return await who.say(self.session.id, text, kind, fields=fields)

    async def go_on(self) -> Any:
        """On to the next step, which the exit condition has to allow."""
        await self.look()
        answer = await self.session.move("advance")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def force(self, reason: str = "vidare") -> Any:
        return await self.session.moved("advance", force=True, reason=reason)

    async def to(self, step: str, principle: str | None = None) -> Any:
        """By force to a step, of the present principle or of a later one."""
        go = partial(self._to, step, principle)
        return await kept(self.hub, f"to {self.session.id} {step} {principle}", go)

    async def _to(self, step: str, principle: str | None) -> Any:
        for _ in range(40):
            now = await self.look()
            if now["phase"] == step and principle in (None, now["principle"]):
                return now
            await self.force()
        raise AssertionError(f"{step} never came")

    async def act(self, what: str, body: Any = None, status: int = 200) -> Any:
        answer = await self.fatima.post(f"{self.path}/{what}", body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def stance(self, who: Person, value: str, reason: str = "", **more: Any) -> Any:
        return await self.say(who, "", "stance", value=value, reason=reason, **more)

    async def outcomes(self) -> dict[str, Any]:
        items = (await self.fatima.get(f"{self.path}/outcomes")).json()["items"]
        return {item["principle"]: item for item in items}

    async def through_to_rate(self) -> None:
        """The steps before the rating, each until it has done its work."""
        await kept(self.hub, f"through {self.session.id}", self._through_to_rate)

    async def _through_to_rate(self) -> None:
        assert (await self.go_on())["phase"] == "experience"
        await self.say(self.astrid, "Ingen frågade mig innan det var klart.")
        assert not (await self.look())["exit_met"]
        await self.say(self.ben, "We asked the patients once, and it helped.")
        assert (await self.go_on())["phase"] == "fit"
        for tag in ("law", "roles", "money", "culture", "words"):
            await self.say(self.ben, "It holds.", tag=tag, side="for")
        assert not (await self.look())["exit_met"]
        await self.act("skip-tag", {"tag": "other"})
        assert (await self.go_on())["phase"] == "wording"

    async def quiet(self) -> None:
        self.hub.clock.move(seconds=61)

    async def rate(self, *values: int | str) -> None:
        for who, value in zip((self.astrid, self.ben), values, strict=False):
            await self.say(who, "Så har det varit.", "rating", value=value)


async def dialogue(hub: Hub, *, start: bool = True, **more: Any) -> Dialogue:
    name = f"dialogue {start} {sorted(more.items())}"
    return await kept(hub, name, partial(_dialogue, hub, start=start, **more))


async def _dialogue(hub: Hub, *, start: bool, **more: Any) -> Dialogue:
    body = {**EXPRESS, "principles": ["vst-1", "vst-2"], **more}
    found = Dialogue(hub, await hub.session(start=False, **body))
    if start:
        await found.session.moved("start")
        await found.force("inga fler presentationer")
    return found


# --- planning -----------------------------------------------------------------------------------


async def test_the_steps_come_once_for_each_principle(hub: Hub) -> None:
    found = await dialogue(hub, start=False)
    made = await found.look()
    assert [(p["id"], p["n"], p["state"]) for p in made["principles"]] == [
        ("vst-1", 1, "next"),
        ("vst-2", 2, "next"),
    ]
    assert made["charter"] == CHARTER
    assert made["principle"] is None
    assert made["principles"][0]["title"] == {"sv": "Börja tillsammans", "en": "Begin together"}
    await found.session.moved("start")
    stage = await found.stage()
    assert [p["id"] for p in stage["phases"]] == ["arrive", *STEPS, *STEPS, "close"]
    assert len({p["key"] for p in stage["phases"]}) == 16
    assert stage["phases"][1]["principle"] == "vst-1"


async def test_all_principles_are_talked_about_where_none_are_named(hub: Hub) -> None:
    fatima = await hub.account()
    made = await plan(fatima, **EXPRESS)
    assert [p["n"] for p in made["principles"]] == list(range(1, 11))


async def test_the_minutes_of_a_step_are_those_of_each_principle(hub: Hub) -> None:
    found = await dialogue(hub, minutes={"fit": 7})
    stage = await found.stage()
    assert [p["minutes"] for p in stage["phases"] if p["id"] == "fit"] == [7, 7]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"charter": None}, "/charter"),
        ({"charter": "nobody-knows"}, "/charter"),
        ({"principles": ["vst-1", "nobody-knows"]}, "/principles"),
        ({"principles": ["vst-1", "vst-1"]}, "/principles"),
        ({"charter": "nef-nesta"}, "/principles"),
        ({"minutes": {"nowhere": 3}}, "/minutes/nowhere"),
    ],
)
async def test_a_dialogue_that_cannot_be_is_refused(
    hub: Hub, change: dict[str, Any], pointer: str
) -> None:
    fatima = await hub.account()
    answer = await fatima.post("/sessions", {**EXPRESS, "title": TITLE, **change})
    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert all(error["detail"] for error in answer.json()["errors"])


async def _reword(hub: Hub, **texts: str) -> None:
    """Words of the first principle that somebody changed in the charter itself."""
    async with hub.database.transaction() as tx:
        charter = await tx.get_one(Charter, CHARTER)
        state = {**charter.state}
        first = {**state["principles"][0]}
        for language, text in texts.items():
            changed = {**first["texts"][language], "text": text}
            if not text:
                changed = {**changed, "title": "", "status": "missing", "origin": None}
            first["texts"] = {**first["texts"], language: changed}
        state["principles"] = [first, *state["principles"][1:]]
        await tx.execute(update(Charter).where(Charter.id == CHARTER).values(state=state))


async def test_a_dialogue_talks_about_the_words_as_they_were_when_it_began(hub: Hub) -> None:
    found = await dialogue(hub, start=False)
    await _reword(hub, sv="Ändrat före start.")
    await found.session.moved("start")
    await _reword(hub, sv="Ändrat efter start.")
    await found.force()
    assert (await found.stage())["principle_text"]["text"]["sv"] == "Ändrat före start."


async def test_a_language_without_words_is_said_to_be_missing(hub: Hub) -> None:
    await _reword(hub, sv="")
    found = await dialogue(hub)
    text = (await found.stage())["principle_text"]
    assert text["missing"] == ["sv"]
    assert text["title"]["sv"] == "Begin together"
    await _reword(hub, en="")
    fatima = await hub.account()
    answer = await fatima.post("/sessions", {**EXPRESS, "title": TITLE})
    assert answer.json()["errors"][0]["pointer"] == "/principles"


async def test_the_chatbot_names_the_principle_and_its_place(hub: Hub) -> None:
    found = await dialogue(hub, principles=["vst-3"])
    said = (await found.fatima.get(f"{found.path}/contributions")).json()["items"]
    line = next(c for c in said if c["kind"] == "bot" and c["phase"] == "understand")
    assert line["text"].startswith("Princip 3: ”All kunskap räknas”.")
    assert line["translations"]["en"]["text"].startswith("Principle 3: “All knowledge counts”.")
    assert line["principle"] == "vst-3"


# --- a whole dialogue ---------------------------------------------------------------------------


async def test_a_whole_express_dialogue_on_two_principles(hub: Hub) -> None:
    found = await dialogue(hub)
    question = await found.say(found.ben, "Who is we?", "question")
    assert question["principle"] == "vst-1"
    assert not (await found.look())["exit_met"]
    await found.fatima.said(
        found.session.id, "Alla i rummet.", "facilitation", reply_to=question["id"]
    )
    await found.through_to_rate()
    wording = await found.say(found.astrid, ANY_TEXT, "wording")
    await found.quiet()
    assert (await found.go_on())["phase"] == "change"
    await found.quiet()
    assert (await found.go_on())["phase"] == "rate"
    await found.rate(5, 4)
    now = await found.go_on()
    assert now["phase"] == "settle"
    assert not now["exit_met"]
    stage = await found.stage()
    assert stage["settling"]["of"] == wording["id"]
    assert stage["settling"]["text"]["sv"]["text"] == ANY_TEXT
    # A wording mends the Swedish alone.
    assert stage["settling"]["text"]["en"]["text"].startswith("We are all there")
    await found.stance(found.astrid, "consent")
    await found.stance(found.ben, "consent")
    now = await found.go_on()
    assert (now["phase"], now["principle"]) == ("understand", "vst-2")
    assert [(p["state"], p["decision"]) for p in now["principles"]] == [
        ("done", "reword"),
        ("now", None),
    ]
    first = (await found.outcomes())["vst-1"]
    assert first["agreed"]["sv"] == {"title": "Börja tillsammans", "text": ANY_TEXT}
    assert first["agreed_from"] == wording["id"]
    assert first["closed_at"]
    assert first["ratings"]["counts"] == [0, 0, 0, 1, 1]
    assert first["ratings"]["label"] is None
    assert first["ratings"]["by_group"] == {}

    await found.through_to_rate()
    await found.quiet()
    await found.go_on()
    await found.quiet()
    await found.go_on()
    await found.rate(1, "pass")
    await found.go_on()
    await found.stance(found.astrid, "objection", "Det säger inget om vem som betalar.")
    await found.stance(found.ben, "consent")
    assert not (await found.look())["exit_met"]
    await found.act("outcome", {"dissent": [{"text": "De som betalar.", "group": "lived"}]})
    assert (await found.look())["exit_met"]
    now = await found.go_on()
    assert now["phase"] == "close"
    assert now["principle"] is None
    await found.session.moved("close")
    await hub.translate()
    second = (await found.outcomes())["vst-2"]
    assert second["agreed"] is None
    assert second["decision"] == "park"
    assert second["closed_at"]
    (dissent,) = second["dissent"]
    assert dissent["group"] == "lived"
    assert set(dissent["text"]) == {"sv", "en"}
    assert (second["ratings"]["counts"], second["ratings"]["passed"]) == ([1, 0, 0, 0, 0], 1)
    states = {p["id"]: p["state"] for p in (await found.look())["principles"]}
    assert states == {"vst-1": "done", "vst-2": "done"}


async def test_every_outcome_keeps_who_was_there_and_which_version(hub: Hub) -> None:
    found = await dialogue(hub)
    async with hub.database.reading() as tx:
        rows = list(await tx.scalars(Outcome.__table__.select()))
        row = await tx.get_one(Outcome, rows[0])
    assert row.people_by_group == {"lived": 1, "practice": 1}
    assert row.languages == ["en", "sv"]
    assert row.charter_id == CHARTER
    assert row.consent_version
    assert found.session.id == row.gathering_id


# --- ends when ----------------------------------------------------------------------------------


async def test_understanding_ends_when_no_question_is_open(hub: Hub) -> None:
    found = await dialogue(hub)
    assert (await found.look())["exit_met"]
    question = await found.say(found.astrid, "Vad menas med samtalet?", "question")
    assert (await found.look())["exit"] == {"code": "questions_answered", "done": 0, "wanted": 1}
    assert (await found.session.move("advance")).status_code == 409
    await found.ben.said(found.session.id, "The first one.", reply_to=question["id"])
    assert (await found.look())["exit_met"]


async def test_experience_ends_when_half_have_shared_and_both_groups_are_heard(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("experience")
    await found.say(found.astrid, "En tanke", "reflection")
    assert not (await found.look())["exit_met"]
    await found.say(found.astrid, "Så var det för mig.")
    now = await found.look()
    assert now["exit"]["done"] == 1
    assert now["exit"]["wanted"] == 1
    assert not now["exit_met"]
    await found.say(found.ben, "So it was for us.")
    assert (await found.look())["exit_met"]


async def test_what_was_shared_on_one_principle_does_not_end_a_step_of_the_next(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("experience")
    await found.say(found.astrid, "Så var det för mig.")
    await found.say(found.ben, "So it was for us.")
    await found.to("experience", "vst-2")
    assert not (await found.look())["exit_met"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, "/fields/tag"),
        ({"tag": "law"}, "/fields/side"),
        ({"tag": "weather", "side": "for"}, "/fields/tag"),
        ({"tag": "law", "side": "both"}, "/fields/side"),
    ],
)
async def test_a_point_says_what_it_is_about(
    hub: Hub, fields: dict[str, Any], pointer: str
) -> None:
    found = await dialogue(hub)
    await found.to("fit")
    answer = await found.refused(found.astrid, "Lagen säger annat.", "contribution", **fields)
    assert answer.status_code == 422
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


async def test_a_reply_to_a_point_needs_no_tag(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("fit")
    point = await found.say(found.astrid, "Lagen säger annat.", tag="law", side="against")
    await found.ben.said(found.session.id, "Does it?", reply_to=point["id"])


async def test_skipping_a_tag_twice_is_once_and_an_unknown_tag_is_refused(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.act("skip-tag", {"tag": "law"}, status=409)
    await found.to("fit")
    before = (await found.act("skip-tag", {"tag": "law"}))["revision"]
    assert (await found.act("skip-tag", {"tag": "law"}))["revision"] == before
    assert (await found.stage())["tags"]["skipped"] == ["law"]
    await found.act("skip-tag", {"tag": "weather"}, status=422)
    answer = await found.astrid.post(f"{found.path}/skip-tag", {"tag": "money"})
    assert answer.status_code == 403


async def test_restating_ends_when_all_who_wish_have_and_all_are_answered(hub: Hub) -> None:
    found = await dialogue(hub, format="reflective-dialogue")
    await found.to("experience")
    said = await found.say(found.astrid, "Ingen frågade mig innan det var klart.")
    await found.to("restate")
    again = await found.say(found.ben, "Nobody asked you.", "restatement", of=said["id"])
    answer = await found.astrid.post(f"{found.path}/no-more")
    assert answer.status_code == 200
    assert (await found.look())["exit"]["done"] == 2
    assert not (await found.look())["exit_met"]
    await found.say(found.astrid, "", "restatement_check", of=again["id"], answer="yes")
    assert (await found.look())["exit_met"]


async def test_wording_ends_when_nothing_new_has_come_for_a_minute(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    hub.clock.move(seconds=59)
    assert not (await found.look())["exit_met"]
    await found.say(found.astrid, ANY_TEXT, "wording")
    hub.clock.move(seconds=59)
    assert not (await found.look())["exit_met"]
    hub.clock.move(seconds=2)
    assert (await found.look())["exit_met"]


async def test_a_step_that_time_alone_ends_is_shown_to_the_room_once(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    hub.clock.move(seconds=61)
    before = (await found.look())["revision"]
    await jobs.keep_time(hub.screens)
    changes = (await found.fatima.get(f"{found.path}/changes", after=before)).json()
    assert [item["phase"]["exit_met"] for item in changes["items"] if "phase" in item] == [True]
    after = (await found.look())["revision"]
    await jobs.keep_time(hub.screens)
    assert (await found.look())["revision"] == after
    await found.say(found.astrid, ANY_TEXT, "wording")
    hub.clock.move(seconds=61)
    before = (await found.look())["revision"]
    await jobs.keep_time(hub.screens)
    assert (await found.look())["revision"] == before + 1


async def test_a_pause_is_no_silence(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    await found.session.moved("pause")
    hub.clock.move(minutes=5)
    await found.session.moved("resume")
    assert not (await found.look())["exit_met"]


# --- ratings ------------------------------------------------------------------------------------


async def test_nobody_sees_a_rating_until_all_have_answered(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("rate")
    mine = await found.say(found.astrid, "Det saknas i lagen.", "rating", value=1)
    assert mine["seq"] is None
    assert mine["fields"]["of"] == "vst-1"
    for who in (found.ben, found.fatima):
        changes = (await who.get(f"{found.path}/changes", after=0)).text
        assert mine["id"] not in changes
        assert "Det saknas i lagen" not in changes
    stage = await found.stage()
    assert stage["ratings"] == {"answered": 1, "present": 2, "result": None}
    await found.say(found.ben, "", "rating", value=4)
    stage = await found.stage()
    assert stage["ratings"]["result"]["counts"] == [1, 0, 0, 1, 0]
    assert stage["exit_met"]
    await hub.translate()
    said = (await found.ben.get(f"{found.path}/contributions")).json()["items"]
    shown = next(c for c in said if c["id"] == mine["id"])
    assert shown["translations"]["en"]["text"] == "[en] Det saknas i lagen."


async def test_the_facilitator_reveals_the_ratings_without_the_rest(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("rate")
    await found.say(found.astrid, "", "rating", value=3)
    assert not (await found.look())["exit_met"]
    await found.act("ratings/reveal")
    assert (await found.stage())["ratings"]["result"]["answered"] == 1
    answer = await found.astrid.post(f"{found.path}/ratings/reveal")
    assert answer.status_code == 403


@pytest.mark.parametrize("value", [1, 2])
async def test_a_low_rating_wants_a_reason(hub: Hub, value: int) -> None:
    found = await dialogue(hub)
    await found.to("rate")
    answer = await found.refused(found.astrid, "", "rating", value=value)
    assert answer.json()["errors"][0]["pointer"] == "/fields/reason"
    await found.say(found.astrid, "", "rating", value=value, reason="Det saknas pengar.")


async def test_a_rating_is_of_the_principle_that_is_talked_about(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("rate")
    answer = await found.refused(found.astrid, "", "rating", value=3, of="vst-2")
    assert answer.json()["errors"][0]["pointer"] == "/fields/of"


async def test_a_label_comes_with_five_ratings_and_a_group_with_three(hub: Hub) -> None:
    found = await dialogue(hub)
    more = [
        await join(hub.http, found.session.code, f"Person {n}", "sv", role=role)
        for n, role in enumerate(("patient", "patient", "practitioner", "practitioner"))
    ]
    await found.to("rate")
    people = [found.astrid, found.ben, *more]
    for person in people:
        await person.get(found.path)
    for person in people[:-1]:
        answer = await person.say(found.session.id, "", "rating", fields={"value": 4})
        assert answer.status_code == 201
    assert (await found.stage())["ratings"]["result"] is None
    answer = await people[-1].say(found.session.id, "", "rating", fields={"value": 5})
    result = (await found.stage())["ratings"]["result"]
    assert result["label"] == "fits"
    assert result["by_group"] == {"lived": [0, 0, 0, 3, 0], "practice": [0, 0, 0, 2, 1]}


# --- wordings and changes -----------------------------------------------------------------------


async def test_only_its_author_words_a_proposal_anew(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    first = await found.say(found.astrid, ANY_TEXT, "wording")
    assert first["language"] == "sv"
    answer = await found.ben.say(found.session.id, "Något annat.", "wording", reply_to=first["id"])
    assert answer.status_code == 403
    await found.astrid.said(found.session.id, "Vi börjar ihop.", "wording", reply_to=first["id"])
    said = (await found.fatima.get(f"{found.path}/contributions")).json()["items"]
    shown = next(c for c in said if c["id"] == first["id"])
    assert shown["current"]["text"] == "Vi börjar ihop."
    assert shown["former"][0]["text"] == ANY_TEXT
    await found.to("settle")
    assert (await found.stage())["settling"]["text"]["sv"]["text"] == "Vi börjar ihop."


async def test_a_wording_by_somebody_who_reads_english_is_swedish_all_the_same(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    said = await found.say(found.ben, "Vi är med från början.", "wording")
    assert said["language"] == "sv"
    assert said["fields"]["language"] == "sv"


async def test_a_word_may_be_marked_as_untranslatable_without_a_text(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    await found.say(found.ben, "", "wording", untranslatable="accountability")
    assert (await found.stage())["untranslatable"] == ["accountability"]
    answer = await found.refused(found.ben, "", "wording")
    assert answer.json()["errors"][0]["pointer"] == "/text"
    await found.to("settle")
    # It is no text to agree on.
    assert (await found.stage())["settling"]["kind"] == "text"


async def test_a_facilitators_words_stand_when_the_authors_have_said_yes(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    one = await found.say(found.astrid, "Vi börjar ihop.", "wording")
    two = await found.say(found.ben, "Vi startar tillsammans.", "wording")
    body = {"client_id": "m1", "text": "Vi börjar tillsammans.", "merges": [two["id"]]}
    answer = await found.fatima.post(f"/contributions/{one['id']}/suggest", body)
    assert answer.status_code == 201, answer.text
    suggestion = answer.json()
    assert (await found.fatima.post(f"/contributions/{one['id']}/suggest", body)).json()[
        "id"
    ] == suggestion["id"]
    assert {a["name"] for a in suggestion["asked"]} == {"Astrid", "Ben"}
    assert suggestion["stands"] is False
    leave = f"/contributions/{suggestion['id']}/leave"
    assert (await found.astrid.post(leave, {"agree": True})).json()["stands"] is False
    said = (await found.fatima.get(f"{found.path}/contributions")).json()["items"]
    assert next(c for c in said if c["id"] == one["id"])["current"] is None
    assert (await found.ben.post(leave, {"agree": True})).status_code == 200
    said = {
        c["id"]: c for c in (await found.fatima.get(f"{found.path}/contributions")).json()["items"]
    }
    assert said[one["id"]]["current"]["text"] == "Vi börjar tillsammans."
    assert said[two["id"]]["merged_into"] == one["id"]
    assert said[two["id"]]["stands"] is False
    assert said[two["id"]]["text"] == "Vi startar tillsammans."
    # The proposal is still Astrid's: she may go on with it, and nobody else.
    await found.astrid.said(found.session.id, "Ihop från start.", "wording", reply_to=one["id"])
    answer = await found.ben.say(found.session.id, "Mitt.", "wording", reply_to=one["id"])
    assert answer.status_code == 403


async def test_a_no_leaves_the_authors_words(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    one = await found.say(found.astrid, "Vi börjar ihop.", "wording")
    body = {"client_id": "m1", "text": "Vi startar."}
    made = (await found.fatima.post(f"/contributions/{one['id']}/suggest", body)).json()
    leave = f"/contributions/{made['id']}/leave"
    assert (await found.ben.post(leave, {"agree": True})).status_code == 403
    assert (await found.astrid.post(leave, {"agree": False})).status_code == 200
    await found.to("settle")
    assert (await found.stage())["settling"]["text"]["sv"]["text"] == "Vi börjar ihop."


async def test_a_wording_that_changes_the_meaning_moves_box_with_all_its_words(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    one = await found.say(found.astrid, "Vi är aldrig med.", "wording")
    flag = f"/contributions/{one['id']}/flag"
    assert (await found.ben.post(flag)).status_code == 403
    flagged = (await found.fatima.post(flag)).json()
    assert flagged["box"] == "asked"
    assert (await found.fatima.post(flag)).json()["revision"] == flagged["revision"]
    box = f"/contributions/{one['id']}/box"
    assert (await found.ben.post(box, {"box": "wording"})).status_code == 403
    assert (await found.astrid.post(box, {"box": "change"})).status_code == 422
    moved = (await found.astrid.post(box, {"box": "change", "change": "remove"})).json()
    assert (moved["kind"], moved["text"]) == ("change", "Vi är aldrig med.")
    assert moved["fields"]["change"] == "remove"
    await found.to("settle")
    await hub.translate()
    await found.act("put", {"of": one["id"]})
    put = (await found.stage())["settling"]
    assert (put["kind"], put["change"]) == ("change", "remove")
    assert put["text"]["en"]["text"] == "[en] Vi är aldrig med."
    await found.stance(found.astrid, "consent")
    assert (await found.stage())["outcome"]["allowed"] == ["change", "drop"]
    outcome = await found.act("outcome", {"decision": "drop"})
    assert outcome["decision"] == "drop"
    await found.act("outcome", {"decision": "keep"}, status=409)
    await found.act("outcome", {"decision": "maybe"}, status=422)


async def test_a_change_says_what_it_does(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("change")
    answer = await found.refused(found.astrid, "Lägg till barnen.", "change")
    assert answer.json()["errors"][0]["pointer"] == "/fields/change"
    said = await found.say(found.astrid, "Lägg till barnen.", "change", change="add")
    assert said["fields"]["principle"] == "vst-1"
    answer = await found.refused(found.ben, "Annat.", "change", change="add", principle="vst-9")
    assert answer.json()["errors"][0]["pointer"] == "/fields/principle"


# --- settling -----------------------------------------------------------------------------------


async def test_an_objection_keeps_it_open_until_it_is_withdrawn(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("settle")
    await found.stance(found.ben, "consent")
    assert (await found.look())["exit_met"]
    objection = await found.stance(found.astrid, "objection", "För svagt.")
    assert not (await found.look())["exit_met"]
    assert (await found.stage())["settling"]["objections"] == [objection["id"]]
    await found.stance(found.astrid, "consent")
    assert (await found.look())["exit_met"]
    assert (await found.stage())["outcome"]["decision"] == "keep"


async def test_another_text_is_put_and_stances_are_on_that_one(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    one = await found.say(found.astrid, "Vi börjar ihop.", "wording")
    two = await found.say(found.ben, "Vi startar ihop.", "wording")
    await found.to("settle")
    assert (await found.stage())["settling"]["kind"] == "text"
    await found.stance(found.astrid, "objection", "Den gamla är krånglig.")
    await hub.screens.settle()
    before = (await found.act("put", {"of": one["id"]}))["revision"]
    assert (await found.act("put", {"of": one["id"]}))["revision"] == before
    settling = (await found.stage())["settling"]
    assert settling["of"] == one["id"]
    assert settling["objections"] == []
    answer = await found.refused(found.astrid, "", "stance", value="consent", of=two["id"])
    assert answer.status_code == 409
    await found.stance(found.astrid, "consent", of=one["id"])
    await found.astrid.said(found.session.id, "Vi börjar samman.", "wording", reply_to=one["id"])
    # What was said of the former words does not hold for the new ones.
    assert not (await found.look())["exit_met"]
    answer = await found.refused(
        found.ben, "", "stance", value="consent", of=one["id"], wording=one["id"]
    )
    assert answer.status_code == 409
    await found.act("put", {"of": None})
    assert (await found.stage())["settling"]["objections"]
    await found.act("put", {"of": "c_nobody"}, status=422)
    said = (await found.fatima.get(f"{found.path}/contributions")).json()["items"]
    lines = [c["text"] for c in said if c["kind"] == "bot" and c["phase"] == "settle"]
    assert any("Vi börjar ihop." in line for line in lines)


async def test_a_proposal_that_is_taken_back_leaves_the_text_as_it_is(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("wording")
    one = await found.say(found.astrid, "Vi börjar ihop.", "wording")
    await found.to("settle")
    await found.stance(found.ben, "consent")
    await found.astrid.delete(f"/contributions/{one['id']}")
    settling = (await found.stage())["settling"]
    assert settling["kind"] == "text"
    assert not settling["agreed"]


async def test_a_text_is_put_only_where_the_room_settles(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.act("put", {"of": None}, status=409)
    answer = await found.ben.post(f"{found.path}/put", {"of": None})
    assert answer.status_code == 403


async def test_dissent_is_written_for_each_group_in_both_languages_and_may_be_changed(
    hub: Hub,
) -> None:
    found = await dialogue(hub)
    await found.to("settle")
    await found.stance(found.astrid, "objection", "Nej.")
    two = [
        {"text": "Patienterna vill ha mer.", "group": "lived", "language": "sv"},
        {"text": "Staff want less.", "group": "practice", "language": "en"},
    ]
    outcome = await found.act("outcome", {"dissent": two})
    assert outcome["allowed"] == ["park", "keep"]
    before = (await found.look())["revision"]
    await found.act("outcome", {"dissent": two, "decision": "park"})
    assert (await found.look())["revision"] == before
    await hub.translate()
    dissent = (await found.outcomes())["vst-1"]["dissent"]
    assert dissent[1]["text"] == {"en": "Staff want less.", "sv": "[sv] Staff want less."}
    outcome = await found.act("outcome", {"dissent": two[1:], "decision": "keep"})
    assert len(outcome["dissent"]) == 1
    assert outcome["decision"] == "keep"
    said = (await found.fatima.get(f"{found.path}/contributions")).json()["items"]
    written = [c for c in said if c["kind"] == "facilitation"]
    assert [c["removed"] for c in written] == [True, False]
    answer = await found.fatima.delete(f"/contributions/{written[1]['id']}")
    assert answer.status_code == 409
    corrected = await found.fatima.put(
        f"/contributions/{written[1]['id']}/translations/sv", {"text": "Personalen vill mindre."}
    )
    assert corrected.status_code == 200
    (left,) = (await found.outcomes())["vst-1"]["dissent"]
    assert left["text"]["sv"] == "Personalen vill mindre."
    await found.act("outcome", {"dissent": [{"text": " ", "group": "cats"}]}, status=422)


async def test_a_principle_with_neither_agreement_nor_dissent_is_not_closed(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("settle")
    assert (await found.session.move("advance")).status_code == 409
    now = await found.force("tiden är slut")
    assert now["principles"][0]["state"] == "parked"
    outcome = (await found.outcomes())["vst-1"]
    assert (outcome["decision"], outcome["reason"]) == ("park", "tiden är slut")
    assert outcome["closed_at"] is None


async def test_nor_by_an_own_format_that_ends_by_the_clock(hub: Hub) -> None:
    fatima = await hub.account()
    whole = (await fatima.get("/formats/reflective-dialogue-express")).json()
    whole["phases"] = [{**p, "exit": "time"} for p in whole["phases"]]
    data = {k: whole[k] for k in ("title", "summary", "kind", "hybrid", "phases", "triggers")}
    made = await fatima.post("/formats", {**data, "from": whole["id"]})
    assert made.status_code == 201, made.text
    found = await dialogue(hub, format=made.json()["id"])
    await found.to("settle")
    hub.clock.move(minutes=5)
    assert (await found.look())["exit_met"]
    answer = await found.session.move("advance")
    assert answer.status_code == 409
    assert answer.json()["detail"]
    assert (await found.look())["principle"] == "vst-1"


# --- parking, order, going back -----------------------------------------------------------------


async def test_a_principle_is_parked_with_a_reason_and_the_next_begins(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("fit")
    await found.act("park", {}, status=422)
    now = await found.act("park", {"reason": "Vi saknar någon.", "principle": "vst-1"})
    assert (now["phase"], now["principle"]) == ("understand", "vst-2")
    assert now["principles"][0] == {
        "id": "vst-1",
        "n": 1,
        "title": {"sv": "Börja tillsammans", "en": "Begin together"},
        "state": "parked",
        "decision": "park",
    }
    again = await found.act("park", {"reason": "Vi saknar någon.", "principle": "vst-1"})
    assert again["revision"] == now["revision"]
    now = await found.act("park", {"reason": "Det också.", "principle": "vst-2"})
    assert now["phase"] == "close"
    await found.act("park", {"reason": "Och nu?"}, status=409)


async def test_the_order_of_those_not_begun_is_changed(hub: Hub) -> None:
    found = await dialogue(hub, start=False, principles=["vst-1", "vst-2", "vst-3", "vst-4"])
    await found.act("order", {"principles": ["vst-2", "vst-1", "vst-3", "vst-4"]})
    await found.session.moved("start")
    await found.force()
    assert (await found.look())["principle"] == "vst-2"
    now = await found.act("order", {"principles": ["vst-4", "vst-3", "vst-1"]})
    order = ["vst-2", "vst-4", "vst-3", "vst-1"]
    assert [p["id"] for p in now["principles"]] == order
    again = await found.act("order", {"principles": ["vst-4", "vst-3", "vst-1"]})
    assert again["revision"] == now["revision"]
    await found.act("order", {"principles": ["vst-4", "vst-3"]}, status=422)
    await found.act("order", {"principles": ["vst-2", "vst-4", "vst-3", "vst-1"]}, status=422)
    now = await found.act("park", {"reason": "Sedan."})
    assert now["principle"] == "vst-4"
    async with hub.database.reading() as tx:
        events = await list_events(tx, found.session.id)
    started = [e.data["phase"] for e in events if e.kind == "phase_started"]
    assert started == ["arrive", "understand/vst-2", "understand/vst-4"]


async def test_going_back_to_a_principle_opens_its_outcome_again(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("settle")
    await found.stance(found.astrid, "consent")
    await found.go_on()
    assert (await found.outcomes())["vst-1"]["closed_at"]
    now = await found.session.moved("reopen")
    assert (now["phase"], now["principle"]) == ("settle", "vst-1")
    assert now["principles"][0]["state"] == "now"
    assert (await found.outcomes())["vst-1"]["closed_at"] is None
    await found.stance(found.ben, "objection", "Nej.")
    assert not (await found.look())["exit_met"]
    await found.stance(found.ben, "consent")
    now = await found.go_on()
    assert now["principle"] == "vst-2"
    assert (await found.outcomes())["vst-1"]["closed_at"]


async def test_a_dialogue_that_closes_in_the_middle_parks_what_runs(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("rate")
    await found.session.moved("close")
    states = [(p["state"], p["decision"]) for p in (await found.look())["principles"]]
    assert states == [("parked", "park"), ("next", None)]
    now = await found.session.moved("reopen")
    assert [p["state"] for p in now["principles"]] == ["now", "next"]
    assert (await found.outcomes())["vst-1"]["decision"] is None


async def test_what_is_agreed_as_it_closes_is_not_lost(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("settle")
    await found.stance(found.astrid, "consent")
    await found.session.moved("close")
    assert (await found.outcomes())["vst-1"]["closed_at"]


async def test_two_facilitators_who_both_advance_close_it_once(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("settle")
    await found.stance(found.astrid, "consent")
    await found.look()
    other = await hub.account(name="Gun")
    await found.session.moved("advance")
    answer = await other.post(f"{found.path}/outcome", {"decision": "keep"})
    # The other one speaks of a principle that has just begun, where nothing is settled.
    assert answer.status_code == 409
    assert (await found.outcomes())["vst-1"]["decision"] == "keep"


async def test_time_is_cut_from_the_same_step_of_one_principle_alone(hub: Hub) -> None:
    found = await dialogue(hub)
    async with hub.database.reading() as tx:
        events = [e.event for e in await list_events(tx, found.session.id)]
    assert {e.data["phase"] for e in events if "phase" in e.data} == {
        "arrive",
        "understand/vst-1",
    }


async def test_a_forum_has_no_principles_and_no_outcomes(hub: Hub) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}"
    assert (await session.fatima.get(path)).json()["principles"] == []
    for act, body in (
        ("put", {"of": None}),
        ("park", {"reason": "x"}),
        ("order", {"principles": []}),
        ("ratings/reveal", None),
        ("outcome", {}),
    ):
        assert (await session.fatima.post(f"{path}/{act}", body)).status_code == 409
    assert (await session.fatima.get(f"{path}/outcomes")).json()["items"] == []


# --- the charter while a dialogue on it runs ------------------------------------------------------


async def test_dissent_that_a_machine_translated_is_called_that_on_the_charter(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("settle")
    mine = {"text": "Vi är inte eniga.", "group": "lived", "language": "sv"}
    await found.act("outcome", {"dissent": [mine]})
    await found.go_on()
    await hub.translate()
    editor = await hub.account("editor")
    outcome = (await found.outcomes())["vst-1"]["id"]
    path = f"/charters/{CHARTER}"
    answer = await editor.post(f"{path}/dissent", {"outcome": outcome})
    assert answer.status_code == 200, answer.text
    charter = (await editor.get(path)).json()
    (dissent,) = next(p["dissent"] for p in charter["principles"] if p["id"] == "vst-1")
    assert dissent["origin"] == {"sv": "person", "en": "machine"}
    machine = "[en] Vi är inte eniga."
    shown = {
        view: (await hub.http.get(f"{path}?view={view}", headers={"Accept-Language": "en"})).text
        for view in ("en", "sv", "both")
    }
    assert "Machine translation. Show the original" in shown["en"]
    assert shown["en"].index(machine) < shown["en"].index(f">{mine['text']}<")
    assert machine not in shown["sv"]
    assert "Machine translation" not in shown["sv"]
    after = shown["both"].partition(machine)[2].partition("</div>")[0]
    assert "Machine translation" in after
    async with hub.database.reading() as tx:
        state = read_state((await tx.get_one(Charter, CHARTER)).state)
    (read,) = files.read_yaml(files.to_yaml(state).encode())["principles"][0]["dissent"]
    assert read["origin"] == {"sv": "person", "en": "machine"}


async def test_dissent_whose_translation_a_person_corrected_is_called_theirs(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("settle")
    mine = {"text": "Vi är inte eniga.", "group": "lived", "language": "sv"}
    await found.act("outcome", {"dissent": [mine]})
    await hub.translate()
    shared = (await found.fatima.get(f"{found.path}/contributions")).json()["items"]
    said = next(c["id"] for c in shared if c["fields"].get("dissent"))
    better = {"text": "We do not agree."}
    answer = await found.fatima.put(f"/contributions/{said}/translations/en", better)
    assert answer.status_code == 200, answer.text
    async with hub.database.reading() as tx:
        row = await tx.scalar(select(Outcome).where(Outcome.principle_id == "vst-1"))
    assert row is not None
    assert row.dissent[0]["origin"] == {"sv": "person", "en": "person"}
    assert row.dissent[0]["text"]["en"] == "We do not agree."


async def test_a_charter_brought_again_or_edited_leaves_a_running_dialogue_as_it_is(
    hub: Hub,
) -> None:
    """A charter with text is not brought again over itself: its dialogues go by its ids."""
    editor, edit = await hub.account("editor"), f"/charters/{CHARTER}/edit"
    form = {"act": "version", "number": "0.5", "note_sv": "Först", "note_en": "First"}
    await hub.http.post(edit, data=form, headers=editor.headers)
    found = await dialogue(hub)
    before = await found.look()
    async with hub.database.reading() as tx:
        state = read_state((await tx.get_one(Charter, CHARTER)).state)
    written = files.to_yaml(state, [state_of(state)]).replace("vst-1\n", "vst-101\n")
    data = files.read_yaml(written.encode())
    now = hub.clock.now()
    for into, code in ((None, "charter_exists"), (CHARTER, "charter_has_text")):
        with pytest.raises(Refusal) as refused:
            async with hub.database.transaction() as tx:
                await import_charter(tx, data, into=into, account=None, now=now)
        assert refused.value.code == code
    form = {"act": "remove", "principle": "vst-1", "why": "Den står på två ställen."}
    answer = await hub.http.post(edit, data=form, headers=editor.headers)
    assert answer.status_code == 303
    form = {"act": "version", "number": "0.9", "note_sv": "Kortare", "note_en": "Shorter"}
    answer = await hub.http.post(edit, data=form, headers=editor.headers)
    assert answer.status_code == 303
    assert (await found.look())["principles"] == before["principles"]

    await found.to("settle")
    await found.stance(found.astrid, "consent")
    await found.stance(found.ben, "consent")
    await found.go_on()
    await found.session.moved("close")
    outcome = (await found.outcomes())["vst-1"]
    assert outcome["closed_at"]
    assert outcome["agreed"]["en"]["title"] == "Begin together"
    async with hub.database.reading() as tx:
        row = await tx.scalar(select(Outcome).where(Outcome.principle_id == "vst-1"))
    assert row is not None
    assert (row.charter_id, row.charter_version) == (CHARTER, "0.5")
    record = await found.fatima.get(f"{found.path}/record")
    assert record.status_code == 200
    link = f'href="/sessions/{found.session.id}/record"'
    headers = {**editor.headers, "Accept-Language": "en"}
    bench = (await hub.http.get(edit, headers=headers)).text
    assert link in bench.partition('id="removed"')[2].partition("</div>")[0]
    form = {"act": "restore", "principle": "vst-1"}
    await hub.http.post(edit, data=form, headers=editor.headers)
    path = f"/charters/{CHARTER}/principles/vst-1/edit"
    assert link in (await hub.http.get(path, headers=headers)).text
