"""Pages of who may enter: invitations, the support person, following up; and breaks."""

from __future__ import annotations

from fastapi import APIRouter, Response

from hub.errors import Refusal
from hub.gatherings import actions
from hub.gatherings.api.invitations import find_link, invite_people, recall, renew, take_break
from hub.gatherings.models import access_gathering
from hub.gatherings.visit import Here, Visit, invitations_page
from hub.people.door import check_runs, check_seat
from hub.people.models import Account, Invitation
from hub.web import RateLimits, read_form, read_number, see_other

router = APIRouter(include_in_schema=False)


# --- whoever is invited ------------------------------------------------------------------------


@router.get("/invitation/{secret}")
async def get_invitation(secret: str, visit: Here, limits: RateLimits) -> Response:
    """Ask first: mail scanners and previews open links too. Who has the seat goes to the room."""
    invitation = await find_link(visit.screens, limits, visit.request, secret)
    if visit.caller.seat(invitation.gathering_id):
        return see_other(f"/sessions/{invitation.gathering_id}")
    return await _invitation_page(visit, invitation, secret)


async def _invitation_page(visit: Visit, invitation: Invitation, secret: str) -> Response:
    async with visit.screens.database.reading() as tx:
        gathering = await access_gathering(tx, invitation.gathering_id)
        session = await visit.screens.session(tx, gathering)
        account = await tx.get(Account, invitation.made_by) if invitation.made_by else None
    used = invitation.used_at is not None
    return visit.page(
        "people/invitation.html",
        409 if used else 200,
        session=session,
        secret=secret,
        state="used" if used else "over" if session["state"] == "closed" else "waiting",
        inviter=account.name if account else None,
        child=invitation.child,
    )


@router.post("/invitation/{secret}/decline")
async def post_decline(secret: str, visit: Here, limits: RateLimits) -> Response:
    """No, for good. Nobody is asked why."""
    invitation = await find_link(visit.screens, limits, visit.request, secret)
    now = visit.screens.clock.now()
    await visit.screens.carry_out(
        invitation.gathering_id, lambda tx, g: actions.decline_invitation(tx, g, secret, now=now)
    )
    return visit.page("people/invitation.html", state="declined", session=None)


# --- those who run the session -----------------------------------------------------------------


@router.get("/sessions/{session_id}/invitations")
async def get_invitations(session_id: str, visit: Here) -> Response:
    """Who is invited, and the form to invite more."""
    check_runs(visit.caller)
    return await invitations_page(visit, session_id)


@router.post("/sessions/{session_id}/invitations")
async def post_invitation(session_id: str, visit: Here, limits: RateLimits) -> Response:
    """Invite somebody. The page that answers shows the links, this once."""
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    wanted = actions.Wanted(
        label=form.get("label", ""),
        email=form.get("email", ""),
        language=form.get("language") or None,
        child=form.get("child") == "1",
        guardians_said_yes=form.get("guardians_said_yes") == "1",
        no_say_in_care=form.get("no_say_in_care") == "1",
        count=read_number(form.get("count", "1")) or 0,
    )
    try:
        made = await invite_people(visit.screens, limits, session_id, wanted, account)
    except Refusal as refusal:
        values = {**form, "act": "invite"}
        wrong = visit.wrong(refusal)
        return await invitations_page(visit, session_id, refusal.status, values=values, **wrong)
    return await invitations_page(visit, session_id, made=made)


@router.post("/sessions/{session_id}/invitations/{invitation_id}/renew")
async def post_renew(
    session_id: str, invitation_id: str, visit: Here, limits: RateLimits
) -> Response:
    """A new link; the page that answers shows it, this once."""
    account = check_runs(visit.caller)
    try:
        made = await renew(visit.screens, limits, session_id, invitation_id, account)
    except Refusal as refusal:
        return await invitations_page(visit, session_id, refusal.status, **visit.wrong(refusal))
    return await invitations_page(visit, session_id, made=[made])


@router.post("/sessions/{session_id}/invitations/{invitation_id}/recall")
async def post_recall(session_id: str, invitation_id: str, visit: Here) -> Response:
    """The link opens nothing any more; who came in with it is out of the room."""
    await recall(visit.screens, session_id, invitation_id, check_runs(visit.caller))
    return see_other(f"/sessions/{session_id}/invitations#list-h")


@router.post("/sessions/{session_id}/entry")
async def post_entry(session_id: str, visit: Here) -> Response:
    """Who may come in, and the support person."""
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    form = await read_form(visit.request)
    support = {part: form.get(f"support_{part}", "") for part in ("name", "contact")}
    guarded = form.get("guarded") == "1" if "rules" in form else None
    access = None if guarded else form.get("access") or None
    try:
        await visit.screens.carry_out(
            session_id,
            lambda tx, g: actions.change_entry(
                tx, g, account=account, now=now, access=access, guarded=guarded, support=support
            ),
        )
    except Refusal as refusal:
        values = {**form, "act": "entry"}
        wrong = visit.wrong(refusal)
        return await invitations_page(visit, session_id, refusal.status, values=values, **wrong)
    return see_other(f"/sessions/{session_id}/invitations")


@router.post("/sessions/{session_id}/follow-up")
async def post_follow_up(session_id: str, visit: Here) -> Response:
    """Each person has been asked how they are."""
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    await visit.screens.carry_out(
        session_id, lambda tx, g: actions.note_follow_up(tx, g, account=account, now=now)
    )
    return see_other(f"/sessions/{session_id}/desk")


# --- breaks ------------------------------------------------------------------------------------


@router.post("/sessions/{session_id}/break")
async def post_break(session_id: str, visit: Here) -> Response:
    """Take a break: nothing is collected until the person is back."""
    seat = check_seat(visit.caller, session_id)
    await take_break(visit.screens, session_id, seat, on=True)
    return see_other(f"/sessions/{session_id}")


@router.post("/sessions/{session_id}/break/end")
async def post_break_end(session_id: str, visit: Here) -> Response:
    """Back from a break."""
    seat = check_seat(visit.caller, session_id)
    await take_break(visit.screens, session_id, seat, on=False)
    return see_other(f"/sessions/{session_id}")
