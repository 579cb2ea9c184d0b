"""Draw training batches: the choosing on the CPU in bulk, the padding on the training device."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from translations.training.network import BOS, EOS, PAD

BUCKETS = (8, 16, 24, 32, 40, 48, 64, 80, 104)  # padded lengths, start and end marks included


@dataclass(frozen=True)
class Batch:
    """Source, decoder input and wanted output: (sentences, bucket length), int64, padded."""

    source: Tensor
    given: Tensor
    wanted: Tensor


@dataclass(frozen=True)
class Chosen:
    """Numbers of the sequences of one batch, and its padded length."""

    length: int
    source: np.ndarray
    target: np.ndarray
    start: np.ndarray


class Corpus:
    """The tokenised corpus of prepare.py, the sequences themselves on ``device``."""

    def __init__(self, path: Path, device: str, vocabulary: int, prefix: str = "") -> None:
        arrays = np.load(path)
        self.vocabulary = vocabulary
        self.names = [str(n) for n in arrays["validation_names" if prefix else "names"]]
        for name in (
            "starts",
            "english",
            "english_copies",
            "swedish",
            "swedish_copies",
            "source",
        ):
            setattr(self, name, arrays[prefix + name].astype(np.int64))
        self.lengths = np.diff(self.starts)
        self.ids = torch.from_numpy(arrays[prefix + "ids"].astype(np.int32)).to(device)
        self.first = torch.from_numpy(self.starts[:-1].copy()).to(device)
        self.sizes = torch.from_numpy(self.lengths.copy()).to(device)
        self.offsets = {n: torch.arange(n, device=device) for n in BUCKETS}

    def probabilities(self, weights: dict[str, float]) -> np.ndarray:
        """Return each pair's chance of being drawn.

        ``weights`` gives the wanted share of draws of a source or of a group of sources that
        begin with NAME_ ("own": all own files); "*" is shared by the rest in proportion to
        their sizes. Pairs of one or two pieces count a third.
        """
        groups: dict[str, list[int]] = {}
        for number, name in enumerate(self.names):
            group = name if name in weights else name.split("_")[0]
            groups.setdefault(group if group in weights else "*", []).append(number)
        size = np.where(self.lengths[self.english] <= 2, 1 / 3, 1.0)
        chance = np.zeros(len(self.source))
        for group, members in groups.items():
            chosen = np.isin(self.source, members)
            if chosen.any() and weights.get(group, 0.0) > 0:
                chance[chosen] = size[chosen] / size[chosen].sum() * weights[group]
        return chance / chance.sum()

    def draw(
        self, rng: np.random.Generator, cumulative: np.ndarray, count: int, clean: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw ``count`` pairs: numbers of source and target sequences, and start tokens.

        The source is the clean text with probability ``clean``, else one of its rough copies.
        """
        pairs = np.minimum(np.searchsorted(cumulative, rng.random(count)), len(self.source) - 1)
        to_swedish = rng.random(count) < 0.5
        base = np.where(to_swedish, self.english[pairs], self.swedish[pairs])
        copies = np.where(to_swedish, self.english_copies[pairs], self.swedish_copies[pairs])
        rough = (rng.random(count) >= clean) & (copies > 0)
        source = base + np.where(rough, 1 + (rng.random(count) * copies).astype(np.int64), 0)
        target = np.where(to_swedish, self.swedish[pairs], self.english[pairs])
        start = np.where(to_swedish, self.vocabulary - 2, self.vocabulary - 1)
        return source, target, start

    def split(
        self,
        source: np.ndarray,
        target: np.ndarray,
        start: np.ndarray,
        tokens: int,
        rng: np.random.Generator | None = None,
    ) -> list[Chosen]:
        """Sort drawn pairs into batches of about ``tokens`` padded tokens a side."""
        longest = np.maximum(self.lengths[source], self.lengths[target]) + 2
        bucket = np.searchsorted(BUCKETS, longest)
        batches = []
        for number, length in enumerate(BUCKETS):
            members = np.flatnonzero(bucket == number)
            if rng is not None:
                rng.shuffle(members)
            size = max(1, tokens // length)
            whole = len(members) // size * size if rng is not None else len(members)
            for at in range(0, whole, size):
                part = members[at : at + size]
                batches.append(Chosen(length, source[part], target[part], start[part]))
        if rng is not None:
            rng.shuffle(batches)
        return batches

    def build(self, chosen: Chosen) -> Batch:
        """Lay the chosen sequences into padded tensors on the device."""
        device = self.ids.device
        length = chosen.length
        source = torch.from_numpy(chosen.source).to(device, non_blocking=True)
        target = torch.from_numpy(chosen.target).to(device, non_blocking=True)
        start = torch.from_numpy(chosen.start).to(device, non_blocking=True)
        return Batch(
            self._rows(source, length, torch.full_like(start, BOS)),
            self._rows(target, length, start, end=False),
            self._rows(target, length, None),
        )

    def _rows(self, which: Tensor, length: int, first: Tensor | None, end: bool = True) -> Tensor:
        """Rows [first] sequence [EOS] padding, ``length`` wide."""
        at = self.offsets[length] - (0 if first is None else 1)
        size = self.sizes[which][:, None]
        place = (self.first[which][:, None] + at.clamp(min=0)).clamp(max=len(self.ids) - 1)
        rows = torch.where((at >= 0) & (at < size), self.ids[place].long(), PAD)
        if end:
            rows = torch.where(at == size, EOS, rows)
        if first is not None:
            rows[:, 0] = first
        return rows

    def all_batches(self, number: int, tokens: int) -> Iterator[Batch]:
        """Yield every pair of source ``number`` in both directions, clean, unshuffled."""
        pairs = np.flatnonzero(self.source == number)
        count = len(pairs)
        source = np.concatenate([self.english[pairs], self.swedish[pairs]])
        target = np.concatenate([self.swedish[pairs], self.english[pairs]])
        start = np.repeat([self.vocabulary - 2, self.vocabulary - 1], count)
        for chosen in self.split(source, target, start, tokens):
            yield self.build(chosen)


class Stream:
    """An endless stream of batches, drawn ahead in a thread; the mixture can be changed."""

    def __init__(self, corpus: Corpus, tokens: int, seed: int, pool: int) -> None:
        self.corpus, self.tokens, self.pool = corpus, tokens, pool
        self.rng = np.random.default_rng(seed)
        self.ready: queue.Queue = queue.Queue(maxsize=1)
        self.mixture = -1
        self.cumulative = np.zeros(0)
        self.clean = 1.0

    def use(self, mixture: int, weights: dict[str, float], clean: float) -> None:
        """Draw by ``weights`` from now on; ``mixture`` numbers the phase."""
        self.mixture, self.clean = mixture, clean
        self.cumulative = np.cumsum(self.corpus.probabilities(weights))

    def _fill(self) -> None:
        while True:
            mixture = self.mixture
            drawn = self.corpus.draw(self.rng, self.cumulative, self.pool, self.clean)
            batches = self.corpus.split(*drawn, self.tokens, self.rng)
            self.ready.put((mixture, batches))

    def __iter__(self) -> Iterator[Batch]:
        threading.Thread(target=self._fill, daemon=True).start()
        while True:
            mixture, batches = self.ready.get()
            for chosen in batches:
                if mixture != self.mixture:
                    break
                yield self.corpus.build(chosen)
