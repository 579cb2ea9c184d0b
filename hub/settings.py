"""Settings from ``HUB_*`` environment variables (or ``.env``); a wrong one stops the start."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """One clear line that says which setting is wrong."""


@dataclass(frozen=True)
class SmtpServer:
    """The server that takes the hub's mail, as ``HUB_SMTP_URL`` names it.

    ``starttls``: ``required`` (no mail without it), ``offered`` (used where the server has it) or
    ``never``. ``sender`` is empty where the address names none.
    """

    host: str
    port: int
    tls: bool
    starttls: Literal["required", "offered", "never"]
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    sender: str = ""


SMTP_PORTS = {"smtp": 587, "smtps": 465}
STARTTLS = ("required", "offered", "never")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def read_smtp_url(url: str) -> SmtpServer:
    """``smtp://user:pass@host:port?starttls=required&from=address``, or ``smtps://…``.

    A password is never sent unencrypted to another machine, unless ``starttls=never`` says so.
    Raises ValueError, which repeats nothing of the address: it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError("must name a host and a port from 1 to 65535") from error
    if parts.scheme not in SMTP_PORTS or not parts.hostname:
        raise ValueError("must begin with smtp:// or smtps:// and name a host")
    if port == 0 or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("must be smtp://user:password@host:port, with nothing after but options")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := sorted(set(options) - {"starttls", "from"}):
        raise ValueError(f"no option is called {unknown[0]!r}; there are starttls and from")
    if (parts.username is None) != (parts.password is None):
        raise ValueError("must name both a user and a password, or neither")
    secret = parts.password is not None and parts.hostname not in LOOPBACK
    starttls = options.get("starttls", "required" if secret else "offered")
    if starttls not in STARTTLS:
        raise ValueError(f"starttls must be one of {', '.join(STARTTLS)}")
    sender = options.get("from", "")
    if sender and (sender.count("@") != 1 or any(c.isspace() or c in "<>,;" for c in sender)):
        raise ValueError("from must be one e-mail address")
    return SmtpServer(
        host=parts.hostname,
        port=port or SMTP_PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        starttls=starttls,  # type: ignore[arg-type]
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        sender=sender,
    )


class Settings(BaseSettings):
    """Everything an organiser may set. Each field is the variable ``HUB_`` plus its name."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="forbid", frozen=True)

    database_url: str = ""
    redis_url: str = ""
    data_dir: Path = Path("var")
    base_url: str = ""
    secret_key: str = Field(default="", repr=False)
    smtp_url: str = Field(default="", repr=False)
    models_dir: Path | None = None
    timezone: str = "Europe/Stockholm"
    log_format: Literal["text", "json"] = "text"

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone is called {value!r}") from error
        return value

    @field_validator("base_url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("must begin with http:// or https:// and name a host")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite", "postgresql")):
            raise ValueError("must begin with sqlite or postgresql")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp_url(cls, value: str) -> str:
        if value:
            read_smtp_url(value)
        return value

    @property
    def smtp_server(self) -> SmtpServer | None:
        """Where mail goes; None: it is kept as files in ``outbox_dir``."""
        return read_smtp_url(self.smtp_url) if self.smtp_url else None

    @property
    def outbox_dir(self) -> Path:
        """Where mails are kept as files, without a mail server."""
        return self.data_dir / "outbox"

    @property
    def database(self) -> str:
        """The database address, with an async driver."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{(self.data_dir / 'hub.db').resolve()}"
        if self.database_url.startswith("sqlite://"):
            return self.database_url.replace("sqlite://", "sqlite+aiosqlite://", 1)
        if self.database_url.startswith("postgresql://"):
            return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        return self.database_url

    @property
    def is_sqlite(self) -> bool:
        return self.database.startswith("sqlite")

    @property
    def packages_dir(self) -> Path:
        """Where installed translation packages are kept."""
        return self.models_dir or self.data_dir / "models"

    def read_key(self) -> str:
        """The secret key: the setting, else the file ``secret_key`` in the data folder.

        The file is made where it is missing. Raises OSError where the folder cannot be written.
        """
        return self.secret_key or _read_key(self.data_dir / "secret_key")

    @property
    def secure_cookies(self) -> bool:
        return self.base_url.startswith("https://")

    def check_workers(self, workers: int) -> None:
        """Refuse shapes that would lose changes. Raises SettingsError."""
        if workers < 1:
            raise SettingsError("--workers must be 1 or more")
        if workers > 1 and self.is_sqlite:
            raise SettingsError(
                "several workers need PostgreSQL: set HUB_DATABASE_URL, or use --workers 1"
            )
        if workers > 1 and not self.redis_url:
            raise SettingsError("several workers need Redis: set HUB_REDIS_URL, or use --workers 1")


def _read_key(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}-{secrets.token_hex(8)}")
        fresh.touch(mode=0o600)
        try:
            fresh.write_text(secrets.token_urlsafe(48))
            # A link is never half a file, and never takes the place of another process's key.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def load_settings(**overrides: object) -> Settings:
    """Read the environment and ``.env``. Raises SettingsError with one line."""
    known = {f"HUB_{name}".upper() for name in Settings.model_fields}
    values = {k: v for k, v in dotenv_values(".env").items() if k.startswith("HUB_")}
    values.update({k: v for k, v in os.environ.items() if k.startswith("HUB_")})
    unknown = sorted(set(values) - known)
    if unknown:
        raise SettingsError(f"unknown setting {unknown[0]}; known are {', '.join(sorted(known))}")
    fields = {k.removeprefix("HUB_").lower(): v for k, v in values.items() if v not in (None, "")}
    try:
        return Settings(**{**fields, **overrides})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "HUB_" + str(first["loc"][0]).upper()
        raise SettingsError(f"{name}: {first['msg'].removeprefix('Value error, ')}") from error
