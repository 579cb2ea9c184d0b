"""Pages of people: signing in and out, languages, help."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from hub.errors import Refusal
from hub.people import actions
from hub.people.door import ACCOUNT_COOKIE, Asking
from hub.people.models import Account, find_account_by_email
from hub.web import (
    LANGUAGE_COOKIE,
    Db,
    Options,
    RateLimits,
    Render,
    Time,
    address_of,
    language_of,
    local_path,
    page_context,
    read_form,
    see_other,
)

router = APIRouter(include_in_schema=False)
SIGN_IN_RULE = "20 per minute"
COOKIE_SECONDS = 60 * 60 * 24 * 30


def page(
    request: Request, renderer: Render, name: str, status: int = 200, **context: Any
) -> HTMLResponse:
    """A whole page in the reader's language."""
    language = context.pop("language", None) or language_of(request)
    html = renderer.render(name, language, **{**page_context(request), **context})
    return HTMLResponse(html, status_code=status)


def set_cookie(response: Response, options: Options, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=options.secure_cookies,
        path="/",
    )


@router.get("/language")
async def get_language(options: Options, to: str = "en", back: str = "/") -> Response:
    """Read in the other language from now on."""
    answer = see_other(local_path(back))
    if to in ("sv", "en"):
        set_cookie(answer, options, LANGUAGE_COOKIE, to, COOKIE_SECONDS * 12)
    return answer


@router.get("/sign-in")
async def get_sign_in(request: Request, caller: Asking, renderer: Render) -> Response:
    if caller.account is not None:
        return see_other("/sessions")
    return page(request, renderer, "people/sign_in.html")


@router.post("/sign-in")
async def post_sign_in(
    request: Request,
    database: Db,
    clock: Time,
    renderer: Render,
    options: Options,
    limits: RateLimits,
) -> Response:
    """Sign in by e-mail and password. A wrong one and an unknown one look the same."""
    form = await read_form(request)
    email = form.get("email", "").strip()
    await limits.check(SIGN_IN_RULE, "sign_in", address_of(request))
    await limits.check(SIGN_IN_RULE, "sign_in", email.lower())
    async with database.reading() as tx:
        account = await find_account_by_email(tx, email)
    good = await asyncio.to_thread(
        actions.password_matches,
        account.password_hash if account else None,
        form.get("password", ""),
    )
    if account is None or not good or account.disabled_at is not None:
        refused = renderer.refusal(language_of(request), Refusal("sign_in_wrong"))
        values = {"email": email}
        return page(request, renderer, "people/sign_in.html", 422, refused=refused, values=values)
    return await _let_in(account, database, clock, options)


@router.get("/sign-in/{secret}")
async def get_sign_in_link(
    secret: str,
    request: Request,
    caller: Asking,
    renderer: Render,
    to: Annotated[str, Query(alias="next")] = "/sessions",
) -> Response:
    """Ask before using the link up: mail scanners and previews open links too."""
    if caller.account is not None:
        return see_other(local_path(to, "/sessions"))
    return page(request, renderer, "people/sign_in_link.html", secret=secret, next=to)


@router.post("/sign-in/{secret}")
async def post_sign_in_link(
    secret: str, request: Request, database: Db, clock: Time, options: Options
) -> Response:
    form = await read_form(request)
    async with database.transaction() as tx:
        account = await actions.use_sign_in_link(tx, secret, now=clock.now())
    to = local_path(form.get("next"), "/sessions")
    return await _let_in(account, database, clock, options, to=to)


async def _let_in(
    account: Account, database: Db, clock: Time, options: Options, *, to: str = "/sessions"
) -> Response:
    async with database.transaction() as tx:
        secret = await actions.sign_in(tx, account, kind="browser", now=clock.now())
    answer = see_other(to)
    set_cookie(answer, options, ACCOUNT_COOKIE, secret, COOKIE_SECONDS)
    set_cookie(answer, options, LANGUAGE_COOKIE, account.language, COOKIE_SECONDS * 12)
    return answer


@router.post("/sign-out")
async def post_sign_out(request: Request, database: Db, clock: Time) -> Response:
    if secret := request.cookies.get(ACCOUNT_COOKIE):
        async with database.transaction() as tx:
            await actions.sign_out(tx, secret, now=clock.now())
    answer = see_other("/")
    answer.delete_cookie(ACCOUNT_COOKIE, path="/")
    return answer


@router.get("/help")
async def get_help(request: Request, _caller: Asking, renderer: Render) -> Response:
    return page(request, renderer, "help.html")


@router.get("/privacy")
async def get_privacy(request: Request, _caller: Asking, renderer: Render) -> Response:
    return page(request, renderer, "privacy.html")


@router.get("/accessibility")
async def get_accessibility(request: Request, _caller: Asking, renderer: Render) -> Response:
    return page(request, renderer, "accessibility.html")
