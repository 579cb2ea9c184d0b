"""The home page: the way in with a code, what is on, what came out, what has happened since."""

from __future__ import annotations

from fastapi import APIRouter, Response

from hub.front import reading
from hub.gatherings.models import list_gatherings
from hub.gatherings.visit import Here

router = APIRouter(include_in_schema=False)
AUDIENCES = ("leaders", "educators", "professions", "citizens", "funders")


@router.get("/")
async def get_home(visit: Here, left: str = "") -> Response:
    """For everybody; ``left`` where somebody has just left a session."""
    now = visit.screens.clock.now()
    async with visit.screens.database.reading() as tx:
        sessions = [
            await visit.screens.session(tx, g, full=False)
            for g in await list_gatherings(tx, states=("open", "running", "paused"))
            if g.access == "open" or visit.caller.may_read(g.id)
        ]
        coming = await reading.read_coming(tx, now=now)
        out = await reading.read_out(tx)
        news = await reading.read_news(tx)
    sessions = [s for s in sessions if s["access"] == "open"]
    for session in sessions:
        # The code is said in the room, never listed: a link to join is for those invited to it.
        if not visit.caller.may_read(session["id"]):
            session["code"] = session["join_url"] = None
    return visit.page(
        "front/home.html",
        sessions=sessions,
        coming=coming,
        out=out,
        news=news,
        audiences=AUDIENCES,
        left=bool(left),
    )
