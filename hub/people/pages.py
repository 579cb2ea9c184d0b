"""Pages of people: signing in and out, languages, help."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.background import BackgroundTask

from hub.errors import Refusal, TooFast
from hub.people import actions, rules
from hub.people.door import ACCOUNT_COOKIE, EDITS_TEXTS, RUNS_SESSIONS, Asking
from hub.people.models import Account, find_account_by_email
from hub.web import (
    LANGUAGE_COOKIE,
    Db,
    Limits,
    Options,
    RateLimits,
    Render,
    Time,
    address_of,
    guesses_of_links,
    language_of,
    local_path,
    page_context,
    read_form,
    see_other,
)

router = APIRouter(include_in_schema=False)
# Tries to sign in: by address, by address and e-mail, and wrong ones by e-mail from anywhere.
TRIES_BY_ADDRESS = "30 per minute"
TRIES_BY_BOTH = "10 per minute"
WRONG_BY_EMAIL = "100 per hour"
# Links mailed to one e-mail address, whoever asks for them.
LINKS_BY_EMAIL = "3 per 15 minute"
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
        return see_other(home_of(caller.account))
    return page(request, renderer, "people/sign_in.html")


def home_of(account: Account) -> str:
    """Where somebody begins who has signed in."""
    if account.role in RUNS_SESSIONS:
        return "/sessions"
    if account.role in EDITS_TEXTS:
        return "/charters"
    return "/research" if account.role == "researcher" else "/account"


@router.post("/sign-in")
async def post_sign_in(
    request: Request,
    database: Db,
    clock: Time,
    renderer: Render,
    options: Options,
    limits: RateLimits,
) -> Response:
    """Sign in by e-mail and password, or ask for a link. A wrong one and an unknown look alike."""
    form = await read_form(request)
    email = form.get("email", "").strip()
    by_link = form.get("by") == "link" or not form.get("password")
    try:
        await _check_may_try(limits, request, email, by_link=by_link)
    except TooFast as refusal:
        return _sign_in_again(request, renderer, form, refusal)
    if by_link:
        return await _promise_link(request, database, clock, renderer, limits, form)
    async with database.reading() as tx:
        account = await find_account_by_email(tx, email)
    good = await asyncio.to_thread(
        actions.password_matches,
        account.password_hash if account else None,
        form["password"],
    )
    if account is None or not good or account.disabled_at is not None:
        await limits.count(WRONG_BY_EMAIL, "sign_in_wrong", _key_of(email))
        answer = _sign_in_again(request, renderer, form, Refusal("sign_in_wrong"), status=422)
        # After the answer, which takes the same time whether or not there is such an account.
        answer.background = BackgroundTask(_note_failure, database, clock, email)
        return answer
    return await _let_in(request, account, database, clock, options)


async def _check_may_try(limits: Limits, request: Request, email: str, *, by_link: bool) -> None:
    address = address_of(request)
    await limits.check(TRIES_BY_ADDRESS, "sign_in", address)
    await limits.check(TRIES_BY_BOTH, "sign_in", address, _key_of(email))
    # A link goes to the owner alone: it stays open to them while others guess their password.
    if not by_link and not await limits.is_open(WRONG_BY_EMAIL, "sign_in_wrong", _key_of(email)):
        raise TooFast(retry_after=600)


def _key_of(email: str) -> str:
    """What stands for an address where limits are counted: nobody can read it there."""
    return actions.hash_secret(email.lower())[:24]


def _sign_in_again(
    request: Request,
    renderer: Render,
    form: dict[str, str],
    refusal: Refusal,
    *,
    status: int | None = None,
) -> HTMLResponse:
    refused = renderer.refusal(language_of(request), refusal)
    values = {"email": form.get("email", "").strip()}
    answer = page(
        request,
        renderer,
        "people/sign_in.html",
        status or refusal.status,
        refused=refused,
        values=values,
    )
    if isinstance(refusal, TooFast):
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


async def _promise_link(
    request: Request,
    database: Db,
    clock: Time,
    renderer: Render,
    limits: Limits,
    form: dict[str, str],
) -> Response:
    """The same answer for every address; whether somebody has it is looked up afterwards."""
    email = form.get("email", "").strip()
    if not rules.is_email(email):
        fault = renderer.fault(language_of(request), "email_unreadable")
        return page(
            request,
            renderer,
            "people/sign_in.html",
            422,
            values={"email": email},
            errors={"email": fault},
        )
    answer = see_other("/sign-in/sent")
    try:
        await limits.check(LINKS_BY_EMAIL, "sign_in_link", _key_of(email))
    except TooFast:
        # As many as anybody needs are on their way; another answer would tell who asked before.
        return answer
    answer.background = BackgroundTask(_mail_link, database, clock, email)
    return answer


async def _mail_link(database: Db, clock: Time, email: str) -> None:
    async with database.transaction() as tx:
        await actions.mail_sign_in_link(tx, email, now=clock.now())


async def _note_failure(database: Db, clock: Time, email: str) -> None:
    async with database.transaction() as tx:
        await actions.note_failed_sign_in(tx, email, now=clock.now())


@router.get("/sign-in/sent")
async def get_sign_in_sent(request: Request, _caller: Asking, renderer: Render) -> Response:
    minutes = actions.MAILED_LINK_MINUTES
    return page(request, renderer, "people/sign_in_sent.html", minutes=minutes)


@router.get("/sign-in/{secret}")
async def get_sign_in_link(
    secret: str,
    request: Request,
    caller: Asking,
    database: Db,
    clock: Time,
    renderer: Render,
    limits: RateLimits,
    to: Annotated[str, Query(alias="next")] = "",
) -> Response:
    """Ask before using the link up: mail scanners and previews open links too."""
    guesses = guesses_of_links(limits)
    await guesses.check(request)
    async with database.reading() as tx:
        account = await actions.find_link_account(tx, secret, now=clock.now())
    if account is None and caller.account is None:
        await guesses.wrong(request)
        return _sign_in_again(request, renderer, {}, Refusal("sign_in_link_spent"))
    if caller.account is not None and (account is None or account.id == caller.account.id):
        return see_other(local_path(to, home_of(caller.account)))
    return page(request, renderer, "people/sign_in_link.html", secret=secret, next=to)


@router.post("/sign-in/{secret}")
async def post_sign_in_link(
    secret: str,
    request: Request,
    database: Db,
    clock: Time,
    renderer: Render,
    options: Options,
    limits: RateLimits,
) -> Response:
    form = await read_form(request)
    guesses = guesses_of_links(limits)
    await guesses.check(request)
    try:
        async with database.transaction() as tx:
            account = await actions.use_sign_in_link(tx, secret, now=clock.now())
    except Refusal as refusal:
        await guesses.wrong(request)
        return _sign_in_again(request, renderer, {}, refusal)
    to = local_path(form.get("next"), home_of(account))
    return await _let_in(request, account, database, clock, options, to=to)


async def _let_in(
    request: Request,
    account: Account,
    database: Db,
    clock: Time,
    options: Options,
    *,
    to: str | None = None,
) -> Response:
    device = rules.device_of(request.headers.get("user-agent", ""))
    async with database.transaction() as tx:
        secret = await actions.sign_in(tx, account, kind="browser", now=clock.now(), device=device)
    answer = see_other(to or home_of(account))
    set_cookie(answer, options, ACCOUNT_COOKIE, secret, COOKIE_SECONDS)
    set_cookie(answer, options, LANGUAGE_COOKIE, account.language, COOKIE_SECONDS * 12)
    return answer


@router.post("/sign-out")
async def post_sign_out(request: Request, database: Db, clock: Time) -> Response:
    if secret := request.cookies.get(ACCOUNT_COOKIE):
        async with database.transaction() as tx:
            await actions.sign_out(tx, secret, now=clock.now())
        await request.app.state.live.recheck()
    answer = see_other("/")
    answer.delete_cookie(ACCOUNT_COOKIE, path="/")
    return answer


@router.get("/help")
async def get_help(request: Request, _caller: Asking, renderer: Render) -> Response:
    return page(request, renderer, "help.html")
