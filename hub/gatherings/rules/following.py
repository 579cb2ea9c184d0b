"""What follows a session: own words put right, and what became of the recommendations.

Source: jif.md, "After".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from hub.errors import Invalid, Refusal
from hub.gatherings.rules.decisions import ANSWERED_BY_OWNER, Said, proposal_about
from hub.gatherings.rules.limits import RECORD_DRAFT_DAYS

# What a participant may put right afterwards. Answers and stances themselves stay as given: of a
# stance only the reason is words.
CORRECTABLE_KINDS = (
    "contribution",
    "question",
    "restatement",
    "checkout",
    "theme",
    "stance",
    "recommendation",
    "amendment",
)


ADOPTED = ("adopted", "adopted_with_dissent")


PROGRESS = ("open", "doing", "done", "dropped")
# Nobody is asked about these any more.
ENDED = ("done", "dropped")


# What is done or dropped is taken up again before anything else becomes of it.
_NEXT = {
    "open": ("doing", "done", "dropped"),
    "doing": ("open", "done", "dropped"),
    "done": ("open", "doing"),
    "dropped": ("open", "doing"),
}


def correctable_until(closed_at: datetime | None) -> datetime | None:
    """Until when people may correct their own words; None while the session is not closed."""
    return closed_at + timedelta(days=RECORD_DRAFT_DAYS) if closed_at else None


def check_words_correctable(
    said: Said,
    everything: Iterable[Said],
    *,
    now: datetime,
    closed_at: datetime | None,
    published_at: datetime | None,
) -> None:
    """Raises Refusal where the author may not change these words now, or never.

    ``everything`` is what was said in the session: words that somebody took a stand on stay as
    they were, since the decision was about them.
    """
    until = correctable_until(closed_at)
    if until is None:
        raise Refusal("words_not_closed")
    if published_at is not None:
        raise Refusal("words_published")
    if now > until:
        raise Refusal("words_too_late", date=until.date().isoformat())
    if said.kind not in CORRECTABLE_KINDS or not said.shared:
        raise Refusal("words_kind")
    decided = said.kind in ("recommendation", "amendment") and is_decided_on(said.id, everything)
    if decided or any(name in said.fields for name in ANSWERED_BY_OWNER):
        raise Refusal("words_decided")


def is_decided_on(thing: str, said: Iterable[Said]) -> bool:
    """True where anybody took a stand on a proposal in any of its words, or its outcome is written.

    ``thing`` is a wording of it, or an amendment. Stands on its amendments count.
    """
    said = list(said)
    proposal = proposal_about(thing, said)
    return proposal is not None and any(
        proposal_about(str(s.fields["of"]), said) == proposal
        for s in said
        if s.kind in ("stance", "facilitation") and s.fields.get("of")
    )


def next_progress(status: str) -> tuple[str, ...]:
    """What may become of a recommendation from here."""
    return _NEXT[status]


def check_progress(old: str, new: str, *, reason: str) -> None:
    """Raises Invalid for a status that is none and for dropping without saying why; else Refusal.

    The same status again is allowed: its reason may be put right.
    """
    if new not in PROGRESS:
        raise Invalid({"/status": "progress_unknown"})
    if new == "dropped" and not reason:
        raise Invalid({"/reason": "dropped_reason"})
    if new != old and new not in _NEXT[old]:
        raise Refusal("reopen_first")
