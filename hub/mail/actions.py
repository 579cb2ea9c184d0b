"""Putting a mail in line. It is written and sent by ``hub.mail.jobs``, also after a restart."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id, secret_of
from hub.mail.models import Mail
from hub.mail.rules import after_night
from hub.sealing import seal, unseal

LANGUAGES: Final = ("sv", "en")
PURPOSE = "mail"
# How far back mails that were given up are counted.
SHOWN: Final = timedelta(days=30)
# Facts that every kind may have, besides its own:
#   late               "yes": it comes long after its time, and says so
#   unsubscribe        a path, where one POST stops such mails (RFC 8058): headers, and a last line
#   calendar           a whole VCALENDAR, as a part of the mail and as the file invite.ics
#   calendar_method    REQUEST or CANCEL, as the VCALENDAR says
COMMON: Final = ("late", "unsubscribe", "calendar", "calendar_method")


@dataclass(frozen=True)
class Kind:
    """What a mail is filled with. Each has templates/mail/<kind>.txt and .html.

    All facts are text. A text in both languages comes as ``title_sv`` and ``title_en``, and is then
    ``title`` in each version; else as ``title``. Moments are RFC 3339 in UTC, days are
    ``2027-03-04``; the templates write both in the reader's language, moments in both time zones.
    ``url`` and other links are whole, or paths on this hub. ``needed`` facts have to be there,
    ``optional`` ones are empty where they are not given.
    """

    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()


# The texts are those of dissemination.md, "Message texts".
KINDS: Final[Mapping[str, Kind]] = {
    "sign_in": Kind(("url", "minutes")),
    "account_invitation": Kind(("url", "role", "inviter")),
    # starts: in words already
    "session_invitation": Kind(("title", "url", "inviter"), ("starts",)),
    "comment_round": Kind(("title", "url", "day")),
    "follow_up": Kind(("title", "url", "day")),
    "words_withdrawn": Kind(("title", "url")),
    "accessibility_report": Kind(("text",), ("email",)),
    # url: the person's own reply page. topic and why_you go on a sentence ("We will talk about
    # {topic} and would like you there because {why_you}."), so they begin with a small letter and
    # have no full stop. reply_by: a day. place: an address, or words that say how to get there.
    "meeting_invitation": Kind(
        ("title", "starts", "ends", "url"), ("topic", "why_you", "reply_by", "place")
    ),
    # when: quiet (has not replied), week, day or link. join: the link into the room. own_link:
    # "yes" where each comes in by a link of their own, which the live session's invitation gives.
    "meeting_reminder": Kind(
        ("title", "starts", "ends", "url", "when"), ("reply_by", "place", "join", "own_link")
    ),
    # reply: room, online, maybe, no, deputy, or waiting (on the waiting list). deputy: a link for
    # whoever comes instead.
    "meeting_reply": Kind(
        ("title", "starts", "ends", "url", "reply"),
        ("reply_by", "place", "join", "own_link", "deputy"),
    ),
    # reason: goes on a sentence too ("... because {reason}."). was: when it should have begun.
    "meeting_moved": Kind(("title", "starts", "ends", "reason", "url"), ("was", "place")),
    # reason: after a colon. postponed: "yes" where it is put off, not cancelled.
    # changed: which fields, as codes with words (``changed.*``) and spaces between.
    "meeting_changed": Kind(
        ("title", "starts", "ends", "url", "changed"), ("place", "join", "own_link")
    ),
    "meeting_cancelled": Kind(("title", "starts", "ends", "reason"), ("postponed",)),
    "meeting_confirmed": Kind(("title", "starts", "ends", "url"), ("place", "join", "own_link")),
    # until: the moment until which the place is kept.
    "place_offered": Kind(("title", "starts", "ends", "url", "until"), ("place",)),
    # url: the record, where it can be read; soon: "yes" where it cannot yet. feedback: the form to
    # say how it was.
    "meeting_thanks": Kind(("title",), ("url", "soon", "feedback")),
    # n: how many recommendations there are; url: the board.
    "meeting_follow_up": Kind(("title", "url", "n")),
    # title: of the session; url: the owner's own link. day: when it was to be done. n: which time
    # they are asked.
    "owner_asked": Kind(("title", "url"), ("day", "n")),
    # n: with how many recommendations something has happened.
    "recommendation_news": Kind(("title", "url", "n")),
    "record_ready": Kind(("title", "url")),
    # day: the last day to confirm or contest a point.
    "summary_to_confirm": Kind(("title", "url", "day")),
    # url: the version of the reader's audience. came: "yes" for those who took part.
    "summary_published": Kind(("title", "url"), ("came",)),
}


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
    quiet_zone: str | None = None,
) -> Mail:
    """A mail to one address, sent from ``due_at`` (None: at once) and not after ``until_at``.

    ``facts`` are links, dates and titles, as ``KINDS`` says; never what participants wrote.
    ``quiet_zone`` (an IANA name): it never goes out between 20.00 and 07.00 there. Raises
    ValueError for a kind that has no templates, a fact that is missing, and a zone there is not.
    """
    check_facts(kind, facts)
    if quiet_zone is not None:
        after_night(now, quiet_zone)
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
        quiet_zone=quiet_zone,
        headers={},
    )
    tx.add(mail)
    return mail


def check_facts(kind: str, facts: Mapping[str, str]) -> None:
    """Raises ValueError where no mail can be written of these facts."""
    known = KINDS.get(kind)
    if known is None:
        raise ValueError(f"no mail is called {kind!r}")
    there = {_bare(name) for name in facts} | facts.keys()
    if missing := [name for name in known.needed if name not in there]:
        raise ValueError(f"{kind} needs {', '.join(missing)}")
    if ("calendar" in facts) != ("calendar_method" in facts):
        raise ValueError("a calendar goes with its method")


def facts_in(kind: str, facts: Mapping[str, str], language: str) -> dict[str, str]:
    """The facts for one language: of a text in both, that one, or the other for want of it."""
    known = KINDS[kind]
    found = dict.fromkeys((*COMMON, *known.optional), "")
    found |= {name: value for name, value in facts.items() if _bare(name) == name}
    for name in {_bare(name) for name in facts} - {n for n in facts if _bare(n) == n}:
        mine, other = (
            facts.get(f"{name}_{language}"),
            (facts.get(f"{name}_{each}") for each in LANGUAGES),
        )
        found[name] = mine or next(filter(None, other), "")
    return found


def _bare(name: str) -> str:
    """``title`` of ``title_sv``."""
    first, _, last = name.rpartition("_")
    return first if last in LANGUAGES and first else name


def read_mail(secret_key: str, mail: Mail) -> tuple[str, dict[str, str]]:
    """The address and the facts of a mail that waits. Raises hub.sealing.Unreadable."""
    to = unseal(secret_key, PURPOSE, mail.sealed_to or "")
    facts: dict[str, str] = json.loads(unseal(secret_key, PURPOSE, mail.sealed_facts or ""))
    return to, facts


@dataclass(frozen=True)
class Counts:
    """How many mails have not gone out, and how many were given up in the last 30 days."""

    waiting: int
    # Of those that wait: tried in vain at least once.
    in_trouble: int
    failed: int


async def count_mails(tx: AsyncSession, *, now: datetime) -> Counts:
    """How the mails are doing, for those who run the hub."""
    waits, tried = Mail.due_at.is_not(None), Mail.attempts > 0
    row = (
        await tx.execute(
            select(
                func.count().filter(waits),
                func.count().filter(waits, tried),
                func.count().filter(Mail.failed_at > now - SHOWN),
            )
        )
    ).one()
    return Counts(*row)


async def drop_mails(tx: AsyncSession, about: str) -> None:
    """Erase every mail about somebody or something, sent or not."""
    await tx.execute(delete(Mail).where(Mail.about == about))
