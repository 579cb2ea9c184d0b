"""Whether new words for a text change what it says: a negation, a modal verb or a number.

A small sign, not a judgement: it makes the chatbot ask which of the two questions is meant, "is
this good Swedish?" or "is this right for Sweden?". Source of the three signs:
reflective-dialogue.md, ``mixed_question``. The tables are the hub's own and follow the grammars
named beside them; ``tests/chatbot/labelled-wordings.tsv`` says how well they do.

Pure; a text and a proposal of 4,000 letters take a few milliseconds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from hub.chatbot.words import fold

SIGNS: Final = ("negation", "modal", "number")


def _table(words: str) -> frozenset[str]:
    return frozenset(words.split())


# --- tables, folded as ``words.fold`` does (no accents, no apostrophes) -----------------------

# Source: Svenska Akademiens grammatik 4, "Negation", and The Cambridge Grammar of the English
# Language, ch. 9: the negating adverbs, pronouns and determiners, and the preposition "without".
# Words that deny by their meaning (sakna, lack) are there too: "det saknas stöd" and "det finns
# inget stöd" say the same.
NEGATIONS: Final[Mapping[str, frozenset[str]]] = {
    "sv": _table(
        "inte ej icke aldrig ingen inget inga ingenting ingenstans ingendera varken knappt knappast"
        " utan nej saknar saknas sakna slipper slippa undviker undvika forbjudet forbjuds forbjuda"
        " vagrar vagra omojligt omojlig otillatet otillaten"
    ),
    "en": _table(
        "not no never none nobody nothing nowhere neither nor cannot cant without hardly dont"
        " doesnt didnt isnt arent wasnt werent wont wouldnt shouldnt couldnt mustnt neednt hasnt"
        " havent hadnt lack lacks lacking avoid avoids refuse refuses forbidden impossible unable"
        " unless"
    ),
}

# By force, since a change of force is a change of meaning: "should" is not "must". The same
# force in other words (skall, ska) is none. Source: Svenska Akademiens grammatik 4, "Modala
# hjälpverb", and The Cambridge Grammar, ch. 3, "The modal auxiliaries", with the usual phrases
# that stand in for them.
MODALS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "sv": {
        "must": ("maste", "ar skyldiga att", "ar skyldig att", "ar tvungna att", "ar tvungen att"),
        "shall": ("ska", "skall", "skola"),
        "should": ("bor", "borde"),
        "can": (
            "kan",
            "kunna",
            "kunde",
            "har mojlighet att",
            "ges mojlighet att",
            "far mojlighet att",
        ),
        "may": ("ratt att", "lov att"),
        "would": ("skulle",),
        "will": ("vill", "ville"),
        "perhaps": ("kanske", "eventuellt"),
        "need": ("behover", "behova", "behovde"),
    },
    "en": {
        "must": ("must", "have to", "has to", "are obliged to", "is obliged to"),
        "shall": ("shall",),
        "should": ("should", "ought to"),
        "can": ("can", "could", "cannot", "cant", "couldnt", "is able to", "are able to"),
        "may": ("may", "is allowed to", "are allowed to", "right to"),
        "would": ("would", "wouldnt"),
        "will": ("want to", "wants to"),
        "perhaps": ("might", "perhaps", "maybe", "possibly"),
        "need": ("need to", "needs to", "neednt"),
    },
}
# What carries a modal verb and a negation in one word has both.
_SHOULDNT: Final = {"shouldnt": "should", "mustnt": "must"}

# "En", "ett" and "one" are left out: they are articles and pronouns far more often than numbers.
NUMBERS: Final[Mapping[str, Mapping[str, str]]] = {
    "sv": {
        "noll": "0", "tva": "2", "bada": "2", "tre": "3", "fyra": "4", "fem": "5", "sex": "6",
        "sju": "7", "atta": "8", "nio": "9", "tio": "10", "elva": "11", "tolv": "12",
        "fjorton": "14", "femton": "15", "tjugo": "20", "trettio": "30", "hundra": "100",
        "tusen": "1000", "halften": "1/2", "halva": "1/2", "halv": "1/2", "dubbelt": "x2",
        "tredje": "3", "fjarde": "4",
    },
    "en": {
        "zero": "0", "two": "2", "both": "2", "three": "3", "four": "4", "five": "5", "six": "6",
        "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
        "fourteen": "14", "fifteen": "15", "twenty": "20", "thirty": "30", "hundred": "100",
        "thousand": "1000", "half": "1/2", "twice": "x2", "third": "3", "fourth": "4",
    },
}  # fmt: skip

# "Får" is a modal verb before another verb ("får stanna"), and otherwise means to get.
_MAY = re.compile(
    r"\b(?:far|fick)\b(?: (?:inte|aldrig|ocksa|alltid|aven|sjalva?|da|vi|du|ni|man|alla|ingen))*"
    r" (?P<verb>\w+)"
)
_SHORT_VERBS: Final = _table("se ga sta ha be ge ta bli bo le do ma na sa")
# They end as infinitives do, or come with "get" and no leave: "får veta", "får höra".
_NO_VERBS: Final = _table(
    "alla andra bada dessa deras sina mina dina era bra egna samma sjalva hela flera nya manga"
    " samtliga fa nagra vissa veta reda hora tillbaka mera lika olika"
)
# "Inte bara" and "not only" say more, not no; "ingen annan än" and "none other than" say who.
_NO_DENIAL = re.compile(
    r"\b(?:inte (?:bara|enbart|endast|minst)|not (?:only|just|least)|no matter|no longer than"
    r"|mer eller mindre|inte mer an|not more than|no more than|om inte annat)\b"
)
# "Inte du utan vi": the second word only goes on with the first.
_BUT = re.compile(r"\b(inte|ej|ingen|inget|inga|aldrig|varken)\b([^.!?]*?)\butan\b")
_NEITHER = re.compile(r"\b(neither|not|no|never)\b([^.!?]*?)\bnor\b")
_WORD = re.compile(r"\w+(?:[.,]\d+)*%?")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
# A remark on a text ("jag tycker att ...") is no new text; a proposal as long as this may be.
_LIKENESS = 0.25
_AS_LONG = 0.6
# Sentences in a row that a proposal for a part of a text is looked for in.
_LONGEST_RUN = 12


def signs_of_change(text: str, proposal: str, language: str) -> tuple[str, ...]:
    """Which of ``SIGNS`` tell the proposal from the text as it stands; empty where none does.

    ``language`` is that of both. A proposal that is about a part of the text is compared with
    the sentences that it is most like; one that is like none of it and much shorter is a remark
    about the text, and is let be.
    """
    against = _the_part(text, proposal)
    if against is None:
        return ()
    before, after = fold(against), fold(proposal)
    found = {
        "negation": _negations(before, language) != _negations(after, language),
        "modal": _modals(before, language) != _modals(after, language),
        "number": _numbers(before, language) != _numbers(after, language),
    }
    return tuple(sign for sign in SIGNS if found[sign])


def alters_meaning(texts: Iterable[str], proposal: str, language: str) -> bool:
    """Whether the proposal differs in meaning from each of the texts that it may be meant for.

    A principle has a title and a text; a proposal can be for either.
    """
    given = [text for text in texts if text.strip()]
    likest = max(given, key=lambda text: _likeness(_stems(text), _stems(proposal)), default=None)
    return likest is not None and bool(signs_of_change(likest, proposal, language))


def _the_part(text: str, proposal: str) -> str | None:
    """The sentences in a row that the proposal is most like; None where it is about none."""
    wanted = _stems(proposal)
    sentences = [s.strip() for s in _SENTENCE.findall(text) if s.strip()]
    stems = [_stems(sentence) for sentence in sentences]
    best, run = 0.0, ""
    for start in range(len(sentences)):
        gathered: Counter[str] = Counter()
        for end in range(start, min(start + _LONGEST_RUN, len(sentences))):
            gathered += stems[end]
            likeness = _likeness(gathered, wanted)
            if likeness > best:
                best, run = likeness, " ".join(sentences[start : end + 1])
    if len(proposal.split()) >= _AS_LONG * len(text.split()):
        return text if best >= _LIKENESS / 2 else None
    return run if best >= _LIKENESS else None


def _stems(text: str) -> Counter[str]:
    """The words by their beginnings, so that endings do not count."""
    return Counter(word[:5] for word in _WORD.findall(fold(text)))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Dice: shared words, twice, over all words."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _negations(text: str, language: str) -> int:
    """How often the text says no, each "not ... but" and "neither ... nor" once."""
    text = _NO_DENIAL.sub(" ", text)
    text = _BUT.sub(r"\1\2 ", text) if language == "sv" else _NEITHER.sub(r"\1\2 ", text)
    return sum(1 for word in _WORD.findall(text) if word in NEGATIONS[language])


def _modals(text: str, language: str) -> Counter[str]:
    """How often each force is there."""
    found: Counter[str] = Counter()
    for force, phrases in MODALS[language].items():
        several = [re.escape(phrase) for phrase in phrases]
        found[force] += len(re.findall(rf"\b(?:{'|'.join(several)})\b", text))
    if language == "sv":
        found["may"] += sum(1 for m in _MAY.finditer(text) if _is_infinitive(m["verb"]))
    else:
        found.update(_SHOULDNT[w] for w in _WORD.findall(text) if w in _SHOULDNT)
    return +found


def _is_infinitive(word: str) -> bool:
    return word in _SHORT_VERBS or (word.endswith("a") and word not in _NO_VERBS)


def _numbers(text: str, language: str) -> Counter[str]:
    """The numbers by their value, written in figures or letters."""
    found: Counter[str] = Counter()
    for word in _WORD.findall(text):
        if word[0].isdigit():
            found[word.rstrip("%").replace(",", ".")] += 1
        elif word in NUMBERS[language]:
            found[NUMBERS[language][word]] += 1
    return found
