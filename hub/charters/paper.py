"""Charters on paper: a tagged PDF (PDF/UA-1) made from a page of ours, with nothing fetched.

Needs the system's Pango. Where that is missing there is print from the browser, but no PDF.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from collections import OrderedDict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from hub.errors import Refusal

log = structlog.get_logger(__name__)
STATIC = Path(__file__).parents[1] / "static"
# An address of its own, so that nothing in a page can be mistaken for a file or another site.
BASE = "static:///"
KEPT = 8
_made: OrderedDict[str, bytes] = OrderedDict()


class NoPaper(Refusal):
    """This hub cannot make a PDF."""

    status = 503

    def __init__(self) -> None:
        super().__init__("no_pdf")


@cache
def is_available() -> bool:
    """Whether a PDF can be made here. Takes a moment the first time."""
    try:
        import weasyprint  # noqa: F401, PLC0415 - looks for Pango, and is slow to load
    except (ImportError, OSError):
        return False
    return True


async def write(html: str) -> bytes:
    """The PDF of a page, in a worker thread; made once for the same page, then kept a while.

    Raises NoPaper.
    """
    if not await asyncio.to_thread(is_available):
        raise NoPaper
    key = hashlib.sha256(html.encode()).hexdigest()
    if key not in _made:
        # One at a time: rooms that are live on this machine come first.
        async with _turn():
            if key not in _made:
                _made[key] = await asyncio.to_thread(_written, html)
                if len(_made) > KEPT:
                    _made.popitem(last=False)
            written = _made[key]
            _made.move_to_end(key)
            return written
    _made.move_to_end(key)
    return _made[key]


def _turn() -> asyncio.Lock:
    loop = asyncio.get_running_loop()
    if _turns.get("loop") is not loop:
        _turns.update(loop=loop, lock=asyncio.Lock())
    lock: asyncio.Lock = _turns["lock"]
    return lock


_turns: dict[str, Any] = {}


def _written(html: str) -> bytes:
    from weasyprint import HTML  # noqa: PLC0415 - see is_available
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415

    class OwnFiles(URLFetcher):  # type: ignore[misc,unused-ignore]
        """Reads static files of the hub and opens no connection, whatever the page asks for."""

        def fetch(self, url: str, headers: object = None) -> object:
            content, kind = own_file(url)
            return URLFetcherResponse(url, content, {"Content-Type": kind})

    document = HTML(string=html, base_url=BASE, url_fetcher=OwnFiles())
    written: bytes = document.write_pdf(pdf_variant="pdf/ua-1", finisher=_name_languages)
    return written


def _name_languages(document: Any, pdf: Any) -> None:
    """Say of each passage in another language than the page's which one it is in.

    A screen reader changes its voice by that, and WeasyPrint names the page's language alone.
    Source: PDF/UA-1 (ISO 14289-1), 7.2.
    """
    page_language = document.metadata.lang
    languages = [language for page in document.pages for language in _spoken(page._page_box, None)]
    passages = _passages(pdf)
    if len(languages) != len(passages):
        log.warning("passages without language", boxes=len(languages), passages=len(passages))
        return
    for language, passage in zip(languages, passages, strict=True):
        if language and language != page_language:
            passage["Lang"] = f"({language})"


def _spoken(box: Any, language: str | None) -> Iterator[str | None]:
    """The language of each run of text of a page, in the order they are tagged."""
    from weasyprint.formatting_structure import boxes  # noqa: PLC0415 - see is_available

    # What is out of the flow is kept behind a stand-in.
    box = getattr(box, "_box", box)
    if isinstance(box, boxes.MarginBox):
        return
    language = box.style["lang"] or language
    if isinstance(box, boxes.TextBox):
        yield language
    elif isinstance(box, boxes.ParentBox):
        for child in box.children:
            yield from _spoken(child, language)


def _passages(pdf: Any) -> list[Any]:
    """The parts of the tag tree that hold text, in its order, each as often as it holds some."""
    objects = {f"{each.number} {each.generation} R".encode(): each for each in pdf.objects}
    found: list[Any] = []

    def walk(node: Any) -> None:
        for kid in node["K"]:
            if isinstance(kid, int):
                found.append(node)
            elif (there := objects.get(kid)) is not None and "K" in there:
                walk(there)

    walk(objects[pdf.catalog["StructTreeRoot"]])
    return found


def own_file(url: str) -> tuple[bytes, str]:
    """A static file of the hub and its type. Raises ValueError for any other address."""
    parts = urlsplit(url)
    path = (STATIC / parts.path.lstrip("/")).resolve()
    if parts.scheme != "static" or parts.netloc or not path.is_relative_to(STATIC.resolve()):
        raise ValueError(f"not a file of the hub: {url}")
    return path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream"
