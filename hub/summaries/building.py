"""The five summaries as they follow from a record: the same record gives the same statements.

Nothing is made up: where the record lacks what a block needs, the statement is a question to the
editor. What people wrote stands here in two cases alone: where the room agreed on it or a
facilitator wrote it out for the record (themes, recommendations, outcomes, dissent), and where
its author has said yes to being quoted. Nobody is named. Source: dissemination.md, section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.gatherings.rules import masking
from hub.summaries import easy
from hub.summaries.blocks import AUDIENCES, EASY, LANGUAGES, ORDER, OWN, position_of
from hub.summaries.checks import as_plain, figures_of

SMALLEST_GROUP: Final = 3
GROUPS: Final = ("lived", "practice", "research", "unsaid")
# Words that a voice has at least and at most: shorter ones say little, longer ones are read by few.
VOICE_WORDS: Final = (5, 60)
# Of what kinds a voice is; an editor also quotes a part of what is longer.
QUOTABLE: Final = ("contribution", "checkout")
DISCUSSED: Final = 3
REVIEWED, DRAFT, MISSING = "human_reviewed", "draft", "missing"
# Translations that people have made or put right.
BY_PEOPLE: Final = ("corrected", "memory")
# The statements of an easy-read version are made from these blocks.
EASY_FROM: Final = ("saw", "agreed", "disagreed", "recommendations")


@dataclass(frozen=True)
class Words:
    """A text in one or both languages, and of each whether a person has made or read it."""

    texts: Mapping[str, str]
    statuses: Mapping[str, str]

    def first(self) -> str:
        """In any language; empty where there are no words."""
        return next((self.texts[each] for each in LANGUAGES if self.texts.get(each)), "")


Say = Callable[..., Words]


@dataclass(frozen=True)
class Material:
    """What a summary is built from.

    ``record`` is as ``hub.gatherings.doorway.read_record`` gives it; ``names`` are what the
    participants call themselves; ``voices`` the participants who may be quoted: True where their
    role may be told with it. ``dissents`` are the dissents that were written out, by principle:
    ``{"contribution", "words": {"sv": …}, "by_machine": […], "author"}``, and ``agreed_from`` the
    post whose words were agreed on.
    """

    record: Mapping[str, Any]
    language: str = "sv"
    names: Sequence[str] = ()
    voices: Mapping[str, bool] = field(default_factory=dict)
    dissents: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    agreed_from: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Draft:
    """A statement as it is built, before it is kept. A question has no texts."""

    audience: str
    block: str
    key: str
    position: int
    texts: Mapping[str, str]
    statuses: Mapping[str, str]
    sources: tuple[str, ...]
    words_of: tuple[str, ...] = ()
    quote_of: str | None = None
    question: str | None = None


@dataclass(frozen=True)
class Built:
    """The statements of all five audiences, and the facts that they share."""

    drafts: tuple[Draft, ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Point:
    """A statement before it is known who reads it."""

    key: str
    words: Words | None
    sources: tuple[str, ...]
    words_of: tuple[str, ...] = ()
    quote_of: str | None = None
    question: str | None = None


def sayer(say: Callable[..., str]) -> Say:
    """Catalogue sentences in both languages: ``say(msgid, **facts)``.

    A fact that is ``Words`` is told in the language of the sentence; where it has no words in it
    the sentence is left out in that language, unless it would be missing in both.
    """

    def said(msgid: str, **facts: Any) -> Words:
        parts = [fact for fact in facts.values() if isinstance(fact, Words)]
        whole = [d for d in LANGUAGES if all(part.texts.get(d) for part in parts)] or LANGUAGES
        texts = {
            language: say(
                language,
                msgid,
                **{
                    name: (fact.texts.get(language) or fact.first())
                    if isinstance(fact, Words)
                    else fact
                    for name, fact in facts.items()
                },
            )
            for language in whole
        }
        return Words(texts, dict.fromkeys(texts, DRAFT))

    return said


def build(material: Material, say: Callable[..., str]) -> Built:
    """The statements of all audiences. ``say(language, msgid, **facts)`` reads the catalogues."""
    return _Builder(material, sayer(say)).build()


def quotable_of(material: Material) -> dict[str, dict[str, str]]:
    """What may be quoted, by contribution: its author's own words, in their language."""
    return {
        c["id"]: {c["language"]: without_names(c["text"], c["language"], material.names)}
        for c in _voices(material, longest=None)
    }


def may_quote(choices: Mapping[str, Any]) -> bool:
    """Quotations stand without a name, so either consent is enough; the role needs its own."""
    return bool(choices.get("quote_role") or choices.get("quote_alias"))


class _Builder:
    def __init__(self, material: Material, say: Say) -> None:
        self.material, self.say = material, say
        self.record = material.record
        self.decided = [
            r for r in self.record["recommendations"] if not r["contribution"]["removed"]
        ]

    def build(self) -> Built:
        drafts: list[Draft] = []
        for audience in AUDIENCES:
            by_block: dict[str, list[Point]] = {}
            for block in ORDER[audience]:
                if block != EASY:
                    by_block[block] = list(getattr(self, f"_{block}")(audience))
            if EASY in ORDER[audience]:
                by_block[EASY] = list(self._easy(by_block))
            for block in ORDER[audience]:
                first = position_of(audience, block) * 100
                drafts += [
                    self._draft(audience, block, point, first + place)
                    for place, point in enumerate(by_block[block])
                ]
        return Built(tuple(drafts), self._facts(drafts))

    def _draft(self, audience: str, block: str, point: Point, position: int) -> Draft:
        words = point.words or Words({}, {})
        texts = {
            language: without_names(text, language, self.material.names)
            for language, text in words.texts.items()
            if text
        }
        return Draft(
            audience=audience,
            block=block,
            key=point.key,
            position=position,
            texts=texts,
            statuses={
                d: words.statuses.get(d, DRAFT) if d in texts else MISSING for d in LANGUAGES
            },
            sources=_once(point.sources),
            words_of=_once(point.words_of),
            quote_of=point.quote_of,
            question=None if texts else point.question,
        )

    def _facts(self, drafts: Sequence[Draft]) -> dict[str, Any]:
        """Numbers, dates, owners and ids; of what participants wrote the owners' names alone."""
        owners = {r["id"]: dict(self._owner(r).texts) for r in self._adopted() if r["owner"]}
        for owner in owners.values():
            owner.update({d: owner.get(d) or next(iter(owner.values())) for d in LANGUAGES})
        attendance = self.record["attendance"]
        built: dict[str, dict[str, Any]] = {}
        for draft in drafts:
            for language, text in draft.texts.items():
                built.setdefault(draft.key, {})[language] = as_plain(figures_of(text, language))
        return {
            "day": self._day(),
            "people": attendance["people"],
            "minutes": self.record["minutes"],
            "by_group": {
                group: count if count >= SMALLEST_GROUP else None
                for group, count in sorted(attendance["by_group"].items())
            },
            "by_language": {
                language: count if count >= SMALLEST_GROUP else None
                for language, count in sorted(attendance["by_language"].items())
            },
            "owners": {
                id_: {d: without_names(text, d, self.material.names) for d, text in owner.items()}
                for id_, owner in owners.items()
                if not self._names_somebody(*owner.values())
            },
            "dates": {r["id"]: r["when"] for r in self._adopted() if r["when"]},
            "built": {key: built[key] for key in sorted(built) if not key.startswith(OWN)},
            "voices": {
                d.quote_of: self._voice_of(d.quote_of) for d in drafts if d.quote_of is not None
            },
            "links": self._links(),
        }

    def _links(self) -> list[str]:
        """All that a statement may rest on."""
        said = {
            c["id"] for phase in self.record["phases"] for c in phase["items"] if not c["removed"]
        }
        said |= {r["id"] for r in self.decided} | {f["id"] for f in self.record["findings"]}
        said |= {t["id"] for t in self.record["themes"]} | {
            f["id"] for f in self.record["followed"]
        }
        said |= {str(d["contribution"]) for found in self.material.dissents.values() for d in found}
        return sorted(said)

    # --- the record ---

    def _day(self) -> str:
        return str(self.record["held_at"] or "")[:10]

    def _names_somebody(self, *texts: str) -> bool:
        return any(masking.names(text, name) for text in texts for name in self.material.names)

    def _adopted(self) -> list[Mapping[str, Any]]:
        return [r for r in self.decided if r["id"] in self.record["agreements"]]

    def _split(self) -> list[Mapping[str, Any]]:
        """What was adopted though some dissented, and what was put aside."""
        return [r for r in self.decided if r["id"] in self.record["disagreements"]]

    def _themes(self, *, disputed: bool) -> list[Mapping[str, Any]]:
        """The most important first, as they were rated; those that are as important in order."""
        wanted = set(self.record["disputed_themes"])
        found = [t for t in self.record["themes"] if t["text"] and (t["id"] in wanted) == disputed]
        return sorted(found, key=lambda t: -_importance(t))

    def _principles(self) -> list[Mapping[str, Any]]:
        return list(self.record.get("principles") or ())

    def _title(self, principle: Mapping[str, Any]) -> Words:
        return _written(principle["title"])

    # --- blocks, by name ---

    def _headline(self, audience: str) -> Iterable[Point]:
        """The finding in one sentence: what the room found most important and agreed on."""
        for theme in self._themes(disputed=False)[:1]:
            yield Point(
                f"{OWN}headline", _first_sentence(_spoken(theme)), _ids(theme), _behind(theme)
            )
            return
        yield self._ask("headline", self._anything())

    def _why(self, audience: str) -> Iterable[Point]:
        case = self.record["session"].get("case")
        objective = (case or {}).get("objective") or {}
        if any(objective.get(language) for language in LANGUAGES):
            yield Point(f"{OWN}why", _written(objective), ("session",))
        else:
            yield self._ask("why", self._anything())

    def _did(self, audience: str) -> Iterable[Point]:
        say, people = self.say, self.record["attendance"]
        minutes, charter = self.record["minutes"], self.record.get("charter")
        if charter:
            met = say(
                "We met on %(day)s for %(minutes)s minutes and talked about “%(title)s”, "
                "principle by principle.",
                day=self._day(),
                minutes=minutes,
                title=_written(charter["title"]),
            )
        else:
            met = say(
                "We met on %(day)s for %(minutes)s minutes, looked at the same findings and "
                "worked out together what they mean.",
                day=self._day(),
                minutes=minutes,
            )
        yield Point("did", met, ("session",))
        if people["people"] < SMALLEST_GROUP:
            yield Point("people", say("Fewer than 3 people took part."), ("attendance",))
            return
        yield Point(
            "people",
            say(
                "%(people)s people took part. By group: %(groups)s. By language: %(languages)s.",
                people=people["people"],
                groups=self._counted(people["by_group"], GROUPS, "group."),
                languages=self._counted(people["by_language"], LANGUAGES, "language."),
            ),
            ("attendance",),
        )

    def _counted(self, counts: Mapping[str, int], order: Sequence[str], family: str) -> Words:
        """``own experience 4, researchers fewer than 3``: nothing is said of one or two people."""
        few = self.say("fewer than 3")
        parts: dict[str, list[str]] = {language: [] for language in LANGUAGES}
        for name in order:
            count = counts.get(name, 0)
            if not count:
                continue
            called = self.say(family + name)
            for language in LANGUAGES:
                number = str(count) if count >= SMALLEST_GROUP else few.texts[language]
                parts[language].append(f"{_lower(called.texts[language])} {number}")
        texts = {language: ", ".join(found) for language, found in parts.items()}
        return Words(texts, dict.fromkeys(texts, DRAFT))

    def _saw(self, audience: str) -> Iterable[Point]:
        shown = [f for f in self.record["findings"] if f["shown"]]
        rated = [p for p in self._principles() if p["ratings"]["rated"] >= SMALLEST_GROUP]
        for finding in shown:
            yield Point(f"finding:{finding['id']}", _written(finding["text"]), (finding["id"],))
        for principle in rated:
            yield self._rating(principle)
        if not shown and not rated:
            seen = [*self._themes(disputed=False), *self._themes(disputed=True)]
            yield Point("saw", None, ("session",), question="saw_findings" if seen else "saw")

    def _rating(self, principle: Mapping[str, Any]) -> Point:
        ratings = principle["ratings"]
        words = self.say(
            "%(high)s of %(rated)s who answered thought that “%(title)s” fits where they are.",
            high=sum(ratings["counts"][3:]),
            rated=ratings["rated"],
            title=self._title(principle),
        )
        return Point(f"rating:{principle['id']}", words, ("charter",))

    def _agreed(self, audience: str) -> Iterable[Point]:
        found = False
        for theme in self._themes(disputed=False):
            found = True
            yield Point(
                f"theme:{theme['id']}",
                self._with_count(theme),
                _ids(theme),
                _behind(theme),
            )
        for principle in self._principles():
            if principle["state"] == "settled" and principle["agreed"]:
                found = True
                yield self._outcome(principle)
        if not found:
            yield self._ask("agreed", self._anything(), shared=True)

    def _with_count(self, theme: Mapping[str, Any]) -> Words:
        """The theme, with how many of how many agreed where enough people answered."""
        tally = (theme.get("ratings") or {}).get("agreement")
        if not tally or theme["reading"] is None:
            return _closed(_spoken(theme))
        return self.say(
            "%(theme)s %(high)s of %(answered)s who answered agreed.",
            theme=_closed(_spoken(theme)),
            high=sum(tally["counts"][3:]),
            answered=tally["answered"],
        )

    def _outcome(self, principle: Mapping[str, Any]) -> Point:
        agreed = _written(
            {d: (found or {}).get("text") for d, found in principle["agreed"].items()}
        )
        source = self.material.agreed_from.get(principle["id"])
        return Point(
            f"outcome:{principle['id']}",
            self.say(
                "On “%(title)s” we agreed on these words: %(words)s",
                title=self._title(principle),
                words=_closed(agreed),
            ),
            ("charter", *([source] if source else [])),
            (source,) if source else (),
        )

    def _disagreed(self, audience: str) -> Iterable[Point]:
        """Never empty: where nothing was disagreed on, that is what it says."""
        found = False
        for item in self._split():
            found = True
            yield self._split_point(item)
        for theme in self._themes(disputed=True):
            found = True
            yield self._disputed(theme)
        for principle in self._principles():
            for dissent in self.material.dissents.get(principle["id"], ()):
                found = True
                yield self._dissent(principle, dissent)
            if principle["state"] == "parked":
                found = True
                yield self._parked(principle)
        if not found:
            yield Point(
                "nothing_disagreed",
                self.say("Nobody said in the session that they disagreed."),
                ("session", *self._anything()),
            )

    def _split_point(self, item: Mapping[str, Any]) -> Point:
        what = _closed(self._what(item))
        if item["result"] == "parked":
            words = self.say("We did not agree on this, and put it aside: %(what)s", what=what)
        else:
            words = self.say("We will try this, though not all of us agree: %(what)s", what=what)
        behind = list(_behind(item["contribution"]))
        sources = list(_ids(item["contribution"]))
        for dissent in item["dissent"]:
            said = _closed(_spoken(dissent))
            if said.first():
                words = self.say(
                    "%(told)s Those who disagreed said: %(dissent)s", told=words, dissent=said
                )
                behind += _behind(dissent)
                sources.append(dissent["id"])
        return Point(f"split:{item['id']}", words, tuple(sources), (*behind, *self._authors(item)))

    def _disputed(self, theme: Mapping[str, Any]) -> Point:
        tally = (theme.get("ratings") or {})["agreement"]
        return Point(
            f"theme:{theme['id']}",
            self.say(
                "We see this differently: %(theme)s %(high)s of %(answered)s who answered agreed.",
                theme=_closed(_spoken(theme)),
                high=sum(tally["counts"][3:]),
                answered=tally["answered"],
            ),
            _ids(theme),
            _behind(theme),
        )

    def _dissent(self, principle: Mapping[str, Any], dissent: Mapping[str, Any]) -> Point:
        machine = dissent["by_machine"]
        words = Words(
            dissent["words"], {d: DRAFT if d in machine else REVIEWED for d in dissent["words"]}
        )
        return Point(
            f"dissent:{dissent['contribution']}",
            self.say(
                "On “%(title)s” not all of us agreed: %(dissent)s",
                title=self._title(principle),
                dissent=_closed(words),
            ),
            ("charter", str(dissent["contribution"])),
            tuple(filter(None, (str(dissent["contribution"]), dissent.get("author")))),
        )

    def _parked(self, principle: Mapping[str, Any]) -> Point:
        return Point(
            f"parked:{principle['id']}",
            self.say(
                "On “%(title)s” we did not agree. We put it aside.", title=self._title(principle)
            ),
            ("charter",),
        )

    def _recommendations(self, audience: str) -> Iterable[Point]:
        adopted = self._adopted()
        for item in adopted:
            yield self._recommendation(item)
            yield from self._lacking(item)
        if not adopted:
            yield Point(
                "no_recommendation",
                self.say("We made no recommendation this time."),
                ("session",),
            )

    def _recommendation(self, item: Mapping[str, Any]) -> Point:
        told = _closed(self._what(item))
        owner = self._owner(item)
        if item["owner"] and not self._names_somebody(*owner.texts.values()):
            told = self.say("%(told)s Responsible: %(owner)s.", told=told, owner=_open(owner))
        if item["when"]:
            told = self.say("%(told)s When: %(day)s.", told=told, day=item["when"])
        if item["measure"]:
            told = self.say(
                "%(told)s How we will see it: %(measure)s",
                told=told,
                measure=_closed(self._field(item, "measure")),
            )
        if item["progress"]:
            told = self._with_progress(told, item["progress"])
        said = item["contribution"]
        return Point(f"rec:{item['id']}", told, _ids(said), (*_behind(said), *self._authors(item)))

    def _with_progress(self, told: Words, became: Mapping[str, Any]) -> Words:
        status = _lowered(self.say("progress." + became["status"]))
        return self.say("%(told)s Where it stands: %(status)s.", told=told, status=status)

    def _lacking(self, item: Mapping[str, Any]) -> Iterable[Point]:
        """What a recommendation needs and the room did not say; and who it is, for a person."""
        owner = self._owner(item)
        lacks = {
            "owner": not item["owner"] or self._names_somebody(*owner.texts.values()),
            "date": not item["when"],
            "measure": not item["measure"],
        }
        for code, missing in lacks.items():
            if missing:
                key = f"rec:{item['id']}:{code}"
                yield Point(key, None, _ids(item["contribution"]), question=code)

    def _what(self, item: Mapping[str, Any]) -> Words:
        return _spoken(item["contribution"])

    def _owner(self, item: Mapping[str, Any]) -> Words:
        return self._field(item, "owner")

    def _field(self, item: Mapping[str, Any], part: str) -> Words:
        """A part of a recommendation; in both languages, since names of units stay as they are."""
        said = item["contribution"]
        own = str(item.get(part) or "")
        texts, statuses = {}, {}
        for language in LANGUAGES:
            found = said["translations"].get(language) or {}
            translated = (found.get("fields") or {}).get(part)
            texts[language] = own if said["language"] == language else str(translated or own)
            statuses[language] = DRAFT
        return Words(texts, statuses)

    def _authors(self, item: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(a["id"] for a in item.get("authors") or ())

    def _cost(self, audience: str) -> Iterable[Point]:
        yield self._ask("cost", self._anything())

    def _voice(self, audience: str) -> Iterable[Point]:
        for said in _voices(self.material)[:1]:
            yield Point(
                f"voice:{said['id']}",
                _spoken(said),
                (said["id"],),
                _behind(said),
                quote_of=said["id"],
            )
            return
        yield self._ask("voice", ("session",), shared=True)

    def _voice_of(self, contribution_id: str) -> dict[str, str | None]:
        """How a voice is told of: the role where it may be told, and the language.

        Neither of them of a group or a language of fewer than three.
        """
        said = next(c for c in _voices(self.material) if c["id"] == contribution_id)
        author, attendance = said["author"], self.record["attendance"]
        role = author["role"] if self.material.voices.get(author["id"]) else None
        many = attendance["by_group"].get(author["group"] or "unsaid", 0) >= SMALLEST_GROUP
        spoken = attendance["by_language"].get(said["language"], 0) >= SMALLEST_GROUP
        return {
            "role": role if role and many else None,
            # The language of the words is seen from them; only whether it is told is another thing.
            "language": said["language"],
            "told_language": said["language"] if spoken else None,
        }

    def _questions(self, audience: str) -> Iterable[Point]:
        """What readers talk about: what the room found, and what it did not agree on."""
        themes = [*self._themes(disputed=True), *self._themes(disputed=False)][:DISCUSSED]
        for theme in themes:
            yield Point(
                f"{OWN}discuss:{theme['id']}",
                self.say(
                    "Do you recognise this where you are? “%(theme)s”", theme=_open(_spoken(theme))
                ),
                _ids(theme),
                _behind(theme),
            )
        cards = [f for f in self.record["findings"] if f["shown"]]
        if audience == "educators" and cards:
            yield self._sheet(cards)
        if not themes:
            yield self._ask("questions", self._anything())

    def _sheet(self, cards: Sequence[Mapping[str, Any]]) -> Point:
        """The teaching sheet. Source: dissemination.md, sections 1 and 3."""
        titles = {
            language: "; ".join(str((c["title"] or {}).get(language) or "") for c in cards)
            for language in LANGUAGES
            if all((c["title"] or {}).get(language) for c in cards)
        }
        return Point(
            f"{OWN}sheet",
            self.say(
                "Teaching sheet: 40 minutes in pairs, with the finding cards %(cards)s. Read a "
                "card, say what you think it means, and restate what the other one said until "
                "they say yes.",
                cards=_written(titles),
            ),
            tuple(c["id"] for c in cards),
        )

    def _can_do(self, audience: str) -> Iterable[Point]:
        yield self._ask("can_do", ("session",), shared=True)

    def _last_time(self, audience: str) -> Iterable[Point]:
        followed = [f for f in self.record["followed"] if f["status"]]
        for item in followed:
            told = self._with_progress(_closed(_spoken(item)), item)
            yield Point(f"last:{item['id']}", told, ("followed", item["id"]), (item["id"],))
        if not followed:
            yield Point(
                "nothing_last",
                self.say("There was no recommendation from an earlier session to follow up."),
                ("followed",),
            )

    def _limits(self, audience: str) -> Iterable[Point]:
        people = self.record["attendance"]["people"]
        words = (
            self.say(
                "This is one session with %(people)s people. It tells what they saw and thought, "
                "not how it is everywhere.",
                people=people,
            )
            if people >= SMALLEST_GROUP
            else self.say(
                "This is one session with fewer than 3 people. It tells what they saw and "
                "thought, not how it is everywhere."
            )
        )
        yield Point("limits", words, ("session", "attendance"))

    def _measures(self, audience: str) -> Iterable[Point]:
        """Participation and perspective taking; nothing of fewer than three people."""
        found = list(self._measured())
        yield from found
        if not found:
            words = self.say("Too few took part, or too little was said, to tell figures of it.")
            yield Point("no_measures", words, ("measures",))

    def _measured(self) -> Iterable[Point]:
        measures = self.record["measures"] or {}
        words = (measures.get("participation") or {}).get("words") or {}
        if words.get("g_star") is not None:
            told = self.say(
                "How evenly people spoke: %(g)s, for %(people)s people. Here 0 means that all "
                "said as much, and 1 that one person said everything.",
                g=_decimals(words["g_star"]),
                people=words["n"],
            )
            yield Point("measure:participation", told, ("measures",))
        taken = measures.get("perspective") or {}
        if taken.get("people") and taken.get("takers") is not None:
            told = self.say(
                "%(takers)s of %(people)s restated what somebody from another group had said.",
                takers=taken["takers"],
                people=taken["people"],
            )
            yield Point("measure:perspective", told, ("measures",))
        if taken.get("checked_pairs") and taken.get("accuracy") is not None:
            told = self.say(
                "Whoever said it first was asked if it was right. In the end %(share)s percent of "
                "%(pairs)s got a yes.",
                pairs=taken["checked_pairs"],
                share=round(100 * taken["accuracy"]),
            )
            yield Point("measure:accepted", told, ("measures",))
        posts = [found for found in (measures.get("translation") or {}).values() if found]
        if posts:
            told = self.say(
                "People put the translation right in %(fixed)s of %(of)s posts.",
                fixed=sum(found["fixed"] for found in posts),
                of=sum(found["of"] for found in posts),
            )
            yield Point("measure:translation", told, ("measures",))

    def _publications(self, audience: str) -> Iterable[Point]:
        yield self._ask("publications", ("session",), shared=True)

    def _easy(self, by_block: Mapping[str, Sequence[Point]]) -> Iterable[Point]:
        """Short lines from the citizens' summary; a question for what is too long for a line."""
        left: list[str] = []
        for block in EASY_FROM:
            for point in by_block[block]:
                lines = easy.easy_lines(point.words.texts) if point.words else []
                for place, line in enumerate(lines):
                    words = Words(line, dict.fromkeys(line, DRAFT))
                    key = f"{OWN}easy:{point.key}:{place}"[:80]
                    yield Point(key, words, point.sources, point.words_of)
                if point.words and not lines:
                    left += point.sources
        if left or not any(by_block[block] for block in EASY_FROM):
            yield Point(f"{OWN}easy", None, _once(left or ["session"]), question="easy")

    # --- questions to the editor ---

    def _ask(self, code: str, sources: Sequence[str], *, shared: bool = False) -> Point:
        """What the record lacks. The links are where to look, and what an answer rests on."""
        return Point(code if shared else f"{OWN}{code}", None, tuple(sources), question=code)

    def _anything(self) -> tuple[str, ...]:
        """What the session came to: themes, what was adopted; else that it was held."""
        found = [t["id"] for t in self.record["themes"] if t["text"]]
        found += [r["id"] for r in self._adopted()]
        return tuple(found) or ("session",)


# --- words ---------------------------------------------------------------------------------------


def _written(texts: Mapping[str, Any]) -> Words:
    """What those who prepare a session wrote, in the languages that they wrote it in."""
    found = {d: str(texts[d]).strip() for d in LANGUAGES if texts.get(d)}
    return Words(found, dict.fromkeys(found, DRAFT))


def _spoken(c: Mapping[str, Any]) -> Words:
    """What a post says, in the author's language and as it was translated."""
    own = str(c["language"])
    texts, statuses = {own: str(c["text"]).strip()}, {own: REVIEWED}
    for language, found in c["translations"].items():
        if found and found["text"] and language != own:
            texts[language] = str(found["text"]).strip()
            statuses[language] = REVIEWED if found["status"] in BY_PEOPLE else DRAFT
    return Words({d: t for d, t in texts.items() if t}, statuses)


def _each(words: Words, change: Callable[[str], str]) -> Words:
    return Words({d: change(text) for d, text in words.texts.items()}, words.statuses)


def _closed(words: Words) -> Words:
    """With a full stop where the text ends without any mark."""
    return _each(words, lambda text: text if text[-1:] in '.!?…”"»' else f"{text}.")


def _open(words: Words) -> Words:
    """Without a full stop: another sentence goes on."""
    return _each(words, lambda text: text.rstrip(" ."))


def _first_sentence(words: Words) -> Words:
    return _each(words, lambda text: (easy.sentences_of(text) or [text])[0])


def _lower(text: str) -> str:
    """For the middle of a sentence; names of languages keep their capital letter in English."""
    return (
        text
        if text[:1] != text[:1].upper() or text in ("Swedish", "English")
        else text[:1].lower() + text[1:]
    )


def _lowered(words: Words) -> Words:
    return _each(words, _lower)


def without_names(text: str, language: str, names: Iterable[str]) -> str:
    for name in names:
        text = masking.mask_name(text, name, language=language)
    return text


def _decimals(value: float) -> Words:
    """Two decimals, as each language writes them."""
    number = f"{value:.2f}"
    return Words({"sv": number.replace(".", ","), "en": number}, dict.fromkeys(LANGUAGES, DRAFT))


# --- the record ----------------------------------------------------------------------------------


def _once(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))


def _ids(c: Mapping[str, Any]) -> tuple[str, ...]:
    """A post as it stands: its first words, its latest, and what it was made from."""
    made_from = [m["id"] for m in c.get("made_from") or ()]
    return _once([c["id"], c.get("wording") or c["id"], *made_from])


def _behind(c: Mapping[str, Any]) -> tuple[str, ...]:
    """The posts whose words stand in it, and who wrote them."""
    author = c.get("author") or {}
    person = [author["id"]] if str(author.get("id", "")).startswith("p_") else []
    return _once([c["id"], c.get("wording") or c["id"], *person])


def _importance(theme: Mapping[str, Any]) -> float:
    tally = (theme.get("ratings") or {}).get("importance") or {}
    return float(tally.get("mean") or 0)


def _voices(material: Material, *, longest: int | None = VOICE_WORDS[1]) -> list[Mapping[str, Any]]:
    """Posts whose authors may be quoted, the best one first.

    Those with own experience before others, what was pinned before the rest, then in their order.
    """
    found = []
    for phase in material.record["phases"]:
        for c in phase["items"]:
            author = c.get("author")
            length = len(easy.words_of(c["text"]))
            if (
                author
                and author["id"] in material.voices
                and c["kind"] in QUOTABLE
                and not (c["removed"] or c["hidden"] or c["held"])
                and not c["fields"].get("remark_on")
                and VOICE_WORDS[0] <= length <= (longest or length)
            ):
                found.append(c)
    return sorted(
        found,
        key=lambda c: (c["author"]["group"] != "lived", not c["pinned"], c["seq"] or 0, c["id"]),
    )
