from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from hub.logs import set_up_logs
from tests.cast import CARD, TITLE, join, plan
from tests.conftest import Hub


async def test_a_session_is_planned_with_a_code_to_join_by(hub: Hub) -> None:
    fatima = await hub.account()
    made = await plan(fatima)
    assert made["state"] == "planned"
    assert len(made["code"]) == 8
    assert made["join_url"] == f"http://hub.test/join/{made['code']}"


async def test_a_code_is_read_in_any_case_and_with_spaces(hub: Hub) -> None:
    made = await plan(await hub.account())
    code = made["code"].lower()
    astrid = await join(hub.http, f"{code[:4]} {code[4:]}", "Astrid", "sv")
    assert (await astrid.get(f"/sessions/{made['id']}")).status_code == 200


async def test_moves_follow_each_other(hub: Hub) -> None:
    session = await hub.session(start=False)
    assert (await session.moved("open"))["state"] == "open"
    started = await session.moved("start")
    assert (started["state"], started["phase"]) == ("running", "arrive")
    assert started["ends_at"] == "2026-11-24T12:38:00Z"
    assert started["exit_met"] is True
    assert (await session.moved("advance"))["phase"] == "evidence"
    assert (await session.moved("pause"))["state"] == "paused"
    hub.clock.move(minutes=7)
    resumed = await session.moved("resume")
    assert resumed["ends_at"] == "2026-11-24T12:47:00Z"
    assert (await session.moved("extend", minutes=2))["ends_at"] == "2026-11-24T12:49:00Z"
    assert (await session.moved("reopen"))["phase"] == "arrive"
    assert (await session.moved("close"))["state"] == "closed"


@pytest.mark.parametrize("name", ["resume", "advance", "extend", "pause", "reopen"])
async def test_a_move_that_the_state_forbids_changes_nothing(hub: Hub, name: str) -> None:
    session = await hub.session(start=False)
    before = (await session.fatima.get(f"/sessions/{session.id}")).json()
    refused = await session.move(name)
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert (await session.fatima.get(f"/sessions/{session.id}")).json() == before


async def test_an_unmet_exit_wants_force_and_a_reason(hub: Hub) -> None:
    session = await hub.session()
    await session.moved("advance")
    await session.fatima.post(f"/sessions/{session.id}/findings", CARD)
    assert (await session.move("advance")).status_code == 409
    without_reason = await session.move("advance", force=True)
    assert without_reason.status_code == 422
    assert without_reason.json()["errors"][0]["pointer"] == "/reason"
    forced = await session.moved("advance", force=True, reason="The card is on paper")
    assert forced["phase"] == "reflect"


async def test_a_contribution_is_as_the_contract_has_it(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Ingen var min.")
    assert said["author"]["name"] == "Astrid"
    assert said["author"]["group"] == "lived"
    assert said["translations"]["en"]["status"] == "pending"
    await hub.translate()
    listed = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()
    (found,) = [c for c in listed["items"] if c["id"] == said["id"]]
    assert found["translations"]["en"]["text"] == "[en] Ingen var min."
    assert found["translations"]["en"]["status"] == "machine"
    assert found["revision"] > said["revision"]
    assert [c["seq"] for c in listed["items"]] == list(range(1, len(listed["items"]) + 1))


async def test_the_same_client_id_is_answered_with_the_same_contribution(hub: Hub) -> None:
    session = await hub.session()
    body = {"client_id": "once", "text": "En gång"}
    first = await session.astrid.post(f"/sessions/{session.id}/contributions", body)
    again = await session.astrid.post(f"/sessions/{session.id}/contributions", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = await session.ben.post(f"/sessions/{session.id}/contributions", body)
    assert other.status_code == 201


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("", "/text"),
        ("   \n\t ", "/text"),
        ("\u200b\u200d\ufeff", "/text"),
        ("x" * 4001, "/text"),
        ("x" * 20000, "/text"),
    ],
)
async def test_text_that_is_none_or_too_much_is_refused(hub: Hub, text: str, pointer: str) -> None:
    session = await hub.session()
    revision = (await session.fatima.get(f"/sessions/{session.id}")).json()["revision"]
    refused = await session.astrid.say(session.id, text)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer
    after = (await session.fatima.get(f"/sessions/{session.id}")).json()["revision"]
    assert after == revision


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "\u202eesrever\u202c",
        "مرحبا",
        "**bold** [x](javascript:alert(1))",
        "😀" * 1000,
        "a\x00b\x07c",
        "{{ 7 * 7 }}",
    ],
)
async def test_what_people_write_is_kept_as_text(hub: Hub, text: str) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, text)
    assert said["text"] == "".join(c for c in text if c not in "\x00\x07")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"client_id": "a", "text": "x", "kind": "nonsense"}, 422),
        ({"client_id": "a", "text": "x", "kind": "bot"}, 422),
        ({"client_id": "a", "text": "x", "kind": "theme"}, 409),
        ({"client_id": "a", "text": "x", "kind": "facilitation"}, 403),
        ({"client_id": "", "text": "x"}, 422),
        ({"text": "x"}, 422),
        ({"client_id": "a", "text": "x", "language": "de"}, 422),
        ({"client_id": "a", "text": "x", "reply_to": "c_nothing"}, 422),
        ({"client_id": "a", "text": ["x"]}, 422),
        ("not an object", 422),
    ],
)
async def test_a_bad_post_is_a_clear_problem(hub: Hub, body: Any, status: int) -> None:
    session = await hub.session()
    refused = await session.astrid.post(f"/sessions/{session.id}/contributions", body)
    assert refused.status_code == status, refused.text
    problem = refused.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


async def test_lone_surrogates_do_not_break_anything(hub: Hub) -> None:
    session = await hub.session()
    answer = await hub.http.post(
        f"/api/v1/sessions/{session.id}/contributions",
        content=b'{"client_id": "s", "text": "hej \\ud800 d\\u00e5"}',
        headers={**session.astrid.headers, "content-type": "application/json"},
    )
    assert answer.status_code == 201
    assert answer.json()["text"] == "hej  då"


async def test_nobody_speaks_before_the_start_in_a_pause_or_after_the_end(hub: Hub) -> None:
    session = await hub.session(start=False)
    assert (await session.astrid.say(session.id, "hej")).status_code == 409
    await session.moved("start")
    await session.moved("pause")
    assert (await session.astrid.say(session.id, "hej")).status_code == 409
    await session.moved("close")
    refused = await session.astrid.say(session.id, "hej")
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/session_closed"


async def test_a_reflection_reaches_nobody_but_its_author(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("reflect")
    kept = await session.astrid.said(session.id, "Hemlig tanke", "reflection")
    assert kept["seq"] is None
    assert kept["translations"] == {}
    await hub.translate()
    for who in (session.ben, session.fatima):
        changes = await who.get(f"/sessions/{session.id}/changes")
        record = await who.get(f"/sessions/{session.id}/record")
        assert "Hemlig" not in changes.text + record.text
    mine = await session.astrid.get(f"/sessions/{session.id}/changes")
    assert "Hemlig tanke" in mine.text
    assert (await session.ben.post(f"/contributions/{kept['id']}/dispute", {})).status_code == 404
    assert "Hemlig tanke" not in str(hub.translator.asked)


async def test_discussion_is_closed_while_people_think_alone(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("reflect")
    assert (await session.astrid.say(session.id, "hej")).status_code == 409


async def test_a_restatement_is_answered_by_its_author_alone(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("restate")
    said = await session.astrid.said(session.id, "Ingen var min.")
    restated = await session.ben.said(
        session.id, "You had nobody.", "restatement", fields={"of": said["id"]}
    )
    check = {"of": restated["id"], "answer": "partly"}
    wrong = await session.ben.say(session.id, "", "restatement_check", fields=check)
    assert wrong.status_code == 403
    right = await session.astrid.said(session.id, "", "restatement_check", fields=check)
    assert right["fields"]["answer"] == "partly"
    own = await session.astrid.say(session.id, "x", "restatement", fields={"of": said["id"]})
    assert own.status_code == 422


async def test_decisions_are_made_by_consent(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("recommend")
    fields = {"owner": "Region Jönköping", "when": "2027-03-01", "measure": "Två frågor i veckan"}
    draft = await session.astrid.said(session.id, "Sitt ner", "recommendation", fields=fields)
    bad_date = await session.astrid.say(session.id, "x", "recommendation", fields={"when": "soon"})
    assert bad_date.json()["errors"][0]["pointer"] == "/fields/when"
    await session.go_to("decide")

    async def result() -> str:
        record = (await session.fatima.get(f"/sessions/{session.id}/record")).json()
        return str(record["recommendations"][0]["result"])

    assert await result() == "undecided"
    no_reason = {"of": draft["id"], "value": "objection"}
    refused = await session.ben.say(session.id, "", "stance", fields=no_reason)
    assert refused.json()["errors"][0]["pointer"] == "/fields/reason"
    await session.astrid.said(
        session.id, "", "stance", fields={"of": draft["id"], "value": "consent"}
    )
    objection = await session.ben.said(session.id, "Who answers?", "stance", fields=no_reason)
    assert await result() == "undecided"
    amended = await session.astrid.said(
        session.id, "En bär larmet.", "amendment", fields={"of": objection["id"]}
    )
    await session.ben.said(
        session.id, "", "stance", fields={"of": amended["id"], "value": "stand_aside"}
    )
    assert await result() == "adopted_with_dissent"
    await session.ben.said(session.id, "", "stance", fields={"of": draft["id"], "value": "consent"})
    assert await result() == "adopted"
    changed = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    (shown,) = [c for c in changed if c["id"] == draft["id"]]
    assert shown["decision"]["result"] == "adopted"
    await hub.translate()
    changed = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    (shown,) = [c for c in changed if c["id"] == draft["id"]]
    assert shown["translations"]["en"]["fields"]["measure"] == "[en] Två frågor i veckan"


async def test_people_correct_and_dispute_translations(hub: Hub) -> None:
    session = await hub.session()
    hanna = await join(hub.http, session.code, "Hanna", "sv", bilingual=True)
    said = await session.astrid.said(session.id, "Ingen var min.")
    await hub.translate()
    path = f"/contributions/{said['id']}"
    disputed = (await session.ben.post(f"{path}/dispute", {"word": "min"})).json()
    assert disputed["translations"]["en"]["status"] == "disputed"
    put = f"{path}/translations/en"
    assert (await session.ben.put(put, {"text": "no"})).status_code == 403
    assert (await hanna.put(put, {"text": "  "})).status_code == 422
    right = (await hanna.put(put, {"text": "Nobody was mine."})).json()
    translation = right["translations"]["en"]
    assert (translation["status"], translation["by"]) == ("corrected", "Hanna")
    assert (await session.astrid.put(put, {"text": "Nobody."})).status_code == 200
    assert (await session.fatima.put(put, {"text": "Nobody was mine."})).status_code == 200
    original = await hanna.put(f"{path}/translations/sv", {"text": "x"})
    assert original.status_code == 409
    assert (await hanna.put(f"{path}/translations/de", {"text": "x"})).status_code == 422


async def test_a_correction_is_not_overwritten_by_a_late_machine(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Ingen var min.")
    path = f"/contributions/{said['id']}/translations/en"
    await session.astrid.put(path, {"text": "Nobody was mine."})
    await hub.translate()
    listed = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    assert listed[-1]["translations"]["en"]["text"] == "Nobody was mine."


async def test_words_taken_back_leave_a_tombstone_without_a_name(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Jag ångrar det här.")
    reply = await session.ben.said(session.id, "I hear you.", reply_to=said["id"])
    assert reply["re"]["name"] == "Astrid"
    await hub.translate()
    assert (await session.ben.delete(f"/contributions/{said['id']}")).status_code == 403
    gone = (await session.astrid.delete(f"/contributions/{said['id']}")).json()
    assert (gone["text"], gone["author"], gone["translations"]) == ("", None, {})
    assert gone["removed"] is True
    everything = (await session.ben.get(f"/sessions/{session.id}/changes")).text
    assert "ångrar" not in everything
    assert reply["id"] in everything
    items = (await session.ben.get(f"/sessions/{session.id}/changes")).json()["items"]
    (changed,) = [
        i["contribution"] for i in items if i.get("contribution", {}).get("id") == reply["id"]
    ]
    assert changed["re"]["name"] is None
    assert changed["revision"] == gone["revision"]


async def test_a_hidden_post_is_seen_by_its_author_with_the_reason(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Doktor Svensson på plan 3")
    path = f"/contributions/{said['id']}/hide"
    assert (await session.ben.post(path, {"reason": "x"})).status_code == 403
    assert (await session.fatima.post(path, {"reason": " "})).status_code == 422
    assert (await session.fatima.post(path, {"reason": "Names somebody"})).status_code == 200
    assert "Svensson" not in (await session.ben.get(f"/sessions/{session.id}/changes")).text
    assert "Svensson" not in (await session.ben.get(f"/sessions/{session.id}/record")).text
    assert (await session.fatima.delete(path)).status_code == 200
    assert "Svensson" in (await session.ben.get(f"/sessions/{session.id}/changes")).text


async def test_only_those_who_agreed_to_be_quoted_are_put_on_the_screen(hub: Hub) -> None:
    session = await hub.session()
    maja = await join(
        hub.http,
        session.code,
        "Maja",
        "sv",
        consent={"take_part": True, "quote_role": True},
    )
    no = await session.astrid.said(session.id, "Inte jag")
    yes = await maja.said(session.id, "Gärna jag")
    refused = await session.fatima.post(f"/contributions/{no['id']}/screen")
    assert refused.status_code == 409
    shown = await session.fatima.post(f"/contributions/{yes['id']}/screen")
    assert shown.json()["on_screen"] is True
    assert (await session.fatima.delete(f"/contributions/{yes['id']}/screen")).status_code == 200


async def test_hands_are_a_queue(hub: Hub) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}/hand"
    await session.ben.post(path)
    hub.clock.move(seconds=5)
    await session.astrid.post(path)
    queue = (await session.ben.post(path)).json()["items"]
    assert [h["participant"]["name"] for h in queue] == ["Ben", "Astrid"]
    floor = await session.fatima.post(
        f"/sessions/{session.id}/floor", {"participant": session.astrid.id}
    )
    # Whoever has the floor stands first; the others keep their order.
    heads = [(h["participant"]["name"], h["has_floor"]) for h in floor.json()["items"]]
    assert heads == [("Astrid", True), ("Ben", False)]
    assert (await session.astrid.post(f"/sessions/{session.id}/floor", {})).status_code in (
        403,
        422,
    )
    stranger = await session.fatima.post(f"/sessions/{session.id}/floor", {"participant": "p_x"})
    assert stranger.status_code == 404
    assert len((await session.ben.delete(path)).json()["items"]) == 1


async def test_finding_cards_are_bilingual_and_pictures_are_checked(hub: Hub) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}/findings"
    made = await session.fatima.post(path, CARD)
    assert made.status_code == 201, made.text
    half = {**CARD, "text": {"sv": "Bara svenska", "en": ""}}
    refused = await session.fatima.post(path, half)
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/text/en"]
    assert (await session.astrid.post(path, CARD)).status_code == 403
    alt = {"sv": "Ett diagram", "en": "A chart"}
    svg = {**CARD, "picture": {"data": "PHN2Zz48L3N2Zz4=", "alt": alt}}
    assert (await session.fatima.post(path, svg)).status_code == 422
    png = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUB"
        "AScY42YAAAAASUVORK5CYII="
    )
    with_picture = await session.fatima.post(path, {**CARD, "picture": {"data": png, "alt": alt}})
    assert with_picture.status_code == 201
    picture = with_picture.json()["picture"]
    seen = await hub.http.get(picture, headers=session.astrid.headers)
    assert seen.headers["content-type"] == "image/png"
    assert (await hub.http.get(picture, headers={"accept": "*/*"})).status_code in (303, 401)
    finding = made.json()["id"]
    assert (await session.fatima.post(f"/findings/{finding}/show")).status_code == 204
    assert (await session.fatima.delete(f"/findings/{finding}")).status_code == 204
    listed = (await session.ben.get(path)).json()["items"]
    assert [f["id"] for f in listed] == [with_picture.json()["id"]]


async def test_the_changes_since_a_revision_are_all_that_changed(hub: Hub) -> None:
    session = await hub.session()
    first = await session.astrid.said(session.id, "Ett")
    second = await session.ben.said(session.id, "Two")
    changes = (
        await session.ben.get(f"/sessions/{session.id}/changes", after=first["revision"])
    ).json()
    ids = [i["contribution"]["id"] for i in changes["items"] if "contribution" in i]
    assert ids == [second["id"]]
    assert changes["after"] == first["revision"]
    later = await session.ben.get(f"/sessions/{session.id}/changes", after=changes["upto"] + 1)
    assert later.status_code == 422
    negative = await session.ben.get(f"/sessions/{session.id}/changes", after=-1)
    assert negative.status_code == 422


async def test_a_stranger_and_a_neighbour_see_nothing(hub: Hub) -> None:
    session, other = await hub.session(), await hub.session()
    for path in ("", "/contributions", "/changes", "/findings", "/record", "/hand"):
        nobody = await hub.http.get(f"/api/v1/sessions/{session.id}{path}")
        assert nobody.status_code == 401, path
        neighbour = await other.astrid.get(f"/sessions/{session.id}{path}")
        assert neighbour.status_code == 404, path
    said = await session.astrid.said(session.id, "Vårt")
    assert (await other.ben.delete(f"/contributions/{said['id']}")).status_code == 404
    forged = await hub.http.get(
        f"/api/v1/sessions/{session.id}", headers={"Authorization": "Bearer pt_forged"}
    )
    assert forged.status_code == 401


@pytest.mark.parametrize(
    "move", ["open", "start", "advance", "extend", "pause", "resume", "reopen", "close"]
)
async def test_a_participant_may_not_do_what_is_the_facilitators(hub: Hub, move: str) -> None:
    session = await hub.session()
    refused = await session.astrid.post(f"/sessions/{session.id}/{move}", {"minutes": 2})
    assert refused.status_code == 403
    assert (await session.fatima.get(f"/sessions/{session.id}")).json()["phase"] == "arrive"


async def test_errors_are_in_the_callers_language(hub: Hub) -> None:
    session = await hub.session()
    swedish = (await session.astrid.say(session.id, "")).json()["detail"]
    english = (await session.ben.say(session.id, "")).json()["detail"]
    assert swedish != english


async def test_a_record_is_published_after_seven_days(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, "Ingen var min.")
    await hub.translate()
    assert (await session.move("record/publish")).status_code == 409
    await session.moved("close")
    hub.clock.move(days=6)
    assert (await session.move("record/publish")).status_code == 409
    hub.clock.move(days=1)
    assert (await session.astrid.post(f"/sessions/{session.id}/record/publish")).status_code == 403
    assert (await session.move("record/publish")).status_code == 200
    public = await hub.http.get(f"/api/v1/sessions/{session.id}/record")
    assert public.status_code == 200
    assert "code" not in public.json()["session"]
    english = await hub.http.get(
        f"/api/v1/sessions/{session.id}/record", params={"format": "md", "language": "en"}
    )
    assert "# Going home from hospital" in english.text
    assert "\\[en\\] Ingen var min." in english.text


async def test_formats_and_cases_are_listed_for_all(hub: Hub) -> None:
    formats = (await hub.http.get("/api/v1/formats")).json()["items"]
    by_id = {f["id"]: f for f in formats}
    assert {"jif-90", "jif-180"} <= set(by_id)
    assert sum(p["minutes"] for p in by_id["jif-90"]["phases"]) == 90
    assert sum(p["minutes"] for p in by_id["jif-180"]["phases"]) == 180
    cases = (await hub.http.get("/api/v1/cases")).json()["items"]
    assert len(cases) == 9
    assert {c["id"] for c in cases if c["vulnerable"]} == {"solberga", "ward", "lhs"}


async def test_a_facilitator_edits_cases(hub: Hub) -> None:
    fatima = await hub.account()
    body = {"id": "village", "name": {"sv": "Byn", "en": "The village"}, "vulnerable": True}
    assert (await fatima.post("/cases", body)).status_code == 201
    assert (await fatima.post("/cases", body)).status_code == 409
    changed = await fatima.put("/cases/village", {**body, "country": "UK"})
    assert changed.json()["country"] == "UK"
    assert (await hub.http.post("/api/v1/cases", json=body)).status_code == 401
    assert (await fatima.put("/cases/none", body)).status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"format": "nothing"}, "/format"),
        ({"title": {"sv": "Bara", "en": " "}}, "/title/en"),
        ({"case": "nothing"}, "/case"),
        ({"access": "all"}, "/access"),
        ({"minutes": {"arrive": 0}}, "/minutes/arrive"),
        ({"minutes": {"lunch": 10}}, "/minutes/lunch"),
    ],
)
async def test_a_plan_with_a_fault_points_at_it(
    hub: Hub, change: dict[str, Any], pointer: str
) -> None:
    fatima = await hub.account()
    refused = await fatima.post("/sessions", {"format": "jif-90", "title": TITLE, **change})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"name": "Lotsen"}, "/name"),
        ({"name": "Astrid"}, "/name"),
        ({"name": "x" * 41}, "/name"),
        ({"language": "de"}, "/language"),
        ({"role": "king"}, "/role"),
        ({"consent": False}, "/consent"),
        ({"consent": {"quote_role": True}}, "/consent"),
    ],
)
async def test_joining_with_a_fault_points_at_it(
    hub: Hub, change: dict[str, Any], pointer: str
) -> None:
    session = await hub.session()
    body = {"code": session.code, "name": "Stig", "language": "sv", "consent": True, **change}
    refused = await hub.http.post("/api/v1/join", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_wrong_code_is_not_found_and_many_are_too_many(hub: Hub) -> None:
    body = {"code": "WRONG", "name": "Stig", "language": "sv", "consent": True}
    statuses = [(await hub.http.post("/api/v1/join", json=body)).status_code for _ in range(32)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


async def test_writing_too_fast_is_refused_kindly(hub: Hub) -> None:
    session = await hub.session()
    answers = [await session.astrid.say(session.id, f"nummer {n}") for n in range(22)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_an_idle_session_closes_itself(hub: Hub) -> None:
    from hub.gatherings import jobs

    session = await hub.session()
    hub.screens.touched.clear()
    hub.clock.move(minutes=29)
    assert await jobs.close_idle(hub.screens) == 0
    hub.clock.move(minutes=1)
    assert await jobs.close_idle(hub.screens) == 1
    found = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert found["state"] == "closed"
    assert (await session.moved("reopen"))["state"] == "running"


async def test_when_time_runs_out_the_room_is_asked_and_nothing_moves(hub: Hub) -> None:
    session = await hub.session()
    before = (await session.fatima.get(f"/sessions/{session.id}")).json()
    hub.clock.move(minutes=9)
    await hub.keep_time()
    await hub.keep_time()
    after = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert (after["time_up"], after["phase"]) == (True, "arrive")
    assert after["revision"] == before["revision"] + 1
    extended = await session.moved("extend", minutes=2)
    assert extended["seconds_left"] == 120


async def test_a_failed_translation_is_said_and_a_person_translates(hub: Hub) -> None:
    session = await hub.session()
    hub.translator.failing = "no_package"
    said = await session.astrid.said(session.id, "Ingen var min.")
    await hub.translate()
    listed = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    failed = listed[-1]["translations"]["en"]
    assert (failed["status"], failed["reason"], failed["text"]) == ("failed", "no_package", None)
    path = f"/contributions/{said['id']}/translations/en"
    assert (await session.astrid.put(path, {"text": "Nobody was mine."})).status_code == 200


async def test_a_text_that_looks_like_the_other_language_is_only_remarked(hub: Hub) -> None:
    session = await hub.session()
    text = "I was given four slips of paper with four telephone numbers on them."
    said = await session.astrid.said(session.id, text)
    assert (said["language"], said["looks_like"]) == ("sv", "en")
    await hub.translate()
    assert hub.translator.asked[-1] == (text, "sv", "en")
    plain = await session.ben.said(session.id, text)
    assert plain["looks_like"] is None


async def test_a_sign_in_ends_with_its_time(hub: Hub) -> None:
    fatima = await hub.account()
    assert (await fatima.get("/sessions")).status_code == 200
    hub.clock.move(days=366)
    assert (await fatima.get("/sessions")).status_code == 401


@pytest.fixture
def logs_put_back() -> Iterator[None]:
    """A test that sets up logs leaves them as they were."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers


@pytest.mark.usefixtures("logs_put_back")
async def test_logs_hold_no_words_and_no_names(
    hub: Hub, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    set_up_logs("json")
    session = await hub.session()
    await session.astrid.said(session.id, "Zebrafink i köket")
    await session.astrid.say(session.id, "Zebrafink " * 500)
    await hub.translate()
    hub.app.state.renderer.render = None
    await hub.http.get(f"/sessions/{session.id}", headers=session.astrid.headers)
    await hub.http.get("/invitation/iv_verysecret")
    out = capsys.readouterr()
    everything = out.out + out.err + caplog.text
    assert "bug" in everything
    assert "Zebrafink" not in everything
    assert "Astrid" not in everything
    assert "verysecret" not in everything


async def test_sessions_are_listed_page_by_page(hub: Hub) -> None:
    fatima = await hub.account()
    made = [(await plan(fatima))["id"] for _ in range(5)]
    found: list[str] = []
    cursor = None
    for _ in range(5):
        more = {"after": cursor} if cursor else {}
        page = (await fatima.get("/sessions", limit=2, **more)).json()
        found += [s["id"] for s in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(found) == sorted(made)
    assert (await fatima.get("/sessions", limit=201)).status_code == 422
