from __future__ import annotations

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest

from hub.gatherings.models import access_gathering, list_contributions
from hub.gatherings.qda import as_project
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


async def test_a_project_for_qualitative_analysis_points_at_the_words_it_codes(hub: Hub) -> None:
    session = await hub.session()
    await session.astrid.said(session.id, "Ingen var min 😀 <b>& \uffff</b>")
    gone = await session.ben.said(session.id, "Taken back")
    await session.ben.delete(f"/contributions/{gone['id']}")
    await session.go_to("reflect")
    await session.astrid.said(session.id, "Hemlig tanke", "reflection")
    await hub.translate()
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)
        shared = await hub.screens.shared(tx, gathering)
        data = as_project({"id": session.id, "title": gathering.title}, shared)
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        root = ElementTree.fromstring(file.read("project.qde"))
        space = {"q": "urn:QDA-XML:project:1.0"}
        codes = {c.get("guid"): c.get("name") for c in root.iterfind(".//q:Code", space)}
        everything = ""
        for source in root.iterfind(".//q:TextSource", space):
            path = str(source.get("plainTextPath")).removeprefix("internal://")
            text = file.read(f"sources/{path}").decode()
            everything += text
            selections = source.findall("q:PlainTextSelection", space)
            mine = next(s for s in selections if s.get("name") == "2")
            words = text[int(mine.get("startPosition", 0)) : int(mine.get("endPosition", 0))]
            assert words.endswith("Ingen var min 😀 <b>& \uffff</b>")
            refs = [codes[r.get("targetGUID")] for r in mine.iterfind(".//q:CodeRef", space)]
            assert {"phase: arrive", "kind: contribution", "group: lived"} <= set(refs)
    assert "Taken back" not in everything
    assert "Hemlig" not in everything


async def test_files_of_a_made_up_session_say_so(hub: Hub) -> None:
    session = await hub.session()
    async with hub.database.reading() as tx:
        gathering = await access_gathering(tx, session.id)
        text = as_csv(await list_contributions(tx, session.id), demonstration=True)
    assert {row["demonstration"] for row in csv.DictReader(io.StringIO(text))} == {"yes"}
    about = {"id": session.id, "title": gathering.title, "demonstration": True}
    with zipfile.ZipFile(io.BytesIO(as_project(about, []))) as file:
        name = ElementTree.fromstring(file.read("project.qde")).get("name")
    assert str(name).startswith("Demonstration: ")
