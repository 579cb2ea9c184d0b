"""Dissent that is withdrawn leaves a charter, its log and its versions."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import select

from hub.charters import actions, files, rules
from hub.charters.models import Charter, CharterEvent, CharterVersion, list_versions
from hub.people.actions import list_flags
from hub.people.models import Account
from tests.conftest import Hub

from .dialogues import CHARTER, hold, outcome

SECRET = {"sv": "Vi bär inte det här ensamma.", "en": "We do not carry this alone."}
OTHER = {"sv": "Personalen tror inte på det.", "en": "Staff do not believe it."}
NOTE = {"sv": "Första.", "en": "First."}


async def published(hub: Hub, *texts: dict[str, str]) -> tuple[Account, str]:
    """Dissent beside a principle, and a version that holds it."""
    eva = await hub.account("editor", "Eva")
    now = hub.clock.now()
    dissent = [{"group": "lived", "language": "sv", "text": text} for text in texts]
    async with hub.database.transaction() as tx:
        account = await tx.get_one(Account, eva.id)
        held = await hold(tx, now=now)
        row = outcome(held.id, now=now, dissent=dissent, decision="change")
        tx.add(row)
        await tx.flush()
        await actions.publish_dissent(tx, CHARTER, row.id, account=account, now=now)
        await actions.make_version(tx, CHARTER, note=NOTE, account=account, now=now)
    return account, row.id


async def take(hub: Hub) -> list[str]:
    async with hub.database.transaction() as tx:
        return await actions.withdraw_dissent(
            tx, CHARTER, is_gone=lambda d: d["text"] == SECRET, now=hub.clock.now()
        )


async def everything(hub: Hub) -> tuple[Charter, list[CharterEvent], list[CharterVersion]]:
    async with hub.database.reading() as tx:
        charter = await tx.get_one(Charter, CHARTER)
        events = list(await tx.scalars(select(CharterEvent).order_by(CharterEvent.number)))
        events = [e for e in events if e.charter_id == CHARTER]
        versions = list(await tx.scalars(select(CharterVersion)))
    return charter, events, versions


def dissent_in(state: dict[str, Any]) -> list[dict[str, Any]]:
    return next(p["dissent"] for p in state["principles"] if p["id"] == "vst-1")


async def test_withdrawn_dissent_has_no_words_anywhere(hub: Hub) -> None:
    await published(hub, SECRET, OTHER)
    assert await take(hub) == ["vst-1"]
    charter, events, versions = await everything(hub)
    kept = json.dumps([charter.state, [e.data for e in events], [v.state for v in versions]])
    assert "carry this alone" not in kept
    assert "Staff do not believe it." in kept
    for state in (charter.state, versions[0].state):
        assert [d.get("withdrawn", False) for d in dissent_in(state)] == [True, False]


async def test_the_charter_is_still_what_its_events_make(hub: Hub) -> None:
    await published(hub, SECRET)
    await take(hub)
    charter, events, _ = await everything(hub)
    told = [rules.Event(e.number, e.at, e.kind, e.role, e.data) for e in events]
    assert rules.state_of(rules.replay(told)) == charter.state
    assert events[-1].kind == "dissent_withdrawn"
    assert events[-1].data["principle"] == "vst-1"


async def test_editors_are_told_until_they_make_a_new_version(hub: Hub) -> None:
    eva, _ = await published(hub, SECRET)
    await take(hub)
    async with hub.database.reading() as tx:
        assert [f.place for f in await list_flags(tx, "charter", subject=CHARTER)] == ["vst-1"]
    async with hub.database.transaction() as tx:
        await actions.make_version(tx, CHARTER, note=NOTE, account=eva, now=hub.clock.now())
    async with hub.database.reading() as tx:
        assert await list_flags(tx, "charter") == []


async def test_withdrawing_what_is_not_there_changes_nothing(hub: Hub) -> None:
    await published(hub, OTHER)
    before, events, _ = await everything(hub)
    assert await take(hub) == []
    after, still, _ = await everything(hub)
    assert (after.number, len(still)) == (before.number, len(events))


async def test_dissent_published_twice_is_withdrawn_from_both_events(hub: Hub) -> None:
    """First in one language, then with its translation: both events had the words."""
    eva, outcome_id = await published(hub, {"sv": SECRET["sv"]})
    async with hub.database.transaction() as tx:
        from hub.charters.models import Outcome

        row = await tx.get_one(Outcome, outcome_id)
        row.dissent = [{"group": "lived", "language": "sv", "text": SECRET}]
        await actions.publish_dissent(tx, CHARTER, outcome_id, account=eva, now=hub.clock.now())
    async with hub.database.transaction() as tx:
        await actions.withdraw_dissent(
            tx,
            CHARTER,
            is_gone=lambda d: d["text"].get("sv") == SECRET["sv"],
            now=hub.clock.now(),
        )
    charter, events, _ = await everything(hub)
    assert SECRET["sv"] not in json.dumps([e.data for e in events], ensure_ascii=False)
    assert [d.get("withdrawn") for d in dissent_in(charter.state)] == [True]


async def exported(hub: Hub) -> str:
    async with hub.database.reading() as tx:
        charter = await tx.get_one(Charter, CHARTER)
        kept = [version.state for version in reversed(await list_versions(tx, CHARTER))]
    return files.to_yaml(rules.read_state(charter.state), kept)


async def test_an_older_file_does_not_bring_withdrawn_dissent_back(hub: Hub) -> None:
    """Under another id, with or without the id of its outcome, in the text and in its history."""
    await published(hub, SECRET, OTHER)
    older = await exported(hub)
    assert older.count("carry this alone") == 2
    await take(hub)
    older = older.replace(f"id: {CHARTER}", "id: en-kopia", 1)
    for n, text in enumerate((older, re.sub(r"outcome_id: o_\w+", "outcome_id: o_x", older))):
        data = files.read_yaml(text.replace("en-kopia", f"en-kopia-{n}").encode())
        async with hub.database.transaction() as tx:
            now = hub.clock.now()
            state = await actions.import_charter(tx, data, account=None, now=now)
        dissent = dissent_in(rules.state_of(state))
        assert [d.get("withdrawn", False) for d in dissent] == [True, False]
    async with hub.database.reading() as tx:
        events = [e.data for e in await tx.scalars(select(CharterEvent))]
        states = [c.state for c in await tx.scalars(select(Charter))]
        states += [v.state for v in await tx.scalars(select(CharterVersion))]
    kept = json.dumps([events, states], ensure_ascii=False)
    assert "carry this alone" not in kept
    assert "inte det här ensamma" not in kept
    assert kept.count("Staff do not believe it.") > 3


async def test_text_for_an_entry_brings_no_withdrawn_dissent_with_it(hub: Hub) -> None:
    await published(hub, SECRET, OTHER)
    data = files.read_yaml((await exported(hub)).encode())
    await take(hub)
    async with hub.database.transaction() as tx:
        now, right = hub.clock.now(), "Med tillstånd."
        state = await actions.import_charter(
            tx, data, into="scie-4", right=right, account=None, now=now
        )
    assert [d["text"] for d in dissent_in(rules.state_of(state))] == [{}, OTHER]
