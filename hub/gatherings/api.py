"""Sessions over HTTP: the JSON face of the same actions as the pages."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Forbidden, Invalid, NotFound, Unauthorised
from hub.gatherings import actions, rules, shapes, views
from hub.gatherings.doorway import WRITE_RULE, access_said, read_record, record_for
from hub.gatherings.formats import Formats
from hub.gatherings.models import (
    Contribution,
    Gathering,
    access_bot_line,
    access_contribution,
    access_gathering,
    find_gathering_by_code,
    list_bot_lines,
    list_contributions,
    list_events,
    list_gatherings,
)
from hub.gatherings.pictures import decode_picture, keep_picture
from hub.gatherings.record import as_markdown
from hub.gatherings.screens import Room, Screens
from hub.language.text import looks_like
from hub.people import rules as people_rules
from hub.people.door import Asking, check_reads, check_runs, check_seat
from hub.people.models import Account, Participant
from hub.programme.models import Finding, find_case, list_findings
from hub.web import Options, RateLimits, Render, address_of, language_of

router = APIRouter(prefix="/api/v1", tags=["sessions"])
# Only wrong codes count: a village hall of 300 phones behind one address gets in.
WRONG_CODES = "30 per minute"
MoveName = Literal["open", "start", "advance", "extend", "pause", "resume", "reopen", "close"]


def _formats(request: Request) -> Formats:
    found: Formats = request.app.state.formats
    return found


Shelf = Annotated[Formats, Depends(_formats)]


def picture_folder(options: Options) -> Path:
    return options.data_dir / "pictures"


@router.get("/formats")
async def get_formats(shelf: Shelf) -> shapes.Formats:
    """Session formats with phases, titles and input kinds."""
    items = [views.format_view(form) for form in shelf.all()]
    return shapes.Formats.model_validate({"items": items})


@router.get("/sessions")
async def get_sessions(
    caller: Asking,
    screens: Room,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> shapes.Sessions:
    """Sessions, newest first (facilitators)."""
    check_runs(caller)
    async with screens.database.reading() as tx:
        listed = await list_gatherings(tx, after=after, limit=limit + 1)
        found = [await screens.session(tx, g, full=False) for g in listed[:limit]]
    more = listed[limit - 1].id if len(listed) > limit else None
    return shapes.Sessions.model_validate({"items": found, "next": more})


@router.post("/sessions", status_code=201)
async def post_session(
    body: shapes.SessionIn, caller: Asking, screens: Room, shelf: Shelf, request: Request
) -> shapes.SessionOut:
    """Plan a session (facilitators)."""
    account = check_runs(caller)
    async with screens.database.transaction() as tx:
        if body.case and await find_case(tx, body.case) is None:
            raise Invalid({"/case": "case_unknown"})
        gathering = await actions.plan_gathering(
            tx,
            account=account,
            format_data=shelf.data(body.format),
            title=body.title.model_dump(),
            now=screens.clock.now(),
            case_id=body.case,
            charter=body.charter,
            principles=body.principles,
            access=body.access,
            starts_at=body.starts_at,
            minutes=body.minutes,
            demonstration=request.app.state.demonstration,
        )
        return await _session(screens, tx, gathering)


async def _session(screens: Room, tx: AsyncSession, gathering: Gathering) -> shapes.SessionOut:
    return shapes.SessionOut.model_validate(await screens.session(tx, gathering))


@router.get("/sessions/{session_id}")
async def get_session(session_id: str, caller: Asking, screens: Room) -> shapes.SessionOut:
    """One session, for those who may read it."""
    check_reads(caller, session_id)
    screens.touched.add(session_id)
    async with screens.database.reading() as tx:
        return await _session(screens, tx, await access_gathering(tx, session_id))


@router.post("/sessions/{session_id}/ready")
async def post_ready(session_id: str, caller: Asking, screens: Room) -> shapes.SessionOut:
    """The participant is ready to begin."""
    seat = check_seat(caller, session_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.SessionOut:
        await actions.get_ready(tx, gathering, seat, now=screens.clock.now())
        return await _session(screens, tx, gathering)

    return await screens.carry_out(session_id, change)


@router.post("/sessions/{session_id}/leave", status_code=204)
async def post_leave(session_id: str, caller: Asking, screens: Room) -> Response:
    """Leave the session. What was said stays unless it is taken back."""
    seat = check_seat(caller, session_id)
    await screens.carry_out(
        session_id, lambda tx, g: actions.leave(tx, g, seat, now=screens.clock.now())
    )
    if screens.live:
        await screens.live.remove(session_id, seat.id)
    return Response(status_code=204)


@router.post("/sessions/{session_id}/more-time")
async def post_more_time(session_id: str, caller: Asking, screens: Room) -> shapes.SessionOut:
    """Ask for more time in this phase; the facilitator sees how many did."""
    seat = check_seat(caller, session_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.SessionOut:
        await actions.ask_for_more_time(tx, gathering, seat, now=screens.clock.now())
        return await _session(screens, tx, gathering)

    return await screens.carry_out(session_id, change)


# --- the speaking queue, before the moves: their address is more general ---


@router.get("/sessions/{session_id}/hand")
async def get_hands(session_id: str, caller: Asking, screens: Room) -> shapes.Queue:
    """The speaking queue, first raised first."""
    check_reads(caller, session_id)
    async with screens.database.reading() as tx:
        await access_gathering(tx, session_id)
        return shapes.Queue.model_validate({"items": await screens.queue(tx, session_id)})


@router.post("/sessions/{session_id}/hand")
async def post_hand(session_id: str, caller: Asking, screens: Room) -> shapes.Queue:
    """Raise one's hand; once is enough."""
    seat = check_seat(caller, session_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.Queue:
        await actions.raise_hand(tx, gathering, seat, now=screens.clock.now())
        return shapes.Queue.model_validate({"items": await screens.queue(tx, session_id)})

    return await screens.carry_out(session_id, change)


@router.delete("/sessions/{session_id}/hand")
async def delete_hand(session_id: str, caller: Asking, screens: Room) -> shapes.Queue:
    """Lower one's hand."""
    seat = check_seat(caller, session_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.Queue:
        await actions.lower_hand(tx, gathering, seat, now=screens.clock.now())
        return shapes.Queue.model_validate({"items": await screens.queue(tx, session_id)})

    return await screens.carry_out(session_id, change)


@router.post("/sessions/{session_id}/floor")
async def post_floor(
    session_id: str, body: shapes.FloorIn, caller: Asking, screens: Room
) -> shapes.Queue:
    """Give somebody the floor (facilitators)."""
    account = check_runs(caller)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.Queue:
        await actions.give_floor(
            tx,
            gathering,
            participant_id=body.participant,
            account=account,
            now=screens.clock.now(),
        )
        return shapes.Queue.model_validate({"items": await screens.queue(tx, session_id)})

    return await screens.carry_out(session_id, change)


# --- what is said ---


@router.post(
    "/sessions/{session_id}/contributions",
    status_code=201,
    responses={200: {"model": shapes.ContributionOut, "description": "Said before"}},
)
async def post_contribution(
    session_id: str,
    body: shapes.ContributionIn,
    caller: Asking,
    screens: Room,
    limits: RateLimits,
    response: Response,
) -> shapes.ContributionOut:
    """Say something. The same ``client_id`` again answers 200 with the first one."""
    seat, account = speaker(caller.seat(session_id), caller.account, caller.runs)
    check_reads(caller, session_id)
    await limits.check(WRITE_RULE, "write", seat.id if seat else account.id if account else "")
    draft = actions.Draft(
        kind=body.kind,
        text=body.text,
        client_id=body.client_id,
        language=body.language,
        reply_to=body.reply_to,
        fields=body.fields,
    )
    _, view, created = await say(screens, session_id, draft, seat=seat, account=account)
    response.status_code = 201 if created else 200
    return shapes.ContributionOut.model_validate(view)


def speaker(
    seat: Participant | None, account: Account | None, runs: bool
) -> tuple[Participant | None, Account | None]:
    """Who speaks: the seat where there is one, else the facilitator. Raises Unauthorised."""
    if seat is None and account is None:
        raise Unauthorised()
    if seat is None and not runs:
        raise Forbidden("needs_seat")
    return seat, account


async def say(
    screens: Room,
    session_id: str,
    draft: actions.Draft,
    *,
    seat: Participant | None,
    account: Account | None,
) -> tuple[Contribution, dict[str, Any], bool]:
    """Carry out a post; returns the contribution, its view and whether it is new."""
    # A facilitator who also holds a seat facilitates with the account.
    if draft.kind == "facilitation" and account is not None:
        seat = None

    draft = replace(draft, looks_like=looks_like(draft.text[: rules.TEXT_LIMIT]))

    async def change(
        tx: AsyncSession, gathering: Gathering
    ) -> tuple[Contribution, dict[str, Any], bool]:
        said, created = await actions.post_contribution(
            tx, gathering, draft, seat=seat, account=account, now=screens.clock.now()
        )
        if said.kind == "rating" and created:
            presence = await screens.presence(tx, session_id)
            await actions.share_ratings(
                tx,
                gathering,
                str(said.fields["of"]),
                present=presence.groups,
                now=screens.clock.now(),
            )
        (view,) = await screens.contribution_views(tx, gathering, [said], own=True)
        return said, view, created

    said, view, created = await screens.carry_out(session_id, change)
    if created:
        await screens.tell_one(said)
    return said, view, created


@router.get("/sessions/{session_id}/contributions")
async def get_contributions(
    session_id: str,
    caller: Asking,
    screens: Room,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
) -> shapes.Contributions:
    """What was said, in ``seq`` order without gaps, from the one after ``after``."""
    check_reads(caller, session_id)
    screens.touched.add(session_id)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        found = await list_contributions(tx, session_id, after=after, limit=limit + 1)
        items = await screens.contribution_views(tx, gathering, found[:limit])
    more = found[limit - 1].seq if len(found) > limit else None
    return shapes.Contributions.model_validate({"items": items, "next": more})


@router.get("/sessions/{session_id}/changes")
async def get_changes(
    session_id: str,
    caller: Asking,
    screens: Room,
    request: Request,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    language: Literal["sv", "en"] | None = None,
    format: Literal["json", "html"] = "json",
) -> shapes.ChangesOut:
    """All that changed since a revision, the caller's own private things included."""
    check_reads(caller, session_id)
    screens.touched.add(session_id)
    seat = caller.seat(session_id)
    changes = await screens.changes(session_id, after, private_of=seat.id if seat else None)
    if changes is None:
        raise NotFound("session_not_found")
    if after > changes.upto:
        raise Invalid({"/after": "revision_unknown"})
    payload = screens.payload(changes, language or language_of(request), format)
    return shapes.ChangesOut.model_validate(payload)


@router.delete("/contributions/{contribution_id}")
async def delete_contribution(
    contribution_id: str, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Take one's own words back; a tombstone stays."""
    session_id, own = await access_said(screens, caller, contribution_id)
    if not own:
        raise Forbidden("only_author")

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        said = await access_contribution(tx, contribution_id)
        await actions.take_back(tx, gathering, said, actor=said.author_key, now=screens.clock.now())
        return (await screens.contribution_views(tx, gathering, [said]))[0]

    return shapes.ContributionOut.model_validate(await screens.carry_out(session_id, change))


@router.put("/contributions/{contribution_id}/translations/{language}")
async def put_translation(
    contribution_id: str, language: str, body: shapes.TextIn, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Correct a translation (its author, a facilitator, or somebody bilingual)."""
    session_id, _ = await access_said(screens, caller, contribution_id)
    by = caller.seat(session_id) or caller.account
    assert by is not None

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        said = await access_contribution(tx, contribution_id)
        await actions.correct_translation(
            tx,
            gathering,
            said,
            language=language,
            text=body.text,
            by=caller.account if caller.runs and caller.account else by,
            now=screens.clock.now(),
        )
        return (await screens.contribution_views(tx, gathering, [said]))[0]

    return shapes.ContributionOut.model_validate(await screens.carry_out(session_id, change))


@router.post("/contributions/{contribution_id}/dispute")
async def post_dispute(
    contribution_id: str, body: shapes.DisputeIn, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Mark a translation as disputed."""
    session_id, _ = await access_said(screens, caller, contribution_id)
    seat = check_seat(caller, session_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        said = await access_contribution(tx, contribution_id)
        await actions.dispute_translation(
            tx,
            gathering,
            said,
            seat,
            word=body.word,
            reason=body.reason,
            now=screens.clock.now(),
        )
        return (await screens.contribution_views(tx, gathering, [said]))[0]

    return shapes.ContributionOut.model_validate(await screens.carry_out(session_id, change))


@router.post("/contributions/{contribution_id}/reveal")
async def post_reveal(
    contribution_id: str, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Show the ratings of a theme without waiting for the rest (facilitators)."""
    account = check_runs(caller)
    session_id, _ = await access_said(screens, caller, contribution_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        await actions.share_ratings(
            tx,
            gathering,
            contribution_id,
            present=(),
            now=screens.clock.now(),
            reveal_by=account,
        )
        said = await access_contribution(tx, contribution_id)
        return (await screens.contribution_views(tx, gathering, [said]))[0]

    return shapes.ContributionOut.model_validate(await screens.carry_out(session_id, change))


Mark = Literal["hide", "pin", "screen"]


@router.post("/contributions/{contribution_id}/{mark}")
async def post_mark(
    contribution_id: str,
    mark: Mark,
    caller: Asking,
    screens: Room,
    body: shapes.ReasonIn | None = None,
) -> shapes.ContributionOut:
    """Hide (with a reason), pin, or put on the projector (facilitators)."""
    reason = body.reason if body else ""
    return await set_mark(screens, caller, contribution_id, mark, on=True, reason=reason)


@router.delete("/contributions/{contribution_id}/{mark}")
async def delete_mark(
    contribution_id: str, mark: Mark, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Undo hide, pin or screen (facilitators)."""
    return await set_mark(screens, caller, contribution_id, mark, on=False, reason="")


async def set_mark(
    screens: Room, caller: Asking, contribution_id: str, mark: Mark, *, on: bool, reason: str
) -> shapes.ContributionOut:
    account = check_runs(caller)
    session_id, _ = await access_said(screens, caller, contribution_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        said = await access_contribution(tx, contribution_id)
        now = screens.clock.now()
        if mark == "hide" and on:
            await actions.hide(tx, gathering, said, account=account, reason=reason, now=now)
        elif mark == "hide":
            await actions.show_again(tx, gathering, said, account=account, now=now)
        elif mark == "pin":
            await actions.pin(tx, gathering, said, account=account, on=on, now=now)
        else:
            await actions.put_on_screen(tx, gathering, said, account=account, on=on, now=now)
        return (await screens.contribution_views(tx, gathering, [said], own=True))[0]

    return shapes.ContributionOut.model_validate(await screens.carry_out(session_id, change))


# --- the chatbot ---


async def read_bot(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
    waiting = await list_bot_lines(tx, gathering.id, states=("waiting",))
    return {"muted": gathering.bot_muted, "items": [views.bot_line_view(line) for line in waiting]}


@router.get("/sessions/{session_id}/bot")
async def get_bot(session_id: str, caller: Asking, screens: Room) -> shapes.BotOut:
    """The chatbot's next and waiting lines (facilitators)."""
    check_runs(caller)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        return shapes.BotOut.model_validate(await read_bot(tx, gathering))


@router.put("/sessions/{session_id}/bot")
async def put_bot(
    session_id: str, body: shapes.MuteIn, caller: Asking, screens: Room
) -> shapes.BotOut:
    """Mute the chatbot, or let it speak again (facilitators)."""
    account = check_runs(caller)

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        await actions.mute_bot(
            tx, gathering, muted=body.muted, account=account, now=screens.clock.now()
        )
        return await read_bot(tx, gathering)

    return shapes.BotOut.model_validate(await screens.carry_out(session_id, change))


@router.post("/sessions/{session_id}/bot/{line_id}/{decision}")
async def post_bot_line(
    session_id: str,
    line_id: str,
    decision: Literal["send", "drop"],
    caller: Asking,
    screens: Room,
    body: shapes.BotTextIn | None = None,
) -> shapes.BotOut:
    """Send a waiting line now, perhaps in other words, or drop it (facilitators)."""
    account = check_runs(caller)
    texts = body.text.model_dump() if body and body.text else None
    return shapes.BotOut.model_validate(
        await decide_bot_line(screens, session_id, line_id, decision, account, texts)
    )


async def decide_bot_line(
    screens: Screens,
    session_id: str,
    line_id: str,
    decision: str,
    account: Account,
    texts: dict[str, str] | None,
) -> dict[str, Any]:
    async def change(
        tx: AsyncSession, gathering: Gathering
    ) -> tuple[dict[str, Any], Contribution | None]:
        line = await access_bot_line(tx, session_id, line_id)
        now, said = screens.clock.now(), None
        if decision == "send":
            said = await actions.send_bot_line(
                tx, gathering, line, account=account, now=now, texts=texts
            )
        else:
            await actions.drop_bot_line(tx, gathering, line, account=account, now=now)
        return await read_bot(tx, gathering), said

    view, said = await screens.carry_out(session_id, change)
    if said is not None:
        await screens.tell_one(said)
    return view


# --- finding cards ---


@router.get("/sessions/{session_id}/findings")
async def get_findings(session_id: str, caller: Asking, screens: Room) -> shapes.Findings:
    """The finding cards of a session, in order."""
    check_reads(caller, session_id)
    async with screens.database.reading() as tx:
        await access_gathering(tx, session_id)
        found = [views.finding_view(f) for f in await list_findings(tx, session_id)]
    return shapes.Findings.model_validate({"items": found})


async def _card(body: shapes.FindingIn, folder: Path) -> actions.Card:
    name = None
    if body.picture:
        data = decode_picture(body.picture.data)
        name = await asyncio.to_thread(keep_picture, data, folder)
    return actions.Card(
        title=body.title.model_dump(),
        text=body.text.model_dump(),
        source=body.source,
        tags=tuple(body.tags),
        picture=name,
        picture_alt=body.picture.alt.model_dump() if body.picture else None,
    )


@router.post("/sessions/{session_id}/findings", status_code=201)
async def post_finding(
    session_id: str, body: shapes.FindingIn, caller: Asking, screens: Room, options: Options
) -> shapes.FindingOut:
    """Add a finding card (facilitators)."""
    account = check_runs(caller)
    card = await _card(body, picture_folder(options))

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        finding = await actions.add_finding(
            tx, gathering, card, account=account, now=screens.clock.now()
        )
        return views.finding_view(finding)

    return shapes.FindingOut.model_validate(await screens.carry_out(session_id, change))


async def _access_finding(screens: Room, finding_id: str) -> Finding:
    async with screens.database.reading() as tx:
        finding = await tx.get(Finding, finding_id)
    if finding is None or finding.removed_at is not None:
        raise NotFound("finding_not_found")
    return finding


@router.put("/findings/{finding_id}")
async def put_finding(
    finding_id: str, body: shapes.FindingIn, caller: Asking, screens: Room, options: Options
) -> shapes.FindingOut:
    """Change a finding card (facilitators); its picture stays where none is sent."""
    account = check_runs(caller)
    session_id = (await _access_finding(screens, finding_id)).gathering_id
    card = await _card(body, picture_folder(options))

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        finding = await tx.get_one(Finding, finding_id)
        await actions.change_finding(
            tx, gathering, finding, card, account=account, now=screens.clock.now()
        )
        return views.finding_view(finding)

    return shapes.FindingOut.model_validate(await screens.carry_out(session_id, change))


@router.delete("/findings/{finding_id}", status_code=204)
async def delete_finding(finding_id: str, caller: Asking, screens: Room) -> Response:
    """Take a finding card away (facilitators)."""
    await change_card(screens, check_runs(caller), finding_id, show=False)
    return Response(status_code=204)


@router.post("/findings/{finding_id}/show", status_code=204)
async def post_show_finding(finding_id: str, caller: Asking, screens: Room) -> Response:
    """The card is up for discussion (facilitators)."""
    await change_card(screens, check_runs(caller), finding_id, show=True)
    return Response(status_code=204)


async def change_card(screens: Room, account: Account, finding_id: str, *, show: bool) -> str:
    """Show a card, or take it away; returns the session's id."""
    session_id = (await _access_finding(screens, finding_id)).gathering_id
    act = actions.show_finding if show else actions.remove_finding

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        finding = await tx.get_one(Finding, finding_id)
        await act(tx, gathering, finding, account=account, now=screens.clock.now())

    await screens.carry_out(session_id, change)
    return session_id


# --- joining ---


@router.post("/join", status_code=201)
async def post_join(
    body: shapes.JoinIn, request: Request, screens: Room, limits: RateLimits
) -> shapes.JoinOut:
    """Come in with a code; no account. The token is the participant's, and so is the link."""
    consent = body.consent if isinstance(body.consent, bool) else body.consent.model_dump()
    gathering_id = await find_open_code(screens, limits, request, body.code)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.JoinOut:
        participant, secret = await actions.join(
            tx,
            gathering,
            name=body.name,
            language=body.language,
            role=body.role,
            bilingual=body.bilingual,
            consent=people_rules.read_consent(consent),
            now=screens.clock.now(),
            how="api",
        )
        return shapes.JoinOut.model_validate(
            {
                "participant": participant_view(participant),
                "session": await screens.session(tx, gathering),
                "token": secret,
                "resume_url": f"{screens.base_url}/resume/{secret}",
            }
        )

    return await screens.carry_out(gathering_id, change)


def participant_view(p: Participant) -> dict[str, Any]:
    return {
        "id": p.id,
        "name": p.name,
        "language": p.language,
        "role": p.role,
        "group": p.group,
        "bilingual": p.bilingual,
        "ready": p.ready_at is not None,
    }


async def find_open_code(screens: Room, limits: RateLimits, request: Request, code: str) -> str:
    """The session behind a code. Raises NotFound, or TooFast after many wrong codes."""
    key = ("wrong_code", address_of(request))
    if not await limits.is_open(WRONG_CODES, *key):
        await limits.check(WRONG_CODES, *key)
    async with screens.database.reading() as tx:
        gathering = await find_gathering_by_code(tx, actions.read_code(code))
    if gathering is None:
        await limits.check(WRONG_CODES, *key)
        raise NotFound("code_unknown")
    return gathering.id


# --- the record ---


@router.get("/sessions/{session_id}/record")
async def get_record(
    session_id: str,
    caller: Asking,
    screens: Room,
    renderer: Render,
    request: Request,
    format: Literal["json", "md"] = "json",
    language: Literal["sv", "en"] | None = None,
) -> Response:
    """What the session produced, phase by phase; public once published. JSON or Markdown."""
    record = await record_for(screens, caller, session_id)
    if format == "md":
        reader = language or language_of(request)
        text = as_markdown(record, reader, lambda words: renderer.say(reader, words))
        return PlainTextResponse(text, media_type="text/markdown; charset=utf-8")
    return json_answer(record)


def json_answer(data: dict[str, Any]) -> Response:
    return JSONResponse(data)


@router.post("/sessions/{session_id}/record/publish")
async def post_publish(session_id: str, caller: Asking, screens: Room) -> Response:
    """Publish the record, seven days after the session at the earliest (facilitators)."""
    account = check_runs(caller)
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.publish_record(tx, g, account=account, now=screens.clock.now()),
    )
    async with screens.database.reading() as tx:
        return json_answer(await read_record(screens, tx, session_id))


# --- moves, last: their address matches any word ---


@router.post("/sessions/{session_id}/{move}")
async def post_move(
    session_id: str,
    move: MoveName,
    caller: Asking,
    screens: Room,
    body: shapes.MoveIn | None = None,
) -> shapes.SessionOut:
    """Open, start, advance, extend, pause, resume, reopen or close a session (facilitators)."""
    account = check_runs(caller)
    return shapes.SessionOut.model_validate(
        await carry_out_move(screens, session_id, move, body or shapes.MoveIn(), account)
    )


async def carry_out_move(
    screens: Room, session_id: str, name: MoveName, body: shapes.MoveIn, account: Account
) -> dict[str, Any]:
    """One move by a facilitator. Raises Refusal where the state forbids it; nothing changes."""

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        now, stage, form = screens.clock.now(), gathering.stage, gathering.form
        if name == "advance":
            exit_ = await screens.exit(tx, gathering, form)
            events = [e.event for e in await list_events(tx, session_id)]
            event = rules.advance(
                stage,
                form,
                now,
                exit_met=bool(exit_ and exit_.met),
                force=body.force,
                reason=body.reason.strip(),
                cuts=rules.cuts_of(events),
            )
        elif name == "extend":
            event = rules.extend(stage, now, minutes=body.minutes)
            await actions.take_time_from_plan(
                tx, gathering, seconds=body.minutes * 60, account=account, now=now
            )
        elif name in ("start", "reopen"):
            event = getattr(rules, name)(stage, form, now)
        else:
            plain = {"open": rules.open_room, "pause": rules.pause, "resume": rules.resume}
            event = plain.get(name, rules.close)(stage, now)
        await actions.move(
            tx, gathering, event, account=account, kind=name, reason=body.reason.strip()
        )
        return await screens.session(tx, gathering)

    return await screens.carry_out(session_id, change)
