"""Notes what keeps the event loop of a process from everybody else, and where it was."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

# Milliseconds of processor time between two looks at the loop. Source: issue 8, "nothing blocks
# the event loop"; of the processor, so that what else the machine does is not counted.
LIMIT_MS = 50
# What a fixed piece of work takes on the machine that the limit is for, in milliseconds. A slower
# one, or one that is busy with other tests, is given as much more.
_PIECE_MS = 6.0
_LOOK_SECONDS = 0.01


class Watchdog:
    """Times every step of a loop, and writes down those that take longer than the limit."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._began = 0.0
        self._seen: list[str] = []
        self._loop_thread = threading.get_ident()

    def watch(self) -> None:
        """From now on, for the loop of this thread."""
        run, watchdog = asyncio.Handle._run, self

        def _run(handle: Any) -> None:
            watchdog._began, watchdog._seen = time.monotonic(), []
            before = time.thread_time()
            run(handle)
            watchdog._began = 0.0
            took = (time.thread_time() - before) * 1000
            if took > LIMIT_MS and took > LIMIT_MS * _slowness():
                watchdog._note(took, _waits_at(handle))

        asyncio.Handle._run = _run  # type: ignore[method-assign]
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        """Where the loop's thread is while a step takes long."""
        while True:
            time.sleep(_LOOK_SECONDS)
            began = self._began
            if began and time.monotonic() - began > LIMIT_MS / 2000:
                frame = sys._current_frames().get(self._loop_thread)
                if frame is not None and self._began == began:
                    stack = traceback.extract_stack(frame)
                    own = [at for at in stack if "/hub/" in at.filename]
                    places = [*own[-4:], *stack[-2:]]
                    self._seen.append(" > ".join(dict.fromkeys(map(_place, places))))

    def _note(self, took: float, then: str) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            places = " | ".join(dict.fromkeys(self._seen))
            file.write(f"{took:.0f} ms: {places}, then {then}\n")


def _slowness() -> float:
    """How many times as long as it should this machine takes for something now; 1 at least."""
    before = time.thread_time()
    sum(range(500_000))
    return max(1.0, (time.thread_time() - before) * 1000 / _PIECE_MS)


def _place(at: traceback.FrameSummary) -> str:
    return f"{Path(at.filename).name}:{at.lineno} {at.name}"


def _waits_at(handle: Any) -> str:
    """Where a task is after its step, from the outside in; what else it is that was called."""
    task = getattr(handle._callback, "__self__", None)
    at = task.get_coro() if isinstance(task, asyncio.Task) else None
    places = []
    while at is not None:
        frame = getattr(at, "cr_frame", None) or getattr(at, "gi_frame", None)
        if frame is not None and "/hub/" in frame.f_code.co_filename:
            places.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
        at = getattr(at, "cr_await", None) or getattr(at, "gi_yieldfrom", None)
    return " > ".join(places) or repr(handle._callback)[:200]
