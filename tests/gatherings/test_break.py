"""Breaks: nothing is collected from somebody until they are back, and nobody waits for them."""

from __future__ import annotations

from sqlalchemy import select

from hub.gatherings import jobs
from hub.gatherings.models import Presence
from hub.people.models import Participant
from tests.cast import Person, Session
from tests.conftest import Hub


async def test_nothing_is_kept_of_somebody_on_a_break(hub: Hub) -> None:
    session = await hub.session()
    said = await session.ben.said(session.id, "Nobody told me.")
    assert (await session.astrid.post(f"/sessions/{session.id}/break")).status_code == 204
    translation = f"/contributions/{said['id']}/translations/sv"
    tries = [
        await session.astrid.say(session.id, "Jag också."),
        await session.astrid.post(f"/sessions/{session.id}/hand"),
        await session.astrid.post(f"/sessions/{session.id}/more-time"),
        await session.astrid.post(f"/sessions/{session.id}/ready"),
        await session.astrid.post(f"/contributions/{said['id']}/dispute", {}),
        await session.astrid.put(translation, {"text": "Ingen sa något."}),
    ]
    assert [(a.status_code, a.json()["type"]) for a in tries] == [(409, "/problems/on_break")] * 6
    assert (await session.astrid.delete(f"/sessions/{session.id}/break")).status_code == 204
    await session.astrid.said(session.id, "Jag också.")


async def test_a_scribe_does_not_write_for_somebody_on_a_break(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.post(f"/sessions/{session.id}/break")
    answer = await session.fatima.say(session.id, "Jag också.", written_for=session.astrid.id)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/on_break")


async def test_a_break_is_no_presence(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.post(f"/sessions/{session.id}/break")
    await session.astrid.get(f"/sessions/{session.id}")
    await session.ben.get(f"/sessions/{session.id}")
    await jobs.note_presence(hub.screens)
    async with hub.database.reading() as tx:
        present = set(await tx.scalars(select(Presence.participant_id)))
    assert present == {session.ben.id}
    seen = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert (seen["online"], seen["by_language"]) == (1, {"en": 1})


async def _to_ratings(session: Session) -> str:
    await session.go_to("converge")
    theme = await session.ben.said(session.id, "Nobody holds the thread", "theme")
    return str(theme["id"])


async def test_ratings_do_not_wait_for_somebody_on_a_break(hub: Hub) -> None:
    session = await hub.session()
    theme = await _to_ratings(session)
    await session.astrid.post(f"/sessions/{session.id}/break")
    fields = {"of": theme, "scale": "importance", "value": 4}
    rating = await session.ben.said(session.id, "", "rating", fields=fields)
    assert rating["seq"] is not None


async def test_a_step_does_not_wait_for_somebody_on_a_break(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("interpret")
    await session.ben.said(session.id, "The notes are not read.")
    before = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert not before["exit_met"]
    await session.astrid.post(f"/sessions/{session.id}/break")
    during = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert during["exit_met"]
    await session.astrid.delete(f"/sessions/{session.id}/break")
    assert not (await session.fatima.get(f"/sessions/{session.id}")).json()["exit_met"]


async def test_the_room_is_calm_on_a_break_and_the_desk_knows(hub: Hub) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}"
    await session.astrid.post(f"{path}/hand")
    begun = await hub.http.post(f"{path}/break", headers=session.astrid.headers)
    assert begun.status_code == 303
    page = await hub.http.get(path, headers=session.astrid.headers)
    assert "Du har paus" in page.text
    assert "data-session" not in page.text
    desk = await hub.http.get(f"{path}/desk", headers=session.fatima.headers)
    assert "on a break" in desk.text
    assert (await session.fatima.get(f"{path}/hand")).json()["items"] == []
    back = await hub.http.post(f"{path}/break/end", headers=session.astrid.headers)
    assert back.headers["location"] == path
    assert "Du har paus" not in (await hub.http.get(path, headers=session.astrid.headers)).text


async def test_what_is_ones_own_can_be_taken_back_on_a_break(hub: Hub) -> None:
    session = await hub.session()
    said = await session.astrid.said(session.id, "Ingen frågade mig.")
    await session.astrid.post(f"/sessions/{session.id}/break")
    gone = await session.astrid.delete(f"/contributions/{said['id']}")
    assert gone.status_code == 200
    assert gone.json()["removed"]


async def test_taking_a_break_twice_is_taking_it_once(hub: Hub) -> None:
    session = await hub.session()
    for _ in range(2):
        assert (await session.astrid.post(f"/sessions/{session.id}/break")).status_code == 204
    revision = (await session.fatima.get(f"/sessions/{session.id}")).json()["revision"]
    async with hub.database.reading() as tx:
        assert (await tx.get_one(Participant, session.astrid.id)).paused_at == hub.clock.now()
    for _ in range(2):
        await session.astrid.delete(f"/sessions/{session.id}/break")
    after = (await session.fatima.get(f"/sessions/{session.id}")).json()["revision"]
    assert after == revision + 1


async def test_a_break_is_for_those_who_take_part_and_ends_with_the_session(hub: Hub) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}/break"
    assert (await session.fatima.post(path)).status_code == 403
    assert (await Person(hub.http, "").post(path)).status_code == 401
    await session.moved("close")
    late = await session.astrid.post(path)
    assert (late.status_code, late.json()["type"]) == (409, "/problems/session_closed")
