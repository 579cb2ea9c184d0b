"""Pages that take charters in from files and pasted text, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from hub.charters import actions, files
from hub.charters.models import list_charters
from hub.charters.reading import wrong
from hub.errors import Invalid, Refusal
from hub.people.door import Asking, check_edits
from hub.people.pages import page
from hub.web import Db, Render, Time, language_of, see_other

# Joined before the pages of a charter, whose address matches any word.
router = APIRouter(include_in_schema=False)


async def _import_page(
    request: Request, database: Db, renderer: Render, status: int = 200, **more: Any
) -> Response:
    async with database.reading() as tx:
        entries = [
            {"id": row.id, "title": row.state["title"]}
            for row in await list_charters(tx)
            if row.state["kind"] == "metadata_only"
        ]
    return page(
        request,
        renderer,
        "charters/import.html",
        status,
        **{"entries": entries, "limit": files.LIMIT_BYTES // 1_000_000, "found": [], **more},
    )


@router.get("/charters/import")
async def get_import(
    request: Request,
    caller: Asking,
    database: Db,
    renderer: Render,
    into: str = "",
) -> Response:
    check_edits(caller)
    return await _import_page(request, database, renderer, values={"into": into})


@router.post("/charters/import")
async def post_import(
    request: Request, caller: Asking, database: Db, renderer: Render, clock: Time
) -> Response:
    """Take in a charter from a file or from pasted text; a bad one changes nothing."""
    account = check_edits(caller)
    uploaded = await request.form()
    form = {key: value for key, value in uploaded.multi_items() if isinstance(value, str)}
    sent = uploaded.get("file")
    pasted = form.get("pasted", "")
    try:
        if isinstance(sent, UploadFile) and sent.filename:
            raw, name = await sent.read(), sent.filename
        elif pasted.strip():
            raw, name = pasted.encode(), f"text.{_ending(form)}"
        else:
            raise Invalid({"/file": "file_missing"})
        data = files.read_any(raw, file=name, language=form.get("language") or None)
        async with database.transaction() as tx:
            state = await actions.import_charter(
                tx,
                data,
                right=form.get("right", ""),
                may_publish=form.get("may_publish") == "1" or None,
                into=form.get("into") or None,
                account=account,
                now=clock.now(),
            )
    except files.FileFaults as faults:
        said = _said_of_file(request, renderer, faults)
        return await _import_page(request, database, renderer, 422, values=form, found=said)
    except Refusal as refusal:
        said_ = wrong(request, renderer, refusal)
        return await _import_page(request, database, renderer, refusal.status, values=form, **said_)
    return see_other(f"/charters/{state.id}/edit")


def _ending(form: Mapping[str, str]) -> str:
    return "yaml" if form.get("kind") == "yaml" else "md"


def _said_of_file(
    request: Request, renderer: Render, faults: files.FileFaults
) -> list[dict[str, Any]]:
    """Each fault of a file in words, with where it is."""
    language = language_of(request)
    return [
        {
            "file": fault.file,
            "line": fault.line,
            "field": fault.field,
            "sentence": renderer.fault(language, fault.code),
        }
        for fault in faults.faults
    ]
