"""The workbench of charters, for editors: an overview, and one principle side by side."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from hub.charters import actions, rules, views, workbench
from hub.charters.models import list_charter_events, list_comments, list_drafts
from hub.charters.reading import Whole, read_whole, wrong
from hub.errors import Invalid, NotFound, Refusal
from hub.language.actions import glossary_version, translate_all
from hub.language.api import MemoryDep, TranslatorDep
from hub.language.text import Language, other
from hub.people.actions import list_flags
from hub.people.door import Asking, check_edits
from hub.people.models import Account
from hub.people.pages import page
from hub.people.rules import clean_text
from hub.web import (
    Db,
    Render,
    Time,
    both,
    language_of,
    made_here,
    read_form,
    read_number,
    see_other,
)

router = APIRouter(include_in_schema=False)
LANGUAGES: tuple[Language, ...] = ("sv", "en")
NO_WORDS = {"title": "", "text": ""}


# --- the overview ---------------------------------------------------------------------------


async def _overview(
    charter_id: str,
    request: Request,
    account: Account,
    database: Db,
    renderer: Render,
    clock: Time,
    status: int = 200,
    **more: Any,
) -> Response:
    now = clock.now()
    async with database.reading() as tx:
        whole = await read_whole(tx, charter_id)
        comments = await list_comments(tx, charter_id)
        drafts = await list_drafts(tx, charter_id, account.id)
        events = await list_charter_events(tx, charter_id)
        names = await workbench.names_of(tx, events[-20:], comments)
        flags = await list_flags(tx, "charter", subject=charter_id)
    charter = whole.view(full=True)
    open_comments: dict[str | None, int] = {}
    for comment in comments:
        if comment.settled_at is None:
            open_comments[comment.principle_id] = open_comments.get(comment.principle_id, 0) + 1
    known = (version["number"] for version in charter["versions"])
    numbers = list(known)
    return page(
        request,
        renderer,
        "charters/edit.html",
        status,
        **{
            "charter": charter,
            "removed": [
                {**_removed(p), "dialogues": _outcomes_of(p, whole)} for p in whole.state.removed
            ],
            "open_comments": open_comments,
            "drafts": sorted({draft.principle_id for draft in drafts}),
            "flags": {flag.place: flag.at for flag in flags},
            "adoption": workbench.adoption_of(whole.state, now),
            "round_open": rules.round_is_open(whole.state, now),
            "round_days": rules.ROUND_DAYS,
            "comments": workbench.comments_of(comments, names, None),
            "log": [workbench.event_view(event, names) for event in reversed(events[-20:])],
            "next_version": actions.next_number(numbers, adopting=False),
            "next_adopted": actions.next_number(numbers, adopting=True),
            "today": actions.today_there(now).isoformat(),
            "client_id": uuid.uuid4().hex,
            **more,
        },
    )


def _removed(principle: rules.Principle) -> dict[str, Any]:
    texts = principle.texts
    return {"id": principle.id, "title": {k: t.title for k, t in texts.items() if t.title}}


def _outcomes_of(principle: rules.Principle, whole: Whole) -> list[dict[str, Any]]:
    """What dialogues came to that went on, or were over, when the principle was taken out."""
    return [
        views.outcome_view(outcome, whole.dialogues)
        for outcome in whole.outcomes
        if outcome.principle_id == principle.id and outcome.closed_at is not None
    ]


@router.get("/charters/{charter_id}/edit")
async def get_workbench(
    charter_id: str, request: Request, caller: Asking, database: Db, renderer: Render, clock: Time
) -> Response:
    """All principles with their statuses, and what is done with the charter as a whole."""
    account = check_edits(caller)
    return await _overview(charter_id, request, account, database, renderer, clock)


@router.post("/charters/{charter_id}/edit")
async def post_workbench(
    charter_id: str, request: Request, caller: Asking, database: Db, renderer: Render, clock: Time
) -> Response:
    """One act on the whole charter: ``act`` says which."""
    account = check_edits(caller)
    form = await read_form(request)
    try:
        async with database.transaction() as tx:
            at = await _do(tx, charter_id, form, account=account, now=clock.now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        said = wrong(request, renderer, refusal)
        return await _overview(
            charter_id,
            request,
            account,
            database,
            renderer,
            clock,
            refusal.status,
            values=form,
            **said,
        )
    return see_other(f"/charters/{charter_id}/edit#{at}")


async def _do(tx: AsyncSession, charter_id: str, form: Mapping[str, str], **by: Any) -> str:
    """Do it, and say where in the page to go on. Raises what the actions raise."""
    act, principle_id = form.get("act", ""), form.get("principle", "")
    if act == "describe":
        data = {name: both(form, name) for name in ("title", "preamble", "audience")}
        source: dict[str, Any] = {
            name: form.get(f"source_{name}", "")
            for name in ("organisation", "country", "citation", "licence")
        }
        source["year"] = _year(form.get("source_year", ""))
        await actions.describe(tx, charter_id, {**data, "source": source}, **by)
        return "describe"
    if act == "add":
        titles, texts = both(form, "new_title"), both(form, "new_text")
        added: dict[str, dict[str, str]] = {
            k: {"title": titles[k], "text": texts[k]} for k in LANGUAGES
        }
        await actions.add_principle(tx, charter_id, texts=added, **by)
        return "grid"
    if act in ("up", "down"):
        await _move(tx, charter_id, principle_id, 1 if act == "down" else -1, **by)
        return f"row-{principle_id}"
    if act == "remove":
        why = form.get("why", "")
        await actions.remove_principle(tx, charter_id, principle_id, why=why, **by)
        return "removed"
    if act == "restore":
        await actions.restore_principle(tx, charter_id, principle_id, **by)
        return f"row-{principle_id}"
    if act == "round":
        await actions.open_round(tx, charter_id, **by)
        return "round"
    if act == "version":
        number, note = form.get("number", ""), both(form, "note")
        await actions.make_version(tx, charter_id, number=number, note=note, **by)
        return "version"
    if act == "adopt":
        await _adopt(tx, charter_id, form, **by)
        return "adopt"
    if act in ("settle", "unsettle"):
        comment = form.get("comment", "")
        await actions.settle_comment(tx, charter_id, comment, settled=act == "settle", **by)
        return "comments"
    raise NotFound


def _year(text: str) -> int | str | None:
    found = read_number(text)
    return (text.strip() or None) if found is None else found


async def _move(tx: AsyncSession, charter_id: str, principle_id: str, step: int, **by: Any) -> None:
    state = (await read_whole(tx, charter_id)).state
    order = [principle.id for principle in state.principles]
    if principle_id not in order:
        raise NotFound("principle_not_found")
    position = min(max(order.index(principle_id) + step, 0), len(order) - 1)
    await actions.move_principle(tx, charter_id, principle_id, position=position, **by)


async def _adopt(tx: AsyncSession, charter_id: str, form: Mapping[str, str], **by: Any) -> None:
    try:
        on = date.fromisoformat(form.get("on", "").strip())
    except ValueError as error:
        raise Invalid({"/on": "date_unreadable"}) from error
    chosen = [name.removeprefix("adopt-") for name in form if name.startswith("adopt-")]
    if not chosen:
        raise Invalid({"/adopt": "adopt_nothing_chosen"})
    number, note = form.get("adopt_number", ""), both(form, "adopt_note")
    try:
        await actions.adopt(
            tx,
            charter_id,
            principles=chosen,
            body=form.get("body", ""),
            on=on,
            number=number,
            note=note,
            **by,
        )
    except Invalid as faults:
        # The fields of the two forms for versions have names of their own.
        raise Invalid(
            {
                f"/adopt{pointer}" if pointer.startswith(("/note", "/number")) else pointer: code
                for pointer, code in faults.fields.items()
            }
        ) from faults


# --- one principle --------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """What somebody has typed in one language, and which revision they had before them."""

    title: str
    text: str
    base: int
    # The machine's words that they took over, with what made them; empty where they took none.
    machine: str = ""
    engine: str = ""

    @property
    def words(self) -> dict[str, str]:
        return {"title": self.title, "text": self.text}

    @property
    def origin(self) -> str:
        """A machine's words that a person has changed are the person's."""
        return "machine" if self.engine and self.machine == _joined(self.words) else "person"

    def differs(self, words: Mapping[str, str]) -> bool:
        return _joined(self.words) != _joined(words)


def _joined(words: Mapping[str, str]) -> str:
    """As it would be saved, so that line ends and spaces around are no difference."""
    return " ".join(words["title"].split()) + "\n" + clean_text(words["text"])


def _typed(form: Mapping[str, str]) -> dict[Language, Side]:
    found: dict[Language, Side] = {}
    for language in LANGUAGES:
        base = read_number(form.get(f"base_{language}"))
        if base is not None:
            found[language] = Side(
                form.get(f"title_{language}", ""),
                form.get(f"text_{language}", ""),
                base,
                form.get(f"machine_{language}", ""),
                form.get(f"engine_{language}", ""),
            )
    return found


def _taken_out(state: rules.State, principle_id: str) -> rules.Principle:
    found = next((p for p in state.removed if p.id == principle_id), None)
    if found is None:
        raise NotFound("principle_not_found")
    return found


def _there(whole: Whole, principle_id: str) -> rules.Principle:
    found = whole.state.find(principle_id)
    if found is None:
        raise NotFound("principle_not_found")
    return found


class Bench:
    """One request for the page of one principle, and what it takes to answer."""

    def __init__(
        self,
        charter_id: str,
        principle_id: str,
        request: Request,
        caller: Asking,
        database: Db,
        renderer: Render,
        clock: Time,
    ) -> None:
        self.charter_id, self.principle_id, self.request = charter_id, principle_id, request
        self.account = check_edits(caller)
        self.database, self.renderer, self.clock = database, renderer, clock

    @property
    def path(self) -> str:
        return f"/charters/{self.charter_id}/principles/{self.principle_id}/edit"

    def by(self) -> dict[str, Any]:
        return {"account": self.account, "now": self.clock.now()}

    def wrong(self, refusal: Refusal) -> dict[str, Any]:
        return wrong(self.request, self.renderer, refusal)

    async def page(
        self,
        status: int = 200,
        *,
        typed: Mapping[Language, Side] | None = None,
        suggested: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Response:
        """The page; with what was typed, else with the kept drafts, else with the present texts."""
        async with self.database.reading() as tx:
            whole = await read_whole(tx, self.charter_id)
            principle = _there(whole, self.principle_id)
            events = await list_charter_events(tx, self.charter_id)
            comments = await list_comments(tx, self.charter_id)
            names = await workbench.names_of(tx, events, comments)
            drafts = {
                draft.language: draft
                for draft in await list_drafts(tx, self.charter_id, self.account.id)
                if draft.principle_id == self.principle_id
            }
            glossary = await workbench.read_glossary(tx)
            sides = []
            for language in LANGUAGES:
                text, draft = principle.texts[language], drafts.get(language)
                across = principle.texts[other(language)].words
                if typed and language in typed:
                    side = typed[language]
                elif draft is not None:
                    side = Side(draft.title, draft.text, draft.based_on)
                else:
                    side = Side(text.title, text.text, text.revision)
                kept = draft is not None and not (typed and language in typed)
                sides.append(
                    {
                        "code": language,
                        "present": text.words,
                        "status": text.status,
                        "origin": text.origin,
                        "engine": text.engine,
                        "revision": text.revision,
                        "typed": side,
                        "draft_at": draft.saved_at if kept and draft else None,
                        "moved_on": kept and side.base != text.revision,
                        "changed": _diff(text.words, side.words),
                        "terms": workbench.terms_of(text.words, across, language, glossary),
                        "marked": workbench.marked(text.text, language, glossary),
                        "memory": await workbench.memory_of(tx, across, language),
                        "suggested": (suggested or {}).get(language),
                        "move": workbench.move_of(principle, language, whole.outcomes),
                    }
                )
        charter = whole.view(full=True)
        view = next(p for p in charter["principles"] if p["id"] == self.principle_id)
        return page(
            self.request,
            self.renderer,
            "charters/principle.html",
            status,
            **{
                "charter": charter,
                "p": view,
                "sides": sides,
                "before": _beside(charter, view, -1),
                "after": _beside(charter, view, 1),
                "comments": workbench.comments_of(comments, names, self.principle_id),
                "log": workbench.log_of(events, self.principle_id, names),
                "adopting": workbench.adoption_of(whole.state, self.clock.now())[self.principle_id],
                "client_id": uuid.uuid4().hex,
                "told": None,
                "used": None,
                "substance": None,
                **more,
            },
        )

    async def keep(self, typed: Mapping[Language, Side]) -> None:
        """Keep what differs from the present texts as drafts; what does not needs none."""
        async with self.database.transaction() as tx:
            state = (await read_whole(tx, self.charter_id)).state
            principle = state.find(self.principle_id) or _taken_out(state, self.principle_id)
            for language, side in typed.items():
                at = (self.charter_id, self.principle_id, language)
                if side.differs(principle.texts[language].words):
                    await actions.keep_draft(
                        tx,
                        *at,
                        title=side.title,
                        text=side.text,
                        based_on=side.base,
                        account=self.account,
                        now=self.clock.now(),
                    )
                else:
                    await actions.drop_draft(tx, *at, account=self.account)

    async def gone(self, typed: Mapping[Language, Side], status: int = 409) -> Response:
        """Somebody took the principle out meanwhile: all that was written, kept and to be copied.

        Without ``typed`` what was kept as drafts. Raises NotFound where there is no such principle,
        or nothing was written.
        """
        await self.keep(typed)
        async with self.database.reading() as tx:
            whole = await read_whole(tx, self.charter_id)
            principle = _taken_out(whole.state, self.principle_id)
            drafts = [
                draft
                for draft in await list_drafts(tx, self.charter_id, self.account.id)
                if draft.principle_id == self.principle_id
            ]
        kept = {draft.language: draft for draft in drafts}
        written = [
            {"code": language, **typed[language].words}
            if language in typed
            else {"code": language, "title": kept[language].title, "text": kept[language].text}
            for language in LANGUAGES
            if language in typed or language in kept
        ]
        if not written:
            raise NotFound("principle_not_found")
        return page(
            self.request,
            self.renderer,
            "charters/gone.html",
            status,
            charter=whole.view(full=True),
            p=_removed(principle),
            written=written,
        )

    async def save(self, typed: Mapping[Language, Side], *, substance: bool) -> Response:
        """Save both languages, or neither: where another saved first, both texts are shown."""
        try:
            async with self.database.transaction() as tx:
                whole = await read_whole(tx, self.charter_id)
                principle = _there(whole, self.principle_id)
                events = await list_charter_events(tx, self.charter_id)
                wanted = {k: v for k, v in typed.items() if self._is_new(principle, events, k, v)}
                for language in _in_order(whole.state, wanted):
                    side = wanted[language]
                    await actions.change_text(
                        tx,
                        self.charter_id,
                        self.principle_id,
                        language,
                        title=side.title,
                        text=side.text,
                        based_on=side.base,
                        substance=substance,
                        origin=side.origin,
                        engine=side.engine if side.origin == "machine" else "",
                        **self.by(),
                    )
                for language in set(typed) - set(wanted):
                    at = (self.charter_id, self.principle_id, language)
                    await actions.drop_draft(tx, *at, account=self.account)
        except Invalid as faults:
            said = self.wrong(_named(faults, language))
            return await self.page(422, typed=typed, substance=substance, **said)
        except Refusal as refusal:
            if refusal.code != "text_changed_meanwhile":
                raise
            await self.keep(typed)
            return await self.conflict(typed, substance=substance)
        return see_other(f"{self.path}?saved={len(wanted)}")

    def _is_new(
        self, principle: rules.Principle, events: Any, language: Language, side: Side
    ) -> bool:
        """Whether somebody wrote something here: not so where only the other's text is newer."""
        present = principle.texts[language]
        if not side.differs(present.words):
            return False
        if side.base == present.revision:
            return True
        started = workbench.text_at(events, self.principle_id, language, side.base)
        return started is None or side.differs(started)

    async def conflict(
        self, typed: Mapping[Language, Side], *, substance: bool, **more: Any
    ) -> Response:
        """Mine, theirs, and what each has changed: the one who comes second chooses."""
        async with self.database.reading() as tx:
            whole = await read_whole(tx, self.charter_id)
            principle = _there(whole, self.principle_id)
            events = await list_charter_events(tx, self.charter_id)
            names = await workbench.names_of(tx, events)
        sides = []
        for language, side in typed.items():
            present = principle.texts[language]
            started = workbench.text_at(events, self.principle_id, language, side.base) or NO_WORDS
            saved = next((e for e in events if e.number == present.revision), None)
            new = self._is_new(principle, events, language, side)
            sides.append(
                {
                    "code": language,
                    "mine": side,
                    "theirs": present.words,
                    "revision": present.revision,
                    "differ": new and side.base != present.revision,
                    "new": new,
                    "they_changed": _diff(started, present.words),
                    "i_changed": _diff(started, side.words),
                    "saved": workbench.event_view(saved, names) if saved else None,
                }
            )
        charter = whole.view(full=True)
        view = next(p for p in charter["principles"] if p["id"] == self.principle_id)
        return page(
            self.request,
            self.renderer,
            "charters/conflict.html",
            409,
            charter=charter,
            p=view,
            sides=sides,
            substance=substance,
            **more,
        )


def _named(faults: Invalid, language: str) -> Invalid:
    """The fields of a text have the name of their language behind them."""
    return Invalid({f"{pointer}_{language}": code for pointer, code in faults.fields.items()})


def _in_order(state: rules.State, wanted: Mapping[Language, Side]) -> list[Language]:
    """The source first: what follows it is then saved after it fell back."""
    return sorted(wanted, key=lambda k: (state.source_language != k, LANGUAGES.index(k)))


def _diff(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, Any] | None:
    if _joined(old) == _joined(new):
        return None
    return {part: rules.diff(old[part], new[part]) for part in ("title", "text")}


def _beside(charter: Mapping[str, Any], view: Mapping[str, Any], step: int) -> str | None:
    ids = [p["id"] for p in charter["principles"] if not p["leaving"]]
    at = ids.index(view["id"]) + step
    return ids[at] if 0 <= at < len(ids) else None


At = Annotated[Bench, Depends(made_here(Bench))]


@router.get("/charters/{charter_id}/principles/{principle_id}/edit")
async def get_principle(desk_: At, saved: int | None = None, kept: int | None = None) -> Response:
    """Both texts side by side, with what was being written and not saved."""
    told = "saved" if saved else "same" if saved is not None else "kept" if kept else None
    try:
        return await desk_.page(told=told)
    except NotFound:
        return await desk_.gone({}, 200)


@router.post("/charters/{charter_id}/principles/{principle_id}/edit")
async def post_principle(
    desk_: At, request: Request, translator: TranslatorDep, memory: MemoryDep
) -> Response:
    """Save, keep as a draft, or ask the machine; ``act`` says which. What was typed is kept."""
    form = await read_form(request)
    typed = _typed(form)
    if not typed:
        raise NotFound
    try:
        return await _written(desk_, typed, form, translator, memory)
    except NotFound:
        return await desk_.gone(_thirds(typed, form))


def _thirds(typed: Mapping[Language, Side], form: Mapping[str, str]) -> dict[Language, Side]:
    """What was written last: of one who chooses between two texts, a third where they wrote it."""
    return {
        language: Side(
            form.get(f"third_title_{language}", ""),
            form.get(f"third_text_{language}", ""),
            side.base,
        )
        if form.get(f"choice_{language}") == "third"
        else side
        for language, side in typed.items()
    }


async def _written(
    desk_: Bench,
    typed: Mapping[Language, Side],
    form: Mapping[str, str],
    translator: TranslatorDep,
    memory: MemoryDep,
) -> Response:
    act = form.get("act", "save")
    if act == "draft":
        await desk_.keep(typed)
        return see_other(f"{desk_.path}?kept=1")
    substance = form.get("substance") == "1"
    if act.startswith("suggest-"):
        wanted: Language = "en" if act == "suggest-en" else "sv"
        made = await _suggested(translator, memory, typed[other(wanted)], wanted)
        await desk_.keep(typed)
        return await desk_.page(typed=typed, suggested={wanted: made}, substance=substance)
    if act.startswith("use-"):
        return await desk_.page(typed=_taken(typed, form, act), substance=substance, used=act[4:])
    if act == "resolve":
        return await _resolve(desk_, typed, form, substance=substance)
    return await desk_.save(typed, substance=substance)


async def _suggested(
    translator: TranslatorDep, memory: MemoryDep, source: Side, target: Language
) -> dict[str, Any]:
    """What the machine, or the memory of the same words, makes of the other text."""
    title, text = await translate_all(
        translator,
        [source.title, source.text],
        source=other(target),
        target=target,
        database=memory,
    )
    failed = next((made.reason for made in (title, text) if made.status == "failed"), None)
    version = glossary_version(())
    return {
        "title": title.text,
        "text": text.text,
        "failed": failed,
        "from_memory": title.status == text.status == "memory",
        "engine": f"{text.model or title.model}; {version}",
        "doubts": sorted({r for made in (title, text) if made.doubt for r in made.doubt.reasons}),
        "hints": [hint for made in (title, text) for hint in made.hints],
    }


def _taken(
    typed: Mapping[Language, Side], form: Mapping[str, str], act: str
) -> dict[Language, Side]:
    """The suggestion in the place of what was typed in that language."""
    language: Language = "en" if act == "use-en" else "sv"
    words = {part: form.get(f"suggested_{part}_{language}", "") for part in ("title", "text")}
    engine = form.get(f"suggested_engine_{language}", "")
    side = Side(**words, base=typed[language].base, machine=_joined(words), engine=engine)
    return {**typed, language: side}


async def _resolve(
    desk_: Bench, typed: Mapping[Language, Side], form: Mapping[str, str], *, substance: bool
) -> Response:
    """Save what was chosen of two texts: mine, theirs, or a third."""
    chosen: dict[Language, Side] = {}
    for language, side in typed.items():
        choice = form.get(f"choice_{language}", "mine" if form.get(f"new_{language}") else "theirs")
        newer = read_number(form.get(f"newer_{language}"))
        base = side.base if newer is None else newer
        if form.get(f"differ_{language}") and f"choice_{language}" not in form:
            missing = Invalid({f"/choice_{language}": "choice_missing"})
            said = desk_.wrong(missing)
            return await desk_.conflict(typed, substance=substance, **said)
        if choice == "third":
            third = form.get(f"third_title_{language}", ""), form.get(f"third_text_{language}", "")
            chosen[language] = Side(*third, base)
        elif choice == "mine":
            chosen[language] = Side(side.title, side.text, base, side.machine, side.engine)
        else:
            async with desk_.database.transaction() as tx:
                at = (desk_.charter_id, desk_.principle_id, language)
                await actions.drop_draft(tx, *at, account=desk_.account)
    if not chosen:
        return see_other(f"{desk_.path}?saved=0")
    return await desk_.save(chosen, substance=substance)


@router.post("/charters/{charter_id}/principles/{principle_id}/draft")
async def post_draft(desk_: At, request: Request) -> Response:
    """Keep what is being typed, from a script; nothing else is answered."""
    await desk_.keep(_typed(await read_form(request)))
    return Response(status_code=204)


@router.post("/charters/{charter_id}/principles/{principle_id}/draft/drop")
async def post_draft_drop(desk_: At, request: Request) -> Response:
    """Throw a draft away: ``language``."""
    language = (await read_form(request)).get("language", "")
    async with desk_.database.transaction() as tx:
        at = (desk_.charter_id, desk_.principle_id, language)
        await actions.drop_draft(tx, *at, account=desk_.account)
    return see_other(desk_.path)


@router.post("/charters/{charter_id}/principles/{principle_id}/status")
async def post_status(desk_: At, request: Request) -> Response:
    """Raise the status of one language by one step."""
    form = await read_form(request)
    language = form.get("language", "")
    try:
        async with desk_.database.transaction() as tx:
            await actions.move_status(
                tx,
                desk_.charter_id,
                desk_.principle_id,
                language,
                to=form.get("to", ""),
                note=form.get("note", ""),
                reads_both=form.get("reads_both") == "1",
                based_on=read_number(form.get("revision")),
                **desk_.by(),
            )
    except NotFound:
        raise
    except Refusal as refusal:
        faults = _named(refusal, language) if isinstance(refusal, Invalid) else refusal
        said = desk_.wrong(faults)
        if refusal.code == "text_changed_meanwhile":
            said = desk_.wrong(Refusal("status_of_other_words"))
        return await desk_.page(refusal.status, values=form, **said)
    return see_other(f"{desk_.path}#status-{language}")


@router.post("/charters/{charter_id}/principles/{principle_id}/take")
async def post_take(desk_: At, request: Request) -> Response:
    """Put the text that a dialogue agreed on in the place of the present one."""
    form = await read_form(request)
    try:
        async with desk_.database.transaction() as tx:
            whole = await read_whole(tx, desk_.charter_id)
            principle = _there(whole, desk_.principle_id)
            outcome = next((o for o in whole.outcomes if o.id == form.get("outcome")), None)
            if outcome is None or outcome.closed_at is None or not outcome.agreed:
                raise NotFound("outcome_not_found")
            if outcome.decision == "drop":
                # What was agreed on is that the principle goes, in whatever words that was said.
                raise NotFound("outcome_not_found")
            for language in LANGUAGES:
                agreed = outcome.agreed.get(language) or {}
                if not agreed.get("text"):
                    continue
                await actions.change_text(
                    tx,
                    desk_.charter_id,
                    desk_.principle_id,
                    language,
                    title=agreed.get("title") or principle.texts[language].title,
                    text=agreed["text"],
                    based_on=read_number(form.get(f"base_{language}")),
                    # Agreed words in both languages belong together already.
                    substance=outcome.decision == "change" and not _both_agreed(outcome.agreed),
                    outcome=outcome.id,
                    **desk_.by(),
                )
    except NotFound:
        raise
    except Refusal as refusal:
        return await desk_.page(refusal.status, **desk_.wrong(refusal))
    return see_other(f"{desk_.path}?saved=1")


def _both_agreed(agreed: Mapping[str, Mapping[str, str]]) -> bool:
    return all((agreed.get(language) or {}).get("text") for language in LANGUAGES)


@router.post("/charters/{charter_id}/principles/{principle_id}/dissent")
async def post_dissent(desk_: At, request: Request) -> Response:
    """Publish what a dialogue did not agree on beside the principle."""
    form = await read_form(request)
    async with desk_.database.transaction() as tx:
        at = (desk_.charter_id, form.get("outcome", ""))
        await actions.publish_dissent(tx, *at, **desk_.by())
    return see_other(f"{desk_.path}#outcomes")


@router.post("/charters/{charter_id}/principles/{principle_id}/comments")
async def post_comment(desk_: At, request: Request) -> Response:
    """A comment among editors, or one marked as dealt with."""
    form = await read_form(request)
    try:
        async with desk_.database.transaction() as tx:
            if comment := form.get("comment"):
                settled = form.get("act") == "settle"
                await actions.settle_comment(
                    tx, desk_.charter_id, comment, settled=settled, **desk_.by()
                )
            else:
                await actions.add_comment(
                    tx,
                    desk_.charter_id,
                    principle_id=desk_.principle_id,
                    client_id=form.get("client_id", ""),
                    text=form.get("comment_text", ""),
                    language=language_of(request),
                    **desk_.by(),
                )
    except Invalid as faults:
        said = desk_.wrong(Invalid({"/comment_text": next(iter(faults.fields.values()))}))
        return await desk_.page(422, values=form, **said)
    return see_other(f"{desk_.path}#comments")
