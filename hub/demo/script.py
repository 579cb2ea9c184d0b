"""The sample dialogue as a script: what is done, by whom and when. Plain values, no I/O but files.

Two files make it: ``sample-dialogue.tsv`` and what it lacks, ``supplement.yaml``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

DATA = Path(__file__).parent / "data"
FACILITATOR = "facilitator"
BOTH = "all"

T = TypeVar("T")
Act = Literal[
    "start", "advance", "join", "show", "say", "ready", "split", "correct", "dispute", "close"
]


@dataclass(frozen=True)
class Ref:
    """Stands for an id that the hub gives while the script is played.

    ``key`` is a turn (``"43"``), a proposal that was split off (``"P2a"``) or a card
    (``"card:18"``).
    """

    key: str


@dataclass(frozen=True)
class Row:
    """One row of the sample dialogue."""

    turn: int
    seconds: float
    speaker: str
    role: str
    language: str
    phase: str
    kind: str
    detail: str
    re_turn: int | None
    to: str
    text: str
    reference: str


@dataclass(frozen=True)
class Person:
    """A scripted participant. ``joins_at`` is 0 for those who are there from the beginning."""

    name: str
    role: str
    language: str
    bilingual: bool
    consent: Mapping[str, bool]
    joins_at: float = 0


@dataclass(frozen=True)
class Card:
    """A finding card; ``turn`` is the row in which it is shown."""

    turn: int
    title: Mapping[str, str]
    text: Mapping[str, str]
    source: str
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """A recommendation with the outcome that the dialogue gives it."""

    key: str
    turn: int
    what: str
    owner: str
    when: str
    measure: str
    outcome: str
    completed: int | None = None
    split_of: str | None = None

    @property
    def ref(self) -> Ref:
        """A draft is known by its row; one that was split off has no row of its own."""
        return Ref(self.key if self.split_of else str(self.turn))

    @property
    def fields(self) -> dict[str, str]:
        """The fields of a complete recommendation."""
        return {
            "what": self.what,
            "owner": self.owner,
            "when": self.when,
            "measure": self.measure,
        }


@dataclass(frozen=True)
class Step:
    """One thing that someone does at a time of the script. ``data`` may hold ``Ref``.

    ``key`` is what later steps may refer to; ``phase`` is the phase the step belongs to.
    """

    seconds: float
    act: Act
    who: str
    phase: str
    key: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    """Everything that is played. ``steps`` are in order; ``untold`` are rows left out."""

    format: str
    case: str
    title: Mapping[str, str]
    rows: tuple[Row, ...]
    people: tuple[Person, ...]
    cards: tuple[Card, ...]
    proposals: Mapping[str, Proposal]
    phases: tuple[str, ...]
    steps: tuple[Step, ...]
    untold: tuple[int, ...]

    def person(self, name: str) -> Person:
        """The participant of that name. Raises StopIteration where there is none."""
        return next(p for p in self.people if p.name == name)

    def row(self, turn: int) -> Row:
        """The row of that turn. Raises StopIteration where there is none."""
        return next(r for r in self.rows if r.turn == turn)


def load_script(folder: Path = DATA) -> Script:
    """Read the two files of the folder. Raises ValueError where they do not fit together."""
    rows = read_rows((folder / "sample-dialogue.tsv").read_text(encoding="utf-8"))
    extra = yaml.safe_load((folder / "supplement.yaml").read_text(encoding="utf-8"))
    return make_script(rows, extra)


def read_rows(text: str) -> tuple[Row, ...]:
    """The rows of a tab-separated dialogue with a header line and no quoting."""
    lines = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(_read_row(line) for line in lines)


def _read_row(line: Mapping[str, str]) -> Row:
    kind, _, detail = line["type"].partition(":")
    return Row(
        turn=int(line["turn"]),
        seconds=float(line["t_seconds"]),
        speaker=line["speaker"],
        role=line["role"],
        language=line["lang"],
        phase=line["phase"],
        kind=kind,
        detail=detail,
        re_turn=int(line["re_turn"]) if line["re_turn"] else None,
        to=line["to"],
        text=line["text"],
        reference=line["reference"],
    )


def make_script(rows: Sequence[Row], extra: Mapping[str, Any]) -> Script:
    """Join rows and supplement. Raises ValueError where a speaker or a row is missing."""
    people = tuple(Person(**p) for p in extra["people"])
    proposals = {key: _read_proposal(key, p) for key, p in extra["proposals"].items()}
    cards = tuple(Card(**{**c, "tags": tuple(c["tags"])}) for c in extra["findings"])
    _check_speakers(rows, people)
    weaver = _Weaver(rows, people, proposals, extra)
    return Script(
        format=extra["format"],
        case=extra["case"],
        title=extra["title"],
        rows=tuple(rows),
        people=people,
        cards=cards,
        proposals=proposals,
        phases=weaver.phases,
        steps=tuple(weaver.steps()),
        untold=tuple(r.turn for r in rows if _is_untold(r)),
    )


def _read_proposal(key: str, data: Mapping[str, Any]) -> Proposal:
    when = data["when"]
    return Proposal(
        **{**data, "key": key, "when": when.isoformat() if isinstance(when, date) else when}
    )


def _check_speakers(rows: Sequence[Row], people: Sequence[Person]) -> None:
    known = {p.name for p in people}
    spoken = {r.speaker for r in rows if r.role not in (FACILITATOR, "bot")}
    if missing := spoken - known:
        raise ValueError(f"no participant for {', '.join(sorted(missing))}")


def _is_untold(row: Row) -> bool:
    """Lines between two people have no way through the public interfaces."""
    return row.role != "bot" and row.to not in (BOTH, "self")


class _Weaver:
    """Makes the steps out of the rows and of what the supplement adds."""

    def __init__(
        self,
        rows: Sequence[Row],
        people: Sequence[Person],
        proposals: Mapping[str, Proposal],
        extra: Mapping[str, Any],
    ) -> None:
        self.rows = {r.turn: r for r in rows}
        self.people = people
        self.proposals = proposals
        self.extra = extra
        self.cards = {int(c["turn"]) for c in extra["findings"]}
        starts = [r for r in rows if r.detail == "phase_start"]
        self.starts = {r.phase: r.seconds for r in starts}
        self.phases = tuple(r.phase for r in starts)

    def steps(self) -> list[Step]:
        """All steps, by time. Those of the same second keep the order in which they were made."""
        found = [
            *(step for row in self.rows.values() for step in self._from_row(row)),
            *self._joining(),
            *self._ready(),
            *self._reflections_let_pass(),
            *self._ratings(),
            *self._rankings(),
            *self._silent_consent(),
        ]
        found.sort(key=lambda step: step.seconds)
        end = Step(float(self.extra["ends_at"]), "close", FACILITATOR, self.phases[-1], "close")
        return [*found, end]

    def _from_row(self, row: Row) -> Iterator[Step]:
        if _is_untold(row):
            return
        if row.detail == "phase_start":
            yield self._phase(row)
        elif row.role != "bot":
            readers: dict[str, Callable[[Row], Iterator[Step]]] = {
                "card": self._card,
                "restatement": self._about_its_target,
                "restatement_check": self._check,
                "recommendation": self._recommendation,
                "objection": self._objection,
                "stance": self._stance,
                "amendment": self._amendment,
                "translation_fix": self._correction,
            }
            yield from readers.get(row.kind, self._plain)(row)
            yield from self._changed_ratings(row)

    def _phase(self, row: Row) -> Step:
        index = self.phases.index(row.phase)
        # A move on belongs to the phase it leaves, so that it is done while that one is open.
        phase = self.phases[max(index - 1, 0)]
        act: Act = "advance" if index else "start"
        return Step(row.seconds, act, FACILITATOR, phase, f"phase:{row.phase}", {"to": row.phase})

    def _say(
        self,
        row: Row,
        *,
        kind: str = "",
        fields: Mapping[str, Any] | None = None,
        text: str | None = None,
        key: str = "",
    ) -> Step:
        who = FACILITATOR if row.role == FACILITATOR else row.speaker
        data = {
            "kind": kind or row.kind,
            "text": row.text if text is None else text,
            "language": row.language,
            "reply_to": self._reply_to(row),
            "fields": dict(fields or {}),
        }
        return Step(row.seconds, "say", who, row.phase, key or str(row.turn), data)

    def _reply_to(self, row: Row) -> Ref | None:
        """What the hub can point at: neither cards nor the chatbot's lines nor private rows."""
        target = self.rows.get(row.re_turn or 0)
        if target is None or target.role == "bot" or target.kind == "card" or _is_untold(target):
            return None
        return Ref(str(target.turn))

    def _plain(self, row: Row) -> Iterator[Step]:
        on_card = row.re_turn in self.cards
        yield self._say(row, fields={"finding": Ref(f"card:{row.re_turn}")} if on_card else None)

    def _card(self, row: Row) -> Iterator[Step]:
        key = f"card:{row.turn}"
        yield Step(
            row.seconds, "show", FACILITATOR, row.phase, f"show:{row.turn}", {"of": Ref(key)}
        )

    def _about_its_target(self, row: Row) -> Iterator[Step]:
        yield self._say(row, fields={"of": Ref(str(row.re_turn))})

    def _check(self, row: Row) -> Iterator[Step]:
        yield self._say(row, fields={"of": Ref(str(row.re_turn)), "answer": row.detail})

    def _recommendation(self, row: Row) -> Iterator[Step]:
        done = next((p for p in self.proposals.values() if p.completed == row.turn), None)
        yield self._say(row, fields=done.fields if done else None)

    def _proposal_of(self, row: Row) -> Proposal:
        """The proposal a row is about, however many replies away. Raises ValueError."""
        drafts = {p.turn: p for p in self.proposals.values() if not p.split_of}
        turn: int | None = row.turn
        while turn is not None:
            if turn in drafts:
                return drafts[turn]
            turn = self.rows[turn].re_turn
        raise ValueError(f"turn {row.turn} is about no proposal")

    def _objection(self, row: Row) -> Iterator[Step]:
        fields = {"of": self._proposal_of(row).ref, "value": "objection", "reason": row.text}
        yield self._say(row, kind="stance", fields=fields)

    def _stance(self, row: Row) -> Iterator[Step]:
        listed = [s for s in self.extra["stances"] if s["turn"] == row.turn]
        if not listed:
            yield self._say(row, fields={"of": self._proposal_of(row).ref, "value": row.detail})
        for number, stance in enumerate(listed):
            fields = {k: v for k, v in stance.items() if k in ("value", "reason")}
            fields["of"] = self.proposals[stance["of"]].ref
            first = number == 0
            yield self._say(
                row,
                fields=fields,
                text=row.text if first else "",
                key=str(row.turn) if first else f"{row.turn}:{stance['of']}",
            )

    def _amendment(self, row: Row) -> Iterator[Step]:
        yield self._say(row, fields={"of": self._proposal_of(row).ref})
        for part in self.proposals.values():
            if part.split_of and part.turn == row.turn:
                fields = {**part.fields, "split_of": self.proposals[part.split_of].ref}
                data = {
                    "kind": "recommendation",
                    "text": part.what,
                    "language": row.language,
                    "reply_to": Ref(str(row.turn)),
                    "fields": fields,
                }
                yield Step(row.seconds, "split", row.speaker, row.phase, part.key, data)

    def _correction(self, row: Row) -> Iterator[Step]:
        """In the language of the translation a row has the words; else it remarks on them."""
        target = self.rows[row.re_turn or 0]
        of = Ref(str(target.turn))
        if word := self.extra["disputes"].get(row.turn):
            data: dict[str, Any] = {"of": of, "word": word, "reason": ""}
            yield Step(row.seconds, "dispute", row.speaker, row.phase, f"dispute:{row.turn}", data)
        language = "en" if target.language == "sv" else "sv"
        data = {"of": of, "language": language, "text": row.text}
        if row.language != language:
            data |= {"text": target.reference, "remark": row.text, "remark_language": row.language}
        yield Step(row.seconds, "correct", row.speaker, row.phase, str(row.turn), data)

    def _changed_ratings(self, row: Row) -> Iterator[Step]:
        for change in self.extra["rating_changes"]:
            if change["turn"] == row.turn:
                key = f"rating:{change['scale']}:{change['theme']}:{change['who']}:again"
                yield self._rating(
                    row.seconds + 1,
                    change["who"],
                    change["theme"],
                    change["scale"],
                    change["value"],
                    key=key,
                )

    # What people do besides writing

    def _pressed(
        self, seconds: float, who: str, phase: str, key: str, kind: str, fields: dict[str, Any]
    ) -> Step:
        person = next(p for p in self.people if p.name == who)
        data = {
            "kind": kind,
            "text": "",
            "language": person.language,
            "reply_to": None,
            "fields": fields,
        }
        return Step(seconds, "say", who, phase, key, data)

    def _rating(
        self, seconds: float, who: str, theme: str, scale: str, value: int, *, key: str = ""
    ) -> Step:
        of = Ref(str(self.extra["themes"][theme]))
        fields = {"of": of, "scale": scale, "value": value}
        key = key or f"rating:{scale}:{theme}:{who}"
        return self._pressed(seconds, who, self._phase_at(seconds), key, "rating", fields)

    def _phase_at(self, seconds: float) -> str:
        return [p for p, start in self.starts.items() if start <= seconds][-1]

    def _joining(self) -> Iterator[Step]:
        for person in self.people:
            if person.joins_at:
                phase = self._phase_at(person.joins_at)
                yield Step(person.joins_at, "join", person.name, phase, f"join:{person.name}")

    def _ready(self) -> Iterator[Step]:
        here = [p.name for p in self.people if not p.joins_at]
        for seconds, name in _spread(self.extra["spans"]["ready"], here):
            yield Step(seconds, "ready", name, self._phase_at(seconds), f"ready:{name}")

    def _reflections_let_pass(self) -> Iterator[Step]:
        wrote = {r.speaker for r in self.rows.values() if r.kind == "reflection"}
        rest = [p.name for p in self.people if p.name not in wrote]
        for seconds, name in _spread(self.extra["spans"]["skip_reflection"], rest):
            phase = self._phase_at(seconds)
            fields = {"skipped": True}
            yield self._pressed(seconds, name, phase, f"skip:{name}", "reflection", fields)

    def _ratings(self) -> Iterator[Step]:
        marks = [
            (name, theme, scale, value)
            for theme in self.extra["themes"]
            for scale, by_person in self.extra["ratings"].items()
            for name, values in by_person.items()
            for value in [values[theme]]
        ]
        for seconds, mark in _spread(self.extra["spans"]["rate"], marks):
            name, theme, scale, value = mark
            yield self._rating(seconds, name, theme, scale, value)

    def _rankings(self) -> Iterator[Step]:
        rankings = list(self.extra["rankings"].items())
        for seconds, (name, order) in _spread(self.extra["spans"]["rank"], rankings):
            fields = {"order": [Ref(str(self.extra["themes"][theme])) for theme in order]}
            phase = self._phase_at(seconds)
            yield self._pressed(seconds, name, phase, f"ranking:{name}", "ranking", fields)

    def _silent_consent(self) -> Iterator[Step]:
        for group in self.extra["silent_consent"]:
            of, names = group["of"], group["who"]
            for seconds, name in _spread(group["span"], names):
                fields = {"of": self.proposals[of].ref, "value": "consent"}
                key = f"stance:{of}:{name}"
                phase = self._phase_at(seconds)
                yield self._pressed(seconds, name, phase, key, "stance", fields)


def _spread(span: Sequence[float], things: Sequence[T]) -> list[tuple[float, T]]:
    """The things with times evenly within the span."""
    first, last = span
    step = (last - first) / max(len(things), 1)
    return [(first + step * (i + 0.5), thing) for i, thing in enumerate(things)]
