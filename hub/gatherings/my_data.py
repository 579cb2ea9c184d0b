"""Everything the hub holds on one person, and erasing it.

Source: privacy-and-access.md, "Taking back" and "Exports"; GDPR, articles 15, 17 and 20.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

import hub
from hub.audit.models import AuditEntry
from hub.charters.models import CharterComment, CharterDraft
from hub.db import secret_of
from hub.gatherings import actions
from hub.gatherings.models import (
    WITH_AUTHOR,
    Act,
    Answer,
    Contribution,
    Gathering,
    Hand,
    Presence,
    Translation,
)
from hub.gatherings.screens import Screens
from hub.gatherings.views import moment
from hub.language.models import AddedTerm
from hub.mail.models import Mail
from hub.mail.transport import drop_files
from hub.measures.items import shipped
from hub.people import actions as people
from hub.people.models import Account, Consent, Invitation, Participant, SignIn
from hub.people.rules import consent_summary

# Of the form of an export; raised when something in it comes to mean something else.
VERSION: Final = 1
# Kept of each kind of row for an account, the latest: an export is a page, not a database.
LATEST_ROWS: Final = 5000


# --- one who took part ----------------------------------------------------------------------


async def read_seats(
    tx: AsyncSession,
    seats: Sequence[Participant],
    *,
    secrets: Mapping[str, str],
    now: datetime,
) -> dict[str, Any]:
    """Everything on the person who holds these seats, as plain values for JSON and pages.

    ``secrets`` are those of the seats, by session id: without one the answers to questions of that
    session cannot be found, since nothing else ties them to anybody, and ``answers`` is None.
    """
    rows = await _Rows.read(tx, seats, secrets=secrets)
    return _head(now) | {
        "account": None,
        "sessions": [rows.of(seat) for seat in seats],
        "consent_texts": await _texts(tx, rows.versions(), now=now),
    }


def _head(now: datetime) -> dict[str, Any]:
    return {"version": VERSION, "hub": hub.__version__, "made_at": moment(now)}


async def _texts(tx: AsyncSession, versions: Collection[str], *, now: datetime) -> dict[str, Any]:
    """The texts that were said yes to, in both languages."""
    found = await people.list_kept_texts(tx, now=now)
    return {text.version: dict(text.data) for text in found if text.version in versions}


class _Rows:
    """All rows on some seats, each table read once."""

    def __init__(self) -> None:
        self.gatherings: dict[str, Gathering] = {}
        self.keys: dict[str, people.Key] = {}
        self.by_seat: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self.answers: dict[str, list[Answer] | None] = {}

    @classmethod
    async def read(
        cls, tx: AsyncSession, seats: Sequence[Participant], *, secrets: Mapping[str, str]
    ) -> _Rows:
        rows, ids = cls(), [seat.id for seat in seats]
        sessions = select(Gathering).where(Gathering.id.in_([s.gathering_id for s in seats]))
        rows.gatherings = {g.id: g for g in await tx.scalars(sessions)}
        rows.keys = await people.read_keys(tx, ids)
        posts = list(
            await tx.scalars(
                select(Contribution)
                .where(Contribution.participant_id.in_(ids))
                .order_by(Contribution.created_at, Contribution.seq, Contribution.id)
                .options(*WITH_AUTHOR)
            )
        )
        rows._add("posts", posts, lambda c: c.participant_id)
        consents = select(Consent).where(Consent.participant_id.in_(ids))
        rows._add(
            "consents",
            await tx.scalars(consents.order_by(Consent.given_at)),
            lambda row: row.participant_id,
        )
        comments = select(CharterComment).where(CharterComment.participant_id.in_(ids))
        rows._add(
            "comments",
            await tx.scalars(comments.order_by(CharterComment.created_at)),
            lambda row: row.participant_id,
        )
        presences = select(Presence).where(Presence.participant_id.in_(ids))
        rows._add(
            "presences",
            await tx.scalars(presences.order_by(Presence.from_at)),
            lambda row: row.participant_id,
        )
        rows._add(
            "hands",
            await tx.scalars(select(Hand).where(Hand.participant_id.in_(ids))),
            lambda row: row.participant_id,
        )
        corrected = select(Translation).where(Translation.by_id.in_(ids))
        rows._add(
            "corrections",
            await tx.scalars(corrected.order_by(Translation.updated_at)),
            lambda row: row.by_id,
        )
        rows._add(
            "terms",
            await tx.scalars(select(AddedTerm).where(AddedTerm.by_id.in_(ids))),
            lambda row: row.by_id,
        )
        invited = list(
            await tx.scalars(select(Invitation).where(Invitation.participant_id.in_(ids)))
        )
        rows._add("invitations", invited, lambda row: row.participant_id)
        await rows._read_disputes(tx, ids)
        await rows._read_told(tx, ids, posts, invited)
        await rows._read_answers(tx, seats, secrets)
        return rows

    def _add(self, kind: str, found: Iterable[Any], whose: Any) -> None:
        for row in found:
            self.by_seat[str(whose(row))][kind].append(row)

    async def _read_disputes(self, tx: AsyncSession, ids: Sequence[str]) -> None:
        found = await tx.scalars(
            select(Translation)
            .join(Contribution, Contribution.id == Translation.contribution_id)
            .where(
                Contribution.gathering_id.in_(list(self.gatherings)),
                Translation.disputes.is_not(None),
            )
        )
        for t in found:
            for entry in t.disputes or ():
                if entry.get("by") in ids:
                    self.by_seat[entry["by"]]["disputes"].append((t, entry))

    async def _read_told(
        self,
        tx: AsyncSession,
        ids: Sequence[str],
        posts: Sequence[Contribution],
        invited: Sequence[Invitation],
    ) -> None:
        """Acts of facilitators, mails and entries of the audit log."""
        whose = {seat_id: seat_id for seat_id in ids}
        whose |= {c.id: str(c.participant_id) for c in posts}
        whose |= {i.id: str(i.participant_id) for i in invited}
        acts = select(Act).where(
            Act.gathering_id.in_(list(self.gatherings)), Act.target.in_(list(whose))
        )
        self._add("acts", await tx.scalars(acts.order_by(Act.at)), lambda a: whose[a.target])
        mails = select(Mail).where(Mail.about.in_(list(whose))).order_by(Mail.made_at)
        self._add("mails", await tx.scalars(mails), lambda mail: whose[mail.about])
        entries = (
            select(AuditEntry)
            .where(
                or_(AuditEntry.subject.in_(list(whose)), AuditEntry.actor.in_(ids)),
            )
            .order_by(AuditEntry.number)
        )
        self._add(
            "audit",
            await tx.scalars(entries),
            lambda e: whose.get(e.subject, e.actor),
        )

    async def _read_answers(
        self, tx: AsyncSession, seats: Sequence[Participant], secrets: Mapping[str, str]
    ) -> None:
        keys = {
            actions.answer_key(
                secret_of(tx), gathering_id=s.gathering_id, secret=secrets[s.gathering_id]
            ): s.id
            for s in seats
            if s.gathering_id in secrets
        }
        self.answers = {s.id: ([] if s.gathering_id in secrets else None) for s in seats}
        for row in await tx.scalars(select(Answer).where(Answer.key.in_(list(keys)))):
            kept = self.answers[keys[row.key]]
            if kept is not None:
                kept.append(row)

    def versions(self) -> set[str]:
        return {row.version for found in self.by_seat.values() for row in found["consents"]}

    def of(self, seat: Participant) -> dict[str, Any]:
        """One seat with everything on it."""
        gathering, found = self.gatherings[seat.gathering_id], self.by_seat[seat.id]
        key, answers = self.keys.get(seat.id), self.answers[seat.id]
        return {
            "session": {
                "id": gathering.id,
                "title": gathering.title,
                "state": gathering.state,
                "started_at": moment(gathering.started_at),
                "closed_at": moment(gathering.closed_at),
                "published_at": moment(gathering.published_at),
                "purged_at": moment(gathering.purged_at),
                "charter": gathering.charter,
            },
            "me": _seat(seat)
            | {"pseudonym": key.pseudonym if key else None, "email": key.email if key else ""},
            "consents": [_consent(row) for row in found["consents"]],
            "posts": [_post(c) for c in found["posts"] if c.author_key == seat.id],
            "to_me": [_post(c) for c in found["posts"] if c.author_key != seat.id],
            "answers": None if answers is None else [_answer(row) for row in answers],
            "comments": [_comment(row) for row in found["comments"]],
            "corrections": [_correction(row) for row in found["corrections"]],
            "disputes": [
                {
                    "contribution": t.contribution_id,
                    "language": t.language,
                    "word": entry.get("word", ""),
                    "reason": entry.get("reason", ""),
                }
                for t, entry in found["disputes"]
            ],
            "terms": [{"sv": t.sv, "en": t.en, "at": moment(t.at)} for t in found["terms"]],
            "presences": [
                {"from": moment(row.from_at), "until": moment(row.until_at)}
                for row in found["presences"]
            ],
            "hands": [{"raised_at": moment(row.raised_at)} for row in found["hands"]],
            "invitations": [
                {
                    "made_at": moment(row.made_at),
                    "used_at": moment(row.used_at),
                    "recalled_at": moment(row.recalled_at),
                    "child": row.child,
                }
                for row in found["invitations"]
            ],
            "acts": [
                {"kind": a.kind, "at": moment(a.at), "target": a.target} for a in found["acts"]
            ],
            "mails": [_mail(row) for row in found["mails"]],
            "audit": [_entry(row) for row in found["audit"]],
        }


def _seat(seat: Participant) -> dict[str, Any]:
    return {
        "id": seat.id,
        "name": seat.name,
        "role": seat.role,
        "group": seat.group,
        "language": seat.language,
        "bilingual": seat.bilingual,
        "remote": seat.remote,
        "without_device": seat.without_device,
        "joined_at": moment(seat.joined_at),
        "ready_at": moment(seat.ready_at),
        "seen_at": moment(seat.seen_at),
        "paused_at": moment(seat.paused_at),
        "left_at": moment(seat.left_at),
        "removed_at": moment(seat.removed_at),
        "removed_reason": seat.removed_reason,
    }


def _consent(row: Consent) -> dict[str, Any]:
    return {
        "given_at": moment(row.given_at),
        "version": row.version,
        "language": row.language,
        "how": row.how,
        "choices": dict(row.choices),
        "yes_to": consent_summary(row.choices),
        "understood_after": row.understood_after,
    }


def _post(c: Contribution) -> dict[str, Any]:
    return {
        "id": c.id,
        "kind": c.kind,
        "phase": c.phase,
        "principle": c.principle,
        "language": c.language,
        "text": c.text,
        "fields": dict(c.fields),
        "reply_to": c.reply_to,
        "seq": c.seq,
        "shared": c.seq is not None,
        "created_at": moment(c.created_at),
        "corrected_at": moment(c.corrected_at),
        "taken_back_at": moment(c.removed_at),
        "hidden": {
            "at": moment(c.hidden_at),
            "code": c.hidden_code,
            "reason": c.hidden_reason,
            "answer": c.hidden_answer,
            "answer_at": moment(c.hidden_answer_at),
        }
        if c.hidden_at
        else None,
        "held": {"at": moment(c.held_at), "why": c.held_why} if c.held_at else None,
        "pinned_at": moment(c.pinned_at),
        "screen_at": moment(c.screen_at),
        "written_down_by": c.scribe.name if c.scribe else None,
        "translations": {
            t.language: {"text": t.text, "fields": t.fields or {}, "status": t.status}
            for t in c.translations
        },
    }


def _answer(row: Answer) -> dict[str, Any]:
    return {
        "item": row.item,
        "version": row.version,
        "value": row.value,
        "text": row.text,
        "question": _question(row),
    }


def _question(row: Answer) -> dict[str, str]:
    """What was asked, in both languages, as it was then."""
    found = shipped().wordings.get((row.item, row.version))
    return dict(found.text) if found else {}


def _comment(row: CharterComment) -> dict[str, Any]:
    return {
        "id": row.id,
        "charter": row.charter_id,
        "principle": row.principle_id,
        "language": row.language,
        "text": row.text,
        "translation": row.translation,
        "created_at": moment(row.created_at),
    }


def _correction(row: Translation) -> dict[str, Any]:
    return {
        "contribution": row.contribution_id,
        "language": row.language,
        "text": row.text,
        "at": moment(row.updated_at),
    }


def _mail(row: Mail) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "language": row.language,
        "made_at": moment(row.made_at),
        "sent_at": moment(row.sent_at),
        "failed_at": moment(row.failed_at),
    }


def _entry(row: AuditEntry) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": moment(row.at),
        "act": row.act,
        "actor": row.actor,
        "subject": row.subject,
    }


# --- one who runs things --------------------------------------------------------------------


async def read_account(tx: AsyncSession, account: Account, *, now: datetime) -> dict[str, Any]:
    """Everything on somebody with an account; of many rows of a kind the latest."""

    async def latest(query: Any) -> list[Any]:
        return list(await tx.scalars(query.limit(LATEST_ROWS)))

    id_ = account.id
    posts = await latest(
        select(Contribution)
        .where(Contribution.account_id == id_)
        .order_by(Contribution.created_at.desc())
        .options(*WITH_AUTHOR)
    )
    sessions = await latest(
        select(Gathering).where(Gathering.created_by == id_).order_by(Gathering.created_at.desc())
    )
    acts = await latest(select(Act).where(Act.account_id == id_).order_by(Act.at.desc()))
    sign_ins = await latest(
        select(SignIn).where(SignIn.account_id == id_).order_by(SignIn.created_at.desc())
    )
    drafts = await latest(select(CharterDraft).where(CharterDraft.account_id == id_))
    comments = await latest(select(CharterComment).where(CharterComment.account_id == id_))
    mails = await latest(select(Mail).where(Mail.about == id_).order_by(Mail.made_at.desc()))
    entries = await latest(
        select(AuditEntry)
        .where(or_(AuditEntry.actor == id_, AuditEntry.subject == id_))
        .order_by(AuditEntry.number.desc())
    )
    return _head(now) | {
        "account": {
            "id": id_,
            "email": account.email,
            "name": account.name,
            "role": account.role,
            "language": account.language,
            "has_password": account.password_hash is not None,
            "created_at": moment(account.created_at),
            "sign_ins": [
                {
                    "kind": row.kind,
                    "device": row.device,
                    "created_at": moment(row.created_at),
                    "seen_at": moment(row.seen_at),
                    "ended_at": moment(row.ended_at),
                }
                for row in sign_ins
            ],
            "sessions": [{"id": g.id, "title": g.title} for g in sessions],
            "posts": [{"session": c.gathering_id, **_post(c)} for c in posts],
            "acts": [
                {"session": a.gathering_id, "kind": a.kind, "reason": a.reason, "at": moment(a.at)}
                for a in acts
            ],
            "drafts": [
                {
                    "charter": d.charter_id,
                    "principle": d.principle_id,
                    "language": d.language,
                    "title": d.title,
                    "text": d.text,
                }
                for d in drafts
            ],
            "comments": [_comment(row) for row in comments],
            "mails": [_mail(row) for row in mails],
            "audit": [_entry(row) for row in entries],
        },
        "sessions": [],
        "consent_texts": {},
    }


# --- withdrawing ----------------------------------------------------------------------------


async def withdraw(
    screens: Screens,
    seat: Participant,
    *,
    keep_anonymous: bool,
    secret: str | None,
    actor: str,
    outbox: Path,
) -> None:
    """Erase a person from a session, everywhere; ``secret`` is their seat's, where it is known.

    ``outbox``: the folder of mails that were kept as files. Source: privacy-and-access.md.
    """
    now = screens.clock.now()

    async def change(tx: AsyncSession, gathering: Gathering) -> actions.Withdrawn:
        key = (
            actions.answer_key(secret_of(tx), gathering_id=gathering.id, secret=secret)
            if secret
            else None
        )
        return await actions.withdraw(
            tx,
            gathering,
            seat,
            keep_anonymous=keep_anonymous,
            answer_key=key,
            actor=actor,
            now=now,
            erasers=screens.erasers,
        )

    done = await screens.carry_out(seat.gathering_id, change)
    for session_id in done.elsewhere:
        await screens.carry_out(session_id, lambda tx, g: actions.show_translations(tx, g, now=now))
    if done.mails:
        await asyncio.to_thread(drop_files, outbox, done.mails)
    screens.seen.pop(seat.id, None)
    await screens.send_out(seat.gathering_id, seat.id)
    await wipe(screens)


async def wipe(screens: Screens) -> None:
    """Leave nothing of what was erased in the database's files, nor in this process's memory."""
    _forget(screens)
    await screens.database.wipe()


async def wipe_left(screens: Screens) -> None:
    """The job that does it again: for other processes, and where a reader was in the way."""
    _forget(screens)
    await screens.database.wipe_left()


def _forget(screens: Screens) -> None:
    screens.forget()
    screens.renderer.forget()
    forget_texts()


def forget_texts() -> None:
    """Empty the caches that hold what people wrote: those that are bounded, since texts vary.

    Files that were made of it are kept by age, in an OrderedDict.
    """
    for name, module in list(sys.modules.items()):
        if not name.startswith("hub."):
            continue
        for value in list(vars(module).values()):
            if (
                isinstance(value, functools._lru_cache_wrapper)
                and value.cache_parameters()["maxsize"]
            ):
                value.cache_clear()
            elif isinstance(value, OrderedDict):
                value.clear()
