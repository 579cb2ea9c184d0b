"""What tests of charter pages need: charters, dialogues that are over, and browsers that ask."""

from __future__ import annotations

from typing import Any

import httpx

from hub.charters import actions
from hub.charters.models import Outcome, find_charter, list_charters
from hub.gatherings.models import find_gathering
from hub.people.models import Account
from tests.cast import Person
from tests.conftest import Hub

VST = "vi-skapar-tillsammans"
NOTE = {"sv": "Orden är enklare.", "en": "The words are plainer."}


async def shipped(hub: Hub) -> None:
    """The charters that come with the hub, where they are not there yet."""
    async with hub.database.transaction() as tx:
        if not await list_charters(tx):
            await actions.load_shipped(tx, now=hub.clock.now(), demonstration=False)


async def account_of(hub: Hub, person: Person) -> Account:
    async with hub.database.reading() as tx:
        found = await tx.get(Account, person.id)
    assert found is not None
    return found


async def get(hub: Hub, path: str, person: Person | None = None, **more: Any) -> httpx.Response:
    headers = {"Accept-Language": "en", **(person.headers if person else {})}
    return await hub.http.get(path, headers={**headers, **more})


async def send(hub: Hub, path: str, person: Person | None = None, **form: Any) -> httpx.Response:
    headers = {"Accept-Language": "en", **(person.headers if person else {})}
    return await hub.http.post(path, data=form, headers=headers)


async def texts(hub: Hub, principle: str, charter: str = VST) -> dict[str, dict[str, Any]]:
    async with hub.database.reading() as tx:
        row = await find_charter(tx, charter)
    assert row is not None
    found = next(p for p in row.state["principles"] if p["id"] == principle)
    kept: dict[str, dict[str, Any]] = found["texts"]
    return kept


async def form_of(hub: Hub, principle: str, **typed: str) -> dict[str, str]:
    """The form as the page fills it in, with what is typed over it."""
    found = await texts(hub, principle)
    form = {"substance": "0", "act": "save"}
    for language, text in found.items():
        form |= {f"title_{language}": text["title"], f"text_{language}": text["text"]}
        form[f"base_{language}"] = str(text["revision"])
    return {**form, **typed}


async def outcome(
    hub: Hub, session: str, principle: str, *, charter: str = VST, **more: Any
) -> Outcome:
    """What a dialogue came to, written down as the room does."""
    present = await texts(hub, principle, charter)
    put = {k: {"title": t["title"], "text": t["text"]} for k, t in present.items()}
    row = Outcome(
        **{
            "gathering_id": session,
            "charter_id": charter,
            "principle_id": principle,
            "put": put,
            "decision": "keep",
            "agreed": put,
            "rated": 6,
            "counts": [0, 1, 0, 2, 3],
            "counts_by_group": {"lived": [0, 0, 0, 1, 2], "practice": [0, 1, 0, 1, 1]},
            "closed_at": hub.clock.now(),
            "updated_at": hub.clock.now(),
            **more,
        }
    )
    async with hub.database.transaction() as tx:
        assert await find_gathering(tx, session)
        tx.add(row)
    return row


async def adopted(hub: Hub, editor: Person, session: str, principle: str) -> None:
    """Take one principle all the way, by the addresses that editors use."""
    path = f"/charters/{VST}/principles/{principle}"
    for language in ("sv", "en"):
        form = {"language": language, "to": "human_reviewed", "note": "inget", "reads_both": "1"}
        assert (await send(hub, f"{path}/status", editor, **form)).status_code == 303
    await outcome(hub, session, principle)
    for language in ("sv", "en"):
        form = {"language": language, "to": "tested_in_dialogue"}
        assert (await send(hub, f"{path}/status", editor, **form)).status_code == 303
    edit = f"/charters/{VST}/edit"
    assert (await send(hub, edit, editor, act="round")).status_code == 303
    hub.clock.move(days=15)
    form = {
        "act": "adopt",
        f"adopt-{principle}": "1",
        "body": "Brukarrådet",
        "on": hub.clock.now().date().isoformat(),
        "adopt_number": "",
        "adopt_note_sv": NOTE["sv"],
        "adopt_note_en": NOTE["en"],
    }
    answer = await send(hub, edit, editor, **form)
    assert answer.status_code == 303, answer.text
