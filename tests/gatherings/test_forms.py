"""Bad input by form: a sentence in the reader's language, every word still there, no change."""

from __future__ import annotations

import html
from typing import Any

import httpx
import pytest

from tests.conftest import Hub


async def send(hub: Hub, session: Any, person: Any, **fields: str) -> httpx.Response:
    cookies = {f"hub_seat_{session.id}": person.token}
    form = {"client_id": "form-1", "kind": "contribution", **fields}
    path = f"/sessions/{session.id}/contributions"
    return await hub.http.post(path, data=form, cookies=cookies)


async def revision(session: Any) -> int:
    return int((await session.fatima.get(f"/sessions/{session.id}")).json()["revision"])


@pytest.mark.parametrize("who", ["astrid", "ben"])
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"text": ""}, 422),
        ({"text": " \n\t "}, 422),
        ({"text": "\u200b\u2060"}, 422),
        ({"text": "x" * 20_000}, 422),
        ({"text": "hej", "language": "de"}, 422),
        ({"text": "hej", "kind": "nonsense"}, 422),
        ({"text": "hej", "kind": "theme"}, 409),
        ({"text": "hej", "kind": "facilitation"}, 403),
        ({"text": "hej", "reply_to": "c_nothing"}, 422),
    ],
)
async def test_a_bad_form_comes_back_and_changes_nothing(
    hub: Hub, who: str, fields: dict[str, str], status: int
) -> None:
    session = await hub.session()
    person = getattr(session, who)
    before = await revision(session)
    answer = await send(hub, session, person, **fields)
    assert answer.status_code == status
    assert f'<html lang="{person.language}">' in answer.text
    assert 'role="alert"' in answer.text
    assert await revision(session) == before
    if fields["text"].strip() and fields["text"].isascii():
        assert fields["text"] in answer.text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "\u202eesrever\u202c",
        "مرحبا",
        "**fet** [x](javascript:alert(1))",
        "{{ 7 * 7 }}",
    ],
)
async def test_what_came_by_form_is_shown_as_text_on_every_face(hub: Hub, text: str) -> None:
    session = await hub.session()
    assert (await send(hub, session, session.astrid, text=text)).status_code == 303
    await hub.translate()
    cookies = {f"hub_seat_{session.id}": session.ben.token}
    for path in ("", "/record"):
        page = (await hub.http.get(f"/sessions/{session.id}{path}", cookies=cookies)).text
        shown = html.unescape(page)
        assert text in shown
        assert "<script>alert" not in page
        assert "<img src=x" not in page


async def test_a_form_for_a_closed_or_foreign_session_is_refused(hub: Hub) -> None:
    session, other = await hub.session(), await hub.session()
    foreign = {f"hub_seat_{other.id}": other.astrid.token}
    path = f"/sessions/{session.id}/contributions"
    refused = await hub.http.post(path, data={"client_id": "x", "text": "hej"}, cookies=foreign)
    assert refused.status_code == 404
    await session.moved("close")
    closed = await send(hub, session, session.astrid, text="För sent men inte borta")
    assert closed.status_code == 409
    assert "För sent men inte borta" in closed.text
    cookies = {f"hub_seat_{session.id}": session.astrid.token}
    start = await hub.http.post(f"/sessions/{session.id}/reopen", cookies=cookies)
    assert start.status_code == 403
