"""What is wrong with a file: which file, line and field, and the code of the sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hub.errors import Fault, Invalid

# What the hub takes in one request, less what goes around a file.
LIMIT_BYTES = 3_500_000
_MOST = 50


@dataclass(frozen=True)
class FileFault:
    """``field`` is a JSON pointer, ``line`` counts from 1; None where there is no line to name."""

    file: str
    line: int | None
    field: str
    code: Fault


class FileFaults(Invalid):
    """All that is wrong with a file; nothing of it was taken in."""

    def __init__(self, faults: Iterable[FileFault]) -> None:
        self.faults = tuple(faults)[:_MOST]
        fields: dict[str, str] = {}
        for fault in self.faults:
            told = {"line": fault.line} if fault.line else {}
            fields.setdefault(fault.field or "/file", Fault(fault.code, **fault.code.facts, **told))
        super().__init__(fields)


@dataclass
class Notes:
    """Faults as they are found, with the lines of what was read."""

    file: str
    lines: dict[str, int] = field(default_factory=dict)
    faults: list[FileFault] = field(default_factory=list)

    def add(self, pointer: str, code: Fault, *, line: int | None = None) -> None:
        """Note a fault, at the line of the field or of what it is in."""
        self.faults.append(FileFault(self.file, line or self._line(pointer), pointer, code))

    def _line(self, pointer: str) -> int | None:
        while pointer not in self.lines and pointer:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer)

    def stop(self) -> None:
        """Raises FileFaults where anything is wrong."""
        if self.faults:
            raise FileFaults(sorted(self.faults, key=lambda f: f.line or 0))


def decode(raw: bytes, notes: Notes) -> str:
    """The text of a file in UTF-8. Raises FileFaults."""
    check_size(raw, notes)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        notes.add("", Fault("file_not_text"), line=raw.count(b"\n", 0, error.start) + 1)
        notes.stop()
        raise
    for number, line in enumerate(text.split("\n"), 1):
        if any(ord(c) < 32 and c not in "\t\r" for c in line) or "\x7f" in line:
            notes.add("", Fault("file_not_text"), line=number)
            notes.stop()
    if not text.strip():
        notes.add("", Fault("file_empty"))
        notes.stop()
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_size(raw: bytes, notes: Notes) -> None:
    """Raises FileFaults for a file that is larger than the hub takes."""
    if len(raw) > LIMIT_BYTES:
        notes.add("", Fault("file_too_large", limit=LIMIT_BYTES // 1000))
        notes.stop()
