"""The life of a meeting. Source: dissemination.md, "Life cycle"."""

from __future__ import annotations

import pytest

from hub.errors import Invalid, Refusal
from hub.meetings import states

WHOLE_LIFE = ("plan", "invite", "confirm", "start", "end", "publish", "follow_up", "close")


def test_a_meeting_goes_through_its_whole_life_in_order() -> None:
    state = "draft"
    seen = [state]
    for act in WHOLE_LIFE:
        assert act in states.acts_from(state)
        state = states.next_state(state, act)
        seen.append(state)
    assert tuple(seen) == states.STATES[:9]
    assert states.acts_from(state) == ()


def test_every_act_outside_its_states_is_refused() -> None:
    for act in states.ACTS.values():
        for state in states.STATES:
            if state in act.before:
                assert states.next_state(state, act.name) == act.after
                continue
            with pytest.raises(Refusal) as stopped:
                states.next_state(state, act.name)
            assert stopped.value.code == "meeting_state"
    with pytest.raises(Refusal) as stopped:
        states.next_state("draft", "explode")
    assert stopped.value.code == "meeting_act"


@pytest.mark.parametrize("act", ["postpone", "cancel"])
def test_a_meeting_is_called_off_any_time_before_it_is_live(act: str) -> None:
    before = {"draft", "planned", "invited", "confirmed"}
    allowed = {state for state in states.STATES if act in states.acts_from(state)}
    assert allowed == before | ({"postponed"} if act == "cancel" else set())


def test_only_postponing_and_cancelling_need_a_reason_in_both_languages() -> None:
    assert {name for name, act in states.ACTS.items() if act.reason} == {"postpone", "cancel"}
    for act in states.ACTS:
        states.check_reason(act, {"sv": "Sjukdom", "en": "Illness"})
    states.check_reason("confirm", {})
    with pytest.raises(Invalid) as stopped:
        states.check_reason("cancel", {"sv": "Sjukdom", "en": " "})
    assert stopped.value.fields == {"/reason/en": "reason_missing"}
    with pytest.raises(Invalid) as stopped:
        states.check_reason("postpone", {})
    assert set(stopped.value.fields) == {"/reason/sv", "/reason/en"}


def test_facilitators_hold_meetings_and_editors_publish() -> None:
    assert states.acts_from("confirmed", "editor") == ("postpone", "cancel")
    assert states.acts_from("confirmed", "facilitator") == ("start", "postpone", "cancel")
    assert states.acts_from("live", "editor") == ()
    assert states.acts_from("live", "facilitator") == ("end",)
    assert states.acts_from("ended", "facilitator") == ()
    assert states.acts_from("ended", "editor") == ("publish",)
    for state in states.STATES:
        assert states.acts_from(state, "admin") == states.acts_from(state)
        assert states.acts_from(state, "researcher") == ()


def test_a_new_date_puts_a_postponed_meeting_on_again() -> None:
    assert states.state_after_move("postponed", invited=True) == "invited"
    assert states.state_after_move("postponed", invited=False) == "planned"
    for state in states.BEFORE_LIVE:
        assert states.state_after_move(state, invited=True) == state
    for state in ("live", "ended", "published", "followed_up", "closed", "cancelled"):
        with pytest.raises(Refusal) as stopped:
            states.state_after_move(state, invited=True)
        assert stopped.value.code == "meeting_state"


def test_a_planned_workshop_has_a_purpose_an_audience_and_a_cohost() -> None:
    with pytest.raises(Invalid) as stopped:
        states.check_can_be_planned("external", purpose={"sv": " "}, audiences=(), cohost="")
    assert stopped.value.fields == {
        "/purpose": "purpose_missing",
        "/audiences": "audience_missing",
        "/cohost": "cohost_missing",
    }
    said = {"purpose": {"en": "Learn"}, "audiences": ("citizens",)}
    with pytest.raises(Invalid) as stopped:
        states.check_can_be_planned("within_case", cohost=" ", **said)  # type: ignore[arg-type]
    assert stopped.value.fields == {"/cohost": "cohost_missing"}
    for more in ({"cohost": "Maj"}, {"cohost": "", "goes_without_cohost": True}):
        states.check_can_be_planned("within_case", **said, **more)  # type: ignore[arg-type]


def test_a_planned_forum_has_a_purpose() -> None:
    states.check_can_be_planned("forum", purpose={"sv": "Tolka"}, audiences=(), cohost="")
    with pytest.raises(Invalid) as stopped:
        states.check_can_be_planned("forum", purpose={}, audiences=(), cohost="")
    assert stopped.value.fields == {"/purpose": "purpose_missing"}
