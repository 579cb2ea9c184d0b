"""Posts that are hidden or wait, people who are sent out, slow mode, and what is counted."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from hub.gatherings import moderation, shapes
from hub.gatherings.doorway import access_said
from hub.gatherings.models import access_contribution, access_gathering, list_gatherings
from hub.gatherings.screens import Room, Screens
from hub.people.door import Asking, check_own, check_runs

router = APIRouter(prefix="/api/v1", tags=["sessions"])
CSV = "text/csv; charset=utf-8"
CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {}}, "description": "One row for each reason"}
}


@router.get("/sessions/{session_id}/moderation")
async def get_moderation(session_id: str, caller: Asking, screens: Room) -> shapes.ModerationOut:
    """What waits, what is hidden, who was sent out, and what is counted (facilitators)."""
    check_runs(caller)
    return await _moderation(screens, session_id)


async def _moderation(screens: Screens, session_id: str) -> shapes.ModerationOut:
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        found = await moderation.read_moderation(screens, tx, gathering)
    return shapes.ModerationOut.model_validate(found)


@router.put("/sessions/{session_id}/moderation")
async def put_moderation(
    session_id: str, body: shapes.ModerationIn, caller: Asking, screens: Room
) -> shapes.ModerationOut:
    """Set slow mode, and whether risky posts wait for a facilitator (facilitators)."""
    await moderation.change_settings(
        screens,
        check_runs(caller),
        session_id,
        slow_seconds=body.slow_seconds,
        holds_risky=body.holds_risky,
    )
    return await _moderation(screens, session_id)


@router.post("/sessions/{session_id}/participants/{participant_id}/remove")
async def post_remove(
    session_id: str, participant_id: str, body: shapes.RemoveIn, caller: Asking, screens: Room
) -> shapes.ModerationOut:
    """Send somebody out of the room; what they said stays (facilitators)."""
    account = check_runs(caller)
    await moderation.send_out(screens, account, session_id, participant_id, body.reason)
    return await _moderation(screens, session_id)


@router.delete("/sessions/{session_id}/participants/{participant_id}/remove")
async def delete_remove(
    session_id: str, participant_id: str, caller: Asking, screens: Room
) -> shapes.ModerationOut:
    """Let somebody who was sent out back in (facilitators)."""
    await moderation.let_back_in(screens, check_runs(caller), session_id, participant_id)
    return await _moderation(screens, session_id)


@router.post("/contributions/{contribution_id}/let-through")
async def post_let_through(
    contribution_id: str, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Share a post that waits for a facilitator (facilitators)."""
    account = check_runs(caller)
    session_id, _ = await access_said(screens, caller, contribution_id)
    await moderation.let_through(screens, account, session_id, contribution_id)
    return await _one(screens, contribution_id, own=False)


@router.post("/contributions/{contribution_id}/answer")
async def post_answer(
    contribution_id: str, body: shapes.AnswerIn, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Answer once to why one's post is hidden; facilitators alone read it (its author)."""
    session_id, _ = await access_said(screens, caller, contribution_id)
    author = check_own(caller, session_id)
    await moderation.answer(screens, author, contribution_id, body.text)
    return await _one(screens, contribution_id, own=True)


async def _one(screens: Screens, contribution_id: str, *, own: bool) -> shapes.ContributionOut:
    async with screens.database.reading() as tx:
        said = await access_contribution(tx, contribution_id)
        gathering = await access_gathering(tx, said.gathering_id)
        (view,) = await screens.contribution_views(tx, gathering, [said], own=own)
    return shapes.ContributionOut.model_validate(view)


@router.get("/sessions/{session_id}/moderation.csv", responses=CSV_ANSWER, response_class=Response)
async def get_counts(session_id: str, caller: Asking, screens: Room) -> Response:
    """How often posts were hidden or held and people sent out, by reason (facilitators)."""
    return await counts_of(screens, caller, session_id)


@router.get("/moderation.csv", responses=CSV_ANSWER, response_class=Response)
async def get_all_counts(caller: Asking, screens: Room) -> Response:
    """The same counts for all sessions (facilitators)."""
    return await counts_of(screens, caller, None)


async def counts_of(screens: Screens, caller: Asking, session_id: str | None) -> Response:
    """The counts as CSV, of one session or of all; by page and by call."""
    account = check_runs(caller)
    async with screens.database.reading() as tx:
        sessions = (
            [await access_gathering(tx, session_id)] if session_id else await list_gatherings(tx)
        )
    text = await moderation.export_counts(screens, account, sessions, gathering_id=session_id)
    day = screens.clock.now().date().isoformat()
    name = f"moderation-{session_id or 'all'}-{day}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode("utf-8-sig"), media_type=CSV, headers=headers)
