"""The dialogues of the demonstration: one that is over, and one under way that anybody may join.

They are acted out in a moment, at times that have passed, through the very actions that people's
requests call: no step is left before its exit condition is met, and no status is skipped. Source:
``data/dialogues.yaml``, which also holds the translations that a person made of each text.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import actions as charters
from hub.charters.models import Outcome, list_outcomes_of
from hub.clock import Clock
from hub.db import Database
from hub.demo.script import DATA
from hub.gatherings import actions, rules
from hub.gatherings.formats import Formats
from hub.gatherings.models import Contribution, Gathering, Presence, Translation
from hub.gatherings.screens import Screens
from hub.language.actions import keep_correction
from hub.people.models import Account, Participant
from hub.people.rules import CONSENT_CHOICES, LANGUAGES, other_language
from hub.render import Renderer

# Of a step's minutes, how much of them people write in; proposals want a minute of silence after.
TALKING = 0.6
JUST_BEGUN = 0.2
KINDS = {"restate": "restatement", "wording": "wording", "change": "change", "close": "checkout"}
FIELDS = ("tag", "side", "change")

_FastLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Scene = Mapping[str, Any]


@cache
def load_scenes() -> Scene:
    """Both dialogues, and what an editor did after the first, as the file tells them."""
    written = (DATA / "dialogues.yaml").read_bytes()
    # _FastLoader is a safe loader: it makes plain values only.
    found: Scene = yaml.load(written, Loader=_FastLoader)  # noqa: S506
    return found


@dataclass(frozen=True)
class Staff:
    """Those who hold the dialogues and edit the charter."""

    facilitator: Account
    editor: Account


class SetClock(Clock):
    """A clock that shows the time it is set to."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Room:
    """A dialogue that is acted out: who is in it, and what was said by its key in the file."""

    def __init__(
        self,
        tx: AsyncSession,
        gathering: Gathering,
        scene: Scene,
        *,
        staff: Staff,
        screens: Screens,
        clock: SetClock,
    ) -> None:
        self.tx, self.gathering, self.scene, self.staff = tx, gathering, scene, staff
        self.screens, self.clock = screens, clock
        self.seats: dict[str, Participant] = {}
        self.ids: dict[str, str] = {}
        self.said = 0
        self.translations = dict(_pairs(scene))

    async def seat(self) -> None:
        for person in self.scene["people"]:
            await self.seat_one(person, consent=dict.fromkeys(CONSENT_CHOICES, True))

    async def seat_one(self, person: Scene, *, consent: Mapping[str, bool]) -> None:
        """A seat for one person, who says yes to what ``consent`` says."""
        self.seats[person["name"]], _ = await actions.join(
            self.tx,
            self.gathering,
            name=person["name"],
            language=person["language"],
            role=person["role"],
            bilingual=bool(person.get("bilingual")),
            consent=dict(consent),
            now=self.clock.at,
            how="demonstration",
        )

    async def play(self, *, until: str | None = None) -> None:
        """From the start to the end, or into the step whose key is ``until``."""
        form, began = self.gathering.form, self.clock.at
        await self._move("start", rules.start(self.gathering.stage, form, self.clock.at))
        for phase in form.phases:
            ends = self.clock.at + timedelta(minutes=phase.minutes)
            deeds = list(self._deeds(phase))
            talking = JUST_BEGUN if phase.key == until else TALKING
            pause = 60 * phase.minutes * talking / (len(deeds) + 1)
            for deed in deeds:
                self.clock.move(pause)
                await deed
            self.clock.move(pause)
            if phase.key == until or phase.exit in ("settled", "time"):
                # Not at each step, which would be slow; an outcome that is closed has its words.
                await self.translate()
            if phase.key == until:
                return
            self.clock.at = max(ends, self.clock.at + timedelta(seconds=rules.QUIET_SECONDS + 1))
            if phase is not form.phases[-1]:
                await self.advance()
        await self.close(dict.fromkeys(self.seats, began))

    async def close(self, came: Mapping[str, datetime]) -> None:
        """The end; ``came`` says when each person came, by name."""
        await self._move("close", rules.close(self.gathering.stage, self.clock.at))
        for name, at in came.items():
            self.tx.add(
                Presence(
                    gathering_id=self.gathering.id,
                    participant_id=self.seats[name].id,
                    from_at=at,
                    until_at=self.clock.at,
                )
            )

    async def advance(self, *, force: bool = False, reason: str = "") -> None:
        """On to the next step; ``force``, with a reason, where its condition is not met."""
        self.screens.seen = {seat.id: self.clock.at for seat in self.seats.values()}
        exit_ = await self.screens.exit(self.tx, self.gathering, self.gathering.form)
        met = bool(exit_ and exit_.met)
        event = rules.advance(
            self.gathering.stage,
            self.gathering.form,
            self.clock.at,
            exit_met=met,
            force=force and not met,
            reason="" if met else reason,
        )
        await self._move("advance", event)

    async def _move(self, kind: str, event: rules.Event) -> None:
        account = self.staff.facilitator
        await actions.move(self.tx, self.gathering, event, account=account, kind=kind)

    # What is done in a step, in order: nothing happens before it is awaited.

    def _deeds(self, phase: rules.Phase) -> Iterator[Coroutine[Any, Any, None]]:
        told = self.scene.get("dialogue", {}).get(phase.principle, self.scene)
        found: Any = told.get(phase.id) or ()
        if phase.id == "rate":
            for name, answer in found.items():
                yield self._rate(name, *answer)
            yield self._share_ratings()
        elif phase.id == "settle":
            yield from self._settle(found)
        else:
            for post in found:
                yield self._say(post, KINDS.get(phase.id, "contribution"))
        for tag in told.get("skip", ()) if phase.id == "fit" else ():
            yield self._skip(tag)

    async def _say(self, post: Scene, kind: str) -> None:
        seat = self.seats.get(post["by"])
        fields = {name: post[name] for name in FIELDS if name in post}
        if seat is None:
            kind = "facilitation"
        elif "check" in post:
            kind = "restatement_check"
            fields = {"of": self.ids[post["check"]], "answer": post["answer"]}
        elif "of" in post:
            fields["of"] = self.ids[post["of"]]
        language = (seat or self.staff.facilitator).language
        draft = actions.Draft(
            post.get("kind", kind),
            post.get(language, ""),
            client_id=self._client_id(),
            language=language,
            reply_to=self.ids.get(post.get("to", "")),
            fields=fields,
        )
        said = await self._post(draft, seat)
        if "key" in post:
            self.ids[post["key"]] = said.id

    def _client_id(self) -> str:
        self.said += 1
        return f"demo-{self.said}"

    async def _post(self, draft: actions.Draft, seat: Participant | None) -> Contribution:
        account = None if seat else self.staff.facilitator
        said, _ = await actions.post_contribution(
            self.tx, self.gathering, draft, seat=seat, account=account, now=self.clock.at
        )
        return said

    async def _press(
        self, name: str, kind: str, value: object, reason: Mapping[str, str] | None
    ) -> None:
        """A rating or a stance, with its reason in the language of whoever gives it."""
        seat = self.seats[name]
        fields = {"value": value, **({"reason": reason[seat.language]} if reason else {})}
        draft = actions.Draft(kind, "", self._client_id(), seat.language, fields=fields)
        await self._post(draft, seat)

    async def _rate(self, name: str, value: object, reason: Any = None) -> None:
        await self._press(name, "rating", value, reason)

    async def _share_ratings(self) -> None:
        principle = actions.principle_now(self.gathering)
        here = [seat.id for seat in self.seats.values()]
        await actions.share_ratings(
            self.tx, self.gathering, principle, present=here, now=self.clock.at
        )

    async def _skip(self, tag: str) -> None:
        account = self.staff.facilitator
        await actions.skip_tag(self.tx, self.gathering, tag, account=account, now=self.clock.at)

    def _settle(self, told: Scene) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._put(told.get("put"))
        for name, stance in told.get("stances", {}).items():
            yield self._press(name, "stance", *_stance(stance))
        for post in told.get("talk", ()):
            yield self._say(post, "contribution")
        for name, stance in told.get("then", {}).items():
            yield self._press(name, "stance", *_stance(stance))
        if told.get("dissent"):
            yield self._decide(told)

    async def _put(self, key: str | None) -> None:
        of = self.ids[key] if key else None
        account, now = self.staff.facilitator, self.clock.at
        if await actions.put_to_room(self.tx, self.gathering, of=of, account=account, now=now):
            await actions.say_what_is_put(self.tx, self.gathering, account=account, now=now)

    async def _decide(self, told: Scene) -> None:
        language = self.staff.facilitator.language
        dissent = [
            {"text": each[language], "group": each["group"], "language": language}
            for each in told["dissent"]
        ]
        await actions.write_outcome(
            self.tx,
            self.gathering,
            decision=told["decision"],
            dissent=dissent,
            account=self.staff.facilitator,
            now=self.clock.at,
        )

    async def translate(self) -> None:
        """Put the translations of the file in place, from the memory as any that a person made."""
        waiting = await self.tx.execute(
            select(Translation, Contribution)
            .join(Contribution, Contribution.id == Translation.contribution_id)
            .where(Contribution.gathering_id == self.gathering.id, Translation.status == "pending")
        )
        finished = []
        for translation, said in waiting.all():
            words = actions.texts_to_translate(said)
            texts = {name: self.translations[text] for name, text in words.items()}
            if said.text:
                await self._remember(said, texts["text"])
            finished.append(
                actions.Finished(
                    translation_id=translation.id,
                    contribution_id=said.id,
                    said=words,
                    texts=texts,
                    status="memory",
                    reason=None,
                    doubt=None,
                    model="",
                    glossary="",
                )
            )
        await actions.add_translations(self.tx, self.gathering, finished, now=self.clock.at)
        await actions.fill_outcomes(self.tx, self.gathering)

    async def _remember(self, said: Contribution, text: str) -> None:
        await keep_correction(
            self.tx,
            source_text=said.text,
            target_text=text,
            target=other_language("en" if said.language == "en" else "sv"),
            from_id=said.id,
            gathering_id=self.gathering.id,
            by_id=self.staff.editor.id,
            by_name=self.staff.editor.name,
            model=None,
            glossary=None,
            lasting=False,
            now=self.clock.at,
        )


def _stance(told: Sequence[Any]) -> tuple[Any, Any]:
    value, *reason = told
    return value, reason[0] if reason else None


def _pairs(part: object) -> Iterator[tuple[str, str]]:
    """Every text that the file has in both languages, in both directions."""
    if isinstance(part, Mapping):
        sv, en = (part.get(language) for language in LANGUAGES)
        if isinstance(sv, str) and isinstance(en, str):
            yield sv, en
            yield en, sv
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _pairs(each)


@dataclass(frozen=True)
class Running:
    """A session that anybody may join."""

    session: str
    code: str


# --- the dialogues -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Props:
    """What the dialogues are acted out with."""

    database: Database
    renderer: Renderer
    formats: Formats

    def screens(self, clock: Clock) -> Screens:
        return Screens(self.database, clock, self.renderer, base_url="")


async def _plan(
    tx: AsyncSession, props: Props, scene: Scene, *, staff: Staff, clock: SetClock
) -> Room:
    gathering = await actions.plan_gathering(
        tx,
        account=staff.facilitator,
        format_data=props.formats.data(scene["format"]),
        title=scene["title"],
        now=clock.at,
        charter=load_scenes()["charter"],
        principles=list(scene["principles"]),
        minutes=scene.get("minutes"),
        demonstration=True,
    )
    room = Room(tx, gathering, scene, staff=staff, screens=props.screens(clock), clock=clock)
    clock.move(60)
    await room.seat()
    return room


async def hold_finished(tx: AsyncSession, props: Props, *, staff: Staff, now: datetime) -> str:
    """The dialogue that is over, its record made public, and the two versions of the charter.

    Returns the session's id.
    """
    scenes = load_scenes()
    scene, versions = scenes["finished"], scenes["versions"]
    first = versions["first"]
    await charters.make_version(
        tx,
        scenes["charter"],
        number=first["number"],
        note=first["note"],
        account=staff.editor,
        now=now - timedelta(days=first["days_ago"]),
    )
    clock = SetClock(now - timedelta(days=scene["days_ago"]))
    room = await _plan(tx, props, scene, staff=staff, clock=clock)
    await room.play()
    published = clock.at + timedelta(days=rules.RECORD_DRAFT_DAYS + 1)
    await actions.publish_record(tx, room.gathering, account=staff.facilitator, now=published)
    await _rework(tx, room, versions, now=now)
    return room.gathering.id


async def _rework(tx: AsyncSession, room: Room, versions: Scene, *, now: datetime) -> None:
    """What came of the outcomes, by the rules: reviewed, tested, commented on, and a version."""
    charter, editor = load_scenes()["charter"], room.staff.editor
    outcomes = await list_outcomes_of(tx, room.gathering.id)
    at = now - timedelta(days=versions["reviewed"]["days_ago"])
    for outcome in outcomes:
        await _put_in(tx, outcome, versions["reviewed"], editor=editor, at=at)
    opened = now - timedelta(days=versions["round"]["days_ago"])
    await charters.open_round(tx, charter, account=editor, now=opened)
    for number, comment in enumerate(versions["round"]["comments"]):
        await _comment(tx, room, comment, number, now=now)
    second = versions["second"]
    await charters.make_version(
        tx,
        charter,
        number=second["number"],
        note=second["note"],
        account=editor,
        now=now - timedelta(days=second["days_ago"]),
    )


async def _put_in(
    tx: AsyncSession, outcome: Outcome, reviewed: Scene, *, editor: Account, at: datetime
) -> None:
    """Bring one principle from its outcome to ``tested_in_dialogue`` in both languages."""
    known: dict[str, Any] = {"account": editor, "now": at}
    where = (outcome.charter_id, outcome.principle_id)
    reworded = outcome.agreed if outcome.decision == "reword" else None
    if reworded:
        words = reworded["sv"]
        await charters.change_text(
            tx,
            *where,
            "sv",
            title=words["title"],
            text=words["text"],
            outcome=outcome.id,
            account=editor,
            now=at,
        )
    for language in LANGUAGES:
        note = reviewed["reworded" if reworded and language == "sv" else "note"]
        told = note[editor.language]
        await charters.move_status(
            tx, *where, language, to="human_reviewed", note=told, reads_both=True, **known
        )
        await charters.move_status(tx, *where, language, to="tested_in_dialogue", **known)
    if outcome.dissent:
        await charters.publish_dissent(tx, outcome.charter_id, outcome.id, **known)


async def _comment(
    tx: AsyncSession, room: Room, comment: Scene, number: int, *, now: datetime
) -> None:
    seat = room.seats[comment["by"]]
    other = other_language("en" if seat.language == "en" else "sv")
    said = await charters.add_comment(
        tx,
        load_scenes()["charter"],
        client_id=f"demo-{number}",
        text=comment[seat.language],
        language=seat.language,
        principle_id=comment["principle"],
        translation={"text": comment[other], "status": "memory"},
        participant=seat,
        now=now - timedelta(days=comment["days_ago"]),
    )
    await charters.settle_comment(tx, said.charter_id, said.id, account=room.staff.editor, now=now)


async def hold_running(tx: AsyncSession, props: Props, *, staff: Staff, now: datetime) -> Running:
    """The dialogue under way, in the step of its first principle that the file tells last."""
    scene = load_scenes()["running"]
    principle = scene["principles"][0]
    step = [step for step in scene["dialogue"][principle] if step != "skip"][-1]
    data = props.formats.data(scene["format"])
    form = rules.with_minutes(rules.read_format(data), scene.get("minutes") or {})
    minutes = [phase.minutes for phase in form.phases]
    at = [phase.id for phase in form.phases].index(step)
    ago = 1 + sum(minutes[:at]) + JUST_BEGUN * minutes[at]
    clock = SetClock(now - timedelta(minutes=ago))
    room = await _plan(tx, props, scene, staff=staff, clock=clock)
    await room.play(until=rules.key_of(step, principle))
    return Running(room.gathering.id, room.gathering.code)
