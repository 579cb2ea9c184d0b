"""Pages where an organiser copies and changes session formats."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Query, Response

from hub.errors import Invalid, Refusal
from hub.gatherings import desk, rules
from hub.gatherings.api.formats import Shelf
from hub.gatherings.formats import Formats, a_break
from hub.gatherings.visit import Here, Visit
from hub.people.door import check_runs
from hub.people.rules import LANGUAGES
from hub.web import read_form, see_other

router = APIRouter(include_in_schema=False)
TEXTS = ("title", "task", "bot", "host")
PARTS = (*TEXTS, "summary", "minutes", "break")
# Where a session begins and ends is the same in every copy.
ALWAYS = ("arrive", "close")
BREAK_MINUTES = 10
COPY = {"sv": "kopia", "en": "copy"}


@router.get("/formats")
async def get_formats(visit: Here, shelf: Shelf) -> Response:
    """The formats that ship with the hub and the own ones, and files that cannot be read."""
    check_runs(visit.caller)
    formats = [
        {
            "id": form.id,
            "kind": form.kind,
            "title": form.title,
            "summary": form.summary,
            "hybrid": form.hybrid,
            "minutes": f"{sum(p.minutes for p in form.phases):g}",
            "steps": len(form.phases),
            "own": shelf.is_own(form.id),
        }
        for form in shelf.all()
    ]
    unreadable = [
        {
            "name": file.name,
            "faults": [
                {"line": f.line, "sentence": visit.renderer.fault(visit.language, f.code)}
                for f in file.faults
            ],
        }
        for file in shelf.unreadable()
    ]
    return visit.page("gatherings/formats.html", formats=formats, unreadable=unreadable)


@router.get("/formats/new")
async def get_new_format(
    visit: Here, shelf: Shelf, source: str = Query("", alias="from")
) -> Response:
    """A copy to change; nothing is kept before it is saved."""
    check_runs(visit.caller)
    if not source:
        return see_other("/formats")
    sheet = _sheet(shelf, shelf.access(source))
    values = sheet.values()
    for language, word in COPY.items():
        values[f"title-{language}"] += f" ({word})"
    return _form_page(visit, sheet, values)


@router.post("/formats")
async def post_format(visit: Here, shelf: Shelf) -> Response:
    check_runs(visit.caller)
    form = await read_form(visit.request)
    sheet = _sheet(shelf, _source(shelf, form.get("from", ""), form))
    data = sheet.read(form)
    try:
        await asyncio.to_thread(shelf.add, data)
    except Refusal as refusal:
        return _form_page(visit, sheet, form, refusal=refusal)
    return see_other("/formats")


@router.get("/formats/{format_id}")
async def get_format(format_id: str, visit: Here, shelf: Shelf) -> Response:
    """An own format to change; of one that ships with the hub, a copy."""
    check_runs(visit.caller)
    data = shelf.access(format_id)
    if not shelf.is_own(format_id):
        return see_other(f"/formats/new?from={format_id}")
    sheet = _sheet(shelf, data)
    values = {**sheet.values(), "version": shelf.version(format_id) or ""}
    return _form_page(visit, sheet, values, own_id=format_id)


@router.post("/formats/{format_id}")
async def post_change_format(format_id: str, visit: Here, shelf: Shelf) -> Response:
    check_runs(visit.caller)
    form = await read_form(visit.request)
    sheet = _sheet(shelf, _source(shelf, format_id, form))
    data, version = sheet.read(form), form.get("version", "")
    own_id: str | None = format_id
    try:
        await asyncio.to_thread(shelf.change, format_id, data, version=version)
    except Refusal as refusal:
        if refusal.code == "format_changed":
            # Whoever saves again has been told, and means it.
            form["version"] = shelf.version(format_id) or ""
        elif refusal.code == "format_not_found":
            refusal, own_id = Refusal("format_gone"), None
        return _form_page(visit, sheet, form, refusal=refusal, own_id=own_id)
    return see_other("/formats")


@router.post("/formats/{format_id}/delete")
async def post_delete_format(format_id: str, visit: Here, shelf: Shelf) -> Response:
    check_runs(visit.caller)
    await asyncio.to_thread(shelf.remove, format_id)
    return see_other("/formats")


def _source(shelf: Formats, format_id: str, form: Mapping[str, str]) -> dict[str, Any]:
    """What the form began from; what that was copied from, where somebody deleted it meanwhile."""
    return shelf.find(format_id) or shelf.access(form.get("origin", ""))


# --- the form ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """A format as a form: every step it may have, in the order of the method."""

    source: Mapping[str, Any]
    origin: str
    steps: tuple[Mapping[str, Any], ...]

    def values(self) -> dict[str, str]:
        """The fields as they stand, by name."""
        found = {"hybrid": "1" if self.source["hybrid"] else "0"}
        for name in ("title", "summary"):
            found |= _fields(name, self.source[name])
        kept = {phase["id"] for phase in self.source["phases"]}
        for step in self.steps:
            name = _step(step["id"])
            found[f"{name}-minutes"] = f"{step['minutes']:g}"
            for text in TEXTS:
                found |= _fields(f"{name}-{text}", step[text])
            ticked = {"keep": step["id"] in kept, "cuttable": step["cuttable"]}
            found |= {f"{name}-{field}": "1" for field, on in ticked.items() if on}
        for trigger, texts in self.source["triggers"].items():
            found |= _fields(f"line-{trigger}", texts)
        return found

    def read(self, form: Mapping[str, str]) -> dict[str, Any]:
        """The format that a form asks for, sound or not."""
        phases: list[dict[str, Any]] = []
        for name, step in self.rows(form):
            minutes = desk.number(form.get(f"{name}-minutes"), 0)
            if step is None:
                phases.append({**a_break(minutes), "id": self._break_id(phases)})
                continue
            texts = {text: _both(form, f"{name}-{text}") for text in TEXTS}
            may_cut = rules.may_be_cut(step["id"], step["inputs"])
            cuttable = may_cut and f"{name}-cuttable" in form
            phases.append({**step, **texts, "minutes": minutes, "cuttable": cuttable})
        triggers = rules.triggers_of(self.source["kind"])
        return {
            "from": self.origin,
            "kind": self.source["kind"],
            "title": _both(form, "title"),
            "summary": _both(form, "summary"),
            "hybrid": form.get("hybrid") == "1",
            "phases": phases,
            "triggers": {trigger: _both(form, f"line-{trigger}") for trigger in triggers},
        }

    def rows(self, form: Mapping[str, str]) -> list[tuple[str, Mapping[str, Any] | None]]:
        """The steps a form keeps, each after the start of its fields' names; None: a new break."""
        rows: list[tuple[str, Mapping[str, Any] | None]] = []
        for step in self.steps:
            name = _step(step["id"])
            if step["id"] in ALWAYS or f"{name}-keep" in form:
                rows.append((name, step))
            if f"{name}-break" in form:
                rows.append((f"{name}-break", None))
        return rows

    def _break_id(self, phases: list[dict[str, Any]]) -> str:
        taken = {phase["id"] for phase in (*self.steps, *phases)}
        free = (f"break_{n}" for n in range(2, len(taken) + 3))
        return "break" if "break" not in taken else next(name for name in free if name not in taken)

    def field_of(self, pointer: str, form: Mapping[str, str]) -> str:
        """The id in the page of what a fault speaks of."""
        first, *rest = pointer.strip("/").split("/")
        if first == "phases" and rest:
            return "-".join([self.rows(form)[int(rest[0])][0], *rest[1:]])
        if first == "phases":
            return "steps"
        return "-".join(["line" if first == "triggers" else first, *rest])


def _sheet(shelf: Formats, source: Mapping[str, Any]) -> Sheet:
    """Steps that an earlier change left out can be put back, where the origin is known."""
    origin = shelf.origin(source)
    steps = list(source["phases"])
    before = -1
    for phase in origin["phases"]:
        ids = [step["id"] for step in steps]
        if phase["id"] not in ids:
            steps.insert(before + 1, phase)
            before += 1
        else:
            before = ids.index(phase["id"])
    return Sheet(source, str(origin["id"]), tuple(steps))


def _step(phase_id: str) -> str:
    return f"step-{phase_id}"


def _fields(name: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}-{language}": texts.get(language, "") for language in LANGUAGES}


def _both(form: Mapping[str, str], name: str) -> dict[str, str]:
    return {language: form.get(f"{name}-{language}", "") for language in LANGUAGES}


# --- the page ------------------------------------------------------------------------------


def _form_page(
    visit: Visit,
    sheet: Sheet,
    values: Mapping[str, str],
    *,
    refusal: Refusal | None = None,
    own_id: str | None = None,
) -> Response:
    faults = refusal.fields if isinstance(refusal, Invalid) else {}
    errors: dict[str, str] = {}
    summary = []
    for pointer, code in faults.items():
        field, sentence = (
            sheet.field_of(pointer, values),
            visit.renderer.fault(visit.language, code),
        )
        errors[field] = sentence
        summary.append((field, ": ".join(filter(None, (_place(visit, field, values), sentence)))))
    told = refusal and not faults
    return visit.page(
        "gatherings/format.html",
        refusal.status if refusal else 200,
        own_id=own_id,
        source_id=sheet.source["id"],
        origin=sheet.origin,
        steps=_step_views(sheet, values, errors),
        lines=_line_views(sheet),
        placeholders=_braced(rules.opening_placeholders(sheet.source["kind"])),
        values=values,
        errors=errors,
        faults=summary,
        refused=visit.renderer.refusal(visit.language, refusal) if told and refusal else None,
        changed=bool(refusal and refusal.code == "format_changed"),
    )


def _place(visit: Visit, field: str, values: Mapping[str, str]) -> str:
    """Where in the form a field is, in words; nothing for what speaks of a whole step or more."""
    language, say = visit.language, visit.renderer.say
    name, *rest = field.split("-")
    where = []
    if name in ("step", "line") and len(rest) > 1:
        about = rest.pop(0)
        title = values.get(f"step-{about}-title-{language}", "").strip()
        where.append((title or about) if name == "step" else say(language, f"trigger.{about}"))
    elif name not in PARTS:
        return ""
    words = [say(language, f"format_part.{part}") for part in (name, *rest) if part in PARTS]
    spoken = [say(language, f"in_language.{part}") for part in rest if part in LANGUAGES]
    place = ", ".join([*(part.rstrip(".") for part in where), *words])
    return " ".join([place, *spoken])


def _step_views(
    sheet: Sheet, values: Mapping[str, str], errors: Mapping[str, str]
) -> list[dict[str, Any]]:
    following = [*(_is_break(step) for step in sheet.steps[1:]), True]
    views = []
    for step, then_break in zip(sheet.steps, following, strict=True):
        name, always = _step(step["id"]), step["id"] in ALWAYS
        views.append(
            {
                "name": name,
                "title": {**step["title"], **_typed(_both(values, f"{name}-title"))},
                "minutes": values.get(f"{name}-minutes", ""),
                "always": always,
                "kept": always or f"{name}-keep" in values,
                "may_cut": rules.may_be_cut(step["id"], step["inputs"]),
                "may_break": not then_break and not _is_break(step),
                "break_minutes": values.get(f"{name}-break-minutes", str(BREAK_MINUTES)),
                "open": any(field == name or field.startswith(f"{name}-") for field in errors),
            }
        )
    return views


def _typed(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: text for language, text in texts.items() if text.strip()}


def _is_break(step: Mapping[str, Any]) -> bool:
    return not step["inputs"] and not step["discussion"]


def _line_views(sheet: Sheet) -> list[dict[str, str]]:
    return [
        {
            "name": f"line-{trigger}",
            "trigger": trigger,
            "placeholders": _braced(rules.TRIGGERS[trigger]),
        }
        for trigger in rules.triggers_of(sheet.source["kind"])
    ]


def _braced(names: frozenset[str]) -> str:
    return ", ".join("{" + name + "}" for name in sorted(names))
