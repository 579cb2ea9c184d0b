"""The shapes of summaries over HTTP."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

Language = Literal["sv", "en"]
Audience = Literal["leaders", "educators", "professions", "citizens", "funders"]
Texts = dict[Language, str]


class SummaryIn(BaseModel):
    """The language that a summary is written in first."""

    language: Language = "sv"


class SummaryItem(BaseModel):
    """A published summary in a list, with its headline for one audience."""

    id: str
    title: Texts
    headline: Texts
    case: dict[str, Any] | None
    edition: int
    note: Texts | None
    published_at: str | None
    updated_at: str | None
    demonstration: bool


class Summaries(BaseModel):
    """A page of summaries, newest first."""

    items: list[SummaryItem]
    next: str | None


class TextsIn(BaseModel):
    """Other words for a statement. A language left out or empty stays as it is.

    ``revision`` is that of the statement as it was read: where it has another one by now nothing
    is changed, and the answer is 409. The header ``If-Match`` says the same. ``quote_of``: where a
    voice is asked for, the contribution that the words are quoted from.
    """

    texts: Texts
    sources: list[str] | None = None
    quote_of: str | None = None
    revision: int | None = None


class StatementIn(BaseModel):
    """A statement of the editor's own; ``sources`` are ids of what it rests on.

    In the block `voice` it is a quotation ``quote_of`` a contribution, which is a source by itself.
    The same ``client_id`` again, letters by chance, is the same statement, never a second.
    """

    audience: Audience
    block: str
    texts: Texts
    sources: list[str] = Field(default_factory=list)
    quote_of: str | None = None
    client_id: str = Field(default="", max_length=80)


class RemoveIn(BaseModel):
    """Why a statement is left out; needed where its block is left out with it."""

    why: str = ""
    revision: int | None = None


class RestoreIn(BaseModel):
    """The revision of the statement as it was read."""

    revision: int | None = None


class OwnerIn(BaseModel):
    """Who is responsible for a recommendation, in both languages: a role or a unit."""

    owner: Texts


class ReviewIn(BaseModel):
    """A language in which every statement has been read; of one audience, or of all."""

    language: Language
    audience: Audience | None = None


class PointIn(BaseModel):
    """What somebody who took part says of a statement: ``confirm``, or ``contest`` and why."""

    statement: str
    answer: Literal["confirm", "contest"]
    text: str = ""


class SettleIn(BaseModel):
    """What was done about what somebody contested."""

    settled: str


class PublishIn(BaseModel):
    """What was put right since the last edition, and the revision of the summary as it was read."""

    note: Texts | None = None
    revision: int | None = None


class AnswerIn(BaseModel):
    """A reader's answer to "Does this match what you see?"."""

    audience: Audience
    language: Language
    matches: Literal["yes", "partly", "no"]
    text: str = ""


class StatementOut(BaseModel):
    """A statement as its editor sees it. ``statuses``: missing, draft or human_reviewed."""

    id: str
    audience: str
    block: str
    key: str
    texts: Texts
    statuses: Texts
    sources: list[str]
    quote: dict[str, Any] | None
    question: str | None
    edited: bool
    removed: bool
    why_removed: str
    revision: int


class PointOut(BaseModel):
    """What somebody who took part said of a statement; who it was is not told."""

    id: str
    statement: str
    answer: str
    text: str
    language: str | None
    at: str | None
    settled: str
    settled_at: str | None


class SummaryOut(BaseModel):
    """A summary without what it says."""

    id: str
    session: str | None
    case: str | None
    title: Texts
    language: str
    tags: list[str]
    state: str
    edition: int
    revision: int
    built_at: str | None
    confirm_from: str | None
    confirm_until: str | None
    read_by_lived_at: str | None
    published_at: str | None
    changed_at: str | None
    demonstration: bool


class WorkbenchOut(SummaryOut):
    """One audience's version to be worked on, with all that stands in the way of publishing."""

    audience: str
    blocks: list[dict[str, Any]]
    faults: list[dict[str, Any]] = Field(description="What stops publishing, for all audiences.")
    faults_by_audience: dict[str, int]
    waits: list[dict[str, Any]]
    advice: list[dict[str, Any]] = Field(description="What stops nothing.")
    words: dict[Language, int]
    length: list[int]
    open_questions: int
    contested: int
    reviewed: dict[Language, bool]


class Rebuilt(BaseModel):
    """How many statements changed, came or went."""

    changed: int


class Mailed(BaseModel):
    """How many mails that makes."""

    mails: int


class Reviewed(BaseModel):
    """How many statements are reviewed that were drafts."""

    reviewed: int


class Renamed(BaseModel):
    """In how many statements the owner is called by the new name."""

    changed: int


class EditionOut(BaseModel):
    """A published edition without what it says."""

    number: int
    note: Texts | None
    facts: dict[str, Any]
    published_at: str | None


class Points(BaseModel):
    """What those who took part said of a summary."""

    items: list[PointOut]
    next: None = None


class ReaderOut(BaseModel):
    """What a reader answered."""

    id: str
    audience: str
    language: str
    matches: str
    text: str
    at: str | None


class Readers(BaseModel):
    """What readers answered, latest first."""

    items: list[ReaderOut]
    next: None = None
