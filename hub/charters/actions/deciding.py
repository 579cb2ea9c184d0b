"""Statuses moved by people, rounds of comment, versions, adoption, and dissent made public."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import rules
from hub.charters.actions.log import Change, open_change, read_line
from hub.charters.actions.telling import mail_round
from hub.charters.models import Outcome, find_version, list_outcomes, list_versions
from hub.charters.rules.suggestions import same_words
from hub.errors import Invalid, NotFound, Refusal
from hub.people.actions import settle_flags
from hub.people.models import Account
from hub.people.rules import clean_text, is_blank

SWEDEN = ZoneInfo("Europe/Stockholm")


async def move_status(
    tx: AsyncSession,
    charter_id: str,
    principle_id: str,
    language: str,
    *,
    to: str,
    note: str = "",
    reads_both: bool = False,
    outcome_id: str | None = None,
    based_on: int | None = None,
    account: Account,
    now: datetime,
) -> rules.State:
    """Raise the status of a text by one step: to reviewed, or to tested in dialogue.

    For ``human_reviewed`` the reviewer says that they read both languages well, and what they
    changed (``note``). For ``tested_in_dialogue`` a closed outcome has agreed on these very words,
    or was about them and holds dissent; none named: the latest that has. ``based_on``: the
    revision that they had before them. Raises NotFound, Invalid, Refusal.
    Source: charters.md, "Status rules".
    """
    change = await open_change(tx, charter_id, account=account, now=now)
    principle = change.principle(principle_id)
    if language not in rules.LANGUAGES:
        raise NotFound("principle_not_found")
    if to not in rules.STATUSES:
        raise Invalid({"/status": "status_unknown"})
    text = principle.texts[language]
    if based_on is not None and based_on != text.revision:
        raise Refusal("text_changed_meanwhile", **text.words, revision=text.revision)
    # Words make a draft, and both languages are adopted together.
    by_hand = to in ("human_reviewed", "tested_in_dialogue")
    if not by_hand or not rules.may_move(account.role, text.status, to):
        raise Refusal("status_not_next")
    data: dict[str, object] = {
        "principle": principle_id,
        "language": language,
        "to": to,
        "note": clean_text(note)[:2000],
    }
    if to == "human_reviewed":
        _check_review(note, reads_both)
    if to == "tested_in_dialogue":
        outcome = await _tested_in(change, principle, language, outcome_id)
        data |= {"outcome": outcome.id, "dialogue": outcome.gathering_id}
    return change.record("status_moved", data)


def _check_review(note: str, reads_both: bool) -> None:
    faults: dict[str, str] = {}
    if is_blank(note):
        faults["/note"] = "review_note_missing"
    if not reads_both:
        faults["/reads_both"] = "reads_both_missing"
    if faults:
        raise Invalid(faults)


async def _tested_in(
    change: Change, principle: rules.Principle, language: str, outcome_id: str | None
) -> Outcome:
    """The outcome in which the present words were tested. Raises Invalid."""
    words = principle.texts[language].words
    found = [
        outcome
        for outcome in await list_outcomes(change.tx, change.charter.id)
        if outcome.principle_id == principle.id and outcome_id in (None, outcome.id)
    ]
    if outcome_id is not None and not found:
        raise Invalid({"/outcome": "outcome_unknown"})
    tested = [o for o in found if same_words(rules.tested_words(o, language), words)]
    if not tested:
        raise Invalid({"/outcome": "outcome_of_other_words"})
    return tested[-1]


async def publish_dissent(
    tx: AsyncSession, charter_id: str, outcome_id: str, *, account: Account | None, now: datetime
) -> rules.State:
    """Put the dissent of a closed outcome beside its principle; what is there stays.

    Raises NotFound, and Refusal where the outcome is not closed.
    Source: reflective-dialogue.md, "From outcomes to a new version", 4.
    """
    change = await open_change(tx, charter_id, account=account, now=now)
    outcome = await tx.get(Outcome, outcome_id)
    if outcome is None or outcome.charter_id != charter_id:
        raise NotFound("outcome_not_found")
    if outcome.closed_at is None:
        raise Refusal("outcome_not_closed")
    principle = change.principle(outcome.principle_id)
    there = [(d["outcome"], d["group"], d["text"], d.get("origin")) for d in principle.dissent]
    for each in outcome.dissent:
        known = (outcome.id, each.get("group"), each["text"], each.get("origin"))
        if each["text"] and known not in there:
            change.record(
                "dissent_published",
                {
                    "principle": principle.id,
                    "outcome": outcome.id,
                    "dialogue": outcome.gathering_id,
                    "group": each.get("group"),
                    "text": each["text"],
                }
                | ({"origin": each["origin"]} if each.get("origin") else {}),
            )
    return change.there


async def open_round(
    tx: AsyncSession, charter_id: str, *, account: Account, now: datetime
) -> rules.State:
    """Ask those who took part to comment on the texts as they now are, for 14 days.

    A new round takes the place of the one before. Those who may be contacted get a mail. Raises
    NotFound, Refusal where a charter has no texts.
    Source: reflective-dialogue.md, "From outcomes to a new version", 5.
    """
    change = await open_change(tx, charter_id, account=account, now=now)
    if not change.there.principles:
        raise Refusal("charter_without_text")
    state = change.record("round_opened", {"closes_at": rules.ends_at(now).isoformat()})
    await mail_round(tx, state, now=now)
    return state


async def make_version(
    tx: AsyncSession,
    charter_id: str,
    *,
    number: str | None = None,
    note: Mapping[str, str],
    account: Account,
    now: datetime,
) -> rules.State:
    """Keep the charter as it now is as a version with a number and a note in both languages.

    Raises NotFound, Invalid, and Refusal where the charter has no texts.
    """
    change = await open_change(tx, charter_id, account=account, now=now)
    if not change.there.principles:
        raise Refusal("charter_without_text")
    wanted = await _version(change, number, note, adopting=False)
    state = change.record("version_made", {**wanted, "on": now.date().isoformat()})
    change.keep_version()
    await settle_flags(tx, "charter", charter_id, account=account, now=now)
    return state


def today_there(now: datetime) -> date:
    """The day it is in Sweden, where it is day before it is in England."""
    return now.astimezone(SWEDEN).date()


async def adopt(
    tx: AsyncSession,
    charter_id: str,
    *,
    principles: Sequence[str] | None = None,
    body: str,
    on: date,
    number: str | None = None,
    note: Mapping[str, str],
    account: Account,
    now: datetime,
) -> rules.State:
    """Write down that a body adopts principles in both languages, and keep the version.

    ``principles``: all that are tested in dialogue in both languages where none are named; a
    single one may go ahead of the rest. ``body``: those who will live by them; ``on``: the day of
    their decision. Each has been out for comment for 14 days in these very words.
    Raises NotFound, Invalid, Refusal. Source: charters.md, "Status rules".
    """
    change = await open_change(tx, charter_id, account=account, now=now)
    chosen = _to_adopt(change.there, principles)
    for principle in chosen:
        _check_adoptable(change.there, principle, now)
    body = read_line(body, "/body", "body_missing", limit=200)
    if on > today_there(now):
        raise Invalid({"/on": "date_ahead"})
    wanted = await _version(change, number, note, adopting=True)
    data = {"principles": [p.id for p in chosen], "body": body, "on": on.isoformat(), **wanted}
    state = change.record("adopted", data)
    change.keep_version()
    await settle_flags(tx, "charter", charter_id, account=account, now=now)
    return state


def _to_adopt(state: rules.State, wanted: Sequence[str] | None) -> list[rules.Principle]:
    if wanted is None:
        chosen = [p for p in state.principles if _is_tested(p)]
    else:
        chosen = [p for p in state.principles if p.id in wanted]
        if set(wanted) - {p.id for p in chosen}:
            raise Invalid({"/principles": "principle_unknown"})
    if not chosen:
        raise Refusal("nothing_to_adopt")
    return chosen


def _is_tested(principle: rules.Principle) -> bool:
    return all(text.status == "tested_in_dialogue" for text in principle.texts.values())


def _check_adoptable(state: rules.State, principle: rules.Principle, now: datetime) -> None:
    if not _is_tested(principle):
        raise Refusal("adopt_untested")
    fault = rules.round_faults(state, principle, now)
    if fault == "round_missing":
        raise Refusal("round_missing")
    if fault == "round_running":
        raise Refusal("round_running")


async def _version(
    change: Change, number: str | None, note: Mapping[str, str], *, adopting: bool
) -> dict[str, object]:
    if number is None or is_blank(number):
        versions = await list_versions(change.tx, change.charter.id)
        number = next_number((v.number for v in versions), adopting=adopting)
    number = number.strip()
    faults: dict[str, str] = {}
    if not rules.VERSION_NUMBER.fullmatch(number):
        faults["/number"] = "version_unreadable"
    elif await find_version(change.tx, change.charter.id, number):
        faults["/number"] = "version_taken"
    texts = {language: clean_text(str(note.get(language) or "")) for language in rules.LANGUAGES}
    for language, text in texts.items():
        if is_blank(text):
            faults[f"/note/{language}"] = "version_note_missing"
        elif len(text) > rules.TEXT_LIMIT:
            faults[f"/note/{language}"] = "text_too_long"
    if faults:
        raise Invalid(faults)
    before = change.there.version
    return {"number": number, "based_on": before["number"] if before else None, "note": texts}


def next_number(numbers: Iterable[str], *, adopting: bool) -> str:
    """The number after the highest: 0.1, 0.2 … before anything is adopted, then 1.0, 1.1 …, 2.0.

    An adoption begins a new whole number.
    """
    known = [tuple(int(part) for part in n.split(".")) for n in numbers]
    highest = max(known, default=(0, 0))
    major, minor = (*highest, 0)[:2]
    return f"{major + 1}.0" if adopting else f"{major}.{minor + 1}"
