"""The text that can be read out of a PDF: what a reader selects, and a screen reader says.

Each font says which letters its glyphs are (ToUnicode, ISO 32000-1, 9.10.3); text is shown with the
operators Tf and TJ between BT and ET. As much of it as WeasyPrint writes.
"""

from __future__ import annotations

import contextlib
import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\b(.*?)\bendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_FONT = re.compile(rb"/BaseFont /(\w+)\+[^/]+/ToUnicode (\d+) 0 R")
_LETTER = re.compile(rb"<([0-9a-f]{4})> <([0-9a-f]+)>")
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|(\[[^\]]*\]) ?TJ|(\bET\b)")
_GLYPH = re.compile(rb"<([0-9a-f]+)>")


def read_text(pdf: bytes) -> str:
    """All text in its order, with single spaces; words divided between lines are whole again."""
    streams = {int(number): _unpacked(body) for number, body in _OBJECT.findall(pdf)}
    everything = b"\n".join([pdf, *streams.values()])
    fonts = {name: _letters(streams[int(to)]) for name, to in _FONT.findall(everything)}
    words: list[str] = []
    for stream in streams.values():
        font: dict[str, str] = {}
        for name, shown, end in _SHOWN.findall(stream):
            if name:
                font = fonts.get(name, {})
            elif end:
                words.append(" ")
            else:
                codes = (code for run in _GLYPH.findall(shown) for code in _codes(run.decode()))
                words += [font.get(code, "") for code in codes]
    text = " ".join("".join(words).replace("\u00ad", "").split())
    return text.replace("\u2010 ", "")


def _unpacked(body: bytes) -> bytes:
    found = _STREAM.search(body)
    if found is None:
        return b""
    with contextlib.suppress(zlib.error):
        return zlib.decompress(found[1])
    return found[1]


def _letters(cmap: bytes) -> dict[str, str]:
    """Which letters each glyph is: one, or several where they are joined."""
    return {
        glyph.decode(): bytes.fromhex(letters.decode()).decode("utf-16-be")
        for glyph, letters in _LETTER.findall(cmap)
    }


def _codes(run: str) -> list[str]:
    return [run[at : at + 4] for at in range(0, len(run), 4)]
