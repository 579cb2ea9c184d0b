"""Themes and proposals in place: changed, split, made from posts, taken on, and dated."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Invalid
from hub.gatherings import rules
from hub.gatherings.models import access_gathering
from tests.cast import Person, join
from tests.conftest import Hub

from .test_rules import START

WHOLE = {"owner": "Avdelning 7", "when": "2027-03-01", "measure": "Två frågor i veckan"}
_forms = count(1)


async def send(hub: Hub, session: Any, who: Person, path: str = "", **form: str) -> httpx.Response:
    """A form without script."""
    cookies = {f"hub_seat_{session.id}": who.token, "hub_language": who.language}
    form = {"client_id": f"form-{next(_forms)}", **form}
    path = path or f"/sessions/{session.id}/contributions"
    return await hub.http.post(path, data=form, cookies=cookies)


async def page(hub: Hub, session: Any, who: Person, path: str = "") -> str:
    cookies = {f"hub_seat_{session.id}": who.token, "hub_language": who.language}
    answer = await hub.http.get(f"/sessions/{session.id}{path}", cookies=cookies)
    assert answer.status_code == 200, answer.text
    return answer.text


async def view(session: Any, contribution: str) -> Any:
    items = (await session.fatima.get(f"/sessions/{session.id}/contributions")).json()["items"]
    return next(c for c in items if c["id"] == contribution)


async def revision(session: Any) -> int:
    return int((await session.fatima.get(f"/sessions/{session.id}")).json()["revision"])


async def proposed(session: Any, **fields: Any) -> Any:
    await session.go_to("recommend")
    return await session.astrid.said(
        session.id, "Sitt ner med patienten", "recommendation", fields={**WHOLE, **fields}
    )


async def changed(session: Any, who: Person, first: Any, text: str, **fields: Any) -> Any:
    return await who.said(
        session.id, text, first["kind"], reply_to=first["id"], fields=fields or None
    )


async def stands(who: Person, session: Any, of: str, value: str = "consent", **more: Any) -> Any:
    fields = {"of": of, "value": value, **more}
    return await who.say(session.id, "Because", "stance", fields=fields)


def card(html: str, contribution: str) -> str:
    """The post in the page, with nothing of its neighbours."""
    found = re.search(rf'<li id="contribution-{contribution}".*?\n</li>', html, re.DOTALL)
    assert found
    return found[0]


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# --- changed in place -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "phase"), [("theme", "converge"), ("recommendation", "recommend")]
)
async def test_the_first_post_keeps_its_place_and_shows_the_latest_words(
    hub: Hub, kind: str, phase: str
) -> None:
    session = await hub.session()
    await session.go_to(phase)
    first = await session.astrid.said(session.id, "Sitt ner", kind)
    hub.clock.move(minutes=2)
    second = await changed(session, session.ben, first, "Sit down, for four weeks")
    shown = await view(session, first["id"])
    assert (shown["text"], shown["author"]["name"]) == ("Sitt ner", "Astrid")
    assert shown["current"]["id"] == second["id"]
    assert shown["current"]["text"] == "Sit down, for four weeks"
    assert shown["current"]["author"]["name"] == "Ben"
    assert [f["text"] for f in shown["former"]] == ["Sitt ner"]
    assert (await view(session, second["id"]))["revises"] == first["id"]
    assert shown["revision"] == second["revision"]
    for who, by, changes in (
        (
            session.ben,
            "Changed by Ben",
            f"changed the {'theme' if kind == 'theme' else 'proposal'}",
        ),
        (session.astrid, "Ändrat av Ben", f"ändrade {'temat' if kind == 'theme' else 'förslaget'}"),
    ):
        html = await page(hub, session, who)
        assert by in words(card(html, first["id"]))
        assert "Sitt ner" in card(html, first["id"])
        assert "four weeks" in card(html, first["id"])
        slim = card(html, second["id"])
        assert changes in words(slim)
        assert f'href="#contribution-{first["id"]}"' in slim
        assert "four weeks" not in slim
        assert 'class="rec' not in slim


async def test_a_later_translation_of_the_new_words_reaches_the_first_post(hub: Hub) -> None:
    session = await hub.session()
    first = await proposed(session)
    await hub.translate()
    second = await changed(
        session, session.ben, first, "On two wards", **{**WHOLE, "owner": "Ward 7"}
    )

    async def pushed_by(act: Any) -> set[str]:
        before = await revision(session)
        await act
        answer = await session.astrid.get(f"/sessions/{session.id}/changes", after=before)
        items = answer.json()["items"]
        return {i["contribution"]["id"] for i in items if "contribution" in i}

    both = {first["id"], second["id"]}
    assert await pushed_by(hub.translate()) == both
    shown = await view(session, first["id"])
    assert shown["current"]["translations"]["sv"]["text"] == "[sv] On two wards"
    html = card(await page(hub, session, session.astrid), first["id"])
    assert "[sv] On two wards" in html
    assert "[sv] Ward 7" in html
    path = f"/contributions/{second['id']}"
    assert await pushed_by(session.astrid.post(f"{path}/dispute", {"word": "two"})) == both
    correct = session.ben.put(f"{path}/translations/sv", {"text": "På två avdelningar"})
    assert await pushed_by(correct) == both
    third = await changed(session, session.ben, first, "Three", owner="Astrid")
    agree = session.astrid.post(f"/contributions/{first['id']}/agree")
    assert await pushed_by(agree) == {first["id"], third["id"]}


async def test_what_a_change_leaves_empty_stays_as_it_was(hub: Hub) -> None:
    session = await hub.session()
    first = await proposed(session)
    await changed(session, session.astrid, first, "På två avdelningar", when="2027-05-01")
    current = (await view(session, first["id"]))["current"]
    assert current["fields"]["owner"] == "Avdelning 7"
    assert current["fields"]["when"] == "2027-05-01"
    await hub.translate()
    current = (await view(session, first["id"]))["current"]
    assert current["translations"]["en"]["fields"]["owner"] == "[en] Avdelning 7"


async def test_a_change_taken_back_or_hidden_gives_the_former_words_again(hub: Hub) -> None:
    session = await hub.session()
    first = await proposed(session)
    second = await changed(session, session.ben, first, "Second")
    third = await changed(session, session.astrid, second, "Third")
    assert (await view(session, first["id"]))["current"]["text"] == "Third"
    await session.fatima.post(f"/contributions/{third['id']}/hide", {"reason": "x"})
    assert (await view(session, first["id"]))["current"]["text"] == "Second"
    assert "Third" not in await page(hub, session, session.ben)
    await session.fatima.delete(f"/contributions/{third['id']}/hide")
    await session.ben.delete(f"/contributions/{second['id']}")
    after_second = await view(session, first["id"])
    assert after_second["current"]["text"] == "Third"
    assert [f["text"] for f in after_second["former"]] == ["Sitt ner med patienten"]
    gone = (await session.astrid.delete(f"/contributions/{third['id']}")).json()
    back = await view(session, first["id"])
    assert (back["current"], back["revision"]) == (None, gone["revision"])


@pytest.mark.parametrize("way", ["taken back", "hidden"])
async def test_without_the_first_post_nothing_stands(hub: Hub, way: str) -> None:
    session = await hub.session()
    first = await proposed(session)
    second = await changed(session, session.ben, first, "Second")
    if way == "hidden":
        await session.fatima.post(f"/contributions/{first['id']}/hide", {"reason": "x"})
    else:
        await session.astrid.delete(f"/contributions/{first['id']}")
    await session.go_to("decide")
    for of in (first["id"], second["id"]):
        assert (await stands(session.ben, session, of)).status_code == 422
    again = await session.ben.say(
        session.id, "Third", "recommendation", reply_to=second["id"], fields=WHOLE
    )
    assert again.status_code == 422
    record = (await session.fatima.get(f"/sessions/{session.id}/record")).json()
    assert record["recommendations"] == []
    html = await page(hub, session, session.ben)
    assert f'value="{first["id"]}"' not in html.split('id="composer"')[1]
    assert 'class="rec' not in card(html, second["id"])


async def test_what_was_changed_counts_once_everywhere(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("converge")
    themes = [await session.astrid.said(session.id, f"Tema {n}", "theme") for n in range(3)]
    renamed = await changed(session, session.ben, themes[0], "Theme zero")
    for theme in (renamed, *themes[1:]):
        for person in (session.astrid, session.ben):
            fields = {"of": theme["id"], "value": 4, "scale": "importance"}
            await person.said(session.id, "", "rating", fields=fields)
    found = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert (found["exit"], found["exit_met"]) == (
        {"code": "themes_rated", "done": 3, "wanted": 3},
        True,
    )
    assert (await view(session, themes[0]["id"]))["ratings"]["importance"]["answered"] == 2
    composer = (await page(hub, session, session.ben)).split('id="composer"')[1]
    assert composer.count('<input type="hidden" name="scale" value="importance">') == 3
    assert "Theme zero" in composer
    assert "Tema 0" not in composer
    record = (await session.fatima.get(f"/sessions/{session.id}/record")).json()
    assert [t["id"] for t in record["themes"]] == [t["id"] for t in themes]


async def test_in_decide_words_are_changed_and_answers_given_again(hub: Hub) -> None:
    session = await hub.session()
    first = await proposed(session)
    await session.go_to("decide")
    assert (await stands(session.ben, session, first["id"], "objection")).status_code == 201
    assert (await stands(session.astrid, session, first["id"])).status_code == 201
    fresh = await session.ben.say(session.id, "A new one", "recommendation", fields=WHOLE)
    assert fresh.status_code == 409
    second = await changed(session, session.astrid, first, "Sitt ner, en bär larmet")
    shown = (await view(session, first["id"]))["decision"]
    assert shown == {
        "result": "undecided",
        "stances": {"consent": 0, "objection": 0, "stand_aside": 0},
    }
    html = (await page(hub, session, session.ben)).split('id="composer"')[1]
    assert "The words have changed since you answered." in html
    answers = re.split(f'id="decide-{first["id"]}"[^>]* open', html)[1].split("</form>")[0]
    assert 'name="value" value="objection" required>' in answers
    assert " checked" not in answers
    assert f'name="wording" value="{second["id"]}"' in html
    assert "Orden har ändrats sedan du svarade." in await page(hub, session, session.astrid)
    await stands(session.ben, session, first["id"])
    html = (await page(hub, session, session.ben)).split('id="composer"')[1]
    assert "The words have changed" not in html
    assert (await view(session, first["id"]))["decision"]["result"] == "adopted"
    await session.astrid.delete(f"/contributions/{second['id']}")
    again = (await view(session, first["id"]))["decision"]
    assert (again["result"], again["stances"]["objection"]) == ("undecided", 1)
    assert again["stances"]["consent"] == 1


async def test_nobody_answers_to_words_that_they_have_not_seen(hub: Hub) -> None:
    session = await hub.session()
    first = await proposed(session)
    await session.go_to("decide")
    second = await changed(session, session.astrid, first, "Nya ord")
    late = await stands(session.ben, session, first["id"], wording=first["id"])
    assert (late.status_code, late.json()["type"]) == (409, "/problems/words_changed")
    form = {"kind": "stance", "of": first["id"], "value": "objection", "text": "Mitt skäl"}
    refused = await send(hub, session, session.astrid, **form, wording=first["id"])
    assert refused.status_code == 409
    assert "Orden har ändrats sedan du läste dem." in refused.text
    assert "Mitt skäl" in refused.text
    assert f'name="wording" value="{second["id"]}"' in refused.text
    good = await stands(session.ben, session, first["id"], wording=second["id"])
    assert good.json()["fields"]["wording"] == second["id"]


async def test_an_outcome_on_former_words_is_no_outcome(hub: Hub) -> None:
    session = await hub.session()
    first = await proposed(session)
    await session.go_to("decide")
    parked = {"of": first["id"], "result": "parked"}
    await session.fatima.said(session.id, "Later.", "facilitation", fields=parked)
    assert (await view(session, first["id"]))["decision"]["result"] == "parked"
    await changed(session, session.ben, first, "Smaller")
    assert (await view(session, first["id"]))["decision"]["result"] == "undecided"


async def test_words_are_changed_by_form_from_those_in_ones_own_language(hub: Hub) -> None:
    session = await hub.session()
    first = await proposed(session)
    await hub.translate()
    path = f"/contributions/{first['id']}"
    for who, title, text in (
        (session.ben, "Change the proposal", "[en] Sitt ner med patienten"),
        (session.astrid, "Ändra förslaget", "Sitt ner med patienten"),
    ):
        form = (await page(hub, session, who, path)).split(f'id="do-change-{first["id"]}"')[1]
        form = form.split("</form>")[0]
        assert title in form
        assert f">{text}</textarea>" in form
        assert 'value="2027-03-01"' in form
    act = {"part": "actions", "act": "change", "contribution": first["id"]}
    form = {"kind": "recommendation", "reply_to": first["id"], "language": "en", **act}
    empty = await send(hub, session, session.ben, **form, text=" ", owner="Ward 7")
    assert empty.status_code == 422
    assert 'value="Ward 7"' in empty.text
    sent = await send(hub, session, session.ben, **form, text="Sit down daily", owner="Ward 7")
    assert sent.status_code == 303
    current = (await view(session, first["id"]))["current"]
    assert (current["text"], current["fields"]["owner"]) == ("Sit down daily", "Ward 7")
    assert current["fields"]["measure"] == "Två frågor i veckan"


async def test_a_theme_is_changed_only_while_themes_are_open(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("converge")
    theme = await session.astrid.said(session.id, "Ord som stänger", "theme")
    path = f"/contributions/{theme['id']}"
    assert "Ändra temat" in await page(hub, session, session.astrid, path)
    await session.go_to("recommend")
    assert "Ändra temat" not in await page(hub, session, session.astrid, path)
    late = await session.ben.say(session.id, "Other", "theme", reply_to=theme["id"])
    assert late.status_code == 409


async def test_the_shown_words_are_corrected_where_they_stand(hub: Hub) -> None:
    session = await hub.session()
    hanna = await join(hub.http, session.code, "Hanna", "sv", bilingual=True)
    first = await proposed(session)
    second = await changed(session, session.ben, first, "Mind the gap")
    await hub.translate()
    html = await page(hub, session, hanna, f"/contributions/{first['id']}")
    assert f'action="/contributions/{second["id"]}/correct"' in html
    assert "[sv] Mind the gap</textarea>" in html
    for who, may in ((session.ben, True), (session.astrid, False)):
        html = await page(hub, session, who, f"/contributions/{first['id']}")
        assert (f'action="/contributions/{second["id"]}/correct"' in html) is may
    path = f"/contributions/{second['id']}/correct"
    await send(hub, session, hanna, path, language="sv", text="Se upp för glappet")
    assert "Se upp för glappet" in card(await page(hub, session, session.astrid), first["id"])


# --- stances and wordings, as rules -----------------------------------------------------------


def said(number: int, kind: str, author: str = "a", **fields: Any) -> rules.Said:
    reply = fields.pop("reply_to", None)
    hidden = fields.pop("hidden", False)
    return rules.Said(
        f"c{number}", kind, "decide", author, "lived", reply, fields, START, hidden=hidden
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("words"), st.sampled_from("abc"), st.booleans()),
        st.tuples(
            st.sampled_from(["consent", "objection", "stand_aside"]),
            st.sampled_from("abc"),
            st.just(False),
        ),
    ),
    max_size=14,
)


@given(steps=STEPS, bound=st.booleans())
def test_only_the_last_answer_of_each_on_the_last_words_counts(
    steps: list[tuple[str, str, bool]], bound: bool
) -> None:
    log = [said(0, "recommendation", what="first")]
    wording, answers = "c0", {}
    for number, (what, who, hidden) in enumerate(steps, 1):
        if what == "words":
            log.append(said(number, "recommendation", who, what=what, revises="c0", hidden=hidden))
            if not hidden:
                wording, answers = f"c{number}", {}
        else:
            given_on = {"wording": wording} if bound else {}
            log.append(said(number, "stance", who, of="c0", value=what, **given_on))
            answers[who] = what
    decision = rules.decision_on("c0", log)
    assert sum(decision.stances.values()) == len(answers)
    for value, number in decision.stances.items():
        assert number == list(answers.values()).count(value)
    assert rules.wording_of("c0", log) == wording
    (draft,) = rules.drafts_of(log)
    assert draft.id == "c0"
    wants = "undecided" if not answers or "objection" in answers.values() else "adopted"
    if wants == "adopted" and "stand_aside" in answers.values():
        wants = "adopted_with_dissent"
    assert decision.result == wants


@given(st.data())
def test_answers_follow_their_words_when_later_words_are_taken_back(data: st.DataObject) -> None:
    """Whatever is taken back, the answers that count are those on the words that stand."""
    steps = data.draw(STEPS)
    log, wording = [said(0, "recommendation", what="first")], "c0"
    on: dict[str, dict[str, str]] = {"c0": {}}
    for number, (what, who, _) in enumerate(steps, 1):
        if what == "words":
            wording = f"c{number}"
            log.append(said(number, "recommendation", who, what=what, revises="c0"))
            on[wording] = {}
        else:
            log.append(said(number, "stance", who, of="c0", value=what, wording=wording))
            on[wording][who] = what
    gone = data.draw(st.sets(st.sampled_from([w for w in on if w != "c0"] or ["none"])))
    left = [s for s in log if s.id not in gone]
    now = [w for w in on if w not in gone][-1]
    assert rules.wording_of("c0", left) == now
    assert sum(rules.decision_on("c0", left).stances.values()) == len(on[now])


def test_a_change_of_what_is_gone_is_no_new_proposal() -> None:
    orphan = said(2, "recommendation", revises="c1", reply_to="c1")
    assert rules.standing([orphan], "recommendation") == []
    hidden = said(1, "recommendation", hidden=True)
    old_reply = said(2, "recommendation", reply_to="c1")
    assert rules.standing([hidden, old_reply], "recommendation") == []


# --- split ------------------------------------------------------------------------------------


def halves(**more: str) -> dict[str, str]:
    return {
        "client_id_1": f"half-{next(_forms)}",
        "client_id_2": f"half-{next(_forms)}",
        "text_1": "Skriv ner orden",
        "text_2": "Fråga varje gång",
        "owner_1": "Avdelning 7",
        "when_1": "2027-03-01",
        "measure_1": "Vi räknar",
        "when_2": "2027-04-01",
        **more,
    }


@pytest.mark.parametrize("phase", ["recommend", "decide"])
async def test_a_proposal_is_split_in_two_by_one_form(hub: Hub, phase: str) -> None:
    session = await hub.session()
    whole = await proposed(session)
    await session.go_to(phase)
    html = await page(hub, session, session.astrid, f"/contributions/{whole['id']}")
    form = html.split(f'id="do-split-{whole["id"]}"')[1].split("</form>")[0]
    assert form.count('value="2027-03-01"') == 2
    assert form.count('value="Avdelning 7"') == 2
    path, both = f"/contributions/{whole['id']}/split", halves()
    for _ in range(2):
        assert (await send(hub, session, session.astrid, path, **both)).status_code == 303
    parent = await view(session, whole["id"])
    assert len(parent["split_into"]) == 2
    assert parent["decision"] is None
    one, two = [await view(session, part) for part in parent["split_into"]]
    assert (one["text"], two["text"]) == ("Skriv ner orden", "Fråga varje gång")
    assert one["fields"]["split_of"] == two["fields"]["split_of"] == whole["id"]
    shown = card(await page(hub, session, session.ben), whole["id"])
    assert "Split into two" in shown
    assert "Delat i två" in await page(hub, session, session.astrid)
    for part in parent["split_into"]:
        assert f'href="#contribution-{part}"' in shown
    other = await send(hub, session, session.ben, path, **halves())
    assert other.status_code == 409
    await session.go_to("decide")
    late = await stands(session.ben, session, whole["id"])
    assert (late.status_code, late.json()["type"]) == (409, "/problems/proposal_split")
    record = (await session.fatima.get(f"/sessions/{session.id}/record")).json()
    assert [r["id"] for r in record["recommendations"]] == parent["split_into"]
    composer = (await page(hub, session, session.ben)).split('id="composer"')[1]
    assert f'value="{whole["id"]}"' not in composer
    assert composer.count('name="kind" value="stance"') == 2


async def test_a_split_is_whole_or_nothing(hub: Hub) -> None:
    session = await hub.session()
    whole = await proposed(session)
    await hub.screens.settle()
    before = await revision(session)
    path = f"/contributions/{whole['id']}/split"
    faulty = halves(text_2=" ", when_1="2020-01-01")
    answer = await send(hub, session, session.astrid, path, **faulty)
    assert answer.status_code == 422
    assert "Skriv ner orden" in answer.text
    assert f'href="#a-{whole["id"]}-split-text_2"' in answer.text
    assert f'href="#a-{whole["id"]}-split-when_1"' in answer.text
    assert f'name="client_id_1" value="{faulty["client_id_1"]}"' in answer.text
    same = halves(client_id_2="x", client_id_1="x")
    assert (await send(hub, session, session.astrid, path, **same)).status_code == 422
    assert await revision(session) == before
    assert (await view(session, whole["id"]))["split_into"] == []


async def test_parts_taken_back_give_the_whole_again(hub: Hub) -> None:
    session = await hub.session()
    whole = await proposed(session)
    path = f"/contributions/{whole['id']}/split"
    await send(hub, session, session.astrid, path, **halves())
    one, two = (await view(session, whole["id"]))["split_into"]
    await session.astrid.delete(f"/contributions/{one}")
    assert (await view(session, whole["id"]))["split_into"] == [two]
    gone = (await session.astrid.delete(f"/contributions/{two}")).json()
    again = await view(session, whole["id"])
    assert (again["split_into"], again["revision"]) == ([], gone["revision"])
    assert again["decision"]["result"] == "undecided"


async def test_a_part_points_at_a_proposal_of_this_session(hub: Hub) -> None:
    session, other = await hub.session(), await hub.session()
    foreign = await proposed(other)
    whole = await proposed(session)
    second = await changed(session, session.ben, whole, "In other words")
    theme = {"split_of": foreign["id"], **WHOLE}
    refused = await session.ben.say(session.id, "Part", "recommendation", fields=theme)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/fields/split_of"
    fields = {**WHOLE, "split_of": second["id"]}
    part = await session.ben.said(session.id, "Part", "recommendation", fields=fields)
    assert part["fields"]["split_of"] == whole["id"]
    assert (await view(session, whole["id"]))["split_into"] == [part["id"]]
    closed = await session.ben.say(
        session.id, "More", "recommendation", reply_to=whole["id"], fields=WHOLE
    )
    assert closed.json()["type"] == "/problems/proposal_split"


# --- themes made from posts -------------------------------------------------------------------


async def test_a_theme_names_the_posts_it_was_made_from(hub: Hub) -> None:
    session = await hub.session()
    one = await session.astrid.said(session.id, "Fyra nummer i luren")
    two = await session.ben.said(session.id, "Nobody rings back", "question")
    await hub.translate()
    await session.go_to("converge")
    composer = (await page(hub, session, session.ben)).split('id="composer"')[1]
    assert f'name="from-{one["id"]}"' in composer
    assert "[en] Fyra nummer i luren" in composer
    form = {"kind": "theme", f"from-{one['id']}": "1", f"from-{two['id']}": "1"}
    empty = await send(hub, session, session.astrid, **form, text="")
    assert empty.status_code == 422
    assert empty.text.count(' value="1" checked') == 2
    assert (
        await send(hub, session, session.astrid, **form, text="Ingen svarar")
    ).status_code == 303
    items = (await session.ben.get(f"/sessions/{session.id}/contributions")).json()["items"]
    theme = next(c for c in items if c["kind"] == "theme")
    assert theme["fields"]["from"] == [one["id"], two["id"]]
    assert [s["name"] for s in theme["made_from"]] == ["Astrid", "Ben"]
    shown = card(await page(hub, session, session.astrid), theme["id"])
    assert "Bygger på:" in shown
    assert f'href="#contribution-{two["id"]}"' in shown
    await changed(session, session.ben, theme, "Nobody answers")
    assert len((await view(session, theme["id"]))["made_from"]) == 2
    gone = (await session.ben.delete(f"/contributions/{two['id']}")).json()
    left = await view(session, theme["id"])
    assert [s["name"] for s in left["made_from"]] == ["Astrid"]
    assert left["revision"] == gone["revision"]
    await session.fatima.post(f"/contributions/{one['id']}/hide", {"reason": "x"})
    assert (await view(session, theme["id"]))["made_from"] == []


async def test_a_theme_is_made_from_posts_that_are_here(hub: Hub) -> None:
    session, other = await hub.session(), await hub.session()
    foreign = await other.astrid.said(other.id, "Någon annanstans")
    hidden = await session.astrid.said(session.id, "Namnger någon")
    await session.fatima.post(f"/contributions/{hidden['id']}/hide", {"reason": "x"})
    post = await session.astrid.said(session.id, "Här")
    await session.go_to("converge")
    theme = await session.ben.said(session.id, "T", "theme", fields={"from": [post["id"]] * 2})
    assert theme["fields"]["from"] == [post["id"]]
    for wrong in ([foreign["id"]], [hidden["id"]], [theme["id"]], ["c_no"], "x", [1]):
        answer = await session.ben.say(session.id, "T", "theme", fields={"from": wrong})
        assert answer.status_code == 422, wrong
        assert answer.json()["errors"][0]["pointer"] == "/fields/from"
    reworded = await session.ben.say(
        session.id, "T", "theme", reply_to=theme["id"], fields={"from": ["c_no"]}
    )
    assert reworded.status_code == 422
    with pytest.raises(Invalid) as many:
        rules.read_fields("theme", {"from": [f"c{n}" for n in range(21)]}, "")
    assert many.value.fields == {"/fields/from": "from_many"}


# --- who is responsible, and when ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "name", "named"),
    [
        ("Ben", "Ben", True),
        ("ben, ward 7", "Ben", True),
        ("Ward 7 (Ben)", "Ben", True),
        ("Anna  Lena och Ben", "anna lena", True),
        ("Benjamin", "Ben", False),
        ("Ruben", "Ben", False),
        ("Åsa-Ben", "Ben", True),
        ("The ward", "Ben", False),
        ("Team (a+b)", "(a+b)", True),
        ("", "Ben", False),
        ("Ben", "  ", False),
    ],
)
def test_a_name_counts_as_words_of_its_own(owner: str, name: str, named: bool) -> None:
    assert rules.names_person(owner, name) is named


async def test_who_is_named_as_responsible_is_asked(hub: Hub) -> None:
    session = await hub.session()
    draft = await proposed(session, owner="Ben och Astrid, avdelning 7")
    path = f"/contributions/{draft['id']}"
    waiting = {"id": session.ben.id, "name": "Ben", "agreed": None}
    assert (await view(session, draft["id"]))["owner_named"] == [waiting]
    html = await page(hub, session, session.astrid)
    assert "Ben står som ansvarig och behöver säga ja." in html
    assert "Jag tar på mig det" not in html
    assert "I take this on" in (await page(hub, session, session.ben)).split('id="composer"')[1]
    assert "I take this on" in await page(hub, session, session.ben, path)
    for who, status in ((session.astrid, 403), (session.fatima, 403)):
        assert (await who.post(f"{path}/agree")).status_code == status
    assert (await send(hub, session, session.ben, f"{path}/agree", answer="no")).status_code == 303
    shown = await view(session, draft["id"])
    assert shown["owner_named"][0]["agreed"] is False
    assert "owner_agreed" not in shown["fields"]
    assert "Ben tar inte på sig det här" in await page(hub, session, session.astrid)
    assert (await send(hub, session, session.ben, f"{path}/agree", answer="yes")).status_code == 303
    shown = await view(session, draft["id"])
    assert shown["fields"]["owner_agreed"] is True
    assert rules.missing_parts(shown["fields"]) == []
    for who, sentence in ((session.astrid, "Ben har sagt ja"), (session.ben, "Ben has agreed")):
        assert sentence in card(await page(hub, session, who), draft["id"])
    composer = (await page(hub, session, session.ben)).split('id="composer"')[1]
    assert "I take this on" not in composer


async def test_a_yes_is_for_the_words_it_was_given_on(hub: Hub) -> None:
    session = await hub.session()
    draft = await proposed(session, owner="Ben")
    path = f"/contributions/{draft['id']}/agree"
    agreed = (await session.ben.post(path)).json()
    assert agreed["owner_named"][0]["agreed"] is True
    forged = {"owner": "Ben", "owner_agreed": True, "owner_answers": {session.ben.id: True}}
    second = await changed(session, session.astrid, draft, "Varje dag", **forged)
    assert "owner_agreed" not in second["fields"]
    shown = await view(session, draft["id"])
    assert shown["owner_named"][0]["agreed"] is None
    assert "owner_agreed" not in shown["current"]["fields"]
    again = (await session.ben.post(path, {"agree": True})).json()
    assert again["current"]["fields"]["owner_agreed"] is True
    await changed(session, session.ben, draft, "In my own words")
    assert (await view(session, draft["id"]))["owner_named"] == []


async def test_all_who_are_named_agree_or_it_is_not_agreed(hub: Hub) -> None:
    session = await hub.session()
    grace = await join(hub.http, session.code, "Grace", "en", role="practitioner")
    draft = await proposed(session, owner="Ben and Grace")
    path = f"/contributions/{draft['id']}/agree"
    await grace.post(path)
    assert "owner_agreed" not in (await view(session, draft["id"]))["fields"]
    await session.ben.post(path)
    assert (await view(session, draft["id"]))["fields"]["owner_agreed"] is True
    await session.moved("close")
    assert (await grace.post(path, {"agree": False})).status_code == 409


async def test_a_new_proposal_is_not_due_before_today(hub: Hub) -> None:
    session = await hub.session()
    await session.go_to("recommend")
    today = hub.clock.now().date()

    async def due(day: date, **more: Any) -> httpx.Response:
        fields = {**WHOLE, "when": day.isoformat()}
        return await session.ben.say(session.id, "Do it", "recommendation", fields=fields, **more)

    past = await due(today - timedelta(days=1))
    assert past.status_code == 422
    assert past.json()["errors"][0]["pointer"] == "/fields/when"
    first = (await due(today)).json()
    hub.clock.move(days=3)
    assert (await due(today)).status_code == 422
    assert (await due(today, reply_to=first["id"])).status_code == 201
    assert (await due(today + timedelta(days=1), reply_to=first["id"])).status_code == 422
    form = {"kind": "recommendation", "text": "Gör det", "when": "2020-02-02"}
    answer = await send(hub, session, session.astrid, **form)
    assert answer.status_code == 422
    assert "Välj ett datum som inte har varit" in answer.text
    assert 'value="2020-02-02"' in answer.text


async def test_the_made_up_people_of_a_demonstration_keep_their_days(hub: Hub) -> None:
    hub.app.state.demonstration = True
    session = await hub.session()
    draft = await proposed(session, when="2020-02-02")
    assert draft["fields"]["when"] == "2020-02-02"


# --- what the chatbot goes by -------------------------------------------------------------------


async def test_the_chatbot_counts_proposals_as_people_do(hub: Hub) -> None:
    session = await hub.session()
    theme = await session.ben.said(session.id, "Somebody to call")
    await session.go_to("recommend")
    one = await session.astrid.said(
        session.id, "Ett", "recommendation", reply_to=theme["id"], fields=WHOLE
    )
    two = await session.ben.said(session.id, "Two", "recommendation", fields=WHOLE)
    bare = await session.ben.said(session.id, "Three", "recommendation")
    await changed(session, session.ben, one, "One, in other words")
    await changed(session, session.astrid, bare, "Tre", owner="Ward 7")
    await send(hub, session, session.ben, f"/contributions/{two['id']}/split", **halves())
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)
        seen = await hub.watch(tx, gathering)
    assert seen is not None
    assert {p.label: p.missing for p in seen.proposals} == {
        "1": (),
        "3": ("when", "measure"),
        "2a": (),
        "2b": ("owner", "measure"),
    }


async def test_who_adds_a_date_from_a_translation_leaves_the_words_as_they_were_written(
    hub: Hub,
) -> None:
    session = await hub.session()
    first = await proposed(session, when="")
    await hub.translate()
    shown = (await view(session, first["id"]))["translations"]["en"]
    assert shown["text"] != first["text"]
    done = await session.ben.said(
        session.id,
        shown["text"],
        "recommendation",
        reply_to=first["id"],
        fields={"owner": shown["fields"]["owner"], "when": "2027-03-01", "measure": "Two a week"},
    )
    assert (done["text"], done["language"]) == (first["text"], "sv")
    now = (await view(session, first["id"]))["current"]
    assert now["fields"]["owner"] == WHOLE["owner"]
    assert now["fields"]["when"] == "2027-03-01"
    assert now["fields"]["measure"] == "Two a week"
    # Words that were changed are the changer's own.
    other = await changed(session, session.ben, first, "Sit down with the patient")
    assert (other["text"], other["language"]) == ("Sit down with the patient", "en")
