"""Saying something, what it may point at, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from hub.audit.actions import note
from hub.db import new_id
from hub.errors import Forbidden, Invalid, NotFound, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.erasing import (
    Eraser,
    Gone,
    erase_post,
    list_all,
    lone_objections,
    mask_repeats,
    reissue_record,
    stamp,
    withdraw_dissents,
    written_in,
)
from hub.gatherings.actions.holding import check_not_too_soon, hold, why_held
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.outcomes import follow_words, words_in
from hub.gatherings.models import (
    WITH_AUTHOR,
    Contribution,
    Gathering,
    Translation,
    access_contribution,
    find_by_client_id,
    list_everything_said,
    said_of,
)
from hub.gatherings.rules import masking
from hub.language.actions import forget, same_words
from hub.language.memory import source_hash
from hub.people.actions import check_consent, check_here
from hub.people.models import Account, Participant, is_seated
from hub.people.rules import LANGUAGES, clean_text, is_blank, other_language

# From a language into another.
Lacks = Callable[[str, str], bool]
TRANSLATED_FIELDS = ("what", "owner", "measure", "reason")


# These point at themes and proposals, which may have been worded anew, split, or be gone.
AIMED = (
    "theme",
    "rating",
    "ranking",
    "recommendation",
    "stance",
    "amendment",
    "wording",
    "change",
    "facilitation",
)


# The fields that say what a contribution belongs to.
POINTERS = ("of", "revises", "split_of")


def phase_id(gathering: Gathering) -> str:
    """The id of the phase that runs, as people see it; empty before the start."""
    return str(_running(gathering).get("id", ""))


def phase_key(gathering: Gathering) -> str:
    """The key of the phase that runs, by which the rules tell it from all others."""
    return rules.key_of(phase_id(gathering), principle_id(gathering))


def principle_id(gathering: Gathering) -> str | None:
    """The principle that a dialogue talks about now."""
    return _running(gathering).get("principle")


def _running(gathering: Gathering) -> Mapping[str, Any]:
    if gathering.phase_index is None:
        return {}
    found: Mapping[str, Any] = gathering.format["phases"][gathering.phase_index]
    return found


def _key_of(said: Contribution) -> str:
    return rules.key_of(said.phase, said.principle)


def share(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, now: datetime, actor: str
) -> None:
    gathering.seq += 1
    said.seq = gathering.seq
    data = {"contribution": said.id, "seq": said.seq, "kind": said.kind, "phase": _key_of(said)}
    said.revision = record(tx, gathering, rules.Event("said", now, data), actor=actor)
    tx.add(said)


@dataclass(frozen=True)
class Draft:
    """What somebody wants to say, as it came in.

    ``remark_on`` is the language of the translation that a remark is on (``correct_translation``).
    """

    kind: str
    text: str
    client_id: str
    language: str | None = None
    reply_to: str | None = None
    fields: Mapping[str, Any] | None = None
    looks_like: str | None = None
    written_for: str | None = None
    remark_on: str | None = None


async def post_contribution(
    tx: AsyncSession,
    gathering: Gathering,
    draft: Draft,
    *,
    seat: Participant | None,
    account: Account | None,
    now: datetime,
    lacks: Lacks = lambda _source, _target: False,
) -> tuple[Contribution, bool]:
    """Say something. The same ``client_id`` again gives the first contribution and False.

    With ``draft.written_for`` the account is a scribe: it types, and the words are the speaker's.
    ``lacks`` tells whether nothing translates from one language into another here.
    Raises FloorClosed where the kind is not open, Invalid with pointers for faults.
    """
    scribe = None
    if draft.written_for:
        if account is None:
            raise Forbidden()
        seat, scribe = await _speaker(tx, gathering, draft), account
    author_key = seat.id if seat else account.id if account else ""
    client_id = draft.client_id.strip()
    if not client_id or len(client_id) > 80:
        raise Invalid({"/client_id": "client_id_missing"})
    earlier = await find_by_client_id(tx, gathering.id, author_key, client_id)
    if earlier is not None:
        return earlier, False
    if seat is not None:
        seat = await check_here(tx, seat)
    # Who hides or takes back changes what stands, so the rules look at all that was said.
    everything = await list_everything_said(tx, gathering.id) if draft.kind in AIMED else []
    spoken = [said_of(c) for c in everything]
    rework = _find_rework(draft, spoken)
    rules.check_may_speak(
        gathering.stage,
        gathering.form,
        kind=draft.kind,
        as_facilitator=seat is None,
        reworks=rework is not None,
    )
    await _check_speaker(tx, gathering, draft, seat, by_scribe=scribe is not None, now=now)
    principle = principle_id(gathering)
    if rework is not None:
        if draft.kind in rules.OWN_WORDS and (seat is None or rework.author != seat.id):
            raise Forbidden("only_author")
        draft = await _in_own_words(tx, draft, rework, author=seat)
    if principle:
        draft = _about_principle(gathering, draft, principle, rework)
    text, language = _read_text(draft, author=seat or account)
    earliest = _earliest_day(gathering, draft, rework, now)
    fields = _read_fields(gathering, draft, text, rework=rework, earliest=earliest)
    if draft.kind == "recommendation":
        text = text or fields["what"]
    _check_text(draft.kind, text, fields)
    fields = _aimed(gathering, draft, fields, spoken, rework)
    if draft.remark_on:
        fields = {**fields, "remark_on": draft.remark_on}
    touched = await _check_references(tx, gathering, draft, fields, seat=seat)
    if rework is not None:
        touched += [c for c in everything if c.id == rework.first.id]
    said = Contribution(
        id=new_id("c"),
        gathering_id=gathering.id,
        phase=phase_id(gathering),
        principle=principle,
        kind=draft.kind,
        participant_id=seat.id if seat else None,
        account_id=None if seat else account.id if account else None,
        author_key=author_key,
        scribe_id=scribe.id if scribe else None,
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
    if scribe is not None:
        log_act(tx, gathering, scribe, kind="wrote_for", now=now, target=said.id)
    if draft.kind == "facilitation" and fields.get("of"):
        rules.check_outcome(rules.decision_on(fields["of"], spoken), fields["result"])
    await _keep_or_share(tx, gathering, said, touched, now=now, lacks=lacks)
    await tx.flush()
    # As if it had been fetched, of which only people are missing.
    for name, kind in (("participant", Participant), ("account", Account), ("scribe", Account)):
        own = getattr(said, f"{name}_id")
        set_committed_value(said, name, await tx.get(kind, own) if own else None)
    return said, True


async def _keep_or_share(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    touched: Iterable[Contribution],
    *,
    now: datetime,
    lacks: Lacks,
) -> None:
    """Share what was said, or keep it: what is private, and what waits for a facilitator.

    Whoever runs the session has read their own words, and those that they write down.
    """
    if rules.KINDS[said.kind].private:
        _keep_private(tx, gathering, said, now=now)
        return
    read = said.participant_id is None or said.scribe_id is not None
    why = None if read else await why_held(tx, gathering, texts_to_translate(said).values())
    if why is not None:
        hold(tx, gathering, said, why, now=now)
        return
    share_translated(tx, gathering, said, now=now)
    for other in touched:
        other.revision = gathering.revision
    if set(texts_to_translate(said)) == {"text"} and said.looks_like is None:
        await _leave_as_written(tx, gathering, said, lacks)


async def _leave_as_written(
    tx: AsyncSession, gathering: Gathering, said: Contribution, lacks: Lacks
) -> None:
    """Say at once that there is no translation, where nobody has one and nothing can make one.

    Everybody would be told of the post twice else.
    """
    (waiting,) = said.translations
    if not lacks(said.language, waiting.language):
        return
    known = await same_words(tx, [said.text], scopes=[gathering.id])
    if known.find(said.text, target=waiting.language, scope=gathering.id) is None:
        waiting.status, waiting.reason, waiting.due_at = "failed", "no_package", None


async def _check_speaker(
    tx: AsyncSession,
    gathering: Gathering,
    draft: Draft,
    seat: Participant | None,
    *,
    by_scribe: bool,
    now: datetime,
) -> None:
    """Whether whoever speaks may do so now: their consent is in force, and they are not too fast.

    Raises Forbidden, Refusal ``consent_changed``, and what check_not_too_soon raises.
    """
    if seat is None:
        if rules.KINDS[draft.kind].by != "facilitator":
            raise Forbidden("needs_seat")
        return
    await check_consent(tx, seat, now=now)
    # A scribe paces what they write down; help with a translation, and a split, is one act.
    is_part = draft.kind == "recommendation" and (draft.fields or {}).get("split_of")
    at_once = by_scribe or draft.remark_on or is_part
    if not at_once:
        await check_not_too_soon(tx, gathering, seat, draft.kind, now=now)


def share_translated(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, now: datetime
) -> None:
    """Share what was said; its translation is made next. Needs ``translations`` loaded."""
    if needs_translation(said):
        said.translations.append(_pending(said, now=now))
    share(tx, gathering, said, now=now, actor=said.author_key)


def _pending(said: Contribution, *, now: datetime, **more: Any) -> Translation:
    return Translation(
        language=other_language("en" if said.language == "en" else "sv"),
        status="pending",
        due_at=now,
        updated_at=now,
        source_hash=source_hash(said.text),
        **more,
    )


async def say_as_facilitator(
    tx: AsyncSession,
    gathering: Gathering,
    draft: Draft,
    *,
    fields: dict[str, Any],
    account: Account,
    now: datetime,
) -> Contribution:
    """Share a facilitator's words as part of an act of theirs, with fields that the act gives."""
    text, language = _read_text(draft, author=account)
    _check_text(draft.kind, text, fields)
    said = Contribution(
        id=new_id("c"),
        gathering_id=gathering.id,
        phase=phase_id(gathering),
        principle=principle_id(gathering),
        kind=draft.kind,
        account_id=account.id,
        author_key=account.id,
        client_id=draft.client_id,
        language=language,
        text=text,
        fields=fields,
        reply_to=draft.reply_to,
        created_at=now,
        translations=[],
    )
    share_translated(tx, gathering, said, now=now)
    await tx.flush()
    return await access_contribution(tx, said.id)


def _about_principle(
    gathering: Gathering, draft: Draft, principle: str, rework: rules.Standing | None
) -> Draft:
    """The draft with what need not be said: the principle, and what is put to the room."""
    fields = dict(draft.fields or {})
    if draft.kind == "stance":
        fields.setdefault("of", (gathering.put_to_room or {}).get("of") or principle)
    if draft.kind in rules.OWN_WORDS:
        known = rework.fields if rework else {"principle": principle}
        fields = {**{k: v for k, v in known.items() if k in ("principle", "language")}, **fields}
        if rework is not None:
            fields["principle"] = known.get("principle")
    if draft.kind == "wording" and fields.get("language", "sv") in LANGUAGES:
        # The words are in the language that they mend, whoever wrote them.
        draft = replace(draft, language=fields.get("language", "sv"), looks_like=None)
    return replace(draft, fields=fields)


def _read_fields(
    gathering: Gathering,
    draft: Draft,
    text: str,
    *,
    rework: rules.Standing | None,
    earliest: date | None,
) -> dict[str, Any]:
    """The fields of the kind; in a dialogue those that its steps ask for."""
    principle, fields = principle_id(gathering), draft.fields or {}
    tagged = (
        draft.kind == "contribution"
        and _running(gathering).get("exit") == "tags_seen"
        and not (draft.reply_to or draft.remark_on)
    )
    if principle is None or not (tagged or draft.kind in ("rating", *rules.OWN_WORDS)):
        return rules.read_fields(draft.kind, fields, text, earliest=earliest)
    return rules.read_dialogue_fields(
        draft.kind, fields, text, principle=principle, tagged=tagged, revises=rework is not None
    )


async def _in_own_words(
    tx: AsyncSession, draft: Draft, rework: rules.Standing, *, author: Participant | None
) -> Draft:
    """The draft with what was not changed as it was first written, in its own language.

    Who reads a translation starts from it: sent back as it was shown, it would take the place of
    the author's words, and be translated back for them.
    """
    language = draft.language or (author.language if author else "")
    found = await tx.scalars(
        select(Contribution)
        .where(Contribution.id.in_([w.id for w in rework.wordings]))
        .order_by(Contribution.seq.desc())
        .options(*WITH_AUTHOR)
    )
    fields = dict(draft.fields or {})
    for words in found:
        shown = next((t for t in words.translations if t.language == language), None)
        if shown is None or not shown.text:
            continue
        for name, told in (shown.fields or {}).items():
            if told and fields.get(name) == told:
                fields[name] = words.fields.get(name, told)
        if clean_text(draft.text) == clean_text(shown.text):
            draft = replace(draft, text=words.text, language=words.language, looks_like=None)
    return replace(draft, fields=fields)


async def _speaker(tx: AsyncSession, gathering: Gathering, draft: Draft) -> Participant:
    """Whose words a scribe writes. What somebody thinks for themselves nobody else writes."""
    speaker = await tx.get(Participant, str(draft.written_for))
    if speaker is None or speaker.gathering_id != gathering.id or not is_seated(speaker):
        raise NotFound("participant_not_found")
    if draft.kind == "reflection" and not (draft.fields or {}).get("skipped"):
        raise Refusal("scribe_not_private")
    return speaker


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
    event = rules.Event("kept_private", now, {"kind": said.kind, "phase": _key_of(said)})
    said.revision = record(tx, gathering, event, actor=None)
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
    without = fields.get("skipped") or fields.get("untranslatable")
    if rules.KINDS[kind].needs_text and not text and not without:
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
    if draft.reply_to is not None and await _shared(tx, gathering, draft.reply_to) is None:
        raise Invalid({"/reply_to": "of_unknown"})
    of = fields.get("of")
    if isinstance(of, str) and of != principle_id(gathering):
        target = await _shared(tx, gathering, of)
        if target is None or target.kind not in rules.KINDS[draft.kind].refers_to:
            raise Invalid({"/fields/of": "of_unknown"})
        if draft.kind == "restatement" and seat and target.participant_id == seat.id:
            raise Invalid({"/fields/of": "of_own"})
        if draft.kind == "restatement_check":
            await _check_is_restated(tx, target, seat)
        if draft.kind in ("stance", "amendment", "restatement_check", "facilitation"):
            touched += await _chain(tx, gathering, target)
    return touched


def _find_rework(draft: Draft, spoken: list[rules.Said]) -> rules.Standing | None:
    """The theme or proposal that a draft words anew or splits; None where it is a new one.

    Raises Invalid where it points at one that no longer stands, Refusal where it was split.
    """
    if draft.kind not in rules.REVISED:
        return None
    split_of = (draft.fields or {}).get("split_of") if draft.kind == "recommendation" else None
    target = split_of or draft.reply_to
    standing = rules.standing(spoken, draft.kind)
    found = next((s for s in standing if target in {w.id for w in s.wordings}), None)
    if found is None:
        if split_of:
            raise Invalid({"/fields/split_of": "of_unknown"})
        if any(s.id == target and s.kind == draft.kind for s in spoken):
            raise Invalid({"/reply_to": "of_unknown"})
    elif not split_of and found.first.id in rules.parts_of(spoken):
        raise Refusal("proposal_split")
    return found


def _earliest_day(
    gathering: Gathering, draft: Draft, rework: rules.Standing | None, now: datetime
) -> date | None:
    """The first day a proposal may be due: today. A date that stood before may stand on.

    Today by UTC, which is never ahead of the calendar in Sweden or the United Kingdom. The
    made-up people of a demonstration speak of the days they were written for.
    """
    kept = rework is not None and (draft.fields or {}).get("when") == rework.fields.get("when")
    return None if kept or gathering.demonstration else now.date()


def _aimed(
    gathering: Gathering,
    draft: Draft,
    fields: dict[str, Any],
    spoken: list[rules.Said],
    rework: rules.Standing | None,
) -> dict[str, Any]:
    """The fields with what they point at as it stands: first posts, and the latest wording.

    Raises Invalid for what does not stand, Refusal where a proposal was split or reworded.
    """
    principle = principle_id(gathering)
    if draft.kind == "theme":
        _check_sources(fields.get("from", []), spoken)
    if principle and draft.kind in rules.OWN_WORDS:
        if fields["principle"] not in gathering.form.principles:
            raise Invalid({"/fields/principle": "principle_unknown"})
        if rework is None:
            return fields
    if rework is not None:
        # Only a proposal has ``split_of``, and one that has it is a part.
        pointer = "split_of" if "split_of" in fields else "revises"
        return {**fields, pointer: rework.first.id}
    if draft.kind == "ranking":
        return {**fields, "order": _standing_themes(fields["order"], spoken)}
    if principle and draft.kind == "rating":
        if fields["of"] != principle:
            raise Invalid({"/fields/of": "of_unknown"})
        return fields
    if principle and draft.kind == "stance":
        return _aimed_at_put(gathering, fields, principle, spoken)
    if draft.kind == "rating":
        return {**fields, "of": _first_post(fields["of"], spoken)}
    if draft.kind in ("stance", "amendment", "facilitation") and fields.get("of"):
        return _aimed_at_proposal(draft.kind, fields, spoken)
    return fields


def _standing_themes(order: list[str], spoken: list[rules.Said]) -> list[str]:
    """Themes by their first posts. Raises Invalid for what is no theme that stands."""
    first = {w.id: s.first.id for s in rules.standing(spoken, "theme") for w in s.wordings}
    if not set(order) <= set(first):
        raise Invalid({"/fields/order": "of_unknown"})
    found = [first[theme] for theme in order]
    if len(set(found)) != len(found):
        raise Invalid({"/fields/order": "order_repeats"})
    return found


def _check_sources(ids: list[str], spoken: list[rules.Said]) -> None:
    there = {s.id for s in spoken if s.kind in rules.THEME_SOURCES and s.shared and not s.hidden}
    if not set(ids) <= there:
        raise Invalid({"/fields/from": "of_unknown"})


def _first_post(of: str, spoken: list[rules.Said]) -> str:
    standing = [s for kind in rules.REVISED for s in rules.standing(spoken, kind)]
    found = next((s.first.id for s in standing if of in {w.id for w in s.wordings}), None)
    if found is None:
        raise Invalid({"/fields/of": "of_unknown"})
    return found


def _aimed_at_proposal(
    kind: str, fields: dict[str, Any], spoken: list[rules.Said]
) -> dict[str, Any]:
    """A stance or an outcome is on the words that stand now; ``wording`` keeps which."""
    of = fields["of"]
    proposal = rules.proposal_about(of, spoken)
    if proposal is None:
        raise Invalid({"/fields/of": "of_unknown"})
    if proposal in rules.parts_of(spoken):
        raise Refusal("proposal_split")
    if any(s.id == of and s.kind == "recommendation" for s in spoken):
        fields = {**fields, "of": proposal}
    if kind == "amendment":
        return fields
    wording = rules.wording_of(proposal, spoken)
    if fields.get("wording", wording) != wording:
        raise Refusal("words_changed")
    return {**fields, "wording": wording}


def _aimed_at_put(
    gathering: Gathering, fields: dict[str, Any], principle: str, spoken: list[rules.Said]
) -> dict[str, Any]:
    """A stance is on the text that is put to the room, in the words that stand now."""
    put = (gathering.put_to_room or {}).get("of")
    settling = rules.settling_of(principle, put, spoken)
    of = fields["of"]
    for proposal in rules.proposals_for(principle, spoken):
        if of in {w.id for w in proposal.wordings}:
            of = proposal.first.id
    if of != (settling.of or principle):
        raise Refusal("not_put")
    if fields.get("wording", settling.wording) != settling.wording:
        raise Refusal("words_changed")
    if settling.wording is None:
        return {**fields, "of": of}
    return {**fields, "of": of, "wording": settling.wording}


async def share_ratings(
    tx: AsyncSession,
    gathering: Gathering,
    thing: str,
    *,
    present: Iterable[str],
    now: datetime,
    reveal_by: Account | None = None,
) -> int:
    """Share the hidden ratings of a theme or principle where all who are present have answered.

    ``reveal_by``: a facilitator who does not wait for the rest. Returns how many were shared.
    """
    everything = await list_everything_said(tx, gathering.id)
    wanted = rules.ratings_to_share(
        thing, [said_of(c) for c in everything], present, reveal=reveal_by is not None
    )
    by_id = {c.id: c for c in everything}
    for rating_id in wanted:
        rating = by_id[rating_id]
        if why := await why_held(tx, gathering, texts_to_translate(rating).values()):
            hold(tx, gathering, rating, why, now=now)
            continue
        share(tx, gathering, rating, now=now, actor=rating.author_key)
        if rating.principle and needs_translation(rating):
            tx.add(_pending(rating, contribution_id=rating.id, now=now))
    if wanted:
        if thing in by_id:
            by_id[thing].revision = gathering.revision
        gathering.stage_revision = gathering.revision
    if reveal_by is not None:
        target = thing if thing in by_id else None
        log_act(tx, gathering, reveal_by, kind="ratings_revealed", now=now, target=target)
    await tx.flush()
    return len(wanted)


async def share_rankings(
    tx: AsyncSession,
    gathering: Gathering,
    *,
    present: Iterable[str],
    now: datetime,
    reveal_by: Account | None = None,
) -> int:
    """Share the hidden rankings where all who are present have ranked or passed.

    ``reveal_by``: a facilitator who does not wait for the rest. Returns how many were shared.
    """
    everything = await list_everything_said(tx, gathering.id)
    spoken = [said_of(c) for c in everything]
    wanted = rules.rankings_to_share(spoken, present, reveal=reveal_by is not None)
    by_id = {c.id: c for c in everything}
    for ranking_id in wanted:
        share(tx, gathering, by_id[ranking_id], now=now, actor=by_id[ranking_id].author_key)
    if wanted:
        for theme in rules.standing(spoken, "theme"):
            by_id[theme.first.id].revision = gathering.revision
        gathering.stage_revision = gathering.revision
    if reveal_by is not None:
        log_act(tx, gathering, reveal_by, kind="rankings_revealed", now=now)
    await tx.flush()
    return len(wanted)


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
    """A contribution and what it is about, up to the theme or proposal they all belong to."""
    chain = [target]
    while len(chain) < 10:
        above = next((chain[-1].fields[k] for k in POINTERS if chain[-1].fields.get(k)), None)
        found = await _shared(tx, gathering, above) if isinstance(above, str) else None
        if found is None:
            break
        chain.append(found)
    return chain


async def take_back(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    actor: str,
    now: datetime,
    rewritten: bool = False,
    erasers: Sequence[Eraser] = (),
) -> None:
    """Erase the words, their translations and what the translation memory has of them.

    A tombstone keeps the place, without a name; quotations in other people's words are masked, and
    whoever published them is told. Dissent that is written out belongs to the outcome
    of a principle: it goes only where that is ``rewritten``, else Refusal. ``erasers`` do the same
    in other rooms. Once is enough.
    """
    if said.removed_at is not None:
        return
    if said.fields.get("dissent") and not rewritten:
        raise Refusal("dissent_written")
    before, shared = words_in(said), said.seq is not None
    everything = await list_all(tx, gathering.id)
    gone = Gone(
        ids=frozenset({said.id}),
        grams=masking.gone_grams(written_in(said)),
        since=said.created_at,
        lone_objections=lone_objections({said.id}, everything),
    )
    erase_post(said, now=now)
    await forget(tx, [said.id])
    event = rules.Event("taken_back", now, {"contribution": said.id})
    said.revision = record(tx, gathering, event, actor=actor)
    await restamp_chain(tx, gathering, said)
    await tx.flush()
    if not rewritten:
        dissents = await _take_back_repeats(tx, gathering, gone, everything, shared=shared, now=now)
        gone = replace(gone, ids=gone.ids | {c.id for c in dissents})
        await note(
            tx, "taken_back", actor=actor, now=now, subject=said.id, gathering_id=gathering.id
        )
    await follow_words(tx, gathering, said, before=before, now=now)
    for erase in erasers:
        await erase(tx, gathering, gone, now=now)


async def _take_back_repeats(
    tx: AsyncSession,
    gathering: Gathering,
    gone: Gone,
    everything: list[Contribution],
    *,
    shared: bool,
    now: datetime,
) -> list[Contribution]:
    """What repeats the words goes too, and a published record is a new edition.

    Returns the dissents that went with them.
    """
    dissents = await withdraw_dissents(tx, gathering, gone, everything, now=now)
    masked = await mask_repeats(tx, gathering, gone, everything, now=now)
    if dissents or masked:
        stamp(everything, [*dissents, *masked], gathering.revision)
    if shared:
        await reissue_record(tx, gathering, now=now)
    await tx.flush()
    return dissents


async def restamp_chain(tx: AsyncSession, gathering: Gathering, said: Contribution) -> None:
    """What is about this one, and what this one is about, looks different now."""
    gathering.stage_revision = gathering.revision
    for other in (await _chain(tx, gathering, said))[1:]:
        other.revision = gathering.revision
    for other in await list_everything_said(tx, gathering.id):
        about = (other.reply_to, *(other.fields.get(k) for k in POINTERS))
        # Points of a ranking go to the themes that stand, so all of them look different.
        ranked = said.kind == other.kind == "theme"
        if said.id in about or said.id in other.fields.get("from", []) or ranked:
            other.revision = gathering.revision
