"""No more mail, and being erased from the calendar.

Source: privacy-and-access.md, "Taking back".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import SYSTEM, note
from hub.gatherings.actions import Gone
from hub.gatherings.models import Gathering
from hub.mail.models import Mail
from hub.meetings import letters, states
from hub.meetings.actions.finding import access_by_secret
from hub.meetings.actions.inviting import erase_rows
from hub.meetings.actions.seating import settle
from hub.meetings.letters import Sender, hash_address, proves_address, seal_who, who_is
from hub.meetings.models import Invitee, Meeting, NoMail
from hub.schedule.actions import forget


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
    theirs = [invitee]
    if invitee.address_hash is not None and proves_address(tx, invitee, secret):
        # One keyed hash is kept, so that the address is not written to again.
        await _stop(tx, invitee.address_hash, now=now)
        same = select(Invitee).where(Invitee.address_hash == invitee.address_hash)
        theirs = list(await tx.scalars(same))
    await _erase(tx, theirs, now=now, sender=sender, actor=invitee.id)
    return meeting


async def withdraw_address(
    tx: AsyncSession,
    email: str,
    *,
    meeting_ids: Collection[str],
    now: datetime,
    sender: Sender,
    actor: str = SYSTEM,
) -> int:
    """Erase an address from these meetings, past or coming; from how many.

    Names, replies, needs, questions, feedback, mails and timed work about them go.
    """
    found = await tx.scalars(
        select(Invitee).where(
            Invitee.address_hash == hash_address(tx, email), Invitee.meeting_id.in_(meeting_ids)
        )
    )
    invitees = list(found)
    if invitees:
        await _erase(tx, invitees, now=now, sender=sender, actor=actor)
    return len(invitees)


async def withdraw_from_session(
    tx: AsyncSession, gathering: Gathering, gone: Gone, *, now: datetime, sender: Sender
) -> None:
    """Whoever withdraws from a live session leaves the meeting that it was held for.

    They are known by the address that they left, and leave every meeting of that series: it is one
    piece of research. Not others: nobody has shown that the address is theirs, and somebody else
    must not lose a place. Source: privacy-and-access.md, "Taking back".
    """
    if not gone.email or gone.seat_id is None:
        return
    held = (await tx.scalars(select(Meeting).where(Meeting.gathering_id == gathering.id))).all()
    series = {meeting.series_id for meeting in held if meeting.series_id is not None}
    found = await tx.scalars(
        select(Meeting.id).where(
            or_(Meeting.gathering_id == gathering.id, Meeting.series_id.in_(series))
        )
    )
    ids = list(found)
    await withdraw_address(tx, gone.email, meeting_ids=ids, now=now, sender=sender)


async def forget_invitees(tx: AsyncSession, ids: Collection[str]) -> None:
    """Erase who these invitees are, and that their links open anything. That they replied stays.

    Source: privacy-and-access.md, "Retention".
    """
    for erase in (
        delete(Mail).where(Mail.about.in_(ids)),
        update(Invitee)
        .where(Invitee.id.in_(ids))
        .values(
            secret_hash="gone-" + Invitee.id,
            sealed=None,
            address_hash=None,
            sealed_needs=None,
            sealed_question=None,
        ),
    ):
        await tx.execute(erase.execution_options(synchronize_session=False))
    await forget(tx, ids)


async def _erase(
    tx: AsyncSession, invitees: Sequence[Invitee], *, now: datetime, sender: Sender, actor: str
) -> None:
    # Locked before anything is erased: a reply that comes just now waits, and finds nobody.
    meetings = await tx.scalars(
        select(Meeting)
        .where(Meeting.id.in_({invitee.meeting_id for invitee in invitees}))
        .order_by(Meeting.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    open_ones = {each.id: each for each in meetings if each.state in states.TAKES_REPLIES}
    count = await erase_rows(tx, invitees)
    await note(tx, "invitee_erased", actor=actor, now=now, count=count)
    left: dict[str, list[Invitee]] = {}
    for each in await tx.scalars(
        select(Invitee)
        .where(Invitee.meeting_id.in_(open_ones))
        .order_by(Invitee.created_at, Invitee.id)
        .execution_options(populate_existing=True)
    ):
        left.setdefault(each.meeting_id, []).append(each)
    for meeting_id, others in left.items():
        # It asks the database nothing, unless a place has come free there.
        await settle(tx, open_ones[meeting_id], others, now=now, sender=sender)
