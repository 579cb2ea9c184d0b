"""Sentences, guesses and doubts: what can be said about a text without translating it.

Everything here is pure and fast (microseconds to a few milliseconds for a post), except that
the first call of `looks_like` loads its detector.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from hub.language.detector import classify

Language = Literal["sv", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("sv", "en")

# The bundled network learned on at most 128 tokens; a Swedish token is three letters or more.
LONGEST_SENTENCE: Final = 260


def other(language: Language) -> Language:
    """The other one of the hub's two languages."""
    return "en" if language == "sv" else "sv"


# --- Pieces -----------------------------------------------------------------------------------


class Piece(NamedTuple):
    """A stretch of a text. `words` is false where it must reach the reader untouched."""

    text: str
    words: bool


_LINE_BREAKS = re.compile(r"([\n\r\t\v\f\x1c-\x1e\x85\u2028\u2029]+)")
_LIST_MARK = re.compile(
    r"\s*(?:(?:[-*+•·‣◦▪●○–—>☐☑☒✓✔→]|#{1,6}|\[[ xX]?\]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))\s+)+"
)
_URL = (
    r"(?:https?://|www\.)[^\s<>\"”“]+[^\s<>\"”“.,;:!?)\]'’]"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)
# Pictures, flags, keycaps, skin tones, joiners and selectors, and faces typed with punctuation.
_EMOJI = (
    r"(?:[\U0001F000-\U0001FAFF\u2600-\u27BF\u2B00-\u2BFF\u23E9-\u23FA\u203C\u2049\u2139]"
    r"|[0-9#*]\uFE0F?\u20E3)"
    r"(?:[\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0E\uFE0F\u200D\u2640\u2642\U000E0020-\U000E007F])*"
)
_FACE = r"(?<!\S)(?:[:;=8xX]['’]?[-o]?[)(DPp/|\]\[3*]+|<3+|:'\()(?!\S)"
_TAG = r"</?[a-zA-Z][^<>\n]*>|(?<!\w)[@#]\w[\w-]*|[\[\]{}|\\^~`]+"
# Letters of other scripts: nobody here translates them, and the engine would drop them.
_OTHER = "[\u0370-\u1dff\u2c00-\u2dff\u3040-\ud7ff\uf900-\ufdff\ufe70-\ufefc]+"
_KEPT = re.compile(f"({_URL}|(?:{_EMOJI}\\s*)+|{_FACE}|{_TAG}|{_OTHER}(?:\\s+{_OTHER})*)")
_SPACE_AROUND = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)
_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]")


def listed(several: str, mark: str | None = None) -> list[str]:
    """The words of a list that is written as one string."""
    return several.split(mark)


# Whoever writes these may go on with a capital in the same sentence.
_NEVER_LAST = frozenset(
    listed(
        """
    abs. adj. adr. alt. ang. anm. apr. ap. art. aug. avd. avs. bil. bl.a. bl. ca. c:a. cf. co.
    d.v.s. dec. dir. disp. dnr. docent. doc. dr. dvs. e.g. eg. eng. enl. ex. exkl. exp. f.d. f.n.
    f.ö. fam. febr. feb. fig. fil. fr.o.m. fr. förf. förk. gen. gm. gr. hr. i.e. ill. ing. inkl.
    inv. jan. jfr. jr. jul. jun. kap. kl. kungl. lat. lör. m.a.o. m.h.t. mag. maj. max. med. min.
    mr. mrs. ms. mån. n.b. nov. nr. nuv. obj. obs. okt. ons. ordf. p.g.a. pga. pl. prof. progr. p.s.
    ps. ref. rev. resp. s.a.s. s.k. sek. sen. sept. sep. sid. sjuksk. sign. skr. sk. spec. sr. st.
    sv. sön. t.ex. t.o.m. t.v. tel. temp. tex. tf. tfn. tis. tom. tor. tr. u.p.a. uppl. ung. utg. v.
    v.g. vol. vs. vd. w. w/. årg. äv. övers. övr. no. nos. fig. dept. est. approx. viz. ca. incl.
    resp. rev. st. mt. ave. blvd. gov. capt. col. lt. sgt. oct. mon. tue. wed. thu. fri. sat. sun.
    """
    )
)
# These end a sentence as often as not: the next letter decides.
_MAY_BE_LAST = frozenset(
    listed(
        """
    a.m. am. etc. et.al. al. e.d. e.dyl. dyl. d.y. e.kr. f.kr. inc. ltd. corp. m.fl. m.m. mm. m.v.
    mvh. o.d. o.dyl. o.s.a. osa. o.s.v. osv. p.m. ph.d. phd. t.h. vard. v.v. pm.
    """
    )
)
# Ordinary words, so that full stop and capital after them do end the sentence.
_WORDS_AS_WELL = frozenset(
    listed(
        "am. art. bil. ex. gen. ill. jul. maj. max. med. min. mm. no. pm. sat. sen. sun. tom. tor. "
        "tr. wed. mon. ps. ung. est. progr. sk. lat. tex. mag. fri. fil. ing. obs."
    )
)
_STOP = re.compile(r"([.!?…]+|[。！？])([\"'”’»)\]*_]*)(\s+)")
_OPENERS = "\"'“”„‘’«»([*_-–—"
_INITIALS = re.compile(r"(?:[^\W\d_]\.-?)+", re.UNICODE)


def pieces(text: str) -> list[Piece]:
    """Cuts a text into sentences and what stands between them.

    Joined, the pieces are the text, character by character. Line breaks, tabs, list marks,
    spaces around sentences, emoji, URLs, e-mail addresses, @names, tags, brackets, and stretches
    without a Latin letter come as pieces with `words` false; a sentence has no spaces at its
    ends and is no longer than `LONGEST_SENTENCE` characters.
    """
    cut: list[Piece] = []
    for line in _LINE_BREAKS.split(text):
        mark = _LIST_MARK.match(line)
        start = mark.end() if mark else 0
        if start:
            cut.append(Piece(line[:start], words=False))
        for index, stretch in enumerate(_KEPT.split(line[start:])):
            if index % 2:
                cut.append(Piece(stretch, words=False))
                continue
            for sentence in _sentences(stretch):
                cut.extend(_without_margins(sentence))
    return _joined(cut)


def sentences(text: str) -> list[str]:
    """The sentences of a text that are there to be translated, in order."""
    return [piece.text for piece in pieces(text) if piece.words]


def has_words(text: str) -> bool:
    """Whether anything in the text could be translated (not only numbers, emoji, links…)."""
    return any(piece.words for piece in pieces(text))


def has_other_script(text: str) -> bool:
    """Whether the text has letters that neither Swedish nor English uses."""
    return any(letter.isalpha() and not _LATIN.match(letter) for letter in text)


def _joined(cut: list[Piece]) -> list[Piece]:
    whole: list[Piece] = []
    for piece in cut:
        if not piece.text:
            continue
        if whole and not piece.words and not whole[-1].words:
            whole[-1] = Piece(whole[-1].text + piece.text, words=False)
        else:
            whole.append(piece)
    return whole


def _without_margins(stretch: str) -> Iterator[Piece]:
    margins = _SPACE_AROUND.fullmatch(stretch)
    assert margins is not None
    before, core, after = margins.groups()
    yield Piece(before, words=False)
    if not _LATIN.search(core):
        yield Piece(core, words=False)
    else:
        parts = list(shorter(core, LONGEST_SENTENCE))
        for part in parts:
            yield Piece(part, words=bool(_LATIN.search(part)))
    yield Piece(after, words=False)


def shorter(sentence: str, limit: int) -> Iterator[str]:
    """Parts of at most `limit` characters, cut after a clause or else between words.

    Joined, the parts and the single spaces that come as parts of their own are the sentence.
    """
    while len(sentence) > limit:
        head = sentence[:limit]
        at = max(head.rfind(mark) for mark in (", ", "; ", ": ", " – ", " - "))
        at = at + 1 if at >= limit // 3 else head.rfind(" ")
        if at <= 0:
            yield head
            sentence = sentence[limit:]
            continue
        kept = sentence[:at].rstrip()
        rest = sentence[at:].lstrip()
        yield kept
        yield sentence[len(kept) : len(sentence) - len(rest)]
        sentence = rest
    yield sentence


def _sentences(stretch: str) -> Iterator[str]:
    start = 0
    for stop in _STOP.finditer(stretch):
        following = stretch[stop.end() :]
        if following and _ends(stretch[start : stop.start()], stop, following):
            yield stretch[start : stop.end()]
            start = stop.end()
    yield stretch[start:]


def _ends(before: str, stop: re.Match[str], following: str) -> bool:
    marks, closing = stop[1], stop[2]
    first = following.lstrip(_OPENERS)[:1]
    lower = first.islower()
    if marks[0] in "。！？":
        return True
    if set(marks) & set("!?"):
        # "Varför?" frågade hon
        return not (lower and closing)
    if marks != ".":
        return not lower
    word = (before.rsplit(maxsplit=1) or [""])[-1].lstrip(_OPENERS) + "."
    return not lower if closing else _full_stop(word, lower=lower)


def _full_stop(word: str, *, lower: bool) -> bool:
    small = word.lower()
    if small in _MAY_BE_LAST or small in _WORDS_AS_WELL:
        return not lower
    if small in _NEVER_LAST:
        return False
    if _INITIALS.fullmatch(word):
        # English "I" is the one initial that often ends a sentence.
        return word == "I." and not lower
    if not lower:
        return True
    # People on phones leave out capitals; an unknown abbreviation is rarely five letters long.
    return len(word) > 5 and word[:-1].isalpha()


# --- Which language ---------------------------------------------------------------------------

_SURE: Final = 0.85
_ENOUGH_LETTERS: Final = 12


def looks_like(text: str) -> Language | None:
    """The language a text seems to be in, or None where it is too short to tell.

    Only a hint: what the author declared decides.
    """
    plain = " ".join(sentences(text[:2000]))
    letters = sum(map(str.isalpha, plain))
    if letters < _ENOUGH_LETTERS or letters < 0.5 * len(plain):
        return None
    latin = len(_LATIN.findall(plain))
    if latin < 0.8 * letters:
        return None
    language, sureness = classify(plain)
    if sureness < _SURE:
        return None
    return "sv" if language == "sv" else "en"


# --- Is it a translation at all ---------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_STUTTER = re.compile(r"(\S{1,12}?)\1{7,}")


def words(text: str) -> list[str]:
    """The words of a text as they are written, without numbers and punctuation."""
    return _WORD.findall(text)


@functools.lru_cache(maxsize=256)
def degenerate(source: str, output: str, *, target: Language | None = None) -> str | None:
    """Why an output is no translation of its source, or None where it may be one.

    The codes are `empty`, `repetition`, `length` and `copied`. Texts without words may come
    back as they are; so may names, and, where `target` is given, a source already in it.
    """
    if not output.strip():
        return "empty" if source.strip() else None
    if not has_words(source):
        return None
    if _repeats(output) > max(2, _repeats(source)) or (
        _STUTTER.search(output) and not _STUTTER.search(source)
    ):
        return "repetition"
    if _hardly_varies(output) and not _hardly_varies(source):
        return "repetition"
    if len(output) > 3 * len(source) + 25 or len(output) < len(source) / 4 - 3:
        return "length"
    if _copied(source, output) and not (target and looks_like(source) == target):
        return "copied"
    return None


def _repeats(text: str) -> int:
    """How many times in a row the same one to six words come, at most."""
    spoken = [word.casefold() for word in words(text)]
    most = 1
    for size in range(1, 7):
        run = 0
        for here in range(size, len(spoken)):
            run = run + 1 if spoken[here] == spoken[here - size] else 0
            most = max(most, run // size + 1 if run >= size else 1)
    return most


_SAID_AGAIN = re.compile(r"\b((?:[\w'’-]+[ ,]+){0,3}?[\w'’-]+)(?:[ ,]+\1\b)+", re.IGNORECASE)


def without_stutter(output: str) -> str:
    """The output with one to four words that come several times in a row said once."""
    return _SAID_AGAIN.sub(r"\1", output)


def _hardly_varies(text: str) -> bool:
    spoken = [word.casefold() for word in words(text)]
    return len(spoken) >= 12 and len(set(spoken)) < 0.35 * len(spoken)


def _copied(source: str, output: str) -> bool:
    said = [word for word in words(source) if len(word) > 1]
    ordinary = [word for word in said if word.islower()]
    return (
        len(said) >= 4
        and len(ordinary) >= 3
        and [word.casefold() for word in words(source)]
        == [word.casefold() for word in words(output)]
    )


def in_keeping(source: str, output: str) -> str:
    """The output in the dress of its source: capitals, and a full stop if that has one."""
    if shouted(source):
        output = output.upper()
    first = next((letter for letter in source if letter.isalnum()), "")
    start = next((at for at, letter in enumerate(output) if letter.isalnum()), None)
    if first.isupper() and start is not None:
        output = output[:start] + output[start].upper() + output[start + 1 :]
    if source[-1:].isalnum() and output.endswith(".") and not output.endswith(".."):
        output = output[:-1]
    if source[-1:] in {".", "!", "?"} and output[-1:].isalnum():
        output += source[-1]
    return output


# --- What may be wrong with it ----------------------------------------------------------------


@dataclass(frozen=True)
class Doubt:
    """Why a machine translation may be wrong.

    `score` goes from 0 (no doubt) to 1. The reasons are `number_missing`, `number_added`,
    `negation_missing`, `negation_added`, `name_missing`, `length`, `copied`, `repetition`,
    `wrong_language`, `avoided_word`, `unknown_word` and `unsure`, heaviest first.
    """

    score: float
    reasons: tuple[str, ...]


_WEIGHTS: Final[dict[str, float]] = {
    "negation_missing": 0.7,
    "number_missing": 0.7,
    "copied": 0.6,
    "repetition": 0.6,
    "wrong_language": 0.6,
    "unsure": 0.5,
    "length": 0.5,
    "number_added": 0.5,
    "negation_added": 0.4,
    "name_missing": 0.4,
    "avoided_word": 0.4,
    "unknown_word": 0.3,
}

_DIGITS = re.compile(r"\d+")
_NUMBER_WORDS: dict[str, str] = {
    word: str(number)
    for number, spellings in enumerate(
        listed("""noll zero nil|en ett one first första|två two båda both second andra twice tvåa|
        tre three third tredje|fyra four fourth fjärde|fem five fifth femte|sex six sixth sjätte|
        sju seven seventh sjunde|åtta eight eighth åttonde|nio nine ninth nionde|
        tio ten tenth tionde|elva eleven elfte eleventh|tolv twelve dozen tolfte twelfth dussin|
        tretton thirteen|fjorton fourteen|femton fifteen|sexton sixteen|sjutton seventeen|
        arton eighteen|nitton nineteen|tjugo twenty""", "|")
    )
    for word in listed(spellings)
} | {
    "trettio": "30", "thirty": "30", "fyrtio": "40", "forty": "40", "femtio": "50",
    "fifty": "50", "sextio": "60", "sixty": "60", "sjuttio": "70", "seventy": "70",
    "åttio": "80", "eighty": "80", "nittio": "90", "ninety": "90", "hundra": "100",
    "hundred": "100", "tusen": "1000", "thousand": "1000",
}  # fmt: skip
_TENS: Final = (
    ("20", "tjugo", "twenty"), ("30", "trettio", "thirty"), ("40", "fyrtio", "forty"),
    ("50", "femtio", "fifty"), ("60", "sextio", "sixty"), ("70", "sjuttio", "seventy"),
    ("80", "åttio", "eighty"), ("90", "nittio", "ninety"),
)  # fmt: skip
_ONES: Final = (
    ("ett en", "one"), ("två", "two"), ("tre", "three"), ("fyra", "four"), ("fem", "five"),
    ("sex", "six"), ("sju", "seven"), ("åtta", "eight"), ("nio", "nine"),
)  # fmt: skip
_NUMBER_WORDS |= {
    spelling: str(int(ten) + one)
    for ten, swedish, english in _TENS
    for one, (ones, english_one) in enumerate(_ONES, start=1)
    for spelling in (*(swedish + each for each in ones.split()), f"{english}-{english_one}")
}

_NEGATIONS: Final[dict[Language, frozenset[str]]] = {
    "sv": frozenset(
        listed(
            "inte ej icke aldrig ingen inget inga ingenting varken ingenstans nej knappt "
            "inge int utan"
        )
    ),
    "en": frozenset(
        listed(
            "not no never none nothing nobody nowhere neither nor without cannot cant dont doesnt "
            "didnt isnt arent wasnt werent wont wouldnt couldnt shouldnt havent hasnt hadnt aint "
            "hardly unable"
        )
    ),
}
# Words that carry a no inside, so that its absence elsewhere is no loss.
_SOFT_NO: Final[dict[Language, re.Pattern[str]]] = {
    "sv": re.compile(
        r"\bo(?:möjlig|säker|vanlig|nödig|klar|rätt|lik|frisk|trygg|känd|vän|till)|\bsaknar"
        r"|\bslipp|\bvägra|\bförbj|\bsällan|\bknapp|\bsluta|\bmisslyck|\butom|\bfri från|lös[at]?\b"
        r"|\bstrunta|\bbort|\bför (?:\w+ )?att\b|\bheller\b|\beller hur\b|,? va\?|\bvisst\b",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"n['’]t\b|\bun(?!der|til|it|ion|ive|iq)[a-z]{3,}"
        r"|\bi(?:mposs|mprob|mpat|mmob|nvis|ncap|nadeq|ncorr|neff|nsens|nsec|nsuff|naccur|ncompl)"
        r"|\bdis(?:agree|appear|like|able|connect|hon|sat|trust)|\bnon-?[a-z]|less\b|\black|\bfail"
        r"|\brefus|\bforb|\brarely|\bseldom|\bstop|\bbarely|\bexcept|\bmiss(?:es|ed|ing)?\b"
        r"|\bfree\b|\bother than\b|\banything but\b|\bavoid",
        re.IGNORECASE,
    ),
}
CALENDAR: Final = frozenset(
    listed(
        """monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december i'm i've i'd i'll english swedish
    sweden sverige swedes europe europa england london britain storbritannien gothenburg göteborg
    stockholm eu uk usa god christmas mum dad gp esther esthers jan feb mar apr jun jul aug sep
    sept oct nov dec mon tue tues wed thu thurs fri sat sun mondays tuesdays wednesdays thursdays
    fridays saturdays sundays"""
    )
)


def doubts(
    source: str,
    output: str,
    *,
    language: Language,
    log_probability: float | None = None,
    name_lost: bool | None = None,
) -> Doubt | None:
    """What may be wrong with the machine's `output` for a `source` in `language`, if anything.

    `name_lost` is for who knows the names; else every capital inside the sentence counts.
    `log_probability` is the engine's own, per token (0 is certain, -1 is poor). Give single
    sentences where you can: a number lost in one is easily found again in the next.
    """
    if name_lost is None:
        name_lost = _names_lost(source, output)
    found = set(_reasons(source, output, language, name_lost=name_lost))
    if log_probability is not None and unsure(log_probability, source):
        found.add("unsure")
    return weighed(found)


# Fitted on half of the development set and the sample dialogue: how likely it is that the
# translation has less than 35 chrF++ against a reference. `python -m tests.bench quality` shows
# what it is worth on the other half.
_RISK: Final = (-1.95, -5.4, -0.73)
_UNSURE_FROM: Final = 0.33


def unsure(log_probability: float, source: str) -> bool:
    """Whether the engine's own log-probability per token tells of a poor translation.

    A short text may be put in many ways, so the engine is rightly less sure of it.
    """
    base, per_log_probability, per_length = _RISK
    length = math.log(max(1, len(words(source))))
    risk = base + per_log_probability * log_probability + per_length * length
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, risk)))) >= _UNSURE_FROM


def weighed(reasons: set[str]) -> Doubt | None:
    """The doubt that some reasons add up to; None where there are none."""
    if not reasons:
        return None
    ordered = sorted(reasons, key=lambda reason: (-_WEIGHTS[reason], reason))
    trust = 1.0
    for reason in ordered:
        trust *= 1 - _WEIGHTS[reason]
    return Doubt(score=round(1 - trust, 3), reasons=tuple(ordered))


def _reasons(source: str, output: str, language: Language, *, name_lost: bool) -> Iterator[str]:
    if not has_words(source):
        return
    yield from _number_reasons(source, output)
    yield from _negation_reasons(source, output, language)
    if name_lost:
        yield "name_missing"
    if len(source) >= 25 and not 0.55 <= len(output) / len(source) <= 1.8:
        yield "length"
    if _mostly_copied(source, output, language):
        yield "copied"
    if _repeats(output) > _repeats(source) and _repeats(output) > 1:
        yield "repetition"


def _number_reasons(source: str, output: str) -> Iterator[str]:
    given, got = numbers(source), numbers(output)
    spoken = said_as_words(source), said_as_words(output)
    missing = (given - got) - spoken[1] - _evening(given, got, output)
    swapped = (given - got) and (got - given) and got.total() <= given.total()
    if missing or swapped or _word_numbers_lost(source, spoken[0], got + spoken[1]):
        yield "number_missing"
    if (got - given) - spoken[0] and got.total() > given.total():
        yield "number_added"


_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:(?:[   .,]|, )\d{3})+(?![\d])")
_ON_THE_HOUR = re.compile(r"(?<![\d.:,])([01]?\d|2[0-4])[.:]00(?!\d)")
_HALF_OF_DAY = re.compile(
    r"(?<![\d.:])(1[0-2]|0?[1-9])(?:[.:]([0-5]\d))?\s?([ap])\.?m\b", re.IGNORECASE
)


def numbers(text: str) -> Counter[str]:
    """The numbers written with figures, group by group, without leading zeros.

    Clock times count by the clock of 24 hours, full hours without their minutes, and thousands
    as one number however they are parted.
    """
    plain = _HALF_OF_DAY.sub(_by_24, text)
    plain = _ON_THE_HOUR.sub(r"\1", plain)
    plain = _THOUSANDS.sub(lambda number: re.sub(r"\D", "", number[0]), plain)
    return Counter(number.lstrip("0") or "0" for number in _DIGITS.findall(plain))


def _by_24(told: re.Match[str]) -> str:
    hour = int(told[1]) % 12 + (12 if told[3] in "pP" else 0)
    return f"{hour}.{told[2]}" if told[2] else str(hour)


def said_as_words(text: str) -> Counter[str]:
    """The numbers written as words, in figures."""
    named = (_NUMBER_WORDS.get(word.casefold()) for word in words(text))
    return Counter(number for number in named if number)


def _evening(given: Counter[str], got: Counter[str], output: str) -> Counter[str]:
    """Hours after noon that the output tells as "klockan åtta på kvällen" does."""
    if not re.search(r"kväll|eftermiddag|evening|afternoon", output, re.IGNORECASE):
        return Counter()
    twelve = got + said_as_words(output)
    return Counter(hour for hour in given if hour.isdecimal() and twelve[str(int(hour) - 12)])


# Small numbers are also articles, pronouns and parts of idioms.
_NO_PLAIN_NUMBERS: Final = frozenset({"0", "1", "2", "100", "1000"})


def _word_numbers_lost(source: str, given: Counter[str], got: Counter[str]) -> bool:
    if _CLOCK_WORDS.search(source):
        return False
    return any(number not in got for number in given if number not in _NO_PLAIN_NUMBERS)


_CLOCK_WORDS = re.compile(r"\b(?:halv|kvart|half|quarter|par tre)\b", re.IGNORECASE)


def _negation_reasons(source: str, output: str, language: Language) -> Iterator[str]:
    target = other(language)
    given, got = _negated(source, language), _negated(output, target)
    if given and not got and not _SOFT_NO[target].search(output):
        yield "negation_missing"
    if got and not given and not _SOFT_NO[language].search(source):
        yield "negation_added"


def _negated(text: str, language: Language) -> bool:
    plain = (word.casefold().replace("’", "'") for word in words(text))
    spoken = {word.removesuffix("'s").removesuffix("'ll").replace("'", "") for word in plain}
    return bool(spoken & _NEGATIONS[language]) or (
        language == "en" and bool(re.search(r"n['’]t\b", text, re.IGNORECASE))
    )


def _names_lost(source: str, output: str) -> bool:
    heard = output.casefold()
    inside = [match for match in _WORD.finditer(source) if match.start() > 0]
    names = [
        match[0].casefold()
        for match in inside
        if match[0][0].isupper()
        and not match[0].isupper()
        and len(match[0]) > 2
        and source[: match.start()].rstrip()[-1:] not in '.!?:…"“”'
    ]
    return any(name not in CALENDAR and name[:4] not in heard for name in names)


def _mostly_copied(source: str, output: str, language: Language) -> bool:
    said = {word for word in words(source) if word.islower() and len(word) > 2}
    heard = {word for word in words(output) if word.islower() and len(word) > 2}
    same = said & heard
    if language == "sv" and any(set("åäö") & set(word) for word in same):
        return True
    return len(heard) >= 4 and len(same) > 0.5 * len(heard)


_DRAWN_OUT = re.compile(r"([^\W\d_])\1{3,}")


def shouted(text: str) -> bool:
    """Whether a sentence is all in capitals, and not just an abbreviation."""
    return text.isupper() and len([word for word in words(text) if len(word) > 1]) > 1


@functools.lru_cache(maxsize=256)
def tidy(text: str) -> str:
    """The text as the engine should read it: composed, without marks that nobody sees.

    Zero-width and direction marks, soft hyphens and lone surrogates go, hard spaces become
    plain ones, a letter stands three times in a row at most, and capitals are for beginnings.
    What people see as the original is never changed.
    """
    composed = unicodedata.normalize(
        "NFC", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
    shown = (
        " " if unicodedata.category(letter) == "Zs" else letter
        for letter in composed
        if unicodedata.category(letter) not in {"Cf", "Cc", "Cs", "Co", "Cn"} or letter == "\t"
    )
    plain = _DRAWN_OUT.sub(r"\1\1\1", " ".join("".join(shown).split()))
    # Asked last: what is not seen must not decide whether somebody shouts.
    return unicodedata.normalize("NFC", plain.capitalize()) if shouted(plain) else plain
