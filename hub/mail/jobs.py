"""Writing and sending the mails that are due.

A mail is claimed before it is sent: where the process dies in between, the mail becomes due again
when the claim runs out. It may then arrive twice, with one Message-ID, and is never lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from markupsafe import Markup
from sqlalchemy import Update, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.clock import Clock
from hub.db import Database, claim, secret_of
from hub.mail.actions import facts_in, read_mail
from hub.mail.models import Mail
from hub.mail.rules import after_night
from hub.mail.transport import Letter, NotSent, deliver, drop_files, kept_files, one_line
from hub.render import LANGUAGES, Renderer
from hub.sealing import Unreadable
from hub.settings import Settings

log = structlog.get_logger(__name__)
# How long to wait after each try that failed; after the last one the mail is given up.
WAITS: Final = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 1440))
# Facts that are texts of several lines, and those that are links, whole or within the hub.
WHOLE: Final = ("text", "calendar")
LINKS: Final = ("url", "join", "deputy", "feedback", "unsubscribe")
# Longer than any try takes.
CLAIM: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Post:
    """What it takes to send mail."""

    database: Database
    clock: Clock
    renderer: Renderer
    settings: Settings


@dataclass(frozen=True)
class Claimed:
    """A mail that this process sends now."""

    mail: Mail
    to: str
    facts: Mapping[str, str]


async def send_due(post: Post) -> int:
    """Send what is due, oldest first; how many went out.

    Where the server does not answer, the others wait for the next run: they would fare no better.
    """
    sent = 0
    while True:
        claimed = await _claim_next(post)
        if claimed is None:
            return sent
        if isinstance(claimed, Mail):
            continue
        mail = claimed.mail
        try:
            await deliver(write_letter(post, claimed), post.settings)
        except NotSent as error:
            await _note_failure(post, mail, error)
            if error.everywhere:
                return sent
        else:
            await _note_sent(post, mail)
            sent += 1


async def sweep_outbox(post: Post) -> int:
    """Delete the files of mails that were dropped, or whose time to be kept is over; how many."""
    files = await asyncio.to_thread(kept_files, post.settings.outbox_dir)
    if not files:
        return 0
    async with post.database.reading() as tx:
        known = set(await tx.scalars(select(Mail.id)))
    gone = files.keys() - known
    await asyncio.to_thread(drop_files, post.settings.outbox_dir, gone)
    return len(gone)


async def count_trouble(tx: AsyncSession, now: datetime) -> tuple[int, int]:
    """How many mails have been tried in vain and wait, and how many were given up in a day."""
    waiting = await tx.scalar(
        select(func.count()).where(Mail.due_at.is_not(None), Mail.attempts > 0)
    )
    failed = await tx.scalar(select(func.count()).where(Mail.failed_at > now - timedelta(days=1)))
    return waiting or 0, failed or 0


async def _claim_next(post: Post) -> Claimed | Mail | None:
    """The next mail, claimed; the row alone where it was given up or taken; None: all is done."""
    now = post.clock.now()
    async with post.database.transaction() as tx:
        mail = await tx.scalar(
            select(Mail).where(Mail.due_at <= now).order_by(Mail.due_at, Mail.id).limit(1)
        )
        if mail is None:
            return None
        if mail.until_at is not None and mail.until_at <= now:
            await _give_up(tx, mail, "late", now=now)
            return mail
        if mail.attempts > len(WAITS):
            await _give_up(tx, mail, mail.fault or "interrupted", now=now)
            return mail
        if (by_day := _by_day(mail, now)) != now:
            await claim(tx, _same(mail).values(due_at=by_day))
            return mail
        try:
            to, facts = read_mail(secret_of(tx), mail)
        except (Unreadable, ValueError):
            # Sealed with another secret key: nobody can read it any more.
            await _give_up(tx, mail, "unreadable", now=now)
            return mail
        taken = await claim(
            tx,
            _same(mail).values(due_at=now + CLAIM, attempts=mail.attempts + 1),
        )
        if not taken:
            return mail
        await tx.refresh(mail)
        return Claimed(mail, to, facts)


def _same(mail: Mail) -> Update:
    """An UPDATE of the row as it was read: of several processes, one changes it."""
    return (
        update(Mail)
        .where(Mail.id == mail.id, Mail.due_at == mail.due_at, Mail.attempts == mail.attempts)
        .execution_options(synchronize_session=False)
    )


def _by_day(mail: Mail, at: datetime) -> datetime:
    """``at``, or the next morning where the mail is not to come at night."""
    return after_night(at, mail.quiet_zone) if mail.quiet_zone else at


async def _note_sent(post: Post, mail: Mail) -> None:
    async with post.database.transaction() as tx:
        kept = await claim(
            tx,
            update(Mail)
            .where(Mail.id == mail.id)
            .values(
                sent_at=post.clock.now(),
                due_at=None,
                fault=None,
                sealed_to=None,
                sealed_facts=None,
            )
            .execution_options(synchronize_session=False),
        )
    if not kept:
        # Dropped while it was on its way: no file of it is left lying.
        await asyncio.to_thread(drop_files, post.settings.outbox_dir, [mail.id])
    log.info("mail sent", mail=mail.id, kind=mail.kind, attempts=mail.attempts)


async def _note_failure(post: Post, mail: Mail, error: NotSent) -> None:
    now = post.clock.now()
    async with post.database.transaction() as tx:
        if error.for_good or mail.attempts > len(WAITS):
            await _give_up(tx, mail, error.fault, now=now)
            return
        await tx.execute(
            update(Mail)
            .where(Mail.id == mail.id)
            .values(due_at=_by_day(mail, now + WAITS[mail.attempts - 1]), fault=error.fault)
            .execution_options(synchronize_session=False)
        )
    log.warning("mail waits", mail=mail.id, kind=mail.kind, fault=error.fault, tries=mail.attempts)


async def _give_up(tx: AsyncSession, mail: Mail, fault: str, *, now: datetime) -> None:
    await tx.execute(
        update(Mail)
        .where(Mail.id == mail.id)
        .values(failed_at=now, due_at=None, fault=fault, sealed_to=None, sealed_facts=None)
        .execution_options(synchronize_session=False)
    )
    log.error("mail given up", mail=mail.id, kind=mail.kind, fault=fault, attempts=mail.attempts)


def write_letter(post: Post, claimed: Claimed) -> Letter:
    """The mail in its language, or in both, one after the other."""
    mail = claimed.mail
    base = post.settings.base_url or "http://127.0.0.1:8000"
    # Titles and names stand in a subject too, which is one line; only whole texts have several.
    facts = {
        name: value if name in WHOLE else one_line(value) for name, value in claimed.facts.items()
    }
    facts |= {name: base + facts[name] for name in LINKS if facts.get(name, "").startswith("/")}
    languages = LANGUAGES if mail.language == "both" else (mail.language,)
    now = post.clock.now().isoformat()
    written = [
        _write(
            post.renderer,
            mail.kind,
            each,
            {**facts_in(mail.kind, facts, each), "base": base, "sent_at": now},
        )
        for each in languages
    ]
    subject = " / ".join(part["subject"] for part in written)
    html = post.renderer.render("mail/whole.html", languages[0], subject=subject, parts=written)
    return Letter(
        id=mail.id,
        message_id=mail.message_id,
        to=claimed.to,
        subject=subject,
        text="\n\n---\n\n".join(part["text"] for part in written) + "\n",
        html=html,
        language=mail.language,
        made_at=mail.made_at,
        unsubscribe=facts.get("unsubscribe", ""),
        calendar=facts.get("calendar", ""),
        calendar_method=facts.get("calendar_method", ""),
    )


def _write(
    renderer: Renderer, kind: str, language: str, facts: Mapping[str, str]
) -> dict[str, str]:
    plain = renderer.render(f"mail/{kind}.txt", language, **facts)
    subject, _, text = plain.partition("\n")
    html = renderer.render(f"mail/{kind}.html", language, **facts)
    return {
        "language": language,
        "subject": subject.strip(),
        "text": text.strip(),
        # Rendered with everything in it escaped.
        "html": Markup(html),  # noqa: S704
    }
