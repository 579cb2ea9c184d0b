"""What a meeting is: its texts, form, places and date as organisers give them.

Source: dissemination.md, "Workshops".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.audit.actions import note
from hub.db import id_of, new_id
from hub.errors import Invalid, NotFound, Refusal
from hub.gatherings import actions as gatherings
from hub.gatherings.models import Gathering, access_gathering
from hub.meetings import states, times
from hub.meetings.actions.seating import offer_places, title_of
from hub.meetings.actions.showing import show_in_search
from hub.meetings.actions.timing import plan_tasks
from hub.meetings.letters import AUDIENCES, Sender
from hub.meetings.models import Meeting, Series
from hub.people.models import Account
from hub.people.rules import GROUPS, LANGUAGES, clean_text
from hub.programme.models import Case
from hub.schedule.actions import drop, plan

FORMS: Final = ("room", "online", "hybrid")
COHOST_FROM: Final = ("case", "citizen")
# Fields in both languages, and how many letters each holds.
TEXTS: Final[Mapping[str, int]] = {
    "title": 200,
    "short_title": 80,
    "purpose": 2000,
    "topic": 300,
    "why_you": 300,
    "place": 500,
    "interpreting": 500,
    "access_offers": 1000,
    "consent_needed": 1000,
}
LINES: Final[Mapping[str, int]] = {"host": 200, "cohost": 200}
FLAGS: Final = ("recording", "open_to_all")
TIME: Final = ("starts", "ends", "zone", "fold")
FIELDS: Final = (
    "kind",
    *TEXTS,
    *LINES,
    *FLAGS,
    *TIME,
    "cases",
    "tags",
    "audiences",
    "languages",
    "form",
    "link",
    "agenda",
    "material",
    "cohost_from",
    "capacity",
    "quotas",
    "minimum",
    "reply_by",
)
# What a calendar file tells of: another value is another SEQUENCE.
IN_CALENDARS: Final = (
    "title",
    "short_title",
    "purpose",
    "place",
    "link",
    "form",
    "host",
    "open_to_all",
    "gathering_id",
)
# What those who are invited are told of when it changes, in the order in which a mail says so.
TOLD: Final = ("title", "form", "place", "link", "gathering_id", "host", "purpose")
# So long after the last of several changes they are told of all of them at once.
SETTLES: Final = timedelta(minutes=10)
# So near to the start they are told at once.
AT_ONCE: Final = timedelta(hours=1)
MOST_SEATS: Final = 10_000
MOST_ITEMS: Final = 40
LINK_LIMIT: Final = 500
REASON_LIMIT: Final = 500
CLIENT_ID_LIMIT: Final = 80


async def read_meeting(
    tx: AsyncSession, data: Mapping[str, Any], *, old: Meeting | None = None
) -> dict[str, Any]:
    """The columns that ``data`` gives; what is not in it is left out. ``FIELDS`` may be in it.

    ``starts``, ``ends`` and ``reply_by`` are on the wall clock of ``zone``: ``2027-03-25T13:00``.
    ``old``: the meeting that is changed. Raises Invalid with every fault.
    """
    faults: dict[str, str] = {}
    columns: dict[str, Any] = {}
    _read_texts(data, columns, faults, new=old is None)
    await _read_lists(tx, data, columns, faults)
    _read_plain(data, columns, faults, new=old is None)
    _read_seats(data, columns, faults, old=old)
    try:
        columns |= _read_time(data, old=old)
    except Invalid as wrong:
        faults |= wrong.fields
    if faults:
        raise Invalid(faults)
    return columns


def _read_texts(
    data: Mapping[str, Any], columns: dict[str, Any], faults: dict[str, str], *, new: bool
) -> None:
    for name, limit in TEXTS.items():
        if name not in data and not (new and name == "title"):
            continue
        columns[name] = read_texts(
            data.get(name), f"/{name}", faults, limit=limit, needed=name == "title"
        )
    for name, limit in LINES.items():
        if name in data:
            columns[name] = clean_text(str(data[name] or "")).strip()
            if len(columns[name]) > limit:
                faults[f"/{name}"] = "text_too_long"


def read_texts(
    value: object, pointer: str, faults: dict[str, str], *, limit: int, needed: bool = False
) -> dict[str, str]:
    """A text in both languages, cleaned; what is wrong with it is added to ``faults``."""
    texts: dict[str, str] = {}
    for language in LANGUAGES:
        raw = value.get(language) if isinstance(value, Mapping) else None
        texts[language] = clean_text(raw).strip() if isinstance(raw, str) else ""
        if needed and not texts[language]:
            faults[f"{pointer}/{language}"] = "text_missing"
        elif len(texts[language]) > limit:
            faults[f"{pointer}/{language}"] = "text_too_long"
    return texts


async def _read_lists(
    tx: AsyncSession, data: Mapping[str, Any], columns: dict[str, Any], faults: dict[str, str]
) -> None:
    for name, known, unknown in (
        ("tags", gatherings.TAGS, "tag_unknown"),
        ("audiences", AUDIENCES, "audience_unknown"),
        ("languages", LANGUAGES, "language_unknown"),
    ):
        if name in data:
            wanted = _unique(data[name])
            columns[name] = [each for each in known if each in wanted]
            if set(wanted) - set(known):
                faults[f"/{name}"] = unknown
    if "cases" in data:
        columns["cases"] = _unique(data["cases"])
        found = await tx.scalars(select(Case.id).where(Case.id.in_(columns["cases"])))
        if set(columns["cases"]) - set(found):
            faults["/cases"] = "case_unknown"
    for name in ("agenda", "material"):
        if name in data:
            columns[name] = _read_items(name, data[name] or [], faults)


def _unique(values: object) -> list[str]:
    found = values if isinstance(values, list | tuple) else []
    return list(dict.fromkeys(str(each).strip() for each in found if str(each).strip()))


def _read_items(name: str, items: Any, faults: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    if len(items) > MOST_ITEMS:
        faults[f"/{name}"] = "items_too_many"
        return []
    for place, item in enumerate(items):
        pointer = f"/{name}/{place}"
        title = read_texts(item.get("title"), f"{pointer}/title", faults, limit=200)
        if not any(title.values()):
            faults[f"{pointer}/title/sv"] = "text_missing"
        if name == "agenda":
            minutes = item.get("minutes")
            if not isinstance(minutes, int) or not 0 <= minutes <= 600:
                faults[f"{pointer}/minutes"] = "minutes_range"
            found.append({"minutes": minutes, "title": title})
        else:
            url = str(item.get("url") or "").strip()
            if not url or not is_link(url):
                faults[f"{pointer}/url"] = "link_unreadable"
            found.append({"url": url, "title": title})
    return found


def is_link(text: str) -> bool:
    """Whether a text is one address of the web, with nothing that no address has."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    plain = len(text) <= LINK_LIMIT and not any(c.isspace() or ord(c) < 33 for c in text)
    return plain and parts.scheme in ("https", "http") and bool(host)


def _read_plain(
    data: Mapping[str, Any], columns: dict[str, Any], faults: dict[str, str], *, new: bool
) -> None:
    if "kind" in data or new:
        columns["kind"] = data.get("kind")
        if columns["kind"] not in states.KINDS:
            faults["/kind"] = "kind_unknown"
    if "form" in data:
        columns["form"] = data["form"]
        if data["form"] not in FORMS:
            faults["/form"] = "form_unknown"
    if "link" in data:
        columns["link"] = str(data["link"] or "").strip()
        if columns["link"] and not is_link(columns["link"]):
            faults["/link"] = "link_unreadable"
    if "cohost_from" in data:
        columns["cohost_from"] = data["cohost_from"] or None
        if columns["cohost_from"] not in (None, *COHOST_FROM):
            faults["/cohost_from"] = "cohost_from_unknown"
    for name in FLAGS:
        if name in data:
            columns[name] = data[name] is True


def _read_seats(
    data: Mapping[str, Any],
    columns: dict[str, Any],
    faults: dict[str, str],
    *,
    old: Meeting | None,
) -> None:
    if "capacity" in data:
        columns["capacity"] = data["capacity"]
        if data["capacity"] is not None and not _is_count(data["capacity"], least=1):
            faults["/capacity"] = "capacity_range"
    if "minimum" in data:
        columns["minimum"] = data["minimum"] or 0
        if not _is_count(columns["minimum"]):
            faults["/minimum"] = "capacity_range"
    if "quotas" in data:
        columns["quotas"] = {key: seats for key, seats in (data["quotas"] or {}).items() if seats}
        if set(columns["quotas"]) - set(GROUPS):
            faults["/quotas"] = "group_unknown"
        elif not all(_is_count(seats) for seats in columns["quotas"].values()):
            faults["/quotas"] = "capacity_range"
    if faults.keys() & {"/capacity", "/minimum", "/quotas"}:
        return
    capacity = columns.get("capacity", old.capacity if old else None)
    quotas = columns.get("quotas", old.quotas if old else {})
    minimum = columns.get("minimum", old.minimum if old else 0)
    if capacity is not None and sum(quotas.values()) > capacity:
        faults["/quotas"] = "quotas_over"
    if capacity is not None and minimum > capacity:
        faults["/minimum"] = "minimum_over"


def _is_count(value: object, *, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MOST_SEATS


def _read_time(data: Mapping[str, Any], *, old: Meeting | None) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    zone = times.read_zone(data.get("zone") or (old.zone if old else times.STOCKHOLM))
    if old is None or any(name in data for name in TIME):
        starts = times.read_local(str(data.get("starts") or (old.starts_local if old else "")))
        ends = times.read_local(
            str(data.get("ends") or (old.ends_local if old else "")), field="ends"
        )
        fold = data.get("fold")
        starts_at, ends_at = times.instants_of(starts, ends, zone, fold=fold)
        columns = {
            "zone": zone,
            "starts_local": times.write_local(starts),
            "ends_local": times.write_local(ends),
            "fold": times.fold_of(starts_at, zone),
            "starts_at": starts_at,
            "ends_at": ends_at,
        }
    if "reply_by" in data:
        begins: datetime = columns["starts_at"] if columns or old is None else old.starts_at
        columns["reply_by"] = read_reply_by(data["reply_by"], zone, starts_at=begins)
    return columns


def read_reply_by(text: object, zone: str, *, starts_at: datetime) -> datetime | None:
    """The last moment for replies, as an instant. Raises Invalid at ``/reply_by``."""
    if not text:
        return None
    local = times.read_local(str(text), field="reply_by")
    reply_by = times.instant_kept(local, zone)
    if reply_by >= starts_at:
        raise Invalid({"/reply_by": "reply_by_late"})
    return reply_by


async def add_meeting(
    tx: AsyncSession,
    data: Mapping[str, Any],
    *,
    account: Account | None,
    now: datetime,
    demonstration: bool = False,
    client_id: str = "",
) -> Meeting:
    """A new meeting, as a draft. Raises Invalid.

    The same ``data`` with the same ``client_id``, letters by chance that came with the form, gives
    the meeting that it made before.
    """
    meeting_id = await id_of_form(tx, "w", account, client_id, data)
    if meeting_id and (made := await tx.get(Meeting, meeting_id)) is not None:
        return made
    meeting = new_meeting(
        await read_meeting(tx, data),
        account=account,
        now=now,
        demonstration=demonstration,
        meeting_id=meeting_id,
    )
    tx.add(meeting)
    await tx.flush()
    return meeting


async def id_of_form(
    tx: AsyncSession,
    prefix: str,
    account: Account | None,
    client_id: str,
    data: Mapping[str, Any],
) -> str | None:
    """The id of what a form makes; None where it says nothing of its own.

    The same form with something else in it makes something else: whoever goes back to it and writes
    on loses nothing. Two of the same at the same time wait for each other. Raises Invalid.
    """
    if not client_id or account is None:
        return None
    if len(client_id) > CLIENT_ID_LIMIT:
        raise Invalid({"/client_id": "client_id_missing"})
    await tx.get(Account, account.id, with_for_update=True, populate_existing=True)
    return id_of(tx, prefix, account.id, client_id, json.dumps(data, sort_keys=True))


def new_meeting(
    columns: Mapping[str, Any],
    *,
    account: Account | None,
    now: datetime,
    demonstration: bool = False,
    series: Series | None = None,
    number: int | None = None,
    planned_local: str | None = None,
    to_confirm: bool = False,
    meeting_id: str | None = None,
) -> Meeting:
    """A draft of what ``read_meeting`` has read; of a series, its ``number`` in it."""
    meeting_id = meeting_id or new_id("w")
    by_rule = series is not None and series.rule is not None
    defaults: dict[str, Any] = {
        **{name: {"sv": "", "en": ""} for name in TEXTS},
        **{name: [] for name in ("cases", "tags", "audiences", "agenda", "material")},
        "languages": list(LANGUAGES),
        "form": "online",
        "link": "",
        "host": account.name if account else "",
        "cohost": "",
        "quotas": {},
        "untold": {},
        "minimum": 0,
        "recording": False,
        "open_to_all": True,
    }
    return Meeting(
        id=meeting_id,
        series_id=series.id if series else None,
        number=number,
        planned_local=planned_local,
        to_confirm=to_confirm,
        state="draft",
        state_reason={},
        accepted={},
        uid=series.uid if series is not None and by_rule else f"{meeting_id}@samrum",
        sequence=0,
        demonstration=demonstration,
        created_by=account.id if account else None,
        created_at=now,
        updated_at=now,
        **{**defaults, **columns},
    )


async def change_meeting(
    tx: AsyncSession,
    meeting: Meeting,
    data: Mapping[str, Any],
    *,
    account: Account,
    now: datetime,
    sender: Sender,
) -> Meeting:
    """Change what ``data`` names; the rest stays. Only a draft changes its time in this way.

    A published one is moved with a reason (``move_meeting``), since people have its date in their
    calendars. Raises Invalid, and Refusal once it has begun or is cancelled (``meeting_over``).
    """
    if meeting.state not in states.CHANGEABLE:
        raise Refusal("meeting_over")
    columns = await read_meeting(tx, data, old=meeting)
    changed = {name: value for name, value in columns.items() if getattr(meeting, name) != value}
    if meeting.state != "draft" and changed.keys() & {"starts_at", "ends_at", "zone"}:
        raise Invalid({"/starts": "time_moves"})
    if not changed:
        return meeting
    before = {name: getattr(meeting, name) for name in changed}
    for name, value in changed.items():
        setattr(meeting, name, value)
    await _note_change(tx, meeting, changed, account=account, now=now, before=before)
    if changed.keys() & {"capacity", "quotas", "reply_by"}:
        await offer_places(tx, meeting, now=now, sender=sender)
    return meeting


async def _note_change(
    tx: AsyncSession,
    meeting: Meeting,
    changed: Mapping[str, Any],
    *,
    account: Account,
    now: datetime,
    before: Mapping[str, Any] | None = None,
) -> None:
    """``before``: what those fields said, of those that invited people are told of."""
    meeting.updated_at = now
    await note(
        tx,
        "meeting_changed",
        actor=account.id,
        now=now,
        subject=meeting.id,
        fields=" ".join(sorted(changed)),
    )
    if meeting.state != "draft":
        if changed.keys() & set(IN_CALENDARS):
            meeting.sequence += 1
        await plan_tasks(tx, meeting, now=now)
        await _tell_later(tx, meeting, before or {}, now=now)
    await show_in_search(tx, meeting)
    await tx.flush()


async def _tell_later(
    tx: AsyncSession, meeting: Meeting, before: Mapping[str, Any], *, now: datetime
) -> None:
    """Let those who are invited be told of what changed, once for several changes in a row.

    Source: dissemination.md, "Calendar and time zones", 6 (SEQUENCE up at each change).
    """
    told = {name: value for name, value in before.items() if name in TOLD}
    if meeting.invited_at is None or meeting.state not in states.TAKES_REPLIES or not told:
        return
    meeting.untold = {**told, **meeting.untold}
    await drop(tx, meeting.id, kinds=("tell_changed",))
    near = meeting.starts_at - now <= AT_ONCE
    await plan(
        tx,
        "tell_changed",
        meeting.id,
        # It rises with each of these changes.
        round=meeting.sequence,
        due_at=now if near else now + SETTLES,
        until_at=meeting.starts_at,
        now=now,
        title=title_of(meeting),
    )


def changed_fields(meeting: Meeting) -> list[str]:
    """What is another thing now than those who are invited were told: codes (``changed.*``).

    What was changed and changed back is not.
    """
    other = [name for name in TOLD if name in meeting.untold]
    changed = [name for name in other if getattr(meeting, name) != meeting.untold[name]]
    # A live session is the way in where there is no link of the organiser's own.
    way_in = not meeting.link and meeting.form != "room"
    codes = ["link" if name == "gathering_id" else name for name in changed]
    if "gathering_id" in changed and not way_in and "link" not in changed:
        codes.remove("link")
    return list(dict.fromkeys(codes))


async def accept_warning(
    tx: AsyncSession, meeting: Meeting, code: str, *, reason: str, account: Account, now: datetime
) -> None:
    """The organiser goes on with a warning, and says why. Raises Invalid (``/reason``)."""
    reason = clean_text(reason).strip()
    if not reason:
        raise Invalid({"/reason": "reason_missing"})
    if len(reason) > REASON_LIMIT:
        raise Invalid({"/reason": "text_too_long"})
    meeting.accepted = {**meeting.accepted, code: reason}
    await _note_change(tx, meeting, {"accepted": code}, account=account, now=now)


# --- the live session that it is held in -------------------------------------------------------


async def attach_session(
    tx: AsyncSession, meeting: Meeting, gathering_id: str, *, account: Account, now: datetime
) -> None:
    """Let a meeting be held in a live session that is planned or goes on.

    The session gets the meeting's start. Raises Invalid at ``/session`` where there is none of that
    id, where it is over, or where another meeting has it.
    """
    if meeting.state not in (*states.CHANGEABLE, "live"):
        raise Refusal("meeting_over")
    try:
        gathering = await access_gathering(tx, gathering_id, lock=True)
    except NotFound as error:
        raise Invalid({"/session": "session_unknown"}) from error
    if gathering.state == "closed" or gathering.purged_at is not None:
        raise Invalid({"/session": "session_over"})
    taken = await tx.scalar(
        select(Meeting.id).where(Meeting.gathering_id == gathering_id, Meeting.id != meeting.id)
    )
    if taken is not None:
        raise Invalid({"/session": "session_taken"})
    if meeting.gathering_id == gathering_id:
        return
    before = {"gathering_id": meeting.gathering_id}
    meeting.gathering_id = gathering_id
    await set_session_start(tx, meeting, gathering, now=now)
    changed = {"gathering_id": gathering_id}
    await _note_change(tx, meeting, changed, account=account, now=now, before=before)


async def make_session(
    tx: AsyncSession,
    meeting: Meeting,
    *,
    format_data: dict[str, Any],
    account: Account,
    now: datetime,
    **more: Any,
) -> Gathering:
    """Plan a live session with the meeting's title, case and start, and attach it.

    ``more``: what ``gatherings.actions.plan_gathering`` takes besides, such as ``charter``. A forum
    of a series takes up what became of the one before, where that is closed. Raises Invalid.
    """
    case_id = meeting.cases[0] if len(meeting.cases) == 1 else None
    follows = await _session_before(tx, meeting)
    gathering = await gatherings.plan_gathering(
        tx,
        account=account,
        format_data=format_data,
        title=dict(meeting.title),
        now=now,
        case_id=case_id,
        follows=follows or (gatherings.LATEST if case_id else None),
        starts_at=meeting.starts_at,
        demonstration=meeting.demonstration,
        **more,
    )
    await attach_session(tx, meeting, gathering.id, account=account, now=now)
    return gathering


async def _session_before(tx: AsyncSession, meeting: Meeting) -> str | None:
    if meeting.series_id is None or meeting.number is None:
        return None
    return await tx.scalar(
        select(Gathering.id)
        .join(Meeting, Meeting.gathering_id == Gathering.id)
        .where(
            Meeting.series_id == meeting.series_id,
            Meeting.number < meeting.number,
            Gathering.state == "closed",
        )
        .order_by(Meeting.number.desc())
        .limit(1)
    )


async def detach_session(
    tx: AsyncSession, meeting: Meeting, *, account: Account, now: datetime
) -> None:
    """The meeting is held without that session, which stays as it is."""
    if meeting.state not in states.CHANGEABLE:
        raise Refusal("meeting_over")
    if meeting.gathering_id is None:
        return
    before = {"gathering_id": meeting.gathering_id}
    meeting.gathering_id = None
    changed = {"gathering_id": None}
    await _note_change(tx, meeting, changed, account=account, now=now, before=before)


async def set_session_start(
    tx: AsyncSession, meeting: Meeting, gathering: Gathering, *, now: datetime
) -> None:
    """A session that has not begun starts when its meeting does, and not while that is off."""
    starts_at = None if meeting.state in states.OFF else meeting.starts_at
    if gathering.state in ("planned", "open") and gathering.starts_at != starts_at:
        await gatherings.move_start(tx, gathering, starts_at, now=now)
