"""The seven days in which those who took part confirm or contest what a summary says of them.

Source: dissemination.md, message "thanks" and "Rules for every summary", 5.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.errors import Invalid, Refusal
from hub.mail.actions import queue_mail
from hub.mail.rules import zone_of
from hub.people.actions.contacts import list_contacts
from hub.people.models import Account, Participant
from hub.people.rules import clean_text, is_blank
from hub.schedule.actions import plan
from hub.summaries.models import Point, Statement, Summary

CONFIRM_DAYS: Final = 7
POINT_LIMIT: Final = 2000
ANSWERS: Final = ("confirm", "contest")


def title_in(summary: Summary, language: str) -> str:
    """The session's title in a language, or in the other where it has none."""
    return str(summary.title.get(language) or next(iter(summary.title.values()), ""))


async def ask_to_confirm(
    tx: AsyncSession, summary: Summary, *, account: Account, now: datetime
) -> int:
    """Show the draft to those who took part for seven days; how many mails that makes.

    Those who may be contacted and left an address get a mail; the others see it on the pages of
    their session. Raises Refusal where that was done already.
    """
    if summary.state != "draft" or summary.edition:
        raise Refusal("summary_confirming")
    if summary.gathering_id is None:
        raise Refusal("summary_posts_gone")
    until = now + timedelta(days=CONFIRM_DAYS)
    summary.state, summary.confirm_from, summary.confirm_until = "confirming", now, until
    summary.revision += 1
    await plan(tx, "confirm_ends", summary.id, due_at=until, now=now, title=dict(summary.title))
    contacts = await list_contacts(tx, [summary.gathering_id])
    for contact in contacts:
        language = contact.participant.language
        await queue_mail(
            tx,
            "summary_to_confirm",
            to=contact.email,
            language=language,
            facts={
                "title": title_in(summary, language),
                "url": f"/summaries/{summary.id}/points",
                "day": until.date().isoformat(),
            },
            now=now,
            about=contact.participant.id,
            until_at=until,
            quiet_zone=zone_of(language),
        )
    await tx.flush()
    return len(contacts)


def may_confirm(summary: Summary, now: datetime) -> bool:
    """Whether the seven days run."""
    until = summary.confirm_until
    return summary.state == "confirming" and until is not None and now < until


async def say_point(
    tx: AsyncSession,
    summary: Summary,
    statement: Statement,
    *,
    seat: Participant,
    answer: str,
    text: str,
    now: datetime,
) -> Point:
    """Confirm or contest a statement; who contests says why. Another answer replaces the first.

    Raises Refusal outside of the seven days and for anybody who was not there, and Invalid.
    """
    if not may_confirm(summary, now):
        raise Refusal("confirming_over")
    if seat.gathering_id != summary.gathering_id or seat.withdrawn_at is not None:
        raise Refusal("not_there")
    if statement.summary_id != summary.id or statement.removed_at is not None:
        raise Refusal("statement_gone")
    text = clean_text(text)
    faults: dict[str, str] = {}
    if answer not in ANSWERS:
        faults["/answer"] = "point_answer_missing"
    if answer == "contest" and is_blank(text):
        faults["/text"] = "point_why_missing"
    elif len(text) > POINT_LIMIT:
        faults["/text"] = "point_too_long"
    if faults:
        raise Invalid(faults)
    point = await tx.scalar(
        select(Point).where(Point.statement_id == statement.id, Point.participant_id == seat.id)
    )
    if point is None:
        point = Point(
            id=new_id("j"),
            summary_id=summary.id,
            statement_id=statement.id,
            participant_id=seat.id,
            answer=answer,
            at=now,
        )
        tx.add(point)
    point.answer, point.text, point.language, point.at = answer, text, seat.language, now
    point.settled_at, point.settled = None, ""
    await tx.flush()
    return point


async def settle_point(
    tx: AsyncSession, point: Point, *, settled: str, account: Account, now: datetime
) -> None:
    """Say what was done about what somebody contested. Raises Refusal, Invalid."""
    if point.answer != "contest":
        raise Refusal("point_not_contested")
    settled = clean_text(settled)
    if is_blank(settled):
        raise Invalid({"/settled": "settled_missing"})
    if len(settled) > POINT_LIMIT:
        raise Invalid({"/settled": "point_too_long"})
    point.settled, point.settled_at = settled, now
    await tx.flush()


async def note_read_by_lived(
    tx: AsyncSession,
    summary: Summary,
    *,
    now: datetime,
    seat: Participant | None = None,
    account: Account | None = None,
) -> None:
    """Somebody with own experience who was there has read the citizens' version.

    They say so themselves by their ``seat``, or an editor whom they told does. Raises Refusal.
    Source: dissemination.md, "Rules for every summary", 5.
    """
    if seat is not None:
        if seat.gathering_id != summary.gathering_id or seat.withdrawn_at is not None:
            raise Refusal("not_there")
        if seat.group != "lived":
            raise Refusal("lived_needed")
    elif account is None:
        raise Refusal("lived_needed")
    summary.read_by_lived_at = summary.read_by_lived_at or now
    await tx.flush()
