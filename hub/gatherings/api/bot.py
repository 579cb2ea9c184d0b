"""The chatbot: its waiting lines, sent, dropped and muted."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Refusal
from hub.gatherings import actions, desk, panels, rules, shapes, views
from hub.gatherings.models import (
    Contribution,
    Gathering,
    access_bot_line,
    access_gathering,
    list_bot_lines,
    list_everything_said,
    said_of,
)
from hub.gatherings.screens import Room, Screens
from hub.people.door import Asking, check_runs
from hub.people.models import Account

router = APIRouter(prefix="/api/v1", tags=["sessions"])


async def read_bot(screens: Screens, tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
    """Whether it is muted, the lines that wait, and those it foresees."""
    waiting = await list_bot_lines(tx, gathering.id, states=("waiting",))
    return {
        "muted": gathering.bot_muted,
        "items": [views.bot_line_view(line) for line in waiting],
        "next": await panels.foreseen_lines(screens, tx, gathering),
    }


@router.get("/sessions/{session_id}/bot")
async def get_bot(session_id: str, caller: Asking, screens: Room) -> shapes.BotOut:
    """The chatbot's next and waiting lines (facilitators)."""
    check_runs(caller)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        return shapes.BotOut.model_validate(await read_bot(screens, tx, gathering))


@router.put("/sessions/{session_id}/bot")
async def put_bot(
    session_id: str, body: shapes.MuteIn, caller: Asking, screens: Room
) -> shapes.BotOut:
    """Mute the chatbot, or let it speak again (facilitators)."""
    account = check_runs(caller)

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        await actions.mute_bot(
            tx, gathering, muted=body.muted, account=account, now=screens.clock.now()
        )
        return await read_bot(screens, tx, gathering)

    return shapes.BotOut.model_validate(await screens.carry_out(session_id, change))


@router.post("/sessions/{session_id}/bot/{line_id}/{decision}")
async def post_bot_line(
    session_id: str,
    line_id: str,
    decision: Literal["send", "drop"],
    caller: Asking,
    screens: Room,
    body: shapes.BotTextIn | None = None,
) -> shapes.BotOut:
    """Send a waiting line now, perhaps in other words, or drop it (facilitators)."""
    account = check_runs(caller)
    texts = body.text.model_dump() if body and body.text else None
    return shapes.BotOut.model_validate(
        await decide_bot_line(screens, session_id, line_id, decision, account, texts)
    )


async def decide_bot_line(
    screens: Screens,
    session_id: str,
    line_id: str,
    decision: str,
    account: Account,
    texts: dict[str, str] | None,
) -> dict[str, Any]:
    async def change(
        tx: AsyncSession, gathering: Gathering
    ) -> tuple[dict[str, Any], Contribution | None]:
        line = await access_bot_line(tx, session_id, line_id)
        now, said = screens.clock.now(), None
        if decision == "send":
            said = await actions.send_bot_line(
                tx, gathering, line, account=account, now=now, texts=texts
            )
        else:
            await actions.drop_bot_line(tx, gathering, line, account=account, now=now)
        return await read_bot(screens, tx, gathering), said

    view, said = await screens.carry_out(session_id, change)
    if said is not None:
        await screens.tell_one(said)
    return view


@router.post("/sessions/{session_id}/restatements/offer")
async def post_offer(
    session_id: str, body: shapes.OfferIn, caller: Asking, screens: Room
) -> shapes.Offers:
    """Offer people a post by another group to restate, each in private (facilitators)."""
    account = check_runs(caller)
    offered = await offer_pairs(screens, session_id, account, only=body.participant)
    items = [{"participant": reader, "of": post} for reader, post in offered.items()]
    return shapes.Offers.model_validate({"items": items})


async def offer_pairs(
    screens: Screens, session_id: str, account: Account, *, only: str | None
) -> dict[str, str]:
    """Offer a post to those who have restated nobody yet, or to ``only`` one of them.

    Returns post ids by participant. Raises Refusal where there is nothing to offer.
    """

    async def change(
        tx: AsyncSession, gathering: Gathering
    ) -> tuple[dict[str, str], list[Contribution]]:
        if "restatement" not in rules.open_kinds(gathering.stage, gathering.form):
            raise rules.FloorClosed("kind_closed")
        everything = [c for c in await list_everything_said(tx, session_id) if c.hidden_at is None]
        said = [said_of(c) for c in everything]
        present = (await screens.presence(tx, session_id)).groups
        missing = rules.still_to_restate(said, present, phase=actions.phase_key(gathering))
        readers = [person for person in missing if only in (None, person)]
        principle = actions.principle_id(gathering)
        wanted = rules.pairs(readers, present, said, principle=principle)
        if not wanted:
            raise Refusal("nothing_to_restate")
        by_id = {c.id: c for c in everything}
        whispered = await actions.offer_restatements(
            tx,
            gathering,
            {reader: by_id[post] for reader, post in wanted.items()},
            account=account,
            now=screens.clock.now(),
        )
        return wanted, whispered

    wanted, whispered = await screens.carry_out(session_id, change)
    for said in whispered:
        await screens.tell_one(said)
    return wanted


@router.post("/sessions/{session_id}/invite")
async def post_invite(
    session_id: str, body: shapes.InviteIn, caller: Asking, screens: Room
) -> shapes.BotOut:
    """Have the chatbot invite a group that is here to say something (facilitators)."""
    await invite(screens, session_id, check_runs(caller), body.group)
    return await get_bot(session_id, caller, screens)


async def invite(screens: Screens, session_id: str, account: Account, group: str) -> None:
    """Invite a group. Raises Refusal where nobody of it is here."""

    async def change(tx: AsyncSession, gathering: Gathering) -> Contribution | None:
        rules.check_state(gathering.stage, "running")
        present = (await screens.presence(tx, session_id)).groups
        return await actions.invite_group(
            tx, gathering, group, present, account=account, now=screens.clock.now()
        )

    said = await screens.carry_out(session_id, change)
    if said is not None:
        await screens.tell_one(said)


@router.post("/contributions/{contribution_id}/term")
async def post_term(
    contribution_id: str, body: shapes.AskedTermIn, caller: Asking, screens: Room
) -> shapes.BotOut:
    """Mark a word of a post as one that people mean different things by (facilitators)."""
    session_id = await desk.dispute_term(screens, caller, contribution_id, body.term)
    return await get_bot(session_id, caller, screens)
