"""What somebody who took part is told of what the hub holds on them, besides their posts."""

from __future__ import annotations

from datetime import timedelta

from hub.db import new_id
from hub.gatherings.api.me import read_seats
from hub.meetings import actions as meetings
from hub.meetings.actions import Person as Invited
from hub.meetings.doorway import sender_of
from hub.meetings.models import Meeting
from hub.people.models import Account, Participant
from tests.cast import Session, join
from tests.conftest import Hub

from . import forum

GRETA = "greta@example.org"


async def held(hub: Hub, session: Session) -> None:
    """The meeting of the session, to which Greta replied that she needs a ramp."""
    admin = await hub.account("admin", "Hanna")
    now = hub.clock.now()
    meeting_id = new_id("w")
    sender = sender_of(hub.app.state.renderer, hub.settings)
    async with hub.database.transaction() as tx:
        account = await tx.get_one(Account, admin.id)
        meeting = Meeting(
            id=meeting_id, uid=f"{meeting_id}@samrum", kind="within_case", state="invited",
            title={"sv": "Träff", "en": "Meeting"}, gathering_id=session.id, invited_at=now,
            starts_local="2027-03-04T13:00", ends_local="2027-03-04T14:30",
            starts_at=now + timedelta(days=100), ends_at=now + timedelta(days=100, minutes=90),
            form="hybrid", created_at=now, updated_at=now,
        )  # fmt: skip
        tx.add(meeting)
        await tx.flush()
        made = await meetings.invite(
            tx, meeting, [Invited(GRETA)], account=account, now=now, sender=sender
        )
        secret = meetings.who_is(tx, made.added[0]).secret
        answer = meetings.Answer("room", access="En ramp")
        await meetings.reply(tx, secret, answer, now=now, sender=sender)


async def test_own_data_has_points_owner_answers_and_replies(hub: Hub) -> None:
    session = await forum.hold(hub, close=False)
    consent = {"take_part": True, "contact": True}
    greta = await join(
        hub.http, session.code, "Greta", "sv", role="citizen", consent=consent, email=GRETA
    )
    await session.moved("close")
    await held(hub, session)
    [adopted] = (await session.fatima.get("/recommendations", session=session.id)).json()["items"]
    body = {"email": GRETA, "language": "sv"}
    told = await session.fatima.put(f"/recommendations/{adopted['id']}/owner", body)
    assert told.is_success, told.text
    summary = await forum.built(hub, session)
    assert (await session.fatima.post(f"/summaries/{summary}/confirm")).is_success
    statement = (await forum.statements(session.fatima, summary))["limits"]
    point = {"statement": statement["id"], "answer": "contest", "text": "Vi var fler"}
    assert (await greta.post(f"/summaries/{summary}/points", point)).is_success
    [own] = (await greta.get("/me/export")).json()["sessions"]
    [said] = own["points"]
    assert (said["answer"], said["text"], said["statement"]) == (
        "contest", "Vi var fler", statement["texts"],
    )  # fmt: skip
    # Anybody can type her address in: what is known by it alone is behind the links in her mail.
    assert (own["meetings"], own["owner_of"]) == (None, None)
    page = await hub.http.get(f"/sessions/{session.id}/my-data", headers=greta.headers)
    assert "Vi var fler" in page.text
    assert "En ramp" not in page.text
    # Whoever runs the hub has made sure who asks, and reads it all out.
    async with hub.database.reading() as tx:
        seat = await tx.get_one(Participant, greta.id)
    found = await read_seats(hub.screens, [seat], secrets={}, now=hub.clock.now(), actor="command")
    [own] = found["sessions"]
    [reply] = own["meetings"]
    assert (reply["reply"], reply["needs"]) == ("room", {"access": "En ramp"})
    assert [each["recommendation"] for each in own["owner_of"]] == [adopted["id"]]
    # Nothing of hers is in what somebody else reads.
    [other] = (await session.ben.get("/me/export")).json()["sessions"]
    assert other["points"] == []


async def test_the_page_says_that_who_withdraws_leaves_the_meeting_too(hub: Hub) -> None:
    session = await hub.session()
    page = await hub.http.get(f"/sessions/{session.id}/withdraw", headers=session.astrid.headers)
    assert page.status_code == 200
    assert "du lämnar också träffen som samtalet hölls för" in page.text
