"""A charter as Markdown: the headings are the titles of principles.

In one language: ``# Title``, a preamble, and ``## Principle`` with its text. In both: ``# Title``,
then ``## sv: Titel`` and ``## en: Title`` with a preamble each and ``### Principle`` with its text;
a principle is the same in both by its id, ``### Börja tillsammans {#vst-1}``, or by its place.
A line ``> Status: …`` is for readers and is not read in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hub.charters import rules
from hub.charters.files.faults import Notes, decode
from hub.charters.files.sheet import CHARTER_ID, NO_SOURCE, PRINCIPLE_ID
from hub.errors import Fault
from hub.people.rules import clean_text

_HEADING = re.compile(r"(#{1,6})[ \t]+(.+?)(?:[ \t]+#+)?[ \t]*")
_ID = re.compile(r"(.*?)[ \t]*\{#([^{}\s]+)\}")
_LANGUAGE = re.compile(r"(sv|en|svenska|english)[ \t]*(?::[ \t]*(.*))?", re.I)
_STATUS = re.compile(r">[ \t]*Status:.*")
_NUMBER = re.compile(r"\A[0-9]{1,3}[.)][ \t]+")
# A < is written as &lt;, since not every renderer knows it with a backslash before it.
_SIGNS = re.compile(r"[\\`*_\[\]]|<|&(?=#?\w+;)")
_START = re.compile(r"^(\s*)(?=#|>|~~~|[-=]+\s*$)", re.M)
_WRITTEN = re.compile(r"\\([!-/:-@\[-`{-~])|&(lt|gt|amp);")
_ENTITIES = {"<": "&lt;", "&": "&amp;"}
_MEANT = {"lt": "<", "gt": ">", "amp": "&"}


@dataclass
class Block:
    """A title with the text under it, and the line that it begins on."""

    title: str
    line: int | None
    id: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return clean_text("\n".join(self.lines))


@dataclass
class Draft:
    """A charter in one language as a document has it."""

    title: str = ""
    id: str = ""
    preamble: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


def read_markdown(raw: bytes, *, file: str = "", language: str | None = None) -> dict[str, Any]:
    """The charter in a Markdown file. ``language``: of one that does not say. Raises FileFaults."""
    notes = Notes(file)
    lines = decode(raw, notes).split("\n")
    headings = [_HEADING.fullmatch(line.strip()) for line in lines]
    two = any(h and len(h[1]) == 2 and _LANGUAGE.fullmatch(h[2]) for h in headings)
    drafts = _in_both(lines, notes) if two else {language or "": _in_one(lines)}
    return joined(drafts, notes)


def _in_one(lines: list[str]) -> Draft:
    headings = [h for line in lines if (h := _HEADING.fullmatch(line.strip()))]
    levels = [len(h[1]) for h in headings]
    # The one heading above all others is the charter's; else each is a principle's.
    lone = bool(levels) and levels[0] == min(levels) and levels.count(min(levels)) == 1
    has_title = lone and len(levels) > 1
    deep = min(levels[1:], default=1) if has_title else min(levels, default=1)
    draft = Draft()
    for number, line in enumerate(lines, 1):
        heading = _HEADING.fullmatch(line.strip())
        if heading and has_title and not draft.title and not draft.blocks:
            draft.title, draft.id = _title(heading[2])
        elif heading and len(heading[1]) <= deep:
            _begin(draft, heading[2], number)
        else:
            _more(draft, line)
    return draft


def _in_both(lines: list[str], notes: Notes) -> dict[str, Draft]:
    drafts: dict[str, Draft] = {}
    title, charter_id = "", ""
    here: Draft | None = None
    for number, line in enumerate(lines, 1):
        heading = _HEADING.fullmatch(line.strip())
        level = len(heading[1]) if heading else 0
        if heading and level == 1:
            title, charter_id = _title(heading[2])
        elif heading and level == 2:
            named = _LANGUAGE.fullmatch(heading[2])
            if named is None:
                notes.add("", Fault("file_language_heading"), line=number)
                continue
            language = named[1].lower()[:2]
            if language in drafts:
                notes.add("", Fault("file_language_repeats"), line=number)
            here = drafts.setdefault(language, Draft(_meant(named[2] or "").strip() or title))
        elif here is not None and heading and level == 3:
            _begin(here, heading[2], number)
        elif here is not None:
            _more(here, line)
    for draft in drafts.values():
        draft.id = charter_id
    return drafts


def _title(text: str) -> tuple[str, str]:
    found = _ID.fullmatch(text)
    return (_meant(found[1]), found[2]) if found else (_meant(text), "")


def _begin(draft: Draft, heading: str, line: int) -> None:
    title, own_id = _title(_NUMBER.sub("", heading, count=1))
    draft.blocks.append(Block(title, line, own_id))


def _more(draft: Draft, line: str) -> None:
    if not _STATUS.fullmatch(line.strip()):
        (draft.blocks[-1].lines if draft.blocks else draft.preamble).append(_meant(line))


def _meant(text: str) -> str:
    """What a text with signs that are escaped says."""
    return _WRITTEN.sub(lambda found: found[1] or _MEANT[found[2]], text)


def joined(drafts: dict[str, Draft], notes: Notes) -> dict[str, Any]:
    """Plain data out of what a document has in each language. Raises FileFaults."""
    for language in drafts:
        if language not in rules.LANGUAGES:
            notes.add("/language", Fault("file_language_unsaid"))
    for draft in drafts.values():
        _check(draft, notes)
    notes.stop()
    languages = [language for language in rules.LANGUAGES if language in drafts]
    source_language = "both" if len(languages) == 2 else languages[0]
    first = drafts[languages[0]]
    preamble = {k: clean_text("\n".join(d.preamble)) for k, d in drafts.items()}
    return {
        "id": first.id if CHARTER_ID.fullmatch(first.id) else "",
        "kind": "import",
        "title": {k: clean_text(d.title) for k, d in drafts.items() if d.title.strip()},
        "preamble": {k: text for k, text in preamble.items() if text},
        "source": dict(NO_SOURCE),
        "audience": {},
        "themes": {},
        "source_language": source_language,
        "right": None,
        "principles": _paired(drafts, languages, notes),
        "removed": [],
        "version": None,
        "round": None,
        "history": [],
    }


def _check(draft: Draft, notes: Notes) -> None:
    if len(draft.title) > rules.TITLE_LIMIT:
        notes.add("/title", Fault("text_longer", limit=rules.TITLE_LIMIT))
    if sum(map(len, draft.preamble)) > rules.TEXT_LIMIT:
        notes.add("/preamble", Fault("text_longer", limit=rules.TEXT_LIMIT))
    if not draft.blocks:
        notes.add("/principles", Fault("file_no_headings"))
    if len(draft.blocks) > rules.PRINCIPLE_LIMIT:
        notes.add("/principles", Fault("principles_too_many"))
        return
    seen: set[str] = set()
    for n, block in enumerate(draft.blocks):
        at = f"/principles/{n}"
        if block.id and not PRINCIPLE_ID.fullmatch(block.id):
            notes.add(f"{at}/id", Fault("id_unreadable"), line=block.line)
        if block.id and block.id in seen:
            notes.add(f"{at}/id", Fault("principle_id_repeats"), line=block.line)
        seen.add(block.id)
        if not clean_text(block.title):
            notes.add(f"{at}/title", Fault("title_missing"), line=block.line)
        elif len(block.title) > rules.TITLE_LIMIT:
            notes.add(f"{at}/title", Fault("text_longer", limit=rules.TITLE_LIMIT), line=block.line)
        if not block.text:
            notes.add(f"{at}/text", Fault("text_missing"), line=block.line)
        elif len(block.text) > rules.TEXT_LIMIT:
            notes.add(f"{at}/text", Fault("text_longer", limit=rules.TEXT_LIMIT), line=block.line)


def _paired(drafts: dict[str, Draft], languages: list[str], notes: Notes) -> list[dict[str, Any]]:
    first = drafts[languages[0]].blocks
    taken = {block.id for draft in drafts.values() for block in draft.blocks if block.id}
    free = (f"p-{n}" for n in range(1, 10**6) if f"p-{n}" not in taken)
    by_id = all(block.id for draft in drafts.values() for block in draft.blocks)
    found = []
    for n, block in enumerate(first):
        sides = {languages[0]: block}
        for language in languages[1:]:
            across = drafts[language].blocks
            match = next((b for b in across if b.id == block.id), None) if by_id else None
            if not by_id and n < len(across):
                match = across[n]
            if match is None:
                pointer = f"/principles/{n}/text/{language}"
                notes.add(pointer, Fault("language_missing"), line=block.line)
                continue
            sides[language] = match
        found.append(_principle(block.id or next(free), sides))
    for language in languages[1:]:
        for n, block in enumerate(drafts[language].blocks):
            known = {b.id for b in first}
            if (block.id not in known) if by_id else n >= len(first):
                pointer = f"/principles/{n}/text/{languages[0]}"
                notes.add(pointer, Fault("language_missing"), line=block.line)
    notes.stop()
    return found


def _principle(principle_id: str, sides: dict[str, Block]) -> dict[str, Any]:
    return {
        "id": principle_id,
        "texts": {
            language: {
                "title": " ".join(clean_text(block.title).split()),
                "text": block.text,
                "status": "draft",
                "origin": "person",
                "engine": "",
                "revision": 0,
            }
            for language, block in sides.items()
        },
        "glossary_terms": [],
        "dissent": [],
        "log": [],
        "adopted": None,
    }


def to_markdown(
    state: rules.State, language: str, say: Callable[[str, str], str], *, full: bool = False
) -> str:
    """The charter in ``sv``, ``en`` or ``both``, each principle with its status in words.

    ``say``: a word of the catalogues in a language. Without ``full`` texts that may not be shown
    to everybody stay out.
    """
    languages = rules.LANGUAGES if language == "both" else (language,)
    visible = full or rules.may_show(state)
    parts: list[str] = []
    if language == "both":
        title = next((state.title[k] for k in languages if state.title.get(k)), state.id)
        parts.append(f"# {_line(title)} {{#{state.id}}}")
    for each in languages:
        title = _line(state.title.get(each, "") or next(iter(state.title.values()), state.id))
        deep = "##" if language == "both" else "#"
        parts.append(f"## {each}: {title}" if language == "both" else f"# {title} {{#{state.id}}}")
        if state.version:
            parts.append(f"> Status: {say(each, 'Version')} {state.version['number']}")
        if not visible:
            continue
        if state.preamble.get(each):
            parts.append(_escaped(state.preamble[each]))
        parts += _principle_parts(state, each, f"{deep}#", say)
    return "\n\n".join(parts) + "\n"


def _principle_parts(
    state: rules.State, language: str, hashes: str, say: Callable[[str, str], str]
) -> list[str]:
    parts = []
    for principle in state.principles:
        text = principle.texts[language]
        if not text.text:
            continue
        parts.append(f"{hashes} {_line(text.title)} {{#{principle.id}}}")
        parts.append(f"> Status: {say(language, status_word(text))}")
        parts.append(_escaped(text.text))
    return parts


def status_word(text: rules.Text) -> str:
    """The word of the catalogues for a text's status; a machine's draft is called that."""
    machine = text.status == "draft" and text.origin == "machine"
    return f"standing.{'machine_draft' if machine else text.status}"


def _line(text: str) -> str:
    """A title: on one line, with no number or language before it that would be read as such."""
    line = _signs(" ".join(text.split())).replace("#", "\\#")
    return re.sub(
        r"^([0-9]{1,3}|sv|en|svenska|english)(?=[ \t]*[.):])([ \t]*)",
        r"\1\2\\",
        line,
        flags=re.I,
    )


def _escaped(text: str) -> str:
    """A text that says itself: no markup, link, entity or element, no heading and no status."""
    return _START.sub(r"\1\\", _signs(text))


def _signs(text: str) -> str:
    return _SIGNS.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), text)
