"""The record that is kept after a purge, without somebody who withdraws."""

from __future__ import annotations

from typing import Any

import pytest

from hub.gatherings.rules.kept import kept_without

MAJA = {"id": "p_maja", "name": "Maja", "role": "patient", "group": "lived"}
TOM = {"id": "p_tom", "name": "Tom", "role": "practitioner", "group": "practice"}
WORDS = "fyra lappar med fyra nummer"


def said(author: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    translations = {"en": {"text": "four slips with four numbers", "by": None}}
    return {
        "id": "c_1", "author": author, "text": text, "translations": translations,
        "fields": {"reason": text}, "removed": False, **more,
    }  # fmt: skip


def record() -> dict[str, Any]:
    quoting = said(TOM, f"Maja sa ”{WORDS}” igår", translations={})
    proposal = said(MAJA, "Ett nummer att ringa hela dygnet")
    return {
        "phases": [{"items": [said(MAJA, WORDS), quoting]}],
        "recommendations": [
            {"result": result, "author": MAJA, "what": "Ett nummer", "contribution": proposal}
            for result in ("adopted", "parked")
        ],
        "restatements": [{"author": TOM, "of_author": MAJA}],
    }


@pytest.mark.parametrize("keep", [True, False])
def test_the_name_goes_everywhere(keep: bool) -> None:
    assert "Maja" not in str(kept_without(record(), "p_maja", keep_words=keep))


def test_words_quotations_and_translations_go_with_their_author() -> None:
    found = kept_without(record(), "p_maja", keep_words=False)
    own, quoting = found["phases"][0]["items"]
    assert (own["text"], own["translations"], own["author"], own["removed"]) == ("", {}, None, True)
    assert WORDS not in str(quoting)
    assert quoting["author"] == TOM


def test_what_was_adopted_stays_and_what_was_not_goes() -> None:
    adopted, parked = kept_without(record(), "p_maja", keep_words=False)["recommendations"]
    assert adopted["what"] == "Ett nummer"
    assert adopted["author"]["name"] is None
    assert adopted["contribution"]["text"]
    assert parked["what"] is None
    assert parked["contribution"]["text"] == ""


def test_words_may_stay_without_a_name() -> None:
    found = kept_without(record(), "p_maja", keep_words=True)
    own, quoting = found["phases"][0]["items"]
    assert own["text"] == WORDS
    assert own["author"]["name"] is None
    assert WORDS in quoting["text"]


def test_a_record_without_the_person_stays_as_it_is() -> None:
    assert kept_without(record(), "p_nobody", keep_words=False) == record()
