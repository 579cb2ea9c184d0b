"""The queue before the engine: who goes first, what is done once, and what cannot be taken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from hub.language.glossary import Term
from hub.language.queue import (
    DOCUMENT_TEXTS_AT_ONCE,
    DOCUMENTS_EVERY,
    DOCUMENTS_WAITING,
    TEXTS_AT_ONCE,
    Queue,
    ask,
)
from hub.language.text import Doubt, Language
from hub.language.translator import WAITING_TEXTS, Translated, Translator

from .echo import EchoTranslator


class Slow(EchoTranslator):
    """Holds each batch until it is let go; knows the batches in the order they came."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[str]] = []
        self.named: list[Sequence[str]] = []
        self.gate = asyncio.Semaphore(0)
        self.closed = False

    async def translate(
        self,
        texts: Sequence[str],
        *,
        source: Language,
        target: Language,
        names: Sequence[str] = (),
        terms: Sequence[Term] = (),
    ) -> list[Translated]:
        self.batches.append(list(texts))
        self.named.append(names)
        await self.gate.acquire()
        if self.closed:
            return [Translated("", "failed", "engine", None, "") for _ in texts]
        return await super().translate(texts, source=source, target=target)

    async def close(self) -> None:
        self.closed = True
        self.go_on(1000)

    def go_on(self, batches: int = 1) -> None:
        for _ in range(batches):
            self.gate.release()


def asked(queue: Queue, *texts: str, **more: Any) -> asyncio.Task[list[Translated]]:
    more = {"source": "sv", "target": "en", **more}
    return asyncio.create_task(queue.translate(texts, **more))


async def begun(slow: Slow, batches: int) -> None:
    async with asyncio.timeout(60):
        while len(slow.batches) < batches:
            await asyncio.sleep(0.001)


async def taken_in() -> None:
    """Everything that is ready to run has run: what was asked for is in the queue."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_texts_of_several_callers_are_one_batch() -> None:
    slow = Slow()
    queue = Queue(slow)
    rooms = [asked(queue, f"rum {n}", "hej") for n in range(5)]
    slow.go_on()
    answers = [[made.text for made in await room] for room in rooms]
    assert answers == [[f"[en] rum {n}", "[en] hej"] for n in range(5)]
    assert slow.batches == [["rum 0", "hej", "rum 1", "rum 2", "rum 3", "rum 4"]]


async def test_whoever_asks_for_a_text_on_its_way_gets_the_same_answer() -> None:
    slow = Slow()
    queue = Queue(slow)
    first = asked(queue, "hej")
    await begun(slow, 1)
    second = asked(queue, "hej", "då")
    await taken_in()
    assert queue.waiting == 2
    slow.go_on(2)
    assert [made.text for made in await first] == ["[en] hej"]
    assert [made.text for made in await second] == ["[en] hej", "[en] då"]
    assert slow.batches == [["hej"], ["då"]]
    assert queue.waiting == 0


async def test_directions_go_apart_the_oldest_first() -> None:
    slow = Slow()
    queue = Queue(slow)
    rooms = [
        asked(queue, "ett"),
        asked(queue, "two", source="en", target="sv"),
        asked(queue, "tre"),
    ]
    slow.go_on(2)
    assert [(await room)[0].text for room in rooms] == ["[en] ett", "[sv] two", "[en] tre"]
    assert slow.batches == [["ett", "tre"], ["two"]]


async def test_a_room_goes_before_documents_that_came_first() -> None:
    slow = Slow()
    queue = Queue(slow)
    document = asked(queue, *(f"stycke {n}" for n in range(40)), urgent=False)
    await begun(slow, 1)
    room = asked(queue, "i rummet")
    await taken_in()
    slow.go_on()
    await begun(slow, 2)
    assert len(slow.batches[0]) == DOCUMENT_TEXTS_AT_ONCE
    assert slow.batches[1] == ["i rummet"]
    slow.go_on(100)
    assert (await room)[0].text == "[en] i rummet"
    assert [made.text for made in await document] == [f"[en] stycke {n}" for n in range(40)]


async def test_a_text_of_a_document_that_a_room_needs_is_moved_up() -> None:
    slow = Slow()
    queue = Queue(slow)
    document = asked(queue, *(f"stycke {n}" for n in range(40)), urgent=False)
    await begun(slow, 1)
    room = asked(queue, "stycke 39")
    await taken_in()
    slow.go_on()
    await begun(slow, 2)
    assert slow.batches[1] == ["stycke 39"]
    slow.go_on(100)
    await asyncio.gather(room, document)
    assert sum(batch.count("stycke 39") for batch in slow.batches) == 1


async def test_documents_get_their_turn_however_busy_the_rooms_are() -> None:
    slow = Slow()
    queue = Queue(slow)
    room = asked(queue, *(f"inlägg {n}" for n in range(12 * TEXTS_AT_ONCE)))
    document = asked(queue, "stycke", urgent=False)
    slow.go_on(100)
    await asyncio.gather(room, document)
    assert slow.batches.index(["stycke"]) == DOCUMENTS_EVERY


async def test_a_long_document_goes_in_parts_and_comes_back_whole() -> None:
    slow = Slow()
    slow.go_on(1000)
    text = "\n".join(f"- Det här är mening {n} i en lång text. Den har två." for n in range(100))
    (made,) = await Queue(slow).translate([text], source="sv", target="en", urgent=False)
    assert made.text.replace("[en] ", "") == text
    sent = [part for batch in slow.batches for part in batch]
    assert "".join(sent) == text
    assert max(map(len, sent)) <= 500


async def test_doubts_about_the_parts_are_doubts_about_the_whole() -> None:
    class Doubtful(EchoTranslator):
        async def translate(self, texts: Sequence[str], **_: Any) -> list[Translated]:
            return [
                Translated(t, "machine", None, Doubt(0.5, ("length",)) if "9" in t else None, "m")
                for t in texts
            ]

    text = " ".join(f"Det här är mening {n} i en lång text." for n in range(40))
    (made,) = await Queue(Doubtful()).translate([text], source="sv", target="en", urgent=False)
    assert made.text == text
    assert made.doubt == Doubt(0.5, ("length",))


async def test_what_there_is_no_room_for_comes_back_at_once() -> None:
    slow = Slow()
    queue = Queue(slow)
    full = asked(queue, *(f"inlägg {n}" for n in range(WAITING_TEXTS)))
    await begun(slow, 1)
    assert [made.reason for made in await asked(queue, "för sent")] == ["overloaded"]
    slow.go_on(1000)
    assert all(made.status == "machine" for made in await full)
    again = await asked(queue, "för sent")
    assert again[0].text == "[en] för sent"


async def test_documents_leave_room_for_people() -> None:
    slow = Slow()
    queue = Queue(slow)
    document = asked(queue, *(f"stycke {n}" for n in range(2 * WAITING_TEXTS)), urgent=False)
    await begun(slow, 1)
    assert queue.waiting == DOCUMENTS_WAITING
    room = asked(queue, "i rummet")
    slow.go_on(1000)
    assert (await room)[0].text == "[en] i rummet"
    reasons = [made.reason for made in await document]
    assert reasons.count("overloaded") == 2 * WAITING_TEXTS - DOCUMENTS_WAITING


async def test_what_nobody_waits_for_any_more_is_not_translated() -> None:
    slow = Slow()
    queue = Queue(slow)
    first = asked(queue, "ett")
    await begun(slow, 1)
    gone, stays = asked(queue, "två", "tre"), asked(queue, "tre")
    await taken_in()
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert queue.waiting == 2
    slow.go_on(2)
    assert [(await first)[0].text, (await stays)[0].text] == ["[en] ett", "[en] tre"]
    assert slow.batches == [["ett"], ["tre"]]


async def test_closing_answers_all_who_wait() -> None:
    slow = Slow()
    queue = Queue(slow)
    waiting = [asked(queue, f"inlägg {n}") for n in range(100)]
    await begun(slow, 1)
    await queue.close()
    async with asyncio.timeout(60):
        answers = [(await each)[0] for each in waiting]
    assert {answer.reason for answer in answers} == {"engine"}
    assert queue.waiting == 0
    assert (await asked(queue, "efteråt"))[0].reason == "engine"


async def test_a_queue_can_be_started_again() -> None:
    queue = Queue(EchoTranslator())
    await queue.close()
    await queue.start()
    assert (await asked(queue, "igen"))[0].text == "[en] igen"


@pytest.mark.parametrize("steps", range(8))
async def test_what_is_asked_just_as_the_queue_runs_empty_is_answered(steps: int) -> None:
    engine = Slow()
    queue = Queue(engine)
    first = asyncio.create_task(queue.translate(["Hej"], source="sv", target="en"))
    while not engine.batches:
        await asyncio.sleep(0.01)
    engine.go_on(2)
    for _ in range(steps):
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        (second,) = await queue.translate(["Tack"], source="sv", target="en")
    assert second.text == "[en] Tack"
    assert [made.text for made in await first] == ["[en] Hej"]


@pytest.mark.parametrize("fault", [RuntimeError("worn out"), MemoryError()])
async def test_an_engine_that_breaks_fails_its_batch_and_the_queue_goes_on(
    fault: Exception,
) -> None:
    class Breaks(EchoTranslator):
        async def translate(self, texts: Sequence[str], **more: Any) -> list[Translated]:
            if "bryt" in texts:
                raise fault
            return await super().translate(texts, **more)

    queue = Queue(Breaks())
    assert (await asked(queue, "bryt"))[0].reason == "engine"
    assert (await asked(queue, "hej"))[0].text == "[en] hej"


async def test_an_engine_that_answers_too_little_leaves_nobody_waiting() -> None:
    class Forgetful(EchoTranslator):
        async def translate(self, texts: Sequence[str], **more: Any) -> list[Translated]:
            return (await super().translate(texts, **more))[:1]

    made = await asked(Queue(Forgetful()), "ett", "två")
    assert [each.reason for each in made] == [None, "engine"]


async def test_names_go_with_the_texts_that_they_stand_in() -> None:
    slow = Slow()
    queue = Queue(slow)
    slow.go_on(10)
    made = await ask(
        queue,
        ["Hej Sol Berg", "Nu skiner solen", "Hej du"],
        source="sv",
        target="en",
        names=[["Sol Berg"], [], ["Sol Berg"]],
        terms=(),
        urgent=True,
    )
    assert [each.text for each in made] == [
        "[en] Hej Sol Berg",
        "[en] Nu skiner solen",
        "[en] Hej du",
    ]
    assert dict(zip(map(tuple, slow.batches), slow.named, strict=True)) == {
        ("Hej Sol Berg",): ("Sol Berg",),
        ("Nu skiner solen", "Hej du"): (),
    }


async def test_the_real_engine_says_the_same_through_the_queue(translator: Translator) -> None:
    texts = ["Vi måste prata mer med varandra.", "Jag ringde tre gånger.", "🙂"]
    plain = await translator.translate(texts, source="sv", target="en")
    queued = await Queue(translator).translate(texts, source="sv", target="en")
    assert queued == plain
    document = "\n\n".join(texts * 10)
    (whole,) = await translator.translate([document], source="sv", target="en")
    (parts,) = await Queue(translator).translate([document], source="sv", target="en", urgent=False)
    assert parts.text == whole.text
