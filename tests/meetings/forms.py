"""Meetings as organisers make them with the forms of the pages."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx

from hub.meetings import actions
from hub.meetings.models import Meeting

from ..cast import Person
from ..conftest import Hub

FORM: dict[str, str] = {
    "kind": "external",
    "title_sv": "Från fynd till schema",
    "title_en": "From findings to timetable",
    "purpose_sv": "En sak att ändra",
    "purpose_en": "One thing to change",
    "audiences-educators": "1",
    "day": "2027-03-04",
    "from": "13:00",
    "to": "14:30",
    "zone": "Europe/Stockholm",
    "form": "hybrid",
    "place_sv": "Rum Ga701",
    "place_en": "Room Ga701",
    "languages-sv": "1",
    "languages-en": "1",
    "open_to_all": "1",
    "host": "Hanna",
    "cohost": "Elsa",
    "cohost_from": "citizen",
    "agenda_0_minutes": "20",
    "agenda_0_title_sv": "Tre fynd",
    "agenda_0_title_en": "Three findings",
    "agenda_1_minutes": "40",
    "agenda_1_title_sv": "I par",
    "agenda_1_title_en": "In pairs",
    "material_0_url": "https://example.org/summary",
    "material_0_title_sv": "Sammanfattning",
    "material_0_title_en": "Summary",
}
HOSTILE = '"><script>alert(1)</script>'


async def get(hub: Hub, path: str, who: Person | None = None, language: str = "en") -> str:
    """A page that is expected to be there."""
    answer = await fetch(hub, path, who, language)
    assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("location"))
    return answer.text


async def fetch(
    hub: Hub, path: str, who: Person | None = None, language: str = "en"
) -> httpx.Response:
    headers = {"Accept-Language": language, **(who.headers if who else {})}
    return await hub.http.get(path, headers=headers)


async def post(
    hub: Hub, path: str, form: dict[str, Any], who: Person | None = None, language: str = "en"
) -> httpx.Response:
    headers = {"Accept-Language": language, **(who.headers if who else {})}
    return await hub.http.post(path, data=form, headers=headers)


async def sent(hub: Hub, path: str, form: dict[str, Any], who: Person | None = None) -> str:
    """Send a form that is expected to be taken; where it leads."""
    answer = await post(hub, path, form, who)
    assert answer.status_code == 303, (path, answer.status_code, faults(answer.text))
    return answer.headers["location"]


async def make(hub: Hub, who: Person, **more: str | None) -> str:
    """A draft; its id. A field that is None is left out."""
    form = {name: value for name, value in {**FORM, **more}.items() if value is not None}
    to = await sent(hub, "/workshops", form, who)
    return to.split("/")[2]


async def opened(hub: Hub, who: Person, **more: str | None) -> str:
    """A meeting that takes replies; its id."""
    made = await make(hub, who, **more)
    for act in ("plan", "invite"):
        await sent(hub, f"/workshops/{made}/act/{act}", {}, who)
    return made


async def invite(hub: Hub, who: Person, meeting: str, *lines: str) -> None:
    form = {"addresses": "\n".join(lines), "language": "both"}
    await sent(hub, f"/workshops/{meeting}/invitations", form, who)


async def secrets(hub: Hub, meeting: str) -> dict[str, str]:
    """The secret of everybody who is invited, by address (by name where there is none)."""
    async with hub.database.reading() as tx:
        known = [actions.who_is(tx, each) for each in await actions.list_invitees(tx, meeting)]
    return {each.email or each.name: each.secret for each in known}


async def meeting_of(hub: Hub, meeting: str) -> Meeting:
    async with hub.database.reading() as tx:
        return await actions.access_meeting(tx, meeting)


def faults(page: str) -> str:
    """The summary of faults on a page, as text."""
    found = re.search(r'<div class="problems.*?</div>', page, re.DOTALL)
    return text_of(found[0]) if found else ""


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def value_of(page: str, name: str) -> str:
    """What a text field of a page holds."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page) or re.search(
        rf'<textarea[^>]*name="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL
    )
    assert found, name
    return html.unescape(found[1])
