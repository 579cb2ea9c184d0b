"""Deletions: announced, on a decision, put on hold, done once, and what is left afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from hub.audit import actions as audit
from hub.audit.models import AuditEntry
from hub.gatherings.models import Act, Answer, Contribution, Gathering, Translation
from hub.gatherings.screens import Screens
from hub.language.models import Pair
from hub.mail.actions import queue_mail
from hub.mail.models import Mail
from hub.people.actions import Key, keep_key, read_keys
from hub.people.models import Consent, Invitation, Participant, PersonKey, SignIn
from hub.retention import actions, jobs
from hub.retention.models import Purge
from hub.sealing import seal
from tests.cast import Person, Session
from tests.conftest import Hub, running_hub

WORDS = "Sagan om den borttappade remissen"
SIGN_IN = {"url": "/sign-in/x", "minutes": "60"}
DECISION = "Rektors beslut 2026:114, den 3 november 2026"


async def run(hub: Hub) -> int:
    return await jobs.keep_retention(hub.screens)


async def decide(hub: Hub, admin: Person, kind: str, days: int, decision: str = DECISION) -> None:
    answer = await admin.put(f"/retention/{kind}", {"days": days, "decision": decision})
    assert answer.status_code == 200, answer.text


async def listed(admin: Person, which: str = "coming") -> list[Any]:
    answer = await admin.get("/retention")
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()[which]
    return found


async def told_session(hub: Hub) -> Session:
    """A closed session in which Astrid has told something, with all that comes of it."""
    session = await hub.session()
    await session.go_to("interpret")
    said = await session.astrid.said(session.id, WORDS)
    await hub.translate()
    await session.ben.put(
        f"/contributions/{said['id']}/translations/en", {"text": "The lost referral"}
    )
    await session.fatima.put(
        f"/contributions/{said['id']}/translations/en", {"text": "The lost referral tale"}
    )
    await session.ben.said(session.id, "Astrid is right about the referral")
    await session.moved("close")
    async with hub.database.transaction() as tx:
        tx.add(Answer(gathering_id=session.id, key="k", item="po1", version=1, value=4, text=WORDS))
    return session


async def published(hub: Hub, session: Session) -> Any:
    hub.clock.move(days=8)
    answer = await session.fatima.post(f"/sessions/{session.id}/record/publish")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def count(hub: Hub, *where: Any) -> int:
    async with hub.database.reading() as tx:
        return int(
            await tx.scalar(select(func.count()).select_from(where[0]).where(*where[1:])) or 0
        )


# --- the rules ------------------------------------------------------------------------------


async def test_without_a_decision_nothing_is_ever_deleted(hub: Hub) -> None:
    session = await told_session(hub)
    admin = await hub.account("admin")
    hub.clock.move(days=365 * 60)
    assert await run(hub) == 0
    admin = await hub.account("admin")
    assert await listed(admin) == []
    assert all(not rule["deletes"] for rule in await listed(admin, "rules"))
    assert await count(hub, Contribution, Contribution.gathering_id == session.id) > 1


@pytest.mark.parametrize("role", ["facilitator", "editor", "researcher"])
async def test_only_admins_see_and_set_how_long_things_are_kept(hub: Hub, role: str) -> None:
    other = await hub.account(role)
    assert (await other.get("/retention")).status_code == 403
    assert (await other.put("/retention/posts", {"days": 9})).status_code == 403
    assert (await other.post("/retention/purges/x/hold", {"reason": "x"})).status_code == 403
    assert (await other.delete("/retention/purges/x/hold")).status_code == 403
    assert (await hub.http.get("/retention", headers=other.headers)).status_code == 403
    assert (await hub.http.get("/api/v1/retention")).status_code == 401


async def test_a_faulty_rule_is_refused_and_changes_nothing(hub: Hub) -> None:
    admin = await hub.account("admin")
    for body in ({"days": 6, "decision": "x"}, {"days": 9, "decision": "x" * 1001}):
        assert (await admin.put("/retention/posts", body)).status_code == 422
    assert (await admin.put("/retention/nonsense", {"days": 9})).status_code == 404
    assert (await listed(admin, "rules"))[0]["days"] == 730


async def test_setting_a_rule_is_in_the_audit_log_without_its_text(hub: Hub) -> None:
    admin = await hub.account("admin")
    await decide(hub, admin, "posts", 400)
    async with hub.database.reading() as tx:
        entry = await tx.scalar(select(AuditEntry).where(AuditEntry.act == "retention_changed"))
        assert entry is not None
        assert entry.actor == admin.id
        assert entry.facts == {"kind": "posts", "days": 400, "decision_length": len(DECISION)}


# --- announcing -----------------------------------------------------------------------------


async def test_a_deletion_is_announced_with_its_decision_its_day_and_its_count(hub: Hub) -> None:
    session = await told_session(hub)
    admin = await hub.account("admin")
    await decide(hub, admin, "posts", 100)
    await run(hub)
    assert await listed(admin) == []
    closed = hub.clock.now()
    hub.clock.move(days=86)
    admin = await hub.account("admin")
    assert await run(hub) == 0
    (purge,) = await listed(admin)
    posts = await count(hub, Contribution, Contribution.gathering_id == session.id)
    assert (purge["session"], purge["count"], purge["decision"]) == (session.id, posts, DECISION)
    assert purge["due_at"][:10] == (closed + timedelta(days=100)).date().isoformat()
    await run(hub)
    assert len(await listed(admin)) == 1
    assert await count(hub, AuditEntry, AuditEntry.act == "purge_announced") == 1


async def test_what_is_long_overdue_is_still_announced_two_weeks_before(hub: Hub) -> None:
    await told_session(hub)
    hub.clock.move(days=3000)
    admin = await hub.account("admin")
    await decide(hub, admin, "posts", 100)
    assert await run(hub) == 0
    hub.clock.move(days=13.9)
    assert await run(hub) == 0
    hub.clock.move(days=0.2)
    assert await run(hub) == 1


async def test_a_changed_decision_is_announced_anew(hub: Hub) -> None:
    await told_session(hub)
    hub.clock.move(days=100)
    admin = await hub.account("admin")
    await decide(hub, admin, "posts", 100)
    await run(hub)
    hub.clock.move(days=10)
    await decide(hub, admin, "posts", 100, "Ett nytt beslut")
    await run(hub)
    hub.clock.move(days=5)
    assert await run(hub) == 0
    (purge,) = await listed(admin)
    assert purge["decision"] == "Ett nytt beslut"
    hub.clock.move(days=10)
    assert await run(hub) == 1


async def test_a_decision_that_is_taken_back_stops_what_was_announced(hub: Hub) -> None:
    await told_session(hub)
    hub.clock.move(days=100)
    admin = await hub.account("admin")
    await decide(hub, admin, "posts", 100)
    await run(hub)
    await decide(hub, admin, "posts", 100, " ")
    hub.clock.move(days=20)
    assert await run(hub) == 0
    assert await listed(admin) == []


# --- hold and release -----------------------------------------------------------------------


async def test_a_deletion_on_hold_waits_until_it_is_released(hub: Hub) -> None:
    await told_session(hub)
    hub.clock.move(days=100)
    admin = await hub.account("admin")
    await decide(hub, admin, "posts", 100)
    await run(hub)
    (purge,) = await listed(admin)
    path = f"/retention/purges/{purge['id']}/hold"
    assert (await admin.post(path, {"reason": " "})).status_code == 422
    assert (await admin.delete(path)).status_code == 409
    held = await admin.post(path, {"reason": "Begärd utlämnad"})
    assert held.json()["state"] == "held"
    assert (await admin.post(path, {"reason": "igen"})).status_code == 409
    hub.clock.move(days=60)
    admin = await hub.account("admin")
    assert await run(hub) == 0
    released = await admin.delete(path)
    assert released.json()["due_at"][:10] == (
        (hub.clock.now() + timedelta(days=1)).date().isoformat()
    )
    assert await run(hub) == 0
    hub.clock.move(days=1)
    assert await run(hub) == 1
    (done,) = await listed(admin, "done")
    assert done["state"] == "done"
    acts = ["purge_announced", "purge_held", "purge_released", "purged"]
    async with hub.database.reading() as tx:
        found = await tx.scalars(
            select(AuditEntry.act)
            .where(AuditEntry.subject == purge["id"])
            .order_by(AuditEntry.number)
        )
        assert list(found) == acts
        assert (await audit.verify(tx)).whole


async def test_a_released_deletion_that_the_rules_no_longer_bear_out_is_dropped(hub: Hub) -> None:
    session = await told_session(hub)
    hub.clock.move(days=100)
    admin = await hub.account("admin")
    await decide(hub, admin, "posts", 100)
    await run(hub)
    (purge,) = await listed(admin)
    path = f"/retention/purges/{purge['id']}/hold"
    await admin.post(path, {"reason": "Begärd utlämnad"})
    await decide(hub, admin, "posts", 5000)
    await admin.delete(path)
    hub.clock.move(days=20)
    assert await run(hub) == 0
    assert await listed(await hub.account("admin")) == []
    assert await count(hub, Contribution, Contribution.gathering_id == session.id) > 1


# --- deleting posts -------------------------------------------------------------------------


async def purge_posts(hub: Hub) -> None:
    hub.clock.move(days=100)
    admin = await hub.account("admin")
    await decide(hub, admin, "posts", 100)
    assert await run(hub) == 0
    hub.clock.move(days=15)
    assert await run(hub) == 1


async def test_after_a_purge_nothing_that_was_said_is_left_in_the_file(hub: Hub) -> None:
    session = await told_session(hub)
    assert WORDS.encode() in hub.raw()
    await purge_posts(hub)
    for model in (Contribution, Act):
        where = [model.gathering_id == session.id]
        if model is Act:
            where.append(Act.reason != "")
        assert await count(hub, model, *where) == 0
    assert await count(hub, Translation) == 0
    assert await count(hub, Pair, Pair.gathering_id == session.id) == 0
    async with hub.database.reading() as tx:
        answer = await tx.scalar(select(Answer).where(Answer.gathering_id == session.id))
        assert answer is not None
        assert (answer.value, answer.text) == (4, "")
        seats = list(await tx.scalars(select(Participant)))
        assert [seat.name for seat in seats] == ["", ""]
        assert {seat.role for seat in seats} == {"patient", "practitioner"}
    assert await count(hub, Consent) == 2
    left = hub.raw()
    for word in (WORDS, "referral tale", "is right about", "Astrid"):
        assert word.encode() not in left, word


async def test_a_published_record_stays_as_it_was(hub: Hub) -> None:
    session = await told_session(hub)
    before = await published(hub, session)
    hub.http.cookies.clear()
    page = (await hub.http.get(f"/sessions/{session.id}/record")).text
    assert WORDS in page
    await purge_posts(hub)
    answer = await hub.http.get(f"/api/v1/sessions/{session.id}/record")
    assert answer.status_code == 200
    assert answer.json() == before
    for query in ("", "?view=print"):
        shown = await hub.http.get(f"/sessions/{session.id}/record{query}")
        assert shown.status_code == 200
        assert WORDS in shown.text
    text = await hub.http.get(f"/api/v1/sessions/{session.id}/record?format=md&language=sv")
    assert WORDS in text.text


async def test_a_draft_that_was_never_published_is_gone_and_the_pages_say_so(hub: Hub) -> None:
    session = await told_session(hub)
    await purge_posts(hub)
    fatima = await hub.account("facilitator")
    for path in (f"/sessions/{session.id}/record", f"/api/v1/sessions/{session.id}/record"):
        gone = await hub.http.get(path, headers={**fatima.headers, "accept-language": "en"})
        assert gone.status_code == 404
        assert "The posts of this session have been deleted" in gone.text
    for face in ("", "/desk"):
        shown = await hub.http.get(f"/sessions/{session.id}{face}", headers=fatima.headers)
        assert shown.status_code == 200
        assert "What was said here has been deleted." in shown.text
    changes = await fatima.get(f"/sessions/{session.id}/changes", after=0, language="en")
    assert changes.status_code == 200
    assert WORDS not in changes.text
    assert (await fatima.get(f"/sessions/{session.id}")).json()["purged_at"]


async def test_a_purge_that_breaks_off_leaves_everything_and_is_done_next_time(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await told_session(hub)
    hub.clock.move(days=100)
    admin = await hub.account("admin")
    await decide(hub, admin, "posts", 100)
    await run(hub)
    hub.clock.move(days=15)

    async def break_off(*_args: Any, **_facts: Any) -> None:
        raise ConnectionError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(actions, "note_done", break_off)
        assert await run(hub) == 0
    assert await count(hub, Contribution, Contribution.gathering_id == session.id) > 1
    assert len(await listed(admin)) == 1
    assert await run(hub) == 1
    assert await run(hub) == 0
    assert await count(hub, AuditEntry, AuditEntry.act == "purged") == 1


async def test_two_processes_do_a_purge_once(hub: Hub) -> None:
    await told_session(hub)
    hub.clock.move(days=100)
    admin = await hub.account("admin")
    await decide(hub, admin, "posts", 100)
    await run(hub)
    hub.clock.move(days=15)
    other = Screens(hub.database, hub.clock, hub.app.state.renderer, base_url="http://hub.test")
    async with hub.database.reading() as tx:
        (purge,) = await actions.list_due(tx, now=hub.clock.now())
    assert await jobs._purge(hub.screens, purge, hub.clock.now())
    assert not await jobs._purge(other, purge, hub.clock.now())
    assert await count(hub, AuditEntry, AuditEntry.act == "purged") == 1


async def test_a_restarted_hub_does_what_was_announced_before(tmp_path: Path, blank: Path) -> None:
    async with running_hub(tmp_path, blank) as hub:
        await told_session(hub)
        hub.clock.move(days=100)
        await decide(hub, await hub.account("admin"), "posts", 100)
        await run(hub)
        at = hub.clock.now()
        async with running_hub(tmp_path, blank, url=hub.settings.database) as following:
            following.clock.at = at + timedelta(days=15)
            assert await run(following) == 1


# --- the other kinds ------------------------------------------------------------------------


async def test_keys_of_those_who_came_back_stay_until_their_last_session_is_due(hub: Hub) -> None:
    first = await hub.session()
    await first.moved("close")
    hub.clock.move(days=60)
    second = await hub.session()
    await second.moved("close")
    async with hub.database.transaction() as tx:
        for person, pseudonym in (
            (first.astrid, "PAAAAAAAA"),
            (second.astrid, "PAAAAAAAA"),
            (first.ben, "PBBBBBBBB"),
            (second.ben, "PCCCCCCCC"),
        ):
            seat = await tx.get_one(Participant, person.id)
            await keep_key(tx, seat, Key(pseudonym), now=hub.clock.now())
    await decide(hub, await hub.account("admin"), "keys", 100)

    async def held() -> set[str]:
        async with hub.database.reading() as tx:
            return set(await tx.scalars(select(PersonKey.participant_id)))

    hub.clock.move(days=41)
    await run(hub)
    hub.clock.move(days=15)
    assert await run(hub) == 1
    assert await held() == {first.astrid.id, second.astrid.id, second.ben.id}
    hub.clock.move(days=60)
    await run(hub)
    hub.clock.move(days=15)
    assert await run(hub) == 1
    assert await held() == set()


async def test_keys_that_nobody_can_read_any_more_are_destroyed_too(hub: Hub) -> None:
    session = await hub.session()
    await session.moved("close")
    async with hub.database.transaction() as tx:
        seat = await tx.get_one(Participant, session.astrid.id)
        await keep_key(tx, seat, Key("PAAAAAAAA"), now=hub.clock.now())
        key = await tx.get_one(PersonKey, seat.id)
        key.sealed = seal("another secret", "person key", "{}")
    hub.clock.move(days=100)
    await decide(hub, await hub.account("admin"), "keys", 100)
    await run(hub)
    hub.clock.move(days=15)
    assert await run(hub) == 1
    assert await count(hub, PersonKey, PersonKey.participant_id == session.astrid.id) == 0


async def test_whom_an_invitation_was_for_is_erased_and_that_it_was_made_stays(hub: Hub) -> None:
    session = await hub.session()
    async with hub.database.transaction() as tx:
        tx.add(
            Invitation(
                gathering_id=session.id,
                secret_hash="x",
                sealed="sealed-label",
                made_at=hub.clock.now(),
            )
        )
    await session.moved("close")
    await decide(hub, await hub.account("admin"), "invitations", 14)
    await run(hub)
    hub.clock.move(days=13.9)
    assert await run(hub) == 0
    hub.clock.move(days=0.2)
    assert await run(hub) == 1
    assert await count(hub, Invitation, Invitation.sealed.is_(None)) == 1
    assert b"sealed-label" not in hub.raw()


async def test_mails_are_deleted_by_week_and_those_that_wait_stay(hub: Hub) -> None:
    async with hub.database.transaction() as tx:
        for about, waits in (("old", False), ("waiting", True)):
            mail = await queue_mail(
                tx, "sign_in", to="a@example.org", language="sv", facts=SIGN_IN,
                now=hub.clock.now(), about=about,
            )  # fmt: skip
            mail.due_at = hub.clock.now() + timedelta(days=90) if waits else None
    hub.clock.move(days=20)
    async with hub.database.transaction() as tx:
        mail = await queue_mail(
            tx, "sign_in", to="a@example.org", language="sv", facts=SIGN_IN, now=hub.clock.now(),
            about="new",
        )  # fmt: skip
        mail.due_at = None
    admin = await hub.account("admin")
    await decide(hub, admin, "mails", 30)
    await run(hub)
    (purge,) = await listed(admin)
    assert (purge["week"], purge["count"], purge["session"]) == ("2026-11-23", 1, None)
    hub.clock.move(days=14)
    await run(hub)
    async with hub.database.reading() as tx:
        assert set(await tx.scalars(select(Mail.about))) == {"waiting", "new"}


async def test_sign_ins_that_ran_out_long_ago_are_deleted(hub: Hub) -> None:
    old = await hub.account("facilitator")
    hub.clock.move(days=365 + 100)
    admin = await hub.account("admin")
    await decide(hub, admin, "sign_ins", 100)
    await run(hub)
    hub.clock.move(days=15)
    assert await run(hub) == 1
    assert await count(hub, SignIn, SignIn.account_id == old.id) == 0
    assert await count(hub, SignIn, SignIn.account_id == admin.id) == 1


async def test_the_page_and_the_record_of_a_deletion_hold_no_words_of_people(hub: Hub) -> None:
    session = await told_session(hub)
    await purge_posts(hub)
    admin = await hub.account("admin")
    async with hub.database.reading() as tx:
        gathering = await tx.get_one(Gathering, session.id)
        assert gathering.kept_record is None
        purges = [p.subject for p in await tx.scalars(select(Purge))]
        keys = await read_keys(tx, [session.astrid.id])
    assert purges == [session.id]
    assert session.astrid.id not in keys or keys[session.astrid.id].email == ""
    page = await hub.http.get("/retention", headers=admin.headers)
    assert DECISION in page.text
    assert WORDS not in page.text
    assert WORDS not in json.dumps(await listed(admin, "done"), ensure_ascii=False)


# --- the page -------------------------------------------------------------------------------


async def test_the_page_sets_rules_holds_and_releases_and_keeps_what_was_typed(hub: Hub) -> None:
    await told_session(hub)
    hub.clock.move(days=100)
    admin = await hub.account("admin")
    headers = {**admin.headers, "accept-language": "en"}

    async def send(path: str, **form: str) -> Any:
        return await hub.http.post(f"/retention/{path}", data=form, headers=headers)

    wrong = await send("posts", days="three", decision="Ett <b>beslut")
    assert wrong.status_code == 422
    assert "Write a number of days" in wrong.text
    assert "Ett &lt;b&gt;beslut" in wrong.text
    assert 'value="three"' in wrong.text
    assert (await send("posts", days="100", decision=DECISION)).status_code == 303
    await run(hub)
    (purge,) = await listed(admin)
    assert (await send(f"purges/{purge['id']}/hold", reason="")).status_code == 422
    assert (await send(f"purges/{purge['id']}/hold", reason="Arkivet frågar")).status_code == 303
    shown = (await hub.http.get("/retention", headers=headers)).text
    assert "Arkivet frågar" in shown
    assert (await send(f"purges/{purge['id']}/release")).status_code == 303
    assert (await send(f"purges/{purge['id']}/release")).status_code == 409
    assert (await send("purges/nothing/release")).status_code == 404
    assert (await send("nonsense", days="100", decision="")).status_code == 404


@pytest.mark.parametrize("keep", [True, False])
async def test_who_withdraws_after_a_purge_is_gone_from_the_kept_record(
    hub: Hub, keep: bool
) -> None:
    session = await told_session(hub)
    await published(hub, session)
    await purge_posts(hub)
    path = f"/api/v1/sessions/{session.id}/record"
    before = (await hub.http.get(path)).text
    assert "Astrid" in before
    assert WORDS in before
    answer = await session.astrid.post("/me/withdraw", {"keep_anonymous": keep})
    assert answer.status_code in (200, 204), answer.text
    after = await hub.http.get(path)
    assert after.status_code == 200
    assert "Astrid" not in after.text
    assert (WORDS in after.text) is keep
    assert (await hub.http.get(f"/sessions/{session.id}/record")).status_code == 200


async def test_a_session_whose_posts_were_deleted_is_not_opened_again(hub: Hub) -> None:
    admin, session = await hub.account("admin", "Ada"), await told_session(hub)
    await decide(hub, admin, "posts", 20)
    hub.clock.move(days=7)
    await run(hub)
    hub.clock.move(days=15)
    assert await run(hub) == 1
    again = await session.move("reopen")
    assert again.status_code == 409
    assert again.json()["type"] == "/problems/material_deleted"


async def test_mails_kept_as_files_go_with_their_week(hub: Hub) -> None:
    admin = await hub.account("admin", "Ada")
    await decide(hub, admin, "mails", 14)
    async with hub.database.transaction() as tx:
        mail = await queue_mail(
            tx, "sign_in", to="moa@example.org", language="sv",
            facts={"url": "/sign-in/x", "minutes": "60"}, now=hub.clock.now(),
        )  # fmt: skip
    await hub.app.state.ticker.jobs["mail"].run()
    (kept,) = hub.settings.outbox_dir.glob("*.eml")
    assert mail.id in kept.name
    hub.clock.move(days=22)
    job = hub.app.state.ticker.jobs["retention"].run
    await job()
    hub.clock.move(days=15)
    assert await job() >= 1
    await hub.app.state.ticker.jobs["outbox"].run()
    assert not list(hub.settings.outbox_dir.glob("*.eml"))
