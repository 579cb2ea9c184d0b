"""Whole dialogues on a charter: people propose, rate and object, facilitators put, park and order.

Whatever they do: nothing is answered with a fault of the hub, no reflection leaves, no outcome is
closed with neither agreed text nor dissent, and a decision is one that the facts allow.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from hub.gatherings import rules
from hub.gatherings.models import access_gathering
from tests.cast import Session, plan
from tests.gatherings.test_whole_sessions import Sessions, any_one

MAX_EXAMPLES = max(1, int(os.environ.get("WHOLE_SESSIONS", "15")) // 3)
PRINCIPLES = ["vst-1", "vst-2", "vst-3"]


class Dialogues(Sessions):
    """One dialogue, driven at random through the API."""

    async def _plan(self) -> None:
        fatima = await self.hub.account()
        made = await plan(
            fatima,
            format="reflective-dialogue-express",
            charter="vi-skapar-tillsammans",
            principles=PRINCIPLES,
        )
        self.session = Session(made["id"], made["code"], fatima, fatima, fatima)
        self.path = f"/sessions/{made['id']}"
        for _ in range(3):
            await self._join()

    def look(self) -> dict[str, Any]:
        found: dict[str, Any] = self.run(self.session.fatima.get(self.path)).json()
        return found

    def act(self, what: str, body: dict[str, Any] | None = None) -> bool:
        self.hub.clock.move(seconds=2)
        return self.taken(self.run(self.session.fatima.post(f"{self.path}/{what}", body)))

    @rule(n=any_one, m=any_one, revises=st.booleans())
    def somebody_words_it(self, n: int, m: int, revises: bool) -> None:
        of = self.one_of(m, "wording") if revises else None
        self.say(self.someone(n), f"Vi börjar ihop {n}.", "wording", reply_to=of)

    @rule(n=any_one, change=st.sampled_from(rules.CHANGES))
    def somebody_changes_it(self, n: int, change: str) -> None:
        self.say(self.someone(n), f"Barnen först {n}.", "change", fields={"change": change})

    @rule(n=any_one, value=st.sampled_from((1, 2, 4, 5, "pass")), reason=st.booleans())
    def somebody_judges(self, n: int, value: int | str, reason: bool) -> None:
        fields = {"value": value, "reason": "Så har det varit." if reason else ""}
        self.say(self.someone(n), "", "rating", fields=fields)

    @rule(n=any_one, value=st.sampled_from(("consent", "consent", "objection")))
    def somebody_takes_a_stand(self, n: int, value: str) -> None:
        self.say(self.someone(n), "Det saknas något.", "stance", fields={"value": value})

    @rule(m=any_one, text=st.booleans())
    def a_facilitator_puts_a_text(self, m: int, text: bool) -> None:
        self.act("put", {"of": None if text else self.one_of(m, "wording", "change")})

    @rule(decision=st.sampled_from((None, *rules.DECISIONS)), dissent=st.booleans())
    def a_facilitator_writes_the_outcome(self, decision: str | None, dissent: bool) -> None:
        entries = [{"text": "Två är emot.", "group": "lived"}] if dissent else None
        self.act("outcome", {"decision": decision, "dissent": entries})

    @rule(m=any_one, n=any_one, agree=st.booleans())
    def a_facilitator_suggests_words(self, m: int, n: int, agree: bool) -> None:
        of = self.one_of(m, "wording", "change")
        if of is None:
            return
        body = {"client_id": f"s{self.steps}", "text": "Vi börjar samman."}
        made = self.run(self.session.fatima.post(f"/contributions/{of}/suggest", body))
        if self.taken(made):
            leave = f"/contributions/{made.json()['id']}/leave"
            self.taken(self.run(self.someone(n).post(leave, {"agree": agree})))

    @rule(m=any_one, n=any_one, box=st.sampled_from(("wording", "change")))
    def a_wording_is_flagged_and_moved(self, m: int, n: int, box: str) -> None:
        of = self.one_of(m, "wording")
        if of is not None:
            self.taken(self.run(self.session.fatima.post(f"/contributions/{of}/flag")))
            body = {"box": box, "change": "add"}
            self.taken(self.run(self.someone(n).post(f"/contributions/{of}/box", body)))

    @rule()
    def the_ratings_are_revealed(self) -> None:
        self.act("ratings/reveal")

    @rule()
    def a_principle_is_parked(self) -> None:
        self.act("park", {"reason": "En annan gång."})

    @rule(order=st.permutations(PRINCIPLES))
    def the_rest_is_put_in_order(self, order: list[str]) -> None:
        ahead = {p["id"] for p in self.look()["principles"] if p["state"] == "next"}
        self.act("order", {"principles": [p for p in order if p in ahead]})

    @rule()
    def the_step_has_done_its_work(self) -> None:
        self.hub.clock.move(seconds=61)
        self.act("advance")

    def look_at_everything(self) -> None:
        self.no_reflection_leaves()
        self.outcomes_have_what_they_need()
        self.run(self._the_stage_is_what_the_log_tells())
        record = self.run(self.session.fatima.get(f"{self.path}/record"))
        assert record.status_code == 200

    def outcomes_have_what_they_need(self) -> None:
        found = self.run(self.session.fatima.get(f"{self.path}/outcomes")).json()["items"]
        listed = self.look()["principles"]
        assert sorted(p["id"] for p in listed) == PRINCIPLES
        assert {o["principle"] for o in found} <= set(PRINCIPLES)
        for outcome in found:
            if outcome["closed_at"]:
                assert outcome["agreed"] or outcome["dissent"]
                assert outcome["decision"] in rules.DECISIONS
            if outcome["agreed"]:
                assert outcome["decision"] in ("keep", "reword", "change", "drop", "park")
        if self.look()["state"] == "closed":
            begun = {o["principle"] for o in found}
            assert all(p["state"] in ("done", "parked") for p in listed if p["id"] in begun)

    async def _the_stage_is_what_the_log_tells(self) -> None:
        events = await self._events()
        async with self.hub.database.reading() as tx:
            gathering = await access_gathering(tx, self.session.id)
        assert rules.replay([e.event for e in events]) == gathering.stage
        if gathering.phase_index is not None:
            started = [e.data["phase"] for e in events if e.kind == "phase_started"]
            assert started[-1] == gathering.form.phases[gathering.phase_index].key


@pytest.mark.timeout(300)
def test_whatever_people_do_a_dialogue_stays_whole(blank: Path) -> None:
    Dialogues.blank = blank
    run_state_machine_as_test(
        Dialogues,
        settings=settings(
            max_examples=MAX_EXAMPLES,
            stateful_step_count=50,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
