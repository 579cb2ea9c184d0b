"""Public pages of summaries: the list, one for each audience, on paper, as text, and the feed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from hub.errors import Invalid, NotFound, Refusal
from hub.people.door import Asking, Caller
from hub.people.pages import page
from hub.summaries import actions, feed, paper
from hub.summaries.blocks import AUDIENCES, LANGUAGES
from hub.summaries.doorway import access, may_edit
from hub.summaries.reading import (
    audience_of,
    list_published_cases,
    read_draft,
    read_list,
    read_published,
)
from hub.web import (
    Db,
    Options,
    RateLimits,
    Render,
    Time,
    address_of,
    field_name,
    language_of,
    read_form,
    see_other,
)

router = APIRouter(include_in_schema=False)
ON_A_PAGE: Final = 20
IN_THE_FEED: Final = 50
PDF_RULE: Final = "20 per minute"
# A reader answers once or twice; a school class may do so from one address.
ANSWER_RULE: Final = "30 per hour"
ANSWERS_RULE: Final = "500 per day"
# What a reader gets who asks for another form than the page.
FORMS: Final = {"pdf": "application/pdf", "txt": "text/plain"}
Word = Annotated[str | None, Query(max_length=40)]


@dataclass(frozen=True)
class Wanted:
    """What of a summary somebody asks for."""

    audience: str
    # None: in the reader's own.
    language: str | None
    draft: bool = False
    easy: bool = False

    def query(self, *, easy: bool = True) -> str:
        """As it stands in an address, after the question mark."""
        parts = [f"audience={self.audience}"]
        parts += [f"language={self.language}"] if self.language else []
        parts += ["draft=1"] if self.draft else []
        parts += ["easy=1"] if self.easy and easy else []
        return "&".join(parts)


def _language(wanted: str | None) -> str | None:
    return wanted if wanted in LANGUAGES else None


@router.get("/summaries")
async def get_summaries(
    request: Request,
    _caller: Asking,
    database: Db,
    renderer: Render,
    audience: Word = None,
    case: Word = None,
    after: Word = None,
) -> Response:
    """What is published, newest first, with the headline for one audience."""
    wanted = audience_of(audience)
    async with database.reading() as tx:
        items, following = await read_list(
            tx, wanted, case=case or None, after=after, limit=ON_A_PAGE
        )
        cases = await list_published_cases(tx)
    return page(
        request,
        renderer,
        "summaries/list.html",
        items=items,
        next=following,
        cases=cases,
        case=case or "",
        audience=wanted,
        audiences=AUDIENCES,
    )


@router.get("/summaries/feed.atom")
async def get_feed(
    request: Request,
    database: Db,
    renderer: Render,
    options: Options,
    clock: Time,
    language: Word = None,
) -> Response:
    """The latest ones for feed readers, in one language (RFC 4287)."""
    code = _language(language) or language_of(request)
    async with database.reading() as tx:
        items, _ = await read_list(tx, audience_of(None), limit=IN_THE_FEED)
    written = feed.atom(
        [_entry(item, code) for item in items],
        code,
        base_url=_base(request, options),
        now=clock.now(),
        say=partial(renderer.say, code),
    )
    stamp = f'"{hashlib.sha256(written).hexdigest()[:20]}"'
    headers = {"ETag": stamp, "Cache-Control": "public, max-age=300"}
    if stamp in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(written, media_type=feed.MEDIA_TYPE, headers=headers)


def _entry(item: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A summary as the feed tells it: in its language, else in the other and marked so."""
    title, title_language = _in(item["title"], language)
    headline, headline_language = _in(item["headline"], language)
    note, note_language = _in(item["note"] or {}, language)
    return {
        **item,
        "title": title,
        "title_language": title_language,
        "headline": headline,
        "headline_language": headline_language,
        "note": note if note_language == headline_language else "",
    }


def _in(texts: Mapping[str, str], language: str) -> tuple[str, str]:
    for code in (language, *LANGUAGES):
        if texts.get(code):
            return texts[code], code
    return "", language


@router.get("/summaries/{summary_id}.pdf")
async def get_pdf(
    summary_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    options: Options,
    limits: RateLimits,
    audience: Word = None,
    language: Word = None,
    draft: Word = None,
) -> Response:
    """On paper, tagged. Raises NoPaper where this hub cannot make a PDF."""
    wanted = Wanted(audience_of(audience), _language(language), draft == "1")
    summary, _ = await _read(caller, database, summary_id, wanted)
    return await _as_pdf(request, renderer, options, limits, summary, wanted)


@router.get("/summaries/{summary_id}.txt")
async def get_text(
    summary_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    options: Options,
    audience: Word = None,
    language: Word = None,
    draft: Word = None,
) -> Response:
    """As plain text."""
    wanted = Wanted(audience_of(audience), _language(language), draft == "1")
    summary, _ = await _read(caller, database, summary_id, wanted)
    return _as_text(request, renderer, options, summary, wanted)


@router.get("/summaries/{summary_id}")
async def get_summary(
    summary_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    options: Options,
    limits: RateLimits,
    audience: Word = None,
    language: Word = None,
    draft: Word = None,
    easy: Word = None,
    form: Annotated[str | None, Query(alias="format", max_length=40)] = None,
    answered: Word = None,
) -> Response:
    """One audience's version, in one language; as PDF or text where that is asked for."""
    wanted = Wanted(audience_of(audience), _language(language), draft == "1", easy == "1")
    accepts = request.headers.get("accept", "")
    asked = form or next((f for f, kind in FORMS.items() if accepts.startswith(kind)), None)
    if asked == "pdf":
        summary, _ = await _read(caller, database, summary_id, wanted)
        return await _as_pdf(request, renderer, options, limits, summary, wanted)
    if asked == "txt":
        summary, _ = await _read(caller, database, summary_id, wanted)
        return _as_text(request, renderer, options, summary, wanted)
    return await _page(
        request, caller, database, renderer, options, summary_id, wanted, answered=answered == "1"
    )


async def _read(
    caller: Caller, database: Db, summary_id: str, wanted: Wanted
) -> tuple[dict[str, Any], bool]:
    """What the reader may see of it, and whether that is a draft. Raises NotFound."""
    async with database.reading() as tx:
        summary = await access(tx, caller, summary_id)
        if not summary.edition or (wanted.draft and may_edit(caller)):
            return await read_draft(tx, summary, wanted.audience), True
        return await read_published(tx, summary, wanted.audience), False


async def _page(
    request: Request,
    caller: Caller,
    database: Db,
    renderer: Render,
    options: Options,
    summary_id: str,
    wanted: Wanted,
    *,
    status: int = 200,
    answered: bool = False,
    **more: Any,
) -> Response:
    summary, drafting = await _read(caller, database, summary_id, wanted)
    language = wanted.language or language_of(request)
    files = Wanted(wanted.audience, language, drafting).query()
    return page(
        request,
        renderer,
        "summaries/summary.html",
        status,
        language=language,
        summary=summary,
        audiences=AUDIENCES,
        drafting=drafting,
        easy=wanted.easy and bool(summary["easy"]),
        may_edit=may_edit(caller),
        pdf=await asyncio.to_thread(paper.is_available),
        files={form: f"/summaries/{quote(summary_id)}.{form}?{files}" for form in FORMS},
        address=lasting(request, options, summary, wanted.audience),
        answered=answered,
        **more,
    )


def lasting(request: Request, options: Options, summary: Mapping[str, Any], audience: str) -> str:
    """The address of a version that stays, whatever becomes of its words."""
    return f"{_base(request, options)}/summaries/{summary['id']}?audience={audience}"


def _base(request: Request, options: Options) -> str:
    """The hub's own address; where nobody has set it, the one that it was reached at."""
    return (options.base_url or str(request.base_url)).rstrip("/")


async def _as_pdf(
    request: Request,
    renderer: Render,
    options: Options,
    limits: RateLimits,
    summary: dict[str, Any],
    wanted: Wanted,
) -> Response:
    await limits.check(PDF_RULE, "pdf", address_of(request))
    language = wanted.language or language_of(request)
    address = lasting(request, options, summary, wanted.audience)
    written = await paper.write_pdf(renderer, summary, language, address=address)
    return _file(written, "pdf", summary, wanted, language)


def _as_text(
    request: Request,
    renderer: Render,
    options: Options,
    summary: dict[str, Any],
    wanted: Wanted,
) -> Response:
    language = wanted.language or language_of(request)
    address = lasting(request, options, summary, wanted.audience)
    text = paper.write_text(renderer, summary, language, address=address)
    return _file(text.encode(), "txt", summary, wanted, language)


def _file(
    content: bytes, form: str, summary: Mapping[str, Any], wanted: Wanted, language: str
) -> Response:
    name = f"{summary['id']}-{wanted.audience}-{language}.{form}"
    charset = "; charset=utf-8" if form == "txt" else ""
    return Response(
        content,
        media_type=FORMS[form] + charset,
        headers={
            "Content-Disposition": f'inline; filename="{name}"',
            "Content-Language": language,
            "Vary": "Accept, Accept-Language, Cookie",
        },
    )


@router.get("/summaries/{summary_id}/wall")
async def get_wall(
    summary_id: str,
    request: Request,
    _caller: Asking,
    database: Db,
    renderer: Render,
    options: Options,
    audience: Word = None,
    language: Word = None,
) -> Response:
    """One sheet for the wall: what it is, a QR code, and the address in letters."""
    wanted = Wanted(audience_of(audience), _language(language))
    async with database.reading() as tx:
        found = await actions.access_summary(tx, summary_id)
        summary = await read_published(tx, found, wanted.audience)
    code = wanted.language or language_of(request)
    headlines = summary["headlines"]
    headline = headlines[0]["texts"] if headlines else summary["title"]
    address = lasting(request, options, summary, wanted.audience)
    say = partial(renderer.say, code)
    title = say("QR code to the summary: %(address)s", address=address)
    return page(
        request,
        renderer,
        "summaries/wall.html",
        language=code,
        summary=summary,
        headline=headline,
        address=address,
        qr=paper.qr_svg(address, title),
    )


@router.post("/summaries/{summary_id}/answer")
async def post_answer(
    summary_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    options: Options,
    clock: Time,
    limits: RateLimits,
) -> Response:
    """A reader's answer to "Does this match what you see?"; nobody is asked who they are."""
    form = await read_form(request)
    audience = form.get("audience", "")
    wanted = Wanted(audience if audience in AUDIENCES else audience_of(None), None)
    language = _language(form.get("language")) or language_of(request)
    try:
        await limits.check(ANSWER_RULE, "answer", address_of(request))
        await limits.check(ANSWERS_RULE, "answers")
        async with database.transaction() as tx:
            summary = await actions.access_summary(tx, summary_id)
            if summary.published_at is None:
                raise NotFound("summary_not_found")
            await actions.answer_as_reader(
                tx,
                summary,
                audience=wanted.audience,
                language=language,
                matches=form.get("answer", ""),
                text=form.get("text", ""),
                now=clock.now(),
            )
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        again = Wanted(wanted.audience, language)
        return await _page(
            request,
            caller,
            database,
            renderer,
            options,
            summary_id,
            again,
            status=refusal.status,
            values=form,
            **_wrong(renderer, language, refusal),
        )
    address = f"/summaries/{quote(summary_id)}?audience={wanted.audience}"
    return see_other(f"{address}&language={language}&answered=1#answer-h")


def _wrong(renderer: Render, language: str, refusal: Refusal) -> dict[str, Any]:
    if isinstance(refusal, Invalid):
        faults = refusal.fields.items()
        return {"errors": {field_name(p): renderer.fault(language, code) for p, code in faults}}
    return {"refused": renderer.refusal(language, refusal)}
