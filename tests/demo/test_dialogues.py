"""The dialogues of the demonstration, acted out on a hub of their own."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from hub import schema
from hub.app import create_app
from hub.clock import Clock
from hub.demo.check import check_charter, check_outcomes
from hub.demo.dialogues import load_scenes
from hub.demo.stage import Cast, look_in, set_the_stage
from hub.gatherings.models import Contribution, Gathering, Translation, list_events
from hub.people.models import Participant
from hub.people.rules import group_of
from hub.settings import Settings
from tests.language.echo import EchoTranslator

Scene = dict[str, Any]


@dataclass
class Shown:
    """A hub with the stage set, and Malin, who facilitates."""

    app: FastAPI
    cast: Cast
    http: httpx.AsyncClient

    async def read(self, path: str, *, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token or self.cast.token}"}
        answer = await self.http.get(f"/api/v1{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
async def shown(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shown]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("demo"), base_url="http://hub.test")
    schema.migrate(settings.database)
    app = create_app(
        settings,
        clock=Clock(),
        translator=EchoTranslator(),
        demonstration=True,
    )
    cast = await set_the_stage(app)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as http:
        yield Shown(app, cast, http)
    await app.state.screens.settle()
    await app.state.database.close()


@pytest.fixture(scope="module")
async def outcomes(shown: Shown) -> Any:
    return await shown.read(f"/sessions/{shown.cast.finished}/outcomes")


@pytest.fixture(scope="module")
async def charter(shown: Shown) -> Any:
    return await shown.read(f"/charters/{load_scenes()['charter']}")


# --- the file ------------------------------------------------------------------------------------


def test_all_groups_and_both_languages_are_in_each_dialogue() -> None:
    for scene, fewest in ((load_scenes()["finished"], 6), (load_scenes()["running"], 4)):
        assert len(scene["people"]) >= fewest
        assert {p["language"] for p in scene["people"]} == {"sv", "en"}
        assert {group_of(p["role"]) for p in scene["people"]} == {"lived", "practice", "research"}


def test_every_text_of_the_file_is_in_both_languages() -> None:
    def texts(part: object) -> Iterator[dict[str, Any]]:
        if isinstance(part, dict):
            if {"sv", "en"} & set(part):
                yield part
            for each in part.values():
                yield from texts(each)
        elif isinstance(part, list):
            for each in part:
                yield from texts(each)

    found = list(texts(load_scenes()))
    assert len(found) > 80
    assert [t for t in found if not (t.get("sv") and t.get("en"))] == []


# --- the dialogue that is over -------------------------------------------------------------------


async def test_the_outcomes_are_those_that_the_file_tells(outcomes: Any) -> None:
    assert check_outcomes(outcomes, load_scenes()["finished"]) == []
    decisions = [item["decision"] for item in outcomes["items"]]
    assert decisions == ["keep", "reword", "keep"]
    labels = [item["ratings"]["label"] for item in outcomes["items"]]
    assert labels == ["fits", "fits_in_part", "split"]


async def test_it_was_held_a_month_ago_and_its_record_is_public(shown: Shown) -> None:
    path = f"/sessions/{shown.cast.finished}"
    session = await shown.read(path)
    assert (session["state"], session["demonstration"]) == ("closed", True)
    record = await shown.http.get(f"{path}/record", headers={"Accept-Language": "sv"})
    assert record.status_code == 200
    assert "Demonstration" in record.text
    assert "Löftet räcker inte så länge" in record.text
    async with shown.app.state.database.reading() as tx:
        gathering = await tx.get_one(Gathering, shown.cast.finished)
    ago = datetime.now(UTC) - gathering.closed_at
    assert timedelta(days=29) < ago < timedelta(days=31)


async def test_no_text_was_left_to_the_machine(shown: Shown) -> None:
    async with shown.app.state.database.reading() as tx:
        rows = await tx.execute(
            select(Translation.status, Translation.text, Translation.fields, Contribution)
            .join(Contribution, Contribution.id == Translation.contribution_id)
            .where(Contribution.kind != "bot")
        )
        found = rows.all()
    assert {row.status for row in found} == {"memory"}
    assert len(found) > 80
    for row in found:
        said = row.Contribution
        assert bool(row.text) == bool(said.text)
        assert bool(row.fields.get("reason")) == bool(said.fields.get("reason"))


async def test_no_step_was_forced_and_none_was_left_out(shown: Shown) -> None:
    async with shown.app.state.database.reading() as tx:
        events = await list_events(tx, shown.cast.finished)
    started = [event.data for event in events if event.kind == "phase_started"]
    assert [data["index"] for data in started] == list(range(26))
    assert not any(data.get("forced") for data in started)


# --- the charter ---------------------------------------------------------------------------------


async def test_the_charter_has_two_versions_and_what_the_dialogue_changed(charter: Any) -> None:
    assert check_charter(charter, load_scenes()) == []
    assert charter["demonstration"] is True
    assert all(set(version["note"]) == {"sv", "en"} for version in charter["versions"])
    second = {p["id"]: p for p in charter["principles"]}["vst-2"]
    assert "bestämma tillsammans" in second["text"]["sv"]
    assert {p["status"]["sv"] for p in charter["principles"]} == {"draft", "tested_in_dialogue"}


async def test_the_page_marks_the_words_that_changed(shown: Shown) -> None:
    page = await shown.http.get(
        f"/charters/{load_scenes()['charter']}?view=both", headers={"Accept-Language": "sv"}
    )
    assert "<del" in page.text
    assert "<ins" in page.text
    assert "Demonstration" in page.text


# --- the dialogue under way ----------------------------------------------------------------------


async def test_a_visitor_may_join_the_dialogue_and_suggest_words(shown: Shown) -> None:
    running = shown.cast.running
    body = {"code": running.code, "name": "Gäst", "language": "sv", "consent": True}
    seat = (await shown.http.post("/api/v1/join", json=body)).json()
    session = await shown.read(f"/sessions/{running.session}", token=seat["token"])
    assert (session["state"], session["phase"]) == ("running", "wording")
    assert session["principle"] == "vst-7"
    assert datetime.fromisoformat(session["ends_at"]) > datetime.now(UTC) + timedelta(minutes=5)
    said = await shown.read(f"/sessions/{running.session}/contributions", token=seat["token"])
    assert [c["kind"] for c in said["items"]].count("wording") == 2
    answer = await shown.http.post(
        f"/api/v1/sessions/{running.session}/contributions",
        json={"client_id": "x", "kind": "wording", "text": "Vi pratar vanligt."},
        headers={"Authorization": f"Bearer {seat['token']}"},
    )
    assert answer.status_code == 201, answer.text


async def test_nobody_waits_for_made_up_people(shown: Shown) -> None:
    async with shown.app.state.database.reading() as tx:
        here = await shown.app.state.screens.presence(tx, shown.cast.running.session)
        made_up = await tx.scalars(
            select(Participant.id).where(
                Participant.gathering_id == shown.cast.running.session, Participant.name != "Gäst"
            )
        )
        assert set(here.groups) & set(made_up) == set()


async def test_a_dialogue_that_was_closed_makes_room_for_another(shown: Shown) -> None:
    before = shown.cast.running
    await look_in(shown.app, shown.cast)
    assert shown.cast.running == before
    assert before.session in shown.app.state.screens.touched
    answer = await shown.http.post(
        f"/api/v1/sessions/{before.session}/close",
        headers={"Authorization": f"Bearer {shown.cast.token}"},
    )
    assert answer.status_code == 200
    await look_in(shown.app, shown.cast)
    assert shown.cast.running.session != before.session
    session = await shown.read(f"/sessions/{shown.cast.running.session}")
    assert (session["state"], session["phase"]) == ("running", "wording")


async def test_the_chatbot_does_not_talk_to_an_empty_room(shown: Shown) -> None:
    async def muted() -> bool:
        async with shown.app.state.database.reading() as tx:
            gathering = await tx.get_one(Gathering, shown.cast.running.session)
            return bool(gathering.bot_muted)

    await look_in(shown.app, shown.cast)
    assert await muted()
    body = {"code": shown.cast.running.code, "name": "Guest", "language": "en", "consent": True}
    assert (await shown.http.post("/api/v1/join", json=body)).status_code == 201
    await look_in(shown.app, shown.cast)
    assert not await muted()


# --- the check -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"decision": "park"}, "decision is park"),
        ({"closed_at": None}, "is not closed"),
        ({"agreed": None}, "either agreed text or dissent"),
        ({"dissent": [{"group": "lived"}]}, "dissent is"),
        ({"ratings": {"counts": [8, 0, 0, 0, 0], "passed": 0, "label": "fits"}}, "counts is"),
    ],
)
async def test_the_check_finds_another_outcome(outcomes: Any, change: Scene, told: str) -> None:
    other = copy.deepcopy(outcomes)
    other["items"][0] |= change
    faults = check_outcomes(other, load_scenes()["finished"])
    assert any(told in fault for fault in faults), faults


async def test_the_check_finds_other_words_and_missing_outcomes(outcomes: Any) -> None:
    other = copy.deepcopy(outcomes)
    other["items"][1]["agreed"]["sv"]["text"] = "Något annat."
    del other["items"][2]
    faults = check_outcomes(other, load_scenes()["finished"])
    assert any("not what was proposed" in fault for fault in faults)
    assert "outcome of vst-6 is missing" in faults


async def test_the_check_finds_a_charter_that_did_not_follow(charter: Any) -> None:
    other = copy.deepcopy(charter)
    del other["versions"][0]
    principles = {p["id"]: p for p in other["principles"]}
    principles["vst-2"]["status"]["sv"] = "human_reviewed"
    principles["vst-6"]["dissent"] = []
    faults = check_charter(other, load_scenes())
    assert len(faults) == 3, faults
