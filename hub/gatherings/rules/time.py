"""Time in hand against the plan, and what gives way when it is short; idle sessions; drafts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from hub.errors import Refusal
from hub.gatherings.rules.format import Format
from hub.gatherings.rules.limits import IDLE_MINUTES, RECORD_DRAFT_DAYS
from hub.gatherings.rules.stage import Event, Stage

# A session that is longer than this is reminded of the consent again at half-time.
LONG_MINUTES = 120


def is_reminded(form: Format, stage: Stage) -> bool:
    """True where people are reminded of what they said yes to.

    Before the start, in the first phase, and in the one in which half of a long session's planned
    time is over. Source: privacy-and-access.md, "Consent model".
    """
    if stage.state in ("planned", "open"):
        return True
    if stage.state == "closed" or stage.phase_index is None:
        return False
    if stage.phase_index == 0:
        return True
    total = sum(phase.minutes for phase in form.phases)
    if total <= LONG_MINUTES:
        return False
    before = sum(phase.minutes for phase in form.phases[: stage.phase_index])
    return before < total / 2 <= before + form.phases[stage.phase_index].minutes


def slack_seconds(form: Format, events: Iterable[Event], now: datetime) -> float:
    """Seconds in hand against the plan; negative when late. Pauses count as time used.

    The running phase counts with what it has been given, or with what it has used where that is
    more; phases still to come count as planned less what was cut from them.
    """
    used, planned = 0.0, 0.0
    cuts: dict[str, float] = {}
    started: Event | None = None
    given = 0.0
    for event in events:
        if event.kind == "phase_started":
            if started is not None:
                used += (event.at - started.at).total_seconds()
            if not event.data.get("reopened"):
                phase = form.phases[int(event.data["index"])]
                # What was cut from it was counted when it was cut.
                planned += phase.minutes * 60 - cuts.pop(phase.key, 0.0)
            started, given = event, float(event.data["seconds"])
        elif event.kind == "extended":
            given += float(event.data["seconds"])
        elif event.kind == "cut":
            planned += float(event.data["seconds"])
            key = str(event.data["phase"])
            cuts[key] = cuts.get(key, 0.0) + float(event.data["seconds"])
    if started is None:
        return 0.0
    used += max(given, (now - started.at).total_seconds())
    return planned - used


def cuts_of(events: Iterable[Event]) -> dict[str, float]:
    """Seconds taken from phases by key, for time given elsewhere."""
    cuts: dict[str, float] = {}
    for event in events:
        if event.kind == "cut":
            key = str(event.data["phase"])
            cuts[key] = cuts.get(key, 0.0) + float(event.data["seconds"])
    return cuts


def time_to_cut(
    form: Format, stage: Stage, *, seconds: float, slack: float, cuts: Mapping[str, float]
) -> tuple[str, float] | None:
    """The phase (its key) that gives up time when slack is not enough, and how many seconds.

    The next one that may be cut and keeps half of its minutes; never ``reflect`` or ``restate``,
    which are the method. None where the session simply runs longer. Source: jif.md.
    """
    wanted = seconds - max(0.0, slack)
    if wanted <= 0 or stage.phase_index is None:
        return None
    for phase in form.phases[stage.phase_index + 1 :]:
        left = phase.minutes * 60 / 2 - cuts.get(phase.key, 0.0)
        if phase.cuttable and left > 0:
            return phase.key, min(wanted, left)
    return None


def is_idle(*, now: datetime, last_activity_at: datetime, minutes: int = IDLE_MINUTES) -> bool:
    """True where nothing has come in by HTTP or socket for that long."""
    return now - last_activity_at >= timedelta(minutes=minutes)


def check_publishable(*, now: datetime, closed_at: datetime | None) -> None:
    """A record is a draft for seven days after the session, so that people can correct it."""
    if closed_at is None:
        raise Refusal("record_not_closed")
    ready = closed_at + timedelta(days=RECORD_DRAFT_DAYS)
    if now < ready:
        raise Refusal("record_too_early", date=ready.date().isoformat())
