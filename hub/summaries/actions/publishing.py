"""Publishing an edition of a summary, in all five versions at once.

Source: dissemination.md, "Rules for every summary".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note as note_act
from hub.db import new_id
from hub.errors import Invalid, Refusal
from hub.following.actions import news_secret
from hub.gatherings.models import Gathering
from hub.mail.actions import queue_mail
from hub.mail.rules import zone_of
from hub.meetings.actions import note_published
from hub.meetings.letters import audience_for, hash_address, unsubscribed
from hub.people.actions import settle_flags
from hub.people.actions.consents import consents_of
from hub.people.actions.contacts import list_contacts
from hub.people.models import Account
from hub.people.rules import clean_text, is_blank
from hub.schedule.actions import drop
from hub.search import actions as search
from hub.summaries.actions.confirming import title_in
from hub.summaries.actions.finding import list_points, list_statements
from hub.summaries.blocks import AUDIENCES, EASY, LANGUAGES, ORDER
from hub.summaries.checks import Fault
from hub.summaries.models import Edition, Statement, Summary

NOTE_LIMIT: Final = 500


async def waiting_faults(tx: AsyncSession, summary: Summary, *, now: datetime) -> list[Fault]:
    """What must happen before it is published that no text shows: the record is out, those who took
    part have confirmed, and somebody has read it.

    Only a first edition waits for the seven days.
    """
    faults: list[Fault] = []
    gathering = await tx.get(Gathering, summary.gathering_id) if summary.gathering_id else None
    if gathering is not None and gathering.published_at is None:
        faults.append(Fault(code="record_not_published"))
    until = summary.confirm_until
    if not summary.edition and (until is None or now < until):
        faults.append(Fault(code="not_confirmed"))
    contested = {
        point.statement_id: point
        for point in await list_points(tx, summary.id)
        if point.answer == "contest" and point.settled_at is None
    }
    for statement in await list_statements(tx, summary.id):
        if statement.id in contested:
            faults.append(
                Fault(
                    code="contested",
                    statement=statement.id,
                    audience=statement.audience,
                    block=statement.block,
                )
            )
    if summary.read_by_lived_at is None:
        faults.append(Fault(code="not_read_by_lived", audience="citizens"))
    return faults


async def publish_summary(
    tx: AsyncSession,
    summary: Summary,
    *,
    faults: Sequence[Fault],
    account: Account,
    now: datetime,
    note: Mapping[str, str] | None = None,
    revision: int | None = None,
) -> Edition:
    """Freeze the statements as an edition that anybody reads, and tell those who follow it.

    ``faults`` are what ``checks.faults_of`` finds now, all of which stand in the way. A later
    edition needs a ``note`` in both languages of what was put right. ``revision``: of the summary
    as the editor has read it.
    Raises Refusal ``summary_not_ready`` where anything stands in the way, and Invalid.
    """
    if revision is not None and revision != summary.revision:
        raise Refusal("summary_changed")
    waiting = await waiting_faults(tx, summary, now=now)
    if stops := set(map(_place, (*faults, *waiting))):
        raise Refusal("summary_not_ready", count=len(stops))
    told = _note(note or {}) if summary.edition else None
    statements = await list_statements(tx, summary.id, removed=False)
    summary.edition += 1
    edition = Edition(
        id=new_id("d"),
        summary_id=summary.id,
        number=summary.edition,
        note=told,
        content=content_of(statements, summary.facts),
        facts=_public_facts(summary.facts),
        published_at=now,
        published_by=account.id,
    )
    tx.add(edition)
    first = summary.published_at is None
    summary.state, summary.published_at = "published", summary.published_at or now
    summary.changed_at = None
    summary.revision += 1
    await tx.flush()
    await settle_flags(tx, "summary", summary.id, account=account, now=now)
    await drop(tx, summary.id, kinds=["confirm_ends"], fault="already_done")
    await put_in_search(tx, summary, edition)
    if first and summary.gathering_id is not None:
        await _tell(tx, summary, summary.gathering_id, now=now)
    await note_act(
        tx,
        "summary_published",
        actor=account.id,
        now=now,
        subject=summary.id,
        gathering_id=summary.gathering_id,
        edition=edition.number,
    )
    return edition


def _place(fault: Fault) -> tuple[str | None, ...]:
    """Each fault once, whoever has found it."""
    return (fault.code, fault.statement, fault.audience, fault.block, fault.language)


def _note(note: Mapping[str, str]) -> dict[str, str]:
    written = {language: clean_text(note.get(language, "")) for language in LANGUAGES}
    faults: dict[str, str] = {}
    for language, text in written.items():
        if is_blank(text):
            faults[f"/note/{language}"] = "correction_note_missing"
        elif len(text) > NOTE_LIMIT:
            faults[f"/note/{language}"] = "correction_note_long"
    if faults:
        raise Invalid(faults)
    return written


def content_of(statements: Sequence[Statement], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The statements with words, by audience and block, each in its order."""
    voices = facts.get("voices", {})
    content: dict[str, Any] = {}
    for audience in AUDIENCES:
        blocks = []
        for block in ORDER[audience]:
            mine = [s for s in statements if (s.audience, s.block) == (audience, block)]
            written = [s for s in mine if any(s.texts.values())]
            if written:
                blocks.append(
                    {
                        "block": block,
                        "statements": [
                            {
                                "id": s.id,
                                "key": s.key,
                                "texts": dict(s.texts),
                                "statuses": dict(s.statuses),
                                "sources": list(s.sources),
                                "quote": voices.get(s.quote_of) if s.quote_of else None,
                                "words_of": list(s.words_of),
                            }
                            for s in sorted(written, key=lambda s: (s.position, s.key))
                        ],
                    }
                )
        content[audience] = blocks
    return content


def _public_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    shown = ("day", "people", "minutes", "by_group", "by_language", "owners", "dates")
    return {name: facts[name] for name in shown if name in facts}


async def put_in_search(tx: AsyncSession, summary: Summary, edition: Edition) -> None:
    """Let each version be found by its words; what was found before is replaced."""
    await search.remove(tx, "summary", summary.id)
    for audience in AUDIENCES:
        texts = {
            language: _searched(edition.content.get(audience, []), summary, language)
            for language in LANGUAGES
        }
        await search.put(
            tx,
            "summary",
            summary.id,
            part=audience,
            texts=texts,
            url=f"/summaries/{summary.id}?audience={audience}",
            at=edition.published_at,
            case_id=summary.case_id,
            demonstration=summary.demonstration,
        )


def _searched(
    blocks: Sequence[Mapping[str, Any]], summary: Summary, language: str
) -> tuple[str, str]:
    headline: list[str] = []
    rest: list[str] = []
    for block in blocks:
        told = [str(s["texts"].get(language) or "") for s in block["statements"]]
        if block["block"] != EASY:
            (headline if block["block"] == "headline" else rest).extend(t for t in told if t)
    # Whoever was there looks for it by the title of the session.
    title = title_in(summary, language)
    return " ".join(headline) or title, " ".join([title, *rest] if headline else rest)


async def _tell(tx: AsyncSession, summary: Summary, gathering_id: str, *, now: datetime) -> None:
    """Send each audience its own: who was invited to the meeting, and who took part.

    Of those who took part the ones who may be written to and said yes to be followed. Each address
    gets one mail: as somebody invited, where both are so. Who wants no mail about meetings gets
    none. Source: dissemination.md, "Life cycle", published.
    """
    page, titles = f"/summaries/{summary.id}", {each: title_in(summary, each) for each in LANGUAGES}
    told = await note_published(tx, gathering_id, titles=titles, page=page, now=now)
    contacts = await list_contacts(tx, [gathering_id])
    consents = await consents_of(tx, [contact.participant.id for contact in contacts])
    hashes = {contact.participant.id: hash_address(tx, contact.email) for contact in contacts}
    told |= await unsubscribed(tx, hashes.values())
    for contact in contacts:
        seat = contact.participant
        if not consents[seat.id].choices.get("follow") or hashes[seat.id] in told:
            continue
        await queue_mail(
            tx,
            "summary_published",
            to=contact.email,
            language=seat.language,
            facts={
                "title": titles[seat.language],
                "url": f"{page}?audience={audience_for(role=seat.role, group=seat.group)}",
                "came": "yes",
                "unsubscribe": f"/news/{news_secret(tx, seat.id)}/no-more",
            },
            now=now,
            about=seat.id,
            quiet_zone=zone_of(seat.language),
        )
