"""A file by its name: YAML, Markdown or DOCX."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from hub.charters.files.docx_in import read_docx
from hub.charters.files.faults import Notes
from hub.charters.files.markdown import read_markdown
from hub.charters.files.yaml_in import read_yaml
from hub.errors import Fault


def read_any(raw: bytes, *, file: str, language: str | None = None) -> dict[str, Any]:
    """The charter in a file; ``language`` is that of a text in one language. Raises FileFaults."""
    ending = PurePath(file.lower()).suffix
    if ending in (".yaml", ".yml"):
        return read_yaml(raw, file=file)
    if ending in (".md", ".markdown", ".txt"):
        return read_markdown(raw, file=file, language=language)
    if ending == ".docx":
        return read_docx(raw, file=file, language=language)
    notes = Notes(file)
    notes.add("", Fault("file_kind_unknown"))
    notes.stop()
    raise AssertionError
