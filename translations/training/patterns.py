"""Write own pairs from patterns: numbers in words, clock times, dates and amounts.

Usage: python -m translations.training.patterns OUT.tsv
"""

import argparse
import random
from pathlib import Path

SV_SMALL = [
    "noll",
    "en",
    "två",
    "tre",
    "fyra",
    "fem",
    "sex",
    "sju",
    "åtta",
    "nio",
    "tio",
    "elva",
    "tolv",
    "tretton",
    "fjorton",
    "femton",
    "sexton",
    "sjutton",
    "arton",
    "nitton",
]
EN_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
SV_TENS = ["tjugo", "trettio", "fyrtio", "femtio", "sextio", "sjuttio", "åttio", "nittio"]
EN_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SV_MONTHS = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
]
EN_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
COUNTED = (
    ("{n} people have signed up.", "{n} personer har anmält sig."),
    ("We were {n} at the table.", "Vi var {n} runt bordet."),
    ("She is {n} years old.", "Hon är {n} år."),
    ("It took {n} minutes.", "Det tog {n} minuter."),
    ("I waited {n} days for an answer.", "Jag väntade på svar i {n} dagar."),
    ("{n} of them said no.", "{n} av dem sa nej."),
    ("They have {n} beds.", "De har {n} sängar."),
    ("We got {n} replies.", "Vi fick {n} svar."),
    ("He has worked here for {n} years.", "Han har jobbat här i {n} år."),
    ("It happened {n} times last year.", "Det hände {n} gånger förra året."),
)


def number_words(number: int) -> tuple[str, str]:
    """Return a number from 2 to 999 in English and Swedish words."""
    if number < 20:
        return EN_SMALL[number], SV_SMALL[number]
    if number < 100:
        ten, one = divmod(number, 10)
        english = EN_TENS[ten - 2] + (f"-{EN_SMALL[one]}" if one else "")
        return english, SV_TENS[ten - 2] + (SV_SMALL[one] if one else "")
    hundred, rest = divmod(number, 100)
    swedish = ("ett" if hundred == 1 else SV_SMALL[hundred]) + "hundra"
    english = f"{EN_SMALL[hundred]} hundred" if hundred > 1 else "a hundred"
    if not rest:
        return english, swedish
    more = number_words(rest) if rest > 1 else ("one", "en")
    return f"{english} and {more[0]}", swedish + more[1]


def upper_first(text: str) -> str:
    """Return ``text`` with a capital first letter."""
    return text[:1].upper() + text[1:]


def pairs(seed: int = 1) -> list[tuple[str, str]]:
    """Return the (English, Swedish) pairs."""
    rng = random.Random(seed)
    out = []
    for number in [*range(2, 100), *rng.sample(range(100, 1000), 40)]:
        english, swedish = number_words(number)
        out.append((english, swedish))
        for left, right in rng.sample(COUNTED, 2):
            as_word = rng.random() < 0.7
            counts = (english, swedish) if as_word else (str(number), str(number))
            out.append(
                (upper_first(left.format(n=counts[0])), upper_first(right.format(n=counts[1])))
            )
    for _ in range(160):
        hour, minute = rng.randrange(24), rng.choice((0, 5, 10, 15, 20, 30, 40, 45, 55))
        twelve, half = (hour - 1) % 12 + 1, "am" if hour < 12 else "pm"
        english = rng.choice((f"{twelve}.{minute:02} {half}", f"{twelve}:{minute:02} {half}"))
        left, right = rng.choice(
            (
                ("The meeting starts at {}.", "Mötet börjar klockan {}."),
                ("My appointment is at {}.", "Min tid är klockan {}."),
                ("The train leaves at {}.", "Tåget går klockan {}."),
                ("Can you come at {}?", "Kan du komma klockan {}?"),
            )
        )
        out.append((left.format(english), right.format(f"{hour:02}.{minute:02}")))
    for _ in range(160):
        day, month, year = rng.randint(1, 28), rng.randrange(12), rng.randint(1900, 2035)
        left, right = rng.choice(
            (
                (f"{day} {EN_MONTHS[month]}", f"den {day} {SV_MONTHS[month]}"),
                (f"{day} {EN_MONTHS[month]} {year}", f"den {day} {SV_MONTHS[month]} {year}"),
            )
        )
        frame = rng.choice(
            (
                ("It happened on {}.", "Det hände {}."),
                ("The deadline is {}.", "Sista dagen är {}."),
                ("She was born on {}.", "Hon föddes {}."),
                ("We meet again on {}.", "Vi ses igen {}."),
            )
        )
        out.append((frame[0].format(left), frame[1].format(right)))
    for _ in range(120):
        amount = rng.choice((rng.randint(11, 99) * 100, rng.randint(10, 990) * 1000))
        tail = rng.choice((("kronor", "kronor"), ("people", "personer"), ("pounds", "pund")))
        frame = rng.choice(
            (("about {}", "ungefär {}"), ("more than {}", "mer än {}"), ("{}", "{}"))
        )
        english = f"{amount:,} {tail[0]}"
        swedish = f"{amount:,}".replace(",", " ") + f" {tail[1]}"
        out.append((frame[0].format(english), frame[1].format(swedish)))
    return sorted(set(out))


def main() -> None:
    """Command line: see the module's description."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    lines = [f"\t{english}\t{swedish}\n" for english, swedish in pairs()]
    options.out.write_text("".join(lines), encoding="utf8")
    print(f"{len(lines)} pairs")


if __name__ == "__main__":
    main()
