"""When two texts are the same words, what is alike, and what comes with the hub."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from hub.gatherings.shipped import shipped_pairs
from hub.language import memory
from hub.language.actions import (
    ShippedPair,
    load_shipped,
    same_words,
    suggest,
    translate,
    translate_all,
)
from hub.language.models import CANDIDATES, Pair, PairWord, list_candidates
from tests.conftest import START, Hub

from .echo import EchoTranslator

SAID = "Vi måste prata mer med varandra."
MEANT = "We need to talk more with each other."


def same(one: str, other: str) -> bool:
    return memory.source_hash(one) == memory.source_hash(other)


# --- The same words ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SAID, "vi måste prata mer med varandra"),
        (SAID, "  Vi  måste prata\u00a0mer med varandra. "),
        ("Ring A\u030asa i dag", "Ring Åsa i dag"),
        ("Hon sa ”nej”", 'Hon sa "nej"'),
        ("I don’t know", "I don't know"),
        ("Klockan 10–12", "Klockan 10-12"),
        ("Jag vet inte …", "Jag vet inte ..."),
        ("Först det.\r\nSedan det.", "Först det. \nSedan det."),
        ("prata\u00admer", "prata\u200bmer"),
    ],
)
def test_how_it_was_typed_makes_no_difference(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Du kommer i morgon.", "Du kommer i morgon?"),
        ("Du kommer i morgon", "Du kommer i morgon!"),
        ("Jag vet inte", "Jag vet inte..."),
        ("Det är 4 lappar", "Det är 5 lappar"),
        ("Det är bra", "Det är inte bra"),
        ("Jag bor i mars", "Jag bor i Mars"),
        ("IT är svårt", "It är svårt"),
        ("Först det. Sedan det.", "Först det.\nSedan det."),
        ("a\u0308r", "ar"),
        ("👩‍⚕️", "👩⚕️"),
    ],
)
def test_what_changes_the_meaning_makes_other_words(one: str, other: str) -> None:
    assert not same(one, other)


texts = st.text(max_size=60)
COMMON = ["vi", "du", "kommer", "går", "hem", "här", "bra", "det", "är", "nu"]


@given(texts)
def test_a_text_is_the_same_words_as_itself(text: str) -> None:
    assert same(text, text)
    assert memory.normal_form(memory.normal_form(text)).strip(". ") == memory.normal_form(
        text
    ).strip(". ")
    if memory.normal_form(text):
        assert memory.similarity(text, text) == 1


@given(texts, st.integers(0, 10**6), st.integers(0, 10**6), texts)
def test_texts_with_other_digits_are_never_the_same_words(
    before: str, one: int, other: int, after: str
) -> None:
    assert same(f"{before}x{one}x{after}", f"{before}x{other}x{after}") is (one == other)


@given(
    st.lists(st.sampled_from(COMMON), max_size=8),
    st.sampled_from(("inte", "aldrig", "ingen", "not", "never", "don't")),
    st.integers(0, 8),
)
def test_texts_with_another_negation_are_never_the_same_words(
    words: list[str], no: str, at: int
) -> None:
    assert not same(" ".join(words), " ".join([*words[:at], no, *words[at:]]))


@given(texts)
def test_a_question_is_never_a_statement(text: str) -> None:
    assert not same(f"a{text}b?", f"a{text}b")
    assert not same(f"a{text}b?", f"a{text}b.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (SAID, MEANT),
        ("vi måste prata mer med varandra", "We need to talk more with each other"),
        ("  Vi måste prata mer med varandra.\n", f"  {MEANT}\n"),
    ],
)
def test_a_translation_gets_the_dress_of_the_text(text: str, shown: str) -> None:
    assert memory.dressed(text, SAID, MEANT) == shown


def test_a_full_stop_is_added_where_the_text_has_one() -> None:
    assert memory.dressed("Vi går hem nu.", "vi går hem nu", "we go home now") == "We go home now."


def test_one_line_stays_one_line() -> None:
    assert memory.dressed("Hej på dig", "Hej på dig", "Hello\nyou") == "Hello you"


@pytest.mark.parametrize("text", ["Hej {name}!", "%(n)s ord", "%s ord", "{}"])
def test_what_is_filled_in_is_known(text: str) -> None:
    assert memory.has_placeholders(text)


def test_a_per_cent_sign_is_nothing_to_fill_in() -> None:
    assert not memory.has_placeholders("50 % av dem")


# --- The rows ---------------------------------------------------------------------------------


def pair(text: str = SAID, translation: str = MEANT, origin: str = "format") -> ShippedPair:
    return ShippedPair(origin, "sv", text, translation)


async def load(hub: Hub, *pairs: ShippedPair) -> int:
    async with hub.database.transaction() as tx:
        return await load_shipped(tx, pairs, now=hub.clock.now())


async def rows(hub: Hub) -> list[Pair]:
    async with hub.database.reading() as tx:
        return list(await tx.scalars(select(Pair).order_by(Pair.source_text)))


async def test_a_shipped_pair_carries_where_it_is_from(hub: Hub) -> None:
    assert await load(hub, pair()) == 1
    (kept,) = await rows(hub)
    assert (kept.source_text, kept.target_text) == (SAID, MEANT)
    assert (kept.source_language, kept.target_language, kept.origin) == ("sv", "en", "format")
    assert kept.source_hash == memory.source_hash(SAID)
    assert (kept.lasting, kept.at, kept.words) == (True, START, 6)
    assert (kept.gathering_id, kept.from_id, kept.by_id, kept.model) == (None, None, None, None)


async def test_the_same_files_change_nothing(hub: Hub) -> None:
    pairs = shipped_pairs(hub.app.state.renderer.in_both())
    assert await load(hub, *pairs) > 1000
    before = {row.id: row.at for row in await rows(hub)}
    hub.clock.move(days=1)
    assert await load(hub, *pairs) == 0
    assert {row.id: row.at for row in await rows(hub)} == before


async def test_loading_takes_as_many_queries_for_many_as_for_one(hub: Hub) -> None:
    asked: list[str] = []
    event.listen(
        hub.database.engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: asked.append(statement),
    )
    await load(hub, pair())
    few = len(asked)
    asked.clear()
    await load(hub, *(pair(f"{SAID} {n}") for n in range(200)))
    assert len(asked) <= few + 1  # the one that is gone


async def test_a_reworded_sentence_takes_its_former_pair_with_it(hub: Hub) -> None:
    await load(hub, pair())
    assert await load(hub, pair(translation="We have to talk more.")) == 2
    assert [row.target_text for row in await rows(hub)] == ["We have to talk more."]
    async with hub.database.reading() as tx:
        words = await tx.scalar(select(func.count(PairWord.pair_id.distinct())))
    assert words == 1


async def test_a_sentence_to_be_filled_in_is_left_out(hub: Hub) -> None:
    assert await load(hub, pair("Hej {name}, hur mår du?", "Hi {name}, how are you?")) == 0


async def test_the_hubs_own_sentences_are_translated_as_their_writers_did(hub: Hub) -> None:
    await load(hub, *shipped_pairs(hub.app.state.renderer.in_both()))
    said = "Tänk själv och skriv för din egen skull. Ingen annan ser det du skriver."
    made = await translate(hub.translator, said, source="sv", target="en", database=hub.database)
    assert made.status == "memory"
    assert made.text == "Think on your own and write for yourself. Nobody else sees what you write."
    assert made.origin == "format"
    assert hub.translator.asked == []


async def test_the_same_words_come_first_and_the_engine_does_the_rest(hub: Hub) -> None:
    await load(hub, pair())
    made = await translate_all(
        hub.translator,
        ["Hej där", SAID.lower(), "Hej där"],
        source="sv",
        target="en",
        database=hub.database,
    )
    assert [each.status for each in made] == ["machine", "memory", "machine"]
    assert [each.text for each in made] == ["[en] Hej där", MEANT, "[en] Hej där"]


async def test_a_pair_is_for_its_own_direction_alone(hub: Hub) -> None:
    await load(hub, pair())
    made = await translate(hub.translator, SAID, source="en", target="sv", database=hub.database)
    assert made.status == "machine"


async def test_one_word_of_a_page_says_nothing_of_what_people_mean_by_it(hub: Hub) -> None:
    await load(hub, pair("Resultat", "Findings"))
    made = await translate(
        hub.translator, "Resultat", source="sv", target="en", database=hub.database
    )
    assert made.status == "machine"


async def test_a_surer_origin_goes_before_another(hub: Hub) -> None:
    await load(hub, pair(translation="Other.", origin="catalogue"), pair(origin="bot"))
    async with hub.database.reading() as tx:
        known = await same_words(tx, [SAID], scopes=[])
    found = known.find(SAID, target="en", scope=None)
    assert found is not None
    assert found.origin == "bot"


async def test_what_is_alike_is_suggested_and_never_used(hub: Hub) -> None:
    await load(hub, pair(), pair("Bussen går inte på söndagar.", "No bus on Sundays."))
    alike = "Vi måste prata mycket mer med varandra."
    made = await translate(hub.translator, alike, source="sv", target="en", database=hub.database)
    assert (made.status, made.text) == ("machine", f"[en] {alike}")
    async with hub.database.reading() as tx:
        (found,) = await suggest(tx, alike, target="en")
    assert (found.text, found.source_text, found.origin) == (MEANT, SAID, "format")
    assert 0.8 < found.score < 1


async def test_the_call_answers_from_memory_and_tells_of_what_is_alike(hub: Hub) -> None:
    await load(hub, pair())
    editor = await hub.account("editor", "Edit")
    exact = (await editor.post("/translate", {"text": SAID, "from": "sv", "to": "en"})).json()
    assert exact == {
        "text": MEANT,
        "from": "sv",
        "source": "memory",
        "doubt": None,
        "suggestions": [],
    }
    body = {"text": "Vi måste prata mer med er.", "from": "sv", "to": "en"}
    alike = (await editor.post("/translate", body)).json()
    assert alike["source"] == "engine"
    assert alike["text"] == "[en] Vi måste prata mer med er."
    assert [s["text"] for s in alike["suggestions"]] == [MEANT]
    assert 0.75 <= alike["suggestions"][0]["score"] < 1


async def test_no_database_is_no_memory() -> None:
    made = await translate(EchoTranslator(), SAID, source="sv", target="en")
    assert made.status == "machine"


# --- Many pairs -------------------------------------------------------------------------------

VOCABULARY = [
    a + b
    for a in ("vård", "hem", "skol", "bil", "telefon", "läkar", "patient", "mat", "natt", "stöd")
    for b in ("samtal", "möte", "väg", "rum", "plats", "tid", "hjälp", "fråga", "svar", "plan")
]


async def test_a_similar_text_is_found_among_many_without_reading_them_all(hub: Hub) -> None:
    dice = random.Random(4)
    many = [
        pair(f"Vi har {' '.join(dice.choices(VOCABULARY, k=dice.randint(3, 9)))} nr {n}", f"We {n}")
        for n in range(5_000)
    ]
    await load(hub, *many, pair())
    wanted = many[77].source_text.replace("Vi har", "Vi hade")
    async with hub.database.reading() as tx:
        found = await list_candidates(tx, wanted, source="sv", target="en", scope=None)
        best = (await suggest(tx, wanted, target="en"))[0]
    assert 0 < len(found) <= CANDIDATES
    assert best.source_text == many[77].source_text
