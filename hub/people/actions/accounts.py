"""Accounts of those who run things: adding and changing them, signing in and out.

Each act is noted in the audit log in the same transaction.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import COMMAND, note
from hub.db import claim
from hub.errors import Invalid, NotFound, Refusal
from hub.mail.actions import drop_mails, queue_mail
from hub.people import rules
from hub.people.actions.secret import hash_secret, new_secret
from hub.people.models import Account, SignIn, SignInLink, find_account_by_email, find_sign_in

SIGN_IN_DAYS: Final = 30
TOKEN_DAYS: Final = 365
LINK_HOURS: Final = 24
MAILED_LINK_MINUTES: Final = 60
INVITATION_HOURS: Final = 72
# How exactly it is kept when a sign-in was last used.
SEEN_EVERY: Final = timedelta(hours=1)
NAME_LIMIT: Final = 80
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
    actor: str = COMMAND,
) -> Account:
    """A new account. Raises Invalid for a bad e-mail, role or password, Refusal if it exists."""
    faults: dict[str, str] = {}
    email = email.strip()
    if not rules.is_email(email):
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
        name=_name(name) or email.partition("@")[0],
        role=role,
        language=language if language in rules.LANGUAGES else "sv",
        password_hash=_hasher.hash(password) if password else None,
        created_at=now,
    )
    tx.add(account)
    await tx.flush()
    await note(tx, "account_added", actor=actor, now=now, subject=account.id, role=role)
    return account


def _name(name: str) -> str:
    return " ".join(rules.clean_text(name).split())[:NAME_LIMIT]


async def invite_account(
    tx: AsyncSession, *, email: str, name: str, role: str, language: str, by: Account, now: datetime
) -> Account:
    """A new account whose owner gets a link by mail. Raises as ``add_account`` does."""
    account = await add_account(
        tx, email=email, name=name, role=role, language=language, now=now, actor=by.id
    )
    await send_account_invitation(tx, account, by=by, now=now)
    return account


async def send_account_invitation(
    tx: AsyncSession, account: Account, *, by: Account, now: datetime
) -> None:
    """Mail a link that signs in once within three days; links sent before stop working."""
    _check_enabled(account)
    await _spend_links(tx, account)
    await drop_mails(tx, account.id)
    secret = await make_sign_in_link(tx, account, now=now, hours=INVITATION_HOURS)
    await queue_mail(
        tx,
        "account_invitation",
        to=account.email,
        language=account.language,
        facts={
            "url": f"/sign-in/{secret}?next=/account",
            "role": account.role,
            "inviter": by.name,
        },
        now=now,
        about=account.id,
        until_at=now + timedelta(hours=INVITATION_HOURS),
    )
    await note(tx, "link_sent", actor=by.id, now=now, subject=account.id, why="invitation")


def _check_enabled(account: Account) -> None:
    if account.disabled_at is not None:
        raise Refusal("account_disabled")


async def mail_sign_in_link(tx: AsyncSession, email: str, *, now: datetime) -> bool:
    """Mail a link to whoever has this address; False, and nothing done, where nobody has."""
    account = await find_account_by_email(tx, email.strip())
    if account is None or account.disabled_at is not None:
        return False
    minutes = MAILED_LINK_MINUTES
    secret = await make_sign_in_link(tx, account, now=now, hours=minutes / 60)
    await queue_mail(
        tx,
        "sign_in",
        to=account.email,
        language=account.language,
        facts={"url": f"/sign-in/{secret}", "minutes": str(minutes)},
        now=now,
        about=account.id,
        until_at=now + timedelta(minutes=minutes),
    )
    await note(tx, "link_sent", actor=account.id, now=now, subject=account.id, why="asked")
    return True


async def access_account(tx: AsyncSession, account_id: str) -> Account:
    """The account. Raises NotFound."""
    account = await tx.get(Account, account_id, populate_existing=True)
    if account is None:
        raise NotFound()
    return account


async def last_seen(tx: AsyncSession, account: Account) -> datetime | None:
    """When a sign-in of this account was last used."""
    return await tx.scalar(
        select(SignIn.seen_at)
        .where(SignIn.account_id == account.id, SignIn.seen_at.is_not(None))
        .order_by(SignIn.seen_at.desc())
        .limit(1)
    )


async def change_account(
    tx: AsyncSession,
    account_id: str,
    *,
    by: Account,
    now: datetime,
    name: str | None = None,
    language: str | None = None,
    role: str | None = None,
    disabled: bool | None = None,
) -> Account:
    """Change what is given of somebody's account, as an admin.

    A disabled account's sign-ins, links and tokens end at once. Raises NotFound, Invalid, and
    Refusal for an admin's own role and for the last admin.
    """
    account = await access_account(tx, account_id)
    if role is not None and role not in rules.ACCOUNT_ROLES:
        raise Invalid({"/role": "account_role_unknown"})
    if language is not None and language not in rules.LANGUAGES:
        raise Invalid({"/language": "language_unknown"})
    demoted = role is not None and role != account.role and account.role == "admin"
    if demoted or (disabled and account.disabled_at is None):
        await _check_may_lose(tx, account, by)
    if name is not None and _name(name):
        account.name = _name(name)
    if language is not None:
        account.language = language
    if role is not None and role != account.role:
        account.role = role
        await note(tx, "account_changed", actor=by.id, now=now, subject=account.id, role=role)
    if disabled is not None and disabled != (account.disabled_at is not None):
        await _set_disabled(tx, account, disabled, by=by, now=now)
    await tx.flush()
    return account


async def _check_may_lose(tx: AsyncSession, account: Account, by: Account) -> None:
    if account.id == by.id:
        raise Refusal("account_own")
    # Locked, so that two admins cannot demote each other at the same moment.
    others = await tx.scalars(
        select(Account.id)
        .where(Account.role == "admin", Account.disabled_at.is_(None), Account.id != account.id)
        .with_for_update()
    )
    if account.role == "admin" and not others.all():
        raise Refusal("account_last_admin")


async def _set_disabled(
    tx: AsyncSession, account: Account, disabled: bool, *, by: Account, now: datetime
) -> None:
    account.disabled_at = now if disabled else None
    if disabled:
        await end_sign_ins(tx, account, now=now)
        await _spend_links(tx, account)
        await drop_mails(tx, account.id)
    act = "account_disabled" if disabled else "account_enabled"
    await note(tx, act, actor=by.id, now=now, subject=account.id)


async def change_own_account(
    tx: AsyncSession, account_id: str, *, name: str, language: str
) -> Account:
    """Change one's own name and language. Raises Invalid."""
    faults: dict[str, str] = {}
    if rules.is_blank(name):
        faults["/name"] = "account_name_missing"
    if language not in rules.LANGUAGES:
        faults["/language"] = "language_unknown"
    if faults:
        raise Invalid(faults)
    account = await access_account(tx, account_id)
    account.name, account.language = _name(name), language
    await tx.flush()
    return account


def hash_password(password: str) -> str:
    """What is kept of a new password. Slow on purpose: call it in a worker thread.

    Raises Invalid where it is too short or too long.
    """
    if fault := rules.password_fault(password):
        raise Invalid({"/password": fault})
    return _hasher.hash(password)


async def set_password(
    tx: AsyncSession, account_id: str, password_hash: str, *, keep: str | None, now: datetime
) -> None:
    """Give an account a new password. Every other browser is signed out; ``keep`` stays in."""
    account = await access_account(tx, account_id)
    account.password_hash = password_hash
    await note(tx, "account_changed", actor=account.id, now=now, subject=account.id, password=True)
    await _spend_links(tx, account)
    await end_sign_ins(tx, account, now=now, keep=keep, kind="browser")


def password_matches(password_hash: str | None, password: str) -> bool:
    """Slow on purpose (argon2): call it in a worker thread, never on the event loop.

    Takes the same time where there is no such account, so that nobody can tell.
    """
    try:
        good = _hasher.verify(password_hash or _DECOY, password[: rules.PASSWORD_LIMIT + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return good and password_hash is not None


_DECOY = _hasher.hash(secrets.token_hex(8))


async def sign_in(
    tx: AsyncSession,
    account: Account,
    *,
    kind: str,
    now: datetime,
    device: str = "",
    actor: str | None = None,
) -> str:
    """A new sign-in; returns its secret. ``kind`` is ``browser`` or ``token``.

    ``device`` is what ``rules.device_of`` says of the browser. ``actor``: who did it, where that
    was not the account's owner.
    """
    secret = new_secret("at")
    days = TOKEN_DAYS if kind == "token" else SIGN_IN_DAYS
    made = SignIn(
        account_id=account.id,
        secret_hash=hash_secret(secret),
        kind=kind,
        device=device[:80],
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(days=days),
    )
    tx.add(made)
    await tx.flush()
    act = "token_made" if kind == "token" else "signed_in"
    await note(tx, act, actor=actor or account.id, now=now, subject=account.id, sign_in=made.id)
    return secret


async def note_failed_sign_in(tx: AsyncSession, email: str, *, now: datetime) -> None:
    """Note a wrong password for an account that exists. Addresses nobody has are not kept."""
    account = await find_account_by_email(tx, email)
    if account is not None:
        await note(tx, "sign_in_failed", actor=account.id, now=now, subject=account.id)


def is_stale(sign_in: SignIn, now: datetime) -> bool:
    """True where it is time to note that a sign-in is still used."""
    return sign_in.seen_at is None or now - sign_in.seen_at >= SEEN_EVERY


async def touch_sign_in(tx: AsyncSession, sign_in: SignIn, *, now: datetime) -> None:
    """Note that a sign-in is used."""
    await tx.execute(
        update(SignIn)
        .where(SignIn.id == sign_in.id)
        .values(seen_at=now)
        .execution_options(synchronize_session=False)
    )


async def sign_out(tx: AsyncSession, secret: str, *, now: datetime) -> None:
    """End the browser's sign-in that this secret belongs to."""
    found = await find_sign_in(tx, hash_secret(secret), kind="browser", now=now)
    if found is None:
        return
    account, signed_in = found
    signed_in.ended_at = now
    await note(
        tx, "signed_out", actor=account.id, now=now, subject=account.id, sign_in=signed_in.id
    )


async def end_sign_in(
    tx: AsyncSession, account: Account, sign_in_id: str, *, now: datetime
) -> None:
    """End one of one's own sign-ins or tokens. Raises NotFound."""
    signed_in = await tx.scalar(
        select(SignIn).where(
            SignIn.id == sign_in_id, SignIn.account_id == account.id, SignIn.ended_at.is_(None)
        )
    )
    if signed_in is None:
        raise NotFound("sign_in_unknown")
    signed_in.ended_at = now
    await note(
        tx, "sign_in_ended", actor=account.id, now=now, subject=account.id, sign_in=signed_in.id
    )


async def end_sign_ins(
    tx: AsyncSession,
    account: Account,
    *,
    now: datetime,
    keep: str | None = None,
    kind: str | None = None,
) -> int:
    """End an account's sign-ins but for the one with the id ``keep``; how many there were.

    ``kind``: only those of browsers, or only tokens.
    """
    ending = update(SignIn).where(SignIn.account_id == account.id, SignIn.ended_at.is_(None))
    if keep is not None:
        ending = ending.where(SignIn.id != keep)
    if kind is not None:
        ending = ending.where(SignIn.kind == kind)
    result = await tx.execute(
        ending.values(ended_at=now).execution_options(synchronize_session=False)
    )
    count = int(getattr(result, "rowcount", 0))
    if count:
        await note(tx, "sign_in_ended", actor=account.id, now=now, subject=account.id, count=count)
    return count


async def make_sign_in_link(
    tx: AsyncSession,
    account: Account,
    *,
    now: datetime,
    uses: int = 1,
    hours: float = LINK_HOURS,
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


async def hand_out_link(tx: AsyncSession, account: Account, *, now: datetime, actor: str) -> str:
    """The secret of a link that somebody hands to the account's owner, for a day."""
    secret = await make_sign_in_link(tx, account, now=now)
    await note(tx, "link_sent", actor=actor, now=now, subject=account.id, why="by_hand")
    return secret


async def _spend_links(tx: AsyncSession, account: Account) -> None:
    await tx.execute(
        update(SignInLink)
        .where(SignInLink.account_id == account.id, SignInLink.uses_left > 0)
        .values(uses_left=0)
        .execution_options(synchronize_session=False)
    )


async def find_link_account(tx: AsyncSession, secret: str, *, now: datetime) -> Account | None:
    """The account that a link would sign in; None where it is used up, too old or unknown."""
    return await tx.scalar(
        select(Account)
        .join(SignInLink, SignInLink.account_id == Account.id)
        .where(
            SignInLink.secret_hash == hash_secret(secret),
            SignInLink.expires_at > now,
            SignInLink.uses_left > 0,
            Account.disabled_at.is_(None),
        )
    )


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
