"""Who has a place: kept seats, the waiting list, and offers of places that came free.

Seats kept for a group stay free for it until the meeting is confirmed. Nobody who has a place
loses it to somebody else. Source: dissemination.md, "RSVP" and "Life cycle".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub.errors import Refusal
from hub.meetings.times import STOCKHOLM, quiet_until

REPLIES: Final = ("room", "online", "maybe", "no", "deputy")
YES: Final = ("room", "online")
PLACES: Final = ("held", "waiting", "offered")
# A freed place is offered for so long, and for so long in the last week.
OFFER: Final = timedelta(hours=48)
LATE_OFFER: Final = timedelta(hours=24)
LAST_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True)
class Guest:
    """Of an invitee: what decides who has a place. ``zone`` is where nights are counted.

    ``offered_until`` without a place: an offer that they let pass; whoever replies anew has both
    ``waiting_since`` and ``offered_until`` emptied (``replied``).
    """

    id: str
    group: str | None = None
    reply: str | None = None
    replied_at: datetime | None = None
    place: str | None = None
    waiting_since: datetime | None = None
    offered_until: datetime | None = None
    deputy_for: str | None = None
    zone: str = STOCKHOLM


@dataclass(frozen=True)
class Change:
    """What becomes of an invitee; ``why`` names the mail, where one is sent.

    ``given``: they have a place. ``queued``: they wait. ``offered``: a place came free for them.
    ``lapsed``: their offer has run out. ``freed``: they do not come. ``passed_on``: their deputy
    has the place.
    """

    id: str
    place: str | None
    waiting_since: datetime | None
    offered_until: datetime | None
    why: str


@dataclass(frozen=True)
class Count:
    """How a meeting's places stand. ``free`` is None where there is no limit."""

    held: int
    offered: int
    waiting: int
    free: int | None
    # Of what is free, kept for groups.
    kept: Mapping[str, int]


def settle(
    guests: Iterable[Guest],
    *,
    capacity: int | None,
    quotas: Mapping[str, int],
    now: datetime,
    starts_at: datetime,
    reply_by: datetime | None = None,
    confirmed: bool = False,
) -> list[Change]:
    """Who gets, loses, waits for or is offered a place now; only what changes, in order of time.

    ``capacity``: seats in all, None: no limit. ``quotas``: seats kept for groups until the meeting
    is ``confirmed``. A maybe holds a place until ``reply_by`` and counts as no after it. Calling it
    again changes nothing.
    """
    settled = list(guests)
    before = {guest.id: guest for guest in settled}
    closed = reply_by is not None and now > reply_by
    why: dict[str, str] = {}
    room = _Room({g.id: g for g in settled}, capacity, {} if confirmed else dict(quotas))

    def put(guest: Guest, reason: str, **values: object) -> None:
        room.guests[guest.id] = replace(guest, **values)  # type: ignore[arg-type]
        why[guest.id] = reason

    deputies = {g.deputy_for: g for g in settled if g.deputy_for and g.reply}
    for guest in settled:
        if guest.place == "offered" and guest.offered_until and guest.offered_until <= now:
            put(guest, "lapsed", place=None, waiting_since=None)
        elif guest.place and not _comes(guest, closed=closed, deputies=deputies):
            deputy = deputies.get(guest.id)
            if guest.reply == "deputy" and guest.place == "held" and deputy and _wants(deputy):
                put(guest, "passed_on", place=None, waiting_since=None, offered_until=None)
                put(deputy, "given", place="held", waiting_since=None, offered_until=None)
            else:
                put(guest, "freed", place=None, waiting_since=None, offered_until=None)

    over = now >= starts_at
    for guest in sorted(room.in_line(), key=lambda g: (g.waiting_since or now, g.id)):
        if not over and room.fits(guest.group):
            until = _offer_ends(guest, now=now, starts_at=starts_at)
            put(guest, "offered", place="offered", offered_until=until)
    asking = [
        guest
        for guest in room.guests.values()
        if guest.place is None and guest.offered_until is None and _wants(guest, maybe=not closed)
    ]
    for guest in sorted(asking, key=lambda g: (g.replied_at or now, g.id)):
        if room.fits(guest.group):
            put(guest, "given", place="held", waiting_since=None)
        else:
            put(guest, "queued", place="waiting", waiting_since=guest.replied_at or now)
    return [
        Change(g.id, g.place, g.waiting_since, g.offered_until, why[g.id])
        for g in room.guests.values()
        if g.id in why and g != before[g.id]
    ]


def replied(guest: Guest, reply: str, *, now: datetime) -> Guest:
    """The guest with a new reply, to be settled.

    Who holds, waits for or is offered a place keeps it while they still want to come; a yes to an
    offer takes it. Who waits keeps the place in the line.
    """
    if guest.place == "offered" and reply in YES:
        return replace(
            guest,
            reply=reply,
            replied_at=now,
            place="held",
            waiting_since=None,
            offered_until=None,
        )
    again = replace(guest, reply=reply, replied_at=now)
    if guest.place is None:
        again = replace(again, waiting_since=None, offered_until=None)
    return again


def take_offer(guest: Guest, *, now: datetime) -> Guest:
    """The guest with the place that was offered. Raises Refusal: ``offer_over``."""
    if guest.place == "held":
        return guest
    if guest.place != "offered" or guest.offered_until is None or guest.offered_until <= now:
        raise Refusal("offer_over")
    return replace(guest, place="held", waiting_since=None, offered_until=None)


def count_places(
    guests: Iterable[Guest],
    *,
    capacity: int | None,
    quotas: Mapping[str, int],
    confirmed: bool = False,
) -> Count:
    """How many places are held, offered, waited for, free, and kept for groups."""
    room = _Room({g.id: g for g in guests}, capacity, {} if confirmed else dict(quotas))
    taken = room.taken()
    states = [guest.place for guest in room.guests.values()]
    return Count(
        held=states.count("held"),
        offered=states.count("offered"),
        waiting=states.count("waiting"),
        free=None if capacity is None else max(0, capacity - taken),
        kept={group: kept for group in quotas if (kept := room.kept(group)) > 0},
    )


def place_in_line(guest: Guest, guests: Sequence[Guest]) -> int | None:
    """1 for who is next on the waiting list, over all groups; None for who does not wait."""
    line = sorted(
        (g for g in guests if g.place == "waiting"),
        key=lambda g: (g.waiting_since is None, g.waiting_since, g.id),
    )
    return next((n for n, each in enumerate(line, 1) if each.id == guest.id), None)


def is_coming(guest: Guest) -> bool:
    """True for who said yes and has a place: who is reminded and let in."""
    return guest.place == "held" and guest.reply in YES


class _Room:
    """The seats while they are dealt out."""

    def __init__(
        self, guests: dict[str, Guest], capacity: int | None, quotas: dict[str, int]
    ) -> None:
        self.guests = guests
        self.capacity = capacity
        self.quotas = quotas

    def taken(self, group: str | None = None) -> int:
        """Seats held or offered; of one group where one is named."""
        return sum(
            guest.place in ("held", "offered") and (group is None or guest.group == group)
            for guest in self.guests.values()
        )

    def kept(self, group: str) -> int:
        return max(0, self.quotas.get(group, 0) - self.taken(group))

    def fits(self, group: str | None) -> bool:
        if self.capacity is None:
            return True
        others = sum(self.kept(each) for each in self.quotas if each != group)
        return self.taken() + others < self.capacity

    def in_line(self) -> list[Guest]:
        return [guest for guest in self.guests.values() if guest.place == "waiting"]


def _wants(guest: Guest, *, maybe: bool = True) -> bool:
    return guest.reply in YES or (maybe and guest.reply == "maybe")


def _comes(guest: Guest, *, closed: bool, deputies: Mapping[str, Guest]) -> bool:
    """True while a guest's claim to a place stands."""
    if guest.reply == "deputy":
        # Kept for the deputy until they have replied, or can no longer.
        return guest.id not in deputies and not closed
    return _wants(guest, maybe=not closed)


def _offer_ends(guest: Guest, *, now: datetime, starts_at: datetime) -> datetime:
    # At night no mail goes out: the hours are counted from when it can be read.
    told = quiet_until(now, guest.zone) or now
    hours = LATE_OFFER if starts_at - told <= LAST_WEEK else OFFER
    return min(told + hours, starts_at)
