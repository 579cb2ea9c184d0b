"""Mails wait in the database until a server has them, and are never lost."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.mail import jobs
from hub.mail.actions import KINDS, drop_mails, queue_mail
from hub.mail.jobs import CLAIM, WAITS, Post, send_due
from hub.mail.transport import NotSent, deliver
from hub.settings import Settings
from tests.render.made_up import MAIL_FACTS

from .conftest import SECRET, Server, move, rows, with_server

ASTRID = "astrid@example.org"
HOSTILE = 'A\r\nBcc: all@example.org\n\n<script>alert(1)</script>{{ 7*7 }} %(url)s "x"\u202e'


async def queue(post: Post, kind: str = "sign_in", **more: Any) -> str:
    fields: dict[str, Any] = {"to": ASTRID, "language": "sv", "facts": MAIL_FACTS[kind], **more}
    async with post.database.transaction() as tx:
        mail = await queue_mail(tx, kind, now=post.clock.now(), **fields)
        return mail.id


async def test_a_mail_reaches_a_server_in_two_forms_and_leaves_no_address_behind(
    post: Post, server: Server
) -> None:
    sending = with_server(post, server.url)
    await queue(post)
    assert await send_due(sending) == 1
    (got,) = server.got
    assert (got.sender, got.to) == ("hub@hub.test", [ASTRID])
    message = got.message
    assert message["From"] == "Samrum <hub@hub.test>"
    assert message["To"] == ASTRID
    assert message["Subject"] == "Din länk för att logga in"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == post.clock.now()
    assert message["Message-ID"].endswith("@hub.test>")
    assert message["Content-Language"] == "sv"
    assert message.get_content_type() == "multipart/alternative"
    plain, html = (part.get_content() for part in message.iter_parts())
    url = MAIL_FACTS["sign_in"]["url"]
    assert url in plain
    assert url.replace("&", "&amp;") in html
    assert '<html lang="sv">' in html
    (row,) = await rows(post)
    assert (row.sealed_to, row.sealed_facts, row.due_at) == (None, None, None)
    assert row.sent_at == post.clock.now()
    assert await send_due(sending) == 0
    assert len(server.got) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["sv", "en", "both"])
async def test_every_kind_is_written_in_every_language(
    post: Post, kind: str, language: str
) -> None:
    await queue(post, kind, language=language)
    assert await send_due(post) == 1
    (path,) = post.settings.outbox_dir.iterdir()
    message = read(path)
    plain = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    for words in (plain, html):
        assert ("Samrum sent this e-mail" in words) is (language != "sv")
        assert ("mejlet kommer från Samrum" in words) is (language != "en")
    assert (" / " in message["Subject"]) is (language == "both")
    if language == "both":
        assert plain.index("kommer från Samrum") < plain.index("Samrum sent this e-mail")
        assert '<div lang="sv">' in html
        assert '<div lang="en">' in html
    assert "&lt;" not in plain
    assert "%(" not in plain + html


def read(path: Path) -> Any:
    from .conftest import Received

    return Received("", [], path.read_bytes()).message


async def test_a_link_within_the_hub_becomes_a_whole_address(post: Post) -> None:
    await queue(post, facts={**MAIL_FACTS["sign_in"], "url": "/sign-in/sl_x?next=/account"})
    await send_due(post)
    (path,) = post.settings.outbox_dir.iterdir()
    plain = read(path).get_body(("plain",)).get_content()
    assert "https://hub.test/sign-in/sl_x?next=/account" in plain.splitlines()


@pytest.mark.parametrize("kind", ["session_invitation", "comment_round", "words_withdrawn"])
async def test_a_hostile_title_stays_text_and_adds_no_header(
    post: Post, server: Server, kind: str
) -> None:
    facts = {**MAIL_FACTS[kind], "title": HOSTILE}
    if "inviter" in facts:
        facts["inviter"] = HOSTILE
    await queue(post, kind, facts=facts)
    await send_due(with_server(post, server.url))
    (got,) = server.got
    assert got.to == [ASTRID]
    message = got.message
    assert message["Bcc"] is None
    assert "Bcc: all@example.org <script>alert(1)</script>{{ 7*7 }}" in message["Subject"]
    assert "\u202e" not in message["Subject"]
    html = message.get_body(("html",)).get_content()
    assert "<script" not in html
    assert "49" not in html
    plain = message.get_body(("plain",)).get_content()
    assert "&lt;" not in plain
    assert ("<script>alert(1)</script>" in plain) is (kind != "comment_round")


@pytest.mark.parametrize(
    "address", ["a@b.se, c@d.se", "a@b.se\r\nBcc: c@d.se", "a b@c.se", "<a@b.se>", "nobody"]
)
async def test_what_is_no_address_is_given_up_at_once(
    post: Post, server: Server, address: str
) -> None:
    await queue(post, to=address)
    assert await send_due(with_server(post, server.url)) == 0
    assert server.got == []
    (row,) = await rows(post)
    assert row.failed_at is not None
    assert row.sealed_to is None


async def test_without_a_server_mails_are_files_that_only_the_owner_reads(post: Post) -> None:
    mail = await queue(post)
    await send_due(post)
    folder = post.settings.outbox_dir
    (path,) = folder.iterdir()
    assert path.name == f"20261124T123000Z-{mail}.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert read(path)["To"] == ASTRID


async def test_an_outbox_that_cannot_be_written_makes_mail_wait(post: Post) -> None:
    await queue(post)
    post.settings.outbox_dir.write_text("in the way")
    assert await send_due(post) == 0
    (row,) = await rows(post)
    assert (row.fault, row.due_at) == ("outbox", post.clock.now() + WAITS[0])
    post.settings.outbox_dir.unlink()
    move(post, minutes=1)
    assert await send_due(post) == 1


async def test_a_mail_waits_for_its_time_and_is_not_sent_too_late(post: Post) -> None:
    now = post.clock.now()
    await queue(post, due_at=now + timedelta(hours=1), until_at=now + timedelta(hours=2))
    assert await send_due(post) == 0
    move(post, minutes=60)
    assert await send_due(post) == 1
    await queue(post, until_at=post.clock.now() + timedelta(minutes=5))
    move(post, minutes=5)
    assert await send_due(post) == 0
    late = (await rows(post))[1]
    assert (late.fault, late.failed_at) == ("late", post.clock.now())
    assert late.sealed_to is None


async def test_while_the_server_is_down_mail_waits_longer_and_longer_and_then_ends(
    post: Post, server: Server
) -> None:
    sending = with_server(post, server.url)
    server.stop()
    await queue(post)
    for tries, wait in enumerate(WAITS, start=1):
        assert await send_due(sending) == 0
        (row,) = await rows(post)
        assert (row.attempts, row.fault) == (tries, "unreachable")
        assert row.due_at == post.clock.now() + wait
        assert row.sealed_to is not None
        move(post, seconds=wait.total_seconds() - 1)
        assert await send_due(sending) == 0
        assert (await rows(post))[0].attempts == tries
        move(post, seconds=1)
    assert await send_due(sending) == 0
    (row,) = await rows(post)
    assert row.failed_at == post.clock.now()
    assert (row.due_at, row.sealed_to, row.sealed_facts) == (None, None, None)


async def test_a_server_that_comes_back_gets_every_mail_once(post: Post, server: Server) -> None:
    sending = with_server(post, server.url)
    for number in range(5):
        await queue(post, to=f"p{number}@example.org")
    server.stop()
    assert await send_due(sending) == 0
    # The first found nobody there; the others were not tried in vain.
    assert sorted(row.attempts for row in await rows(post)) == [0, 0, 0, 0, 1]
    server.start(port=server.port)
    move(post, minutes=1)
    assert await send_due(sending) == 5
    assert sorted(got.to[0] for got in server.got) == [f"p{n}@example.org" for n in range(5)]
    ids = {got.message["Message-ID"] for got in server.got}
    assert len(ids) == 5


@pytest.mark.parametrize(
    ("recipient", "data", "fault", "for_good"),
    [
        ("550 no such person", "250 ok", "refused", True),
        ("450 later", "250 ok", "busy", False),
        ("250 ok", "554 no", "refused", True),
        ("250 ok", "452 full", "busy", False),
    ],
)
async def test_a_bad_address_is_not_tried_again_and_a_busy_server_is(
    post: Post, server: Server, recipient: str, data: str, fault: str, for_good: bool
) -> None:
    sending = with_server(post, server.url)
    server.recipient_answer, server.data_answer = recipient, data
    await queue(post)
    assert await send_due(sending) == 0
    (row,) = await rows(post)
    assert row.fault == fault
    assert (row.failed_at is not None) is for_good
    assert (row.sealed_to is None) is for_good
    server.recipient_answer = server.data_answer = "250 ok"
    move(post, minutes=1)
    assert await send_due(sending) == (0 if for_good else 1)


async def test_a_host_with_swedish_letters_is_written_as_servers_know_it(
    post: Post, server: Server
) -> None:
    await queue(post, to="maja@räksmörgås.se")
    assert await send_due(with_server(post, server.url)) == 1
    (got,) = server.got
    assert got.to == ["maja@xn--rksmrgs-5wao1o.se"]
    assert got.message["To"] == "maja@xn--rksmrgs-5wao1o.se"


async def test_one_bad_address_does_not_hold_up_the_others(post: Post, server: Server) -> None:
    await queue(post, to="nobody")
    await queue(post, to="ben@example.org")
    assert await send_due(with_server(post, server.url)) == 1


async def test_a_password_is_used_and_a_wrong_one_is_told_apart(post: Post) -> None:
    server = Server(user="hub", password="p@ss:w/rd")
    server.start()
    try:
        address = f"hub:p%40ss%3Aw%2Frd@127.0.0.1:{server.port}"
        await queue(post)
        wrong = with_server(post, f"smtp://hub:no@127.0.0.1:{server.port}")
        assert await send_due(wrong) == 0
        assert (await rows(post))[0].fault == "sign_in"
        move(post, minutes=1)
        assert await send_due(with_server(post, f"smtp://{address}")) == 1
    finally:
        server.stop()


async def test_no_mail_goes_unencrypted_where_encryption_is_required(
    post: Post, server: Server
) -> None:
    await queue(post)
    assert await send_due(with_server(post, f"{server.url}&starttls=required")) == 0
    assert server.got == []
    (row,) = await rows(post)
    assert row.fault in ("not_supported", "unreachable")
    assert row.due_at is not None


async def test_a_process_that_dies_after_sending_sends_the_same_mail_again(
    post: Post, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = with_server(post, server.url)
    await queue(post)

    async def die_after(letter: Any, settings: Settings) -> None:
        await deliver(letter, settings)
        raise asyncio.CancelledError

    monkeypatch.setattr(jobs, "deliver", die_after)
    with pytest.raises(asyncio.CancelledError):
        await send_due(sending)
    monkeypatch.undo()
    assert await send_due(sending) == 0
    move(post, seconds=CLAIM.total_seconds())
    assert await send_due(sending) == 1
    first, second = (got.message["Message-ID"] for got in server.got)
    assert first == second


KILLED = """
    import asyncio, sys
    from pathlib import Path
    from hub.clock import Clock
    from hub.db import Database
    from hub.mail import jobs
    from hub.render import Renderer
    from hub.settings import Settings
    from hub.web import data_folder

    async def main():
        settings = Settings(
            data_dir=Path(sys.argv[1]), base_url="https://hub.test", secret_key=sys.argv[2],
            smtp_url=sys.argv[3],
        )
        renderer = Renderer(
            data_folder("templates"), data_folder("translations"), timezone="Europe/Stockholm"
        )
        database = Database(settings.database, secret_key=settings.read_key())
        await jobs.send_due(jobs.Post(database, Clock(), renderer, settings))

    asyncio.run(main())
"""


async def test_a_process_killed_while_it_sends_loses_no_mail(post: Post, server: Server) -> None:
    """The mail is claimed in one process, which is killed while the server has not answered."""
    reached = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def stall(*_args: Any) -> str:
        loop.call_soon_threadsafe(reached.set)
        await asyncio.sleep(3600)
        return "250 never"

    taking, server.handle_DATA = server.handle_DATA, stall  # type: ignore[method-assign]
    await queue(post, due_at=post.clock.now() - timedelta(days=3650))
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(KILLED),
            str(post.settings.data_dir),
            SECRET,
            server.url,
        ],
        stderr=subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            await reached.wait()
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    (row,) = await rows(post)
    assert (row.attempts, row.sent_at) == (1, None)
    assert row.sealed_to is not None
    server.handle_DATA = taking  # type: ignore[method-assign]
    assert row.due_at is not None
    later = replace(post, clock=At(row.due_at))
    assert await send_due(with_server(later, server.url)) == 1
    assert [got.to for got in server.got] == [[ASTRID]]


class At:
    """A clock that stands at one moment."""

    def __init__(self, moment: Any) -> None:
        self._moment = moment

    def now(self) -> Any:
        return self._moment


async def test_two_processes_send_a_mail_once(post: Post, server: Server) -> None:
    sending = with_server(post, server.url)
    for number in range(8):
        await queue(post, to=f"p{number}@example.org")
    assert sum(await asyncio.gather(send_due(sending), send_due(sending))) == 8
    assert sorted(got.to[0] for got in server.got) == [f"p{n}@example.org" for n in range(8)]


async def test_a_mail_that_was_dropped_is_not_sent(post: Post) -> None:
    await queue(post, about="p_1")
    kept = await queue(post, about="p_2")
    async with post.database.transaction() as tx:
        await drop_mails(tx, "p_1")
    assert await send_due(post) == 1
    assert [row.id for row in await rows(post)] == [kept]


async def test_a_mail_sealed_with_another_key_is_given_up_and_holds_up_nothing(
    post: Post,
) -> None:
    await queue(post)
    async with post.database.transaction() as tx:
        tx.info["secret_key"] = "another"
        await queue_mail(
            tx,
            "sign_in",
            to=ASTRID,
            language="sv",
            facts=MAIL_FACTS["sign_in"],
            now=post.clock.now(),
        )
    assert await send_due(post) == 1
    assert sorted(str(row.fault) for row in await rows(post)) == ["None", "unreadable"]


async def test_logs_of_mail_hold_no_address(
    post: Post, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    await queue(post)
    await queue(post, to="nobody")
    server.recipient_answer = f"550 5.1.1 <{ASTRID}> is unknown"
    await send_due(with_server(post, server.url))
    server.stop()
    await queue(post)
    await send_due(with_server(post, "smtp://127.0.0.1:1"))
    out = capsys.readouterr()
    assert "mail given up" in out.out + out.err
    assert "mail waits" in out.out + out.err
    assert ASTRID not in out.out + out.err
    assert "nobody" not in out.out + out.err
    assert all(ASTRID not in str(row.fault) for row in await rows(post))


def test_an_unsendable_mail_says_what_kind_of_fault_it_was() -> None:
    fault = NotSent("busy")
    assert (fault.fault, fault.for_good, fault.everywhere) == ("busy", False, False)


async def test_a_mail_dropped_while_it_is_sent_leaves_no_file(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue(post, about="p_gone")

    async def drop_and_deliver(letter: Any, settings: Any) -> None:
        async with post.database.transaction() as tx:
            await drop_mails(tx, "p_gone")
        await deliver(letter, settings)

    monkeypatch.setattr(jobs, "deliver", drop_and_deliver)
    await jobs.send_due(post)
    assert not list(post.settings.outbox_dir.glob("*.eml"))
