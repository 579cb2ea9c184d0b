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
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from typer.testing import CliRunner

from hub.backup import making
from hub.charters import paper
from hub.charters.models import CharterComment, CharterVersion
from hub.cli import app as commands
from hub.db import Base, secret_of
from hub.following import actions as following
from hub.front import indexing
from hub.gatherings import jobs, my_data
from hub.gatherings.models import Act, Answer, BotLine, Contribution, Gathering, Presence
from hub.language.models import AddedTerm
from hub.mail import jobs as mail_jobs
from hub.mail.actions import KINDS, queue_mail
from hub.meetings import actions as meeting_actions
from hub.meetings.doorway import feed_secret
from hub.meetings.letters import mailed_secret
from hub.meetings.models import Invitee
from hub.outlets import Outlet, outlets
from hub.people import actions as people
from hub.people.models import Account, Participant
from hub.schedule.jobs import run_due
from hub.schedule.models import Task
from hub.sealing import Unreadable, unseal
from hub.summaries import jobs as summaries_jobs
from hub.summaries.blocks import AUDIENCES
from hub.summaries.models import Statement
from tests.cast import CARD, Person, join
from tests.conftest import Hub, running_hub
from tests.databases import environment_of
from tests.doors.world import MEETING
from tests.gatherings.test_dialogue import CHARTER, Dialogue, dialogue
from tests.summaries import forum

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
        """Every byte that the hub keeps; of PostgreSQL, whose files are not its own, every row."""
        if self.hub.leased is not None:
            yield "hub.db", self.hub.raw()
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
    agreed = {"owner": "Ward 7", "when": "2027-06-01", "measure": words("agmeas")}
    hers = await said(her, s, words("agreed"), "recommendation", fields=agreed)
    owned = {"owner": "Ward 8", "when": "2027-06-01", "measure": "Calls"}
    his_own = await said(ben, s, "Answer the telephone.", "recommendation", fields=owned)
    await session.go_to("decide")
    for of, who in ((of, who) for of in (hers["id"], his_own["id"]) for who in (her, ben)):
        await said(who, s, "", "stance", fields={"of": of, "value": "consent"})
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
    ids = {
        "contribution_id": [own["id"], reply["id"], other["id"]],
        "recommendation_id": [hers["id"], his_own["id"]],
    }
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


async def fill_summary(
    hub: Hub, session: Any, her: Person, editor: Person, ids: Mapping[str, list[str]]
) -> tuple[str, str]:
    """A summary in two editions and a draft, that quotes them, names them and answers them.

    Returns the ids of the summary and of what they said of it.
    """
    summary = await forum.built(hub, session)
    path, own = f"/summaries/{summary}", ids["contribution_id"][0]
    found = await forum.statements(editor, summary)
    [voice] = [s for s in found.values() if s["key"].startswith("voice:")]
    assert found_in(repr(voice))
    both = {"sv": f"Någon sade: {words('post')}.", "en": f"Somebody said: {words('post')}."}
    # An editor's own statement that quotes them, and one that rests on their words alone.
    for sources in (["session", own], [own]):
        body = {"audience": "leaders", "block": "cost", "texts": both, "sources": sources}
        answer = await editor.post(f"{path}/statements", body)
        assert answer.status_code == 201, answer.text
    left_out = answer.json()
    answer = await editor.post(
        f"{path}/statements/{left_out['id']}/remove",
        {"revision": left_out["revision"], "why": f"{NAME}: {words('post')}"},
    )
    assert answer.status_code == 200, answer.text
    assert (await editor.post(f"{path}/confirm")).status_code == 200
    points = []
    for who, text in ((her, words("point")), (session.ben, f"{NAME} said {words('post')}")):
        body = {"statement": found["limits"]["id"], "answer": "contest", "text": text}
        answer = await who.post(f"{path}/points", body)
        assert answer.status_code == 200, answer.text
        points.append(answer.json()["id"])
    for point in points:
        settled = {"settled": f"{NAME} has been heard: {words('post')}"}
        answer = await editor.post(f"{path}/points/{point}/settle", settled)
        assert answer.status_code == 200, answer.text
    await finish(hub, editor, summary)
    published = await session.fatima.post(f"/sessions/{session.id}/record/publish")
    assert published.status_code == 200, published.text
    for note in (None, {"sv": f"Rättat: {words('post')}", "en": f"Put right: {words('post')}"}):
        answer = await editor.post(f"{path}/publish", {"note": note} if note else None)
        assert answer.status_code == 200, (
            answer.text,
            (await forum.bench(editor, summary))["faults"],
        )
    reader = {"audience": "citizens", "language": "sv", "matches": "partly",
              "text": f"{NAME} sade {words('post')}"}  # fmt: skip
    answer = await editor.post(f"{path}/answers", reader)
    assert answer.status_code == 201, answer.text
    return summary, points[1]


async def finish(hub: Hub, editor: Person, summary: str) -> None:
    """All that has to be done before a summary is published, the seven days among it."""
    path = f"/summaries/{summary}"
    for audience in AUDIENCES:
        for found in (await forum.statements(editor, summary, audience)).values():
            if not any(found["texts"].values()) and not found["removed"]:
                texts = {"sv": "Det här skrev redaktören.", "en": "The editor wrote this."}
                answer = await forum.put(editor, summary, found, texts=texts)
                assert answer.status_code == 200, answer.text
    await summaries_jobs.translate_summaries(hub.screens, hub.translator)
    for language in ("sv", "en"):
        assert (await editor.post(f"{path}/review", {"language": language})).status_code == 200
    assert (await editor.post(f"{path}/read-by-lived")).status_code == 200
    hub.clock.move(days=8)


async def fill_following(hub: Hub, session: Any, ids: Mapping[str, list[str]]) -> list[str]:
    """They own what another proposed; somebody owns what they proposed. Returns the secrets."""
    secrets, (hers, his) = [], ids["recommendation_id"]
    for recommendation, email in ((his, EMAIL), (hers, "ove@example.org")):
        body = {"email": email, "language": "sv"}
        answer = await session.fatima.put(f"/recommendations/{recommendation}/owner", body)
        assert answer.status_code == 200, answer.text
        async with hub.database.reading() as tx:
            owner = await following.find_owner_of(tx, recommendation)
            assert owner is not None
            secrets.append(following.read_kept(tx, owner).secret)
    told = {"status": "doing", "reason": words("owned"), "secret": secrets[0]}
    answer = await hub.http.post(f"/api/v1/recommendations/{his}/status", json=told)
    assert answer.status_code == 200, answer.text
    told = {"status": "done", "reason": f"{NAME}: {words('agreed')}", "secret": secrets[1]}
    answer = await hub.http.post(f"/api/v1/recommendations/{hers}/status", json=told)
    assert answer.status_code == 200, answer.text
    return secrets


async def fill_meeting(hub: Hub, facilitator: Person) -> tuple[list[str], list[str]]:
    """Meetings that they are invited to: one is coming, one has been, at one there is a deputy.

    Returns the ids of the meetings, and the secrets of their links.
    """
    meetings, secrets = [], []
    for number in range(3):
        body = {**MEETING, "starts": f"2027-02-0{number + 1}T13:00",
                "ends": f"2027-02-0{number + 1}T14:00"}  # fmt: skip
        made = await facilitator.post("/workshops", body)
        assert made.status_code == 201, made.text
        meetings.append(made.json()["id"])
        path = f"/workshops/{meetings[-1]}"
        people = [{"email": EMAIL, "name": NAME, "language": "sv"},
                  {"email": "inga@example.org", "name": "Inga", "language": "en"}]  # fmt: skip
        answer = await facilitator.post(f"{path}/invitations", {"invitees": people})
        assert answer.status_code == 201, answer.text
        for act in ("plan", "invite"):
            assert (await facilitator.post(f"{path}/{act}")).status_code == 200
        secrets.append(await secret_of_invitee(hub, meetings[-1], EMAIL))
        reply = {"secret": secrets[-1], "reply": "deputy" if number == 2 else "room",
                 "name": f"{NAME} zloqxoname", "access": words("acc"), "food": words("food"),
                 "travel": words("trav"), "question": words("quest")}  # fmt: skip
        answer = await hub.http.post(f"/api/v1{path}/rsvp", json=reply)
        assert answer.status_code == 200, answer.text
    path = f"/workshops/{meetings[1]}"
    for act in ("confirm", "start", "end"):
        assert (await facilitator.post(f"{path}/{act}")).status_code == 200
    said = {"useful": 4, "text": words("feed"), "language": "sv"}
    answer = await hub.http.put(f"/api/v1/replies/{secrets[1]}/feedback", json=said)
    assert answer.status_code == 204, answer.text
    return meetings, secrets


async def fill_waiting(hub: Hub, about: Mapping[str, str]) -> None:
    """Mails to them that wait, by their kind."""
    later = hub.clock.now() + timedelta(days=1)
    async with hub.database.transaction() as tx:
        for kind, subject in about.items():
            await queue_mail(
                tx, kind, to=EMAIL, language="sv", facts=MAIL_FACTS[kind], now=hub.clock.now(),
                about=subject, due_at=later,
            )  # fmt: skip


async def invitee_of(hub: Hub, secret: str) -> str:
    async with hub.database.reading() as tx:
        _, invitee = await meeting_actions.access_by_secret(tx, secret)
        return invitee.id


async def secret_of_invitee(hub: Hub, meeting: str, email: str) -> str:
    async with hub.database.reading() as tx:
        for invitee in await meeting_actions.list_invitees(tx, meeting):
            if meeting_actions.who_is(tx, invitee).email == email:
                return mailed_secret(tx, invitee)
    raise AssertionError(email)


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


MEETING_FACTS = {"title": "T", "starts": "2026-12-24T12:00:00Z", "ends": "2026-12-24T13:00:00Z",
                 "url": "/x"}  # fmt: skip
# What each kind of mail is filled with. A kind that is not here has no probe.
MAIL_FACTS: dict[str, dict[str, str]] = {
    "sign_in": {"url": "/sign-in/x", "minutes": "60"},
    "account_invitation": {"url": "/sign-in/x", "role": "editor", "inviter": "Fatima"},
    "session_invitation": {"title": "T", "url": "/x", "starts": "", "inviter": "Fatima"},
    "comment_round": {"title": "T", "url": "/x", "day": "2026-12-24"},
    "follow_up": {"title": "T", "url": "/x", "day": "2026-12-24"},
    "words_withdrawn": {"title": "T", "url": "/x"},
    "accessibility_report": {"title": "T", "url": "/x", "text": "x", "where": "x", "email": ""},
    **{
        kind: {**MEETING_FACTS, **more}
        for kind, more in {
            "meeting_invitation": {"topic": "t", "why_you": "w", "reply_by": "2026-12-24"},
            "meeting_reminder": {"when": "quiet"},
            "meeting_reply": {"reply": "room"},
            "meeting_moved": {"reason": "r", "was": "2026-12-23T12:00:00Z"},
            "meeting_changed": {"changed": "place"},
            "meeting_cancelled": {"reason": "r"},
            "meeting_confirmed": {},
            "place_offered": {"until": "2026-12-23T12:00:00Z"},
            "meeting_thanks": {"feedback": "/x"},
            "meeting_follow_up": {"n": "1"},
        }.items()
    },
    "owner_asked": {"title": "T", "url": "/x", "day": "2026-12-24", "n": "1"},
    "recommendation_news": {"title": "T", "url": "/x", "n": "1"},
    "record_ready": {"title": "T", "url": "/x"},
    "summary_to_confirm": {"title": "T", "url": "/x", "day": "2026-12-24"},
    "summary_published": {"title": "T", "url": "/x"},
}


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> AsyncIterator[World]:
    """Filled, and then withdrawn from: by its own address in one session, by call in the other."""
    folder = tmp_path_factory.mktemp("outlets")
    async with running_hub(folder, blank) as hub:
        with capture_logs() as logs, pytest.MonkeyPatch.context() as patched:
            # What is in a PDF is what is in the page that it is made of.
            patched.setattr(paper, "_written", str.encode)
            session, in_forum, ids = await fill_forum(hub)
            talk, in_talk, more = await fill_dialogue(hub)
            roles = {r: await hub.account(r, r) for r in ("editor", "researcher", "admin")}
            number = await fill_charter(hub, talk, in_talk, roles["editor"])
            await fill_behind(hub, session.id, in_forum, ids["contribution_id"][0])
            await mail_jobs.send_due(
                mail_jobs.Post(hub.database, hub.clock, hub.screens.renderer, hub.settings)
            )
            await session.moved("close")
            summary, point = await fill_summary(hub, session, in_forum, roles["editor"], ids)
            owners = await fill_following(hub, session, ids)
            meetings, replies = await fill_meeting(hub, roles["admin"])
            await keep_time(hub)
            about = {
                "summary_published": in_forum.id,
                "owner_asked": ids["recommendation_id"][1],
                "meeting_reminder": await invitee_of(hub, replies[0]),
            }
            await fill_waiting(hub, about)
            async with hub.database.reading() as tx:
                [inga] = await tx.scalars(
                    select(Invitee).where(
                        Invitee.meeting_id == meetings[0], Invitee.language == "en"
                    )
                )
                shown = {
                    "replies": [await secret_of_invitee(hub, meetings[0], "inga@example.org")],
                    "calendar": [feed_secret(secret_of(tx), inga.id)],
                    "owners": owners[1:],
                    "news": [following.news_secret(tx, session.ben.id)],
                }
                statement = await tx.scalar(
                    select(Statement.id).where(Statement.summary_id == summary).limit(1)
                )
                tasks = list(await tx.scalars(select(Task.id)))
                news = following.news_secret(tx, in_forum.id)
            found = World(
                hub,
                session.id,
                talk.session.id,
                {
                    **roles, "nobody": Person(hub.http, ""), "facilitator": session.fatima,
                    "participant": session.ben, "themselves": in_forum,
                },
                {"forum": in_forum, "talk": in_talk, "ben_in_talk": talk.ben},
                {
                    "session_id": [session.id, talk.session.id],
                    "meeting_id": meetings, "summary_id": [summary], "point_id": [point],
                    "statement_id": [str(statement)], "task_id": tasks[:1],
                    "series_id": ["r_none"], "invitee_id": [inga.id],
                    "recommendation_id": ids["recommendation_id"],
                    "links": [f"/replies/{secret}" for secret in replies]
                    + [f"/owners/{secret}" for secret in owners]
                    + [f"/news/{news}"],
                    **{f"secret of {where}": secrets for where, secrets in shown.items()},
                    "contribution_id": ids["contribution_id"] + more["contribution_id"],
                    "participant_id": [in_forum.id, session.ben.id],
                    "number": [number],
                },
            )  # fmt: skip
            await look_at_everything(found)
            found.ids["there_before"] = sorted(
                {name for name, data in found.files() if found_in(data)}
            )
            found.ids["sealed_before"] = sorted(await sealed_with_them(hub))
            await withdraw(found)
        found.logged += [repr(line) for line in logs]
        yield found


async def look_at_everything(found: World) -> None:
    """Pages were read before: what they keep in memory is to go too."""
    [summary], meetings = found.ids["summary_id"], found.ids["meeting_id"]
    for path in (
        f"/sessions/{found.forum}/desk",
        f"/sessions/{found.forum}/record",
        f"/sessions/{found.forum}/owners",
        f"/recommendations?session={found.forum}",
        f"/summaries/{summary}?audience=leaders",
        f"/summaries/{summary}.txt?audience=leaders",
        f"/summaries/{summary}.pdf?audience=leaders",
        f"/summaries/{summary}/edit?audience=leaders",
        f"/api/v1/summaries/{summary}/points",
        "/summaries/feed.atom",
        "/search?q=zloqx",
        f"/workshops/{meetings[0]}/needs",
        f"/workshops/{meetings[0]}/replies",
        f"/workshops/{meetings[1]}/organise",
        "/" + found.ids["links"][0].strip("/"),
    ):
        answer = await found.hub.http.get(path, headers=found.people["facilitator"].headers)
        assert answer.status_code == 200, (path, answer.text)
        assert found_in(answer.text), path
    room = await found.hub.http.get(
        f"/sessions/{found.talk}", headers=found.seats["ben_in_talk"].headers
    )
    assert found_in(room.text)
    assert any(found_in(text) for text in texts_in_memory(found.hub))


async def keep_time(hub: Hub) -> None:
    """All that ticks: timed work, what is put where search finds it, the mail and its files."""
    await run_due(hub.app.state.runner)
    await summaries_jobs.translate_summaries(hub.screens, hub.translator)
    await indexing.fill(hub.screens)
    post = mail_jobs.Post(hub.database, hub.clock, hub.screens.renderer, hub.settings)
    await mail_jobs.send_due(post)
    await mail_jobs.sweep_outbox(post)


# What things are sealed for.
PURPOSES = (
    "invitation", "invitee words", "invitee", "mail", "owner", "person key",
)  # fmt: skip


async def sealed_with_them(hub: Hub) -> dict[str, set[str]]:
    """Where something of them is sealed, by column; everything sealed is opened."""
    where: dict[str, set[str]] = {}
    async with hub.database.reading() as tx:
        key = secret_of(tx)
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if not column.name.startswith("sealed"):
                    continue
                for sealed in await tx.scalars(select(column).where(column.is_not(None))):
                    opened = [text for p in PURPOSES if (text := opened_by(key, p, sealed))]
                    assert opened, f"{table.name}.{column.name}"
                    if found := found_in(opened[0]):
                        where.setdefault(f"{table.name}.{column.name}", set()).update(found)
    return where


def opened_by(key: str, purpose: str, sealed: str) -> str:
    try:
        return unseal(key, purpose, sealed)
    except Unreadable:
        return ""


async def withdraw(found: World) -> None:
    live = found.hub.screens.live

    async def emit(event: str, data: dict[str, Any], *, room: str) -> None:
        found.pushed.append((event, repr(data)))

    live.emit, live.wants = emit, lambda *_args: True
    body = {"keep_anonymous": False}
    hub = found.hub
    # Who is invited to a meeting is no participant: the way out is on the page of their reply.
    erased = await hub.http.post(f"{found.ids['links'][0]}/erase")
    assert erased.headers["location"] == "/replies/erased"
    database = [data for name, data in found.files() if name.startswith("hub.db")]
    assert b"zloqxofeed" not in b"".join(database)
    for who in (found.seats["forum"], found.seats["talk"]):
        answer = await who.post("/me/withdraw", body)
        assert answer.status_code == 200, answer.text
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
    await keep_time(hub)
    # The stand-in for the translator keeps what it was asked, which no hub does.
    hub.translator.asked.clear()
    await my_data.wipe(hub.screens)


# --- nowhere -------------------------------------------------------------------------------------


async def test_they_were_there_before(world: World) -> None:
    assert "hub.db" in world.ids["there_before"]
    assert any(name.endswith(".eml") for name in world.ids["there_before"])


async def test_no_byte_that_the_hub_keeps_has_them(world: World) -> None:
    assert {name: found for name, data in world.files() if (found := found_in(data))} == {}


async def test_nothing_that_is_sealed_has_them(world: World) -> None:
    there = set(world.ids["sealed_before"])
    assert {"owners.sealed", "invitees.sealed", "mails.sealed_to"} <= there
    assert {"invitees.sealed_needs", "invitees.sealed_question"} <= there
    assert await sealed_with_them(world.hub) == {}


async def test_their_links_open_nothing(world: World) -> None:
    for link in world.ids["links"]:
        for more in ("", "/no-more"):
            assert (await world.hub.http.get(link + more)).status_code == 404, link


async def test_no_copy_of_the_database_has_them(world: World, tmp_path: Path) -> None:
    if world.hub.leased is not None:
        pytest.skip("a copy of PostgreSQL is made of its rows, which another test looks through")
    with (
        contextlib.closing(sqlite3.connect(world.hub.settings.data_dir / "hub.db")) as source,
        contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
    ):
        source.backup(copy)
        dump = "\n".join(copy.iterdump())
    assert found_in((tmp_path / "copy.db").read_bytes()) == set()
    assert found_in(dump) == set()


async def test_no_backup_has_them(world: World, tmp_path: Path) -> None:
    done = await asyncio.to_thread(
        making.make,
        world.hub.settings,
        tmp_path / "backup",
        force=False,
        now=world.hub.clock.now(),
    )
    assert done.manifest.counts["contributions"] > 0
    with zipfile.ZipFile(tmp_path / "backup") as packed:
        names = packed.namelist()
        assert "hub.db" in names
        assert {name: found for name in names if (found := found_in(packed.read(name)))} == {}


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
    # The last word is a beginning; a page repeats what was looked for.
    "GET /search": ["q=zloqx", "q=zelvir"],
    "GET /api/v1/search": ["q=zloqx", "q=zelvir&language=sv"],
    "GET /schedule": [f"part={part}" for part in ("coming", "failed", "missed", "ran", "dropped")],
    "GET /api/v1/schedule": [f"part={part}" for part in ("failed", "missed", "ran", "dropped")],
    "GET /summaries/feed.atom": ["language=sv", "language=en"],
    "GET /calendar.ics": ["language=sv"],
    **{
        f"GET {path}": [f"audience={audience}{more}" for audience in AUDIENCES]
        for path, more in (
            ("/api/v1/summaries/{summary_id}", ""),
            ("/api/v1/summaries/{summary_id}/workbench", ""),
            ("/summaries/{summary_id}", "&easy=1"),
            ("/summaries/{summary_id}", "&draft=1"),
            ("/summaries/{summary_id}.txt", "&language=sv"),
            ("/summaries/{summary_id}.pdf", "&language=sv"),
            ("/summaries/{summary_id}/edit", ""),
        )
    },
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
    # Links of others: wrong ones are guesses, and soon no link is opened.
    kind = next((k for k in ("replies", "calendar", "owners", "news") if f"/{k}/" in path), "")
    ids = {**ids, "secret": ids[f"secret of {kind}"]} if kind else ids
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
            for role in ("nobody", "editor") if path.endswith("pdf") else ROLES:
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
    "audit check", "backup", "charter import", "demo", "doctor", "init", "migrate",
    "models install", "models list", "models remove", "participant erase", "restore", "serve",
    "token create", "translate", "user add", "user link",
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
    env = environment_of(folder)
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
