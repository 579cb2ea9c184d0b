"""What must come through a translation as it is, and what is done so that it does.

Names, numbers, clock times, quotation marks, and stretches that are in the target language
already. Everything here is pure: it reads a source and an output, and mends where there is one
way to mend. What cannot be mended shows in `hub.language.text.doubts`.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher
from typing import Final

from hub.language.glossary import Match, Term
from hub.language.text import (
    CALENDAR,
    Language,
    Piece,
    listed,
    looks_like,
    numbers,
    other,
    said_as_words,
    shouted,
    tidy,
)

# --- Stretches in the target language ---------------------------------------------------------

# Words that occur in one of the two languages only, also where å, ä and ö are left out.
_ONLY: Final[dict[Language, frozenset[str]]] = {
    "en": frozenset(
        listed(
            """
            the and of is are was were have has had you we they he she it this that these those
            not don't didn't doesn't isn't wasn't can't couldn't won't wouldn't i'm i've i'd
            i'll it's that's you're they're with but what when who how why which because been be
            would could should about from my your our their his her its me them us there then
            than just only very never nobody somebody someone everyone please will to on if did
            said know think people into after before again always really nothing something
            anything where while without i their any every much many other want need agree all
            an or instead got went there's he's she's
            """
        )
    ),
    "sv": frozenset(
        listed(
            """
            och att det jag inte som av med har ett om vi ni du kan ska hon han dom sig till
            eller mycket bara finns varit skulle inget ingen aldrig efter mig dig oss er din hur
            nu nej ja någon nån något alla kom vill fick blev säger hade vara mina dina deras
            vår vårt våra sedan sen igen alltid varför vem vilka vilken detta denna dessa också
            ju väl inga ingenting utan under eftersom medan tycker tror vet är på för så från
            när vad här där än då får går måste bör själv ännu även mej dej sej å va nåt
            """
        )
    ),
}
# Ordinary words of the other language all the same, when they stand alone.
_EITHER: Final = frozenset(listed("i all is will under after to on of er me din"))
_JOINING: Final = frozenset(listed("but and so because or och eller så för"))
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_CLAUSE_MARKS: Final = ",;:–—(\"”“„'’‘"


def with_kept(cut: Iterable[Piece], target: Language) -> Iterator[Piece]:
    """The pieces, where stretches that are clearly in `target` already are marked as kept.

    Whole sentences are kept, and within a sentence of both languages a run of four words or
    more. In doubt a stretch is for the engine.
    """
    for piece in cut:
        if not piece.words:
            yield piece
            continue
        at = 0
        for start, end in _already(piece.text, target):
            yield from _around(piece.text[at:start], words=True)
            yield Piece(piece.text[start:end], words=False)
            at = end
        yield from _around(piece.text[at:], words=True)


def _around(stretch: str, *, words: bool) -> Iterator[Piece]:
    core = stretch.strip()
    if not core:
        if stretch:
            yield Piece(stretch, words=False)
        return
    before = len(stretch) - len(stretch.lstrip())
    if before:
        yield Piece(stretch[:before], words=False)
    yield Piece(core, words=words and bool(_TOKEN.search(core)))
    if after := stretch[before + len(core) :]:
        yield Piece(after, words=False)


def _already(sentence: str, target: Language) -> list[tuple[int, int]]:
    """Where the sentence is in the target language already."""
    tokens = list(_TOKEN.finditer(sentence))
    marks = [_speaks(token[0], target) for token in tokens]
    ours, theirs = marks.count(1), marks.count(-1)
    if ours and not theirs:
        sure = ours >= 2 and len(tokens) >= 3
        if not sure and len(tokens) >= 4:
            sure = looks_like(sentence) == target
        return [(0, len(sentence))] if sure else []
    if ours < 2 or len(tokens) < 5:
        return []
    return list(_runs(sentence, tokens, marks))


def _speaks(word: str, target: Language) -> int:
    """1 for a word of the target language alone, -1 for one of the source's, else 0."""
    plain = word.casefold().replace("’", "'")
    if plain in _EITHER and word != "I":
        return 0
    for language, mark in ((target, 1), (other(target), -1)):
        if plain in _ONLY[language]:
            return mark
        if language == "sv" and word.islower() and set("åäö") & set(plain):
            return mark
    return 0


def _runs(
    sentence: str, tokens: list[re.Match[str]], marks: list[int]
) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(marks):
        if marks[at] != 1:
            at += 1
            continue
        last = at
        end = at
        while end < len(marks) and marks[end] != -1:
            last = end if marks[end] == 1 else last
            end += 1
        first = at
        # Words that could be either belong to the run from the nearest comma or colon on.
        while (
            first > 0
            and marks[first - 1] == 0
            and not _parted(sentence, tokens[first - 1], tokens[first])
        ):
            first -= 1
        if first > 0 and not _parted(sentence, tokens[first - 1], tokens[first]):
            first = at
        whole = (
            end == len(marks)
            or _parted(sentence, tokens[end - 1], tokens[end])
            or tokens[end][0].casefold() in _JOINING
        )
        stop = end if whole else last + 1
        hits = marks[first:stop].count(1)
        if stop - first >= 4 and hits >= 2 and 3 * hits >= stop - first - 2:
            finish = len(sentence) if stop == len(marks) else tokens[stop - 1].end()
            yield tokens[first].start(), finish
        at = end


def _parted(sentence: str, left: re.Match[str], right: re.Match[str]) -> bool:
    return any(mark in sentence[left.end() : right.start()] for mark in _CLAUSE_MARKS)


def continued(before: str, source: str, output: str) -> str:
    """The output with a small letter where it goes on with a sentence begun in `before`."""
    begun = before.rstrip()[-1:]
    if not begun or begun in ".!?…:" or before.endswith("\n") or not source[:1].islower():
        return output
    first = re.match(r"[^\W\d_]+", output)
    if not first or first[0] == "I" or first[0].isupper() or re.match(r"I['’]", output):
        return output
    return output[0].lower() + output[1:]


def left_in(output: str, source_language: Language) -> bool:
    """Whether an output is still in the language of its source, by the words it is made of."""
    marks = [_speaks(token[0], source_language) for token in _TOKEN.finditer(output)]
    return marks.count(1) >= 2 and marks.count(-1) == 0


# --- As the engine reads best -----------------------------------------------------------------

_PLAIN_QUOTES: Final = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'"})
_TWELVE_HOURS = re.compile(
    r"(?<![\d.:])(1[0-2]|0?[1-9])(?:[.:]([0-5]\d))?\s?([ap])(?:m\b|\.m\b\.?)", re.IGNORECASE
)
_TYPED: Final[dict[Language, dict[str, str]]] = {
    "sv": dict(
        pair.split("=")
        for pair in listed("""asså=alltså oxå=också tbx=tillbaka nåra=några typ=typ
        iaf=i_alla_fall tbh=ärligt_talat imo=tycker_jag ngn=någon ngt=något ngra=några mkt=mycket
        pga=på_grund_av ang=angående fö=för_övrigt mvh=med_vänlig_hälsning iofs=i_och_för_sig
        iom=i_och_med mha=med_hjälp_av""")
    ),
    "en": dict(
        pair.split("=")
        for pair in listed("""u=you r=are ur=your thx=thanks pls=please plz=please wed=Wednesday
        mon=Monday tues=Tuesday thurs=Thursday imo=in_my_opinion tbh=to_be_honest dunno=don't_know
        gr8=great b4=before bc=because cuz=because cos=because w=with n=and tmrw=tomorrow
        appt=appointment innit=isn't_it gonna=going_to wanna=want_to gotta=have_to
        ppl=people idk=I_don't_know btw=by_the_way asap=as_soon_as_possible""")
    ),
}


def for_engine(sentence: str, language: Language) -> str:
    """The sentence as the engine should read it; the original is never changed.

    Composed and without hidden marks (`tidy`), plain quotation marks, spellings of people on
    phones written out, and English hours on the clock of 24, which the Swedish side uses.
    """
    plain = tidy(sentence).translate(_PLAIN_QUOTES)
    plain = _TOKEN.sub(lambda word: _written_out(word[0], language), plain)
    return _TWELVE_HOURS.sub(_of_24, plain) if language == "en" else plain


_DOTS: Final = {"a": ("å", "ä"), "o": ("ö",)}
_SWEDISH_ALONE: Final = {"ar": "är", "pa": "på", "nar": "när", "fran": "från", "sma": "små"}


def with_dots(sentence: str, pieces_of: Callable[[str], int]) -> str:
    """A Swedish sentence typed without å, ä and ö, with them where they are plainly missing.

    `pieces_of` says in how many pieces the engine knows a word: where it knows another spelling
    as a whole, and not the one that was typed, that one was meant.
    """
    if set("åäöÅÄÖ") & set(sentence):
        return sentence
    return _TOKEN.sub(lambda word: _dotted(word[0], pieces_of), sentence)


def _dotted(word: str, pieces_of: Callable[[str], int]) -> str:
    if word in _SWEDISH_ALONE:
        return _SWEDISH_ALONE[word]
    if not word.islower() or len(word) < 3 or not set("ao") & set(word) or pieces_of(word) == 1:
        return word
    return next((other for other in _spellings(word) if pieces_of(other) == 1), word)


def _spellings(word: str) -> Iterator[str]:
    places = [at for at, letter in enumerate(word) if letter in _DOTS][:6]
    for count in (1, 2):
        for chosen in itertools.combinations(places, count):
            for letters in itertools.product(*(_DOTS[word[at]] for at in chosen)):
                spelled = list(word)
                for at, letter in zip(chosen, letters, strict=True):
                    spelled[at] = letter
                yield "".join(spelled)


def _written_out(word: str, language: Language) -> str:
    if not word.islower():
        return word
    return _TYPED[language].get(word, word).replace("_", " ")


def _of_24(told: re.Match[str]) -> str:
    hour = int(told[1]) % 12 + (12 if told[3] in "pP" else 0)
    return f"{hour:02}.{told[2] or '00'}"


# --- Names ------------------------------------------------------------------------------------

_NAME = re.compile(r"\d+[a-f](?![\w'’])|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TITLES: Final = frozenset(
    listed(
        """
        i mr mrs ms dr doctor professor nurse sister mum mummy dad daddy mother father grandma
        grandpa aunt uncle sir madam god lord king queen prince princess state states union
        union's north south east west northern southern eastern western university hospital
        street road church court act board council department ministry minister president world
        war internet bible swede swedes dane danes norwegian norwegians finn finns american
        americans englishman european europeans christmas easter midsummer christian christians
        muslim muslims jewish jew jews roman greek old new great central bank sea river lake
        mount island islands red cross card proposal theme part step chapter jul påsk midsommar
        gud herr fru fröken doktor kung drottning mamma pappa kort förslag tema del steg kapitel
        """
    )
)
# Places that have a name in each of the languages.
_PLACES: Final = frozenset(
    listed(
        """
        rom rome aten athens köpenhamn copenhagen göteborg gothenburg wien vienna prag prague
        moskva moscow warszawa warsaw bryssel brussels lissabon lisbon haag hague genève geneva
        florens florence venedig venice milano milan neapel naples peking beijing kairo cairo
        skåne scania dalarna lappland lapland mellanöstern middle nordsjön östersjön baltic
        medelhavet mediterranean atlanten atlantic stilla pacific alperna alps themsen thames
        donau danube rhen rhine norden nordic skandinavien scandinavia europa europe helsingfors
        helsinki europaparlamentet parliament jorden earth arabs araber
        """
    )
)
# Names that end in s without being a genitive.
_ENDS_IN_S: Final = frozenset(
    listed(
        """
        lars mats hans tomas thomas jonas nils anders klas claes elias markus marcus niklas
        andreas magnus rasmus linus tobias mattias lukas lucas jens johannes agnes iris doris
        james charles chris dennis boris moses marius tess ross doris angus james amos silas
        phyllis gladys alexis davies williams jones evans hughes harris roberts edwards lewis
        lindfors moss paris reims mars honduras texas kansas wales vilnius borås tranås alingsås
        bollnäs västerås strängnäs degerfors hagfors
        """
    )
)
_AFTER_STOP: Final = ".!?:…“”\"'‘’([–—"


@functools.cache
def _translated() -> frozenset[str]:
    """Words in names of countries and languages that the two languages write differently."""
    from babel import Locale  # noqa: PLC0415

    swedish, english = Locale("sv"), Locale("en")
    found: set[str] = set()
    for ours, theirs in (
        (swedish.territories, english.territories),
        (swedish.languages, english.languages),
    ):
        for code, name in ours.items():
            same = theirs.get(code, name)
            if name.casefold() != same.casefold():
                found.update(word.casefold() for word in _NAME.findall(f"{name} {same}"))
    return frozenset(found)


def names_in(
    source: str,
    language: Language,
    names: Iterable[str] = (),
    *,
    ordinary: Callable[[str], bool] = lambda word: False,
) -> list[Match]:
    """The names in a sentence, as terms that stay as they are.

    That is: words with a capital inside the sentence, abbreviations in capitals, points such as
    2a, and the given `names` (of the people in the room) where they stand with a capital. Days,
    months, countries, languages and titles have words of their own in each language and are no
    names here; nor are words that are `ordinary` in small letters.
    """
    if shouted(source):
        return []
    known = {part for name in names for part in _NAME.findall(name) if part[:1].isupper()}
    found: list[Match] = []
    for word in _NAME.finditer(source):
        written, end = word[0], word.end()
        if not written[0].isdecimal():
            if not written[0].isupper() or len(written) < 2:
                continue
            # "LPT-patienter": only what has a capital is a name.
            written = _proper(written)
            end = word.start() + len(written)
        stem, genitive = _stem(written, language, known)
        if stem not in known and not stem[0].isdecimal():
            before = source[: word.start()].rstrip()
            first = not before or before[-1] in _AFTER_STOP
            if first and not written.isupper() and not _NAME_AFTER.match(source, word.end()):
                continue
            if _has_two_names(stem) or (written.isupper() and _shouting(source, word, written)):
                continue
            if not written.isupper() and ordinary(stem.lower()):
                continue
        term = Term(f"name-{stem}", ((stem,),), ((stem,),), "name", keep=True)
        found.append(Match(term, word.start(), end, 0, genitive))
    return found


# "Ninna Bergqvist", "Gun-Britt och Ingegerd": the second capital tells of the first.
_NAME_AFTER = re.compile(r" (?:(?:och|and|eller|or) )?[A-ZÅÄÖ][^\W\dA-ZÅÄÖ_]")


def _has_two_names(word: str) -> bool:
    """Whether the two languages have their own words for what bears this one."""
    plain = word.casefold()
    return any(plain in known for known in (CALENDAR, _TITLES, _PLACES, _translated()))


def _shouting(source: str, word: re.Match[str], written: str) -> bool:
    """Whether a word in capitals is loud rather than an abbreviation."""
    if len(written) > 6:
        return True
    beside = (source[: word.start()].split() or [""])[-1], (source[word.end() :].split() or [""])[0]
    return any(len(each) > 1 and each.isalpha() and each.isupper() for each in beside)


def _proper(written: str) -> str:
    parts = written.split("-")
    while len(parts) > 1 and not parts[-1][0].isupper():
        parts.pop()
    return "-".join(parts)


def _stem(written: str, language: Language, known: set[str]) -> tuple[str, bool]:
    for ending in ("'s", "’s"):
        if written.endswith(ending):
            return written[:-2], True
    if (
        language == "sv"
        and written[-1] == "s"
        and len(written) > 3
        and written[-2] != "s"
        and not written.isupper()
        and written not in known
        and written.casefold() not in _ENDS_IN_S
    ):
        return written[:-1], True
    return written, False


def names_lost(matches: Iterable[Match], output: str) -> list[Match]:
    """Those of the names that the output does not have."""
    return [match for match in matches if not _has_name(match.term.word("sv"), output)]


def names_swapped(source: str, output: str) -> bool:
    """Whether a name of the source is gone and the output has one that the source lacks."""
    ours, theirs = _capitals(source), _capitals(output)
    gone = [name for name in ours if not _has_name(name, output)]
    new = [name for name in theirs if not any(_alike(name, word) > 0.5 for word in _all(source))]
    return bool(gone and new)


def _capitals(text: str) -> list[str]:
    return [
        word[0].removesuffix("'s").removesuffix("’s")
        for word in _NAME.finditer(text)
        if word[0].istitle()
        and len(word[0]) > 2
        and (text[: word.start()].rstrip()[-1:] or ".") not in _AFTER_STOP
        and not _has_two_names(word[0])
    ]


def _all(text: str) -> list[str]:
    return _NAME.findall(text)


def _has_name(name: str, output: str) -> bool:
    bare = name.rstrip("s") if len(name) > 4 else name
    return bool(re.search(rf"(?<![^\W_]){re.escape(bare)}s?(?:['’]s?)?(?![^\W_])", output))


def names_mended(source: str, output: str, lost: Iterable[Match]) -> str:
    """The output with a name that came out misspelled written as in the source."""
    theirs = set(_NAME.findall(source))
    for match in lost:
        name = match.term.word("sv")
        best, likeness = None, 0.66
        for word in _NAME.finditer(output):
            stem = word[0].removesuffix("'s").removesuffix("’s")
            if not word[0][0].isupper() or word[0] in theirs or stem in theirs:
                continue
            if name.isupper() and not stem.isupper():
                continue
            alike = max(_alike(name, stem), _alike(name, stem.removesuffix("s")))
            if alike > likeness:
                best, likeness = word, alike
        if best is not None:
            ending = _ending(name, best[0], genitive=match.genitive)
            output = output[: best.start()] + name + ending + output[best.end() :]
    return output


def _alike(name: str, word: str) -> float:
    return SequenceMatcher(None, name.casefold(), word.casefold()).ratio()


def _ending(name: str, word: str, *, genitive: bool) -> str:
    if word.endswith(("'s", "’s")):
        return word[-2:]
    return "s" if genitive and word.endswith("s") and not name.endswith("s") else ""


# --- Numbers and clock times ------------------------------------------------------------------

_NUMBER = re.compile(r"\d+(?:[.:,/  ]\d+|, \d{3}(?!\d))*")
_HALF_SV = re.compile(
    r"\bhalv (ett|två|tre|fyra|fem|sex|sju|åtta|nio|tio|elva|tolv)\b", re.IGNORECASE
)
_HOURS_SV: Final = listed("ett två tre fyra fem sex sju åtta nio tio elva tolv")
_HOURS_EN: Final = listed("one two three four five six seven eight nine ten eleven twelve")
_HALF_EN = re.compile(rf"\bhalf(?:[ -]past)? ({'|'.join(_HOURS_EN)})\b", re.IGNORECASE)


def numbers_mended(source: str, output: str, language: Language) -> str:
    """The output with the numbers of the source, where it is plain which belongs where.

    A number broken by spaces is joined, one wrong number against one missing is put right, and
    "halv tre" is half past two.
    """
    output = _joined_thousands(source, output, language)
    output = _half_hours(source, output, language)
    missing = numbers(source) - numbers(output)
    extra = numbers(output) - numbers(source)
    if missing.total() != 1 or extra.total() != 1:
        return output
    (right,), (wrong,) = missing, extra
    if said_as_words(output)[right] or said_as_words(source)[wrong] or len(right) != len(wrong):
        return output
    if _TWELVE_HOURS.search(source) or _TWELVE_HOURS.search(output):
        return output
    standing = list(re.finditer(rf"(?<!\d)0*{wrong}(?!\d)", output))
    if len(standing) != 1:
        return output
    place = standing[0]
    return output[: place.start()] + right + output[place.end() :]


def _joined_thousands(source: str, output: str, language: Language) -> str:
    for number in re.finditer(r"(?<!\d)\d{1,3}(?:[  ,.]\d{3})+(?!\d)", source):
        groups = re.findall(r"\d+", number[0])
        if language == "sv" and "." in number[0]:
            continue
        pattern = r"(?:, ?|[.  ])".join(groups)
        wanted = ("," if language == "sv" else " ").join(groups)
        output = re.sub(rf"(?<!\d){pattern}(?!\d)", wanted, output)
    return output


def _half_hours(source: str, output: str, language: Language) -> str:
    pattern, ours = (_HALF_SV, _HOURS_SV) if language == "sv" else (_HALF_EN, _HOURS_EN)
    told = pattern.findall(source)
    if len(told) != 1:
        return output
    hour = ours.index(told[0].lower())
    if language == "sv":
        right = f"half past {_HOURS_EN[(hour - 1) % 12]}"
        return _HALF_EN.sub(right, output)
    right = f"halv {_HOURS_SV[(hour + 1) % 12]}"
    return _HALF_SV.sub(right, output)


# --- Days and months --------------------------------------------------------------------------

_DAYS: Final = (
    ("måndag", "Monday"), ("tisdag", "Tuesday"), ("onsdag", "Wednesday"), ("torsdag", "Thursday"),
    ("fredag", "Friday"), ("lördag", "Saturday"), ("söndag", "Sunday"), ("januari", "January"),
    ("februari", "February"), ("mars", "March"), ("juni", "June"), ("juli", "July"),
    ("augusti", "August"), ("september", "September"), ("oktober", "October"),
    ("november", "November"), ("december", "December"),
)  # fmt: skip
_TO_SWEDISH: Final = {english: swedish for swedish, english in _DAYS if english != "March"} | {
    f"{english}s": f"{swedish}ar" for swedish, english in _DAYS[:7]
}
_TO_ENGLISH: Final = {swedish: english for swedish, english in _DAYS if swedish != "mars"} | {
    f"{swedish}{ending}": f"{english}{plural}"
    for swedish, english in _DAYS[:7]
    for ending, plural in (("en", ""), ("ar", "s"), ("arna", "s"))
}
_ENGLISH_DAY = re.compile(rf"\b(?:{'|'.join(_TO_SWEDISH)})\b")
_SWEDISH_DAY = re.compile(rf"\b(?:{'|'.join(_TO_ENGLISH)})\b", re.IGNORECASE)


def days_mended(output: str, target: Language) -> str:
    """The output with days and months that were left in the source's language put right."""
    if target == "en":
        return _SWEDISH_DAY.sub(lambda day: _TO_ENGLISH[day[0].lower()], output)
    first = _first_word(output)
    return _ENGLISH_DAY.sub(
        lambda day: _capital(_TO_SWEDISH[day[0]]) if day.start() == first else _TO_SWEDISH[day[0]],
        output,
    )


def _first_word(text: str) -> int:
    return next((at for at, letter in enumerate(text) if letter.isalnum()), 0)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


# --- Quotation marks --------------------------------------------------------------------------

_MARKS: Final = "\"“”„«»'’‘"
_STYLES: Final[dict[Language, tuple[str, str]]] = {"sv": ("””", "’’"), "en": ("“”", "‘’")}
_STRAIGHT: Final = ('""', "''")


def quoted(source: str, output: str, target: Language) -> str:
    """The output with the quotation marks of its language, where the source has some.

    Swedish ”…” with ’…’ inside, English “…” with ‘…’ inside; a source typed with straight double
    marks keeps those. Marks that have no partner are left alone.
    """
    if not any(mark in source for mark in _MARKS):
        return output
    pairs = [_pairs(line) for line in source.split("\n")]
    if not any(pairs):
        return output
    typographic = any(
        line[start] != '"'
        for line, found in zip(source.split("\n"), pairs, strict=True)
        for start, _, depth in found
        if depth == 0
    )
    outer, inner = _STYLES[target] if typographic else _STRAIGHT
    return "\n".join(_dressed(line, outer, inner) for line in output.split("\n"))


def _dressed(line: str, outer: str, inner: str) -> str:
    letters = list(line)
    for start, end, depth in _pairs(line):
        style = outer if depth % 2 == 0 else inner
        letters[start], letters[end] = style[0], style[1]
        if letters[start + 1] == " ":
            letters[start + 1] = ""
    return "".join(letters)


def _pairs(line: str) -> list[tuple[int, int, int]]:
    """Opening and closing marks that belong together, with how deep they are nested."""
    opened: list[int] = []
    found: list[tuple[int, int, int]] = []
    for at, letter in enumerate(line):
        if letter not in _MARKS:
            continue
        before, after = line[at - 1 : at], line[at + 1 : at + 2]
        starts = not before or before.isspace() or before in "([–—/" or (at - 1) in opened
        if letter in "'’‘" and before.isalnum() and after.isalnum():
            continue
        if (
            opened
            and not (starts and not after.isspace() and after)
            and _may_close(line, opened, at)
        ):
            found.append((opened.pop(), at, len(opened)))
        elif starts and after and (not after.isspace() or not opened):
            opened.append(at)
    return sorted(found)


def _may_close(line: str, opened: list[int], at: int) -> bool:
    """Whether the mark can be the partner of the last opened one: single to single."""
    return (line[opened[-1]] in "'’‘") == (line[at] in "'’‘") or line[at] in "”»“"
