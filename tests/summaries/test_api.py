"""Summaries over HTTP: who builds, edits, confirms, publishes and reads them."""

from __future__ import annotations

import pytest

from hub.summaries.blocks import AUDIENCES
from tests.cast import join
from tests.conftest import Hub

from . import forum


async def test_a_summary_is_built_once_and_brought_up_to_date_after_that(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    again = await session.fatima.post(f"/sessions/{session.id}/summaries")
    assert (again.status_code, again.json()["id"]) == (200, summary)
    assert again.json()["revision"] == 1


async def test_a_session_that_goes_on_has_no_summary(hub: Hub) -> None:
    session = await hub.session()
    answer = await session.fatima.post(f"/sessions/{session.id}/summaries")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/summary_not_closed")


async def test_participants_and_strangers_neither_build_nor_see_a_draft(hub: Hub) -> None:
    session = await forum.hold(hub)
    refused = await session.astrid.post(f"/sessions/{session.id}/summaries")
    assert refused.status_code == 403
    nobody = await hub.http.post(f"/api/v1/sessions/{session.id}/summaries")
    assert nobody.status_code == 401
    summary = await forum.built(hub, session)
    for person in (session.astrid, await hub.account("researcher", "Rut")):
        assert (await person.get(f"/summaries/{summary}")).status_code == 404
        assert (await person.get(f"/summaries/{summary}/workbench")).status_code == 403
    assert (await hub.http.get(f"/api/v1/summaries/{summary}")).status_code == 404
    listed = (await hub.http.get("/api/v1/summaries")).json()
    assert listed == {"items": [], "next": None}


async def test_a_facilitator_edits_and_an_editor_publishes(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, _ = await forum.published(hub, session)
    refused = await session.fatima.post(f"/summaries/{summary}/publish", {"note": {}})
    assert refused.status_code == 403
    found = (await hub.http.get(f"/api/v1/summaries/{summary}?audience=leaders")).json()
    assert [b["block"] for b in found["blocks"]][:3] == ["why", "saw", "agreed"]
    assert forum.WHAT in str(found["blocks"])
    assert found["headlines"][0]["texts"]["sv"] == forum.THEME
    assert "words_of" not in str(found)
    assert "p_" not in str(found["blocks"])
    for name in ("Astrid", "Ben", "Carin", "Ella"):
        assert name not in str(found)


async def test_the_list_is_paged_and_filtered_by_case_and_audience(hub: Hub) -> None:
    first, _ = await forum.published(hub, await forum.hold(hub, case=True))
    hub.clock.move(days=1)
    second, _ = await forum.published(hub, await forum.hold(hub))
    get = hub.http.get
    page = (await get("/api/v1/summaries?limit=1&audience=leaders")).json()
    assert ([i["id"] for i in page["items"]], page["next"]) == ([second], second)
    rest = (await get(f"/api/v1/summaries?limit=1&after={page['next']}")).json()
    assert ([i["id"] for i in rest["items"]], rest["next"]) == ([first], None)
    of_case = (await get("/api/v1/summaries?case=esther")).json()
    assert [i["id"] for i in of_case["items"]] == [first]
    assert (await get("/api/v1/summaries?audience=nobody")).status_code == 422
    assert of_case["items"][0]["headline"]["sv"] == forum.THEME


async def test_a_reader_asks_for_one_language_for_text_and_for_the_page(hub: Hub) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    path = f"/api/v1/summaries/{summary}?audience=funders&language=en"
    one = (await hub.http.get(path)).json()
    assert set(one["headlines"][0]["texts"]) == {"en"}
    text = await hub.http.get(path, headers={"Accept": "text/plain"})
    assert text.headers["content-type"].startswith("text/plain")
    assert "We made no" not in text.text
    assert "Responsible" in text.text
    paper = await hub.http.get(path, headers={"Accept": "application/pdf"})
    assert paper.content.startswith(b"%PDF-")
    page = await hub.http.get(path, headers={"Accept": "text/html,application/json;q=0.5"})
    assert page.status_code == 303
    assert page.headers["location"] == f"/summaries/{summary}?audience=funders&language=en"


async def test_two_editors_at_once_lose_nothing(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    editor = await hub.account("editor", "Edda")
    seen = (await forum.statements(editor, summary))["own:headline"]
    first = await forum.put(session.fatima, summary, seen, texts={"sv": "Vem blir trodd?"})
    assert first.status_code == 200, first.text
    second = await forum.put(editor, summary, seen, texts={"sv": "Något helt annat"})
    assert (second.status_code, second.json()["type"]) == (409, "/problems/statement_changed")
    now = (await forum.statements(editor, summary))["own:headline"]
    assert now["texts"]["sv"] == "Vem blir trodd?"
    again = await forum.put(editor, summary, now, texts={"sv": "Något helt annat"})
    assert again.status_code == 200


async def test_a_change_says_which_revision_was_read_in_the_body_or_as_if_match(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    seen = (await forum.statements(session.fatima, summary))["own:headline"]
    path = f"/api/v1/summaries/{summary}/statements/{seen['id']}"
    body = {"texts": {"sv": "Vem blir trodd?"}}
    silent = await hub.http.put(path, json=body, headers=session.fatima.headers)
    assert (silent.status_code, silent.json()["errors"][0]["code"]) == (422, "revision_missing")
    headers = {**session.fatima.headers, "If-Match": f'"{seen["revision"]}"'}
    assert (await hub.http.put(path, json=body, headers=headers)).status_code == 200
    assert (await hub.http.put(path, json=body, headers=headers)).status_code == 409


async def test_a_statement_is_reached_through_its_own_summary_alone(hub: Hub) -> None:
    one = await forum.hold(hub)
    mine, other = await forum.built(hub, one), await forum.built(hub, await forum.hold(hub))
    seen = (await forum.statements(one.fatima, other))["own:headline"]
    answer = await forum.put(one.fatima, mine, seen, texts={"sv": "Fel dörr"})
    assert answer.status_code == 404


async def test_a_point_is_said_by_those_who_took_part_within_seven_days(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    seen = (await forum.statements(session.fatima, summary))["limits"]
    body = {"statement": seen["id"], "answer": "contest", "text": "Vi var fler."}
    path = f"/summaries/{summary}/points"
    assert (await session.astrid.post(path, body)).status_code == 404
    await session.fatima.post(f"/summaries/{summary}/confirm")
    other = await hub.session()
    stranger = await join(hub.http, other.code, "Stig", "sv")
    assert (await stranger.post(path, body)).status_code == 404
    assert (await session.fatima.post(path, body)).status_code == 403
    without = {**body, "text": " "}
    wrong = await session.astrid.post(path, without)
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "point_why_missing")
    said = await session.astrid.post(path, body)
    assert said.status_code == 200, said.text
    assert [p["text"] for p in (await session.astrid.get(path)).json()["items"]] == ["Vi var fler."]
    assert (await session.ben.get(path)).json()["items"] == []
    draft = (await session.ben.get(f"/summaries/{summary}")).json()
    assert draft["edition"] == 0
    assert forum.WHAT in str(draft)
    hub.clock.move(days=7)
    late = await session.ben.post(path, {**body, "text": "För sent"})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/confirming_over")


async def test_what_is_contested_is_settled_before_it_is_published(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    editor = await hub.account("editor", "Edda")
    await forum.finish(hub, editor, summary)
    hub.clock.move(days=-1)
    seen = (await forum.statements(editor, summary))["limits"]
    body = {"statement": seen["id"], "answer": "contest", "text": "Vi var fler."}
    point = (await session.astrid.post(f"/summaries/{summary}/points", body)).json()
    hub.clock.move(days=1)
    refused = await editor.post(f"/summaries/{summary}/publish")
    assert refused.json()["type"] == "/problems/summary_not_ready"
    faults = (await forum.bench(editor, summary))["faults"]
    assert [f["code"] for f in faults] == ["contested"]
    path = f"/summaries/{summary}/points/{point['id']}/settle"
    assert (await editor.post(path, {"settled": ""})).status_code == 422
    told = await editor.post(path, {"settled": "Vi räknade igen: sju var med."})
    assert told.status_code == 200
    assert (await editor.post(f"/summaries/{summary}/publish")).status_code == 200
    own = (await session.astrid.get(f"/summaries/{summary}/points")).json()["items"]
    assert own[0]["settled"] == "Vi räknade igen: sju var med."


async def test_a_later_edition_needs_a_note_in_both_languages(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, editor = await forum.published(hub, session)
    silent = await editor.post(f"/summaries/{summary}/publish")
    assert {e["pointer"] for e in silent.json()["errors"]} == {"/note/sv", "/note/en"}
    note = {"sv": "Ägaren var fel.", "en": "The owner was wrong."}
    again = await editor.post(f"/summaries/{summary}/publish", {"note": note})
    assert (again.status_code, again.json()["number"]) == (200, 2)
    found = (await hub.http.get(f"/api/v1/summaries/{summary}")).json()
    assert [e["note"] for e in found["editions"]] == [None, note]


async def test_a_reader_answers_without_an_account_and_not_without_end(hub: Hub) -> None:
    session = await forum.hold(hub)
    draft = await forum.built(hub, session)
    body = {"audience": "citizens", "language": "sv", "matches": "partly", "text": "Inte här"}
    path = f"/api/v1/summaries/{draft}/answers"
    assert (await hub.http.post(path, json=body)).status_code == 404
    summary, editor = await forum.published(hub, await forum.hold(hub))
    path = f"/api/v1/summaries/{summary}/answers"
    assert (await hub.http.post(path, json=body)).status_code == 201
    long = {**body, "text": "x" * 2001}
    assert (await hub.http.post(path, json=long)).status_code == 422
    codes = [(await hub.http.post(path, json=body)).status_code for _ in range(30)]
    assert codes[-1] == 429
    answers = (await editor.get(f"/summaries/{summary}/answers")).json()["items"]
    assert answers[0]["matches"] == "partly"
    assert (await session.astrid.get(f"/summaries/{summary}/answers")).status_code == 403


async def test_the_citizens_version_is_read_by_somebody_with_own_experience(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    await session.fatima.post(f"/summaries/{summary}/confirm")
    path = f"/summaries/{summary}/read-by-lived"
    refused = await session.ben.post(path)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/lived_needed")
    assert (await session.astrid.post(path)).json()["read_by_lived_at"] is not None


@pytest.mark.parametrize("audience", AUDIENCES)
async def test_every_version_of_a_published_summary_is_in_both_languages(
    hub: Hub, audience: str
) -> None:
    summary, _ = await forum.published(hub, await forum.hold(hub))
    found = (await hub.http.get(f"/api/v1/summaries/{summary}?audience={audience}")).json()
    told = [s for b in found["blocks"] for s in b["statements"]] + found["headlines"]
    assert told
    assert all(s["texts"]["sv"] and s["texts"]["en"] and s["sources"] for s in told)
    assert found["statuses"] == {"sv": "human_reviewed", "en": "human_reviewed"}
