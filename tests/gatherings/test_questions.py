"""Answering before and after a session: by call and by form, and nobody can tell who did."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from hub.gatherings import actions
from hub.gatherings.models import Answer, Gathering, GatheringEvent
from hub.people.actions import hash_secret
from hub.people.models import Participant
from hub.settings import Settings
from tests.cast import Person, Session, join
from tests.conftest import Hub

WORDS = "Att någon <script>alert('x')</script> lyssnar"


async def rows(hub: Hub) -> list[Answer]:
    async with hub.database.reading() as tx:
        return list(await tx.scalars(select(Answer)))


async def survey(hub: Hub, session: Session) -> dict[str, Any]:
    async with hub.database.reading() as tx:
        return await actions.survey_counts(tx, session.id, now=hub.clock.now())


async def answer(who: Person, session: Session, when: str, **items: object) -> httpx.Response:
    return await who.put(f"/sessions/{session.id}/answers/{when}", {"items": items})


async def answered(who: Person, session: Session, when: str, **items: object) -> Any:
    found = await answer(who, session, when, **items)
    assert found.status_code == 200, found.text
    return found.json()["items"]


async def mine(who: Person, session: Session, when: str) -> Any:
    return (await who.get(f"/sessions/{session.id}/answers/{when}")).json()["items"]


async def form(
    hub: Hub, who: Person, session: Session, path: str, data: dict[str, str] | None = None
) -> httpx.Response:
    """A page as the browser of somebody with a seat asks for it, or posts to it."""
    hub.http.cookies.clear()
    hub.http.cookies.set(f"hub_seat_{session.id}", who.token)
    address = f"/sessions/{session.id}/questions/{path}"
    if data is None:
        found = await hub.http.get(address)
    else:
        found = await hub.http.post(address, data=data)
    hub.http.cookies.clear()
    return found


async def crowd(hub: Hub, session: Session, count: int) -> list[Person]:
    """``count`` people in the session, Astrid and Ben among them."""
    more = [await join(hub.http, session.code, f"P{n}", "sv") for n in range(count - 2)]
    return [session.astrid, session.ben, *more]


# --- what is asked, and when --------------------------------------------------------------------


async def test_the_questions_are_said_in_both_languages_with_what_is_open(hub: Hub) -> None:
    session = await hub.session(start=False)
    found = (await session.astrid.get(f"/sessions/{session.id}/questions")).json()
    assert {f["id"]: f["open"] for f in found["forms"]} == {
        "before": True, "after": False, "picture": False,
    }  # fmt: skip
    texts = {i["id"]: i["text"] for i in found["items"]}
    assert texts["pre1"]["sv"] == "Jag förstår vad mötet ska leda till."
    assert texts["pre1"]["en"] == "I understand what this meeting should lead to."
    assert found["scale"]["5"]["en"] == "Completely true"
    assert "dia1" not in texts


async def test_a_dialogue_is_asked_two_questions_more(hub: Hub) -> None:
    session = await hub.session(
        start=False,
        format="reflective-dialogue-express",
        charter="jag-ar-med",
        principles=["jam-1"],
    )
    found = (await session.ben.get(f"/sessions/{session.id}/questions")).json()
    forms = {f["id"]: f["parts"] for f in found["forms"]}
    assert forms["after"]["dialogue"] == ["dia1", "dia2"]
    await session.moved("start")
    await to_last_phase(hub, session)
    await answered(session.ben, session, "after", dia1=4)
    page = await form(hub, session.ben, session, "after")
    assert "I know better how I want to work." in page.text


async def to_last_phase(hub: Hub, session: Session) -> None:
    async with hub.database.transaction() as tx:
        gathering = await tx.get_one(Gathering, session.id)
        gathering.phase_index = len(gathering.form.phases) - 1


async def test_before_is_open_from_joining_until_the_first_phase_is_over(hub: Hub) -> None:
    session = await hub.session(start=False)
    await answered(session.astrid, session, "before", pre1=4)
    await session.moved("open")
    await answered(session.astrid, session, "before", pre1=3)
    await session.moved("start")
    await answered(session.astrid, session, "before", pre1=2)
    await session.moved("advance", force=True, reason="on")
    late = await answer(session.astrid, session, "before", pre1=1)
    assert late.status_code == 409
    assert late.json()["detail"].startswith("De här frågorna kunde besvaras")
    assert await mine(session.astrid, session, "before") == {"pre1": 2}


async def test_after_is_open_from_the_last_phase_until_seven_days_after_the_close(
    hub: Hub,
) -> None:
    session = await hub.session()
    early = await answer(session.ben, session, "after", po2=4)
    assert early.status_code == 409
    assert early.json()["detail"] == "These questions open when the last step starts."
    await session.go_to("close")
    await answered(session.ben, session, "after", po2=4)
    await session.moved("close")
    hub.clock.move(days=7)
    await answered(session.ben, session, "after", po2=5)
    hub.clock.move(seconds=1)
    assert (await answer(session.ben, session, "after", po2=1)).status_code == 409
    assert await mine(session.ben, session, "after") == {"po2": 5}


async def test_a_session_that_was_never_held_asks_nothing_afterwards(hub: Hub) -> None:
    session = await hub.session(start=False)
    async with hub.database.transaction() as tx:
        gathering = await tx.get_one(Gathering, session.id)
        gathering.state, gathering.closed_at = "closed", hub.clock.now()
    assert (await answer(session.ben, session, "after", po2=4)).status_code == 409


async def test_only_those_with_a_seat_answer(hub: Hub) -> None:
    session = await hub.session(start=False)
    other = await hub.session(start=False)
    path = f"/sessions/{session.id}/answers/before"
    body = {"items": {"pre1": 3}}
    assert (await session.fatima.put(path, body)).status_code == 403
    assert (await other.astrid.put(path, body)).status_code == 404
    assert (await hub.http.put(f"/api/v1{path}", json=body)).status_code == 401
    assert (await other.astrid.get(f"/sessions/{session.id}/questions")).status_code == 404
    assert (await session.fatima.get(f"/sessions/{session.id}/questions")).status_code == 200
    assert await rows(hub) == []


# --- answering, changing, erasing ---------------------------------------------------------------


async def test_an_answer_can_be_changed_skipped_again_and_erased(hub: Hub) -> None:
    session = await hub.session(start=False)
    await answered(session.astrid, session, "before", pre1=4, pre2=None, preO=WORDS)
    assert await mine(session.astrid, session, "before") == {
        "pre1": 4, "pre2": None, "preO": WORDS,
    }  # fmt: skip
    assert await answered(session.astrid, session, "before", pre1=5) == {"pre1": 5}
    assert [(row.item, row.value, row.version) for row in await rows(hub)] == [("pre1", 5, 1)]
    assert await answered(session.astrid, session, "before") == {}
    await answered(session.astrid, session, "before", pre1=5)
    await session.go_to("close")
    await answered(session.astrid, session, "after", po2=1)
    # Erasing is possible also when answering no longer is.
    path = f"/sessions/{session.id}/answers/before"
    assert (await session.astrid.delete(path)).status_code == 204
    assert [row.item for row in await rows(hub)] == ["po2"]


async def test_everything_can_be_skipped(hub: Hub) -> None:
    session = await hub.session(start=False)
    assert await answered(session.ben, session, "before") == {}
    sent = await form(hub, session.ben, session, "before", {"form": "before", "items_preO": ""})
    assert sent.status_code == 303
    page = await form(hub, session.ben, session, "before?done=skipped")
    assert "You skipped every question. That is fine." in page.text
    assert await rows(hub) == []
    assert (await survey(hub, session))["before"]["answered"] == 0


async def test_two_devices_of_one_person_give_one_set_of_answers(hub: Hub) -> None:
    session = await hub.session(start=False)
    await answered(session.astrid, session, "before", pre1=2, pre3=3)
    # The personal link puts the same seat into another phone's cookie.
    moved = await hub.http.get(session.astrid.resume_url.removeprefix("http://hub.test"))
    assert moved.status_code == 303
    page = await hub.http.get(f"/sessions/{session.id}/questions/before")
    assert 'name="items_pre1" value="2" checked' in page.text
    await hub.http.post(
        f"/sessions/{session.id}/questions/before", data={"items_pre1": "5", "form": "before"}
    )
    assert await mine(session.astrid, session, "before") == {"pre1": 5}
    assert len(await rows(hub)) == 1


async def test_two_people_never_mix_and_neither_do_two_sessions_of_one(hub: Hub) -> None:
    session = await hub.session(start=False)
    await answered(session.astrid, session, "before", pre1=1, preO="Lugn")
    await answered(session.ben, session, "before", pre1=5)
    assert await mine(session.astrid, session, "before") == {"pre1": 1, "preO": "Lugn"}
    assert await mine(session.ben, session, "before") == {"pre1": 5}
    assert "Lugn" not in (await form(hub, session.ben, session, "before")).text
    await session.ben.delete(f"/sessions/{session.id}/answers/before")
    assert await mine(session.astrid, session, "before") == {"pre1": 1, "preO": "Lugn"}


async def test_before_and_after_of_one_person_are_linked(hub: Hub) -> None:
    session = await hub.session(start=False)
    await answered(session.astrid, session, "before", pre3=1)
    await session.go_to("close")
    await answered(session.astrid, session, "after", po2=5)
    await answered(session.ben, session, "after", po2=5)
    found = [(row.key, row.item) for row in await rows(hub)]
    (one,) = [key for key, item in found if item == "pre3"]
    assert (one, "po2") in found
    assert len({key for key, _ in found}) == 2


@pytest.mark.parametrize(
    ("items", "pointer"),
    [
        ({"pre1": 6}, "/items/pre1"),
        ({"pre1": "3"}, "/items/pre1"),
        ({"pre1": True}, "/items/pre1"),
        ({"po2": 3}, "/items/po2"),
        ({"preO": ["x"]}, "/items/preO"),
    ],
)
async def test_what_is_no_answer_is_refused_and_keeps_what_was_there(
    hub: Hub, items: dict[str, object], pointer: str
) -> None:
    session = await hub.session(start=False)
    await answered(session.ben, session, "before", pre1=2)
    refused = await answer(session.ben, session, "before", pre2=4, **items)
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert fault["pointer"] == pointer
    assert await mine(session.ben, session, "before") == {"pre1": 2}


# --- nobody can tell ----------------------------------------------------------------------------


async def test_nothing_in_the_database_says_whose_answers_they_are(hub: Hub) -> None:
    session = await hub.session(start=False)
    await answered(session.astrid, session, "before", pre1=4, preO=WORDS)
    (key,) = {row.key for row in await rows(hub)}
    assert len(key) == 64
    assert int(key, 16)
    assert key not in (session.astrid.token, hash_secret(session.astrid.token))
    async with hub.database.reading() as tx:
        for table in await (await tx.connection()).run_sync(lambda c: inspect(c).get_table_names()):
            found = await tx.execute(text(f'SELECT * FROM "{table}"'))
            for row in found:
                values = [str(value) for value in row]
                if table == "answers":
                    assert not {session.astrid.id, hash_secret(session.astrid.token)} & set(values)
                else:
                    assert key not in " ".join(values), table
        people = list(await tx.scalars(select(Participant)))
    for person in people:
        for known in (person.id, person.secret_hash, person.name):
            guess = actions.answer_key(
                hub.settings.read_key(), gathering_id=session.id, secret=known
            )
            assert guess != key
    own = actions.answer_key(
        hub.settings.read_key(), gathering_id=session.id, secret=session.astrid.token
    )
    assert own == key


async def test_answering_leaves_no_event_no_revision_and_no_words_in_the_log(
    hub: Hub, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    session = await hub.session(start=False)

    async def trace() -> tuple[Any, ...]:
        async with hub.database.reading() as tx:
            gathering = await tx.get_one(Gathering, session.id)
            events = list(await tx.scalars(select(GatheringEvent.id)))
            seen = list(await tx.scalars(select(Participant.seen_at)))
            return gathering.revision, gathering.last_activity_at, events, seen

    before = await trace()
    hub.clock.move(minutes=1)
    with caplog.at_level(logging.INFO):
        await answered(session.astrid, session, "before", pre1=4, preO=WORDS)
        await answer(session.astrid, session, "before", pre1=9, preO=WORDS)
        await form(hub, session.astrid, session, "before", {"items_preO": WORDS})
        await session.astrid.delete(f"/sessions/{session.id}/answers/before")
    assert await trace() == before
    printed = capsys.readouterr()
    assert "lyssnar" not in caplog.text + printed.out + printed.err


async def test_a_failed_write_does_not_say_what_was_written(hub: Hub) -> None:
    session = await hub.session(start=False)
    twice = {"gathering_id": session.id, "key": "0" * 64, "item": "preO", "version": 1}
    with pytest.raises(IntegrityError) as failed:
        async with hub.database.transaction() as tx:
            tx.add_all([Answer(**twice, text=WORDS), Answer(**twice, text=WORDS)])
    assert "lyssnar" not in str(failed.value)


async def test_who_asks_never_shows_their_secret(hub: Hub) -> None:
    from hub.people.door import identify

    session = await hub.session(start=False)
    async with hub.database.reading() as tx:
        caller = await identify(tx, bearer=session.astrid.token, cookies={}, now=hub.clock.now())
    assert caller.secrets == {session.id: session.astrid.token}
    assert session.astrid.token not in repr(caller)


async def test_a_deleted_session_takes_its_answers_with_it(hub: Hub) -> None:
    session = await hub.session(start=False)
    other = await hub.session(start=False)
    await answered(session.astrid, session, "before", pre1=4, preO=WORDS)
    await answered(other.astrid, other, "before", pre1=4)
    async with hub.database.transaction() as tx:
        await tx.delete(await tx.get_one(Gathering, session.id))
    assert {row.gathering_id for row in await rows(hub)} == {other.id}


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    first, file = settings.read_key(), settings.data_dir / "secret_key"
    assert file.read_text() == first == settings.read_key()
    assert len(first) >= 32
    assert file.stat().st_mode & 0o077 == 0
    assert [p.name for p in settings.data_dir.glob("secret_key*")] == ["secret_key"]
    chosen = settings.model_copy(update={"secret_key": "chosen"})
    assert chosen.read_key() == "chosen"


# --- by form ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "sv",
            (
                "Frågor innan vi börjar",
                "Jag förstår vad mötet ska leda till.",
                "Stämmer helt",
                "Vet inte eller vill inte svara",
                "Ingen ser vem som har svarat vad.",
                "De är inte vetenskapligt prövade.",
                "Läses av forskarna, utan ditt namn.",
            ),
        ),
        (
            "en",
            (
                "Questions before we start",
                "I understand what this meeting should lead to.",
                "Completely true",
                "Don&#39;t know or prefer not to say",
                "Nobody sees who answered what.",
                "They have not been scientifically tested.",
                "Read by the researchers, without your name.",
            ),
        ),
    ],
)
async def test_the_form_is_in_the_persons_language(
    hub: Hub, language: str, said: tuple[str, ...]
) -> None:
    session = await hub.session(start=False)
    who = session.astrid if language == "sv" else session.ben
    page = await form(hub, who, session, "before")
    assert page.status_code == 200
    for sentence in said:
        assert sentence in page.text
    assert page.text.count("<fieldset") == 6
    assert " required" not in page.text


async def test_a_form_is_kept_shown_again_and_erased(hub: Hub) -> None:
    session = await hub.session(start=False)
    sent = {"form": "before", "items_pre1": "4", "items_pre2": "none", "items_preO": WORDS}
    kept = await form(hub, session.ben, session, "before", sent)
    assert kept.status_code == 303
    page = await form(hub, session.ben, session, "before?done=kept")
    assert "Your answers are saved." in page.text
    assert 'name="items_pre1" value="4" checked' in page.text
    assert 'name="items_pre2" value="none" checked' in page.text
    assert "&lt;script&gt;alert" in page.text
    assert "<script>alert" not in page.text
    gone = await form(hub, session.ben, session, "before/erase", {})
    assert gone.status_code == 303
    page = await form(hub, session.ben, session, "before?done=erased")
    assert "Your answers are erased." in page.text
    assert "Erase my answers" not in page.text
    assert await rows(hub) == []


async def test_five_thousand_emoji_are_refused_in_words_and_everything_is_kept(hub: Hub) -> None:
    session = await hub.session(start=False)
    await answered(session.astrid, session, "before", pre1=1)
    emoji = "🦀" * 5000
    sent = {"form": "before", "items_pre1": "4", "items_pre2": "none", "items_preO": emoji}
    page = await form(hub, session.astrid, session, "before", sent)
    assert page.status_code == 422
    assert "Texten är för lång" in page.text
    assert 'href="#q-preO"' in page.text
    assert emoji in page.text
    assert 'name="items_pre1" value="4" checked' in page.text
    assert 'name="items_pre2" value="none" checked' in page.text
    assert await mine(session.astrid, session, "before") == {"pre1": 1}
    call = await answer(session.astrid, session, "before", preO=emoji)
    assert call.status_code == 422
    assert call.json()["errors"][0]["detail"].startswith("Texten är för lång")


@pytest.mark.parametrize("value", ["9" * 5000, "0", "6", "-1", "x", "²", "٣"])
async def test_a_made_up_choice_comes_back_as_a_fault(hub: Hub, value: str) -> None:
    session = await hub.session(start=False)
    page = await form(hub, session.ben, session, "before", {"items_pre1": value})
    assert page.status_code == 422
    assert "Choose one of the answers" in page.text
    assert 'href="#q-pre1"' in page.text


async def test_the_short_form_comes_first_and_the_rest_is_one_click_away(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("close")
    page = (await form(hub, session.ben, session, "after")).text
    first, more = page.split("<details", 1)
    for item in ("po2", "po3", "po4", "po8", "po10", "po13"):
        assert f'name="items_{item}"' in first
    for item in ("po1", "po5", "po14"):
        assert f'name="items_{item}"' not in first
        assert f'name="items_{item}"' in more.split("</details>")[0]
    assert 'name="items_poO1"' in page
    assert "items_dia1" not in page
    assert 'href="/sessions/' + session.id + '/questions/after?form=picture"' in page


async def test_the_picture_form_and_the_words_leave_each_other_alone(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("close")
    await form(hub, session.ben, session, "after", {"form": "after", "items_po2": "4"})
    page = (await form(hub, session.ben, session, "after?form=picture")).text
    assert page.count("<fieldset") == 3
    assert page.count('<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><circle') >= 9
    sent = await form(hub, session.ben, session, "after", {"form": "picture", "items_pic1": "3"})
    assert sent.headers["location"].endswith("&form=picture")
    assert await mine(session.ben, session, "after") == {"po2": 4, "pic1": 3}
    too_high = await form(
        hub, session.ben, session, "after", {"form": "picture", "items_pic1": "4"}
    )
    assert too_high.status_code == 422


async def test_outside_the_time_the_page_says_so_and_still_erases(hub: Hub) -> None:
    session = await hub.session(start=False)
    await answered(session.ben, session, "before", pre1=4)
    await session.go_to("evidence")
    page = await form(hub, session.ben, session, "before")
    assert page.status_code == 409
    assert "These questions could be answered until the first step was over." in page.text
    assert "<fieldset" not in page.text
    assert "Erase my answers" in page.text
    sent = await form(hub, session.ben, session, "before", {"items_preO": WORDS})
    assert sent.status_code == 409
    assert "Att någon &lt;script&gt;" in sent.text
    await form(hub, session.ben, session, "before/erase", {})
    assert await rows(hub) == []


async def test_a_stranger_and_a_facilitator_have_no_form(hub: Hub) -> None:
    session = await hub.session(start=False)
    path = f"/sessions/{session.id}/questions/before"
    assert (await hub.http.get(path)).headers["location"] == "/sign-in"
    assert (await hub.http.get(path, headers=session.fatima.headers)).status_code == 403
    assert (await form(hub, session.ben, session, "sometimes")).status_code == 422


async def test_the_room_invites_and_a_push_brings_the_last_invitation(hub: Hub) -> None:
    session = await hub.session(start=False)
    before, after = (f'href="/sessions/{session.id}/questions/{w}"' for w in ("before", "after"))

    async def room() -> str:
        found = await hub.http.get(f"/sessions/{session.id}", headers=session.ben.headers)
        return found.text

    page = await room()
    assert before in page
    assert "Six questions before we start, about a minute" in page
    await session.moved("start")
    assert before in await room()
    await session.go_to("evidence")
    page = await room()
    assert before not in page
    assert after not in page
    state = (await session.ben.get(f"/sessions/{session.id}")).json()
    await session.go_to("close")
    pushed = await session.ben.get(
        f"/sessions/{session.id}/changes", after=state["revision"], format="html", language="sv"
    )
    assert after in pushed.json()["html"]
    assert "Svara på några frågor om samtalet" in pushed.json()["html"]
    await session.moved("close")
    assert after in await room()


# --- what the group is told ---------------------------------------------------------------------


async def test_four_answers_are_counted_and_not_shown(hub: Hub) -> None:
    session = await hub.session(start=False)
    people = await crowd(hub, session, 6)
    for who in people[:4]:
        await answered(who, session, "before", pre1=4)
    await session.go_to("evidence")
    found = await survey(hub, session)
    assert found["before"] == {
        "answered": 4, "people": 6, "open": False, "shown": False, "why": "too_few",
    }  # fmt: skip
    assert found["items"] == found["domains"] == found["changes"] == []


async def test_results_wait_until_no_more_answers_come_in(hub: Hub) -> None:
    session = await hub.session(start=False)
    people = await crowd(hub, session, 6)
    for who in people:
        await answered(who, session, "before", pre3=2, preO=WORDS)
    waiting = await survey(hub, session)
    assert (waiting["before"]["answered"], waiting["before"]["why"]) == (6, "open")
    assert waiting["items"] == []
    await session.go_to("close")
    shown = await survey(hub, session)
    assert shown["before"]["shown"]
    items = {i["id"]: i for i in shown["items"]}
    assert items["pre3"]["counts"] == {"1": 0, "2": 6, "3": 0, "4": 0, "5": 0}
    assert items["pre1"]["too_few"]
    assert "preO" not in items
    for who in people[:5]:
        await answered(who, session, "after", po2=4, poO1=WORDS)
    await session.moved("close")
    assert (await survey(hub, session))["after"]["why"] == "open"
    await answered(people[5], session, "after", po2=1)
    everyone = await survey(hub, session)
    assert everyone["after"]["shown"]
    (change,) = [c for c in everyone["changes"] if c["after"] == "po2"]
    assert (change["n"], change["up"], change["same"], change["down"]) == (6, 5, 0, 1)
    assert [d["mean"] for d in everyone["domains"] if d["domain"] == "safety"] == [3.5]
    assert not any(i["kind"] == "picture" for i in everyone["items"])
    assert "lyssnar" not in str(everyone)
    assert not {row.key for row in await rows(hub)} & set(str(everyone).split("'"))


async def test_when_the_time_is_up_the_answers_that_came_are_shown(hub: Hub) -> None:
    session = await hub.session()
    people = await crowd(hub, session, 7)
    await session.go_to("close")
    for who in people[:5]:
        await answered(who, session, "after", po2=4, pic1=3)
    await session.moved("close")
    assert not (await survey(hub, session))["after"]["shown"]
    hub.clock.move(days=7, seconds=1)
    found = await survey(hub, session)
    assert found["after"] == {
        "answered": 5, "people": 7, "open": False, "shown": True, "why": None,
    }  # fmt: skip
    items = {i["id"]: i for i in found["items"]}
    assert items["po2"]["median"] == 4.0
    assert items["pic1"]["counts"]["3"] == 5
    assert "pic2" not in items
    assert not any(change["n"] for change in found["changes"])


async def test_the_group_of_a_session_is_never_mixed_with_another(hub: Hub) -> None:
    session, other = await hub.session(start=False), await hub.session(start=False)
    for who in (session.astrid, session.ben, *(await crowd(hub, session, 5))[2:]):
        await answered(who, session, "before", pre1=5)
    await answered(other.astrid, other, "before", pre1=1)
    await session.go_to("evidence")
    await other.go_to("evidence")
    assert (await survey(hub, session))["before"]["answered"] == 5
    assert (await survey(hub, other))["before"]["answered"] == 1
    (first, *_) = (await survey(hub, session))["items"]
    assert first["counts"]["1"] == 0
