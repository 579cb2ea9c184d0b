"""The events of a charter, and what each makes of it. All falling back happens here.

Source: charters.md, "Status rules"; reflective-dialogue.md, "From outcomes to a new version".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from hub.charters.rules.state import (
    LANGUAGES,
    Principle,
    State,
    Text,
    other,
    read_principle,
    read_state,
)
from hub.charters.rules.statuses import MOVES, SYSTEM, may_move

ROUND_DAYS = 14


@dataclass(frozen=True)
class Event:
    """One entry of a charter's log. ``role``: in which it was done."""

    number: int
    at: datetime
    kind: str
    role: str
    data: Mapping[str, Any] = field(default_factory=dict)


def replay(events: Iterable[Event]) -> State:
    """The charter that its events make. Raises ValueError where they cannot have happened."""
    state: State | None = None
    for event in events:
        state = apply(state, event)
    if state is None:
        raise ValueError("a charter begins with an event")
    return state


def apply(state: State | None, event: Event) -> State:
    """The charter after an event. Raises ValueError for one that cannot have happened."""
    if event.kind == "created":
        if state is not None:
            raise ValueError("a charter is created once")
        return _numbered(read_state(event.data["state"]), event)
    if state is None:
        raise ValueError("a charter begins with being created")
    return _APPLY[event.kind](state, event)


def ends_at(event_at: datetime) -> datetime:
    """When a round of comment that begins now is over."""
    return event_at + timedelta(days=ROUND_DAYS)


def round_is_open(state: State, now: datetime) -> bool:
    return state.round is not None and now < datetime.fromisoformat(state.round["closes_at"])


def round_faults(state: State, principle: Principle, now: datetime) -> str | None:
    """Why those who took part have not had their say on these very words; None where they have.

    ``round_missing``: not in a round, or changed since; ``round_running``: not over yet.
    """
    asked = (state.round or {}).get("revisions", {}).get(principle.id)
    if asked != {language: principle.texts[language].revision for language in LANGUAGES}:
        return "round_missing"
    return "round_running" if round_is_open(state, now) else None


def _numbered(state: State, event: Event) -> State:
    """Words that come with a whole charter were made by the event that brought it."""
    principles, removed = (
        tuple(
            replace(
                p,
                texts={
                    language: replace(text, revision=event.number if text.text else 0)
                    for language, text in p.texts.items()
                },
            )
            for p in part
        )
        for part in (state.principles, state.removed)
    )
    return replace(state, principles=principles, removed=removed)


def _imported(state: State, event: Event) -> State:
    """The whole charter as a file has it; what the file does not have is kept as removed."""
    new = _numbered(read_state(event.data["state"]), event)
    named = {p.id for p in (*new.principles, *new.removed)}
    kept = tuple(p for p in (*state.removed, *state.principles) if p.id not in named)
    return replace(new, id=state.id, removed=(*new.removed, *kept), round=None)


def _described(state: State, event: Event) -> State:
    return replace(state, **event.data)


def _principle_added(state: State, event: Event) -> State:
    data = event.data
    if any(p.id == data["id"] for p in (*state.principles, *state.removed)):
        raise ValueError("ids of principles are never used again")
    read = read_principle(data)
    texts = {
        language: Text(
            text.title,
            text.text,
            "draft" if text.text else "missing",
            (text.origin or "person") if text.text else None,
            text.engine,
            event.number if text.text else 0,
        )
        for language, text in read.texts.items()
    }
    return _put(state, Principle(read.id, texts), data.get("position"))


def _put(state: State, principle: Principle, position: int | None) -> State:
    rest = [p for p in state.principles if p.id != principle.id]
    rest.insert(len(rest) if position is None else position, principle)
    return replace(state, principles=tuple(rest))


def _there(state: State, event: Event, name: str = "principle") -> Principle:
    found = state.find(event.data[name])
    if found is None:
        raise ValueError(f"no principle {event.data[name]}")
    return found


def _principle_moved(state: State, event: Event) -> State:
    return _put(state, _there(state, event, "id"), event.data["position"])


def _principle_removed(state: State, event: Event) -> State:
    gone = _there(state, event, "id")
    rest = tuple(p for p in state.principles if p.id != gone.id)
    return replace(state, principles=rest, removed=(*state.removed, gone))


def _principle_restored(state: State, event: Event) -> State:
    back = next((p for p in state.removed if p.id == event.data["id"]), None)
    if back is None:
        raise ValueError("what was not removed cannot come back")
    rest = tuple(p for p in state.removed if p.id != back.id)
    return _put(replace(state, removed=rest), back, event.data.get("position"))


def _text_changed(state: State, event: Event) -> State:
    data = event.data
    principle, language = _there(state, event), data["language"]
    old = principle.texts[language]
    status = _after_change(old.status, data["origin"])
    new = Text(
        data["title"],
        data["text"],
        old.status,
        data["origin"],
        data.get("engine", "") if data["origin"] == "machine" else "",
        event.number,
    )
    principle = _moved(principle.with_text(language, new), language, status, event)
    across = principle.texts[other(language)]
    in_source = state.source_language == language or (
        state.source_language == "both" and data.get("substance") is True
    )
    if in_source and across.status != "missing":
        principle = _moved(principle, other(language), "draft", event)
    return state.with_principle(principle)


def _after_change(status: str, origin: str) -> str:
    # A machine's words are a draft, whatever stood there before.
    if status == "missing" or origin == "machine":
        return "draft"
    return "human_reviewed" if status in ("tested_in_dialogue", "adopted") else status


def _moved(
    principle: Principle, language: str, status: str, event: Event, *, by_role: str = SYSTEM
) -> Principle:
    """The principle with a status moved, and the move in its log; as it was where nothing moves."""
    text = principle.texts[language]
    if text.status == status:
        return principle
    if (text.status, status) not in MOVES:
        raise ValueError(f"no way from {text.status} to {status}")
    by = event.role if text.status == "missing" else by_role
    entry = {
        "language": language,
        "status": status,
        "on": event.data.get("on") or event.at.date().isoformat(),
        "by_role": by,
        "outcome": event.data.get("outcome") if by != SYSTEM else None,
        "dialogue": event.data.get("dialogue") if by != SYSTEM else None,
        "note": event.data.get("note") or "" if by != SYSTEM else "",
    }
    moved = principle.with_text(language, replace(text, status=status))
    return replace(moved, log=(*moved.log, entry))


def _status_moved(state: State, event: Event) -> State:
    data, principle = event.data, _there(state, event)
    if data["to"] in ("adopted", "draft"):
        raise ValueError("both languages are adopted together, and words make a draft")
    if not may_move(event.role, principle.texts[data["language"]].status, data["to"]):
        raise ValueError(f"a status is not moved to {data['to']} so")
    moved = _moved(principle, data["language"], data["to"], event, by_role=event.role)
    return state.with_principle(moved)


def _terms_marked(state: State, event: Event) -> State:
    terms = tuple(event.data["terms"])
    return state.with_principle(replace(_there(state, event), glossary_terms=terms))


def _dissent_published(state: State, event: Event) -> State:
    principle = _there(state, event)
    entry = {name: event.data[name] for name in ("outcome", "dialogue", "group", "text")}
    entry |= {name: event.data[name] for name in ("origin", "withdrawn") if event.data.get(name)}
    # The same words with their translation take the place of those without.
    kept = tuple(each for each in principle.dissent if not _is_same_dissent(each, entry))
    return state.with_principle(replace(principle, dissent=(*kept, entry)))


def _is_same_dissent(one: Mapping[str, Any], other_one: Mapping[str, Any]) -> bool:
    same = (one["outcome"], one["group"]) == (other_one["outcome"], other_one["group"])
    if one.get("withdrawn") and other_one.get("withdrawn"):
        return same
    return same and any(one["text"].get(k) == text for k, text in other_one["text"].items())


def _dissent_withdrawn(state: State, _event: Event) -> State:
    """Its words are erased from the events that held them: what is left tells that it was there."""
    return state


def without_dissent(data: Any, is_gone: Callable[[Mapping[str, Any]], bool]) -> Any:
    """An event's data, where dissent that ``is_gone`` has no words, and is marked as withdrawn."""
    if isinstance(data, list | tuple):
        return [without_dissent(each, is_gone) for each in data]
    if not isinstance(data, Mapping):
        return data
    if {"outcome", "group", "text"} <= set(data) and data["text"] and is_gone(data):
        return {**data, "text": {}, "withdrawn": True}
    return {key: without_dissent(each, is_gone) for key, each in data.items()}


def _round_opened(state: State, event: Event) -> State:
    return replace(
        state,
        round={
            "number": event.number,
            "opened_on": event.at.date().isoformat(),
            "closes_at": event.data["closes_at"],
            "revisions": {
                p.id: {language: text.revision for language, text in p.texts.items()}
                for p in state.principles
            },
        },
    )


def _version_made(state: State, event: Event) -> State:
    return _in_version(state, event, adopted_by=None)


def _in_version(state: State, event: Event, *, adopted_by: str | None) -> State:
    data = event.data
    version = {
        "number": data["number"],
        "on": data["on"],
        "based_on": data.get("based_on"),
        "note": data["note"],
        "adopted_by": adopted_by,
    }
    return replace(state, version=version)


def _adopted(state: State, event: Event) -> State:
    data = event.data
    noted = replace(event, data={"on": data["on"], "note": data["body"]})
    for principle_id in data["principles"]:
        principle = state.find(principle_id)
        if principle is None:
            raise ValueError(f"no principle {principle_id}")
        for language in LANGUAGES:
            if principle.texts[language].status != "tested_in_dialogue":
                raise ValueError("only what was tested in dialogue is adopted")
            principle = _moved(principle, language, "adopted", noted, by_role=event.role)
        pair = {language: principle.texts[language].words for language in LANGUAGES}
        adopted = {
            "texts": pair,
            "on": data["on"],
            "body": data["body"],
            "version": data["number"],
        }
        state = state.with_principle(replace(principle, adopted=adopted))
    return _in_version(state, event, adopted_by=data["body"])


_APPLY: Final[Mapping[str, Callable[[State, Event], State]]] = {
    "imported": _imported,
    "described": _described,
    "principle_added": _principle_added,
    "principle_moved": _principle_moved,
    "principle_removed": _principle_removed,
    "principle_restored": _principle_restored,
    "text_changed": _text_changed,
    "status_moved": _status_moved,
    "terms_marked": _terms_marked,
    "dissent_published": _dissent_published,
    "dissent_withdrawn": _dissent_withdrawn,
    "round_opened": _round_opened,
    "version_made": _version_made,
    "adopted": _adopted,
}
EVENTS: Final = ("created", *_APPLY)
