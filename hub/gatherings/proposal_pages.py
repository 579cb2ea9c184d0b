"""Pages of themes and proposals: splitting, taking on what one is named for, showing rankings."""

from __future__ import annotations

from fastapi import APIRouter, Response

from hub.errors import Refusal
from hub.gatherings import actions
from hub.gatherings.api.saying import answer_owner, reveal_rankings, speaker, split
from hub.gatherings.doorway import WRITE_RULE, access_said
from hub.gatherings.visit import Here, Visit, contribution_page
from hub.people.door import check_runs
from hub.web import RateLimits, read_form, see_other

# Joined before the pages of those who take part, whose address of an act matches any word.
router = APIRouter(include_in_schema=False)
PARTS = ("1", "2")
PART_FIELDS = ("owner", "when", "measure")


@router.post("/contributions/{contribution_id}/split")
async def post_split(contribution_id: str, visit: Here, limits: RateLimits) -> Response:
    """Split a proposal in two by form: both parts or none. Faults come back with every word."""
    form = await read_form(visit.request)
    try:
        session_id, _ = await access_said(visit.screens, visit.caller, contribution_id)
        seat, account = speaker(visit.caller, session_id, written_for=None)
        await limits.check(WRITE_RULE, "write", seat.id if seat else account.id if account else "")
        parts = [_part(form, number) for number in PARTS]
        await split(visit.screens, contribution_id, parts, seat=seat, account=account)
    except Refusal as refusal:
        return await _refused(visit, contribution_id, {**form, "act": "split"}, refusal)
    return _done(visit, session_id, contribution_id, "split")


def _part(form: dict[str, str], number: str) -> actions.Draft:
    return actions.Draft(
        kind="recommendation",
        text=form.get(f"text_{number}", ""),
        client_id=form.get(f"client_id_{number}", ""),
        language=form.get("language") or None,
        fields={name: form.get(f"{name}_{number}", "") for name in PART_FIELDS},
    )


@router.post("/contributions/{contribution_id}/agree")
async def post_agree(contribution_id: str, visit: Here) -> Response:
    """Who is named as responsible takes it on, or does not."""
    form = await read_form(visit.request)
    try:
        session_id = await answer_owner(
            visit.screens, visit.caller, contribution_id, agrees=form.get("answer") == "yes"
        )
    except Refusal as refusal:
        return await _refused(visit, contribution_id, {**form, "act": "agree"}, refusal)
    return _done(visit, session_id, contribution_id, "agree")


@router.post("/sessions/{session_id}/reveal-rankings")
async def post_reveal_rankings(session_id: str, visit: Here) -> Response:
    """Show the rankings without waiting for the rest."""
    await reveal_rankings(visit.screens, session_id, check_runs(visit.caller))
    return visit.answered(f"/sessions/{session_id}/desk")


async def _refused(
    visit: Visit, contribution_id: str, values: dict[str, str], refusal: Refusal
) -> Response:
    if refusal.status in (401, 404):
        raise refusal
    wrong = {"values": values, **visit.wrong(refusal)}
    return await contribution_page(visit, contribution_id, refusal.status, **wrong)


def _done(visit: Visit, session_id: str, contribution_id: str, act: str) -> Response:
    if visit.is_htmx:
        return visit.page("gatherings/_sent.html", act=act)
    return see_other(f"/sessions/{session_id}#contribution-{contribution_id}")
