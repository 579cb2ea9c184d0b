"""How good translations are: against references, in terms, in what must survive, in doubts.

The development set may not be copied (its licence is non-commercial), so it is read where it
lies: `HUB_CORPUS`, or `../shared/corpus` beside the repository. Without it the figures that need
it are left out, with a line that says so.
"""

from __future__ import annotations

import asyncio
import csv
import os
import random
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import sacrebleu

from hub.language import packages as shelf
from hub.language.keeping import names_in, names_lost, names_swapped
from hub.language.text import Language, doubts, other, pieces, tidy
from hub.language.translator import Translated, Translator
from tests.bench.injure import KINDS, injured

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "tests" / "language" / "data"
BOTH: tuple[Language, ...] = ("sv", "en")
BAD_BELOW = 35.0
CHRF = sacrebleu.CHRF(word_order=2)
BLEU = sacrebleu.BLEU()


def corpus() -> Path:
    """Where the development set lies, if anywhere."""
    return Path(os.environ.get("HUB_CORPUS") or ROOT.parent / "shared" / "corpus")


class Pair(NamedTuple):
    """A text, what somebody made of it, and from which set it is."""

    source: str
    reference: str
    language: Language
    origin: str


def pairs(language: Language) -> Iterator[Pair]:
    """The pairs to measure on, from that language; those of the development set where it is."""
    path = corpus() / "dev.tsv"
    if path.is_file():
        for line in path.read_text("utf-8").splitlines():
            english, swedish = line.split("\t")[-2:]
            source, reference = (swedish, english) if language == "sv" else (english, swedish)
            yield Pair(source, reference, language, "dev.tsv")
    sample = ROOT / "hub" / "demo" / "data" / "sample-dialogue.tsv"
    with sample.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["lang"] == language:
                yield Pair(row["text"], row["reference"], language, "sample dialogue")


class Kept(NamedTuple):
    """A sentence of `keeping.tsv` or `term-sentences.tsv` and the patterns it must match."""

    language: Language
    kind: str
    text: str
    must: tuple[str, ...]

    def holds(self, output: str) -> bool:
        """Whether an output has all that it must have."""
        cased = self.kind in {"name", "abbreviation", "already", "link"}
        flags = re.NOFLAG if cased else re.IGNORECASE
        return all(re.search(pattern, output, flags) for pattern in self.must)


def kept(name: str) -> list[Kept]:
    """The sentences of a file of our own."""
    rows = [line.split("\t") for line in (DATA / name).read_text("utf-8").splitlines()[1:]]
    return [
        Kept("sv" if row[0] == "sv" else "en", row[1], row[2].replace("\\n", "\n"), musts(row[3]))
        for row in rows
    ]


def musts(cell: str) -> tuple[str, ...]:
    """The patterns of a cell; a bare alternative stands at the beginning of a word."""
    return tuple(f"(?:{pattern})" for pattern in cell.split(" && "))


@dataclass
class Machine:
    """The whole service, and the engine in it by itself."""

    service: Translator

    async def whole(self, texts: list[str], language: Language) -> list[Translated]:
        """As the hub translates; the bot's name is known, as in every session."""
        made: list[Translated] = []
        for start in range(0, len(texts), 200):
            made += await self.service.translate(
                texts[start : start + 200],
                source=language,
                target=other(language),
                names=["Lotsen"],
            )
        return made

    def bare(self, texts: list[str], language: Language) -> list[str]:
        """Sentence by sentence through the network, and nothing else."""
        engine = self.service._interpreters[language, other(language)]
        cut = [pieces(text) for text in texts]
        sentences = [tidy(piece.text) for text in cut for piece in text if piece.words]
        said = iter(engine.engine.decode(sentences, beam_size=4, use_vmap=False))
        return [
            "".join(next(said).text if piece.words else piece.text for piece in text)
            for text in cut
        ]


async def quality() -> AsyncIterator[dict[str, Any]]:
    """chrF++ and BLEU, terms, what must survive, and what the doubts are worth."""
    with tempfile.TemporaryDirectory() as folder:
        service = Translator(Path(folder), shelf.bundled_place())
        await service.start()
        machine = Machine(service)
        try:
            if not (corpus() / "dev.tsv").is_file():
                yield {"figure": "quality", "skipped": "no development set; set HUB_CORPUS"}
            judged: list[_Judged] = []
            for language in BOTH:
                async for figure in _against_references(machine, language, judged):
                    yield figure
            for language in BOTH:
                async for figure in _survival(machine, language):
                    yield figure
            for figure in _worth_of_doubts(machine, judged):
                yield figure
        finally:
            await service.close()


@dataclass(frozen=True)
class _Judged:
    pair: Pair
    made: Translated
    score: float
    second_half: bool


async def _against_references(
    machine: Machine, language: Language, judged: list[_Judged]
) -> AsyncIterator[dict[str, Any]]:
    by_origin: dict[str, list[Pair]] = {}
    for pair in pairs(language):
        by_origin.setdefault(pair.origin, []).append(pair)
    for origin, several in by_origin.items():
        texts = [pair.source for pair in several]
        references = [pair.reference for pair in several]
        made = await machine.whole(texts, language)
        bare = await asyncio.to_thread(machine.bare, texts, language)
        # What failed is shown in its own language.
        shown = [one.text or text for one, text in zip(made, texts, strict=True)]
        for figure, metric in (("chrf", CHRF), ("bleu", BLEU)):
            value = metric.corpus_score(shown, [references]).score
            baseline = metric.corpus_score(bare, [references]).score
            yield {
                "figure": f"quality_{figure}_{language}_{other(language)}",
                "value": round(value, 2),
                "baseline": "the engine alone",
                "baseline_value": round(baseline, 2),
                "set": origin,
                "texts": len(texts),
                "failed": sum(one.status == "failed" for one in made),
                "signature": str(metric.get_signature()),
            }
        for number, (pair, one, text) in enumerate(zip(several, made, shown, strict=True)):
            score = CHRF.sentence_score(text, [pair.reference]).score
            judged.append(_Judged(pair, one, score, bool(number % 2)))


async def _survival(machine: Machine, language: Language) -> AsyncIterator[dict[str, Any]]:
    for figure, name in (("kept", "keeping.tsv"), ("terms", "term-sentences.tsv")):
        mine = [each for each in kept(name) if each.language == language]
        texts = [each.text for each in mine]
        made = await machine.whole(texts, language)
        bare = await asyncio.to_thread(machine.bare, texts, language)
        right = [each.holds(one.text) for each, one in zip(mine, made, strict=True)]
        before = [each.holds(one) for each, one in zip(mine, bare, strict=True)]
        lost = Counter(each.kind for each, fine in zip(mine, right, strict=True) if not fine)
        yield {
            "figure": f"quality_{figure}_{language}_{other(language)}",
            "value": sum(right),
            "of": len(mine),
            "baseline": "the engine alone",
            "baseline_value": sum(before),
            "lost": dict(lost),
        }


def _worth_of_doubts(machine: Machine, judged: list[_Judged]) -> Iterator[dict[str, Any]]:
    """Precision and recall on the half that no threshold was chosen on."""
    luck = random.Random(2027)
    second = [each for each in judged if each.second_half and each.made.status == "machine"]
    natural = [(each.score < BAD_BELOW, each.made.doubt is not None) for each in second]
    yield _precision("doubts", natural, "as translated")
    wounded: dict[str, list[tuple[bool, bool]]] = {kind: [] for kind in KINDS}
    for each in second:
        if each.score < BAD_BELOW:
            continue
        for kind in KINDS:
            pair = each.pair
            wrong = injured(pair.source, each.made.text, pair.language, kind=kind, luck=luck)
            if wrong is not None:
                seen = each.made.doubt is not None or _noticed(machine, pair, wrong)
                wounded[kind].append((True, seen))
    for kind, found in wounded.items():
        yield {
            "figure": f"doubts_{kind}_recall",
            "value": round(sum(seen for _, seen in found) / max(1, len(found)), 3),
            "errors": len(found),
        }
    everything = natural + [each for found in wounded.values() for each in found]
    yield _precision("doubts_with_errors", everything, "as translated, and with errors put in")


def _precision(figure: str, found: list[tuple[bool, bool]], of: str) -> dict[str, Any]:
    both = sum(bad and seen for bad, seen in found)
    return {
        "figure": figure,
        "precision": round(both / max(1, sum(seen for _, seen in found)), 3),
        "recall": round(both / max(1, sum(bad for bad, _ in found)), 3),
        "bad": sum(bad for bad, _ in found),
        "doubted": sum(seen for _, seen in found),
        "texts": len(found),
        "of": of,
    }


def _noticed(machine: Machine, pair: Pair, wrong: str) -> bool:
    """Whether the doubts tell of an error, with the names that the service knows."""
    engine = machine.service._interpreters[pair.language, other(pair.language)]
    names = names_in(pair.source, pair.language, ordinary=engine.ordinary)
    lost = bool(names_lost(names, wrong)) or names_swapped(pair.source, wrong)
    return doubts(pair.source, wrong, language=pair.language, name_lost=lost) is not None
