"""When the chatbot speaks: which lines are due, on plain values. No clock; ``now`` is given.

One small function for each trigger says what it would like to say; ``next_lines`` lets through
what the limits allow. Source of all numbers and conditions: jif.md, "Chatbot"; what is the hub's
own choice says so.

**The limit.** Nobody gets two unprompted lines within 90 s; a line to all is one to each who is
present. Lines that open a phase neither wait nor count. Time lines win: whatever would stand in
the way of one that comes within 90 s waits until it is past, which is how both hold. What only
facilitators see (safety, a draft) is a note on their desk and not a line in the conversation: it
neither waits nor makes others wait. What a facilitator sends is not unprompted: it goes at once,
and then holds back all but time lines.

**The rest.** A trigger rests 5 minutes for its subject: half_time and two_minutes for the phase,
silence and untranslated for the room, dominance, missing_restatement and late_joiner for the
person, unheard_group for the group, disputed_term and jargon for the term, unchecked_restatement
for the restatement, unresolved_objection for the proposal, safety for the post. A second group,
term or proposal is another gap, and nobody has heard of it yet. What would only nag comes once:
half_time and incomplete_recommendation in a phase, untranslated for a post, disputed_term, jargon,
late_joiner and safety for good; dominance waits until the person has written more. What a
facilitator dropped rests like what was said.

**Muted**, only what facilitators see goes on: safety and drafts.

**In a dialogue** on a charter the steps come again for each principle: a phase is
``step/principle``, and most are short. The lines of its own are said to all and once:
fast_agreement and rating_spread for a principle, when its ratings are shown; mixed_question for a
proposal; untranslatable for a term. Source: reflective-dialogue.md, "Triggers of its own". The
hub's own choices for short steps: two_minutes only where that is half of the step or less, and
unheard_group only where others have been heard in it and it is two minutes or longer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from hub.chatbot.meaning import alters_meaning
from hub.chatbot.moves import (
    ALL,
    FACILITATORS,
    Line,
    SaidLine,
    group_facts,
    proposal_facts,
    same,
)
from hub.chatbot.risks import safety as risk_in
from hub.chatbot.words import asks, explains, fold, jargon
from hub.measures.readings import count_values, label_of

# --- what is looked at -----------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    """Every number the chatbot goes by. Times are in seconds. Source: jif.md, unless own."""

    limit: float = 90
    rest: float = 300
    half_time_minimum: float = 600
    two_minutes: float = 120
    silence: float = 60
    silence_hybrid: float = 90
    dominance_window: float = 600
    dominance_share: float = 0.35
    dominance_fair_shares: float = 2
    dominance_words: int = 120
    translation_late: float = 15
    flags: int = 2
    corrections: int = 1
    jargon_wait: float = 20
    restatement_share: float = 0.6
    check_wait: float = 120
    objection_wait: float = 120
    # Own: a time line that is later than this would be untrue, and stays unsaid.
    half_time_grace: float = 90
    two_minutes_grace: float = 30
    # Own: a line that points at a post is of no use when the talk has moved on.
    fresh: float = 240
    # Own: safety looks further back, so that nothing is missed after a restart.
    safety_looks_back: float = 900
    # Own: nobody is nudged while they write.
    typing: float = 20
    # Own: a post that others can restate says something.
    restatable_words: int = 5
    # Source: reflective-dialogue.md, "Triggers of its own".
    fast_agreement: float = 60
    agreement: int = 4
    rating_gap: int = 3
    # Own: in a dialogue, shorter steps are over before anybody could be missed.
    unheard_minimum: float = 120


@dataclass(frozen=True)
class Person:
    """Somebody in the room. ``group`` is None for those who would rather not say."""

    id: str
    name: str
    group: str | None
    role: str
    language: str
    joined_at: datetime
    typing_at: datetime | None = None


@dataclass(frozen=True)
class Translated:
    """How a post stands in the other language. ``since`` is when the translation was asked for.

    ``doubtful`` is the machine's own doubt; ``disputes`` the words that people flagged, each as
    often as it was, also after a correction.
    """

    status: Literal["pending", "machine", "memory", "corrected", "disputed", "failed"]
    since: datetime
    doubtful: bool = False
    disputes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Post:
    """What somebody said, to all or only counted. ``author`` is a participant's id.

    ``of`` and ``answer`` are those of a restatement or its check. ``risk`` is what
    ``risks.safety`` found when it was said, where it was asked then; None has it asked now. Leave
    out what is hidden or taken back, and the text of what is private.

    In a dialogue: ``side`` is that of a fit point; ``value`` the number of a rating, None also
    where its author passed, and ``shown`` whether people may see it: leave out the number of one
    that is hidden. Of a proposal for the words, ``term`` is the one that it calls untranslatable,
    ``flagged`` says that the facilitator wonders whether it changes the meaning, and ``alters``
    is what ``meaning.alters_meaning`` found; None has it asked now.
    """

    id: str
    kind: str
    phase: str
    author: str | None
    group: str | None
    language: str
    text: str
    words: int
    at: datetime
    reply_to: str | None = None
    of: str | None = None
    answer: str | None = None
    translation: Translated | None = None
    risk: bool | None = None
    side: str | None = None
    value: int | None = None
    shown: bool = True
    term: str = ""
    flagged: bool = False
    alters: bool | None = None


@dataclass(frozen=True)
class Proposal:
    """A recommendation that is to be decided on.

    ``label`` is its number as people see it (``2a``), ``missing`` the parts it lacks of owner,
    when and measure, ``objected_at`` when the oldest objection that still stands was made.
    """

    id: str
    label: str
    missing: tuple[str, ...] = ()
    objected_at: datetime | None = None


@dataclass(frozen=True)
class Watch:
    """All that the chatbot goes by at one moment.

    ``planned_seconds`` is the length of the phase with what was added to it, ``seconds_left``
    what remains of it, ``talking`` whether people may write to all now (not in ``reflect``, not
    in a break), ``quiet_since`` when the phase began or the session went on after a pause.
    ``names`` are those of everyone in the room, facilitators too. ``disputed_terms`` are marked
    so in the glossary. ``triggers`` are those that the format has a line for; None means all.
    ``welcomed_until`` is when the first phase was over, in which everyone is welcomed. ``phase``
    is ``step/principle`` in a dialogue; ``texts`` are the title and the text of the principle by
    language, and ``began`` is when each phase began, by its key.
    """

    now: datetime
    state: str
    phase: str
    title: Mapping[str, str]
    planned_seconds: float
    started_at: datetime
    seconds_left: float
    session_started_at: datetime
    people: tuple[Person, ...] = ()
    posts: tuple[Post, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    disputed_terms: tuple[str, ...] = ()
    said: tuple[SaidLine, ...] = ()
    names: tuple[str, ...] = ()
    talking: bool = True
    hybrid: bool = False
    muted: bool = False
    quiet_since: datetime | None = None
    triggers: frozenset[str] | None = None
    welcomed_until: datetime | None = None
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    began: Mapping[str, datetime] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    @property
    def step(self) -> str:
        """The phase, without the principle that it is gone through for."""
        return self.phase.partition("/")[0]

    @property
    def principle(self) -> str:
        """The principle that is talked about; empty where none is."""
        return _principle_of(self.phase)

    @property
    def seconds_gone(self) -> float:
        return self.planned_seconds - self.seconds_left

    @property
    def half_gone(self) -> bool:
        return self.seconds_left <= self.planned_seconds / 2

    def age(self, at: datetime) -> float:
        """Seconds since then."""
        return (self.now - at).total_seconds()


@dataclass(frozen=True)
class Coming:
    """A line that is foreseen or held back, and when it may be said if nothing changes."""

    line: Line
    at: datetime


def _principle_of(phase: str) -> str:
    return phase.partition("/")[2]


PRIVATE_KINDS: Final = frozenset({"reflection", "rating", "ranking"})
NOT_PEOPLE: Final = frozenset({"bot", "system"})
# The kinds that say something of one's own; a check or a stance answers somebody else.
TALK: Final = frozenset({"contribution", "question"})
# A remark that came with a corrected translation: about words, not about the matter.
REMARK: Final = "remark"


def _public(watch: Watch) -> Iterator[Post]:
    """What people said to all: the one way to texts, so that a reflection is never read."""
    return (p for p in watch.posts if p.kind not in PRIVATE_KINDS | NOT_PEOPLE)


def _matter(watch: Watch) -> Iterator[Post]:
    """What people said to all about the matter: nobody is asked what a remark means."""
    return (p for p in _public(watch) if p.kind != REMARK)


# --- time ------------------------------------------------------------------------------------


def half_time(watch: Watch) -> Iterator[Line]:
    """Half the phase gone, in phases of 10 minutes or more. To all, once in a phase."""
    due = watch.planned_seconds / 2 - watch.settings.half_time_grace
    if _has_half_time(watch) and due < watch.seconds_left <= watch.planned_seconds / 2:
        yield _half_time_line(watch, watch.seconds_left)


def _has_half_time(watch: Watch) -> bool:
    return (
        watch.talking
        and watch.planned_seconds >= watch.settings.half_time_minimum
        and not _since_phase_start(watch, "half_time")
    )


def _half_time_line(watch: Watch, seconds_left: float) -> Line:
    minutes = max(1, int(seconds_left / 60 + 0.5))
    return Line("half_time", ALL, watch.phase, facts=same(min=str(minutes)))


def two_minutes(watch: Watch) -> Iterator[Line]:
    """120 s left, in phases that were longer than that. To all; again where time was added."""
    last = watch.settings.two_minutes
    due = last - watch.settings.two_minutes_grace
    if _has_two_minutes(watch) and due < watch.seconds_left <= last:
        yield Line("two_minutes", ALL, watch.phase)


def _has_two_minutes(watch: Watch) -> bool:
    # A break is nobody's to finish a thought in; own thoughts are.
    last = watch.settings.two_minutes
    long_enough = watch.planned_seconds > last and (
        not watch.principle or watch.planned_seconds >= 2 * last
    )
    return (watch.talking or watch.step == "reflect") and (
        long_enough
        and not any(s.state == "dropped" for s in _since_phase_start(watch, "two_minutes"))
    )


def silence(watch: Watch) -> Iterator[Line]:
    """Nobody posts, types or rates for 60 s (hybrid 90 s). To all; not in ``reflect``."""
    last = max(
        (
            watch.quiet_since or watch.started_at,
            watch.started_at,
            *(p.at for p in watch.posts if p.kind not in NOT_PEOPLE),
            *(p.typing_at for p in watch.people if p.typing_at),
        )
    )
    enough = watch.settings.silence_hybrid if watch.hybrid else watch.settings.silence
    if watch.talking and watch.age(last) >= enough:
        yield Line("silence", ALL)


def late_joiner(watch: Watch) -> Iterator[Line]:
    """Somebody came in during a phase that is not the first. Private, once.

    In the first phase people are still arriving, and its own line has just welcomed them.
    """
    since = min(watch.started_at, watch.welcomed_until or watch.started_at)
    for person in watch.people:
        late = person.joined_at >= since > watch.session_started_at
        if late and watch.age(person.joined_at) <= watch.settings.fresh:
            facts = {language: {"phase": title} for language, title in watch.title.items()}
            yield Line("late_joiner", person.id, person.id, facts=facts)


# --- who is heard ----------------------------------------------------------------------------


def dominance(watch: Watch) -> Iterator[Line]:
    """Over 10 minutes one person wrote more than max(35%, 2/n) of the words, and at least 120.

    ``n`` is the number of people present. A draft: it reaches the person only if a facilitator
    sends it.
    """
    here = {p.id for p in watch.people}
    counted: Counter[str] = Counter()
    latest: dict[str, datetime] = {}
    for post in _public(watch):
        if post.author and watch.age(post.at) <= watch.settings.dominance_window:
            counted[post.author] += post.words
            latest[post.author] = max(post.at, latest.get(post.author, post.at))
    total = sum(counted.values())
    fair = watch.settings.dominance_fair_shares / max(1, len(here))
    most = max(watch.settings.dominance_share, fair) * total
    for author, number in counted.items():
        drafts = [s for s in watch.said if s.trigger == "dominance" and s.subject == author]
        waits = any(s.state == "draft" or s.at >= latest[author] for s in drafts)
        enough = number >= watch.settings.dominance_words and number > most
        if enough and author in here and not waits:
            yield Line("dominance", author, author, draft=True)


def unheard_group(watch: Watch) -> Iterator[Line]:
    """Half the phase gone, a group present has no post in it. To all.

    Privately if the group is one person, who would otherwise be pointed at.
    """
    if not (watch.talking and watch.half_gone):
        return
    heard = {p.group for p in _matter(watch) if p.phase == watch.phase and p.at >= watch.started_at}
    short = watch.planned_seconds < watch.settings.unheard_minimum
    if watch.principle and (short or not heard - {None}):
        return
    for group, people in _by_group(watch.people).items():
        if group not in heard:
            to = people[0].id if len(people) == 1 else ALL
            yield Line("unheard_group", to, group, facts=group_facts(group))


def _by_group(people: Iterable[Person]) -> dict[str, list[Person]]:
    groups: dict[str, list[Person]] = {}
    for person in people:
        if person.group:
            groups.setdefault(person.group, []).append(person)
    return groups


# --- words and translations ------------------------------------------------------------------


def untranslated(watch: Watch) -> Iterator[Line]:
    """A translation failed, is marked doubtful, or is over 15 s late. To all, by its post.

    Once for a post; the newest is the one people are reading.
    """
    asked = {s.about for s in watch.said if s.trigger == "untranslated"}
    for post in reversed(list(_matter(watch))):
        found = post.translation
        if not found or not watch.talking or post.id in asked or not _is_fresh(watch, post):
            continue
        late = found.status == "pending" and (
            watch.age(found.since) > watch.settings.translation_late
        )
        doubted = found.doubtful and found.status in ("machine", "memory")
        unsaid = found.status == "disputed" and not any(found.disputes)
        if late or doubted or unsaid or found.status == "failed":
            yield Line("untranslated", ALL, about=post.id)
            return


def disputed_term(watch: Watch) -> Iterator[Line]:
    """A term flagged twice, corrected once, or marked disputed in the glossary. To all.

    Corrected means that the translation was, in which somebody had flagged the term. One that the
    glossary marks waits until somebody uses it.
    """
    if not watch.talking:
        return
    flagged: Counter[str] = Counter()
    corrected: Counter[str] = Counter()
    written: dict[str, tuple[str, str]] = {}
    for post in _public(watch):
        for term in filter(None, post.translation.disputes if post.translation else ()):
            written.setdefault(fold(term), (term, post.id))
            flagged[fold(term)] += 1
            if post.translation and post.translation.status == "corrected":
                corrected[fold(term)] += 1
        said = fold(post.text) if watch.disputed_terms else ""
        for term in watch.disputed_terms:
            if _beginning(term).search(said):
                written.setdefault(fold(term), (term, post.id))
                flagged[fold(term)] = watch.settings.flags
    for key, (term, about) in written.items():
        if flagged[key] >= watch.settings.flags or corrected[key] >= watch.settings.corrections:
            yield Line("disputed_term", ALL, key, about, same(term=term))


@lru_cache(maxsize=200)
def _beginning(term: str) -> re.Pattern[str]:
    """Where a word begins with it, in a folded text."""
    return re.compile(rf"\b{re.escape(fold(term))}")


def jargon_(watch: Watch) -> Iterator[Line]:
    """An unexplained abbreviation or listed term, at its first use. To all, once for a term.

    It waits 20 s in case somebody asks or explains; then the room has seen to it already.
    """
    posts = list(_public(watch))
    for place, post in enumerate(posts):
        old_enough = watch.age(post.at) >= watch.settings.jargon_wait
        if post.kind == REMARK or not (watch.talking and old_enough and _is_fresh(watch, post)):
            continue
        for term in jargon(post.text):
            known = re.compile(rf"\b{re.escape(_root(term))}")
            if any(known.search(fold(earlier.text)) for earlier in posts[:place]):
                continue
            if not any(_sees_to(later, post, term) for later in posts[place + 1 :]):
                yield Line("jargon", ALL, _root(term), post.id, same(term=term))


def _root(term: str) -> str:
    """As much of a term as its forms in both languages share, near enough."""
    return fold(term)[:7]


def _sees_to(later: Post, post: Post, term: str) -> bool:
    if asks(later.text, term) or explains(later.text, term):
        return True
    if later.reply_to != post.id:
        return False
    # "Sorry. Observations." and "Va?" are answers to the post without repeating the term.
    return later.author == post.author or (len(later.text) <= 12 and "?" in later.text)


# --- restating -------------------------------------------------------------------------------


def missing_restatement(watch: Watch) -> Iterator[Line]:
    """60% of ``restate`` gone, none by this person. Private, with a post that waits for a reader.

    The post is by another group, and no reader's words for it have had a yes from its author.
    """
    done = watch.seconds_gone >= watch.settings.restatement_share * watch.planned_seconds
    if watch.step != "restate" or not done:
        return
    restated = {p.author for p in _here(watch, "restatement")}
    offered = {s.about for s in watch.said if s.trigger == "missing_restatement"}
    for person in watch.people:
        if person.id in restated or _is_typing(watch, person):
            continue
        if post := _waiting_for(watch, person, offered):
            offered.add(post.id)
            facts = group_facts(post.group)
            yield Line("missing_restatement", person.id, person.id, post.id, facts)


def _waiting_for(watch: Watch, person: Person, offered: set[str | None]) -> Post | None:
    originals = {p.id: p.of for p in _public(watch) if p.kind == "restatement"}
    understood = {
        originals.get(p.of or "")
        for p in _public(watch)
        if p.kind == "restatement_check" and p.answer == "yes"
    }
    waiting = [
        p
        for p in _public(watch)
        if p.kind in TALK
        and p.author not in (None, person.id)
        and p.phase != "arrive"
        and _principle_of(p.phase) == watch.principle
        and p.id not in understood
        and p.words >= watch.settings.restatable_words
        and (p.group != person.group or not person.group)
    ]
    # Own: the longest thought has most to restate; one that was offered to another comes last.
    return min(
        waiting, key=lambda p: (p.id in offered, p.phase != "interpret", -p.words), default=None
    )


def unchecked_restatement(watch: Watch) -> Iterator[Line]:
    """2 minutes unanswered. Private to the author of what was restated."""
    checked = {p.of for p in _public(watch) if p.kind == "restatement_check"}
    authors = {p.id: p.author for p in _public(watch)}
    here = {p.id: p for p in watch.people}
    for post in _here(watch, "restatement"):
        author = here.get(authors.get(post.of or "") or "")
        by = here.get(post.author or "")
        if post.id in checked or author is None or by is None or author == by:
            continue
        if watch.age(post.at) >= watch.settings.check_wait and not _is_typing(watch, author):
            yield Line("unchecked_restatement", author.id, post.id, post.id, same(alias=by.name))


# --- proposals -------------------------------------------------------------------------------


def incomplete_recommendation(watch: Watch) -> Iterator[Line]:
    """Owner, date or measure missing at half-time of ``recommend``. To all, once in the phase."""
    lacking = [p for p in watch.proposals if p.missing]
    if watch.step != "recommend" or not watch.half_gone or not lacking:
        return
    if not _since_phase_start(watch, "incomplete_recommendation"):
        facts = proposal_facts([p.label for p in lacking], [p.missing for p in lacking])
        about = lacking[0].id if len(lacking) == 1 else None
        yield Line("incomplete_recommendation", ALL, watch.phase, about, facts)


def unresolved_objection(watch: Watch) -> Iterator[Line]:
    """An objection that has been open for 2 minutes. To all, for each proposal."""
    for proposal in watch.proposals:
        since = proposal.objected_at
        if since and watch.talking and watch.age(since) >= watch.settings.objection_wait:
            facts = same(n=proposal.label)
            yield Line("unresolved_objection", ALL, proposal.id, proposal.id, facts)


# --- a dialogue on a charter -----------------------------------------------------------------


def fast_agreement(watch: Watch) -> Iterator[Line]:
    """All rate 4–5 within 60 s of ``rate`` opening and ``fit`` has no point against. To all.

    When the ratings are shown, and only where everyone who is here has answered. Those who passed
    have said nothing for or against; one who rates alone agrees with nobody.
    """
    given = _shown_ratings(watch)
    numbers = [p for p in given.values() if p.value is not None]
    opened = watch.began.get(_key(watch, "rate"), watch.started_at)
    quick = all(
        0 <= (p.at - opened).total_seconds() <= watch.settings.fast_agreement
        for p in given.values()
    )
    high = all((p.value or 0) >= watch.settings.agreement for p in numbers)
    against = any(p.side == "against" and p.phase == _key(watch, "fit") for p in _matter(watch))
    everyone = {p.id for p in watch.people} <= set(given)
    if len(numbers) > 1 and everyone and quick and high and not against:
        yield Line("fast_agreement", ALL, watch.principle)


def rating_spread(watch: Watch) -> Iterator[Line]:
    """The ratings are split, or two people are 3 or more apart. To all, when they are shown."""
    numbers = [p.value for p in _shown_ratings(watch).values() if p.value is not None]
    if not numbers:
        return
    low, high = min(numbers), max(numbers)
    split = label_of(count_values(numbers)) == "split"
    if split or high - low >= watch.settings.rating_gap:
        yield Line("rating_spread", ALL, watch.principle, facts=same(min=str(low), max=str(high)))


def _shown_ratings(watch: Watch) -> dict[str, Post]:
    """The latest rating of the principle by each person, once they are shown.

    People rate it in ``rate``; a facilitator may show the ratings as late as in ``settle``.
    """
    if watch.step not in ("rate", "settle") or not watch.principle:
        return {}
    ratings = [p for p in watch.posts if p.kind == "rating" and p.phase == _key(watch, "rate")]
    latest = {p.author: p for p in sorted(ratings, key=lambda p: p.at) if p.author}
    return {author: p for author, p in latest.items() if p.shown}


def no_experience(watch: Watch) -> Iterator[Line]:
    """Half of ``experience`` gone, nothing shared. To all, once in the step."""
    shared = any(p.kind == "contribution" for p in _matter(watch) if p.phase == watch.phase)
    said_here = _since_phase_start(watch, "no_experience")
    if watch.step == "experience" and watch.half_gone and not shared and not said_here:
        yield Line("no_experience", ALL, watch.phase)


def mixed_question(watch: Watch) -> Iterator[Line]:
    """A proposal for the words alters the meaning. To all, once for a proposal, by it.

    Because the facilitator flags it, or a negation, modal verb or number changes. One that its
    author has put in other words, or made into a change, is past the question.
    """
    past = {p.reply_to for p in _public(watch) if p.kind in ("wording", "change")}
    for post in _proposals_for_words(watch):
        if post.id in past or not (post.flagged or _is_fresh(watch, post)):
            continue
        if post.flagged or _alters(watch, post):
            yield Line("mixed_question", ALL, post.id, post.id)


def _alters(watch: Watch, post: Post) -> bool:
    if post.alters is not None:
        return post.alters
    return alters_meaning(watch.texts.get(post.language, ()), post.text, post.language)


def untranslatable(watch: Watch) -> Iterator[Line]:
    """A term that is marked so. To all, once for a term, by the post that says so."""
    for post in _proposals_for_words(watch):
        if post.term and _is_fresh(watch, post):
            yield Line("untranslatable", ALL, fold(post.term), post.id, same(term=post.term))


def _proposals_for_words(watch: Watch) -> list[Post]:
    """Proposals for the words of the principle, while words or substance are talked about."""
    if watch.step not in ("wording", "change") or not watch.principle:
        return []
    return [
        p
        for p in _public(watch)
        if p.kind == "wording" and _principle_of(p.phase) == watch.principle
    ]


def _key(watch: Watch, step: str) -> str:
    """The key of another step for the same principle."""
    return f"{step}/{watch.principle}"


# --- safety ----------------------------------------------------------------------------------


def safety(watch: Watch) -> Iterator[Line]:
    """Possible risk to someone's health, or a third person identifiable. Facilitators only.

    Each post once, at once; the chatbot never answers it.
    """
    flagged = {s.about for s in watch.said if s.trigger == "safety"}
    for post in _public(watch):
        recent = watch.age(post.at) <= watch.settings.safety_looks_back
        if not recent or post.id in flagged:
            continue
        if post.risk or (post.risk is None and risk_in(post.text, watch.names)):
            yield Line("safety", FACILITATORS, post.id, post.id)


# --- which of them now -----------------------------------------------------------------------

Trigger = Callable[[Watch], Iterator[Line]]

# In the order in which they come when several are due: time, then people who wait for help,
# then gaps in the work, and silence, which whatever else is said has ended.
TRIGGERS: Final[dict[str, Trigger]] = {
    "safety": safety,
    "dominance": dominance,
    "half_time": half_time,
    "two_minutes": two_minutes,
    "late_joiner": late_joiner,
    "untranslated": untranslated,
    "disputed_term": disputed_term,
    "unresolved_objection": unresolved_objection,
    "incomplete_recommendation": incomplete_recommendation,
    "unchecked_restatement": unchecked_restatement,
    "missing_restatement": missing_restatement,
    "untranslatable": untranslatable,
    "mixed_question": mixed_question,
    "rating_spread": rating_spread,
    "fast_agreement": fast_agreement,
    "no_experience": no_experience,
    "unheard_group": unheard_group,
    "jargon": jargon_,
    "silence": silence,
}
TIME_LINES: Final = ("half_time", "two_minutes")
NOTES: Final = ("safety", "dominance")
ONCE: Final = (
    "disputed_term",
    "jargon",
    "late_joiner",
    "safety",
    "fast_agreement",
    "rating_spread",
    "mixed_question",
    "untranslatable",
)


def next_lines(watch: Watch) -> list[Line]:
    """The lines that are due now, in order. Say them all, and give them back in ``said``."""
    return _due_and_held(watch)[0]


def coming_lines(watch: Watch) -> list[Coming]:
    """What the chatbot will say next, soonest first: lines held back, and the time lines ahead.

    For the facilitator, who may send one at once or drop it. It takes those that are due now for
    said.
    """
    ahead = [] if watch.muted else _time_lines_ahead(watch)
    return sorted((*_due_and_held(watch)[1], *ahead), key=lambda c: c.at)


def _due_and_held(watch: Watch) -> tuple[list[Line], list[Coming]]:
    due: list[Line] = []
    held: list[Coming] = []
    spoken = list(watch.said)
    for line in _wanted(watch):
        if line.trigger in NOTES:
            due.append(line)
        elif (free := _free_at(watch, line, spoken)) > watch.now:
            held.append(Coming(line, free))
        else:
            spoken.append(SaidLine(line.trigger, line.subject, line.to, watch.now))
            due.append(line)
    return due, held


def _wanted(watch: Watch) -> Iterator[Line]:
    """What the triggers ask for and may have, but for the limit."""
    for name, trigger in TRIGGERS.items():
        if watch.triggers is not None and name not in watch.triggers:
            continue
        quiet = watch.muted or watch.state != "running"
        if quiet and name not in NOTES:
            continue
        yield from (line for line in trigger(watch) if not _rests(watch, line))


def _rests(watch: Watch, line: Line) -> bool:
    before = [s for s in watch.said if s.key == line.key]
    if line.trigger in ONCE:
        return bool(before)
    return any(watch.age(s.at) < watch.settings.rest for s in before)


def _free_at(watch: Watch, line: Line, spoken: Iterable[SaidLine]) -> datetime:
    """When everyone the line is for may get one, and no time line is in the way."""
    limit = timedelta(seconds=watch.settings.limit)
    readers = {p.id for p in watch.people} if line.to == ALL else {line.to}
    joined = {p.id: p.joined_at for p in watch.people}
    free = watch.now
    for said in spoken:
        if not said.heard or said.trigger == "phase_start" or said.to == FACILITATORS:
            continue
        if said.state == "sent" and line.trigger in TIME_LINES:
            continue
        reached = readers if said.to == ALL else readers & {said.to}
        # Who came in later never got it; to all with nobody there, it still was said.
        if any(joined.get(r, said.at) <= said.at for r in reached) or line.to == said.to == ALL:
            free = max(free, said.at + limit)
    if line.trigger not in TIME_LINES:
        for ahead in sorted(c.at for c in _time_lines_ahead(watch)):
            if free > ahead - limit:
                free = max(free, ahead + limit)
    return free


def _time_lines_ahead(watch: Watch) -> list[Coming]:
    """The time lines that this phase still has before it, as its clock stands."""
    ahead: list[Coming] = []
    half = watch.planned_seconds / 2
    for name, left, has in (
        ("half_time", half, _has_half_time),
        ("two_minutes", watch.settings.two_minutes, _has_two_minutes),
    ):
        wait = watch.seconds_left - left
        wanted = watch.triggers is None or name in watch.triggers
        if wanted and watch.state == "running" and wait > 0 and has(watch):
            line = (
                _half_time_line(watch, left)
                if name == "half_time"
                else Line(name, ALL, watch.phase)
            )
            then = watch.now + timedelta(seconds=wait)
            if not _rests(replace(watch, now=then), line):
                ahead.append(Coming(line, then))
    return ahead


def _since_phase_start(watch: Watch, trigger: str) -> list[SaidLine]:
    return [s for s in watch.said if s.trigger == trigger and s.at >= watch.started_at]


def _here(watch: Watch, kind: str) -> list[Post]:
    return [p for p in _public(watch) if p.kind == kind and p.phase == watch.phase]


def _is_fresh(watch: Watch, post: Post) -> bool:
    return watch.age(post.at) <= watch.settings.fresh


def _is_typing(watch: Watch, person: Person) -> bool:
    return person.typing_at is not None and watch.age(person.typing_at) < watch.settings.typing
