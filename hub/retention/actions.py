"""Changes to how long things are kept. Never commits, never renders.

A deletion is announced two weeks before, rests on a decision, may be put on hold, and leaves a
count behind. Without a decision nothing is deleted. The audit log is never deleted: a chain with
its beginning cut off can no longer be checked, and it holds ids and counts only, which lead to
nobody once the posts and the keys are gone.
Source: privacy-and-access.md, "Retention".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from hub.audit import actions as audit
from hub.db import claim
from hub.errors import Invalid, NotFound, Refusal
from hub.following import actions as following
from hub.following.models import Owner
from hub.gatherings.actions.log import record
from hub.gatherings.models import (
    Act,
    Answer,
    BotLine,
    Contribution,
    Gathering,
    Hand,
    Presence,
    Progress,
    Translation,
)
from hub.gatherings.rules import ENDED, Event
from hub.language.models import AddedTerm, Pair
from hub.mail.actions import queue_mail
from hub.mail.models import Mail
from hub.meetings import actions as meetings
from hub.meetings.models import Invitee, Meeting
from hub.people.actions import first_facilitator, read_keys
from hub.people.models import Account, Invitation, Participant, PersonKey, SignIn, SignInLink
from hub.people.rules import clean_text, email_fault
from hub.retention import rules
from hub.retention.models import Purge, RetentionRule
from hub.sealing import Unreadable

# Why somebody exported what others said is kept: it is answered for, and names no participant.
KEPT_REASONS = ("exported",)
REPORT_LIMIT = 2000


async def read_rules(tx: AsyncSession) -> dict[str, rules.Rule]:
    """The rule of every kind, as it was set or as it is from the start."""
    found = {row.kind: row for row in await tx.scalars(select(RetentionRule))}
    return {
        kind: rules.Rule(kind, found[kind].days, found[kind].decision)
        if kind in found
        else rules.Rule(kind, rules.DEFAULT_DAYS[kind])
        for kind in rules.KINDS
    }


async def set_rule(
    tx: AsyncSession,
    kind: str,
    *,
    days: int | None,
    decision: str,
    account: Account,
    now: datetime,
) -> rules.Rule:
    """How long a kind is kept, in days, and on which decision it is deleted; empty: not at all.

    What was announced under the former rule is announced anew. Raises NotFound for an unknown
    kind, Invalid.
    """
    if kind not in rules.KINDS:
        raise NotFound("retention_kind_unknown")
    decision = clean_text(decision)
    if faults := rules.rule_faults(days=days, decision=decision):
        raise Invalid(faults)
    row = await tx.get(RetentionRule, kind)
    if row is None:
        row = RetentionRule(kind=kind, days=0)
        tx.add(row)
    row.days, row.decision = days or 0, decision
    await tx.execute(
        update(Purge)
        .where(Purge.kind == kind, Purge.state == "announced")
        .values(state="dropped")
        .execution_options(synchronize_session=False)
    )
    row.changed_at, row.changed_by = now, account.id
    await audit.note(
        tx,
        "retention_changed",
        actor=account.id,
        now=now,
        kind=kind,
        days=row.days,
        decision_length=len(decision),
    )
    return rules.Rule(kind, row.days, row.decision)


# --- announcing ---------------------------------------------------------------------------------


async def announce(tx: AsyncSession, *, now: datetime) -> list[Purge]:
    """Announce what will be due, and drop what no longer is. Returns what was announced."""
    kept = await read_rules(tx)
    purges = {(p.kind, p.subject): p for p in await tx.scalars(select(Purge))}
    _drop_outdated(purges.values(), kept)
    announced = []
    for rule in kept.values():
        if not rule.deletes:
            continue
        latest = now - timedelta(days=rule.days - rules.NOTICE_DAYS)
        for subject, since in (await _due_subjects(tx, rule.kind, until=latest)).items():
            due = rules.due_at(since, days=rule.days, now=now)
            purge = purges.get((rule.kind, subject))
            if due is None or (purge is not None and purge.state != "dropped"):
                continue
            if purge is None:
                purge = Purge(kind=rule.kind, subject=subject)
                tx.add(purge)
            purge.state, purge.decision = "announced", rule.decision
            purge.announced_at, purge.due_at = now, due
            announced.append(purge)
    await tx.flush()
    for purge in announced:
        await audit.note(
            tx,
            "purge_announced",
            actor=audit.SYSTEM,
            now=now,
            subject=purge.id,
            gathering_id=_gathering_of(purge),
            kind=purge.kind,
        )
    return announced


async def has_news(tx: AsyncSession, *, now: datetime) -> bool:
    """Whether ``announce`` would change anything, without taking the lock for it."""
    kept = await read_rules(tx)
    purges = {(p.kind, p.subject): p.state for p in await tx.scalars(select(Purge))}
    waiting = await tx.scalars(select(Purge).where(Purge.state == "announced"))
    if any(_is_outdated(purge, kept) for purge in waiting):
        return True
    for rule in kept.values():
        latest = now - timedelta(days=rule.days - rules.NOTICE_DAYS)
        found = await _due_subjects(tx, rule.kind, until=latest) if rule.deletes else {}
        if any(purges.get((rule.kind, s), "dropped") == "dropped" for s in found):
            return True
    return False


def _drop_outdated(purges: Iterable[Purge], kept: Mapping[str, rules.Rule]) -> None:
    for purge in purges:
        if purge.state == "announced" and _is_outdated(purge, kept):
            purge.state = "dropped"


def _is_outdated(purge: Purge, kept: Mapping[str, rules.Rule]) -> bool:
    """Announced on a decision that has been changed or taken back since."""
    rule = kept.get(purge.kind)
    return rule is None or rule.decision != purge.decision


def _gathering_of(purge: Purge) -> str | None:
    return purge.subject if purge.kind in rules.OF_SESSIONS else None


async def _due_subjects(tx: AsyncSession, kind: str, *, until: datetime) -> dict[str, datetime]:
    """What there is of a kind from ``until`` or before: subject, and since when it counts."""
    if kind in rules.OF_SESSIONS:
        closed = await tx.execute(
            select(Gathering.id, Gathering.closed_at).where(
                Gathering.closed_at <= until, _has_some(kind)
            )
        )
        return {row.id: row.closed_at for row in closed}
    moments = [
        moment
        for _, at, over in _of_week(kind)
        for moment in await tx.scalars(select(at).where(at <= until, over))
    ]
    weeks = {rules.week_of(moment) for moment in moments}
    return {
        rules.subject_of(kind, week): rules.start_of(week)
        for week in sorted(weeks)
        if rules.start_of(week) <= until
    }


def _has_some(kind: str) -> ColumnElement[bool]:
    """Whether a session has anything of the kind left."""
    if kind == "posts":
        return Gathering.purged_at.is_(None)
    if kind == "keys":
        seats = select(PersonKey.participant_id).join(
            Participant, Participant.id == PersonKey.participant_id
        )
        return seats.where(Participant.gathering_id == Gathering.id).exists()
    letters = select(Invitation.id).where(Invitation.sealed.is_not(None))
    return letters.where(Invitation.gathering_id == Gathering.id).exists()


def _of_week(kind: str) -> list[tuple[Any, Any, ColumnElement[bool]]]:
    """The tables of a kind, the column that tells the week, and which rows are over and done."""
    if kind == "mails":
        return [(Mail, Mail.made_at, Mail.due_at.is_(None))]
    if kind == "invitees":
        ended, there = Meeting.ends_at, Invitee.created_at
        # Whoever was added to a meeting that had been held counts from then.
        since = case((ended > there, ended), else_=there)
        return [(Invitee, since, (Meeting.id == Invitee.meeting_id) & Invitee.sealed.is_not(None))]
    if kind == "owners":
        return [(Owner, Progress.at, _has_ended())]
    return [
        (SignIn, SignIn.expires_at, SignIn.id.is_not(None)),
        (SignInLink, SignInLink.expires_at, SignInLink.id.is_not(None)),
    ]


def _has_ended() -> ColumnElement[bool]:
    """The last that was said of an owner's recommendation, where it is done or dropped."""
    later = aliased(Progress)
    since = or_(later.at > Progress.at, and_(later.at == Progress.at, later.id > Progress.id))
    newer = select(later.id).where(later.contribution_id == Owner.contribution_id, since).exists()
    said = Progress.contribution_id == Owner.contribution_id
    return and_(said, Progress.status.in_(ENDED), ~newer)


# --- hold and release ---------------------------------------------------------------------------


async def access_purge(tx: AsyncSession, purge_id: str) -> Purge:
    """Raises NotFound."""
    purge = await tx.get(Purge, purge_id, with_for_update=True)
    if purge is None:
        raise NotFound("purge_not_found")
    return purge


async def hold(
    tx: AsyncSession, purge: Purge, *, reason: str, account: Account, now: datetime
) -> None:
    """Stop a deletion that was announced, for a reason. Raises Refusal, Invalid."""
    reason = clean_text(reason)
    if not reason:
        raise Invalid({"/reason": "reason_missing"})
    if len(reason) > rules.TEXT_LIMIT:
        raise Invalid({"/reason": "reason_too_long"})
    if purge.state != "announced":
        raise Refusal("purge_not_waiting")
    purge.state, purge.held_at, purge.held_by, purge.held_reason = "held", now, account.id, reason
    await _note_on(tx, "purge_held", purge, actor=account.id, now=now)


async def release(tx: AsyncSession, purge: Purge, *, account: Account, now: datetime) -> None:
    """Let a deletion go on: on its day, or tomorrow where that has passed. Raises Refusal."""
    if purge.state != "held":
        raise Refusal("purge_not_held")
    purge.state, purge.due_at = "announced", rules.next_due(purge.due_at, now=now)
    purge.held_at, purge.held_by, purge.held_reason = None, None, ""
    await _note_on(tx, "purge_released", purge, actor=account.id, now=now)


async def _note_on(tx: AsyncSession, act: str, purge: Purge, *, actor: str, now: datetime) -> None:
    await audit.note(
        tx,
        act,
        actor=actor,
        now=now,
        subject=purge.id,
        gathering_id=_gathering_of(purge),
        kind=purge.kind,
    )


# --- deleting -----------------------------------------------------------------------------------


async def list_due(tx: AsyncSession, *, now: datetime) -> list[Purge]:
    """What was announced for now or before, oldest first."""
    found = await tx.scalars(
        select(Purge)
        .where(Purge.state == "announced", Purge.due_at <= now)
        .order_by(Purge.due_at, Purge.id)
    )
    return list(found)


async def claim_purge(tx: AsyncSession, purge: Purge, *, now: datetime) -> bool:
    """True where it is still to be done, by the rule that is in force, and is ours.

    One that the rule no longer bears out is dropped: it may have been on hold meanwhile.
    """
    rule = (await read_rules(tx))[purge.kind]
    since = await _since(tx, purge)
    due = since is not None and since + timedelta(days=rule.days) <= now
    fits = due and rule.deletes and rule.decision == purge.decision
    claimed = await claim(
        tx,
        update(Purge)
        .where(Purge.id == purge.id, Purge.state == "announced", Purge.due_at <= now)
        .values({"state": "done", "done_at": now} if fits else {"state": "dropped"})
        .execution_options(synchronize_session=False),
    )
    return claimed and fits


async def _since(tx: AsyncSession, purge: Purge) -> datetime | None:
    """From when the age of its material is counted."""
    if purge.kind in rules.OF_WEEKS:
        return rules.start_of(rules.week_in(purge.subject))
    gathering = await tx.get(Gathering, purge.subject)
    return gathering.closed_at if gathering else None


async def note_done(tx: AsyncSession, purge: Purge, *, count: int, now: datetime) -> None:
    """Keep how many rows went, here and in the audit log."""
    await tx.execute(
        update(Purge)
        .where(Purge.id == purge.id)
        .values(count=count)
        .execution_options(synchronize_session=False)
    )
    await audit.note(
        tx,
        "purged",
        actor=audit.SYSTEM,
        now=now,
        subject=purge.id,
        gathering_id=_gathering_of(purge),
        kind=purge.kind,
        count=count,
    )


async def erase_posts(
    tx: AsyncSession, gathering: Gathering, *, kept: dict[str, Any] | None, now: datetime
) -> int:
    """Erase what was said in a session, who said it, and what was made of it; how many posts.

    ``kept`` is the published record, which stays. Consents stay too: they show that people were
    asked, and name nobody. So do the figures of answers, without what was written beside them.
    """
    said = select(Contribution.id).where(Contribution.gathering_id == gathering.id)
    count = int(await tx.scalar(select(func.count()).select_from(said.subquery())) or 0)
    words = or_(Pair.gathering_id == gathering.id, Pair.from_id.in_(said))
    for erase in (
        delete(Pair).where(words),
        delete(Progress).where(Progress.contribution_id.in_(said)),
        delete(Translation).where(Translation.contribution_id.in_(said)),
        delete(Contribution).where(Contribution.gathering_id == gathering.id),
        delete(BotLine).where(BotLine.gathering_id == gathering.id),
        delete(Hand).where(Hand.gathering_id == gathering.id),
        delete(Presence).where(Presence.gathering_id == gathering.id),
        update(Answer).where(Answer.gathering_id == gathering.id).values(text=""),
        update(Act)
        .where(Act.gathering_id == gathering.id, Act.kind.not_in(KEPT_REASONS))
        .values(reason=""),
        update(AddedTerm)
        .where(AddedTerm.gathering_id == gathering.id)
        .values(by_id=None, by_name=None),
        update(Participant)
        .where(Participant.gathering_id == gathering.id, Participant.withdrawn_at.is_(None))
        .values(name="", name_key="gone-" + Participant.id),
    ):
        await tx.execute(erase.execution_options(synchronize_session=False))
    gathering.kept_record, gathering.purged_at = kept, now
    gathering.support = None
    record(tx, gathering, Event("purged", now, {}), actor=None)
    await tx.flush()
    return count


async def erase_keys(tx: AsyncSession, gathering_id: str, *, days: int, now: datetime) -> int:
    """Destroy the keys of a session's seats, but not those whose person came back later."""
    rows = (
        await tx.execute(
            select(PersonKey.participant_id, Participant.gathering_id, Gathering.closed_at)
            .join(Participant, Participant.id == PersonKey.participant_id)
            .join(Gathering, Gathering.id == Participant.gathering_id)
        )
    ).all()
    own = {row.participant_id for row in rows if row.gathering_id == gathering_id}
    others = [row for row in rows if row.gathering_id != gathering_id]
    latest = now - timedelta(days=days)
    needed = {r.participant_id for r in others if r.closed_at is None or r.closed_at > latest}
    done = set(
        await tx.scalars(select(Purge.subject).where(Purge.kind == "keys", Purge.state == "done"))
    )
    behind = {r.participant_id for r in others if r.gathering_id in done}
    try:
        keys = await read_keys(tx, [row.participant_id for row in rows])
    except Unreadable:
        # Sealed with a secret that the hub no longer has: they lead to nobody already.
        keys = {}
    going = rules.keys_to_destroy(
        own,
        {seat: key.pseudonym for seat, key in keys.items()},
        still_needed=needed,
        left_behind=behind,
    )
    await tx.execute(delete(PersonKey).where(PersonKey.participant_id.in_(going)))
    return len(going)


async def erase_invitations(tx: AsyncSession, gathering_id: str) -> int:
    """Erase whom the invitations of a session were for. That they were made stays."""
    mine = (Invitation.gathering_id == gathering_id) & Invitation.sealed.is_not(None)
    count = int(await tx.scalar(select(func.count()).select_from(Invitation).where(mine)) or 0)
    await tx.execute(
        update(Invitation)
        .where(mine)
        .values(sealed=None)
        .execution_options(synchronize_session=False)
    )
    return count


async def erase_week(tx: AsyncSession, kind: str, week: str) -> int:
    """Delete what there is of a kind from one week; how many rows."""
    start = rules.start_of(week)
    count = 0
    for model, at, over in _of_week(kind):
        mine = (at >= start) & (at < start + timedelta(days=7)) & over
        ids = set(await tx.scalars(select(model.id).where(mine)))
        count += len(ids)
        if kind == "invitees":
            await meetings.forget_invitees(tx, ids)
        elif kind == "owners":
            await following.forget_owners(tx, ids)
        else:
            gone = delete(model).where(model.id.in_(select(model.id).where(mine)))
            await tx.execute(gone.execution_options(synchronize_session=False))
    return count


async def count_rows(tx: AsyncSession, purges: Iterable[Purge]) -> dict[str, int]:
    """How many rows each of these purges would touch now, by its id; one query for each kind."""
    by_kind: dict[str, dict[str, str]] = {}
    for purge in purges:
        by_kind.setdefault(purge.kind, {})[purge.subject] = purge.id
    found: dict[str, int] = {id_: 0 for ids in by_kind.values() for id_ in ids.values()}
    for kind, ids in by_kind.items():
        for subject, number in (await _counts(tx, kind, set(ids))).items():
            if subject in ids:
                found[ids[subject]] += number
    return found


async def _counts(tx: AsyncSession, kind: str, subjects: set[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    if kind in rules.OF_SESSIONS:
        column: Any = {
            "posts": Contribution.gathering_id,
            "keys": Participant.gathering_id,
            "invitations": Invitation.gathering_id,
        }[kind]
        query = select(column, func.count()).where(column.in_(subjects)).group_by(column)
        if kind == "keys":
            query = query.join(PersonKey, PersonKey.participant_id == Participant.id)
        if kind == "invitations":
            query = query.where(Invitation.sealed.is_not(None))
        return {str(subject): int(number) for subject, number in await tx.execute(query)}
    ends = max(rules.start_of(rules.week_in(subject)) for subject in subjects) + timedelta(days=7)
    for _, at, over in _of_week(kind):
        for moment in await tx.scalars(select(at).where(at < ends, over)):
            subject = rules.subject_of(kind, rules.week_of(moment))
            counts[subject] = counts.get(subject, 0) + 1
    return counts


# --- what does not work for somebody ------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """What does not work for somebody, and where to answer them; ``email`` may be empty."""

    text: str
    email: str


def read_report(form: Mapping[str, str]) -> Report:
    """A report of an accessibility fault as it was typed. Raises Invalid."""
    text, email = clean_text(form.get("text", "")), form.get("email", "").strip()
    faults: dict[str, str] = {}
    if not text:
        faults["/text"] = "report_missing"
    elif len(text) > REPORT_LIMIT:
        faults["/text"] = "report_too_long"
    if fault := email_fault(email):
        faults["/email"] = fault
    if faults:
        raise Invalid(faults)
    return Report(text, email)


async def send_report(tx: AsyncSession, report: Report, *, now: datetime) -> int:
    """Mail a report to every admin, or to the first facilitator where there is none; how many.

    The words are sealed while they wait and erased once they are sent. Raises Refusal where
    nobody runs this hub yet.
    """
    admins = list(
        await tx.scalars(
            select(Account).where(Account.role == "admin", Account.disabled_at.is_(None))
        )
    )
    facilitator = None if admins else await first_facilitator(tx)
    to = [*admins, *([facilitator] if facilitator else [])]
    if not to:
        raise Refusal("nobody_to_tell")
    facts = {"text": report.text, "email": report.email}
    for account in to:
        await queue_mail(
            tx,
            "accessibility_report",
            to=account.email,
            language=account.language,
            facts=facts,
            now=now,
        )
    return len(to)
