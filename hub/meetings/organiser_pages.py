"""Pages of organisers: a meeting's text, its life, whom it invites and what they replied."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Fault, Invalid, NotFound, Refusal
from hub.gatherings.actions import TAGS
from hub.gatherings.api.formats import Shelf
from hub.gatherings.formats import Formats
from hub.gatherings.models import list_gatherings
from hub.meetings import actions, states, warnings
from hub.meetings.doorway import Sends, check_organises
from hub.meetings.letters import AUDIENCES, may_tell
from hub.meetings.models import Invitee, Meeting
from hub.meetings.places import YES
from hub.meetings.times import STOCKHOLM, local_of
from hub.meetings.views import read_warnings
from hub.meetings.visit import Here, Visit, shown
from hub.people.door import check_runs
from hub.people.models import Account
from hub.people.rules import GROUPS, LANGUAGES
from hub.programme.models import list_cases
from hub.web import both, read_form, read_number, see_other

router = APIRouter(include_in_schema=False)
DONE = ("saved", "acted", "moved", "accepted", "confirmed")
# Empty rows that a form offers beyond those that are filled in.
MORE_ROWS: Final = 3
ROWS: Final = 30
TEXTS: Final = (
    "title",
    "short_title",
    "purpose",
    "topic",
    "why_you",
    "place",
    "interpreting",
    "access_offers",
    "consent_needed",
)
LINES: Final = ("host", "cohost", "link")
NEEDS_DAYS: Final = 14
# What a line of the list of addresses may call a language.
LANGUAGE_WORDS: Final = {
    "sv": "sv",
    "svenska": "sv",
    "swedish": "sv",
    "en": "en",
    "engelska": "en",
    "english": "en",
    "both": "both",
    "båda": "both",
}
Change = Callable[[AsyncSession, Meeting, Account], Awaitable[object]]


# --- the text ----------------------------------------------------------------------------------


@router.get("/workshops/new")
async def get_new(visit: Here) -> Response:
    """The form of a new meeting."""
    check_organises(visit.caller)
    blank = {"zone": STOCKHOLM, "form": "hybrid", "languages-sv": "1", "languages-en": "1"}
    return await _edit_page(visit, None, values={"kind": "within_case", **blank})


@router.post("/workshops")
async def post_new(visit: Here) -> Response:
    """A new meeting, as a draft."""
    account = check_organises(visit.caller)
    form = await read_form(visit.request)
    try:
        async with visit.database.transaction() as tx:
            data = {**read_fields(form), **read_time(form)}
            meeting = await actions.add_meeting(
                tx,
                data,
                account=account,
                now=visit.clock.now(),
                client_id=form.get("client_id", ""),
            )
            made = meeting.id
    except Refusal as refusal:
        wrong = visit.wrong(refusal)
        return await _edit_page(visit, None, refusal.status, values=form, **wrong)
    return see_other(f"/workshops/{made}/organise?done=saved")


@router.get("/workshops/{meeting_id}/edit")
async def get_edit(meeting_id: str, visit: Here) -> Response:
    """The form of a meeting that exists."""
    check_organises(visit.caller)
    async with visit.database.reading() as tx:
        meeting = await actions.access_meeting(tx, meeting_id)
    return await _edit_page(visit, meeting, values=fields_of(meeting))


@router.post("/workshops/{meeting_id}/edit")
async def post_edit(meeting_id: str, visit: Here, sender: Sends) -> Response:
    """Change the text. The time is changed by moving it, so that everybody is told."""
    account = check_organises(visit.caller)
    form = await read_form(visit.request)
    try:
        async with visit.database.transaction() as tx:
            meeting = await actions.access_meeting(tx, meeting_id, lock=True)
            now = visit.clock.now()
            await actions.change_meeting(
                tx, meeting, read_fields(form), account=account, now=now, sender=sender
            )
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        async with visit.database.reading() as tx:
            meeting = await actions.access_meeting(tx, meeting_id)
        wrong = visit.wrong(refusal)
        return await _edit_page(visit, meeting, refusal.status, values=form, **wrong)
    return see_other(f"/workshops/{meeting_id}/organise?done=saved")


def read_fields(form: Mapping[str, str]) -> dict[str, Any]:
    """The text of a meeting as its form has it, for ``add_meeting`` and ``change_meeting``."""

    def ticked(name: str, codes: Iterable[str] | None = None) -> list[str]:
        found = [key.removeprefix(f"{name}-") for key in form if key.startswith(f"{name}-")]
        return [code for code in codes if code in found] if codes else found

    data: dict[str, Any] = {name: both(form, name) for name in TEXTS}
    data |= {name: form.get(name, "") for name in LINES}
    data |= {
        "kind": form.get("kind", ""),
        "form": form.get("form", ""),
        "cases": ticked("cases"),
        "tags": ticked("tags", TAGS),
        "audiences": ticked("audiences", AUDIENCES),
        "languages": ticked("languages", LANGUAGES),
        "cohost_from": form.get("cohost_from") or None,
        "open_to_all": form.get("open_to_all", "1") == "1",
        "recording": form.get("recording") == "1",
        "capacity": _number(form, "capacity"),
        "minimum": _number(form, "minimum") or 0,
        "quotas": {g: n for g in GROUPS if (n := _number(form, f"quotas_{g}"))},
        "reply_by": _end_of_day(form.get("reply_by", "")),
        "agenda": [
            {"minutes": _number(form, f"{row}_minutes"), "title": both(form, f"{row}_title")}
            for row in _rows(form, "agenda", ("minutes", "title_sv", "title_en"))
        ],
        "material": [
            {"url": form.get(f"{row}_url", ""), "title": both(form, f"{row}_title")}
            for row in _rows(form, "material", ("url", "title_sv", "title_en"))
        ],
    }
    return data


def read_time(form: Mapping[str, str]) -> dict[str, Any]:
    """Start, end and zone as a form has them: a day, two times, and which of two equal ones."""
    day, fold = form.get("day", "").strip(), form.get("fold")
    return {
        "starts": f"{day}T{form.get('from', '').strip()}",
        "ends": f"{day}T{form.get('to', '').strip()}",
        "zone": form.get("zone", STOCKHOLM),
        "fold": int(fold) if fold in ("0", "1") else None,
    }


def fields_of(meeting: Meeting) -> dict[str, Any]:
    """A meeting as the values of its form."""
    values: dict[str, Any] = {
        f"{name}_{language}": getattr(meeting, name).get(language, "")
        for name in TEXTS
        for language in LANGUAGES
    }
    values |= {name: getattr(meeting, name) for name in (*LINES, "kind", "form")}
    values |= {f"{name}-{code}": "1" for name in ("cases", "tags", "audiences", "languages")
               for code in getattr(meeting, name)}  # fmt: skip
    values |= {f"quotas_{group}": seats for group, seats in meeting.quotas.items()}
    values |= {
        "cohost_from": meeting.cohost_from or "",
        "open_to_all": "1" if meeting.open_to_all else "0",
        "recording": "1" if meeting.recording else "",
        "capacity": "" if meeting.capacity is None else meeting.capacity,
        "minimum": meeting.minimum or "",
    }
    for number, part in enumerate(meeting.agenda):
        values[f"agenda_{number}_minutes"] = part["minutes"]
        values |= {f"agenda_{number}_title_{lang}": t for lang, t in part["title"].items()}
    for number, each in enumerate(meeting.material):
        values[f"material_{number}_url"] = each["url"]
        values |= {f"material_{number}_title_{lang}": t for lang, t in each["title"].items()}
    return {**values, **time_of(meeting)}


def time_of(meeting: Meeting) -> dict[str, str]:
    """When a meeting is, as the values of a form."""
    day, _, starts = meeting.starts_local.partition("T")
    reply_by = local_of(meeting.reply_by, meeting.zone) if meeting.reply_by else None
    return {
        "day": day,
        "from": starts,
        "to": meeting.ends_local.partition("T")[2],
        "zone": meeting.zone,
        "reply_by": reply_by.date().isoformat() if reply_by else "",
    }


def _end_of_day(day: str) -> str | None:
    """The last minute of a day: until then replies are taken."""
    return f"{day.strip()}T23:59" if day.strip() else None


def _number(form: Mapping[str, str], name: str) -> int | None:
    """None where nothing is written; what is no number is -1, which no field takes."""
    written = form.get(name, "").strip()
    found = read_number(written)
    return found if found is not None or not written else -1


def _rows(form: Mapping[str, str], name: str, parts: Iterable[str]) -> list[str]:
    """The rows of a list in which something is written."""
    names = tuple(parts)
    rows = (f"{name}_{number}" for number in range(ROWS))
    return [row for row in rows if any(form.get(f"{row}_{p}", "").strip() for p in names)]


async def _edit_page(
    visit: Visit, meeting: Meeting | None, status: int = 200, **more: Any
) -> Response:
    async with visit.database.reading() as tx:
        cases = await list_cases(tx)
    values = more["values"]

    def rows(name: str) -> int:
        pattern = re.compile(rf"{name}_(\d+)_")
        filled = [int(m[1]) for k, v in values.items() if v and (m := pattern.match(k))]
        return min(ROWS, max(filled, default=-1) + 1 + MORE_ROWS)

    context = {"twice": False, "client_id": values.get("client_id") or uuid.uuid4().hex, **more}
    return visit.page(
        "meetings/edit.html",
        status,
        meeting=meeting,
        kinds=states.KINDS,
        cases=cases,
        audiences=AUDIENCES,
        tags=TAGS,
        at=FORM_AT,
        agenda_rows=rows("agenda"),
        material_rows=rows("material"),
        **context,
    )


FORM_AT: Final = {
    **{name: f"{name}_sv" for name in TEXTS},
    **{f"agenda_{n}_title": f"agenda_{n}_title_sv" for n in range(ROWS)},
    **{f"material_{n}_title": f"material_{n}_title_sv" for n in range(ROWS)},
    "form": "form-room",
    "languages": "languages-sv",
    "reason": "move_reason_sv",
    "reason_sv": "move_reason_sv",
    "reason_en": "move_reason_en",
}


# --- its life ----------------------------------------------------------------------------------


@router.get("/workshops/{meeting_id}/organise")
async def get_organise(meeting_id: str, visit: Here) -> Response:
    """What comes next, what to think about, and moving or cancelling."""
    check_organises(visit.caller)
    return await _organise_page(visit, meeting_id)


@router.post("/workshops/{meeting_id}/act/{act}")
async def post_act(meeting_id: str, act: str, visit: Here, sender: Sends) -> Response:
    """The next step of its life, or putting it off."""
    form = await read_form(visit.request)

    async def change(tx: AsyncSession, meeting: Meeting, account: Account) -> None:
        now, reason = visit.clock.now(), both(form, "reason")
        await actions.act_on(
            tx, meeting, act, account=account, now=now, reason=reason, sender=sender
        )

    return await _changed(visit, meeting_id, change, form, about=act, done="acted")


@router.post("/workshops/{meeting_id}/move")
async def post_move(meeting_id: str, visit: Here, sender: Sends) -> Response:
    """Another time; those who are invited are told, and their places move along."""
    form = await read_form(visit.request)

    async def change(tx: AsyncSession, meeting: Meeting, account: Account) -> None:
        await actions.move_meeting(
            tx,
            meeting,
            **read_time(form),
            reason=both(form, "reason"),
            reply_by=_end_of_day(form.get("reply_by", "")),
            account=account,
            now=visit.clock.now(),
            sender=sender,
        )

    return await _changed(visit, meeting_id, change, form, about="move", done="moved")


@router.post("/workshops/{meeting_id}/accept")
async def post_accept(meeting_id: str, visit: Here) -> Response:
    """Go on in spite of a warning, and say why."""
    form = await read_form(visit.request)
    code = form.get("code", "")

    async def change(tx: AsyncSession, meeting: Meeting, account: Account) -> None:
        reason, now = form.get("reason", ""), visit.clock.now()
        if code not in {each["code"] for each in await read_warnings(tx, meeting, now=now)}:
            raise NotFound("warning_not_found")
        await actions.accept_warning(tx, meeting, code, reason=reason, account=account, now=now)

    about = f"warning-{code}-{form.get('row', '')}"
    return await _changed(visit, meeting_id, change, form, about=about, done="accepted")


@router.post("/workshops/{meeting_id}/confirm-date")
async def post_confirm_date(meeting_id: str, visit: Here) -> Response:
    """Keep a date that the hub moved off a weekend or a holiday."""
    form = await read_form(visit.request)

    async def change(tx: AsyncSession, meeting: Meeting, account: Account) -> None:
        await actions.confirm_date(tx, meeting, account=account, now=visit.clock.now())

    to = ""
    if form.get("back") == "series":
        async with visit.database.reading() as tx:
            series = (await actions.access_meeting(tx, meeting_id)).series_id
        to = f"/series/{series}?done=confirmed#{meeting_id}" if series else ""
    return await _changed(visit, meeting_id, change, form, about="date", done="confirmed", to=to)


@router.post("/workshops/{meeting_id}/session")
async def post_session(meeting_id: str, visit: Here) -> Response:
    """Which live session it is held in, for facilitators; none where nothing is chosen."""
    check_runs(visit.caller)
    form = await read_form(visit.request)

    async def change(tx: AsyncSession, meeting: Meeting, account: Account) -> None:
        now, chosen = visit.clock.now(), form.get("session", "")
        if chosen:
            await actions.attach_session(tx, meeting, chosen, account=account, now=now)
        else:
            await actions.detach_session(tx, meeting, account=account, now=now)

    return await _changed(visit, meeting_id, change, form, about="session", done="saved")


@router.post("/workshops/{meeting_id}/session/new")
async def post_new_session(meeting_id: str, visit: Here, shelf: Shelf) -> Response:
    """Plan a live session for it, with its title, case and start, and hold it there."""
    check_runs(visit.caller)
    form = await read_form(visit.request)

    async def change(tx: AsyncSession, meeting: Meeting, account: Account) -> None:
        if meeting.gathering_id is not None:
            # The button was pressed twice.
            return
        data, now = shelf.data(form.get("format", "")), visit.clock.now()
        await actions.make_session(tx, meeting, format_data=data, account=account, now=now)

    return await _changed(visit, meeting_id, change, form, about="session", done="saved")


async def _changed(
    visit: Visit,
    meeting_id: str,
    change: Change,
    form: Mapping[str, str],
    *,
    about: str,
    done: str,
    to: str = "",
) -> Response:
    """Carry out a change and go back; the page with what was typed where it is refused."""
    account = check_organises(visit.caller)
    try:
        async with visit.database.transaction() as tx:
            await change(tx, await actions.access_meeting(tx, meeting_id, lock=True), account)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        wrong = visit.wrong(refusal)
        return await _organise_page(
            visit, meeting_id, refusal.status, values=form, wrong=about, **wrong
        )
    return see_other(to or f"/workshops/{meeting_id}/organise?done={done}")


async def _organise_page(visit: Visit, meeting_id: str, status: int = 200, **more: Any) -> Response:
    account = check_organises(visit.caller)
    now = visit.clock.now()
    async with visit.database.reading() as tx:
        meeting = await actions.access_meeting(tx, meeting_id)
        counts = (await actions.count_replies(tx, [meeting.id]))[meeting.id]
        invitees = await actions.list_invitees(tx, meeting.id)
        stopped = await actions.unsubscribed(tx, [each.address_hash for each in invitees])
        found = await read_warnings(tx, meeting, now=now)
        feedback = await actions.list_feedback(tx, meeting.id)
        planned = []
        if visit.caller.runs:
            planned = await list_gatherings(tx, states=("planned", "open"), limit=50)
    readers = [i for i in invitees if i.address_hash and i.address_hash not in stopped]
    told = len([each for each in readers if may_tell(each)])
    new = [i for i in readers if i.invited_at is None and i.reply not in ("no", "deputy")]
    # Of the other acts the hub decides later who is written to, or nobody is.
    mails = {"invite": len(new), "confirm": told, "postpone": told, "cancel": told}
    useful = [each.useful for each in feedback if each.useful]
    context = {"values": {}, "wrong": "", "twice": False, "at": _at(more), **more}
    return visit.page(
        "meetings/organise.html",
        status,
        meeting=shown(meeting, counts, now=now),
        may_change=actions.may_move(meeting),
        acts=[
            {"act": a, "reason": states.ACTS[a].reason, "mails": mails.get(a)}
            for a in states.acts_from(meeting.state, account.role)
        ],
        warnings=[{**each, "sentence": _warned(visit, each)} for each in found],
        told=told,
        kept={**time_of(meeting), "reply_by": ""},
        sessions=planned,
        formats=_formats(visit.request.app.state.formats, meeting),
        runs=visit.caller.runs,
        feedback=feedback,
        useful=_mean(useful, visit.language),
        done=visit.done(DONE),
        **context,
    )


def _mean(values: list[int], language: str) -> str:
    """The mean with one decimal, as the language writes it; empty without values."""
    if not values:
        return ""
    mean = f"{sum(values) / len(values):.1f}"
    return mean.replace(".", ",") if language == "sv" else mean


def _formats(shelf: Formats, meeting: Meeting) -> list[dict[str, Any]]:
    """What a live session for a meeting can follow, what fits its time first.

    Dialogues are about a charter, which is chosen where sessions are planned.
    """
    lasts = (meeting.ends_at - meeting.starts_at).total_seconds() / 60
    found = [
        {"id": f.id, "title": f.title, "minutes": sum(phase.minutes for phase in f.phases)}
        for f in shelf.all()
        if f.kind == "forum"
    ]
    return sorted(found, key=lambda f: (f["minutes"] > lasts, abs(f["minutes"] - lasts)))


def _at(more: Mapping[str, Any]) -> dict[str, str]:
    """Where the links of the summary of faults lead, by the form that has them."""
    wrong = str(more.get("wrong", ""))
    if wrong.startswith("warning-"):
        return {"reason": f"reason-{wrong.rpartition('-')[2]}"}
    prefix = "move" if wrong == "move" else wrong
    return {
        "reason": f"{prefix}_reason_sv",
        "reason_sv": f"{prefix}_reason_sv",
        "reason_en": f"{prefix}_reason_en",
    }


def _warned(visit: Visit, found: Mapping[str, Any]) -> str:
    warning = warnings.Warning(found["code"], found["facts"])
    return warnings.sentence_of(warning, visit.language, visit.renderer.say)


# --- whom it invites ---------------------------------------------------------------------------


@router.get("/workshops/{meeting_id}/invitations")
async def get_invitations(meeting_id: str, visit: Here) -> Response:
    """Who is invited, and the form to invite more."""
    check_organises(visit.caller)
    return await _invitations_page(visit, meeting_id)


@router.post("/workshops/{meeting_id}/invitations")
async def post_invitations(meeting_id: str, visit: Here, sender: Sends) -> Response:
    """Invite many at once. Nobody is, as long as one line cannot be read."""
    account = check_organises(visit.caller)
    form = await read_form(visit.request)
    try:
        people, unread = read_people(
            form,
            group_words=_called(visit, "group", GROUPS),
            audience_words=_called(visit, "audience", AUDIENCES),
        )
        if unread:
            return await _invitations_page(visit, meeting_id, 422, values=form, unread=unread)
        async with visit.database.transaction() as tx:
            meeting = await actions.access_meeting(tx, meeting_id, lock=True)
            made = await actions.invite(
                tx, meeting, people, account=account, now=visit.clock.now(), sender=sender
            )
            told = f"{len(made.added)}.{made.known}.{made.unsubscribed}"
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        wrong = visit.wrong(refusal)
        return await _invitations_page(visit, meeting_id, refusal.status, values=form, **wrong)
    return see_other(f"/workshops/{meeting_id}/invitations?added={told}")


@router.post("/workshops/{meeting_id}/invitations/{invitee_id}/remove")
async def post_remove(meeting_id: str, invitee_id: str, visit: Here, sender: Sends) -> Response:
    """Take somebody off; what was noted of them is erased."""
    account = check_organises(visit.caller)
    async with visit.database.transaction() as tx:
        meeting = await actions.access_meeting(tx, meeting_id, lock=True)
        await actions.remove_invitee(
            tx, meeting, invitee_id, account=account, now=visit.clock.now(), sender=sender
        )
    visit.database.wipe_soon()
    return see_other(f"/workshops/{meeting_id}/invitations#list-h")


@dataclass(frozen=True)
class Unread:
    """A line of the list of addresses that cannot be read, and why."""

    text: str
    code: Fault


def read_people(
    form: Mapping[str, str],
    *,
    group_words: Mapping[str, str],
    audience_words: Mapping[str, str],
) -> tuple[list[actions.Person], list[Unread]]:
    """Everybody in the list of addresses, and the lines that cannot be read.

    A line is an address, or a name with the address in angle brackets; after it, in any order and
    divided by semicolons, a language, a group and an audience. Raises Invalid where nothing is
    written.
    """
    language = form.get("language") if form.get("language") in LANGUAGES else "both"
    group = form.get("group") if form.get("group") in GROUPS else None
    audience = form.get("audience") if form.get("audience") in AUDIENCES else None
    students = form.get("phd_student") == "1"
    people: list[actions.Person] = []
    unread: list[Unread] = []
    for number, line in enumerate(form.get("addresses", "").splitlines(), start=1):
        if not line.strip():
            continue
        first, *rest = (part.strip() for part in re.split(r"[;\t]", line))
        same: dict[str, Any] = {"language": language, "group": group, "phd_student": students}
        same["audience"] = audience
        code: Fault | None = None
        for word in (each.casefold() for each in rest if each):
            if word in LANGUAGE_WORDS:
                same["language"] = LANGUAGE_WORDS[word]
            elif word in group_words:
                same["group"] = group_words[word]
            elif word in audience_words:
                same["audience"] = audience_words[word]
            else:
                code = Fault("line_word_unknown", line=number)
        try:
            found = actions.read_addresses(first, **same)
        except Invalid:
            found, code = [], Fault("line_unreadable", line=number)
        people += found
        if code:
            unread.append(Unread(line.strip()[:200], code))
    if not people and not unread:
        raise Invalid({"/addresses": "addresses_missing"})
    return people, unread


def _called(visit: Visit, family: str, codes: Iterable[str]) -> dict[str, str]:
    """What a line of the list of addresses may call a code: as pages call it, or the code."""
    codes = tuple(codes)
    named = {
        visit.renderer.say(language, f"{family}.{code}").casefold(): code
        for language in LANGUAGES
        for code in codes
    }
    return {**named, **{code: code for code in codes}}


async def _invitations_page(
    visit: Visit, meeting_id: str, status: int = 200, *, unread: Iterable[Unread] = (), **more: Any
) -> Response:
    now = visit.clock.now()
    async with visit.database.reading() as tx:
        meeting = await actions.access_meeting(tx, meeting_id)
        counts = (await actions.count_replies(tx, [meeting.id]))[meeting.id]
        people = await _people(tx, meeting)
    say = visit.renderer.fault
    return visit.page(
        "meetings/invitations.html",
        status,
        meeting=shown(meeting, counts, now=now),
        invitees=people,
        told=meeting.state in states.TAKES_REPLIES,
        may_invite=meeting.state in (*states.BEFORE_LIVE, "postponed"),
        audiences=AUDIENCES,
        lines=[{"sentence": say(visit.language, each.code), "text": each.text} for each in unread],
        added=_added(visit.request.query_params.get("added", "")),
        **more,
    )


def _added(told: str) -> dict[str, int] | None:
    numbers = [read_number(part) for part in told.split(".")]
    if len(numbers) != 3 or None in numbers:
        return None
    return dict(zip(("new", "known", "unsubscribed"), (n or 0 for n in numbers), strict=True))


# --- what they replied -------------------------------------------------------------------------


@router.get("/workshops/{meeting_id}/replies")
async def get_replies(meeting_id: str, visit: Here) -> Response:
    """Counts by group and language, the waiting list, and each reply."""
    check_organises(visit.caller)
    async with visit.database.reading() as tx:
        meeting = await actions.access_meeting(tx, meeting_id)
        counts = (await actions.count_replies(tx, [meeting.id]))[meeting.id]
        people = await _people(tx, meeting)
    in_line = [p for p in people if p["place"] in ("waiting", "offered")]
    now = visit.clock.now()
    return visit.page(
        "meetings/replies.html",
        meeting=shown(meeting, counts, now=now),
        invitees=people,
        waiting=sorted(in_line, key=lambda p: (p["waiting_since"] or now, p["id"])),
        by_group=_counted(people, "group", (*GROUPS, None)),
        by_language=_counted(people, "language", ("sv", "en", "both")),
    )


@router.get("/workshops/{meeting_id}/needs")
async def get_needs(meeting_id: str, visit: Here) -> Response:
    """What people need, and a list to tick those who came; made to be printed."""
    check_organises(visit.caller)
    async with visit.database.reading() as tx:
        meeting = await actions.access_meeting(tx, meeting_id)
        counts = (await actions.count_replies(tx, [meeting.id]))[meeting.id]
        people = await _people(tx, meeting)
    return visit.page(
        "meetings/needs.html",
        meeting=shown(meeting, counts, now=visit.clock.now()),
        needs=[p for p in people if p["reply"] != "no" and any(p["needs"].values())],
        coming=[p for p in people if p["place"] == "held" and p["reply"] in YES],
        erased_on=meeting.ends_at + timedelta(days=NEEDS_DAYS),
    )


async def _people(tx: AsyncSession, meeting: Meeting) -> list[dict[str, Any]]:
    invitees = await actions.list_invitees(tx, meeting.id)
    stopped = await actions.unsubscribed(tx, [each.address_hash for each in invitees])
    return [_person(tx, each, stopped=each.address_hash in stopped) for each in invitees]


def _person(tx: AsyncSession, invitee: Invitee, *, stopped: bool) -> dict[str, Any]:
    """Somebody who is invited, as organisers see them."""
    who, needs = actions.who_is(tx, invitee), actions.needs_of(tx, invitee)
    return {
        "id": invitee.id,
        "name": who.name,
        "email": who.email,
        "language": invitee.language,
        "group": invitee.group,
        "phd_student": invitee.phd_student,
        "audience": invitee.audience,
        "reply": invitee.reply,
        "place": invitee.place,
        "waiting_since": invitee.waiting_since,
        "offered_until": invitee.offered_until,
        "deputy_for": invitee.deputy_for,
        "stopped": stopped,
        "needs": {part: needs.get(part, "") for part in ("access", "food", "travel")},
        "question": actions.question_of(tx, invitee),
    }


def _counted(
    people: Iterable[Mapping[str, Any]], by: str, codes: Iterable[Any]
) -> list[tuple[Any, dict[str, int]]]:
    """For each code how many replied what; only codes that somebody has."""
    counted = Counter((p[by], p["reply"] or "none") for p in people)
    rows = []
    for code in codes:
        replies = ("room", "online", "maybe", "no", "none", "deputy")
        row = {reply: counted[code, reply] for reply in replies}
        if invited := sum(row.values()):
            rows.append((code, {**row, "invited": invited}))
    return rows
