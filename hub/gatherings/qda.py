"""A session as a REFI-QDA project (``.qdpx``), the exchange format of qualitative analysis.

Source: REFI-QDA 1.5, namespace ``urn:QDA-XML:project:1.0``. One plain text per reading language,
each post coded with its phase, kind and group, and in a dialogue its principle; positions count
Unicode characters.
"""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from hub.gatherings.principles import NAMELESS
from hub.gatherings.record import text_in

NAMESPACE = "urn:QDA-XML:project:1.0"
_IDS = uuid.UUID("6a1d6a2e-0f4e-5d3c-9a55-0d2f5b7f6c11")
# XML has no way to hold these, whatever their escape.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _guid(*parts: str) -> str:
    """The same thing has the same id in every export."""
    return str(uuid.uuid5(_IDS, "/".join(parts)))


def as_project(session: Mapping[str, Any], contributions: Iterable[Mapping[str, Any]]) -> bytes:
    """The bytes of a ``.qdpx`` file. Hidden posts and those taken back are left out.

    The name of a demonstration says so.
    """
    mark = "Demonstration: " if session.get("demonstration") else ""
    shown = [
        c for c in contributions if not c["removed"] and not c["hidden"] and c["kind"] != "rating"
    ]
    project = Element(
        "Project",
        xmlns=NAMESPACE,
        name=mark + _NOT_XML.sub("", session["title"]["en"]),
        origin="Samrum",
        creatingUserGUID=_guid("user"),
    )
    SubElement(SubElement(project, "Users"), "User", guid=_guid("user"), name="Samrum")
    book = SubElement(SubElement(project, "CodeBook"), "Codes")
    for code in sorted({code for c in shown for code in _codes_of(c)}):
        SubElement(book, "Code", guid=_guid("code", code), name=code, isCodable="true")
    sources = SubElement(project, "Sources")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for language in ("sv", "en"):
            source = _guid(session["id"], language)
            text = _add_source(sources, source, session["id"], language, shown)
            file.writestr(f"sources/{source}.txt", text.encode())
        xml = tostring(project, encoding="utf-8", xml_declaration=True)
        file.writestr("project.qde", xml)
    return out.getvalue()


def _codes_of(c: Mapping[str, Any]) -> list[str]:
    group = c["author"]["group"] if c["author"] else None
    codes = [f"kind: {c['kind']}", f"language: {c['language']}"]
    codes += [f"phase: {c['phase']}"] if c["phase"] else []
    codes += [f"principle: {c['principle']}"] if c.get("principle") else []
    return codes + ([f"group: {group}"] if group else [])


def _add_source(
    sources: Element, source: str, session: str, language: str, shown: list[Mapping[str, Any]]
) -> str:
    """The text of one reading language; its element gets a coded selection for each post."""
    element = SubElement(
        sources, "TextSource", guid=source, name=language, plainTextPath=f"internal://{source}.txt"
    )
    text = ""
    for c in shown:
        words, machine = text_in(c, language)
        if not words:
            continue
        nameless = c.get("principle") and c["kind"] in NAMELESS
        name = (c["author"]["name"] or "") if c["author"] and not nameless else ""
        text += f"{name}{' [machine translation]' if machine else ''}: "
        start = len(text)
        text += words
        selection = SubElement(
            element,
            "PlainTextSelection",
            guid=_guid(session, language, c["id"]),
            name=str(c["seq"]),
            startPosition=str(start),
            endPosition=str(len(text)),
        )
        text += "\n\n"
        for code in _codes_of(c):
            coding = SubElement(selection, "Coding", guid=_guid(session, language, c["id"], code))
            SubElement(coding, "CodeRef", targetGUID=_guid("code", code))
    return text
