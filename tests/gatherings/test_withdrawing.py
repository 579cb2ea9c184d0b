"""Taking back and withdrawing: what goes, what stays, and what others see."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from hub.audit.models import AuditEntry
from hub.errors import NotFound
from hub.gatherings import jobs
from hub.gatherings.actions import Draft
from hub.gatherings.api import consents
from hub.gatherings.api.saying import say
from hub.gatherings.models import Answer, Contribution, Gathering, GatheringEvent, Hand, Presence
from hub.gatherings.rules.masking import NAMELESS, REMOVED
from hub.language.models import Pair
from hub.mail.models import Mail
from hub.people.actions import list_flags
from hub.people.models import Consent, Participant, PersonKey
from tests.cast import Session, join
from tests.conftest import Hub

SAID = "Min mor fick fyra lappar med fyra olika nummer."


async def rows(hub: Hub, query: Any) -> list[Any]:
    async with hub.database.reading() as tx:
        return list(await tx.scalars(query))


async def withdraw(who: Any, *, keep: bool = False) -> Any:
    answer = await who.post("/me/withdraw", {"keep_anonymous": keep})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def posts(session: Session) -> dict[str, dict[str, Any]]:
    found = (await session.fatima.get(f"/sessions/{session.id}/contributions")).json()["items"]
    return {c["id"]: c for c in found}


async def publish(hub: Hub, session: Session) -> None:
    await session.moved("close")
    hub.clock.move(days=8)
    answer = await session.fatima.post(f"/sessions/{session.id}/record/publish")
    assert answer.status_code == 200, answer.text


# --- one post ------------------------------------------------------------------------------------


async def test_a_post_taken_back_is_masked_where_others_quote_it(hub: Hub) -> None:
    session = await hub.session()
    before = await session.ben.said(session.id, "Four slips with four different numbers, I know.")
    own = await session.astrid.said(session.id, SAID)
    reply = await session.ben.said(
        session.id, "Du sa ”fyra lappar med fyra olika nummer”. Sant!", reply_to=own["id"],
        language="sv",
    )  # fmt: skip
    await hub.translate()
    assert (await session.astrid.delete(f"/contributions/{own['id']}")).status_code == 200
    now = await posts(session)
    assert now[own["id"]]["removed"]
    assert now[own["id"]]["author"] is None
    assert now[reply["id"]]["text"] == f"Du sa ”{REMOVED['sv']}”. Sant!"
    assert "fyra" not in json.dumps(now[reply["id"]]["translations"])
    assert now[before["id"]]["text"].startswith("Four slips with four different numbers")
    assert now[reply["id"]]["revision"] > reply["revision"]


async def test_somebody_who_has_left_can_still_take_back_and_withdraw(hub: Hub) -> None:
    session = await hub.session()
    own = await session.astrid.said(session.id, SAID)
    private = await session.astrid.said(session.id, "Bara för mig själv här.", "question")
    async with hub.database.transaction() as tx:
        seat = await tx.get_one(Participant, session.astrid.id)
        seat.left_at = hub.clock.now()
    assert (await session.astrid.get(f"/sessions/{session.id}")).status_code == 404
    assert (await session.astrid.delete(f"/contributions/{own['id']}")).status_code == 200
    assert (await session.ben.delete(f"/contributions/{private['id']}")).status_code == 403
    await withdraw(session.astrid)
    assert (await posts(session))[private["id"]]["removed"]


async def test_a_post_taken_back_twice_stays_a_tombstone(hub: Hub) -> None:
    session = await hub.session()
    own = await session.astrid.said(session.id, SAID)
    for _ in range(2):
        answer = await session.astrid.delete(f"/contributions/{own['id']}")
        assert answer.status_code == 200
        assert answer.json()["text"] == ""


async def test_a_private_thought_can_be_taken_back(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("reflect")
    own = await session.astrid.said(session.id, "Ingen får veta det här.", "reflection")
    assert (await session.astrid.delete(f"/contributions/{own['id']}")).status_code == 200
    found = await rows(hub, select(Contribution.text).where(Contribution.id == own["id"]))
    assert found == [""]


async def test_taking_back_is_in_the_audit_log_without_words(hub: Hub) -> None:
    session = await hub.session()
    own = await session.astrid.said(session.id, SAID)
    await session.astrid.delete(f"/contributions/{own['id']}")
    (entry,) = await rows(hub, select(AuditEntry).where(AuditEntry.act == "taken_back"))
    assert (entry.subject, entry.actor, entry.facts) == (own["id"], session.astrid.id, {})


# --- withdrawing with one's words ----------------------------------------------------------------


async def test_who_withdraws_leaves_tombstones_without_text_or_name(hub: Hub) -> None:
    session = await hub.session()
    own = await session.astrid.said(session.id, SAID)
    other = await session.ben.said(session.id, "Astrid har rätt, astrids lappar.", language="sv")
    told = await withdraw(session.astrid)
    assert told["sessions"] == [session.id]
    assert told["kept_anonymous"] is False
    now = await posts(session)
    assert (now[own["id"]]["text"], now[own["id"]]["author"]) == ("", None)
    assert now[own["id"]]["removed"] is True
    assert now[other["id"]]["text"] == f"{NAMELESS['sv']} har rätt, {NAMELESS['sv']} lappar."
    (seat,) = await rows(hub, select(Participant).where(Participant.id == session.astrid.id))
    assert (seat.name, seat.name_key) == ("", f"withdrawn-{seat.id}")
    assert seat.withdrawn_at is not None
    assert seat.left_at is not None
    assert (await session.astrid.get("/me/export")).status_code == 401


async def test_the_name_is_free_again_and_the_personal_link_is_dead(hub: Hub) -> None:
    session = await hub.session()
    await withdraw(session.astrid)
    path = session.astrid.resume_url.removeprefix("http://hub.test")
    assert (await hub.http.get(path)).status_code == 404
    again = await join(hub.http, session.code, "Astrid", "sv")
    assert again.id != session.astrid.id


async def test_all_that_leads_to_the_person_is_erased(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.post(f"/sessions/{session.id}/hand")
    answers = {"items": dict.fromkeys(await first_items(session), 4)}
    kept = await session.astrid.put(f"/sessions/{session.id}/answers/before", answers)
    assert kept.status_code == 200, kept.text
    async with hub.database.transaction() as tx:
        now = hub.clock.now()
        tx.add(
            Presence(
                gathering_id=session.id, participant_id=session.astrid.id, from_at=now, until_at=now
            )
        )
    await session.go_to("reflect")
    await session.astrid.said(session.id, "Bara mina tankar om fyra lappar.", "reflection")
    await withdraw(session.astrid)
    mine = session.astrid.id
    assert await rows(hub, select(Answer)) == []
    assert await rows(hub, select(Hand)) == []
    assert await rows(hub, select(Presence)) == []
    assert await rows(hub, select(PersonKey).where(PersonKey.participant_id == mine)) == []
    assert await rows(hub, select(Contribution).where(Contribution.kind == "reflection")) == []
    consents = await rows(hub, select(Consent).where(Consent.participant_id == mine))
    assert [c.choices["take_part"] for c in consents] == [True]


async def first_items(session: Session) -> list[str]:
    asked = (await session.astrid.get(f"/sessions/{session.id}/questions")).json()
    return [i["id"] for i in asked["items"] if i["when"] == "before" and i["kind"] != "open"][:2]


async def test_translations_by_the_person_are_made_anew(hub: Hub) -> None:
    session = await hub.session()
    cecilia = await join(hub.http, session.code, "Cecilia", "sv", bilingual=True)
    post = await session.ben.said(session.id, "We need one number for all of it.")
    await hub.translate()
    corrected = await cecilia.put(
        f"/contributions/{post['id']}/translations/sv", {"text": "Vi behöver ett enda nummer."}
    )
    assert corrected.status_code == 200, corrected.text
    await withdraw(cecilia)
    sv = (await posts(session))[post["id"]]["translations"]["sv"]
    assert (sv["text"], sv["status"], sv["by"]) == (None, "pending", None)
    assert await rows(hub, select(Pair).where(Pair.by_id == cecilia.id)) == []
    await hub.translate()
    sv = (await posts(session))[post["id"]]["translations"]["sv"]
    assert sv["status"] == "machine"
    assert "enda" not in sv["text"]


async def test_a_dispute_goes_with_the_person(hub: Hub) -> None:
    session = await hub.session()
    post = await session.ben.said(session.id, "We need one number.")
    await hub.translate()
    body = {"word": "number", "reason": "Astrid tycker fel"}
    answer = await session.astrid.post(f"/contributions/{post['id']}/dispute", body)
    assert answer.status_code == 200, answer.text
    await withdraw(session.astrid)
    sv = (await posts(session))[post["id"]]["translations"]["sv"]
    assert sv["status"] == "machine"
    assert "disputes" not in sv


async def test_screens_follow_at_once(hub: Hub) -> None:
    session = await hub.session()
    own = await session.astrid.said(session.id, SAID)
    reply = await session.ben.said(session.id, "I agree.", reply_to=own["id"])
    revision = (await session.fatima.get(f"/sessions/{session.id}")).json()["revision"]
    await withdraw(session.astrid)
    changes = await session.ben.get(f"/sessions/{session.id}/changes", after=revision)
    items = changes.json()["items"]
    changed = {i["contribution"]["id"]: i["contribution"] for i in items if "contribution" in i}
    assert changed[own["id"]]["removed"]
    assert changed[reply["id"]]["re"]["name"] is None
    assert any("phase" in i for i in items)
    assert any("queue" in i for i in items)


async def test_withdrawing_is_one_event_and_one_entry(hub: Hub) -> None:
    session = await hub.session()
    for n in range(5):
        await session.astrid.said(session.id, f"{SAID} {n}")
    before = await rows(hub, select(func.count()).select_from(GatheringEvent))
    await withdraw(session.astrid)
    after = await rows(hub, select(func.count()).select_from(GatheringEvent))
    assert after[0] == before[0] + 1
    (entry,) = await rows(hub, select(AuditEntry).where(AuditEntry.act == "withdrawn"))
    assert entry.facts == {"kept": False, "posts": 5}
    assert entry.subject == entry.actor == session.astrid.id


async def test_withdrawing_asks_no_more_of_the_database_for_many_posts(hub: Hub) -> None:
    from sqlalchemy import event  # counted on the engine of this hub

    async def cost(count: int) -> int:
        session = await hub.session()
        for n in range(count):
            hub.clock.move(seconds=20)
            own = await session.astrid.said(session.id, f"{SAID} {n}")
            await session.ben.said(session.id, f"Astrid {n}", reply_to=own["id"])
        await hub.screens.settle()
        seen: list[str] = []

        def count_one(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        engine = hub.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", count_one)
        await withdraw(session.astrid)
        event.remove(engine, "before_cursor_execute", count_one)
        return len(seen)

    few, many = await cost(2), await cost(12)
    assert many <= few + 3


# --- leaving one's words without a name ----------------------------------------------------------


async def test_words_that_are_kept_have_a_role_and_no_name(hub: Hub) -> None:
    session = await hub.session()
    own = await session.astrid.said(session.id, f"Jag heter Astrid. {SAID}")
    await withdraw(session.astrid, keep=True)
    now = (await posts(session))[own["id"]]
    assert now["text"] == f"Jag heter {NAMELESS['sv']}. {SAID}"
    assert now["author"]["name"] is None
    assert now["author"]["role"] == "patient"
    assert now["removed"] is False
    for language, called in (("sv", "Person som har dragit sig ur"), ("en", "Withdrawn person")):
        page = await room(hub, session, language)
        assert called in page
        assert "Astrid" not in page


async def room(hub: Hub, session: Session, language: str) -> str:
    cookies = {
        f"hub_seat_{session.id}": session.ben.token,
    }
    async with hub.database.transaction() as tx:
        (await tx.get_one(Participant, session.ben.id)).language = language
    hub.http.cookies.clear()
    answer = await hub.http.get(f"/sessions/{session.id}", cookies=cookies)
    assert answer.status_code == 200
    return answer.text


async def test_what_was_private_is_erased_even_where_words_are_kept(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("reflect")
    await session.astrid.said(session.id, "Bara mina tankar.", "reflection")
    await withdraw(session.astrid, keep=True)
    assert await rows(hub, select(Contribution).where(Contribution.kind == "reflection")) == []


async def test_a_kept_post_is_still_quoted(hub: Hub) -> None:
    session = await hub.session()
    own = await session.astrid.said(session.id, SAID)
    quote = "”fyra lappar med fyra olika nummer”"
    reply = await session.ben.said(session.id, quote, reply_to=own["id"], language="sv")
    await withdraw(session.astrid, keep=True)
    assert (await posts(session))[reply["id"]]["text"] == quote


# --- what was published --------------------------------------------------------------------------


async def test_a_published_record_is_a_new_edition_and_its_editor_is_told(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, SAID)
    await publish(hub, session)
    await withdraw(session.astrid)
    record = (await hub.http.get(f"/api/v1/sessions/{session.id}/record")).json()
    assert record["session"]["record_edition"] == 2
    assert SAID not in json.dumps(record)
    async with hub.database.reading() as tx:
        flags = await list_flags(tx, "record", subject=session.id)
    assert len(flags) == 1
    mails = await rows(hub, select(Mail).where(Mail.kind == "words_withdrawn"))
    assert [(m.about, m.language) for m in mails] == [(session.id, "en")]
    (entry,) = await rows(hub, select(AuditEntry).where(AuditEntry.act == "record_reissued"))
    assert entry.facts == {"edition": 2}


async def test_the_editor_says_that_they_have_seen_it(hub: Hub) -> None:
    session = await hub.session()
    own = await session.astrid.said(session.id, SAID)
    await publish(hub, session)
    await session.astrid.delete(f"/contributions/{own['id']}")
    async with hub.database.transaction() as tx:
        from hub.people import actions as people
        from hub.people.models import Account

        account = await tx.get_one(Account, session.fatima.id)
        secret = await people.sign_in(tx, account, kind="browser", now=hub.clock.now())
    path, cookies = f"/sessions/{session.id}/record", {"hub_account": secret}
    assert "This is edition 2" in (await hub.http.get(path, cookies=cookies)).text
    seen = await hub.http.post(f"{path}/seen", cookies=cookies)
    assert seen.status_code == 303
    async with hub.database.reading() as tx:
        assert await list_flags(tx, "record") == []
    page = (await hub.http.get(path, cookies=cookies)).text
    assert "This is edition 2" in page
    assert "/record/seen" not in page


async def test_a_record_that_is_not_published_has_no_editions(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, SAID)
    await withdraw(session.astrid)
    (gathering,) = await rows(hub, select(Gathering).where(Gathering.id == session.id))
    assert (gathering.record_edition, gathering.record_changed_at) == (0, None)
    async with hub.database.reading() as tx:
        assert await list_flags(tx) == []


# --- who may -------------------------------------------------------------------------------------


async def test_nobody_withdraws_without_a_seat(hub: Hub) -> None:
    session = await hub.session()
    body = {"keep_anonymous": False}
    assert (await hub.http.post("/api/v1/me/withdraw", json=body)).status_code == 401
    assert (await session.fatima.post("/me/withdraw", body)).status_code == 403
    other = {**body, "session": "s_of_somebody_else"}
    assert (await session.astrid.post("/me/withdraw", other)).status_code == 404
    assert (await session.astrid.post("/me/withdraw", {})).status_code == 422


async def test_every_face_of_a_session_shows_words_that_were_kept(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("interpret")
    own = await session.astrid.said(session.id, SAID)
    await session.ben.said(session.id, "I agree.", reply_to=own["id"])
    await session.go_to("converge")
    await session.ben.said(session.id, "Numbers", "theme", fields={"from": [own["id"]]})
    await session.go_to("recommend")
    draft = {"what": "One number.", "owner": "Ben", "when": "2027-06-01", "measure": "Calls"}
    await session.astrid.said(session.id, "One number.", "recommendation", fields=draft)
    await hub.translate()
    await withdraw(session.astrid, keep=True)
    run = session.fatima.headers
    for path in ("contributions", "changes?after=0", "record", "record?format=md", "research.csv"):
        more = "?reason=x" if path.endswith("csv") else ""
        answer = await hub.http.get(f"/api/v1/sessions/{session.id}/{path}{more}", headers=run)
        assert answer.status_code < 500, (path, answer.text)
        assert "Astrid" not in answer.text, path
    for path in ("desk", "record", "screen", f"contributions/{own['id']}"):
        answer = await hub.http.get(f"/sessions/{session.id}/{path}", headers=run)
        assert answer.status_code == 200, (path, answer.text)
        assert "Astrid" not in answer.text, path
        assert ">None<" not in answer.text, path


# --- what is under way while somebody goes ------------------------------------------------------


async def translating(hub: Hub) -> list[Any]:
    """What waits for a translation, handed to the engine; its answers are not in place yet."""
    waiting = await jobs._claim_waiting(hub.screens)
    return [await jobs._translated(hub.screens, hub.translator, waiting)]


async def put_in_place(hub: Hub, answers: list[Any]) -> None:
    for answer in answers:
        for session_id, finished in answer.items():
            await jobs._put_in_place(hub.screens, session_id, finished)


async def test_a_translation_that_ends_after_a_withdrawal_brings_no_words_back(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, SAID)
    reply = await session.ben.said(
        session.id, "Astrid sa ”fyra lappar med fyra olika nummer”.", language="sv"
    )
    answers = await translating(hub)
    await withdraw(session.astrid)
    await put_in_place(hub, answers)
    now = json.dumps(await posts(session))
    assert "fyra olika nummer" not in now
    assert "Astrid" not in now
    await hub.translate()
    (made,) = (await posts(session))[reply["id"]]["translations"].values()
    assert made["status"] == "machine"
    assert REMOVED["sv"] in made["text"]


async def test_a_post_that_waited_while_its_author_withdrew_is_not_kept(hub: Hub) -> None:
    session = await hub.session()
    async with hub.database.reading() as tx:
        seat = await tx.get_one(Participant, session.astrid.id)
    await withdraw(session.astrid)
    draft = Draft(kind="contribution", text=SAID, client_id="late")
    with pytest.raises(NotFound):
        await say(hub.screens, session.id, draft, seat=seat, account=None)
    assert not await rows(hub, select(Contribution.id).where(Contribution.text == SAID))


async def test_consent_that_comes_after_a_withdrawal_ties_no_new_key(hub: Hub) -> None:
    session = await hub.session()
    async with hub.database.reading() as tx:
        seat = await tx.get_one(Participant, session.astrid.id)
    await withdraw(session.astrid)
    choices = {"take_part": True, "contact": True}
    with pytest.raises(NotFound):
        await consents.answer(
            hub.screens, seat, choices=choices, how="api", email="astrid@example.org"
        )
    assert not await rows(hub, select(PersonKey).where(PersonKey.participant_id == seat.id))


async def test_what_is_taken_back_twice_is_one_new_edition(hub: Hub) -> None:
    session = await hub.session()
    own = await session.astrid.said(session.id, SAID)
    await publish(hub, session)
    for _ in range(2):
        assert (await session.astrid.delete(f"/contributions/{own['id']}")).status_code == 200
    record = (await session.fatima.get(f"/sessions/{session.id}/record")).json()
    assert record["session"]["record_edition"] == 2
    assert len(await rows(hub, select(AuditEntry).where(AuditEntry.act == "taken_back"))) == 1


async def test_a_finding_card_names_nobody_who_withdrew(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, SAID)
    card = {
        "title": {"sv": "Astrids lappar", "en": "Astrid's slips"},
        "text": {"sv": "”fyra lappar med fyra olika nummer”", "en": "Astrid was right."},
        "source": "Astrid, i samtalet",
        "tags": [],
    }
    made = await session.fatima.post(f"/sessions/{session.id}/findings", card)
    assert made.status_code == 201, made.text
    before = (await session.fatima.get(f"/sessions/{session.id}")).json()["revision"]
    await withdraw(session.astrid)
    found = await session.fatima.get(f"/sessions/{session.id}/findings")
    assert "Astrid" not in found.text
    assert "fyra olika" not in found.text
    changes = (await session.ben.get(f"/sessions/{session.id}/changes", after=before)).json()
    assert any("findings" in item for item in changes["items"])


async def test_leaving_is_in_the_audit_log_once(hub: Hub) -> None:
    session = await hub.session()
    assert (await session.ben.post(f"/sessions/{session.id}/leave")).status_code == 204
    (entry,) = await rows(hub, select(AuditEntry).where(AuditEntry.act == "left"))
    assert (entry.actor, entry.subject) == (session.ben.id, session.ben.id)
