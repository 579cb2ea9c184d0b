"""What many tests begin with, made once in a process and copied into the hub of each other test.

To say again what seven people said takes half a second, to copy the database a few hundredths.
"""

from __future__ import annotations

import copy
import sqlite3
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from .databases import Leased, Taken

if TYPE_CHECKING:
    from .conftest import Hub

T = TypeVar("T")


@dataclass
class Kept:
    """The database, what the process knows besides, and what the test is given."""

    database: sqlite3.Connection | Taken
    known: dict[str, Any]
    result: Any


@dataclass
class Beginning:
    """What was made of a hub with ``kept`` so far; ``mark`` tells whether more was done since."""

    made: tuple[str, ...]
    mark: str


# Each is a database of one to two megabytes.
MOST = 40
_kept: OrderedDict[tuple[str, ...], Kept] = OrderedDict()
# They stand for the hub of a test, and for the way to it, in what is kept.
_HUB, _HTTP = object(), object()


async def kept(hub: Hub, name: str, make: Callable[[], Awaitable[T]]) -> T:
    """What ``make`` makes of a hub with which nothing else was done, or a copy of it.

    ``name`` says all that it depends on besides what the hub holds. Where something else was done
    before, it is made anew.
    """
    began = hub.began
    if began is None or began.mark != mark_of(hub):
        return await make()
    key = (*began.made, *_ways(hub), name)
    found = _kept.get(key)
    if found is None:
        result = await make()
        await hub.screens.settle()
        given = copy.deepcopy(result, {id(hub): _HUB, id(hub.http): _HTTP})
        _kept[key] = Kept(_taken(hub), _known(hub), given)
        if len(_kept) > MOST:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(key)
        _give(hub, found.database)
        _know(hub, found.known)
        # Whoever is in it speaks to this hub.
        result = copy.deepcopy(found.result, {id(_HUB): hub, id(_HTTP): hub.http})
    hub.began = Beginning(key, mark_of(hub))
    return result


def mark_of(hub: Hub) -> str:
    """Another one after something was written."""
    if hub.leased:
        return hub.leased.mark()
    log = hub.settings.data_dir / "hub.db-wal"
    return str(log.stat().st_size if log.exists() else 0)


def _ways(hub: Hub) -> tuple[str, ...]:
    """What tests change of a hub before they begin."""
    kind = "postgresql" if hub.leased else "sqlite"
    demonstration = str(hub.app.state.demonstration)
    return kind, hub.clock.at.isoformat(), str(hub.translator.failing), demonstration


def _known(hub: Hub) -> dict[str, Any]:
    """The time, what was asked of the engine, and who was here when."""
    screens = hub.screens
    return {
        "at": hub.clock.at,
        "asked": list(hub.translator.asked),
        "touched": set(screens.touched),
        "seen": dict(screens.seen),
        "hosts": dict(screens.hosts),
    }


def _know(hub: Hub, known: dict[str, Any]) -> None:
    hub.clock.at, hub.translator.asked[:] = known["at"], known["asked"]
    for name in ("touched", "seen", "hosts"):
        getattr(hub.screens, name).update(known[name])


def _open(hub: Hub) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(hub.settings.data_dir / "hub.db", timeout=60))


def _taken(hub: Hub) -> sqlite3.Connection | Taken:
    if hub.leased:
        return hub.leased.take()
    memory = sqlite3.connect(":memory:")
    with _open(hub) as file:
        file.backup(memory)
    return memory


def _give(hub: Hub, taken: sqlite3.Connection | Taken) -> None:
    if isinstance(taken, Taken):
        leased: Leased = hub.leased  # type: ignore[assignment]
        leased.give(taken)
        return
    with _open(hub) as file:
        file.execute("PRAGMA synchronous=OFF")
        taken.backup(file)
