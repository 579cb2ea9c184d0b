"""Everything by which the hub sends or shows anything: one list, read from what is there.

Nothing is written down here twice: a route, a push, a mail or a command that is added is in the
list at once, and the test that nobody who withdrew is found anywhere (``tests/test_outlets.py``)
fails until it knows how to look there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI

from hub.live import EVENTS
from hub.mail.actions import KINDS

# What has no list of its own anywhere: it is the same for every hub.
STANDING: Final = (
    ("memory", "translation memory"),
    ("memory", "this process"),
    ("file", "database"),
    ("file", "outbox"),
    ("file", "copy of the database"),
    ("log", "standard error"),
)


@dataclass(frozen=True, order=True)
class Outlet:
    """One way out. ``kind``: ``route``, ``push``, ``mail``, ``command``, or one of ``STANDING``."""

    kind: str
    name: str


def outlets(app: FastAPI, commands: Any = None) -> list[Outlet]:
    """Every way out of this hub, in order.

    ``commands``: the command line's own object (Typer), which is above the application.
    """
    found = {Outlet("route", f"{method} {path}") for method, path in routes_of(app)}
    found |= {Outlet("push", event) for event in EVENTS}
    found |= {Outlet("mail", kind) for kind in KINDS}
    found |= {Outlet("command", name) for name in _commands_of(commands)} if commands else set()
    found |= {Outlet(kind, name) for kind, name in STANDING}
    return sorted(found)


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of each route, as declared; what a GET gives a HEAD does not say again."""
    for route in _flat(app.routes):
        for method in getattr(route, "methods", None) or ():
            if method != "HEAD":
                yield str(method), str(route.path)


def _flat(routes: Iterable[Any]) -> Iterator[Any]:
    for route in routes:
        # A router that was joined keeps its routes to itself.
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _flat(inner.routes)
        else:
            yield route


def _commands_of(typer: Any, before: str = "") -> Iterator[str]:
    for command in typer.registered_commands:
        name = command.name or command.callback.__name__.replace("_", "-")
        yield f"{before}{name}"
    for group in typer.registered_groups:
        yield from _commands_of(group.typer_instance, f"{before}{group.name} ")
