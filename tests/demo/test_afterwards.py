"""What the demonstration shows of an earlier forum and of what is to come."""

from __future__ import annotations

import copy
import html
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from hub import schema
from hub.app import create_app
from hub.clock import Clock
from hub.demo.afterwards import load_summary
from hub.demo.check import check_followed, check_record, check_summary
from hub.demo.meetings import find_day, load_meetings
from hub.demo.script import Script
from hub.demo.stage import Came, Cast, rows_of_what_came, set_the_stage, show_what_came
from hub.gatherings.models import Contribution, Translation
from hub.language.models import Pair
from hub.people.models import latest_consents, list_participants
from hub.settings import Settings
from hub.summaries.blocks import AUDIENCES
from hub.summaries.models import Edition
from tests.language.echo import EchoTranslator


@dataclass
class Shown:
    """A hub with all that the demonstration shows, without the forum that is played live."""

    app: FastAPI
    cast: Cast
    came: Came
    http: httpx.AsyncClient

    async def read(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.cast.token}"}
        answer = await self.http.get(f"/api/v1{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def page(self, path: str, language: str, *, token: str | None = None) -> str:
        headers = {"Accept-Language": language, "Accept": "text/html"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = await self.http.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)


@pytest.fixture(scope="module")
async def shown(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shown]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("demo"), base_url="http://hub.test", smtp_url=""
    )
    schema.migrate(settings.database)
    app = create_app(
        settings,
        clock=Clock(),
        translator=EchoTranslator(),
        demonstration=True,
    )
    cast = await set_the_stage(app)
    came = await show_what_came(app, cast.staff)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as http:
        yield Shown(app, cast, came, http)
    await app.state.screens.settle()
    await app.state.database.close()


# --- the forum that is over ----------------------------------------------------------------------


async def test_the_record_holds_what_the_sample_dialogue_tells(
    shown: Shown, script: Script
) -> None:
    record = await shown.read(f"/sessions/{shown.came.session}/record")
    assert check_record(record, script) == []


async def test_the_forum_was_held_some_months_ago_and_its_record_is_public(shown: Shown) -> None:
    session = await shown.read(f"/sessions/{shown.came.session}")
    assert (session["state"], session["demonstration"]) == ("closed", True)
    for language, words in (("sv", "Vem blir trodd?"), ("en", "Who is believed?")):
        page = await shown.page(f"/sessions/{shown.came.session}/record", language)
        assert words in page
        assert "Demonstration" in page
    record = await shown.read(f"/sessions/{shown.came.session}/record")
    ago = datetime.now(UTC) - datetime.fromisoformat(record["held_at"])
    assert timedelta(days=60) < ago < timedelta(days=200)


async def test_every_text_of_the_forum_is_translated_by_a_person(shown: Shown) -> None:
    async with shown.app.state.database.reading() as tx:
        found = await tx.scalars(
            select(Translation.status)
            .join(Contribution, Contribution.id == Translation.contribution_id)
            .where(Contribution.gathering_id == shown.came.session, Contribution.kind != "bot")
        )
        statuses = set(found)
    assert statuses <= {"memory", "corrected", "disputed"}
    assert "memory" in statuses


async def test_what_was_said_there_does_not_help_the_forum_that_is_played_live(
    shown: Shown,
) -> None:
    async with shown.app.state.database.reading() as tx:
        pairs = list(await tx.scalars(select(Pair).where(Pair.gathering_id == shown.came.session)))
    assert pairs
    assert [pair for pair in pairs if pair.lasting] == []


# --- the summary ---------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", AUDIENCES)
async def test_the_summary_passes_the_checks_for_each_audience(shown: Shown, audience: str) -> None:
    found = await shown.read(f"/summaries/{shown.came.summary}/workbench?audience={audience}")
    assert (found["state"], found["edition"], found["demonstration"]) == ("published", 1, True)
    assert found["read_by_lived_at"]
    assert [found["faults"], found["waits"], found["open_questions"]] == [[], [], 0]
    assert found["reviewed"] == {"sv": True, "en": True}


@pytest.mark.parametrize("audience", AUDIENCES)
async def test_no_summary_is_too_long_or_hard_to_read(shown: Shown, audience: str) -> None:
    found = await shown.read(f"/summaries/{shown.came.summary}/workbench?audience={audience}")
    assert found["advice"] == []


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("language", ["sv", "en"])
async def test_the_page_of_the_summary_is_there_in_both_languages(
    shown: Shown, audience: str, language: str
) -> None:
    page = await shown.page(f"/summaries/{shown.came.summary}?audience={audience}", language)
    told = load_summary()[audience]
    assert told["headline"][0][language] in page
    assert told["why"][0][language] in page
    assert load_summary()["shared"]["split:P2a"][language] in page
    assert "Demonstration" in page


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_the_easy_read_version_is_there(shown: Shown, language: str) -> None:
    path = f"/summaries/{shown.came.summary}?audience=citizens&easy=1"
    page = await shown.page(path, language)
    for line in load_summary()["citizens"]["easy"]:
        assert line[language] in page


async def test_every_statement_rests_on_the_record(shown: Shown) -> None:
    async with shown.app.state.database.reading() as tx:
        edition = (
            await tx.scalars(select(Edition).where(Edition.summary_id == shown.came.summary))
        ).one()
    for blocks in edition.content.values():
        for block in blocks:
            for statement in block["statements"]:
                assert statement["sources"], statement
                assert statement["statuses"] == {"sv": "human_reviewed", "en": "human_reviewed"}


async def test_nobody_is_quoted_or_named_without_their_consent(
    shown: Shown, script: Script
) -> None:
    """Words within quotation marks, and the voices, are of people who said yes to it."""
    async with shown.app.state.database.reading() as tx:
        consents = await latest_consents(tx, shown.came.session)
        people = {p.id: p for p in await list_participants(tx, shown.came.session)}
        edition = (
            await tx.scalars(select(Edition).where(Edition.summary_id == shown.came.summary))
        ).one()
        said = {
            c.id: c
            for c in await tx.scalars(
                select(Contribution).where(Contribution.gathering_id == shown.came.session)
            )
        }
    quoting = [
        s
        for blocks in edition.content.values()
        for block in blocks
        for s in block["statements"]
        if block["block"] == "voice" or (block["block"] == "disagreed" and "“" in s["texts"]["en"])
    ]
    assert len(quoting) == 5
    for statement in quoting:
        for source in statement["sources"]:
            author = said[source].participant_id
            assert author is not None
            assert consents[author].choices["quote_role"], people[author].name
    told = " ".join(
        text
        for blocks in edition.content.values()
        for block in blocks
        for s in block["statements"]
        for text in s["texts"].values()
    )
    assert [p.name for p in script.people if f" {p.name} " in told] == []


async def test_a_statement_that_was_contested_was_answered(shown: Shown) -> None:
    found = await shown.read(f"/summaries/{shown.came.summary}/workbench?audience=professions")
    assert found["contested"] == 0
    points = [p for b in found["blocks"] for s in b["statements"] for p in s.get("points", ())]
    assert [p["answer"] for p in points] == ["contest"]
    assert points[0]["settled"]


# --- the recommendations -------------------------------------------------------------------------


async def test_the_board_shows_a_recommendation_of_each_status(shown: Shown) -> None:
    found = await shown.read(f"/recommendations?session={shown.came.session}")
    assert check_followed(found, shown.came.session) == []
    told = {item["status"]: item["reason"] for item in found["items"] if item["status"]}
    assert all(told[status] for status in ("doing", "done", "dropped"))
    for language, words in (
        ("sv", ("Öppen", "Pågår", "Klar", "Struken", "214 personer")),
        ("en", ("Open", "Under way", "Done", "Dropped", "214 person")),
    ):
        page = await shown.page(f"/recommendations?session={shown.came.session}", language)
        assert [word for word in words if word not in page] == []


async def test_an_owner_was_asked_and_can_answer_by_the_link(shown: Shown) -> None:
    page = await shown.page(shown.came.owner, "sv")
    assert "Det anhöriga berättar skrivs ner med deras egna ord." in page
    assert 'name="status"' in page
    owners = await shown.page(
        f"/sessions/{shown.came.session}/owners", "sv", token=shown.cast.token
    )
    assert "Har fått frågan" in owners
    assert "Har svarat" in owners


# --- the calendar --------------------------------------------------------------------------------


async def test_the_workshop_shows_who_replied_and_when_in_both_zones(shown: Shown) -> None:
    path = f"/workshops/{shown.came.workshop}"
    found = await shown.read(path)
    assert (found["state"], found["demonstration"]) == ("invited", True)
    counts = {k: found["replies"][k] for k in ("room", "online", "maybe", "no", "waiting", "held")}
    assert counts == {"room": 5, "online": 3, "maybe": 1, "no": 1, "waiting": 1, "held": 8}
    items = (await shown.read(f"{path}/invitations"))["items"]
    replied = [each for each in items if each["reply"] and not each["deputy_for"]]
    assert len(replied) == 10
    assert {each["reply"] for each in replied} == {"room", "online", "maybe", "no", "deputy"}
    assert [each["reply"] for each in items if each["deputy_for"]] == ["room"]
    assert {each["zone"] for each in items} == {"Europe/Stockholm", "Europe/London"}
    sv, en = await shown.page(path, "sv"), await shown.page(path, "en")
    assert "8 personer kommer: 5 på plats och 3 på nätet" in " ".join(sv.split())
    assert "8 people are coming: 5 in the room and 3 online" in " ".join(en.split())
    assert "kl. 13.00–15.30" in sv
    assert "kl. 12.00–14.30" in sv
    assert "12:00–14:30" in en
    assert "medvärd, från invånare" in sv
    assert load_meetings()["workshop"]["fields"]["access_offers"]["en"] in en
    assert f"/summaries/{shown.came.summary}" in en


async def test_the_workshop_is_on_no_day_that_the_calendar_warns_of(shown: Shown) -> None:
    page = await shown.page(
        f"/workshops/{shown.came.workshop}/organise", "en", token=shown.cast.token
    )
    assert "holiday" not in page
    assert "Christmas" not in page
    # Christmas, Twelfth Night, and a Friday before the weekend are passed over.
    assert find_day(date(2026, 12, 21)) == date(2027, 1, 7)


async def test_the_forums_of_the_programme_are_on_their_original_dates(shown: Shown) -> None:
    [series] = (await shown.read("/series"))["items"]
    assert series["demonstration"] is True
    months = [meeting["starts_local"][:7] for meeting in series["meetings"]]
    assert months == ["2021-12", "2022-06", "2022-12", "2023-06", "2023-12", "2024-06", "2024-12"]
    assert {meeting["state"] for meeting in series["meetings"]} == {"closed"}
    open_to_all = [meeting["open_to_all"] for meeting in series["meetings"]]
    assert open_to_all == [True, *[False] * 5, True]
    page = await shown.page(f"/series/{series['id']}", "sv", token=shown.cast.token)
    assert page.count("Gemensamt tolkningsforum") >= 7


# --- the links -----------------------------------------------------------------------------------


async def test_every_link_that_is_printed_works(shown: Shown) -> None:
    parts = rows_of_what_came(shown.came, "", "")
    rows = [row for rows in parts.values() for row in rows]
    assert {"summary", "workshop", "owner of one"} <= {role for role, _ in rows}
    for role, url in rows:
        page = await shown.page(url, "en", token=shown.cast.token)
        assert "<h1" in page, role


async def test_the_front_page_tells_of_all_of_it(shown: Shown) -> None:
    page = await shown.page("/", "en")
    for part in (f"/summaries/{shown.came.summary}", f"/workshops/{shown.came.workshop}"):
        assert part in page
    assert "The rota is agreed on both wards." in page


# --- the check -----------------------------------------------------------------------------------


async def test_the_check_finds_a_summary_that_lacks_something(shown: Shown) -> None:
    path = f"/summaries/{shown.came.summary}?audience="
    versions = {audience: await shown.read(f"{path}{audience}") for audience in AUDIENCES}
    assert check_summary(versions, load_summary()) == []
    other = copy.deepcopy(versions)
    other["leaders"]["headlines"] = []
    other["funders"]["blocks"] = []
    other["citizens"]["easy"] = []
    faults = check_summary(other, load_summary())
    assert len(faults) == 3, faults
    assert check_followed({"items": []}, shown.came.session) != []
