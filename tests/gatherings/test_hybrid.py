"""Some in one room, some elsewhere: scribes, seats, who goes first, who is here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from hub.gatherings import jobs
from hub.gatherings.models import Presence
from hub.gatherings.rules import Said, pairs, still_to_restate
from tests.cast import Session, join
from tests.conftest import START, Hub

GRETA = {"name": "Greta", "language": "sv", "role": "citizen", "consent": True}


async def seat(session: Session, **more: Any) -> str:
    answer = await session.fatima.post(f"/sessions/{session.id}/seats", {**GRETA, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def form(hub: Hub, session: Session, path: str, **fields: Any) -> Any:
    """As the facilitator's browser sends it."""
    return await hub.http.post(
        f"/sessions/{session.id}/{path}", data=fields, headers=session.fatima.headers
    )


async def test_a_scribe_writes_and_the_words_are_the_speakers(hub: Hub) -> None:
    session = await hub.session()
    greta = await seat(session)
    said = await session.fatima.said(session.id, "Jag ringde tre gånger.", written_for=greta)
    assert said["author"]["id"] == greta
    assert said["author"]["group"] == "lived"
    assert said["language"] == "sv"
    assert said["scribe"] == "Fatima"
    acts = (await hub.http.get(f"/sessions/{session.id}/desk", headers=session.fatima.headers)).text
    assert "Wrote for somebody" in acts
    page = await hub.http.get(f"/sessions/{session.id}", headers=session.astrid.headers)
    assert "nedskrivet av Fatima" in page.text


async def test_only_who_facilitates_is_a_scribe(hub: Hub) -> None:
    session = await hub.session()
    answer = await session.ben.say(session.id, "Som om", written_for=session.astrid.id)
    assert answer.status_code == 403
    other = await hub.session()
    answer = await session.fatima.say(session.id, "x", written_for=other.astrid.id)
    assert answer.status_code == 404
    assert (await session.astrid.get(f"/sessions/{session.id}/contributions")).json()["items"][
        1:
    ] == []


async def test_no_scribe_writes_what_somebody_thinks_for_themselves(hub: Hub) -> None:
    session = await hub.session()
    greta = await seat(session)
    await session.go_to("reflect")
    answer = await session.fatima.say(session.id, "Hemligt", "reflection", written_for=greta)
    assert answer.status_code == 409
    assert "scribe" in answer.json()["detail"]
    done = await session.fatima.say(
        session.id, "", "reflection", written_for=greta, fields={"skipped": True}
    )
    assert done.status_code == 201


async def test_a_seat_needs_the_yes_that_was_said(hub: Hub) -> None:
    session = await hub.session()
    answer = await session.fatima.post(
        f"/sessions/{session.id}/seats", {**GRETA, "consent": {"take_part": False}}
    )
    assert answer.status_code == 422
    assert (await session.ben.post(f"/sessions/{session.id}/seats", GRETA)).status_code == 403
    page = await form(hub, session, "seats", name="Greta", language="sv", follow="1")
    assert page.status_code == 422
    assert 'value="Greta"' in page.text
    kept = await form(hub, session, "seats", name="Greta", language="sv", take_part="1")
    assert kept.status_code == 303


async def test_who_has_no_device_is_here_until_they_leave(hub: Hub) -> None:
    session = await hub.session()
    greta = await seat(session)
    hub.clock.move(minutes=20)
    view = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert view["by_role"] == {"citizen": 1}
    left = await form(hub, session, f"seats/{greta}/leave")
    assert left.status_code == 303
    view = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert view["online"] == 0
    wrong = await form(hub, session, f"seats/{session.ben.id}/leave")
    assert wrong.status_code == 403


async def test_a_scribes_page_shows_nothing_that_the_speaker_keeps(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("reflect")
    await session.astrid.said(session.id, "Bara för mig", "reflection")
    await session.go_to("interpret")
    url = f"/sessions/{session.id}/write-for/{session.astrid.id}"
    page = await hub.http.get(url, headers=session.fatima.headers)
    assert page.status_code == 200
    assert "Bara för mig" not in page.text
    assert f'name="written_for" value="{session.astrid.id}"' in page.text
    assert (await hub.http.get(url, headers=session.ben.headers)).status_code == 403
    sent = await form(
        hub, session, "contributions", written_for=session.astrid.id, client_id="1",
        kind="contribution", text="Så här säger Astrid", language="sv",
    )  # fmt: skip
    assert sent.status_code == 303
    assert sent.headers["location"].startswith(url)
    empty = await form(
        hub, session, "contributions", written_for=session.astrid.id, client_id="2",
        kind="contribution", text="", language="sv",
    )  # fmt: skip
    assert empty.status_code == 422
    assert f'name="written_for" value="{session.astrid.id}"' in empty.text


async def test_remote_people_go_first_in_a_hybrid_session(hub: Hub) -> None:
    session = await hub.session(format="jif-180")
    clara = await join(hub.http, session.code, "Clara", "en", role="researcher", remote=True)
    for person in (session.astrid, session.ben, clara):
        await person.post(f"/sessions/{session.id}/hand")
        hub.clock.move(seconds=1)
    queue = (await session.ben.get(f"/sessions/{session.id}/hand")).json()["items"]
    assert [h["participant"]["name"] for h in queue] == ["Clara", "Astrid", "Ben"]
    await session.fatima.post(f"/sessions/{session.id}/floor", {"participant": session.astrid.id})
    queue = (await session.ben.get(f"/sessions/{session.id}/hand")).json()["items"]
    assert [h["participant"]["name"] for h in queue] == ["Astrid", "Clara", "Ben"]


async def test_online_nobody_goes_first_for_being_remote(hub: Hub) -> None:
    session = await hub.session()
    clara = await join(hub.http, session.code, "Clara", "en", remote=True)
    for person in (session.astrid, clara):
        await person.post(f"/sessions/{session.id}/hand")
        hub.clock.move(seconds=1)
    queue = (await session.ben.get(f"/sessions/{session.id}/hand")).json()["items"]
    assert [h["participant"]["name"] for h in queue] == ["Astrid", "Clara"]


async def presences(hub: Hub, person: str) -> list[tuple[float, float]]:
    """Seconds from the start: from when until when."""
    async with hub.database.reading() as tx:
        found = await tx.scalars(
            select(Presence).where(Presence.participant_id == person).order_by(Presence.from_at)
        )
        return [
            ((p.from_at - START).total_seconds(), (p.until_at - START).total_seconds())
            for p in found
        ]


async def test_presence_is_kept_and_a_gap_begins_a_new_one(hub: Hub) -> None:
    session = await hub.session()
    for seconds in (0, 15, 30, 15, 120, 15):
        hub.clock.move(seconds=seconds)
        await session.astrid.get(f"/sessions/{session.id}")
        await jobs.note_presence(hub.screens)
    assert await presences(hub, session.astrid.id) == [(0, 60), (180, 195)]
    assert await presences(hub, session.ben.id) == []
    await session.moved("close")
    hub.clock.move(seconds=15)
    await session.astrid.get(f"/sessions/{session.id}")
    await jobs.note_presence(hub.screens)
    assert await presences(hub, session.astrid.id) == [(0, 60), (180, 195)]


async def test_who_reads_without_script_counts_as_here(hub: Hub) -> None:
    session = await hub.session()
    page = await hub.http.get(f"/sessions/{session.id}", headers=session.astrid.headers)
    assert f"/sessions/{session.id}/here?after=1&amp;phase=arrive" in page.text
    for _ in range(4):
        hub.clock.move(seconds=30)
        frame = await hub.http.get(
            f"/sessions/{session.id}/here?after=1&phase=arrive", headers=session.astrid.headers
        )
        assert frame.status_code == 200
        assert "frame-ancestors 'self'" in frame.headers["content-security-policy"]
        assert "Inget nytt" in frame.text
        await jobs.note_presence(hub.screens)
    assert (await session.fatima.get(f"/sessions/{session.id}")).json()["online"] == 1
    await session.ben.said(session.id, "Hello")
    frame = await hub.http.get(
        f"/sessions/{session.id}/here?after=1&phase=arrive", headers=session.astrid.headers
    )
    assert "1 nytt inlägg" in frame.text
    stranger = await hub.http.get(f"/sessions/{session.id}/here")
    assert stranger.status_code in (303, 401)


# --- pairs -----------------------------------------------------------------------------------


def post(number: int, author: str, group: str | None, words: int = 9, **more: Any) -> Said:
    values: dict[str, Any] = {
        "id": f"c{number}", "kind": "contribution", "phase": "interpret", "author": author,
        "group": group, "reply_to": None, "fields": {}, "created_at": START, "words": words,
    }  # fmt: skip
    return Said(**{**values, **more})


HERE = {"a": "lived", "b": "practice", "c": "research", "d": None}


def test_pairs_cross_groups_and_everyone_is_read_before_anybody_twice() -> None:
    said = [post(1, "a", "lived"), post(2, "b", "practice", 30), post(3, "c", "research")]
    found = pairs(["a", "b", "c"], HERE, said)
    authors = {s.id: s.author for s in said}
    assert all(authors[of] != reader for reader, of in found.items())
    assert sorted(found.values()) == ["c1", "c2", "c3"]


def test_nobody_is_paired_within_their_own_group_or_with_a_word_or_two() -> None:
    said = [
        post(1, "x", "lived"),
        post(2, "b", "practice", 3),
        post(3, "c", "research", phase="arrive"),
    ]
    assert pairs(["a"], HERE, said) == {}
    assert pairs(["d"], HERE, said) == {"d": "c1"}


def test_who_has_restated_in_this_phase_waits_for_nothing() -> None:
    done = post(4, "a", "lived", kind="restatement", phase="restate", fields={"of": "c2"})
    early = post(5, "b", "practice", kind="restatement", phase="interpret", fields={"of": "c1"})
    assert still_to_restate([done, early], HERE, phase="restate") == ["b", "c", "d"]


async def restating(hub: Hub) -> Session:
    session = await hub.session()
    await session.go_to("interpret")
    await session.astrid.said(session.id, "Jag fick fyra lappar med fyra olika nummer på.")
    await session.ben.said(session.id, "We never know which of the lists is the right one.")
    await session.go_to("restate")
    return session


async def test_a_facilitator_asks_people_in_private_to_restate_a_post(hub: Hub) -> None:
    session = await restating(hub)
    page = (await hub.http.get(f"/sessions/{session.id}/desk", headers=session.fatima.headers)).text
    assert "Ask Astrid" in page
    assert "Make pairs and ask all of them" in page
    answer = await session.fatima.post(f"/sessions/{session.id}/restatements/offer", {})
    offers = {o["participant"]: o["of"] for o in answer.json()["items"]}
    assert set(offers) == {session.astrid.id, session.ben.id}
    mine = (await session.astrid.get(f"/sessions/{session.id}/changes", after=0)).json()["items"]
    whispers = [
        i["contribution"]
        for i in mine
        if "contribution" in i
        and i["contribution"]["fields"].get("trigger") == "missing_restatement"
    ]
    assert [w["fields"]["about"] for w in whispers] == [offers[session.astrid.id]]
    assert whispers[0]["seq"] is None
    page = await hub.http.get(f"/sessions/{session.id}", headers=session.astrid.headers)
    assert "Till inlägget av Ben" in page.text
    # The form for restating has the post chosen already.
    assert f'<option value="{offers[session.astrid.id]}" selected>' in page.text
    assert whispers[0]["re"]["excerpt"]["en"].startswith("We never know")
    bens = (await session.ben.get(f"/sessions/{session.id}/changes", after=0)).text
    assert whispers[0]["id"] not in bens


async def test_who_has_restated_is_not_asked_and_nothing_to_offer_is_said(hub: Hub) -> None:
    session = await restating(hub)
    posts = (await session.astrid.get(f"/sessions/{session.id}/contributions")).json()["items"]
    of = next(p["id"] for p in posts if p["author"]["name"] == "Ben")
    await session.astrid.said(
        session.id, "Ben menar att listorna strider.", "restatement", fields={"of": of}
    )
    answer = await session.fatima.post(
        f"/sessions/{session.id}/restatements/offer", {"participant": session.astrid.id}
    )
    assert answer.status_code == 409
    page = (await hub.http.get(f"/sessions/{session.id}/desk", headers=session.fatima.headers)).text
    assert "Ben has not answered Astrid" in page
    assert "Ask Astrid" not in page
    await session.moved("advance", force=True, reason="x")
    closed = await session.fatima.post(f"/sessions/{session.id}/restatements/offer", {})
    assert closed.status_code == 409


# --- what the desk tells -------------------------------------------------------------------------


async def test_the_desk_tells_what_the_chatbot_will_say_next(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("interpret")
    bot = (await session.fatima.get(f"/sessions/{session.id}/bot")).json()
    assert [n["trigger"] for n in bot["next"]] == ["half_time", "two_minutes"]
    assert bot["next"][0]["text"]["en"].startswith("Halfway, 7 minutes left")
    page = (await hub.http.get(f"/sessions/{session.id}/desk", headers=session.fatima.headers)).text
    assert "What the chatbot will say next" in page
    await session.fatima.put(f"/sessions/{session.id}/bot", {"muted": True})
    bot = (await session.fatima.get(f"/sessions/{session.id}/bot")).json()
    assert bot["next"] == []


async def test_the_desk_tells_which_groups_are_not_heard_and_what_proposals_lack(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("recommend")
    await session.astrid.said(
        session.id, "Ett nummer att ringa", "recommendation", fields={"owner": "Regionen"}
    )
    page = (await hub.http.get(f"/sessions/{session.id}/desk", headers=session.fatima.headers)).text
    assert "Not heard yet in this step:" in page
    assert "Missing:" in page


async def test_two_facilitators_run_one_session(hub: Hub) -> None:
    session = await hub.session()
    malin = await hub.account(name="Malin")
    first = await session.fatima.post(f"/sessions/{session.id}/pause")
    second = await malin.post(f"/sessions/{session.id}/pause")
    assert (first.status_code, second.status_code) == (200, 409)
    assert (await malin.post(f"/sessions/{session.id}/resume")).status_code == 200
    for person in (session.fatima, malin):
        page = await hub.http.get(f"/sessions/{session.id}/desk", headers=person.headers)
        assert page.status_code == 200
        assert "Paused" in page.text or "Pause" in page.text


async def heard(person: Any, session: Session, trigger: str) -> list[dict[str, Any]]:
    items = (await person.get(f"/sessions/{session.id}/changes", after=0)).json()["items"]
    return [
        i["contribution"]
        for i in items
        if i.get("contribution", {}).get("fields", {}).get("trigger") == trigger
    ]


async def test_a_facilitator_invites_a_group_and_one_person_alone(hub: Hub) -> None:
    session = await hub.session()
    carla = await join(hub.http, session.code, "Carla", "sv", role="carer")
    await session.go_to("interpret")
    path = f"/sessions/{session.id}/invite"
    assert (await session.fatima.post(path, {"group": "lived"})).status_code == 200
    (to_all,) = await heard(session.ben, session, "unheard_group")
    assert to_all["seq"] is not None
    assert "people with lived experience" in to_all["translations"]["en"]["text"]
    assert (await session.fatima.post(path, {"group": "practice"})).status_code == 200
    (alone,) = [c for c in await heard(session.ben, session, "unheard_group") if c["seq"] is None]
    assert alone["id"] not in str(await heard(carla, session, "unheard_group"))
    assert (await session.fatima.post(path, {"group": "research"})).status_code == 409
    assert (await session.ben.post(path, {"group": "lived"})).status_code == 403
    page = await form(hub, session, "invite", group="research")
    assert page.status_code == 409
    assert "Nobody of that group is here" in page.text


async def test_a_facilitator_marks_a_word_that_means_different_things(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("interpret")
    said = await session.astrid.said(session.id, "Det handlar om trygghet.")
    answer = await session.fatima.post(f"/contributions/{said['id']}/term", {"term": "trygghet"})
    assert answer.status_code == 200
    (line,) = await heard(session.ben, session, "disputed_term")
    assert "trygghet" in line["text"]
    assert line["fields"]["about"] == said["id"]
    assert (
        await session.fatima.post(f"/contributions/{said['id']}/term", {"term": " "})
    ).status_code == 422
    assert (
        await session.ben.post(f"/contributions/{said['id']}/term", {"term": "x"})
    ).status_code == 403
