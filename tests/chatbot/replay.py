"""The sample dialogue, second by second, before the chatbot's rules alone: no hub, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import yaml

from hub.chatbot import rules
from hub.chatbot.moves import SaidLine
from hub.chatbot.risks import safety
from hub.demo.script import FACILITATOR, Ref, Script, Step, load_script
from hub.gatherings import rules as forum
from hub.gatherings.formats import SHIPPED
from hub.people.rules import group_of

START = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
FORM = forum.read_format(yaml.safe_load((SHIPPED / "jif-90.yaml").read_text("utf-8")))
FACILITATORS_NAME = "Malin"
WORDS_A_SECOND = 0.5  # thirty words a minute, which is quick for a telephone
TRANSLATED_AFTER = 3.0
# The row whose translation does not come before a person writes one.
NEVER_TRANSLATED = "62"
# The sample has the particular line where half-time comes too: its facilitator dropped the other.
DROPS = ((3470.0, "half_time", "converge"), (4190.0, "half_time", "recommend"))
# ... and passed this one on to the person when it suited the talk.
SENDS = ((1708.0, "dominance", "Priya"),)


@dataclass(frozen=True)
class Spoken:
    """A line as the replay had it."""

    seconds: float
    trigger: str
    to: str
    subject: str
    about: str | None


@dataclass(frozen=True)
class Expected:
    """A row ``bot:*`` of the sample: which trigger should fire about there."""

    turn: int
    seconds: float
    trigger: str
    to: str


def expected(script: Script) -> list[Expected]:
    return [
        Expected(r.turn, r.seconds, r.detail, r.to)
        for r in script.rows
        if r.kind == "bot" and r.detail != "phase_start"
    ]


class Replay:
    """Plays the script up to a second and shows the room as the chatbot sees it then."""

    def __init__(self, *, typing: bool, drops: bool, every: int = 5) -> None:
        self.script = load_script()
        self.typing = typing
        self.every = every  # seconds between two looks
        self.drops = DROPS if drops else ()
        self.said: list[SaidLine] = []
        self.spoken: list[Spoken] = []
        self.posts: dict[str, rules.Post] = {}
        self.forum: list[forum.Said] = []
        self.phase, self.phase_started = "", 0.0
        names = [p.name for p in self.script.people]
        self.names = (*names, FACILITATORS_NAME)

    def play(self) -> list[Spoken]:
        steps = list(self.script.steps)
        for second in range(0, 5400, self.every):
            while steps and steps[0].seconds <= second:
                self._do(steps.pop(0))
            self._facilitate(second)
            for line in rules.next_lines(self.watch(second)):
                at = START + timedelta(seconds=second)
                state: Literal["draft", "said"] = "draft" if line.draft else "said"
                self.said.append(
                    SaidLine(line.trigger, line.subject, line.to, at, line.about, state)
                )
                self.spoken.append(Spoken(second, line.trigger, line.to, line.subject, line.about))
        return self.spoken

    def _facilitate(self, second: float) -> None:
        at = START + timedelta(seconds=second)
        for when, trigger, subject in self.drops:
            if second - self.every < when <= second:
                self.said.append(SaidLine(trigger, subject, "all", at, state="dropped"))
        for when, trigger, subject in SENDS:
            if second - self.every < when <= second:
                self.said = [
                    replace(s, state="sent", at=at) if s.key == f"{trigger}:{subject}" else s
                    for s in self.said
                ]

    def _do(self, step: Step) -> None:
        if step.act in ("start", "advance"):
            self.phase, self.phase_started = step.data["to"], step.seconds
        elif step.act in ("say", "split"):
            self._say(step)
        elif step.act in ("dispute", "correct"):
            post = self.posts[step.data["of"].key]
            assert post.translation is not None
            if step.act == "dispute":
                found = (*post.translation.disputes, step.data["word"])
                translation = replace(post.translation, status="disputed", disputes=found)
            else:
                translation = replace(post.translation, status="corrected")
            self.posts[post.id] = replace(post, translation=translation)

    def _say(self, step: Step) -> None:
        data = step.data
        fields = {k: v.key if isinstance(v, Ref) else v for k, v in data["fields"].items()}
        reply = data["reply_to"].key if data["reply_to"] else None
        author = None if step.who == FACILITATOR else step.who
        group = group_of(self.script.person(author).role) if author else None
        at = START + timedelta(seconds=step.seconds)
        private = data["kind"] in rules.PRIVATE_KINDS
        self.posts[step.key] = rules.Post(
            id=step.key,
            kind=data["kind"],
            phase=self.phase,
            author=author,
            group=group,
            language=data["language"],
            text="" if private else data["text"],
            words=len(data["text"].split()),
            at=at,
            reply_to=reply,
            of=fields.get("of"),
            answer=fields.get("answer"),
            translation=rules.Translated("pending", at) if data["text"] and not private else None,
            risk=not private and safety(data["text"], self.names) is not None,
        )
        self.forum.append(
            forum.Said(
                id=step.key,
                kind=data["kind"],
                phase=self.phase,
                author=author,
                group=group,
                reply_to=reply,
                fields=fields,
                created_at=at,
            )
        )

    def watch(self, second: float) -> rules.Watch:
        now = START + timedelta(seconds=second)
        phase = FORM.phase(self.phase)
        started = START + timedelta(seconds=self.phase_started)
        planned = phase.minutes * 60
        return rules.Watch(
            now=now,
            state="running",
            phase=phase.id,
            title=phase.title,
            planned_seconds=planned,
            started_at=started,
            seconds_left=planned - (second - self.phase_started),
            session_started_at=START,
            people=tuple(self._people(second)),
            posts=tuple(self._posts(now)),
            proposals=tuple(self._proposals()),
            said=tuple(self.said),
            names=self.names,
            talking=phase.discussion,
        )

    def _people(self, second: float) -> Iterator[rules.Person]:
        writing = self._writing(second) if self.typing else set()
        for p in self.script.people:
            if p.joins_at <= second:
                yield rules.Person(
                    id=p.name,
                    name=p.name,
                    group=group_of(p.role),
                    role=p.role,
                    language=p.language,
                    joined_at=START + timedelta(seconds=p.joins_at),
                    typing_at=START + timedelta(seconds=second) if p.name in writing else None,
                )

    def _writing(self, second: float) -> set[str]:
        found = set()
        for step in self.script.steps:
            if step.act == "say" and step.data["text"]:
                needs = len(step.data["text"].split()) / WORDS_A_SECOND
                if step.seconds - needs <= second < step.seconds:
                    found.add(step.who)
        return found

    def _posts(self, now: datetime) -> Iterator[rules.Post]:
        for post in self.posts.values():
            done = (now - post.at).total_seconds() >= TRANSLATED_AFTER
            t = post.translation
            if t and t.status == "pending" and done and post.id != NEVER_TRANSLATED:
                yield replace(post, translation=replace(t, status="machine"))
            else:
                yield post

    def _proposals(self) -> Iterator[rules.Proposal]:
        at = {s.id: s.created_at for s in self.forum}
        drafts = forum.drafts_of(self.forum)
        for draft in drafts:
            against = forum.decision_on(draft.id, self.forum).objections
            yield rules.Proposal(
                id=draft.id,
                label=self._label(draft.id),
                missing=tuple(forum.missing_parts(draft.fields)),
                objected_at=min((at[o] for o in against), default=None),
            )

    def _label(self, draft: str) -> str:
        for key, proposal in self.script.proposals.items():
            if proposal.ref.key == draft:
                return key.removeprefix("P")
        raise AssertionError(draft)


def played(**more: Any) -> list[Spoken]:
    return Replay(**more).play()


def compare(
    spoken: list[Spoken], wanted: list[Expected], within: float = 60
) -> tuple[list[tuple[Expected, Spoken | None]], list[Spoken]]:
    """Each row with the line that answers it (or None), and the lines that no row asks for."""
    left = list(spoken)
    pairs: list[tuple[Expected, Spoken | None]] = []
    for row in wanted:
        to = "facilitators" if row.to == FACILITATORS_NAME else row.to
        near = [
            s
            for s in left
            if s.trigger == row.trigger and s.to == to and abs(s.seconds - row.seconds) <= within
        ]
        best = min(near, key=lambda s: abs(s.seconds - row.seconds), default=None)
        if best:
            left.remove(best)
        pairs.append((row, best))
    return pairs, left


if __name__ == "__main__":
    for typing in (False, True):
        for drops in (False, True):
            pairs, extra = compare(played(typing=typing, drops=drops), expected(load_script()))
            print(f"typing={typing} drops={drops}")
            for row, line in pairs:
                print("  ", row.seconds, row.trigger, row.to, "->", line and line.seconds)
            print("   extra", [(s.seconds, s.trigger, s.to, s.about) for s in extra])
