"""What the chatbot finds in posts, measured on labelled ones.

``labelled-posts.tsv``: 200 posts, labelled before the patterns were written; half to tune on
(``tune``), half held out (``test``). Both halves are from one pen, and the patterns from the same,
so they flatter.

``fresh-posts.tsv`` is harder. Each round was written when the patterns of the round before stood,
and measured once before anything was mended. At first sight:

===== =================== ======== ============ =======
round posts               safety   false alarms jargon
===== =================== ======== ============ =======
1     that only hint      2 of 34  0            17 of 34
2     that only hint      8 of 34  3            19 of 33
3     both                17 of 34 1            25 of 33
4     both                21 of 34 3            29 of 32
5     that say it plainly 26 of 30 0            –
===== =================== ======== ============ =======

Afterwards each round was learned from: what the tests here keep is a floor, not a forecast.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.chatbot.risks import Risk, safety
from hub.chatbot.words import asks, explains, fold, jargon
from hub.demo.script import load_script

HERE = Path(__file__).parent
SCRIPT = load_script()
NAMES = (*(p.name for p in SCRIPT.people), "Malin")


@dataclass
class Score:
    """What was there, what of it was found, and what was found that was not there."""

    there: int = 0
    found: int = 0
    false: int = 0
    posts: int = 0

    @property
    def recall(self) -> float:
        return self.found / self.there

    def __str__(self) -> str:
        return f"{self.found}/{self.there} found, {self.false} false in {self.posts} posts"


def labelled(name: str, **wanted: str) -> list[dict[str, str]]:
    text = (HERE / name).read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [row for row in rows if all(row[k] == v for k, v in wanted.items())]


def measured(rows: list[dict[str, str]]) -> tuple[Score, Score]:
    """Scores of jargon, by term, and of safety, by post."""
    terms, risks = Score(posts=len(rows)), Score(posts=len(rows))
    for row in rows:
        wanted = set(filter(None, row["jargon"].split(";")))
        found = set(jargon(row["text"]))
        terms.there += len(wanted)
        terms.found += len(wanted & found)
        terms.false += len(found - wanted)
        risk = safety(row["text"], NAMES) is not None
        risks.there += row["safety"] == "yes"
        risks.found += risk and row["safety"] == "yes"
        risks.false += risk and row["safety"] == "no"
    return terms, risks


def test_there_are_a_hundred_labelled_posts_in_each_language_half_of_them_held_out() -> None:
    for language in ("sv", "en"):
        rows = labelled("labelled-posts.tsv", language=language)
        assert len(rows) == 100
        assert 48 <= sum(row["split"] == "test" for row in rows) <= 52


@pytest.mark.parametrize("split", ["tune", "test"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_nine_in_ten_are_found_and_few_posts_are_pointed_at_for_nothing(
    split: str, language: str
) -> None:
    terms, risks = measured(labelled("labelled-posts.tsv", split=split, language=language))
    print(f"{split} {language}: jargon {terms}; safety {risks}")
    for score in (terms, risks):
        assert score.there >= 15
        assert score.recall >= 0.9
        assert score.false <= 0.04 * score.posts


@pytest.mark.parametrize("number", ["1", "2", "3", "4", "5"])
def test_what_was_learned_from_fresh_posts_is_not_forgotten(number: str) -> None:
    terms, risks = measured(labelled("fresh-posts.tsv", round=number))
    print(f"round {number}: jargon {terms}; safety {risks}")
    assert risks.recall >= 0.95
    assert not terms.there or terms.recall >= 0.9
    assert max(terms.false, risks.false) <= 0.03 * terms.posts


def test_in_the_sample_dialogue_only_the_post_about_the_brother_is_to_be_read_first() -> None:
    flagged = {
        row.turn
        for row in SCRIPT.rows
        if row.role != "bot" and row.kind != "reflection"
        for text in (row.text, row.reference)
        if safety(text, NAMES)
    }
    assert flagged == {57}


@pytest.mark.parametrize(
    ("text", "risk"),
    [
        ("jag vill inte leva längre", "health"),
        ("ja vill inte leva langre", "health"),
        ("Jag har aldrig velat skada mig själv", None),
        ("For tio ar sen ville jag do", None),
        ("För tio år sen ville jag dö, och nu igen", "health"),
        ("I boken vill hon dö", None),
        ("im dying to see it", None),
        ("I don't want to live like this", "health"),
        ("He never stops hitting me", "health"),
        ("doktor Svensson på plan 3", "privacy"),
        ("doktor svensson pa plan 3", "privacy"),
        ("En doktor på plan 3", None),
        ("Jag heter Kerstin Andersson", None),
        ("Grace och Priya, vad säger ni?", None),
        ("Ring 1177 eller 112", None),
        ("Astrid Lindgren skrev om det", None),
    ],
)
def test_context_decides_whether_words_mean_harm(text: str, risk: str | None) -> None:
    found = safety(text, NAMES)
    assert (found.kind if found else None) == risk


def test_a_name_in_the_room_is_no_third_person() -> None:
    assert safety("Fråga Yusuf som jobbar natt", ("Yusuf",)) is None
    assert safety("Fråga Yusuf som jobbar natt", ()) == Risk("privacy")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Vi hade SIP i går", ("SIP",)),
        ("Vi hade SIP (samordnad individuell plan) i går", ()),
        ("Samordnad individuell plan, SIP, är bra", ()),
        ("Vad är SIP?", ()),
        ("SIP:en och LPT-patienterna", ("SIP:en", "LPT")),
        ("OBS! Rummet är bytt", ()),
        ("on 1:1 obs all night", ("obs",)),
        ("VARFÖR LYSSNAR INGEN", ()),
        ("det är INTE sant", ()),
        ("Jag såg det på TV", ()),
        ("Se https://example.org/SIP/LPT", ()),
        ("", ()),
        ("🙂", ()),
    ],
)
def test_terms_are_found_as_written_unless_known_stressed_or_explained(
    text: str, terms: tuple[str, ...]
) -> None:
    assert jargon(text) == terms


def test_a_later_post_asks_or_explains() -> None:
    assert asks("lpt??", "LPT")
    assert asks("va betyder obs", "obs")
    assert not asks("LPT är svårt", "LPT")
    assert explains("LPT står för lagen om psykiatrisk tvångsvård", "LPT")
    assert not explains("LPT är hemskt", "LPT")


def test_folding_makes_a_telephones_spelling_the_same() -> None:
    assert fold("Dödstrött, don’t") == "dodstrott, dont"


def test_a_long_odd_text_takes_no_long_time() -> None:
    for text in (
        "a" * 4000,
        "Jag vill " * 400,
        "(" * 4000,
        "A. " * 1300,
        "0" * 4000,
        "åäö\n" * 900,
    ):
        jargon(text)
        safety(text, NAMES)
