"""Whether the five summaries of a session tell the same figures, dates and owners, in both
languages, and whether all is there that publishing needs.

Source: dissemination.md, "Rules for every summary".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from hub.gatherings.rules import masking
from hub.language.text import listed
from hub.summaries import easy
from hub.summaries.blocks import (
    AUDIENCES,
    EASY,
    EASY_WORDS,
    LANGUAGES,
    MAY_LEAVE_OUT,
    ORDER,
    WORDS,
    is_shared,
)

# What stops a summary from being published, and what an editor is only told. Each has words
# (``summary_fault.<code>``).
FAULTS: Final = (
    "unanswered",
    "language_missing",
    "not_reviewed",
    "no_source",
    "numbers_differ",
    "dates_differ",
    "figures_differ",
    "owner_differs",
    "date_differs",
    "quote_without_consent",
    "quote_changed",
    "quote_unsourced",
    "names_somebody",
    "block_empty",
    "disagreed_empty",
    "contested",
    "not_read_by_lived",
    "not_confirmed",
    "record_not_published",
)
ADVICE: Final = ("too_short", "too_long", "line_long", "hard_to_read")

_NUMBER_WORDS: Final[dict[str, dict[str, int]]] = {
    "sv": {
        **dict.fromkeys(("en", "ett"), 1),
        **{
            word: number
            for number, word in enumerate(
                listed("två tre fyra fem sex sju åtta nio tio elva tolv"), 2
            )
        },
    },
    "en": {
        word: number
        for number, word in enumerate(
            listed("one two three four five six seven eight nine ten eleven twelve"), 1
        )
    },
}
_MONTHS: Final = {
    name: number
    for names in (
        "januari februari mars april maj juni juli augusti september oktober november december",
        "january february march april may june july august september october november december",
    )
    for number, name in enumerate(names.split(), 1)
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = re.compile(
    r"(?<!\d)(?P<iso>(?P<y1>\d{4})-(?P<m1>\d{2})-(?P<d1>\d{2}))(?!\d)"
    rf"|(?<!\d)(?P<d2>\d{{1,2}})(?:st|nd|rd|th|:e)?\s+(?P<m2>{_MONTH})(?!\w)"
    r"(?:,?\s+(?P<y2>\d{4})(?!\d))?"
    rf"|(?<!\w)(?P<m3>{_MONTH})\s+(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y3>\d{{4}}))(?!\d)"
    rf"|(?<!\w)(?P<m4>{_MONTH})\s+(?P<y4>\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_SPACED = r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)"
_NUMBERS = {
    "sv": re.compile(rf"(?P<whole>{_SPACED}|\d+)(?:[.,:](?P<part>\d+))?"),
    "en": re.compile(
        rf"(?P<whole>{_SPACED}|\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:[.,:](?P<part>\d+))?"
    ),
}
_WORD = re.compile(r"\w+")
# What stands for words that a quotation leaves out, and what may stand around its parts.
_LEFT_OUT = re.compile(r"\[?(?:…|\.\.\.)\]?")
_AROUND = " .,;:!?\"'“”„«»–-"
_ONE = Decimal(1)


@dataclass(frozen=True)
class Told:
    """A statement as plain values; one that was left out is ``removed``, with or without why."""

    id: str
    audience: str
    block: str
    key: str
    texts: Mapping[str, str]
    statuses: Mapping[str, str] = field(default_factory=dict)
    sources: Sequence[str] = ()
    quote_of: str | None = None
    question: str | None = None
    removed: bool = False
    removed_why: str = ""

    @property
    def is_open(self) -> bool:
        """Something is asked of the editor that nobody has answered."""
        return self.question is not None and not any(self.texts.values())


@dataclass(frozen=True)
class Fault:
    """What is wrong with a statement, or with a block or the whole where ``statement`` is None.

    ``blocks``: nothing is published while it stands; else the editor is only told.
    """

    code: str
    statement: str | None = None
    audience: str | None = None
    block: str | None = None
    language: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    blocks: bool = True


@dataclass(frozen=True)
class Figures:
    """The numbers and dates of a text. ``ones`` are words for one, which are often no number."""

    numbers: Counter[Decimal]
    ones: int
    dates: Counter[str]

    def same_numbers(self, other: Figures) -> bool:
        """Whether both have the same numbers; "1" may stand for a word for one, and none needs."""
        ours, theirs = Counter(self.numbers), Counter(other.numbers)
        one, another = ours.pop(_ONE, 0), theirs.pop(_ONE, 0)
        enough = one <= another + other.ones and another <= one + self.ones
        return ours == theirs and enough


def figures_of(text: str, language: str) -> Figures:
    """The numbers (as digits, and the words to twelve) and the dates of a text.

    A date is ``2027-02-01`` however it is written, without what it leaves out: ``--02-01`` has no
    year, ``2027-02`` no day. Times are numbers: 13.00 and 13:00 are the same.
    """
    dates: Counter[str] = Counter()
    rest: list[str] = []
    end = 0
    for found in _DATES.finditer(text):
        date = _date_of(found)
        if date is not None:
            dates[date] += 1
            rest.append(text[end : found.start()])
            end = found.end()
    # Something between them, so that no number is made of what stood on both sides.
    left = " ; ".join([*rest, text[end:]])
    numbers: Counter[Decimal] = Counter()
    for found in _NUMBERS[language].finditer(left):
        whole = re.sub(r"\D", "", found["whole"])
        numbers[Decimal(f"{whole}.{found['part'] or 0}").normalize()] += 1
    words = Counter(
        _NUMBER_WORDS[language][word]
        for word in map(str.casefold, _WORD.findall(left))
        if word in _NUMBER_WORDS[language]
    )
    ones = words.pop(1, 0)
    numbers.update({Decimal(number): count for number, count in words.items()})
    return Figures(numbers, ones, dates)


def _date_of(found: re.Match[str]) -> str | None:
    given = found.groupdict()
    year = next((given[f"y{n}"] for n in range(1, 5) if given[f"y{n}"]), None)
    month = next((given[f"m{n}"] for n in range(1, 5) if given[f"m{n}"]), "")
    day = next((given[f"d{n}"] for n in range(1, 4) if given[f"d{n}"]), None)
    month_number = _MONTHS.get(month.casefold()) or (int(month) if month.isdigit() else 0)
    if not 1 <= month_number <= 12 or (day is not None and not 1 <= int(day) <= 31):
        return None
    parts = [str(int(year)) if year else "-", f"{month_number:02}"]
    return "-".join([*parts, *([f"{int(day):02}"] if day else [])])


# --- what stops publishing ----------------------------------------------------------------------


def faults_of(
    statements: Iterable[Told],
    facts: Mapping[str, Any],
    *,
    quotable: Mapping[str, Mapping[str, str]] | None = None,
    names: Collection[str] = (),
) -> list[Fault]:
    """Everything that keeps these statements from being published, in their order.

    ``facts`` are those of the summary. ``quotable`` has the words of each contribution that may
    be quoted, by language; None: nobody knows any more (the posts are gone), so that is not
    checked. ``names`` are what participants call themselves, and stand in no summary.
    """
    told = list(statements)
    there = [s for s in told if not s.removed]
    faults: list[Fault] = []
    for statement in there:
        faults += _own_faults(statement, quotable, names)
        faults += _record_faults(statement, facts)
    faults += _between_audiences(there, facts)
    faults += _empty_blocks(told)
    order = {s.id: place for place, s in enumerate(told)}
    return sorted(faults, key=lambda f: order.get(f.statement or "", len(order)))


def _fault(code: str, statement: Told, *, language: str | None = None, **facts: Any) -> Fault:
    return Fault(
        code=code,
        statement=statement.id,
        audience=statement.audience,
        block=statement.block,
        language=language,
        facts=facts,
    )


def _own_faults(
    s: Told, quotable: Mapping[str, Mapping[str, str]] | None, names: Collection[str]
) -> Iterable[Fault]:
    if s.is_open:
        yield _fault("unanswered", s, question=s.question)
        return
    if not s.sources:
        yield _fault("no_source", s)
    for language in LANGUAGES:
        text = s.texts.get(language) or ""
        if not text:
            yield _fault("language_missing", s, language=language)
        elif s.statuses.get(language) != "human_reviewed":
            yield _fault("not_reviewed", s, language=language)
        if any(masking.names(text, name) for name in names):
            yield _fault("names_somebody", s, language=language)
    if all(s.texts.get(language) for language in LANGUAGES):
        first, second = (figures_of(s.texts[language], language) for language in LANGUAGES)
        if not first.same_numbers(second):
            yield _fault("numbers_differ", s)
        if first.dates != second.dates:
            yield _fault("dates_differ", s)
    if s.quote_of is not None and quotable is not None:
        if s.quote_of not in quotable:
            yield _fault("quote_without_consent", s)
        elif any(
            not quotes(s.texts.get(language) or "", words)
            for language, words in quotable[s.quote_of].items()
        ):
            yield _fault("quote_changed", s)
    elif s.block == "voice" and quotable is not None:
        yield _fault("quote_unsourced", s)


def quotes(words: str, said: str) -> bool:
    """Whether words are a quotation of what was said: all of it, or parts with “…” between.

    Word by word; letter case, kinds of quotation marks and what ends the quotation do not count.
    """
    parts = [part.strip(_AROUND) for part in _LEFT_OUT.split(_plain(words))]
    at, rest = 0, _plain(said)
    for part in (part for part in parts if part):
        found = re.compile(rf"(?<!\w){re.escape(part)}(?!\w)").search(rest, at)
        if found is None:
            return False
        at = found.end()
    return at > 0


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())


def _record_faults(s: Told, facts: Mapping[str, Any]) -> Iterable[Fault]:
    """A recommendation names its owner and its date as the record does."""
    kind, _, about = s.key.partition(":")
    if kind != "rec" or s.is_open:
        return
    owner = facts.get("owners", {}).get(about, {})
    date = facts.get("dates", {}).get(about)
    for language in LANGUAGES:
        text = s.texts.get(language) or ""
        named = str(owner.get(language) or "").strip(" .")
        if text and named and named.casefold() not in text.casefold():
            yield _fault("owner_differs", s, language=language, owner=named)
        if text and date and date not in figures_of(text, language).dates:
            yield _fault("date_differs", s, language=language, day=date)


def _between_audiences(statements: Sequence[Told], facts: Mapping[str, Any]) -> Iterable[Fault]:
    """What is told to several audiences has the same figures for each of them.

    Those that differ from most are at fault; where they are as many, those that differ from what
    the record says.
    """
    by_key: dict[str, list[Told]] = defaultdict(list)
    for s in statements:
        if is_shared(s.key) and s.block != EASY and not s.is_open:
            by_key[s.key].append(s)
    for key, found in by_key.items():
        for language in LANGUAGES:
            written = [
                (s, figures_of(s.texts[language], language)) for s in found if s.texts.get(language)
            ]
            if len(written) < 2:
                continue
            built = facts.get("built", {}).get(key, {}).get(language)
            agreed = _most(written, built)
            for s, figures in written:
                if not (figures.same_numbers(agreed) and figures.dates == agreed.dates):
                    yield _fault("figures_differ", s, language=language)


def _most(written: Sequence[tuple[Told, Figures]], built: Mapping[str, Any] | None) -> Figures:
    """The figures that most have; of several, those that were built from the record."""
    support = [
        sum(other.same_numbers(figures) and other.dates == figures.dates for _, other in written)
        for _, figures in written
    ]
    best = [written[n][1] for n, count in enumerate(support) if count == max(support)]
    if built is not None:
        for figures in best:
            if as_plain(figures) == dict(built):
                return figures
    return best[0]


def as_plain(figures: Figures) -> dict[str, Any]:
    """Figures as JSON, so that those of the record can be kept."""
    return {
        "numbers": sorted(str(n) for n in figures.numbers.elements()),
        "dates": sorted(figures.dates.elements()),
    }


def _empty_blocks(told: Sequence[Told]) -> Iterable[Fault]:
    """Each block that an audience reads has something in it, or was left out for a reason."""
    by_place: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for s in told:
        by_place[s.audience, s.block].append(s)
    for audience in AUDIENCES:
        for block in ORDER[audience]:
            found = by_place[audience, block]
            left_out = block in MAY_LEAVE_OUT and any(s.removed and s.removed_why for s in found)
            if all(s.removed for s in found) and not left_out:
                code = "disagreed_empty" if block == "disagreed" else "block_empty"
                yield Fault(code=code, audience=audience, block=block)


# --- what an editor is told ---------------------------------------------------------------------


def advice_of(statements: Iterable[Told]) -> list[Fault]:
    """Summaries that are too short or too long, and lines that are hard to read; stops nothing."""
    there = [s for s in statements if not s.removed and not s.is_open]
    advice: list[Fault] = []
    for audience in AUDIENCES:
        mine = [s for s in there if s.audience == audience]
        for language in LANGUAGES:
            plain = [s.texts.get(language) or "" for s in mine if s.block != EASY]
            advice += _length(plain, WORDS[audience], audience, None, language)
            if audience == "citizens":
                advice += _reading(plain, audience, language)
                lines = [s for s in mine if s.block == EASY]
                texts = [s.texts.get(language) or "" for s in lines]
                advice += _length(texts, EASY_WORDS, audience, EASY, language)
                advice += [
                    Fault(
                        code="line_long",
                        statement=s.id,
                        audience=audience,
                        block=EASY,
                        language=language,
                        blocks=False,
                    )
                    for s in lines
                    if len(easy.words_of(s.texts.get(language) or "")) > easy.LINE_WORDS
                ]
    return advice


def count_words(statements: Iterable[Told], audience: str, language: str) -> int:
    """The words of one audience's summary, the easy-read version not counted."""
    return sum(
        len(easy.words_of(s.texts.get(language) or ""))
        for s in statements
        if s.audience == audience and s.block != EASY and not s.removed
    )


def _length(
    texts: Sequence[str], wanted: tuple[int, int], audience: str, block: str | None, language: str
) -> Iterable[Fault]:
    count = sum(len(easy.words_of(text)) for text in texts)
    least, most = wanted
    if not least <= count <= most:
        yield Fault(
            code="too_short" if count < least else "too_long",
            audience=audience,
            block=block,
            language=language,
            facts={"words": count, "least": least, "most": most},
            blocks=False,
        )


def _reading(texts: Sequence[str], audience: str, language: str) -> Iterable[Fault]:
    whole = "\n".join(texts)
    lix = easy.lix_of(whole)
    words, sentences = len(easy.words_of(whole)), len(easy.sentences_of(whole))
    if lix is not None and (lix > easy.LIX_PLAIN or words > easy.SENTENCE_WORDS * sentences):
        yield Fault(
            code="hard_to_read",
            audience=audience,
            language=language,
            facts={"lix": round(lix), "most": easy.LIX_PLAIN},
            blocks=False,
        )
