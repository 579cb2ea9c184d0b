"""Proposals: splitting one in parts, and the answer of who is named as responsible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Forbidden, Invalid, NotFound, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import record
from hub.gatherings.actions.saying import Draft, post_contribution
from hub.gatherings.models import (
    Contribution,
    Gathering,
    find_by_client_id,
    list_everything_said,
    list_said,
    said_of,
)
from hub.people.models import Account, Participant, list_participants


async def split_proposal(
    tx: AsyncSession,
    gathering: Gathering,
    whole: Contribution,
    parts: Sequence[Draft],
    *,
    seat: Participant | None,
    account: Account | None,
    now: datetime,
) -> list[Contribution]:
    """Put parts in the place of a proposal, all of them or none.

    The same ``client_id`` again give the same parts. Raises Invalid with the number of the part
    at the end of each pointer (``/text_2``), Refusal where the proposal was split before,
    FloorClosed where proposals are not open.
    """
    if len({p.client_id for p in parts}) != len(parts):
        raise Invalid({"/client_id": "client_id_missing"})
    key = seat.id if seat else account.id if account else ""
    earlier = await find_by_client_id(tx, gathering.id, key, parts[0].client_id.strip())
    spoken = await list_said(tx, gathering.id)
    if earlier is None and rules.proposal_about(whole.id, spoken) in rules.parts_of(spoken):
        raise Refusal("proposal_split")
    made: list[Contribution] = []
    faults: dict[str, str] = {}
    for number, part in enumerate(parts, 1):
        fields = {**(part.fields or {}), "split_of": whole.id}
        draft = replace(part, kind="recommendation", reply_to=None, fields=fields)
        try:
            said, _ = await post_contribution(
                tx, gathering, draft, seat=seat, account=account, now=now
            )
        except Invalid as fault:
            faults |= {f"{pointer}_{number}": code for pointer, code in fault.fields.items()}
        else:
            made.append(said)
    if faults:
        raise Invalid(faults, limit=rules.TEXT_LIMIT)
    return made


async def answer_as_owner(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    seat: Participant,
    *,
    agrees: bool,
    now: datetime,
) -> None:
    """Who is named as responsible says yes or no to it, for the words that stand now.

    The same answer again changes nothing.

    Source: jif.md, "Input rules": a person only if present and agreeing. Raises Forbidden where
    the proposal does not name them, NotFound where it no longer stands.
    """
    rules.check_state(gathering.stage, "open", "running", "paused")
    everything = {c.id: c for c in await list_everything_said(tx, gathering.id)}
    standing = rules.standing([said_of(c) for c in everything.values()], "recommendation")
    found = next((s for s in standing if said.id in {w.id for w in s.wordings}), None)
    if found is None:
        raise NotFound("contribution_not_found")
    people = {p.id: p.name for p in await list_participants(tx, gathering.id)}
    named = rules.named_owners(found, people)
    if seat.id not in named:
        raise Forbidden("not_named")
    words = everything[found.latest.id]
    if words.fields.get("owner_answers", {}).get(seat.id) is agrees:
        return
    answers = {**words.fields.get("owner_answers", {}), seat.id: agrees}
    fields = {k: v for k, v in words.fields.items() if k != "owner_agreed"}
    all_agree = all(answers.get(person) for person in named)
    words.fields = {
        **fields,
        "owner_answers": answers,
        **({"owner_agreed": True} if all_agree else {}),
    }
    event = rules.Event("owner_answered", now, {"contribution": words.id, "agrees": agrees})
    revision = record(tx, gathering, event, actor=seat.id)
    words.revision = everything[found.first.id].revision = revision
    await tx.flush()
