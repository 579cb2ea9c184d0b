"""Pages of dialogues on a charter: what is put to the room, how a principle ends, whose words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Invalid, Refusal
from hub.gatherings import actions, rules
from hub.gatherings.api import dialogues
from hub.gatherings.models import Gathering
from hub.gatherings.visit import Here, Visit, contribution_page, desk_page
from hub.language.text import Language
from hub.people.door import check_active, check_runs
from hub.people.models import Account
from hub.people.rules import GROUPS, LANGUAGES
from hub.web import read_form, read_number, see_other

# Joined before the pages of those who take part and the moves, whose addresses match any word.
router = APIRouter(include_in_schema=False)
PLACE = "place-"
Change = Callable[[AsyncSession, Gathering], Awaitable[Any]]


async def _carry_out(
    visit: Visit, session_id: str, act: str, form: dict[str, str], change: Change
) -> Response:
    """A change by the facilitator; a refusal gives the desk back with every word in it."""
    try:
        await visit.screens.carry_out(session_id, change)
    except Refusal as refusal:
        return await _refused(visit, session_id, act, form, refusal)
    return visit.answered(f"/sessions/{session_id}/desk#at-h")


async def _refused(
    visit: Visit, session_id: str, act: str, form: dict[str, str], refusal: Refusal
) -> Response:
    if refusal.status in (401, 403, 404):
        raise refusal
    values = {**form, "act": act}
    return await desk_page(visit, session_id, refusal.status, values=values, **visit.wrong(refusal))


# --- the text that is put to the room, and the outcome -------------------------------------------


@router.post("/sessions/{session_id}/put")
async def post_put(session_id: str, visit: Here) -> Response:
    """Put a proposal, or the text as it is, to the room."""
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    change = dialogues.put(visit.screens, form.get("of") or None, account)
    return await _carry_out(visit, session_id, "put", form, change)


@router.post("/sessions/{session_id}/outcome")
async def post_outcome(session_id: str, visit: Here) -> Response:
    """Decide on the principle, or write down what people do not agree on, group by group."""
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    writes = form.get("act") == "dissent"
    entries = _dissent(form) if writes else None
    try:
        await dialogues.write_outcome(
            visit.screens,
            session_id,
            account,
            decision=form.get("decision") or None,
            dissent=entries,
        )
    except Invalid as refusal:
        named = _by_group(refusal, entries or [])
        return await _refused(visit, session_id, "dissent" if writes else "decide", form, named)
    except Refusal as refusal:
        return await _refused(visit, session_id, form.get("act", "decide"), form, refusal)
    return visit.answered(f"/sessions/{session_id}/desk#at-h")


def _dissent(form: dict[str, str]) -> list[dict[str, str | None]]:
    """The boxes that have words in them, one for each group and one for nobody in particular.

    Words that were there before stay in the language that they were written in.
    """
    found: list[dict[str, str | None]] = []
    for group in (*GROUPS, None):
        name = f"dissent_{group or 'all'}"
        text = "\n".join(form.get(name, "").splitlines())
        stays = text == "\n".join(form.get(f"{name}_before", "").splitlines())
        language = form.get(f"{name}_language") if stays else form.get("language")
        if text.strip():
            found.append({"group": group, "language": language, "text": text})
    return found


def _by_group(refusal: Invalid, entries: list[dict[str, str | None]]) -> Invalid:
    """The faults under the names of the boxes that they were typed in."""
    named = {}
    for pointer, code in refusal.fields.items():
        parts = pointer.strip("/").split("/")
        if parts[0] == "dissent" and len(parts) == 3:
            group = entries[int(parts[1])]["group"]
            named[f"/dissent_{group or 'all'}"] = code
        else:
            named[pointer] = code
    return Invalid(named, **refusal.facts)


@router.post("/sessions/{session_id}/park")
async def post_park(session_id: str, visit: Here) -> Response:
    """Leave the principle for another time, with a reason, and go on."""
    account = check_runs(visit.caller)
    form = await read_form(visit.request)
    change = dialogues.park(
        visit.screens,
        account,
        reason=form.get("reason", "")[: rules.REASON_LIMIT],
        principle=form.get("principle") or None,
    )
    return await _carry_out(visit, session_id, "park", form, change)


@router.post("/sessions/{session_id}/order")
async def post_order(session_id: str, visit: Here) -> Response:
    """Put the principles that are not begun in the order of the numbers beside them."""
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    form = await read_form(visit.request)
    principles = by_place({k: v for k, v in form.items() if k.startswith(PLACE)})
    return await _carry_out(
        visit,
        session_id,
        "order",
        form,
        lambda tx, g: actions.order_principles(tx, g, principles, account=account, now=now),
    )


def by_place(form: dict[str, str]) -> list[str]:
    """The ids of boxes ``place-ID`` by the numbers in them; equal numbers stay as they stood."""
    numbered = [
        (_place(value, last=len(form)), name.removeprefix(PLACE)) for name, value in form.items()
    ]
    return [principle for _, principle in sorted(numbered, key=lambda each: each[0])]


def _place(typed: str, *, last: int) -> int:
    found = read_number(typed)
    return last if found is None else found


@router.post("/sessions/{session_id}/ratings/reveal")
async def post_reveal(session_id: str, visit: Here) -> Response:
    """Show the ratings without waiting for the rest."""
    change = dialogues.reveal(visit.screens, check_runs(visit.caller))
    return await _carry_out(visit, session_id, "reveal", {}, change)


@router.post("/sessions/{session_id}/skip-tag")
async def post_skip_tag(session_id: str, visit: Here) -> Response:
    """Go on without a word on one of the tags."""
    account, now = check_runs(visit.caller), visit.screens.clock.now()
    form = await read_form(visit.request)
    tag = form.get("tag", "")
    return await _carry_out(
        visit,
        session_id,
        "skip-tag",
        form,
        lambda tx, g: actions.skip_tag(tx, g, tag, account=account, now=now),
    )


@router.post("/sessions/{session_id}/invite-translator")
async def post_invite_translator(session_id: str, visit: Here) -> Response:
    """The chatbot asks those who know both languages to look at the translations."""
    account = check_runs(visit.caller)
    lines: dict[Language, str] = {}
    for language in LANGUAGES:
        say = partial(visit.renderer.say, language)
        lines[language] = say("If you know both languages, please look at the translations.")
    return await _carry_out(visit, session_id, "invite", {}, _asks(visit, account, lines))


def _asks(visit: Visit, account: Account, lines: dict[Language, str]) -> Change:
    async def change(tx: AsyncSession, gathering: Gathering) -> None:
        rules.check_state(gathering.stage, "running", "paused")
        now = visit.screens.clock.now()
        actions.log_act(tx, gathering, account, kind="translator_invited", now=now)
        actions.say_as_bot(tx, gathering, lines, now=now, fields={"trigger": "translator"})
        await tx.flush()

    return change


@router.post("/sessions/{session_id}/no-more")
async def post_no_more(session_id: str, visit: Here) -> Response:
    """Somebody has no more to add to this step."""
    seat, now = check_active(visit.caller, session_id), visit.screens.clock.now()
    await visit.screens.carry_out(
        session_id, lambda tx, g: actions.have_no_more(tx, g, seat, now=now)
    )
    return visit.answered(f"/sessions/{session_id}")


# --- wordings and changes ------------------------------------------------------------------------


@router.post("/contributions/{contribution_id}/suggest")
async def post_suggest(contribution_id: str, visit: Here) -> Response:
    """A facilitator's words for a proposal, which its author is asked about."""
    form = await read_form(visit.request)
    draft = actions.Draft(
        kind="",
        text=form.get("text", ""),
        client_id=form.get("client_id", ""),
        language=form.get("language") or None,
        fields={"change": form["change"]} if form.get("change") else {},
    )
    merges = [name.removeprefix("merge-") for name in form if name.startswith("merge-")]
    try:
        view, _ = await dialogues.suggest(
            visit.screens, visit.caller, contribution_id, draft, merges=merges
        )
    except Refusal as refusal:
        return await _not_said(visit, contribution_id, "suggest", form, refusal)
    return _said(visit, str(view["session"]), contribution_id, "suggest")


@router.post("/contributions/{contribution_id}/leave")
async def post_leave(contribution_id: str, visit: Here) -> Response:
    """The author says yes or no to the facilitator's words."""
    form = await read_form(visit.request)
    try:
        view = await dialogues.answer_leave(
            visit.screens,
            visit.caller,
            contribution_id,
            agrees=form.get("answer") == "yes",
            participant=form.get("participant") or None,
        )
    except Refusal as refusal:
        return await _not_said(visit, contribution_id, "leave", form, refusal)
    return _said(visit, str(view["session"]), contribution_id, "leave")


@router.post("/contributions/{contribution_id}/flag")
async def post_flag(contribution_id: str, visit: Here) -> Response:
    """Ask the author of a wording whether it changes the meaning."""
    try:
        said = await dialogues.post_flag(contribution_id, visit.caller, visit.screens)
    except Refusal as refusal:
        return await _not_said(visit, contribution_id, "flag", {}, refusal)
    return visit.answered(f"/sessions/{said.session}/desk#at-h")


@router.post("/contributions/{contribution_id}/box")
async def post_box(contribution_id: str, visit: Here) -> Response:
    """The author says whether a wording stays one, or moves to the changes."""
    form = await read_form(visit.request)
    try:
        view = await dialogues.choose_box(
            visit.screens,
            visit.caller,
            contribution_id,
            box=form.get("box", ""),
            change=form.get("change") or None,
            participant=form.get("participant") or None,
        )
    except Refusal as refusal:
        return await _not_said(visit, contribution_id, "box", form, refusal)
    return _said(visit, str(view["session"]), contribution_id, "box")


async def _not_said(
    visit: Visit, contribution_id: str, act: str, form: dict[str, str], refusal: Refusal
) -> Response:
    if refusal.status in (401, 404):
        raise refusal
    wrong = {"values": {**form, "act": act}, **visit.wrong(refusal)}
    return await contribution_page(visit, contribution_id, refusal.status, **wrong)


def _said(visit: Visit, session_id: str, contribution_id: str, act: str) -> Response:
    """Back to the room or the desk; under a post, a script is told that it is done."""
    if visit.is_htmx:
        return visit.page("gatherings/_sent.html", act=act)
    face = "/desk" if visit.caller.runs and not visit.caller.seat(session_id) else ""
    return see_other(f"/sessions/{session_id}{face}#contribution-{contribution_id}")
