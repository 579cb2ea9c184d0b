"""A forum that came to something: a theme, an adopted recommendation, dissent and a voice."""

from __future__ import annotations

from functools import partial
from typing import Any

from hub.summaries.blocks import AUDIENCES
from tests.cast import CARD, Person, Session, join
from tests.conftest import Hub
from tests.kept import kept

VOICE = "Jag trodde att anteckningarna var själva arbetet, men de är bara kvittot."
THEME = "Ingen vågar störa den som sitter på kontoret"
WHAT = "Ha dörren till kontoret öppen en stund varje kväll"
PARKED = "Fråga varje patient vad hen är rädd för"
QUOTED = {"take_part": True, "quote_role": True, "quote_alias": True}
FOLLOWS = {"take_part": True, "contact": True, "follow": True}
PROPOSAL = {
    "owner": "Avdelning 7",
    "when": "2027-02-01",
    "measure": "Patienterna säger att det blev bättre",
}


async def hold(hub: Hub, *, case: bool = False, close: bool = True) -> Session:
    """A closed forum with seven people; Astrid may be quoted by role, nobody else."""
    return await kept(hub, f"forum {case} {close}", partial(_hold, hub, case=case, close=close))


async def _hold(hub: Hub, *, case: bool, close: bool) -> Session:
    more: dict[str, Any] = {"case": "esther"} if case else {}
    session = await hub.session(start=False, **more)
    code = session.code
    session.astrid = await join(hub.http, code, "Astrid Ek", "sv", role="patient", consent=QUOTED)
    for name, language, role in (
        ("Carin", "sv", "carer"),
        ("David", "sv", "patient"),
        ("Ella", "en", "practitioner"),
        ("Frank", "en", "leader"),
    ):
        await join(hub.http, code, name, language, role=role)
    await session.moved("start")
    card = await put_card(session)
    shown = await session.fatima.post(f"/findings/{card}/show")
    assert shown.status_code == 204, shown.text
    await session.go_to("interpret")
    await session.astrid.said(session.id, VOICE)
    await session.ben.said(session.id, "We write because somebody may blame us for it later on")
    await session.go_to("converge")
    await session.ben.said(session.id, THEME, "theme", language="sv")
    await session.go_to("recommend")
    made = await session.astrid.said(session.id, WHAT, "recommendation", fields=PROPOSAL)
    parked = await session.ben.said(
        session.id, PARKED, "recommendation", language="sv", fields={"owner": "Avdelning 8"}
    )
    await session.go_to("decide")
    for person in (session.astrid, session.ben):
        await person.said(session.id, "", "stance", fields={"of": made["id"], "value": "consent"})
    await session.fatima.said(
        session.id, "Senare", "facilitation", fields={"of": parked["id"], "result": "parked"}
    )
    await hub.translate()
    if close:
        await session.moved("close")
    return session


async def put_card(session: Session) -> str:
    answer = await session.fatima.post(f"/sessions/{session.id}/findings", CARD)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def built(hub: Hub, session: Session, *, language: str = "sv") -> str:
    """The id of the summary of a session, built by its facilitator."""
    make = partial(_built, session, language)
    return await kept(hub, f"built {session.id} {language}", make)


async def _built(session: Session, language: str) -> str:
    answer = await session.fatima.post(f"/sessions/{session.id}/summaries", {"language": language})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def bench(person: Person, summary: str, audience: str = "citizens") -> Any:
    answer = await person.get(f"/summaries/{summary}/workbench", audience=audience)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def statements(person: Person, summary: str, audience: str = "citizens") -> dict[str, Any]:
    """The statements of one audience by key."""
    found = (await bench(person, summary, audience))["blocks"]
    return {s["key"]: s for block in found for s in block["statements"]}


async def put(person: Person, summary: str, statement: Any, **body: Any) -> Any:
    return await person.put(
        f"/summaries/{summary}/statements/{statement['id']}",
        {"revision": statement["revision"], **body},
    )


async def finish(hub: Hub, person: Person, summary: str) -> None:
    """Answer every question, review both languages, let the seven days pass, publish the record."""
    for audience in AUDIENCES:
        for found in (await statements(person, summary, audience)).values():
            if not any(found["texts"].values()):
                words = {"sv": "Det här skrev redaktören.", "en": "The editor wrote this."}
                answer = await put(person, summary, found, texts=words)
                assert answer.status_code == 200, answer.text
    for language in ("sv", "en"):
        body = {"language": language}
        assert (await person.post(f"/summaries/{summary}/review", body)).status_code == 200
    assert (await person.post(f"/summaries/{summary}/confirm")).status_code == 200
    assert (await person.post(f"/summaries/{summary}/read-by-lived")).status_code == 200
    hub.clock.move(days=7)
    session = (await bench(person, summary))["session"]
    facilitator = await hub.account("facilitator", "Fia")
    assert (await facilitator.post(f"/sessions/{session}/record/publish")).status_code == 200


async def published(hub: Hub, session: Session) -> tuple[str, Person]:
    """A published summary and the editor who published it."""
    return await kept(hub, f"published {session.id}", partial(_published, hub, session))


async def _published(hub: Hub, session: Session) -> tuple[str, Person]:
    summary = await built(hub, session)
    editor = await hub.account("editor", "Edda")
    await finish(hub, editor, summary)
    answer = await editor.post(f"/summaries/{summary}/publish")
    assert answer.status_code == 200, answer.text + str((await bench(editor, summary))["faults"])
    return summary, editor
