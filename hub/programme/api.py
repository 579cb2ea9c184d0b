"""Case studies over HTTP."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from hub.db import new_id
from hub.errors import NotFound
from hub.people.door import Asking, check_runs
from hub.programme import actions
from hub.programme.models import Case, find_case, list_cases
from hub.web import Db, Time

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])


class Both(BaseModel):
    """A text in both languages."""

    sv: str
    en: str


class CaseIn(BaseModel):
    """A case study as a facilitator writes it. ``id`` is made up where it is left out."""

    id: str | None = None
    name: Both
    country: Literal["SE", "UK"] = "SE"
    sector: Both | None = None
    objective: Both | None = None
    methods: Both | None = None
    vulnerable: bool = False


class CaseOut(BaseModel):
    """A case study. ``vulnerable``: people in it need the extra care of protected sessions."""

    id: str
    name: Both
    country: str
    sector: Both
    objective: Both
    methods: Both
    vulnerable: bool
    demonstration: bool


class Cases(BaseModel):
    """A page of cases."""

    items: list[CaseOut]
    next: str | None = None


def out(case: Case) -> CaseOut:
    return CaseOut.model_validate(case, from_attributes=True)


@router.get("")
async def get_cases(database: Db) -> Cases:
    """All case studies of the programme."""
    async with database.reading() as tx:
        return Cases(items=[out(case) for case in await list_cases(tx)])


@router.get("/{case_id}")
async def get_case(case_id: str, database: Db) -> CaseOut:
    """One case study."""
    async with database.reading() as tx:
        case = await find_case(tx, case_id)
    if case is None:
        raise NotFound("case_not_found")
    return out(case)


@router.post("", status_code=201)
async def post_case(body: CaseIn, caller: Asking, database: Db, clock: Time) -> CaseOut:
    """Add a case study (facilitators)."""
    check_runs(caller)
    async with database.transaction() as tx:
        case_id = body.id or new_id("case").replace("_", "-")
        return out(await actions.add_case(tx, case_id, _data(body), now=clock.now()))


@router.put("/{case_id}")
async def put_case(
    case_id: str, body: CaseIn, caller: Asking, database: Db, clock: Time
) -> CaseOut:
    """Change a case study (facilitators)."""
    check_runs(caller)
    async with database.transaction() as tx:
        return out(await actions.change_case(tx, case_id, _data(body), now=clock.now()))


def _data(body: CaseIn) -> dict[str, Any]:
    return body.model_dump(exclude={"id"})
