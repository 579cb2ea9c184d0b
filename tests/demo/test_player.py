"""The player against a fake hub, over real HTTP and Socket.IO."""

from __future__ import annotations

import asyncio
from collections import Counter

import aiohttp
import pytest

from hub.demo import player
from hub.demo.check import check_record
from hub.demo.player import Links, Played, Unreachable, play
from hub.demo.script import Script

from .fake_hub import FACILITATOR_TOKEN, FakeHub, until

Fake = tuple[FakeHub, str]
pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]


def playing(
    url: str,
    script: Script,
    *,
    speed: float = 2500,
    links: list[Links] | None = None,
    once: bool = True,
    token: str = FACILITATOR_TOKEN,
) -> asyncio.Task[Played]:
    return asyncio.create_task(
        play(
            url,
            token,
            speed=speed,
            seed=7,
            script=script,
            on_ready=(links if links is not None else []).append,
            once=once,
            pause_seconds=0.1,
        )
    )


def faults(hub: FakeHub, script: Script) -> list[str]:
    """What is wrong with the record of the fake hub, which measures nothing."""
    return [f for f in check_record(hub.record(), script) if f != "measures are missing"]


async def test_the_dialogue_is_played_to_its_end(fake: Fake, script: Script) -> None:
    hub, url = fake
    links: list[Links] = []
    played = await playing(url, script, links=links)

    assert played.skipped == ()
    assert hub.state == "closed"
    assert faults(hub, script) == []
    assert len({s["client_id"] for s in hub.said}) == len(hub.said)
    assert links[0].code == "TALL23"
    assert len(links[0].resume_urls) == 10
    assert hub.shown == {f["id"] for f in hub.findings}
    assert len(hub.ready) == 10
    assert hub.entered == 12
    # How often depends on how busy the machine is: whoever is late does not type first.
    assert hub.typing > 0
    assert hub.forced == 4
    assert not hub.cookies
    by_id = {s["id"]: s for s in hub.said}
    corrected = by_id[played.ids["43"]]
    assert corrected["disputed"] == "engagement"
    assert corrected["corrected_sv"] == script.row(43).reference
    texts = [s["text"] for s in hub.said if s["text"]]
    assert texts.index(script.row(19).text) < texts.index(script.row(158).text)


async def test_what_is_refused_for_now_is_sent_again(fake: Fake, script: Script) -> None:
    hub, url = fake
    await playing(url, script)
    assert len(hub.refused) > 5
    assert hub.refused <= {s["client_id"] for s in hub.said}


async def test_the_same_seed_gives_the_same_dialogue(fake: Fake, script: Script) -> None:
    hub, url = fake
    await playing(url, script)
    first = [(s["author"]["name"], s["kind"], s["text"]) for s in hub.said]
    await playing(url, script)
    assert [(s["author"]["name"], s["kind"], s["text"]) for s in hub.said] == first


async def test_a_pause_by_hand_stops_the_talk(
    fake: Fake, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player, "POLL_SECONDS", 0.1)
    hub, url = fake
    round_ = playing(url, script, speed=900)
    await until(lambda: len(hub.said) > 40)
    hub.go("pause")

    def looks() -> int:
        """How often the player was told of the pause; each look follows the answer before."""
        return sum(state == "paused" for state, *_ in hub.shown_as)

    # By the third, what was on its way at the first has been answered too.
    await until(lambda: looks() >= 3)
    so_far = len(hub.said)
    # In this time the script has a dozen posts.
    await asyncio.sleep(0.4)
    assert len(hub.said) == so_far
    hub.go("resume")
    played = await round_
    assert played.skipped == ()
    assert faults(hub, script) == []


async def test_going_on_by_hand_is_followed(fake: Fake, script: Script) -> None:
    hub, url = fake
    round_ = playing(url, script, speed=900)
    await until(lambda: hub.index == 1)
    hub.go("advance", force=True, reason="by hand")
    hub.go("advance", force=True, reason="by hand")
    played = await round_
    why = Counter(s.why.split()[0] for s in played.skipped)
    assert set(why) <= {"phase", "what", "409"}
    assert hub.state == "closed"
    assert "Maureen" in {p["name"] for p in hub.people.values()}
    assert not [p for p in faults(hub, script) if p.startswith("attendance")]
    assert any(s["kind"] == "checkout" for s in hub.said)


async def test_a_reopened_phase_is_left_alone_for_a_while(
    fake: Fake, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player, "POLL_SECONDS", 0.1)
    hub, url = fake
    speed = 150
    round_ = playing(url, script, speed=speed)
    await until(lambda: hub.index == 0)
    for _ in range(3):
        hub.go("advance", force=True, reason="by hand")

    def reopen() -> None:
        # The phase has five seconds left, in which the player sees what was done.
        if hub.index == 3:
            hub.when_said = None
            hub.go("reopen")

    hub.when_said = reopen
    await until(lambda: bool(hub.advanced))
    said = len(hub.said)
    # The player cannot know before it was told, however late that was.
    told = next(at for _, index, at in hub.shown_as if index == 2)
    assert hub.advanced[0] - told >= player.HOLD / speed
    await until(lambda: hub.index == 3 and len(hub.said) > said)
    hub.go("close")
    await round_


async def test_closing_by_hand_ends_the_round_and_the_next_begins(
    fake: Fake, script: Script
) -> None:
    hub, url = fake
    round_ = playing(url, script, once=False)
    await until(lambda: len(hub.said) > 20)
    hub.go("close")
    await until(lambda: hub.sessions > 1 and len(hub.said) > 3)
    round_.cancel()
    with pytest.raises(asyncio.CancelledError):
        await round_


async def test_a_visitor_may_join_and_write(fake: Fake, script: Script) -> None:
    hub, url = fake
    hub.refuse_every = 0
    hub.wait_at = 3
    round_ = playing(url, script)
    await until(lambda: hub.index == 3)
    async with aiohttp.ClientSession() as http:
        visitor = {
            "code": "TALL23",
            "name": "Astrid",
            "language": "sv",
            "role": "citizen",
            "consent": {"take_part": True},
        }
        async with http.post(f"{url}/api/v1/join", json=visitor) as answer:
            token = (await answer.json())["token"]
        post = {"client_id": "x", "kind": "contribution", "text": "Hej", "reply_to": None}
        async with http.post(
            f"{url}/api/v1/sessions/s_1/contributions",
            json=post,
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:
            assert answer.status == 201
    hub.may_advance.set()
    played = await round_
    assert played.skipped == ()


async def test_without_leave_to_make_a_session_it_says_so(fake: Fake, script: Script) -> None:
    _, url = fake
    with pytest.raises(Unreachable, match="403"):
        await playing(url, script, token="nobody")
