"""Pages on how long things are kept, on personal data and on accessibility."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import Database
from hub.errors import Invalid, Refusal
from hub.people.door import Asking, check_admin
from hub.people.models import Account
from hub.people.pages import page
from hub.render import Renderer
from hub.retention import actions
from hub.retention.models import Purge
from hub.retention.texts import read_organiser
from hub.retention.views import read_retention, rule_view
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
    read_number,
    see_other,
)

router = APIRouter(include_in_schema=False)
# A person who reports a fault writes a few times; a script that fills the letter box more.
REPORT_RULE = "5 per hour"
REPORTS_RULE = "100 per day"
Change = Callable[[AsyncSession, Account, Mapping[str, str]], Awaitable[object]]


# --- how long things are kept -------------------------------------------------------------------


@router.get("/retention")
async def get_retention(
    request: Request, caller: Asking, database: Db, renderer: Render
) -> Response:
    """The rules, what is going to be deleted, and what was."""
    check_admin(caller)
    return await _retention_page(request, database, renderer)


@router.post("/retention/{kind}")
async def post_rule(
    kind: str, request: Request, caller: Asking, database: Db, renderer: Render, clock: Time
) -> Response:
    """Set how long a kind is kept, and on which decision it is deleted."""

    async def change(tx: AsyncSession, account: Account, form: Mapping[str, str]) -> None:
        days, decision = read_number(form.get("days")), form.get("decision", "")
        now = clock.now()
        await actions.set_rule(tx, kind, days=days, decision=decision, account=account, now=now)

    return await _changed(request, caller, database, renderer, change, about=kind)


@router.post("/retention/purges/{purge_id}/hold")
async def post_hold(
    purge_id: str, request: Request, caller: Asking, database: Db, renderer: Render, clock: Time
) -> Response:
    """Put a deletion that was announced on hold."""

    async def change(tx: AsyncSession, account: Account, form: Mapping[str, str]) -> None:
        purge: Purge = await actions.access_purge(tx, purge_id)
        reason = form.get("reason", "")
        await actions.hold(tx, purge, reason=reason, account=account, now=clock.now())

    return await _changed(request, caller, database, renderer, change, about=purge_id)


@router.post("/retention/purges/{purge_id}/release")
async def post_release(
    purge_id: str, request: Request, caller: Asking, database: Db, renderer: Render, clock: Time
) -> Response:
    """Let a deletion go on."""

    async def change(tx: AsyncSession, account: Account, _form: Mapping[str, str]) -> None:
        purge: Purge = await actions.access_purge(tx, purge_id)
        await actions.release(tx, purge, account=account, now=clock.now())

    return await _changed(request, caller, database, renderer, change, about=purge_id)


async def _changed(
    request: Request,
    caller: Asking,
    database: Database,
    renderer: Renderer,
    change: Change,
    *,
    about: str,
) -> Response:
    """Carry out a change and go back; the page with what was typed where it is refused."""
    account = check_admin(caller)
    form = await read_form(request)
    try:
        async with database.transaction() as tx:
            await change(tx, account, form)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        wrong = _wrong(renderer, language_of(request), refusal)
        return await _retention_page(
            request, database, renderer, refusal.status, values=form, wrong=about, **wrong
        )
    return see_other("/retention")


async def _retention_page(
    request: Request, database: Database, renderer: Renderer, status: int = 200, **more: Any
) -> Response:
    async with database.reading() as tx:
        retention = await read_retention(tx)
    context = {"wrong": "", **more}
    return page(
        request, renderer, "retention/retention.html", status, retention=retention, **context
    )


def _wrong(renderer: Renderer, language: str, refusal: Refusal) -> dict[str, Any]:
    if isinstance(refusal, Invalid):
        faults = refusal.fields.items()
        return {"errors": {field_name(p): renderer.fault(language, code) for p, code in faults}}
    return {"refused": renderer.refusal(language, refusal)}


# --- personal data and accessibility ------------------------------------------------------------


@router.get("/privacy")
async def get_privacy(
    request: Request, _caller: Asking, database: Db, renderer: Render, options: Options
) -> Response:
    """What is kept of whom, why, for how long, and what people may ask for."""
    async with database.reading() as tx:
        kept = await actions.read_rules(tx)
    rules = {kind: rule_view(rule) for kind, rule in kept.items()}
    organiser = await asyncio.to_thread(read_organiser, options.data_dir)
    return page(request, renderer, "privacy.html", kept=rules, organiser=organiser)


@router.get("/accessibility")
async def get_accessibility(request: Request, _caller: Asking, renderer: Render) -> Response:
    """The accessibility statement, and the form to report what does not work."""
    thanks = request.query_params.get("sent") == "1"
    return page(request, renderer, "accessibility.html", thanks=thanks)


@router.post("/accessibility/report")
async def post_report(
    request: Request,
    _caller: Asking,
    database: Db,
    renderer: Render,
    clock: Time,
    limits: RateLimits,
) -> Response:
    """Mail what does not work to those who run this hub; nothing of it is kept once it is sent."""
    form = await read_form(request)
    try:
        report = actions.read_report(form)
        await limits.check(REPORT_RULE, "report", address_of(request))
        await limits.check(REPORTS_RULE, "reports")
        async with database.transaction() as tx:
            await actions.send_report(tx, report, now=clock.now())
    except Refusal as refusal:
        wrong = _wrong(renderer, language_of(request), refusal)
        return page(
            request,
            renderer,
            "accessibility.html",
            refusal.status,
            values=form,
            thanks=False,
            **wrong,
        )
    return see_other("/accessibility?sent=1#report")
