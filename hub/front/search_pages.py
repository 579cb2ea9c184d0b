"""Search: published texts in both languages, found by their words."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from hub.errors import TooFast
from hub.front.api import SEARCH_RULE, hit_view
from hub.people.door import Asking
from hub.people.pages import page
from hub.search import actions as search
from hub.search.rules import QUERY_LETTERS, read_query
from hub.web import Db, RateLimits, Render, address_of, language_of

router = APIRouter(include_in_schema=False)


@router.get("/search")
async def get_search(
    request: Request,
    _caller: Asking,
    database: Db,
    renderer: Render,
    limits: RateLimits,
    q: str = "",
    kind: str = "",
    after: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """The form, and what was found. For everybody."""
    # Control characters are typed by no keyboard, and a page that gives them back is not valid.
    q = " ".join("".join(c if c.isprintable() else " " for c in q).split())[:QUERY_LETTERS]
    chosen = kind if kind in search.KINDS else None
    language = language_of(request)
    context: dict[str, Any] = {"q": q, "kind": chosen, "searched": not read_query(q).is_empty}
    try:
        await limits.check(SEARCH_RULE, "search", address_of(request))
    except TooFast as refusal:
        refused = renderer.refusal(language, refusal)
        empty = {"hits": [], "count": 0, "next": None, "searched": False}
        answer = page(
            request, renderer, "front/search.html", 429, refused=refused, **{**context, **empty}
        )
        answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer
    async with database.reading() as tx:
        found = await search.find(tx, q, prefer=language, kind=chosen, after=after or None)
    return page(
        request,
        renderer,
        "front/search.html",
        hits=[hit_view(hit) for hit in found.hits],
        count=found.count,
        next=found.next,
        **context,
    )
