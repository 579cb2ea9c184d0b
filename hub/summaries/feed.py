"""Published summaries as an Atom feed (RFC 4287), one for each language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
# The hub's own name in ids, and the day from which it means that. An id is never made anew.
MINTED_ON = "2026-01-01"
Say = Callable[..., str]


def tag_uri(base_url: str, *parts: str) -> str:
    """An id that outlives every address (RFC 4151): the hub, a day, and the parts."""
    host = urlsplit(base_url).hostname or "localhost"
    return f"tag:{host},{MINTED_ON}:" + "/".join(parts)


def atom(
    summaries: Iterable[Mapping[str, Any]], language: str, *, base_url: str, now: datetime, say: Say
) -> bytes:
    """The feed as UTF-8.

    ``summaries`` are published, newest first: ``{"id", "title", "title_language", "headline",
    "headline_language", "edition", "published_at" (of the first edition), "updated_at" (of the
    latest, or when something was taken out of it since), "note", "demonstration"}``; the texts
    are in ``language``, or in the other where there is none in it. ``now`` dates a feed that is
    empty. ``say`` gives one sentence in the feed's language.
    """
    entries = list(summaries)
    feed = Element("feed", {"xmlns": ATOM, "xml:lang": language})
    _put(feed, "id", tag_uri(base_url, "summaries", language))
    _put(feed, "title", f"Samrum: {say('Summaries')}")
    _put(feed, "subtitle", say("What came of sessions, told to those who can act on it."))
    _link(feed, "self", f"{base_url}/summaries/feed.atom?language={language}", language, MEDIA_TYPE)
    _link(feed, "alternate", f"{base_url}/summaries", language, "text/html")
    author = SubElement(feed, "author")
    _put(author, "name", "Samrum")
    _put(author, "uri", base_url + "/")
    _put(feed, "updated", stamp(max((e["updated_at"] for e in entries), default=now)))
    for summary in entries:
        _entry(feed, summary, language, base_url=base_url, say=say)
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _entry(
    feed: Element, summary: Mapping[str, Any], language: str, *, base_url: str, say: Say
) -> None:
    entry = SubElement(feed, "entry")
    address = f"{base_url}/summaries/{summary['id']}?language={language}"
    _put(entry, "id", tag_uri(base_url, "summaries", summary["id"], language))
    _put(entry, "title", summary["title"], summary["title_language"])
    _link(entry, "alternate", address, language, "text/html")
    _put(entry, "published", stamp(summary["published_at"]))
    _put(entry, "updated", stamp(summary["updated_at"]))
    told = [summary["headline"]] if summary["headline"] else []
    if summary["demonstration"]:
        told.insert(0, f"{say('Demonstration')}.")
    # A reader of feeds shows one language for a text: what is ours goes where it is the same.
    if summary["edition"] > 1 and summary["headline_language"] == language:
        told.append(say("Edition %(number)s.", number=summary["edition"]))
        if summary["note"]:
            told.append(summary["note"])
    if told:
        _put(entry, "summary", " ".join(told), summary["headline_language"])
    else:
        _put(entry, "summary", summary["title"], summary["title_language"])


def _put(parent: Element, name: str, text: str, language: str | None = None) -> None:
    child = SubElement(parent, name, {"xml:lang": language} if language else {})
    child.text = shown(text)


def _link(parent: Element, rel: str, href: str, language: str, kind: str) -> None:
    SubElement(
        parent,
        "link",
        {"rel": rel, "href": href, "hreflang": language, "type": kind.partition(";")[0]},
    )


def stamp(at: datetime) -> str:
    """RFC 3339, in UTC and whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(text: str) -> str:
    """Without the characters that no XML document may hold."""
    return "".join(c for c in text if c in "\t\n" or _is_xml(ord(c)))


def _is_xml(code: int) -> bool:
    return (
        0x20 <= code <= 0x7E
        or 0xA0 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )
