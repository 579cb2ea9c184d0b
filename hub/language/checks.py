"""What is looked for in every sentence that comes out: what was lost, and what is in doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hub.language.glossary import Match, avoided, honoured
from hub.language.keeping import left_in, names_lost, names_swapped
from hub.language.text import Language, degenerate, doubts, other, tidy, words

# No more stand-ins than these in a sentence, and what no translation came out for counts as much.
MOST_LOST: Final = 3


@dataclass(frozen=True)
class Sentence:
    """A sentence as `written`, as the engine should have it `read`, and what stands in it."""

    written: str
    read: str
    language: Language
    names: tuple[Match, ...]
    terms: tuple[Match, ...]

    @property
    def target(self) -> Language:
        """The language that it is to be said in."""
        return other(self.language)


def flaw(sentence: Sentence, output: str) -> str | None:
    """Why the output is no translation at all, if it is none: see `text.degenerate`."""
    return degenerate(tidy(sentence.written), output, target=sentence.target)


def lost(sentence: Sentence, output: str) -> list[Match]:
    """The names and the terms of one sense that the output does not have."""
    terms = [
        match
        for match in sentence.terms
        if not match.term.senses(sentence.language)
        and not honoured(match.term, output, sentence.target)
    ]
    names = names_lost(sentence.names, output)
    return sorted(terms + names, key=lambda match: match.start)


def loss(sentence: Sentence, output: str) -> float:
    """How much of what must survive is gone: 0 where nothing is."""
    gone = len(lost(sentence, output)) + _avoided(sentence, output)
    if flaw(sentence, output):
        gone += MOST_LOST
    doubt = doubts(sentence.read, output, language=sentence.language, name_lost=False)
    return gone + (doubt.score if doubt else 0)


def reasons(sentence: Sentence, output: str, pieces_of: Callable[[str], int]) -> Iterator[str]:
    """Why the output may be wrong; `pieces_of` tells how little the engine knows a word."""
    written = sentence.written
    name_lost = bool(names_lost(sentence.names, output)) or names_swapped(written, output)
    doubt = doubts(tidy(written), output, language=sentence.language, name_lost=name_lost)
    yield from doubt.reasons if doubt else ()
    if _avoided(sentence, output):
        yield "avoided_word"
    if left_in(output, sentence.language):
        yield "wrong_language"
    if _left_as_it_was(sentence, output, pieces_of):
        yield "unknown_word"


def _avoided(sentence: Sentence, output: str) -> int:
    return sum(avoided(match.term, output, sentence.target) for match in sentence.terms)


def _left_as_it_was(sentence: Sentence, output: str, pieces_of: Callable[[str], int]) -> bool:
    """Whether an unusual word, which the engine knows in pieces only, was not translated."""
    heard = set(words(output))
    terms = {word for match in sentence.terms for word in words(match.term.word(sentence.target))}
    return any(
        len(word) >= 5
        and word.islower()
        and word in heard
        and word not in terms
        and pieces_of(word) >= 3
        for word in words(sentence.read)
    )
