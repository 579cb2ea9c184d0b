"""Owners of recommendations: their address, what they answer, and their no. Never commits.

An owner has no account. Their address and the secret of their link are sealed; of an owner who
wants no mail only a keyed hash of the address is kept, so that nobody writes there again.
Source: dissemination.md, "Workshops" (followed_up); privacy-and-access.md, "Data minimum".
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.db import secret_of
from hub.errors import Invalid, NotFound, Refusal
from hub.following import rules
from hub.following.models import Owner
from hub.gatherings import actions as gatherings
from hub.gatherings import rules as gathering_rules
from hub.gatherings.actions.erasing import Gone
from hub.gatherings.actions.log import log_act
from hub.gatherings.models import Act, Contribution, Gathering, Progress, list_said
from hub.gatherings.views import moment
from hub.language.text import Language, looks_like
from hub.mail.actions import drop_mails
from hub.mail.models import Mail
from hub.people import actions as people
from hub.people.actions import hash_secret, new_secret
from hub.people.models import Account, Participant, PersonKey
from hub.people.rules import consent_summary, email_fault
from hub.schedule import actions as schedule
from hub.schedule.models import Task
from hub.sealing import Unreadable, keyed_hash, seal, unseal

PREFIX: Final = "ow"
NEWS: Final = "nw_"
PURPOSE: Final = "owner"
ASK: Final = "ask_owner"


@dataclass(frozen=True)
class Kept:
    """What is sealed of an owner. ``no_mail``: the keyed hash of an address not to write to."""

    email: str = ""
    secret: str = ""
    no_mail: str = ""


async def set_owner(
    tx: AsyncSession,
    gathering: Gathering,
    recommendation_id: str,
    *,
    email: str,
    language: str,
    zone: str,
    account: Account,
    now: datetime,
) -> Owner:
    """Note where the owner of an adopted recommendation is asked; another address is another link.

    ``language``: sv, en or both; ``zone``: one of ``rules.ZONES``. Plans the first question. Raises
    Invalid, NotFound, and Refusal where the session goes on (``progress_not_closed``), where it was
    not adopted (``progress_not_adopted``), where it is done or dropped (``owner_ended``) and where
    whoever has this address wants no mail about it (``owner_stopped``).
    """
    email = email.strip()
    faults: dict[str, str] = {}
    if not email:
        faults["/email"] = "email_missing"
    elif unreadable := email_fault(email):
        faults["/email"] = unreadable
    if language not in rules.LANGUAGES:
        faults["/language"] = "language_unknown"
    if zone not in rules.ZONES:
        faults["/zone"] = "zone_unknown"
    if faults:
        raise Invalid(faults)
    draft = await _access_adopted(tx, gathering, recommendation_id)
    progress = (await gatherings.latest_progress(tx, [draft.id])).get(draft.id)
    if progress is not None and progress.status in gathering_rules.ENDED:
        raise Refusal("owner_ended")
    owner = await find_owner_of(tx, draft.id)
    kept = read_kept(tx, owner) if owner else Kept()
    if kept.no_mail and kept.no_mail == _hash(tx, email):
        raise Refusal("owner_stopped")
    if owner is None:
        owner = Owner(
            gathering_id=gathering.id,
            contribution_id=draft.id,
            secret_hash="",
            created_by=account.id,
            created_at=now,
        )
        tx.add(owner)
    if kept.email.casefold() != email.casefold():
        # Whoever had the address before reads and answers no more.
        kept = Kept(email=email, secret=new_secret(PREFIX))
        owner.secret_hash = hash_secret(kept.secret)
        owner.asked_at = owner.answered_at = None
        await drop_mails(tx, draft.id)
    owner.stopped_at = None
    owner.language, owner.zone = language, zone
    _keep(tx, owner, kept)
    await schedule.drop(tx, draft.id, kinds=[ASK])
    assert gathering.closed_at is not None
    due = (
        rules.next_ask(owner.asked_at, zone=zone)
        if owner.asked_at
        else rules.first_ask(
            gathering.closed_at, str(draft.fields.get("when") or ""), zone=zone, now=now
        )
    )
    await plan_ask(tx, gathering, draft.id, due_at=max(due, now), now=now)
    log_act(tx, gathering, account, kind="owner_set", now=now, target=draft.id)
    await tx.flush()
    return owner


async def remove_owner(
    tx: AsyncSession,
    gathering: Gathering,
    recommendation_id: str,
    *,
    account: Account,
    now: datetime,
) -> None:
    """Erase an owner's address: the link opens nothing any more. Raises NotFound."""
    owner = await find_owner_of(tx, recommendation_id)
    if owner is None or owner.gathering_id != gathering.id:
        raise NotFound("owner_unknown")
    await _forget_mails(tx, recommendation_id)
    log_act(tx, gathering, account, kind="owner_removed", now=now, target=recommendation_id)
    await tx.delete(owner)
    await tx.flush()


async def find_owner(tx: AsyncSession, secret: str) -> Owner | None:
    """The owner behind a link; None for one that is over or never was."""
    return await tx.scalar(
        select(Owner).where(Owner.secret_hash == hash_secret(secret.strip())).limit(1)
    )


async def find_owner_of(tx: AsyncSession, recommendation_id: str) -> Owner | None:
    """The owner of a recommendation, where an address was given."""
    return await tx.scalar(select(Owner).where(Owner.contribution_id == recommendation_id))


async def list_owners(tx: AsyncSession, gathering_id: str) -> dict[str, Owner]:
    """The owners in a session by recommendation."""
    found = await tx.scalars(select(Owner).where(Owner.gathering_id == gathering_id))
    return {owner.contribution_id: owner for owner in found}


async def list_next_asks(
    tx: AsyncSession, recommendation_ids: Collection[str]
) -> dict[str, datetime]:
    """When each of these owners is asked next, by recommendation; missing where they are not."""
    rows = await tx.execute(
        select(Task.about, func.min(Task.due_at))
        .where(Task.kind == ASK, Task.state == "waiting", Task.about.in_(recommendation_ids))
        .group_by(Task.about)
    )
    return {row.about: row[1] for row in rows}


async def list_told(tx: AsyncSession, recommendation_id: str) -> list[Progress]:
    """All that was said of what became of a recommendation, oldest first."""
    found = await tx.scalars(
        select(Progress)
        .where(Progress.contribution_id == recommendation_id)
        .order_by(Progress.at, Progress.id)
    )
    return list(found)


async def answer(
    tx: AsyncSession,
    gathering: Gathering,
    owner: Owner,
    *,
    status: str,
    reason: str,
    now: datetime,
) -> None:
    """The owner says what became of the recommendation. Raises as ``set_progress`` does."""
    await gatherings.set_progress(
        tx,
        gathering,
        owner.contribution_id,
        status=status,
        reason=reason,
        account=None,
        now=now,
    )
    owner.answered_at = now
    if status in gathering_rules.ENDED:
        await schedule.drop(tx, owner.contribution_id, kinds=[ASK], fault="already_done")
    await tx.flush()


async def stop_asking(
    tx: AsyncSession, gathering: Gathering, owner: Owner, *, not_me: bool, now: datetime
) -> None:
    """The owner wants no more mail, or is somebody else (``not_me``): the address is erased.

    Who is somebody else has no link any more; who only wants no mail can still answer by it. Again
    changes nothing.
    """
    if owner.stopped_at is not None and not not_me:
        return
    kept = read_kept(tx, owner)
    no_mail = _hash(tx, kept.email) if kept.email else kept.no_mail
    if not_me:
        owner.secret_hash = hash_secret(new_secret(PREFIX))
    _keep(tx, owner, Kept(secret="" if not_me else kept.secret, no_mail=no_mail))
    owner.stopped_at = now
    await _forget_mails(tx, owner.contribution_id)
    kind = "owner_not_me" if not_me else "owner_stopped"
    log_act(tx, gathering, None, kind=kind, now=now, target=owner.contribution_id)
    await tx.flush()


async def withdraw_owners(
    tx: AsyncSession, gathering: Gathering, gone: Gone, *, now: datetime
) -> None:
    """Erase the owners of recommendations that were taken back, with mails to them that wait.

    Their address was given for nothing else. Who withdraws is erased as an owner too, known by the
    address that they left: with the reasons that they gave by their link. What became of those
    recommendations stays. Source: privacy-and-access.md, "Taking back".
    """
    del now
    taken_back = set(
        await tx.scalars(
            select(Contribution.id).where(
                Contribution.id.in_(gone.ids), Contribution.removed_at.is_not(None)
            )
        )
    )
    for id_, owner in (await list_owners(tx, gathering.id)).items():
        theirs = _is_theirs(tx, owner, gone.email)
        if theirs:
            await _forget_reasons(tx, id_)
        if theirs or id_ in taken_back:
            await _forget_mails(tx, id_)
            await tx.delete(owner)
    await tx.flush()


async def tell_answers(
    tx: AsyncSession, seats: Sequence[Participant], *, emails: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """What they answered as owners, in the sessions of these seats.

    None where nobody knows that the address is theirs: their link shows it.
    """
    told: dict[str, dict[str, Any]] = {seat.id: {"owner_of": None} for seat in seats}
    for seat in seats:
        email = emails.get(seat.id, "")
        if not email:
            continue
        owners = await list_owners(tx, seat.gathering_id)
        mine = [id_ for id_, owner in owners.items() if _is_theirs(tx, owner, email)]
        said = await tx.scalars(
            select(Progress)
            .where(Progress.contribution_id.in_(mine), Progress.account_id.is_(None))
            .order_by(Progress.at, Progress.id)
        )
        answers = [
            {
                "recommendation": p.contribution_id,
                "status": p.status,
                "reason": p.reason,
                "at": moment(p.at),
            }
            for p in said
        ]
        told[seat.id]["owner_of"] = [
            {"recommendation": id_, "answers": [a for a in answers if a["recommendation"] == id_]}
            for id_ in mine
        ]
    return told


def _is_theirs(tx: AsyncSession, owner: Owner, email: str) -> bool:
    if not email:
        return False
    kept = read_kept(tx, owner)
    return _hash(tx, email) in (kept.no_mail, _hash(tx, kept.email))


async def _forget_reasons(tx: AsyncSession, recommendation_id: str) -> None:
    """The reasons that an owner gave; those of accounts stay."""
    await tx.execute(
        update(Progress)
        .where(Progress.contribution_id == recommendation_id, Progress.account_id.is_(None))
        .values(reason="", translation=None)
    )
    await tx.execute(
        update(Act)
        .where(Act.target == recommendation_id, Act.kind == "progress_by_owner")
        .values(reason="")
    )


async def forget_owners(tx: AsyncSession, ids: Collection[str]) -> None:
    """Erase these owners: nobody is asked any more, and their links open nothing.

    What they told of their recommendations stays. Source: privacy-and-access.md, "Retention".
    """
    about = set(await tx.scalars(select(Owner.contribution_id).where(Owner.id.in_(ids))))
    await schedule.drop(tx, about, kinds=[ASK])
    for model, column in ((Mail, Mail.about.in_(about)), (Owner, Owner.id.in_(ids))):
        gone = delete(model).where(column).execution_options(synchronize_session=False)
        await tx.execute(gone)


async def plan_ask(
    tx: AsyncSession,
    gathering: Gathering,
    recommendation_id: str,
    *,
    due_at: datetime,
    now: datetime,
) -> None:
    """Let the owner be asked at ``due_at``: the next of as many times as it takes."""
    last = await tx.scalar(
        select(func.max(Task.round)).where(Task.kind == ASK, Task.about == recommendation_id)
    )
    await schedule.plan(
        tx,
        ASK,
        recommendation_id,
        round=0 if last is None else last + 1,
        due_at=due_at,
        until_at=due_at + rules.KEEPS,
        now=now,
        title=dict(gathering.title),
    )


def title_of(gathering: Gathering) -> str:
    """The session's title in all languages that it has one in."""
    titles = gathering.title
    return " / ".join(dict.fromkeys(titles[each] for each in ("sv", "en") if titles.get(each)))


def read_kept(tx: AsyncSession, owner: Owner) -> Kept:
    """What is sealed of an owner; empty where it cannot be read any more."""
    if owner.sealed is None:
        return Kept()
    try:
        return Kept(**json.loads(unseal(secret_of(tx), PURPOSE, owner.sealed)))
    except Unreadable:
        return Kept()


# --- what was said, in the other language ---------------------------------------------------------


@dataclass(frozen=True)
class Untranslated:
    """What was said of a recommendation; ``source`` is None where it is too short to tell."""

    progress_id: str
    gathering_id: str
    text: str
    source: Language | None


async def list_untranslated(tx: AsyncSession, *, limit: int, after: str = "") -> list[Untranslated]:
    """Reasons that wait for the other language, by id, from the one after ``after``."""
    rows = await tx.execute(
        select(Progress, Contribution.gathering_id)
        .join(Contribution, Contribution.id == Progress.contribution_id)
        .where(Progress.id > after, Progress.reason != "", Progress.translation.is_(None))
        .order_by(Progress.id)
        .limit(limit)
    )
    return [
        Untranslated(progress.id, gathering_id, progress.reason, looks_like(progress.reason))
        for progress, gathering_id in rows
    ]


async def list_seated(tx: AsyncSession, gathering_ids: Collection[str]) -> list[Participant]:
    """Those who took part in these sessions and have not withdrawn, whose names stay."""
    found = await tx.scalars(
        select(Participant).where(
            Participant.gathering_id.in_(gathering_ids), Participant.withdrawn_at.is_(None)
        )
    )
    return list(found)


async def put_reasons(
    tx: AsyncSession, made: Collection[Untranslated], texts: Mapping[str, str]
) -> int:
    """Keep translations where it still says what was translated; how many."""
    said = {each.progress_id: each.text for each in made}
    found = await tx.scalars(select(Progress).where(Progress.id.in_(said)).with_for_update())
    count = 0
    for progress in found:
        # Another process may have been quicker.
        if progress.reason == said[progress.id] and progress.translation is None:
            progress.translation = texts[progress.id]
            count += bool(progress.translation)
    await tx.flush()
    return count


# --- those who took part ------------------------------------------------------------------------


def news_secret(tx: AsyncSession, participant_id: str) -> str:
    """What stops mails about recommendations to somebody who took part, and does nothing else."""
    return f"{NEWS}{participant_id}.{keyed_hash(secret_of(tx), 'news link', participant_id)}"


async def find_reader(tx: AsyncSession, secret: str) -> Participant:
    """Who is written to with this secret. Raises NotFound, also once they have withdrawn."""
    id_ = secret.strip().removeprefix(NEWS).partition(".")[0]
    right = news_secret(tx, id_).encode()
    found = await tx.get(Participant, id_)
    if not hmac.compare_digest(right, secret.strip().encode("utf-8", "replace")):
        raise NotFound("link_unknown")
    if found is None or found.withdrawn_at is not None:
        raise NotFound("link_unknown")
    return found


async def stop_news(tx: AsyncSession, secret: str, *, now: datetime) -> int:
    """They no longer want to be contacted: their address is erased from every seat that has it.

    How many seats; 0 where it was done before. The text that they agreed to stays the one that
    they read. Raises NotFound. Source: privacy-and-access.md, "Consent model".
    """
    reader = await find_reader(tx, secret)
    seats = {
        seat.id: seat
        for seat in await tx.scalars(
            select(Participant)
            .join(PersonKey, PersonKey.participant_id == Participant.id)
            .where(Participant.withdrawn_at.is_(None))
        )
    }
    keys = await people.read_keys(tx, seats)
    address = keys[reader.id].email.casefold() if reader.id in keys else ""
    theirs = [id_ for id_, key in keys.items() if address and key.email.casefold() == address]
    said = await people.consents_of(tx, theirs)
    for id_ in theirs:
        await people.keep_key(tx, seats[id_], people.Key(keys[id_].pseudonym), now=now)
        before = said.get(id_)
        if before is None or not before.choices.get("contact"):
            continue
        # The latest is in force: two never have the same time.
        at = max(now, before.given_at + timedelta(microseconds=1))
        consent = await people.give_consent(
            tx,
            seats[id_],
            choices={**before.choices, "contact": False},
            language=before.language,
            now=at,
            how="mail",
            version=before.version,
            understood_after=before.understood_after,
        )
        await note(
            tx,
            "consent_changed",
            actor=id_,
            now=at,
            subject=id_,
            gathering_id=seats[id_].gathering_id,
            version=consent.version,
            how="mail",
            yes=" ".join(consent_summary(consent.choices)),
        )
    waits = Mail.about.in_(theirs) & Mail.due_at.is_not(None)
    await tx.execute(delete(Mail).where(waits).execution_options(synchronize_session=False))
    return len(theirs)


def erase_address(tx: AsyncSession, owner: Owner) -> None:
    """The address is not needed any more; the link opens the page as before."""
    kept = read_kept(tx, owner)
    if kept.email:
        _keep(tx, owner, Kept(secret=kept.secret, no_mail=kept.no_mail))


def _keep(tx: AsyncSession, owner: Owner, kept: Kept) -> None:
    owner.sealed = seal(secret_of(tx), PURPOSE, json.dumps(asdict(kept)))


def _hash(tx: AsyncSession, email: str) -> str:
    return keyed_hash(secret_of(tx), PURPOSE, email.strip().casefold())


async def _forget_mails(tx: AsyncSession, recommendation_id: str) -> None:
    await schedule.drop(tx, recommendation_id, kinds=[ASK])
    await drop_mails(tx, recommendation_id)


async def _access_adopted(
    tx: AsyncSession, gathering: Gathering, recommendation_id: str
) -> Contribution:
    """Raises NotFound, and Refusal as ``set_progress`` does."""
    if gathering.closed_at is None:
        raise Refusal("progress_not_closed")
    said = await list_said(tx, gathering.id)
    if recommendation_id not in {draft.id for draft in gathering_rules.drafts_of(said)}:
        raise NotFound("recommendation_not_found")
    if gathering_rules.decision_on(recommendation_id, said).result not in gathering_rules.ADOPTED:
        raise Refusal("progress_not_adopted")
    return await tx.get_one(Contribution, recommendation_id)
