"""A seat in a session."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit import actions as audit
from hub.errors import Invalid, NotFound, Refusal
from hub.people import rules
from hub.people.actions.consents import check_consent, give_consent, text_in_force, tie_key
from hub.people.actions.secret import hash_secret, new_secret
from hub.people.models import Participant, is_seated


async def check_here(tx: AsyncSession, seat: Participant) -> Participant:
    """Somebody who is still there to say something, as this change finds them.

    They were looked up before it began, and may have withdrawn since. Raises NotFound, and Refusal
    where they are on a break.
    """
    fresh = await tx.get(Participant, seat.id, populate_existing=True)
    if fresh is None or not is_seated(fresh):
        raise NotFound("session_not_found")
    if fresh.paused_at is not None:
        raise Refusal("on_break")
    return fresh


async def check_may_say(tx: AsyncSession, seat: Participant, *, now: datetime) -> None:
    """Whether words of somebody may be kept now. Raises as check_here and check_consent do."""
    await check_here(tx, seat)
    await check_consent(tx, seat, now=now)


@dataclass(frozen=True)
class Asked:
    """How somebody came to say yes: the version they saw, and their answers to its questions.

    ``understood`` is the answer chosen by question (None: they were not asked), ``tries`` how
    often they had answered wrongly before.
    """

    version: str | None = None
    understood: Mapping[str, object] | None = None
    tries: int = 0


NOT_ASKED = Asked()


def name_key(name: str) -> str:
    """Two aliases that look the same have the same key."""
    return unicodedata.normalize("NFKC", name).casefold().strip()[:120]


async def take_seat(
    tx: AsyncSession,
    *,
    gathering_id: str,
    name: str,
    language: object,
    role: str | None,
    bilingual: bool,
    consent: dict[str, bool],
    reserved_names: tuple[str, ...],
    now: datetime,
    how: str,
    remote: bool = False,
    without_device: bool = False,
    asked: Asked = NOT_ASKED,
    email: str = "",
    others: Iterable[Participant] = (),
    by: str | None = None,
) -> tuple[Participant, str]:
    """A seat in a session and its secret. Raises Invalid with a pointer for each fault.

    ``email`` is kept only where they may be contacted, ``others`` are the seats of the same
    browser, ``by`` the account that seats somebody who has no device.
    """
    name = " ".join(rules.clean_text(name).split())
    role, email = role or None, email.strip()
    text = await text_in_force(tx, now=now)
    faults = rules.join_faults(name=name, language=language, role=role, consent=consent)
    if "/name" not in faults and rules.name_is_bot_like(name, reserved_names):
        faults["/name"] = "name_reserved"
    if asked.version is not None and asked.version != text.version:
        faults["/version"] = "consent_version_old"
    elif asked.understood is not None:
        faults |= rules.understanding_faults(text.questions, asked.understood)
    if consent.get("contact") and (fault := rules.email_fault(email)):
        faults["/email"] = fault
    if "/name" not in faults:
        taken = await tx.scalar(
            select(Participant.id).where(
                Participant.gathering_id == gathering_id, Participant.name_key == name_key(name)
            )
        )
        if taken:
            faults["/name"] = "name_taken"
    if faults:
        raise Invalid(faults)
    secret = new_secret("pt")
    participant = Participant(
        gathering_id=gathering_id,
        name=name,
        name_key=name_key(name),
        language=str(language),
        role=role,
        bilingual=bilingual,
        remote=remote,
        without_device=without_device,
        secret_hash=hash_secret(secret),
        joined_at=now,
        seen_at=now,
    )
    tx.add(participant)
    await tx.flush()
    await give_consent(
        tx,
        participant,
        choices=consent,
        language=participant.language,
        now=now,
        how=how,
        version=text.version,
        understood_after=None if asked.understood is None else asked.tries + 1,
    )
    await tie_key(tx, participant, choices=consent, before={}, email=email, others=others, now=now)
    about = {"subject": participant.id, "gathering_id": gathering_id}
    actor = by or participant.id
    await audit.note(tx, "joined", actor=actor, now=now, how=how, **about)
    await audit.note(
        tx,
        "consent_given",
        actor=actor,
        now=now,
        version=text.version,
        how=how,
        yes=" ".join(rules.consent_summary(consent)),
        **about,
    )
    return participant, secret
