"""The page and the call that tell what the hub does by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.models import list_entries
from hub.mail.actions import queue_mail
from hub.people import actions as people
from hub.people.door import ACCOUNT_COOKIE
from hub.people.models import Account
from hub.schedule.actions import list_tasks, plan
from hub.schedule.jobs import WAITS, Outcome, run_due
from hub.schedule.models import Task
from tests.cast import Person
from tests.conftest import Hub

from .conftest import both, send_mail


async def thanks(tx: AsyncSession, task: Task, now: Any) -> Outcome:
    if task.about == "w_broken":
        raise RuntimeError("secret words")
    return await send_mail(tx, task, now)


@pytest.fixture
async def timed(hub: Hub) -> Hub:
    """Three coming, one done, one missed and one that has failed."""
    now = hub.clock.now()
    hub.app.state.runner.inside = {"thanks": thanks}
    async with hub.database.transaction() as tx:
        await plan(tx, "thanks", "w_done", due_at=now, now=now, title=both("Klar <b>träff</b>"))
        await plan(
            tx, "thanks", "w_missed", due_at=now, until_at=now, now=now, title=both("Missad")
        )
        await plan(tx, "thanks", "w_broken", due_at=now, now=now, title=both("Trasig"))
        for number in range(3):
            due_at = now + timedelta(days=40 + number)
            await plan(
                tx, "thanks", f"w_{number}", due_at=due_at, now=now, title=both(f"Träff {number}")
            )
    for wait in (*WAITS, WAITS[0]):
        await run_due(hub.app.state.runner)
        hub.clock.move(seconds=wait.total_seconds())
    return hub


async def tasks(hub: Hub, *states: str) -> list[Task]:
    async with hub.database.reading() as tx:
        return await list_tasks(tx, states=states, limit=100)


async def page(hub: Hub, person: Person, path: str = "/schedule", language: str = "sv") -> str:
    cookies = {ACCOUNT_COOKIE: person.token, "hub_language": language}
    answer = await hub.http.get(path, cookies=cookies)
    assert answer.status_code == 200, answer.text
    return answer.text


async def browser(hub: Hub, role: str = "facilitator", name: str = "Fatima") -> Person:
    """Somebody who is signed in with a browser."""
    person = await hub.account(role, name)
    async with hub.database.transaction() as tx:
        account = await tx.get(Account, person.id)
        assert account is not None
        token = await people.sign_in(tx, account, kind="browser", now=hub.clock.now())
    return Person(hub.http, token, id=person.id, name=name, language="en")


@pytest.mark.parametrize("role", ["admin", "facilitator"])
async def test_those_who_run_the_hub_see_what_came_of_everything(timed: Hub, role: str) -> None:
    html = await page(timed, await browser(timed, role))
    assert "Klar &lt;b&gt;träff&lt;/b&gt;" in html
    assert "Det var för sent för att vara till nytta." in html
    assert "Det blev ett fel i tjänsten. Felet står i loggen." in html
    assert "Försökt 6 gånger." in html
    assert "secret words" not in html
    assert html.index("Träff 0") < html.index("Träff 1") < html.index("Träff 2")
    assert html.count('action="/schedule/k_') == 4
    english = await page(timed, await browser(timed, role), language="en")
    assert "Something went wrong in the hub." in english
    assert "It was too late to be of any use." in english


@pytest.mark.parametrize("role", ["editor", "researcher"])
async def test_nobody_else_does(timed: Hub, role: str) -> None:
    person = await timed.account(role, "Rut")
    (task, *_) = await tasks(timed, "waiting")
    assert (await person.get("/schedule")).status_code == 403
    assert (await person.post(f"/schedule/{task.id}/run")).status_code == 403
    assert (await timed.http.get("/api/v1/schedule")).status_code == 401
    answer = await timed.http.get("/schedule")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    for path in (f"/schedule/{task.id}/run", f"/api/v1/schedule/{task.id}/run"):
        assert (await timed.http.post(path)).status_code == 401
    assert (await tasks(timed, "waiting"))[0].id == task.id


async def test_the_call_tells_the_same_page_by_page(timed: Hub) -> None:
    fatima = await timed.account()
    first = (await fatima.get("/schedule", limit=2)).json()
    assert [task["title"]["sv"] for task in first["items"]] == ["Träff 0", "Träff 1"]
    rest = (await fatima.get("/schedule", limit=2, after=first["next"])).json()
    assert [task["title"]["sv"] for task in rest["items"]] == ["Träff 2"]
    assert rest["next"] is None
    assert first["tasks"] == {"waiting": 3, "in_trouble": 0, "failed": 1, "missed": 1}
    assert first["mails"] == {"waiting": 1, "in_trouble": 0, "failed": 0}
    assert first["looked_at"] is not None
    (failed,) = (await fatima.get("/schedule", part="failed")).json()["items"]
    assert (failed["state"], failed["fault"], failed["can_run"]) == ("failed", "broke", True)
    assert failed["path"] == "/workshops/w_broken"
    (missed,) = (await fatima.get("/schedule", part="missed")).json()["items"]
    assert (missed["fault"], missed["can_run"]) == ("too_late", False)
    (done,) = (await fatima.get("/schedule", part="ran")).json()["items"]
    assert (done["count"], done["can_run"]) == (1, False)
    assert (await fatima.get("/schedule", part="dropped")).json()["items"] == []
    assert (await fatima.get("/schedule", part="naps")).status_code == 422
    gone = await fatima.get("/schedule", limit=2, after="k_gone")
    assert gone.json()["items"] == first["items"]


async def test_the_page_goes_on_where_there_is_more(timed: Hub) -> None:
    now = timed.clock.now()
    async with timed.database.transaction() as tx:
        for number in range(60):
            due_at = now + timedelta(days=100, minutes=number)
            await plan(
                tx, "thanks", f"w_more{number}", due_at=due_at, now=now, title=both(f"Nr {number}.")
            )
    fatima = await browser(timed)
    html = await page(timed, fatima)
    assert "Nr 6." in html
    assert "Nr 7." not in html
    assert 'href="/schedule?part=coming"' in html
    html = await page(timed, fatima, "/schedule?part=coming")
    assert "Nr 46." in html
    assert "Nr 47." not in html
    following = html.split('href="/schedule?part=coming&amp;after=')[1].split('"')[0]
    html = await page(timed, fatima, f"/schedule?part=coming&after={following}")
    assert "Nr 46." not in html
    assert "Nr 47." in html
    assert "Nr 59." in html
    assert "after=" not in html
    assert "Här finns inget." in await page(timed, fatima, "/schedule?part=dropped")


async def test_run_now_does_it_and_keeps_who_did(timed: Hub) -> None:
    fatima = await browser(timed)
    task, *_ = await tasks(timed, "waiting")
    cookies = {ACCOUNT_COOKIE: fatima.token, "hub_language": "sv"}
    answer = await timed.http.post(f"/schedule/{task.id}/run", cookies=cookies)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/schedule?ran={task.id}")
    html = await page(timed, fatima, answer.headers["location"])
    assert '<p class="note note--ok" role="status">Tacka dem som var med' in html
    assert task.id in [each.id for each in await tasks(timed, "done")]
    async with timed.database.reading() as tx:
        (entry,) = await list_entries(tx, before=None, limit=5, acts=("task_run",), subject="")
    assert (entry.actor, entry.subject) == (fatima.id, task.id)
    again = await timed.http.post(f"/schedule/{task.id}/run", cookies=cookies)
    assert again.status_code == 409
    assert "Den uppgiften är redan klar" in again.text
    assert "<h1>" in again.text


async def test_run_now_tells_that_it_did_not_work(timed: Hub) -> None:
    fatima = await browser(timed)
    (task,) = await tasks(timed, "failed")
    cookies = {ACCOUNT_COOKIE: fatima.token, "hub_language": "en"}
    answer = await timed.http.post(f"/schedule/{task.id}/run", cookies=cookies)
    html = await page(timed, fatima, answer.headers["location"], "en")
    assert '<p class="note note--bad" role="alert">' in html
    assert "it did not work. Something went wrong in the hub." in html
    call = await (await timed.account()).post(f"/schedule/{task.id}/run")
    assert call.status_code == 200
    assert (call.json()["state"], call.json()["fault"]) == ("waiting", "broke")


async def test_run_now_refuses_in_the_readers_words(timed: Hub) -> None:
    fatima = await timed.account()
    (missed,) = await tasks(timed, "missed")
    answer = await fatima.post(f"/schedule/{missed.id}/run")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/task_over")
    assert (await fatima.post("/schedule/k_gone/run")).status_code == 404
    task, *_ = await tasks(timed, "waiting")
    async with timed.database.transaction() as tx:
        await tx.execute(update(Task).where(Task.id == task.id).values(until_at=task.made_at))
    answer = await fatima.post(f"/schedule/{task.id}/run")
    assert answer.json()["type"] == "/problems/task_too_late"


async def test_another_site_cannot_make_somebody_run_a_task(timed: Hub) -> None:
    fatima = await browser(timed)
    task, *_ = await tasks(timed, "waiting")
    answer = await timed.http.post(
        f"/schedule/{task.id}/run",
        cookies={ACCOUNT_COOKIE: fatima.token},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert len(await tasks(timed, "waiting")) == 3


async def test_mails_that_were_given_up_are_counted(timed: Hub) -> None:
    async with timed.database.transaction() as tx:
        mail = await queue_mail(
            tx, "words_withdrawn", to="x", language="sv", facts={"title": "T", "url": "/x"},
            now=timed.clock.now(),
        )  # fmt: skip
        mail.failed_at, mail.due_at = timed.clock.now(), None
    found = (await (await timed.account()).get("/schedule")).json()["mails"]
    assert found == {"waiting": 1, "in_trouble": 0, "failed": 1}


async def test_the_ticker_does_what_is_due(hub: Hub) -> None:
    now = hub.clock.now()
    hub.app.state.runner.inside = {"thanks": thanks}
    async with hub.database.transaction() as tx:
        await plan(tx, "thanks", "w_1", due_at=now, now=now)
    job = hub.app.state.ticker.jobs["schedule"]
    assert job.seconds == 30
    assert await job.run() == 1
    (done,) = await tasks(hub, "done")
    assert done.about == "w_1"
