"""Accounts and one's own sign-ins over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from hub.people import actions, shapes
from hub.people.door import Asking, check_account, check_admin
from hub.people.models import Account, list_accounts, list_sign_ins
from hub.web import Db, Time

router = APIRouter(prefix="/api/v1", tags=["accounts"])


def out(account: Account, seen_at: datetime | None) -> shapes.AccountOut:
    return shapes.AccountOut(
        id=account.id,
        email=account.email,
        name=account.name,
        role=account.role,
        language=account.language,
        has_password=account.password_hash is not None,
        created_at=account.created_at,
        seen_at=seen_at,
        disabled_at=account.disabled_at,
    )


@router.get("/accounts")
async def get_accounts(
    caller: Asking,
    database: Db,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> shapes.Accounts:
    """Accounts of those who run things, oldest first (admins)."""
    check_admin(caller)
    async with database.reading() as tx:
        listed = await list_accounts(tx, after=after, limit=limit + 1)
    more = listed[limit - 1][0].id if len(listed) > limit else None
    return shapes.Accounts(items=[out(*each) for each in listed[:limit]], next=more)


@router.post("/accounts", status_code=201)
async def post_account(
    body: shapes.AccountIn, caller: Asking, database: Db, clock: Time
) -> shapes.AccountOut:
    """Add an account and mail its owner a link that signs in, for three days (admins)."""
    admin = check_admin(caller)
    async with database.transaction() as tx:
        account = await actions.invite_account(tx, **body.model_dump(), by=admin, now=clock.now())
    return out(account, None)


@router.put("/accounts/{account_id}")
async def put_account(
    account_id: str,
    body: shapes.AccountChange,
    request: Request,
    caller: Asking,
    database: Db,
    clock: Time,
) -> shapes.AccountOut:
    """Change an account: its name, language or role; or close it and end its sign-ins (admins)."""
    admin = check_admin(caller)
    async with database.transaction() as tx:
        account = await actions.change_account(
            tx, account_id, by=admin, now=clock.now(), **body.model_dump(exclude_none=True)
        )
        seen_at = await actions.last_seen(tx, account)
    await sockets_out(request)
    return out(account, seen_at)


async def sockets_out(request: Request) -> None:
    """Take the connections that rest on what has just been ended out of every session."""
    await request.app.state.live.recheck()


@router.get("/me/sign-ins")
async def get_sign_ins(caller: Asking, database: Db, clock: Time) -> shapes.SignIns:
    """One's own sign-ins and tokens that still work (accounts)."""
    account = check_account(caller)
    async with database.reading() as tx:
        listed = await list_sign_ins(tx, account.id, now=clock.now())
    own = caller.sign_in.id if caller.sign_in else ""
    return shapes.SignIns(
        items=[
            shapes.SignInOut(
                id=each.id,
                kind=each.kind,
                device=each.device,
                this=each.id == own,
                created_at=each.created_at,
                seen_at=each.seen_at,
                expires_at=each.expires_at,
            )
            for each in listed
        ]
    )


@router.delete("/me/sign-ins/{sign_in_id}", status_code=204)
async def delete_sign_in(
    sign_in_id: str, request: Request, caller: Asking, database: Db, clock: Time
) -> Response:
    """End one of one's own sign-ins or tokens (accounts)."""
    account = check_account(caller)
    async with database.transaction() as tx:
        await actions.end_sign_in(tx, account, sign_in_id, now=clock.now())
    await sockets_out(request)
    return Response(status_code=204)
