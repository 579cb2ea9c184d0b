"""Dialogues on a charter: what is put to the room, outcomes, parking, order, and boxes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters.models import list_outcomes_of
from hub.errors import NotFound, Refusal
from hub.gatherings import actions, rules, shapes, views
from hub.gatherings.doorway import access_said
from hub.gatherings.models import (
    Contribution,
    Gathering,
    access_contribution,
    access_gathering,
    list_said,
)
from hub.gatherings.screens import Room, Screens
from hub.people.door import Asking, Caller, check_active, check_reads, check_runs
from hub.people.models import Account, Participant, is_seated

router = APIRouter(prefix="/api/v1", tags=["dialogues"])


async def _change_session(
    screens: Screens,
    session_id: str,
    change: Callable[[AsyncSession, Gathering], Awaitable[Any]],
) -> shapes.SessionOut:
    async def act(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        await change(tx, gathering)
        return await screens.session(tx, gathering)

    return shapes.SessionOut.model_validate(await screens.carry_out(session_id, act))


# --- the text that is put to the room, and the outcome ------------------------------------------


@router.post("/sessions/{session_id}/put")
async def post_put(
    session_id: str, body: shapes.PutIn, caller: Asking, screens: Room
) -> shapes.SessionOut:
    """Put a wording, a change or the text as it is to the room (facilitators)."""
    account = check_runs(caller)
    return await _change_session(screens, session_id, put(screens, body.of, account))


def put(
    screens: Screens, of: str | None, account: Account
) -> Callable[[AsyncSession, Gathering], Awaitable[None]]:
    """A change that puts a text to the room; the chatbot asks about it."""

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        now = screens.clock.now()
        if await actions.put_to_room(tx, gathering, of=of, account=account, now=now):
            await actions.say_what_is_put(tx, gathering, account=account, now=now)

    return change


@router.post("/sessions/{session_id}/outcome")
async def post_outcome(
    session_id: str, body: shapes.OutcomeIn, caller: Asking, screens: Room
) -> shapes.OutcomeOut:
    """Decide on the principle that is talked about, and write out dissent (facilitators)."""
    dissent = [d.model_dump() for d in body.dissent] if body.dissent is not None else None
    view = await write_outcome(
        screens, session_id, check_runs(caller), decision=body.decision, dissent=dissent
    )
    return shapes.OutcomeOut.model_validate(view)


async def write_outcome(
    screens: Screens,
    session_id: str,
    account: Account,
    *,
    decision: str | None,
    dissent: Sequence[Mapping[str, Any]] | None,
) -> dict[str, Any]:
    """Carry out what ``actions.write_outcome`` does; returns the outcome's view."""

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        row = await actions.write_outcome(
            tx,
            gathering,
            decision=decision,
            dissent=dissent,
            account=account,
            now=screens.clock.now(),
        )
        said = await list_said(tx, session_id)
        allowed = actions.facts_of(gathering, row, row.principle_id, said).allowed
        return views.outcome_view(row, allowed=allowed)

    return await screens.carry_out(session_id, change)


@router.get("/sessions/{session_id}/outcomes")
async def get_outcomes(session_id: str, caller: Asking, screens: Room) -> shapes.Outcomes:
    """What the dialogue has come to, principle by principle, for those who may read it."""
    check_reads(caller, session_id)
    screens.visited(session_id, caller.seat(session_id))
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        rows = {row.principle_id: row for row in await list_outcomes_of(tx, session_id)}
        said = await list_said(tx, session_id)
    now = gathering.form.phases[gathering.phase_index].principle if gathering.phase_index else None
    items = [
        views.outcome_view(
            rows[principle],
            allowed=actions.facts_of(gathering, rows[principle], principle, said).allowed
            if principle == now
            else (),
        )
        for principle in gathering.form.principles
        if principle in rows
    ]
    return shapes.Outcomes.model_validate({"items": items})


@router.post("/sessions/{session_id}/park")
async def post_park(
    session_id: str, body: shapes.ParkIn, caller: Asking, screens: Room
) -> shapes.SessionOut:
    """Leave a principle as it is, for another time, and go on to the next (facilitators)."""
    account = check_runs(caller)
    change = park(screens, account, reason=body.reason, principle=body.principle)
    return await _change_session(screens, session_id, change)


def park(
    screens: Screens, account: Account, *, reason: str, principle: str | None
) -> Callable[[AsyncSession, Gathering], Awaitable[None]]:
    """A change that parks the principle that is talked about.

    Where ``principle`` names one that is parked already, it changes nothing.
    """

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        now = screens.clock.now()
        if principle is not None and principle != actions.principle_id(gathering):
            row = await actions.find_outcome(tx, gathering.id, principle)
            if row is not None and row.closed_at is None and row.decision == "park":
                return
            raise Refusal("principle_not_now")
        event = rules.park(gathering.stage, gathering.form, now, reason=reason.strip())
        await actions.move(
            tx, gathering, event, account=account, kind="parked", reason=reason.strip()
        )

    return change


@router.post("/sessions/{session_id}/order")
async def post_order(
    session_id: str, body: shapes.OrderIn, caller: Asking, screens: Room
) -> shapes.SessionOut:
    """Put the principles that are not begun in another order (facilitators)."""
    account, now = check_runs(caller), screens.clock.now()
    return await _change_session(
        screens,
        session_id,
        lambda tx, g: actions.order_principles(tx, g, body.principles, account=account, now=now),
    )


@router.post("/sessions/{session_id}/ratings/reveal")
async def post_reveal(session_id: str, caller: Asking, screens: Room) -> shapes.SessionOut:
    """Show the ratings of the principle without waiting for the rest (facilitators)."""
    change = reveal(screens, check_runs(caller))
    return await _change_session(screens, session_id, change)


def reveal(
    screens: Screens, account: Account
) -> Callable[[AsyncSession, Gathering], Awaitable[None]]:
    """A change that shows the hidden ratings of the principle that is talked about."""

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        principle, now = actions.principle_now(gathering), screens.clock.now()
        await actions.share_ratings(
            tx, gathering, principle, present=(), now=now, reveal_by=account
        )
        await actions.keep_outcome(tx, gathering, principle, now=now)

    return change


@router.post("/sessions/{session_id}/skip-tag")
async def post_skip_tag(
    session_id: str, body: shapes.TagIn, caller: Asking, screens: Room
) -> shapes.SessionOut:
    """Go on without a word on one of the tags of ``fit`` (facilitators)."""
    account, now = check_runs(caller), screens.clock.now()
    return await _change_session(
        screens,
        session_id,
        lambda tx, g: actions.skip_tag(tx, g, body.tag, account=account, now=now),
    )


@router.post("/sessions/{session_id}/no-more")
async def post_no_more(session_id: str, caller: Asking, screens: Room) -> shapes.SessionOut:
    """The participant has no more to add to this step."""
    seat, now = check_active(caller, session_id), screens.clock.now()
    return await _change_session(
        screens, session_id, lambda tx, g: actions.have_no_more(tx, g, seat, now=now)
    )


# --- wordings and changes -----------------------------------------------------------------------


@router.post("/contributions/{contribution_id}/suggest", status_code=201)
async def post_suggestion(
    contribution_id: str,
    body: shapes.SuggestionIn,
    caller: Asking,
    screens: Room,
    response: Response,
) -> shapes.ContributionOut:
    """Other words for a wording or change, which its author is asked about (facilitators)."""
    draft = actions.Draft(
        kind="",
        text=body.text,
        client_id=body.client_id,
        language=body.language,
        fields={"change": body.change} if body.change else {},
    )
    view, created = await suggest(screens, caller, contribution_id, draft, merges=body.merges)
    response.status_code = 201 if created else 200
    return shapes.ContributionOut.model_validate(view)


async def suggest(
    screens: Screens,
    caller: Caller,
    contribution_id: str,
    draft: actions.Draft,
    *,
    merges: Sequence[str],
) -> tuple[dict[str, Any], bool]:
    """Carry out a suggestion; returns its view and whether it is new."""
    account = check_runs(caller)
    session_id, _ = await access_said(screens, caller, contribution_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> tuple[dict[str, Any], bool]:
        target = await access_contribution(tx, contribution_id)
        said, created = await actions.suggest_words(
            tx,
            gathering,
            target,
            draft,
            merges=merges,
            account=account,
            now=screens.clock.now(),
        )
        return (await screens.contribution_views(tx, gathering, [said]))[0], created

    return await screens.carry_out(session_id, change)


async def _change_said(
    screens: Screens,
    caller: Caller,
    contribution_id: str,
    change: Callable[[AsyncSession, Gathering, Contribution], Awaitable[None]],
) -> dict[str, Any]:
    session_id, _ = await access_said(screens, caller, contribution_id)

    async def act(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        said = await access_contribution(tx, contribution_id)
        await change(tx, gathering, said)
        principle = actions.principle_id(gathering)
        if principle is not None:
            await actions.keep_outcome(tx, gathering, principle, now=screens.clock.now())
        return (await screens.contribution_views(tx, gathering, [said]))[0]

    return await screens.carry_out(session_id, act)


@router.post("/contributions/{contribution_id}/leave")
async def post_leave(
    contribution_id: str, body: shapes.LeaveIn, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Say yes or no to a facilitator's words for one's own proposal."""
    view = await answer_leave(
        screens, caller, contribution_id, agrees=body.agree, participant=body.participant
    )
    return shapes.ContributionOut.model_validate(view)


async def answer_leave(
    screens: Screens,
    caller: Caller,
    contribution_id: str,
    *,
    agrees: bool,
    participant: str | None,
) -> dict[str, Any]:
    """Carry out an author's answer; returns the suggestion's view."""

    async def change(tx: AsyncSession, gathering: Gathering, said: Contribution) -> None:
        person, actor = await _answers_for(tx, gathering, caller, participant)
        await actions.answer_suggestion(
            tx,
            gathering,
            said,
            person=person,
            agrees=agrees,
            actor=actor,
            now=screens.clock.now(),
        )

    return await _change_said(screens, caller, contribution_id, change)


async def _answers_for(
    tx: AsyncSession, gathering: Gathering, caller: Caller, participant: str | None
) -> tuple[str, str]:
    """Whose answer it is and who gives it: a scribe for those without a device alone."""
    if participant is None:
        seat = check_active(caller, gathering.id)
        return seat.id, seat.id
    account = check_runs(caller)
    person = await tx.get(Participant, participant)
    there = person is not None and is_seated(person)
    if person is None or person.gathering_id != gathering.id or not there:
        raise NotFound("participant_not_found")
    if not person.without_device:
        raise Refusal("answers_themselves")
    return person.id, account.id


@router.post("/contributions/{contribution_id}/flag")
async def post_flag(contribution_id: str, caller: Asking, screens: Room) -> shapes.ContributionOut:
    """Ask the author of a wording whether it changes the meaning (facilitators)."""
    account = check_runs(caller)

    async def change(tx: AsyncSession, gathering: Gathering, said: Contribution) -> None:
        await actions.flag_meaning(tx, gathering, said, account=account, now=screens.clock.now())

    return shapes.ContributionOut.model_validate(
        await _change_said(screens, caller, contribution_id, change)
    )


@router.post("/contributions/{contribution_id}/box")
async def post_box(
    contribution_id: str, body: shapes.BoxIn, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """The author says whether a wording stays one, or moves to the changes with its words."""
    view = await choose_box(
        screens,
        caller,
        contribution_id,
        box=body.box,
        change=body.change,
        participant=body.participant,
    )
    return shapes.ContributionOut.model_validate(view)


async def choose_box(
    screens: Screens,
    caller: Caller,
    contribution_id: str,
    *,
    box: str,
    change: str | None,
    participant: str | None,
) -> dict[str, Any]:
    """Carry out an author's choice of box; returns the view of the post."""

    async def act(tx: AsyncSession, gathering: Gathering, said: Contribution) -> None:
        person, actor = await _answers_for(tx, gathering, caller, participant)
        await actions.choose_box(
            tx,
            gathering,
            said,
            box=box,
            change=change,
            person=person,
            actor=actor,
            now=screens.clock.now(),
        )

    return await _change_said(screens, caller, contribution_id, act)
