"""The statements that follow from a record: the same each time, linked, and naming nobody."""

from __future__ import annotations

from typing import Any

import pytest

from hub.summaries.blocks import AUDIENCES, LANGUAGES, ORDER, QUESTIONS
from hub.summaries.building import Material, build, quotable_of
from hub.summaries.checks import Told, faults_of

QUOTE = "I thought the notes were the work and they are only the receipt"


def say(language: str, msgid: str, **facts: Any) -> str:
    """A catalogue that says every sentence in English, marked with its language."""
    return msgid % facts if "%" in msgid else msgid


def post(id_: str, text: str, **more: Any) -> dict[str, Any]:
    author = {"id": "p_ben", "name": "Ben", "role": "patient", "group": "lived"}
    return {
        "id": id_, "text": text, "language": "en", "kind": "contribution", "author": author,
        "translations": {"sv": {"text": f"sv {text}", "status": "machine", "fields": {}}},
        "fields": {}, "removed": False, "hidden": False, "held": False, "pinned": False,
        "seq": 1, "wording": id_, "made_from": [], **more,
    }  # fmt: skip


def theme(id_: str, text: str, counts: list[int] | None = None, **more: Any) -> dict[str, Any]:
    ratings = {}
    if counts:
        answered = sum(counts)
        mean = sum(n * c for n, c in enumerate(counts, 1)) / answered
        ratings = {
            scale: {"counts": counts, "answered": answered, "mean": mean, "passed": 0}
            for scale in ("agreement", "importance")
        }
    return {**post(id_, text, kind="theme"), "ratings": ratings, "reading": more.get("reading")}


def recommendation(id_: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id_, "owner": "Ward 7", "when": "2027-02-01", "measure": "Two questions",
        "result": "adopted", "dissent": [], "authors": [{"id": "p_ben"}],
        "progress": {"status": "open", "reason": ""},
        "contribution": post(id_, "Keep the door open", kind="recommendation"), **more,
    }  # fmt: skip


def record(**more: Any) -> dict[str, Any]:
    return {
        "session": {"case": None}, "held_at": "2026-11-24T12:30:00Z", "minutes": 90,
        "phases": [{"id": "interpret", "items": []}],
        "attendance": {
            "people": 11, "by_group": {"lived": 4, "practice": 5, "research": 2},
            "by_language": {"sv": 6, "en": 5},
        },
        "findings": [], "themes": [], "recommendations": [], "agreements": [],
        "disagreements": [], "agreed_themes": [], "disputed_themes": [], "followed": [],
        "measures": None, **more,
    }  # fmt: skip


def built(found: dict[str, Any], **more: Any) -> Any:
    return build(Material(record=found, **more), say)


def block(made: Any, audience: str, name: str) -> list[Any]:
    return [d for d in made.drafts if (d.audience, d.block) == (audience, name)]


def texts(made: Any, audience: str, name: str) -> list[str]:
    return [d.texts.get("en", "") for d in block(made, audience, name)]


def test_the_same_record_gives_the_same_statements() -> None:
    found = record(
        themes=[theme("c_1", "Who gets believed")],
        recommendations=[recommendation("c_2")],
        agreements=["c_2"],
    )
    assert built(found) == built(found)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_block_has_a_statement_or_a_question_even_for_an_empty_record(audience: str) -> None:
    made = built(record())
    for name in ORDER[audience]:
        drafts = block(made, audience, name)
        assert drafts, name
        assert all(d.sources for d in drafts)
        assert all(bool(d.texts) != bool(d.question) for d in drafts)
    assert {d.question for d in made.drafts if d.question} <= set(QUESTIONS)
    assert [d.position for d in made.drafts if d.audience == audience] == sorted(
        d.position for d in made.drafts if d.audience == audience
    )


def test_where_we_disagreed_says_so_where_nobody_did() -> None:
    for audience in AUDIENCES:
        assert texts(built(record()), audience, "disagreed") == [
            "Nobody said in the session that they disagreed."
        ]


def test_a_group_of_two_is_told_of_as_fewer_than_three() -> None:
    told = " ".join(texts(built(record()), "funders", "did"))
    assert "11 people took part" in told
    assert "group.lived 4" in told
    assert "group.research fewer than 3" in told
    assert "group.research 2" not in told
    facts = built(record()).facts
    assert facts["by_group"] == {"lived": 4, "practice": 5, "research": None}
    few = record(attendance={"people": 2, "by_group": {"lived": 2}, "by_language": {"sv": 2}})
    told = " ".join([*texts(built(few), "leaders", "did"), *texts(built(few), "leaders", "limits")])
    assert "Fewer than 3" in told
    assert "2 people" not in told


def test_themes_come_by_importance_with_how_many_of_how_many_agreed() -> None:
    found = record(
        themes=[
            theme("c_1", "Writing as protection", [3, 0, 0, 0, 3], reading="split"),
            theme("c_2", "Sitting down", [0, 0, 1, 3, 2], reading="fits"),
            theme("c_3", "Who gets believed", [0, 0, 0, 1, 5], reading="fits"),
        ],
        disputed_themes=["c_1"],
    )
    made = built(found)
    assert texts(made, "leaders", "agreed") == [
        "Who gets believed. 6 of 6 who answered agreed.",
        "Sitting down. 5 of 6 who answered agreed.",
    ]
    assert texts(made, "leaders", "headline") == ["Who gets believed"]
    assert texts(made, "leaders", "disagreed") == [
        "We see this differently: Writing as protection. 3 of 6 who answered agreed."
    ]
    assert "Writing as protection" in texts(made, "citizens", "questions")[0]


def test_a_recommendation_has_owner_date_measure_and_status() -> None:
    made = built(record(recommendations=[recommendation("c_2")], agreements=["c_2"]))
    assert texts(made, "funders", "recommendations") == [
        "Keep the door open. Responsible: Ward 7. When: 2027-02-01. "
        "How we will see it: Two questions. Where it stands: progress.open."
    ]
    assert made.facts["owners"] == {"c_2": {"sv": "Ward 7", "en": "Ward 7"}}
    assert made.facts["dates"] == {"c_2": "2027-02-01"}


def test_what_a_recommendation_lacks_is_asked_of_the_editor() -> None:
    lacking = recommendation("c_2", owner=None, when="", measure=None)
    made = built(record(recommendations=[lacking], agreements=["c_2"]))
    asked = [d.question for d in block(made, "leaders", "recommendations")]
    assert asked == [None, "owner", "date", "measure"]


def test_an_owner_who_is_a_participant_is_not_named_but_asked_for() -> None:
    named = recommendation("c_2", owner="Ben")
    made = built(record(recommendations=[named], agreements=["c_2"]), names=["Ben"])
    drafts = block(made, "leaders", "recommendations")
    assert [d.question for d in drafts] == [None, "owner"]
    assert "Ben" not in str(made)


def test_dissent_is_told_with_what_was_adopted_and_what_was_parked() -> None:
    dissent = post("c_8", "Confidentiality comes first", kind="facilitation")
    found = record(
        recommendations=[
            recommendation("c_2", result="adopted_with_dissent", dissent=[dissent]),
            recommendation("c_3", result="parked", progress=None),
        ],
        agreements=["c_2"],
        disagreements=["c_2", "c_3"],
    )
    drafts = block(built(found), "educators", "disagreed")
    assert [d.key for d in drafts] == ["split:c_2", "split:c_3"]
    assert "Those who disagreed said: Confidentiality comes first." in drafts[0].texts["en"]
    assert "c_8" in drafts[0].sources
    assert {"c_2", "c_8", "p_ben"} <= set(drafts[0].words_of)


def test_what_became_of_last_times_is_told_without_names() -> None:
    earlier = {**post("c_old", "Sit down"), "status": "dropped", "reason": "Ben left"}
    undecided = {**post("c_new", "Stand up"), "status": None}
    made = built(record(followed=[earlier, undecided]))
    assert texts(made, "funders", "last_time") == ["Sit down. Where it stands: progress.dropped."]
    assert texts(built(record()), "funders", "last_time") == [
        "There was no recommendation from an earlier session to follow up."
    ]


def spoken(**more: Any) -> dict[str, Any]:
    items = [post("c_7", **{"text": QUOTE, **more})]
    return record(phases=[{"id": "interpret", "items": items}])


def test_nobody_is_quoted_without_consent() -> None:
    made = built(spoken())
    assert QUOTE not in str(made)
    assert [d.question for d in block(made, "citizens", "voice")] == ["voice"]


def test_a_quotation_has_a_role_and_a_language_and_no_name() -> None:
    made = built(spoken(), voices={"p_ben": True}, names=["Ben"])
    (voice,) = block(made, "citizens", "voice")
    assert (voice.texts["en"], voice.quote_of) == (QUOTE, "c_7")
    assert made.facts["voices"] == {
        "c_7": {"role": "patient", "language": "en", "told_language": "en"}
    }
    assert "Ben" not in str(made)
    nameless = built(spoken(), voices={"p_ben": False})
    assert nameless.facts["voices"]["c_7"]["role"] is None


def test_the_role_of_somebody_in_a_group_of_two_is_not_told() -> None:
    few = spoken()
    few["attendance"]["by_group"] = {"lived": 2, "practice": 9}
    few["attendance"]["by_language"] = {"sv": 9, "en": 2}
    assert built(few, voices={"p_ben": True}).facts["voices"]["c_7"] == {
        "role": None,
        "language": "en",
        "told_language": None,
    }


@pytest.mark.parametrize(
    "more",
    [
        {"removed": True, "text": ""},
        {"hidden": True},
        {"held": True},
        {"kind": "bot"},
        {"text": "Too short"},
        {"fields": {"remark_on": "c_1"}},
    ],
)
def test_what_cannot_be_quoted_is_not(more: dict[str, Any]) -> None:
    found = spoken(**more)
    assert quotable_of(Material(record=found, voices={"p_ben": True})) == {}


def test_names_in_what_the_room_agreed_on_are_masked() -> None:
    found = record(themes=[theme("c_1", "Astrid was not believed")])
    made = built(found, names=["Astrid"])
    assert "Astrid" not in str(made)
    assert "«name removed» was not believed." in texts(made, "leaders", "agreed")


def test_a_machines_words_are_a_draft_and_a_persons_are_reviewed() -> None:
    corrected = theme("c_1", "Who gets believed")
    corrected["translations"]["sv"]["status"] = "corrected"
    (draft,) = block(built(record(themes=[corrected])), "leaders", "agreed")
    assert draft.statuses == {"sv": "human_reviewed", "en": "human_reviewed"}
    (draft,) = block(built(record(themes=[theme("c_1", "x")])), "leaders", "agreed")
    assert draft.statuses == {"sv": "draft", "en": "human_reviewed"}
    untranslated = {**theme("c_1", "x"), "translations": {}}
    (draft,) = block(built(record(themes=[untranslated])), "leaders", "agreed")
    assert draft.statuses == {"sv": "missing", "en": "human_reviewed"}


def test_the_five_versions_agree_on_figures_dates_and_owners() -> None:
    found = record(
        themes=[theme("c_1", "Who gets believed", [0, 0, 0, 1, 5], reading="fits")],
        recommendations=[recommendation("c_2")],
        agreements=["c_2"],
    )
    made = built(found)
    told = [
        Told(f"m_{n}", d.audience, d.block, d.key, d.texts, d.statuses, d.sources, d.quote_of)
        for n, d in enumerate(made.drafts)
        if d.texts
    ]
    codes = {f.code for f in faults_of(told, made.facts)}
    assert not codes & {"figures_differ", "owner_differs", "date_differs", "dates_differ"}


def test_measures_have_denominators_and_nothing_of_too_few() -> None:
    measures = {
        "participation": {"words": {"g_star": 0.28, "n": 11}},
        "perspective": {"people": 11, "takers": 10, "checked_pairs": 20, "accuracy": 0.95},
        "translation": {"sv": {"fixed": 1, "of": 30}, "en": {"fixed": 1, "of": 25}},
    }
    told = texts(built(record(measures=measures)), "funders", "measures")
    assert [t[:30] for t in told] == [
        "How evenly people spoke: 0.28,",
        "10 of 11 restated what somebod",
        "Whoever said it first was aske",
        "People put the translation rig",
    ]
    assert "2 of 55 posts" in told[3]
    none = {"participation": {"words": None}, "perspective": None, "translation": {"sv": None}}
    (told,) = texts(built(record(measures=none)), "funders", "measures")
    assert told.startswith("Too few took part")


def test_the_easy_version_is_made_of_short_lines_and_asks_for_the_rest() -> None:
    long = "Nobody who works at night has the time to sit down with those who cannot sleep at all"
    found = record(themes=[theme("c_1", "Nobody dared to ask"), theme("c_2", long)])
    drafts = block(built(found), "citizens", "easy")
    assert [d.texts.get("en") for d in drafts[:1]] == ["Nobody dared to ask."]
    assert drafts[-1].question == "easy"
    assert "c_2" in drafts[-1].sources
    assert long not in str(drafts)


def test_a_dialogue_tells_of_outcomes_dissent_and_ratings() -> None:
    title = {"sv": "Börja ihop", "en": "Begin as one"}
    principle = {
        "id": "vst-1", "title": title, "state": "settled",
        "ratings": {"rated": 9, "counts": [0, 1, 1, 4, 3]},
        "agreed": {d: {"text": f"{d} We begin as one"} for d in LANGUAGES},
    }  # fmt: skip
    parked = {**principle, "id": "vst-2", "state": "parked", "agreed": None}
    found = record(principles=[principle, parked], charter={"title": title})
    dissents = {
        "vst-1": [
            {"contribution": "c_d", "words": {"en": "Not on nights", "sv": "Inte på natten"},
             "by_machine": ["sv"]}
        ]
    }  # fmt: skip
    made = built(found, dissents=dissents, agreed_from={"vst-1": "c_w"})
    assert "7 of 9 who answered" in texts(made, "leaders", "saw")[0]
    (agreed,) = block(made, "leaders", "agreed")
    assert agreed.texts["en"] == "On “Begin as one” we agreed on these words: en We begin as one."
    assert (agreed.sources, agreed.words_of) == (("charter", "c_w"), ("c_w",))
    disagreed = block(made, "leaders", "disagreed")
    assert [d.key for d in disagreed] == ["dissent:c_d", "parked:vst-2"]
    assert disagreed[0].words_of == ("c_d",)
