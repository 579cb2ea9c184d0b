"""A charter as YAML, with statuses, origins, logs, dissent and earlier versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from hub.charters import rules


class _Dumper(yaml.SafeDumper):
    """Every value is written out: nothing points at another place in the file."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def to_yaml(
    state: rules.State,
    versions: Iterable[Mapping[str, Any]] = (),
    outcomes: Mapping[str, Sequence[str]] | None = None,
    *,
    full: bool = True,
) -> str:
    """The charter as the file that ``read_yaml`` reads.

    ``versions``: the kept states of earlier versions, oldest first. ``outcomes``: ids of outcome
    records by principle. Without ``full`` texts that may not be shown to everybody, and the right
    to use them, stay out.
    """
    visible = full or rules.may_show(state)
    data: dict[str, Any] = {
        "id": state.id,
        "kind": state.kind if visible else "metadata_only",
        "title": dict(state.title),
        "preamble": dict(state.preamble) if visible else {},
        "source": dict(state.source),
        "audience": dict(state.audience),
        "themes": dict(state.themes),
        "source_language": state.source_language,
    }
    if visible:
        data |= {
            "right": dict(state.right) if state.right and full else None,
            "principles": _principles(state.principles, outcomes or {}),
            "removed": _principles(state.removed, outcomes or {}) if full else [],
            "version": dict(state.version) if state.version else None,
            "history": [_version(version) for version in versions],
        }
    kept = {name: value for name, value in data.items() if value not in (None, {}, [])}
    text: str = yaml.dump(
        {"charter": kept}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return text


def _version(kept: Mapping[str, Any]) -> dict[str, Any]:
    state = rules.read_state(kept)
    found = {
        **dict(state.version or {}),
        "title": dict(state.title),
        "preamble": dict(state.preamble),
        "principles": _principles(state.principles, {}),
    }
    return {name: value for name, value in found.items() if value not in (None, {}, [])}


def _principles(
    principles: Sequence[rules.Principle], outcomes: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    return [_principle(p, n, outcomes.get(p.id, ())) for n, p in enumerate(principles, 1)]


def _principle(principle: rules.Principle, order: int, outcomes: Sequence[str]) -> dict[str, Any]:
    texts = {k: t for k, t in principle.texts.items() if t.text}
    found: dict[str, Any] = {
        "id": principle.id,
        "order": order,
        "title": {k: t.title for k, t in texts.items()},
        "text": {k: t.text for k, t in texts.items()},
        "status": {k: t.status for k, t in principle.texts.items()},
        "origin": {k: t.origin for k, t in texts.items()},
        "engine": {k: t.engine for k, t in texts.items() if t.engine},
        "status_log": [
            {
                "language": e["language"],
                "status": e["status"],
                "on": e["on"],
                "by_role": e["by_role"],
                "outcome_id": e["outcome"],
                "dialogue_id": e["dialogue"],
                "note": e["note"],
            }
            for e in principle.log
        ],
        "glossary_terms": list(principle.glossary_terms),
        "dissent": [
            {
                "outcome_id": d.get("outcome"),
                "dialogue_id": d.get("dialogue"),
                "group": d.get("group"),
                "text": dict(d["text"]),
            }
            | ({"origin": dict(d["origin"])} if d.get("origin") else {})
            for d in principle.dissent
            if not d.get("withdrawn")
        ],
        "outcomes": list(outcomes),
        "adopted": _adopted(principle.adopted),
    }
    return {name: value for name, value in found.items() if value not in (None, {}, [])}


def _adopted(adopted: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not adopted:
        return None
    texts = adopted["texts"]
    return {
        "title": {language: words["title"] for language, words in texts.items()},
        "text": {language: words["text"] for language, words in texts.items()},
        "on": adopted["on"],
        "body": adopted["body"],
        "version": adopted["version"],
    }
