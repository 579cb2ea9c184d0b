"""Summaries over HTTP: anybody reads what is published; facilitators and editors write."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, NotFound
from hub.gatherings.screens import Room
from hub.gatherings.views import moment
from hub.people.door import Asking
from hub.summaries import actions, doorway, paper
from hub.summaries.models import Summary
from hub.summaries.reading import audience_of, read_draft, read_list, read_published
from hub.summaries.shapes import (
    AnswerIn,
    Audience,
    EditionOut,
    Language,
    Mailed,
    OwnerIn,
    PointIn,
    PointOut,
    Points,
    PublishIn,
    ReaderOut,
    Readers,
    Rebuilt,
    RemoveIn,
    Renamed,
    RestoreIn,
    Reviewed,
    ReviewIn,
    SettleIn,
    StatementIn,
    StatementOut,
    Summaries,
    SummaryIn,
    SummaryItem,
    SummaryOut,
    TextsIn,
    WorkbenchOut,
)
from hub.summaries.views import (
    edition_view,
    point_view,
    reader_view,
    statement_view,
    summary_view,
    workbench_view,
)
from hub.web import Db, Options, RateLimits, Render, Time, address_of, language_of, see_other

router = APIRouter(prefix="/api/v1", tags=["summaries"])
# A reader answers once or twice; a school class may do so from one address.
ANSWER_RULE = "30 per hour"
PAPER_RULE = "20 per minute"
JSON, PDF, HTML, PLAIN = "application/json", "application/pdf", "text/html", "text/plain"
IfMatch = Annotated[str | None, Header(description="The revision of the statement as read.")]


def wanted_type(accept: str) -> str:
    """Which of our media types an ``Accept`` header asks for first; JSON where it names none."""
    best, weight = JSON, 0.0
    for part in accept.split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            value = float(quality)
        except ValueError:
            value = 0.0
        if name.lower() in (JSON, PDF, HTML, PLAIN) and value > weight:
            best, weight = name.lower(), value
    return best


def _revision(told: int | None, if_match: str | None) -> int:
    """The revision that the caller has read. Raises Invalid where they do not say."""
    header = (if_match or "").strip().removeprefix("W/").strip('"')
    if told is None and header.isascii() and header.isdigit() and len(header) < 10:
        told = int(header)
    if told is None:
        raise Invalid({"/revision": "revision_missing"})
    return told


@router.get("/summaries")
async def get_summaries(
    database: Db,
    case: Annotated[str | None, Query(max_length=40)] = None,
    audience: Audience = "citizens",
    after: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Summaries:
    """Published summaries, newest first, each with its headline for one audience."""
    async with database.reading() as tx:
        items, following = await read_list(tx, audience, case=case, after=after, limit=limit)
    return Summaries(
        items=[
            SummaryItem.model_validate(
                {
                    **item,
                    "published_at": moment(item["published_at"]),
                    "updated_at": moment(item["updated_at"]),
                }
            )
            for item in items
        ],
        next=following,
    )


@router.get(
    "/summaries/{summary_id}",
    response_model=None,
    responses={200: {"content": {PDF: {}, PLAIN: {}}}, 303: {"description": "The page, as HTML."}},
)
async def get_summary(
    summary_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    options: Options,
    limits: RateLimits,
    audience: Audience = "citizens",
    language: Language | None = None,
) -> Response:
    """One audience's version: JSON, PDF, plain text, or the page, by ``Accept``.

    What is not published yet is there for those who may read the draft, without an edition.
    ``language`` picks the texts of one language; without it there are both.
    """
    code = language or language_of(request)
    path = f"/summaries/{summary_id}?audience={audience}"
    async with database.reading() as tx:
        summary = await doorway.access(tx, caller, summary_id)
        read = read_published if summary.edition else read_draft
        found = await read(tx, summary, audience_of(audience))
    wanted = wanted_type(request.headers.get("accept", ""))
    if wanted == HTML:
        told = f"&language={code}" if language else ""
        return see_other(path + told + ("" if summary.edition else "&draft=1"))
    address = f"{options.base_url}{path}&language={code}"
    if wanted == PLAIN:
        text = paper.write_text(renderer, found, code, address=address)
        return PlainTextResponse(text, headers={"Content-Language": code})
    if wanted == PDF:
        await limits.check(PAPER_RULE, "summary_pdf", address_of(request))
        written = await paper.write_pdf(renderer, found, code, address=address)
        return Response(written, media_type=PDF, headers={"Content-Language": code})
    return JSONResponse(found if language is None else _in_one(found, language))


def _in_one(value: Any, language: str) -> Any:
    """The same with the texts of one language alone, where there are words in it."""
    if isinstance(value, list):
        return [_in_one(each, language) for each in value]
    if not isinstance(value, dict):
        return value
    if value and set(value) <= {"sv", "en"} and value.get(language):
        return {language: value[language]}
    return {key: _in_one(each, language) for key, each in value.items()}


@router.post("/sessions/{session_id}/summaries", status_code=201)
async def post_summary(
    session_id: str,
    caller: Asking,
    screens: Room,
    renderer: Render,
    response: Response,
    body: SummaryIn | None = None,
) -> SummaryOut:
    """Build the summaries of a closed session (facilitators, editors).

    Where there are some already they are brought up to date, and the answer is 200.
    """
    language = (body or SummaryIn()).language
    summary, new = await doorway.make(screens, renderer, caller, session_id, language=language)
    response.status_code = 201 if new else 200
    return SummaryOut.model_validate(summary_view(summary))


@router.get("/summaries/{summary_id}/workbench")
async def get_workbench(
    summary_id: str, caller: Asking, screens: Room, audience: Audience = "citizens"
) -> WorkbenchOut:
    """One audience's version as it is worked on, and what stops publishing (facilitators,
    editors)."""
    async with screens.database.reading() as tx:
        summary = await doorway.access(tx, caller, summary_id, to="edit")
        return WorkbenchOut.model_validate(
            workbench_view(
                summary,
                await actions.list_statements(tx, summary.id),
                await actions.list_points(tx, summary.id),
                await doorway.read_faults(screens, tx, summary),
                audience=audience,
            )
        )


@router.post("/summaries/{summary_id}/rebuild")
async def post_rebuild(summary_id: str, caller: Asking, screens: Room, renderer: Render) -> Rebuilt:
    """Bring what nobody has changed up to date with the record (facilitators, editors)."""
    return Rebuilt(changed=await doorway.rebuild(screens, renderer, caller, summary_id))


# --- statements ----------------------------------------------------------------------------------


def _statement(statement: Any, summary: Summary) -> StatementOut:
    return StatementOut.model_validate(statement_view(statement, summary.facts.get("voices", {})))


@router.post("/summaries/{summary_id}/statements", status_code=201)
async def post_statement(
    summary_id: str, body: StatementIn, caller: Asking, screens: Room
) -> StatementOut:
    """Add a statement of one's own (facilitators, editors).

    A voice from the session is a quotation ``quote_of`` a contribution: word by word, and only with
    its author's consent to be quoted.
    """
    made = await doorway.add_statement(
        screens,
        caller,
        summary_id,
        audience=body.audience,
        block=body.block,
        texts=_plain(body.texts),
        sources=body.sources,
        quote_of=body.quote_of,
        client_id=body.client_id,
    )
    return _statement(*made)


def _plain(texts: dict[Language, str]) -> dict[str, str]:
    return {str(language): text for language, text in texts.items()}


@router.put("/summaries/{summary_id}/statements/{statement_id}")
async def put_statement(
    summary_id: str,
    statement_id: str,
    body: TextsIn,
    caller: Asking,
    screens: Room,
    if_match: IfMatch = None,
) -> StatementOut:
    """Give a statement other words, or answer what it asks (facilitators, editors)."""
    doorway.check_may_edit(caller)
    written = await doorway.write_statement(
        screens,
        caller,
        summary_id,
        statement_id,
        texts=_plain(body.texts),
        revision=_revision(body.revision, if_match),
        sources=body.sources,
        quote_of=body.quote_of,
    )
    return _statement(*written)


@router.post("/summaries/{summary_id}/statements/{statement_id}/remove")
async def post_remove(
    summary_id: str,
    statement_id: str,
    body: RemoveIn,
    caller: Asking,
    database: Db,
    clock: Time,
    if_match: IfMatch = None,
) -> StatementOut:
    """Leave a statement out (facilitators, editors)."""
    account = doorway.check_may_edit(caller)
    revision = _revision(body.revision, if_match)
    async with database.transaction() as tx:
        summary = await doorway.access(tx, caller, summary_id, to="edit")
        statement = await doorway.access_statement(tx, summary, statement_id)
        await actions.remove_statement(
            tx, statement, why=body.why, account=account, now=clock.now(), revision=revision
        )
        return _statement(statement, summary)


@router.post("/summaries/{summary_id}/statements/{statement_id}/restore")
async def post_restore(
    summary_id: str,
    statement_id: str,
    body: RestoreIn,
    caller: Asking,
    database: Db,
    clock: Time,
    if_match: IfMatch = None,
) -> StatementOut:
    """Take in again what was left out (facilitators, editors)."""
    account = doorway.check_may_edit(caller)
    revision = _revision(body.revision, if_match)
    async with database.transaction() as tx:
        summary = await doorway.access(tx, caller, summary_id, to="edit")
        statement = await doorway.access_statement(tx, summary, statement_id)
        await actions.restore_statement(
            tx, statement, account=account, now=clock.now(), revision=revision
        )
        return _statement(statement, summary)


@router.post("/summaries/{summary_id}/review")
async def post_review(
    summary_id: str, body: ReviewIn, caller: Asking, database: Db, clock: Time
) -> Reviewed:
    """Say that every statement has been read in a language (facilitators, editors)."""
    account = doorway.check_may_edit(caller)
    async with database.transaction() as tx:
        summary = await doorway.access(tx, caller, summary_id, to="edit")
        count = await actions.review_language(
            tx,
            summary,
            language=body.language,
            audience=body.audience,
            account=account,
            now=clock.now(),
        )
    return Reviewed(reviewed=count)


@router.put("/summaries/{summary_id}/owners/{recommendation_id}")
async def put_owner(
    summary_id: str,
    recommendation_id: str,
    body: OwnerIn,
    caller: Asking,
    database: Db,
    clock: Time,
) -> Renamed:
    """Call an owner something else, for all audiences at once (facilitators, editors)."""
    account = doorway.check_may_edit(caller)
    async with database.transaction() as tx:
        summary = await doorway.access(tx, caller, summary_id, to="edit")
        count = await actions.change_owner(
            tx,
            summary,
            recommendation=recommendation_id,
            owner=_plain(body.owner),
            account=account,
            now=clock.now(),
        )
    return Renamed(changed=count)


# --- those who took part -------------------------------------------------------------------------


@router.post("/summaries/{summary_id}/confirm")
async def post_confirm(summary_id: str, caller: Asking, screens: Room) -> Mailed:
    """Show the draft to those who took part for seven days (facilitators, editors)."""
    return Mailed(mails=await doorway.ask_to_confirm(screens, caller, summary_id))


@router.post("/summaries/{summary_id}/points")
async def post_point(
    summary_id: str, body: PointIn, caller: Asking, database: Db, limits: RateLimits, clock: Time
) -> PointOut:
    """Confirm or contest a statement (those who took part, within the seven days)."""
    async with database.transaction() as tx:
        summary = await doorway.access(tx, caller, summary_id)
        seat = doorway.check_took_part(caller, summary)
        await limits.check("60 per minute", "point", seat.id)
        statement = await doorway.access_statement(tx, summary, body.statement)
        point = await actions.say_point(
            tx,
            summary,
            statement,
            seat=seat,
            answer=body.answer,
            text=body.text,
            now=clock.now(),
        )
        return PointOut.model_validate(point_view(point))


@router.get("/summaries/{summary_id}/points")
async def get_points(summary_id: str, caller: Asking, database: Db) -> Points:
    """What was confirmed and contested; of those who took part their own (else those who edit)."""
    async with database.reading() as tx:
        summary = await doorway.access(tx, caller, summary_id)
        seat = None if doorway.may_edit(caller) else doorway.check_took_part(caller, summary)
        found = await actions.list_points(tx, summary.id)
    return Points(
        items=[
            PointOut.model_validate(point_view(point))
            for point in found
            if seat is None or point.participant_id == seat.id
        ]
    )


@router.post("/summaries/{summary_id}/points/{point_id}/settle")
async def post_settle(
    summary_id: str, point_id: str, body: SettleIn, caller: Asking, database: Db, clock: Time
) -> PointOut:
    """Say what was done about what somebody contested (facilitators, editors)."""
    account = doorway.check_may_edit(caller)
    async with database.transaction() as tx:
        summary = await doorway.access(tx, caller, summary_id, to="edit")
        point = await _access_point(tx, summary, point_id)
        await actions.settle_point(
            tx, point, settled=body.settled, account=account, now=clock.now()
        )
        return PointOut.model_validate(point_view(point))


async def _access_point(tx: AsyncSession, summary: Summary, point_id: str) -> Any:
    point = await actions.access_point(tx, point_id)
    if point.summary_id != summary.id:
        raise NotFound("point_not_found")
    return point


@router.post("/summaries/{summary_id}/read-by-lived")
async def post_read_by_lived(
    summary_id: str, caller: Asking, database: Db, clock: Time
) -> SummaryOut:
    """Somebody with own experience who was there has read the citizens' version.

    They say so themselves, or somebody who edits does for them.
    """
    async with database.transaction() as tx:
        summary = await doorway.access(tx, caller, summary_id)
        by_editor = doorway.may_edit(caller)
        seat = None if by_editor else doorway.check_took_part(caller, summary)
        await actions.note_read_by_lived(
            tx, summary, seat=seat, account=caller.account if by_editor else None, now=clock.now()
        )
        return SummaryOut.model_validate(summary_view(summary))


# --- publishing ----------------------------------------------------------------------------------


@router.post("/summaries/{summary_id}/publish")
async def post_publish(
    summary_id: str, caller: Asking, screens: Room, body: PublishIn | None = None
) -> EditionOut:
    """Publish all five versions as an edition (editors, admins).

    A later edition needs a note in both languages of what was put right.
    """
    asked = body or PublishIn()
    edition = await doorway.publish(
        screens,
        caller,
        summary_id,
        note=_plain(asked.note) if asked.note else None,
        revision=asked.revision,
    )
    return EditionOut.model_validate(edition_view(edition))


@router.post("/summaries/{summary_id}/answers", status_code=201)
async def post_answer(
    summary_id: str,
    body: AnswerIn,
    request: Request,
    database: Db,
    limits: RateLimits,
    clock: Time,
) -> ReaderOut:
    """Answer "Does this match what you see?", without an account. Who it was is not kept."""
    await limits.check(ANSWER_RULE, "summary_answer", address_of(request))
    async with database.transaction() as tx:
        summary = await actions.access_summary(tx, summary_id)
        reader = await actions.answer_as_reader(
            tx,
            summary,
            audience=body.audience,
            language=body.language,
            matches=body.matches,
            text=body.text,
            now=clock.now(),
        )
        return ReaderOut.model_validate(reader_view(reader))


@router.get("/summaries/{summary_id}/answers")
async def get_answers(summary_id: str, caller: Asking, database: Db) -> Readers:
    """What readers answered (facilitators, editors)."""
    async with database.reading() as tx:
        summary = await doorway.access(tx, caller, summary_id, to="edit")
        found = await actions.list_readers(tx, summary.id)
    return Readers(items=[ReaderOut.model_validate(reader_view(reader)) for reader in found])
