"""What everybody may read is put where search finds it: records, charters and cases.

Whatever changes one of them takes its words out, in its own transaction; here they are put in
again as they stand. So nothing that was taken back is ever found, and what was published before
there was a search, or while the hub was off, is found too. Summaries and meetings are put in by
their own rooms.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters.models import Charter
from hub.charters.reading import read_whole
from hub.errors import NotFound
from hub.gatherings.doorway import read_record
from hub.gatherings.models import Gathering
from hub.gatherings.record import SHOWN_KINDS
from hub.gatherings.screens import Screens
from hub.people.rules import LANGUAGES
from hub.programme.models import Case
from hub.search import actions as search
from hub.search.models import PublishedText

log = structlog.get_logger(__name__)
SECONDS: Final = 10
Put = Callable[[Screens, AsyncSession, str], Awaitable[None]]


async def fill(screens: Screens) -> int:
    """Put in whatever is public and cannot be found; how many things that were.

    Each in a transaction of its own. What cannot be read is tried again the next time.
    """
    async with screens.database.reading() as tx:
        missing = await _list_missing(tx)
    done = 0
    for kind, about in missing:
        try:
            async with screens.database.transaction() as tx:
                await _PUT[kind](screens, tx, about)
            done += 1
        except Exception:
            # The others must not wait for it.
            log.exception("not put into search", kind=kind, about=about)
    return done


async def _list_missing(tx: AsyncSession) -> list[tuple[str, str]]:
    """In three queries, none of which reads a text."""
    found: list[tuple[str, str]] = []
    for kind, model, is_public in (
        ("record", Gathering, Gathering.published_at.is_not(None)),
        ("charter", Charter, Charter.number > 0),
        ("case", Case, Case.id != ""),
    ):
        there = select(PublishedText.id).where(
            PublishedText.kind == kind, PublishedText.about == model.id
        )
        ids = await tx.scalars(
            select(model.id).where(is_public, ~there.exists()).order_by(model.id)
        )
        found += [(kind, each) for each in ids]
    return found


async def put_record(screens: Screens, tx: AsyncSession, session_id: str) -> None:
    """A published record as its page shows it, without the names."""
    gathering = await tx.get(Gathering, session_id)
    if gathering is None or gathering.published_at is None:
        return
    try:
        record = await read_record(screens, tx, session_id)
    except NotFound:
        return
    await search.put(
        tx,
        "record",
        session_id,
        texts={
            language: (str(gathering.title.get(language) or ""), record_text(record, language))
            for language in LANGUAGES
        },
        url=f"/sessions/{session_id}/record",
        at=gathering.published_at,
        case_id=gathering.case_id,
        demonstration=gathering.demonstration,
    )


def record_text(record: Mapping[str, Any], language: str) -> str:
    """What a record says in a language, each text once; words in the other one are left out."""
    lines: dict[str, None] = {}
    for finding in record["findings"]:
        lines[str(finding["title"].get(language) or "")] = None
        lines[str(finding["text"].get(language) or "")] = None
    for section in record.get("principles", ()):
        lines.update(dict.fromkeys(_texts_in(section, language)))
    for item in record["recommendations"]:
        c = item["contribution"]
        lines[_said(c, language)] = None
        fields = (c["translations"].get(language) or {}).get("fields") or {}
        for part in ("owner", "measure"):
            own = item.get(part) if c["language"] == language else fields.get(part)
            lines[str(own or "")] = None
        for told in (*item["objections"], *item["stand_asides"], *item["dissent"]):
            lines[_said(told, language)] = None
    for theme in record["themes"]:
        lines[_said(theme, language)] = None
    for phase in record["phases"]:
        for c in phase["items"]:
            if c["kind"] in SHOWN_KINDS:
                lines[_said(c, language)] = None
    return "\n".join(line for line in lines if line)


def _said(c: Mapping[str, Any], language: str) -> str:
    if c.get("removed"):
        return ""
    if c["language"] == language:
        return str(c["text"])
    found = c["translations"].get(language) or {}
    return str(found.get("text") or "") if found.get("status") not in ("pending", "failed") else ""


def _texts_in(section: object, language: str) -> Iterator[str]:
    """Every title and text in a language in what a dialogue came to on a principle."""
    if isinstance(section, Mapping):
        for name, value in section.items():
            if name in ("title", "text") and isinstance(value, Mapping):
                yield str(value.get(language) or "")
            elif name == "agreed" and isinstance(value, Mapping):
                agreed = value.get(language) or {}
                yield str(agreed.get("text") or "")
            else:
                yield from _texts_in(value, language)
    elif isinstance(section, list | tuple):
        for each in section:
            yield from _texts_in(each, language)


async def put_charter(screens: Screens, tx: AsyncSession, charter_id: str) -> None:
    """A charter as everybody reads it: without what may not be shown, and without drafts."""
    whole = await read_whole(tx, charter_id)
    view = whole.view()
    await search.put(
        tx,
        "charter",
        charter_id,
        texts={
            language: (
                str(view["title"].get(language) or ""),
                "\n".join(_charter_lines(view, language)),
            )
            for language in LANGUAGES
        },
        url=f"/charters/{charter_id}",
        at=whole.versions[0].at if whole.versions else whole.charter.created_at,
        demonstration=whole.charter.demonstration,
    )


def _charter_lines(view: Mapping[str, Any], language: str) -> Iterable[str]:
    yield str(view["preamble"].get(language) or "")
    for principle in view["principles"]:
        if principle["leaving"]:
            continue
        words = principle["shown"].get(language) or {}
        yield str(words.get("title") or "")
        yield str(words.get("text") or "")


async def put_case(screens: Screens, tx: AsyncSession, case_id: str) -> None:
    """A case study: its name, sector, objective and methods."""
    case = await tx.get(Case, case_id)
    if case is None:
        return
    await search.put(
        tx,
        "case",
        case_id,
        texts={
            language: (
                str(case.name.get(language) or ""),
                "\n".join(
                    str(text.get(language) or "")
                    for text in (case.sector, case.objective, case.methods)
                ),
            )
            for language in LANGUAGES
        },
        url=f"/cases/{case_id}",
        at=case.updated_at,
        case_id=case_id,
        demonstration=case.demonstration,
    )


_PUT: Final[Mapping[str, Put]] = {
    "record": put_record,
    "charter": put_charter,
    "case": put_case,
}
