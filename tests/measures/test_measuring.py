"""What of a session is measured: who was there, what counts, what was cut."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event

from hub.gatherings import actions
from hub.gatherings.measuring import read_measures, read_session
from hub.gatherings.models import Presence, access_gathering
from hub.measures.process import Session as Measured
from hub.people.models import Participant
from tests.cast import Person, Session, join
from tests.conftest import START, Hub


async def present(hub: Hub, session: Session, who: Person, *spells: tuple[float, float]) -> None:
    """Presence as the job leaves it: minutes from the start."""
    async with hub.database.transaction() as tx:
        for from_at, until_at in spells:
            tx.add(
                Presence(
                    gathering_id=session.id,
                    participant_id=who.id,
                    from_at=START + timedelta(minutes=from_at),
                    until_at=START + timedelta(minutes=until_at),
                )
            )


async def measured(hub: Hub, session: Session, *, now: datetime | None = None) -> Measured:
    async with hub.database.reading() as tx:
        return await read_session(tx, await access_gathering(tx, session.id), now=now)


async def measures(hub: Hub, session: Session) -> dict[str, Any]:
    async with hub.database.reading() as tx:
        return await read_measures(tx, await access_gathering(tx, session.id))


async def both_there(hub: Hub) -> Session:
    session = await hub.session()
    await present(hub, session, session.astrid, (0, 90))
    await present(hub, session, session.ben, (0, 90))
    return session


async def close(hub: Hub, session: Session, *, minutes: float = 90) -> None:
    hub.clock.at = START + timedelta(minutes=minutes)
    await session.moved("close")


async def test_those_count_who_were_there_for_ten_minutes_in_all(hub: Hub) -> None:
    session = await hub.session()
    await present(hub, session, session.astrid, (5, 10), (20, 25))
    # Two windows at once are not twice as long, nor is waiting before the start.
    await present(hub, session, session.ben, (0, 9), (0, 9), (-30, 1))
    await close(hub, session)
    assert [p.name for p in (await measured(hub, session)).people] == ["Astrid"]


async def test_time_after_the_end_is_no_presence(hub: Hub) -> None:
    session = await hub.session()
    await present(hub, session, session.astrid, (81, 99))
    await present(hub, session, session.ben, (80, 99))
    await close(hub, session)
    assert [p.name for p in (await measured(hub, session)).people] == ["Ben"]


async def test_a_running_session_is_measured_until_now(hub: Hub) -> None:
    session = await both_there(hub)
    later = START + timedelta(minutes=9)
    assert (await measured(hub, session, now=later)).people == ()
    later = START + timedelta(minutes=10)
    found = await measured(hub, session, now=later)
    assert len(found.people) == 2
    assert found.seconds == 600
    assert found.phases[0].actual == 10


async def test_somebody_without_a_device_is_there_from_joining_to_leaving(hub: Hub) -> None:
    session = await hub.session()
    async with hub.database.transaction() as tx:
        for who in (session.astrid, session.ben):
            (await tx.get_one(Participant, who.id)).without_device = True
        (await tx.get_one(Participant, session.ben.id)).left_at = START + timedelta(minutes=9)
    await close(hub, session)
    assert [p.name for p in (await measured(hub, session)).people] == ["Astrid"]


async def test_before_the_start_there_is_nothing_to_measure(hub: Hub) -> None:
    session = await hub.session(start=False)
    assert await measured(hub, session) == Measured()
    assert (await measures(hub, session))["people"]["n"] == 0


async def test_what_is_hidden_taken_back_or_private_is_no_turn(hub: Hub) -> None:
    session = await both_there(hub)
    kept = await session.astrid.said(session.id, "Tre små ord")
    hidden = await session.astrid.said(session.id, "Ett namn")
    taken = await session.ben.said(session.id, "Not this", reply_to=kept["id"])
    await session.fatima.post(f"/contributions/{hidden['id']}/hide", {"reason": "a name"})
    assert (await session.ben.delete(f"/contributions/{taken['id']}")).status_code == 200
    await session.fatima.said(session.id, "Jag leder", "facilitation")
    await session.go_to("reflect")
    await session.ben.said(session.id, "Only for me", "reflection")
    await close(hub, session)
    found = await measures(hub, session)
    assert found["turns"] == {"n": 1, "words": 3}
    assert found["reciprocity"]["replies"] == 0
    # What somebody who runs the session wrote can be corrected too.
    assert found["translation"]["sv"]["of"] == 1
    assert found["translation"]["en"]["of"] == 1


async def test_what_a_passer_by_said_is_no_turn(hub: Hub) -> None:
    session = await hub.session()
    await present(hub, session, session.astrid, (0, 90))
    await session.ben.said(session.id, "I only looked in")
    await close(hub, session)
    assert (await measures(hub, session))["turns"]["n"] == 0


async def test_a_pressed_button_is_no_turn_and_an_objection_is_one(hub: Hub) -> None:
    session = await both_there(hub)
    await session.go_to("recommend")
    draft = (await session.astrid.said(session.id, "Sitt ner", "recommendation"))["id"]
    await session.go_to("decide")
    await session.astrid.said(session.id, "", "stance", fields={"of": draft, "value": "consent"})
    objection = {"of": draft, "value": "objection"}
    await session.ben.said(session.id, "Who answers?", "stance", fields=objection)
    await close(hub, session)
    found = await measured(hub, session)
    assert [(t.kind, t.words) for t in found.turns] == [
        ("recommendation", 2),
        ("stance", 0),
        ("objection", 2),
    ]
    counted = await measures(hub, session)
    assert counted["turns"]["n"] == 2
    assert counted["reciprocity"]["replies"] == 1


async def test_a_restatement_that_only_names_its_target_is_a_reply_to_it(hub: Hub) -> None:
    session = await both_there(hub)
    post = (await session.astrid.said(session.id, "Fyra lappar"))["id"]
    await session.go_to("restate")
    words = "She got four slips"
    mine = (await session.ben.said(session.id, words, "restatement", fields={"of": post}))["id"]
    check = {"of": mine, "answer": "partly"}
    await session.astrid.said(session.id, "", "restatement_check", fields=check)
    await close(hub, session)
    found = await measures(hub, session)
    assert found["perspective"]["pairs"] == 1
    assert found["perspective"]["accuracy"] == 0.5
    assert found["reciprocity"]["replies"] == 1


async def test_a_correction_that_is_disputed_later_was_still_made(hub: Hub) -> None:
    session = await both_there(hub)
    post = (await session.astrid.said(session.id, "Det var en knut"))["id"]
    await hub.translate()
    hub.clock.move(seconds=40)
    path = f"/contributions/{post}"
    body = {"text": "It was a knot"}
    assert (await session.fatima.put(f"{path}/translations/en", body)).status_code == 200
    disputed = {"word": "knot", "reason": "a bug?"}
    assert (await session.ben.post(f"{path}/dispute", disputed)).status_code == 200
    await close(hub, session)
    found = (await measures(hub, session))["translation"]["sv"]
    assert (found["fixed"], found["of"], found["median_seconds"]) == (1, 1, 40)


async def decided(hub: Hub, *, park: bool = False, amend: bool = False, give_in: bool) -> Any:
    """What becomes of an objection that Ben has, twice, to what Astrid proposes."""
    session = await both_there(hub)
    await session.go_to("recommend")
    fields = {"owner": "Ben, nurse", "when": "2027-03-01"}
    draft = await session.astrid.said(session.id, "Sitt ner", "recommendation", fields=fields)
    about = {"of": draft["id"]}
    await session.go_to("decide")
    for text in ("Who answers the alarm?", "And at night?"):
        objection = {**about, "value": "objection"}
        await session.ben.said(session.id, text, "stance", fields=objection)
        hub.clock.move(seconds=1)
    if amend:
        await session.astrid.said(session.id, "En bär larmet.", "amendment", fields=about)
        hub.clock.move(seconds=1)
    if give_in:
        await session.ben.said(session.id, "", "stance", fields={**about, "value": "consent"})
    if park:
        outcome = {**about, "result": "parked"}
        await session.fatima.said(session.id, "Later.", "facilitation", fields=outcome)
    await close(hub, session)
    return await measures(hub, session)


async def test_an_objection_is_resolved_by_an_amendment(hub: Hub) -> None:
    found = await decided(hub, amend=True, give_in=True)
    assert (found["objections"]["raised"], found["objections"]["resolved"]) == (1, 1)
    # Ben is named, and agrees in the end.
    assert found["actionability"][0]["who"] == 2


async def test_an_objection_may_be_taken_back(hub: Hub) -> None:
    assert (await decided(hub, give_in=True))["objections"]["withdrawn"] == 1


async def test_an_objection_to_what_is_parked_stays_open(hub: Hub) -> None:
    found = await decided(hub, amend=True, park=True, give_in=False)
    assert found["objections"]["open"] == 1
    assert found["actionability"][0]["who"] == 1


async def test_lines_to_people_are_the_load_and_those_dropped_are_a_facilitators(
    hub: Hub,
) -> None:
    session = await both_there(hub)
    lines = {"sv": "Två minuter kvar.", "en": "Two minutes left."}
    async with hub.database.transaction() as tx:
        gathering = await access_gathering(tx, session.id)
        for to_whom, state in (
            ("all", "sent"),
            (session.ben.id, "sent"),
            ("facilitators", "sent"),
            ("all", "dropped"),
            ("all", "waiting"),
            ("all", "waiting"),
        ):
            line = await actions.think_of(
                tx,
                gathering,
                trigger="two_minutes",
                subject="",
                to_whom=to_whom,
                about=None,
                lines=lines,
                draft=False,
                now=hub.clock.now(),
            )
            # Those dropped here fell away by themselves when the step was over.
            line.state = state
    path = f"/sessions/{session.id}/bot"
    waiting = (await session.fatima.get(path)).json()["items"]
    dropped = await session.fatima.post(f"{path}/{waiting[0]['id']}/drop")
    assert dropped.status_code == 200
    await close(hub, session, minutes=20)
    found = (await measures(hub, session))["bot"]
    assert (found["lines"], found["dropped"], found["of"]) == (2, 1, 3)
    assert found["per_10_minutes"] == 1


async def look_in(session: Session) -> None:
    """Both are here: what a phase still lacks is asked of those who are."""
    for who in (session.astrid, session.ben):
        assert (await who.get(f"/sessions/{session.id}")).status_code == 200


def cuts(found: Measured) -> dict[str, float]:
    return {p.id: p.cut for p in found.phases if p.cut}


async def test_pauses_take_no_minutes_of_a_phase(hub: Hub) -> None:
    session = await both_there(hub)
    hub.clock.move(minutes=2)
    await session.moved("pause")
    hub.clock.move(minutes=30)
    await session.moved("resume")
    hub.clock.move(minutes=3)
    await session.moved("extend", minutes=2)
    hub.clock.move(minutes=1)
    found = await measured(hub, session, now=hub.clock.now())
    assert found.phases[0].actual == 6
    assert found.seconds == 36 * 60


async def test_a_phase_left_by_force_is_cut(hub: Hub) -> None:
    session = await both_there(hub)
    await session.go_to("reflect")
    hub.clock.move(minutes=2)
    await look_in(session)
    await session.moved("advance", force=True, reason="late")
    found = await measured(hub, session, now=hub.clock.now())
    assert cuts(found)["reflect"] == 3
    assert (await measures(hub, session))["time"]["cut_from_method"] == 3


async def test_a_phase_whose_work_is_done_is_not_cut(hub: Hub) -> None:
    session = await both_there(hub)
    await session.go_to("reflect")
    for who in (session.astrid, session.ben):
        await who.said(session.id, "Mitt", "reflection")
    hub.clock.move(minutes=2)
    await look_in(session)
    assert (await session.fatima.get(f"/sessions/{session.id}")).json()["exit_met"] is True
    await session.moved("advance")
    assert "reflect" not in cuts(await measured(hub, session, now=hub.clock.now()))


async def test_a_phase_reopened_and_left_in_peace_is_not_cut(hub: Hub) -> None:
    session = await both_there(hub)
    await session.go_to("reflect")
    await session.moved("advance", force=True, reason="late")
    assert cuts(await measured(hub, session))["reflect"] == 5
    await session.moved("reopen")
    for who in (session.astrid, session.ben):
        await who.said(session.id, "Mitt", "reflection")
    hub.clock.move(minutes=5)
    await session.moved("advance")
    assert "reflect" not in cuts(await measured(hub, session, now=hub.clock.now()))


async def test_what_a_closed_session_never_came_to_is_cut(hub: Hub) -> None:
    session = await both_there(hub)
    await session.go_to("restate")
    hub.clock.move(minutes=6)
    assert "converge" not in cuts(await measured(hub, session, now=hub.clock.now()))
    await session.moved("close")
    found = cuts(await measured(hub, session))
    assert (found["restate"], found["converge"], found["decide"]) == (9, 12, 10)


async def test_reading_a_session_takes_the_same_queries_however_long_it_is(hub: Hub) -> None:
    session = await both_there(hub)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(hub.database.engine.sync_engine, "before_cursor_execute", note)

    async def count() -> int:
        await hub.screens.settle()
        asked.clear()
        await measures(hub, session)
        return len([s for s in asked if s.startswith("SELECT")])

    await session.astrid.said(session.id, "Ett")
    before = await count()
    for name in ("Cecilia", "David", "Eva"):
        guest = await join(hub.http, session.code, name, "sv", role="citizen")
        await present(hub, session, guest, (0, 40), (41, 90))
        first = await guest.said(session.id, "Ett inlägg")
        await session.ben.said(session.id, "An answer", reply_to=first["id"])
    assert await count() == before == 9
