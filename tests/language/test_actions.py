"""The one function through which the rest of the hub translates."""

from __future__ import annotations

import asyncio

import pytest

from hub.language.actions import translate, translate_all
from hub.language.text import Language

from .echo import EchoTranslator


def test_a_text_comes_back_in_the_other_language() -> None:
    made = asyncio.run(translate(EchoTranslator(), "Hej", source="sv", target="en"))
    assert (made.text, made.source, made.target) == ("[en] Hej", "sv", "en")
    assert made.status == "machine"
    assert made.model == "echo"


@pytest.mark.parametrize("source", ["en", None])
def test_a_text_already_in_the_language_comes_back_as_it_is(source: Language | None) -> None:
    translator = EchoTranslator()
    text = "I have been on this ward for three weeks"
    made = asyncio.run(translate(translator, text, source=source, target="en"))
    assert (made.text, made.source, made.status) == (text, "en", "original")
    assert translator.asked == []


def test_the_declared_language_decides() -> None:
    text = "I have been on this ward for three weeks"
    made = asyncio.run(translate(EchoTranslator(), text, source="sv", target="en"))
    assert (made.text, made.source) == (f"[en] {text}", "sv")


def test_a_text_too_short_to_tell_is_taken_as_the_other_language() -> None:
    made = asyncio.run(translate(EchoTranslator(), "Ja", source=None, target="en"))
    assert (made.text, made.source) == ("[en] Ja", "sv")


def test_a_list_keeps_its_order_and_goes_in_one_batch() -> None:
    translator = EchoTranslator()
    texts = [
        "det var en lång dag på avdelningen",
        "I have been on this ward for three weeks",
        "vi pratade länge om det i går",
    ]
    made = asyncio.run(translate_all(translator, texts, source=None, target="en"))
    assert [each.text for each in made] == [f"[en] {texts[0]}", texts[1], f"[en] {texts[2]}"]
    assert [each.status for each in made] == ["machine", "original", "machine"]
    assert len(translator.asked) == 2
    assert asyncio.run(translate_all(translator, [], source=None, target="en")) == []


def test_a_failure_says_why() -> None:
    translator = EchoTranslator(failing="no_package")
    made = asyncio.run(translate(translator, "Hej", source="sv", target="en"))
    assert (made.text, made.status, made.reason) == ("", "failed", "no_package")
