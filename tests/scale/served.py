"""What a process of a test does: ``hub serve`` as it is, perhaps with a stand-in translator."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


def act(
    arguments: Sequence[str],
    environment: dict[str, str],
    log: str,
    seconds: float | None,
    claim_seconds: int,
    watched: str = "",
) -> None:
    """Run ``hub`` with these arguments and nothing else.

    ``seconds``: how long a stand-in takes for what it translates; None: the translator that ships.
    ``claim_seconds``: how long a translation that was begun is left to whoever began it.
    ``watched``: a file for what keeps the event loop busy for too long; empty: nobody looks.
    """
    # A test run that is ended from outside takes its servers along.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    from hub import cli
    from hub.gatherings import jobs

    os.environ.clear()
    os.environ.update(environment)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, out), (2, out)):
        os.dup2(file, number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", closefd=False)
    jobs.CLAIM_SECONDS = claim_seconds
    if seconds is not None:
        cli.create_app = partial(cli.create_app, translator=_stand_in(seconds))
    if watched:
        from tests.scale.watchdog import Watchdog

        # Its steps are Python's, which can be looked at.
        cli.uvicorn.run = partial(cli.uvicorn.run, loop="asyncio")
        Watchdog(Path(watched)).watch()
    sys.argv = ["hub", *arguments]
    cli.main()


def _stand_in(seconds: float) -> Any:
    from tests.language.echo import EchoTranslator

    class SlowEcho(EchoTranslator):
        async def translate(self, texts: Sequence[str], **more: Any) -> Any:
            await asyncio.sleep(seconds)
            return await super().translate(texts, **more)

    return SlowEcho()
