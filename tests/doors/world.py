"""A hub with everything that a door may lead to, everybody who may knock, and how to knock."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.routing import Route

from hub.charters.models import CharterComment
from hub.db import secret_of
from hub.following import actions as following
from hub.gatherings.models import BotLine, Contribution
from hub.language.models import AddedTerm
from hub.meetings import actions as meetings
from hub.meetings.doorway import feed_secret
from hub.meetings.letters import mailed_secret
from hub.people import actions as people
from hub.people.models import Account, Invitation, Participant, SignIn
from hub.retention.models import Purge
from hub.schedule.models import Task
from hub.summaries.actions.publishing import content_of, put_in_search
from hub.summaries.models import Edition, Point, Statement, Summary
from tests.cast import CARD, Person, join, plan
from tests.conftest import Hub
from tests.gatherings.test_following import decided

CHARTER = "vi-skapar-tillsammans"
TABLE = Path(__file__).parent / "doors.tsv"
ROLES = (
    "nobody",
    "participant",
    "elsewhere",
    "left",
    "removed",
    "facilitator",
    "editor",
    "researcher",
    "admin",
)
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
SAID = "Lapparna ligger kvar på bordet."
INVITATION = "iv_for_one_person_only"
INVITED = "inga@example.org"
MEETING: dict[str, Any] = {
    "kind": "external",
    "title": {"sv": "Från fynd till schema", "en": "From findings to timetable"},
    "purpose": {"sv": "En sak att ändra", "en": "One thing to change"},
    "topic": {"sv": "den öppna dörren", "en": "the open door"},
    "why_you": {"sv": "du var med", "en": "you were there"},
    "audiences": ["citizens"],
    "cohost": "Elsa",
    "cohost_from": "citizen",
    "form": "hybrid",
    "place": {"sv": "Rum Ga701", "en": "Room Ga701"},
    "starts": "2027-02-04T13:00",
    "ends": "2027-02-04T14:30",
    "zone": "Europe/Stockholm",
}
# Of a meeting by invitation: nobody else reads this.
CLOSED: dict[str, Any] = {
    name: {"sv": f"Hemligheten {name}", "en": f"Hemligheten {name}"}
    for name in ("title", "purpose", "topic", "why_you", "place", "interpreting")
}
SERIES: dict[str, Any] = {
    "kind": "rule",
    "title": {"sv": "Träffar på torsdagar", "en": "Meetings on Thursdays"},
    "starts": "2027-02-11T13:00",
    "zone": "Europe/Stockholm",
    "minutes": 60,
    "rule": "FREQ=MONTHLY;BYDAY=2TH;COUNT=2",
    "meeting": {"kind": "external"},
}
PSEUDONYM = "PABCD2345"
THOUGHT = "En tanke som ingen annan får läsa."
# Answers that keep somebody out. A page sends those who could sign in there.
OUT = (401, 403, 404)


@dataclass(frozen=True)
class Door:
    """One way in: a method and a path as the application declares it."""

    method: str
    path: str
    route: Any = field(compare=False, repr=False, default=None)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_call(self) -> bool:
        return self.path.startswith("/api/")


def doors_of(app: FastAPI) -> list[Door]:
    """Every route of the application, those of files and sockets aside."""
    found = {
        Door(method, route.path, route)
        for route in routes_of(app.routes)
        for method in route.methods or ()
        if method != "HEAD"
    }
    return sorted(found, key=lambda door: (door.path, door.method))


def routes_of(routes: Any) -> Iterator[Any]:
    """The routes among these and in the routers that they hold, in the order of the search."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner.routes)
        elif isinstance(route, APIRoute | Route):
            yield route


@dataclass
class World:
    """Ids by the name that a path has for them, and what each role sends to be known."""

    hub: Hub
    ids: dict[str, str]
    headers: dict[str, dict[str, str]]
    cookies: dict[str, dict[str, str]]
    tokens: dict[str, str]

    async def restore(self) -> None:
        """The database as it was: what one door changed is nothing to the next."""
        await self.hub.screens.settle()
        if self.hub.leased is not None:
            self.hub.leased.clean()
            return
        await self.hub.database.engine.dispose()
        folder = self.hub.settings.data_dir
        for stale in folder.glob("hub.db-*"):
            stale.unlink()
        shutil.copy(folder / "kept.db", folder / "hub.db")

    def names(self, door: Door) -> dict[str, str]:
        """The ids as they stand in the path of this door."""
        own = OWN.get(door.name, {}).get("ids", {})
        found = {**self.ids, **{name: self.ids.get(of, of) for name, of in own.items()}}
        secret = next((of for part, of in SECRETS.items() if part in door.path), "secret")
        return {**found, "secret": self.ids[secret]}

    async def knock(
        self,
        door: Door,
        role: str,
        *,
        ids: Mapping[str, str] | None = None,
        language: str = "",
        secret: str = "",
    ) -> httpx.Response:
        """Ask as this role: calls with a bearer token, pages with cookies."""
        own = OWN.get(door.name, {})
        names = {**self.names(door), **({"secret": secret} if secret else {})}
        path = fill(door.path, {**names, **(ids or {})})
        cookie = "; ".join(f"{k}={v}" for k, v in self.cookies[role].items())
        headers = self.headers[role] if door.is_call else {"Cookie": cookie}
        if language:
            known = f"; {cookie}" if cookie and not door.is_call else ""
            headers = {**headers, "Cookie": f"hub_language={language}{known}"}
        self.hub.http.cookies.clear()
        return await self.hub.http.request(
            door.method, path, headers=headers, **self._sent(door, own)
        )

    def _sent(self, door: Door, own: Mapping[str, Any]) -> dict[str, Any]:
        if door.method in ("GET", "DELETE"):
            return {}
        told = {
            k: self.ids.get(v, v) if isinstance(v, str) else v
            for k, v in own.get("body", {}).items()
        }
        if "file" in own:
            return {"files": {"file": own["file"]}, "data": told}
        if not door.is_call:
            return {"data": {**FORM, **told}}
        body = example(self.hub.app, door)
        return {} if body is None and not told else {"json": {**(body or {}), **told}}


def is_in(answer: httpx.Response) -> bool:
    """Whether the door opened: what is wrong with what was sent is another matter."""
    to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    return answer.status_code not in OUT and not to_sign_in


# --- what is sent ----------------------------------------------------------------------------

# Enough for a form to be read. What a form lacks is said after the door.
FORM = {"reason": "off_topic", "text": "Hej", "language": "sv"}
# What one door needs of its own: other ids, and what its body or form says. A value that is the
# name of an id stands for it.
FILE = ("charter.md", b"# Charter\n", "text/markdown")
OWN: dict[str, dict[str, Any]] = {
    "GET /api/v1/charters/{charter_id}/versions/{number}": {},
    "POST /api/v1/charters/{charter_id}/adopt": {"body": {"on": "2026-11-24", "body": "Rådet"}},
    "POST /api/v1/charters/{charter_id}/import": {"file": FILE, "body": {"right": "Vår egen"}},
    "POST /charters/import": {"file": FILE, "body": {"right": "Vår egen"}},
    "POST /api/v1/contributions/{contribution_id}/agree": {
        "ids": {"contribution_id": "recommendation_id"}
    },
    "POST /contributions/{contribution_id}/agree": {
        "ids": {"contribution_id": "recommendation_id"}
    },
    "POST /api/v1/join": {"body": {"code": "code", "language": "sv"}},
    "POST /join": {"body": {"code": "code"}},
    "POST /api/v1/sessions/{session_id}/floor": {"body": {"participant": "participant_id"}},
    "POST /sessions/{session_id}/floor": {"body": {"participant": "participant_id"}},
    "POST /sessions/{session_id}/my-data/take-back": {"body": {"contribution": "contribution_id"}},
    "PUT /api/v1/sessions/{session_id}/seats/{participant_id}/consent": {
        "ids": {"participant_id": "seated_id"},
        "body": {"consent": True},
    },
    "POST /findings/{finding_id}/{act}": {"ids": {"act": "show"}},
    "POST /formats": {"body": {"from": "format_id"}},
    "POST /api/v1/workshops/{meeting_id}/{act}": {"ids": {"act": "meeting_act"}},
    "POST /workshops/{meeting_id}/act/{act}": {"ids": {"act": "meeting_act"}},
    "PUT /api/v1/workshops/{meeting_id}/warnings/{code}": {
        "ids": {"code": "warning_code", "meeting_id": "closed_meeting_id"}
    },
    "POST /workshops/{meeting_id}/accept": {
        "ids": {"meeting_id": "closed_meeting_id"},
        "body": {"code": "warning_code"},
    },
    "PUT /api/v1/summaries/{summary_id}/owners/{recommendation_id}": {
        "ids": {"recommendation_id": "adopted_id"}
    },
    "POST /api/v1/summaries/{summary_id}/points": {"body": {"statement": "statement_id"}},
    "POST /sessions/{session_id}/summary/points": {"body": {"statement": "statement_id"}},
    "POST /summaries/{summary_id}/edit": {"body": {"act": "lived"}},
    **{
        f"{method} /api/v1/recommendations/{{recommendation_id}}/owner": {
            "ids": {"recommendation_id": "adopted_id"}
        }
        for method in ("GET", "PUT", "DELETE")
    },
    **{
        f"POST /recommendations/{{recommendation_id}}/owner{what}": {
            "ids": {"recommendation_id": "adopted_id"}
        }
        for what in ("", "/remove")
    },
}
# Which link a secret in an address belongs to; an invitation where nothing is said.
SECRETS = {
    "/replies/": "reply_secret",
    "/owners/": "owner_secret",
    "/calendar/": "feed_secret",
    "/news/": "news_secret",
}


def fill(path: str, ids: Mapping[str, str]) -> str:
    """The path with an id for each of its names. Raises KeyError for a name that nobody knows."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: ids[found.group(1)], path)


def example(app: FastAPI, door: Door) -> Any:
    """The least body that the description of a call takes; an empty form for a page."""
    if not door.is_call:
        return {}
    described = description(app)["paths"].get(door.path, {}).get(door.method.lower(), {})
    content = described.get("requestBody", {}).get("content", {})
    if not content:
        return None
    if "application/json" not in content:
        return None
    return least(content["application/json"]["schema"], description(app))


@cache
def description(app: FastAPI) -> dict[str, Any]:
    return json.loads(json.dumps(app.openapi()))


def least(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    """The smallest value that a JSON schema takes."""
    if "$ref" in schema:
        return least(root["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return least(schema[several][0], root)
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        known = schema.get("properties", {})
        return {name: least(known[name], root) for name in schema.get("required", ())}
    if kind == "array":
        return [least(schema["items"], root)] * schema.get("minItems", 0)
    if schema.get("format") in ("date", "date-time"):
        return "2026-11-24" if schema["format"] == "date" else "2026-11-24T12:00:00Z"
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 1), 1)
    return "x" * max(schema.get("minLength", 1), 1)


async def _rows(hub: Hub, session: str, participant: str) -> dict[str, str]:
    """One of everything that is not easily said through the API."""
    now = hub.clock.now()
    both = {"sv": "Hej", "en": "Hello"}
    line = BotLine(
        gathering_id=session,
        trigger="quiet_group",
        to_whom="all",
        lines=both,
        draft=True,
        state="waiting",
        created_at=now,
    )
    term = AddedTerm(gathering_id=session, sv="matta", en="mat", state="suggested", at=now)
    comment = CharterComment(
        charter_id=CHARTER,
        principle_id="vst-1",
        client_id="one",
        language="sv",
        text="Hej",
        created_at=now,
    )
    recommendation = Contribution(
        gathering_id=session,
        seq=900,
        revision=0,
        phase="recommend",
        kind="recommendation",
        author_key="nobody",
        client_id="one",
        language="sv",
        text="Gör så här",
        fields={"what": "Gör så här", "owner": "Astrid"},
        created_at=now,
    )
    thought = Contribution(
        gathering_id=session,
        revision=0,
        phase="reflect",
        kind="reflection",
        participant_id=participant,
        author_key=participant,
        client_id="thought",
        language="sv",
        text=THOUGHT,
        fields={},
        created_at=now,
    )
    invitation = Invitation(
        gathering_id=session, secret_hash=people.hash_secret(INVITATION), made_at=now
    )
    purge = Purge(kind="posts", subject=session, decision="Beslut 1", announced_at=now, due_at=now)
    async with hub.database.transaction() as tx:
        tx.add_all([line, term, comment, recommendation, thought, invitation, purge])
        await tx.flush()
        seat = await tx.get_one(Participant, participant)
        await people.keep_key(tx, seat, people.Key(PSEUDONYM), now=now)
        return {
            "invitation_id": invitation.id,
            "purge_id": purge.id,
            "pseudonym": PSEUDONYM,
            "version": "2026-11",
            "kind": "keys",
            "line_id": line.id,
            "term_id": term.id,
            "comment_id": comment.id,
            "recommendation_id": recommendation.id,
        }


async def _meetings(hub: Hub, facilitator: Person) -> dict[str, str]:
    """An open meeting with one who is invited, a draft, one by invitation, and a series."""
    ids: dict[str, str] = {}
    for name, more in (
        ("meeting_id", {}),
        ("draft_meeting_id", {"starts": "2027-02-05T13:00", "ends": "2027-02-05T14:30"}),
        ("closed_meeting_id", {"open_to_all": False, **CLOSED}),
    ):
        made = await facilitator.post("/workshops", {**MEETING, **more})
        assert made.status_code == 201, made.text
        ids[name] = made.json()["id"]
        if name == "draft_meeting_id":
            continue
        path = f"/workshops/{ids[name]}"
        for act in ("plan", "invite"):
            answer = await facilitator.post(f"{path}/{act}")
            assert answer.status_code == 200, answer.text
    invited = {"invitees": [{"email": INVITED, "name": "Inga", "language": "sv"}]}
    answer = await facilitator.post(f"/workshops/{ids['meeting_id']}/invitations", invited)
    assert answer.status_code == 201, answer.text
    series = await facilitator.post("/series", SERIES)
    assert series.status_code == 201, series.text
    about = f"/workshops/{ids['closed_meeting_id']}"
    warnings = (await facilitator.get(f"{about}/warnings")).json()["items"]
    async with hub.database.reading() as tx:
        [invitee] = await meetings.list_invitees(tx, ids["meeting_id"])
        task = await tx.scalar(select(Task.id).where(Task.state == "waiting").limit(1))
        return {
            **ids,
            "meeting_act": "confirm",
            "series_id": series.json()["id"],
            "invitee_id": invitee.id,
            "reply_secret": mailed_secret(tx, invitee),
            "feed_secret": feed_secret(secret_of(tx), invitee.id),
            "warning_code": warnings[0]["code"],
            "task_id": str(task),
        }


async def _summaries(hub: Hub, session: str, there: str, participant: str) -> dict[str, str]:
    """One that is published, of the session that all are in, and a draft of the other."""
    now = hub.clock.now()
    made = {
        name: Summary(
            gathering_id=of,
            title={"sv": "Vad vi kom fram till", "en": "What we found"},
            state="published" if name == "summary_id" else "draft",
            edition=int(name == "summary_id"),
            published_at=now if name == "summary_id" else None,
            revision=1,
            built_at=now,
            created_at=now,
            facts={"owners": {}, "dates": {}, "voices": {}},
        )
        for name, of in (("summary_id", session), ("draft_id", there))
    }
    async with hub.database.transaction() as tx:
        tx.add_all(made.values())
        await tx.flush()
        told = [
            Statement(
                summary_id=summary.id,
                audience="citizens",
                block="headline",
                key="own:1",
                position=1,
                texts={"sv": "Alla vill ha ett nummer.", "en": "Everybody wants one number."},
                statuses={"sv": "human_reviewed", "en": "human_reviewed"},
                sources=["session"],
                revision=1,
            )
            for summary in made.values()
        ]
        tx.add_all(told)
        await tx.flush()
        point = Point(
            summary_id=told[0].summary_id,
            statement_id=told[0].id,
            participant_id=participant,
            answer="contest",
            text="Inte alla.",
            language="sv",
            at=now,
        )
        edition = Edition(
            summary_id=told[0].summary_id,
            number=1,
            content=content_of(told[:1], {}),
            facts={},
            published_at=now,
        )
        tx.add_all([point, edition])
        await tx.flush()
        await put_in_search(tx, made["summary_id"], edition)
        return {
            **{name: summary.id for name, summary in made.items()},
            "statement_id": told[0].id,
            "point_id": point.id,
        }


async def _owned(hub: Hub) -> dict[str, str]:
    """A closed session with a public record, and the owner of what it agreed on."""
    session, adopted, _ = await decided(hub)
    owner = {"email": "ove@example.org", "language": "sv"}
    answer = await session.fatima.put(f"/recommendations/{adopted}/owner", owner)
    assert answer.status_code == 200, answer.text
    hub.clock.move(days=8)
    published = await session.move("record/publish")
    assert published.status_code == 200, published.text
    hub.clock.move(days=-8)
    async with hub.database.reading() as tx:
        found = await following.find_owner_of(tx, adopted)
        assert found is not None
        secret = following.read_kept(tx, found).secret
        news = following.news_secret(tx, session.astrid.id)
    return {"adopted_id": adopted, "owner_secret": secret, "news_secret": news}


# --- the world -------------------------------------------------------------------------------


async def build(hub: Hub) -> World:
    """A running session with posts, cards and a closed door for those who left or were sent out."""
    facilitator = await hub.account("facilitator", "Fatima")
    editor = await hub.account("editor", "Edvin")
    researcher = await hub.account("researcher", "Rut")
    admin = await hub.account("admin", "Ada")
    here = await plan(facilitator)
    there = await plan(facilitator)
    astrid = await join(hub.http, here["code"], "Astrid", "sv", role="patient")
    lea = await join(hub.http, here["code"], "Lea", "sv", role="carer")
    rex = await join(hub.http, here["code"], "Rex", "en", role="citizen")
    stig = await join(hub.http, there["code"], "Stig", "sv", role="citizen")
    session = here["id"]
    seated = await facilitator.post(
        f"/sessions/{session}/seats",
        {"name": "Sune", "language": "sv", "consent": True},
    )
    assert seated.status_code == 201, seated.text
    picture = {"data": PIXEL, "alt": {"sv": "En punkt", "en": "A dot"}}
    finding = (
        await facilitator.post(f"/sessions/{session}/findings", {**CARD, "picture": picture})
    ).json()
    note = {"sv": "Den första.", "en": "The first."}
    version = await editor.post(f"/charters/{CHARTER}/versions", {"note": note})
    assert version.status_code == 201, version.text
    for move in ("start", "advance"):
        body = {"force": True, "reason": "test"} if move == "advance" else None
        await facilitator.post(f"/sessions/{session}/{move}", body)
    said = await astrid.said(session, SAID)
    async with hub.database.transaction() as tx:
        now = hub.clock.now()
        for seat, column in ((lea, "left_at"), (rex, "removed_at")):
            row = await tx.get_one(Participant, seat.id)
            setattr(row, column, now)
        browsers = {
            who.id: await people.sign_in(
                tx, await tx.get_one(Account, who.id), kind="browser", now=now
            )
            for who in (facilitator, editor, researcher, admin)
        }
        own = str(
            await tx.scalar(
                select(SignIn.id).where(
                    SignIn.account_id == facilitator.id, SignIn.kind == "browser"
                )
            )
        )
    people_of: dict[str, Person] = {
        "participant": astrid,
        "elsewhere": stig,
        "left": lea,
        "removed": rex,
        "facilitator": facilitator,
        "editor": editor,
        "researcher": researcher,
        "admin": admin,
    }
    seats = {"participant": session, "left": session, "removed": session, "elsewhere": there["id"]}
    cookies = {
        role: {f"hub_seat_{seats[role]}": person.token}
        if role in seats
        else {"hub_account": browsers[person.id]}
        for role, person in people_of.items()
    }
    ids = {
        "session_id": session,
        "contribution_id": said["id"],
        "finding_id": finding["id"],
        "participant_id": astrid.id,
        "code": here["code"],
        "account_id": editor.id,
        "language": "sv",
        "charter_id": CHARTER,
        "principle_id": "vst-1",
        "number": version.json()["versions"][0]["number"],
        "case_id": "esther",
        "format_id": "jif-90",
        "when": "before",
        "move": "pause",
        "mark": "pin",
        "act": "pin",
        "decision": "drop",
        "secret": INVITATION,
        "sign_in_id": own,
        "seated_id": seated.json()["id"],
        **(await _rows(hub, session, astrid.id)),
        **(await _meetings(hub, facilitator)),
        **(await _summaries(hub, session, there["id"], astrid.id)),
        **(await _owned(hub)),
    }
    folder = hub.settings.data_dir
    await hub.screens.settle()
    await hub.database.wipe()
    if hub.leased is not None:
        hub.leased.keep()
    else:
        await hub.database.engine.dispose()
        shutil.copy(folder / "hub.db", folder / "kept.db")
    return World(
        hub,
        ids,
        {"nobody": {}} | {role: person.headers for role, person in people_of.items()},
        {"nobody": {}} | cookies,
        {"nobody": ""} | {role: person.token for role, person in people_of.items()},
    )
