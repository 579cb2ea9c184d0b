"""What goes in and out of the JSON API, for the OpenAPI description."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FIELDS = """What the kind needs besides its text:

| kind | fields |
|---|---|
| `restatement` | `of`: the contribution restated |
| `restatement_check` | `of`: the restatement; `answer`: `yes`, `partly` or `no` |
| `rating` | `of`, `scale`, `value`: 1–5 or `"pass"`, `reason`. In a dialogue `of` is the \
principle that is talked about and `scale` is `fit`, both by themselves; 1 and 2 want a reason |
| `ranking` | `order`: themes, first is highest, the first three get 3, 2 and 1 points; \
or empty with `passed`: true |
| `theme` | `from`: at most 20 ids of the posts it was made from |
| `recommendation` | `what`, `owner`, `when` (a date, not past), `measure`; `split_of` |
| | (replying to a theme or recommendation with one of its kind revises it: the first post keeps \
its place and has the latest words in `current`; `split_of`, of a part, is what was split, which \
is then no longer decided on; `owner_agreed` is true where those named as responsible said yes) |
| `stance` | `of`; `value`: `consent`, `objection` or `stand_aside`; `reason` (of an objection); \
`wording`: the post whose words it is on, refused with 409 where those are not the latest. In a \
dialogue `of` is what is put to the room, by itself: a wording or change, or the principle for its \
text as it is |
| `amendment` | `of` |
| `contribution` | `tag`: `law`, `roles`, `money`, `culture`, `words` or `other`, and `side`: \
`for` or `against`, both wanted in phase `fit` but of a reply; `finding` |
| `contribution`, `facilitation` | `remark_on`: the language of the translation that this remark \
came with a correction of; set by the hub alone |
| `reflection` | `skipped`: true, with no text |
| `wording` | `principle` (by itself the one that is talked about), `language`: that of the text \
(`sv`); `untranslatable`: a term without a good word, with or without a text; set by the hub: \
`mixed`, `asked` while its author is asked whether it changes the meaning |
| `change` | `principle`, `change`: `keep`, `add`, `remove`, `move` or `split` |
| | (replying to one's own wording or change with one of its kind revises it; a facilitator's \
words for it have `revises`, `merges`, `asked` and `answers`, and stand when all asked said yes) |
| `facilitation` | `dissent`: true, `principle`, `group`: what a group is not agreed on; set by \
the hub alone |
"""


ProgressStatus = Literal["open", "doing", "done", "dropped"]


class Both(BaseModel):
    """A text in both languages."""

    sv: str = ""
    en: str = ""


class SupportIn(BaseModel):
    """Whom people can turn to: a name, and a telephone number or another way to reach them."""

    name: str = ""
    contact: str = ""


class EntryIn(BaseModel):
    """Who may come in, and who is there for them; what is left out stays as it is."""

    access: str | None = None
    guarded: bool | None = None
    support: SupportIn | None = None


class InvitationIn(BaseModel):
    """A person to invite.

    ``label``: who it is for; it is sealed, and only facilitators see it. With ``email`` the link is
    sent, in ``language`` or else in both. ``child`` wants ``guardians_said_yes``. In a guarded
    session ``no_say_in_care`` is wanted: whoever asks decides on nobody's care. ``count`` makes
    several links at once, each for one person.
    """

    label: str = Field(default="", max_length=80)
    email: str = ""
    language: str | None = None
    child: bool = False
    guardians_said_yes: bool = False
    no_say_in_care: bool = False
    count: int = 1


class LinkOut(BaseModel):
    id: str
    url: str


class InvitationOut(BaseModel):
    """``state``: waiting, used, declined or recalled. Who it was for is erased in the last two."""

    id: str
    state: str
    label: str
    email: str
    language: str | None
    child: bool
    participant: dict[str, str] | None
    made_at: str
    used_at: str | None
    declined_at: str | None
    recalled_at: str | None


class InvitationMade(InvitationOut):
    """``url`` is shown this once. ``more``: the other links, where several were asked for."""

    url: str
    mailed: bool
    more: list[LinkOut] = []


class Invitations(BaseModel):
    items: list[InvitationOut]
    next: str | None = None


class SessionIn(BaseModel):
    """A session to plan. ``minutes`` changes the length of single phases, by phase id.

    ``follows``: the closed session whose recommendations it takes up, by id, or ``latest`` for
    the latest of the same case. A format of kind dialogue wants a ``charter``; ``principles`` are
    those it talks about, in order, all where left out. ``guarded``: children, inpatients or others
    who need more care take part, as they always do where the case is ``vulnerable``; then
    ``access`` is ``invited``, also where it is left out, and a ``support`` person has to be named
    before the session opens.
    """

    format: str
    title: Both
    case: str | None = None
    follows: str | None = None
    charter: str | None = None
    principles: list[str] | None = None
    access: str | None = None
    guarded: bool = False
    support: SupportIn | None = None
    starts_at: datetime | None = None
    minutes: dict[str, float] | None = None


class MoveIn(BaseModel):
    """``minutes`` for extend; ``force`` and ``reason`` for an advance with work left."""

    minutes: float = 2
    force: bool = False
    reason: str = Field(default="", max_length=500)


class PutIn(BaseModel):
    """A wording or change to put to the room; null for the text of the principle as it is."""

    of: str | None = None


class DissentIn(BaseModel):
    """What a group is not agreed on; ``group``: lived, practice, research, or null for others."""

    text: str
    group: str | None = None
    language: str | None = None


class OutcomeIn(BaseModel):
    """What is decided on the principle that is talked about.

    ``decision`` is one that the facts allow (``allowed``); left out, it stays or follows from
    them. ``dissent`` takes the place of what was written before; left out, that stays.
    """

    decision: str | None = None
    dissent: list[DissentIn] | None = None


class ParkIn(BaseModel):
    """Why a principle is left as it is.

    ``principle``: which one, so that the same call twice parks no other.
    """

    reason: str = Field(default="", max_length=500)
    principle: str | None = None


class OrderIn(BaseModel):
    """The principles that are not begun, in the order to talk about them."""

    principles: list[str]


class TagIn(BaseModel):
    tag: str


class SuggestionIn(BaseModel):
    """A facilitator's words for a wording or change; ``merges``: others that become one with it."""

    client_id: str
    text: str
    language: str | None = None
    change: str | None = None
    merges: list[str] = Field(default=[], max_length=20)


class LeaveIn(BaseModel):
    """The author's answer; ``participant``: whose it is, where a scribe gives it for them."""

    agree: bool = True
    participant: str | None = None


class BoxIn(BaseModel):
    """Whether it is the translation (``wording``) or the content (``change``) that changes."""

    box: str
    change: str | None = None
    participant: str | None = None


class ConsentIn(BaseModel):
    """The separate choices; what is left out is no."""

    take_part: bool = False
    follow: bool = False
    quote_alias: bool = False
    quote_role: bool = False
    improve_translation: bool = False
    contact: bool = False
    transcribe: bool = False


class JoinIn(BaseModel):
    """Somebody who comes in with a code. ``consent: true`` means taking part only.

    ``version`` is the consent text that they saw (422 where it is no longer in force), and
    ``understood`` their answers to its questions, by question id (422 where one is wrong); both
    may be left out. ``email`` is kept only with ``contact``.
    """

    code: str
    name: str
    language: str
    role: str | None = None
    bilingual: bool = False
    consent: bool | ConsentIn = False
    remote: bool = Field(default=False, description="In a hybrid session: not in the room")
    version: str | None = Field(default=None, max_length=20)
    understood: dict[str, str] | None = None
    tries: int = Field(default=0, ge=0, le=1000, description="Wrong answers given before")
    email: str = Field(default="", max_length=254)


class ConsentChangeIn(BaseModel):
    """What somebody says yes to from now on. ``session`` is needed with more than one seat.

    ``version``: the text that they saw (422 where it is no longer in force). ``email``: null
    keeps it as it was; it is erased where ``contact`` is no.
    """

    consent: bool | ConsentIn = False
    session: str | None = None
    version: str | None = Field(default=None, max_length=20)
    email: str | None = Field(default=None, max_length=254)


class ConsentSaid(BaseModel):
    """What somebody said yes to. ``asked_again``: the text has changed since, to ``in_force``."""

    session: str
    participant: str
    choices: dict[str, bool]
    version: str
    language: str
    given_at: datetime
    how: str
    in_force: str
    asked_again: bool


class Paragraphs(BaseModel):
    sv: list[str]
    en: list[str]


class ConsentPart(BaseModel):
    title: Both
    text: Paragraphs


class ConsentChoice(BaseModel):
    id: str
    label: Both
    hint: Both | None = None


class ConsentAnswer(BaseModel):
    id: str
    text: Both


class ConsentQuestion(BaseModel):
    """A question that checks that the text was understood."""

    id: str
    question: Both
    answers: list[ConsentAnswer]


class ConsentTextOut(BaseModel):
    """A version of what people say yes to. ``news``: what is new in it, where it says so."""

    version: str
    date: str
    in_force: bool
    short: Paragraphs
    full: list[ConsentPart]
    choices: list[ConsentChoice]
    questions: list[ConsentQuestion]
    news: Paragraphs | None = None


class WithdrawIn(BaseModel):
    """``keep_anonymous``: what was shared stays, without a name; else it is erased.

    ``session``: from this one alone; left out, from every session the caller has a seat in.
    """

    keep_anonymous: bool
    session: str | None = None


class WithdrawnOut(BaseModel):
    """The sessions that the caller has withdrawn from, and when."""

    sessions: list[str]
    kept_anonymous: bool
    at: str


class InviteIn(BaseModel):
    """A group that is here: ``lived``, ``practice`` or ``research``."""

    group: Literal["lived", "practice", "research"]


class AskedTermIn(BaseModel):
    term: str


class TermIn(BaseModel):
    """A term of a session: what is said in one language and in the other.

    ``sv_forms`` and ``en_forms`` are its other forms in order, at most three (definite, plural,
    definite plural); ``avoid_sv`` and ``avoid_en`` shall not stand for it. ``keep``: it stays as
    it is in both languages. ``suggest``: editors are asked to keep it for all sessions.
    """

    sv: str
    en: str
    sv_forms: list[str] = []
    en_forms: list[str] = []
    avoid_sv: list[str] = []
    avoid_en: list[str] = []
    note: str = ""
    keep: bool = False
    suggest: bool = False


class TermOut(BaseModel):
    """A term. ``state``: session, suggested, kept (for all sessions) or dropped (not for all)."""

    id: str
    session: str | None
    sv: str
    en: str
    sv_forms: list[str]
    en_forms: list[str]
    avoid_sv: list[str]
    avoid_en: list[str]
    note: str
    keep: bool
    disputed: bool
    state: Literal["session", "suggested", "kept", "dropped"]
    by: str | None
    at: str


class Terms(BaseModel):
    items: list[TermOut]
    next: str | None = None


class OfferIn(BaseModel):
    """Whom to offer a post to restate; everybody who has restated nobody where left out."""

    participant: str | None = None


class OfferOut(BaseModel):
    participant: str
    of: str


class Offers(BaseModel):
    items: list[OfferOut]


class SeatIn(BaseModel):
    """Somebody in the room without a device. ``consent`` is what they said yes to, aloud."""

    name: str
    language: str
    role: str | None = None
    consent: bool | ConsentIn = False


class ContributionIn(BaseModel):
    """Something to say. ``client_id`` is made by the client: the same again is answered once."""

    client_id: str
    text: str = ""
    kind: str = "contribution"
    language: str | None = None
    reply_to: str | None = None
    fields: dict[str, Any] | None = Field(default=None, description=FIELDS)
    written_for: str | None = Field(
        default=None,
        description="A participant's id: a facilitator is their scribe, the words are theirs",
    )


class TextIn(BaseModel):
    text: str


class TranslationIn(BaseModel):
    """A corrected translation, and, where wanted, what was wrong with the former one."""

    text: str
    remark: str = Field(
        default="",
        description="What was wrong, at most 500 characters: a post by the corrector that answers "
        "the corrected one, with `remark_on` in its fields, translated as any other. Where nothing "
        "can be said to all now, the whole call is refused with 409 `remark_closed`",
    )
    remark_language: str | None = Field(
        default=None, description="The language of the remark; else the corrector's own"
    )
    client_id: str | None = Field(
        default=None,
        description="Made by the client: the same again never gives a second remark. Left out, "
        "the same words on the same translation are the same remark",
    )


class StatusIn(BaseModel):
    """What became of a recommendation: open, doing, done, or dropped with a reason."""

    status: str
    reason: str = Field(default="", max_length=500)


class DisputeIn(BaseModel):
    word: str = ""
    reason: str = ""


class ReasonIn(BaseModel):
    """Why a post is hidden: one of the reasons that are counted, or any text."""

    reason: str = Field(
        "",
        description="`personal_data`, `third_person`, `danger`, `offensive`, `off_topic`, "
        "`repeated`, `other` (with a note), or any text, which is counted as `other`",
    )
    note: str = Field("", description="What the author is told besides")


class AnswerIn(BaseModel):
    """What the author of a hidden post answers."""

    text: str = ""


class RemoveIn(BaseModel):
    """Why somebody is sent out of the room."""

    reason: Literal["disturbs", "offensive", "threat", "not_invited", "other"]


class ModerationIn(BaseModel):
    """What a session does with many and with risky posts. What is left out stays as it is."""

    slow_seconds: int | None = Field(
        None, description="Least seconds between two posts of one person: 0, 15, 30, 60 or 120"
    )
    holds_risky: bool | None = Field(
        None, description="Posts on danger or a third person wait for a facilitator"
    )


class ReasonCount(BaseModel):
    """How often something was done for a reason."""

    act: Literal["hidden", "held", "removed_from_room"]
    kind: str = Field(description="The kind of post; `participant` for people")
    reason: str
    count: int


class RemovedOut(BaseModel):
    """Somebody who was sent out of the room."""

    id: str
    name: str
    reason: str | None
    at: str | None


class AgreeIn(BaseModel):
    """Whether the one who is named as responsible takes it on."""

    agree: bool = True


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
    language: str | None = Field(
        default=None, description="The language it was first written in; else the sender's"
    )


class Open(BaseModel):
    """An answer that may gain names; the ones written here stay."""

    model_config = ConfigDict(extra="allow")


class ExitOut(BaseModel):
    code: str
    done: int
    wanted: int


class PrincipleOut(BaseModel):
    """A principle of a dialogue; ``n`` is its place in the charter."""

    id: str
    n: int
    title: Both
    state: Literal["next", "now", "done", "parked"]
    decision: str | None


class DissentOut(BaseModel):
    group: str | None
    language: str
    text: dict[str, str]


class OutcomeOut(Open):
    """What a dialogue came to on one principle.

    ``put`` is the text that was put to the room, ``agreed`` the one agreed on. ``ratings`` have a
    ``label`` from five on, and ``by_group`` only what tells nothing of fewer than three people.
    """

    id: str
    principle: str
    decision: str | None
    allowed: list[str]
    put: dict[str, Any]
    agreed: dict[str, Any] | None
    dissent: list[DissentOut]
    ratings: dict[str, Any]
    reason: str
    closed_at: str | None


class Outcomes(BaseModel):
    items: list[OutcomeOut]
    next: str | None = None


class FollowUpOut(BaseModel):
    """Until when each person is asked how they are, and since when that is done."""

    by: str
    done_at: str | None


class SessionOut(Open):
    """A live session.

    In a dialogue the phases between the first and the last come again for each principle:
    ``phase`` is the step and ``principle`` what it is about.
    """

    id: str
    code: str
    join_url: str | None = Field(description="null where people come in by invitation alone")
    title: Both
    format: dict[str, Any]
    case: dict[str, Any] | None
    access: str
    guarded: bool = Field(description="The rules for people who need more care apply")
    support: SupportIn | None = Field(default=None, description="Whom people can turn to")
    follow_up: FollowUpOut | None = Field(description="Of a guarded session that is over")
    state: str
    phase: str | None
    charter: str | None
    principle: str | None
    principles: list[PrincipleOut]
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
    record_edition: int = Field(description="Of the published record: one more when words leave it")
    record_changed_at: str | None
    follows: str | None = Field(description="The session whose recommendations it takes up")


class Sessions(BaseModel):
    items: list[SessionOut]
    next: str | None = None


class AuthorOut(BaseModel):
    """``name`` is null for somebody who has withdrawn and left their words."""

    id: str
    name: str | None
    role: str | None
    group: str | None


class TranslationOut(Open):
    """``status``: pending, machine, memory, corrected, disputed or failed (with ``reason``).

    ``hints``, of a machine's text: words of the original that may mean several things, each
    ``written`` so, with its ``senses`` and the id of its ``term`` in the glossary.
    ``origin`` says where a text from memory is from: bot, format, catalogue, charter, or
    correction, which ``by`` made in the same session.
    """

    text: str | None
    status: str
    by: str | None
    origin: str | None
    doubt: dict[str, Any] | None


class ContributionOut(Open):
    """A contribution. ``seq`` is null while it is not shared."""

    id: str
    session: str
    seq: int | None
    revision: int
    phase: str
    principle: str | None
    kind: str
    author: AuthorOut | None
    language: str
    looks_like: str | None = Field(
        description="The language the words look like, where it is not the one chosen"
    )
    text: str
    created_at: str
    corrected_at: str | None = Field(description="When its author corrected it after the session")
    translations: dict[str, TranslationOut]
    reply_to: str | None
    fields: dict[str, Any] = Field(description=FIELDS)
    removed: bool
    hidden: bool
    hidden_code: str | None = Field(
        None, description="Why it is hidden; told to its author and to facilitators"
    )
    hidden_reason: str = Field("", description="What was written beside the reason; as above")
    hidden_answer: str = Field("", description="What its author answered; as above")
    held: bool = Field(False, description="Waits for a facilitator, and has no `seq`")
    scribe: str | None = Field(description="Who typed it, where that was not the author")


class ModerationOut(BaseModel):
    """What waits for a facilitator, what is hidden, who was sent out, and the counts."""

    slow_seconds: int
    holds_risky: bool
    held: list[ContributionOut]
    hidden: list[ContributionOut]
    removed: list[RemovedOut]
    counts: list[ReasonCount]


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
    remote: bool


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


class ComingOut(BaseModel):
    """A line that the chatbot foresees, and when it would say it if nothing changes."""

    trigger: str
    to: str
    at: str
    text: Both


class BotOut(BaseModel):
    """The chatbot's waiting lines, and those it foresees, soonest first."""

    muted: bool
    items: list[BotLineOut]
    next: list[ComingOut]


class PersonOut(BaseModel):
    id: str
    name: str
    role: str | None


class HandOut(BaseModel):
    participant: PersonOut
    raised_at: str
    has_floor: bool
    has_spoken: bool
    remote: bool


class Queue(BaseModel):
    items: list[HandOut]
    next: str | None = None


class FollowedSessionOut(BaseModel):
    """The session that a recommendation comes from."""

    id: str
    title: Both
    case: str | None
    closed_at: str | None


class RecommendationOut(Open):
    """A recommendation and what became of it; ``status`` is null where it was not adopted."""

    id: str
    session: FollowedSessionOut
    language: str
    text: str
    translations: dict[str, TranslationOut]
    owner: str | None
    when: str | None
    measure: str | None
    result: str
    status: str | None
    reason: str
    at: str | None


class Recommendations(BaseModel):
    """Adopted recommendations; ``to_decide`` are those that were parked or left undecided."""

    items: list[RecommendationOut]
    to_decide: list[RecommendationOut]
    next: str | None = None


class FormatOut(Open):
    id: str
    kind: str
    title: Both
    summary: Both
    hybrid: bool
    own: bool
    phases: list[dict[str, Any]]


class FormatWhole(FormatOut):
    """``version`` marks the words of an own format; a change may name the one it began from."""

    triggers: dict[str, Both]
    version: str | None = None


class Formats(BaseModel):
    items: list[FormatOut]
    next: str | None = None


class QuestionOut(BaseModel):
    """One question. ``values`` are its answers in numbers; it is answered in words where empty."""

    id: str
    version: int
    when: Literal["before", "after"]
    kind: Literal["scale", "picture", "open"]
    domain: str | None
    text: Both
    values: list[int]


class QuestionFormOut(BaseModel):
    """A form: the ids of its questions by part (``first``, ``dialogue``, ``more``, ``open``)."""

    id: str
    when: Literal["before", "after"]
    open: bool
    parts: dict[str, list[str]]


class QuestionsOut(BaseModel):
    """The questions before and after a session, and which may be answered now.

    ``scale`` and ``picture`` say what the numbers mean, ``unsure`` what ``null`` means.
    """

    forms: list[QuestionFormOut]
    items: list[QuestionOut]
    scale: dict[str, Both]
    picture: dict[str, Both]
    unsure: Both
    note: Both


class AnswersIn(BaseModel):
    """Answers by question: a number, a text of at most 4,000 characters, or null.

    Null says that one would rather not say. A question left out is skipped, and an earlier answer
    to it is erased.
    """

    items: dict[str, Any] = Field(examples=[{"po2": 4, "po8": None, "poO1": "Längre paus"}])


class AnswersOut(BaseModel):
    """One's own answers; nobody else can see whose they are."""

    when: Literal["before", "after"]
    open: bool
    items: dict[str, int | str | None]
