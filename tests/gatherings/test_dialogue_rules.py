"""The rules of dialogues on plain values: unrolling, order, what is settled and what it decides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Invalid, Refusal
from hub.gatherings import rules
from hub.gatherings.formats import _shipped

AT = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
PRINCIPLE = "vst-1"
EXPRESS = rules.read_format(_shipped()["reflective-dialogue-express"])


def said(id_: str, kind: str, author: str | None = "p1", **fields: Any) -> rules.Said:
    reply_to = fields.pop("reply_to", None)
    of = {"principle": PRINCIPLE} if kind in rules.OWN_WORDS else {}
    return rules.Said(
        id_, kind, f"settle/{PRINCIPLE}", author, "lived", reply_to, {**of, **fields}, AT, words=3
    )


def stance(id_: str, author: str, value: str, of: str = PRINCIPLE, **more: Any) -> rules.Said:
    return said(id_, "stance", author, of=of, value=value, **more)


@given(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=7))
def test_every_step_comes_once_for_each_principle_and_keys_are_unique(names: list[str]) -> None:
    form = rules.unroll(EXPRESS, names)
    assert len({p.key for p in form.phases}) == len(form.phases)
    assert len(form.phases) == 2 + 7 * len(names)
    assert form.principles == tuple(names)
    assert [p.id for p in form.phases if p.principle is None] == ["arrive", "close"]


@given(st.permutations("abcd"), st.integers(0, 4))
def test_another_order_leaves_what_is_begun_in_its_place(order: list[str], begun: int) -> None:
    form = rules.unroll(EXPRESS, "abcd")
    done = "abcd"[:begun]
    ahead = [name for name in order if name not in done]
    moved = rules.reordered(form, ahead, begun=done)
    assert moved.principles == (*done, *ahead)
    assert sorted(p.key for p in moved.phases) == sorted(p.key for p in form.phases)
    at = 1 + 7 * begun
    assert moved.phases[:at] == form.phases[:at]


@pytest.mark.parametrize("order", [[], ["a"], ["a", "a"], ["a", "b", "x"]])
def test_an_order_names_exactly_what_is_ahead(order: list[str]) -> None:
    with pytest.raises(Invalid):
        rules.reordered(rules.unroll(EXPRESS, "ab"), order, begun=())


def test_a_format_without_principles_is_as_it_was() -> None:
    assert all(p.key == p.id for p in EXPRESS.phases)


@pytest.mark.parametrize(
    ("posts", "agreed"),
    [
        ([], False),
        ([stance("1", "a", "consent")], True),
        ([stance("1", "a", "stand_aside")], False),
        ([stance("1", "a", "consent"), stance("2", "b", "stand_aside")], True),
        ([stance("1", "a", "consent"), stance("2", "b", "objection")], False),
        ([stance("1", "a", "objection"), stance("2", "a", "consent")], True),
        ([stance("1", "a", "consent"), stance("2", "b", "objection", of="vst-2")], True),
    ],
)
def test_consent_of_all_who_answered_agrees(posts: list[rules.Said], agreed: bool) -> None:
    assert rules.settling_of(PRINCIPLE, None, posts).agreed is agreed


def test_a_stance_is_on_the_words_that_stand() -> None:
    posts = [
        said("w1", "wording"),
        stance("1", "a", "consent", of="w1", wording="w1"),
    ]
    assert rules.settling_of(PRINCIPLE, "w1", posts).agreed
    posts.append(said("w2", "wording", reply_to="w1", revises="w1"))
    assert not rules.settling_of(PRINCIPLE, "w1", posts).agreed
    posts.append(stance("2", "a", "consent", of="w1", wording="w2"))
    found = rules.settling_of(PRINCIPLE, "w1", posts)
    assert (found.agreed, found.wording) == (True, "w2")


def test_the_only_wording_is_put_first_and_else_the_text_as_it_is() -> None:
    one, two = said("w1", "wording"), said("w2", "wording", "p2")
    assert rules.put_first(PRINCIPLE, []) is None
    assert rules.put_first(PRINCIPLE, [one, said("c1", "change", change="add")]) == "w1"
    assert rules.put_first(PRINCIPLE, [one, two]) is None
    assert rules.put_first("vst-2", [one]) is None


@pytest.mark.parametrize(
    ("answers", "merged"),
    [({}, False), ({"p1": True}, False), ({"p1": True, "p2": False}, False),
     ({"p1": True, "p2": True}, True)],
)  # fmt: skip
def test_words_of_a_facilitator_stand_with_the_leave_of_all(
    answers: dict[str, bool], merged: bool
) -> None:
    asked = {"asked": ["p1", "p2"], "answers": answers, "merges": ["w2"], "revises": "w1"}
    posts = [
        said("w1", "wording"),
        said("w2", "wording", "p2"),
        said("s", "wording", None, reply_to="w1", **asked),
    ]
    found = rules.standing(posts, "wording")
    assert [s.latest.id for s in found] == (["s"] if merged else ["w1", "w2"])
    assert found[0].author == "p1"


def settling(kind: Any, *, agreed: bool = True, change: str | None = None) -> rules.Settling:
    return rules.Settling(None, kind, change, None, {}, (), agreed)


@pytest.mark.parametrize(
    ("put", "dissent", "label", "allowed"),
    [
        (settling("text"), False, None, ("keep",)),
        (settling("text"), True, "split", ("keep",)),
        (settling("wording"), False, None, ("reword",)),
        (settling("change", change="add"), False, None, ("change",)),
        (settling("change", change="remove"), False, None, ("change", "drop")),
        (settling("change", change="keep"), False, None, ("keep", "change")),
        (settling("wording", agreed=False), False, "fits", ()),
        (settling("wording", agreed=False), True, "fits", ("park", "keep")),
        (settling("text", agreed=False), True, "does_not_fit", ("park", "keep", "drop")),
    ],
)
def test_what_may_be_decided_follows_from_the_facts(
    put: rules.Settling, dissent: bool, label: str | None, allowed: tuple[str, ...]
) -> None:
    assert rules.decisions_for(put, dissent=dissent, label=label) == allowed
    for decision in rules.DECISIONS:
        if decision in allowed:
            rules.check_decision(decision, allowed)
        else:
            with pytest.raises(Refusal):
                rules.check_decision(decision, allowed)


def test_a_person_is_counted_once_with_their_latest_rating() -> None:
    posts = [
        said("1", "rating", "a", of=PRINCIPLE, scale="fit", value=1),
        said("2", "rating", "a", of=PRINCIPLE, scale="fit", value=4),
        said("3", "rating", "b", of=PRINCIPLE, scale="fit", value="pass"),
        said("4", "rating", "c", of="vst-2", scale="fit", value=5),
    ]
    raters = rules.raters_of(PRINCIPLE, posts)
    assert (raters.counts, raters.passed) == ((0, 0, 0, 1, 0), 1)
    assert raters.label is None


@pytest.mark.parametrize("name", list(rules.DIALOGUE_EXITS))
def test_without_a_principle_a_step_of_a_dialogue_ends_by_the_clock(name: str) -> None:
    form = rules.read_format(
        {
            **_shipped()["reflective-dialogue-express"],
            "phases": [{**_shipped()["reflective-dialogue-express"]["phases"][0], "exit": name}],
        }
    )
    for time_up in (False, True):
        room = rules.Room(phase="arrive", present={}, said=(), time_up=time_up)
        assert rules.exit_of(form, room) == rules.Exit(time_up, "time")


def test_parking_goes_past_all_steps_of_the_principle() -> None:
    form = rules.unroll(EXPRESS, "ab")
    stage = rules.Stage("running", 3, AT, AT)
    event = rules.park(stage, form, AT, reason="sedan")
    assert (event.data["phase"], event.data["parked"]) == ("understand/b", "a")
    with pytest.raises(Invalid):
        rules.park(stage, form, AT, reason="")
    with pytest.raises(Refusal):
        rules.park(rules.Stage("running", 0, AT, AT), form, AT, reason="sedan")
