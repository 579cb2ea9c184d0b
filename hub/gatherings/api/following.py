"""After a session: own words put right, and what became of its recommendations."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Forbidden
from hub.gatherings import actions, rules, shapes
from hub.gatherings.doorway import (
    WRITE_RULE,
    access_recommendation,
    access_said,
    read_recommendations,
)
from hub.gatherings.models import Gathering, access_contribution
from hub.gatherings.screens import Room, Screens
from hub.language.text import looks_like
from hub.people.door import Asking, Caller
from hub.web import RateLimits

router = APIRouter(prefix="/api/v1", tags=["following up"])


@router.put("/contributions/{contribution_id}")
async def put_contribution(
    contribution_id: str, body: shapes.TextIn, caller: Asking, screens: Room, limits: RateLimits
) -> shapes.ContributionOut:
    """Correct one's own words in a closed session, while its record is a draft.

    The former words are erased, and the new ones are translated.
    """
    view = await correct_words(screens, limits, caller, contribution_id, body.text)
    return shapes.ContributionOut.model_validate(view)


async def correct_words(
    screens: Screens, limits: RateLimits, caller: Caller, contribution_id: str, text: str
) -> dict[str, Any]:
    """The author's correction, by call or by form; returns the contribution's view."""
    session_id, own = await access_said(screens, caller, contribution_id)
    if not own:
        raise Forbidden("only_author_corrects")
    author = caller.seat(session_id) or caller.account
    await limits.check(WRITE_RULE, "write", author.id if author else "")
    language = looks_like(text[: rules.TEXT_LIMIT])

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        said = await access_contribution(tx, contribution_id)
        await actions.correct_words(
            tx,
            gathering,
            said,
            text=text,
            looks_like=language,
            actor=said.author_key,
            now=screens.clock.now(),
            erasers=screens.erasers,
        )
        return (await screens.contribution_views(tx, gathering, [said], own=True))[0]

    return await screens.carry_out(session_id, change)


@router.get("/recommendations")
async def get_recommendations(
    caller: Asking,
    screens: Room,
    session: str | None = None,
    case: str | None = None,
    status: shapes.ProgressStatus | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> shapes.Recommendations:
    """Adopted recommendations of closed sessions with what became of them, the latest first.

    Everybody reads those of published records; who may read a session reads its own.
    """
    async with screens.database.reading() as tx:
        closed = await actions.list_closed(tx, session_id=session, case_id=case)
        readable = [g for g in closed if g.published_at or caller.may_read(g.id)]
        found = await read_recommendations(tx, readable)
    adopted = [r for r in found if r["status"] and status in (None, r["status"])]
    start = next((n for n, r in enumerate(adopted, 1) if r["id"] == after), 0)
    items = adopted[start : start + limit]
    return shapes.Recommendations.model_validate(
        {
            "items": items,
            "to_decide": [r for r in found if r["status"] is None and status is None],
            "next": items[-1]["id"] if len(adopted) > start + limit else None,
        }
    )


async def set_status(
    screens: Screens, caller: Caller, recommendation_id: str, *, status: str, reason: str
) -> str:
    """A status set by call or by form; returns the id of the recommendation's session."""
    session_id, account = await access_recommendation(screens, caller, recommendation_id)
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.set_progress(
            tx,
            g,
            recommendation_id,
            status=status,
            reason=reason,
            account=account,
            now=screens.clock.now(),
        ),
    )
    return session_id
