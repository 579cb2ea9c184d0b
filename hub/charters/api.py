"""Charters over HTTP: anybody reads, editors write, those who took part comment."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from fastapi.responses import PlainTextResponse
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import actions, files, rules, views
from hub.charters.models import (
    access_charter,
    access_version,
    list_charters,
    list_comments,
    list_dialogues,
    list_outcomes,
    list_versions,
    took_part,
)
from hub.charters.shapes import (
    STATUSES,
    AdoptionIn,
    CharterIn,
    CharterItem,
    CharterOut,
    Charters,
    CommentIn,
    CommentOut,
    Comments,
    DescriptionIn,
    DissentIn,
    PlaceIn,
    PrincipleIn,
    SettledIn,
    TextIn,
    VersionIn,
    VersionOut,
    Versions,
)
from hub.db import Database
from hub.errors import Forbidden, Unauthorised
from hub.language.actions import translate
from hub.language.api import TranslatorDep
from hub.language.text import Language
from hub.people.door import Asking, Caller, check_edits
from hub.people.models import Account, Participant
from hub.people.rules import other_language
from hub.web import Db, RateLimits, Render, Time

router = APIRouter(prefix="/api/v1/charters", tags=["charters"])
COMMENT_RULE = "20 per minute"


async def view_charter(tx: AsyncSession, charter_id: str, *, full: bool) -> CharterOut:
    """The charter as it goes out. Raises NotFound."""
    charter = await access_charter(tx, charter_id)
    outcomes = await list_outcomes(tx, charter_id)
    found = views.charter_view(
        charter.state,
        await list_versions(tx, charter_id),
        outcomes,
        dialogues=await list_dialogues(tx, charter_id) if outcomes else {},
        demonstration=charter.demonstration,
        full=full,
    )
    return CharterOut.model_validate(found)


@router.get("")
async def get_charters(
    database: Db, after: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 100
) -> Charters:
    """All charters by id: own ones, imported ones, and entries of which only facts are known."""
    async with database.reading() as tx:
        found = [charter for charter in await list_charters(tx) if charter.id > after]
    page = found[:limit]
    return Charters(
        items=[CharterItem.model_validate(views.charter_item(charter)) for charter in page],
        next=page[-1].id if len(found) > limit else None,
    )


@router.post("", status_code=201)
async def post_charter(body: CharterIn, caller: Asking, database: Db, clock: Time) -> CharterOut:
    """Begin a charter, or take one in from the text of a YAML file (editors)."""
    account = check_edits(caller)
    read = None
    if body.yaml is not None:
        read = await asyncio.to_thread(files.read_yaml, body.yaml.encode("utf-8", "replace"))
    async with database.transaction() as tx:
        if read is not None:
            state = await actions.import_charter(
                tx,
                read,
                right=body.right,
                may_publish=body.may_publish,
                account=account,
                now=clock.now(),
            )
        else:
            data = body.model_dump(exclude={"yaml", "right", "may_publish"}, exclude_unset=True)
            state = await actions.create_charter(tx, data, account=account, now=clock.now())
        await tx.flush()
        return await view_charter(tx, state.id, full=True)


@router.get("/{charter_id}")
async def get_charter(charter_id: str, caller: Asking, database: Db) -> CharterOut:
    """One charter. Texts that may not be shown to everybody are empty for all but editors."""
    async with database.reading() as tx:
        return await view_charter(tx, charter_id, full=caller.edits)


@router.put("/{charter_id}")
async def put_charter(
    charter_id: str, body: DescriptionIn, caller: Asking, database: Db, clock: Time
) -> CharterOut:
    """Change title, preamble, audience, themes and source (editors)."""
    account = check_edits(caller)
    data = body.model_dump(exclude_unset=True)
    async with database.transaction() as tx:
        await actions.describe(tx, charter_id, data, account=account, now=clock.now())
        return await view_charter(tx, charter_id, full=True)


@router.get("/{charter_id}/versions")
async def get_versions(charter_id: str, database: Db) -> Versions:
    """The versions that were kept, newest first."""
    async with database.reading() as tx:
        await access_charter(tx, charter_id)
        found = await list_versions(tx, charter_id)
    return Versions(items=[VersionOut.model_validate(views.version_view(v)) for v in found])


@router.get("/{charter_id}/versions/{number}")
async def get_version(charter_id: str, number: str, caller: Asking, database: Db) -> CharterOut:
    """The charter as it was in one version. What came after is not in it."""
    async with database.reading() as tx:
        charter = await access_charter(tx, charter_id)
        version = await access_version(tx, charter_id, number)
    now_shown = rules.may_show(rules.read_state(charter.state))
    state = version.state if now_shown or caller.edits else _without_right(version.state)
    found = views.charter_view(
        state, [version], demonstration=charter.demonstration, full=caller.edits
    )
    return CharterOut.model_validate(found)


def _without_right(state: dict[str, Any]) -> dict[str, Any]:
    """What may no longer be shown is not shown in an old version either."""
    source = {**state["source"], "may_publish_translation": False}
    return {**state, "kind": "import", "source": source}


@router.post("/{charter_id}/versions", status_code=201)
async def post_version(
    charter_id: str, body: VersionIn, caller: Asking, database: Db, clock: Time
) -> CharterOut:
    """Keep the charter as it now is as a version (editors)."""
    account = check_edits(caller)
    async with database.transaction() as tx:
        await actions.make_version(
            tx,
            charter_id,
            number=body.number,
            note=_plain(body.note),
            account=account,
            now=clock.now(),
        )
        await tx.flush()
        return await view_charter(tx, charter_id, full=True)


def _plain(texts: dict[Any, str]) -> dict[str, str]:
    return {str(language): text for language, text in texts.items()}


@router.post("/{charter_id}/adopt", status_code=201)
async def post_adoption(
    charter_id: str, body: AdoptionIn, caller: Asking, database: Db, clock: Time
) -> CharterOut:
    """Write down that a body adopts principles in both languages (editors).

    Each is tested in dialogue in both languages, and has been out for comment in these very words
    for 14 days.
    """
    account = check_edits(caller)
    async with database.transaction() as tx:
        await actions.adopt(
            tx,
            charter_id,
            principles=body.principles,
            body=body.body,
            on=body.on,
            number=body.number,
            note=_plain(body.note),
            account=account,
            now=clock.now(),
        )
        await tx.flush()
        return await view_charter(tx, charter_id, full=True)


@router.post("/{charter_id}/round", status_code=201)
async def post_round(charter_id: str, caller: Asking, database: Db, clock: Time) -> CharterOut:
    """Ask those who took part to comment on the texts as they are, for 14 days (editors)."""
    account = check_edits(caller)
    async with database.transaction() as tx:
        await actions.open_round(tx, charter_id, account=account, now=clock.now())
        return await view_charter(tx, charter_id, full=True)


@router.post("/{charter_id}/dissent")
async def post_dissent(
    charter_id: str, body: DissentIn, caller: Asking, database: Db, clock: Time
) -> CharterOut:
    """Put the dissent of a closed outcome beside its principle (editors)."""
    account = check_edits(caller)
    async with database.transaction() as tx:
        await actions.publish_dissent(
            tx, charter_id, body.outcome, account=account, now=clock.now()
        )
        return await view_charter(tx, charter_id, full=True)


# --- principles ------------------------------------------------------------------------------


@router.post("/{charter_id}/principles", status_code=201)
async def post_principle(
    charter_id: str, body: PrincipleIn, caller: Asking, database: Db, clock: Time
) -> CharterOut:
    """Add a principle (editors)."""
    account = check_edits(caller)
    async with database.transaction() as tx:
        await actions.add_principle(
            tx,
            charter_id,
            texts={str(k): words.model_dump() for k, words in body.texts.items()},
            position=body.position,
            account=account,
            now=clock.now(),
        )
        return await view_charter(tx, charter_id, full=True)


@router.put("/{charter_id}/principles/{principle_id}")
async def put_principle(
    charter_id: str, principle_id: str, body: PlaceIn, caller: Asking, database: Db, clock: Time
) -> CharterOut:
    """Move a principle, bring it back, or mark the glossary's terms in it (editors)."""
    account, now = check_edits(caller), clock.now()
    async with database.transaction() as tx:
        state = rules.read_state((await access_charter(tx, charter_id, lock=True)).state)
        if any(p.id == principle_id for p in state.removed):
            await actions.restore_principle(
                tx, charter_id, principle_id, position=body.position, account=account, now=now
            )
        elif body.position is not None:
            await actions.move_principle(
                tx, charter_id, principle_id, position=body.position, account=account, now=now
            )
        if body.glossary_terms is not None:
            await actions.mark_terms(
                tx, charter_id, principle_id, terms=body.glossary_terms, account=account, now=now
            )
        return await view_charter(tx, charter_id, full=True)


@router.delete("/{charter_id}/principles/{principle_id}")
async def delete_principle(
    charter_id: str,
    principle_id: str,
    caller: Asking,
    database: Db,
    clock: Time,
    why: Annotated[str, Query(max_length=2000)] = "",
) -> CharterOut:
    """Take a principle out; its texts are kept, and PUT brings it back (editors)."""
    account = check_edits(caller)
    async with database.transaction() as tx:
        await actions.remove_principle(
            tx, charter_id, principle_id, why=why, account=account, now=clock.now()
        )
        return await view_charter(tx, charter_id, full=True)


@router.put(
    "/{charter_id}/principles/{principle_id}/{language}",
    description="Change a text, raise its status, or both (editors).\n\n" + STATUSES,
)
async def put_text(
    charter_id: str,
    principle_id: str,
    language: Literal["sv", "en"],
    body: TextIn,
    caller: Asking,
    database: Db,
    clock: Time,
) -> CharterOut:
    account = check_edits(caller)
    async with database.transaction() as tx:
        await _put_text(tx, (charter_id, principle_id, language), body, account, clock)
        return await view_charter(tx, charter_id, full=True)


async def _put_text(
    tx: AsyncSession, where: tuple[str, str, str], body: TextIn, account: Account, clock: Time
) -> None:
    charter_id, principle_id, language = where
    charter = await access_charter(tx, charter_id, lock=True)
    principle = rules.read_state(charter.state).find(principle_id)
    present = principle.texts[language] if principle else rules.Text()
    written = body.title is not None or body.text is not None
    status = present.status
    if written or principle is None:
        state = await actions.change_text(
            tx,
            charter_id,
            principle_id,
            language,
            title=present.title if body.title is None else body.title,
            text=present.text if body.text is None else body.text,
            based_on=body.based_on,
            substance=body.substance,
            origin=body.origin,
            engine=body.engine,
            outcome=body.outcome,
            account=account,
            now=clock.now(),
        )
        changed = state.find(principle_id)
        status = changed.texts[language].status if changed else status
    if body.status is not None and body.status != status:
        await actions.move_status(
            tx,
            charter_id,
            principle_id,
            language,
            to=body.status,
            note=body.note,
            reads_both=body.reads_both,
            outcome_id=body.outcome,
            based_on=None if written else body.based_on,
            account=account,
            now=clock.now(),
        )


# --- comments ----------------------------------------------------------------------------------


@router.get("/{charter_id}/comments")
async def get_comments(charter_id: str, caller: Asking, database: Db) -> Comments:
    """All comments for editors; their own for those who took part."""
    if caller.is_nobody:
        raise Unauthorised()
    own = None if caller.edits else [seat.id for seat in caller.seats.values()]
    if own == []:
        raise Forbidden()
    async with database.reading() as tx:
        await access_charter(tx, charter_id)
        found = await list_comments(tx, charter_id, participant_ids=own)
    return Comments(items=[CommentOut.model_validate(views.comment_view(c)) for c in found])


@router.post("/{charter_id}/comments", status_code=201)
async def post_comment(
    charter_id: str,
    body: CommentIn,
    caller: Asking,
    database: Db,
    clock: Time,
    translator: TranslatorDep,
    limits: RateLimits,
) -> CommentOut:
    """Comment, as an editor, or as one who took part while a round is open.

    The machine's translation comes with it where there is one.
    """
    account, participant = await _commenter(caller, database, charter_id)
    by = account.id if account else participant.id if participant else ""
    await limits.check(COMMENT_RULE, "comment", by)
    made = None
    if 0 < len(body.text.strip()) <= actions.COMMENT_LIMIT:
        made = await translate(
            translator,
            body.text,
            source=body.language,
            target=_other(body.language),
            database=database,
        )
    useful = made is not None and made.text and made.status != "failed"
    translation = {"text": made.text, "status": made.status} if made and useful else None
    async with database.transaction() as tx:
        comment = await actions.add_comment(
            tx,
            charter_id,
            client_id=body.client_id,
            text=body.text,
            language=body.language,
            principle_id=body.principle,
            translation=translation,
            account=account,
            participant=participant,
            now=clock.now(),
        )
        return CommentOut.model_validate(views.comment_view(comment))


def _other(language: Language) -> Language:
    return other_language(language)


async def _commenter(
    caller: Caller, database: Database, charter_id: str
) -> tuple[Account | None, Participant | None]:
    """An editor, or the seat of one who took part. Raises Unauthorised, Forbidden, NotFound."""
    if caller.is_nobody:
        raise Unauthorised()
    if caller.edits:
        return caller.account, None
    seats = {k: seat for k, seat in caller.seats.items() if seat.left_at is None}
    async with database.reading() as tx:
        await access_charter(tx, charter_id)
        there = await took_part(tx, charter_id, seats) if seats else set()
    if not there:
        raise Forbidden("comment_took_part")
    return None, seats[min(there)]


@router.put("/{charter_id}/comments/{comment_id}")
async def put_comment(
    charter_id: str,
    comment_id: str,
    body: SettledIn,
    caller: Asking,
    database: Db,
    clock: Time,
) -> CommentOut:
    """Say that a comment has been dealt with, or has not (editors)."""
    account = check_edits(caller)
    async with database.transaction() as tx:
        comment = await actions.settle_comment(
            tx, charter_id, comment_id, settled=body.settled, account=account, now=clock.now()
        )
        return CommentOut.model_validate(views.comment_view(comment))


@router.delete("/{charter_id}/comments/{comment_id}", status_code=204)
async def delete_comment(charter_id: str, comment_id: str, caller: Asking, database: Db) -> None:
    """Take one's own comment back, as one who took part: it is erased."""
    if caller.is_nobody:
        raise Unauthorised()
    own = [seat.id for seat in caller.seats.values()]
    async with database.transaction() as tx:
        await actions.remove_comment(tx, charter_id, comment_id, participant_ids=own)


# --- files ---------------------------------------------------------------------------------------


@router.post("/{charter_id}/import")
async def post_import(
    charter_id: str,
    caller: Asking,
    database: Db,
    clock: Time,
    file: Annotated[UploadFile, File(description="YAML, Markdown or DOCX, by its ending.")],
    right: Annotated[str, Form(description="Your right to use this text, in words.")] = "",
    may_publish: Annotated[
        bool, Form(description="That right covers showing it to everybody.")
    ] = False,
    language: Annotated[
        Literal["sv", "en"] | None, Form(description="Of a text in one language.")
    ] = None,
) -> CharterOut:
    """Bring the text of an entry that has none, from a file (editors).

    What is wrong with the file is in `errors`, with `line` where it has lines; then nothing is
    changed.
    """
    account = check_edits(caller)
    raw = await file.read(files.LIMIT_BYTES + 1)
    read = await asyncio.to_thread(files.read_any, raw, file=file.filename or "", language=language)
    async with database.transaction() as tx:
        await actions.import_charter(
            tx,
            read,
            right=right,
            may_publish=may_publish,
            into=charter_id,
            account=account,
            now=clock.now(),
        )
        return await view_charter(tx, charter_id, full=True)


@router.get(
    "/{charter_id}/export",
    response_class=Response,
    responses={200: {"content": {"application/yaml": {}, "text/markdown": {}}}},
)
async def get_export(
    charter_id: str,
    caller: Asking,
    database: Db,
    renderer: Render,
    format: Literal["yaml", "md"] = "yaml",
    language: Literal["sv", "en", "both"] = "both",
) -> Response:
    """The charter as YAML (whole) or Markdown. Texts that may not be shown stay out."""
    async with database.reading() as tx:
        text = await export(tx, charter_id, renderer, format, language=language, full=caller.edits)
    kind = "application/yaml" if format == "yaml" else "text/markdown"
    name = f'attachment; filename="{charter_id}.{format}"'
    return PlainTextResponse(
        text, media_type=f"{kind}; charset=utf-8", headers={"Content-Disposition": name}
    )


async def export(
    tx: AsyncSession,
    charter_id: str,
    renderer: Render,
    form: Literal["yaml", "md"],
    *,
    language: Literal["sv", "en", "both"] = "both",
    full: bool,
) -> str:
    """The charter as the text of a file; one of a demonstration says so. Raises NotFound."""
    charter = await access_charter(tx, charter_id)
    state = rules.read_state(charter.state)
    made_up = "Demonstration: people and words are made up."
    if form == "md":
        marks = [
            f"> Status: {renderer.say(each, made_up)}\n"
            for each in (rules.LANGUAGES if language == "both" else (language,))
            if charter.demonstration
        ]
        text = files.to_markdown(state, language, renderer.say, full=full)
        return "".join([*marks, "\n" if marks else "", text])
    versions = [version.state for version in reversed(await list_versions(tx, charter_id))]
    outcomes: dict[str, list[str]] = {}
    for outcome in await list_outcomes(tx, charter_id):
        outcomes.setdefault(outcome.principle_id, []).append(outcome.id)
    text = files.to_yaml(state, versions, outcomes, full=full)
    return f"# {made_up}\n{text}" if charter.demonstration else text
