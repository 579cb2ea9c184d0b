"""What pages of charters read and show: a charter whole, what changed in it, who is asked."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

import hub
from hub.charters import rules, views
from hub.charters.models import (
    Charter,
    CharterVersion,
    Outcome,
    access_charter,
    charters_of,
    count_comments,
    list_charters,
    list_dialogues,
    list_outcomes,
    list_versions,
)
from hub.errors import Invalid, NotFound, Refusal
from hub.people.door import Caller
from hub.web import Render, field_name, language_of

VIEWS = ("sv", "en", "both")


@dataclass(frozen=True)
class Whole:
    """A charter with all that its pages show of it. ``versions``: newest first."""

    charter: Charter
    state: rules.State
    versions: Sequence[CharterVersion]
    outcomes: Sequence[Outcome]
    dialogues: Mapping[str, Mapping[str, Any]]

    def view(self, *, full: bool = False) -> dict[str, Any]:
        found = views.charter_view(
            self.state,
            self.versions,
            self.outcomes,
            dialogues=self.dialogues,
            demonstration=self.charter.demonstration,
            full=full,
        )
        with_more(found)
        return found

    @property
    def edition(self) -> Edition:
        latest = max((o.updated_at for o in self.outcomes), default=None)
        charter = self.charter
        return Edition(charter.id, charter.number, charter.updated_at, latest, len(self.outcomes))


@dataclass(frozen=True)
class Edition:
    """What tells one state of a charter, and of the outcomes on it, from another."""

    charter: str
    number: int
    charter_at: datetime
    outcome_at: datetime | None
    outcomes: int

    @property
    def changed_at(self) -> datetime:
        return max(self.charter_at, self.outcome_at or self.charter_at)


async def read_edition(tx: AsyncSession, charter_id: str) -> Edition:
    """In one query, without the texts. Raises NotFound."""
    query = (
        select(
            Charter.number,
            Charter.updated_at,
            func.max(Outcome.updated_at),
            func.count(Outcome.id),
        )
        .outerjoin(Outcome, Outcome.charter_id == Charter.id)
        .where(Charter.id == charter_id)
        .group_by(Charter.id, Charter.number, Charter.updated_at)
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise NotFound("charter_not_found")
    return Edition(charter_id, *row)


async def read_whole(tx: AsyncSession, charter_id: str) -> Whole:
    """Raises NotFound."""
    charter = await access_charter(tx, charter_id)
    outcomes = await list_outcomes(tx, charter_id)
    return Whole(
        charter,
        rules.read_state(charter.state),
        await list_versions(tx, charter_id),
        outcomes,
        await list_dialogues(tx, charter_id) if outcomes else {},
    )


def with_more(charter: dict[str, Any]) -> None:
    """Give each principle its shown titles, its lowest status and the words tried instead."""
    for principle in charter["principles"]:
        shown, status = principle["shown"], principle["status"]
        lowest = rules.lowest(status.values())
        principle["titles"] = {language: shown[language]["title"] for language in rules.LANGUAGES}
        principle["lowest"] = lowest
        machine = [
            language
            for language in rules.LANGUAGES
            if status[language] == lowest and principle["origin"][language] == "machine"
        ]
        principle["lowest_origin"] = "machine" if machine else "person"
        principle["rework"] = _rework(principle)


def _rework(principle: Mapping[str, Any]) -> dict[str, Any] | None:
    """From what stands to what is being tried instead of it, word by word."""
    if not principle["reworked"] or principle["leaving"]:
        return None
    return {
        part: {
            language: rules.diff(principle["shown"][language][part], principle[part][language])
            for language in rules.LANGUAGES
        }
        for part in ("title", "text")
    }


def view_of(request: Request, wanted: str | None) -> tuple[str, list[str]]:
    """Which view is asked for, and its languages; the reader's own where none is."""
    view = wanted if wanted in VIEWS else language_of(request)
    return view, ["sv", "en"] if view == "both" else [view]


def changes_since(whole: Whole) -> dict[str, Any] | None:
    """What changed since the latest version, or, where nothing has, what it changed itself."""
    if not whole.versions or not rules.may_show(whole.state):
        return None
    latest = rules.read_state(whole.versions[0].state)
    listed = views.changes_view(latest, whole.state)
    if listed:
        return _changes(listed, whole.versions[0].number, None)
    return changes_in(whole.versions, 0)


def changes_in(versions: Sequence[CharterVersion], at: int) -> dict[str, Any] | None:
    """What the version ``versions[at]`` changed in the one before it; None for the first."""
    if at + 1 >= len(versions):
        return None
    before, after = (rules.read_state(versions[n].state) for n in (at + 1, at))
    listed = views.changes_view(before, after)
    return _changes(listed, versions[at + 1].number, versions[at].number) if listed else None


def _changes(listed: list[dict[str, Any]], since: str, to: str | None) -> dict[str, Any]:
    for change in listed:
        # In which languages it reads otherwise than before.
        change["languages"] = [
            language
            for language in rules.LANGUAGES
            if any(
                kind != "same" for part in ("title", "text") for kind, _ in change[part][language]
            )
        ]
    return {
        "since": since,
        "to": to,
        "listed": listed,
        "by_id": {change["id"]: change for change in listed if change["change"] != "removed"},
        "removed": [change for change in listed if change["change"] == "removed"],
    }


async def asked_of(
    tx: AsyncSession, caller: Caller, now: datetime, *, gathering_id: str | None = None
) -> list[dict[str, Any]]:
    """The charters that this caller is asked to comment on: one who took part, in an open round.

    ``gathering_id``: for having taken part in that session alone.
    """
    seats = [seat for seat in caller.seats.values() if seat.left_at is None]
    if gathering_id is not None:
        seats = [seat for seat in seats if seat.gathering_id == gathering_id]
    if not seats:
        return []
    talked = await charters_of(tx, [seat.gathering_id for seat in seats])
    if not talked:
        return []
    rounds = await count_comments(tx, [seat.id for seat in seats])
    states = [
        rules.read_state(charter.state) for charter in await list_charters(tx, ids=set(talked))
    ]
    return [
        {
            "id": state.id,
            "title": dict(state.title),
            "closes_at": state.round["closes_at"],
            "commented": rounds.get((state.id, state.round["number"]), 0),
        }
        for state in states
        if state.round is not None and rules.round_is_open(state, now)
    ]


def stamp(request: Request, edition: Edition, *parts: object) -> dict[str, str]:
    """``ETag`` and ``Last-Modified`` of a page about a charter (RFC 9110, section 8.8).

    Weak, since it may be compressed on its way. ``parts``: what else the page depends on.
    """
    account = getattr(request.state, "caller_view", {}).get("account") or {}
    depends = (
        hub.__version__,
        edition,
        language_of(request),
        account.get("role", ""),
        request.url.query,
        *parts,
    )
    made = hashlib.sha256(repr(depends).encode()).hexdigest()[:20]
    return {
        "ETag": f'W/"{made}"',
        "Last-Modified": format_datetime(edition.changed_at.replace(microsecond=0), usegmt=True),
        # Kept by the reader's own browser, which asks each time whether it still holds.
        "Cache-Control": "private, no-cache",
        "Vary": "Cookie, Accept-Language, Authorization",
    }


class Kept:
    """The latest pages as they were sent, by their stamp, which tells all they depend on."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._pages: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def find(self, name: str, headers: Mapping[str, str]) -> Response | None:
        key = (name, headers["ETag"])
        if key not in self._pages:
            return None
        self._pages.move_to_end(key)
        return HTMLResponse(self._pages[key], headers=dict(headers))

    def keep(self, name: str, headers: Mapping[str, str], answer: Response) -> Response:
        self._pages[name, headers["ETag"]] = bytes(answer.body)
        if len(self._pages) > self._most:
            self._pages.popitem(last=False)
        answer.headers.update(headers)
        return answer


def unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    """304 where the reader has this very page already."""
    told = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if headers["ETag"] in told or "*" in told:
        return Response(status_code=304, headers=dict(headers))
    return None


def wrong(request: Request, renderer: Render, refusal: Refusal) -> dict[str, Any]:
    """``errors`` by field for a form's faults, else ``refused``, one sentence."""
    language = language_of(request)
    if isinstance(refusal, Invalid):
        say = renderer.fault
        return {"errors": {field_name(p): say(language, c) for p, c in refusal.fields.items()}}
    return {"refused": renderer.refusal(language, refusal)}
