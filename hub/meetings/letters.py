"""Every mail about meetings is put in line here, and whom it may go to is decided here.

Nobody is written to who has said no, has asked for no more mail, or is erased. Night is kept by
``hub.mail``: it holds a mail back between 20.00 and 07.00 in the reader's own zone.
Source: dissemination.md, "Workshops".
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import secret_of
from hub.gatherings.models import Gathering
from hub.mail.actions import queue_mail
from hub.mail.models import Mail
from hub.meetings import calendar
from hub.meetings.models import Invitee, Meeting, NoMail, Series
from hub.meetings.places import YES
from hub.meetings.times import local_of, out_of_night
from hub.people.rules import LANGUAGES
from hub.sealing import Unreadable, keyed_hash, seal, unseal

PURPOSE: Final = "invitee"
# Source: dissemination.md, "The five audiences".
AUDIENCES: Final = ("leaders", "educators", "professions", "citizens", "funders")
# Which version of a summary is written for whom. Researchers and doctoral students are none of the
# five: what they came for tells.
AUDIENCE_OF_ROLE: Final[Mapping[str, str]] = {
    "patient": "citizens",
    "carer": "citizens",
    "citizen": "citizens",
    "practitioner": "professions",
    "leader": "leaders",
    "policy": "leaders",
}
MAILED: Final = "rm_"
# Mails that say what is no longer so once the meeting is moved, cancelled or said no to.
PASSING: Final = (
    "meeting_invitation",
    "meeting_reminder",
    "meeting_reply",
    "meeting_moved",
    "meeting_changed",
    "meeting_confirmed",
    "place_offered",
)


@dataclass(frozen=True)
class Sender:
    """Who writes, as calendar files need it: the hub's address, its words and its mail address."""

    base_url: str
    say: calendar.Say
    email: str


@dataclass(frozen=True)
class Known:
    """What is the same in many mails: who is not written to, and of each meeting the way in.

    ``doors`` are live sessions by the id of their meeting, ``series`` those by a rule by their own.
    """

    stopped: Collection[str]
    doors: Mapping[str, Gathering]
    series: Mapping[str, Series]


@dataclass(frozen=True)
class Who:
    """Who an invitee is, and the secret of their own link; all empty where it is erased.

    ``proved``: the secret has only ever gone to the address, so that whoever has it reads the mail
    there. Not so where somebody came with a link that was shown or handed on, and then typed an
    address in.
    """

    name: str = ""
    email: str = ""
    secret: str = ""
    proved: bool = False


def hash_address(tx: AsyncSession, email: str) -> str:
    """What an address is known by without being kept in the open; letter case does not count."""
    return keyed_hash(secret_of(tx), "meeting address", email.strip().casefold())


def seal_who(tx: AsyncSession, who: Who) -> str:
    """As ``Invitee.sealed`` keeps it."""
    return seal(secret_of(tx), PURPOSE, json.dumps(asdict(who)))


def who_is(tx: AsyncSession, invitee: Invitee) -> Who:
    """Who an invitee is; empty where it is erased or was sealed with another secret key."""
    if invitee.sealed is None:
        return Who()
    try:
        return Who(**json.loads(unseal(secret_of(tx), PURPOSE, invitee.sealed)))
    except (Unreadable, ValueError, TypeError):
        return Who()


def mailed_secret(tx: AsyncSession, invitee: Invitee) -> str:
    """The secret of the link in mails to an invitee: whoever has it reads the mail there."""
    who = who_is(tx, invitee)
    if who.proved:
        return who.secret
    said = f"{invitee.id} {invitee.address_hash}"
    return f"{MAILED}{invitee.id}.{keyed_hash(secret_of(tx), 'mailed link', said)}"


def proves_address(tx: AsyncSession, invitee: Invitee, secret: str) -> bool:
    """Whether a secret shows that its holder reads the mail to the invitee's address."""
    mailed = mailed_secret(tx, invitee)
    return bool(invitee.address_hash) and hmac.compare_digest(mailed.encode(), secret.encode())


def read_mailed(secret: str) -> str | None:
    """The invitee that the secret of a mail names; None for one of another sort. Not checked."""
    return secret.removeprefix(MAILED).partition(".")[0] if secret.startswith(MAILED) else None


async def unsubscribed(tx: AsyncSession, address_hashes: Iterable[str | None]) -> set[str]:
    """Of these addresses, those that want no more mail about meetings."""
    hashes = {each for each in address_hashes if each}
    found = await tx.scalars(select(NoMail.address_hash).where(NoMail.address_hash.in_(hashes)))
    return set(found)


async def write(
    tx: AsyncSession,
    kind: str,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    now: datetime,
    sender: Sender,
    facts: Mapping[str, str] | None = None,
    own: Mapping[str, Mapping[str, str]] | None = None,
    method: calendar.Method | None = None,
    at: datetime | None = None,
    until_at: datetime | None = None,
    late: bool = False,
    known: Known | None = None,
) -> int:
    """Put one mail of a kind in line for each of these who may be written to; how many.

    ``facts`` are for all, ``own`` for each by the invitee's id. ``method`` (``REQUEST``,
    ``CANCEL``) adds the calendar file. ``at`` is when it is to arrive; where that is night for the
    reader, it comes the evening before. ``known`` is read here where it is not given. The way in
    is told to those who have a place.
    """
    known = known or await read_known(tx, [meeting], invitees)
    shared = {**_facts(meeting), "late": "yes" if late else ""}
    door = known.doors.get(meeting.id)
    way_in = {
        "join": _join(meeting, door, sender=sender),
        "own_link": "yes" if _is_by_own_link(meeting, door) else "",
    }
    series = known.series.get(meeting.series_id or "") if method else None
    count = 0
    for invitee in invitees:
        who = who_is(tx, invitee)
        if not who.email or invitee.address_hash in known.stopped:
            continue
        url = f"/replies/{mailed_secret(tx, invitee)}"
        said = {**shared, "url": url, "unsubscribe": f"{url}/no-more"}
        said |= way_in if _has_place(invitee) else dict.fromkeys(way_in, "")
        said |= {**(facts or {}), **(own or {}).get(invitee.id, {})}
        if method:
            said["calendar_method"] = method
            said["calendar"] = calendar.invitation(
                meeting,
                reader=calendar.Reader(invitee.language, sender.base_url, sender.say),
                method=method,
                attendee=calendar.Address(who.email, who.name),
                organiser=calendar.Address(sender.email, meeting.host),
                reply_url=sender.base_url + url,
                now=now,
                reply=_calendar_reply(invitee),
                link=way_in["join"] or None,
                series=series,
            )
            invitee.sequence = meeting.sequence
        due_at = max(now, out_of_night(at, invitee.zone)) if at else None
        await queue_mail(
            tx,
            kind,
            to=who.email,
            language=invitee.language,
            facts=said,
            now=now,
            about=invitee.id,
            due_at=due_at,
            until_at=until_at,
            quiet_zone=invitee.zone,
        )
        count += 1
    return count


async def read_known(
    tx: AsyncSession, meetings: Iterable[Meeting], invitees: Iterable[Invitee]
) -> Known:
    """What mails to these invitees of these meetings need to know, in three queries."""
    meetings = list(meetings)
    stopped = await unsubscribed(tx, (each.address_hash for each in invitees))
    held_in = {each.gathering_id for each in meetings if each.gathering_id}
    sessions = {}
    if held_in:
        found = await tx.scalars(select(Gathering).where(Gathering.id.in_(held_in)))
        sessions = {each.id: each for each in found}
    of_series = {each.series_id for each in meetings if each.series_id}
    series = {}
    if of_series:
        rules = select(Series).where(Series.id.in_(of_series), Series.rule.is_not(None))
        series = {each.id: each for each in await tx.scalars(rules)}
    doors = {m.id: sessions[m.gathering_id] for m in meetings if m.gathering_id in sessions}
    return Known(stopped, doors, series)


def _has_place(invitee: Invitee) -> bool:
    return invitee.place == "held" and invitee.reply in YES


def _calendar_reply(invitee: Invitee) -> str | None:
    """What their calendar is told that they replied: who waits for a place does not come yet."""
    waits = invitee.reply in YES and not _has_place(invitee)
    return "maybe" if waits else invitee.reply


def _facts(meeting: Meeting) -> dict[str, str]:
    reply_by = local_of(meeting.reply_by, meeting.zone).date() if meeting.reply_by else None
    found = {
        "starts": moment(meeting.starts_at),
        "ends": moment(meeting.ends_at),
        "reply_by": reply_by.isoformat() if reply_by else "",
    }
    for name in ("title", "topic", "why_you", "place"):
        texts = getattr(meeting, name) or {}
        found |= {f"{name}_{each}": str(texts.get(each) or "") for each in LANGUAGES}
    return found


def moment(at: datetime) -> str:
    """A moment as mails are given it: RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


async def link_of(tx: AsyncSession, meeting: Meeting, *, sender: Sender) -> str:
    """Where to take part online: the organiser's own link, else the live session's door.

    Empty for a meeting in a room, and where the session is entered by personal invitations only.
    """
    door = await tx.get(Gathering, meeting.gathering_id) if meeting.gathering_id else None
    return _join(meeting, door, sender=sender)


def _join(meeting: Meeting, door: Gathering | None, *, sender: Sender) -> str:
    if meeting.link or meeting.form == "room":
        return meeting.link if meeting.form != "room" else ""
    return f"{sender.base_url}/join/{door.code}" if door and door.access == "open" else ""


def _is_by_own_link(meeting: Meeting, door: Gathering | None) -> bool:
    """Whether each comes in by a link of their own, from the live session's invitation."""
    online = meeting.form != "room" and not meeting.link
    return online and door is not None and door.access != "open"


async def comes_by_own_link(tx: AsyncSession, meeting: Meeting) -> bool:
    """Whether the live session is entered by personal invitations, which it sends itself."""
    door = await tx.get(Gathering, meeting.gathering_id) if meeting.gathering_id else None
    return _is_by_own_link(meeting, door)


async def drop_waiting(
    tx: AsyncSession, invitees: Iterable[Invitee], kinds: Collection[str] = PASSING
) -> set[str]:
    """Take mails that have not gone out yet out of the line.

    Returns the ids of invitees whose invitation was among them: they know of nothing yet.
    """
    ids = [each.id for each in invitees]
    waits = Mail.about.in_(ids) & Mail.due_at.is_not(None) & Mail.kind.in_(kinds)
    unread = await tx.scalars(
        select(Mail.about).where(waits, Mail.kind == "meeting_invitation", Mail.attempts == 0)
    )
    found = {each for each in unread if each}
    await tx.execute(delete(Mail).where(waits).execution_options(synchronize_session=False))
    return found


def may_tell(invitee: Invitee) -> bool:
    """True for those who were told of the meeting, and have not said no or sent someone else."""
    return invitee.invited_at is not None and invitee.reply not in ("no", "deputy")


async def send_invitations(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    now: datetime,
    sender: Sender,
    late: bool = False,
    known: Known | None = None,
) -> int:
    """The invitation, to each of these who has not had it. How many mails."""
    new = [
        each for each in invitees if each.invited_at is None and each.reply not in ("no", "deputy")
    ]
    for each in new:
        each.invited_at = now
    return await write(
        tx,
        "meeting_invitation",
        meeting,
        new,
        now=now,
        sender=sender,
        method="REQUEST",
        until_at=meeting.starts_at,
        late=late,
        known=known,
    )


async def send_replies(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    now: datetime,
    sender: Sender,
    deputies: Mapping[str, str] | None = None,
) -> int:
    """The confirmation of a reply, with the reader's own link. Nothing after a no.

    ``deputies``: of who sends somebody else, the secret of the link to hand on.
    """
    told = [each for each in invitees if each.reply not in (None, "no")]
    own = {each.id: {"reply": _told_reply(each), "deputy": ""} for each in told}
    for key, secret in (deputies or {}).items():
        own[key]["deputy"] = f"{sender.base_url}/replies/{secret}"
    return await write(
        tx,
        "meeting_reply",
        meeting,
        told,
        now=now,
        sender=sender,
        own=own,
        # Whoever sends somebody else has nothing to keep in their calendar.
        method="REQUEST" if any(each.reply != "deputy" for each in told) else None,
        until_at=meeting.ends_at,
    )


async def send_link(
    tx: AsyncSession, meeting: Meeting, invitee: Invitee, *, now: datetime, sender: Sender
) -> int:
    """Their own link once more, to somebody who is known already. Nothing after a no."""
    if invitee.reply is None:
        invitee.invited_at = None
        return await send_invitations(tx, meeting, [invitee], now=now, sender=sender)
    return await send_replies(tx, meeting, [invitee], now=now, sender=sender)


def _told_reply(invitee: Invitee) -> str:
    waits = invitee.place == "waiting" and invitee.reply in YES
    return "waiting" if waits else invitee.reply or ""


async def send_moved(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    reason: Mapping[str, str],
    was: datetime,
    now: datetime,
    sender: Sender,
) -> int:
    """The new date, to all who were invited and have not said no.

    Whose invitation had not gone out yet is sent one with the new date instead; and a place that
    somebody had not been told of yet is offered with the new date.
    """
    offered = [each for each in invitees if each.place == "offered"]
    waits = Mail.about.in_([each.id for each in offered]) & Mail.due_at.is_not(None)
    untold = set(
        await tx.scalars(select(Mail.about).where(waits, Mail.kind == "place_offered"))
        if offered
        else ()
    )
    unread = await drop_waiting(tx, invitees)
    fresh = [each for each in invitees if each.id in unread]
    for each in fresh:
        each.invited_at = None
    count = await send_invitations(tx, meeting, fresh, now=now, sender=sender)
    told = [each for each in invitees if may_tell(each) and each.id not in unread]
    free = [each for each in offered if each.id in untold]
    count += await send_offers(tx, meeting, free, now=now, sender=sender)
    return count + await write(
        tx,
        "meeting_moved",
        meeting,
        told,
        now=now,
        sender=sender,
        facts={**_reasons(reason), "was": moment(was)},
        method="REQUEST",
        until_at=meeting.ends_at,
    )


async def send_changed(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    changed: Collection[str],
    now: datetime,
    sender: Sender,
    late: bool = False,
) -> int:
    """What has changed besides the date, to all who were invited and have not said no.

    Whose invitation had not gone out yet is sent one as it is now instead.
    """
    unread = await drop_waiting(tx, invitees, ("meeting_invitation", "meeting_changed"))
    fresh = [each for each in invitees if each.id in unread]
    for each in fresh:
        each.invited_at = None
    count = await send_invitations(tx, meeting, fresh, now=now, sender=sender)
    return count + await write(
        tx,
        "meeting_changed",
        meeting,
        [each for each in invitees if may_tell(each) and each.id not in unread],
        now=now,
        sender=sender,
        facts={"changed": " ".join(changed)},
        method="REQUEST",
        until_at=meeting.starts_at,
        late=late,
    )


async def send_cancelled(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    reason: Mapping[str, str],
    now: datetime,
    sender: Sender,
) -> int:
    """That it is cancelled or postponed, and out of their calendars, to all who were told of it."""
    unread = await drop_waiting(tx, invitees)
    told = [each for each in invitees if may_tell(each) and each.id not in unread]
    for each in invitees:
        if each.id in unread:
            each.invited_at = None
    return await write(
        tx,
        "meeting_cancelled",
        meeting,
        told,
        now=now,
        sender=sender,
        facts={
            **_reasons(reason),
            "postponed": "yes" if meeting.state == "postponed" else "",
        },
        method="CANCEL",
        until_at=meeting.ends_at + timedelta(days=1),
    )


async def send_confirmed(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    now: datetime,
    sender: Sender,
) -> int:
    """That it takes place, to all who were told of it."""
    told = [each for each in invitees if may_tell(each)]
    return await write(
        tx,
        "meeting_confirmed",
        meeting,
        told,
        now=now,
        sender=sender,
        method="REQUEST",
        until_at=meeting.starts_at,
    )


async def send_offers(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    now: datetime,
    sender: Sender,
) -> int:
    """A freed place, offered until ``offered_until``."""
    ends = {each.id: each.offered_until for each in invitees if each.offered_until}
    return await write(
        tx,
        "place_offered",
        meeting,
        invitees,
        now=now,
        sender=sender,
        own={key: {"until": moment(at)} for key, at in ends.items()},
        until_at=min(ends.values(), default=meeting.starts_at),
    )


def _reasons(reason: Mapping[str, str]) -> dict[str, str]:
    return {f"reason_{each}": reason.get(each, "") for each in LANGUAGES}


async def send_reminders(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    when: str,
    at: datetime,
    until_at: datetime,
    now: datetime,
    sender: Sender,
    late: bool = False,
) -> int:
    """A reminder: ``quiet`` (has not replied), ``week``, ``day`` or ``link`` before the start."""
    return await write(
        tx,
        "meeting_reminder",
        meeting,
        invitees,
        now=now,
        sender=sender,
        facts={"when": when},
        at=at,
        until_at=until_at,
        late=late,
    )


async def send_thanks(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    url: str,
    soon: bool,
    until_at: datetime,
    now: datetime,
    sender: Sender,
    late: bool = False,
) -> int:
    """Thanks to those who came: what was arrived at (``url``), and the form to say how it was.

    ``url`` is empty while there is nothing to read. ``soon``: there will be, and they are told.
    """
    forms = {each.id: f"/replies/{mailed_secret(tx, each)}" for each in invitees}
    return await write(
        tx,
        "meeting_thanks",
        meeting,
        invitees,
        now=now,
        sender=sender,
        facts={"url": url, "soon": "yes" if soon else ""},
        own={key: {"feedback": form} for key, form in forms.items()},
        until_at=until_at,
        late=late,
    )


def audience_for(
    *, said: str | None = None, role: str | None, group: str | None, meant_for: Collection[str] = ()
) -> str:
    """Whose version of a summary somebody is sent.

    ``said``: by whoever invited them, which counts before all else; then their role, then lived
    experience. Else the audience that the meeting is ``meant_for``, where that is one alone, or
    those who do the work. Of whom nothing is known, they get the citizens' version: it is written
    for everybody to understand, and leads to the other four.
    Source: dissemination.md, "The five audiences" and "Life cycle" (each audience its own).
    """
    if said:
        return said
    if found := AUDIENCE_OF_ROLE.get(role or ""):
        return found
    if group == "lived":
        return "citizens"
    if len(meant_for) == 1:
        return next(iter(meant_for))
    return "professions" if group == "practice" else "citizens"


async def send_summary(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    titles: Mapping[str, str],
    page: str,
    now: datetime,
) -> set[str]:
    """The summary of a meeting, to all who were told of it and have not said no; their addresses.

    Each gets the version of their audience: ``page`` with ``?audience=``. ``titles`` by language.
    Not to whoever said no or wants no mail about meetings. The addresses are keyed hashes.
    """
    stopped = await unsubscribed(tx, (each.address_hash for each in invitees))
    facts = {f"title_{each}": titles.get(each) or "" for each in LANGUAGES}
    told: set[str] = set()
    for invitee in invitees:
        who, address = who_is(tx, invitee), invitee.address_hash
        if not (may_tell(invitee) and who.email and address) or address in stopped:
            continue
        audience = audience_for(
            said=invitee.audience,
            role=invitee.role,
            group=invitee.group,
            meant_for=meeting.audiences,
        )
        await queue_mail(
            tx,
            "summary_published",
            to=who.email,
            language=invitee.language,
            facts={
                **facts,
                "url": f"{page}?audience={audience}",
                "came": "yes" if _has_place(invitee) else "",
                "unsubscribe": f"/replies/{mailed_secret(tx, invitee)}/no-more",
            },
            now=now,
            about=invitee.id,
            quiet_zone=invitee.zone,
        )
        told.add(address)
    return told


async def send_follow_up(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    count: int,
    board: str,
    now: datetime,
    sender: Sender,
    late: bool = False,
) -> int:
    """Three months later: what became of so many recommendations."""
    return await write(
        tx,
        "meeting_follow_up",
        meeting,
        invitees,
        now=now,
        sender=sender,
        facts={"n": str(count), "url": board},
        late=late,
    )
