"""No more mail, and being erased from the calendar.

Source: privacy-and-access.md, "Taking back".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import SYSTEM, note
from hub.mail.models import Mail
from hub.meetings import letters, states
from hub.meetings.actions.finding import access_by_secret
from hub.meetings.actions.inviting import erase_rows
from hub.meetings.actions.seating import offer_places
from hub.meetings.letters import Sender, hash_address, proves_address, seal_who, who_is
from hub.meetings.models import Invitee, Meeting, NoMail


async def stop_mail(tx: AsyncSession, secret: str, *, now: datetime) -> Invitee:
    """No more mail about meetings to this person's address, of any meeting. Once is enough.

    Invitations, replies and places stay as they are: this is about mail. Where the address was
    only typed in, it is taken off this one reply, since it may be somebody else's. Raises NotFound.
    """
    meeting, invitee = await access_by_secret(tx, secret)
    del meeting
    if invitee.address_hash is None:
        return invitee
    if not proves_address(tx, invitee, secret):
        await tx.execute(delete(Mail).where(Mail.about == invitee.id, Mail.due_at.is_not(None)))
        who = who_is(tx, invitee)
        invitee.sealed = seal_who(tx, letters.Who(who.name, "", who.secret))
        invitee.address_hash = None
        return invitee
    await _stop(tx, invitee.address_hash, now=now)
    return invitee


async def _stop(tx: AsyncSession, address_hash: str, *, now: datetime) -> None:
    if await tx.get(NoMail, address_hash) is None:
        tx.add(NoMail(address_hash=address_hash, at=now))
    same = select(Invitee.id).where(Invitee.address_hash == address_hash)
    await tx.execute(
        delete(Mail)
        .where(Mail.about.in_(same), Mail.due_at.is_not(None))
        .execution_options(synchronize_session=False)
    )
    await tx.flush()


async def erase_invitee(tx: AsyncSession, secret: str, *, now: datetime, sender: Sender) -> Meeting:
    """Whoever has this personal link erases themselves: from every meeting, for good.

    Where the link does not show that the address is theirs, only this reply of theirs is erased.
    Returns the meeting of the link. Raises NotFound.
    """
    meeting, invitee = await access_by_secret(tx, secret)
    if invitee.address_hash is not None and proves_address(tx, invitee, secret):
        await _withdraw(tx, invitee.address_hash, now=now, sender=sender, actor=invitee.id)
    else:
        await _erase(tx, [invitee], now=now, sender=sender, actor=invitee.id)
    return meeting


async def withdraw_address(
    tx: AsyncSession, email: str, *, now: datetime, sender: Sender, actor: str = SYSTEM
) -> int:
    """Erase an address from every meeting, past and coming; how many invitations it had.

    Names, replies, needs, questions, feedback, mails and timed work about them go. The hub keeps
    one keyed hash, so that the address is not written to again.
    """
    return await _withdraw(tx, hash_address(tx, email), now=now, sender=sender, actor=actor)


async def _withdraw(
    tx: AsyncSession, address_hash: str, *, now: datetime, sender: Sender, actor: str
) -> int:
    await _stop(tx, address_hash, now=now)
    found = await tx.scalars(select(Invitee).where(Invitee.address_hash == address_hash))
    invitees = list(found)
    await _erase(tx, invitees, now=now, sender=sender, actor=actor)
    return len(invitees)


async def _erase(
    tx: AsyncSession, invitees: Sequence[Invitee], *, now: datetime, sender: Sender, actor: str
) -> None:
    meeting_ids = {invitee.meeting_id for invitee in invitees}
    await erase_rows(tx, invitees)
    await note(tx, "invitee_erased", actor=actor, now=now, count=len(invitees))
    coming = await tx.scalars(
        select(Meeting)
        .where(Meeting.id.in_(meeting_ids), Meeting.state.in_(states.TAKES_REPLIES))
        .order_by(Meeting.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    # Few are open for replies at a time.
    for meeting in list(coming):
        await offer_places(tx, meeting, now=now, sender=sender)
