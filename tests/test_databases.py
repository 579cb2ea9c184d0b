"""The databases of tests: clean for each, and the same one for a test in every run."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from tests import databases
from tests.conftest import Hub, running_hub


async def fill_and_spoil(hub: Hub) -> None:
    """A session of three, and what ships changed, gone and added to."""
    await hub.session()
    async with hub.database.transaction() as tx:
        await tx.execute(text("UPDATE charters SET updated_at = now()"))
        await tx.execute(text("DELETE FROM charter_events WHERE id = 1"))
        await tx.execute(
            text(
                "INSERT INTO charter_events (charter_id, number, at, kind, role, data)"
                " SELECT charter_id, 9999, at, kind, role, data FROM charter_events LIMIT 1"
            )
        )


async def test_a_database_of_postgresql_comes_back_as_it_was(tmp_path: Path, blank: Path) -> None:
    seen = []
    for _ in range(2):
        async with running_hub(tmp_path, blank, on="postgresql") as hub:
            assert hub.leased is not None
            seen.append(hub.leased.contents())
            await fill_and_spoil(hub)
            async with hub.database.reading() as tx:
                newest = await tx.scalar(text("SELECT max(id) FROM charter_events"))
            assert hub.leased.contents() != seen[-1]
            seen.append([str(newest)])
    assert seen[0] == seen[2]
    # Numbers that the database gives out begin anew too.
    assert seen[1] == seen[3]


async def test_what_a_file_of_tests_has_set_up_comes_back_too(tmp_path: Path, blank: Path) -> None:
    async with running_hub(tmp_path, blank, on="postgresql") as hub:
        assert hub.leased is not None
        await hub.session()
        hub.leased.keep()
        before = hub.leased.contents()
        await fill_and_spoil(hub)
        hub.leased.clean()
        assert hub.leased.contents() == before


def test_a_test_has_the_same_database_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"tests/people/test_forms.py::test_{number}" for number in range(200)]
    monkeypatch.setattr(databases, "_chosen", ["either"])
    chosen = [databases.database_of(name) for name in names]
    assert chosen == [databases.database_of(name) for name in names]
    assert 50 < chosen.count("postgresql") < 90
    # By hand: crc32 of this name is 2762085881, which three divides with 2 left over.
    assert databases.database_of("tests/test_house.py") == "postgresql"
    monkeypatch.setattr(databases, "_chosen", ["sqlite"])
    assert {databases.database_of(name) for name in names} == {"sqlite"}


def test_a_database_that_nobody_knows_is_no_choice() -> None:
    with pytest.raises(pytest.UsageError, match="sqlite, postgresql, either"):
        databases.choose("oracle")
