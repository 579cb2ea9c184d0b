"""What makes texts into sentences, has them said, and puts what came out together again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from hub.language import checks
from hub.language.checks import Sentence
from hub.language.engine import BEAM, Engine, Said
from hub.language.glossary import Glossary, Hint
from hub.language.keeping import (
    continued,
    days_mended,
    for_engine,
    names_in,
    names_lost,
    names_mended,
    numbers_mended,
    quoted,
    with_dots,
    with_kept,
)
from hub.language.packages import Package
from hub.language.standins import ROUNDS, Veiled, veiled
from hub.language.text import (
    Doubt,
    Piece,
    degenerate,
    has_other_script,
    in_keeping,
    pieces,
    unsure,
    weighed,
    without_stutter,
)

# Those that the beam ends with anyway.
_HYPOTHESES: Final = BEAM


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


def failed(reason: str, model: str = "") -> Translated:
    """A text that no translation came out for."""
    return Translated("", "failed", reason, None, model)


@dataclass(frozen=True)
class Wanted:
    """What one call wants kept and honoured besides what every text wants."""

    names: tuple[str, ...] = ()
    glossary: Glossary = field(default_factory=lambda: Glossary(()))


_NOTHING: Final = Wanted()


@dataclass
class Interpreter:
    """One package at work, with all that is done before and after the network."""

    engine: Engine

    @property
    def package(self) -> Package:
        """What it works with."""
        return self.engine.package

    @property
    def model(self) -> str:
        """Package and version."""
        return self.engine.model

    def translate(self, texts: Sequence[str], wanted: Wanted = _NOTHING) -> list[Translated]:
        """All the sentences of all the texts in one batch; each different sentence once."""
        cut = [list(with_kept(pieces(text), self.package.target)) for text in texts]
        sentences = dict.fromkeys(piece.text for text in cut for piece in text if piece.words)
        read = {each: self._sentence(each, wanted) for each in sentences}
        said = self._say(list(read.values()))
        return [self._assemble(text, read, said, wanted) for text in cut]

    def _sentence(self, written: str, wanted: Wanted) -> Sentence:
        language = self.package.source
        read = for_engine(written, language)
        if language == "sv":
            read = with_dots(read, self.engine.pieces_of)
        terms = wanted.glossary.found(read, language)
        within = {at for match in terms for at in range(match.start, match.end)}
        names = names_in(read, language, wanted.names, ordinary=self.ordinary)
        return Sentence(
            written,
            read,
            language,
            tuple(match for match in names if match.start not in within),
            tuple(terms),
        )

    def ordinary(self, word: str) -> bool:
        """Whether the engine knows the word as a whole."""
        return self.engine.pieces_of(word) == 1

    def _say(self, sentences: list[Sentence]) -> dict[str, Said]:
        found = self.engine.decode([each.read for each in sentences], num_hypotheses=_HYPOTHESES)
        said = {each.written: one for each, one in zip(sentences, found, strict=True)}
        # A loop of the decoder is often cured by forbidding it to repeat itself.
        stuck = [each for each in sentences if checks.flaw(each, said[each.written].text)]
        if stuck:
            again = self.engine.decode(
                [each.read for each in stuck], no_repeat_ngram_size=3, repetition_penalty=1.2
            )
            for sentence, second in zip(stuck, again, strict=True):
                if not checks.flaw(sentence, second.text):
                    said[sentence.written] = second
        for sentence in sentences:
            best = self._best(sentence, said[sentence.written])
            if checks.flaw(sentence, best.text) == "repetition":
                once = replace(best, text=without_stutter(best.text), stuttered=True)
                best = best if checks.flaw(sentence, once.text) else once
            said[sentence.written] = best
        self._say_with_stand_ins(sentences, said)
        return said

    def _best(self, sentence: Sentence, said: Said) -> Said:
        """The hypothesis that loses least, mended where that is plain; the likeliest of equals."""
        best, least = said, math.inf
        for one in self._all(said):
            mended = self._mended(sentence, one)
            lost = checks.loss(sentence, mended.text)
            if lost < least:
                best, least = mended, lost
            if not lost:
                break
        return best

    def _all(self, said: Said) -> Iterator[Said]:
        """The hypotheses, the likeliest first; those after it become text only when asked for."""
        yield said
        for tokens, log_probability in said.others:
            yield Said(self.engine.plain(tokens), log_probability)

    def _mended(self, sentence: Sentence, said: Said) -> Said:
        text = names_mended(sentence.read, said.text, names_lost(sentence.names, said.text))
        text = numbers_mended(sentence.read, text, self.package.source)
        text = days_mended(text, self.package.target)
        return replace(said, text=text, others=())

    def _say_with_stand_ins(self, sentences: list[Sentence], said: dict[str, Said]) -> None:
        for attempt in range(ROUNDS):
            tried: list[tuple[Sentence, Veiled]] = []
            for sentence in sentences:
                lost = checks.lost(sentence, said[sentence.written].text)[: checks.MOST_LOST]
                one = veiled(sentence.read, lost, self.package.source, attempt) if lost else None
                if one:
                    tried.append((sentence, one))
            sentences = [sentence for sentence, _ in tried]
            found = self.engine.decode(
                [one.text for _, one in tried], beam_size=2, num_hypotheses=2
            )
            for (sentence, one), made in zip(tried, found, strict=True):
                said[sentence.written] = self._unveiled(sentence, one, made, said[sentence.written])

    def _unveiled(self, sentence: Sentence, one: Veiled, made: Said, before: Said) -> Said:
        """What came out with stand-ins, with the right words back, where it loses less."""
        best, least = before, checks.loss(sentence, before.text)
        for hypothesis in self._all(made):
            text = one.unveiled(hypothesis.text)
            if text is None:
                continue
            mended = self._mended(sentence, replace(hypothesis, text=text))
            lost = checks.loss(sentence, mended.text)
            if lost < least:
                best, least = mended, lost
        return best

    def _assemble(
        self, text: list[Piece], read: dict[str, Sentence], said: dict[str, Said], wanted: Wanted
    ) -> Translated:
        whole: list[str] = []
        reasons: set[str] = set()
        told: list[tuple[str, float]] = []
        for piece in text:
            if not piece.words:
                whole.append(piece.text)
                continue
            sentence, output = read[piece.text], said[piece.text]
            if checks.flaw(sentence, output.text):
                return failed("degenerate", self.model)
            reasons.update(checks.reasons(sentence, output.text, self.engine.pieces_of))
            if output.stuttered:
                reasons.add("repetition")
            told.append((piece.text, output.log_probability))
            dressed = in_keeping(piece.text, output.text)
            whole.append(continued("".join(whole), piece.text, dressed))
        original, made = "".join(piece.text for piece in text), "".join(whole)
        made = quoted(original, made, self.package.target)
        if len(original) > 200 and degenerate(original, made) == "length":
            return failed("degenerate", self.model)
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
