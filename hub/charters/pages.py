"""Public pages of charters: the list, a charter, its versions, how well it fits, and on paper."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from hub.charters import fit, paper, rules, views
from hub.charters.models import access_version, list_charters
from hub.charters.reading import (
    Kept,
    Whole,
    asked_of,
    changes_in,
    changes_since,
    read_edition,
    read_whole,
    stamp,
    unchanged,
    view_of,
    with_more,
)
from hub.errors import NotFound
from hub.people.door import Asking
from hub.people.pages import page
from hub.web import Db, RateLimits, Render, Time, address_of, language_of

router = APIRouter(include_in_schema=False)
PDF_RULE = "20 per minute"
View = Annotated[str | None, Query()]


@router.get("/charters")
async def get_charters(
    request: Request, caller: Asking, database: Db, renderer: Render
) -> Response:
    """Our own promises, texts from elsewhere, and documents of which only facts are known."""
    async with database.reading() as tx:
        items = [views.charter_item(charter) for charter in await list_charters(tx)]
    kinds = {kind: [item for item in items if item["kind"] == kind] for kind in rules.KINDS}
    language = language_of(request)
    return page(
        request,
        renderer,
        "charters/list.html",
        ours=kinds["original"],
        imported=kinds["import"],
        foreign=sorted(
            kinds["metadata_only"],
            key=lambda item: (item["title"].get(language) or item["title"].get("en", "")).lower(),
        ),
        may_edit=caller.edits,
    )


@router.get("/charters/{charter_id}")
async def get_charter(
    charter_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    clock: Time,
    view: View = None,
) -> Response:
    pdf = await asyncio.to_thread(paper.is_available)
    async with database.reading() as tx:
        edition = await read_edition(tx, charter_id)
        everything = await asked_of(tx, caller, clock.now())
        asked = [each for each in everything if each["id"] == charter_id]
        depends = (caller.edits, repr(asked), _demonstration(request), pdf)
        headers = stamp(request, edition, *depends)
        sent = unchanged(request, headers) or _kept(request).find(charter_id, headers)
        if sent is not None:
            return sent
        whole = await read_whole(tx, charter_id)
    view, languages = view_of(request, view)
    charter = whole.view()
    answer = page(
        request,
        renderer,
        "charters/charter.html",
        charter=charter,
        view=view,
        languages=languages,
        changes=changes_since(whole),
        fit=fit.figure(charter["principles"], whole.outcomes) if charter["may_show"] else None,
        pdf=pdf,
        asked=asked,
        may_edit=caller.edits,
    )
    return _kept(request).keep(charter_id, headers, answer)


def _kept(request: Request) -> Kept:
    """Each app has its own: the same number of another database is another charter."""
    state = request.app.state
    if not hasattr(state, "charter_pages"):
        state.charter_pages = Kept()
    kept: Kept = state.charter_pages
    return kept


def _demonstration(request: Request) -> bool:
    return bool(request.app.state.demonstration)


@router.get("/charters/{charter_id}/versions/{number}")
async def get_version(
    charter_id: str,
    number: str,
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    view: View = None,
) -> Response:
    """A version as it was; it stays at its address."""
    async with database.reading() as tx:
        whole = await read_whole(tx, charter_id)
        version = await access_version(tx, charter_id, number)
    headers = stamp(request, whole.edition, number, caller.edits)
    if answer := unchanged(request, headers):
        return answer
    view, languages = view_of(request, view)
    charter = views.charter_view(version.state, [], [], demonstration=whole.charter.demonstration)
    # Whether a text may be shown is a matter of the charter today.
    if not rules.may_show(whole.state):
        charter["may_show"] = False
    with_more(charter)
    at = next(n for n, each in enumerate(whole.versions) if each.number == number)
    answer = page(
        request,
        renderer,
        "charters/version.html",
        charter=charter,
        version=views.version_view(version),
        newer=whole.versions[0].number if at else None,
        changes=changes_in(whole.versions, at),
        dialogues=_dialogues_of(whole, at),
        view=view,
        languages=languages,
    )
    answer.headers.update(headers)
    return answer


def _dialogues_of(whole: Whole, at: int) -> list[dict[str, Any]]:
    """The dialogues whose outcomes came after the version before and not after this one."""
    version = whole.versions[at]
    since = whole.versions[at + 1].at if at + 1 < len(whole.versions) else None
    found = {
        outcome.gathering_id: views.outcome_view(outcome, whole.dialogues)
        for outcome in whole.outcomes
        if outcome.closed_at is not None
        and outcome.closed_at <= version.at
        and (since is None or outcome.closed_at > since)
    }
    return list(found.values())


@router.get("/charters/{charter_id}/fit")
async def get_fit(
    charter_id: str,
    request: Request,
    _caller: Asking,
    database: Db,
    renderer: Render,
    session: Annotated[str | None, Query()] = None,
) -> Response:
    """How well each principle fits, in all dialogues or one, and by group where that may be."""
    async with database.reading() as tx:
        whole = await read_whole(tx, charter_id)
    charter = whole.view()
    sessions = _sessions(whole)
    if session is not None and session not in [each["session"] for each in sessions]:
        raise NotFound("session_not_found")
    found = fit.figure(charter["principles"], whole.outcomes, session=session, by_group=True)
    return page(
        request,
        renderer,
        "charters/fit.html",
        charter=charter,
        fit=found,
        sessions=sessions,
        chosen=session,
    )


def _sessions(whole: Whole) -> list[dict[str, Any]]:
    """The dialogues of which ratings may be shown, oldest first."""
    shown = [outcome for outcome in whole.outcomes if fit.may_be_shown(outcome)]
    found = {o.gathering_id: views.outcome_view(o, whole.dialogues) for o in shown}
    return sorted(found.values(), key=lambda each: each["held_at"] or "")


@router.get("/charters/{charter_id}/fit.csv")
async def get_fit_data(charter_id: str, _caller: Asking, database: Db) -> Response:
    async with database.reading() as tx:
        whole = await read_whole(tx, charter_id)
    found = fit.as_csv(
        charter_id,
        whole.view()["principles"],
        whole.outcomes,
        demonstration=whole.charter.demonstration,
    )
    name = f'attachment; filename="{charter_id}-fit.csv"'
    # With a mark, since spreadsheets take a file without one for another alphabet.
    return Response(
        "\ufeff" + found,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": name},
    )


@router.get("/charters/{charter_id}/pdf")
async def get_pdf(
    charter_id: str,
    request: Request,
    _caller: Asking,
    database: Db,
    renderer: Render,
    limits: RateLimits,
    view: View = None,
) -> Response:
    """The charter on paper, tagged. Raises NoPaper where this hub cannot make a PDF."""
    async with database.reading() as tx:
        whole = await read_whole(tx, charter_id)
    if not rules.may_show(whole.state) or not whole.state.principles:
        raise NotFound("charter_not_found")
    headers = stamp(request, whole.edition, "pdf")
    if answer := unchanged(request, headers):
        return answer
    await limits.check(PDF_RULE, "pdf", address_of(request))
    view, languages = view_of(request, view)
    charter = whole.view()
    html = renderer.render(
        "charters/pdf.html",
        languages[0] if len(languages) == 1 else language_of(request),
        charter=charter,
        languages=languages,
        titles={code: charter["title"].get(code, "") for code in languages},
    )
    written = await paper.write(html)
    name = f'inline; filename="{charter_id}-{view}.pdf"'
    return Response(
        written,
        media_type="application/pdf",
        headers={**headers, "Content-Disposition": name},
    )
