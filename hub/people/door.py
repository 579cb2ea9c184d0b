"""Who is asking: for pages, calls and sockets alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Forbidden, NotFound, Refusal, Unauthorised
from hub.people.actions import hash_secret, is_stale, touch_sign_in
from hub.people.models import (
    Account,
    Participant,
    SignIn,
    find_sign_in,
    is_seated,
    list_participants_by_secrets,
)
from hub.people.rules import ACCOUNT_ROLES
from hub.web import LANGUAGE_COOKIE, Db, Time

ACCOUNT_COOKIE = "hub_account"
SEAT_COOKIE = "hub_seat_"
RUNS_SESSIONS = ("admin", "facilitator")
EDITS_TEXTS = ("admin", "editor")
# A browser keeps one seat for each session it has joined; the latest are enough.
SEATS_READ = 20


@dataclass(frozen=True)
class Caller:
    """An account, seats by session id, both, or nobody."""

    account: Account | None = None
    seats: Mapping[str, Participant] = field(default_factory=dict)
    # By session id, as the person sent them: nowhere else is more than a hash. Never shown.
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    # What the account is signed in by.
    sign_in: SignIn | None = None

    @property
    def runs(self) -> bool:
        """True for those who may facilitate."""
        return self.account is not None and self.account.role in RUNS_SESSIONS

    @property
    def edits(self) -> bool:
        """True for those who decide on texts for the whole hub."""
        return self.account is not None and self.account.role in EDITS_TEXTS

    @property
    def is_nobody(self) -> bool:
        return self.account is None and not self.seats

    def seat(self, gathering_id: str) -> Participant | None:
        """The seat in this session, where the person is still in it."""
        found = self.seats.get(gathering_id)
        return found if found and is_seated(found) else None

    def own(self, gathering_id: str) -> Participant | None:
        """The seat even where the person has left or was sent out: what they said is theirs."""
        found = self.seats.get(gathering_id)
        return found if found and found.withdrawn_at is None else None

    def may_read(self, gathering_id: str) -> bool:
        return self.runs or self.seat(gathering_id) is not None

    def language(self, gathering_id: str | None = None) -> str | None:
        """The language this person reads, where they have told us."""
        seat = self.seats.get(gathering_id) if gathering_id else None
        if seat is not None:
            return seat.language
        if self.account is not None:
            return self.account.language
        return None


async def identify(
    tx: AsyncSession, *, bearer: str | None, cookies: Mapping[str, str], now: datetime
) -> Caller:
    """The caller behind a bearer token or cookies; two short queries at most.

    A bearer token that is not good is nobody, whatever the cookies say.
    """
    if bearer is not None:
        hashed = hash_secret(bearer)
        if bearer.startswith("pt_"):
            return _seated(None, await list_participants_by_secrets(tx, [hashed]), [bearer])
        found = await find_sign_in(tx, hashed, kind="token", now=now)
        return Caller(found[0], sign_in=found[1]) if found else Caller()
    found = None
    if secret := cookies.get(ACCOUNT_COOKIE):
        found = await find_sign_in(tx, hash_secret(secret), kind="browser", now=now)
    secrets = [v for k, v in cookies.items() if k.startswith(SEAT_COOKIE)][-SEATS_READ:]
    seats = await list_participants_by_secrets(tx, [hash_secret(s) for s in secrets])
    return _seated(found, seats, secrets)


async def list_lasting(tx: AsyncSession, ids: Collection[str], *, now: datetime) -> set[str]:
    """Of these seats, and sign-ins of those who run sessions, the ids that still open a session."""
    seats = await tx.scalars(
        select(Participant.id).where(
            Participant.id.in_(ids),
            Participant.left_at.is_(None),
            Participant.removed_at.is_(None),
            Participant.withdrawn_at.is_(None),
        )
    )
    sign_ins = await tx.scalars(
        select(SignIn.id)
        .join(Account, Account.id == SignIn.account_id)
        .where(
            SignIn.id.in_(ids),
            SignIn.ended_at.is_(None),
            SignIn.expires_at > now,
            Account.disabled_at.is_(None),
            Account.role.in_(RUNS_SESSIONS),
        )
    )
    return {*seats, *sign_ins}


def _seated(
    found: tuple[Account, SignIn] | None, seats: list[Participant], secrets: list[str]
) -> Caller:
    account, signed_in = found or (None, None)
    sent = {hash_secret(secret): secret for secret in secrets}
    return Caller(
        account,
        {seat.gathering_id: seat for seat in seats},
        {seat.gathering_id: sent[seat.secret_hash] for seat in seats},
        sign_in=signed_in,
    )


def check_runs(caller: Caller) -> Account:
    """The facilitator's account. Raises Unauthorised or Forbidden."""
    if caller.is_nobody:
        raise Unauthorised()
    if not caller.runs or caller.account is None:
        raise Forbidden()
    return caller.account


def check_edits(caller: Caller) -> Account:
    """The editor's account. Raises Unauthorised or Forbidden."""
    if caller.is_nobody:
        raise Unauthorised()
    if not caller.edits or caller.account is None:
        raise Forbidden()
    return caller.account


def check_runs_or_edits(caller: Caller) -> Account:
    """The account of a facilitator or an editor. Raises Unauthorised or Forbidden."""
    return check_runs(caller) if caller.runs else check_edits(caller)


def check_reads(caller: Caller, gathering_id: str) -> None:
    """Raises Unauthorised, or NotFound: hidden and absent look the same."""
    if caller.is_nobody:
        raise Unauthorised()
    if not caller.may_read(gathering_id):
        raise NotFound("session_not_found")


def check_seat(caller: Caller, gathering_id: str) -> Participant:
    """The caller's seat. Raises Unauthorised, Forbidden for a facilitator, else NotFound."""
    check_reads(caller, gathering_id)
    seat = caller.seat(gathering_id)
    if seat is None:
        raise Forbidden("needs_seat")
    return seat


def check_active(caller: Caller, gathering_id: str) -> Participant:
    """The caller's seat where something of theirs would be kept: not while they are on a break.

    Raises as check_seat does, and Refusal.
    """
    seat = check_seat(caller, gathering_id)
    if seat.paused_at is not None:
        raise Refusal("on_break")
    return seat


def check_own(caller: Caller, gathering_id: str) -> Participant:
    """The caller's seat for what is their own: also after they left. Raises as check_seat does."""
    if caller.is_nobody:
        raise Unauthorised()
    seat = caller.own(gathering_id)
    if seat is None:
        raise Forbidden("needs_seat") if caller.runs else NotFound("session_not_found")
    return seat


def check_account(caller: Caller) -> Account:
    """The account, whatever its role. Raises Unauthorised, or Forbidden for a participant."""
    return check_role(caller, ACCOUNT_ROLES)


def check_admin(caller: Caller) -> Account:
    """The admin's account. Raises Unauthorised or Forbidden."""
    return check_role(caller, ("admin",))


def check_role(caller: Caller, roles: tuple[str, ...]) -> Account:
    """The account, where it has one of the roles. Raises Unauthorised or Forbidden."""
    if caller.is_nobody:
        raise Unauthorised()
    if caller.account is None or caller.account.role not in roles:
        raise Forbidden()
    return caller.account


async def caller_of(request: Request, database: Db, clock: Time) -> Caller:
    """Who sent this request; remembered on it together with their language."""
    header = request.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    async with database.reading() as tx:
        caller = await identify(tx, bearer=bearer, cookies=request.cookies, now=clock.now())
    if caller.sign_in is not None and is_stale(caller.sign_in, clock.now()):
        async with database.transaction() as tx:
            await touch_sign_in(tx, caller.sign_in, now=clock.now())
    gathering_id = request.path_params.get("session_id")
    language = caller.language(gathering_id)
    if language is None and len(caller.seats) == 1:
        language = next(iter(caller.seats.values())).language
    if bearer is not None and caller.is_nobody:
        request.state.language = None
        raise Unauthorised("token_unknown")
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    seat = caller.seat(gathering_id) if gathering_id else None
    request.state.language = seat.language if seat else chosen or language
    request.state.caller_view = caller_view(caller, gathering_id)
    return caller


def caller_view(caller: Caller, gathering_id: str | None) -> dict[str, object]:
    """What pages are told of the reader."""
    seat = caller.seat(gathering_id) if gathering_id else None
    account = caller.account
    return {
        "account": account
        and {"id": account.id, "name": account.name, "role": account.role, "runs": caller.runs},
        "seat": seat
        and {
            "id": seat.id,
            "name": seat.name,
            "role": seat.role,
            "group": seat.group,
            "language": seat.language,
            "bilingual": seat.bilingual,
            "ready": seat.ready_at is not None,
        },
    }


Asking = Annotated[Caller, Depends(caller_of)]
