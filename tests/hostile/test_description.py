"""The API as it describes itself, asked at random by everybody: no fault of ours, nothing that is
not described, nothing of others.

``EXAMPLES`` says how many calls each role makes of each kind; ``make test`` makes few.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import running_hub
from tests.doors.world import ROLES, SAID, THOUGHT, Door, World, build

EXAMPLES = int(os.environ.get("EXAMPLES", "1"))
INSIDE = ("participant", "facilitator", "admin")
# What a researcher reads of a session: its posts, without aliases.
TABLE = ("/api/v1/sessions/{session_id}/research.csv", "researcher")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
load_all_checks()


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> AsyncIterator[World]:
    async with running_hub(tmp_path_factory.mktemp("described"), blank) as hub:
        hub.app.state.limits._speed = 2
        yield await build(hub)


def drawn(operation: Any, count: int) -> list[Case]:
    """Calls of one kind, the same at every run."""
    found: list[Case] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy())
    def draw(case: Case) -> None:
        found.append(case)

    draw()
    return found


async def send(world: World, case: Case, role: str) -> httpx.Response:
    told = case.as_transport_kwargs(base_url="http://hub.test")
    headers = {
        name: value
        for name, value in (told.get("headers") or {}).items()
        if name.lower() not in ("authorization", "user-agent", "cookie")
    }
    request = world.hub.http.build_request(
        told["method"],
        told["url"],
        params=told.get("params"),
        headers={**headers, **world.headers[role]},
        json=told.get("json"),
        files=files_of(told.get("files")),
        content=told.get("data") if isinstance(told.get("data"), bytes | str) else None,
        data=told.get("data") if isinstance(told.get("data"), dict) else None,
    )
    await request.aread()
    world.hub.http.cookies.clear()
    return await world.hub.http.send(request)


def files_of(drawn_files: Any) -> Any:
    """What was drawn for a file, as bytes: anything may come in its place."""
    if not drawn_files:
        return None
    pairs = drawn_files.items() if isinstance(drawn_files, dict) else drawn_files
    return [(name, (name, str(value).encode("utf-8", "replace"))) for name, value in pairs]


@pytest.mark.timeout(3600)
async def test_every_call_answers_as_it_says_and_tells_nothing_of_others(world: World) -> None:
    schema = schemathesis.openapi.from_dict(world.hub.app.openapi())
    wrong: list[str] = []
    for result in schema.get_all_operations():
        operation = result.ok()
        cases = drawn(operation, EXAMPLES * len(ROLES))
        names = world.names(Door(operation.method.upper(), operation.path))
        for number, case in enumerate(cases):
            role = ROLES[number % len(ROLES)]
            for name in case.path_parameters or {}:
                if name in names and number % 4:
                    case.path_parameters[name] = names[name]
            answer = await send(world, case, role)
            wrong += faults(case, answer, role)
            if THOUGHT in answer.text and role != "participant":
                wrong.append(f"{operation.label} tells {role} a private thought")
            if SAID in answer.text and role not in INSIDE and (case.path, role) != TABLE:
                wrong.append(f"{operation.label} tells {role} what was said")
        await world.restore()
    assert not wrong, f"{len(wrong)}\n" + "\n".join(sorted(set(wrong))[:40])


def faults(case: Case, answer: httpx.Response, role: str) -> list[str]:
    """What the answer is that the description does not say."""
    try:
        case.validate_response(answer, checks=CHECKS)
    except BaseExceptionGroup as group:
        return [
            f"{case.operation.label} as {role}: {answer.status_code} {type(e).__name__} {e!s:.200}"
            for e in group.exceptions
        ]
    return []
