"""The blocks of each audience are those of the specification, in its order."""

from __future__ import annotations

import pytest

from hub.summaries.blocks import (
    AUDIENCES,
    BLOCKS,
    EASY,
    EASY_WORDS,
    MAY_LEAVE_OUT,
    ORDER,
    WORDS,
    is_shared,
    position_of,
)

# Source: dissemination.md, section 1, "Blocks": leaders, educators, professions, citizens, funders.
TABLE = {
    "headline": (1, 1, 1, 1, 1),
    "why": (2, 2, 2, 2, 3),
    "did": (6, 4, 5, 4, 2),
    "saw": (3, 3, 3, 3, 4),
    "agreed": (4, 5, 4, 5, 5),
    "disagreed": (5, 6, 6, 6, 6),
    "recommendations": (7, 9, 7, 7, 8),
    "cost": (8, None, 8, None, None),
    "voice": (None, 7, 9, 8, None),
    "questions": (None, 8, 10, 10, None),
    "can_do": (9, 10, 11, 9, None),
    "last_time": (10, None, 12, 11, 7),
    "limits": (11, 11, 13, 12, 9),
    "measures": (12, None, None, None, 10),
    "publications": (None, 12, None, None, 11),
}


@pytest.mark.parametrize("block", TABLE)
def test_a_block_has_the_place_that_the_table_gives_it(block: str) -> None:
    for audience, place in zip(AUDIENCES, TABLE[block], strict=True):
        if place is None:
            assert block not in ORDER[audience]
        else:
            assert position_of(audience, block) == place


def test_there_are_no_other_blocks_than_the_easy_version_of_the_citizens() -> None:
    assert set(BLOCKS) == {*TABLE, EASY}
    assert [a for a in AUDIENCES if EASY in ORDER[a]] == ["citizens"]
    assert ORDER["citizens"][-1] == EASY


def test_where_we_disagreed_is_for_every_audience_and_never_left_out() -> None:
    assert all("disagreed" in ORDER[audience] for audience in AUDIENCES)
    assert "disagreed" not in MAY_LEAVE_OUT
    assert set(BLOCKS) >= MAY_LEAVE_OUT


def test_each_version_is_as_long_as_its_readers_have_time_for() -> None:
    assert WORDS == {
        "leaders": (350, 450),
        "educators": (600, 800),
        "professions": (450, 600),
        "citizens": (250, 350),
        "funders": (500, 650),
    }
    assert EASY_WORDS == (120, 180)


def test_what_is_an_audiences_own_is_told_by_its_key() -> None:
    assert not is_shared("own:headline")
    assert is_shared("rec:c_1")
