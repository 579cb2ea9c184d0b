"""Pages and sentences in a reader's language: Jinja templates over gettext catalogues.

The language is always passed, never read from a request: what is pushed to many screens has none.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import re
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2 import (
    BytecodeCache,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    select_autoescape,
)
from jinja2.bccache import Bucket
from markupsafe import Markup, escape

from hub.errors import Fault, Refusal

LANGUAGES = ("sv", "en")
_POST = "gatherings/_contribution.html"
_POSTS_KEPT = 3000
_LOCALES = {"sv": "sv_SE", "en": "en_GB"}
STOCKHOLM, LONDON = "Europe/Stockholm", "Europe/London"
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SIZED_SVG = re.compile(r'(<svg\b[^>]*?) width="(\d+)" height="(\d+)"')
# What a page may leave out. Anything else that is missing is a fault of ours and raises.
_DEFAULTS: Mapping[str, Any] = {
    "path": "/",
    "demo": False,
    "caller": {"account": None, "seat": None},
    "errors": {},
    "values": {},
    "written_for": "",
    "refused": None,
    "notice": None,
}


class Compiled(BytecodeCache):
    """Templates are compiled once, however many renderers and processes there are.

    Kept beside the templates, as Python keeps its modules, where that folder may be written.
    What was compiled for other catalogues, or by another version of this, is passed over: what is
    constant in one language is worked out while compiling.
    """

    def __init__(self, folder: Path, *, made_for: bytes) -> None:
        self._folder = folder
        self._version = hashlib.sha256(made_for).hexdigest()[:16]
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        # The bucket compares a checksum of the template, and Python's version.
        if bucket.key not in self._code:
            with contextlib.suppress(OSError):
                self._code[bucket.key] = self._file(bucket).read_bytes()
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        code = self._code[bucket.key] = bucket.bytecode_to_string()
        file = self._file(bucket)
        # What cannot be kept is compiled again by the next process.
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}")
            fresh.write_bytes(code)
            fresh.replace(file)
            for former in self._folder.glob(f"{bucket.key}.*"):
                if former != file:
                    former.unlink()

    def let_go(self) -> None:
        """Keep in memory only what could not be kept in a file."""
        for key in list(self._code):
            if (self._folder / f"{key}.{self._version}").exists():
                del self._code[key]

    def _file(self, bucket: Bucket) -> Path:
        return self._folder / f"{bucket.key}.{self._version}"


@cache
def _compiled(templates: Path, translations: Path, language: str) -> Compiled:
    """By language, and the same for all renderers of a process."""
    made_for = [Path(__file__), translations / f"{language}.po"]
    return Compiled(
        templates / "__pycache__" / language,
        made_for=b"".join(part.read_bytes() for part in made_for),
    )


class Renderer:
    """Renders templates and says single sentences. The catalogues are read once, at the start."""

    def __init__(
        self,
        templates: Path,
        translations: Path,
        *,
        timezone: str,
        static_version: Callable[[str], str] | None = None,
    ) -> None:
        self._zone = ZoneInfo(timezone)
        self._templates, self._translations = templates, translations
        self._static_version = static_version
        self._posts: OrderedDict[str, Markup] = OrderedDict()
        self._catalogues = {
            language: _read_catalogue(translations / f"{language}.po", language)
            for language in LANGUAGES
        }
        loader = FileSystemLoader(templates)
        self._environments = {
            language: self._environment(language, loader) for language in LANGUAGES
        }

    def render(self, name: str, language: str, **context: object) -> str:
        """The template filled in. Raises UndefinedError where the context lacks something."""
        template = self._environments[language].get_template(name)
        return template.render({**_DEFAULTS, **context, "language": language})

    def warm_up(self) -> None:
        """Load every template, which a new installation has to compile first: some seconds.

        In a thread of its own: a page whose templates are not compiled yet keeps all others
        waiting for a tenth of a second.
        """
        for environment in self._environments.values():
            for name in environment.list_templates(extensions=["html", "txt", "xml", "svg"]):
                environment.get_template(name)
            # Most of them are never asked for: what is kept in files need not be in memory too.
            if environment.cache is not None:
                environment.cache.clear()
            if isinstance(environment.bytecode_cache, Compiled):
                environment.bytecode_cache.let_go()

    def forget(self) -> None:
        """Keep no post that was drawn: somebody has taken words back."""
        self._posts.clear()

    def in_both(self) -> Iterator[tuple[str, str]]:
        """Each sentence of the catalogues in Swedish and English; each form of a plural."""
        swedish, english = (self._catalogues[language] for language in LANGUAGES)
        for message in swedish:
            other = english.get(message.id) if message.id else None
            if other is None or message.fuzzy:
                continue
            yield from zip(_forms(message), _forms(other), strict=False)

    def say(self, language: str, msgid: str, **facts: object) -> str:
        """One sentence as plain text, not as HTML."""
        sentence = self._gettext(language, msgid)
        shown = {name: self._fact(language, value) for name, value in facts.items()}
        return sentence % shown if shown or "%" in sentence else sentence

    def refusal(self, language: str, refusal: Refusal) -> str:
        """Why the person may not, or not now."""
        msgid = f"refusal.{refusal.code}"
        if not self._has(language, msgid):
            return self.say(language, "refusal.unknown")
        return self.say(language, msgid, **refusal.facts)

    def fault(self, language: str, code: str, **facts: object) -> str:
        """What is wrong with one field of a form."""
        msgid = f"fault.{code}"
        if not self._has(language, msgid):
            return self.say(language, "fault.unknown")
        told = code.facts if isinstance(code, Fault) else {}
        return self.say(language, msgid, **{**told, **facts})

    def _environment(self, language: str, loader: FileSystemLoader) -> Environment:
        environment = Environment(
            loader=loader,
            # The plain text of a mail is read as it is; everything else is HTML.
            autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_compiled(self._templates, self._translations, language),
        )
        environment.policies["ext.i18n.trimmed"] = True
        environment.install_gettext_callables(  # type: ignore[attr-defined]
            partial(self._gettext, language), partial(self._ngettext, language), newstyle=True
        )
        environment.globals.update(
            language=language, static=self._static, fresh_id=lambda: uuid.uuid4().hex
        )
        environment.globals["post"] = partial(self.post, language)
        environment.filters.update(
            day=partial(self._day, language),
            hhmm=partial(self._hhmm, language),
            day_in=partial(_day_in, language),
            clock_in=partial(_clock_in, language),
            both_zones=partial(both_zones, language),
            both_times=partial(both_times, language),
            days_until=_days_until,
            month=partial(self._month, language),
            week=self._week,
            minutes=_minutes,
            t=partial(_text_in, language),
            terms_in=_terms_in,
            tlang=partial(_lang_of, language),
            marked=_marked,
            spaced=_spaced,
            svg=_svg,
            called=partial(self._called, language),
        )
        return environment

    def post(self, language: str, contribution: Mapping[str, Any]) -> Markup:
        """One contribution as a fragment; drawn once per language, however many readers ask.

        The key is all that it shows, so a changed one is never mistaken for an earlier one.
        What is private is not kept here.
        """
        if contribution.get("seq") is None:
            return self._drawn(language, contribution)
        key = f"{language}{contribution!r}"
        drawn = self._posts.get(key)
        if drawn is None:
            drawn = self._posts[key] = self._drawn(language, contribution)
            if len(self._posts) > _POSTS_KEPT:
                self._posts.popitem(last=False)
        else:
            self._posts.move_to_end(key)
        return drawn

    def _drawn(self, language: str, contribution: Mapping[str, Any]) -> Markup:
        # A template has made it, which escapes what people wrote.
        return Markup(self.render(_POST, language, contribution=contribution))  # noqa: S704

    def _called(self, language: str, person: Mapping[str, Any] | None) -> str:
        """What a person is called; who has withdrawn has no name. Nobody: an empty text."""
        if person is None:
            return ""
        say = partial(self.say, language)
        return str(person["name"] or say("Withdrawn person"))

    def _message(self, language: str, msgid: str) -> Any:
        message = self._catalogues[language].get(msgid)
        return message.string if message is not None and message.string else None

    def _has(self, language: str, msgid: str) -> bool:
        return self._message(language, msgid) is not None

    def _gettext(self, language: str, msgid: str) -> str:
        found = self._message(language, msgid)
        if isinstance(found, tuple | list):
            found = found[0]
        return str(found) if found else msgid

    def _ngettext(self, language: str, singular: str, plural: str, n: int) -> str:
        found = self._message(language, singular)
        if not isinstance(found, tuple | list) or not all(found):
            found = (singular, plural)
        return str(found[0] if n == 1 else found[1])

    def _fact(self, language: str, value: object) -> object:
        dated = isinstance(value, date) or (isinstance(value, str) and _ISO_DAY.fullmatch(value))
        return self._day(language, value) if dated else value

    def _static(self, path: str) -> str:
        version = self._static_version(path) if self._static_version else ""
        return f"/static/{path}?v={version}" if version else f"/static/{path}"

    def _local(self, value: str | datetime) -> datetime:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(self._zone)

    def when(self, language: str, at: datetime) -> str:
        """A moment as a local date and time, in numbers that both languages read."""
        return f"{self._local(at):%Y-%m-%d} {self._hhmm(language, at)}"

    def _hhmm(self, language: str, value: str | datetime) -> str:
        return self._local(value).strftime("%H.%M" if language == "sv" else "%H:%M")

    def _day(self, language: str, value: object) -> str:
        """A date, or the local date of a moment. What is no date is shown as it is."""
        try:
            if isinstance(value, str) and _ISO_DAY.fullmatch(value):
                day = date.fromisoformat(value)
            elif isinstance(value, str | datetime):
                day = self._local(value).date()
            elif isinstance(value, date):
                day = value
            else:
                return str(value)
        except ValueError:
            return str(value)
        return format_date(day, "d MMMM y", locale=_LOCALES[language])

    def _month(self, language: str, value: str | datetime) -> str:
        """The month of a moment: "mars 2027", "March 2027"."""
        return format_date(self._local(value).date(), "LLLL y", locale=_LOCALES[language])

    def _week(self, value: str | datetime) -> int:
        """The ISO week that a moment is in."""
        return self._local(value).isocalendar().week


def hashed(static: Path) -> Callable[[str], str]:
    """A ``static_version`` by content: a file that changes gets a new address."""

    @cache
    def version(path: str) -> str:
        try:
            return hashlib.sha256((static / path).read_bytes()).hexdigest()[:10]
        except OSError:
            return ""

    return version


def _forms(message: Message) -> list[str]:
    found = message.string if message.pluralizable else (message.string,)
    return [str(form) for form in found or ()]


def _read_catalogue(path: Path, language: str) -> Catalog:
    stat = path.stat()
    return _parse_catalogue(path.resolve(), language, (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=2 * len(LANGUAGES))
def _parse_catalogue(path: Path, language: str, _version: tuple[int, int]) -> Catalog:
    """Parsed once in a process for each version of the file; nobody may change what comes back."""
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _day_in(language: str, value: str | datetime, zone: str) -> str:
    """The day in a zone: "torsdag 4 mars 2027". Source: dissemination.md, "Calendar", rule 3."""
    return format_date(_in_zone(value, zone).date(), "EEEE d MMMM y", locale=_LOCALES[language])


def _clock_in(language: str, value: str | datetime, zone: str) -> str:
    """The time of day in a zone: "13.00" in Swedish, "13:00" in English."""
    return _in_zone(value, zone).strftime("%H.%M" if language == "sv" else "%H:%M")


def both_zones(
    language: str, starts: str | datetime, ends: str | datetime | None = None, *, week: bool = False
) -> str:
    """When something is, in both time zones.

    "torsdag 4 mars 2027 kl. 13.00–14.30 (London 12.00)" / "Thursday 4 March 2027, 13:00–14:30
    Stockholm, 12:00–13:30 London". ``week``: with the ISO week in Swedish, "(v. 9)"; English has
    none. Where it ends, or is in London, on another day, that day is written too. Source:
    dissemination.md, "Calendar and time zones", rule 3.
    """
    day = _day_in(language, starts, STOCKHOLM)
    if language == "sv":
        if week:
            day += f" (v. {_in_zone(starts, STOCKHOLM).isocalendar().week})"
        times = _span(language, starts, ends, STOCKHOLM, " kl. ")
        return f"{day} kl. {times} (London {_there(language, starts)})"
    times = _span(language, starts, ends, STOCKHOLM, ", ")
    abroad = _span(language, starts, ends, LONDON, ", ")
    if not _same_day(starts):
        abroad = f"{_day_in(language, starts, LONDON)}, {abroad}"
    return f"{day}, {times} Stockholm, {abroad} London"


def both_times(language: str, starts: str | datetime) -> str:
    """The time of day in both zones: "13.00 (London 12.00)" / "13:00 Stockholm, 12:00 London"."""
    here = _clock_in(language, starts, STOCKHOLM)
    there = _there(language, starts)
    return f"{here} (London {there})" if language == "sv" else f"{here} Stockholm, {there} London"


def _span(
    language: str, starts: str | datetime, ends: str | datetime | None, zone: str, before: str
) -> str:
    """From when until when, with the day of the end where it is another one."""
    begins = _clock_in(language, starts, zone)
    if ends is None:
        return begins
    over = _clock_in(language, ends, zone)
    if _in_zone(starts, zone).date() == _in_zone(ends, zone).date():
        return f"{begins}–{over}"
    return f"{begins} – {_day_in(language, ends, zone)}{before}{over}"


def _there(language: str, at: str | datetime) -> str:
    """The time in London, with the day where it is another one there."""
    time = _clock_in(language, at, LONDON)
    if _same_day(at):
        return time
    day = _day_in(language, at, LONDON)
    return f"{day} kl. {time}" if language == "sv" else f"{day}, {time}"


def _same_day(at: str | datetime) -> bool:
    return _in_zone(at, STOCKHOLM).date() == _in_zone(at, LONDON).date()


def _days_until(at: str | datetime, now: str | datetime) -> int:
    """How many dates ahead a moment is: 1 is tomorrow. Counted in Stockholm."""
    return (_in_zone(at, STOCKHOLM).date() - _in_zone(now, STOCKHOLM).date()).days


def _in_zone(value: str | datetime, zone: str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(ZoneInfo(zone))


def _minutes(seconds: float | None) -> int:
    """Whole minutes, rounded up; none left is 0."""
    return max(0, math.ceil((seconds or 0) / 60))


def _shown(language: str, text: object) -> tuple[str, str]:
    """What to show of a text in both languages, and the language it is in."""
    if not isinstance(text, Mapping):
        return str(text or ""), language
    order = (language, *(other for other in LANGUAGES if other != language))
    for candidate in order:
        if text.get(candidate):
            return str(text[candidate]), candidate
    return "", language


def _text_in(language: str, text: object) -> str:
    return _shown(language, text)[0]


def _lang_of(language: str, text: object) -> Markup:
    """`` lang="en"`` where the other language is shown for want of the reader's, else nothing."""
    shown_in = _shown(language, text)[1]
    return Markup(' lang="{}"').format(shown_in) if shown_in != language else Markup("")


def _marked(text: str, words: Iterable[str | None]) -> Markup:
    """The text with the words that somebody disputes marked."""
    wanted = sorted({word for word in words if word and word.strip()}, key=len, reverse=True)
    if not wanted:
        return escape(text)
    pattern = re.compile("|".join(re.escape(word) for word in wanted), re.IGNORECASE)
    parts: list[Markup] = []
    end = 0
    for found in pattern.finditer(text):
        parts += [escape(text[end : found.start()]), Markup("<mark>{}</mark>").format(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _terms_in(
    text: str, terms: Iterable[Mapping[str, Any]], language: str
) -> Iterator[dict[str, str | None]]:
    """The text in parts: ``term`` is the key of the term that a part is, None for plain words.

    ``terms`` name the forms that stand in it, by language: ``{"key", "written": {"sv": [...]}}``.
    """
    known = {w.casefold(): str(t["key"]) for t in terms for w in t["written"][language]}
    words = "|".join(re.escape(word) for word in sorted(known, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)({words})(?!\w)", re.IGNORECASE) if words else None
    for number, part in enumerate(pattern.split(text) if pattern else [text]):
        if part:
            yield {"text": part, "term": known.get(part.casefold()) if number % 2 else None}


def _svg(drawing: str) -> Markup:
    """An SVG of ours (a QR code), free to take any size. Never for what people send in."""
    return Markup(_SIZED_SVG.sub(r'\1 viewBox="0 0 \2 \3" role="img"', drawing, count=1))  # noqa: S704


def _spaced(code: str) -> str:
    """A join code in two halves, easier to read aloud."""
    half = len(code) // 2
    return f"{code[:half]} {code[half:]}" if code.isalnum() and len(code) > 4 else code
