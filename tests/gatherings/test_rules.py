from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hub.errors import Invalid, Refusal
from hub.gatherings import rules
from hub.gatherings.formats import SHIPPED

FORM = rules.read_format(yaml.safe_load((SHIPPED / "jif-90.yaml").read_text("utf-8")))
START = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


class Moves(RuleBasedStateMachine):
    """Facilitators press any button at any time, the clock jumps, and processes restart."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.stage = rules.Stage()
        self.log: list[rules.Event] = [rules.Event("planned", START)]

    def move(self, name: str, *args: Any, **more: Any) -> None:
        before = self.stage
        try:
            event = getattr(rules, name)(self.stage, *args, **more)
        except Refusal:
            assert self.stage == before
            return
        self.log.append(event)
        self.stage = rules.apply(self.stage, event)
        self.check_step(name, before)

    def check_step(self, name: str, before: rules.Stage) -> None:
        was = -1 if before.phase_index is None else before.phase_index
        now = -1 if self.stage.phase_index is None else self.stage.phase_index
        steps = {"start": {0 - was}, "advance": {1}, "reopen": {-1, 0}}
        assert now - was in steps.get(name, {0})
        if name == "resume":
            assert self.stage.seconds_left(self.now) == pytest.approx(before.left)
        if name == "pause":
            assert self.stage.left == pytest.approx(before.seconds_left(self.now))

    @rule(seconds=st.one_of(st.integers(0, 4000), st.integers(-4000, -1)))
    def time_passes_or_jumps(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def open_room(self) -> None:
        self.move("open_room", self.now)

    @rule()
    def start(self) -> None:
        self.move("start", FORM, self.now)

    @rule(met=st.booleans(), force=st.booleans(), reason=st.sampled_from(["", "late"]))
    def advance(self, met: bool, force: bool, reason: str) -> None:
        before = self.stage
        self.move("advance", FORM, self.now, exit_met=met, force=force, reason=reason)
        if not met and not (force and reason):
            assert self.stage == before

    @rule(minutes=st.sampled_from([0, 2, 5, 61, -1]))
    def extend(self, minutes: int) -> None:
        before = self.stage.seconds_left(self.now)
        self.move("extend", self.now, minutes=minutes)
        after = self.stage.seconds_left(self.now)
        if before != after:
            assert after is not None
            assert after >= minutes * 60 - 0.001

    @rule()
    def pause(self) -> None:
        self.move("pause", self.now)

    @rule()
    def resume(self) -> None:
        self.move("resume", self.now)

    @rule()
    def reopen(self) -> None:
        self.move("reopen", FORM, self.now)

    @rule(why=st.sampled_from(["facilitator", "idle"]))
    def close(self, why: str) -> None:
        self.move("close", self.now, why=why)

    @invariant()
    def the_log_tells_the_same(self) -> None:
        assert rules.replay(self.log) == self.stage

    @invariant()
    def a_stage_makes_sense(self) -> None:
        stage = self.stage
        assert (stage.ends_at is not None) == (stage.state == "running")
        assert (stage.left is not None) == (stage.state == "paused")
        if stage.state in ("running", "paused"):
            assert stage.phase_index is not None
            assert 0 <= stage.phase_index < len(FORM.phases)
        assert bool(rules.open_kinds(stage, FORM)) <= (stage.state == "running")


Moves.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestMoves = Moves.TestCase


def said(id_: str, kind: str, who: str = "p1", group: str | None = "lived", **more: Any) -> Any:
    return rules.Said(
        id=id_,
        kind=kind,
        phase=more.pop("phase", "x"),
        author=who,
        group=group,
        reply_to=more.pop("reply_to", None),
        fields=more.pop("fields", {}),
        created_at=START,
    )


def room(phase: str, *things: rules.Said, **more: Any) -> rules.Room:
    present = more.pop("present", {"p1": "lived", "p2": "practice"})
    return rules.Room(phase=phase, present=present, said=tuple(things), **more)


@pytest.mark.parametrize(
    ("phase", "found", "met"),
    [
        ("arrive", room("arrive"), True),
        ("evidence", room("evidence", cards=2, cards_shown=1), False),
        ("evidence", room("evidence", cards=2, cards_shown=2), True),
        (
            "evidence",
            room("evidence", said("q", "question", phase="evidence"), cards=1, cards_shown=1),
            False,
        ),
        (
            "evidence",
            room(
                "evidence",
                said("q", "question", phase="evidence"),
                said("a", "contribution", "p2", reply_to="q", phase="evidence"),
            ),
            True,
        ),
        ("reflect", room("reflect", said("r", "reflection", phase="reflect")), False),
        ("reflect", room("reflect", time_up=True), True),
        (
            "reflect",
            room(
                "reflect",
                said("r", "reflection", phase="reflect"),
                said("s", "reflection", "p2", phase="reflect"),
            ),
            True,
        ),
        ("interpret", room("interpret", said("c", "contribution", phase="interpret")), False),
        (
            "interpret",
            room(
                "interpret",
                said("c", "contribution", phase="interpret"),
                said("d", "contribution", "p2", "practice", phase="interpret"),
            ),
            True,
        ),
        ("restate", room("restate"), False),
        ("restate", room("restate", time_up=True), True),
        ("converge", room("converge", said("t", "theme")), False),
        ("recommend", room("recommend", said("r", "recommendation")), False),
        (
            "recommend",
            room(
                "recommend",
                said(
                    "r",
                    "recommendation",
                    fields={"owner": "a", "when": "2027-01-01", "measure": "b"},
                ),
            ),
            True,
        ),
        ("decide", room("decide", said("r", "recommendation")), False),
        ("close", room("close"), False),
        ("close", room("close", time_up=True), True),
    ],
)
def test_a_phase_may_end_when_it_has_done_its_work(
    phase: str, found: rules.Room, met: bool
) -> None:
    assert rules.exit_of(FORM, found).met is met


def test_a_later_version_of_a_proposal_completes_the_first() -> None:
    first = said("r1", "recommendation", fields={"what": "Sit down", "owner": "", "when": ""})
    later = said(
        "r2", "recommendation", reply_to="r1", fields={"owner": "The ward", "when": "2027-03-01"}
    )
    (draft,) = rules.drafts_of([first, later])
    assert (draft.id, draft.fields["owner"], draft.fields["what"]) == ("r1", "The ward", "Sit down")


def test_a_split_proposal_gives_way_to_its_parts() -> None:
    whole = said("r1", "recommendation")
    parts = [said(f"r1{x}", "recommendation", fields={"split_of": "r1"}) for x in "ab"]
    assert [d.id for d in rules.drafts_of([whole, *parts])] == ["r1a", "r1b"]


@pytest.mark.parametrize(
    ("kind", "fields", "pointers"),
    [
        ("restatement", {}, {"/fields/of"}),
        ("restatement_check", {"of": "c", "answer": "perhaps"}, {"/fields/answer"}),
        ("rating", {"of": "c", "value": 6}, {"/fields/value"}),
        ("rating", {"of": "c", "value": True}, {"/fields/value"}),
        ("rating", {"value": 3}, {"/fields/of"}),
        ("ranking", {"order": []}, {"/fields/order"}),
        ("ranking", {"order": ["a", "a"]}, {"/fields/order"}),
        ("ranking", {"order": [1]}, {"/fields/order"}),
        ("stance", {"of": "c", "value": "maybe"}, {"/fields/value"}),
        ("stance", {"of": "c", "value": "objection"}, {"/fields/reason"}),
        ("recommendation", {"when": "next week"}, {"/fields/when"}),
        ("amendment", {"of": 7}, {"/fields/of"}),
    ],
)
def test_fields_with_faults_are_pointed_at(
    kind: str, fields: dict[str, Any], pointers: set[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        rules.read_fields(kind, fields, "")
    assert set(refused.value.fields) == pointers


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_formats_speak_both_languages_everywhere(path: Any) -> None:
    form = rules.read_format(yaml.safe_load(path.read_text("utf-8")))
    for texts in (form.title, form.summary, *form.triggers.values()):
        assert all(texts[language].strip() for language in ("sv", "en"))
    for phase in form.phases:
        for texts in (phase.title, phase.task):
            assert all(texts[language].strip() for language in ("sv", "en")), phase.id


def test_reflect_and_restate_are_never_cut() -> None:
    for path in SHIPPED.glob("jif-*.yaml"):
        form = rules.read_format(yaml.safe_load(path.read_text("utf-8")))
        cuttable = {p.id for p in form.phases if p.cuttable}
        assert cuttable == {"evidence", "converge"}
