"""The forum's method: hidden ratings, outcomes, asking for time, time from the plan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.gatherings import rules
from hub.gatherings.panels import balance
from tests.conftest import Hub

from .test_rules import FORM, START


async def rate(person: Any, session: Any, of: str, value: Any, scale: str = "importance") -> Any:
    fields = {"of": of, "value": value, "scale": scale}
    return await person.said(session.id, "", "rating", fields=fields)


async def ratings_seen(session: Any, theme: str) -> Any:
    items = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    return next(c["ratings"] for c in items if c["id"] == theme)


async def test_ratings_stay_hidden_until_all_who_are_present_have_answered(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("converge")
    theme = (await session.astrid.said(session.id, "Ord som stänger", "theme"))["id"]
    mine = await rate(session.astrid, session, theme, 5)
    assert mine["seq"] is None
    assert await ratings_seen(session, theme) == {}
    assert mine["id"] not in (await session.ben.get(f"/sessions/{session.id}/changes")).text
    await rate(session.ben, session, theme, "pass")
    shown = (await ratings_seen(session, theme))["importance"]
    assert shown == {"counts": [0, 0, 0, 0, 1], "passed": 1, "answered": 1, "mean": 5.0}
    hub.clock.move(seconds=1)
    await rate(session.ben, session, theme, 2)
    assert (await ratings_seen(session, theme))["importance"]["counts"] == [0, 1, 0, 0, 1]


async def test_each_scale_is_waited_for_on_its_own(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("converge")
    theme = (await session.astrid.said(session.id, "Tema", "theme"))["id"]
    await rate(session.astrid, session, theme, 5, "agreement")
    await rate(session.ben, session, theme, 4, "importance")
    assert await ratings_seen(session, theme) == {}
    await rate(session.astrid, session, theme, 3, "importance")
    assert set(await ratings_seen(session, theme)) == {"importance"}


async def test_the_facilitator_may_reveal_without_waiting(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("converge")
    theme = (await session.astrid.said(session.id, "Tema", "theme"))["id"]
    await rate(session.astrid, session, theme, 4)
    path = f"/contributions/{theme}/reveal"
    assert (await session.ben.post(path)).status_code == 403
    revealed = (await session.fatima.post(path)).json()
    assert revealed["ratings"]["importance"]["answered"] == 1


async def propose(session: Any) -> str:
    await session.go_to("recommend")
    fields = {"owner": "Ward", "when": "2027-03-01", "measure": "Count"}
    draft = await session.astrid.said(session.id, "Sitt ner", "recommendation", fields=fields)
    await session.go_to("decide")
    return str(draft["id"])


async def result_of(session: Any) -> str:
    record = (await session.fatima.get(f"/sessions/{session.id}/record")).json()
    return str(record["recommendations"][0]["result"])


async def test_dissent_is_written_out_after_two_rounds_of_amendments(hub: Hub) -> None:
    session = await hub.session()
    draft = await propose(session)
    objection = {"of": draft, "value": "objection"}
    await session.ben.said(session.id, "Who answers the alarm?", "stance", fields=objection)
    outcome = {"of": draft, "result": "adopted_with_dissent"}

    async def adopt(text: str) -> Any:
        return await session.fatima.say(session.id, text, "facilitation", fields=outcome)

    assert (await adopt("Ben objects.")).json()["type"] == "/problems/amend_first"
    for text in ("One carries the alarm.", "Two carry it."):
        await session.astrid.said(session.id, text, "amendment", fields={"of": draft})
    assert (await adopt("")).status_code == 422
    assert (await session.fatima.get(f"/sessions/{session.id}")).json()["exit_met"] is False
    assert (await adopt("Ben objects: nobody answers the alarm.")).status_code == 201
    assert await result_of(session) == "adopted_with_dissent"
    assert (await session.fatima.get(f"/sessions/{session.id}")).json()["exit_met"] is True


async def test_a_proposal_may_always_be_parked(hub: Hub) -> None:
    session = await hub.session()
    draft = await propose(session)
    parked = {"of": draft, "result": "parked"}
    refused = await session.astrid.say(session.id, "", "facilitation", fields=parked)
    assert refused.status_code == 403
    await session.fatima.said(session.id, "We come back to it.", "facilitation", fields=parked)
    assert await result_of(session) == "parked"
    wrong = {"of": draft, "result": "adopted"}
    assert (
        await session.fatima.say(session.id, "", "facilitation", fields=wrong)
    ).status_code == 422


async def test_people_ask_for_more_time_once_a_phase(hub: Hub) -> None:
    session = await hub.session()
    path = f"/sessions/{session.id}/more-time"
    for _ in range(2):
        assert (await session.astrid.post(path)).status_code == 200
    assert (await session.ben.post(path)).status_code == 200
    assert (await session.fatima.post(path)).status_code == 403
    assert await asked(session) == 2
    hub.clock.move(seconds=1)
    await session.moved("advance")
    assert await asked(session) == 0


async def asked(session: Any) -> int:
    items = (await session.fatima.get(f"/sessions/{session.id}/changes")).json()["items"]
    return int(next(i["phase"]["more_time"] for i in items if "phase" in i))


def event(kind: str, minute: float, **data: Any) -> rules.Event:
    return rules.Event(kind, START + timedelta(minutes=minute), data)


def begun(index: int, minute: float) -> rules.Event:
    phase = FORM.phases[index]
    return event("phase_started", minute, index=index, phase=phase.id, seconds=phase.minutes * 60)


@pytest.mark.parametrize(
    ("events", "now", "minutes"),
    [
        ([], 0, 0),
        ([begun(0, 0)], 3, 0),
        ([begun(0, 0), begun(1, 5)], 6, 3),
        ([begun(0, 0), begun(1, 10)], 11, -2),
        ([begun(0, 0)], 10, -2),
        ([begun(0, 0), event("extended", 2, seconds=120)], 3, -2),
        ([begun(0, 0), event("cut", 2, phase="evidence", seconds=120)], 3, 2),
    ],
)
def test_slack_is_what_is_in_hand_against_the_plan(
    events: list[rules.Event], now: float, minutes: float
) -> None:
    at = START + timedelta(minutes=now)
    assert rules.slack_seconds(FORM, events, at) == pytest.approx(minutes * 60)


def test_time_is_taken_from_what_may_be_cut_and_never_from_the_method() -> None:
    at = rules.Stage("running", 0, START, START, None)
    assert rules.time_to_cut(FORM, at, seconds=120, slack=300, cuts={}) is None
    assert rules.time_to_cut(FORM, at, seconds=120, slack=60, cuts={}) == ("evidence", 60)
    gone = {"evidence": 300.0}
    assert rules.time_to_cut(FORM, at, seconds=120, slack=0, cuts=gone) == ("converge", 120)
    late = rules.Stage("running", 5, START, START, None)
    assert FORM.phases[5].id == "converge"
    assert rules.time_to_cut(FORM, late, seconds=120, slack=0, cuts={}) is None


async def test_time_given_now_is_paid_by_a_later_phase(hub: Hub) -> None:
    session = await hub.session()
    await session.moved("extend", minutes=2)
    evidence = await session.moved("advance")
    assert evidence["phase"] == "evidence"
    assert evidence["seconds_left"] == 8 * 60


async def test_a_proposal_that_answers_a_post_is_decided_on_in_its_latest_words(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("converge")
    theme = await session.astrid.said(session.id, "Sitta ner", "theme")
    await session.go_to("recommend")
    first = await session.astrid.said(
        session.id, "Sitt ner med patienten", "recommendation", reply_to=theme["id"]
    )
    fields = {"owner": "Avdelning 7", "when": "2027-03-01", "measure": "Två frågor"}
    await session.ben.said(
        session.id,
        "On two wards, for four weeks",
        "recommendation",
        reply_to=first["id"],
        fields=fields,
    )
    await session.go_to("decide")
    page = await hub.http.get(
        f"/sessions/{session.id}", cookies={f"hub_seat_{session.id}": session.ben.token}
    )
    form = page.text.split('id="composer"')[1]
    assert f'name="of" value="{first["id"]}"' in form
    assert "On two wards, for four weeks" in form
    record = (await session.fatima.get(f"/sessions/{session.id}/record")).json()
    (proposal,) = record["recommendations"]
    assert proposal["id"] == first["id"]
    assert proposal["contribution"]["text"] == "On two wards, for four weeks"
    assert proposal["owner"] == "Avdelning 7"
    assert record["undecided"] == [first["id"]]


def test_no_figure_is_shown_for_a_group_of_fewer_than_three() -> None:
    post: dict[str, Any] = {"kind": "contribution", "fields": {}}
    shared: list[dict[str, Any]] = [
        {**post, "author": {"group": "lived"}, "text": "ett två tre"},
        {**post, "author": {"group": "research"}, "text": "one"},
        {**post, "author": {"group": "research"}, "text": "remark", "fields": {"remark_on": "sv"}},
    ]
    present = {"a": "lived", "b": "lived", "c": "lived", "d": "research", "e": None}
    # With one group of three left, any share would tell of the others by subtraction.
    assert balance(shared, present) == []
    present |= {"f": "research", "g": "research", "h": "practice"}
    rows = {r["group"]: (r["share"], r["people_share"]) for r in balance(shared, present)}
    assert rows == {"lived": (0.75, 0.5), "research": (0.25, 0.5)}


# --- rankings ---------------------------------------------------------------------------------


async def themes_of(session: Any, number: int = 4) -> list[str]:
    await session.go_to("converge")
    return [
        (await session.astrid.said(session.id, f"Tema {n}", "theme"))["id"] for n in range(number)
    ]


async def rank(person: Any, session: Any, *order: str, **more: Any) -> Any:
    return await person.said(session.id, "", "ranking", fields={"order": list(order), **more})


async def rankings_seen(session: Any) -> dict[str, Any]:
    items = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    return {c["id"]: c["ranking"] for c in items if c["kind"] == "theme"}


async def test_rankings_stay_hidden_until_all_who_are_present_have_ranked_or_passed(
    hub: Hub,
) -> None:
    session = await hub.session()
    a, b, c, d = await themes_of(session)
    mine = await rank(session.astrid, session, b, a, c, d)
    assert mine["seq"] is None
    assert set((await rankings_seen(session)).values()) == {None}
    assert mine["id"] not in (await session.ben.get(f"/sessions/{session.id}/changes")).text
    hub.clock.move(seconds=1)
    await rank(session.ben, session, passed=True)
    assert await rankings_seen(session) == {
        a: {"points": 2, "firsts": 0, "ranked": 1, "passed": 1},
        b: {"points": 3, "firsts": 1, "ranked": 1, "passed": 1},
        c: {"points": 1, "firsts": 0, "ranked": 1, "passed": 1},
        d: {"points": 0, "firsts": 0, "ranked": 1, "passed": 1},
    }
    hub.clock.move(seconds=1)
    await rank(session.ben, session, b)
    seen = (await rankings_seen(session))[b]
    assert seen == {"points": 6, "firsts": 2, "ranked": 2, "passed": 0}
    for person, line in (
        (session.ben, "6 points, first for 2 · 2 people ranked"),
        (session.astrid, "6 poäng, etta hos 2 · 2 personer rangordnade"),
    ):
        cookies = {f"hub_seat_{session.id}": person.token, "hub_language": person.language}
        page = (await hub.http.get(f"/sessions/{session.id}", cookies=cookies)).text
        assert line in page


async def test_what_somebody_ranked_before_does_not_count(hub: Hub) -> None:
    session = await hub.session()
    a, b = await themes_of(session, 2)
    for order in ((a, b), (b, a)):
        hub.clock.move(seconds=1)
        await rank(session.astrid, session, *order)
    await rank(session.ben, session, b, a)
    assert (await rankings_seen(session))[b]["points"] == 6
    assert (await rankings_seen(session))[a]["points"] == 4


async def test_the_facilitator_may_show_the_rankings_without_waiting(hub: Hub) -> None:
    session = await hub.session()
    a, b = await themes_of(session, 2)
    await rank(session.astrid, session, b, a)
    path = f"/sessions/{session.id}/rankings/reveal"
    assert (await session.ben.post(path)).status_code == 403
    shown = (await session.fatima.post(path)).json()["items"]
    assert {t["id"]: t["ranking"]["points"] for t in shown} == {a: 2, b: 3}
    log = (await hub.http.get(f"/sessions/{session.id}/desk", headers=session.fatima.headers)).text
    assert "Showed the rankings" in log


async def test_the_rankings_are_shown_by_a_button_on_the_desk(hub: Hub) -> None:
    session = await hub.session()
    a, b = await themes_of(session, 2)
    await rank(session.astrid, session, b, a)
    desk = f"/sessions/{session.id}/desk"
    page = (await hub.http.get(desk, headers=session.fatima.headers)).text
    assert f'action="/sessions/{session.id}/reveal-rankings"' in page
    path = f"/sessions/{session.id}/reveal-rankings"
    assert (await hub.http.post(path, headers=session.ben.headers)).status_code == 403
    answer = await hub.http.post(path, headers=session.fatima.headers)
    assert (answer.status_code, answer.headers["location"]) == (303, desk)
    assert (await rankings_seen(session))[b]["points"] == 3
    await session.go_to("recommend")
    assert path not in (await hub.http.get(desk, headers=session.fatima.headers)).text


async def test_only_themes_that_stand_are_ranked_each_once(hub: Hub) -> None:
    session, other = await hub.session(), await hub.session()
    (foreign,) = await themes_of(other, 1)
    a, b, c = await themes_of(session, 3)
    post = (await session.ben.said(session.id, "No theme"))["id"]
    renamed = (await session.ben.said(session.id, "A again", "theme", reply_to=a))["id"]
    await session.astrid.delete(f"/contributions/{c}")
    for order in ([foreign], [post], [c], ["c_nothing"], [a, renamed], [a, a], [], "x"):
        answer = await session.ben.say(session.id, "", "ranking", fields={"order": order})
        assert answer.status_code == 422, order
        assert answer.json()["errors"][0]["pointer"] == "/fields/order"
    found = await rank(session.ben, session, renamed, b)
    assert found["fields"]["order"] == [a, b]


async def test_a_theme_that_is_gone_gives_its_place_to_the_next(hub: Hub) -> None:
    session = await hub.session()
    a, b, c, d = await themes_of(session)
    for person in (session.astrid, session.ben):
        await rank(person, session, a, b, c, d)
    assert [r["points"] for r in (await rankings_seen(session)).values()] == [6, 4, 2, 0]
    await session.fatima.post(f"/contributions/{a}/hide", {"reason": "x"})
    seen = await rankings_seen(session)
    assert [seen[t]["points"] for t in (b, c, d)] == [6, 4, 2]
    assert seen[a] is None


async def test_themes_are_moved_by_buttons_and_nothing_is_saved_until_one_says_so(
    hub: Hub,
) -> None:
    session = await hub.session()
    a, b, c = await themes_of(session, 3)
    await hub.translate()
    cookies = {f"hub_seat_{session.id}": session.ben.token, "hub_language": "en"}
    path = f"/sessions/{session.id}"
    before = (await session.fatima.get(path)).json()["revision"]

    async def send(script: bool = False, **form: str) -> Any:
        form = {"kind": "ranking", "client_id": "mine", **form}
        headers = {"HX-Request": "true"} if script else {}
        return await hub.http.post(
            f"{path}/contributions", data=form, cookies=cookies, headers=headers
        )

    def order_in(page: str) -> str:
        return page.split('name="order" value="')[1].split('"', maxsplit=1)[0]

    first = (await hub.http.get(path, cookies=cookies)).text
    assert order_in(first) == f"{a},{b},{c}"
    assert "Not saved" not in first
    moved = await send(order=f"{a},{b},{c}", move=f"up:{c}")
    assert moved.status_code == 200
    assert '<html lang="en">' in moved.text
    assert order_in(moved.text) == f"{a},{c},{b}"
    assert 'name="client_id" value="mine"' in moved.text
    button = moved.text.split(f'id="rank-up-{c}"')[1].split("</button>")[0]
    assert " autofocus" in button
    assert "[en] Tema 2" in button
    assert "Number 2 of 3" in button
    assert moved.text.count(" autofocus") == 1
    again = await send(script=True, order=order_in(moved.text), move=f"up:{c}")
    assert "<html" not in again.text
    assert order_in(again.text) == f"{c},{a},{b}"
    stuck = await send(order=order_in(again.text), move=f"up:{c}")
    assert order_in(stuck.text) == f"{c},{a},{b}"
    assert "Your order is not saved yet." in stuck.text
    composer = await hub.http.get(f"{path}/composer?order={b},{a}", cookies=cookies)
    assert order_in(composer.text) == f"{b},{a},{c}"
    assert (await session.fatima.get(path)).json()["revision"] == before
    assert (await send(order=f"{c},{a},{b}")).status_code == 303
    saved = (await hub.http.get(path, cookies=cookies)).text
    assert order_in(saved) == f"{c},{a},{b}"
    assert "Your ranking is saved." in saved
    hub.clock.move(seconds=1)
    passed = await send(script=True, order=f"{c},{a},{b}", passed="1", client_id="other")
    assert "You have passed." in passed.text
    await rank(session.astrid, session, a)
    assert (await rankings_seen(session))[a] == {
        "points": 3,
        "firsts": 1,
        "ranked": 1,
        "passed": 1,
    }


async def test_one_theme_is_not_ranked(hub: Hub) -> None:
    session = await hub.session()
    (theme,) = await themes_of(session, 1)
    await session.ben.said(session.id, "The same theme", "theme", reply_to=theme)
    cookies = {f"hub_seat_{session.id}": session.ben.token}
    page = (await hub.http.get(f"/sessions/{session.id}", cookies=cookies)).text
    assert 'id="ranking"' not in page


@pytest.mark.parametrize(
    ("move", "order"),
    [
        ("up:b", "bac"),
        ("down:b", "acb"),
        ("up:a", "abc"),
        ("down:c", "abc"),
        ("up:x", "abc"),
        ("aside:b", "abc"),
        ("", "abc"),
    ],
)
def test_a_move_changes_places_with_the_neighbour(move: str, order: str) -> None:
    assert rules.moved(list("abc"), move) == list(order)


def test_a_ranking_is_empty_only_where_somebody_passes() -> None:
    assert rules.read_fields("ranking", {"order": [], "passed": True}, "") == {
        "order": [],
        "passed": True,
    }
    assert rules.read_fields("ranking", {"order": ["a"], "passed": True}, "") == {"order": ["a"]}
