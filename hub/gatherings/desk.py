"""What people may do with a contribution, and what they do by form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Refusal
from hub.gatherings import actions, moderation, rules, views
from hub.gatherings.doorway import access_own, access_said
from hub.gatherings.models import (
    Contribution,
    Gathering,
    access_contribution,
)
from hub.gatherings.screens import Screens
from hub.people import actions as people
from hub.people.door import Caller, check_active, check_own, check_runs
from hub.people.models import Account, Participant, latest_consents
from hub.people.rules import CONSENT_CHOICES, LANGUAGES
from hub.programme.models import Finding


async def what_may(
    tx: AsyncSession,
    gathering: Gathering,
    said: Contribution,
    *,
    caller: Caller,
    own: bool,
    view: Mapping[str, Any],
    now: datetime,
) -> dict[str, bool]:
    """What the caller may do with a contribution now, for the buttons under it.

    ``view`` is how it stands: a theme or proposal is translated in its latest words.
    """
    seat = caller.seat(gathering.id)
    words = views.as_it_stands(view)
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
    stands = said.kind in rules.REVISED and not view["revises"] and not view.get("split_into")
    decides = stands and said.kind == "recommendation"
    # What people propose for a principle is theirs: others ask before they change the words.
    own_words = stands and said.kind in rules.OWN_WORDS and bool(view.get("stands"))
    rework = stands and rules.may_rework(said.kind, open_now)
    corrects = bool(
        here
        and human
        and (actions.needs_translation(said) or words["text"])
        and rules.may_correct(
            is_author=_is_author(words, own=own, seat=seat),
            is_bilingual=bool(seat and seat.bilingual),
            runs=caller.runs,
        )
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
            and not said.fields.get("remark_on")
        ),
        "check": bool(restates_me and here and "restatement_check" in open_now),
        "agree": bool(
            seat and here and seat.id in {named["id"] for named in view.get("owner_named", [])}
        ),
        "stance": bool(seat and here and decides and "stance" in open_now),
        "amend": bool(seat and here and decides and "amendment" in open_now),
        "change": bool(seat and here and rework and (own or said.kind not in rules.OWN_WORDS)),
        "suggest": bool(caller.runs and not seat and here and rework and own_words),
        "leave": bool(seat and here and stage.state in ("running", "paused")),
        "flag": bool(
            caller.runs and here and own_words and said.kind == "wording" and not view.get("box")
        ),
        "move": bool(own and seat and here and own_words and said.kind == "wording"),
        "split": bool(seat and here and decides and rules.may_rework(said.kind, open_now)),
        "correct": corrects,
        "remark": corrects and rules.may_remark(stage, form, as_facilitator=caller.runs),
        "dispute": bool(
            seat and here and human and any(t["text"] for t in words["translations"].values())
        ),
        "reveal": bool(caller.runs and here and said.kind == "theme" and stands),
        "hide": bool(caller.runs and human and (here or _waits(said))),
        "let_through": bool(caller.runs and _waits(said)),
        "answer": bool(
            own and seat and said.hidden_at and not said.removed_at and not said.hidden_answer_at
        ),
        "term": bool(caller.runs and here and human and said.text and stage.state == "running"),
        "unhide": bool(caller.runs and said.hidden_at and not said.removed_at),
        "pin": bool(caller.runs and here and not said.pinned_at),
        "unpin": bool(caller.runs and said.pinned_at),
        "screen": bool(caller.runs and may_quote and not said.screen_at),
        "unscreen": bool(caller.runs and said.screen_at),
        "remove": bool(own and human and said.removed_at is None),
        "words": own and await _may_correct_words(tx, gathering, said, now=now),
    }


async def _may_correct_words(
    tx: AsyncSession, gathering: Gathering, said: Contribution, *, now: datetime
) -> bool:
    try:
        await actions.check_correctable(tx, gathering, said, now=now)
    except Refusal:
        return False
    return True


def _waits(said: Contribution) -> bool:
    return said.held_at is not None and said.removed_at is None


def _is_author(words: Mapping[str, Any], *, own: bool, seat: Participant | None) -> bool:
    """Whether the caller wrote the words that are shown: those of a later wording are another's."""
    author = words.get("author")
    return bool(seat and author and author["id"] == seat.id) if words.get("current") else own


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
    if act == "remove":
        session_id = await access_own(screens, caller, contribution_id)
    else:
        session_id, _ = await access_said(screens, caller, contribution_id)
    now = screens.clock.now()
    if act in MARKS:
        mark, on = MARKS[act]
        reason, note = form.get("reason", ""), form.get("note", "")
        await set_mark(screens, caller, contribution_id, mark, on=on, reason=reason, note=note)
        return session_id
    if act == "let-through":
        await moderation.let_through(screens, check_runs(caller), session_id, contribution_id)
        return session_id
    if act == "answer":
        author = check_own(caller, session_id)
        await moderation.answer(screens, author, contribution_id, form.get("text", ""))
        return session_id
    if act == "term":
        return await dispute_term(screens, caller, contribution_id, form.get("term", ""))
    if act == "reveal":
        account = check_runs(caller)
        await screens.carry_out(
            session_id,
            lambda tx, g: actions.share_ratings(
                tx, g, contribution_id, present=(), now=now, reveal_by=account
            ),
        )
        return session_id

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        said = await access_contribution(tx, contribution_id)
        if act == "remove":
            await actions.take_back(
                tx, gathering, said, actor=said.author_key, now=now, erasers=screens.erasers
            )
            screens.database.wipe_soon()
        else:
            await actions.dispute_translation(
                tx,
                gathering,
                said,
                check_active(caller, session_id),
                word=form.get("word", ""),
                reason=form.get("reason", ""),
                now=now,
            )

    await screens.carry_out(session_id, change)
    return session_id


async def dispute_term(screens: Screens, caller: Caller, contribution_id: str, term: str) -> str:
    """Ask the room what a word means to them; returns the session's id."""
    account = check_runs(caller)
    session_id, _ = await access_said(screens, caller, contribution_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        rules.check_state(gathering.stage, "running")
        said = await access_contribution(tx, contribution_id)
        await actions.ask_about_term(
            tx, gathering, term, said, account=account, now=screens.clock.now()
        )

    await screens.carry_out(session_id, change)
    return session_id


async def change_choices(
    tx: AsyncSession,
    gathering: Gathering,
    seat: Participant,
    form: Mapping[str, str],
    *,
    others: Iterable[Participant] = (),
    now: datetime,
    unquoters: Iterable[actions.Unquoter] = (),
) -> None:
    """Language, bilingual, and what the person says yes to from now on. Raises Invalid.

    ``others``: the seats that the same browser holds.
    """
    fresh = await tx.get_one(Participant, seat.id)
    if form.get("language") in LANGUAGES:
        fresh.language = form["language"]
        fresh.bilingual = form.get("bilingual") in ("1", "on")
        fresh.remote = form.get("remote") in ("1", "on")
    if not form.get("consent"):
        return
    choices = {c: form.get(c) in ("1", "on") for c in CONSENT_CHOICES}
    asked_again = await people.is_asked_again(tx, seat, now=now)
    if asked_again and not any(choices.values()):
        # The answer to the new text may wait until the next post.
        return
    # Taking part itself ends by leaving, not by a box.
    choices["take_part"] = choices["take_part"] or not asked_again
    await answer_consent(
        tx,
        gathering,
        fresh,
        choices=choices,
        version=form.get("version") or None,
        email=form.get("email", ""),
        others=others,
        how="form",
        now=now,
        unquoters=unquoters,
    )


async def answer_consent(
    tx: AsyncSession,
    gathering: Gathering,
    seat: Participant,
    *,
    choices: dict[str, bool],
    how: str,
    now: datetime,
    version: str | None = None,
    email: str | None = None,
    others: Iterable[Participant] = (),
    by: Account | None = None,
    unquoters: Iterable[actions.Unquoter] = (),
) -> None:
    """What somebody says yes to from now on, and what it means for what they said so far.

    Raises Invalid. ``by``: a facilitator writes down what was said aloud. ``unquoters``: other
    rooms that may quote them.
    """
    await people.change_consent(
        tx,
        seat,
        choices=choices,
        language=seat.language,
        now=now,
        how=how,
        version=version,
        email=email,
        others=others,
        by=by.id if by else None,
    )
    if not choices["quote_role"]:
        await _off_screen(tx, gathering, seat, now=now)
        said = await tx.scalars(
            select(Contribution.id).where(Contribution.participant_id == seat.id)
        )
        ids = frozenset(said)
        for unquote in unquoters:
            await unquote(tx, gathering, ids, now=now)
    if not choices["improve_translation"]:
        await actions.keep_in_session(tx, gathering, seat)


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
