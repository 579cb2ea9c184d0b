"""Where a gathering is, and the moves between: the stage is the fold of the events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from hub.errors import Invalid, Refusal
from hub.gatherings.rules.format import Format
from hub.gatherings.rules.limits import EXTEND_LIMIT_MINUTES, REOPENED_MINUTES

State = Literal["planned", "open", "running", "paused", "closed"]


@dataclass(frozen=True)
class Stage:
    """Where a gathering is. ``ends_at`` while running; ``left`` (seconds) while paused."""

    state: State = "planned"
    phase_index: int | None = None
    phase_started_at: datetime | None = None
    ends_at: datetime | None = None
    left: float | None = None

    def seconds_left(self, now: datetime) -> float | None:
        """Seconds left of the phase, negative when over time; None where no phase runs."""
        if self.state == "running" and self.ends_at is not None:
            return (self.ends_at - now).total_seconds()
        return self.left if self.state == "paused" else None

    def time_is_up(self, now: datetime) -> bool:
        left = self.seconds_left(now)
        return left is not None and left <= 0


@dataclass(frozen=True)
class Event:
    """One entry of the log: what happened and when. ``data`` holds ids and numbers only."""

    kind: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


STAGE_EVENTS = frozenset(
    {
        "planned",
        "opened",
        "phase_started",
        "extended",
        "paused",
        "resumed",
        "closed",
    }
)


def apply(stage: Stage, event: Event) -> Stage:
    """The stage after one event. Events that say nothing of the stage leave it as it is."""
    if event.kind == "planned":
        return Stage()
    if event.kind == "opened":
        return replace(stage, state="open")
    if event.kind == "phase_started":
        ends_at = event.at + timedelta(seconds=float(event.data["seconds"]))
        return Stage("running", int(event.data["index"]), event.at, ends_at)
    if event.kind == "extended":
        seconds = float(event.data["seconds"])
        if stage.state == "paused":
            return replace(stage, left=max(stage.left or 0, 0) + seconds)
        if stage.ends_at is None:
            return stage
        # What was over time is forgiven: two minutes more means two minutes from now.
        return replace(stage, ends_at=max(stage.ends_at, event.at) + timedelta(seconds=seconds))
    if event.kind == "paused":
        return replace(stage, state="paused", ends_at=None, left=stage.seconds_left(event.at))
    if event.kind == "resumed":
        ends_at = event.at + timedelta(seconds=stage.left or 0)
        return replace(stage, state="running", ends_at=ends_at, left=None)
    if event.kind == "closed":
        return replace(stage, state="closed", ends_at=None, left=None)
    return stage


def replay(events: Iterable[Event]) -> Stage:
    """The stage that the log tells of."""
    stage = Stage()
    for event in events:
        stage = apply(stage, event)
    return stage


def start_phase(form: Format, index: int, now: datetime, **data: Any) -> Event:
    """The event that begins a phase. ``seconds`` is its length where that is not as planned."""
    seconds = data.pop("seconds", None) or form.phases[index].minutes * 60
    return Event(
        "phase_started",
        now,
        {"index": index, "phase": form.phases[index].key, "seconds": seconds, **data},
    )


def check_state(stage: Stage, *allowed: State) -> None:
    """Raises Refusal with the code of the state that forbids the move."""
    if stage.state not in allowed:
        raise Refusal(f"move_{stage.state}")


def open_room(stage: Stage, now: datetime) -> Event:
    """Open the waiting room."""
    check_state(stage, "planned")
    return Event("opened", now)


def start(stage: Stage, form: Format, now: datetime) -> Event:
    """Begin the first phase; works from planned and from open."""
    check_state(stage, "planned", "open")
    return start_phase(form, 0, now)


def advance(
    stage: Stage,
    form: Format,
    now: datetime,
    *,
    exit_met: bool,
    force: bool,
    reason: str,
    cuts: Mapping[str, float] | None = None,
) -> Event:
    """Go to the next phase. Raises Refusal where the exit condition is unmet and not forced."""
    check_state(stage, "running")
    index = stage.phase_index or 0
    if index + 1 >= len(form.phases):
        raise Refusal("last_phase")
    following = form.phases[index + 1]
    seconds = following.minutes * 60 - (cuts or {}).get(following.key, 0.0)
    if exit_met:
        return start_phase(form, index + 1, now, seconds=seconds)
    if not force:
        raise Refusal("exit_unmet")
    if not reason:
        raise Invalid({"/reason": "reason_missing"})
    return start_phase(form, index + 1, now, seconds=seconds, forced=True)


def extend(stage: Stage, now: datetime, *, minutes: float) -> Event:
    """Give the phase more time, in minutes."""
    check_state(stage, "running", "paused")
    if not 0 < minutes <= EXTEND_LIMIT_MINUTES:
        raise Invalid({"/minutes": "minutes_range"})
    return Event("extended", now, {"seconds": minutes * 60})


def pause(stage: Stage, now: datetime, *, why: str | None = None) -> Event:
    """Stop the clock. ``why`` is a code where nobody decided it."""
    check_state(stage, "running")
    return Event("paused", now, {"why": why} if why else {})


def resume(stage: Stage, now: datetime) -> Event:
    check_state(stage, "paused")
    return Event("resumed", now)


def reopen(stage: Stage, form: Format, now: datetime) -> Event:
    """Go one phase back; a closed gathering goes back to the phase it closed in."""
    check_state(stage, "running", "paused", "closed")
    if stage.phase_index is None:
        raise Refusal("first_phase")
    index = stage.phase_index if stage.state == "closed" else stage.phase_index - 1
    if index < 0:
        raise Refusal("first_phase")
    minutes = min(form.phases[index].minutes, REOPENED_MINUTES)
    return start_phase(form, index, now, seconds=minutes * 60, reopened=True)


def close(stage: Stage, now: datetime, *, why: str = "facilitator") -> Event:
    """End the session. ``why`` is ``facilitator`` or ``idle``."""
    check_state(stage, "planned", "open", "running", "paused")
    return Event("closed", now, {"why": why})
