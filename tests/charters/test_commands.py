"""`hub charter import` and `hub charter export`, and the charters that come with a hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.charters import files
from hub.cli import app

run = CliRunner()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blank: Path) -> Path:
    """A hub's folder, with the charters that ship."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    (tmp_path / "hub.db").write_bytes(blank.read_bytes())
    migrated = run.invoke(app, ["migrate"])
    assert migrated.exit_code == 0, migrated.output
    return tmp_path


def test_a_charter_goes_out_and_comes_in(place: Path) -> None:
    out = run.invoke(app, ["charter", "export", "jag-ar-med"])
    assert out.exit_code == 0
    assert files.read_yaml(out.stdout_bytes)["id"] == "jag-ar-med"
    file = place / "kopia.yaml"
    file.write_text(out.stdout.replace("id: jag-ar-med", "id: kopia"), "utf-8")
    brought = run.invoke(app, ["charter", "import", str(file)])
    assert (brought.exit_code, brought.stdout) == (0, "kopia\n")
    again = run.invoke(app, ["charter", "import", str(file)])
    assert (again.exit_code, again.stdout) == (2, "")
    assert "already" in again.stderr
    printed = run.invoke(app, ["charter", "export", "kopia", "--format", "md", "--language", "sv"])
    assert "> Status: Utkast" in printed.stdout
    assert "## Säg det på ditt sätt {#jam-2}" in printed.stdout


def test_bad_files_are_named_by_line_and_change_nothing(place: Path) -> None:
    text = run.invoke(app, ["charter", "export", "jag-ar-med"]).stdout
    file = place / "fel.yaml"
    wrong = text.replace("id: jag-ar-med", "id: fel").replace("id: jam-2", "id: jam-1")
    file.write_text(wrong, "utf-8")
    line = wrong.split("\n").index("  - id: jam-1", wrong.split("\n").index("  - id: jam-1") + 1)
    refused = run.invoke(app, ["charter", "import", str(file)])
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert f"fel.yaml:{line + 1}: /charter/principles/1/id: Two principles" in refused.stderr
    assert run.invoke(app, ["charter", "export", "fel"]).exit_code == 2
    for missing in ("nowhere.yaml", str(place)):
        assert run.invoke(app, ["charter", "import", missing]).exit_code == 2
    (place / "x.docx").write_bytes(b"not one")
    no_document = run.invoke(app, ["charter", "import", "x.docx", "--language", "en"])
    assert (no_document.exit_code, no_document.stdout) == (2, "")
    assert "Word" in no_document.stderr


def test_a_text_of_others_wants_a_right_and_stays_out_of_exports(place: Path) -> None:
    (place / "x.md").write_text("# Theirs\n\n## One\nTheir words.\n", "utf-8")
    command = ["charter", "import", "x.md", "--language", "en", "--into", "nef-nesta"]
    silent = run.invoke(app, command)
    assert silent.exit_code == 2
    assert "right" in silent.stderr
    brought = run.invoke(app, [*command, "--right", "Agreement of 2026"])
    assert (brought.exit_code, brought.stdout) == (0, "nef-nesta\n")
    assert "Their words" not in run.invoke(app, ["charter", "export", "nef-nesta"]).stdout
    full = run.invoke(app, ["charter", "export", "nef-nesta", "--full"])
    assert "Their words" in full.stdout


def test_a_hub_without_a_database_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    refused = run.invoke(app, ["charter", "export", "jag-ar-med"])
    assert refused.exit_code == 1
    assert "hub migrate" in refused.stderr
