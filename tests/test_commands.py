from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import run_hub
from tests.databases import environment_of

HUB = [sys.executable, "-m", "hub.cli"]


def run(*arguments: str, folder: Path, given: str = "", **more: str) -> subprocess.CompletedProcess:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")}
    environment |= {**environment_of(folder), **more}
    return run_hub(*arguments, environment=environment, given=given)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("begun")
    done = run("init", "--yes", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "/sign-in/sl_" in done.stdout
    return folder


def test_init_again_asks_for_nothing_and_keeps_what_is_there(begun: Path) -> None:
    key = (begun / "secret_key").read_text()
    again = run("init", folder=begun)
    assert again.returncode == 0
    assert "/sign-in/sl_" in again.stdout
    assert (begun / "secret_key").read_text() == key
    assert (begun / "secret_key").stat().st_mode & 0o077 == 0


def test_doctor_says_one_line_for_each_dependency(begun: Path) -> None:
    done = run("doctor", folder=begun)
    assert done.returncode == 0, done.stdout
    names = [line.split("  ")[0].strip() for line in done.stdout.splitlines()]
    assert names == [
        "database",
        "disk",
        "redis",
        "translation sv-en",
        "translation en-sv",
        "translations",
        "mail",
        "consent text",
        "secret key",
        "pdf",
        "clock",
    ]


def test_doctor_fails_where_the_database_is_missing(tmp_path: Path) -> None:
    done = run("doctor", folder=tmp_path)
    assert done.returncode == 1
    assert "down" in done.stdout


def test_serve_refuses_a_database_that_is_not_migrated(tmp_path: Path) -> None:
    done = run("serve", folder=tmp_path)
    assert done.returncode == 1
    assert "hub migrate" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_another_secret_key_stops_the_start_and_shows_in_doctor(begun: Path) -> None:
    run("token", "create", "admin@example.org", folder=begun)
    refused = run("serve", folder=begun, HUB_SECRET_KEY="another key than before")
    assert refused.returncode == 2
    assert refused.stderr.strip().endswith("see HUB_SECRET_KEY")
    assert len(refused.stderr.strip().splitlines()) == 1
    told = run("doctor", folder=begun, HUB_SECRET_KEY="another key than before")
    assert told.returncode == 1
    (line,) = (line for line in told.stdout.splitlines() if line.startswith("secret key"))
    assert "down" in line


def test_serve_refuses_several_workers_on_sqlite(begun: Path) -> None:
    done = run("serve", "--workers", "2", folder=begun)
    assert done.returncode == 2
    assert "PostgreSQL" in done.stderr


def test_a_token_is_all_that_is_printed(begun: Path) -> None:
    made = run("token", "create", "admin@example.org", folder=begun)
    assert made.returncode == 0
    assert made.stdout.startswith("at_")
    assert len(made.stdout.splitlines()) == 1
    missing = run("token", "create", "nobody@example.org", folder=begun)
    assert missing.returncode == 2
    assert missing.stdout == ""


def test_accounts_are_added_with_a_role(begun: Path) -> None:
    added = run("user", "add", "f@example.org", "--role", "facilitator", folder=begun)
    assert added.returncode == 0
    assert "/sign-in/sl_" in added.stdout
    again = run("user", "add", "F@example.org", "--role", "facilitator", folder=begun)
    assert again.returncode == 2
    wrong = run("user", "add", "g@example.org", "--role", "king", folder=begun)
    assert wrong.returncode == 2
    short = run(
        "user", "add", "h@example.org", "--role", "editor", "--password", folder=begun, given="x\n"
    )
    assert short.returncode == 2


def test_a_link_is_handed_out_where_there_is_no_mail(begun: Path) -> None:
    made = run("user", "link", "admin@example.org", folder=begun)
    assert made.returncode == 0
    assert "/sign-in/sl_" in made.stdout
    missing = run("user", "link", "nobody@example.org", folder=begun)
    assert missing.returncode == 2
    assert missing.stdout == ""


def test_an_unknown_session_is_not_exported(begun: Path) -> None:
    done = run("session", "export", "s_nothing", folder=begun)
    assert done.returncode == 2
    assert done.stdout == ""


def test_an_unknown_setting_stops_every_command(begun: Path) -> None:
    done = run("doctor", folder=begun, HUB_OOPS="1")
    assert done.returncode == 2
    assert "HUB_OOPS" in done.stderr


def test_lines_are_translated_one_for_one(begun: Path) -> None:
    lines = "Jag har ont i magen.\n\nVi ses på torsdag.\n"
    done = run("translate", "--from", "sv", "--to", "en", folder=begun, given=lines)
    assert done.returncode == 0, done.stderr
    out = done.stdout.splitlines()
    assert len(out) == 3
    assert out[1] == ""
    assert "thursday" in out[2].lower()


def test_models_are_listed(begun: Path) -> None:
    done = run("models", "list", folder=begun)
    assert done.returncode == 0
    assert "sv" in done.stdout


@pytest.mark.timeout(900)
def test_the_demonstration_plays_to_its_end_and_checks_its_record(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")}
    done = subprocess.run(
        [*HUB, "demo", "--once", "--speed", "200", "--port", "0"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=840,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    path = tmp_path / done.stdout.strip().splitlines()[-1]
    record = json.loads(path.read_text("utf-8"))
    results = [r["result"] for r in record["recommendations"]]
    assert "adopted_with_dissent" in results
    assert results.count("adopted") == 3
    assert "counting shoes" not in path.read_text("utf-8")
    assert "rädd för å bli hemskickad" not in path.read_text("utf-8")
