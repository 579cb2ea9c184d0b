"""Words that a session agrees on, and what is translated anew when they change.

Source: issue 4, "Glossary".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import new_id
from hub.errors import Fault, Forbidden, Invalid, NotFound, Refusal
from hub.gatherings import rules
from hub.gatherings.actions.log import log_act, record
from hub.gatherings.actions.saying import texts_to_translate
from hub.gatherings.models import Contribution, Gathering, Translation
from hub.language.actions import glossary_version, terms_of
from hub.language.glossary import Glossary, Term, touched_by
from hub.language.models import AddedTerm, list_terms_in_use
from hub.language.text import LANGUAGES, Language
from hub.people.models import Account
from hub.people.rules import clean_text, is_blank

WORD_LIMIT = 80
# Beside the first: a Swedish noun has four.
FORMS_LIMIT = 3
AVOIDED_LIMIT = 10
TERMS_LIMIT = 100
CHANGEABLE: tuple[rules.State, ...] = ("planned", "open", "running", "paused")


@dataclass(frozen=True)
class TermDraft:
    """A term as a person writes it; ``suggest``: it is offered for all sessions.

    Other forms in order: a noun's definite, plural and definite plural.
    """

    sv: str
    en: str
    sv_forms: Sequence[str] = ()
    en_forms: Sequence[str] = ()
    avoid_sv: Sequence[str] = ()
    avoid_en: Sequence[str] = ()
    note: str = ""
    keep: bool = False
    suggest: bool = False


def read_term(draft: TermDraft) -> dict[str, Any]:
    """The columns of a term, cleaned. Raises Invalid."""
    faults: dict[str, str] = {}
    sv, en = clean_text(draft.sv).strip(), clean_text(draft.en).strip()
    if draft.keep:
        sv, en = sv or en, en or sv
    columns: dict[str, Any] = {"sv": sv, "en": en, "keep": draft.keep}
    for name in LANGUAGES:
        if fault := _word_fault(columns[name]):
            faults[f"/{name}"] = fault
    if draft.keep and sv != en and not faults:
        faults["/en"] = "term_not_the_same"
    for column, limit in (
        ("sv_forms", FORMS_LIMIT),
        ("en_forms", FORMS_LIMIT),
        ("avoid_sv", AVOIDED_LIMIT),
        ("avoid_en", AVOIDED_LIMIT),
    ):
        cleaned = (clean_text(word).strip() for word in getattr(draft, column))
        words = list(dict.fromkeys(word for word in cleaned if word))
        columns[column] = words
        if len(words) > limit:
            faults[f"/{column}"] = Fault("words_too_many", limit=limit)
        elif fault := next(filter(None, map(_word_fault, words)), None):
            faults[f"/{column}"] = fault
    columns["note"] = clean_text(draft.note).strip()
    if len(columns["note"]) > rules.REASON_LIMIT:
        faults["/note"] = "text_too_long"
    if faults:
        raise Invalid(faults)
    return columns


def _word_fault(word: str) -> str | None:
    if is_blank(word):
        return "text_missing"
    if len(word) > WORD_LIMIT:
        return "text_too_long"
    if not any(letter.isalpha() for letter in word) or "\n" in word:
        return Fault("term_without_letters")
    return None


async def list_session_terms(tx: AsyncSession, gathering_id: str) -> list[AddedTerm]:
    """The terms of a session, oldest first."""
    found = await tx.scalars(
        select(AddedTerm)
        .where(AddedTerm.gathering_id == gathering_id)
        .order_by(AddedTerm.at, AddedTerm.id)
    )
    return list(found)


async def access_term(tx: AsyncSession, term_id: str) -> AddedTerm:
    """A term by its id. Raises NotFound."""
    found = await tx.get(AddedTerm, term_id)
    if found is None:
        raise NotFound("term_not_found")
    return found


async def add_term(
    tx: AsyncSession, gathering: Gathering, draft: TermDraft, *, account: Account, now: datetime
) -> AddedTerm:
    """A word for this session. Raises Invalid, Refusal."""
    rules.check_state(gathering.stage, *CHANGEABLE)
    columns = read_term(draft)
    await _check_new(tx, gathering, columns)
    added = AddedTerm(
        id=new_id("w"),
        gathering_id=gathering.id,
        state="suggested" if draft.suggest else "session",
        disputed=False,
        by_id=account.id,
        by_name=account.name,
        at=now,
        **columns,
    )
    tx.add(added)
    await _changed(tx, gathering, added, "term_added", [added.term], account=account, now=now)
    return added


async def change_term(
    tx: AsyncSession,
    gathering: Gathering,
    added: AddedTerm,
    draft: TermDraft,
    *,
    account: Account,
    now: datetime,
) -> None:
    """What either wording of it touches is translated anew. Raises Invalid, Refusal."""
    rules.check_state(gathering.stage, *CHANGEABLE)
    _check_of(gathering, added)
    columns = read_term(draft)
    await _check_new(tx, gathering, columns, besides=added.id)
    before = added.term
    for name, value in columns.items():
        setattr(added, name, value)
    if draft.suggest != (added.state == "suggested") and added.state != "dropped":
        added.state = "suggested" if draft.suggest else "session"
    terms = [before, added.term] if added.term != before else []
    await _changed(tx, gathering, added, "term_changed", terms, account=account, now=now)


async def remove_term(
    tx: AsyncSession, gathering: Gathering, added: AddedTerm, *, account: Account, now: datetime
) -> None:
    """The session goes without the term from now on. Raises Refusal."""
    rules.check_state(gathering.stage, *CHANGEABLE)
    _check_of(gathering, added)
    former = added.term
    await tx.delete(added)
    await _changed(tx, gathering, added, "term_removed", [former], account=account, now=now)


def _check_of(gathering: Gathering, added: AddedTerm) -> None:
    # One that editors have kept for all is theirs.
    if added.gathering_id != gathering.id:
        raise Forbidden("term_of_all")


async def _check_new(
    tx: AsyncSession, gathering: Gathering, columns: dict[str, Any], *, besides: str | None = None
) -> None:
    there = [t for t in await list_session_terms(tx, gathering.id) if t.id != besides]
    if len(there) >= TERMS_LIMIT:
        raise Refusal("terms_too_many")
    # Two terms with one word would each claim it.
    for name in LANGUAGES:
        word = columns[name].casefold()
        if any(word == getattr(term, name).casefold() for term in there):
            raise Invalid({f"/{name}": "term_known"})


async def _changed(
    tx: AsyncSession,
    gathering: Gathering,
    added: AddedTerm,
    kind: str,
    terms: Sequence[Term],
    *,
    account: Account,
    now: datetime,
) -> None:
    log_act(
        tx, gathering, account, kind=kind, now=now, target=added.id,
        reason=f"{added.sv} = {added.en}",
    )  # fmt: skip
    redone = await _redo(tx, gathering, terms, now=now)
    data = {"term": added.id, "contributions": [said.id for said in redone]}
    revision = record(tx, gathering, rules.Event(kind, now, data), actor=account.id)
    await _stamp(tx, redone, revision)
    await tx.flush()


async def redo_touched(
    tx: AsyncSession, gathering: Gathering, terms: Sequence[Term], *, now: datetime
) -> list[str]:
    """Have the machine translate again what terms of all sessions touch, in one revision.

    Returns the ids of the contributions.
    """
    redone = await _redo(tx, gathering, terms, now=now)
    if redone:
        quiet_since = gathering.last_activity_at
        event = rules.Event("terms_spread", now, {"contributions": [said.id for said in redone]})
        revision = record(tx, gathering, event, actor=None)
        # A change from elsewhere is no sign of life in the room.
        gathering.last_activity_at = quiet_since
        await _stamp(tx, redone, revision)
    await tx.flush()
    return [said.id for said in redone]


async def _redo(
    tx: AsyncSession, gathering: Gathering, terms: Sequence[Term], *, now: datetime
) -> list[Contribution]:
    """Only what the machine made: what people corrected, remembered or dispute stays."""
    if not terms:
        return []
    await tx.flush()
    in_use = await list_terms_in_use(tx, [gathering.id])
    version = glossary_version(terms_of(in_use, gathering.id))
    rows = await tx.execute(
        select(Translation, Contribution)
        .join(Contribution, Contribution.id == Translation.contribution_id)
        .where(
            Contribution.gathering_id == gathering.id,
            Contribution.removed_at.is_(None),
            Translation.status == "machine",
            # What was made by these very terms already stays too.
            or_(Translation.glossary.is_(None), Translation.glossary != version),
        )
        .order_by(Contribution.created_at, Contribution.id)
    )
    either = [Glossary((term,)) for term in dict.fromkeys(terms)]
    redone = []
    for row, said in rows:
        if _touched(either, row, said):
            row.status, row.due_at, row.attempts, row.updated_at = "pending", now, 0, now
            row.reason = row.doubt = row.hints = row.glossary = None
            redone.append(said)
    return redone


def _touched(either: Iterable[Glossary], row: Translation, said: Contribution) -> bool:
    made = [row.text, *(str(text) for text in (row.fields or {}).values())]
    texts = [
        *((text, _language(said.language)) for text in texts_to_translate(said).values()),
        *((text, _language(row.language)) for text in made),
    ]
    return any(glossary.found(text, language) for glossary in either for text, language in texts)


def _language(code: str) -> Language:
    return "en" if code == "en" else "sv"


async def _stamp(tx: AsyncSession, redone: Iterable[Contribution], revision: int) -> None:
    firsts = set()
    for said in redone:
        said.revision = revision
        firsts.add(str(said.fields.get("revises") or said.id))
    # The first post of a theme or proposal shows its latest words, so it changes with them.
    if firsts:
        for first in await tx.scalars(select(Contribution).where(Contribution.id.in_(firsts))):
            first.revision = revision


async def mark_disputed(tx: AsyncSession, gathering: Gathering, word: str) -> None:
    """The session's terms that the word is a form of, in either language, are disputed now."""
    for added in await list_session_terms(tx, gathering.id):
        if any(touched_by(added.term, word, language) for language in LANGUAGES):
            added.disputed = True


async def list_touched_gatherings(
    tx: AsyncSession, states: Sequence[str] = CHANGEABLE
) -> list[str]:
    """The sessions under way that have something a machine translated."""
    found = await tx.scalars(
        select(Contribution.gathering_id)
        .join(Translation, Translation.contribution_id == Contribution.id)
        .join(Gathering, Gathering.id == Contribution.gathering_id)
        .where(Translation.status == "machine", Gathering.state.in_(states))
        .group_by(Contribution.gathering_id)
        .order_by(func.min(Contribution.created_at))
    )
    return list(found)


# --- What editors decide ------------------------------------------------------------------------


async def keep_term(tx: AsyncSession, added: AddedTerm, *, now: datetime) -> None:
    """From now on the term is used in all sessions, and sessions under way follow."""
    if added.state == "kept":
        return
    added.state, added.gathering_id, added.due_at = "kept", None, now
    await tx.flush()


async def drop_term(tx: AsyncSession, added: AddedTerm, *, now: datetime) -> None:
    """The term is not, or no longer, used in all sessions; its own session keeps it."""
    if added.state == "kept":
        added.due_at = now
    added.state = "dropped"
    await tx.flush()
