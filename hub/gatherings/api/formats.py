"""Session formats: those that ship with the hub and own ones, whole and to change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response

from hub.errors import Invalid
from hub.gatherings import shapes, views
from hub.gatherings.formats import Formats
from hub.people.door import Asking, check_runs

router = APIRouter(prefix="/api/v1", tags=["formats"])
# What an answer tells of a format, but nobody sets.
ANSWERED = ("own", "version")
WHOLE = """A format with all that it says: `kind` (`forum` or `dialogue`), `title`, `summary`,
`hybrid`; `phases`, each with `id`, `title`, `task`, `minutes` (1–240), `discussion`, `inputs`,
`cuttable`, `exit`, `bot` (what the chatbot says as it begins) and `host` (what the facilitator
does); `triggers`, the chatbot's lines by trigger. Texts in both languages. All that is wrong is
answered at once, in `errors`."""
Whole = Annotated[dict[str, Any], Body(description=WHOLE)]


async def _formats(request: Request) -> Formats:
    found: Formats = request.app.state.formats
    return found


Shelf = Annotated[Formats, Depends(_formats)]


@router.get("/formats")
async def get_formats(shelf: Shelf) -> shapes.Formats:
    """Session formats with phases, titles and input kinds."""
    items = [{**views.format_view(form), "own": shelf.is_own(form.id)} for form in shelf.all()]
    return shapes.Formats.model_validate({"items": items})


@router.get("/formats/{format_id}")
async def get_format(format_id: str, shelf: Shelf) -> shapes.FormatWhole:
    """One format with everything it says: the chatbot's lines, and those for the facilitator."""
    return _whole(shelf, format_id)


def _whole(shelf: Formats, format_id: str) -> shapes.FormatWhole:
    data = shelf.access(format_id)
    answered = {"own": shelf.is_own(format_id), "version": shelf.version(format_id)}
    return shapes.FormatWhole.model_validate({**data, **answered})


@router.post("/formats", status_code=201)
async def post_format(body: Whole, caller: Asking, shelf: Shelf) -> shapes.FormatWhole:
    """Copy the format `from` and change it (facilitators).

    What is left out is as in that one. The id is made from the title.
    """
    check_runs(caller)
    source = shelf.find(str(body.get("from")))
    if source is None:
        raise Invalid({"/from": "format_unknown"})
    origin = source.get("from") or source["id"]
    format_id = await asyncio.to_thread(shelf.add, {**source, **_written(body), "from": origin})
    return _whole(shelf, format_id)


@router.put("/formats/{format_id}")
async def put_format(
    format_id: str, body: Whole, caller: Asking, shelf: Shelf
) -> shapes.FormatWhole:
    """Replace an own format (facilitators); sessions already planned keep their own copy.

    With `version`, as the format was read, a change that somebody else made meanwhile answers 409.
    """
    check_runs(caller)
    version = body.get("version")
    if not isinstance(version, str | None):
        raise Invalid({"/version": "unreadable"})
    kept = {name: value for name, value in shelf.access(format_id).items() if name == "from"}
    wanted = {**kept, **_written(body)}
    await asyncio.to_thread(shelf.change, format_id, wanted, version=version)
    return _whole(shelf, format_id)


def _written(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ANSWERED}


@router.delete("/formats/{format_id}", status_code=204)
async def delete_format(format_id: str, caller: Asking, shelf: Shelf) -> Response:
    """Delete an own format (facilitators); sessions already planned keep their own copy."""
    check_runs(caller)
    await asyncio.to_thread(shelf.remove, format_id)
    return Response(status_code=204)
