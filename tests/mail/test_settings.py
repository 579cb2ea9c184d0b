"""The address of the mail server is understood, or refused with one line that leaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.health import check_parts
from hub.mail.transport import find_fault, sender_of
from hub.settings import Settings, SettingsError, load_settings, read_smtp_url
from tests.conftest import Hub

from .conftest import Server


def test_an_address_is_read_whole() -> None:
    found = read_smtp_url("smtp://u%40x.se:p%3Aw@mail.x.se:2525?from=hub@x.se&starttls=required")
    assert (found.host, found.port, found.tls) == ("mail.x.se", 2525, False)
    assert (found.user, found.password) == ("u@x.se", "p:w")
    assert (found.sender, found.starttls) == ("hub@x.se", "required")
    assert "p:w" not in repr(found)


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls"),
    [
        ("smtp://mail.x.se", 587, False, "offered"),
        ("smtps://mail.x.se", 465, True, "offered"),
        ("smtp://u:p@mail.x.se", 587, False, "required"),
        ("smtp://u:p@mail.x.se?starttls=never", 587, False, "never"),
        ("smtp://u:p@localhost:25", 25, False, "offered"),
    ],
)
def test_a_password_is_not_sent_in_clear_unless_that_is_said(
    url: str, port: int, tls: bool, starttls: str
) -> None:
    found = read_smtp_url(url)
    assert (found.port, found.tls, found.starttls) == (port, tls, starttls)


@pytest.mark.parametrize(
    "url",
    [
        "mail.x.se",
        "http://mail.x.se",
        "smtp://",
        "smtp://user:sesam@mail.x.se:99999",
        "smtp://user:sesam@mail.x.se:0",
        "smtp://user:sesam@mail.x.se/path",
        "smtp://user@mail.x.se",
        "smtp://user:sesam@mail.x.se?tls=yes",
        "smtp://user:sesam@mail.x.se?starttls=perhaps",
        "smtp://user:sesam@mail.x.se?from=nobody",
        "smtp://user:sesam@mail.x.se?from=a@b.se,c@d.se",
        "smtp://user:sesam@mail.x.se?from=a@b.se%0d%0aBcc:x",
    ],
)
def test_a_wrong_address_stops_the_start_with_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_SMTP_URL", url)
    with pytest.raises(SettingsError, match="HUB_SMTP_URL") as stopped:
        load_settings()
    assert "\n" not in str(stopped.value)
    assert "sesam" not in str(stopped.value)


def test_settings_show_no_secret_when_they_are_printed() -> None:
    settings = Settings(secret_key="hush", smtp_url="smtp://u:sesam@mail.x.se")
    assert "hush" not in repr(settings)
    assert "sesam" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "base", "sender"),
    [
        ("", "https://hub.test", "samrum@hub.test"),
        ("", "", "samrum@localhost"),
        ("", "http://[::1]:8000", "samrum@localhost"),
        ("smtp://me%40x.se:p@mail.x.se", "https://hub.test", "me@x.se"),
        ("smtp://me:p@mail.x.se", "https://hub.test", "samrum@hub.test"),
        ("smtp://me%40x.se:p@mail.x.se?from=hub@y.se", "https://hub.test", "hub@y.se"),
    ],
)
def test_mail_comes_from_an_address_of_the_hub(url: str, base: str, sender: str) -> None:
    settings = Settings(smtp_url=url, base_url=base)
    assert sender_of(settings, settings.smtp_server) == sender


async def test_doctor_tells_whether_the_mail_server_answers(hub: Hub, server: Server) -> None:
    folder = hub.settings.data_dir
    there = Settings(data_dir=folder, smtp_url=server.url)
    gone = Settings(data_dir=folder, smtp_url="smtp://127.0.0.1:1")
    assert await find_fault(there) == ""
    assert await find_fault(gone) == "unreachable"
    for settings, state in ((there, "ok"), (gone, "degraded"), (hub.settings, "ok")):
        parts = await check_parts(settings, hub.database, hub.translator)
        (mail,) = [part for part in parts if part.name == "mail"]
        assert (mail.state, mail.needed) == (state, False)
    assert (await hub.http.get("/readyz")).json()["parts"]["mail"]["state"] == "ok"
