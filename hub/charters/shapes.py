"""What goes in and out of the JSON API of charters, for the OpenAPI description."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, Field

Language = Literal["sv", "en"]
SourceLanguage = Literal["sv", "en", "both"]
Status = Literal["missing", "draft", "human_reviewed", "tested_in_dialogue", "adopted"]
Kind = Literal["original", "import", "metadata_only"]
Texts = dict[Language, str]

STATUSES = """Statuses move one step at a time and are never skipped:

| from | to | by | needs |
|---|---|---|---|
| `missing` | `draft` | whoever writes the text | origin; for a machine its engine |
| `draft` | `human_reviewed` | editor | `note` (what was changed) and `reads_both` |
| `human_reviewed` | `tested_in_dialogue` | editor | a closed outcome of these very words |
| `tested_in_dialogue` | `adopted` | `POST /charters/{id}/adopt` | body, day, version, comment |
| any | `draft` | the hub | the source text was changed; a machine wrote new words |
| `tested_in_dialogue`, `adopted` | `human_reviewed` | the hub | the text was changed |
"""


class Words(BaseModel):
    """A principle's title and text in one language."""

    title: str
    text: str


class SourceIn(BaseModel):
    """Where a text is from. `country` is an ISO 3166 code or `INT`."""

    organisation: str = ""
    country: str = ""
    year: int | None = None
    citation: str = ""
    licence: str = "unknown"
    may_publish_translation: bool = False


class CharterIn(BaseModel):
    """A charter to begin, or (`yaml`) one from a file's text, as `GET …/export` writes it.

    `id` is made from the title where it is left out. `source_language` `both`: written side by
    side. With `yaml` all else but `right` and `may_publish` is left out; `right` is the statement
    of your right to use a text that others wrote, `may_publish` that it covers showing it to
    everybody.
    """

    id: str | None = None
    title: Texts = Field(default_factory=dict)
    preamble: Texts = Field(default_factory=dict)
    audience: Texts = Field(default_factory=dict)
    source: SourceIn | None = None
    source_language: SourceLanguage = "both"
    yaml: str | None = None
    right: str | None = None
    may_publish: bool | None = None


class DescriptionIn(BaseModel):
    """What a charter is called and said to be; what is left out stays."""

    title: Texts | None = None
    preamble: Texts | None = None
    audience: Texts | None = None
    themes: Texts | None = None
    source: SourceIn | None = None


class PrincipleIn(BaseModel):
    """A principle to add, at `position` from 0, or last.

    `texts` in the language that the charter was written in; in both where both are its source.
    """

    texts: dict[Language, Words]
    position: int | None = None


class PlaceIn(BaseModel):
    """Where a principle stands, from 0, and the glossary's terms in it; what is left out stays.

    A principle that was removed comes back.
    """

    position: int | None = None
    glossary_terms: list[str] | None = None


class TextIn(BaseModel):
    """New words, a status, or both: the words come first.

    `based_on` is the `revision` of the text that the writer had before them: where it is no longer
    the present one, 409, and nothing is changed. `substance`: the change says something else, so
    that the other language falls back to draft (for a charter written side by side; a change in
    the one language that others were written in always does). `outcome`: the dialogue's outcome
    that the words or the status come from.
    """

    title: str | None = None
    text: str | None = None
    based_on: int | None = None
    substance: bool = False
    origin: Literal["person", "machine"] = "person"
    engine: str = ""
    status: Status | None = None
    note: str = ""
    reads_both: bool = False
    outcome: str | None = None


class VersionIn(BaseModel):
    """A version to keep. `number` follows the latest where it is left out.

    `note` says in both languages what changed, why and from which dialogues.
    """

    number: str | None = None
    note: Texts = Field(default_factory=dict)


class AdoptionIn(VersionIn):
    """An adoption. `principles`: all that are tested in both languages where it is left out.

    `body`: those who will live by them; `on`: the day of their decision.
    """

    principles: list[str] | None = None
    body: str = ""
    on: date


class DissentIn(BaseModel):
    """The outcome whose dissent is to stand beside its principle."""

    outcome: str


class CommentIn(BaseModel):
    """A comment on a principle, or on the charter where `principle` is left out.

    The same `client_id` again is the same comment, never a second.
    """

    client_id: str
    text: str
    language: Language
    principle: str | None = None


class SettledIn(BaseModel):
    """Whether a comment has been dealt with."""

    settled: bool = True


class VersionOut(BaseModel):
    """A version. `adopted_by` is null for one that was kept and not adopted."""

    number: str
    on: str
    based_on: str | None
    note: Texts
    adopted_by: str | None


class RoundOut(BaseModel):
    """A round of comment: until when, over which revisions of each principle's texts."""

    number: int
    opened_on: str
    closes_at: str
    revisions: dict[str, dict[str, int]]


class FitOut(BaseModel):
    """Ratings 1 to 5: people by value, and a label from five ratings on."""

    counts: list[int]
    passed: int
    n: int
    label: str | None
    by_group: dict[str, dict[str, Any]]


class PrincipleOut(BaseModel):
    """A principle with its two texts.

    `shown`: what the public sees, which is the pair that was adopted while it is `reworked`.
    `leaving`: taken out, but in sight until the next version. For editors also `suggested` (what
    outcomes suggest), `outcomes` and `next` (the status that may come next).
    """

    id: str
    n: int
    title: Texts
    text: Texts
    status: dict[Language, Status]
    origin: dict[Language, Literal["person", "machine"] | None]
    engine: Texts
    revision: dict[Language, int]
    glossary_terms: list[str]
    shown: dict[Language, Words]
    adopted: dict[str, Any] | None
    reworked: bool
    leaving: bool
    dissent: list[dict[str, Any]]
    dialogues: list[dict[str, Any]]
    log: list[dict[str, Any]]
    fit: FitOut | None
    suggested: str | None = None
    outcomes: list[dict[str, Any]] | None = None
    next: dict[Language, Status | None] | None = None


class CharterHead(BaseModel):
    """What is known of a charter. `status` is the lowest among principles and languages.

    `may_show`: its texts may be shown to everybody; where not, they are empty.
    """

    id: str
    kind: Kind
    title: Texts
    preamble: Texts
    source: dict[str, Any]
    audience: Texts
    themes: Texts
    source_language: SourceLanguage
    status: Status
    status_by_language: dict[Language, Status]
    may_show: bool
    version: dict[str, Any] | None
    demonstration: bool


class CharterItem(CharterHead):
    """A charter in a list; `count` is the number of principles."""

    count: int
    updated_at: str


class CharterOut(CharterHead):
    """A charter. `being_reworked`: its words are no longer those of its latest version."""

    versions: list[VersionOut]
    being_reworked: bool
    round: RoundOut | None
    right: dict[str, Any] | None
    principles: list[PrincipleOut]


class Charters(BaseModel):
    """A page of charters."""

    items: list[CharterItem]
    next: str | None


class Versions(BaseModel):
    """All versions, newest first."""

    items: list[VersionOut]
    next: str | None = None


class CommentOut(BaseModel):
    """A comment. `translation` in the other language, where there is one."""

    id: str
    principle: str | None
    round: int | None
    by: Literal["editor", "participant"]
    language: Language
    text: str
    translation: dict[str, Any] | None
    created_at: str
    settled_at: str | None


class Comments(BaseModel):
    """All comments that the caller may read, oldest first."""

    items: list[CommentOut]
    next: str | None = None
