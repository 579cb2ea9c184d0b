"""Find training sentences that equal or nearly equal a sentence of a test set."""

import re
import unicodedata
from collections.abc import Iterable

from rapidfuzz import fuzz

NEAR = 80.0  # rapidfuzz ratio (0-100) from which two sentences count as near-duplicates
SHORTEST = 12  # characters; shorter test sentences are looked for as exact copies alone


def normal(text: str) -> str:
    """Return ``text`` in lower case, without punctuation, white space collapsed."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return " ".join(re.findall(r"[\w%]+", folded))


def sentences(text: str) -> list[str]:
    """Split a turn into sentences, roughly."""
    return [part for part in re.split(r"(?<=[.!?…])[\"”]?\s+", text) if part.strip()]


class Leaks:
    """Answers whether a sentence is in, or close to, one of the test sets."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.exact: set[str] = set()
        self.near: list[str] = []
        self.index: dict[tuple[str, ...], list[int]] = {}
        for text in texts:
            for part in {text, *sentences(text)}:
                self._add(normal(part))

    def _add(self, text: str) -> None:
        if not text or text in self.exact:
            return
        self.exact.add(text)
        if len(text) < SHORTEST:
            return
        for gram in self._grams(text):
            self.index.setdefault(gram, []).append(len(self.near))
        self.near.append(text)

    @staticmethod
    def _grams(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        size = 2 if len(words) < 6 else 3
        grams = {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}
        if len(words) in (6, 7):
            grams |= {tuple(words[i : i + 2]) for i in range(len(words) - 1)}
        return grams

    def found(self, text: str) -> str:
        """Return "exact", "near" or "" for a training sentence or turn."""
        for part in {text, *sentences(text)} if len(text) > 40 else {text}:
            plain = normal(part)
            if plain in self.exact and (part == text or len(plain) >= 2 * SHORTEST):
                return "exact"
            candidates = {i for gram in self._grams(plain) for i in self.index.get(gram, ())}
            for i in candidates:
                if fuzz.ratio(plain, self.near[i], score_cutoff=NEAR):
                    return "near"
        return ""
