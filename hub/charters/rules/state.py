"""A charter as plain values, and the same as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

LANGUAGES: Final[tuple[str, ...]] = ("sv", "en")
SOURCE_LANGUAGES: Final = ("sv", "en", "both")
KINDS: Final = ("original", "import", "metadata_only")
ORIGINS: Final = ("person", "machine")
TITLE_LIMIT = 200
TEXT_LIMIT = 4000
PRINCIPLE_LIMIT = 100
VERSION_NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){0,3}")


@dataclass(frozen=True)
class Text:
    """A principle's words in one language.

    ``revision`` is the number of the event that made these words; ``engine`` says which machine
    and glossary, for a machine's words.
    """

    title: str = ""
    text: str = ""
    status: str = "missing"
    origin: str | None = None
    engine: str = ""
    revision: int = 0

    @property
    def words(self) -> dict[str, str]:
        return {"title": self.title, "text": self.text}


@dataclass(frozen=True)
class Principle:
    """A principle. Its id stays the same through rewording.

    ``log`` tells each move of a status; ``adopted`` is the pair that was adopted last, which the
    public sees until it is replaced.
    """

    id: str
    texts: Mapping[str, Text]
    glossary_terms: tuple[str, ...] = ()
    dissent: tuple[Mapping[str, Any], ...] = ()
    log: tuple[Mapping[str, Any], ...] = ()
    adopted: Mapping[str, Any] | None = None

    def with_text(self, language: str, text: Text) -> Principle:
        return replace(self, texts={**self.texts, language: text})


@dataclass(frozen=True)
class State:
    """A charter as it stands after an event."""

    id: str
    kind: str = "original"
    title: Mapping[str, str] = field(default_factory=dict)
    preamble: Mapping[str, str] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    audience: Mapping[str, str] = field(default_factory=dict)
    themes: Mapping[str, str] = field(default_factory=dict)
    source_language: str = "both"
    right: Mapping[str, Any] | None = None
    principles: tuple[Principle, ...] = ()
    removed: tuple[Principle, ...] = ()
    version: Mapping[str, Any] | None = None
    round: Mapping[str, Any] | None = None

    def find(self, principle_id: str) -> Principle | None:
        return next((p for p in self.principles if p.id == principle_id), None)

    def with_principle(self, principle: Principle) -> State:
        found = tuple(principle if p.id == principle.id else p for p in self.principles)
        return replace(self, principles=found)


def other(language: str) -> str:
    return "en" if language == "sv" else "sv"


def source_languages(source_language: str) -> tuple[str, ...]:
    """The languages that a charter was written in."""
    return LANGUAGES if source_language == "both" else (source_language,)


def may_show(state: State) -> bool:
    """Whether the texts may be shown to everybody.

    An import is shown in its sessions alone, unless its source allows more.
    Source: charters.md, section 1.
    """
    return state.kind == "original" or state.source.get("may_publish_translation") is True


def state_of(state: State) -> dict[str, Any]:
    """The state as JSON; ``read_state`` is the way back."""
    return {
        "id": state.id,
        "kind": state.kind,
        "title": dict(state.title),
        "preamble": dict(state.preamble),
        "source": dict(state.source),
        "audience": dict(state.audience),
        "themes": dict(state.themes),
        "source_language": state.source_language,
        "right": dict(state.right) if state.right else None,
        "principles": [_principle_json(p) for p in state.principles],
        "removed": [_principle_json(p) for p in state.removed],
        "version": dict(state.version) if state.version else None,
        "round": dict(state.round) if state.round else None,
    }


def _principle_json(principle: Principle) -> dict[str, Any]:
    return {
        "id": principle.id,
        "texts": {
            language: {
                "title": text.title,
                "text": text.text,
                "status": text.status,
                "origin": text.origin,
                "engine": text.engine,
                "revision": text.revision,
            }
            for language, text in principle.texts.items()
        },
        "glossary_terms": list(principle.glossary_terms),
        "dissent": [dict(each) for each in principle.dissent],
        "log": [dict(each) for each in principle.log],
        "adopted": dict(principle.adopted) if principle.adopted else None,
    }


def read_state(data: Mapping[str, Any]) -> State:
    """The state from JSON as ``state_of`` makes it; what is absent is empty."""
    return State(
        id=data["id"],
        kind=data.get("kind", "original"),
        title=data.get("title") or {},
        preamble=data.get("preamble") or {},
        source=data.get("source") or {},
        audience=data.get("audience") or {},
        themes=data.get("themes") or {},
        source_language=data.get("source_language", "both"),
        right=data.get("right"),
        principles=tuple(read_principle(p) for p in data.get("principles") or ()),
        removed=tuple(read_principle(p) for p in data.get("removed") or ()),
        version=data.get("version"),
        round=data.get("round"),
    )


def read_principle(data: Mapping[str, Any]) -> Principle:
    """One principle from JSON; a language that it does not name is missing."""
    texts = data.get("texts") or {}
    return Principle(
        id=data["id"],
        texts={language: Text(**(texts.get(language) or {})) for language in LANGUAGES},
        glossary_terms=tuple(data.get("glossary_terms") or ()),
        dissent=tuple(data.get("dissent") or ()),
        log=tuple(data.get("log") or ()),
        adopted=data.get("adopted"),
    )
