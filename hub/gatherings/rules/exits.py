"""When a phase has done its work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from hub.gatherings.rules.decisions import Said, decision_on, drafts_of, standing
from hub.gatherings.rules.fields import missing_parts
from hub.gatherings.rules.format import Format
from hub.gatherings.rules.kinds import FIT_SCALE, FIT_TAGS
from hub.gatherings.rules.limits import QUIET_SECONDS
from hub.gatherings.rules.ratings import ratings_on
from hub.gatherings.rules.settling import is_settled, settling_of


@dataclass(frozen=True)
class Room:
    """What an exit condition looks at. ``present`` maps a participant's id to their group.

    ``phase`` is the key of the phase that runs. In a dialogue: ``principle`` is what is talked
    about, ``put`` the proposal that is put to the room, ``dissent`` whether it is written out,
    ``skipped`` the tags that were skipped, ``content`` who has no more to add to this phase, and
    ``quiet_seconds`` how long nothing new was proposed.
    """

    phase: str
    present: Mapping[str, str | None]
    said: tuple[Said, ...]
    cards: int = 0
    cards_shown: int = 0
    time_up: bool = False
    principle: str | None = None
    put: str | None = None
    dissent: bool = False
    skipped: Collection[str] = ()
    content: Collection[str] = ()
    quiet_seconds: float = 0.0

    def here(self, kind: str) -> list[Said]:
        return [s for s in self.said if s.kind == kind and s.phase == self.phase]

    @property
    def groups_present(self) -> set[str]:
        return {g for g in self.present.values() if g}


@dataclass(frozen=True)
class Exit:
    """Whether a phase has done its work: ``done`` of ``wanted``, named by ``code``."""

    met: bool
    code: str
    done: int = 0
    wanted: int = 0


def _share(room: Room, people: set[str], code: str, *, share: float = 0.8) -> Exit:
    """Source: jif.md, "80%" of those present."""
    wanted = -(-len(room.present) * int(share * 100) // 100)
    done = len(people & set(room.present))
    return Exit(done >= wanted, code, done, wanted)


def _exit_consented(room: Room) -> Exit:
    # Nobody gets a seat without consent, so all who are present have given it.
    return Exit(True, "everyone_consented", len(room.present), len(room.present))


def _unanswered(room: Room) -> int:
    answered = {s.reply_to for s in room.said if not s.is_remark}
    return sum(1 for q in room.here("question") if q.id not in answered)


def _exit_cards(room: Room) -> Exit:
    unanswered = _unanswered(room)
    wanted = room.cards + unanswered
    met = room.cards_shown >= room.cards and unanswered == 0
    return Exit(met, "cards_shown", min(room.cards_shown, room.cards), wanted)


def _exit_reflected(room: Room) -> Exit:
    people = {s.author for s in room.here("reflection") if s.author}
    found = _share(room, people, "reflected")
    return replace(found, met=found.met or room.time_up)


def _exit_groups(room: Room) -> Exit:
    heard = {s.group for s in room.here("contribution") if s.group and not s.is_remark}
    wanted = room.groups_present
    return Exit(wanted <= heard, "groups_heard", len(wanted & heard), len(wanted))


def _unchecked(room: Room) -> list[Said]:
    checked = {s.fields.get("of") for s in room.said if s.kind == "restatement_check"}
    return [s for s in room.here("restatement") if s.id not in checked]


def _exit_restated(room: Room) -> Exit:
    restated = room.here("restatement")
    found = _share(room, {s.author for s in restated if s.author}, "restated")
    return replace(found, met=room.time_up or (found.met and not _unchecked(room)))


def _exit_rated(room: Room) -> Exit:
    themes = [s.first for s in standing(room.said, "theme")]
    groups = room.groups_present
    ratings = [s for s in room.said if s.kind == "rating"]
    rated = [
        t
        for t in themes
        if groups <= {s.group for s in ratings if s.fields.get("of") == t.id and s.group}
    ]
    met = 3 <= len(themes) <= 5 and len(rated) == len(themes)
    return Exit(met, "themes_rated", len(rated), max(3, len(themes)))


def _exit_drafts(room: Room) -> Exit:
    drafts = drafts_of(room.said)
    complete = [d for d in drafts if not missing_parts(d.fields)]
    return Exit(1 <= len(complete) <= 4, "drafts_complete", len(complete), max(1, len(drafts)))


def _exit_decided(room: Room) -> Exit:
    drafts = drafts_of(room.said)
    decided = [d for d in drafts if decision_on(d.id, room.said).result != "undecided"]
    return Exit(len(decided) == len(drafts), "decided", len(decided), len(drafts))


def _exit_time(room: Room) -> Exit:
    return Exit(room.time_up, "time")


# --- the steps of a dialogue: reflective-dialogue.md, "Ends when" -----------------------------

# Both have to be heard, where they are here. Source: reflective-dialogue.md, "experience".
_BOTH_GROUPS = {"lived", "practice"}


def _exit_questions(room: Room) -> Exit:
    asked = len(room.here("question"))
    unanswered = _unanswered(room)
    return Exit(unanswered == 0, "questions_answered", asked - unanswered, asked)


def _exit_experience(room: Room) -> Exit:
    shared = [s for s in room.here("contribution") if s.shared and not s.is_remark]
    people = {s.author for s in shared if s.author}
    found = _share(room, people, "experience_shared", share=0.5)
    heard = {s.group for s in shared if s.group}
    return replace(found, met=found.met and (room.groups_present & _BOTH_GROUPS) <= heard)


def tags_seen(room: Room) -> set[str]:
    """The tags that somebody has said something on in the phase that runs."""
    tags = {s.fields.get("tag") for s in room.here("contribution") if not s.hidden}
    return {tag for tag in FIT_TAGS if tag in tags}


def _exit_tags(room: Room) -> Exit:
    seen = tags_seen(room) | (set(room.skipped) & set(FIT_TAGS))
    return Exit(len(seen) == len(FIT_TAGS), "tags_seen", len(seen), len(FIT_TAGS))


def _exit_wish(room: Room) -> Exit:
    done = {s.author for s in room.here("restatement")} | set(room.content)
    found = _share(room, {person for person in done if person}, "restated_by_all", share=1)
    return replace(found, met=room.time_up or (found.met and not _unchecked(room)))


def _exit_quiet(room: Room) -> Exit:
    met = room.quiet_seconds >= QUIET_SECONDS
    return Exit(met, "no_new_proposal", int(min(room.quiet_seconds, QUIET_SECONDS)), QUIET_SECONDS)


def _exit_fit_rated(room: Room) -> Exit:
    ratings = ratings_on(room.principle or "", room.said)
    people = {person for scale, person in ratings if scale == FIT_SCALE}
    return _share(room, people, "fit_rated", share=1)


def _exit_settled(room: Room) -> Exit:
    settling = settling_of(room.principle or "", room.put, room.said)
    settled = is_settled(settling, dissent=room.dissent)
    return Exit(settled, "settled", int(settled), 1)


DIALOGUE_EXITS = {
    "questions_answered": _exit_questions,
    "experience_shared": _exit_experience,
    "tags_seen": _exit_tags,
    "restated_by_all": _exit_wish,
    "no_new_proposal": _exit_quiet,
    "fit_rated": _exit_fit_rated,
    "settled": _exit_settled,
}
EXITS = {
    "everyone_consented": _exit_consented,
    "cards_shown": _exit_cards,
    "reflected": _exit_reflected,
    "groups_heard": _exit_groups,
    "restated": _exit_restated,
    "themes_rated": _exit_rated,
    "drafts_complete": _exit_drafts,
    "decided": _exit_decided,
    **DIALOGUE_EXITS,
    "time": _exit_time,
}


def exit_of(form: Format, room: Room) -> Exit:
    """Whether the phase has done its work.

    What is asked about a principle waits for the time where none is talked about.
    Source: the tables "Ends when" of jif.md and reflective-dialogue.md.
    """
    name = form.phase(room.phase).exit
    if name in DIALOGUE_EXITS and room.principle is None:
        return _exit_time(room)
    return EXITS[name](room)
