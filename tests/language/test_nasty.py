"""Five hundred nasty texts in both directions: each comes back sane or marked, and none sticks."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from hub.language.queue import Queue
from hub.language.text import LANGUAGES, other
from hub.language.translator import Translated, Translator

from . import nasty


async def test_every_nasty_text_comes_back_sane_or_marked(translator: Translator) -> None:
    queue, wanted = Queue(translator), nasty.texts()
    assert len(wanted) == len(set(wanted)) == 500
    counts: Counter[str] = Counter()
    wrong: dict[tuple[str, str], str] = {}
    async with asyncio.timeout(420):
        for source in LANGUAGES:
            target = other(source)
            answers = await queue.translate(wanted, source=source, target=target)
            assert len(answers) == len(wanted)
            for text, made in zip(wanted, answers, strict=True):
                how, why = judged(text, made, target)
                counts[how] += 1
                if why:
                    wrong[text, target] = f"{why}: {made.text[:200]!r}"
        assert queue.waiting == translator.waiting == 0
        (after,) = await queue.translate(["Jag är trött."], source="sv", target="en")
    assert after.status == "machine"
    assert not wrong, "\n".join(f"{t} {s[:80]!r}: {why}" for (s, t), why in wrong.items())
    # What is failed or doubted without end would be honest, and of no use.
    assert counts["sane"] >= 0.7 * counts.total(), counts
    assert counts["failed"] <= 0.02 * counts.total(), counts


def judged(text: str, made: Translated, target: str) -> tuple[str, str | None]:
    """`sane`, `doubted`, `failed` or `wrong`, and then why."""
    if made.status == "failed":
        well = not made.text and made.reason in {"degenerate", "engine", "overloaded"}
        return ("failed", None) if well else ("wrong", f"failed for {made.reason}")
    why = nasty.complaint(text, made.text, target)
    if made.doubt is not None:
        mess = nasty.debris(text, made.text)
        return ("wrong", mess) if mess else ("doubted", None)
    return ("wrong", why) if why else ("sane", None)


@pytest.mark.parametrize(
    ("text", "output", "target"),
    [
        ("Jag har tre barn.", "I have have have have three.", "en"),
        ("Vi ses i rum 112.", "See you in room 12.", "en"),
        ("Läs https://example.org nu.", "Read example.org now.", "en"),
        ("Det är bra 👍", "It is good", "en"),
        ("Jag vill inte att det ska vara så.", "Jag vill inte att det ska vara så.", "en"),
        ("I was there and it was not good.", "I was there and it was not good.", "sv"),
        ("Hej.", "I have been here for a very long time and nobody told me.", "en"),
        ("Jag väntade hela dagen på akuten.", "I.", "en"),
        ("en\ntvå", "one two", "en"),
        ("Hej på dig.", "Hello \x07 you.", "en"),
        ("Hej på dig.", "Hello ⁇ you.", "en"),
    ],
)
def test_the_oracle_sees_what_is_wrong(text: str, output: str, target: str) -> None:
    assert nasty.complaint(text, output, target)


def test_the_oracle_lets_good_translations_pass() -> None:
    kept = (Path(__file__).parents[2] / "translations/training/heldout-dialogue.tsv").read_text(
        "utf-8"
    )
    pairs = [line.split("\t")[1:] for line in kept.splitlines()]
    odd = [
        (text, why)
        for english, swedish in pairs
        for text, made, target in ((english, swedish, "sv"), (swedish, english, "en"))
        if (why := nasty.complaint(text, made, target))
    ]
    assert len(odd) <= 0.02 * len(pairs), odd
