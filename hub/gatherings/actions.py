"""One function for each thing a person can do in a gathering. Never commits, never renders.

Every change raises the gathering's revision, stamps what it changed with it and adds an event to
the log. The caller holds the gathering's row lock (``models.access_gathering(lock=True)``).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.errors import Forbidden, Invalid, NotFound, Refusal
from hub.gatherings import rules
from hub.gatherings.models import (
    Act,
    BotLine,
    Contribution,
    Gathering,
    GatheringEvent,
    Hand,
    Translation,
    access_contribution,
    find_by_client_id,
    list_events,
    list_everything_said,
    said_of,
)
from hub.people import actions as people
from hub.people.models import Account, Participant, latest_consents
from hub.people.rules import LANGUAGES, Language, clean_text, is_blank, other_language
from hub.programme.models import Finding, list_findings

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8
BOT_NAME = "Lotsen"
RESERVED_NAMES = (BOT_NAME, "bot", "chatbot", "chattrobot", "Samrum", "system")
BOT = "bot"
MOVES_THE_EXIT = (
    "question",
    "contribution",
    "restatement",
    "restatement_check",
    "theme",
    "recommendation",
    "stance",
    "amendment",
    "facilitation",
)
TRANSLATED_FIELDS = ("what", "owner", "measure", "reason")


def new_code() -> str:
    """A join code: 8 of 32 letters without look-alikes, about 10^12 codes."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """A code as people type it: any case, with spaces or hyphens."""
    return "".join(c for c in typed.upper() if c.isalnum())[:20]


def record(
    tx: AsyncSession,
    gathering: Gathering,
    event: rules.Event,
    *,
    actor: str | None,
) -> int:
    """Raise the revision, add the event to the log and bring the stage columns up to date.

    Returns the new revision, which stamps what the event changed.
    """
    gathering.revision += 1
    tx.add(
        GatheringEvent(
            gathering_id=gathering.id,
            number=gathering.revision,
            at=event.at,
            kind=event.kind,
            actor=actor,
            data=event.data,
        )
    )
    gathering.last_activity_at = event.at
    if event.kind in rules.STAGE_EVENTS:
        _project(gathering, rules.apply(gathering.stage, event))
    return gathering.revision


def _project(gathering: Gathering, stage: rules.Stage) -> None:
    gathering.state = stage.state
    gathering.phase_index = stage.phase_index
    gathering.phase_started_at = stage.phase_started_at
    gathering.ends_at = stage.ends_at
    gathering.left = stage.left
    gathering.time_up_at = None
    gathering.stage_revision = gathering.revision


def log_act(
    tx: AsyncSession,
    gathering: Gathering,
    account: Account | None,
    *,
    kind: str,
    now: datetime,
    target: str | None = None,
    reason: str = "",
) -> None:
    """Every act of those who run the session is kept, with its reason."""
    tx.add(
        Act(
            gathering_id=gathering.id,
            account_id=account.id if account else None,
            kind=kind,
            target=target,
            reason=reason[: rules.REASON_LIMIT],
            at=now,
        )
    )


# --- planning and moving -------------------------------------------------------------------


def read_both(value: object, pointer: str, faults: dict[str, str], *, limit: int) -> dict[str, str]:
    """A text in both languages, cleaned; what is wrong with it is added to ``faults``."""
    texts: dict[str, str] = {}
    for language in LANGUAGES:
        raw = value.get(language) if isinstance(value, Mapping) else None
        text = clean_text(raw) if isinstance(raw, str) else ""
        if is_blank(text):
            faults[f"{pointer}/{language}"] = "text_missing"
        elif len(text) > limit:
            faults[f"{pointer}/{language}"] = "text_too_long"
        texts[language] = text
    return texts


async def plan_gathering(
    tx: AsyncSession,
    *,
    account: Account | None,
    format_data: dict[str, Any],
    title: object,
    now: datetime,
    case_id: str | None = None,
    charter: str | None = None,
    principles: list[str] | None = None,
    access: str = "open",
    starts_at: datetime | None = None,
    minutes: Mapping[str, object] | None = None,
    demonstration: bool = False,
) -> Gathering:
    """A new session in state planned. The format is copied: later edits of it change nothing."""
    faults: dict[str, str] = {}
    titles = read_both(title, "/title", faults, limit=200)
    if access not in ("open", "invited"):
        faults["/access"] = "access_unknown"
    if faults:
        raise Invalid(faults)
    form = rules.with_minutes(rules.read_format(format_data), minutes or {})
    gathering = Gathering(
        id=new_id("s"),
        code=new_code(),
        format_id=form.id,
        format=asdict(form),
        title=titles,
        case_id=case_id,
        charter=charter,
        principles=principles,
        access=access,
        demonstration=demonstration,
        created_by=account.id if account else None,
        created_at=now,
        starts_at=starts_at,
        state="planned",
        last_activity_at=now,
        revision=0,
        seq=0,
        stage_revision=0,
        queue_revision=0,
        advance_by_itself=False,
    )
    tx.add(gathering)
    record(tx, gathering, rules.Event("planned", now), actor=account.id if account else None)
    await tx.flush()
    return gathering


async def move(
    tx: AsyncSession,
    gathering: Gathering,
    event: rules.Event,
    *,
    account: Account | None,
    kind: str,
    reason: str = "",
) -> None:
    """Carry out a move that the rules gave an event for; a new phase gets the chatbot's line."""
    log_act(tx, gathering, account, kind=kind, now=event.at, reason=reason)
    record(tx, gathering, event, actor=account.id if account else None)
    if event.kind == "opened":
        gathering.opened_at = event.at
    elif event.kind == "closed":
        gathering.closed_at = event.at
    elif event.kind == "phase_started":
        gathering.closed_at = None
        gathering.started_at = gathering.started_at or event.at
        if not event.data.get("reopened"):
            await _say_phase_line(tx, gathering, account, event)
    await tx.flush()


async def _say_phase_line(
    tx: AsyncSession, gathering: Gathering, account: Account | None, event: rules.Event
) -> None:
    phase = gathering.form.phases[int(event.data["index"])]
    if not phase.bot.get("sv"):
        return
    name = account.name if account else await facilitator_name(tx, gathering)
    facts = {
        "facilitator": name,
        "n": len(await list_findings(tx, gathering.id)),
        "min": round(phase.minutes) or 1,
    }
    lines = {language: phase.bot[language].format_map(facts) for language in LANGUAGES}
    say_as_bot(tx, gathering, lines, now=event.at, fields={"trigger": "phase_start"})


async def facilitator_name(tx: AsyncSession, gathering: Gathering) -> str:
    account = await tx.get(Account, gathering.created_by) if gathering.created_by else None
    return account.name if account else BOT_NAME


def say_as_bot(
    tx: AsyncSession,
    gathering: Gathering,
    lines: Mapping[Language, str],
    *,
    now: datetime,
    fields: dict[str, Any],
) -> Contribution:
    """A line of the chatbot to all. Its words are a person's in both languages."""
    said = _bot_words(gathering, lines, now=now, fields=fields)
    quiet_since = gathering.last_activity_at
    _share(tx, gathering, said, now=now, actor=BOT)
    gathering.last_activity_at = quiet_since
    return said


def _bot_words(
    gathering: Gathering,
    lines: Mapping[Language, str],
    *,
    now: datetime,
    fields: dict[str, Any],
) -> Contribution:
    return Contribution(
        id=new_id("c"),
        gathering_id=gathering.id,
        phase=_phase_id(gathering),
        kind="bot",
        author_key=BOT,
        client_id=new_id("b"),
        language="sv",
        text=lines["sv"],
        fields=fields,
        created_at=now,
        translations=[
            Translation(language="en", text=lines["en"], status="memory", updated_at=now)
        ],
    )


async def think_of(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    trigger: str,
    subject: str,
    to_whom: str,
    about: str | None,
    lines: Mapping[str, str],
    draft: bool,
    now: datetime,
) -> BotLine:
    """Keep a line that a trigger asks for, where facilitators see it before it is sent."""
    line = BotLine(
        gathering_id=gathering.id,
        trigger=trigger,
        subject=subject[:200],
        to_whom=to_whom,
        about=about,
        lines=dict(lines),
        draft=draft,
        state="waiting",
        created_at=now,
    )
    tx.add(line)
    _bot_changed(tx, gathering, "bot_thought", trigger, None, now)
    await tx.flush()
    return line


async def send_bot_line(
    tx: AsyncSession,
    gathering: Gathering,
    line: BotLine,
    *,
    account: Account | None,
    now: datetime,
    texts: Mapping[str, str] | None = None,
) -> Contribution | None:
    """Say a waiting line, perhaps in a facilitator's words. Returns what was said.

    A line to one person is theirs alone; one to the facilitators stays on their desk.
    """
    for language, text in (texts or {}).items():
        cleaned = clean_text(text)
        if is_blank(cleaned) or len(cleaned) > rules.REASON_LIMIT:
            raise Invalid({f"/text/{language}": "text_missing"})
        line.lines = {**line.lines, language: cleaned}
    line.state, line.decided_at = "sent", now
    if account is not None:
        log_act(tx, gathering, account, kind="bot_line_sent", now=now, target=line.id)
    fields = {"trigger": line.trigger, **({"about": line.about} if line.about else {})}
    lines: dict[Language, str] = {"sv": line.lines["sv"], "en": line.lines["en"]}
    if line.to_whom == "facilitators":
        _bot_changed(tx, gathering, "bot_told", line.trigger, account, now)
        return None
    if line.to_whom == "all":
        return say_as_bot(tx, gathering, lines, now=now, fields=fields)
    said = _bot_words(gathering, lines, now=now, fields=fields)
    said.participant_id = line.to_whom
    event = rules.Event("bot_whispered", now, {"trigger": line.trigger})
    said.revision = record(tx, gathering, event, actor=BOT)
    tx.add(said)
    await tx.flush()
    return said


async def drop_bot_line(
    tx: AsyncSession, gathering: Gathering, line: BotLine, *, account: Account, now: datetime
) -> None:
    """A facilitator keeps the chatbot from saying a line."""
    line.state, line.decided_at = "dropped", now
    log_act(tx, gathering, account, kind="bot_line_dropped", now=now, target=line.id)
    _bot_changed(tx, gathering, "bot_dropped", line.trigger, account, now)
    await tx.flush()


async def mute_bot(
    tx: AsyncSession, gathering: Gathering, *, muted: bool, account: Account, now: datetime
) -> None:
    """Muted, the chatbot says nothing to the room; what it warns facilitators of goes on."""
    if gathering.bot_muted == muted:
        return
    gathering.bot_muted = muted
    kind = "bot_muted" if muted else "bot_unmuted"
    log_act(tx, gathering, account, kind=kind, now=now)
    _bot_changed(tx, gathering, kind, "", account, now)
    await tx.flush()


def _bot_changed(
    tx: AsyncSession,
    gathering: Gathering,
    kind: str,
    trigger: str,
    account: Account | None,
    now: datetime,
) -> None:
    quiet_since = gathering.last_activity_at
    data = {"trigger": trigger} if trigger else {}
    record(tx, gathering, rules.Event(kind, now, data), actor=account.id if account else BOT)
    if account is None:
        # A machine that thinks is no sign of life in the room.
        gathering.last_activity_at = quiet_since


def _phase_id(gathering: Gathering) -> str:
    if gathering.phase_index is None:
        return ""
    return str(gathering.format["phases"][gathering.phase_index]["id"])


def _share(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, now: datetime, actor: str
) -> None:
    gathering.seq += 1
    said.seq = gathering.seq
    data = {"contribution": said.id, "seq": said.seq, "kind": said.kind, "phase": said.phase}
    said.revision = record(tx, gathering, rules.Event("said", now, data), actor=actor)
    tx.add(said)


# --- joining -------------------------------------------------------------------------------


async def join(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    name: str,
    language: object,
    role: str | None,
    bilingual: bool,
    consent: dict[str, bool],
    now: datetime,
    how: str,
) -> tuple[Participant, str]:
    """A seat for somebody with the code. Returns the participant and their secret."""
    if gathering.state == "closed":
        raise Refusal("session_closed")
    if gathering.access == "invited":
        raise Forbidden("invited_only")
    participant, secret = await people.take_seat(
        tx,
        gathering_id=gathering.id,
        name=name,
        language=language,
        role=role,
        bilingual=bilingual,
        consent=consent,
        reserved_names=RESERVED_NAMES,
        now=now,
        how=how,
    )
    event = rules.Event("joined", now, {"participant": participant.id})
    record(tx, gathering, event, actor=participant.id)
    return participant, secret


async def get_ready(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """The participant says that they are ready to begin. Once is enough."""
    if seat.ready_at is not None:
        return
    fresh = await tx.get_one(Participant, seat.id)
    fresh.ready_at = now
    event = rules.Event("ready", now, {"participant": seat.id})
    gathering.stage_revision = record(tx, gathering, event, actor=seat.id)


async def leave(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """The participant leaves; what they said stays unless they take it back."""
    fresh = await tx.get_one(Participant, seat.id)
    fresh.left_at = now
    await lower_hand(tx, gathering, seat, now=now)
    record(tx, gathering, rules.Event("left", now, {"participant": seat.id}), actor=seat.id)


# --- saying --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """What somebody wants to say, as it came in."""

    kind: str
    text: str
    client_id: str
    language: str | None = None
    reply_to: str | None = None
    fields: Mapping[str, Any] | None = None
    looks_like: str | None = None


async def post_contribution(
    tx: AsyncSession,
    gathering: Gathering,
    draft: Draft,
    *,
    seat: Participant | None,
    account: Account | None,
    now: datetime,
) -> tuple[Contribution, bool]:
    """Say something. The same ``client_id`` again gives the first contribution and False.

    Raises FloorClosed where the kind is not open, Invalid with pointers for faults.
    """
    author_key = seat.id if seat else account.id if account else ""
    client_id = draft.client_id.strip()
    if not client_id or len(client_id) > 80:
        raise Invalid({"/client_id": "client_id_missing"})
    earlier = await find_by_client_id(tx, gathering.id, author_key, client_id)
    if earlier is not None:
        return earlier, False
    rules.check_may_speak(
        gathering.stage,
        gathering.form,
        kind=draft.kind,
        as_facilitator=seat is None,
        splits="split_of" in (draft.fields or {}),
    )
    if seat is None and rules.KINDS[draft.kind].by != "facilitator":
        raise Forbidden("needs_seat")
    text, language = _read_text(draft, author=seat or account)
    fields = rules.read_fields(draft.kind, draft.fields or {}, text)
    if draft.kind == "recommendation":
        text = text or fields["what"]
    _check_text(draft.kind, text, fields)
    touched = await _check_references(tx, gathering, draft, fields, seat=seat)
    said = Contribution(
        id=new_id("c"),
        gathering_id=gathering.id,
        phase=_phase_id(gathering),
        kind=draft.kind,
        participant_id=seat.id if seat else None,
        account_id=None if seat else account.id if account else None,
        author_key=author_key,
        client_id=client_id,
        language=language,
        # The author's choice decides what is translated; a doubt about it is only shown.
        looks_like=draft.looks_like if draft.looks_like != language else None,
        text=text,
        fields=fields,
        reply_to=draft.reply_to,
        created_at=now,
        translations=[],
    )
    if draft.kind == "facilitation" and fields.get("of"):
        await _check_outcome(tx, gathering, fields)
    if rules.KINDS[draft.kind].private:
        _keep_private(tx, gathering, said, now=now)
    else:
        if needs_translation(said):
            said.translations.append(
                Translation(
                    language=other_language("en" if language == "en" else "sv"),
                    status="pending",
                    due_at=now,
                    updated_at=now,
                )
            )
        _share(tx, gathering, said, now=now, actor=author_key)
        for other in touched:
            other.revision = gathering.revision
        if draft.kind in MOVES_THE_EXIT:
            # These move the exit condition, which the head of the page shows.
            gathering.stage_revision = gathering.revision
    await tx.flush()
    return await access_contribution(tx, said.id), True


def needs_translation(said: Contribution) -> bool:
    return bool(texts_to_translate(said))


def texts_to_translate(said: Contribution) -> dict[str, str]:
    """The texts of a contribution by name; ``text`` is what was said, the rest are fields."""
    texts = {"text": said.text} if said.text else {}
    for name in TRANSLATED_FIELDS:
        value = said.fields.get(name)
        if isinstance(value, str) and value and value != said.text:
            texts[name] = value
    return texts


def _keep_private(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, now: datetime
) -> None:
    # The event tells that something was kept, never by whom: the log is read by many.
    event = rules.Event("kept_private", now, {"kind": said.kind, "phase": said.phase})
    said.revision = record(tx, gathering, event, actor=None)
    gathering.stage_revision = gathering.revision
    tx.add(said)


def _read_text(draft: Draft, *, author: Participant | Account | None) -> tuple[str, str]:
    text = clean_text(draft.text)
    if len(text) > rules.TEXT_LIMIT:
        raise Invalid({"/text": "text_too_long"}, limit=rules.TEXT_LIMIT)
    language = draft.language or (author.language if author else "sv")
    if language not in LANGUAGES:
        raise Invalid({"/language": "language_unknown"})
    return ("" if is_blank(text) else text), language


def _check_text(kind: str, text: str, fields: Mapping[str, Any]) -> None:
    if rules.KINDS[kind].needs_text and not text and not fields.get("skipped"):
        raise Invalid({"/text": "text_missing"})


async def _check_references(
    tx: AsyncSession,
    gathering: Gathering,
    draft: Draft,
    fields: Mapping[str, Any],
    *,
    seat: Participant | None,
) -> list[Contribution]:
    """What the draft points at must be here and of the right kind.

    Returns the contributions that look different afterwards (a decision has a new stance).
    """
    touched: list[Contribution] = []
    if draft.reply_to is not None:
        touched += await _reply_target(tx, gathering, draft)
    of = fields.get("of")
    if isinstance(of, str):
        target = await _shared(tx, gathering, of)
        if target is None or target.kind not in rules.KINDS[draft.kind].refers_to:
            raise Invalid({"/fields/of": "of_unknown"})
        if draft.kind == "restatement" and seat and target.participant_id == seat.id:
            raise Invalid({"/fields/of": "of_own"})
        if draft.kind == "restatement_check":
            await _check_is_restated(tx, target, seat)
        if draft.kind in ("stance", "amendment", "restatement_check", "facilitation"):
            touched += await _chain(tx, gathering, target)
    for wanted in fields.get("order", []):
        if await _shared(tx, gathering, wanted) is None:
            raise Invalid({"/fields/order": "of_unknown"})
    return touched


async def _check_outcome(tx: AsyncSession, gathering: Gathering, fields: Mapping[str, Any]) -> None:
    said = [said_of(c) for c in await list_everything_said(tx, gathering.id)]
    rules.check_outcome(rules.decision_on(str(fields["of"]), said), str(fields["result"]))


async def share_ratings(
    tx: AsyncSession,
    gathering: Gathering,
    thing: str,
    *,
    present: Iterable[str],
    now: datetime,
    reveal_by: Account | None = None,
) -> int:
    """Share the hidden ratings of a theme where all who are present have answered.

    ``reveal_by``: a facilitator who does not wait for the rest. Returns how many were shared.
    """
    everything = await list_everything_said(tx, gathering.id)
    wanted = rules.ratings_to_share(
        thing, [said_of(c) for c in everything], present, reveal=reveal_by is not None
    )
    by_id = {c.id: c for c in everything}
    for rating_id in wanted:
        _share(tx, gathering, by_id[rating_id], now=now, actor=by_id[rating_id].author_key)
    if wanted:
        by_id[thing].revision = gathering.revision
        gathering.stage_revision = gathering.revision
    if reveal_by is not None:
        log_act(tx, gathering, reveal_by, kind="ratings_revealed", now=now, target=thing)
    await tx.flush()
    return len(wanted)


async def ask_for_more_time(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """A participant asks for more time; the facilitator sees how many did. Once is enough."""
    rules.check_state(gathering.stage, "running")
    asked = await tx.scalar(
        select(GatheringEvent.id).where(
            GatheringEvent.gathering_id == gathering.id,
            GatheringEvent.kind == "more_time_asked",
            GatheringEvent.actor == seat.id,
            GatheringEvent.at >= gathering.phase_started_at,
        )
    )
    if asked is None:
        event = rules.Event("more_time_asked", now, {"phase": _phase_id(gathering)})
        gathering.stage_revision = record(tx, gathering, event, actor=seat.id)
        await tx.flush()


async def take_time_from_plan(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    seconds: float,
    account: Account | None,
    now: datetime,
) -> None:
    """Pay for time given: from slack, else from the next phase that may be cut."""
    events = [e.event for e in await list_events(tx, gathering.id)]
    form = gathering.form
    cut = rules.time_to_cut(
        form,
        gathering.stage,
        seconds=seconds,
        slack=rules.slack_seconds(form, events, now),
        cuts=rules.cuts_of(events),
    )
    if cut is not None:
        event = rules.Event("cut", now, {"phase": cut[0], "seconds": cut[1]})
        record(tx, gathering, event, actor=account.id if account else None)


async def _reply_target(tx: AsyncSession, gathering: Gathering, draft: Draft) -> list[Contribution]:
    target = await _shared(tx, gathering, str(draft.reply_to))
    if target is None:
        raise Invalid({"/reply_to": "of_unknown"})
    revises = draft.kind == "recommendation" and target.kind == "recommendation"
    return await _chain(tx, gathering, target) if revises else []


async def _shared(
    tx: AsyncSession, gathering: Gathering, contribution_id: str
) -> Contribution | None:
    return await tx.scalar(
        select(Contribution).where(
            Contribution.id == contribution_id,
            Contribution.gathering_id == gathering.id,
            Contribution.seq.is_not(None),
            Contribution.removed_at.is_(None),
        )
    )


async def _check_is_restated(
    tx: AsyncSession, restatement: Contribution, seat: Participant | None
) -> None:
    original = await tx.get(Contribution, str(restatement.fields.get("of")))
    if original is None or seat is None or original.participant_id != seat.id:
        raise Forbidden("only_author_checks")


async def _chain(
    tx: AsyncSession, gathering: Gathering, target: Contribution
) -> list[Contribution]:
    """A contribution and what it is about, up to the recommendation they all belong to."""
    chain = [target]
    while len(chain) < 10:
        above = chain[-1].fields.get("of") or (
            chain[-1].reply_to if chain[-1].kind == "recommendation" else None
        )
        found = await _shared(tx, gathering, above) if isinstance(above, str) else None
        if found is None:
            break
        chain.append(found)
    return chain


async def take_back(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, actor: str, now: datetime
) -> None:
    """Erase the words and their translations. A tombstone keeps the place, without a name."""
    said.text = ""
    said.fields = {k: v for k, v in said.fields.items() if k == "of"}
    said.translations.clear()
    said.removed_at = said.removed_at or now
    said.pinned_at = said.screen_at = None
    event = rules.Event("taken_back", now, {"contribution": said.id})
    said.revision = record(tx, gathering, event, actor=actor)
    await _restamp_chain(tx, gathering, said)
    await tx.flush()


async def _restamp_chain(tx: AsyncSession, gathering: Gathering, said: Contribution) -> None:
    """What is about this one, and what this one is about, looks different now."""
    gathering.stage_revision = gathering.revision
    for other in (await _chain(tx, gathering, said))[1:]:
        other.revision = gathering.revision
    for other in await list_everything_said(tx, gathering.id):
        if said.id in (other.reply_to, other.fields.get("of")):
            other.revision = gathering.revision


# --- translations --------------------------------------------------------------------------


async def correct_translation(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    language: str,
    text: str,
    by: Participant | Account,
    now: datetime,
) -> None:
    """A person's translation takes the place of the machine's. Raises Invalid, Forbidden."""
    seat = by if isinstance(by, Participant) else None
    if not rules.may_correct(
        is_author=by.id in (said.participant_id, said.account_id),
        is_bilingual=bool(seat and seat.bilingual),
        runs=seat is None,
    ):
        raise Forbidden("correct_not_allowed")
    if language not in LANGUAGES:
        raise Invalid({"/language": "language_unknown"})
    if language == said.language or said.removed_at or said.kind in ("bot", "system"):
        raise Refusal("nothing_to_correct")
    text = clean_text(text)
    if is_blank(text):
        raise Invalid({"/text": "text_missing"})
    if len(text) > rules.TEXT_LIMIT:
        raise Invalid({"/text": "text_too_long"}, limit=rules.TEXT_LIMIT)
    found = translation_into(said, language)
    if found is None:
        found = Translation(language=language, status="corrected", fields={}, updated_at=now)
        said.translations.append(found)
    found.text = text
    found.status = "corrected"
    found.reason = found.doubt = found.due_at = None
    # What people flagged stays: that a flagged word was corrected is worth a question.
    found.by_id, found.by_name = by.id, by.name
    found.updated_at = now
    data = {"contribution": said.id, "language": language}
    event = rules.Event("translation_corrected", now, data)
    said.revision = record(tx, gathering, event, actor=by.id)
    await tx.flush()


def translation_into(said: Contribution, language: str) -> Translation | None:
    return next((t for t in said.translations if t.language == language), None)


async def dispute_translation(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    seat: Participant,
    *,
    word: str,
    reason: str,
    now: datetime,
) -> None:
    """Mark a translation as disputed; anybody in the session may. Twice by one person is once."""
    found = next((t for t in said.translations if t.text), None)
    if found is None or said.removed_at or said.kind in ("bot", "system"):
        raise Refusal("nothing_to_dispute")
    entry = {"by": seat.id, "word": clean_text(word)[:80], "reason": clean_text(reason)[:300]}
    found.disputes = [d for d in found.disputes if d.get("by") != seat.id] + [entry]
    found.status = "disputed"
    found.updated_at = now
    data = {"contribution": said.id, "language": found.language}
    event = rules.Event("translation_disputed", now, data)
    said.revision = record(tx, gathering, event, actor=seat.id)
    await tx.flush()


@dataclass(frozen=True)
class Finished:
    """The engine's answer for one waiting translation."""

    translation_id: str
    contribution_id: str
    texts: dict[str, str]
    status: str
    reason: str | None
    doubt: dict[str, Any] | None
    model: str


async def add_translations(
    tx: AsyncSession, gathering: Gathering, finished: list[Finished], *, now: datetime
) -> list[str]:
    """Put the engine's answers in place, under one revision.

    What a person corrected or took back in the meantime is left alone. Returns the ids of the
    contributions that changed.
    """
    found = await tx.scalars(
        select(Translation).where(Translation.id.in_([f.translation_id for f in finished]))
    )
    rows = {row.id: row for row in found}
    changed: list[str] = []
    for answer in finished:
        row = rows.get(answer.translation_id)
        if row is None or row.status not in ("pending", "failed"):
            continue
        row.text = answer.texts.get("text", "")
        row.fields = {k: v for k, v in answer.texts.items() if k != "text"}
        row.status, row.reason, row.doubt = answer.status, answer.reason, answer.doubt
        row.model, row.due_at, row.updated_at = answer.model, None, now
        changed.append(answer.contribution_id)
    if changed:
        quiet_since = gathering.last_activity_at
        event = rules.Event("translated", now, {"contributions": changed})
        revision = record(tx, gathering, event, actor=None)
        # A machine at work is no sign of life in the room.
        gathering.last_activity_at = quiet_since
        for said in await tx.scalars(select(Contribution).where(Contribution.id.in_(changed))):
            said.revision = revision
    await tx.flush()
    return changed


# --- what facilitators do to a contribution ------------------------------------------------


async def hide(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    account: Account,
    reason: str,
    now: datetime,
) -> None:
    """Take a post out of everybody's sight; its author sees it and why."""
    reason = clean_text(reason)[: rules.REASON_LIMIT]
    if is_blank(reason):
        raise Invalid({"/reason": "reason_missing"})
    said.hidden_at, said.hidden_reason = now, reason
    said.pinned_at = said.screen_at = None
    _mark(tx, gathering, said, account, kind="hidden", now=now, reason=reason)
    await _restamp_chain(tx, gathering, said)


async def show_again(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, account: Account, now: datetime
) -> None:
    said.hidden_at, said.hidden_reason = None, ""
    _mark(tx, gathering, said, account, kind="shown_again", now=now)
    await _restamp_chain(tx, gathering, said)


async def pin(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    account: Account,
    on: bool,
    now: datetime,
) -> None:
    if on and said.removed_at:
        raise Refusal("taken_back")
    said.pinned_at = now if on else None
    _mark(tx, gathering, said, account, kind="pinned" if on else "unpinned", now=now)


async def put_on_screen(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    account: Account,
    on: bool,
    now: datetime,
) -> None:
    """Show a post on the projector; only where its author said yes to be quoted by role."""
    if on and (said.removed_at or said.hidden_at):
        raise Refusal("taken_back")
    if on and said.participant_id:
        consent = (await latest_consents(tx, gathering.id)).get(said.participant_id)
        if consent is None or not consent.choices.get("quote_role"):
            raise Refusal("no_consent_to_quote")
    said.screen_at = now if on else None
    _mark(tx, gathering, said, account, kind="on_screen" if on else "off_screen", now=now)


def _mark(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    account: Account,
    *,
    kind: str,
    now: datetime,
    reason: str = "",
) -> None:
    log_act(tx, gathering, account, kind=kind, now=now, target=said.id, reason=reason)
    event = rules.Event(kind, now, {"contribution": said.id})
    said.revision = record(tx, gathering, event, actor=account.id)


# --- speaking queue ------------------------------------------------------------------------


async def raise_hand(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """Join the speaking queue; raising twice keeps the first place."""
    rules.check_state(gathering.stage, "open", "running", "paused")
    if await tx.get(Hand, seat.id) is not None:
        return
    tx.add(Hand(participant_id=seat.id, gathering_id=gathering.id, raised_at=now))
    _queue_changed(tx, gathering, "hand_raised", seat.id, seat.id, now)
    await tx.flush()


async def lower_hand(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    hand = await tx.get(Hand, seat.id)
    if hand is None:
        return
    await tx.delete(hand)
    _queue_changed(tx, gathering, "hand_lowered", seat.id, seat.id, now)
    await tx.flush()


async def give_floor(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    participant_id: str,
    account: Account,
    now: datetime,
) -> None:
    """Give the floor to somebody in the session; whoever had it leaves the queue."""
    rules.check_state(gathering.stage, "open", "running", "paused")
    participant = await tx.get(Participant, participant_id)
    if participant is None or participant.gathering_id != gathering.id:
        raise NotFound("participant_not_found")
    for earlier in await tx.scalars(
        select(Hand).where(Hand.gathering_id == gathering.id, Hand.floor_at.is_not(None))
    ):
        if earlier.participant_id != participant_id:
            await tx.delete(earlier)
    hand = await tx.get(Hand, participant_id)
    if hand is None:
        hand = Hand(participant_id=participant_id, gathering_id=gathering.id, raised_at=now)
        tx.add(hand)
    hand.floor_at = now
    log_act(tx, gathering, account, kind="floor_given", now=now, target=participant_id)
    _queue_changed(tx, gathering, "floor_given", participant_id, account.id, now)
    await tx.flush()


def _queue_changed(
    tx: AsyncSession, gathering: Gathering, kind: str, participant: str, actor: str, now: datetime
) -> None:
    event = rules.Event(kind, now, {"participant": participant})
    gathering.queue_revision = record(tx, gathering, event, actor=actor)


# --- finding cards -------------------------------------------------------------------------

TAGS = ("measurement", "mechanisms", "management", "models")


@dataclass(frozen=True)
class Card:
    """A finding card as it came in; ``picture`` is the name of a stored file, or None."""

    title: object
    text: object
    source: str = ""
    tags: tuple[str, ...] = ()
    picture: str | None = None
    picture_alt: object = None


def read_card(card: Card) -> dict[str, Any]:
    """The card's columns. Raises Invalid with a pointer for each fault."""
    faults: dict[str, str] = {}
    columns: dict[str, Any] = {
        "title": read_both(card.title, "/title", faults, limit=200),
        "text": read_both(card.text, "/text", faults, limit=2000),
        "source": clean_text(card.source)[:500],
        "tags": [tag for tag in TAGS if tag in card.tags],
    }
    if set(card.tags) - set(TAGS):
        faults["/tags"] = "tag_unknown"
    if card.picture:
        columns["picture"] = card.picture
        columns["picture_alt"] = read_both(card.picture_alt, "/picture_alt", faults, limit=500)
    if faults:
        raise Invalid(faults)
    return columns


async def add_finding(
    tx: AsyncSession, gathering: Gathering, card: Card, *, account: Account, now: datetime
) -> Finding:
    """A new card, last in order."""
    columns = read_card(card)
    before = await list_findings(tx, gathering.id)
    finding = Finding(
        id=new_id("f"),
        gathering_id=gathering.id,
        position=max((f.position for f in before), default=0) + 1,
        revision=0,
        **columns,
    )
    tx.add(finding)
    _finding_changed(tx, gathering, finding, "finding_added", account, now)
    await tx.flush()
    return finding


async def change_finding(
    tx: AsyncSession,
    gathering: Gathering,
    finding: Finding,
    card: Card,
    *,
    account: Account,
    now: datetime,
) -> None:
    for name, value in read_card(card).items():
        setattr(finding, name, value)
    _finding_changed(tx, gathering, finding, "finding_changed", account, now)
    await tx.flush()


async def remove_finding(
    tx: AsyncSession, gathering: Gathering, finding: Finding, *, account: Account, now: datetime
) -> None:
    finding.removed_at = finding.removed_at or now
    _finding_changed(tx, gathering, finding, "finding_removed", account, now)
    await tx.flush()


async def show_finding(
    tx: AsyncSession, gathering: Gathering, finding: Finding, *, account: Account, now: datetime
) -> None:
    """The card is up for discussion. Showing it twice changes nothing."""
    if finding.shown_at is not None:
        return
    finding.shown_at = now
    _finding_changed(tx, gathering, finding, "finding_shown", account, now)
    await tx.flush()


def _finding_changed(
    tx: AsyncSession,
    gathering: Gathering,
    finding: Finding,
    kind: str,
    account: Account,
    now: datetime,
) -> None:
    log_act(tx, gathering, account, kind=kind, now=now, target=finding.id)
    event = rules.Event(kind, now, {"finding": finding.id})
    finding.revision = record(tx, gathering, event, actor=account.id)
    gathering.stage_revision = gathering.revision


# --- the record ----------------------------------------------------------------------------


async def publish_record(
    tx: AsyncSession, gathering: Gathering, *, account: Account, now: datetime
) -> None:
    """Make the record public. Raises Refusal before its seven days as a draft are over."""
    rules.check_publishable(now=now, closed_at=gathering.closed_at)
    if gathering.published_at is not None:
        return
    gathering.published_at, gathering.published_by = now, account.id
    log_act(tx, gathering, account, kind="record_published", now=now)
    record(tx, gathering, rules.Event("record_published", now), actor=account.id)
    await tx.flush()
