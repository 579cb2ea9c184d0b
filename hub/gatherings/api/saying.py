"""What is said, taken back, corrected, disputed, and marked by facilitators."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Forbidden, Invalid, NotFound, Unauthorised
from hub.gatherings import actions, rules, shapes
from hub.gatherings.doorway import WRITE_RULE, access_own, access_said
from hub.gatherings.models import (
    Contribution,
    Gathering,
    access_contribution,
    access_gathering,
    list_contributions,
)
from hub.gatherings.screens import Room, Screens
from hub.language.text import looks_like
from hub.people.door import Asking, Caller, check_active, check_reads, check_runs
from hub.people.models import Account, Participant
from hub.people.rules import is_blank
from hub.web import RateLimits, language_of

router = APIRouter(prefix="/api/v1", tags=["sessions"])


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
    seat, account = speaker(caller, session_id, written_for=body.written_for)
    check_reads(caller, session_id)
    await limits.check(WRITE_RULE, "write", seat.id if seat else account.id if account else "")
    draft = actions.Draft(
        kind=body.kind,
        text=body.text,
        client_id=body.client_id,
        language=body.language,
        reply_to=body.reply_to,
        fields=body.fields,
        written_for=body.written_for,
    )
    _, view, created = await say(screens, session_id, draft, seat=seat, account=account)
    response.status_code = 201 if created else 200
    return shapes.ContributionOut.model_validate(view)


def speaker(
    caller: Caller, session_id: str, *, written_for: str | None
) -> tuple[Participant | None, Account | None]:
    """Who sends this: the seat where there is one, else the facilitator, who alone is a scribe.

    Raises Unauthorised, Forbidden.
    """
    if written_for:
        return None, check_runs(caller)
    seat, account = caller.seat(session_id), caller.account
    if seat is None and account is None:
        raise Unauthorised()
    if seat is None and not caller.runs:
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
            tx,
            gathering,
            draft,
            seat=seat,
            account=account,
            now=screens.clock.now(),
            lacks=screens.lacks,
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
        if created and said.principle and said.kind in actions.MOVES_THE_OUTCOME:
            await actions.keep_outcome(tx, gathering, said.principle, now=screens.clock.now())
        if said.kind == "ranking" and created:
            presence = await screens.presence(tx, session_id)
            now = screens.clock.now()
            await actions.share_rankings(tx, gathering, present=presence.groups, now=now)
        (view,) = await screens.contribution_views(tx, gathering, [said], own=True)
        return said, view, created

    said, view, created = await screens.carry_out(session_id, change)
    if created:
        await screens.tell_one(said)
    return said, view, created


async def split(
    screens: Room,
    contribution_id: str,
    parts: list[actions.Draft],
    *,
    seat: Participant | None,
    account: Account | None,
) -> list[Contribution]:
    """Carry out the split of a proposal, all parts or none; returns the parts."""
    async with screens.database.reading() as tx:
        session_id = (await access_contribution(tx, contribution_id)).gathering_id
    guessed = [replace(p, looks_like=looks_like(p.text[: rules.TEXT_LIMIT])) for p in parts]

    async def change(tx: AsyncSession, gathering: Gathering) -> list[Contribution]:
        whole = await access_contribution(tx, contribution_id)
        now = screens.clock.now()
        return await actions.split_proposal(
            tx, gathering, whole, guessed, seat=seat, account=account, now=now
        )

    return await screens.carry_out(session_id, change)


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
    screens.visited(session_id, caller.seat(session_id))
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
    screens.visited(session_id, caller.seat(session_id))
    seat = caller.seat(session_id)
    changes = await screens.changes(session_id, after, private_of=seat.id if seat else None)
    if changes is None:
        raise NotFound("session_not_found")
    if after > changes.upto:
        raise Invalid({"/after": "revision_unknown"})
    language = language or ("sv" if language_of(request) == "sv" else "en")
    if format == "html":
        await screens.draw(language, changes.contributions)
    payload = screens.payload(changes, language, format)
    return shapes.ChangesOut.model_validate(payload)


@router.delete("/contributions/{contribution_id}")
async def delete_contribution(
    contribution_id: str, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Take one's own words back, also after leaving; a tombstone stays."""
    session_id = await access_own(screens, caller, contribution_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        said = await access_contribution(tx, contribution_id)
        await actions.take_back(
            tx,
            gathering,
            said,
            actor=said.author_key,
            now=screens.clock.now(),
            erasers=screens.erasers,
        )
        return (await screens.contribution_views(tx, gathering, [said]))[0]

    answer = await screens.carry_out(session_id, change)
    screens.database.wipe_soon()
    return shapes.ContributionOut.model_validate(answer)


@router.put("/contributions/{contribution_id}/translations/{language}")
async def put_translation(
    contribution_id: str,
    language: str,
    body: shapes.TranslationIn,
    caller: Asking,
    screens: Room,
    limits: RateLimits,
) -> shapes.ContributionOut:
    """Correct a translation (its author, a facilitator, or somebody bilingual).

    A ``remark`` on what was wrong becomes a post that answers the corrected one.
    """
    _, view = await correct_translation(
        screens,
        limits,
        caller,
        contribution_id,
        language,
        text=body.text,
        remark=body.remark,
        remark_language=body.remark_language,
        client_id=body.client_id,
    )
    return shapes.ContributionOut.model_validate(view)


async def correct_translation(
    screens: Screens,
    limits: RateLimits,
    caller: Caller,
    contribution_id: str,
    language: str,
    *,
    text: str,
    remark: str,
    remark_language: str | None,
    client_id: str | None,
) -> tuple[str, dict[str, Any]]:
    """A correction, by call or by form; returns the session's id and the contribution's view."""
    session_id, _ = await access_said(screens, caller, contribution_id)
    seat = caller.seat(session_id) and check_active(caller, session_id)
    by = caller.account if caller.runs and caller.account else seat or caller.account
    assert by is not None
    added = None
    if not is_blank(remark):
        await limits.check(WRITE_RULE, "write", by.id)
        same = f"{contribution_id} {language} {remark}".encode()
        added = actions.Draft(
            kind="",
            text=remark,
            client_id=client_id or hashlib.sha256(same).hexdigest()[:40],
            language=remark_language,
            looks_like=looks_like(remark[: rules.TEXT_LIMIT]),
        )

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        said = await access_contribution(tx, contribution_id)
        await actions.correct_translation(
            tx,
            gathering,
            said,
            language=language,
            text=text,
            by=by,
            now=screens.clock.now(),
            remark=added,
        )
        await actions.fill_outcomes(tx, gathering)
        return (await screens.contribution_views(tx, gathering, [said]))[0]

    return session_id, await screens.carry_out(session_id, change)


@router.post("/contributions/{contribution_id}/dispute")
async def post_dispute(
    contribution_id: str, body: shapes.DisputeIn, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Mark a translation as disputed."""
    session_id, _ = await access_said(screens, caller, contribution_id)
    seat = check_active(caller, session_id)

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


@router.post("/sessions/{session_id}/rankings/reveal")
async def post_reveal_rankings(
    session_id: str, caller: Asking, screens: Room
) -> shapes.Contributions:
    """Show the rankings without waiting for the rest (facilitators); answers the themes."""
    await reveal_rankings(screens, session_id, check_runs(caller))
    async with screens.database.reading() as tx:
        shared = await screens.shared(tx, await access_gathering(tx, session_id))
    themes = [view for view in shared if view["kind"] == "theme" and not view["revises"]]
    return shapes.Contributions.model_validate({"items": themes})


async def reveal_rankings(screens: Room, session_id: str, account: Account) -> None:
    now = screens.clock.now()
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.share_rankings(tx, g, present=(), now=now, reveal_by=account),
    )


@router.post("/contributions/{contribution_id}/agree")
async def post_agree(
    contribution_id: str, caller: Asking, screens: Room, body: shapes.AgreeIn | None = None
) -> shapes.ContributionOut:
    """Take on a proposal that names the caller as responsible, or say that they do not."""
    agrees = body.agree if body else True
    session_id = await answer_owner(screens, caller, contribution_id, agrees=agrees)
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        said = await access_contribution(tx, contribution_id)
        (view,) = await screens.contribution_views(tx, gathering, [said])
    return shapes.ContributionOut.model_validate(view)


async def answer_owner(screens: Room, caller: Asking, contribution_id: str, *, agrees: bool) -> str:
    """Carry out the answer of who is named as responsible; returns the session's id."""
    session_id, _ = await access_said(screens, caller, contribution_id)
    seat, now = check_active(caller, session_id), screens.clock.now()

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        said = await access_contribution(tx, contribution_id)
        await actions.answer_as_owner(tx, gathering, said, seat, agrees=agrees, now=now)

    await screens.carry_out(session_id, change)
    return session_id


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
    told = body or shapes.ReasonIn(reason="", note="")
    return await set_mark(
        screens, caller, contribution_id, mark, on=True, reason=told.reason, note=told.note
    )


@router.delete("/contributions/{contribution_id}/{mark}")
async def delete_mark(
    contribution_id: str, mark: Mark, caller: Asking, screens: Room
) -> shapes.ContributionOut:
    """Undo hide, pin or screen (facilitators)."""
    return await set_mark(screens, caller, contribution_id, mark, on=False, reason="")


async def set_mark(
    screens: Room,
    caller: Asking,
    contribution_id: str,
    mark: Mark,
    *,
    on: bool,
    reason: str,
    note: str = "",
) -> shapes.ContributionOut:
    account = check_runs(caller)
    session_id, _ = await access_said(screens, caller, contribution_id)

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        said = await access_contribution(tx, contribution_id)
        now = screens.clock.now()
        if mark == "hide" and on:
            await actions.hide(
                tx, gathering, said, account=account, reason=reason, note=note, now=now
            )
        elif mark == "hide":
            await actions.show_again(tx, gathering, said, account=account, now=now)
        elif mark == "pin":
            await actions.pin(tx, gathering, said, account=account, on=on, now=now)
        else:
            await actions.put_on_screen(tx, gathering, said, account=account, on=on, now=now)
        return (await screens.contribution_views(tx, gathering, [said], own=True))[0]

    view = await screens.carry_out(session_id, change)
    if mark == "hide":
        await screens.tell_author(contribution_id)
    return shapes.ContributionOut.model_validate(view)
