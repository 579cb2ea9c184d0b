"""The session formats: those that ship with the hub, and an organiser's own."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog
import yaml

from hub.errors import Fault, Invalid, NotFound, Refusal
from hub.gatherings.rules import Format, check_format, read_format, tidy_format

log = structlog.get_logger(__name__)
SHIPPED = Path(__file__).parent / "formats"
FILE_LIMIT_BYTES = 200_000
# ``/formats/new`` is where a copy is made.
RESERVED_IDS = ("new",)
_HEAD = "# A session format. The hub reads this file again as soon as it is changed.\n"
# Ten times as fast, but a file of nothing but brackets makes it crash: for our own files only.
_FastLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAK = ("jif-180", "break")


@dataclass(frozen=True)
class FileFault:
    """What is wrong with a file: the code of the sentence, and the line (from 1) where known."""

    code: str
    line: int | None = None


@dataclass(frozen=True)
class UnreadableFile:
    """An organiser's file that is no format as it stands."""

    name: str
    faults: tuple[FileFault, ...]


@dataclass(frozen=True)
class _OwnFile:
    name: str
    # Modified, size and inode: what changes when a file does.
    signature: tuple[int, int, int]
    digest: str = ""
    data: dict[str, Any] | None = None
    faults: tuple[FileFault, ...] = ()


@dataclass(frozen=True)
class _View:
    """The folder as it was read last; never changed, only replaced."""

    files: dict[str, _OwnFile]
    own: dict[str, _OwnFile]
    forms: tuple[Format, ...]
    unreadable: tuple[UnreadableFile, ...]


class Formats:
    """Formats by id. An own format with the id of a shipped one takes its place.

    Own formats are files in a folder that other processes and people with an editor share: each
    use looks whether a file changed. What is wrong with a file is kept, to be shown in words.
    """

    def __init__(self, own: Path) -> None:
        self._own = own
        self._last = _View({}, {}, _listed(_shipped()), ())
        self._look()

    def all(self) -> list[Format]:
        """Forums first, the shorter before the longer."""
        return list(self._look().forms)

    def data(self, format_id: str) -> dict[str, Any]:
        """The format as written. Raises Invalid where there is none by that id."""
        found = self.find(format_id)
        if found is None:
            raise Invalid({"/format": "format_unknown"})
        return found

    def find(self, format_id: str) -> dict[str, Any] | None:
        """The format as written, or None."""
        own = self._look().own.get(format_id)
        return own.data if own else _shipped().get(format_id)

    def access(self, format_id: str) -> dict[str, Any]:
        """The format as written. Raises NotFound."""
        found = self.find(format_id)
        if found is None:
            raise NotFound("format_not_found")
        return found

    def origin(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The format that this one was copied from; itself where that is not known."""
        return self.find(str(data.get("from"))) or dict(data)

    def is_own(self, format_id: str) -> bool:
        """Whether the organiser may change it."""
        return format_id in self._look().own

    def version(self, format_id: str) -> str | None:
        """A mark of an own format's words as they stand, to tell whether somebody changed them."""
        own = self._look().own.get(format_id)
        return own.digest if own else None

    def unreadable(self) -> tuple[UnreadableFile, ...]:
        """The files in the organiser's folder that cannot be used, and why."""
        return self._look().unreadable

    # --- changes; they wait for the disk, so call them from a thread ---------------------------

    def add(self, data: Mapping[str, Any]) -> str:
        """Keep a new format under an id made from its title. Returns the id.

        Raises Invalid with all that is wrong, Refusal where the file cannot be written.
        """
        self._check(wanted := {**data, "id": slug(data.get("title"))})
        with self._alone():
            taken = {*_shipped(), *RESERVED_IDS, *self._look().own}
            format_id = next(
                name
                for name in _numbered(wanted["id"])
                if name not in taken and not (self._own / f"{name}.yaml").exists()
            )
            self._write(self._own / f"{format_id}.yaml", {**wanted, "id": format_id})
        return format_id

    def change(self, format_id: str, data: Mapping[str, Any], *, version: str | None) -> None:
        """Replace an own format. ``version`` is what it was changed from; None asks nothing.

        Raises NotFound, Invalid with all that is wrong, and Refusal where it ships with the hub,
        where somebody else changed it meanwhile, or where the file cannot be written.
        """
        self._check_own(format_id)
        copied = {"from": None} if data.get("from") == format_id else {}
        self._check(wanted := {**data, **copied, "id": format_id})
        with self._alone():
            own = self._look().own.get(format_id)
            if own is None:
                raise NotFound("format_not_found")
            if version is not None and version != own.digest:
                raise Refusal("format_changed")
            self._write(self._own / own.name, wanted)

    def remove(self, format_id: str) -> None:
        """Delete an own format; sessions keep their copies. Raises NotFound, Refusal."""
        self._check_own(format_id)
        with self._alone():
            own = self._look().own.get(format_id)
            if own is not None:
                (self._own / own.name).unlink(missing_ok=True)
        self._look()

    def _check_own(self, format_id: str) -> None:
        self.access(format_id)
        if not self.is_own(format_id):
            raise Refusal("format_shipped")

    def _check(self, data: Mapping[str, Any]) -> None:
        origin = self.find(str(data.get("from")))
        phases = origin["phases"] if origin else ()
        if faults := check_format(data, origin=[phase["id"] for phase in phases]):
            raise Invalid(faults)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One change at a time, among all processes that share the folder."""
        try:
            self._own.mkdir(parents=True, exist_ok=True)
            with (self._own / ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            log.error("format not saved", folder=str(self._own), why=str(error))
            refusal = Refusal("format_not_saved")
            refusal.status = 503
            raise refusal from error

    def _write(self, path: Path, data: Mapping[str, Any]) -> None:
        text = yaml.safe_dump(tidy_format(data), sort_keys=False, allow_unicode=True, width=10**6)
        unfinished = path.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            with unfinished.open("w", encoding="utf-8") as file:
                file.write(_HEAD + text)
                file.flush()
                os.fsync(file.fileno())
            # A reader sees the old words or the new ones, never half of them.
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        self._look()

    # --- reading -------------------------------------------------------------------------------

    def _look(self) -> _View:
        last = self._last
        signatures = _signatures(self._own)
        if signatures == {name: file.signature for name, file in last.files.items()}:
            return last
        files = {}
        for name, signature in signatures.items():
            kept = last.files.get(name)
            if kept is None or kept.signature != signature:
                kept = _read_own(self._own / name, signature)
                if kept.faults:
                    # One bad file of an organiser must not keep the hub from starting.
                    log.error("format unreadable", file=name, why=[str(f) for f in kept.faults])
            files[name] = kept
        self._last = _view(files)
        return self._last


def _view(files: dict[str, _OwnFile]) -> _View:
    own: dict[str, _OwnFile] = {}
    unreadable = []
    for file in files.values():
        faults = file.faults
        if file.data is not None and own.setdefault(file.data["id"], file) is not file:
            faults = (FileFault(Fault("format_id_repeats")),)
        if faults:
            unreadable.append(UnreadableFile(file.name, faults))
    every = {**_shipped(), **{name: file.data or {} for name, file in own.items()}}
    return _View(files, own, _listed(every), tuple(unreadable))


def _listed(every: Mapping[str, Mapping[str, Any]]) -> tuple[Format, ...]:
    found = [read_format(data) for data in every.values()]
    found.sort(key=lambda f: (f.kind != "forum", sum(p.minutes for p in f.phases), f.id))
    return tuple(found)


@cache
def _shipped() -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(SHIPPED.glob("*.yaml")):
        # _FastLoader is a safe loader: it makes plain values only.
        data = yaml.load(path.read_bytes(), Loader=_FastLoader)  # noqa: S506
        if faults := check_format(data):
            raise ValueError(f"{path.name}: {faults}")
        found[str(data["id"])] = tidy_format(data)
    return found


def a_break(minutes: object) -> dict[str, Any]:
    """A break to put into a format: the words of the one that ships with the hub."""
    format_id, phase_id = _BREAK
    found = next(p for p in _shipped()[format_id]["phases"] if p["id"] == phase_id)
    return {**found, "minutes": minutes}


def slug(title: object) -> str:
    """An id out of a title in both languages: a–z, 0–9 and hyphens, short enough for a number.

    No part of what was typed reaches a path in any other form.
    """
    texts = title if isinstance(title, Mapping) else {}
    for language in ("sv", "en"):
        text = texts.get(language)
        plain = unicodedata.normalize("NFKD", text) if isinstance(text, str) else ""
        letters = "".join(c for c in plain.lower() if not unicodedata.combining(c))
        if found := re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:50].strip("-"):
            return found
    return "format"


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _signatures(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".yaml") and not entry.name.startswith("."):
                    at = _stat(entry)
                    found[entry.name] = at
    except OSError:
        return {}
    return dict(sorted(found.items()))


def _stat(entry: os.DirEntry[str]) -> tuple[int, int, int]:
    try:
        seen = entry.stat()
    except OSError:
        return (0, 0, 0)
    return (seen.st_mtime_ns, seen.st_size, seen.st_ino)


def _read_own(path: Path, signature: tuple[int, int, int]) -> _OwnFile:
    """A file of the organiser's, with all that is wrong with it."""
    name = path.name
    fault: FileFault | None = None
    text = ""
    try:
        seen = path.stat()
        if not stat.S_ISREG(seen.st_mode):
            fault = FileFault(Fault("file_unreadable"))
        elif seen.st_size > FILE_LIMIT_BYTES:
            fault = FileFault(Fault("file_too_large", limit=FILE_LIMIT_BYTES // 1000))
        else:
            text = (raw := path.read_bytes()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fault = FileFault(Fault("file_not_text"), raw.count(b"\n", 0, error.start) + 1)
    except OSError:
        fault = FileFault(Fault("file_unreadable"))
    if fault is not None:
        return _OwnFile(name, signature, faults=(fault,))
    data, faults = read_text(text)
    if faults:
        return _OwnFile(name, signature, faults=faults)
    digest = hashlib.sha256(raw).hexdigest()[:32]
    return _OwnFile(name, signature, digest=digest, data=data)


def read_text(text: str) -> tuple[dict[str, Any] | None, tuple[FileFault, ...]]:
    """A format from the words of a file, or what is wrong with them. Never raises."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return None, (FileFault(Fault("file_not_yaml"), _line_of_error(error, text)),)
    except (ValueError, RecursionError):
        # A date that no calendar has, or lists in lists without end.
        return None, (FileFault(Fault("file_not_yaml")),)
    if data is None:
        return None, (FileFault(Fault("file_empty")),)
    if not (faults := check_format(data)):
        return tidy_format(data), ()
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return None, tuple(FileFault(code, line_of(root, at)) for at, code in faults.items())


def _line_of_error(error: yaml.YAMLError, text: str) -> int | None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return int(mark.line) + 1
    position = getattr(error, "position", None)
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else None


def line_of(root: yaml.Node | None, pointer: str) -> int | None:
    """The line (from 1) that a JSON pointer speaks of, or of the nearest that is there."""
    if root is None:
        return None
    node, line = root, root.start_mark.line
    for part in pointer.split("/")[1:]:
        step = part.replace("~1", "/").replace("~0", "~")
        found: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == step:
                    found, line = value, key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
            found = node.value[int(step)]
            line = found.start_mark.line
        if found is None:
            break
        node = found
    return int(line) + 1
