"""What the chatbot goes by: a gathering as the plain values that its rules look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub.chatbot.meaning import alters_meaning
from hub.chatbot.moves import Line, SaidLine
from hub.chatbot.risks import safety
from hub.chatbot.rules import (
    NOT_PEOPLE,
    PRIVATE_KINDS,
    REMARK,
    Coming,
    Person,
    Post,
    Proposal,
    Translated,
    Watch,
    coming_lines,
    next_lines,
)
from hub.chatbot.words import fold
from hub.gatherings import rules
from hub.gatherings.actions import list_session_terms
from hub.gatherings.models import (
    BotLine,
    Gathering,
    list_bot_lines,
    list_events,
)
from hub.gatherings.transcript import Machine, Spoken
from hub.language.actions import shipped_glossary
from hub.language.models import AddedTerm
from hub.people.models import Participant, list_participants

# Source: reflective-dialogue.md, "experience": a minute to think, in which quiet is as it should.
THINKING = timedelta(minutes=1)
# What the log tells of how the time went.
OF_TIME = ("phase_started", "extended", "resumed")


async def read_watch(
    tx: AsyncSession,
    gathering: Gathering,
    spoken: Iterable[Spoken],
    *,
    present: Iterable[str],
    typing: Mapping[str, datetime],
    facilitator: str,
    now: datetime,
) -> Watch | None:
    """The gathering as the chatbot sees it; None where no phase runs.

    ``spoken`` is all that was said, in order, ``present`` are the ids of those who are here, and
    ``typing`` when each last typed.
    """
    stage, form = gathering.stage, gathering.form
    left = stage.seconds_left(now)
    if stage.phase_index is None or stage.phase_started_at is None or left is None:
        return None
    phase = form.phases[stage.phase_index]
    here = set(present)
    people = await list_participants(tx, gathering.id)
    visible = [each for each in spoken if not each.said.hidden]
    said = [each.said for each in visible]
    events = [e.event for e in await list_events(tx, gathering.id, kinds=OF_TIME)]
    lines = await list_bot_lines(tx, gathering.id)
    names = (*(p.name for p in people if p.name), facilitator)
    began = _began(events)
    stand = {s.latest.id for s in rules.standing(said, "wording")}
    return Watch(
        now=now,
        state=stage.state,
        phase=phase.key,
        title=phase.title,
        planned_seconds=_given(events),
        started_at=stage.phase_started_at,
        seconds_left=left,
        session_started_at=gathering.started_at or stage.phase_started_at,
        people=tuple(_person(p, typing) for p in people if p.id in here),
        posts=tuple(_post(each, stand) for each in visible),
        proposals=_proposals(said, deciding="stance" in phase.inputs),
        said=tuple(_said(line) for line in lines),
        names=names,
        talking=phase.discussion,
        hybrid=form.hybrid,
        muted=gathering.bot_muted,
        quiet_since=_quiet_since(events, phase, stage.phase_started_at),
        triggers=frozenset(form.triggers),
        disputed_terms=_disputed(await list_session_terms(tx, gathering.id), lines),
        welcomed_until=_welcomed_until(events),
        texts=texts_of(gathering.charter_copy, phase.principle),
        began=began,
    )


def texts_of(
    charter: Mapping[str, Any] | None, principle: str | None
) -> dict[str, tuple[str, ...]]:
    """The title and the text of a principle, by language; empty where there is none."""
    listed = charter["principles"] if charter and principle else []
    found = next((p for p in listed if p["id"] == principle), None)
    texts = found["texts"] if found else {}
    return {
        language: (str(words.get("title") or ""), str(words.get("text") or ""))
        for language, words in texts.items()
    }


def _began(events: Iterable[rules.Event]) -> dict[str, datetime]:
    """When each phase began, the last time it did."""
    return {str(e.data["phase"]): e.at for e in events if e.kind == "phase_started"}


def _welcomed_until(events: Iterable[rules.Event]) -> datetime | None:
    """When the first phase was over; None while it runs."""
    started = (e for e in events if e.kind == "phase_started")
    return next((e.at for e in started if int(e.data["index"]) > 0), None)


def _quiet_since(
    events: Iterable[rules.Event], phase: rules.Phase, started_at: datetime
) -> datetime | None:
    """From when quiet counts, where that is not the beginning of the phase."""
    resumed = max((e.at for e in events if e.kind == "resumed"), default=None)
    if phase.discussion and "reflection" in phase.inputs:
        return max(started_at + THINKING, resumed or started_at)
    return resumed


def _disputed(terms: Iterable[AddedTerm], lines: Iterable[BotLine]) -> tuple[str, ...]:
    """The words that people disagree about, in both languages; each pair is asked about once."""
    asked = {line.subject for line in lines if line.trigger == "disputed_term"}
    pairs = [
        *((added.sv, added.en) for added in terms if added.disputed),
        *_disputed_everywhere(),
    ]
    return tuple(
        word
        for pair in pairs
        if not asked & {fold(word) for word in pair}
        for word in dict.fromkeys(pair)
    )


@lru_cache(maxsize=1)
def _disputed_everywhere() -> tuple[tuple[str, str], ...]:
    terms = shipped_glossary().terms
    return tuple((t.word("sv"), t.word("en")) for t in terms if t.disputed)


def _given(events: list[rules.Event]) -> float:
    """Seconds that the running phase has been given, with what was added to it."""
    given = 0.0
    for event in events:
        if event.kind == "phase_started":
            given = float(event.data["seconds"])
        elif event.kind == "extended":
            given += float(event.data["seconds"])
    return given


def _person(p: Participant, typing: Mapping[str, datetime]) -> Person:
    return Person(
        id=p.id,
        name=p.name,
        group=p.group,
        role=p.role or "",
        language=p.language,
        joined_at=p.joined_at,
        typing_at=typing.get(p.id),
    )


@lru_cache(maxsize=4000)
def _has_risk(text: str, names: tuple[str, ...]) -> bool:
    """Looked for once for a text: the chatbot looks at a session every other second."""
    return safety(text, names) is not None


@lru_cache(maxsize=1000)
def _alters(texts: tuple[str, ...], proposal: str, language: str) -> bool:
    """As ``_has_risk``: looked for once."""
    return alters_meaning(texts, proposal, language)


def due_lines(watch: Watch) -> list[Line]:
    """The lines that are due now. Slow where many posts are new: call it in a thread."""
    return next_lines(_read_through(watch))


def foreseen(watch: Watch) -> list[Coming]:
    """What comes if nothing changes, soonest first. As slow as ``due_lines``."""
    return coming_lines(_read_through(watch))


def _read_through(watch: Watch) -> Watch:
    """With what only the words tell of the posts, looked for once for each."""
    posts = tuple(
        replace(
            p,
            risk=p.kind not in NOT_PEOPLE and bool(p.text) and _has_risk(p.text, watch.names),
            alters=_alters(watch.texts.get(p.language, ()), p.text, p.language)
            if p.alters is None
            else p.alters,
        )
        for p in watch.posts
    )
    return replace(watch, posts=posts)


def _post(spoken: Spoken, stand: Collection[str]) -> Post:
    """``stand`` are the wordings that have not been put in other words since."""
    said = spoken.said
    private = said.kind in PRIVATE_KINDS or not said.shared
    value = said.fields.get("value")
    mixed = said.fields.get("mixed") if said.id in stand else "past"
    return Post(
        id=said.id,
        kind=REMARK if said.is_remark else said.kind,
        phase=said.phase,
        author=said.author,
        group=said.group,
        language=(spoken.looks_like if said.kind == "wording" else None) or spoken.language,
        text="" if private else spoken.text,
        # Whoever helps with a translation does not take up room.
        words=0 if private or said.is_remark else said.words,
        at=said.created_at,
        reply_to=said.reply_to,
        of=said.fields.get("of"),
        answer=said.fields.get("answer"),
        translation=None if private else _translated(spoken.translation),
        side=said.fields.get("side"),
        # A hidden rating is nobody's to look at, the chatbot's neither.
        value=value if isinstance(value, int) and said.shared else None,
        shown=said.shared,
        term="" if private else str(said.fields.get("untranslatable") or "").strip(),
        flagged=said.kind == "wording" and mixed == "asked",
        # Where its author has said which of the two it is, nobody asks again.
        alters=None if said.kind == "wording" and mixed in (None, "asked") else False,
    )


def _translated(found: Machine | None) -> Translated | None:
    if found is None:
        return None
    return Translated(
        status=found.status,  # type: ignore[arg-type]
        since=found.since,
        doubtful=found.doubtful,
        disputes=found.disputes,
    )


def _proposals(said: list[rules.Said], *, deciding: bool) -> tuple[Proposal, ...]:
    """Recommendations with the numbers that people see: 1, 2, and 2a and 2b where one was split."""
    at = {s.id: s.created_at for s in said}
    labels: dict[str, str] = {}
    parts: Counter[str] = Counter()
    wholes = 0
    for standing in rules.standing(said, "recommendation"):
        whole = labels.get(str(standing.first.fields.get("split_of") or ""))
        if whole is None:
            wholes += 1
            labels[standing.first.id] = str(wholes)
        else:
            labels[standing.first.id] = f"{whole}{'abcdefgh'[min(parts[whole], 7)]}"
            parts[whole] += 1
    found = []
    for draft in rules.drafts_of(said):
        objections = rules.decision_on(draft.id, said).objections if deciding else ()
        found.append(
            Proposal(
                id=draft.id,
                label=labels[draft.id],
                missing=tuple(rules.missing_parts(draft.fields)),
                objected_at=min((at[o] for o in objections), default=None),
            )
        )
    return tuple(found)


def _said(line: BotLine) -> SaidLine:
    """A waiting line counts as said, so that the next one keeps its distance."""
    states: dict[str, Any] = {"sent": "sent", "dropped": "dropped"}
    waiting = "draft" if line.draft else "said"
    return SaidLine(
        trigger=line.trigger,
        subject=line.subject,
        to=line.to_whom,
        at=line.decided_at or line.created_at,
        about=line.about,
        state=states.get(line.state, waiting),
    )
