"""What dialogues keep to themselves: hidden ratings, words taken back, texts of others."""

from __future__ import annotations

import json
from typing import Any

from hub.charters.models import list_outcomes_of
from hub.gatherings import actions
from hub.gatherings.models import access_contribution, access_gathering
from tests.conftest import Hub
from tests.gatherings.test_dialogue import Dialogue, dialogue

SECRET = "Vi börjar alltid med Torstens hustru."


async def everything(found: Dialogue) -> str:
    """All that the session tells anybody: room, outcomes, record, and what the hub has kept."""
    told: list[Any] = [await found.stage(), await found.outcomes()]
    for path in ("contributions", "changes?after=0", "record", "bot"):
        answer = await found.fatima.http.get(
            f"/api/v1{found.path}/{path}", headers=found.fatima.headers
        )
        told.append(answer.json())
    async with found.hub.database.reading() as tx:
        rows = await list_outcomes_of(tx, found.session.id)
        told += [[row.put, row.agreed, row.dissent] for row in rows]
    return json.dumps(told, ensure_ascii=False, default=str)


async def put(hub: Hub) -> tuple[Dialogue, str]:
    """A dialogue where a wording is put to the room."""
    found = await dialogue(hub)
    await found.to("wording")
    wording = await found.say(found.astrid, SECRET, "wording")
    await found.to("settle")
    assert SECRET in await everything(found)
    return found, wording["id"]


async def test_words_taken_back_leave_the_open_outcome_and_the_line_that_quoted_them(
    hub: Hub,
) -> None:
    found, wording = await put(hub)
    await found.stance(found.astrid, "consent")
    assert (await found.outcomes())["vst-1"]["agreed"]
    assert (await found.astrid.delete(f"/contributions/{wording}")).status_code == 200
    assert SECRET not in await everything(found)
    assert (await found.outcomes())["vst-1"]["agreed"] is None


async def test_words_taken_back_leave_a_principle_that_was_parked(hub: Hub) -> None:
    found, wording = await put(hub)
    await found.act("park", {"reason": "en annan gång"})
    assert (await found.astrid.delete(f"/contributions/{wording}")).status_code == 200
    assert SECRET not in await everything(found)


async def test_words_taken_back_leave_an_outcome_that_closed_with_dissent(hub: Hub) -> None:
    found, wording = await put(hub)
    await found.act("outcome", {"dissent": [{"text": "Vi är inte eniga.", "group": "lived"}]})
    await found.go_on()
    assert (await found.outcomes())["vst-1"]["closed_at"]
    assert (await found.astrid.delete(f"/contributions/{wording}")).status_code == 200
    assert SECRET not in await everything(found)
    kept = (await found.outcomes())["vst-1"]
    # Nothing else takes the place of what the room had before it.
    assert kept["put"]["sv"]["text"] == ""
    assert kept["dissent"]


async def test_text_that_was_agreed_on_stays_the_rooms_when_its_author_takes_it_back(
    hub: Hub,
) -> None:
    found, wording = await put(hub)
    await found.stance(found.astrid, "consent")
    await found.go_on()
    assert (await found.astrid.delete(f"/contributions/{wording}")).status_code == 200
    assert (await found.outcomes())["vst-1"]["agreed"]["sv"]["text"] == SECRET
    shared = (await found.fatima.get(f"{found.path}/contributions")).json()
    assert SECRET not in json.dumps(shared, ensure_ascii=False)


async def test_hidden_words_leave_the_line_that_quotes_them_and_come_back_with_it(
    hub: Hub,
) -> None:
    found, wording = await put(hub)
    path = f"/contributions/{wording}/hide"
    assert (await found.fatima.post(path, {"reason": "ett namn"})).status_code == 200
    assert SECRET not in await everything(found)
    assert (await found.fatima.delete(path)).status_code == 200
    assert SECRET in await everything(found)
    assert (await found.outcomes())["vst-1"]["put"]["sv"]["text"] == SECRET


async def test_words_put_to_the_room_come_back_to_an_outcome_that_closed_with_dissent(
    hub: Hub,
) -> None:
    found, wording = await put(hub)
    await found.act("outcome", {"dissent": [{"text": "Vi är inte eniga.", "group": "lived"}]})
    await found.go_on()
    before = (await found.outcomes())["vst-1"]
    assert before["closed_at"]
    assert before["put"]["sv"]["text"] == SECRET
    path = f"/contributions/{wording}/hide"
    assert (await found.fatima.post(path, {"reason": "ett namn"})).status_code == 200
    assert SECRET not in await everything(found)
    assert (await found.outcomes())["vst-1"]["put"]["sv"]["text"] == ""
    assert (await found.fatima.delete(path)).status_code == 200
    after = (await found.outcomes())["vst-1"]
    assert (after["put"], after["dissent"]) == (before["put"], before["dissent"])


async def test_words_that_are_taken_back_while_hidden_do_not_come_back(hub: Hub) -> None:
    found, wording = await put(hub)
    await found.act("outcome", {"dissent": [{"text": "Vi är inte eniga.", "group": "lived"}]})
    await found.go_on()
    path = f"/contributions/{wording}/hide"
    assert (await found.fatima.post(path, {"reason": "ett namn"})).status_code == 200
    assert (await found.astrid.delete(f"/contributions/{wording}")).status_code == 200
    await found.fatima.delete(path)
    assert (await found.outcomes())["vst-1"]["put"]["sv"]["text"] == ""
    assert SECRET not in await everything(found)


async def test_dissent_that_is_hidden_is_told_nowhere_until_it_is_shown_again(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("settle")
    await found.act("outcome", {"dissent": [{"text": SECRET, "group": "lived", "language": "sv"}]})
    await found.go_on()
    shared = (await found.fatima.get(f"{found.path}/contributions")).json()["items"]
    said = next(c for c in shared if c["fields"].get("dissent"))
    path = f"/contributions/{said['id']}/hide"
    assert (await found.fatima.post(path, {"reason": "ett namn"})).status_code == 200
    await hub.translate()
    assert SECRET not in await everything(found)
    assert (await found.outcomes())["vst-1"]["closed_at"]
    assert (await found.fatima.delete(path)).status_code == 200
    assert (await found.outcomes())["vst-1"]["dissent"][0]["text"]["sv"] == SECRET


async def test_hidden_ratings_are_in_no_count_before_all_have_answered(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("rate")
    await found.say(found.astrid, "Torsten bestämde allt.", "rating", value=1)
    stage, outcome = await found.stage(), (await found.outcomes())["vst-1"]
    assert stage["ratings"]["result"] is None
    assert outcome["ratings"]["counts"] == [0] * 5
    assert stage["outcome"]["ratings"]["counts"] == [0] * 5
    assert "Torsten" not in await everything(found)


async def test_the_record_of_a_text_that_may_not_be_published_has_it_in_no_line_either(
    hub: Hub,
) -> None:
    found = await dialogue(hub)
    await found.to("settle")
    async with hub.database.transaction() as tx:
        gathering = await access_gathering(tx, found.session.id)
        gathering.charter_copy = {
            **(gathering.charter_copy or {}),
            "may_publish_translation": False,
        }
    record = (await found.fatima.get(f"{found.path}/record")).json()
    assert "Ingen bjuds in för att godkänna" not in json.dumps(record, ensure_ascii=False)


async def test_what_the_room_agreed_on_stays_when_its_author_corrects_it_later(hub: Hub) -> None:
    found = await dialogue(hub)
    await found.to("change")
    said = await found.say(found.astrid, "Vi bestämmer ihop.", "change", change="add")
    await found.to("settle")
    await found.act("put", {"of": said["id"]})
    await found.stance(found.astrid, "consent")
    await found.go_on()
    async with hub.database.transaction() as tx:
        # As its author corrects it; then the translation of the new words comes.
        (await access_contribution(tx, said["id"])).text = "Jag bestämmer."
        await actions.fill_outcomes(tx, await access_gathering(tx, found.session.id))
    await hub.translate()
    agreed = (await found.outcomes())["vst-1"]["agreed"]
    assert agreed["sv"]["text"] == "Vi bestämmer ihop."
    assert agreed["en"]["text"]
