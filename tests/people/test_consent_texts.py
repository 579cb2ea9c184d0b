"""The texts that people say yes to: whole, plain, and never changed under anybody's feet."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from hub.audit.models import AuditEntry
from hub.people import actions as people
from hub.people.models import ConsentText
from hub.people.rules import CONSENT_CHOICES, LANGUAGES, understanding_faults
from hub.people.texts import SHIPPED, TextError, list_texts, read_text, shipped_texts

from ..conftest import START, Hub

WORD = re.compile(r"[\w’'-]+")
SENTENCE_END = re.compile(r"[.!?:]+(?=\s|$)")
LIX_LIMIT, SENTENCE_LIMIT = 40, 15
FILE = yaml.safe_load((SHIPPED / "2026-11.yaml").read_bytes())


def raw(**changes: Any) -> bytes:
    """The shipped file with parts of it changed; None takes a part away."""
    made = copy.deepcopy(FILE) | {"version": "2027-01", "date": "2027-01-10"} | changes
    kept = {name: value for name, value in made.items() if value is not None}
    return yaml.safe_dump(kept, allow_unicode=True).encode()


def lix(text: str) -> tuple[float, float]:
    """Mean words in a sentence, and LIX."""
    words = WORD.findall(text)
    sentences = max(1, len(SENTENCE_END.findall(text)))
    long = [word for word in words if len(word) > 6]
    return len(words) / sentences, len(words) / sentences + 100 * len(long) / len(words)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", shipped_texts(), ids=lambda text: text.version)
def test_a_shipped_text_is_easy_to_read(text: Any, language: str) -> None:
    data = text.data
    parts = {"short": data["short"][language]}
    parts |= {part["title"]["en"]: part["text"][language] for part in data["full"]}
    for question in data["questions"]:
        said = [question["question"], question["explanation"], *question["answers"]]
        parts[question["id"]] = [s.get("text", s)[language] for s in said]
    parts["choices"] = [f"{c['label'][language]}. {c['hint'][language]}" for c in data["choices"]]
    for name, lines in parts.items():
        mean, score = lix(" ".join(lines))
        assert mean <= SENTENCE_LIMIT, name
        assert score <= LIX_LIMIT, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_tells_all_that_the_law_asks_for(language: str) -> None:
    """Plan, purpose, methods, risks, who is responsible, voluntary, the right to stop."""
    text = shipped_texts()[-1].data
    whole = " ".join(line for part in text["full"] for line in part["text"][language]).lower()
    wanted = {
        "sv": ("målet är", "studien består", "räknar på", "risker", "ansvarar för studien",
               "pressa dig", "sluta när du vill", "allmänt intresse"),
        "en": ("the aim is", "the study is made up", "count things", "risks",
               "responsible for the study", "press you", "stop when you like", "public interest"),
    }  # fmt: skip
    titles = " ".join(part["title"][language].lower() for part in text["full"])
    for words in wanted[language]:
        assert words in whole or words in titles, words


def test_the_text_asks_for_each_choice_and_none_twice() -> None:
    assert [c["id"] for c in shipped_texts()[-1].data["choices"]] == list(CONSENT_CHOICES)


def test_an_own_text_of_an_organiser_is_read_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes(raw())
    assert [text.version for text in list_texts(tmp_path)] == ["2026-11", "2027-01"]
    assert list_texts(tmp_path)[-1].data["shipped"] is False
    assert [text.version for text in list_texts(tmp_path / "none")] == ["2026-11"]


def without(*path: Any) -> dict[str, Any]:
    """A part of the file with something in it taken away."""
    made = copy.deepcopy(FILE)
    place = made
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return {str(path[0]): made[path[0]]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": None}, "version"),
        ({"version": 2027}, "version"),
        ({"version": "x" * 21}, "version"),
        ({"date": "soon"}, "date"),
        ({"short": None}, "short: sv is missing"),
        (without("short", "en"), "short: en is missing"),
        ({"short": {"sv": [" "], "en": ["x"]}}, "short: sv must be"),
        ({"full": []}, "full"),
        ({"full": ["x"]}, "full, part 1"),
        (without("full", 0, "title"), "full, part 1, title: sv is missing"),
        (without("choices", "take_part"), "choices: take_part"),
        ({"choices": FILE["choices"] | {"sell": {}}}, "choices: sell"),
        (without("choices", "follow", "label", "sv"), "choices, follow, label: sv"),
        (without("questions", 0), "questions: there must be 2"),
        (without("questions", 0, "right"), "questions, number 1, right"),
        (without("questions", 1, "explanation"), "questions, number 2, explanation"),
        (without("questions", 0, "answers", 0, "id"), "questions, number 1, answer 1"),
        ({"questions": FILE["questions"][::-1]}, "questions: their ids"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_fault_in_a_text_is_said_in_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(TextError) as fault:
        read_text(raw(**changes), "own.yaml")
    assert str(fault.value).startswith(f"own.yaml: {said}")
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("content", [b"a: [", b"- x", b"", b"\xff\xfe\x00", b"[" * 9000])
def test_a_file_that_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(TextError, match=r"^own\.yaml"):
        read_text(content, "own.yaml")


def test_two_files_never_have_the_same_version(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes(raw(version="2026-11"))
    with pytest.raises(TextError, match="already a text with version 2026-11"):
        list_texts(tmp_path)


# --- which one is in force --------------------------------------------------------------------


async def sync(hub: Hub, folder: Path) -> list[str]:
    async with hub.database.transaction() as tx:
        return await people.sync_texts(tx, folder, now=hub.clock.now())


async def in_force(hub: Hub, at: datetime | None = None) -> str:
    async with hub.database.reading() as tx:
        return await people.version_in_force(tx, now=at or hub.clock.now())


async def test_texts_are_kept_once_and_the_audit_log_says_so(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "consent"
    assert await sync(hub, folder) == ["2026-11"]
    assert await sync(hub, folder) == []
    async with hub.database.reading() as tx:
        entries = list(await tx.scalars(select(AuditEntry)))
    assert [(e.act, e.actor, e.facts) for e in entries] == [
        ("consent_text_changed", "system", {"version": "2026-11"})
    ]


async def test_a_text_that_people_have_read_can_not_be_changed(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "consent"
    folder.mkdir()
    (folder / "own.yaml").write_bytes(raw(date="2026-11-02"))
    await sync(hub, folder)
    (folder / "own.yaml").write_bytes(raw(date="2026-11-02", news={"sv": "Nytt", "en": "New"}))
    with pytest.raises(TextError, match="2027-01 is not what people have read"):
        await sync(hub, folder)
    (folder / "own.yaml").unlink()
    assert await sync(hub, folder) == []
    assert await in_force(hub) == "2027-01"


async def test_an_own_text_counts_from_its_day(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "consent"
    folder.mkdir()
    (folder / "own.yaml").write_bytes(raw())
    await sync(hub, folder)
    first = datetime(2027, 1, 10, tzinfo=UTC)
    assert await in_force(hub) == "2026-11"
    assert await in_force(hub, first - timedelta(seconds=1)) == "2026-11"
    assert await in_force(hub, first) == "2027-01"


async def test_no_shipped_text_takes_the_place_of_an_own_one(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "consent"
    folder.mkdir()
    (folder / "own.yaml").write_bytes(raw(version="2026-06", date="2026-06-01"))
    await sync(hub, folder)
    assert await in_force(hub) == "2026-06"


async def test_before_anything_is_kept_the_shipped_text_is_in_force(hub: Hub) -> None:
    async with hub.database.reading() as tx:
        assert (await tx.scalar(select(ConsentText))) is None
    assert await in_force(hub) == "2026-11"
    assert await in_force(hub, START - timedelta(days=4000)) == "2026-11"


# --- understanding ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        ({"q1": "b", "q2": "a"}, {}),
        ({"q1": "a", "q2": "a"}, {"/understood/q1": "understood_wrong"}),
        ({"q1": "b"}, {"/understood/q2": "understood_missing"}),
        ({"q1": "b", "q2": "z"}, {"/understood/q2": "understood_missing"}),
        (
            {"q1": None, "q2": ""},
            {"/understood/q1": "understood_missing", "/understood/q2": "understood_missing"},
        ),
    ],
)
def test_answers_are_right_wrong_or_missing(answers: Any, faults: dict[str, str]) -> None:
    assert understanding_faults(shipped_texts()[-1].questions, answers) == faults
