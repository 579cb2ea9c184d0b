"""Pages on one's own data: everything the hub holds, taking back, and withdrawing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, Refusal
from hub.gatherings import actions, my_data
from hub.gatherings.api.me import read_seats
from hub.gatherings.doorway import access_own
from hub.gatherings.models import Gathering, access_contribution, access_gathering
from hub.gatherings.visit import Here, Visit, seat_view
from hub.people import actions as people
from hub.people.door import SEAT_COOKIE, check_own, check_runs
from hub.people.models import Participant, is_seated
from hub.people.pages import COOKIE_SECONDS, set_cookie
from hub.web import LANGUAGE_COOKIE, read_form, see_other

# Joined before the moves of a session, whose address matches any word.
router = APIRouter(include_in_schema=False)
KEEP = {"erase": False, "keep": True}


@router.get("/sessions/{session_id}/my-data")
async def get_my_data(session_id: str, visit: Here) -> Response:
    """Everything the hub holds on the reader of this session, also after they have left it."""
    seat = check_own(visit.caller, session_id)
    return await _page(visit, session_id, seat)


async def _page(
    visit: Visit, session_id: str, seat: Participant, status: int = 200, **extra: Any
) -> Response:
    screens, now = visit.screens, visit.screens.clock.now()
    found = await read_seats(screens, [seat], secrets=visit.caller.secrets, now=now)
    answer = visit.page(
        "people/my_data.html",
        status,
        session=await _session(visit, session_id),
        me=seat_view(seat),
        here=is_seated(seat),
        data=found["sessions"][0],
        texts=found["consent_texts"],
        made_at=found["made_at"],
        **extra,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _session(visit: Visit, session_id: str) -> dict[str, Any]:
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        return await visit.screens.session(tx, gathering, full=False)


@router.post("/sessions/{session_id}/my-data/take-back")
async def post_take_back(session_id: str, visit: Here) -> Response:
    """Take one post back, also after leaving."""
    seat, form = check_own(visit.caller, session_id), await read_form(visit.request)
    contribution_id, now = form.get("contribution", ""), visit.screens.clock.now()
    try:
        where = await access_own(visit.screens, visit.caller, contribution_id)

        async def change(tx: AsyncSession, gathering: Gathering) -> None:
            said = await access_contribution(tx, contribution_id)
            await actions.take_back(
                tx, gathering, said, actor=seat.id, now=now, erasers=visit.screens.erasers
            )

        await visit.screens.carry_out(where, change)
    except Refusal as refusal:
        if refusal.status in (401, 404):
            raise
        return await _page(visit, session_id, seat, refusal.status, **visit.wrong(refusal))
    await my_data.wipe(visit.screens)
    return see_other(f"/sessions/{session_id}/my-data#posts")


@router.get("/sessions/{session_id}/withdraw")
async def get_withdraw(session_id: str, visit: Here) -> Response:
    """What withdrawing means, said before it is done: words erased, or kept without a name."""
    seat = check_own(visit.caller, session_id)
    return await _withdraw_page(visit, session_id, seat)


async def _withdraw_page(
    visit: Visit, session_id: str, seat: Participant, status: int = 200, **extra: Any
) -> Response:
    session = await _session(visit, session_id)
    return visit.page(
        "people/withdraw.html",
        status,
        session=session,
        me=seat_view(seat),
        here=is_seated(seat),
        **extra,
    )


@router.post("/sessions/{session_id}/withdraw")
async def post_withdraw(session_id: str, visit: Here) -> Response:
    """Withdraw; no reason is asked."""
    seat, form = check_own(visit.caller, session_id), await read_form(visit.request)
    choice = form.get("words", "")
    if choice not in KEEP:
        refusal = Invalid({"/words": "withdraw_choice_missing"})
        wrong = visit.wrong(refusal)
        return await _withdraw_page(visit, session_id, seat, refusal.status, **wrong)
    await my_data.withdraw(
        visit.screens,
        seat,
        keep_anonymous=KEEP[choice],
        secret=visit.caller.secrets.get(session_id),
        actor=seat.id,
        outbox=visit.options.outbox_dir,
    )
    answer = see_other(f"/withdrawn?words={choice}")
    answer.delete_cookie(SEAT_COOKIE + session_id, path="/")
    # The seat told the reader's language, and is no longer theirs.
    set_cookie(answer, visit.options, LANGUAGE_COOKIE, seat.language, COOKIE_SECONDS)
    return answer


@router.get("/withdrawn")
async def get_withdrawn(visit: Here, words: str = "erase") -> Response:
    """It is done, and what that means."""
    return visit.page("people/withdrawn.html", kept=KEEP.get(words, False))


@router.post("/sessions/{session_id}/record/seen")
async def post_record_seen(session_id: str, visit: Here) -> Response:
    """Whoever answers for the published record has seen that words were taken back from it."""
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    async with visit.screens.database.transaction() as tx:
        await access_gathering(tx, session_id)
        await people.settle_flags(tx, "record", session_id, account=account, now=now)
    return see_other(f"/sessions/{session_id}/record")
