"""The queue before the engine: what rooms wait for goes first, and each text is translated once.

Texts from all rooms and callers that arrive at about the same time become one batch of one
direction. While a text waits or is being translated, whoever asks for the same text waits for the
same answer. Only so many may wait: the rest comes back as `overloaded` at once, to be tried again
later. A long document is cut into parts, so that no room waits until all of it is done.

Names and terms of a room go with a text where they bear on it, so that texts of several rooms can
still be one batch.
"""

from __future__ import annotations

import asyncio
import functools
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import structlog

from hub.language.glossary import Glossary, Term
from hub.language.keeping import for_engine
from hub.language.packages import Package
from hub.language.text import Doubt, Language, pieces, weighed
from hub.language.translator import WAITING_TEXTS, Service, Translated

log = structlog.get_logger(__name__)

TEXTS_AT_ONCE: Final = 32
LETTERS_AT_ONCE: Final = 4_000
# Of documents, so that a room never waits for more than these.
DOCUMENT_TEXTS_AT_ONCE: Final = 16
DOCUMENT_LETTERS_AT_ONCE: Final = 1_600
PART_LETTERS: Final = 400
DOCUMENTS_WAITING: Final = WAITING_TEXTS // 2
# However busy the rooms are, documents get one batch of so many.
DOCUMENTS_EVERY: Final = 8
GATHER_SECONDS: Final = 0.001

Context = tuple[tuple[str, ...], tuple[Term, ...]]
Batch = tuple[Language, Language, Context]
Key = tuple[Batch, str]


@dataclass(eq=False)
class _Waiting:
    """A text on its way, what it goes with, and who waits for it."""

    text: str
    goes_with: Batch
    answer: asyncio.Future[Translated]
    askers: int = 0
    begun: bool = False

    @property
    def key(self) -> Key:
        return self.goes_with, self.text


@dataclass
class _Lanes:
    """What has not begun yet, oldest first."""

    urgent: OrderedDict[Key, _Waiting] = field(default_factory=OrderedDict)
    documents: OrderedDict[Key, _Waiting] = field(default_factory=OrderedDict)


class Queue:
    """A `Service` around another: the one door of a process to its engine.

    `translate` never raises for a text. Results of one call come in its order.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self._lanes = _Lanes()
        self._known: dict[Key, _Waiting] = {}
        self._pumps: set[asyncio.Task[None]] = set()
        self._closing = False
        self._urgent_in_a_row = 0

    @property
    def builtin(self) -> bool:
        """Whether a package that came with the hub is in use."""
        return self.service.builtin

    @property
    def at_once(self) -> int:
        """How many batches are worked on at the same time."""
        return self.service.at_once

    @property
    def waiting(self) -> int:
        """How many different texts have been handed in and not yet come back."""
        return len(self._known)

    @property
    def waiting_for(self) -> dict[str, int]:
        """Of those that have not begun, how many are of `rooms` and how many of `documents`."""
        lanes = self._lanes
        return {"rooms": len(lanes.urgent), "documents": len(lanes.documents)}

    async def reload(self) -> bool:
        """Takes up what was installed or removed since; true where anything changed."""
        return await self.service.reload()

    async def start(self) -> None:
        """Loads what the service needs."""
        self._closing = False
        await self.service.start()

    async def close(self) -> None:
        """Ends after the batch it is at; what still waits comes back as failed."""
        self._closing = True
        for lane in (self._lanes.urgent, self._lanes.documents):
            for waiting in list(lane.values()):
                self._answer(waiting, _failed("engine"))
            lane.clear()
        await self.service.close()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def packages(self) -> list[Package]:
        """The packages in use, at most one per direction."""
        return self.service.packages()

    def state(self) -> dict[str, str]:
        """`ok`, `missing` or `broken: …` for `sv-en` and `en-sv`."""
        return self.service.state()

    def lacks(self, source: str, target: str) -> bool:
        """Whether no package for this direction is there; one that is broken may be mended."""
        return self.state().get(f"{source}-{target}") == "missing"

    async def translate(
        self,
        texts: Sequence[str],
        *,
        source: Language,
        target: Language,
        names: Sequence[str] = (),
        terms: Sequence[Term] = (),
        urgent: bool = True,
    ) -> list[Translated]:
        """One result per text, in order. `urgent`: people in a room wait for it.

        A text that cannot be taken now comes back as failed, `overloaded`.
        """
        wanted = [(text, _context(text, names, terms, source)) for text in texts]
        return await self.translate_each(wanted, source=source, target=target, urgent=urgent)

    async def translate_each(
        self,
        wanted: Sequence[tuple[str, Context]],
        *,
        source: Language,
        target: Language,
        urgent: bool,
    ) -> list[Translated]:
        """The same for texts that each have names and terms of their own."""
        if source == target:
            return [Translated(text, "machine", None, None, "") for text, _ in wanted]
        asked = [
            [
                self._ask(part, (source, target, context), urgent=urgent)
                for part in ([text] if urgent else _parts(text))
            ]
            for text, context in wanted
        ]
        taken = {id(w): w for parts in asked for w in parts if w is not None}
        for waiting in taken.values():
            waiting.askers += 1
        try:
            if taken:
                # Not cancelled with this caller: somebody else may wait for the same text.
                await asyncio.wait({waiting.answer for waiting in taken.values()})
        finally:
            for waiting in taken.values():
                self._leave(waiting)
        return [
            _joined([w.answer.result() if w else _failed("overloaded") for w in parts])
            for parts in asked
        ]

    def _ask(self, text: str, goes_with: Batch, *, urgent: bool) -> _Waiting | None:
        key = (goes_with, text)
        known = self._known.get(key)
        if known is not None:
            if urgent and key in self._lanes.documents:
                self._lanes.urgent[key] = self._lanes.documents.pop(key)
            return known
        answer: asyncio.Future[Translated] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(text, goes_with, answer)
        if self._closing:
            answer.set_result(_failed("engine"))
            return waiting
        if len(self._known) >= WAITING_TEXTS:
            return None
        if not urgent and len(self._lanes.documents) >= DOCUMENTS_WAITING:
            return None
        self._known[key] = waiting
        (self._lanes.urgent if urgent else self._lanes.documents)[key] = waiting
        if len(self._pumps) < self.service.at_once:
            pump = asyncio.create_task(self._run(), name="translation queue")
            self._pumps.add(pump)
        return waiting

    def _leave(self, waiting: _Waiting) -> None:
        """A caller has its answer, or no longer wants one; what nobody waits for is dropped."""
        waiting.askers -= 1
        if waiting.askers or waiting.begun or waiting.answer.done():
            return
        self._lanes.urgent.pop(waiting.key, None)
        self._lanes.documents.pop(waiting.key, None)
        self._answer(waiting, _failed("engine"))

    def _answer(self, waiting: _Waiting, answer: Translated) -> None:
        self._known.pop(waiting.key, None)
        if not waiting.answer.done():
            waiting.answer.set_result(answer)

    # --- the tasks that hand batches to the engine, as many as it works on at once ---

    async def _run(self) -> None:
        try:
            await asyncio.sleep(GATHER_SECONDS)
            while batch := self._next():
                await self._work_on(batch)
        finally:
            # Together with the last look: whoever asks after it must not count on this one.
            self._pumps.discard(asyncio.current_task())

    async def _work_on(self, batch: list[_Waiting]) -> None:
        answers: list[Translated] = []
        try:
            texts = [waiting.text for waiting in batch]
            answers = await _translate(self.service, texts, batch[0].goes_with)
        except Exception as problem:
            log.warning("translation_failed", problem=type(problem).__name__)
        finally:
            # Nobody may wait for ever, whatever became of the batch.
            answers += [_failed("engine")] * (len(batch) - len(answers))
            for waiting, answer in zip(batch, answers, strict=False):
                self._answer(waiting, answer)

    def _next(self) -> list[_Waiting]:
        """The oldest of what is due first, with all of the same direction that fits beside it."""
        lanes = self._lanes
        documents_turn = not lanes.urgent or self._urgent_in_a_row >= DOCUMENTS_EVERY
        if lanes.documents and documents_turn:
            self._urgent_in_a_row = 0
            return _take(lanes.documents, DOCUMENT_TEXTS_AT_ONCE, DOCUMENT_LETTERS_AT_ONCE)
        self._urgent_in_a_row += 1
        return _take(lanes.urgent, TEXTS_AT_ONCE, LETTERS_AT_ONCE)


async def ask(
    service: Service,
    texts: Sequence[str],
    *,
    source: Language,
    target: Language,
    names: Sequence[Sequence[str]],
    terms: Sequence[Sequence[Term]],
    urgent: bool,
) -> list[Translated]:
    """What the service says; where it is a queue, after all that is more urgent.

    `names` are those of the people in the room that each text is of, `terms` those of that room
    (none at all: no room has any).
    """
    agreed = terms or [()] * len(texts)
    wanted = [
        (text, _context(text, known, words, source))
        for text, known, words in zip(texts, names, agreed, strict=True)
    ]
    if isinstance(service, Queue):
        return await service.translate_each(wanted, source=source, target=target, urgent=urgent)
    together: dict[Context, list[str]] = {}
    for text, context in wanted:
        together.setdefault(context, []).append(text)
    answers = {
        context: iter(await _translate(service, alike, (source, target, context)))
        for context, alike in together.items()
    }
    return [next(answers[context]) for _, context in wanted]


async def _translate(service: Service, texts: Sequence[str], batch: Batch) -> list[Translated]:
    source, target, (names, terms) = batch
    if not names and not terms:
        return await service.translate(texts, source=source, target=target)
    return await service.translate(texts, source=source, target=target, names=names, terms=terms)


def _context(text: str, names: Sequence[str], terms: Sequence[Term], source: Language) -> Context:
    """The names that stand in a text, whole or in part, and the terms that do."""
    found = {name for name in names if any(part in text for part in name.split())}
    return tuple(sorted(found)), _standing(text, tuple(terms), source)


def _standing(text: str, terms: tuple[Term, ...], source: Language) -> tuple[Term, ...]:
    if not terms:
        return ()
    glossary = _glossary(terms)
    # As it is written, and as the engine will read it.
    matches = [*glossary.found(text, source), *glossary.found(for_engine(text, source), source)]
    standing = {match.term for match in matches}
    return tuple(term for term in terms if term in standing)


@functools.lru_cache(maxsize=64)
def _glossary(terms: tuple[Term, ...]) -> Glossary:
    """Its index is made once for a room, not for each text."""
    return Glossary(terms)


def _take(lane: OrderedDict[Key, _Waiting], texts: int, letters: int) -> list[_Waiting]:
    batch: list[_Waiting] = []
    size = 0
    for waiting in lane.values():
        if batch and waiting.goes_with != batch[0].goes_with:
            continue
        if batch and (len(batch) == texts or size + len(waiting.text) > letters):
            break
        batch.append(waiting)
        size += len(waiting.text)
    for waiting in batch:
        waiting.begun = True
        del lane[waiting.key]
    return batch


def _parts(text: str) -> Iterator[str]:
    """The text in parts of whole sentences; joined they are the text."""
    if len(text) <= PART_LETTERS:
        yield text
        return
    part = ""
    for piece in pieces(text):
        # What stands between two sentences stays with the first.
        if part and piece.words and len(part) + len(piece.text) > PART_LETTERS:
            yield part
            part = ""
        part += piece.text
    if part:
        yield part


def _joined(parts: Sequence[Translated]) -> Translated:
    """One answer for the parts of a text; it failed where one of them did."""
    if len(parts) == 1:
        return parts[0]
    failed: Translated | None = next((part for part in parts if part.status == "failed"), None)
    if failed is not None:
        return failed
    status: Literal["machine"] = "machine"
    text = "".join(part.text for part in parts)
    hints = tuple(dict.fromkeys(hint for part in parts for hint in part.hints))
    model = parts[0].model if parts else ""
    return Translated(text, status, None, _doubt_of(parts), model, hints)


def _doubt_of(parts: Sequence[Translated]) -> Doubt | None:
    return weighed({reason for part in parts if part.doubt for reason in part.doubt.reasons})


def _failed(reason: str) -> Translated:
    return Translated("", "failed", reason, None, "")
