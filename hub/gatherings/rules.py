"""What may happen in a gathering, and what next: decisions on plain values, no I/O.

A gathering's stage is never edited: every move is an event, and the stage is the fold of the
events (``replay``). Late joiners, a second facilitator and a restarted process read the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from hub.errors import Forbidden, Invalid, Refusal

State = Literal["planned", "open", "running", "paused", "closed"]
TEXT_LIMIT = 4000
REASON_LIMIT = 500
EXTEND_LIMIT_MINUTES = 60
REOPENED_MINUTES = 5
IDLE_MINUTES = 30
# Long enough to read a line and drop it, short beside the two minutes it may speak of.
BOT_GRACE_SECONDS = 10
RECORD_DRAFT_DAYS = 7


class FloorClosed(Refusal):
    """This kind of input is not open now."""


@dataclass(frozen=True)
class Phase:
    """One phase of a format. ``minutes`` is the planned length."""

    id: str
    title: dict[str, str]
    task: dict[str, str]
    minutes: float
    discussion: bool
    inputs: tuple[str, ...]
    cuttable: bool
    exit: str
    bot: dict[str, str]


@dataclass(frozen=True)
class Format:
    """A session format: phases in order, and the chatbot's lines in both languages."""

    id: str
    kind: Literal["forum", "dialogue"]
    title: dict[str, str]
    summary: dict[str, str]
    hybrid: bool
    phases: tuple[Phase, ...]
    triggers: dict[str, dict[str, str]]

    def phase(self, phase_id: str) -> Phase:
        return next(p for p in self.phases if p.id == phase_id)


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
    """The format with some phases shorter or longer. Raises Invalid."""
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


# --- the stage -----------------------------------------------------------------------------


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


def _start_phase(form: Format, index: int, now: datetime, **data: Any) -> Event:
    seconds = data.pop("seconds", None) or form.phases[index].minutes * 60
    return Event(
        "phase_started",
        now,
        {"index": index, "phase": form.phases[index].id, "seconds": seconds, **data},
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
    return _start_phase(form, 0, now)


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
    seconds = following.minutes * 60 - (cuts or {}).get(following.id, 0.0)
    if exit_met:
        return _start_phase(form, index + 1, now, seconds=seconds)
    if not force:
        raise Refusal("exit_unmet")
    if not reason:
        raise Invalid({"/reason": "reason_missing"})
    return _start_phase(form, index + 1, now, seconds=seconds, forced=True)


def extend(stage: Stage, now: datetime, *, minutes: float) -> Event:
    """Give the phase more time, in minutes."""
    check_state(stage, "running", "paused")
    if not 0 < minutes <= EXTEND_LIMIT_MINUTES:
        raise Invalid({"/minutes": "minutes_range"})
    return Event("extended", now, {"seconds": minutes * 60})


def pause(stage: Stage, now: datetime) -> Event:
    check_state(stage, "running")
    return Event("paused", now)


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
    return _start_phase(form, index, now, seconds=minutes * 60, reopened=True)


def close(stage: Stage, now: datetime, *, why: str = "facilitator") -> Event:
    """End the session. ``why`` is ``facilitator`` or ``idle``."""
    check_state(stage, "planned", "open", "running", "paused")
    return Event("closed", now, {"why": why})


# --- what may be said ----------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A kind of input: who may write it, whether it needs text, and what ``fields`` it has."""

    by: Literal["participant", "facilitator", "hub"] = "participant"
    needs_text: bool = True
    private: bool = False
    refers_to: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "question": Kind(),
    "contribution": Kind(),
    "reflection": Kind(private=True),
    "restatement": Kind(refers_to=("contribution", "question")),
    "restatement_check": Kind(needs_text=False, refers_to=("restatement",)),
    "theme": Kind(),
    "rating": Kind(needs_text=False, private=True, refers_to=("theme", "recommendation")),
    "ranking": Kind(needs_text=False, private=True),
    "recommendation": Kind(),
    "stance": Kind(needs_text=False, refers_to=("recommendation", "amendment")),
    "amendment": Kind(refers_to=("recommendation", "stance", "amendment")),
    "wording": Kind(),
    "change": Kind(),
    "checkout": Kind(),
    "facilitation": Kind(by="facilitator", refers_to=("recommendation",)),
    "bot": Kind(by="hub"),
    "system": Kind(by="hub"),
}
DISCUSSION = ("question", "contribution")
# What a phase asks for once for each person and thing: a later one replaces the earlier.
REPLACING = ("rating", "ranking", "restatement_check", "stance")
STANCES = ("consent", "objection", "stand_aside")
OUTCOMES = ("adopted_with_dissent", "parked")
AMENDMENT_ROUNDS = 2
ANSWERS = ("yes", "partly", "no")


def open_kinds(stage: Stage, form: Format) -> tuple[str, ...]:
    """The kinds of input a participant may write now."""
    if stage.state != "running" or stage.phase_index is None:
        return ()
    phase = form.phases[stage.phase_index]
    talk = DISCUSSION if phase.discussion else ()
    return tuple(dict.fromkeys((*phase.inputs, *talk)))


def check_may_speak(
    stage: Stage, form: Format, *, kind: str, as_facilitator: bool, splits: bool = False
) -> None:
    """Raises FloorClosed where the kind is not open now, Invalid where it is not known.

    A recommendation that ``splits`` another is open wherever amendments are.
    """
    if kind not in KINDS or KINDS[kind].by == "hub":
        raise Invalid({"/kind": "kind_unknown"})
    if stage.state == "closed":
        raise FloorClosed("session_closed")
    if KINDS[kind].by == "facilitator":
        if not as_facilitator:
            raise Forbidden()
        return
    if stage.state in ("planned", "open"):
        raise FloorClosed("session_not_started")
    if stage.state == "paused":
        raise FloorClosed("session_paused")
    now_open = open_kinds(stage, form)
    if kind == "recommendation" and splits and "amendment" in now_open:
        return
    if kind not in now_open:
        raise FloorClosed("kind_closed")


def read_fields(kind: str, fields: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The fields of an input, checked and without what does not belong to the kind.

    Raises Invalid with a JSON pointer for each fault. References are checked by the caller.
    """
    reader = FIELD_READERS.get(kind)
    if reader is None:
        return {}
    faults: dict[str, str] = {}
    clean = reader(fields, text, faults)
    if faults:
        raise Invalid({f"/fields/{name}": code for name, code in faults.items()})
    return clean


def _short(value: object, limit: int = REASON_LIMIT) -> str:
    return value.strip()[:limit] if isinstance(value, str) else ""


def _reference(fields: Mapping[str, Any], faults: dict[str, str]) -> dict[str, Any]:
    of = fields.get("of")
    if not isinstance(of, str) or not of:
        faults["of"] = "of_missing"
        return {}
    return {"of": of}


def _restatement(f: Mapping[str, Any], _text: str, faults: dict[str, str]) -> dict[str, Any]:
    return _reference(f, faults)


def _check(f: Mapping[str, Any], _text: str, faults: dict[str, str]) -> dict[str, Any]:
    clean = _reference(f, faults)
    if f.get("answer") not in ANSWERS:
        faults["answer"] = "answer_unknown"
    return {**clean, "answer": f.get("answer")}


def _rating(f: Mapping[str, Any], _text: str, faults: dict[str, str]) -> dict[str, Any]:
    clean = _reference(f, faults)
    value, scale = f.get("value"), f.get("scale", "importance")
    if value != "pass" and (isinstance(value, bool) or value not in (1, 2, 3, 4, 5)):
        faults["value"] = "rating_range"
    if not isinstance(scale, str) or not scale or len(scale) > 40:
        faults["scale"] = "scale_missing"
    reason = _short(f.get("reason"))
    return {**clean, "value": value, "scale": scale, **({"reason": reason} if reason else {})}


def _ranking(f: Mapping[str, Any], _text: str, faults: dict[str, str]) -> dict[str, Any]:
    order = f.get("order")
    good = isinstance(order, list) and 0 < len(order) <= 20
    if not good or not all(isinstance(i, str) for i in order or []):
        faults["order"] = "order_missing"
        return {}
    assert isinstance(order, list)
    if len(set(order)) != len(order):
        faults["order"] = "order_repeats"
    return {"order": order}


def _recommendation(f: Mapping[str, Any], text: str, faults: dict[str, str]) -> dict[str, Any]:
    clean = {key: _short(f.get(key), 300) for key in ("what", "owner", "when", "measure")}
    clean["what"] = clean["what"] or text
    if clean["when"]:
        try:
            date.fromisoformat(clean["when"])
        except ValueError:
            faults["when"] = "date_unreadable"
    if split_of := _short(f.get("split_of"), 40):
        clean["split_of"] = split_of
    return clean


def _stance(f: Mapping[str, Any], text: str, faults: dict[str, str]) -> dict[str, Any]:
    clean = _reference(f, faults)
    value = f.get("value")
    if value not in STANCES:
        faults["value"] = "stance_unknown"
    reason = _short(f.get("reason")) or text
    if value == "objection" and not reason:
        faults["reason"] = "objection_reason"
    return {**clean, "value": value, **({"reason": reason} if reason else {})}


def _principle(f: Mapping[str, Any], _text: str, _faults: dict[str, str]) -> dict[str, Any]:
    return {key: _short(f.get(key), 100) for key in ("principle", "language") if f.get(key)}


def _contribution(f: Mapping[str, Any], _text: str, _faults: dict[str, str]) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    if f.get("side") in ("for", "against"):
        clean["side"] = f["side"]
    if tag := _short(f.get("tag"), 60):
        clean["tag"] = tag
    if finding := _short(f.get("finding"), 40):
        clean["finding"] = finding
    return clean


def _facilitation(f: Mapping[str, Any], text: str, faults: dict[str, str]) -> dict[str, Any]:
    """Plain words, or the outcome of a proposal: ``of`` and ``result``, dissent in the text."""
    if "of" not in f and "result" not in f:
        return {}
    clean = _reference(f, faults)
    if f.get("result") not in OUTCOMES:
        faults["result"] = "result_unknown"
    elif f["result"] == "adopted_with_dissent" and not text:
        faults["result"] = "dissent_missing"
    return {**clean, "result": f.get("result")}


def _reflection(f: Mapping[str, Any], _text: str, _faults: dict[str, str]) -> dict[str, Any]:
    return {"skipped": True} if f.get("skipped") is True else {}


FIELD_READERS = {
    "contribution": _contribution,
    "question": _contribution,
    "reflection": _reflection,
    "restatement": _restatement,
    "restatement_check": _check,
    "rating": _rating,
    "ranking": _ranking,
    "recommendation": _recommendation,
    "stance": _stance,
    "amendment": _restatement,
    "wording": _principle,
    "change": _principle,
    "facilitation": _facilitation,
}


def missing_parts(fields: Mapping[str, Any]) -> list[str]:
    """What a recommendation lacks of owner, when and measure."""
    return [part for part in ("owner", "when", "measure") if not fields.get(part)]


# --- when a phase may end ------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """As much of a contribution as the rules need; ``author`` is a participant's id."""

    id: str
    kind: str
    phase: str
    author: str | None
    group: str | None
    reply_to: str | None
    fields: Mapping[str, Any]
    created_at: datetime
    words: int = 0
    shared: bool = True


@dataclass(frozen=True)
class Room:
    """What an exit condition looks at. ``present`` maps a participant's id to their group."""

    phase: str
    present: Mapping[str, str | None]
    said: tuple[Said, ...]
    cards: int = 0
    cards_shown: int = 0
    time_up: bool = False

    def here(self, kind: str) -> list[Said]:
        return [s for s in self.said if s.kind == kind and s.phase == self.phase]

    @property
    def groups_present(self) -> set[str]:
        return {g for g in self.present.values() if g}


@dataclass(frozen=True)
class Exit:
    """Whether a phase has done its work: ``done`` of ``wanted``, named by ``code``."""

    met: bool
    code: str
    done: int = 0
    wanted: int = 0


def _share(room: Room, people: set[str], code: str, *, share: float = 0.8) -> Exit:
    """Source: jif.md, "80%" of those present."""
    wanted = -(-len(room.present) * int(share * 100) // 100)
    done = len(people & set(room.present))
    return Exit(done >= wanted, code, done, wanted)


def _exit_consented(room: Room) -> Exit:
    # Nobody gets a seat without consent, so all who are present have given it.
    return Exit(True, "everyone_consented", len(room.present), len(room.present))


def _exit_cards(room: Room) -> Exit:
    answered = {s.reply_to for s in room.said}
    unanswered = sum(1 for q in room.here("question") if q.id not in answered)
    wanted = room.cards + unanswered
    met = room.cards_shown >= room.cards and unanswered == 0
    return Exit(met, "cards_shown", min(room.cards_shown, room.cards), wanted)


def _exit_reflected(room: Room) -> Exit:
    people = {s.author for s in room.here("reflection") if s.author}
    found = _share(room, people, "reflected")
    return replace(found, met=found.met or room.time_up)


def _exit_groups(room: Room) -> Exit:
    heard = {s.group for s in room.here("contribution") if s.group}
    wanted = room.groups_present
    return Exit(wanted <= heard, "groups_heard", len(wanted & heard), len(wanted))


def _exit_restated(room: Room) -> Exit:
    restated = room.here("restatement")
    checked = {s.fields.get("of") for s in room.said if s.kind == "restatement_check"}
    found = _share(room, {s.author for s in restated if s.author}, "restated")
    open_checks = [s for s in restated if s.id not in checked]
    return replace(found, met=room.time_up or (found.met and not open_checks))


def _exit_rated(room: Room) -> Exit:
    themes = [s for s in room.said if s.kind == "theme"]
    groups = room.groups_present
    ratings = [s for s in room.said if s.kind == "rating"]
    rated = [
        t
        for t in themes
        if groups <= {s.group for s in ratings if s.fields.get("of") == t.id and s.group}
    ]
    met = 3 <= len(themes) <= 5 and len(rated) == len(themes)
    return Exit(met, "themes_rated", len(rated), max(3, len(themes)))


def _exit_drafts(room: Room) -> Exit:
    drafts = drafts_of(room.said)
    complete = [d for d in drafts if not missing_parts(d.fields)]
    return Exit(1 <= len(complete) <= 4, "drafts_complete", len(complete), max(1, len(drafts)))


def _exit_decided(room: Room) -> Exit:
    drafts = drafts_of(room.said)
    decided = [d for d in drafts if decision_on(d.id, room.said).result != "undecided"]
    return Exit(len(decided) == len(drafts), "decided", len(decided), len(drafts))


def _exit_time(room: Room) -> Exit:
    return Exit(room.time_up, "time")


EXITS = {
    "everyone_consented": _exit_consented,
    "cards_shown": _exit_cards,
    "reflected": _exit_reflected,
    "groups_heard": _exit_groups,
    "restated": _exit_restated,
    "themes_rated": _exit_rated,
    "drafts_complete": _exit_drafts,
    "decided": _exit_decided,
    "time": _exit_time,
}


def exit_of(form: Format, room: Room) -> Exit:
    """Whether the phase has done its work. Source: the table "Ends when" of jif.md."""
    return EXITS[form.phase(room.phase).exit](room)


# --- decisions by consent ------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """Where a recommendation stands: the latest stance of each person counts."""

    result: Literal["adopted", "adopted_with_dissent", "parked", "undecided"]
    stances: dict[str, int]
    objections: tuple[str, ...]
    stand_asides: tuple[str, ...]
    amendments: tuple[str, ...]
    outcomes: tuple[str, ...] = ()


def drafts_of(said: Iterable[Said]) -> list[Said]:
    """Recommendations as they stand: one that replies to a recommendation replaces it.

    The first keeps its id, so that stances and links to it stay good; the latest gives the fields.
    """
    drafts: dict[str, Said] = {}
    root: dict[str, str] = {}
    for s in said:
        if s.kind != "recommendation":
            continue
        first = root.get(s.reply_to or "")
        if first is None:
            drafts[s.id] = s
            root[s.id] = s.id
        else:
            kept = {k: v for k, v in s.fields.items() if v}
            drafts[first] = replace(drafts[first], fields={**drafts[first].fields, **kept})
            root[s.id] = first
    # What was split is no longer decided on; its parts are.
    split = {d.fields["split_of"] for d in drafts.values() if d.fields.get("split_of")}
    return [d for d in drafts.values() if d.id not in split]


def wording_of(draft: str, said: Iterable[Said]) -> str:
    """The id of the recommendation that carries a draft's latest words."""
    chain, latest = {draft}, draft
    for s in said:
        if s.kind == "recommendation" and s.reply_to in chain and s.id != draft:
            chain.add(s.id)
            latest = s.id
    return latest


def decision_on(draft: str, said: Iterable[Said]) -> Decision:
    """Decision by consent, not by majority: one standing objection keeps a draft open.

    Source: jif.md, "Input rules". A stance on an amendment of the draft counts for the draft.
    """
    said = list(said)
    about = {draft} | {s.id for s in said if s.kind == "recommendation" and s.reply_to == draft}
    amendments: list[str] = []
    stances_by_id = {s.id: s for s in said if s.kind == "stance"}
    for s in said:
        of = s.fields.get("of")
        target = stances_by_id[of].fields.get("of") if of in stances_by_id else of
        if s.kind == "amendment" and target in about:
            amendments.append(s.id)
            about.add(s.id)
    outcomes = [s for s in said if s.kind == "facilitation" and s.fields.get("of") in about]
    latest: dict[str, Said] = {}
    for s in said:
        if s.kind == "stance" and s.fields.get("of") in about and s.author:
            latest[s.author] = s
    values = Counter(str(s.fields["value"]) for s in latest.values())
    objections = tuple(s.id for s in latest.values() if s.fields["value"] == "objection")
    aside = tuple(s.id for s in latest.values() if s.fields["value"] == "stand_aside")
    result: Literal["adopted", "adopted_with_dissent", "parked", "undecided"]
    if outcomes:
        result = outcomes[-1].fields["result"]
    elif not latest or objections:
        result = "undecided"
    elif aside:
        result = "adopted_with_dissent"
    else:
        result = "adopted"
    return Decision(
        result,
        {v: values.get(v, 0) for v in STANCES},
        objections,
        aside,
        tuple(amendments),
        tuple(s.id for s in outcomes),
    )


def check_outcome(decision: Decision, result: str) -> None:
    """Dissent is written out after two rounds of amendments, never instead of them.

    Source: jif.md, "Input rules". Raises Refusal. Parking is always open.
    """
    open_objection = bool(decision.objections) and result == "adopted_with_dissent"
    if open_objection and len(decision.amendments) < AMENDMENT_ROUNDS:
        raise Refusal("amend_first", rounds=AMENDMENT_ROUNDS)


# --- ratings -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally:
    """How people rated one thing on one scale: people per value 1 to 5, and who passed."""

    counts: tuple[int, int, int, int, int]
    passed: int

    @property
    def answered(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """The mean of those who gave a number; None where nobody did."""
        total = sum((value + 1) * count for value, count in enumerate(self.counts))
        return round(total / self.answered, 1) if self.answered else None


def ratings_on(thing: str, said: Iterable[Said]) -> dict[tuple[str, str], Said]:
    """The latest rating of a thing by scale and person, hidden ones included."""
    latest: dict[tuple[str, str], Said] = {}
    for s in said:
        if s.kind == "rating" and s.fields.get("of") == thing and s.author:
            latest[str(s.fields["scale"]), s.author] = s
    return latest


def tallies_of(thing: str, said: Iterable[Said]) -> dict[str, Tally]:
    """The shared ratings of a thing, by scale."""
    values: dict[str, list[Any]] = {}
    for (scale, _), s in ratings_on(thing, said).items():
        if s.shared:
            values.setdefault(scale, []).append(s.fields["value"])
    return {
        scale: Tally(
            (
                given.count(1),
                given.count(2),
                given.count(3),
                given.count(4),
                given.count(5),
            ),
            given.count("pass"),
        )
        for scale, given in values.items()
    }


def ratings_to_share(
    thing: str, said: Iterable[Said], present: Iterable[str], *, reveal: bool = False
) -> list[str]:
    """The hidden ratings that may be shared now: on scales that all who are present answered.

    ``reveal``: the facilitator does not wait for the rest. Source: contract, "A contribution".
    """
    ratings = ratings_on(thing, said)
    here = set(present)
    scales = {scale for scale, _ in ratings}
    ready = {s for s in scales if reveal or here <= {who for scale, who in ratings if scale == s}}
    return [s.id for (scale, _), s in ratings.items() if scale in ready and not s.shared]


# --- time ----------------------------------------------------------------------------------


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
                planned += phase.minutes * 60 - cuts.pop(phase.id, 0.0)
            started, given = event, float(event.data["seconds"])
        elif event.kind == "extended":
            given += float(event.data["seconds"])
        elif event.kind == "cut":
            planned += float(event.data["seconds"])
            phase_id = str(event.data["phase"])
            cuts[phase_id] = cuts.get(phase_id, 0.0) + float(event.data["seconds"])
    if started is None:
        return 0.0
    used += max(given, (now - started.at).total_seconds())
    return planned - used


def cuts_of(events: Iterable[Event]) -> dict[str, float]:
    """Seconds taken from phases by id, for time given elsewhere."""
    cuts: dict[str, float] = {}
    for event in events:
        if event.kind == "cut":
            phase_id = str(event.data["phase"])
            cuts[phase_id] = cuts.get(phase_id, 0.0) + float(event.data["seconds"])
    return cuts


def time_to_cut(
    form: Format, stage: Stage, *, seconds: float, slack: float, cuts: Mapping[str, float]
) -> tuple[str, float] | None:
    """The phase that gives up time when slack is not enough, and how many seconds.

    The next one that may be cut and keeps half of its minutes; never ``reflect`` or ``restate``,
    which are the method. None where the session simply runs longer. Source: jif.md.
    """
    wanted = seconds - max(0.0, slack)
    if wanted <= 0 or stage.phase_index is None:
        return None
    for phase in form.phases[stage.phase_index + 1 :]:
        left = phase.minutes * 60 / 2 - cuts.get(phase.id, 0.0)
        if phase.cuttable and left > 0:
            return phase.id, min(wanted, left)
    return None


# --- the rest ------------------------------------------------------------------------------


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


def may_correct(*, is_author: bool, is_bilingual: bool, runs: bool) -> bool:
    """The author, bilingual participants and facilitators correct a translation."""
    return is_author or is_bilingual or runs
