"""The public pages of charters."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
import zlib

import pytest

from hub.charters import fit, paper
from hub.charters.models import Outcome
from hub.db import new_id
from tests.charters.desk import NOTE, VST, adopted, form_of, get, outcome, send
from tests.conftest import START, Hub

PAGE = f"/charters/{VST}"


async def test_the_list_tells_our_promises_from_documents_we_have_no_text_of(hub: Hub) -> None:
    html = (await get(hub, "/charters")).text
    ours, foreign = html.split('id="foreign-h"')
    assert "Made together: ten promises" in ours
    assert "Public Services Inside Out" in foreign
    assert "We have no text of these" in foreign
    assert "Not known" in foreign
    entry = await get(hub, "/charters/nef-nesta")
    assert "We have no text of this one" in entry.text
    assert (await get(hub, "/charters/no-such")).status_code == 404


async def test_a_charter_is_read_in_either_language_or_both(hub: Hub) -> None:
    both, swedish = "All knowledge counts", "All kunskap räknas"
    in_english = (await get(hub, PAGE)).text
    assert both in in_english
    assert swedish not in in_english
    in_swedish = (await get(hub, f"{PAGE}?view=sv")).text
    assert f'<span lang="sv" dir="auto">{swedish}</span>' in in_swedish
    side_by_side = (await get(hub, f"{PAGE}?view=both")).text
    assert both in side_by_side
    assert swedish in side_by_side
    assert 'id="vst-3"' in side_by_side
    assert "Draft" in side_by_side
    assert "Adopted" not in side_by_side


async def test_a_page_that_has_not_changed_is_not_sent_again(hub: Hub) -> None:
    first = await get(hub, PAGE)
    again = await get(hub, PAGE, **{"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert first.headers["last-modified"].endswith("GMT")
    other_language = {"If-None-Match": first.headers["etag"], "Accept-Language": "sv"}
    assert (await get(hub, PAGE, **other_language)).status_code == 200
    editor = await hub.account("editor", "Edda")
    seen = await get(hub, PAGE, editor, **{"If-None-Match": first.headers["etag"]})
    assert seen.status_code == 200
    changed = await form_of(hub, "vst-1", text_en="Other words.")
    await send(hub, f"{PAGE}/principles/vst-1/edit", editor, **changed)
    assert (await get(hub, PAGE, **{"If-None-Match": first.headers["etag"]})).status_code == 200


async def test_what_was_adopted_stays_while_it_is_reworked(hub: Hub) -> None:
    editor, session = await hub.account("editor", "Edda"), await hub.session()
    await adopted(hub, editor, session.id, "vst-3")
    before = (await get(hub, f"{PAGE}?view=sv")).text
    assert "Adopted by Brukarrådet" in before
    words = await form_of(hub, "vst-3", text_sv="Att ha levt med något är kunskap. Punkt.")
    await send(hub, f"{PAGE}/principles/vst-3/edit", editor, **words)
    html = (await get(hub, f"{PAGE}?view=sv")).text
    principle = html.split('id="vst-3"')[1].split("</article>")[0]
    stands, tried = principle.split("What is being tried instead")
    assert "ingen av dem har självklart sista ordet" in stands
    assert "This text stands until it is replaced" in stands
    assert '<ins><span class="vh" lang="en">added: </span>' in tried
    assert "Punkt" in tried
    version = (await get(hub, f"{PAGE}/versions/1.0?view=sv")).text
    assert "Punkt" not in version
    assert "ingen av dem har självklart sista ordet" in version
    assert NOTE["en"] in version
    assert f"/sessions/{session.id}/record" in version
    assert "latest" not in version
    assert (await get(hub, f"{PAGE}/versions/7.0")).status_code == 404


async def test_what_changed_since_a_version_is_told_word_by_word(hub: Hub) -> None:
    editor = await hub.account("editor", "Edda")
    form = {"act": "version", "number": "0.2", "note_sv": "Först", "note_en": "First"}
    assert (await send(hub, f"{PAGE}/edit", editor, **form)).status_code == 303
    words = await form_of(hub, "vst-4", title_en="Ask who is not here")
    await send(hub, f"{PAGE}/principles/vst-4/edit", editor, **words)
    html = (await get(hub, f"{PAGE}?view=both")).text
    assert "What has changed since version 0.2" in html
    assert re.search(r"<del>.*missing</del><ins>.*not here</ins>", html)
    assert "Changed: 4" in html
    second = {**form, "number": "0.3", "note_en": "Second"}
    await send(hub, f"{PAGE}/edit", editor, **second)
    assert "What changed from version 0.2 to version 0.3" in (await get(hub, PAGE)).text
    old = (await get(hub, f"{PAGE}/versions/0.2")).text
    assert "The latest is 0.3" in old
    assert "Ask who is missing" in old


async def test_a_page_names_no_word_that_may_not_be_shown(hub: Hub) -> None:
    editor = await hub.account("editor", "Edda")
    pasted = "# A borrowed text\n\n## One\n\nSecret words of somebody else.\n"
    form = {"pasted": pasted, "kind": "md", "language": "en", "right": "By permission."}
    made = await send(hub, "/charters/import", editor, **form)
    assert made.status_code == 303, made.text
    page = made.headers["location"].removesuffix("/edit")
    for path in (page, f"{page}?view=both", "/charters", f"{page}/fit"):
        assert "Secret words" not in (await get(hub, path)).text
    assert (await get(hub, f"{page}/pdf")).status_code == 404
    shown = await get(hub, f"{page}/edit", editor)
    assert "One" in shown.text


# --- how well it fits -----------------------------------------------------------------------


def rated(session: str, counts: list[int], **groups: list[int]) -> Outcome:
    return Outcome(
        id=new_id("o"),
        gathering_id=session,
        charter_id="x",
        principle_id="p",
        decision="keep",
        passed=1,
        counts=counts,
        counts_by_group=groups,
        closed_at=START,
    )


ONE = [{"id": "p", "n": 1, "title": {"sv": "Ett", "en": "One"}}]


def test_the_figure_says_what_the_ratings_say_from_five_on() -> None:
    found = fit.figure(ONE, [rated("a", [0, 0, 1, 1, 2])])
    assert found is not None
    assert found["rows"][0]["label"] is None
    found = fit.figure(ONE, [rated("a", [0, 0, 1, 1, 2]), rated("b", [0, 0, 0, 2, 1])])
    assert found is not None
    assert found["rows"][0]["counts"] == [0, 0, 1, 3, 3]
    assert found["rows"][0]["label"] == "fits"
    assert (found["read"], found["fits"], found["split"]) == (1, 1, [])


def test_a_dialogue_of_two_is_in_no_figure_and_no_sum() -> None:
    assert fit.figure(ONE, [rated("a", [0, 0, 0, 1, 1])]) is None
    found = fit.figure(ONE, [rated("a", [0, 0, 0, 1, 1]), rated("b", [0, 0, 0, 2, 2])])
    assert found is not None
    assert found["rows"][0]["answered"] == 4


def test_a_dialogue_that_is_not_over_is_in_no_figure() -> None:
    under_way = rated("a", [0, 0, 1, 1, 2])
    under_way.closed_at = None
    assert fit.figure(ONE, [under_way]) is None
    under_way.decision = "park"
    assert fit.figure(ONE, [under_way]) is not None


def test_no_group_can_be_told_by_subtracting_what_is_shown() -> None:
    few = rated("a", [1, 0, 0, 3, 3], lived=[0, 0, 0, 3, 1], practice=[1, 0, 0, 0, 1])
    found = fit.figure(ONE, [few], by_group=True)
    assert found is not None
    # The two of practice would be all seven less those of lived and the one who did not say.
    assert [g["group"] for g in found["rows"][0]["groups"]] in ([], ["lived"])
    alone = rated("b", [1, 0, 0, 3, 1], lived=[0, 0, 0, 3, 0], practice=[1, 0, 0, 0, 1])
    found = fit.figure(ONE, [alone], by_group=True)
    assert found is not None
    assert found["rows"][0]["groups"] == []
    many = rated("c", [0, 0, 0, 3, 3], lived=[0, 0, 0, 3, 0], practice=[0, 0, 0, 0, 3])
    found = fit.figure(ONE, [alone, many], by_group=True)
    assert found is not None
    assert {g["group"]: g["answered"] for g in found["rows"][0]["groups"]} == {
        "lived": 3,
        "practice": 3,
    }


def test_the_parts_of_a_bar_lie_side_by_side_around_the_middle() -> None:
    found = fit.figure(ONE, [rated("a", [1, 1, 2, 2, 2])])
    assert found is not None
    parts = found["rows"][0]["parts"]
    assert [part["value"] for part in parts] == [1, 2, 3, 4, 5]
    for left, right in itertools.pairwise(parts):
        assert left["x"] + left["width"] == pytest.approx(right["x"], abs=0.02)
    assert parts[2]["middle"] == pytest.approx(found["axis"], abs=0.02)
    assert parts[-1]["x"] + parts[-1]["width"] == pytest.approx(100, abs=0.05)


async def test_the_figure_the_table_and_the_file_say_the_same(hub: Hub) -> None:
    session = await hub.session()
    await outcome(hub, session.id, "vst-3")
    html = (await get(hub, f"{PAGE}/fit?session={session.id}")).text
    assert "The one principle that at least five people rated fits" in html
    row = html.split("<tbody>")[1].split("</tr>")[0]
    assert re.findall(r'<td class="num">(\d+)</td>', row)[:5] == ["0", "1", "0", "2", "3"]
    data = (await get(hub, f"{PAGE}/fit.csv")).content.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(data)))
    everyone = next(line for line in lines if line["session"] == line["group"] == "all")
    assert [everyone[str(n)] for n in range(1, 6)] == ["0", "1", "0", "2", "3"]
    assert everyone["label"] == "fits"
    assert {line["group"] for line in lines} == {"all", "lived", "practice"}
    assert (await get(hub, f"{PAGE}/fit?session=s_none")).status_code == 404


# --- on paper -------------------------------------------------------------------------------


def unpacked(pdf: bytes) -> bytes:
    """The file with each of its streams that can be unpacked."""
    found = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompress(stream))
    return b"\n".join(found)


async def test_a_pdf_is_tagged_and_says_its_language(hub: Hub) -> None:
    answer = await get(hub, f"{PAGE}/pdf?view=sv")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    inside = unpacked(answer.content)
    assert b"pdfuaid" in inside
    assert b"/StructTreeRoot" in inside
    assert b"/Lang (sv)" in inside
    assert b"Hyperlegible" in inside
    again = await get(hub, f"{PAGE}/pdf?view=sv", **{"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_paper_fetches_nothing_but_our_own_files() -> None:
    content, kind = paper.own_file("static:///paper.css")
    assert kind == "text/css"
    assert content
    for url in (
        "http://example.org/x.png",
        "file:///etc/passwd",
        "static:///../settings.py",
        "static://elsewhere/paper.css",
        "data:text/css,x",
    ):
        with pytest.raises(ValueError, match="not a file"):
            paper.own_file(url)


async def test_without_pango_the_page_is_whole_and_the_pdf_says_why(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "is_available", lambda: False)
    page = await get(hub, PAGE)
    assert page.status_code == 200
    assert f"{PAGE}/pdf" not in page.text
    refused = await get(hub, f"{PAGE}/pdf")
    assert refused.status_code == 503
    assert "Print the page from your browser" in refused.text
    ready = (await hub.http.get("/readyz")).json()
    assert ready["parts"]["pdf"]["state"] == "degraded"
