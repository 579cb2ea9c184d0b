"""The home page, the pages of case studies and the board: what is public, and nothing else."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from hub.front.reading import SHOWN_COMING
from hub.meetings.models import Meeting
from hub.summaries.models import Summary
from tests.cast import TITLE, plan
from tests.conftest import Hub
from tests.gatherings.test_following import decided, signed_in

ENGLISH = {"Accept-Language": "en"}


def a_meeting(n: int, *, starts_at: datetime, **more: Any) -> Meeting:
    return Meeting(
        **{
            "id": f"w_{n}",
            "kind": "external",
            "title": {"sv": f"Workshop {n}", "en": f"Workshop {n} <b>"},
            "starts_local": "2027-03-04T13:00",
            "ends_local": "2027-03-04T14:30",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(minutes=90),
            "state": "invited",
            "uid": f"{n}@hub.test",
            "created_at": starts_at,
            "updated_at": starts_at,
            **more,
        }
    )


def a_summary(n: int, *, at: datetime | None, **more: Any) -> Summary:
    return Summary(
        **{
            "id": f"u_{n}",
            "title": {"sv": f"Sammanfattning {n}", "en": f"Summary {n}"},
            "built_at": datetime(2026, 11, 1, tzinfo=UTC),
            "published_at": at,
            "created_at": datetime(2026, 11, 1, tzinfo=UTC),
            **more,
        }
    )


async def add(hub: Hub, *things: Any) -> None:
    async with hub.database.transaction() as tx:
        tx.add_all(things)


async def page(hub: Hub, path: str = "/", **params: str) -> str:
    answer = await hub.http.get(path, params=params, headers=ENGLISH)
    assert answer.status_code == 200, answer.text
    return answer.text


async def public(hub: Hub, **more: Any) -> tuple[Any, str]:
    session, adopted, _ = await decided(hub, **more)
    hub.clock.move(days=8)
    assert (await session.move("record/publish")).status_code == 200
    return session, adopted


# --- home ----------------------------------------------------------------------------------------


async def test_an_empty_hub_says_what_will_come(hub: Hub) -> None:
    home = await page(hub)
    for sentence in (
        "No session is on right now.",
        "Nothing is planned yet.",
        "Nothing has been published yet.",
        "When somebody tells what became of a recommendation",
    ):
        assert sentence in home
    # The way in comes first, then what is on.
    assert home.index('id="code"') < home.index('id="now-h"') < home.index('id="next-h"')
    assert 'action="/search"' in home


async def test_what_is_coming_is_shown_in_both_zones_by_when_it_begins(hub: Hub) -> None:
    march = datetime(2027, 3, 4, 12, 0, tzinfo=UTC)
    await add(
        hub,
        a_meeting(1, starts_at=march + timedelta(days=1)),
        a_meeting(2, starts_at=march),
        a_meeting(3, starts_at=march, state="draft"),
        a_meeting(4, starts_at=march, state="cancelled"),
        a_meeting(5, starts_at=march, open_to_all=False),
        a_meeting(6, starts_at=hub.clock.now() - timedelta(days=1)),
    )
    home = await page(hub)
    assert home.index("/workshops/w_2") < home.index("/workshops/w_1")
    assert "13:00–14:30 Stockholm" in home
    assert "12:00–13:30 London" in home
    assert "Workshop 2 &lt;b&gt;" in home
    for n in (3, 4, 5, 6):
        assert f"/workshops/w_{n}" not in home


async def test_a_meeting_that_has_begun_is_shown_until_it_ends(hub: Hub) -> None:
    begun = hub.clock.now() - timedelta(minutes=30)
    await add(hub, a_meeting(1, starts_at=begun, state="live"))
    assert "/workshops/w_1" in await page(hub)
    hub.clock.move(minutes=61)
    assert "/workshops/w_1" not in await page(hub)


async def test_a_planned_session_is_shown_once_and_never_with_its_code(hub: Hub) -> None:
    fatima = await hub.account()
    made = await plan(fatima, starts_at="2027-03-04T12:00:00Z")
    by_invitation = await plan(
        fatima,
        title={"sv": "Bara inbjudna", "en": "Invited only"},
        access="invited",
        starts_at="2027-03-05T12:00:00Z",
    )
    home = await page(hub)
    assert home.count(TITLE["en"]) == 1
    assert made["code"] not in home
    assert "Invited only" not in home
    assert by_invitation["id"] not in home
    await add(
        hub,
        a_meeting(1, starts_at=datetime(2027, 3, 4, 12, tzinfo=UTC), gathering_id=made["id"]),
    )
    home = await page(hub)
    assert TITLE["en"] not in home
    assert "/workshops/w_1" in home


async def test_no_more_is_shown_than_a_page_holds(hub: Hub) -> None:
    at = hub.clock.now() + timedelta(days=30)
    await add(hub, *(a_meeting(n, starts_at=at + timedelta(days=n)) for n in range(40)))
    await add(hub, *(a_summary(n, at=at - timedelta(days=50 + n)) for n in range(40)))
    home = await page(hub)
    assert home.count('<h3 class="f-l" dir="auto"><a href="/workshops/') == SHOWN_COMING
    assert home.count('href="/summaries/u_') == 6


async def test_what_came_out_is_what_is_published_the_latest_first(hub: Hub) -> None:
    session, _ = await public(hub)
    now = hub.clock.now()
    await add(
        hub,
        a_summary(1, at=now - timedelta(days=1)),
        a_summary(2, at=now + timedelta(hours=1)),
        a_summary(3, at=None),
    )
    home = await page(hub)
    record = f'href="/sessions/{session.id}/record"'
    assert home.index("/summaries/u_2") < home.index(record) < home.index("/summaries/u_1")
    assert "/summaries/u_3" not in home


async def test_a_draft_record_and_its_recommendations_are_nowhere(hub: Hub) -> None:
    session, adopted, _ = await decided(hub, case="esther")
    body = {"status": "doing", "reason": "Hemligt skäl"}
    assert (await session.fatima.post(f"/recommendations/{adopted}/status", body)).is_success
    for path in ("/", "/recommendations", "/cases/esther", "/recommendations.csv"):
        text = await page(hub, path)
        assert "Sitt ner" not in text
        assert "Hemligt" not in text
        assert session.id not in text


async def test_what_became_of_a_recommendation_is_news(hub: Hub) -> None:
    session, adopted = await public(hub, case="esther")
    assert "Sitt ner" not in await page(hub)
    for status, reason in (("doing", "Två <b>avdelningar</b>"), ("dropped", "Inget <i>schema</i>")):
        body = {"status": status, "reason": reason}
        assert (await session.fatima.post(f"/recommendations/{adopted}/status", body)).is_success
    for path in ("/", "/cases/esther"):
        text = await page(hub, path)
        assert text.count("[en] Sitt ner") == 1
        assert "Inget &lt;i&gt;schema&lt;/i&gt;" in text
        assert "avdelningar" not in text
        assert f"/recommendations?session={session.id}#rec-{adopted}" in text
    assert "Sitt ner" not in await page(hub, "/cases/ward")
    hidden = await session.fatima.post(
        f"/contributions/{adopted}/hide", {"reason": "personal_data"}
    )
    assert hidden.is_success
    assert "Sitt ner" not in await page(hub)


async def test_the_home_page_takes_few_questions_however_much_there_is(hub: Hub) -> None:
    now = hub.clock.now()
    asked: list[str] = []

    @event.listens_for(hub.database.engine.sync_engine, "before_cursor_execute")
    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            asked.append(statement)

    await page(hub)
    empty = len(asked)
    session, adopted = await public(hub)
    await session.fatima.post(f"/recommendations/{adopted}/status", {"status": "doing"})
    await add(hub, *(a_meeting(n, starts_at=now + timedelta(days=20 + n)) for n in range(30)))
    await add(hub, *(a_summary(n, at=now - timedelta(days=n)) for n in range(30)))
    asked.clear()
    await page(hub)
    assert len(asked) <= 12
    assert empty <= len(asked)


async def test_somebody_who_is_signed_in_has_the_same_page_and_a_way_to_the_room(hub: Hub) -> None:
    session = await hub.session()
    assert session.code not in await page(hub)
    hub.http.cookies.update(await signed_in(hub, session.fatima))
    home = await page(hub)
    assert f'href="/sessions/{session.id}"' in home


# --- case studies --------------------------------------------------------------------------------


async def test_a_case_has_its_own_meetings_and_results(hub: Hub) -> None:
    later = hub.clock.now() + timedelta(days=20)
    await add(
        hub,
        a_meeting(1, starts_at=later, cases=["esther", "ward"]),
        a_meeting(2, starts_at=later, cases=["ward"]),
        a_summary(1, at=hub.clock.now(), case_id="esther"),
        a_summary(2, at=hub.clock.now(), case_id="ward"),
    )
    text = await page(hub, "/cases/esther")
    assert "Esther" in text
    assert "/workshops/w_1" in text
    assert "/summaries/u_1" in text
    assert "/workshops/w_2" not in text
    assert "/summaries/u_2" not in text
    assert "/edit" not in text
    assert 'href="/cases/esther"' in await page(hub, "/cases")
    assert (await hub.http.get("/cases/nowhere")).status_code == 404
    hub.http.cookies.update(await signed_in(hub, await hub.account()))
    assert 'href="/cases/esther/edit"' in await page(hub, "/cases/esther")


# --- the board -----------------------------------------------------------------------------------


async def test_the_board_tells_who_what_when_and_what_became_of_it(hub: Hub) -> None:
    session, adopted = await public(hub, case="esther")
    text = await page(hub, "/recommendations")
    for words in ("[en] Sitt ner", "1 March 2027", "1 recommendation. Done: 0. Dropped: 0."):
        assert words in text
    assert "Avdelning 7" in text
    assert f"/sessions/{session.id}/record#rec-{adopted}" in text
    # What was not adopted has nothing to follow.
    assert "Hire someone" not in text
    body = {"status": "dropped", "reason": "Inget <i>schema</i>"}
    await session.fatima.post(f"/recommendations/{adopted}/status", body)
    text = await page(hub, "/recommendations")
    assert "Why it was dropped:" in text
    assert "Inget &lt;i&gt;schema&lt;/i&gt;" in text
    assert 'role="img" aria-label="Dropped: 1"' in text
    assert f"/sessions/{session.id}/owners" not in text


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ({}, True),
        ({"case": "esther"}, True),
        ({"case": "ward"}, False),
        ({"case": "no such"}, True),
        ({"status": "open"}, True),
        ({"status": "done"}, False),
        ({"status": "no such"}, True),
        ({"session": "s_none"}, False),
        ({"after": "s_none"}, True),
    ],
)
async def test_the_board_shows_a_case_or_a_status(
    hub: Hub, query: dict[str, str], there: bool
) -> None:
    await public(hub, case="esther")
    assert ("Sitt ner" in await page(hub, "/recommendations", **query)) is there


async def test_the_numbers_of_the_board_are_a_file_that_runs_nothing(hub: Hub) -> None:
    await public(hub, title={"sv": "=1+1", "en": "=cmd()"})
    answer = await hub.http.get("/recommendations.csv", headers=ENGLISH)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows == [["forum", "done", "doing", "open", "dropped"], ["'=cmd()", "0", "0", "1", "0"]]


async def test_a_board_of_many_sessions_is_read_page_by_page(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.front import reading

    first, _ = await public(hub)
    second, _ = await public(hub)
    monkeypatch.setitem(reading.read_board.__kwdefaults__, "limit", 1)
    text = await page(hub, "/recommendations")
    assert second.id in text
    assert f"after={second.id}" in text
    older = await page(hub, "/recommendations", after=second.id)
    assert first.id in older
    assert "after=" not in older


async def test_the_board_keeps_what_was_decided_when_the_posts_are_deleted(hub: Hub) -> None:
    from hub.gatherings.doorway import read_record
    from hub.retention.actions import erase_posts

    session, adopted = await public(hub)
    await session.fatima.post(f"/recommendations/{adopted}/status", {"status": "done"})

    async def purge(tx: Any, gathering: Any) -> None:
        kept = await read_record(hub.screens, tx, gathering.id)
        await erase_posts(tx, gathering, kept=kept, now=hub.clock.now())

    await hub.screens.carry_out(session.id, purge)
    text = await page(hub, "/recommendations")
    assert "[en] Sitt ner" in text
    assert "1 recommendation. Done: 1. Dropped: 0." in text
    assert (await hub.http.get("/", headers=ENGLISH)).status_code == 200


async def test_those_who_lead_sessions_come_from_the_board_to_the_owners(hub: Hub) -> None:
    session, _ = await public(hub)
    hub.http.cookies.update(await signed_in(hub, session.fatima))
    assert f"/sessions/{session.id}/owners" in await page(hub, "/recommendations")
    assert f"/sessions/{session.id}/owners" in await page(hub, f"/sessions/{session.id}/record")
