"""Who may enter, and what a session asks for where people need more care.

Source: privacy-and-access.md, "Vulnerable groups" and "Taking back".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from hub.errors import Invalid, Refusal
from hub.people.rules import clean_text, is_blank

InvitationState = Literal["waiting", "used", "declined", "recalled"]
ACCESSES: Final = ("open", "invited")
# Source: privacy-and-access.md, "at most six participants".
GUARDED_SEATS: Final = 6
# How long a guarded session may run without a facilitator.
ALONE_SECONDS: Final = 120
# Source: privacy-and-access.md, "follow-up within two days".
FOLLOW_UP_DAYS: Final = 2
# Hours after the end at which whoever made the session is reminded to follow up.
REMINDER_HOURS: Final = (24, 40)
# More than any room holds: nobody needs more links in one session, or in one go.
INVITATIONS_LIMIT: Final = 300
AT_ONCE_LIMIT: Final = 50
LABEL_LIMIT: Final = 80
SUPPORT_LIMIT: Final = 120


def is_guarded(marked: bool, *, vulnerable: bool) -> bool:
    """Whether the rules for people who need more care apply.

    ``marked``: whoever planned the session said so. ``vulnerable``: its case study does.
    """
    return marked or vulnerable


def access_of(chosen: str, *, guarded: bool) -> str:
    """Who may come in: a guarded session is by invitation, whatever was chosen before."""
    return "invited" if guarded else chosen


def check_access(chosen: object, *, guarded: bool) -> str:
    """Who may come in; None follows from ``guarded``.

    Raises Invalid for a word that is none, and for a guarded session that anyone may enter.
    """
    if chosen is None:
        return "invited" if guarded else "open"
    if chosen not in ACCESSES:
        raise Invalid({"/access": "access_unknown"})
    if guarded and chosen != "invited":
        raise Invalid({"/access": "guarded_invited"})
    return str(chosen)


def read_support(given: Mapping[str, object] | None) -> dict[str, str] | None:
    """Whom people turn to: ``name`` and ``contact``; None where neither is given.

    Raises Invalid where one of them is missing or too long.
    """
    values = {part: clean_text(str((given or {}).get(part) or "")) for part in ("name", "contact")}
    found = {part: "" if is_blank(text) else text for part, text in values.items()}
    if not any(found.values()):
        return None
    faults: dict[str, str] = {}
    if not found["name"]:
        faults["/support/name"] = "support_name_missing"
    if not found["contact"]:
        faults["/support/contact"] = "support_contact_missing"
    for part, text in found.items():
        if len(text) > SUPPORT_LIMIT:
            faults[f"/support/{part}"] = "support_too_long"
    if faults:
        raise Invalid(faults)
    return found


def check_support(support: Mapping[str, object] | None, *, guarded: bool) -> None:
    """Raises Refusal where a guarded session would begin without a support person."""
    if guarded and not support:
        raise Refusal("support_missing")


def check_seats(held: int, *, guarded: bool) -> None:
    """Raises Refusal where one more person would be too many. ``held``: seats taken now."""
    if guarded and held >= GUARDED_SEATS:
        raise Refusal("session_full")


def check_may_invite(
    live: int,
    wanted: int,
    *,
    guarded: bool,
    child: bool = False,
    guardians_said_yes: bool = False,
    no_say_in_care: bool = False,
) -> None:
    """Whether ``wanted`` more people may be invited.

    ``live``: invitations that wait or were used. ``no_say_in_care``: whoever asks does not decide
    on the care of those they ask. Raises Invalid for what was not confirmed, Refusal where it
    would be too many.
    """
    faults: dict[str, str] = {}
    if not 1 <= wanted <= AT_ONCE_LIMIT:
        faults["/count"] = "count_range"
    if child and not guarded:
        faults["/child"] = "child_guarded"
    elif child and not guardians_said_yes:
        faults["/guardians_said_yes"] = "guardians_missing"
    if guarded and not no_say_in_care:
        faults["/no_say_in_care"] = "no_say_in_care_missing"
    if faults:
        raise Invalid(faults)
    limit = GUARDED_SEATS if guarded else INVITATIONS_LIMIT
    if live + wanted > limit:
        raise Refusal("invitations_full", limit=limit)


def invitation_state(
    *, used_at: datetime | None, declined_at: datetime | None, recalled_at: datetime | None
) -> InvitationState:
    """Where an invitation stands. A no is for good, and a recall ends a seat that was taken."""
    if declined_at is not None:
        return "declined"
    if recalled_at is not None:
        return "recalled"
    return "waiting" if used_at is None else "used"


def is_left_alone(now: datetime, *, last_here_at: datetime) -> bool:
    """Whether a guarded session has run for too long without a facilitator."""
    return now - last_here_at > timedelta(seconds=ALONE_SECONDS)


def follow_up_by(
    *, guarded: bool, started_at: datetime | None, closed_at: datetime | None
) -> datetime | None:
    """Until when each person is to be followed up; None where that is not asked for."""
    if not guarded or started_at is None or closed_at is None:
        return None
    return closed_at + timedelta(days=FOLLOW_UP_DAYS)


def reminders_due(now: datetime, *, closed_at: datetime) -> int:
    """How many reminders to follow up should have gone out by now."""
    hours = (now - closed_at).total_seconds() / 3600
    return sum(1 for each in REMINDER_HOURS if hours >= each)
