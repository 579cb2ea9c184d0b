"""The sample dialogue, replayed through the hub, gives the check values of the measures."""

from __future__ import annotations

from typing import Any

import pytest

from hub.gatherings.measuring import read_measures
from hub.gatherings.models import access_gathering
from hub.measures.process import for_show
from tests.conftest import Hub

from .replay import Replay
from .test_process import CHECK_VALUES, value_at

_played: dict[str, Any] = {}


@pytest.fixture
async def measures(hub: Hub) -> dict[str, Any]:
    """The measures of the replayed sample, which is played once for all tests of this file."""
    if not _played:
        replay = Replay(hub)
        await replay.play()
        async with hub.database.reading() as tx:
            gathering = await access_gathering(tx, replay.session)
            _played.update(await read_measures(tx, gathering))
    return _played


async def test_the_replayed_sample_gives_the_check_values(measures: dict[str, Any]) -> None:
    found = {path: value_at(measures, path) for path in CHECK_VALUES}
    assert found == pytest.approx(CHECK_VALUES, abs=5e-5)


async def test_posts_that_could_be_corrected_are_those_of_the_file(
    measures: dict[str, Any],
) -> None:
    for language, of, seconds in (("sv", 70, 43), ("en", 61, 97)):
        found = measures["translation"][language]
        assert (found["fixed"], found["of"], found["median_seconds"]) == (1, of, seconds)


async def test_both_objections_of_the_sample_came_to_something(measures: dict[str, Any]) -> None:
    found = {"raised": 2, "resolved": 1, "dissent": 1, "withdrawn": 0, "open": 0}
    assert measures["objections"] == found


async def test_each_proposal_of_the_sample_names_somebody_a_date_and_a_measure(
    measures: dict[str, Any],
) -> None:
    found = [(p["who"], p["when"], p["measure"]) for p in measures["actionability"]]
    assert found == [(2, 2, 1)] * 4
    assert all(p["at_least"] == ["measure"] for p in measures["actionability"])


async def test_the_sample_kept_to_its_plan(measures: dict[str, Any]) -> None:
    time = measures["time"]
    assert (time["planned"], time["actual"], time["cut_from_method"]) == (90, 90, 0)


async def test_the_themes_of_the_sample_are_read_by_scale(measures: dict[str, Any]) -> None:
    read = [
        (t["scales"]["importance"]["label"], t["scales"]["agreement"]["label"])
        for t in measures["themes"]
    ]
    assert read == [
        ("fits_in_part", "fits"),
        ("fits_in_part", "split"),
        ("fits", "fits"),
        ("fits", "fits"),
    ]


async def test_no_small_group_of_the_sample_is_shown(measures: dict[str, Any]) -> None:
    shown = for_show(measures)
    assert shown["too_few"]["groups"] == ["lived", "research"]
    assert shown["participation"]["words"]["g_star"] == 0.2828
