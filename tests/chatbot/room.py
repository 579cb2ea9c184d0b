"""A small room for the chatbot's rules: who is there, what they said, and when, in seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.chatbot import rules
from hub.chatbot.moves import Line, SaidLine

START = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
TITLES = {
    "interpret": {"sv": "Tolka", "en": "Interpret"},
    "restate": {"sv": "Byt perspektiv", "en": "Change places"},
}


def at(seconds: float) -> datetime:
    """Seconds from the start of the phase, which began 10 minutes into the session."""
    return START + timedelta(seconds=600 + seconds)


def person(
    name: str, group: str | None = "lived", *, joined: float = -600, **more: Any
) -> rules.Person:
    return rules.Person(
        id=name.lower(),
        name=name,
        group=group,
        role=more.pop("role", "patient"),
        language=more.pop("language", "sv"),
        joined_at=at(joined),
        **more,
    )


KERSTIN = person("Kerstin")
DANNY = person("Danny", language="en")
GRACE = person("Grace", "practice", role="practitioner", language="en")
BJORN = person("Björn", "practice", role="practitioner")
TOM = person("Tom", "research", role="researcher", language="en")
HANNA = person("Hanna", "research", role="phd_student")
PEOPLE = (KERSTIN, DANNY, GRACE, BJORN, TOM, HANNA)


def post(
    id_: str,
    author: rules.Person | None,
    seconds: float,
    text: str = "Det var så för mig också.",
    *,
    kind: str = "contribution",
    **more: Any,
) -> rules.Post:
    return rules.Post(
        id=id_,
        kind=kind,
        phase=more.pop("phase", "interpret"),
        author=author.id if author else None,
        group=author.group if author else None,
        language=author.language if author else "sv",
        text=text,
        words=more.pop("words", len(text.split())),
        at=at(seconds),
        **more,
    )


def said(
    trigger: str, seconds: float, *, to: str = "all", subject: str = "", **more: Any
) -> SaidLine:
    return SaidLine(trigger, subject, to, at(seconds), **more)


def everyone_heard(seconds: float, phase: str = "interpret") -> tuple[rules.Post, ...]:
    """One post by each group, so that nobody is missing."""
    return tuple(
        post(f"heard-{p.id}", p, seconds, phase=phase, risk=False) for p in (KERSTIN, GRACE, TOM)
    )


def watch(
    seconds: float, *, minutes: float = 14, phase: str = "interpret", **more: Any
) -> rules.Watch:
    """The room that many seconds into a phase; somebody is typing unless ``people`` are given."""
    people = more.pop("people", tuple(replace(p, typing_at=at(seconds)) for p in PEOPLE))
    return rules.Watch(
        now=at(seconds),
        state=more.pop("state", "running"),
        phase=phase,
        title=TITLES.get(phase, {"sv": phase, "en": phase}),
        planned_seconds=minutes * 60,
        started_at=at(0),
        seconds_left=minutes * 60 - seconds,
        session_started_at=more.pop("session_started_at", START),
        people=people,
        names=tuple(p.name for p in people),
        **more,
    )


def due(room: rules.Watch, trigger: str) -> list[Line]:
    """The lines of one trigger that are due."""
    return [line for line in rules.next_lines(room) if line.trigger == trigger]
