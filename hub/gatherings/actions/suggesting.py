"""Wordings and changes: a facilitator's words for them with the author's leave, and their box.

Source: reflective-dialogue.md, "Facilitator" and "mixed_question".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Forbidden, Invalid, NotFound, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.saying import Draft, restamp_chain, say_as_facilitator
from hub.gatherings.models import (
    Contribution,
    Gathering,
    find_by_client_id,
    list_everything_said,
    list_said,
    said_of,
)
from hub.people.models import Account


def _standing_of(
    kind: str, contribution_id: str, said: Sequence[rules.Said]
) -> rules.Standing | None:
    if kind not in rules.OWN_WORDS:
        return None
    standing = rules.standing(said, kind)
    return next((s for s in standing if contribution_id in {w.id for w in s.wordings}), None)


def _check_open(gathering: Gathering, kind: str) -> None:
    now_open = rules.open_kinds(gathering.stage, gathering.form)
    if not rules.may_rework(kind, now_open):
        raise rules.FloorClosed("kind_closed")


async def suggest_words(
    tx: AsyncSession,
    gathering: Gathering,
    target: Contribution,
    draft: Draft,
    *,
    merges: Sequence[str],
    account: Account,
    now: datetime,
) -> tuple[Contribution, bool]:
    """Put a proposal in a facilitator's words, merged with others where ``merges`` names them.

    It stands only when the authors of all of them have said yes. The same ``client_id`` again
    gives the first one and False. Raises Invalid, FloorClosed, NotFound.
    """
    client_id = draft.client_id.strip()
    if not client_id or len(client_id) > 80:
        raise Invalid({"/client_id": "client_id_missing"})
    earlier = await find_by_client_id(tx, gathering.id, account.id, client_id)
    if earlier is not None:
        return earlier, False
    _check_open(gathering, target.kind)
    said = await list_said(tx, gathering.id)
    standing = _standing_of(target.kind, target.id, said)
    if standing is None:
        raise NotFound("contribution_not_found")
    others = _merged(standing, target.kind, merges, said)
    asked = list(dict.fromkeys(s.author for s in (standing, *others) if s.author))
    if not asked:
        raise Refusal("nobody_to_ask")
    given = {k: v for k, v in (draft.fields or {}).items() if k in ("change", "untranslatable")}
    principle = str(standing.fields.get("principle"))
    language = standing.fields.get("language", "sv")
    fields = rules.read_dialogue_fields(
        target.kind,
        {**given, "language": language},
        draft.text,
        principle=principle,
        tagged=False,
        revises=True,
    )
    if target.kind == "wording":
        draft = Draft(target.kind, draft.text, client_id, language=language)
    said_now = await say_as_facilitator(
        tx,
        gathering,
        Draft(target.kind, draft.text, client_id, draft.language, reply_to=standing.first.id),
        fields={
            **fields,
            "revises": standing.first.id,
            "suggested_on": standing.latest.id,
            "merges": [s.first.id for s in others],
            "asked": asked,
            "answers": {},
        },
        account=account,
        now=now,
    )
    return said_now, True


def _merged(
    standing: rules.Standing, kind: str, merges: Sequence[str], said: Sequence[rules.Said]
) -> list[rules.Standing]:
    found: dict[str, rules.Standing] = {}
    for contribution_id in merges:
        other = _standing_of(kind, contribution_id, said)
        if other is None or other.fields.get("principle") != standing.fields.get("principle"):
            raise Invalid({"/merges": "of_unknown"})
        if other.first.id != standing.first.id:
            found[other.first.id] = other
    return list(found.values())


async def answer_suggestion(
    tx: AsyncSession,
    gathering: Gathering,
    suggestion: Contribution,
    *,
    person: str,
    agrees: bool,
    actor: str,
    now: datetime,
) -> None:
    """The author of a proposal says yes or no to a facilitator's words for it.

    Raises Forbidden where they were not asked, Refusal where all have agreed already or the
    proposal has other words by now.
    """
    rules.check_state(gathering.stage, "running", "paused")
    if person not in suggestion.fields.get("asked", []):
        raise Forbidden("not_asked")
    answers = suggestion.fields.get("answers", {})
    if answers.get(person) is agrees:
        return
    everything = await list_everything_said(tx, gathering.id)
    said = [said_of(c) for c in everything]
    if not said_of(suggestion).is_open_suggestion:
        raise Refusal("leave_given")
    standing = _standing_of(suggestion.kind, str(suggestion.fields["revises"]), said)
    if standing is None or standing.latest.id != suggestion.fields["suggested_on"]:
        raise Refusal("words_changed")
    suggestion.fields = {**suggestion.fields, "answers": {**answers, person: agrees}}
    data = {"contribution": suggestion.id, "agrees": agrees}
    event = rules.Event("leave_answered", now, data)
    suggestion.revision = record(tx, gathering, event, actor=actor)
    await _restamp(tx, gathering, suggestion, suggestion.fields.get("merges", []))


async def flag_meaning(
    tx: AsyncSession,
    gathering: Gathering,
    wording: Contribution,
    *,
    account: Account,
    now: datetime,
) -> None:
    """Ask whether a wording changes the meaning, so that it lands in the right box.

    The same again changes nothing. Raises NotFound for what is no wording that stands.
    """
    rules.check_state(gathering.stage, "running", "paused")
    said = await list_said(tx, gathering.id)
    standing = _standing_of(wording.kind, wording.id, said)
    if standing is None or wording.kind != "wording":
        raise NotFound("contribution_not_found")
    latest = await tx.get_one(Contribution, standing.latest.id)
    if latest.fields.get("mixed"):
        return
    latest.fields = {**latest.fields, "mixed": "asked"}
    log_act(tx, gathering, account, kind="meaning_asked", now=now, target=latest.id)
    event = rules.Event("meaning_asked", now, {"contribution": latest.id})
    latest.revision = record(tx, gathering, event, actor=account.id)
    await _restamp(tx, gathering, latest, [standing.first.id])


async def choose_box(
    tx: AsyncSession,
    gathering: Gathering,
    wording: Contribution,
    *,
    box: str,
    change: str | None,
    person: str,
    actor: str,
    now: datetime,
) -> None:
    """The author says that a proposal is a wording, or moves it to the changes with all its words.

    ``change`` is what it does to the principle. Raises Forbidden for others, Invalid.
    """
    rules.check_state(gathering.stage, "running", "paused")
    everything = {c.id: c for c in await list_everything_said(tx, gathering.id)}
    standing = _standing_of(wording.kind, wording.id, [said_of(c) for c in everything.values()])
    if standing is None:
        raise NotFound("contribution_not_found")
    if standing.author != person:
        raise Forbidden("only_author")
    if box not in rules.OWN_WORDS:
        raise Invalid({"/box": "box_unknown"})
    if box == "change" and change not in rules.CHANGES:
        raise Invalid({"/change": "change_unknown"})
    if wording.kind == "change":
        if box == "change":
            return
        raise Refusal("box_changed")
    posts = [c for c in everything.values() if c.id in {w.id for w in standing.wordings}]
    latest = everything[standing.latest.id]
    if box == "wording" and latest.fields.get("mixed") == "wording":
        return
    event = rules.Event("box_chosen", now, {"contribution": latest.id, "box": box})
    revision = record(tx, gathering, event, actor=actor)
    if box == "wording":
        latest.fields = {**latest.fields, "mixed": "wording"}
    else:
        # What a facilitator suggested for it goes with it.
        suggested = [c for c in everything.values() if c.fields.get("revises") == standing.first.id]
        for post in {c.id: c for c in (*posts, *suggested)}.values():
            post.kind, post.revision = "change", revision
            post.fields = _as_change(post.fields, str(change))
    await _restamp(tx, gathering, latest, [standing.first.id])


def _as_change(fields: Mapping[str, Any], change: str) -> dict[str, Any]:
    kept = {k: v for k, v in fields.items() if k not in ("language", "mixed")}
    return {**kept, "change": change}


async def _restamp(
    tx: AsyncSession, gathering: Gathering, said: Contribution, others: Sequence[str]
) -> None:
    await restamp_chain(tx, gathering, said)
    for contribution_id in others:
        (await tx.get_one(Contribution, contribution_id)).revision = gathering.revision
    await tx.flush()
