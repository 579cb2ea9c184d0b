"""The engine: Argos packages on disk, run by CTranslate2 in a worker thread.

This is the only file that knows Argos. It takes from it what a package is (`Package`: metadata,
tokenizer, `target_prefix`) and decodes with the settings of `argostranslate.translate`, but
calls CTranslate2 itself instead of going through Argos's `Translation` object, because that one

- asks for a sentence splitter which it would fetch from the network,
- translates paragraph by paragraph, where one batch for all waiting texts is several times
  faster, and gives no score per sentence, which the doubts need,
- keeps a cache that is not safe across threads, and logs the texts.

The two bundled directions carry the same network. They are loaded as two all the same: the
second costs 24 MB, and each package stays replaceable on its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import json
import logging
import math
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeVar

import structlog

from hub.language import glossary as words_of_the_field
from hub.language import packages as shelf
from hub.language.glossary import Glossary, Hint, Match, Term, avoided, honoured
from hub.language.keeping import (
    continued,
    days_mended,
    for_engine,
    left_in,
    names_in,
    names_lost,
    names_mended,
    names_swapped,
    numbers_mended,
    quoted,
    with_dots,
    with_kept,
)
from hub.language.packages import DIRECTIONS, BrokenPackage, Package
from hub.language.standins import ROUNDS, Veiled, veiled
from hub.language.text import (
    Doubt,
    Language,
    Piece,
    degenerate,
    doubts,
    has_other_script,
    in_keeping,
    looks_like,
    pieces,
    shorter,
    tidy,
    unsure,
    weighed,
    without_stutter,
    words,
)

__all__ = [
    "Offer",
    "Package",
    "Service",
    "Translated",
    "Translator",
    "offers",
    "try_out",
]

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

WAITING_TEXTS: Final = 500
_TEXTS_AT_ONCE: Final = 32
_LETTERS_AT_ONCE: Final = 4_000
# The bundled network has learned 128 positions; beyond them it only babbles.
_LONGEST_TOKENS: Final = 110
_BEAM: Final = 4
_LENGTH_PENALTY: Final = 0.2
_BATCH_TOKENS: Final = 256
# Those that the beam ends with anyway.
_HYPOTHESES: Final = _BEAM
_MOST_STAND_INS: Final = 3
# More would take processors and memory that the rooms need.
_MOST_THREADS: Final = 2
# After which what was broken is looked at again: the disk may have room by now.
_SECOND_LOOK_SECONDS: Final = 60
# Of glibc's malloc.h.
_M_ARENA_MAX: Final = -8
# How many pieces at the head of a vocabulary are in every shortlist.
_ALWAYS_LISTED: Final = 6
_TRIAL: Final[dict[Language, str]] = {
    "sv": "Jag har varit på avdelningen i tre dagar.",
    "en": "I have been on the ward for three days.",
}


@dataclass(frozen=True)
class Translated:
    """One text as it came out. When `status` is `failed`, `text` is empty and `reason` says why:

    `no_package` (the direction has none that works), `degenerate` (what came out was no
    translation), `overloaded` (too many texts wait already), `engine` (it broke or is closed).
    `doubt` is None or says why the text may be wrong. `model` names package and version, and is
    empty where none was there. `hints` are the words of the original that may mean several things.
    """

    text: str
    status: Literal["machine", "failed"]
    reason: str | None
    doubt: Doubt | None
    model: str
    hints: tuple[Hint, ...] = ()


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
        _few_arenas()
        self._models_dir = models_dir
        self._bundled_dir = bundled_dir
        self._threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)
        self._glossary = glossary if glossary is not None else own_glossary()
        self._engines: dict[tuple[Language, Language], _Engine] = {}
        self._state = {f"{source}-{target}": "missing" for source, target in DIRECTIONS}
        self._waiting = 0
        self._closing = threading.Event()
        self._worker: ThreadPoolExecutor | None = None
        self._reloading = asyncio.Lock()
        self._shelf: shelf.Listing = {}
        self._looked_at = 0.0

    @property
    def builtin(self) -> bool:
        """Whether a package that came with the hub is in use."""
        return any(engine.package.bundled for engine in self._engines.values())

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
        return [self._engines[pair].package for pair in DIRECTIONS if pair in self._engines]

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
        self._engines, self._state = await self._at_work(functools.partial(self._load, {}))

    async def close(self) -> None:
        """Ends the worker after the batch it is at; what still waits comes back as failed."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        self._closing.set()
        await asyncio.to_thread(worker.shutdown)
        self._engines = {}
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
        self._waiting += len(taken)
        results: list[Translated] = []
        wanted = Wanted(tuple(names), self._glossary.and_also(terms))
        try:
            for batch in _batches(taken):
                results += await self._batch(batch, source, target, wanted)
                self._waiting -= len(batch)
        finally:
            self._waiting -= len(taken) - len(results)
        return results + [_failed("overloaded")] * (len(texts) - len(taken))

    async def _batch(
        self, texts: Sequence[str], source: Language, target: Language, wanted: Wanted
    ) -> list[Translated]:
        engine = self._engines.get((source, target))
        if engine is None:
            reason = "engine" if self._closing.is_set() else "no_package"
            return [_failed(reason)] * len(texts)
        try:
            return await self._at_work(functools.partial(self._run, engine, texts, wanted))
        except Exception as problem:
            # One bad text must not take the others of its batch with it.
            log.warning("translation_failed", problem=type(problem).__name__, texts=len(texts))
            if len(texts) == 1 or self._worker is None:
                return [_failed("engine", engine)] * len(texts)
            singly = [await self._batch([text], source, target, wanted) for text in texts]
            return [result for results in singly for result in results]

    def _run(self, engine: _Engine, texts: Sequence[str], wanted: Wanted) -> list[Translated]:
        if self._closing.is_set():
            return [_failed("engine", engine)] * len(texts)
        return engine.translate(texts, wanted)

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
        folders, in a thread.
        """
        if self._worker is None or self._reloading.locked():
            return False
        async with self._reloading:
            now = time.monotonic()
            found = await asyncio.to_thread(shelf.listing, self._models_dir, self._bundled_dir)
            well = all(state == "ok" for state in self._state.values())
            if found == self._shelf and (well or now - self._looked_at < _SECOND_LOOK_SECONDS):
                return False
            before, kept = self.state(), self._unchanged(found)
            # In a thread of its own: the worker goes on translating meanwhile.
            engines, state = await asyncio.to_thread(self._load, kept, trial=True)
            if self._closing.is_set():
                return False
            same = engines == self._engines and state == before
            self._engines, self._state = engines, state
            self._shelf, self._looked_at = found, now
            return not same

    def _unchanged(self, found: shelf.Listing) -> dict[tuple[Language, Language], _Engine]:
        """The engines in use; those whose package has changed on disk know that they are old."""
        for engine in self._engines.values():
            name = engine.package.path.name
            if not engine.package.bundled and found.get(name) != self._shelf.get(name):
                engine.outdated = True
        return dict(self._engines)

    def _load(
        self, in_use: dict[tuple[Language, Language], _Engine], *, trial: bool = False
    ) -> tuple[dict[tuple[Language, Language], _Engine], dict[str, str]]:
        engines: dict[tuple[Language, Language], _Engine] = {}
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
                    if now is not None and now.package.path == folder.path and not now.outdated:
                        engines[source, target] = now
                    else:
                        engines[source, target] = _open(folder, self._threads)
                        if trial:
                            _try(engines[source, target])
                except Exception as problem:
                    engines.pop((source, target), None)
                    state[direction] = f"broken: {_why(problem)}"
                    log.warning(
                        "translation_package_broken",
                        direction=direction,
                        file=package.path.name,
                        problem=_why(problem),
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
                engines[source, target] = now
                state[direction] = _well(state[direction])
        # The detector takes half a second to load, which nobody's first words should wait for.
        looks_like(_TRIAL["sv"])
        return engines, state


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
        raise BrokenPackage(_why(problem)) from problem


def _try(engine: _Engine) -> Translated:
    result = engine.translate([_TRIAL[engine.package.source]])[0]
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
    return ThreadPoolExecutor(threads, thread_name_prefix="translator")


def _survived(job: Callable[[], Result]) -> Result:
    """The job's result. Whatever ends it, the loop that waits for it goes on."""
    try:
        return job()
    except (RuntimeError, SystemExit, KeyboardInterrupt, GeneratorExit) as problem:
        raise EngineFault(type(problem).__name__) from problem


# --- One package at work (worker threads only) ------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What one call wants kept and honoured besides what every text wants."""

    names: tuple[str, ...] = ()
    glossary: Glossary = field(default_factory=lambda: Glossary(()))


_NOTHING: Final = Wanted()


@dataclass
class _Engine:
    package: Package
    argos: Any
    network: Any
    model: str
    prefix: list[str] = field(default_factory=list)
    # Whether the package tells which pieces may translate which.
    shortlist: bool = False
    # Its package on disk is another one by now.
    outdated: bool = False

    def translate(self, texts: Sequence[str], wanted: Wanted = _NOTHING) -> list[Translated]:
        """All the sentences of all the texts in one batch; each different sentence once."""
        cut = [list(with_kept(pieces(text), self.package.target)) for text in texts]
        sentences = dict.fromkeys(piece.text for text in cut for piece in text if piece.words)
        said = self._say([self._sentence(each, wanted) for each in sentences])
        return [self._assemble(text, said, wanted) for text in cut]

    def _sentence(self, written: str, wanted: Wanted) -> _Sentence:
        language = self.package.source
        read = for_engine(written, language)
        if language == "sv":
            read = with_dots(read, self._pieces_of)
        terms = wanted.glossary.found(read, language)
        within = {at for match in terms for at in range(match.start, match.end)}
        names = names_in(read, language, wanted.names, ordinary=self._ordinary)
        return _Sentence(
            written,
            read,
            tuple(match for match in names if match.start not in within),
            tuple(terms),
        )

    def _ordinary(self, word: str) -> bool:
        """Whether the engine knows the word as a whole."""
        return self._pieces_of(word) == 1

    def _pieces_of(self, word: str) -> int:
        return len(self.argos.tokenizer.encode(word))

    def _say(self, sentences: list[_Sentence]) -> dict[str, _Said]:
        found = self._decode([each.read for each in sentences], num_hypotheses=_HYPOTHESES)
        said = {each.written: one for each, one in zip(sentences, found, strict=True)}
        # A loop of the decoder is often cured by forbidding it to repeat itself.
        stuck = [each for each in sentences if self._flaw(each.written, said[each.written].text)]
        if stuck:
            again = self._decode(
                [each.read for each in stuck], no_repeat_ngram_size=3, repetition_penalty=1.2
            )
            for sentence, second in zip(stuck, again, strict=True):
                if not self._flaw(sentence.written, second.text):
                    said[sentence.written] = second
        for sentence in sentences:
            best = self._best(sentence, said[sentence.written])
            if self._flaw(sentence.written, best.text) == "repetition":
                once = replace(best, text=without_stutter(best.text), stuttered=True)
                best = best if self._flaw(sentence.written, once.text) else once
            said[sentence.written] = best
        self._say_with_stand_ins(sentences, said)
        return said

    def _best(self, sentence: _Sentence, said: _Said) -> _Said:
        """The hypothesis that loses least, mended where that is plain; the likeliest of equals."""
        best, least = said, math.inf
        for one in self._all(said):
            mended = self._mended(sentence, one)
            lost = self._loss(sentence, mended.text)
            if lost < least:
                best, least = mended, lost
            if not lost:
                break
        return best

    def _all(self, said: _Said) -> Iterator[_Said]:
        """The hypotheses, the likeliest first; those after it become text only when asked for."""
        yield said
        for tokens, log_probability in said.others:
            yield _Said(self._plain(tokens), log_probability)

    def _mended(self, sentence: _Sentence, said: _Said) -> _Said:
        text = names_mended(sentence.read, said.text, names_lost(sentence.names, said.text))
        text = numbers_mended(sentence.read, text, self.package.source)
        text = days_mended(text, self.package.target)
        return replace(said, text=text, others=())

    def _loss(self, sentence: _Sentence, output: str) -> float:
        """How much of what must survive is gone: 0 where nothing is."""
        lost = len(self._lost(sentence, output)) + sum(
            avoided(match.term, output, self.package.target) for match in sentence.terms
        )
        if self._flaw(sentence.written, output):
            lost += _MOST_STAND_INS
        doubt = doubts(sentence.read, output, language=self.package.source, name_lost=False)
        return lost + (doubt.score if doubt else 0)

    def _lost(self, sentence: _Sentence, output: str) -> list[Match]:
        """The names and the terms of one sense that the output does not have."""
        language, target = self.package.source, self.package.target
        terms = [
            match
            for match in sentence.terms
            if not match.term.senses(language) and not honoured(match.term, output, target)
        ]
        names = names_lost(sentence.names, output)
        return sorted(terms + names, key=lambda match: match.start)

    def _say_with_stand_ins(self, sentences: list[_Sentence], said: dict[str, _Said]) -> None:
        for attempt in range(ROUNDS):
            tried: list[tuple[_Sentence, Veiled]] = []
            for sentence in sentences:
                lost = self._lost(sentence, said[sentence.written].text)[:_MOST_STAND_INS]
                one = veiled(sentence.read, lost, self.package.source, attempt) if lost else None
                if one:
                    tried.append((sentence, one))
            sentences = [sentence for sentence, _ in tried]
            found = self._decode([one.text for _, one in tried], beam_size=2, num_hypotheses=2)
            for (sentence, one), made in zip(tried, found, strict=True):
                said[sentence.written] = self._unveiled(sentence, one, made, said[sentence.written])

    def _unveiled(self, sentence: _Sentence, one: Veiled, made: _Said, before: _Said) -> _Said:
        """What came out with stand-ins, with the right words back, where it loses less."""
        best, least = before, self._loss(sentence, before.text)
        for hypothesis in self._all(made):
            text = one.unveiled(hypothesis.text)
            if text is None:
                continue
            mended = self._mended(sentence, replace(hypothesis, text=text))
            loss = self._loss(sentence, mended.text)
            if loss < least:
                best, least = mended, loss
        return best

    def _flaw(self, sentence: str, output: str) -> str | None:
        return degenerate(tidy(sentence), output, target=self.package.target)

    def _assemble(self, text: list[Piece], said: dict[str, _Said], wanted: Wanted) -> Translated:
        whole: list[str] = []
        reasons: set[str] = set()
        told: list[tuple[str, float]] = []
        for piece in text:
            if not piece.words:
                whole.append(piece.text)
                continue
            output = said[piece.text]
            if self._flaw(piece.text, output.text):
                return _failed("degenerate", self)
            reasons.update(self._doubts(piece.text, output, wanted))
            told.append((piece.text, output.log_probability))
            dressed = in_keeping(piece.text, output.text)
            whole.append(continued("".join(whole), piece.text, dressed))
        original, made = "".join(piece.text for piece in text), "".join(whole)
        made = quoted(original, made, self.package.target)
        if len(original) > 200 and degenerate(original, made) == "length":
            return _failed("degenerate", self)
        if has_other_script(original):
            reasons.add("copied")
        letters = sum(len(sentence) for sentence, _ in told)
        if told and unsure(
            sum(len(sentence) * sureness for sentence, sureness in told) / letters,
            " ".join(sentence for sentence, _ in told),
        ):
            reasons.add("unsure")
        hints = wanted.glossary.hints(original, self.package.source)
        return Translated(made, "machine", None, weighed(reasons), self.model, hints)

    def _doubts(self, written: str, output: _Said, wanted: Wanted) -> Iterator[str]:
        source, target = self.package.source, self.package.target
        sentence = self._sentence(written, wanted)
        lost = names_lost(sentence.names, output.text)
        swapped = names_swapped(written, output.text)
        doubt = doubts(tidy(written), output.text, language=source, name_lost=bool(lost) or swapped)
        yield from doubt.reasons if doubt else ()
        if output.stuttered:
            yield "repetition"
        if any(avoided(match.term, output.text, target) for match in sentence.terms):
            yield "avoided_word"
        if left_in(output.text, source):
            yield "wrong_language"
        if self._left_as_it_was(sentence, output.text):
            yield "unknown_word"

    def _left_as_it_was(self, sentence: _Sentence, output: str) -> bool:
        """Whether an unusual word, which the engine knows in pieces only, was not translated."""
        heard = set(words(output))
        terms = {
            word for match in sentence.terms for word in words(match.term.word(self.package.target))
        }
        return any(
            len(word) >= 5
            and word.islower()
            and word in heard
            and word not in terms
            and self._pieces_of(word) >= 3
            for word in words(sentence.read)
        )

    def _decode(self, sentences: list[str], **options: Any) -> list[_Said]:
        parts: list[list[list[str]]] = [self._tokens(sentence) for sentence in sentences]
        flat = [tokens for sentence in parts for tokens in sentence]
        if not flat:
            return [_Said("", 0.0) for _ in sentences]
        found = iter(
            self.network.translate_batch(
                flat,
                target_prefix=[self.prefix] * len(flat) if self.prefix else None,
                replace_unknowns=True,
                max_batch_size=_BATCH_TOKENS,
                batch_type="tokens",
                length_penalty=_LENGTH_PENALTY,
                return_scores=True,
                max_decoding_length=min(256, 3 * max(map(len, flat)) + 16),
                **{"beam_size": _BEAM, "use_vmap": self.shortlist, **options},
            )
        )
        return [self._said(sentence, [next(found) for _ in sentence]) for sentence in parts]

    def _said(self, parts: list[list[str]], found: list[Any]) -> _Said:
        if len(found) == 1:
            (first, sureness), *others = (
                (told, score * len(told) ** _LENGTH_PENALTY / (len(told) + 1))
                for told, score in zip(found[0].hypotheses, found[0].scores, strict=True)
            )
            return _Said(self._plain(first), sureness, tuple(others))
        texts, log_probability, tokens = [], 0.0, 0
        for result in found:
            told = result.hypotheses[0]
            texts.append(self._plain(told))
            log_probability += result.scores[0] * len(told) ** _LENGTH_PENALTY
            tokens += len(told) + 1
        return _Said(" ".join(filter(None, texts)), log_probability / max(tokens, 1))

    def _tokens(self, sentence: str) -> list[list[str]]:
        """The sentence as one list of tokens, or as several where it is too long for one."""
        plain = sentence
        tokens: list[str] = self.argos.tokenizer.encode(plain)
        if not tokens:
            return []
        if len(tokens) <= _LONGEST_TOKENS or len(plain) < 2:
            return [tokens[: 2 * _LONGEST_TOKENS]]
        halves = shorter(plain, math.ceil(len(plain) / 2))
        return [part for half in halves if half.strip() for part in self._tokens(half)]

    def _plain(self, tokens: list[str]) -> str:
        text: str = self.argos.tokenizer.decode(tokens)
        for prefix in self.prefix:
            text = text.strip().removeprefix(prefix)
        return " ".join(text.split())


@dataclass(frozen=True)
class _Said:
    text: str
    log_probability: float
    others: tuple[tuple[list[str], float], ...] = ()
    stuttered: bool = False


@dataclass(frozen=True)
class _Sentence:
    """A sentence as `written`, as the engine should have it `read`, and what stands in it."""

    written: str
    read: str
    names: tuple[Match, ...]
    terms: tuple[Match, ...]


def own_glossary() -> Glossary:
    """The glossary that comes with the hub; none where it is missing or faulty, with a warning."""
    try:
        return words_of_the_field.load(words_of_the_field.place())
    except (OSError, ValueError) as problem:
        log.warning("glossary_unreadable", problem=_why(problem))
        return Glossary(())


def _failed(reason: str, engine: _Engine | None = None) -> Translated:
    return Translated("", "failed", reason, None, engine.model if engine else "")


def _why(problem: Exception) -> str:
    if isinstance(problem, BrokenPackage):
        return str(problem)
    if isinstance(problem, ImportError):
        return "argos-translate-lt is not installed"
    first = (str(problem).splitlines() or [""])[0][:200]
    return f"{type(problem).__name__}: {first}" if first else type(problem).__name__


def _open(package: Package, threads: int) -> _Engine:
    argos = _argos().Package(package.path)
    import ctranslate2  # noqa: PLC0415

    network = ctranslate2.Translator(
        str(package.path / "model"),
        device="cpu",
        inter_threads=threads,
        # Two threads on one sentence of a small network wait for each other more than they work.
        intra_threads=1,
    )
    engine = _Engine(
        package=package,
        argos=argos,
        network=network,
        model=f"argos {package.direction} {package.version}".strip(),
        prefix=[argos.target_prefix] if argos.target_prefix else [],
        shortlist=_has_safe_shortlist(package.path / "model"),
    )
    # Argos opens the tokenizer at its first use: better now than under somebody's first words.
    engine.argos.tokenizer.encode(_TRIAL[package.source])
    return engine


@functools.cache
def _few_arenas() -> None:
    """Has the C library share its memory among threads; otherwise each keeps what it once used.

    Other C libraries than glibc have no such setting.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _has_safe_shortlist(model: Path) -> bool:
    """Whether the model has a shortlist that this version of CTranslate2 can use.

    It keeps the place of a piece in the shortlist of the batch before, so the piece that it
    starts with must have the same place in all of them: among the first of the vocabulary.
    """
    if not (model / "vmap.txt").is_file():
        return False
    try:
        start = json.loads((model / "config.json").read_bytes()).get("decoder_start_token", "<s>")
        pieces = json.loads((model / "shared_vocabulary.json").read_bytes())
        return start in pieces[:_ALWAYS_LISTED]
    except (OSError, ValueError, AttributeError, TypeError):
        return False


# --- Argos itself -----------------------------------------------------------------------------

_SECONDS: Final = 30
_import_lock = threading.Lock()
_XDG: Final = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")


def _argos() -> Any:
    """Argos's `package` module. Importing it makes folders in the home of the user.

    They would stay empty, and a home that cannot be written would stop the hub, so it is shown
    a place for throw-away files instead. Its log is silenced: it holds what people wrote.
    """
    with _import_lock:
        before = {name: os.environ.get(name) for name in _XDG}
        if "argostranslate.settings" not in sys.modules:
            place = str(Path(tempfile.gettempdir()) / f"samrum-argos-{os.getuid()}")
            os.environ.update(dict.fromkeys(_XDG, place))
        try:
            from argostranslate import package  # noqa: PLC0415
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        logging.getLogger("argostranslate.utils").setLevel(logging.CRITICAL)
        return package


@dataclass(frozen=True)
class Offer:
    """A package that the Argos index offers. `links` are where it can be fetched."""

    source: Language
    target: Language
    version: str
    name: str
    links: tuple[str, ...]


class Unreachable(Exception):
    """The package index could not be read; the message names it."""


def offers(place: Path) -> list[Offer]:
    """The newest package per direction in the Argos index, which is fetched into `place`.

    Blocks and uses the network (`ARGOS_PACKAGE_INDEX` moves the index). Raises Unreachable.
    """
    package = _argos()
    settings = package.settings
    place.mkdir(parents=True, exist_ok=True)
    index = place / "index.json"
    # Argos swallows a failed download, and would then ask for the file for ever.
    with contextlib.suppress(FileNotFoundError):
        index.unlink()
    settings.local_package_index = index
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_SECONDS)
    try:
        package.update_package_index()
    finally:
        socket.setdefaulttimeout(patience)
    if not index.exists():
        raise Unreachable(f"the package index at {settings.remote_package_index} did not answer")
    try:
        return list(_newest(package.get_available_packages(), package.argospm_package_name))
    except (ValueError, TypeError, AttributeError):
        raise Unreachable(f"{settings.remote_package_index} is no package index") from None


def _newest(available: list[Any], name: Callable[[Any], str]) -> Iterator[Offer]:
    for source, target in DIRECTIONS:
        fitting = [
            each
            for each in available
            if (each.from_code, each.to_code) == (source, target) and each.type == "translate"
        ]
        if fitting:
            best = max(fitting, key=lambda each: shelf.order(each.package_version))
            links = tuple(link for link in best.links if link.startswith(("http:", "https:")))
            yield Offer(source, target, best.package_version, name(best), links)
