"""``kill -9`` at random moments of a session under way: one process alone, and one of two.

``KILLS`` is how often (4), ``SEED`` when. Each prints what it came to, as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from datetime import datetime
from typing import Any

import pytest

from hub.clock import Clock
from tests.scale.processes import Room, check_nothing_lost, until, writing

KILLS = int(os.environ.get("KILLS", "4"))
SEED = int(os.environ.get("SEED", "8"))
WRITERS = 10
# So that there is always something to lose.
POSTS_A_KILL = 20
# How far a phase's clock may be off.
SECONDS_OFF = 2.0


async def check_clock(room: Room, before: Any, place: int = 0) -> None:
    """The phase is the one before, and it ends when it did."""
    asked = Clock().now()
    after = await room.state(place)
    answered = Clock().now()
    assert (after["state"], after["phase"]) == (before["state"], before["phase"])
    if after["state"] == "paused":
        assert abs(after["seconds_left"] - before["seconds_left"]) <= SECONDS_OFF
    else:
        assert after["ends_at"] == before["ends_at"]
        # Somewhere between the question and the answer.
        ends = datetime.fromisoformat(after["ends_at"])
        least, most = (max(0.0, (ends - at).total_seconds()) for at in (answered, asked))
        assert least - SECONDS_OFF <= after["seconds_left"] <= most + SECONDS_OFF


@pytest.mark.timeout(120 + 60 * KILLS)
async def test_nothing_that_was_answered_is_lost_when_a_process_is_killed(shape: Any) -> None:
    chance = random.Random(SEED)
    async with shape(translates_in=0.15) as hubs:
        room, processes = hubs.room, hubs.processes
        await room.open(WRITERS)
        state = await room.state()
        async with writing(room) as sent:
            for n in range(KILLS):
                await asyncio.sleep(chance.uniform(0.05, 2))
                least = POSTS_A_KILL * n
                await until(lambda least=least: len(sent.taken) >= least, "posts are taken")
                if n % 4 == 3:
                    state = await room.move("pause")
                place = chance.randrange(len(processes))
                sent.hurry.set()
                await asyncio.sleep(chance.uniform(0, 0.2))
                processes[place].kill()
                sent.hurry.clear()
                if len(processes) > 1:
                    await check_clock(room, state, 1 - place)
                await processes[place].start()
                await check_clock(room, state, place)
                if state["state"] == "paused":
                    state = await room.move("resume")
            await until(lambda: len(sent.taken) >= POSTS_A_KILL * KILLS, "posts are taken")
        await check_nothing_lost(room, sent)
        await until(room.translated, "all translations", log=processes[0].log, every=0.5)
    assert sent.unanswered > 0
    assert set(sent.refused) <= {"session_paused", "too_fast"}, sent.refused
    figures = {"processes": len(processes), "kills": KILLS, "posts": len(sent.taken)}
    print(json.dumps(figures | {"unanswered": sent.unanswered, "taken_unanswered": sent.again}))
