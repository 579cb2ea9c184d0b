"""The table for research: pseudonyms and consents, and nothing of those who said no."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select, update

from hub.audit.models import AuditEntry
from hub.gatherings import research
from hub.gatherings.models import Act, Contribution
from hub.gatherings.research import COLUMNS, VERSION
from hub.people.actions import read_keys
from hub.people.models import Consent, Participant, PersonKey
from hub.retention import jobs
from tests.cast import Person, Session
from tests.conftest import Hub

REASON = "Studien om hemgång, avhandlingens tredje del"


async def take(
    person: Person, session: Session, reason: str = REASON, **headers: str
) -> httpx.Response:
    return await person.get(f"/sessions/{session.id}/research.csv", reason=reason)


async def rows(person: Person, session: Session) -> list[dict[str, str]]:
    answer = await take(person, session)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


async def talk(hub: Hub) -> Session:
    session = await hub.session()
    await session.go_to("interpret")
    return session


# --- what is in it --------------------------------------------------------------------------


async def test_each_row_has_a_pseudonym_the_consents_and_where_it_is_from(hub: Hub) -> None:
    session = await talk(hub)
    said = await session.astrid.said(session.id, "Fyra lappar")
    reply = await session.ben.said(session.id, "Four slips", reply_to=said["id"])
    await hub.translate()
    researcher = await hub.account("researcher")
    first, second = await rows(researcher, session)
    assert tuple(first) == COLUMNS
    async with hub.database.reading() as tx:
        keys = await read_keys(tx, [session.astrid.id, session.ben.id])
    assert first["pseudonym"] == keys[session.astrid.id].pseudonym
    assert second["pseudonym"] == keys[session.ben.id].pseudonym
    assert first["pseudonym"] != second["pseudonym"]
    wanted = {
        "export_version": VERSION,
        "exported_at": "2026-11-24T12:30:00Z",
        "session": session.id,
        "format": "jif-90",
        "phase": "interpret",
        "kind": "contribution",
        "group": "lived",
        "role": "patient",
        "language": "sv",
        "text": "Fyra lappar",
        "translation_language": "en",
        "translation_status": "machine",
        "consent_take_part": "yes",
        "consent_follow": "no",
    }
    assert {name: first[name] for name in wanted} == wanted
    assert first["translation"]
    assert (second["id"], second["reply_to"]) == (reply["id"], said["id"])
    assert first["consent_version"]


async def test_a_pseudonym_is_the_same_in_the_next_table(hub: Hub) -> None:
    session = await talk(hub)
    await session.astrid.said(session.id, "Fyra lappar")
    async with hub.database.transaction() as tx:
        await tx.execute(delete(PersonKey))
    researcher = await hub.account("researcher")
    (first,) = await rows(researcher, session)
    hub.clock.move(days=1)
    (again,) = await rows(researcher, session)
    assert first["pseudonym"].startswith("P")
    assert again["pseudonym"] == first["pseudonym"]
    assert again["exported_at"] != first["exported_at"]


async def test_no_alias_is_in_it_not_even_where_somebody_writes_one(hub: Hub) -> None:
    session = await talk(hub)
    await session.astrid.said(session.id, "Jag heter Astrid")
    await session.ben.said(session.id, "astrid, I agree. Astrids words. Not Astridsson. Ben")
    await hub.translate()
    found = await rows(await hub.account("researcher"), session)
    astrid, ben = (f"[{row['pseudonym']}]" for row in found)
    assert found[0]["text"] == f"Jag heter {astrid}"
    assert found[1]["text"] == f"{astrid}, I agree. {astrid}s words. Not Astridsson. {ben}"
    for row in found:
        cells = " ".join(row.values()).replace("Astridsson", "")
        assert "astrid" not in cells.casefold()


async def test_a_spreadsheet_runs_nothing_of_it(hub: Hub) -> None:
    session = await talk(hub)
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")'):
        await session.astrid.said(session.id, text)
    for row in await rows(await hub.account("researcher"), session):
        assert row["text"].startswith("'")
        assert all(cell[:1] not in ("=", "+", "-", "@") for cell in row.values())


# --- what is left out -----------------------------------------------------------------------


async def ids_told(hub: Hub, session: Session) -> set[str]:
    return {row["id"] for row in await rows(await hub.account("researcher"), session)}


async def test_hidden_held_and_taken_back_posts_are_left_out(hub: Hub) -> None:
    session = await talk(hub)
    told, hidden, taken, held = [
        (await session.astrid.said(session.id, f"Text {n}"))["id"] for n in range(4)
    ]
    reply = (await session.ben.said(session.id, "A reply", reply_to=taken))["id"]
    await session.fatima.post(f"/contributions/{hidden}/hide", {"reason": "off_topic"})
    await session.astrid.delete(f"/contributions/{taken}")
    async with hub.database.transaction() as tx:
        await tx.execute(
            update(Contribution).where(Contribution.id == held).values(held_at=hub.clock.now())
        )
    found = await rows(await hub.account("researcher"), session)
    assert [row["id"] for row in found] == [told, reply]
    assert found[1]["reply_to"] == ""


async def test_what_the_facilitator_and_the_chatbot_say_is_left_out(hub: Hub) -> None:
    session = await talk(hub)
    await session.fatima.said(session.id, "Välkomna", "facilitation")
    told = (await session.astrid.said(session.id, "Fyra lappar"))["id"]
    assert await ids_told(hub, session) == {told}


async def test_own_thoughts_never_leave_their_author(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("reflect")
    await session.astrid.said(session.id, "En egen tanke", "reflection")
    async with hub.database.transaction() as tx:
        # Even where a fault elsewhere gave one a number.
        await tx.execute(
            update(Contribution).where(Contribution.kind == "reflection").values(seq=9999)
        )
    assert await ids_told(hub, session) == set()


async def test_those_who_take_back_their_yes_or_withdraw_are_left_out(hub: Hub) -> None:
    session = await talk(hub)
    await session.astrid.said(session.id, "Fyra lappar")
    told = (await session.ben.said(session.id, "Four slips"))["id"]
    # Of two answers of the same moment nobody knows which is the later one.
    hub.clock.move(seconds=1)
    async with hub.database.transaction() as tx:
        tx.add(
            Consent(
                participant_id=session.astrid.id,
                choices={"take_part": False},
                version="2026-11",
                language="sv",
                how="form",
                given_at=hub.clock.now(),
            )
        )
        hub.clock.move(seconds=1)
    assert await ids_told(hub, session) == {told}
    async with hub.database.transaction() as tx:
        seat = await tx.get_one(Participant, session.ben.id)
        seat.withdrawn_at = hub.clock.now()
    assert await ids_told(hub, session) == set()


@pytest.mark.parametrize("nobody", [None, Participant(id="p_x", withdrawn_at=None)])
def test_without_a_consent_nobody_is_told(nobody: Participant | None) -> None:
    assert not research.has_consented(nobody, {})


# --- who may, and what is kept of it --------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"),
    [("researcher", 200), ("admin", 200), ("facilitator", 403), ("editor", 403)],
)
async def test_only_researchers_and_admins_take_it_out(hub: Hub, role: str, status: int) -> None:
    session = await talk(hub)
    person = await hub.account(role)
    assert (await take(person, session)).status_code == status
    page = await hub.http.get(f"/sessions/{session.id}/research", headers=person.headers)
    assert page.status_code == status
    assert (await hub.http.get("/research", headers=person.headers)).status_code == status


async def test_those_who_take_part_and_strangers_get_nothing(hub: Hub) -> None:
    session = await talk(hub)
    assert (await take(session.astrid, session)).status_code == 403
    assert (await take(Person(hub.http, ""), session)).status_code == 401


async def test_who_why_and_how_much_is_kept_and_the_log_has_no_text(hub: Hub) -> None:
    session = await talk(hub)
    await session.astrid.said(session.id, "Fyra lappar")
    researcher = await hub.account("researcher")
    answer = await take(researcher, session)
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="research-{session.id}-2026-11-24.csv"'
    )
    async with hub.database.reading() as tx:
        act = await tx.scalar(select(Act).where(Act.kind == "exported"))
        entry = await tx.scalar(select(AuditEntry).where(AuditEntry.act == "exported"))
        assert act is not None
        assert (act.account_id, act.reason) == (researcher.id, REASON)
        assert entry is not None
        assert (entry.actor, entry.gathering_id) == (researcher.id, session.id)
        assert entry.facts == {
            "form": "research_csv",
            "rows": 1,
            "act_id": act.id,
            "reason_length": len(REASON),
        }


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
async def test_without_a_reason_nothing_is_taken_out(hub: Hub, reason: str) -> None:
    session = await talk(hub)
    researcher = await hub.account("researcher")
    assert (await take(researcher, session, reason)).status_code == 422
    form = await hub.http.post(
        f"/sessions/{session.id}/research", data={"reason": reason}, headers=researcher.headers
    )
    assert form.status_code == 422
    assert reason.strip() in form.text
    async with hub.database.reading() as tx:
        assert await tx.scalar(select(Act).where(Act.kind == "exported")) is None


async def test_the_form_gives_the_file(hub: Hub) -> None:
    session = await talk(hub)
    await session.astrid.said(session.id, "Fyra lappar")
    researcher = await hub.account("researcher")
    answer = await hub.http.post(
        f"/sessions/{session.id}/research", data={"reason": REASON}, headers=researcher.headers
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "Fyra lappar" in answer.text
    assert "Astrid" not in answer.text


# --- who is behind a pseudonym --------------------------------------------------------------


async def test_an_admin_finds_the_seats_behind_a_pseudonym_and_it_is_noted(hub: Hub) -> None:
    session = await talk(hub)
    await session.astrid.said(session.id, "Fyra lappar")
    (row,) = await rows(await hub.account("researcher"), session)
    admin = await hub.account("admin")
    found: Any = (await admin.get(f"/keys/{row['pseudonym'].lower()}")).json()
    assert found == {
        "pseudonym": row["pseudonym"],
        "seats": [{"participant": session.astrid.id, "session": session.id}],
    }
    unknown: Any = (await admin.get("/keys/PXXXXXXXX")).json()
    assert unknown["seats"] == []
    async with hub.database.reading() as tx:
        entries = list(
            await tx.scalars(
                select(AuditEntry).where(AuditEntry.act == "key_read").order_by(AuditEntry.number)
            )
        )
    assert [(e.actor, e.subject, e.facts) for e in entries] == [
        (admin.id, session.astrid.id, {"count": 1}),
        (admin.id, None, {"count": 0}),
    ]


@pytest.mark.parametrize("role", ["researcher", "facilitator", "editor"])
async def test_nobody_but_an_admin_reads_a_key(hub: Hub, role: str) -> None:
    person = await hub.account(role)
    assert (await person.get("/keys/PXXXXXXXX")).status_code == 403
    form = await hub.http.post(
        "/research/keys", data={"pseudonym": "PXXXXXXXX"}, headers=person.headers
    )
    assert form.status_code == 403
    page = await hub.http.get("/research", headers=person.headers)
    assert 'action="/research/keys"' not in page.text


async def test_the_page_shows_a_found_seat_and_asks_for_a_code(hub: Hub) -> None:
    session = await talk(hub)
    await session.astrid.said(session.id, "Fyra lappar")
    admin = await hub.account("admin")
    (row,) = await rows(admin, session)

    async def look(code: str) -> httpx.Response:
        return await hub.http.post(
            "/research/keys",
            data={"pseudonym": code},
            headers={**admin.headers, "accept-language": "en"},
        )

    assert session.astrid.id in (await look(row["pseudonym"])).text
    assert "No seat has this code." in (await look("PXXXXXXXX")).text
    empty = await look(" ")
    assert empty.status_code == 422
    assert "Write the code" in empty.text


async def test_once_the_keys_are_deleted_a_table_makes_no_new_ones(hub: Hub) -> None:
    session = await talk(hub)
    await session.astrid.said(session.id, "Fyra lappar")
    researcher = await hub.account("researcher")
    (before,) = await rows(researcher, session)
    await session.moved("close")
    admin = await hub.account("admin")
    await admin.put("/retention/keys", {"days": 10, "decision": "Beslut 1"})
    await jobs.keep_retention(hub.screens)
    hub.clock.move(days=15)
    assert await jobs.keep_retention(hub.screens) == 1
    (after,) = await rows(researcher, session)
    assert after["pseudonym"].startswith("P")
    assert after["pseudonym"] != before["pseudonym"]
    async with hub.database.reading() as tx:
        assert list(await tx.scalars(select(PersonKey))) == []
    found: Any = (await admin.get(f"/keys/{after['pseudonym']}")).json()
    assert found["seats"] == []
