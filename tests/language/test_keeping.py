"""What must come through a translation, piece by piece and with the real packages."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.language.keeping import (
    continued,
    days_mended,
    for_engine,
    left_in,
    names_in,
    names_lost,
    names_mended,
    names_swapped,
    numbers_mended,
    quoted,
    with_dots,
    with_kept,
)
from hub.language.text import Language, numbers, other, pieces
from hub.language.translator import Translator
from tests.bench.quality import BOTH, kept


def names(source: str, language: Language, *known: str) -> list[str]:
    return [match.term.word("sv") for match in names_in(source, language, known)]


# --- Already in the target language -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "target", "stretch"),
    [
        ("Jag kan lite svenska but please do not test me.", "en", "but please do not test me."),
        ("Jag kan lite svenska but please don't test me.", "sv", "Jag kan lite svenska"),
        ("I write in Swedish: Jag har aldrig sett den.", "sv", "Jag har aldrig sett den."),
        ("Nobody asked me what I wanted. Ingen alls.", "en", "Nobody asked me what I wanted."),
    ],
)
def test_what_is_in_the_target_language_already_is_kept(
    text: str, target: Language, stretch: str
) -> None:
    cut = list(with_kept(pieces(text), target))
    assert stretch in [piece.text for piece in cut if not piece.words]
    assert any(piece.words for piece in cut)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Jag ar trott pa allt.", "en"),
        ("Missed conversation, vad betyder det?", "en"),
        ("Vi använder feedback och peer support.", "en"),
        ("The word brukare means nothing to me.", "sv"),
        ("Björn and Åsa are here with us.", "sv"),
        ("No problem.", "sv"),
    ],
)
def test_in_doubt_a_text_is_for_the_engine(text: str, target: Language) -> None:
    assert list(with_kept(pieces(text), target)) == pieces(text)


@given(st.text(alphabet="the och I jag is är,.: 😀\n", max_size=120), st.sampled_from(BOTH))
def test_nothing_is_lost_by_keeping(text: str, target: Language) -> None:
    assert "".join(piece.text for piece in with_kept(pieces(text), target)) == text


def test_what_goes_on_a_sentence_begins_small() -> None:
    assert continued("Skriv till a@b.se ", "om du kan", "If you can") == "if you can"
    assert continued("Ring. ", "om du kan", "If you can") == "If you can"
    assert continued("Write to a@b.se ", "jag kan", "I can") == "I can"


def test_an_output_in_the_language_of_its_source_is_noticed() -> None:
    assert left_in("Det var inte så bra.", "sv")
    assert not left_in("That was not so good.", "sv")


# --- As the engine reads it -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "language", "read"),
    [
        ("She said “no”.", "en", 'She said "no".'),
        ("See you at 2.30 pm.", "en", "See you at 14.30."),
        ("From 12 am to 12:15 p.m. it was shut", "en", "From 00.00 to 12.15 it was shut"),
        ("thx for asking, u know", "en", "thanks for asking, you know"),
        ("mkt bra, tbx sen", "sv", "mycket bra, tillbaka sen"),
        ("Jag är 14.30 där", "sv", "Jag är 14.30 där"),
    ],
)
def test_the_engine_reads_it_written_out(written: str, language: Language, read: str) -> None:
    assert for_engine(written, language) == read


def test_dots_come_back_where_the_engine_knows_the_word_with_them() -> None:
    def pieces_of(word: str) -> int:
        return 1 if word in {"trött", "allt", "jag", "rapport"} else 2

    assert with_dots("jag ar trott pa allt", pieces_of) == "jag är trött på allt"
    assert with_dots("jag är trott", pieces_of) == "jag är trott"
    assert with_dots("jag rapport", pieces_of) == "jag rapport"


# --- Names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "language", "found"),
    [
        ("Jag såg Gun-Britt och Yusufs bror.", "sv", ["Gun-Britt", "Yusuf"]),
        ("Det sa Lars i Tranås om LPT.", "sv", ["Lars", "Tranås", "LPT"]),
        ("LPT-patienter och punkt 2b", "sv", ["LPT", "2b"]),
        ("I met Aoife's mother on Monday in Sweden.", "en", ["Aoife"]),
        ("Ninna Bergqvist är här.", "sv", ["Ninna", "Bergqvist"]),
        ("Vi reste till Rom på tisdag.", "sv", []),
        ("JAG VILL INTE TRÄFFA ANNA", "sv", []),
        ("Han LÄR DIG inget.", "sv", []),
    ],
)
def test_names_are_found(source: str, language: Language, found: list[str]) -> None:
    assert names(source, language) == found


def test_the_people_in_the_room_are_names_wherever_they_stand() -> None:
    assert names("Lotsen frågade oss.", "sv") == []
    assert names("Lotsen frågade oss.", "sv", "Lotsen") == ["Lotsen"]
    assert names("Rose asked Bill.", "en", "Rose Hill", "Bill") == ["Rose", "Bill"]


@pytest.mark.parametrize(
    ("source", "output", "mended"),
    [
        ("I agree with Fatemeh.", "Jag håller med Fatemh.", "Jag håller med Fatemeh."),
        ("Read Hannah's notes.", "Läs Hannas anteckningar.", "Läs Hannahs anteckningar."),
        ("I saw Yusuf.", "Jag såg någon.", "Jag såg någon."),
    ],
)
def test_a_misspelled_name_is_put_right(source: str, output: str, mended: str) -> None:
    lost = names_lost(names_in(source, "en"), output)
    assert names_mended(source, output, lost) == mended


def test_another_person_in_the_place_of_a_name_is_noticed() -> None:
    assert names_swapped("Hur kan du lita på Tom?", "How can you trust Judith?")
    assert not names_swapped("Hur kan du lita på Tom?", "How can you trust Tom?")
    assert not names_swapped("Jag var i Tyskland.", "I was in Germany.")


# --- Numbers, days ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "output", "language", "mended"),
    [
        ("Det är 1 250 svar.", "There are 1, 250 answers.", "sv", "There are 1,250 answers."),
        ("There are 1,250.", "Det är 1, 250.", "en", "Det är 1 250."),
        ("Det kom 38.", "There were 83.", "sv", "There were 38."),
        ("Det kom 38.", "There were many.", "sv", "There were many."),
        ("Det kom 3 av 5.", "There were 4 of 6.", "sv", "There were 4 of 6."),
        ("Han kom halv tre.", "He came at half past three.", "sv", "He came at half past two."),
        ("Half past twelve.", "Halv tolv.", "en", "Halv ett."),
    ],
)
def test_a_number_is_put_right_only_where_it_is_plain(
    source: str, output: str, language: Language, mended: str
) -> None:
    assert numbers_mended(source, output, language).casefold() == mended.casefold()


def test_clock_times_and_thousands_are_the_same_in_both_dresses() -> None:
    assert numbers("See you at 2.30 pm.") == numbers("Vi ses 14.30.")
    assert numbers("Until 8 pm") == numbers("Till 20.00")
    assert numbers("1,250 answers") == numbers("1 250 svar")
    assert numbers("at 4.45") != numbers("at 4.45 pm")


def test_a_day_left_in_the_other_language_is_put_right() -> None:
    assert (
        days_mended("Thursday är stängt på Wednesdays.", "sv") == "Torsdag är stängt på onsdagar."
    )
    assert days_mended("It is closed on torsdag.", "en") == "It is closed on Thursday."


# --- Quotation marks --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "output", "target", "dressed"),
    [
        ("Hon sa ”nej”.", "She said 'no'.", "en", "She said “no”."),
        ("She said 'no'.", 'Hon sa "nej".', "sv", "Hon sa ”nej”."),
        ('Hon sa "nej".', "She said 'no'.", "en", 'She said "no".'),
        ("Hon: ”Han sa ’hej’ då.”", "She: 'He said 'hi' then.'", "en", "She: “He said ‘hi’ then.”"),
        (
            "Det är ”bra”.",
            "It's the patients' ' good' day.",
            "en",
            "It's the patients' “good” day.",
        ),
        ("It's the patients' day.", "Det är patienternas dag.", "sv", "Det är patienternas dag."),
        ("Don't.", "Gör det inte.", "sv", "Gör det inte."),
        ("Hon sa ”nej", "She said 'no", "en", "She said 'no"),
    ],
)
def test_quotation_marks_are_those_of_the_language(
    source: str, output: str, target: Language, dressed: str
) -> None:
    assert quoted(source, output, target) == dressed


@given(st.text(alphabet="ab '\"”’“‘.,\n", max_size=60), st.text(alphabet="ab '\"”’\n", max_size=60))
def test_quoting_changes_marks_alone(source: str, output: str) -> None:
    dressed = quoted(source, output, "sv")
    assert [letter for letter in dressed if letter in "ab\n"] == [
        letter for letter in output if letter in "ab\n"
    ]


# --- With the real packages -------------------------------------------------------------------


@pytest.mark.parametrize("language", BOTH)
def test_nearly_everything_survives_in_a_hundred_and_fifty_sentences(
    translator: Translator, language: Language
) -> None:
    mine = [each for each in kept("keeping.tsv") if each.language == language]
    assert len(mine) == 150
    made = asyncio.run(
        translator.translate(
            [each.text for each in mine], source=language, target=other(language), names=["Lotsen"]
        )
    )
    wrong = [
        (each.kind, each.text, one.text)
        for each, one in zip(mine, made, strict=True)
        if not each.holds(one.text)
    ]
    # Rounding differs between processors, and with it what the engine finds likeliest.
    assert len(wrong) <= 4, wrong
    assert not [each for each in wrong if each[0] in {"link", "layout"}]
