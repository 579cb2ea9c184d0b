"""The record, and the seven days in which people put their own words right."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from hub.errors import Refusal
from hub.gatherings import actions, rules
from hub.gatherings.models import Contribution, GatheringEvent, Translation
from hub.gatherings.record import _plain
from hub.language.actions import glossary_version
from tests.cast import CARD, join
from tests.conftest import Hub

HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) ![i](http://x) &lt;b&gt; ~~a~~ **b**"
PROPOSAL = {"owner": "Avdelning 7", "when": "2027-03-01", "measure": "Två frågor"}


async def record_of(session: Any) -> Any:
    answer = await session.fatima.get(f"/sessions/{session.id}/record")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def correct(person: Any, contribution: str, text: str) -> httpx.Response:
    answer: httpx.Response = await person.put(f"/contributions/{contribution}", {"text": text})
    return answer


async def closed_with(hub: Hub, text: str = "Ingen var min") -> tuple[Any, str]:
    session = await hub.session()
    said = await session.astrid.said(session.id, text)
    await hub.translate()
    await session.moved("close")
    return session, str(said["id"])


async def page_of(hub: Hub, session: Any, person: Any, path: str = "/record") -> str:
    cookies = {f"hub_seat_{session.id}": person.token}
    answer = await hub.http.get(f"/sessions/{session.id}{path}", cookies=cookies)
    assert answer.status_code == 200
    return answer.text


# --- own words put right -----------------------------------------------------------------------


async def test_an_author_corrects_their_words_and_they_are_translated_anew(hub: Hub) -> None:
    session, said = await closed_with(hub, "Ingen var min fågel")
    before = (await session.fatima.get(f"/sessions/{session.id}")).json()["revision"]
    hub.clock.move(days=2)
    answer = await correct(session.astrid, said, "Ingen var min kontakt")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["text"], body["seq"]) == ("Ingen var min kontakt", 2)
    assert body["corrected_at"] == "2026-11-26T12:30:00Z"
    assert body["translations"]["en"]["status"] == "pending"
    assert body["revision"] > before
    changed = (await session.ben.get(f"/sessions/{session.id}/changes", after=before)).json()
    assert said in {i["contribution"]["id"] for i in changed["items"] if "contribution" in i}
    await hub.translate()
    record = await record_of(session)
    assert record["corrections"] == [{"contribution": said, "at": "2026-11-26T12:30:00Z"}]
    assert "[en] Ingen var min kontakt" in str(record)
    assert "fågel" not in str(record)
    async with hub.database.reading() as tx:
        rows = [*await tx.scalars(select(Contribution)), *await tx.scalars(select(Translation))]
        assert not any("fågel" in str(row.text) for row in rows)
        events = list(await tx.scalars(select(GatheringEvent)))
    (event,) = [e for e in events if e.kind == "corrected"]
    assert event.data == {"contribution": said}


async def test_what_the_engine_makes_of_the_former_words_is_thrown_away(hub: Hub) -> None:
    session = await hub.session()
    said = (await session.astrid.said(session.id, "Gamla ord"))["id"]
    await session.moved("close")
    async with hub.database.reading() as tx:
        former = await tx.scalar(select(Translation.id).where(Translation.contribution_id == said))
    await correct(session.astrid, said, "Nya ord")
    terms = glossary_version(())
    late = actions.Finished(
        str(former), said, {"text": "Gamla ord"}, {"text": "Old words"}, "machine",
        None, None, "x", terms,
    )  # fmt: skip
    now = hub.clock.now()
    await hub.screens.carry_out(
        session.id, lambda tx, g: actions.add_translations(tx, g, [late], now=now)
    )
    async with hub.database.reading() as tx:
        found = await tx.scalars(select(Translation).where(Translation.contribution_id == said))
        rows = list(found)
    assert [(row.status, row.text) for row in rows] == [("pending", "")]


@pytest.mark.parametrize(("days", "status"), [(0, 200), (7, 200), (7.00001, 409), (8, 409)])
async def test_words_can_be_corrected_for_seven_days(hub: Hub, days: float, status: int) -> None:
    session, said = await closed_with(hub)
    hub.clock.move(days=days)
    answer = await correct(session.astrid, said, "Rättat")
    assert answer.status_code == status
    page = await page_of(hub, session, session.astrid, f"/contributions/{said}")
    assert ("Rätta mina ord" in page) is (status == 200)
    if status == 409:
        assert answer.json()["type"] == "/problems/words_too_late"
        assert "Ingen var min" in str(await record_of(session))


async def test_words_stay_while_the_session_runs_and_once_the_record_is_published(
    hub: Hub,
) -> None:
    session = await hub.session()
    said = (await session.astrid.said(session.id, "Ingen var min"))["id"]
    running = await correct(session.astrid, said, "Rättat")
    assert running.json()["type"] == "/problems/words_not_closed"
    await session.moved("close")
    draft = await record_of(session)
    assert draft["correctable_until"] == draft["ready_at"] == "2026-12-01T12:30:00Z"
    hub.clock.move(days=7)
    assert (await session.move("record/publish")).status_code == 200
    late = await correct(session.astrid, said, "Rättat")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/words_published")
    assert (await record_of(session))["correctable_until"] is None


async def test_nobody_corrects_the_words_of_others(hub: Hub) -> None:
    session, said = await closed_with(hub)
    other = await hub.session()
    assert (await correct(session.ben, said, "Stulet")).status_code == 403
    assert (await correct(session.fatima, said, "Stulet")).status_code == 403
    assert (await correct(other.astrid, said, "Stulet")).status_code == 404
    nobody = await hub.http.put(f"/api/v1/contributions/{said}", json={"text": "Stulet"})
    assert nobody.status_code == 401
    assert "Stulet" not in str(await record_of(session))


async def test_a_reflection_is_not_corrected_and_stays_its_authors_own(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("reflect")
    mine = (await session.astrid.said(session.id, "Hemlig tanke", "reflection"))["id"]
    await session.moved("close")
    assert (await correct(session.astrid, mine, "Annan")).json()["type"] == "/problems/words_kind"
    assert (await correct(session.ben, mine, "Annan")).status_code == 404
    record = await record_of(session)
    assert record["reflections"] == 1
    assert "Hemlig" not in str(record)
    assert "Hemlig" not in await page_of(hub, session, session.astrid)


@pytest.mark.parametrize("text", ["", "  \n", "\u200b", "x" * 4001])
async def test_a_correction_needs_words_and_not_too_many(hub: Hub, text: str) -> None:
    session, said = await closed_with(hub)
    answer = await correct(session.astrid, said, text)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/text"
    assert (await record_of(session))["corrections"] == []


async def test_the_same_words_again_are_no_correction(hub: Hub) -> None:
    session, said = await closed_with(hub)
    assert (await correct(session.astrid, said, "Ingen var min")).status_code == 200
    assert (await record_of(session))["corrections"] == []


async def test_words_that_the_group_took_a_stand_on_stay_as_they_were(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("recommend")
    decided = (await session.astrid.said(session.id, "Sitt ner", "recommendation"))["id"]
    left = (await session.astrid.said(session.id, "Stå upp", "recommendation"))["id"]
    await session.go_to("decide")
    change = await session.astrid.said(
        session.id, "En i taget", "amendment", fields={"of": decided}
    )
    fields = {"of": decided, "value": "objection", "reason": "Vem tar larmet?"}
    stance = await session.ben.said(session.id, "", "stance", fields=fields)
    await session.moved("close")
    for thing in (decided, change["id"]):
        refused = await correct(session.astrid, thing, "Något annat")
        assert refused.json()["type"] == "/problems/words_decided"
    allowed = (await correct(session.astrid, left, "Stå upp ibland")).json()
    assert allowed["fields"]["what"] == allowed["text"] == "Stå upp ibland"
    reason = (await correct(session.ben, stance["id"], "Who answers?")).json()
    assert reason["fields"] == {**stance["fields"], "reason": "Who answers?"}
    record = await record_of(session)
    assert [r["what"] for r in record["recommendations"]] == ["Sitt ner", "Stå upp ibland"]
    assert record["recommendations"][0]["stances"]["objection"] == 1


async def test_a_stance_without_words_has_none_to_correct(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("recommend")
    draft = (await session.astrid.said(session.id, "Sitt ner", "recommendation"))["id"]
    await session.go_to("decide")
    fields = {"of": draft, "value": "consent"}
    stance = (await session.ben.said(session.id, "", "stance", fields=fields))["id"]
    await session.moved("close")
    assert (await correct(session.ben, stance, "Why")).json()["type"] == "/problems/words_none"


async def test_words_are_corrected_by_form_and_everyone_sees_it(hub: Hub) -> None:
    session, said = await closed_with(hub)
    cookies = {f"hub_seat_{session.id}": session.astrid.token}
    own = await page_of(hub, session, session.astrid, f"/contributions/{said}")
    assert f'action="/contributions/{said}/words"' in own
    assert "/words" not in await page_of(hub, session, session.ben, f"/contributions/{said}")
    path = f"/contributions/{said}/words"
    empty = await hub.http.post(path, data={"text": " "}, cookies=cookies)
    assert empty.status_code == 422
    assert 'role="alert"' in empty.text
    done = await hub.http.post(path, data={"text": f"Rättat {HOSTILE}"}, cookies=cookies)
    assert done.status_code == 303
    await hub.translate()
    for person, told in (
        (session.astrid, "Rättat av den som skrev, 24 november 2026"),
        (session.ben, "Corrected by its author, 24 November 2026"),
    ):
        for where in ("", "/record"):
            page = await page_of(hub, session, person, where)
            assert told in page
            assert HOSTILE in html.unescape(page)
            assert "<script>alert" not in page
    link = f'href="/sessions/{session.id}/contributions/{said}"'
    assert link in await page_of(hub, session, session.astrid)
    assert link not in await page_of(hub, session, session.ben)


async def test_a_form_by_somebody_else_is_refused_in_their_language(hub: Hub) -> None:
    session, said = await closed_with(hub)
    cookies = {f"hub_seat_{session.id}": session.ben.token}
    path = f"/contributions/{said}/words"
    refused = await hub.http.post(path, data={"text": "Mine"}, cookies=cookies)
    assert refused.status_code == 403
    assert "Only the author can correct the words." in html.unescape(refused.text)


async def test_what_was_taken_back_afterwards_is_counted_and_names_nobody(hub: Hub) -> None:
    session = await hub.session()
    early = (await session.ben.said(session.id, "Early"))["id"]
    late = (await session.ben.said(session.id, "Late"))["id"]
    hub.clock.move(seconds=1)
    await session.ben.delete(f"/contributions/{early}")
    hub.clock.move(seconds=1)
    await session.moved("close")
    hub.clock.move(days=1)
    await session.ben.delete(f"/contributions/{late}")
    record = await record_of(session)
    assert record["taken_back"] == 1
    assert record["corrections"] == []
    assert "Late" not in str(record)


async def test_corrected_translations_are_listed_with_who_did_it(hub: Hub) -> None:
    session = await hub.session()
    said = (await session.astrid.said(session.id, "Ingen var min"))["id"]
    gone = (await session.astrid.said(session.id, "Borta"))["id"]
    await hub.translate()
    path = "/contributions/{}/translations/en"
    await session.astrid.put(path.format(said), {"text": "Nobody was mine"})
    await session.fatima.put(path.format(said), {"text": "No one was mine"})
    await session.fatima.put(path.format(gone), {"text": "Gone"})
    await session.astrid.delete(f"/contributions/{gone}")
    listed = (await record_of(session))["translation_corrections"]
    assert [(t["contribution"], t["language"], t["by"]) for t in listed] == [
        (said, "en", "Astrid"),
        (said, "en", "Fatima"),
    ]


# --- what the record holds -----------------------------------------------------------------------


async def test_contributions_are_listed_by_finding(hub: Hub) -> None:
    session = await hub.session()
    card = (await session.fatima.post(f"/sessions/{session.id}/findings", CARD)).json()["id"]
    await session.go_to("interpret")
    about = await session.astrid.said(session.id, "Lappar!", fields={"finding": card})
    none = await session.ben.said(session.id, "In general")
    lost = await session.ben.said(session.id, "About nothing", fields={"finding": "f_none"})
    assert (await record_of(session))["by_finding"] == [
        {"finding": card, "contributions": [about["id"]]},
        {"finding": None, "contributions": [none["id"], lost["id"]]},
    ]


async def test_questions_stand_with_their_answers(hub: Hub) -> None:
    session = await hub.session()
    asked = await session.astrid.said(session.id, "Vilka lappar?", "question")
    answer = await session.ben.said(session.id, "Four of them", reply_to=asked["id"])
    gone = await session.ben.said(session.id, "Or five", reply_to=asked["id"])
    await session.ben.delete(f"/contributions/{gone['id']}")
    (question,) = (await record_of(session))["questions"]
    assert question["id"] == asked["id"]
    assert [a["id"] for a in question["answers"]] == [answer["id"]]


async def test_restatements_are_pairs_with_every_check(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("restate")
    post = await session.astrid.said(session.id, "Ingen var min")
    again = {"of": post["id"]}
    said = await session.ben.said(session.id, "You had no one", "restatement", fields=again)
    for answer in ("partly", "yes"):
        hub.clock.move(seconds=1)
        fields = {"of": said["id"], "answer": answer}
        await session.astrid.said(session.id, "", "restatement_check", fields=fields)
    (pair,) = (await record_of(session))["restatements"]
    assert (pair["author"]["name"], pair["of_author"]["name"]) == ("Ben", "Astrid")
    assert (pair["check"], pair["checks"]) == ("yes", ["partly", "yes"])


@pytest.mark.parametrize(
    ("values", "reading"),
    [
        ([5, 4, 5, 4], None),
        ([5, 4, 5, 4, 1], "fits"),
        ([1, 2, 1, 2, 5], "does_not_fit"),
        ([1, 2, 3, 4, 5], "split"),
        ([3, 3, 3, 3, 5], "fits_in_part"),
    ],
)
async def test_a_theme_is_agreement_or_not_by_the_rule_for_ratings(
    hub: Hub, values: list[int], reading: str | None
) -> None:
    session = await hub.session()
    people = [session.astrid, session.ben]
    for n in range(len(values) - 2):
        people.append(await join(hub.http, session.code, f"Person {n}", "sv"))
    await session.go_to("converge")
    theme = (await session.astrid.said(session.id, "Ord som stänger", "theme"))["id"]
    for person, value in zip(people, values, strict=True):
        fields = {"of": theme, "scale": "agreement", "value": value}
        await person.said(session.id, "", "rating", fields=fields)
    await session.fatima.post(f"/contributions/{theme}/reveal")
    record = await record_of(session)
    (shown,) = record["themes"]
    assert shown["reading"] == reading
    assert shown["ratings"]["agreement"]["answered"] == len(values)
    assert record["agreed_themes"] == ([theme] if reading == "fits" else [])
    apart = reading in ("split", "does_not_fit")
    assert record["disputed_themes"] == ([theme] if apart else [])
    assert (record["agreements"], record["disagreements"]) == ([], [])


async def test_a_recommendation_names_all_who_worded_it_and_the_dissent(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("recommend")
    first = await session.astrid.said(session.id, "Sitt ner", "recommendation", fields=PROPOSAL)
    await session.ben.said(session.id, "Sit down", "recommendation", reply_to=first["id"])
    await session.go_to("decide")
    aside = {"of": first["id"], "value": "stand_aside", "reason": "Not for me"}
    await session.ben.said(session.id, "", "stance", fields=aside)
    outcome = {"of": first["id"], "result": "adopted_with_dissent"}
    dissent = await session.fatima.said(
        session.id, "Ben står utanför", "facilitation", fields=outcome
    )
    record = await record_of(session)
    (item,) = record["recommendations"]
    assert [a["name"] for a in item["authors"]] == ["Astrid", "Ben"]
    assert [d["id"] for d in item["dissent"]] == [dissent["id"]]
    assert [s["fields"]["reason"] for s in item["stand_asides"]] == ["Not for me"]
    assert record["agreements"] == record["disagreements"] == [first["id"]]


async def test_figures_say_how_many_they_rest_on_and_leave_out_the_few(hub: Hub) -> None:
    session, _ = await closed_with(hub)
    record = await record_of(session)
    assert record["attendance"]["consent_versions"] == {"2026-11": 2}
    assert record["attendance"]["by_role"] == {"patient": 1, "practitioner": 1}
    assert record["survey"]["after"] == {
        "answered": 0,
        "people": 2,
        "open": True,
        "shown": False,
        "why": "open",
    }
    assert record["measures"]["too_few"]["everyone"] is True
    assert record["measures"]["perspective"] is None
    page = html.unescape(await page_of(hub, session, session.ben))
    assert "too few to show" in page
    assert "fewer than 3" in page
    assert "It does not tell who was listened to." in page


async def test_everyone_who_may_see_the_record_sees_the_same(hub: Hub) -> None:
    session, _ = await closed_with(hub)
    path = f"/sessions/{session.id}/record"
    records = [(await p.get(path)).json() for p in (session.fatima, session.astrid, session.ben)]
    assert records[0] == records[1] == records[2]


async def test_what_comes_first_is_what_was_decided_and_nothing_is_told_twice(hub: Hub) -> None:
    session = await hub.session()
    asked = (await session.ben.said(session.id, "Which slips do you mean?", "question"))["id"]
    await session.go_to("recommend")
    await session.astrid.said(session.id, "Sitt ner hos patienten", "recommendation")
    await hub.translate()
    await session.moved("close")
    page = await page_of(hub, session, session.astrid)
    places = [page.index(f'id="{name}"') for name in ("glance-h", "rec-h", "heard-h", "steps-h")]
    assert places == sorted(places)
    full = '<p lang="en" dir="auto">Which slips do you mean?'
    assert page.count(full) == 1
    assert page.count('<p lang="sv" dir="auto">Sitt ner hos patienten') == 1
    assert f'href="#said-{asked}"' in page
    assert '<details id="figures" open>' not in page
    unfolded = await page_of(hub, session, session.astrid, "/record?view=print")
    assert '<details id="figures" open>' in unfolded


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_hostile_words_stay_text_in_the_record_and_its_markdown(
    hub: Hub, language: str
) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, HOSTILE)
    await session.go_to("converge")
    await session.astrid.said(session.id, f"- {HOSTILE}", "theme")
    await session.go_to("recommend")
    fields = {**PROPOSAL, "owner": HOSTILE}
    await session.astrid.said(session.id, f"1. {HOSTILE}", "recommendation", fields=fields)
    await hub.translate()
    await session.moved("close")
    page = await page_of(hub, session, session.astrid)
    assert "<script>alert" not in page
    text = (
        await session.astrid.get(f"/sessions/{session.id}/record", format="md", language=language)
    ).text
    assert r"\<script\>alert(1)\</script\>" in text
    assert r"\[x\](javascript" in text
    for raw in ("<script>", "![i]", "&lt;", "~~a~~", " **b**"):
        assert raw not in text.replace("\\" + raw, "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("- a list", r"\- a list"),
        ("1. a list", r"1\. a list"),
        ("+ a", r"\+ a"),
        ("==", r"\=="),
        ("2027-03-01", "2027-03-01"),
        ("a - b", "a - b"),
        ("a\n\n# b", r"a \# b"),
        ("a\\", "a\\\\"),
    ],
)
def test_markdown_shows_what_people_wrote_as_they_wrote_it(text: str, shown: str) -> None:
    assert _plain(text) == shown


def test_a_proposal_that_the_responsible_has_answered_to_is_not_reworded() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    fields = {"what": "x", "owner": "Ben", "owner_agreed": True}
    said = rules.Said("c_1", "recommendation", "recommend", "p_1", None, None, fields, now)
    with pytest.raises(Refusal) as refused:
        rules.check_words_correctable(said, [said], now=now, closed_at=now, published_at=None)
    assert refused.value.code == "words_decided"
