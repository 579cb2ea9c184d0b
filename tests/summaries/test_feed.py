"""The feed of summaries is Atom (RFC 4287), whatever the texts hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from hub.summaries.feed import ATOM, MEDIA_TYPE, atom, shown, tag_uri

FIRST = datetime(2026, 11, 24, 12, 30, 5, 999, tzinfo=UTC)
LATER = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
IN = {"a": ATOM}
BASE = "https://samrum.example:8443"
HOSTILE = "</title><script>alert(1)</script> & ]]> <!-- \x00\x0b\ud800\ufffe \u202e 😀 'x' \"y\""


def a_summary(**more: Any) -> dict[str, Any]:
    return {
        "id": "u_1",
        "title": "Going home",
        "title_language": "en",
        "headline": "A name, not four numbers.",
        "headline_language": "en",
        "edition": 1,
        "note": "",
        "published_at": FIRST,
        "updated_at": FIRST,
        "demonstration": False,
        **more,
    }


def say(msgid: str, **facts: object) -> str:
    return msgid % facts if facts else msgid


def feed_of(*summaries: dict[str, Any], language: str = "en", base: str = BASE) -> Any:
    written = atom(summaries, language, base_url=base, now=LATER, say=say)
    return etree.fromstring(written, etree.XMLParser(resolve_entities=False))


def words(node: Any, path: str) -> list[str]:
    return [str(found) for found in node.xpath(path, namespaces=IN)]


def check_atom(feed: Any) -> None:
    """What RFC 4287 asks of a feed and its entries, 4.1.1 and 4.1.2."""
    assert feed.tag == f"{{{ATOM}}}feed"
    for each in (feed, *feed.findall("a:entry", IN)):
        for name in ("id", "title", "updated"):
            assert len(each.findall(f"a:{name}", IN)) == 1, (each.tag, name)
        for name in ("updated", "published"):
            for moment in words(each, f"a:{name}/text()"):
                datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")
    assert words(feed, "a:author/a:name/text()") == ["Samrum"]
    ids = words(feed, "//a:id/text()")
    assert len(ids) == len(set(ids))
    for entry in feed.findall("a:entry", IN):
        assert words(entry, "a:link[@rel='alternate']/@href")
        assert len(entry.findall("a:summary", IN)) == 1


def test_a_feed_is_what_the_standard_asks_for() -> None:
    feed = feed_of(a_summary(), a_summary(id="u_2", updated_at=LATER))
    check_atom(feed)
    assert words(feed, "a:updated/text()") == ["2027-01-02T03:04:05Z"]
    assert words(feed, "a:link[@rel='self']/@href") == [f"{BASE}/summaries/feed.atom?language=en"]
    assert words(feed, "a:link[@rel='self']/@type") == [MEDIA_TYPE.partition(";")[0]]
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    entry = feed.find("a:entry", IN)
    assert words(entry, "a:published/text()") == ["2026-11-24T12:30:05Z"]
    assert words(entry, "a:link/@href") == [f"{BASE}/summaries/u_1?language=en"]


def test_an_id_is_a_tag_that_no_correction_changes() -> None:
    before = feed_of(a_summary())
    after = feed_of(a_summary(edition=2, updated_at=LATER, note="A number was wrong."))
    assert words(before, "//a:id/text()") == words(after, "//a:id/text()")
    assert words(after, "a:entry/a:updated/text()") == ["2027-01-02T03:04:05Z"]
    assert words(after, "a:entry/a:published/text()") == ["2026-11-24T12:30:05Z"]
    told = words(after, "a:entry/a:summary/text()")[0]
    assert told == "A name, not four numbers. Edition 2. A number was wrong."
    assert tag_uri(BASE, "summaries", "u_1") == "tag:samrum.example,2026-01-01:summaries/u_1"


def test_the_two_languages_are_two_feeds() -> None:
    sv, en = feed_of(a_summary(), language="sv"), feed_of(a_summary(), language="en")
    assert not set(words(sv, "//a:id/text()")) & set(words(en, "//a:id/text()"))


def test_an_empty_feed_is_a_feed_too() -> None:
    feed = feed_of()
    check_atom(feed)
    assert words(feed, "a:updated/text()") == ["2027-01-02T03:04:05Z"]


@pytest.mark.parametrize("field", ["title", "headline", "note"])
def test_hostile_texts_stay_texts(field: str) -> None:
    feed = feed_of(a_summary(**{field: HOSTILE}, edition=3))
    check_atom(feed)
    assert feed.xpath("//*[local-name() = 'script']") == []
    told = words(feed, "a:entry/a:title/text()") + words(feed, "a:entry/a:summary/text()")
    assert any("<script>alert(1)</script> & ]]> <!-- " in text for text in told)
    assert any("😀" in text for text in told)


def test_a_text_in_the_other_language_says_so() -> None:
    alone = a_summary(title="Hemgång", title_language="sv", headline="", headline_language="en")
    entry = feed_of(alone, language="en").find("a:entry", IN)
    assert words(entry, "a:title/@xml:lang") == ["sv"]
    assert words(entry, "a:title/text()") == ["Hemgång"]


def test_demonstrations_are_called_that() -> None:
    told = words(feed_of(a_summary(demonstration=True)), "a:entry/a:summary/text()")
    assert told[0].startswith("Demonstration. ")


def test_what_no_document_may_hold_is_left_out() -> None:
    assert shown("a\x00b\x1bc\x85d\r\ne\ud800f\uffffg\n\t😀") == "abcd\nefg\n\t😀"
