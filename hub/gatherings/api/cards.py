"""Finding cards."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound
from hub.gatherings import actions, shapes, views
from hub.gatherings.models import (
    Gathering,
    access_gathering,
)
from hub.gatherings.pictures import decode_picture, keep_picture
from hub.gatherings.screens import Room
from hub.people.door import Asking, check_reads, check_runs
from hub.people.models import Account
from hub.programme.models import Finding, list_findings
from hub.web import Options

router = APIRouter(prefix="/api/v1", tags=["sessions"])


def picture_folder(options: Options) -> Path:
    return options.data_dir / "pictures"


@router.get("/sessions/{session_id}/findings")
async def get_findings(session_id: str, caller: Asking, screens: Room) -> shapes.Findings:
    """The finding cards of a session, in order."""
    check_reads(caller, session_id)
    async with screens.database.reading() as tx:
        await access_gathering(tx, session_id)
        found = [views.finding_view(f) for f in await list_findings(tx, session_id)]
    return shapes.Findings.model_validate({"items": found})


async def _card(body: shapes.FindingIn, folder: Path) -> actions.Card:
    name = None
    if body.picture:
        data = decode_picture(body.picture.data)
        name = await asyncio.to_thread(keep_picture, data, folder)
    return actions.Card(
        title=body.title.model_dump(),
        text=body.text.model_dump(),
        source=body.source,
        tags=tuple(body.tags),
        language=body.language,
        picture=name,
        picture_alt=body.picture.alt.model_dump() if body.picture else None,
    )


@router.post("/sessions/{session_id}/findings", status_code=201)
async def post_finding(
    session_id: str, body: shapes.FindingIn, caller: Asking, screens: Room, options: Options
) -> shapes.FindingOut:
    """Add a finding card (facilitators)."""
    account = check_runs(caller)
    card = await _card(body, picture_folder(options))

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        finding = await actions.add_finding(
            tx, gathering, card, account=account, now=screens.clock.now()
        )
        return views.finding_view(finding)

    return shapes.FindingOut.model_validate(await screens.carry_out(session_id, change))


async def _access_finding(screens: Room, finding_id: str) -> Finding:
    async with screens.database.reading() as tx:
        finding = await tx.get(Finding, finding_id)
    if finding is None or finding.removed_at is not None:
        raise NotFound("finding_not_found")
    return finding


@router.put("/findings/{finding_id}")
async def put_finding(
    finding_id: str, body: shapes.FindingIn, caller: Asking, screens: Room, options: Options
) -> shapes.FindingOut:
    """Change a finding card (facilitators); its picture stays where none is sent."""
    account = check_runs(caller)
    session_id = (await _access_finding(screens, finding_id)).gathering_id
    card = await _card(body, picture_folder(options))

    async def change(tx: AsyncSession, gathering: Gathering) -> dict[str, Any]:
        finding = await tx.get_one(Finding, finding_id)
        await actions.change_finding(
            tx, gathering, finding, card, account=account, now=screens.clock.now()
        )
        return views.finding_view(finding)

    return shapes.FindingOut.model_validate(await screens.carry_out(session_id, change))


@router.delete("/findings/{finding_id}", status_code=204)
async def delete_finding(finding_id: str, caller: Asking, screens: Room) -> Response:
    """Take a finding card away (facilitators)."""
    await change_card(screens, check_runs(caller), finding_id, show=False)
    return Response(status_code=204)


@router.post("/findings/{finding_id}/show", status_code=204)
async def post_show_finding(finding_id: str, caller: Asking, screens: Room) -> Response:
    """The card is up for discussion (facilitators)."""
    await change_card(screens, check_runs(caller), finding_id, show=True)
    return Response(status_code=204)


async def change_card(screens: Room, account: Account, finding_id: str, *, show: bool) -> str:
    """Show a card, or take it away; returns the session's id."""
    session_id = (await _access_finding(screens, finding_id)).gathering_id
    act = actions.show_finding if show else actions.remove_finding

    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        finding = await tx.get_one(Finding, finding_id)
        await act(tx, gathering, finding, account=account, now=screens.clock.now())

    await screens.carry_out(session_id, change)
    return session_id
