"""Give packages a shortlist: for each piece of a source, the pieces that may translate it.

CTranslate2 then compares each step of a translation with some two thousand pieces rather than with
all of them (`model/vmap.txt` in the package, `use_vmap` when it decodes). The shortlist is learned
from the parallel corpus: expected counts of IBM model 1 (Brown et al. 1993), the likeliest pieces
for each source piece, and for every sentence the commonest pieces and all single letters.

The two start pieces (__sv__, __en__) are moved to the front of the vocabulary at the same time.
CTranslate2 4.8 keeps the place that a piece had in the shortlist of an earlier batch
(`Decoder::update_output_layer`), so a start piece must have the same place in all of them. The
network is the same, with its rows in another order.

Usage: python -m translations.training.shortlist CORPUS PACKAGE.argosmodel [MORE ...] --out FOLDER
           [--own FILE ...] [--test FILE ...]
"""

import argparse
import itertools
import json
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import sentencepiece as spm

from translations.training import corpus, leaks
from translations.training.prepare import kind_of

ALWAYS = 2000  # the commonest pieces, candidates in every sentence
PER_PIECE = 120
TIMES = {"own": 8, "natural": 4, "other": 1}  # how much the pairs of a kind of source weigh
LEAST = 0.3  # expected count below which a piece is no candidate
ROUNDS = 3
LONGEST = 64  # pieces on either side
CELLS_AT_ONCE = 8_000_000
FIRST = 4  # after <s>, <pad>, </s>, <unk>
STARTS = ("__sv__", "__en__")


class Side:
    """The sentences of one language as pieces, laid end to end."""

    def __init__(self, sentences: list[list[int]]) -> None:
        self.lengths = np.array([len(each) for each in sentences], np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.pieces = np.fromiter((p for each in sentences for p in each), np.int32)


def read(
    sources: list[corpus.Source], tests: list[Path], pieces: spm.SentencePieceProcessor
) -> tuple[Side, Side]:
    """The corpus in English and Swedish, without what stands word for word in a test file."""
    held_out = {
        leaks.normal(part)
        for path in tests
        for line in path.read_text(encoding="utf8").splitlines()
        for cell in line.split("\t")
        for part in (cell, *leaks.sentences(cell))
    }
    english: list[list[int]] = []
    swedish: list[list[int]] = []
    for source in sources:
        pairs = [
            pair
            for pair in source.pairs()
            if not tests or not {leaks.normal(pair.english), leaks.normal(pair.swedish)} & held_out
        ]
        both = [pieces.encode([getattr(p, side) for p in pairs]) for side in ("english", "swedish")]
        times = TIMES[kind_of(source)]
        for one, other in zip(*both, strict=True):
            if 0 < len(one) <= LONGEST and 0 < len(other) <= LONGEST:
                english += [one] * times
                swedish += [other] * times
    return Side(english), Side(swedish)


def cells(source: Side, target: Side) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Every source piece beside every target piece of its pair, some millions at once.

    Yields the pieces of both sides and the number of the target position within the chunk.
    """
    sizes = source.lengths * target.lengths
    whole = np.cumsum(sizes)
    bounds = np.searchsorted(whole, np.arange(0, whole[-1] + CELLS_AT_ONCE, CELLS_AT_ONCE))
    for low, high in itertools.pairwise(bounds):
        if low == high:
            continue
        size = sizes[low:high]
        pair = np.repeat(np.arange(low, high), size)
        within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        at_source = source.starts[pair] + within // target.lengths[pair]
        at_target = target.starts[pair] + within % target.lengths[pair]
        yield source.pieces[at_source], target.pieces[at_target], at_target - target.starts[low]


def expected_counts(source: Side, target: Side, vocabulary: int) -> np.ndarray:
    """How often each source piece stands for each target piece (square array), by IBM model 1."""
    likely = np.ones(vocabulary * vocabulary, np.float32)
    counts = likely
    for _ in range(ROUNDS):
        counts = np.zeros_like(likely)
        for one, other, position in cells(source, target):
            cell = one.astype(np.int64) * vocabulary + other
            share = likely[cell]
            share /= np.bincount(position, weights=share)[position].astype(np.float32)
            np.add.at(counts, cell, share)
        square = counts.reshape(vocabulary, vocabulary)
        likely = (square / np.maximum(square.sum(1, keepdims=True), 1e-9)).ravel()
    return counts.reshape(vocabulary, vocabulary)


def rules(counts: np.ndarray, pieces: list[str]) -> Iterator[str]:
    """The lines of vmap.txt: what is always a candidate, then source piece, tab, candidates."""
    commonest = np.argsort(-counts.sum(0))[:ALWAYS].tolist()
    letters = [at for at, piece in enumerate(pieces) if len(piece.lstrip("▁")) <= 1]
    starts = [pieces.index(start) for start in STARTS]
    always = dict.fromkeys([*starts, *commonest, *letters])
    yield "\t" + " ".join(pieces[at] for at in always)
    likeliest = np.argsort(-counts, axis=1)[:, :PER_PIECE]
    for source in range(FIRST, len(pieces)):
        # A name comes through as itself.
        chosen = [source] + [at for at in likeliest[source] if counts[source, at] > LEAST]
        candidates = [pieces[at] for at in dict.fromkeys(chosen) if at not in always]
        if candidates:
            yield pieces[source] + "\t" + " ".join(candidates)


def renumbered(model: bytes, vocabulary: list[str]) -> tuple[bytes, list[str]]:
    """A model.bin and its vocabulary with the start pieces right after the special ones."""
    moved = bytearray(model)
    names = list(vocabulary)
    for place, start in enumerate(STARTS, start=FIRST):
        now = names.index(start)
        names[place], names[now] = names[now], names[place]
        for at, row in tables(model, len(vocabulary)):
            one, other = at + place * row, at + now * row
            moved[one : one + row], moved[other : other + row] = (
                moved[other : other + row],
                moved[one : one + row],
            )
    return bytes(moved), names


def tables(model: bytes, vocabulary: int) -> Iterator[tuple[int, int]]:
    """Where in a model.bin the tables with a row for each piece begin, and the bytes of a row.

    The format is that of `ctranslate2.specs.ModelSpec.save`, version 6.
    """
    at = 0

    def number(form: str) -> int:
        nonlocal at
        (found,) = struct.unpack_from(form, model, at)
        at += struct.calcsize(form)
        return int(found)

    def skip_text() -> None:
        nonlocal at
        length = number("<H")
        at += length

    if number("<I") != 6:
        raise ValueError("a model of another version")
    skip_text()
    number("<I")
    for _ in range(number("<I")):
        skip_text()
        shape = [number("<I") for _ in range(number("<B"))]
        number("<B")
        size = number("<I")
        if shape and shape[0] == vocabulary:
            yield at, size // vocabulary
        at += size


def main() -> None:
    """Command line: see the module's description."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("packages", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--own", type=Path, nargs="*", default=[])
    parser.add_argument("--test", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sources = corpus.sources(options.corpus)
    sources += [corpus.Source(f"own_{path.stem}", "own", path) for path in options.own]
    english: Side | None = None
    for path in options.packages:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        folder = next(iter(parts)).split("/")[0]
        metadata = json.loads(parts[f"{folder}/metadata.json"])
        model, names = f"{folder}/model/model.bin", f"{folder}/model/shared_vocabulary.json"
        pieces = json.loads(parts[names])
        processor = spm.SentencePieceProcessor(model_proto=parts[f"{folder}/sentencepiece.model"])
        if english is None:
            english, swedish = read(sources, options.test, processor)
        there = {"en": english, "sv": swedish}
        counts = expected_counts(
            there[metadata["from_code"]], there[metadata["to_code"]], len(pieces)
        )
        own = [processor.id_to_piece(at) for at in range(len(pieces))]
        parts[f"{folder}/model/vmap.txt"] = "".join(f"{r}\n" for r in rules(counts, own)).encode()
        parts[model], pieces = renumbered(parts[model], pieces)
        parts[names] = json.dumps(pieces, ensure_ascii=False).encode()
        with zipfile.ZipFile(
            options.out / path.name, "w", zipfile.ZIP_DEFLATED, compresslevel=9
        ) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        print(f"{options.out / path.name} {(options.out / path.name).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
