"""Search over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from hub.gatherings.views import moment
from hub.search import actions as search
from hub.web import Db, RateLimits, address_of, language_of

router = APIRouter(prefix="/api/v1", tags=["search"])
# A person who types and reads; a script that reads it all is slowed down.
SEARCH_RULE = "120 per minute"
Kind = Literal["summary", "record", "charter", "recommendation", "meeting", "case"]


class PartOut(BaseModel):
    """A piece of a title or passage; ``hit``: it is a word that was looked for."""

    text: str
    hit: bool


class HitOut(BaseModel):
    """A published page that was found."""

    kind: str
    id: str
    part: str
    language: str
    title: list[PartOut]
    snippet: list[PartOut]
    url: str
    case: str | None
    demonstration: bool
    at: str


class FoundOut(BaseModel):
    """What was found, best first, and how much there is in all."""

    items: list[HitOut]
    count: int
    next: str | None = None


def hit_view(hit: search.Hit) -> dict[str, Any]:
    """A hit as plain data."""

    def parts(found: list[tuple[str, bool]]) -> list[dict[str, Any]]:
        return [{"text": text, "hit": is_hit} for text, is_hit in found]

    return {
        "kind": hit.kind,
        "id": hit.about,
        "part": hit.part,
        "language": hit.language,
        "title": parts(hit.title),
        "snippet": parts(hit.snippet),
        "url": hit.url,
        "case": hit.case_id,
        "demonstration": hit.demonstration,
        "at": moment(hit.at),
    }


@router.get("/search")
async def get_search(
    request: Request,
    database: Db,
    limits: RateLimits,
    q: Annotated[str, Query(description="All of its words have to be there", max_length=1000)] = "",
    language: Literal["sv", "en"] | None = None,
    kind: Kind | None = None,
    case: str | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> FoundOut:
    """Published texts with all words of `q`, the last one as a beginning. For everybody.

    Summaries, records, charters, meetings and cases, in both languages unless `language` is given.
    """
    await limits.check(SEARCH_RULE, "search", address_of(request))
    async with database.reading() as tx:
        found = await search.find(
            tx,
            q,
            language=language,
            prefer=language_of(request),
            kind=kind,
            case_id=case,
            limit=limit,
            after=after,
        )
    return FoundOut.model_validate(
        {"items": map(hit_view, found.hits), "count": found.count, "next": found.next}
    )
