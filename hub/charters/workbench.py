"""What an editor sees of one principle: both texts, their terms, drafts, and what may come next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import rules, views
from hub.charters.models import CharterComment, CharterEvent, Outcome
from hub.charters.rules.suggestions import same_words
from hub.language.actions import shipped_glossary, suggest
from hub.language.glossary import Glossary, Term, avoided, honoured
from hub.language.models import list_added_terms
from hub.language.text import Language
from hub.people.models import Account

Words = Mapping[str, str]


async def read_glossary(tx: AsyncSession) -> Glossary:
    """The hub's glossary, and the terms that were added and kept."""
    kept = await list_added_terms(tx, states=["kept"])
    return shipped_glossary().and_also([added.term for added in kept])


def marked(text: str, language: Language, glossary: Glossary) -> list[tuple[str, bool]]:
    """The text in pieces; True for those that are terms of the glossary."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for match in glossary.found(text, language):
        pieces += [(text[at : match.start], False), (text[match.start : match.end], True)]
        at = match.end
    return [piece for piece in [*pieces, (text[at:], False)] if piece[0]]


def terms_of(
    words: Words, across: Words, language: Language, glossary: Glossary
) -> list[dict[str, Any]]:
    """The terms in a text, and whether the other language's text has the word expected for each.

    ``several``: what a word may mean that has several senses, which is for a person to judge.
    ``avoid``: words that stand in the other text and should not stand for the term.
    """
    other: Language = "en" if language == "sv" else "sv"
    here, there = (f"{side['title']}\n{side['text']}" for side in (words, across))
    found: dict[str, dict[str, Any]] = {}
    for match in glossary.found(here, language):
        term = match.term
        found.setdefault(
            term.id,
            {
                "id": term.id,
                "written": here[match.start : match.end],
                "expected": term.word(other),
                "several": list(term.senses(language)),
                "there": honoured(term, there, other),
                "avoid": _avoided(term, there, other),
                "note": term.note,
            },
        )
    return list(found.values())


def _avoided(term: Term, text: str, language: Language) -> list[str]:
    return list(term.avoided(language)) if avoided(term, text, language) else []


async def memory_of(tx: AsyncSession, words: Words, language: Language) -> list[dict[str, Any]]:
    """How people have put similar words in ``language``; ``words`` are in the other one."""
    found = []
    for part in ("title", "text"):
        if words[part].strip():
            for each in await suggest(tx, words[part], target=language):
                percent = int(each.score * 100)
                found.append(
                    {
                        "part": part,
                        "text": each.text,
                        "source_text": each.source_text,
                        "percent": percent,
                        "origin": each.origin,
                    }
                )
    return found


def text_at(
    events: Iterable[CharterEvent], principle_id: str, language: str, revision: int
) -> dict[str, str] | None:
    """The words that the event ``revision`` made; None where it made none."""
    event = next((event for event in events if event.number == revision), None)
    if event is None:
        return None
    data = event.data
    if event.kind == "text_changed":
        named = (data["principle"], data["language"]) == (principle_id, language)
        return {"title": data["title"], "text": data["text"]} if named else None
    if event.kind == "principle_added":
        texts = data["texts"] if data["id"] == principle_id else {}
    else:
        listed = (data.get("state") or {}).get("principles") or ()
        texts = next((p["texts"] for p in listed if p["id"] == principle_id), {})
    words = texts.get(language)
    return {"title": words.get("title", ""), "text": words.get("text", "")} if words else None


def log_of(
    events: Sequence[CharterEvent], principle_id: str, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Who did what with a principle, latest first."""
    return [
        event_view(event, names)
        for event in reversed(events)
        if principle_id in (event.data.get("principle"), event.data.get("id"))
    ]


def event_view(event: CharterEvent, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "number": event.number,
        "kind": event.kind,
        "at": event.at,
        "by": names.get(event.account_id or ""),
        "role": event.role,
        "language": event.data.get("language"),
        "to": event.data.get("to"),
        "note": _told(event),
        "principle": event.data.get("principle"),
    }


def _told(event: CharterEvent) -> str:
    note = event.data.get("note") or event.data.get("why") or ""
    return note if isinstance(note, str) else ""


async def names_of(
    tx: AsyncSession, events: Iterable[CharterEvent], comments: Iterable[CharterComment] = ()
) -> dict[str, str]:
    """What the accounts behind these are called, in one query."""
    ids = {each.account_id for each in events} | {each.account_id for each in comments}
    ids.discard(None)
    if not ids:
        return {}
    rows = await tx.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {row.id: row.name for row in rows}


def comments_of(
    comments: Iterable[CharterComment], names: Mapping[str, str], principle_id: str | None
) -> list[dict[str, Any]]:
    return [
        {**views.comment_view(comment), "name": names.get(comment.account_id or "")}
        for comment in comments
        if comment.principle_id == principle_id
    ]


def move_of(
    principle: rules.Principle, language: str, outcomes: Iterable[Outcome]
) -> dict[str, Any]:
    """The next status of a text, and why it cannot be given, as a code; None where it can."""
    text = principle.texts[language]
    if text.status == "draft":
        return {"to": "human_reviewed", "why_not": None}
    if text.status == "human_reviewed":
        tested = any(
            same_words(rules.tested_words(outcome, language), text.words)
            for outcome in outcomes
            if outcome.principle_id == principle.id
        )
        return {"to": "tested_in_dialogue", "why_not": None if tested else "untested"}
    if text.status == "tested_in_dialogue":
        return {"to": "adopted", "why_not": "together"}
    return {"to": None, "why_not": "no_words" if text.status == "missing" else "highest"}


def adoption_of(state: rules.State, now: datetime) -> dict[str, str | None]:
    """For each principle why it cannot be adopted now, as a code; None where it can."""
    found: dict[str, str | None] = {}
    for principle in state.principles:
        if any(t.status != "tested_in_dialogue" for t in principle.texts.values()):
            all_adopted = all(t.status == "adopted" for t in principle.texts.values())
            found[principle.id] = "adopted" if all_adopted else "untested"
        else:
            found[principle.id] = rules.round_faults(state, principle, now)
    return found
