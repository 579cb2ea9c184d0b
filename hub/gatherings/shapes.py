"""What goes in and out of the JSON API, for the OpenAPI description."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

FIELDS = """What the kind needs besides its text:

| kind | fields |
|---|---|
| `restatement` | `of`: the contribution restated |
| `restatement_check` | `of`: the restatement; `answer`: `yes`, `partly` or `no` |
| `rating` | `of`, `scale`, `value`: 1–5 or `"pass"`, `reason` |
| `ranking` | `order`: ids, first is highest |
| `recommendation` | `what`, `owner`, `when` (a date), `measure`; `split_of` |
| | (replying to a recommendation revises it; `split_of` parts it) |
| `stance` | `of`; `value`: `consent`, `objection` or `stand_aside`; `reason` (of an objection) |
| `amendment` | `of` |
| `contribution` | `tag`, `side`: `for` or `against` (in phase `fit`); `finding` |
| `reflection` | `skipped`: true, with no text |
| `wording`, `change` | `principle`, `language` |
"""


class Both(BaseModel):
    """A text in both languages."""

    sv: str = ""
    en: str = ""


class SessionIn(BaseModel):
    """A session to plan. ``minutes`` changes the length of single phases, by phase id."""

    format: str
    title: Both
    case: str | None = None
    charter: str | None = None
    principles: list[str] | None = None
    access: str = "open"
    starts_at: datetime | None = None
    minutes: dict[str, float] | None = None


class MoveIn(BaseModel):
    """``minutes`` for extend; ``force`` and ``reason`` for an advance with work left."""

    minutes: float = 2
    force: bool = False
    reason: str = Field(default="", max_length=500)


class ConsentIn(BaseModel):
    """The separate choices; what is left out is no."""

    take_part: bool = False
    follow: bool = False
    quote_alias: bool = False
    quote_role: bool = False
    improve_translation: bool = False
    contact: bool = False


class JoinIn(BaseModel):
    """Somebody who comes in with a code. ``consent: true`` means taking part only."""

    code: str
    name: str
    language: str
    role: str | None = None
    bilingual: bool = False
    consent: bool | ConsentIn = False


class ContributionIn(BaseModel):
    """Something to say. ``client_id`` is made by the client: the same again is answered once."""

    client_id: str
    text: str = ""
    kind: str = "contribution"
    language: str | None = None
    reply_to: str | None = None
    fields: dict[str, Any] | None = Field(default=None, description=FIELDS)


class TextIn(BaseModel):
    text: str


class DisputeIn(BaseModel):
    word: str = ""
    reason: str = ""


class ReasonIn(BaseModel):
    reason: str = ""


class FloorIn(BaseModel):
    participant: str


class PictureIn(BaseModel):
    """A picture as base64; PNG, JPEG, WebP or GIF, at most 2 MB."""

    data: str
    alt: Both


class FindingIn(BaseModel):
    """A finding card in both languages; tags of the 4Ms."""

    title: Both
    text: Both
    source: str = ""
    tags: list[str] = []
    picture: PictureIn | None = None


class Open(BaseModel):
    """An answer that may gain names; the ones written here stay."""

    model_config = ConfigDict(extra="allow")


class ExitOut(BaseModel):
    code: str
    done: int
    wanted: int


class SessionOut(Open):
    """A live session."""

    id: str
    code: str
    join_url: str
    title: Both
    format: dict[str, Any]
    case: dict[str, Any] | None
    access: str
    state: str
    phase: str | None
    starts_at: str | None
    ends_at: str | None
    seconds_left: int | None
    time_up: bool
    exit_met: bool
    exit: ExitOut | None
    open_kinds: list[str]
    revision: int
    demonstration: bool
    published_at: str | None


class Sessions(BaseModel):
    items: list[SessionOut]
    next: str | None = None


class AuthorOut(BaseModel):
    id: str
    name: str
    role: str | None
    group: str | None


class TranslationOut(Open):
    """``status``: pending, machine, memory, corrected, disputed or failed (with ``reason``)."""

    text: str | None
    status: str
    by: str | None
    doubt: dict[str, Any] | None


class ContributionOut(Open):
    """A contribution. ``seq`` is null while it is not shared."""

    id: str
    session: str
    seq: int | None
    revision: int
    phase: str
    kind: str
    author: AuthorOut | None
    language: str
    looks_like: str | None = Field(
        description="The language the words look like, where it is not the one chosen"
    )
    text: str
    created_at: str
    translations: dict[str, TranslationOut]
    reply_to: str | None
    fields: dict[str, Any] = Field(description=FIELDS)
    removed: bool
    hidden: bool


class Contributions(BaseModel):
    """Shared contributions in ``seq`` order; ``next`` goes into ``after``."""

    items: list[ContributionOut]
    next: int | None = None


class ChangesOut(Open):
    """All that changed after one revision, up to another: ``items``, or ``html`` when asked."""

    session: str
    after: int
    upto: int


class ParticipantOut(BaseModel):
    id: str
    name: str
    language: str
    role: str | None
    group: str | None
    bilingual: bool
    ready: bool


class JoinOut(BaseModel):
    participant: ParticipantOut
    session: SessionOut
    token: str
    resume_url: str


class FindingOut(BaseModel):
    id: str
    title: Both
    text: Both
    source: str
    tags: list[str]
    picture: str | None
    picture_alt: Both | None
    shown: bool


class Findings(BaseModel):
    items: list[FindingOut]
    next: str | None = None


class BotTextIn(BaseModel):
    """A line in a facilitator's words, where they change it before it is sent."""

    text: Both | None = None


class MuteIn(BaseModel):
    muted: bool


class BotLineOut(BaseModel):
    """A line the chatbot has in mind; ``to``: all, facilitators or a participant's id."""

    id: str
    trigger: str
    to: str
    about: str | None
    text: Both
    draft: bool
    created_at: str
    sends_at: str | None


class BotOut(BaseModel):
    """The chatbot's waiting lines, next first."""

    muted: bool
    items: list[BotLineOut]


class PersonOut(BaseModel):
    id: str
    name: str
    role: str | None


class HandOut(BaseModel):
    participant: PersonOut
    raised_at: str
    has_floor: bool
    has_spoken: bool


class Queue(BaseModel):
    items: list[HandOut]
    next: str | None = None


class FormatOut(Open):
    id: str
    kind: str
    title: Both
    summary: Both
    phases: list[dict[str, Any]]


class Formats(BaseModel):
    items: list[FormatOut]
    next: str | None = None
