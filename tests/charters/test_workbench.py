"""The workbench of editors, imports, and the round of comment."""

from __future__ import annotations

from html import escape

import pytest

from hub.charters.reading import asked_of
from hub.people.door import Caller
from hub.people.models import Participant
from tests.cast import Person
from tests.charters.desk import VST, adopted, form_of, get, outcome, send, texts
from tests.conftest import Hub

EDIT = f"/charters/{VST}/edit"
BENCH = f"/charters/{VST}/principles/vst-8"


@pytest.mark.parametrize("path", [EDIT, f"{BENCH}/edit", "/charters/import"])
async def test_the_workbench_is_for_editors(hub: Hub, path: str) -> None:
    assert (await get(hub, path)).status_code == 303
    assert (await get(hub, path, await hub.account("facilitator"))).status_code == 403
    assert (await get(hub, path, await hub.account("editor"))).status_code == 200


async def test_a_text_is_saved_and_the_other_language_follows_where_the_content_changed(
    hub: Hub,
) -> None:
    editor = await hub.account("editor", "Edda")
    for language in ("sv", "en"):
        form = {"language": language, "to": "human_reviewed", "note": "inget", "reads_both": "1"}
        await send(hub, f"{BENCH}/status", editor, **form)
    wording = await form_of(hub, "vst-8", text_sv="Att vara oense är en del av arbetet.")
    answer = await send(hub, f"{BENCH}/edit", editor, **wording)
    assert answer.headers["location"] == f"{BENCH}/edit?saved=1"
    assert (await texts(hub, "vst-8"))["en"]["status"] == "human_reviewed"
    content = await form_of(hub, "vst-8", text_sv="Vi är alltid överens.", substance="1")
    await send(hub, f"{BENCH}/edit", editor, **content)
    found = await texts(hub, "vst-8")
    assert found["sv"]["text"] == "Vi är alltid överens."
    assert found["en"]["status"] == "draft"
    page = (await get(hub, f"{BENCH}/edit?saved=1", editor)).text
    assert "Saved." in page
    assert "Edda" in page


async def test_a_fault_keeps_everything_that_was_typed(hub: Hub) -> None:
    editor = await hub.account("editor")
    form = await form_of(hub, "vst-8", title_sv="", text_sv="Helt ny", text_en="Quite new")
    answer = await send(hub, f"{BENCH}/edit", editor, **form)
    assert answer.status_code == 422
    assert 'href="#title_sv"' in answer.text
    assert "Helt ny" in answer.text
    assert "Quite new" in answer.text
    assert (await texts(hub, "vst-8"))["en"]["text"] != "Quite new"


async def test_a_draft_waits_until_it_is_saved_or_thrown_away(hub: Hub) -> None:
    edda, evan = await hub.account("editor", "Edda"), await hub.account("editor", "Evan")
    form = await form_of(hub, "vst-8", text_sv="Halvfärdigt")
    assert (await send(hub, f"{BENCH}/draft", edda, **form)).status_code == 204
    page = (await get(hub, f"{BENCH}/edit", edda)).text
    assert "you have a draft from" in page
    assert page.count("Halvfärdigt") >= 2
    assert "your draft" in (await get(hub, EDIT, edda)).text
    assert "Halvfärdigt" not in (await get(hub, f"{BENCH}/edit", evan)).text
    await send(hub, f"{BENCH}/draft/drop", edda, language="sv")
    assert "Halvfärdigt" not in (await get(hub, f"{BENCH}/edit", edda)).text
    by_button = await send(hub, f"{BENCH}/edit", edda, **{**form, "act": "draft"})
    assert by_button.headers["location"] == f"{BENCH}/edit?kept=1"
    await send(hub, f"{BENCH}/edit", edda, **form)
    assert "you have a draft from" not in (await get(hub, f"{BENCH}/edit", edda)).text


async def test_the_second_to_save_sees_both_texts_and_chooses(hub: Hub) -> None:
    edda, evan = await hub.account("editor", "Edda"), await hub.account("editor", "Evan")
    mine = await form_of(hub, "vst-8", text_sv="Evans ord")
    theirs = await form_of(hub, "vst-8", text_sv="Eddas ord")
    await send(hub, f"{BENCH}/edit", edda, **theirs)
    answer = await send(hub, f"{BENCH}/edit", evan, **mine)
    assert answer.status_code == 409
    for told in (
        "Two of you have written here",
        "Edda",
        "Eddas ord",
        "Evans ord",
        "<del>",
        "<ins>",
    ):
        assert told in answer.text
    assert "Evans ord" in (await get(hub, f"{BENCH}/edit", evan)).text
    newer = str((await texts(hub, "vst-8"))["sv"]["revision"])
    form = {**mine, "act": "resolve", "new_sv": "1", "differ_sv": "1", "newer_sv": newer}
    unsaid = await send(hub, f"{BENCH}/edit", evan, **form)
    assert unsaid.status_code == 409
    assert "Choose which text is to stand" in unsaid.text
    kept = await send(hub, f"{BENCH}/edit", evan, **form, choice_sv="theirs")
    assert kept.status_code == 303
    assert (await texts(hub, "vst-8"))["sv"]["text"] == "Eddas ord"
    await send(hub, f"{BENCH}/edit", evan, **form, choice_sv="mine")
    assert (await texts(hub, "vst-8"))["sv"]["text"] == "Evans ord"
    late = {**form, "third_title_sv": "Ny", "third_text_sv": "Tredje", "choice_sv": "third"}
    assert (await send(hub, f"{BENCH}/edit", edda, **late)).status_code == 409
    now = str((await texts(hub, "vst-8"))["sv"]["revision"])
    await send(hub, f"{BENCH}/edit", edda, **{**late, "newer_sv": now})
    assert (await texts(hub, "vst-8"))["sv"]["text"] == "Tredje"


async def test_who_wrote_in_one_language_does_not_undo_the_other(hub: Hub) -> None:
    edda, evan = await hub.account("editor", "Edda"), await hub.account("editor", "Evan")
    swedish = await form_of(hub, "vst-8", text_sv="Bara svenskan")
    english = await form_of(hub, "vst-8", text_en="The English only")
    await send(hub, f"{BENCH}/edit", edda, **swedish)
    assert (await send(hub, f"{BENCH}/edit", evan, **english)).status_code == 303
    found = await texts(hub, "vst-8")
    assert (found["sv"]["text"], found["en"]["text"]) == ("Bara svenskan", "The English only")


async def test_a_machines_words_stay_the_machines_until_a_person_changes_them(hub: Hub) -> None:
    editor = await hub.account("editor")
    form = await form_of(hub, "vst-8", text_en="Something quite new for the machine to say")
    asked = await send(hub, f"{BENCH}/edit", editor, **{**form, "act": "suggest-sv"})
    assert asked.status_code == 200
    made = "[sv] Something quite new for the machine to say"
    assert made in asked.text
    taken = {
        **form,
        "act": "use-sv",
        "suggested_title_sv": "[sv] T",
        "suggested_text_sv": made,
        "suggested_engine_sv": "echo; 1",
    }
    filled = await send(hub, f"{BENCH}/edit", editor, **taken)
    assert 'name="engine_sv" value="echo; 1"' in filled.text
    as_is = {"title_sv": "[sv] T", "text_sv": made, "machine_sv": f"[sv] T\n{made}"}
    save = {**form, **as_is, "engine_sv": "echo; 1"}
    await send(hub, f"{BENCH}/edit", editor, **save)
    found = (await texts(hub, "vst-8"))["sv"]
    assert (found["origin"], found["status"], found["engine"]) == ("machine", "draft", "echo; 1")
    assert "Machine-translated draft" in (await get(hub, f"/charters/{VST}?view=sv")).text
    save |= {"text_sv": "Något helt nytt", "base_sv": str(found["revision"])}
    await send(hub, f"{BENCH}/edit", editor, **save)
    assert (await texts(hub, "vst-8"))["sv"]["origin"] == "person"


async def test_a_status_says_what_it_needs(hub: Hub) -> None:
    editor, session = await hub.account("editor"), await hub.session()
    form = {"language": "sv", "to": "human_reviewed", "note": "", "reads_both": ""}
    faulty = await send(hub, f"{BENCH}/status", editor, **form)
    assert faulty.status_code == 422
    assert 'href="#reads_both_sv"' in faulty.text
    await send(hub, f"{BENCH}/status", editor, **{**form, "note": "inget", "reads_both": "1"})
    page = (await get(hub, f"{BENCH}/edit", editor)).text
    assert "A closed dialogue has to have been about exactly these words." in page
    assert 'aria-disabled="true"' in page
    await outcome(hub, session.id, "vst-8")
    page = (await get(hub, f"{BENCH}/edit", editor)).text
    assert 'value="tested_in_dialogue"' in page
    assert "Keep as it is" in page


async def test_an_agreed_text_is_taken_over_at_once(hub: Hub) -> None:
    editor, session = await hub.account("editor"), await hub.session()
    agreed = {"sv": {"title": "Var oense", "text": "Vi skriver ner det, från båda håll."}}
    dissent = [{"group": "lived", "text": {"sv": "Inte så.", "en": "Not so."}}]
    row = await outcome(hub, session.id, "vst-8", agreed=agreed, decision="reword", dissent=dissent)
    page = (await get(hub, f"{BENCH}/edit", editor)).text
    assert "Use the words agreed on" in page
    answer = await send(hub, f"{BENCH}/take", editor, outcome=row.id)
    assert answer.status_code == 303
    assert (await texts(hub, "vst-8"))["sv"]["text"] == agreed["sv"]["text"]
    assert (await send(hub, f"{BENCH}/take", editor, outcome="o_none")).status_code == 404
    assert (await send(hub, f"{BENCH}/dissent", editor, outcome=row.id)).status_code == 303
    shown = (await get(hub, f"/charters/{VST}")).text
    assert "We do not agree on this" in shown
    assert "Not so." in shown


async def test_principles_are_added_moved_taken_out_and_brought_back(hub: Hub) -> None:
    editor = await hub.account("editor")
    new = {f"new_{part}_{k}": f"{part} {k}" for part in ("title", "text") for k in ("sv", "en")}
    assert (await send(hub, EDIT, editor, act="add", **new)).status_code == 303
    assert "title en" in (await get(hub, f"/charters/{VST}")).text
    faulty = await send(hub, EDIT, editor, act="add", **{**new, "new_text_en": ""})
    assert faulty.status_code == 422
    assert 'href="#texts_en_text"' in faulty.text
    await send(hub, EDIT, editor, act="up", principle="vst-2")
    html = (await get(hub, f"/charters/{VST}")).text
    assert html.index('id="vst-2"') < html.index('id="vst-1"')
    await send(hub, EDIT, editor, act="remove", principle="vst-2", why="Oklar")
    assert 'id="vst-2"' not in (await get(hub, f"/charters/{VST}")).text
    await send(hub, EDIT, editor, act="restore", principle="vst-2")
    assert 'id="vst-2"' in (await get(hub, f"/charters/{VST}")).text


async def test_one_principle_is_adopted_ahead_of_the_rest(hub: Hub) -> None:
    editor, session = await hub.account("editor"), await hub.session()
    early = {"act": "adopt", "adopt-vst-3": "1", "body": "Rådet", "on": "2026-11-24"}
    refused = await send(hub, EDIT, editor, **early, adopt_note_sv="a", adopt_note_en="b")
    assert refused.status_code == 409
    assert "Rådet" in refused.text
    nothing = await send(hub, EDIT, editor, act="adopt", body="Rådet", on="2026-11-24")
    assert nothing.status_code == 422
    assert "Choose at least one principle" in nothing.text
    await adopted(hub, editor, session.id, "vst-3")
    assert "Adopted by Brukarrådet" in (await get(hub, f"/charters/{VST}")).text
    assert "Is adopted already." in (await get(hub, EDIT, editor)).text


async def test_terms_and_comments_stand_beside_the_texts(hub: Hub) -> None:
    editor = await hub.account("editor", "Edda")
    page = (await get(hub, f"/charters/{VST}/principles/vst-5/edit", editor)).text
    assert "<mark>" in page
    assert "from our promises" in page or "Nothing similar." in page
    form = {"client_id": "c-1", "comment_text": "Är det här rätt ord?"}
    await send(hub, f"{BENCH}/comments", editor, **form)
    assert "Är det här rätt ord?" in (await get(hub, f"{BENCH}/edit", editor)).text
    assert "one comment" in (await get(hub, EDIT, editor)).text
    empty = await send(hub, f"{BENCH}/comments", editor, client_id="c-2", comment_text=" ")
    assert empty.status_code == 422


async def test_a_bad_file_changes_nothing_and_says_what_to_mend(hub: Hub) -> None:
    editor = await hub.account("editor")
    before = (await get(hub, "/charters")).text
    for name, content, told in (
        ("x.yaml", b"id: [", "x.yaml"),
        ("x.docx", b"not a document", "x.docx"),
        ("x.exe", b"MZ", "x.exe"),
        ("x.yaml", b"id: ny\ntitle: {sv: A}\nprinciples:\n  - id: a\n  - id: a\n", "line"),
    ):
        answer = await hub.http.post(
            "/charters/import",
            files={"file": (name, content)},
            data={"right": "Egen"},
            headers={"Accept-Language": "en", **editor.headers},
        )
        assert answer.status_code == 422, name
        assert "Nothing was changed." in answer.text
        assert told in answer.text
        assert "Egen" in answer.text
    nothing = await send(hub, "/charters/import", editor, pasted="")
    assert "Choose a file or paste a text" in nothing.text
    assert (await get(hub, "/charters")).text == before


# --- the round of comment -------------------------------------------------------------------


async def test_those_who_took_part_comment_while_a_round_is_open(hub: Hub) -> None:
    editor, session, other = await hub.account("editor"), await hub.session(), await hub.session()
    await outcome(hub, session.id, "vst-8")
    path = f"/charters/{VST}/comment"
    await send(hub, EDIT, editor, act="version", number="0.2", note_sv="a", note_en="b")
    words = await form_of(hub, "vst-8", text_sv="Nya ord om oenighet.")
    await send(hub, f"{BENCH}/edit", editor, **words)
    assert "No round is open" in (await get(hub, path, session.ben)).text
    await send(hub, EDIT, editor, act="round")
    page = (await get(hub, path, session.astrid)).text
    assert "Vad som har ändrats sedan version 0.2" in page
    assert (await get(hub, path)).status_code == 303
    assert (await get(hub, path, other.astrid)).status_code == 403
    form = {"client_id": "k1", "principle": "vst-8", "text": "Det här känns bättre."}
    said = await send(hub, path, session.astrid, **form)
    assert said.status_code == 303, said.text
    assert "Det här känns bättre." in (await get(hub, path, session.astrid)).text
    assert "Det här känns bättre." not in (await get(hub, path, session.ben)).text
    seen = (await get(hub, f"{BENCH}/edit", editor)).text
    assert "[en] Det här känns bättre." in seen
    assert "Astrid" not in seen
    assert (await send(hub, path, other.ben, **form)).status_code == 403
    empty = await send(hub, path, session.ben, client_id="k2", principle="vst-8", text="")
    assert empty.status_code == 422
    hub.clock.move(days=15)
    late = await send(hub, path, session.ben, **{**form, "client_id": "k3"})
    assert late.status_code == 409
    assert "Det här känns bättre." in late.text


async def test_the_notice_is_for_those_who_are_asked(hub: Hub) -> None:
    editor, session, other = await hub.account("editor"), await hub.session(), await hub.session()
    await outcome(hub, session.id, "vst-8")
    await send(hub, EDIT, editor, act="round")
    async with hub.database.reading() as tx:
        seats = {
            s.id: await tx.get(Participant, who.id)
            for s, who in ((session, session.astrid), (other, other.astrid))
        }
        there = Caller(None, {k: v for k, v in seats.items() if v is not None})
        (asked,) = await asked_of(tx, there, hub.clock.now())
        assert asked["id"] == VST
        assert asked["commented"] == 0
        assert await asked_of(tx, there, hub.clock.now(), gathering_id=other.id) == []
        hub.clock.move(days=15)
        assert await asked_of(tx, there, hub.clock.now()) == []


# --- a principle that is taken out while somebody writes on it ----------------------------------

MINE = "Vi säger <b>emot</b> och stannar kvar."


async def taken_out(hub: Hub) -> Person:
    """Edda writes on a principle that Erik takes out meanwhile."""
    editor, erik = await hub.account("editor"), await hub.account("editor", "Erik")
    assert (await send(hub, EDIT, erik, act="remove", principle="vst-8")).status_code == 303
    return editor


async def before_it_went(hub: Hub, **typed: str) -> dict[str, str]:
    return await form_of(hub, "vst-8", text_sv=MINE, **typed)


@pytest.mark.parametrize("act", ["save", "draft", "suggest-en", "resolve"])
async def test_what_is_written_on_a_principle_that_was_taken_out_is_not_lost(
    hub: Hub, act: str
) -> None:
    form = await before_it_went(hub, act=act, choice_sv="third", third_text_sv=MINE)
    editor = await taken_out(hub)
    answer = await send(hub, f"{BENCH}/edit", editor, **form)
    if act == "draft":
        assert answer.status_code == 303
        answer = await get(hub, answer.headers["location"], editor)
        assert answer.status_code == 200
    else:
        assert answer.status_code == 409
    assert "This principle was taken out" in answer.text
    assert escape(MINE) in answer.text
    # And it is there when the principle is brought back, after a closed laptop too.
    later = await get(hub, f"{BENCH}/edit", editor)
    assert later.status_code == 200
    assert escape(MINE) in later.text
    assert f'href="{BENCH}/edit"' in (await get(hub, EDIT, editor)).text
    assert (await send(hub, EDIT, editor, act="restore", principle="vst-8")).status_code == 303
    back = await get(hub, f"{BENCH}/edit", editor)
    assert "This principle was taken out" not in back.text
    assert escape(MINE) in back.text


async def test_drafts_go_on_being_kept_on_a_principle_that_was_taken_out(hub: Hub) -> None:
    form = await before_it_went(hub)
    editor = await taken_out(hub)
    assert (await send(hub, f"{BENCH}/draft", editor, **form)).status_code == 204
    assert escape(MINE) in (await get(hub, f"{BENCH}/edit", editor)).text
    # Nobody else is shown it.
    other = await hub.account("editor", "Olle")
    assert (await get(hub, f"{BENCH}/edit", other)).status_code == 404


async def test_writing_on_a_principle_that_never_was_is_still_not_found(hub: Hub) -> None:
    form = await before_it_went(hub)
    editor = await hub.account("editor")
    path = f"/charters/{VST}/principles/vst-99/edit"
    assert (await send(hub, path, editor, **form)).status_code == 404
