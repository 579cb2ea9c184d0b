"""Every route and every role: who gets in, and that nobody who is kept out changes anything.

The table is ``doors.tsv``: ``+`` in, ``-`` kept out (401, 403, 404 or sent to sign in), ``0`` let
in to a thing that is not there. A route that is not in it fails, and so does a row without a
route.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.live import Key, NotAdmitted
from tests.conftest import Hub, running_hub

from .world import ROLES, TABLE, Door, World, build, doors_of, is_in


def read_table() -> dict[str, dict[str, str]]:
    """Marks by door and role."""
    head, *rows = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines()]
    assert tuple(head[1:]) == ROLES
    return {name: dict(zip(ROLES, marks, strict=True)) for name, *marks in rows}


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> AsyncIterator[World]:
    async with running_hub(tmp_path_factory.mktemp("doors"), blank) as hub:
        yield await build(hub)


def contents(path: Path) -> list[str]:
    """All that the database holds, but when people were last seen."""
    with sqlite3.connect(path) as connection:
        return [line for line in connection.iterdump() if "INSERT INTO" in line]


@pytest.mark.timeout(300)
async def test_every_door_lets_in_whom_the_table_says(world: World) -> None:
    table = read_table()
    doors = doors_of(world.hub.app)
    assert {door.name for door in doors} == set(table)
    wrong: list[str] = []
    for door in doors:
        marks = table[door.name]
        for role in sorted(ROLES, key=lambda role: marks[role] != "-"):
            answer = await world.knock(door, role)
            if answer.status_code >= 500:
                wrong.append(f"{door.name} as {role}: {answer.status_code}")
            mark = "+" if is_in(answer) else "-"
            if marks[role] == "0":
                mark = "0" if answer.status_code == 404 else mark
            if mark != marks[role]:
                wrong.append(f"{door.name} as {role}: {mark} {answer.status_code}")
            if mark != "-":
                await world.restore()
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(300)
async def test_who_is_kept_out_changes_nothing(world: World) -> None:
    table = read_table()
    path = world.hub.settings.data_dir / "hub.db"
    await world.restore()
    before = contents(path)
    changing = [door for door in doors_of(world.hub.app) if door.method != "GET"]
    for door in changing:
        for role in ROLES:
            if table[door.name][role] == "-":
                await world.knock(door, role)
        await world.hub.screens.settle()
        assert contents(path) == before, door.name


async def test_a_token_that_nobody_has_opens_nothing_that_is_not_open_to_all(world: World) -> None:
    table = read_table()
    await world.restore()
    for door in doors_of(world.hub.app):
        if door.is_call and table[door.name]["nobody"] == "-":
            stranger = Door(door.method, door.path, door.route)
            world.headers["stranger"] = {"Authorization": "Bearer pt_nobody"}
            world.cookies["stranger"] = {}
            answer = await world.knock(stranger, "stranger")
            assert answer.status_code == 401, door.name


@pytest.mark.parametrize("role", ROLES)
async def test_a_socket_lets_in_whom_the_room_lets_in(world: World, role: str) -> None:
    await world.restore()
    live = world.hub.app.state.live
    marks = read_table()["GET /sessions/{session_id}"]
    for key in (Key(world.tokens[role] or None, {}), Key(None, world.cookies[role])):
        try:
            admitted = await live._admit(key, world.ids["session_id"])
        except NotAdmitted:
            assert marks[role] == "-"
        else:
            assert marks[role] == "+"
            assert admitted.runs == (role in ("facilitator", "admin"))


async def test_the_table_can_fail(hub: Hub) -> None:
    world = await build(hub)
    desk = next(d for d in doors_of(hub.app) if d.name == "GET /sessions/{session_id}/desk")
    assert is_in(await world.knock(desk, "facilitator"))
    assert not is_in(await world.knock(desk, "participant"))
