"""Sentences, guesses and doubts."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.language.text import (
    LONGEST_SENTENCE,
    Language,
    degenerate,
    doubts,
    has_words,
    in_keeping,
    looks_like,
    other,
    pieces,
    sentences,
    shorter,
    tidy,
)


def test_the_other_language_is_the_other_one() -> None:
    assert (other("sv"), other("en")) == ("en", "sv")


@given(st.text(max_size=400))
def test_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(piece.text for piece in pieces(text)) == text


@given(st.text(alphabet='abÅö .!?…"”\n\t-*1)(😀:@/', max_size=200))
def test_a_sentence_has_words_and_no_space_at_its_ends(text: str) -> None:
    for sentence in sentences(text):
        assert sentence == sentence.strip()
        assert any(letter.isalpha() for letter in sentence)
        assert "\n" not in sentence


@given(st.text(alphabet="abc ,;", max_size=1000), st.integers(10, 100))
def test_a_long_sentence_is_cut_without_loss(text: str, limit: int) -> None:
    parts = list(shorter(text, limit))
    assert "".join(parts) == text
    assert all(len(part) <= limit for part in parts if part.strip())


@pytest.mark.parametrize(
    "text",
    [
        "Det gäller bl.a. Karin och t.ex. Erik.",
        "Vi ses kl. 13 på torsdag.",
        "Mötet är kl. 13.30 och slutar 14.45.",
        "Dvs. Karin kommer inte.",
        "Hon, d.v.s. Anna, är sjuk.",
        "Dr. Ek och prof. Lind pratar.",
        "Vi var på S:t Göran, St. Görans sjukhus, i går.",
        "We met e.g. Karin and i.e. Anna.",
        "Mr. Smith and Mrs. Jones saw Dr. Brown.",
        "J. R. R. Tolkien och K. Boye skrev.",
        "Det kostar 3.5 kronor, inte 1.000 kr.",
        "Den 3. maj kommer vi.",
        "Läs fr.o.m. sidan 3 t.o.m. sidan 5.",
        "Anhöriga, barn m.fl. får komma.",
        "Jag vet inte... kanske.",
        '"Varför?" frågade hon.',
        "”Kom hit!” ropade han.",
        "U.S. Army doctors came.",
    ],
)
def test_an_abbreviation_does_not_end_a_sentence(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Jag är trött. Jag går hem.", ["Jag är trött.", "Jag går hem."]),
        ("Va? Nej! Jo.", ["Va?", "Nej!", "Jo."]),
        ("hej! hur mår du? bra", ["hej!", "hur mår du?", "bra"]),
        ("det var tråkigt. men sen gick det", ["det var tråkigt.", "men sen gick det"]),
        ("Vi var 14. Nu är vi 12.", ["Vi var 14.", "Nu är vi 12."]),
        ("Kaffe, te m.m. Sedan gick vi.", ["Kaffe, te m.m.", "Sedan gick vi."]),
        ("We left at 5 p.m. The bus came.", ["We left at 5 p.m.", "The bus came."]),
        ("So do I. Then we left.", ["So do I.", "Then we left."]),
        ("Hon sa ”nej.” Sedan gick hon.", ["Hon sa ”nej.”", "Sedan gick hon."]),
        ("Ett…  Två", ["Ett…", "Två"]),
        ("rad ett\nrad två\r\nrad tre", ["rad ett", "rad två", "rad tre"]),
        ("- ett\n* två\n3. tre\n4) fyra\n• fem", ["ett", "två", "tre", "fyra", "fem"]),
    ],
)
def test_a_sentence_ends_where_a_reader_would_stop(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Läs https://ki.se/a.b?c=d. Sedan", "https://ki.se/a.b?c=d"),
        ("se www.1177.se, tack", "www.1177.se"),
        ("skriv till anna.b_c@ki.se snart", "anna.b_c@ki.se"),
        ("bra 👍🏽 jobbat", "👍🏽"),
        ("familj 👨‍👩‍👧 här", "👨‍👩‍👧"),
        ("kul :-) eller", ":-)"),
        ("tack @Kerstin för det", "@Kerstin"),
        ("<b>hej</b>", "<b>"),
        ("[namn] är tyst", "["),
        ("hej مرحبا بالعالم du", "مرحبا بالعالم"),
        ("1. ett", "1. "),
    ],
)
def test_what_must_survive_is_a_piece_of_its_own(text: str, kept: str) -> None:
    untouched = [piece.text for piece in pieces(text) if not piece.words]
    assert any(kept in piece for piece in untouched)
    assert not any(kept in sentence for sentence in sentences(text))


@pytest.mark.parametrize("text", ["", "  \n", "👍", "12 %", "13.30", "https://ki.se", "مرحبا", "…"])
def test_a_text_without_words_has_none(text: str) -> None:
    assert not has_words(text)


def test_no_sentence_is_longer_than_the_engine_can_read() -> None:
    for text in ("ord " * 500, "x" * 5000, "ett, två, " * 300):
        assert max(map(len, sentences(text))) <= LONGEST_SENTENCE


def test_the_engine_reads_no_invisible_marks() -> None:
    assert tidy("\ufeffHe\u200bj\u00a0\u202edu\u00ad \ud800") == "Hej du \ufffd"
    assert tidy("jaaaaaaaaaa") == "jaaa"
    assert tidy("JAG VILL INTE") == "Jag vill inte"
    assert tidy("NATO") == "NATO"


@given(st.text(max_size=200))
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


def test_a_translation_is_dressed_as_its_source() -> None:
    assert in_keeping("Välkomna!", "welcome!") == "Welcome!"
    assert in_keeping("vi är här", "we are here.") == "we are here"
    assert in_keeping("Vi är här.", "we are here") == "We are here."
    assert in_keeping("JAG VILL INTE", "I do not want to") == "I DO NOT WANT TO"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("din svenska är bättre än min telefon", "sv"),
        ("de va som å gå på nålar hela tiden", "sv"),
        ("I have been on this ward for three weeks", "en"),
        ("its not numbers. theres always 3 of you in that office", "en"),
        ("Absolut", None),
        ("ok", None),
        ("", None),
        ("👍👍👍", None),
        ("12345 67890 12345 67890", None),
        ("Привет, как дела, друг мой дорогой", None),
        ("https://www.example.org/this-is-a-long-english-path", None),
    ],
)
def test_the_language_is_guessed_only_where_it_shows(text: str, language: Language | None) -> None:
    assert looks_like(text) == language


def test_the_detector_is_not_loaded_by_importing() -> None:
    check = "import sys, hub.language.text; sys.exit('py3langid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize(
    ("source", "output", "reason"),
    [
        ("Jag är trött.", "", "empty"),
        ("Jag är trött.", " \n", "empty"),
        ("Jag är trött.", "I am I am I am I am I am tired.", "repetition"),
        ("Vi pratar om vården.", "We we we we talk about care.", "repetition"),
        ("Vad menar du?", "whatwhatwhatwhatwhatwhatwhatwhat", "repetition"),
        ("Hej.", "This is a very long sentence that says far too much for one word.", "length"),
        ("Det här är en ganska lång mening om hur det var på sjukhuset i går.", "Yes.", "length"),
        ("Det är inte min starka sida.", "Det är inte min starka sida.", "copied"),
        ("Jag är trött.", "I'm tired.", None),
        ("nej nej nej nej nej", "no no no no no", None),
        ("Anna Lindqvist, Björn Ek", "Anna Lindqvist, Björn Ek", None),
        ("👍👍👍", "👍👍👍", None),
        ("12 345", "12 345", None),
        ("Information", "Information", None),
        ("", "", None),
        ("  ", "  ", None),
    ],
)
def test_what_is_no_translation_is_told(source: str, output: str, reason: str | None) -> None:
    assert degenerate(source, output) == reason


def test_a_text_already_in_the_target_language_may_come_back() -> None:
    text = "I have been on this ward for three weeks now"
    assert degenerate(text, text) == "copied"
    assert degenerate(text, text, target="en") is None


@pytest.mark.parametrize(
    ("source", "output", "reason"),
    [
        ("Vi var 14 personer.", "We were people.", "number_missing"),
        ("Kl. 13.30 går vi.", "We leave at 13.40.", "number_missing"),
        ("Vi var många.", "We were 40.", "number_added"),
        ("Jag vill inte gå.", "I want to go.", "negation_missing"),
        ("Han sa att ingen kom.", "He said that someone came.", "negation_missing"),
        ("Jag vill gå.", "I don't want to go.", "negation_added"),
        ("Jag såg Kerstin där.", "I saw the girl there.", "name_missing"),
        ("Det var en lång dag på avdelningen.", "Long.", "length"),
        ("Hon låg där hela dagen.", "She låg there all day.", "copied"),
        ("Det gick bra i går.", "It it went well yesterday.", "repetition"),
    ],
)
def test_a_doubt_names_what_went_missing(source: str, output: str, reason: str) -> None:
    doubt = doubts(source, output, language="sv")
    assert doubt is not None
    assert reason in doubt.reasons
    assert 0 < doubt.score < 1


@pytest.mark.parametrize(
    ("source", "output", "language"),
    [
        ("Vi var 14 personer.", "There were fourteen of us.", "sv"),
        ("Vi ses 14.30.", "See you at 2:30 pm.", "sv"),
        ("Det kostar 1 000 kr och 3,5 %.", "It costs 1,000 kronor and 3.5 %.", "sv"),
        ("I was 3 years old.", "Jag var tre år.", "en"),
        ("Ingen ska känna igen honom.", "Nobody's going to recognise him.", "sv"),
        ("Jag vill inte.", "I don’t want to.", "sv"),
        ("Det är omöjligt.", "It is not possible.", "sv"),
        ("It is unsafe.", "Det är inte säkert.", "en"),
        ("Jag såg Kerstins syster.", "I saw Kerstin's sister.", "sv"),
        ("I am here on Monday in Sweden.", "Jag är här på måndag i Sverige.", "en"),
        ("👍", "👍", "sv"),
        ("", "", "sv"),
    ],
)
def test_a_faithful_translation_raises_no_doubt(
    source: str, output: str, language: Language
) -> None:
    assert doubts(source, output, language=language) is None


def test_an_engine_that_guesses_raises_a_doubt() -> None:
    doubt = doubts("Hos oss är det så.", "With us it is so.", language="sv", log_probability=-2.0)
    assert doubt is not None
    assert doubt.reasons == ("unsure",)


def test_more_reasons_weigh_more() -> None:
    one = doubts("Vi var inte 14.", "We were not.", language="sv")
    two = doubts("Vi var inte 14.", "We were.", language="sv")
    assert one is not None
    assert two is not None
    assert one.score < two.score <= 1


@given(st.text(max_size=120), st.text(max_size=120))
def test_any_two_texts_can_be_compared(source: str, output: str) -> None:
    degenerate(source, output, target="en")
    doubt = doubts(source, output, language="sv")
    assert doubt is None or 0 < doubt.score <= 1
