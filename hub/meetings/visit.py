"""One visit to a page of meetings: who asks, and what a page is told about a meeting."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response

from hub.errors import Invalid, Refusal
from hub.meetings.actions import Answer, Counts
from hub.meetings.models import Meeting
from hub.meetings.states import HELD, OFF, TAKES_REPLIES
from hub.meetings.times import instant_kept, read_local
from hub.meetings.views import shown_title
from hub.people.door import Asking
from hub.people.pages import page
from hub.web import Db, Options, RateLimits, Render, Time, field_name, language_of, made_here

SHOWN_ALWAYS: Final = (
    "id",
    "kind",
    "number",
    "form",
    "languages",
    "recording",
    "open_to_all",
    "capacity",
    "zone",
    "starts_at",
    "ends_at",
    "reply_by",
    "to_confirm",
    "state",
    "needs_erased_at",
)
TEXTS: Final = ("purpose", "place", "access_offers", "interpreting", "consent_needed")
# The form fields that start and end are written in.
AT: Final = {"starts": "day", "ends": "to"}


class Visit:
    """Who asks for a page, and the parts of the hub that answer."""

    def __init__(
        self,
        request: Request,
        caller: Asking,
        database: Db,
        clock: Time,
        renderer: Render,
        options: Options,
        limits: RateLimits,
    ) -> None:
        self.request, self.caller, self.database = request, caller, database
        self.clock, self.renderer, self.options = clock, renderer, options
        self.limits = limits

    @property
    def language(self) -> str:
        return language_of(self.request)

    @property
    def base_url(self) -> str:
        """Where the hub is reached, for links that people take with them."""
        return self.options.base_url or str(self.request.base_url).rstrip("/")

    def done(self, known: Collection[str]) -> str:
        """What a page says has been done, after the form that did it; empty for what it is not."""
        done = self.request.query_params.get("done", "")
        return done if done in known else ""

    def page(self, name: str, status: int = 200, **context: Any) -> Response:
        """A page in the reader's language."""
        return page(self.request, self.renderer, name, status, **context)

    def wrong(self, refusal: Refusal) -> dict[str, Any]:
        """``errors`` by form field, else ``refused``, one sentence; ``twice``: ask which time."""
        if not isinstance(refusal, Invalid):
            return {"refused": self.renderer.refusal(self.language, refusal), "twice": False}
        errors: dict[str, str] = {}
        for pointer, code in refusal.fields.items():
            name = field_name(pointer)
            errors[AT.get(name, name)] = self.renderer.fault(self.language, code)
        twice = "time_twice" in refusal.fields.values()
        return {"errors": errors, "twice": twice}


Here = Annotated[Visit, Depends(made_here(Visit))]


def shown(
    meeting: Meeting, counts: Counts, *, now: datetime, whole: bool = True, link: str = ""
) -> dict[str, Any]:
    """A meeting as its pages show it: what it is, what is left, and which replies it takes.

    Without ``whole`` only that it takes place, under its neutral title. ``link`` is where to take
    part online, for those who have a place.
    """
    free = None
    if meeting.capacity is not None:
        free = max(0, meeting.capacity - counts.held - counts.offered)
    planned = meeting.planned_local
    return {
        **{name: getattr(meeting, name) for name in SHOWN_ALWAYS},
        **{name: getattr(meeting, name) if whole else {} for name in TEXTS},
        "title": shown_title(meeting, whole=whole),
        # Why is for those who were told that there is a meeting.
        "state_reason": meeting.state_reason if whole else {},
        "series": meeting.series_id,
        "session": meeting.gathering_id,
        "link": link,
        "host": meeting.host if whole else "",
        "cohost": meeting.cohost if whole else "",
        "cohost_from": meeting.cohost_from if whole else None,
        "audiences": meeting.audiences if whole else [],
        "agenda": _agenda(meeting) if whole else [],
        "material": meeting.material if whole else [],
        "counts": {**asdict(counts), "left": free},
        "may_reply": _may_reply(meeting, now),
        "takes_replies": takes_replies(meeting, now),
        "over": meeting.state in HELD or meeting.ends_at <= now,
        "moved": meeting.state not in OFF and any(meeting.state_reason.values()),
        "planned_at": instant_kept(read_local(planned), meeting.zone) if planned else None,
    }


def takes_replies(meeting: Meeting, now: datetime) -> bool:
    """Whether somebody can still say yes or no to a meeting."""
    return meeting.state in TAKES_REPLIES and now < meeting.starts_at


def _may_reply(meeting: Meeting, now: datetime) -> list[str]:
    """A maybe is no use once the last day is over: it counts as no."""
    late = meeting.reply_by is not None and now > meeting.reply_by
    yes = {"room": ["room"], "online": ["online"]}.get(meeting.form, ["room", "online"])
    return [*yes, *([] if late else ["maybe"]), "no", "deputy"]


def _agenda(meeting: Meeting) -> list[dict[str, Any]]:
    """The parts, each with the instant at which it begins."""
    at, parts = meeting.starts_at, []
    for part in meeting.agenda:
        parts.append({**part, "starts_at": at})
        at += timedelta(minutes=int(part.get("minutes") or 0))
    return parts


def read_answer(form: Mapping[str, str]) -> Answer:
    """A reply as a form has it."""
    return Answer(
        reply=form.get("reply", ""),
        name=form.get("name") or None,
        email=form.get("email") or None,
        language=form.get("language") or None,
        zone=form.get("zone") or None,
        access=form.get("access", ""),
        food=form.get("food", "") if form.get("reply") == "room" else "",
        travel=form.get("travel", ""),
        question=form.get("question", ""),
    )
