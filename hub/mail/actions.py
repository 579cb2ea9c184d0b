"""Putting a mail in line. It is written and sent by ``hub.mail.jobs``, also after a restart."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id, secret_of
from hub.mail.models import Mail
from hub.sealing import seal, unseal

# Each has templates/mail/<kind>.txt and .html, whose first block is the subject.
KINDS = (
    "sign_in",
    "account_invitation",
    "session_invitation",
    "comment_round",
    "follow_up",
    "words_withdrawn",
    "accessibility_report",
)
PURPOSE = "mail"


async def queue_mail(
    tx: AsyncSession,
    kind: str,
    *,
    to: str,
    language: str,
    facts: Mapping[str, str],
    now: datetime,
    about: str | None = None,
    due_at: datetime | None = None,
    until_at: datetime | None = None,
) -> Mail:
    """A mail to one address, sent from ``due_at`` (None: at once) and not after ``until_at``.

    ``facts`` are links, dates and titles; never what participants wrote. Raises ValueError for a
    kind that has no templates.
    """
    if kind not in KINDS:
        raise ValueError(f"no mail is called {kind!r}")
    key = secret_of(tx)
    mail = Mail(
        # Known at once, so that many can be put in line without asking the database each time.
        id=new_id("e"),
        kind=kind,
        language=language,
        sealed_to=seal(key, PURPOSE, to),
        sealed_facts=seal(key, PURPOSE, json.dumps(dict(facts))),
        about=about,
        message_id=secrets.token_hex(16),
        made_at=now,
        due_at=due_at or now,
        until_at=until_at,
        headers={},
    )
    tx.add(mail)
    return mail


def read_mail(secret_key: str, mail: Mail) -> tuple[str, dict[str, str]]:
    """The address and the facts of a mail that waits. Raises hub.sealing.Unreadable."""
    to = unseal(secret_key, PURPOSE, mail.sealed_to or "")
    facts: dict[str, str] = json.loads(unseal(secret_key, PURPOSE, mail.sealed_facts or ""))
    return to, facts


async def drop_mails(tx: AsyncSession, about: str) -> None:
    """Erase every mail about somebody or something, sent or not."""
    await tx.execute(delete(Mail).where(Mail.about == about))
