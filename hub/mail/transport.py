"""Writing a mail as RFC 5322 has it, and giving it to a server or a folder.

The only file that knows SMTP.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import ssl
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as CRLF
from email.utils import format_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiosmtplib

from hub.settings import Settings, SmtpServer

TIMEOUT_SECONDS: Final = 15.0
NAME: Final = "Samrum"


class NotSent(Exception):
    """``fault`` is the kind of fault. ``for_good``: the same mail would be refused again.

    ``everywhere``: it was not this mail's fault, and the next would have it too.
    """

    def __init__(self, fault: str, *, for_good: bool = False, everywhere: bool = False) -> None:
        super().__init__(fault)
        self.fault, self.for_good, self.everywhere = fault, for_good, everywhere


@dataclass(frozen=True)
class Letter:
    """A mail as it is written: the same text twice, plain and as HTML."""

    id: str
    message_id: str
    to: str
    subject: str
    text: str
    html: str
    language: str
    made_at: datetime
    # Where one POST stops such mails; empty: nowhere.
    unsubscribe: str = ""
    # A whole VCALENDAR and its method; empty: none.
    calendar: str = ""
    calendar_method: str = ""


def host_of(settings: Settings) -> str:
    """The host that this hub's mails come from."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    # An address of IPv6 is no word of a mail address.
    return "localhost" if ":" in host else host


def sender_of(settings: Settings, server: SmtpServer | None) -> str:
    """The address that mails come from: as set, the user of the mail server, or the host's own."""
    if server is not None and server.sender:
        return server.sender
    if server is not None and server.user.count("@") == 1:
        return server.user
    return f"samrum@{host_of(settings)}"


def ascii_address(address: str) -> str:
    """The address with its host as mail servers know it (IDNA). Raises ValueError."""
    local, at, host = address.rpartition("@")
    return local + at + host.encode("idna").decode()


def one_line(text: str) -> str:
    """Fit for a header: whatever would begin another line or cannot be seen becomes a space."""
    return " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text).split())


def write(letter: Letter, settings: Settings) -> EmailMessage:
    """The whole message. Raises NotSent where no mail can be addressed so."""
    message = EmailMessage(policy=CRLF)
    try:
        message["From"] = Address(NAME, addr_spec=sender_of(settings, settings.smtp_server))
        message["To"] = Address(addr_spec=ascii_address(letter.to))
    except (ValueError, IndexError, MessageError) as error:
        raise NotSent("address", for_good=True) from error
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(letter.made_at)
    message["Message-ID"] = f"<{letter.message_id}@{host_of(settings)}>"
    # RFC 3834: nobody's holiday reply comes back.
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        if letter.unsubscribe.startswith("https:"):
            # RFC 8058, 3.1: one click only over HTTPS.
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    if letter.calendar:
        # RFC 6047: calendars take the part in, and whoever has another reader opens the file.
        method = letter.calendar_method
        message.add_alternative(letter.calendar, subtype="calendar", params={"method": method})
        message.add_attachment(
            letter.calendar.encode(), maintype="application", subtype="ics", filename="invite.ics"
        )
    # Last, since whoever sets the content takes such headers along into the part.
    message["Content-Language"] = "sv, en" if letter.language == "both" else letter.language
    return message


async def deliver(letter: Letter, settings: Settings) -> None:
    """Give it to the mail server, or keep it as a file. Raises NotSent."""
    message = write(letter, settings)
    server = settings.smtp_server
    if server is None:
        try:
            await asyncio.to_thread(_keep, message, letter, settings.outbox_dir)
        except OSError as error:
            raise NotSent("outbox", everywhere=True) from error
        return
    await _send(message, ascii_address(letter.to), server, sender=sender_of(settings, server))


def outbox_name(letter_id: str, made_at: datetime) -> str:
    """The same name at each try, so that a mail is never kept twice."""
    return f"{made_at.strftime('%Y%m%dT%H%M%SZ')}-{letter_id}.eml"


def kept_files(folder: Path) -> dict[str, Path]:
    """The mails that were kept as files, by the mail's id."""
    found = folder.glob("*-e_*.eml") if folder.is_dir() else ()
    return {path.stem.rpartition("-")[2]: path for path in found}


def drop_files(folder: Path, mails: Collection[str]) -> None:
    """Delete the files of these mails, where there are any."""
    for id_, path in kept_files(folder).items():
        if id_ in mails:
            path.unlink(missing_ok=True)


def _keep(message: EmailMessage, letter: Letter, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = folder / f".{secrets.token_hex(8)}"
    fresh.touch(mode=0o600)
    try:
        fresh.write_bytes(message.as_bytes())
        os.replace(fresh, folder / outbox_name(letter.id, letter.made_at))
    finally:
        fresh.unlink(missing_ok=True)


def _client(server: SmtpServer, *, timeout: float) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.user or None,
        password=server.password or None,
        use_tls=server.tls,
        start_tls=None if server.tls else STARTTLS[server.starttls],
        timeout=timeout,
    )


# As the library has it: None uses it where the server offers it.
STARTTLS: Final = {"required": True, "offered": None, "never": False}


async def _send(message: EmailMessage, to: str, server: SmtpServer, *, sender: str) -> None:
    try:
        async with _client(server, timeout=TIMEOUT_SECONDS) as client:
            await client.send_message(message, sender=sender, recipients=[to])
    except aiosmtplib.SMTPRecipientsRefused as error:
        code = max((each.code for each in error.recipients), default=550)
        raise _refused(code) from error
    except aiosmtplib.SMTPAuthenticationError as error:
        raise NotSent("sign_in", everywhere=True) from error
    except aiosmtplib.SMTPSenderRefused as error:
        raise NotSent("sender", everywhere=True) from error
    except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
        raise _refused(error.code) from error
    except aiosmtplib.SMTPNotSupported as error:
        # No STARTTLS, or no way to write this address: the server has to change first.
        raise NotSent("not_supported") from error
    except ssl.SSLError as error:
        raise NotSent("certificate", everywhere=True) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotSent("unreachable", everywhere=True) from error


def _refused(code: int) -> NotSent:
    # RFC 5321, 4.2.1: from 500 on, the same command is not to be tried again.
    return NotSent("refused", for_good=True) if code >= 500 else NotSent("busy")


async def find_fault(settings: Settings, *, seconds: float = 5) -> str:
    """What keeps mail from going out now; empty where nothing does. Sends nothing."""
    server = settings.smtp_server
    if server is None:
        folder = settings.outbox_dir
        place = folder if folder.exists() else settings.data_dir
        return "" if os.access(place, os.W_OK) else "outbox"
    try:
        async with _client(server, timeout=seconds):
            return ""
    except aiosmtplib.SMTPAuthenticationError:
        return "sign_in"
    except (aiosmtplib.SMTPException, OSError):
        return "unreachable"
