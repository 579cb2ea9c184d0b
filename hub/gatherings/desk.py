"""What the facilitator's desk shows, and what a person may do with one contribution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Forbidden
from hub.gatherings import actions, rules, views
from hub.gatherings.doorway import access_said
from hub.gatherings.models import (
    Act,
    Contribution,
    Gathering,
    access_contribution,
    access_gathering,
    list_events,
)
from hub.gatherings.screens import Screens
from hub.people.actions import give_consent
from hub.people.door import Caller, check_runs, check_seat
from hub.people.models import Account, Participant, latest_consents, list_participants
from hub.people.rules import CONSENT_CHOICES, GROUPS, LANGUAGES
from hub.programme.models import Finding

LATEST_ACTS = 30
# Source: measures.md, "Group figures need at least three people".
SMALLEST_GROUP = 3
TALK = ("question", "contribution", "restatement", "theme", "recommendation", "amendment")


async def read_desk(
    screens: Screens, tx: AsyncSession, session_id: str, contributions: list[dict[str, Any]]
) -> dict[str, Any]:
    """Who is heard, what is badly translated, who is here, and what was done."""
    people = [p for p in await list_participants(tx, session_id) if p.left_at is None]
    presence = await screens.presence(tx, session_id)
    acts = await tx.execute(
        select(Act, Account)
        .outerjoin(Account, Account.id == Act.account_id)
        .where(Act.gathering_id == session_id)
        .order_by(Act.at.desc())
        .limit(LATEST_ACTS)
    )
    visible = [c for c in contributions if not c["removed"] and not c["hidden"]]
    gathering = await access_gathering(tx, session_id)
    events = [e.event for e in await list_events(tx, session_id)]
    slack = rules.slack_seconds(gathering.form, events, screens.clock.now())
    return {
        "slack": round(slack / 60) if gathering.state == "running" else None,
        "balance": balance(visible, presence.groups),
        "untranslated": [c for c in visible if _has_status(c, "failed")],
        "doubtful": [c for c in visible if _is_doubtful(c)],
        "people": [
            {
                "id": p.id,
                "name": p.name,
                "role": p.role,
                "language": p.language,
                "ready": p.ready_at is not None,
                "online": p.id in presence.groups,
            }
            for p in people
        ],
        "ready_count": sum(1 for p in people if p.ready_at),
        "acts": [
            {
                "kind": act.kind,
                "name": account.name if account else None,
                "reason": act.reason,
                "at": act.at,
            }
            for act, account in acts
        ],
    }


def _has_status(c: Mapping[str, Any], *statuses: str) -> bool:
    return any(t["status"] in statuses for t in c["translations"].values())


def _is_doubtful(c: Mapping[str, Any]) -> bool:
    return any(
        t["status"] == "disputed" or (t["status"] == "machine" and t["doubt"])
        for t in c["translations"].values()
    )


def balance(
    contributions: list[dict[str, Any]], present: Mapping[str, str | None]
) -> list[dict[str, Any]]:
    """Share of words by group beside the group's share of the people here; 0 to 1."""
    words: Counter[str] = Counter()
    for c in contributions:
        group = c["author"]["group"] if c["author"] else None
        if group and c["kind"] in TALK:
            words[group] += len(c["text"].split())
    people = Counter(group for group in present.values() if group)
    total, everyone = sum(words.values()), sum(people.values())
    return [
        {
            "group": group,
            "words": words[group],
            "share": words[group] / total if total else 0.0,
            "people_share": people[group] / everyone if everyone else 0.0,
        }
        for group in GROUPS
        if people[group] >= SMALLEST_GROUP
    ]


async def what_may(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, caller: Caller, own: bool
) -> dict[str, bool]:
    """What the caller may do with a contribution now, for the buttons under it."""
    seat = caller.seat(gathering.id)
    form, stage = gathering.form, gathering.stage
    open_now = rules.open_kinds(stage, form)
    here = said.removed_at is None and said.hidden_at is None and said.seq is not None
    human = said.kind not in ("bot", "system")
    may_quote = False
    if caller.runs and here and human:
        consent = (await latest_consents(tx, gathering.id)).get(said.participant_id or "")
        may_quote = said.participant_id is None or bool(
            consent and consent.choices.get("quote_role")
        )
    restates_me = said.kind == "restatement" and seat and await _restates(tx, said, seat)
    return {
        "reply": bool(
            here
            and (
                (seat and "contribution" in open_now)
                or (caller.runs and not seat and stage.state != "closed")
            )
        ),
        "restate": bool(
            seat
            and here
            and not own
            and "restatement" in open_now
            and said.kind in ("contribution", "question")
        ),
        "check": bool(restates_me and here and "restatement_check" in open_now),
        "stance": bool(seat and here and said.kind == "recommendation" and "stance" in open_now),
        "amend": bool(seat and here and said.kind == "recommendation" and "amendment" in open_now),
        "correct": bool(
            here
            and human
            and actions.needs_translation(said)
            and rules.may_correct(
                is_author=own, is_bilingual=bool(seat and seat.bilingual), runs=caller.runs
            )
        ),
        "dispute": bool(seat and here and human and any(t.text for t in said.translations)),
        "reveal": bool(caller.runs and here and said.kind == "theme"),
        "hide": bool(caller.runs and here and human),
        "unhide": bool(caller.runs and said.hidden_at and not said.removed_at),
        "pin": bool(caller.runs and here and not said.pinned_at),
        "unpin": bool(caller.runs and said.pinned_at),
        "screen": bool(caller.runs and may_quote and not said.screen_at),
        "unscreen": bool(caller.runs and said.screen_at),
        "remove": bool(own and human and said.removed_at is None),
    }


async def _restates(tx: AsyncSession, said: Contribution, seat: Participant) -> bool:
    original = await tx.get(Contribution, str(said.fields.get("of")))
    return original is not None and original.participant_id == seat.id


SetMark = Callable[..., Awaitable[Any]]
MARKS = {
    "hide": ("hide", True),
    "unhide": ("hide", False),
    "pin": ("pin", True),
    "unpin": ("pin", False),
    "screen": ("screen", True),
    "unscreen": ("screen", False),
}


async def do(
    screens: Screens,
    caller: Caller,
    contribution_id: str,
    act: str,
    form: Mapping[str, str],
    set_mark: SetMark,
) -> str:
    """Carry out an act that came by form; returns the session's id."""
    session_id, own = await access_said(screens, caller, contribution_id)
    now = screens.clock.now()
    if act in MARKS:
        mark, on = MARKS[act]
        reason = form.get("reason", "")
        await set_mark(screens, caller, contribution_id, mark, on=on, reason=reason)
        return session_id
    if act == "reveal":
        account = check_runs(caller)
        await screens.carry_out(
            session_id,
            lambda tx, g: actions.share_ratings(
                tx, g, contribution_id, present=(), now=now, reveal_by=account
            ),
        )
        return session_id
    if act == "remove" and not own:
        raise Forbidden("only_author")

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        said = await access_contribution(tx, contribution_id)
        if act == "remove":
            await actions.take_back(tx, gathering, said, actor=said.author_key, now=now)
        elif act == "dispute":
            await actions.dispute_translation(
                tx,
                gathering,
                said,
                check_seat(caller, session_id),
                word=form.get("word", ""),
                reason=form.get("reason", ""),
                now=now,
            )
        else:
            by = caller.account if caller.runs else caller.seat(session_id)
            assert by is not None
            await actions.correct_translation(
                tx,
                gathering,
                said,
                language=form.get("language", ""),
                text=form.get("text", ""),
                by=by,
                now=now,
            )

    await screens.carry_out(session_id, change)
    return session_id


async def change_choices(
    tx: AsyncSession,
    gathering: Gathering,
    seat: Participant,
    form: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    """Language, bilingual, and what the person says yes to from now on."""
    fresh = await tx.get_one(Participant, seat.id)
    if form.get("language") in LANGUAGES:
        fresh.language = form["language"]
        fresh.bilingual = form.get("bilingual") in ("1", "on")
    if form.get("consent"):
        choices = {c: form.get(c) in ("1", "on") for c in CONSENT_CHOICES}
        choices["take_part"] = True
        await give_consent(tx, fresh, choices=choices, language=fresh.language, now=now, how="form")
        if not choices["quote_role"]:
            await _off_screen(tx, gathering, fresh, now=now)


async def _off_screen(
    tx: AsyncSession, gathering: Gathering, seat: Participant, *, now: datetime
) -> None:
    """Who no longer says yes to be quoted leaves the projector at once."""
    for said in await tx.scalars(
        select(Contribution).where(
            Contribution.participant_id == seat.id, Contribution.screen_at.is_not(None)
        )
    ):
        said.screen_at = None
        event = rules.Event("off_screen", now, {"contribution": said.id})
        said.revision = actions.record(tx, gathering, event, actor=seat.id)


async def change_card(
    tx: AsyncSession,
    gathering: Gathering,
    finding_id: str,
    card: actions.Card,
    *,
    account: Account,
    now: datetime,
) -> None:
    finding = await tx.get_one(Finding, finding_id)
    await actions.change_finding(tx, gathering, finding, card, account=account, now=now)


def finding_views(findings: list[Finding]) -> list[dict[str, Any]]:
    return [views.finding_view(f) for f in findings]


def number(text: str | None, default: float) -> float:
    """A number as people type it; out of any range where it is not one."""
    if not text:
        return default
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return -1


def read_minutes(form: Mapping[str, str], format_data: Mapping[str, Any]) -> dict[str, object]:
    """``minutes_reflect=7`` and its like; what is left empty keeps the format's minutes.

    The form asks for the phases of all formats: those that the chosen one lacks are left out.
    """
    named = (
        (str(phase["id"]), form.get(f"minutes_{phase['id']}", ""))
        for phase in format_data["phases"]
    )
    return {phase: number(value, 0) for phase, value in named if value.strip()}
