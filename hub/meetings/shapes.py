"""What goes in and out of the calls about meetings, for the OpenAPI description."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.gatherings.shapes import Both

Kind = Literal["forum", "within_case", "between_cases", "external"]
Form = Literal["room", "online", "hybrid"]
State = Literal[
    "draft",
    "planned",
    "invited",
    "confirmed",
    "live",
    "ended",
    "published",
    "followed_up",
    "closed",
    "postponed",
    "cancelled",
]
Act = Literal[
    "plan",
    "invite",
    "confirm",
    "start",
    "end",
    "publish",
    "follow_up",
    "close",
    "postpone",
    "cancel",
]
Reply = Literal["room", "online", "maybe", "no", "deputy"]
LOCAL = "On the wall clock of `zone`, such as `2027-03-25T13:00`."
# Answers of a time that comes twice, on the night when clocks go back.
FOLD = "0 or 1: which of two equal times is meant, on the night when clocks go back."


class AgendaItem(BaseModel):
    """One part of a meeting."""

    minutes: int
    title: Both


class Material(BaseModel):
    """Something to read or look at before or after."""

    url: str
    title: Both


class MeetingFields(BaseModel):
    """What organisers say of a meeting, its kind and its time aside."""

    model_config = ConfigDict(extra="forbid")

    title: Both | None = None
    short_title: Both | None = Field(
        default=None, description="Neutral: for calendars that others see too."
    )
    purpose: Both | None = None
    topic: Both | None = Field(default=None, description="Goes on: *We will talk about …*")
    why_you: Both | None = Field(default=None, description="Goes on: *… because …*")
    cases: list[str] | None = None
    tags: list[str] | None = Field(default=None, description="Of the 4M.")
    audiences: list[str] | None = None
    form: Form | None = None
    place: Both | None = None
    link: str | None = None
    languages: list[str] | None = None
    interpreting: Both | None = None
    access_offers: Both | None = None
    agenda: list[AgendaItem] | None = None
    material: list[Material] | None = None
    consent_needed: Both | None = None
    recording: bool | None = None
    host: str | None = None
    cohost: str | None = None
    cohost_from: Literal["case", "citizen"] | None = None
    open_to_all: bool | None = None
    capacity: int | None = Field(default=None, description="Seats in all; null: no limit.")
    quotas: dict[str, int] | None = Field(
        default=None, description="Seats kept for groups: `lived`, `practice`, `research`."
    )
    minimum: int | None = None
    reply_by: str | None = Field(default=None, description=f"The last day for replies. {LOCAL}")


class MeetingIn(MeetingFields):
    """A new meeting, which begins as a draft. A change names what is to change.

    A meeting that is no draft any more gets another time by `POST /workshops/{id}/move`. The same
    ``client_id`` again, letters by chance, is the same new meeting, never a second.
    """

    client_id: str = Field(default="", max_length=80)

    kind: Kind | None = None
    starts: str | None = Field(default=None, description=LOCAL)
    ends: str | None = Field(default=None, description=LOCAL)
    zone: str | None = Field(default=None, description="`Europe/Stockholm` or `Europe/London`.")
    fold: int | None = Field(default=None, ge=0, le=1, description=FOLD)


class MoveIn(BaseModel):
    """Another date. ``reason`` is wanted where invitations have gone out."""

    starts: str = Field(description=LOCAL)
    ends: str = Field(description=LOCAL)
    zone: str | None = None
    fold: int | None = Field(default=None, ge=0, le=1, description=FOLD)
    reason: Both | None = None
    reply_by: str | None = None


class ActIn(BaseModel):
    """``reason``, in both languages, is wanted for `postpone` and `cancel`."""

    reason: Both | None = None


class ReasonIn(BaseModel):
    """Why the organiser goes on with a warning."""

    reason: str


class SessionChoice(BaseModel):
    """The live session that a meeting is held in: one there is, a new one of a ``format``, or,
    with neither, none."""

    session: str | None = None
    format: str | None = None
    charter: str | None = None
    principles: list[str] | None = None


class Replies(BaseModel):
    """How many are invited, what they replied, and who has a place."""

    invited: int
    room: int
    online: int
    maybe: int
    no: int
    none: int
    held: int
    waiting: int
    offered: int


class MeetingOut(BaseModel):
    """A meeting. Of one by invitation, others than organisers see when and that it takes place."""

    id: str
    kind: Kind
    series: str | None
    number: int | None
    title: dict[str, str]
    state: State
    state_reason: dict[str, Any] | None
    form: Form
    open_to_all: bool
    zone: str
    starts_local: str
    ends_local: str
    starts_at: str
    ends_at: str
    reply_by: str | None
    demonstration: bool
    sequence: int = Field(description="How often what calendars show of it has changed.")
    purpose: dict[str, Any] | None = None
    topic: dict[str, Any] | None = None
    cases: list[str] | None = None
    tags: list[str] | None = None
    audiences: list[str] | None = None
    place: dict[str, Any] | None = None
    languages: list[str] | None = None
    interpreting: dict[str, Any] | None = None
    access_offers: dict[str, Any] | None = None
    agenda: list[dict[str, Any]] | None = None
    material: list[dict[str, Any]] | None = None
    consent_needed: dict[str, Any] | None = None
    recording: bool | None = None
    host: str | None = None
    cohost: str | None = None
    cohost_from: str | None = None
    capacity: int | None = None
    quotas: dict[str, int] | None = None
    minimum: int | None = None
    session: str | None = None
    short_title: dict[str, Any] | None = None
    why_you: dict[str, Any] | None = None
    link: str | None = None
    to_confirm: bool | None = Field(
        default=None, description="The hub moved the date off a weekend or holiday: say yes or move"
    )
    planned_local: str | None = None
    accepted: dict[str, str] | None = None
    acts: list[str] | None = None
    replies: Replies | None = None


class Meetings(BaseModel):
    """Meetings by when they start."""

    items: list[MeetingOut]
    next: str | None = None


class WarningOut(BaseModel):
    """What speaks against a meeting. ``accepted``: why the organiser goes on; a hint needs none."""

    code: str
    facts: dict[str, Any]
    hint: bool
    accepted: str | None


class Warnings(BaseModel):
    """The gravest first."""

    items: list[WarningOut]
    next: None = None


class SeriesIn(BaseModel):
    """A series. Forums: every ``interval_months``, ``count`` of them, the first and the last open
    to all. By ``rule``: a recurrence rule of RFC 5545 that ends, such as
    `FREQ=MONTHLY;BYDAY=2TH;COUNT=6`. ``meeting``: what all its meetings have."""

    kind: Literal["forums", "rule"] = "forums"
    title: Both
    starts: str = Field(description=LOCAL)
    zone: str | None = None
    fold: int | None = Field(default=None, ge=0, le=1, description=FOLD)
    minutes: int | None = None
    interval_months: int | None = None
    count: int | None = None
    rule: str | None = None
    meeting: SeriesMeetingIn | None = None
    client_id: str = Field(
        default="", max_length=80, description="The same again is the same series, never a second."
    )


class SeriesMeetingIn(MeetingFields):
    """What all meetings of a series have. ``kind`` is for those by a rule."""

    kind: Kind | None = None


class SeriesOut(BaseModel):
    """A series with its meetings in order."""

    id: str
    kind: str
    title: dict[str, str]
    starts_local: str
    zone: str
    minutes: int
    interval_months: int | None
    count: int
    rule: str | None
    demonstration: bool
    meetings: list[MeetingOut]


class SeriesList(BaseModel):
    """Series, newest first."""

    items: list[SeriesOut]
    next: str | None = None


class PersonIn(BaseModel):
    """Somebody to invite. ``language`` is `sv`, `en`, or `both` where nobody has said. Without a
    ``zone`` it is London for those who read English, and Stockholm for others. ``audience``:
    whose version of the summary they are sent; without it their role tells."""

    email: str
    name: str = ""
    language: str = "both"
    zone: str = ""
    group: str | None = None
    role: str | None = None
    phd_student: bool = False
    audience: str | None = None


class InvitationsIn(BaseModel):
    """Whom to invite: each on their own in ``invitees``, or many in ``addresses``, one a line,
    `Anna Berg <anna@example.org>` or the address alone, who all have the rest."""

    invitees: list[PersonIn] = Field(default_factory=list)
    addresses: str = ""
    language: str = "both"
    zone: str = ""
    group: str | None = None
    role: str | None = None
    phd_student: bool = False
    audience: str | None = None


class Needs(BaseModel):
    """What somebody needs; erased 14 days after the meeting."""

    access: str = ""
    food: str = ""
    travel: str = ""


class InviteeOut(BaseModel):
    """Somebody who is invited, or came by themselves."""

    id: str
    name: str
    email: str
    language: str
    zone: str
    group: str | None
    role: str | None
    phd_student: bool
    audience: str | None
    deputy_for: str | None
    reply: Reply | None
    replied_at: str | None
    place: Literal["held", "waiting", "offered"] | None
    offered_until: str | None
    invited_at: str | None
    no_mail: bool = Field(description="Has no address, or wants no mail.")
    needs: Needs
    question: str


class Invitees(BaseModel):
    """Who is invited, the first invited first."""

    items: list[InviteeOut]
    next: str | None = None


class InvitedOut(BaseModel):
    """What came of inviting. ``known`` were invited before; ``unsubscribed`` get no mail."""

    added: int
    known: int
    unsubscribed: int


class RsvpIn(BaseModel):
    """A reply, without an account: with the ``secret`` of a personal link, or, to what is open to
    all, with a ``name`` and, if the person wants mail, an ``email``.

    ``food`` is for those who come to the room. ``key``: 16 to 80 letters by chance, the same where
    the same reply is sent twice, so that it counts once.
    """

    secret: str | None = None
    reply: Reply
    name: str | None = None
    email: str | None = None
    language: str | None = None
    zone: str | None = None
    group: str | None = None
    role: str | None = None
    access: str = ""
    food: str = ""
    travel: str = ""
    question: str = ""
    key: str = ""


class RsvpOut(BaseModel):
    """A reply as it stands.

    ``secret`` opens the person's own page, and is told where no mail brings it; ``deputy`` opens
    that of whoever comes instead. Where an address is given and no secret, all else is empty: it
    is told to that address alone.
    """

    reply: Reply | None = None
    place: str | None = None
    offered_until: str | None = None
    secret: str | None = None
    deputy: str | None = None
    mailed: bool = False


class OwnOut(BaseModel):
    """What the holder of a personal link sees."""

    name: str
    email: str
    language: str
    zone: str
    group: str | None
    role: str | None
    reply: Reply | None
    place: str | None
    offered_until: str | None
    needs: Needs
    question: str
    deputy: bool
    calendar: str = Field(description="The path of the person's own calendar, to subscribe to")
    meeting: MeetingOut


class FeedbackIn(BaseModel):
    """How a meeting was: ``useful`` from 1 to 5, or words, or both."""

    useful: int | None = None
    text: str = ""
    language: str | None = None


class FeedbackOut(BaseModel):
    """What somebody said about a meeting."""

    useful: int | None
    text: str
    language: str | None


class FeedbackList(BaseModel):
    """What was said, without who said it."""

    items: list[FeedbackOut]
    next: None = None


SeriesIn.model_rebuild()
