"""The field's own words in both languages: what they are called, in which forms, and when.

Everything here is pure. `translations/glossary.tsv` holds one term a line, and these columns:

- `id`: what the term is called in code and data; it never changes.
- `sv`, `en`: the word to use, as it stands in a list of words.
- `sv_forms`, `en_forms`: its inflected forms in order, separated by `|`; `-` where there is none,
  and `/` between spellings of the same form, the one to write first. A Swedish noun has
  indefinite, definite, plural, definite plural; an English one singular, plural. A Swedish verb
  has infinitive, present, past, supine; an English one base, third person, past, participle,
  -ing. A Swedish adjective has common, neuter, plural. Genitives need not be listed.
- `part`: `noun`, `person` (a noun for somebody), `verb`, `adjective`, `phrase` or `name`.
- `senses_sv`, `senses_en`: what the Swedish or English word may mean, where that is more than
  one thing, separated by `|` and in the other language. Empty: the word means this term alone.
- `avoid_sv`, `avoid_en`: words that shall not stand for the term in that language.
- `keep`: `yes` for a name that stays as it is in both languages.
- `disputed`: `yes` where people disagree about the word itself.
- `note`: for those who edit the list.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

from hub.language.text import LANGUAGES, Language

Part = Literal["noun", "person", "verb", "adjective", "phrase", "name"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
COLUMNS: Final = (
    "id", "sv", "en", "sv_forms", "en_forms", "part", "senses_sv", "senses_en", "avoid_sv",
    "avoid_en", "keep", "disputed", "note",
)  # fmt: skip

Slots = tuple[tuple[str, ...], ...]


class FaultyGlossary(ValueError):
    """A glossary that cannot be used; the message names file, line and column."""


@dataclass(frozen=True)
class Term:
    """One term in both languages; see the module for what the fields hold.

    `sv` and `en` are the forms in order, each with its spellings, the one to write first.
    """

    id: str
    sv: Slots
    en: Slots
    part: Part = "noun"
    senses_sv: tuple[str, ...] = ()
    senses_en: tuple[str, ...] = ()
    avoid_sv: tuple[str, ...] = ()
    avoid_en: tuple[str, ...] = ()
    keep: bool = False
    disputed: bool = False
    note: str = ""

    def forms(self, language: Language) -> Slots:
        """The forms in a language, in order."""
        return self.sv if language == "sv" else self.en

    def senses(self, language: Language) -> tuple[str, ...]:
        """What the word of that language may mean; empty where it means this alone."""
        return self.senses_sv if language == "sv" else self.senses_en

    def avoided(self, language: Language) -> tuple[str, ...]:
        """Words of that language that shall not stand for the term."""
        return self.avoid_sv if language == "sv" else self.avoid_en

    def word(self, language: Language) -> str:
        """The form that stands in a list of words."""
        return next(slot[0] for slot in self.forms(language) if slot)


def plain_term(sv: str, en: str, *, part: Part = "phrase", identity: str = "") -> Term:
    """A term of which only one form in each language is known, as a session may add it.

    `sv` and `en` may list more forms in order, separated by `|`. Raises ValueError where one of
    them is empty.
    """
    swedish, english = _slots(sv), _slots(en)
    if not any(swedish) or not any(english):
        raise ValueError("a term needs a word in both languages")
    return Term(identity or f"{sv} = {en}", swedish, english, part)


class Match(NamedTuple):
    """A term in a text: from `start` to `end`, in the form number `slot`, maybe as a genitive."""

    term: Term
    start: int
    end: int
    slot: int
    genitive: bool


class Hint(NamedTuple):
    """A word of the original, `written` so, that may mean several things."""

    term: str
    written: str
    senses: tuple[str, ...]


@dataclass(frozen=True)
class Glossary:
    """Terms, and where they stand in a text. `version` changes with any of them."""

    terms: tuple[Term, ...]

    @functools.cached_property
    def version(self) -> str:
        """A short hash of everything that the terms say."""
        content = "\n".join(sorted(map(repr, self.terms)))
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def found(self, text: str, language: Language) -> list[Match]:
        """The terms in a text of that language, the longest where several begin, in order."""
        words = _words(text)
        index, beginnings = self._index[language]
        found: list[Match] = []
        at = 0
        while at < len(words):
            longest = max((beginnings.get(each, 0) for each, _ in _readings(words[at].lower)))
            for size in range(min(longest, len(words) - at), 0, -1):
                match = _at(text, words[at : at + size], index)
                if match:
                    found.append(match)
                    at += size
                    break
            else:
                at += 1
        return found

    def hints(self, text: str, language: Language) -> tuple[Hint, ...]:
        """The words of a text that may mean several things, each once."""
        hints: dict[str, Hint] = {}
        for term, start, end, _, _ in self.found(text, language):
            if senses := term.senses(language):
                hints.setdefault(text[start:end].casefold(), Hint(term.id, text[start:end], senses))
        return tuple(hints.values())

    def and_also(self, more: Iterable[Term]) -> Glossary:
        """A glossary with further terms, which win over those that share a form with them."""
        added = tuple(more)
        return Glossary((*added, *self.terms)) if added else self

    @functools.cached_property
    def _index(self) -> dict[Language, tuple[_Index, dict[str, int]]]:
        return {language: self._indexed(language) for language in LANGUAGES}

    def _indexed(self, language: Language) -> tuple[_Index, dict[str, int]]:
        """The entries by their words, and how long those that begin with a word can be."""
        index: _Index = {}
        for term in self.terms:
            for slot, spellings in enumerate(term.forms(language)):
                for spelling in spellings:
                    key = tuple(word.lower for word in _words(spelling))
                    index.setdefault(key, []).append(_Entry(term, slot, spelling))
        # The one sense that is honoured comes before those that are only hinted at.
        for entries in index.values():
            entries.sort(key=lambda entry: bool(entry.term.senses(language)))
        beginnings: dict[str, int] = {}
        for key in index:
            beginnings[key[0]] = max(len(key), beginnings.get(key[0], 0))
        return index, beginnings


def touched_by(term: Term, text: str, language: Language) -> bool:
    """Whether a text of that language holds the term, so that a change of it concerns the text."""
    return bool(Glossary((term,)).found(text, language))


def honoured(term: Term, output: str, language: Language) -> bool:
    """Whether an output in that language holds some form of the term."""
    if term.keep:
        return term.word(language) in output
    return bool(_alone(term).found(output, language))


def avoided(term: Term, output: str, language: Language) -> bool:
    """Whether an output in that language holds a word that shall not stand for the term."""
    heard = [word.lower for word in _words(output)]
    return any(_within(key, heard) for key in _avoided_keys(term, language))


@functools.lru_cache(maxsize=1024)
def _alone(term: Term) -> Glossary:
    return Glossary((term,))


@functools.lru_cache(maxsize=2048)
def _avoided_keys(term: Term, language: Language) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(word.lower for word in _words(each)) for each in term.avoided(language))


def _within(key: tuple[str, ...], heard: list[str]) -> bool:
    size = len(key)
    return any(tuple(heard[at : at + size]) == key for at in range(len(heard) - size + 1))


# --- Words of a text --------------------------------------------------------------------------


class _Word(NamedTuple):
    lower: str
    start: int
    end: int


class _Entry(NamedTuple):
    term: Term
    slot: int
    spelling: str


_Index = dict[tuple[str, ...], list[_Entry]]
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*['’]?")
# Between the words of one term: a space, a hyphen, or what "hälso- och sjukvård" has.
_BETWEEN = re.compile(r"-|-?[  ]")


def _words(text: str) -> list[_Word]:
    return [
        _Word(match[0].casefold().replace("’", "'"), match.start(), match.end())
        for match in _WORD.finditer(text)
    ]


def _at(text: str, words: list[_Word], index: _Index) -> Match | None:
    start, end = words[0].start, words[-1].end
    if any(
        not _BETWEEN.fullmatch(text[left.end : right.start])
        for left, right in itertools.pairwise(words)
    ):
        return None
    # Half of a compound is another word: "self-care-app", "brukar-appen".
    if text[start - 1 : start] == "-" or re.match(r"-\w", text[end:]):
        return None
    key = tuple(word.lower for word in words)
    for last, genitive in _readings(key[-1]):
        for entry in index.get((*key[:-1], last), ()):
            length = len(last) if genitive else len(key[-1])
            written = text[start : words[-1].start + length]
            if entry.term.part == "name" and written != entry.spelling:
                continue
            return Match(entry.term, start, end, entry.slot, genitive)
    return None


def _readings(word: str) -> Iterator[tuple[str, bool]]:
    yield word, False
    bare = word.rstrip("'")
    if bare != word:
        yield bare, bare.endswith("s")
    if bare.endswith("'s"):
        yield bare[:-2], True
    elif bare.endswith("s") and len(bare) > 3:
        yield bare[:-1], True


# --- The right form ---------------------------------------------------------------------------

# Which English form says what a Swedish one says, and the other way round.
_NOUN_TO_ENGLISH: Final = (0, 0, 1, 1)
_VERB_TO_ENGLISH: Final = (0, 1, 2, 3)
_NEAREST: Final[dict[int, tuple[int, ...]]] = {
    0: (0, 1, 2, 3),
    1: (1, 0, 3, 2),
    2: (2, 3, 0, 1),
    3: (3, 2, 1, 0),
    4: (4, 0, 1, 2),
}


def form(term: Term, language: Language, slot: int, *, genitive: bool = False) -> str:
    """The term in the form number `slot`, or in the nearest that it has."""
    forms = term.forms(language)
    nearest = (forms[at][0] for at in _NEAREST[slot] if at < len(forms) and forms[at])
    written = next(nearest, None) or term.word(language)
    return _genitive(written, language) if genitive else written


def slot_in(term: Term, language: Language, slot: int) -> int:
    """The slot in `language` that says what `slot` says in the other one."""
    if term.part == "verb":
        return slot
    if term.part not in {"noun", "person"}:
        return min(slot, len(term.forms(language)) - 1)
    if language == "en":
        return _NOUN_TO_ENGLISH[min(slot, 3)]
    return 2 * min(slot, 1)


def neuter(term: Term) -> bool:
    """Whether the Swedish noun is an `ett` word."""
    forms = [slot[0] if slot else "" for slot in term.sv]
    if len(forms) < 2 or not forms[0] or not forms[1]:
        return False
    before, after = forms[0].split(), forms[1].split()
    changed = [new for old, new in zip(before, after, strict=False) if old != new]
    return bool(changed) and changed[-1].endswith("t")


def countable(term: Term) -> bool:
    """Whether the Swedish noun has a plural."""
    return len(term.sv) > 2


def _genitive(written: str, language: Language) -> str:
    if language == "sv":
        return written if written[-1:] in "sxzSXZ" else f"{written}s"
    return f"{written}'" if written.endswith("s") else f"{written}'s"


# --- The file ---------------------------------------------------------------------------------


def place() -> Path:
    """Where the glossary lies: beside the hub, or inside it when it is installed."""
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "translations" / "glossary.tsv"
    return beside if beside.is_file() else package / "_data" / "translations" / "glossary.tsv"


def load(path: Path) -> Glossary:
    """Reads and checks a glossary file. Raises FaultyGlossary, or OSError where it is missing."""
    return parse(path.read_text("utf-8"), name=path.name)


def parse(content: str, *, name: str = "glossary.tsv") -> Glossary:
    """The terms of a file's content. Raises FaultyGlossary with `name`, line and column."""
    lines = content.splitlines()
    if not lines or tuple(lines[0].split("\t")) != COLUMNS:
        raise FaultyGlossary(f"{name}, line 1: the columns must be {', '.join(COLUMNS)}")
    terms: list[Term] = []
    known: set[str] = set()
    claimed: dict[tuple[Language, str], str] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        cells = line.split("\t")
        if len(cells) != len(COLUMNS):
            raise FaultyGlossary(f"{where}: {len(cells)} columns instead of {len(COLUMNS)}")
        term = _term(dict(zip(COLUMNS, cells, strict=True)), where)
        if term.id in known:
            raise FaultyGlossary(f"{where}, column id: {term.id} is there already")
        known.add(term.id)
        for language in LANGUAGES:
            _claim(term, language, claimed, where)
        terms.append(term)
    return Glossary(tuple(terms))


def _term(row: dict[str, str], where: str) -> Term:
    def fault(column: str, problem: str) -> FaultyGlossary:
        return FaultyGlossary(f"{where}, column {column}: {problem}")

    for column, cell in row.items():
        if cell != cell.strip():
            raise fault(column, "spaces at an end")
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", row["id"]):
        raise fault("id", f"{row['id']!r} is not made of small letters, figures and hyphens")
    part = next((known for known in PARTS if known == row["part"]), None)
    if part is None:
        raise fault("part", f"{row['part']!r} is none of {', '.join(PARTS)}")
    for column in ("keep", "disputed"):
        if row[column] not in {"", "yes"}:
            raise fault(column, f"{row[column]!r} is neither yes nor empty")
    for language in LANGUAGES:
        forms = _slots(row[f"{language}_forms"])
        if not any(forms):
            raise fault(f"{language}_forms", "no form at all")
        limit = 5 if part == "verb" else 4
        if len(forms) > limit:
            raise fault(f"{language}_forms", f"{len(forms)} forms; a {part} has {limit} at most")
        first = next(slot[0] for slot in forms if slot)
        if row[language] != first:
            raise fault(language, f"{row[language]!r} is not its first form, {first!r}")
    if row["keep"] and row["sv"] != row["en"]:
        raise fault("keep", "what is kept must be the same in both languages")
    return Term(
        id=row["id"],
        sv=_slots(row["sv_forms"]),
        en=_slots(row["en_forms"]),
        part=part,
        senses_sv=_listed(row["senses_sv"]),
        senses_en=_listed(row["senses_en"]),
        avoid_sv=_listed(row["avoid_sv"]),
        avoid_en=_listed(row["avoid_en"]),
        keep=bool(row["keep"]),
        disputed=bool(row["disputed"]),
        note=row["note"],
    )


def _claim(
    term: Term, language: Language, claimed: dict[tuple[Language, str], str], where: str
) -> None:
    """Two terms cannot both be the only meaning of one word."""
    if term.senses(language):
        return
    for spelling in {each.casefold() for slot in term.forms(language) for each in slot}:
        before = claimed.setdefault((language, spelling), term.id)
        if before != term.id:
            raise FaultyGlossary(
                f"{where}, column {language}_forms: {spelling!r} is {before} already; "
                f"say in senses_{language} what it may mean"
            )


def _slots(cell: str) -> Slots:
    return tuple(
        () if slot.strip() in {"", "-"} else tuple(map(str.strip, slot.split("/")))
        for slot in cell.split("|")
    )


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, cell.split("|"))))
