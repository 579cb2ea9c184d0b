"""The chatbot's lines: thought of, sent, dropped, muted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from hub.chatbot.moves import Line, group_facts, words
from hub.db import new_id
from hub.errors import Invalid, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.saying import phase_id, share
from hub.gatherings.models import (
    BotLine,
    Contribution,
    Gathering,
    Translation,
)
from hub.people.models import Account
from hub.people.rules import Language, clean_text, is_blank

BOT_NAME = "Lotsen"


BOT = "bot"


TRIGGER = "missing_restatement"


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


async def offer_restatements(
    tx: AsyncSession,
    gathering: Gathering,
    offers: Mapping[str, Contribution],
    *,
    account: Account,
    now: datetime,
) -> list[Contribution]:
    """Ask people, each in private, to restate a post: ``offers`` by participant id.

    In the format's words for ``missing_restatement``; the chatbot then takes it for said. Raises
    Refusal where the format has no such line.
    """
    lines = gathering.form.triggers
    if TRIGGER not in lines:
        raise Refusal("no_such_line")
    whispered = []
    for person, post in offers.items():
        group = post.participant.group if post.participant else None
        wanted = Line(TRIGGER, person, person, post.id, group_facts(group))
        line = await think_of(
            tx,
            gathering,
            trigger=TRIGGER,
            subject=person,
            to_whom=person,
            about=post.id,
            lines=words(wanted, lines),
            draft=True,
            now=now,
        )
        said = await send_bot_line(tx, gathering, line, account=account, now=now)
        if said is not None:
            whispered.append(said)
    return whispered


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
