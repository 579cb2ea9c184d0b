"""The life of a meeting: which act leads from which state to which, and who may do it.

Source: dissemination.md, "Life cycle".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.errors import Invalid, Refusal

STATES: Final = (
    "draft",
    "planned",
    "invited",
    "confirmed",
    "live",
    "ended",
    "published",
    "followed_up",
    "closed",
    "postponed",
    "cancelled",
)
# Any time before live.
BEFORE_LIVE: Final = ("draft", "planned", "invited", "confirmed")
# The date stands in calendars; a draft is nobody's business but the organisers'.
SHOWN: Final = tuple(state for state in STATES if state != "draft")
# The date no longer holds.
OFF: Final = ("postponed", "cancelled")
# Replies are taken, while the last day for them has not passed.
TAKES_REPLIES: Final = ("invited", "confirmed")
# It has been held.
HELD: Final = ("ended", "published", "followed_up", "closed")
# Where the texts, date and place may be changed.
CHANGEABLE: Final = (*BEFORE_LIVE, "postponed")
ORGANISERS: Final = ("facilitator", "editor", "admin")
WORKSHOPS: Final = ("within_case", "between_cases", "external")
KINDS: Final = ("forum", *WORKSHOPS)


@dataclass(frozen=True)
class Act:
    """What somebody does with a meeting.

    ``before``: the states that it is done in. ``roles``: of accounts that may. ``reason``: it needs
    a reason, in both languages, that those who are invited are told.
    """

    name: str
    before: tuple[str, ...]
    after: str
    roles: tuple[str, ...] = ORGANISERS
    reason: bool = False


ACTS: Final[Mapping[str, Act]] = {
    act.name: act
    for act in (
        Act("plan", ("draft", "postponed"), "planned"),
        Act("invite", ("planned",), "invited"),
        Act("confirm", ("invited",), "confirmed"),
        Act("start", ("planned", "invited", "confirmed"), "live", ("facilitator", "admin")),
        Act("end", ("live",), "ended", ("facilitator", "admin")),
        Act("publish", ("ended",), "published", ("editor", "admin")),
        Act("follow_up", ("published",), "followed_up"),
        Act("close", ("followed_up",), "closed"),
        Act("postpone", BEFORE_LIVE, "postponed", reason=True),
        Act("cancel", (*BEFORE_LIVE, "postponed"), "cancelled", reason=True),
    )
}


def next_state(state: str, act: str) -> str:
    """The state after an act. Raises Refusal: ``meeting_state``, or ``meeting_act`` if unknown."""
    found = ACTS.get(act)
    if found is None:
        raise Refusal("meeting_act")
    if state not in found.before:
        raise Refusal("meeting_state")
    return found.after


def acts_from(state: str, role: str | None = None) -> tuple[str, ...]:
    """The acts that may come next, in the table's order; those of a role where one is given."""
    return tuple(
        act.name
        for act in ACTS.values()
        if state in act.before and (role is None or role in act.roles)
    )


def state_after_move(state: str, *, invited: bool) -> str:
    """The state of a meeting that has got a new date.

    A postponed one is on again: ``invited`` says whether invitations had been sent, since those who
    have a place keep it. Raises Refusal ``meeting_state`` where it may no longer move.
    """
    if state not in CHANGEABLE:
        raise Refusal("meeting_state")
    if state == "postponed":
        return "invited" if invited else "planned"
    return state


def check_can_be_planned(
    kind: str,
    *,
    purpose: Mapping[str, str],
    audiences: tuple[str, ...] | list[str],
    cohost: str,
    goes_without_cohost: bool = False,
) -> None:
    """A planned meeting has a purpose; a workshop also an audience and a co-host.

    ``goes_without_cohost``: the organiser has given a reason to go on without one. Raises Invalid:
    ``/purpose`` ``purpose_missing``, ``/audiences`` ``audience_missing``, ``/cohost``
    ``cohost_missing``.
    """
    faults: dict[str, str] = {}
    if not any(text.strip() for text in purpose.values()):
        faults["/purpose"] = "purpose_missing"
    if kind in WORKSHOPS and not audiences:
        faults["/audiences"] = "audience_missing"
    if kind in WORKSHOPS and not cohost.strip() and not goes_without_cohost:
        faults["/cohost"] = "cohost_missing"
    if faults:
        raise Invalid(faults)


def check_reason(act: str, reason: Mapping[str, str]) -> None:
    """Raises Invalid ``reason_missing``, at ``/reason/sv`` and ``/reason/en``, where it must be."""
    if not ACTS[act].reason:
        return
    faults: dict[str, str] = {}
    if not str(reason.get("sv", "")).strip():
        faults["/reason/sv"] = "reason_missing"
    if not str(reason.get("en", "")).strip():
        faults["/reason/en"] = "reason_missing"
    if faults:
        raise Invalid(faults)
