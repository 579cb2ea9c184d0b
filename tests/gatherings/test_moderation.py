"""Hiding with a reason and an answer, posts that wait, slow mode, sending out, and the counts."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from hub.audit.models import AuditEntry
from hub.errors import Invalid
from hub.gatherings import rules
from hub.gatherings.doorway import read_record
from hub.gatherings.measuring import read_measures
from hub.gatherings.models import access_gathering, list_contributions
from hub.gatherings.qda import as_project
from hub.gatherings.record import as_markdown
from hub.gatherings.table import as_csv
from hub.language.models import Pair
from tests.cast import join
from tests.conftest import START, Hub

DANGER = "Jag har sparat tabletter och vill inte leva längre."
NAMES = "Min granne Gunvor Hallström på Storgatan fick flytta från boendet."
PLAIN = "Ansvaret för överföringen av information låg mellan två enheter."


async def moderation(session: Any) -> Any:
    answer = await session.fatima.get(f"/sessions/{session.id}/moderation")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def settle(session: Any, **settings: Any) -> httpx.Response:
    return await session.fatima.put(f"/sessions/{session.id}/moderation", settings)


async def as_seat(hub: Hub, session: Any, person: Any, path: str = "") -> httpx.Response:
    cookies = {f"hub_seat_{session.id}": person.token}
    return await hub.http.get(f"/sessions/{session.id}{path}", cookies=cookies)


async def acts(hub: Hub) -> list[tuple[str, str | None]]:
    async with hub.database.reading() as tx:
        found = await tx.scalars(select(AuditEntry).order_by(AuditEntry.number))
        return [(entry.act, entry.subject) for entry in found]


# --- hiding ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "note", "read"),
    [
        ("danger", "", ("danger", "")),
        ("third_person", "Namnet på grannen", ("third_person", "Namnet på grannen")),
        ("Namnger en granne", "", ("other", "Namnger en granne")),
        (
            "Namnger en granne",
            "Skriv gärna om det",
            ("other", "Namnger en granne\nSkriv gärna om det"),
        ),
        ("other", "Dubbelt", ("other", "Dubbelt")),
    ],
)
def test_a_reason_is_a_code_with_a_note_or_any_text(
    reason: str, note: str, read: tuple[str, str]
) -> None:
    assert rules.read_hide_reason(reason, note) == read


@pytest.mark.parametrize(
    ("reason", "note", "faults"),
    [
        ("", "", {"/reason": "reason_missing"}),
        ("", "Bara en anteckning", {"/reason": "reason_missing"}),
        ("other", "", {"/note": "note_missing"}),
    ],
)
def test_no_reason_is_no_reason(reason: str, note: str, faults: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        rules.read_hide_reason(reason, note)
    assert refused.value.fields == faults


async def test_the_author_of_a_hidden_post_sees_why_and_others_see_nothing(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Grannen heter Ulla Nordkvist")
    body = {"reason": "third_person", "note": "Skriv utan <namn>"}
    hidden = await session.fatima.post(f"/contributions/{said['id']}/hide", body)
    assert hidden.status_code == 200
    assert hidden.json()["hidden_code"] == "third_person"
    mine = (await as_seat(hub, session, session.astrid)).text
    assert "Ditt inlägg från 13.30 är dolt" in mine
    assert "Pekar ut någon som inte är här" in mine
    assert "Skriv utan &lt;namn&gt;" in mine
    theirs = (await as_seat(hub, session, session.ben)).text
    assert "Hidden by the facilitator" in theirs
    for words in ("Nordkvist", "Skriv utan", "Points out somebody"):
        assert words not in theirs
    for person, seen in ((session.astrid, True), (session.ben, False)):
        changes = (await person.get(f"/sessions/{session.id}/changes")).text
        assert ("Nordkvist" in changes) == seen
        assert ("third_person" in changes) == seen


async def test_the_author_answers_once_and_facilitators_alone_read_it(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Något om kommunen")
    path = f"/contributions/{said['id']}"
    early = await session.astrid.post(f"{path}/answer", {"text": "Varför?"})
    assert early.status_code == 409
    await session.fatima.post(f"{path}/hide", {"reason": "off_topic"})
    assert (await session.ben.post(f"{path}/answer", {"text": "Jag"})).status_code == 403
    assert (await session.astrid.post(f"{path}/answer", {"text": " "})).status_code == 422
    long = await session.astrid.post(f"{path}/answer", {"text": "x" * 1001})
    assert long.status_code == 422
    answered = await session.astrid.post(f"{path}/answer", {"text": "Det hör till <saken>"})
    assert answered.json()["hidden_answer"] == "Det hör till <saken>"
    again = await session.astrid.post(f"{path}/answer", {"text": "En gång till"})
    assert (again.status_code, again.json()["detail"]) == (409, "Du har redan svarat.")
    desk = await hub.http.get(f"/sessions/{session.id}/desk", headers=session.fatima.headers)
    assert "Det hör till &lt;saken&gt;" in desk.text
    assert (await moderation(session))["hidden"][0]["hidden_answer"] == "Det hör till <saken>"
    for page in ("", "/record"):
        assert "saken" not in (await as_seat(hub, session, session.ben, page)).text


async def test_a_post_that_is_shown_again_is_whole_and_its_answer_is_gone(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Något om kommunen")
    path = f"/contributions/{said['id']}"
    await session.fatima.post(f"{path}/hide", {"reason": "off_topic"})
    await session.astrid.post(f"{path}/answer", {"text": "Det hör hit"})
    shown = (await session.fatima.delete(f"{path}/hide")).json()
    assert (shown["hidden"], shown["hidden_code"], shown["hidden_answer"]) == (False, None, "")
    assert "Något om kommunen" in (await as_seat(hub, session, session.ben)).text
    assert (await moderation(session))["hidden"] == []
    assert [each for each in await acts(hub) if each[1] == said["id"]] == [
        ("hidden", said["id"]),
        ("shown_again", said["id"]),
    ]


async def test_the_form_wants_a_reason_and_keeps_what_was_typed(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Något om kommunen")
    path = f"/contributions/{said['id']}/hide"
    form = {"reason": "other", "note": ""}
    refused = await hub.http.post(path, data=form, headers=session.fatima.headers)
    assert refused.status_code == 422
    assert "Write why you hide the post" in refused.text
    assert '<option value="other" selected>' in refused.text
    form = {"reason": "personal_data", "note": "Ett telefonnummer"}
    done = await hub.http.post(path, data=form, headers=session.fatima.headers)
    assert done.status_code == 303
    post = await as_seat(hub, session, session.astrid, f"/contributions/{said['id']}")
    assert "Ett telefonnummer" in post.text
    assert 'name="text"' in post.text
    answer = await hub.http.post(
        f"/contributions/{said['id']}/answer",
        data={"text": "Det är växelns"},
        cookies={f"hub_seat_{session.id}": session.astrid.token},
    )
    assert answer.status_code == 303
    assert "Det är växelns" in (await as_seat(hub, session, session.astrid)).text


@pytest.mark.parametrize("who", ["astrid", "ben"])
async def test_who_does_not_lead_the_session_moderates_nothing(hub: Hub, who: str) -> None:
    session = await hub.session()
    said = await session.ben.said(session.id, "Hello")
    person, path = getattr(session, who), f"/contributions/{said['id']}"
    seat = f"/sessions/{session.id}/participants/{session.ben.id}/remove"
    answers = [
        await person.post(f"{path}/hide", {"reason": "danger"}),
        await person.delete(f"{path}/hide"),
        await person.post(f"{path}/let-through"),
        await person.get(f"/sessions/{session.id}/moderation"),
        await person.put(f"/sessions/{session.id}/moderation", {"slow_seconds": 30}),
        await person.post(seat, {"reason": "disturbs"}),
        await person.delete(seat),
        await person.get(f"/sessions/{session.id}/moderation.csv"),
        await person.get("/moderation.csv"),
        await as_seat(hub, session, person, "/moderation"),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)


# --- nothing hidden goes on --------------------------------------------------------------------


async def test_nothing_hidden_reaches_records_files_measures_or_memory(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("interpret")
    kept = await session.ben.said(session.id, "What stays is the waiting")
    said = await session.astrid.said(session.id, "Det som doldes var pelargonen")
    await hub.translate()
    path = f"/contributions/{said['id']}"
    put = await session.fatima.put(f"{path}/translations/en", {"text": "It was the pelargonium"})
    assert put.status_code == 200
    await session.fatima.post(f"{path}/hide", {"reason": "offensive", "note": "pelargonnot"})
    await session.astrid.post(f"{path}/answer", {"text": "pelargonsvar"})
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)
        record = await read_record(hub.screens, tx, session.id)
        shared = await hub.screens.shared(tx, gathering)
        rows = as_csv(await list_contributions(tx, session.id))
        project = as_project(record["session"], shared).decode("latin-1")
        measures = str(await read_measures(tx, gathering, now=hub.clock.now()))
        pairs = [pair.source_text for pair in await tx.scalars(select(Pair))]
    markdown = as_markdown(record, "sv", lambda words: words)
    assert kept["text"] in rows
    for out in (str(record), str(shared), rows, project, measures, markdown, str(pairs)):
        assert "pelargon" not in out
    public = [
        (await session.ben.get(f"/sessions/{session.id}/{name}")).text
        for name in ("changes", "contributions", "record")
    ]
    assert not any("pelargon" in each for each in public)


# --- posts that wait ---------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "why"), [(DANGER, "health"), (NAMES, "privacy")])
async def test_a_risky_post_waits_where_that_is_on(hub: Hub, text: str, why: str) -> None:
    session = await hub.session()
    assert (await session.astrid.said(session.id, text))["seq"] is not None
    assert (await settle(session, holds_risky=True)).json()["holds_risky"] is True
    plain = await session.astrid.said(session.id, PLAIN)
    assert (plain["seq"] is not None, plain["held"]) == (True, False)
    said = await session.astrid.said(session.id, f"{text} Igen.")
    assert (said["seq"], said["held"]) == (None, True)
    waiting = (await moderation(session))["held"]
    assert [(each["id"], each["text"]) for each in waiting] == [(said["id"], f"{text} Igen.")]
    desk = await hub.http.get(f"/sessions/{session.id}/desk", headers=session.fatima.headers)
    assert "Read these first" in desk.text
    assert "112 when a life is in danger" in desk.text
    mine = await as_seat(hub, session, session.astrid)
    assert "Väntar på samtalsledaren" in mine.text
    assert "Igen." not in (await as_seat(hub, session, session.ben)).text
    assert (await session.ben.get(f"/contributions/{said['id']}")).status_code in (404, 405)
    seen = (await session.ben.get(f"/sessions/{session.id}/changes")).text
    assert "Igen." not in seen
    assert {each["reason"] for each in (await moderation(session))["counts"]} == {why}


async def test_a_post_that_waits_counts_for_nothing_yet(hub: Hub) -> None:
    session = await hub.session()
    await settle(session, holds_risky=True)
    await session.go_to("interpret")
    before = (await session.fatima.get(f"/sessions/{session.id}")).json()["exit"]["done"]
    held = await session.astrid.said(session.id, DANGER)
    state = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert state["exit"]["done"] == before
    reply = await session.ben.say(session.id, "I hear you", reply_to=held["id"])
    assert reply.status_code == 422
    await session.fatima.post(f"/contributions/{held['id']}/let-through")
    state = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert state["exit"]["done"] == before + 1


async def test_a_post_let_through_comes_last_with_the_time_it_was_written(hub: Hub) -> None:
    session = await hub.session()
    await settle(session, holds_risky=True)
    held = await session.astrid.said(session.id, DANGER)
    hub.clock.move(seconds=90)
    later = await session.ben.said(session.id, "And then?")
    through = await session.fatima.post(f"/contributions/{held['id']}/let-through")
    assert through.status_code == 200
    found = through.json()
    assert found["seq"] == later["seq"] + 1
    assert found["created_at"] == held["created_at"]
    assert found["held"] is False
    await hub.translate()
    theirs = (await as_seat(hub, session, session.ben)).text
    assert f"[en] {DANGER}" in theirs
    again = await session.fatima.post(f"/contributions/{held['id']}/let-through")
    assert again.status_code == 409
    assert ("let_through", held["id"]) in await acts(hub)


async def test_a_post_hidden_while_it_waits_can_be_shown_later(hub: Hub) -> None:
    session = await hub.session()
    await settle(session, holds_risky=True)
    held = await session.astrid.said(session.id, DANGER)
    path = f"/contributions/{held['id']}"
    hidden = await session.fatima.post(f"{path}/hide", {"reason": "danger"})
    assert (hidden.json()["seq"], hidden.json()["hidden"]) == (None, True)
    assert (await moderation(session))["held"] == []
    assert "Kan skada någon" in (await as_seat(hub, session, session.astrid)).text
    record = await session.ben.get(f"/sessions/{session.id}/record")
    assert "tabletter" not in record.text
    answered = await session.astrid.post(f"{path}/answer", {"text": "Jag menade medicinskåpet"})
    assert answered.status_code == 200
    shown = (await session.fatima.delete(f"{path}/hide")).json()
    assert shown["seq"] is not None
    assert "tabletter" in (await as_seat(hub, session, session.ben)).text


async def test_the_same_post_sent_twice_waits_once(hub: Hub) -> None:
    session = await hub.session()
    await settle(session, holds_risky=True)
    body = {"client_id": "twice", "text": DANGER}
    first = await session.astrid.post(f"/sessions/{session.id}/contributions", body)
    second = await session.astrid.post(f"/sessions/{session.id}/contributions", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert len((await moderation(session))["held"]) == 1


async def test_an_author_takes_back_what_waits(hub: Hub) -> None:
    session = await hub.session()
    await settle(session, holds_risky=True)
    held = await session.astrid.said(session.id, DANGER)
    assert (await session.astrid.delete(f"/contributions/{held['id']}")).status_code == 200
    assert (await moderation(session))["held"] == []
    through = await session.fatima.post(f"/contributions/{held['id']}/let-through")
    assert through.status_code in (404, 409)


async def test_what_a_facilitator_writes_or_writes_down_never_waits(hub: Hub) -> None:
    session = await hub.session()
    await settle(session, holds_risky=True)
    own = await session.fatima.said(session.id, DANGER, "facilitation")
    down = await session.fatima.said(session.id, DANGER, written_for=session.astrid.id)
    assert own["seq"] is not None
    assert down["seq"] is not None


async def test_a_reflection_is_looked_at_by_nobody(hub: Hub) -> None:
    session = await hub.session()
    await settle(session, holds_risky=True)
    await session.go_to("reflect")
    said = await session.astrid.said(session.id, DANGER, "reflection")
    assert said["held"] is False
    assert (await moderation(session))["held"] == []


# --- slow mode ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slow", "ago", "wait"),
    [(0, 1.0, 0), (30, None, 0), (30, 0.0, 30), (30, 12.4, 18), (30, 30.0, 0), (30, 500.0, 0)],
)
def test_whoever_has_waited_long_enough_may_post(slow: int, ago: float | None, wait: int) -> None:
    latest = None if ago is None else START - timedelta(seconds=ago)
    assert rules.seconds_to_wait(slow, latest, START) == wait


async def test_in_slow_mode_a_second_post_comes_too_soon_and_its_words_are_kept(hub: Hub) -> None:
    session = await hub.session()
    assert (await settle(session, slow_seconds=30)).json()["slow_seconds"] == 30
    await session.astrid.said(session.id, "Först")
    soon = await session.astrid.say(session.id, "För fort")
    assert (soon.status_code, soon.headers["retry-after"]) == (429, "30")
    hub.clock.move(seconds=12)
    form = {"client_id": "slow-1", "kind": "contribution", "text": "Mina ord finns kvar"}
    page = await hub.http.post(
        f"/sessions/{session.id}/contributions",
        data=form,
        cookies={f"hub_seat_{session.id}": session.astrid.token},
    )
    assert page.status_code == 429
    assert "om 18 sekunder" in page.text
    assert "Mina ord finns kvar" in page.text
    await session.ben.said(session.id, "Others are not held back")
    await session.fatima.said(session.id, "Nor is the facilitator", "facilitation")
    hub.clock.move(seconds=18)
    await session.astrid.said(session.id, "Nu")


async def test_slow_mode_holds_nobody_back_from_what_the_step_asks_for(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("reflect")
    await settle(session, slow_seconds=120)
    for n in range(2):
        await session.astrid.said(session.id, f"Tanke {n}", "reflection")
    await session.go_to("restate")
    said = await session.astrid.said(session.id, "Ett inlägg att återge")
    restated = await session.ben.said(
        session.id, "They waited", "restatement", fields={"of": said["id"]}
    )
    check = {"of": restated["id"], "answer": "yes"}
    await session.astrid.said(session.id, "", "restatement_check", fields=check)


async def test_the_same_client_id_is_answered_also_in_slow_mode(hub: Hub) -> None:
    session = await hub.session()
    await settle(session, slow_seconds=60)
    body = {"client_id": "once", "text": "Hej"}
    path = f"/sessions/{session.id}/contributions"
    assert (await session.astrid.post(path, body)).status_code == 201
    assert (await session.astrid.post(path, body)).status_code == 200


async def test_settings_are_changed_by_form_and_a_bad_value_is_refused(hub: Hub) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}/moderation"
    assert (await settle(session, slow_seconds=7)).status_code == 422
    bad = await hub.http.post(path, data={"slow_seconds": "x"}, headers=session.fatima.headers)
    assert bad.status_code == 422
    form = {"slow_seconds": "60", "holds_risky": "1"}
    assert (await hub.http.post(path, data=form, headers=session.fatima.headers)).status_code == 303
    found = await moderation(session)
    assert (found["slow_seconds"], found["holds_risky"]) == (60, True)
    left = (await settle(session, holds_risky=False)).json()
    assert (left["slow_seconds"], left["holds_risky"]) == (60, False)


# --- out of the room ---------------------------------------------------------------------------


async def test_somebody_sent_out_sees_why_and_can_do_no_more(hub: Hub) -> None:
    session = await hub.session()
    said = await session.ben.said(session.id, "What I said stays")
    path = f"/sessions/{session.id}/participants/{session.ben.id}/remove"
    assert (await session.fatima.post(path, {"reason": "nonsense"})).status_code == 422
    out = await session.fatima.post(path, {"reason": "disturbs"})
    assert [(p["name"], p["reason"]) for p in out.json()["removed"]] == [("Ben", "disturbs")]
    assert (await session.ben.say(session.id, "More")).status_code in (401, 403, 404)
    assert (await session.ben.get(f"/sessions/{session.id}/contributions")).status_code == 404
    page = await as_seat(hub, session, session.ben)
    assert page.status_code == 403
    for words in ("You are no longer in the room", "Disturbs the session", "/my-data"):
        assert words in page.text
    assert "What I said stays" not in page.text
    assert said["text"] in (await as_seat(hub, session, session.astrid)).text
    state = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert state["online"] == 1
    assert ("removed_from_room", session.ben.id) in await acts(hub)


async def test_the_same_browser_does_not_come_back_under_another_name(hub: Hub) -> None:
    session = await hub.session()
    cookies = {f"hub_seat_{session.id}": session.ben.token}
    await session.fatima.post(
        f"/sessions/{session.id}/participants/{session.ben.id}/remove", {"reason": "threat"}
    )
    asked = await hub.http.get(f"/join/{session.code}", cookies=cookies)
    form = {"code": session.code, "name": "Benny", "language": "en", "take_part": "1"}
    joined = await hub.http.post("/join", data=form, cookies=cookies)
    for answer in (asked, joined):
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/sessions/{session.id}"
    people = (await as_seat(hub, session, session.astrid)).text
    assert "Benny" not in people


async def test_somebody_let_back_in_has_their_seat_again(hub: Hub) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}/participants/{session.ben.id}/remove"
    await session.fatima.post(path, {"reason": "disturbs"})
    back = await session.fatima.delete(path)
    assert back.json()["removed"] == []
    assert (await as_seat(hub, session, session.ben)).status_code == 200
    await session.ben.said(session.id, "Back again")
    assert ("let_back_in", session.ben.id) in await acts(hub)


async def test_letting_back_in_does_not_seat_somebody_who_had_left(hub: Hub) -> None:
    session = await hub.session()
    cookies = {f"hub_seat_{session.id}": session.ben.token}
    left = await hub.http.post(f"/sessions/{session.id}/leave", cookies=cookies)
    assert left.status_code == 303
    hub.clock.move(seconds=5)
    path = f"/sessions/{session.id}/participants/{session.ben.id}/remove"
    await session.fatima.post(path, {"reason": "other"})
    await session.fatima.delete(path)
    assert (await session.ben.say(session.id, "Hello?")).status_code in (401, 403, 404)


async def test_sending_out_by_form_asks_for_a_reason_first(hub: Hub) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}/participants/{session.ben.id}/remove"
    asked = await hub.http.get(path, headers=session.fatima.headers)
    assert "Send Ben out of the room?" in asked.text
    refused = await hub.http.post(path, data={}, headers=session.fatima.headers)
    assert refused.status_code == 422
    done = await hub.http.post(path, data={"reason": "other"}, headers=session.fatima.headers)
    assert done.status_code == 303
    page = await hub.http.get(f"/sessions/{session.id}/moderation", headers=session.fatima.headers)
    assert "Let back in" in page.text
    back = f"/sessions/{session.id}/participants/{session.ben.id}/let-back"
    assert (await hub.http.post(back, headers=session.fatima.headers)).status_code == 303
    assert (await moderation(session))["removed"] == []


async def test_a_person_of_another_session_is_not_found(hub: Hub) -> None:
    session, other = await hub.session(), await hub.session()
    path = f"/sessions/{session.id}/participants/{other.ben.id}/remove"
    assert (await session.fatima.post(path, {"reason": "other"})).status_code == 404
    assert (await session.fatima.delete(path)).status_code == 404
    assert (await hub.http.get(path, headers=session.fatima.headers)).status_code == 404


# --- counts ------------------------------------------------------------------------------------


async def test_reasons_are_counted_as_page_and_as_file_without_words(hub: Hub) -> None:
    session = await hub.session(title={"sv": "=SUM(1)", "en": "Formula"})
    await settle(session, holds_risky=True)
    for reason in ("offensive", "offensive", "Egna ord om pelargoner"):
        said = await session.astrid.said(session.id, PLAIN)
        await session.fatima.post(f"/contributions/{said['id']}/hide", {"reason": reason})
    await session.ben.said(session.id, DANGER)
    stig = await join(hub.http, session.code, "Stig", "sv")
    await session.fatima.post(
        f"/sessions/{session.id}/participants/{stig.id}/remove", {"reason": "not_invited"}
    )
    wanted = [
        ("hidden", "contribution", "offensive", 2),
        ("hidden", "contribution", "other", 1),
        ("held", "contribution", "health", 1),
        ("removed_from_room", "participant", "not_invited", 1),
    ]
    counts = (await moderation(session))["counts"]
    assert [(c["act"], c["kind"], c["reason"], c["count"]) for c in counts] == wanted
    for path in (f"/sessions/{session.id}/moderation.csv", "/moderation.csv"):
        for prefix in ("", "/api/v1"):
            answer = await hub.http.get(prefix + path, headers=session.fatima.headers)
            assert answer.status_code == 200
            rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
            found = [(r["act"], r["kind"], r["reason"], int(r["count"])) for r in rows]
            assert found == wanted
            assert rows[0]["title_sv"] == "'=SUM(1)"
            assert "pelargon" not in answer.text
    page = await hub.http.get("/moderation", headers=session.fatima.headers)
    assert "Hidden: Post" in page.text
    assert "pelargon" not in page.text
    assert [act for act, _ in await acts(hub)].count("exported") == 4


# --- the help text -----------------------------------------------------------------------------


async def test_an_admin_writes_where_to_turn_and_facilitators_see_it(hub: Hub) -> None:
    session = await hub.session()
    admin = await hub.account("admin", "Ada")
    form = {"text_sv": "Ring <b>växeln</b>", "text_en": "Call the ward on 1234"}
    assert (
        await hub.http.post("/help-text", data=form, headers=session.fatima.headers)
    ).status_code == 403
    saved = await hub.http.post("/help-text", data=form, headers=admin.headers)
    assert saved.status_code == 303
    page = f"/sessions/{session.id}/moderation"
    seen = (await hub.http.get(page, headers=session.fatima.headers)).text
    assert "Call the ward on 1234" in seen
    assert "999 when a life" not in seen
    long = {"text_sv": "x" * 2001, "text_en": "kept as typed"}
    refused = await hub.http.post("/help-text", data=long, headers=admin.headers)
    assert refused.status_code == 422
    assert "kept as typed" in refused.text
    await hub.http.post("/help-text", data={"text_sv": "", "text_en": " "}, headers=admin.headers)
    seen = (await hub.http.get(page, headers=session.fatima.headers)).text
    assert "999 when a life" in seen


# --- ways round --------------------------------------------------------------------------------


async def test_a_field_that_means_nothing_does_not_get_round_slow_mode(hub: Hub) -> None:
    session = await hub.session()
    await settle(session, slow_seconds=60)
    await session.astrid.said(session.id, PLAIN)
    again = await session.astrid.say(session.id, PLAIN, fields={"split_of": "c_nothing"})
    assert again.status_code == 429


async def test_what_its_author_took_back_is_not_hidden_as_well(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, NAMES)
    await session.astrid.delete(f"/contributions/{said['id']}")
    body = {"reason": "third_person", "note": "Gunvor Hallström"}
    answer = await session.fatima.post(f"/contributions/{said['id']}/hide", body)
    assert answer.status_code == 409
