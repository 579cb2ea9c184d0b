"""The audit log: as a page, as JSON and as CSV; for admins."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import ACTS, note, verify
from hub.audit.models import AuditEntry, list_entries
from hub.errors import Invalid
from hub.people.door import Asking, check_admin
from hub.people.models import Account
from hub.people.pages import page
from hub.web import Db, Render, Time, read_number

# The page and its file, and the call. The call is part of the public description.
router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1", tags=["people"])
ON_A_PAGE = 100
LARGEST = 2**53
COLUMNS = ("number", "at", "actor", "act", "subject", "session", "facts", "seal")
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[int | None, Query(ge=1, le=LARGEST)]


class AuditEntryOut(BaseModel):
    """One act: who did what to whose data. Ids, codes and counts only."""

    number: int
    at: str
    actor: str = Field(description="An account, a participant, `system` or `command`")
    act: str
    subject: str | None = Field(description="Whose data it was, or what it was done to")
    session: str | None
    facts: dict[str, Any]
    seal: str


class AuditCheckOut(BaseModel):
    """What a check of the whole log found. ``broken_at`` is the first number that is not right."""

    whole: bool
    count: int
    broken_at: int | None
    seal: str


class AuditOut(BaseModel):
    """Entries, latest first; ``next`` goes into ``after``. ``check`` where asked for."""

    items: list[AuditEntryOut]
    next: int | None
    check: AuditCheckOut | None


def entry_view(entry: AuditEntry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "at": entry.at.isoformat().replace("+00:00", "Z"),
        "actor": entry.actor,
        "act": entry.act,
        "subject": entry.subject,
        "session": entry.gathering_id,
        "facts": entry.facts,
        "seal": entry.seal,
    }


async def _read(
    tx: AsyncSession, *, after: int | None, limit: int, act: str, subject: str
) -> tuple[list[dict[str, Any]], int | None]:
    """Entries from the one after ``after`` on, latest first, and where the next ones begin."""
    acts = (act,) if act else ()
    found = await list_entries(tx, before=after, limit=limit + 1, acts=acts, subject=subject)
    items = [entry_view(entry) for entry in found[:limit]]
    return items, (items[-1]["number"] if len(found) > limit else None)


@api.get("/audit")
async def get_audit_entries(
    caller: Asking,
    database: Db,
    act: str = "",
    subject: Annotated[str, Query(max_length=60)] = "",
    check: bool = False,
    after: After = None,
    limit: Limit = 100,
) -> AuditOut:
    """Who did what to whose data, latest first; ``check`` reads the whole chain (admins)."""
    check_admin(caller)
    if act and act not in ACTS:
        raise Invalid({"/act": "act_unknown"})
    async with database.reading() as tx:
        items, following = await _read(tx, after=after, limit=limit, act=act, subject=subject)
        verdict = asdict(await verify(tx)) if check else None
    return AuditOut.model_validate({"items": items, "next": following, "check": verdict})


@router.get("/audit")
async def get_audit(
    request: Request, caller: Asking, database: Db, renderer: Render, act: str = "", id: str = ""
) -> Response:
    """The log for people, with what a check of all of it says."""
    check_admin(caller)
    act, subject = (act if act in ACTS else ""), id.strip()[:60]
    after = read_number(request.query_params.get("after")) or None
    async with database.reading() as tx:
        items, following = await _read(tx, after=after, limit=ON_A_PAGE, act=act, subject=subject)
        names = await _names(tx, items)
        verdict = await verify(tx)
    return page(
        request,
        renderer,
        "people/audit.html",
        entries=items,
        following=following,
        names=names,
        check=asdict(verdict),
        acts=sorted(ACTS),
        chosen={"act": act, "id": subject, "after": after},
    )


async def _names(tx: AsyncSession, items: Iterable[dict[str, Any]]) -> dict[str, str]:
    """The names of those who run things, by account; participants stay ids."""
    ids = {each[name] for each in items for name in ("actor", "subject") if each[name]}
    found = await tx.scalars(select(Account).where(Account.id.in_(ids)))
    return {account.id: account.name for account in found}


@router.get("/audit.csv")
async def get_audit_file(
    caller: Asking, database: Db, clock: Time, act: str = "", id: str = ""
) -> Response:
    """All entries, or those of one act or id, oldest last. That it was taken out is kept too."""
    account = check_admin(caller)
    act, subject = (act if act in ACTS else ""), id.strip()[:60]
    now = clock.now()
    async with database.transaction() as tx:
        await note(tx, "exported", actor=account.id, now=now, what="audit", format="csv")
        items, after = [], None
        while True:
            found, after = await _read(tx, after=after, limit=1000, act=act, subject=subject)
            items += found
            if after is None:
                break
    name = f"audit-{now.date().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    body = as_csv(items).encode("utf-8-sig")
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


def as_csv(items: Iterable[dict[str, Any]]) -> str:
    """One row for each entry. Every cell is an id, a code, a time or a count."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in items:
        facts = json.dumps(each["facts"], sort_keys=True) if each["facts"] else ""
        row = [each[name] for name in COLUMNS]
        row[COLUMNS.index("facts")] = facts
        writer.writerow(["" if cell is None else cell for cell in row])
    return out.getvalue()
