"""Who has a place: what ``hub.meetings.places`` decides, written down and told.

Source: dissemination.md, "RSVP".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from hub.meetings import letters, places, states
from hub.meetings.actions.finding import list_invitees
from hub.meetings.letters import Sender
from hub.meetings.models import Invitee, Meeting
from hub.schedule.actions import Planned, drop, plan_all


def guest_of(invitee: Invitee) -> places.Guest:
    """What decides about a place."""
    return places.Guest(
        id=invitee.id,
        group=invitee.group,
        reply=invitee.reply,
        replied_at=invitee.replied_at,
        place=invitee.place,
        waiting_since=invitee.waiting_since,
        offered_until=invitee.offered_until,
        deputy_for=invitee.deputy_for,
        zone=invitee.zone,
    )


def put_guest(invitee: Invitee, guest: places.Guest) -> None:
    """Write down what was decided."""
    invitee.reply, invitee.replied_at = guest.reply, guest.replied_at
    invitee.place, invitee.waiting_since = guest.place, guest.waiting_since
    invitee.offered_until = guest.offered_until


async def settle(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: Sequence[Invitee],
    *,
    now: datetime,
    sender: Sender,
    quiet: frozenset[str] = frozenset(),
) -> list[places.Change]:
    """Deal out places, offer what came free, and tell those who did not ask just now.

    ``quiet``: ids of invitees who are told in another way. What changed, in order of time.
    """
    changes = places.settle(
        [guest_of(each) for each in invitees],
        capacity=meeting.capacity,
        quotas=meeting.quotas,
        now=now,
        starts_at=meeting.starts_at,
        reply_by=meeting.reply_by,
        confirmed=meeting.state not in ("planned", "invited"),
    )
    if not changes:
        return []
    by_id = {each.id: each for each in invitees}
    for change in changes:
        invitee = by_id[change.id]
        invitee.place, invitee.waiting_since = change.place, change.waiting_since
        invitee.offered_until = change.offered_until
    over = [by_id[c.id] for c in changes if c.why != "offered"]
    await letters.drop_waiting(tx, over, ("place_offered",))
    await drop(tx, [each.id for each in over], kinds=("offer_ends",), fault="already_done")
    offered = [by_id[c.id] for c in changes if c.why == "offered"]
    await letters.send_offers(tx, meeting, offered, now=now, sender=sender)
    await plan_all(
        tx,
        [
            Planned(
                "offer_ends",
                each.id,
                each.offered_until,
                # Somebody may be offered a place more than once: each has its own end.
                round=int(each.offered_until.timestamp()) // 60,
                title=title_of(meeting),
            )
            for each in offered
            if each.offered_until
        ],
        now=now,
    )
    given = [by_id[c.id] for c in changes if c.why == "given" and c.id not in quiet]
    await letters.send_replies(tx, meeting, given, now=now, sender=sender)
    return changes


async def offer_places(tx: AsyncSession, meeting: Meeting, *, now: datetime, sender: Sender) -> int:
    """Settle who has a place as things stand now; how many invitees that changed."""
    if meeting.state not in states.TAKES_REPLIES:
        return 0
    invitees = await list_invitees(tx, meeting.id)
    return len(await settle(tx, meeting, invitees, now=now, sender=sender))


async def count_before(tx: AsyncSession, invitee: Invitee) -> int:
    """How many wait for a place in front of somebody; 0 for who is next, or does not wait."""
    if invitee.place != "waiting":
        return 0
    guests = [guest_of(each) for each in await list_invitees(tx, invitee.meeting_id)]
    return (places.place_in_line(guest_of(invitee), guests) or 1) - 1


def title_of(meeting: Meeting) -> dict[str, str]:
    """As the page of timed work shows it: the neutral title, since others see that page too."""
    return dict(meeting.short_title if any(meeting.short_title.values()) else meeting.title)
