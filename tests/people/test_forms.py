"""What a form may hold."""

from __future__ import annotations

from tests.conftest import Hub


async def test_a_page_gives_back_no_control_characters(hub: Hub) -> None:
    form = {"email": "maja\x00\x1b[2J\x9b@example.org", "password": "wrong"}
    answer = await hub.http.post("/sign-in", data=form)
    assert answer.status_code == 422
    assert "maja[2J@example.org" in answer.text
    assert not any(sign in answer.text for sign in "\x00\x1b\x9b")
