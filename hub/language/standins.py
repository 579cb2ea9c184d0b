"""Stand-ins: well-known words in the place of a name or term that the engine would lose.

A small engine knows "rapporten" but not "brukarrevisionen". So the sentence is translated with a
word of the same kind and gender in its place, and the right word is put where the stand-in came
out, in the form in which it came out. Everything here is pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.language.glossary import (
    Glossary,
    Match,
    Term,
    countable,
    form,
    honoured,
    neuter,
    plain_term,
)
from hub.language.text import Language, listed, other

# How often a sentence is tried, each time with other stand-ins.
ROUNDS: Final = 2

_KINDS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "person": (
        ("vän|vännen|vänner|vännerna", "friend|friends"),
        ("granne|grannen|grannar|grannarna", "neighbour|neighbours"),
        ("chef|chefen|chefer|cheferna", "manager/boss|managers/bosses"),
    ),
    "person either": (
        ("läkare|läkaren|läkare|läkarna", "doctor|doctors"),
        ("lärare|läraren|lärare|lärarna", "teacher|teachers"),
    ),
    "thing common": (
        ("rapport|rapporten|rapporter|rapporterna", "report|reports"),
        ("bok|boken|böcker|böckerna", "book|books"),
        ("lista|listan|listor|listorna", "list|lists"),
    ),
    "thing neuter": (
        ("meddelande|meddelandet|meddelanden|meddelandena", "message|messages"),
        ("äpple|äpplet|äpplen|äpplena", "apple|apples"),
        ("ställe|stället|ställen|ställena", "place|places"),
    ),
    "thing neuter either": (
        ("förslag|förslaget|förslag|förslagen", "proposal/suggestion|proposals/suggestions"),
        ("brev|brevet|brev|breven", "letter|letters"),
        ("språk|språket|språk|språken", "language|languages"),
    ),
    "mass common": (
        ("forskning|forskningen", "research"),
        ("musik|musiken", "music"),
        ("vård|vården", "care"),
    ),
    "mass neuter": (
        ("arbete|arbetet", "work"),
        ("vatten|vattnet", "water"),
        ("stöd|stödet", "support"),
    ),
    "verb": (
        ("planera|planerar|planerade|planerat", "plan|plans|planned|planned|planning"),
        ("diskutera|diskuterar|diskuterade|diskuterat",
         "discuss|discusses|discussed|discussed|discussing"),
        ("förstå|förstår|förstod|förstått",
         "understand|understands|understood|understood|understanding"),
    ),
    "adjective": (
        ("viktig|viktigt|viktiga", "important"),
        ("intressant|intressant|intressanta", "interesting"),
        ("enkel|enkelt|enkla", "simple"),
    ),
    "name": (("Anna", "Anna"), ("Peter", "Peter"), ("Maria", "Maria")),
    "surname": (("Lindberg", "Lindberg"), ("Berg", "Berg"), ("Andersson", "Andersson")),
    "place": (("London", "London"), ("Berlin", "Berlin"), ("Oslo", "Oslo")),
}  # fmt: skip
_STAND_INS: Final[dict[str, tuple[Term, ...]]] = {
    kind: tuple(
        plain_term(sv, en, part="verb" if kind == "verb" else "noun", identity=f"stand-in {en}")
        for sv, en in several
    )
    for kind, several in _KINDS.items()
}
_PLACE_BEFORE = re.compile(r"\b(?:i|på|till|från|vid|in|at|to|from|near|of)\s+$", re.IGNORECASE)
_DETERMINERS: Final = frozenset(listed("den det de denna detta dessa varje någon något några"))
_POSSESSIVES: Final = frozenset(
    listed(
        """
        min mitt mina din ditt dina sin sitt sina vår vårt våra er ert era hans hennes dess deras
        """
    )
)


@dataclass(frozen=True)
class Veiled:
    """A sentence in which stand-ins stand for some terms or names."""

    text: str
    matches: tuple[Match, ...]
    stand_ins: tuple[Term, ...]
    language: Language

    def unveiled(self, output: str) -> str | None:
        """The output with the right words back, or None where a stand-in did not come out once."""
        target = other(self.language)
        for match, stand_in in zip(self.matches, self.stand_ins, strict=True):
            standing = Glossary((stand_in,)).found(output, target)
            if len(standing) != 1:
                return None
            place = standing[0]
            word = form(match.term, target, place.slot, genitive=place.genitive)
            if target == "sv":
                word = _with_article(word, match.term, place.slot, output[: place.start])
            if _capital_is_due(output, place) and not match.term.keep:
                word = word[:1].upper() + word[1:]
            output = output[: place.start] + word + output[place.end :]
        return _articles(output) if target == "en" else output


def veiled(
    sentence: str, matches: Sequence[Match], language: Language, attempt: int
) -> Veiled | None:
    """The sentence with stand-ins for the `matches`, others at each `attempt` (from 0).

    None where more terms of a kind meet than there are stand-ins that the sentence lacks.
    """
    chosen: list[Term] = []
    taken: set[str] = set()
    for match in matches:
        kind = _kind(match, sentence)
        # One form for one and many: the engine should have to tell from what stands around.
        if language == "sv" and f"{kind} either" in _STAND_INS and _one_for_many(match.term):
            kind = f"{kind} either"
        several = _STAND_INS[kind]
        free = [
            several[(attempt + step) % len(several)]
            for step in range(len(several))
            if several[(attempt + step) % len(several)].id not in taken
        ]
        free = [stand_in for stand_in in free if not honoured(stand_in, sentence, language)]
        if not free:
            return None
        chosen.append(free[0])
        taken.add(free[0].id)
    text = sentence
    for match, stand_in in sorted(
        zip(matches, chosen, strict=True), key=lambda pair: -pair[0].start
    ):
        word = form(stand_in, language, match.slot, genitive=match.genitive)
        if text[match.start].isupper() and match.start == _first_letter(sentence):
            word = word[:1].upper() + word[1:]
        text = text[: match.start] + word + text[match.end :]
    if language == "en":
        text = _articles(text)
    return Veiled(text, tuple(matches), tuple(chosen), language)


def _kind(match: Match, sentence: str) -> str:
    term = match.term
    if term.keep or term.part in {"name", "phrase"}:
        before = sentence[: match.start]
        if _PLACE_BEFORE.search(before):
            return "place"
        return "surname" if re.search(r"[A-ZÅÄÖ][\w'’-]*\s$", before) else "name"
    if term.part in {"verb", "adjective"}:
        return term.part
    if term.part == "person":
        return "person"
    kind = "thing" if countable(term) else "mass"
    return f"{kind} {'neuter' if neuter(term) else 'common'}"


def _one_for_many(term: Term) -> bool:
    return len(term.sv) > 2 and term.sv[0] == term.sv[2]


def _first_letter(sentence: str) -> int:
    return next((at for at, letter in enumerate(sentence) if letter.isalnum()), 0)


def _capital_is_due(output: str, place: Match) -> bool:
    if not output[place.start].isupper():
        return False
    proper = place.term.word("en")[0].isupper()
    return not proper or place.start == _first_letter(output)


def _with_article(word: str, term: Term, slot: int, before: str) -> str:
    """Swedish nouns with an adjective: "den nya listan", but "min nya lista".

    The term is put where a noun without an adjective stood, so the article may be missing, and
    after a possessive the adjective must be definite while the noun is not.
    """
    if term.part not in {"noun", "person"} or len(term.sv) <= (slot | 1):
        return word
    plain, definite = form(term, "sv", slot & 2).split(), form(term, "sv", slot | 1).split()
    changed = [at for at, (old, new) in enumerate(zip(plain, definite, strict=False)) if old != new]
    if not changed or changed[-1] == 0 or len(plain) != len(definite):
        return word
    last = (re.findall(r"\w+", before) or [""])[-1].casefold()
    possessive = last in _POSSESSIVES
    if slot in {0, 2}:
        noun = changed[-1]
        return " ".join([*definite[:noun], *plain[noun:]]) if possessive else word
    if last in _DETERMINERS or possessive or definite != word.split():
        return word
    article = "de" if slot == 3 else "det" if neuter(term) else "den"
    return f"{article} {word}"


# "a user", "a unit", "an hour": by sound, as far as the spelling tells.
_VOWEL: Final = r"(?:[aeio]|u(?!se|ni|su|til)|hour|honest)"
_NO_VOWEL: Final = r"(?:one|once|eu|use|uni|usu|util)"
_TOO_LITTLE = re.compile(rf"\b(a|A) (?={_VOWEL})(?!{_NO_VOWEL})")
_TOO_MUCH = re.compile(rf"\b(a|A)n (?=(?:[b-df-gj-np-tv-z]|h(?!our|onest|eir)|{_NO_VOWEL}))")


def _articles(english: str) -> str:
    return _TOO_MUCH.sub(r"\1 ", _TOO_LITTLE.sub(r"\1n ", english))
