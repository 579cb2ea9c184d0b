"""Every text in what the rooms of meetings, summaries and following up keep, as if it were said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from hub.db import secret_of
from hub.gatherings.models import Progress
from hub.meetings.actions.inviting import Person, new_invitee, seal_words
from hub.meetings.letters import mailed_secret
from hub.meetings.models import Feedback, Meeting
from hub.meetings.views import feed_path
from hub.people.models import Participant
from hub.people.rules import clean_text
from hub.summaries.actions.publishing import content_of, put_in_search
from hub.summaries.models import Edition, Point, Reader, Statement, Summary
from tests import cast
from tests.doors.world import MEETING, World

from .texts import COUNT, marked

# People whose names and needs are such texts.
INVITED = range(0, COUNT, 10)
WORDS = ("sv", "en")


def said(number: int) -> str:
    """One of the texts as the hub takes it: without what no screen shows."""
    return clean_text(marked(number))


def both(number: int) -> dict[str, str]:
    return {language: said(number % COUNT) for language in WORDS}


async def say_in_meetings(world: World, facilitator: cast.Person) -> None:
    """A meeting whose parts, needs and feedback are all of the texts."""
    made = await facilitator.post("/workshops", MEETING)
    assert made.status_code == 201, made.text
    meeting_id = world.ids["full_meeting"] = made.json()["id"]
    now = world.hub.clock.now()
    async with world.hub.database.transaction() as tx:
        meeting = await tx.get_one(Meeting, meeting_id)
        for place, name in enumerate(("title", "short_title", "purpose", "topic", "why_you")):
            setattr(meeting, name, both(place * 37))
        for place, name in enumerate(("place", "interpreting", "access_offers", "consent_needed")):
            setattr(meeting, name, both(200 + place * 37))
        meeting.host, meeting.cohost, meeting.state = said(340), said(351), "invited"
        meeting.state_reason, meeting.accepted = both(362), {"weekend": said(363)}
        meeting.agenda = [{"minutes": 1, "title": both(n)} for n in range(COUNT)]
        meeting.material = [{"url": "https://example.org/x", "title": both(n)} for n in range(40)]
        meeting.link = "https://example.org/room"
        for number in INVITED:
            person = Person(f"n{number}@example.org", said(number), language="sv")
            invitee = new_invitee(tx, meeting, person, address_hash=None, now=now)
            invitee.reply, invitee.place, invitee.replied_at = "room", "held", now
            needs = {name: said(number + at) for at, name in enumerate(("access", "food"), 1)}
            invitee.sealed_needs = seal_words(tx, needs)
            invitee.sealed_question = seal_words(tx, {"text": said(number + 3)})
            invitee.invited_at = now
        tx.add_all(
            Feedback(
                meeting_id=meeting_id,
                answer_key=f"{n}",
                useful=3,
                text=said(n),
                language="sv",
                at=now,
            )
            for n in range(COUNT)
        )
        await tx.flush()
        world.ids["full_reply"] = mailed_secret(tx, invitee)
        world.ids["full_feed"] = feed_path(secret_of(tx), invitee.id).split("/")[-1][: -len(".ics")]


async def say_in_summaries(world: World) -> None:
    """A summary with all of them as statements, points and answers, and its edition."""
    now = world.hub.clock.now()
    async with world.hub.database.transaction() as tx:
        summary = Summary(
            gathering_id=world.ids["full"],
            title=both(0),
            state="published",
            edition=2,
            published_at=now,
            confirm_from=now,
            confirm_until=now + timedelta(days=7),
            built_at=now,
            created_at=now,
            facts={"owners": {"c_none": both(3)}, "dates": {}, "voices": {}},
        )
        tx.add(summary)
        await tx.flush()
        told = [
            Statement(
                summary_id=summary.id,
                audience="citizens",
                block=block,
                key=f"own:{n}",
                position=n,
                texts=both(n),
                statuses=dict.fromkeys(WORDS, "human_reviewed"),
                sources=["session"],
            )
            for n in range(COUNT)
            for block in ("headline" if n < 3 else "agreed",)
        ]
        tx.add_all(told)
        await tx.flush()
        [seat] = await _seats(tx, world.ids["full"])
        tx.add_all(
            Point(
                summary_id=summary.id,
                statement_id=s.id,
                participant_id=seat.id,
                answer="contest",
                text=said(s.position),
                settled=said((s.position + 1) % COUNT),
                settled_at=now,
                language="sv",
                at=now,
            )
            for s in told
        )
        tx.add_all(
            Reader(
                summary_id=summary.id,
                audience="citizens",
                language="sv",
                matches="no",
                text=said(n),
                at=now,
            )
            for n in range(COUNT)
        )
        editions: list[Any] = [
            Edition(
                summary_id=summary.id,
                number=number,
                note=note,
                content=content_of(told, summary.facts),
                facts=summary.facts,
                published_at=now,
            )
            for number, note in ((1, None), (2, both(77)))
        ]
        tx.add_all(editions)
        await tx.flush()
        await put_in_search(tx, summary, editions[1])
        world.ids["full_summary"] = summary.id


async def _seats(tx: Any, session_id: str) -> list[Participant]:
    return list(await tx.scalars(select(Participant).where(Participant.gathering_id == session_id)))


async def say_in_following(world: World) -> None:
    """All of them as what an owner told, one after the other."""
    now = world.hub.clock.now()
    async with world.hub.database.transaction() as tx:
        tx.add_all(
            Progress(
                contribution_id=world.ids["adopted_id"],
                status="doing",
                reason=said(n),
                at=now - timedelta(minutes=COUNT - n),
            )
            for n in range(COUNT)
        )
