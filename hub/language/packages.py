"""Translation packages as files: where they lie, what they say of themselves, how they change.

A package is what Argos Translate defines: a zip archive (`.argosmodel`) around one folder with
`metadata.json`, a tokenizer (`sentencepiece.model` or `bpe.model`) and a CTranslate2 network in
`model/`. Two places hold them:

- `models_dir`: packages that somebody installed, unpacked, one folder each;
- `bundled_dir`: the archives that come with the hub. They are unpacked once, beneath
  `models_dir/.bundled/`, under a name made from their contents.

Nothing is ever half there: folders are filled under another name and then renamed. All
functions block (disk only), so call them from a worker thread or a command.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from hub.language.text import LANGUAGES, Language, other

DIRECTIONS: Final[tuple[tuple[Language, Language], ...]] = tuple(
    (language, other(language)) for language in LANGUAGES
)
_NEEDED: Final = ("metadata.json", "model/model.bin")
_TOKENIZERS: Final = ("sentencepiece.model", "bpe.model")
_LEFTOVERS: Final = (".unpacking-", ".gone-")
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    NotImplementedError,  # what zipfile raises for a compression it does not know
)


class BrokenPackage(Exception):
    """A file or folder that is no usable translation package; the message says why."""


@dataclass(frozen=True)
class Package:
    """One translation package. `path` is its folder, or its archive if it is not unpacked.

    `score` is the chrF++ (0 to 100, sacrebleu) that it had on the development set when it was
    made, None where neither its metadata nor the record beside it says one.
    """

    source: Language
    target: Language
    version: str
    path: Path
    size_bytes: int
    bundled: bool
    score: float | None = None

    @property
    def direction(self) -> str:
        """Such as `sv-en`."""
        return f"{self.source}-{self.target}"


def installed(models_dir: Path) -> list[Package]:
    """The packages that somebody installed, newest version first; unreadable folders left out."""
    return _newest_first(_readable(_folders(models_dir), bundled=False))


def bundled(bundled_dir: Path) -> list[Package]:
    """The archives that come with the hub, newest version first; unreadable ones left out."""
    archives = sorted(bundled_dir.glob("*.argosmodel")) if bundled_dir.is_dir() else []
    return _newest_first(_readable(archives, bundled=True))


def unreadable(models_dir: Path, bundled_dir: Path) -> dict[Path, str]:
    """What lies in either place and is no package, and why."""
    found: dict[Path, str] = {}
    for path in [*_folders(models_dir), *sorted(bundled_dir.glob("*.argosmodel"))]:
        try:
            describe(path, bundled=False)
        except BrokenPackage as problem:
            found[path] = str(problem)
    return found


def describe(path: Path, *, bundled: bool) -> Package:
    """What the folder or archive at `path` says of itself. Raises BrokenPackage."""
    if path.is_dir():
        try:
            names, size = _folder_contents(path)
            metadata = (path / "metadata.json").read_bytes()
        except FileNotFoundError:
            raise BrokenPackage("metadata.json is missing") from None
        except OSError as problem:
            raise BrokenPackage(f"it cannot be read: {problem.strerror}") from None
    else:
        names, size, metadata = _archive_contents(path)
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise BrokenPackage(f"{missing[0]} is missing")
    if not any(name in names for name in _TOKENIZERS):
        raise BrokenPackage("the tokenizer is missing")
    source, target, version = _read_metadata(metadata)
    score = _score(metadata, path, version)
    return Package(source, target, version, path, size, bundled, score)


def _score(metadata: bytes, path: Path, version: str) -> float | None:
    """What the package itself says under `score`, or the record of its training beside it."""
    try:
        told: Any = json.loads(metadata).get("score")
        if told is None:
            record = json.loads((path.parent / f"record-{version}.json").read_bytes())
            made_as = [
                measured[direction]
                for measured in record["evaluation"].values()
                for direction in measured
                if direction in path.name and measured[direction].get("package") == path.name
            ]
            told = made_as[-1]["dev.tsv"]["chrF++"]
        return float(told) if 0 <= float(told) <= 100 else None
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None


Listing = dict[str, tuple[tuple[str, int, int], ...]]


def listing(models_dir: Path, bundled_dir: Path) -> Listing:
    """What lies in both places, by name, with sizes and times: another when anything changed."""
    found: Listing = {}
    for folder in _folders(models_dir):
        with contextlib.suppress(OSError):
            found[folder.name] = tuple(
                sorted(_stamp(path, folder) for path in folder.rglob("*") if path.is_file())
            )
    with contextlib.suppress(OSError):
        for archive in bundled_dir.glob("*.argosmodel"):
            found[archive.name] = (_stamp(archive, bundled_dir),)
    return found


def _stamp(path: Path, within: Path) -> tuple[str, int, int]:
    told = path.stat()
    return path.relative_to(within).as_posix(), told.st_size, told.st_mtime_ns


def unpacked(package: Package, models_dir: Path) -> Package:
    """The package as a folder, unpacking its archive where that was not done before.

    Two processes may do so at once; the first to finish wins. Raises BrokenPackage (a damaged
    archive) and OSError (a full disk, a folder that may not be written).
    """
    if package.path.is_dir():
        return package
    home = models_dir / ".bundled" / _fingerprint(package.path)
    if not _complete(package.path, home):
        with _unzipped(package.path, models_dir) as folder:
            # Another process may have put the same files there by now, and be reading them.
            if not _complete(package.path, home):
                _put(folder, home)
    return replace(package, path=home)


@contextlib.contextmanager
def candidate(archive: Path, models_dir: Path) -> Iterator[Package]:
    """A package from a file, unpacked beside the others but not yet among them.

    Try it inside the `with`, then `adopt` it; what is not adopted is gone afterwards.
    Raises BrokenPackage and OSError.
    """
    described = describe(archive, bundled=False)
    with _unzipped(archive, models_dir) as folder:
        yield replace(described, path=folder)


def adopt(package: Package, models_dir: Path) -> Package:
    """Puts a candidate among the installed packages and then removes those it replaces."""
    version = re.sub(r"[^\w.-]", "_", package.version) or "0"
    stem = f"translate-{package.source}_{package.target}-{version}"
    home = models_dir / stem
    replaced = [old.path for old in installed(models_dir) if old.direction == package.direction]
    attempt = 2
    while home.exists():
        home = models_dir / f"{stem}.{attempt}"
        attempt += 1
    _put(package.path, home)
    for path in replaced:
        discard(path)
    return replace(package, path=home)


def discard(path: Path) -> None:
    """Removes an installed package: gone from the list at once, then from the disk."""
    gone = path.with_name(f".gone-{os.getpid()}-{path.name}")
    path.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def sweep(models_dir: Path) -> None:
    """Removes what a process that was killed while unpacking or removing left behind."""
    for path in [*_within(models_dir), *_within(models_dir / ".bundled")]:
        with contextlib.suppress(OSError):
            if path.name.startswith(_LEFTOVERS) and time.time() - path.stat().st_mtime > 3600:
                shutil.rmtree(path, ignore_errors=True)


def _folders(models_dir: Path) -> list[Path]:
    return sorted(path for path in _within(models_dir) if not path.name.startswith("."))


def _within(place: Path) -> list[Path]:
    try:
        return [path for path in place.iterdir() if path.is_dir()]
    except OSError:
        return []


def _readable(paths: list[Path], *, bundled: bool) -> list[Package]:
    found = []
    for path in paths:
        with contextlib.suppress(BrokenPackage):
            found.append(describe(path, bundled=bundled))
    return found


def _newest_first(found: list[Package]) -> list[Package]:
    return sorted(found, key=lambda package: order(package.version), reverse=True)


def order(version: str) -> tuple[int, ...]:
    """A version as something that sorts: 0.10 comes after 0.9."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _read_metadata(raw: bytes) -> tuple[Language, Language, str]:
    try:
        metadata: Any = json.loads(raw)
        source, target = metadata["from_code"], metadata["to_code"]
        version = str(metadata.get("package_version", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BrokenPackage("metadata.json cannot be read") from None
    for known_source, known_target in DIRECTIONS:
        if (source, target) == (known_source, known_target):
            return known_source, known_target, version
    raise BrokenPackage(f"it translates {source} to {target}, not between sv and en")


def _folder_contents(folder: Path) -> tuple[set[str], int]:
    names, size = set(), 0
    for path in folder.rglob("*"):
        if path.is_file():
            names.add(path.relative_to(folder).as_posix())
            size += path.stat().st_size
    return names, size


def _archive_contents(archive: Path) -> tuple[set[str], int, bytes]:
    try:
        with zipfile.ZipFile(archive) as opened:
            top = _top(opened)
            names = {name.removeprefix(f"{top}/") for name in opened.namelist() if name[-1:] != "/"}
            size = sum(member.file_size for member in opened.infolist())
            metadata = opened.read(f"{top}/metadata.json")
    except KeyError:
        raise BrokenPackage("metadata.json is missing") from None
    except FileNotFoundError:
        raise BrokenPackage("there is no such file") from None
    except (OSError, *_DAMAGED):
        raise BrokenPackage("it is no complete zip archive") from None
    return names, size, metadata


def _top(opened: zipfile.ZipFile) -> str:
    tops = {PurePosixPath(name).parts[0] for name in opened.namelist() if name.strip("/")}
    if len(tops) != 1:
        raise BrokenPackage("it does not hold exactly one folder")
    return tops.pop()


def _fingerprint(archive: Path) -> str:
    """A name made from what the archive holds, read from its table of contents."""
    try:
        with zipfile.ZipFile(archive) as opened:
            told = [f"{each.filename} {each.CRC} {each.file_size}" for each in opened.infolist()]
    except (zipfile.BadZipFile, OSError):
        raise BrokenPackage("it is no complete zip archive") from None
    return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()[:20]


def _complete(archive: Path, folder: Path) -> bool:
    """Whether every file of the archive is in the folder, at its full size."""
    if not folder.is_dir():
        return False
    with zipfile.ZipFile(archive) as opened:
        top = _top(opened)
        for member in opened.infolist():
            if member.is_dir():
                continue
            path = folder / member.filename.removeprefix(f"{top}/")
            if not path.is_file() or path.stat().st_size != member.file_size:
                return False
    return True


@contextlib.contextmanager
def _unzipped(archive: Path, models_dir: Path) -> Iterator[Path]:
    models_dir.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=models_dir))
    try:
        try:
            with zipfile.ZipFile(archive) as opened:
                top = _top(opened)
                opened.extractall(workshop)
        except _DAMAGED as problem:
            raise BrokenPackage("the archive is damaged") from problem
        yield workshop / top
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _put(folder: Path, home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    if home.exists():
        # What was cut short, or damaged on the disk, goes.
        with contextlib.suppress(OSError):
            discard(home)
    try:
        folder.rename(home)
    except OSError:
        if not home.is_dir():
            raise


def bundled_place() -> Path:
    """Where the archives that come with the hub lie: beside it, or inside when it is installed."""
    package = Path(__file__).resolve().parents[1]
    beside = package.parent / "translations" / "models"
    return beside if beside.is_dir() else package / "_data" / "translations" / "models"
