"""What every room's pages and calls share: parts, languages, refusals as answers, safety headers.

Cross-site requests are refused by the ``Sec-Fetch-Site`` header, and by ``Origin`` where a browser
does not send it; no tokens, so that shared fragments stay shared.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.clock import Clock
from hub.db import Database, is_away, is_unkeepable, name_of_fault
from hub.errors import Fault, Invalid, Refusal, TooFast, Unavailable
from hub.render import Renderer
from hub.settings import Settings

log = structlog.get_logger(__name__)
T = TypeVar("T")
LANGUAGE_COOKIE = "hub_language"
PROBLEM = "application/problem+json"
MAX_BODY_BYTES = 4_000_000
ONCE_LATELY = "1 per hour"
WRONG_LINKS = "60 per minute"
WRONG_LINKS_IN_ALL = "600 per minute"
# How long Redis may take to count one, and for how long it is not asked after it did not.
REDIS_SECONDS = 3.0
REDIS_AWAY_SECONDS = 2.0

CSP = (
    "default-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with that, browsers send "Origin: null" with our own forms, and those that
    # do not know Sec-Fetch-Site would be taken for another site's.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


# --- parts of the application, for routes ---------------------------------------------------
# All are coroutines: the framework calls plain functions in a worker thread, and the way there and
# back takes longer than what most of a request does.


async def _database(request: HTTPConnection) -> Database:
    found: Database = request.app.state.database
    return found


async def _clock(request: HTTPConnection) -> Clock:
    found: Clock = request.app.state.clock
    return found


async def _renderer(request: HTTPConnection) -> Renderer:
    found: Renderer = request.app.state.renderer
    return found


async def _settings(request: HTTPConnection) -> Settings:
    found: Settings = request.app.state.settings
    return found


async def _limits(request: HTTPConnection) -> Limits:
    found: Limits = request.app.state.limits
    return found


Db = Annotated[Database, Depends(_database)]
Time = Annotated[Clock, Depends(_clock)]
Render = Annotated[Renderer, Depends(_renderer)]
Options = Annotated[Settings, Depends(_settings)]
RateLimits = Annotated["Limits", Depends(_limits)]


def made_here(kind: type[T]) -> Callable[..., Awaitable[T]]:
    """A dependency that makes a ``kind`` of what its constructor asks for, without a thread."""

    async def make(**parts: Any) -> T:
        return kind(**parts)

    make.__signature__ = inspect.signature(kind, eval_str=True)  # type: ignore[attr-defined]
    return make


# --- languages ------------------------------------------------------------------------------


def preferred_language(header: str) -> str:
    """Swedish or English by an ``Accept-Language`` header; English where it names neither."""
    best, weight = "en", 0.0
    for part in header.split(","):
        tag, _, parameters = part.strip().partition(";")
        match = re.search(r"q=([0-9.]+)", parameters)
        try:
            quality = float(match.group(1)) if match else 1.0
        except ValueError:
            quality = 0.0
        language = tag.strip().lower().split("-")[0]
        if language in ("sv", "en") and quality > weight:
            best, weight = language, quality
    return best


def language_of(request: HTTPConnection) -> str:
    """The reader's language: what they told us, then their cookie, then their browser."""
    told = getattr(request.state, "language", None)
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if told in ("sv", "en"):
        return str(told)
    if chosen in ("sv", "en"):
        return str(chosen)
    return preferred_language(request.headers.get("accept-language", ""))


# --- how often -------------------------------------------------------------------------------


class Limits:
    """Rate limits by person or address; in memory, or in Redis where there are processes.

    While Redis does not answer each process counts for itself: people go on writing.
    """

    def __init__(self, redis_url: str, *, speed: float = 1.0) -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = (
            MovingWindowRateLimiter(RedisStorage(f"async+{redis_url}", implementation="redispy"))
            if redis_url
            else None
        )
        self._away_until = 0.0
        self._speed = speed
        self._rules: dict[str, RateLimitItem] = {}

    def _rule(self, rule: str) -> RateLimitItem:
        if rule not in self._rules:
            self._rules[rule] = parse(rule)
        return self._rules[rule]

    async def _ask(self, asking: Callable[[MovingWindowRateLimiter], Awaitable[bool]]) -> bool:
        if self._shared is None:
            return await asking(self._own)
        if time.monotonic() >= self._away_until:
            try:
                async with asyncio.timeout(REDIS_SECONDS):
                    return await asking(self._shared)
            except (RedisError, OSError) as error:
                # Nobody waits for it again and again.
                self._away_until = time.monotonic() + REDIS_AWAY_SECONDS
                log.warning("redis away", fault=type(error).__name__)
        return await asking(self._own)

    async def check(self, rule: str, *key: str) -> None:
        """Count one. Raises TooFast where ``rule`` ("20 per 10 second") is used up.

        A demonstration that runs faster than the clock is not held back.
        """
        if self._speed > 1:
            return
        item = self._rule(rule)
        if not await self._ask(lambda strategy: strategy.hit(item, *key)):
            raise TooFast(retry_after=max(1, item.get_expiry()))

    async def count(self, rule: str, *key: str) -> None:
        """Count one, whether or not there is room for it."""
        if self._speed <= 1:
            item = self._rule(rule)
            await self._ask(lambda strategy: strategy.hit(item, *key))

    async def is_open(self, rule: str, *key: str) -> bool:
        """True where another one would be let through; counts nothing."""
        item = self._rule(rule)
        return self._speed > 1 or await self._ask(lambda strategy: strategy.test(item, *key))


def address_of(request: HTTPConnection) -> str:
    """Where a request comes from, for limits: of IPv6 the network, since a home has all of it."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False))


class Guesses:
    """Wrong guesses of one kind of secret, counted by address and for the whole hub.

    An address that has guessed wrong too often is refused for a while. Where the whole hub is
    under attack, so is every address that has guessed wrong even once lately: whoever comes with
    the right secret at first is always let in.
    """

    def __init__(self, limits: Limits, name: str, rule: str, *, hub_rule: str) -> None:
        self._limits, self._name, self._rule, self._hub_rule = limits, name, rule, hub_rule

    async def check(self, request: HTTPConnection) -> None:
        """Raises TooFast where no more guesses are taken from here; counts nothing."""
        address = address_of(request)
        used_up = not await self._limits.is_open(self._rule, self._name, address)
        attacked = not await self._limits.is_open(self._hub_rule, self._name)
        if attacked and not await self._limits.is_open(ONCE_LATELY, f"{self._name} once", address):
            used_up = True
        if used_up:
            raise TooFast(retry_after=60)

    async def wrong(self, request: HTTPConnection) -> None:
        """Count a wrong guess. Raises TooFast where it was one too many."""
        address = address_of(request)
        await self._limits.count(ONCE_LATELY, f"{self._name} once", address)
        await self._limits.count(self._hub_rule, self._name)
        await self._limits.check(self._rule, self._name, address)


def guesses_of_links(limits: Limits) -> Guesses:
    """Personal links of all kinds: they cannot be guessed, and trying must not slow the hub."""
    return Guesses(limits, "wrong_link", WRONG_LINKS, hub_rule=WRONG_LINKS_IN_ALL)


# --- forms -----------------------------------------------------------------------------------


# Control characters: no keyboard types them, and a page that gives them back is not valid.
_UNSHOWN = dict.fromkeys(c for c in (*range(32), *range(127, 160)) if chr(c) not in "\t\n\r")


async def read_form(request: Request) -> dict[str, str]:
    """The text fields of a form, without control characters; the last value of each name."""
    form = await request.form()
    return {
        key: value.translate(_UNSHOWN)
        for key, value in form.multi_items()
        if isinstance(value, str)
    }


def read_number(text: str | None) -> int | None:
    """A whole number from 0, as a form has it; None for all else, and for what no column holds."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def both(form: Mapping[str, str], name: str) -> dict[str, str]:
    """``title_sv`` and ``title_en`` as a text in both languages."""
    return {language: form.get(f"{name}_{language}", "") for language in ("sv", "en")}


def field_name(pointer: str) -> str:
    """The form field that a JSON pointer speaks of: ``/title/sv`` is ``title_sv``."""
    return pointer.strip("/").removeprefix("fields/").replace("/", "_")


def is_htmx(request: HTTPConnection) -> bool:
    return request.headers.get("hx-request") == "true"


def see_other(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


def local_path(path: str | None, default: str = "/") -> str:
    """A path on this site to go back to; never another site's address."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")):
        return default
    parts = urlsplit(path)
    return default if parts.scheme or parts.netloc else path


# --- refusals as answers ----------------------------------------------------------------------


def problem(
    request: HTTPConnection,
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: Iterable[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error as RFC 9457 has it; ``errors`` point into the body (RFC 6901)."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
    }
    if listed := list(errors):
        body["errors"] = listed
    return JSONResponse(body, status_code=status, media_type=PROBLEM, headers=dict(headers or {}))


def refuse(request: HTTPConnection, refusal: Refusal, *, typed: Typed | None = None) -> Response:
    """A refusal in the reader's language: a problem for calls, a page or fragment for people.

    What was ``typed`` into a form that could not be sent is on the page.
    """
    renderer: Renderer = request.app.state.renderer
    language = language_of(request)
    detail = renderer.refusal(language, refusal)
    headers = (
        {"Retry-After": str(refusal.retry_after)}
        if isinstance(refusal, TooFast | Unavailable)
        else {}
    )
    if isinstance(refusal, Invalid) and refusal.fields:
        detail = " ".join(
            dict.fromkeys(renderer.fault(language, code) for code in refusal.fields.values())
        )
    if wants_json(request):
        errors = (
            [
                {
                    "pointer": pointer,
                    "code": code,
                    "detail": renderer.fault(language, code),
                    **_line_of(code),
                }
                for pointer, code in refusal.fields.items()
            ]
            if isinstance(refusal, Invalid)
            else []
        )
        return problem(
            request,
            status=refusal.status,
            code=refusal.code,
            title=renderer.say(language, f"status.{refusal.status}"),
            detail=detail,
            errors=errors,
            headers=headers,
        )
    if refusal.status == 401 and request.scope.get("method") == "GET":
        return see_other("/sign-in")
    return error_page(request, status=refusal.status, sentence=detail, headers=headers, typed=typed)


@dataclass(frozen=True)
class Typed:
    """A form that could not be sent, for sending it again.

    ``words`` are shown, ``rest`` (ids, choices) goes along; a file or a password has to be given
    anew in the form itself, so that ``complete`` is False.
    """

    words: list[tuple[str, str]]
    rest: list[tuple[str, str]]
    complete: bool


async def read_typed(request: Request) -> Typed | None:
    """What was typed into a form, without passwords; None where it is no form, or has no words."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return None
    fields = [
        (name, value.translate(_UNSHOWN) if isinstance(value, str) else None)
        for name, value in (await request.form()).multi_items()
    ]
    told = [(name, value) for name, value in fields if value and "password" not in name]
    words = [(name, value) for name, value in told if any(letter.isspace() for letter in value)]
    rest = [pair for pair in told if pair not in words]
    complete = not any(value is None or "password" in name for name, value in fields)
    return Typed(words, rest, complete) if complete or words else None


def _line_of(code: str) -> dict[str, Any]:
    """Of a fault in a file: the line that it is on."""
    line = code.facts.get("line") if isinstance(code, Fault) else None
    return {} if line is None else {"line": line}


def error_page(
    request: HTTPConnection,
    *,
    status: int,
    sentence: str,
    reference: str | None = None,
    headers: Mapping[str, str] | None = None,
    typed: Typed | None = None,
) -> HTMLResponse:
    renderer: Renderer = request.app.state.renderer
    language = language_of(request)
    html = renderer.render(
        "_error.html" if is_htmx(request) else "error.html",
        language,
        status=status,
        title=renderer.say(language, f"status.{status}"),
        sentence=sentence,
        reference=reference,
        typed=typed,
        is_form=request.scope.get("method") != "GET",
        **page_context(request),
    )
    return HTMLResponse(html, status_code=status, headers=dict(headers or {}))


def page_context(request: HTTPConnection) -> dict[str, Any]:
    """What every page is told: who reads it, where it is, and whether this is a demonstration."""
    caller = getattr(request.state, "caller_view", None)
    query = request.url.query
    return {
        "caller": caller or {"account": None, "seat": None},
        "path": request.url.path + (f"?{query}" if query else ""),
        "demo": bool(request.app.state.demonstration),
        "errors": {},
        "values": {},
    }


def wants_json(request: HTTPConnection) -> bool:
    path = request.url.path
    return path.startswith("/api/") or path in ("/healthz", "/readyz", "/metrics")


def install_refusals(app: FastAPI) -> None:
    """Turn refusals, faults in a body and bugs into answers."""

    @app.exception_handler(Refusal)
    async def on_refusal(request: Request, refusal: Refusal) -> Response:
        return refuse(request, refusal)

    @app.exception_handler(RequestValidationError)
    async def on_faults(request: Request, error: RequestValidationError) -> Response:
        fields = {}
        for fault in error.errors():
            where = [str(part) for part in fault["loc"] if part not in ("body", "query", "path")]
            code = "missing" if fault["type"] == "missing" else "unreadable"
            fields["/" + "/".join(where)] = code
        return refuse(request, Invalid(fields))

    @app.exception_handler(UnicodeEncodeError)
    async def on_half_letters(request: Request, error: UnicodeEncodeError) -> Response:
        # Lone surrogates, which JSON can spell and no database keeps: an id that nobody has.
        return refuse(request, Invalid({"": "unreadable"}))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        known = error.status_code if error.status_code in (400, 404, 405, 413) else 400
        refusal = Refusal(f"http_{known}")
        refusal.status = error.status_code
        answer = refuse(request, refusal)
        for name, value in (error.headers or {}).items():
            answer.headers[name] = value
        return answer

    @app.exception_handler(DBAPIError)
    @app.exception_handler(PoolTimeoutError)
    @app.exception_handler(OSError)
    async def on_database(request: Request, error: Exception) -> Response:
        if isinstance(error, DBAPIError) and is_unkeepable(error):
            return refuse(request, Invalid({"": "unreadable"}))
        if not is_away(error):
            raise error
        route = getattr(request.scope.get("route"), "path", "")
        fault = name_of_fault(error)
        log.error("database away", route=route, fault=fault)
        typed = None if wants_json(request) or is_htmx(request) else await read_typed(request)
        return refuse(request, Unavailable("database_away"), typed=typed)

    @app.exception_handler(Exception)
    async def on_bug(request: Request, error: Exception) -> Response:
        reference = secrets.token_hex(4)
        # The route, not the address: some have a secret in it.
        route = getattr(request.scope.get("route"), "path", "")
        log.error("bug", reference=reference, route=route, exc_info=error)
        renderer: Renderer = request.app.state.renderer
        language = language_of(request)
        sentence = renderer.refusal(language, Refusal("bug", reference=reference))
        if wants_json(request):
            title = renderer.say(language, "status.500")
            return problem(request, status=500, code="bug", title=title, detail=sentence)
        return error_page(request, status=500, sentence=sentence, reference=reference)


# --- middleware ------------------------------------------------------------------------------


def is_cross_site(headers: Mapping[str, str]) -> bool:
    """True where a browser says that another site made the page send this."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


def is_our_host(host: str, base_url: str) -> bool:
    """Whether a ``Host`` header names this hub: its own name, this machine, or a bare address.

    Another name in it may be a page that was made to look like the hub (DNS rebinding), or a way
    to get foreign links into answers. A bare address can be neither.
    """
    if not base_url:
        return True
    name = urlsplit(f"//{host}").hostname or ""
    if name in (urlsplit(base_url).hostname, "localhost"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class SafeSite:
    """Refuse other hosts' names and cross-site changes that ride on cookies; add safety headers."""

    def __init__(self, app: ASGIApp, *, https: bool, base_url: str = "") -> None:
        self.app = app
        self.base_url = base_url
        self.headers = dict(HEADERS)
        if https:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not self._is_ours(scope):
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        request = Request(scope)
        if not self._is_ours(scope):
            refusal = Refusal("host_unknown")
            refusal.status = 400
            await refuse(request, refusal)(scope, receive, send_safely)
            return
        changes = scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if changes and "authorization" not in request.headers and is_cross_site(request.headers):
            refusal = Refusal("cross_site")
            refusal.status = 403
            await refuse(request, refusal)(scope, receive, send_safely)
            return
        length = request.headers.get("content-length", "")
        if length.isdigit() and int(length) > MAX_BODY_BYTES:
            # Said in words here; a body of unknown length is cut off by the framework.
            too_large = Refusal("http_413")
            too_large.status = 413
            await refuse(request, too_large)(scope, receive, send_safely)
            return
        await self.app(scope, receive, send_safely)

    def _is_ours(self, scope: Scope) -> bool:
        try:
            return is_our_host(HTTPConnection(scope).headers.get("host", ""), self.base_url)
        except ValueError:
            return False


def data_folder(name: str) -> Path:
    """``templates``, ``translations`` or ``charters``: in the checkout, or in the package."""
    package = Path(__file__).parent
    beside = package.parent / name
    return beside if beside.is_dir() else package / "_data" / name
