"""Summaries on paper and on the wall: tagged PDF, plain text, and a QR code.

A PDF needs the system's Pango, as those of charters do; the others need nothing.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping
from typing import Any

import segno

from hub.charters.paper import NoPaper, is_available, write
from hub.render import Renderer

__all__ = ["NoPaper", "is_available", "qr_svg", "write_pdf", "write_text"]
LINE = 78


async def write_pdf(
    renderer: Renderer, summary: Mapping[str, Any], language: str, *, address: str
) -> bytes:
    """One audience's summary as PDF/UA-1, in a language; ``address`` is its own on the web.

    ``summary`` is what its page shows. Raises NoPaper where this hub cannot make a PDF.
    """
    html = renderer.render("summaries/pdf.html", language, summary=summary, address=address)
    return await write(html)


def write_text(
    renderer: Renderer, summary: Mapping[str, Any], language: str, *, address: str
) -> str:
    """The same as plain text, in lines that fit a mail or a terminal."""
    text = renderer.render("summaries/plain.txt", language, summary=summary, address=address)
    lines: list[str] = []
    for line in text.splitlines():
        lines += _wrapped(line.strip()) if line.strip() else [""]
    return _without_gaps(lines)


def _wrapped(line: str) -> list[str]:
    """One line as several; what belongs to a point of a list stands under it."""
    indent = "  " if line.startswith("- ") else ""
    return textwrap.wrap(
        line, LINE, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _without_gaps(lines: list[str]) -> str:
    """At most one empty line at a time, and none first or last."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip() + "\n"


def qr_svg(address: str, title: str) -> str:
    """A QR code of an address as SVG with a title, to lie in a page or on a wall."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, scale=8, border=4, light="white", title=title
    )
    return out.getvalue().decode()
