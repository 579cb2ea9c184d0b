"""Reading what the hub sends as a browser, a spreadsheet or a mail program would."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import icalendar
import tinyhtml5
from lxml import etree
from tinyhtml5 import inputstream

from hub.people.rules import clean_text

XHTML = "{http://www.w3.org/1999/xhtml}"
MARK = re.compile(r"zq(\d{3})qz")
# Where an attribute is an address.
ADDRESSES = {"href", "src", "action", "formaction", "data", "poster", "background", "srcdoc"}
NEVER = {"object", "embed", "base", "style", "applet", "math", "frame", "marquee", "x-element"}
# The supervisory bodies that the pages on personal data and accessibility link to.
OUTSIDE = re.compile(
    r"https://(www\.digg\.se|www\.imy\.se|ico\.org\.uk|www\.equalityadvisoryservice\.com)(/[\w/-]*)?"
    # An organiser's link to a room or to something to read.
    r"|https://example\.org/\S*"
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Patterns(dict[tuple[Any, bool], re.Pattern[str]]):
    """What the parser looks for, compiled once: it keeps each under the wrong name, and in vain."""

    def __missing__(self, key: tuple[Any, bool]) -> re.Pattern[str]:
        characters, opposite = key
        listed = "".join(f"\\x{ord(character):02x}" for character in characters)
        self[key] = re.compile(f"[{'' if opposite else '^'}{listed}]+")
        return self[key]


inputstream.characters_until_regex = _Patterns()
# A page is looked at for what is strange in it, for its words and for its forms: read it once.
parsed = lru_cache(maxsize=8)(tinyhtml5.parse)


def strange(html: str, *, own: str = "http://hub.test") -> list[str]:
    """What is in a page or fragment that could run, fetch or look like ours and is not."""
    found = []
    for element in parsed(html).iter():
        if not isinstance(element.tag, str):
            continue
        tag = element.tag.rpartition("}")[2].lower()
        if tag in NEVER:
            found.append(f"<{tag}>")
        if tag == "script" and (
            (element.text or "").strip() or not element.get("src", "").startswith("/static/")
        ):
            found.append(f"<script> {element.text!r} {element.get('src')}")
        if tag == "link" and not element.get("href", "").startswith("/"):
            found.append(f"<link> {element.get('href')}")
        for name, value in element.attrib.items():
            plain = re.sub(r"[\s\x00-\x20]", "", str(value)).lower()
            if name.lower().startswith(("on", "hx-on")):
                found.append(f"{tag} {name}={value}")
            if name in ADDRESSES and not _is_harmless(plain, tag, own):
                found.append(f"{tag} {name}={value}")
            if name.lower().startswith("hx-") and "evil" in plain:
                found.append(f"{tag} {name}={value}")
    return found


def _is_harmless(address: str, tag: str, own: str) -> bool:
    if tag == "img" and address.startswith("data:image/"):
        return True
    if tag == "a" and OUTSIDE.fullmatch(address):
        return True
    if address.startswith(("/", "#", "?", "mailto:", "tel:")) and not address.startswith("//"):
        return True
    return not re.match(r"[a-z][a-z0-9+.-]*:|//", address) or address.startswith(own)


def words_of(html: str) -> Iterator[str]:
    """What a person reads in a page: its text, and what stands in its fields."""
    page = parsed(html)
    yield "".join(page.itertext())
    for element in page.iter():
        if isinstance(element.tag, str):
            yield from (str(value) for value in element.attrib.values())


def squeezed(text: str) -> str:
    """As people see it: one space for any white space, without what no screen shows."""
    return re.sub(r"\s+", " ", clean_text(text)).strip()


def formulas(sheet: str, *, delimiter: str = ",") -> list[str]:
    """Cells that a spreadsheet would run."""
    rows = csv.reader(io.StringIO(sheet.lstrip("\ufeff")), delimiter=delimiter)
    return [
        cell for row in rows for cell in row if cell.startswith(FORMULA) and not _is_number(cell)
    ]


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d+([.,]\d+)?", cell) is not None


def fragments(value: Any) -> Iterator[str]:
    """The pieces of HTML in an answer of the API."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "html" and isinstance(inner, str):
                yield inner
            else:
                yield from fragments(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from fragments(inner)


# What our calendar files are made of.
COMPONENTS = {"VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT", "VEVENT"}
SAID_IN_CALENDARS = ("summary", "description", "location", "comment")


def words_of_calendar(content: bytes) -> list[str]:
    """What a calendar shows of its entries. Nothing but entries and time zones may be in it."""
    calendar = icalendar.Calendar.from_ical(content)
    assert {part.name for part in calendar.walk()} <= COMPONENTS
    found = []
    for event in calendar.walk("VEVENT"):
        assert not event.errors
        for line in (event.get("attendee"), event.get("organizer"), event.get("url")):
            assert line is None or str(line).lower().startswith(("mailto:", "http://hub.test/"))
        found += [str(event[name]) for name in SAID_IN_CALENDARS if name in event]
    return found


ATOM = "{http://www.w3.org/2005/Atom}"
IN_FEEDS = {
    "feed", "entry", "author", "name", "uri", "id", "title", "subtitle", "updated", "published",
    "link", "summary", "content", "category", "rights", "generator",
}  # fmt: skip


def words_of_feed(content: bytes) -> Iterator[str]:
    """What a feed tells. It is valid XML, of the elements of RFC 4287, with links to us alone."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    assert root.tag == f"{ATOM}feed"
    assert b"<!DOCTYPE" not in content
    for element in root.iter():
        assert str(element.tag).removeprefix(ATOM) in IN_FEEDS, element.tag
        assert element.get("href", "http://hub.test/").startswith("http://hub.test/")
        assert element.get("type", "text") in ("text", "text/html", "application/atom+xml")
        yield element.text or ""


def read_json(text: str) -> Any:
    return json.loads(text)
