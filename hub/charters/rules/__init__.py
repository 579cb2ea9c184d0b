"""What holds for charters: plain values and functions, without database or web.

A charter is the fold of its events: ``state``, ``statuses``, ``events``; what dialogues suggest:
``suggestions``; what changed between two texts: ``wording``.
"""

from hub.charters.rules.events import (
    EVENTS,
    ROUND_DAYS,
    Event,
    apply,
    ends_at,
    replay,
    round_faults,
    round_is_open,
    without_dissent,
)
from hub.charters.rules.state import (
    KINDS,
    LANGUAGES,
    ORIGINS,
    PRINCIPLE_LIMIT,
    SOURCE_LANGUAGES,
    TEXT_LIMIT,
    TITLE_LIMIT,
    VERSION_NUMBER,
    Principle,
    State,
    Text,
    may_show,
    other,
    read_state,
    source_languages,
    state_of,
)
from hub.charters.rules.statuses import (
    MOVES,
    STATUSES,
    log_fault,
    lowest,
    may_move,
    status_by_language,
    status_of,
)
from hub.charters.rules.suggestions import DECISIONS, SUGGESTIONS, suggest, tested_words
from hub.charters.rules.wording import diff

__all__ = [
    "DECISIONS",
    "EVENTS",
    "KINDS",
    "LANGUAGES",
    "MOVES",
    "ORIGINS",
    "PRINCIPLE_LIMIT",
    "ROUND_DAYS",
    "SOURCE_LANGUAGES",
    "STATUSES",
    "SUGGESTIONS",
    "TEXT_LIMIT",
    "TITLE_LIMIT",
    "VERSION_NUMBER",
    "Event",
    "Principle",
    "State",
    "Text",
    "apply",
    "diff",
    "ends_at",
    "log_fault",
    "lowest",
    "may_move",
    "may_show",
    "other",
    "read_state",
    "replay",
    "round_faults",
    "round_is_open",
    "source_languages",
    "state_of",
    "status_by_language",
    "status_of",
    "suggest",
    "tested_words",
    "without_dissent",
]
