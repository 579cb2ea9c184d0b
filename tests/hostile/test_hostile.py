"""Hostile texts through every input, and out of everything the hub sends: text they stay.

Inputs are found, not listed: every text that the description of the API takes, and every field of
every form that a page shows. ``HOSTILE=all`` sends each text through each input, twenty at once.
"""

from __future__ import annotations

import email
import email.policy
import html
import itertools
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cast import Person, join, plan
from tests.conftest import running_hub
from tests.doors.test_every_door import read_table
from tests.doors.world import MEETING, Door, World, build, description, doors_of, fill

from .looking import (
    MARK,
    XHTML,
    formulas,
    fragments,
    parsed,
    read_json,
    squeezed,
    strange,
    words_of,
    words_of_calendar,
    words_of_feed,
)
from .rooms import say_in_following, say_in_meetings, say_in_summaries
from .texts import COUNT, TEXTS, mark, marked

ALL = os.environ.get("HOSTILE") == "all"
EACH = 2
TOGETHER = 20
WRITERS = ("participant", "facilitator", "editor", "admin", "researcher", "nobody")
# These end what the others need, or start it anew; they take no text that is shown.
ENDS = ("leave", "withdraw", "sign-out", "/record/publish", "/{move}", "erase")
numbers = itertools.cycle(range(COUNT))
short = itertools.cycle(text for n in range(COUNT) if len(text := marked(n)) < 60)


def next_texts() -> Iterator[str]:
    """What goes into one input: a few of the texts alone, and, where asked, all of them."""
    for number in itertools.islice(numbers, EACH):
        yield marked(number)
    if ALL:
        for first in range(0, COUNT, TOGETHER):
            yield "\n".join(marked(n) for n in range(first, first + TOGETHER))


@dataclass(frozen=True)
class Form:
    """A form as a page shows it: where it goes, and what it sends untouched."""

    action: str
    fields: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> AsyncIterator[World]:
    """A hub without limits on how often, in which every text was said and every input was used."""
    async with running_hub(tmp_path_factory.mktemp("hostile"), blank) as hub:
        hub.app.state.limits._speed = 2
        made = await build(hub)
        await say_all(made)
        await call_all(made)
        await fill_all(made)
        await hub.translate()
        await hub.screens.settle()
        yield made


async def say_all(world: World) -> None:
    """Every text is said in a session of its own, so that the pages of the other stay short."""
    fatima = Person(world.hub.http, world.tokens["facilitator"])
    made = await plan(fatima, title={"sv": marked(0), "en": marked(1)})
    maja = await join(world.hub.http, made["code"], "Maja", "sv", role="patient")
    await fatima.post(f"/sessions/{made['id']}/start")
    world.ids["full"] = made["id"]
    for number in range(COUNT):
        await maja.said(made["id"], marked(number))
    for _ in range(7):
        await fatima.post(f"/sessions/{made['id']}/advance", {"force": True, "reason": "x"})
    assert (await fatima.post(f"/sessions/{made['id']}/close")).status_code == 200
    await say_in_meetings(world, fatima)
    await say_in_summaries(world)
    await say_in_following(world)


# --- in, by the API --------------------------------------------------------------------------


def loaded(schema: Mapping[str, Any], root: Mapping[str, Any], text: str) -> Any:
    """A value that a schema takes, with the text wherever a text may be."""
    if "$ref" in schema:
        return loaded(root["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], root, text)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return loaded(schema[several][0], root, text)
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        known = schema.get("properties", {})
        value = {name: loaded(inner, root, text) for name, inner in known.items()}
        more = schema.get("additionalProperties")
        if isinstance(more, dict) and not known:
            value = {language: loaded(more, root, text) for language in ("sv", "en")}
        return value
    if kind == "array":
        return [loaded(schema["items"], root, text)]
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 1), 1)
    if schema.get("format") in ("date", "date-time"):
        return "2026-11-24" if schema["format"] == "date" else "2026-11-24T12:00:00Z"
    return text


# What a field of these names says is one of a few words or an id: the text would only be refused.
KNOWN = {
    "language": "sv",
    "kind": "contribution",
    "access": "open",
    "format": "jif-90",
    "case": "esther",
    "consent": True,
    "role": "citizen",
    "force": True,
    "starts": "2027-02-04T13:00",
    "ends": "2027-02-04T14:30",
    "zone": "Europe/Stockholm",
    "rule": "FREQ=MONTHLY;BYDAY=2TH;COUNT=2",
    "tags": [],
    "cases": [],
    "audiences": ["citizens"],
    "languages": ["sv", "en"],
    "reply": "room",
    "audience": "citizens",
    "block": "questions",
    "sources": ["session"],
    "status": "doing",
    "useful": 4,
}
# As bad as a link may be that is taken.
LINK = "https://example.org/\"onmouseover='window.pwned=1'><script>window.pwned=1</script>"
# What only some calls mean by a name, by the end of their address.
MEANT: dict[str, dict[str, Any]] = {
    "/workshops": {"kind": "external", "link": LINK, "url": LINK},
    "/workshops/{meeting_id}": {"kind": "external", "link": LINK, "url": LINK},
    "/series": {"kind": "rule", "starts": "2027-02-11T13:00", "link": LINK, "url": LINK},
    "/rsvp": {"access": None, "email": "somebody@example.org"},
    "/move": {"starts": "2027-02-05T13:00", "ends": "2027-02-05T14:30"},
}
# Left out, so that the rest of the body is taken.
LEFT_OUT = (
    "reply_to", "charter", "principles", "follows", "starts_at", "minutes", "secret", "reply_by",
    "quotas", "cohost_from", "fold", "capacity", "minimum", "group", "interval_months", "count",
    "quote_of",
)  # fmt: skip


def plausible(value: Any, ids: Mapping[str, str], path: str) -> Any:
    if isinstance(value, dict):
        own = next((known for end, known in MEANT.items() if path.endswith(end)), {})
        known = {**KNOWN, **own}
        if path.endswith("/series") and "purpose" in value:
            known["kind"] = "external"
        told = {
            name: known[name] if known.get(name) is not None else plausible(inner, ids, path)
            for name, inner in value.items()
        }
        if told.get("code"):
            told["code"] = ids["code"]
        if "statement" in told:
            told["statement"] = ids["statement_id"]
        # Of the agenda a part has to say how long it takes.
        for name in LEFT_OUT if set(told) != {"minutes", "title"} else ():
            told.pop(name, None)
        return told
    return [plausible(inner, ids, path) for inner in value] if isinstance(value, list) else value


# Inputs of many texts, of which at least a short one is taken as it is.
TAKEN = (
    "POST /api/v1/workshops",
    "PUT /api/v1/workshops/{meeting_id}",
    "POST /api/v1/workshops/{meeting_id}/rsvp",
    "POST /api/v1/workshops/{meeting_id}/move",
    "POST /api/v1/series",
    "POST /api/v1/summaries/{summary_id}/statements",
    "PUT /api/v1/summaries/{summary_id}/statements/{statement_id}",
    "POST /api/v1/summaries/{summary_id}/points/{point_id}/settle",
    "POST /api/v1/summaries/{summary_id}/answers",
)


async def call_all(world: World) -> None:
    table, root, taken = read_table(), description(world.hub.app), set[str]()
    for door in doors_of(world.hub.app):
        told = root["paths"].get(door.path, {}).get(door.method.lower(), {})
        schema = told.get("requestBody", {}).get("content", {}).get("application/json", {})
        if not schema or any(end in door.path for end in ENDS):
            continue
        role = next((r for r in WRITERS if table[door.name][r] == "+"), "admin")
        more = [next(short)] if door.name in TAKEN else []
        for number, text in enumerate([*next_texts(), *more]):
            body = plausible(loaded(schema["schema"], root, text), world.ids, door.path)
            if isinstance(body, dict) and "client_id" in body:
                body["client_id"] = f"c{number}"
            path = fill(door.path, world.names(door))
            headers = world.headers[role]
            answer = await world.hub.http.request(door.method, path, json=body, headers=headers)
            assert answer.status_code < 500, (door.name, answer.text)
            look(answer, door)
            if answer.is_success:
                taken.add(door.name)
    assert set(TAKEN) <= taken, set(TAKEN) - taken


# --- in, by forms ----------------------------------------------------------------------------


def forms_of(page: str) -> Iterator[Form]:
    for form in parsed(page).iter(f"{XHTML}form"):
        if form.get("method", "get").lower() != "post":
            continue
        kept, texts = [], []
        for field in form.iter():
            name, tag = field.get("name"), str(field.tag).removeprefix(XHTML)
            kind = field.get("type", "text")
            if not name or kind in ("submit", "file"):
                continue
            if tag == "textarea" or (
                tag == "input" and kind in ("text", "search", "email", "url", "password")
            ):
                texts.append(name)
            elif tag == "select":
                options = [o.get("value", "") for o in field.iter(f"{XHTML}option")]
                kept.append((name, next((o for o in options if o), "")))
            elif tag == "input" and (
                kind not in ("radio", "checkbox") or name not in {n for n, _ in kept}
            ):
                kept.append((name, field.get("value", "1")))
        if texts and form.get("action"):
            yield Form(form.get("action", ""), tuple(kept), tuple(texts))


async def fill_all(world: World) -> None:
    """Every form of every page, each kind once with a few of the texts in all its fields."""
    table, seen = read_table(), set()
    for role in WRITERS:
        cookie = "; ".join(f"{k}={v}" for k, v in world.cookies[role].items())
        for door in pages_of(world):
            if table[door.name][role] != "+":
                continue
            page = await world.hub.http.get(
                fill(door.path, world.names(door)), headers={"Cookie": cookie}
            )
            for form in forms_of(page.text):
                shape = (form.action.split("?")[0], form.texts)
                if shape in seen or any(end in form.action for end in ENDS):
                    continue
                seen.add(shape)
                await fill_in(world, form, cookie, door)
    assert len(seen) > 20


async def fill_in(world: World, form: Form, cookie: str, door: Door) -> None:
    for number, text in enumerate(next_texts()):
        data = {**dict(form.fields), **dict.fromkeys(form.texts, text)}
        if "client_id" in data:
            data["client_id"] = f"f{number}"
        answer = await world.hub.http.post(
            html.unescape(form.action), data=data, headers={"Cookie": cookie}
        )
        assert answer.status_code < 500, (form.action, answer.text)
        look(answer, door)


def pages_of(world: World) -> list[Door]:
    return [d for d in doors_of(world.hub.app) if d.method == "GET" and not d.is_call]


# --- out -------------------------------------------------------------------------------------


def look(answer: httpx.Response, door: Door) -> set[int]:
    """Check whatever this is, and return the numbers of the texts that are in it."""
    kind = answer.headers.get("content-type", "").split(";")[0]
    for name, value in answer.headers.items():
        assert "\n" not in value, name
        if name not in ("location", "content-disposition"):
            assert not MARK.search(value), f"{door.name}: header {name}"
    if kind == "text/html":
        assert not strange(answer.text), (door.name, strange(answer.text)[:3])
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        return seen_whole(words_of(answer.text), door.name)
    if kind in ("application/json", "application/problem+json"):
        for fragment in fragments(read_json(answer.text)):
            assert not strange(fragment), (door.name, strange(fragment)[:3])
        return {int(n) for n in MARK.findall(answer.text)}
    if kind == "text/csv":
        assert not formulas(answer.text), (door.name, formulas(answer.text)[:3])
        return {int(n) for n in MARK.findall(answer.text)}
    if kind == "application/pdf":
        for action in (b"/JavaScript", b"/JS", b"/Launch", b"evil.example"):
            assert action not in answer.content, (door.name, action)
    if kind == "text/calendar":
        return in_calendar(answer.content, door.name)
    if kind == "application/atom+xml":
        return seen_whole(words_of_feed(answer.content), door.name)
    if kind == "text/plain":
        return seen_whole(iter([answer.text]), door.name)
    if kind == "image/svg+xml":
        assert not strange(answer.text), (door.name, strange(answer.text)[:3])
    assert answer.headers["x-content-type-options"] == "nosniff", door.name
    return set()


def in_calendar(content: bytes, where: str) -> set[int]:
    """The texts in a calendar file, in which nothing stands but what we put there."""
    for line in content.split(b"\r\n"):
        assert len(line) <= 75, (where, line)
        assert b"\n" not in line, (where, line)
        assert b"\r" not in line, (where, line)
    words = words_of_calendar(content)
    return seen_whole(iter(words), where)


@cache
def seen_of(number: int) -> str:
    """One of the texts as people see it."""
    return squeezed(TEXTS[number])


def seen_whole(words: Iterator[str], where: str) -> set[int]:
    """The texts among these words. Wherever the end of one is, all of it stands before it."""
    found = set()
    for piece in words:
        for end in MARK.finditer(piece):
            number = int(end.group(1))
            if number in found:
                continue
            found.add(number)
            if "/charters/" in where or "/search" in where:
                # Words that were added, or found, are marked one by one there.
                continue
            wanted = seen_of(number)
            if where.endswith("/invitations"):
                # Addresses that cannot be read are told of line by line there.
                wanted = squeezed(TEXTS[number].splitlines()[-1])
            # The whole piece only where the end of it does not hold all of the text.
            near = squeezed(piece[max(0, end.start() - 2 * len(TEXTS[number]) - 200) : end.start()])
            if not near.endswith(wanted):
                before = squeezed(piece[: end.start()])
                assert before.endswith(wanted), (where, number, before[-80:])
    return found


@pytest.mark.timeout(600)
async def test_every_page_and_call_shows_text_as_text(world: World) -> None:
    table, shown = read_table(), set()
    for door in doors_of(world.hub.app):
        if door.method != "GET":
            continue
        for role in WRITERS:
            if table[door.name][role] != "+":
                continue
            # Every page in both languages, and each reader's in one of them.
            both = ALL or role in ("participant", "admin")
            for language in ("sv", "en") if both else ("sv",):
                answer = await world.knock(door, role, language=language)
                assert answer.status_code < 500, (door.name, role)
                shown |= look(answer, door)
    # What was put into one input only, or was refused there, is seen on its own page.
    assert len(shown) > 40


# All that tells what a session said.
TELLING = (
    "GET /workshops/{meeting_id}",
    "GET /workshops/{meeting_id}/organise",
    "GET /api/v1/workshops/{meeting_id}",
    "GET /api/v1/workshops/{meeting_id}/feedback",
    "GET /summaries/{summary_id}",
    "GET /summaries/{summary_id}.txt",
    "GET /summaries/{summary_id}/edit",
    "GET /api/v1/summaries/{summary_id}",
    "GET /api/v1/summaries/{summary_id}/workbench",
    "GET /api/v1/summaries/{summary_id}/points",
    "GET /api/v1/summaries/{summary_id}/answers",
    "GET /owners/{secret}",
    "GET /sessions/{session_id}",
    "GET /sessions/{session_id}/record",
    "GET /api/v1/sessions/{session_id}/contributions",
    "GET /api/v1/sessions/{session_id}/changes",
    "GET /api/v1/sessions/{session_id}/record",
)


@pytest.mark.timeout(300)
async def test_a_session_that_said_all_of_them_shows_text_as_text(world: World) -> None:
    doors = {door.name: door for door in doors_of(world.hub.app)}
    for name in TELLING:
        answer = await world.knock(doors[name], "facilitator", ids=full(world), language="en")
        assert answer.status_code == 200, name
        shown = look(answer, doors[name])
        if answer.json().get("next") if "json" in answer.headers["content-type"] else False:
            continue
        assert shown == set(range(COUNT)), (name, len(shown))


def full(world: World) -> dict[str, str]:
    names = {"session_id": "full", "meeting_id": "full_meeting", "summary_id": "full_summary"}
    return {name: world.ids[of] for name, of in names.items()}


# Where some of them stand.
SOME = (
    ("GET /workshops/{meeting_id}.ics", {}),
    ("GET /workshops/{meeting_id}/edit", {}),
    ("GET /workshops/{meeting_id}/invitations", {}),
    ("GET /workshops/{meeting_id}/replies", {}),
    ("GET /workshops/{meeting_id}/needs", {}),
    ("GET /api/v1/workshops/{meeting_id}/invitations", {}),
    ("GET /calendar", {}),
    ("GET /calendar.ics", {}),
    ("GET /calendar/{secret}.ics", {"secret": "full_feed"}),
    ("GET /replies/{secret}", {"secret": "full_reply"}),
    ("GET /api/v1/replies/{secret}", {"secret": "full_reply"}),
    ("GET /summaries", {}),
    ("GET /summaries/feed.atom", {}),
    ("GET /summaries/{summary_id}/wall", {}),
    ("GET /", {}),
    ("GET /schedule", {}),
)


@pytest.mark.parametrize(("name", "ids"), SOME, ids=[name for name, _ in SOME])
async def test_what_meetings_and_summaries_say_is_shown_as_text(
    world: World, name: str, ids: dict[str, str]
) -> None:
    door = next(door for door in doors_of(world.hub.app) if door.name == name)
    own = {part: world.ids[of] for part, of in ids.items()}
    for language in ("sv", "en"):
        answer = await world.knock(
            door, "facilitator", ids={**full(world), **own}, language=language
        )
        assert answer.status_code == 200, answer.text
        assert look(answer, door), name


async def test_what_is_looked_for_and_found_is_shown_as_text(world: World) -> None:
    door = next(d for d in doors_of(world.hub.app) if d.name == "GET /search")
    found = 0
    for number in range(0, COUNT, 20):
        for query in (mark(number), marked(number)):
            for path in ("/search", "/api/v1/search"):
                answer = await world.hub.http.get(path, params={"q": query, "kind": "summary"})
                assert answer.status_code == 200, (query, answer.text)
                shown = look(answer, door)
                found += number in shown
    assert found > COUNT // 20


async def test_what_is_pushed_shows_text_as_text(world: World) -> None:
    screens, shown = world.hub.screens, set()
    found = await screens.catch_up(world.ids["full"], 0, "en", "html")
    assert not strange(found["html"])
    shown |= seen_whole(words_of(found["html"]), "push")
    assert shown == set(range(COUNT))


IN_MAILS = ("title", "short_title", "purpose", "topic", "why_you", "place")


async def test_mails_and_their_heads_hold_text_as_text(world: World) -> None:
    fatima = Person(world.hub.http, world.tokens["facilitator"])
    fitting = [n for n in range(COUNT) if len(marked(n)) < 150]
    brief = [n for n in range(COUNT) if len(marked(n)) < 60]
    for number in fitting[::12]:
        made = await plan(fatima, title={"sv": marked(number), "en": marked(number)})
        body = {"email": "maja@example.org", "label": "Maja", "language": "sv"}
        answer = await fatima.post(f"/sessions/{made['id']}/invitations", body)
        assert answer.status_code == 201, answer.text
        report = {"text": marked(number), "where": marked(number)}
        await world.hub.http.post("/accessibility/report", data=report)
    for number in brief[::24]:
        texts = {name: {"sv": marked(number), "en": marked(number)} for name in IN_MAILS}
        made = (await fatima.post("/workshops", {**MEETING, **texts})).json()
        path = f"/workshops/{made['id']}"
        person = {"email": "maja@example.org", "name": marked(number)[:80]}
        answer = await fatima.post(f"{path}/invitations", {"invitees": [person]})
        assert answer.status_code == 201, answer.text
        for act in ("plan", "invite", "confirm", "cancel"):
            reason = {"sv": marked(number), "en": marked(number)}
            told = {"reason": reason} if act == "cancel" else None
            answer = await fatima.post(f"{path}/{act}", told)
            assert answer.status_code == 200, answer.text
            await world.hub.app.state.ticker.jobs["mail"].run()
    world.hub.clock.move(days=1)
    await world.hub.app.state.ticker.jobs["mail"].run()
    outbox = sorted((world.hub.settings.data_dir / "outbox").glob("*.eml"))
    assert len(outbox) > 2 * len(fitting[::12]) - 5
    calendars = 0
    for path in outbox:
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert len(message.get_all("To", [])) == 1
        assert message["Bcc"] is None
        assert message["Cc"] is None
        assert "\n" not in str(message["Subject"])
        page = message.get_body(("html",))
        assert page is not None
        assert not strange(page.get_content())
        for part in message.walk():
            if part.get_content_type() == "text/calendar":
                calendars += 1
                in_calendar(part.get_payload(decode=True), path.name)
    assert calendars >= len(brief[::24]) > 2


def test_the_look_is_sharp() -> None:
    # Were they not escaped, these would be seen; the rest only do harm in other places.
    seen = [n for n in range(330) if strange(f"<main><div>{TEXTS[n]}</div></main>")]
    assert len(seen) > 250
    assert formulas("=1+1,2\r\n")
    assert not formulas("'=1+1,-2\r\n")
    with pytest.raises(AssertionError):
        seen_whole(iter(["<b> zq000qz"]), "")
