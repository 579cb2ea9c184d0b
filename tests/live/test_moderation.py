"""What moderation means for those who are connected."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from hub.people import actions as people
from hub.people.models import Participant, SignIn

from ..cast import Person
from .conftest import Server

DANGER = "Jag har sparat tabletter och vill inte leva längre."


async def test_who_is_sent_out_hears_so_and_nothing_more(server: Server, connect: Any) -> None:
    session = await server.session()
    ben = await connect(session.ben.token)
    await ben.enter(session.id, "en")
    out = await session.fatima.post(
        f"/sessions/{session.id}/participants/{session.ben.id}/remove", {"reason": "disturbs"}
    )
    assert out.status_code == 200
    told = await ben.until(lambda name, data: data if name == "notice" else None)
    assert told == {"session": session.id, "gone": True}
    await session.astrid.said(session.id, "Efter att du visades ut")
    await server.app.state.screens.settle()
    assert "Efter att du" not in str(ben.events)
    assert (await ben.enter(session.id, "en"))["ok"] is False
    assert (await ben.client.call("typing", {"session": session.id}, timeout=60))["ok"] is False


async def test_a_hidden_post_leaves_all_screens_and_its_author_is_told_why(
    server: Server, connect: Any
) -> None:
    session = await server.session()
    astrid, ben = await connect(session.astrid.token), await connect(session.ben.token)
    await astrid.enter(session.id, "sv")
    said = await session.astrid.said(session.id, "Grannen på tredje våningen")
    await ben.enter(session.id, "en", after=said["revision"])
    body = {"reason": "third_person", "note": "Skriv utan våningen"}
    await session.fatima.post(f"/contributions/{said['id']}/hide", body)

    def hidden(name: str, data: dict[str, Any]) -> Any:
        found = [item.get("contribution", {}) for item in data.get("items", [])]
        return next((c for c in found if c.get("id") == said["id"] and c["hidden"]), None)

    theirs = await ben.until(hidden)
    assert (theirs["text"], theirs["hidden_code"], theirs["hidden_reason"]) == ("", None, "")
    await astrid.until(
        lambda name, data: name == "private" and "third_person" in str(data["items"])
    )
    await server.app.state.screens.settle()
    for words in ("Skriv utan", "third_person"):
        assert words not in str(ben.events)


async def test_a_post_that_waits_is_on_no_screen_but_its_authors(
    server: Server, connect: Any
) -> None:
    session = await server.session()
    await session.fatima.put(f"/sessions/{session.id}/moderation", {"holds_risky": True})
    astrid, ben = await connect(session.astrid.token), await connect(session.ben.token)
    desk = await connect(session.fatima.token)
    for screen, language in ((astrid, "sv"), (ben, "en"), (desk, "en")):
        await screen.enter(session.id, language)
    said = await session.astrid.said(session.id, DANGER)
    await astrid.until(lambda name, data: name == "private" and said["id"] in str(data))
    await server.app.state.screens.settle()
    assert "tabletter" not in str(ben.events) + str(desk.events)
    await session.fatima.post(f"/contributions/{said['id']}/let-through")

    def shared(name: str, data: dict[str, Any]) -> Any:
        found = [item.get("contribution", {}) for item in data.get("items", [])]
        return name == "changes" and any(c.get("id") == said["id"] for c in found)

    await ben.until(shared)


async def runner(server: Server, name: str, role: str) -> tuple[Person, SignIn]:
    """Somebody with an account, and the sign-in of their token."""
    now = server.app.state.clock.now()
    async with server.app.state.database.transaction() as tx:
        account = await people.add_account(
            tx, email=f"{name}@example.org", name=name, role=role, language="en", now=now
        )
        token = await people.sign_in(tx, account, kind="token", now=now)
        sign_in = await tx.scalar(select(SignIn).where(SignIn.account_id == account.id))
    assert sign_in is not None
    return Person(server.http, token, id=account.id, name=name, language="en"), sign_in


@pytest.mark.parametrize("how", ["ended", "demoted", "closed"])
async def test_a_connection_ends_with_the_sign_in_that_it_rests_on(
    server: Server, connect: Any, how: str
) -> None:
    session = await server.session()
    (gun, sign_in), (admin, _) = (
        await runner(server, f"gun-{how}", "facilitator"),
        await runner(server, f"ada-{how}", "admin"),
    )
    screen = await connect(gun.token)
    assert (await screen.enter(session.id, "en"))["ok"]
    if how == "ended":
        assert (await gun.delete(f"/me/sign-ins/{sign_in.id}")).status_code == 204
    else:
        change = {"role": "editor"} if how == "demoted" else {"disabled": True}
        assert (await admin.put(f"/accounts/{gun.id}", change)).status_code == 200
    await session.astrid.said(session.id, "Efter att inloggningen tog slut")
    await server.app.state.screens.settle()
    assert "Efter att inloggningen" not in str(screen.events)
    assert (await screen.enter(session.id, "en"))["ok"] is False


async def test_who_left_elsewhere_hears_nothing_more_before_long(
    server: Server, connect: Any
) -> None:
    session = await server.session()
    ben = await connect(session.ben.token)
    await ben.enter(session.id, "en")
    async with server.app.state.database.transaction() as tx:
        # As another process does it, which does not have Ben's connection.
        seat = await tx.get_one(Participant, session.ben.id)
        seat.removed_at = server.app.state.clock.now()
    await server.app.state.ticker.jobs["sockets"].run()
    await session.astrid.said(session.id, "Efter att du visades ut av en annan process")
    await server.app.state.screens.settle()
    assert "annan process" not in str(ben.events)
