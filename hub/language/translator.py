"""The translator: both directions at work in threads of their own, and packages that come and go.

What is in use is replaced while texts are translated; what is broken shows in `state()`, and
never stops the hub.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol, TypeVar

import structlog

from hub.language import glossary as words_of_the_field
from hub.language import packages as shelf
from hub.language.engine import TRIAL, give_back, keep_memory_small, opened, why
from hub.language.glossary import Glossary, Term
from hub.language.interpreter import Interpreter, Translated, Wanted, failed
from hub.language.packages import DIRECTIONS, BrokenPackage, Package
from hub.language.text import Language, looks_like

__all__ = ["Package", "Service", "Translated", "Translator", "own_glossary", "try_out"]

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

WAITING_TEXTS: Final = 500
_TEXTS_AT_ONCE: Final = 32
_LETTERS_AT_ONCE: Final = 4_000
# More would take processors and memory that the rooms need.
_MOST_THREADS: Final = 2
NICENESS: Final = 10
# After which what was broken is looked at again: the disk may have room by now.
_SECOND_LOOK_SECONDS: Final = 60


class Service(Protocol):
    """What the rest of the hub needs of a translator; tests have a stand-in of this shape."""

    @property
    def builtin(self) -> bool:
        """Whether a package that came with the hub is in use."""
        ...

    @property
    def at_once(self) -> int:
        """How many batches it works on at the same time; more than these wait."""
        ...

    async def start(self) -> None:
        """Loads what is there."""
        ...

    async def close(self) -> None:
        """Lets go of it."""
        ...

    def packages(self) -> list[Package]:
        """The packages in use, at most one per direction."""
        ...

    def state(self) -> dict[str, str]:
        """`ok`, `ok; broken: …`, `missing` or `broken: …` for `sv-en` and `en-sv`."""
        ...

    async def reload(self) -> bool:
        """Takes up packages installed or removed since; true where anything changed."""
        ...

    async def translate(
        self,
        texts: Sequence[str],
        *,
        source: Language,
        target: Language,
        names: Sequence[str] = (),
        terms: Sequence[Term] = (),
    ) -> list[Translated]:
        """One result per text, in order; `names` stay, `terms` come before the glossary's."""
        ...


class Translator:
    """Translates between Swedish and English with the packages on disk.

    `models_dir` holds installed packages, which win over those that came with the hub in
    `bundled_dir`; of several versions the highest wins, and one that cannot be loaded makes way
    for the next. `threads` is how many batches are worked on at the same time, each by a thread of
    its own (none given: two, or one where there is one processor); `glossary` is the one that
    comes with the hub unless another is given. No method blocks the event loop or touches the
    network, and `translate` never raises for any text.
    """

    def __init__(
        self,
        models_dir: Path,
        bundled_dir: Path,
        *,
        threads: int | None = None,
        glossary: Glossary | None = None,
    ) -> None:
        # Before there are threads that each take their own.
        keep_memory_small()
        self._models_dir = models_dir
        self._bundled_dir = bundled_dir
        self._threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)
        self._glossary = glossary if glossary is not None else own_glossary()
        self._interpreters: dict[tuple[Language, Language], Interpreter] = {}
        self._state = {f"{source}-{target}": "missing" for source, target in DIRECTIONS}
        self._waiting = 0
        self._rested = False
        self._closing = threading.Event()
        self._worker: ThreadPoolExecutor | None = None
        self._reloading = asyncio.Lock()
        self._shelf: shelf.Listing = {}
        self._looked_at = 0.0

    @property
    def builtin(self) -> bool:
        """Whether a package that came with the hub is in use."""
        return any(each.package.bundled for each in self._interpreters.values())

    @property
    def at_once(self) -> int:
        """How many batches are worked on at the same time."""
        return self._threads

    @property
    def glossary(self) -> Glossary:
        """The terms that are honoured in every text."""
        return self._glossary

    @property
    def waiting(self) -> int:
        """How many texts have been handed in and not yet come back."""
        return self._waiting

    def packages(self) -> list[Package]:
        """The packages in use, at most one per direction."""
        return [
            self._interpreters[pair].package for pair in DIRECTIONS if pair in self._interpreters
        ]

    def state(self) -> dict[str, str]:
        """For `sv-en` and `en-sv`: `ok`, `missing` or `broken: …`; all `missing` before start.

        `ok; broken: …` where a package is in use in the place of another that is broken.
        """
        return dict(self._state)

    async def start(self) -> None:
        """Loads the packages (a fraction of a second; some seconds the first time).

        Never raises for a package: one that is damaged shows in `state()`. A second start does
        nothing.
        """
        if self._worker is not None:
            return
        self._closing.clear()
        self._worker = _worker(self._threads)
        self._looked_at = time.monotonic()
        self._shelf = await asyncio.to_thread(shelf.listing, self._models_dir, self._bundled_dir)
        self._interpreters, self._state = await self._at_work(functools.partial(self._load, {}))

    async def close(self) -> None:
        """Ends the worker after the batch it is at; what still waits comes back as failed."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        self._closing.set()
        await asyncio.to_thread(worker.shutdown)
        self._interpreters = {}
        self._state = dict.fromkeys(self._state, "missing")

    async def translate(
        self,
        texts: Sequence[str],
        *,
        source: Language,
        target: Language,
        names: Sequence[str] = (),
        terms: Sequence[Term] = (),
    ) -> list[Translated]:
        """One result per text, in order; sentences go to the engine many at a time.

        Line breaks, list marks, outer spaces, emoji, links and stretches without letters come
        through as they are, and so does what is clearly in the target language already; a text
        of nothing else comes back unchanged. `names` are those of the people in the room, which
        stay as they are; `terms` are a session's own, which win over the glossary's. Callers
        take turns after every batch.
        """
        if source == target:
            return [Translated(text, "machine", None, None, "") for text in texts]
        room = max(0, WAITING_TEXTS - self._waiting)
        taken = texts[:room]
        self._rested = False
        self._waiting += len(taken)
        results: list[Translated] = []
        wanted = Wanted(tuple(names), self._glossary.and_also(terms))
        try:
            for batch in _batches(taken):
                results += await self._batch(batch, source, target, wanted)
                self._waiting -= len(batch)
        finally:
            self._waiting -= len(taken) - len(results)
        return results + [failed("overloaded")] * (len(texts) - len(taken))

    async def _batch(
        self, texts: Sequence[str], source: Language, target: Language, wanted: Wanted
    ) -> list[Translated]:
        interpreter = self._interpreters.get((source, target))
        if interpreter is None:
            reason = "engine" if self._closing.is_set() else "no_package"
            return [failed(reason)] * len(texts)
        try:
            return await self._at_work(functools.partial(self._run, interpreter, texts, wanted))
        except Exception as problem:
            # One bad text must not take the others of its batch with it.
            log.warning("translation_failed", problem=type(problem).__name__, texts=len(texts))
            if len(texts) == 1 or self._worker is None:
                return [failed("engine", interpreter.model)] * len(texts)
            singly = [await self._batch([text], source, target, wanted) for text in texts]
            return [result for results in singly for result in results]

    def _run(
        self, interpreter: Interpreter, texts: Sequence[str], wanted: Wanted
    ) -> list[Translated]:
        if self._closing.is_set():
            return [failed("engine", interpreter.model)] * len(texts)
        return interpreter.translate(texts, wanted)

    async def _at_work(self, job: Callable[[], Result]) -> Result:
        worker = self._worker
        if worker is None:
            raise RuntimeError("the translator is not started")
        loop, job = asyncio.get_running_loop(), functools.partial(_survived, job)
        try:
            return await loop.run_in_executor(worker, job)
        except RuntimeError as problem:
            # BrokenExecutor is one too; what the engine itself raises is for the caller.
            if isinstance(problem, EngineFault) or self._closing.is_set():
                raise
        if self._worker is worker:
            log.warning("translation_worker_replaced")
            worker.shutdown(wait=False)
            self._worker = _worker(self._threads)
        return await loop.run_in_executor(self._worker, job)

    async def reload(self) -> bool:
        """Takes up packages installed or removed since; true where what is in use changed.

        The engines in use answer until those that take their place have translated a test
        sentence. Where a new package is broken the one before stays, and `state()` says so. What
        is broken is tried again after a minute. Cheap where nothing changed: a listing of the
        folders, in a thread. Memory that was needed only for a while is given back as well, when
        no text waits.
        """
        if self._worker is None or self._reloading.locked():
            return False
        async with self._reloading:
            if not self._waiting and not self._rested:
                self._rested = True
                await asyncio.to_thread(give_back)
            now = time.monotonic()
            found = await asyncio.to_thread(shelf.listing, self._models_dir, self._bundled_dir)
            well = all(state == "ok" for state in self._state.values())
            if found == self._shelf and (well or now - self._looked_at < _SECOND_LOOK_SECONDS):
                return False
            before, kept = self.state(), self._unchanged(found)
            # In a thread of its own: the worker goes on translating meanwhile.
            interpreters, state = await asyncio.to_thread(self._load, kept, trial=True)
            if self._closing.is_set():
                return False
            same = interpreters == self._interpreters and state == before
            self._interpreters, self._state = interpreters, state
            self._shelf, self._looked_at = found, now
            self._rested = False
            return not same

    def _unchanged(self, found: shelf.Listing) -> dict[tuple[Language, Language], Interpreter]:
        """The engines in use; those whose package has changed on disk know that they are old."""
        for each in self._interpreters.values():
            name = each.package.path.name
            if not each.package.bundled and found.get(name) != self._shelf.get(name):
                each.engine.outdated = True
        return dict(self._interpreters)

    def _load(
        self, in_use: dict[tuple[Language, Language], Interpreter], *, trial: bool = False
    ) -> tuple[dict[tuple[Language, Language], Interpreter], dict[str, str]]:
        loaded: dict[tuple[Language, Language], Interpreter] = {}
        state: dict[str, str] = {}
        shelf.sweep(self._models_dir)
        candidates = shelf.installed(self._models_dir) + shelf.bundled(self._bundled_dir)
        damaged = shelf.unreadable(self._models_dir, self._bundled_dir)
        for path, problem in damaged.items():
            log.warning("translation_package_unreadable", file=path.name, problem=problem)
        for source, target in DIRECTIONS:
            direction = f"{source}-{target}"
            # An archive cut short cannot say which direction it was for; its name may.
            broken = [why for path, why in damaged.items() if f"{source}_{target}" in path.name]
            state[direction] = f"broken: {broken[0]}" if broken else "missing"
            now = in_use.get((source, target))
            for package in candidates:
                if package.direction != direction:
                    continue
                ill = state[direction] != "missing"
                if ill and now is not None and _rank(package) < _rank(now.package):
                    # What answers now goes on, on disk or not, before what is older still.
                    break
                try:
                    folder = shelf.unpacked(package, self._models_dir)
                    if (
                        now is not None
                        and now.package.path == folder.path
                        and not now.engine.outdated
                    ):
                        loaded[source, target] = now
                    else:
                        loaded[source, target] = _open(folder, self._threads)
                        if trial:
                            _try(loaded[source, target])
                except Exception as problem:
                    loaded.pop((source, target), None)
                    state[direction] = f"broken: {why(problem)}"
                    log.warning(
                        "translation_package_broken",
                        direction=direction,
                        file=package.path.name,
                        problem=why(problem),
                    )
                else:
                    state[direction] = _well(state[direction])
                    log.info(
                        "translation_ready",
                        direction=direction,
                        version=package.version,
                        bundled=package.bundled,
                    )
                    break
            if now is not None and state[direction].startswith("broken"):
                loaded[source, target] = now
                state[direction] = _well(state[direction])
        # The detector takes half a second to load, which nobody's first words should wait for.
        looks_like(TRIAL["sv"])
        return loaded, state


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Few enough at once that nobody else waits for long."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == _TEXTS_AT_ONCE or size + len(text) > _LETTERS_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def try_out(package: Package) -> Translated:
    """Loads an unpacked package and lets it translate a test sentence. Blocks.

    Raises BrokenPackage where it cannot be loaded or what comes out is no translation.
    """
    try:
        return _try(_open(package, threads=1))
    except BrokenPackage:
        raise
    except Exception as problem:
        raise BrokenPackage(why(problem)) from problem


def _open(package: Package, threads: int) -> Interpreter:
    return Interpreter(opened(package, threads))


def _try(interpreter: Interpreter) -> Translated:
    result = interpreter.translate([TRIAL[interpreter.package.source]])[0]
    if result.status == "failed":
        raise BrokenPackage("it did not translate the test sentence")
    return result


def _rank(package: Package) -> tuple[bool, tuple[int, ...]]:
    """Which of two packages of a direction goes first: the higher."""
    return not package.bundled, shelf.order(package.version)


def _well(former: str) -> str:
    return "ok" if former == "missing" else f"ok; {former}"


class EngineFault(RuntimeError):
    """What went wrong while the engine worked, so that it is told from a worker that is gone."""


def _worker(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="translator", initializer=_give_way)


def _give_way() -> None:
    """Leave the processor to those who talk: originals go out before translations are made.

    The engine's own threads take it over from the one that they are made by. On other systems than
    Linux a thread has no niceness of its own.
    """
    with contextlib.suppress(OSError):
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _survived(job: Callable[[], Result]) -> Result:
    """The job's result. Whatever ends it, the loop that waits for it goes on."""
    try:
        return job()
    except (RuntimeError, SystemExit, KeyboardInterrupt, GeneratorExit) as problem:
        raise EngineFault(type(problem).__name__) from problem


def own_glossary() -> Glossary:
    """The glossary that comes with the hub; none where it is missing or faulty, with a warning."""
    try:
        return words_of_the_field.load(words_of_the_field.place())
    except (OSError, ValueError) as problem:
        log.warning("glossary_unreadable", problem=why(problem))
        return Glossary(())
