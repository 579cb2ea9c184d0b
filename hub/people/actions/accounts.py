"""Accounts of those who run things: adding them, signing in and out."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.db import claim
from hub.errors import Invalid, Refusal
from hub.people import rules
from hub.people.actions.secret import hash_secret, new_secret
from hub.people.models import Account, SignIn, SignInLink, find_account_by_email

SIGN_IN_DAYS = 30
TOKEN_DAYS = 365
LINK_HOURS = 24
_hasher = PasswordHasher()


async def add_account(
    tx: AsyncSession,
    *,
    email: str,
    name: str,
    role: str,
    language: str,
    now: datetime,
    password: str = "",
) -> Account:
    """A new account. Raises Invalid for a bad e-mail, role or password, Refusal if it exists."""
    faults: dict[str, str] = {}
    email = email.strip()
    local, _, host = email.partition("@")
    if not local or "." not in host or len(email) > 254 or any(c.isspace() for c in email):
        faults["/email"] = "email_unreadable"
    if role not in rules.ACCOUNT_ROLES:
        faults["/role"] = "account_role_unknown"
    if password and (fault := rules.password_fault(password)):
        faults["/password"] = fault
    if faults:
        raise Invalid(faults)
    if await find_account_by_email(tx, email):
        raise Refusal("account_exists")
    account = Account(
        email=email,
        name=rules.clean_text(name)[:80] or local,
        role=role,
        language=language if language in rules.LANGUAGES else "sv",
        password_hash=_hasher.hash(password) if password else None,
        created_at=now,
    )
    tx.add(account)
    await tx.flush()
    return account


def password_matches(password_hash: str | None, password: str) -> bool:
    """Slow on purpose (argon2): call it in a worker thread, never on the event loop.

    Takes the same time where there is no such account, so that nobody can tell.
    """
    try:
        return _hasher.verify(password_hash or _DECOY, password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


_DECOY = _hasher.hash(secrets.token_hex(8))


async def sign_in(tx: AsyncSession, account: Account, *, kind: str, now: datetime) -> str:
    """A new sign-in; returns its secret. ``kind`` is ``browser`` or ``token``."""
    secret = new_secret("at")
    days = TOKEN_DAYS if kind == "token" else SIGN_IN_DAYS
    tx.add(
        SignIn(
            account_id=account.id,
            secret_hash=hash_secret(secret),
            kind=kind,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    await tx.flush()
    return secret


async def sign_out(tx: AsyncSession, secret: str, *, now: datetime) -> None:
    """End the sign-in that this secret belongs to."""
    await tx.execute(
        update(SignIn)
        .where(SignIn.secret_hash == hash_secret(secret), SignIn.ended_at.is_(None))
        .values(ended_at=now)
    )


async def make_sign_in_link(
    tx: AsyncSession, account: Account, *, now: datetime, uses: int = 1, hours: int = LINK_HOURS
) -> str:
    """The secret of a link that signs this account in, for ``hours`` and ``uses`` times."""
    secret = new_secret("sl")
    tx.add(
        SignInLink(
            account_id=account.id,
            secret_hash=hash_secret(secret),
            expires_at=now + timedelta(hours=hours),
            uses_left=uses,
        )
    )
    await tx.flush()
    return secret


async def use_sign_in_link(tx: AsyncSession, secret: str, *, now: datetime) -> Account:
    """The account a link belongs to. Raises Refusal where it is used up, too old or unknown."""
    link = await tx.scalar(select(SignInLink).where(SignInLink.secret_hash == hash_secret(secret)))
    if link is None or link.expires_at <= now or link.uses_left < 1:
        raise Refusal("sign_in_link_spent")
    used = await claim(
        tx,
        update(SignInLink)
        .where(SignInLink.id == link.id, SignInLink.uses_left == link.uses_left)
        .values(uses_left=link.uses_left - 1)
        .execution_options(synchronize_session=False),
    )
    account = await tx.get(Account, link.account_id)
    if not used or account is None or account.disabled_at is not None:
        raise Refusal("sign_in_link_spent")
    return account


async def first_facilitator(tx: AsyncSession) -> Account | None:
    """The oldest account that may run sessions."""
    return await tx.scalar(
        select(Account)
        .where(Account.role.in_(("admin", "facilitator")), Account.disabled_at.is_(None))
        .order_by(Account.created_at, Account.id)
        .limit(1)
    )
