"""A dialogue by plain forms: planning, every step, desk and projector; no word is lost."""

from __future__ import annotations

from typing import Any

import httpx

from tests.cast import Person, Session, join
from tests.conftest import Hub

PRINCIPLES = ["vst-2", "vst-3", "vst-6"]
TITLES = {"title_sv": "Samtal om löften", "title_en": "Talk about promises"}


async def page(person: Person, path: str) -> str:
    answer = await person.http.get(path, headers=person.headers)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


async def send(person: Person, path: str, htmx: bool = False, **form: str) -> httpx.Response:
    headers = {**person.headers, **({"HX-Request": "true"} if htmx else {})}
    return await person.http.post(path, data=form, headers=headers)


async def went(person: Person, path: str, **form: str) -> None:
    answer = await send(person, path, **form)
    assert answer.status_code == 303, answer.text


async def dialogue(hub: Hub, **more: Any) -> Session:
    return await hub.session(
        **{
            "format": "reflective-dialogue",
            "charter": "vi-skapar-tillsammans",
            "principles": PRINCIPLES,
            **more,
        }
    )


async def wrote(person: Person, session: Session, **form: str) -> httpx.Response:
    """What a form of the composer sends."""
    form = {"client_id": f"{form['kind']}-{person.name}-{form.get('value', '')}", **form}
    return await send(person, f"/sessions/{session.id}/contributions", **form)


# --- planning -----------------------------------------------------------------------------------


async def plan_by_form(hub: Hub, **form: str) -> tuple[Person, httpx.Response]:
    fatima = await hub.account()
    chosen = {"format": "reflective-dialogue", "charter": "vi-skapar-tillsammans", **TITLES}
    return fatima, await send(fatima, "/sessions", **{**chosen, **form})


async def test_a_dialogue_is_planned_with_its_principles_in_the_order_of_the_numbers(
    hub: Hub,
) -> None:
    ticks = {f"principle-vi-skapar-tillsammans/{p}": "1" for p in PRINCIPLES}
    places = {"place-vi-skapar-tillsammans/vst-2": "9", "place-vi-skapar-tillsammans/vst-3": "1"}
    fatima, answer = await plan_by_form(hub, **ticks, **places)
    assert answer.status_code == 303, answer.text
    planned = (await fatima.get("/sessions")).json()["items"][0]
    whole = (await fatima.get(f"/sessions/{planned['id']}")).json()
    assert [p["id"] for p in whole["principles"]] == ["vst-3", "vst-2", "vst-6"]
    assert "1 hour and 30 minutes" in await page(fatima, f"/sessions/{planned['id']}/desk")


async def test_a_dialogue_without_principles_is_not_planned_and_keeps_what_was_typed(
    hub: Hub,
) -> None:
    _, answer = await plan_by_form(hub)
    assert answer.status_code == 422
    assert 'value="Samtal om löften"' in answer.text
    assert 'href="#principles"' in answer.text


async def test_more_principles_than_fit_are_planned_only_when_that_is_said_to_be_fine(
    hub: Hub,
) -> None:
    ticks = {f"principle-vi-skapar-tillsammans/vst-{n}": "1" for n in range(1, 6)}
    fatima, answer = await plan_by_form(hub, **ticks)
    assert answer.status_code == 200
    assert "2 hours and 18 minutes" in answer.text
    assert (await fatima.get("/sessions")).json()["items"] == []
    again = await send(
        fatima,
        "/sessions",
        format="reflective-dialogue",
        charter="vi-skapar-tillsammans",
        long_is_fine="1",
        **TITLES,
        **ticks,
    )
    assert again.status_code == 303
    _, express = await plan_by_form(hub, format="reflective-dialogue-express", **ticks)
    assert express.status_code == 303


# --- the room -----------------------------------------------------------------------------------


async def test_the_principle_is_read_in_both_languages_with_its_status_in_words(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("understand")
    seen = await page(session.astrid, f"/sessions/{session.id}")
    assert "Princip 1 av 3" in seen
    assert 'lang="en" id="side-en"' in seen
    assert "We say openly who decides what." in seen
    assert "Vi säger öppet vem som bestämmer vad." in seen
    assert "Utkast" in seen
    assert "Princip 1 av 3 · <span>Förstå</span>" in seen


async def test_a_forum_has_no_principle_and_keeps_its_steps(hub: Hub) -> None:
    session = await hub.session()
    seen = await page(session.astrid, f"/sessions/{session.id}")
    assert '<div id="principle" class="room__whole"></div>' in seen
    assert "Steg 1 av 9:" in seen
    assert "Princip" not in seen.split("<main")[1].split("</main>")[0]


async def test_own_thoughts_are_put_in_the_box_for_the_talk_and_not_shared(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("experience")
    answer = await wrote(session.astrid, session, kind="reflection", text="Min minut", share="1")
    assert answer.status_code == 303
    assert "?share=" in answer.headers["location"]
    filled = await page(session.astrid, answer.headers["location"].split("#")[0])
    talk = filled.split('id="talk"')[1]
    assert "Min minut</textarea>" in talk
    assert "Min minut" not in await page(session.ben, f"/sessions/{session.id}")
    stolen = await page(session.ben, answer.headers["location"].split("#")[0])
    assert "Min minut" not in stolen
    scripted = await send(
        session.astrid,
        f"/sessions/{session.id}/contributions",
        htmx=True,
        kind="reflection",
        text="Min andra minut",
        share="1",
        client_id="second",
    )
    assert scripted.text.lstrip().startswith("<section")
    assert "Min andra minut</textarea>" in scripted.text.split('id="talk"')[1]


async def test_a_point_says_what_it_is_about_and_keeps_its_words_when_it_does_not(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("fit")
    refused = await wrote(session.astrid, session, kind="contribution", text="Lagen finns redan")
    assert refused.status_code == 422
    assert "Lagen finns redan</textarea>" in refused.text
    assert 'href="#w-contribution-tag"' in refused.text
    assert 'href="#w-contribution-side"' in refused.text
    told = {"kind": "contribution", "text": "Lagen finns redan", "tag": "law", "side": "for"}
    assert (await wrote(session.astrid, session, **told)).status_code == 303
    assert "Law</span>" in await page(session.ben, f"/sessions/{session.id}")


async def test_the_swedish_is_filled_in_for_whoever_mends_it_and_stays_swedish(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("wording")
    seen = await page(session.ben, f"/sessions/{session.id}")
    box = seen.split('id="w-wording-text"')[1].split("</textarea>")[0]
    assert 'lang="sv"' in box
    assert "Vi säger öppet vem som bestämmer vad." in box
    answer = await wrote(
        session.ben, session, kind="wording", text="Vi säger rakt ut vem som bestämmer.",
        language="sv",
    )  # fmt: skip
    assert answer.status_code == 303
    items = (await session.fatima.get(f"/sessions/{session.id}/contributions")).json()["items"]
    (wording,) = [c for c in items if c["kind"] == "wording"]
    assert wording["language"] == "sv"
    unmarked = await wrote(session.astrid, session, kind="wording", text="", untranslatable="")
    assert unmarked.status_code == 422
    marked = await wrote(session.astrid, session, kind="wording", untranslatable="accountable")
    assert marked.status_code == 303
    assert "accountable" in await page(session.ben, f"/sessions/{session.id}")


async def test_a_change_says_what_it_does_and_can_be_changed_by_its_author_alone(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("change")
    refused = await wrote(session.ben, session, kind="change", text="Add the money")
    assert refused.status_code == 422
    assert "Add the money</textarea>" in refused.text
    answer = await wrote(session.ben, session, kind="change", text="Add the money", change="add")
    said = answer.headers["location"].split("#contribution-")[1]
    mine = await page(session.ben, f"/sessions/{session.id}/contributions/{said}")
    theirs = await page(session.astrid, f"/sessions/{session.id}/contributions/{said}")
    assert f'id="do-change-{said}"' in mine
    assert f'id="do-change-{said}"' not in theirs
    again = await send(
        session.ben, f"/sessions/{session.id}/contributions", kind="change", reply_to=said,
        text="Add the money, yearly", change="add", client_id="again",
    )  # fmt: skip
    assert again.status_code == 303
    assert "Add the money, yearly" in await page(session.ben, f"/sessions/{session.id}")


async def test_a_low_rating_wants_a_reason_and_keeps_the_number(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("rate")
    rating = {"kind": "rating", "of": "vst-2", "scale": "fit", "value": "1", "text": ""}
    refused = await wrote(session.astrid, session, **rating)
    assert refused.status_code == 422
    assert 'href="#w-rating-vst-2-reason"' in refused.text
    assert 'name="value" value="1" required checked' in refused.text
    kept = await wrote(session.astrid, session, **{**rating, "text": "Ingen lag säger det"})
    assert kept.status_code == 303
    assert "Ingen lag säger det" not in await page(session.ben, f"/sessions/{session.id}")
    mine = await page(session.astrid, f"/sessions/{session.id}")
    assert "Ditt svar är sparat: 1. Passar inte alls här" in mine
    passed = {**rating, "value": "pass"}
    assert (await wrote(session.ben, session, **passed)).status_code == 303
    shown = await page(session.ben, f"/sessions/{session.id}")
    assert "1 person has given a number." in shown
    assert "1 person passed." in shown


# --- settling, and the desk ---------------------------------------------------------------------


async def settling(hub: Hub) -> tuple[Session, str]:
    """A dialogue that settles on one of two wordings."""
    session = await dialogue(hub)
    await session.go_to("wording")
    first = await session.astrid.said(session.id, "Vi säger vem som bestämmer.", "wording")
    await session.ben.said(session.id, "Vi berättar vem som bestämmer.", "wording")
    await session.go_to("settle")
    return session, first["id"]


async def test_the_desk_puts_a_text_to_the_room_and_people_answer_it(hub: Hub) -> None:
    session, wording = await settling(hub)
    desk = f"/sessions/{session.id}"
    assert "Can we agree on the text as it is?" in await page(session.ben, desk)
    await went(session.fatima, f"{desk}/put", of=wording)
    assert "Can we agree on this Swedish wording?" in await page(session.ben, desk)
    stance = {"kind": "stance", "of": wording, "wording": wording}
    refused = await wrote(session.ben, session, **stance, value="objection")
    assert refused.status_code == 422
    assert f'href="#w-stance-{wording}-reason"' in refused.text
    assert (await wrote(session.ben, session, **stance, value="consent")).status_code == 303
    assert "Everyone who has answered agrees so far" in await page(session.ben, desk)
    seen = await page(session.fatima, f"{desk}/desk")
    assert "Next principle: All knowledge counts" in seen
    await went(session.fatima, f"{desk}/advance")
    assert "Principle 2 of 3" in await page(session.ben, desk)


async def test_dissent_is_written_group_by_group_and_a_fault_keeps_every_word(hub: Hub) -> None:
    session, _ = await settling(hub)
    path = f"/sessions/{session.id}/outcome"
    long = {"act": "dissent", "dissent_lived": "Ordet makt ska stå kvar", "language": "sv"}
    refused = await send(session.fatima, path, **long, dissent_practice="x" * 4001)
    assert refused.status_code == 422
    assert "Ordet makt ska stå kvar</textarea>" in refused.text
    assert 'href="#dissent_practice"' in refused.text
    await went(session.fatima, path, **long, dissent_all="Vi blir inte överens")
    seen = await page(session.astrid, f"/sessions/{session.id}")
    assert "Ordet makt ska stå kvar" in seen
    desk = await page(session.fatima, f"/sessions/{session.id}/desk")
    assert "Ordet makt ska stå kvar</textarea>" in desk
    assert 'id="decision-keep"' in desk
    more = {"dissent_lived_before": long["dissent_lived"], "dissent_lived_language": "sv"}
    english = {**long, **more, "language": "en", "dissent_practice": "The word is gone"}
    await went(session.fatima, path, **english)
    outcome = (await session.fatima.get(f"/sessions/{session.id}/outcomes")).json()["items"][0]
    assert [(d["group"], d["language"]) for d in outcome["dissent"]] == [
        ("lived", "sv"),
        ("practice", "en"),
    ]
    await went(session.fatima, path, act="decide", decision="keep")
    unsound = await send(session.fatima, path, act="decide", decision="reword")
    assert unsound.status_code == 409


async def test_a_principle_is_parked_with_a_reason_and_the_rest_change_places(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("understand")
    here = f"/sessions/{session.id}"
    refused = await send(session.fatima, f"{here}/park", principle="vst-2", reason="")
    assert refused.status_code == 422
    assert 'href="#park-reason"' in refused.text
    await went(session.fatima, f"{here}/order", **{"place-vst-3": "2", "place-vst-6": "1"})
    await went(session.fatima, f"{here}/park", principle="vst-2", reason="En annan gång")
    seen = await page(session.astrid, here)
    assert "Parkerad" in seen
    assert "Ge och få" in seen.split('id="principle-h"')[1].split("</h2>")[0]


async def test_the_desk_skips_a_tag_and_shows_the_numbers_early(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("fit")
    await went(session.fatima, f"/sessions/{session.id}/skip-tag", tag="money")
    desk = await page(session.fatima, f"/sessions/{session.id}/desk")
    assert 'Money <span class="small muted">skipped</span>' in desk
    await session.go_to("rate")
    await session.astrid.said(session.id, "", "rating", fields={"value": 4})
    await went(session.fatima, f"/sessions/{session.id}/ratings/reveal")
    assert "1 person has given a number." in await page(session.ben, f"/sessions/{session.id}")


async def test_the_facilitators_words_stand_when_the_author_says_yes(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("wording")
    said = await session.astrid.said(session.id, "Vi säger vem som bestämmer.", "wording")
    other = await session.ben.said(session.id, "Vi berättar vem som bestämmer.", "wording")
    one = f"/sessions/{session.id}/contributions/{said['id']}"
    assert f'name="merge-{other["id"]}"' in await page(session.fatima, one)
    path = f"/contributions/{said['id']}/suggest"
    empty = await send(session.fatima, path, text="", client_id="1")
    assert empty.status_code == 422
    await went(session.fatima, path, text="Vi säger öppet vem som bestämmer.", client_id="2")
    asked = await page(session.astrid, f"/sessions/{session.id}")
    suggestion = asked.split('id="leave-yes-')[1].split('"')[0]
    assert 'id="leave-yes-' not in await page(session.ben, f"/sessions/{session.id}")
    await went(session.astrid, f"/contributions/{suggestion}/leave", answer="yes")
    stands = (await session.astrid.get(f"/sessions/{session.id}/contributions")).json()["items"]
    first = next(c for c in stands if c["id"] == said["id"])
    assert first["current"]["text"] == "Vi säger öppet vem som bestämmer."


async def test_a_wording_that_changes_the_meaning_is_moved_by_its_author(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("wording")
    said = await session.astrid.said(session.id, "Vi bestämmer allt.", "wording")
    await went(session.fatima, f"/contributions/{said['id']}/flag")
    assert f'id="box-move-{said["id"]}"' in await page(session.astrid, f"/sessions/{session.id}")
    refused = await send(session.ben, f"/contributions/{said['id']}/box", box="wording")
    assert refused.status_code == 403
    await went(session.astrid, f"/contributions/{said['id']}/box", box="change", change="add")
    assert f'id="box-move-{said["id"]}"' not in await page(
        session.astrid, f"/sessions/{session.id}"
    )


async def test_a_word_is_brought_to_the_glossary_form_of_the_desk(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("understand")
    seen = await page(session.fatima, f"/sessions/{session.id}/desk?term=accountable")
    assert 'name="en" value="accountable"' in seen
    await went(session.fatima, f"/sessions/{session.id}/invite-translator")
    assert "Ni som kan båda språken" in await page(session.astrid, f"/sessions/{session.id}")


async def test_the_projector_shows_both_languages_and_no_names(hub: Hub) -> None:
    session, wording = await settling(hub)
    await send(session.fatima, f"/sessions/{session.id}/put", of=wording)
    seen = await page(session.fatima, f"/sessions/{session.id}/screen")
    main = seen.split("<main")[1].split("</main>")[0]
    assert "Vi säger vem som bestämmer." in main
    assert "We say openly who decides what." in main
    assert "Astrid" not in main
    assert "Ben" not in main
    assert "Princip 1 av 3" in main
    assert "Principle 1 of 3" in main


async def test_somebody_who_has_no_more_to_add_says_so(hub: Hub) -> None:
    session = await dialogue(hub)
    await session.go_to("restate")
    assert 'id="no-more"' in await page(session.astrid, f"/sessions/{session.id}")
    await went(session.astrid, f"/sessions/{session.id}/no-more")
    seen = await page(session.fatima, f"/sessions/{session.id}/desk")
    assert "1 person has no more to add." in seen


async def test_only_those_who_run_sessions_use_the_desk_of_a_dialogue(hub: Hub) -> None:
    session = await dialogue(hub)
    stranger = await join(hub.http, session.code, "Stig", "sv")
    for act in ("put", "outcome", "park", "order", "ratings/reveal", "skip-tag"):
        answer = await send(stranger, f"/sessions/{session.id}/{act}")
        assert answer.status_code == 403, act


async def test_who_took_part_is_asked_to_comment_in_the_closed_room(hub: Hub) -> None:
    session, _ = await settling(hub)
    here = f"/sessions/{session.id}"
    await session.ben.said(session.id, "", "stance", fields={"value": "consent"})
    await session.moved("close")
    asks = "/charters/vi-skapar-tillsammans/comment"
    assert asks not in await page(session.astrid, here)
    editor = await hub.account("editor", "Edda")
    opened = await editor.post("/charters/vi-skapar-tillsammans/round")
    assert opened.status_code in (200, 201), opened.text
    assert asks in await page(session.astrid, here)
    assert asks in await page(session.ben, f"{here}/choices")
    hub.clock.move(days=15)
    assert asks not in await page(session.astrid, here)
