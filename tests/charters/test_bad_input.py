"""What nobody should send changes nothing and is answered, never with a fault of the hub."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from hub.charters import rules
from tests.charters.desk import NOTE, VST, form_of, send
from tests.conftest import Hub

JUNK: tuple[Any, ...] = ("\ud800", 10**30, "a\0b", [["\ud800"]], {"sv": "\ud800", "en": "\ud800"})
TURNS = ("put", "outcome", "park", "order", "skip-tag", "no-more")
WORDS = ("suggest", "leave", "flag", "box", "contributions")
GOOD = {
    "client_id": "k",
    "text": "hej",
    "kind": "wording",
    "principle": "vst-1",
    "language": "sv",
    "reason": "r",
    "principles": ["vst-1"],
    "tag": "law",
    "box": "change",
    "change": "add",
    "title": {"sv": "a", "en": "b"},
    "texts": {"sv": {"title": "a", "text": "b"}, "en": {"title": "a", "text": "b"}},
    "outcome": "o_x",
    "note": NOTE,
    "body": "b",
    "on": "2026-01-01",
}


async def test_no_field_of_a_call_makes_the_hub_fail(hub: Hub) -> None:
    admin = await hub.account("admin")
    session = await hub.session(
        format="reflective-dialogue-express", charter=VST, principles=["vst-1", "vst-2"]
    )
    for _ in range(4):
        await session.moved("advance", force=True, reason="vidare")
    wording = await session.astrid.said(session.id, "Vi är med jämt.", "wording")
    ids = {"charter_id": VST, "principle_id": "vst-3", "language": "sv", "number": "1.0"}
    ids |= {"session_id": session.id, "contribution_id": wording["id"], "comment_id": "m_x"}
    spec = hub.app.openapi()
    sent, failed = 0, []
    for path, calls in spec["paths"].items():
        if "/charters" not in path and path.rsplit("/", 1)[1] not in (*TURNS, *WORDS):
            continue
        if not set(re.findall(r"\{(\w+)\}", path)) <= ids.keys():
            continue
        real = re.sub(r"\{(\w+)\}", lambda m: ids[m[1]], path)
        for method, call in calls.items():
            shape = re.findall(r"schemas/(\w+)", json.dumps(call.get("requestBody", {})))
            fields = spec["components"]["schemas"][shape[0]]["properties"] if shape else {}
            base = {name: GOOD[name] for name in fields if name in GOOD}
            for name in fields:
                for junk in JUNK:
                    answer = await hub.http.request(
                        method,
                        real,
                        content=json.dumps({**base, name: junk}),
                        headers={**admin.headers, "Content-Type": "application/json"},
                    )
                    sent += 1
                    if answer.status_code >= 500:
                        failed.append((method, path, name, junk))
    assert sent > 300
    assert failed == []


async def test_numbers_that_are_none_are_no_fault_of_the_hub(hub: Hub) -> None:
    admin = await hub.account("admin")
    edit = f"/charters/{VST}/edit"
    principle = f"/charters/{VST}/principles/vst-1"
    for number in ("9" * 5000, "9" * 30, "²", "-1", "a\0b"):
        form = await form_of(hub, "vst-1", base_sv=number, text_sv="Annat")
        for path, more in (
            (edit, {"act": "describe", "title_sv": "A", "title_en": "B", "source_year": number}),
            (f"{principle}/edit", form),
            (f"{principle}/edit", {**form, "act": "draft"}),
            (f"{principle}/draft", form),
            (f"{principle}/status", {"language": "sv", "to": "x", "revision": number}),
        ):
            answer = await send(hub, path, admin, **more)
            assert answer.status_code < 500, (path, more)


async def test_places_that_are_no_numbers_come_last(hub: Hub) -> None:
    session = await hub.session(
        format="reflective-dialogue-express", charter=VST, principles=["vst-1", "vst-2", "vst-3"]
    )
    places = {"place-vst-1": "²", "place-vst-2": "9" * 5000, "place-vst-3": "1"}
    answer = await send(hub, f"/sessions/{session.id}/order", session.fatima, **places)
    assert answer.status_code == 303, answer.text
    now = (await session.fatima.get(f"/sessions/{session.id}")).json()
    assert [p["id"] for p in now["principles"]] == ["vst-3", "vst-1", "vst-2"]


async def test_two_long_texts_with_nothing_in_common_are_told_apart_at_once() -> None:
    began = time.thread_time()
    # Four thousand letters each, of which half are the same spaces.
    assert rules.diff("a " * 2000, "b " * 2000)
    assert time.thread_time() - began < 2
