"""Changes to charters on a real database: words, statuses, rounds, adoption, files, comments."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import actions, files, rules, views
from hub.charters.models import (
    Charter,
    CharterComment,
    CharterEvent,
    access_charter,
    find_draft,
    list_dialogues,
    list_outcomes,
    list_versions,
)
from hub.errors import Forbidden, Invalid, NotFound, Refusal
from hub.gatherings import jobs
from hub.language.actions import translate
from hub.people.models import Account
from tests.charters.dialogues import CHARTER, WORDS, hold, outcome, sit_down
from tests.conftest import Hub

NOTE = {"sv": "Ny ordalydelse", "en": "New wording"}


async def editor(hub: Hub, name: str = "Eva", role: str = "editor") -> Account:
    person = await hub.account(role, name)
    async with hub.database.reading() as tx:
        found = await tx.get(Account, person.id)
    assert found
    return found


@asynccontextmanager
async def changing(hub: Hub) -> AsyncIterator[AsyncSession]:
    async with hub.database.transaction() as tx:
        yield tx


async def state_of(hub: Hub, charter: str = CHARTER) -> rules.State:
    async with hub.database.reading() as tx:
        return rules.read_state((await access_charter(tx, charter)).state)


async def principle_of(hub: Hub, principle: str = "vst-1") -> rules.Principle:
    found = (await state_of(hub)).find(principle)
    assert found
    return found


async def refused(hub: Hub, work: Any) -> Refusal:
    """What an action is refused with; and nothing was changed."""
    async with hub.database.reading() as tx:
        before = [(c.id, c.number, c.state) for c in await tx.scalars(select(Charter))]
    with pytest.raises(Refusal) as raised:
        async with changing(hub) as tx:
            await work(tx)
    async with hub.database.reading() as tx:
        assert [(c.id, c.number, c.state) for c in await tx.scalars(select(Charter))] == before
    return raised.value


async def write(hub: Hub, account: Account, language: str, **more: Any) -> rules.State:
    async with changing(hub) as tx:
        return await actions.change_text(
            tx,
            CHARTER,
            "vst-1",
            language,
            **{**WORDS[language], **more},
            account=account,
            now=hub.clock.now(),
        )


async def review(hub: Hub, account: Account, language: str, to: str = "human_reviewed") -> None:
    async with changing(hub) as tx:
        await actions.move_status(
            tx,
            CHARTER,
            "vst-1",
            language,
            to=to,
            note="Jämfört med originalet",
            reads_both=True,
            account=account,
            now=hub.clock.now(),
        )


async def agree(hub: Hub, **more: Any) -> str:
    """A dialogue that agreed on WORDS. Returns the id of its outcome."""
    async with changing(hub) as tx:
        gathering = await hold(tx, now=hub.clock.now())
        made = outcome(
            gathering.id, now=hub.clock.now(), **{"decision": "reword", "agreed": WORDS, **more}
        )
        tx.add(made)
    return made.id


async def test_the_charters_that_ship_are_loaded_once_and_what_was_edited_is_left_alone(
    hub: Hub,
) -> None:
    eva = await editor(hub)
    await write(hub, eva, "sv")
    async with changing(hub) as tx:
        assert await actions.load_shipped(tx, now=hub.clock.now(), demonstration=False) == 0
    assert (await principle_of(hub)).texts["sv"].title == "Börja ihop"
    async with hub.database.reading() as tx:
        assert len(list(await tx.scalars(select(Charter)))) == len(files.shipped())


async def test_the_words_that_ship_are_in_the_translation_memory(hub: Hub) -> None:
    await jobs.load_memory(hub.database, hub.clock, hub.app.state.renderer)
    text = (await principle_of(hub)).texts["sv"].text
    made = await translate(hub.translator, text, source="sv", target="en", database=hub.database)
    assert (made.status, made.origin) == ("memory", "charter")
    assert made.text.startswith("We are all there from the first conversation.")


async def test_a_charter_goes_from_draft_to_adopted_and_no_step_is_skipped(hub: Hub) -> None:
    eva = await editor(hub)
    for language in ("sv", "en"):
        await write(hub, eva, language)
        early = await refused(
            hub,
            lambda tx, language=language: actions.move_status(
                tx,
                CHARTER,
                "vst-1",
                language,
                to="tested_in_dialogue",
                account=eva,
                now=hub.clock.now(),
            ),
        )
        assert early.code == "status_not_next"
        await review(hub, eva, language)
    untested = await refused(
        hub,
        lambda tx: actions.move_status(
            tx, CHARTER, "vst-1", "sv", to="tested_in_dialogue", account=eva, now=hub.clock.now()
        ),
    )
    assert isinstance(untested, Invalid)
    assert untested.fields == {"/outcome": "outcome_of_other_words"}
    outcome_id = await agree(hub)
    for language in ("sv", "en"):
        await review(hub, eva, language, "tested_in_dialogue")
    log = (await principle_of(hub)).log
    assert [(e["language"], e["status"]) for e in log] == [
        ("sv", "human_reviewed"),
        ("en", "human_reviewed"),
        ("sv", "tested_in_dialogue"),
        ("en", "tested_in_dialogue"),
    ]
    assert {e["outcome"] for e in log[2:]} == {outcome_id}
    assert {e["by_role"] for e in log} == {"editor"}

    def adopting(**more: Any) -> Any:
        given = {"body": "Brukarrådet", "on": hub.clock.now().date(), "note": NOTE, **more}
        return lambda tx: actions.adopt(tx, CHARTER, account=eva, now=hub.clock.now(), **given)

    assert (await refused(hub, adopting())).code == "round_missing"
    async with changing(hub) as tx:
        await actions.open_round(tx, CHARTER, account=eva, now=hub.clock.now())
    hub.clock.move(days=13.9)
    assert (await refused(hub, adopting())).code == "round_running"
    hub.clock.move(days=0.1)
    assert (await refused(hub, adopting(principles=["vst-2"]))).code == "adopt_untested"
    wrong = await refused(hub, adopting(body=" "))
    assert isinstance(wrong, Invalid)
    ahead = await refused(hub, adopting(on=date(2027, 1, 1)))
    assert isinstance(ahead, Invalid)
    assert ahead.fields == {"/on": "date_ahead"}
    silent = await refused(hub, adopting(note={"sv": "x"}))
    assert isinstance(silent, Invalid)
    assert silent.fields == {"/note/en": "version_note_missing"}
    async with changing(hub) as tx:
        state = await adopting()(tx)
    assert state.version["number"] == "1.0"
    assert (await principle_of(hub)).adopted["body"] == "Brukarrådet"  # type: ignore[index]
    assert rules.status_of(await state_of(hub)) == "draft"
    assert (await refused(hub, adopting())).code == "nothing_to_adopt"


async def test_the_public_goes_on_seeing_what_was_adopted_while_it_is_reworked(hub: Hub) -> None:
    await test_a_charter_goes_from_draft_to_adopted_and_no_step_is_skipped(hub)
    eva = await editor(hub)
    await write(hub, eva, "sv", title="Nytt", text="Nya ord.", substance=True)
    async with changing(hub) as tx:
        await actions.remove_principle(tx, CHARTER, "vst-2", account=eva, now=hub.clock.now())
    async with hub.database.reading() as tx:
        view = views.charter_view(
            await state_of(hub),
            await list_versions(tx, CHARTER),
            await list_outcomes(tx, CHARTER),
            dialogues=await list_dialogues(tx, CHARTER),
        )
    first = view["principles"][0]
    assert view["being_reworked"]
    assert first["reworked"]
    assert first["shown"] == WORDS
    assert first["title"]["sv"] == "Nytt"
    assert first["status"] == {"sv": "human_reviewed", "en": "draft"}
    assert first["dialogues"][0]["title"]["en"] == "Dialogue on promises"
    assert "suggested" not in first
    assert [v["number"] for v in view["versions"]] == ["1.0"]
    assert len(view["principles"]) == 9


async def test_a_principle_that_was_adopted_and_taken_out_stays_in_sight_until_a_new_version(
    hub: Hub,
) -> None:
    await test_a_charter_goes_from_draft_to_adopted_and_no_step_is_skipped(hub)
    eva = await editor(hub)
    async with changing(hub) as tx:
        await actions.remove_principle(tx, CHARTER, "vst-1", account=eva, now=hub.clock.now())

    async def shown() -> list[tuple[str, bool]]:
        async with hub.database.reading() as tx:
            view = views.charter_view(await state_of(hub), await list_versions(tx, CHARTER))
        return [(p["id"], p["leaving"]) for p in view["principles"]]

    assert (await shown())[-1] == ("vst-1", True)
    async with changing(hub) as tx:
        await actions.make_version(tx, CHARTER, note=NOTE, account=eva, now=hub.clock.now())
    assert "vst-1" not in [principle for principle, _ in await shown()]
    async with hub.database.reading() as tx:
        assert [v.number for v in await list_versions(tx, CHARTER)] == ["1.1", "1.0"]


@pytest.mark.parametrize(
    ("came", "tested"),
    [
        ({"agreed": WORDS}, True),
        ({"agreed": None, "put": WORDS, "dissent": [{"text": {"sv": "Nej"}}]}, True),
        ({"agreed": None, "put": WORDS}, False),
        ({"agreed": WORDS, "closed_at": None}, False),
        ({"agreed": {"sv": {"title": "Annat", "text": "Andra ord."}}}, False),
        ({"agreed": WORDS, "principle": "vst-2"}, False),
        ({"agreed": WORDS, "charter": "jag-ar-med"}, False),
    ],
)
async def test_only_a_closed_dialogue_on_these_very_words_tests_them(
    hub: Hub, came: dict[str, Any], tested: bool
) -> None:
    eva = await editor(hub)
    await write(hub, eva, "sv")
    await review(hub, eva, "sv")
    await agree(hub, **came)
    if tested:
        await review(hub, eva, "sv", "tested_in_dialogue")
        return
    said = await refused(
        hub,
        lambda tx: actions.move_status(
            tx, CHARTER, "vst-1", "sv", to="tested_in_dialogue", account=eva, now=hub.clock.now()
        ),
    )
    assert isinstance(said, Invalid)


async def test_a_review_says_what_was_changed_and_that_the_reviewer_reads_both_languages(
    hub: Hub,
) -> None:
    eva = await editor(hub)
    said = await refused(
        hub,
        lambda tx: actions.move_status(
            tx, CHARTER, "vst-1", "sv", to="human_reviewed", account=eva, now=hub.clock.now()
        ),
    )
    assert isinstance(said, Invalid)
    assert said.fields == {"/note": "review_note_missing", "/reads_both": "reads_both_missing"}


async def test_the_second_of_two_editors_is_told_and_nothing_is_lost(hub: Hub) -> None:
    eva, erik = await editor(hub), await editor(hub, "Erik")
    before = (await principle_of(hub)).texts["sv"].revision

    async def save(account: Account, words: str) -> rules.State | Refusal:
        try:
            return await write(hub, account, "sv", text=words, based_on=before)
        except Refusal as refusal:
            return refusal

    both = await asyncio.gather(save(eva, "Evas ord."), save(erik, "Eriks ord."))
    late = next(each for each in both if isinstance(each, Refusal))
    present = (await principle_of(hub)).texts["sv"]
    assert late.code == "text_changed_meanwhile"
    assert late.facts == {**present.words, "revision": present.revision}
    assert sum(isinstance(each, rules.State) for each in both) == 1
    # Whoever has seen the other's words may save over them; both are kept in the log.
    await write(hub, erik, "sv", text="Bådas ord.", based_on=present.revision)
    async with hub.database.reading() as tx:
        log = str([e.data for e in await tx.scalars(select(CharterEvent))])
    assert present.text in log
    assert "Bådas ord." in log


async def test_saving_the_same_words_again_changes_nothing(hub: Hub) -> None:
    eva = await editor(hub)
    await write(hub, eva, "sv", based_on=1)
    number = (await principle_of(hub)).texts["sv"].revision
    await write(hub, eva, "sv", based_on=1)
    assert (await principle_of(hub)).texts["sv"].revision == number


async def test_a_draft_is_kept_for_its_writer_alone_until_it_is_saved(hub: Hub) -> None:
    eva, erik = await editor(hub), await editor(hub, "Erik")
    for words in ("Först", "Sedan"):
        async with changing(hub) as tx:
            await actions.keep_draft(
                tx,
                CHARTER,
                "vst-1",
                "sv",
                title=words,
                text=words,
                based_on=1,
                account=eva,
                now=hub.clock.now(),
            )

    async def kept(account: Account) -> str | None:
        async with hub.database.reading() as tx:
            found = await find_draft(tx, CHARTER, "vst-1", "sv", account_id=account.id)
        return found.text if found else None

    assert (await kept(eva), await kept(erik)) == ("Sedan", None)
    await write(hub, erik, "sv")
    assert await kept(eva) == "Sedan"
    await write(hub, eva, "sv", text="Sparat.")
    assert await kept(eva) is None
    missing = await refused(
        hub,
        lambda tx: actions.keep_draft(
            tx,
            CHARTER,
            "vst-99",
            "sv",
            title="",
            text="",
            based_on=1,
            account=eva,
            now=hub.clock.now(),
        ),
    )
    assert isinstance(missing, NotFound)


async def test_dissent_stands_beside_its_principle_once(hub: Hub) -> None:
    eva = await editor(hub)
    dissent = [{"group": "lived", "language": "sv", "text": {"sv": "Nej", "en": "No"}}]
    outcome_id = await agree(hub, agreed=None, dissent=dissent, decision="change")
    for _ in range(2):
        async with changing(hub) as tx:
            await actions.publish_dissent(tx, CHARTER, outcome_id, account=eva, now=hub.clock.now())
    view = views.charter_view(await state_of(hub))
    assert view["principles"][0]["dissent"] == [
        {"group": "lived", "text": {"sv": "Nej", "en": "No"}, "session": "s_dialogue"}
    ]


async def test_dissent_published_before_its_translation_came_stands_there_once(hub: Hub) -> None:
    eva = await editor(hub)
    dissent = [{"group": "lived", "language": "sv", "text": {"sv": "Nej"}}]
    outcome_id = await agree(hub, agreed=None, dissent=dissent, decision="change")
    for text in ({"sv": "Nej"}, {"sv": "Nej", "en": "No"}, {}):
        async with changing(hub) as tx:
            (row,) = await list_outcomes(tx, CHARTER)
            row.dissent = [{**dissent[0], "text": text}]
            await actions.publish_dissent(tx, CHARTER, outcome_id, account=eva, now=hub.clock.now())
    assert [d["text"] for d in (await principle_of(hub)).dissent] == [{"sv": "Nej", "en": "No"}]


async def test_what_ships_is_added_once_where_another_process_is_adding_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = files.shipped()
    new = {**there[0], "id": "en-till"}
    monkeypatch.setattr(files, "shipped", lambda: [*there, new, new])
    async with changing(hub) as tx:
        added = await actions.load_shipped(tx, now=hub.clock.now(), demonstration=False)
        assert added == 1
    assert len((await state_of(hub, "en-till")).principles) == len(new["principles"])


async def test_a_dialogue_takes_up_a_copy_of_the_words(hub: Hub) -> None:
    async with hub.database.reading() as tx:
        copy = await actions.take_up(tx, CHARTER, ["vst-3", "vst-1", "vst-3"])
        whole = await actions.take_up(tx, CHARTER, None)
        for charter, principles, fields in (
            ("nowhere", None, {"/charter": "charter_unknown"}),
            (CHARTER, ["vst-1", "jam-1"], {"/principles": "principle_unknown"}),
            (CHARTER, [], {"/principles": "principles_missing"}),
            ("nef-nesta", None, {"/principles": "principles_missing"}),
        ):
            with pytest.raises(Invalid) as said:
                await actions.take_up(tx, charter, principles)
            assert said.value.fields == fields
    assert [(p["id"], p["n"]) for p in copy["principles"]] == [("vst-3", 3), ("vst-1", 1)]
    assert copy["principles"][0]["texts"]["en"]["title"] == "All knowledge counts"
    assert copy["principles"][0]["texts"]["sv"]["status"] == "draft"
    assert copy["version"] is None
    assert copy["may_publish_translation"] is True
    assert len(whole["principles"]) == 10


async def test_ratings_are_shown_only_where_nobody_can_be_told_from_the_rest(hub: Hub) -> None:
    at = hub.clock.now()
    four = {"rated": 4, "counts": [0, 0, 1, 1, 2], "counts_by_group": {"lived": [0, 0, 0, 1, 2]}}
    few = {"rated": 2, "counts": [2, 0, 0, 0, 0]}
    view = views.fit_view([outcome("s_1", now=at, **{"dissent": [], **four, "passed": 1})])
    assert view is not None
    assert (view["n"], view["label"], view["passed"]) == (4, None, 1)
    # Three of the group, and one who is then known to be of another.
    assert view["by_group"] == {}
    assert views.fit_view([outcome("s_1", now=at, **few, passed=0)]) is None
    six = {"rated": 6, "passed": 0, "counts": [0, 0, 0, 3, 3]}
    groups = {"lived": [0, 0, 0, 0, 3], "practice": [0, 0, 0, 3, 0]}
    shown = views.fit_view([outcome("s_1", now=at, **six, counts_by_group=groups)])
    assert shown is not None
    assert shown["label"] == "fits"
    assert set(shown["by_group"]) == {"lived", "practice"}


# --- comments ------------------------------------------------------------------------------------


async def test_those_who_took_part_comment_while_a_round_is_open(hub: Hub) -> None:
    eva = await editor(hub)
    await agree(hub)
    async with changing(hub) as tx:
        astrid = await sit_down(tx, "s_dialogue", secret_hash="a", now=hub.clock.now())
        await hold(tx, now=hub.clock.now(), session="s_other", code="ANNAT")
        stig = await sit_down(tx, "s_other", secret_hash="b", now=hub.clock.now(), name="Stig")

    def commenting(participant: Any, client_id: str = "c-1", **more: Any) -> Any:
        given = {"text": "Bra så.", "language": "sv", "principle_id": "vst-1", **more}
        return lambda tx: actions.add_comment(
            tx,
            CHARTER,
            client_id=client_id,
            participant=participant,
            now=hub.clock.now(),
            **given,
        )

    assert (await refused(hub, commenting(astrid))).code == "round_over"
    async with changing(hub) as tx:
        state = await actions.open_round(tx, CHARTER, account=eva, now=hub.clock.now())
    assert isinstance(await refused(hub, commenting(stig)), Forbidden)
    assert isinstance(await refused(hub, commenting(astrid, text=" ")), Invalid)
    assert isinstance(await refused(hub, commenting(astrid, language="fi")), Invalid)
    assert isinstance(await refused(hub, commenting(astrid, principle_id="x")), NotFound)
    async with changing(hub) as tx:
        made = await commenting(astrid, translation={"text": "Good.", "status": "machine"})(tx)
    async with changing(hub) as tx:
        again = await commenting(astrid, text="Något annat")(tx)
        assert (again.id, again.text) == (made.id, "Bra så.")
    assert made.round == state.round["number"]  # type: ignore[index]
    assert made.translation == {"text": "Good.", "status": "machine"}
    async with changing(hub) as tx:
        settled = await actions.settle_comment(
            tx, CHARTER, made.id, account=eva, now=hub.clock.now()
        )
        assert settled.settled_by == eva.id
    hub.clock.move(days=14)
    assert (await refused(hub, commenting(astrid, "c-2"))).code == "round_over"
    async with changing(hub) as tx:
        await actions.remove_comments_of(tx, astrid.id)
    async with hub.database.reading() as tx:
        assert not list(await tx.scalars(select(CharterComment)))


async def test_editors_comment_among_themselves_at_any_time(hub: Hub) -> None:
    eva = await editor(hub)
    async with changing(hub) as tx:
        made = await actions.add_comment(
            tx,
            CHARTER,
            client_id="c-1",
            text="Behöver en bild.",
            language="sv",
            account=eva,
            now=hub.clock.now(),
        )
    assert (made.round, made.principle_id) == (None, None)


# --- charters of one's own and from files ----------------------------------------------------


async def test_a_charter_of_ones_own_gets_an_id_and_principles_that_are_never_used_again(
    hub: Hub,
) -> None:
    eva = await editor(hub)
    by = {"account": eva, "now": hub.clock.now()}
    title = {"sv": "Våra löften på Ängen", "en": "Our promises"}
    async with changing(hub) as tx:
        first = await actions.create_charter(tx, {"title": title}, **by)
        second = await actions.create_charter(tx, {"title": title}, **by)
        assert (first.id, second.id) == ("vara-loften-pa-angen", "vara-loften-pa-angen-2")
        ids = []
        for _ in range(2):
            state = await actions.add_principle(tx, first.id, texts=WORDS, **by)
            ids.append(state.principles[-1].id)
        await actions.remove_principle(tx, first.id, ids[1], **by)
        state = await actions.add_principle(tx, first.id, texts=WORDS, position=0, **by)
        assert state.principles[0].id not in ids
        state = await actions.restore_principle(tx, first.id, ids[1], position=0, **by)
        assert state.principles[0].id == ids[1]
        state = await actions.mark_terms(tx, first.id, ids[0], terms=["makt ", "", "makt"], **by)
        found = state.find(ids[0])
        assert found is not None
        assert found.glossary_terms == ("makt",)
    half = await refused(
        hub,
        lambda tx: actions.add_principle(tx, first.id, texts={"sv": WORDS["sv"]}, **by),
    )
    assert isinstance(half, Invalid)
    assert set(half.fields) == {"/texts/en/title", "/texts/en/text"}
    untitled = await refused(hub, lambda tx: actions.create_charter(tx, {}, **by))
    assert isinstance(untitled, Invalid)
    assert set(untitled.fields) == {"/title/sv", "/title/en"}
    entry = await refused(hub, lambda tx: actions.add_principle(tx, "nef-nesta", texts=WORDS, **by))
    assert entry.code == "charter_without_text"


async def test_a_text_of_others_wants_a_statement_of_the_right_to_use_it(hub: Hub) -> None:
    eva = await editor(hub)
    by = {"account": eva, "now": hub.clock.now()}
    data = files.read_markdown(b"# Inside out\n\n## Assets\nWe see assets.", language="en")
    silent = await refused(hub, lambda tx: actions.import_charter(tx, data, into="nef-nesta", **by))
    assert isinstance(silent, Invalid)
    assert silent.fields == {"/right": "right_missing"}
    async with changing(hub) as tx:
        state = await actions.import_charter(
            tx, data, right="Avtal med nef, 2026", into="nef-nesta", **by
        )
    assert (state.kind, state.source_language) == ("import", "en")
    assert state.title == {"en": "Public Services Inside Out"}
    assert state.right == {
        "statement": "Avtal med nef, 2026",
        "on": "2026-11-24",
        "by_role": "editor",
    }
    assert state.source["may_store_text"] is True
    assert not rules.may_show(state)
    public, whole = views.charter_view(state), views.charter_view(state, full=True)
    assert "We see assets" not in str(public)
    assert "Avtal" not in str(public)
    assert "We see assets" in str(whole)
    text = state.principles[0].texts
    assert (text["en"].status, text["sv"].status) == ("draft", "missing")
    twice = await refused(
        hub, lambda tx: actions.import_charter(tx, data, right="x", into="nef-nesta", **by)
    )
    assert twice.code == "charter_has_text"


async def test_a_whole_life_goes_from_one_hub_to_another(hub: Hub) -> None:
    await test_a_charter_goes_from_draft_to_adopted_and_no_step_is_skipped(hub)
    eva = await editor(hub)
    await write(hub, eva, "sv", text="Senare ord.")
    async with changing(hub) as tx:
        await actions.remove_principle(tx, CHARTER, "vst-9", account=eva, now=hub.clock.now())
        await actions.make_version(tx, CHARTER, note=NOTE, account=eva, now=hub.clock.now())

    async def exported(charter: str) -> str:
        async with hub.database.reading() as tx:
            kept = [v.state for v in reversed(await list_versions(tx, charter))]
        return files.to_yaml(await state_of(hub, charter), kept)

    out = (await exported(CHARTER)).replace(CHARTER, "en-kopia")
    async with changing(hub) as tx:
        await actions.import_charter(
            tx, files.read_yaml(out.encode()), account=eva, now=hub.clock.now()
        )
    assert await exported("en-kopia") == out
    async with hub.database.reading() as tx:
        versions = await list_versions(tx, "en-kopia")
        events = await tx.scalars(
            select(CharterEvent)
            .where(CharterEvent.charter_id == "en-kopia")
            .order_by(CharterEvent.number)
        )
        log = [rules.Event(e.number, e.at, e.kind, e.role, e.data) for e in events]
    for version in versions:
        assert rules.state_of(rules.replay(log[: version.upto])) == version.state
    assert [v.number for v in versions] == ["1.1", "1.0"]
    again = await refused(
        hub,
        lambda tx: actions.import_charter(
            tx, files.read_yaml(out.encode()), account=eva, now=hub.clock.now()
        ),
    )
    assert again.code == "charter_exists"


@pytest.mark.parametrize(
    ("numbers", "adopting", "expected"),
    [
        ([], False, "0.1"),
        ([], True, "1.0"),
        (["0.1", "0.9"], False, "0.10"),
        (["0.1", "0.10", "0.9"], True, "1.0"),
        (["1.0", "1.1"], False, "1.2"),
        (["1.2", "0.9"], True, "2.0"),
        (["2"], False, "2.1"),
    ],
)
def test_the_next_version_follows_the_highest(
    numbers: list[str], adopting: bool, expected: str
) -> None:
    assert actions.next_number(numbers, adopting=adopting) == expected


def test_just_after_midnight_in_sweden_it_is_the_new_day() -> None:
    at = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert actions.today_there(at) == date(2026, 11, 24)
