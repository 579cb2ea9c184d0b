"""Tokenise the corpus into one file that training keeps whole in (GPU) memory.

Leaves out every pair that equals or nearly equals a test sentence, adds rough copies of the source
sides (typos, lost capitals, other splits into pieces) and copies with other names and numbers, and
sets own pairs aside for validation.

Usage: python -m translations.training.prepare CORPUS SENTENCEPIECE_MODEL OUT.npz
           [--dictionary folkets_sv_en.tsv] [--glossary glossary.tsv] [--test FILE ...]
"""

import argparse
import html
import json
import random
import re
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sentencepiece as spm

from translations.training import corpus, noise
from translations.training.corpus import Pair
from translations.training.leaks import Leaks

HERE = Path(__file__).parent
LONGEST = 96  # pieces on either side
VALIDATION_SHARE = 60  # one own pair in so many is kept for validation
NATURAL = {"tatoeba", "ntrex", "civic", "zaragoza_faq", "games", "mozilla_www"}
ROUGH_COPIES = {"own": (3, 2), "natural": (2, 1), "other": (0, 0)}  # (noise, other splits)
SWAPPED_COPIES = {"own": 2, "natural": 1, "other": 0}


@dataclass
class Store:
    """Token sequences laid end to end, and pairs that point at them.

    A pair's sequences lie together: English, its rough copies, Swedish, its rough copies.
    """

    ids: list[list[int]] = field(default_factory=list)
    english: list[int] = field(default_factory=list)
    english_copies: list[int] = field(default_factory=list)
    swedish: list[int] = field(default_factory=list)
    swedish_copies: list[int] = field(default_factory=list)
    source: list[int] = field(default_factory=list)

    def add(self, source: int, english: list[list[int]], swedish: list[list[int]]) -> None:
        """Add one pair; the first sequence of each side is the clean one."""
        for sequences, at, copies in (
            (english, self.english, self.english_copies),
            (swedish, self.swedish, self.swedish_copies),
        ):
            at.append(len(self.ids))
            copies.append(len(sequences) - 1)
            self.ids.extend(sequences)
        self.source.append(source)

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays of the store, their names starting with ``prefix``."""
        starts = np.zeros(len(self.ids) + 1, np.int32)
        starts[1:] = np.cumsum([len(s) for s in self.ids])
        flat = np.fromiter((i for s in self.ids for i in s), np.uint16, int(starts[-1]))
        return {
            f"{prefix}ids": flat,
            f"{prefix}starts": starts,
            f"{prefix}english": np.array(self.english, np.int32),
            f"{prefix}english_copies": np.array(self.english_copies, np.uint8),
            f"{prefix}swedish": np.array(self.swedish, np.int32),
            f"{prefix}swedish_copies": np.array(self.swedish_copies, np.uint8),
            f"{prefix}source": np.array(self.source, np.uint8),
        }


def dictionary_pairs(path: Path) -> list[Pair]:
    """Read Folkets lexikon (columns: Swedish, English meanings) as pairs of words."""
    pairs = []
    for line in path.read_text(encoding="utf8").splitlines():
        cells = html.unescape(line).split("\t")
        if line.startswith(("#", "-")) or len(cells) != 2:
            continue
        swedish = cells[0].replace("|", "").strip()
        meanings = re.sub(r"\[[^]]*\]|\([^)]*\)", "", cells[1])
        for meaning in [m.strip() for m in re.split(r"[,;/]", meanings) if m.strip()][:3]:
            if len(meaning) < 40 and not meaning.startswith("-"):
                pairs.append(Pair(meaning, swedish))
    return pairs


def glossary_pairs(path: Path) -> list[Pair]:
    """Read the project's glossary (columns: en, sv, part of speech, note)."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf8").splitlines()[1:]]
    return [Pair(row[0].strip(), row[1].strip()) for row in rows if len(row) > 1 and row[1].strip()]


def test_texts(paths: list[Path]) -> list[str]:
    """Return every sentence of the test files: all cells of two words or more."""
    texts = []
    for path in paths:
        for line in path.read_text(encoding="utf8").splitlines():
            texts += [cell for cell in line.split("\t") if " " in cell.strip()]
    return texts


def kind_of(source: corpus.Source) -> str:
    """Return "own", "natural" or "other": how a source is copied."""
    if source.group == "own" or source.name == "own":
        return "own"
    return "natural" if source.name in NATURAL else "other"


def lower_case_words(all_pairs: list[list[Pair]]) -> frozenset[str]:
    """Return words met at least three times in lower case: no names."""
    counts: Counter = Counter()
    for pairs in all_pairs:
        for pair in pairs:
            counts.update(re.findall(r"\b[a-zåäöé]{3,}\b", pair.english + " " + pair.swedish))
    return frozenset(word for word, count in counts.items() if count > 2)


class Encoder:
    """Text to pieces, clean, noisy or split another way."""

    def __init__(self, model: Path, seed: int) -> None:
        self.processor = spm.SentencePieceProcessor(model_file=str(model))
        self.rng = random.Random(seed)

    def copies(self, text: str, language: str, noises: int, splits: int) -> list[list[int]]:
        """Return the clean pieces, then rough copies that differ from them and fit."""
        clean = self.processor.encode(text)
        out = [clean]
        for i in range(noises + splits):
            rough = noise.noisy(text, language, self.rng) if i < noises else text
            sample = i >= noises or self.rng.random() < 0.3
            ids = (
                self.processor.encode(rough, enable_sampling=True, alpha=0.2, nbest_size=-1)
                if sample
                else self.processor.encode(rough)
            )
            if ids != clean and 0 < len(ids) <= LONGEST:
                out.append(ids)
        return out


def is_validation(pair: Pair) -> bool:
    """Tell whether an own pair is set aside, by a hash of its Swedish side."""
    return zlib.crc32(pair.swedish.encode()) % VALIDATION_SHARE == 0


Loaded = list[tuple[str, str, list[Pair]]]  # name, kind, pairs


def load(options: argparse.Namespace) -> Loaded:
    """Read the corpus, the dictionary, the glossary and the further own pairs."""
    sources = corpus.sources(options.corpus)
    sources += [corpus.Source(f"own_{p.stem}", "own", p) for p in options.own]
    loaded = [(s.name, kind_of(s), s.pairs()) for s in sources]
    if options.dictionary:
        loaded.append(("folkets", "other", dictionary_pairs(options.dictionary)))
    if options.glossary:
        loaded.append(("glossary", "own", glossary_pairs(options.glossary)))
    return loaded


def tokenise(
    loaded: Loaded, leaks: Leaks, encoder: Encoder, train: Store, validation: Store
) -> dict[str, dict[str, int]]:
    """Fill the two stores; returns how many pairs of each source were kept or left out, and why."""
    words = lower_case_words([pairs for _, _, pairs in loaded])
    report: dict[str, dict[str, int]] = {}
    for number, (name, kind, pairs) in enumerate(loaded):
        counts: Counter = Counter()
        noises, splits = ROUGH_COPIES[kind]
        for pair in pairs:
            leak = leaks.found(pair.english) or leaks.found(pair.swedish)
            if leak:
                counts[leak] += 1
                continue
            english = encoder.copies(pair.english, "en", noises, splits)
            swedish = encoder.copies(pair.swedish, "sv", noises, splits)
            if not (0 < len(english[0]) <= LONGEST and 0 < len(swedish[0]) <= LONGEST):
                counts["too long"] += 1
                continue
            if kind == "own" and name != "glossary" and is_validation(pair):
                validation.add(0, english[:1], swedish[:1])
                counts["validation"] += 1
                continue
            train.add(number, english, swedish)
            counts["kept"] += 1
            for _ in range(SWAPPED_COPIES[kind]):
                swapped = noise.swap_names_and_numbers(
                    pair.english, pair.swedish, encoder.rng, words
                )
                if swapped:
                    train.add(
                        number,
                        encoder.copies(swapped[0], "en", 1, 0),
                        encoder.copies(swapped[1], "sv", 1, 0),
                    )
                    counts["swapped"] += 1
        report[name] = dict(counts)
        print(name, dict(counts), flush=True)
    return report


def main() -> None:
    """Command line: see the module's description."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("sentencepiece", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dictionary", type=Path, help="Folkets lexikon as tab-separated text")
    parser.add_argument("--glossary", type=Path, help="the project's glossary")
    parser.add_argument("--own", type=Path, nargs="*", default=[], help="further own pairs")
    parser.add_argument("--test", type=Path, nargs="*", default=[], help="further test files")
    parser.add_argument("--validation", type=Path, nargs="*", default=[], help="watched, not used")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    tests = [HERE / "heldout-dialogue.tsv", *sorted((HERE / "checks").glob("*.tsv"))]
    tests += [options.corpus / "dev.tsv", *options.test, *options.validation]
    leaks = Leaks(test_texts([t for t in tests if t.exists()]))
    loaded = load(options)
    encoder = Encoder(options.sentencepiece, options.seed)
    train, validation = Store(), Store()
    report = tokenise(loaded, leaks, encoder, train, validation)
    for number, path in enumerate(options.validation, start=1):
        for pair in corpus.read_pairs(path):
            english, swedish = encoder.processor.encode([pair.english, pair.swedish])
            if max(len(english), len(swedish)) <= LONGEST:
                validation.add(number, [english], [swedish])
    np.savez_compressed(
        options.out,
        names=np.array([name for name, _, _ in loaded]),
        validation_names=np.array(["own", *(p.stem for p in options.validation)]),
        **train.arrays(""),
        **validation.arrays("validation_"),
    )
    settings = {"seed": options.seed, "longest": LONGEST, "sources": report}
    options.out.with_suffix(".json").write_text(json.dumps(settings, indent=1) + "\n")
    print(f"{len(train.source)} pairs, {sum(map(len, train.ids))} pieces with the rough copies")


if __name__ == "__main__":
    main()
