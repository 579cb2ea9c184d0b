"""Packages as files."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from hub.language import packages as shelf
from hub.language.packages import BrokenPackage


def make_archive(
    path: Path, *, source: str = "sv", target: str = "en", version: str = "1.0", **members: str
) -> Path:
    """An archive shaped like a package, too small to translate."""
    metadata = {"from_code": source, "to_code": target, "package_version": version}
    contents = {
        "metadata.json": json.dumps(metadata),
        "model/model.bin": "x" * 1000,
        "sentencepiece.model": "y",
        **members,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(f"translate-{source}_{target}/{name}", content)
    return path


def test_a_package_says_what_it_is(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "any-name.argosmodel", version="2.1")
    package = shelf.describe(archive, bundled=True)
    assert (package.source, package.target, package.version) == ("sv", "en", "2.1")
    assert package.direction == "sv-en"
    assert package.size_bytes > 1000
    assert package.bundled


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [("sv", "de", "sv to de"), ("xx", "en", "xx to en"), ("sv", "sv", "sv to sv")],
)
def test_a_package_for_other_languages_is_refused(
    tmp_path: Path, source: str, target: str, problem: str
) -> None:
    archive = make_archive(tmp_path / "a.argosmodel", source=source, target=target)
    with pytest.raises(BrokenPackage, match=problem):
        shelf.describe(archive, bundled=False)


def test_what_is_no_package_says_why(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(BrokenPackage, match="no complete zip"):
        shelf.describe(tmp_path / "text", bundled=False)
    with pytest.raises(BrokenPackage, match="no such file"):
        shelf.describe(tmp_path / "nothing", bundled=False)
    (tmp_path / "folder").mkdir()
    with pytest.raises(BrokenPackage, match=r"metadata\.json is missing"):
        shelf.describe(tmp_path / "folder", bundled=False)
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a/metadata.json", "{}")
        archive.writestr("b/metadata.json", "{}")
    with pytest.raises(BrokenPackage, match="exactly one folder"):
        shelf.describe(tmp_path / "two.zip", bundled=False)
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("a/metadata.json", "[]")
        archive.writestr("a/model/model.bin", "")
        archive.writestr("a/bpe.model", "")
    with pytest.raises(BrokenPackage, match="cannot be read"):
        shelf.describe(tmp_path / "bad.zip", bundled=False)


def test_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    package = shelf.describe(make_archive(tmp_path / "a.argosmodel"), bundled=True)
    first = shelf.unpacked(package, tmp_path / "models")
    (first.path / "seen").write_text("")
    second = shelf.unpacked(package, tmp_path / "models")
    assert second.path == first.path
    assert (second.path / "seen").exists()


def test_another_archive_of_the_same_name_is_unpacked_anew(tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    homes = set()
    for version in ("1.0", "1.1"):
        archive = make_archive(tmp_path / "a.argosmodel", version=version)
        home = shelf.unpacked(shelf.describe(archive, bundled=True), models_dir).path
        homes.add(home)
        assert json.loads((home / "metadata.json").read_text())["package_version"] == version
    assert len(homes) == 2


def test_an_unpacked_folder_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    package = shelf.describe(make_archive(tmp_path / "a.argosmodel"), bundled=True)
    home = shelf.unpacked(package, tmp_path / "models").path
    (home / "model" / "model.bin").write_bytes(b"x")
    assert shelf.unpacked(package, tmp_path / "models").path == home
    assert (home / "model" / "model.bin").stat().st_size == 1000


def test_a_damaged_archive_leaves_nothing_behind(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "a.argosmodel")
    package = shelf.describe(archive, bundled=True)
    raw = bytearray(archive.read_bytes())
    at = raw.index(b"model.bin") + len(b"model.bin")
    raw[at : at + 8] = b"\xff" * 8
    archive.write_bytes(raw)
    with pytest.raises(BrokenPackage):
        shelf.unpacked(package, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def _unpack(archive: Path, models_dir: Path) -> bool:
    package = shelf.unpacked(shelf.describe(archive, bundled=True), models_dir)
    return (package.path / "model" / "model.bin").stat().st_size == 200_000


def test_processes_that_unpack_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "a.argosmodel", **{"model/model.bin": "z" * 200_000})
    jobs = [(archive, tmp_path / "models")] * 8
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert all(pool.starmap(_unpack, jobs))
    (home,) = (tmp_path / "models" / ".bundled").iterdir()
    assert not home.name.startswith(".")


def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "a.argosmodel", **{"../../../outside": "!"})
    with shelf.candidate(archive, tmp_path / "deep" / "models"):
        assert not list(tmp_path.rglob("outside")) or all(
            (tmp_path / "deep" / "models") in found.parents for found in tmp_path.rglob("outside")
        )


def test_adopting_replaces_the_one_before(tmp_path: Path) -> None:
    models_dir = tmp_path / "models"
    for version in ("1.0", "1.0", "1.1"):
        archive = make_archive(tmp_path / "a.argosmodel", version=version)
        with shelf.candidate(archive, models_dir) as package:
            adopted = shelf.adopt(package, models_dir)
        assert shelf.installed(models_dir) == [adopted]
    back = make_archive(tmp_path / "b.argosmodel", source="en", target="sv")
    with shelf.candidate(back, models_dir) as package:
        shelf.adopt(package, models_dir)
    assert {each.direction for each in shelf.installed(models_dir)} == {"sv-en", "en-sv"}
    assert not [path for path in models_dir.iterdir() if path.name.startswith(".")]


def test_a_candidate_that_is_not_adopted_is_gone(tmp_path: Path) -> None:
    with shelf.candidate(make_archive(tmp_path / "a.argosmodel"), tmp_path / "models") as package:
        assert package.path.is_dir()
    assert shelf.installed(tmp_path / "models") == []
    assert list((tmp_path / "models").iterdir()) == []


def test_unreadable_things_are_named(tmp_path: Path) -> None:
    models_dir, bundled_dir = tmp_path / "models", tmp_path / "bundled"
    bundled_dir.mkdir()
    good = make_archive(bundled_dir / "good.argosmodel")
    (bundled_dir / "bad.argosmodel").write_bytes(good.read_bytes()[:100])
    (models_dir / "empty").mkdir(parents=True)
    names = {path.name for path in shelf.unreadable(models_dir, bundled_dir)}
    assert names == {"bad.argosmodel", "empty"}
    assert [package.path for package in shelf.bundled(bundled_dir)] == [good]
    shutil.rmtree(models_dir)
    assert shelf.installed(models_dir) == []


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    old, new, kept = (tmp_path / name for name in (".unpacking-a", ".unpacking-b", ".bundled"))
    for folder in (old, new, kept):
        folder.mkdir()
    for folder in (old, kept):
        os.utime(folder, (0, 0))
    shelf.sweep(tmp_path)
    assert (old.exists(), new.exists(), kept.exists()) == (False, True, True)
    shelf.sweep(tmp_path / "nowhere")


def test_versions_sort_as_numbers() -> None:
    versions = ["0.3", "0.10", "1", "0.9.1", ""]
    assert sorted(versions, key=shelf.order) == ["", "0.3", "0.9.1", "0.10", "1"]
