"""SQLite spoken to in the thread of the test: most ways to its own and back take longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aiosqlite
import pytest

_in_its_thread = aiosqlite.Connection._execute


async def _here(
    self: aiosqlite.Connection, visit: Callable[..., Any], *given: Any, **more: Any
) -> Any:
    connection = self._connection
    # What begins may have to wait for another's end, which needs this thread; what goes on never.
    if connection is None or not connection.in_transaction:
        return await _in_its_thread(self, visit, *given, **more)
    return visit(*given, **more)


def stay_in_this_thread(patched: pytest.MonkeyPatch) -> None:
    """Until the patch is undone, what is done in a transaction is done where it is asked for."""
    patched.setattr(aiosqlite.Connection, "_execute", _here)
