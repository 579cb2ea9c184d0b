"""Invitations: a link for one person to one session. Who that is, is sealed.

Source: privacy-and-access.md, "Vulnerable groups"; contract.md, ``access``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.db import secret_of
from hub.errors import Invalid, NotFound, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.guarding import is_guarded
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.queueing import lower_hand
from hub.gatherings.models import Gathering
from hub.mail.actions import drop_mails, queue_mail
from hub.people.actions import hash_secret, new_secret
from hub.people.models import Account, Invitation, Participant, is_seated
from hub.people.rules import LANGUAGES, clean_text, email_fault, is_blank
from hub.sealing import Unreadable, seal, unseal

PREFIX: Final = "iv"
PURPOSE: Final = "invitation"


@dataclass(frozen=True)
class Wanted:
    """Whom a facilitator wants to invite, as it came in.

    ``label`` is who it is for, in the facilitator's own words. ``language`` is that of the mail;
    None writes it in both.
    """

    label: str = ""
    email: str = ""
    language: str | None = None
    child: bool = False
    guardians_said_yes: bool = False
    no_say_in_care: bool = False
    count: int = 1


@dataclass(frozen=True)
class Invitee:
    """Who an invitation is for; both empty where nobody wrote it down, or it is erased."""

    label: str = ""
    email: str = ""


def is_invitation(code: str) -> bool:
    """Whether what was given as a code is the secret of an invitation."""
    return code.strip().startswith(f"{PREFIX}_")


def state_of(invitation: Invitation) -> rules.InvitationState:
    """Where an invitation stands."""
    return rules.invitation_state(
        used_at=invitation.used_at,
        declined_at=invitation.declined_at,
        recalled_at=invitation.recalled_at,
    )


async def invite_people(
    tx: AsyncSession, gathering: Gathering, wanted: Wanted, *, account: Account, now: datetime
) -> list[tuple[Invitation, str]]:
    """New invitations, each with its secret, which nobody can read again.

    Raises Invalid for what was not confirmed or cannot be read, Refusal where the session is over
    or it would be too many.
    """
    if gathering.state == "closed":
        raise Refusal("session_closed")
    label = clean_text(wanted.label)
    email = wanted.email.strip()
    faults: dict[str, str] = {}
    if len(label) > rules.LABEL_LIMIT:
        faults["/label"] = "label_too_long"
    if unreadable := email_fault(email):
        faults["/email"] = unreadable
    elif email and wanted.count != 1:
        faults["/count"] = "count_range"
    if wanted.language is not None and wanted.language not in LANGUAGES:
        faults["/language"] = "language_unknown"
    try:
        rules.check_may_invite(
            await _count_live(tx, gathering.id),
            wanted.count,
            guarded=await is_guarded(tx, gathering),
            child=wanted.child,
            guardians_said_yes=wanted.guardians_said_yes,
            no_say_in_care=wanted.no_say_in_care,
        )
    except Invalid as fault:
        faults |= fault.fields
    if faults:
        raise Invalid(faults)
    who = Invitee("" if is_blank(label) else label, email)
    made: list[tuple[Invitation, str]] = []
    for _ in range(wanted.count):
        secret = new_secret(PREFIX)
        invitation = Invitation(
            gathering_id=gathering.id,
            secret_hash=hash_secret(secret),
            sealed=_seal(tx, who),
            language=wanted.language,
            child=wanted.child,
            made_by=account.id,
            made_at=now,
        )
        tx.add(invitation)
        made.append((invitation, secret))
    await tx.flush()
    await note(
        tx,
        "invited",
        actor=account.id,
        now=now,
        subject=made[0][0].id if wanted.count == 1 else None,
        gathering_id=gathering.id,
        count=wanted.count,
        child=wanted.child,
        mailed=bool(email),
    )
    log_act(tx, gathering, account, kind="invited", now=now)
    return made


async def mail_invitation(
    tx: AsyncSession, invitation: Invitation, *, facts: Mapping[str, str], now: datetime
) -> bool:
    """Put the mail with the link in line, where an address was given. Returns whether it was.

    ``facts``: ``title``, ``url``, ``starts`` and ``inviter``.
    """
    to = invitee_of(tx, invitation).email
    if not to:
        return False
    # A link that was sent before is dead now.
    await drop_mails(tx, invitation.id)
    await queue_mail(
        tx,
        "session_invitation",
        to=to,
        language=invitation.language or "both",
        facts=facts,
        now=now,
        about=invitation.id,
    )
    return True


async def renew_invitation(
    tx: AsyncSession, gathering: Gathering, invitation_id: str, *, account: Account, now: datetime
) -> tuple[Invitation, str]:
    """A new link in the place of the old one. Raises Refusal where it is not waiting any more.

    A no is for good: above all a child's, which outranks any yes.
    """
    if gathering.state == "closed":
        raise Refusal("session_closed")
    invitation = await access_invitation(tx, gathering.id, invitation_id)
    if state_of(invitation) != "waiting":
        raise Refusal("invitation_over")
    secret = new_secret(PREFIX)
    invitation.secret_hash = hash_secret(secret)
    await note(
        tx,
        "invited",
        actor=account.id,
        now=now,
        subject=invitation.id,
        gathering_id=gathering.id,
        child=invitation.child,
        renewed=True,
    )
    await tx.flush()
    return invitation, secret


async def recall_invitation(
    tx: AsyncSession, gathering: Gathering, invitation_id: str, *, account: Account, now: datetime
) -> Participant | None:
    """The link opens nothing any more, and a seat that was taken with it ends.

    Returns whose seat that was. Once is enough.
    """
    invitation = await access_invitation(tx, gathering.id, invitation_id)
    if invitation.recalled_at is not None or invitation.declined_at is not None:
        return None
    invitation.recalled_at, invitation.sealed = now, None
    await drop_mails(tx, invitation.id)
    await note(
        tx,
        "invitation_recalled",
        actor=account.id,
        now=now,
        subject=invitation.id,
        gathering_id=gathering.id,
        seated=invitation.participant_id is not None,
    )
    log_act(tx, gathering, account, kind="invitation_recalled", now=now)
    seat = await _end_seat(tx, gathering, invitation.participant_id, account=account, now=now)
    await tx.flush()
    return seat


async def _end_seat(
    tx: AsyncSession,
    gathering: Gathering,
    participant_id: str | None,
    *,
    account: Account,
    now: datetime,
) -> Participant | None:
    seat = await tx.get(Participant, participant_id) if participant_id else None
    if seat is None or not is_seated(seat):
        return None
    seat.removed_at, seat.removed_reason, seat.left_at = now, rules.RECALLED, now
    await lower_hand(tx, gathering, seat, now=now)
    event = rules.Event("removed", now, {"participant": seat.id, "reason": rules.RECALLED})
    gathering.stage_revision = record(tx, gathering, event, actor=account.id)
    return seat


async def decline_invitation(
    tx: AsyncSession, gathering: Gathering, secret: str, *, now: datetime
) -> None:
    """Whoever was invited says no, for good; who they are is erased.

    Raises NotFound, and Refusal where the link was used.
    """
    invitation = await usable_invitation(tx, gathering, secret)
    invitation.declined_at, invitation.sealed = now, None
    await drop_mails(tx, invitation.id)
    await note(
        tx,
        "invitation_declined",
        actor=invitation.id,
        now=now,
        subject=invitation.id,
        gathering_id=gathering.id,
        child=invitation.child,
    )
    await tx.flush()


async def usable_invitation(tx: AsyncSession, gathering: Gathering, secret: str) -> Invitation:
    """The invitation to this session that a secret opens, where it waits.

    Raises NotFound where it is unknown, recalled or declined, which look alike, and Refusal
    where it was used.
    """
    invitation = await find_invitation(tx, secret)
    if invitation is None or invitation.gathering_id != gathering.id:
        raise NotFound("invitation_unknown")
    if invitation.used_at is not None:
        raise Refusal("invitation_used")
    return invitation


def use_invitation(invitation: Invitation, seat: Participant, *, now: datetime) -> None:
    """The link has done its work: it seats nobody else."""
    invitation.used_at, invitation.participant_id = now, seat.id


async def find_invitation(tx: AsyncSession, secret: str) -> Invitation | None:
    """The invitation behind a link, waiting or used; None for one that is over or never was."""
    found = await tx.scalar(
        select(Invitation).where(Invitation.secret_hash == hash_secret(secret.strip()))
    )
    if found is None or state_of(found) in ("declined", "recalled"):
        return None
    return found


async def access_invitation(tx: AsyncSession, gathering_id: str, invitation_id: str) -> Invitation:
    """An invitation to this session, in whatever state. Raises NotFound."""
    found = await tx.get(Invitation, invitation_id)
    if found is None or found.gathering_id != gathering_id:
        raise NotFound("invitation_unknown")
    return found


async def list_invitations(
    tx: AsyncSession, gathering_id: str
) -> list[tuple[Invitation, Participant | None]]:
    """The invitations to a session with the seats that were taken, newest first."""
    rows = await tx.execute(
        select(Invitation, Participant)
        .outerjoin(Participant, Participant.id == Invitation.participant_id)
        .where(Invitation.gathering_id == gathering_id)
        .order_by(Invitation.made_at.desc(), Invitation.id)
    )
    return [(invitation, seat) for invitation, seat in rows]


def invitee_of(tx: AsyncSession, invitation: Invitation) -> Invitee:
    """Who an invitation is for, as the facilitator wrote it; empty where it cannot be read."""
    if invitation.sealed is None:
        return Invitee()
    try:
        return Invitee(**json.loads(unseal(secret_of(tx), PURPOSE, invitation.sealed)))
    except Unreadable:
        return Invitee()


def _seal(tx: AsyncSession, who: Invitee) -> str | None:
    if not who.label and not who.email:
        return None
    return seal(secret_of(tx), PURPOSE, json.dumps({"label": who.label, "email": who.email}))


async def _count_live(tx: AsyncSession, gathering_id: str) -> int:
    """Invitations that wait or were used."""
    found = await tx.scalar(
        select(func.count())
        .select_from(Invitation)
        .where(
            Invitation.gathering_id == gathering_id,
            Invitation.declined_at.is_(None),
            Invitation.recalled_at.is_(None),
        )
    )
    return int(found or 0)
