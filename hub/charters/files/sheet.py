"""Plain data of a charter out of what a file says, checked field by field.

Source: charters.md, section 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from hub.charters import rules
from hub.charters.files.faults import Notes
from hub.errors import Fault
from hub.people.rules import clean_text, is_blank

NO_SOURCE: Final[Mapping[str, Any]] = {
    "organisation": "",
    "country": "",
    "year": None,
    "citation": "",
    "licence": "unknown",
    "licence_checked": None,
    "may_store_text": False,
    "may_publish_translation": False,
}
CHECKED: Final = ("stored_page", "general_knowledge")
CHARTER_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
PRINCIPLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
HISTORY_LIMIT = 100
_LIST_LIMIT = 500

_CHARTER_FIELDS: Final = (
    "id",
    "kind",
    "title",
    "preamble",
    "source",
    "audience",
    "themes",
    "source_language",
    "right",
    "principles",
    "removed",
    "version",
    "history",
)
_PRINCIPLE_FIELDS: Final = (
    "id",
    "order",
    "title",
    "text",
    "status",
    "origin",
    "engine",
    "status_log",
    "glossary_terms",
    "dissent",
    "outcomes",
    "adopted",
)
_SOURCE_FIELDS: Final = (
    *NO_SOURCE,
    "extent",
    "checked",
    "year_checked",
    "themes_checked",
)
_LOG_FIELDS: Final = (
    "language",
    "status",
    "on",
    "by_role",
    "outcome_id",
    "dialogue_id",
    "note",
)
_VERSION_FIELDS: Final = ("number", "on", "based_on", "note", "adopted_by")


class Reader:
    """Reads one charter, noting what is wrong as it goes."""

    def __init__(self, notes: Notes, base: str = "") -> None:
        self.notes, self.base = notes, base

    def fault(self, pointer: str, code: Fault) -> None:
        self.notes.add(self.base + pointer, code)

    # --- the parts ---------------------------------------------------------------------------

    def charter(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON of a state, with ``history``; what is wrong is in the notes."""
        self._known(data, "", _CHARTER_FIELDS)
        kind = self._one_of(
            data, "", "kind", rules.KINDS, "original", Fault("charter_kind_unknown")
        )
        language = self._one_of(
            data,
            "",
            "source_language",
            rules.SOURCE_LANGUAGES,
            None if kind != "metadata_only" else "en",
            Fault("source_language_unknown"),
        )
        languages = rules.source_languages(language)
        # An entry without text has only a title, in the language that it was given in.
        titled = languages if kind != "metadata_only" else ()
        state: dict[str, Any] = {
            "id": self._id(data, "", CHARTER_ID),
            "kind": kind,
            "title": self._texts(data, "", "title", titled, limit=rules.TITLE_LIMIT),
            "preamble": self._texts(data, "", "preamble"),
            "source": self._source(data.get("source")),
            "audience": self._texts(data, "", "audience"),
            "themes": self._texts(data, "", "themes"),
            "source_language": language,
            "right": self._right(data.get("right")),
            "principles": self._principles(data, "principles", languages),
            "removed": self._principles(data, "removed", ()),
            "version": self._version(data.get("version"), "/version"),
            "round": None,
        }
        if kind == "metadata_only":
            if not state["title"]:
                self.fault("/title", Fault("title_missing"))
            if state["principles"] or state["removed"]:
                self.fault("/principles", Fault("entry_with_text"))
        elif not state["principles"] and kind == "import":
            self.fault("/principles", Fault("principles_missing"))
        self._unique([*state["principles"], *state["removed"]])
        state["history"] = self._history(data.get("history"), state, languages)
        return state

    def _unique(self, principles: list[dict[str, Any]]) -> None:
        seen: set[str] = set()
        for n, principle in enumerate(principles):
            if principle["id"] in seen:
                self.fault(f"/principles/{n}/id", Fault("principle_id_repeats"))
            seen.add(principle["id"])

    def _history(
        self, given: Any, state: Mapping[str, Any], languages: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        """Earlier versions, oldest first: what each said, and its number, day and note."""
        found = []
        numbers: set[str] = set()
        for n, entry in enumerate(self._list(given, "/history")[:HISTORY_LIMIT]):
            at = f"/history/{n}"
            if not isinstance(entry, Mapping):
                self.fault(at, Fault("field_not_mapping"))
                continue
            self._known(entry, at, (*_VERSION_FIELDS, "title", "preamble", "principles"))
            version = self._version({k: entry.get(k) for k in _VERSION_FIELDS}, at)
            if version and version["number"] in numbers:
                self.fault(f"{at}/number", Fault("version_taken"))
            numbers.add(version["number"] if version else "")
            inside = Reader(self.notes, self.base + at)
            principles = inside._principles(entry, "principles", languages)
            inside._unique(principles)
            found.append(
                {
                    "title": self._texts(entry, at, "title") or state["title"],
                    "preamble": self._texts(entry, at, "preamble"),
                    "principles": principles,
                    "version": version,
                }
            )
        if state["version"] and (not found or found[-1]["version"] != state["version"]):
            self.fault("/version", Fault("version_without_history"))
        return found

    def _principles(
        self, data: Mapping[str, Any], name: str, languages: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        given = self._list(data.get(name), f"/{name}")
        if len(given) > rules.PRINCIPLE_LIMIT:
            self.fault(f"/{name}", Fault("principles_too_many"))
            return []
        read, orders = [], []
        for n, entry in enumerate(given):
            at = f"/{name}/{n}"
            if not isinstance(entry, Mapping):
                self.fault(at, Fault("field_not_mapping"))
                continue
            order = entry.get("order", n + 1)
            if not isinstance(order, int) or isinstance(order, bool):
                self.fault(f"{at}/order", Fault("order_unreadable"))
                order = n + 1
            orders.append(order)
            read.append(self._principle(entry, at, languages))
        if len(set(orders)) < len(orders):
            self.fault(f"/{name}", Fault("place_repeats"))
        by_order = sorted(zip(orders, range(len(read)), strict=True))
        return [read[n] for _, n in by_order]

    def _principle(
        self, data: Mapping[str, Any], at: str, languages: tuple[str, ...]
    ) -> dict[str, Any]:
        self._known(data, at, _PRINCIPLE_FIELDS)
        titles = self._texts(data, at, "title", languages, limit=rules.TITLE_LIMIT)
        texts = self._texts(data, at, "text", languages)
        log = [
            entry
            for n, each in enumerate(self._list(data.get("status_log"), f"{at}/status_log"))
            if (entry := self._log_entry(each, f"{at}/status_log/{n}"))
        ]
        found: dict[str, Any] = {
            "id": self._id(data, at, PRINCIPLE_ID),
            "texts": {
                language: self._text(
                    data, at, language, titles, texts, log, told=language in languages
                )
                for language in rules.LANGUAGES
            },
            "glossary_terms": [
                self._plain(term, f"{at}/glossary_terms/{n}", 80)
                for n, term in enumerate(self._list(data.get("glossary_terms"), at))
            ],
            "dissent": [
                entry
                for n, each in enumerate(self._list(data.get("dissent"), f"{at}/dissent"))
                if (entry := self._dissent(each, f"{at}/dissent/{n}"))
            ],
            "log": log,
            "adopted": self._adopted(data.get("adopted"), f"{at}/adopted"),
        }
        statuses = {text["status"] for text in found["texts"].values()}
        if "adopted" in statuses and not found["adopted"]:
            self.fault(f"{at}/adopted", Fault("adopted_without_body"))
        return found

    def _text(
        self,
        data: Mapping[str, Any],
        at: str,
        language: str,
        titles: Mapping[str, str],
        texts: Mapping[str, str],
        log: list[dict[str, Any]],
        *,
        told: bool,
    ) -> dict[str, Any]:
        """``told``: that a text is missing has been said where it is."""
        title, text = titles.get(language, ""), texts.get(language, "")
        if bool(title) != bool(text) and not told:
            self.fault(
                f"{at}/{'text' if title else 'title'}/{language}",
                Fault("text_missing") if title else Fault("title_missing"),
            )
        status = self._by_language(data, at, "status", language, "draft" if text else "missing")
        origin = self._by_language(data, at, "origin", language, "person" if text else None)
        if status not in rules.STATUSES or (status == "missing") == bool(text):
            self.fault(f"{at}/status/{language}", Fault("status_unknown"))
        elif text and (
            fault := rules.log_fault(status, [e for e in log if e["language"] == language])
        ):
            self.fault(f"{at}/status/{language}", _LOG_FAULTS[fault])
        if text and origin not in rules.ORIGINS:
            self.fault(f"{at}/origin/{language}", Fault("origin_unknown"))
        engine = self._by_language(data, at, "engine", language, "") or ""
        engine = self._plain(engine, f"{at}/engine/{language}", 200)
        if text and origin == "machine" and not engine:
            self.fault(f"{at}/engine/{language}", Fault("engine_missing"))
        return {
            "title": title,
            "text": text,
            "status": status,
            "origin": origin if text else None,
            "engine": engine,
            "revision": 0,
        }

    def _log_entry(self, data: Any, at: str) -> dict[str, Any] | None:
        if not isinstance(data, Mapping):
            self.fault(at, Fault("field_not_mapping"))
            return None
        self._known(data, at, _LOG_FIELDS)
        language = data.get("language")
        if language not in rules.LANGUAGES:
            self.fault(f"{at}/language", Fault("language_unknown"))
        return {
            "language": language,
            "status": self._plain(data.get("status"), f"{at}/status", 30),
            "on": self._day(data.get("on"), f"{at}/on"),
            "by_role": self._plain(data.get("by_role"), f"{at}/by_role", 40),
            "outcome": self._plain(data.get("outcome_id"), at, 60) or None,
            "dialogue": self._plain(data.get("dialogue_id"), at, 60) or None,
            "note": self._plain(data.get("note"), f"{at}/note", 2000),
        }

    def _dissent(self, data: Any, at: str) -> dict[str, Any] | None:
        if not isinstance(data, Mapping):
            self.fault(at, Fault("field_not_mapping"))
            return None
        self._known(data, at, ("dialogue_id", "outcome_id", "group", "text", "origin"))
        texts = self._texts(data, at, "text")
        if not texts:
            self.fault(f"{at}/text", Fault("text_missing"))
        origin = {k: self._by_language(data, at, "origin", k, "person") for k in texts}
        for language, by in origin.items():
            if by not in rules.ORIGINS:
                self.fault(f"{at}/origin/{language}", Fault("origin_unknown"))
        told = {"origin": origin} if data.get("origin") else {}
        return {
            "outcome": self._plain(data.get("outcome_id"), at, 60) or None,
            "dialogue": self._plain(data.get("dialogue_id"), at, 60) or None,
            "group": self._plain(data.get("group"), f"{at}/group", 40) or None,
            "text": texts,
            **told,
        }

    def _adopted(self, data: Any, at: str) -> dict[str, Any] | None:
        if data is None:
            return None
        if not isinstance(data, Mapping):
            self.fault(at, Fault("field_not_mapping"))
            return None
        self._known(data, at, ("title", "text", "on", "body", "version"))
        titles = self._texts(data, at, "title", rules.LANGUAGES, limit=rules.TITLE_LIMIT)
        texts = self._texts(data, at, "text", rules.LANGUAGES)
        body = self._plain(data.get("body"), f"{at}/body", 200)
        if not body:
            self.fault(f"{at}/body", Fault("body_missing"))
        return {
            "texts": {
                language: {"title": titles.get(language, ""), "text": texts.get(language, "")}
                for language in rules.LANGUAGES
            },
            "on": self._day(data.get("on"), f"{at}/on"),
            "body": body,
            "version": self._number(data.get("version"), f"{at}/version"),
        }

    def _version(self, data: Any, at: str) -> dict[str, Any] | None:
        if data is None:
            return None
        if not isinstance(data, Mapping):
            self.fault(at, Fault("field_not_mapping"))
            return None
        self._known(data, at, _VERSION_FIELDS)
        before = data.get("based_on")
        return {
            "number": self._number(data.get("number"), f"{at}/number"),
            "on": self._day(data.get("on"), f"{at}/on"),
            "based_on": None if before is None else self._number(before, f"{at}/based_on"),
            "note": self._texts(data, at, "note"),
            "adopted_by": self._plain(data.get("adopted_by"), f"{at}/adopted_by", 200) or None,
        }

    def _source(self, data: Any) -> dict[str, Any]:
        if data is None:
            return dict(NO_SOURCE)
        if not isinstance(data, Mapping):
            self.fault("/source", Fault("field_not_mapping"))
            return dict(NO_SOURCE)
        self._known(data, "/source", _SOURCE_FIELDS)
        found = dict(NO_SOURCE)
        for name in ("organisation", "country", "citation", "licence"):
            if name in data:
                found[name] = self._plain(data[name], f"/source/{name}", 1000)
        if found["country"] and not re.fullmatch(r"[A-Z]{2}|INT", found["country"]):
            self.fault("/source/country", Fault("country_code_unknown"))
        year = data.get("year")
        if year is not None and (not isinstance(year, int) or not 1000 <= year <= 2200):
            self.fault("/source/year", Fault("year_unreadable"))
        found["year"] = year
        for name in ("may_store_text", "may_publish_translation"):
            value = data.get(name, False)
            if not isinstance(value, bool):
                self.fault(f"/source/{name}", Fault("yes_or_no"))
            found[name] = value is True
        found["licence_checked"] = self._licence_checked(data.get("licence_checked"))
        for name in ("checked", "year_checked", "themes_checked"):
            if name in data:
                found[name] = self._one_of(
                    data, "/source", name, CHECKED, None, Fault("checked_unknown")
                )
        if "extent" in data:
            found["extent"] = self._texts(data, "/source", "extent")
        return found

    def _licence_checked(self, data: Any) -> dict[str, str] | None:
        at = "/source/licence_checked"
        if data is None:
            return None
        if not isinstance(data, Mapping):
            self.fault(at, Fault("field_not_mapping"))
            return None
        self._known(data, at, ("on", "by", "evidence"))
        return {
            "on": self._day(data.get("on"), f"{at}/on"),
            "by": self._plain(data.get("by"), f"{at}/by", 200),
            "evidence": self._plain(data.get("evidence"), f"{at}/evidence", 1000),
        }

    def _right(self, data: Any) -> dict[str, str] | None:
        if data is None:
            return None
        if not isinstance(data, Mapping):
            self.fault("/right", Fault("field_not_mapping"))
            return None
        self._known(data, "/right", ("statement", "on", "by_role"))
        return {
            "statement": self._plain(data.get("statement"), "/right/statement", 1000),
            "on": self._day(data.get("on"), "/right/on"),
            "by_role": self._plain(data.get("by_role"), "/right/by_role", 40),
        }

    # --- single fields -----------------------------------------------------------------------

    def _known(self, data: Mapping[str, Any], at: str, names: Iterable[str]) -> None:
        for name in data:
            if name not in names:
                self.fault(f"{at}/{name}", Fault("field_unknown"))

    def _list(self, value: Any, at: str) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(at, Fault("field_not_list"))
            return []
        return value[:_LIST_LIMIT]

    def _id(self, data: Mapping[str, Any], at: str, pattern: re.Pattern[str]) -> str:
        value = data.get("id")
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self.fault(f"{at}/id", Fault("id_unreadable"))
            return ""
        return value

    def _one_of(
        self,
        data: Mapping[str, Any],
        at: str,
        name: str,
        known: tuple[str, ...],
        default: str | None,
        code: Fault,
    ) -> str:
        value = data.get(name, default)
        if value not in known:
            self.fault(f"{at}/{name}", code)
            return default or known[0]
        return str(value)

    def _by_language(
        self, data: Mapping[str, Any], at: str, name: str, language: str, default: Any
    ) -> Any:
        given = data.get(name)
        if given is None:
            return default
        if not isinstance(given, Mapping):
            if language == rules.LANGUAGES[0]:
                self.fault(f"{at}/{name}", Fault("text_by_language"))
            return default
        return given.get(language, default)

    def _texts(
        self,
        data: Mapping[str, Any],
        at: str,
        name: str,
        wanted: tuple[str, ...] = (),
        *,
        limit: int = rules.TEXT_LIMIT,
    ) -> dict[str, str]:
        """Texts by language; each of ``wanted`` has to be there."""
        given = data.get(name) if data.get(name) is not None else {}
        if not isinstance(given, Mapping):
            self.fault(f"{at}/{name}", Fault("text_by_language"))
            return {}
        self._known(given, f"{at}/{name}", rules.LANGUAGES)
        found = {}
        for language in rules.LANGUAGES:
            text = self._plain(given.get(language), f"{at}/{name}/{language}", limit)
            if not is_blank(text):
                found[language] = text
            elif language in wanted:
                self.fault(f"{at}/{name}/{language}", Fault("language_missing"))
        return found

    def _plain(self, value: Any, at: str, limit: int) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            self.fault(at, Fault("field_not_text"))
            return ""
        text = clean_text(value)
        if len(text) > limit:
            self.fault(at, Fault("text_longer", limit=limit))
        return text

    def _number(self, value: Any, at: str) -> str:
        # YAML takes an unquoted 1.0 for a number.
        text = str(value) if isinstance(value, int | float) else value
        if not isinstance(text, str) or not rules.VERSION_NUMBER.fullmatch(text):
            self.fault(at, Fault("version_unreadable"))
            return "0"
        return text

    def _day(self, value: Any, at: str) -> str:
        try:
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            self.fault(at, Fault("date_unreadable"))
            return ""


_LOG_FAULTS: Final = {
    "status_skipped": Fault("status_skipped"),
    "status_without_log": Fault("status_without_log"),
    "status_without_note": Fault("status_without_note"),
    "status_without_dialogue": Fault("status_without_dialogue"),
}
