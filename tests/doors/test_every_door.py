"""Every route and every role: who gets in, and that nobody who is kept out changes anything.

The table is ``doors.tsv``: ``+`` in, ``-`` kept out (401, 403, 404 or sent to sign in), ``0`` let
in to a thing that is not there. A route that is not in it fails, and so does a row without a
route.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from hub.live import Key, NotAdmitted
from hub.meetings.models import Meeting
from tests.conftest import Hub, running_hub

from .world import (
    INVITATION,
    INVITED,
    ROLES,
    SECRETS,
    TABLE,
    Door,
    World,
    build,
    doors_of,
    fill,
    is_in,
    routes_of,
)


def read_table() -> dict[str, dict[str, str]]:
    """Marks by door and role."""
    head, *rows = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines()]
    assert tuple(head[1:]) == ROLES
    return {name: dict(zip(ROLES, marks, strict=True)) for name, *marks in rows}


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> AsyncIterator[World]:
    async with running_hub(tmp_path_factory.mktemp("doors"), blank) as hub:
        yield await build(hub)


def contents(hub: Hub) -> list[str]:
    """All that the database holds, but when people were last seen."""
    if hub.leased is not None:
        return hub.leased.contents()
    with sqlite3.connect(hub.settings.data_dir / "hub.db") as connection:
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
    await world.restore()
    before = contents(world.hub)
    changing = [door for door in doors_of(world.hub.app) if door.method != "GET"]
    for door in changing:
        for role in ROLES:
            if table[door.name][role] == "-":
                await world.knock(door, role)
        await world.hub.screens.settle()
        assert contents(world.hub) == before, door.name


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


# --- what only some see, and what nobody else learns of ------------------------------------------

# Doors that lead to what is hidden, the id that is hidden there, and who sees it.
ORGANISERS = ("facilitator", "editor", "admin")
HIDDEN = [
    *((f"GET {path}", {"meeting_id": "draft_meeting_id"}, ORGANISERS) for path in (
        "/api/v1/workshops/{meeting_id}",
        "/api/v1/workshops/{meeting_id}.ics",
        "/workshops/{meeting_id}",
        "/workshops/{meeting_id}.ics",
        "/workshops/{meeting_id}/replied",
    )),
    ("POST /workshops/{meeting_id}/reply", {"meeting_id": "draft_meeting_id"}, ORGANISERS),
    ("POST /api/v1/workshops/{meeting_id}/rsvp", {"meeting_id": "draft_meeting_id"}, ORGANISERS),
    *((f"GET {path}", {"summary_id": "draft_id"}, ORGANISERS) for path in (
        "/api/v1/summaries/{summary_id}",
        "/summaries/{summary_id}",
        "/summaries/{summary_id}.pdf",
        "/summaries/{summary_id}.txt",
    )),
    ("GET /summaries/{summary_id}/wall", {"summary_id": "draft_id"}, ()),
    ("POST /summaries/{summary_id}/answer", {"summary_id": "draft_id"}, ()),
    ("POST /api/v1/summaries/{summary_id}/answers", {"summary_id": "draft_id"}, ()),
    # Those who are in that session learn of it once they are asked.
    ("GET /api/v1/summaries/{summary_id}/points", {"summary_id": "draft_id"}, ORGANISERS),
    ("POST /api/v1/summaries/{summary_id}/points", {"summary_id": "draft_id"}, ()),
    ("POST /api/v1/summaries/{summary_id}/read-by-lived", {"summary_id": "draft_id"}, ORGANISERS),
]  # fmt: skip


@pytest.mark.parametrize(("name", "ids", "seen_by"), HIDDEN, ids=[name for name, *_ in HIDDEN])
async def test_a_draft_looks_like_nothing_to_whom_it_is_hidden_from(
    world: World, name: str, ids: dict[str, str], seen_by: tuple[str, ...]
) -> None:
    await world.restore()
    door = next(d for d in doors_of(world.hub.app) if d.name == name)
    # How often somebody may reply in an hour is another matter.
    world.hub.clock.move(minutes=61)
    hidden = {part: world.ids[id_] for part, id_ in ids.items()}
    absent = {part: f"{world.ids[id_][:2]}nothing" for part, id_ in ids.items()}
    for role in ROLES:
        found = await world.knock(door, role, ids=hidden)
        assert is_in(found) == (role in seen_by), (role, found.status_code)
        if role not in (*seen_by, *ORGANISERS):
            missing = await world.knock(door, role, ids=absent)
            assert _said(found, hidden) == _said(missing, absent), role
        await world.restore()


def _said(answer: httpx.Response, ids: dict[str, str]) -> tuple[int, str]:
    """An answer without what the caller knew already, and what is by chance in each."""
    text = answer.text
    for id_ in ids.values():
        text = text.replace(id_, "")
    return answer.status_code, re.sub(
        r'"(request_id|instance)":\s*"[^"]*"|\b[0-9a-f]{16,}\b', "", text
    )


async def test_only_the_right_secret_opens_a_link(world: World) -> None:
    await world.restore()
    behind = [
        door for door in doors_of(world.hub.app) if any(part in door.path for part in SECRETS)
    ]
    behind = [door for door in behind if "{secret}" in door.path]
    assert len(behind) > 12
    # The secret of one sort of link opens no other, and neither does what looks like one.
    secrets = {world.ids[own] for own in SECRETS.values()} | {
        INVITATION,
        "rp_nothing",
        "ow_nothing",
    }
    for door in behind:
        own = next(world.ids[secret] for part, secret in SECRETS.items() if part in door.path)
        world.hub.clock.move(minutes=61)
        for secret in secrets - {own}:
            answer = await world.knock(door, "admin", secret=secret)
            assert answer.status_code == 404, (door.name, secret, answer.status_code)
            assert INVITED not in answer.text
    await world.restore()


async def test_nobody_finds_out_whether_an_address_is_invited(world: World) -> None:
    await world.restore()
    door = next(
        d for d in doors_of(world.hub.app) if d.name == "POST /api/v1/workshops/{meeting_id}/rsvp"
    )
    answers = []
    for email in (INVITED, "somebody.else@example.org"):
        body = {"reply": "online", "name": "Inga", "email": email}
        path = fill(door.path, world.ids)
        answer = await world.hub.http.post(path, json=body)
        answers.append((answer.status_code, answer.json()))
    assert answers[0] == answers[1]
    await world.restore()
    for role in ROLES:
        if role in ORGANISERS:
            continue
        for door in doors_of(world.hub.app):
            # Who has the link is who is invited.
            if "workshops" in door.path and door.method == "GET":
                assert INVITED not in (await world.knock(door, role)).text, (door.name, role)


def test_no_door_stands_in_the_way_of_another(world: World) -> None:
    """A word in an address may be an id for the door before it, which would then be asked."""
    tried: list[Door] = []
    for route in routes_of(world.hub.app.routes):
        path = re.sub(r"{\w+}", "xyz", route.path)
        for method in sorted(route.methods - {"HEAD"}):
            before = [
                d.name for d in tried if d.method == method and d.route.path_regex.match(path)
            ]
            assert not before, f"{method} {route.path}"
            tried.append(Door(method, route.path, route))
    assert len(tried) > 300


@pytest.mark.timeout(300)
async def test_a_meeting_by_invitation_tells_others_only_that_it_takes_place(world: World) -> None:
    await world.restore()
    table = read_table()
    shown = 0
    for door in doors_of(world.hub.app):
        if door.method != "GET" or "{secret}" in door.path:
            continue
        for role in ("nobody", "participant", "researcher"):
            if table[door.name][role] == "-":
                continue
            ids = {"meeting_id": world.ids["closed_meeting_id"]}
            answer = await world.knock(door, role, ids=ids)
            assert "Hemligheten" not in answer.text, (door.name, role)
            shown += world.ids["closed_meeting_id"] in answer.text
    assert shown > 6
    for path in ("/search?q=hemligheten", "/api/v1/search?q=hemligheten"):
        answer = await world.hub.http.get(path)
        assert "Hemligheten" not in answer.text
        assert world.ids["closed_meeting_id"] not in answer.text


@pytest.mark.parametrize(("act", "role"), [("start", "editor"), ("publish", "facilitator")])
async def test_some_acts_are_not_for_every_organiser(world: World, act: str, role: str) -> None:
    for name in (
        "POST /api/v1/workshops/{meeting_id}/{act}",
        "POST /workshops/{meeting_id}/act/{act}",
    ):
        await world.restore()
        async with world.hub.database.transaction() as tx:
            meeting = await tx.get_one(Meeting, world.ids["meeting_id"])
            meeting.state = {"start": "confirmed", "publish": "ended"}[act]
        door = next(d for d in doors_of(world.hub.app) if d.name == name)
        answer = await world.knock(door, role, ids={"act": act})
        assert answer.status_code == 403, (name, answer.status_code)
        assert is_in(await world.knock(door, "admin", ids={"act": act}))
    await world.restore()
