"""Pages of case studies."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from hub.errors import Invalid, NotFound
from hub.people.door import Asking, check_runs
from hub.people.pages import page
from hub.programme import actions
from hub.programme.models import find_case, list_cases
from hub.web import Db, Render, Time, both, field_name, language_of, read_form, see_other

router = APIRouter(include_in_schema=False)


@router.get("/cases")
async def get_cases(request: Request, _caller: Asking, database: Db, renderer: Render) -> Response:
    """The case studies of the programme, for everybody."""
    async with database.reading() as tx:
        cases = await list_cases(tx)
    return page(request, renderer, "programme/cases.html", cases=cases)


@router.get("/cases/{case_id}/edit")
async def get_case(
    case_id: str, request: Request, caller: Asking, database: Db, renderer: Render
) -> Response:
    check_runs(caller)
    async with database.reading() as tx:
        case = await find_case(tx, case_id)
    if case is None:
        raise NotFound("case_not_found")
    return page(request, renderer, "programme/case.html", case=case, values=_values(case))


def _values(case: Any) -> dict[str, Any]:
    texts = {
        f"{field}_{language}": getattr(case, field).get(language, "")
        for field in actions.TEXTS
        for language in ("sv", "en")
    }
    return {**texts, "country": case.country, "vulnerable": case.vulnerable}


@router.post("/cases/{case_id}/edit")
async def post_case(
    case_id: str, request: Request, caller: Asking, database: Db, renderer: Render, clock: Time
) -> Response:
    check_runs(caller)
    form = await read_form(request)
    data: dict[str, Any] = {field: both(form, field) for field in actions.TEXTS}
    data |= {"country": form.get("country", ""), "vulnerable": form.get("vulnerable") == "1"}
    try:
        async with database.transaction() as tx:
            await actions.change_case(tx, case_id, data, now=clock.now())
    except Invalid as faults:
        language = language_of(request)
        errors = {field_name(p): renderer.fault(language, c) for p, c in faults.fields.items()}
        async with database.reading() as tx:
            case = await find_case(tx, case_id)
        return page(
            request, renderer, "programme/case.html", 422, case=case, values=form, errors=errors
        )
    return see_other("/cases")
