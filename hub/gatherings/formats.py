"""The session formats: those that ship with the hub, and an organiser's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import structlog
import yaml

from hub.errors import Invalid
from hub.gatherings.rules import Format, read_format

log = structlog.get_logger(__name__)
SHIPPED = Path(__file__).parent / "formats"


class Formats:
    """Formats by id. An own format with the id of a shipped one takes its place."""

    def __init__(self, own: Path) -> None:
        self._data: dict[str, dict[str, Any]] = {}
        for path in (*sorted(SHIPPED.glob("*.yaml")), *sorted(own.glob("*.yaml"))):
            try:
                data = yaml.safe_load(path.read_text("utf-8"))
                read_format(data)
            except (yaml.YAMLError, KeyError, TypeError, ValueError, StopIteration) as error:
                if path.parent == SHIPPED:
                    raise
                # One bad file of an organiser must not keep the hub from starting.
                log.error("format unreadable", file=path.name, why=str(error))
                continue
            self._data[str(data["id"])] = data

    def all(self) -> list[Format]:
        """Forums first, the shorter before the longer."""
        found = [read_format(data) for data in self._data.values()]
        return sorted(
            found, key=lambda f: (f.kind != "forum", sum(p.minutes for p in f.phases), f.id)
        )

    def data(self, format_id: str) -> dict[str, Any]:
        """The format as written. Raises Invalid where there is none by that id."""
        if format_id not in self._data:
            raise Invalid({"/format": "format_unknown"})
        return self._data[format_id]
