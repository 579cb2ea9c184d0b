"""What people say yes to, which text they had read, and when they are asked again.

Source: privacy-and-access.md, "Consent model".
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit import actions as audit
from hub.errors import Invalid, NotFound, Refusal
from hub.people import rules
from hub.people.actions.keys import Key, keep_key, new_pseudonym, read_keys
from hub.people.models import Consent, ConsentText, Participant
from hub.people.texts import Text, TextError, list_texts, shipped_texts

# --- the texts --------------------------------------------------------------------------------


async def sync_texts(tx: AsyncSession, own: Path, *, now: datetime) -> list[str]:
    """Keep the texts of files for good; returns the versions that are new.

    ``own``: the organiser's folder. Raises TextError for a file that is no text, and where a
    version has come to mean something else: somebody may have said yes to what it was.
    """
    fresh = await list_new_texts(tx, own)
    for text in fresh:
        tx.add(
            ConsentText(
                version=text.version,
                data=dict(text.data),
                content_hash=text.content_hash,
                from_at=text.from_at,
            )
        )
        await tx.flush()
        await audit.note(
            tx, "consent_text_changed", actor=audit.SYSTEM, now=now, version=text.version
        )
    return [text.version for text in fresh]


async def list_new_texts(tx: AsyncSession, own: Path) -> list[Text]:
    """The texts of files that are not kept yet. Raises TextError as ``sync_texts`` does."""
    # In a thread: the files of an organiser may be many and long.
    texts = await asyncio.to_thread(list_texts, own)
    known = {row.version: row for row in await tx.scalars(select(ConsentText))}
    for text in texts:
        kept = known.get(text.version)
        if kept is not None and kept.content_hash != text.content_hash:
            raise TextError(
                f"consent text {text.version} is not what people have read: "
                "put it back as it was, and write the change as a new version"
            )
    return [text for text in texts if text.version not in known]


def _newest_version(now: datetime) -> Select[str]:
    return (
        select(ConsentText.version)
        .where(ConsentText.from_at <= now)
        .order_by(
            ConsentText.data["shipped"].as_boolean(),
            ConsentText.from_at.desc(),
            ConsentText.version.desc(),
        )
        .limit(1)
    )


async def version_in_force(tx: AsyncSession, *, now: datetime) -> str:
    """The version that people are asked to say yes to now: the newest whose day has come.

    An organiser's own text comes before what ships, whatever its day: no new edition of the hub
    takes the place of a text that somebody has approved.
    """
    return await tx.scalar(_newest_version(now)) or _shipped_version(now)


def _shipped_version(now: datetime) -> str:
    """What holds where no text has been kept yet."""
    started = [text for text in shipped_texts() if text.from_at <= now]
    return (started or shipped_texts())[-1 if started else 0].version


async def text_in_force(tx: AsyncSession, *, now: datetime) -> Text:
    """The text that people are asked to say yes to now."""
    return await find_text(tx, await version_in_force(tx, now=now))


async def find_text(tx: AsyncSession, version: str) -> Text:
    """A text by its version, also one that is no longer in force. Raises NotFound."""
    row = await tx.get(ConsentText, version)
    if row is not None:
        return Text(row.version, row.from_at, row.data)
    for text in shipped_texts():
        if text.version == version:
            return text
    raise NotFound("consent_text_not_found")


async def list_kept_texts(tx: AsyncSession, *, now: datetime) -> list[Text]:
    """Every text that is or was in force, newest first."""
    rows = await tx.scalars(select(ConsentText).where(ConsentText.from_at <= now))
    found = {text.version: text for text in shipped_texts() if text.from_at <= now}
    found |= {row.version: Text(row.version, row.from_at, row.data) for row in rows}
    return sorted(found.values(), key=lambda text: (text.from_at, text.version), reverse=True)


# --- what somebody said -----------------------------------------------------------------------


async def give_consent(
    tx: AsyncSession,
    participant: Participant,
    *,
    choices: dict[str, bool],
    language: str,
    now: datetime,
    how: str,
    version: str | None = None,
    understood_after: int | None = None,
) -> Consent:
    """Keep what the person said yes to, with the version of the text they read.

    ``version`` is the one they saw; the one in force where it is not told.
    ``understood_after``: tries that the two questions took.
    """
    consent = Consent(
        participant_id=participant.id,
        choices=choices,
        version=version or await version_in_force(tx, now=now),
        language=language,
        how=how,
        given_at=now,
        understood_after=understood_after,
    )
    tx.add(consent)
    await tx.flush()
    return consent


async def change_consent(
    tx: AsyncSession,
    participant: Participant,
    *,
    choices: dict[str, bool],
    language: str,
    now: datetime,
    how: str,
    version: str | None = None,
    email: str | None = None,
    others: Iterable[Participant] = (),
    by: str | None = None,
) -> Consent:
    """What somebody says yes to from now on. What they said before is kept beside it.

    ``version`` is the text they saw, ``email`` their address (None: as it was, unless they no
    longer want to be contacted), ``others`` the seats of the same browser, ``by`` the account
    that wrote it down for them. Raises Invalid, and NotFound for whoever has withdrawn meanwhile.
    """
    if participant.withdrawn_at is not None:
        raise NotFound("session_not_found")
    in_force = await version_in_force(tx, now=now)
    faults: dict[str, str] = {}
    if not choices.get("take_part"):
        faults["/consent"] = "consent_missing"
    if version is not None and version != in_force:
        faults["/version"] = "consent_version_old"
    if choices.get("contact") and email and (fault := rules.email_fault(email)):
        faults["/email"] = fault
    if faults:
        raise Invalid(faults)
    before = (await consents_of(tx, [participant.id])).get(participant.id)
    # The latest is in force: two never have the same time.
    now = max(now, before.given_at + timedelta(microseconds=1)) if before else now
    consent = await give_consent(
        tx,
        participant,
        choices=choices,
        language=language,
        now=now,
        how=how,
        version=in_force,
        understood_after=before.understood_after if before else None,
    )
    await tie_key(
        tx,
        participant,
        choices=choices,
        before=before.choices if before else {},
        email=email,
        others=others,
        now=now,
    )
    await audit.note(
        tx,
        "consent_changed",
        actor=by or participant.id,
        now=now,
        subject=participant.id,
        gathering_id=participant.gathering_id,
        version=in_force,
        how=how,
        yes=" ".join(rules.consent_summary(choices)),
    )
    return consent


async def consents_of(tx: AsyncSession, participant_ids: Collection[str]) -> dict[str, Consent]:
    """Each one's consent in force, by participant id; one query for all."""
    if not participant_ids:
        return {}
    found = await tx.scalars(
        select(Consent)
        .where(Consent.participant_id.in_(participant_ids))
        .order_by(Consent.given_at, Consent.id)
    )
    return {consent.participant_id: consent for consent in found}


async def is_asked_again(tx: AsyncSession, participant: Participant, *, now: datetime) -> bool:
    """True where the text has changed since the person said yes. One query, for every post."""
    said = (
        select(Consent.version)
        .where(Consent.participant_id == participant.id)
        .order_by(Consent.given_at.desc(), Consent.id.desc())
        .limit(1)
    )
    found = await tx.execute(select(said.scalar_subquery(), _newest_version(now).scalar_subquery()))
    last, newest = found.one()
    return bool(last != (newest or _shipped_version(now)))


async def check_consent(tx: AsyncSession, participant: Participant, *, now: datetime) -> None:
    """Raises Refusal ``consent_changed``: the person is asked again before their next post."""
    if await is_asked_again(tx, participant, now=now):
        raise Refusal("consent_changed")


async def tie_key(
    tx: AsyncSession,
    participant: Participant,
    *,
    choices: Mapping[str, bool],
    before: Mapping[str, bool],
    email: str | None,
    others: Iterable[Participant],
    now: datetime,
) -> None:
    """Keep the key of a seat as its person wants it.

    It has the pseudonym of another of their seats only where they say yes to be followed in both,
    and a new one as soon as they no longer do. An address is kept while they may be contacted.
    """
    linked = [o for o in others if o.id != participant.id and o.withdrawn_at is None]
    keys = await read_keys(tx, [participant.id, *(other.id for other in linked)])
    own = keys.get(participant.id)
    follows, followed = bool(choices.get("follow")), bool(before.get("follow"))
    pseudonym = own.pseudonym if own and (follows == followed or follows) else new_pseudonym()
    if follows and not (own and followed):
        said = await consents_of(tx, [other.id for other in linked])
        shared = (
            keys[other.id].pseudonym
            for other in sorted(linked, key=lambda seat: (seat.joined_at, seat.id))
            if other.id in keys and other.id in said and said[other.id].choices.get("follow")
        )
        pseudonym = next(shared, pseudonym)
    kept = (own.email if own else "") if email is None else email.strip()
    address = kept if choices.get("contact") else ""
    await keep_key(tx, participant, Key(pseudonym, address), now=now)
