"""Plain values that pages, calls and pushes show: the same for the page, the API and the socket.

A view of what is shared holds nothing personal: no marks of one's own, no secrets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from hub.charters.models import Outcome
from hub.gatherings import rules
from hub.gatherings.actions import BOT, BOT_NAME, has_words
from hub.gatherings.models import BotLine, Contribution, Gathering, Hand, Translation
from hub.language.actions import shipped_glossary
from hub.language.glossary import plain_term
from hub.language.models import AddedTerm
from hub.measures.readings import parts_to_show, read_ratings
from hub.people.models import Participant
from hub.people.rules import LANGUAGES, group_of
from hub.programme.models import Case, Finding

# What the latest wording of a theme or proposal puts in the place of the first.
LATEST = ("author", "text", "language", "translations", "fields")


# The words of a principle in one language.
PRINCIPLE_WORDS = ("title", "text")


# Letters of a post that the chatbot points at.
EXCERPT = 160


def moment(at: datetime | None) -> str | None:
    """RFC 3339 with offset."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def author_view(c: Contribution) -> dict[str, Any] | None:
    """Who said it; nobody for what was taken back, no name for who has withdrawn."""
    if c.removed_at is not None:
        return None
    if c.author_key == BOT:
        return {"id": BOT, "name": BOT_NAME, "role": "bot", "group": None}
    if c.participant is not None:
        p = c.participant
        return {"id": p.id, "name": p.name or None, "role": p.role, "group": group_of(p.role)}
    if c.account is not None:
        return {"id": c.account.id, "name": c.account.name, "role": "facilitator", "group": None}
    return None


def translation_view(t: Translation) -> dict[str, Any]:
    view: dict[str, Any] = {
        "text": t.text if t.status not in ("pending", "failed") else None,
        "status": t.status,
        "by": t.by_name,
        "origin": t.origin,
        "doubt": t.doubt,
        "fields": t.fields or {},
    }
    if t.hints and t.status == "machine":
        view["hints"] = t.hints
    if t.status == "failed":
        view["reason"] = t.reason
    if t.disputes and t.status == "disputed":
        view["disputes"] = [
            {"word": d.get("word", ""), "reason": d.get("reason", "")} for d in t.disputes
        ]
    return view


def contribution_view(
    c: Contribution,
    *,
    re: Mapping[str, Contribution] | None = None,
    for_author: bool = False,
) -> dict[str, Any]:
    """A contribution as the contract has it. A hidden one shows its words to its author alone."""
    gone = c.removed_at is not None
    hidden = c.hidden_at is not None
    shown = not gone and (not hidden or for_author)
    return {
        "id": c.id,
        "session": c.gathering_id,
        "seq": c.seq,
        "revision": c.revision,
        "phase": c.phase,
        "principle": c.principle,
        "kind": c.kind,
        "author": author_view(c) if shown else None,
        "language": c.language,
        "looks_like": c.looks_like if shown else None,
        "text": c.text if shown else "",
        "created_at": moment(c.created_at),
        "corrected_at": moment(c.corrected_at) if shown else None,
        "translations": {t.language: translation_view(t) for t in c.translations if shown},
        "reply_to": c.reply_to,
        "fields": c.fields if shown else {},
        "removed": gone,
        "hidden": hidden,
        "hidden_code": c.hidden_code if hidden and for_author else None,
        "hidden_reason": c.hidden_reason if hidden and for_author else "",
        "hidden_answer": c.hidden_answer if hidden and for_author else "",
        "held": c.held_at is not None,
        "pinned": c.pinned_at is not None,
        "on_screen": c.screen_at is not None,
        "scribe": c.scribe.name if c.scribe and shown else None,
        "re": _re_view(c, re or {}),
        "decision": None,
    }


def decision_view(decision: rules.Decision) -> dict[str, Any]:
    return {"result": decision.result, "stances": decision.stances}


def tallies_view(tallies: Mapping[str, rules.Tally]) -> dict[str, Any]:
    """How a theme is rated, by scale."""
    return {
        scale: {
            "counts": list(tally.counts),
            "passed": tally.passed,
            "answered": tally.answered,
            "mean": tally.mean,
        }
        for scale, tally in sorted(tallies.items())
    }


def _re_view(c: Contribution, known: Mapping[str, Contribution]) -> dict[str, Any] | None:
    """What this one answers, restates, decides on or points at."""
    about = known.get(_reference_of(c))
    if about is None:
        return None
    author = author_view(about) if about.hidden_at is None else None
    view = {
        "id": about.id,
        "kind": about.kind,
        "name": author["name"] if author else None,
        "role": author["role"] if author else None,
    }
    if c.kind == "bot" and author is not None:
        # The chatbot speaks of a post that may have scrolled away long ago.
        view["excerpt"] = {about.language: about.text[:EXCERPT]} | {
            t.language: t.text[:EXCERPT] for t in about.translations if t.text
        }
    return view


def _reference_of(c: Contribution) -> str:
    about = c.fields.get("about") if c.kind == "bot" else None
    return str(c.fields.get("of") or c.reply_to or about or "")


def references_of(contributions: Iterable[Contribution]) -> set[str]:
    """The ids that views of these need to know of."""
    ids = {_reference_of(c) for c in contributions}
    ids.discard("")
    return ids


def finding_view(f: Finding) -> dict[str, Any]:
    return {
        "id": f.id,
        "title": f.title,
        "text": f.text,
        "source": f.source,
        "tags": f.tags,
        "picture": f"/sessions/{f.gathering_id}/pictures/{f.id}" if f.picture else None,
        "picture_alt": f.picture_alt,
        "shown": f.shown_at is not None,
    }


def term_view(added: AddedTerm) -> dict[str, Any]:
    """A term that people have added."""
    return {
        "id": added.id,
        "session": added.gathering_id,
        "sv": added.sv,
        "en": added.en,
        "sv_forms": added.sv_forms,
        "en_forms": added.en_forms,
        "avoid_sv": added.avoid_sv,
        "avoid_en": added.avoid_en,
        "note": added.note,
        "keep": added.keep,
        "disputed": added.disputed,
        "state": added.state,
        "by": added.by_name,
        "at": moment(added.at),
    }


def case_view(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "name": case.name,
        "country": case.country,
        "sector": case.sector,
        "objective": case.objective,
        "methods": case.methods,
        "vulnerable": case.vulnerable,
        "demonstration": case.demonstration,
    }


def format_view(form: rules.Format) -> dict[str, Any]:
    return {
        "id": form.id,
        "kind": form.kind,
        "title": form.title,
        "summary": form.summary,
        "hybrid": form.hybrid,
        "phases": [
            {
                "id": p.id,
                "title": p.title,
                "task": p.task,
                "minutes": p.minutes,
                "discussion": p.discussion,
                "inputs": list(p.inputs),
                "exit": p.exit,
                "host": p.host,
            }
            for p in form.phases
        ],
    }


def queue_view(rows: Iterable[tuple[Hand, Participant]], spoken: set[str]) -> list[dict[str, Any]]:
    return [
        {
            "participant": {"id": p.id, "name": p.name, "role": p.role, "group": p.group},
            "remote": p.remote,
            "raised_at": moment(hand.raised_at),
            "has_floor": hand.floor_at is not None,
            "has_spoken": p.id in spoken,
        }
        for hand, p in rows
    ]


def as_it_stands(view: Mapping[str, Any]) -> dict[str, Any]:
    """The view of a theme or proposal with its latest words in the place of its own.

    ``wording`` is the id of the post that they are in.
    """
    words = view.get("current")
    if not words:
        return {**view, "wording": view["id"]}
    latest = {name: words[name] for name in LATEST}
    return {**view, **latest, "wording": words["id"]}


def standing_views(shared: Iterable[Mapping[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The themes or proposals as they stand: each once, and no proposal that was split."""
    return [
        as_it_stands(view)
        for view in shared
        if view["kind"] == kind
        and not (view["removed"] or view["hidden"] or view["revises"] or view.get("split_into"))
    ]


def bot_line_view(line: BotLine) -> dict[str, Any]:
    """A waiting line, and when it goes out by itself."""
    by_itself = not line.draft and line.to_whom != "facilitators"
    sends_at = line.created_at + timedelta(seconds=rules.BOT_GRACE_SECONDS)
    return {
        "id": line.id,
        "trigger": line.trigger,
        "to": line.to_whom,
        "about": line.about,
        "text": line.lines,
        "draft": line.draft,
        "created_at": moment(line.created_at),
        "sends_at": moment(sends_at) if by_itself else None,
    }


def principle_views(
    gathering: Gathering, form: rules.Format, outcomes: Iterable[Outcome]
) -> list[dict[str, Any]]:
    """The principles of a dialogue in the order they are talked about; empty for others.

    ``state`` is ``next``, ``now``, ``done`` or ``parked``.
    """
    rows = {row.principle_id: row for row in outcomes}
    listed = {p["id"]: p for p in (gathering.charter_copy or {}).get("principles", [])}
    index = gathering.phase_index
    running = form.phases[index].principle if index is not None else None
    now = None if gathering.state == "closed" else running
    return [
        {
            "id": principle,
            "n": listed[principle]["n"],
            "title": _titles(listed[principle]),
            "state": _principle_state(principle, rows.get(principle), now),
            "decision": rows[principle].decision if principle in rows else None,
        }
        for principle in form.principles
        if principle in listed
    ]


def _titles(principle: Mapping[str, Any]) -> dict[str, str]:
    """The title in each language; in the other one where it has none."""
    titles = {
        language: str(principle["texts"].get(language, {}).get("title") or "")
        for language in LANGUAGES
    }
    known = next((title for title in titles.values() if title), "")
    return {language: title or known for language, title in titles.items()}


def _principle_state(principle: str, row: Outcome | None, now: str | None) -> str:
    if principle == now:
        return "now"
    if row is None:
        return "next"
    if row.closed_at is not None:
        return "done"
    return "parked" if row.decision == "park" else "next"


def principle_text_view(principle: Mapping[str, Any]) -> dict[str, Any]:
    """A principle in both languages, as the room reads it.

    ``missing`` names the languages that it has no words in.
    """
    texts = {language: principle["texts"].get(language, {}) for language in LANGUAGES}

    def part(name: str) -> dict[str, Any]:
        return {language: texts[language].get(name) for language in LANGUAGES}

    return {
        "id": principle["id"],
        "n": principle["n"],
        "title": _titles(principle),
        "text": {language: texts[language].get("text") or "" for language in LANGUAGES},
        "status": part("status"),
        "origin": part("origin"),
        "missing": [language for language in LANGUAGES if not has_words(texts[language])],
        "glossary_terms": list(principle.get("glossary_terms") or []),
    }


def reading_aids_view(
    copy: Mapping[str, Any], principle: Mapping[str, Any], terms: Iterable[AddedTerm]
) -> dict[str, Any]:
    """What helps to read a principle: where it is from, and the terms of the glossary in it.

    ``written`` is how a term stands in the principle, by language.
    """
    texts = tuple(
        "\n".join(str(words.get(part) or "") for part in PRINCIPLE_WORDS)
        for words in (principle["texts"].get(language, {}) for language in LANGUAGES)
    )
    added = tuple((t.sv, t.en, t.note, t.disputed) for t in terms)
    return {
        "source_language": copy["source_language"],
        "charter": copy["title"],
        "terms": _terms_in(texts, added),
    }


@lru_cache(maxsize=500)
def _terms_in(
    texts: tuple[str, ...], added: tuple[tuple[str, str, str, bool], ...]
) -> list[dict[str, Any]]:
    own = {plain_term(sv, en): (note, disputed) for sv, en, note, disputed in added}
    glossary = shipped_glossary().and_also(own)
    found: dict[str, dict[str, Any]] = {}
    for text, language in zip(texts, LANGUAGES, strict=True):
        for match in glossary.found(text, language):
            term = match.term
            note, disputed = own.get(term, ("", term.disputed))
            entry = found.setdefault(
                term.id,
                {
                    "key": f"t{len(found) + 1}",
                    "sv": term.word("sv"),
                    "en": term.word("en"),
                    "note": note,
                    "disputed": disputed,
                    "written": {each: [] for each in LANGUAGES},
                },
            )
            written = text[match.start : match.end]
            if written not in entry["written"][language]:
                entry["written"][language].append(written)
    return list(found.values())


def raters_view(raters: rules.Raters, *, answered: int, present: int) -> dict[str, Any]:
    """How a principle is rated: how many answered, and what once ratings are shown.

    ``result`` is None while they are hidden. It has a label from five ratings on, and by group
    only what tells nothing of fewer than three. Source: reflective-dialogue.md, "Reading the
    ratings".
    """
    shown = raters.rated + raters.passed > 0
    return {
        "answered": answered,
        "present": present,
        "result": rating_result(raters.counts, raters.passed, raters.by_group) if shown else None,
    }


def rating_result(
    counts: Sequence[int], passed: int, by_group: Mapping[str, Sequence[int]]
) -> dict[str, Any]:
    """Ratings as they are shown, in numbers, words and by group as far as that is allowed."""
    groups = {group: sum(found) for group, found in by_group.items()}
    shown = parts_to_show(groups, {group: [group] for group in groups if group != "unsaid"})
    return {
        **read_ratings(counts, passed=passed),
        "by_group": {g: list(by_group[g]) for g in by_group if g in shown},
    }


def settling_view(
    settling: rules.Settling, text: Mapping[str, Any], *, dissent: bool, principle: str
) -> dict[str, Any]:
    """The text that is put to the room, and where it stands."""
    return {
        "principle": principle,
        "of": settling.of,
        "kind": settling.kind,
        "change": settling.change,
        "wording": settling.wording,
        "text": text,
        "stances": settling.stances,
        "objections": list(settling.objections),
        "agreed": settling.agreed,
        "settled": rules.is_settled(settling, dissent=dissent),
    }


def outcome_view(row: Outcome, *, allowed: Iterable[str] = ()) -> dict[str, Any]:
    """What a dialogue came to on one principle; ``allowed`` are the decisions it may have now."""
    return {
        "id": row.id,
        "principle": row.principle_id,
        "decision": row.decision,
        "allowed": list(allowed),
        "put": row.put,
        "agreed": row.agreed,
        "agreed_from": row.agreed_from,
        "dissent": [
            {"group": d["group"], "language": d["language"], "text": d["text"]}
            for d in row.dissent
            if d["text"]
        ],
        "ratings": rating_result(row.counts, row.passed, row.counts_by_group),
        "glossary_changes": row.glossary_changes,
        "reason": row.reason,
        "closed_at": moment(row.closed_at),
    }


def follow_up_view(gathering: Gathering, *, guarded: bool) -> dict[str, Any] | None:
    """Until when people are asked how they are, and since when they have been; None: never."""
    by = rules.follow_up_by(
        guarded=guarded, started_at=gathering.started_at, closed_at=gathering.closed_at
    )
    if by is None:
        return None
    return {"by": moment(by), "done_at": moment(gathering.followed_up_at)}


def stage_view(
    gathering: Gathering,
    form: rules.Format,
    exit_: rules.Exit | None,
    *,
    now: datetime,
    speed: float,
    outcomes: Iterable[Outcome] = (),
) -> dict[str, Any]:
    """Where the session is, for the head of every face of it.

    In a dialogue ``phase`` is the step, the same for each principle; ``key`` tells it from all
    others.
    """
    stage = gathering.stage
    index = stage.phase_index
    phase = form.phases[index] if index is not None else None
    left = stage.seconds_left(now)
    return {
        "state": stage.state,
        "phase": phase.id if phase else None,
        "key": phase.key if phase else None,
        "principle": phase.principle if phase else None,
        "principles": principle_views(gathering, form, outcomes),
        "number": index + 1 if index is not None else 0,
        "count": len(form.phases),
        "title": phase.title if phase else None,
        "task": phase.task if phase else None,
        "host": phase.host if phase else None,
        "ends_at": moment(stage.ends_at),
        "seconds_left": max(0, round(left)) if left is not None else None,
        "time_up": stage.time_is_up(now),
        "exit_met": bool(exit_ and exit_.met),
        "exit": {"code": exit_.code, "done": exit_.done, "wanted": exit_.wanted} if exit_ else None,
        "open_kinds": list(rules.open_kinds(stage, form)),
        "inputs": list(phase.inputs) if phase else [],
        "discussion": bool(phase and phase.discussion),
        "reminder": rules.is_reminded(form, stage),
        "speed": speed,
        "phases": [
            {
                "id": p.id,
                "key": p.key,
                "principle": p.principle,
                "title": p.title,
                "minutes": p.minutes,
                "state": _phase_state(position, index, stage.state),
            }
            for position, p in enumerate(form.phases)
        ],
    }


def _phase_state(position: int, index: int | None, state: str) -> str:
    if index is None:
        return "next"
    if position < index or (state == "closed" and position <= index):
        return "done"
    return "now" if position == index else "next"


def session_view(
    gathering: Gathering,
    form: rules.Format,
    exit_: rules.Exit | None,
    *,
    case: Case | None,
    base_url: str,
    now: datetime,
    outcomes: Iterable[Outcome] = (),
) -> dict[str, Any]:
    """The session as ``GET /sessions/{id}`` answers it."""
    stage = gathering.stage
    running = form.phases[stage.phase_index] if stage.phase_index is not None else None
    copy = gathering.charter_copy
    guarded = rules.is_guarded(gathering.guarded, vulnerable=bool(case and case.vulnerable))
    access = rules.access_of(gathering.access, guarded=guarded)
    return {
        "id": gathering.id,
        "code": gathering.code,
        # With an invitation alone: the code opens nothing.
        "join_url": f"{base_url}/join/{gathering.code}" if access == "open" else None,
        "title": gathering.title,
        "format": {
            "id": form.id,
            "kind": form.kind,
            "title": form.title,
            "hybrid": form.hybrid,
        },
        "case": case_view(case) if case else None,
        "charter": gathering.charter,
        "charter_title": copy["title"] if copy else None,
        "charter_version": copy["version"] if copy else None,
        "principle": running.principle if running else None,
        "principles": principle_views(gathering, form, outcomes),
        "access": access,
        "guarded": guarded,
        "follow_up": follow_up_view(gathering, guarded=guarded),
        "state": stage.state,
        "phase": running.id if running else None,
        "starts_at": moment(gathering.starts_at),
        "ends_at": moment(stage.ends_at),
        "seconds_left": (
            None if (left := stage.seconds_left(now)) is None else max(0, round(left))
        ),
        "time_up": stage.time_is_up(now),
        "exit_met": bool(exit_ and exit_.met),
        "exit": {"code": exit_.code, "done": exit_.done, "wanted": exit_.wanted} if exit_ else None,
        "open_kinds": list(rules.open_kinds(stage, form)),
        "revision": gathering.revision,
        "demonstration": gathering.demonstration,
        "published_at": moment(gathering.published_at),
        "record_edition": max(1, gathering.record_edition),
        "record_changed_at": moment(gathering.record_changed_at),
        "purged_at": moment(gathering.purged_at),
        "follows": gathering.follows_id,
    }
