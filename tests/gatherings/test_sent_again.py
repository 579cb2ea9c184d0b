"""What a person sends again, since no answer came back, gives the first one and changes nothing.

The live page sends the forms that are marked with ``data-outbox`` again by itself
(``static/kept.js``).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cast import Person, Session
from tests.conftest import Hub

TEMPLATES = Path(__file__).parents[2] / "templates" / "gatherings"
PROPOSAL = {"owner": "Ben", "when": "2027-03-31", "measure": "Sju av tio"}


async def send(hub: Hub, session: Session, person: Person, path: str, **form: str) -> Any:
    """A form as the live page sends it."""
    cookies = {f"hub_seat_{session.id}": person.token}
    return await hub.http.post(path, data=form, cookies=cookies, headers={"HX-Request": "true"})


async def revision(hub: Hub, session: Session) -> int:
    await hub.translate()
    return int((await session.fatima.get(f"/sessions/{session.id}")).json()["revision"])


async def check_twice(
    hub: Hub, session: Session, person: Person, path: str, **form: str
) -> httpx.Response:
    """The first is taken and changes something; the same again is taken and changes nothing."""
    before = await revision(hub, session)
    first = await send(hub, session, person, path, **form)
    assert first.status_code < 300, first.text
    after = await revision(hub, session)
    assert after > before
    again = await send(hub, session, person, path, **form)
    assert again.status_code == first.status_code, again.text
    assert await revision(hub, session) == after
    return again


async def in_phase(hub: Hub, phase: str) -> tuple[Session, str]:
    """A session in a phase, with the address that what is said goes to."""
    session = await hub.session()
    await session.go_to(phase)
    return session, f"/sessions/{session.id}/contributions"


@pytest.mark.parametrize(
    ("phase", "form"),
    [
        ("arrive", {"kind": "contribution", "text": "Hej"}),
        ("evidence", {"kind": "question", "text": "Varför?"}),
        ("reflect", {"kind": "reflection", "text": "Bara mitt"}),
        ("reflect", {"kind": "reflection", "skipped": "1"}),
        ("converge", {"kind": "theme", "text": "En fast kontakt"}),
        ("recommend", {"kind": "recommendation", "text": "Ett nummer", **PROPOSAL}),
        ("close", {"kind": "checkout", "text": "Tack"}),
    ],
)
async def test_a_post_sent_twice_is_said_once(hub: Hub, phase: str, form: dict[str, str]) -> None:
    session, path = await in_phase(hub, phase)
    await check_twice(hub, session, session.astrid, path, client_id="one", **form)


async def test_a_post_that_arrived_is_answered_also_when_its_step_is_over(hub: Hub) -> None:
    session, path = await in_phase(hub, "recommend")
    form = {"kind": "recommendation", "text": "Ett nummer", "client_id": "one", **PROPOSAL}
    assert (await send(hub, session, session.astrid, path, **form)).status_code == 200
    await session.moved("close")
    before = await revision(hub, session)
    assert (await send(hub, session, session.astrid, path, **form)).status_code == 200
    assert await revision(hub, session) == before


async def test_restatements_and_answers_to_them_are_said_once(hub: Hub) -> None:
    session, path = await in_phase(hub, "interpret")
    said = await session.ben.said(session.id, "Somebody should call.")
    await session.go_to("restate")
    form = {"client_id": "one", "kind": "restatement", "of": said["id"], "text": "Någon ringer"}
    await check_twice(hub, session, session.astrid, path, **form)
    items = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    restated = next(c for c in items if c["kind"] == "restatement")
    form = {"client_id": "two", "kind": "restatement_check", "of": restated["id"], "answer": "yes"}
    await check_twice(hub, session, session.ben, path, **form)


async def test_ratings_and_rankings_are_saved_once(hub: Hub) -> None:
    session, path = await in_phase(hub, "converge")
    themes = [await session.ben.said(session.id, text, "theme") for text in ("One", "Two")]
    form = {"kind": "rating", "of": themes[0]["id"], "scale": "importance", "value": "4"}
    await check_twice(hub, session, session.astrid, path, client_id="one", **form)
    form = {"kind": "ranking", "order": ",".join(theme["id"] for theme in themes)}
    await check_twice(hub, session, session.astrid, path, client_id="two", **form)


async def test_what_is_done_with_a_proposal_is_done_once(hub: Hub) -> None:
    session, path = await in_phase(hub, "recommend")
    made = await session.astrid.said(
        session.id, "Ett nummer", "recommendation", fields={"what": "Ett nummer", **PROPOSAL}
    )
    at = f"/contributions/{made['id']}"
    await check_twice(hub, session, session.ben, f"{at}/agree", answer="yes")
    await session.go_to("decide")
    form = {"kind": "stance", "of": made["id"], "wording": made["id"], "value": "consent"}
    await check_twice(hub, session, session.ben, path, client_id="one", **form)
    form = {"kind": "amendment", "of": made["id"], "text": "Two numbers"}
    await check_twice(hub, session, session.ben, path, client_id="two", **form)
    form = {"kind": "recommendation", "reply_to": made["id"], "text": "Två nummer"}
    await check_twice(hub, session, session.astrid, path, client_id="three", **form)
    parts = {
        f"{name}_{n}": value
        for n in ("1", "2")
        for name, value in {"client_id": f"part {n}", "text": f"Del {n}", **PROPOSAL}.items()
    }
    await check_twice(hub, session, session.astrid, f"{at}/split", language="sv", **parts)


async def test_what_is_done_with_a_post_is_done_once(hub: Hub) -> None:
    session, path = await in_phase(hub, "interpret")
    said = await session.astrid.said(session.id, "Jag fick fyra lappar.")
    await hub.translate()
    at = f"/contributions/{said['id']}"
    form = {"kind": "contribution", "text": "So did I", "reply_to": said["id"]}
    await check_twice(hub, session, session.ben, path, client_id="one", **form)
    await check_twice(hub, session, session.ben, f"{at}/dispute", word="slips", reason="Odd")
    form = {"language": "en", "text": "I got four notes.", "remark": "Not slips", "client_id": "x"}
    await check_twice(hub, session, session.astrid, f"{at}/correct", **form)
    hidden = await session.fatima.post(f"{at}/hide", {"reason": "danger", "note": ""})
    assert hidden.status_code == 200
    await check_twice(hub, session, session.astrid, f"{at}/answer", text="Det hör hit")
    other = await send(hub, session, session.astrid, f"{at}/answer", text="Något annat")
    assert other.status_code == 409
    other = await session.astrid.said(session.id, "Jag ringde växeln.")
    await session.moved("close")
    at = f"/contributions/{other['id']}"
    await check_twice(hub, session, session.astrid, f"{at}/words", text="Jag ringde en växel.")
    await check_twice(hub, session, session.astrid, f"{at}/remove")


def test_only_forms_that_may_be_sent_again_wait_to_be_sent() -> None:
    actions = (TEMPLATES / "_actions.html").read_text(encoding="utf8")
    (listed,) = re.findall(r"act in \(([^)]*)\) %\} data-outbox", actions)
    waits = set(re.findall(r'"([a-z]+)"', listed))
    begun = set(re.findall(r'begin\("([a-z]+)"', actions))
    assert waits <= begun
    # These a facilitator does with what is on the screen at that moment, or they count.
    assert begun - waits == {"flag", "term", "hide"}
    # A script's button for the hand toggles: twice is never.
    room = (TEMPLATES / "room.html").read_text(encoding="utf8")
    assert "data-outbox" not in room
