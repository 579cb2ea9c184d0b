"""Everything the hub holds on a person: as a page, as a file, and erased by command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from hub.audit.models import AuditEntry
from hub.people import actions as people
from hub.people.models import Account, Participant
from tests.cast import Session, join
from tests.conftest import Hub
from tests.test_commands import run

SAID = "Min mor fick fyra lappar med fyra olika nummer."


async def page(hub: Hub, path: str, session: str, secret: str, **more: Any) -> Any:
    hub.http.cookies.clear()
    return await hub.http.get(path, cookies={f"hub_seat_{session}": secret}, **more)


async def send(hub: Hub, path: str, session: str, secret: str, **form: str) -> Any:
    hub.http.cookies.clear()
    return await hub.http.post(path, data=form, cookies={f"hub_seat_{session}": secret})


async def leave(hub: Hub, person: str) -> None:
    async with hub.database.transaction() as tx:
        (await tx.get_one(Participant, person)).left_at = hub.clock.now()


async def filled(hub: Hub) -> tuple[Session, dict[str, Any]]:
    """A session in which Astrid has written, corrected, disputed and been hidden."""
    session = await hub.session()
    shared = await session.astrid.said(session.id, SAID)
    hidden = await session.astrid.said(session.id, "Ring Torsten på 070.")
    reason = {"reason": "Ett nummer"}
    await session.fatima.post(f"/contributions/{hidden['id']}/hide", reason)
    post = await session.ben.said(session.id, "We need one number.")
    await hub.translate()
    body = {"word": "ett", "reason": "fel ord"}
    await session.astrid.post(f"/contributions/{post['id']}/dispute", body)
    await session.go_to("reflect")
    hub.clock.move(seconds=5)
    await session.astrid.said(session.id, "Bara mina tankar.", "reflection")
    await session.astrid.post(f"/sessions/{session.id}/hand")
    return session, shared


# --- the file -----------------------------------------------------------------------------------


async def test_the_file_has_everything_on_the_person_and_nothing_of_others(hub: Hub) -> None:
    session, shared = await filled(hub)
    answer = await session.astrid.get("/me/export")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="samrum-2026-11-24.json"'
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found["version"] == 1
    assert found["made_at"]
    assert found["account"] is None
    (own,) = found["sessions"]
    assert own["session"]["id"] == session.id
    assert own["me"]["name"] == "Astrid"
    assert own["me"]["pseudonym"].startswith("P")
    texts = [c["text"] for c in own["posts"]]
    assert texts == [SAID, "Ring Torsten på 070.", "Bara mina tankar."]
    assert [c["shared"] for c in own["posts"]] == [True, True, False]
    assert own["posts"][0]["id"] == shared["id"]
    assert own["posts"][0]["translations"]["en"]["text"]
    assert own["posts"][1]["hidden"]["reason"] == "Ett nummer"
    assert own["disputes"][0]["word"] == "ett"
    assert len(own["hands"]) == 1
    assert own["consents"][0]["yes_to"] == ["take_part"]
    assert set(found["consent_texts"]) == {own["consents"][0]["version"]}
    assert {a["kind"] for a in own["acts"]} >= {"hidden"}
    assert {e["act"] for e in own["audit"]} >= {"joined", "consent_given"}
    assert "We need one number." not in json.dumps(found)


async def test_answers_come_with_the_question_and_only_by_the_persons_own_secret(hub: Hub) -> None:
    session = await hub.session()
    asked = (await session.astrid.get(f"/sessions/{session.id}/questions")).json()["items"]
    item = next(i for i in asked if i["when"] == "before" and i["kind"] != "open")
    kept = await session.astrid.put(
        f"/sessions/{session.id}/answers/before", {"items": {item["id"]: 4}}
    )
    assert kept.status_code == 200, kept.text
    (own,) = (await session.astrid.get("/me/export")).json()["sessions"]
    assert [(a["item"], a["value"]) for a in own["answers"]] == [(item["id"], 4)]
    assert own["answers"][0]["question"] == item["text"]
    (bens,) = (await session.ben.get("/me/export")).json()["sessions"]
    assert bens["answers"] == []


async def test_reading_ones_data_is_in_the_audit_log(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.get("/me/export")
    async with hub.database.reading() as tx:
        (entry,) = await tx.scalars(select(AuditEntry).where(AuditEntry.act == "own_data_read"))
    assert entry.actor == entry.subject == session.astrid.id


async def test_an_account_gets_what_belongs_to_it(hub: Hub) -> None:
    session = await hub.session()
    await session.fatima.said(session.id, "Welcome.", "facilitation")
    found = (await session.fatima.get("/me/export")).json()
    assert found["sessions"] == []
    account = found["account"]
    assert account["email"].startswith("fatima")
    assert account["role"] == "facilitator"
    assert [g["id"] for g in account["sessions"]] == [session.id]
    assert account["posts"][0]["text"] == "Welcome."
    assert "password_hash" not in json.dumps(found)
    assert account["sign_ins"][0]["kind"] == "token"


async def test_nobody_reads_the_data_of_others(hub: Hub) -> None:
    session = await hub.session()
    assert (await hub.http.get("/api/v1/me/export")).status_code == 401
    stig = await join(hub.http, (await hub.session()).code, "Stig", "sv")
    assert (await stig.get("/me/export", session=session.id)).status_code == 404
    assert (await session.fatima.get("/me/export", session=session.id)).status_code == 403
    for path in ("my-data", "withdraw"):
        at = f"/sessions/{session.id}/{path}"
        assert (await page(hub, at, "s_other", stig.token)).status_code == 404
        hub.http.cookies.clear()
        assert (await hub.http.get(at, headers=session.fatima.headers)).status_code == 403


async def test_all_seats_of_a_browser_come_in_one_file(hub: Hub) -> None:
    one, two = await hub.session(), await hub.session()
    cookies = {f"hub_seat_{s.id}": s.astrid.token for s in (one, two)}
    hub.http.cookies.clear()
    found = (await hub.http.get("/api/v1/me/export", cookies=cookies)).json()
    assert {s["session"]["id"] for s in found["sessions"]} == {one.id, two.id}


# --- the pages ----------------------------------------------------------------------------------


async def test_the_page_says_the_same_in_the_readers_language(hub: Hub) -> None:
    session, _ = await filled(hub)
    answer = await page(hub, f"/sessions/{session.id}/my-data", session.id, session.astrid.token)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    for text in ("Mina uppgifter", SAID, "Bara mina tankar.", "bara du ser det", "Ett nummer"):
        assert text in answer.text
    bens = await page(hub, f"/sessions/{session.id}/my-data", session.id, session.ben.token)
    assert "My data" in bens.text
    assert SAID not in bens.text


async def test_the_personal_link_of_one_who_left_leads_to_their_data(hub: Hub) -> None:
    session, shared = await filled(hub)
    await leave(hub, session.astrid.id)
    hub.http.cookies.clear()
    link = await hub.http.get(session.astrid.resume_url)
    assert link.headers["location"] == f"/sessions/{session.id}/my-data"
    at = f"/sessions/{session.id}/my-data"
    answer = await page(hub, at, session.id, session.astrid.token)
    assert answer.status_code == 200
    assert f"/sessions/{session.id}/withdraw" in answer.text
    back = await send(
        hub, f"{at}/take-back", session.id, session.astrid.token, contribution=shared["id"]
    )
    assert (back.status_code, back.headers["location"]) == (303, f"{at}#posts")
    assert SAID not in (await page(hub, at, session.id, session.astrid.token)).text


async def test_nobody_takes_back_what_others_wrote(hub: Hub) -> None:
    session, shared = await filled(hub)
    at = f"/sessions/{session.id}/my-data"
    tried = await send(
        hub, f"{at}/take-back", session.id, session.ben.token, contribution=shared["id"]
    )
    assert tried.status_code == 403
    assert "My data" in tried.text
    now = (await session.fatima.get(f"/sessions/{session.id}/contributions")).json()["items"]
    assert next(c for c in now if c["id"] == shared["id"])["text"] == SAID


async def test_withdrawing_takes_one_page_and_one_button(hub: Hub) -> None:
    session, _ = await filled(hub)
    at, token = f"/sessions/{session.id}/withdraw", session.astrid.token
    said = await page(hub, at, session.id, token)
    assert "Radera mina ord" in said.text
    assert "Behåll mina ord utan mitt namn" in said.text
    assert said.text.count('type="radio"') == 2
    assert "checked" not in said.text
    empty = await send(hub, at, session.id, token)
    assert empty.status_code == 422
    assert 'href="#words-erase"' in empty.text
    done = await send(hub, at, session.id, token, words="erase")
    assert done.headers["location"] == "/withdrawn?words=erase"
    cookies = done.headers.get_list("set-cookie")
    assert any(c.startswith(f'hub_seat_{session.id}=""') for c in cookies)
    assert any(c.startswith("hub_language=sv") for c in cookies)
    hub.http.cookies.clear()
    told = await hub.http.get("/withdrawn?words=erase", cookies={"hub_language": "sv"})
    assert "Du har dragit dig ur" in told.text
    assert "Det du skrev är raderat." in told.text
    assert (await page(hub, at, session.id, token)).status_code in (303, 401, 404)


async def test_keeping_words_by_form_keeps_them_without_a_name(hub: Hub) -> None:
    session, shared = await filled(hub)
    at = f"/sessions/{session.id}/withdraw"
    await send(hub, at, session.id, session.astrid.token, words="keep")
    now = (await session.fatima.get(f"/sessions/{session.id}/contributions")).json()["items"]
    kept = next(c for c in now if c["id"] == shared["id"])
    assert (kept["text"], kept["author"]["name"]) == (SAID, None)


# --- commands -----------------------------------------------------------------------------------


async def test_a_person_is_exported_and_erased_by_command(hub: Hub, tmp_path: Path) -> None:
    session, _ = await filled(hub)
    await hub.screens.settle()
    told = run("participant", "export", session.astrid.id, folder=tmp_path)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["sessions"][0]["posts"][0]["text"] == SAID
    assert found["sessions"][0]["answers"] is None
    refused = run("participant", "erase", session.astrid.id, folder=tmp_path, given="n\n")
    assert refused.returncode == 1
    erased = run("participant", "erase", session.astrid.id, "--yes", folder=tmp_path)
    assert (erased.returncode, erased.stdout) == (0, "")
    again = run("participant", "erase", session.astrid.id, "--yes", folder=tmp_path)
    assert again.returncode == 0
    assert "before" in again.stderr
    unknown = run("participant", "erase", "p_nobody", "--yes", folder=tmp_path)
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("hub: ")
    async with hub.database.reading() as tx:
        seat = await tx.get_one(Participant, session.astrid.id)
        (entry,) = await tx.scalars(select(AuditEntry).where(AuditEntry.act == "erased"))
    assert (seat.name, entry.actor, entry.subject) == ("", "command", seat.id)
    assert SAID not in hub.raw().decode("utf-8", "replace")


async def test_a_signed_in_editor_reads_their_account_by_browser(hub: Hub) -> None:
    edvin = await hub.account("editor", "Edvin")
    async with hub.database.transaction() as tx:
        account = await tx.get_one(Account, edvin.id)
        secret = await people.sign_in(tx, account, kind="browser", now=hub.clock.now())
    hub.http.cookies.clear()
    answer = await hub.http.get("/api/v1/me/export", cookies={"hub_account": secret})
    assert answer.json()["account"]["name"] == "Edvin"
