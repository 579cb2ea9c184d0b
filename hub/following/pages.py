"""Pages of following up: an owner's own page, and where those who run a session name owners."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from hub.errors import NotFound, Refusal
from hub.following import actions, views
from hub.following.api import (
    OwnerIn,
    answer_as_owner,
    find_link,
    find_reader,
    read_owners,
    remove_owner,
    session_of,
    set_owner,
    stop_asking,
)
from hub.gatherings.models import access_gathering
from hub.gatherings.visit import Here, Visit
from hub.people.door import check_runs
from hub.web import LANGUAGE_COOKIE, RateLimits, read_form, see_other

router = APIRouter(include_in_schema=False)
# The secret in the address is told to nobody, and a form of ours still says where it comes from.
UNTOLD = {"Referrer-Policy": "strict-origin", "Cache-Control": "no-store"}


# --- whoever owns a recommendation --------------------------------------------------------------


@router.get("/owners/{secret}")
async def get_owner(secret: str, visit: Here, limits: RateLimits, told: str = "") -> Response:
    """The recommendation, what was said of it, and the form to say more. No account."""
    return await _owner_page(visit, limits, secret, told=told == "1")


async def _owner_page(
    visit: Visit,
    limits: RateLimits,
    secret: str,
    status: int = 200,
    *,
    name: str = "following/owner.html",
    **more: Any,
) -> Response:
    owner, found = await find_link(visit.screens, limits, visit.request, secret)
    if visit.request.cookies.get(LANGUAGE_COOKIE) is None and owner.language != "both":
        visit.request.state.language = owner.language
    async with visit.screens.database.reading() as tx:
        history = views.told_views(await actions.list_told(tx, owner.contribution_id))
    context = {"r": found, "history": history, "secret": secret, "told": False, **more}
    stopped = owner.stopped_at is not None
    return _untold(visit.page(name, status, stopped=stopped, **context))


@router.post("/owners/{secret}")
async def post_owner(secret: str, visit: Here, limits: RateLimits) -> Response:
    """The owner's answer."""
    owner, _ = await find_link(visit.screens, limits, visit.request, secret)
    form = await read_form(visit.request)
    status, reason = form.get("status", ""), form.get("reason", "")
    try:
        await answer_as_owner(visit.screens, limits, owner, status=status, reason=reason)
    except NotFound:
        raise
    except Refusal as refusal:
        wrong = visit.wrong(refusal)
        return await _owner_page(visit, limits, secret, refusal.status, values=form, **wrong)
    return _untold(see_other(f"/owners/{secret}?told=1"))


@router.get("/owners/{secret}/no-more")
async def get_no_more(secret: str, visit: Here, limits: RateLimits) -> Response:
    """Ask first: mail scanners and previews open links too."""
    return await _owner_page(visit, limits, secret, name="following/no_more.html")


@router.post("/owners/{secret}/no-more")
async def post_no_more(secret: str, visit: Here, limits: RateLimits) -> Response:
    """Do not ask again; a mail program may say so for the owner (RFC 8058)."""
    owner, _ = await find_link(visit.screens, limits, visit.request, secret)
    await stop_asking(visit.screens, owner, not_me=False)
    return _untold(see_other(f"/owners/{secret}"))


@router.post("/owners/{secret}/not-me")
async def post_not_me(secret: str, visit: Here, limits: RateLimits) -> Response:
    """It is somebody else's: the address is erased, and the link opens nothing any more."""
    owner, _ = await find_link(visit.screens, limits, visit.request, secret)
    if visit.request.cookies.get(LANGUAGE_COOKIE) is None and owner.language != "both":
        visit.request.state.language = owner.language
    await stop_asking(visit.screens, owner, not_me=True)
    return _untold(visit.page("following/not_me.html"))


# --- whoever took part, and gets mail of what became of it ----------------------------------------


@router.get("/news/{secret}/no-more")
async def get_no_news(secret: str, visit: Here, limits: RateLimits) -> Response:
    """Ask first: mail scanners and previews open links too."""
    return await _news_page(visit, limits, secret, stopped=False)


@router.post("/news/{secret}/no-more")
async def post_no_news(secret: str, visit: Here, limits: RateLimits) -> Response:
    """No more mail to those who took part: by the button, or by a mail program (RFC 8058)."""
    await find_reader(visit.screens, limits, visit.request, secret)
    async with visit.screens.database.transaction() as tx:
        erased = await actions.stop_news(tx, secret, now=visit.screens.clock.now())
    if erased:
        visit.screens.database.wipe_soon()
    return await _news_page(visit, limits, secret, stopped=True)


async def _news_page(visit: Visit, limits: RateLimits, secret: str, *, stopped: bool) -> Response:
    reader = await find_reader(visit.screens, limits, visit.request, secret)
    if visit.request.cookies.get(LANGUAGE_COOKIE) is None:
        visit.request.state.language = reader.language
    return _untold(visit.page("following/no_news.html", secret=secret, stopped=stopped))


def _untold(answer: Response) -> Response:
    answer.headers.update(UNTOLD)
    return answer


# --- those who run the session ------------------------------------------------------------------


@router.get("/sessions/{session_id}/owners")
async def get_owners(session_id: str, visit: Here) -> Response:
    """Who owns which recommendation, and where they are asked."""
    check_runs(visit.caller)
    return await _owners_page(visit, session_id)


async def _owners_page(visit: Visit, session_id: str, status: int = 200, **more: Any) -> Response:
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
    session = {
        "id": gathering.id,
        "title": gathering.title,
        "closed": gathering.closed_at is not None,
    }
    listed = await read_owners(visit.screens, session_id)
    return visit.page("following/owners.html", status, session=session, listed=listed, **more)


@router.post("/recommendations/{recommendation_id}/owner")
async def post_owner_address(recommendation_id: str, visit: Here, limits: RateLimits) -> Response:
    """Give an owner's address."""
    account = check_runs(visit.caller)
    session_id = await session_of(visit.screens, recommendation_id)
    form = await read_form(visit.request)
    given = OwnerIn(
        email=form.get("email", "")[:254],
        language=form.get("language", ""),
        zone=form.get("zone", ""),
    )
    try:
        await set_owner(visit.screens, limits, recommendation_id, given, account)
    except Refusal as refusal:
        wrong = visit.wrong(refusal)
        at = f"owner-{recommendation_id}"
        wrong["errors"] = {f"{at}-{name}": t for name, t in wrong.get("errors", {}).items()}
        values = {**form, "recommendation": recommendation_id}
        return await _owners_page(visit, session_id, refusal.status, values=values, **wrong)
    return see_other(f"/sessions/{session_id}/owners#owner-{recommendation_id}")


@router.post("/recommendations/{recommendation_id}/owner/remove")
async def post_owner_removed(recommendation_id: str, visit: Here) -> Response:
    """Erase an owner's address."""
    account = check_runs(visit.caller)
    session_id = await session_of(visit.screens, recommendation_id)
    await remove_owner(visit.screens, recommendation_id, account)
    return see_other(f"/sessions/{session_id}/owners#owner-{recommendation_id}")
