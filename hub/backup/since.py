"""What the former database knows of the time after a backup, and must not be undone by it.

Whoever withdrew, took words back, was taken off a list or stopped mails must not come back with a
restore, and no mail goes out twice. All of it is done on the copy that is to take its place.
Source: privacy-and-access.md, "Taking back" and "Retention".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, insert, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import COMMAND
from hub.audit.models import AuditEntry, AuditHead
from hub.db import Base, Database
from hub.following.actions import forget_owners
from hub.following.models import Owner
from hub.gatherings import actions
from hub.gatherings.models import Answer, Contribution, Gathering, access_contribution
from hub.gatherings.my_data import withdraw
from hub.gatherings.screens import Screens
from hub.mail.models import Mail
from hub.meetings.actions.inviting import erase_rows
from hub.meetings.models import Invitee, NoMail
from hub.people.models import (
    Account,
    Consent,
    Invitation,
    Participant,
    PersonKey,
    SignIn,
    access_participant,
)
from hub.retention.models import Purge, RetentionRule
from hub.retention.rules import OF_SESSIONS
from hub.schedule.models import Task

# What ended in the former database has ended in the copy too, with what was erased as it ended.
ENDINGS: Final = (
    (SignIn.ended_at, ()),
    (Account.disabled_at, ()),
    (Invitation.recalled_at, ("sealed",)),
    (Invitation.declined_at, ("sealed",)),
    (Owner.stopped_at, ("sealed", "secret_hash")),
)
# Rows that are only ever added: a choice that somebody made since holds.
CHOICES: Final = (Consent, NoMail)
# Of invitees: who they are, what they asked for, and the place that a no gives up.
ADDRESS: Final = ("sealed", "address_hash", "secret_hash")
WORDS: Final = ("sealed_needs", "sealed_question")
PLACE: Final = ("reply", "replied_at", "place", "waiting_since", "offered_until")
# Parameters of one statement.
CHUNK: Final = 500


@dataclass
class Redone:
    """How many of each were done again."""

    withdrawn: int = 0
    taken_back: int = 0
    invitees: int = 0
    choices: int = 0
    ended: int = 0
    purges: int = 0
    mails: int = 0
    tasks: int = 0

    @property
    def counts(self) -> dict[str, int]:
        return {name: count for name, count in asdict(self).items() if count}


async def goes_on(former: Database, copy: Database) -> bool:
    """Whether the former database is the same hub at a later time: its audit log goes on there."""
    async with copy.reading() as tx:
        head = await tx.get(AuditHead, 1)
    if head is None:
        return False
    async with former.reading() as old:
        entry = await old.get(AuditEntry, head.number)
    return entry is not None and entry.seal == head.seal


async def redo(screens: Screens, former: Database, *, in_line: set[str], outbox: Path) -> Redone:
    """Do again on the database of ``screens`` what the former one knows; how much it was.

    ``in_line``: the mails that waited when the backup was made; ``outbox``: where mails are that
    were kept as files.
    """
    done = Redone()
    async with former.reading() as old:
        await _redo_withdrawals(screens, old, done, outbox=outbox)
        await _redo_taking_back(screens, old, done)
        async with screens.database.transaction() as tx:
            await _redo_invitees(tx, old, done)
            await _redo_choices(tx, old, done)
            await _redo_erasing(tx, old, done)
            await _redo_endings(tx, old, done)
            await _redo_purges(tx, old, done)
            await _leave_done(tx, old, done, in_line=in_line)
    await screens.settle()
    return done


async def _redo_withdrawals(
    screens: Screens, old: AsyncSession, done: Redone, *, outbox: Path
) -> None:
    """Erase again who withdrew, as they chose then, with answers that only they could erase."""
    gone = select(Participant.id).where(Participant.withdrawn_at.is_not(None))
    withdrawn = set(await old.scalars(gone))
    async with screens.database.reading() as tx:
        here = await tx.scalars(select(Participant).where(Participant.withdrawn_at.is_(None)))
        seats = [seat for seat in here if seat.id in withdrawn]
    acts = select(AuditEntry).where(AuditEntry.act.in_(("withdrawn", "erased")))
    kept = {e.subject: bool(e.facts.get("kept")) for e in await old.scalars(acts)}
    for seat in seats:
        async with screens.database.reading() as tx:
            fresh = await access_participant(tx, seat.id)
        await withdraw(
            screens,
            fresh,
            keep_anonymous=kept.get(seat.id, False),
            secret=None,
            actor=COMMAND,
            outbox=outbox,
        )
        done.withdrawn += 1
    of = Answer.gathering_id.in_({seat.gathering_id for seat in seats})
    still = set(await old.scalars(select(Answer.id).where(of)))
    async with screens.database.transaction() as tx:
        erased = set(await tx.scalars(select(Answer.id).where(of))) - still
        await _delete(tx, Answer, erased)


async def _redo_taking_back(screens: Screens, old: AsyncSession, done: Redone) -> None:
    removed = select(Contribution.id).where(Contribution.removed_at.is_not(None))
    taken = set(await old.scalars(removed))
    async with screens.database.reading() as tx:
        here = select(Contribution.id, Contribution.gathering_id)
        there = await tx.execute(
            here.where(Contribution.removed_at.is_(None)).order_by(Contribution.created_at)
        )
        again = [(id_, session) for id_, session in there if id_ in taken]
    for id_, session in again:

        async def change(tx: AsyncSession, gathering: Gathering, id_: str = id_) -> None:
            said = await access_contribution(tx, id_)
            await actions.take_back(
                tx,
                gathering,
                said,
                actor=said.author_key,
                now=screens.clock.now(),
                rewritten=bool(said.fields.get("dissent")),
                erasers=screens.erasers,
            )

        await screens.carry_out(session, change)
        done.taken_back += 1


async def _redo_invitees(tx: AsyncSession, old: AsyncSession, done: Redone) -> None:
    """Whoever is off a list there goes here too."""
    if not await old.scalar(select(AuditEntry).where(AuditEntry.act == "invitee_erased").limit(1)):
        return
    still = set(await old.scalars(select(Invitee.id)))
    gone = [each for each in await tx.scalars(select(Invitee)) if each.id not in still]
    done.invitees = await erase_rows(tx, gone) if gone else 0


async def _redo_choices(tx: AsyncSession, old: AsyncSession, done: Redone) -> None:
    seats = set(await tx.scalars(select(Participant.id)))
    for model in CHOICES:
        known = await _keys(tx, model)
        for row in await old.scalars(select(model)):
            if _key(row) not in known and getattr(row, "participant_id", None) in seats | {None}:
                await tx.execute(insert(model).values(_values(row)))
                done.choices += 1


async def _redo_erasing(tx: AsyncSession, old: AsyncSession, done: Redone) -> None:
    """Erase addresses again, what invitees asked for, and whose place a no has given up."""
    # Also where only the address is gone: what is sealed then says so.
    keys = {key.participant_id: key.sealed for key in await old.scalars(select(PersonKey))}
    for key in await tx.scalars(select(PersonKey)):
        if (sealed := keys.get(key.participant_id)) is None:
            await tx.delete(key)
        elif sealed != key.sealed:
            key.sealed = sealed
        else:
            continue
        done.choices += 1
    there = {invitee.id: invitee for invitee in await old.scalars(select(Invitee))}
    for invitee in await tx.scalars(select(Invitee)):
        if (theirs := there.get(invitee.id)) is None:
            continue
        names = [name for name in WORDS if getattr(theirs, name) is None]
        if theirs.address_hash is None:
            names += ADDRESS
        if theirs.reply == "no":
            names += PLACE
        changed = [n for n in names if getattr(invitee, n) != getattr(theirs, n)]
        for name in changed:
            setattr(invitee, name, getattr(theirs, name))
        done.choices += bool(changed)
    owners = set(await old.scalars(select(Owner.id)))
    gone = set(await tx.scalars(select(Owner.id))) - owners
    await forget_owners(tx, gone)
    done.choices += len(gone)
    await tx.flush()


async def _redo_endings(tx: AsyncSession, old: AsyncSession, done: Redone) -> None:
    for ended, erased in ENDINGS:
        model = ended.class_
        open_here = set(await tx.scalars(select(model.id).where(ended.is_(None))))
        for row in await old.scalars(select(model).where(ended.is_not(None))):
            if row.id in open_here:
                values = {name: getattr(row, name) for name in (ended.key, *erased)}
                await tx.execute(update(model).where(model.id == row.id).values(values))
                done.ended += 1


async def _redo_purges(tx: AsyncSession, old: AsyncSession, done: Redone) -> None:
    """Let the hub delete again, in its next round, what it had deleted by a decision."""
    rules = {row.kind: row for row in await tx.scalars(select(RetentionRule))}
    for theirs in await old.scalars(select(RetentionRule)):
        rule = rules.get(theirs.kind)
        if rule is None:
            await tx.execute(insert(RetentionRule).values(_values(theirs) | {"changed_by": None}))
        elif theirs.changed_at and (not rule.changed_at or rule.changed_at < theirs.changed_at):
            rule.days, rule.decision = theirs.days, theirs.decision
            rule.changed_at = theirs.changed_at
    await tx.flush()
    # It was in force when they were deleted, however it was worded then.
    in_force = {row.kind: row.decision for row in await tx.scalars(select(RetentionRule))}
    here = {(row.kind, row.subject): row for row in await tx.scalars(select(Purge))}
    sessions = {row.id: row for row in await tx.scalars(select(Gathering))}
    for row in await old.scalars(select(Purge).where(Purge.state == "done")):
        ours = here.get((row.kind, row.subject))
        if ours is not None and ours.state == "done":
            continue
        if row.kind in OF_SESSIONS:
            if (session := sessions.get(row.subject)) is None:
                continue
            await _close_again(old, session)
        decision = in_force.get(row.kind) or row.decision
        if ours is None:
            values = _values(row) | {"held_by": None, "done_at": None, "count": 0}
            values |= {"state": "announced", "decision": decision}
            await tx.execute(insert(Purge).values(values))
        else:
            ours.state, ours.decision, ours.due_at = "announced", decision, row.due_at
        done.purges += 1


async def _close_again(old: AsyncSession, session: Gathering) -> None:
    """Nothing is deleted of a session that goes on: one that was under way was closed since."""
    closed = await old.get(Gathering, session.id)
    if session.closed_at is None and closed is not None and closed.closed_at is not None:
        session.state, session.closed_at = closed.state, closed.closed_at


async def _leave_done(
    tx: AsyncSession, old: AsyncSession, done: Redone, *, in_line: set[str]
) -> None:
    """What was sent or done since is not sent or done again; a mail that was erased stays so.

    Nor do those go out that were queued by what was done again: they went out the first time.
    """
    mails = {mail.id: mail for mail in await old.scalars(select(Mail))}
    for mail in await tx.scalars(select(Mail).where(Mail.due_at.is_not(None))):
        theirs = mails.get(mail.id)
        if theirs is None:
            await tx.delete(mail)
        elif theirs.due_at is None:
            mail.due_at = mail.sealed_to = mail.sealed_facts = None
            mail.sent_at, mail.failed_at, mail.fault = (
                theirs.sent_at,
                theirs.failed_at,
                theirs.fault,
            )
        else:
            continue
        done.mails += mail.id in in_line
    tasks = {task.id: task for task in await old.scalars(select(Task).where(Task.state == "done"))}
    for task in await tx.scalars(select(Task).where(Task.state == "waiting")):
        if (did := tasks.get(task.id)) is not None:
            task.state, task.ran_at, task.count = did.state, did.ran_at, did.count
            done.tasks += 1


def _values(row: Base) -> dict[str, Any]:
    return {c.key: getattr(row, c.key) for c in inspect(type(row)).column_attrs}


def _key(row: Base) -> Any:
    (key,) = inspect(type(row)).primary_key_from_instance(row)
    return key


async def _keys(tx: AsyncSession, model: type[Base]) -> set[Any]:
    (column,) = inspect(model).primary_key
    return set(await tx.scalars(select(column)))


async def _delete(tx: AsyncSession, model: Any, ids: Iterable[str]) -> None:
    waiting = sorted(ids)
    for start in range(0, len(waiting), CHUNK):
        some = delete(model).where(model.id.in_(waiting[start : start + CHUNK]))
        await tx.execute(some.execution_options(synchronize_session=False))


async def list_in_line(tx: AsyncSession) -> set[str]:
    """The mails that wait to be sent, by id."""
    return set(await tx.scalars(select(Mail.id).where(Mail.due_at.is_not(None))))
