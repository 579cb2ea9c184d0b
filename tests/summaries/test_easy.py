"""Easy to read: short lines, one thought each, and how hard a text is."""

from __future__ import annotations

import pytest

from hub.summaries.easy import easy_lines, lix_of, sentences_of, words_of


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Vi satt kvar. Ingen kom.", ["Vi satt kvar.", "Ingen kom."]),
        ("Vi ses kl. 13.00 i morgon.", ["Vi ses kl. 13.00 i morgon."]),
        ("Det är t.ex. så här.", ["Det är t.ex. så här."]),
        ("Hur? Så!", ["Hur?", "Så!"]),
        ("En rad\nen till", ["En rad", "en till"]),
        ("", []),
    ],
)
def test_sentences_end_where_a_new_one_begins(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences


def test_words_are_counted_without_marks() -> None:
    assert words_of("”Vem är e-post?” – 3 av 4.") == ["Vem", "är", "e-post", "3", "av", "4"]


def test_short_sentences_become_lines_in_both_languages() -> None:
    texts = {
        "sv": "Patienterna väntade. Ingen vågade störa.",
        "en": "Patients waited. No one dared to disturb.",
    }
    assert easy_lines(texts) == [
        {"sv": "Patienterna väntade.", "en": "Patients waited."},
        {"sv": "Ingen vågade störa.", "en": "No one dared to disturb."},
    ]


def test_what_is_too_long_in_either_language_is_left_for_a_person() -> None:
    long = "One two three four five six seven eight nine ten eleven."
    assert easy_lines({"sv": "Kort.", "en": long}) == []
    assert easy_lines({"sv": "Kort. Kort igen.", "en": f"Short. {long}"}) == [
        {"sv": "Kort.", "en": "Short."}
    ]


def test_lines_are_not_made_where_the_languages_do_not_go_together() -> None:
    assert easy_lines({"sv": "En. Två.", "en": "One."}) == []
    assert easy_lines({"sv": "Bara svenska."}) == []


def test_long_words_and_long_sentences_are_harder() -> None:
    plain = "Vi satt där. Ingen kom in. Det var tyst. " * 6
    hard = (
        "Dokumentationsskyldighetens konsekvenser uppmärksammades kontinuerligt av personalen " * 6
    )
    assert lix_of("Kort text.") is None
    assert (lix_of(plain) or 0) < 40 < (lix_of(hard) or 0)
