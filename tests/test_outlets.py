"""Somebody who withdraws is found nowhere: every outlet of the hub is searched for them.

The person writes into every input there is; each of their texts has words that nobody else has.
Others quote and name them. A new route, push, mail or command is in the list by itself, and fails
here until this file knows how to look there.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import re
import sqlite3
import sys
import types
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from typer.testing import CliRunner

from hub.charters.models import CharterComment, CharterVersion
from hub.cli import app as commands
from hub.gatherings import jobs, my_data
from hub.gatherings.models import Act, Answer, BotLine, Contribution, Gathering, Presence
from hub.language.models import AddedTerm
from hub.mail import jobs as mail_jobs
from hub.mail.actions import KINDS, queue_mail
from hub.outlets import Outlet, outlets
from hub.people import actions as people
from hub.people.models import Account, Participant
from tests.cast import CARD, Person, join
from tests.conftest import Hub, running_hub
from tests.gatherings.test_dialogue import CHARTER, Dialogue, dialogue

NAME = "Zelvira"
EMAIL = "zelvira.zloqxo@example.org"
# In every text of theirs, and in nobody else's: words, and the name.
# No id has an l or an o in it: such letters are never there by chance.
TRACES = ("zloqxo", "zelvira")
ROLES = ("nobody", "themselves", "participant", "facilitator", "editor", "researcher", "admin")


def words(about: str) -> str:
    """A text of theirs, as long as makes a quotation: no word of it is anybody else's."""
    return " ".join(f"zloqxo{about}{letter}" for letter in "abcdefgh")


def found_in(data: bytes | str) -> set[str]:
    text = data.lower() if isinstance(data, str) else data.decode("utf-8", "replace").lower()
    return {trace for trace in TRACES if trace in text} and set(
        re.findall(r"zloqxo\w*|.{0,30}zelvira.{0,10}", text)[:5]
    )


# --- a hub that somebody has filled --------------------------------------------------------------


@dataclass
class World:
    """A forum with a published record and a dialogue on a charter, both with the person in them."""

    hub: Hub
    forum: str
    talk: str
    people: dict[str, Person]
    seats: dict[str, Person]
    ids: dict[str, list[str]]
    pushed: list[tuple[str, str]] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every byte that the hub keeps."""
        for path in sorted(self.hub.settings.data_dir.rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()


async def said(who: Person, session: str, text: str, kind: str, **more: Any) -> Any:
    answer = await who.say(session, text, kind, **more)
    assert answer.status_code == 201, (kind, answer.text)
    return answer.json()


async def fill_forum(hub: Hub) -> tuple[Any, Person, dict[str, list[str]]]:
    """Everything that can be said in a forum, by the person and by others about them."""
    session = await hub.session()
    consent = {"take_part": True, "contact": True, "follow": True, "quote_role": True,
               "quote_alias": True, "improve_translation": True}  # fmt: skip
    her = await join(
        hub.http, session.code, NAME, "sv", role="carer", bilingual=True, consent=consent,
        email=EMAIL,
    )  # fmt: skip
    s, ben, fatima = session.id, session.ben, session.fatima
    await fatima.post(f"/sessions/{s}/findings", CARD)
    asked = (await her.get(f"/sessions/{s}/questions")).json()["items"]
    items = {i["id"]: words("ans") if i["kind"] == "open" else 3 for i in asked}
    before = {i["id"]: items[i["id"]] for i in asked if i["when"] == "before"}
    kept = await her.put(f"/sessions/{s}/answers/before", {"items": before})
    assert kept.status_code == 200, kept.text
    await session.go_to("reflect")
    await said(her, s, words("own"), "reflection")
    await session.go_to("interpret")
    own = await said(her, s, words("post"), "contribution")
    await said(her, s, words("ask"), "question")
    hidden = await said(her, s, words("hid"), "contribution")
    reply = await said(
        ben, s, f"{NAME} said {words('post')}, and Zelviras slips.", "contribution",
        reply_to=own["id"],
    )  # fmt: skip
    english = await said(ben, s, "We need one number for all of it.", "contribution")
    await hub.translate()
    path = f"/contributions/{english['id']}"
    fix = {"text": words("fix"), "remark": words("rem"), "remark_language": "sv"}
    assert (await her.put(f"{path}/translations/sv", fix)).status_code == 200
    await her.post(
        f"/contributions/{reply['id']}/dispute", {"word": "zloqxo", "reason": words("dis")}
    )
    await fatima.post(f"/contributions/{hidden['id']}/hide", {"reason": f"{NAME} names somebody"})
    await her.post(f"/contributions/{hidden['id']}/answer", {"text": words("hidans")})
    await her.post(f"/sessions/{s}/hand")
    await session.go_to("restate")
    await said(her, s, words("restate"), "restatement", fields={"of": reply["id"]})
    his = await said(ben, s, f"You mean {words('post')}", "restatement", fields={"of": own["id"]})
    check = {"of": his["id"], "answer": "partly"}
    await said(her, s, words("check"), "restatement_check", fields=check)
    await session.go_to("converge")
    theme = await said(her, s, words("theme"), "theme", fields={"from": [reply["id"]]})
    rating = {"of": theme["id"], "scale": "importance", "value": 4, "reason": words("rate")}
    await said(her, s, "", "rating", fields=rating)
    await session.go_to("recommend")
    draft = {"what": words("what"), "owner": f"{NAME} zloqxoowner", "when": "2027-06-01",
             "measure": words("meas")}  # fmt: skip
    proposal = await said(her, s, words("rec"), "recommendation", fields=draft)
    theirs = {"what": "One number.", "owner": NAME, "when": "2027-06-01", "measure": "Calls"}
    other = await said(ben, s, f"As {NAME} wants.", "recommendation", fields=theirs)
    await session.go_to("decide")
    for of in (proposal["id"], other["id"]):
        objection = {"of": of, "value": "objection", "reason": words("obj")}
        await said(her, s, "", "stance", fields=objection)
    await said(her, s, words("amend"), "amendment", fields={"of": other["id"]})
    await said(
        fatima, s, f"We hear {words('obj')} from {NAME}.", "facilitation",
        fields={"of": other["id"], "result": "parked"},
    )  # fmt: skip
    await hub.translate()
    await fatima.post(
        f"/sessions/{s}/terms",
        {"sv": "lapp", "en": "slip", "note": f"{NAME}: {words('post')}"},
    )
    await session.go_to("close")
    await said(her, s, words("out"), "checkout")
    after = {i["id"]: items[i["id"]] for i in asked if i["when"] == "after"}
    await her.put(f"/sessions/{s}/answers/after", {"items": after})
    ids = {"contribution_id": [own["id"], reply["id"], other["id"]]}
    return session, her, ids


async def fill_dialogue(hub: Hub) -> tuple[Dialogue, Person, dict[str, list[str]]]:
    """Everything that can be said in a dialogue, and dissent that a charter shows."""
    found = await dialogue(hub)
    code = (await found.fatima.get(found.path)).json()["code"]
    her = await join(hub.http, code, NAME, "sv", role="patient")
    await found.to("experience")
    await found.say(her, words("exp"))
    await found.to("fit")
    await found.say(her, words("tag"), tag="law", side="against")
    await found.to("wording")
    wording = await found.say(her, words("word"), "wording")
    await found.say(her, words("term"), "wording", untranslatable="zloqxoterm")
    await found.to("change")
    await found.say(her, words("chg"), "change", change="add")
    await found.to("rate")
    await found.say(her, words("low"), "rating", value=1)
    await found.to("settle")
    await found.act("put", {"of": wording["id"]})
    await found.stance(her, "objection", words("dobj"))
    dissent = [{"text": f"Vi säger {words('dobj')}.", "group": "lived", "language": "sv"}]
    await found.act("outcome", {"dissent": dissent})
    await hub.translate()
    await found.go_on()
    return found, her, {"contribution_id": [wording["id"]]}


async def fill_charter(hub: Hub, talk: Dialogue, her: Person, editor: Person) -> str:
    """Dissent in a charter and in a version of it, and comments by the person and on them."""
    outcomes = (await talk.fatima.get(f"{talk.path}/outcomes")).json()["items"]
    outcome = next(o for o in outcomes if o["dissent"])
    answer = await editor.post(f"/charters/{CHARTER}/dissent", {"outcome": outcome["id"]})
    assert answer.status_code in (200, 201), answer.text
    note = {"sv": "Första.", "en": "First."}
    made = await editor.post(f"/charters/{CHARTER}/versions", {"note": note})
    assert made.status_code == 201, made.text
    now = hub.clock.now()
    about = {"charter_id": CHARTER, "principle_id": "vst-1", "language": "sv", "created_at": now}
    async with hub.database.transaction() as tx:
        tx.add_all(
            [
                CharterComment(
                    **about, client_id="c1", participant_id=her.id, round=1, text=words("com"),
                    translation={"text": words("comtr"), "status": "machine"},
                ),
                CharterComment(
                    **about, client_id="c2", account_id=editor.id, text=f"{NAME}: {words('exp')}"
                ),
            ]
        )  # fmt: skip
    return str(made.json()["versions"][0]["number"])


async def fill_behind(hub: Hub, session: str, her: Person, post: str) -> None:
    """What is kept of them besides what they said: lines, reasons, presence, mails."""
    now, said_of_her = hub.clock.now(), f"{NAME}: {words('post')}"
    async with hub.database.transaction() as tx:
        tx.add_all(
            [
                Presence(
                    gathering_id=session, participant_id=her.id, from_at=now, until_at=now
                ),
                Act(gathering_id=session, kind="hidden", reason=said_of_her, at=now),
                BotLine(
                    gathering_id=session, trigger="jargon", subject="zloqxoposta", to_whom="all",
                    about=post, lines={"sv": "zloqxoposta?", "en": "zloqxoposta?"}, state="sent",
                    created_at=now,
                ),
                BotLine(
                    gathering_id=session, trigger="unheard_group", to_whom="all",
                    lines={"sv": said_of_her, "en": said_of_her}, state="waiting", created_at=now,
                ),
                BotLine(
                    gathering_id=session, trigger="late_joiner", subject=her.id, to_whom=her.id,
                    lines={"sv": f"Hej {NAME}", "en": f"Hi {NAME}"}, state="sent", created_at=now,
                ),
                AddedTerm(
                    gathering_id=session, sv="mapp", en="folder", by_id=her.id, by_name=NAME,
                    state="session", at=now,
                ),
            ]
        )  # fmt: skip
        seat = await tx.get_one(Participant, her.id)
        key = (await people.read_keys(tx, [her.id]))[her.id]
        await people.keep_key(tx, seat, people.Key(key.pseudonym, EMAIL), now=now)
        await queue_mail(
            tx, "comment_round", to=EMAIL, language="sv", now=now, about=her.id,
            facts=MAIL_FACTS["comment_round"],
        )  # fmt: skip


# What each kind of mail is filled with. A kind that is not here has no probe.
MAIL_FACTS: dict[str, dict[str, str]] = {
    "sign_in": {"url": "/sign-in/x", "minutes": "60"},
    "account_invitation": {"url": "/sign-in/x", "role": "editor", "inviter": "Fatima"},
    "session_invitation": {"title": "T", "url": "/x", "starts": "", "inviter": "Fatima"},
    "comment_round": {"title": "T", "url": "/x", "day": "2026-12-24"},
    "follow_up": {"title": "T", "url": "/x", "day": "2026-12-24"},
    "words_withdrawn": {"title": "T", "url": "/x"},
    "accessibility_report": {"title": "T", "url": "/x", "text": "x", "where": "x", "email": ""},
}


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> AsyncIterator[World]:
    """Filled, and then withdrawn from: by its own address in one session, by call in the other."""
    folder = tmp_path_factory.mktemp("outlets")
    async with running_hub(folder, blank) as hub:
        with capture_logs() as logs:
            forum, in_forum, ids = await fill_forum(hub)
            talk, in_talk, more = await fill_dialogue(hub)
            roles = {r: await hub.account(r, r) for r in ("editor", "researcher", "admin")}
            number = await fill_charter(hub, talk, in_talk, roles["editor"])
            await fill_behind(hub, forum.id, in_forum, ids["contribution_id"][0])
            await mail_jobs.send_due(
                mail_jobs.Post(hub.database, hub.clock, hub.screens.renderer, hub.settings)
            )
            await forum.moved("close")
            hub.clock.move(days=8)
            published = await forum.fatima.post(f"/sessions/{forum.id}/record/publish")
            assert published.status_code == 200, published.text
            found = World(
                hub,
                forum.id,
                talk.session.id,
                {
                    **roles, "nobody": Person(hub.http, ""), "facilitator": forum.fatima,
                    "participant": forum.ben, "themselves": in_forum,
                },
                {"forum": in_forum, "talk": in_talk, "ben_in_talk": talk.ben},
                {
                    "session_id": [forum.id, talk.session.id],
                    "contribution_id": ids["contribution_id"] + more["contribution_id"],
                    "participant_id": [in_forum.id, forum.ben.id],
                    "number": [number],
                },
            )  # fmt: skip
            await look_at_everything(found)
            found.ids["there_before"] = sorted(
                {name for name, data in found.files() if found_in(data)}
            )
            await withdraw(found)
        found.logged += [repr(line) for line in logs]
        yield found


async def look_at_everything(found: World) -> None:
    """Pages were read before: what they keep in memory is to go too."""
    for session, who in ((found.forum, found.people["facilitator"]),):
        for path in (f"/sessions/{session}/desk", f"/sessions/{session}/record"):
            answer = await found.hub.http.get(path, headers=who.headers)
            assert answer.status_code == 200, path
            assert found_in(answer.text), path
    room = await found.hub.http.get(
        f"/sessions/{found.talk}", headers=found.seats["ben_in_talk"].headers
    )
    assert found_in(room.text)
    assert any(found_in(text) for text in texts_in_memory(found.hub))


async def withdraw(found: World) -> None:
    live = found.hub.screens.live

    async def emit(event: str, data: dict[str, Any], *, room: str) -> None:
        found.pushed.append((event, repr(data)))

    live.emit, live.wants = emit, lambda *_args: True
    body = {"keep_anonymous": False}
    for who in (found.seats["forum"], found.seats["talk"]):
        answer = await who.post("/me/withdraw", body)
        assert answer.status_code == 200, answer.text
    hub = found.hub
    await hub.screens.settle()
    await said(found.seats["ben_in_talk"], found.talk, "Mine alone.", "question")
    await hub.screens.tell_presence(found.talk)
    async with hub.database.reading() as tx:
        bens = await tx.scalar(
            select(Contribution.id).where(
                Contribution.participant_id == found.people["participant"].id
            )
        )
    await hub.screens.tell_author(bens)
    await hub.translate()
    await jobs.think(hub.screens)
    await hub.screens.settle()
    # The stand-in for the translator keeps what it was asked, which no hub does.
    hub.translator.asked.clear()
    await my_data.wipe(hub.screens)


# --- nowhere -------------------------------------------------------------------------------------


async def test_they_were_there_before(world: World) -> None:
    assert "hub.db" in world.ids["there_before"]
    assert any(name.endswith(".eml") for name in world.ids["there_before"])


async def test_no_byte_that_the_hub_keeps_has_them(world: World) -> None:
    assert {name: found for name, data in world.files() if (found := found_in(data))} == {}


async def test_no_copy_of_the_database_has_them(world: World, tmp_path: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(world.hub.settings.data_dir / "hub.db")) as source,
        contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
    ):
        source.backup(copy)
        dump = "\n".join(copy.iterdump())
    assert found_in((tmp_path / "copy.db").read_bytes()) == set()
    assert found_in(dump) == set()


async def test_no_push_has_them(world: World) -> None:
    wanted = {o.name for o in outlets(world.hub.app) if o.kind == "push"}
    assert {event for event, _ in world.pushed} == wanted
    assert {event: found for event, data in world.pushed if (found := found_in(data))} == {}


async def test_no_line_of_the_log_has_them(world: World) -> None:
    assert [line for line in world.logged if found_in(line)] == []


async def test_no_mail_has_them(world: World) -> None:
    hub = world.hub
    kinds = {o.name for o in outlets(hub.app) if o.kind == "mail"}
    assert kinds == set(KINDS) == set(MAIL_FACTS)
    async with hub.database.transaction() as tx:
        for kind in sorted(kinds):
            await queue_mail(
                tx, kind, to="x@example.org", language="both", facts=MAIL_FACTS[kind],
                now=hub.clock.now(), about=world.forum,
            )  # fmt: skip
    post = mail_jobs.Post(hub.database, hub.clock, hub.screens.renderer, hub.settings)
    await mail_jobs.send_due(post)
    mails = list(hub.settings.outbox_dir.glob("*.eml"))
    assert len(mails) >= len(kinds)
    assert [mail.name for mail in mails if found_in(mail.read_bytes())] == []


# Names in addresses that are the same for every hub here; ``world.ids`` has the rest.
IDS = {
    "charter_id": [CHARTER],
    "principle_id": ["vst-1"],
    "case_id": ["esther"],
    "format_id": ["jif-90"],
    "when": ["before", "after"],
    "version": ["2026-11"],
    "secret": ["pt_unknown"],
    "pseudonym": ["PABCDEFGH"],
    "language": ["sv"],
    "code": ["ABCDEFGH"],
}
# What an address is asked with, besides nothing.
QUERIES = {
    "GET /api/v1/sessions/{session_id}/record": ["format=md&language=sv", "format=md&language=en"],
    "GET /api/v1/sessions/{session_id}/changes": ["after=0&format=html", "after=0"],
    "GET /api/v1/sessions/{session_id}/research.csv": ["reason=probe", "reason=x&withdrawn=1"],
    "GET /sessions/{session_id}/record": ["view=print"],
    "GET /sessions/{session_id}/desk": ["part=side"],
    "GET /sessions/{session_id}/contributions/{contribution_id}": ["part=actions"],
}


async def all_ids(world: World) -> dict[str, list[str]]:
    async with world.hub.database.reading() as tx:
        codes = list(await tx.scalars(select(Gathering.code)))
        terms = list(await tx.scalars(select(AddedTerm.id).limit(2)))
        accounts = list(await tx.scalars(select(Account.id).limit(1)))
    session = world.forum
    cards = (await world.people["facilitator"].get(f"/sessions/{session}/findings")).json()
    return {
        **IDS,
        **world.ids,
        "code": codes,
        "term_id": terms,
        "account_id": accounts,
        "finding_id": [card["id"] for card in cards["items"]],
    }


def addresses(path: str, ids: Mapping[str, list[str]]) -> list[str]:
    """Every address of a route. Raises KeyError for a part of it that nothing is known of."""
    found = [path]
    for name in re.findall(r"\{(\w+)(?::\w+)?\}", path):
        found = [
            re.sub(rf"\{{{name}(?::\w+)?\}}", value, at) for at in found for value in ids[name]
        ]
    return found


@pytest.mark.timeout(300)
async def test_no_page_call_or_file_has_them(world: World) -> None:
    ids, where, opened = await all_ids(world), {}, 0
    routes = [o.name for o in outlets(world.hub.app) if o.kind == "route"]
    for route in routes:
        method, path = route.split(" ")
        if method != "GET":
            continue
        asks = ["", *QUERIES.get(route, ())]
        for at in [f"{a}?{ask}" for a in addresses(path, ids) for ask in asks]:
            for role in ("nobody",) if path.endswith("/pdf") else ROLES:
                who = world.people[role]
                if role == "participant" and world.talk in at:
                    who = world.seats["ben_in_talk"]
                world.hub.http.cookies.clear()
                language = "sv" if role in ("themselves", "editor") else "en"
                answer = await world.hub.http.get(
                    at, headers={**who.headers, "Cookie": f"hub_language={language}"}
                )
                assert answer.status_code < 500, (at, role, answer.text)
                opened += answer.status_code == 200
                if found := found_in(answer.text):
                    where[f"{at} as {role}"] = found
    assert where == {}
    assert opened > len(routes)


async def test_the_translation_memory_has_nothing_of_them(world: World) -> None:
    answer = await world.people["facilitator"].post(
        "/translate", {"text": "We need one number for all of it.", "from": "en", "to": "sv"}
    )
    assert answer.json()["source"] == "engine"
    assert not found_in(answer.text)


# Commands that tell nothing of what people wrote: they start, set up, take in or count.
SILENT = {
    "audit check", "charter import", "demo", "doctor", "init", "migrate", "models install",
    "models list", "models remove", "participant erase", "serve", "token create", "translate",
    "user add", "user link",
}  # fmt: skip
TELLING = {
    "charter export": [[CHARTER]],
    "participant export": [["{forum_seat}"], ["{talk_seat}"], ["{ben}"]],
    "session export": [
        [session, "--format", form]
        for session in ("{forum}", "{talk}")
        for form in ("json", "csv", "md", "qdpx")
    ],
}


@pytest.mark.timeout(300)
async def test_no_command_tells_of_them(world: World) -> None:
    known = {o.name for o in outlets(world.hub.app, commands) if o.kind == "command"}
    assert known == SILENT | set(TELLING)
    names = {
        "{forum}": world.forum,
        "{talk}": world.talk,
        "{forum_seat}": world.seats["forum"].id,
        "{talk_seat}": world.seats["talk"].id,
        "{ben}": world.people["participant"].id,
    }
    folder = world.hub.settings.data_dir
    for command, several in TELLING.items():
        for arguments in several:
            told = [*command.split(), *(names.get(a, a) for a in arguments)]
            # In a thread: a command runs a loop of its own.
            out = await asyncio.to_thread(written_by, told, folder)
            assert out
            assert found_in(out) == set(), told


def written_by(arguments: list[str], folder: Path) -> bytes:
    """What a command writes; of a project file what is in it."""
    env = {"HUB_DATA_DIR": str(folder)}
    done = CliRunner().invoke(commands, arguments, env=env)
    assert done.exit_code == 0, (arguments, done.output)
    if arguments[-1] != "qdpx":
        return done.stdout_bytes
    with zipfile.ZipFile(io.BytesIO(done.stdout_bytes)) as project:
        return b"\n".join(project.read(name) for name in project.namelist())


async def test_no_text_in_the_memory_of_the_process_has_them(world: World) -> None:
    assert {text[:60] for text in texts_in_memory(world.hub) if found_in(text)} == set()


def texts_in_memory(hub: Hub) -> Iterator[str]:
    """Every text that the application and the hub's own modules still hold."""
    modules = [m for name, m in list(sys.modules.items()) if name.startswith("hub.") and m]
    waiting: list[Any] = [hub.app, *(list(vars(module).values()) for module in modules)]
    seen: set[int] = set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, types.ModuleType | types.FrameType):
            continue
        seen.add(id(thing))
        if isinstance(thing, str):
            yield thing
        elif isinstance(thing, bytes):
            yield thing.decode("utf-8", "replace")
        elif not isinstance(thing, types.FunctionType | types.CodeType):
            waiting += gc.get_referents(thing)


async def test_every_way_out_is_looked_at(world: World) -> None:
    kinds = {o.kind for o in outlets(world.hub.app, commands)}
    assert kinds == {"route", "push", "mail", "command", "memory", "file", "log"}
    assert Outlet("route", "GET /api/v1/me/export") in outlets(world.hub.app)


# --- and what there still is ---------------------------------------------------------------------


async def test_an_old_version_of_a_charter_says_that_dissent_was_withdrawn(world: World) -> None:
    hub = world.hub
    async with hub.database.reading() as tx:
        (version,) = await tx.scalars(select(CharterVersion))
    first = next(p for p in version.state["principles"] if p["id"] == "vst-1")
    assert [d["withdrawn"] for d in first["dissent"]] == [True]
    for path, words_ in (
        (f"/charters/{CHARTER}/versions/{version.number}", "Dissent was withdrawn."),
        (f"/charters/{CHARTER}", "Dissent was withdrawn."),
    ):
        answer = await hub.http.get(path, headers={"Cookie": "hub_language=en"})
        assert words_ in answer.text, path


async def test_the_editor_of_the_charter_is_told(world: World) -> None:
    async with world.hub.database.reading() as tx:
        flags = await people.list_flags(tx, "charter", subject=CHARTER)
    assert [flag.place for flag in flags] == ["vst-1"]


async def test_answers_and_the_rest_of_the_room_are_as_they_were(world: World) -> None:
    async with world.hub.database.reading() as tx:
        assert list(await tx.scalars(select(Answer))) == []
    shared = (
        await world.people["facilitator"].get(f"/sessions/{world.forum}/contributions")
    ).json()["items"]
    texts = [c["text"] for c in shared if not c["removed"]]
    assert "We need one number for all of it." in texts
