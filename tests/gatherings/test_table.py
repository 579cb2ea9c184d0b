from __future__ import annotations

import csv
import io

import pytest

from hub.gatherings.models import list_contributions
from hub.gatherings.table import as_csv, safe_cell
from tests.conftest import Hub


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_shows_a_formula_and_never_runs_it(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


async def test_the_table_has_a_row_for_each_post_and_none_for_what_is_hidden(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, '=HYPERLINK("x"), "citat"\noch ny rad')
    gone = await session.ben.said(session.id, "Taken back")
    hidden = await session.ben.said(session.id, "Hidden words")
    await session.ben.delete(f"/contributions/{gone['id']}")
    await session.fatima.post(f"/contributions/{hidden['id']}/hide", {"reason": "x"})
    await hub.translate()
    async with hub.database.reading() as tx:
        text = as_csv(await list_contributions(tx, session.id))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [r["kind"] for r in rows] == ["bot", "contribution", "removed"]
    assert rows[1]["text"].startswith("'=HYPERLINK")
    assert rows[1]["translation"].startswith("[en] =HYPERLINK")
    assert (rows[2]["text"], rows[2]["author"]) == ("", "")
    assert "Hidden words" not in text


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/nowhere", "GET", 404),
        ("/api/v1/nowhere", "GET", 404),
        ("/api/v1/formats", "DELETE", 405),
        ("/sessions/s_nothing", "GET", 303),
        ("/resume/pt_nothing", "GET", 404),
        ("/sign-in/sl_nothing", "POST", 409),
        ("/join/NOTHING1", "GET", 404),
    ],
)
@pytest.mark.parametrize("language", ["sv", "en"])
async def test_a_wrong_address_is_answered_in_the_readers_language(
    hub: Hub, path: str, method: str, status: int, language: str
) -> None:
    answer = await hub.http.request(method, path, headers={"accept-language": language})
    assert answer.status_code == status
    if path.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
    elif status != 303:
        assert f'<html lang="{language}">' in answer.text


async def test_a_body_that_is_too_large_is_refused(hub: Hub) -> None:
    answer = await hub.http.post("/api/v1/join", content=b"x" * 5_000_000)
    assert answer.status_code == 413
    assert answer.json()["status"] == 413
