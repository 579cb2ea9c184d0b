"""What moderation means for those who are connected."""

from __future__ import annotations

from typing import Any

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
