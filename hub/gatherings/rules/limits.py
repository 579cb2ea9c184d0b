"""Numbers that hold for every session."""

from __future__ import annotations

TEXT_LIMIT = 4000


REASON_LIMIT = 500


# A theme is made from so many posts at most.
MADE_FROM_LIMIT = 20


EXTEND_LIMIT_MINUTES = 60


REOPENED_MINUTES = 5


IDLE_MINUTES = 30


# Long enough to read a line and drop it, short beside the two minutes it may speak of.
BOT_GRACE_SECONDS = 10


RECORD_DRAFT_DAYS = 7


# Source: reflective-dialogue.md, "Ends when": no new proposal for 60 s.
QUIET_SECONDS = 60
