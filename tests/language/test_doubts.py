"""What the doubts notice, on sentences of our own and on the development set where it lies."""

from __future__ import annotations

import asyncio
import random

import pytest

from hub.language.text import Language, doubts, other, unsure
from hub.language.translator import Translator
from tests.bench.injure import KINDS, Kind, injured
from tests.bench.quality import BAD_BELOW, BOTH, CHRF, Pair, corpus, pairs


def test_an_error_is_put_in_where_one_fits() -> None:
    luck = random.Random(1)
    source, good = "Jag vill inte träffa Gunvor kl. 14.", "I don't want to meet Gunvor at 14."
    assert injured(source, good, "sv", kind="negation", luck=luck) == (
        "I do want to meet Gunvor at 14."
    )
    number = injured(source, good, "sv", kind="number", luck=luck)
    assert number is not None
    assert "14" not in number
    name = injured(source, good, "sv", kind="name", luck=luck)
    assert name is not None
    assert "Gunvor" not in name
    assert injured("Hej!", "Hi!", "sv", kind="number", luck=luck) is None


@pytest.mark.parametrize(
    ("source", "output", "reason"),
    [
        ("Tre av fem svarade.", "Four of five answered.", "number_missing"),
        ("Kort 1 är klart, en sak till.", "Card 11 is done, one more thing.", "number_missing"),
        ("Vi ses 16.45.", "See you at 4.45.", "number_missing"),
        ("Jag vill inte, men måste.", "I want to, but have to.", "negation_missing"),
        ("Det är inte intressant.", "It is interesting.", "negation_missing"),
    ],
)
def test_an_error_is_doubted(source: str, output: str, reason: str) -> None:
    doubt = doubts(source, output, language="sv")
    assert doubt is not None
    assert reason in doubt.reasons


@pytest.mark.parametrize(
    ("source", "output", "language"),
    [
        ("Ring före 16.45.", "Call before 4.45 pm.", "sv"),
        ("We finish at 8 pm.", "Vi slutar klockan åtta på kvällen.", "en"),
        ("Jag är trettioett år.", "I'm 31 years old.", "sv"),
        ("Hon kommer, eller hur?", "She's coming, isn't she?", "sv"),
        ("Det är osäkert.", "It is not certain.", "sv"),
        ("It is unsafe.", "Det är inte säkert.", "en"),
        ("Han kom halv tre.", "He came at half past two.", "sv"),
    ],
)
def test_a_faithful_translation_is_not_doubted(
    source: str, output: str, language: Language
) -> None:
    assert doubts(source, output, language=language) is None


def test_the_engine_may_be_less_sure_of_a_short_text() -> None:
    short, long = "Det är så.", "Det är så att " + "vi pratade om vården " * 4
    assert unsure(-0.75, long)
    assert not unsure(-0.1, short)
    assert not unsure(-0.1, long)
    assert unsure(-2.0, short)


def test_a_word_left_as_it_was_is_doubted(
    translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.language import engine as room

    def decode(self: object, sentences: list[str], **options: object) -> list[room.Said]:
        return [room.Said("I lost my kvarterspolisknapp yesterday.", -0.1) for _ in sentences]

    monkeypatch.setattr(room.Engine, "decode", decode)
    made = asyncio.run(
        translator.translate(
            ["Jag tappade min kvarterspolisknapp i går."], source="sv", target="en"
        )
    )[0]
    assert made.doubt is not None
    assert "unknown_word" in made.doubt.reasons


@pytest.fixture(scope="module")
def second_half(translator: Translator) -> list[tuple[Pair, str, bool, bool]]:
    """Every other pair of the development set: what came out, whether bad, whether doubted."""
    if not (corpus() / "dev.tsv").is_file():
        pytest.skip("no development set here; HUB_CORPUS may say where it lies")
    judged = []
    for language in BOTH:
        several = [pair for pair in pairs(language) if pair.origin == "dev.tsv"][1:600:2]
        made = asyncio.run(
            translator.translate(
                [pair.source for pair in several], source=language, target=other(language)
            )
        )
        for pair, one in zip(several, made, strict=True):
            bad = CHRF.sentence_score(one.text, [pair.reference]).score < BAD_BELOW
            judged.append((pair, one.text, bad, one.doubt is not None))
    return judged


def test_doubted_texts_are_bad_twice_as_often_as_others(
    second_half: list[tuple[Pair, str, bool, bool]],
) -> None:
    doubted = [bad for _, _, bad, seen in second_half if seen]
    others = [bad for _, _, bad, seen in second_half if not seen]
    assert sum(doubted) / len(doubted) > 2 * sum(others) / len(others)
    assert len(doubted) < 0.3 * len(second_half)


@pytest.mark.parametrize("kind", KINDS)
def test_nearly_every_error_put_in_is_noticed(
    second_half: list[tuple[Pair, str, bool, bool]], kind: Kind
) -> None:
    luck = random.Random(7)
    found = []
    for pair, text, bad, _ in second_half:
        wrong = injured(pair.source, text, pair.language, kind=kind, luck=luck)
        if wrong is not None and not bad:
            found.append(doubts(pair.source, wrong, language=pair.language) is not None)
    assert len(found) >= 20
    assert sum(found) >= 0.8 * len(found)
