"""What the chatbot can say: lines with their facts, filled into the words that the format has.

A format gives each line in both languages; nothing here is machine translation. The chatbot
gives no opinions, interprets nothing and names nobody to all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

LANGUAGES: Final = ("sv", "en")
ALL: Final = "all"
FACILITATORS: Final = "facilitators"

# What a format may leave open in each line; other braces are shown as they stand.
PLACEHOLDERS: Final[dict[str, frozenset[str]]] = {
    "half_time": frozenset({"min"}),
    "two_minutes": frozenset(),
    "silence": frozenset(),
    "dominance": frozenset(),
    "unheard_group": frozenset({"group"}),
    "untranslated": frozenset(),
    "disputed_term": frozenset({"term"}),
    "jargon": frozenset({"term"}),
    "missing_restatement": frozenset({"group"}),
    "unchecked_restatement": frozenset({"alias"}),
    "incomplete_recommendation": frozenset({"proposals", "missing"}),
    "unresolved_objection": frozenset({"n"}),
    "late_joiner": frozenset({"phase"}),
    "safety": frozenset(),
}

# Source: programme.md, "Group labels in bot lines".
GROUPS: Final[dict[str, dict[str, str]]] = {
    "lived": {"sv": "personer med egen erfarenhet", "en": "people with lived experience"},
    "practice": {"sv": "personal och chefer", "en": "staff and managers"},
    "research": {"sv": "forskarna", "en": "the researchers"},
}
NO_GROUP: Final = {"sv": "en annan deltagare", "en": "another participant"}
PARTS: Final[dict[str, dict[str, str]]] = {
    "owner": {"sv": "ansvarig", "en": "owner"},
    "when": {"sv": "datum", "en": "date"},
    "measure": {"sv": "mått", "en": "measure"},
}
_AND: Final = {"sv": "och", "en": "and"}
_PROPOSAL: Final = {"sv": ("förslag", "förslag"), "en": ("proposal", "proposals")}


@dataclass(frozen=True)
class Line:
    """One thing to say. ``to`` is ``all``, ``facilitators`` or a participant's id.

    ``subject`` says what the line is about, so that a trigger rests for that alone; ``about`` is
    the contribution to show with it. A ``draft`` reaches nobody until a facilitator sends it.
    """

    trigger: str
    to: str
    subject: str = ""
    about: str | None = None
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    draft: bool = False

    @property
    def key(self) -> str:
        """The same for the same thing to say, however often it is asked for."""
        return f"{self.trigger}:{self.subject}"


@dataclass(frozen=True)
class SaidLine:
    """A line that was said or done away with. ``at`` is when it came to be in this ``state``.

    ``draft``: waits for a facilitator; ``sent``: a facilitator sent it; ``dropped``: never said.
    """

    trigger: str
    subject: str
    to: str
    at: datetime
    about: str | None = None
    state: Literal["said", "sent", "draft", "dropped"] = "said"

    @property
    def key(self) -> str:
        return f"{self.trigger}:{self.subject}"

    @property
    def heard(self) -> bool:
        """Whether it reached those it was for."""
        return self.state in ("said", "sent")


def words(line: Line, lines: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The line in both languages, out of a format's ``triggers``. KeyError where it has none."""
    return {
        language: fill(lines[line.trigger][language], line.facts.get(language, {}))
        for language in LANGUAGES
    }


def fill(text: str, facts: Mapping[str, str]) -> str:
    """The text with its facts put in; what has no fact stands as it was written."""
    # Not str.format: people edit these lines, and a stray brace is no reason to fall silent.
    return re.sub(r"\{(\w+)\}", lambda found: facts.get(found[1], found[0]), text)


def same(**facts: str) -> dict[str, dict[str, str]]:
    """Facts that read the same in both languages."""
    return {language: dict(facts) for language in LANGUAGES}


def group_facts(group: str | None) -> dict[str, dict[str, str]]:
    """The label of a group, or of somebody who would rather not name theirs."""
    label = GROUPS.get(group or "", NO_GROUP)
    return {language: {"group": label[language]} for language in LANGUAGES}


def proposal_facts(
    labels: Sequence[str], missing: Sequence[Iterable[str]]
) -> dict[str, dict[str, str]]:
    """What each of the proposals lacks, in the order of the labels.

    Where they lack different parts, each part says whose it is: ``datum (1) och mått (1, 2)``.
    """
    lacks = [set(parts) for parts in missing]
    alike = all(parts == lacks[0] for parts in lacks)
    facts: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        named = []
        for part, words_ in PARTS.items():
            whose = [label for label, parts in zip(labels, lacks, strict=True) if part in parts]
            if whose:
                named.append(words_[language] + ("" if alike else f" ({', '.join(whose)})"))
        one, more = _PROPOSAL[language]
        noun = one if len(labels) == 1 else more
        facts[language] = {
            "proposals": f"{noun} {joined(labels, language)}",
            "missing": joined(named, language),
        }
    return facts


def joined(items: Sequence[str], language: str) -> str:
    """``a, b and c`` in the language."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {_AND[language]} {items[-1]}"
