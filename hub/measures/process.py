"""Process measures of a session from its record. Nothing here ranks people or cases.

Source: measures.md, section 2, measures 1 to 8. All times are seconds from the start of the
session where they are not called minutes. None stands for what cannot be computed, which is never
the same as zero. Measure 9 is coded by hand.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import mean, median
from typing import Any, Literal, TypeVar

from hub.measures.readings import SMALLEST_GROUP, parts_to_show, read_ratings

COUNTED = (
    "contribution",
    "question",
    "restatement",
    "restatement_check",
    "theme",
    "recommendation",
    "objection",
    "amendment",
    "stance",
    "checkout",
)
ANSWERABLE = ("contribution", "question", "theme", "objection", "recommendation")
SCORES = {"yes": 1.0, "partly": 0.5, "no": 0.0}
# The time of the method itself, from which nothing should be cut.
METHOD_PHASES = ("reflect", "restate")
# Stands for the group of those who would rather not say.
UNSAID = "unsaid"
# A guess that is to be tested. Source: measures.md, section 2.1.
EVEN_BELOW, DOMINATED_ABOVE = 0.35, 0.55

T = TypeVar("T")
Stand = Literal["consent", "objection", "stand_aside"]


@dataclass(frozen=True)
class Person:
    """A participant who was present for at least ten minutes; ``language`` is the chosen one."""

    id: str
    name: str
    group: str | None
    language: str


@dataclass(frozen=True)
class Turn:
    """What a person posted, whether it counts as a turn or not.

    ``author`` is also an id of somebody who runs the session, or was there for a short while,
    and empty for a card, which nobody of the session wrote;
    ``words`` are the whitespace tokens of the original; ``re`` is the turn that it answers.
    """

    id: str
    author: str
    kind: str
    words: int
    at: float
    phase: str
    language: str
    re: str | None = None
    visible: bool = True


@dataclass(frozen=True)
class Check:
    """What the author of a post said of a restatement of it: yes, partly or no."""

    of: str
    answer: str
    at: float


@dataclass(frozen=True)
class Fix:
    """A person's correction of the translation of a turn."""

    of: str
    at: float


@dataclass(frozen=True)
class Proposal:
    """A recommendation as it stands. ``agreed`` are names of those present who agree to it."""

    id: str
    owner: str
    when: str
    measure: str
    agreed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Theme:
    """A theme with the people per value 1 to 5, and those who passed, by scale."""

    id: str
    counts: Mapping[str, Sequence[int]]
    passed: Mapping[str, int]


@dataclass(frozen=True)
class Objection:
    """A person's objection to a proposal, and what came of it.

    ``amended``: an amendment came after it. ``after`` is where its author stands at the end,
    ``results`` the outcomes of the proposal, or of the parts it was split into.
    """

    amended: bool
    after: Stand
    results: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """An unprompted line of the chatbot to people, said or dropped by a facilitator."""

    at: float
    dropped: bool = False


@dataclass(frozen=True)
class Phase:
    """Minutes planned, taken and cut. ``started_at`` is None where it was never reached."""

    id: str
    planned: float
    actual: float
    cut: float
    started_at: float | None


@dataclass(frozen=True)
class Session:
    """All that is measured of a session. ``people`` are those who count as participants."""

    people: tuple[Person, ...] = ()
    turns: tuple[Turn, ...] = ()
    checks: tuple[Check, ...] = ()
    fixes: tuple[Fix, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    themes: tuple[Theme, ...] = ()
    objections: tuple[Objection, ...] = ()
    lines: tuple[Line, ...] = ()
    phases: tuple[Phase, ...] = ()
    seconds: float = 0.0


# --- what counts -----------------------------------------------------------------------------


def counted_turns(session: Session) -> list[Turn]:
    """Turns of participants that all could see, with words: a pressed button is no turn."""
    here = {p.id for p in session.people}
    return [
        t for t in session.turns if t.visible and t.words and t.author in here and t.kind in COUNTED
    ]


def replies_among(turns: Iterable[Turn]) -> list[tuple[Turn, Turn]]:
    """Each turn that answers another person's turn, with the turn that it answers."""
    known = {t.id: t for t in turns}
    pairs = ((t, known[t.re]) for t in known.values() if t.re in known)
    return [(t, target) for t, target in pairs if t.author != target.author]


def main_languages(people: Iterable[Person], turns: Iterable[Turn]) -> dict[str, str]:
    """The language in which each person has most turns; the chosen one where that says nothing."""
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for t in turns:
        written[t.author][t.language] += 1
    found = {}
    for p in people:
        most = max(written[p.id].values(), default=0)
        best = sorted(d for d, count in written[p.id].items() if count == most)
        found[p.id] = best[0] if best and p.language not in best else p.language
    return found


def amounts_of(people: Iterable[Person], turns: Iterable[Turn]) -> dict[str, tuple[int, int]]:
    """Turns and words of each person, silent ones included."""
    count: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for t in turns:
        count[t.author] += 1
        words[t.author] += t.words
    return {p.id: (count[p.id], words[p.id]) for p in people}


# --- 1 and 2: participation and balance --------------------------------------------------------


def gini(amounts: Sequence[float]) -> tuple[float, float] | None:
    """The Gini coefficient, and the same where 1 means that one person did it all.

    None under three people and where nobody did anything.
    """
    n, total = len(amounts), sum(amounts)
    if n < 3 or total == 0:
        return None
    ordered = sorted(amounts)
    weighted = sum((2 * i - n - 1) * x for i, x in enumerate(ordered, 1))
    found = weighted / (n * total)
    return found, found * n / (n - 1)


def evenness(g_star: float | None) -> str | None:
    """A provisional word for words: ``even``, ``uneven`` or ``dominated``."""
    if g_star is None:
        return None
    if g_star < EVEN_BELOW:
        return "even"
    return "dominated" if g_star > DOMINATED_ABOVE else "uneven"


def lorenz(amounts: Sequence[float]) -> list[tuple[float, float]]:
    """Share of people against share of what they did, from (0, 0) to (1, 1), the least first.

    Empty where ``gini`` is None.
    """
    n, total = len(amounts), sum(amounts)
    if gini(amounts) is None:
        return []
    points, so_far = [(0.0, 0.0)], 0.0
    for i, x in enumerate(sorted(amounts), 1):
        so_far += x
        points.append((i / n, so_far / total))
    return points


@dataclass(frozen=True)
class Balance:
    """``index`` is 1 where every part has its proportion; ``ratios`` by part, None if nobody."""

    index: float | None
    ratios: dict[str, float | None]


def balance(people: Mapping[str, int], amounts: Mapping[str, float]) -> Balance:
    """Share of turns or words by part against share of people. Empty parts are left out."""
    n, total = sum(people.values()), sum(amounts.get(part, 0) for part in people)
    parts = sorted(part for part, count in people.items() if count)
    if not n or not total:
        return Balance(None, dict.fromkeys(parts))
    share = {part: amounts.get(part, 0) / total for part in parts}
    size = {part: people[part] / n for part in parts}
    index = 1 - sum(abs(share[part] - size[part]) for part in parts) / 2
    return Balance(index, {part: share[part] / size[part] for part in parts})


# --- 3: reciprocity ----------------------------------------------------------------------------


def arrows_of(replies: Iterable[tuple[Turn, Turn]]) -> tuple[int, int]:
    """Arrows from one person to another whom they answered, and those that go both ways."""
    arrows = {(reply.author, target.author) for reply, target in replies}
    return len(arrows), sum((b, a) in arrows for a, b in arrows)


def chance_of_crossing(sizes: Iterable[int]) -> float | None:
    """The share of replies that would go to another group by chance; None under two people."""
    sizes = list(sizes)
    n = sum(sizes)
    return 1 - sum(g * (g - 1) for g in sizes) / (n * (n - 1)) if n > 1 else None


# --- 4: perspective taking -----------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """A restater and the turn of another group that they restated, with the last check's score."""

    restater: str
    author: str
    original: str
    score: float | None


def valid_restatements(turns: Iterable[Turn], groups: Mapping[str, str]) -> list[Turn]:
    """Restatements of a turn of somebody in another group.

    Where one of the two would rather not say their group, nobody can tell.
    """
    known = {t.id: t for t in turns}
    return [
        t
        for t in known.values()
        if t.kind == "restatement"
        and t.re in known
        and UNSAID not in (groups[t.author], groups[known[t.re].author])
        and groups[t.author] != groups[known[t.re].author]
    ]


def scores_of(checks: Iterable[Check]) -> dict[str, float]:
    """The score of the last check of each restatement."""
    return {c.of: SCORES[c.answer] for c in sorted(checks, key=lambda c: c.at)}


def pairs_of(valid: Iterable[Turn], turns: Iterable[Turn], checks: Iterable[Check]) -> list[Pair]:
    """Each restater and original once, however often it was tried."""
    authors = {t.id: t.author for t in turns}
    tries = {t.id: (t.author, str(t.re)) for t in valid}
    scores: dict[tuple[str, str], float | None] = dict.fromkeys(tries.values())
    for c in sorted(checks, key=lambda c: c.at):
        if c.of in tries:
            scores[tries[c.of]] = SCORES[c.answer]
    return [Pair(who, authors[of], of, score) for (who, of), score in scores.items()]


# --- 6 and 7: what came of it --------------------------------------------------------------------


def points_of(proposal: Proposal) -> dict[str, int]:
    """Points from 0 to 2 for who, when and measure, as far as a machine can tell.

    *who*: 0 for nobody; 2 where the alias of somebody present who agrees stands in it as a word of
    its own; otherwise 1. *when*: 0 for nothing, 2 for a date, 1 for anything else; a machine can
    tell all three. *measure*: 0 for nothing, otherwise 1. That a role present has agreed, and that
    a measure says who reads it and when, are for people to see: a 1 for those two parts means at
    least 1.
    """
    owner = proposal.owner.casefold()
    named = any(
        re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", owner)
        for name in proposal.agreed
        if name
    )
    return {
        "who": 2 if named else int(bool(owner.strip())),
        "when": 2 if _is_date(proposal.when) else int(bool(proposal.when.strip())),
        "measure": int(bool(proposal.measure.strip())),
    }


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def outcome_of(objection: Objection) -> str:
    """``resolved`` by an amendment, ``withdrawn`` without one, carried as ``dissent``, or ``open``.

    Open is what was parked, or is not decided on.
    """
    if objection.after == "consent":
        return "resolved" if objection.amended else "withdrawn"
    return "dissent" if "adopted_with_dissent" in objection.results else "open"


# --- everything ----------------------------------------------------------------------------------


def measures_of(session: Session) -> dict[str, Any]:
    """Every measure of a session with its denominators, as a plain dict.

    Nothing is left out for having too few people: ask ``for_show`` before showing any of it.
    Where a restatement, a reply or a balance needs a group, those who would rather not say theirs
    are ``unsaid``.
    """
    turns = counted_turns(session)
    languages = main_languages(session.people, turns)
    groups = {p.id: p.group or UNSAID for p in session.people}
    replies = replies_among(turns)
    both = Counter((groups[p.id], languages[p.id]) for p in session.people)
    return {
        "people": {
            "n": len(session.people),
            "by_group": _sorted(Counter(groups.values())),
            "by_language": _sorted(Counter(languages.values())),
            "by_group_and_language": [
                {"group": g, "language": d, "people": count}
                for (g, d), count in sorted(both.items())
            ],
        },
        "turns": {"n": len(turns), "words": sum(t.words for t in turns)},
        "participation": _participation(session, turns),
        "balance": {
            "group": _balance(groups, turns, words=True),
            "language": _balance(languages, turns, words=False),
        },
        "reciprocity": _reciprocity(groups, replies),
        "answered": _answered(groups, turns, replies),
        "perspective": _perspective(session, turns, groups),
        "translation": _translation(session),
        "actionability": [_actionability(p) for p in session.proposals],
        "themes": [_theme(t) for t in session.themes],
        "objections": _objections(session),
        "first_voice": _first_voice(session, turns, groups),
        "bot": _bot(session),
        "time": _time(session),
        "over_time": _over_time(session, turns, groups),
    }


def _sorted(found: Mapping[str, T]) -> dict[str, T]:
    return dict(sorted(found.items()))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _participation(session: Session, turns: list[Turn]) -> dict[str, Any]:
    amounts = amounts_of(session.people, turns).values()
    found: dict[str, Any] = {}
    for place, unit in enumerate(("turns", "words")):
        values = [a[place] for a in amounts]
        both = gini(values)
        found[unit] = {
            "n": len(values),
            "total": sum(values),
            "g": both[0] if both else None,
            "g_star": both[1] if both else None,
            "reading": evenness(both[1]) if both and unit == "words" else None,
            "lorenz": [list(point) for point in lorenz(values)],
        }
    return found


def _balance(parts: Mapping[str, str], turns: list[Turn], *, words: bool) -> dict[str, Any]:
    """Languages are compared by turns alone: compounds make Swedish words fewer."""
    people = Counter(parts.values())
    amounts: dict[str, Counter[str]] = {"turns": Counter(), "words": Counter()}
    for t in turns:
        amounts["turns"][parts[t.author]] += 1
        amounts["words"][parts[t.author]] += t.words
    units = ("turns", "words") if words else ("turns",)
    found = {unit: balance(people, amounts[unit]) for unit in units}
    return {
        "people": sum(people.values()),
        "total": {unit: amounts[unit].total() for unit in units},
        "index": {unit: found[unit].index for unit in units},
        "parts": {
            part: {
                "people": count,
                **{unit: amounts[unit][part] for unit in units},
                "ratio": {unit: found[unit].ratios[part] for unit in units},
            }
            for part, count in sorted(people.items())
        },
    }


def _reciprocity(groups: Mapping[str, str], replies: list[tuple[Turn, Turn]]) -> dict[str, Any]:
    """Whether a reply crosses is told only where both have said their group."""
    arrows, mutual = arrows_of(replies)
    between = Counter((groups[reply.author], groups[target.author]) for reply, target in replies)
    told = {pair: count for pair, count in between.items() if UNSAID not in pair}
    cross = sum(count for (a, b), count in told.items() if a != b)
    sizes = Counter(g for g in groups.values() if g != UNSAID)
    x, e = _share(cross, sum(told.values())), chance_of_crossing(sizes.values())
    return {
        "arrows": arrows,
        "mutual": mutual,
        "rho": _share(mutual, arrows),
        "replies": len(replies),
        "replies_with_groups": sum(told.values()),
        "cross": cross,
        "x": x,
        "e": e,
        "x_by_e": x / e if x is not None and e else None,
        "between": [
            {"from": a, "to": b, "replies": count} for (a, b), count in sorted(between.items())
        ],
    }


def _answered(
    groups: Mapping[str, str], turns: list[Turn], replies: list[tuple[Turn, Turn]]
) -> dict[str, Any]:
    heard = {target.id for _, target in replies}
    asked = [t for t in turns if t.kind in ANSWERABLE]
    found = {}
    for group in sorted(set(groups.values())):
        theirs = [t for t in asked if groups[t.author] == group]
        answered = sum(t.id in heard for t in theirs)
        found[group] = {
            "answered": answered,
            "of": len(theirs),
            "rate": _share(answered, len(theirs)),
        }
    return found


def _perspective(session: Session, turns: list[Turn], groups: Mapping[str, str]) -> dict[str, Any]:
    n = len(session.people)
    valid = valid_restatements(turns, groups)
    pairs = pairs_of(valid, turns, session.checks)
    checked = [p.score for p in pairs if p.score is not None]
    tries = scores_of(session.checks)
    first = [tries[t.id] for t in valid if t.id in tries]
    takers, understood = {p.restater for p in pairs}, {p.author for p in pairs if p.score == 1}
    coverage = _share(len(takers), n)
    accuracy = mean(checked) if checked else None
    both: dict[tuple[str, str], list[float | None]] = defaultdict(list)
    for p in pairs:
        both[groups[p.restater], groups[p.author]].append(p.score)
    return {
        "people": n,
        "restatements": sum(t.kind == "restatement" for t in turns),
        "valid": len(valid),
        "pairs": len(pairs),
        "checked_pairs": len(checked),
        "unchecked_pairs": len(pairs) - len(checked),
        "takers": len(takers),
        "coverage": coverage,
        "checked_restatements": len(first),
        "first_try": mean(first) if first else None,
        "accuracy": accuracy,
        "ptr": coverage * accuracy if coverage is not None and accuracy is not None else None,
        "understood": len(understood),
        "understood_share": _share(len(understood), n),
        "between": [
            {
                "from": a,
                "to": b,
                "pairs": len(scores),
                "checked": sum(s is not None for s in scores),
                "accuracy": mean(known)
                if (known := [s for s in scores if s is not None])
                else None,
            }
            for (a, b), scores in sorted(both.items())
        ],
    }


def _translation(session: Session) -> dict[str, Any]:
    """Posts of everybody, those who run the session too, by the language they were written in."""
    posts = [t for t in session.turns if t.visible and t.words]
    first: dict[str, float] = {}
    for fix in sorted(session.fixes, key=lambda f: f.at):
        first.setdefault(fix.of, fix.at)
    found = {}
    for language in sorted({t.language for t in posts}):
        theirs = [t for t in posts if t.language == language]
        waits = [first[t.id] - t.at for t in theirs if t.id in first]
        found[language] = {
            "fixed": len(waits),
            "of": len(theirs),
            "authors": len({t.author for t in theirs} - {""}),
            "per_100": 100 * len(waits) / len(theirs),
            "median_seconds": median(waits) if waits else None,
        }
    return found


def _actionability(proposal: Proposal) -> dict[str, Any]:
    points = points_of(proposal)
    return {
        "id": proposal.id,
        "what": None,
        **points,
        "start": None,
        "at_least": [part for part in ("who", "measure") if points[part] == 1],
        "computed": sum(points.values()),
        "of": 2 * len(points),
    }


def _theme(theme: Theme) -> dict[str, Any]:
    return {
        "id": theme.id,
        "scales": {
            scale: read_ratings(counts, passed=theme.passed.get(scale, 0))
            for scale, counts in sorted(theme.counts.items())
        },
    }


def _objections(session: Session) -> dict[str, int]:
    outcomes = Counter(outcome_of(o) for o in session.objections)
    names = ("resolved", "dissent", "withdrawn", "open")
    return {"raised": len(session.objections), **{name: outcomes[name] for name in names}}


def _first_voice(
    session: Session, turns: list[Turn], groups: Mapping[str, str]
) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {}
    for phase in session.phases:
        if phase.started_at is None:
            continue
        heard: dict[str, float | None] = dict.fromkeys(sorted(set(groups.values())))
        for t in sorted((t for t in turns if t.phase == phase.id), key=lambda t: t.at):
            if heard[groups[t.author]] is None:
                heard[groups[t.author]] = t.at - phase.started_at
        found[phase.id] = heard
    return found


def _bot(session: Session) -> dict[str, Any]:
    minutes = sum(p.actual for p in session.phases)
    dropped = sum(line.dropped for line in session.lines)
    said = len(session.lines) - dropped
    return {
        "lines": said,
        "minutes": minutes,
        "per_10_minutes": 10 * said / minutes if minutes else None,
        "dropped": dropped,
        "of": len(session.lines),
        "dropped_share": _share(dropped, len(session.lines)),
    }


def _time(session: Session) -> dict[str, Any]:
    # In a dialogue a phase is named with its principle.
    method = [p.cut for p in session.phases if p.id.partition("/")[0] in METHOD_PHASES]
    return {
        "planned": sum(p.planned for p in session.phases),
        "actual": sum(p.actual for p in session.phases),
        "cut_from_method": sum(method) if method else None,
        "phases": [
            {"id": p.id, "planned": p.planned, "actual": p.actual, "cut": p.cut}
            for p in session.phases
        ],
    }


def _over_time(session: Session, turns: list[Turn], groups: Mapping[str, str]) -> dict[str, Any]:
    marks: dict[str, list[float]] = {group: [] for group in sorted(set(groups.values()))}
    for t in sorted(turns, key=lambda t: t.at):
        marks[groups[t.author]].append(t.at)
    return {
        "seconds": session.seconds,
        "phases": [
            {"id": p.id, "from": p.started_at} for p in session.phases if p.started_at is not None
        ],
        "turns": marks,
        "bot": sorted(line.at for line in session.lines if not line.dropped),
    }


# --- what may be shown ---------------------------------------------------------------------------


def for_show(measures: Mapping[str, Any]) -> dict[str, Any]:
    """Measures without what would tell of fewer than three people, which is None or left out.

    ``too_few`` says what was left out for that reason: ``everyone``, or the names of ``groups``,
    ``languages`` and ``source_languages``. A large group is left out with a small one where it
    would else give the small one away. Numbers are rounded to four decimals. What is shown already
    stays as it is. Source: measures.md, section 0.
    """
    if "too_few" in measures:
        return dict(measures)
    people = measures["people"]
    groups, languages = _shown(people)
    everyone = people["n"] >= SMALLEST_GROUP
    sources = [
        d for d, found in measures["translation"].items() if found["authors"] >= SMALLEST_GROUP
    ]
    shown: dict[str, Any] = dict(measures)
    shown["people"] = {
        "n": people["n"],
        "by_group": _only(people["by_group"], groups),
        "by_language": _only(people["by_language"], languages),
    }
    if not everyone:
        shown["turns"] = dict.fromkeys(measures["turns"])
        shown["participation"] = dict.fromkeys(measures["participation"])
        shown["reciprocity"] = shown["perspective"] = None
    else:
        for name in ("reciprocity", "perspective"):
            between = [b for b in measures[name]["between"] if {b["from"], b["to"]} <= groups]
            shown[name] = {**measures[name], "between": between}
        if not groups:
            # All that crosses goes to or comes from the few.
            shown["reciprocity"].update(dict.fromkeys(("cross", "x", "x_by_e")))
    shown["balance"] = {
        "group": _shown_balance(measures["balance"]["group"], groups),
        "language": _shown_balance(measures["balance"]["language"], languages),
    }
    shown["answered"] = _only(measures["answered"], groups)
    shown["translation"] = _only(measures["translation"], sources)
    shown["first_voice"] = {
        phase: _only(found, groups) for phase, found in measures["first_voice"].items()
    }
    shown["over_time"] = {
        **measures["over_time"],
        "turns": _only(measures["over_time"]["turns"], groups),
    }
    shown["too_few"] = {
        "everyone": not everyone,
        "groups": sorted(set(people["by_group"]) - groups),
        "languages": sorted(set(people["by_language"]) - languages),
        "source_languages": sorted(set(measures["translation"]) - set(sources)),
    }
    return {name: _copy(value) for name, value in shown.items()}


def _shown(people: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The groups and languages that are large enough, together."""
    cells = {(c["group"], c["language"]): c["people"] for c in people["by_group_and_language"]}
    parts = {
        **{("group", g): [c for c in cells if c[0] == g] for g in people["by_group"]},
        **{("language", d): [c for c in cells if c[1] == d] for d in people["by_language"]},
    }
    shown = parts_to_show(cells, parts)
    groups = {name for kind, name in shown if kind == "group"}
    return groups, {name for kind, name in shown if kind == "language"}


def _only(found: Mapping[str, T], names: Iterable[str]) -> dict[str, T | None]:
    keep = set(names)
    return {name: value if name in keep else None for name, value in found.items()}


def _shown_balance(found: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """The index would give away what was left out, so it goes too."""
    complete = set(found["parts"]) <= names
    return {
        "people": found["people"],
        "total": found["total"] if names else dict.fromkeys(found["total"]),
        "index": found["index"] if complete else dict.fromkeys(found["index"]),
        "parts": _only(found["parts"], names),
    }


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copy(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(inner) for inner in value]
    return round(value, 4) if isinstance(value, float) else value


def own_figures(session: Session, person: str) -> dict[str, Any] | None:
    """A person's own turns and words, for nobody but themselves; None for who is no participant.

    ``point`` is where they are on the curve of ``lorenz``: the share of people with at most as
    much, and what those people have together. None where there is no curve.
    """
    amounts = amounts_of(session.people, counted_turns(session))
    if person not in amounts:
        return None
    found: dict[str, Any] = {}
    for place, unit in enumerate(("turns", "words")):
        values = [a[place] for a in amounts.values()]
        own = amounts[person][place]
        below = sum(value <= own for value in values)
        points = lorenz(values)
        found[unit] = {
            "own": own,
            "of": sum(values),
            "point": list(points[below]) if points else None,
        }
    return found
