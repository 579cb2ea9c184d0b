"""Pages for editors: making a summary, putting it right in place, and publishing it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, NotFound, Refusal, Unauthorised
from hub.gatherings.models import Contribution, access_gathering
from hub.gatherings.views import moment
from hub.gatherings.visit import Here, Visit
from hub.people.models import Account
from hub.programme.models import Finding
from hub.summaries import actions, checks, doorway
from hub.summaries.actions.editing import check_revision
from hub.summaries.blocks import AUDIENCES, EASY, LANGUAGES, ORDER, PARTS, WORDS, is_shared
from hub.summaries.checks import Fault
from hub.summaries.models import Point, Statement, Summary
from hub.summaries.reading import (
    audience_of,
    read_head,
    statement_view,
    statuses_of,
)
from hub.web import both, read_form, read_number, see_other

router = APIRouter(include_in_schema=False)
Word = Annotated[str | None, Query(max_length=40)]
CLIENT_ID_LIMIT: Final = 80
WORDINGS: Final = ("save", "resolve")
ON_STATEMENTS: Final = (*WORDINGS, "remove", "restore")
# Where an editor does what a fault of no statement asks for.
PLACES: Final = {
    "not_confirmed": "confirm-h",
    "contested": "points",
    "not_read_by_lived": "lived-h",
}


# --- the summary of a session -------------------------------------------------------------------


@router.get("/sessions/{session_id}/summary")
async def get_of_session(session_id: str, visit: Here) -> Response:
    """To the summary of a session; for those who may, the way to make one, or why not yet."""
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        summary = await actions.find_summary_of(tx, session_id)
    if doorway.may_edit(visit.caller):
        if summary is not None:
            return see_other(f"/summaries/{summary.id}/edit")
        return await _of_session(visit, session_id)
    if summary is not None and summary.published_at is not None:
        return see_other(f"/summaries/{summary.id}")
    if gathering.published_at is None and not visit.caller.may_read(session_id):
        raise Unauthorised() if visit.caller.is_nobody else NotFound("session_not_found")
    return await _of_session(visit, session_id)


async def _of_session(visit: Visit, session_id: str, status: int = 200, **more: Any) -> Response:
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
    return visit.page(
        "summaries/of_session.html",
        status,
        session={
            "id": gathering.id,
            "title": dict(gathering.title),
            "closed": gathering.closed_at is not None,
            "purged": gathering.purged_at is not None,
            "published_at": moment(gathering.published_at),
        },
        may_make=doorway.may_edit(visit.caller),
        **more,
    )


@router.post("/sessions/{session_id}/summary")
async def post_of_session(session_id: str, visit: Here) -> Response:
    """Make the draft from the record."""
    doorway.check_may_edit(visit.caller)
    form = await read_form(visit.request)
    try:
        summary, _ = await doorway.make(
            visit.screens,
            visit.renderer,
            visit.caller,
            session_id,
            language=form.get("language", ""),
        )
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        wrong = visit.wrong(refusal)
        return await _of_session(visit, session_id, refusal.status, values=form, **wrong)
    return see_other(f"/summaries/{summary.id}/edit")


# --- putting it right in place ------------------------------------------------------------------


@router.get("/summaries/{summary_id}/edit")
async def get_edit(summary_id: str, visit: Here, audience: Word = None) -> Response:
    """One audience's version with its statements in both languages, and what is still to do."""
    doorway.check_may_edit(visit.caller)
    return await _edit_page(visit, summary_id, audience_of(audience))


async def _edit_page(
    visit: Visit, summary_id: str, audience: str, status: int = 200, **more: Any
) -> Response:
    now = visit.screens.clock.now()
    async with visit.screens.database.reading() as tx:
        summary = await actions.access_summary(tx, summary_id)
        head = await read_head(tx, summary)
        statements = await actions.list_statements(tx, summary_id)
        points = await actions.list_points(tx, summary_id)
        readers = await actions.list_readers(tx, summary_id)
        faults = await doorway.read_faults(visit.screens, tx, summary)
        sources = await _sources(tx, summary)
        voices = await actions.list_voices(tx, summary)
    mine = [s for s in statements if s.audience == audience]
    told = [doorway.told_of(s) for s in statements]
    stops = [f for f in faults if f.blocks]
    shown = statuses_of(s.statuses for s in mine if s.removed_at is None and any(s.texts.values()))
    least, most = WORDS[audience]
    by_id = {s.id: s for s in statements}
    return visit.page(
        "summaries/edit.html",
        status,
        **{
            "summary": {
                **head,
                "statuses": shown,
                "built_at": moment(summary.built_at),
                "confirm_from": moment(summary.confirm_from),
                "confirm_until": moment(summary.confirm_until),
                "read_by_lived_at": moment(summary.read_by_lived_at),
                "revision": summary.revision,
            },
            "audience": audience,
            "audiences": _audiences(stops),
            "blocks": _blocks(visit, audience, mine, faults, points, summary, head["session"]),
            "faults": _told(visit, audience, stops),
            "advice": _told(visit, audience, [f for f in faults if not f.blocks]),
            "obstacles": _obstacles(visit, summary_id, audience, stops),
            "lengths": {code: checks.count_words(told, audience, code) for code in LANGUAGES},
            "length_from": least,
            "length_to": most,
            "points": [_point_view(p, by_id) for p in points if p.statement_id in by_id],
            "counts": {"confirm": 0, "contest": 0, **Counter(p.answer for p in points)},
            "confirming": summary.confirm_until is not None and now < summary.confirm_until,
            "may_ask": summary.state == "draft" and not summary.edition and head["session"],
            "readers": [
                {
                    "matches": r.matches,
                    "audience": r.audience,
                    "language": r.language,
                    "text": r.text,
                    "at": moment(r.at),
                }
                for r in readers
            ],
            "owners": [
                {"id": id_, "owner": dict(owner)}
                for id_, owner in summary.facts.get("owners", {}).items()
            ],
            "sources": sources,
            "voices": [{"id": v.id, "texts": dict(v.texts), "told": dict(v.told)} for v in voices],
            "client_id": uuid.uuid4().hex,
            "order": ORDER[audience],
            "may_publish": doorway.may_publish(visit.caller),
            **more,
        },
    )


async def _sources(tx: AsyncSession, summary: Summary) -> list[dict[str, Any]]:
    """What a statement may rest on: parts of the record first, then findings and posts."""
    links = list(summary.facts.get("links", ()))
    findings = await tx.scalars(
        select(Finding).where(Finding.id.in_(links)).order_by(Finding.position)
    )
    posts = await tx.scalars(
        select(Contribution).where(Contribution.id.in_(links)).order_by(Contribution.seq)
    )
    return [
        *({"id": part, "texts": {}} for part in PARTS),
        *({"id": f.id, "texts": dict(f.title)} for f in findings),
        *({"id": c.id, "texts": {c.language: c.text}} for c in posts if c.text and c.language),
    ]


def _audiences(stops: Sequence[Fault]) -> list[dict[str, Any]]:
    """The five, each with how much is to be put right in it."""
    counts = Counter(f.audience for f in stops if f.code not in PLACES)
    return [{"code": code, "faults": counts[code]} for code in AUDIENCES]


def _told(visit: Visit, audience: str, faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """Those of one audience, each with its place; what every draft has is told by its status."""
    return [
        {"sentence": _sentence(visit, f), "at": _at(f, audience)}
        for f in faults
        if f.audience == audience and f.code not in (*PLACES, "not_reviewed")
    ]


def _blocks(
    visit: Visit,
    audience: str,
    statements: Sequence[Statement],
    faults: Sequence[Fault],
    points: Sequence[Point],
    summary: Summary,
    session: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
    said: dict[str, list[str]] = {}
    for fault in faults:
        # What every new statement has is told once for all of them, by its status.
        if fault.statement and fault.code not in ("not_reviewed", "unanswered", "contested"):
            said.setdefault(fault.statement, []).append(_sentence(visit, fault))
    return [
        {
            "block": block,
            "position": place,
            "statements": [
                {
                    **statement_view(s, summary, session["id"] if session else None),
                    "question": s.question,
                    "edited": s.edited_at is not None,
                    "shared": is_shared(s.key) and block != EASY,
                    "removed": s.removed_at is not None,
                    "removed_why": s.removed_why,
                    "may_restore": bool(s.sources and (s.question or any(s.texts.values()))),
                    "revision": s.revision,
                    "faults": said.get(s.id, []),
                    "points": [
                        {"id": p.id, "answer": p.answer} for p in points if p.statement_id == s.id
                    ],
                }
                for s in statements
                if s.block == block
            ],
        }
        for place, block in enumerate(ORDER[audience], 1)
    ]


def _sentence(visit: Visit, fault: Fault) -> str:
    say = visit.renderer.say
    words = say(visit.language, f"summary_fault.{fault.code}", **fault.facts)
    about = [
        say(visit.language, f"block.{fault.block}") if fault.block else "",
        say(visit.language, f"language.{fault.language}") if fault.language else "",
    ]
    where = ", ".join(part for part in about if part)
    return f"{where}: {words}" if where else words


def _at(fault: Fault, audience: str) -> str:
    """Where in the page of an audience something is put right."""
    if fault.code in PLACES:
        return PLACES[fault.code]
    if fault.statement and fault.audience == audience:
        return fault.statement
    return f"{fault.block}-h" if fault.block in ORDER[audience] else "main"


def _obstacles(
    visit: Visit, summary_id: str, audience: str, stops: Sequence[Fault]
) -> list[dict[str, Any]]:
    """What stands in the way of publishing; the same thing in one version is told once."""
    alike: dict[tuple[str, str | None, str | None], list[Fault]] = {}
    for fault in stops:
        alike.setdefault((fault.code, fault.audience, fault.language), []).append(fault)
    found = []
    for (code, whose, language), faults in alike.items():
        first, to = faults[0], whose or audience
        say = visit.renderer.say
        words = say(visit.language, f"summary_fault.{code}", **first.facts)
        about = [
            say(visit.language, f"audience.{whose}") if whose else "",
            say(visit.language, f"language.{language}") if language else "",
        ]
        where = ", ".join(part for part in about if part)
        found.append(
            {
                "sentence": f"{where}: {words}" if where else words,
                "count": len(faults),
                "href": f"/summaries/{quote(summary_id)}/edit?audience={to}#{_at(first, to)}",
            }
        )
    return found


def _point_view(point: Point, statements: Mapping[str, Statement]) -> dict[str, Any]:
    """What somebody who took part said of a statement, without who it was."""
    about = statements[point.statement_id]
    return {
        "id": point.id,
        "answer": point.answer,
        "text": point.text,
        "language": point.language,
        "settled": point.settled,
        "settled_at": moment(point.settled_at),
        "block": about.block,
        "audience": about.audience,
        "texts": dict(about.texts),
    }


# --- one act at a time --------------------------------------------------------------------------


@router.post("/summaries/{summary_id}/edit")
async def post_edit(summary_id: str, visit: Here) -> Response:
    """One act on the summary: ``act`` says which. Faults come back with all that was typed."""
    account = doorway.check_may_edit(visit.caller)
    form = await read_form(visit.request)
    audience = audience_of(form.get("audience"))
    try:
        at = await _do(visit, summary_id, form, account)
    except Refusal as refusal:
        if isinstance(refusal, NotFound) or refusal.status == 403:
            raise
        if refusal.code == "statement_changed" and form.get("act") in WORDINGS:
            return await _conflict(visit, summary_id, audience, form)
        wrong = visit.wrong(refusal)
        if form.get("act") == "resolve":
            return await _conflict(
                visit, summary_id, audience, form, status=refusal.status, **wrong
            )
        return await _edit_page(visit, summary_id, audience, refusal.status, values=form, **wrong)
    return see_other(f"/summaries/{quote(summary_id)}/edit?audience={audience}#{at}")


async def _do(visit: Visit, summary_id: str, form: Mapping[str, str], account: Account) -> str:
    """Do it, and say where in the page to go on. Raises what the actions raise."""
    act, now = form.get("act", ""), visit.screens.clock.now()
    if act == "rebuild":
        await doorway.rebuild(visit.screens, visit.renderer, visit.caller, summary_id)
        return "rebuild-h"
    if act == "publish":
        await doorway.publish(
            visit.screens,
            visit.caller,
            summary_id,
            note=both(form, "note"),
            revision=read_number(form.get("revision")),
        )
        return "publish-h"
    if act == "ask":
        await doorway.ask_to_confirm(visit.screens, visit.caller, summary_id)
        return "confirm-h"
    if act == "add":
        added, _ = await doorway.add_statement(
            visit.screens,
            visit.caller,
            summary_id,
            audience=form.get("audience", ""),
            block=form.get("block", ""),
            texts=both(form, "texts"),
            sources=[each for each in (form.get("source"),) if each],
            quote_of=form.get("quote_of") or None,
            client_id=form.get("client_id", "")[:CLIENT_ID_LIMIT],
        )
        return added.id
    if act == "save" and form.get("quote_of"):
        # The session stands still while it is looked who may be quoted.
        base = read_number(form.get("base"))
        written, _ = await doorway.write_statement(
            visit.screens,
            visit.caller,
            summary_id,
            form.get("statement", ""),
            texts=both(form, "texts"),
            revision=-1 if base is None else base,
            quote_of=form["quote_of"],
        )
        return written.id
    async with visit.screens.database.transaction() as tx:
        summary = await actions.access_summary(tx, summary_id, lock=True)
        by: dict[str, Any] = {"account": account, "now": now}
        if act in ON_STATEMENTS:
            return await _on_statement(tx, summary, act, form, **by)
        if act == "owner":
            await actions.change_owner(
                tx,
                summary,
                recommendation=form.get("recommendation", ""),
                owner=both(form, "owner"),
                **by,
            )
            return "owners-h"
        if act == "review":
            await actions.review_language(
                tx,
                summary,
                language=form.get("language", ""),
                audience=form.get("audience"),
                **by,
            )
            return "status-h"
        if act == "settle":
            point = await actions.access_point(tx, form.get("point", ""))
            if point.summary_id != summary.id:
                raise NotFound("point_not_found")
            await actions.settle_point(tx, point, settled=form.get("settled", ""), **by)
            return f"point-{point.id}"
        if act == "lived":
            await actions.note_read_by_lived(tx, summary, **by)
            return "lived-h"
    raise Invalid({"/act": "unknown"})


async def _on_statement(
    tx: AsyncSession, summary: Summary, act: str, form: Mapping[str, str], **by: Any
) -> str:
    statement = await doorway.access_statement(tx, summary, form.get("statement", ""))
    # Where nothing legible says what was read, it was not this.
    base = read_number(form.get("base"))
    by["revision"] = -1 if base is None else base
    if act == "remove":
        await actions.remove_statement(tx, statement, why=form.get("why", ""), **by)
    elif act == "restore":
        await actions.restore_statement(tx, statement, **by)
    elif act == "resolve" and form.get("choice") not in ("mine", "theirs"):
        raise Invalid({"/choice": "choice_missing"})
    elif act == "resolve" and form.get("choice") == "theirs":
        check_revision(statement, by["revision"])
    elif statement.question and not any(statement.texts.values()):
        await actions.answer_question(tx, statement, texts=both(form, "texts"), **by)
    else:
        await actions.edit_statement(tx, statement, texts=both(form, "texts"), **by)
    return statement.id


async def _conflict(
    visit: Visit,
    summary_id: str,
    audience: str,
    form: Mapping[str, str],
    *,
    status: int = 409,
    **more: Any,
) -> Response:
    """Somebody else has saved other words: both texts, and the choice between them."""
    async with visit.screens.database.reading() as tx:
        summary = await actions.access_summary(tx, summary_id)
        statement = await actions.access_statement(tx, form.get("statement", ""))
        editor = await tx.get(Account, statement.edited_by) if statement.edited_by else None
    return visit.page(
        "summaries/conflict.html",
        status,
        summary={"id": summary.id, "title": dict(summary.title), "language": summary.language},
        audience=audience,
        statement={
            "id": statement.id,
            "block": statement.block,
            "texts": dict(statement.texts),
            "removed": statement.removed_at is not None,
            "revision": statement.revision,
            "edited_by": editor.name if editor else None,
            "edited_at": moment(statement.edited_at),
        },
        values=form,
        **more,
    )
