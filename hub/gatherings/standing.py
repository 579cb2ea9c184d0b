"""Themes and proposals as they stand: what their views show besides what was said in one post."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from hub.gatherings import rules
from hub.gatherings.models import Contribution
from hub.gatherings.views import author_view, decision_view, moment, tallies_view, translation_view


class Standings:
    """The themes and proposals of a session, read once for many views.

    ``said`` is everything that was said, hidden ratings and rankings included; ``people`` are the
    names of everybody who joined, by id.
    """

    def __init__(self, said: Iterable[rules.Said], people: Mapping[str, str]) -> None:
        self.said, self.people = list(said), people
        found = [s for kind in rules.REVISED for s in rules.standing(self.said, kind)]
        self.by_first = {s.first.id: s for s in found}
        self.first_of = {w.id: s.first.id for s in found for w in s.wordings}
        self.parts = rules.parts_of(self.said)
        self.merged = {
            merged: s.first.id for s in found for w in s.wordings for merged in _merges(w)
        }
        self.ranked = rules.ranked_themes(self.said)

    def references_of(self, contributions: Iterable[Contribution]) -> set[str]:
        """The ids of the other contributions that the views of these need to know of."""
        found = [self.by_first[c.id] for c in contributions if c.id in self.by_first]
        return {w.id for s in found for w in s.wordings} | {
            source for s in found for source in s.fields.get("from", [])
        }

    def facts_of(self, c: Contribution, known: Mapping[str, Contribution]) -> dict[str, Any]:
        """What the view of a theme or proposal says more: nothing for other kinds.

        ``revises`` is the first post where this one only gave it other words; ``current`` the
        latest words where they are not its own, and ``former`` those before them.
        """
        if c.kind not in rules.REVISED:
            return {}
        standing = self.by_first.get(c.id)
        first = self.first_of.get(c.id) or c.fields.get("revises")
        facts: dict[str, Any] = {
            "revises": first if first != c.id else None,
            "current": None,
            "former": [],
        }
        if standing is not None and len(standing.wordings) > 1:
            wordings = [known[w.id] for w in standing.wordings if w.id in known]
            facts["current"] = _current_view(standing, wordings)
            facts["former"] = [wording_view(w) for w in wordings[:-1]]
        if c.kind == "theme":
            return facts | self._theme(c, standing, known)
        if c.kind in rules.OWN_WORDS:
            return facts | self._own_words(c, standing)
        return facts | self._proposal(c, standing)

    def _theme(
        self, c: Contribution, standing: rules.Standing | None, known: Mapping[str, Contribution]
    ) -> dict[str, Any]:
        ranked = self.ranked.get(c.id)
        sources = [known.get(i) for i in (standing.fields.get("from", []) if standing else [])]
        return {
            "ratings": tallies_view(rules.tallies_of(c.id, self.said)),
            "ranking": asdict(ranked) if ranked else None,
            "made_from": [
                {"id": s.id, "name": author["name"], "at": moment(s.created_at)}
                for s in sources
                if s is not None and s.hidden_at is None and (author := author_view(s))
            ],
        }

    def _own_words(self, c: Contribution, standing: rules.Standing | None) -> dict[str, Any]:
        """``stands`` is false for what was merged into another, and until its author agrees.

        ``asked`` are those who are asked for their leave, ``merged_into`` where it went, and
        ``box`` is ``asked`` while its author has to say whether it changes the meaning.
        """
        answers = c.fields.get("answers", {})
        latest = standing.latest if standing else None
        into = self.merged.get(c.id)
        return {
            "stands": standing is not None,
            "merged_into": into if into in self.by_first else None,
            "asked": [
                {"id": person, "name": self.people.get(person, ""), "agreed": answers.get(person)}
                for person in c.fields.get("asked", [])
            ],
            "box": latest.fields.get("mixed") if latest else None,
        }

    def _proposal(self, c: Contribution, standing: rules.Standing | None) -> dict[str, Any]:
        parts = self.parts.get(c.id, [])
        decides = standing is not None and not parts
        return {
            "split_into": parts,
            "decision": decision_view(rules.decision_on(c.id, self.said)) if decides else None,
            "owner_named": self._named(standing) if standing and not parts else [],
        }

    def _named(self, standing: rules.Standing) -> list[dict[str, Any]]:
        """People named as responsible; ``agreed`` is None until they have answered."""
        answers = standing.fields.get("owner_answers", {})
        return [
            {"id": person, "name": self.people[person], "agreed": answers.get(person)}
            for person in rules.named_owners(standing, self.people)
        ]


def _merges(wording: rules.Said) -> list[str]:
    return list(wording.fields.get("merges", []))


def wording_view(c: Contribution) -> dict[str, Any]:
    """One wording of a theme or proposal: who gave it those words, and when."""
    return {
        "id": c.id,
        "author": author_view(c),
        "text": c.text,
        "language": c.language,
        "translations": {t.language: translation_view(t) for t in c.translations},
        "fields": c.fields,
        "at": moment(c.created_at),
    }


def _current_view(standing: rules.Standing, wordings: list[Contribution]) -> dict[str, Any]:
    """The latest words, with the fields that they leave as they were in a former wording."""
    latest = wordings[-1]
    view = wording_view(latest)
    translations = view["translations"]
    for part in ("owner", "measure"):
        if latest.fields.get(part):
            continue
        source = next((w for w in reversed(wordings) if w.fields.get(part)), None)
        if source is None:
            continue
        translated = {t.language: t.fields.get(part) for t in source.translations if t.fields}
        translated[source.language] = source.fields[part]
        for language, known in translations.items():
            if translated.get(language):
                known["fields"] = {**known["fields"], part: translated[language]}
    return {**view, "fields": standing.fields}
