"""What somebody took back leaves all that repeats it: quotations, lines, outcomes, charters.

Source: privacy-and-access.md, "Taking back".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import SYSTEM, note
from hub.charters.actions import withdraw_dissent
from hub.charters.models import CharterComment, list_outcomes_of
from hub.gatherings.models import (
    WITH_AUTHOR,
    Act,
    BotLine,
    Contribution,
    Gathering,
    Progress,
    Translation,
)
from hub.gatherings.rules import masking
from hub.language.actions import forget
from hub.language.memory import source_hash
from hub.language.models import AddedTerm
from hub.mail.actions import queue_mail
from hub.people.actions import list_flags, raise_flag
from hub.people.models import Account, Participant
from hub.programme.models import Finding

# The fields of a contribution that hold what a person wrote; the others are ids and codes.
WRITTEN_FIELDS: Final = ("what", "owner", "measure", "reason", "untranslatable", "text")
# Fields that say what a contribution belongs to, or was made from.
REFERENCES: Final = ("of", "revises", "split_of", "about", "quotes")
# The chatbot repeats a word of the post that these lines are about.
REPEATING: Final = ("untranslatable", "jargon", "disputed_term")


@dataclass(frozen=True)
class Gone:
    """What is taken back: whose posts, the words in them; of one who withdraws, who that is."""

    ids: frozenset[str]
    grams: frozenset[tuple[str, ...]] = frozenset()
    # Nobody quotes what is not yet said.
    since: datetime | None = None
    name: str = ""
    # What they left to be reached by; empty where they left none.
    email: str = ""
    seat_id: str | None = None
    lone_objections: frozenset[tuple[str | None, str | None]] = field(default=frozenset())
    # How they put translations of what others said right: those words are theirs.
    corrections: frozenset[str] = frozenset()
    # What they shared stays, and their name alone goes.
    kept: bool = False

    def mask(self, text: str, language: str) -> str:
        """A text of somebody else without the quotations and the name in it."""
        text = masking.mask_quotes(text, self.grams, language=language)
        return masking.mask_name(text, self.name, language=language)

    def mask_name(self, text: str, language: str) -> str:
        return masking.mask_name(text, self.name, language=language)

    def is_in(self, texts: Iterable[str]) -> bool:
        return any(masking.quotes(t, self.grams) or masking.names(t, self.name) for t in texts)


class Eraser(Protocol):
    """What another room does, in the same transaction, so that it too has no more of the words.

    Rooms above this one hand theirs in (``Screens.erasers``).
    """

    async def __call__(
        self, tx: AsyncSession, gathering: Gathering, gone: Gone, *, now: datetime
    ) -> None: ...


class Teller(Protocol):
    """What another room holds on those who have these seats, by seat and by name.

    ``emails`` are the addresses of those whose address is known to be theirs, by seat. Of others
    nothing is told that is known by an address: anybody can type one in.
    """

    async def __call__(
        self, tx: AsyncSession, seats: Sequence[Participant], *, emails: Mapping[str, str]
    ) -> Mapping[str, Mapping[str, Any]]: ...


class Unquoter(Protocol):
    """What another room does where somebody no longer says yes to be quoted, as an ``Eraser``."""

    async def __call__(
        self, tx: AsyncSession, gathering: Gathering, ids: frozenset[str], *, now: datetime
    ) -> None: ...


def written_in(said: Contribution) -> list[str]:
    """Everything a contribution says, in both languages."""
    fields = [said.fields, *(t.fields or {} for t in said.translations)]
    texts = [said.text, *(t.text for t in said.translations)]
    texts += [str(found.get(name) or "") for found in fields for name in WRITTEN_FIELDS]
    return [text for text in texts if text]


async def list_all(tx: AsyncSession, gathering_id: str) -> list[Contribution]:
    """All that was said in a session, private and hidden too, with translations."""
    found = await tx.scalars(
        select(Contribution)
        .where(Contribution.gathering_id == gathering_id)
        .order_by(Contribution.created_at, Contribution.id)
        .options(*WITH_AUTHOR)
    )
    return list(found)


def lone_objections(
    own: Collection[str], everything: Sequence[Contribution]
) -> frozenset[tuple[str | None, str | None]]:
    """The principles and groups that these posts alone object to a text for.

    Asked before they are erased. Dissent written out for such a group is that person's.
    """
    whose: dict[tuple[str | None, str | None], set[bool]] = {}
    for c in everything:
        if c.kind == "stance" and c.principle and c.fields.get("value") == "objection":
            group = c.participant.group if c.participant else None
            whose.setdefault((c.principle, group), set()).add(c.id in own)
    return frozenset(key for key, found in whose.items() if found == {True})


async def mask_repeats(
    tx: AsyncSession,
    gathering: Gathering,
    gone: Gone,
    everything: Sequence[Contribution],
    *,
    now: datetime,
) -> list[Contribution]:
    """Mask what other people's posts, lines and reasons repeat of what is gone.

    Returns the posts that look different, to be stamped by the caller.
    """
    changed = [c for c in everything if c.id not in gone.ids and _mask_post(c, gone, now=now)]
    await forget(tx, [c.id for c in changed])
    await _mask_lines(tx, gathering, gone, now=now)
    await _mask_reasons(tx, gathering, gone)
    await _mask_cards(tx, gathering, gone)
    if gathering.kept_record is not None:
        gathering.kept_record = masking.masked_texts(
            gathering.kept_record, gone.mask, language="sv"
        )
    await tx.flush()
    return changed


def _mask_post(c: Contribution, gone: Gone, *, now: datetime) -> bool:
    """Whether the post was changed."""
    if c.removed_at is not None:
        return False
    if c.kind == "bot" and _repeats(c.fields, gone.ids):
        erase_post(c, now=now)
        return True
    later = gone.since is not None and c.created_at >= gone.since
    mask = gone.mask if later else gone.mask_name
    text, fields = mask(c.text, c.language), _mask_fields(c.fields, mask, c.language)
    reasons = (mask(c.hidden_reason, c.language), mask(c.hidden_answer, c.language))
    changed = (text, fields, *reasons) != (c.text, c.fields, c.hidden_reason, c.hidden_answer)
    if changed:
        c.text, c.fields = text, fields
        c.hidden_reason, c.hidden_answer = reasons
    for t in c.translations:
        changed |= _mask_translation(t, mask, said_anew=text if changed else None)
    return changed


def _mask_translation(t: Translation, mask: masking.Mask, *, said_anew: str | None) -> bool:
    text, fields = mask(t.text, t.language), _mask_fields(t.fields or {}, mask, t.language)
    disputes = masking.masked_texts(t.disputes, mask, language=t.language)
    changed = (text, fields, disputes) != (t.text, t.fields or {}, t.disputes)
    if changed:
        t.text, t.fields, t.disputes = text, fields, disputes
    if changed or said_anew is not None:
        # What tells where in the text a doubt or a word is, and where it came from, is no more.
        t.hints, t.doubt, t.pair_id = None, None, None
    if said_anew is not None:
        t.source_hash = source_hash(said_anew)
    return changed


def _mask_fields(fields: Mapping[str, Any], mask: masking.Mask, language: str) -> dict[str, Any]:
    return {
        name: masking.masked_texts(value, mask, language=language)
        if name in WRITTEN_FIELDS
        else value
        for name, value in fields.items()
    }


def _repeats(fields: Mapping[str, Any], ids: Collection[str]) -> bool:
    """Whether a line of the chatbot has words of one of these posts in it."""
    repeating = fields.get("trigger") in REPEATING and fields.get("about") in ids
    return repeating or fields.get("quotes") in ids


def erase_post(c: Contribution, *, now: datetime) -> None:
    """The words of a post and of its translations go; its place stays, as a tombstone."""
    c.text, c.hidden_reason, c.hidden_answer = "", "", ""
    c.fields = {k: v for k, v in c.fields.items() if k in ("of", "revises", "split_of")}
    c.translations.clear()
    c.looks_like = c.corrected_at = None
    c.removed_at = c.removed_at or now
    c.pinned_at = c.screen_at = c.held_at = c.held_why = None


async def _mask_lines(tx: AsyncSession, gathering: Gathering, gone: Gone, *, now: datetime) -> None:
    """Lines of the chatbot that repeat, name or are for the person have no words any more."""
    for line in await tx.scalars(select(BotLine).where(BotLine.gathering_id == gathering.id)):
        theirs = gone.seat_id is not None and gone.seat_id in (line.to_whom, line.subject)
        about = line.about in gone.ids
        if not (theirs or about or gone.is_in(map(str, line.lines.values()))):
            continue
        line.lines = dict.fromkeys(line.lines, "")
        if about and line.trigger in REPEATING:
            line.subject = ""
        if line.state == "waiting":
            line.state, line.decided_at = "dropped", now


async def _mask_reasons(tx: AsyncSession, gathering: Gathering, gone: Gone) -> None:
    """What those who run the session wrote beside their acts, and what they added to the words."""
    acts = select(Act).where(Act.gathering_id == gathering.id, Act.reason != "")
    for act in await tx.scalars(acts):
        act.reason = gone.mask(act.reason, "sv")
    progress = (
        select(Progress)
        .join(Contribution, Contribution.id == Progress.contribution_id)
        .where(Contribution.gathering_id == gathering.id, Progress.reason != "")
    )
    for step in await tx.scalars(progress):
        masked = gone.mask(step.reason, "sv")
        if masked != step.reason:
            # It is translated anew, from what is left.
            step.reason, step.translation = masked, None
    terms = select(AddedTerm).where(AddedTerm.gathering_id == gathering.id, AddedTerm.note != "")
    for term in await tx.scalars(terms):
        term.note = gone.mask(term.note, "sv")
    for row in await list_outcomes_of(tx, gathering.id):
        row.reason = gone.mask(row.reason, "sv")
    if gathering.charter:
        comments = select(CharterComment).where(
            CharterComment.charter_id == gathering.charter,
            or_(CharterComment.participant_id.is_(None), CharterComment.round.is_not(None)),
        )
        for comment in await tx.scalars(comments):
            comment.text = gone.mask(comment.text, comment.language)
            if comment.translation:
                comment.translation = masking.masked_texts(
                    comment.translation,
                    gone.mask,
                    language="en" if comment.language == "sv" else "sv",
                )


async def _mask_cards(tx: AsyncSession, gathering: Gathering, gone: Gone) -> None:
    """The finding cards of the session, which those who run it write before and during it."""
    for card in await tx.scalars(select(Finding).where(Finding.gathering_id == gathering.id)):
        before = (card.title, card.text, card.picture_alt, card.source)
        title, text, alt = (
            masking.masked_texts(each, gone.mask, language="sv") for each in before[:3]
        )
        source = gone.mask(card.source, "sv")
        if (title, text, alt, source) != before:
            card.title, card.text, card.picture_alt, card.source = title, text, alt, source
            card.revision = gathering.stage_revision = gathering.revision


def stamp(
    everything: Iterable[Contribution], changed: Iterable[Contribution], revision: int
) -> None:
    """Give the revision to these posts and to all that shows something of them."""
    everything, ids = list(everything), {c.id for c in changed}
    ranked = any(c.id in ids and c.kind == "theme" for c in everything)
    for c in everything:
        about = {c.reply_to, *(c.fields.get(name) for name in REFERENCES)}
        if (
            c.id in ids
            or about & ids
            or ids & set(c.fields.get("from") or ())
            or (ranked and c.kind == "theme")
        ):
            c.revision = revision
    stamped = {c.id for c in everything if c.revision == revision}
    above = {
        str(c.fields[name])
        for c in everything
        for name in ("of", "revises", "split_of")
        if c.id in stamped and c.fields.get(name)
    }
    for c in everything:
        if c.id in above:
            c.revision = revision


async def withdraw_dissents(
    tx: AsyncSession,
    gathering: Gathering,
    gone: Gone,
    everything: Sequence[Contribution],
    *,
    now: datetime,
) -> list[Contribution]:
    """Erase dissent that is written out in these words, or for their author alone.

    From the outcome, from the room, and from charters that show it. Returns the posts erased.
    Source: reflective-dialogue.md, "Outcome record"; privacy-and-access.md, "Taking back".
    """
    if not gathering.charter_copy:
        return []
    rows = await list_outcomes_of(tx, gathering.id)
    posts: set[str] = set()
    texts: set[str] = set()
    for row in rows:
        kept = []
        for entry in row.dissent:
            words = [str(text) for text in entry["text"].values()]
            alone = (row.principle_id, entry["group"]) in gone.lone_objections
            if words and (alone or any(masking.quotes(each, gone.grams) for each in words)):
                texts.update(words)
                posts.add(str(entry["contribution"]))
                kept.append({**entry, "text": {}})
            else:
                kept.append(entry)
        if kept != row.dissent:
            row.dissent, row.updated_at = kept, now
    erased = [c for c in everything if c.id in posts and c.removed_at is None]
    for c in erased:
        erase_post(c, now=now)
    outcomes = {row.id for row in rows}

    def is_gone(entry: Mapping[str, Any]) -> bool:
        words = [str(text) for text in entry["text"].values()]
        said = any(each in texts or masking.quotes(each, gone.grams) for each in words)
        return entry["outcome"] in outcomes and said

    if gathering.charter and (texts or gone.grams):
        await withdraw_dissent(tx, gathering.charter, is_gone=is_gone, now=now)
    await tx.flush()
    return erased


async def reissue_record(tx: AsyncSession, gathering: Gathering, *, now: datetime) -> None:
    """A published record changed: it is a new edition, and who published it is told.

    The record is drawn from what stands, so it is without the words from now on; the flag, the
    edition and the mail say so.
    """
    if gathering.published_at is None:
        return
    gathering.record_edition = max(1, gathering.record_edition) + 1
    gathering.record_changed_at = now
    flagged = await list_flags(tx, "record", subject=gathering.id)
    await raise_flag(tx, "record", gathering.id, place=None, now=now)
    await note(
        tx,
        "record_reissued",
        actor=SYSTEM,
        now=now,
        gathering_id=gathering.id,
        edition=gathering.record_edition,
    )
    editor = await tx.get(Account, gathering.published_by) if gathering.published_by else None
    if flagged or editor is None or editor.disabled_at is not None:
        return
    title = gathering.title.get(editor.language) or next(iter(gathering.title.values()), "")
    await queue_mail(
        tx,
        "words_withdrawn",
        to=editor.email,
        language=editor.language,
        facts={"title": title, "url": f"/sessions/{gathering.id}/record"},
        now=now,
        about=gathering.id,
    )
