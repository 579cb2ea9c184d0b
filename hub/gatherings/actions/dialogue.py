"""Dialogues on a charter: what is taken up, put to the room, settled, parked, and in which order.

Source: reflective-dialogue.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters.actions import take_up
from hub.charters.models import Outcome, list_outcomes_of
from hub.db import new_id
from hub.errors import Invalid, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.outcomes import (
    facts_of,
    find_outcome,
    has_words,
    keep_outcome,
    phase_now,
    principle_in,
    put_of,
    text_of,
)
from hub.gatherings.actions.saying import Draft, say_as_facilitator, take_back
from hub.gatherings.actions.terms import list_session_terms
from hub.gatherings.models import (
    WITH_AUTHOR,
    Contribution,
    Gathering,
    GatheringEvent,
    list_said,
)
from hub.people.models import Account, Participant
from hub.people.rules import GROUPS, LANGUAGES, clean_text, is_blank

DISSENT_LIMIT = 20


# --- what is taken up -------------------------------------------------------------------------


async def take_up_charter(
    tx: AsyncSession, form: rules.Format, charter: str | None, principles: Sequence[str] | None
) -> tuple[rules.Format, dict[str, Any]]:
    """The format with its steps once for each principle, and the copy of their words.

    Raises Invalid where there is no such charter or principle, and for a principle with words in
    neither language: there would be nothing to talk about.
    """
    if not charter:
        raise Invalid({"/charter": "charter_missing"})
    if principles is not None and len(set(principles)) != len(principles):
        raise Invalid({"/principles": "principle_repeats"})
    copy = await take_up(tx, charter, list(principles) if principles else None)
    if not copy["principles"]:
        raise Invalid({"/principles": "principles_missing"})
    empty = [p for p in copy["principles"] if not any(map(has_words, p["texts"].values()))]
    if empty:
        raise Invalid({"/principles": "principle_empty"})
    return rules.unroll(form, [p["id"] for p in copy["principles"]]), copy


async def refresh_copy(tx: AsyncSession, gathering: Gathering) -> None:
    """As it begins, a dialogue takes the words as they are now.

    Where a principle has been taken away meanwhile, it keeps all words as they were planned.
    """
    try:
        gathering.charter_copy = await take_up(
            tx, str(gathering.charter), list(gathering.form.principles)
        )
    except Invalid:
        return


def principle_now(gathering: Gathering) -> str:
    """The principle that is talked about. Raises Refusal where none is."""
    rules.check_state(gathering.stage, "running", "paused")
    phase = phase_now(gathering)
    if phase is None or phase.principle is None:
        raise Refusal("no_principle_now")
    return phase.principle


async def line_facts(
    tx: AsyncSession, gathering: Gathering
) -> tuple[dict[str, dict[str, str]], str | None]:
    """What the chatbot's lines say of the principle: its place, title and text, by language.

    And the post whose words the text is, where it is somebody's.
    """
    phase = phase_now(gathering)
    principle = principle_in(gathering, phase.principle if phase else None)
    if principle is None:
        return {language: {"title": gathering.title[language]} for language in LANGUAGES}, None
    said = await list_said(tx, gathering.id)
    settling = rules.settling_of(principle["id"], put_of(gathering, principle["id"]), said)
    texts = await text_of(tx, gathering, principle["id"], settling, said)
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        other = next(each for each in LANGUAGES if each != language)
        own = principle["texts"].get(language, {})
        title = own.get("title") or principle["texts"].get(other, {}).get("title") or ""
        text = texts.get(language, {}).get("text") or texts.get(other, {}).get("text") or ""
        found[language] = {"n": str(principle["n"]), "title": title, "text": text}
    return found, settling.wording


# --- what is put to the room --------------------------------------------------------------------


async def put_to_room(
    tx: AsyncSession, gathering: Gathering, *, of: str | None, account: Account, now: datetime
) -> bool:
    """Put a proposal, or the text as it is, to the room. The same again changes nothing.

    Raises Refusal where the room does not settle on a text now, Invalid for what does not stand.
    Returns whether it changed.
    """
    principle = principle_now(gathering)
    phase = phase_now(gathering)
    if phase is None or "stance" not in phase.inputs:
        raise Refusal("not_settling")
    said = await list_said(tx, gathering.id)
    proposal = _proposal(principle, of, said)
    put = {"principle": principle, "of": proposal}
    if gathering.put_to_room == put:
        return False
    gathering.put_to_room = put
    log_act(tx, gathering, account, kind="text_put", now=now, target=proposal)
    _changed(tx, gathering, "text_put", put, account=account, now=now)
    await keep_outcome(tx, gathering, principle, now=now)
    return True


def _proposal(principle: str, of: str | None, said: Sequence[rules.Said]) -> str | None:
    if of is None or of == principle:
        return None
    for standing in rules.proposals_for(principle, said):
        if of in {wording.id for wording in standing.wordings}:
            return standing.first.id
    raise Invalid({"/of": "of_unknown"})


def _changed(
    tx: AsyncSession,
    gathering: Gathering,
    kind: str,
    data: dict[str, Any],
    *,
    account: Account | None,
    now: datetime,
) -> None:
    event = rules.Event(kind, now, data)
    gathering.stage_revision = record(tx, gathering, event, actor=account.id if account else None)


# --- the outcome --------------------------------------------------------------------------------


async def _close_outcome(
    tx: AsyncSession, gathering: Gathering, row: Outcome, *, account: Account | None, now: datetime
) -> None:
    """Raises Refusal where there is neither agreed text nor dissent."""
    if row.agreed is None and not row.dissent:
        raise Refusal("outcome_open")
    began = await tx.scalar(
        select(func.min(GatheringEvent.at)).where(
            GatheringEvent.gathering_id == gathering.id,
            GatheringEvent.kind == "principle_begun",
            GatheringEvent.data["principle"].as_string() == row.principle_id,
        )
    )
    row.glossary_changes = [
        {"sv": term.sv, "en": term.en, "state": term.state}
        for term in await list_session_terms(tx, gathering.id)
        if began is None or term.at >= began
    ]
    row.closed_at, row.closed_by = now, account.id if account else None
    row.updated_at, row.reason = now, ""
    data = {"principle": row.principle_id, "decision": row.decision}
    _changed(tx, gathering, "outcome_closed", data, account=account, now=now)


def _park(
    tx: AsyncSession,
    gathering: Gathering,
    row: Outcome,
    *,
    account: Account | None,
    reason: str,
    now: datetime,
) -> None:
    row.decision, row.closed_at, row.closed_by = "park", None, None
    row.reason, row.updated_at = reason[: rules.REASON_LIMIT], now
    data = {"principle": row.principle_id}
    _changed(tx, gathering, "principle_parked", data, account=account, now=now)


async def follow_move(
    tx: AsyncSession,
    gathering: Gathering,
    event: rules.Event,
    *,
    left: rules.Phase | None,
    account: Account | None,
    reason: str,
) -> None:
    """What a move does to the outcomes: left behind they are closed or parked, returned to open.

    ``left`` is the phase before the move. Raises Refusal where the last step of a principle is
    left with nothing settled, and not by force.
    """
    now = event.at
    phase = phase_now(gathering)
    principle = phase.principle if phase else None
    if event.kind == "closed":
        await _leave_all(tx, gathering, account=account, reason=reason, now=now)
        return
    if event.kind != "phase_started":
        return
    came_from = left.principle if left else None
    if came_from and came_from != principle and not event.data.get("reopened"):
        row = await keep_outcome(tx, gathering, came_from, now=now)
        settled = row.agreed is not None or bool(row.dissent)
        parked = event.data.get("parked") or (
            not settled and (event.data.get("forced") or account is None)
        )
        if parked:
            _park(tx, gathering, row, account=account, reason=reason, now=now)
        else:
            await _close_outcome(tx, gathering, row, account=account, now=now)
    if principle is None:
        gathering.put_to_room = None
    else:
        returns = came_from != principle or bool(event.data.get("reopened"))
        await _enter(tx, gathering, principle, event, account=account, returns=returns)


async def _enter(
    tx: AsyncSession,
    gathering: Gathering,
    principle: str,
    event: rules.Event,
    *,
    account: Account | None,
    returns: bool,
) -> None:
    phase, now = phase_now(gathering), event.at
    row = await find_outcome(tx, gathering.id, principle)
    if row is None:
        data = {"principle": principle}
        _changed(tx, gathering, "principle_begun", data, account=account, now=now)
    elif returns and (row.closed_at is not None or row.decision == "park"):
        row.closed_at, row.closed_by, row.decision, row.reason = None, None, None, ""
        data = {"principle": principle}
        _changed(tx, gathering, "outcome_reopened", data, account=account, now=now)
    put = gathering.put_to_room or {}
    stays = event.data.get("reopened") and put.get("principle") == principle
    if put.get("principle") != principle:
        gathering.put_to_room = {"principle": principle, "of": None}
    if phase is not None and "stance" in phase.inputs and not stays:
        said = await list_said(tx, gathering.id)
        of = rules.put_first(principle, said)
        gathering.put_to_room = {"principle": principle, "of": of}
    await keep_outcome(tx, gathering, principle, now=now)


async def _leave_all(
    tx: AsyncSession, gathering: Gathering, *, account: Account | None, reason: str, now: datetime
) -> None:
    """The session is over: what is settled in its last step is closed, the rest is parked."""
    phase = phase_now(gathering)
    for row in await list_outcomes_of(tx, gathering.id):
        present = phase is not None and row.principle_id == phase.principle
        if row.closed_at is not None or (row.decision == "park" and not present):
            continue
        last = present and _is_last(gathering)
        if last:
            await keep_outcome(tx, gathering, row.principle_id, now=now)
        if last and (row.agreed is not None or row.dissent):
            await _close_outcome(tx, gathering, row, account=account, now=now)
        else:
            _park(tx, gathering, row, account=account, reason=reason, now=now)


def _is_last(gathering: Gathering) -> bool:
    """Whether the phase that runs is the last of its principle."""
    index, phases = gathering.phase_index or 0, gathering.form.phases
    return index + 1 == len(phases) or phases[index + 1].principle != phases[index].principle


async def write_outcome(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    decision: str | None,
    dissent: Sequence[Mapping[str, Any]] | None,
    account: Account,
    now: datetime,
) -> Outcome:
    """Set what is decided on the present principle, and write out what people are not agreed on.

    ``dissent`` takes the place of what was written before: ``{"text", "group", "language"}`` for
    each group; None leaves it. The same again changes nothing. Raises Invalid for what is unsound,
    Refusal for a decision that the facts do not allow.
    """
    principle = principle_now(gathering)
    row = await keep_outcome(tx, gathering, principle, now=now)
    changed = False
    if dissent is not None:
        changed = await _write_dissent(tx, gathering, row, dissent, account=account, now=now)
        row = await keep_outcome(tx, gathering, principle, now=now)
    if decision is not None and decision != row.decision:
        said = await list_said(tx, gathering.id)
        rules.check_decision(decision, facts_of(gathering, row, principle, said).allowed)
        row.decision, changed = decision, True
    if changed:
        log_act(tx, gathering, account, kind="outcome_written", now=now)
        data = {"principle": principle, "decision": row.decision}
        _changed(tx, gathering, "outcome_written", data, account=account, now=now)
    await tx.flush()
    return row


def _read_dissent(
    dissent: Sequence[Mapping[str, Any]], *, account: Account
) -> list[tuple[str | None, str, str]]:
    """Group, language and text of each; what is empty is left out. Raises Invalid."""
    faults: dict[str, str] = {}
    found: list[tuple[str | None, str, str]] = []
    if len(dissent) > DISSENT_LIMIT:
        raise Invalid({"/dissent": "dissent_many"})
    for number, entry in enumerate(dissent):
        text = clean_text(str(entry.get("text") or ""))
        group = entry.get("group") or None
        language = entry.get("language") or account.language
        if group is not None and group not in GROUPS:
            faults[f"/dissent/{number}/group"] = "group_unknown"
        if language not in LANGUAGES:
            faults[f"/dissent/{number}/language"] = "language_unknown"
        if is_blank(text):
            faults[f"/dissent/{number}/text"] = "text_missing"
        elif len(text) > rules.TEXT_LIMIT:
            faults[f"/dissent/{number}/text"] = "text_too_long"
        found.append((group, str(language), text))
    if faults:
        raise Invalid(faults, limit=rules.TEXT_LIMIT)
    return list(dict.fromkeys(found))


async def _write_dissent(
    tx: AsyncSession,
    gathering: Gathering,
    row: Outcome,
    dissent: Sequence[Mapping[str, Any]],
    *,
    account: Account,
    now: datetime,
) -> bool:
    wanted = _read_dissent(dissent, account=account)
    before = {(d["group"], d["language"], d["text"].get(d["language"], "")): d for d in row.dissent}
    if list(before) == wanted:
        return False
    for entry in (d for key, d in before.items() if key not in wanted):
        old = await tx.scalar(
            select(Contribution)
            .where(Contribution.id == entry["contribution"])
            .options(*WITH_AUTHOR)
        )
        if old is not None and old.removed_at is None:
            await take_back(tx, gathering, old, actor=account.id, now=now, rewritten=True)
    kept = []
    for group, language, text in wanted:
        if (group, language, text) in before:
            kept.append(before[group, language, text])
            continue
        fields = {"dissent": True, "principle": row.principle_id, "group": group}
        draft = Draft("facilitation", text, client_id=new_id("d"), language=language)
        said = await say_as_facilitator(
            tx, gathering, draft, fields=fields, account=account, now=now
        )
        kept.append(
            {
                "group": group,
                "language": language,
                "text": {language: text},
                "contribution": said.id,
            }
        )
    row.dissent = kept
    await tx.flush()
    return True


# --- what else people do ------------------------------------------------------------------------


async def order_principles(
    tx: AsyncSession,
    gathering: Gathering,
    principles: Sequence[str],
    *,
    account: Account,
    now: datetime,
) -> None:
    """Talk about the principles that are not begun in another order. The same changes nothing.

    Source: reflective-dialogue.md, "Plan".
    """
    rules.check_state(gathering.stage, "planned", "open", "running", "paused")
    if not gathering.charter_copy:
        raise Refusal("no_principle_now")
    begun = {row.principle_id for row in await list_outcomes_of(tx, gathering.id)}
    form = rules.reordered(gathering.form, principles, begun=begun)
    if form == gathering.form:
        return
    gathering.format = asdict(form)
    gathering.principles = list(form.principles)
    log_act(tx, gathering, account, kind="principles_ordered", now=now)
    data = {"principles": list(form.principles)}
    _changed(tx, gathering, "principles_ordered", data, account=account, now=now)
    await tx.flush()


async def skip_tag(
    tx: AsyncSession, gathering: Gathering, tag: str, *, account: Account, now: datetime
) -> None:
    """Go on without a word on this tag in the step that runs. The same again changes nothing."""
    principle = principle_now(gathering)
    phase = phase_now(gathering)
    if tag not in rules.FIT_TAGS:
        raise Invalid({"/tag": "fit_tag_unknown"})
    if phase is None or phase.exit != "tags_seen":
        raise Refusal("no_tags_now")
    skipped, _ = await marks_of(tx, gathering)
    if tag in skipped:
        return
    log_act(tx, gathering, account, kind="tag_skipped", now=now)
    data = {"phase": phase.key, "principle": principle, "tag": tag}
    _changed(tx, gathering, "tag_skipped", data, account=account, now=now)
    await tx.flush()


async def have_no_more(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """A participant has nothing to add to this step; the room sees how many. Once is enough."""
    rules.check_state(gathering.stage, "running")
    phase = phase_now(gathering)
    _, content = await marks_of(tx, gathering)
    if phase is None or seat.id in content:
        return
    event = rules.Event("no_more", now, {"phase": phase.key})
    gathering.stage_revision = record(tx, gathering, event, actor=seat.id)
    await tx.flush()


async def marks_of(tx: AsyncSession, gathering: Gathering) -> tuple[set[str], set[str]]:
    """The tags that were skipped in the phase that runs, and who has no more to add to it."""
    phase = phase_now(gathering)
    if phase is None:
        return set(), set()
    rows = await tx.scalars(
        select(GatheringEvent).where(
            GatheringEvent.gathering_id == gathering.id,
            GatheringEvent.kind.in_(("tag_skipped", "no_more")),
        )
    )
    here = [row for row in rows if row.data.get("phase") == phase.key]
    return (
        {str(row.data["tag"]) for row in here if row.kind == "tag_skipped"},
        {str(row.actor) for row in here if row.kind == "no_more"},
    )


async def quiet_since(tx: AsyncSession, gathering: Gathering) -> datetime | None:
    """Since when nothing new was proposed in the phase that runs; None where it does not run.

    A pause is no silence: it is counted anew from where the session went on.
    """
    phase = phase_now(gathering)
    if gathering.state != "running" or phase is None or gathering.phase_started_at is None:
        return None
    proposed = await tx.scalar(
        select(func.max(Contribution.created_at)).where(
            Contribution.gathering_id == gathering.id,
            Contribution.phase == phase.id,
            Contribution.principle == phase.principle,
            Contribution.kind.in_(rules.OWN_WORDS),
            Contribution.removed_at.is_(None),
        )
    )
    resumed = await tx.scalar(
        select(func.max(GatheringEvent.at)).where(
            GatheringEvent.gathering_id == gathering.id, GatheringEvent.kind == "resumed"
        )
    )
    return max(at for at in (gathering.phase_started_at, proposed, resumed) if at is not None)


async def went_quiet(tx: AsyncSession, gathering: Gathering, *, now: datetime) -> bool:
    """Whether the phase waits for nothing new any more, and the room has not been shown it."""
    phase = phase_now(gathering)
    if phase is None or phase.exit != "no_new_proposal" or phase.principle is None:
        return False
    since = await quiet_since(tx, gathering)
    if since is None or (now - since).total_seconds() < rules.QUIET_SECONDS:
        return False
    told = await tx.scalar(
        select(GatheringEvent.id).where(
            GatheringEvent.gathering_id == gathering.id,
            GatheringEvent.kind == "went_quiet",
            GatheringEvent.at >= since,
        )
    )
    return told is None


async def note_quiet(tx: AsyncSession, gathering: Gathering, *, now: datetime) -> None:
    """Show the room that the phase has done its work, since time alone did it."""
    phase = phase_now(gathering)
    if phase is None or not await went_quiet(tx, gathering, now=now):
        return
    seen_at = gathering.last_activity_at
    _changed(tx, gathering, "went_quiet", {"phase": phase.key}, account=None, now=now)
    # A clock at work is no sign of life in the room.
    gathering.last_activity_at = seen_at
    await tx.flush()
