"""A published summary goes to whom it is for: each in the version of their audience, once.

Source: dissemination.md, "Life cycle", published: sends each audience its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from hub.db import new_id, secret_of
from hub.mail.actions import read_mail
from hub.mail.jobs import Post, send_due
from hub.mail.models import Mail
from hub.meetings import actions as meetings
from hub.meetings.actions import Person as Invited
from hub.meetings.doorway import sender_of
from hub.meetings.letters import audience_for, mailed_secret
from hub.meetings.models import Meeting
from hub.people.models import Account
from tests.cast import Session, join
from tests.conftest import Hub

from . import forum

STOCKHOLM = ZoneInfo("Europe/Stockholm")
PEOPLE: dict[str, dict[str, Any]] = {
    "linda": {"role": "leader", "language": "sv"},
    "petra": {"group": "practice", "language": "en"},
    "ella": {"audience": "educators", "role": "researcher", "language": "en"},
    "frida": {"audience": "funders", "language": "sv"},
    "carl": {"role": "carer", "language": "sv"},
    "unknown": {},
}
THEIRS = {
    "linda": ("leaders", "sv"),
    "petra": ("professions", "en"),
    "ella": ("educators", "en"),
    "frida": ("funders", "sv"),
    "carl": ("citizens", "sv"),
    "unknown": ("citizens", "both"),
}


@dataclass
class Told:
    """A mail about a published summary, before it goes out."""

    kind: str
    language: str
    facts: dict[str, str]
    quiet_zone: str | None

    @property
    def audience(self) -> str:
        return self.facts["url"].partition("audience=")[2]


def address(name: str) -> str:
    return f"{name}@example.org"


async def held(hub: Hub, session: Session, *people: str, **more: Any) -> str:
    """The meeting that the session was held in, with these people invited a while ago."""
    admin = await hub.account("admin", "Hanna")
    now = hub.clock.now()
    meeting_id = new_id("w")
    async with hub.database.transaction() as tx:
        account = await tx.get_one(Account, admin.id)
        meeting = Meeting(
            id=meeting_id, uid=f"{meeting_id}@samrum", kind="within_case", state="invited",
            title={"sv": "Träff", "en": "Meeting"}, gathering_id=session.id, invited_at=now,
            starts_local="2027-03-04T13:00", ends_local="2027-03-04T14:30",
            starts_at=now + timedelta(days=100), ends_at=now + timedelta(days=100, minutes=90),
            audiences=["leaders", "citizens"], created_at=now, updated_at=now, **more,
        )  # fmt: skip
        tx.add(meeting)
        await tx.flush()
        await meetings.invite(
            tx, meeting, [Invited(address(name), **PEOPLE.get(name, {})) for name in people],
            account=account, now=now, sender=sender_of(hub.app.state.renderer, hub.settings),
        )  # fmt: skip
        meeting.state, meeting.ended_at = "ended", now
    return meeting_id


async def secret_to(hub: Hub, meeting_id: str, name: str) -> str:
    async with hub.database.reading() as tx:
        for each in await meetings.list_invitees(tx, meeting_id):
            if meetings.who_is(tx, each).email == address(name):
                return mailed_secret(tx, each)
    raise AssertionError(name)


async def replied(hub: Hub, meeting_id: str, name: str, reply: str) -> None:
    async with hub.database.transaction() as tx:
        for each in await meetings.list_invitees(tx, meeting_id):
            if meetings.who_is(tx, each).email == address(name):
                each.reply, each.place = reply, "held" if reply == "online" else None


async def told(hub: Hub) -> dict[str, list[Told]]:
    """The mails about published summaries, by whom they are to."""
    found: dict[str, list[Told]] = {}
    async with hub.database.reading() as tx:
        for mail in await tx.scalars(select(Mail).where(Mail.kind == "summary_published")):
            to, facts = read_mail(secret_of(tx), mail)
            about = Told(mail.kind, mail.language, facts, mail.quiet_zone)
            found.setdefault(to.partition("@")[0], []).append(about)
    return found


async def send(hub: Hub) -> list[EmailMessage]:
    """Send what is due; all that has gone out so far."""
    state = hub.app.state
    await send_due(Post(state.database, state.clock, state.renderer, state.settings))
    files = sorted(hub.settings.outbox_dir.glob("*.eml"))
    return [message_from_bytes(each.read_bytes(), policy=policy.default) for each in files]


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_each_who_was_invited_is_sent_the_version_of_their_audience_once(hub: Hub) -> None:
    session = await forum.hold(hub)
    meeting_id = await held(hub, session, *PEOPLE)
    summary, editor = await forum.published(hub, session)
    mails = await told(hub)
    assert {
        name: [(each.audience, each.language) for each in found] for name, found in mails.items()
    } == {name: [theirs] for name, theirs in THEIRS.items()}
    assert all(m.facts["unsubscribe"].endswith("/no-more") for [m] in mails.values())
    assert mails["petra"][0].quiet_zone == "Europe/London"
    # A correction is no news: the page says what was put right.
    again = await editor.post(
        f"/summaries/{summary}/publish", {"note": {"sv": "Ett ord", "en": "A word"}}
    )
    assert again.status_code == 200, again.text
    assert {name: len(found) for name, found in (await told(hub)).items()} == dict.fromkeys(
        PEOPLE, 1
    )
    async with hub.database.reading() as tx:
        assert (await tx.get_one(Meeting, meeting_id)).state == "published"


async def test_who_came_is_thanked_with_it_and_who_said_no_hears_nothing(hub: Hub) -> None:
    session = await forum.hold(hub)
    meeting_id = await held(hub, session, "linda", "petra", "carl")
    await replied(hub, meeting_id, "linda", "online")
    await replied(hub, meeting_id, "petra", "no")
    await forum.published(hub, session)
    mails = await told(hub)
    assert {name: found[0].facts["came"] for name, found in mails.items()} == {
        "linda": "yes",
        "carl": "",
    }
    letters = [m for m in await send(hub) if m["To"] == address("linda")]
    [text] = [t for t in map(text_of, letters) if "audience=leaders" in t]
    assert "Tack för att du var med. Det här kom vi fram till:" in text
    assert "Blev något fel? Säg till inom sju dagar." in text


async def test_who_wants_no_mail_or_is_erased_gets_none_of_it(hub: Hub) -> None:
    session = await forum.hold(hub)
    meeting_id = await held(hub, session, "linda", "petra", "carl")
    sender = sender_of(hub.app.state.renderer, hub.settings)
    stops = await secret_to(hub, meeting_id, "linda")
    erases = await secret_to(hub, meeting_id, "petra")
    async with hub.database.transaction() as tx:
        await meetings.stop_mail(tx, stops, now=hub.clock.now())
        await meetings.erase_invitee(tx, erases, now=hub.clock.now(), sender=sender)
    await forum.published(hub, session)
    assert set(await told(hub)) == {"carl"}


async def test_one_address_that_took_part_and_was_invited_gets_one_mail(hub: Hub) -> None:
    session = await forum.hold(hub, close=False)
    for name, role in (("Linda", "patient"), ("Greta", "leader"), ("Hans", "practitioner")):
        await join(
            hub.http, session.code, name, "sv", role=role, consent=forum.FOLLOWS,
            email=address(name.lower()).upper(),
        )  # fmt: skip
    await session.moved("close")
    meeting_id = await held(hub, session, "linda", "hans")
    # Hans wants no mail about meetings: not as somebody who took part either.
    stops = await secret_to(hub, meeting_id, "hans")
    async with hub.database.transaction() as tx:
        await meetings.stop_mail(tx, stops, now=hub.clock.now())
    await forum.published(hub, session)
    mails = {name.casefold(): found for name, found in (await told(hub)).items()}
    assert {name: [m.audience for m in found] for name, found in mails.items()} == {
        "linda": ["leaders"],
        "greta": ["leaders"],
    }
    # Of who took part without being invited, the link stops this and what follows.
    assert mails["greta"][0].facts["unsubscribe"].startswith("/news/")


async def test_nobody_is_written_to_of_a_meeting_that_was_not_held(hub: Hub) -> None:
    session = await forum.hold(hub)
    meeting_id = await held(hub, session, "linda")
    async with hub.database.transaction() as tx:
        (await tx.get_one(Meeting, meeting_id)).state = "cancelled"
    await forum.published(hub, session)
    assert await told(hub) == {}


async def test_it_does_not_arrive_at_night(hub: Hub) -> None:
    session = await forum.hold(hub)
    await held(hub, session, "linda")
    summary = await forum.built(hub, session)
    editor = await hub.account("editor", "Edda")
    await forum.finish(hub, editor, summary)
    hub.clock.at = datetime(2027, 1, 10, 22, 30, tzinfo=STOCKHOLM)
    assert (await editor.post(f"/summaries/{summary}/publish")).status_code == 200
    assert not [m for m in await send(hub) if "audience=" in text_of(m)]
    hub.clock.at = datetime(2027, 1, 11, 7, 1, tzinfo=STOCKHOLM)
    assert len([m for m in await send(hub) if "audience=" in text_of(m)]) == 1


@pytest.mark.parametrize(
    ("known", "theirs"),
    [
        ({"role": "leader", "group": "practice"}, "leaders"),
        ({"role": "policy", "group": "practice"}, "leaders"),
        ({"role": "practitioner", "group": "practice"}, "professions"),
        ({"role": "patient", "group": "lived", "meant_for": ["leaders"]}, "citizens"),
        ({"role": None, "group": "lived", "meant_for": ["leaders"]}, "citizens"),
        ({"role": "researcher", "group": "research", "meant_for": ["funders"]}, "funders"),
        ({"role": "researcher", "group": "research"}, "citizens"),
        ({"role": None, "group": "practice", "meant_for": ["leaders"]}, "leaders"),
        ({"role": None, "group": "practice", "meant_for": ["leaders", "funders"]}, "professions"),
        ({"role": None, "group": None, "meant_for": ["educators"]}, "educators"),
        ({"role": None, "group": None}, "citizens"),
        ({"said": "funders", "role": "patient", "group": "lived"}, "funders"),
    ],
)
def test_an_audience_is_told_by_who_invited_by_role_or_by_the_meeting(
    known: dict[str, Any], theirs: str
) -> None:
    assert audience_for(**known) == theirs
