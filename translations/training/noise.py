"""Make text look typed on a phone, and swap names and numbers in a pair.

Noise goes on the source side alone: the target stays clean, so that the model learns to read rough
writing without writing it. Every function takes a ``random.Random`` and never touches global state.
"""

import random
import re
from pathlib import Path

LANGUAGES = ("sv", "en")
CHAT = {
    "sv": {
        "jag": ["ja", "jag"],
        "och": ["å", "o", "och"],
        "är": ["e", "ä", "är"],
        "det": ["de", "det"],
        "mig": ["mej"],
        "dig": ["dej"],
        "sig": ["sej"],
        "de": ["dom"],
        "dem": ["dom"],
        "att": ["att", "å"],
        "vad": ["va"],
        "var": ["va", "var"],
        "något": ["nåt"],
        "någon": ["nån"],
        "några": ["nåra"],
        "sådan": ["sån"],
        "sådant": ["sånt"],
        "sådana": ["såna"],
        "sedan": ["sen"],
        "skulle": ["sku", "skulle"],
        "till": ["t", "till"],
        "med": ["m", "me"],
        "från": ["fr", "från"],
        "för": ["f", "för"],
        "mycket": ["mkt", "mycke"],
        "också": ["oxå", "också"],
        "inte": ["inte", "int"],
        "eller": ["el", "eller"],
        "vilket": ["vilke"],
        "ska": ["ska", "skall"],
        "bara": ["ba", "bara"],
    },
    "en": {
        "you": ["u", "you"],
        "your": ["ur", "your"],
        "you're": ["ur", "youre", "your"],
        "are": ["r", "are"],
        "to": ["2", "to"],
        "for": ["4", "for"],
        "please": ["pls", "plz"],
        "because": ["cos", "cuz", "bc"],
        "about": ["abt"],
        "with": ["w", "with"],
        "people": ["ppl"],
        "through": ["thru"],
        "tonight": ["2nite", "tonite"],
        "tomorrow": ["tmrw", "tomorow"],
        "appointment": ["appt"],
        "okay": ["ok"],
        "their": ["there", "their"],
        "they're": ["theyre", "there"],
        "it's": ["its"],
        "going to": ["gonna"],
        "want to": ["wanna"],
        "and": ["n", "and"],
        "the": ["teh", "the"],
        "definitely": ["definately"],
        "though": ["tho"],
        "thanks": ["thx", "thanx"],
        "before": ["b4", "before"],
        "weeks": ["wks"],
        "hospital": ["hosp", "hospital"],
        "doctor": ["dr", "doctor"],
    },
}
WITHOUT_RINGS = str.maketrans("åäöÅÄÖéÉ", "aaoAAOeE")
KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
HERE = Path(__file__).parent
NAMES = (HERE / "names.txt").read_text(encoding="utf8").split()
PLACES = (HERE / "places.txt").read_text(encoding="utf8").split()
SHARED_NAME = re.compile(r"\b[A-ZÅÄÖÉ][a-zåäöéü]{2,}\b")
DIGITS = re.compile(r"(?<![\w.,:])\d{1,4}(?![\w:]|[.,]\d)")


def chat_spelling(text: str, language: str, rng: random.Random, rate: float = 0.6) -> str:
    """Replace common words by the short forms of chat, each with probability ``rate``."""
    forms = CHAT[language]

    def replace(match: re.Match) -> str:
        word = match.group()
        options = forms.get(word.lower())
        return rng.choice(options) if options and rng.random() < rate else word

    return re.sub(r"[\wåäöÅÄÖ']+", replace, text)


def typo(word: str, rng: random.Random) -> str:
    """Return ``word`` with one slip: swapped, lost, doubled or neighbouring letter."""
    if len(word) < 4 or not word.isalpha():
        return word
    at = rng.randrange(1, len(word) - 1)
    slip = rng.random()
    if slip < 0.3:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if slip < 0.6:
        return word[:at] + word[at + 1 :]
    if slip < 0.75:
        return word[:at] + word[at] + word[at:]
    for row in KEY_ROWS:
        place = row.find(word[at].lower())
        if place >= 0:
            return word[:at] + row[max(0, place + rng.choice((-1, 1))) % len(row)] + word[at + 1 :]
    return word


def typos(text: str, rng: random.Random, rate: float) -> str:
    """Put a slip into each word with probability ``rate``."""
    return " ".join(typo(w, rng) if rng.random() < rate else w for w in text.split(" "))


def change_case(text: str, rng: random.Random) -> str:
    """Lose capitals: everywhere, at the start, or shout the whole text."""
    draw = rng.random()
    if draw < 0.45:
        return text.lower()
    if draw < 0.65:
        return text[:1].lower() + text[1:]
    if draw < 0.70:
        return text.upper()
    return text


def drop_punctuation(text: str, rng: random.Random) -> str:
    """Lose the final mark, the commas or the apostrophes."""
    if rng.random() < 0.6:
        text = text.rstrip(" .!") if rng.random() < 0.7 else text.rstrip(" .!?")
    if rng.random() < 0.4:
        text = text.replace(",", "")
    if rng.random() < 0.5:
        text = re.sub(r"(?<=\w)['’](?=\w)", "", text)
    return text


def noisy(text: str, language: str, rng: random.Random) -> str:
    """Return ``text`` as someone in a hurry might have typed it; never empty.

    ``language`` is "sv" or "en"; raises KeyError for others.
    """
    out = text
    if rng.random() < 0.4:
        out = chat_spelling(out, language, rng, rng.choice((0.3, 0.6, 0.9)))
    out = change_case(out, rng)
    if rng.random() < 0.6:
        out = drop_punctuation(out, rng)
    if language == "sv" and rng.random() < 0.15:
        out = out.translate(WITHOUT_RINGS)
    if rng.random() < 0.5:
        out = typos(out, rng, rng.choice((0.04, 0.08, 0.15)))
    if rng.random() < 0.05:
        out = re.sub(r"([,.!?]) ", r"\1", out, count=1)
    return out if out.strip() else text


def other_number(digits: str, rng: random.Random) -> str:
    """Return another number of the same length; four digits stay a year or a round number."""
    if len(digits) == 4 and digits[:2] in ("18", "19", "20"):
        return str(rng.randint(1900, 2035))
    if len(digits) == 1:
        return str(rng.randint(2, 9))
    return str(rng.randint(10 ** (len(digits) - 1), 10 ** len(digits) - 1))


def swap_names_and_numbers(
    english: str, swedish: str, rng: random.Random, words: frozenset[str]
) -> tuple[str, str] | None:
    """Return the pair with other names and numbers on both sides, or None when it has none.

    Only what stands unchanged on both sides is swapped. ``words`` holds lower-case words that are
    no names even with a capital.
    """
    changed = False
    for name in sorted(set(SHARED_NAME.findall(english)) & set(SHARED_NAME.findall(swedish))):
        if name.lower() in words or re.search(rf"\b{name}s\b", swedish + " " + english):
            continue
        pool = PLACES if name in PLACES else NAMES
        other = rng.choice(pool)
        if other in english or other in swedish:
            continue
        english = re.sub(rf"\b{name}\b", other, english)
        swedish = re.sub(rf"\b{name}\b", other, swedish)
        changed = True
    left, right = DIGITS.findall(english), DIGITS.findall(swedish)
    if left and sorted(left) == sorted(right):
        new = {digits: other_number(digits, rng) for digits in set(left)}
        english = DIGITS.sub(lambda m: new[m.group()], english)
        swedish = DIGITS.sub(lambda m: new[m.group()], swedish)
        changed = True
    return (english, swedish) if changed else None
