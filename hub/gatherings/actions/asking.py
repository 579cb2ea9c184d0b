"""The questions before and after a session: answering, changing, erasing, and the results.

Unlike every other change these add no event and leave the revision alone: an event has a time, and
that time beside other events would tell whose answers they are. Source: measures.md, sections 0
and 1; privacy-and-access.md.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Refusal
from hub.gatherings.models import Answer, Gathering, access_gathering
from hub.measures.items import WHENS, Form, Given, Item, When, shipped
from hub.measures.surveys import (
    FEWEST,
    Kept,
    change_results,
    count_people,
    domain_results,
    item_results,
)
from hub.people.models import Participant

# As long as authors may correct their own words.
AFTER_DAYS = 7


def answer_key(secret_key: str, *, gathering_id: str, secret: str) -> str:
    """What ties a person's answers together, 64 hexadecimal digits.

    It is made from the secret that the participant alone holds (the database has only its hash),
    so nobody who reads the database can tell whose answers they are, while the person reaches
    them from each of their devices. ``secret_key`` is the hub's own: another one makes other keys.
    """
    said = f"answers:{gathering_id}:{secret}".encode()
    return hmac.new(secret_key.encode(), said, hashlib.sha256).hexdigest()


def check_answerable(gathering: Gathering, when: When, *, now: datetime) -> None:
    """Raises Refusal outside the time to answer.

    ``before``: until the first phase is over. ``after``: from the start of the last phase until
    seven days after the session closed.
    """
    if when == "before":
        waiting = gathering.state in ("planned", "open")
        if not waiting and (gathering.state == "closed" or gathering.phase_index != 0):
            raise Refusal("questions_before_over")
        return
    if gathering.state == "closed" and gathering.started_at is not None:
        if gathering.closed_at is None or now > gathering.closed_at + timedelta(days=AFTER_DAYS):
            raise Refusal("questions_after_over")
    elif (
        gathering.state not in ("running", "paused")
        or gathering.phase_index != len(gathering.form.phases) - 1
    ):
        raise Refusal("questions_after_not_yet")


def may_answer(gathering: Gathering, when: When, *, now: datetime) -> bool:
    """True within the time to answer."""
    try:
        check_answerable(gathering, when, now=now)
    except Refusal:
        return False
    return True


def forms_of(gathering: Gathering) -> dict[str, Form]:
    """The forms of this session; a dialogue on a charter has two items more."""
    return shipped().asked(dialogue=gathering.form.kind == "dialogue")


def items_of(gathering: Gathering, when: When) -> tuple[Item, ...]:
    """Every item that this session asks ``before`` or ``after``, in all its forms."""
    return tuple(
        i for form in forms_of(gathering).values() if form.when == when for i in form.items
    )


async def list_answers(
    tx: AsyncSession, gathering_id: str, key: str, *, when: When
) -> dict[str, Given]:
    """One person's answers by item id."""
    rows = await _rows(tx, gathering_id, key, shipped().ids(when))
    return {row.item: Given(row.value, row.text) for row in rows}


async def _rows(
    tx: AsyncSession, gathering_id: str, key: str, items: Iterable[str]
) -> list[Answer]:
    found = await tx.scalars(
        select(Answer).where(
            Answer.gathering_id == gathering_id, Answer.key == key, Answer.item.in_(items)
        )
    )
    return list(found)


async def keep_answers(
    tx: AsyncSession,
    gathering: Gathering,
    key: str,
    given: Mapping[str, Given],
    *,
    form: Iterable[Item],
    when: When,
    now: datetime,
) -> None:
    """Keep what was answered among the items of ``form``; what was skipped there is erased.

    Answers to other items stay. Raises Refusal outside the time to answer.
    """
    check_answerable(gathering, when, now=now)
    items = {item.id: item for item in form}
    kept = {row.item: row for row in await _rows(tx, gathering.id, key, items)}
    for id_, row in kept.items():
        if id_ not in given:
            await tx.delete(row)
    for id_, answer in given.items():
        row = kept.get(id_) or Answer(gathering_id=gathering.id, key=key, item=id_)
        row.version, row.value, row.text = items[id_].version, answer.value, answer.text
        tx.add(row)
    await tx.flush()


async def erase_answers(tx: AsyncSession, gathering: Gathering, key: str, *, when: When) -> None:
    """Erase one person's answers, at any time."""
    await tx.execute(
        delete(Answer).where(
            Answer.gathering_id == gathering.id,
            Answer.key == key,
            Answer.item.in_(shipped().ids(when)),
        )
    )


async def survey_counts(tx: AsyncSession, gathering_id: str, *, now: datetime) -> dict[str, Any]:
    """How many answered before and after, and what the group answered. Never what one wrote.

    Results are shown for five people or more, and not while answers still come in: whoever read
    them before and after one more answer would know that answer. Those of ``after`` are shown once
    the session has closed and everyone still in it has answered, or when the time is up. ``why``
    says why a form has none: ``open`` or ``too_few``.
    """
    gathering = await access_gathering(tx, gathering_id)
    rows = await tx.execute(
        select(Answer.key, Answer.item, Answer.version, Answer.value).where(
            Answer.gathering_id == gathering_id
        )
    )
    kept = [Kept(key, item, version, value) for key, item, version, value in rows]
    people, here = await _count_seats(tx, gathering_id)
    survey: dict[str, Any] = {
        "note": shipped().note,
        "needs": FEWEST,
        "items": [],
        "domains": [],
        "changes": [],
    }
    for when in WHENS:
        answered = count_people(kept, shipped().ids(when))
        open_ = may_answer(gathering, when, now=now)
        done = gathering.state == "closed" and answered >= here
        why = "open" if open_ and not done else "too_few" if answered < FEWEST else None
        survey[when] = {
            "answered": answered,
            "people": people,
            "open": open_,
            "shown": why is None,
            "why": why,
        }
        if why is None:
            items = _wordings(items_of(gathering, when), kept)
            survey["items"] += [
                result
                for result in item_results(kept, items, of=answered)
                # The picture form is a choice: where too few took it, it was hardly asked.
                if result["kind"] != "picture" or not result["too_few"]
            ]
            survey["domains"] += domain_results(kept, items, of=answered, titles=shipped().domains)
    if all(survey[when]["shown"] for when in WHENS):
        survey["changes"] = change_results(kept, shipped())
    return survey


async def _count_seats(tx: AsyncSession, gathering_id: str) -> tuple[int, int]:
    """How many have had a seat and a device to answer on, and how many of them have not left."""
    row = await tx.execute(
        select(func.count(), func.count().filter(Participant.left_at.is_(None))).where(
            Participant.gathering_id == gathering_id, Participant.without_device.is_(False)
        )
    )
    people, here = row.one()
    return int(people), int(here)


def _wordings(items: Iterable[Item], kept: Iterable[Kept]) -> list[Item]:
    """The items that have steps, each in the wordings that were answered, or else in its latest."""
    answered: dict[str, set[int]] = {}
    for answer in kept:
        answered.setdefault(answer.item, set()).add(answer.version)
    wordings = shipped().wordings
    return [
        wordings[item.id, version]
        for item in items
        if item.values
        for version in sorted(answered.get(item.id) or {item.version})
        if (item.id, version) in wordings
    ]
