"""What is masked in other people's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gatherings.rules import masking

SAID = "Min mor fick fyra lappar med fyra nummer, och ingen svarade."
GONE = masking.gone_grams([SAID])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hon sa ”fyra lappar med fyra nummer” i går.", "Hon sa ”«… borttaget …»” i går."),
        ('Hon sa: "Och fyra lappar med fyra', 'Hon sa: "Och «… borttaget …»'),
        ("She wrote 'min mor fick fyra' there.", "She wrote '«… borttaget …»' there."),
        ("> FYRA LAPPAR med fyra nummer\nJa!", "> «… borttaget …»\nJa!"),
        (
            "Fyra lappar med fyra nummer har jag också.",
            "Fyra lappar med fyra nummer har jag också.",
        ),
        ("Fyra lappar med text.", "Fyra lappar med text."),
        ("Nej.", "Nej."),
        (SAID, "«… borttaget …»."),
        ("Du sa att min mor fick fyra lappar med fyra nummer.", "Du sa att «… borttaget …»."),
        ("It's ours, min mor fick fyra kakor", "It's ours, min mor fick fyra kakor"),
    ],
)
def test_words_between_marks_or_many_in_a_row_are_a_quotation(text: str, shown: str) -> None:
    assert masking.mask_quotes(text, GONE, language="sv") == shown


def test_a_quotation_in_english_is_masked_in_english() -> None:
    gone = masking.gone_grams(["Four slips with four numbers."])
    shown = masking.mask_quotes("You said “four slips with four numbers”!", gone, language="en")
    assert shown == "You said “«… removed …»”!"
    assert masking.quotes("“four slips with four”", gone)
    assert not masking.quotes("“four slips with”", gone)


def test_fewer_than_four_words_are_quoted_by_nobody() -> None:
    assert masking.gone_grams(["Jag håller med"]) == frozenset()
    assert masking.mask_quotes("Jag håller med", frozenset(), language="sv") == "Jag håller med"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Astrid har rätt.", "«namn borttaget» har rätt."),
        ("Som ASTRID sa: astrids lappar.", "Som «namn borttaget» sa: «namn borttaget» lappar."),
        ("Astrid’s slips", "«namn borttaget» slips"),
        ("Astridsson bor här.", "Astridsson bor här."),
        ("Hej@astrid, hej.", "Hej@«namn borttaget», hej."),
    ],
)
def test_a_name_is_masked_as_a_word_of_its_own(text: str, shown: str) -> None:
    assert masking.mask_name(text, "Astrid", language="sv") == shown


def test_a_name_of_two_words_is_masked_across_a_line_break() -> None:
    text = "We thank Anna\nMaria."
    assert masking.mask_name(text, "Anna Maria", language="en") == "We thank «name removed»."


def test_a_name_of_two_letters_stays_where_it_is() -> None:
    assert masking.mask_name("Bo och Jo", "Bo", language="sv") == "Bo och Jo"
    assert not masking.names("Bo", "Bo")


def test_an_alias_that_is_a_common_word_is_masked_only_as_it_was_written() -> None:
    text = "Hope said that we hope."
    assert masking.mask_name(text, "Hope", language="en") == "«name removed» said that we hope."


def test_signs_in_a_name_mean_nothing() -> None:
    text = "a.*b (c) and axxb"
    assert masking.mask_name(text, "a.*b (c)", language="en") == "«name removed» and axxb"


def test_texts_inside_texts_are_masked_in_their_language() -> None:
    value = {"sv": "Astrid", "en": ["Astrid"], "n": 1, "who": {"name": "Astrid"}}

    def mask(text: str, language: str) -> str:
        return masking.mask_name(text, "Astrid", language=language)

    assert masking.masked_texts(value, mask, language="sv") == {
        "sv": "«namn borttaget»",
        "en": ["«name removed»"],
        "n": 1,
        "who": {"name": "«namn borttaget»"},
    }


@given(st.lists(st.sampled_from(["ett", "två", "tre", "fyra", "fem", "sex"]), max_size=30))
def test_what_is_left_quotes_nothing(words: list[str]) -> None:
    gone = masking.gone_grams(["ett två tre fyra fem", "sex sex sex sex"])
    left = masking.mask_quotes(" ".join(words), gone, language="sv")
    assert not masking.quotes(left.replace(masking.REMOVED["sv"], "|"), gone)


@given(st.text())
def test_a_text_without_quotations_stays_to_the_letter(text: str) -> None:
    gone = masking.gone_grams(["ordx ordy ordz ordå"])
    assert masking.mask_quotes(text, gone, language="sv") == text
