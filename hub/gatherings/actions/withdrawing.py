"""Withdrawing from a session for good: with one's words, or leaving them there without a name.

Source: privacy-and-access.md, "Taking back".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.charters.actions import remove_comments_of
from hub.charters.models import list_outcomes_of
from hub.gatherings import rules
from hub.gatherings.actions.erasing import (
    Eraser,
    Gone,
    erase_post,
    list_all,
    lone_objections,
    mask_repeats,
    reissue_record,
    stamp,
    withdraw_dissents,
    written_in,
)
from hub.gatherings.actions.log import record
from hub.gatherings.actions.outcomes import fill_outcomes, forget_put, keep_outcome, words_in
from hub.gatherings.models import (
    Answer,
    Contribution,
    Gathering,
    Hand,
    Presence,
    Translation,
)
from hub.gatherings.rules import masking
from hub.gatherings.rules.kept import kept_without
from hub.language.actions import forget
from hub.language.models import AddedTerm, Pair
from hub.mail.actions import drop_mails
from hub.mail.models import Mail
from hub.people import actions as people
from hub.people.models import Invitation, Participant


@dataclass(frozen=True)
class Withdrawn:
    """What is left to do once this is committed."""

    # Sessions in which a translation that the person corrected is made anew.
    elsewhere: tuple[str, ...] = ()
    # Mails to the person, whose files may lie in the outbox.
    mails: tuple[str, ...] = ()


async def withdraw(
    tx: AsyncSession,
    gathering: Gathering,
    seat: Participant,
    *,
    keep_anonymous: bool,
    answer_key: str | None,
    actor: str,
    now: datetime,
    erasers: Sequence[Eraser] = (),
) -> Withdrawn:
    """Erase a person from a session; with ``keep_anonymous`` what they shared stays, nameless.

    Either way the name, the key to the person, what nobody else has seen and the secret of the
    seat are gone, and other people's words name them no more. ``answer_key`` reaches their answers
    to questions, which nothing else ties to them; None where their secret is not known. Adopted
    wording stays. ``erasers`` do the same in other rooms. Again changes nothing.
    """
    fresh = await tx.get_one(Participant, seat.id)
    if fresh.withdrawn_at is not None:
        return Withdrawn()
    everything = await list_all(tx, gathering.id)
    own = [c for c in everything if c.participant_id == fresh.id]
    shared = [c for c in own if c.seq is not None]
    there = [c for c in everything if c not in own or c.seq is not None]
    erased = [] if keep_anonymous else shared
    was_there = [c for c in erased if c.removed_at is None]
    key = (await people.read_keys(tx, [fresh.id])).get(fresh.id)
    gone = _gone(fresh, own, everything, erased=erased, keep=keep_anonymous)
    gone = replace(
        gone,
        email=(key.email or "") if key else "",
        corrections=frozenset() if keep_anonymous else _corrections(fresh, there),
    )
    before = {c.id: words_in(c) for c in was_there}

    event = rules.Event("withdrawn", now, {"participant": fresh.id, "kept": keep_anonymous})
    revision = record(tx, gathering, event, actor=fresh.id)
    await forget(tx, [c.id for c in own if not keep_anonymous or c.seq is None])
    for c in erased:
        erase_post(c, now=now)
    for c in shared:
        c.client_id, c.revision = c.id, revision
    await _delete_private(tx, own)
    if answer_key is not None:
        await tx.execute(
            delete(Answer).where(Answer.gathering_id == gathering.id, Answer.key == answer_key)
        )
    elsewhere, redone = await _leave_translations(
        tx, gathering, fresh, there, keep=keep_anonymous, now=now
    )
    if not keep_anonymous:
        await remove_comments_of(tx, fresh.id)
        await tx.execute(delete(Presence).where(Presence.participant_id == fresh.id))
    await tx.execute(delete(Hand).where(Hand.participant_id == fresh.id))
    dissents = await withdraw_dissents(tx, gathering, gone, there, now=now)
    masked = await mask_repeats(tx, gathering, gone, there, now=now)
    kept = gathering.kept_record
    if kept is not None:
        gathering.kept_record = kept_without(kept, fresh.id, keep_words=keep_anonymous)
    reissued = gathering.kept_record != kept
    _lose_name(fresh, now=now)
    mails = await _lose_key(tx, fresh)
    gathering.stage_revision = gathering.queue_revision = revision
    stamp(there, [*shared, *redone, *dissents, *masked], revision)
    await tx.flush()
    await _follow_outcomes(tx, gathering, was_there, before, now=now)
    if was_there or dissents or masked or reissued or (keep_anonymous and shared):
        await reissue_record(tx, gathering, now=now)
    everywhere = replace(gone, ids=gone.ids | {c.id for c in dissents})
    for erase in erasers:
        await erase(tx, gathering, everywhere, now=now)
    await note(
        tx,
        "withdrawn" if actor == fresh.id else "erased",
        actor=actor,
        now=now,
        subject=fresh.id,
        gathering_id=gathering.id,
        kept=keep_anonymous,
        posts=len(was_there),
    )
    await tx.flush()
    return Withdrawn(tuple(elsewhere), tuple(mails))


def _gone(
    seat: Participant,
    own: Sequence[Contribution],
    everything: Sequence[Contribution],
    *,
    erased: Sequence[Contribution],
    keep: bool,
) -> Gone:
    # Words that stay may be quoted on.
    quotable = () if keep else own
    ids = frozenset(c.id for c in erased) | frozenset(c.id for c in own if c.seq is None)
    return Gone(
        ids=ids,
        grams=masking.gone_grams(text for c in quotable for text in written_in(c)),
        since=min((c.created_at for c in quotable), default=None),
        name=seat.name,
        seat_id=seat.id,
        lone_objections=frozenset() if keep else lone_objections(ids, everything),
        kept=keep,
    )


def _corrections(seat: Participant, there: Iterable[Contribution]) -> frozenset[str]:
    """What they made of translations; of one or two words nobody can tell whose they are."""
    texts = (t.text for c in there for t in c.translations if t.by_id == seat.id)
    return frozenset(text for text in texts if len(text.split()) > 2)


async def _delete_private(tx: AsyncSession, own: Sequence[Contribution]) -> None:
    private = [c for c in own if c.seq is None]
    for c in private:
        tx.expunge(c)
    if private:
        await tx.execute(
            delete(Contribution)
            .where(Contribution.id.in_([c.id for c in private]))
            .execution_options(synchronize_session=False)
        )


async def _leave_translations(
    tx: AsyncSession,
    gathering: Gathering,
    seat: Participant,
    there: Sequence[Contribution],
    *,
    keep: bool,
    now: datetime,
) -> tuple[set[str], list[Contribution]]:
    """What the person translated goes, and is translated by machine; or loses their name.

    Returns the other sessions in which that was, and the posts of this one.
    """
    by_id = {c.id: c for c in there}
    changed: dict[str, Contribution] = {}
    rows = await tx.execute(
        select(Translation, Contribution.gathering_id)
        .join(Contribution, Contribution.id == Translation.contribution_id)
        .where(Translation.by_id == seat.id, Contribution.removed_at.is_(None))
    )
    elsewhere: set[str] = set()
    for t, where in rows:
        t.by_id, t.by_name = None, None
        if not keep:
            _translate_anew(t, now=now)
        if where != gathering.id:
            elsewhere.add(where)
        elif t.contribution_id in by_id:
            changed[t.contribution_id] = by_id[t.contribution_id]
    for c in there:
        for t in c.translations:
            if any(d.get("by") == seat.id for d in t.disputes):
                _leave_dispute(t, seat.id, keep=keep)
                changed[c.id] = c
    if keep:
        await tx.execute(update(Pair).where(Pair.by_id == seat.id).values(by_id=None, by_name=None))
    else:
        await tx.execute(delete(Pair).where(Pair.by_id == seat.id))
    await tx.execute(
        update(AddedTerm).where(AddedTerm.by_id == seat.id).values(by_id=None, by_name=None)
    )
    return elsewhere, list(changed.values())


def _translate_anew(t: Translation, *, now: datetime) -> None:
    t.text, t.fields, t.status, t.due_at = "", {}, "pending", now
    t.reason = t.origin = t.pair_id = t.doubt = t.hints = t.model = t.glossary = None
    t.attempts, t.updated_at = 0, now


def _leave_dispute(t: Translation, seat_id: str, *, keep: bool) -> None:
    theirs = [d for d in t.disputes if d.get("by") == seat_id]
    others = [d for d in t.disputes if d.get("by") != seat_id]
    t.disputes = [*others, *({**d, "by": None} for d in theirs)] if keep else others
    if not t.disputes and t.status == "disputed":
        t.status = "corrected" if t.by_id else "machine" if t.model else "memory"


def _lose_name(seat: Participant, *, now: datetime) -> None:
    """The seat stays for the figures: a role and a language, and nobody who sits there."""
    seat.name, seat.name_key = "", f"withdrawn-{seat.id}"
    seat.secret_hash = people.hash_secret(people.new_secret("pt"))
    seat.withdrawn_at, seat.left_at = now, seat.left_at or now
    seat.ready_at = seat.paused_at = None


async def _lose_key(tx: AsyncSession, seat: Participant) -> list[str]:
    """Nothing leads from the seat to the person. Returns the ids of mails to them."""
    await people.destroy_key(tx, seat.id)
    invitations = list(
        await tx.scalars(select(Invitation).where(Invitation.participant_id == seat.id))
    )
    for invitation in invitations:
        invitation.sealed = None
    about = [seat.id, *(invitation.id for invitation in invitations)]
    mails = list(await tx.scalars(select(Mail.id).where(Mail.about.in_(about))))
    for subject in about:
        await drop_mails(tx, subject)
    return mails


async def _follow_outcomes(
    tx: AsyncSession,
    gathering: Gathering,
    erased: Sequence[Contribution],
    before: dict[str, dict[str, str]],
    *,
    now: datetime,
) -> None:
    """Outcomes of a dialogue that are still open follow; what was only put to the room goes."""
    if not gathering.charter_copy or not erased:
        return
    for row in await list_outcomes_of(tx, gathering.id):
        if row.closed_at is None and row.decision != "park":
            await keep_outcome(tx, gathering, row.principle_id, now=now)
            continue
        for said in erased:
            if said.kind in rules.OWN_WORDS:
                forget_put(row, before[said.id], now=now)
    await fill_outcomes(tx, gathering)


async def show_translations(tx: AsyncSession, gathering: Gathering, *, now: datetime) -> None:
    """Stamp the posts of a session that wait for a translation because somebody withdrew."""
    waiting = list(
        await tx.scalars(
            select(Contribution)
            .join(Translation, Translation.contribution_id == Contribution.id)
            .where(
                Contribution.gathering_id == gathering.id,
                Contribution.seq.is_not(None),
                or_(Translation.status == "pending", Translation.by_id.is_(None)),
                Translation.updated_at >= now,
            )
        )
    )
    if not waiting:
        return
    event = rules.Event("translated", now, {"contributions": [c.id for c in waiting]})
    revision = record(tx, gathering, event, actor=None)
    for c in waiting:
        c.revision = revision
    await tx.flush()
