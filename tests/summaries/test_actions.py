"""Statements edited, left out and rebuilt; questions answered; what publishing waits for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from hub.mail.actions import read_mail
from hub.mail.models import Mail
from hub.meetings.models import Meeting
from hub.schedule.models import Task
from hub.search.actions import find
from hub.settings import Settings
from hub.summaries.actions import list_statements
from hub.summaries.models import Statement
from tests.cast import join
from tests.conftest import Hub

from . import forum

NASTY = (
    '<script>alert("1")</script> {{ 7*7 }} %(people)s ]]> <img src=x onerror=alert(1)> '
    "\u202egnp.exe \u200b'); DROP TABLE statements;--"
)


async def rebuild(person: Any, summary: str) -> int:
    answer = await person.post(f"/summaries/{summary}/rebuild")
    assert answer.status_code == 200, answer.text
    return int(answer.json()["changed"])


async def test_a_rebuild_of_the_same_record_changes_nothing(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    before = await forum.bench(session.fatima, summary)
    assert await rebuild(session.fatima, summary) == 0
    after = await forum.bench(session.fatima, summary)
    assert {**after, "built_at": None} == {**before, "built_at": None}


async def test_a_rebuild_keeps_what_was_edited_and_leaves_out_what_was_left_out(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    found = await forum.statements(session.fatima, summary)
    edited = await forum.put(session.fatima, summary, found["own:headline"], texts={"sv": "Min"})
    assert edited.status_code == 200
    voice = next(s for key, s in found.items() if key.startswith("voice:"))
    path = f"/summaries/{summary}/statements/{voice['id']}"
    body = {"revision": voice["revision"], "why": "Passar inte här"}
    assert (await session.fatima.post(f"{path}/remove", body)).status_code == 200
    assert await rebuild(session.fatima, summary) == 0
    now = await forum.statements(session.fatima, summary)
    assert now["own:headline"]["texts"]["sv"] == "Min"
    assert voice["key"] not in now
    block = next(
        b for b in (await forum.bench(session.fatima, summary))["blocks"] if b["block"] == "voice"
    )
    assert (block["statements"], block["left_out"]) == ([], "Passar inte här")
    body = {"revision": voice["revision"] + 1}
    assert (await session.fatima.post(f"{path}/restore", body)).status_code == 200
    assert voice["key"] in await forum.statements(session.fatima, summary)


async def test_a_rebuild_takes_in_what_is_new_and_follows_what_nobody_changed(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    record = (await session.fatima.get(f"/sessions/{session.id}/record")).json()
    theme, adopted = record["themes"][0]["id"], record["agreements"][0]
    await session.fatima.post(f"/summaries/{summary}/review", {"language": "sv"})
    words = {"text": "Nobody dares to disturb those who sit in the office"}
    path = f"/contributions/{theme}/translations/en"
    assert (await session.fatima.put(path, words)).status_code == 200
    status = {"status": "doing", "reason": ""}
    assert (await session.fatima.post(f"/recommendations/{adopted}/status", status)).is_success
    assert await rebuild(session.fatima, summary) > 0
    now = await forum.statements(session.fatima, summary)
    agreed = now[f"theme:{theme}"]
    assert agreed["texts"]["en"] == words["text"] + "."
    assert agreed["statuses"] == {"sv": "human_reviewed", "en": "human_reviewed"}
    told = now[f"rec:{adopted}"]
    assert "Läget nu: pågår" in told["texts"]["sv"]
    assert told["statuses"]["sv"] == "draft"


async def test_other_words_in_one_language_make_the_other_a_draft(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    for language in ("sv", "en"):
        await session.fatima.post(f"/summaries/{summary}/review", {"language": language})
    seen = (await forum.statements(session.fatima, summary))["limits"]
    changed = (
        await forum.put(session.fatima, summary, seen, texts={"sv": "Vi var sju.", "en": " "})
    ).json()
    assert changed["statuses"] == {"sv": "human_reviewed", "en": "draft"}
    assert changed["texts"]["en"] == seen["texts"]["en"]
    same = (await forum.put(session.fatima, summary, changed, texts={"sv": "Vi var sju."})).json()
    assert same["revision"] == changed["revision"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"texts": {"sv": "x" * 2001}}, "statement_too_long"),
        ({"texts": {"sv": "Ja"}, "sources": []}, "sources_unknown"),
        ({"texts": {"sv": "Ja"}, "sources": ["c_nobody"]}, "sources_unknown"),
    ],
)
async def test_what_cannot_be_kept_is_refused_with_its_reason(
    hub: Hub, body: dict[str, Any], code: str
) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    seen = (await forum.statements(session.fatima, summary))["limits"]
    answer = await forum.put(session.fatima, summary, seen, **body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


async def test_a_quotation_stays_as_it_was_said(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    found = await forum.statements(session.fatima, summary)
    voice = next(s for key, s in found.items() if key.startswith("voice:"))
    assert voice["quote"] == {"role": "patient", "language": "sv"}
    refused = await forum.put(session.fatima, summary, voice, texts={"sv": "Bättre ord"})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/quote_stays")
    better = {"en": "I thought the notes were the work. They are only the receipt."}
    assert (await forum.put(session.fatima, summary, voice, texts=better)).status_code == 200


async def test_a_block_that_is_needed_is_not_left_empty(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    found = await forum.statements(session.fatima, summary)
    split = next(s for key, s in found.items() if key.startswith("split:"))
    body = {"revision": split["revision"], "why": "Det var inget"}
    path = f"/summaries/{summary}/statements"
    refused = await session.fatima.post(f"{path}/{split['id']}/remove", body)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/block_needed")
    own = {
        "audience": "citizens",
        "block": "disagreed",
        "texts": {"sv": "Vi var oense.", "en": "We disagreed."},
        "sources": split["sources"],
    }
    assert (await session.fatima.post(path, own)).status_code == 201
    assert (await session.fatima.post(f"{path}/{split['id']}/remove", body)).status_code == 200
    voice = next(s for key, s in found.items() if key.startswith("voice:"))
    silent = {"revision": voice["revision"]}
    refused = await session.fatima.post(f"{path}/{voice['id']}/remove", silent)
    assert refused.json()["errors"][0]["code"] == "why_missing"


async def test_an_owner_is_called_something_else_for_all_audiences_at_once(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    found = await forum.statements(session.fatima, summary, "leaders")
    key = next(key for key in found if key.startswith("rec:"))
    path = f"/summaries/{summary}/owners/{key.removeprefix('rec:')}"
    missing = await session.fatima.put(path, {"owner": {"sv": "Avdelning 9"}})
    assert missing.json()["errors"][0]["pointer"] == "/owner/en"
    owner = {"sv": "Avdelning 9", "en": "Ward 9"}
    assert (await session.fatima.put(path, {"owner": owner})).json() == {"changed": 5}
    for audience in ("leaders", "funders"):
        told = (await forum.statements(session.fatima, summary, audience))[key]["texts"]
        assert "Ansvarig: Avdelning 9." in told["sv"]
        assert "Responsible: Ward 9." in told["en"]
    assert await rebuild(session.fatima, summary) == 0
    faults = (await forum.bench(session.fatima, summary))["faults"]
    assert not [f for f in faults if f["code"] == "owner_differs"]
    assert (await session.fatima.put(f"{path}x", {"owner": owner})).status_code == 422


async def test_an_owner_that_one_audience_is_told_otherwise_stops_publishing(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    found = await forum.statements(session.fatima, summary, "leaders")
    told = next(s for key, s in found.items() if key.startswith("rec:"))
    texts = {d: t.replace("7", "8", 1) for d, t in told["texts"].items()}
    assert (await forum.put(session.fatima, summary, told, texts=texts)).status_code == 200
    faults = (await forum.bench(session.fatima, summary, "leaders"))["faults"]
    mine = {f["code"] for f in faults if f["statement"] == told["id"]}
    assert {"owner_differs", "figures_differ"} <= mine


async def test_nothing_is_published_while_something_is_left_to_do(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    editor = await hub.account("editor", "Edda")
    refused = await editor.post(f"/summaries/{summary}/publish")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/summary_not_ready")
    codes = {f["code"] for f in (await forum.bench(editor, summary))["faults"]}
    assert {"unanswered", "not_reviewed", "not_confirmed", "not_read_by_lived"} <= codes
    await forum.finish(hub, editor, summary)
    assert (await forum.bench(editor, summary))["faults"] == []
    hub.clock.move(seconds=-1)
    early = (await forum.bench(editor, summary))["faults"]
    assert [f["code"] for f in early] == ["not_confirmed"]
    hub.clock.move(seconds=1)
    assert (await editor.post(f"/summaries/{summary}/publish", {"revision": 1})).status_code == 409
    assert (await editor.post(f"/summaries/{summary}/publish")).status_code == 200


async def test_a_published_edition_stays_as_it_was_until_the_next(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary, editor = await forum.published(hub, session)
    seen = (await forum.statements(editor, summary))["limits"]
    new = {"sv": "Vi var sju.", "en": "We were seven."}
    assert (await forum.put(editor, summary, seen, texts=new)).status_code == 200
    path = f"/api/v1/summaries/{summary}"
    assert "Vi var sju." not in (await hub.http.get(path)).text
    note = {"sv": "Kortare.", "en": "Shorter."}
    answer = await editor.post(f"/summaries/{summary}/publish", {"note": note})
    # The other four say what the record says, in other words but the same numbers.
    assert answer.status_code == 200, answer.text
    assert "Vi var sju." in (await hub.http.get(path)).text


async def test_the_meeting_it_was_held_in_is_published_with_it(hub: Hub) -> None:
    session = await forum.hold(hub)
    now = hub.clock.now()
    held = {
        "kind": "external", "title": {"sv": "Träff", "en": "Meeting"}, "created_at": now,
        "starts_local": "2027-03-04T13:00", "ends_local": "2027-03-04T14:30", "starts_at": now,
        "ends_at": now + timedelta(minutes=90), "updated_at": now, "gathering_id": session.id,
    }  # fmt: skip
    other = await forum.hold(hub)
    async with hub.database.transaction() as tx:
        tx.add(Meeting(**held, id="w_held", uid="1@hub.test", state="ended", ended_at=now))
        tx.add(
            Meeting(
                **{**held, "gathering_id": other.id}, id="w_other", uid="2@hub.test",
                state="ended", ended_at=now,
            )
        )  # fmt: skip
    await forum.published(hub, session)
    async with hub.database.reading() as tx:
        assert (await tx.get_one(Meeting, "w_held")).state == "published"
        assert (await tx.get_one(Meeting, "w_other")).state == "ended"
        kinds = list(await tx.scalars(select(Task.kind).where(Task.about == "w_held")))
        assert "meeting_follow_up" in kinds


async def test_what_is_published_is_found_and_told_to_those_who_want_to_hear(hub: Hub) -> None:
    session = await forum.hold(hub, close=False)
    for name, consent in (("Greta", forum.FOLLOWS), ("Hans", {"take_part": True, "contact": True})):
        person = await join(
            hub.http, session.code, name, "sv", role="citizen", consent=consent,
            email=f"{name.lower()}@example.org",
        )  # fmt: skip
        assert person.id
    await session.moved("close")
    summary, _ = await forum.published(hub, session)
    async with hub.database.reading() as tx:
        hits = (await find(tx, "kontoret", language="sv")).hits
        assert {h.about for h in hits} == {summary}
        mails = list(await tx.scalars(select(Mail).where(Mail.kind.startswith("summary_"))))
    settings: Settings = hub.settings
    sent = sorted((m.kind, read_mail(settings.read_key(), m)[0]) for m in mails)
    assert sent == [
        ("summary_published", "greta@example.org"),
        ("summary_to_confirm", "greta@example.org"),
        ("summary_to_confirm", "hans@example.org"),
    ]


async def test_hostile_words_are_kept_as_words(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    editor = await hub.account("editor", "Edda")
    await forum.finish(hub, editor, summary)
    hub.clock.move(days=-1)
    seen = (await forum.statements(editor, summary))["own:headline"]
    texts = {"sv": NASTY, "en": NASTY}
    assert (await forum.put(editor, summary, seen, texts=texts)).status_code == 200
    body = {"statement": seen["id"], "answer": "confirm", "text": NASTY}
    assert (await session.astrid.post(f"/summaries/{summary}/points", body)).status_code == 200
    hub.clock.move(days=1)
    answer = await editor.post(f"/summaries/{summary}/publish")
    assert answer.status_code == 200, answer.text
    found = await hub.http.get(f"/api/v1/summaries/{summary}")
    assert found.headers["content-type"] == "application/json"
    assert found.json()["headlines"][0]["texts"] == texts
    page = await hub.http.get(f"/api/v1/summaries/{summary}", headers={"Accept": "text/plain"})
    assert page.headers["x-content-type-options"] == "nosniff"
    async with hub.database.reading() as tx:
        assert await tx.scalar(select(Statement.id).limit(1)) is not None


async def test_a_question_is_answered_once_and_not_asked_again(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    asked = (await forum.statements(session.fatima, summary, "leaders"))["own:cost"]
    assert (asked["question"], asked["texts"]) == ("cost", {})
    told = {"sv": "En person bär larmet.", "en": "One person carries the alarm."}
    assert (await forum.put(session.fatima, summary, asked, texts=told)).status_code == 200
    assert await rebuild(session.fatima, summary) == 0
    async with hub.database.reading() as tx:
        rows = await list_statements(tx, summary)
    assert [r.texts for r in rows if r.id == asked["id"]] == [told]
    assert (await forum.bench(session.fatima, summary, "leaders"))["open_questions"] == 2


async def test_what_is_asked_for_several_audiences_is_answered_once(hub: Hub) -> None:
    session = await forum.hold(hub)
    summary = await forum.built(hub, session)
    asked = (await forum.statements(session.fatima, summary, "leaders"))["can_do"]
    told = {"sv": "Skriv till oss.", "en": "Write to us."}
    assert (await forum.put(session.fatima, summary, asked, texts=told)).status_code == 200
    other = (await forum.statements(session.fatima, summary, "educators"))["can_do"]
    assert (other["texts"], other["revision"]) == (told, 1)
    mine = {"sv": "Kom till oss.", "en": "Come to us."}
    assert (await forum.put(session.fatima, summary, other, texts=mine)).status_code == 200
    first = (await forum.statements(session.fatima, summary, "leaders"))["can_do"]
    assert first["texts"] == told
