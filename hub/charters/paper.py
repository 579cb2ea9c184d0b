"""Charters on paper: a tagged PDF (PDF/UA-1) made from a page of ours, with nothing fetched.

Needs the system's Pango. Where that is missing there is print from the browser, but no PDF.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hub.errors import Refusal

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
    written: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return written


def own_file(url: str) -> tuple[bytes, str]:
    """A static file of the hub and its type. Raises ValueError for any other address."""
    parts = urlsplit(url)
    path = (STATIC / parts.path.lstrip("/")).resolve()
    if parts.scheme != "static" or parts.netloc or not path.is_relative_to(STATIC.resolve()):
        raise ValueError(f"not a file of the hub: {url}")
    return path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream"
