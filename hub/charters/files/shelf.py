"""The charters that come with the hub: ``charters/*.yaml``, in the checkout or in the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from hub.charters.files.yaml_in import read_yaml_all

_PACKAGE = Path(__file__).parents[2]


def folder() -> Path:
    """Where they are."""
    beside = _PACKAGE.parent / "charters"
    return beside if beside.is_dir() else _PACKAGE / "_data" / "charters"


@cache
def shipped() -> tuple[dict[str, Any], ...]:
    """All of them as plain data. Raises FileFaults, which a test keeps from happening."""
    return tuple(
        data
        for path in sorted(folder().glob("*.yaml"))
        for data in read_yaml_all(path.read_bytes(), file=path.name)
    )
