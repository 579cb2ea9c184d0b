"""A crowd that turns to the same moment of a session: what was said is read once for all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Refusal
from hub.gatherings import screens as screens_module
from hub.gatherings.models import Gathering
from tests.cast import Person, Session
from tests.conftest import Hub


@contextmanager
def statements(hub: Hub) -> Iterator[list[str]]:
    """What is asked of the database about what was said."""
    engine, asked = hub.database.engine.sync_engine, list[str]()

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        if "contributions.text" in statement:
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


async def room(session: Session, who: Person) -> str:
    cookie = {"Cookie": f"hub_seat_{session.id}={who.token}"}
    answer = await who.http.get(f"/sessions/{session.id}", headers=cookie | who.headers)
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
async def session(hub: Hub) -> Session:
    session = await hub.session()
    await session.astrid.said(session.id, "Vi fick fyra lappar.")
    await hub.screens.settle()
    return session


async def test_the_second_reader_of_a_moment_asks_for_less(hub: Hub, session: Session) -> None:
    with statements(hub) as first:
        assert "fyra lappar" in await room(session, session.ben)
    with statements(hub) as second:
        assert "fyra lappar" in await room(session, session.astrid)
    # What each has kept for themselves is read for each.
    assert len(second) == len(first) - 2


async def test_what_is_said_next_is_seen_at_once(hub: Hub, session: Session) -> None:
    await room(session, session.ben)
    await session.astrid.said(session.id, "Ingen av dem svarade.")
    assert "Ingen av dem svarade." in await room(session, session.ben)


async def test_what_was_not_committed_is_shown_to_nobody(hub: Hub, session: Session) -> None:
    await room(session, session.ben)

    async def undone(tx: AsyncSession, gathering: Gathering) -> None:
        gathering.revision += 1
        *_, said = await hub.screens.shared(tx, gathering)
        said["text"] = "Aldrig sagt."
        raise Refusal("undone")

    with pytest.raises(Refusal):
        await hub.screens.carry_out(session.id, undone)
    await session.astrid.said(session.id, "Till sist.")
    shown = await room(session, session.ben)
    assert "fyra lappar" in shown
    assert "Aldrig sagt" not in shown


async def test_words_that_are_taken_back_are_nowhere_at_once(hub: Hub, session: Session) -> None:
    await room(session, session.ben)
    assert "fyra lappar" in str(hub.screens._read)
    answer = await session.astrid.post("/me/withdraw", {"keep_anonymous": False})
    assert answer.is_success, answer.text
    assert "fyra lappar" not in str(hub.screens._read)
    assert "fyra lappar" not in await room(session, session.ben)


async def test_what_a_crowd_has_read_is_soon_let_go(
    hub: Hub, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.screens.forget()
    monkeypatch.setattr(screens_module, "CROWD_SECONDS", 0.0)
    await room(session, session.ben)
    # The loop has come round once more.
    await room(session, session.ben)
    await hub.screens.database.ping()
    assert not hub.screens._read
