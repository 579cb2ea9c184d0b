"""The chatbot's lines: thought of, sent, dropped, muted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub.chatbot.moves import ALL, FACILITATORS, Line, group_facts, same, words
from hub.chatbot.words import fold
from hub.db import new_id
from hub.errors import Invalid, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.saying import phase_id, principle_id, share
from hub.gatherings.actions.terms import mark_disputed
from hub.gatherings.models import (
    BotLine,
    Contribution,
    Gathering,
    Translation,
    list_bot_lines,
)
from hub.people.models import Account
from hub.people.rules import Language, clean_text, is_blank

BOT_NAME = "Lotsen"


BOT = "bot"

TERM_LIMIT = 80


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
    share(tx, gathering, said, now=now, actor=BOT)
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
        phase=phase_id(gathering),
        principle=principle_id(gathering),
        kind="bot",
        author_key=BOT,
        client_id=new_id("b"),
        language="sv",
        text=lines["sv"],
        fields=fields,
        created_at=now,
        translations=[
            Translation(
                language="en", text=lines["en"], status="memory", origin="bot", updated_at=now
            )
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


async def say_line(
    tx: AsyncSession, gathering: Gathering, line: Line, *, account: Account, now: datetime
) -> Contribution | None:
    """Have the chatbot say a line at once, because a facilitator asks for it.

    In the format's words; the chatbot then takes it for said. Raises Refusal where the format has
    no such line.
    """
    if line.trigger not in gathering.form.triggers:
        raise Refusal("no_such_line")
    kept = await think_of(
        tx,
        gathering,
        trigger=line.trigger,
        subject=line.subject,
        to_whom=line.to,
        about=line.about,
        lines=words(line, gathering.form.triggers),
        draft=True,
        now=now,
    )
    return await send_bot_line(tx, gathering, kept, account=account, now=now)


async def offer_restatements(
    tx: AsyncSession,
    gathering: Gathering,
    offers: Mapping[str, Contribution],
    *,
    account: Account,
    now: datetime,
) -> list[Contribution]:
    """Ask people, each in private, to restate a post: ``offers`` by participant id."""
    whispered = []
    for person, post in offers.items():
        facts = group_facts(post.participant.group if post.participant else None)
        line = Line("missing_restatement", person, person, post.id, facts)
        said = await say_line(tx, gathering, line, account=account, now=now)
        if said is not None:
            whispered.append(said)
    return whispered


async def invite_group(
    tx: AsyncSession,
    gathering: Gathering,
    group: str,
    present: Mapping[str, str | None],
    *,
    account: Account,
    now: datetime,
) -> Contribution | None:
    """Invite a group to say something; privately where it is one person.

    ``present``: group by participant id. Raises Refusal where nobody of the group is here.
    """
    theirs = [person for person, of in present.items() if of == group]
    if not theirs:
        raise Refusal("group_not_here")
    to = theirs[0] if len(theirs) == 1 else ALL
    line = Line("unheard_group", to, group, facts=group_facts(group))
    return await say_line(tx, gathering, line, account=account, now=now)


async def ask_about_term(
    tx: AsyncSession,
    gathering: Gathering,
    term: str,
    said: Contribution,
    *,
    account: Account,
    now: datetime,
) -> Contribution | None:
    """Mark a term in a post as one that people mean different things by, and ask the room."""
    term = clean_text(term)[:TERM_LIMIT]
    if is_blank(term):
        raise Invalid({"/term": "text_missing"})
    await mark_disputed(tx, gathering, term)
    log_act(tx, gathering, account, kind="term_disputed", now=now, target=said.id, reason=term)
    line = Line("disputed_term", ALL, fold(term), said.id, same(term=term))
    return await say_line(tx, gathering, line, account=account, now=now)


async def drop_what_waits(tx: AsyncSession, gathering: Gathering, *, now: datetime) -> None:
    """The session is over: nothing more is said. What only facilitators are told stays."""
    for line in await list_bot_lines(tx, gathering.id, states=("waiting",)):
        if line.to_whom != FACILITATORS:
            line.state, line.decided_at = "dropped", now


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
