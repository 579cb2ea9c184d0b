"""Pages of one's own account, and of all accounts for admins."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, NotFound, Refusal, TooFast
from hub.people import actions, rules
from hub.people.api import sockets_out
from hub.people.door import Asking, Caller, check_account, check_admin
from hub.people.models import Account, find_account, list_accounts, list_sign_ins
from hub.people.pages import COOKIE_SECONDS, TRIES_BY_BOTH, page, set_cookie
from hub.web import (
    LANGUAGE_COOKIE,
    Db,
    Options,
    RateLimits,
    Render,
    Time,
    field_name,
    language_of,
    read_form,
    see_other,
)

router = APIRouter(include_in_schema=False)
# What a page says has been done, after the form that did it.
DONE = ("saved", "password", "ended", "ended_others", "invited", "sent", "disabled", "enabled")


def _done(request: Request) -> str:
    done = request.query_params.get("done", "")
    return done if done in DONE else ""


# --- one's own ---------------------------------------------------------------------------------


@router.get("/account")
async def get_account(
    request: Request, caller: Asking, database: Db, clock: Time, renderer: Render
) -> Response:
    check_account(caller)
    return await _own_page(request, caller, database, clock, renderer)


async def _own_page(
    request: Request,
    caller: Caller,
    database: Db,
    clock: Time,
    renderer: Render,
    status: int = 200,
    **more: Any,
) -> Response:
    account = check_account(caller)
    async with database.reading() as tx:
        sign_ins = await list_sign_ins(tx, account.id, now=clock.now())
    own = caller.sign_in.id if caller.sign_in else ""
    context: dict[str, Any] = {
        "account": account,
        "sign_ins": [{"row": each, "this": each.id == own} for each in sign_ins],
        "done": _done(request),
        **more,
    }
    return page(request, renderer, "people/account.html", status, **context)


@router.post("/account")
async def post_account(
    request: Request, caller: Asking, database: Db, clock: Time, renderer: Render, options: Options
) -> Response:
    account = check_account(caller)
    form = await read_form(request)
    try:
        async with database.transaction() as tx:
            await actions.change_own_account(
                tx, account.id, name=form.get("name", ""), language=form.get("language", "")
            )
    except Invalid as faults:
        errors = _errors(request, renderer, faults)
        return await _own_page(
            request, caller, database, clock, renderer, 422, values=form, errors=errors
        )
    answer = see_other("/account?done=saved")
    set_cookie(answer, options, LANGUAGE_COOKIE, form["language"], COOKIE_SECONDS * 12)
    return answer


@router.post("/account/password")
async def post_password(
    request: Request,
    caller: Asking,
    database: Db,
    clock: Time,
    renderer: Render,
    limits: RateLimits,
) -> Response:
    """Choose a password, or another one. Every other browser is signed out."""
    account = check_account(caller)
    form = await read_form(request)
    try:
        await limits.check(TRIES_BY_BOTH, "password", account.id)
        await _check_current(account, form.get("current", ""))
        hashed = await asyncio.to_thread(actions.hash_password, form.get("new", ""))
    except (Invalid, TooFast) as refusal:
        told, status = _told(request, renderer, refusal), refusal.status
        return await _own_page(request, caller, database, clock, renderer, status, **told)
    keep = caller.sign_in.id if caller.sign_in else None
    async with database.transaction() as tx:
        await actions.set_password(tx, account.id, hashed, keep=keep, now=clock.now())
    await sockets_out(request)
    return see_other("/account?done=password")


async def _check_current(account: Account, current: str) -> None:
    if account.password_hash is None:
        return
    if not await asyncio.to_thread(actions.password_matches, account.password_hash, current):
        raise Invalid({"/current": "password_wrong"})


@router.post("/account/sign-ins/end")
async def post_end_others(request: Request, caller: Asking, database: Db, clock: Time) -> Response:
    """End every other sign-in and token."""
    account = check_account(caller)
    keep = caller.sign_in.id if caller.sign_in else None
    async with database.transaction() as tx:
        await actions.end_sign_ins(tx, account, now=clock.now(), keep=keep)
    await sockets_out(request)
    return see_other("/account?done=ended_others")


@router.post("/account/sign-ins/{sign_in_id}/end")
async def post_end(
    sign_in_id: str, request: Request, caller: Asking, database: Db, clock: Time
) -> Response:
    account = check_account(caller)
    async with database.transaction() as tx:
        await actions.end_sign_in(tx, account, sign_in_id, now=clock.now())
    await sockets_out(request)
    return see_other("/account?done=ended")


# --- all, for admins ---------------------------------------------------------------------------


@router.get("/accounts")
async def get_accounts(
    request: Request, caller: Asking, database: Db, renderer: Render, options: Options
) -> Response:
    check_admin(caller)
    return await _list_page(request, database, renderer, options)


async def _list_page(
    request: Request,
    database: Db,
    renderer: Render,
    options: Options,
    status: int = 200,
    **more: Any,
) -> Response:
    async with database.reading() as tx:
        listed = await list_accounts(tx)
    context: dict[str, Any] = {
        "accounts": [_listed(account, seen) for account, seen in listed],
        "roles": rules.ACCOUNT_ROLES,
        "as_files": options.smtp_server is None,
        "done": _done(request),
        **more,
    }
    return page(request, renderer, "people/accounts.html", status, **context)


def _listed(account: Account, seen: datetime | None) -> dict[str, Any]:
    return {"row": account, "seen_at": seen}


@router.post("/accounts")
async def post_accounts(
    request: Request, caller: Asking, database: Db, clock: Time, renderer: Render, options: Options
) -> Response:
    """Add an account and mail its owner a link."""
    admin = check_admin(caller)
    form = await read_form(request)
    try:
        async with database.transaction() as tx:
            await actions.invite_account(
                tx,
                email=form.get("email", ""),
                name=form.get("name", ""),
                role=form.get("role", ""),
                language=form.get("language", ""),
                by=admin,
                now=clock.now(),
            )
    except Refusal as refusal:
        told, status = _told(request, renderer, refusal), refusal.status
        return await _list_page(request, database, renderer, options, status, values=form, **told)
    return see_other("/accounts?done=invited")


@router.get("/accounts/{account_id}")
async def get_one(
    account_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    options: Options,
) -> Response:
    check_admin(caller)
    return await _one_page(account_id, request, caller, database, renderer, options)


async def _one_page(
    account_id: str,
    request: Request,
    caller: Caller,
    database: Db,
    renderer: Render,
    options: Options,
    status: int = 200,
    **more: Any,
) -> Response:
    async with database.reading() as tx:
        account = await find_account(tx, account_id)
    if account is None:
        raise NotFound()
    context: dict[str, Any] = {
        "account": account,
        "own": account.id == check_account(caller).id,
        "roles": rules.ACCOUNT_ROLES,
        "as_files": options.smtp_server is None,
        "done": _done(request),
        **more,
    }
    return page(request, renderer, "people/accounts_one.html", status, **context)


@router.post("/accounts/{account_id}")
async def post_one(
    account_id: str,
    request: Request,
    caller: Asking,
    database: Db,
    clock: Time,
    renderer: Render,
    options: Options,
) -> Response:
    """Change a role, close or open an account, or send its link again."""
    admin = check_admin(caller)
    form = await read_form(request)
    try:
        async with database.transaction() as tx:
            done = await _act(tx, account_id, form, by=admin, now=clock.now())
    except NotFound:
        raise
    except Refusal as refusal:
        told, status = _told(request, renderer, refusal), refusal.status
        return await _one_page(
            account_id, request, caller, database, renderer, options, status, **told
        )
    await sockets_out(request)
    return see_other(f"/accounts/{account_id}?done={done}")


async def _act(
    tx: AsyncSession, account_id: str, form: dict[str, str], *, by: Account, now: datetime
) -> str:
    act = form.get("act")
    if act == "invite":
        account = await actions.access_account(tx, account_id)
        await actions.send_account_invitation(tx, account, by=by, now=now)
        return "sent"
    if act in ("disable", "enable"):
        await actions.change_account(tx, account_id, disabled=act == "disable", by=by, now=now)
        return f"{act}d"
    await actions.change_account(tx, account_id, role=form.get("role", ""), by=by, now=now)
    return "saved"


def _told(request: Request, renderer: Render, refusal: Refusal) -> dict[str, Any]:
    if isinstance(refusal, Invalid):
        return {"errors": _errors(request, renderer, refusal)}
    return {"refused": renderer.refusal(language_of(request), refusal)}


def _errors(request: Request, renderer: Render, faults: Invalid) -> dict[str, str]:
    language = language_of(request)
    return {field_name(p): renderer.fault(language, c) for p, c in faults.fields.items()}
