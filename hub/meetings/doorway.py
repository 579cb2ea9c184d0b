"""Who may see and do what with meetings, and what calls and pages need to act."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request

from hub.db import Database
from hub.errors import NotFound, Refusal
from hub.mail.transport import sender_of as mail_sender
from hub.meetings import states
from hub.meetings.actions import Sender, access_by_secret
from hub.meetings.models import Invitee, Meeting
from hub.people.door import Caller, check_role
from hub.people.models import Account
from hub.render import Renderer
from hub.sealing import keyed_hash
from hub.settings import Settings
from hub.web import Limits, Options, Render, guesses_of_links


def sender_of(renderer: Renderer, settings: Settings) -> Sender:
    """Who writes mails about meetings."""
    base = settings.base_url or "http://127.0.0.1:8000"
    return Sender(base, renderer.say, mail_sender(settings, settings.smtp_server))


async def _sends(renderer: Render, settings: Options) -> Sender:
    return sender_of(renderer, settings)


Sends = Annotated[Sender, Depends(_sends)]


def sees_all(caller: Caller) -> bool:
    """Whether somebody organises: drafts, invitees, replies and needs are for them alone."""
    return caller.account is not None and caller.account.role in states.ORGANISERS


def check_organises(caller: Caller) -> Account:
    """The organiser's account. Raises Unauthorised or Forbidden."""
    return check_role(caller, states.ORGANISERS)


def check_sees(caller: Caller, meeting: Meeting) -> None:
    """Raises NotFound for a draft, unless the caller organises: hidden and absent look the same."""
    if meeting.state not in states.SHOWN and not sees_all(caller):
        raise NotFound("meeting_not_found")


def sees_whole(caller: Caller, meeting: Meeting) -> bool:
    """Whether somebody without an invitation sees more of a meeting than that it takes place."""
    return meeting.open_to_all or sees_all(caller)


async def find_link(
    database: Database, limits: Limits, request: Request, secret: str
) -> tuple[Meeting, Invitee]:
    """Whose personal link this is. Raises NotFound, counted as a guess, and TooFast."""
    guesses = guesses_of_links(limits)
    await guesses.check(request)
    try:
        async with database.reading() as tx:
            return await access_by_secret(tx, secret)
    except Refusal:
        await guesses.wrong(request)
        raise


def feed_secret(secret_key: str, id_: str) -> str:
    """What opens the personal feed of an invitee or an account: it reads, and does nothing else.

    Calendars send it to other companies' servers, so it is not the secret of the reply page.
    """
    return f"{id_}.{keyed_hash(secret_key, 'calendar feed', id_)[:43]}"


def read_feed_secret(secret_key: str, secret: str) -> str | None:
    """The id of the invitee (``n_…``) or account (``a_…``) that a feed is for; None for no feed."""
    id_ = secret.partition(".")[0]
    right = feed_secret(secret_key, id_).encode()
    return id_ if hmac.compare_digest(right, secret.encode("utf-8", "replace")) else None
