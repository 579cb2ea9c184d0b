"""Throw-away servers for tests: PostgreSQL and Redis, each with a folder and port of its own."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hub import schema

# A machine that is busy with other things may take its time to start a program.
START_SECONDS = 60
# What the power takes is not missed in a test, and nothing but the hub uses these servers.
POSTGRESQL_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
}


def find_binary(name: str) -> Path | None:
    """A program on the path, or where Debian keeps those of PostgreSQL; the newest one."""
    found = shutil.which(name)
    if found is not None:
        # Only the programs of PostgreSQL look for others beside them; Redis goes by its own name.
        return Path(found) if name.startswith("redis") else Path(found).resolve()
    versions = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4])
    )
    return versions[-1] if versions else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


_libc = ctypes.CDLL(None)


def _end_with_tests() -> None:
    """Ask Linux to end this program where the tests are killed, and cannot end it themselves."""
    with contextlib.suppress(OSError, AttributeError):
        _libc.prctl(1, signal.SIGINT)


@dataclass
class Server:
    """A program that can be stopped and started again, on the same port and data."""

    command: list[str]
    port: int
    is_up: Callable[[], bool]
    options: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Raises AssertionError where it does not answer within ``START_SECONDS``."""
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(
            self.command,
            preexec_fn=_end_with_tests,  # noqa: PLW1509 - one call, which takes no lock
            **quiet,
            **self.options,
        )
        until = time.monotonic() + START_SECONDS
        while not self.is_up():
            assert self.process.poll() is None, f"{self.command[0]} ended at once"
            assert time.monotonic() < until, f"{self.command[0]} does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        """At once, with those who are connected."""
        if self.process is not None:
            # PostgreSQL waits for nobody where it is interrupted; Redis ends either way.
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=START_SECONDS)
            self.process = None


@dataclass
class PostgreSQL(Server):
    """A PostgreSQL server; whoever comes from this machine is its owner, ``hub``."""

    def url(self, database: str = "postgres") -> str:
        """A database of this server, as ``HUB_DATABASE_URL`` names it."""
        return f"postgresql+psycopg://hub@127.0.0.1:{self.port}/{database}"

    def address(self, database: str = "postgres") -> str:
        """The same for psycopg alone."""
        return f"postgresql://hub@127.0.0.1:{self.port}/{database}"


@dataclass
class RedisServer(Server):
    """A Redis server that keeps nothing: what it had is gone when it is stopped."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


@contextmanager
def postgresql_server() -> Iterator[PostgreSQL]:
    """A running PostgreSQL with empty databases. Skips the test where there is none here."""
    initdb, postgres = find_binary("initdb"), find_binary("postgres")
    if initdb is None or postgres is None:
        pytest.skip("no PostgreSQL here")
    folder = Path(tempfile.mkdtemp(prefix="hub-postgresql-"))
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        # The server will not run as root.
        known = {entry.pw_name for entry in pwd.getpwall()}
        name = next(user for user in ("postgres", "nobody") if user in known)
        os.chown(folder, pwd.getpwnam(name).pw_uid, -1)
        as_user = {"user": name, "cwd": folder}
    data, port = folder / "data", free_port()
    made = [initdb, "-D", data, "-A", "trust", "-U", "hub", "-N", "-E", "UTF8", "--locale=C"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, **as_user)
    command = [str(postgres), "-D", str(data), "-p", str(port), "-k", str(folder)]
    for name, value in POSTGRESQL_OPTIONS.items():
        command += ["-c", f"{name}={value}"]
    server = PostgreSQL(command, port, lambda: _answers(port), as_user)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int) -> bool:
    try:
        psycopg.connect(f"postgresql://hub@127.0.0.1:{port}/postgres", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A running Redis, empty. Skips the test where there is none here."""
    binary = find_binary("redis-server")
    if binary is None:
        pytest.skip("no Redis here")
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="hub-redis-"))
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command = [str(binary), *options, "--save", "", "--appendonly", "no"]
    server = RedisServer(command, port, lambda: _listens(port))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@pytest.fixture(scope="session")
def own_postgresql() -> Iterator[PostgreSQL]:
    """The PostgreSQL server of this test run, which nothing stops: others use it too."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql(own_postgresql: PostgreSQL) -> str:
    """The address of a migrated database on the PostgreSQL server of this test run."""
    with psycopg.connect(own_postgresql.address(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated")
    url = own_postgresql.url("migrated")
    schema.migrate(url)
    return url


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    """The Redis server of this test run. Whoever stops it starts it again."""
    with redis_server() as server:
        yield server
