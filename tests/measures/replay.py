"""The sample dialogue through the hub's API in this process, each step at its second."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hub.demo.script import FACILITATOR, Ref, Script, Step, load_script
from hub.gatherings.models import Presence
from hub.web import Limits
from tests.cast import Person
from tests.conftest import START, Hub

REASON = "Tiden är slut, vi går vidare."


@dataclass
class Replay:
    """Plays the script; ``ids`` are the hub's ids by the keys of the script."""

    hub: Hub
    script: Script = field(default_factory=load_script)
    session: str = ""
    code: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    seats: dict[str, Person] = field(default_factory=dict)

    async def play(self) -> None:
        # Ninety minutes of talk in a few seconds are more than one person may write.
        self.hub.app.state.limits = Limits("", speed=2)
        await self._prepare()
        for step in self.script.steps:
            self.hub.clock.at = START + timedelta(seconds=step.seconds)
            await self._do(step)
        await self._note_presence()

    async def _prepare(self) -> None:
        malin = self.seats[FACILITATOR] = await self.hub.account(name="Malin")
        body = {
            "format": self.script.format,
            "title": dict(self.script.title),
            "case": self.script.case,
        }
        made = await self._must(malin, "/sessions", body)
        self.session, self.code = made["id"], made["code"]
        for card in self.script.cards:
            body = {
                "title": dict(card.title),
                "text": dict(card.text),
                "source": card.source,
                "tags": list(card.tags),
                "language": self.script.row(card.turn).language,
            }
            found = await self._must(malin, f"/sessions/{self.session}/findings", body)
            self.ids[f"card:{card.turn}"] = found["id"]
        for person in self.script.people:
            if not person.joins_at:
                await self._join(person.name)

    async def _must(self, who: Person, path: str, body: Any, method: str = "post") -> Any:
        answer = await getattr(who, method)(path, body)
        assert answer.status_code in (200, 201, 204), (path, body, answer.text)
        return answer.json() if answer.content else None

    async def _join(self, name: str) -> None:
        person = self.script.person(name)
        body = {
            "code": self.code,
            "name": name,
            "language": person.language,
            "role": person.role,
            "bilingual": person.bilingual,
            "consent": dict(person.consent),
        }
        nobody = Person(self.hub.http, "")
        found = await self._must(nobody, "/join", body)
        self.seats[name] = Person(
            self.hub.http, found["token"], id=found["participant"]["id"], name=name
        )

    async def _do(self, step: Step) -> None:
        here = f"/sessions/{self.session}"
        who = self.seats.get(step.who)
        if step.act == "join":
            await self._join(step.who)
            return
        assert who is not None
        data = {k: self._resolved(v) for k, v in step.data.items()}
        if step.act == "start":
            await self._must(who, f"{here}/start", {})
        elif step.act == "advance":
            state = (await who.get(here)).json()
            body = {} if state["exit_met"] else {"force": True, "reason": REASON}
            assert (await self._must(who, f"{here}/advance", body))["phase"] == data["to"]
        elif step.act == "close":
            await self._must(who, f"{here}/close", {})
        elif step.act == "ready":
            await self._must(who, f"{here}/ready", {})
        elif step.act == "show":
            await self._must(who, f"/findings/{data['of']}/show", {})
        elif step.act == "dispute":
            # The engine is quick enough for people to have something to dispute.
            await self.hub.translate()
            body = {"word": data["word"], "reason": data["reason"]}
            await self._must(who, f"/contributions/{data['of']}/dispute", body)
        elif step.act == "correct":
            path = f"/contributions/{data['of']}/translations/{data['language']}"
            words = ("text", "remark", "remark_language")
            body = {k: data[k] for k in words if k in data}
            await self._must(who, path, body, method="put")
        else:
            body = {**data, "client_id": step.key}
            made = await self._must(who, f"{here}/contributions", body)
            self.ids[step.key] = made["id"]

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, Ref):
            return self.ids[value.key]
        if isinstance(value, dict):
            return {k: self._resolved(v) for k, v in value.items()}
        return [self._resolved(v) for v in value] if isinstance(value, list) else value

    async def _note_presence(self) -> None:
        """As the job leaves it: everybody from coming in to the end, one with a lost connection."""
        end = self.hub.clock.now()
        async with self.hub.database.transaction() as tx:
            for person in self.script.people:
                came = START + timedelta(seconds=person.joins_at)
                gone = came + timedelta(minutes=20)
                spells = [(came, end)]
                if person.name == "Danny":
                    spells = [(came, gone), (gone + timedelta(minutes=2), end)]
                for from_at, until_at in spells:
                    tx.add(
                        Presence(
                            gathering_id=self.session,
                            participant_id=self.seats[person.name].id,
                            from_at=from_at,
                            until_at=until_at,
                        )
                    )
