"""create_app(settings): builds all parts, joins the routes, lists the timed jobs."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.gzip import GZipMiddleware

import hub
from hub import health
from hub.audit.jobs import HEAD_SECONDS, HeadLog
from hub.charters import api as charters_api
from hub.charters import comment_pages, import_pages, workbench_pages
from hub.charters import pages as charters_pages
from hub.clock import Clock, Every, Ticker
from hub.db import Database
from hub.description import describe
from hub.errors import Forbidden, Refusal, Unauthorised
from hub.following import actions as following
from hub.following import api as following_api
from hub.following import jobs as following_jobs
from hub.following import pages as following_pages
from hub.front import api as front_api
from hub.front import (
    board_pages,
    case_pages,
    home_pages,
    indexing,
    schedule_pages,
    search_pages,
)
from hub.gatherings import api as gatherings_api
from hub.gatherings import (
    dialogue_pages,
    facilitator_pages,
    format_pages,
    invitation_pages,
    jobs,
    moderation_pages,
    my_data,
    my_pages,
    proposal_pages,
    question_pages,
    research_pages,
    term_pages,
    translation_pages,
)
from hub.gatherings import pages as gatherings_pages
from hub.gatherings.formats import Formats
from hub.gatherings.models import find_gathering
from hub.gatherings.screens import Screens
from hub.language import api as language_api
from hub.language.queue import Queue
from hub.language.text import looks_like
from hub.language.translator import Service, Translator
from hub.live import Admission, Key, Live, NotAdmitted
from hub.mail import jobs as mail_jobs
from hub.meetings import actions as meetings
from hub.meetings import api as meetings_api
from hub.meetings import jobs as meetings_jobs
from hub.meetings import organiser_pages as organiser_meeting_pages
from hub.meetings import pages as meeting_pages
from hub.meetings import reply_pages, series_pages
from hub.meetings.doorway import sender_of
from hub.people import account_pages, audit_pages, consent_pages
from hub.people import actions as people
from hub.people import api as people_api
from hub.people import pages as people_pages
from hub.people.door import Asking, check_reads, identify, list_lasting
from hub.programme import api as programme_api
from hub.programme import pages as programme_pages
from hub.render import Renderer, hashed
from hub.retention import api as retention_api
from hub.retention import jobs as retention_jobs
from hub.retention import pages as retention_pages
from hub.schedule import jobs as schedule_jobs
from hub.settings import Settings
from hub.summaries import actions as summaries
from hub.summaries import api as summaries_api
from hub.summaries import editor_pages as summaries_editor_pages
from hub.summaries import jobs as summaries_jobs
from hub.summaries import pages as summaries_pages
from hub.summaries import point_pages as summaries_point_pages
from hub.web import (
    MAX_BODY_BYTES,
    Limits,
    SafeSite,
    data_folder,
    install_refusals,
)

STATIC = Path(__file__).parent / "static"
# How often it is looked whether translation packages were installed or removed.
PACKAGES_SECONDS = 5
MAIL_SECONDS = 5
# How long at most a connection outlives a seat or sign-in that was ended by another process.
SOCKETS_SECONDS = 15
# How often screens are compared with the rows: what was not told to them is shown by the next look.
MAKE_GOOD_SECONDS = 1
# How often it is looked whether timed work is due.
SCHEDULE_SECONDS = 30
# How often files of mails that are gone are looked for.
OUTBOX_SECONDS = 600
# How long at most what was erased stays in logs of the database and in the memory of a process.
WIPE_SECONDS = 1800
# How often it is looked whether a summary waits for the other language.
SUMMARIES_SECONDS = 5
DESCRIPTION = """Live sessions where people who share no language think and decide together.

Bearer token or session cookie. Errors are `application/problem+json` (RFC 9457) in the caller's
language. Times are RFC 3339; languages are `sv` and `en`; ids are opaque.
"""


class Static(StaticFiles):
    """Static files under an address that holds their hash are kept by browsers for a year."""

    async def get_response(self, path: str, scope: Any) -> Any:
        answer = await super().get_response(path, scope)
        if b"v=" in scope.get("query_string", b""):
            answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    translator: Service | None = None,
    demonstration: bool = False,
) -> FastAPI:
    """The hub as an ASGI application. ``translator`` and ``clock`` are given by tests and demos."""
    clock = clock or Clock()
    database = Database(settings.database, secret_key=settings.read_key())
    renderer = Renderer(
        data_folder("templates"),
        data_folder("translations"),
        timezone=settings.timezone,
        static_version=hashed(STATIC),
    )
    translator = Queue(
        translator or Translator(settings.packages_dir, data_folder("translations") / "models")
    )
    screens = Screens(database, clock, renderer, base_url=settings.base_url)
    live = Live(
        redis_url=settings.redis_url,
        identify=_identify(database, clock),
        admit=_admit(database, clock, screens),
        ended=_ended(database, clock),
        catch_up=screens.catch_up,
        presence_changed=screens.tell_presence,
        hear=screens.hear,
    )
    screens.live = live
    join_rooms(screens, settings)
    post = mail_jobs.Post(database, clock, renderer, settings)
    runner = schedule_jobs.Runner(
        database,
        clock,
        *schedule_jobs.join(
            [
                jobs.handlers(screens, settings),
                following_jobs.handlers(),
                summaries_jobs.handlers(),
                meetings_jobs.handlers(screens, settings),
            ]
        ),
    )
    ticker = Ticker(
        [
            Every(1, "translate", partial(jobs.translate_waiting, screens, translator)),
            Every(
                SUMMARIES_SECONDS,
                "translate summaries",
                partial(summaries_jobs.translate_summaries, screens, translator),
            ),
            Every(
                SUMMARIES_SECONDS,
                "translate reasons",
                partial(following_jobs.translate_reasons, screens, translator),
            ),
            Every(2, "spread corrections", partial(jobs.spread_corrections, screens)),
            Every(2, "spread terms", partial(jobs.spread_terms, screens)),
            Every(PACKAGES_SECONDS, "packages", translator.reload),
            Every(max(0.3, 1 / max(1, clock.speed)), "time", partial(jobs.keep_time, screens)),
            Every(max(0.5, 2 / clock.speed), "think", partial(jobs.think, screens)),
            Every(15 / clock.speed, "presence", partial(jobs.note_presence, screens)),
            Every(WIPE_SECONDS, "wipe", partial(my_data.wipe_left, screens)),
            Every(SOCKETS_SECONDS, "sockets", live.recheck),
            Every(MAKE_GOOD_SECONDS, "make good", screens.make_good),
            Every(max(0.5, 60 / clock.speed), "idle", partial(jobs.close_idle, screens)),
            Every(
                max(0.5, SCHEDULE_SECONDS / clock.speed),
                "schedule",
                partial(schedule_jobs.run_due, runner),
            ),
            Every(
                max(0.5, 15 / clock.speed),
                "meetings",
                partial(meetings_jobs.follow_sessions, screens, settings),
            ),
            Every(MAIL_SECONDS, "mail", partial(mail_jobs.send_due, post)),
            Every(OUTBOX_SECONDS, "outbox", partial(mail_jobs.sweep_outbox, post)),
            Every(600, "retention", partial(retention_jobs.keep_retention, screens)),
            Every(max(0.5, 15 / clock.speed), "guard", partial(jobs.guard, screens)),
            Every(indexing.SECONDS, "search", partial(indexing.fill, screens)),
            Every(HEAD_SECONDS, "audit head", HeadLog(database, clock).run),
        ]
    )
    screens.on_change = partial(ticker.wake, "translate")
    screens.lacks = translator.lacks
    screens.on_published = partial(ticker.wake, "search")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await translator.start()
        # The first look takes half a second, which nobody's post should have to wait for.
        await asyncio.to_thread(looks_like, "Which language is this, and how sure is that?")
        async with database.transaction() as tx:
            await people.sync_texts(tx, settings.data_dir / "consent", now=clock.now())
        await jobs.load_memory(database, clock, renderer)
        await jobs.take_up_claimed(database, clock)
        for route in app.routes:
            # Worked out when first asked: of all routes that takes a fifth of a second.
            route.matches({"type": "http", "method": "GET", "path": "", "headers": []})
        ticker.start()
        compiling = asyncio.create_task(asyncio.to_thread(_prepare, app))
        yield
        await asyncio.wait([compiling])
        await ticker.stop()
        await screens.settle()
        await translator.close()
        await database.close()

    app = FastAPI(
        title="Samrum",
        version=hub.__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings, app.state.database, app.state.clock = settings, database, clock
    app.state.renderer, app.state.translator = renderer, translator
    app.state.screens, app.state.live, app.state.ticker = screens, live, ticker
    app.state.runner = runner
    app.state.formats = Formats(settings.data_dir / "formats")
    app.state.limits = Limits(settings.redis_url, speed=clock.speed)
    app.state.demonstration = demonstration
    app.add_route("/api/v1/openapi.json", _describe, include_in_schema=False)
    _join_routes(app)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    install_refusals(app)
    # Inside SafeSite, which says in words what is too large.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY_BYTES)
    app.add_middleware(GZipMiddleware, minimum_size=600, compresslevel=6)
    app.add_middleware(SafeSite, https=settings.secure_cookies, base_url=settings.base_url)
    return app


def join_rooms(screens: Screens, settings: Settings) -> None:
    """Let rooms that repeat or address what people said follow where it is taken back."""
    sender = sender_of(screens.renderer, settings)
    screens.erasers += [
        summaries.withdraw_words,
        following.withdraw_owners,
        partial(meetings.withdraw_from_session, sender=sender),
    ]
    screens.unquoters.append(summaries.stop_quoting)
    screens.tellers += [summaries.tell_points, following.tell_answers, meetings.tell_replies]


async def _describe(request: Request) -> Response:
    """The description of the API. In a thread: the first one takes half a second."""
    return JSONResponse(await asyncio.to_thread(request.app.openapi))


def _prepare(app: FastAPI) -> None:
    """What takes seconds, once for a process, and nobody waits for."""
    app.state.renderer.warm_up()
    # What is loaded by now stays to the end: it need not be looked over for garbage again.
    gc.collect()
    gc.freeze()


def _join_routes(app: FastAPI) -> None:
    # What a live room asks for comes first: all that stands before it is tried for every request.
    app.include_router(health.router)
    # Before what is done to posts of any kind.
    app.include_router(following_api.router)
    app.include_router(gatherings_api.router)
    # Before the page of one session, whose id could be any word.
    app.include_router(facilitator_pages.router)
    app.include_router(gatherings_pages.router)
    app.include_router(translation_pages.router)
    app.include_router(moderation_pages.router)
    app.include_router(invitation_pages.router)
    app.include_router(research_pages.router)
    app.include_router(proposal_pages.router)
    app.include_router(dialogue_pages.router)
    app.include_router(my_pages.router)
    app.include_router(question_pages.router)
    app.include_router(programme_api.router)
    app.include_router(language_api.router, dependencies=[Depends(_check_translates)])
    app.include_router(charters_api.router)
    app.include_router(meetings_api.router)
    # Before the pages: the address of a meeting's page matches that of its calendar file too.
    app.include_router(meetings_api.files)
    app.include_router(summaries_api.router)
    app.include_router(summaries_editor_pages.router)
    app.include_router(summaries_point_pages.router)
    app.include_router(summaries_pages.router)
    app.include_router(front_api.router)
    app.include_router(people_api.router)
    app.include_router(people_pages.router)
    app.include_router(account_pages.router)
    app.include_router(retention_api.router)
    app.include_router(retention_pages.router)
    app.include_router(consent_pages.router)
    app.include_router(audit_pages.router)
    app.include_router(audit_pages.api)
    app.include_router(schedule_pages.router)
    app.include_router(schedule_pages.api)
    app.include_router(programme_pages.router)
    for pages in (home_pages, case_pages, search_pages, board_pages, following_pages):
        app.include_router(pages.router)
    # Before the pages of one charter, whose id could be any word.
    app.include_router(import_pages.router)
    app.include_router(workbench_pages.router)
    app.include_router(comment_pages.router)
    app.include_router(charters_pages.router)
    app.include_router(format_pages.router)
    app.include_router(term_pages.router)
    # Before the page of one meeting, whose id could be any word.
    app.include_router(organiser_meeting_pages.router)
    app.include_router(series_pages.router)
    app.include_router(reply_pages.router)
    app.include_router(meeting_pages.router)
    # Their addresses match what is done in other rooms too.
    app.include_router(gatherings_api.moves)
    app.include_router(facilitator_pages.moves)
    app.include_router(gatherings_pages.acts)
    app.mount("/static", Static(directory=STATIC), name="static")
    app.mount("/socket.io", app.state.live.app)


async def _check_translates(caller: Asking) -> None:
    if caller.is_nobody:
        raise Unauthorised()
    if caller.account is None or caller.account.role not in ("admin", "facilitator", "editor"):
        raise Forbidden()


def _identify(database: Database, clock: Clock) -> Callable[[Key], Any]:
    async def check(key: Key) -> bool:
        async with database.reading() as tx:
            caller = await identify(tx, bearer=key.bearer, cookies=key.cookies, now=clock.now())
        return not caller.is_nobody

    return check


def _admit(database: Database, clock: Clock, screens: Screens) -> Callable[[Key, str], Any]:
    async def admit(key: Key, session: str) -> Admission:
        async with database.reading() as tx:
            caller = await identify(tx, bearer=key.bearer, cookies=key.cookies, now=clock.now())
            try:
                check_reads(caller, session)
            except Refusal as refusal:
                raise NotAdmitted(refusal.code) from refusal
            gathering = await find_gathering(tx, session)
        if gathering is None:
            raise NotAdmitted("session_not_found")
        screens.touched.add(session)
        seat = caller.seat(session)
        person = seat.id if seat else caller.account.id if caller.account else ""
        by = {seat.id} if seat else set()
        if caller.runs and caller.sign_in is not None:
            by.add(caller.sign_in.id)
        runs, revision = caller.runs, gathering.revision
        return Admission(person, seat is not None, runs, revision, frozenset(by))

    return admit


def _ended(database: Database, clock: Clock) -> Callable[[frozenset[str]], Any]:
    async def ended(ids: frozenset[str]) -> frozenset[str]:
        async with database.reading() as tx:
            return ids - await list_lasting(tx, ids, now=clock.now())

    return ended
