"""Who may use which address of charters and dialogues: every route, for everybody."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter

from hub.charters import api, comment_pages, import_pages, pages, workbench_pages
from hub.gatherings import dialogue_pages
from hub.gatherings.api import dialogues
from tests.cast import join, plan
from tests.charters.desk import NOTE, VST, outcome
from tests.conftest import Hub

EDITORS, HOSTS = {"editor", "admin"}, {"facilitator", "admin"}
SEATED, ALL = {"seat"}, {"nobody", "seat", "other", "facilitator", "editor", "researcher", "admin"}
ROUTERS: tuple[APIRouter, ...] = (
    api.router,
    pages.router,
    comment_pages.router,
    import_pages.router,
    workbench_pages.router,
    dialogues.router,
    dialogue_pages.router,
)
# Every address that reads a charter is for all, every one that changes it for editors, and every
# one that changes a dialogue for those who run it, but for these.
OTHERS = {
    ("GET", "/api/v1/charters/{charter_id}/comments"): EDITORS | {"seat", "other"},
    ("POST", "/api/v1/charters/{charter_id}/comments"): EDITORS | SEATED,
    ("DELETE", "/api/v1/charters/{charter_id}/comments/{comment_id}"): SEATED,
    ("POST", "/charters/{charter_id}/comment/{comment_id}/remove"): SEATED,
    ("GET", "/charters/{charter_id}/comment"): EDITORS | SEATED,
    ("POST", "/charters/{charter_id}/comment"): SEATED,
    ("GET", "/charters/{charter_id}/edit"): EDITORS,
    ("GET", "/charters/{charter_id}/principles/{principle_id}/edit"): EDITORS,
    ("GET", "/charters/import"): EDITORS,
    ("GET", "/api/v1/sessions/{session_id}/outcomes"): HOSTS | SEATED,
    ("POST", "/api/v1/sessions/{session_id}/no-more"): SEATED,
    ("POST", "/sessions/{session_id}/no-more"): SEATED,
    ("POST", "/api/v1/contributions/{contribution_id}/leave"): SEATED,
    ("POST", "/contributions/{contribution_id}/leave"): SEATED,
    ("POST", "/api/v1/contributions/{contribution_id}/box"): SEATED,
    ("POST", "/contributions/{contribution_id}/box"): SEATED,
}
BODY: dict[str, Any] = {
    "client_id": "k",
    "text": "Vi är med jämt.",
    "language": "sv",
    "reason": "vidare",
    "tag": "law",
    "box": "wording",
    "principles": ["vst-2"],
    "title": {"sv": "a", "en": "b"},
    "texts": {"sv": {"title": "a", "text": "b"}, "en": {"title": "a", "text": "b"}},
    "note": NOTE,
    "body": "b",
    "on": "2026-01-01",
}
ROUTES = [
    (method, route.path)  # type: ignore[attr-defined]
    for router in ROUTERS
    for route in router.routes
    for method in sorted(route.methods)  # type: ignore[attr-defined]
]


def allowed(method: str, path: str) -> set[str]:
    if (method, path) in OTHERS:
        return OTHERS[method, path]
    if "/sessions/" in path or "/contributions/" in path:
        return HOSTS
    return ALL if method == "GET" else EDITORS


async def everybody(hub: Hub) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Their headers, and the ids that addresses are made of."""
    session = await hub.session(
        format="reflective-dialogue-express", charter=VST, principles=["vst-1", "vst-2"]
    )
    for _ in range(4):
        await session.moved("advance", force=True, reason="vidare")
    wording = await session.astrid.said(session.id, "Vi är med jämt.", "wording")
    suggestion = await session.fatima.post(
        f"/contributions/{wording['id']}/suggest", {"client_id": "s", "text": "Vi är med alltid."}
    )
    editor, admin = await hub.account("editor", "Eva"), await hub.account("admin", "Ada")
    row = await outcome(hub, session.id, "vst-7")
    assert (await editor.post(f"/charters/{VST}/versions", {"note": NOTE})).status_code == 201
    assert (await editor.post(f"/charters/{VST}/round")).status_code == 201
    body = {"client_id": "c", "text": "Bra.", "language": "sv"}
    comment = (await session.astrid.post(f"/charters/{VST}/comments", body)).json()
    elsewhere = await plan(session.fatima)
    other = await join(hub.http, elsewhere["code"], "Stig", "sv")
    people = {
        "nobody": {},
        "seat": session.astrid.headers,
        "other": other.headers,
        "researcher": (await hub.account("researcher", "Rut")).headers,
        "facilitator": session.fatima.headers,
        "editor": editor.headers,
        "admin": admin.headers,
    }
    ids = {
        "charter_id": VST,
        "language": "sv",
        "number": "0.1",
        "session_id": session.id,
        "comment_id": comment["id"],
        "contribution_id": wording["id"],
        "suggestion": suggestion.json()["id"],
        "outcome": row.id,
    }
    return people, ids


@pytest.mark.parametrize("part", ["/api/v1/charters", "/charters", "/api/v1/", "/"])
async def test_every_address_opens_for_those_it_is_for_and_for_nobody_else(
    hub: Hub, part: str
) -> None:
    people, ids = await everybody(hub)
    wrong = []
    mine = [r for r in ROUTES if _part(r[1]) == part]
    assert mine
    for method, path in mine:
        for role, headers in people.items():
            status = await _asked(hub, method, path, role, headers, ids)
            if (status not in (401, 403, 404)) != (role in allowed(method, path)):
                wrong.append((method, path, role, status))
    assert wrong == []


def _part(path: str) -> str:
    parts = ("/api/v1/charters", "/charters", "/api/v1/", "/")
    return next(part for part in parts if path.startswith(part))


async def _asked(
    hub: Hub, method: str, path: str, role: str, headers: dict[str, str], ids: dict[str, str]
) -> int:
    # Each of those who may has a principle of their own to take out.
    principle = {"editor": "vst-8", "admin": "vst-9"}.get(role, "vst-7")
    said = ids["suggestion"] if path.endswith("/leave") else ids["contribution_id"]
    real = path.format(**{**ids, "principle_id": principle, "contribution_id": said})
    body = {**BODY, "outcome": ids["outcome"], "act": "up", "principle": principle}
    if "/dissent" in path:
        body["principle"] = "vst-7"
    if path.endswith("/put"):
        body["of"] = None
    if path.endswith("/park"):
        body["principle"] = "vst-1"
    if path.endswith("/outcome"):
        body = {}
    if path.endswith("/take"):
        real = path.format(**{**ids, "principle_id": "vst-7"})
    if path.endswith("/{language}"):
        real = path.format(**{**ids, "principle_id": "vst-6"})
        body |= {"title": "Börja", "note": ""}
    if method == "GET":
        answer = await hub.http.get(real, headers=headers)
        # To the page where people sign in.
        return 401 if answer.status_code == 303 else answer.status_code
    if path.endswith("/import"):
        answer = await hub.http.post(real, headers=headers, files={"file": ("a.md", b"# A")})
    elif path.startswith("/api/"):
        answer = await hub.http.request(method, real, headers=headers, json=body)
    else:
        form = {k: v for k, v in body.items() if isinstance(v, str)}
        form |= {"act": "up", "base_sv": "1", "title_sv": "A", "text_sv": "B", "answer": "yes"}
        answer = await hub.http.post(real, headers=headers, data=form)
    return answer.status_code
