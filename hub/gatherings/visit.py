"""One visit to a page of sessions: who asks, what it takes to answer, and what the faces show."""

from __future__ import annotations

import io
from collections import Counter
from datetime import datetime
from typing import Annotated, Any

import segno
from fastapi import Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import rules as charter_rules
from hub.charters.models import find_charter, list_comments, took_part
from hub.errors import Invalid, NotFound, Refusal
from hub.gatherings import actions, desk, panels, rules, views
from hub.gatherings.api.bot import read_bot
from hub.gatherings.api.invitations import read_invitations
from hub.gatherings.doorway import access_said, may_follow_up, read_followed, record_for
from hub.gatherings.models import (
    Gathering,
    access_contribution,
    access_gathering,
    is_behind,
    list_private,
)
from hub.gatherings.screens import Room
from hub.language.actions import Suggestion, suggest
from hub.language.api import TranslatorDep
from hub.language.text import Language
from hub.people.actions import is_asked_again, list_flags, read_help_text
from hub.people.door import Asking, check_own
from hub.people.models import Participant, is_seated
from hub.people.pages import page
from hub.web import Options, Render, field_name, is_htmx, language_of, made_here, see_other


def qr_svg(text: str) -> str:
    """A QR code as SVG that lies in the page."""
    out = io.BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, scale=4, border=3, light="white", title=text
    )
    return out.getvalue().decode()


class Visit:
    """Who asks for a page, and the parts of the hub that answer."""

    def __init__(
        self,
        request: Request,
        caller: Asking,
        screens: Room,
        renderer: Render,
        translator: TranslatorDep,
        options: Options,
    ) -> None:
        self.request, self.caller, self.screens = request, caller, screens
        self.renderer, self.translator, self.options = renderer, translator, options

    @property
    def language(self) -> str:
        return language_of(self.request)

    @property
    def is_htmx(self) -> bool:
        return is_htmx(self.request)

    def page(self, name: str, status: int = 200, **context: Any) -> Response:
        """A page or a fragment in the reader's language."""
        return page(self.request, self.renderer, name, status, **context)

    def wrong(self, refusal: Refusal) -> dict[str, Any]:
        """``errors`` by field for a form's faults, else ``refused``, one sentence."""
        if isinstance(refusal, Invalid):
            say = self.renderer.fault
            return {
                "errors": {field_name(p): say(self.language, c) for p, c in refusal.fields.items()}
            }
        return {"refused": self.renderer.refusal(self.language, refusal)}

    def answered(self, path: str) -> Response:
        """Back to a page; nothing for a script, which hears of the change by itself."""
        return Response(status_code=204) if self.is_htmx else see_other(path)

    def translator_view(self, *, behind: bool = False) -> dict[str, Any]:
        """What translates here; ``behind``: many texts wait; ``troubled``: a package is broken."""
        state = self.translator.state()
        return {
            "builtin": self.translator.builtin,
            "directions": {
                direction: "ok" if told.startswith("ok") else told
                for direction, told in state.items()
            },
            "behind": behind,
            "troubled": any("broken" in told for told in state.values()),
        }


Here = Annotated[Visit, Depends(made_here(Visit))]


async def session_of(visit: Visit, tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
    """The session with who facilitates it and what translates it."""
    session = await visit.screens.session(tx, gathering)
    facilitator = await actions.facilitator_name(tx, gathering)
    translator = visit.translator_view(behind=await is_behind(tx))
    return {**session, "translator": translator, "facilitator": facilitator}


def seat_view(seat: Participant | None) -> dict[str, Any] | None:
    """What the pages of a person who has a seat know of them."""
    if seat is None:
        return None
    return {
        "id": seat.id,
        "name": seat.name,
        "role": seat.role,
        "group": seat.group,
        "language": seat.language,
        "bilingual": seat.bilingual,
        "remote": seat.remote,
    }


async def asked_to_comment(
    tx: AsyncSession, gathering: Gathering, seat: Participant | None, *, now: datetime
) -> list[dict[str, Any]]:
    """The round of comment that somebody who took part is asked in; empty where there is none."""
    if seat is None or gathering.charter is None or gathering.state != "closed":
        return []
    charter = await find_charter(tx, gathering.charter)
    if charter is None or not await took_part(tx, charter.id, [gathering.id]):
        return []
    state = charter_rules.read_state(charter.state)
    if state.round is None or not charter_rules.round_is_open(state, now):
        return []
    comments = await list_comments(tx, charter.id, participant_ids=[seat.id])
    number = state.round["number"]
    return [
        {
            "id": charter.id,
            "title": dict(state.title),
            "closes_at": state.round["closes_at"],
            "commented": sum(1 for comment in comments if comment.round == number),
        }
    ]


async def drawn_context(visit: Visit, session_id: str) -> dict[str, Any]:
    """What ``room_context`` gives, for a page on which all of it is seen."""
    context = await room_context(visit, session_id)
    await visit.screens.draw(visit.language, context["contributions"])
    return context


async def room_context(visit: Visit, session_id: str) -> dict[str, Any]:
    """Everything a face of the room shows, read in one view of the database."""
    screens, seat = visit.screens, visit.caller.seat(session_id)
    screens.visited(session_id, seat)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        private = await list_private(tx, session_id, seat.id) if seat else []
        shared = await screens.shared(tx, gathering)
        return {
            "session": await session_of(visit, tx, gathering),
            "stage": await screens.stage(tx, gathering),
            "contributions": shared,
            "drafts": views.standing_views(shared, "recommendation"),
            "private": await screens.contribution_views(tx, gathering, private, own=True),
            "own_hidden": await screens.own_hidden(tx, gathering, seat.id) if seat else [],
            "findings": await screens.finding_views(tx, session_id),
            "queue": await screens.queue(tx, session_id),
            "followed": await read_followed(tx, gathering),
            "ready": bool(seat and seat.ready_at),
            "asked_again": seat is not None
            and await is_asked_again(tx, seat, now=screens.clock.now()),
            "asked": await asked_to_comment(tx, gathering, seat, now=screens.clock.now()),
            "me": seat_view(seat),
            "speed": screens.clock.speed,
        }


async def desk_page(visit: Visit, session_id: str, status: int = 200, **extra: Any) -> Response:
    """The facilitator's face of the room; before the start, the plan."""
    context = await drawn_context(visit, session_id)
    async with visit.screens.database.reading() as tx:
        context |= await panels.read_desk(visit.screens, tx, session_id, context["contributions"])
        context["bot"] = await read_bot(visit.screens, tx, await access_gathering(tx, session_id))
        terms = await actions.list_session_terms(tx, session_id)
        context["terms"] = [views.term_view(term) for term in terms]
        context["help_text"] = await read_help_text(tx)
        context["invited"] = await invited_counts(tx, session_id)
    link = context["session"]["join_url"]
    context |= {"me": None, "qr": qr_svg(link) if link else "", **extra}
    if context["stage"]["state"] in ("planned", "open"):
        return visit.page("gatherings/plan.html", status, **context)
    side = visit.request.query_params.get("part") == "side"
    name = "gatherings/_desk_side.html" if side else "gatherings/desk.html"
    return visit.page(name, status, **context)


async def invited_counts(tx: AsyncSession, session_id: str) -> dict[str, int]:
    """How many invitations wait, were used, declined or recalled."""
    found = await actions.list_invitations(tx, session_id)
    return dict(Counter(actions.state_of(invitation) for invitation, _ in found))


async def invitations_page(
    visit: Visit, session_id: str, status: int = 200, **extra: Any
) -> Response:
    """Who is invited to a session and what became of it; the links just made, this once."""
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        session = await visit.screens.session(tx, gathering)
        invitations = await read_invitations(tx, session_id)
        seats = await actions.count_seats(tx, session_id)
    return visit.page(
        "gatherings/invitations.html",
        status,
        session=session,
        invitations=invitations,
        seats=seats,
        by_case=bool(session["case"] and session["case"]["vulnerable"]),
        limit=rules.GUARDED_SEATS if session["guarded"] else None,
        **extra,
    )


async def break_page(visit: Visit, session_id: str) -> Response:
    """What somebody who is on a break sees: who is there for them, and the way back."""
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        session = await visit.screens.session(tx, gathering)
    return visit.page("gatherings/break.html", session=session)


async def write_for_page(
    visit: Visit,
    session_id: str,
    participant_id: str,
    *,
    name: str = "gatherings/room.html",
    status: int = 200,
    **extra: Any,
) -> Response:
    """The room as a scribe sees it, writing what ``participant_id`` says.

    Nothing private of theirs is shown: what they keep to themselves is not the scribe's.
    """
    context = await drawn_context(visit, session_id)
    async with visit.screens.database.reading() as tx:
        seat = await tx.get(Participant, participant_id)
    if seat is None or seat.gathering_id != session_id or not is_seated(seat):
        raise NotFound("participant_not_found")
    context |= {"me": seat_view(seat), "private": [], "own_hidden": []}
    context |= {"ready": False, "written_for": seat.id}
    return visit.page(name, status, **context, **extra)


def is_sent_out(visit: Visit, session_id: str) -> bool:
    """Whether a facilitator has sent the reader out of this room."""
    seat = visit.caller.own(session_id)
    return bool(seat and seat.removed_at is not None and not visit.caller.runs)


async def sent_out_page(visit: Visit, session_id: str) -> Response:
    """What somebody sees who was sent out: why, and what is still theirs."""
    seat = check_own(visit.caller, session_id)
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        session = await visit.screens.session(tx, gathering, full=False)
        facilitator = await actions.facilitator_name(tx, gathering)
    return visit.page(
        "gatherings/sent_out.html",
        403,
        session=session,
        facilitator=facilitator,
        reason=seat.removed_reason,
    )


async def record_page(
    visit: Visit, session_id: str, status: int = 200, *, unfolded: bool = False, **extra: Any
) -> Response:
    """What the session produced, in both languages, where the reader may see it."""
    record = await record_for(visit.screens, visit.caller, session_id)
    flagged = False
    if visit.caller.runs:
        async with visit.screens.database.reading() as tx:
            flagged = bool(await list_flags(tx, "record", subject=session_id))
    return visit.page(
        "gatherings/record.html",
        status,
        record=record,
        session=record["session"],
        may_publish=visit.caller.runs,
        flagged=flagged,
        may_follow_up=may_follow_up(visit.caller),
        unfolded=unfolded,
        **extra,
    )


async def contribution_page(
    visit: Visit, contribution_id: str, status: int = 200, **extra: Any
) -> Response:
    """One contribution and what the reader may do with it; the part under a post for a script."""
    caller, screens = visit.caller, visit.screens
    session_id, own = await access_said(screens, caller, contribution_id)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        said = await access_contribution(tx, contribution_id)
        (view,) = await screens.contribution_views(tx, gathering, [said], own=own or caller.runs)
        session = await session_of(visit, tx, gathering)
        may = await desk.what_may(
            tx, gathering, said, caller=caller, own=own, view=view, now=screens.clock.now()
        )
        suggestion = await _suggestion(tx, session_id, view) if may.get("correct") else None
        mergeable = await _mergeable(screens, tx, gathering, view) if may["suggest"] else []
    asked = visit.request.query_params.get("part") == "actions"
    part = visit.is_htmx and (asked or extra.get("values", {}).get("part"))
    name = "gatherings/_actions.html" if part else "gatherings/contribution.html"
    context = {"contribution": view, "session": session, "may": may, "suggestion": suggestion}
    return visit.page(name, status, mergeable=mergeable, **context, **extra)


async def _mergeable(
    screens: Room, tx: AsyncSession, gathering: Gathering, view: dict[str, Any]
) -> list[dict[str, Any]]:
    """The other proposals of the same kind for the same principle."""
    return [
        each
        for each in await screens.shared(tx, gathering)
        if (each["kind"], each["principle"]) == (view["kind"], view["principle"])
        and each["id"] != view["id"]
        and each.get("stands")
        and not each["revises"]
    ]


async def _suggestion(tx: AsyncSession, session_id: str, view: dict[str, Any]) -> Suggestion | None:
    """How people translated words like these before, where that tells more than what is shown."""
    words = views.as_it_stands(view)
    target: Language = "en" if words["language"] == "sv" else "sv"
    shown = {translation["text"] for translation in words["translations"].values()}
    found = await suggest(
        tx, words["text"], target=target, scope=session_id, without=words["wording"]
    )
    return next((each for each in found if each.text not in shown), None)
