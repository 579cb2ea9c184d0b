"""The record: what a session produced, phase by phase, built from plain views.

No reflection is ever here: it is built from what the session shares.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from hub.gatherings import rules
from hub.gatherings.models import Contribution, Gathering, Progress, said_of
from hub.gatherings.principles import NAMELESS
from hub.gatherings.views import contribution_view, moment, standing_views
from hub.language.text import looks_like
from hub.measures.readings import SMALLEST_GROUP, label_of

Say = Callable[[str], str]
SHOWN_KINDS = ("question", "contribution", "restatement", "theme", "recommendation", "checkout")


def phase_minutes(events: list[rules.Event]) -> dict[str, float]:
    """Minutes each phase really took by its key, pauses left out, added up where reopened."""
    spent: dict[str, float] = {}
    phase: str | None = None
    since: datetime | None = None

    def stop(at: datetime) -> None:
        if phase is not None and since is not None:
            spent[phase] = spent.get(phase, 0.0) + (at - since).total_seconds() / 60

    for event in events:
        if event.kind == "phase_started":
            stop(event.at)
            phase, since = str(event.data["phase"]), event.at
        elif event.kind in ("paused", "closed"):
            stop(event.at)
            since = None
        elif event.kind == "resumed":
            since = event.at
    return spent


def build_record(
    *,
    session: dict[str, Any],
    form: rules.Format,
    events: list[rules.Event],
    contributions: list[dict[str, Any]],
    findings: list[dict[str, Any]],
    people: list[Mapping[str, Any]],
    said: list[rules.Said],
    consent_versions: Mapping[str, int],
    reflections: int,
    taken_back: int,
    translation_corrections: list[dict[str, Any]],
    progress: Mapping[str, Progress],
    followed: list[dict[str, Any]],
    survey: Any,
    measures: Any,
    started_at: datetime | None,
    closed_at: datetime | None,
    published_at: datetime | None,
    dialogue: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The record as ``GET /sessions/{id}/record`` answers it.

    ``contributions`` are views of what is shared, in order; ``people`` are
    ``{"group", "language", "role"}`` of everybody who took a seat; ``taken_back`` counts what was
    taken back after the close; ``survey`` and ``measures`` come with too small figures left out;
    ``dialogue`` is what ``principles.build_dialogue`` gives, for sessions on a charter alone.
    Source: jif.md, the table's column "Record", and "After".
    """
    visible = [c for c in contributions if not c["hidden"]]
    minutes = phase_minutes(events)
    by_id = {c["id"]: c for c in visible}
    there = {c["id"] for c in visible if not c["removed"]}
    until = rules.correctable_until(closed_at)
    recommendations = [
        _recommendation(draft, said, by_id, progress)
        for draft in rules.drafts_of(said)
        if draft.id in by_id
    ]
    themes = [_theme(view) for view in standing_views(contributions, "theme")]
    record = {
        "session": session,
        "held_at": moment(started_at),
        "minutes": round(sum(minutes.values())),
        "phases": [
            {
                "id": phase.id,
                "title": phase.title,
                "planned_minutes": phase.minutes,
                "minutes": round(minutes.get(phase.key, 0.0), 1),
                "items": [c for c in visible if _is_in(c, phase)],
            }
            for phase in form.phases
        ],
        "attendance": {
            "people": len(people),
            "by_group": dict(Counter(p["group"] or "unsaid" for p in people)),
            "by_language": dict(Counter(p["language"] for p in people)),
            "by_role": dict(Counter(p["role"] or "unsaid" for p in people)),
            "consent_versions": dict(consent_versions),
        },
        "reflections": reflections,
        "followed": followed,
        "findings": findings,
        "by_finding": _by_finding(visible, findings),
        "questions": [_question(c, visible) for c in visible if c["kind"] == "question"],
        "restatements": [_restatement(c, visible) for c in visible if c["kind"] == "restatement"],
        "themes": themes,
        "recommendations": recommendations,
        "agreements": [r["id"] for r in recommendations if r["result"] in rules.ADOPTED],
        "disagreements": [
            r["id"] for r in recommendations if r["result"] in ("adopted_with_dissent", "parked")
        ],
        "undecided": [r["id"] for r in recommendations if r["result"] == "undecided"],
        "agreed_themes": [t["id"] for t in themes if t["reading"] == "fits"],
        "disputed_themes": [t["id"] for t in themes if t["reading"] in ("does_not_fit", "split")],
        "checkouts": [c for c in visible if c["kind"] == "checkout"],
        "survey": survey,
        "measures": measures,
        "corrections": [
            {"contribution": c["id"], "at": c["corrected_at"]}
            for c in visible
            if c["corrected_at"] and not c["removed"]
        ],
        "taken_back": taken_back,
        "translation_corrections": [
            t for t in translation_corrections if t["contribution"] in there
        ],
        "correctable_until": moment(until) if published_at is None else None,
        "ready_at": moment(until),
        "published_at": moment(published_at),
    }
    return record if dialogue is None else _with_principles(record, dialogue, form, minutes)


def _is_in(c: Mapping[str, Any], phase: rules.Phase) -> bool:
    return bool(c["phase"] == phase.id and c.get("principle") == phase.principle)


def _with_principles(
    record: Mapping[str, Any],
    dialogue: Mapping[str, Any],
    form: rules.Format,
    minutes: Mapping[str, float],
) -> dict[str, Any]:
    """The record of a dialogue: each phase says of which principle, and what is told of each.

    What people pressed and proposed is in the sections of the principles alone, without names.
    """
    of = {
        p["id"]: [phase for phase in form.phases if phase.principle == p["id"]]
        for p in dialogue["principles"]
    }
    may_quote = dialogue["charter"]["may_publish_translation"]
    return {
        **record,
        "phases": [
            {
                **found,
                "principle": phase.principle,
                "items": [
                    c
                    for c in found["items"]
                    if _is_told_with_names(c) and (may_quote or not _quotes_charter(c))
                ],
            }
            for found, phase in zip(record["phases"], form.phases, strict=True)
        ],
        "charter": dialogue["charter"],
        "outcomes": dialogue["outcomes"],
        "principles": [
            {
                **section,
                "planned_minutes": sum(phase.minutes for phase in of[section["id"]]),
                "minutes": round(sum(minutes.get(p.key, 0.0) for p in of[section["id"]]), 1),
            }
            for section in dialogue["principles"]
        ],
    }


def _quotes_charter(c: Mapping[str, Any]) -> bool:
    """The chatbot reads titles and texts of principles out."""
    return c["kind"] == "bot" and c.get("principle") is not None


def _is_told_with_names(c: Mapping[str, Any]) -> bool:
    return c["kind"] not in NAMELESS and not c["fields"].get("dissent")


def _by_finding(
    visible: list[dict[str, Any]], findings: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The ids of contributions by the finding they are about; last those about none of them."""
    ids: dict[str | None, list[str]] = {f["id"]: [] for f in findings}
    ids[None] = []
    for c in visible:
        finding = c["fields"].get("finding")
        about = finding if finding in ids else None
        if (
            c["kind"] == "contribution"
            and not c["removed"]
            and not c["fields"].get("remark_on")
            and (about or c["phase"] == "interpret")
        ):
            ids[about].append(c["id"])
    return [{"finding": finding, "contributions": found} for finding, found in ids.items()]


def _question(c: dict[str, Any], visible: list[dict[str, Any]]) -> dict[str, Any]:
    """A question with the replies to it."""
    return {
        **c,
        "answers": [
            x
            for x in visible
            if x["reply_to"] == c["id"] and not x["removed"] and not x["fields"].get("remark_on")
        ],
    }


def _restatement(c: dict[str, Any], visible: list[dict[str, Any]]) -> dict[str, Any]:
    checks = [
        x["fields"].get("answer")
        for x in visible
        if x["kind"] == "restatement_check" and x["fields"].get("of") == c["id"]
    ]
    original = next((x for x in visible if x["id"] == c["fields"].get("of")), None)
    return {
        "id": c["id"],
        "of": c["fields"].get("of"),
        "author": c["author"],
        "of_author": original["author"] if original else None,
        "check": checks[-1] if checks else None,
        "checks": checks,
        "contribution": c,
    }


def _theme(view: dict[str, Any]) -> dict[str, Any]:
    """A theme with how people agree on it.

    ``reading`` is one of the labels for ratings; None for fewer than five.
    Source: measures.md, "Agreement on a theme".
    """
    agreement = view["ratings"].get("agreement")
    return {**view, "reading": label_of(agreement["counts"]) if agreement else None}


def _recommendation(
    draft: rules.Said,
    said: list[rules.Said],
    by_id: Mapping[str, dict[str, Any]],
    progress: Mapping[str, Progress],
) -> dict[str, Any]:
    decision = rules.decision_on(draft.id, said)
    wording = rules.wording_of(draft.id, said)
    latest = by_id.get(wording, by_id[draft.id])
    contribution = {**latest, "id": draft.id, "fields": dict(draft.fields)}

    def shown(ids: Iterable[str]) -> list[dict[str, Any]]:
        return [by_id[i] for i in ids if i in by_id]

    outcomes = shown(decision.outcomes)
    return {
        "id": draft.id,
        "wording": wording,
        "what": draft.fields.get("what"),
        "owner": draft.fields.get("owner"),
        "when": draft.fields.get("when"),
        "measure": draft.fields.get("measure"),
        "missing": rules.missing_parts(draft.fields),
        "result": decision.result,
        "stances": decision.stances,
        "objections": shown(decision.objections),
        "stand_asides": shown(decision.stand_asides),
        "amendments": shown(decision.amendments),
        "dissent": [c for c in outcomes if c["fields"].get("result") == "adopted_with_dissent"],
        "author": contribution["author"],
        "authors": _authors(shown(_wordings(draft, said))),
        "progress": progress_view(draft.id, decision.result, progress),
        "contribution": contribution,
    }


def _wordings(draft: rules.Said, said: list[rules.Said]) -> list[str]:
    """Everything that worded a recommendation: what it was split from, the first, the later."""
    roots = (str(draft.fields.get("split_of") or ""), draft.id)
    return [
        wording.id
        for stands in rules.standing(said, "recommendation")
        if stands.first.id in roots
        for wording in stands.wordings
    ]


def _authors(wordings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each person once, in the order they came in."""
    return list({c["author"]["id"]: c["author"] for c in wordings if c["author"]}.values())


def reason_view(found: Progress | None) -> dict[str, Any]:
    """Why, in the language it was given in, and as a machine translated it (empty: not yet)."""
    reason = found.reason if found else ""
    return {
        "reason": reason,
        "reason_language": looks_like(reason),
        "reason_translation": (found.translation or "") if found else "",
    }


def reason_in(became: Mapping[str, Any], language: str) -> str:
    """Why, in a language: as it was translated where it was given in the other."""
    other = became.get("reason_language") not in (None, language)
    return str((other and became.get("reason_translation")) or became["reason"])


def progress_view(
    recommendation_id: str, result: str, progress: Mapping[str, Progress]
) -> dict[str, Any] | None:
    """What became of a recommendation; None where it was not adopted, and so is not followed."""
    if result not in rules.ADOPTED:
        return None
    found = progress.get(recommendation_id)
    return {
        "status": found.status if found else "open",
        **reason_view(found),
        "at": moment(found.at) if found else None,
        "next": list(rules.next_progress(found.status if found else "open")),
    }


def followed_views(
    gathering: Gathering,
    contributions: list[Contribution],
    progress: Mapping[str, Progress],
) -> list[dict[str, Any]]:
    """A session's recommendations as a later one takes them up: words, result, what became of it.

    Those that were not adopted have no status: they are still to decide. No names of authors.
    """
    said = [said_of(c) for c in contributions]
    shown = {c.id: c for c in contributions if c.hidden_at is None}
    head = {
        "id": gathering.id,
        "title": gathering.title,
        "case": gathering.case_id,
        "closed_at": moment(gathering.closed_at),
    }
    views = []
    for draft in rules.drafts_of(said):
        if draft.id not in shown:
            continue
        latest = contribution_view(shown.get(rules.wording_of(draft.id, said), shown[draft.id]))
        result = rules.decision_on(draft.id, said).result
        became = progress_view(draft.id, result, progress)
        views.append(
            {
                "id": draft.id,
                "session": head,
                "language": latest["language"],
                "text": latest["text"],
                "translations": latest["translations"],
                "owner": draft.fields.get("owner"),
                "when": draft.fields.get("when"),
                "measure": draft.fields.get("measure"),
                "result": result,
                **(became or {"status": None, **reason_view(None), "at": None, "next": []}),
            }
        )
    return views


def text_in(c: Mapping[str, Any], language: str) -> tuple[str, bool]:
    """What a contribution says in a language, and whether a machine wrote those words."""
    return ("", False) if c["removed"] else _words_in(c, language)


def _words_in(c: Mapping[str, Any], language: str) -> tuple[str, bool]:
    if c["language"] == language:
        return str(c["text"]), False
    found = c["translations"].get(language)
    if found and found["text"]:
        return str(found["text"]), found["status"] == "machine"
    return str(c["text"]), False


_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
_LIST = re.compile(r"^([-+=]|\d+(?=[.)]))")


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line: no markup, list, link or entity."""
    line = " ".join(_SIGNS.sub(r"\\\1", text).split())
    start = _LIST.match(line)
    if start is None:
        return line
    # A number is no sign that can be escaped: what would make it a list is.
    at = start.end() if start[0].isdigit() else 0
    return f"{line[:at]}\\{line[at:]}"


def few(count: int) -> str:
    """A count of people as it is shown of a group. Source: measures.md, "Rules"."""
    return str(count) if count >= SMALLEST_GROUP else f"<{SMALLEST_GROUP}"


def as_markdown(record: Mapping[str, Any], language: str, say: Say) -> str:
    """The record as Markdown in one language; ``say`` translates the words of the page."""
    session = record["session"]
    lines = [f"# {_plain(session['title'][language])}", ""]
    if session["demonstration"]:
        lines += [f"*{say('Demonstration: people and words are made up.')}*", ""]
    if record["published_at"] is None:
        lines += [f"*{say('Draft. Those who took part may still correct their own words.')}*", ""]
    if record["held_at"]:
        lines += [f"{record['held_at'][:10]}, {record['minutes']} min", ""]
    attendance = record["attendance"]
    lines += [f"{say('People who took part')}: {attendance['people']}", ""]
    for group, count in sorted(attendance["by_group"].items()):
        lines.append(f"- {say('group.' + group)}: {_plain(few(count))}")
    lines += _markdown_followed(record["followed"], language, say)
    for finding in record["findings"]:
        lines += ["", f"## {say('Finding')}: {_plain(finding['title'][language])}", ""]
        lines += [_plain(finding["text"][language])]
    for section in record.get("principles", ()):
        lines += _markdown_principle(section, language, say)
    if "principles" not in record or record["recommendations"]:
        lines += ["", f"## {say('Recommendations and decisions')}", ""]
    for number, item in enumerate(record["recommendations"], 1):
        lines += _markdown_recommendation(number, item, language, say)
    if record["themes"]:
        lines += ["", f"## {say('Themes')}", ""]
    for theme in record["themes"]:
        lines += [_markdown_line(theme, language, say), *_markdown_figures(theme, say)]
    for phase in record["phases"]:
        shown = [c for c in phase["items"] if c["kind"] in SHOWN_KINDS]
        if not shown:
            continue
        lines += ["", f"## {_plain(_heading(record, phase, language))}", ""]
        for c in shown:
            lines.append(_markdown_line(c, language, say))
    return "\n".join(lines).rstrip() + "\n"


def _heading(record: Mapping[str, Any], phase: Mapping[str, Any], language: str) -> str:
    """The title of a phase, and of the principle that it was gone through for."""
    title = str(phase["title"][language])
    listed = record.get("principles", ())
    found = next((p for p in listed if p["id"] == phase.get("principle")), None)
    return f"{title}: {told_in(found['title'], language)}" if found else title


def told_in(texts: Mapping[str, str], language: str) -> str:
    """A text in the language, or in the other where it has none."""
    return texts.get(language) or next(iter(texts.values()), "")


def _markdown_principle(section: Mapping[str, Any], language: str, say: Say) -> list[str]:
    """What a dialogue came to on a principle."""
    heading = f"{section['n']}. {told_in(section['title'], language)}"
    stands = {
        "parked": say("decision.park"),
        "open": say("Still to decide"),
        "not_begun": say("Not talked about"),
    }.get(section["state"]) or say(f"decision.{section['decision']}")
    lines = ["", f"## {_plain(heading)}", "", stands]
    if section["reason"]:
        lines[-1] += f": {_plain(section['reason'])}"
    if section["agreed"]:
        lines += ["", f"### {say('The text we agreed on')}", ""]
        lines += [
            f"- {say('language.' + each)}: {_plain(text['text'])}"
            for each, text in section["agreed"].items()
            if text["text"]
        ]
    for dissent in section["dissent"]:
        group = say("group." + (dissent["group"] or "unsaid"))
        lines += [
            "",
            f"{say('Dissent, as written out')} ({group}): {_told(dissent, language, say)}",
        ]
    ratings = section["ratings"]
    if ratings["rated"] or ratings["passed"]:
        lines += ["", f"### {say('How well the principle fits')}", ""]
        lines.append(", ".join(f"{value}: {n}" for value, n in enumerate(ratings["counts"], 1)))
        if ratings["passed"]:
            lines[-1] += f", {say('passed')}: {ratings['passed']}"
        lines += [say("reading." + ratings["label"])] if ratings["label"] else []
        lines += [
            f"- {say('group.' + group)}: "
            + ", ".join(f"{value}: {n}" for value, n in enumerate(counts, 1))
            for group, counts in ratings["by_group"].items()
        ]
        lines += [f"- {r['value']}: {_told(r, language, say)}" for r in ratings["reasons"]]
    for title, found in _markdown_parts(section, language, say):
        lines += ["", f"### {title}", "", *(f"- {line}" for line in found)] if found else []
    return lines


def _markdown_parts(
    section: Mapping[str, Any], language: str, say: Say
) -> list[tuple[str, list[str]]]:
    """Headings, each with a line for everything that was said under it."""

    def told(c: Mapping[str, Any]) -> str:
        return _told(c, language, say)

    def behind(p: Mapping[str, Any]) -> str:
        return "" if p["support"] is None else f" ({say('no objection')}: {p['support']})"

    def side(c: Mapping[str, Any]) -> str:
        return f"{say('fit_tag.' + c['tag'])}, {say('side.' + c['side'])}"

    return [
        (
            say("Questions and answers"),
            [" → ".join([told(q), *map(told, q["answers"])]) for q in section["questions"]],
        ),
        (say("Own experience"), [told(c) for c in section["examples"]]),
        (say("For and against"), [f"{side(c)}: {told(c)}" for c in section["fit_points"]]),
        (
            say("Restated by others"),
            [
                told(r) + "".join(f" ({say('answer.' + answer)})" for answer in r["checks"])
                for r in section["restatements"]
            ],
        ),
        (
            say("Suggestions for the wording"),
            [told(p) + behind(p) for p in section["wordings"]],
        ),
        (
            say("Suggestions for the substance"),
            [
                f"{say('change_kind.' + p['kind'])}: {told(p)}{behind(p)}"
                for p in section["changes"]
            ],
        ),
        (say("Words without a good translation"), [_plain(t) for t in section["untranslatable"]]),
        (
            say("Objections"),
            [told(o) for stance in section["stances"] for o in stance["objections"]],
        ),
        (
            say("Changes to the glossary"),
            [_plain(f"{term['sv']} = {term['en']}") for term in section["glossary_changes"]],
        ),
    ]


def _told(c: Mapping[str, Any], language: str, say: Say) -> str:
    """Words in the language, marked where a machine wrote them."""
    mark = f" *({say('machine translation')})*" if language in c["machine"] else ""
    return f"{_plain(told_in(c['text'], language))}{mark}"


def _markdown_followed(followed: Iterable[Mapping[str, Any]], language: str, say: Say) -> list[str]:
    lines = []
    for item in followed:
        text, machine = _words_in(item, language)
        mark = f" *({say('machine translation')})*" if machine else ""
        status = item["status"]
        said = say("progress." + status) if status else say("result." + item["result"])
        reason = f" ({_plain(item['reason'])})" if item["reason"] else ""
        lines.append(f"- {_plain(text)}{mark}: {said}{reason}")
    return ["", f"## {say('From last time')}", "", *lines] if lines else []


def _markdown_recommendation(
    number: int, item: Mapping[str, Any], language: str, say: Say
) -> list[str]:
    text, machine = text_in(item["contribution"], language)
    mark = f" *({say('machine translation')})*" if machine else ""
    lines = [f"{number}. {_plain(text)}{mark}"]
    for part in ("owner", "when", "measure"):
        value = _field_in(item, part, language) or say("not said")
        lines.append(f"   - {say('part.' + part)}: {_plain(value)}")
    lines.append(f"   - {say('part.result')}: {say('result.' + item['result'])}")
    if became := item["progress"]:
        reason = f" ({_plain(reason_in(became, language))})" if became["reason"] else ""
        lines.append(f"   - {say('part.progress')}: {say('progress.' + became['status'])}{reason}")
    for objection in (*item["objections"], *item["stand_asides"]):
        reason, _ = text_in(objection, language)
        reason = reason or str(objection["fields"].get("reason", ""))
        stance = say("stance." + objection["fields"]["value"])
        lines.append(f"   - {stance}: {_plain(reason)}")
    for dissent in item["dissent"]:
        words, _ = text_in(dissent, language)
        lines.append(f"   - {say('result.adopted_with_dissent')}: {_plain(words)}")
    return lines


def _markdown_figures(theme: Mapping[str, Any], say: Say) -> list[str]:
    """How a theme was rated, and how that reads."""
    lines = []
    for scale, tally in sorted((theme.get("ratings") or {}).items()):
        counts = ", ".join(f"{value}: {n}" for value, n in enumerate(tally["counts"], 1))
        name = say("scale." + scale) if scale in ("agreement", "importance") else _plain(scale)
        lines.append(f"   - {name}: {counts}")
    if theme["reading"]:
        lines.append(f"   - {say('reading.' + theme['reading'])}")
    return lines


def _markdown_line(c: Mapping[str, Any], language: str, say: Say) -> str:
    if c["removed"]:
        return f"- *{say('Removed by its author')}*"
    text, machine = text_in(c, language)
    name = c["author"]["name"] or say("Withdrawn person") if c["author"] else ""
    mark = f" *({say('machine translation')})*" if machine else ""
    remark = c["fields"].get("remark_on")
    kind = say("Remark on the translation") if remark else say("kind." + c["kind"])
    return f"- **{_plain(name)}** ({kind}): {_plain(text)}{mark}"


def _field_in(item: Mapping[str, Any], part: str, language: str) -> str:
    c = item["contribution"]
    translated = c["translations"].get(language, {}).get("fields", {}).get(part)
    return str(translated or item.get(part) or "")
