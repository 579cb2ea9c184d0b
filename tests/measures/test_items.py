"""The questions: whole, in both languages, and what may be answered to them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from hub.errors import Invalid
from hub.measures.items import SHIPPED, Given, read_answers, read_questions, shipped

LIMIT = 4000


@pytest.fixture
def written() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(SHIPPED.read_text("utf-8"))
    return copy.deepcopy(found)


def ids(form: str, part: str, *, dialogue: bool = False) -> list[str]:
    return [i.id for i in shipped().asked(dialogue=dialogue)[form].parts.get(part, ())]


def test_before_has_six_questions_and_an_open_one() -> None:
    assert ids("before", "first") == ["pre1", "pre2", "pre3", "pre4", "pre5", "pre6"]
    assert ids("before", "open") == ["preO"]


def test_after_shows_the_short_form_first_and_leaves_none_of_the_fourteen_out() -> None:
    assert ids("after", "first") == ["po2", "po3", "po4", "po8", "po10", "po13"]
    assert ids("after", "open") == ["poO1", "poO2"]
    every = {*ids("after", "first"), *ids("after", "more")}
    assert every == {f"po{n}" for n in range(1, 15)}


def test_only_a_dialogue_is_asked_of_the_charter() -> None:
    assert ids("after", "dialogue") == []
    assert ids("after", "dialogue", dialogue=True) == ["dia1", "dia2"]


def test_the_wordings_are_those_of_the_method() -> None:
    text = {item.id: item.text for item in shipped().wordings.values()}
    assert text["pre5"] == {
        "sv": "Jag har det jag behöver för att vara med: tid, teknik, språk, stöd.",
        "en": "I have what I need to take part: time, technology, language, support.",
    }
    assert text["po8"]["sv"] == "Översättningarna gav mig en rättvis bild av vad andra menade."
    assert text["poO2"]["en"] == "Was there something you wanted to say but didn't?"
    assert text["pic3"]["sv"] == "Blev något bättre av att du var med?"
    assert text["dia2"]["en"] == "The principles can be used in my everyday work or life."
    assert shipped().scale[1] == {"sv": "Stämmer inte alls", "en": "Not at all true"}
    assert shipped().scale[5] == {"sv": "Stämmer helt", "en": "Completely true"}


def test_every_question_after_has_a_domain_that_has_a_title() -> None:
    after = [i for i in shipped().wordings.values() if i.id.startswith("po") and i.values]
    assert {i.domain for i in after} == set(shipped().domains)


def test_a_new_wording_leaves_the_old_one_for_its_answers(written: dict[str, Any]) -> None:
    new = {"id": "po2", "version": 2, "kind": "scale", "domain": "safety", "sv": "Ny", "en": "New"}
    written["items"].append(new)
    questions = read_questions(written)
    assert questions.wordings["po2", 1].text["en"] == "I could say what I really think."
    (asked,) = [i for i in questions.forms["after"].items if i.id == "po2"]
    assert (asked.version, asked.text["sv"]) == (2, "Ny")


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("items", lambda d: d["items"][0].pop("en")),
        ("items", lambda d: d["items"][0].update(version=2)),
        ("items", lambda d: d["items"][0].update(kind="slider")),
        ("items", lambda d: d["items"][7].update(domain="luck")),
        ("items", lambda d: d["items"].append({**d["items"][0], "id": "pre9"})),
        ("forms", lambda d: d["forms"]["before"]["first"].append("pre9")),
        ("forms", lambda d: d["forms"]["picture"]["first"].append("po2")),
        ("changes", lambda d: d["changes"].append({"before": "po2", "after": "pre3"})),
    ],
)
def test_questions_that_do_not_hang_together_are_refused(
    written: dict[str, Any], place: str, change: Any
) -> None:
    assert place in written
    change(written)
    with pytest.raises(ValueError, match=r"pre|po|domain"):
        read_questions(written)


def test_answers_are_numbers_words_or_rather_not_and_the_rest_is_skipped() -> None:
    items = shipped().forms["before"].items
    given = {"pre1": 5, "pre2": None, "preO": "  Att någon lyssnar.\r\n "}
    assert read_answers(given, items, limit=LIMIT) == {
        "pre1": Given(5),
        "pre2": Given(),
        "preO": Given(text="Att någon lyssnar."),
    }
    assert read_answers({"preO": " \u200b "}, items, limit=LIMIT) == {}
    assert read_answers({"preO": None}, items, limit=LIMIT) == {}
    assert read_answers({}, items, limit=LIMIT) == {}


@pytest.mark.parametrize(
    ("id_", "value", "code"),
    [
        ("pre1", 0, "choice_unknown"),
        ("pre1", 6, "choice_unknown"),
        ("pre1", True, "choice_unknown"),
        ("pre1", 3.0, "choice_unknown"),
        ("pre1", "3", "choice_unknown"),
        ("preO", 3, "unreadable"),
        ("preO", "å" * (LIMIT + 1), "text_too_long"),
        ("po2", 3, "question_unknown"),
        ("name", "Astrid", "question_unknown"),
    ],
)
def test_what_is_no_answer_is_refused_at_its_place(id_: str, value: object, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_answers({id_: value}, shipped().forms["before"].items, limit=LIMIT)
    assert refused.value.fields == {f"/items/{id_}": code}


def test_a_picture_has_three_steps() -> None:
    items = shipped().forms["picture"].items
    assert read_answers({"pic1": 3}, items, limit=LIMIT) == {"pic1": Given(3)}
    with pytest.raises(Invalid):
        read_answers({"pic1": 4}, items, limit=LIMIT)
