"""The file of a backup: a zip with a manifest, the database as SQLite, and files of the hub.

It ends in a SHA-256 of all bytes before it, as the comment of the zip, so that one bit that was
changed anywhere is found before anything is read; any program that opens a zip reads it.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from hub import sqlite

# Of the form of the file; raised where an older hub could no longer read it.
FORMAT: Final = 1
DATABASE: Final = "hub.db"
FILES: Final = "files/"
MANIFEST: Final = "manifest.json"
SEAL: Final = b"sha256:"
SEAL_BYTES: Final = 64
CHUNK_BYTES: Final = 1 << 20


class NotABackup(Exception):
    """One line that says what is wrong with the file."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself. ``counts``: rows of each table; ``members``: their SHA-256."""

    hub: str
    schema: str
    made_at: datetime
    database: str
    counts: Mapping[str, int]
    members: Mapping[str, str]
    format: int = FORMAT

    def as_json(self) -> str:
        facts = {**vars(self), "made_at": self.made_at.isoformat()}
        return json.dumps(facts, indent=2, sort_keys=True) + "\n"


def write(path: Path, manifest: Manifest, members: Mapping[str, Path]) -> None:
    """Write the file. ``members``: what each name in the zip is filled with. Raises OSError."""
    hashes = {name: _hash_of(source) for name, source in members.items()}
    manifest = Manifest(**{**vars(manifest), "members": hashes})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        packed.comment = SEAL + b"0" * SEAL_BYTES
        packed.writestr(MANIFEST, manifest.as_json())
        for name, source in members.items():
            packed.write(source, name)
    seal(path)


def seal(path: Path) -> None:
    """Write into the comment of the zip what all the rest of the file is. Raises OSError."""
    with path.open("r+b") as file:
        found = _seal_of(file)
        file.seek(-SEAL_BYTES, os.SEEK_END)
        file.write(found.encode())
        file.flush()
        os.fsync(file.fileno())


def unpack(path: Path, folder: Path) -> Manifest:
    """Check the whole file, and only then unpack it into ``folder``.

    Raises NotABackup for anything that is not as it was written, OSError where it cannot be read.
    """
    with path.open("rb") as file:
        found = _seal_of(file)
        end = file.read()
    if not found or end != found.encode():
        raise NotABackup("the file is not a backup, or it is damaged: nothing was restored")
    with zipfile.ZipFile(path) as packed:
        manifest = _read_manifest(packed.read(MANIFEST))
        if set(packed.namelist()) != {MANIFEST, *manifest.members}:
            raise NotABackup("the file holds other things than its manifest says")
        for name in manifest.members:
            _unpack_member(packed, name, folder)
    for name, hash_ in manifest.members.items():
        if _hash_of(folder / name) != hash_:
            raise NotABackup(f"{name} in the backup is not what its manifest says")
    _check_database(folder / DATABASE, manifest)
    return manifest


def _read_manifest(data: bytes) -> Manifest:
    facts: dict[str, Any] = json.loads(data)
    if facts["format"] > FORMAT:
        raise NotABackup("the backup was made by a newer version of the hub; upgrade the hub")
    return Manifest(
        **{**{name: facts[name] for name in Manifest.__dataclass_fields__},
           "made_at": datetime.fromisoformat(facts["made_at"])}
    )  # fmt: skip


def _unpack_member(packed: zipfile.ZipFile, name: str, folder: Path) -> None:
    # The seal tells of damage, not of malice: a name must not lead anywhere else.
    parts = PurePosixPath(name).parts
    if name != DATABASE and (not name.startswith(FILES) or {"..", "/"} & set(parts)):
        raise NotABackup(f"the backup holds a file with a strange name: {name!r}")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(name) as source, target.open("xb") as file:
        while chunk := source.read(CHUNK_BYTES):
            file.write(chunk)


def _check_database(path: Path, manifest: Manifest) -> None:
    try:
        sqlite.check(path)
    except sqlite.Damaged as error:
        raise NotABackup(f"the database in the backup is not sound: {error}") from error
    if sqlite.count_rows(path) != dict(manifest.counts):
        raise NotABackup("the tables in the backup have other numbers of rows than it says")


def members_in(data_dir: Path, names: Iterable[str]) -> dict[str, Path]:
    """Of these files and folders of the data folder, every file, by its name in the zip."""
    found: dict[str, Path] = {}
    for name in names:
        place = data_dir / name
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            # A name that begins with a dot is of a file that is just being written.
            if path.is_file() and not path.name.startswith("."):
                found[FILES + path.relative_to(data_dir).as_posix()] = path
    return found


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seal_of(file: IO[bytes]) -> str:
    """The SHA-256 of all but the last ``SEAL_BYTES``, at which the file then stands.

    Empty where the file is too short to have any.
    """
    left = file.seek(0, os.SEEK_END) - SEAL_BYTES
    file.seek(0)
    found = hashlib.sha256()
    while left > 0 and (chunk := file.read(min(left, CHUNK_BYTES))):
        found.update(chunk)
        left -= len(chunk)
    return found.hexdigest() if left == 0 else ""
