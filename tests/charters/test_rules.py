"""The rules: who may move which status, what falls back, what dialogues suggest, what changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.charters import rules
from hub.people.rules import ACCOUNT_ROLES

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
ROLES = (*ACCOUNT_ROLES, "system")
UP = {
    ("missing", "draft"): {"admin", "editor", "system"},
    ("draft", "human_reviewed"): {"admin", "editor"},
    ("human_reviewed", "tested_in_dialogue"): {"admin", "editor"},
    ("tested_in_dialogue", "adopted"): {"admin", "editor"},
}
DOWN = {
    ("human_reviewed", "draft"),
    ("tested_in_dialogue", "draft"),
    ("adopted", "draft"),
    ("tested_in_dialogue", "human_reviewed"),
    ("adopted", "human_reviewed"),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("old", rules.STATUSES)
@pytest.mark.parametrize("new", rules.STATUSES)
def test_a_status_moves_by_the_table_alone(role: str, old: str, new: str) -> None:
    allowed = role in UP.get((old, new), set()) or ((old, new) in DOWN and role == "system")
    assert rules.may_move(role, old, new) is allowed


def text(status: str = "draft", words: str = "Ord", **more: Any) -> rules.Text:
    if status == "missing":
        return rules.Text()
    return rules.Text(words, f"{words}.", status, more.pop("origin", "person"), revision=1, **more)


def state(sv: str = "draft", en: str = "draft", *, source_language: str = "both") -> rules.State:
    principle = rules.Principle("p-1", {"sv": text(sv), "en": text(en, "Words")})
    return rules.State("c", source_language=source_language, principles=(principle,))


def event(kind: str, role: str = "editor", **data: Any) -> rules.Event:
    return rules.Event(2, NOW, kind, role, data)


def changed(before: rules.State, language: str, **more: Any) -> rules.Principle:
    data = {"origin": "person", "substance": False, **more}
    found = rules.apply(
        before,
        event(
            "text_changed", principle="p-1", language=language, title="Nytt", text="Nytt.", **data
        ),
    ).find("p-1")
    assert found is not None
    return found


AFTER = {
    "missing": "draft",
    "draft": "draft",
    "human_reviewed": "human_reviewed",
    "tested_in_dialogue": "human_reviewed",
    "adopted": "human_reviewed",
}


@pytest.mark.parametrize("status", rules.STATUSES)
@pytest.mark.parametrize("other", rules.STATUSES)
@pytest.mark.parametrize("source_language", rules.SOURCE_LANGUAGES)
@pytest.mark.parametrize("substance", [True, False])
def test_a_change_makes_its_own_text_and_the_other_language_fall_back(
    status: str, other: str, source_language: str, substance: bool
) -> None:
    before = state(status, other, source_language=source_language)
    after = changed(before, "sv", substance=substance)
    assert after.texts["sv"].status == AFTER[status]
    assert after.texts["sv"].revision == 2
    follows = source_language == "sv" or (source_language == "both" and substance)
    stays = not follows or other == "missing"
    assert after.texts["en"].status == (other if stays else "draft")
    assert after.texts["en"].words == before.principles[0].texts["en"].words
    moved = [(entry["language"], entry["status"]) for entry in after.log]
    assert ("sv", AFTER[status]) in moved or status == AFTER[status]
    assert (("en", "draft") in moved) == (not stays and other != "draft")


@pytest.mark.parametrize("status", rules.STATUSES)
def test_a_machines_words_are_a_draft_whatever_stood_there(status: str) -> None:
    found = changed(state(status), "sv", origin="machine", engine="argos 1.0; glossary 3")
    assert found.texts["sv"].status == "draft"
    assert found.texts["sv"].engine == "argos 1.0; glossary 3"


def test_a_machines_text_that_a_person_edits_is_a_persons() -> None:
    machine = rules.Principle(
        "p-1", {"sv": text(), "en": text(origin="machine", engine="argos 1.0")}
    )
    found = changed(rules.State("c", principles=(machine,)), "en").texts["en"]
    assert (found.origin, found.engine, found.status) == ("person", "", "draft")


def test_what_was_adopted_stays_in_sight_while_it_is_reworked() -> None:
    tested = state("tested_in_dialogue", "tested_in_dialogue")
    adopted = rules.apply(
        tested,
        event(
            "adopted",
            principles=["p-1"],
            body="Brukarrådet",
            on="2026-11-20",
            number="1.0",
            note={"sv": "x", "en": "x"},
        ),
    )
    pair = adopted.principles[0].adopted
    assert pair is not None
    assert (pair["body"], pair["on"], pair["version"]) == ("Brukarrådet", "2026-11-20", "1.0")
    reworked = changed(adopted, "sv")
    assert reworked.texts["sv"].status == "human_reviewed"
    assert reworked.texts["en"].status == "adopted"
    assert reworked.adopted == pair


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("status_moved", {"principle": "p-1", "language": "sv", "to": "tested_in_dialogue"}),
        ("status_moved", {"principle": "p-1", "language": "sv", "to": "adopted"}),
        ("status_moved", {"principle": "p-1", "language": "sv", "to": "missing"}),
        ("status_moved", {"principle": "p-9", "language": "sv", "to": "human_reviewed"}),
        ("adopted", {"principles": ["p-1"], "body": "x", "on": "2026-11-20", "number": "1.0"}),
        ("principle_added", {"id": "p-1", "texts": {}}),
        ("principle_restored", {"id": "p-1"}),
        ("created", {"state": {"id": "c"}}),
    ],
)
def test_a_log_that_cannot_have_happened_is_not_replayed(kind: str, data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        rules.apply(state(), event(kind, **data))


def test_words_alone_make_a_draft() -> None:
    moved = event("status_moved", principle="p-1", language="en", to="draft")
    with pytest.raises(ValueError, match="words make a draft"):
        rules.apply(state(en="missing"), moved)


@pytest.mark.parametrize("role", ["facilitator", "researcher", "system"])
def test_a_review_by_somebody_else_is_not_replayed(role: str) -> None:
    moved = event("status_moved", role, principle="p-1", language="sv", to="human_reviewed")
    with pytest.raises(ValueError, match="not moved"):
        rules.apply(state(), moved)


def test_the_status_of_a_charter_is_the_lowest_of_all() -> None:
    assert rules.status_of(state("adopted", "human_reviewed")) == "human_reviewed"
    assert rules.status_by_language(state("adopted", "missing")) == {
        "sv": "adopted",
        "en": "missing",
    }
    assert rules.status_of(rules.State("c")) == "missing"


# --- rounds ------------------------------------------------------------------------------------


def test_a_round_is_over_these_very_words_for_fourteen_days() -> None:
    closes_at = rules.ends_at(NOW)
    asked = rules.apply(state(), event("round_opened", closes_at=closes_at.isoformat()))
    principle = asked.principles[0]
    assert closes_at - NOW == timedelta(days=14)
    assert rules.round_faults(asked, principle, closes_at - timedelta(seconds=1)) == "round_running"
    assert rules.round_faults(asked, principle, closes_at) is None
    assert rules.round_faults(asked, changed(asked, "sv"), closes_at) == "round_missing"
    assert rules.round_faults(state(), principle, closes_at) == "round_missing"


# --- logs of files -----------------------------------------------------------------------------


def entry(status: str, **more: Any) -> dict[str, Any]:
    return {"language": "sv", "status": status, "note": "läst", "outcome": None, **more}


@pytest.mark.parametrize(
    ("status", "log", "fault"),
    [
        ("draft", [], None),
        ("draft", [entry("draft")], None),
        ("human_reviewed", [], "status_without_log"),
        ("human_reviewed", [entry("human_reviewed")], None),
        ("human_reviewed", [entry("draft"), entry("human_reviewed")], None),
        ("human_reviewed", [entry("human_reviewed", note=" ")], "status_without_note"),
        ("tested_in_dialogue", [entry("tested_in_dialogue", outcome="o")], "status_skipped"),
        (
            "tested_in_dialogue",
            [entry("human_reviewed"), entry("tested_in_dialogue")],
            "status_without_dialogue",
        ),
        (
            "tested_in_dialogue",
            [entry("human_reviewed"), entry("tested_in_dialogue", dialogue="s")],
            None,
        ),
        ("adopted", [entry("human_reviewed"), entry("adopted")], "status_skipped"),
        ("adopted", [entry("human_reviewed"), entry("human_reviewed")], "status_skipped"),
        ("adopted", [entry("human_reviewed")], "status_without_log"),
        ("draft", [entry("human_reviewed"), entry("draft")], None),
    ],
)
def test_a_file_cannot_claim_a_status_that_its_log_does_not_reach(
    status: str, log: list[dict[str, Any]], fault: str | None
) -> None:
    assert rules.log_fault(status, log) == fault


# --- suggestions -------------------------------------------------------------------------------


@dataclass
class Came:
    decision: str | None
    agreed: dict[str, Any] | None = None
    put: dict[str, Any] = field(default_factory=dict)
    dissent: list[Any] = field(default_factory=list)
    closed_at: datetime | None = NOW


def reword(words: str = "Nytt") -> Came:
    return Came("reword", {"sv": {"title": words, "text": f"{words}."}})


@pytest.mark.parametrize(
    ("outcomes", "suggested"),
    [
        ([], None),
        ([Came("park", closed_at=None)], None),
        ([Came(None)], None),
        ([Came("keep")], "keep"),
        ([Came("keep"), Came("keep"), Came("park")], "keep"),
        ([reword()], "reword"),
        ([reword(), reword()], "reword"),
        ([reword(), reword(), Came("keep")], "reword"),
        ([reword(), Came("keep")], "back_to_dialogue"),
        ([reword("Ett"), reword("Två")], "back_to_dialogue"),
        ([Came("change")], "change"),
        ([Came("change"), Came("change")], "change"),
        ([Came("change"), Came("keep")], "back_to_dialogue"),
        ([Came("drop")], "drop"),
        ([Came("drop"), Came("change")], "back_to_dialogue"),
    ],
)
def test_what_dialogues_came_to_suggests_what_to_do(
    outcomes: list[Came], suggested: str | None
) -> None:
    assert rules.suggest(outcomes) == suggested


def test_words_that_were_agreed_on_and_stand_there_are_kept() -> None:
    principle = rules.Principle("p-1", {"sv": text(words="Nytt"), "en": text()})
    assert rules.suggest([reword()], principle) == "keep"
    assert rules.suggest([reword(), Came("keep")], principle) == "keep"


def test_a_dialogue_tests_what_it_agreed_on_or_with_dissent_what_was_put_to_it() -> None:
    put = {"sv": {"title": "A", "text": "B"}}
    assert rules.tested_words(reword(), "sv") == {"title": "Nytt", "text": "Nytt."}
    assert rules.tested_words(reword(), "en") is None
    assert rules.tested_words(Came("park", put=put), "sv") is None
    assert rules.tested_words(Came("change", put=put, dissent=[{}]), "sv") == put["sv"]
    assert rules.tested_words(Came("keep", put["sv"] and put, closed_at=None), "sv") is None


# --- what changed ------------------------------------------------------------------------------


def test_a_change_is_told_in_whole_words() -> None:
    assert rules.diff("Vi är med från början.", "Vi är alla med från första dagen.") == (
        ("same", "Vi är "),
        ("added", "alla "),
        ("same", "med från "),
        ("removed", "början"),
        ("added", "första dagen"),
        ("same", "."),
    )
    assert rules.diff("a b c", "x y c") == (("removed", "a b"), ("added", "x y"), ("same", " c"))
    assert rules.diff("", "") == ()
    assert rules.diff("", "Nytt") == (("added", "Nytt"),)


@given(st.text("ab .\n-é", max_size=40), st.text("ab .\n-é", max_size=40))
def test_the_runs_of_a_change_make_both_texts(old: str, new: str) -> None:
    runs = rules.diff(old, new)
    assert "".join(words for kind, words in runs if kind != "added") == old
    assert "".join(words for kind, words in runs if kind != "removed") == new
    assert all(words for _, words in runs)


def test_a_state_is_the_same_after_being_stored() -> None:
    before = state("adopted", "missing")
    assert rules.read_state(rules.state_of(before)) == before
