"""The record: what a session produced, phase by phase, built from plain views.

No reflection is ever here: it is built from what the session shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from hub.gatherings import rules
from hub.gatherings.views import moment

Say = Callable[[str], str]
SHOWN_KINDS = ("question", "contribution", "restatement", "theme", "recommendation", "checkout")


def phase_minutes(events: list[rules.Event]) -> dict[str, float]:
    """Minutes each phase really took, pauses left out, added up where it was reopened."""
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
    closed_at: datetime | None,
    published_at: datetime | None,
) -> dict[str, Any]:
    """The record as ``GET /sessions/{id}/record`` answers it.

    ``contributions`` are views of what is shared, in order; ``people`` are
    ``{"group", "language", "role"}`` of everybody who took a seat.
    """
    visible = [c for c in contributions if not c["hidden"]]
    minutes = phase_minutes(events)
    by_id = {c["id"]: c for c in visible}
    ready_at = closed_at + timedelta(days=rules.RECORD_DRAFT_DAYS) if closed_at else None
    recommendations = [
        _recommendation(draft, said, by_id) for draft in rules.drafts_of(said) if draft.id in by_id
    ]
    agreed = ("adopted", "adopted_with_dissent")
    return {
        "session": session,
        "phases": [
            {
                "id": phase.id,
                "title": phase.title,
                "planned_minutes": phase.minutes,
                "minutes": round(minutes.get(phase.id, 0.0), 1),
                "items": [c for c in visible if c["phase"] == phase.id],
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
        "findings": findings,
        "questions": [c for c in visible if c["kind"] == "question"],
        "restatements": [_restatement(c, visible) for c in visible if c["kind"] == "restatement"],
        "themes": [c for c in visible if c["kind"] == "theme"],
        "recommendations": recommendations,
        "agreements": [r["id"] for r in recommendations if r["result"] in agreed],
        "disagreements": [
            r["id"] for r in recommendations if r["result"] in ("adopted_with_dissent", "parked")
        ],
        "undecided": [r["id"] for r in recommendations if r["result"] == "undecided"],
        "checkouts": [c for c in visible if c["kind"] == "checkout"],
        "ready_at": moment(ready_at),
        "published_at": moment(published_at),
    }


def _restatement(c: dict[str, Any], visible: list[dict[str, Any]]) -> dict[str, Any]:
    checks = [
        x["fields"].get("answer")
        for x in visible
        if x["kind"] == "restatement_check" and x["fields"].get("of") == c["id"]
    ]
    return {
        "id": c["id"],
        "of": c["fields"].get("of"),
        "author": c["author"],
        "check": checks[-1] if checks else None,
        "contribution": c,
    }


def _recommendation(
    draft: rules.Said, said: list[rules.Said], by_id: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    decision = rules.decision_on(draft.id, said)
    latest = by_id.get(rules.wording_of(draft.id, said), by_id[draft.id])
    contribution = {**latest, "id": draft.id, "fields": dict(draft.fields)}

    def shown(ids: tuple[str, ...]) -> list[dict[str, Any]]:
        return [by_id[i] for i in ids if i in by_id]

    return {
        "id": draft.id,
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
        "author": contribution["author"],
        "contribution": contribution,
    }


def text_in(c: Mapping[str, Any], language: str) -> tuple[str, bool]:
    """What a contribution says in a language, and whether a machine wrote those words."""
    if c["removed"]:
        return "", False
    if c["language"] == language:
        return str(c["text"]), False
    found = c["translations"].get(language)
    if found and found["text"]:
        return str(found["text"]), found["status"] == "machine"
    return str(c["text"]), False


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    for sign in "\\`*_{}[]<>#|":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())


def as_markdown(record: Mapping[str, Any], language: str, say: Say) -> str:
    """The record as Markdown in one language; ``say`` translates the words of the page."""
    session = record["session"]
    lines = [f"# {_plain(session['title'][language])}", ""]
    if session["demonstration"]:
        lines += [f"*{say('Demonstration: people and words are made up.')}*", ""]
    if record["published_at"] is None:
        lines += [f"*{say('Draft. Those who took part may still correct their own words.')}*", ""]
    attendance = record["attendance"]
    lines += [f"{say('People who took part')}: {attendance['people']}", ""]
    for group, count in sorted(attendance["by_group"].items()):
        lines.append(f"- {say('group.' + group)}: {count}")
    for finding in record["findings"]:
        lines += ["", f"## {say('Finding')}: {_plain(finding['title'][language])}", ""]
        lines += [_plain(finding["text"][language])]
    lines += ["", f"## {say('Recommendations and decisions')}", ""]
    for number, item in enumerate(record["recommendations"], 1):
        text, machine = text_in(item["contribution"], language)
        mark = f" *({say('machine translation')})*" if machine else ""
        lines.append(f"{number}. {_plain(text)}{mark}")
        for part in ("owner", "when", "measure"):
            value = _field_in(item, part, language) or say("not said")
            lines.append(f"   - {say('part.' + part)}: {_plain(value)}")
        lines.append(f"   - {say('part.result')}: {say('result.' + item['result'])}")
        for objection in (*item["objections"], *item["stand_asides"]):
            reason, _ = text_in(objection, language)
            reason = reason or str(objection["fields"].get("reason", ""))
            stance = say("stance." + objection["fields"]["value"])
            lines.append(f"   - {stance}: {_plain(reason)}")
    for phase in record["phases"]:
        shown = [c for c in phase["items"] if c["kind"] in SHOWN_KINDS]
        if not shown:
            continue
        lines += ["", f"## {_plain(phase['title'][language])}", ""]
        for c in shown:
            lines.append(_markdown_line(c, language, say))
    return "\n".join(lines).rstrip() + "\n"


def _markdown_line(c: Mapping[str, Any], language: str, say: Say) -> str:
    if c["removed"]:
        return f"- *{say('Removed by its author')}*"
    text, machine = text_in(c, language)
    name = c["author"]["name"] if c["author"] else ""
    mark = f" *({say('machine translation')})*" if machine else ""
    return f"- **{_plain(name)}** ({say('kind.' + c['kind'])}): {_plain(text)}{mark}"


def _field_in(item: Mapping[str, Any], part: str, language: str) -> str:
    c = item["contribution"]
    translated = c["translations"].get(language, {}).get("fields", {}).get(part)
    return str(translated or item.get(part) or "")
