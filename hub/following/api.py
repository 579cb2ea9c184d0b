"""What became of recommendations over HTTP, for owners by their link and those who follow up."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound
from hub.following import actions, views
from hub.following.models import Owner
from hub.gatherings import shapes
from hub.gatherings.api.following import set_status
from hub.gatherings.doorway import WRITE_RULE, read_recommendations
from hub.gatherings.models import Contribution, Gathering, access_gathering
from hub.gatherings.screens import Room, Screens
from hub.people.door import Asking, Caller, check_runs
from hub.people.models import Account, Participant
from hub.web import Limits, RateLimits, guesses_of_links

router = APIRouter(prefix="/api/v1", tags=["following up"])
# Mail goes out in the hub's name.
OWNERS_RULE = "120 per hour"


class OwnerStatusIn(shapes.StatusIn):
    """What became of a recommendation: open, doing, done, or dropped with a reason.

    ``secret``: the end of the owner's link, for an owner, who has no account.
    """

    secret: str = Field("", max_length=200)


class OwnerIn(BaseModel):
    """Where the owner of a recommendation is asked; the address is kept sealed."""

    email: Annotated[str, Field(max_length=254)]
    language: Annotated[str, Field(description="`sv`, `en` or `both`")] = "both"
    zone: Annotated[str, Field(description="`Europe/Stockholm` or `Europe/London`")] = (
        "Europe/Stockholm"
    )


class OwnerOut(BaseModel):
    """Where asking the owner stands; never the address."""

    recommendation: str
    state: str
    language: str
    zone: str
    asked_at: str | None
    answered_at: str | None
    next_at: str | None


async def find_link(
    screens: Screens, limits: Limits, request: Request, secret: str
) -> tuple[Owner, dict[str, Any]]:
    """The owner behind a link, with their recommendation. Raises NotFound, TooFast.

    A link whose recommendation was taken back or hidden looks like one that never was.
    """
    guesses = guesses_of_links(limits)
    await guesses.check(request)
    async with screens.database.reading() as tx:
        owner = await actions.find_owner(tx, secret)
        found = await _recommendation(tx, owner.contribution_id) if owner else None
    if owner is None or found is None:
        await guesses.wrong(request)
        raise NotFound("owner_link_unknown")
    return owner, found


async def find_reader(
    screens: Screens, limits: Limits, request: Request, secret: str
) -> Participant:
    """Who took part and gets mail with this secret. Raises NotFound, TooFast."""
    guesses = guesses_of_links(limits)
    await guesses.check(request)
    async with screens.database.reading() as tx:
        try:
            return await actions.find_reader(tx, secret)
        except NotFound:
            await guesses.wrong(request)
            raise


async def _recommendation(tx: AsyncSession, recommendation_id: str) -> dict[str, Any] | None:
    """As the record shows it, with its session's ``published_at``; None where it does not."""
    said = await tx.get(Contribution, recommendation_id)
    if said is None:
        return None
    gathering = await access_gathering(tx, said.gathering_id)
    listed = await read_recommendations(tx, [gathering])
    found = next((r for r in listed if r["id"] == recommendation_id and r["status"]), None)
    return found and {**found, "published": gathering.published_at is not None}


async def answer_as_owner(
    screens: Screens, limits: Limits, owner: Owner, *, status: str, reason: str
) -> None:
    """An owner's answer, by call or by form. Raises as ``actions.answer`` does."""
    await limits.check(WRITE_RULE, "owner", owner.id)

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        fresh = await tx.get(Owner, owner.id)
        if fresh is None or fresh.secret_hash != owner.secret_hash:
            raise NotFound("owner_link_unknown")
        now = screens.clock.now()
        await actions.answer(tx, gathering, fresh, status=status, reason=reason, now=now)

    await screens.carry_out(owner.gathering_id, change)


async def stop_asking(screens: Screens, owner: Owner, *, not_me: bool) -> None:
    """No more mail about this recommendation, for good."""

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        fresh = await tx.get(Owner, owner.id)
        if fresh is None or fresh.secret_hash != owner.secret_hash:
            raise NotFound("owner_link_unknown")
        now = screens.clock.now()
        await actions.stop_asking(tx, gathering, fresh, not_me=not_me, now=now)

    await screens.carry_out(owner.gathering_id, change)


async def session_of(screens: Screens, recommendation_id: str) -> str:
    """The session of a recommendation. Raises NotFound."""
    async with screens.database.reading() as tx:
        said = await tx.get(Contribution, recommendation_id)
    if said is None or said.kind != "recommendation" or said.removed_at is not None:
        raise NotFound("recommendation_not_found")
    return said.gathering_id


async def set_owner(
    screens: Screens, limits: Limits, recommendation_id: str, given: OwnerIn, account: Account
) -> None:
    """Note where an owner is asked, by call or by form. Raises as ``actions.set_owner`` does."""
    session_id = await session_of(screens, recommendation_id)
    await limits.check(OWNERS_RULE, "owners", account.id)
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.set_owner(
            tx,
            g,
            recommendation_id,
            email=given.email,
            language=given.language,
            zone=given.zone,
            account=account,
            now=screens.clock.now(),
        ),
    )


async def remove_owner(screens: Screens, recommendation_id: str, account: Account) -> None:
    """Erase where an owner is asked, by call or by form. Raises NotFound."""
    session_id = await session_of(screens, recommendation_id)
    now = screens.clock.now()
    await screens.carry_out(
        session_id,
        lambda tx, g: actions.remove_owner(tx, g, recommendation_id, account=account, now=now),
    )


@router.post("/recommendations/{recommendation_id}/status")
async def post_status(
    recommendation_id: str,
    body: OwnerStatusIn,
    request: Request,
    caller: Asking,
    screens: Room,
    limits: RateLimits,
) -> shapes.RecommendationOut:
    """Say what became of an adopted recommendation: facilitators, editors, and its owner.

    The owner sends the `secret` of their link and needs no account.
    """
    if body.secret:
        owner, _ = await find_link(screens, limits, request, body.secret)
        if owner.contribution_id != recommendation_id:
            raise NotFound("owner_link_unknown")
        await answer_as_owner(screens, limits, owner, status=body.status, reason=body.reason)
        session_id = owner.gathering_id
    else:
        session_id = await set_status(
            screens, caller, recommendation_id, status=body.status, reason=body.reason
        )
    async with screens.database.reading() as tx:
        found = await read_recommendations(tx, [await tx.get_one(Gathering, session_id)])
    return shapes.RecommendationOut.model_validate(
        next(r for r in found if r["id"] == recommendation_id)
    )


@router.get("/recommendations/{recommendation_id}/owner")
async def get_owner(recommendation_id: str, caller: Asking, screens: Room) -> OwnerOut:
    """Where asking the owner stands (facilitators)."""
    check_runs(caller)
    return await _owner_out(screens, caller, recommendation_id)


@router.put("/recommendations/{recommendation_id}/owner")
async def put_owner(
    recommendation_id: str, body: OwnerIn, caller: Asking, screens: Room, limits: RateLimits
) -> OwnerOut:
    """Say where the owner of an adopted recommendation is asked by mail (facilitators).

    First two weeks before its date or three months after the session, whichever comes first; then
    every three months until it is done or dropped, or the owner says no.
    """
    account = check_runs(caller)
    await set_owner(screens, limits, recommendation_id, body, account)
    return await _owner_out(screens, caller, recommendation_id)


@router.delete("/recommendations/{recommendation_id}/owner", status_code=204)
async def delete_owner(recommendation_id: str, caller: Asking, screens: Room) -> Response:
    """Erase where an owner is asked (facilitators); their link opens nothing any more."""
    await remove_owner(screens, recommendation_id, check_runs(caller))
    return Response(status_code=204)


async def _owner_out(screens: Screens, caller: Caller, recommendation_id: str) -> OwnerOut:
    session_id = await session_of(screens, recommendation_id)
    listed = await read_owners(screens, session_id)
    found = next((r["asking"] for r in listed if r["id"] == recommendation_id), None)
    if found is None:
        raise NotFound("recommendation_not_found")
    return OwnerOut.model_validate({"recommendation": recommendation_id, **found})


async def read_owners(screens: Screens, session_id: str) -> list[dict[str, Any]]:
    """The adopted recommendations of a session, each with where ``asking`` its owner stands."""
    async with screens.database.reading() as tx:
        gathering = await access_gathering(tx, session_id)
        listed = [r for r in await read_recommendations(tx, [gathering]) if r["status"]]
        owners = await actions.list_owners(tx, session_id)
        due = await actions.list_next_asks(tx, [r["id"] for r in listed])
        return [
            {
                **r,
                "asking": views.owner_view(
                    r,
                    owner := owners.get(r["id"]),
                    actions.read_kept(tx, owner) if owner else actions.Kept(),
                    next_at=due.get(r["id"]),
                ),
            }
            for r in listed
        ]
