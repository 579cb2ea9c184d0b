"""Who may reach what of a summary, and what it is built from: for pages and calls alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters.models import list_outcomes_of
from hub.errors import Forbidden, NotFound, Unauthorised
from hub.gatherings.doorway import read_record
from hub.gatherings.models import Gathering, find_gathering
from hub.gatherings.screens import Screens
from hub.people.door import Caller, check_edits, check_own, check_runs_or_edits
from hub.people.models import Account, Participant, latest_consents, list_participants
from hub.render import Renderer
from hub.summaries import actions, checks
from hub.summaries.actions.publishing import waiting_faults
from hub.summaries.building import Built, Material, build, may_quote, quotable_of
from hub.summaries.checks import Fault, Told
from hub.summaries.models import Edition, Statement, Summary

T = TypeVar("T")


def may_edit(caller: Caller) -> bool:
    """Those who facilitate sessions, and editors, put summaries right."""
    return caller.runs or caller.edits


def may_publish(caller: Caller) -> bool:
    """Editors and admins publish."""
    return caller.edits


def seat_in(caller: Caller, summary: Summary) -> Participant | None:
    """The caller's seat in the session, also after they left it; not where they were sent out."""
    return _seat_of(caller, summary.gathering_id) if summary.gathering_id else None


def _seat_of(caller: Caller, session_id: str) -> Participant | None:
    seat = caller.own(session_id)
    return seat if seat is not None and seat.removed_at is None else None


def check_was_there(caller: Caller, session_id: str) -> Participant:
    """The caller's seat in a session, to say something of its summary.

    Raises Unauthorised, Forbidden for those who lead it, and NotFound, also for who was sent out.
    """
    check_own(caller, session_id)
    seat = _seat_of(caller, session_id)
    if seat is None:
        raise NotFound("session_not_found")
    return seat


def check_may_edit(caller: Caller) -> Account:
    """The account. Raises Unauthorised or Forbidden."""
    return check_runs_or_edits(caller)


def check_may_publish(caller: Caller) -> Account:
    """The account. Raises Unauthorised or Forbidden."""
    return check_edits(caller)


def check_took_part(caller: Caller, summary: Summary) -> Participant:
    """The caller's seat in the session. Raises Unauthorised, Forbidden, NotFound."""
    if caller.is_nobody:
        raise Unauthorised()
    seat = seat_in(caller, summary)
    if seat is None:
        raise Forbidden("needs_seat") if may_edit(caller) else NotFound("summary_not_found")
    return seat


async def access(tx: AsyncSession, caller: Caller, summary_id: str, *, to: str = "read") -> Summary:
    """A summary that the caller may ``read``, ``edit`` or ``publish``.

    Anybody reads what is published. While it is confirmed those who took part read the draft as
    well; before that, those who edit it alone. Raises NotFound for what the caller may not see:
    hidden and absent look the same. Raises Unauthorised and Forbidden for what they may not do.
    """
    if to == "edit":
        check_may_edit(caller)
    elif to == "publish":
        check_may_publish(caller)
    summary = await actions.access_summary(tx, summary_id)
    if not (
        summary.edition
        or may_edit(caller)
        or (summary.state == "confirming" and seat_in(caller, summary))
    ):
        raise NotFound("summary_not_found")
    return summary


async def access_statement(tx: AsyncSession, summary: Summary, statement_id: str) -> Statement:
    """A statement of this summary, locked for a change. Raises NotFound."""
    statement = await actions.access_statement(tx, statement_id, lock=True)
    if statement.summary_id != summary.id:
        raise NotFound("statement_not_found")
    return statement


# --- what it is built from -----------------------------------------------------------------------


async def read_material(
    screens: Screens, tx: AsyncSession, gathering: Gathering, *, language: str
) -> Material:
    """The record of a session, and who of those in it may be quoted. Raises NotFound."""
    record = await read_record(screens, tx, gathering.id)
    people = await list_participants(tx, gathering.id)
    consents = await latest_consents(tx, gathering.id)
    outcomes = await list_outcomes_of(tx, gathering.id) if gathering.charter_copy else []
    sections = {p["id"]: p for p in record.get("principles") or ()}
    return Material(
        record=record,
        language=language,
        names=[p.name for p in people if p.name],
        voices={
            p.id: bool(consents[p.id].choices.get("quote_role"))
            for p in people
            if p.withdrawn_at is None and p.id in consents and may_quote(consents[p.id].choices)
        },
        dissents={
            row.principle_id: [
                {
                    "contribution": entry["contribution"],
                    "words": told["text"],
                    "by_machine": told["machine"],
                }
                for entry, told in zip(
                    [entry for entry in row.dissent if entry["text"]],
                    sections[row.principle_id]["dissent"],
                    strict=True,
                )
            ]
            for row in outcomes
            if row.principle_id in sections
        },
        agreed_from={row.principle_id: row.agreed_from for row in outcomes if row.agreed_from},
    )


async def _built(
    screens: Screens, renderer: Renderer, tx: AsyncSession, gathering: Gathering, language: str
) -> Built:
    return build(await read_material(screens, tx, gathering, language=language), renderer.say)


async def make(
    screens: Screens, renderer: Renderer, caller: Caller, session_id: str, *, language: str
) -> tuple[Summary, bool]:
    """The summary of a closed session, and whether it is new; one there is is brought up to date.

    Raises Unauthorised, Forbidden, NotFound, Invalid, and Refusal while the session goes on.
    """
    account = check_may_edit(caller)
    now = screens.clock.now()

    async def change(tx: AsyncSession, gathering: Gathering) -> tuple[Summary, bool]:
        actions.check_closed(gathering)
        built = await _built(screens, renderer, tx, gathering, language)
        known = await actions.find_summary_of(tx, gathering.id)
        if known is not None:
            await actions.rebuild(tx, known, built, now=now)
            return known, False
        tags = dict.fromkeys(
            tag
            for finding in (await read_record(screens, tx, gathering.id))["findings"]
            for tag in finding["tags"]
        )
        made = await actions.make_summary(
            tx, gathering, built, language=language, tags=list(tags), account=account, now=now
        )
        return made, True

    return await screens.carry_out(session_id, change)


async def rebuild(screens: Screens, renderer: Renderer, caller: Caller, summary_id: str) -> int:
    """Bring a summary up to date with its record; how many statements changed, came or went.

    Raises Unauthorised, Forbidden, NotFound, and Refusal where the posts are deleted.
    """
    now = screens.clock.now()

    async def change(tx: AsyncSession, gathering: Gathering | None) -> int:
        summary = await access(tx, caller, summary_id, to="edit")
        if gathering is None:
            raise NotFound("material_deleted")
        actions.check_closed(gathering)
        built = await _built(screens, renderer, tx, gathering, summary.language)
        return await actions.rebuild(tx, summary, built, now=now)

    return await _carry_out(screens, caller, summary_id, change, to="edit")


async def _carry_out(
    screens: Screens,
    caller: Caller,
    summary_id: str,
    change: Callable[[AsyncSession, Gathering | None], Awaitable[T]],
    *,
    to: str,
) -> T:
    """A change for which the session must stand still: nobody takes words back meanwhile."""
    async with screens.database.reading() as tx:
        summary = await access(tx, caller, summary_id, to=to)
    if summary.gathering_id is not None:
        return await screens.carry_out(summary.gathering_id, change)
    async with screens.database.transaction() as tx:
        return await change(tx, None)


# --- checks --------------------------------------------------------------------------------------


def told_of(statement: Statement) -> Told:
    """A statement as the checks read it."""
    return Told(
        id=statement.id,
        audience=statement.audience,
        block=statement.block,
        key=statement.key,
        texts=statement.texts,
        statuses=statement.statuses,
        sources=statement.sources,
        quote_of=statement.quote_of,
        question=statement.question,
        removed=statement.removed_at is not None,
        removed_why=statement.removed_why,
    )


async def read_faults(screens: Screens, tx: AsyncSession, summary: Summary) -> list[Fault]:
    """All that stands in the way of publishing, and what the editor is told besides."""
    told = [told_of(s) for s in await actions.list_statements(tx, summary.id)]
    gathering = await find_gathering(tx, summary.gathering_id) if summary.gathering_id else None
    quotable: dict[str, dict[str, str]] | None = None
    names: list[str] = []
    if gathering is not None and gathering.purged_at is None:
        material = await read_material(screens, tx, gathering, language=summary.language)
        quotable, names = quotable_of(material), list(material.names)
    return [
        *checks.faults_of(told, summary.facts, quotable=quotable, names=names),
        *await waiting_faults(tx, summary, now=screens.clock.now()),
        *checks.advice_of(told),
    ]


# --- changes that need the session ---------------------------------------------------------------


async def publish(
    screens: Screens,
    caller: Caller,
    summary_id: str,
    *,
    note: Mapping[str, str] | None = None,
    revision: int | None = None,
) -> Edition:
    """Publish what stands now (editors). Raises as ``access`` and ``actions.publish_summary``."""
    account = check_may_publish(caller)

    async def change(tx: AsyncSession, _gathering: Gathering | None) -> Edition:
        summary = await access(tx, caller, summary_id, to="publish")
        faults = [f for f in await read_faults(screens, tx, summary) if f.blocks]
        return await actions.publish_summary(
            tx,
            summary,
            faults=faults,
            account=account,
            now=screens.clock.now(),
            note=note,
            revision=revision,
        )

    return await _carry_out(screens, caller, summary_id, change, to="publish")


async def add_statement(
    screens: Screens, caller: Caller, summary_id: str, **given: Any
) -> tuple[Statement, Summary]:
    """A statement of the editor's own. Raises as ``access`` and ``actions.add_statement``.

    Nobody takes their words, or their yes to being quoted, back meanwhile.
    """
    account = check_may_edit(caller)

    async def change(tx: AsyncSession, _gathering: Gathering | None) -> tuple[Statement, Summary]:
        summary = await access(tx, caller, summary_id, to="edit")
        by: dict[str, Any] = {"account": account, "now": screens.clock.now()}
        return await actions.add_statement(tx, summary, **given, **by), summary

    return await _carry_out(screens, caller, summary_id, change, to="edit")


async def write_statement(
    screens: Screens,
    caller: Caller,
    summary_id: str,
    statement_id: str,
    *,
    texts: Mapping[str, str],
    revision: int | None,
    sources: Sequence[str] | None = None,
    quote_of: str | None = None,
) -> tuple[Statement, Summary]:
    """Give a statement other words, or answer what it asks. Raises as the actions do."""
    account = check_may_edit(caller)

    async def change(tx: AsyncSession, _gathering: Gathering | None) -> tuple[Statement, Summary]:
        summary = await access(tx, caller, summary_id, to="edit")
        statement = await access_statement(tx, summary, statement_id)
        now = screens.clock.now()
        given: dict[str, Any] = {"texts": texts, "sources": sources, "revision": revision}
        if statement.question is None:
            await actions.edit_statement(tx, statement, **given, account=account, now=now)
        else:
            await actions.answer_question(
                tx, statement, **given, quote_of=quote_of, account=account, now=now
            )
        return statement, summary

    return await _carry_out(screens, caller, summary_id, change, to="edit")


async def ask_to_confirm(screens: Screens, caller: Caller, summary_id: str) -> int:
    """Show the draft to those who took part for seven days; how many mails that makes."""
    account = check_may_edit(caller)

    async def change(tx: AsyncSession, _gathering: Gathering | None) -> int:
        summary = await access(tx, caller, summary_id, to="edit")
        return await actions.ask_to_confirm(tx, summary, account=account, now=screens.clock.now())

    return await _carry_out(screens, caller, summary_id, change, to="edit")
