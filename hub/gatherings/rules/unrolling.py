"""A dialogue's phases, once for each principle, and the order they are taken in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from hub.errors import Invalid, Refusal
from hub.gatherings.rules.format import Format, Phase
from hub.gatherings.rules.stage import Event, Stage, check_state, start_phase


def unroll(form: Format, principles: Sequence[str]) -> Format:
    """The format with what lies between ``arrive`` and ``close`` repeated for each principle.

    Source: reflective-dialogue.md, "Plan".
    """
    first, each, last = _parts(form)
    repeated = tuple(replace(p, principle=principle) for principle in principles for p in each)
    return replace(form, phases=(*first, *repeated, *last))


def _parts(form: Format) -> tuple[tuple[Phase, ...], tuple[Phase, ...], tuple[Phase, ...]]:
    phases = form.phases
    first = phases[:1] if phases[0].id == "arrive" else ()
    last = phases[-1:] if len(phases) > 1 and phases[-1].id == "close" else ()
    return first, phases[len(first) : len(phases) - len(last)], last


def reordered(form: Format, principles: Sequence[str], *, begun: Collection[str]) -> Format:
    """The format with the principles that are not begun in another order.

    Raises Invalid where ``principles`` are not exactly those.
    """
    ahead = [p for p in form.principles if p not in begun]
    if sorted(ahead) != sorted(principles):
        raise Invalid({"/principles": "principles_ahead"})
    by_principle = {
        principle: [p for p in form.phases if p.principle == principle] for principle in principles
    }
    if not ahead:
        return form
    # Those ahead lie together: nothing is begun but in order.
    places = [i for i, p in enumerate(form.phases) if p.principle in by_principle]
    moved = [phase for principle in principles for phase in by_principle[principle]]
    phases = list(form.phases)
    for place, phase in zip(places, moved, strict=True):
        phases[place] = phase
    return replace(form, phases=tuple(phases))


def park(stage: Stage, form: Format, now: datetime, *, reason: str) -> Event:
    """Leave the principle that runs as it is, and go on to what comes after it.

    Raises Refusal where no principle runs or nothing comes after it, Invalid without a reason.
    """
    check_state(stage, "running")
    index = stage.phase_index or 0
    principle = form.phases[index].principle
    if principle is None:
        raise Refusal("no_principle_now")
    after = next(
        (i for i, p in enumerate(form.phases) if i > index and p.principle != principle), None
    )
    if after is None:
        raise Refusal("last_phase")
    if not reason:
        raise Invalid({"/reason": "reason_missing"})
    return start_phase(form, after, now, forced=True, parked=principle)
