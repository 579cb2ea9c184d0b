"""What a dialogue came to on each principle of a charter, from plain views.

Two faces of the same: ``outcomes`` has the names of the outcome record and nothing else, for
machines and for the next version of a charter; ``principles`` has all that people said on the
way, for those who read the record. Neither names anybody, and neither has a reflection or a
rating that is still hidden. Source: reflective-dialogue.md, "Outcome record".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.charters.models import Outcome
from hub.gatherings import rules
from hub.gatherings.models import Gathering
from hub.gatherings.views import moment
from hub.measures.readings import parts_to_show
from hub.people.rules import GROUPS, LANGUAGES

# Said in a section of their own, without names: the record does not list them by step as well.
PROPOSALS = ("wording", "change")
NAMELESS = (*PROPOSALS, "rating", "stance")


def build_dialogue(
    gathering: Gathering,
    *,
    contributions: Sequence[Mapping[str, Any]],
    said: Sequence[rules.Said],
    outcomes: Iterable[Outcome],
) -> dict[str, Any] | None:
    """``charter``, ``outcomes`` and ``principles`` of a record; None where there is no charter.

    ``contributions`` are views of what is shared, in order; ``said`` everything that was said.
    Where the charter's translation may not be published, its words and the text that was agreed
    on are left out. Source: charters.md, "Data structure".
    """
    charter = gathering.charter_copy
    if not charter:
        return None
    seen = [c for c in contributions if not c["hidden"] and not c["removed"]]
    shared = [s for s in said if s.shared]
    rows = {row.principle_id: row for row in outcomes}
    may_show = bool(charter["may_publish_translation"])
    order = {principle: at for at, principle in enumerate(gathering.form.principles)}
    listed = sorted(charter["principles"], key=lambda p: order.get(p["id"], len(order)))
    sections = [
        _section(p, rows.get(p["id"]), seen=seen, said=shared, may_show=may_show) for p in listed
    ]
    return {
        "charter": {
            "id": charter["id"],
            "title": charter["title"],
            "version": charter["version"],
            "source_language": charter["source_language"],
            "may_publish_translation": may_show,
            "principles": [{"id": p["id"], "n": p["n"], "title": _titles(p)} for p in listed],
        },
        "outcomes": [
            _outcome(gathering, rows[section["id"]], section, may_show=may_show)
            for section in sections
            if section["id"] in rows
        ],
        "principles": sections,
    }


def _outcome(
    gathering: Gathering, row: Outcome, section: Mapping[str, Any], *, may_show: bool
) -> dict[str, Any]:
    """The outcome record, with exactly its names. ``place`` is not asked for, and so missing."""
    agreed = row.agreed if row.agreed and may_show else {}
    ratings = section["ratings"]
    return {
        "dialogue_id": gathering.id,
        "charter_id": row.charter_id,
        "charter_version": row.charter_version,
        "principle_id": row.principle_id,
        "date": (moment(gathering.started_at) or "")[:10] or None,
        "place": None,
        "languages": list(row.languages),
        "n_by_group": dict(row.people_by_group),
        "n_rated": ratings["rated"],
        "n_passed": ratings["passed"],
        "rating_counts": ratings["counts"],
        "label": ratings["label"],
        "reasons": ratings["reasons"],
        "examples_shared": section["examples"],
        "fit_points": section["fit_points"],
        "untranslatable": section["untranslatable"],
        "wording_proposals": [
            {name: p[name] for name in ("text", "support", "author_role")}
            for p in section["wordings"]
        ],
        "change_proposals": [
            {
                "kind": p["kind"],
                "text_sv": p["text"].get("sv"),
                "text_en": p["text"].get("en"),
            }
            for p in section["changes"]
        ],
        "agreed_text_sv": _text(agreed, "sv"),
        "agreed_text_en": _text(agreed, "en"),
        "dissent": [{"text": d["text"], "group": d["group"]} for d in section["dissent"]],
        "decision": row.decision,
        "glossary_changes": list(row.glossary_changes),
        "consent_version": row.consent_version,
    }


def _text(texts: Mapping[str, Any], language: str) -> str | None:
    return texts.get(language, {}).get("text") or None


def _titles(principle: Mapping[str, Any]) -> dict[str, str]:
    """The title by language, as far as there is one."""
    texts = principle["texts"]
    return {
        language: str(texts[language]["title"])
        for language in LANGUAGES
        if texts.get(language, {}).get("title")
    }


def _section(
    principle: Mapping[str, Any],
    row: Outcome | None,
    *,
    seen: Sequence[Mapping[str, Any]],
    said: Sequence[rules.Said],
    may_show: bool,
) -> dict[str, Any]:
    """What was said of one principle, in the order of the steps."""
    id_ = str(principle["id"])
    here = [c for c in seen if c.get("principle") == id_]
    by_id = {c["id"]: c for c in seen}
    closed = bool(row and row.closed_at)
    parked = bool(row and row.decision == "park" and not closed)
    return {
        "id": id_,
        "n": principle["n"],
        "title": _titles(principle),
        "texts": principle["texts"] if may_show else None,
        "state": "settled" if closed else "parked" if parked else "open" if row else "not_begun",
        "decision": row.decision if row else None,
        "reason": row.reason if row and parked else "",
        "put": row.put if row and may_show else None,
        "agreed": row.agreed if row and may_show else None,
        "dissent": _dissent(row, by_id),
        "glossary_changes": list(row.glossary_changes) if row else [],
        "questions": [_question(c, here) for c in here if c["kind"] == "question"],
        "examples": [_words(c) for c in here if c["phase"] == "experience" and _is_contribution(c)],
        "fit_points": [
            {"tag": c["fields"].get("tag"), "side": c["fields"].get("side"), **_words(c)}
            for c in here
            if c["phase"] == "fit" and _is_contribution(c) and c["fields"].get("side")
        ],
        "restatements": [_restatement(c, here, by_id) for c in here if c["kind"] == "restatement"],
        "wordings": _proposals(id_, "wording", said, by_id),
        "changes": _proposals(id_, "change", said, by_id),
        "untranslatable": rules.untranslatable_terms(id_, said),
        "ratings": _ratings(id_, row, said, by_id),
        "stances": _stances(id_, said, by_id),
    }


def _is_contribution(c: Mapping[str, Any]) -> bool:
    return c["kind"] == "contribution" and not c["fields"].get("remark_on")


def _words(c: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """What somebody said, without who: the text by language, and who made which of them.

    ``name`` is a field that holds the words where they are not the text. ``machine`` are the
    languages in which nobody has looked at them.
    """
    own = (str(c["fields"].get(name) or "") if name else "") or str(c["text"])
    text, machine = {c["language"]: own}, []
    for language, found in c["translations"].items():
        words = ((found.get("fields") or {}).get(name) if name else "") or found["text"]
        if words and language != c["language"]:
            text[language] = str(words)
            if found["status"] == "machine":
                machine.append(language)
    return {"language": c["language"], "text": text, "machine": machine}


def _role(c: Mapping[str, Any] | None) -> str | None:
    return c["author"]["role"] if c and c["author"] else None


def _question(c: Mapping[str, Any], here: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    answers = [x for x in here if x["reply_to"] == c["id"] and not x["fields"].get("remark_on")]
    return {**_words(c), "answers": [_words(x) for x in answers]}


def _restatement(
    c: Mapping[str, Any], here: Sequence[Mapping[str, Any]], by_id: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Words for somebody's thought by somebody else, and what its author answered, in order."""
    original = by_id.get(str(c["fields"].get("of")))
    checks = [
        x["fields"].get("answer")
        for x in here
        if x["kind"] == "restatement_check" and x["fields"].get("of") == c["id"]
    ]
    return {
        **_words(c),
        "author_role": _role(c),
        "of": _words(original) if original else None,
        "of_role": _role(original),
        "checks": checks,
    }


def _proposals(
    principle: str,
    kind: str,
    said: Sequence[rules.Said],
    by_id: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The proposals that stand, in their latest words, with how many stand behind them.

    ``support`` are people with no objection when it was put to the room, None where it was not.
    """
    found = []
    for standing in rules.standing(said, kind):
        fields, latest = standing.fields, by_id.get(standing.latest.id)
        if fields.get("principle") != principle or latest is None or not latest["text"]:
            continue
        settling = rules.settling_of(principle, standing.first.id, said)
        view = {
            "id": standing.first.id,
            **_words(latest),
            "support": settling.stances["consent"] if _was_put(standing, said) else None,
            "author_role": _role(by_id.get(standing.first.id) or latest),
        }
        found.append(view | ({"kind": fields.get("change")} if kind == "change" else {}))
    return found


def _was_put(standing: rules.Standing, said: Iterable[rules.Said]) -> bool:
    return any(s.kind == "stance" and s.fields.get("of") == standing.first.id for s in said)


def _ratings(
    principle: str,
    row: Outcome | None,
    said: Sequence[rules.Said],
    by_id: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """People by value from 1 to 5, how it reads, and the reasons, of which no author is told.

    By group for groups of three or more raters alone, and none that would tell of a smaller one
    by subtraction. Source: reflective-dialogue.md, "Reading the ratings".
    """
    raters = rules.raters_of(principle, said)
    kept = row if row and row.counts and (row.closed_at or row.decision == "park") else None
    groups = dict(kept.counts_by_group) if kept else dict(raters.by_group)
    sizes = {group: sum(numbers) for group, numbers in groups.items()}
    shown = parts_to_show(sizes, {group: [group] for group in groups if group in GROUPS})
    given = [
        by_id[s.id]
        for (scale, _), s in rules.ratings_on(principle, said).items()
        if scale == rules.FIT_SCALE and s.id in by_id
    ]
    reasons = [
        {"value": c["fields"]["value"], **_words(c, "reason")}
        for c in given
        if c["fields"].get("reason") or c["text"]
    ]
    return {
        "rated": kept.rated if kept else raters.rated,
        "passed": kept.passed if kept else raters.passed,
        "counts": list(kept.counts if kept else raters.counts),
        "label": kept.label if kept else raters.label,
        "by_group": {group: list(groups[group]) for group in GROUPS if group in shown},
        # By the number alone: the order in which people answered would tell who they are.
        "reasons": sorted(reasons, key=lambda r: (str(r["value"]), sorted(r["text"].values()))),
    }


def _stances(
    principle: str, said: Sequence[rules.Said], by_id: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each text that people took a stand on: how many, and what objections stand against it."""
    put = dict.fromkeys(str(s.fields.get("of")) for s in said if s.kind == "stance")
    own = {s.first.id for s in rules.proposals_for(principle, said)} | {principle}
    found = []
    for of in (of for of in put if of in own):
        settling = rules.settling_of(principle, of, said)
        objections = [by_id[o] for o in settling.objections if o in by_id]
        found.append(
            {
                "of": None if of == principle else of,
                "kind": settling.kind,
                **settling.stances,
                "agreed": settling.agreed,
                "objections": [_words(o, "reason") for o in objections],
            }
        )
    return found


def _dissent(row: Outcome | None, by_id: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What was written out, in the translation of now."""
    found = []
    for entry in row.dissent if row else []:
        if not entry["text"]:
            continue
        said = by_id.get(str(entry.get("contribution")))
        words = (
            _words(said)
            if said
            else {"language": entry["language"], "text": dict(entry["text"]), "machine": []}
        )
        found.append({"group": entry["group"], **words})
    return found
