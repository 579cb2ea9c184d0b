"""The sample dialogue as a forum that is over: held some months ago, its record published.

It is acted out in a moment, by the very script that is played live in the forum under way, and
through the actions that people's requests call. Source: ``data/sample-dialogue.tsv``,
``data/supplement.yaml``; the translations of what the proposals say are in ``data/summary.yaml``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.demo.dialogues import Props, Room, Scene, SetClock, Staff
from hub.demo.player import TIME_IS_UP, load_script
from hub.demo.script import FACILITATOR, Ref, Script, Step
from hub.gatherings import actions, rules
from hub.gatherings.models import access_contribution, access_gathering
from hub.people.models import Participant
from hub.programme.models import Finding

# Facilitators plan a session a week before it.
PLANNED_BEFORE = timedelta(days=7)
# The hub is in use meanwhile: few steps at a time, and a rest after them for whoever waits.
STEPS_AT_ONCE = 6
REST_SECONDS = 0.02


@dataclass(frozen=True)
class Held:
    """A forum that is over. ``ids`` are the hub's ids by turn, proposal or card of the script."""

    session: str
    ids: Mapping[str, str]
    seats: Mapping[str, Participant]
    closed_at: datetime


async def hold_forum(props: Props, told: Scene, *, staff: Staff, starts_at: datetime) -> Held:
    """Hold the forum of the sample dialogue at ``starts_at`` and publish its record eight days on.

    ``told``: the session's title, what is pinned, and the translations that the files lack.
    """
    script = load_script()
    clock = SetClock(starts_at - PLANNED_BEFORE)
    async with props.database.transaction() as tx:
        gathering = await actions.plan_gathering(
            tx,
            account=staff.facilitator,
            format_data=props.formats.data(script.format),
            title=told["title"],
            case_id=script.case,
            now=clock.at,
            demonstration=True,
        )
        room = Replay(
            tx,
            gathering,
            {"texts": [*_texts(script), *told["translations"]]},
            staff=staff,
            screens=props.screens(clock),
            clock=clock,
        )
        await room.set_up(script, starts_at)
    for first in range(0, len(script.steps), STEPS_AT_ONCE):
        async with room.turn():
            for step in script.steps[first : first + STEPS_AT_ONCE]:
                await room.take(script, step, starts_at)
            await room.translate()
        await asyncio.sleep(REST_SECONDS)
    closed_at = clock.at
    async with room.turn():
        account = staff.facilitator
        for key in told["pinned"]:
            said = await access_contribution(room.tx, room.ids[key])
            await actions.pin(room.tx, room.gathering, said, account=account, on=True, now=clock.at)
        clock.at += timedelta(days=rules.RECORD_DRAFT_DAYS + 1)
        await actions.publish_record(room.tx, room.gathering, account=account, now=clock.at)
    return Held(gathering.id, room.ids, room.seats, closed_at)


def _texts(script: Script) -> list[dict[str, str]]:
    """Each row in both languages, as the dialogue's file has it."""
    other = {"sv": "en", "en": "sv"}
    return [
        {row.language: row.text, other[row.language]: row.reference}
        for row in script.rows
        if row.reference
    ]


class Replay(Room):
    """The room in which the script is acted out, some steps in each transaction."""

    async def set_up(self, script: Script, starts_at: datetime) -> None:
        """The cards, and those who are there from the beginning."""
        self.unshared: dict[str, None] = {}
        self.came: dict[str, datetime] = {}
        self.state = self.gathering.state
        for card in script.cards:
            found = await actions.add_finding(
                self.tx,
                self.gathering,
                actions.Card(
                    card.title,
                    card.text,
                    card.source,
                    card.tags,
                    language=script.row(card.turn).language,
                ),
                account=self.staff.facilitator,
                now=self.clock.at,
            )
            self.ids[f"card:{card.turn}"] = found.id
        self.clock.at = starts_at
        for person in script.people:
            if not person.joins_at:
                await self._come(asdict(person))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A transaction for some steps. In between, nothing tells that the session is under way.

        Else the hub would keep its time by today's clock, and the chatbot would speak up.
        """
        async with self.screens.database.transaction() as self.tx:
            self.gathering = await access_gathering(self.tx, self.gathering.id, lock=True)
            self.gathering.state = self.state
            yield
            self.state = self.gathering.state
            if self.state != "closed":
                self.gathering.state = "planned"

    async def take(self, script: Script, step: Step, starts_at: datetime) -> None:
        """One step of the script, at its time."""
        self.clock.at = starts_at + timedelta(seconds=step.seconds)
        if step.data.get("kind") not in ("rating", "ranking"):
            await self._share()
        if step.act == "join":
            await self._come(asdict(script.person(step.who)))
        elif step.act == "close":
            await self.translate()
            await self.close(self.came)
        else:
            await self._do(step)

    async def _come(self, person: Scene) -> None:
        # What is said here must not turn up as a translation in the forum that is played live.
        consent = {**person["consent"], "improve_translation": False}
        self.came[person["name"]] = self.clock.at
        await self.seat_one(person, consent=consent)

    async def _do(self, step: Step) -> None:
        now, account = self.clock.at, self.staff.facilitator
        if step.act == "start":
            await self._move("start", rules.start(self.gathering.stage, self.gathering.form, now))
        elif step.act == "advance":
            await self.advance(force=True, reason=TIME_IS_UP)
        elif step.act == "ready":
            await actions.get_ready(self.tx, self.gathering, self.seats[step.who], now=now)
        elif step.act == "show":
            card = await self.tx.get_one(Finding, self.ids[step.data["of"].key])
            await actions.show_finding(self.tx, self.gathering, card, account=account, now=now)
        elif step.act in ("say", "split"):
            await self._post_step(step)
        else:
            await self._mend(step)

    async def _post_step(self, step: Step) -> None:
        data, replied = step.data, step.data["reply_to"]
        fields = {name: self._resolved(value) for name, value in data["fields"].items()}
        draft = actions.Draft(
            data["kind"],
            data["text"],
            self._client_id(),
            data["language"],
            reply_to=self.ids[replied.key] if replied else None,
            fields=fields,
        )
        said = await self._post(draft, self._seat(step))
        self.ids[step.key] = said.id
        if data["kind"] == "rating":
            self.unshared[fields["of"]] = None
        elif data["kind"] == "ranking":
            self.unshared[""] = None

    def _seat(self, step: Step) -> Participant | None:
        return None if step.who == FACILITATOR else self.seats[step.who]

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolved(each) for each in value]
        return self.ids[value.key] if isinstance(value, Ref) else value

    async def _share(self) -> None:
        """Ratings and rankings are hidden until all have given theirs."""
        here = [seat.id for seat in self.seats.values()]
        known: dict[str, Any] = {"present": here, "now": self.clock.at}
        for theme in self.unshared:
            if theme:
                await actions.share_ratings(self.tx, self.gathering, theme, **known)
            else:
                await actions.share_rankings(self.tx, self.gathering, **known)
        self.unshared.clear()

    async def _mend(self, step: Step) -> None:
        """A translation is disputed or put right, which needs it to be there."""
        await self.translate()
        data, seat = step.data, self.seats[step.who]
        said = await access_contribution(self.tx, self.ids[data["of"].key])
        if step.act == "dispute":
            await actions.dispute_translation(
                self.tx,
                self.gathering,
                said,
                seat,
                word=data["word"],
                reason=data["reason"],
                now=self.clock.at,
            )
            return
        remark = data.get("remark")
        await actions.correct_translation(
            self.tx,
            self.gathering,
            said,
            language=data["language"],
            text=data["text"],
            by=seat,
            now=self.clock.at,
            remark=actions.Draft(
                "contribution", remark, self._client_id(), language=data["remark_language"]
            )
            if remark
            else None,
        )
