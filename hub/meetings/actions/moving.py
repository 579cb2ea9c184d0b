"""The life of a meeting: acts of organisers, another date, and what follows from the live session.

Source: dissemination.md, "Life cycle".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import SYSTEM, note
from hub.errors import Forbidden, Invalid, Refusal
from hub.following import actions as following
from hub.gatherings import actions as gatherings
from hub.gatherings import rules as gathering_rules
from hub.gatherings.models import Gathering, find_gathering, list_said
from hub.meetings import letters, places, states, times
from hub.meetings.actions.finding import list_invitees
from hub.meetings.actions.planning import read_reply_by, read_texts, set_session_start
from hub.meetings.actions.seating import guest_of, settle
from hub.meetings.actions.showing import show_in_search
from hub.meetings.actions.timing import default_reply_by, plan_tasks
from hub.meetings.letters import Sender
from hub.meetings.models import Invitee, Meeting
from hub.people.models import Account
from hub.schedule.actions import drop
from hub.schedule.models import Task

REASON_LIMIT: Final = 500
# Before these acts the date has to be the organiser's own, and to come.
NEEDS_DATE: Final = ("invite", "confirm")
# A recommendation that something can still happen with.
OPEN: Final = ("open", "doing")
# Owners who were asked within this time are not asked again.
LATELY: Final = timedelta(days=30)


def may_move(meeting: Meeting) -> bool:
    """Whether a meeting can get another date."""
    return meeting.state in states.CHANGEABLE


def read_reason(value: object, *, needed: bool) -> dict[str, str]:
    """A reason in both languages. Raises Invalid at ``/reason/sv`` and ``/reason/en``."""
    faults: dict[str, str] = {}
    reason = read_texts(value, "/reason", faults, limit=REASON_LIMIT)
    if needed:
        faults = {
            f"/reason/{each}": "reason_missing" for each, text in reason.items() if not text
        } | faults
    if faults:
        raise Invalid(faults)
    return reason


async def move_meeting(
    tx: AsyncSession,
    meeting: Meeting,
    *,
    starts: str,
    ends: str,
    account: Account,
    now: datetime,
    sender: Sender,
    zone: str | None = None,
    fold: int | None = None,
    reason: Mapping[str, str] | None = None,
    reply_by: str | None = None,
) -> bool:
    """Give a meeting another date; all who were invited and have not said no are told why.

    ``starts``, ``ends`` and ``reply_by`` are on the wall clock of ``zone``. Without ``reply_by``
    the last day for replies moves by as much. Places stay; what waits to be sent or done moves. The
    same date again changes nothing, and returns False. Raises Invalid, and Refusal
    (``meeting_state``) once it has begun or is cancelled.
    """
    after = states.state_after_move(meeting.state, invited=meeting.invited_at is not None)
    zone = times.read_zone(zone or meeting.zone)
    local = times.read_local(starts), times.read_local(ends, field="ends")
    starts_at, ends_at = times.instants_of(*local, zone, fold=fold)
    same = (starts_at, ends_at, zone) == (meeting.starts_at, meeting.ends_at, meeting.zone)
    if same and meeting.state != "postponed":
        return False
    if starts_at <= now:
        raise Invalid({"/starts": "time_past"})
    told = read_reason(reason, needed=meeting.invited_at is not None)
    was, was_local = meeting.starts_at, times.read_local(meeting.starts_local)
    if reply_by:
        meeting.reply_by = read_reply_by(reply_by, zone, starts_at=starts_at)
    elif meeting.reply_by is not None:
        # By the wall clock, as the start: across a change of clocks it is the same hour still.
        moved = times.local_of(meeting.reply_by, meeting.zone) + (local[0] - was_local)
        meeting.reply_by = min(max(times.instant_kept(moved, zone), now), starts_at)
    meeting.zone, meeting.fold = zone, times.fold_of(starts_at, zone)
    meeting.starts_local, meeting.ends_local = (times.write_local(each) for each in local)
    meeting.starts_at, meeting.ends_at = starts_at, ends_at
    meeting.to_confirm = False
    # The mail about the new date tells of all else too.
    meeting.untold = {}
    if after == "invited" and meeting.reply_by is not None and meeting.reply_by <= now:
        meeting.reply_by = default_reply_by(meeting, now)
    meeting.sequence += meeting.state != "draft"
    meeting.state, meeting.state_reason, meeting.updated_at = after, told, now
    if meeting.needs_erased_at is not None:
        # What is asked for the new date is erased after that.
        meeting.needs_erased_at = None
    gathering = await find_gathering(tx, meeting.gathering_id) if meeting.gathering_id else None
    if gathering is not None:
        await set_session_start(tx, meeting, gathering, now=now)
    await note(
        tx,
        "meeting_moved",
        actor=account.id,
        now=now,
        subject=meeting.id,
        starts=letters.moment(starts_at),
    )
    await _follow(tx, meeting, now=now)
    if meeting.invited_at is not None:
        invitees = await list_invitees(tx, meeting.id)
        await letters.send_moved(
            tx, meeting, invitees, reason=told, was=was, now=now, sender=sender
        )
        await settle(tx, meeting, invitees, now=now, sender=sender)
    await tx.flush()
    return True


async def confirm_date(
    tx: AsyncSession, meeting: Meeting, *, account: Account, now: datetime
) -> None:
    """The organiser's yes to a date that the hub moved off a weekend or holiday. Once is enough."""
    if not meeting.to_confirm:
        return
    if meeting.state not in states.CHANGEABLE:
        raise Refusal("meeting_over")
    meeting.to_confirm, meeting.updated_at = False, now
    await note(
        tx, "meeting_changed", actor=account.id, now=now, subject=meeting.id, fields="to_confirm"
    )
    await _follow(tx, meeting, now=now)


async def note_published(
    tx: AsyncSession, gathering_id: str, *, titles: Mapping[str, str], page: str, now: datetime
) -> set[str]:
    """What came of the session is published: so is the meeting that was held in it, if it ended.

    Each who was invited there is sent the version of ``page`` for their audience. Returns the keyed
    hashes of the addresses that were written to. Source: dissemination.md, "Life cycle", published.
    """
    meeting = await tx.scalar(
        select(Meeting)
        .where(Meeting.gathering_id == gathering_id, Meeting.state.in_(states.HELD))
        .with_for_update()
    )
    if meeting is None:
        return set()
    if meeting.state == "ended":
        meeting.state, meeting.updated_at = states.next_state(meeting.state, "publish"), now
        await _follow(tx, meeting, now=now)
    invitees = await list_invitees(tx, meeting.id)
    return await letters.send_summary(tx, meeting, invitees, titles=titles, page=page, now=now)


async def _follow(tx: AsyncSession, meeting: Meeting, *, now: datetime) -> None:
    """What has to agree with a meeting's state and date."""
    await tx.flush()
    if meeting.state != "draft":
        await plan_tasks(tx, meeting, now=now)
    await show_in_search(tx, meeting)


async def act_on(
    tx: AsyncSession,
    meeting: Meeting,
    act: str,
    *,
    account: Account | None,
    now: datetime,
    sender: Sender,
    reason: Mapping[str, str] | None = None,
    late: bool = False,
) -> int:
    """Carry out an act of ``states.ACTS``; how many mails that put in line.

    ``account`` None: the hub does it, because it is time or the live session got there. ``reason``
    is for postponing and cancelling, in both languages. ``late``: the hub was off, and mails say
    so. Raises Refusal (``meeting_state`` where the state forbids it, ``date_to_confirm``,
    ``meeting_past``, ``recommendations_open``), Forbidden for a role that may not, and Invalid.
    """
    after = states.next_state(meeting.state, act)
    if account is not None and account.role not in states.ACTS[act].roles:
        raise Forbidden()
    told = read_reason(reason, needed=states.ACTS[act].reason)
    await _check(tx, meeting, act, now=now)
    before, meeting.state, meeting.updated_at = meeting.state, after, now
    meeting.state_reason = told if states.ACTS[act].reason else {}
    if act in ("confirm", "postpone", "cancel") or before == "postponed":
        meeting.sequence += before != "draft"
    count = await _carry_out(
        tx, meeting, act, before=before, reason=told, now=now, sender=sender, late=late
    )
    actor = account.id if account else SYSTEM
    if act in ("invite", "cancel", "postpone"):
        word = {"invite": "invited", "cancel": "cancelled", "postpone": "postponed"}[act]
        await note(tx, f"meeting_{word}", actor=actor, now=now, subject=meeting.id, count=count)
    await _follow(tx, meeting, now=now)
    return count


async def _check(tx: AsyncSession, meeting: Meeting, act: str, *, now: datetime) -> None:
    if act == "plan":
        states.check_can_be_planned(
            meeting.kind,
            purpose=meeting.purpose,
            audiences=meeting.audiences,
            cohost=meeting.cohost,
            goes_without_cohost=any(code.startswith("cohost") for code in meeting.accepted),
        )
    if act in NEEDS_DATE and meeting.to_confirm:
        raise Refusal("date_to_confirm")
    if act in ("plan", *NEEDS_DATE) and meeting.starts_at <= now:
        raise Refusal("meeting_past")
    if act == "close" and meeting.gathering_id is not None:
        _, still_open = await recommendation_counts(tx, meeting.gathering_id)
        if still_open:
            raise Refusal("recommendations_open", count=still_open)


async def _carry_out(
    tx: AsyncSession,
    meeting: Meeting,
    act: str,
    *,
    before: str,
    reason: dict[str, str],
    now: datetime,
    sender: Sender,
    late: bool,
) -> int:
    if act in ("plan", "postpone", "cancel") and meeting.gathering_id is not None:
        gathering = await find_gathering(tx, meeting.gathering_id)
        if gathering is not None:
            await set_session_start(tx, meeting, gathering, now=now)
    if act == "plan" and before == "postponed":
        # They were told that it is off: the invitation tells them anew.
        for each in await list_invitees(tx, meeting.id):
            each.invited_at = None
        meeting.invited_at = None
    if act == "end":
        meeting.ended_at = meeting.ended_at or now
        return 0
    if act == "invite":
        meeting.invited_at = now
        if meeting.reply_by is None or meeting.reply_by <= now:
            meeting.reply_by = default_reply_by(meeting, now)
    if act == "follow_up":
        meeting.followed_up_at = now
    if act not in ("invite", "confirm", "postpone", "cancel", "follow_up"):
        return 0
    invitees = await list_invitees(tx, meeting.id)
    if act == "invite":
        return await letters.send_invitations(
            tx, meeting, invitees, now=now, sender=sender, late=late
        )
    if act == "confirm":
        # Seats that were kept for groups go to the waiting list.
        await settle(tx, meeting, invitees, now=now, sender=sender)
        return await letters.send_confirmed(tx, meeting, invitees, now=now, sender=sender)
    if act == "follow_up":
        return await _tell_what_happened(tx, meeting, invitees, now=now, sender=sender, late=late)
    return await _call_off(tx, meeting, invitees, reason=reason, now=now, sender=sender)


async def _call_off(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: list[Invitee],
    *,
    reason: dict[str, str],
    now: datetime,
    sender: Sender,
) -> int:
    """Postponed or cancelled: nobody is offered a place in what is not held."""
    await drop(tx, [each.id for each in invitees], kinds=("offer_ends",))
    for each in invitees:
        if each.place == "offered":
            each.place, each.offered_until = "waiting", None
    if meeting.invited_at is None:
        return 0
    return await letters.send_cancelled(
        tx, meeting, invitees, reason=reason, now=now, sender=sender
    )


async def _tell_what_happened(
    tx: AsyncSession,
    meeting: Meeting,
    invitees: list[Invitee],
    *,
    now: datetime,
    sender: Sender,
    late: bool,
) -> int:
    if meeting.gathering_id is None:
        return 0
    await _ask_owners(tx, meeting.gathering_id, now=now)
    promised, _ = await recommendation_counts(tx, meeting.gathering_id)
    if not promised:
        return 0
    came = [each for each in invitees if places.is_coming(guest_of(each))]
    board = f"/recommendations?case={meeting.cases[0]}" if len(meeting.cases) == 1 else ""
    return await letters.send_follow_up(
        tx,
        meeting,
        came,
        count=promised,
        board=board or "/recommendations",
        now=now,
        sender=sender,
        late=late,
    )


async def _ask_owners(tx: AsyncSession, gathering_id: str, *, now: datetime) -> None:
    """Owners who would be asked later, and were not asked lately, are asked now."""
    owners = await following.list_owners(tx, gathering_id)
    lately = now - LATELY
    quiet = [key for key, o in owners.items() if o.asked_at is None or o.asked_at < lately]
    await tx.execute(
        update(Task)
        .where(
            Task.kind == following.ASK,
            Task.about.in_(quiet),
            Task.state == "waiting",
            Task.due_at > now,
        )
        .values(due_at=now, until_at=None)
        .execution_options(synchronize_session=False)
    )


async def recommendation_counts(tx: AsyncSession, gathering_id: str) -> tuple[int, int]:
    """How many recommendations a session adopted, and with how many nothing has ended yet."""
    said = await list_said(tx, gathering_id)
    adopted = [
        draft.id
        for draft in gathering_rules.drafts_of(said)
        if gathering_rules.decision_on(draft.id, said).result in gathering_rules.ADOPTED
    ]
    progress = await gatherings.latest_progress(tx, adopted) if adopted else {}
    status = {key: progress[key].status if key in progress else "open" for key in adopted}
    return len(adopted), sum(each in OPEN for each in status.values())


async def close_if_settled(
    tx: AsyncSession, meeting: Meeting, *, now: datetime, sender: Sender
) -> bool:
    """Close a meeting that was followed up, once every recommendation is done or dropped.

    One without recommendations is closed by the organiser.
    """
    if meeting.state != "followed_up" or meeting.gathering_id is None:
        return False
    adopted, still_open = await recommendation_counts(tx, meeting.gathering_id)
    if not adopted or still_open:
        return False
    await act_on(tx, meeting, "close", account=None, now=now, sender=sender)
    return True


async def follow_session(
    tx: AsyncSession, meeting: Meeting, gathering: Gathering, *, now: datetime, sender: Sender
) -> bool:
    """Let a meeting's state follow its live session: begun, and closed. True where it changed."""
    begun = gathering.started_at is not None and gathering.state in ("running", "paused", "closed")
    changed = False
    if begun and meeting.state in states.ACTS["start"].before:
        await act_on(tx, meeting, "start", account=None, now=now, sender=sender)
        changed = True
    if gathering.state == "closed" and meeting.state == "live":
        meeting.ended_at = gathering.closed_at
        await act_on(tx, meeting, "end", account=None, now=now, sender=sender)
        changed = True
    return changed
