"""Recommendations after the session: what becomes of them, and the session that takes them up."""

from __future__ import annotations

import html
from typing import Any

import pytest
from sqlalchemy import select

from hub.errors import Invalid, Refusal
from hub.gatherings import rules
from hub.gatherings.models import Act, GatheringEvent, Progress
from tests.cast import Person, plan
from tests.conftest import Hub

PROPOSAL = {"owner": "Avdelning 7", "when": "2027-03-01", "measure": "Två frågor"}


async def decided(hub: Hub, **more: Any) -> tuple[Any, str, str]:
    """A closed session with one adopted recommendation and one that is still to decide."""
    session = await hub.session(**more)
    await session.go_to("recommend")
    adopted = await session.astrid.said(session.id, "Sitt ner", "recommendation", fields=PROPOSAL)
    parked = await session.ben.said(session.id, "Hire someone", "recommendation", fields=PROPOSAL)
    await session.go_to("decide")
    fields = {"of": adopted["id"], "value": "consent"}
    for person in (session.astrid, session.ben):
        await person.said(session.id, "", "stance", fields=fields)
    await session.fatima.said(
        session.id, "Senare", "facilitation", fields={"of": parked["id"], "result": "parked"}
    )
    await hub.translate()
    await session.moved("close")
    return session, str(adopted["id"]), str(parked["id"])


async def set_status(person: Person, id_: str, status: str, reason: str = "") -> Any:
    body = {"status": status, "reason": reason}
    return await person.post(f"/recommendations/{id_}/status", body)


async def listed(person: Person, **query: str) -> Any:
    answer = await person.get("/recommendations", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def browser(session: Any, person: Person) -> dict[str, str]:
    return {f"hub_seat_{session.id}": person.token}


async def signed_in(hub: Hub, person: Person) -> dict[str, str]:
    """The cookie of an account in a browser."""
    from hub.people import actions as people
    from hub.people.models import Account

    async with hub.database.transaction() as tx:
        account = await tx.get_one(Account, person.id)
        return {
            "hub_account": await people.sign_in(tx, account, kind="browser", now=hub.clock.now())
        }


# --- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("open", "doing"),
        ("open", "done"),
        ("doing", "done"),
        ("doing", "open"),
        ("done", "doing"),
        ("dropped", "open"),
        ("done", "done"),
    ],
)
def test_a_status_may_move(old: str, new: str) -> None:
    rules.check_progress(old, new, reason="")


@pytest.mark.parametrize(("old", "new"), [("done", "dropped"), ("dropped", "done")])
def test_what_has_ended_is_opened_again_first(old: str, new: str) -> None:
    with pytest.raises(Refusal) as refused:
        rules.check_progress(old, new, reason="x")
    assert refused.value.code == "reopen_first"


def test_dropping_needs_a_reason_and_a_status_is_one_of_four() -> None:
    with pytest.raises(Invalid) as dropped:
        rules.check_progress("open", "dropped", reason="")
    assert dropped.value.fields == {"/reason": "dropped_reason"}
    with pytest.raises(Invalid) as unknown:
        rules.check_progress("open", "forgotten", reason="x")
    assert unknown.value.fields == {"/status": "progress_unknown"}


# --- statuses ------------------------------------------------------------------------------------


async def test_adopted_recommendations_start_open_and_the_rest_is_still_to_decide(
    hub: Hub,
) -> None:
    session, adopted, parked = await decided(hub)
    found = await listed(session.fatima, session=session.id)
    (item,) = found["items"]
    assert (item["id"], item["status"], item["at"]) == (adopted, "open", None)
    assert (item["text"], item["owner"], item["when"]) == ("Sitt ner", "Avdelning 7", "2027-03-01")
    assert item["translations"]["en"]["text"] == "[en] Sitt ner"
    assert item["session"]["id"] == session.id
    assert [(r["id"], r["result"], r["status"]) for r in found["to_decide"]] == [
        (parked, "parked", None)
    ]
    assert "Astrid" not in str(found)


async def test_a_status_is_set_logged_and_shown_in_the_record(hub: Hub) -> None:
    session, adopted, _ = await decided(hub)
    for status, reason in (("doing", ""), ("dropped", "Pengarna tog slut")):
        answer = await set_status(session.fatima, adopted, status, reason)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["status"], answer.json()["reason"]) == (status, reason)
    again = await set_status(session.fatima, adopted, "dropped", "Pengarna tog slut")
    assert again.status_code == 200
    async with hub.database.reading() as tx:
        rows = list(await tx.scalars(select(Progress).order_by(Progress.at)))
        acts = list(await tx.scalars(select(Act).where(Act.kind == "progress_set")))
        events = list(
            await tx.scalars(select(GatheringEvent).where(GatheringEvent.kind == "progress_set"))
        )
    assert [r.status for r in rows] == ["doing", "dropped"]
    assert [a.target for a in acts] == [adopted, adopted]
    assert [e.data for e in events] == [
        {"contribution": adopted, "status": "doing"},
        {"contribution": adopted, "status": "dropped"},
    ]
    record = (await session.astrid.get(f"/sessions/{session.id}/record")).json()
    assert [r["progress"] and r["progress"]["status"] for r in record["recommendations"]] == [
        "dropped",
        None,
    ]
    text = (
        await session.astrid.get(f"/sessions/{session.id}/record", format="md", language="en")
    ).text
    assert "what became of it: Dropped (Pengarna tog slut)" in text


async def test_a_status_that_cannot_be_is_refused_and_changes_nothing(hub: Hub) -> None:
    session, adopted, parked = await decided(hub)
    for id_, status, reason, code in (
        (adopted, "dropped", " ", 422),
        (adopted, "forgotten", "x", 422),
        (parked, "doing", "", 409),
        ("c_nothing", "doing", "", 404),
    ):
        assert (await set_status(session.fatima, id_, status, reason)).status_code == code
    assert (await set_status(session.astrid, adopted, "done")).status_code == 403
    nobody = Person(hub.http, "")
    assert (await set_status(nobody, adopted, "done")).status_code == 401
    assert (await listed(session.fatima))["items"][0]["status"] == "open"


async def test_a_recommendation_is_not_followed_up_while_the_session_runs(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("recommend")
    draft = await session.astrid.said(session.id, "Sitt ner", "recommendation")
    refused = await set_status(session.fatima, draft["id"], "doing")
    assert refused.json()["type"] == "/problems/progress_not_closed"
    assert (await listed(session.fatima)) == {"items": [], "to_decide": [], "next": None}


async def test_an_editor_sets_the_status_once_the_record_is_published(hub: Hub) -> None:
    session, adopted, _ = await decided(hub)
    editor = await hub.account("editor", "Edit")
    researcher = await hub.account("researcher", "Rut")
    assert (await set_status(editor, adopted, "doing")).status_code == 404
    hub.clock.move(days=7)
    assert (await session.move("record/publish")).status_code == 200
    assert (await set_status(editor, adopted, "doing")).status_code == 200
    assert (await set_status(researcher, adopted, "done")).status_code == 403


async def test_everybody_reads_the_recommendations_of_published_records_alone(hub: Hub) -> None:
    session, adopted, _ = await decided(hub, case="cafe")
    nobody, other = Person(hub.http, ""), await hub.session()
    assert (await listed(nobody))["items"] == []
    assert (await listed(other.astrid))["to_decide"] == []
    assert [r["id"] for r in (await listed(session.astrid))["items"]] == [adopted]
    hub.clock.move(days=7)
    await session.move("record/publish")
    for query in ({}, {"session": session.id}, {"case": "cafe"}, {"status": "open"}):
        assert [r["id"] for r in (await listed(nobody, **query))["items"]] == [adopted], query
    for query in ({"session": other.id}, {"case": "esther"}, {"status": "done"}):
        assert (await listed(nobody, **query))["items"] == [], query
    assert (await nobody.get("/recommendations", status="maybe")).status_code == 422


async def test_recommendations_are_read_page_by_page(hub: Hub) -> None:
    sessions = []
    for _ in range(3):
        sessions.append(await decided(hub))
        hub.clock.move(minutes=1)
    fatima = sessions[0][0].fatima
    first = await listed(fatima, limit="2")
    assert [r["id"] for r in first["items"]] == [sessions[2][1], sessions[1][1]]
    second = await listed(fatima, limit="2", after=first["next"])
    assert [r["id"] for r in second["items"]] == [sessions[0][1]]
    assert second["next"] is None


async def test_hidden_and_withdrawn_recommendations_are_not_carried_on(hub: Hub) -> None:
    session, adopted, parked = await decided(hub)
    hidden = await session.fatima.post(f"/contributions/{adopted}/hide", {"reason": "A name"})
    assert hidden.status_code == 200
    await session.ben.delete(f"/contributions/{parked}")
    assert (await listed(session.fatima)) == {"items": [], "to_decide": [], "next": None}
    assert (await set_status(session.fatima, parked, "doing")).status_code == 404


# --- the session that takes them up ---------------------------------------------------------------


async def test_a_session_takes_up_what_another_recommended(hub: Hub) -> None:
    earlier, adopted, _ = await decided(hub)
    await set_status(earlier.fatima, adopted, "doing", "Börjat på natten")
    later = await hub.session(start=False, follows=earlier.id)
    view = (await later.fatima.get(f"/sessions/{later.id}")).json()
    assert view["follows"] == earlier.id
    for person, words in ((later.astrid, "Från förra gången"), (later.ben, "From last time")):
        page = (await hub.http.get(f"/sessions/{later.id}", cookies=browser(later, person))).text
        assert words in page
        assert "Börjat på natten" in page
        assert 'id="progress-' not in page
    await later.go_to("evidence")
    page = (await hub.http.get(f"/sessions/{later.id}", cookies=browser(later, later.ben))).text
    assert "From last time" not in page


async def test_the_record_keeps_the_statuses_as_they_were_at_the_end(hub: Hub) -> None:
    earlier, adopted, parked = await decided(hub)
    await set_status(earlier.fatima, adopted, "doing")
    later = await hub.session(follows=earlier.id)
    hub.clock.move(minutes=1)
    await later.moved("close")
    hub.clock.move(days=1)
    await set_status(earlier.fatima, adopted, "done")
    record = (await later.astrid.get(f"/sessions/{later.id}/record")).json()
    assert [(r["id"], r["status"]) for r in record["followed"]] == [
        (adopted, "doing"),
        (parked, None),
    ]
    assert (await listed(later.fatima, session=earlier.id))["items"][0]["status"] == "done"


async def test_a_public_record_tells_nothing_of_one_that_is_not(hub: Hub) -> None:
    earlier, adopted, _ = await decided(hub)
    later = await hub.session(follows=earlier.id)
    await later.moved("close")
    hub.clock.move(days=7)
    await later.move("record/publish")
    path = f"/api/v1/sessions/{later.id}/record"
    assert (await hub.http.get(path)).json()["followed"] == []
    await earlier.move("record/publish")
    followed = (await hub.http.get(path)).json()["followed"]
    assert adopted in {r["id"] for r in followed}


@pytest.mark.parametrize("follows", ["s_nothing", "RUNNING"])
async def test_only_a_closed_session_is_followed(hub: Hub, follows: str) -> None:
    running = await hub.session()
    fatima = running.fatima
    wanted = running.id if follows == "RUNNING" else follows
    body = {"format": "jif-90", "title": {"sv": "A", "en": "A"}, "follows": wanted}
    refused = await fatima.post("/sessions", body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/follows"


async def test_the_latest_of_the_same_case_is_found(hub: Hub) -> None:
    first, *_ = await decided(hub, case="cafe")
    hub.clock.move(minutes=1)
    second, *_ = await decided(hub, case="cafe")
    hub.clock.move(minutes=1)
    await decided(hub, case="esther")
    fatima = first.fatima
    assert (await plan(fatima, case="cafe", follows="latest"))["follows"] == second.id
    assert (await plan(fatima, case="djursdala", follows="latest"))["follows"] is None
    assert (await plan(fatima, follows="latest"))["follows"] is None
    assert (await plan(fatima, case="cafe"))["follows"] is None
    assert (await plan(fatima, case="cafe", follows="none"))["follows"] is None


async def test_a_plan_by_form_takes_up_the_latest_unless_it_is_told_not_to(hub: Hub) -> None:
    earlier, *_ = await decided(hub, case="cafe")
    cookies = await signed_in(hub, earlier.fatima)
    page = (await hub.http.get("/sessions/new", cookies=cookies)).text
    assert '<option value="latest" selected>' in page
    assert f'<option value="{earlier.id}">' in page
    form = {"format": "jif-90", "title_sv": "B", "title_en": "B", "case": "cafe"}
    for chosen, wanted in (
        ({}, earlier.id),
        ({"follows": "latest"}, earlier.id),
        ({"follows": "none"}, None),
        ({"follows": earlier.id, "case": ""}, earlier.id),
    ):
        made = await hub.http.post("/sessions", data={**form, **chosen}, cookies=cookies)
        assert made.status_code == 303
        id_ = made.headers["location"].split("/")[2]
        view = (await earlier.fatima.get(f"/sessions/{id_}")).json()
        assert view["follows"] == wanted, chosen
    wrong = await hub.http.post("/sessions", data={**form, "follows": "s_x"}, cookies=cookies)
    assert wrong.status_code == 422
    assert 'id="follows-e"' in wrong.text


async def test_the_status_is_set_from_the_plan_and_from_the_record(hub: Hub) -> None:
    earlier, adopted, _ = await decided(hub)
    later = await hub.session(start=False, follows=earlier.id)
    cookies = await signed_in(hub, earlier.fatima)
    path = f"/recommendations/{adopted}/status"
    page = (await hub.http.get(f"/sessions/{later.id}/desk", cookies=cookies)).text
    assert f'action="{path}"' in page
    back = {"session": later.id}
    empty = await hub.http.post(path, data={**back, "status": "dropped"}, cookies=cookies)
    assert empty.status_code == 422
    assert f'href="#progress-{adopted}-reason"' in empty.text
    assert f'id="progress-{adopted}-reason-e"' in empty.text
    assert '<option value="dropped" selected>' in empty.text
    done = await hub.http.post(path, data={**back, "status": "doing"}, cookies=cookies)
    assert done.headers["location"] == f"/sessions/{later.id}/desk#followed"
    record = f"/sessions/{earlier.id}/record"
    faulty = await hub.http.post(path, data={"status": "dropped"}, cookies=cookies)
    assert faulty.status_code == 422
    assert "Say why the recommendation is dropped" in faulty.text
    reason = "<b>Inga pengar</b>"
    answer = await hub.http.post(
        path, data={"status": "dropped", "reason": reason}, cookies=cookies
    )
    assert answer.headers["location"] == f"{record}#rec-{adopted}"
    shown = (await hub.http.get(record, cookies=cookies)).text
    assert reason in html.unescape(shown)
    assert reason not in shown


async def test_a_participant_cannot_set_a_status_by_form(hub: Hub) -> None:
    earlier, adopted, _ = await decided(hub)
    cookies = browser(earlier, earlier.astrid)
    path = f"/recommendations/{adopted}/status"
    refused = await hub.http.post(path, data={"status": "done"}, cookies=cookies)
    assert refused.status_code == 403
    page = (await hub.http.get(f"/sessions/{earlier.id}/record", cookies=cookies)).text
    assert path not in page
