"""Whom meetings are for: many at once, each address once; names and addresses are sealed.

Source: dissemination.md, "Life cycle"; programme.md, "The series rule" (doctoral students).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.db import new_id, secret_of
from hub.errors import Fault, Invalid, NotFound, Refusal
from hub.mail.models import Mail
from hub.meetings import letters, states
from hub.meetings.actions.seating import offer_places
from hub.meetings.letters import (
    AUDIENCES,
    Sender,
    Who,
    hash_address,
    seal_who,
    unsubscribed,
)
from hub.meetings.models import Feedback, Invitee, Meeting
from hub.meetings.times import LONDON, STOCKHOLM, ZONES
from hub.people.actions import hash_secret, new_secret
from hub.people.models import Account
from hub.people.rules import GROUP_OF_ROLE, GROUPS, LANGUAGES, clean_text, group_of, is_email
from hub.schedule.actions import forget
from hub.sealing import Unreadable, keyed_hash, seal, unseal

# More are invited in several goes; a mail each takes the server a while.
AT_ONCE: Final = 500
NAME_LIMIT: Final = 80
PREFIX: Final = "rp"
PURPOSE: Final = "invitee words"
NEEDS: Final = ("access", "food", "travel")
_BRACKETED = re.compile(r"([^<>]*)<([^<>]*)>")


@dataclass(frozen=True)
class Person:
    """Whom an organiser invites, as it came in.

    ``language`` is ``sv``, ``en``, or ``both`` where nobody has said. ``zone`` is where they are,
    empty where nobody has said: then the language tells. ``role`` gives the group where that is
    None. ``audience`` is whose version of the summary they are sent (``letters.audience_for``).
    """

    email: str
    name: str = ""
    language: str = "both"
    zone: str = ""
    group: str | None = None
    role: str | None = None
    phd_student: bool = False
    audience: str | None = None


@dataclass(frozen=True)
class Invited:
    """What came of inviting: the new ones, how many were invited before, and how many of the new
    want no mail, so that the organiser can ask them in some other way."""

    added: Sequence[Invitee]
    known: int = 0
    unsubscribed: int = 0


def read_addresses(text: str, **same_for_all: Any) -> list[Person]:
    """Many addresses from one field: one a line, or with commas or semicolons between.

    Each is ``anna@example.org`` or ``Anna Berg <anna@example.org>``. ``same_for_all``: the other
    fields of ``Person``. Raises Invalid with the first line that cannot be read.
    """
    people: list[Person] = []
    for number, line in enumerate(clean_text(text).split("\n"), start=1):
        for name, address in _split(line):
            if not is_email(address):
                raise Invalid({"/addresses": Fault("address_unreadable", line=number)})
            people.append(Person(address, name, **same_for_all))
    if not people:
        raise Invalid({"/addresses": "addresses_missing"})
    return people


def _split(line: str) -> list[tuple[str, str]]:
    found = []
    for part in re.split(r"[;\t]", line):
        if "<" in part:
            named = _BRACKETED.findall(part)
            found += [(name.strip(' ,"')[:NAME_LIMIT], address.strip()) for name, address in named]
        bare = re.split(r"[,\s]+", _BRACKETED.sub(" ", part))
        found += [("", address) for address in bare if address]
    return found


def zone_of(language: str) -> str:
    """Where somebody who reads a language is taken to be until they say: it is their night that
    mail keeps out of."""
    return LONDON if language == "en" else STOCKHOLM


def check_person(person: Person, pointer: str = "") -> None:
    """Raises Invalid for what no invitation can have; ``pointer`` is put before each field."""
    faults: dict[str, str] = {}
    if not is_email(person.email):
        faults[f"{pointer}/email"] = "email_unreadable" if person.email else "text_missing"
    if len(person.name) > NAME_LIMIT:
        faults[f"{pointer}/name"] = "text_too_long"
    if person.language not in (*LANGUAGES, "both"):
        faults[f"{pointer}/language"] = "language_unknown"
    if person.zone and person.zone not in ZONES:
        faults[f"{pointer}/zone"] = "zone_unknown"
    if person.group is not None and person.group not in GROUPS:
        faults[f"{pointer}/group"] = "group_unknown"
    if person.role is not None and person.role not in GROUP_OF_ROLE:
        faults[f"{pointer}/role"] = "role_unknown"
    if person.audience is not None and person.audience not in AUDIENCES:
        faults[f"{pointer}/audience"] = "audience_unknown"
    if faults:
        raise Invalid(faults)


async def invite(
    tx: AsyncSession,
    meeting: Meeting,
    people: Sequence[Person],
    *,
    account: Account,
    now: datetime,
    sender: Sender,
) -> Invited:
    """Invite people to a meeting. An address that is invited already is left as it is.

    The mail goes out at once where invitations have gone out, else with all the others. Doctoral
    students are invited to every coming forum of the series. Raises Invalid and Refusal.
    """
    if meeting.state not in states.CHANGEABLE:
        raise Refusal("meeting_over")
    if not people:
        raise Invalid({"/addresses": "addresses_missing"})
    if len(people) > AT_ONCE:
        raise Invalid({"/addresses": "addresses_too_many"})
    for place, person in enumerate(people):
        check_person(person, f"/invitees/{place}")
    wanted = {hash_address(tx, person.email): person for person in people}
    added = (await _add(tx, [meeting], wanted, now=now))[meeting.id]
    stopped = await unsubscribed(tx, wanted)
    await note(
        tx, "meeting_invited", actor=account.id, now=now, subject=meeting.id, count=len(added)
    )
    if meeting.state in states.TAKES_REPLIES:
        await letters.send_invitations(tx, meeting, added, now=now, sender=sender)
    students = {key: person for key, person in wanted.items() if person.phd_student}
    if students and meeting.series_id is not None and meeting.kind == "forum":
        await _invite_to_series(tx, meeting, students, now=now, sender=sender)
    silent = sum(each.address_hash in stopped for each in added)
    return Invited(added, known=len(wanted) - len(added), unsubscribed=silent)


async def _invite_to_series(
    tx: AsyncSession,
    meeting: Meeting,
    students: Mapping[str, Person],
    *,
    now: datetime,
    sender: Sender,
) -> None:
    found = await tx.scalars(
        select(Meeting)
        .where(
            Meeting.series_id == meeting.series_id,
            Meeting.id != meeting.id,
            Meeting.kind == "forum",
            Meeting.state.in_(states.CHANGEABLE),
            Meeting.starts_at > now,
        )
        .with_for_update()
    )
    others = list(found)
    added = await _add(tx, others, students, now=now)
    told = {other: added[other.id] for other in others if other.state in states.TAKES_REPLIES}
    known = await letters.read_known(
        tx, told, (each for invitees in told.values() for each in invitees)
    )
    for other, invitees in told.items():
        await letters.send_invitations(tx, other, invitees, now=now, sender=sender, known=known)


async def _add(
    tx: AsyncSession, meetings: Sequence[Meeting], wanted: Mapping[str, Person], *, now: datetime
) -> dict[str, list[Invitee]]:
    """Who is new in each of these meetings."""
    rows = await tx.execute(
        select(Invitee.meeting_id, Invitee.address_hash).where(
            Invitee.meeting_id.in_([meeting.id for meeting in meetings]),
            Invitee.address_hash.in_(wanted),
        )
    )
    known = {(meeting_id, address) for meeting_id, address in rows}
    added = {
        meeting.id: [
            new_invitee(tx, meeting, person, address_hash=address, now=now)
            for address, person in wanted.items()
            if (meeting.id, address) not in known
        ]
        for meeting in meetings
    }
    await tx.flush()
    return added


def new_invitee(
    tx: AsyncSession,
    meeting: Meeting,
    person: Person,
    *,
    address_hash: str | None,
    now: datetime,
    secret: str | None = None,
    deputy_for: str | None = None,
) -> Invitee:
    """A row with a secret of its own, which only ``Invitee.sealed`` keeps."""
    secret, email = secret or new_secret(PREFIX), person.email.strip()
    invitee = Invitee(
        id=new_id("n"),
        meeting_id=meeting.id,
        secret_hash=hash_secret(secret),
        sealed=seal_who(
            tx, Who(clean_text(person.name).strip(), email, secret, proved=bool(email))
        ),
        address_hash=address_hash,
        language=person.language,
        zone=person.zone or zone_of(person.language),
        group=person.group or group_of(person.role),
        role=person.role,
        phd_student=person.phd_student or person.role == "phd_student",
        audience=person.audience,
        deputy_for=deputy_for,
        created_at=now,
    )
    tx.add(invitee)
    return invitee


async def access_invitee(tx: AsyncSession, meeting: Meeting, invitee_id: str) -> Invitee:
    """Raises NotFound, also for an invitee of another meeting."""
    invitee = await tx.get(Invitee, invitee_id, populate_existing=True)
    if invitee is None or invitee.meeting_id != meeting.id:
        raise NotFound("invitee_not_found")
    return invitee


async def remove_invitee(
    tx: AsyncSession,
    meeting: Meeting,
    invitee_id: str,
    *,
    account: Account,
    now: datetime,
    sender: Sender,
) -> None:
    """Take somebody off the list, such as an address that was wrong: all about them is erased.

    Nobody is told; their link opens nothing any more, and a place they had is free. Raises
    NotFound, and Refusal once the meeting has been held.
    """
    if meeting.state in states.HELD:
        raise Refusal("meeting_over")
    invitee = await access_invitee(tx, meeting, invitee_id)
    await erase_rows(tx, [invitee])
    await note(tx, "invitee_erased", actor=account.id, now=now, subject=meeting.id, count=1)
    await offer_places(tx, meeting, now=now, sender=sender)


async def erase_rows(tx: AsyncSession, invitees: Sequence[Invitee]) -> int:
    """Erase invitees with every mail and all timed work about them, and what they said after.

    How many there were.
    """
    ids = [invitee.id for invitee in invitees]
    keys = [answer_key(tx, invitee) for invitee in invitees]
    await tx.execute(delete(Mail).where(Mail.about.in_(ids)))
    await tx.execute(delete(Feedback).where(Feedback.answer_key.in_(keys)))
    await forget(tx, ids)
    gone = await tx.execute(delete(Invitee).where(Invitee.id.in_(ids)))
    return int(getattr(gone, "rowcount", 0))


def answer_key(tx: AsyncSession, invitee: Invitee) -> str:
    """What ties an answer given afterwards to whoever gave it, and tells nobody who that is."""
    return keyed_hash(secret_of(tx), "meeting feedback", invitee.secret_hash)


def needs_of(tx: AsyncSession, invitee: Invitee) -> dict[str, str]:
    """Of ``NEEDS``, what somebody asked for; empty where nothing was asked or it is erased."""
    found = _unsealed(tx, invitee.sealed_needs)
    return {name: str(found[name]) for name in NEEDS if found.get(name)}


def question_of(tx: AsyncSession, invitee: Invitee) -> str:
    """The question for the day; empty where there is none."""
    return str(_unsealed(tx, invitee.sealed_question).get("text", ""))


def seal_words(tx: AsyncSession, words: Mapping[str, str]) -> str:
    """As ``sealed_needs`` and ``sealed_question`` keep it."""
    return seal(secret_of(tx), PURPOSE, json.dumps(dict(words)))


def _unsealed(tx: AsyncSession, sealed: str | None) -> dict[str, Any]:
    if sealed is None:
        return {}
    try:
        return dict(json.loads(unseal(secret_of(tx), PURPOSE, sealed)))
    except (Unreadable, ValueError):
        return {}
