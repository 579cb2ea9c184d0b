"""What was under way goes on after the process has died: clocks, translations, screens."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from hub.db import Database
from hub.gatherings.models import Translation
from tests.scale.conftest import Hubs
from tests.scale.processes import SECRET, until, watching
from tests.scale.test_killed import check_clock

# Of a translation that never comes back, and of one that does.
NEVER, AT_ONCE = 3600.0, 0.0
# Less than the minute after which other processes take up what was claimed.
SECONDS = 40


async def claims(hubs: Hubs) -> list[int]:
    """How often each translation that waits has been claimed."""
    database = Database(hubs.read().database, secret_key=SECRET)
    async with database.reading() as tx:
        waiting = select(Translation.attempts).where(Translation.status == "pending")
        found = list(await tx.scalars(waiting))
    await database.close()
    return found


async def test_a_translation_that_a_kill_cut_off_is_made_soon_after_the_start(alone: Any) -> None:
    async with alone(translates_in=NEVER, claim_seconds=60) as hubs:
        room, (process,) = hubs.room, hubs.processes
        await room.open(2)
        state = await room.state()
        await room.say(0, "Före")

        async def is_claimed() -> bool:
            return 1 in await claims(hubs)

        await until(is_claimed, "the translation is begun")
        process.kill()
        process.translates_in = AT_ONCE
        await process.start()
        await check_clock(room, state)
        await until(room.translated, "the translation", seconds=SECONDS, every=0.3)
        (said,) = [c for c in await room.said() if c["text"] == "Före"]
        other = "en" if said["language"] == "sv" else "sv"
        assert said["translations"][other]["text"] == f"[{other}] Före"


async def test_who_had_a_socket_comes_back_and_is_told_what_was_missed(shape: Any) -> None:
    async with shape() as hubs:
        room, process = hubs.room, hubs.processes[0]
        await room.open(2)
        before = await room.say(0, "Före")
        async with watching(process, room.id, [room.writers[1].token]) as (ben,):
            seen = ben.entered["revision"]
        process.kill()
        if len(hubs.processes) > 1:
            missed = await room.say(0, "Under tiden", place=1)
        await process.start()
        if len(hubs.processes) == 1:
            missed = await room.say(0, "Efter")
        async with watching(process, room.id, [room.writers[1].token], after=seen) as (ben,):
            await ben.until(lambda s: s.contributions(), "what was missed")
            ids = [c["id"] for c in ben.contributions()]
        assert missed["id"] in ids
        # At most its translation, which came meanwhile.
        assert ids.count(before["id"]) <= 1
