"""What ``deploy/`` says agrees with the hub: settings, commands, ports, limits."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.cli import app as commands
from hub.outlets import _commands_of
from hub.settings import Settings
from hub.web import MAX_BODY_BYTES

DEPLOY = Path(__file__).parent.parent / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("samrum*.service"))
TEXTS = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
PORT = "8000"
# What the hub is told by others' names: uvicorn, and the containers beside it.
OTHERS = {"HUB_HOST", "HUB_AT"}


class Unit(configparser.RawConfigParser):
    """A file of systemd: a name may come again."""

    def __init__(self) -> None:
        super().__init__(strict=False, interpolation=None, comment_prefixes=("#",))

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def unit(path: Path) -> Unit:
    found = Unit()
    found.read(path)
    return found


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return found


def options_of(name: str) -> set[str]:
    """The options of a command."""
    (found,) = (
        each
        for each in commands.registered_commands
        if (each.name or each.callback.__name__) == name  # type: ignore[union-attr]
    )
    assert found.callback is not None
    words = set()
    for parameter in found.callback.__annotations__:
        words.add("--" + parameter.replace("_", "-"))
    return words


def check_command(words: list[str]) -> None:
    """``serve --port 8000``: there is such a command, with such options."""
    assert words[0] in set(_commands_of(commands))
    options = {word for word in words if word.startswith("--")}
    assert options <= options_of(words[0]), words


def assignments(text: str) -> Iterator[str]:
    yield from re.findall(r"\bHUB_[A-Z_]+", text)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    known = {f"HUB_{name.upper()}" for name in Settings.model_fields}
    assert set(assignments(path.read_text("utf-8"))) <= known | OTHERS


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_a_command_that_exists_as_a_user_of_its_own(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["User"] == service["Group"] == "samrum"
    assert service["ProtectSystem"] == "strict"
    assert "/var/lib/samrum" in service["Environment"]
    assert "samrum" in service["StateDirectory"].split()
    program, *words = shlex.split(service["ExecStart"])
    if program.endswith("/hub"):
        check_command(words)
        assert words[words.index("--port") + 1] == PORT
    else:
        script = DEPLOY / Path(program).name
        assert script.stat().st_mode & stat.S_IXUSR
        hub, folder, days = words
        assert hub == "/opt/samrum/.venv/bin/hub"
        assert Path(folder).name in service["StateDirectory"].split()
        assert int(days) > 0


def test_the_timer_starts_the_backup_every_night() -> None:
    timer = unit(DEPLOY / "systemd" / "samrum-backup.timer")
    assert timer["Timer"]["OnCalendar"].startswith("*-*-* ")
    assert timer["Timer"]["Persistent"] == "yes"
    assert (DEPLOY / "systemd" / "samrum-backup.service").exists()


def test_the_containers_run_commands_that_exist() -> None:
    services = compose()["services"]
    hub, proxy = services["hub"], services["proxy"]
    check_command(hub["command"])
    told = hub["command"]
    port, workers = (told[told.index(name) + 1] for name in ("--port", "--workers"))
    assert f"http://127.0.0.1:{port}/readyz" in hub["healthcheck"]["test"][-1]
    assert proxy["environment"]["HUB_AT"] == f"hub:{port}"
    (command,) = re.findall(r"hub backup ([^\"]*)", services["backup"]["entrypoint"][-1])
    check_command(["backup", *command.split()])
    found = {k.removeprefix("HUB_").lower(): v for k, v in hub["environment"].items()}
    settings = Settings(
        database_url=found["database_url"], redis_url=found["redis_url"], data_dir=Path("x")
    )
    settings.check_workers(int(workers))


def test_everything_that_is_kept_is_in_a_volume() -> None:
    found = compose()
    services, volumes = found["services"], set(found["volumes"])
    used = {
        volume.split(":")[0]
        for service in services.values()
        for volume in service.get("volumes", ())
        if not volume.startswith(".")
    }
    assert used == volumes
    data = services["hub"]["environment"]["HUB_DATA_DIR"]
    assert f"data:{data}" in services["hub"]["volumes"]
    assert f"data:{data}" in services["backup"]["volumes"]
    needed = services["hub"]["depends_on"]
    assert set(needed) == {"database", "redis"}
    for name in (*needed, "hub"):
        assert services[name]["healthcheck"]["test"]


def test_the_image_starts_a_command_that_exists_and_holds_what_is_shipped() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    (started,) = re.findall(r"^CMD \[(.*)\]$", text, re.M)
    check_command([word.strip().strip('"') for word in started.split(",")])
    assert f"EXPOSE {PORT}" in text
    copied = {word for line in re.findall(r"^COPY (.*)$", text, re.M) for word in line.split()[:-1]}
    assert {"requirements.lock", "hub", "templates", "translations", "charters"} <= copied
    let_in = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8")
    assert {f"!{name}" for name in copied} <= set(let_in.splitlines())


def test_the_proxies_let_through_what_the_hub_takes() -> None:
    nginx = (DEPLOY / "proxy" / "nginx.conf").read_text("utf-8")
    assert f"client_max_body_size {MAX_BODY_BYTES};" in nginx
    assert f"server 127.0.0.1:{PORT};" in nginx
    # What is said of the caller is said in both places: one header set there hides all others.
    for header in ("Host $http_host", "X-Forwarded-For $remote_addr", "X-Forwarded-Proto $scheme"):
        assert nginx.count(f"proxy_set_header {header};") == 2
    assert "proxy_set_header Upgrade $http_upgrade;" in nginx
    assert "proxy_cache" not in nginx
    caddy = (DEPLOY / "proxy" / "Caddyfile").read_text("utf-8")
    assert f"max_size {MAX_BODY_BYTES // 1_000_000}MB" in caddy
    assert f"127.0.0.1:{PORT}" in caddy


def test_old_backups_go_once_a_new_one_is_there(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    hub.write_text('#!/bin/sh\n[ "$1 $2" = "backup --force" ] && echo whole > "$3"\n')
    hub.chmod(0o700)
    folder = tmp_path / "backups"
    folder.mkdir()
    for name, days in (("hub-old.zip", 20), ("hub-new.zip", 3), ("other.zip", 20)):
        (folder / name).write_text(name)
        at = time.time() - days * 86_400
        os.utime(folder / name, (at, at))
    script = [str(DEPLOY / "nightly-backup"), str(hub), str(folder), "14"]
    subprocess.run(script, check=True)
    left = {path.name for path in folder.iterdir()}
    assert {"hub-new.zip", "other.zip"} < left
    assert "hub-old.zip" not in left
    assert len(left) == 3
    hub.write_text("#!/bin/sh\nexit 1\n")
    os.utime(folder / "hub-new.zip", (0, 0))
    assert subprocess.run(script, check=False).returncode == 1
    assert (folder / "hub-new.zip").exists()
