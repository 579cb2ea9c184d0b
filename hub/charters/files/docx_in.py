"""A charter out of a DOCX: headings, or numbered or bold paragraphs, are the titles."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hub.charters.files.faults import Notes, check_size
from hub.charters.files.markdown import Block, Draft, joined
from hub.errors import Fault

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

# A document of a few pages unpacks to less than this; more is not a charter.
UNPACKED_LIMIT_BYTES = 20_000_000
_FILES_LIMIT = 2000
_NUMBER = re.compile(r"\A\s*[0-9]{1,3}[.)]\s+")
_MAIN = "word/document.xml"
_PRINCIPLE = {"sv": "Princip", "en": "Principle"}


def read_docx(raw: bytes, *, file: str = "", language: str | None = None) -> dict[str, Any]:
    """The charter in a DOCX, in the one ``language`` that it is in. Raises FileFaults.

    Titles are its headings; where it has none, its bold or numbered paragraphs. A numbered
    paragraph with nothing under it is a principle's text, called by its number.
    """
    notes = Notes(file)
    check_size(raw, notes)
    paragraphs = [p for p in _open(raw, notes).paragraphs if p.text.strip()]
    draft = _by_headings(paragraphs) or _by_numbers(paragraphs, language or "en")
    return joined({language or "": draft}, notes)


def _open(raw: bytes, notes: Notes) -> Document:
    # 7 MB that a hub in which nobody brings a document has no use for.
    import docx  # noqa: PLC0415
    from docx.opc.exceptions import OpcError  # noqa: PLC0415

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check(archive)
        return docx.Document(io.BytesIO(raw))
    except _TooLarge:
        notes.add("", Fault("file_unpacks_large"))
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        OpcError,
        # What lxml, zlib and python-docx make of parts that are not what they say.
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        NotImplementedError,  # what zipfile raises for a compression it does not know
        OSError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
        zlib.error,
    ):
        notes.add("", Fault("file_not_docx"))
    notes.stop()
    raise AssertionError


class _TooLarge(Exception):
    pass


def _check(archive: zipfile.ZipFile) -> None:
    """Count what comes out, since what a file says of its size may be untrue."""
    parts = archive.infolist()
    if len(parts) > _FILES_LIMIT or sum(p.file_size for p in parts) > UNPACKED_LIMIT_BYTES:
        raise _TooLarge
    if _MAIN not in archive.namelist():
        raise zipfile.BadZipFile
    left = UNPACKED_LIMIT_BYTES
    for part in parts:
        with archive.open(part) as opened:
            while chunk := opened.read(1 << 16):
                left -= len(chunk)
                if left < 0:
                    raise _TooLarge
                # An XML that defines entities of its own grows when it is read.
                if part.filename.endswith((".xml", ".rels")) and b"<!" + b"ENTITY" in chunk:
                    raise zipfile.BadZipFile


def _level(paragraph: Paragraph) -> int | None:
    """1 to 9 for a heading, 0 for the title of the document."""
    style = paragraph.style
    name = ((style.name if style else "") or "").lower()
    if name in ("title", "rubrik", "titel"):
        return 0
    found = re.fullmatch(r"(?:heading|rubrik) ([1-9])", name)
    return int(found[1]) if found else None


def _by_headings(paragraphs: list[Paragraph]) -> Draft | None:
    levels = [level for p in paragraphs if (level := _level(p)) is not None]
    under = [level for level in levels if level > 0]
    if not under:
        return None
    top = min(under)
    lone = 0 not in levels and under.count(top) == 1 and len(under) > 1 and under[0] == top
    title_level = 0 if 0 in levels else top if lone else None
    deep = min(level for level in under if level != title_level)
    draft = Draft()
    for paragraph in paragraphs:
        level = _level(paragraph)
        if level is not None and level == title_level and not draft.title:
            draft.title = paragraph.text.strip()
        elif level is not None and 0 < level <= deep:
            draft.blocks.append(Block(_NUMBER.sub("", paragraph.text).strip(), None))
        else:
            _more(draft, paragraph.text)
    return draft


def _more(draft: Draft, text: str) -> None:
    (draft.blocks[-1].lines if draft.blocks else draft.preamble).extend([text, ""])


def _by_numbers(paragraphs: list[Paragraph], language: str) -> Draft:
    draft = Draft()
    for n, paragraph in enumerate(paragraphs):
        text = paragraph.text.strip()
        if _level(paragraph) == 0 and n == 0:
            draft.title = text
        elif (bold := _bold_start(paragraph)) is not None:
            rest = text[len(bold) :].strip()
            title = _NUMBER.sub("", bold, count=1).strip().rstrip(".:")
            draft.blocks.append(Block(title, None, "", [rest] if rest else []))
        elif _is_numbered(paragraph):
            draft.blocks.append(Block(_NUMBER.sub("", text, count=1), None))
        else:
            _more(draft, text)
    for n, block in enumerate(draft.blocks, 1):
        if not block.text:
            block.lines = [block.title]
            block.title = f"{_PRINCIPLE.get(language, 'Principle')} {n}"
    return draft


def _bold_start(paragraph: Paragraph) -> str | None:
    """The bold words that a paragraph begins with; None where it begins with others."""
    bold = "".join(_while_bold(paragraph)).strip()
    return bold or None


def _while_bold(paragraph: Paragraph) -> Iterator[str]:
    for run in paragraph.runs:
        if run.text.strip() and not run.bold:
            return
        yield run.text


def _is_numbered(paragraph: Paragraph) -> bool:
    style = ((paragraph.style.name if paragraph.style else "") or "").lower()
    listed = paragraph._p.pPr is not None and paragraph._p.pPr.numPr is not None
    return (
        listed
        or style.startswith(("list number", "numrerad lista"))
        or bool(_NUMBER.match(paragraph.text))
    )
