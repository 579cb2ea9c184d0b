"""Whole sessions of people who join, leave, write, object, and facilitators who force and reopen.

Whatever they do: nothing is ever answered with a fault of the hub, no reflection leaves, no
decision stands without its stances, no phase is skipped, and the record that is shown equals the
one rebuilt from the log. What the process keeps of what was said is what the database has.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import os
import tempfile
import zipfile
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.gatherings.doorway import read_record
from hub.gatherings.models import access_gathering, list_contributions, list_events
from hub.gatherings.qda import as_project
from hub.gatherings.table import as_csv
from tests.cast import Person, Session, join, plan
from tests.conftest import Hub, running_hub
from tests.gatherings.test_transcript import kept

ROLES = ("patient", "practitioner", "researcher", "carer", "leader", None)
MOVES = ("pause", "resume", "reopen", "extend")
MAX_EXAMPLES = int(os.environ.get("WHOLE_SESSIONS", "15"))
any_one = st.integers(0, 999)
_secrets = itertools.count(1)


class Sessions(RuleBasedStateMachine):
    """One session, driven at random through the API."""

    blank: Path

    @initialize(phases=st.integers(-1, 8))
    def begin(self, phases: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.context = running_hub(Path(self.folder.name), self.blank)
        self.hub: Hub = self.run(self.context.__aenter__())
        self.people: list[Person] = []
        self.gone: set[str] = set()
        self.secrets: dict[str, str] = {}
        self.steps = 0
        self.run(self._plan())
        # Steps enough to come to the decisions from the start would be too many.
        for _ in range(phases + 1):
            self.the_session_goes_on()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def _plan(self) -> None:
        fatima = await self.hub.account()
        made = await plan(fatima, minutes={"reflect": 2, "close": 2})
        self.session = Session(made["id"], made["code"], fatima, fatima, fatima)
        self.path = f"/sessions/{made['id']}"
        for _ in range(3):
            await self._join()

    async def _join(self) -> None:
        number = len(self.people)
        role, language = ROLES[number % len(ROLES)], ("sv", "en")[number % 2]
        self.people.append(
            await join(self.hub.http, self.session.code, f"Person {number}", language, role=role)
        )

    def teardown(self) -> None:
        if not hasattr(self, "hub"):
            return
        try:
            self.look_at_everything()
        finally:
            self.run(self.context.__aexit__(None, None, None))
            self.folder.cleanup()
            self.loop.close()

    # --- helpers ---

    def taken(self, answer: httpx.Response) -> bool:
        """Whether it was done; anything but a clear refusal is a fault of the hub."""
        assert answer.status_code < 500, answer.text
        assert answer.status_code in (200, 201, 204, 400, 401, 403, 404, 409, 422, 429), answer.text
        return answer.is_success

    def someone(self, number: int) -> Person:
        return self.people[number % len(self.people)]

    def shared(self) -> list[dict[str, Any]]:
        found = self.run(self.session.fatima.get(f"{self.path}/contributions")).json()
        return list(found["items"])

    def one_of(self, number: int, *kinds: str) -> str | None:
        ids = [c["id"] for c in self.shared() if c["kind"] in kinds and not c["removed"]]
        return ids[number % len(ids)] if ids else None

    def say(self, who: Person, text: str, kind: str, **more: Any) -> bool:
        self.hub.clock.move(seconds=2)
        return self.taken(self.run(who.say(self.session.id, text, kind, **more)))

    # --- what people do ---

    @precondition(lambda self: len(self.people) < 7)
    @rule()
    def somebody_joins(self) -> None:
        state = self.run(self.session.fatima.get(self.path)).json()["state"]
        if state != "closed":
            self.run(self._join())

    @rule(n=any_one)
    def somebody_leaves(self, n: int) -> None:
        if len(self.people) - len(self.gone) > 2 and self.taken(
            self.run(self.someone(n).post(f"{self.path}/leave"))
        ):
            self.gone.add(self.someone(n).id)

    @rule()
    def everybody_looks(self) -> None:
        for person in self.people:
            self.taken(self.run(person.get(self.path)))

    @rule(n=any_one, kind=st.sampled_from(("contribution", "question", "theme", "checkout")))
    def somebody_writes(self, n: int, kind: str) -> None:
        self.say(self.someone(n), f"Vi ringde {n} gånger, och ingen svarade oss.", kind)

    @rule(n=any_one)
    def somebody_reflects(self, n: int) -> None:
        secret = f"hemlig{next(_secrets)}tanke"
        if self.say(self.someone(n), f"Min {secret} om det här", "reflection"):
            self.secrets[secret] = self.someone(n).id

    @rule(n=any_one, m=any_one)
    def somebody_restates(self, n: int, m: int) -> None:
        of = self.one_of(m, "contribution", "question")
        self.say(self.someone(n), "Du menar att ingen svarade.", "restatement", fields={"of": of})

    @rule(n=any_one, m=any_one, answer=st.sampled_from(("yes", "partly", "no")))
    def somebody_checks(self, n: int, m: int, answer: str) -> None:
        fields = {"of": self.one_of(m, "restatement"), "answer": answer}
        self.say(self.someone(n), "", "restatement_check", fields=fields)

    @rule(n=any_one, m=any_one, value=st.sampled_from((1, 3, 5, "pass")))
    def somebody_rates(self, n: int, m: int, value: int | str) -> None:
        fields = {"of": self.one_of(m, "theme"), "scale": "agreement", "value": value}
        self.say(self.someone(n), "", "rating", fields=fields)

    @rule(n=any_one, complete=st.booleans())
    def somebody_proposes(self, n: int, complete: bool) -> None:
        fields = {"owner": "Regionen", "when": "2027-03-01", "measure": "Antal samtal"}
        self.say(
            self.someone(n),
            f"Ett nummer att ringa {n}",
            "recommendation",
            fields=fields if complete else {},
        )

    @rule(n=any_one, m=any_one)
    def somebody_changes_a_proposal(self, n: int, m: int) -> None:
        of = self.one_of(m, "recommendation")
        if of:
            self.say(self.someone(n), f"Ett annat nummer {n}", "recommendation", reply_to=of)

    @rule(n=any_one, m=any_one)
    def somebody_splits_a_proposal(self, n: int, m: int) -> None:
        of = self.one_of(m, "recommendation")
        if of:
            for part in ("a", "b"):
                fields = {"split_of": of}
                self.say(self.someone(n), f"Del {part} av {n}", "recommendation", fields=fields)

    @rule(n=any_one, m=any_one, value=st.sampled_from(("consent", "objection", "stand_aside")))
    def somebody_decides(self, n: int, m: int, value: str) -> None:
        fields = {"of": self.one_of(m, "recommendation"), "value": value}
        self.say(self.someone(n), "Pengarna räcker inte.", "stance", fields=fields)

    @rule(n=any_one, m=any_one)
    def somebody_amends(self, n: int, m: int) -> None:
        fields = {"of": self.one_of(m, "recommendation")}
        self.say(self.someone(n), "Bara på dagtid.", "amendment", fields=fields)

    @rule(n=any_one, m=any_one)
    def somebody_takes_back(self, n: int, m: int) -> None:
        said = self.one_of(m, "contribution", "recommendation", "stance", "theme", "restatement")
        if said:
            self.taken(self.run(self.someone(n).delete(f"/contributions/{said}")))

    # --- what facilitators do ---

    @rule()
    def the_session_goes_on(self) -> None:
        fatima = self.session.fatima
        state = self.run(fatima.get(self.path)).json()["state"]
        name = "start" if state in ("planned", "open") else "advance"
        body = {"force": True, "reason": "vidare"} if name == "advance" else None
        self.taken(self.run(fatima.post(f"{self.path}/{name}", body)))

    @rule(name=st.sampled_from(MOVES), minutes=st.integers(-1, 70))
    def a_facilitator_moves(self, name: str, minutes: int) -> None:
        self.hub.clock.move(seconds=20)
        self.taken(self.run(self.session.fatima.post(f"{self.path}/{name}", {"minutes": minutes})))

    @precondition(lambda self: self.steps > 30)
    @rule()
    def a_facilitator_closes(self) -> None:
        self.taken(self.run(self.session.fatima.post(f"{self.path}/close")))

    @rule(m=any_one, back=st.booleans())
    def a_facilitator_hides(self, m: int, back: bool) -> None:
        said = self.one_of(m, "contribution", "recommendation", "stance", "theme")
        fatima = self.session.fatima
        if said and back:
            self.taken(self.run(fatima.delete(f"/contributions/{said}/hide")))
        elif said:
            body = {"reason": "rör någon annan"}
            self.taken(self.run(fatima.post(f"/contributions/{said}/hide", body)))

    @rule(n=any_one)
    def a_scribe_writes(self, n: int) -> None:
        who = self.someone(n).id
        self.say(self.session.fatima, "Så här sa jag.", "contribution", written_for=who)

    @rule(m=any_one, result=st.sampled_from(("parked", "adopted_with_dissent")))
    def a_facilitator_settles(self, m: int, result: str) -> None:
        fields = {"of": self.one_of(m, "recommendation"), "result": result}
        self.say(self.session.fatima, "Två är emot.", "facilitation", fields=fields)

    @rule(m=any_one)
    def a_facilitator_reveals(self, m: int) -> None:
        theme = self.one_of(m, "theme")
        if theme:
            self.taken(self.run(self.session.fatima.post(f"/contributions/{theme}/reveal")))

    @rule(seconds=st.integers(1, 400))
    def time_goes_by(self, seconds: int) -> None:
        self.hub.clock.move(seconds=seconds)
        self.run(self.hub.keep_time())
        self.run(self.hub.translate())

    # --- what must hold ---

    @invariant()
    def numbers_have_no_gap(self) -> None:
        self.steps += 1
        if hasattr(self, "hub") and self.steps % 5 == 0:
            numbers = [c["seq"] for c in self.shared()]
            assert numbers == list(range(1, len(numbers) + 1))
            self.run(kept(self.hub, self.session))

    def look_at_everything(self) -> None:
        record = self.run(self.session.fatima.get(f"{self.path}/record")).json()
        self.no_reflection_leaves()
        self.every_decision_has_its_stances(record)
        events = self.run(self._events())
        self.phases_come_in_order(events)
        self.the_record_is_what_the_log_tells(record, events)

    async def _events(self) -> list[Any]:
        async with self.hub.database.reading() as tx:
            return await list_events(tx, self.session.id)

    def no_reflection_leaves(self) -> None:
        if not self.secrets:
            return
        fatima, api = self.session.fatima, f"/api/v1{self.path}"
        readers = [p for p in [fatima, *self.people] if p.id not in self.gone]
        texts: list[tuple[Person, str]] = []
        for reader in readers:
            for path in (
                f"{api}/contributions",
                f"{api}/changes?after=0",
                f"{api}/changes?after=0&format=html&language=sv",
                f"{api}/record",
                f"{api}/record?format=md&language=en",
                f"{self.path}",
                f"{self.path}/desk",
                f"{self.path}/record",
            ):
                answer = self.run(self.hub.http.get(path, headers=reader.headers))
                assert answer.status_code < 500
                texts.append((reader, answer.text))
        for form in ("csv", "qdpx"):
            texts.append((fatima, self.run(self._exported(form))))
        for secret, author in self.secrets.items():
            for reader, text in texts:
                if reader.id != author:
                    assert secret not in text

    async def _exported(self, form: str) -> str:
        async with self.hub.database.reading() as tx:
            if form == "csv":
                return as_csv(await list_contributions(tx, self.session.id))
            gathering = await access_gathering(tx, self.session.id)
            said = await self.hub.screens.shared(tx, gathering)
            record = await read_record(self.hub.screens, tx, self.session.id)
        with zipfile.ZipFile(io.BytesIO(as_project(record["session"], said))) as packed:
            return "".join(packed.read(name).decode() for name in packed.namelist())

    def every_decision_has_its_stances(self, record: dict[str, Any]) -> None:
        shown = {c["id"]: c for c in self.shared()}
        said = Counter(
            c["author"]["id"]
            for c in shown.values()
            if c["kind"] == "stance" and c["author"] and not c["removed"]
        )
        settled = {
            c["fields"].get("of") for c in shown.values() if c["fields"].get("result") is not None
        }
        for item in record["recommendations"]:
            given = sum(item["stances"].values())
            assert given <= len(said)
            if item["result"] == "adopted":
                assert item["stances"]["consent"] == given > 0
            if item["result"] in ("adopted_with_dissent", "parked"):
                assert item["stances"]["stand_aside"] or item["id"] in settled or settled

    def phases_come_in_order(self, events: list[Any]) -> None:
        at = -1
        for event in events:
            if event.kind == "phase_started":
                following, again = event.data["index"], event.data.get("reopened")
                assert following in ((at - 1, at) if again else (at + 1,))
                at = following

    def the_record_is_what_the_log_tells(self, record: dict[str, Any], events: list[Any]) -> None:
        said: dict[str, list[str]] = {}
        hidden: set[str] = set()
        people = 0
        minutes: Counter[str] = Counter()
        phase, since = None, None
        for event in events:
            about = event.data.get("contribution")
            if event.kind == "said":
                said.setdefault(event.data["phase"], []).append(about)
            elif event.kind == "hidden":
                hidden.add(about)
            elif event.kind == "shown_again":
                hidden.discard(about)
            people += event.kind == "joined"
            if event.kind in ("phase_started", "paused", "closed", "resumed"):
                if phase and since:
                    minutes[phase] += (event.at - since).total_seconds() / 60
                phase = event.data["phase"] if event.kind == "phase_started" else phase
                since = event.at if event.kind in ("phase_started", "resumed") else None
        shown = {p["id"]: [c["id"] for c in p["items"]] for p in record["phases"]}
        rebuilt = {p: [c for c in said.get(p, []) if c not in hidden] for p in shown}
        assert shown == rebuilt
        assert record["attendance"]["people"] == people
        assert {p["id"]: p["minutes"] for p in record["phases"]} == {
            p: pytest.approx(minutes[p], abs=0.06) for p in shown
        }


@pytest.mark.timeout(300)
def test_whatever_people_do_a_session_stays_whole(blank: Path) -> None:
    Sessions.blank = blank
    run_state_machine_as_test(
        Sessions,
        settings=settings(
            max_examples=MAX_EXAMPLES,
            stateful_step_count=50,
            # A smaller example would take minutes to find, and the steps are told anyway.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
