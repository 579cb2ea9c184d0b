"""How long things are kept, over HTTP; for admins."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.people.door import Asking, check_admin
from hub.retention import actions
from hub.retention.views import read_purge, read_retention, rule_view
from hub.web import Db, Time

router = APIRouter(prefix="/api/v1/retention", tags=["retention"])


class RuleIn(BaseModel):
    """How long a kind is kept, in days, and the decision that its deletion rests on.

    Without a decision nothing of the kind is deleted.
    """

    days: int
    decision: str = ""


class RuleOut(RuleIn):
    """A rule. ``deletes`` is false while there is no decision."""

    kind: str
    deletes: bool
    default_days: int


class HoldIn(BaseModel):
    """Why a deletion is put on hold."""

    reason: str


class PurgeOut(BaseModel):
    """A deletion. ``count``: rows that it would delete now, or that it did delete.

    It concerns a ``session``, or what was made in the week from the Monday ``week``. ``state`` is
    ``announced``, ``held``, ``done`` or ``dropped``.
    """

    id: str
    kind: str
    session: str | None
    title: dict[str, Any] | None
    week: str | None
    state: str
    decision: str
    announced_at: str | None
    due_at: str | None
    held_at: str | None
    held_reason: str
    done_at: str | None
    count: int


class RetentionOut(BaseModel):
    """The rules, the deletions that are coming, and those that were done."""

    rules: list[RuleOut]
    notice_days: int = Field(description="Days between the announcement and the deletion.")
    coming: list[PurgeOut]
    done: list[PurgeOut]


@router.get("")
async def get_retention(caller: Asking, database: Db) -> RetentionOut:
    """How long each kind is kept, what is going to be deleted, and what was (admins)."""
    check_admin(caller)
    async with database.reading() as tx:
        return RetentionOut.model_validate(await read_retention(tx))


@router.put("/{kind}")
async def put_rule(kind: str, body: RuleIn, caller: Asking, database: Db, clock: Time) -> RuleOut:
    """Set how long a kind is kept, and the decision that its deletion rests on (admins)."""
    account = check_admin(caller)
    async with database.transaction() as tx:
        rule = await actions.set_rule(
            tx, kind, days=body.days, decision=body.decision, account=account, now=clock.now()
        )
    return RuleOut.model_validate(rule_view(rule))


@router.post("/purges/{purge_id}/hold")
async def post_hold(
    purge_id: str, body: HoldIn, caller: Asking, database: Db, clock: Time
) -> PurgeOut:
    """Put a deletion that was announced on hold, with the reason (admins)."""
    account = check_admin(caller)
    async with database.transaction() as tx:
        purge = await actions.access_purge(tx, purge_id)
        await actions.hold(tx, purge, reason=body.reason, account=account, now=clock.now())
        return PurgeOut.model_validate(await read_purge(tx, purge))


@router.delete("/purges/{purge_id}/hold")
async def delete_hold(purge_id: str, caller: Asking, database: Db, clock: Time) -> PurgeOut:
    """Let a deletion go on: on its day, or tomorrow where that has passed (admins)."""
    account = check_admin(caller)
    async with database.transaction() as tx:
        purge = await actions.access_purge(tx, purge_id)
        await actions.release(tx, purge, account=account, now=clock.now())
        return PurgeOut.model_validate(await read_purge(tx, purge))
