"""Charters over HTTP: anybody reads, editors write, those who took part comment."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.charters import files
from hub.charters.models import access_charter
from hub.people.actions import hash_secret
from tests.cast import Person
from tests.charters.dialogues import CHARTER, WORDS, hold, outcome, sit_down
from tests.conftest import Hub

AT = f"/charters/{CHARTER}"
TEXT = f"{AT}/principles/vst-1/sv"
NOTE = {"sv": "Ny", "en": "New"}
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/charters", {"title": {"sv": "Våra löften", "en": "Our promises"}}),
    ("PUT", AT, {"title": {"sv": "Nya löften", "en": "New promises"}}),
    ("POST", f"{AT}/principles", {"texts": WORDS}),
    ("PUT", f"{AT}/principles/vst-1", {"position": 2}),
    ("PUT", TEXT, WORDS["sv"]),
    ("DELETE", f"{AT}/principles/vst-1", None),
    ("POST", f"{AT}/versions", {"note": NOTE}),
    ("POST", f"{AT}/round", None),
]


async def ask(hub: Hub, person: Person | None, method: str, path: str, body: Any) -> httpx.Response:
    headers = person.headers if person else {}
    return await hub.http.request(method, f"/api/v1{path}", json=body, headers=headers)


async def test_anybody_reads_charters_and_what_they_are(hub: Hub) -> None:
    listed = (await hub.http.get("/api/v1/charters")).json()
    assert len(listed["items"]) == len(files.shipped())
    assert listed["next"] is None
    pages = []
    after = ""
    while True:
        answer = (
            await hub.http.get("/api/v1/charters", params={"limit": 10, "after": after})
        ).json()
        pages.append(len(answer["items"]))
        if answer["next"] is None:
            break
        after = answer["next"]
    assert pages == [10, 10, 7]
    charter = (await hub.http.get(f"/api/v1{AT}")).json()
    assert (charter["status"], charter["version"], charter["may_show"]) == ("draft", None, True)
    first = charter["principles"][0]
    assert first["title"] == {"sv": "Börja tillsammans", "en": "Begin together"}
    assert first["origin"] == {"sv": "person", "en": "person"}
    assert first["outcomes"] is None
    assert (await hub.http.get("/api/v1/charters/nowhere")).status_code == 404
    entry = (await hub.http.get("/api/v1/charters/lundy")).json()
    assert entry["principles"] == []
    assert entry["source"]["year"] == 2007


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_only_editors_write(hub: Hub, method: str, path: str, body: Any) -> None:
    for role, status in (("facilitator", 403), ("researcher", 403), (None, 401)):
        person = await hub.account(role, "Rut") if role else None
        assert (await ask(hub, person, method, path, body)).status_code == status
    for role in ("editor", "admin"):
        answer = await ask(hub, await hub.account(role, role.title()), method, path, body)
        assert answer.status_code in (200, 201, 404), answer.text
        if role == "editor":
            assert answer.status_code != 404
            assert answer.json()["principles"] is not None


async def test_a_text_and_its_status_go_in_one_call(hub: Hub) -> None:
    eva = await hub.account("editor", "Eva")
    revision = (await eva.get(AT)).json()["principles"][0]["revision"]["sv"]
    body = {**WORDS["sv"], "based_on": revision, "status": "human_reviewed", "note": "Kortare"}
    unread = await eva.put(TEXT, body)
    assert unread.status_code == 422
    assert [e["pointer"] for e in unread.json()["errors"]] == ["/reads_both"]
    saved = await eva.put(TEXT, {**body, "reads_both": True})
    assert saved.status_code == 200
    first = saved.json()["principles"][0]
    assert first["status"]["sv"] == "human_reviewed"
    assert first["next"] == {"sv": "tested_in_dialogue", "en": "human_reviewed"}
    assert first["log"][0]["note"] == "Kortare"
    late = await eva.put(TEXT, {"text": "Annat.", "based_on": revision})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/text_changed_meanwhile")
    skipped = await eva.put(TEXT, {"status": "adopted"})
    assert skipped.status_code == 409
    assert (await eva.put(f"{AT}/principles/vst-1/fi", {"text": "x"})).status_code == 422
    assert (await eva.put(f"{AT}/principles/vst-99/sv", WORDS["sv"])).status_code == 404


async def test_versions_stay_readable_at_their_address(hub: Hub) -> None:
    eva = await hub.account("editor", "Eva")
    made = await eva.post(f"{AT}/versions", {"note": NOTE})
    assert made.json()["version"]["number"] == "0.1"
    await eva.put(TEXT, {**WORDS["sv"], "substance": True})
    now = (await hub.http.get(f"/api/v1{AT}")).json()
    old = (await hub.http.get(f"/api/v1{AT}/versions/0.1")).json()
    assert now["being_reworked"]
    assert old["principles"][0]["title"]["sv"] == "Börja tillsammans"
    listed = (await hub.http.get(f"/api/v1{AT}/versions")).json()["items"]
    assert [(v["number"], v["adopted_by"]) for v in listed] == [("0.1", None)]
    assert (await hub.http.get(f"/api/v1{AT}/versions/9.9")).status_code == 404
    taken = await eva.post(f"{AT}/versions", {"note": NOTE, "number": "0.1"})
    assert taken.json()["errors"][0]["code"] == "version_taken"


async def test_a_file_is_taken_in_whole_or_not_at_all_and_says_what_to_mend(hub: Hub) -> None:
    eva = await hub.account("editor", "Eva")
    good = b"# Inside out\n\n## Assets\nWe see assets.\n"

    async def bring(raw: bytes, name: str = "x.md", into: str = "nef-nesta", **more: str) -> Any:
        return await hub.http.post(
            f"/api/v1/charters/{into}/import",
            headers=eva.headers,
            files={"file": (name, raw)},
            data={"language": "en", "right": "Avtal, 2026", **more},
        )

    for raw, name, code in (
        (b"# A\n\n## B\n\n## C\nx", "x.md", "text_missing"),
        (b"not a document", "x.docx", "file_not_docx"),
        (b"a: [", "x.yaml", "file_not_yaml"),
        (b"x", "x.exe", "file_kind_unknown"),
        (b"x" * 3_600_000, "x.docx", "file_too_large"),
    ):
        answer = await bring(raw, name)
        assert answer.status_code == 422, answer.text
        assert code in [e["code"] for e in answer.json()["errors"]]
    assert (await bring(b"# A\n\n## B\n\n## C\nx")).json()["errors"][0]["line"] == 3
    assert (await bring(b"x" * 10_000_000)).status_code == 413
    assert (await bring(good, right="")).json()["errors"][0]["pointer"] == "/right"
    assert (await hub.http.get("/api/v1/charters/nef-nesta")).json()["kind"] == "metadata_only"

    assert (await bring(good)).status_code == 200
    public = await hub.http.get("/api/v1/charters/nef-nesta")
    whole = await eva.get("/charters/nef-nesta")
    exported = await hub.http.get("/api/v1/charters/nef-nesta/export")
    printed = await hub.http.get("/api/v1/charters/nef-nesta/export", params={"format": "md"})
    for answer in (public, exported, printed):
        assert "We see assets" not in answer.text
        assert "Avtal" not in answer.text
    assert "We see assets" in whole.text
    assert (await bring(good, into="scie-4", may_publish="true")).status_code == 200
    assert "We see assets" in (await hub.http.get("/api/v1/charters/scie-4")).text


async def test_what_is_exported_can_be_brought_to_another_hub(hub: Hub) -> None:
    eva = await hub.account("editor", "Eva")
    exported = await hub.http.get(f"/api/v1{AT}/export")
    assert exported.headers["content-type"] == "application/yaml; charset=utf-8"
    assert f'filename="{CHARTER}.yaml"' in exported.headers["content-disposition"]
    text = exported.text.replace(CHARTER, "en-kopia")
    made = await eva.post("/charters", {"yaml": text})
    assert made.status_code == 201, made.text
    again = (await hub.http.get("/api/v1/charters/en-kopia/export")).text
    assert again == text
    broken = await eva.post("/charters", {"yaml": text.replace("id: vst-2", "id: vst-1")})
    error = broken.json()["errors"][0]
    assert (error["code"], error["pointer"]) == (
        "principle_id_repeats",
        "/charter/principles/1/id",
    )
    assert error["line"] > 1
    markdown = await hub.http.get(f"/api/v1{AT}/export", params={"format": "md", "language": "sv"})
    assert "## Börja tillsammans {#vst-1}" in markdown.text


async def test_those_who_took_part_comment_and_read_their_own(hub: Hub) -> None:
    eva = await hub.account("editor", "Eva")
    async with hub.database.transaction() as tx:
        await hold(tx, now=hub.clock.now())
        tx.add(outcome("s_dialogue", now=hub.clock.now()))
        await sit_down(tx, "s_dialogue", secret_hash=hash_secret("pt_astrid"), now=hub.clock.now())
        await hold(tx, now=hub.clock.now(), session="s_other", code="ANNAT")
        await sit_down(
            tx, "s_other", secret_hash=hash_secret("pt_stig"), now=hub.clock.now(), name="Stig"
        )
    astrid, stig = Person(hub.http, "pt_astrid"), Person(hub.http, "pt_stig")
    body = {"client_id": "c-1", "text": "Kortare, tack.", "language": "sv", "principle": "vst-1"}
    assert (await astrid.post(f"{AT}/comments", body)).status_code == 409
    assert (await eva.post(f"{AT}/round")).status_code == 201
    made = await astrid.post(f"{AT}/comments", body)
    assert made.status_code == 201, made.text
    assert made.json()["by"] == "participant"
    assert made.json()["translation"] == {"text": "[en] Kortare, tack.", "status": "machine"}
    assert (await astrid.post(f"{AT}/comments", body)).json()["id"] == made.json()["id"]
    assert (await stig.post(f"{AT}/comments", body)).status_code == 403
    assert (await hub.http.post(f"/api/v1{AT}/comments", json=body)).status_code == 401
    among = {**body, "client_id": "c-2", "principle": None, "text": "Till redaktionen"}
    assert (await eva.post(f"{AT}/comments", among)).status_code == 201
    assert [c["text"] for c in (await astrid.get(f"{AT}/comments")).json()["items"]] == [
        "Kortare, tack."
    ]
    assert (await stig.get(f"{AT}/comments")).json()["items"] == []
    assert len((await eva.get(f"{AT}/comments")).json()["items"]) == 2
    settled = await eva.put(f"{AT}/comments/{made.json()['id']}", {"settled": True})
    assert settled.json()["settled_at"]
    assert (await astrid.put(f"{AT}/comments/{made.json()['id']}", {})).status_code == 403
    own = f"{AT}/comments/{made.json()['id']}"
    for person, status in ((stig, 403), (eva, 403), (astrid, 204), (astrid, 404)):
        assert (await person.delete(own)).status_code == status
    assert len((await eva.get(f"{AT}/comments")).json()["items"]) == 1


async def test_a_whole_adoption_over_http(hub: Hub) -> None:
    eva = await hub.account("editor", "Eva")
    async with hub.database.transaction() as tx:
        await hold(tx, now=hub.clock.now())
        tx.add(outcome("s_dialogue", now=hub.clock.now(), decision="reword", agreed=WORDS))
    suggested = (await eva.get(AT)).json()["principles"][0]
    assert suggested["suggested"] == "reword"
    came = suggested["outcomes"][0]
    for language, words in WORDS.items():
        review = {"status": "human_reviewed", "note": "Från samtalet", "reads_both": True}
        body = {**words, **review, "outcome": came["id"]}
        path = f"{AT}/principles/vst-1/{language}"
        assert (await eva.put(path, body)).status_code == 200
        tested = await eva.put(path, {"status": "tested_in_dialogue"})
        assert tested.json()["principles"][0]["status"][language] == "tested_in_dialogue"
    assert tested.json()["principles"][0]["suggested"] == "keep"
    adoption = {"body": "Brukarrådet", "on": "2026-11-24", "note": NOTE}
    assert (await eva.post(f"{AT}/adopt", adoption)).status_code == 409
    await eva.post(f"{AT}/round")
    hub.clock.move(days=14)
    adopted = await eva.post(f"{AT}/adopt", adoption)
    assert adopted.status_code == 201, adopted.text
    charter = (await hub.http.get(f"/api/v1{AT}")).json()
    assert charter["version"]["adopted_by"] == "Brukarrådet"
    first = charter["principles"][0]
    assert first["status"] == {"sv": "adopted", "en": "adopted"}
    assert first["dialogues"][0]["session"] == "s_dialogue"


async def test_the_description_of_the_api_names_every_call(hub: Hub) -> None:
    paths = (await hub.http.get("/api/v1/openapi.json")).json()["paths"]
    ours = {p: set(m) for p, m in paths.items() if p.startswith("/api/v1/charters")}
    assert ours["/api/v1/charters"] == {"get", "post"}
    assert "put" in ours["/api/v1/charters/{charter_id}/principles/{principle_id}/{language}"]
    for path, methods in ours.items():
        for method in methods:
            assert paths[path][method].get("description"), (method, path)


async def test_files_of_a_demonstration_say_so_and_are_read_all_the_same(hub: Hub) -> None:
    async with hub.database.transaction() as tx:
        charter = await access_charter(tx, "jag-ar-med")
        charter.demonstration = True
    for form, read in (("yaml", files.read_yaml), ("md", files.read_markdown)):
        answer = await hub.http.get(f"/api/v1/charters/jag-ar-med/export?format={form}")
        assert "Demonstration: people and words are made up." in answer.text
        assert len(read(answer.content)["principles"]) == 9
    figures = await hub.http.get("/charters/jag-ar-med/fit.csv")
    assert figures.text.splitlines()[0].endswith(",demonstration")
