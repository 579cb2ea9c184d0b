"""A real mail server in this process, and what it takes to send mail to it."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from sqlalchemy import select

from hub.db import Database
from hub.mail.jobs import Post
from hub.mail.models import Mail
from hub.render import Renderer
from hub.settings import Settings
from hub.web import data_folder
from tests.conftest import SetClock, trust_the_disk

SECRET = "a secret key of a test"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Received:
    """A mail as a server got it."""

    sender: str
    to: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class Server:
    """A mail server that keeps what it gets. Answers can be put in its mouth."""

    got: list[Received] = field(default_factory=list)
    recipient_answer: str = "250 OK"
    data_answer: str = "250 taken"
    user: str = ""
    password: str = ""
    port: int = 0
    _controller: Controller | None = None

    def start(self, *, port: int = 0, **options: Any) -> None:
        if self.user:
            options |= {"auth_require_tls": False, "authenticator": self._authenticate}
        self.port = port or free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=hub@hub.test"

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login, data.password) == (self.user.encode(), self.password.encode())
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data_answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.got.append(
                Received(envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content)
            )
        return self.data_answer


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.start()
    yield made
    made.stop()


@pytest.fixture
async def post(tmp_path: Path, blank: Path) -> AsyncIterator[Post]:
    """Without a mail server: mails become files."""
    (tmp_path / "hub.db").write_bytes(blank.read_bytes())
    settings = Settings(data_dir=tmp_path, base_url="https://hub.test", secret_key=SECRET)
    database = Database(settings.database, secret_key=SECRET)
    trust_the_disk(database)
    renderer = Renderer(
        data_folder("templates"), data_folder("translations"), timezone=settings.timezone
    )
    yield Post(database, SetClock(), renderer, settings)
    await database.close()


def with_server(post: Post, url: str) -> Post:
    return replace(post, settings=post.settings.model_copy(update={"smtp_url": url}))


async def rows(post: Post) -> list[Mail]:
    async with post.database.reading() as tx:
        return list(await tx.scalars(select(Mail).order_by(Mail.made_at, Mail.id)))


def move(post: Post, **time: float) -> None:
    assert isinstance(post.clock, SetClock)
    post.clock.move(**time)
