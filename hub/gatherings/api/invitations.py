"""Who may enter: personal links, the rules for people who need more care, and breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound
from hub.gatherings import actions, shapes
from hub.gatherings.models import Gathering, access_gathering
from hub.gatherings.screens import Room, Screens
from hub.gatherings.views import moment
from hub.people.door import Asking, check_runs, check_seat
from hub.people.models import Account, Invitation, Participant
from hub.web import Limits, RateLimits, guesses_of_links

router = APIRouter(prefix="/api/v1", tags=["sessions"])
# Mail goes out in the hub's name.
INVITE_RULE = "120 per hour"


@dataclass(frozen=True)
class Made:
    """A new invitation or a new link of an old one, with what its one mail needs."""

    invitation: Invitation
    url: str
    mailed: bool


def invitation_view(
    invitation: Invitation, seat: Participant | None, who: actions.Invitee
) -> dict[str, Any]:
    """An invitation as facilitators see it, without its link."""
    return {
        "id": invitation.id,
        "state": actions.state_of(invitation),
        "label": who.label,
        "email": who.email,
        "language": invitation.language,
        "child": invitation.child,
        "participant": {"id": seat.id, "name": seat.name} if seat else None,
        "made_at": moment(invitation.made_at),
        "used_at": moment(invitation.used_at),
        "declined_at": moment(invitation.declined_at),
        "recalled_at": moment(invitation.recalled_at),
    }


async def read_invitations(tx: AsyncSession, session_id: str) -> list[dict[str, Any]]:
    """The invitations to a session, newest first, with who they are for."""
    return [
        invitation_view(invitation, seat, actions.invitee_of(tx, invitation))
        for invitation, seat in await actions.list_invitations(tx, session_id)
    ]


def _mail_facts(
    screens: Screens, gathering: Gathering, invitation: Invitation, account: Account, url: str
) -> dict[str, str]:
    titles = gathering.title
    both = " / ".join(dict.fromkeys(titles[each] for each in ("sv", "en") if titles.get(each)))
    starts = gathering.starts_at
    when = screens.renderer.when(invitation.language or "sv", starts) if starts else ""
    return {
        "title": titles.get(invitation.language or "") or both,
        "url": url,
        "starts": when,
        "inviter": account.name,
    }


async def _made(
    screens: Screens,
    tx: AsyncSession,
    gathering: Gathering,
    invitation: Invitation,
    secret: str,
    account: Account,
) -> Made:
    url = f"{screens.base_url}/invitation/{secret}"
    facts = _mail_facts(screens, gathering, invitation, account, url)
    now = screens.clock.now()
    mailed = await actions.mail_invitation(tx, invitation, facts=facts, now=now)
    return Made(invitation, url, mailed)


async def invite_people(
    screens: Screens, limits: Limits, session_id: str, wanted: actions.Wanted, account: Account
) -> Sequence[Made]:
    """Make the links, and send the one that has an address. Raises Invalid, Refusal."""
    await limits.check(INVITE_RULE, "invite", account.id)

    async def change(tx: AsyncSession, gathering: Gathering) -> list[Made]:
        now = screens.clock.now()
        found = await actions.invite_people(tx, gathering, wanted, account=account, now=now)
        return [
            await _made(screens, tx, gathering, invitation, secret, account)
            for invitation, secret in found
        ]

    return await screens.carry_out(session_id, change)


async def renew(
    screens: Screens, limits: Limits, session_id: str, invitation_id: str, account: Account
) -> Made:
    """A new link for somebody who waits; the old one opens nothing any more."""
    await limits.check(INVITE_RULE, "invite", account.id)

    async def change(tx: AsyncSession, gathering: Gathering) -> Made:
        invitation, secret = await actions.renew_invitation(
            tx, gathering, invitation_id, account=account, now=screens.clock.now()
        )
        return await _made(screens, tx, gathering, invitation, secret, account)

    return await screens.carry_out(session_id, change)


async def recall(screens: Screens, session_id: str, invitation_id: str, account: Account) -> None:
    """The link opens nothing, and a seat that was taken with it ends at once."""
    seat = await screens.carry_out(
        session_id,
        lambda tx, g: actions.recall_invitation(
            tx, g, invitation_id, account=account, now=screens.clock.now()
        ),
    )
    if seat is not None:
        await screens.send_out(session_id, seat.id)


async def find_link(screens: Screens, limits: Limits, request: Request, secret: str) -> Invitation:
    """The invitation behind a link, waiting or used.

    Raises NotFound where it is unknown, recalled or declined, which look alike, and TooFast after
    many wrong ones.
    """
    guesses = guesses_of_links(limits)
    await guesses.check(request)
    async with screens.database.reading() as tx:
        invitation = await actions.find_invitation(tx, secret)
    if invitation is None:
        await guesses.wrong(request)
        raise NotFound("invitation_unknown")
    return invitation


async def take_break(screens: Screens, session_id: str, seat: Participant, *, on: bool) -> None:
    """Begin or end a break; the others see how many are here."""
    act = actions.begin_break if on else actions.end_break
    now = screens.clock.now()
    if on:
        screens.seen.pop(seat.id, None)
    await screens.carry_out(session_id, lambda tx, g: act(tx, g, seat, now=now))
    await screens.tell_presence(session_id)


@router.post("/sessions/{session_id}/invitations", status_code=201)
async def post_invitation(
    session_id: str,
    body: shapes.InvitationIn,
    caller: Asking,
    screens: Room,
    limits: RateLimits,
) -> shapes.InvitationMade:
    """Invite somebody, by a link that seats one person (facilitators)."""
    account = check_runs(caller)
    wanted = actions.Wanted(**body.model_dump())
    made = await invite_people(screens, limits, session_id, wanted, account)
    more = [{"id": each.invitation.id, "url": each.url} for each in made[1:]]
    return await _answer(screens, made[0], more)


async def _answer(
    screens: Screens, made: Made, more: Sequence[dict[str, str]] = ()
) -> shapes.InvitationMade:
    async with screens.database.reading() as tx:
        view = invitation_view(made.invitation, None, actions.invitee_of(tx, made.invitation))
    return shapes.InvitationMade.model_validate(
        {**view, "url": made.url, "mailed": made.mailed, "more": list(more)}
    )


@router.get("/sessions/{session_id}/invitations")
async def get_invitations(session_id: str, caller: Asking, screens: Room) -> shapes.Invitations:
    """The invitations to a session, newest first, and what became of them (facilitators)."""
    check_runs(caller)
    async with screens.database.reading() as tx:
        await access_gathering(tx, session_id)
        items = await read_invitations(tx, session_id)
    return shapes.Invitations.model_validate({"items": items, "next": None})


@router.post("/sessions/{session_id}/invitations/{invitation_id}/renew")
async def post_renew(
    session_id: str, invitation_id: str, caller: Asking, screens: Room, limits: RateLimits
) -> shapes.InvitationMade:
    """A new link in the place of the old one, while it waits (facilitators)."""
    account = check_runs(caller)
    made = await renew(screens, limits, session_id, invitation_id, account)
    return await _answer(screens, made)


@router.delete("/sessions/{session_id}/invitations/{invitation_id}", status_code=204)
async def delete_invitation(
    session_id: str, invitation_id: str, caller: Asking, screens: Room
) -> Response:
    """Recall an invitation; whoever came in with it is out of the room (facilitators)."""
    await recall(screens, session_id, invitation_id, check_runs(caller))
    return Response(status_code=204)


@router.put("/sessions/{session_id}/entry")
async def put_entry(
    session_id: str, body: shapes.EntryIn, caller: Asking, screens: Room
) -> shapes.SessionOut:
    """Who may come in, and the support person of a guarded session (facilitators)."""
    account = check_runs(caller)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.SessionOut:
        await actions.change_entry(
            tx, gathering, account=account, now=screens.clock.now(), **body.model_dump()
        )
        return shapes.SessionOut.model_validate(await screens.session(tx, gathering))

    return await screens.carry_out(session_id, change)


@router.post("/sessions/{session_id}/follow-up")
async def post_follow_up(session_id: str, caller: Asking, screens: Room) -> shapes.SessionOut:
    """Each person of a guarded session has been asked how they are (facilitators)."""
    account = check_runs(caller)

    async def change(tx: AsyncSession, gathering: Gathering) -> shapes.SessionOut:
        await actions.note_follow_up(tx, gathering, account=account, now=screens.clock.now())
        return shapes.SessionOut.model_validate(await screens.session(tx, gathering))

    return await screens.carry_out(session_id, change)


@router.post("/sessions/{session_id}/break", status_code=204)
async def post_break(session_id: str, caller: Asking, screens: Room) -> Response:
    """Take a break: nothing is collected until it ends (participants)."""
    await take_break(screens, session_id, check_seat(caller, session_id), on=True)
    return Response(status_code=204)


@router.delete("/sessions/{session_id}/break", status_code=204)
async def delete_break(session_id: str, caller: Asking, screens: Room) -> Response:
    """Back from a break (participants)."""
    await take_break(screens, session_id, check_seat(caller, session_id), on=False)
    return Response(status_code=204)
