"""What holds for the house as a whole: settings, migrations, the description of the API."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import create_engine
from starlette.routing import BaseRoute

import hub.charters.models
import hub.gatherings.models
import hub.language.models
import hub.people.models
import hub.programme.models  # noqa: F401
from hub import schema
from hub.app import create_app
from hub.db import Base
from hub.settings import Settings, SettingsError, load_settings
from tests.conftest import Hub

ROOT = Path(__file__).parent.parent


def test_migrations_match_the_models(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}"
    schema.migrate(url)
    engine = create_engine(schema.sync_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_migrations_can_be_undone(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}"
    schema.migrate(url)
    command.downgrade(schema._config(url), "base")
    assert schema.versions(url)[0] is None


def test_a_database_of_a_newer_hub_is_told_apart(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'hub.db'}"
    assert schema.is_known("0001", url)
    assert not schema.is_known("9999", url)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`HUB_{name.upper()}`" in (ROOT / "README.md").read_text("utf-8")


def test_every_make_target_is_in_the_readme() -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.M)
    readme = (ROOT / "README.md").read_text("utf-8")
    assert set(targets) >= {"run", "test", "check", "audit", "bench"}
    for target in set(targets) - {"help"}:
        assert f"make {target}" in readme, target


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("HUB_NONSENSE", "1", "HUB_NONSENSE"),
        ("HUB_TIMEZONE", "Europe/Atlantis", "HUB_TIMEZONE"),
        ("HUB_LOG_FORMAT", "xml", "HUB_LOG_FORMAT"),
        ("HUB_BASE_URL", "example.org", "HUB_BASE_URL"),
        ("HUB_DATABASE_URL", "mysql://x", "HUB_DATABASE_URL"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as stopped:
        load_settings()
    assert said in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_a_wrong_line_in_the_env_file_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("HUB_DATA_DIR=here\nHUB_OOPS=1\n")
    with pytest.raises(SettingsError, match="HUB_OOPS"):
        load_settings()


@pytest.mark.parametrize(
    ("settings", "workers"),
    [
        (Settings(), 2),
        (Settings(database_url="postgresql://x/y"), 2),
        (Settings(), 0),
    ],
)
def test_impossible_pairs_are_refused(settings: Settings, workers: int) -> None:
    with pytest.raises(SettingsError):
        settings.check_workers(workers)


def test_postgresql_and_redis_allow_several_workers() -> None:
    Settings(database_url="postgresql://x/y", redis_url="redis://x").check_workers(4)


async def test_the_api_describes_itself(hub: Hub) -> None:
    described = (await hub.http.get("/api/v1/openapi.json")).json()
    paths = described["paths"]
    for path in (
        "/api/v1/formats",
        "/api/v1/cases",
        "/api/v1/cases/{case_id}",
        "/api/v1/sessions",
        "/api/v1/sessions/{session_id}",
        "/api/v1/sessions/{session_id}/{move}",
        "/api/v1/sessions/{session_id}/contributions",
        "/api/v1/sessions/{session_id}/changes",
        "/api/v1/sessions/{session_id}/findings",
        "/api/v1/findings/{finding_id}",
        "/api/v1/sessions/{session_id}/hand",
        "/api/v1/sessions/{session_id}/floor",
        "/api/v1/sessions/{session_id}/record",
        "/api/v1/sessions/{session_id}/record/publish",
        "/api/v1/contributions/{contribution_id}",
        "/api/v1/contributions/{contribution_id}/translations/{language}",
        "/api/v1/contributions/{contribution_id}/dispute",
        "/api/v1/join",
        "/api/v1/translate",
    ):
        assert path in paths, path
    assert all(
        operation.get("description")
        for path, operations in paths.items()
        for operation in operations.values()
    )


async def test_health_and_readiness_and_metrics(hub: Hub) -> None:
    assert (await hub.http.get("/healthz")).json() == {"status": "ok"}
    ready = await hub.http.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["parts"]["database"]["state"] == "ok"
    assert ready.json()["parts"]["translation sv-en"]["state"] == "ok"
    metrics = await hub.http.get("/metrics")
    assert "hub_socket_connections" in metrics.text


@pytest.mark.sqlite("PostgreSQL is stopped and started in test_db.py")
async def test_readiness_tells_of_a_lost_database(hub: Hub) -> None:
    (hub.settings.data_dir / "hub.db").unlink()
    await hub.database.engine.dispose()
    lost = await hub.http.get("/readyz")
    assert lost.status_code == 503
    assert lost.json()["status"] == "down"


@pytest.mark.parametrize("path", ["/", "/api/v1/formats", "/nowhere", "/static/hub.css"])
async def test_every_answer_carries_the_safety_headers(hub: Hub, path: str) -> None:
    answer = await hub.http.get(path)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "http://hub.test"}, True),
    ],
)
async def test_a_foreign_page_cannot_change_anything(
    hub: Hub, headers: dict[str, str], allowed: bool
) -> None:
    answer = await hub.http.post("/sign-out", headers=headers)
    assert (answer.status_code == 303) is allowed
    assert answer.status_code in (303, 403)


def test_no_call_goes_through_a_worker_thread(tmp_path: Path) -> None:
    """The framework runs plain functions there: the way costs more than most requests do."""

    def plain_in(dependant: Dependant) -> Iterator[object]:
        if dependant.call is not None and not inspect.iscoroutinefunction(dependant.call):
            yield dependant.call
        for inner in dependant.dependencies:
            yield from plain_in(inner)

    def routes_in(routes: list[BaseRoute]) -> Iterator[APIRoute]:
        for route in routes:
            if isinstance(route, APIRoute):
                yield route
            elif (router := getattr(route, "original_router", None)) is not None:
                yield from routes_in(router.routes)

    found = list(routes_in(create_app(Settings(data_dir=tmp_path)).router.routes))
    assert len(found) > 300
    assert {call for route in found for call in plain_in(route.dependant)} == set()
