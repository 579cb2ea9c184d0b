"""A format from its YAML, checked; phases made shorter or longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub.errors import Invalid
from hub.gatherings.rules.exits import EXITS
from hub.gatherings.rules.format import Format, Phase
from hub.gatherings.rules.kinds import KINDS


def read_format(data: Mapping[str, Any]) -> Format:
    """A format from its YAML mapping. Raises KeyError or ValueError naming what is wrong."""
    phases = tuple(
        Phase(
            id=str(p["id"]),
            title=dict(p["title"]),
            task=dict(p["task"]),
            minutes=float(p["minutes"]),
            discussion=bool(p["discussion"]),
            inputs=tuple(p["inputs"]),
            cuttable=bool(p.get("cuttable", False)),
            exit=str(p["exit"]),
            bot=dict(p["bot"]),
            host=dict(p.get("host") or {}),
            principle=str(p["principle"]) if p.get("principle") else None,
        )
        for p in data["phases"]
    )
    if not phases:
        raise ValueError("a format needs a phase")
    for phase in phases:
        unknown = set(phase.inputs) - set(KINDS)
        if unknown:
            raise ValueError(f"phase {phase.id}: unknown input {sorted(unknown)[0]}")
        if phase.exit not in EXITS:
            raise ValueError(f"phase {phase.id}: unknown exit {phase.exit}")
    return Format(
        id=str(data["id"]),
        kind=data["kind"],
        title=dict(data["title"]),
        summary=dict(data["summary"]),
        hybrid=bool(data.get("hybrid", False)),
        phases=phases,
        triggers={k: dict(v) for k, v in (data.get("triggers") or {}).items()},
    )


def with_minutes(form: Format, minutes: Mapping[str, object]) -> Format:
    """The format with some phases shorter or longer. Raises Invalid.

    Of a dialogue before it is unrolled: the minutes are those of each principle.
    """
    faults: dict[str, str] = {}
    known = {p.id for p in form.phases}
    for phase_id, value in minutes.items():
        if phase_id not in known:
            faults[f"/minutes/{phase_id}"] = "phase_unknown"
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 240:
            faults[f"/minutes/{phase_id}"] = "minutes_range"
    if faults:
        raise Invalid(faults)
    return replace(
        form,
        phases=tuple(
            replace(p, minutes=float(minutes.get(p.id, p.minutes)))  # type: ignore[arg-type]
            for p in form.phases
        ),
    )
