"""Home, search, lists and feeds of a hub with years behind it: 1,000 summaries and 500 meetings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import hub.app  # noqa: F401 - all tables
from hub.db import Database, new_id
from hub.meetings.models import Meeting
from hub.search import actions as search
from hub.settings import Settings
from hub.summaries.blocks import AUDIENCES
from hub.summaries.models import Edition, Summary

SUMMARIES: Final = 1000
MEETINGS: Final = 500
# What is asked for; ``{word}`` is another word each time.
PATHS: Final = (
    "/",
    "/search?q={word}",
    "/summaries",
    "/calendar",
    "/calendar.ics",
    "/summaries/feed.atom?language=sv",
)
LETTERS: Final = "etaoinshrdlucmfwypvbgkåäö"


def vocabulary(chance: random.Random) -> list[str]:
    """Made-up words, of which the common ones are short and come often."""
    return ["".join(chance.choices(LETTERS, k=chance.randint(2, 11))) for _ in range(4000)]


def _sentence(chance: random.Random, words: list[str], count: int) -> str:
    weights = [1 / (place + 1) for place in range(len(words))]
    return " ".join(chance.choices(words, weights=weights, k=count))


def meetings(now: datetime) -> Iterator[Meeting]:
    for number in range(MEETINGS):
        starts = now + timedelta(hours=12 * (number - MEETINGS // 2))
        local = starts.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
        yield Meeting(
            kind="external",
            title={"sv": f"Från fynd till schema {number}", "en": f"From findings {number}"},
            cases=["esther"] if number % 3 else ["ward"],
            audiences=["educators"],
            zone="Europe/London",
            starts_local=local,
            ends_local=local,
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            state="planned",
            uid=f"{new_id('w')}@hub.test",
            created_at=now,
            updated_at=now,
        )


def summary(number: int, now: datetime, text: str) -> tuple[Summary, Edition]:
    at = now - timedelta(hours=number)
    made = Summary(
        id=new_id("u"),
        title={"sv": f"Hemgång {number}", "en": f"Going home {number}"},
        state="published",
        edition=1,
        built_at=at,
        created_at=at,
        published_at=at,
    )
    told = {
        "id": new_id("m"), "key": "headline", "texts": {"sv": text[:120], "en": text[:120]},
        "statuses": {"sv": "human_reviewed", "en": "human_reviewed"}, "sources": ["session"],
        "quote": None, "words_of": [],
    }  # fmt: skip
    edition = Edition(
        summary_id=made.id,
        number=1,
        content={a: [{"block": "headline", "statements": [told]}] for a in AUDIENCES},
        facts={},
        published_at=at,
    )
    return made, edition


async def fill(folder: Path) -> list[str]:
    """Fill the database in a data folder; returns words to search for."""
    chance = random.Random(7)
    words, now = vocabulary(chance), datetime.now(UTC)
    database = Database(Settings(data_dir=folder).database)
    try:
        async with database.transaction() as tx:
            tx.add_all(meetings(now))
        for start in range(0, SUMMARIES, 50):
            async with database.transaction() as tx:
                for number in range(start, start + 50):
                    text = _sentence(chance, words, 500)
                    made, edition = summary(number, now, text)
                    found = {language: (made.title[language], text) for language in ("sv", "en")}
                    tx.add(made)
                    await tx.flush()
                    tx.add(edition)
                    await search.put(
                        tx, "summary", made.id, part="citizens", url=f"/summaries/{made.id}",
                        at=now, texts=found,
                    )  # fmt: skip
    finally:
        await database.close()
    return words
