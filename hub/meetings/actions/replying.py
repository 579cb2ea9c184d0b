"""Replies to an invitation: by personal link, without an account; and to what is open to all.

Source: dissemination.md, "RSVP".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import secret_of
from hub.errors import Invalid, Refusal
from hub.meetings import letters, places, states
from hub.meetings.actions.finding import access_by_secret, list_invitees
from hub.meetings.actions.inviting import (
    NEEDS,
    PREFIX,
    Person,
    needs_of,
    new_invitee,
    question_of,
    seal_words,
)
from hub.meetings.actions.seating import guest_of, put_guest, settle
from hub.meetings.letters import Sender, hash_address, seal_who, who_is
from hub.meetings.models import Invitee, Meeting
from hub.meetings.times import ZONES
from hub.people.actions import hash_secret
from hub.people.rules import GROUP_OF_ROLE, GROUPS, LANGUAGES, clean_text, email_fault, group_of
from hub.sealing import keyed_hash

NEEDS_LIMIT: Final = 500
QUESTION_LIMIT: Final = 1000
NAME_LIMIT: Final = 80
# Enough letters by chance that no two forms share them.
KEY_LIMITS: Final = (16, 80)
# Whoever asks for their link again within this has it in the mail already.
AGAIN: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Answer:
    """A reply as it came in. None: as it was, or as the hub knows it.

    ``reply`` is ``room``, ``online``, ``maybe``, ``no`` or ``deputy`` (somebody else comes).
    """

    reply: str
    name: str | None = None
    email: str | None = None
    language: str | None = None
    zone: str | None = None
    group: str | None = None
    role: str | None = None
    access: str = ""
    food: str = ""
    travel: str = ""
    question: str = ""


@dataclass(frozen=True)
class Replied:
    """What a reply came to.

    ``secret`` opens the person's own page; it is given where no mail brings it. ``deputy_secret``
    opens the page of whoever comes instead: the person hands it on. ``invitee`` is None where
    somebody is known already, which is told to nobody but them, by mail.
    """

    meeting: Meeting
    invitee: Invitee | None
    changed: bool
    secret: str | None = None
    deputy_secret: str | None = None


async def reply(
    tx: AsyncSession, secret: str, answer: Answer, *, now: datetime, sender: Sender
) -> Replied:
    """Reply, or change the reply, by personal link. The same again changes nothing.

    Access, food and travel are as given now: an empty field takes back what was asked for before.
    Raises NotFound, Invalid, and Refusal where no replies are taken (``replies_closed``) or a maybe
    comes after the last day (``maybe_closed``).
    """
    meeting, invitee = await access_by_secret(tx, secret, lock=True)
    _check_open(meeting, answer, now=now)
    _check(answer, meeting, deputy=invitee.deputy_for is not None)
    await _take_person(tx, meeting, invitee, answer)
    _take_words(tx, meeting, invitee, answer)
    invitees = await list_invitees(tx, meeting.id)
    before = (invitee.reply, invitee.place)
    if answer.reply != invitee.reply or invitee.place == "offered":
        put_guest(invitee, places.replied(guest_of(invitee), answer.reply, now=now))
        invitee.invited_at = invitee.invited_at or now
    deputy_secret = None
    if answer.reply == "deputy":
        deputy = _deputy(tx, meeting, invitee, invitees, now=now)
        # Once they have replied, the link is theirs alone.
        deputy_secret = who_is(tx, deputy).secret if deputy.reply is None else None
        if deputy not in invitees:
            invitees.append(deputy)
    changed = (invitee.reply, invitee.place) != before
    if changed:
        # What waits to be sent says what is no longer so.
        await letters.drop_waiting(tx, [invitee])
        quiet = frozenset({invitee.id})
        await settle(tx, meeting, invitees, now=now, sender=sender, quiet=quiet)
        deputies = {invitee.id: deputy_secret} if deputy_secret else {}
        await letters.send_replies(
            tx, meeting, [invitee], now=now, sender=sender, deputies=deputies
        )
    await tx.flush()
    return Replied(meeting, invitee, changed, secret, deputy_secret)


def _deputy(
    tx: AsyncSession, meeting: Meeting, invitee: Invitee, invitees: list[Invitee], *, now: datetime
) -> Invitee:
    """Whoever comes instead: one for each invitee, however often it is asked for."""
    known = next((each for each in invitees if each.deputy_for == invitee.id), None)
    if known is not None:
        return known
    person = Person(
        "",
        language=invitee.language,
        zone=invitee.zone,
        group=invitee.group,
        audience=invitee.audience,
    )
    return new_invitee(tx, meeting, person, address_hash=None, now=now, deputy_for=invitee.id)


async def reply_openly(
    tx: AsyncSession,
    meeting: Meeting,
    answer: Answer,
    *,
    now: datetime,
    sender: Sender,
    key: str = "",
) -> Replied:
    """Reply to a meeting that is open to all, without having been invited.

    Whoever gives an address gets their own link by mail; whoever gives none is shown it, this once.
    ``key``: letters by chance that came with the form, so that the same form sent twice counts
    once. An address that is known already changes nothing: its owner is sent the link again.
    Raises Invalid, and Refusal where replies are closed or it is by invitation (``by_invitation``).
    """
    if not meeting.open_to_all:
        raise Refusal("by_invitation")
    _check_open(meeting, answer, now=now)
    _check(answer, meeting, deputy=True, invited=False)
    email = (answer.email or "").strip()
    address = hash_address(tx, email) if email else None
    secret = _secret_of_form(tx, meeting, key)
    known = await tx.scalar(
        select(Invitee).where(
            Invitee.meeting_id == meeting.id,
            (Invitee.address_hash == address)
            if address
            else (Invitee.secret_hash == hash_secret(secret or "")),
        )
    )
    if known is not None and address:
        told = [at for at in (known.replied_at, known.invited_at) if at]
        if all(now - at >= AGAIN for at in told):
            known.invited_at = now
            await letters.send_link(tx, meeting, known, now=now, sender=sender)
        return Replied(meeting, None, False)
    if known is not None:
        return Replied(meeting, known, False, secret)
    person = Person(
        email,
        answer.name or "",
        answer.language or "both",
        answer.zone or meeting.zone,
        answer.group,
        answer.role,
    )
    invitee = new_invitee(tx, meeting, person, address_hash=address, now=now, secret=secret)
    invitee.invited_at = now
    _take_words(tx, meeting, invitee, answer)
    put_guest(invitee, places.replied(guest_of(invitee), answer.reply, now=now))
    await tx.flush()
    invitees = await list_invitees(tx, meeting.id)
    quiet = frozenset({invitee.id})
    await settle(tx, meeting, invitees, now=now, sender=sender, quiet=quiet)
    await letters.send_replies(tx, meeting, [invitee], now=now, sender=sender)
    await tx.flush()
    return Replied(meeting, invitee, True, None if email else who_is(tx, invitee).secret)


def _secret_of_form(tx: AsyncSession, meeting: Meeting, key: str) -> str | None:
    if not KEY_LIMITS[0] <= len(key) <= KEY_LIMITS[1]:
        return None
    return f"{PREFIX}_{keyed_hash(secret_of(tx), 'open reply', f'{meeting.id} {key}')}"


def _check_open(meeting: Meeting, answer: Answer, *, now: datetime) -> None:
    # A no is taken as long as somebody could still come.
    if meeting.state not in states.TAKES_REPLIES or now >= meeting.starts_at:
        raise Refusal("replies_closed")
    late = meeting.reply_by is not None and now > meeting.reply_by
    if late and answer.reply == "maybe":
        raise Refusal("maybe_closed")


def _check(answer: Answer, meeting: Meeting, *, deputy: bool, invited: bool = True) -> None:
    faults: dict[str, str] = {}
    if answer.reply not in places.REPLIES or (answer.reply == "deputy" and deputy):
        faults["/reply"] = "reply_unknown"
    elif answer.reply == "room" and meeting.form == "online":
        faults["/reply"] = "reply_only_online"
    elif answer.reply == "online" and meeting.form == "room":
        faults["/reply"] = "reply_only_room"
    if unreadable := email_fault((answer.email or "").strip()):
        faults["/email"] = unreadable
    if not invited and not clean_text(answer.name or "").strip():
        faults["/name"] = "text_missing"
    if len(answer.name or "") > NAME_LIMIT:
        faults["/name"] = "text_too_long"
    if answer.language is not None and answer.language not in (*LANGUAGES, "both"):
        faults["/language"] = "language_unknown"
    if answer.zone is not None and answer.zone not in ZONES:
        faults["/zone"] = "zone_unknown"
    if answer.group is not None and answer.group not in GROUPS:
        faults["/group"] = "group_unknown"
    if answer.role is not None and answer.role not in GROUP_OF_ROLE:
        faults["/role"] = "role_unknown"
    for name in NEEDS:
        if len(getattr(answer, name)) > NEEDS_LIMIT:
            faults[f"/{name}"] = "text_too_long"
    if len(answer.question) > QUESTION_LIMIT:
        faults["/question"] = "text_too_long"
    if faults:
        raise Invalid(faults)


async def _take_person(
    tx: AsyncSession, meeting: Meeting, invitee: Invitee, answer: Answer
) -> None:
    """Name, address, language, zone and group as the person gives them themselves.

    Only who has no address yet can give one: a link that went astray must not take somebody's
    mail over.
    """
    who = who_is(tx, invitee)
    email, address = (answer.email or "").strip(), None
    if email and not who.email:
        address = hash_address(tx, email)
        taken = await tx.scalar(
            select(Invitee.id).where(
                Invitee.meeting_id == meeting.id,
                Invitee.address_hash == address,
                Invitee.id != invitee.id,
            )
        )
        if taken is not None:
            raise Invalid({"/email": "email_invited"})
        invitee.address_hash = address
    name = who.name if answer.name is None else clean_text(answer.name).strip()
    mine = replace(who, name=name, email=email if address else who.email)
    if mine != who:
        invitee.sealed = seal_who(tx, mine)
    invitee.language = answer.language or invitee.language
    invitee.zone = answer.zone or invitee.zone
    if answer.role is not None:
        invitee.role = answer.role
    if invitee.group is None:
        # Who is invited for a group stays in it: seats are kept for it.
        invitee.group = answer.group or group_of(answer.role)


def _take_words(tx: AsyncSession, meeting: Meeting, invitee: Invitee, answer: Answer) -> None:
    wanted = {name: clean_text(getattr(answer, name)).strip() for name in NEEDS}
    if answer.reply != "room":
        wanted["food"] = ""
    if answer.reply in ("no", "deputy"):
        wanted = {}
    needs = {name: text for name, text in wanted.items() if text}
    if needs != needs_of(tx, invitee):
        invitee.sealed_needs = seal_words(tx, needs) if needs else None
    question = clean_text(answer.question).strip()
    if question != question_of(tx, invitee):
        invitee.sealed_question = seal_words(tx, {"text": question}) if question else None
