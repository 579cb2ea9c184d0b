"""A gathering as the plain values that measures are computed from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from hub.charters.models import Outcome, list_outcomes_of
from hub.gatherings import rules
from hub.gatherings.models import (
    Act,
    BotLine,
    Contribution,
    Gathering,
    Logged,
    Presence,
    list_bot_lines,
    list_events,
    said_of,
)
from hub.measures import process
from hub.people.models import Participant, list_participants
from hub.programme.models import Finding, list_findings

# Source: measures.md, section 2, "Base".
PRESENT_FOR = timedelta(minutes=10)
# Pressed, not written: nothing in them is ever translated.
NO_POSTS = ("rating", "ranking")
WORST_FIRST: tuple[process.Stand, ...] = ("objection", "stand_aside", "consent")


async def read_measures(
    tx: AsyncSession, gathering: Gathering, *, now: datetime | None = None
) -> dict[str, Any]:
    """Every measure of a gathering, as ``process.measures_of`` gives them.

    Ask ``process.for_show`` before showing any of it. ``now`` is for a session that still runs;
    without it the last sign of life stands in.
    """
    return process.measures_of(await read_session(tx, gathering, now=now))


async def read_session(
    tx: AsyncSession, gathering: Gathering, *, now: datetime | None = None
) -> process.Session:
    """A gathering as plain values, in the same few queries however long it was.

    Differences from a transcript of the talk: what was pressed without words is no turn; a
    recommendation that only splits another repeats what was said, and is no post. A finding card
    and a correction are posts that could be corrected, and no turns; a correction with a remark is
    one post, in the language of the remark.
    Whether a correction changes the meaning is not captured. What is hidden or taken back is left
    out, and with it what was said about it, as far as it needs it. A scribe's words are the
    speaker's.
    """
    began, until = _span(gathering, now)
    if began is None:
        return process.Session()
    seats = await list_participants(tx, gathering.id)
    spells = await tx.scalars(select(Presence).where(Presence.gathering_id == gathering.id))
    said = await tx.scalars(
        select(Contribution)
        .where(
            Contribution.gathering_id == gathering.id,
            Contribution.seq.is_not(None),
            Contribution.removed_at.is_(None),
            Contribution.hidden_at.is_(None),
        )
        .order_by(Contribution.created_at, Contribution.seq, Contribution.id)
        .options(selectinload(Contribution.participant))
    )
    rows = await list_events(tx, gathering.id)
    events = [row.event for row in rows]
    lines = await list_bot_lines(tx, gathering.id, states=("sent", "dropped"))
    dropped = await tx.scalars(
        select(Act.target).where(Act.gathering_id == gathering.id, Act.kind == "bot_line_dropped")
    )
    people = _people(seats, list(spells), began=began, until=until)
    posts = list(said)
    talk = _read_talk([said_of(c) for c in posts])
    outcomes = await list_outcomes_of(tx, gathering.id) if gathering.charter_copy else []
    return process.Session(
        people=people,
        turns=(
            *_turns(posts, began),
            *_cards(await list_findings(tx, gathering.id), began),
            *_corrections(rows, {c.id for c in posts}, began),
        ),
        checks=tuple(_checks(posts, began)),
        fixes=tuple(_fixes(events, began)),
        proposals=tuple(_proposals(talk, {p.id: p.name for p in people})),
        themes=tuple(_themes(talk)),
        objections=(
            *_objections(talk, {p.id for p in people}),
            *_objections_to_texts(posts, events, outcomes, {p.id for p in people}),
        ),
        lines=tuple(_lines(lines, set(dropped), began)),
        phases=tuple(_phases(gathering, events, began=began, until=until)),
        seconds=(until - began).total_seconds(),
    )


def _span(gathering: Gathering, now: datetime | None) -> tuple[datetime | None, datetime]:
    until = gathering.closed_at or now or gathering.last_activity_at
    return gathering.started_at, max(until, gathering.started_at or until)


def _people(
    seats: Iterable[Participant], spells: Iterable[Presence], *, began: datetime, until: datetime
) -> tuple[process.Person, ...]:
    """Those who were here for long enough; somebody without a device from joining to leaving."""
    here: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for spell in spells:
        here[spell.participant_id].append((spell.from_at, spell.until_at))
    found = []
    for p in seats:
        if p.without_device:
            here[p.id].append((p.joined_at, p.left_at or until))
        if _together(here[p.id], began=began, until=until) >= PRESENT_FOR:
            found.append(process.Person(p.id, p.name, p.group, p.language))
    return tuple(found)


def _together(
    spells: Iterable[tuple[datetime, datetime]], *, began: datetime, until: datetime
) -> timedelta:
    """How long the spells last within the session, those at the same time counted once."""
    total, reached = timedelta(), began
    for from_at, until_at in sorted(spells):
        end = min(until_at, until)
        if end > max(from_at, reached):
            total += end - max(from_at, reached)
            reached = end
    return total


def _turns(posts: Iterable[Contribution], began: datetime) -> Iterable[process.Turn]:
    for c in posts:
        author = c.participant_id or c.account_id
        splits = c.kind == "recommendation" and c.fields.get("split_of")
        if author is None or splits or c.kind in NO_POSTS:
            continue
        of = c.fields.get("of")
        # A restatement or a check is about one post; anything else answers what it replies to.
        about = (of, c.reply_to) if c.kind.startswith("restatement") else (c.reply_to, of)
        kind = "translation_fix" if c.fields.get("remark_on") else c.kind
        if c.kind == "stance" and c.fields.get("value") == "objection":
            kind = "objection"
        yield process.Turn(
            id=c.id,
            author=author,
            kind=kind,
            words=len(c.text.split()),
            at=(c.created_at - began).total_seconds(),
            phase=rules.key_of(c.phase, c.principle),
            language=c.language,
            re=about[0] or about[1],
        )


def _cards(findings: Iterable[Finding], began: datetime) -> Iterable[process.Turn]:
    """Cards that were shown: posts by people, whose translation can be corrected; no turns."""
    for finding in findings:
        if finding.shown_at is not None and finding.language is not None:
            yield process.Turn(
                id=finding.id,
                author="",
                kind="card",
                words=len(finding.text.get(finding.language, "").split()),
                at=(finding.shown_at - began).total_seconds(),
                phase="",
                language=finding.language,
            )


def _corrections(
    rows: Iterable[Logged], posts: set[str], began: datetime
) -> Iterable[process.Turn]:
    """Corrections of translations are posts as well, in the language they are written in.

    One that came with a remark is counted with the remark, as long as that is there.
    """
    for row in rows:
        if row.kind != "translation_corrected" or row.data.get("remark") in posts:
            continue
        if row.data["contribution"] in posts:
            yield process.Turn(
                id=f"e_{row.number}",
                author=row.actor or "",
                kind="translation_fix",
                words=1,
                at=(row.at - began).total_seconds(),
                phase="",
                language=str(row.data["language"]),
                re=str(row.data["contribution"]),
            )


def _checks(posts: Iterable[Contribution], began: datetime) -> Iterable[process.Check]:
    for c in posts:
        if c.kind == "restatement_check" and c.fields.get("answer") in process.SCORES:
            at = (c.created_at - began).total_seconds()
            yield process.Check(str(c.fields.get("of")), str(c.fields["answer"]), at)


def _fixes(events: Iterable[rules.Event], began: datetime) -> Iterable[process.Fix]:
    """From the log: a translation that was disputed after it was corrected was still corrected."""
    for event in events:
        if event.kind == "translation_corrected":
            at = (event.at - began).total_seconds()
            yield process.Fix(str(event.data["contribution"]), at)


def _lines(
    lines: Iterable[BotLine], dropped: set[str | None], began: datetime
) -> Iterable[process.Line]:
    """Lines to people, not those to facilitators, nor those that ran out of time by themselves."""
    for line in lines:
        if line.to_whom != "facilitators" and (line.state == "sent" or line.id in dropped):
            at = ((line.decided_at or line.created_at) - began).total_seconds()
            yield process.Line(at, dropped=line.state == "dropped")


# --- proposals, objections and themes -----------------------------------------------------------


@dataclass
class _Talk:
    """What was said by proposal: ``root`` leads from any post to the first wording."""

    said: Sequence[rules.Said]
    root: dict[str, str] = field(default_factory=dict)
    authors: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    # The latest stance by proposal and person, and the first objection with its place.
    stances: dict[tuple[str, str], str] = field(default_factory=dict)
    objected: dict[tuple[str, str], int] = field(default_factory=dict)
    amended: dict[str, int] = field(default_factory=dict)


def _read_talk(said: Sequence[rules.Said]) -> _Talk:
    talk = _Talk(said)
    wordings: set[str] = set()
    for place, s in enumerate(said):
        of = talk.root.get(str(s.fields.get("of")))
        if s.kind == "recommendation":
            revises = s.reply_to in wordings and not s.fields.get("split_of")
            talk.root[s.id] = talk.root[str(s.reply_to)] if revises else s.id
            talk.authors[talk.root[s.id]].add(s.author or "")
            if parent := talk.root.get(str(s.fields.get("split_of"))):
                talk.parts[parent].append(s.id)
            wordings.add(s.id)
        elif s.kind == "amendment" and of:
            talk.root[s.id] = of
            talk.amended[of] = place
        elif s.kind == "stance" and of and s.author:
            talk.root[s.id] = of
            value = str(s.fields.get("value"))
            talk.stances[of, s.author] = value
            if value == "objection":
                talk.objected.setdefault((of, s.author), place)
    return talk


def _proposals(talk: _Talk, names: Mapping[str, str]) -> Iterable[process.Proposal]:
    for draft in rules.drafts_of(talk.said):
        stances = {who: value for (of, who), value in talk.stances.items() if of == draft.id}
        wrote = dict.fromkeys(talk.authors[draft.id], "consent")
        agree = {who for who, value in {**wrote, **stances}.items() if value == "consent"}
        yield process.Proposal(
            id=draft.id,
            owner=str(draft.fields.get("owner") or ""),
            when=str(draft.fields.get("when") or ""),
            measure=str(draft.fields.get("measure") or ""),
            agreed=tuple(sorted(names[who] for who in agree if who in names)),
        )


def _objections(talk: _Talk, people: set[str]) -> Iterable[process.Objection]:
    """One for each person and proposal, however often it was said."""
    results = {d.id: rules.decision_on(d.id, talk.said).result for d in rules.drafts_of(talk.said)}
    for (of, who), place in talk.objected.items():
        if who not in people:
            continue
        live = talk.parts.get(of) or [of]
        # Somebody who says nothing of the parts has not taken the objection back.
        stands = {talk.stances.get((part, who)) for part in live} - {None} or {"objection"}
        yield process.Objection(
            amended=talk.amended.get(of, -1) > place,
            after=next(value for value in WORST_FIRST if value in stands),
            results=tuple(results[part] for part in live if part in results),
        )


def _objections_to_texts(
    posts: Sequence[Contribution],
    events: Sequence[rules.Event],
    outcomes: Iterable[Outcome],
    people: set[str],
) -> Iterable[process.Objection]:
    """In a dialogue: one for each person and principle, whatever text it was to.

    It was met with another text where one was put to the room, or one was worded anew, after it.
    Who says nothing of the new text has not taken the objection back.
    """
    rows = {row.principle_id: row for row in outcomes}
    stances: dict[tuple[str, str], list[Contribution]] = defaultdict(list)
    changed: dict[str, list[datetime]] = defaultdict(list)
    for event in events:
        if event.kind == "text_put":
            changed[str(event.data["principle"])].append(event.at)
    for c in posts:
        if c.principle and c.kind in ("wording", "change") and c.reply_to:
            changed[c.principle].append(c.created_at)
        if c.principle in rows and c.kind == "stance" and c.participant_id in people:
            stances[c.principle, str(c.participant_id)].append(c)
    for (principle, _), given in stances.items():
        objections = [c for c in given if c.fields.get("value") == "objection"]
        if objections:
            yield process.Objection(
                amended=any(at > objections[0].created_at for at in changed[principle]),
                after=given[-1].fields["value"],
                results=(_result_of(rows[principle]),),
            )


def _result_of(row: Outcome) -> str:
    """What became of a principle, in the words for proposals."""
    if row.closed_at is None:
        return "parked" if row.decision == "park" else "undecided"
    return "adopted_with_dissent" if row.dissent else "adopted"


def _themes(talk: _Talk) -> Iterable[process.Theme]:
    for s in talk.said:
        if s.kind == "theme":
            tallies = rules.tallies_of(s.id, talk.said)
            yield process.Theme(
                s.id,
                {scale: tally.counts for scale, tally in tallies.items()},
                {scale: tally.passed for scale, tally in tallies.items()},
            )


# --- time ---------------------------------------------------------------------------------------


def _phases(
    gathering: Gathering, events: Sequence[rules.Event], *, began: datetime, until: datetime
) -> Iterable[process.Phase]:
    """Minutes of each phase without pauses, and what was taken from it.

    Cut is what was given to another phase, and what was left of a phase that was gone on from by
    force, that the session closed in, or that was never reached. A phase left early because its
    work was done is not cut.
    """
    spent: dict[str, timedelta] = defaultdict(timedelta)
    first: dict[str, datetime] = {}
    short: set[str] = set()
    phase: str | None = None
    since: datetime | None = None
    for event in (*events, rules.Event("until", until)):
        if event.kind not in (*rules.STAGE_EVENTS, "until"):
            continue
        if phase is not None and since is not None and event.kind != "extended":
            spent[phase] += max(event.at - since, timedelta())
            since = None
        if event.kind == "phase_started":
            if phase is not None and event.data.get("forced"):
                short.add(phase)
            phase, since = str(event.data["phase"]), event.at
            first.setdefault(phase, event.at)
            short.discard(phase)
        elif event.kind == "resumed":
            since = event.at
        elif event.kind == "closed" and phase is not None:
            short.add(phase)
    cuts = rules.cuts_of(events)
    over = gathering.closed_at is not None
    for p in gathering.form.phases:
        actual = spent[p.key].total_seconds() / 60
        given_away = cuts.get(p.key, 0.0) / 60
        missed = p.key in short or (over and p.key not in first)
        unused = max(0.0, p.minutes - given_away - actual) if missed else 0.0
        yield process.Phase(
            id=p.key,
            planned=p.minutes,
            actual=actual,
            cut=given_away + unused,
            started_at=(first[p.key] - began).total_seconds() if p.key in first else None,
        )
