"""Random editing, dialogues, comment, adoption and versions, against an oracle of its own."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub.charters import actions, rules
from hub.charters.models import access_charter, list_charter_events, list_versions
from hub.db import Database
from hub.errors import Invalid, Refusal
from hub.people.models import Account
from tests.charters.dialogues import hold, outcome

START = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
LANGUAGES = ("sv", "en")
# Written down again, on purpose: the table of charters.md, "Status rules".
STEPS = {
    ("missing", "draft"),
    ("draft", "human_reviewed"),
    ("human_reviewed", "tested_in_dialogue"),
    ("tested_in_dialogue", "adopted"),
    ("human_reviewed", "draft"),
    ("tested_in_dialogue", "draft"),
    ("adopted", "draft"),
    ("tested_in_dialogue", "human_reviewed"),
    ("adopted", "human_reviewed"),
}
NOTE = {"sv": "Ändrat", "en": "Changed"}
_numbers = itertools.count(1)
_world: dict[str, Any] = {}


@dataclass
class Side:
    """What the oracle knows of a text."""

    words: str = ""
    status: str = "missing"


@dataclass
class Known:
    """What the oracle knows of a principle."""

    sides: dict[str, Side]
    shown: tuple[str, str] | None = None
    # The words that closed dialogues have tested, by language.
    tested: dict[str, set[str]] = field(default_factory=lambda: {"sv": set(), "en": set()})


@pytest.fixture(scope="module", autouse=True)
def world(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A database and a loop of its own, for a machine that is not asynchronous."""
    path = tmp_path_factory.mktemp("charters") / "hub.db"
    path.write_bytes(blank.read_bytes())
    database = Database(f"sqlite+aiosqlite:///{path}")
    account = Account(
        id="a_editor", email="eva@example.org", name="Eva", role="editor", created_at=START
    )
    with asyncio.Runner() as runner:

        async def begin() -> None:
            async with database.transaction() as tx:
                tx.add(account)

        runner.run(begin())
        _world.update(runner=runner, database=database, account=account)
        yield
        runner.run(database.close())
    asyncio.set_event_loop(None)


def words_of(n: int) -> dict[str, str]:
    return {"title": f"Title {n}", "text": f"Words {n}."}


class Charters(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.known: dict[str, Known] = {}
        self.order: list[str] = []
        self.removed: list[str] = []
        self.written: set[str] = set()
        self.versions: dict[str, tuple[Any, ...]] = {}
        self.round: tuple[datetime, dict[str, tuple[str, str]]] | None = None

    # --- doing things ------------------------------------------------------------------------

    def do(self, work: Any) -> rules.State | None:
        """Run an action in a transaction; None where it was refused."""

        async def carry_out() -> rules.State:
            async with _world["database"].transaction() as tx:
                found: rules.State = await work(tx)
                return found

        return self.run(carry_out())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            return _world["runner"].run(work)
        except Refusal:
            return None

    def by(self) -> dict[str, Any]:
        return {"account": _world["account"], "now": self.now}

    def pick(self, n: int) -> str:
        return self.order[n % len(self.order)]

    @initialize(source_language=st.sampled_from(rules.SOURCE_LANGUAGES))
    def begin(self, source_language: str) -> None:
        self.source_language = source_language
        self.id = f"c-{next(_numbers)}"
        title = {"sv": "Löften", "en": "Promises"}
        data = {"id": self.id, "title": title, "source_language": source_language}
        assert self.do(lambda tx: actions.create_charter(tx, data, **self.by()))
        self.add(0)

    @precondition(lambda self: len(self.order) < 4)
    @rule(n=st.integers(0, 9))
    def add(self, n: int) -> None:
        sources = LANGUAGES if self.source_language == "both" else (self.source_language,)
        texts = {language: words_of(next(_numbers)) for language in sources}
        position = n % (len(self.order) + 1)
        state = self.do(
            lambda tx: actions.add_principle(
                tx, self.id, texts=texts, position=position, **self.by()
            )
        )
        assert state
        new = state.principles[position].id
        assert new not in self.known
        self.order.insert(position, new)
        self.known[new] = Known(
            {
                language: Side(texts[language]["text"], "draft") if language in texts else Side()
                for language in LANGUAGES
            }
        )
        self.written |= {text["text"] for text in texts.values()}

    @precondition(lambda self: self.order)
    @rule(
        n=st.integers(0, 9),
        language=st.sampled_from(LANGUAGES),
        substance=st.booleans(),
        machine=st.booleans(),
        stale=st.booleans(),
    )
    def write(self, n: int, language: str, substance: bool, machine: bool, stale: bool) -> None:
        self._write(n, language, substance=substance, machine=machine, stale=stale)

    def _write(
        self,
        n: int,
        language: str,
        *,
        substance: bool = False,
        machine: bool = False,
        stale: bool = False,
    ) -> None:
        principle, number = self.pick(n), next(_numbers)
        revision = self.state().find(principle).texts[language].revision  # type: ignore[union-attr]
        state = self.do(
            lambda tx: actions.change_text(
                tx,
                self.id,
                principle,
                language,
                **words_of(number),
                based_on=revision - 1 if stale else revision,
                substance=substance,
                origin="machine" if machine else "person",
                engine="argos 1.0; glossary 3" if machine else "",
                **self.by(),
            )
        )
        assert (state is None) == stale
        if stale:
            return
        sides = self.known[principle].sides
        own, across = sides[language], sides["en" if language == "sv" else "sv"]
        if machine or own.status == "missing":
            own.status = "draft"
        elif own.status in ("tested_in_dialogue", "adopted"):
            own.status = "human_reviewed"
        own.words = f"Words {number}."
        self.written.add(own.words)
        if self.source_language == language or (self.source_language == "both" and substance):
            across.status = "missing" if across.status == "missing" else "draft"

    @precondition(lambda self: self.order)
    @rule(
        n=st.integers(0, 9),
        language=st.sampled_from(LANGUAGES),
        to=st.sampled_from(rules.STATUSES),
        noted=st.sampled_from([True, True, True, False]),
    )
    def move(self, n: int, language: str, to: str, noted: bool) -> None:
        principle = self.pick(n)
        known = self.known[principle]
        side = known.sides[language]
        state = self.do(
            lambda tx: actions.move_status(
                tx,
                self.id,
                principle,
                language,
                to=to,
                note="Läst mot originalet" if noted else " ",
                reads_both=noted,
                **self.by(),
            )
        )
        may = {
            ("draft", "human_reviewed"): noted,
            ("human_reviewed", "tested_in_dialogue"): side.words in known.tested[language],
        }.get((side.status, to), False)
        assert (state is not None) == may
        if may:
            side.status = to

    @precondition(lambda self: self.order)
    @rule(n=st.integers(0, 9), agreed=st.booleans(), closed=st.sampled_from([True, True, False]))
    def talk(self, n: int, agreed: bool, closed: bool) -> None:
        """A dialogue on the words as they are: agreed on, or only put to it, with dissent."""
        principle = self.pick(n)
        known = self.known[principle]
        put = {
            language: {"title": "", "text": side.words}
            for language, side in known.sides.items()
            if side.words
        }
        came = {"decision": "keep", "agreed": put} if agreed else {"decision": "change"}
        if not agreed:
            came["dissent"] = [{"group": "lived", "text": {"sv": "Nej", "en": "No"}}]
        session = f"s_{next(_numbers)}"

        async def keep() -> None:
            async with _world["database"].transaction() as tx:
                await hold(tx, now=self.now, session=session, code=session[:12])
                tx.add(
                    outcome(
                        session,
                        charter=self.id,
                        principle=principle,
                        now=self.now,
                        **{"put": put, "closed_at": self.now if closed else None, **came},
                    )
                )

        self.run(keep())
        if closed:
            for language, words in put.items():
                known.tested[language].add(words["text"])

    @rule()
    def ask(self) -> None:
        state = self.do(lambda tx: actions.open_round(tx, self.id, **self.by()))
        assert (state is not None) == bool(self.order)
        if state:
            asked = {p: self.pair(p) for p in self.order}
            self.round = (self.now + timedelta(days=14), asked)

    def pair(self, principle: str) -> tuple[str, str]:
        sides = self.known[principle].sides
        return sides["sv"].words, sides["en"].words

    @rule(days=st.sampled_from([1, 13, 14, 15]))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    def may_adopt(self, principle: str) -> bool:
        tested = all(
            side.status == "tested_in_dialogue" for side in self.known[principle].sides.values()
        )
        if not tested or self.round is None:
            return False
        closes_at, asked = self.round
        return self.now >= closes_at and asked.get(principle) == self.pair(principle)

    @precondition(lambda self: self.order)
    @rule(n=st.integers(0, 9))
    def adopt(self, n: int) -> None:
        principle = self.pick(n)
        state = self.do(
            lambda tx: actions.adopt(
                tx,
                self.id,
                principles=[principle],
                body="Brukarrådet",
                on=self.now.date(),
                note=NOTE,
                **self.by(),
            )
        )
        assert (state is not None) == self.may_adopt(principle)
        if state:
            known = self.known[principle]
            for side in known.sides.values():
                side.status = "adopted"
            known.shown = self.pair(principle)
            self.keep(state)

    @precondition(lambda self: self.order)
    @rule(n=st.integers(0, 9))
    def go_all_the_way(self, n: int) -> None:
        """From whatever there is to adopted, which chance alone seldom does."""
        principle = self.pick(n)
        for language in LANGUAGES:
            if self.known[principle].sides[language].status in ("missing", "adopted"):
                self._write(n, language)
        self.talk(n, True, True)
        for language in LANGUAGES:
            self.move(n, language, "human_reviewed", True)
            self.move(n, language, "tested_in_dialogue", True)
        self.ask()
        self.wait(14)
        self.adopt(n)
        assert self.known[principle].sides["sv"].status == "adopted"

    @rule()
    def make_version(self) -> None:
        state = self.do(lambda tx: actions.make_version(tx, self.id, note=NOTE, **self.by()))
        assert (state is not None) == bool(self.order)
        if state:
            self.keep(state)

    def keep(self, state: rules.State) -> None:
        assert state.version is not None
        number = state.version["number"]
        assert number not in self.versions
        self.versions[number] = tuple((p, self.pair(p)) for p in self.order)

    @precondition(lambda self: self.order)
    @rule(n=st.integers(0, 9), to=st.integers(0, 9))
    def put_elsewhere(self, n: int, to: int) -> None:
        principle, position = self.pick(n), to % len(self.order)
        assert self.do(
            lambda tx: actions.move_principle(
                tx, self.id, principle, position=position, **self.by()
            )
        )
        self.order.remove(principle)
        self.order.insert(position, principle)

    @precondition(lambda self: self.order)
    @rule(n=st.integers(0, 9))
    def remove(self, n: int) -> None:
        principle = self.pick(n)
        assert self.do(
            lambda tx: actions.remove_principle(tx, self.id, principle, why="x", **self.by())
        )
        self.order.remove(principle)
        self.removed.append(principle)

    @precondition(lambda self: self.removed)
    @rule(n=st.integers(0, 9))
    def restore(self, n: int) -> None:
        principle = self.removed.pop(n % len(self.removed))
        assert self.do(lambda tx: actions.restore_principle(tx, self.id, principle, **self.by()))
        self.order.append(principle)

    # --- looking -----------------------------------------------------------------------------

    def state(self) -> rules.State:
        return self.run(self._state())

    async def _state(self) -> rules.State:
        async with _world["database"].reading() as tx:
            return rules.read_state((await access_charter(tx, self.id)).state)

    @invariant()
    def the_charter_is_what_the_oracle_says(self) -> None:
        if not hasattr(self, "id"):
            return
        state = self.state()
        assert [p.id for p in state.principles] == self.order
        assert sorted(p.id for p in state.removed) == sorted(self.removed)
        for principle in (*state.principles, *state.removed):
            known = self.known[principle.id]
            for language, side in known.sides.items():
                text = principle.texts[language]
                assert (text.text, text.status) == (side.words, side.status)
            shown = principle.adopted and tuple(
                principle.adopted["texts"][language]["text"] for language in LANGUAGES
            )
            assert shown == known.shown

    def teardown(self) -> None:
        if not hasattr(self, "id"):
            return
        events, versions, stored = self.run(self._history())
        log = [rules.Event(e.number, e.at, e.kind, e.role, e.data) for e in events]
        assert [e.number for e in log] == list(range(1, len(log) + 1))
        self.statuses_go_by_the_table(log)
        assert rules.state_of(rules.replay(log)) == stored
        # No text is lost: each that was ever written is in the log.
        assert all(any(words in str(e.data) for e in log) for words in self.written)
        assert {v.number for v in versions} == set(self.versions)
        for version in versions:
            assert rules.state_of(rules.replay(log[: version.upto])) == version.state
            kept = rules.read_state(version.state)
            assert self.versions[version.number] == tuple(
                (p.id, (p.texts["sv"].text, p.texts["en"].text)) for p in kept.principles
            )

    async def _history(self) -> Any:
        async with _world["database"].reading() as tx:
            return (
                await list_charter_events(tx, self.id),
                await list_versions(tx, self.id),
                (await access_charter(tx, self.id)).state,
            )

    def statuses_go_by_the_table(self, log: list[rules.Event]) -> None:
        before: dict[tuple[str, str], str] = {}
        state: rules.State | None = None
        for event in log:
            state = rules.apply(state, event)
            after = {
                (p.id, language): text.status
                for p in (*state.principles, *state.removed)
                for language, text in p.texts.items()
            }
            for key, status in after.items():
                old = before.get(key, "missing")
                assert old == status or (old, status) in STEPS, (event.kind, old, status)
            assert set(before) <= set(after)
            before = after


def test_no_status_is_skipped_no_text_is_lost_and_every_version_can_be_rebuilt(
    world: None,
) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Charters,
        settings=settings(
            max_examples=12,
            stateful_step_count=16,
            deadline=None,
            # A machine that talks to a database takes minutes to make a failure smaller.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_refused_change_leaves_no_trace(world: None) -> None:
    machine = Charters()
    machine.begin("both")
    before = machine.run(machine._history())[2]
    with pytest.raises(Invalid):
        _world["runner"].run(_refused(machine))
    assert machine.run(machine._history())[2] == before


async def _refused(machine: Charters) -> None:
    async with _world["database"].transaction() as tx:
        await actions.change_text(
            tx, machine.id, machine.order[0], "sv", title="", text=" ", **machine.by()
        )
