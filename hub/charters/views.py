"""Charters as plain dicts, for pages and calls. No further queries are made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.charters import rules
from hub.charters.fit import groups_shown, may_be_shown
from hub.charters.models import Charter, CharterComment, CharterVersion, Outcome
from hub.measures.readings import label_of

NO_WORDS = {"title": "", "text": ""}


def charter_item(charter: Charter) -> dict[str, Any]:
    """A charter in a list."""
    state = rules.read_state(charter.state)
    return {
        **_head(state, full=False),
        "version": dict(state.version) if state.version else None,
        "demonstration": charter.demonstration,
        "count": len(state.principles),
        "updated_at": _moment(charter.updated_at),
    }


def charter_view(
    state: rules.State | Mapping[str, Any],
    versions: Sequence[CharterVersion] = (),
    outcomes: Iterable[Outcome] = (),
    *,
    dialogues: Mapping[str, Mapping[str, Any]] | None = None,
    demonstration: bool = False,
    full: bool = False,
) -> dict[str, Any]:
    """A charter with its principles.

    ``versions``: newest first; ``dialogues``: ``models.list_dialogues``. Texts that may not be
    shown to everybody are empty, unless ``full``, which is for editors and tells besides what each
    outcome came to, what they suggest, and which status may come next.
    """
    if not isinstance(state, rules.State):
        state = rules.read_state(state)
    visible = full or rules.may_show(state)
    by_principle: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_principle.setdefault(outcome.principle_id, []).append(outcome)
    latest = rules.read_state(versions[0].state) if versions else None
    principles = [*state.principles, *_leaving(state, latest)]
    return {
        **_head(state, full=full),
        "version": dict(state.version) if state.version else None,
        "versions": [version_view(version) for version in versions],
        "demonstration": demonstration,
        "being_reworked": latest is not None and _words(latest) != _words(state),
        "round": dict(state.round) if state.round else None,
        "right": dict(state.right) if state.right and full else None,
        "principles": [
            _principle(
                principle,
                n,
                by_principle.get(principle.id, []),
                dialogues or {},
                leaving=n > len(state.principles),
                visible=visible,
                full=full,
            )
            for n, principle in enumerate(principles, 1)
        ],
    }


def _head(state: rules.State, *, full: bool) -> dict[str, Any]:
    visible = full or rules.may_show(state)
    return {
        "id": state.id,
        "kind": state.kind,
        "title": dict(state.title),
        "preamble": dict(state.preamble) if visible else {},
        "source": dict(state.source),
        "audience": dict(state.audience),
        "themes": dict(state.themes),
        "source_language": state.source_language,
        "status": rules.status_of(state),
        "status_by_language": rules.status_by_language(state),
        "may_show": rules.may_show(state),
    }


def version_view(version: CharterVersion) -> dict[str, Any]:
    """A version in a list."""
    told = version.state.get("version") or {}
    return {
        "number": version.number,
        "on": told.get("on") or version.at.date().isoformat(),
        "based_on": version.based_on,
        "note": dict(version.note),
        "adopted_by": version.adopted_by,
    }


def _leaving(state: rules.State, latest: rules.State | None) -> list[rules.Principle]:
    """What was adopted and has been taken out stays in sight until there is a new version."""
    there = {p.id for p in latest.principles} if latest else set()
    return [p for p in state.removed if p.adopted and p.id in there]


def _words(state: rules.State) -> list[tuple[str, dict[str, dict[str, str]]]]:
    return [
        (p.id, {language: text.words for language, text in p.texts.items()})
        for p in state.principles
    ]


def _principle(
    principle: rules.Principle,
    n: int,
    outcomes: Sequence[Outcome],
    dialogues: Mapping[str, Mapping[str, Any]],
    *,
    leaving: bool,
    visible: bool,
    full: bool,
) -> dict[str, Any]:
    texts = {language: principle.texts[language] for language in rules.LANGUAGES}
    present = {language: text.words for language, text in texts.items()}
    adopted = principle.adopted["texts"] if principle.adopted else None
    empty = {language: dict(NO_WORDS) for language in rules.LANGUAGES}
    done = [outcome for outcome in outcomes if outcome.closed_at is not None]
    view: dict[str, Any] = {
        "id": principle.id,
        "n": n,
        "title": {k: text.title if visible else "" for k, text in texts.items()},
        "text": {k: text.text if visible else "" for k, text in texts.items()},
        "status": {k: text.status for k, text in texts.items()},
        "origin": {k: text.origin for k, text in texts.items()},
        "engine": {k: text.engine for k, text in texts.items()},
        "revision": {k: text.revision for k, text in texts.items()},
        "glossary_terms": list(principle.glossary_terms),
        "shown": (adopted or present) if visible else empty,
        "adopted": dict(principle.adopted) if principle.adopted and visible else None,
        "reworked": adopted is not None and (leaving or adopted != present),
        "leaving": leaving,
        "dissent": [
            {"group": d.get("group"), "text": d["text"], "session": d.get("dialogue")}
            | {name: d[name] for name in ("origin", "withdrawn") if d.get(name)}
            for d in principle.dissent
            if visible
        ],
        "dialogues": [_dialogue(outcome, dialogues) for outcome in done],
        "log": [dict(entry) for entry in principle.log],
        "fit": fit_view(outcomes),
    }
    if full:
        view["suggested"] = rules.suggest(outcomes, principle)
        view["outcomes"] = [outcome_view(outcome, dialogues) for outcome in outcomes]
        view["next"] = {k: _next_status(text.status) for k, text in texts.items()}
    return view


def _next_status(status: str) -> str | None:
    """What an editor may raise a status to by hand; adopting is for both languages together."""
    return {"draft": "human_reviewed", "human_reviewed": "tested_in_dialogue"}.get(status)


def _dialogue(outcome: Outcome, dialogues: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    told = dialogues.get(outcome.gathering_id) or {}
    held_at = told.get("held_at") or outcome.closed_at
    return {
        "session": outcome.gathering_id,
        "title": told.get("title") or {},
        "held_at": _moment(held_at),
    }


def _moment(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None


def outcome_view(
    outcome: Outcome, dialogues: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """What one dialogue came to on one principle, for editors."""
    return {
        "id": outcome.id,
        **_dialogue(outcome, dialogues or {}),
        "principle": outcome.principle_id,
        "charter_version": outcome.charter_version,
        "decision": outcome.decision,
        "put": dict(outcome.put),
        "agreed": dict(outcome.agreed) if outcome.agreed else None,
        "dissent": [dict(each) for each in outcome.dissent if each["text"]],
        "glossary_changes": list(outcome.glossary_changes),
        "reason": outcome.reason,
        "closed_at": _moment(outcome.closed_at),
        "fit": fit_view([outcome]),
    }


def fit_view(outcomes: Iterable[Outcome]) -> dict[str, Any] | None:
    """How a principle was rated, over all dialogues; None where nothing may be shown.

    A label from five ratings on. Dialogues in which fewer than three rated are left out, and so
    are groups of fewer, so that nobody can be told from the rest.
    Source: reflective-dialogue.md, "Reading the ratings"; measures.md, section 0.
    """
    rated = [outcome for outcome in outcomes if may_be_shown(outcome)]
    if not rated:
        return None
    counts = _summed(outcome.counts for outcome in rated)
    groups: dict[str, list[int]] = {}
    for outcome in rated:
        for group, found in groups_shown(outcome).items():
            groups[group] = _summed([groups.get(group, []), found])
    return {
        "counts": counts,
        "passed": sum(outcome.passed for outcome in rated),
        "n": sum(counts),
        "label": label_of(counts),
        "by_group": {
            group: {"counts": found, "n": sum(found), "label": label_of(found)}
            for group, found in groups.items()
        },
    }


def _summed(counts: Iterable[Sequence[int]]) -> list[int]:
    total = [0] * 5
    for each in counts:
        for n, count in enumerate(each[:5]):
            total[n] += count
    return total


def comment_view(comment: CharterComment) -> dict[str, Any]:
    """A comment; its author only as an editor or one who took part."""
    return {
        "id": comment.id,
        "principle": comment.principle_id,
        "round": comment.round,
        "by": "editor" if comment.participant_id is None else "participant",
        "language": comment.language,
        "text": comment.text,
        "translation": dict(comment.translation) if comment.translation else None,
        "created_at": _moment(comment.created_at),
        "settled_at": _moment(comment.settled_at),
    }


def changes_view(before: rules.State | None, after: rules.State) -> list[dict[str, Any]]:
    """What changed between two states, principle by principle, word by word in each language.

    Only principles that changed: ``change`` is ``added``, ``removed`` or ``changed``; ``title`` and
    ``text`` are runs of words for each language (``rules.diff``).
    """
    old = {p.id: p for p in before.principles} if before else {}
    changes = []
    for n, principle in enumerate(after.principles, 1):
        was = old.pop(principle.id, None)
        if was is None or any(
            was.texts[k].words != principle.texts[k].words for k in rules.LANGUAGES
        ):
            changes.append(_changed(was, principle, n))
    changes += [_changed(gone, None, None) for gone in old.values()]
    return changes


def _changed(
    was: rules.Principle | None, now: rules.Principle | None, n: int | None
) -> dict[str, Any]:
    known = now or was
    assert known is not None

    def runs(part: str) -> dict[str, list[tuple[str, str]]]:
        return {
            language: list(
                rules.diff(
                    getattr(was.texts[language], part) if was else "",
                    getattr(now.texts[language], part) if now else "",
                )
            )
            for language in rules.LANGUAGES
        }

    return {
        "id": known.id,
        "n": n,
        "change": "added" if was is None else "removed" if now is None else "changed",
        "title": runs("title"),
        "text": runs("text"),
    }
